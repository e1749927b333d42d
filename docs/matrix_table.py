"""Writes the tables of docs/matrix.md from the registry and tests/judges.py, between `<!-- matrix: NAME -->` and
`<!-- end -->`.

python docs/matrix_table.py           rewrite the page if it is stale
python docs/matrix_table.py --check   change nothing, exit with 1 if it is stale
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judges import Cell

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "matrix.md"
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]  # the tables are those of this checkout, whatever is installed

_MARKED = re.compile(r"(<!-- matrix: (?P<name>[a-z0-9-]+) -->\n)(?P<table>.*?)(<!-- end -->)", re.DOTALL)
_LETTERS = {"openssl": "O", "ssh-keygen": "S", "puttygen": "P", "dropbearkey": "D", "dropbearconvert": "D"}
_ORDER = ("O", "S", "P", "D")
_NOT_HELD = "-"
_ALONE = "k"


def main(arguments: list[str]) -> int:
    """Rewrite or check the page, and give the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python docs/matrix_table.py [--check]\n")
        return 2
    text = PAGE.read_text("utf-8")
    fresh = rewrite(text)
    if fresh == text:
        return 0
    name = PAGE.relative_to(ROOT).as_posix()
    if not arguments:
        PAGE.write_text(fresh, "utf-8")
    sys.stdout.write(f"{name}: {'stale: run python docs/matrix_table.py' if arguments else 'rewritten'}\n")
    return 1 if arguments else 0


def rewrite(text: str) -> str:
    """Return the page with its tables made again."""

    def fill(marked: re.Match[str]) -> str:
        make = TABLES.get(marked["name"])
        if make is None:
            raise SystemExit(f"there is no table '{marked['name']}'; the tables are {', '.join(TABLES)}")
        return f"{marked[1]}\n{make()}\n{marked[4]}"

    return _MARKED.sub(fill, text)


# ── the tables ─────────────────────────────────────────────────────────────────────────────────────────────────────


def private() -> str:
    """The private formats, plain and encrypted, by key type."""
    from judges import KEY_TYPES, Cell, cells

    from keyconv.formats import FORMATS

    formats = [known for known in FORMATS if known.write is not None and known.can.private]
    held = set(cells())
    shown = [each for each in KEY_TYPES if any(each.family in known.can.families for known in formats)]
    rows = []
    for known in formats:
        for encrypted in (False, True) if known.can.encryption else (False,):
            row = [_cell(Cell(known.name, key_type, encrypted), held) for key_type in shown]
            rows.append((f"`{known.name}`", "encrypted" if encrypted else "plain", *row))
    return _table(("format", "", *(key_type.title for key_type in shown)), rows)


def public() -> str:
    """The public formats by key type."""
    from judges import KEY_TYPES, Cell, cells

    from keyconv.formats import FORMATS

    held = set(cells())
    rows = [
        (f"`{known.name}`", *(_cell(Cell(known.name, key_type), held) for key_type in KEY_TYPES))
        for known in FORMATS
        if known.write is not None and not known.can.private
    ]
    return _table(("format", *(key_type.title for key_type in KEY_TYPES)), rows)


def judges() -> str:
    """Every tool, how it is asked, and what it must say."""
    from judges import JUDGED, JUDGES

    rows: list[tuple[str, ...]] = []
    for judge in JUDGES:
        formats = ", ".join(f"`{name}`" for name, declared in JUDGED.items() if judge.name in declared)
        command = re.sub(r"\{(\w+)\}", lambda place: place[1].upper(), judge.command)
        rows.append((_LETTERS[judge.tool], f"`{command}`", judge.shown, formats))
    rows.sort(key=lambda row: _ORDER.index(row[0]))
    return _table(("", "asked", "must say", "of"), rows)


def unjudged() -> str:
    """The cells that no tool judges, and why."""
    from judges import KEY_TYPES, UNJUDGED

    titles = {key_type.name: key_type.title for key_type in KEY_TYPES}
    rows = [(f"`{name}`", ", ".join(titles[each] for each in of), why) for name, (why, of) in UNJUDGED.items()]
    return _table(("format", "key types", "why"), rows)


TABLES: dict[str, Callable[[], str]] = {"private": private, "public": public, "judges": judges, "unjudged": unjudged}


# ── what they are made of ──────────────────────────────────────────────────────────────────────────────────────────


def _cell(cell: Cell, held: set[Cell]) -> str:
    from judges import judges_of

    if cell not in held:
        return _NOT_HELD
    letters = {_LETTERS[judge.tool] for judge in judges_of(cell)}
    return " ".join(letter for letter in _ORDER if letter in letters) or _ALONE


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(columns)]
    lines.append(tuple("---" for _ in lines[0]))
    lines.extend(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
