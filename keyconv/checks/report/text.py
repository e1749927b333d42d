"""`--format text`: for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from keyconv.checks.model import SEVERITIES, Finding, Severity
from keyconv.checks.report.escape import for_heading, for_terminal
from keyconv.checks.report.model import Report, plural
from keyconv.checks.rules import rule

__all__ = ["summary", "write"]

_COLOURS: dict[Severity, str] = {"error": "\x1b[1;31m", "warning": "\x1b[33m", "info": "\x1b[36m"}
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_MOST_NAMED = 5


def write(report: Report) -> str:
    """Return the findings grouped by file, each as `path:line: severity rule message` with its hint, and a summary."""
    if report.statistics:
        return "".join(line + "\n" for line in (*_statistics(report), *([] if report.quiet else summary(report))))
    lines: list[str] = []
    for _, findings in groupby(report.findings, lambda finding: finding.path):
        for finding in findings:
            lines += _finding(finding, report)
        if not report.quiet:
            lines.append("")
    lines += _problems(report) if report.quiet else summary(report)
    return "".join(line + "\n" for line in lines)


def _statistics(report: Report) -> Iterator[str]:
    """Yield a line for each rule: how often it was found, its severity, whether --fix can fix it, and its title."""
    rules = report.rules
    if not rules:
        return
    severities: dict[str, Severity] = {}
    for finding in report.findings:
        graver = severities.get(finding.rule, finding.severity)
        severities[finding.rule] = min(graver, finding.severity, key=SEVERITIES.index)
    digits, width = len(str(max(rules.values()))), max(map(len, rules))
    for name, count in rules.items():
        severity = severities[name]
        mark = "[*]" if rule(name).fixable else "[ ]"
        shown = _paint(f"{severity:<7}", severity, report)
        yield f"{count:>{digits}}  {name:<{width}}  {mark} {shown}  {rule(name).title}"
    if not report.quiet:
        fixable = sum(finding.fixable for finding in report.findings)
        yield f"[*] fixable with --fix ({plural(fixable, 'finding')})" if fixable else ""


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
    """Return the closing lines: counts, and what could not be verified, read or written."""
    graver = [(count, severity) for severity, count in report.counts.items() if count and severity != "info"]
    counts = ", ".join(plural(count, severity) for count, severity in graver)
    info = report.counts["info"]
    if info:
        counts = f"{counts}, {info} info" if counts else f"{info} info"
    verdict = f"found {counts}" if counts else "nothing found"
    over = f", {plural(report.passed_over, 'other file')} skipped" if report.passed_over and report.verbose else ""
    yield f"{plural(report.checked, 'file')} checked{over}: {verdict}"
    if report.accepted:
        yield f"{plural(report.accepted, 'finding')} in the baseline"
    if report.gone:
        entries = "1 entry" if report.gone == 1 else f"{report.gone} entries"
        yield f"{entries} of the baseline no longer found: write it again with --write-baseline"
    if report.fixed:
        yield f"fixed: {_names(report.fixed, report)}"
    if report.backups:
        yield f"backups of the files as they were: {_names(report.backups, report)}"
    if report.unverified:
        what = "encrypted key not verified" if len(report.unverified) == 1 else "encrypted keys not verified"
        yield f"{len(report.unverified)} {what} (no passphrase given): {_names(report.unverified, report)}"
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
