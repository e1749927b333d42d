"""The library's verbs: read, plan, unlock, write, convert, inspect, match; each is imported when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyconv.engine.conversion import convert, write
    from keyconv.engine.inspection import Inspection, inspect
    from keyconv.engine.matching import match
    from keyconv.engine.planning import Plan, plan
    from keyconv.engine.reading import detect, read
    from keyconv.engine.unlocking import choose, unlock

__all__ = ["Inspection", "Plan", "choose", "convert", "detect", "inspect", "match", "plan", "read", "unlock", "write"]

_HOMES = {
    **dict.fromkeys(("convert", "write"), "conversion"),
    **dict.fromkeys(("Inspection", "inspect"), "inspection"),
    "match": "matching",
    **dict.fromkeys(("Plan", "plan"), "planning"),
    **dict.fromkeys(("detect", "read"), "reading"),
    **dict.fromkeys(("choose", "unlock"), "unlocking"),
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'keyconv.engine' has no attribute '{name}'")
    value: object = getattr(import_module(f"keyconv.engine.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
