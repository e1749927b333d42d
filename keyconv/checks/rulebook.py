"""All rules, by the questions at which each is asked: a rule that has the function is asked, without another list."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from keyconv.checks.model import Context, Finding, Hit, KeyRule, LineKind, LineRule, Rule, UsualTest
from keyconv.errors import UsageError
from keyconv.keyfile import Entry
from keyconv.text.quoting import name_file, name_variable, quote

__all__ = ["Rulebook"]


class Rulebook:
    """Rules in the order in which `check --list` prints them."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self.on_text = tuple((each.name, each.on_text) for each in self.rules if each.on_text)
        self.on_file = tuple((each.name, each.on_file) for each in self.rules if each.on_file)
        self.beside = tuple((each, each.beside) for each in self.rules if each.beside)
        self.across = tuple((each.name, each.across) for each in self.rules if each.across)
        self._by_name = {each.name: each for each in self.rules}
        self._on_key: dict[tuple[str | None, bool, bool], tuple[tuple[Rule, KeyRule], ...]] = {}
        self._on_line: dict[LineKind, tuple[tuple[str, LineRule], ...]] = {}

    def find(self, name: str) -> Rule:
        """Find a rule by its name.

        Raises: UsageError, naming the nearest one.
        """
        if name in self._by_name:
            return self._by_name[name]
        from difflib import get_close_matches

        near = get_close_matches(name, self._by_name, 1, 0.5)
        hint = f"did you mean '{near[0]}'?" if near else "keyconv check --list prints them all"
        raise UsageError(f"there is no rule {quote(name)}", hint=hint)

    def on_key(self, entry: Entry, *, on_hosts: bool = False) -> tuple[tuple[Rule, KeyRule], ...]:
        """Return the rules that can say something of a key, which is perhaps a host's."""
        asked = (entry.public.family if entry.public is not None else None, entry.certificate is not None, on_hosts)
        if asked not in self._on_key:
            family, certified, _ = asked
            self._on_key[asked] = tuple(
                (each, each.on_key)
                for each in self.rules
                if each.on_key
                and (not each.families or family in each.families)
                and (certified or not each.of_certificates)
                and not (on_hosts and each.on_hosts == "nothing")
            )
        return self._on_key[asked]

    def on_line(self, kind: LineKind) -> tuple[tuple[str, LineRule], ...]:
        """Return the rules on lines of a kind of file."""
        if kind not in self._on_line:
            self._on_line[kind] = tuple(
                (each.name, each.on_line) for each in self.rules if each.on_line and kind in each.kinds
            )
        return self._on_line[kind]

    def usual(self, family: str, kind: LineKind, context: Context) -> tuple[UsualTest, ...]:
        """Return the quick tests of those rules that may speak on a usual line with a key of a family."""
        hosts = kind == "known_hosts"
        asked = [
            each.usual(context)
            for each in self.rules
            if (each.on_line and kind in each.kinds)
            or (
                each.on_key
                and not each.of_certificates
                and (not each.families or family in each.families)
                and not (hosts and each.on_hosts == "nothing")
            )
        ]
        return tuple(dict.fromkeys(test for test in asked if test is not None))

    def to_finding(self, name: str, hit: Hit, path: str, *, line: int | None = None, key: str | None = None) -> Finding:
        """Make a finding of a hit: what the hit leaves open is the rule's own."""
        known = self.find(name)
        hint = known.cure if hit.hint is None else hit.hint
        if path.startswith("env:"):
            hint = name_variable(hint, path.removeprefix("env:"))
        else:
            hint = name_file(hint, shlex.quote(path) if path else "")
        return Finding(
            path=path,
            line=hit.line if hit.line is not None else line,
            rule=name,
            severity=hit.severity or known.severity,
            message=hit.message,
            hint=hint,
            fixable=known.fixable if hit.fixable is None else hit.fixable,
            fingerprint=key,
            related=hit.related,
        )
