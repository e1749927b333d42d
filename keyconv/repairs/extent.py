"""How much of a key is there: the bytes that are left of it, and the bytes that it says it has."""

from __future__ import annotations

import binascii
import re
from typing import NamedTuple

from keyconv.limits import MAX_KEY_FILE
from keyconv.repairs.damage import TYPE

__all__ = ["Extent", "lacks_end", "measure"]

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,60})-----|---- BEGIN (SSH2 [A-Z ]{1,40}) ----")
_END = re.compile(rb"-----END |---- END ")
_CONTINUED = re.compile(rb"\\\r?\n")
_FOREIGN = re.compile(rb"[^A-Za-z0-9+/=\s]")
_LINE = re.compile(TYPE + rb"[ \t]{1,8}(AAAA[A-Za-z0-9+/=]*+)(?=\s|\Z)")
_MAGIC = b"openssh-key-v1\0"
_TAGGED = (b"gcm@openssh.com", b"poly1305@openssh.com")
_FIELDS = {
    b"ssh-rsa": 3,
    b"ssh-dss": 5,
    b"ssh-ed25519": 2,
    b"ssh-ed448": 2,
    b"sk-ssh-ed25519@openssh.com": 3,
    b"sk-ecdsa-sha2-nistp256@openssh.com": 4,
}
_COUNTED = (b"Public-Lines: ", b"Private-Lines: ")


class Extent(NamedTuple):
    """So many of so many units (`bytes` or `lines`) are there; `exact` is False where the whole may be more."""

    there: int
    whole: int
    unit: str = "bytes"
    exact: bool = True

    @property
    def is_short(self) -> bool:
        """Whether something is missing."""
        return self.there < self.whole

    def __str__(self) -> str:
        least = "" if self.exact else "at least "
        return f"{self.there} of {least}{self.whole} {self.unit} are there"


def measure(text: bytes) -> Extent | None:
    """Measure a key whose text is in order as far as it goes.

    None where the format does not say how long it is, where what it says is beyond any key, and where the base64 has
    other characters in it: what they stand for is not missing.
    """
    measured = _measure(text)
    return measured if measured is None or measured.whole <= MAX_KEY_FILE else None


def lacks_end(text: bytes) -> bool:
    """Return whether a frame begins in a text and none ends there."""
    begin = _BEGIN.search(text)
    return begin is not None and _END.search(text, begin.end()) is None


def _measure(text: bytes) -> Extent | None:
    if text.startswith(b"PuTTY-User-Key-File-"):
        return _measure_ppk(text)
    begin = _BEGIN.search(text)
    if begin is not None:
        end = _END.search(text, begin.end())
        rows = _CONTINUED.sub(b"", text[begin.end() : end.start() if end else len(text)]).split(b"\n")
        if any(row.startswith(b"DEK-Info") for row in rows):
            return None
        body = b"".join(row.strip() for row in rows if b":" not in row)
        if _FOREIGN.search(body):
            return None
        decoded = _decode(body)
        return _measure_blob(decoded) if decoded or not body.strip(b"=") else None
    line = _LINE.search(text)
    return _measure_blob(_decode(line[1])) if line else None


def _decode(text: bytes) -> bytes:
    text = text.rstrip(b"=")
    try:
        return binascii.a2b_base64(text[: len(text) & ~3]) + _last(text[len(text) & ~3 :])
    except binascii.Error:
        return b""


def _last(text: bytes) -> bytes:
    return binascii.a2b_base64(text + b"=" * (4 - len(text))) if len(text) > 1 else b""


def _measure_blob(data: bytes) -> Extent | None:
    if data.startswith(_MAGIC) or _MAGIC.startswith(data):
        return _measure_openssh(data)
    if data[:1] == b"\x30":
        return _measure_der(data)
    return _measure_strings(data) if data[:1] == b"\0" else None


def _measure_der(data: bytes) -> Extent | None:
    count = data[1] & 0x7F if len(data) > 1 and data[1] & 0x80 else 0
    if len(data) < 2 + count or count > 4 or data[1] == 0x80:
        return Extent(len(data), 2 + count, exact=False)
    length = int.from_bytes(data[2 : 2 + count], "big") if count else data[1]
    return Extent(len(data), 2 + count + length)


def _measure_openssh(data: bytes) -> Extent:
    position = len(_MAGIC)
    cipher = b""
    for index in range(3):
        start, position = position, _skip(data, position)
        cipher = data[start + 4 : position] if index == 0 else cipher
        if position > len(data) or start + 4 > len(data):
            return Extent(len(data), max(position, start + 4), exact=False)
    keys = int.from_bytes(data[position : position + 4], "big") if position + 4 <= len(data) else 1
    position += 4
    for _ in range(min(keys, 256) + 1):
        start, position = position, _skip(data, position)
        if start + 4 > len(data):
            return Extent(len(data), start + 4, exact=False)
    return Extent(len(data), position + (16 if cipher.endswith(_TAGGED) else 0))


def _measure_strings(data: bytes) -> Extent | None:
    position = _skip(data, 0)
    name = data[4:position]
    fields = 3 if name.startswith(b"ecdsa-sha2-") else _FIELDS.get(name)
    if fields is None:
        return None
    for number in range(1, fields):
        start, position = position, _skip(data, position)
        if start + 4 > len(data) or position > len(data):
            return Extent(len(data), max(position, start + 4), exact=start + 4 <= len(data) and number == fields - 1)
    return Extent(len(data), position)


def _skip(data: bytes, position: int) -> int:
    return position + 4 + int.from_bytes(data[position : position + 4], "big")


def _measure_ppk(text: bytes) -> Extent | None:
    rows = text.split(b"\n")
    rows = rows[:-1] if not rows[-1].strip() else rows
    whole = 0
    for name in _COUNTED:
        index = next((index for index, row in enumerate(rows) if row.startswith(name)), None)
        if index is None:
            if name.strip() in text:
                return None  # not the end is missing, but line ends
            return Extent(len(rows), max(whole, len(rows)) + 2, "lines", exact=False)
        count = rows[index][len(name) :].strip()
        if not count.isdigit() or len(count) > 4:
            return None
        whole = index + 1 + int(count)
        if whole > len(rows):
            return Extent(len(rows), whole + (name == _COUNTED[1]), "lines", exact=name == _COUNTED[1])
    return Extent(len(rows), whole + 1, "lines")
