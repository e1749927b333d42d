"""`keyconv passphrase`, declared: its arguments, flags and help."""

from typing import Annotated

import typer

from keyconv.cli.declaring import Command
from keyconv.cli.flags import (
    AllowCostly,
    AsJson,
    AskNewPassphrase,
    CipherName,
    Color,
    From,
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
    PassphraseEncoding,
    PassphraseEnv,
    PassphraseFd,
    PassphraseFile,
    Quiet,
    Rounds,
)
from keyconv.cli.render import Screen
from keyconv.cli.running import run

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Declare the command on the program."""
    app.command(cls=Command, short_help="Change, add or remove a passphrase, in place.")(passphrase)


def passphrase(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A private key; - reads standard input, writes output.")],
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Write today's format version, KDF, cost and cipher.")
    ] = False,
    source: From = None,
    key: Key = None,
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
    """Change, add or remove a file's passphrase, its KDF, its cost or its cipher, in place.

    The format, its mode and its owner stay; whatever happens, the file is the old one or the new one. With a flag of
    KDF, cost or cipher, or --upgrade, the passphrase stays too unless a new one is asked for.

    keyconv passphrase id_rsa.ppk

    keyconv passphrase --upgrade old.ppk
    """

    def work(screen: Screen) -> int:
        from keyconv.cli import passphrase as command
        from keyconv.cli.options import InputOptions, OutputOptions
        from keyconv.cli.prompt import PassphraseSource

        return command.run(
            file,
            InputOptions(
                format=source,
                key=key,
                passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
                passphrase_encoding=passphrase_encoding,
                no_input=no_input,
                allow_costly=allow_costly_kdf,
            ),
            OutputOptions(
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
            upgrade=upgrade,
            screen=screen,
        )

    run(work, quiet=quiet, as_json=as_json, color=color, document=True, prints=file == "-")
