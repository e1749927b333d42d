"""`--format sarif`: the Static Analysis Results Interchange Format, version 2.1.0 (OASIS).

No snippets and no contents of files: a report may not hold key material.
"""

from __future__ import annotations

from keyconv.checks.model import Finding, Rule, Severity
from keyconv.checks.pages import page
from keyconv.checks.report.escape import for_terminal, for_uri
from keyconv.checks.report.json import dump
from keyconv.checks.report.model import HOME, Report, fingerprints
from keyconv.checks.rules import RULES

__all__ = ["SCHEMA", "write"]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}
# GitHub's scale of 0 to 10.
_SECURITY: dict[Severity, str] = {"error": "8.0", "warning": "5.0", "info": "2.0"}
_INDEX = {rule.name: index for index, rule in enumerate(RULES)}


def write(report: Report) -> str:
    """Return one run with all rules, their help, and a result a finding."""
    invocation: dict[str, object] = {"executionSuccessful": not report.problems}
    if report.problems:
        invocation["toolExecutionNotifications"] = [
            {
                "level": "error",
                "message": {"text": for_terminal(problem.message)},
                "locations": [_location(problem.path, None)],
            }
            for problem in report.problems
        ]
    results = [
        {
            "ruleId": finding.rule,
            "ruleIndex": _INDEX[finding.rule],
            "level": _LEVELS[finding.severity],
            "message": {"text": for_terminal(finding.message + (f". {finding.hint}" if finding.hint else ""))},
            "locations": [_location(finding.path, finding.line)],
            "partialFingerprints": {"keyconv/v1": name},
            "properties": {"fixable": finding.fixable, "keyFingerprint": finding.fingerprint},
            **_related(finding),
        }
        for finding, name in zip(report.findings, fingerprints(report.findings), strict=True)
    ]
    driver = {
        "name": "keyconv",
        "informationUri": HOME,
        "semanticVersion": report.version or "0.0.0",
        "rules": [_rule(rule) for rule in RULES],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": results,
    }
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, object]:
    help_text = f"{rule.cause}\n\nWhat other tools say: {rule.others}\n\nWhat to do: {rule.cure}"
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.title + "."},
        "fullDescription": {"text": f"{rule.title}. {rule.cause}"},
        "help": {"text": help_text, "markdown": page(rule, linked=False)},
        "helpUri": f"{HOME}#{rule.name}",
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": ["security", rule.group],
            "precision": "very-high",
            "security-severity": _SECURITY[rule.severity],
        },
    }


def _related(finding: Finding) -> dict[str, object]:
    if not finding.related:
        return {}
    places = [
        {**_location(each.path, each.line), "id": number, "message": {"text": for_terminal(each.message)}}
        for number, each in enumerate(finding.related)
    ]
    return {"relatedLocations": places}


def _location(path: str, line: int | None) -> dict[str, object]:
    # GitHub shows no result without a line; what is about the whole file stands at its first.
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": for_uri(path.removeprefix("./"))},
            "region": {"startLine": line or 1},
        }
    }
