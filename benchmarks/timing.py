"""Taking turns: every tool once, then every tool again, so that a slow moment of the machine hits all alike."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from benchmarks.results import Row, Sample

__all__ = ["Contender", "ToolError", "WrongResultError", "left_out", "measure"]


class ToolError(Exception):
    """A tool that failed, or refused the work; the text is what it said."""


class WrongResultError(Exception):
    """A tool that gave something else than was asked for."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One tool at one task.

    `work` does it once and gives the seconds that counted; `judge` looks at what it left behind. `scale` is by how much
    the whole task is larger than the part that `work` does; `items` is what the whole task consists of.
    """

    case: str
    tool: str
    work: Callable[[], float]
    judge: Callable[[], None]
    items: int = 0
    scale: float = 1.0


def measure(
    contenders: Sequence[Contender | Row], rounds: int, *, warm: bool = True, budget: float = math.inf
) -> tuple[Row, ...]:
    """Run everybody in turn, `rounds` times, and give a row for each; a `Row` among them stands as it is.

    First each runs once and is judged; who fails is left out, with the reason. With `warm`, that run does not count.
    After `budget` seconds no new round begins, if everybody has a time already.
    """
    start = time.monotonic()
    times: dict[int, list[float]] = {}
    whys: dict[int, str] = {}
    for number, each in enumerate(contenders):
        if isinstance(each, Row):
            continue
        try:
            seconds = each.work()
            each.judge()
        except (ToolError, WrongResultError) as error:
            whys[number] = str(error)
        else:
            times[number] = [] if warm else [seconds]
    for turn in range(rounds if warm else rounds - 1):
        if time.monotonic() - start > budget and all(times.values()):
            break
        _say(f"round {turn + 1}")
        order = sorted(times)
        shift = turn % len(order) if order else 0
        for number in (*order[shift:], *order[:shift]):  # nobody always follows the same other
            each = contenders[number]
            if isinstance(each, Contender):
                times[number].append(each.work())
    _say("")
    return tuple(_row(each, times.get(number), whys.get(number, "")) for number, each in enumerate(contenders))


def left_out(smaller: Row, case: str, count: int, longest: float) -> Row | None:
    """Return the row of a tool that failed at a smaller task, or would take more than `longest` seconds for this one.

    None means that it should be run.
    """
    if smaller.sample is None:
        return replace(smaller, case=case, items=count)
    expected = smaller.sample.median * count / smaller.items
    if expected <= longest:
        return None
    return Row(case, smaller.tool, None, f"left out: would take some {expected:.0f} s", count)


def _row(each: Contender | Row, times: list[float] | None, why: str) -> Row:
    if isinstance(each, Row):
        return each
    if times is None:
        return Row(each.case, each.tool, None, why, each.items)
    return Row(each.case, each.tool, Sample.of(times, each.scale), "", each.items)


def _say(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K  {text}")
        sys.stderr.flush()
