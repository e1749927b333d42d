"""Where keyconv touches the disk: bounded reads, and writes that are atomic, durable and clobber nothing.

A file under its own name is the old one or the new one, never half of either.
"""

from __future__ import annotations

from keyconv.files.reading import Source, load, opened, too_large
from keyconv.files.stdout import write_stdout
from keyconv.files.targets import Inputs, check_rewrite, check_target
from keyconv.files.writing import rewrite, save

__all__ = [
    "Inputs",
    "Source",
    "check_rewrite",
    "check_target",
    "load",
    "opened",
    "rewrite",
    "save",
    "too_large",
    "write_stdout",
]
