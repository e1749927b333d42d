"""Frames that are gone, or that name another format than their body holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keyconv.codec import der_file
from keyconv.repairs.damage import BASE64, LABELS, Frame, decode_start, find_frames, frame_words, is_ppk

__all__ = [
    "WIDTHS",
    "blob_type",
    "find_label",
    "undo_missing_footer",
    "undo_missing_frame",
    "undo_missing_header",
    "undo_wrong_label",
    "undo_wrong_label_of_encrypted",
]

WIDTHS = (70, 64, 72, 76)
"""Characters of a body's lines: ssh-keygen's, PEM's and PuTTY's, RFC 4716's and MIME's longest."""

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,60})-----|---- BEGIN (SSH2 [A-Z ]{1,40}) ----")
_END = re.compile(rb"-----END ([A-Z0-9 ]{1,60})-----|---- END (SSH2 [A-Z ]{1,40}) ----")
_SSH2_HEADER = re.compile(rb"(?:Comment|Subject|x-[A-Za-z0-9._-]{1,60}): ", re.I)
_HEADER = re.compile(rb"(?:Comment|Subject|x-[A-Za-z0-9._-]{1,60}|Proc-Type|DEK-Info): ", re.I)
_SPACED = re.compile(rb"[A-Za-z0-9+/]++(?: [A-Za-z0-9+/]++)*+={0,2}[ \t]*+\Z")
_BLOB_AFTER = re.compile(rb"AAAA[A-Za-z0-9+/]{20}")
_NAME = re.compile(rb"[!-~]{1,64}\Z")
_DER_LABELS = {
    "pkcs1": "RSA PRIVATE KEY",
    "sec1": "EC PRIVATE KEY",
    "dsa": "DSA PRIVATE KEY",
    "pkcs8": "PRIVATE KEY",
    "pkcs8-encrypted": "ENCRYPTED PRIVATE KEY",
    "spki": "PUBLIC KEY",
    "pkcs1-pub": "RSA PUBLIC KEY",
}
_TRADITIONAL = (b"RSA PRIVATE KEY", b"EC PRIVATE KEY", b"DSA PRIVATE KEY")
_PUBLIC = "SSH2 PUBLIC KEY"
_SSHCOM = "SSH2 ENCRYPTED PRIVATE KEY"
_SSHCOM_MAGIC = b"\x3f\x6f\xf9\xeb"
_LEAST_BODY = 40
_LONGEST_ROW = 76


# ── frames that are gone ───────────────────────────────────────────────────────────────────────────────────────────


def undo_missing_header(data: bytes) -> Iterator[bytes]:
    """Return a frame that has an END line its BEGIN line."""
    end = _END.search(data)
    if end is None or _BEGIN.search(data) or frame_words(data[: end.start()]):
        return
    begin = _dashed(b"BEGIN", end[1] or end[2])
    rows = data[: end.start()].split(b"\n")
    if len(rows) == 1:  # its line ends are lost too: that is for another to fix
        header = _SSH2_HEADER.search(data) if begin.startswith(b"---- ") else None
        at = header.start() if header else len(data) - len(data.lstrip())
        yield data[:at] + begin + data[at:]
        return
    last = len(rows) - 2 if not rows[-1].strip() else len(rows) - 1
    first = _go_up(rows, last)
    if first is not None and not _hides_header(rows, first):
        yield _insert(data.split(b"\n"), first, begin, rows[first])


def undo_missing_footer(data: bytes) -> Iterator[bytes]:
    """Return a frame that has a BEGIN line its END line."""
    begin = _BEGIN.search(data)
    if begin is None or _END.search(data) or frame_words(data[begin.end() :]):
        return
    end = _dashed(b"END", begin[1] or begin[2])
    rows = data.split(b"\n")
    index = data.count(b"\n", 0, begin.start())
    if rows[index].rstrip().endswith(begin.group()):
        last = _go_down(rows, _skip_headers(rows, index + 1))
        if last is not None:
            cut_off = last + 1 < len(rows) and rows[last + 1].strip() and end.startswith(rows[last + 1].strip())
            rest = rows[last + 2 :] if cut_off else rows[last + 1 :]
            yield _insert([*rows[: last + 1], *rest], last + 1, end, rows[last])
    else:
        rest = rows[index + 1 :] or [b""]
        yield b"\n".join([*rows[:index], rows[index] + end, *rest])


def undo_missing_frame(data: bytes) -> Iterator[bytes]:
    """Return a body that stands alone the frame that it tells of."""
    if is_ppk(data) or b"Public-Lines: " in data or frame_words(data):
        return
    rows = data.split(b"\n")
    first = next((index for index, row in enumerate(rows) if len(row) >= _LEAST_BODY and _SPACED.match(row)), None)
    if first is None:
        if _SSH2_HEADER.match(data) and _BLOB_AFTER.search(data):  # its line ends are lost too
            yield (
                _dashed(b"BEGIN", _PUBLIC.encode())
                + data.removesuffix(b"\n")
                + _dashed(b"END", _PUBLIC.encode())
                + b"\n"
            )
        return
    last = _go_down(rows, first)
    is_row = BASE64.match(rows[first].strip()) is not None and len(rows[first].strip()) <= _LONGEST_ROW
    in_rows = last is not None and (last > first or is_row)
    body = b"".join(rows[first : last + 1]) if last is not None and in_rows else rows[first]
    label = find_label(b"".join(body.split())) or (find_label(body.replace(b" ", b"+")) if in_rows else None)
    if label is None:
        return
    start = _skip_up(rows, first) if label.startswith("SSH2") else first
    if _hides_header(rows, start):
        return
    begin, end = _dashed(b"BEGIN", label.encode()), _dashed(b"END", label.encode())
    if in_rows and last is not None:
        framed = _insert(rows, last + 1, end, rows[last]).split(b"\n")
        yield _insert(framed, start, begin, rows[first])
    elif label != _PUBLIC or start < first:  # one long line is a public key's line without its type
        yield b"\n".join([*rows[:first], begin + rows[first] + end, *rows[first + 1 :]])


def _is_row(row: bytes, width: int) -> bool:
    """Return whether a line may be one of a body of this width: full, or its last; a `+` may have become a space."""
    text = row.strip()
    if BASE64.match(text):
        return len(text) <= width or width == 0
    shaped = width in (len(row), len(text)) or (len(row) < width and row.count(b" ") * 10 < len(row) + 10)
    return shaped and BASE64.match(row.replace(b" ", b"+")) is not None


def _width(row: bytes) -> int:
    return len(row) if len(row) in WIDTHS else len(row.strip())


def _go_down(rows: list[bytes], first: int) -> int | None:
    """Return the last row of the body that begins in row `first`: rows of one width, and one that may be shorter."""
    if first >= len(rows) or not _is_row(rows[first], width := _width(rows[first])):
        return None
    last = first
    for index in range(first + 1, len(rows)):
        if not rows[index].strip():
            continue
        if not _is_row(rows[index], width):
            break
        last = index
        if width not in (len(rows[index]), len(rows[index].strip())):
            break
    return last


def _go_up(rows: list[bytes], last: int) -> int | None:
    """Return the first row of the frame whose body ends in row `last`: its first header, or the first of its body."""
    if last < 0 or not _is_row(rows[last], max(len(rows[last]), _LONGEST_ROW)):
        return None
    first, width = last, 0
    for index in range(last - 1, -1, -1):
        if not rows[index].strip():
            continue
        width = width or _width(rows[index])
        if width not in (len(rows[index]), len(rows[index].strip())) or not _is_row(rows[index], width):
            break
        first = index
    return _skip_up(rows, first)


def _skip_up(rows: list[bytes], first: int) -> int:
    above = first
    while above and (not rows[above - 1].strip() or _is_header(rows, above - 1)):
        above -= 1
    while above < first and not rows[above].strip():
        above += 1
    return above


def _hides_header(rows: list[bytes], first: int) -> bool:
    """Return whether the line above the frame's first has a header of it behind something that is to be fixed first."""
    return first > 0 and _HEADER.search(rows[first - 1]) is not None


