"""SSH's binary encoding, written.

Source: RFC 4251 section 5.
"""

from __future__ import annotations

__all__ = ["mpint", "name", "string", "uint32", "uint64"]


def uint32(value: int) -> bytes:
    """Encode a number below 2^32 in four bytes."""
    return value.to_bytes(4, "big")


def uint64(value: int) -> bytes:
    """Encode a number below 2^64 in eight bytes."""
    return value.to_bytes(8, "big")


def string(value: bytes) -> bytes:
    """Encode bytes with their length in front."""
    return len(value).to_bytes(4, "big") + value


def name(value: str) -> bytes:
    """Encode an ASCII name as a string."""
    return string(value.encode("ascii"))


def mpint(value: int) -> bytes:
    """Encode a number that is not negative in the shortest two's complement form."""
    if value < 0:
        raise ValueError("mpint of a negative number")
    return string(value.to_bytes((value.bit_length() + 8) // 8, "big") if value else b"")
