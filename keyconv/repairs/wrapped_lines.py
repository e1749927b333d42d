"""One key on several rows of a file of lines: joined where that is the only reading."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keyconv.codec.line_join import Joiner
from keyconv.codec.line_kind import is_words, kind_of
from keyconv.formats.authorized_keys import read_line
from keyconv.formats.known_hosts import read_line as read_host_line
from keyconv.repairs.damage import find_frames, is_lines
from keyconv.repairs.public_lines import KEY, is_line

__all__ = ["undo_wrapped_keys"]

_CUT_OFF = re.compile(rb"[ \t]AAAA[A-Za-z0-9+/]*+={0,2}\Z")
_MOST_LINES = 4_000


def undo_wrapped_keys(data: bytes) -> Iterator[bytes]:
    """Join the lines of a key that was wrapped."""
    if not is_lines(data) or find_frames(data):
        return
    rows = data.split(b"\n")
    if len(rows) > _MOST_LINES:
        return
    changed = _join_rows(rows)
    if changed != rows:
        yield b"\n".join(changed)


def _join_rows(rows: list[bytes]) -> list[bytes]:
    """Join the rows that are one line together; a row that holds a key, or none at all, stays as it is."""
    kind = kind_of(b"\n".join(rows))
    if kind == "allowed_signers":
        return rows
    on_hosts = kind == "known_hosts"
    read = read_host_line if on_hosts else read_line
    joiner = Joiner(lambda text: read(text, 1, []), "known_hosts" if on_hosts else "authorized_keys")
    changed: list[bytes] = []
    index = 0
    lonely = False
    while index < len(rows):
        row = rows[index]
        joined = None
        filled = row.strip() != b"" and not row.lstrip().startswith(b"#")
        finished = filled and _is_finished(row)
        if filled and not finished and not lonely:

            def peek(count: int, below: int = index + 1) -> bytes | None:
                return rows[below + count] if below + count < len(rows) else None

            joined = joiner.join(row, peek)
            if joined is not None and b'"' not in row and _are_indented(rows[index : index + 1 + joined.below]):
                joined = None  # that is fixed first
        if filled:  # words without a key: what is below may be of them, and is not joined without them
            lonely = not finished and joined is None and (lonely or is_words(row))
        changed.append(row if joined is None else joined.text)
        index += 1 if joined is None else 1 + joined.below
    return changed


def _are_indented(rows: list[bytes]) -> bool:
    return any(row[:1] in (b" ", b"\t") for row in rows)


def _is_finished(row: bytes) -> bool:
    """Return whether a line is a key's, and what it may have of another at its end is not cut off either."""
    if not is_line(row):
        return False
    *_, last = KEY.finditer(row)
    return last.start() == 0 or not _CUT_OFF.search(row, last.start()) or is_line(row[last.start() :])
