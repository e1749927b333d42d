"""SSH2 public key blocks, `---- BEGIN SSH2 PUBLIC KEY ----`, of which a file may hold several.

Source: RFC 4716; what PuTTY and ssh-keygen do where they depart from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from keyconv import limits
from keyconv.codec import certificate as certificates
from keyconv.codec import public_blob
from keyconv.errors import KeyconvError, LimitError, MalformedError, MisfitError, NotAKeyError, TruncatedError
from keyconv.formats.base import Capabilities, Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile
from keyconv.keys import FAMILIES
from keyconv.notes import Note
from keyconv.proof import proving
from keyconv.proof.points import PointError
from keyconv.text import base64
from keyconv.text.comment import clean, is_clean
from keyconv.text.lines import Line, split

__all__ = ["RFC4716", "fit_comment"]

_BEGIN = b"---- BEGIN SSH2 PUBLIC KEY ----"
_END = b"---- END SSH2 PUBLIC KEY ----"
_COMMENT = b"Comment: "
_TAG = re.compile(rb"[\x21-\x39\x3b-\x7e]{1,64}\Z")
_BLANK_START = re.compile(rb"[ \t]|\xc2\xa0|\xe2\x80[\x80-\x8f]|\xef\xbb\xbf")
_END_WORD = re.compile(rb" END(?= )")
_ESCAPED = re.compile(rb'\\(["\\])')
_MAX_LINE = 72
_MAX_TAG = 64
_MAX_VALUE = 1024
_MAX_READ = 1022  # bytes of a line that ssh-keygen 9.2 reads
_BODY_WIDTH = 64  # PuTTY's; ssh-keygen writes 70, the RFC allows 72


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Cursor:
    """Walks over the lines of a file."""

    __slots__ = ("_next", "_rows")

    def __init__(self, rows: list[Line]) -> None:
        self._rows = rows
        self._next = 0

    def peek(self) -> bytes | None:
        """Return the text of the next line, or None at the end."""
        return self._rows[self._next].text if self._next < len(self._rows) else None

    def take(self) -> Line:
        """Step over the next line, which must be there."""
        if self._next == len(self._rows):
            last = self._rows[-1].number if self._rows else 1
            raise TruncatedError("the END line is missing: the file is cut short").within_line(last)
        self._next += 1
        return self._rows[self._next - 1]


@dataclass(frozen=True, slots=True)
class _Header:
    """One header: its tag and value as they stand, continuations joined, and where its lines begin and end."""

    tag: bytes
    value: bytes
    line: int
    last: int

    @property
    def is_comment(self) -> bool:
        """Whether it holds the comment."""
        return self.tag.lower() == b"comment"


def _sniff(data: bytes) -> bool:
    return data.startswith(_BEGIN)


def _read(data: bytes) -> KeyFile:
    try:
        return _read_file(data)
    except KeyconvError as error:
        raise error.of_format("rfc4716") from None


def _read_file(data: bytes) -> KeyFile:
    if data.startswith(b"\xef\xbb\xbf"):
        raise MalformedError(
            "the file begins with a byte order mark (UTF-8 BOM)",
            hint="save it as UTF-8 without a BOM",
            rule="byte-order-mark",
        )
    rows = split(data, bare_cr=True)
    cursor = _Cursor(rows)
    notes: list[Note] = []
    entries: list[Entry] = []
    comments: set[int] = set()
    blank = False
    if cursor.peek() != _BEGIN:
        raise NotAKeyError(f"the first line is not '{_BEGIN.decode()}'")
    while (text := cursor.peek()) is not None:
        if text == _BEGIN:
            entries.append(_read_block(cursor, notes, comments))
        elif text:
            raise MalformedError("there is text outside of the key").within_line(cursor.take().number)
        else:
            cursor.take()
            blank = True
    _note_lines(rows, comments, notes)
    if blank:
        notes.append(Note("blank-lines", "there are blank lines after a key"))
    kind = "certificate" if len(entries) == 1 and entries[0].certificate else "public"
    return KeyFile("rfc4716", kind, tuple(entries), tuple(notes))


def _read_block(cursor: _Cursor, notes: list[Note], comments: set[int]) -> Entry:
    # `comments` gets the numbers of the lines that hold a whole comment.
    begin = cursor.take().number
    headers = []
    while b":" in (cursor.peek() or b""):
        headers.append(_read_header(cursor, notes))
    blob = _read_body(cursor)
    comment, others = _sort_headers(headers, notes)
    comments.update(header.line for header in headers if header.is_comment and header.line == header.last)
    try:
        public, certificate = certificates.read_any(blob, notes)
        proving.check_public(public)
        if certificate is not None:
            proving.check_public(certificate.ca_key)
    except KeyconvError as error:
        if isinstance(error, PointError):
            error.rule = "weak-point"
        raise error.within_line(begin) from None
    return Entry(public, comment=comment, certificate=certificate, headers=others, line=begin)


def _read_header(cursor: _Cursor, notes: list[Note]) -> _Header:
    row = cursor.take()
    pieces = [row.text]
    while pieces[-1].endswith(b"\\"):
        pieces[-1] = pieces[-1][:-1]
        pieces.append(cursor.take().text)
    last = row.number + len(pieces) - 1
    tag, separator, value = b"".join(pieces).partition(b": ")
    if b"\0" in tag + value:
        raise MalformedError("there is a zero byte in the header").within_line(row.number)
    if separator and len(tag) > _MAX_TAG:
        message = f"the tag of a header has {len(tag)} bytes, and RFC 4716 allows {_MAX_TAG}"
        raise MalformedError(message).within_line(row.number)
    if not separator or not tag or _BLANK_START.match(tag):
        raise MalformedError("a header is not a tag, ': ' and a value").within_line(row.number)
    if len(value) > limits.MAX_COMMENT:
        raise LimitError(f"the header is longer than {limits.size(limits.MAX_COMMENT)}").within_line(row.number)
    if len(value) > _MAX_VALUE:
        notes.append(
            Note("noncanonical", f"a header has {len(value)} bytes, more than RFC 4716's {_MAX_VALUE}", harmless=True)
        )
    return _Header(tag, value, row.number, last)


def _read_body(cursor: _Cursor) -> bytes:
    body: list[Line] = []
    while (row := cursor.take()).text != _END:
        if not row.text:
            raise MalformedError("there is a blank line inside the key").within_line(row.number)
        if row.text.startswith(b"----"):
            raise MalformedError(f"expected '{_END.decode()}'").within_line(row.number)
        if body and body[-1].text.endswith(b"="):
            raise MalformedError("there is base64 after its padding").within_line(row.number)
        body.append(row)
    if not body:
        raise MalformedError("there is no base64 before the END line").within_line(row.number)
    for line in body:
        _check_characters(line)
    try:
        return base64.decode(b"".join(line.text for line in body))
    except MalformedError as error:
        raise error.within_line(body[-1].number) from None


def _check_characters(row: Line) -> None:
    # A line need not hold whole groups of four, so that it is filled up for the decoder.
    text = row.text.rstrip(b"=")
    try:
        base64.decode(text + b"A" * (-len(text) % 4))
    except MalformedError as error:
        raise error.within_line(row.number) from None


def _sort_headers(headers: list[_Header], notes: list[Note]) -> tuple[bytes | None, tuple[tuple[bytes, bytes], ...]]:
    """Return the comment and the other headers; note what other programs refuse, and what is left out."""
    comments = [header for header in headers if header.is_comment]
    others = [header for header in headers if not header.is_comment]
    if len(comments) > 1:
        last = comments[-1].line
        notes.append(
            Note("noncanonical", f"there are {len(comments)} Comment headers; the last counts, in line {last}")
        )
    if comments and comments[-1].line != comments[-1].last:
        notes.append(Note("noncanonical", "the comment is folded over several lines, which PuTTY does not read"))
    for header in others:
        if not _TAG.match(header.tag):
            what = "is not ASCII" if not header.tag.isascii() else "has a space or control character"
            notes.append(
                Note(
                    "noncanonical",
                    f"the tag of the header in line {header.line} {what}; it is left out",
                )
            )
    kept = tuple((header.tag, header.value) for header in others if _TAG.match(header.tag))
    return (_unquote(comments[-1].value) if comments else None), kept


def _unquote(value: bytes) -> bytes:
    r"""Take off the quotes around a comment, and PuTTY's backslash before `"` and `\` within them."""
    if len(value) < 2 or not (value.startswith(b'"') and value.endswith(b'"')):
        return value
    return _ESCAPED.sub(rb"\1", value[1:-1])


