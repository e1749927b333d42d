"""What a run has found so far, seen through its policy, and the report that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from keyconv.checks import badkeys, company
from keyconv.checks.baseline import Split
from keyconv.checks.model import Finding, Judged
from keyconv.checks.policy import Policy
from keyconv.checks.report.model import Problem, Report

__all__ = ["MOST_FINDINGS", "Collector"]

MOST_FINDINGS = 10_000
"""Findings of one streamed file that are kept: memory must not grow with the file."""


@dataclass(slots=True)
class Collector:
    """Findings that the policy lets through, in order of the files; `relative` gives a path as the settings see it."""

    policy: Policy
    relative: Callable[[str], str]
    findings: list[Finding] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    run: company.Run = field(default_factory=company.Run)
    unverified: list[str] = field(default_factory=list)
    unreadable: list[Problem] = field(default_factory=list)
    unwritten: list[Problem] = field(default_factory=list)
    fixed: list[str] = field(default_factory=list)
    backups: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    passed_over: int = 0

    def add(self, judged: Judged, held: Iterable[company.Held]) -> None:
        """Take what came of one file, and what is kept of its keys."""
        if not judged.is_key and not judged.findings:
            self.passed_over += 1
            return
        self.place(judged.path)
        for finding in judged.findings:
            self.keep(finding)
        if judged.unverified:
            self.unverified.append(judged.path)
        self.remarks += judged.remarks
        self.run.add(judged, held)

    def add_stream(self, path: str, findings: Iterable[Finding]) -> None:
        """Take the findings of a file of lines as they come."""
        self.place(path)
        kept = 0
        for finding in findings:
            kept += self.keep(finding) if kept < MOST_FINDINGS else 0
        if kept >= MOST_FINDINGS:
            self.remarks.append(f"{path}: only the first {MOST_FINDINGS} findings are shown")

    def place(self, path: str) -> None:
        """Return a file its place in the report, and count it as checked."""
        self.places.setdefault(path, len(self.places))

    def sees(self, finding: Finding) -> Finding | None:
        """Return a finding as the policy sees it, or None."""
        return self.policy.judge(finding, self.relative(finding.path))

    def keep(self, finding: Finding) -> bool:
        """Keep a finding, if the policy lets it through."""
        seen = self.sees(finding)
        if seen is not None:
            self.findings.append(seen)
        return seen is not None

    def report(
        self,
        *,
        version: str,
        quiet: bool = False,
        verbose: bool = False,
        colour: bool = False,
        statistics: bool = False,
        split: Callable[[list[Finding]], Split | None] = lambda _: None,
    ) -> Report:
        """Compare the keys of the run with each other, put everything in order, and leave out what `split` accepts."""
        for finding in self.run.findings():
            self.keep(finding)
        _, missing = badkeys.load()
        if missing:
            self.remarks.append(missing)
        if self.run.left_out:
            self.remarks.append("not all RSA keys were compared with each other for shared primes: there are too many")
        last = len(self.places)
        found = sorted(self.findings, key=lambda each: (self.places.get(each.path, last), each.line or 0))
        new, accepted, gone = split(found) or Split(tuple(found), 0, 0)
        return Report(
            new,
            accepted=accepted,
            gone=gone,
            statistics=statistics,
            policy=self.policy,
            version=version,
            checked=len(self.places),
            passed_over=self.passed_over,
            unverified=tuple(self.unverified),
            unreadable=tuple(self.unreadable),
            unwritten=tuple(self.unwritten),
            fixed=tuple(self.fixed),
            backups=tuple(self.backups),
            remarks=tuple(self.remarks),
            quiet=quiet,
            verbose=verbose,
            colour=colour,
        )
