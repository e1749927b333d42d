"""What a run of the benchmarks found, as values and as JSON."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

__all__ = ["OWN", "Experiment", "Goal", "Results", "Row", "Sample", "load", "save"]

OWN = "keyconv"
"""What the name of a row begins with when it is keyconv's own."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds of several runs: the median, the two quartiles and how many runs there were."""

    median: float
    low: float
    high: float
    runs: int

    @classmethod
    def of(cls, seconds: Sequence[float], scale: float = 1.0) -> Sample:
        """Sum up runs; `scale` is for those that did only a part of the work."""
        if len(seconds) == 1:
            return cls(seconds[0] * scale, seconds[0] * scale, seconds[0] * scale, 1)
        low, median, high = statistics.quantiles(seconds, n=4, method="inclusive")
        return cls(median * scale, low * scale, high * scale, len(seconds))


@dataclass(frozen=True, slots=True)
class Row:
    """One tool at one task: its time, or in `why` the reason why there is none.

    `items` is how many lines or files the task has, 0 where it is one key; `peak` is the most memory, in bytes.
    """

    case: str
    tool: str
    sample: Sample | None = None
    why: str = ""
    items: int = 0
    peak: int | None = None

    @property
    def own(self) -> bool:
        """Whether it is keyconv's."""
        return self.tool.startswith(OWN)


@dataclass(frozen=True, slots=True)
class Goal:
    """What was aimed at: `value` is what was found, None if nothing was, and must be at most (or at least) `bound`."""

    case: str
    what: str
    value: float | None
    bound: float
    unit: str
    at_most: bool = True

    @property
    def met(self) -> bool:
        """Whether it was reached."""
        if self.value is None:
            return False
        return self.value <= self.bound if self.at_most else self.value >= self.bound


@dataclass(frozen=True, slots=True)
class Experiment:
    """One question with its answers; `item` names what `Row.items` counts, `remarks` say how it was done."""

    name: str
    title: str
    rows: tuple[Row, ...]
    goals: tuple[Goal, ...] = ()
    remarks: tuple[str, ...] = ()
    item: str = ""

    def row(self, case: str, tool: str) -> Row | None:
        """Find the row of a tool whose name begins so."""
        return next((row for row in self.rows if row.case == case and row.tool.startswith(tool)), None)

    def cases(self) -> tuple[str, ...]:
        """Name the tasks, in order."""
        return tuple(dict.fromkeys(row.case for row in self.rows))

    def of_case(self, case: str) -> tuple[Row, ...]:
        """Return the rows of one task."""
        return tuple(row for row in self.rows if row.case == case)

    def digest(self) -> str:
        """Return what tells a plot of these numbers from one of others."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Results:
    """A whole run: the machine and the versions, by name, and the experiments."""

    machine: Mapping[str, str]
    experiments: tuple[Experiment, ...]

    def find(self, name: str) -> Experiment | None:
        """Find an experiment by its name."""
        return next((each for each in self.experiments if each.name == name), None)


def load(path: Path) -> Results:
    """Read results.json."""
    found = json.loads(path.read_text("utf-8"))
    return Results(found["machine"], tuple(_experiment(each) for each in found["experiments"]))


def save(results: Results, path: Path) -> None:
    """Write results.json; seconds have six significant digits, the rest is noise."""
    text = json.dumps(asdict(_rounded(results)), indent=1, ensure_ascii=False)
    path.write_text(f"{text}\n", "utf-8")


def _experiment(found: dict[str, Any]) -> Experiment:
    return Experiment(
        name=found["name"],
        title=found["title"],
        rows=tuple(
            Row(**{**row, "sample": None if row["sample"] is None else Sample(**row["sample"])})
            for row in found["rows"]
        ),
        goals=tuple(Goal(**goal) for goal in found["goals"]),
        remarks=tuple(found["remarks"]),
        item=found["item"],
    )


def _rounded(results: Results) -> Results:
    return replace(results, experiments=tuple(_rounded_experiment(each) for each in results.experiments))


def _rounded_experiment(experiment: Experiment) -> Experiment:
    rows = (row if row.sample is None else replace(row, sample=_rounded_sample(row.sample)) for row in experiment.rows)
    goals = (goal if goal.value is None else replace(goal, value=_significant(goal.value)) for goal in experiment.goals)
    return replace(experiment, rows=tuple(rows), goals=tuple(goals))


def _rounded_sample(sample: Sample) -> Sample:
    return Sample(_significant(sample.median), _significant(sample.low), _significant(sample.high), sample.runs)


def _significant(number: float) -> float:
    return float(f"{number:.6g}")
