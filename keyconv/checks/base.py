"""What a rule is and what it finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["SEVERITIES", "Finding", "Rule", "Severity"]

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""The severities, the gravest first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its stable name, and everything that `check --list`, the reports and the documentation say of it.

    `severity` is the default one; `fixable` says whether `repair` can undo it and prove the result; `cause` is where it
    comes from, `others` what other programs then say, `cure` what to do.
    """

    name: str
    severity: Severity = field(default="error", kw_only=True)
    fixable: bool = field(default=False, kw_only=True)
    group: str = field(kw_only=True)
    title: str
    cause: str
    others: str
    cure: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in one file; `line` counts from 1, or is None where the file as a whole is meant.

    `fingerprint` is the key's (SHA256:...), where there is one. No field ever holds key material.
    """

    path: str
    line: int | None
    rule: str
    severity: Severity
    message: str
    hint: str = ""
    fixable: bool = False
    fingerprint: str | None = None
