"""Private keys inside other files: in documents, sources and settings. They are parsed, never only looked for.

A header that is quoted is not a key, and neither is a shortened example: what counts is what loads.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from keyconv import limits, repairs
from keyconv.document.places import find_places
from keyconv.document.search import find
from keyconv.engine.reading import read_whole
from keyconv.errors import KeyconvError
from keyconv.keyfile import KeyFile

__all__ = ["ENCODED", "Found", "find_private", "has_material", "may_hold_key"]

_LAYERS = 3
"""How often a key may be encoded in base64, one over the other, and still be found."""
_BEGINNINGS = (b"-----BEGIN ", b"PuTTY-User-Key-", b"openssh-key-v1\0", b"---- BEGIN SSH2")


def _encoded_beginnings() -> Iterator[bytes]:
    """Yield how keys begin in base64, and in base64 of that: the characters that follow from those of the beginning."""
    for beginning in _BEGINNINGS:
        known = beginning
        for _ in range(_LAYERS):
            known = binascii.b2a_base64(known, newline=False)[: len(known) * 8 // 6]
            yield known


ENCODED = tuple(_encoded_beginnings())
"""How the base64 of a key begins, once or over and over."""

_ENCODED = rb"|".join(map(re.escape, ENCODED))
_HINTS = re.compile(
    rb"(?i:private key|ssh2 public key)|PuTTY.{1,3}User|Private-Lines: |AAAA[BCEG][23][NVQ]|MH[cg]CAQEE"
    rb"|PRIVATE KEY FILE FORMAT|" + _ENCODED + rb"|\"kty\"|MI[IGHE]|MC4CAQAw|MEcCAQAw|P2/56wA",
)
_TOKEN = re.compile(rb"(?:" + _ENCODED + rb")[A-Za-z0-9+/\s]+={0,2}")
_MATERIAL = re.compile(rb"[A-Za-z0-9+/]{24}")
_MAX_PLACE = 64 * limits.KIB
_MAX_FOUND = 256
_STATES = 60
_DEPTH = _LAYERS


@dataclass(frozen=True, slots=True)
class Found:
    """A private key inside of something else: the line where it begins, and what it is."""

    line: int
    data: bytes = field(repr=False)
    keyfile: KeyFile


def may_hold_key(data: bytes) -> bool:
    """Return, quickly, whether it is worth looking for a private key."""
    return _HINTS.search(data) is not None or _is_utf16(data)


def has_material(data: bytes) -> bool:
    """Return whether there is as much base64 in one piece as any key has."""
    return _MATERIAL.search(data.replace(b"\0", b"")) is not None


def find_private(data: bytes, depth: int = _DEPTH) -> Iterator[Found]:
    """Find the private keys inside some text, in UTF-16 and in base64 too.

    Not found are keys in bare base64 without BEGIN and END lines within other text, and keys that damage has made
    unreadable in more than a few ways at once.
    """
    if _is_utf16(data):
        data = _from_utf16(data)
    taken: list[tuple[int, int]] = []
    refused: set[bytes] = set()
    for start, end, line, texts in _candidates(data):
        if any(first < end and start < last for first, last in taken):
            continue
        keyfile = _read([text for text in dict.fromkeys(texts) if text not in refused])
        if keyfile is None:
            refused.update(texts)
        else:
            taken.append((start, end))
            yield Found(line, data[start:end], keyfile)
    if depth <= 0:
        return
    for token in islice(_TOKEN.finditer(data), _MAX_FOUND):
        if any(start <= token.start() < end for start, end in taken):
            continue
        line = data.count(b"\n", 0, token.start()) + 1
        for found in _inside(token.group(), depth):
            yield Found(line, found.data, found.keyfile)
            break


def _candidates(data: bytes) -> Iterator[tuple[int, int, int, tuple[bytes, ...]]]:
    """Yield start, end, line and the texts that may be a key: the spans of the document, then what damage left."""
    for span in find(data).private:
        if len(span.text) <= _MAX_PLACE:
            yield span.start, span.end, span.line, (span.text,)
    for place in islice(find_places(data), _MAX_FOUND):
        if place.closed and len(place.text) <= _MAX_PLACE:
            texts = (place.text + b"\n", _lines_of(data, place.start, place.end))
            yield place.start, place.end, place.line, texts


def _inside(token: bytes, depth: int) -> Iterator[Found]:
    # The token runs on over white space into what follows it: first as it is, then its first line alone.
    for text in (token, token.split()[0]):
        joined = b"".join(text.split())
        joined = joined[: len(joined) & ~3] if not joined.endswith(b"=") else joined
        try:
            inside = binascii.a2b_base64(joined)
        except binascii.Error:
            continue
        found = list(find_private(inside, depth - 1))
        if not found and inside.startswith(b"openssh-key-v1\0"):
            framed = b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + joined + b"\n-----END OPENSSH PRIVATE KEY-----\n"
            found = list(find_private(framed, 0))
        if found:
            yield from found
            return


def _read(texts: Iterable[bytes]) -> KeyFile | None:
    for text in texts:
        try:
            keyfile = read_whole(text)
        except KeyconvError:
            candidate = repairs.find_whole(text, max_states=_STATES)
            if candidate is None:
                continue
            keyfile = candidate.keyfile
        if any(entry.private is not None for entry in keyfile.entries):
            return keyfile
    return None


def _lines_of(data: bytes, start: int, end: int) -> bytes:
    # With the whole of its first and last line, so that indentation and prefixes are the same on all.
    first = data.rfind(b"\n", 0, start) + 1
    last = data.find(b"\n", end)
    return data[first : len(data) if last < 0 else last + 1][: _MAX_PLACE + 1]


def _is_utf16(data: bytes) -> bool:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    head = data[:1024]
    return len(head) >= 32 and any(head[start::2].count(0) * 10 >= len(head[start::2]) * 9 for start in (0, 1))


def _from_utf16(data: bytes) -> bytes:
    big = data.startswith(b"\xfe\xff") or (not data.startswith(b"\xff\xfe") and data[:1] == b"\0")
    text = data.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    return text.decode("utf-16-be" if big else "utf-16-le", "replace").encode("utf-8", "replace")
