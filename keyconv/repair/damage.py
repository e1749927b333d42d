"""What a damage is: the rule that names it, and a function that undoes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["BASE64", "LABELS", "Damage", "as_bytes", "as_text"]

LABELS = (
    "OPENSSH PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "PRIVATE KEY",
    "RSA PUBLIC KEY",
    "PUBLIC KEY",
)
"""The labels of frames with five dashes, longer ones before those that they end in."""

BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}\Z")


@dataclass(frozen=True, slots=True)
class Damage:
    """One kind of damage.

    `undo` yields the texts that the file may have been before, the likeliest first, and nothing where this damage is
    not there. It changes how a key is written down, never a number of it.
    """

    rule: str
    undo: Callable[[bytes], Iterator[bytes]]


def as_text(data: bytes) -> str:
    """Decode so that every byte survives the way back."""
    return data.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    """Undo `as_text`."""
    return text.encode("utf-8", "surrogateescape")
