"""`keyconv repair`, declared: its arguments, flags and help."""

from typing import Annotated

import typer

from keyconv.cli.declaring import Command
from keyconv.cli.flags import (
    AllowCostly,
    AsJson,
    Color,
    Force,
    From,
    NoInput,
    Output,
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
    app.command(cls=Command, short_help="Fix damage from copying and pasting.")(repair)


def repair(
    file: Annotated[str, typer.Argument(metavar="INPUT", help="A key file; - is standard input.")],
    output: Output = None,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Write over the input, after copying it to INPUT.bak.")
    ] = False,
    backup: Annotated[
        bool, typer.Option("--backup/--no-backup", help="Keep a copy of the input when it is written over.")
    ] = True,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what --in-place would change, and change nothing.")
    ] = False,
    force: Force = False,
    source: From = None,
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
    """Fix damage from copying and pasting, and say what was fixed.

    A result counts only if the key is proved whole; its numbers are never guessed. The input is not touched without
    --in-place. The passphrase of an encrypted key proves its private half too.

    keyconv repair broken_id_rsa -o id_rsa
    """

    def work(screen: Screen) -> int:
        from keyconv.cli import repair as command
        from keyconv.cli.options import InputOptions, OutputOptions
        from keyconv.cli.prompt import PassphraseSource

        return command.run(
            file,
            InputOptions(
                format=source,
                passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
                passphrase_encoding=passphrase_encoding,
                no_input=True,
                allow_costly=allow_costly_kdf,
            ),
            OutputOptions(output=output, force=force),
            command.Manner(in_place=in_place, backup=backup, diff=diff),
            screen=screen,
        )

    run(
        work,
        quiet=quiet,
        as_json=as_json,
        color=color,
        document=True,
        prints=output in (None, "-") and not (in_place or diff),
    )
