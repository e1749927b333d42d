"""Fixing what copying, pasting and storing does to key files, and naming what cannot be fixed.

Each part is imported when it is first used: most files are whole.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyconv.repair.diagnosis import Diagnosis, describe_unproved, diagnose, explain, find_whole, name_faults
    from keyconv.repair.editing import Edit, edit, left_out
    from keyconv.repair.line_rows import mend_rows
    from keyconv.repair.messages import MESSAGES
    from keyconv.repair.opening import Opening
    from keyconv.repair.searching import DAMAGES, Candidate, search
    from keyconv.repair.stale import is_stale, mend_public

__all__ = [
    "DAMAGES",
    "MESSAGES",
    "Candidate",
    "Diagnosis",
    "Edit",
    "Opening",
    "describe_unproved",
    "diagnose",
    "edit",
    "explain",
    "find_whole",
    "is_stale",
    "left_out",
    "mend_public",
    "mend_rows",
    "name_faults",
    "search",
]

_HOMES = {
    **dict.fromkeys(
        ("Diagnosis", "describe_unproved", "diagnose", "explain", "find_whole", "name_faults"), "diagnosis"
    ),
    **dict.fromkeys(("Edit", "edit", "left_out"), "editing"),
    "mend_rows": "line_rows",
    "MESSAGES": "messages",
    "Opening": "opening",
    **dict.fromkeys(("DAMAGES", "Candidate", "search"), "searching"),
    **dict.fromkeys(("is_stale", "mend_public"), "stale"),
}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'keyconv.repair' has no attribute '{name}'")
    value: object = getattr(import_module(f"keyconv.repair.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
