"""A whole key amid text that no reader takes: where it stands, so that nobody is sent to get it again."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from keyconv.engine.reading import read_whole
from keyconv.errors import KeyconvError, NotAKeyError
from keyconv.repair.damage import TYPE, count_private

__all__ = ["Place", "find"]

_PUBLIC = re.compile(TYPE + rb"[ \t]{1,8}AAAA[A-Za-z0-9+/]{12,}={0,2}(?![A-Za-z0-9+/=])")
_PRIVATE = re.compile(
    rb"-----BEGIN ([A-Z0-9 ]{0,40}PRIVATE KEY)-----[^\0]{40,}?-----END \1-----|PuTTY-User-Key-File-[0-9]: "
    rb"[^\0]{40,}?\nPrivate-(?:MAC|Hash): [0-9a-f]{40,64}(?![0-9A-Fa-f])"
)
_MAX_TRIED = 16


class Place(NamedTuple):
    """The lines (from 1) on which a whole key stands, the last one included."""

    first: int
    last: int
    private: bool

    def __str__(self) -> str:
        return f"line {self.first}" if self.first == self.last else f"lines {self.first} to {self.last}"


def find(data: bytes, error: KeyconvError) -> Place | None:
    """Find the one private key of a file that was refused, or else a public key, if it loads when it is taken out.

    In a file of lines the key of the line that was refused may be whole too, but the words before it say whom it lets
    in: no one is to drop them. Public keys are looked for only where no format took the file for its own.
    """
    private = count_private(data)
    if private > 1 or not (private or isinstance(error, NotAKeyError)):
        return None
    mark = b"\n" if b"\n" in data else b"\r"
    for found in islice((_PRIVATE if private else _PUBLIC).finditer(data), _MAX_TRIED):
        with suppress(KeyconvError):
            read_whole(found.group() + b"\n")
            first = 1 + data.count(mark, 0, found.start())
            return Place(first, first + found.group().count(mark), private=bool(private))
    return None
