"""The real tools that some tests ask."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar
from zlib import crc32

import pytest

__all__ = ["PATIENCE", "WHOLE", "require", "require_module", "some", "wait_until"]

_T = TypeVar("_T")

WHOLE = os.environ.get("KEYCONV_TESTS") == "all"
"""Whether large products are gone through in whole, as a step of `.ci/run --all` does."""

PATIENCE = 6000.0
"""Seconds until what does not happen is given up, by a clock that may be fast; no verdict depends on them."""

_LOOKS = 200_000
_PAUSE = 0.01


def wait_until(condition: Callable[[], Any], complaint: str = "it did not happen") -> Any:
    """Wait for something to be the case, however fast the clock is, and give it."""
    for _ in range(_LOOKS):
        if found := condition():
            return found
        time.sleep(_PAUSE)
    raise AssertionError(complaint)


def some(cases: Iterable[_T], count: int, turn: object = "") -> Sequence[_T]:
    """Return so many cases, evenly spread, and the same each time; all of them where KEYCONV_TESTS=all.

    Where the same cases are taken again with something else, `turn` names it, and others are taken each time.
    """
    every = list(cases)
    if WHOLE or count >= len(every):
        return every
    begin = crc32(str(turn).encode()) % len(every)
    return [every[(begin + number * len(every) // count) % len(every)] for number in range(count)]


def require(tool: str) -> str:
    """Return the path of a program; without it the test is skipped, or fails where CI=true promises every tool."""
    path = shutil.which(tool) or shutil.which(tool, path=str(Path(sys.executable).parent))
    if path is not None:
        return path
    if os.environ.get("CI") == "true":
        pytest.fail(f"{tool} is not installed, and CI=true runs no test without its tools")
    pytest.skip(f"{tool} is not installed")


def require_module(name: str) -> ModuleType:
    """Return a module that an extra brings; without it the test is skipped, or fails where CI=true promises it."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed, and CI=true runs no test without what it needs")
        pytest.skip(f"{name} is not installed")
