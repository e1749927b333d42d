"""The files beside a key under names that are made from its own: its `.pub` and its `-cert.pub`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from keyconv.cli.opening import STDIN
from keyconv.cli.render import Screen
from keyconv.engine import read
from keyconv.errors import KeyconvError
from keyconv.files import left_beside, load, system
from keyconv.formats import bare_name, by_name
from keyconv.keyfile import Entry, KeyFile
from keyconv.notes import Note

__all__ = [
    "CERTIFICATE_ENDING",
    "PUBLIC_ENDING",
    "find",
    "find_certificate",
    "find_misplaced_certificate",
    "names",
    "note_siblings",
    "suggest_certificate",
    "take_comment",
]

PUBLIC_ENDING = ".pub"
CERTIFICATE_ENDING = "-cert.pub"


def find(path: str, ending: str) -> list[str]:
    """Name the files of this ending that belong to a key file, each file once."""
    return [name for name in names(path, ending) if _is_file(name)]


def names(path: str, ending: str) -> list[str]:
    """Name what there is under the names that files of this ending would have, be it a file or not; nothing twice.

    OpenSSH looks for `id.pub` and `id-cert.pub` beside `id`, and `ssh-keygen -s` writes `id-cert.pub` for `id.pub`;
    `id.ppk`, `id.pem` and `id.p8` are the same key by custom. Of a link to a key, these files may stand beside the link
    or beside what it leads to.
    """
    if not _is_key_name(path):
        return []
    found: dict[str, str] = {}
    for each in [path, os.path.realpath(path)] if os.path.islink(path) else [path]:  # noqa: PTH114
        for stem in dict.fromkeys((each, bare_name(each))):
            name = stem + ending
            if name != path and os.path.lexists(name):
                found.setdefault(os.path.realpath(name), name)
    return list(found.values())


def find_certificate(path: str) -> str | None:
    """Name the certificate beside a key file, if there is one."""
    return next(iter(find(path, CERTIFICATE_ENDING)), None)


def suggest_certificate(path: str) -> str:
    """Name the file in which OpenSSH would look for the certificate of the key at `path`."""
    if not _is_key_name(path):
        return "FILE" + CERTIFICATE_ENDING
    return bare_name(path) + CERTIFICATE_ENDING


def find_misplaced_certificate(path: str) -> str | None:
    """Name the `.pub` beside a key that holds a certificate in place of the public key, if there is one."""
    return next((beside for beside, entry in _public_halves(path) if entry.certificate is not None), None)


def take_comment(entry: Entry, format: str, path: str, screen: Screen) -> Entry:
    """Return a private key with the comment of the `.pub` beside it, where its own format holds none.

    A `.pub` of another key is reported, and nothing is taken of it. A key whose public half is hidden is looked at
    again once it is open.
    """
    if entry.private is None or entry.public is None or entry.comment is not None or by_name(format).can.comment:
        return entry
    for beside in find(path, PUBLIC_ENDING):
        try:
            entries = read(load(beside)).entries
        except KeyconvError as error:
            screen.note(f"its comment is not taken along: {error}", beside)
            continue
        same = [each for each in entries if each.public == entry.public]
        if not same and len(entries) == 1:
            screen.note(f"stale-public: this is not the public half of {path}", beside)
        comment = next((each.comment for each in same if each.comment), None)
        if comment is not None:
            screen.note("the comment beside the key is taken along", beside)
            return replace(entry, comment=comment)
    return entry


def note_siblings(keyfile: KeyFile, path: str) -> KeyFile:
    """Return a file that was read, of one private key, with notes on what is beside it and the comment that is there.

    Noted is a `.pub` that is of another key or has another comment, as a run leaves it that was killed between the two
    files, and temporary files of such a run.
    """
    entry = keyfile.entries[0]
    if path == STDIN or len(keyfile.entries) != 1 or entry.private is None:
        return keyfile
    notes = []
    holds_comment = by_name(keyfile.format).can.comment
    for beside, public in _public_halves(path):
        if entry.public is None:  # hidden, and so nothing can be compared
            break
        if public.public != entry.public:
            notes.append(Note("stale-public", f"{beside} is not the public half of this key"))
        elif public.comment and not holds_comment and entry.comment is None:
            entry = replace(entry, comment=public.comment)
            notes.append(Note("comment-beside", f"the comment is that of {beside}"))
        elif entry.comment is not None and (public.comment or b"") != entry.comment:
            other = (public.comment or b"").decode("utf-8", "backslashreplace")
            notes.append(Note("comment-differs", f"{beside} has another comment: '{other}'"))
    notes += [Note("leftover-file", f"an interrupted run left {name} beside it") for name in left_beside(path)]
    return replace(keyfile, entries=(replace(entry, notes=(*entry.notes, *notes)),))


def _public_halves(path: str) -> Iterator[tuple[str, Entry]]:
    for beside in find(path, PUBLIC_ENDING):
        try:
            entries = read(load(beside)).entries
        except KeyconvError:
            continue
        if len(entries) == 1 and entries[0].private is None:
            yield beside, entries[0]


def _is_key_name(path: str) -> bool:
    return path != STDIN and not path.endswith(CERTIFICATE_ENDING) and system.is_name(path)


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False
