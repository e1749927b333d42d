"""Who does the work of a batch: threads where a KDF does most of it, processes where Python does."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["AHEAD", "BREAK_EVEN", "ended_by_signals", "for_files", "processes", "processors", "threads"]

AHEAD = 4
"""Files under way for each worker: none has to wait, and what waits for one that takes long is little."""

BREAK_EVEN = 100
"""Files that are not encrypted from which on the start of processes is worth it; benchmarks/rates.py measures that."""

BREAK_EVEN_WITH_KDF = 20
"""Encrypted files from which on it is: Argon2 in two threads of one process takes some percent longer."""

_MOST_ON_WINDOWS = 61
"""It waits for at most 63 things at once, of which two are not workers."""


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


@contextmanager
def threads(count: int, *, wait: bool = False) -> Iterator[Executor]:
    """Return threads; when the work is interrupted, what has not begun is dropped, and the rest waited for if asked."""
    from concurrent.futures import ThreadPoolExecutor

    executor = ThreadPoolExecutor(count)
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=wait, cancel_futures=True)
        raise
    executor.shutdown()


@contextmanager
def processes(count: int, begin: Callable[..., None], *values: Any) -> Iterator[Executor]:
    """Return processes that have called `begin`; when the work is broken off, they are killed."""
    from keyconv.cli.processes import Processes

    executor = Processes(min(count, _MOST_ON_WINDOWS) if sys.platform == "win32" else count, begin, *values)
    try:
        yield executor
    except BaseException:
        executor.kill()
        raise
    executor.shutdown()


@contextmanager
def for_files(
    count: int, begin: Callable[..., None], *values: Any, many: bool, derives: bool
) -> Iterator[Executor | None]:
    """Return who reads files that are only looked at, after `begin`; None where this process had better do it.

    Processes where there are `many` files; else threads where it `derives`, since a KDF may run for each.
    """
    if count > 1 and many:
        with processes(count, begin, *values) as executor:
            yield executor
    elif count > 1 and derives:
        begin(*values)
        with threads(count) as executor:
            yield executor
    else:
        yield None


@contextmanager
def ended_by_signals() -> Iterator[Callable[[], None]]:
    """Have SIGTERM end the work within as Ctrl-C does; another program that stops this one asks for the same.

    Yields a function to call now and then, which raises KeyboardInterrupt where that came and was lost: Python goes on
    after what is raised in a callback of its own, and reports it, but not here. A signal to the whole group of
    processes ends workers, too, of which a thread of their executor would then complain.
    """
    import signal
    import threading

    came: list[int] = []

    def interrupt(number: int, frame: object) -> None:
        came.append(number)
        raise KeyboardInterrupt

    def look() -> None:
        if came:
            raise KeyboardInterrupt

    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    if threading.current_thread() is not threading.main_thread():
        yield look
        return
    before = {number: each for number, each in usual.items() if signal.getsignal(number) == each}
    complain, report = threading.excepthook, sys.unraisablehook
    threading.excepthook = lambda _: None
    sys.unraisablehook = lambda lost: None if isinstance(lost.exc_value, KeyboardInterrupt) else report(lost)
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield look
    finally:
        for number, each in before.items():
            signal.signal(number, each)
        threading.excepthook, sys.unraisablehook = complain, report
