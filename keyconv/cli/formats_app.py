"""`keyconv formats`, declared: its flag and help."""

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
    app.command(cls=Command, short_help="List the formats and what each can store.")(formats)


def formats(
    no_input: NoInput = False,
    as_json: AsJson = False,
    color: Color = None,
    quiet: Quiet = False,
) -> None:
    """Print the table of formats and key types and what each can hold."""

    def work(screen: Screen) -> int:
        from keyconv.cli import formats as command

        return command.run(screen=screen)

    run(work, quiet=quiet, as_json=as_json, color=color)
