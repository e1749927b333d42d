"""Words of strangers in a message: in quotes, short, printable ASCII alone, and never so much that it shows a key."""

from __future__ import annotations

import re

__all__ = ["as_name", "name_file", "name_variable", "quote"]

_NAME = re.compile(r"[a-z0-9][a-z0-9@._-]{0,63}\Z")
_FILE = re.compile(r"(?<!-file )\bFILE\b")
_COMMAND = re.compile(r"keyconv (?P<verb>[a-z]+) [^:;`]*(?<!-file )\bFILE\b[^:;`]*")
_IN_PLACE = {
    "keyconv passphrase FILE": "keyconv convert - --new-passphrase -o NEW",
    "keyconv passphrase --no-passphrase FILE": "keyconv convert - --no-passphrase -o NEW",
    "keyconv passphrase --upgrade FILE": "keyconv convert - -t openssh -o NEW",
    "keyconv comment FILE TEXT": "keyconv convert - --comment TEXT -o NEW",
}
"""What changes a file in place, and what does the same for standard input."""

_MOST = 12
"""Characters that are shown of what is not a name: it may be a piece of a private key in the wrong place."""


def quote(word: str) -> str:
    r"""Show a word in a message: `'permit-open'`, `'a\x0ab'`; of a long one that is no name, its start."""
    if _NAME.match(word):
        return f"'{word}'"
    shown = "".join(each if " " <= each <= "~" else ascii(each)[1:-1] for each in word[:_MOST])
    return f"'{shown}{'...' if len(word) > _MOST else ''}'"


def as_name(word: str) -> str:
    """Show a word that should be a name, of an algorithm perhaps: as it is, if it is one, else as `quote` does."""
    return word if _NAME.match(word) else quote(word)


def name_file(hint: str, path: str) -> str:
    """Put the path of a file, as a shell takes it, in the place of FILE in the command of a hint.

    The FILE of an option, as in `--passphrase-file FILE`, is another, and standard input has no name.
    """
    return hint if path in ("", "-") else _FILE.sub(lambda _: path, hint)


def name_variable(hint: str, name: str) -> str:
    """Have the command of a hint read an environment variable instead of FILE, without writing it anywhere else."""

    def piped(found: re.Match[str]) -> str:
        command = _IN_PLACE.get(found[0]) or _FILE.sub("-", found[0])
        return f"printf '%s\\n' \"${name}\" | {command}"

    return _COMMAND.sub(piped, hint)
