"""`keyconv inspect`, declared: its arguments, flags and help."""

from typing import Annotated, Literal, Optional

import typer

from keyconv.cli.declaring import Command
from keyconv.cli.flags import (
    AllowCostly,
    AsJson,
    Color,
    Force,
    From,
    Inputs,
    Jobs,
    Key,
    NoInput,
    Output,
    PassphraseEncoding,
    PassphraseEnv,
    PassphraseFd,
    PassphraseFile,
    Quiet,
    StrictLines,
)
from keyconv.cli.render import Screen
from keyconv.cli.running import run
from keyconv.errors import UsageError

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Declare the command on the program."""
    app.command(cls=Command, short_help="Show what a file is: type, fingerprint, encryption.")(inspect)


def inspect(
    inputs: Inputs,
    source: From = None,
    key: Key = None,
    recursive: Annotated[
        bool, typer.Option("-r", "--recursive", help="An inventory: list the keys of files and folders, a row each.")
    ] = False,
    listing: Annotated[
        Optional[Literal["text", "json", "csv"]],
        typer.Option("--format", help="Print text, json or, of an inventory, csv [text]."),
    ] = None,
    jobs: Jobs = None,
    visual: Annotated[bool, typer.Option("--visual", help="Draw the fingerprint as 'ssh-keygen -lv' does.")] = False,
    show_private: Annotated[
        bool, typer.Option("--show-private", help="With -o FILE: the values of the private half too.")
    ] = False,
    output: Output = None,
    force: Force = False,
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
    """Return what a file is: format, type, bits, fingerprints, comment, encryption, KDF and its cost.

    No passphrase is asked for; one that is given fills in what is hidden without it.

    keyconv inspect -r ~/.ssh

    keyconv inspect -r --format csv -o keys.csv /home
    """
    as_json = as_json or listing == "json"

    def work(screen: Screen) -> int:
        from keyconv.cli import inspect as command
        from keyconv.cli.options import InputOptions
        from keyconv.cli.prompt import PassphraseSource

        how = InputOptions(
            format=source,
            key=key,
            passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
            passphrase_encoding=passphrase_encoding,
            no_input=True,
            allow_costly=allow_costly_kdf,
            strict=strict,
        )
        if as_json and listing == "csv":
            raise UsageError("--json is --format json, which is not --format csv", hint="leave one of them out")
        if recursive or listing == "csv":
            from keyconv.cli import inventory

            for name, given in (
                *(("--visual", visual), ("--show-private", show_private), ("--strict", strict)),
                *(("--from", source is not None), ("--key", key is not None)),
            ):
                if given:
                    raise UsageError(f"{name} is about one file, and an inventory lists many")
            chosen = "json" if as_json else listing or "text"
            return inventory.run(
                tuple(inputs),
                how,
                inventory.InventoryOptions(chosen, recursive, output, force, jobs or 0),
                screen=screen,
            )
        return command.run(
            tuple(inputs),
            how,
            command.Wanted(visual=visual, show_private=show_private, output=output, force=force),
            screen=screen,
        )

    run(work, quiet=quiet, as_json=as_json, color=color)
