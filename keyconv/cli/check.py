"""`keyconv check`: judges key files, whole trees of them, `authorized_keys` and `known_hosts`."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from keyconv import __version__, files, limits
from keyconv.checks import badkeys, company, mending, published, settings, tree
from keyconv.checks.base import Severity
from keyconv.checks.collecting import Collector
from keyconv.checks.content import Judged, judge_content, judge_stream
from keyconv.checks.lines import LineKind, kind_of_content, kind_of_name
from keyconv.checks.policy import Policy, expand
from keyconv.checks.report import FORMATS, Report
from keyconv.checks.report.model import Problem
from keyconv.checks.subject import Content, Context
from keyconv.cli.opening import STDIN, STDIN_NAME, run_interruptibly
from keyconv.cli.options import NOT_SAID
from keyconv.cli.prompt import PassphraseSource, Prompter
from keyconv.cli.render import Screen
from keyconv.crypto.kdf import Deriver
from keyconv.errors import InputError, KeyconvError, OutputError, UsageError
from keyconv.files import system
from keyconv.keys import PublicKey
from keyconv.repair import Opening

__all__ = ["CheckOptions", "run", "run_list"]

UNREADABLE = 3
FOUND = 1
_CHUNK = 256 * limits.KIB
_SETTINGS = ("keyconv.toml", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What the command line said; None means that nothing was said, and that settings decide."""

    format: str | None = None
    output: str | None = None
    force: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: Severity | None = None
    policy: str | None = None
    preset: str | None = None
    public_only: bool = False
    no_private_keys: bool = False
    passed_over: bool = False
    env: tuple[str, ...] = ()
    fix: bool = False
    verbose: bool = False
    passphrase: PassphraseSource = NOT_SAID
    allow_costly: bool = False


def run(paths: tuple[str, ...], options: CheckOptions, *, screen: Screen) -> int:
    """Judge everything, report it, and give the exit code."""
    if not paths and not options.env:
        raise UsageError("there is nothing to check", hint="name files or folders, or a variable with --env NAME")
    policy, home = _policy_of(options)
    context = _context_of(options, policy, home, paths)
    checker = _Checker(options, context, screen, Collector(policy, partial(_relative, home=home)))
    for path in paths:
        checker.add(path)
    for name in options.env:
        checker.add_variable(name)
    report = checker.collector.report(
        version=__version__, quiet=screen.quiet, verbose=options.verbose, colour=_wants_colour(options)
    )
    _publish(report, options, screen)
    if report.failed:
        return FOUND
    return UNREADABLE if report.unreadable else 0


def run_list(*, screen: Screen) -> int:
    """Print the table of all rules."""
    from keyconv.checks.report.json import dump
    from keyconv.checks.rules import RULES

    if screen.as_json:
        rows = [{name: getattr(rule, name) for name in type(rule).__dataclass_fields__} for rule in RULES]
        screen.data(dump(rows))
        return 0
    width = max(len(rule.name) for rule in RULES)
    lines = [f"{'rule':<{width}}  {'severity':<8}  fix  what\n"]
    lines += [
        f"{rule.name:<{width}}  {rule.severity:<8}  {'yes' if rule.fixable else 'no':<3}  {rule.title}\n"
        for rule in RULES
    ]
    screen.data("".join(lines))
    return 0


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
            fail_on=options.fail_on or policy.fail_on,
            public_only=policy.public_only or options.public_only,
        ),
        home,
    )


def _find_settings(options: CheckOptions) -> tuple[Policy, Path]:
    here = Path.cwd()
    if options.policy is not None:
        path = Path(options.policy)
        found = _read_settings(path, is_pyproject=path.name == "pyproject.toml")
        if found is None:
            raise UsageError("holds no [tool.keyconv.check]").at_path(options.policy)
        return found, path.absolute().parent
    for folder in (here, *here.parents):
        for name in _SETTINGS:
            path = folder / name
            if path.is_file():
                found = _read_settings(path, is_pyproject=name == "pyproject.toml")
                if found is not None:
                    return found, folder
    return Policy(), here


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


def _context_of(options: CheckOptions, policy: Policy, home: Path, paths: tuple[str, ...]) -> Context:
    passphrase = None
    if options.passphrase.given:
        prompter = Prompter(no_input=True, stdin_taken=STDIN in paths)
        passphrase = prompter.existing("the keys", options.passphrase)
    listed = []
    for name in policy.blocklist:
        path = os.fspath(home / name)
        try:
            listed.append((name, files.load(path, limit=64 * limits.MIB).decode("utf-8", "replace")))
        except InputError as error:
            raise UsageError(f"cannot read the blocklist: {error.message}").at_path(path) from None
    by_list = published.read_blocklist(listed)
    by_library, _ = badkeys.load()

    def judge(blob: bytes, public: PublicKey) -> str:
        return by_list(blob, public) or (by_library(blob, public) if by_library else "")

    return Context(
        now=int(time.time()),
        thresholds=policy.thresholds,
        opening=Opening(
            passphrase=passphrase, deriver=Deriver(allow_costly=options.allow_costly, run=run_interruptibly)
        ),
        blocklist=judge,
        public_only=policy.public_only,
    )


