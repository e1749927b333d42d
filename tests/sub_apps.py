"""Running a command group in this process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch

import typer
import typer.main
import typer.testing
from typer.testing import CliRunner

__all__ = ["Result", "run"]


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    out: str
    err: str


@cache
def _command(app: typer.Typer) -> Any:
    # Built once: nine tenths of a run in this process would go into building it again.
    return typer.main.get_command(app)


def run(app: typer.Typer, *arguments: str, stdin: bytes = b"") -> Result:
    """Run a command; an exception that it lets out fails the test."""
    with patch.object(typer.testing, "_get_command", _command):
        result = CliRunner().invoke(app, list(arguments), input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "internal error" not in result.stderr
    return Result(result.exit_code, result.stdout, result.stderr)
