"""Writes the tables of docs/fuzzing.md from tests/fuzz/longest-run.json, the record of the longest run.

python docs/fuzzing_table.py                 rewrite the page if it is stale
python docs/fuzzing_table.py --check         change nothing, exit with 1 if it is stale
python docs/fuzzing_table.py --take FILE     make FILE the record of the longest run, and rewrite the page
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "fuzzing.md"
RECORD = ROOT / "tests" / "fuzz" / "longest-run.json"

_MARKED = re.compile(r"(<!-- fuzzing: (?P<name>[a-z-]+) -->\n)(?P<table>.*?)(<!-- end -->)", re.DOTALL)
_MOST_OUTCOMES = 8


def main(arguments: list[str]) -> int:
    """Rewrite or check the page, and give the exit code."""
    if len(arguments) == 2 and arguments[0] == "--take":
        RECORD.write_text(Path(arguments[1]).read_text("utf-8"), "utf-8")
    elif arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python docs/fuzzing_table.py [--check | --take FILE]\n")
        return 2
    text = PAGE.read_text("utf-8")
    fresh = rewrite(text)
    if fresh == text:
        return 0
    checking = arguments == ["--check"]
    name = PAGE.relative_to(ROOT).as_posix()
    if not checking:
        PAGE.write_text(fresh, "utf-8")
    sys.stdout.write(f"{name}: {'stale: run python docs/fuzzing_table.py' if checking else 'rewritten'}\n")
    return 1 if checking else 0


def rewrite(text: str) -> str:
    """Return the page with its tables made again."""
    record = json.loads(RECORD.read_text("utf-8"))

    def fill(marked: re.Match[str]) -> str:
        make = TABLES.get(marked["name"])
        if make is None:
            raise SystemExit(f"there is no table '{marked['name']}'; the tables are {', '.join(TABLES)}")
        return f"{marked[1]}\n{make(record)}\n{marked[4]}"

    return _MARKED.sub(fill, text)


def _run(record: dict[str, Any]) -> str:
    targets = record["targets"].values()
    rows = {
        "command": f"`{record['command']}`",
        "from, to (UTC)": f"{record['started']}, {record['updated']}",
        "the whole of it": "yes" if record["finished"] else "no: it was still running",
        "with": ", ".join(f"{name} {version}" for name, version in record["versions"].items()),
        "cases": f"{sum(target['cases'] for target in targets):,}",
        "hours of CPU": f"{sum(target['cpu_seconds'] for target in targets) / 3600:.1f}",
        "crashes": f"{sum(target['crashes'] for target in targets):,}",
    }
    return _table(("", ""), list(rows.items()))


def _targets(record: dict[str, Any]) -> str:
    rows = []
    for name, target in record["targets"].items():
        seconds = target["cpu_seconds"]
        rate = f"{target['cases'] / seconds:,.0f}" if seconds else ""
        counts = (f"{target[key]:,}" for key in ("cases", "crashes"))
        rows.append((f"`{name}`", *counts, rate, f"{target['slowest_ms']:,}", _outcomes(target)))
    return _table(("target", "cases", "crashes", "cases/s", "slowest, ms", "what came of them"), rows)


def _outcomes(target: dict[str, Any]) -> str:
    found = sorted(target["outcomes"].items(), key=lambda each: -each[1])
    shown = [f"{name} {count:,}" for name, count in found[:_MOST_OUTCOMES]]
    rest = sum(count for _, count in found[_MOST_OUTCOMES:])
    return ", ".join(shown) + (f", others {rest:,}" if rest else "")


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


TABLES: dict[str, Callable[[dict[str, Any]], str]] = {"run": _run, "targets": _targets}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
