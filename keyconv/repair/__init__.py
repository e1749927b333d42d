"""Undoing what copying, pasting and storing does to key files, and naming what cannot be undone."""

from __future__ import annotations

from keyconv.repair.search import DAMAGES, Candidate, search

__all__ = ["DAMAGES", "Candidate", "search"]
