"""All rules: each record stands below the functions that find it, in the room of its kind."""

from __future__ import annotations

from keyconv.checks.model import Rule
from keyconv.checks.rulebook import Rulebook
from keyconv.checks.rules.across_files import ACROSS_FILES
from keyconv.checks.rules.certificates import CERTIFICATES
from keyconv.checks.rules.damage import DAMAGE
from keyconv.checks.rules.identity import IDENTITY
from keyconv.checks.rules.lines import LINES
from keyconv.checks.rules.protection import PROTECTION
from keyconv.checks.rules.revocation import REVOCATION
from keyconv.checks.rules.strength import STRENGTH

__all__ = ["BOOK", "RULES", "rule", "to_finding"]

_GROUPS = ("damage", "identity", "protection", "strength", "lines")

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (*DAMAGE, *IDENTITY, *PROTECTION, *STRENGTH, *REVOCATION, *ACROSS_FILES, *LINES, *CERTIFICATES),
        key=lambda rule: _GROUPS.index(rule.group),
    )
)
"""Every rule, in the order in which `check --list` prints them."""

BOOK = Rulebook(RULES)
"""The rules by the questions at which each is asked. It is looked up again at every question."""

rule = BOOK.find
to_finding = BOOK.to_finding
