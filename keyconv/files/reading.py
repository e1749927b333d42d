"""Reading: bounded, of regular files and standard input only, and never waiting for a FIFO."""

# ruff: noqa: PTH116 - the order of single system calls is the subject here

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, TypeVar

from keyconv import limits
from keyconv.errors import InputError
from keyconv.files import system

Result = TypeVar("Result")

_CHUNK = 256 * limits.KIB


@dataclass(frozen=True, slots=True)
class Source:
    """A file or standard input while it is read: the first bytes, and all of it in pieces.

    A `head` of more bytes than a key file has (`limits.MAX_KEY_FILE`) is not the whole.
    """

    head: bytes = field(repr=False)
    chunks: Iterator[bytes] = field(repr=False)

    @property
    def whole(self) -> bool:
        """Whether the head is all that there is."""
        return len(self.head) <= limits.MAX_KEY_FILE

    def read(self, limit: int) -> bytes:
        """Read all of it, if it has at most `limit` bytes.

        Raises: InputError.
        """
        data = bytearray()
        for chunk in self.chunks:
            data += chunk
            if len(data) > limit:
                raise _too_large(limit)
        return bytes(data)


@contextmanager
def opened(path: str) -> Iterator[Source]:
    """Open a regular file of any size, or standard input for `-`, as `load` does, for as long as a `with` lasts.

    Raises: InputError, also while the pieces are taken.
    """
    if path == "-":
        stream = _guarded(path, _stdin)
        head = _guarded(path, lambda: _read_stdin(stream, limits.MAX_KEY_FILE + 1))
        yield Source(head, _pieces(path, head, lambda: stream.read(_CHUNK) or b""))
        return
    descriptor = _guarded(path, lambda: _open_file(path, None))
    try:
        head = _guarded(path, lambda: system.read_up_to(descriptor, limits.MAX_KEY_FILE + 1))
        yield Source(head, _pieces(path, head, lambda: os.read(descriptor, _CHUNK)))
    finally:
        os.close(descriptor)


def too_large() -> InputError:
    """Make the error on a file that is larger than any key file."""
    return _too_large(limits.MAX_KEY_FILE)


def load(path: str, *, limit: int = limits.MAX_KEY_FILE) -> bytes:
    """Read the whole of a regular file, or of standard input for `-`, if it has at most `limit` bytes.

    Symbolic links are followed. A directory, FIFO, socket or device is named without being opened or waited for.

    Raises: InputError.
    """
    return _guarded(path, lambda: _load_stdin(limit) if path == "-" else _load_file(path, limit))


def _guarded(path: str, work: Callable[[], Result]) -> Result:
    try:
        return work()
    except InputError as error:
        error.at_path(path)
        if system.is_name(path) and os.path.isdir(path):  # noqa: PTH112 - keeps names that are no valid text
            from shlex import quote

            name = quote(path)
            error.hint = (
                f"for all that is in it: keyconv check {name}, keyconv inspect -r {name}, or "
                f"keyconv convert -r {name} -d NEW"
            )
        raise
    except OSError as error:
        raise InputError(system.reason_of(error, absent="no such file")).at_path(path) from error


def _pieces(path: str, head: bytes, read: Callable[[], bytes]) -> Iterator[bytes]:
    yield head
    if len(head) > limits.MAX_KEY_FILE:
        while chunk := _guarded(path, read):
            yield chunk


def _load_file(path: str, limit: int) -> bytes:
    descriptor = _open_file(path, limit)
    try:
        data = system.read_up_to(descriptor, limit + 1)
    finally:
        os.close(descriptor)
    if len(data) > limit:  # it grew, or is of a file system that tells no sizes
        raise _too_large(limit)
    return data


def _open_file(path: str, limit: int | None) -> int:
    if not system.is_name(path):
        raise InputError(system.BAD_NAME)
    _refuse_input(os.stat(path), limit)  # before the open, for opening a device can do things
    descriptor = os.open(path, system.flags("O_RDONLY", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"))
    try:
        _refuse_input(os.fstat(descriptor), limit)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _refuse_input(found: os.stat_result, limit: int | None) -> None:
    kind = system.special(found.st_mode)
    if kind:
        readable = stat.S_ISFIFO(found.st_mode) or stat.S_ISCHR(found.st_mode)
        hint = "pass - and redirect it to standard input" if readable else ""
        raise InputError(f"is {kind}", hint=hint)
    if limit is not None and found.st_size > limit:
        raise _too_large(limit)


def _load_stdin(limit: int) -> bytes:
    data = _read_stdin(_stdin(), limit + 1)
    if len(data) > limit:
        raise _too_large(limit)
    return data


def _stdin() -> BinaryIO:
    stream: BinaryIO | None = getattr(sys.stdin, "buffer", None)
    if stream is None or stream.closed:
        raise InputError("standard input is closed")
    return stream


def _read_stdin(stream: BinaryIO, most: int) -> bytes:
    data = b""
    while len(data) < most:
        chunk: bytes | None = stream.read(most - len(data))
        if chunk is None:
            raise InputError("standard input has nothing to read yet and is set not to wait")
        data += chunk
        if not chunk or stream.isatty():  # a person types Ctrl-D once
            break
    return data


def _too_large(limit: int) -> InputError:
    return InputError(f"larger than {limits.size(limit)}, which no key file is")
