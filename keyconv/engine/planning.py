"""What a conversion will do, told before any passphrase is asked and any KDF is run."""

from __future__ import annotations

from dataclasses import replace

from keyconv.errors import LossError, MisfitError
from keyconv.formats.base import Format
from keyconv.keyfile import Entry, Locked
from keyconv.notes import Note
from keyconv.record import record
from keyconv.text.comment import clean, is_clean

__all__ = ["Plan", "family_of", "plan"]

_MOST_NAMES = 16
"""Members of a JSON Web Key that are named one by one: RFC 7517 has nine that are not the key's numbers."""


@record
class Plan:
    """A conversion that can be done: the target, what it loses, and whether a passphrase is needed to begin."""

    target: Format
    losses: tuple[Note, ...]
    needs_passphrase: bool

    def require_lossless(self) -> None:
        """Raise LossError when anything would be lost."""
        if self.losses:
            raise LossError("; ".join(loss.message for loss in self.losses))


def plan(entry: Entry, target: Format, *, opens: bool = False) -> Plan:
    """Check whether `target` can hold this key, and what it cannot hold of it.

    A locked key is judged by what is known of it; ask again once it is open (its comment may have been hidden). Where
    it need not be opened its hidden comment is lost, unless it `opens` all the same.

    Raises: MisfitError when the target cannot hold the key; the entry's own fault when its private half is needed and
    could not be read.
    """
    if target.write is None:
        raise MisfitError(
            f"{target.name} is read, not written", hint="formats that can: " + _names(entry, private=target.can.private)
        )
    if target.can.private:
        if entry.fault is not None:
            raise entry.fault
        if entry.private is None:
            raise MisfitError(
                f"the file holds no private half, and {target.name} is a format for private keys",
                hint=f"give the private key; for a public one: {_names(entry, private=False)}",
            )
    family = family_of(entry)
    if family and family not in target.can.families:
        able = _names(entry, private=target.can.private)
        raise MisfitError(
            f"{target.name} cannot hold {entry.public.algorithm if entry.public else family}",
            hint=f"formats that can: {able}" if able else "no format that keyconv writes can",
        )
    needs = isinstance(entry.private, Locked) and (target.can.private or entry.public is None)
    losses = _losses(entry, target)
    if isinstance(entry.private, Locked) and not needs and not opens:
        losses += _hidden(entry, entry.private)
    return Plan(target, tuple(losses), needs)


def without_place(entry: Entry) -> Entry:
    """Return a key without what only `known_hosts` and `allowed_signers` say of it: no other format can hold that."""
    options = () if entry.principals else entry.options
    return replace(entry, hosts=(), marker=None, principals=(), options=options)


def family_of(entry: Entry) -> str | None:
    """Return the family of a key, as far as that is known while it is locked."""
    if entry.public is not None:
        return entry.public.family
    return entry.private.known_family if isinstance(entry.private, Locked) else None


def _names(entry: Entry, *, private: bool) -> str:
    from keyconv.formats import FORMATS  # loads them all, for a hint

    family = family_of(entry)
    return ", ".join(
        known.name
        for known in FORMATS
        if known.write and known.can.private == private and (not family or family in known.can.families)
    )


def _losses(entry: Entry, target: Format) -> list[Note]:
    can = target.can
    losses = []
    if entry.comment and not can.comment:
        losses.append(Note("comment", f"{target.name} cannot hold the comment"))
    elif entry.comment:
        losses += _losses_of_comment(entry.comment, target)
    if entry.certificate and not can.certificate:
        losses.append(Note("certificate", f"{target.name} cannot hold the certificate"))
    if entry.principals:
        losses.append(Note("principals", f"{target.name} cannot hold the principals of the allowed_signers line"))
        if entry.options:
            losses.append(Note("options", f"{target.name} cannot hold the options of the allowed_signers line"))
    elif entry.options and not can.options:
        losses.append(Note("options", f"{target.name} cannot hold the options of the authorized_keys line"))
    if entry.hosts:
        what = f"hosts and the marker {entry.marker.decode()}" if entry.marker else "hosts"
        losses.append(Note("hosts", f"{target.name} cannot hold the {what} of the known_hosts line"))
    if entry.headers and not can.headers:
        losses.append(Note("headers", f"{target.name} cannot hold the headers of the RFC4716 file"))
    if isinstance(entry.private, Locked) and can.private and not can.encryption:
        losses.append(Note("passphrase", f"{target.name} cannot be protected by a passphrase"))
    if entry.attributes and not can.attributes:
        losses.append(Note("attributes", f"{target.name} cannot hold the attributes of the PKCS#8 file"))
    if entry.members:
        losses.append(Note("members", f"{_listed(entry.members)} of the JSON Web Key {_are(entry.members)} not kept"))
    return losses


def _losses_of_comment(comment: bytes, target: Format) -> list[Note]:
    losses = []
    if not is_clean(comment):
        losses.append(Note("comment", "the control characters in the comment are replaced by spaces"))
    cleaned = clean(comment)
    fitted = target.fit_comment(comment)
    if fitted == cleaned:
        return losses
    if fitted == cleaned.lstrip():
        losses.append(Note("comment", f"{target.name} cannot hold the white space before the comment"))
    elif len(fitted) < len(cleaned):
        losses.append(Note("comment", f"{target.name} holds {len(fitted)} bytes of the comment's {len(cleaned)}"))
    else:
        losses.append(Note("comment", f"{target.name} cannot hold ' END ' in the comment: it is written ' End '"))
    return losses


def _hidden(entry: Entry, locked: Locked) -> list[Note]:
    if not locked.hides_comment or entry.comment is not None:
        return []
    return [Note("hidden-comment", "the comment, which is hidden until the passphrase is given")]


def _listed(names: tuple[str, ...]) -> str:
    shown = [*names[:_MOST_NAMES], f"{len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else list(names)
    what = "the member" if len(names) == 1 else "the members"
    return f"{what} {' and '.join(filter(None, (', '.join(shown[:-1]), shown[-1])))}"


def _are(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"
