"""`keyconv completion`: the script that teaches a shell to complete keyconv's commands, flags and names."""

from typing import Annotated, Literal

import typer

from keyconv.cli.declaring import Command
from keyconv.cli.flags import (
    AsJson,
    Color,
    NoInput,
    Quiet,
)
from keyconv.cli.render import Screen, to_json
from keyconv.cli.running import run

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Declare the command on the program."""
    app.command(cls=Command, short_help="Print a shell's completion script.")(completion)


def completion(
    shell: Annotated[
        Literal["bash", "zsh", "fish", "powershell"],
        typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell."),
    ],
    no_input: NoInput = False,
    as_json: AsJson = False,
    color: Color = None,
    quiet: Quiet = False,
) -> None:
    """Print the script that completes keyconv's commands, flags, formats, rules and key types in a shell.

    keyconv completion bash > ~/.local/share/bash-completion/completions/keyconv

    keyconv completion fish > ~/.config/fish/completions/keyconv.fish
    """

    def work(screen: Screen) -> int:
        from typer.completion import get_completion_script  # type: ignore[attr-defined]  # not in an __all__

        script = get_completion_script(prog_name="keyconv", complete_var="_KEYCONV_COMPLETE", shell=shell) + "\n"
        screen.data(to_json({"shell": shell, "script": script}) if screen.as_json else script)
        return 0

    run(work, quiet=quiet, as_json=as_json, color=color)
