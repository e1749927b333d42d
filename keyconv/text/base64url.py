"""Base64 with the alphabet of URLs, without padding: one spelling a value.

Source: RFC 4648 section 5; RFC 7515 section 2 leaves the padding out.
"""

from __future__ import annotations

import re

from keyconv.errors import MalformedError
from keyconv.text import base64

__all__ = ["decode", "encode"]

_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")


def decode(text: str) -> bytes:
    """Decode base64url that has no white space, no padding and no stray bits in its last character.

    Raises: MalformedError, saying where the first wrong character stands.
    """
    if foreign := _FOREIGN.search(text):
        raise MalformedError(f"character {foreign.start() + 1} is not base64url, which has no padding")
    if len(text) % 4 == 1:
        raise MalformedError(f"no bytes have {len(text)} characters of base64url")
    return base64.decode(text.encode("ascii").translate(_FROM_URL) + b"=" * (-len(text) % 4))


def encode(data: bytes) -> str:
    """Encode to base64url on one line, without padding."""
    return base64.encode(data).rstrip(b"=").translate(_TO_URL).decode("ascii")
