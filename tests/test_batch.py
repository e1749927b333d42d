"""Many jobs on any executor: the order is kept, the memory bounded, and nothing that happens to one ends the others."""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from itertools import count, islice
from typing import Any

import pytest
from batches import ALWAYS, CHEAP, convert_fixtures, expected
from fixture_files import PASSPHRASE, by_path, sample
from tools import wait_until

from keyconv import Passphrase, WriteOptions, batch, convert, convert_many, read, unlock
from keyconv.engine.conversion import KEEP
from keyconv.errors import KeyconvError, LimitError, UsageError, WorkerError, WrongPassphraseError
from keyconv.secret import HandedOver

CANARY = "canary: Tr0ub4dor & 3"
LOCKED = by_path("ppk/ed25519-v3-argon2id-encrypted.ppk")
METHODS = [
    method
    for method in ("fork", "spawn")
    if method in multiprocessing.get_all_start_methods() and (method != "fork" or sys.version_info < (3, 12))
]
"""From 3.12 on Python warns of a copy of a process that has threads, as one that runs tests may."""


class Manual(Executor):
    """Does nothing until it is reported to."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []
        self.calls: list[Callable[[], Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.calls.append(partial(fn, *args))
        self.futures.append(Future())
        return self.futures[-1]

    def do(self, number: int) -> None:
        self.futures[number].set_result(self.calls[number]())

    def do_when_there(self, number: int) -> None:
        wait_until(lambda: len(self.futures) > number)
        self.do(number)


class Eager(Executor):
    """Does each job when it is submitted."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args))
        return future


def double(number: int) -> int:
    if number < 0:
        raise UsageError(f"{number} is negative")
    if number == 1313:
        raise RuntimeError(CANARY)
    return 2 * number


def die_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    return number


# ── the order and the window ───────────────────────────────────────────────────────────────────────────────────────


def test_outcomes_come_in_the_order_of_the_jobs_whatever_is_done_first() -> None:
    manual = Manual()
    outcomes = batch.run(range(4), double, manual, window=4)
    found: list[int | None] = []
    reader = threading.Thread(target=lambda: found.extend(each.value for each in outcomes))
    reader.start()
    wait_until(lambda: len(manual.futures) == 4)
    for number in (2, 0, 3, 1):
        manual.do(number)
    reader.join()
    assert found == [0, 2, 4, 6]


@pytest.mark.parametrize("window", [1, 2, 7])
def test_no_more_jobs_are_taken_than_the_window_holds(window: int) -> None:
    taken = 0

    def jobs() -> Iterator[int]:
        nonlocal taken
        for number in range(20):
            taken += 1
            yield number

    done = 0
    for outcome in batch.run(jobs(), double, Eager(), window=window):
        assert taken <= done + window
        assert outcome.value == 2 * done
        done += 1
    assert done == taken == 20


@pytest.mark.parametrize("executor", [None, Eager()], ids=["here", "executor"])
def test_jobs_may_be_endless(executor: Executor | None) -> None:
    outcomes = batch.run(count(), lambda number: number, executor, window=3)
    assert [each.value for each in islice(outcomes, 5)] == [0, 1, 2, 3, 4]


def test_a_window_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        next(batch.run([1], double, None, window=0))


def test_no_jobs_are_no_outcomes() -> None:
    assert list(batch.run([], double, Eager())) == []
    assert list(batch.run([], double)) == []


def test_leaving_early_cancels_what_has_not_begun() -> None:
    manual = Manual()
    outcomes = batch.run(count(), double, manual, window=5)
    other = threading.Thread(target=manual.do_when_there, args=(0,))
    other.start()
    assert next(outcomes).value == 0
    other.join()
    outcomes.close()  # type: ignore[attr-defined]
    assert all(future.cancelled() for future in manual.futures[1:])
    assert len(manual.futures) == 5


def test_an_interrupt_of_the_reader_cancels_what_has_not_begun() -> None:
    manual = Manual()

    def jobs() -> Iterator[int]:
        yield 1
        yield 2
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(batch.run(jobs(), double, manual, window=5))
    assert [future.cancelled() for future in manual.futures] == [True, True]


# ── failures ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("threads", [False, True])
def test_an_error_is_the_outcome_of_its_job_and_the_others_go_on(threads: bool) -> None:
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(batch.run([1, -1, 2], double, pool if threads else None))
    assert [each.value for each in outcomes] == [2, None, 4]
    assert isinstance(outcomes[1].error, UsageError)
    assert outcomes[0].result() == 2
    with pytest.raises(UsageError, match="-1 is negative"):
        outcomes[1].result()


def test_another_exception_is_told_by_its_type_and_place_and_not_by_its_text() -> None:
    (outcome,) = batch.run([1313], double)
    assert outcome.error is not None
    assert str(outcome.error).startswith("internal error: RuntimeError in double, line ")
    assert CANARY not in repr(outcome) + str(outcome.error) + outcome.error.hint


def test_errors_leave_without_the_frames_that_hold_what_was_decrypted() -> None:
    (found,) = convert_many([("a", LOCKED.data)], passphrase="wrong " + CANARY, executor=Eager())
    assert isinstance(found.error, WrongPassphraseError)
    assert (found.error.__traceback__, found.error.__context__, found.error.__cause__) == (None, None, None)


@pytest.mark.parametrize("method", METHODS)
def test_a_worker_that_is_killed_is_told_for_its_jobs_and_nothing_hangs(method: str) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        outcomes = list(batch.run(range(8), die_at_three, pool, window=2))
    assert [each.job for each in outcomes] == list(range(8))
    assert [each.value for each in outcomes[:3]] == [0, 1, 2]
    assert all(isinstance(each.error, WorkerError) for each in outcomes[3:])


