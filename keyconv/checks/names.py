"""What a file should hold by its name."""

from __future__ import annotations

import re

__all__ = ["is_host_key_name", "is_private_name"]

_KEY_STEM = re.compile(r"(?:^|[._-])(?:id|key|priv|private|privkey|deploy|identity)(?:$|[._-])|private|privkey")
_PUBLIC_STEM = re.compile(r"(?:^|[._-])(?:pub|public|cert)(?:$|[._-])")


def is_host_key_name(name: str) -> bool:
    """Return whether a file of this name holds a key of the host, which sshd must read without a passphrase."""
    return name.startswith("ssh_host_")


def is_private_name(name: str) -> bool:
    """Return whether a file of this name should hold a private key: `id_*`, `*.ppk`, `*.pem` named for a key."""
    name = name.lower()
    if name.endswith(".pub") or "-cert" in name:
        return False
    if name.endswith(".ppk") or (name.startswith("id_") and len(name) > 3 and "." not in name):
        return True
    stem = name.removesuffix(".pem")
    return name != stem and bool(_KEY_STEM.search(stem)) and not _PUBLIC_STEM.search(stem)
