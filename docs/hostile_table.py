"""Writes the tables of docs/hostile.md: what keyconv and other programs make of every hostile file of tests/hostile.

The outcomes are recorded in docs/hostile.json, which a measuring run writes; nothing in the tables is typed by hand.

python docs/hostile_table.py             rewrite the tables from what is recorded
python docs/hostile_table.py --check     change nothing; run keyconv's every command on every file, and exit with 1 if
                                         an outcome is not the recorded one, or if a table is stale
python docs/hostile_table.py --own       record keyconv's own answers again, where they changed; what other programs
                                         said, times and memory stay; then rewrite
python docs/hostile_table.py --new       measure the files that are not recorded yet, as --measure does; then rewrite
python docs/hostile_table.py --measure   measure everything again, which needs the other programs and the network, and
                                         takes a quarter of an hour; then rewrite
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "hostile.md"
RECORD = ROOT / "docs" / "hostile.json"
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]  # the code and the files of this checkout

from hostile.corpus import corpus  # noqa: E402
from hostile.model import Hostile  # noqa: E402
from hostile.running import COMMANDS, agent, run_all  # noqa: E402
from hostile.special import SPECIAL  # noqa: E402

_MARKED = re.compile(r"(<!-- hostile: (?P<name>[a-z-]+) -->\n)(?P<table>.*?)(<!-- end -->)", re.DOTALL)
_TOOLS = ("puttygen", "ssh-keygen", "cryptography", "asyncssh", "paramiko")
_OUTCOMES = (*("refused", "accepted", "wrong", "blames the passphrase", "exception", "crash", "out of memory", "hang"),)
_GOAL_SECONDS, _GOAL_MEBIBYTES = 2.0, 200

Record = dict[str, Any]


def main(arguments: list[str]) -> int:
    """Measure, rewrite or check, and give the exit code."""
    if arguments not in ([], ["--check"], ["--own"], ["--new"], ["--measure"]):
        sys.stderr.write("usage: python docs/hostile_table.py [--check | --own | --new | --measure]\n")
        return 2
    if arguments == ["--measure"]:
        from hostile.measuring import measure

        RECORD.write_text(json.dumps(measure(), indent=1, sort_keys=True) + "\n", "utf-8")
    record = json.loads(RECORD.read_text("utf-8"))
    if arguments == ["--new"]:
        from hostile.measuring import measure

        record["files"].update(measure(record["files"])["files"])
        RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", "utf-8")
    if arguments == ["--own"]:
        _record_own(record)
        RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", "utf-8")
    differing = list(_compare(record)) if arguments == ["--check"] else []
    sys.stdout.write("".join(f"{line}\n" for line in differing))
    text = PAGE.read_text("utf-8")
    fresh = rewrite(text, record)
    if fresh != text:
        if arguments != ["--check"]:
            PAGE.write_text(fresh, "utf-8")
        state = "stale: run python docs/hostile_table.py" if arguments == ["--check"] else "rewritten"
        sys.stdout.write(f"{PAGE.relative_to(ROOT).as_posix()}: {state}\n")
    return 1 if arguments == ["--check"] and (differing or fresh != text) else 0


def rewrite(text: str, record: Record) -> str:
    """Return the page with its tables made again."""
    return _MARKED.sub(lambda marked: f"{marked[1]}\n{TABLES[marked['name']](record)}\n{marked[4]}", text)


def _compare(record: Record) -> Iterable[str]:
    """Run keyconv on every file; name what is not as recorded. Special files are for the tests."""
    recorded = record["files"]
    for name, code, exits in _answers():
        known = recorded.get(name, {})
        if (code, exits) != (known.get("code"), known.get("exits")):
            yield f"{name}: not as recorded: run python docs/hostile_table.py --own, or --measure for a new file"
    yield from (
        f"{name}: recorded, but no longer in the corpus" for name in recorded.keys() - {each.name for each in _files()}
    )


def _answers() -> Iterator[tuple[str, str, dict[str, int]]]:
    """Run keyconv's every command on every file. Yields: its name, the code of the error, the exit codes."""
    import made_certificates

    with tempfile.TemporaryDirectory() as created, agent() as asked:
        certificate, path = Path(created) / "certificate.pub", Path(created) / "key"
        certificate.write_bytes(made_certificates.line(made_certificates.make()))
        for file in corpus():
            path.write_bytes(file.make())
            path.chmod(0o600)
            found = run_all(path, certificate, asked)
            exits = {command: outcome.exit_code for command, outcome in found.items()}
            yield file.name, found["inspect, opened"].code, exits


