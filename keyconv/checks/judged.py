"""What came of one file."""

from __future__ import annotations

from dataclasses import dataclass, field

from keyconv.checks.base import Finding
from keyconv.keyfile import Entry

__all__ = ["Judged"]


@dataclass(slots=True)
class Judged:
    """What came of one file: findings; the keys that it holds, for comparing them with those of other files.

    `is_key` is False for what was passed over; `unverified` says that a private half could not be proved for want of
    a passphrase; `remarks` tell what was not looked for.
    """

    path: str
    findings: list[Finding] = field(default_factory=list)
    entries: tuple[Entry, ...] = ()
    moduli: list[tuple[int, int, str]] = field(default_factory=list)
    is_key: bool = True
    unverified: bool = False
    remarks: tuple[str, ...] = ()
