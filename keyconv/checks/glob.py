"""Patterns of paths: those of per-path ignores, and the common part of `.gitignore`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

__all__ = ["IgnoreFile", "fits", "parse_gitignore"]


@dataclass(frozen=True, slots=True)
class _Line:
    pattern: str
    negated: bool
    folders_only: bool


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """The patterns of one `.gitignore`; paths are relative to its folder, with `/` between their parts."""

    lines: tuple[_Line, ...]

    def judge(self, path: str, *, is_folder: bool) -> bool | None:
        """Return True for a path that is ignored, False for one taken back in, else None; the last line wins."""
        for line in reversed(self.lines):
            if (is_folder or not line.folders_only) and fits(line.pattern, path):
                return not line.negated
        return None


def parse_gitignore(text: str) -> IgnoreFile:
    r"""Read a `.gitignore`: remarks, `!`, a final `/`, `*`, `?`, `[...]`, `**` and backslashes.

    A file below an ignored folder stays ignored, as in git. `core.excludesFile` and `.git/info/exclude` are not read.
    """
    lines = []
    for row in text.split("\n"):
        pattern = re.sub(r"(?<!\\)[ \t\r]+\Z", "", row)
        if not pattern or pattern.startswith("#"):
            continue
        negated = pattern.startswith("!")
        pattern = pattern[1:] if negated else pattern
        folders_only = pattern.endswith("/")
        pattern = pattern.rstrip("/")
        if pattern:
            lines.append(_Line(pattern, negated, folders_only))
    return IgnoreFile(tuple(lines))


def fits(pattern: str, path: str) -> bool:
    """Return whether a pattern in git's manner fits a path; one without `/` inside fits a name in any folder."""
    return _compile(pattern).match(path) is not None


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    anchored = "/" in pattern
    pattern = pattern.removeprefix("/")
    parts = ["" if anchored else "(?:.*/)?"]
    index = 0
    while index < len(pattern):
        rest = pattern[index:]
        if rest.startswith("**/"):
            parts.append("(?:.*/)?")
            index += 3
        elif rest == "**":
            parts.append(".+")
            index += 2
        else:
            text, width = _piece(rest)
            parts.append(text)
            index += width
    try:
        return re.compile("".join(parts) + r"\Z", re.DOTALL)
    except re.error:  # a bracket expression that is none
        return re.compile(re.escape(pattern) + r"\Z")


def _piece(rest: str) -> tuple[str, int]:
    match rest[0]:
        case "*":
            return "[^/]*", len(rest) - len(rest.lstrip("*"))
        case "?":
            return "[^/]", 1
        case "\\" if len(rest) > 1:
            return re.escape(rest[1]), 2
        case "[":
            end = rest.find("]", 3 if rest[1:2] in "!^" else 2)
            if end > 0:
                inside = rest[1:end].replace("\\", "\\\\").replace("[", "\\[")
                inside = "^" + inside[1:] if inside[0] in "!^" else inside
                return f"(?!/)[{inside}]", end + 1
    return re.escape(rest[0]), 1