# ── the run ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Checker:
    """One run over the disk, standard input and variables; what is found goes to the collector."""

    options: CheckOptions
    context: Context
    screen: Screen
    collector: Collector
    seen: set[tuple[int, int]] = field(default_factory=set)
    stale: set[tuple[str, str]] = field(default_factory=set)

    # ── inputs ────────────────────────────────────────────────────────────────────────────────────────────────────

    def add(self, path: str) -> None:
        """Judge a file, a folder, standard input, or what a pattern fits."""
        if path == STDIN:
            self._guard(STDIN_NAME, self._check_stdin)
        elif Path(path).is_dir():
            for inner in self._walk(path):
                self._guard(inner, partial(self._check_file, inner, named=False))
        elif not os.path.lexists(path) and any(mark in path for mark in "*?["):
            self._add_pattern(path)
        else:
            self._guard(path, partial(self._check_file, path, named=not self.options.passed_over))

    def add_variable(self, name: str) -> None:
        """Judge what an environment variable holds, without writing it anywhere."""
        value = os.environb.get(os.fsencode(name)) if os.supports_bytes_environ else os.environ.get(name, "").encode()
        self._judge(Content(f"env:{name}", value or b"", place="environment"))

    def _add_pattern(self, pattern: str) -> None:
        from glob import glob

        found = sorted(glob(pattern, recursive=True))  # noqa: PTH207 - a pattern may be absolute
        if not found:
            self._fail(InputError("no file fits this pattern").at_path(pattern))
        for path in found:
            self.add(path)

    def _guard(self, path: str, work: Callable[[], None]) -> None:
        try:
            work()
        except InputError as error:
            self._fail(error.at_path(path))

    def _fail(self, error: KeyconvError) -> None:
        self.screen.error(error)
        self.collector.unreadable.append(Problem(error.path, str(error), error.hint))

    def _walk(self, root: str) -> Iterator[str]:
        relative, above = _ignoring_above(root)
        return tree.walk(root, self._listing, _text_of, relative=relative, above=above)

    def _listing(self, folder: str) -> list[tree.Item]:
        try:
            with os.scandir(folder) as entries:
                return [tree.Item(entry.name, _kind(entry)) for entry in entries]
        except OSError as error:
            reason = system.reason_of(error, absent="no such folder")
            self._fail(InputError(reason).at_path(folder))
            return []

    # ── one file ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _check_stdin(self) -> None:
        stream = getattr(sys.stdin, "buffer", None)
        if stream is None or stream.closed:
            raise InputError("standard input is closed")
        head: bytes = stream.read(limits.MAX_KEY_FILE + 1) or b""
        kind = kind_of_content(head[:_CHUNK]) if len(head) > limits.MAX_KEY_FILE else None
        if kind is not None:
            self._check_stream(STDIN, kind, _then(head, iter(lambda: stream.read(_CHUNK) or b"", b"")))
        elif len(head) > limits.MAX_KEY_FILE:
            raise InputError(f"larger than {limits.size(limits.MAX_KEY_FILE)}, which no key file is")
        else:
            self._judge(Content(STDIN, head, place="stdin"))

    def _check_file(self, path: str, *, named: bool) -> None:
        found = _stat(path)
        if stat.S_ISREG(found.st_mode):
            identity = (found.st_dev, found.st_ino)
            if identity in self.seen and found.st_ino:
                return
            self.seen.add(identity)
        if stat.S_ISREG(found.st_mode) and found.st_size > limits.MAX_KEY_FILE:
            self._check_large(path, named=named)
            return
        mode = stat.S_IMODE(found.st_mode) if os.name == "posix" else None
        self._judge(Content(path, files.load(path), mode=mode, named=named))

    def _check_large(self, path: str, *, named: bool) -> None:
        with _opened(path) as descriptor:
            head = os.read(descriptor, _CHUNK)
            kind = kind_of_name(Path(path).name) or kind_of_content(head)
            if kind is not None:
                self._check_stream(path, kind, _then(head, iter(lambda: os.read(descriptor, _CHUNK), b"")))
            elif named:
                raise InputError(f"larger than {limits.size(limits.MAX_KEY_FILE)}, which no key file is")
            else:
                self.collector.passed_over += 1

    def _check_stream(self, path: str, kind: LineKind, chunks: Iterator[bytes]) -> None:
        file, findings = judge_stream(path, kind, chunks, self.context)
        self.collector.add_stream(path, findings)
        self.collector.run.add_lines(path, file.moduli)

    def _judge(self, content: Content) -> None:
        judged = judge_content(content, self.context, only_private=self.options.no_private_keys)
        if self.options.fix and content.place == "file" and judged.is_key:
            judged = self._mend(content, judged)
        self.collector.add(judged)
        if content.place == "file" and judged.is_key and not self.options.no_private_keys:
            self._check_companions(judged)

    def _check_companions(self, judged: Judged) -> None:
        for finding, public in company.find_stale(judged, _load_if_there):
            if (finding.path, finding.rule) in self.stale or self.collector.sees(finding) is None:
                continue
            self.stale.add((finding.path, finding.rule))
            if self.options.fix and finding.rule == "stale-public" and not judged.unverified:
                old = _load_if_there(finding.path) or b""
                if self._rewrite(finding.path, mending.public_line(public, old)):
                    continue
            self.collector.place(finding.path)
            self.collector.keep(finding)

    # ── mending ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _mend(self, content: Content, judged: Judged) -> Judged:
        if not any(finding.fixable and self.collector.sees(finding) for finding in judged.findings):
            return judged
        mended = mending.mend(content.data, self.context)
        if mended is None or not self._rewrite(content.path, mended[0]):
            return judged
        return judge_content(replace(content, data=mended[0]), self.context)

    def _rewrite(self, path: str, data: bytes) -> bool:
        try:
            files.rewrite(path, data)
        except OutputError as error:
            self._fail(error)
            return False
        self.collector.fixed.append(path)
        return True