def _note_lines(rows: list[Line], comments: set[int], notes: list[Note]) -> None:
    ends = {row.end for row in rows}
    if b"\r\n" in ends:
        notes.append(Note("crlf", "the line ends are CR LF"))
    if b"\r" in ends:
        notes.append(Note("cr-line-ends", "the line ends are CR, which RFC 4716 allows and few programs read"))
    if b"" in ends:
        notes.append(Note("missing-final-newline", "the last line has no line end"))
    # A comment on one line is longer in what PuTTY writes, and every program reads it.
    most = {row.number: _MAX_READ if row.number in comments else _MAX_LINE for row in rows}
    long = [row for row in rows if len(row.text) > most[row.number]]
    if long:
        longest = max(long, key=lambda row: len(row.text))
        whose = f"ssh-keygen's {_MAX_READ}" if longest.number in comments else f"RFC 4716's {_MAX_LINE}"
        message = f"line {longest.number} has {len(longest.text)} bytes, more than {whose}"
        notes.append(Note("noncanonical", message, harmless=longest.number not in comments))


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(entries: tuple[Entry, ...], options: WriteOptions) -> bytes:
    return b"".join(_write_block(entry, options.line_end) for entry in entries)


def _write_block(entry: Entry, line_end: bytes) -> bytes:
    if entry.certificate is not None:
        blob = entry.certificate.blob
    elif entry.public is not None:
        blob = public_blob.write(entry.public)
    else:
        raise MisfitError("the public half is not known until the private one is unlocked")
    headers = [] if entry.comment is None else [_COMMENT + _quote(fit_comment(entry.comment))]
    for tag, value in entry.headers:
        _check_header(tag, value)
        headers += _fold(tag, value)
    head = b"".join(line + line_end for line in (_BEGIN, *headers))
    return head + base64.encode_lines(blob, _BODY_WIDTH, line_end) + _END + line_end


