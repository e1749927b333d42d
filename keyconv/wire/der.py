"""DER, the distinguished encoding of ASN.1: a cursor that forgives nothing, and the encoder.

Lengths are definite and minimal, numbers minimal and not negative, tags below 31, and constructed values at most 16
deep. A reader that is given notes tolerates two departures that OpenSSL's decoder takes too, and notes them: lengths
that are not in their shortest form (old paramiko wrote them), and numbers of a key with superfluous zero bytes
or without the zero byte that says that they are not negative (ssh2-streams, older KeePassXC).

Source: ITU-T X.690 (2021), sections 8, 10 and 11.
"""

from __future__ import annotations

from functools import lru_cache

from keyconv.errors import LimitError, MalformedError, TruncatedError
from keyconv.limits import MAX_MPINT_BYTES
from keyconv.notes import Note

__all__ = [
    "BIT_STRING",
    "INTEGER",
    "MAX_DEPTH",
    "NULL",
    "OCTET_STRING",
    "OID",
    "SEQUENCE",
    "DerReader",
    "bits",
    "boolean",
    "context",
    "first_sequence",
    "implicit",
    "integer",
    "null",
    "octets",
    "oid",
    "outline",
    "sequence",
]

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
OID = 0x06
SEQUENCE = 0x30

_CONSTRUCTED = 0x20
_CONTEXT = 0x80
_HIGH_TAG = 0x1F

MAX_DEPTH = 16
"""Constructed values within each other. A key in PKCS#8 has six at most; a reader without a ceiling can be made to
exhaust its stack."""

_NO_SIGN_BYTE = " lacks its leading zero byte"
_LONG_LENGTHS = Note("noncanonical", "the DER has lengths that are not in their shortest form")

_MAX_LENGTH_BYTES = 4
_MAX_OID_BYTES = 32

_NAMES = {
    BOOLEAN: "a BOOLEAN",
    INTEGER: "an INTEGER",
    BIT_STRING: "a BIT STRING",
    OCTET_STRING: "an OCTET STRING",
    NULL: "a NULL",
    OID: "an OBJECT IDENTIFIER",
    SEQUENCE: "a SEQUENCE",
    0x31: "a SET",
}


@lru_cache(maxsize=64)
def _dotted(raw: bytes) -> str | None:
    """Return an OBJECT IDENTIFIER in its dotted form; None where it is not in its shortest form or cut short."""
    arcs: list[int] = []
    value = 0
    fresh = True
    for byte in raw:
        if fresh and byte == 0x80:
            return None
        value = value << 7 | byte & 0x7F
        fresh = not byte & 0x80
        if fresh:
            arcs.append(value)
            value = 0
    if not fresh:
        return None
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