# ── the report ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _publish(report: Report, options: CheckOptions, screen: Screen) -> None:
    name = options.format or ("github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text")
    written = FORMATS[name](report)
    if options.output is None or options.output == STDIN:
        screen.data(written)
    else:
        data = written.encode("utf-8", "backslashreplace")
        files.save(options.output, data, private=False, force=options.force)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if name == "github" and summary:
        from keyconv.checks.report.github import step_summary

        try:
            with Path(summary).open("ab") as stream:
                stream.write(step_summary(report).encode("utf-8", "backslashreplace"))
        except OSError as error:
            screen.note(f"cannot write the step summary: {system.reason_of(error, absent='no such folder')}")


def _wants_colour(options: CheckOptions) -> bool:
    if options.output is not None or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    with suppress(AttributeError, ValueError):
        return sys.stdout.isatty()
    return False


# ── the disk ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _stat(path: str) -> os.stat_result:
    if not system.is_name(path):
        raise InputError(system.BAD_NAME)
    try:
        return Path(path).stat()
    except OSError as error:
        raise InputError(system.reason_of(error, absent="no such file")) from error


class _opened:  # noqa: N801 - used as a function is
    """A descriptor of a regular file, for as long as a `with` lasts."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> int:
        flags = system.flags("O_RDONLY", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY")
        try:
            self._descriptor = os.open(self._path, flags)
        except OSError as error:
            raise InputError(system.reason_of(error, absent="no such file")) from error
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def _then(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    try:
        yield from rest
    except OSError as error:
        raise InputError(system.reason_of(error, absent="it is gone")) from error


def _kind(entry: os.DirEntry[str]) -> tree.Kind:
    try:
        if entry.is_dir(follow_symlinks=False):
            return "folder"
        return "file" if entry.is_file() else "other"
    except OSError:  # it went away, or may not be asked: opening it says so
        return "file"


def _text_of(path: str) -> str | None:
    try:
        return files.load(path).decode("utf-8", "surrogateescape")
    except InputError:
        return None


def _load_if_there(path: str) -> bytes | None:
    try:
        return files.load(path) if os.path.lexists(path) else None
    except InputError:
        return None


def _ignoring_above(root: str) -> tuple[str, tree.Ignoring]:
    """Find the repository that a folder is in. Returns: its path there, and the `.gitignore` files on the way to it."""
    folder = Path(root).absolute()
    for top in (folder, *folder.parents):
        if (top / ".git").exists():
            break
    else:
        return "", ()
    relative = folder.relative_to(top)
    found: list[tuple[str, tree.IgnoreFile]] = []
    for count in range(len(relative.parts)):
        base = Path(*relative.parts[:count])
        text = _text_of(os.fspath(top / base / ".gitignore"))
        if text is not None:
            found.append(("" if count == 0 else base.as_posix(), tree.parse_gitignore(text)))
    return "" if relative == Path() else relative.as_posix(), tuple(found)


def _relative(path: str, *, home: Path) -> str:
    absolute = os.path.normpath(Path.cwd() / path)
    try:
        return Path(os.path.relpath(absolute, home)).as_posix()
    except ValueError:  # another drive
        return Path(absolute).as_posix()
