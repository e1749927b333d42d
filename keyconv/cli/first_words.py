"""What a command line means that begins with something else than a command."""

from __future__ import annotations

import os
from collections.abc import Collection, Container

__all__ = ["is_for_doctor", "meant_command", "misplaced_flag", "verb_of"]

_STDIN = "-"
_WITH_VALUE = ("--env", "--from", "--passphrase-file", "--passphrase-fd", "--passphrase-env")
_WITHOUT = ("--json", "-q", "--quiet", "--no-input", "--allow-costly-kdf")

_VERBS = {
    **dict.fromkeys(("export", "import", "conv", "transform", "save", "write", "to"), "convert"),
    **dict.fromkeys(("rsa", "ec", "pkey", "pkcs8", "pkcs12", "dsa"), "convert"),
    **dict.fromkeys(("pub", "pubkey", "public-key", "authorized_keys", "line"), "public"),
    **dict.fromkeys(("explain", "show", "info", "view", "print", "dump", "read", "describe", "identify"), "inspect"),
    **dict.fromkeys(("fingerprint", "details", "detect", "what", "doctor"), "inspect"),
    **dict.fromkeys(("fix", "mend", "clean", "undo", "heal"), "repair"),
    **dict.fromkeys(("lint", "validate", "verify", "audit", "scan", "test"), "check"),
    **dict.fromkeys(("compare", "same", "equal", "diff"), "match"),
    **dict.fromkeys(("passwd", "password", "passphrases", "encrypt", "decrypt", "lock", "unlock"), "passphrase"),
    **dict.fromkeys(("keygen", "gen", "new", "create", "make", "genkey", "ssh-keygen", "puttygen"), "generate"),
    **dict.fromkeys(("certificate", "certs", "sign"), "cert"),
    **dict.fromkeys(("ssh-add", "add", "pageant"), "agent"),
    **dict.fromkeys(("list", "types", "ls"), "formats"),
    **dict.fromkeys(("rename", "label"), "comment"),
}
"""What people call a command, openssl's commands among it, and what it is called here."""


def is_for_doctor(args: list[str], commands: Container[str]) -> bool:
    """Return whether a command line without a command names files, or a variable, to look at."""
    word, is_variable = _first(args)
    if is_variable or word == "--":
        return True
    return word == _STDIN or (bool(word) and not word.startswith("-") and word not in commands and _is_file(word))


def misplaced_flag(args: list[str], commands: Container[str]) -> str:
    """Name the command that flags stand before which belong after it; nothing where that is not so."""
    word, _ = _first(args)
    return word if word != args[0] and word in commands else ""


def meant_command(word: str, commands: Collection[str]) -> str:
    """Name the command that a word was meant to be, or nothing."""
    lower = word.lower()
    if lower in commands:
        return lower
    if lower in _VERBS:
        return _VERBS[lower]
    from keyconv.text.nearest import nearest

    return nearest(lower, commands)


def verb_of(args: list[str], commands: Collection[str]) -> tuple[str, list[str]]:
    """Split a command line into the command that it names or means, perhaps none, and the rest."""
    if args and args[0] in commands:
        return args[0], args[1:]
    if args and args[0] in _VERBS and not _is_file(args[0]):
        return _VERBS[args[0]], args[1:]
    return "", args


def _first(args: list[str]) -> tuple[str, bool]:
    """Find the first word that is not one of the flags that may stand before a file, and whether one is `--env`."""
    rest = iter(args)
    for word in rest:
        name, equals, _ = word.partition("=")
        if name == "--env":
            return word, True
        if name in _WITH_VALUE:
            if not equals:
                next(rest, None)
        elif word not in _WITHOUT:
            return word, False
    return "", False


def _is_file(word: str) -> bool:
    """Return whether a word is a file, or is meant as one: a name with a dot or a slash in it."""
    return any(mark in word for mark in "./\\") or os.path.lexists(word)
