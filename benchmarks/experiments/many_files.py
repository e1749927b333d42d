"""A thousand plain PPKs to OpenSSH files: one keyconv against one puttygen for each."""

from __future__ import annotations

import shutil

from benchmarks.bench import FAST, Bench
from benchmarks.commands import Command, Loop
from benchmarks.experiments.encrypted import jobs_flag
from benchmarks.making import make_files
from benchmarks.results import Experiment, Goal
from benchmarks.timing import Contender, WrongResultError, measure

__all__ = ["NAME", "measure_many_files"]

NAME = "many-files"
_FILES = 1000
_SHARES = {"Ed25519": 8, "ECDSA P-256": 5, "ECDSA P-384": 1, "ECDSA P-521": 1, "RSA-2048": 3, "RSA-3072": 2}
_SAMPLE = 100
_BUDGET = 45  # seconds
_LEAST_TIMES = 30


def measure_many_files(bench: Bench) -> Experiment:
    """Time a whole folder, and puttygen over a sample of it."""
    files = (100 if bench.quick else _FILES) - len(bench.keys)
    with bench.worker("keyconv") as worker:
        made = make_files(worker, bench.folder / "in", files, _SHARES)
    for key in bench.keys:  # the types that the library does not make, too
        name = f"key-{key.ppk.name}"
        shutil.copyfile(key.ppk, bench.folder / "in" / name)
        made.append((bench.folder / "in" / name, key.public))
    files = len(made)
    flag = jobs_flag(bench)
    case = f"{files:,} files"
    own = bench.keyconv("convert", "in", "-d", "out", "-r", *flag, fresh=("out",))
    fast = bench.keyconv_fast("convert", "in", "-d", "out", "-r", *flag, fresh=("out",))
    sample = made[:: max(1, files // _SAMPLE)]
    loop = Loop(
        tuple(
            Command(
                (bench.tools.puttygen, str(path), "-O", "private-openssh-new", "-o", f"by-puttygen-{number}"),
                bench.folder,
                (f"by-puttygen-{number}",),
            )
            for number, (path, _) in enumerate(sample)
        )
    )

    def judge_own() -> None:
        written = {path.relative_to(bench.folder / "out") for path in (bench.folder / "out").rglob("key-*")}
        if written != {path.relative_to(bench.folder / "in").with_suffix("") for path, _ in made}:
            raise WrongResultError("files are missing")
        for path, public in sample:
            bench.judge.expect(bench.folder / "out" / path.relative_to(bench.folder / "in").with_suffix(""), public)

    def judge_loop() -> None:
        for number, (_, public) in enumerate(sample):
            bench.judge.expect(bench.folder / f"by-puttygen-{number}", public)

    rows = measure(
        [
            Contender(case, " ".join(("keyconv", *flag)), own, judge_own, files),
            Contender(case, " ".join((FAST, *flag)), fast, judge_own, files)
            if bench.tools.fast
            else bench.absent(case, FAST),
            Contender(case, "puttygen, one process a file", loop, judge_loop, files, files / len(sample)),
        ],
        3,
        warm=False,
        budget=_BUDGET,
    )
    own_sample, other = rows[0].sample, rows[-1].sample
    value = other.median / own_sample.median if own_sample and other else None
    shares = ", ".join(f"{share * 5} % {kind}" for kind, share in _SHARES.items())
    remarks = (
        f"`keyconv convert in -r -d out{' '.join(('', *flag))}`. Each file is of another key ({shares}, and "
        f"{len(bench.keys)} of all eight types); the results are written to the disk for good (`fsync`).",
        f"puttygen: {len(sample)} files of them, spread evenly, started one after the other by no shell; its time is "
        f"that, times {files / len(sample):.3g}.",
    )
    goal = Goal(case, "as fast as puttygen", value, _LEAST_TIMES, "x", at_most=False)
    return Experiment(NAME, "Many plain keys", rows, (goal,), remarks, "file")
