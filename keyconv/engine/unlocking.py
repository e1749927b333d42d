"""Choosing the one key of a file that is meant, and opening it."""

from __future__ import annotations

from dataclasses import replace

from keyconv.crypto.kdf import Deriver
from keyconv.errors import KeyconvError, MismatchError, MissingPassphraseError, UsageError, WrongPassphraseError
from keyconv.keyfile import Entry, KeyFile, Locked, Protection, Unlocked
from keyconv.notes import Note
from keyconv.secret import CODE_PAGES, Passphrase

__all__ = ["OTHER_ENCODING", "as_opened", "choose", "unlock"]

OTHER_ENCODING = "the passphrase is not ASCII: name the encoding it was set in with --passphrase-encoding NAME"


def choose(keyfile: KeyFile, number: int | None = None) -> Entry:
    """Return the key with this number, counted from 1; without a number, the only key there is.

    Raises: UsageError when there is no such key, or several and none was asked for.
    """
    count = len(keyfile.entries)
    if number is None and count > 1:
        raise UsageError(
            f"the file holds {count} keys{_places(keyfile)}", hint=f"choose one with --key N, from 1 to {count}"
        )
    if number is not None and not 1 <= number <= count:
        raise UsageError(f"there is no key {number}: the file holds {count}")
    return keyfile.entries[(number or 1) - 1]


_MOST_PLACES = 8


def _places(keyfile: KeyFile) -> str:
    """Say where each key of a file is, for a few of them."""
    entries = keyfile.entries
    if len(entries) > _MOST_PLACES or any(entry.line is None for entry in entries):
        return ""
    return ": " + ", ".join(f"{number} at line {entry.line}" for number, entry in enumerate(entries, 1))


def unlock(entry: Entry, passphrase: Passphrase | bytes | str | None, *, deriver: Deriver | None = None) -> Entry:
    """Open an entry's private half; an entry that is not locked comes back as it is.

    A passphrase that is not ASCII is tried in each of its spellings, and the one that opened the key is noted when it
    is not the first; in the rarer code pages as long as all tries together cost no more than the limit for one.

    Raises: MissingPassphraseError when there is none; WrongPassphraseError when no spelling opens it; the entry's own
    fault when it has one; LimitError for a KDF that costs too much.
    """
    if entry.fault is not None:
        raise entry.fault
    locked = entry.private
    if not isinstance(locked, Locked):
        return entry
    deriver = deriver or Deriver()
    deriver.check(locked.protection.kdf)
    if passphrase is None:
        raise MissingPassphraseError("the key is encrypted, and no passphrase was given")
    given = passphrase if isinstance(passphrase, Passphrase) else Passphrase(passphrase)
    # Errors leave without the frames below: their variables hold what was decrypted, and crash reporters print those.
    refusal: WrongPassphraseError | None = None
    spelled_otherwise, kdf = False, locked.protection.kdf
    for index, (name, spelled) in enumerate(given.spellings()):
        spelled_otherwise = index > 0
        if name in CODE_PAGES and not deriver.affords(kdf, index + 1):
            break
        try:
            opened = locked.unlock(spelled, deriver)
        except WrongPassphraseError as error:
            refusal = refusal or error.with_traceback(None)
            continue
        except KeyconvError as error:
            raise error.with_traceback(None) from None
        notes = (_opened_as(name),) if index else ()
        return _merge(entry, opened, locked.protection, notes)
    refusal = refusal or WrongPassphraseError("wrong passphrase")
    if spelled_otherwise and not refusal.hint:
        refusal.hint = OTHER_ENCODING
    raise refusal


def as_opened(passphrase: Passphrase, notes: tuple[Note, ...]) -> Passphrase:
    """Return the spelling of a passphrase that opened a key, by the notes on it."""
    return next((spelled for name, spelled in passphrase.spellings() if _opened_as(name) in notes), passphrase)


def _opened_as(name: str) -> Note:
    return Note("passphrase-encoding", f"the passphrase opened the key as {name}")


def _merge(entry: Entry, opened: Unlocked, protection: Protection, notes: tuple[Note, ...]) -> Entry:
    public = opened.private.public
    if entry.public is not None and entry.public != public:
        raise MismatchError("the public half that stands in clear is not the one of the private half")
    if None not in (entry.certificate, opened.certificate) and entry.certificate != opened.certificate:
        raise MismatchError("the certificate that stands in clear is not the one of the private half")
    return replace(
        entry,
        public=public,
        private=opened.private,
        comment=entry.comment if opened.comment is None else opened.comment,
        protection=protection,
        certificate=opened.certificate or entry.certificate,
        attributes=opened.attributes or entry.attributes,
        notes=(*entry.notes, *opened.notes, *notes),
    )