class DerReader:
    """Reads values in order; every error names the field and the byte of the whole input where it began.

    A constructed value is read by a reader of its own, over its contents: read them all and `finish` it. With `notes`,
    lengths that are not in their shortest form are read and noted, and so are the numbers of a key (`number`) that are
    not in the one form of DER: for callers who prove the key.
    """

    __slots__ = ("_data", "_depth", "_end", "_notes", "_pos")

    def __init__(self, data: bytes, *, notes: list[Note] | None = None) -> None:
        self._data = data
        self._notes = notes
        self._pos = 0
        self._end = len(data)
        self._depth = 0

    @property
    def position(self) -> int:
        """The byte of the whole input that comes next."""
        return self._pos

    def peek(self) -> int | None:
        """Return the tag of the next value, or None at the end."""
        return self._data[self._pos] if self._pos < self._end else None

    def next_is_context(self, number: int) -> bool:
        """Return whether the next value has this context tag, primitive or constructed."""
        tag = self.peek()
        return tag is not None and tag & ~_CONSTRUCTED == _CONTEXT | number

    def sequence(self, name: str) -> DerReader:
        """Read a SEQUENCE: a reader over its values."""
        return self._constructed(name, SEQUENCE)

    def context(self, name: str, number: int) -> DerReader:
        """Read a constructed value with a context tag, `[number]`: a reader over its values."""
        return self._constructed(name, _CONTEXT | _CONSTRUCTED | number)

    def within_octets(self, name: str) -> DerReader:
        """Read an OCTET STRING that holds DER itself: a reader over it."""
        start, end = self._take(name, OCTET_STRING)
        return self._inner(name, start, end)

    def integer(self, name: str) -> int:
        """Read an INTEGER that must not be negative.

        Raises: MalformedError when it is negative or not in its shortest form; LimitError when it is longer than any
        key's.
        """
        return self._integer(name, None)

    def number(self, name: str) -> int:
        """Read an INTEGER that is a number of a key, which is never negative.

        With notes, superfluous zero bytes and a missing sign byte are noted. The caller proves the number then: without
        its sign byte, another number might be meant.

        Raises: what `integer` raises, where there are no notes; LimitError when it is longer than any key's.
        """
        return self._integer(name, self._notes)

    def _integer(self, name: str, notes: list[Note] | None) -> int:
        at = self._pos
        start, end = self._take(name, INTEGER)
        raw = self._data[start:end]
        if not raw:
            raise _refuse(name, at, "is a number of no bytes")
        if raw[0] & 0x80:
            if notes is None:
                raise _refuse(name, at, "is a negative number")
            if not any(note.message.endswith(_NO_SIGN_BYTE) for note in notes):  # the first stands for all of them
                notes.append(Note("noncanonical", f"{name} lacks its leading zero byte"))
        elif raw[0] == 0 and len(raw) > 1 and not raw[1] & 0x80:
            if notes is None:
                raise _refuse(name, at, "has superfluous zero bytes")
            notes.append(Note("noncanonical", f"{name} has superfluous zero bytes"))
            raw = raw.lstrip(b"\0")
        if len(raw) > MAX_MPINT_BYTES:
            message = f"{name} at byte {at} has {len(raw)} bytes; the limit is {MAX_MPINT_BYTES}"
            raise LimitError(message, rule="corrupt", byte=at)
        return int.from_bytes(raw, "big")

    def count(self, name: str) -> int:
        """Read an INTEGER that counts something: below 2^63.

        Raises: LimitError above that; a longer one would be work merely to print.
        """
        at = self._pos
        value = self.integer(name)
        if value >> 63:
            raise LimitError(f"{name} at byte {at} is above 2^63", rule="corrupt", byte=at)
        return value

    def oid(self, name: str) -> str:
        """Read an OBJECT IDENTIFIER in its dotted form."""
        at = self._pos
        start, end = self._take(name, OID)
        raw = self._data[start:end]
        if not 0 < len(raw) <= _MAX_OID_BYTES:
            raise _refuse(name, at, f"has {len(raw)} bytes, not 1 to {_MAX_OID_BYTES}")
        found = _dotted(raw)
        if found is None:
            padded = any(byte == 0x80 and (not index or raw[index - 1] < 0x80) for index, byte in enumerate(raw))
            raise _refuse(name, at, "is not in its shortest form" if padded else "is cut short")
        return found

    def octets(self, name: str) -> bytes:
        """Read an OCTET STRING."""
        start, end = self._take(name, OCTET_STRING)
        return self._data[start:end]

    def bits(self, name: str) -> bytes:
        """Read a BIT STRING of whole bytes."""
        start, end = self._take_bits(name, BIT_STRING)
        return self._data[start:end]

    def implicit_bits(self, name: str, number: int) -> bytes:
        """Read a BIT STRING of whole bytes whose tag is `[number]` instead of its own."""
        start, end = self._take_bits(name, _CONTEXT | number)
        return self._data[start:end]

    def null(self, name: str) -> None:
        """Read a NULL."""
        at = self._pos
        start, end = self._take(name, NULL)
        if start != end:
            raise _refuse(name, at, "is a NULL that is not empty")

    def boolean(self, name: str) -> bool:
        """Read a BOOLEAN."""
        at = self._pos
        start, end = self._take(name, BOOLEAN)
        if self._data[start:end] not in (b"\0", b"\xff"):
            raise _refuse(name, at, "is a BOOLEAN that is neither 00 nor FF")
        return self._data[start] == 0xFF

    def skip(self, name: str) -> None:
        """Skip one value of any tag, whose encoding must hold all the way down."""
        tag, start, end = self._header(name)
        if tag & _CONSTRUCTED:
            inner = self._inner(name, start, end)
            while inner.peek() is not None:
                inner.skip(name)
        self._pos = end

    def rest(self) -> bytes:
        """Return what is left, without reading on."""
        return self._data[self._pos : self._end]

    def finish(self, what: str = "the last field") -> None:
        """Refuse anything left over."""
        if self._pos != self._end:
            left = self._end - self._pos
            raise MalformedError(f"{left} bytes too many after {what}, at byte {self._pos}", byte=self._pos)

    def _constructed(self, name: str, tag: int) -> DerReader:
        start, end = self._take(name, tag)
        return self._inner(name, start, end)

    def _inner(self, name: str, start: int, end: int) -> DerReader:
        if self._depth == MAX_DEPTH:
            raise _refuse(name, start, f"is more than {MAX_DEPTH} values deep")
        inner = DerReader(self._data, notes=self._notes)
        inner._pos, inner._end, inner._depth = start, end, self._depth + 1
        return inner

    def _take(self, name: str, tag: int) -> tuple[int, int]:
        at = self._pos
        if at == self._end:
            raise MalformedError(f"{name} is missing at byte {at}", byte=at)
        found, start, end = self._header(name)
        if found != tag:
            raise _refuse(name, at, f"is {_name_of(found)} instead of {_name_of(tag)}")
        self._pos = end
        return start, end

    def _take_bits(self, name: str, tag: int) -> tuple[int, int]:
        at = self._pos
        start, end = self._take(name, tag)
        if start == end or self._data[start] != 0:
            raise _refuse(name, at, "is a BIT STRING that is not of whole bytes")
        return start + 1, end

    def _header(self, name: str) -> tuple[int, int, int]:
        # The tag, and where the contents begin and end.
        at = self._pos
        left = self._end - at
        if left < 2:
            raise self._cut_short(name, at, "is cut short")
        tag, first = self._data[at], self._data[at + 1]
        if tag & _HIGH_TAG == _HIGH_TAG:
            raise _refuse(name, at, "has a tag above 30, which no key has")
        if first < 0x80:
            start, length = at + 2, first
        elif first == 0x80:
            raise _refuse(name, at, "is of indefinite length: it is BER, not DER")
        else:
            start, length = self._long_length(name, first & 0x7F)
        if length > self._end - start:
            raise self._cut_short(name, at, f"says that it has {length} bytes, but only {self._end - start} are left")
        return tag, start, start + length

    def _long_length(self, name: str, count: int) -> tuple[int, int]:
        at = self._pos
        start = at + 2 + count
        if count > _MAX_LENGTH_BYTES:
            raise _refuse(name, at, f"has a length of {count} bytes; no key file is that long")
        if start > self._end:
            raise self._cut_short(name, at, "is cut short")
        length = int.from_bytes(self._data[at + 2 : start], "big")
        if length < 0x80 or length >> 8 * (count - 1) == 0:
            if self._notes is None:
                raise _refuse(name, at, "has a length that is not in its shortest form")
            if _LONG_LENGTHS not in self._notes:
                self._notes.append(_LONG_LENGTHS)
        return start, length

    def _cut_short(self, name: str, at: int, what: str) -> MalformedError:
        # Only where the outermost value is too long is the end of the file missing; else a length in it is wrong.
        kind = MalformedError if self._depth else TruncatedError
        return kind(f"{name} at byte {at} {what}", byte=at)


