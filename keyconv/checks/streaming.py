"""Lines out of a stream of bytes, of any number, in memory for one line."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Lookahead", "Row", "SeenKeys", "TextFacts", "read_rows"]


class Row(NamedTuple):
    """One line without its end; `cut` says that it was longer than the limit and that the rest of it is gone."""

    text: bytes
    number: int
    cut: bool = False


@dataclass(slots=True)
class TextFacts:
    """What was seen of the text itself while its lines went by; each is the number of the first line, or 0."""

    byte_order_mark: bool = False
    utf16: bool = False
    crlf: int = 0
    bare_cr: int = 0
    unended: int = 0
    indented: int = 0
    trailing: int = 0


def read_rows(chunks: Iterable[bytes], limit: int, facts: TextFacts) -> Iterator[Row]:
    """Split at LF and CR LF, and at a CR alone, which is noted; UTF-8's and UTF-16's marks are noted and undone."""
    number = 0
    for text, ended, cut in _raw_lines(_plain(chunks, facts), limit):
        number += 1
        if not ended:
            facts.unended = number
        if text.endswith(b"\r") and ended:
            text = text[:-1]
            facts.crlf = facts.crlf or number
        if b"\r" not in text:
            yield Row(text, number, cut)
            continue
        facts.bare_cr = facts.bare_cr or number
        pieces = text.split(b"\r")
        for piece in pieces:
            yield Row(piece, number, cut)
            number += piece is not pieces[-1]


def _plain(chunks: Iterable[bytes], facts: TextFacts) -> Iterator[bytes]:
    wide: bool | None = None
    for chunk in chunks:
        if wide is None and chunk:
            marked = chunk.startswith((b"\xff\xfe", b"\xfe\xff"))
            head = chunk[:256]
            wide = facts.utf16 = marked or (
                len(head) >= 32 and any(head[start::2].count(0) * 10 >= len(head[start::2]) * 9 for start in (0, 1))
            )
            if marked:
                chunk = chunk[2:]
            elif chunk.startswith(b"\xef\xbb\xbf"):
                facts.byte_order_mark = True
                chunk = chunk[3:]
        # ASCII in UTF-16 is ASCII with a zero byte on one side; anything else stays to be told as it is.
        yield chunk.replace(b"\0", b"") if wide else chunk


def _raw_lines(chunks: Iterable[bytes], limit: int) -> Iterator[tuple[bytes, bool, bool]]:
    pending = b""
    cut = False
    for chunk in chunks:
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            text = pending + chunk[start:end]
            yield text[: limit + 1], True, cut or len(text) > limit
            pending, cut, start = b"", False, end + 1
        pending += chunk[start:]
        if len(pending) > limit + 1:
            pending, cut = pending[: limit + 1], True
    if pending:
        yield pending, False, cut


class Lookahead:
    """Rows with a few of the next ones in sight."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._ahead: deque[Row] = deque()

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        return self._ahead.popleft() if self._ahead else next(self._rows)

    def peek(self, offset: int = 0) -> Row | None:
        """Show the row after next by `offset`; None after the last."""
        while len(self._ahead) <= offset:
            row = next(self._rows, None)
            if row is None:
                return None
            self._ahead.append(row)
        return self._ahead[offset]

    def skip(self, count: int) -> None:
        """Pass over rows that were peeked at."""
        for _ in range(count):
            self._ahead.popleft()


class SeenKeys:
    """The lines of keys that went by, in bounded memory: 64 bits of a digest each, at most 2^21 of them (24 MiB).

    Two keys of a million would be taken for one about once in forty million runs; keys beyond the bound are not kept.
    """

    LIMIT = 1 << 21

    def __init__(self) -> None:
        from array import array

        self._slots = 1 << 10
        self._digests = array("Q", bytes(8 * self._slots))
        self._lines = array("L", [0]) * self._slots
        self._count = 0

    def first_line(self, blob: bytes, line: int) -> int | None:
        """Tell the line where this key was seen first, or remember it for this one and give None."""
        from hashlib import blake2b

        digest = int.from_bytes(blake2b(blob, digest_size=8).digest(), "little") or 1
        slot = self._slot(digest)
        if self._digests[slot] == digest:
            return int(self._lines[slot])
        if self._count < self.LIMIT // 2:
            self._digests[slot], self._lines[slot] = digest, line
            self._count += 1
            if 2 * self._count > self._slots:
                self._grow()
        return None

    def _slot(self, digest: int) -> int:
        slot = digest & (self._slots - 1)
        while self._digests[slot] not in (0, digest):
            slot = (slot + 1) & (self._slots - 1)
        return slot

    def _grow(self) -> None:
        old = [(digest, line) for digest, line in zip(self._digests, self._lines, strict=True) if digest]
        self._slots *= 2
        self._digests = type(self._digests)("Q", bytes(8 * self._slots))
        self._lines = type(self._lines)("L", [0]) * self._slots
        for digest, line in old:
            slot = self._slot(digest)
            self._digests[slot], self._lines[slot] = digest, line
