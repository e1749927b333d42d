"""The whole corpus, and the exit codes that follow from how far a file gets."""

from __future__ import annotations

from functools import cache

from hostile import containers, faults, hosts, legacy, lines, openssh, ppk
from hostile.model import Hostile

__all__ = ["corpus", "expected_exit"]

_NO_COMMENT = ("pem", "pkcs8", "dropbear", "jwk", "spki", "pkcs1-pub", "jwk-pub", "ppk1", "known_hosts")
_NO_PASSPHRASE = (
    *("dropbear", "jwk", "openssh-pub", "rfc4716", "spki", "pkcs1-pub", "ssh1-pub", "jwk-pub", "certificate"),
    "known_hosts",
)
_WITHOUT_SECRET = ("public", "inspect", "match")


@cache
def corpus() -> tuple[Hostile, ...]:
    """Every hostile file."""
    modules = (ppk, openssh, faults, containers, legacy, lines, hosts)
    return tuple(file for module in modules for file in module.files())


def expected_exit(file: Hostile, command: str) -> int:
    """Return the exit code that docs/cli.md promises for a command on this file."""
    if command in file.exits:
        return file.exits[command]
    if command == "inspect, opened":
        return file.exits.get("convert", 3) if file.stage in ("unlock", "hidden") else expected_exit(file, "inspect")
    if command == "check":
        return 3 if file.stage == "unreadable" else 0 if file.clean else 1
    if file.stage in ("unreadable", "read"):
        return 3
    if command == "comment" and file.format in _NO_COMMENT:
        return 6
    if command == "passphrase" and file.format in _NO_PASSPHRASE:
        return 6
    if command == "cert attach":  # the certificate is of a whole PPK's key
        return 6 if file.format not in ("ppk", "ppk2") else 0 if file.stage == "private" else 3
    if command in ("cert show", "cert detach"):
        return 3
    if file.stage == "hidden":  # what would cost too much is refused before a passphrase is asked for
        return 0 if command == "inspect" else 3 if file.code == "limit" else file.exits.get(command, 4)
    if file.stage in ("unlock", "fault"):
        return 0 if command in _WITHOUT_SECRET else 3
    if file.stage == "public" and command == "agent add":
        return 6
    return 0
