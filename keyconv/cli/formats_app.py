"""`keyconv formats`, declared: its flag and help."""

import typer

from keyconv.cli.flags import AsJson
from keyconv.cli.render import Screen
from keyconv.cli.running import run

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Declare the command on the program."""
    app.command()(formats)


def formats(as_json: AsJson = False) -> None:
    """Print the table of formats and key types and what each can hold."""

    def work(screen: Screen) -> int:
        from keyconv.cli import formats as command

        return command.run(screen=screen)

    run(work, as_json=as_json)
