"""Text from strangers, made safe to show on a terminal."""

from __future__ import annotations

import re

__all__ = ["heading", "printable"]

# C0 with line ends, DEL and C1; line and paragraph separators; all bidirectional controls; lone surrogates, which stand
# for the bytes of a file name that are not text; and the first sign of `##[` and `##vso[`, by which the runners of CI
# take orders wherever in a line of the log they stand (GitHub's runner, ActionCommand.cs; Azure's agent, Command.cs).
_UNPRINTABLE = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]|#(?=#[A-Za-z]*\\[)"


def printable(text: str) -> str:
    r"""Spell out what would act on a terminal or reorder a line (`\x1b`, `\u202e`), and keep everything else.

    What is printable already stays as it is, a backslash too, so that escaping twice changes nothing.
    """
    if text.isprintable() and "##" not in text:  # nearly always: the expression below is compiled when it is needed
        return text
    return re.sub(_UNPRINTABLE, _spell, text)


def heading(path: str) -> str:
    """Make a path safe that begins a line: one that begins with `::` would be an order to GitHub's runner."""
    return printable(f"./{path}" if path.lstrip().startswith("::") else path)


def _spell(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