def _skip_headers(rows: list[bytes], index: int) -> int:
    while index < len(rows) and (not rows[index].strip() or _is_header(rows, index)):
        index += 1
    return index


def _is_header(rows: list[bytes], index: int) -> bool:
    continued = index > 0 and rows[index - 1].endswith(b"\\") and b": " in rows[index - 1]
    return continued or _HEADER.match(rows[index].strip()) is not None


def _insert(rows: list[bytes], index: int, line: bytes, neighbour: bytes) -> bytes:
    """Put a line before row `index`, as far indented as its neighbour; a text without a final newline gets none."""
    indentation = neighbour[: len(neighbour) - len(neighbour.lstrip())] if len(neighbour) not in WIDTHS else b""
    return b"\n".join([*rows[:index], indentation + line, *rows[index:]])


# ── labels ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def undo_wrong_label(data: bytes) -> Iterator[bytes]:
    """Name in the frame what the body holds."""
    frame = _find_frame(data)
    if frame is None:
        return
    body = data[frame.body : frame.body_end]
    label = None if b"DEK-Info" in body else find_label(_body_of(body))
    if label is not None:
        labels = [label.encode()]
    elif frame.label != frame.end_label:
        labels = [frame.label, frame.end_label]
    else:
        return
    for name in labels:
        if {frame.label, frame.end_label} != {name}:
            yield _framed(data, frame, name)


