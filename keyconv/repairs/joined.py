"""Lines that were joined: frames and their bodies, whose line ends became spaces or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from keyconv.repairs.damage import BASE64, LABELS, decode_start, find_frames, is_ppk, wrap
from keyconv.repairs.frames import WIDTHS, blob_type, find_label

__all__ = [
    "cut_rows",
    "undo_inner_spaces",
    "undo_lost_newlines",
    "undo_lost_padding",
    "undo_separators",
    "undo_spaces_for_plus",
]

_NARROW_FIRST = (64, *(width for width in WIDTHS if width != 64))
_HEX_DIGITS = {b"DES-CBC": 16, b"DES-EDE3-CBC": 16}
_DEK_INFO = re.compile(rb"\s*+(Proc-Type: ?4,ENCRYPTED)\s*+(DEK-Info: ?([A-Z0-9-]{1,32}),)([0-9A-Fa-f]{16,32})")
_SSH2_HEADER = re.compile(rb"(?:\A|(?<=.))(Comment|Subject|x-[A-Za-z0-9._-]{1,60}): ?", re.I | re.S)
_CONTINUED = re.compile(rb"\\ ")
_CONTINUED_CLOSELY = re.compile(rb'\\(?!["\\\n])')
_SEPARATED = re.compile(
    rb"(?:----[ -][A-Z0-9 ]{1,60} ?----+|PuTTY-User-Key-File-[0-9]: [a-z0-9-]{1,64}(?=.Encryption: )"
    rb"|\A(?:[A-Za-z0-9+/]{40,76}+|Encryption: [a-z0-9-]{4,16}|Proc-Type: 4,ENCRYPTED|Comment: \"[^\"\n]{0,1024}\"))"
    rb"([|_,;~^#@$*])"
)
_OWN_SIGNS = rb'"[^"\n]{0,1024}"|4,ENCRYPTED|-CBC,(?=[0-9A-F]{16})'
_PARTED = re.compile(rb"[A-Za-z0-9+/]{1,75}(?: [A-Za-z0-9+/]{1,75}){1,3}={0,2}\Z")
_PPK_HEADER = re.compile(rb"(?:Key-Derivation|Private-Lines|Private-MAC|Private-Hash): ")
_MOST_SPACES = 3
_MOST_STARTS = 16
_SSHCOM_START = b"P2/56"
_OPENSSH_COMMENT = re.compile(rb"OpenSSH", re.I)


def undo_lost_newlines(data: bytes) -> Iterator[bytes]:
    """Put a frame, its headers and the rows of its body on lines of their own again."""
    frames = [frame for frame in find_frames(data) if frame.is_key]
    if len(frames) != 1:
        return
    (frame,) = frames
    text = data[frame.body : frame.body_end]
    first, last = text.split(b"\n")[0], text.split(b"\n")[-1]
    alone = b"\n" in text and not first.strip() and not last.strip()
    if alone and not (b" " in text.strip() and b"\n" not in text.strip()):
        return
    parts = _split_ssh2(text) if frame.ssh2 else _split_pem(text)
    if parts is None:
        return
    headers, body = parts
    before, after = data[: frame.start], data[frame.end :]
    after = after.lstrip(b" ") if not after.strip(b" \n") else after
    for rows in _rows_of(body, headers):
        lines = [data[frame.start : frame.body], *headers, *rows, data[frame.body_end : frame.end]]
        yield before + b"\n".join(lines) + (after if after.startswith(b"\n") else b"\n" + after)


def undo_separators(data: bytes) -> Iterator[bytes]:
    """Put line ends where one sign that is not of base64 stands for all of them: `|`, `_`, `,`, `;`, `~`.

    A PPK's comment, and a comment in quotes, may have such signs of their own.
    """
    found = _SEPARATED.search(data)
    if found is None:
        return
    sign = found[1]
    head, text = data[: found.start()].rstrip(sign), data[found.start() :]
    signs = re.compile(_OWN_SIGNS + b"|(" + re.escape(sign) + b")")
    text = text.rstrip(b"\n").rstrip(sign) + sign if text.rstrip(b"\n").endswith(sign) else text
    yield head + signs.sub(lambda each: b"\n" if each[1] else each.group(), text)
    start, end = text.find(sign + b"Comment: ") + len(b"|Comment: "), text.rfind(sign + b"Public-Lines: ")
    if is_ppk(text) and sign in text[start:end]:
        yield head + text[:start].replace(sign, b"\n") + text[start:end] + text[end:].replace(sign, b"\n")


def undo_spaces_for_plus(data: bytes) -> Iterator[bytes]:
    """Put `+` where URL decoding left a space inside the base64."""
    frames = [frame for frame in find_frames(data) if frame.is_key]
    if len(frames) != 1:
        return
    (frame,) = frames
    rows = data[frame.body : frame.body_end].split(b"\n")
    first = max((index + 1 for index, row in enumerate(rows) if b": " in row or row[-1:] == b"\\"), default=0)
    changed = [row.replace(b" ", b"+") if index >= first else row for index, row in enumerate(rows)]
    if changed != rows and BASE64.match(b"".join(b"".join(changed[first:]).split())):
        yield data[: frame.body] + b"\n".join(changed) + data[frame.body_end :]


def undo_inner_spaces(data: bytes) -> Iterator[bytes]:
    """Take single spaces inside rows of base64 away.

    With up to three of them nothing is taken for granted: had one been a `+`, the base64 without it would not decode.
    """
    rows = data.split(b"\n")
    changed = [b"".join(row.split()) if _PARTED.match(row) else row for row in rows]
    spaces = sum(len(row) - len(other) for row, other in zip(rows, changed, strict=True))
    if 0 < spaces <= _MOST_SPACES and len(rows) > 1 and (find_frames(data) or is_ppk(data)):
        yield b"\n".join(changed)


def undo_lost_padding(data: bytes) -> Iterator[bytes]:
    """Put the `=` back that base64 ends in, where they are lost: at the end of a frame, or of a half of a PPK."""
    rows = data.split(b"\n")
    changed = list(rows)
    start = 0
    for index, row in enumerate(rows):
        below = rows[index + 1] if index + 1 < len(rows) else b""
        if not BASE64.match(row):
            start = index + 1
        elif not BASE64.match(below) and (below.startswith(b"----") or _PPK_HEADER.match(below)):
            length = sum(map(len, rows[start : index + 1]))
            if length % 4 in (2, 3) and not row.endswith(b"="):
                changed[index] = row + b"=" * (-length % 4)
    if changed != rows and (find_frames(data) or is_ppk(data)):
        yield b"\n".join(changed)


def cut_rows(text: bytes, widths: Sequence[int]) -> Iterator[list[bytes]]:
    """Cut a body into rows, where line ends became single spaces or nothing; `+` may have become spaces as well."""
    for lead in range(min(2, len(text) - len(text.lstrip(b" "))), -1, -1):
        spaced = text[lead:]
        for width in widths:
            rows = [spaced[at : at + width] for at in range(0, len(spaced), width + 1)]
            separators = spaced[width :: width + 1]
            if len(rows) > 1 and separators.count(b" ") == len(separators):
                ended = sum(map(len, rows)) % 4 == 1
                yield [*rows[:-1], rows[-1].removesuffix(b" ") if ended else rows[-1]]
                return
    joined = b"".join(text.split())
    yield wrap(joined, widths[0])
    if len(text) != len(joined) and len(text) % 4 == 0:  # each space was a `+`
        yield wrap(text, widths[0])


def _rows_of(body: bytes, headers: list[bytes]) -> Iterator[list[bytes]]:
    tokens = body.split()
    lengths = {len(token) for token in tokens[:-1]}
    known = b"\n" in body.strip() or lengths <= {*WIDTHS}
    if known and len(lengths) == 1 and len(tokens[-1]) <= len(tokens[0]):
        yield tokens
        return
    wide = find_label(b"".join(tokens)) == LABELS[0] or any(_OPENSSH_COMMENT.search(header) for header in headers)
    yield from cut_rows(b" ".join(body.split(b"\n")), WIDTHS if wide else _NARROW_FIRST)


def _split_pem(text: bytes) -> tuple[list[bytes], bytes]:
    found = _DEK_INFO.match(text)
    if found is None:
        return [], text
    digits = found[4][: _HEX_DIGITS.get(found[3], 32)]
    return [found[1], found[2] + digits, b""], text[found.start(4) + len(digits) :]


def _split_ssh2(text: bytes) -> tuple[list[bytes], bytes] | None:
    start = _find_body(text)
    head, body = text[:start], text[start:]
    tags = [found for found in _SSH2_HEADER.finditer(head) if _is_outside_quotes(head, found.start())]
    if head[: tags[0].start() if tags else len(head)].strip():
        return None  # not a header: fix that first
    ends = [*(tag.start() for tag in tags), len(head)][1:]
    headers = []
    for tag, end in zip(tags, ends, strict=True):
        value = head[tag.end() : end].strip()
        value = (
            _CONTINUED.sub(b"\\\\\n", value) if _CONTINUED.search(value) else _CONTINUED_CLOSELY.sub(b"\\\\\n", value)
        )
        headers.append(tag[1] + b": " + value)
    return headers, body


def _find_body(text: bytes) -> int:
    position = -1
    for _ in range(_MOST_STARTS):
        position = text.find(b"AAAA", position + 1)
        if position < 0:
            break
        if blob_type(b"".join(text[position : position + 200].split())):
            return position
    position = text.find(_SSHCOM_START)
    return position if position >= 0 and decode_start(text[position:], 8) else len(text) - len(text.lstrip())


def _is_outside_quotes(head: bytes, position: int) -> bool:
    return head.count(b'"', 0, position) % 2 == 0
