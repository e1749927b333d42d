"""Baselines: the findings that a team has accepted for now, so that only new ones fail a run.

A baseline is a JSON file to be committed. It names each finding by its path (from the folder of the baseline on), its
rule and the key's fingerprint, or where there is none the message without numbers of lines, and never has a part of a
key. Lines that move do not bring a finding back; a second one of the same kind in the same file does.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any, NamedTuple

from keyconv.checks.model import Finding
from keyconv.checks.report.json import dump
from keyconv.errors import UsageError

__all__ = ["VERSION", "Baseline", "Entry", "Split", "Text", "is_baseline", "read", "write"]

VERSION = 1
_TITLE = "keyconv baseline"
_LINE_NUMBERS = re.compile(r"\b(lines?) [0-9]+(?:(?: to |, | and )[0-9]+)*")
_IDENTITY = re.compile(r"[0-9a-f]{64}\Z")


class Entry(NamedTuple):
    """One accepted finding; `identity` is the digest of path, rule and key."""

    path: str
    rule: str
    key: str
    identity: str


class Split(NamedTuple):
    """The findings that are new, how many are accepted, and how many entries no longer have a finding."""

    new: tuple[Finding, ...]
    accepted: int
    gone: int


class Text(NamedTuple):
    """The text of a baseline, and how many of its entries are of the findings of this run, and how many were kept."""

    text: str
    found: int
    kept: int


Place = Callable[[str], str]
"""Returns a path as the baseline has it: from its folder on."""

Looked = Callable[[Entry], bool]
"""Returns whether a run looked for the finding of an entry: whether it read the file, with the rule selected."""


class Baseline(NamedTuple):
    """The findings that were there when the baseline was written."""

    entries: tuple[Entry, ...] = ()

    def split(self, findings: Iterable[Finding], place: Place, looked: Looked) -> Split:
        """Separate new findings from accepted ones; an entry for which the run did not look is not gone."""
        left = Counter(entry.identity for entry in self.entries)
        new = []
        accepted = 0
        for finding in findings:
            identity = _entry(finding, place).identity
            if left[identity] > 0:
                left[identity] -= 1
                accepted += 1
            else:
                new.append(finding)
        by_identity = {entry.identity: entry for entry in self.entries if left[entry.identity] > 0}
        gone = sum(left[identity] for identity, entry in by_identity.items() if looked(entry))
        return Split(tuple(new), accepted, gone)


def write(findings: Iterable[Finding], place: Place, before: Baseline, looked: Looked) -> Text:
    """Make the text of a baseline of these findings, and of those entries `before` for which the run did not look.

    It is sorted: two of the same findings are the same text.
    """
    found = [_entry(finding, place) for finding in findings]
    again = Counter(entry.identity for entry in found)
    kept = []
    for entry in before.entries:
        if again[entry.identity] > 0:
            again[entry.identity] -= 1
        elif not looked(entry):
            kept.append(entry)
    rows = [
        {"path": entry.path, "rule": entry.rule, "key": entry.key or None, "id": entry.identity}
        for entry in sorted([*found, *kept])
    ]
    return Text(dump({"title": _TITLE, "version": VERSION, "findings": rows}), len(found), len(kept))


def read(text: bytes) -> Baseline:
    """Read a baseline.

    Raises: UsageError where it is not one, or of another version.
    """
    document = _parse(text)
    if document is None:
        raise UsageError("not a baseline of keyconv", hint="--write-baseline writes one, under a name that is free")
    if document.get("version") != VERSION:
        raise UsageError(f"a baseline of another version than {VERSION}", hint="write it again with --write-baseline")
    rows = document.get("findings")
    if not isinstance(rows, list):
        raise UsageError("the baseline has no list of findings")
    return Baseline(tuple(_read_entry(row, number) for number, row in enumerate(rows, 1)))


def is_baseline(text: bytes) -> bool:
    """Whether a file is a baseline, of whatever version, and may be replaced by a new one."""
    return _parse(text) is not None


def _parse(text: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document.get("title") == _TITLE else None


def _read_entry(row: object, number: int) -> Entry:
    fields = row if isinstance(row, dict) else {}
    path, rule, key, identity = (fields.get(name) for name in ("path", "rule", "key", "id"))
    if not (isinstance(identity, str) and _IDENTITY.match(identity)):
        raise UsageError(f"entry {number} of the baseline has no 'id' of 64 hexadecimal digits")
    if not (isinstance(path, str) and isinstance(rule, str) and (key is None or isinstance(key, str))):
        raise UsageError(f"entry {number} of the baseline needs 'path' and 'rule' as text")
    return Entry(path, rule, key or "", identity)


def _entry(finding: Finding, place: Place) -> Entry:
    path = place(finding.path)
    what = finding.fingerprint or _LINE_NUMBERS.sub(r"\1", finding.message)
    parts = (path, finding.rule, what)
    identity = sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
    return Entry(path, finding.rule, finding.fingerprint or "", identity)
