"""What may be written over: almost nothing, and an input never."""

# ruff: noqa: PTH100, PTH116, PTH120 - the order of single system calls is the subject here

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Sequence

from keyconv.errors import OutputError
from keyconv.files import folders, system
from keyconv.files.folders import Folder

Inputs = Sequence[str] | Callable[[os.stat_result], bool]
"""The inputs of a run: their paths; or, where they are too many to name, whether a file is one of them."""


def check_target(path: str, *, force: bool, inputs: Inputs = (), folder: Folder | None = None) -> None:
    """Refuse a target that `save` would refuse, before a passphrase is asked for or a KDF is run.

    Without `force` nothing may have the name. With it, a regular file, or a symbolic link to one or to nothing, is
    replaced under this name alone. A directory, FIFO, socket or device, and a file that is one of `inputs` under any
    name, are refused always. An absent name needs a directory that can be written to. Looked at is the name in the
    `folder` that is held open, if one is given.

    Raises: OutputError.
    """
    with system.output_errors(path, absent="no such directory"):
        if not system.is_name(path):
            raise OutputError(system.BAD_NAME)
        directory, name = folders.split(path)
        held = folder or Folder(directory, None)
        try:
            found = held.lstat(name)
        except FileNotFoundError:
            _check_directory(path)
            return
        end = _end_of(held, name) if stat.S_ISLNK(found.st_mode) else found
        _refuse_target(path, found, end, force, inputs)
        _check_directory(path)


def check_rewrite(path: str) -> None:
    """Refuse a file that `rewrite` would refuse, before a passphrase is asked for or a KDF is run.

    Raises: OutputError.
    """
    with system.output_errors(path, absent="no such file"):
        rewritable(path)


def rewritable(path: str) -> tuple[str, os.stat_result]:
    """Follow `path` to the one regular file of one name that it leads to.

    Returns: that file's own path, and what the system says about it.
    Raises: OutputError; OSError.
    """
    if not system.is_name(path):
        raise OutputError(system.BAD_NAME)
    found, target = os.lstat(path), path
    if stat.S_ISLNK(found.st_mode):
        target = os.path.realpath(path, strict=True)
        found = os.lstat(target)
    kind = system.special(found.st_mode)
    if kind:
        raise OutputError(f"is {kind}")
    if found.st_nlink > 1:
        raise OutputError(
            f"has {found.st_nlink} names (hard links), of which only one would be rewritten",
            hint="write the result to a new file, or remove the other names",
        )
    _check_directory(target)
    return target, found


def _refuse_target(path: str, found: os.stat_result, end: os.stat_result | None, force: bool, inputs: Inputs) -> None:
    link = stat.S_ISLNK(found.st_mode)
    if link and _names_a_stream(path):
        raise OutputError("is a stream of this process", hint="pass -o - to write to standard output")
    if end is not None:
        if inputs(end) if callable(inputs) else any(_is_input(end, name) for name in inputs):
            raise OutputError(
                "is the input, which is never overwritten",
                hint="write to another name; keyconv passphrase and keyconv comment change a file in place",
            )
        kind = system.special(end.st_mode)
        if kind:
            raise OutputError(f"is {kind}", hint="name a file in it" if stat.S_ISDIR(end.st_mode) else "")
    if force:
        return
    if link:
        dangling = "" if end is not None else " to a file that does not exist"
        raise OutputError(
            f"is a symbolic link{dangling}", hint="pass --force to replace the link, or name the file it points to"
        )
    if found.st_nlink > 1:
        raise OutputError(
            f"already exists, under {found.st_nlink} names (hard links)",
            hint="pass --force to replace this name alone",
        )
    raise OutputError("already exists", hint=system.FORCE_HINT)


def _is_input(found: os.stat_result, name: str) -> bool:
    try:
        other = os.fstat(sys.stdin.fileno()) if name == "-" else os.stat(name)
    except (OSError, ValueError, AttributeError):  # gone, or a stream in memory, or none at all
        return False
    return os.path.samestat(found, other)


def _end_of(folder: Folder, name: str) -> os.stat_result | None:
    try:
        return folder.stat(name)
    except FileNotFoundError:
        return None


def _names_a_stream(path: str) -> bool:
    # `/dev/stdout` and the like are links; root, with --force, would replace the system's own.
    return os.name == "posix" and os.path.dirname(os.path.abspath(path)) in {"/dev", "/dev/fd", "/proc/self/fd"}


def _check_directory(path: str) -> None:
    directory = os.path.dirname(path) or os.curdir
    if not stat.S_ISDIR(os.stat(directory).st_mode):
        raise OutputError("a part of its path is not a directory")
    if sys.platform != "win32" and not os.access(directory, os.W_OK | os.X_OK):
        read_only = os.statvfs(directory).f_flag & os.ST_RDONLY
        raise OutputError("read-only file system" if read_only else "permission denied: its directory is not writable")
