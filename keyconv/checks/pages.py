"""The page of a rule: what it is, where it comes from, what tunes it and what to do, as Markdown.

`keyconv rule NAME` prints it, and docs/rules/ has the same text.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from keyconv.checks.model import Rule
from keyconv.checks.policy import THRESHOLD_NAMES, Policy
from keyconv.record import record

__all__ = ["GROUPS", "Setting", "page", "settings_of"]

GROUPS = {
    "damage": "Damage: how the text was mangled on its way",
    "identity": "Identity: does the file hold what it says it holds?",
    "protection": "Protection: who can read the private key?",
    "strength": "Strength: can the private key be computed from the public one?",
    "lines": "`authorized_keys`, `known_hosts` and certificates",
}
"""The groups of rules, in the order of the list, and their headings."""


@record
class Setting:
    """A setting that a rule goes by: its name in keyconv.toml, and its default where it is a number."""

    name: str
    default: int | None = None


def settings_of(rule: Rule) -> tuple[Setting, ...]:
    """Return the settings that a rule goes by, besides those that every rule has."""
    thresholds = Policy().thresholds
    names = rule.setting.split(", ") if rule.setting else []
    fields = {name: THRESHOLD_NAMES.get(name) for name in names}
    return tuple(Setting(name, getattr(thresholds, field) if field else None) for name, field in fields.items())


def page(rule: Rule, *, linked: bool = True) -> str:
    """Return the page of a rule; `linked` for a folder of pages, where links lead to the others."""
    return "\n".join(
        [
            f"# `{rule.name}`",
            "",
            f"{rule.title}.",
            "",
            f"Severity: {rule.severity}. Group: {rule.group}. Fixable: {'yes' if rule.fixable else 'no'}.",
            "",
            "## Where it comes from",
            "",
            rule.cause,
            "",
            *_example(rule.name),
            "## What other tools say",
            "",
            rule.others,
            "",
            "## What to do",
            "",
            rule.cure,
            *(["", "```", "keyconv check --fix FILE", "keyconv repair FILE -o NEW", "```"] if rule.fixable else []),
            "",
            "## Settings",
            "",
            *_settings(rule, linked=linked),
            *(["", "[All rules](README.md)"] if linked else []),
            "",
        ]
    )


def _example(name: str) -> list[str]:
    found = json.loads(_examples()).get(name, "")
    return ["## Example", "", "```console", *found.split("\n"), "```", ""] if found else []


@cache
def _examples() -> str:
    return (files("keyconv.checks") / "examples.json").read_text("utf-8")


def _settings(rule: Rule, *, linked: bool) -> list[str]:
    settings = settings_of(rule)
    numbers = [each for each in settings if each.default is not None]
    others = [each for each in settings if each.default is None]
    lines = ["In `keyconv.toml`" + (" ([all settings](../ci.md#settings)):" if linked else ":"), "", "```toml"]
    if others:
        lines += [f"# see {', '.join(each.name for each in others)}"]
    lines += [f'ignore = ["{rule.name}"]  # leave the rule out', "", "[severities]", f'{rule.name} = "{_other(rule)}"']
    if numbers:
        lines += ["", "[thresholds]  # the defaults"]
        lines += [f"{each.name} = {each.default}" for each in numbers]
    return [*lines, "```"]


def _other(rule: Rule) -> str:
    return "warning" if rule.severity == "error" else "error"
