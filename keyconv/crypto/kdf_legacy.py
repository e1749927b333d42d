"""Key derivation of the two formats of the last century: MD5, without a salt, without a cost.

Source: none published; PuTTY 0.78's files show them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from keyconv.limits import MAX_CHEAP_RUNS

__all__ = ["Ssh1Md5", "SshcomMd5"]


@dataclass(frozen=True, slots=True)
class SshcomMd5:
    """The KDF of ssh.com's private format: MD5(passphrase) || MD5(passphrase || MD5(passphrase))."""

    name: ClassVar[str] = "md5"

    def describe(self) -> dict[str, int | str]:
        """Return nothing: it has no parameters."""
        return {}

    def check_cost(self) -> None:
        """Cost nothing."""

    def repeats(self) -> int:
        """Say how often it may run for one file."""
        return MAX_CHEAP_RUNS

    def derive(self, passphrase: bytes, length: int) -> bytes:
        """Derive at most 32 bytes."""
        from hashlib import md5

        first = md5(passphrase, usedforsecurity=False).digest()
        return (first + md5(passphrase + first, usedforsecurity=False).digest())[:length]


@dataclass(frozen=True, slots=True)
class Ssh1Md5:
    """The KDF of SSH-1's private format: MD5(passphrase)."""

    name: ClassVar[str] = "md5"

    def describe(self) -> dict[str, int | str]:
        """Return nothing: it has no parameters."""
        return {}

    def check_cost(self) -> None:
        """Cost nothing."""

    def repeats(self) -> int:
        """Say how often it may run for one file."""
        return MAX_CHEAP_RUNS

    def derive(self, passphrase: bytes, length: int) -> bytes:
        """Derive at most 16 bytes."""
        from hashlib import md5

        return md5(passphrase, usedforsecurity=False).digest()[:length]
