"""`--format json`: an object with `findings` and `summary`."""

from __future__ import annotations

import json
from dataclasses import asdict

from keyconv.checks.report.escape import for_json
from keyconv.checks.report.model import Report

__all__ = ["dump", "write"]


def write(report: Report) -> str:
    """Return the report as one JSON document; paths stand as they are, for programs to find them by."""
    findings = []
    for finding in report.findings:
        fields = asdict(finding)
        findings.append({**fields, "hint": finding.hint or None})
    return dump({"findings": findings, "summary": report.summary})


def dump(value: object) -> str:
    """Return a JSON document in ASCII with a final line end."""
    # `##[` in a log is an order to a CI runner; a `#` stands in strings alone.
    return json.dumps(_clean(value), indent=2, ensure_ascii=True).replace("##", r"\u0023\u0023") + "\n"


def _clean(value: object) -> object:
    match value:
        case str():
            return for_json(value)
        case dict():
            return {key: _clean(each) for key, each in value.items()}
        case list() | tuple():
            return [_clean(each) for each in value]
    return value
