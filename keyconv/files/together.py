"""Changing several files together: all of them, or none.

All new contents, and a copy of each old one, are on the disk, synced and read back, before the first file changes. Then
the names change one right after the other, in the order given; should one not, those before it get their old content
back. Only a run that is killed between two of these renames leaves some files new and the rest old.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

from keyconv.errors import KeyconvError, OutputError
from keyconv.files import folders, system
from keyconv.files.folders import Folder
from keyconv.files.targets import Inputs, check_target, rewritable
from keyconv.files.writing import (
    check_unchanged,
    confirm,
    drafted,
    keep_owner_and_mode,
    set_mode,
    take_free_name,
    written_but,
)

__all__ = ["Change", "write_together"]


@dataclass(frozen=True, slots=True)
class Change:
    """New bytes for one file: in the place of what it holds, as `rewrite` does; or, where it is `new`, as `save` does.

    `private` has the meaning that it has there, and so have `force` and `inputs`, for a new file alone.
    """

    path: str
    data: bytes = field(repr=False)
    private: bool = False
    new: bool = False
    force: bool = False
    inputs: Inputs = ()


def write_together(changes: Sequence[Change]) -> None:
    """Make all of these changes or none, in this order.

    Raises: OutputError with the path of the file that it is about. Unless it has `written`, nothing has changed.
    """
    with ExitStack() as stack:
        steps = [stack.enter_context(_prepared(change, last=change is changes[-1])) for change in changes]
        for step in steps:
            with step.errors():
                step.check()
        _settle(steps)
        _tidy(steps)


@dataclass(slots=True)
class _Step:
    """One change, with everything that may fail early behind it: the new content waits under a temporary name.

    `before` is the old content and `kept` the temporary name of a copy of it, where it may have to come back.
    """

    change: Change
    folder: Folder
    name: str
    temporary: str
    found: os.stat_result | None
    before: bytes | None
    kept: str | None

    def errors(self) -> AbstractContextManager[None]:
        """Turn errors into those of this file."""
        return system.output_errors(self.change.path, absent="no such file")

    def check(self) -> None:
        """Refuse a file that another program has changed since it was looked at."""
        if self.found is not None:
            check_unchanged(self.folder, self.name, self.found)
        elif self.change.force:
            check_target(self.change.path, force=True, inputs=self.change.inputs, folder=self.folder)

    def settle(self) -> None:
        """Return the new content its name."""
        if self.found is not None or self.change.force:
            self.folder.replace(self.temporary, self.name)
        else:
            take_free_name(self.folder, self.temporary, self.name)

    def is_done(self) -> bool:
        """Return whether the name holds the new content."""
        return _content(self.folder, self.name, len(self.change.data)) == self.change.data

    def undo(self) -> bool:
        """Put the old content back. Returns: whether the new one is gone."""
        if not self.is_done():  # it is the old one still, or another program's, which stays
            return True
        try:
            if self.kept is not None:
                self.folder.replace(self.kept, self.name)
            elif self.found is None and not self.change.force:
                self.folder.unlink(self.name)
            else:
                return self.before == self.change.data
        except OSError:
            return False
        with suppress(OSError):
            self.folder.sync()
        return True


def _settle(steps: list[_Step]) -> None:
    begun: list[_Step] = []
    try:
        for step in steps:
            begun.append(step)  # before, for Ctrl-C may come when the file has its name
            with step.errors():
                step.settle()
    except BaseException as error:
        if all(step.is_done() for step in steps):
            if isinstance(error, KeyconvError):  # a network file system may do what it says it did not
                return
            raise
        stuck = [step.change.path for step in reversed(begun) if not step.undo()]
        if stuck and isinstance(error, KeyconvError):
            hint = "run the same command again to finish it"
            raise written_but(f"{error.path} is not: {error.message}", hint).at_path(stuck[-1]) from error
        raise


def _tidy(steps: list[_Step]) -> None:
    for step in steps:
        if step.kept is not None:
            with suppress(OSError):
                step.folder.unlink(step.kept)
    for step in steps:
        with step.errors():
            confirm(step.folder, step.kept or step.temporary, "the old content" if step.kept else "the same bytes")


# ── what comes before the first rename ─────────────────────────────────────────────────────────────────────────────


@contextmanager
def _prepared(change: Change, *, last: bool) -> Iterator[_Step]:
    with system.output_errors(change.path, absent="no such file"), ExitStack() as stack:
        found = None
        target = change.path
        if change.new:
            check_target(change.path, force=change.force, inputs=change.inputs)
        else:
            target, found = rewritable(change.path)
        directory, name = folders.split(target)
        folder = stack.enter_context(folders.opened(directory))
        before = kept = None
        if found is not None:
            before = _content(folder, name, found.st_size)
            if before is None:
                raise OutputError("cannot be read again", hint="run the command again")
            check_unchanged(folder, name, found)
            if not last:
                kept = stack.enter_context(drafted(folder, before, 0o600, _as_before(found, 0o777)))
        temporary = stack.enter_context(drafted(folder, change.data, _mode(change), _preparing(change, found)))
        yield _Step(change, folder, name, temporary, found, before, kept)


def _mode(change: Change) -> int:
    return 0o666 if change.new and not change.private else 0o600


def _preparing(change: Change, found: os.stat_result | None) -> Callable[[int], None]:
    if found is not None:
        return _as_before(found, 0o700 if change.private else 0o777)

    def prepare(descriptor: int) -> None:
        if change.private:
            set_mode(descriptor, 0o600)

    return prepare


def _as_before(found: os.stat_result, most: int) -> Callable[[int], None]:
    return lambda descriptor: keep_owner_and_mode(descriptor, found, most)


def _content(folder: Folder, name: str, length: int) -> bytes | None:
    """Read a file of a folder, and not much more than a length; None where that cannot be done."""
    try:
        if not stat.S_ISREG(folder.lstat(name).st_mode):
            return None
        descriptor = folder.open(name, system.flags("O_RDONLY", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"), 0)
    except OSError:
        return None
    try:
        return system.read_up_to(descriptor, length + 1)
    except OSError:
        return None
    finally:
        with suppress(OSError):
            os.close(descriptor)
