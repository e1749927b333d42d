"""`keyconv agent`, declared: names, arguments, flags and help of its commands."""

from typing import Annotated, Optional

import typer

from keyconv.cli.declaring import Command, group
from keyconv.cli.flags import (
    AllowCostly,
    AsJson,
    Color,
    From,
    Inputs,
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

__all__ = ["agent_app", "register"]

agent_app = group("agent", "Add keys to ssh-agent, list and remove them.")


def register(app: typer.Typer) -> None:
    """Declare the group of commands on the program."""
    app.add_typer(agent_app)


@agent_app.command(cls=Command, short_help="Add keys of any format to the agent.")
def add(
    inputs: Inputs,
    lifetime: Annotated[
        Optional[str],
        typer.Option("-t", "--lifetime", metavar="TIME", help="Forget the key after so long: seconds, or like 1h30m."),
    ] = None,
    confirm: Annotated[bool, typer.Option("-c", "--confirm", help="Have the agent ask before each use.")] = False,
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
    """Add keys to the agent, from files of any format.

    A certificate in the file, or in the -cert.pub file beside it, is added too, as ssh-add does.

    keyconv agent add id_rsa.ppk --lifetime 1h
    """

    def work(screen: Screen) -> int:
        from keyconv.agent import Constraints
        from keyconv.cli import agent as command
        from keyconv.cli.options import InputOptions
        from keyconv.cli.prompt import PassphraseSource

        seconds = None if lifetime is None else command.parse_lifetime(lifetime)
        return command.run_add(
            tuple(inputs),
            InputOptions(
                format=source,
                key=key,
                passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
                passphrase_encoding=passphrase_encoding,
                no_input=no_input,
                allow_costly=allow_costly_kdf,
            ),
            Constraints(seconds, confirm),
            screen=screen,
        )

    run(work, quiet=quiet, as_json=as_json, color=color, document=True)


@agent_app.command(name="list", cls=Command, short_help="List the keys in the agent.")
def list_(
    public: Annotated[
        bool, typer.Option("--public", help="Print lines for authorized_keys, as 'ssh-add -L' does.")
    ] = False,
    no_input: NoInput = False,
    as_json: AsJson = False,
    color: Color = None,
    quiet: Quiet = False,
) -> None:
    """List the keys that the agent holds, as 'ssh-add -l' does."""

    def work(screen: Screen) -> int:
        from keyconv.cli import agent as command
        from keyconv.errors import UsageError

        if public and as_json:
            raise UsageError("--public and --json exclude each other; the JSON holds the lines too")
        return command.run_list(public=public, screen=screen)

    run(work, quiet=quiet, as_json=as_json, color=color)


@agent_app.command(cls=Command, short_help="Remove keys from the agent.")
def remove(
    inputs: Annotated[
        Optional[list[str]],
        typer.Argument(metavar="[INPUT...]", help="Files of the keys, private or public; - is standard input."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Remove every key.")] = False,
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
    """Remove keys from the agent; no passphrase is needed where a file shows its public half.

    With a key its certificates go, those in the file and in the -cert.pub file beside it. A certificate's file removes
    the certificate alone.
    """

    def work(screen: Screen) -> int:
        from keyconv.cli import agent as command
        from keyconv.cli.options import InputOptions
        from keyconv.cli.prompt import PassphraseSource
        from keyconv.errors import UsageError

        if bool(inputs) is everything:
            raise UsageError("say what to remove: either files or --all")
        if everything:
            return command.run_remove_all(screen=screen)
        return command.run_remove(
            tuple(inputs or ()),
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

    run(work, quiet=quiet, as_json=as_json, color=color, document=True)
