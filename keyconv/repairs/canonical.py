"""Writing a key again in the one form that every program reads: the same numbers, or those that follow from them."""

from __future__ import annotations

from dataclasses import replace

from keyconv.crypto.kdf import Argon2, BcryptPbkdf
from keyconv.crypto.pbes import Pbkdf2
from keyconv.engine import write
from keyconv.engine.encoding import encode_like, line_end_of
from keyconv.engine.unlocking import as_opened
from keyconv.errors import KeyconvError
from keyconv.formats import by_name
from keyconv.formats.authorized_keys import OPENSSH_PUB, read_line
from keyconv.formats.base import Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile, Locked
from keyconv.notes import Note
from keyconv.proof.amends import NONCANONICAL, RECOMPUTABLE
from keyconv.repairs.opening import Opening
from keyconv.text.comment import clean, is_clean

__all__ = ["rewrite"]

_PPK = ("ppk", "ppk2")
COMMENT_CONTROL = "comment-control"


def rewrite(data: bytes, keyfile: KeyFile, opening: Opening) -> tuple[bytes, tuple[str, ...]]:
    """Write a file that loads in the canonical form, and tell by which rules it was not in it.

    What is locked, what is not written, and what has no such flaw comes back as it is. The passphrase, the cipher, the
    KDF and its cost are kept.
    """
    rules = _rules_of((*keyfile.notes, *(note for entry in keyfile.entries for note in entry.notes)), keyfile.entries)
    if rules and keyfile.format == OPENSSH_PUB.name:
        return _rewrite_lines(data)
    target = _target(keyfile)
    locked = any(isinstance(entry.private, Locked) for entry in keyfile.entries)
    if not rules or locked or target.write is None or any(entry.fault for entry in keyfile.entries):
        return data, ()
    if any(target.fit_comment(entry.comment or b"") != clean(entry.comment or b"") for entry in keyfile.entries):
        return data, ()  # it would lose a part of a comment
    try:
        written = encode_like(
            data, _write(keyfile.entries, target, opening, line_end_of(data, target, kept=_PPK)), keyfile
        )
        left = opening.read(written) if written is not None else None
    except KeyconvError:
        return data, ()
    if written is None or left is None:
        return data, ()
    notes = (*left.notes, *(note for entry in left.entries for note in entry.notes))
    mended = tuple(rule for rule in rules if rule not in _rules_of(notes, left.entries))
    return (written, mended) if mended else (data, ())


def _target(keyfile: KeyFile) -> Format:
    """Return the file's own format, or PKCS#8 for a key that this format is not written with (Ed25519 in SEC 1)."""
    target = by_name(keyfile.format)
    families = {entry.public.family for entry in keyfile.entries if entry.public is not None}
    return target if families <= target.can.families else by_name("pkcs8")


def _rules_of(notes: tuple[Note, ...], entries: tuple[Entry, ...]) -> tuple[str, ...]:
    codes = {note.code for note in notes}
    rules: list[str] = [code for code in (RECOMPUTABLE, NONCANONICAL) if code in codes]
    if any(entry.comment is not None and not is_clean(entry.comment) for entry in entries):
        rules.append(COMMENT_CONTROL)
    return tuple(rules)


def _write(entries: tuple[Entry, ...], target: Format, opening: Opening, line_end: bytes) -> bytes:
    options = WriteOptions(deriver=opening.deriver, line_end=line_end)
    protection = entries[0].protection
    if protection is not None:
        if opening.passphrase is not None:  # the very bytes that opened it stay its passphrase
            options = replace(options, passphrase=as_opened(opening.passphrase, entries[0].notes))
        if protection.cipher in target.can.ciphers:
            options = replace(options, cipher=protection.cipher)
        match protection.kdf:
            case Argon2(flavour=flavour, memory_kib=memory, passes=passes, parallelism=lanes):
                options = replace(options, kdf=flavour, kdf_memory=memory, kdf_passes=passes, kdf_parallelism=lanes)
            case BcryptPbkdf(rounds=rounds) | Pbkdf2(iterations=rounds):
                options = replace(options, rounds=rounds)
            case _:
                pass
    if len(entries) == 1:
        return write(entries[0], target, options)
    if target.write is None:
        raise AssertionError("the caller looked")
    return target.write(entries, options)


def _rewrite_lines(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Write again the lines that are not in the canonical form; the others, remarks included, stay as they are."""
    rows = data.split(b"\n")
    rules: list[str] = []
    for index, row in enumerate(rows):
        notes: list[Note] = []
        try:
            entry = read_line(row, index + 1, notes)
        except KeyconvError:
            continue
        found = _rules_of(tuple(notes), (entry,)) if entry is not None else ()
        if entry is not None and found and OPENSSH_PUB.write is not None:
            rows[index] = OPENSSH_PUB.write((entry,), WriteOptions()).removesuffix(b"\n")
            rules.extend(found)
    return b"\n".join(rows), tuple(dict.fromkeys(rules))
