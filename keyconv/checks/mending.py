"""What `check --fix` writes: only what `keyconv.repairs` can verify, and nothing outside of the key."""

from __future__ import annotations

from keyconv import repairs
from keyconv.errors import KeyconvError
from keyconv.repairs.opening import Opening

__all__ = ["mend"]


def mend(data: bytes, opening: Opening, *, named: bool, kind: str = "") -> repairs.Edit | None:
    """Return what fixing a file in place makes of it; None where nothing could be verified or nothing is to be done.

    A file that nobody `named` is only changed if it is a key file or lines of keys, and nothing else. `kind` is that
    of a file of lines, where its name tells it: a private key in one is left alone.
    """
    try:
        edit = repairs.edit(data, opening, kind=kind)
    except KeyconvError:
        return None
    if edit is None or not (edit.undone and edit.proved) or edit.data == data:
        return None
    if kind and any(entry.private is not None for entry in edit.keyfile.entries):
        return None
    return edit if named or (edit.start, edit.end) == (0, len(data)) else None
