"""Lines, as the formats define them: never `str.splitlines`, which knows eleven line ends."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Line", "split"]


class Line(NamedTuple):
    """One line: its text without the end, its number from 1, and the end (empty for an unended last line)."""

    text: bytes
    number: int
    end: bytes


def split(data: bytes, *, bare_cr: bool = False) -> list[Line]:
    """Split at LF and CR LF, and at a CR alone where the format has that.

    The last line is there only if it has bytes; joining text and end of all lines gives `data` again.
    """
    if b"\r" not in data:
        texts = data.split(b"\n")
        rest = texts.pop()
        plain = [Line(text, number, b"\n") for number, text in enumerate(texts, 1)]
        return [*plain, Line(rest, len(texts) + 1, b"")] if rest else plain
    lines: list[Line] = []
    for chunk in data.split(b"\n"):
        end = b"\n"
        if chunk.endswith(b"\r"):
            chunk, end = chunk[:-1], b"\r\n"
        pieces = chunk.split(b"\r") if bare_cr else [chunk]
        for piece in pieces[:-1]:
            lines.append(Line(piece, len(lines) + 1, b"\r"))
        lines.append(Line(pieces[-1], len(lines) + 1, end))
    # What follows the last LF is no ended line: it is empty, or a last line without an end (a CR there is its own).
    last = lines.pop()
    if last.end == b"\r\n":
        text, end = (last.text, b"\r") if bare_cr else (last.text + b"\r", b"")
        lines.append(Line(text, last.number, end))
    elif last.text:
        lines.append(Line(last.text, last.number, b""))
    return lines
