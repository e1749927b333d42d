"""`keyconv inspect -r`: an inventory, one row for each key of files and folders, with what `check` finds about it."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Literal, NamedTuple

from keyconv import batch, files, limits
from keyconv.checks.check_file import judge_content, judge_stream
from keyconv.checks.collecting import MOST_FINDINGS
from keyconv.checks.inventory import Row, rows_of, rows_of_lines
from keyconv.checks.lines import LineKind, kind_of_content, kind_of_name
from keyconv.checks.model import Content, Context, Finding
from keyconv.checks.policy import Policy
from keyconv.checks.report.inventory import csv_head, csv_row, json_row, text_row
from keyconv.checks.report.model import plural
from keyconv.cli import workers
from keyconv.cli.grounds import Grounds, Visit, content_of, context_of, find_beside
from keyconv.cli.inputs import Inputs, Job
from keyconv.cli.line_stream import Printer
from keyconv.cli.opening import STDIN, run_interruptibly, shown
from keyconv.cli.options import InputOptions
from keyconv.cli.progress import progress
from keyconv.cli.prompt import Prompter, encoded
from keyconv.cli.render import Screen, to_json
from keyconv.codec.line_file import LineFacts
from keyconv.engine.reading import detect_stream
from keyconv.errors import InputError, InternalError, KeyconvError
from keyconv.files import system
from keyconv.keyfile import Entry

__all__ = ["InventoryOptions", "run"]

Format = Literal["text", "json", "csv"]

_HEAD = 256 * limits.KIB
_FORMATS: dict[Format, Callable[[Row], str]] = {"text": text_row, "json": json_row, "csv": csv_row}


@dataclass(frozen=True, slots=True)
class InventoryOptions:
    """How to list: the format, whether folders are gone through, where to write, and by how many workers."""

    format: Format = "text"
    recursive: bool = False
    output: str | None = None
    force: bool = False
    jobs: int = 0


class _Listed(NamedTuple):
    """The rows of one file; `skipped` says that a file in a folder is not a key.

    `elsewhere` is what only the main process can do: standard input, and a file larger than a key file.
    """

    rows: Iterable[Row] = ()
    skipped: bool = False
    elsewhere: bool = False


def run(paths: tuple[str, ...], source: InputOptions, options: InventoryOptions, *, screen: Screen) -> int:
    """List every key of the inputs; give the code of the first that could not be read."""
    inputs = Inputs(paths, None, recursive=options.recursive, doing="list")
    to_file = options.output not in (None, STDIN)
    if to_file:
        _named(options, lambda path: files.check_target(path, force=options.force, inputs=paths))
    grounds = _grounds_of(source, paths)
    kept: list[bytes] = []
    listing = _Listing(options.format, Printer(kept.append if to_file else files.write_stdout), screen)
    _list_all(listing, inputs, grounds, options, screen)
    listing.end()
    if kept:
        data = b"".join(kept)
        _named(options, lambda path: files.save(path, data, private=False, force=options.force, inputs=paths))
    screen.note(listing.counts.summary(), options.output or "" if to_file else "")
    return listing.exit_code


def _named(options: InventoryOptions, work: Callable[[str], object]) -> None:
    path = options.output or ""
    try:
        work(path)
    except KeyconvError as error:
        raise error.at_path(path) from None


def _grounds_of(source: InputOptions, paths: tuple[str, ...]) -> Grounds:
    """Check by the default settings: what an inventory says does not depend on the folder that it is made in."""
    handed = None
    if source.passphrase.given:
        prompter = Prompter(no_input=True, stdin_taken=STDIN in paths)
        given = prompter.existing("the keys", source.passphrase)
        handed = encoded(given, source.passphrase_encoding).hand_over()
    return Grounds(int(time.time()), Policy(), Path(), handed, source.allow_costly)


def _list_all(listing: _Listing, inputs: Inputs, grounds: Grounds, options: InventoryOptions, screen: Screen) -> None:
    visits = map(_visit, inputs)
    first = list(islice(visits, workers.BREAK_EVEN))
    many = len(first) >= workers.BREAK_EVEN
    count = options.jobs or workers.processors()
    # Rows on a terminal go by themselves, and a bar would stand among them.
    bar = many and not (screen.quiet or screen.as_json) and (options.output is not None or not sys.stdout.isatty())
    lister = _Lister(grounds, context_of(grounds, run_interruptibly))
    with (
        workers.ended_by_signals() as look,
        progress("listing", inputs.count, shown=bar, colour=screen.colour) as advance,
        workers.for_files(count, _begin, grounds, many=many, derives=grounds.passphrase is not None) as executor,
    ):
        work = lister if executor is None else _work
        for outcome in batch.run(chain(first, visits), work, executor, workers.AHEAD * count):
            if isinstance(outcome.error, InternalError):
                raise outcome.error
            try:
                listed = outcome.result()
                listing.add(lister.list_elsewhere(outcome.job) if listed.elsewhere else listed)
            except InputError as error:
                error.path = shown(outcome.job.path)
                listing.fail(error)
            except KeyconvError as error:
                listing.fail(error.at_path(shown(outcome.job.path)))
            look()
            advance()


# ── what is printed ────────────────────────────────────────────────────────────────────────────────────────────────


class _Counts:
    """What went by."""

    def __init__(self) -> None:
        self.files = self.keys = self.documents = self.findings = self.skipped = self.failed = 0

    def summary(self) -> str:
        """Sum up in one line."""
        documents = f", {plural(self.documents, 'document')} among them" if self.documents else ""
        parts = [f"{plural(self.keys, 'key')} in {plural(self.files, 'file')}{documents}"]
        parts += [plural(self.findings, "finding")] if self.findings else []
        parts += [f"{plural(self.skipped, 'file')} skipped (not keys)"] if self.skipped else []
        parts += [f"{self.failed} not read"] if self.failed else []
        return "; ".join(parts)


class _Listing:
    """The rows, written as they come; nothing of a file is kept. `exit_code` is that of the first failure."""

    def __init__(self, format: Format, printer: Printer, screen: Screen) -> None:
        self.counts = _Counts()
        self.exit_code = 0
        self._format: Format = format
        self._printer = printer
        self._screen = screen
        self._begun = False
        if format == "csv":
            printer.add_text(csv_head())
        elif format == "json":
            printer.add_text('{\n  "keys": [')

    def add(self, listed: _Listed) -> None:
        """Write the rows of a file.

        Raises: what reading them raises.
        """
        keys = documents = 0
        for row in listed.rows:
            keys += row.kind is not None
            documents += row.document
            self.counts.findings += len(row.findings)
            self._write(row)
        self.counts.skipped += listed.skipped
        self.counts.files += not listed.skipped
        self.counts.documents += documents > 0
        self.counts.keys += keys

    def fail(self, error: KeyconvError) -> None:
        """Report a file that cannot be read."""
        self._printer.flush()
        self._screen.error(error)
        self.counts.failed += 1
        self.exit_code = self.exit_code or error.exit_code

    def end(self) -> None:
        """Write the end."""
        if self._format == "json":
            summary = to_json(vars(self.counts)).rstrip().replace("\n", "\n  ")
            self._printer.add_text(("\n  ]" if self._begun else "]") + f',\n  "summary": {summary}\n}}\n')
        self._printer.flush()

    def _write(self, row: Row) -> None:
        text = _FORMATS[self._format](row)
        if self._format == "json":
            text = ("," if self._begun else "") + "\n    " + text.replace("\n", "\n    ")
        self._begun = True
        self._printer.add_text(text)


# ── one file ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _visit(job: Job) -> Visit:
    if job.path == STDIN or job.fault is not None:
        return Visit(job.path, not job.found, error=job.fault)
    if not system.is_name(job.path):
        return Visit(job.path, error=InputError(system.BAD_NAME))
    try:
        mode = stat.S_IMODE(os.stat(job.path).st_mode) if os.name == "posix" else None  # noqa: PTH116
    except OSError as error:
        return Visit(job.path, error=InputError(system.reason_of(error, absent="no such file")))
    return Visit(job.path, not job.found, mode)


class _Lister:
    """Lists the keys of one file at a time, in whatever process."""

    def __init__(self, grounds: Grounds, context: Context) -> None:
        self._policy = grounds.policy
        self._context = context

    def __call__(self, visit: Visit) -> _Listed:
        """List the keys of a file that is no larger than a key file.

        Raises: InputError.
        """
        if visit.error is not None:
            raise visit.error
        if visit.path == STDIN:
            return _Listed(elsewhere=True)
        try:
            with files.opened(visit.path) as source:
                if not source.whole:
                    return _Listed(elsewhere=True)
                content = content_of(visit, source.head)
        except OSError as error:
            raise InputError(system.reason_of(error, absent="no such file")) from error
        return self._list(content, named=visit.named)

    def list_elsewhere(self, visit: Visit) -> _Listed:
        """List the keys of standard input, or one by one those of a file of lines that is larger than a key file.

        Raises: InputError for any other file that was named.
        """
        with files.opened(visit.path) as source:
            content = content_of(visit, source.head)
            if visit.path == STDIN:
                if not source.whole:
                    raise files.too_large()
                return self._list(replace(content, place="stdin"), named=True)
            kind = kind_of_name(content.name) or kind_of_content(source.head[:_HEAD])
            if kind is None:
                if visit.named:
                    raise files.too_large()
                return _Listed(skipped=True)
            _, findings = judge_stream(visit.path, kind, source.chunks, self._context)
            found = tuple(islice(self._found(findings), MOST_FINDINGS))
        return _Listed(self._list_lines(visit, kind, found))

    def _list(self, content: Content, *, named: bool) -> _Listed:
        judged = judge_content(content, self._context)
        if not judged.is_key and not judged.findings:
            return _Listed(skipped=True)
        found = list(self._found(iter(judged.findings)))
        if content.place == "file" and judged.is_key:
            # What is wrong with the files beside a key is listed with it, as `inspect` notes it.
            found += self._found(each for each, _ in find_beside(judged, named=named))
        return _Listed(tuple(rows_of(judged, content.data, found)))

    def _list_lines(self, visit: Visit, kind: LineKind, findings: tuple[Finding, ...]) -> Iterator[Row]:
        with files.opened(visit.path) as source:
            found = detect_stream(source.head)
            if found is None or found.stream is None:
                yield from rows_of_lines(visit.path, (), findings, None, kind)
                return
            entries = _until_fault(found.stream(source.chunks, LineFacts()))
            yield from rows_of_lines(visit.path, entries, findings, found.name, kind)

    def _found(self, findings: Iterator[Finding]) -> Iterator[Finding]:
        for finding in findings:
            seen = self._policy.judge(finding, finding.path)
            if seen is not None:
                yield seen


def _until_fault(entries: Iterator[Entry]) -> Iterator[Entry]:
    """Yield entries; that no line holds a key is among the findings already."""
    try:
        yield from entries
    except InputError:
        raise
    except KeyconvError:
        return


_listers: list[_Lister] = []
"""The one lister of this process, if it is a worker or its threads are."""


def _begin(grounds: Grounds) -> None:
    _listers[:] = [_Lister(grounds, context_of(grounds))]


def _work(visit: Visit) -> _Listed:
    return _listers[0](visit)
