"""`keyconv check`: its settings and its report; what it reads in between is `checking`'s."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from keyconv import __version__, files
from keyconv.checks import settings
from keyconv.checks.collecting import Collector
from keyconv.checks.model import Severity
from keyconv.checks.policy import Policy, expand
from keyconv.checks.report import FORMATS, Report
from keyconv.checks.report.text import summary
from keyconv.cli.accepted import Accepted
from keyconv.cli.check_many import check_all
from keyconv.cli.checking import Checker, Manner
from keyconv.cli.grounds import Grounds, context_of
from keyconv.cli.opening import STDIN, run_interruptibly
from keyconv.cli.options import NOT_SAID
from keyconv.cli.prompt import PassphraseSource, Prompter, check_encoding, encoded
from keyconv.cli.render import Screen
from keyconv.errors import InputError, OutputError, UsageError
from keyconv.files import system

__all__ = ["CheckOptions", "run"]

UNREADABLE = 3
FOUND = 1
_SETTINGS = ("keyconv.toml", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What the command line said; None means that nothing was said, and that settings decide."""

    format: str | None = None
    output: str | None = None
    force: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    krl: tuple[str, ...] = ()
    fail_on: Severity | None = None
    exit_zero: bool = False
    baseline: str | None = None
    write_baseline: bool = False
    statistics: bool = False
    policy: str | None = None
    preset: str | None = None
    public_only: bool = False
    no_private_keys: bool = False
    passed_over: bool = False
    env: tuple[str, ...] = ()
    fix: bool = False
    backup: bool = True
    diff: bool = False
    jobs: int = 0
    verbose: bool = False
    passphrase: PassphraseSource = NOT_SAID
    passphrase_encoding: str | None = None
    allow_costly: bool = False

    def __post_init__(self) -> None:
        check_encoding(self.passphrase_encoding)


def run(paths: tuple[str, ...], options: CheckOptions, *, screen: Screen) -> int:
    """Check everything, report it, and give the exit code."""
    if not paths and not options.env:
        raise UsageError("there is nothing to check", hint="name files or folders, or a variable with --env NAME")
    policy, home = _policy_of(options)
    report_format = _format_of(options)
    if options.statistics and report_format not in ("text", "json"):
        raise UsageError(f"--statistics has no place in a {report_format} report", hint="use --format text or json")
    accepted = _accepted_of(options, policy, home)
    named = (*paths, *(f"env:{name}" for name in options.env))
    grounds = _grounds_of(options, policy, home, paths)
    manner = Manner(
        fix=options.fix or options.diff,
        backup=options.backup,
        diff=options.diff,
        only_private=options.no_private_keys,
        passed_over=options.passed_over,
    )
    collector = Collector(policy, partial(_relative, home=home, here=_here()))
    checker = Checker(manner, context_of(grounds, run_interruptibly), screen, collector)
    check_all(checker, grounds, paths, options.jobs)
    for name in options.env:
        checker.add_variable(name)
    colour = options.output is None and screen.wants_colour(sys.stdout)
    report = collector.report(
        version=__version__,
        quiet=screen.quiet,
        verbose=options.verbose,
        colour=colour,
        statistics=options.statistics,
        split=lambda found: (
            accepted.split(found, collector, named) if accepted and not options.write_baseline else None
        ),
    )
    if accepted and options.write_baseline:
        accepted.write(collector, report.findings, named, screen)
        if report_format == "json":
            _publish(replace(report, findings=(), accepted=len(report.findings)), report_format, options, screen)
        return UNREADABLE if report.unreadable else 0
    if options.diff:
        screen.data("".join(checker.diffs))
    else:
        _publish(report, report_format, options, screen)
    if report.failed and not options.exit_zero:
        return FOUND
    if report.unreadable:
        return UNREADABLE
    return OutputError.exit_code if report.unwritten else 0


