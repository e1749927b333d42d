"""`--format github`: annotations of a workflow's run, and its step summary.

Source: GitHub's documentation, 'Workflow commands for GitHub Actions'.
"""

from __future__ import annotations

from collections.abc import Iterator

from keyconv.checks.model import Severity
from keyconv.checks.report import text
from keyconv.checks.report.escape import for_annotation, for_annotation_property, for_markdown
from keyconv.checks.report.model import Report, plural

__all__ = ["step_summary", "write"]

_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "notice"}
_MOST_ROWS = 500


def write(report: Report) -> str:
    """Return one workflow command a finding, then what the text format says in the end."""
    lines = [
        _command(
            _LEVELS[finding.severity],
            finding.path,
            finding.line,
            f"keyconv {finding.rule}",
            f"{finding.message}. {finding.hint}" if finding.hint else finding.message,
        )
        for finding in report.findings
    ]
    lines += [_command("error", problem.path, None, "keyconv", problem.message) for problem in report.problems]
    lines += text.summary(report)
    return "".join(line + "\n" for line in lines)


def step_summary(report: Report) -> str:
    """Return the Markdown for the file that GITHUB_STEP_SUMMARY names."""
    return "".join(line + "\n" for line in _summary(report))


def _summary(report: Report) -> Iterator[str]:
    yield "### keyconv check"
    yield ""
    yield f"{plural(report.checked, 'file')} checked, {plural(len(report.findings), 'finding')}."
    if report.findings:
        yield ""
        yield "| severity | rule | where | what |"
        yield "|---|---|---|---|"
        for finding in report.findings[:_MOST_ROWS]:
            where = for_markdown(finding.path) + (f"\\:{finding.line}" if finding.line is not None else "")
            yield f"| {finding.severity} | {finding.rule} | {where} | {for_markdown(finding.message)} |"
        if len(report.findings) > _MOST_ROWS:
            yield f"| | | | and {len(report.findings) - _MOST_ROWS} more |"
    for problem in report.problems:
        yield ""
        yield f"Could not be {problem.done}: {for_markdown(problem.path)}, {for_markdown(problem.message)}"
    if report.unverified:
        yield ""
        yield f"{plural(len(report.unverified), 'encrypted key')} not verified (no passphrase given)."


def _command(level: str, path: str, line: int | None, title: str, message: str) -> str:
    properties = f"file={for_annotation_property(path)}"
    if line is not None:
        properties += f",line={line}"
    properties += f",title={for_annotation_property(title)}"
    return f"::{level} {properties}::{for_annotation(message)}"
