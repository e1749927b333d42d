"""One run of `keyconv check` over the disk, standard input and variables: what is read, and what is left as it is."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from keyconv import files, limits, statements
from keyconv.checks import company, mending, tree
from keyconv.checks.check_file import judge_content, judge_stream, report_backup
from keyconv.checks.collecting import Collector
from keyconv.checks.lines import LineKind, kind_of_content, kind_of_name
from keyconv.checks.model import Content, Context, Finding, Judged
from keyconv.checks.report.model import Problem
from keyconv.cli.grounds import Seen, Visit, content_of, find_beside, load_if_there
from keyconv.cli.opening import STDIN, STDIN_NAME
from keyconv.cli.render import Screen
from keyconv.errors import InputError, KeyconvError, OutputError, WorkerError
from keyconv.files import system

if TYPE_CHECKING:
    from keyconv.batch import Outcome

__all__ = ["Checker", "Manner"]

_HEAD = 256 * limits.KIB


@dataclass(frozen=True, slots=True)
class Manner:
    """How to go about it: fix what can be fixed, look for private keys alone, skip named files that have no key.

    `backup` keeps a copy of each file that is fixed; `diff` only shows what would be fixed.
    """

    fix: bool = False
    backup: bool = True
    diff: bool = False
    only_private: bool = False
    passed_over: bool = False


@dataclass(slots=True)
class Checker:
    """One run over the disk, standard input and variables; what is found goes to the collector."""

    manner: Manner
    context: Context
    screen: Screen
    collector: Collector
    seen: set[tuple[int, int]] = field(default_factory=set)
    stale: set[tuple[str, str]] = field(default_factory=set)
    diffs: list[str] = field(default_factory=list)

    # ── inputs ────────────────────────────────────────────────────────────────────────────────────────────────────

    def visits(self, path: str) -> Iterator[Visit]:
        """Name what is to be judged of a file, a folder, standard input, or what a pattern fits; nothing twice."""
        if path == STDIN:
            yield Visit(STDIN)
        elif _is_folder(path):
            refused: list[KeyconvError] = []
            for inner in _walk(path, refused, self._excludes):
                yield from _refusals(refused)
                yield from self._visit(inner, named=False)
            yield from _refusals(refused)
        elif not os.path.lexists(path) and any(mark in path for mark in "*?["):
            yield from self._fitting(path)
        else:
            yield from self._visit(path, named=not self.manner.passed_over)

    def check(self, visit: Visit) -> None:
        """Check a file or standard input here and now."""
        name = STDIN_NAME if visit.path == STDIN else visit.path
        self._guard(name, self._check_stdin if visit.path == STDIN else partial(self._check_file, visit))

    def take(self, outcome: Outcome[Visit, Seen]) -> None:
        """Take what a worker made of a file."""
        if isinstance(outcome.error, WorkerError):
            self._fail(outcome.error.at_path(outcome.job.path))
        else:
            self._guard(outcome.job.path, partial(self._take, outcome))

    def count(self, paths: tuple[str, ...]) -> int:
        """Count what there is to visit in these paths, about."""
        folders = [path for path in paths if path != STDIN and _is_folder(path)]
        return len(paths) - len(folders) + sum(1 for folder in folders for _ in _walk(folder, [], self._excludes))

    def add_variable(self, name: str) -> None:
        """Check what an environment variable holds, without writing it anywhere."""
        value = os.environb.get(os.fsencode(name)) if os.supports_bytes_environ else os.environ.get(name, "").encode()
        self._judge(Content(f"env:{name}", value or b"", place="environment"))

    def _excludes(self, path: str) -> bool:
        policy = self.collector.policy
        return bool(policy.exclude) and policy.excludes(self.collector.relative(path))

    def _fitting(self, pattern: str) -> Iterator[Visit]:
        from glob import glob

        found = sorted(glob(pattern, recursive=True))  # noqa: PTH207 - a pattern may be absolute
        if not found:
            yield Visit(pattern, error=InputError("no file fits this pattern"))
        for path in found:
            if not self._excludes(path):
                yield from self.visits(path)

    def _visit(self, path: str, *, named: bool) -> Iterator[Visit]:
        try:
            found = _stat(path)
        except InputError as error:
            yield Visit(path, named, error=error)
            return
        if stat.S_ISREG(found.st_mode):
            identity = (found.st_dev, found.st_ino)
            if identity in self.seen and found.st_ino:
                return
            self.seen.add(identity)
        yield Visit(path, named, stat.S_IMODE(found.st_mode) if os.name == "posix" else None)

    def _guard(self, path: str, work: Callable[[], None]) -> None:
        try:
            work()
        except InputError as error:
            error.path = path
            self._fail(error)
        except OSError as error:
            self._fail(InputError(system.reason_of(error, absent="no such file")).at_path(path))

    def _fail(self, error: KeyconvError) -> None:
        self.screen.error(error)
        self.collector.unreadable.append(Problem(error.path, str(error), error.hint))

    # ── one file ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _check_stdin(self) -> None:
        with files.opened(STDIN) as source:
            content = Content(STDIN, source.head, place="stdin")
            if not source.whole:
                self._check_large(content, source)
                return
        self._judge(content)

    def _check_file(self, visit: Visit) -> None:
        if visit.error is not None:
            raise visit.error
        with files.opened(visit.path) as source:
            content = content_of(visit, source.head)
            if not source.whole:
                self._check_large(content, source)
                return
        self._judge(content)  # with the file closed, for it may be rewritten

    def _check_large(self, content: Content, source: files.Source) -> None:
        if statements.detect(source.head) == "krl":
            self._judge(replace(content, data=source.read(limits.MAX_KRL)))
            return
        kind = kind_of_name(content.name) or kind_of_content(source.head[:_HEAD])
        if kind is not None:
            self._check_stream(content.path, kind, source.chunks)
        elif content.named:
            raise files.too_large()
        else:
            self.collector.passed_over += 1

    def _check_stream(self, path: str, kind: LineKind, chunks: Iterator[bytes]) -> None:
        file, findings = judge_stream(path, kind, chunks, self.context)
        self.collector.add_stream(path, findings)
        self.collector.run.add_lines(path, file.moduli, left_out=file.left_out)
        self.collector.remarks += file.remarks

    def _judge(self, content: Content) -> None:
        judged = judge_content(content, self.context, only_private=self.manner.only_private)
        if self.manner.fix and content.place == "file" and judged.is_key:
            judged = self._mend(content, judged)
        self.collector.add(judged, company.held_by(judged))
        if content.place == "file" and judged.is_key and not self.manner.only_private:
            self._take_stale(find_beside(judged, named=content.named))

    def _take(self, outcome: Outcome[Visit, Seen]) -> None:
        seen = outcome.result()
        if seen.judged is None:
            self.check(outcome.job)
            return
        self.collector.add(seen.judged, seen.held)
        self._take_stale(seen.stale)

    def _take_stale(self, found: Iterable[tuple[Finding, bytes | None]]) -> None:
        for finding, mended in found:
            if (finding.path, finding.rule) in self.stale or self.collector.sees(finding) is None:
                continue
            self.stale.add((finding.path, finding.rule))
            if self.manner.fix and mended is not None and self._replace_stale(finding.path, mended):
                continue
            self.collector.place(finding.path)
            self.collector.keep(finding)

    def _replace_stale(self, path: str, mended: bytes) -> bool:
        before = load_if_there(path)
        return before is not None and not self.manner.diff and self._rewrite(path, before, mended)

    # ── fixing ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _mend(self, content: Content, judged: Judged) -> Judged:
        if not any(finding.fixable and self.collector.sees(finding) for finding in judged.findings):
            return judged
        kind = kind_of_name(content.name) or ""
        edit = mending.mend(content.data, self.context.opening, named=content.named, kind=kind)
        if edit is None:
            return judged
        if self.manner.diff:
            from keyconv.cli.diff import describe_edit

            self.diffs.append(describe_edit(content.path, content.data, edit))
            return judged
        if not self._rewrite(content.path, content.data, edit.data):
            return judged
        return judge_content(replace(content, data=edit.data), self.context)

    def _rewrite(self, path: str, before: bytes, data: bytes) -> bool:
        if self.manner.backup and not self._keep(path, before):
            return False
        try:
            files.rewrite(path, data)
        except OutputError as error:
            self._unwritten(path, error)
            if not error.written:
                return False
        self.collector.fixed.append(path)
        return True

    def _keep(self, path: str, before: bytes) -> bool:
        """Keep a copy of a file as it is. Returns: whether there is one."""
        try:
            backup = files.back_up(path, before)
        except OutputError as error:
            self._unwritten(path, error)
            if not error.written:
                return False
            backup = error.path
        self.collector.backups.append(backup)
        self.collector.keep(report_backup(backup))
        return True

    def _unwritten(self, path: str, error: OutputError) -> None:
        self.screen.error(error.at_path(path))
        self.collector.unwritten.append(Problem(path, str(error), error.hint, "written"))


# ── the disk ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:  # it is on a way that may not be gone: reading it says so
        return False


def _stat(path: str) -> os.stat_result:
    if not system.is_name(path):
        raise InputError(system.BAD_NAME)
    try:
        return Path(path).stat()
    except OSError as error:
        raise InputError(system.reason_of(error, absent="no such file")) from error


def _walk(root: str, refused: list[KeyconvError], excluded: Callable[[str], bool]) -> Iterator[str]:
    """Yield the files below a folder; errors on folders that cannot be listed are `refused`."""

    def listing(folder: str) -> list[tree.Item]:
        try:
            with os.scandir(folder) as entries:
                return [tree.Item(entry.name, _kind(entry)) for entry in entries]
        except OSError as error:
            refused.append(InputError(system.reason_of(error, absent="no such folder")).at_path(folder))
            return []

    relative, above = _ignoring_above(root)
    return tree.walk(root, listing, _text_of, relative=relative, above=above, excluded=excluded)


def _refusals(refused: list[KeyconvError]) -> Iterator[Visit]:
    yield from (Visit(error.path, error=error) for error in refused)
    refused.clear()


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


def _ignoring_above(root: str) -> tuple[str, tree.Ignoring]:
    """Find the repository that a folder is in. Returns: its path there, and the `.gitignore` files on the way to it."""
    folder = Path(root).absolute()
    for top in (folder, *folder.parents):
        if os.path.lexists(top / ".git"):
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
