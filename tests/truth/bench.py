"""Asks the real programs about every row, and records what they say in fixtures/truth/.

python tests/truth/bench.py                 ask this system's programs and Debian's newest, which apt downloads
python tests/truth/bench.py --root FOLDER   take the newest from packages that are unpacked in FOLDER
python tests/truth/bench.py --only PATTERN  ask about the rows whose KIND/NAME fits alone, print, record nothing
python tests/truth/bench.py --new           ask about the rows alone that are not recorded yet, or were changed
python tests/truth/bench.py --again PATTERN ask about those, and about the rows whose KIND/NAME fits, again

It needs sshd, ssh and ssh-keygen, a loopback interface, `paramiko` for the rows that ssh would not send, and a quarter
of an hour. Keys are placeholders in the table: the throw-away keys of the fixtures stand for them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from truth import programs as programs_of  # noqa: E402
from truth.asking import Bench  # noqa: E402
from truth.model import Row, Table, load, save  # noqa: E402
from truth.programs import Programs  # noqa: E402
from truth.rows import ROWS  # noqa: E402


def main(arguments: list[str]) -> int:
    """Ask, record, and give the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path)
    parser.add_argument("--only")
    parser.add_argument("--new", action="store_true")
    parser.add_argument("--again")
    given = parser.parse_args(arguments)
    partial = given.new or given.again is not None
    again = given.again or ""
    recorded = {_question(row): row for row in load().rows if not fnmatchcase(row.key, again)} if partial else {}
    rows = [row for row in ROWS if fnmatchcase(row.key, given.only or "*") and _question(row) not in recorded]
    with tempfile.TemporaryDirectory() as created:
        folder = Path(created)
        folder.chmod(0o755)
        here = programs_of.installed()
        if here is None:
            raise SystemExit("ssh, sshd and ssh-keygen are needed")
        root = given.root or programs_of.fetch(folder / "newest")
        asked = (here, programs_of.aside(root, folder / "bin"))
        with ThreadPoolExecutor() as pool:
            answers = list(pool.map(lambda each: _answers(each, folder, rows), asked))
    merged = _merged(rows, asked, answers)
    if given.only or partial:
        for row in merged:
            sys.stdout.write(f"{row.key}: {dict(row.verdicts)} {dict(row.log)}\n")
    if not given.only:
        known = recorded | {_question(row): row for row in merged}
        whole = (replace(known[_question(row)], elsewhere=row.elsewhere, partly=row.partly) for row in ROWS)
        save(Table({each.version: each.name for each in asked}, tuple(whole)))
    return 0


def _question(row: Row) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return row.key, row.input, tuple(row.context.items())


def _answers(programs: Programs, folder: Path, rows: list[Row]) -> list[tuple[str, str]]:
    with Bench(programs, folder / programs.version) as bench:
        return [bench.ask(row) for row in rows]


def _merged(rows: list[Row], asked: tuple[Programs, ...], answers: list[list[tuple[str, str]]]) -> tuple[Row, ...]:
    merged = []
    for index, row in enumerate(rows):
        said = {each.version: answers[place][index] for place, each in enumerate(asked)}
        verdicts = {version: verdict for version, (verdict, _) in said.items()}
        log = {version: reason for version, (_, reason) in said.items() if reason}
        merged.append(replace(row, verdicts=verdicts, log=log))
    return tuple(merged)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
