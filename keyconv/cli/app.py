"""The commands, declared: names, arguments, flags and help. What each does is in the module of its name."""

from __future__ import annotations

import sys
from typing import Annotated, Literal, Optional

import typer

from keyconv import __version__
from keyconv.cli.agent_app import agent_app
from keyconv.cli.cert_app import cert_app
from keyconv.cli.check_app import register as register_check
from keyconv.cli.flags import (
    AllowCostly,
    AsJson,
    AskNewPassphrase,
    CipherName,
    Comment,
    Force,
    From,
    Inputs,
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
    PassphraseEnv,
    PassphraseFd,
    PassphraseFile,
    Quiet,
    Rounds,
    Strict,
)
from keyconv.cli.render import Screen
from keyconv.cli.running import INTERRUPTED, leave_at_once, refuse_usage, run

__all__ = ["app", "main"]

_PR_SET_DUMPABLE = 4
"""Of Linux' prctl(2)."""

app = typer.Typer(
    name="keyconv",
    help="Convert SSH keys between PuTTY's PPK, OpenSSH and their kin, and prove that it is still the same key.",
    epilog="Input is recognised by its content, never by its name. '-' is standard input.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"keyconv {__version__}")
        raise typer.Exit


@app.callback()
def _all(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


# ── commands ───────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def convert(
    inputs: Inputs,
    to: Annotated[
        Optional[str],
        typer.Option("-t", "--to", metavar="FORMAT", help="The format to write; 'keyconv formats' lists them all."),
    ] = None,
    output: Output = None,
    directory: Annotated[
        Optional[str],
        typer.Option("-d", "--directory", metavar="DIR", help="Write each result to a file in this folder."),
    ] = None,
    recursive: Annotated[bool, typer.Option("-r", "--recursive", help="With -d: go through folders.")] = False,
    source: From = None,
    key: Key = None,
    force: Force = False,
    strict: Strict = False,
    comment: Comment = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    passphrase_env: PassphraseEnv = None,
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
    quiet: Quiet = False,
) -> None:
    """Write a key in another format.

    Without -t the suffix of -o decides (.ppk .pub .pem .jwk); else a PPK becomes openssh, and any other private key
    becomes ppk. The passphrase is kept unless told otherwise. What was written is read back and proved to hold the
    same key.

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
            screen=screen,
        )

    run(work, quiet=quiet, as_json=as_json)


@app.command()
def public(
    inputs: Inputs,
    to: Annotated[
        Optional[str], typer.Option("-t", "--to", metavar="FORMAT", help="The format to write [openssh-pub].")
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
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    passphrase_env: PassphraseEnv = None,
    allow_costly_kdf: AllowCostly = False,
    no_input: NoInput = False,
    quiet: Quiet = False,
) -> None:
    """Write only the public half: the line for authorized_keys, out of anything.

    No passphrase is needed where the file shows its public half, as PPK and OpenSSH files do.

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
                no_input=no_input,
                allow_costly=allow_costly_kdf,
            ),
            OutputOptions(format=to, output=output, force=force, strict=strict, comment=comment),
            options,
            screen=screen,
        )

    run(work, quiet=quiet)


