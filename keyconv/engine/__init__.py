"""The library's verbs: read, plan, unlock, write, convert, inspect, match."""

from __future__ import annotations

from keyconv.engine.conversion import convert, write
from keyconv.engine.inspection import Inspection, inspect
from keyconv.engine.matching import match
from keyconv.engine.planning import Plan, plan
from keyconv.engine.reading import detect, read
from keyconv.engine.unlocking import choose, unlock

__all__ = ["Inspection", "Plan", "choose", "convert", "detect", "inspect", "match", "plan", "read", "unlock", "write"]
