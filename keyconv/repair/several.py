"""Files that hold several keys one after the other, of which most programs read the first alone, or none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

__all__ = ["Part", "split"]

_PRIVATE = re.compile(
    rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----|---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----"
    rb"|PuTTY-User-Key-File-[0-9]: "
)
_PUBLIC = re.compile(rb"-----BEGIN (?:RSA )?PUBLIC KEY-----")
_ENDS = re.compile(
    rb"(?:-----END [A-Z0-9 ]{1,60}-----|---- END SSH2 [A-Z ]{1,40} ----|Private-(?:MAC|Hash): [0-9A-Fa-f]{1,64})"
    rb"[ \t]*(?:\r\n|\n|\r|\Z)?"
)
_MATERIAL = re.compile(rb"[A-Za-z0-9+/]{40}")


class Part(NamedTuple):
    """One of several keys: its text, the line (from 1) and the byte (from 0) of the file at which it begins."""

    text: bytes
    line: int
    offset: int


def split(data: bytes) -> tuple[Part, ...]:
    """Take the keys of a file apart, private ones or else PEM's public ones; nothing where there are not two.

    A header that is only mentioned, with no base64 after it, is no key. What stands between two keys is left out.
    """
    for begins in (_PRIVATE, _PUBLIC):
        starts = [found.start() for found in begins.finditer(data)]
        texts = [(_text(data, start, end), start) for start, end in pairwise((*starts, len(data)))]
        keys = [(text, start) for text, start in texts if _MATERIAL.search(text)]
        if len(keys) > 1:
            return tuple(_number(keys, data))
        if keys:
            break
    return ()


def _text(data: bytes, start: int, end: int) -> bytes:
    closing = _ENDS.search(data, start, end)
    return data[start : closing.end() if closing else end]


def _number(keys: list[tuple[bytes, int]], data: bytes) -> Iterator[Part]:
    mark = b"\n" if b"\n" in data else b"\r"
    line, position = 1, 0
    for text, start in keys:
        line += data.count(mark, position, start)
        position = start
        yield Part(text, line, start)
