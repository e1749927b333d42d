"""`keyconv match` where a file speaks of keys and holds none: is the key revoked, has it a record, a principal?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keyconv.cli.escape import printable
from keyconv.cli.opening import Opener, shown
from keyconv.cli.render import Screen, to_json
from keyconv.codec import public_blob
from keyconv.crypto import fingerprint
from keyconv.engine.inspection import describe_fault
from keyconv.errors import UsageError
from keyconv.keyfile import Entry, KeyFile
from keyconv.statements import Statement, title

__all__ = ["compare"]


def compare(opened: Mapping[str, KeyFile | Statement], opener: Opener, screen: Screen) -> int:
    """Look every key up in every file that speaks of keys; give 0 if each such file speaks of a key of each other.

    Raises: UsageError where there is no key to look up.
    """
    keyed = {path: found for path, found in opened.items() if isinstance(found, KeyFile)}
    stated = {path: found for path, found in opened.items() if isinstance(found, Statement)}
    if not keyed:
        path, statement = next(iter(stated.items()))
        raise UsageError(
            f"there is no key to look up: {printable(shown(path))} is {title(statement.name)}",
            hint="name a file with a key beside it",
        )
    faulty = [opener.report(found.faults, path) for path, found in opened.items()]
    rows = [
        _row(path, entry, where, statement)
        for where, statement in stated.items()
        for path, keyfile in keyed.items()
        for entry in keyfile.entries
    ]
    pairs = {(row["path"], row["in"]) for row in rows}
    met = {(row["path"], row["in"]) for row in rows if row["how"] is not None}
    if screen.as_json:
        files = [
            {
                "path": path,
                "format": found.format if isinstance(found, KeyFile) else found.name,
                "faults": [describe_fault(fault) for fault in found.faults],
            }
            for path, found in opened.items()
        ]
        screen.data(to_json({"match": met == pairs, "keys": rows, "files": files}))
    elif not screen.quiet:
        screen.data("".join(_line(row, stated[row["in"]]) for row in rows))
    return max(faulty) or (0 if met == pairs else 1)


def _row(path: str, entry: Entry, where: str, statement: Statement) -> dict[str, Any]:
    public = entry.public
    return {
        "path": path,
        "line": entry.line,
        "fingerprint": fingerprint.sha256(public_blob.write(public)) if public is not None else None,
        "in": where,
        "format": statement.name,
        "how": (statement.applies_to(public, entry.certificate) or None) if public is not None else None,
    }


def _line(row: dict[str, Any], statement: Statement) -> str:
    said = statement.verb if row["how"] else statement.denial
    how = f" ({row['how']})" if row["how"] else ""
    line = f":{row['line']}" if row["line"] is not None else ""
    text = f"{shown(row['path'])}{line}: {said}: {row['fingerprint']} in {shown(row['in'])}{how}"
    return printable(text) + "\n"
