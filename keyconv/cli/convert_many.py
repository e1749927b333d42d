"""`keyconv convert -d`: many inputs and folders into one folder, each to a file of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from keyconv.cli.converting import Conversion, choose_target, convert_entry
from keyconv.cli.opening import STDIN, Opener, shown
from keyconv.cli.options import InputOptions, OutputOptions
from keyconv.cli.progress import progress
from keyconv.cli.render import Screen, error_object, to_json
from keyconv.engine import choose
from keyconv.errors import InputError, KeyconvError, NotAKeyError, OutputError, UsageError
from keyconv.files.system import reason_of
from keyconv.formats.base import Format
from keyconv.keyfile import Entry, KeyFile
from keyconv.limits import MAX_KEY_FILE, size

__all__ = ["run_many"]

_KEY_SUFFIXES = (".ppk", ".pem", ".pub", ".key", ".der", ".jwk", ".rfc4716")


@dataclass(frozen=True, slots=True)
class Job:
    """One input: where it is, where its result goes (no suffix yet), and whether it was found in a folder.

    `fault` is why it is no input after all: a folder that cannot be listed.
    """

    path: str
    relative: str
    found: bool
    fault: KeyconvError | None = None


def run_many(
    inputs: tuple[str, ...], source: InputOptions, target: OutputOptions, *, recursive: bool, screen: Screen
) -> int:
    """Convert all inputs, go on after a failure, end with a summary; give the code of the first failing input."""
    jobs = [job for path in inputs for job in _jobs(path, recursive=recursive)]
    opener = Opener(screen, source, tuple(job.path for job in jobs), target)
    paths = tuple(job.path for job in jobs if job.path != STDIN)
    run = _Run(opener, target, paths)
    with progress(len(jobs), shown=not (screen.quiet or screen.as_json)) as advance:
        for job in jobs:
            run.convert(job)
            advance()
    run.report()
    return run.exit_code


class _Run:
    """What has been written so far, and how it went."""

    def __init__(self, opener: Opener, target: OutputOptions, inputs: tuple[str, ...]) -> None:
        self.exit_code = 0
        self._opener = opener
        self._target = target
        self._inputs = inputs
        self._taken: dict[str, tuple[str, Entry]] = {}
        self._results: list[dict[str, object]] = []
        self._counts = {"converted": 0, "failed": 0, "passed over": 0}

    def convert(self, job: Job) -> None:
        """Convert every key of one input."""
        if job.fault is not None:
            self._fail(job, job.fault)
            return
        if job.found and _size(job.path) > MAX_KEY_FILE:
            self._pass_over(job, f"larger than {size(MAX_KEY_FILE)}")
            return
        try:
            keyfile = self._opener.read(job.path)
            entries = self._entries(keyfile, job)
        except NotAKeyError as error:
            if job.found:
                self._pass_over(job, str(error))
            else:
                self._fail(job, error)
            return
        except KeyconvError as error:
            self._fail(job, error.at_path(shown(job.path)))
            return
        passed_over: dict[str, None] = {}
        for number, entry in enumerate(entries, 1):
            suffix = f"-{number}" if len(entries) > 1 else ""
            try:
                why = self._convert_entry(job, keyfile.format, entry, suffix)
            except KeyconvError as error:
                self._fail(job, error)
                continue
            if why:
                passed_over[why] = None
        for why in passed_over:  # files are counted, not their lines
            self._pass_over(job, why)

    def report(self) -> None:
        """Print the summary: one line, or the JSON document."""
        if self._opener.screen.as_json:
            counts = {name.replace(" ", "_"): count for name, count in self._counts.items()}
            self._opener.screen.data(to_json({"results": self._results, "summary": counts}))
        else:
            self._opener.screen.note(", ".join(f"{count} {name}" for name, count in self._counts.items()))

    def _entries(self, keyfile: KeyFile, job: Job) -> list[Entry]:
        if self._opener.options.key is not None:
            return [choose(keyfile, self._opener.options.key)]
        return list(keyfile.entries)

    def _convert_entry(self, job: Job, source: str, entry: Entry, suffix: str) -> str:
        """Convert one key, or give why it is passed over."""
        is_public = entry.private is None and entry.fault is None
        target = None if is_public and self._target.format is None else choose_target(source, entry, self._target)
        if job.found and is_public and (target is None or target.can.private):
            return "a public key"
        target = target or choose_target(source, entry, self._target)
        output = os.path.join(self._target.directory or "", job.relative + suffix + target.suffix)  # noqa: PTH118
        if output in self._taken:
            earlier, written = self._taken[output]
            if job.found and not target.can.private and _same_public(entry, written, target):
                return f"the same key as {shown(earlier)}"
            raise OutputError(
                f"{shown(earlier)} was written there",
                hint=f"convert {shown(job.path)} alone, with -o and another name",
            ).at_path(output)
        _make_folders(output)
        done = convert_entry(
            self._opener,
            job.path,
            source,
            replace(entry, line=None),
            replace(self._target, output=output),
            self._inputs,
        )
        self._taken[output] = job.path, done.entry
        self._succeed(job, done)
        return ""

    def _succeed(self, job: Job, done: Conversion) -> None:
        self._counts["converted"] += 1
        public = done.entry.public
        self._results.append(
            {
                "path": job.path,
                "status": "converted",
                "output": done.output,
                "format": done.target.name,
                "type": public.algorithm if public else None,
                "losses": list(done.losses),
            }
        )

    def _fail(self, job: Job, error: KeyconvError) -> None:
        self._counts["failed"] += 1
        self.exit_code = self.exit_code or error.exit_code
        self._results.append({"path": job.path, "status": "failed", "error": error_object(error)})
        self._opener.screen.error(error)

    def _pass_over(self, job: Job, why: str) -> None:
        self._counts["passed over"] += 1
        self._results.append({"path": job.path, "status": "passed over", "why": why})


def _same_public(entry: Entry, written: Entry, target: Format) -> bool:
    """Tell whether a public file of `entry` would say no more than the one that was written, but for its comment."""
    if entry.public is None or entry.public != written.public:
        return False
    if target.can.certificate and entry.certificate not in (None, written.certificate):
        return False
    return not target.can.options or entry.options in ((), written.options)


def _jobs(path: str, *, recursive: bool) -> Iterator[Job]:
    if path == STDIN:
        yield Job(path, "stdin", found=False)
        return
    folder = Path(path)
    if not folder.is_dir():
        yield Job(path, _stem(PurePath(path).name), found=False)
        return
    if not recursive:
        raise UsageError("is a directory", hint="pass -r to convert what is in it").at_path(path)
    for below, fault in _walk(path):
        relative = PurePath(os.path.relpath(below, path))
        yield Job(below, str(relative.with_name(_stem(relative.name))) if relative.name else "", True, fault)


def _walk(folder: str) -> Iterator[tuple[str, KeyconvError | None]]:
    refused: list[tuple[str, KeyconvError | None]] = []

    def refuse(error: OSError) -> None:
        path = error.filename or folder
        refused.append((path, InputError(reason_of(error, absent="no such folder")).at_path(path)))

    for root, folders, names in os.walk(folder, onerror=refuse):
        yield from refused
        refused.clear()
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(names):
            below = os.path.join(root, name)  # noqa: PTH118 - keeps names that are no valid text
            if os.path.isfile(below):  # noqa: PTH113
                yield below, None
    yield from refused


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except OSError:  # for the reader to name
        return 0


def _stem(name: str) -> str:
    lower = name.lower()
    for suffix in _KEY_SUFFIXES:
        if lower.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name


def _make_folders(output: str) -> None:
    try:
        os.makedirs(os.path.dirname(output) or ".", exist_ok=True)  # noqa: PTH103, PTH120
    except OSError as error:
        raise OutputError(f"the folder cannot be made: {(error.strerror or 'error').lower()}").at_path(output) from None
