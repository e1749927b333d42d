"""Frames of five dashes around base64, `-----BEGIN LABEL-----` to `-----END LABEL-----`.

Source: RFC 7468; headers inside the frame: RFC 1421 section 4.6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from keyconv.errors import MalformedError, NotAKeyError, TruncatedError
from keyconv.notes import Note
from keyconv.text import base64, lines

__all__ = ["Frame", "begins", "read", "write"]

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9][A-Z0-9 ]*)-----\Z")
_END = re.compile(rb"-----END ([A-Z0-9][A-Z0-9 ]*)-----\Z")
_HEADER = re.compile(rb"([A-Za-z][A-Za-z0-9-]*): ?(.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: its label, its headers in file order, and the bytes that its base64 stands for."""

    label: str
    headers: tuple[tuple[str, str], ...]
    data: bytes


def begins(data: bytes, label: str) -> bool:
    """Tell whether the text begins with this frame's first line."""
    return data.startswith(f"-----BEGIN {label}-----".encode("ascii"))


def read(data: bytes, notes: list[Note], *, headers: bool = False) -> Frame:
    """Read one frame that is the whole of the text.

    CR LF line ends, a missing final line end and blank lines after the frame are noted: some programs refuse them.

    Raises: NotAKeyError when the text begins with no frame; MalformedError for everything else that is not one.
    """
    rows = lines.split(data)
    begin = _BEGIN.match(rows[0].text) if rows else None
    if begin is None:
        raise NotAKeyError("the first line is not the BEGIN line of a frame")
    label = begin.group(1)
    end_index = next((index for index, row in enumerate(rows) if row.text.startswith(b"-----END")), None)
    if end_index is None:
        raise TruncatedError("the END line is missing: the file is cut short", place=f"line {rows[-1].number}")
    end = _END.match(rows[end_index].text)
    if end is None or end.group(1) != label:
        raise MalformedError("the END line does not match the BEGIN line", place=f"line {rows[end_index].number}")
    for row in rows[end_index + 1 :]:
        if row.text:
            raise MalformedError("there is text after the END line", place=f"line {row.number}")
    body = rows[1:end_index]
    found = _read_headers(body) if headers else ()
    if found:
        body = body[len(found) + 1 :]
    _note_line_ends(rows, end_index, notes)
    return Frame(label.decode("ascii"), tuple(found), _decode(body))


def write(
    label: str, data: bytes, *, width: int = 64, end: bytes = b"\n", headers: tuple[tuple[str, str], ...] = ()
) -> bytes:
    """Write one frame with base64 lines of `width` characters."""
    name = label.encode("ascii")
    head = b"".join(f"{key}: {value}".encode("ascii") + end for key, value in headers)
    return (
        b"-----BEGIN " + name + b"-----" + end
        + (head + end if head else b"")
        + base64.encode_lines(data, width, end)
        + b"-----END " + name + b"-----" + end
    )  # fmt: skip


def _read_headers(body: list[lines.Line]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for row in body:
        if not row.text:
            break
        header = _HEADER.match(row.text)
        if header is None:
            if not found:
                break
            raise MalformedError("a blank line is missing after the headers", place=f"line {row.number}")
        try:
            found.append((header.group(1).decode("ascii"), header.group(2).decode("ascii")))
        except UnicodeDecodeError:
            raise MalformedError("the header is not ASCII", place=f"line {row.number}") from None
    return found


def _decode(body: list[lines.Line]) -> bytes:
    if not body:
        raise MalformedError("there is nothing between the BEGIN and the END line")
    for row in body:
        if not row.text:
            raise MalformedError("there is a blank line inside the key", place=f"line {row.number}")
        if row.text.strip() != row.text:
            raise MalformedError("there is white space around the line", place=f"line {row.number}")
    try:
        return base64.decode(b"".join(row.text for row in body))
    except MalformedError:
        # Say which line: decode line by line, where whole groups of four allow it.
        for row in body:
            try:
                base64.decode(row.text + b"A" * (-len(row.text) % 4))
            except MalformedError as error:
                if row is not body[-1] or "character" in error.message:
                    raise error.within(f"line {row.number}") from None
        raise


def _note_line_ends(rows: list[lines.Line], end_index: int, notes: list[Note]) -> None:
    if any(row.end == b"\r\n" for row in rows):
        notes.append(Note("crlf", "the line ends are CR LF, which OpenSSH refuses in its own format"))
    if not rows[-1].end:
        notes.append(Note("missing-final-newline", "the last line has no line end, which OpenSSH refuses"))
    if len(rows) > end_index + 1:
        notes.append(Note("blank-lines", "there are blank lines after the key"))
