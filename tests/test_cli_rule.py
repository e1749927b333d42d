"""`keyconv rule`: the page of a rule, as the documentation has it, without the network."""

from __future__ import annotations

import json

import pytest
from fixture_files import ROOT
from test_cli_convert import run

from keyconv.checks.pages import settings_of
from keyconv.checks.policy import THRESHOLD_NAMES
from keyconv.checks.rules import RULES
from keyconv.checks.settings import read

NAMES = [rule.name for rule in RULES]


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_has_the_page_of_the_documentation(name: str) -> None:
    shown = run("rule", name)
    assert (shown.code, shown.err) == (0, "")
    text = shown.out.decode()
    documented = (ROOT / "docs" / "rules" / f"{name}.md").read_text("utf-8")
    unlinked = documented.replace(" ([all settings](../ci.md#settings)):", ":")
    assert unlinked.removesuffix("\n[All rules](README.md)\n") == text
    assert "](" not in text.split("## Settings")[1]
    assert "$ keyconv check" in text
    assert name in text.split("## Example")[1]


@pytest.mark.parametrize("name", NAMES)
def test_the_settings_of_a_page_are_settings(name: str) -> None:
    block = run("rule", name).out.decode().split("```toml\n")[1].split("```")[0]
    policy = read(block, is_pyproject=False)
    assert policy is not None
    assert name in policy.ignore
    assert set(policy.severities) == {name}
    rule = next(each for each in RULES if each.name == name)
    for setting in settings_of(rule):
        assert (setting.name in THRESHOLD_NAMES) == (setting.default is not None)
    assert policy.thresholds == type(policy.thresholds)()


def test_as_json_a_rule_has_its_fields_and_its_page() -> None:
    found = run("rule", "weak-kdf", "--json").json
    assert found["name"] == "weak-kdf"
    assert found["settings"]["bcrypt-rounds"] == 16
    assert found["page"].encode() == run("rule", "weak-kdf").out


def test_without_a_name_all_rules_are_listed_as_check_lists_them() -> None:
    listed = run("rule")
    assert [line.split()[0] for line in listed.out.decode().splitlines()[1:]] == NAMES
    assert listed.out == run("check", "--list").out
    assert [each["name"] for each in json.loads(run("rule", "--json").out)] == NAMES


@pytest.mark.parametrize(("name", "near"), [("weak_kdf", "weak-kdf"), ("CRLF", ""), ("unencryptd", "unencrypted")])
def test_a_name_that_is_nearly_one_is_understood_or_suggested(name: str, near: str) -> None:
    result = run("rule", name)
    assert result.code == (2 if near else 0)
    assert f"did you mean '{near}'?" in result.err or not near


def test_a_name_that_is_none_says_where_the_names_are() -> None:
    result = run("rule", "x\x1b[31m")
    assert (result.code, result.out) == (2, b"")
    assert "keyconv check --list" in result.err
    assert "\x1b" not in result.err
