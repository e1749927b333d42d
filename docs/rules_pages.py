"""Writes docs/rules/: a page for every rule of `keyconv check`, from the rule's own text, and a list of them all.

python docs/rules_pages.py           rewrite every page that is stale, remove those of rules that are gone
python docs/rules_pages.py --check   change nothing, name the stale ones, exit with 1 if there are any
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the rules are those of this checkout, whatever is installed

FOLDER = ROOT / "docs" / "rules"
_GROUPS = {
    "damage": "Damage: how the text was mangled on its way",
    "identity": "Identity: does the file hold what it says it holds?",
    "protection": "Protection: who can read the private half?",
    "strength": "Strength: can the private half be computed from the public one?",
    "lines": "`authorized_keys`, `known_hosts` and certificates",
}


def main(arguments: list[str]) -> int:
    """Rewrite or check every page, and give the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python docs/rules_pages.py [--check]\n")
        return 2
    wanted = pages()
    found = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")} if FOLDER.is_dir() else {}
    stale = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    for name in stale:
        sys.stdout.write(
            f"docs/rules/{name}: {'stale: run python docs/rules_pages.py' if arguments else 'rewritten'}\n"
        )
        if not arguments:
            FOLDER.mkdir(exist_ok=True)
            if name in wanted:
                (FOLDER / name).write_text(wanted[name], "utf-8")
            else:
                (FOLDER / name).unlink()
    return 1 if stale and arguments else 0


def pages() -> dict[str, str]:
    """Give every page by its file name."""
    from keyconv.checks.rules import RULES

    index = [
        "# The rules of `keyconv check`",
        "",
        "Names are stable. Severity is the default; [settings](../ci.md#settings) may change it. *fix* means that",
        "`keyconv check --fix` and `keyconv repair` can undo it and prove that the key is whole afterwards.",
    ]
    written = {}
    for group, heading in _GROUPS.items():
        index += ["", f"## {heading}", "", "| rule | severity | fix | what |", "|---|---|---|---|"]
        for rule in (each for each in RULES if each.group == group):
            fix = "yes" if rule.fixable else "no"
            index.append(f"| [`{rule.name}`]({rule.name}.md) | {rule.severity} | {fix} | {_cell(rule.title)} |")
            written[f"{rule.name}.md"] = "\n".join(
                [
                    f"# `{rule.name}`",
                    "",
                    f"{rule.title}.",
                    "",
                    f"Severity: {rule.severity}. Fixable: {fix}.",
                    *_settings(rule.setting),
                    "",
                    "## Where it comes from",
                    "",
                    rule.cause,
                    "",
                    "## What other tools say",
                    "",
                    rule.others,
                    "",
                    "## Cure",
                    "",
                    rule.cure,
                    "",
                    "[All rules](README.md)",
                    "",
                ]
            )
    return {"README.md": "\n".join(index) + "\n", **written}


def _settings(names: str) -> list[str]:
    from keyconv.checks.policy import THRESHOLD_NAMES, Policy

    told = []
    for name in names.split(", ") if names else ():
        field = THRESHOLD_NAMES.get(name)
        told.append(f"`{name}` ({getattr(Policy().thresholds, field):,})" if field else f"`{name}`")
    return ["", f"[Settings](../ci.md#settings): {', '.join(told)}."] if told else []


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
