"""Undoing what copying, pasting and storing does to key files, and naming what cannot be undone."""

from __future__ import annotations

from keyconv.repair.canonical import Opening
from keyconv.repair.diagnosis import MESSAGES, Diagnosis, describe_unproved, diagnose, explain, find_whole
from keyconv.repair.refusals import line_of, rule_of, rule_of_line
from keyconv.repair.search import DAMAGES, Candidate, search
from keyconv.repair.stale import is_stale, mend_public

__all__ = [
    "DAMAGES",
    "MESSAGES",
    "Candidate",
    "Diagnosis",
    "Opening",
    "describe_unproved",
    "diagnose",
    "explain",
    "find_whole",
    "is_stale",
    "line_of",
    "mend_public",
    "rule_of",
    "rule_of_line",
    "search",
]
