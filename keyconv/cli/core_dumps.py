"""No core dumps: such a file would hold keys and passphrases."""

from __future__ import annotations

import sys

__all__ = ["forbid_core_dumps"]

_PR_SET_DUMPABLE = 4
"""Of Linux' prctl(2)."""


def forbid_core_dumps() -> None:
    """Forbid them for this process and those that it starts; for copies of it, altogether."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # where a core dump may go to a program, which the limit above does not bound
        import ctypes
        from contextlib import suppress

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
