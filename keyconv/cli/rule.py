"""`keyconv rule`: the page of a rule of `keyconv check`, or the list of all rules; nothing is fetched."""

from __future__ import annotations

from keyconv.checks.model import DESCRIBED, Rule
from keyconv.checks.pages import page, settings_of
from keyconv.checks.rules import BOOK, RULES
from keyconv.cli.render import Screen, to_json

__all__ = ["run", "run_list"]


def run(name: str, *, screen: Screen) -> int:
    """Print the page of a rule.

    Raises: UsageError for a name that no rule has, with the nearest one.
    """
    found = BOOK.find(name.strip().lower())
    if screen.as_json:
        screen.data(to_json({**_described(found), "page": page(found, linked=False)}))
    else:
        screen.data(page(found, linked=False))
    return 0


def run_list(*, screen: Screen) -> int:
    """Print the table of all rules."""
    if screen.as_json:
        screen.data(to_json([_described(rule) for rule in RULES]))
        return 0
    width = max(len(rule.name) for rule in RULES)
    lines = [f"{'rule':<{width}}  {'severity':<8}  fix  what\n"]
    lines += [
        f"{rule.name:<{width}}  {rule.severity:<8}  {'yes' if rule.fixable else 'no':<3}  {rule.title}\n"
        for rule in RULES
    ]
    screen.data("".join(lines))
    return 0


def _described(rule: Rule) -> dict[str, object]:
    described = {name: getattr(rule, name) for name in DESCRIBED}
    return {**described, "settings": {each.name: each.default for each in settings_of(rule)}}
