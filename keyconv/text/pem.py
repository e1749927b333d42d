"""Frames of five dashes around base64, `-----BEGIN LABEL-----` to `-----END LABEL-----`.

Source: RFC 7468; headers inside the frame: RFC 1421 section 4.6.
"""

from __future__ import annotations

import re

from keyconv.errors import MalformedError, NotAKeyError, TruncatedError
from keyconv.notes import Note
from keyconv.record import record
from keyconv.text import base64, lines

__all__ = ["Frame", "begins", "read", "read_all", "write"]

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9][A-Z0-9 ]*)-----\Z")
_END = re.compile(rb"-----END ([A-Z0-9][A-Z0-9 ]*)-----\Z")
_HEADER = re.compile(rb"([A-Za-z][!-9;-~]*):[ \t]*(.*)\Z", re.DOTALL)


@record
class Frame:
    """One frame: its label, its headers in file order, and the bytes that its base64 stands for."""

    label: str
    headers: tuple[tuple[str, str], ...]
    data: bytes


def begins(data: bytes, label: str) -> bool:
    """Return whether the text begins with this frame's first line."""
    return data.startswith(f"-----BEGIN {label}-----".encode("ascii"))


def read(data: bytes, notes: list[Note], *, headers: bool = False) -> Frame:
    """Read one frame that is the whole of the text.

    CR LF line ends, a missing final line end and blank lines after the frame are noted: some programs refuse them.

    Raises: NotAKeyError when the text begins with no frame; MalformedError for everything else that is not one.
    """
    rows = lines.split(data)
    frame, after, blank = _read_frame(rows, 0, headers)
    for row in rows[after:]:
        if row.text:
            raise MalformedError("there is text after the END line").within_line(row.number)
    _note_lines(rows, blank or len(rows) > after, notes)
    return frame


def read_all(data: bytes, notes: list[Note], *, headers: bool = False) -> tuple[Frame, ...]:
    """Read the frames that are the whole of the text, one or several, with nothing but blank lines between them.

    Notes and raises as `read` does.
    """
    rows = lines.split(data)
    frame, after, blank = _read_frame(rows, 0, headers)
    frames = [frame]
    while begin := next((index for index in range(after, len(rows)) if rows[index].text), None):
        if not _BEGIN.match(rows[begin].text):
            raise MalformedError("there is text after the END line").within_line(rows[begin].number)
        frame, after, also_blank = _read_frame(rows, begin, headers)
        blank = blank or also_blank
        frames.append(frame)
    _note_lines(rows, blank or len(rows) > after, notes)
    return tuple(frames)


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


def _read_frame(rows: list[lines.Line], start: int, headers: bool) -> tuple[Frame, int, bool]:
    # The frame that begins in row `start`, the row after its END line, and whether there are blank lines in its body.
    begin = _BEGIN.match(rows[start].text) if rows else None
    if begin is None:
        raise NotAKeyError("the first line is not the BEGIN line of a frame")
    label = begin.group(1)
    end_index = next((index for index in range(start, len(rows)) if rows[index].text.startswith(b"-----END")), None)
    if end_index is None:
        raise TruncatedError("the END line is missing: the file is cut short").within_line(rows[-1].number)
    end = _END.match(rows[end_index].text)
    if end is None or end.group(1) != label:
        raise MalformedError("the END line does not match the BEGIN line").within_line(rows[end_index].number)
    body = rows[start + 1 : end_index]
    found, rows_of_headers = _read_headers(body) if headers else ([], 0)
    if found:
        body = body[rows_of_headers + 1 :]
    filled = [row for row in body if row.text]
    return Frame(label.decode("ascii"), tuple(found), _decode(filled)), end_index + 1, len(filled) < len(body)


def _read_headers(body: list[lines.Line]) -> tuple[list[tuple[str, str]], int]:
    # The headers, and how many rows they take; a row that begins with white space continues the one before it.
    found: list[tuple[str, str]] = []
    for index, row in enumerate(body):
        if not row.text:
            return found, index
        header = _HEADER.match(row.text)
        if header is not None:
            found.append((header.group(1).decode("ascii"), header.group(2).decode("latin-1")))
        elif found and row.text[:1] in (b" ", b"\t"):
            name, value = found[-1]
            found[-1] = name, value + " " + row.text.strip().decode("latin-1")
        elif found:
            raise MalformedError("a blank line is missing after the headers").within_line(row.number)
        else:
            break
    return found, len(body)


def _decode(body: list[lines.Line]) -> bytes:
    if not body:
        raise MalformedError("there is nothing between the BEGIN and the END line")
    for row in body:
        if row.text.strip() != row.text:
            raise MalformedError("there is white space around the line").within_line(row.number)
    try:
        return base64.decode(b"".join(row.text for row in body))
    except MalformedError as error:
        raise _name_line(body, error) from None


def _name_line(body: list[lines.Line], whole: MalformedError) -> MalformedError:
    """Say in which line the base64 is wrong, where that can be determined; else it is in the last or in all of them."""
    for row in body:
        text = row.text.rstrip(b"=")
        try:
            base64.decode(text + b"A" * (-len(text) % 4))
        except MalformedError as error:
            return error.within_line(row.number)
        if row is body[-1]:
            return whole.within_line(row.number)
        if text != row.text:
            return MalformedError("there is base64 padding before the last line").within_line(row.number)
        if len(text) != len(body[0].text):
            message = f"the line has {len(text)} characters, the first {len(body[0].text)}"
            return MalformedError(message).within_line(row.number)
    return whole


def _note_lines(rows: list[lines.Line], blank: bool, notes: list[Note]) -> None:
    if any(row.end == b"\r\n" for row in rows):
        notes.append(Note("crlf", "the line ends are CR LF, which OpenSSH refuses in its own format"))
    if not rows[-1].end:
        notes.append(Note("missing-final-newline", "the last line has no line end, which OpenSSH refuses"))
    if blank:
        notes.append(Note("blank-lines", "there are blank lines in or after the key"))
