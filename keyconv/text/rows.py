"""Lines out of a stream of bytes, of any number, in memory for one line."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

__all__ = ["Lookahead", "Row", "TextFacts", "read_rows", "split_stream"]


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


def split_stream(chunks: Iterable[bytes], limit: int) -> Iterator[tuple[bytes, bool, bool]]:
    """Split at LF and nowhere else; of a line above `limit` bytes the first `limit` + 1 are kept.

    Yields: a line's bytes without the LF, whether there was one, and whether the line was cut.
    """
    pending = b""
    cut = False
    for chunk in chunks:
        pieces = chunk.split(b"\n")
        rest = pieces.pop()
        for piece in pieces:
            text = pending + piece if pending else piece
            if len(text) > limit:
                yield text[: limit + 1], True, True
            else:
                yield text, True, cut
            pending, cut = b"", False
        pending += rest
        if len(pending) > limit + 1:
            pending, cut = pending[: limit + 1], True
    if pending:
        yield pending, False, cut


def read_rows(chunks: Iterable[bytes], limit: int, facts: TextFacts) -> Iterator[Row]:
    """Split at LF and CR LF, and at a CR alone, which is noted; UTF-8's and UTF-16's marks are noted and fixed."""
    number = 0
    for text, ended, cut in split_stream(_plain(chunks, facts), limit):
        number += 1
        if not ended:
            facts.unended = number
        if b"\r" not in text:
            yield Row(text, number, cut)
            continue
        if text.endswith(b"\r") and ended:
            text = text[:-1]
            facts.crlf = facts.crlf or number
            if b"\r" not in text:
                yield Row(text, number, cut)
                continue
        facts.bare_cr = facts.bare_cr or number
        for count, piece in enumerate(text.split(b"\r")):
            number += count > 0
            yield Row(piece, number, cut)


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
        # ASCII in UTF-16 is ASCII with a zero byte on one side; anything else stays to be reported as it is.
        yield chunk.replace(b"\0", b"") if wide else chunk


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

    def text_after(self, offset: int) -> bytes | None:
        """Show the text of the row after next by `offset`, as far as it was kept; None after the last."""
        row = self.peek(offset)
        return None if row is None else row.text

    def sight(self, count: int, size: int) -> list[Row]:
        """Show the next rows: at most so many, and no more once they have so many bytes."""
        rows: list[Row] = []
        for row in chain(tuple(self._ahead), self._taken()):
            rows.append(row)
            size -= len(row.text)
            if len(rows) == count or size <= 0:
                break
        return rows

    def _taken(self) -> Iterator[Row]:
        for row in self._rows:
            self._ahead.append(row)
            yield row

    def skip(self, count: int) -> None:
        """Skip rows that were peeked at."""
        for _ in range(count):
            self._ahead.popleft()
