"""The files that lie beside a key under a name that is made from its own."""

from __future__ import annotations

from pathlib import Path

from keyconv.cli.opening import STDIN
from keyconv.files import system

__all__ = ["CERTIFICATE_SUFFIX", "find_certificate", "suggest_certificate"]

CERTIFICATE_SUFFIX = "-cert.pub"
_KEY_SUFFIXES = frozenset({".ppk", ".pub", ".pem", ".key"})


def find_certificate(path: str) -> str | None:
    """Name the certificate beside a key file, if there is one.

    OpenSSH looks for `id-cert.pub` beside `id`, and `ssh-keygen -s` writes that name for `id.pub`; a PPK `id.ppk` is
    the same key by custom.
    """
    for name in _names(path):
        try:
            if Path(name).is_file():
                return name
        except (OSError, ValueError):
            continue
    return None


def suggest_certificate(path: str) -> str:
    """Name the file in which OpenSSH would look for the certificate of the key at `path`."""
    names = _names(path)
    return names[-1] if names else "FILE" + CERTIFICATE_SUFFIX


def _names(path: str) -> list[str]:
    if path == STDIN or path.endswith(CERTIFICATE_SUFFIX) or not system.is_name(path):
        return []
    names = [path + CERTIFICATE_SUFFIX]
    stem = Path(path)
    if stem.suffix.lower() in _KEY_SUFFIXES:
        names.append(path[: -len(stem.suffix)] + CERTIFICATE_SUFFIX)
    return names