# ── settings ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _policy_of(options: CheckOptions) -> tuple[Policy, Path]:
    """Find the settings and let the flags have the last word. Returns: the policy, and the folder it speaks from."""
    policy, home = _find_settings(options)
    if options.preset is not None:
        policy = settings.preset(options.preset)
    if options.no_private_keys:
        policy = replace(policy, select=expand(("private-not-public",)), ignore=frozenset(), public_only=True)
    if options.select:
        policy = replace(policy, select=expand(options.select))
    return (
        replace(
            policy,
            ignore=policy.ignore | expand(options.ignore),
            exclude=(*policy.exclude, *options.exclude),
            krl=(*policy.krl, *(os.path.abspath(name) for name in options.krl)),  # noqa: PTH100 - seen from here
            fail_on=options.fail_on or policy.fail_on,
            public_only=policy.public_only or options.public_only,
        ),
        home,
    )


def _find_settings(options: CheckOptions) -> tuple[Policy, Path]:
    here = _here()
    if options.policy is not None:
        path = Path(options.policy)
        found = _read_settings(path, is_pyproject=path.name == "pyproject.toml")
        if found is None:
            raise UsageError("holds no [tool.keyconv.check]").at_path(options.policy)
        return found, path.absolute().parent
    for folder in (here, *here.parents):
        for name in _SETTINGS:
            path = folder / name
            found = _read_settings(path, is_pyproject=name == "pyproject.toml") if _is_file(path) else None
            if found is not None:
                return found, folder
    return Policy(), here


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder on the way up that may not be entered
        return False


def _read_settings(path: Path, *, is_pyproject: bool) -> Policy | None:
    shown = os.fspath(path)
    try:
        text = files.load(shown).decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError("is not UTF-8").at_path(shown) from None
    except InputError as error:
        raise UsageError(f"cannot read the settings: {error.message}").at_path(shown) from None
    try:
        return settings.read(text, is_pyproject=is_pyproject)
    except UsageError as error:
        raise error.at_path(shown) from None


def _grounds_of(options: CheckOptions, policy: Policy, home: Path, paths: tuple[str, ...]) -> Grounds:
    handed = None
    if options.passphrase.given:
        prompter = Prompter(no_input=True, stdin_taken=STDIN in paths)
        given = prompter.existing("the keys", options.passphrase)
        handed = encoded(given, options.passphrase_encoding).hand_over()
    return Grounds(int(time.time()), policy, home, handed, options.allow_costly)


def _accepted_of(options: CheckOptions, policy: Policy, home: Path) -> Accepted | None:
    path = options.baseline or (os.fspath(home / policy.baseline) if policy.baseline else "")
    if options.write_baseline:
        if not path:
            raise UsageError("--write-baseline needs a file to write", hint="name it with --baseline FILE")
        if options.fix or options.diff:
            raise UsageError("--write-baseline accepts the findings, and --fix or --diff is about fixing them")
    return Accepted(path, replaces=options.write_baseline, force=options.force) if path else None


# ── the report ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _format_of(options: CheckOptions) -> str:
    return options.format or ("github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text")


def _publish(report: Report, name: str, options: CheckOptions, screen: Screen) -> None:
    written = FORMATS[name](report)
    if options.output is None or options.output == STDIN:
        screen.data(written)
    else:
        data = written.encode("utf-8", "backslashreplace")
        files.save(options.output, data, private=False, force=options.force)
        for line in summary(replace(report, colour=False)):
            screen.note(line, options.output)
    steps = os.environ.get("GITHUB_STEP_SUMMARY")
    if name == "github" and steps:
        from keyconv.checks.report.github import step_summary

        try:
            with Path(steps).open("ab") as stream:
                stream.write(step_summary(report).encode("utf-8", "backslashreplace"))
        except OSError as error:
            screen.note(f"cannot write the step summary: {system.reason_of(error, absent='no such folder')}")


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:  # the folder is gone, and nothing is relative to it any more
        return Path(os.sep)


def _relative(path: str, *, home: Path, here: Path) -> str:
    absolute = os.path.normpath(here / path)
    try:
        return Path(os.path.relpath(absolute, home)).as_posix()
    except ValueError:  # another drive
        return Path(absolute).as_posix()
