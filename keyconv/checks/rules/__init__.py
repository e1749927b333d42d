"""The table of rules: what each is called, how grave it is, and what is said of it. What finds them is elsewhere."""

from __future__ import annotations

from keyconv.checks.base import Rule
from keyconv.checks.rules.damage import DAMAGE
from keyconv.checks.rules.identity import IDENTITY
from keyconv.checks.rules.lines import LINES
from keyconv.checks.rules.protection import PROTECTION
from keyconv.checks.rules.strength import STRENGTH
from keyconv.errors import UsageError
from keyconv.text.quoting import quote

__all__ = ["RULES", "rule"]

RULES: tuple[Rule, ...] = (*DAMAGE, *IDENTITY, *PROTECTION, *STRENGTH, *LINES)
"""Every rule, in the order in which `check --list` prints them."""

_BY_NAME = {each.name: each for each in RULES}


def rule(name: str) -> Rule:
    """Find a rule by its name.

    Raises: UsageError, naming the nearest one.
    """
    if name in _BY_NAME:
        return _BY_NAME[name]
    from difflib import get_close_matches

    near = get_close_matches(name, _BY_NAME, 1, 0.5)
    hint = f"did you mean '{near[0]}'?" if near else "keyconv check --list prints them all"
    raise UsageError(f"there is no rule {quote(name)}", hint=hint)
