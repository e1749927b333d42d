"""Holding what the program prints with `--json` to the schemas that it publishes: every run of the tests is held."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from jsonschema import Draft202012Validator

from keyconv import schemas
from keyconv.cli.app import COMMANDS

__all__ = ["check_documents", "schema_of", "validator"]

_GROUPS = ("cert", "agent")
_NO_SCHEMA = ("schema",)
_LARGE = 1 << 18


@cache
def validator(name: str) -> Draft202012Validator:
    """Return the validator of a schema."""
    return Draft202012Validator(schemas.load(name))


def schema_of(arguments: Sequence[str]) -> str | None:
    """Name the schema of what a call prints on standard output; None where it prints no JSON of a schema."""
    if "--" in arguments:
        arguments = arguments[: arguments.index("--")]
    name = next((word for word in arguments if word in COMMANDS), None)
    if "--json" not in arguments and not (name == "check" and _format_of(arguments) == "json"):
        return None
    if name is None or next(iter(arguments), "") != name:
        return "doctor"
    if name in _GROUPS:
        verb = next((word for word in arguments[1:] if not word.startswith("-")), "")
        return f"{name}-{verb}" if f"{name}-{verb}" in schemas.NAMES else None
    if name == "check" and "--list" in arguments:
        return "rule"
    if name == "inspect" and ({"-r", "--recursive"} & {*arguments}):
        return "inventory"
    return None if name in _NO_SCHEMA else name


def check_documents(arguments: Sequence[str], out: bytes, err: str) -> None:
    """Hold standard output, and the errors on standard error, to their schemas."""
    for line in err.splitlines():
        if line.startswith('{"error"'):
            validator("error").validate(json.loads(line))
    name = schema_of(arguments)
    if name is None or not out or len(out) > _LARGE or "--help" in arguments:
        return
    validator(name).validate(json.loads(out))


def _format_of(arguments: Sequence[str]) -> str:
    for flag, value in pairwise(arguments):
        if flag == "--format":
            return value
    return ""