def undo_wrong_label_of_encrypted(data: bytes) -> Iterator[bytes]:
    """Try the labels of a body that RFC 1421's headers say is encrypted; what it decrypts to tells the right one."""
    frame = _find_frame(data)
    if frame is not None and b"DEK-Info" in data[frame.body : frame.body_end]:
        for name in _TRADITIONAL:
            if {frame.label, frame.end_label} != {name}:
                yield _framed(data, frame, name)


def find_label(body: bytes) -> str | None:
    """Return from base64 without white space which label its frame has, or None."""
    data = decode_start(body, 2048)
    if data.startswith(b"openssh-key-v1\0"):
        return LABELS[0]
    if data.startswith(_SSHCOM_MAGIC):
        return _SSHCOM
    if blob_type(body):
        return _PUBLIC
    kind = der_file.kind_of(data)
    return _DER_LABELS.get(kind) if kind else None


def blob_type(text: bytes) -> bytes:
    """Return the algorithm of the public key whose blob begins with this base64; nothing where there is none."""
    blob = decode_start(text)
    length = int.from_bytes(blob[:4], "big")
    name = blob[4 : 4 + length]
    return name if 4 <= length <= 64 and len(name) == length and _NAME.match(name) else b""


def _find_frame(data: bytes) -> Frame | None:
    frames = [frame for frame in find_frames(data) if frame.is_key or frame.end_label.decode("ascii") in LABELS]
    return frames[0] if len(frames) == 1 else None


def _dashed(word: bytes, label: bytes) -> bytes:
    return b"---- %s %s ----" % (word, label) if label.startswith(b"SSH2 ") else b"-----%s %s-----" % (word, label)


def _framed(data: bytes, frame: Frame, label: bytes) -> bytes:
    body = data[frame.body : frame.body_end]
    if frame.ssh2 and not label.startswith(b"SSH2 "):
        body = b"\n".join(_without_ssh2_headers(body))  # only SSH2 frames have such headers
    return data[: frame.start] + _dashed(b"BEGIN", label) + body + _dashed(b"END", label) + data[frame.end :]


def _body_of(text: bytes) -> bytes:
    return b"".join(b"".join(_without_ssh2_headers(text)).split())


def _without_ssh2_headers(text: bytes) -> list[bytes]:
    """Return the rows of a frame, from the end of its BEGIN line on, without its headers and their continuations."""
    kept: list[bytes] = []
    in_headers, continued = True, False
    for row in text.split(b"\n"):
        line = row.strip()
        in_headers = in_headers and (continued or not line or b": " in line)
        continued = in_headers and bool(line) and line.endswith(b"\\")
        if not in_headers or not line:
            kept.append(row)
    return kept
