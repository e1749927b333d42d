#!/usr/bin/env python3
"""Writes what benchmarks/results.json holds into docs/benchmarks.md, between `<!-- measured: NAME -->` and an end.

python benchmarks/tables.py           rewrite what is stale
python benchmarks/tables.py --check   change nothing, name what is stale, the plots too, exit with 1 if there is any
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.results import Experiment, Goal, Results, Row, load

__all__ = ["IMAGES", "PAGE", "RESULTS", "duration", "goal_words", "image_name", "main", "stale_plots", "whole"]

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"
IMAGES = ROOT / "docs" / "images"

_MARKED = re.compile(r"(<!-- measured: (?P<name>[a-z-]+) -->\n)(?P<text>.*?)(<!-- end -->)", re.DOTALL)
_MIB = 1 << 20
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def main(arguments: list[str]) -> int:
    """Rewrite or check the page, and give the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python benchmarks/tables.py [--check]\n")
        return 2
    results = load(RESULTS)
    text = PAGE.read_text("utf-8")
    fresh = fill(text, results)
    if not arguments:
        PAGE.write_text(fresh, "utf-8")
        return 0
    stale = [PAGE.name] if fresh != text else []
    stale += stale_plots(results, IMAGES)
    for name in stale:
        sys.stdout.write(f"{name}: stale: run python benchmarks/run.py, or tables.py and plots.py alone\n")
    return 1 if stale else 0


def fill(text: str, results: Results) -> str:
    """Return a page with everything between its marks made again.

    Raises: SystemExit for a mark that names nothing.
    """
    makers = _makers(results)

    def replace(marked: re.Match[str]) -> str:
        make = makers.get(marked["name"])
        if make is None:
            raise SystemExit(f"nothing is measured as '{marked['name']}'; there are {', '.join(makers)}")
        return f"{marked[1]}\n{make()}\n{marked[4]}"

    return _MARKED.sub(replace, text)


def whole(results: Results) -> str:
    """Return a page of its own, with everything."""
    names = ("machine", "goals", *(each.name for each in results.experiments))
    sections = [f"## {name}\n\n<!-- measured: {name} -->\n<!-- end -->\n" for name in names]
    return fill("# Benchmarks\n\n" + "\n".join(sections), results)


def stale_plots(results: Results, images: Path) -> list[str]:
    """Name the plots that are missing or show other numbers."""
    stale = []
    for each in results.experiments:
        path = images / image_name(each)
        if not path.is_file() or each.digest() not in path.read_text("utf-8"):
            stale.append(path.name)
    return stale


def image_name(experiment: Experiment) -> str:
    """Name the file of an experiment's plot."""
    return f"benchmark-{experiment.name}.svg"


def duration(seconds: float) -> str:
    """Return a time with three significant digits and its unit."""
    factor, unit = next((each for each in _UNITS if seconds >= each[0] * 0.9995), _UNITS[-1])
    return f"{_significant(seconds / factor)} {unit}"


def goal_words(goal: Goal) -> str:
    """Say what was aimed at, what was found, and whether that is it."""
    aim = f"{'at most' if goal.at_most else 'at least'} {_amount(goal.bound, goal.unit)} {goal.what}"
    if goal.value is None:
        return f"{aim}: no result, not met"
    return f"{aim}: {_amount(goal.value, goal.unit)}, {'met' if goal.met else 'not met'}"


# ── what stands between the marks ──────────────────────────────────────────────────────────────────────────────────


def _makers(results: Results) -> dict[str, Callable[[], str]]:
    return {
        "machine": partial(_machine, results),
        "goals": partial(_goals, results),
        **{each.name: partial(_experiment, each) for each in results.experiments},
    }


def _machine(results: Results) -> str:
    return _table(("what", "which"), results.machine.items())


def _goals(results: Results) -> str:
    rows = [
        (each.title, goal.case, *goal_words(goal).rsplit(", ", 1))
        for each in results.experiments
        for goal in each.goals
    ]
    met = sum(goal.met for each in results.experiments for goal in each.goals)
    return f"{met} of {len(rows)} goals are met.\n\n" + _table(("experiment", "task", "goal: what was found", ""), rows)


def _experiment(experiment: Experiment) -> str:
    columns = ["task", "tool", "median", "quartiles", "runs", "to keyconv"]
    if experiment.item:
        columns += [f"a {experiment.item}", f"{experiment.item}s/s"]
    weighed = any(row.peak for row in experiment.rows)
    columns += ["peak memory"] if weighed else []
    columns += ["goal"] if experiment.goals else []
    rows = []
    for case in experiment.cases():
        own = next((row for row in experiment.of_case(case) if row.own), None)
        for row in experiment.of_case(case):
            cells = [case, row.tool, *_times(row, own)]
            cells += _per_item(row) if experiment.item else []
            cells += [f"{row.peak / _MIB:.0f} MiB" if row.peak else "-"] if weighed else []
            if experiment.goals:
                goals = [goal_words(goal) for goal in experiment.goals if row is own and goal.case == case]
                cells.append("; ".join(goals))
            rows.append(cells)
    return "\n\n".join((_table(columns, rows).rstrip("\n"), *experiment.remarks)) + "\n"


def _times(row: Row, own: Row | None) -> tuple[str, str, str, str]:
    if row.sample is None:
        return (f"- ({row.why})", "-", "-", "-")
    ratio = "-"
    if own is not None and own.sample is not None:
        ratio = _amount(row.sample.median / own.sample.median, "x")
    spread = f"{duration(row.sample.low)} to {duration(row.sample.high)}" if row.sample.runs > 1 else "-"
    return duration(row.sample.median), spread, str(row.sample.runs), ratio


def _per_item(row: Row) -> tuple[str, str]:
    if row.sample is None or not row.items:
        return "-", "-"
    return duration(row.sample.median / row.items), f"{_significant(row.items / row.sample.median)}"


def _amount(number: float, unit: str) -> str:
    return f"{_significant(number)} {unit}"


def _significant(number: float) -> str:
    """Return a number with three significant digits, never as a power of ten."""
    if number == 0 or abs(number) >= 1000:
        return f"{number:,.0f}"
    return f"{number:.3g}"


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(columns)]
    lines.append(tuple("---" for _ in lines[0]))
    lines.extend(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
