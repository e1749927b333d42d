"""Places where keys begin and end in a text, damaged or not.

`search.find` returns spans: keys that are complete and that can be written back where they are. A place is only where a
key seems to be; what it holds is for a reader, or for the repair search, to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

__all__ = ["Place", "find_places", "split"]

_DASHES = rb"-{4,6} ?"
_PRIVATE = re.compile(
    _DASHES + rb"BEGIN (?P<label>[A-Z0-9 ]{0,40}PRIVATE KEY) ?-{4,6}|(?P<ppk>PuTTY-User-Key-File-[0-9]: )"
)
_PUBLIC = re.compile(_DASHES + rb"BEGIN (?P<label>(?:RSA )?PUBLIC KEY) ?-{4,6}")
_MAC = re.compile(rb"Private-(?:MAC|Hash): ?[0-9A-Fa-f]{40,64}(?![0-9A-Fa-f])")
_LINE_END = re.compile(rb"[ \t]*(?:\r\n|\n|\r|\Z)")
_MATERIAL = re.compile(rb"[A-Za-z0-9+/]{40}")


class Place(NamedTuple):
    """The text from where a key begins to its END line or MAC, or to the next key where it has none (not `closed`).

    `start` and `end` are bytes of the file, from 0; `line` and `last` are lines, from 1.
    """

    text: bytes
    start: int
    end: int
    line: int
    last: int
    private: bool
    closed: bool

    @property
    def lines(self) -> str:
        """The lines, for people."""
        return f"line {self.line}" if self.line == self.last else f"lines {self.line} to {self.last}"


def find_places(data: bytes, *, private: bool = True) -> Iterator[Place]:
    """Yield the places of private keys, or else of PEM's public keys, in order.

    A BEGIN line that is only mentioned, with no base64 after it, is not a place.
    """
    begins = (_PRIVATE if private else _PUBLIC).finditer(data)
    mark = b"\n" if b"\n" in data else b"\r"
    line, position = 1, 0
    for begin, limit in pairwise((*begins, None)):
        assert begin is not None  # only the last one is
        closing = _closing(begin).search(data, begin.end(), limit.start() if limit else len(data))
        end = closing.end() if closing else limit.start() if limit else len(data)
        text = data[begin.start() : end]
        if _MATERIAL.search(text):
            line += data.count(mark, position, begin.start())
            position = begin.start()
            yield Place(text, begin.start(), end, line, line + text.count(mark), private, closing is not None)


def split(data: bytes) -> tuple[Place, ...]:
    """Return the keys of a file, private ones or else PEM's public ones, each to the end of its last line.

    Empty unless there are at least two. Text between two keys is in none of them.
    """
    for private in (True, False):
        places = tuple(_with_line_end(place, data) for place in find_places(data, private=private))
        if places:
            return places if len(places) > 1 else ()
    return ()


def _closing(begin: re.Match[bytes]) -> re.Pattern[bytes]:
    if begin.groupdict().get("ppk"):
        return _MAC
    return re.compile(_DASHES + rb"END " + re.escape(begin["label"]) + rb" ?-{4,6}")


def _with_line_end(place: Place, data: bytes) -> Place:
    found = _LINE_END.match(data, place.end) if place.closed else None
    return place._replace(text=data[place.start : found.end()], end=found.end()) if found else place
