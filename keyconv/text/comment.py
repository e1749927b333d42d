"""Comments are bytes that people see: what a line of text may hold of them.

Source: the control codes of ISO 6429 (C0, C1), the line separators and bidirectional controls of Unicode.
"""

from __future__ import annotations

import re

__all__ = ["clean", "is_clean"]

_CONTROLS = r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+"


def is_clean(comment: bytes) -> bool:
    """Return whether a comment holds no line end and no control that could drive a terminal or forge a line."""
    return clean(comment) == comment


def clean(comment: bytes) -> bytes:
    """Replace each run of line ends and controls by one space; a tab may stay.

    A byte that is no UTF-8 stays as it is: those from 0x80 to 0x9f, C1 controls in Latin-1, are letters in cp1252.
    """
    text = comment.decode("utf-8", "surrogateescape")
    if text.isprintable():  # as most are: the expression below is compiled when it is needed
        return comment
    return re.sub(_CONTROLS, " ", text).encode("utf-8", "surrogateescape")
