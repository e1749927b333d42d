"""A row of the table, and the table as files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = ["ACCEPTED", "FOLDER", "KINDS", "Kind", "Row", "Table", "load", "save"]

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "truth"

Kind = Literal["authorized_keys", "authorized_principals", "known_hosts", "certificate", "allowed_signers"]
KINDS: tuple[Kind, ...] = ("authorized_keys", "authorized_principals", "known_hosts", "certificate", "allowed_signers")

ACCEPTED = frozenset({"accepted", "revoked"})
"""The verdicts of a line that has an effect; `revoked` is the effect of a line that revokes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One question: a file of one or more lines, and who does what with it.

    `input` names keys by placeholders, which `truth.material` explains. `elsewhere` says that a refusal is meant for
    this client, name or time alone, and that others may be let in; `partly` that a part of what is taken has no effect.
    `verdicts` and `log` are by version.
    """

    kind: Kind
    name: str
    input: str
    context: Mapping[str, str]
    elsewhere: bool = False
    partly: bool = False
    verdicts: Mapping[str, str] = field(default_factory=dict)
    log: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The row's name among all rows."""
        return f"{self.kind}/{self.name}"

    def dead(self, version: str) -> bool:
        """Report whether the program of a version refuses the input for everyone and for ever."""
        return not self.elsewhere and self.verdicts[version] not in ACCEPTED

    def as_json(self) -> dict[str, Any]:
        """Return the row as it stands in the table."""
        row: dict[str, Any] = {
            "kind": self.kind,
            "name": self.name,
            "input": self.input,
            "context": dict(self.context),
            "verdicts": dict(self.verdicts),
        }
        if any(verdict not in ACCEPTED for verdict in self.verdicts.values()):
            row["refused_for"] = "this client" if self.elsewhere else "everyone"
        if self.partly:
            row["partly"] = True
        if self.log:
            row["log"] = dict(self.log)
        return row


@dataclass(frozen=True, slots=True)
class Table:
    """The rows with their verdicts; `programs` are the full versions by the short ones, the oldest first."""

    programs: Mapping[str, str]
    rows: tuple[Row, ...]


def save(table: Table, folder: Path = FOLDER) -> None:
    """Write one file for each kind."""
    programs = [{"name": name, "version": version} for version, name in table.programs.items()]
    for kind in KINDS:
        rows = [json.dumps(row.as_json()) for row in table.rows if row.kind == kind]
        text = f'{{"programs": {json.dumps(programs)},\n "rows": [\n' + ",\n".join(rows) + "\n ]\n}\n"
        (folder / f"{kind}.json").write_text(text, "ascii")


def load(folder: Path = FOLDER) -> Table:
    """Read the files of all kinds."""
    programs: dict[str, str] = {}
    rows: list[Row] = []
    for kind in KINDS:
        data = json.loads((folder / f"{kind}.json").read_text("ascii"))
        programs |= {program["version"]: program["name"] for program in data["programs"]}
        rows += _rows(data["rows"])
    return Table(programs, tuple(rows))


def _rows(items: Iterable[dict[str, Any]]) -> list[Row]:
    return [
        Row(
            item["kind"],
            item["name"],
            item["input"],
            item["context"],
            item.get("refused_for") == "this client",
            item.get("partly", False),
            item["verdicts"],
            item.get("log", {}),
        )
        for item in items
    ]
