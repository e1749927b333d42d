"""`keyconv rule`, declared: its argument, flags and help."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from keyconv.cli.declaring import Command
from keyconv.cli.flags import (
    AsJson,
    Color,
    NoInput,
    Quiet,
    rules,
)
from keyconv.cli.render import Screen
from keyconv.cli.running import run

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Declare the command on the program."""
    app.command(cls=Command, short_help="Explain a rule of keyconv check.")(rule)


def rule(
    name: Annotated[
        Optional[str],
        typer.Argument(
            metavar="NAME", autocompletion=rules, help="A rule, as a finding names it; without it, all are listed."
        ),
    ] = None,
    no_input: NoInput = False,
    as_json: AsJson = False,
    color: Color = None,
    quiet: Quiet = False,
) -> None:
    """Explain a rule of keyconv check: what it means, where it comes from, what to do, and the settings for it.

    keyconv rule weak-kdf
    """

    def work(screen: Screen) -> int:
        from keyconv.cli import rule as command

        return command.run_list(screen=screen) if name is None else command.run(name, screen=screen)

    run(work, quiet=quiet, as_json=as_json, color=color)
