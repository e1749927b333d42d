"""Integers in text, without the liberties of `int()` (signs, spaces, underscores, other scripts' digits)."""

from __future__ import annotations

import re

from keyconv.errors import MalformedError

__all__ = ["decode"]

_INTEGER = re.compile(rb"(?:0|[1-9][0-9]{0,9})\Z")


def decode(text: bytes) -> int:
    """Read a number of at most ten digits with no leading zero.

    Raises: MalformedError.
    """
    if not _INTEGER.match(text):
        raise MalformedError("expected a number of at most ten digits")
    return int(text)
