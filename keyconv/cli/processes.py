"""Worker processes that leave nothing behind: not when one of them dies, and not when the main process does."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from keyconv.cli.core_dumps import forbid_core_dumps

__all__ = ["Processes"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Processes(Executor):
    """Worker processes that all begin with one call of `begin`; after one has died there are new ones.

    Of a process with one thread they are copies, which takes milliseconds, where the system is Linux; elsewhere each
    starts an interpreter of its own. They leave the interrupt to the main process, and end when that has ended.
    """

    def __init__(self, count: int, begin: Callable[..., None], *values: Any) -> None:
        self._others = _children()
        self._count = count
        self._begin = begin
        self._values = values
        self._pool = self._new_pool()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a function called in one of the processes."""
        try:
            return self._pool.submit(fn, *args, **kwargs)
        except BrokenExecutor:
            self._pool.shutdown(wait=False)
            self._pool = self._new_pool()
            return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes."""
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)

    def kill(self) -> None:
        """End the processes at once. They hold no files; what they were at is lost, and nothing else."""
        for process in _children() - self._others:
            with suppress(OSError, ValueError):
                process.kill()
        self._pool.shutdown(cancel_futures=True)

    def _new_pool(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("fork" if _has_one_thread() else "spawn")
        pool = ProcessPoolExecutor(self._count, context, _prepare, (self._begin, self._values))
        with _held_back():
            pool.submit(_nothing)  # of a copy, all are made now
        return pool


def _children() -> set[BaseProcess]:
    return set(multiprocessing.active_children())


def _has_one_thread() -> bool:
    """Return whether this process may be copied: a lock that another thread holds would stay locked in the copy."""
    if sys.platform != "linux":
        return False
    try:
        return sum(1 for _ in Path("/proc/self/task").iterdir()) == 1
    except OSError:
        return False


@contextmanager
def _held_back() -> Iterator[None]:
    """Hold signals back while processes are made, where an exception would be lost, or leave a thread half begun."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _nothing() -> None:
    pass


def _prepare(begin: Callable[..., None], values: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    forbid_core_dumps()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    begin(*values)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
