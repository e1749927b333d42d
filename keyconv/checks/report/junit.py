"""`--format junit`: JUnit's XML, as CI systems read it: a test case a finding, failed if it is grave enough.

Source: the schema of Jenkins' xUnit plugin, junit-10.xsd.
"""

from __future__ import annotations

from keyconv.checks.model import Finding
from keyconv.checks.report.escape import for_xml
from keyconv.checks.report.model import Report

__all__ = ["write"]


def write(report: Report) -> str:
    """Return one test suite; without a finding it holds one case that passed."""
    failures = sum(report.policy.fails(finding) for finding in report.findings)
    cases = [_case(finding, failed=report.policy.fails(finding)) for finding in report.findings]
    for problem in report.problems:
        cases.append(
            f'    <testcase classname="{for_xml(problem.path)}" name="could be {problem.done}">\n'
            f'      <error message="{for_xml(problem.message)}"/>\n    </testcase>\n'
        )
    if not cases:
        cases.append(f'    <testcase classname="keyconv" name="{report.checked} checked, nothing found"/>\n')
    counts = f'tests="{len(cases)}" failures="{failures}" errors="{len(report.problems)}"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites {counts}>\n  <testsuite name="keyconv check" {counts}>\n'
        + "".join(cases)
        + "  </testsuite>\n</testsuites>\n"
    )


def _case(finding: Finding, *, failed: bool) -> str:
    where = finding.path + (f":{finding.line}" if finding.line is not None else "")
    head = f'    <testcase classname="{for_xml(finding.path)}" name="{for_xml(f"{finding.rule} {where}")}"'
    text = for_xml(f"{where}: {finding.severity} {finding.rule} {finding.message}")
    hint = for_xml(f" hint: {finding.hint}" if finding.hint else "")
    if not failed:
        return f"{head}>\n      <system-out>{text}{hint}</system-out>\n    </testcase>\n"
    message = for_xml(finding.message)
    return (
        f'{head}>\n      <failure type="{finding.rule}" message="{message}">{text}{hint}</failure>\n    </testcase>\n'
    )
