"""A batch on Dask: a real cluster of two worker processes does what this process does, and shows nothing of it."""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor
from typing import Any

import pytest
from batches import CHEAP, convert_fixtures, expected
from fixture_files import PASSPHRASE, by_path
from tools import PATIENCE, require_module

from keyconv import batch, convert_many
from keyconv.errors import WorkerError

if sys.platform == "win32":
    pytest.skip("the signals are POSIX'", allow_module_level=True)

CANARY = "canary: Tr0ub4dor & 3"
LOGGERS = ("distributed", "distributed.worker", "distributed.scheduler", "distributed.core", "distributed.comm", "dask")
LOCKED = by_path("ppk/ed25519-v3-argon2id-encrypted.ppk")


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    distributed = require_module("distributed")
    timeouts = dict.fromkeys(
        ("distributed.comm.timeouts.connect", "distributed.comm.timeouts.tcp", "distributed.scheduler.worker-ttl"),
        f"{PATIENCE}s",
    )
    require_module("dask").config.set({"distributed.scheduler.allowed-failures": 0, **timeouts})
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Creating scratch directories is taking")  # by a clock that may be fast
        cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0")
    connected = distributed.Client(cluster, timeout=PATIENCE)
    try:
        yield connected
    finally:
        connected.close(PATIENCE)
        cluster.close(PATIENCE)


@pytest.fixture
def executor(client: Any) -> Iterator[Executor]:
    with client.get_executor() as made:
        yield made


def start_listening() -> int:
    """Keep all that this process logs, at level DEBUG; give the process."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    for name in (None, *LOGGERS):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
    logging.kept_for_the_test = stream  # type: ignore[attr-defined]
    return os.getpid()


def heard() -> str:
    """Return what was logged."""
    stream: io.StringIO = logging.kept_for_the_test  # type: ignore[attr-defined]
    return stream.getvalue()


def die_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_two_processes_give_what_this_process_gives(client: Any, executor: Executor) -> None:
    assert len(set(client.run(os.getpid).values()) - {os.getpid()}) == 2
    assert tuple(convert_fixtures(executor)) == expected()


def test_no_log_of_any_process_shows_keys_or_passphrases(client: Any, executor: Executor) -> None:
    before = {name: logging.getLogger(name).level for name in (None, *LOGGERS)}
    assert len(client.run(start_listening)) == 2
    start_listening()
    try:
        plain = by_path("ppk/ed25519-v3-plain.ppk").data
        body = plain.split(b"Private-Lines: 1")[1].strip()[:20].decode()
        files = [("plain", plain), ("locked", LOCKED.data), ("broken", plain[:-20]), ("again", LOCKED.data)]
        for passphrase in (PASSPHRASE, CANARY):
            found = list(
                convert_many(
                    files, "pkcs8", passphrase=passphrase, new_passphrase=CANARY, options=CHEAP, executor=executor
                )
            )
            right = passphrase == PASSPHRASE
            assert [each.error is None for each in found] == [True, right, False, right]
        (failed,) = batch.run([1], _fail, executor)
        logs = [heard(), *client.run(heard).values(), repr(failed), str(failed.error)]
        logs += [str(client.get_scheduler_logs()), str(client.get_worker_logs())]
    finally:
        for name, level in before.items():
            logger = logging.getLogger(name)
            logger.setLevel(level)
            logger.handlers = [each for each in logger.handlers if getattr(each, "stream", None) is not _stream()]
    assert sum(map(len, logs)) > 1000, "there is something to search in"
    for secret in (CANARY, "Tr0ub4dor", PASSPHRASE.decode(), body, "PRIVATE KEY"):
        assert not any(secret in text for text in logs)


def _stream() -> object:
    return logging.kept_for_the_test  # type: ignore[attr-defined]


def _fail(number: int) -> int:
    raise RuntimeError(CANARY)


def test_a_worker_that_is_killed_is_told_for_its_job_and_the_others_go_on(executor: Executor) -> None:
    outcomes = list(batch.run(range(6), die_at_three, executor, window=1))
    assert [each.job for each in outcomes] == list(range(6))
    assert isinstance(outcomes[3].error, WorkerError)
    assert [each.value for each in outcomes if each.job != 3] == [0, 1, 2, 4, 5]
