"""`--format gitlab`: a Code Quality report.

Source: GitLab's documentation, 'Code Quality', section 'Code Quality report format'.
"""

from __future__ import annotations

from keyconv.checks.model import Severity
from keyconv.checks.report.json import dump
from keyconv.checks.report.model import Report, fingerprints

__all__ = ["write"]

_SEVERITIES: dict[Severity, str] = {"error": "critical", "warning": "major", "info": "info"}
_CHECKS = {"read": "unreadable", "written": "unwritten"}


def write(report: Report) -> str:
    """Return a list with one object a finding; GitLab wants a line, so a file as a whole is its first."""
    found = [
        {
            "description": finding.message,
            "check_name": finding.rule,
            "fingerprint": name,
            "severity": _SEVERITIES[finding.severity],
            "location": {"path": _relative(finding.path), "lines": {"begin": finding.line or 1}},
        }
        for finding, name in zip(report.findings, fingerprints(report.findings), strict=True)
    ]
    for problem in report.problems:
        from hashlib import sha256

        found.append(
            {
                "description": f"could not be {problem.done}: {problem.message}",
                "check_name": _CHECKS[problem.done],
                "fingerprint": sha256(
                    f"{_CHECKS[problem.done]}\0{problem.path}".encode("utf-8", "surrogateescape")
                ).hexdigest(),
                "severity": "critical",
                "location": {"path": _relative(problem.path), "lines": {"begin": 1}},
            }
        )
    return dump(found)


def _relative(path: str) -> str:
    return path.removeprefix("./")
