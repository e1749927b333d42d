"""Running a command: its exit code, and one line for whatever goes wrong."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

import typer

from keyconv.cli.render import Document, Screen, to_json
from keyconv.errors import InternalError, KeyconvError, OutputError, ReaderGoneError, UsageError

__all__ = ["INTERRUPTED", "READER_GONE", "leave", "refuse_usage", "run"]

INTERRUPTED = 130
INTERNAL = 3
READER_GONE = ReaderGoneError.exit_code if os.name == "posix" else OutputError.exit_code
"""141, as a shell says it of what SIGPIPE ends; Windows has no such signal."""


def run(
    work: Callable[[Screen], int],
    *,
    quiet: bool = False,
    as_json: bool = False,
    color: str | None = None,
    document: bool = False,
    prints: bool = False,
) -> None:
    """Run a command's work and leave with its exit code; whatever goes wrong becomes one line.

    With `document` and `as_json` what the command says becomes the JSON document, unless it `prints` its result.
    """
    collected = Document() if document and as_json else None
    screen = Screen(quiet=quiet, as_json=as_json, colour=color or "auto", document=collected)
    try:
        if collected is not None and prints:
            raise UsageError("--json needs a file for the result", hint="-o FILE; standard output has the JSON")
        code = work(screen)
        if collected is not None:
            screen.data(to_json({**collected.facts, "notes": collected.notes}))
    except KeyconvError as error:
        screen.error(error)
        code = READER_GONE if isinstance(error, ReaderGoneError) else error.exit_code
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:
        # Python 3.11 makes a RuntimeError of what is raised while a class body is being finished, in an import say.
        if isinstance(error.__cause__, KeyboardInterrupt):
            code = INTERRUPTED
        else:
            screen.error(InternalError.of(error))
            code = INTERNAL
    raise typer.Exit(code)


def refuse_usage(error: Exception, commands: tuple[str, ...]) -> int:
    """Print what typer says of a wrong call in keyconv's own shape, and give the exit code.

    The help that a command without arguments gets is printed as it is. An error that is not of typer's is raised again.
    """
    if getattr(error, "format_message", None) is None:
        raise error
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()  # type: ignore[attr-defined]
        return 2
    from keyconv.cli.usage_errors import explain_usage

    usage = explain_usage(error, sys.argv[1:], commands)
    Screen(as_json="--json" in sys.argv).error(usage)
    return usage.exit_code


def leave(code: int) -> NoReturn:
    """Leave the process without taking the interpreter down object by object, which takes as long as reading a key.

    What was registered for the end is done first. After an interrupt not even that: a KDF that is still at work in its
    thread is not waited for, and the interpreter's own end would take its ground away under compiled code, which then
    aborts.
    """
    if code != INTERRUPTED:
        atexit._run_exitfuncs()
    with suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
    os._exit(code)
