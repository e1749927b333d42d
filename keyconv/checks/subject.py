"""What rules are given and what they give back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

from keyconv.checks.base import Finding, Severity
from keyconv.checks.policy import Thresholds
from keyconv.checks.rules import rule
from keyconv.codec import public_blob
from keyconv.crypto import fingerprint
from keyconv.keyfile import Entry, KeyFile
from keyconv.keys import PublicKey
from keyconv.repair.opening import Opening

__all__ = [
    "Content",
    "Context",
    "EntryRule",
    "FileRule",
    "Hit",
    "Place",
    "Subject",
    "blob_of",
    "fingerprint_of",
    "to_finding",
]

Place = Literal["file", "stdin", "environment"]


_DEFAULT = Thresholds()


class Hit(NamedTuple):
    """What one rule found; what is None comes from the rule itself."""

    message: str
    severity: Severity | None = None
    hint: str | None = None
    line: int | None = None
    fixable: bool | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What rules may know beside the key: the time (seconds since 1970), thresholds, and keys that are known weak.

    `opening` holds the passphrase of this run, if there is one. `blocklist` tells why a key is known to be weak, by its
    blob. `key_types` are the families that may be used; none named means all. `thorough` allows the tests of a modulus
    that cost milliseconds. `unattended` says that nobody can type a passphrase where the keys are used.
    """

    now: int
    thresholds: Thresholds = _DEFAULT
    opening: Opening = field(default_factory=Opening)
    blocklist: Callable[[bytes, PublicKey], str] | None = None
    public_only: bool = False
    key_types: frozenset[str] = frozenset()
    thorough: bool = True
    unattended: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """One file's bytes and what surrounds them: its path as shown, its mode where the system keeps one, where it is.

    `named` says that a person pointed at this very file, so that it must be a key. `is_host_key`: sshd reads it.
    """

    path: str
    data: bytes = field(repr=False)
    mode: int | None = None
    place: Place = "file"
    named: bool = True
    is_host_key: bool = False

    @property
    def name(self) -> str:
        """The last part of the path; nothing for standard input and variables."""
        return self.path.replace("\\", "/").rsplit("/", 1)[-1] if self.place == "file" else ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A file that was read, perhaps after damage was undone: `data` is then the mended text."""

    content: Content
    data: bytes = field(repr=False)
    keyfile: KeyFile
    context: Context


EntryRule = Callable[[Entry, Context], Iterator[Hit]]
FileRule = Callable[[Subject], Iterator[Hit]]


def fingerprint_of(entry: Entry | None) -> str | None:
    """Give the fingerprint of a key (a certificate's key, not the certificate), where its public half shows."""
    if entry is None or entry.public is None:
        return None
    return fingerprint.sha256(blob_of(entry.public))


@lru_cache(maxsize=2)
def blob_of(public: PublicKey) -> bytes:
    """Give the blob of a public key, of which many rules ask."""
    return public_blob.write(public)


def to_finding(name: str, hit: Hit, path: str, *, line: int | None = None, key: str | None = None) -> Finding:
    """Make a finding of a hit: what the hit leaves open is the rule's own."""
    known = rule(name)
    return Finding(
        path=path,
        line=hit.line if hit.line is not None else line,
        rule=name,
        severity=hit.severity or known.severity,
        message=hit.message,
        hint=known.cure if hit.hint is None else hit.hint,
        fixable=known.fixable if hit.fixable is None else hit.fixable,
        fingerprint=key,
    )
