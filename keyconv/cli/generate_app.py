"""`keyconv generate`, declared: its arguments, flags and help."""

from typing import Annotated, Optional

import typer

from keyconv.cli.declaring import Command
from keyconv.cli.flags import (
    AllowCostly,
    AsJson,
    CipherName,
    Color,
    Force,
    KdfFlavour,
    KdfMemory,
    KdfParallelism,
    KdfPasses,
    KdfTime,
    NewPassphraseEnv,
    NewPassphraseFd,
    NewPassphraseFile,
    NoInput,
    NoPassphrase,
    Quiet,
    Rounds,
    writable,
)
from keyconv.cli.render import Screen
from keyconv.cli.running import run

__all__ = ["register"]

_TYPES = ("ed25519", "ecdsa", "rsa", "ed448", "dsa")


def register(app: typer.Typer) -> None:
    """Declare the command on the program."""
    app.command(cls=Command, short_help="Make a new key pair, in several formats at once.")(generate)


def generate(
    key_type: Annotated[
        str,
        typer.Option(
            "-t",
            "--type",
            metavar="TYPE",
            autocompletion=lambda: [*_TYPES],
            help="ed25519, ecdsa, rsa, ed448 or dsa [default: ed25519]",
            show_default=False,
        ),
    ] = "ed25519",
    bits: Annotated[
        Optional[int],
        typer.Option("-b", "--bits", metavar="N", help="RSA: 2048 to 16384 [3072]; ECDSA: 256, 384, 521."),
    ] = None,
    output: Annotated[
        Optional[str], typer.Option("-o", "--output", metavar="NAME", help="The key's file; its .pub goes beside it.")
    ] = None,
    also: Annotated[
        Optional[list[str]],
        typer.Option(
            "--also", metavar="FORMAT", autocompletion=writable, help="Write it in this format too; may be repeated."
        ),
    ] = None,
    insecure_dsa: Annotated[
        bool, typer.Option("--insecure-dsa", help="Really make a DSA key, which OpenSSH 10 no longer knows.")
    ] = False,
    comment: Annotated[Optional[str], typer.Option(metavar="TEXT", help="Comment [default: user@host].")] = None,
    force: Force = False,
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
    """Make a new key: an OpenSSH private key, its .pub, other formats at once, and the line to paste.

    keyconv generate -o ~/.ssh/id_ed25519 --also ppk
    """

    def work(screen: Screen) -> int:
        from keyconv.cli import generate as command
        from keyconv.cli.options import InputOptions, OutputOptions
        from keyconv.cli.prompt import PassphraseSource
        from keyconv.errors import UsageError

        family = command.family_of(key_type, _TYPES)
        if family == "dsa" and not insecure_dsa:
            raise UsageError(
                "DSA keys are broken and no longer taken by OpenSSH",
                hint="-t ed25519 is today's choice; --insecure-dsa insists",
            )
        return command.run(
            family,
            bits,
            OutputOptions(
                output=output,
                force=force,
                comment=comment,
                new_passphrase=PassphraseSource(new_passphrase_file, new_passphrase_fd, new_passphrase_env),
                no_passphrase=no_passphrase,
                kdf=kdf,
                kdf_memory=kdf_memory,
                kdf_passes=kdf_passes,
                kdf_time=kdf_time,
                kdf_parallelism=kdf_parallelism,
                rounds=rounds,
                cipher=cipher,
            ),
            tuple(also or ()),
            InputOptions(no_input=no_input, allow_costly=allow_costly_kdf),
            screen=screen,
        )

    run(work, quiet=quiet, as_json=as_json, color=color, document=True, prints=output == "-")
