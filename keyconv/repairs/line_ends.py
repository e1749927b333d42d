"""Damage to lines: their ends, and the white space around them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from keyconv.repairs.damage import as_bytes, as_text, is_json, is_lines, is_ppk

__all__ = [
    "undo_bare_cr",
    "undo_blank_lines",
    "undo_comment_spaces",
    "undo_crlf",
    "undo_indentation",
    "undo_missing_final_newline",
    "undo_trailing_whitespace",
]

_SPACES = " \t\f\v\u00a0\u2007\u202f\u3000\u200b\u200c\u200d\u2060\ufeff"
_HEADER = re.compile(rb"(?:Proc-Type|DEK-Info): ")
_ANY_HEADER = re.compile(rb"[A-Za-z][!-9;-~]*:")
_FRAME_LINE = re.compile(rb"----+ ?(?:BEGIN|END) |----+\Z")
_PPK_COMMENT = "Comment: "


def undo_crlf(data: bytes) -> Iterator[bytes]:
    """Turn CR LF into LF."""
    if b"\r\n" in data:
        yield data.replace(b"\r\n", b"\n")


def undo_bare_cr(data: bytes) -> Iterator[bytes]:
    """Turn a CR that no LF follows into LF."""
    if re.search(rb"\r(?!\n)", data):
        yield re.sub(rb"\r(?!\n)", b"\n", data)


def undo_indentation(data: bytes) -> Iterator[bytes]:
    """Take spaces of any kind before lines away: as many as all lines have, or whatever each has.

    A line that a backslash continues may begin with spaces of its own, and JSON is indented freely.
    """
    if is_json(data):
        return
    rows = as_text(data).split("\n")
    common = _common([row[: len(row) - len(row.lstrip(_SPACES))] for row in rows if row.strip(_SPACES)])
    if common:
        yield as_bytes("\n".join(row[len(common) :] if row.startswith(common) else row for row in rows))
    stripped = [
        row if index and rows[index - 1].endswith("\\") else row.lstrip(_SPACES) for index, row in enumerate(rows)
    ]
    if stripped != rows:
        yield as_bytes("\n".join(stripped))


def undo_trailing_whitespace(data: bytes) -> Iterator[bytes]:
    """Take spaces of any kind after lines away; a PPK's comment loses as many as all other lines have."""
    if is_json(data):
        return
    rows = as_text(data).split("\n")
    comment = _find_comment(data, rows)
    others = [row for index, row in enumerate(rows) if row.strip(_SPACES) and index != comment]
    common = _common([row[len(row.rstrip(_SPACES)) :][::-1] for row in others])[::-1]
    if common and (comment is None or rows[comment].endswith(common)):
        yield as_bytes("\n".join(row.removesuffix(common) for row in rows))
    stripped = [row if index == comment else row.rstrip(_SPACES) for index, row in enumerate(rows)]
    if stripped != rows:
        yield as_bytes("\n".join(stripped))


def undo_comment_spaces(data: bytes) -> Iterator[bytes]:
    """Take the spaces after a PPK's comment away, which are its own unless its MAC says otherwise."""
    rows = as_text(data).split("\n")
    comment = _find_comment(data, rows)
    if comment is not None and rows[comment] != rows[comment].rstrip(_SPACES):
        rows[comment] = _PPK_COMMENT + rows[comment].removeprefix(_PPK_COMMENT).rstrip(_SPACES)
        yield as_bytes("\n".join(rows))


def undo_blank_lines(data: bytes) -> Iterator[bytes]:
    """Take blank lines away, save the one that ends the headers of an encrypted PEM file, which is put where it lacks.

    Between the lines of `authorized_keys` and in JSON they are no damage.
    """
    lines = data.split(b"\n")
    if is_json(data) or (is_lines(data) and not any(_FRAME_LINE.match(line.strip()) for line in lines)):
        return
    kept = [line for index, line in enumerate(lines) if line.strip() or (index and index == len(lines) - 1)]
    last = max((index for index, line in enumerate(kept) if _HEADER.match(line)), default=None)
    if last is not None:
        while last + 1 < len(kept) and _ANY_HEADER.match(kept[last + 1]):
            last += 1
        kept.insert(last + 1, b"")
    if kept != lines:
        yield b"\n".join(kept)


def undo_missing_final_newline(data: bytes) -> Iterator[bytes]:
    """End the last line."""
    if data and not data.endswith((b"\n", b"\r")) and not is_json(data):
        yield data + b"\n"


def _find_comment(data: bytes, rows: Sequence[str]) -> int | None:
    """Return the row of a PPK's comment."""
    if not is_ppk(data):
        return None
    return next((index for index, row in enumerate(rows[:4]) if row.startswith(_PPK_COMMENT)), None)


def _common(prefixes: Sequence[str]) -> str:
    if not prefixes:
        return ""
    first, last = min(prefixes), max(prefixes)
    length = next((index for index, each in enumerate(first) if each != last[index]), len(first))
    return first[:length]
