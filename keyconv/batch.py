"""The same verb over many files, on any `concurrent.futures.Executor`.

`run` is the mechanism: results in the order of the jobs, so many at a time, whatever happens to one of them. What
crosses it must be plain values; a passphrase crosses as `Passphrase.hand_over` makes it. `convert_many` is the
library's verb on top.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from keyconv.crypto.kdf import Deriver
from keyconv.engine.conversion import KEEP, Keep
from keyconv.errors import InternalError, KeyconvError, WorkerError
from keyconv.formats import by_name
from keyconv.formats.base import WriteOptions
from keyconv.library import convert
from keyconv.secret import HandedOver, Passphrase

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

__all__ = ["WINDOW", "Converted", "Job", "Outcome", "convert_many", "run"]

WINDOW = 64
"""How many jobs are under way at once unless said otherwise: enough for many workers, and little memory."""

_PATIENCE = 0.5
"""Seconds between looks for an interrupt, which a wait without a limit does not notice on every system."""

_LOST_ELSEWHERE = frozenset({"KilledWorker"})
"""What other executors than those of Python call the exception for a worker that died; Dask, for one."""

JobT = TypeVar("JobT")
ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[JobT, ValueT]):
    """What came of one job: a value, or the error that it ended in."""

    job: JobT
    value: ValueT | None = field(default=None, repr=False)
    error: KeyconvError | None = None

    def result(self) -> ValueT:
        """Return the value, or raise the error."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # None only where ValueT has it


@dataclass(frozen=True, slots=True)
class _Attempt(Generic[ValueT]):
    """What came of one job, on its way back; executors write what they carry into their logs."""

    value: ValueT | None = field(default=None, repr=False)
    error: KeyconvError | None = None


def run(
    jobs: Iterable[JobT],
    work: Callable[[JobT], ValueT],
    executor: Executor | None = None,
    window: int = WINDOW,
) -> Iterator[Outcome[JobT, ValueT]]:
    """Do `work` for every job and yield the outcomes in the order of the jobs.

    Jobs are taken from the iterable when there is room: at most `window` are under way or wait to be yielded. Without
    an executor each is done here, when its outcome is asked for. An error of one job is its outcome; an exception that
    is not keyconv's becomes an error that names its type and place, not its text. A job whose worker died ends in a
    WorkerError. Whoever leaves early, by an interrupt or by closing the iterator, cancels what has not begun; the
    executor remains the caller's.
    """
    if window < 1:
        raise ValueError("a window holds at least one job")
    if executor is None:
        for job in jobs:
            attempt = _attempt(work, job)
            yield Outcome(job, attempt.value, attempt.error)
        return
    waiting: deque[tuple[JobT, Future[_Attempt[ValueT]] | WorkerError]] = deque()
    source = iter(jobs)
    more = True
    try:
        while more or waiting:
            while more and len(waiting) < window:
                try:
                    job = next(source)
                except StopIteration:
                    more = False
                    break
                waiting.append((job, _submit(executor, work, job)))
            if waiting:
                job, future = waiting[0]
                attempt = _settle(future)
                waiting.popleft()
                yield Outcome(job, attempt.value, attempt.error)
    finally:
        for _, future in waiting:
            if not isinstance(future, WorkerError):
                future.cancel()


def _submit(executor: Executor, work: Callable[[JobT], ValueT], job: JobT) -> Future[_Attempt[ValueT]] | WorkerError:
    from concurrent.futures import BrokenExecutor

    try:
        return executor.submit(_attempt, work, job)
    except BrokenExecutor:
        return _lost()


def _attempt(work: Callable[[JobT], ValueT], job: JobT) -> _Attempt[ValueT]:
    """Do one job, in whatever process this is; no exception leaves, for executors write those into their logs."""
    try:
        return _Attempt(work(job))
    except KeyconvError as error:
        error.__cause__ = error.__context__ = None  # whose frames hold what was decrypted, as its own do
        return _Attempt(error=error.with_traceback(None))
    except Exception as error:
        return _Attempt(error=InternalError.of(error))


