"""`--format html`: a report for people, in one file without scripts, pictures or anything to load.

It has no key material: findings name keys by their fingerprints.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from keyconv.checks.model import SEVERITIES, Finding
from keyconv.checks.report.escape import for_xml
from keyconv.checks.report.model import HOME, Report, plural
from keyconv.checks.rules import rule

__all__ = ["write"]

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: #767676; --error: #c62828; --warning: #a15c00;
  --info: #00639b; }
@media (prefers-color-scheme: dark) {
  :root { --dim: #a0a0a0; --error: #ff8a80; --warning: #ffb74d; --info: #81d4fa; }
}
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 2rem 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; }
h3 { font: 600 1rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; margin: 1.5rem 0 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); }
td.count { text-align: right; font-variant-numeric: tabular-nums; width: 4rem; }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
ul { list-style: none; padding: 0; margin: 0; }
li { padding: .6rem 0; border-bottom: 1px solid var(--line); break-inside: avoid; }
li p { margin: .2rem 0 0; } .dim { color: var(--dim); }
.error { color: var(--error); } .warning { color: var(--warning); } .info { color: var(--info); }
.severity { font-weight: 600; }
dl.rule dt { font-weight: 600; margin-top: .5rem; } dl.rule dd { margin: 0; }
"""


def write(report: Report) -> str:
    """Return the report as an HTML document: a summary, the findings by file, and what each of their rules means."""
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        "<title>keyconv check</title>",
        f"<style>{_STYLE}</style>",
        "</head>",
        "<body>",
        "<main>",
        "<h1>keyconv check</h1>",
        *_summary(report),
        *_findings(report),
        *_problems(report),
        *_rules(report),
        "</main>",
        f'<footer><p class="dim">Made by <a href="{HOME}">keyconv</a> {for_xml(report.version)}.</p></footer>',
        "</body>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def _summary(report: Report) -> Iterator[str]:
    verdict = "Something needs to be done." if report.failed or report.problems else "Nothing that fails this check."
    yield f"<p><strong>{verdict}</strong> {plural(report.checked, 'file')} checked.</p>"
    counts = [(severity, report.counts[severity]) for severity in SEVERITIES if report.counts[severity]]
    if counts:
        shown = ", ".join(
            f'<span class="{severity}">{f"{count} info" if severity == "info" else plural(count, severity)}</span>'
            for severity, count in counts
        )
        yield f"<p>Found: {shown}.</p>"
    if report.accepted:
        yield f"<p>{plural(report.accepted, 'more finding')} in the baseline.</p>"
    if report.fixed:
        yield f"<p>Fixed: {_names(report.fixed)}.</p>"
    if report.unverified:
        keys = plural(len(report.unverified), "encrypted key")
        yield f"<p>{keys} not verified (no passphrase given): {_names(report.unverified)}.</p>"
    if not report.findings:
        return
    yield "<h2>Rules</h2>"
    yield "<table><thead><tr>"
    yield '<th scope="col">Findings</th><th scope="col">Rule</th><th scope="col">What it is</th></tr></thead><tbody>'
    for name, count in report.rules.items():
        link = f'<a href="#rule-{name}"><code>{name}</code></a>'
        yield f'<tr><td class="count">{count}</td><td>{link}</td><td>{for_xml(rule(name).title)}</td></tr>'
    yield "</tbody></table>"


def _findings(report: Report) -> Iterator[str]:
    if not report.findings:
        return
    yield "<h2>Files</h2>"
    for path, findings in groupby(report.findings, lambda finding: finding.path):
        yield f"<h3>{for_xml(path)}</h3>"
        yield "<ul>"
        for finding in findings:
            yield from _finding(finding)
        yield "</ul>"


def _finding(finding: Finding) -> Iterator[str]:
    line = f" <span>line {finding.line}</span>" if finding.line is not None else ""
    fixable = ' <span class="dim">fixable with --fix</span>' if finding.fixable else ""
    yield (
        f'<li><span class="severity {finding.severity}">{finding.severity}</span> '
        f'<a href="#rule-{finding.rule}"><code>{finding.rule}</code></a>{line}{fixable}'
    )
    yield f"<p>{for_xml(finding.message)}</p>"
    if finding.hint:
        yield f"<p><strong>To do:</strong> {for_xml(finding.hint)}</p>"
    for each in finding.related:
        where = each.path + (f", line {each.line}" if each.line is not None else "")
        yield f'<p class="dim">See also: {for_xml(each.message)} (<code>{for_xml(where)}</code>)</p>'
    if finding.fingerprint:
        yield f'<p class="dim">Key: <code>{for_xml(finding.fingerprint)}</code></p>'
    yield "</li>"


def _problems(report: Report) -> Iterator[str]:
    if not report.problems:
        return
    yield "<h2>Files with problems</h2>"
    yield "<ul>"
    for problem in report.problems:
        what = f"could not be {problem.done}: {problem.message}"
        yield f'<li><code>{for_xml(problem.path)}</code> <span class="error">{for_xml(what)}</span></li>'
    yield "</ul>"


def _rules(report: Report) -> Iterator[str]:
    if not report.findings:
        return
    yield "<h2>What the rules mean</h2>"
    for name in report.rules:
        known = rule(name)
        yield f'<h3 id="rule-{name}">{name}</h3>'
        yield f"<p>{for_xml(known.title)}.</p>"
        yield '<dl class="rule">'
        for heading, text in (
            ("Where it comes from", known.cause),
            ("What other tools say", known.others),
            ("What to do", known.cure),
        ):
            yield f"<dt>{heading}</dt><dd>{for_xml(text)}</dd>"
        yield "</dl>"


def _names(paths: tuple[str, ...]) -> str:
    return ", ".join(f"<code>{for_xml(path)}</code>" for path in paths)
