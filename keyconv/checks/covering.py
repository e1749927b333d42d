"""Lists of patterns in which what is excluded leaves nothing: `!*.example.com,host.example.com`.

Source: ssh_config(5), PATTERNS; OpenSSH's match.c (match_pattern_list): one excluded match outweighs all others.
"""

from __future__ import annotations

from collections.abc import Sequence

from keyconv.codec import networks

__all__ = ["leaves_nothing"]

_MOST_STEPS = 1_000_000  # each pattern with each excluded one, character by character


def leaves_nothing(patterns: Sequence[str]) -> bool:
    """Return whether each pattern of a list is covered by one with a !.

    False where there are none of either sort, and where comparing them would take too long.
    """
    excluded = [each[1:] for each in patterns if each.startswith("!")]
    others = [each for each in patterns if not each.startswith("!")]
    if sum(map(len, excluded)) * sum(map(len, others)) > _MOST_STEPS:
        return False
    return bool(excluded and others) and all(any(_covers(each, one) for each in excluded) for one in others)


def _covers(excluded: str, other: str) -> bool:
    """Return whether all that a pattern fits is surely excluded by another; of two that overlap that is not said."""
    if not excluded.strip("*") or excluded == other:
        return bool(excluded)
    if "/" in excluded or "/" in other or networks.bits_of(excluded):
        return networks.contains(excluded, other)
    if "*" in other or "?" in other:
        return False
    return _fits(excluded, other)


def _fits(pattern: str, text: str) -> bool:
    """Match `*` and `?`; a mismatch goes back to the last star alone, so that it takes length times length at most."""
    at = place = 0
    star, resumed = -1, 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resumed = at, place
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[place]):
            at += 1
            place += 1
        elif star >= 0:
            resumed += 1
            at, place = star + 1, resumed
        else:
            return False
    return not pattern[at:].strip("*")
