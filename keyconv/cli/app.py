"""The commands, declared: names, arguments, flags and help. What each does is in the module of its name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal, Optional

import typer

from keyconv import __version__
from keyconv.errors import KeyconvError

if TYPE_CHECKING:
    from keyconv.cli.render import Screen

__all__ = ["app", "main"]

app = typer.Typer(
    name="keyconv",
    help="Convert SSH keys between PuTTY's PPK, OpenSSH and their kin, and prove that it is still the same key.",
    epilog="Input is recognised by its content, never by its name. '-' is standard input.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

INTERRUPTED = 130
INTERNAL = 3

# ── arguments and flags that several commands share ────────────────────────────────────────────────────────────────

Inputs = Annotated[list[str], typer.Argument(metavar="INPUT...", help="Key files; - is standard input.")]
From = Annotated[
    Optional[str],
    typer.Option("--from", metavar="FORMAT", help="Read the input as this format, whatever it looks like."),
]
Key = Annotated[
    Optional[int], typer.Option("--key", metavar="N", min=1, help="Which key of a file that holds several.")
]
PassphraseFile = Annotated[
    Optional[str], typer.Option(metavar="FILE", help="The input's passphrase is the first line of this file.")
]
PassphraseFd = Annotated[
    Optional[int], typer.Option(metavar="N", min=0, help="The input's passphrase is the first line of this descriptor.")
]
PassphraseEnv = Annotated[
    Optional[str], typer.Option(metavar="NAME", help="The input's passphrase is in this environment variable.")
]
NoInput = Annotated[bool, typer.Option("--no-input", help="Never ask for anything; fail instead.")]
AllowCostly = Annotated[
    bool, typer.Option("--allow-costly-kdf", help="Run a key derivation above keyconv's limits of time and memory.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document; errors are JSON too.")]
Output = Annotated[
    Optional[str], typer.Option("-o", "--output", metavar="FILE", help="Where to write; - is standard output.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that exists (never an input).")]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse to lose anything that the target cannot hold.")]
Comment = Annotated[Optional[str], typer.Option(metavar="TEXT", help="The comment to write instead of the input's.")]


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
    new_passphrase: Annotated[
        bool, typer.Option("--new-passphrase", help="Ask for a new passphrase for the output.")
    ] = False,
    new_passphrase_file: Annotated[
        Optional[str], typer.Option(metavar="FILE", help="The output's passphrase is the first line of this file.")
    ] = None,
    new_passphrase_fd: Annotated[
        Optional[int],
        typer.Option(metavar="N", min=0, help="The output's passphrase is the first line of this descriptor."),
    ] = None,
    new_passphrase_env: Annotated[
        Optional[str], typer.Option(metavar="NAME", help="The output's passphrase is in this environment variable.")
    ] = None,
    no_passphrase: Annotated[bool, typer.Option("--no-passphrase", help="Write an unencrypted key.")] = False,
    kdf: Annotated[
        Optional[Literal["argon2id", "argon2i", "argon2d"]], typer.Option(help="For ppk: the flavour [argon2id].")
    ] = None,
    kdf_memory: Annotated[
        Optional[int], typer.Option(metavar="KIB", min=8, max=2**32 - 1, help="For ppk: memory [8192].")
    ] = None,
    kdf_passes: Annotated[
        Optional[int], typer.Option(metavar="N", min=1, max=2**32 - 1, help="For ppk: passes over the memory.")
    ] = None,
    kdf_time: Annotated[
        Optional[int],
        typer.Option(metavar="MS", min=1, max=60_000, help="For ppk: as many passes as take this long [100]."),
    ] = None,
    kdf_parallelism: Annotated[
        Optional[int], typer.Option(metavar="N", min=1, max=64, help="For ppk: lanes [1].")
    ] = None,
    rounds: Annotated[
        Optional[int], typer.Option(metavar="N", min=1, max=2**32 - 1, help="For openssh: rounds of bcrypt [24].")
    ] = None,
    cipher: Annotated[Optional[str], typer.Option(metavar="NAME", help="For openssh: the cipher [aes256-ctr].")] = None,
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

    def work() -> int:
        from keyconv.cli.convert import run
        from keyconv.cli.options import InputOptions, OutputOptions
        from keyconv.cli.prompt import PassphraseSource

        return run(
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
            screen=_screen(quiet, as_json),
        )

    _run(work, quiet, as_json)


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

    def work() -> int:
        from keyconv.cli.options import InputOptions, OutputOptions
        from keyconv.cli.prompt import PassphraseSource
        from keyconv.cli.public import run

        return run(
            tuple(inputs),
            InputOptions(
                format=source,
                key=key,
                passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
                no_input=no_input,
                allow_costly=allow_costly_kdf,
            ),
            OutputOptions(format=to, output=output, force=force, strict=strict, comment=comment),
            screen=_screen(quiet),
        )

    _run(work, quiet)


@app.command()
def inspect(
    inputs: Inputs,
    source: From = None,
    key: Key = None,
    visual: Annotated[bool, typer.Option("--visual", help="Draw the fingerprint as 'ssh-keygen -lv' does.")] = False,
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

    def work() -> int:
        from keyconv.cli.inspect import run
        from keyconv.cli.options import InputOptions
        from keyconv.cli.prompt import PassphraseSource

        return run(
            tuple(inputs),
            InputOptions(
                format=source,
                key=key,
                passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
                no_input=True,
                allow_costly=allow_costly_kdf,
            ),
            visual=visual,
            screen=_screen(quiet, as_json),
        )

    _run(work, quiet, as_json)


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

    def work() -> int:
        from keyconv.cli.match import run
        from keyconv.cli.options import InputOptions
        from keyconv.cli.prompt import PassphraseSource

        return run(
            tuple(files),
            InputOptions(
                format=source,
                passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
                no_input=no_input,
                allow_costly=allow_costly_kdf,
            ),
            screen=_screen(quiet, as_json),
        )

    _run(work, quiet, as_json)


@app.command()
def formats(as_json: AsJson = False) -> None:
    """Print the table of formats and key types and what each can hold."""

    def work() -> int:
        from keyconv.cli.formats import run

        return run(screen=_screen(False, as_json))

    _run(work, False, as_json)


# ── running ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _screen(quiet: bool, as_json: bool = False) -> Screen:
    from keyconv.cli.render import Screen

    return Screen(quiet=quiet, as_json=as_json)


def _run(work: Callable[[], int], quiet: bool, as_json: bool = False) -> None:
    """Run a command's work and leave with its exit code; whatever goes wrong becomes one line."""
    try:
        code = work()
    except KeyconvError as error:
        _screen(quiet, as_json).error(error)
        code = error.exit_code
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:  # a fault of keyconv's own: its text could hold a secret, its type and place cannot
        _screen(quiet, as_json).error(_internal(error))
        code = INTERNAL
    raise typer.Exit(code)


def _internal(error: Exception) -> KeyconvError:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else "an unknown place"
    return KeyconvError(
        f"internal error: {type(error).__name__} in {place}",
        hint="please report this, with what the file is but never with a private key",
    )


def main() -> None:
    """Run the program."""
    _forbid_core_dumps()
    app()


def _forbid_core_dumps() -> None:
    # A core file would hold keys and passphrases.
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
