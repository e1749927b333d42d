"""What a command line means that does not begin with a command."""

from __future__ import annotations

import os
from collections.abc import Container

__all__ = ["is_for_doctor"]

_STDIN = "-"
_WITH_VALUE = ("--env", "--from", "--passphrase-file", "--passphrase-fd", "--passphrase-env")
_WITHOUT = ("--json", "-q", "--quiet", "--no-input", "--allow-costly-kdf")


def is_for_doctor(args: list[str], commands: Container[str]) -> bool:
    """Tell whether a command line without a command names files, or a variable, to look at."""
    rest = iter(args)
    for word in rest:
        name, equals, _ = word.partition("=")
        if name == "--env":
            return True
        if name in _WITH_VALUE:
            if not equals:
                next(rest, None)
        elif word == "--":
            return True
        elif word not in _WITHOUT:
            return word == _STDIN or (not word.startswith("-") and word not in commands and is_file(word))
    return False


def is_file(word: str) -> bool:
    """Tell whether a word is a file, or is meant as one: a name with a dot or a slash in it."""
    return any(mark in word for mark in "./\\") or os.path.lexists(word)
