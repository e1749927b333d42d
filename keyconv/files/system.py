"""What reading and writing share: the system's errors and file kinds in keyconv's words."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from keyconv.errors import KeyconvError, OutputError

FORCE_HINT = "pass --force to replace it"
BAD_NAME = "not a name that a file can have"

_REASONS = {
    errno.EACCES: "permission denied",
    errno.EEXIST: "already exists",
    errno.EISDIR: "is a directory",
    errno.ELOOP: "too many levels of symbolic links",
    errno.ENOSPC: "disk full",
    errno.ENOTDIR: "a part of its path is not a directory",
    errno.EPIPE: "the reader has gone",
    errno.EROFS: "read-only file system",
}
_SHARING_VIOLATION = 32  # a Windows error code
_CHUNK = 64 * 1024


@contextmanager
def output_errors(path: str, *, absent: str) -> Iterator[None]:
    """Turn the system's errors into an OutputError, and name the file in every error."""
    try:
        yield
    except KeyconvError as error:
        error.at_path(path)
        raise
    except OSError as error:
        hint = FORCE_HINT if error.errno == errno.EEXIST else ""
        raise OutputError(reason_of(error, absent=absent), hint=hint).at_path(path) from error


def reason_of(error: OSError, *, absent: str) -> str:
    """Say in keyconv's words what the system said; `absent` stands for 'no such file or directory'."""
    if error.errno == errno.ENOENT:
        return absent
    if getattr(error, "winerror", None) == _SHARING_VIOLATION:
        return "in use by another program"
    if error.errno is None:
        return "the system gives no reason"
    text = _REASONS.get(error.errno) or os.strerror(error.errno)
    return text[:1].lower() + text[1:]


def flags(*names: str) -> int:
    """Join the `open` flags of these names; a system that lacks one does without."""
    joined = 0
    for name in names:
        joined |= getattr(os, name, 0)
    return joined


def special(mode: int) -> str:
    """Name the kind of a file that is not a regular one; an empty string for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    if stat.S_ISDIR(mode):
        return "a directory"
    if stat.S_ISFIFO(mode):
        return "a FIFO"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device"


def is_name(path: str) -> bool:
    """Return whether the system could have a file of this name: not empty, no NUL, nothing it cannot encode."""
    try:
        return bool(path) and b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def read_up_to(descriptor: int, limit: int) -> bytes:
    """Read to the end of the file, or `limit` bytes of it."""
    data = b""
    while len(data) < limit:
        chunk = os.read(descriptor, min(limit - len(data), _CHUNK))
        if not chunk:
            break
        data += chunk
    return data
