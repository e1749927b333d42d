"""`keyconv check` over folders of a hundred, a thousand and ten thousand key files: does the time grow as they do?"""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.making import make_files
from benchmarks.results import Experiment, Goal
from benchmarks.timing import Contender, WrongResultError, left_out, measure

__all__ = ["NAME", "measure_folders"]

NAME = "folders"
_SIZES = (100, 1000, 10_000)
_QUICK_SIZES = (20, 200)
_SHARES = {"Ed25519": 12, "ECDSA P-256": 7, "RSA-2048": 1}
_MOST_GROWTH = 1.1
_FOUND = 1
_BUDGET = 60  # seconds
_LONGEST = 120  # seconds


def measure_folders(bench: Bench) -> Experiment:
    """Time each size; one file in each is spoilt, and must be found."""
    *smaller, largest = _QUICK_SIZES if bench.quick else _SIZES
    rows = measure([_contender(bench, size) for size in smaller], 3, warm=False)
    last = left_out(rows[-1], _case(largest), largest, _LONGEST) or _contender(bench, largest)
    rows += measure([last], 3, warm=False, budget=_BUDGET)
    large, before = rows[-1], rows[-2]
    value = None
    if large.sample and before.sample:
        value = (large.sample.median / large.items) / (before.sample.median / before.items)
    shares = ", ".join(f"{share * 5} % {kind}" for kind, share in _SHARES.items())
    remarks = (
        "`keyconv check FOLDER --ignore unencrypted`: plain private keys, PPKs and OpenSSH files by turns, a hundred "
        f"to a folder, each file of another key ({shares}), each proved. One comment was edited and must be found.",
    )
    goal = Goal(large.case, f"the time for a file in {before.case}", value, _MOST_GROWTH, "x")
    return Experiment(NAME, "Checking folders", rows, (goal,), remarks, "file")


def _contender(bench: Bench, size: int) -> Contender:
    folder = bench.folder / f"tree-{size}"
    with bench.worker("keyconv") as worker:
        spoilt, _ = make_files(worker, folder, size, _SHARES, mixed=True)[0]
    spoilt.write_bytes(spoilt.read_bytes().replace(b"\nComment: user0@host\n", b"\nComment: user1@host\n"))
    command = bench.keyconv("check", folder.name, "--ignore", "unencrypted", codes=(_FOUND,))

    def judge() -> None:
        printed = command.printed()
        found = [line for line in printed.splitlines() if "mac-mismatch" in line]
        if len(found) != 1 or spoilt.name not in found[0]:
            raise WrongResultError("the one spoilt file was not found")
        if f"{size} files checked" not in printed.replace(",", ""):
            raise WrongResultError("not every file was judged")

    return Contender(_case(size), "keyconv check", command, judge, size)


def _case(size: int) -> str:
    return f"{size:,} files"
