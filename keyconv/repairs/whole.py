"""A complete key in text that no reader takes: where it is, so that nobody is sent to get the key again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from keyconv.document.places import Place, find_places
from keyconv.engine.reading import read_whole
from keyconv.errors import KeyconvError, NotAKeyError
from keyconv.repairs.damage import TYPE, count_private

__all__ = ["find"]

_PUBLIC = re.compile(TYPE + rb"[ \t]{1,8}AAAA[A-Za-z0-9+/]{12,}={0,2}(?![A-Za-z0-9+/=])")
_MAX_TRIED = 16


def find(data: bytes, error: KeyconvError) -> Place | None:
    """Find the one private key of a file that was refused, or else a public key, if it loads when it is taken out.

    In a file of lines the key of the line that was refused may be complete too, but the words before it say whom it
    lets in: nobody should drop them. Public keys are looked for only where no format took the file for its own.
    """
    private = count_private(data)
    if private > 1 or not (private or isinstance(error, NotAKeyError)):
        return None
    places = (place for place in find_places(data) if place.closed) if private else _public_lines(data)
    for place in islice(places, _MAX_TRIED):
        with suppress(KeyconvError):
            read_whole(place.text + b"\n")
            return place
    return None


def _public_lines(data: bytes) -> Iterator[Place]:
    mark = b"\n" if b"\n" in data else b"\r"
    for found in _PUBLIC.finditer(data):
        line = 1 + data.count(mark, 0, found.start())
        yield Place(found.group(), found.start(), found.end(), line, line, private=False, closed=True)
