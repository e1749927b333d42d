"""Reading: bounded, of regular files and standard input only, and never waiting for a FIFO."""

# ruff: noqa: PTH116 - the order of single system calls is the subject here

from __future__ import annotations

import os
import stat
import sys
from typing import BinaryIO

from keyconv import limits
from keyconv.errors import InputError
from keyconv.files import system


def load(path: str, *, limit: int = limits.MAX_KEY_FILE) -> bytes:
    """Read the whole of a regular file, or of standard input for `-`, if it has at most `limit` bytes.

    Symbolic links are followed. A directory, FIFO, socket or device is named without being opened or waited for.

    Raises: InputError.
    """
    try:
        return _load_stdin(limit) if path == "-" else _load_file(path, limit)
    except InputError as error:
        error.at_path(path)
        raise
    except OSError as error:
        raise InputError(system.reason_of(error, absent="no such file")).at_path(path) from error


def _load_file(path: str, limit: int) -> bytes:
    if not system.is_name(path):
        raise InputError(system.BAD_NAME)
    _refuse_input(os.stat(path), limit)  # before the open, for opening a device can do things
    descriptor = os.open(path, system.flags("O_RDONLY", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"))
    try:
        _refuse_input(os.fstat(descriptor), limit)
        data = system.read_up_to(descriptor, limit + 1)
    finally:
        os.close(descriptor)
    if len(data) > limit:  # it grew, or is of a file system that tells no sizes
        raise _too_large(limit)
    return data


def _refuse_input(found: os.stat_result, limit: int) -> None:
    kind = system.special(found.st_mode)
    if kind:
        readable = stat.S_ISFIFO(found.st_mode) or stat.S_ISCHR(found.st_mode)
        hint = "pass - and redirect it to standard input" if readable else ""
        raise InputError(f"is {kind}", hint=hint)
    if found.st_size > limit:
        raise _too_large(limit)


def _load_stdin(limit: int) -> bytes:
    stream: BinaryIO | None = getattr(sys.stdin, "buffer", None)
    if stream is None or stream.closed:
        raise InputError("standard input is closed")
    data = b""
    while len(data) <= limit:
        chunk: bytes | None = stream.read(limit + 1 - len(data))
        if chunk is None:
            raise InputError("standard input has nothing to read yet and is set not to wait")
        data += chunk
        if not chunk or stream.isatty():  # a person types Ctrl-D once
            return data
    raise _too_large(limit)


def _too_large(limit: int) -> InputError:
    return InputError(f"larger than {limits.size(limit)}, which no key file is")
