"""The program: its commands, each declared in a module of its own, and what surrounds the run of one."""

from __future__ import annotations

import os
from collections import UserDict
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from keyconv import __version__
from keyconv.cli.core_dumps import forbid_core_dumps
from keyconv.cli.render import Screen
from keyconv.cli.running import INTERRUPTED, READER_GONE, leave, refuse_usage

__all__ = ["COMMANDS", "app", "main"]

COMMANDS = (
    *("convert", "public", "inspect", "match", "passphrase", "comment", "generate", "repair", "check", "rule"),
    *("formats", "schema", "completion", "cert", "agent"),
)
"""In the order of the help; `keyconv.cli.NAME_app` declares each, by its `register`."""

_OPENSSLS = frozenset({"-in", "-out", "-inform", "-outform", "-passin", "-passout", "-pubout", "-pubin", "-nodes"})
"""Flags of openssl that would be taken for several flags of one letter."""

DOCTOR = "doctor"
"""The command that a file without a command is given to; the help does not list it."""


_EPILOG = """\
A file's content decides what it is, never its name; - is standard input.
Options: -V, --version; -h, --help, also after a command. keyconv help COMMAND
"""


class Declarations(UserDict[str, Any]):
    """The commands by name; the module that declares one is imported when it is asked for.

    A run of the program asks for one of them, and only its help and the shell's completion for all.
    """

    def __getitem__(self, name: str) -> Any:
        if self.data[name] is None:
            self.data[name] = _declared(name)
        return self.data[name]


def _declared(name: str) -> Any:
    declared = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
    import_module(f"keyconv.cli.{name}_app").register(declared)
    return get_group(declared).commands[name]


class Program(TyperGroup):
    """The group of all commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = Declarations(dict.fromkeys(COMMANDS))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Find a command, also the one that the help does not list."""
        return _declared(DOCTOR) if cmd_name == DOCTOR else super().get_command(ctx, cmd_name)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Look at what no parser of options could make sense of, and give files without a command to the doctor."""
        if not _OPENSSLS.isdisjoint(args):
            _refuse_openssls(ctx, args)
        if args and args[0] not in self.commands:
            args = _without_command(args)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """List the commands; their own help lists options, and the epilog names the two of the program."""
        self.format_commands(ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the last lines as they are, so that all fits a screen of 24 lines."""
        formatter.write_paragraph()
        formatter.write(_EPILOG)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, or say which one was meant."""
        if args[0] not in self.commands and args[0] != DOCTOR:
            from keyconv.cli.first_words import meant_command

            meant = meant_command(args[0], COMMANDS)
            said = f"Did you mean '{meant}'?" if meant else "There is no file of that name either."
            _fail(ctx, f"No such command {args[0]!r}. {said}", _hint_for(meant, args) if meant else "")
        return super().resolve_command(ctx, args)


def _without_command(args: list[str]) -> list[str]:
    from keyconv.cli.first_words import is_for_doctor

    match args:
        case ["help", *rest]:
            return [*rest, "--help"]
        case ["version"]:
            return ["--version"]
    return [DOCTOR, *args] if is_for_doctor(args, COMMANDS) else args


def _refuse_openssls(ctx: Any, args: list[str]) -> None:
    """Refuse flags of openssl: `-out x` would be taken for `-o ut x`."""
    from keyconv.cli.first_words import verb_of
    from keyconv.cli.foreign_flags import answer, flags_before

    flag = next((word for word in flags_before(args) if word in _OPENSSLS), None)
    if flag is None:
        return
    verb, rest = verb_of(args, COMMANDS)
    known = answer(flag, rest, verb)
    if known is not None:
        _fail(ctx, known.message, known.command)


def _hint_for(meant: str, args: list[str]) -> str:
    import shlex

    from keyconv.cli.foreign_flags import is_foreign, translate

    if any(map(is_foreign, args)):
        return translate(args[1:], meant)
    return shlex.join(["keyconv", meant, *args[1:]])


def _fail(ctx: Any, message: str, hint: str) -> None:
    """Raise typer's own error of usage, with a hint."""
    try:
        ctx.fail(message)
    except Exception as error:
        error.hint = hint  # type: ignore[attr-defined]
        raise


app = typer.Typer(
    name="keyconv",
    cls=Program,
    help="Convert, check and fix SSH keys. 'keyconv FILE' says what a file is.",
    options_metavar="",
    subcommand_metavar="FILE... | COMMAND [ARGS]...",
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
        bool, typer.Option("-V", "--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the program, and leave the process."""
    forbid_core_dumps()
    try:
        # `python -m keyconv` has this name too, or its completion script would be for 'python -m keyconv'.
        code = app(prog_name="keyconv", standalone_mode=False) or 0
    except typer.Abort:
        code = INTERRUPTED
    except SystemExit as left:  # typer's: after a completion script; with 1 where the reader of help left
        code = int(left.code or 0)
        if code and "_KEYCONV_COMPLETE" not in os.environ:
            code = READER_GONE
    except OSError as error:  # what typer prints itself, such as --help, could not be written
        from keyconv.errors import OutputError
        from keyconv.files.system import reason_of

        refusal = OutputError(f"cannot write to standard output: {reason_of(error, absent='it is closed')}")
        Screen().error(refusal)
        code = refusal.exit_code
    except Exception as error:  # typer's own, whose class depends on its version
        code = refuse_usage(error, COMMANDS)
    leave(code)
