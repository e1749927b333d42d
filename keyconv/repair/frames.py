"""Damage to frames: dashes, labels, line ends that were lost, text around."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from keyconv.codec import der_file
from keyconv.repair.damage import BASE64, LABELS, as_bytes, as_text

__all__ = [
    "find_label",
    "undo_lost_newlines",
    "undo_lower_case",
    "undo_missing_frame",
    "undo_smart_dashes",
    "undo_spaces_for_plus",
    "undo_surrounding_text",
    "undo_wrong_dash_count",
    "undo_wrong_label",
]

_SMART = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\ufe58\ufe63\uff0d"
_ANY_CASE = "|".join((*LABELS, "SSH2 PUBLIC KEY", "SSH2 ENCRYPTED PRIVATE KEY"))
_DASHED = re.compile(rf"[-{_SMART}]* ?(?P<word>BEGIN|END) (?P<label>{_ANY_CASE}) ?[-{_SMART}]*")
_CASELESS = re.compile(rf"(?P<dashes>-{{4,5}} ?)(?P<word>(?i:BEGIN|END)) (?P<label>(?i:{_ANY_CASE}))(?= ?-)")
_FRAME = re.compile(
    rb"(?P<begin>-----BEGIN (?P<label>[A-Z0-9 ]+)-----)(?P<body>.*?)(?P<end>-----END (?P<end_label>[A-Z0-9 ]+)-----)",
    re.DOTALL,
)
_SSH2 = re.compile(
    rb"(?P<begin>---- BEGIN (?P<label>SSH2 [A-Z ]+) ----)(?P<body>.*?)(?P<end>---- END (?P=label) ----)", re.DOTALL
)
_PEM_HEADERS = re.compile(rb"\s*(Proc-Type: ?4,ENCRYPTED)\s*(DEK-Info: ?[A-Z0-9-]+,[0-9A-Fa-f]+)\s", re.DOTALL)
_SSH2_HEADER = re.compile(rb'\s*([A-Za-z][\w-]{0,63}): ?("(?:[^"\\\n]|\\.)*"|[^\s"]+)(?=\s|\Z)')
_PPK = re.compile(rb"PuTTY-User-Key-File-[0-9]: .*?Private-(?:MAC|Hash): ?[0-9A-Fa-f]+", re.DOTALL)
_DER_LABELS = {
    "pkcs1": "RSA PRIVATE KEY",
    "sec1": "EC PRIVATE KEY",
    "dsa": "DSA PRIVATE KEY",
    "pkcs8": "PRIVATE KEY",
    "pkcs8-encrypted": "ENCRYPTED PRIVATE KEY",
    "spki": "PUBLIC KEY",
    "pkcs1-pub": "RSA PUBLIC KEY",
}


def undo_smart_dashes(data: bytes) -> Iterator[bytes]:
    """Make hyphens of the dashes that word processors put in their place."""
    text = as_text(data)
    if not any(dash in text for dash in _SMART):
        return
    changed = _DASHED.sub(lambda found: _dashed(found) if set(_SMART) & set(found.group()) else found.group(), text)
    if changed == text and "PuTTY" in text:
        changed = re.sub(f"[{_SMART}]", "-", text)
    if changed != text:
        yield as_bytes(changed)


def undo_wrong_dash_count(data: bytes) -> Iterator[bytes]:
    """Make five dashes (four in SSH2 frames) of another number."""
    text = as_text(data)
    changed = _DASHED.sub(lambda found: found.group() if set(_SMART) & set(found.group()) else _dashed(found), text)
    if changed != text:
        yield as_bytes(changed)


def undo_lower_case(data: bytes) -> Iterator[bytes]:
    """Write the words of a frame in capitals."""
    text = as_text(data)
    changed = _CASELESS.sub(lambda found: f"{found['dashes']}{found['word'].upper()} {found['label'].upper()}", text)
    if changed != text:
        yield as_bytes(changed)


def undo_lost_newlines(data: bytes) -> Iterator[bytes]:
    """Put a frame and its body on lines of their own again."""
    for pattern in (_FRAME, _SSH2):
        found = pattern.search(data)
        if found is None:
            continue
        begins_alone = re.match(rb"\r?\n", found["body"]) is not None
        ends_alone = found["body"].endswith((b"\n", b"\r"))
        if begins_alone and ends_alone:
            continue
        headers, body = _split_headers(found["body"], ssh2=pattern is _SSH2)
        rows = _wrap(b"".join(body.split()), 70)
        lines = [found["begin"], *headers, *rows, found["end"]]
        yield data[: found.start()] + b"\n".join(lines) + b"\n" + data[found.end() :].lstrip(b" ")


def undo_surrounding_text(data: bytes) -> Iterator[bytes]:
    """Cut away what stands before the first line of a key and after its last, and a prefix that all lines share."""
    for pattern in (_FRAME, _SSH2, _PPK):
        found = pattern.search(data)
        if found is None or len(pattern.findall(data)) > 1:
            continue
        before, after = data[: found.start()], data[found.end() :]
        prefix = before.rsplit(b"\n", 1)[-1]
        lines = data[found.start() - len(prefix) : found.end()].split(b"\n")
        if _is_no_text(before) and _is_no_text(after):
            continue
        if not _is_no_text(prefix) and all(line.startswith(prefix) for line in lines):
            yield b"\n".join(line[len(prefix) :] for line in lines) + b"\n"
        elif before.strip() or after.strip():
            yield found.group() + b"\n"


def undo_missing_frame(data: bytes) -> Iterator[bytes]:
    """Give a body the frame that it tells of, or a frame the half that it lost."""
    begin = re.search(rb"-----BEGIN ([A-Z0-9 ]+)-----[ \t]*\r?\n", data)
    end = re.search(rb"-----END ([A-Z0-9 ]+)-----", data)
    if begin and end:
        return
    if begin:
        yield data.rstrip(b"\n") + b"\n-----END " + begin[1] + b"-----\n"
    elif end:
        yield b"-----BEGIN " + end[1] + b"-----\n" + data
    else:
        rows = data.split()
        body = b"".join(rows)
        if len(body) >= 40 and BASE64.match(body) and (label := find_label(body)):
            name = label.encode()
            rows = rows if len(rows) > 1 else _wrap(body, 70)
            yield b"-----BEGIN " + name + b"-----\n" + b"\n".join(rows) + b"\n-----END " + name + b"-----\n"


def undo_wrong_label(data: bytes) -> Iterator[bytes]:
    """Name in the frame what the body holds."""
    found = _FRAME.search(data)
    if found is None:
        return
    body = found["body"].split(b"\n\n", 1)[-1] if b"DEK-Info" in found["body"] else found["body"]
    label = find_label(b"".join(body.split()))
    if label is None and found["label"] != found["end_label"]:
        label = found["label"].decode()
    if label is None or {found["label"], found["end_label"]} == {label.encode()}:
        return
    name = label.encode()
    frame = b"-----BEGIN " + name + b"-----" + found["body"] + b"-----END " + name + b"-----"
    yield data[: found.start()] + frame + data[found.end() :]


def undo_spaces_for_plus(data: bytes) -> Iterator[bytes]:
    """Put `+` where URL decoding left a space inside the base64."""
    found = _FRAME.search(data) or _SSH2.search(data)
    if found is None:
        return
    lines = found["body"].split(b"\n")
    changed = [line.replace(b" ", b"+") if b": " not in line and b" " in line.strip() else line for line in lines]
    if changed != lines:
        yield data[: found.start("body")] + b"\n".join(changed) + data[found.end("body") :]


def find_label(body: bytes) -> str | None:
    """Tell from base64 without white space which label its frame has, or None."""
    usable = body[: len(body) & ~3] if body[-1:] != b"=" else body
    try:
        data = binascii.a2b_base64(usable)
    except binascii.Error:
        return None
    if data.startswith(b"openssh-key-v1\0"):
        return LABELS[0]
    kind = der_file.kind_of(data)
    return _DER_LABELS.get(kind) if kind else None


def _is_no_text(around: bytes) -> bool:
    # White space, quotes and brackets around a key are damages of their own.
    return re.search(r"\w", as_text(around)) is None


def _dashed(found: re.Match[str]) -> str:
    if found["label"].startswith("SSH2"):
        return f"---- {found['word']} {found['label']} ----"
    return f"-----{found['word']} {found['label']}-----"


def _split_headers(body: bytes, *, ssh2: bool) -> tuple[list[bytes], bytes]:
    if not ssh2:
        found = _PEM_HEADERS.match(body)
        return ([found[1], found[2], b""], body[found.end() :]) if found else ([], body)
    headers = []
    while header := _SSH2_HEADER.match(body):
        headers.append(header[1] + b": " + header[2])
        body = body[header.end() :]
    return headers, body


def _wrap(text: bytes, width: int) -> list[bytes]:
    return [text[start : start + width] for start in range(0, len(text), width)]
