"""Where keyconv touches the disk: bounded reads, and writes that are atomic, durable and clobber nothing.

A file under its own name is the old one or the new one, never half of either.
"""

from __future__ import annotations

from keyconv.files.reading import load
from keyconv.files.stdout import write_stdout
from keyconv.files.targets import check_rewrite, check_target
from keyconv.files.writing import rewrite, save

__all__ = ["check_rewrite", "check_target", "load", "rewrite", "save", "write_stdout"]
