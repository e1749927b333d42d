"""What `check --fix` writes: only what `keyconv.repair` can prove."""

from __future__ import annotations

from keyconv import repair
from keyconv.checks.subject import Context

__all__ = ["mend"]


def mend(data: bytes, context: Context) -> bytes | None:
    """Give the text before it was damaged; None where nothing could be proved or nothing is to be done."""
    found = repair.find_whole(data, context.opening)
    return found.data if found is not None and found.undone and found.proved and found.data != data else None
