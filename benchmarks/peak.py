"""Runs a program and notes the most memory that it held: peak.py NOTE PROGRAM ARGUMENT...

It imports next to nothing: what this process holds when it starts the program is the least that it can report.
"""

import os
import sys

_KIB = 1024


def main(note: str, argv: list[str]) -> int:
    """Run it, write its peak in bytes to the file `note`, and give its exit code."""
    child = os.posix_spawnp(argv[0], argv, os.environ)
    _, status, usage = os.wait4(child, 0)
    scale = 1 if sys.platform == "darwin" else _KIB  # macOS counts in bytes
    with open(note, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib would be most of what is held here
        file.write(str(usage.ru_maxrss * scale))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
