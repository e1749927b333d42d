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
    from keyconv.bridging import CryptographyPublicKey as _CryptographyPublicKey
    from keyconv.checks.model import Finding
    from keyconv.crypto.kdf import Deriver
    from keyconv.document.spans import Span
    from keyconv.engine import Inspection, Plan, inspect, match, plan, write
    from keyconv.errors import KeyconvError
    from keyconv.formats import FORMATS
    from keyconv.formats.base import Format, WriteOptions
    from keyconv.keyfile import Entry, KeyFile, Locked, OpenEntry, Option, Protection, Unlocked
    from keyconv.library import (
        Repaired,
        check,
        convert,
        documents,
        fingerprint,
        generate,
        read,
        repair,
        unlock,
    )
    from keyconv.notes import Note
    from keyconv.secret import Passphrase

__version__ = "0.2.0"

__all__ = [
    "FORMATS",
    "Deriver",
    "Entry",
    "Finding",
    "Format",
    "Inspection",
    "KeyFile",
    "KeyconvError",
    "Locked",
    "Note",
    "OpenEntry",
    "Option",
    "Passphrase",
    "Plan",
    "Protection",
    "Repaired",
    "Span",
    "Unlocked",
    "WriteOptions",
    "__version__",
    "check",
    "convert",
    "convert_many",
    "documents",
    "fingerprint",
    "generate",
    "inspect",
    "match",
    "plan",
    "read",
    "repair",
    "unlock",
    "write",
]

_HOMES = {
    "Finding": "keyconv.checks.model",
    "Span": "keyconv.document.spans",
    "FORMATS": "keyconv.formats",
    "Deriver": "keyconv.crypto.kdf",
    "Format": "keyconv.formats.base",
    "WriteOptions": "keyconv.formats.base",
    "KeyconvError": "keyconv.errors",
    "Note": "keyconv.notes",
    "Passphrase": "keyconv.secret",
    **dict.fromkeys(("Entry", "KeyFile", "Locked", "OpenEntry", "Option", "Protection", "Unlocked"), "keyconv.keyfile"),
    **dict.fromkeys(("Inspection", "Plan", "inspect", "match", "plan", "write"), "keyconv.engine"),
    **dict.fromkeys(
        ("Repaired", "check", "convert", "documents", "fingerprint", "generate", "read", "repair", "unlock"),
        "keyconv.library",
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


def _private(key: object) -> _CryptographyPrivateKey:
    from keyconv.crypto.pyca import private_key

    return private_key(key)


def _public(key: object) -> _CryptographyPublicKey:
    from keyconv.crypto.pyca import public_key

    return public_key(key)


_convert_with(_private, _public)
