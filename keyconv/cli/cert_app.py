"""`keyconv cert`, declared: names, arguments, flags and help of its commands."""

from typing import Annotated, Optional

import typer

from keyconv.cli.declaring import Command, group
from keyconv.cli.flags import (
    AllowCostly,
    AsJson,
    Color,
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
)
from keyconv.cli.render import Screen
from keyconv.cli.running import run

__all__ = ["cert_app", "register"]

cert_app = group("cert", "Show, attach and detach OpenSSH certificates.")


def register(app: typer.Typer) -> None:
    """Declare the group of commands on the program."""
    app.add_typer(cert_app)


InPlace = Annotated[bool, typer.Option("--in-place", help="Change the key file itself.")]


@cert_app.command(cls=Command, short_help="Show a certificate and check its signature.")
def show(
    inputs: Inputs,
    source: From = None,
    key: Key = None,
    no_input: NoInput = False,
    as_json: AsJson = False,
    color: Color = None,
    quiet: Quiet = False,
) -> None:
    """Print all of a certificate, verify its CA's signature, and judge its validity at this time.

    Exit code 3 says that a signature is wrong, or that there is no certificate. Times are in UTC.

    keyconv cert show id_ed25519-cert.pub
    """

    def work(screen: Screen) -> int:
        from keyconv.cli import cert as command
        from keyconv.cli.options import InputOptions

        return command.run_show(tuple(inputs), InputOptions(format=source, key=key, no_input=True), screen=screen)

    run(work, quiet=quiet, as_json=as_json, color=color)


@cert_app.command(cls=Command, short_help="Put a certificate into the PPK of its key.")
def attach(
    file: Annotated[str, typer.Argument(metavar="KEY", help="A PPK; - is standard input.")],
    certificate: Annotated[str, typer.Argument(metavar="CERT", help="The key's certificate, a -cert.pub file.")],
    output: Output = None,
    in_place: InPlace = False,
    source: From = None,
    key: Key = None,
    force: Force = False,
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
    """Put a certificate into the PPK of its key, for PuTTY 0.78 and later.

    The passphrase, the cost of its KDF and the comment stay. A certificate of another key, or one whose signature is
    wrong, is refused.

    keyconv cert attach id.ppk id-cert.pub -o id-with-cert.ppk
    """

    def work(screen: Screen) -> int:
        from keyconv.cli import cert as command
        from keyconv.cli.options import InputOptions
        from keyconv.cli.prompt import PassphraseSource
        from keyconv.errors import UsageError

        if (output is None) is not in_place:
            raise UsageError("say where the key goes: either -o FILE or --in-place")
        return command.run_attach(
            file,
            certificate,
            InputOptions(
                format=source,
                key=key,
                passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
                passphrase_encoding=passphrase_encoding,
                no_input=no_input,
                allow_costly=allow_costly_kdf,
            ),
            command.Place(file if output is None else output, in_place, force),
            screen=screen,
        )

    run(work, quiet=quiet, as_json=as_json, color=color, document=True, prints=(file if in_place else output) == "-")


@cert_app.command(cls=Command, short_help="Write the certificate of a key file to a file of its own.")
def detach(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A key with a certificate; - is standard input.")],
    output: Output = None,
    key_output: Annotated[
        Optional[str],
        typer.Option("--key-output", metavar="FILE", help="Write the key without its certificate to this file too."),
    ] = None,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Take the certificate out of the key file itself too.")
    ] = False,
    source: From = None,
    key: Key = None,
    force: Force = False,
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
    """Write the certificate of a key file as a line for a -cert.pub file, as OpenSSH uses it.

    That needs no passphrase; writing the key without its certificate does.

    keyconv cert detach id.ppk -o id-cert.pub --key-output id-plain.ppk
    """

    def work(screen: Screen) -> int:
        from keyconv.cli import cert as command
        from keyconv.cli.options import InputOptions
        from keyconv.cli.prompt import PassphraseSource
        from keyconv.errors import UsageError

        if in_place and key_output is not None:
            raise UsageError("--key-output and --in-place exclude each other")
        key_target = None
        if in_place or key_output is not None:
            key_target = command.Place(file if key_output is None else key_output, in_place, force)
        return command.run_detach(
            file,
            InputOptions(
                format=source,
                key=key,
                passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
                passphrase_encoding=passphrase_encoding,
                no_input=no_input,
                allow_costly=allow_costly_kdf,
            ),
            command.Place("-" if output is None else output, force=force),
            key_target,
            screen=screen,
        )

    run(work, quiet=quiet, as_json=as_json, color=color, document=True, prints=output in (None, "-"))
