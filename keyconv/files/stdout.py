"""Standard output, written to its end."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import BinaryIO

from keyconv.errors import OutputError, ReaderGoneError
from keyconv.files import system


def write_stdout(data: bytes) -> None:
    """Write `data` to standard output, to its end: errors of flushing and closing count.

    After an error standard output leads nowhere, so that the interpreter does not fail on it again at exit.

    Raises: OutputError.
    """
    stream: BinaryIO | None = getattr(sys.stdout, "buffer", None)
    if stream is None or stream.closed:
        raise OutputError("standard output is closed")
    try:
        sys.stdout.flush()
        rest = memoryview(data)
        while rest:  # one call may write less: under `python -u` the stream is a raw file
            count: int | None = stream.write(rest)
            if count is None:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            rest = rest[count:]
        stream.flush()
        _close_a_copy(stream)
    except OSError as error:
        _abandon_stdout()
        if error.errno == errno.EPIPE or (sys.platform == "win32" and error.errno == errno.EINVAL):
            raise ReaderGoneError("the reader of standard output has gone") from error
        raise OutputError(
            f"cannot write to standard output: {system.reason_of(error, absent='no such file')}"
        ) from error


def _close_a_copy(stream: BinaryIO) -> None:
    # Network file systems tell of a full disk on close; the stream itself has to stay open.
    try:
        descriptor = stream.fileno()
    except OSError:  # a stream in memory
        return
    os.close(os.dup(descriptor))


def _abandon_stdout() -> None:
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, sys.stdout.fileno())
        finally:
            os.close(nowhere)
