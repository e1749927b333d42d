"""Files that say something of keys and hold none: revocation lists, SSHFP records, principals.

`detect` recognises one by its content (principals by the name of the file: they are any words), `read` reads it. What
is read is a `Statement`: commands that need a key refuse it by its title.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from keyconv.errors import KeyconvError
from keyconv.statements.model import Statement

__all__ = ["NAMES", "Statement", "detect", "detect_name", "read", "refusal", "title"]


class _Known(NamedTuple):
    name: str
    module: str
    title: str
    use: str


_KNOWN = (
    _Known(
        "krl",
        "krl",
        "an OpenSSH key revocation list (KRL)",
        "keyconv inspect FILE shows it; keyconv check --krl FILE PATH... looks keys up in it",
    ),
    _Known(
        "sshfp",
        "sshfp",
        "SSHFP records, hashes of keys for DNS",
        "keyconv inspect FILE shows them; keyconv match KEY FILE compares a key with them",
    ),
    _Known(
        "authorized_principals",
        "principals",
        "names of principals, as of sshd's AuthorizedPrincipalsFile",
        "keyconv inspect FILE shows them; keyconv match CERTIFICATE FILE compares a certificate with them",
    ),
)

NAMES = tuple(known.name for known in _KNOWN)
"""What --from and JSON call them."""


def detect(data: bytes) -> str:
    """Return which of these kinds a file is by its content, or nothing."""
    if data.startswith(b"SSHKRL\n\0"):
        return "krl"
    if b"SSHFP" in data[:_HEAD].upper() or b"TYPE44" in data[:_HEAD].upper():
        from keyconv.statements.sshfp import sniff  # most files have neither word

        return "sshfp" if sniff(data) else ""
    return ""


def detect_name(path: str) -> str:
    """Return which of these kinds a file is by its path: the names that sshd_config(5) uses in examples."""
    parts = path.replace("\\", "/").lower().rsplit("/", 2)
    named = parts[-1] in ("authorized_principals", "auth_principals")
    return "authorized_principals" if named or parts[-2:-1] == ["auth_principals"] else ""


def read(data: bytes, name: str) -> Statement:
    """Read a file as the one of these that is named.

    Raises: MalformedError; UnsupportedError; LimitError.
    """
    try:
        statement: Statement = import_module(f"keyconv.statements.{_find(name).module}").read(data)
    except KeyconvError as error:
        raise error.of_format(name) from None
    return statement


def title(name: str) -> str:
    """Say what such a file is."""
    return _find(name).title


def refusal(name: str) -> tuple[str, str]:
    """Say what such a file is where a key is needed, and what to do with it instead, with FILE in the file's place."""
    known = _find(name)
    return f"{known.title}: it holds no key", known.use


def _find(name: str) -> _Known:
    return next(known for known in _KNOWN if known.name == name)


_HEAD = 1 << 16
