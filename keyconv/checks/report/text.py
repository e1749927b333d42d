"""`--format text`: for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from keyconv.checks.model import Finding, Severity
from keyconv.checks.report.escape import for_heading, for_terminal
from keyconv.checks.report.model import Report, plural

__all__ = ["summary", "write"]

_COLOURS: dict[Severity, str] = {"error": "\x1b[1;31m", "warning": "\x1b[33m", "info": "\x1b[36m"}
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_MOST_NAMED = 5


def write(report: Report) -> str:
    """Give the findings grouped by file, each as `path:line: severity rule message` with its hint, and a summary."""
    lines: list[str] = []
    for _, findings in groupby(report.findings, lambda finding: finding.path):
        for finding in findings:
            lines += _finding(finding, report)
        if not report.quiet:
            lines.append("")
    lines += _problems(report) if report.quiet else summary(report)
    return "".join(line + "\n" for line in lines)


def _finding(finding: Finding, report: Report) -> Iterator[str]:
    where = for_heading(finding.path) + (f":{finding.line}" if finding.line is not None else "")
    severity = _paint(finding.severity, finding.severity, report)
    rule = f"{_BOLD}{finding.rule}{_PLAIN}" if report.colour else finding.rule
    yield f"{where}: {severity} {rule} {for_terminal(finding.message)}"
    if finding.hint and not report.quiet:
        hint = for_terminal(finding.hint)
        yield f"  {_DIM}hint: {hint}{_PLAIN}" if report.colour else f"  hint: {hint}"
    if report.verbose and finding.fingerprint:
        yield f"  key: {for_terminal(finding.fingerprint)}"


def summary(report: Report) -> Iterator[str]:
    """Give the closing lines: counts, and what could not be verified, read or written."""
    graver = [(count, severity) for severity, count in report.counts.items() if count and severity != "info"]
    counts = ", ".join(plural(count, severity) for count, severity in graver)
    info = report.counts["info"]
    if info:
        counts = f"{counts}, {info} info" if counts else f"{info} info"
    verdict = f"found {counts}" if counts else "nothing found"
    over = f", {plural(report.passed_over, 'other file')} passed over" if report.passed_over and report.verbose else ""
    yield f"{plural(report.checked, 'file')} checked{over}: {verdict}"
    if report.fixed:
        yield f"mended: {_names(report.fixed, report)}"
    if report.backups:
        yield f"backups of the files as they were: {_names(report.backups, report)}"
    if report.unverified:
        what = "private half not verified" if len(report.unverified) == 1 else "private halves not verified"
        yield f"{len(report.unverified)} {what}, for want of a passphrase: {_names(report.unverified, report)}"
    yield from _problems(report)
    if report.verbose:
        for remark in report.remarks:
            yield f"note: {for_terminal(remark)}"


def _problems(report: Report) -> Iterator[str]:
    for problem in report.problems:
        yield f"could not be {problem.done}: {for_terminal(problem.path)}: {for_terminal(problem.message)}"


def _names(paths: tuple[str, ...], report: Report) -> str:
    named = paths if report.verbose else paths[:_MOST_NAMED]
    more = f" and {len(paths) - len(named)} more" if len(paths) > len(named) else ""
    return ", ".join(map(for_terminal, named)) + more


def _paint(text: str, severity: Severity, report: Report) -> str:
    return f"{_COLOURS[severity]}{text}{_PLAIN}" if report.colour else text
