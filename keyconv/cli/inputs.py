"""The inputs of a batch: named files and folders, gone through as they are needed and never listed whole."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath

from keyconv.cli.opening import STDIN
from keyconv.errors import InputError, KeyconvError, UsageError
from keyconv.files.system import reason_of
from keyconv.formats import bare_name

__all__ = ["Inputs", "Job"]


@dataclass(frozen=True, slots=True)
class Job:
    """One input: where it is, where its result goes (no suffix yet), and whether it was found in a folder.

    `fault` is why it is no input after all: a folder that cannot be listed.
    """

    path: str
    relative: str
    found: bool
    fault: KeyconvError | None = None


class Inputs:
    """What the command line named; each iteration goes through it again, in the same order.

    `output` is the folder that results go to, if there is one. Only where it is inside one of the inputs are those
    listed beforehand, for what is written there is no input of this run. `doing` is what the command does to each.

    Raises: UsageError for a folder without `recursive`.
    """

    def __init__(self, paths: tuple[str, ...], output: str | None, *, recursive: bool, doing: str = "convert") -> None:
        folders = [path for path in paths if path != STDIN and Path(path).is_dir()]
        if folders and not recursive:
            raise UsageError("is a directory", hint=f"pass -r to {doing} what is in it").at_path(folders[0])
        self.paths = paths
        self._identities: frozenset[int] | None = None
        self._listed: list[Job] | None = None
        if output is not None and any(_is_within(output, folder) for folder in folders):
            self._listed = list(self._walk())

    def __iter__(self) -> Iterator[Job]:
        return self._walk() if self._listed is None else iter(self._listed)

    def count(self) -> int:
        """Count the jobs."""
        return sum(1 for _ in self)

    def path_of(self, number: int) -> str:
        """Name the input of a job by its number, from 0; the number itself, where it is no longer there."""
        found = next(islice(self, number, None), None)
        return found.path if found is not None else f"input {number + 1}"

    def hold(self, found: os.stat_result) -> bool:
        """Return whether a file is one of the inputs, under any name; all are looked at when this is first asked."""
        if self._identities is None:
            self._identities = frozenset(_identity(each) for each in map(_stat, self) if each is not None)
        return _identity(found) in self._identities

    def _walk(self) -> Iterator[Job]:
        for path in self.paths:
            yield from _jobs(path)


def _jobs(path: str) -> Iterator[Job]:
    if path == STDIN:
        yield Job(path, "stdin", found=False)
        return
    if not Path(path).is_dir():
        yield Job(path, bare_name(PurePath(path).name), found=False)
        return
    for below, fault in _below(path):
        relative = PurePath(os.path.relpath(below, path))
        yield Job(below, str(relative.with_name(bare_name(relative.name))) if relative.name else "", True, fault)


def _below(folder: str) -> Iterator[tuple[str, KeyconvError | None]]:
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


def _is_within(path: str, folder: str) -> bool:
    real, around = os.path.realpath(path), os.path.realpath(folder)
    try:
        return os.path.commonpath((real, around)) == around
    except ValueError:  # on another drive
        return False


def _stat(job: Job) -> os.stat_result | None:
    try:
        return os.stat(job.path) if job.path != STDIN else None  # noqa: PTH116
    except (OSError, ValueError):  # gone, or no name at all
        return None


def _identity(found: os.stat_result) -> int:
    # A number instead of a pair, for there may be many. Files that a system does not number are distinguished by size
    # and time.
    return hash((found.st_dev, found.st_ino) if found.st_ino else (found.st_size, found.st_mtime_ns, stat.S_IFREG))
