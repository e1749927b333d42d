"""A long `authorized_keys` file: `check` and `inspect` beside `ssh-keygen -l`, in lines a second and in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.bench import Bench
from benchmarks.commands import Command, peak_of, weighing
from benchmarks.making import SHARES, make_lines, make_primes
from benchmarks.results import Experiment, Goal, Row
from benchmarks.timing import Contender, WrongResultError, left_out, measure

__all__ = ["NAME", "measure_lines"]

NAME = "lines"
CHECK, INSPECT, SSH_KEYGEN = "keyconv check", "keyconv inspect", "ssh-keygen -l"
_MIB = 1 << 20
_SIZES = ((100_000, 3), (1_000_000, 1))
_QUICK_SIZES = ((10_000, 3),)
_MOST_MEMORY = 80  # MiB
_KEYS = 420  # more than check compares with each other, for those that follow share their primes
_BUDGET = 45  # seconds
_LONGEST = 120  # seconds


def measure_lines(bench: Bench) -> Experiment:
    """Time and weigh each size; the last line repeats the first one, and `check` must find that."""
    rows: list[Row] = []
    goals: list[Goal] = []
    sizes = _QUICK_SIZES if bench.quick else _SIZES
    primes = make_primes(_KEYS)
    for count, rounds in sizes:
        name = f"authorized_keys-{count}"
        make_lines(bench.folder / name, count, primes)
        case = f"{count:,} lines"
        peaks: dict[str, int] = {}
        commands = {
            CHECK: bench.keyconv("check", name, codes=(0, 1)),
            INSPECT: bench.keyconv("inspect", name),
            SSH_KEYGEN: Command((bench.tools.ssh_keygen, "-l", "-f", name), bench.folder),
        }
        smaller = {row.tool: row for row in rows}
        contenders = [
            (left_out(smaller[tool], case, count, _LONGEST) if tool in smaller else None)
            or _contender(case, tool, weighing(command), count, peaks)
            for tool, command in commands.items()
        ]
        measured = measure(contenders, rounds, warm=False, budget=_BUDGET)
        weighed = [replace(row, peak=peaks[row.tool] if row.sample else None) for row in measured]
        rows += weighed
        goals += _goals(case, weighed)
        (bench.folder / name).unlink()
    shares = ", ".join(f"{share * 10} % {kind}" for kind, share in SHARES.items())
    remarks = (
        f"Every line is another key ({shares}), but for the last, which is the first again and must be found. The "
        f"primes of the RSA keys are those of {_KEYS} keys, paired again after these: as many keys would take hours to "
        "make, and as many as `check` compares with each other share none. All rules are on.",
        "Output goes to a file. Peak memory is the most of all runs; less than some 10 MiB cannot be determined.",
    )
    return Experiment(NAME, "Long authorized_keys files", tuple(rows), tuple(goals), remarks, "line")


def _contender(case: str, tool: str, command: Command, count: int, peaks: dict[str, int]) -> Contender:
    def work() -> float:
        seconds = command()
        peaks[tool] = max(peaks.get(tool, 0), peak_of(command))
        return seconds

    def judge() -> None:
        right = bool(command.count(f":{count}: ")) if tool == CHECK else command.count("SHA256:") >= count
        if not right:
            raise WrongResultError("not every line was judged")

    return Contender(case, tool, work, judge, count)


def _goals(case: str, rows: Sequence[Row]) -> list[Goal]:
    own = next(row for row in rows if row.tool == CHECK)
    other = next(row for row in rows if row.tool == SSH_KEYGEN)
    speed = other.sample.median / own.sample.median if own.sample and other.sample else None
    memory = own.peak / _MIB if own.peak else None
    return [
        Goal(case, "as many lines a second as ssh-keygen -l", speed, 1, "x", at_most=False),
        Goal(case, "of memory", memory, _MOST_MEMORY, "MiB"),
    ]
