r"""Finding the spans of a file: frames and PPK files, plain or in wrappers.

Only what is whole is found: a BEGIN line with its END line and base64 between them, or a PPK from its first line to its
MAC. What is inside is for the readers to check; a header that a text only quotes, without base64, is text.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

from keyconv import limits
from keyconv.document.spans import Document, Kind, Span
from keyconv.document.wrappers import (
    Base64,
    CrLf,
    DoubleQuoted,
    LiteralNewlines,
    Prefixed,
    SingleQuoted,
    Unended,
    Utf16,
    Wrapper,
)

__all__ = ["PRIVATE_LABELS", "PUBLIC_LABELS", "find"]

PRIVATE_LABELS = frozenset(
    {
        *("OPENSSH PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY"),
        *("ENCRYPTED PRIVATE KEY", "PRIVATE KEY", "SSH2 ENCRYPTED PRIVATE KEY"),
    }
)
"""What BEGIN lines of private keys say."""

PUBLIC_LABELS = frozenset({"PUBLIC KEY", "RSA PUBLIC KEY", "SSH2 PUBLIC KEY"})
"""What BEGIN lines of public keys say."""

_PARAMETERS = "EC PARAMETERS"
_DASHES = (
    rb"(?:-----(?P<five>BEGIN|END) (?P<label>[A-Z0-9][A-Z0-9 ]{0,60})-----"
    rb"|---- (?P<four>BEGIN|END) (?P<ssh2>SSH2 [A-Z ]{1,40}) ----)"
)
_PREFIX = rb"(?P<prefix>[ \t]{0,64}(?:[>#+|*;/][ \t>#+|*;/]{0,64})?)"
_FRAME_ROW = re.compile(_PREFIX + _DASHES + rb"[ \t]*\Z")
_PPK_ROW = re.compile(_PREFIX + rb"PuTTY-User-Key-File-[0-9]: ?[!-~]{1,64}[ \t]*\Z")
_PPK_END = re.compile(rb"Private-(?:MAC|Hash): [0-9A-Fa-f]{40,64}[ \t]*\Z")
_MATERIAL = re.compile(rb"[A-Za-z0-9+/]{24}")
_START = rb"(?:-----BEGIN [A-Z0-9 ]{1,60}-----|PuTTY-User-Key-File-[0-9]: |---- BEGIN SSH2 )"
_DOUBLE = re.compile(rb'(?<!\\)"(?P<text>' + _START + rb'(?:[^"\\]|\\.)*+)"', re.DOTALL)
_SINGLE = re.compile(rb"'(?P<text>" + _START + rb"[^']*+)'")
_LITERAL = re.compile(
    rb"-----BEGIN (?P<label>[A-Z0-9 ]{1,60})-----\\n(?:[A-Za-z0-9+/=:,. ]|-(?!-)|\\n)*+"
    rb"-----END (?P=label)-----(?:\\n)?"
)
_BASE64_STARTS = rb"(?:LS0tLS1CRUdJTi|UHVUVFktVXNlci1LZXkt|LS0tLSBCRUdJTiBTU0gy)"
_ROW = rb"[A-Za-z0-9+/]++={0,2}(?=\r?\n|\Z)"
_TOKEN = re.compile(
    rb"(?<![A-Za-z0-9+/=])" + _BASE64_STARTS + rb"[A-Za-z0-9+/]*+={0,2}"
    rb"(?:\n(?P<indent>[ \t]*+)" + _ROW + rb"(?:\n(?P=indent)" + _ROW + rb")*+)?"
)
_WORD = re.compile(rb"[^\s\0\"'`,;{}\[\]()]")
_MOST_SPANS = 256
_MOST_ROWS = 2_000
_HEAD = 1024


class _Row(NamedTuple):
    """One row: where it begins and ends in the file, and its text without the line end."""

    start: int
    end: int
    text: bytes


def find(data: bytes) -> Document:
    """Find the spans of a file; nothing in one without a frame or a PPK, or above the limit of key files."""
    if len(data) > limits.MAX_KEY_FILE:
        return Document(data, ())
    wide = _find_utf16(data)
    if wide is not None:
        return wide
    found = sorted(_find_keys(data), key=lambda span: span.start)
    return Document(data, tuple(_with_text(data, found)) if found else ())


def _find_keys(data: bytes) -> Iterator[Span]:
    plain = _find_rows(data, _rows_of(data)) if b"----" in data or b"PuTTY-" in data else ()
    taken: list[Span] = []
    for span in (*plain, *_find_wrapped(data)):
        if len(taken) < _MOST_SPANS and not any(span.start < each.end and each.start < span.end for each in taken):
            taken.append(span)
    yield from taken


# ── rows of their own ──────────────────────────────────────────────────────────────────────────────────────────────


def _rows_of(data: bytes) -> list[_Row]:
    rows = []
    start = 0
    for text in data.split(b"\n"):
        end = min(start + len(text) + 1, len(data))
        rows.append(_Row(start, end, text.removesuffix(b"\r")))
        start = end
    return rows


def _find_rows(data: bytes, rows: list[_Row]) -> Iterator[Span]:
    index = 0
    while index < len(rows):
        if b"-" not in rows[index].text:
            index += 1
            continue
        span, index = _find_at(data, rows, index)
        if span is not None:
            yield span


def _find_at(data: bytes, rows: list[_Row], index: int) -> tuple[Span | None, int]:
    """Return what begins in this row, if anything does, and the index of the row to go on with."""
    row = rows[index]
    begin = _FRAME_ROW.match(row.text)
    if begin is not None and b"BEGIN" in (begin["five"], begin["four"]):
        label = (begin["label"] or begin["ssh2"]).decode("ascii")
        last = _end_of_frame(rows, index, label)
        if last is None:
            return None, index + 1
        if label == _PARAMETERS:
            last, label = _with_key_behind(rows, last)
        return _span(data, rows, index, last, begin["prefix"], label), last + 1
    begin = _PPK_ROW.match(row.text)
    if begin is not None:
        last = _end_of_ppk(rows, index, begin["prefix"])
        if last is not None:
            return _span(data, rows, index, last, begin["prefix"], "PuTTY-User-Key-File"), last + 1
    return None, index + 1


def _end_of_frame(rows: list[_Row], first: int, label: str) -> int | None:
    for index in range(first + 1, min(len(rows), first + _MOST_ROWS)):
        found = _FRAME_ROW.match(rows[index].text) if b"----" in rows[index].text else None
        if found is not None:
            closes = b"END" in (found["five"], found["four"])
            name = (found["label"] or found["ssh2"]).decode("ascii")
            return index if closes and name == label else None
    return None


def _end_of_ppk(rows: list[_Row], first: int, prefix: bytes) -> int | None:
    for index in range(first + 1, min(len(rows), first + _MOST_ROWS)):
        text = rows[index].text
        if text.startswith(prefix) and _PPK_END.match(text[len(prefix) :]):
            return index
        if _PPK_ROW.match(text):
            return None
    return None


def _with_key_behind(rows: list[_Row], last: int) -> tuple[int, str]:
    """Take the EC key behind its parameters along, as `openssl ecparam -genkey` writes both."""
    index = last + 1
    while index < len(rows) and not rows[index].text.strip():
        index += 1
    found = _FRAME_ROW.match(rows[index].text) if index < len(rows) else None
    if found is not None and found["five"] == b"BEGIN" and found["label"] == b"EC PRIVATE KEY":
        end = _end_of_frame(rows, index, "EC PRIVATE KEY")
        if end is not None:
            return end, "EC PRIVATE KEY"
    return last, _PARAMETERS


def _span(data: bytes, rows: list[_Row], first: int, last: int, prefix: bytes, label: str) -> Span | None:
    start, end = rows[first].start, rows[last].end
    raw = data[start:end]
    wrappers: list[Wrapper] = []
    for wrapper in (CrLf(), Unended(), Prefixed(prefix)):
        if isinstance(wrapper, CrLf) and b"\r\n" not in raw:
            continue
        if isinstance(wrapper, Unended) and raw.endswith(b"\n"):
            continue
        if isinstance(wrapper, Prefixed) and not prefix:
            continue
        try:
            raw = wrapper.unwrap(raw)
        except ValueError:
            if isinstance(wrapper, CrLf):
                continue
            return None
        wrappers.append(wrapper)
    if not _MATERIAL.search(raw):
        return None
    return Span(start, end, first + 1, last + 1, _kind_of(label), label, tuple(wrappers), raw)


def _kind_of(label: str) -> Kind:
    if label in PRIVATE_LABELS or label.startswith("PuTTY-"):
        return "private"
    return "public" if label in PUBLIC_LABELS else "material"


# ── wrapped ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _find_wrapped(data: bytes) -> Iterator[Span]:
    for found in _DOUBLE.finditer(data):
        inside = found["text"]
        wrapper: Wrapper = DoubleQuoted(slash=b"\\/" in inside) if b"\\n" in inside else SingleQuoted(b'"')
        yield from _wrapped(data, found.start("text"), found.end("text"), (wrapper,))
    for found in _SINGLE.finditer(data):
        wrapper = LiteralNewlines() if b"\\n" in found["text"] else SingleQuoted(b"'")
        yield from _wrapped(data, found.start("text"), found.end("text"), (wrapper,))
    for found in _LITERAL.finditer(data):
        yield from _wrapped(data, found.start(), found.end(), (LiteralNewlines(),))
    for found in _TOKEN.finditer(data):
        yield from _find_base64(data, found)


def _find_base64(data: bytes, token: re.Match[bytes]) -> Iterator[Span]:
    # The token may run on into the lines below it that look alike: first with them, then its first line alone.
    first, _, rest = token.group().partition(b"\n")
    if rest:
        indent = token["indent"]
        width = len(first)
        end = b"\n" + indent
        yield from _wrapped(data, token.start(), token.end(), (Base64(width, end),))
    yield from _wrapped(data, token.start(), token.start() + len(first), (Base64(),))


def _wrapped(data: bytes, start: int, end: int, wrappers: tuple[Wrapper, ...]) -> Iterator[Span]:
    raw = text = data[start:end]
    try:
        for wrapper in wrappers:
            text = wrapper.unwrap(text)
        if b"\r\n" in text:
            wrappers = (*wrappers, CrLf())
            text = CrLf().unwrap(text)
        if not text.endswith(b"\n"):
            wrappers = (*wrappers, Unended())
            text += b"\n"
    except (ValueError, binascii.Error):
        return
    rows = _rows_of(text)
    inner = [span for span in _find_rows(text, rows) if span.is_key]
    filled = [row for row in rows if row.text.strip()]
    if len(inner) != 1 or inner[0].wrappers or not filled:
        return
    (key,) = inner
    if filled[0].start < key.start or filled[-1].start >= key.end or not raw:
        return  # something else is in the value, too
    line = data.count(b"\n", 0, start) + 1
    yield Span(start, end, line, line + raw.count(b"\n"), key.kind, key.label, wrappers, text)


# ── UTF-16, and what is around ─────────────────────────────────────────────────────────────────────────────────────


def _find_utf16(data: bytes) -> Document | None:
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    head = data[: min(len(data), _HEAD) & ~1]
    if marked:
        big = data.startswith(b"\xfe\xff")
    elif len(head) >= 32 and any(head[start::2].count(0) * 10 >= len(head) // 2 * 9 for start in (0, 1)):
        big = head[:1] == b"\0"
    else:
        return None
    order = Utf16("be" if big else "le", marked=False)
    try:
        text = order.unwrap(data[2 * marked :])
    except UnicodeDecodeError:
        return None
    inner = find(text)

    def place(offset: int) -> int:
        return 2 * marked + len(order.wrap(text[:offset]))

    spans = tuple(
        Span(
            place(span.start),
            place(span.end),
            span.line,
            span.last,
            span.kind,
            span.label,
            (order, *span.wrappers) if span.is_key else (),
            span.text,
        )
        for span in inner.spans
    )
    return Document(data, spans)


def _with_text(data: bytes, found: list[Span]) -> Iterator[Span]:
    """Put spans of text where rows have more than white space, quotes and brackets outside of what was found."""
    outside = Document(data, tuple(found)).outside
    spans = list(found)
    keys = [span.line for span in found]
    run: list[tuple[int, _Row]] = []
    for number, row in enumerate(_rows_of(outside), 1):
        if not _WORD.search(row.text):
            continue
        if run and any(run[0][0] < line <= number for line in keys):
            spans.append(_text(run))
            run = []
        run.append((number, row))
    if run:
        spans.append(_text(run))
    yield from sorted(spans, key=lambda span: (span.line, span.kind == "text"))


def _text(run: list[tuple[int, _Row]]) -> Span:
    (line, first), (last, end) = run[0], run[-1]
    return Span(first.start, end.end, line, last, "text", f"{len(run)} {'line' if len(run) == 1 else 'lines'}")
