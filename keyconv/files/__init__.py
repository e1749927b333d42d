"""Where keyconv touches the disk: bounded reads, and writes that are atomic, durable and clobber nothing.

A file under its own name is the old one or the new one, never half of either.
"""

from __future__ import annotations

from keyconv.files.backups import back_up, is_backup
from keyconv.files.reading import Source, load, opened, too_large
from keyconv.files.stdout import write_stdout
from keyconv.files.targets import Inputs, check_rewrite, check_target
from keyconv.files.temporaries import is_temporary, left_beside
from keyconv.files.together import Change, write_together
from keyconv.files.writing import rewrite, save

__all__ = [
    "Change",
    "Inputs",
    "Source",
    "back_up",
    "check_rewrite",
    "check_target",
    "is_backup",
    "is_temporary",
    "left_beside",
    "load",
    "opened",
    "rewrite",
    "save",
    "too_large",
    "write_stdout",
    "write_together",
]
