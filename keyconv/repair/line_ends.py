"""Damage to lines: their ends, and the white space around them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keyconv.repair.damage import as_bytes, as_text

__all__ = [
    "undo_bare_cr",
    "undo_blank_lines",
    "undo_crlf",
    "undo_indentation",
    "undo_missing_final_newline",
    "undo_trailing_whitespace",
]

_SPACES = " \t\u00a0\u2007\u202f\u3000\u200b\u200c\u200d\u2060\ufeff"
_LEADING = re.compile(rf"^[{_SPACES}]+", re.MULTILINE)
_TRAILING = re.compile(rf"[{_SPACES}]+$", re.MULTILINE)
_HEADER = re.compile(rb"(?:Proc-Type|DEK-Info): ")
_COMMENT = re.compile(r"^(Comment: ?)([^\n]*)$", re.MULTILINE)


def undo_crlf(data: bytes) -> Iterator[bytes]:
    """Turn CR LF into LF."""
    if b"\r\n" in data:
        yield data.replace(b"\r\n", b"\n")


def undo_bare_cr(data: bytes) -> Iterator[bytes]:
    """Turn a CR that no LF follows into LF."""
    if re.search(rb"\r(?!\n)", data):
        yield re.sub(rb"\r(?!\n)", b"\n", data)


def undo_indentation(data: bytes) -> Iterator[bytes]:
    """Take spaces of any kind before lines away."""
    text = as_text(data)
    stripped = _LEADING.sub("", text)
    if stripped != text:
        yield as_bytes(stripped)


def undo_trailing_whitespace(data: bytes) -> Iterator[bytes]:
    """Take spaces of any kind after lines away; a PPK's comment may keep its own, which the MAC covers."""
    text = as_text(data)
    stripped = _TRAILING.sub("", text)
    if stripped == text:
        return
    comments = _COMMENT.findall(text)
    if text.startswith("PuTTY-User-Key-File-") and comments:
        yield as_bytes(_COMMENT.sub(lambda _: "".join(comments[0]), stripped, count=1))
        stripped = _COMMENT.sub(lambda _: "Comment: " + comments[0][1].rstrip(_SPACES), stripped, count=1)
    yield as_bytes(stripped)


def undo_blank_lines(data: bytes) -> Iterator[bytes]:
    """Take blank lines away, save the one that ends the headers of an encrypted PEM file."""
    lines = data.split(b"\n")
    kept = [
        line
        for index, line in enumerate(lines)
        if line.strip() or index == len(lines) - 1 or (index and _HEADER.match(lines[index - 1]))
    ]
    for index in range(len(kept) - 1, 0, -1):
        if _HEADER.match(kept[index - 1]) and kept[index].strip() and not _HEADER.match(kept[index]):
            kept.insert(index, b"")
    if kept != lines:
        yield b"\n".join(kept)


def undo_missing_final_newline(data: bytes) -> Iterator[bytes]:
    """End the last line."""
    if data and not data.endswith((b"\n", b"\r")):
        yield data + b"\n"
