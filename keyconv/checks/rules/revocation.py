"""Rules on keys and certificates that a revocation list names."""

from __future__ import annotations

from collections.abc import Iterator

from keyconv.checks.model import Context, Hit, Rule, UsualKey, UsualTest
from keyconv.keyfile import Entry

__all__ = ["REVOCATION"]

_REVOKED = b"@revoked"
"""The marker of a line of known_hosts that revokes its key itself: there the key stands as it should."""


def _revoked_key(entry: Entry, context: Context) -> Iterator[Hit]:
    """A key that a list names, alone, before options, after hosts, or in a certificate."""
    if entry.public is not None and entry.marker != _REVOKED:
        for name, listed in context.revoked:
            how = listed.revokes_key(entry.public)
            if how:
                yield Hit(f"the key is revoked: {how} is in {name}")


def _usual_revoked_key(context: Context) -> UsualTest | None:
    if not context.revoked:
        return None
    lists = [listed for _, listed in context.revoked]

    def may_be_revoked(key: UsualKey) -> bool:
        return any(listed.may_revoke(key.digest) for listed in lists)

    return may_be_revoked


def _revoked_certificate(entry: Entry, context: Context) -> Iterator[Hit]:
    """A certificate that a list names by its id, its serial or its authority."""
    if entry.certificate is not None and entry.marker != _REVOKED:
        for name, listed in context.revoked:
            how = listed.revokes_certificate(entry.certificate)
            if how:
                yield Hit(f"the certificate is revoked: {how} is in {name}")


REVOCATION: tuple[Rule, ...] = (
    Rule(
        "revoked-key",
        "A key that a revocation list names",
        "It was lost, stolen or replaced, and still stands where it lets somebody in.",
        "sshd refuses it where RevokedKeys names the list, ssh where RevokedHostKeys does; elsewhere it works on.",
        "Remove the key, or its line, and put a new key in its place.",
        group="strength",
        setting="krl",
        on_key=_revoked_key,
        on_hosts="everything",
        usual=_usual_revoked_key,
    ),
    Rule(
        "revoked-certificate",
        "A certificate that a revocation list names",
        "Its key id, its serial or its authority was revoked.",
        "sshd refuses it where RevokedKeys names the list, ssh where RevokedHostKeys does; elsewhere it works on.",
        "Remove it, and have the key signed again where that is right.",
        group="lines",
        setting="krl",
        on_key=_revoked_certificate,
        on_hosts="everything",
        of_certificates=True,
    ),
)
