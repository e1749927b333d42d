"""`keyconv match`, declared: its arguments, flags and help."""

from typing import Annotated

import typer

from keyconv.cli.declaring import Command
from keyconv.cli.flags import (
    AllowCostly,
    AsJson,
    Color,
    From,
    NoInput,
    PassphraseEncoding,
    PassphraseEnv,
    PassphraseFd,
    PassphraseFile,
    Quiet,
    StrictLines,
)
from keyconv.cli.render import Screen
from keyconv.cli.running import run

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Declare the command on the program."""
    app.command(cls=Command, short_help="Check whether files contain the same key.")(match)


def match(
    files: Annotated[list[str], typer.Argument(metavar="FILE FILE...", help="Key files; - is standard input.")],
    source: From = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    passphrase_env: PassphraseEnv = None,
    passphrase_encoding: PassphraseEncoding = None,
    allow_costly_kdf: AllowCostly = False,
    strict: StrictLines = False,
    no_input: NoInput = False,
    as_json: AsJson = False,
    color: Color = None,
    quiet: Quiet = False,
) -> None:
    """Return whether files hold the same key, in any formats: private, public, certificate, authorized_keys.

    Exit code 0 says yes, 1 says no. A file of many keys matches by any of them.
    """

    def work(screen: Screen) -> int:
        from keyconv.cli import match as command
        from keyconv.cli.options import InputOptions
        from keyconv.cli.prompt import PassphraseSource

        return command.run(
            tuple(files),
            InputOptions(
                format=source,
                passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
                passphrase_encoding=passphrase_encoding,
                no_input=no_input,
                allow_costly=allow_costly_kdf,
                strict=strict,
            ),
            screen=screen,
        )

    run(work, quiet=quiet, as_json=as_json, color=color)
