"""The real tools that some tests ask."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

__all__ = ["PATIENCE", "require", "require_module", "wait_until"]

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
