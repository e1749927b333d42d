"""Damage to the text of a PPK file: line counts, joined lines. Its MAC tells whether the result is right."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["undo_joined_ppk", "undo_line_counts"]

_WHOLE = re.compile(
    rb"(PuTTY-User-Key-File-[0-9]: ?)(\S+?)\s*(Encryption: ?)(none|aes256-cbc)\s*(Comment: ?)(.*?)\s?"
    rb"(Public-Lines: ?)([0-9]+)(?=\s)(.*?)"
    rb"(?:(Key-Derivation: ?)(Argon2(?:id|i|d))\s*(Argon2-Memory: ?)([0-9]+)\s*(Argon2-Passes: ?)([0-9]+)\s*"
    rb"(Argon2-Parallelism: ?)([0-9]+)\s*(Argon2-Salt: ?)([0-9a-fA-F]+)\s*)?"
    rb"(Private-Lines: ?)([0-9]+)(?=\s)(.*?)(Private-(?:MAC|Hash): ?)([0-9a-fA-F]+)\s*\Z",
    re.DOTALL,
)
_WIDTH = 64


def undo_line_counts(data: bytes) -> Iterator[bytes]:
    """Count the lines of both halves anew and give them their 64 characters, where each header has its own line."""
    if data.startswith(b"PuTTY-User-Key-File-") and re.search(rb"\nPrivate-Lines: ", data):
        yield from _rebuilt(data)


def undo_joined_ppk(data: bytes) -> Iterator[bytes]:
    """Give every header of a PPK that is one long line a line of its own again."""
    if data.startswith(b"PuTTY-User-Key-File-") and not re.search(rb"\n(?:Encryption|Private-Lines): ", data):
        yield from _rebuilt(data)


def _rebuilt(data: bytes) -> Iterator[bytes]:
    found = _WHOLE.match(data)
    if found is None:
        return
    parts = list(found.groups())
    lines = [_header(parts[0], parts[1]), _header(parts[2], parts[3]), _header(parts[4], parts[5])]
    lines += _counted(b"Public-Lines", parts[8])
    lines += [_header(parts[index], parts[index + 1]) for index in range(9, 19, 2) if parts[index] is not None]
    lines += _counted(b"Private-Lines", parts[21])
    lines.append(_header(parts[22], parts[23]))
    rebuilt = b"\n".join(lines) + b"\n"
    if rebuilt != data:
        yield rebuilt


def _header(name: bytes, value: bytes) -> bytes:
    return name.rstrip() + b" " + value


def _counted(name: bytes, body: bytes) -> list[bytes]:
    text = b"".join(body.split())
    rows = [text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH)]
    return [b"%s: %d" % (name, len(rows)), *rows]
