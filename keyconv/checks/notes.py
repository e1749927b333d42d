"""Notes and entries of a file that rules ask for."""

from __future__ import annotations

from collections.abc import Iterator

from keyconv.checks.model import Subject
from keyconv.keyfile import Entry
from keyconv.notes import Note

__all__ = ["notes_of", "private_entries"]


def notes_of(subject: Subject, code: str) -> Iterator[Note]:
    """Return the notes with a code, on the file and on each of its keys."""
    keyfile = subject.keyfile
    for note in (*keyfile.notes, *(note for entry in keyfile.entries for note in entry.notes)):
        if note.code == code:
            yield note


def private_entries(entries: tuple[Entry, ...]) -> list[Entry]:
    """Return the entries with a private half, or with one that is missing where it should be."""
    return [entry for entry in entries if entry.private is not None or entry.fault is not None]
