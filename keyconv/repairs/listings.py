"""Signs before every line of a key: the marks of a diff, and the numbers of lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from keyconv.repairs.damage import TYPE, is_json, is_lines
from keyconv.repairs.frames import find_label
from keyconv.repairs.surroundings import find_key

__all__ = ["undo_diff_marks", "undo_line_numbers"]

_NUMBER = re.compile(rb"([ \t]{0,16})([0-9]{1,7})([ \t]{0,8}(?:[:.)|]|\xe2\x94\x82)[\t ]?|\t| {1,2})")
_BEGINS = re.compile(rb"----|PuTTY-|" + TYPE + rb"[ \t]")
_MARKS = (b"+", b"-")
_FEW = 3


def undo_diff_marks(data: bytes) -> Iterator[bytes]:
    """Take the `+` or the `-` of a diff away, where every line of the key has it."""
    if is_json(data):
        return
    for start, end in _ranges(data):
        rows = data[start:end].split(b"\n")
        filled = [row for row in rows if row.strip()]
        mark = filled[0][:1] if filled else b""
        # Lines that a diff takes out of authorized_keys are keys that shall no longer be let in.
        if mark not in (_MARKS[:1] if is_lines(data) else _MARKS) or not all(row.startswith(mark) for row in filled):
            continue
        if len(filled) >= _FEW or mark == b"+":  # with which no key begins
            yield data[:start] + b"\n".join(row.removeprefix(mark) for row in rows) + data[end:]
            return


def undo_line_numbers(data: bytes) -> Iterator[bytes]:
    """Take the numbers before lines away, each of which is one more than that of the line above."""
    if is_json(data):
        return
    for start, end in _ranges(data):
        rows = data[start:end].split(b"\n")
        unnumbered = _without_numbers(rows)
        if unnumbered is not None:
            yield data[:start] + b"\n".join(unnumbered) + data[end:]
            return


def _ranges(data: bytes) -> Iterator[tuple[int, int]]:
    """Return the whole text, then the lines of the key in it."""
    yield 0, len(data)
    found = find_key(data)
    if found is not None:
        start = data.rfind(b"\n", 0, found[0]) + 1
        end = data.find(b"\n", found[1])
        yield start, end if end >= 0 else len(data)


def _without_numbers(rows: Sequence[bytes]) -> list[bytes] | None:
    found = [_NUMBER.match(row) for row in rows]
    if not all(number or not row.strip() for number, row in zip(found, rows, strict=True)):
        return None
    numbers = [number for number in found if number]
    if not numbers or any(int(each[2]) != int(numbers[0][2]) + index for index, each in enumerate(numbers)):
        return None
    # What follows the numbers is what all lines have there; a line of nothing else may have lost its spaces.
    behind = min((number[3] for number in numbers if number.end() < len(number.string)), key=len, default=b"")
    if not behind or not all(number[3].startswith(behind) or behind.startswith(number[3]) for number in numbers):
        return None
    unnumbered = [
        row[number.start(3) :].removeprefix(behind) if number and number[3].startswith(behind) else b""
        for number, row in zip(found, rows, strict=True)
    ]
    first = next(row for row, number in zip(unnumbered, found, strict=True) if number)
    return unnumbered if len(numbers) >= _FEW or _begins_key(first) else None


def _begins_key(row: bytes) -> bool:
    text = row.lstrip()
    return _BEGINS.match(text) is not None or find_label(b"".join(text.split())) is not None
