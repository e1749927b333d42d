"""Text from strangers, made safe to show on a terminal."""

from __future__ import annotations

import re

__all__ = ["printable"]

# C0 with line ends, DEL and C1; line and paragraph separators; all bidirectional controls; lone surrogates, which stand
# for the bytes of a file name that are no text.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Spell out what would act on a terminal or reorder a line (`\x1b`, `\u202e`), and keep everything else.

    What is printable already stays as it is, a backslash too, so that escaping twice changes nothing.
    """
    return _UNPRINTABLE.sub(_spell, text)


def _spell(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
