"""The real tools that some tests ask."""

from __future__ import annotations

import os
import shutil
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

__all__ = ["require", "require_module"]


def require(tool: str) -> str:
    """Give the path of a program; without it the test is skipped, or fails where CI=true promises every tool."""
    path = shutil.which(tool) or shutil.which(tool, path=str(Path(sys.executable).parent))
    if path is not None:
        return path
    if os.environ.get("CI") == "true":
        pytest.fail(f"{tool} is not installed, and CI=true runs no test without its tools")
    pytest.skip(f"{tool} is not installed")


def require_module(name: str) -> ModuleType:
    """Give a module that an extra brings; without it the test is skipped, or fails where CI=true promises it."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed, and CI=true runs no test without what it needs")
        pytest.skip(f"{name} is not installed")
