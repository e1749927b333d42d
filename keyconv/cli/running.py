"""Running a command: its exit code, and one line for whatever goes wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress

import typer

from keyconv.cli.render import Screen
from keyconv.errors import KeyconvError, UsageError

__all__ = ["INTERRUPTED", "leave_at_once", "refuse_usage", "run"]

INTERRUPTED = 130
INTERNAL = 3


def run(work: Callable[[Screen], int], *, quiet: bool = False, as_json: bool = False) -> None:
    """Run a command's work and leave with its exit code; whatever goes wrong becomes one line."""
    screen = Screen(quiet=quiet, as_json=as_json)
    try:
        code = work(screen)
    except KeyconvError as error:
        screen.error(error)
        code = error.exit_code
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:  # a fault of keyconv's own: its text could hold a secret, its type and place cannot
        screen.error(_internal(error))
        code = INTERNAL
    raise typer.Exit(code)


def refuse_usage(error: Exception) -> int:
    """Print what typer says of a wrong call in keyconv's own shape, and give the exit code.

    The help that a command without arguments gets is printed as it is. An error that is not of typer's is raised again.
    """
    message = getattr(error, "format_message", None)
    if message is None:
        raise error
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()  # type: ignore[attr-defined]
        return 2
    context = getattr(error, "ctx", None)
    usage = UsageError(" ".join(message().split()).rstrip("."))
    usage.message = usage.message[:1].lower() + usage.message[1:]
    usage.hint = f"{context.command_path if context else 'keyconv'} --help"
    Screen(as_json="--json" in sys.argv).error(usage)
    return usage.exit_code


def leave_at_once(code: int) -> None:
    """Leave without waiting for, or tearing down, a KDF that is still at work in its thread.

    The interpreter's own end would take its ground away under compiled code, which then aborts.
    """
    with suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
    os._exit(code)


def _internal(error: Exception) -> KeyconvError:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else "an unknown place"
    return KeyconvError(
        f"internal error: {type(error).__name__} in {place}",
        hint="please report this, with what the file is but never with a private key",
    )
