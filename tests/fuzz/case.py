"""One case of a run."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Case"]


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its bytes, and a number that decides whatever else is random about it."""

    data: bytes
    salt: int
