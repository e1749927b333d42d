"""Strict base64: one spelling a value.

Source: RFC 4648 sections 3.3, 3.5 and 4.
"""

from __future__ import annotations

import binascii
import re
from contextlib import suppress

from keyconv.errors import MalformedError

__all__ = ["decode", "encode", "encode_lines"]

_FOREIGN = re.compile(rb"[^A-Za-z0-9+/=]")
_SHAPE = re.compile(rb"[A-Za-z0-9+/]*={0,2}\Z")


def decode(text: bytes) -> bytes:
    """Decode base64 that has no white space, the right padding and no stray bits in its tail.

    Raises: MalformedError, naming the character that is wrong and where it stands.
    """
    with suppress(binascii.Error):  # what is wrong is found below
        data = binascii.a2b_base64(text)
        if binascii.b2a_base64(data, newline=False) == text:
            return data
    if foreign := _FOREIGN.search(text):
        raise MalformedError(
            f"character {_show(foreign.group())} at position {foreign.start() + 1} of the base64 is not base64"
        )
    if not _SHAPE.match(text):
        raise MalformedError(f"base64 padding at position {text.index(b'=') + 1}, before the end")
    if len(text) % 4:
        raise MalformedError(f"the base64 has {len(text)} characters, which is not a multiple of four")
    raise MalformedError("the last character of the base64 holds bits that belong to no byte")


def encode(data: bytes) -> bytes:
    """Encode to base64 on one line, without a line end."""
    return binascii.b2a_base64(data, newline=False)


def encode_lines(data: bytes, width: int, end: bytes = b"\n") -> bytes:
    """Encode to base64 in lines of `width` characters, each closed by `end`."""
    text = encode(data)
    return b"".join(text[start : start + width] + end for start in range(0, len(text), width))


def _show(byte: bytes) -> str:
    return f"'{byte.decode()}'" if 0x21 <= byte[0] <= 0x7E else f"0x{byte[0]:02x}"