def _settle(future: Future[_Attempt[ValueT]] | WorkerError) -> _Attempt[ValueT]:
    if isinstance(future, WorkerError):
        return _Attempt(error=future)
    from concurrent.futures import BrokenExecutor, CancelledError

    while True:
        try:
            return future.result(_PATIENCE)
        except TimeoutError as error:
            if future.done() and not future.cancelled() and future.exception() is error:
                return _Attempt(error=_lost())  # it is the executor's own: a connection that broke
        except (BrokenExecutor, CancelledError):
            return _Attempt(error=_lost())
        except Exception as error:  # what crosses cannot be pickled, which is the caller's to fix
            if type(error).__name__ in _LOST_ELSEWHERE:
                return _Attempt(error=_lost())
            raise


def _lost() -> WorkerError:
    return WorkerError(
        "the worker that had this in hand ended before it was done", hint="run it again, with fewer workers at a time"
    )


# ── the library's verb ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Job:
    """One key file to convert, as plain values: `how` holds the fields of `WriteOptions` but passphrase and deriver."""

    name: str
    data: bytes = field(repr=False)
    to: str | None = None
    passphrase: HandedOver | None = None
    new_passphrase: HandedOver | Keep | None = KEEP
    strict: bool = False
    how: tuple[tuple[str, Any], ...] = field(default=(), repr=False)
    allow_costly: bool = False


@dataclass(frozen=True, slots=True)
class Converted:
    """What came of one file: its name, and the bytes of the new file or the error."""

    name: str
    data: bytes | None = field(default=None, repr=False)
    error: KeyconvError | None = None

    def result(self) -> bytes:
        """Return the bytes, or raise the error."""
        if self.data is None:
            raise self.error or WorkerError("there is no result")
        return self.data


def convert_many(
    files: Iterable[tuple[str, bytes]],
    to: str | None = None,
    *,
    passphrase: Passphrase | bytes | str | None = None,
    new_passphrase: Passphrase | bytes | str | Keep | None = KEEP,
    strict: bool = False,
    options: WriteOptions | None = None,
    executor: Executor | None = None,
    window: int = WINDOW,
) -> Iterator[Converted]:
    """Convert many key files, given as names and bytes, and yield what came of each, in their order.

    The parameters are those of `convert`; one passphrase is tried for all. `executor` does the work, `window` files at
    a time; without one it is done here. Files are taken from the iterable as there is room, so that it may be endless.
    With an executor of other processes `options.random` must be picklable; a passphrase in `options` is refused.

    Raises: UsageError for a format that there is not; the errors of single files are in what is yielded.
    """
    if to is not None:
        by_name(to)
    opening = _handed_over(passphrase)
    locking = new_passphrase if isinstance(new_passphrase, Keep) else _handed_over(new_passphrase)
    how = _plain(options)
    costly = options is not None and options.deriver.allow_costly
    jobs = (Job(name, data, to, opening, locking, strict, how, costly) for name, data in files)
    return (Converted(each.job.name, each.value, each.error) for each in run(jobs, _convert, executor, window))


def _convert(job: Job) -> bytes:
    locking = job.new_passphrase
    return convert(
        job.data,
        job.to,
        passphrase=job.passphrase.take() if job.passphrase is not None else None,
        new_passphrase=locking.take() if isinstance(locking, HandedOver) else locking,
        strict=job.strict,
        options=WriteOptions(**dict(job.how), deriver=Deriver(allow_costly=job.allow_costly)),
    )


def _handed_over(passphrase: Passphrase | bytes | str | None) -> HandedOver | None:
    if passphrase is None:
        return None
    return (passphrase if isinstance(passphrase, Passphrase) else Passphrase(passphrase)).hand_over()


def _plain(options: WriteOptions | None) -> tuple[tuple[str, Any], ...]:
    if options is None:
        return ()
    if options.passphrase is not None:
        raise ValueError("the passphrase of the results is given as new_passphrase")
    kept = (each.name for each in fields(options) if each.name not in ("passphrase", "deriver"))
    return tuple((name, getattr(options, name)) for name in kept)
