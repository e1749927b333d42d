"""A folder that is written to, held open: what is done in it by name is done in this one, wherever it is moved."""

# ruff: noqa: PTH116, PTH118, PTH119, PTH120 - the order of single system calls is the subject here

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from keyconv.files import system

BY_DESCRIPTOR = {os.open, os.rename, os.stat, os.unlink} <= os.supports_dir_fd
"""Whether the system takes names relative to an open folder; Windows does not."""

_READ = system.flags("O_RDONLY", "O_DIRECTORY", "O_CLOEXEC")

_NO_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF})
"""What `fsync` says of a directory on a file system that has no such thing, or of one that cannot be read."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder by its path, and its descriptor where the system takes names relative to one; else its path is used."""

    path: str
    descriptor: int | None

    def open(self, name: str, flags: int, mode: int) -> int:
        """Open a file in it."""
        return os.open(self._place(name), flags, mode, dir_fd=self.descriptor)

    def lstat(self, name: str) -> os.stat_result:
        """Say what the system says about a name in it."""
        return os.lstat(self._place(name), dir_fd=self.descriptor)

    def stat(self, name: str) -> os.stat_result:
        """Say what the system says about the file that a name in it leads to."""
        return os.stat(self._place(name), dir_fd=self.descriptor)

    def has(self, name: str) -> bool:
        """Return whether something in it has this name, as far as that can be determined."""
        try:
            self.lstat(name)
        except OSError:
            return False
        return True

    def unlink(self, name: str) -> None:
        """Remove a name."""
        os.unlink(self._place(name), dir_fd=self.descriptor)

    def replace(self, source: str, target: str) -> None:
        """Return a file another name, at once in the place of what has it."""
        places = self._place(source), self._place(target)
        os.replace(*places, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def rename(self, source: str, target: str) -> None:
        """Return a file another name, which on Windows must be free."""
        places = self._place(source), self._place(target)
        os.rename(*places, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def link(self, source: str, target: str) -> None:
        """Return a file a second name, which must be free.

        Raises: OSError; AttributeError and NotImplementedError where the system has no such call.
        """
        if self.descriptor is None:
            os.link(self._place(source), self._place(target))
        else:
            os.link(source, target, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor, follow_symlinks=False)

    def is_moved(self) -> bool:
        """Return whether its path leads to it no longer, where it is held open."""
        if self.descriptor is None:
            return False
        try:
            return not os.path.samestat(os.stat(self.path), os.fstat(self.descriptor))
        except OSError:
            return True

    def sync(self) -> None:
        """Make its names durable.

        Raises: OSError.
        """
        if self.descriptor is not None:
            _sync(self.descriptor)
        elif sys.platform != "win32":  # which has no such call, and journals its names
            with suppress(PermissionError):  # one may write names in it and not read them
                descriptor = os.open(self.path, _READ)
                try:
                    _sync(descriptor)
                finally:
                    os.close(descriptor)

    def _place(self, name: str) -> str:
        return os.path.join(self.path, name) if self.descriptor is None else name


@contextmanager
def opened(path: str) -> Iterator[Folder]:
    """Hold the folder `path` open for as long as a `with` lasts, where the system can.

    Raises: OSError.
    """
    descriptor = _open(path) if BY_DESCRIPTOR else None
    try:
        yield Folder(path, descriptor)
    finally:
        if descriptor is not None:
            with suppress(OSError):
                os.close(descriptor)


def split(path: str) -> tuple[str, str]:
    """Split the path of a file into its folder's and its name."""
    return os.path.dirname(path) or os.curdir, os.path.basename(path) or os.curdir


def _open(path: str) -> int | None:
    try:
        return os.open(path, _READ)
    except PermissionError:  # one may write names in it and not read them
        without_reading = system.flags("O_PATH")
        return os.open(path, without_reading | _READ) if without_reading else None


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
