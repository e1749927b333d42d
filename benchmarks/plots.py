#!/usr/bin/env python3
"""Draws what a results.json holds, one SVG for each experiment: plots.py [RESULTS FOLDER].

The same numbers make the same bytes, with the same matplotlib. The colours can be read on white and on black.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.results import Experiment, Row, load
from benchmarks.tables import IMAGES, RESULTS, duration, image_name

__all__ = ["draw", "main"]

_INK = "#767e88"
_OWN = "#2f81f7"
_OTHERS = "#a0a8b1"
_WIDE_RANGE = 50
_ROW_HEIGHT = 0.3  # inches, as all that follow
_MARGIN = 1.15
_WIDTH = 8.0
_SETTINGS = {
    "svg.hashsalt": "keyconv",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


def main(arguments: list[str]) -> int:
    """Draw everything, and give the exit code."""
    if len(arguments) not in (0, 2):
        sys.stderr.write("usage: python benchmarks/plots.py [RESULTS FOLDER]\n")
        return 2
    source, folder = map(Path, arguments) if arguments else (RESULTS, IMAGES)
    folder.mkdir(parents=True, exist_ok=True)
    for experiment in load(source).experiments:
        draw(experiment, folder / image_name(experiment))
    return 0


def draw(experiment: Experiment, path: Path) -> None:
    """Draw one experiment: a group for each task, in it a bar (or, over a wide range, a point) for each tool."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    rows = [row for row in experiment.rows if row.sample]
    groups = [(case, [row for row in rows if row.case == case]) for case in experiment.cases()]
    places, titles = _places([(case, members) for case, members in groups if members])
    with mpl.rc_context(_SETTINGS):
        height = _ROW_HEIGHT * (len(places) + len(titles)) + _MARGIN
        figure, axes = pyplot.subplots(figsize=(_WIDTH, height), layout="constrained")
        _draw_rows(axes, places)
        for case, place in titles.items():
            axes.annotate(
                case,
                (0, place),
                xycoords=("axes fraction", "data"),
                xytext=(-6, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                fontweight="bold",
            )
        axes.set_yticks([place for _, place in places], [row.tool for row, _ in places])
        axes.set_ylim(max(place for _, place in places) + 0.7, -0.7)
        axes.set_title(experiment.title, loc="left", fontsize=11, fontweight="bold", color=_INK)
        axes.set_xlabel(_unit_words(experiment, _is_wide(places)))
        axes.tick_params(axis="y", length=0)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        about = {"Date": None, "Title": experiment.title, "Description": f"results {experiment.digest()}"}
        figure.savefig(path, format=path.suffix.lstrip("."), transparent=True, **_metadata(path, about))
        pyplot.close(figure)


def _metadata(path: Path, about: dict[str, str | None]) -> dict[str, Any]:
    return {"metadata": about} if path.suffix == ".svg" else {"dpi": 110}


def _places(groups: list[tuple[str, list[Row]]]) -> tuple[list[tuple[Row, float]], dict[str, float]]:
    """Return every row its place from the top, and every group's title one line above its rows."""
    places: list[tuple[Row, float]] = []
    titles: dict[str, float] = {}
    place = 0.0
    for case, members in groups:
        titles[case] = place
        for row in members:
            place += 1
            places.append((row, place))
        place += 1.2
    return places, titles


def _draw_rows(axes: Any, places: list[tuple[Row, float]]) -> None:
    wide = _is_wide(places)
    if wide:
        axes.set_xscale("log")
    for row, place in places:
        middle, low, high = _values(row)
        colour = _OWN if row.own else _OTHERS
        if wide:
            axes.plot([low, high], [place, place], color=colour, linewidth=2)
            axes.plot([middle], [place], "o", color=colour, markersize=7)
        else:
            axes.barh(place, middle, height=0.62, color=colour)
            axes.plot([low, high], [place, place], color=_INK, linewidth=1.5)
        axes.annotate(
            duration(middle), (max(middle, high), place), xytext=(7, 0), textcoords="offset points", va="center"
        )
    smallest, largest = _range(places)
    room = (largest / smallest) ** 0.15 if wide else 1.15  # for the words to the right of the last point
    axes.set_xlim((smallest / 1.6, largest * room) if wide else (0, largest * room))
    axes.xaxis.set_major_formatter(lambda value, _: duration(value) if value else "0")
    if wide:
        axes.grid(visible=True, axis="x", color=_INK, alpha=0.25, linewidth=0.6)
        axes.xaxis.set_minor_formatter(lambda _value, _place: "")
        axes.set_axisbelow(True)


def _values(row: Row) -> tuple[float, float, float]:
    """Return median and quartiles in seconds, of one item where there are several."""
    if row.sample is None:
        raise ValueError("a row without a time is not drawn")
    count = row.items or 1
    return row.sample.median / count, row.sample.low / count, row.sample.high / count


def _range(places: list[tuple[Row, float]]) -> tuple[float, float]:
    values = [value for row, _ in places for value in _values(row)]
    return min(values), max(values)


def _is_wide(places: list[tuple[Row, float]]) -> bool:
    smallest, largest = _range(places)
    return largest > smallest * _WIDE_RANGE


def _unit_words(experiment: Experiment, wide: bool) -> str:
    of_what = f" for one {experiment.item}" if experiment.item else ""
    scale = ", logarithmic" if wide else ""
    return f"time{of_what}: median and quartiles{scale} (less is better)"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
