"""DER, written by hand: any tag with any length, right or wrong; and the frames of PEM."""

from __future__ import annotations

import base64

__all__ = [
    "bits",
    "explicit",
    "frame",
    "head",
    "integer",
    "nested",
    "octets",
    "oid",
    "sequence",
    "tlv",
]

NULL = b"\5\0"


def head(tag: int, length: int, *, size: int = 0) -> bytes:
    """Return a tag and a length; `size` forces the long form with so many bytes, minimal or not."""
    if not size and length < 0x80:
        return bytes((tag, length))
    size = size or (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big")


def tlv(tag: int, content: bytes, *, size: int = 0) -> bytes:
    """Return one value with its tag and its length."""
    return head(tag, len(content), size=size) + content


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE of these values."""
    return tlv(0x30, b"".join(parts))


def integer(value: int) -> bytes:
    """Return an INTEGER, negative ones too."""
    length = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return tlv(2, value.to_bytes(length, "big", signed=True))


def octets(content: bytes) -> bytes:
    """Return an OCTET STRING."""
    return tlv(4, content)


def bits(content: bytes, unused: int = 0) -> bytes:
    """Return a BIT STRING."""
    return tlv(3, bytes((unused,)) + content)


def explicit(number: int, content: bytes) -> bytes:
    """Return a value under an explicit context tag."""
    return tlv(0xA0 | number, content)


def oid(text: str) -> bytes:
    """Return an OBJECT IDENTIFIER out of its dotted form."""
    first, second, *rest = map(int, text.split("."))
    content = b""
    for number in (40 * first + second, *rest):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        content += bytes(reversed(groups))
    return tlv(6, content)


def nested(depth: int, tag: int = 0x30) -> bytes:
    """Return so many values, each of which holds nothing but the next."""
    lengths = [0]
    for _ in range(depth - 1):
        lengths.append(lengths[-1] + len(head(tag, lengths[-1])))
    return b"".join(head(tag, length) for length in reversed(lengths))


def frame(label: str, data: bytes, headers: bytes = b"") -> bytes:
    """Put a PEM frame around some DER; `headers` stand before the body, with their blank line."""
    text = base64.b64encode(data)
    rows = [text[start : start + 64] for start in range(0, len(text), 64)]
    begin, end = (f"-----{word} {label}-----".encode() for word in ("BEGIN", "END"))
    return b"\n".join((begin, *([headers] if headers else []), *rows, end)) + b"\n"
