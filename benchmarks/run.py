#!/usr/bin/env python3
"""Measures keyconv beside the other tools of this machine.

python benchmarks/run.py                     everything; then docs/benchmarks.md, its plots and benchmarks/results.json
python benchmarks/run.py --quick             fewer rounds and smaller inputs, to build/benchmarks
python benchmarks/run.py --only NAME         one experiment, to build/benchmarks; repeated
python benchmarks/run.py --output DIR        what was found goes there, and docs/ stays as it is

Every tool gets the same keys, all take turns, and what each makes is judged by another program before it is timed. It
needs Linux or macOS, puttygen and ssh-keygen; openssl and node are measured where they are. asyncssh, paramiko and
matplotlib are installed into a virtual environment in the cache folder, unless this interpreter has them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import tables
from benchmarks.bench import Bench
from benchmarks.commands import environment
from benchmarks.experiments import EXPERIMENTS
from benchmarks.machine import describe
from benchmarks.results import Results, save
from benchmarks.tools import ROOT, Tools, find_tools, interpreter_with

_PLOTS = Path(__file__).with_name("plots.py")


def main(arguments: list[str]) -> int:
    """Measure, write, and give the exit code: goals that were missed are reported, and are no failure."""
    parser = argparse.ArgumentParser(description="Measure keyconv beside the other tools of this machine.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller inputs")
    parser.add_argument("--only", action="append", choices=tuple(EXPERIMENTS), help="run this experiment alone")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write here instead of to the documentation")
    options = parser.parse_args(arguments)
    if os.name != "posix":
        raise SystemExit("the benchmarks need Linux or macOS: memory is measured by wait4")
    partly = options.quick or options.only
    output = options.output or (ROOT / "build" / "benchmarks" if partly else None)
    with tempfile.TemporaryDirectory(prefix="keyconv-benchmarks-") as scratch:
        tools = find_tools(Path(scratch))
        results = run(tools, Path(scratch), options.only or list(EXPERIMENTS), quick=options.quick)
    publish(results, output)
    for experiment in results.experiments:
        for goal in experiment.goals:
            sys.stdout.write(f"{experiment.name}: {goal.case}: {tables.goal_words(goal)}\n")
    return 0


def run(tools: Tools, scratch: Path, names: list[str], *, quick: bool) -> Results:
    """Run these experiments."""
    machine = {**describe(tools), "run": "quick: fewer rounds, smaller inputs" if quick else "whole"}
    start = time.monotonic()
    _say("making keys", start)
    bench = Bench.prepare(tools, scratch, quick=quick)
    found = []
    for name in names:
        _say(name, start)
        found.append(EXPERIMENTS[name](bench.within(name)))
    _say("done", start)
    return Results(machine, tuple(found))


def publish(results: Results, output: Path | None) -> None:
    """Write the numbers, the tables and the plots: to a folder, or to where the documentation shows them."""
    if output is None:
        numbers, page, images = tables.RESULTS, tables.PAGE, tables.IMAGES
        save(results, numbers)
        tables.main([])
    else:
        numbers, page, images = output / "results.json", output / "benchmarks.md", output / "images"
        output.mkdir(parents=True, exist_ok=True)
        save(results, numbers)
        page.write_text(tables.whole(results), "utf-8")
    images.mkdir(parents=True, exist_ok=True)
    python = interpreter_with(("matplotlib",))
    if python is None:
        sys.stderr.write("there is no matplotlib: no plots\n")
    else:
        subprocess.run([python, _PLOTS, numbers, images], env=environment(), check=True)
    _say(f"{numbers.name}, {page.name}, {images.name}/ written", None)


def _say(text: str, start: float | None) -> None:
    at = f"{time.monotonic() - start:6.1f} s  " if start is not None else ""
    sys.stderr.write(f"{at}{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
