"""`keyconv FILE...`, the doctor, declared: its arguments, flags and help."""

from typing import Annotated, Optional

import typer

from keyconv.cli.declaring import Command
from keyconv.cli.flags import (
    AllowCostly,
    AsJson,
    Color,
    From,
    NoInput,
    PassphraseEnv,
    PassphraseFd,
    PassphraseFile,
    Quiet,
)
from keyconv.cli.render import Screen
from keyconv.cli.running import run

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Declare the command on the program."""
    app.command(cls=Command, hidden=True)(doctor)


def doctor(
    inputs: Annotated[
        Optional[list[str]], typer.Argument(metavar="FILE...", help="Any files; - is standard input.")
    ] = None,
    variables: Annotated[
        Optional[list[str]],
        typer.Option("--env", metavar="NAME", help="Look at what this environment variable contains; may be repeated."),
    ] = None,
    source: From = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    passphrase_env: PassphraseEnv = None,
    allow_costly_kdf: AllowCostly = False,
    no_input: NoInput = False,
    as_json: AsJson = False,
    color: Color = None,
    quiet: Quiet = False,
) -> None:
    """Say what a file is, whether it is sound, which programs read it, and what to type next.

    This is what keyconv does with a FILE without a command. A command's name comes first: ./public is the file. No
    passphrase is asked for; one that is given has the private key verified. Exit code 3: a file is not a sound key.

    keyconv id_rsa.ppk

    keyconv --env DEPLOY_KEY
    """

    def work(screen: Screen) -> int:
        from keyconv.cli import doctor as command
        from keyconv.cli.options import InputOptions
        from keyconv.cli.prompt import PassphraseSource
        from keyconv.errors import UsageError

        if not inputs and not variables:
            raise UsageError("no file is named", hint="keyconv FILE, keyconv - or keyconv --env NAME")
        return command.run(
            tuple(inputs or ()),
            tuple(variables or ()),
            InputOptions(
                format=source,
                passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
                no_input=True,
                allow_costly=allow_costly_kdf,
            ),
            screen=screen,
        )

    run(work, quiet=quiet, as_json=as_json, color=color)
