"""Backups: a copy of a file as it was, beside it, before it is changed in place."""

from __future__ import annotations

import os
import re

from keyconv.errors import OutputError
from keyconv.files.writing import save

__all__ = ["back_up", "is_backup"]

_MOST_BACKUPS = 1_000
_NAME = re.compile(r"(.+)\.bak[0-9]{0,3}\Z", re.DOTALL)


def is_backup(path: str) -> bool:
    """Return whether a file has the name of a backup, and the file that it is of is beside it."""
    found = _NAME.match(path)
    return found is not None and os.path.lexists(found[1])


def back_up(path: str, data: bytes) -> str:
    """Save `data` as `PATH.bak`, or under the first free name of `PATH.bak1`, `PATH.bak2` and so on, with mode 0600.

    Returns: the name. Raises: OutputError.
    """
    for number in range(_MOST_BACKUPS):
        backup = f"{path}.bak{number or ''}"
        if os.path.lexists(backup):
            continue
        try:
            save(backup, data, private=True)
        except OutputError as error:
            if not error.written and os.path.lexists(backup):  # somebody was faster
                continue
            raise error.at_path(backup) from None
        return backup
    raise OutputError(f"there are {_MOST_BACKUPS} backups of it already", hint="remove those that you do not need")
