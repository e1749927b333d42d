"""What `check --fix` writes: only what `keyconv.repair` can prove."""

from __future__ import annotations

from keyconv.checks.diagnosing import find_whole
from keyconv.checks.subject import Context
from keyconv.errors import KeyconvError
from keyconv.formats import by_name
from keyconv.formats.base import WriteOptions
from keyconv.keyfile import Entry
from keyconv.keys import PublicKey

__all__ = ["mend", "public_line"]


def mend(data: bytes, context: Context) -> tuple[bytes, tuple[str, ...]] | None:
    """Give the text before it was damaged, and the rules that are undone; None where nothing could be proved."""
    found = find_whole(data, context.opening)
    if found is None or not found.undone or not found.proved or found.data == data:
        return None
    return found.data, tuple(dict.fromkeys(found.undone))


def public_line(public: PublicKey, old: bytes) -> bytes:
    """Write a `.pub` file for a key, with the comment of the one that was there."""
    from keyconv.engine import read

    try:
        comment = read(old).entries[0].comment
    except KeyconvError:
        comment = None
    write = by_name("openssh-pub").write
    assert write is not None
    return write((Entry(public, comment=comment),), WriteOptions())