def _refuse(name: str, at: int, what: str) -> MalformedError:
    return MalformedError(f"{name} at byte {at} {what}", byte=at)


def outline(data: bytes) -> tuple[tuple[int, bytes], ...]:
    """Return tag and contents of the first values in an outermost SEQUENCE, as far as they can be read; never raises.

    For recognising what a file is: lengths that DER forbids do not matter here, and the last value may be cut short.
    An input that does not begin as a SEQUENCE gives nothing.
    """
    outer = _peel(data, 0)
    if outer is None or outer[0] != SEQUENCE:
        return ()
    _, position, end = outer
    values: list[tuple[int, bytes]] = []
    while position < end and len(values) < 16:
        value = _peel(data, position)
        if value is None:
            break
        tag, start, position = value
        values.append((tag, data[start : min(position, end)]))
    return tuple(values)


def first_sequence(data: bytes) -> int:
    """Return how many bytes the SEQUENCE takes that the data begins with; 0 where it begins with none that is whole.

    What a wrong key decrypts is hardly ever one to the last byte: the chance is 2^-16 for the shortest keys and 2^-32
    for the longer ones.
    """
    reader = DerReader(data, notes=[])
    try:
        reader.sequence("contents")
    except MalformedError:
        return 0
    return reader.position


def _peel(data: bytes, position: int) -> tuple[int, int, int] | None:
    header = data[position : position + 2]
    if len(header) < 2:
        return None
    tag, first = header
    count = first & 0x7F if first & 0x80 else 0
    start = position + 2 + count
    if first == 0x80:
        return tag, start, len(data)
    if count > _MAX_LENGTH_BYTES or start > len(data):
        return None
    length = int.from_bytes(data[position + 2 : start], "big") if count else first
    return tag, start, min(start + length, len(data))


