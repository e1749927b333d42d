"""keyconv: one SSH key in every format, proved to be the same key.

The names below are loaded on first use, so that `import keyconv` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from keyconv.bridging import convert_with as _convert_with

if TYPE_CHECKING:
    from keyconv.batch import convert_many
    from keyconv.bridging import CryptographyPrivateKey as _CryptographyPrivateKey
    from keyconv.crypto.kdf import Deriver
    from keyconv.engine import Inspection, Plan, convert, inspect, match, plan, read, unlock, write
    from keyconv.errors import KeyconvError
    from keyconv.formats import FORMATS
    from keyconv.formats.base import Format, WriteOptions
    from keyconv.keyfile import Entry, KeyFile, Locked, Option, Protection, Unlocked
    from keyconv.notes import Note
    from keyconv.secret import Passphrase

__version__ = "0.2.0"

__all__ = [
    "FORMATS",
    "Deriver",
    "Entry",
    "Format",
    "Inspection",
    "KeyFile",
    "KeyconvError",
    "Locked",
    "Note",
    "Option",
    "Passphrase",
    "Plan",
    "Protection",
    "Unlocked",
    "WriteOptions",
    "__version__",
    "convert",
    "convert_many",
    "inspect",
    "match",
    "plan",
    "read",
    "unlock",
    "write",
]

_HOMES = {
    "FORMATS": "keyconv.formats",
    "Deriver": "keyconv.crypto.kdf",
    "Format": "keyconv.formats.base",
    "WriteOptions": "keyconv.formats.base",
    "KeyconvError": "keyconv.errors",
    "Note": "keyconv.notes",
    "Passphrase": "keyconv.secret",
    **dict.fromkeys(("Entry", "KeyFile", "Locked", "Option", "Protection", "Unlocked"), "keyconv.keyfile"),
    **dict.fromkeys(
        ("Inspection", "Plan", "convert", "inspect", "match", "plan", "read", "unlock", "write"), "keyconv.engine"
    ),
    "convert_many": "keyconv.batch",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'keyconv' has no attribute '{name}'")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def _to_cryptography(private: object) -> _CryptographyPrivateKey:
    from keyconv.crypto.pyca import to_cryptography

    return to_cryptography(private)


_convert_with(_to_cryptography)
