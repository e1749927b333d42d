"""Writes the Python examples of README.md and docs/ to one module a page, for type checkers to read.

python docs/snippets.py FOLDER
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def main(arguments: list[str]) -> int:
    """Write the modules, and return the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python docs/snippets.py FOLDER\n")
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in modules().items():
        (folder / name).write_text(text, "utf-8")
        sys.stdout.write(f"{name}\n")
    return 0


def modules() -> dict[str, str]:
    """Return the name and text of a module for each page that has examples."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    found = {page: _BLOCK.findall(page.read_text("utf-8")) for page in pages}
    return {_module(page): "\n".join(blocks) for page, blocks in found.items() if blocks}


def _module(page: Path) -> str:
    parts = page.relative_to(ROOT).with_suffix("").parts
    return "_".join(parts).lower().replace("-", "_") + ".py"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
