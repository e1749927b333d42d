"""The program: `python tests/fuzz/run.py --target NAME --cases N --seed S [--jobs N]`.

It prints a line for each piece of the run and each crash, and ends with 1 if there was one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fuzz.campaign import Crash, Piece, Tally

_TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_TESTS.parent), str(_TESTS)]  # the keyconv of this checkout, whatever is installed

_PIECE = 10_000
"""Cases of a quick target between two lines of the log."""


def main(arguments: list[str]) -> int:
    """Run what is asked for, and give the exit code."""
    from fuzz.targets import TARGETS, by_name

    options = _parse(arguments)
    if options.list:
        sys.stdout.write("".join(f"{target.name}\n" for target in TARGETS))
        return 0
    names = {target.name for target in TARGETS}
    if unknown := [name for name in options.target or () if name not in names]:
        sys.stderr.write(f"there is no target {unknown[0]}; --list names them\n")
        return 2
    if options.only is not None:
        return _run_one(options)
    targets = [by_name(name) for name in options.target] if options.target else list(TARGETS)
    from fuzz.campaign import pieces

    record = _Record(options)
    crashed = 0
    todo = pieces(targets, options.cases, options.seed, record.done, min(_PIECE, options.cases))
    for piece, tally, crashes in _results(todo, options.jobs):
        record.add(piece, tally)
        sys.stdout.write(_line(piece, tally))
        for crash in crashes:
            crashed += 1
            sys.stdout.write(_keep(crash, options.crashes))
        sys.stdout.flush()
    record.finish()
    return 1 if crashed else 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/fuzz/run.py", description="Fuzz keyconv's readers.")
    parser.add_argument("--target", action="append", metavar="NAME", help="one target; may be given again; else all")
    parser.add_argument("--cases", type=int, default=1_000, metavar="N", help="cases a reader; slow targets have fewer")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="the same seed makes the same cases")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="run this one case of the target, and show it")
    parser.add_argument("--crashes", type=Path, default=Path("fuzz-crashes"), metavar="DIR", help="where crashes go")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write what was run, and go on where it stopped")
    parser.add_argument("--list", action="store_true", help="print the names of the targets")
    return parser.parse_args(arguments)


def _results(todo: Iterator[Piece], jobs: int) -> Iterable[tuple[Piece, Tally, list[Crash]]]:
    from fuzz.campaign import run_piece

    if jobs == 1:
        yield from map(run_piece, todo)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(run_piece, todo)


def _line(piece: Piece, tally: Tally) -> str:
    rate = tally.cases / tally.cpu_seconds if tally.cpu_seconds else 0
    now = datetime.now(UTC).strftime("%H:%M:%S")
    return f"{now} {piece.target} {piece.start}-{piece.stop}: {rate:.0f}/s, {tally.crashes} crashes\n"


def _keep(crash: Crash, folder: Path) -> str:
    from fuzz.campaign import minimise, save_crash
    from fuzz.targets import by_name

    small = minimise(by_name(crash.target), crash.case)
    path = save_crash(folder, crash, small)
    return f"CRASH {crash.kind}: {crash.message!a}\n      {len(small.data)} bytes in {path}\n"


def _run_one(options: argparse.Namespace) -> int:
    from fuzz.targets import by_name, make_case, run_case

    if not options.target:
        sys.stderr.write("--only needs --target\n")
        return 2
    target = by_name(options.target[0])
    case = make_case(target, options.seed, options.only)
    sys.stdout.write(f"{case.data!r}\n")
    sys.stdout.write(f"{run_case(target, case)}\n")
    return 0


class _Record:
    """What was run, in a file that is true at every moment; a run with the same seed and source goes on with it."""

    def __init__(self, options: argparse.Namespace) -> None:
        from fuzz.campaign import versions

        path: Path | None = options.record
        self._path = path
        self._tallies: dict[str, Tally] = {}
        targets = "".join(f" --target {name}" for name in options.target or ())
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
        self._head: dict[str, Any] = {
            "command": f"python tests/fuzz/run.py{targets} --cases {options.cases} --seed {options.seed}",
            "seed": options.seed,
            "cases": options.cases,
            "started": now,
            "updated": now,
            "finished": False,
            "versions": versions(),
        }
        if path is not None and path.exists():
            self._go_on(json.loads(path.read_text("utf-8")))

    def _go_on(self, before: dict[str, Any]) -> None:
        from collections import Counter

        from fuzz.campaign import Tally

        if any(before[name] != self._head[name] for name in ("seed", "cases", "versions")):
            raise SystemExit("the record is of another run; give another file")
        self._head["started"] = before["started"]
        for name, values in before["targets"].items():
            self._tallies[name] = Tally(**{**values, "outcomes": Counter(values["outcomes"])})

    @property
    def done(self) -> dict[str, int]:
        """Cases of each target that have been run."""
        return {name: tally.cases for name, tally in self._tallies.items()}

    def add(self, piece: Piece, tally: Tally) -> None:
        """Add a piece, and write the file."""
        if piece.target in self._tallies:
            self._tallies[piece.target].add(tally)
        else:
            self._tallies[piece.target] = tally
        self._write()

    def finish(self) -> None:
        """Say that all was run."""
        self._head["finished"] = True
        self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        self._head["updated"] = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
        targets = {name: tally.as_json() for name, tally in self._tallies.items()}
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps({**self._head, "targets": targets}, indent=2) + "\n", "utf-8")
        new.replace(self._path)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