def _record_own(record: Record) -> None:
    """Put keyconv's own answers in the place of those that are recorded, where they differ."""
    files = record["files"]
    for name, code, exits in _answers():
        if name in files:
            files[name].update(code=code, exits=exits)


def _files() -> tuple[Hostile, ...]:
    return (*corpus(), *SPECIAL)


# ── the tables ─────────────────────────────────────────────────────────────────────────────────────────────────────


def measured(record: Record) -> str:
    """When, with which versions, under which limits; the largest of keyconv's own numbers."""
    facts, files = record["measured"], record["files"]
    versions = ", ".join(f"{name} {facts['versions'][name]}" for name in (*_TOOLS, "python"))
    slowest = max(files, key=lambda name: files[name]["seconds"])
    largest = max(files, key=lambda name: files[name]["mebibytes"])
    above = [
        f"`{name}`"
        for name, found in files.items()
        if found["seconds"] > _GOAL_SECONDS or found["mebibytes"] > _GOAL_MEBIBYTES
    ]
    rows = [
        ("measured", facts["date"]),
        ("with", versions),
        ("other programs' limits", f"{facts['limits']['seconds']} s, {facts['limits']['mebibytes']} MiB"),
        ("files", str(len(files))),
        ("of them legal, with something to warn of", str(sum(1 for file in _files() if file.is_legal))),
        ("keyconv's runs", str(sum(len(found["exits"]) for found in files.values()))),
        ("slowest run", f"`{slowest}`, {files[slowest]['seconds']} s of CPU time"),
        ("largest process", f"`{largest}`, {files[largest]['mebibytes']} MiB, of which an empty run takes most"),
        (f"above {_GOAL_SECONDS:.0f} s or {_GOAL_MEBIBYTES} MiB", ", ".join(above) or "none"),
    ]
    return _table(("", ""), rows)


def summary(record: Record) -> str:
    """Each other program's outcomes on the files that no program should accept, counted."""
    illegal = {file.name for file in _files() if not file.is_legal}
    rows = []
    for tool in _TOOLS:
        answers = [
            found["others"][tool].split(" ")[0]
            if found["others"][tool].startswith("exception")
            else found["others"][tool]
            for name, found in record["files"].items()
            if name in illegal and tool in found["others"]
        ]
        counted = Counter(answers)
        rows.append((tool, str(len(answers)), *(str(counted[outcome]) for outcome in _OUTCOMES)))
    return _table(("", "files that it reads", *_OUTCOMES), rows)


def order(record: Record) -> str:
    """The commands, in the order of the digits."""
    return _table(("digit", "command"), [(str(place), f"`{name}`") for place, name in enumerate(COMMANDS, 1)])


def files(record: Record) -> str:
    """Every file, by class."""
    by_class: dict[str, list[str]] = {}
    for file in _files():
        if file.name in record["files"]:
            by_class.setdefault(file.kind, []).append(file.name)
    parts = []
    for kind, names in by_class.items():
        rows = [_row(name, record["files"][name]) for name in names]
        columns = ("file", "keyconv says", "exit codes", "s", "MiB", *_TOOLS)
        parts.append(f"### {kind}\n\n{_table(columns, rows)}")
    return "\n".join(parts)


def _row(name: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    digits = "".join(str(found["exits"][command]) for command in COMMANDS)
    others = (found["others"].get(tool, "-") for tool in _TOOLS)
    seconds, mebibytes = f"{found['seconds']:.1f}", str(found["mebibytes"])
    return f"`{name}`", found["code"] or "(read)", f"`{digits}`", seconds, mebibytes, *others


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(columns)]
    lines.append(tuple("---" for _ in lines[0]))
    lines.extend(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


TABLES: dict[str, Callable[[Record], str]] = {"measured": measured, "summary": summary, "order": order, "files": files}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