def fit_comment(comment: bytes) -> bytes:
    """Return the comment as one line holds it that PuTTY and ssh-keygen read: clean, and not too long.

    PuTTY knows no continuation lines. ssh-keygen reads lines of up to 1,022 bytes, and takes a header with ` END ` in
    it for the last line of the block: it is written ` End `.
    """
    fitted = _END_WORD.sub(b" End", clean(comment))
    room = _MAX_READ - len(_COMMENT)
    if len(_quote(fitted)) <= room:
        return fitted
    end = room - len(b'""')
    while len(_quote(fitted[:end])) > room:
        end -= 1
    return fitted[: _whole_character(fitted, end)]


def _quote(comment: bytes) -> bytes:
    return b'"' + comment.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _check_header(tag: bytes, value: bytes) -> None:
    if not _TAG.match(tag) or tag.lower() == b"comment":
        raise MisfitError(f"{ascii(tag)[1:]} cannot be the tag of a header")
    if not is_clean(value):
        raise MisfitError(f"a header cannot hold the value of '{tag.decode()}', with a control character")


def _fold(tag: bytes, value: bytes) -> list[bytes]:
    r"""Write a header in lines of at most 72 bytes, all but the last ending in `\`.

    Where it must be folded, it is cut so that ssh-keygen reads it: that program takes a continuation with `: ` in it
    for a header of its own, one that begins with `----` for the frame, and ` END ` in a header for the frame's end.
    """
    if len(value) > _MAX_VALUE:
        name = tag.decode("ascii")
        raise MisfitError(f"the {name} header would have {len(value)} bytes, and RFC 4716 allows {_MAX_VALUE}")
    rest = tag + b": " + value
    if len(rest) <= _MAX_LINE and not rest.endswith(b"\\") and b" END " not in rest:
        return [rest]
    lines: list[bytes] = []
    least = len(tag) + 2
    while True:
        end = _cut(rest, least)
        # A backslash at the very end would ask for one line more: give it an empty one.
        if end == len(rest) and not rest.endswith(b"\\"):
            return [*lines, rest]
        lines.append(rest[:end] + b"\\")
        rest, least = rest[end:], 0


def _cut(rest: bytes, least: int) -> int:
    """Say how many bytes go on a line; the first line, which holds the tag, gets `least` of them at least."""
    end = len(rest) if len(rest) <= _MAX_LINE and not rest.endswith(b"\\") else min(len(rest), _MAX_LINE - 1)
    if least:
        marker = rest.find(b" END ", 0, end)
        return _whole_character(rest, end if marker < 0 else max(least, marker + 2))
    if rest.startswith(b"----"):
        return 3
    colon = rest.find(b": ", 0, end)
    return _whole_character(rest, end) if colon < 0 else colon + 1


def _whole_character(rest: bytes, end: int) -> int:
    """Step back to the beginning of the UTF-8 character that a cut at `end` would divide."""
    start = end
    while start > 0 and end - start < 3 and start < len(rest) and rest[start] & 0xC0 == 0x80:
        start -= 1
    return start if start and (start == len(rest) or rest[start] & 0xC0 != 0x80) else end


RFC4716 = Format(
    name="rfc4716",
    title="SSH2 public key block (RFC 4716)",
    source="RFC 4716",
    can=Capabilities(
        private=False,
        families=frozenset(FAMILIES),
        comment=True,
        certificate=True,
        headers=True,
        many=True,
    ),
    sniff=_sniff,
    read=_read,
    write=_write,
    suffix=".pub",
    fit_comment=fit_comment,
)
