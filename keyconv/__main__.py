"""The process: `python -m keyconv`, and the script `keyconv`."""

from __future__ import annotations

import gc
import sys

__all__ = ["main"]

_MANY_OBJECTS = 100_000
"""More than a start makes; as garbage, some ten megabytes."""

_INTERRUPTED = 130


def main() -> None:
    """Run the program, and leave the process."""
    # Nearly all that a start makes stays to the end. By default the collector looks through it after every 700 objects.
    gc.set_threshold(_MANY_OBJECTS)
    try:
        from keyconv.cli import app
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    app.main()


if __name__ == "__main__":
    main()
