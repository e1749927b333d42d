"""What is not a regular file, or none that can be read: made on disk, because no bytes stand for it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hostile.model import Hostile

__all__ = ["SPECIAL", "made"]

_SPARSE = 2 << 30


def _special(name: str, **exits: int) -> Hostile:
    return Hostile(f"special/{name}", "special", bytes, "unreadable", "unreadable", (), exits)


SPECIAL: tuple[Hostile, ...] = (
    _special("fifo"),
    _special("dev-zero"),
    _special("dev-full"),
    _special("dev-tty"),
    _special("directory", check=0),  # it is walked, and empty
    _special("socket"),
    _special("dangling-symlink"),
    _special("symlink-loop"),
    _special("sparse-2-gib"),
    _special("unreadable-file"),
)
"""Every special file; nothing of it is a key, whatever is asked."""

_DEVICES = {"dev-zero": "/dev/zero", "dev-full": "/dev/full", "dev-tty": "/dev/tty"}


@contextmanager
def made(folder: Path) -> Iterator[dict[str, Path]]:
    """Make the special files that this system has below a folder, by name; a FIFO has no writer, a socket no server."""
    places = {f"special/{name}": Path(path) for name, path in _DEVICES.items() if Path(path).exists()}
    names = ("fifo", "directory", "dangling-symlink", "symlink-loop", "sparse-2-gib", "unreadable-file", "socket")
    places |= {f"special/{name}": folder / name for name in names}
    os.mkfifo(folder / "fifo")
    (folder / "directory").mkdir()
    (folder / "dangling-symlink").symlink_to("nothing")
    (folder / "symlink-loop").symlink_to("symlink-loop")
    with (folder / "sparse-2-gib").open("wb") as sparse:
        sparse.truncate(_SPARSE)
    (folder / "unreadable-file").write_bytes(b"no one can read this")
    (folder / "unreadable-file").chmod(0)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.fspath(folder / "socket"))
        yield places
