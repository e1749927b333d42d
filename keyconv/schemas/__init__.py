"""JSON Schemas (2020-12) of what the commands print with `--json`, and of the settings of `keyconv check`.

Each is a file of this package, NAME.json, whose `$id` ends in its version. New keys may be added to a schema; a key
that goes or changes its meaning makes a new version of it.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

__all__ = ["NAMES", "load", "text"]

NAMES = (
    *("agent-add", "agent-list", "agent-remove", "cert-attach", "cert-detach", "cert-show", "check", "comment"),
    *(
        "completion",
        "convert",
        "doctor",
        "error",
        "formats",
        "generate",
        "inspect",
        "inventory",
        "match",
        "passphrase",
        "public",
        "repair",
    ),
    *("rule", "settings"),
)
"""The schemas: those of commands by the command's name, `error` for standard error, `settings` for keyconv.toml."""


def text(name: str) -> str:
    """Return a schema as the text of its file.

    Raises: KeyError for a name that none has.
    """
    if name not in NAMES:
        raise KeyError(name)
    return (files("keyconv.schemas") / f"{name}.json").read_text("utf-8")


def load(name: str) -> dict[str, Any]:
    """Return a schema.

    Raises: KeyError for a name that none has.
    """
    import json

    loaded: dict[str, Any] = json.loads(text(name))
    return loaded
