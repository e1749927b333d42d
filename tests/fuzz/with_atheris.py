"""The same targets under atheris, which is guided by coverage: `python tests/fuzz/with_atheris.py TARGET [CORPUS]`.

It needs `pip install atheris`, which the tests do not. What follows the target is for libFuzzer: folders, `-runs=N`,
`-max_total_time=SECONDS`. The corpus begins as the target's seeds; a crash is saved by libFuzzer, and by `Ctrl-C` all
ends.
"""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any
from zlib import crc32

_TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_TESTS.parent), str(_TESTS)]


def main(arguments: list[str]) -> int:
    """Hand a target to libFuzzer, which does not come back."""
    atheris: Any = import_module("atheris")
    if len(arguments) < 2:
        sys.stderr.write("usage: python tests/fuzz/with_atheris.py TARGET [libFuzzer's arguments]\n")
        return 2
    with atheris.instrument_imports(include=["keyconv"]):
        from fuzz.case import Case
        from fuzz.targets import by_name, run_case
    target = by_name(arguments[1])
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(target.seeds()):
            (Path(folder) / str(number)).write_bytes(seed.data)

        def run_data(data: bytes) -> None:
            run_case(target, Case(data, crc32(data)))

        atheris.Setup([arguments[0], "-max_len=20000", *arguments[2:], folder], run_data)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
