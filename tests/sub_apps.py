"""Running a command group in this process."""

from __future__ import annotations

from dataclasses import dataclass

import typer
from typer.testing import CliRunner

__all__ = ["Result", "run"]


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    out: str
    err: str


def run(app: typer.Typer, *arguments: str, stdin: bytes = b"") -> Result:
    """Run a command; an exception that it lets out fails the test."""
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "internal error" not in result.stderr
    return Result(result.exit_code, result.stdout, result.stderr)
