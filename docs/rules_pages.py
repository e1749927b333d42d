"""Writes docs/rules/: a page for every rule of `keyconv check`, from the rule's own text, and a list of them all.

python docs/rules_pages.py           rewrite every page that is stale, remove those of rules that are gone
python docs/rules_pages.py --check   change nothing, name the stale ones, exit with 1 if there are any

The examples are what `keyconv check` and `keyconv repair` print for the files with which the tests trigger each rule.
The package has them too, for `keyconv rule`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from shlex import join
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]  # the rules are those of this checkout, whatever is installed

FOLDER = ROOT / "docs" / "rules"
EXAMPLES = ROOT / "keyconv" / "checks" / "examples.json"
_MOST_LINES = 6


def main(arguments: list[str]) -> int:
    """Rewrite or check every page, and give the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python docs/rules_pages.py [--check]\n")
        return 2
    stale = _settle(EXAMPLES, examples(), check=bool(arguments))
    wanted = pages()
    found = {path.name for path in FOLDER.glob("*.md")}
    for name in sorted(wanted.keys() | found):
        stale += _settle(FOLDER / name, wanted.get(name), check=bool(arguments))
    return 1 if stale and arguments else 0


def _settle(path: Path, wanted: str | None, *, check: bool) -> int:
    """Write or remove a file that is stale, or only name it. Returns: 1 if it was stale."""
    if (path.read_text("utf-8") if path.exists() else None) == wanted:
        return 0
    sys.stdout.write(f"{path.relative_to(ROOT)}: {'stale: run python docs/rules_pages.py' if check else 'rewritten'}\n")
    if not check and wanted is None:
        path.unlink()
    elif not check and wanted is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted, "utf-8")
    return 1


def examples() -> str:
    """Return the examples of all rules as JSON: commands, and what they print, by the name of the rule."""
    from test_rules import all_cases

    with tempfile.TemporaryDirectory() as folder:
        found = {name: _example(name, case, Path(folder) / name) for name, case in all_cases().items()}
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def _example(name: str, case: Any, folder: Path) -> str:
    import typer
    from sub_apps import run
    from test_rules import write

    from keyconv.checks.rules import rule
    from keyconv.cli import check_app, repair_app

    app = typer.Typer()
    check_app.register(app)
    repair_app.register(app)
    here = Path.cwd()
    kept = dict(os.environ)
    write(folder, case.trigger)
    lists = {flag: Path(flag).name for flag in case.flags if flag.startswith(str(ROOT))}
    for flag, listed in lists.items():
        shutil.copyfile(flag, folder / listed)
    flags = [lists.get(flag, flag) for flag in case.flags]
    os.chdir(folder)
    os.environ.update(case.env)
    try:
        names = sorted(case.trigger)
        command = ("check", *names, *flags)
        done = run(app, *command, "--select", name, "--format", "text", "-q")
        shown = done.out.rstrip().split("\n")[:_MOST_LINES]
        lines = [f"$ keyconv {join(command)}", *shown]
        if rule(name).fixable and len(names) == 1:
            command = ("repair", names[0], "-o", "fixed")
            done = run(app, *command)
            lines += ["", f"$ keyconv {join(command)}", *done.err.rstrip().split("\n")[:_MOST_LINES]]
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(kept)
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    from keyconv.checks.pages import GROUPS, page
    from keyconv.checks.rules import RULES

    index = [
        "# The rules of `keyconv check`",
        "",
        "Names are stable. Severities shown are the defaults; [settings](../ci.md#settings) can change them. *fix*",
        "means that `keyconv check --fix` and `keyconv repair` can fix it and verify that the key is unchanged.",
        "`keyconv rule NAME` prints the same page.",
    ]
    for group, heading in GROUPS.items():
        index += ["", f"## {heading}", "", "| rule | severity | fix | what |", "|---|---|---|---|"]
        for rule in (each for each in RULES if each.group == group):
            fix = "yes" if rule.fixable else "no"
            index.append(f"| [`{rule.name}`]({rule.name}.md) | {rule.severity} | {fix} | {_cell(rule.title)} |")
    return {"README.md": "\n".join(index) + "\n", **{f"{rule.name}.md": page(rule) for rule in RULES}}


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