@app.command()
def inspect(
    inputs: Inputs,
    source: From = None,
    key: Key = None,
    visual: Annotated[bool, typer.Option("--visual", help="Draw the fingerprint as 'ssh-keygen -lv' does.")] = False,
    show_private: Annotated[
        bool, typer.Option("--show-private", help="With -o FILE: the values of the private half too.")
    ] = False,
    output: Output = None,
    force: Force = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    passphrase_env: PassphraseEnv = None,
    allow_costly_kdf: AllowCostly = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Tell what a file is: format, type, bits, fingerprints, comment, encryption, KDF and its cost.

    No passphrase is asked for; one that is given fills in what is hidden without it.
    """

    def work(screen: Screen) -> int:
        from keyconv.cli import inspect as command
        from keyconv.cli.options import InputOptions
        from keyconv.cli.prompt import PassphraseSource

        return command.run(
            tuple(inputs),
            InputOptions(
                format=source,
                key=key,
                passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
                no_input=True,
                allow_costly=allow_costly_kdf,
            ),
            command.Wanted(visual=visual, show_private=show_private, output=output, force=force),
            screen=screen,
        )

    run(work, quiet=quiet, as_json=as_json)


@app.command()
def match(
    files: Annotated[list[str], typer.Argument(metavar="FILE FILE...", help="Key files; - is standard input.")],
    source: From = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    passphrase_env: PassphraseEnv = None,
    allow_costly_kdf: AllowCostly = False,
    no_input: NoInput = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Tell whether files hold the same key, in any formats: private, public, certificate, authorized_keys.

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
                no_input=no_input,
                allow_costly=allow_costly_kdf,
            ),
            screen=screen,
        )

    run(work, quiet=quiet, as_json=as_json)


@app.command()
def passphrase(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A private key; - reads standard input, writes output.")],
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Write today's format version, KDF, cost and cipher.")
    ] = False,
    source: From = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    passphrase_env: PassphraseEnv = None,
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
                passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
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

    run(work, quiet=quiet)


@app.command()
def comment(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A key; - reads standard input, writes output.")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The new comment; '' for none.")],
    source: From = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    passphrase_env: PassphraseEnv = None,
    allow_costly_kdf: AllowCostly = False,
    no_input: NoInput = False,
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
                passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
                no_input=no_input,
                allow_costly=allow_costly_kdf,
            ),
            screen=screen,
        )

    run(work, quiet=quiet)


@app.command()
def generate(
    key_type: Annotated[
        Literal["ed25519", "ecdsa", "rsa", "ed448", "dsa"],
        typer.Option("-t", "--type", help="The type of the key."),
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
        typer.Option("--also", metavar="FORMAT", help="Write it in this format too; repeat at will."),
    ] = None,
    insecure_dsa: Annotated[
        bool, typer.Option("--insecure-dsa", help="Really make a DSA key, which OpenSSH 10 no longer knows.")
    ] = False,
    comment: Comment = None,
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

        if key_type == "dsa" and not insecure_dsa:
            raise UsageError(
                "DSA keys are broken and no longer taken by OpenSSH",
                hint="-t ed25519 is today's choice; --insecure-dsa insists",
            )
        return command.run(
            key_type,
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

    run(work, quiet=quiet)


@app.command()
def repair(
    file: Annotated[str, typer.Argument(metavar="INPUT", help="A key file; - is standard input.")],
    output: Output = None,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Write over the input, after copying it to INPUT.bak.")
    ] = False,
    force: Force = False,
    source: From = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    passphrase_env: PassphraseEnv = None,
    allow_costly_kdf: AllowCostly = False,
    quiet: Quiet = False,
) -> None:
    """Undo damage from copying and pasting, and say what was undone.

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
                no_input=True,
                allow_costly=allow_costly_kdf,
            ),
            OutputOptions(output=output, force=force),
            in_place=in_place,
            screen=screen,
        )

    run(work, quiet=quiet)


register_check(app)
app.add_typer(cert_app)
app.add_typer(agent_app)


@app.command()
def formats(as_json: AsJson = False) -> None:
    """Print the table of formats and key types and what each can hold."""

    def work(screen: Screen) -> int:
        from keyconv.cli import formats as command

        return command.run(screen=screen)

    run(work, as_json=as_json)


def main() -> None:
    """Run the program."""
    _forbid_core_dumps()
    try:
        # `python -m keyconv` has this name too, or its completion script would be for 'python -m keyconv'.
        code = app(prog_name="keyconv", standalone_mode=False)
    except typer.Abort:
        code = INTERRUPTED
    except OSError as error:  # what typer prints itself, such as --help, could not be written
        from keyconv.errors import OutputError
        from keyconv.files.system import reason_of

        refusal = OutputError(f"cannot write to standard output: {reason_of(error, absent='it is closed')}")
        Screen().error(refusal)
        code = refusal.exit_code
    except Exception as error:  # typer's own, whose class depends on its version
        code = refuse_usage(error)
    if code == INTERRUPTED:
        leave_at_once(code)
    sys.exit(code)


def _forbid_core_dumps() -> None:
    # A core file would hold keys and passphrases.
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # where a core dump may go to a program, which the limit above does not bound
        import ctypes
        from contextlib import suppress

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
