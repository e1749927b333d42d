"""The published JSON Schemas: complete, closed, and the same as what the program prints and reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fixture_files import FIXTURES, PASSPHRASE
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from published_schemas import schema_of, validator
from test_cli_convert import run
from tools import some

from keyconv import schemas
from keyconv.checks import settings
from keyconv.checks.policy import PRESETS, THRESHOLD_NAMES
from keyconv.checks.rules import RULES
from keyconv.cli.app import COMMANDS
from keyconv.errors import UsageError
from keyconv.keys import FAMILIES


def objects(schema: Any) -> list[dict[str, Any]]:
    """Return every part of a schema that describes an object."""
    found = []
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            found.append(schema)
        for each in schema.values():
            found += objects(each)
    elif isinstance(schema, list):
        for each in schema:
            found += objects(each)
    return found


@pytest.mark.parametrize("name", schemas.NAMES)
def test_a_schema_is_one_of_the_standard_and_closed(name: str) -> None:
    schema = schemas.load(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:keyconv:schema:{name}:1"
    assert schema["title"]
    assert schema["description"]
    assert objects(schema)
    for each in objects(schema):
        assert "additionalProperties" in each
        assert set(each.get("required", ())) <= set(each.get("properties", ()))


def test_every_file_has_a_name_and_every_command_a_schema() -> None:
    folder = Path(schemas.__file__).parent
    assert sorted(path.stem for path in folder.glob("*.json")) == sorted(schemas.NAMES)
    for command in COMMANDS:
        if command not in ("schema", "cert", "agent"):
            assert schema_of([command, "--json"]) in schemas.NAMES
    assert schema_of(["inspect", "-r", "x", "--json"]) == "inventory"
    for group, verbs in (("cert", ("show", "attach", "detach")), ("agent", ("add", "list", "remove"))):
        for verb in verbs:
            assert schema_of([group, verb, "--json"]) == f"{group}-{verb}"


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.path)
def test_what_is_said_of_a_fixture_fits(fixture: Any, tmp_path: Path) -> None:
    path, word = tmp_path / "file", tmp_path / "word"
    path.write_bytes(fixture.data)
    path.chmod(0o600)
    word.write_bytes(PASSPHRASE + b"\n")
    for command in some((("inspect",), ("check",), ("match", path), ("public",), ()), 1, fixture.path):
        passphrase = () if command == ("public",) else ("--passphrase-file", word)
        run(*command, path, "--json", *passphrase)  # which holds the documents to their schemas


def test_a_key_that_is_not_published_is_noticed(tmp_path: Path) -> None:
    found = run("formats", "--json").json
    assert validator("formats").is_valid(found)
    assert not validator("formats").is_valid([{**found[0], "new": 1}])
    del found[0]["name"]
    assert not validator("formats").is_valid(found)


def test_the_command_prints_the_files() -> None:
    for name in schemas.NAMES:
        assert json.loads(run("schema", name).out) == schemas.load(name)
    assert run("schema", "cert show").out == run("schema", "cert-show").out
    listed = run("schema").out.decode().splitlines()
    assert [line.split()[0] for line in listed] == list(schemas.NAMES)
    assert list(run("schema", "--json").json) == list(schemas.NAMES)
    refused = run("schema", "inspct")
    assert (refused.code, refused.out) == (2, b"")
    assert "did you mean 'inspect'?" in refused.err
    assert "keyconv schema lists them" in run("schema", "x\x1b[31m").err


# ── settings ───────────────────────────────────────────────────────────────────────────────────────────────────────

_RULES = st.sampled_from([*(rule.name for rule in RULES), "all", "damage"])
_SEVERITY = st.sampled_from(["error", "warning", "info"])
_TEXTS = st.one_of(st.just("a/b"), st.lists(st.sampled_from(["x*", "y/"]), max_size=2))
_NAMES = st.one_of(_RULES, st.lists(_RULES, max_size=3))
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "preset": st.sampled_from(sorted(PRESETS)),
    "select": _NAMES,
    "ignore": _NAMES,
    "exclude": _TEXTS,
    "blocklist": _TEXTS,
    "krl": _TEXTS,
    "baseline": st.just("baseline.json"),
    "fail-on": _SEVERITY,
    "public-only": st.booleans(),
    "unattended": st.booleans(),
    "key-types": st.lists(st.sampled_from(FAMILIES), max_size=2),
    "allow": st.lists(st.just("SHA256:abc"), max_size=2),
    "severities": st.dictionaries(_RULES, _SEVERITY, max_size=2),
    "thresholds": st.dictionaries(st.sampled_from(sorted(THRESHOLD_NAMES)), st.integers(0, 2**31), max_size=2),
    "per-path-ignores": st.dictionaries(st.just("tests/**"), _NAMES, max_size=1),
}
_WRONG = st.sampled_from([None, 3, -1, 1.5, True, "no such word", ["x", 3], {"a": 1}, {"rsa-bits": -1}, {"crlf": "no"}])


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {_toml(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def _reads(document: dict[str, Any]) -> bool:
    text = "".join(f"{json.dumps(name)} = {_toml(value)}\n" for name, value in document.items())
    try:
        settings.read(text, is_pyproject=False)
    except UsageError:
        return False
    return True


def test_every_setting_is_in_the_schema_and_no_other() -> None:
    published = schemas.load("settings")["$defs"]["settings"]["properties"]
    assert set(schemas.load("settings")["else"]["properties"]) == {*published, "tool"}
    assert set(published) == set(_VALUES)
    assert set(published["thresholds"]["properties"]) == set(THRESHOLD_NAMES)
    assert set(published["preset"]["enum"]) == set(PRESETS)
    for name in (*published, "not-a-setting"):
        hint = ""
        try:
            settings.read(f"{name} = 1.5\n", is_pyproject=False)
        except UsageError as error:
            hint = error.message
        assert ("there is no setting" in hint) == (name == "not-a-setting")


@given(st.fixed_dictionaries({}, optional=_VALUES))
def test_what_the_reader_takes_fits_the_schema(document: dict[str, Any]) -> None:
    for written in (document, {"check": document}, {**document, "tool": {"other": {"a": 1}}}):
        assert validator("settings").is_valid(written)
        assert _reads(written)


@given(st.sampled_from(sorted(_VALUES)), _WRONG)
def test_what_does_not_fit_the_schema_is_refused_by_the_reader(name: str, value: Any) -> None:
    for document in ({name: value}, {"check": {name: value}}):
        if value is not None and not validator("settings").is_valid(document):
            assert not _reads(document)
