"""What a report is made from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, NamedTuple

from keyconv.checks.model import SEVERITIES, Finding, Severity
from keyconv.checks.policy import Policy

__all__ = ["HOME", "Problem", "Report", "fingerprints", "plural"]

HOME = "https://pypi.org/project/keyconv/"
"""Where people find out what keyconv is."""


class Problem(NamedTuple):
    """A file that could not be read, or one to fix that could not be written, and why: it never passes."""

    path: str
    message: str
    hint: str = ""
    done: Literal["read", "written"] = "read"


_DEFAULT = Policy()


@dataclass(frozen=True, slots=True)
class Report:
    """One run: findings in order of files and lines, and what else the run has to say.

    `checked` counts the files that were judged; `passed_over` those in folders that hold no key; `unverified` are files
    whose private half could not be proved without a passphrase; `unreadable` those that could not be read; `remarks`
    say what was not looked for. `fixed` are files that were fixed and `backups` their copies as they were; `unwritten`
    those that could not be written. `accepted` counts the findings that a baseline accepts, which are not among
    `findings`, and `gone` the entries of the baseline that are no longer found. `quiet`, `verbose`, `colour` and
    `statistics` (counts instead of findings) are for text alone.
    """

    findings: tuple[Finding, ...]
    policy: Policy = _DEFAULT
    version: str = ""
    checked: int = 0
    passed_over: int = 0
    unverified: tuple[str, ...] = ()
    unreadable: tuple[Problem, ...] = ()
    unwritten: tuple[Problem, ...] = ()
    fixed: tuple[str, ...] = ()
    backups: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    accepted: int = 0
    gone: int = 0
    statistics: bool = False
    quiet: bool = False
    verbose: bool = False
    colour: bool = False

    @property
    def counts(self) -> dict[Severity, int]:
        """Findings by severity, the gravest first."""
        found = Counter(finding.severity for finding in self.findings)
        return {severity: found[severity] for severity in SEVERITIES}

    @property
    def rules(self) -> dict[str, int]:
        """Findings by rule, the most frequent first, then by name."""
        found = Counter(finding.rule for finding in self.findings)
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be read, and then what could not be written."""
        return self.unreadable + self.unwritten

    @property
    def failed(self) -> bool:
        """Whether a finding is as grave as the policy's `fail_on`."""
        return any(self.policy.fails(finding) for finding in self.findings)

    @property
    def summary(self) -> dict[str, object]:
        """The summary as the JSON report has it."""
        return {
            "checked": self.checked,
            "passed_over": self.passed_over,
            "findings": len(self.findings),
            **{str(severity): count for severity, count in self.counts.items()},
            "rules": self.rules,
            "accepted": self.accepted,
            "gone": self.gone,
            "fail_on": self.policy.fail_on,
            "failed": self.failed or bool(self.problems),
            "unverified": list(self.unverified),
            "unreadable": [{"path": each.path, "message": each.message} for each in self.unreadable],
            "unwritten": [{"path": each.path, "message": each.message} for each in self.unwritten],
            "fixed": list(self.fixed),
            "backups": list(self.backups),
            "remarks": list(self.remarks),
        }


def fingerprints(findings: tuple[Finding, ...]) -> list[str]:
    """Return each finding a name of its own that stays the same while lines move: for tools that compare two runs."""
    from hashlib import sha256

    seen: Counter[str] = Counter()
    names = []
    for finding in findings:
        what = "\0".join((finding.path, finding.rule, finding.fingerprint or "", finding.message))
        seen[what] += 1
        names.append(sha256(f"{what}\0{seen[what]}".encode("utf-8", "surrogateescape")).hexdigest())
    return names


def plural(count: int, what: str) -> str:
    """Write `1 file`, `2 files`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
