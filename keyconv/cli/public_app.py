"""`keyconv public`, declared: its arguments, flags and help."""

from typing import Annotated, Optional

import typer

from keyconv.cli.declaring import OUTPUT, Command
from keyconv.cli.flags import (
    AllowCostly,
    AsJson,
    Color,
    Comment,
    Force,
    From,
    Inputs,
    Key,
    NoInput,
    Output,
    PassphraseEncoding,
    PassphraseEnv,
    PassphraseFd,
    PassphraseFile,
    Quiet,
    Strict,
    writable_public,
)
from keyconv.cli.render import Screen
from keyconv.cli.running import run

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Declare the command on the program."""
    app.command(cls=Command, short_help="Write the public key: the line for authorized_keys.")(public)


def public(
    inputs: Inputs,
    to: Annotated[
        Optional[str],
        typer.Option(
            "-t",
            "--to",
            metavar="FORMAT",
            autocompletion=writable_public,
            rich_help_panel=OUTPUT,
            help="The format to write [openssh-pub].",
        ),
    ] = None,
    output: Output = None,
    source: From = None,
    key: Key = None,
    force: Force = False,
    strict: Strict = False,
    comment: Comment = None,
    options: Annotated[
        Optional[str],
        typer.Option(
            metavar="OPTIONS", help="What the line allows, as authorized_keys has it: 'restrict,command=\"...\"'."
        ),
    ] = None,
    no_certificate: Annotated[
        bool, typer.Option("--no-certificate", help="Write the plain key of one that has a certificate.")
    ] = False,
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
    """Write only the public half: the line for authorized_keys, out of anything.

    No passphrase is needed where the file shows its public half, as PPK and OpenSSH files do. Of a key with a
    certificate the certificate is written; authorized_keys takes the plain key, which --no-certificate writes.

    keyconv public id_rsa.ppk >> ~/.ssh/authorized_keys
    """

    def work(screen: Screen) -> int:
        from keyconv.cli import public as command
        from keyconv.cli.options import InputOptions, OutputOptions
        from keyconv.cli.prompt import PassphraseSource

        return command.run(
            tuple(inputs),
            InputOptions(
                format=source,
                key=key,
                passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
                passphrase_encoding=passphrase_encoding,
                no_input=no_input,
                allow_costly=allow_costly_kdf,
                strict=strict,
            ),
            OutputOptions(
                format=to,
                output=output,
                force=force,
                strict=strict,
                comment=comment,
                no_certificate=no_certificate,
            ),
            options,
            screen=screen,
        )

    run(work, quiet=quiet, as_json=as_json, color=color, document=True)
