"""Undoing what copying, pasting and storing does to key files, and naming what cannot be undone."""

from __future__ import annotations

from keyconv.repair.canonical import Opening
from keyconv.repair.diagnosis import Diagnosis, describe_unproved, diagnose, explain, rule_of
from keyconv.repair.search import DAMAGES, Candidate, search
from keyconv.repair.stale import is_stale, mend_public

__all__ = [
    "DAMAGES",
    "Candidate",
    "Diagnosis",
    "Opening",
    "describe_unproved",
    "diagnose",
    "explain",
    "is_stale",
    "mend_public",
    "rule_of",
    "search",
]
