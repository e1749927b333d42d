"""`keyconv convert`, declared: its arguments, flags and help."""

from typing import Annotated, Optional

import typer

from keyconv.cli.declaring import INPUT, OUTPUT, Command
from keyconv.cli.flags import (
    AllowCostly,
    AsJson,
    AskNewPassphrase,
    CipherName,
    Color,
    Comment,
    Force,
    From,
    Inputs,
    Jobs,
    KdfFlavour,
    KdfMemory,
    KdfParallelism,
    KdfPasses,
    KdfTime,
    Key,
    NewPassphraseEnv,
    NewPassphraseFd,
    NewPassphraseFile,
    NoInput,
    NoPassphrase,
    Output,
    PassphraseEncoding,
    PassphraseEnv,
    PassphraseFd,
    PassphraseFile,
    Quiet,
    Rounds,
    Strict,
    writable,
)
from keyconv.cli.render import Screen
from keyconv.cli.running import run

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Declare the command on the program."""
    app.command(cls=Command, short_help="Write a key in another format.")(convert)


def convert(
    inputs: Inputs,
    to: Annotated[
        Optional[str],
        typer.Option(
            "-t",
            "--to",
            metavar="FORMAT",
            autocompletion=writable,
            rich_help_panel=OUTPUT,
            help="The format to write; 'keyconv formats' lists them all.",
        ),
    ] = None,
    output: Output = None,
    directory: Annotated[
        Optional[str],
        typer.Option(
            "-d",
            "--directory",
            metavar="DIR",
            rich_help_panel=OUTPUT,
            help="Write each result to a file in this folder.",
        ),
    ] = None,
    recursive: Annotated[
        bool, typer.Option("-r", "--recursive", rich_help_panel=INPUT, help="With -d: go through folders.")
    ] = False,
    jobs: Jobs = None,
    source: From = None,
    key: Key = None,
    force: Force = False,
    strict: Strict = False,
    comment: Comment = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    passphrase_env: PassphraseEnv = None,
    passphrase_encoding: PassphraseEncoding = None,
    new_passphrase: AskNewPassphrase = False,
    new_passphrase_file: NewPassphraseFile = None,
    new_passphrase_fd: NewPassphraseFd = None,
    new_passphrase_env: NewPassphraseEnv = None,
    no_passphrase: NoPassphrase = False,
    kdf: KdfFlavour = None,
    kdf_memory: KdfMemory = None,
    kdf_passes: KdfPasses = None,
    kdf_time: KdfTime = None,
    kdf_parallelism: KdfParallelism = None,
    rounds: Rounds = None,
    cipher: CipherName = None,
    allow_costly_kdf: AllowCostly = False,
    no_input: NoInput = False,
    as_json: AsJson = False,
    color: Color = None,
    quiet: Quiet = False,
) -> None:
    """Write a key in another format.

    Without -t the suffix of -o decides (.ppk .pub .pem .p8 .jwk and so on); else a private key becomes openssh. The
    passphrase is kept unless a flag changes it. What was written is read back and verified to be the same key.

    keyconv convert id_rsa.ppk -o id_rsa

    keyconv convert id_ed25519 -o id_ed25519.ppk

    keyconv convert -r keys -d converted
    """

    def work(screen: Screen) -> int:
        from keyconv.cli import convert as command
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
            ),
            OutputOptions(
                format=to,
                output=output,
                directory=directory,
                force=force,
                strict=strict,
                comment=comment,
                new_passphrase=PassphraseSource(new_passphrase_file, new_passphrase_fd, new_passphrase_env),
                ask_new=new_passphrase,
                no_passphrase=no_passphrase,
                kdf=kdf,
                kdf_memory=kdf_memory,
                kdf_passes=kdf_passes,
                kdf_time=kdf_time,
                kdf_parallelism=kdf_parallelism,
                rounds=rounds,
                cipher=cipher,
            ),
            recursive=recursive,
            jobs=jobs,
            screen=screen,
        )

    run(work, quiet=quiet, as_json=as_json, color=color)
