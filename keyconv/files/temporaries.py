"""The names of temporary files, and those that an interrupted run left behind."""

from __future__ import annotations

import os
import re

__all__ = ["is_temporary", "left_beside", "make_name"]

_NAME = re.compile(r"\.keyconv-[0-9a-f]{16}\.tmp\Z")


def make_name() -> str:
    """Make a name that no file has."""
    return f".keyconv-{os.urandom(8).hex()}.tmp"


def is_temporary(path: str) -> bool:
    """Return whether a file has the name of one of keyconv's temporary files."""
    return bool(_NAME.match(os.path.basename(path)))  # noqa: PTH119 - keeps names that are no valid text


def left_beside(path: str) -> list[str]:
    """Name the temporary files in the folder of a file: a run that was killed left them, or one is at work there."""
    try:
        names = os.listdir(os.path.dirname(path) or os.curdir)  # noqa: PTH120, PTH208
    except (OSError, ValueError):
        return []
    return sorted(name for name in names if _NAME.match(name))