@pytest.mark.parametrize("error", [TimeoutError("no answer"), CancelledError(), BrokenExecutor("gone")])
def test_what_the_executor_itself_gives_up_is_told_as_lost(error: BaseException) -> None:
    class GivingUp(Executor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_exception(error)
            return future

    assert [type(each.error) for each in batch.run([1, 2], double, GivingUp())] == [WorkerError] * 2


def test_what_cannot_be_sent_is_the_callers_mistake() -> None:
    with (
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool,
        pytest.raises((AttributeError, TypeError, pickle.PicklingError)),
    ):
        list(batch.run([lambda: None], double, pool))  # type: ignore[arg-type]


# ── every executor does the same ───────────────────────────────────────────────────────────────────────────────────


def test_without_an_executor_it_is_what_convert_gives() -> None:
    found = dict(expected())
    for path in ALWAYS:
        fixture = by_path(path)
        assert found[path] == convert(fixture.data, passphrase=fixture.passphrase, options=CHEAP)
    assert sum(isinstance(each, bytes) for each in found.values()) > 70
    assert sum(isinstance(each, tuple) for each in found.values()) > 3, "errors are compared, too"


def test_threads_give_what_this_process_gives() -> None:
    with ThreadPoolExecutor(3) as pool:
        assert tuple(convert_fixtures(pool, window=7)) == expected()


@pytest.mark.parametrize("method", METHODS)
def test_processes_give_what_this_process_gives(method: str) -> None:
    with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
        assert tuple(convert_fixtures(pool)) == expected()


# ── the library's verb ─────────────────────────────────────────────────────────────────────────────────────────────


def test_names_and_results_come_in_the_order_of_the_files() -> None:
    plain, broken = by_path("ppk/ed25519-v3-plain.ppk").data, b"no key"
    found = list(convert_many([("b", plain), ("a", broken), ("b", plain)], "openssh-pub"))
    assert [each.name for each in found] == ["b", "a", "b"]
    assert found[0].result() == found[2].data == convert(plain, "openssh-pub")
    with pytest.raises(KeyconvError) as caught:
        found[1].result()
    assert caught.value is found[1].error


@pytest.mark.parametrize(
    "passphrase", [PASSPHRASE, PASSPHRASE.decode(), Passphrase(PASSPHRASE)], ids=["bytes", "str", "Passphrase"]
)
def test_the_passphrase_is_kept_replaced_or_removed(passphrase: bytes | str | Passphrase) -> None:
    private = sample(LOCKED.path).private
    for new, opening in ((KEEP, PASSPHRASE), ("another", "another"), (None, None), ("", None)):
        files = [("key", LOCKED.data)]
        (found,) = convert_many(files, "openssh", passphrase=passphrase, new_passphrase=new, options=CHEAP)
        assert unlock(read(found.result()).entries[0], opening).private == private


def test_a_format_that_there_is_not_is_wrong_at_once() -> None:
    with pytest.raises(UsageError):
        convert_many(iter(()), "openshh")


def test_losses_and_costs_are_those_of_convert() -> None:
    certified = by_path("certificates/user-ed25519-v3-plain.ppk").data
    (lossless,) = convert_many([("a", certified)], "openssh", strict=True)
    assert lossless.error is not None
    assert lossless.error.exit_code == 6
    costly = LOCKED.data.replace(b"Argon2-Memory: 1024", b"Argon2-Memory: 4000000")
    (refused,) = convert_many([("a", costly)], passphrase=PASSPHRASE)
    assert isinstance(refused.error, LimitError)


def test_a_passphrase_in_the_options_is_refused_because_it_would_be_sent_unseen() -> None:
    with pytest.raises(ValueError, match="new_passphrase"):
        convert_many([], options=WriteOptions(passphrase=Passphrase("a")))


# ── what crosses shows nothing ─────────────────────────────────────────────────────────────────────────────────────


def test_a_passphrase_is_pickled_only_when_it_is_handed_over() -> None:
    passphrase = Passphrase(CANARY)
    with pytest.raises(TypeError):
        pickle.dumps(passphrase)
    handed = pickle.loads(pickle.dumps(passphrase.hand_over()))
    assert isinstance(handed, HandedOver)
    assert handed.take().reveal() == CANARY.encode()
    for shown in (repr(handed), str(handed), f"{handed}", f"{handed!r:>40}", repr([handed])):
        assert "Tr0ub4dor" not in shown


class Listening(Eager):
    """Keeps the repr of all that is submitted and all that comes back."""

    def __init__(self) -> None:
        self.seen = ""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = super().submit(fn, *args)
        self.seen += f"{args!r} {args!s} {future.result()!r}"
        return future


def test_neither_jobs_nor_outcomes_nor_logs_show_keys_or_passphrases(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    plain = by_path("ppk/ed25519-v3-plain.ppk").data
    body = plain.split(b"Private-Lines: 1\r\n" if b"\r\n" in plain else b"Private-Lines: 1\n")[1][:20].decode()
    listening = Listening()
    files = [("plain", plain), ("locked", LOCKED.data), ("broken", plain.replace(b"Comment", b"Komment"))]
    found = list(
        convert_many(files, "pkcs8", passphrase=CANARY, new_passphrase=CANARY, options=CHEAP, executor=listening)
    )
    assert found[0].data is not None
    jobs = [batch.Job(name, data, "ppk", Passphrase(CANARY).hand_over()) for name, data in files]
    outcomes = list(batch.run(jobs, batch.Job.__repr__))
    shown = listening.seen + repr(found) + repr(jobs) + repr(outcomes) + caplog.text
    assert "plain" in shown
    for secret in (CANARY, "Tr0ub4dor", body, "PRIVATE KEY"):
        assert secret not in shown
