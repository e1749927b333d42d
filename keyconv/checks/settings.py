"""Settings from `pyproject.toml` and `keyconv.toml`, read strictly: a key that does not exist is an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from keyconv.checks.policy import PRESETS, THRESHOLD_NAMES, Policy, expand, severity
from keyconv.errors import UsageError
from keyconv.keys import FAMILIES, family_named
from keyconv.text.quoting import quote

__all__ = ["preset", "read"]


_MOST_SAID = 200
"""Characters of what the library says of a text that is no TOML."""


def read(text: str, *, is_pyproject: bool) -> Policy | None:
    """Read settings; None where the file says nothing on `keyconv check`.

    In `pyproject.toml` they are the table `[tool.keyconv.check]`; in a file of keyconv's own `[check]`, that same
    table, or the top of the file.

    Raises: UsageError for what is not TOML, and for an unknown key, naming the nearest.
    """
    import tomllib  # most runs have no settings

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"is not TOML: {_short(str(error))}") from None
    except RecursionError:
        raise UsageError("is not TOML: too deep") from None
    except ValueError:  # which int() raises
        raise UsageError("holds a number of thousands of digits") from None
    tool = _table(document.get("tool", {}), "tool")
    keyconv = _table(tool.get("keyconv", {}), "tool.keyconv")
    if "check" in keyconv:
        return _policy(_table(keyconv["check"], "tool.keyconv.check"))
    if is_pyproject:
        return None
    if "check" in document:
        return _policy(_table(document["check"], "check"))
    return _policy({name: value for name, value in document.items() if name != "tool"})


def _short(message: str) -> str:
    """Cut a message of the library's, which repeats names of any length, and keep the place at its end."""
    text, at, place = message.rpartition(" (at ")
    return message if len(message) <= _MOST_SAID else f"{text[:_MOST_SAID]}...{at}{place}"


def preset(name: str) -> Policy:
    """Find a preset by its name.

    Raises: UsageError, naming the nearest.
    """
    if name not in PRESETS:
        raise UsageError(f"there is no preset {quote(name)}", hint=_nearest(name, list(PRESETS), "presets"))
    return PRESETS[name]


def _policy(table: Mapping[str, Any]) -> Policy:
    policy = preset(_text(table["preset"], "preset")) if "preset" in table else Policy()
    for name, value in table.items():
        if name == "preset":
            continue
        if name not in _SETTERS:
            raise UsageError(
                f"there is no setting {quote(name)} of keyconv check",
                hint=_nearest(name, ["preset", *_SETTERS], "settings"),
            )
        policy = _SETTERS[name](policy, value)
    return policy


def _ignores(policy: Policy, value: Any) -> Policy:
    table = _table(value, "per-path-ignores")
    found = tuple((pattern, expand(_texts(names, "per-path-ignores"))) for pattern, names in table.items())
    return replace(policy, per_path_ignores=found)


def _severities(policy: Policy, value: Any) -> Policy:
    changed = dict(policy.severities)
    for name, word in _table(value, "severities").items():
        changed.update(dict.fromkeys(expand((name,)), severity(word)))
    return replace(policy, severities=changed)


def _thresholds(policy: Policy, value: Any) -> Policy:
    changed: dict[str, int] = {}
    for name, number in _table(value, "thresholds").items():
        if name not in THRESHOLD_NAMES:
            raise UsageError(
                f"there is no threshold {quote(name)}", hint=_nearest(name, list(THRESHOLD_NAMES), "thresholds")
            )
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise UsageError(f"the threshold '{name}' is not a whole number from 0")
        changed[THRESHOLD_NAMES[name]] = number
    if "argon2_work" in changed and "argon2_work_least" not in changed:
        changed["argon2_work_least"] = changed["argon2_work"]  # who sets a floor means it
    if "rsa_bits" in changed and "rsa_bits_error" not in changed:
        changed["rsa_bits_error"] = min(changed["rsa_bits"], policy.thresholds.rsa_bits_error)
    return replace(policy, thresholds=replace(policy.thresholds, **changed))


def _allow(policy: Policy, value: Any) -> Policy:
    allowed = _texts(value, "allow")
    for each in allowed:
        if not each.startswith("SHA256:"):
            raise UsageError(
                f"{quote(each)} in 'allow' is not a fingerprint", hint="they look like SHA256:... in a report"
            )
    return replace(policy, allow=frozenset(each.rstrip("=") for each in allowed))


def _key_types(policy: Policy, value: Any) -> Policy:
    named = [family_named(each) or each for each in _texts(value, "key-types")]
    for each in named:
        if each not in FAMILIES:
            raise UsageError(f"there is no key type {quote(each)}", hint=_nearest(each, list(FAMILIES), "key types"))
    return replace(policy, key_types=frozenset(named))


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"'{name}' is neither true nor false")
    return value


_SETTERS: dict[str, Callable[[Policy, Any], Policy]] = {
    "select": lambda policy, value: replace(policy, select=expand(_texts(value, "select"))),
    "ignore": lambda policy, value: replace(policy, ignore=policy.ignore | expand(_texts(value, "ignore"))),
    "fail-on": lambda policy, value: replace(policy, fail_on=severity(value)),
    "public-only": lambda policy, value: replace(policy, public_only=_flag("public-only", value)),
    "unattended": lambda policy, value: replace(policy, unattended=_flag("unattended", value)),
    "key-types": _key_types,
    "per-path-ignores": _ignores,
    "allow": _allow,
    "blocklist": lambda policy, value: replace(policy, blocklist=tuple(_texts(value, "blocklist"))),
    "krl": lambda policy, value: replace(policy, krl=tuple(_texts(value, "krl"))),
    "exclude": lambda policy, value: replace(policy, exclude=tuple(_texts(value, "exclude"))),
    "baseline": lambda policy, value: replace(policy, baseline=_text(value, "baseline")),
    "severities": _severities,
    "thresholds": _thresholds,
}


def _table(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"'{name}' is not a table")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"'{name}' is not a string")
    return value


def _texts(value: Any, name: str) -> list[str]:
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        raise UsageError(f"'{name}' is not a list of strings")
    return [_text(each, name) for each in value]


def _nearest(name: str, known: list[str], what: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, 1, 0.5)
    return f"did you mean '{near[0]}'?" if near else f"the {what} are " + ", ".join(known)
