"""Fixing what copying, pasting and storing does to key files, and naming what cannot be fixed.

Each part is imported when it is first used: most files are whole.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyconv.repairs.diagnosis import Diagnosis, describe_unproved, diagnose, explain, find_whole, name_faults
    from keyconv.repairs.editing import Edit, edit, left_out
    from keyconv.repairs.line_rows import mend_rows
    from keyconv.repairs.messages import MESSAGES
    from keyconv.repairs.opening import Opening
    from keyconv.repairs.searching import DAMAGES, Candidate, search
    from keyconv.repairs.stale import is_stale, mend_public

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
        raise AttributeError(f"module 'keyconv.repairs' has no attribute '{name}'")
    value: object = getattr(import_module(f"keyconv.repairs.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
