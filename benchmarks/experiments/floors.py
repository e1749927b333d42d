"""What the goals leave no room for: the parts of the work that nobody can leave out, each by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from shutil import rmtree

from benchmarks.bench import FAST, Bench
from benchmarks.commands import Command, Loop
from benchmarks.results import OWN, Experiment, Row
from benchmarks.timing import Contender, WrongResultError, measure
from benchmarks.workers import Worker

__all__ = ["NAME", "measure_floors"]

NAME = "floors"
_KIND = "RSA-2048"
_FILES = 1000
_SAMPLE = 50
_SAVERS = 8
_LEAST = 0.1  # seconds that a turn lasts at least
_BUDGET = 45  # seconds

_PARTS = {
    "rest": "without the proof that p and q are prime",
    "round": "of that proof, one round of Miller and Rabin's test for p and q, by OpenSSL",
    "lucas": "of that proof, the Lucas tests of p and q",
}


def measure_floors(bench: Bench) -> Experiment:
    """Time the parts of an RSA conversion and the writing of many files, beside what the goals leave for all of it."""
    key = f"one {_KIND} key, openssh to pem"
    files = 100 if bench.quick else _FILES
    many = f"{files:,} files"
    with ExitStack() as stack:
        own, other = (stack.enter_context(bench.worker(name)) for name in (OWN, "cryptography"))
        contenders: list[Contender | Row] = [
            Contender(key, OWN, _timed(bench, own), _fine),
            *(Contender(key, f"{OWN}, {words}", _part(bench, own, part), _fine) for part, words in _PARTS.items()),
        ]
        if bench.tools.fast:
            fast = stack.enter_context(bench.worker(FAST))
            contenders.append(Contender(key, f"{FAST}, {_PARTS['lucas']}", _part(bench, fast, "lucas"), _fine))
        else:
            contenders.append(bench.absent(key, FAST))
        contenders += [
            Contender(key, "cryptography, a twentieth of its time", _timed(bench, other), _fine, scale=1 / 20),
            _writing(bench, many, files),
            _puttygen(bench, many, files),
        ]
        rows = measure(contenders, bench.rounds(5), budget=_BUDGET)
    remarks = (
        "Means of the keys of the table above. A round lets a number that is made to deceive pass once in four times, "
        "whatever the number; the Lucas test refuses all that are known to pass.",
        f"Files: what is written for an Ed25519 key, by `keyconv.files`, {_SAVERS} at a time: to a temporary file, "
        "synced, read back, given its name, and the folder synced.",
    )
    return Experiment(NAME, "Floors", rows, (), remarks)


def _timed(bench: Bench, worker: Worker) -> Callable[[], float]:
    paths = [str(key.openssh) for key in bench.of_type(_KIND)]
    return lambda: float(worker.ask("time", paths=paths, target="pem", least=_LEAST))


def _part(bench: Bench, worker: Worker, part: str) -> Callable[[], float]:
    paths = [str(key.openssh) for key in bench.of_type(_KIND)]
    return lambda: float(worker.ask("part", part=part, paths=paths, least=_LEAST))


def _fine() -> None:
    """What it makes is judged where all of it is timed."""


def _writing(bench: Bench, case: str, files: int) -> Contender:
    from keyconv.files import save

    folder = bench.folder / "written"
    content = bench.of_type("Ed25519")[0].openssh.read_bytes()

    def work() -> float:
        rmtree(folder, ignore_errors=True)
        folder.mkdir()
        start = time.perf_counter()
        with ThreadPoolExecutor(_SAVERS) as savers:
            list(savers.map(lambda number: save(str(folder / str(number)), content, private=True), range(files)))
        return time.perf_counter() - start

    def judge() -> None:
        if any((folder / str(number)).read_bytes() != content for number in range(files)):
            raise WrongResultError("a file is not what was written")

    return Contender(case, f"{OWN}, only writing them", work, judge, files)


def _puttygen(bench: Bench, case: str, files: int) -> Contender:
    key = bench.of_type("Ed25519")[0]
    argv = (bench.tools.puttygen, str(key.ppk), "-O", "private-openssh-new", "-o", "by-puttygen")
    loop = Loop(tuple(Command(argv, bench.folder, ("by-puttygen",)) for _ in range(_SAMPLE)))

    def judge() -> None:
        bench.judge.expect(bench.folder / "by-puttygen", key.public)

    return Contender(case, "puttygen, a thirtieth of its time", loop, judge, files, files / _SAMPLE / 30)
