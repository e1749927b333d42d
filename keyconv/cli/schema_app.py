"""`keyconv schema`, declared: its argument, flags and help."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from keyconv.cli.declaring import Command
from keyconv.cli.flags import (
    AsJson,
    Color,
    NoInput,
    Quiet,
)
from keyconv.cli.render import Screen
from keyconv.cli.running import run

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Declare the command on the program."""
    app.command(cls=Command, short_help="Print the JSON Schema of a command's output.")(schema)


def schema(
    name: Annotated[
        Optional[str], typer.Argument(metavar="NAME", help="A command, error or settings; without it, all are listed.")
    ] = None,
    no_input: NoInput = False,
    as_json: AsJson = False,
    color: Color = None,
    quiet: Quiet = False,
) -> None:
    """Print the JSON Schema of what a command prints with --json, or of keyconv.toml.

    keyconv schema inspect

    keyconv schema settings
    """

    def work(screen: Screen) -> int:
        from keyconv.cli import schema as command

        return command.run_list(screen=screen) if name is None else command.run(name, screen=screen)

    run(work, quiet=quiet, as_json=as_json, color=color)
