"""Lists of patterns in which what is excluded leaves nothing: `!*.example.com,host.example.com`.

Source: ssh_config(5), PATTERNS; OpenSSH's match.c (match_pattern_list): one excluded match outweighs all others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from keyconv.codec import networks

__all__ = ["leaves_nothing"]


def leaves_nothing(patterns: Sequence[str]) -> bool:
    """Return whether each pattern of a list is covered by one with a !; False where there are none of either sort."""
    excluded = [each[1:] for each in patterns if each.startswith("!")]
    others = [each for each in patterns if not each.startswith("!")]
    return bool(excluded and others) and all(any(_covers(each, one) for each in excluded) for one in others)


def _covers(excluded: str, other: str) -> bool:
    """Return whether all that a pattern fits is surely excluded by another; of two that overlap that is not said."""
    if not excluded.strip("*") or excluded == other:
        return bool(excluded)
    if "/" in excluded or "/" in other or networks.bits_of(excluded):
        return networks.contains(excluded, other)
    if re.search(r"[*?]", other):
        return False
    return re.fullmatch(re.escape(excluded).replace(r"\*", ".*").replace(r"\?", "."), other, re.DOTALL) is not None
