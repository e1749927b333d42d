"""The name that a misspelt one was meant to be, where one is near enough to say so."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["nearest"]

_NEAR = 0.66
_VERY_NEAR = 0.8


def nearest(word: str, names: Iterable[str]) -> str:
    """Return the name that is most like a word, nothing where none is near.

    One that begins with another letter must be nearer: `explain` is not `repair`.
    """
    from difflib import SequenceMatcher

    best, found = 0.0, ""
    matcher = SequenceMatcher(b=word)
    for name in names:
        matcher.set_seq1(name)
        ratio = matcher.ratio()
        if ratio > best and ratio >= (_NEAR if name[:1] == word[:1] else _VERY_NEAR):
            best, found = ratio, name
    return found
