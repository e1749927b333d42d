"""Writes the tables of docs/truth.md: what sshd, ssh and ssh-keygen said of every row, and what `keyconv check` says.

The verdicts are recorded in fixtures/truth/, which tests/truth/bench.py writes; keyconv is run for its column.

python docs/truth_table.py           rewrite the tables, and the list of known differences
python docs/truth_table.py --check   change nothing, and exit with 1 if a table or the list is stale
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "truth.md"
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]  # the code and the rows of this checkout

from truth.findings import KNOWN, Said, differences, findings  # noqa: E402
from truth.model import ACCEPTED, Row, Table, load  # noqa: E402

_MARKED = re.compile(r"(<!-- truth: (?P<name>[a-z_-]+) -->\n)(?P<table>.*?)(<!-- end -->)", re.DOTALL)
_LONGEST = 160

Found = Mapping[str, tuple[Said, ...]]


def main(arguments: list[str]) -> int:
    """Rewrite or check, and give the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python docs/truth_table.py [--check]\n")
        return 2
    table = load()
    found = findings(table.rows)
    known = json.dumps(differences(table, found), indent=1) + "\n"
    fresh = {PAGE: rewrite(PAGE.read_text("utf-8"), table, found), KNOWN: known}
    stale = [path for path, text in fresh.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        if not arguments:
            path.write_text(fresh[path], "utf-8")
        state = "stale: run python docs/truth_table.py" if arguments else "rewritten"
        sys.stdout.write(f"{path.relative_to(ROOT).as_posix()}: {state}\n")
    return 1 if arguments and stale else 0


def rewrite(text: str, table: Table, found: Found) -> str:
    """Return the page with fresh tables."""
    return _MARKED.sub(lambda marked: f"{marked[1]}\n{TABLES[marked['name']](table, found)}\n{marked[4]}", text)


# ── the tables ─────────────────────────────────────────────────────────────────────────────────────────────────────


def summary(table: Table, found: Found) -> str:
    """How many rows of each kind are taken and refused, and on how many keyconv differs."""
    differing = {key: kind for kind, keys in differences(table, found).items() for key in keys}
    rows = []
    for kind in dict.fromkeys(row.kind for row in table.rows):
        of_kind = [row for row in table.rows if row.kind == kind]
        taken = [sum(row.verdicts[version] in ACCEPTED for row in of_kind) for version in table.programs]
        differ = sum(len(set(row.verdicts.values())) > 1 for row in of_kind)
        compared = kind in {key.partition("/")[0] for key in found}
        silent = sum(differing.get(row.key, "").startswith("silent") for row in of_kind)
        alarms = sum(differing.get(row.key) == "false_alarm" for row in of_kind)
        ours = (str(silent), str(alarms)) if compared else ("not read", "not read")
        rows.append((f"`{kind}`", str(len(of_kind)), *map(str, taken), str(differ), *ours))
    versions = (f"taken by {version}" for version in table.programs)
    return _table(("kind", "rows", *versions, "versions differ", "keyconv silent", "false alarms"), rows)


def programs(table: Table, found: Found) -> str:
    """Which programs were asked."""
    return _table(("in the tables", "program"), table.programs.items())


def _of_kind(kind: str) -> Callable[[Table, Found], str]:
    def rows_of_kind(table: Table, found: Found) -> str:
        rows = [(*_cells(row, table), _said(found.get(row.key))) for row in table.rows if row.kind == kind]
        return _table(("row", "input", "asked", *table.programs, "the program says", "keyconv"), rows)

    return rows_of_kind


TABLES: dict[str, Callable[[Table, Found], str]] = {
    "programs": programs,
    "summary": summary,
    **{
        kind: _of_kind(kind)
        for kind in ("authorized_keys", "authorized_principals", "known_hosts", "certificate", "allowed_signers")
    },
}


# ── cells ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _cells(row: Row, table: Table) -> Iterator[str]:
    yield row.name
    yield _code(row.input)
    yield ", ".join(f"{name} {_code(value)}" for name, value in row.context.items()) or "-"
    for version in table.programs:
        yield _verdict(row, version)
    reasons = list(dict.fromkeys(row.log.get(version, "") for version in table.programs if version in row.log))
    yield "<br>".join(_text(reason) for reason in reasons) or "-"


def _verdict(row: Row, version: str) -> str:
    verdict = row.verdicts[version]
    if verdict in ACCEPTED:
        return f"{verdict} in part" if row.partly else verdict
    return f"{verdict} here" if row.elsewhere else verdict


def _said(said: tuple[Said, ...] | None) -> str:
    if said is None:
        return "not read"
    speaking = dict.fromkeys(f"`{each.rule}` ({each.severity})" for each in said if each.speaks)
    apart = dict.fromkeys(f"`{each.rule}`" for each in said if not each.speaks)
    parts = [*speaking, *((f"apart: {', '.join(apart)}",) if apart else ())]
    return ", ".join(parts) or "-"


def _code(text: str) -> str:
    spelled = "".join(character if " " <= character <= "~" else _escape(character) for character in text)
    if len(spelled) > _LONGEST:
        spelled = f"{spelled[: _LONGEST // 2]} ... {spelled[-_LONGEST // 4 :]}"
    mark = "``" if "`" in spelled else "`"
    return f"{mark}{spelled}{mark}" if spelled.strip() else "(empty)"


def _escape(character: str) -> str:
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(character) or (
        f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"
    )


def _text(text: str) -> str:
    kept = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
    return _code(kept)


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(columns)]
    lines.append(tuple("---" for _ in lines[0]))
    lines.extend(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
