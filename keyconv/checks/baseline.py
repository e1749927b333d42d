"""Baselines: the findings that a team has accepted for now, so that only new ones fail a run.

A baseline is a JSON file to be committed. It names each finding by its path (as the settings see it), its rule and the
key's fingerprint, or where there is none the message without numbers of lines, and never has a part of a key. Lines
that move do not bring a finding back; a second one of the same kind in the same file does.
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

__all__ = ["VERSION", "Baseline", "is_baseline", "read", "write"]

VERSION = 1
_TITLE = "keyconv baseline"
_LINE_NUMBERS = re.compile(r"\b(lines?) [0-9]+(?:(?: to |, | and )[0-9]+)*")
_IDENTITY = re.compile(r"[0-9a-f]{64}\Z")


class Baseline(NamedTuple):
    """How often each finding was there when the baseline was written, by its identity."""

    counts: Counter[str]

    def split(
        self, findings: Iterable[Finding], relative: Callable[[str], str]
    ) -> tuple[tuple[Finding, ...], int, int]:
        """Return the findings that are new, how many are known, and how many entries no longer have a finding.

        `relative` gives a path as the settings see it.
        """
        left = Counter(self.counts)
        new = []
        known = 0
        for finding in findings:
            identity = _identity(finding, relative(finding.path))
            if left[identity] > 0:
                left[identity] -= 1
                known += 1
            else:
                new.append(finding)
        return tuple(new), known, sum(left.values())


def write(findings: Iterable[Finding], relative: Callable[[str], str]) -> str:
    """Return the text of a baseline of these findings, sorted, so that two of the same findings are the same text."""
    entries = [
        {
            "path": relative(finding.path),
            "rule": finding.rule,
            "key": finding.fingerprint,
            "id": _identity(finding, relative(finding.path)),
        }
        for finding in findings
    ]
    entries.sort(key=lambda entry: (entry["path"], entry["rule"], entry["key"] or "", entry["id"]))
    return dump({"title": _TITLE, "version": VERSION, "findings": entries})


def read(text: bytes) -> Baseline:
    """Read a baseline.

    Raises: UsageError where it is not one, or of another version.
    """
    document = _parse(text)
    if document is None:
        raise UsageError("not a baseline of keyconv", hint="--write-baseline writes one, under a name that is free")
    if document.get("version") != VERSION:
        raise UsageError(f"a baseline of another version than {VERSION}", hint="write it again with --write-baseline")
    entries = document.get("findings")
    if not isinstance(entries, list):
        raise UsageError("the baseline has no list of findings")
    counts: Counter[str] = Counter()
    for number, entry in enumerate(entries, 1):
        identity = entry.get("id") if isinstance(entry, dict) else None
        if not (isinstance(identity, str) and _IDENTITY.match(identity)):
            raise UsageError(f"entry {number} of the baseline has no 'id' of 64 hexadecimal digits")
        counts[identity] += 1
    return Baseline(counts)


def is_baseline(text: bytes) -> bool:
    """Whether a file is a baseline, of whatever version, and may be replaced by a new one."""
    return _parse(text) is not None


def _parse(text: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document.get("title") == _TITLE else None


def _identity(finding: Finding, path: str) -> str:
    what = finding.fingerprint or _LINE_NUMBERS.sub(r"\1", finding.message)
    parts = (path, finding.rule, what)
    return sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