def _name_of(tag: int) -> str:
    if tag & 0xC0 == _CONTEXT:
        return f"a value tagged [{tag & _HIGH_TAG}]"
    return _NAMES.get(tag, f"a value with the tag 0x{tag:02x}")


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def sequence(*values: bytes) -> bytes:
    """Encode a SEQUENCE of encoded values."""
    return _encode(SEQUENCE, b"".join(values))


def context(number: int, *values: bytes) -> bytes:
    """Encode a constructed value with the context tag `[number]`."""
    return _encode(_CONTEXT | _CONSTRUCTED | number, b"".join(values))


def implicit(number: int, contents: bytes) -> bytes:
    """Encode contents as a primitive value with the context tag `[number]`."""
    return _encode(_CONTEXT | number, contents)


def integer(value: int) -> bytes:
    """Encode a number that is not negative as an INTEGER."""
    if value < 0:
        raise ValueError("INTEGER of a negative number")
    return _encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """Encode an OBJECT IDENTIFIER, given in its dotted form."""
    first, second, *rest = map(int, dotted.split("."))
    contents = bytearray()
    for arc in (40 * first + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        contents += bytes(reversed(septets))
    return _encode(OID, bytes(contents))


def octets(value: bytes) -> bytes:
    """Encode an OCTET STRING."""
    return _encode(OCTET_STRING, value)


def bits(value: bytes) -> bytes:
    """Encode a BIT STRING of whole bytes."""
    return _encode(BIT_STRING, b"\0" + value)


def null() -> bytes:
    """Encode a NULL."""
    return _encode(NULL, b"")


def boolean(value: bool) -> bytes:
    """Encode a BOOLEAN."""
    return _encode(BOOLEAN, b"\xff" if value else b"\0")


def _encode(tag: int, contents: bytes) -> bytes:
    length = len(contents)
    if length < 0x80:
        return bytes((tag, length)) + contents
    raw = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(raw))) + raw + contents
