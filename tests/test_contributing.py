"""The example in CONTRIBUTING.md is a rule that works, and the files that the guide names are there."""

from __future__ import annotations

import re
from typing import Any

import pytest
import test_rules
from fixture_files import ROOT
from test_rules import ECDSA_PUB, ED25519_PUB

from keyconv.checks import rules
from keyconv.checks.check_file import judge_content, judge_stream
from keyconv.checks.model import LINE_KINDS, Content, Context, LineKind, Rule
from keyconv.checks.rulebook import Rulebook

GUIDE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
CONTEXT = Context(now=1_800_000_000, thorough=False)
BARE = b" ".join(ED25519_PUB.split()[:2]) + b"\n"


def example(name: str) -> str:
    found = re.search(rf"<!-- example: {name} -->\n```python\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> Rule:
    """Add the rule of the guide to all others, as its text says."""
    names: dict[str, Any] = {}
    exec(example("function") + example("record"), names)
    rule = next(each for each in names.values() if isinstance(each, Rule))
    monkeypatch.setattr(rules, "BOOK", Rulebook((*rules.RULES, rule)))
    return rule


def found(rule: Rule, kind: LineKind, data: bytes) -> list[int | None]:
    judged = judge_content(Content(kind, data), CONTEXT)
    _, streamed = judge_stream("x", kind, iter((data,)), CONTEXT)
    in_bulk = [each.line for each in streamed if each.rule == rule.name]
    assert [each.line for each in judged.findings if each.rule == rule.name] == in_bulk
    return in_bulk


def test_the_case_of_the_guide_triggers_the_rule_and_its_neighbour_does_not(added: Rule) -> None:
    ((name, case),) = eval(example("case"), vars(test_rules)).items()
    assert name == added.name
    for files, lines in ((case.trigger, [1]), (case.near, [])):
        assert found(added, "authorized_keys", files["authorized_keys"]) == lines


def test_the_rule_of_the_guide_is_found_in_company(added: Rule) -> None:
    data = ED25519_PUB + b"no-pty " + BARE + b'tunnel="0:1" ' + BARE + b"junk\n" + BARE + ECDSA_PUB
    assert found(added, "authorized_keys", data) == [2, 3, 5]


def test_the_rule_of_the_guide_is_asked_in_files_of_its_kind_alone(added: Rule) -> None:
    begins = {"authorized_keys": b"", "known_hosts": b"host.example ", "allowed_signers": b"a@b.c "}
    assert [kind for kind in LINE_KINDS if found(added, kind, begins[kind] + BARE)] == ["authorized_keys"]


def test_the_table_of_the_guide_names_every_place_of_a_record() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE))
    assert named == {
        name for name in Rule.__dataclass_fields__ if name.startswith("on_") or name in ("beside", "across")
    } - {"on_hosts"}


def test_every_file_that_the_guide_names_is_there() -> None:
    paths = set(re.findall(r"(?:keyconv|tests|docs)/[\w./]+", GUIDE))
    assert len(paths) > 8
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
