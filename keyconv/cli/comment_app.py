"""`keyconv comment`, declared: its arguments, flags and help."""

from typing import Annotated

import typer

from keyconv.cli.declaring import Command
from keyconv.cli.flags import (
    AllowCostly,
    AsJson,
    Color,
    From,
    Key,
    NoInput,
    PassphraseEncoding,
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
    app.command(cls=Command, short_help="Change the comment, in place.")(comment)


def comment(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A key; - reads standard input, writes output.")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The new comment; '' for none.")],
    source: From = None,
    key: Key = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    passphrase_env: PassphraseEnv = None,
    passphrase_encoding: PassphraseEncoding = None,
    allow_costly_kdf: AllowCostly = False,
    no_input: NoInput = False,
    as_json: AsJson = False,
    color: Color = None,
    quiet: Quiet = False,
) -> None:
    """Change a file's comment in place, and that of the .pub beside it.

    An encrypted key needs its passphrase: the comment is inside what is encrypted, or covered by the MAC.

    keyconv comment id_ed25519.ppk 'alice, laptop'
    """

    def work(screen: Screen) -> int:
        from keyconv.cli import comment as command
        from keyconv.cli.options import InputOptions
        from keyconv.cli.prompt import PassphraseSource

        return command.run(
            file,
            text,
            InputOptions(
                format=source,
                key=key,
                passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
                passphrase_encoding=passphrase_encoding,
                no_input=no_input,
                allow_costly=allow_costly_kdf,
            ),
            screen=screen,
        )

    run(work, quiet=quiet, as_json=as_json, color=color, document=True, prints=file == "-")
