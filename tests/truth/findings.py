"""What `keyconv check` says of every row, and where that and the programs' verdicts differ."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from truth import material
from truth.model import ACCEPTED, FOLDER, Kind, Row, Table

__all__ = ["KNOWN", "Said", "differences", "findings"]

_ROOT = Path(__file__).resolve().parents[2]
KNOWN = FOLDER / "known_differences.json"

_NAMES: Mapping[Kind, str] = {
    "authorized_keys": "authorized_keys",
    "known_hosts": "known_hosts",
    "certificate": "id-cert.pub",
    "allowed_signers": "allowed_signers",
    "authorized_principals": "authorized_principals",
}
"""The file's name for each kind that `check` reads."""

_ON_KEYS = frozenset({"identity", "protection", "strength"})
"""Groups of rules on the key itself."""

_APART = frozenset({"joined-keys", "cert-forever"})
"""Rules on lines that say nothing of whether the line, as it stands, is taken."""

_ALSO_SPEAK = frozenset({"dsa", "short-rsa", "ssh1"})
"""Rules on keys that current programs refuse, or refuse below a size."""

_LOCKS_OUT = "duplicate-key"
"""A rule whose advice is to remove a line: no two lines of a row do the same."""

_AT_ONCE = 300
"""Files on one command line: some systems allow no more than 32 KiB."""

_VERDICT = re.compile(
    r"\b(?:sshd|ssh|ssh-keygen|OpenSSH)\b[^;]*\b(?:ignore|refuse|skip|never|knows no|take it for nobody)"
)


@dataclass(frozen=True, slots=True)
class Said:
    """One finding: `speaks` says whether it is about the line being taken, or only about the key."""

    rule: str
    severity: str
    line: int | None
    speaks: bool
    alarms: bool


def findings(rows: Iterable[Row]) -> dict[str, tuple[Said, ...]]:
    """Run `keyconv check` on the input of every row that it reads. Returns: the findings, by the rows' keys."""
    groups = {rule["name"]: rule["group"] for rule in _keyconv("check", "--list", "--json")}
    asked = [row for row in rows if row.kind in _NAMES]
    found: dict[str, list[Said]] = {row.key: [] for row in asked}
    with tempfile.TemporaryDirectory() as created:
        paths = {}
        for number, row in enumerate(asked):
            path = Path(created, f"{number:04}", _NAMES[row.kind])
            path.parent.mkdir()
            path.write_bytes(material.expand(row.input))
            paths[str(path)] = row.key
        command = ("check", "--format", "json", "--ignore", "shared-modulus-factor,stale-certificate,stale-public")
        named = list(paths)
        for first in range(0, len(named), _AT_ONCE):
            report = _keyconv(*command, *named[first : first + _AT_ONCE])
            for finding in report["findings"]:
                found[paths[finding["path"]]].append(_said(finding, groups[finding["rule"]]))
    return {key: tuple(said) for key, said in found.items()}


def differences(table: Table, found: Mapping[str, tuple[Said, ...]]) -> dict[str, list[str]]:
    """Name the rows on which keyconv and the programs differ.

    `silent`: every version refuses the input for everyone, or a part of it has no effect, and no finding says so.
    `silent_where_versions_differ`: one of them refuses it, and no finding says so.
    `false_alarm`: every version takes it, and a finding says that it is refused or ignored.
    """
    kinds: dict[str, list[str]] = {"silent": [], "silent_where_versions_differ": [], "false_alarm": []}
    for row in table.rows:
        if row.key not in found:
            continue
        said = found[row.key]
        dead = [row.dead(version) for version in row.verdicts]
        if (row.partly or any(dead)) and not any(each.speaks for each in said):
            kinds["silent" if row.partly or all(dead) else "silent_where_versions_differ"].append(row.key)
        if (
            not row.partly
            and all(verdict in ACCEPTED for verdict in row.verdicts.values())
            and any(each.alarms and _on_last_line(row, each) for each in said)
        ):
            kinds["false_alarm"].append(row.key)
    return kinds


def _on_last_line(row: Row, said: Said) -> bool:
    """Report whether a finding is about the line whose verdict the row has: its last one."""
    lines = [number for number, line in enumerate(row.input.split("\n"), 1) if line and not line.startswith("#")]
    return said.line == lines[-1] or (said.line is None and len(lines) == 1)


def _said(finding: Mapping[str, Any], group: str) -> Said:
    rule, severity = finding["rule"], finding["severity"]
    on_lines = group not in _ON_KEYS and rule not in _APART
    verdict = bool(_VERDICT.search(finding["message"]))
    alarms = severity != "info" and (verdict or (on_lines and (group != "damage" or severity == "error")))
    alarms = alarms or rule == _LOCKS_OUT
    return Said(rule, severity, finding["line"], on_lines or rule in _ALSO_SPEAK or verdict, alarms)


def _keyconv(*arguments: str) -> Any:
    """Run keyconv as a program of its own. Returns: the JSON that it writes."""
    command = [sys.executable, "-m", "keyconv", *arguments]
    with tempfile.TemporaryDirectory() as elsewhere:  # where there are no settings
        environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
        result = subprocess.run(
            command, cwd=elsewhere, env=environment, capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
    if result.returncode not in (0, 1):
        raise RuntimeError(f"keyconv check: {result.stderr.decode('utf-8', 'replace')}")
    return json.loads(result.stdout)
