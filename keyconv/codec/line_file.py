"""Files of lines with a key each, read one after the other: of any size, in memory for one line.

Source: sshd(8), sections AUTHORIZED_KEYS FILE FORMAT and SSH_KNOWN_HOSTS FILE FORMAT.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from keyconv import limits
from keyconv.codec.key_line import BLANKS
from keyconv.errors import MalformedError, NotAKeyError
from keyconv.keyfile import Entry
from keyconv.notes import Note
from keyconv.text.rows import split_stream

__all__ = ["LineFacts", "ReadLine", "read_entries"]

MAX_NOTES = 100
"""Notes on lines that are kept: memory must not grow with the file."""

ReadLine = Callable[[bytes, int, list[Note]], Entry | None]


@dataclass(slots=True)
class LineFacts:
    """What was seen while the lines of a file went by; complete when the last one has.

    `keys` counts them; `remarks` says that there are lines which only people read.
    """

    keys: int = 0
    remarks: bool = False
    crlf: bool = False
    unended: bool = False
    left_out: int = 0
    line_notes: list[Note] = field(default_factory=list)

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes on the file: those on its lines, then those on its text."""
        notes = list(self.line_notes)
        if self.left_out:
            notes.append(Note(notes[-1].code, f"there are {self.left_out} more notes on lines"))
        if self.crlf:
            notes.append(Note("crlf", "the line ends are CR LF"))
        if self.unended:
            notes.append(
                Note("missing-final-newline", "the last line has no line end: a key appended to it would be lost")
            )
        return tuple(notes)

    def add(self, notes: list[Note]) -> None:
        """Keep the notes on a line, as far as there is room."""
        room = MAX_NOTES - len(self.line_notes)
        self.line_notes += notes[:room]
        self.left_out += len(notes[room:])


def read_entries(chunks: Iterable[bytes], read_line: ReadLine, facts: LineFacts) -> Iterator[Entry]:
    """Read a file that comes in pieces of any size; the first line that is bad ends it.

    Raises: MalformedError for a byte order mark; NotAKeyError when no line holds a key; what `read_line` raises.
    """
    for number, (text, ended, _) in enumerate(split_stream(chunks, limits.MAX_LINE + 1), 1):
        if number == 1 and text.startswith(b"\xef\xbb\xbf"):
            raise MalformedError(
                "the file begins with a byte order mark (UTF-8 BOM), and no SSH program reads its first line",
                hint="save it as UTF-8 without a BOM",
                rule="byte-order-mark",
            )
        if text.endswith(b"\r"):
            facts.crlf = facts.crlf or ended
            text = text[:-1]
        facts.unended = not ended
        notes: list[Note] = []
        entry = read_line(text, number, notes)
        if notes:
            facts.add(notes)
        if entry is not None:
            facts.keys += 1
            yield entry
        elif not facts.remarks:
            facts.remarks = text.lstrip(BLANKS).startswith(b"#")
    if not facts.keys:
        raise NotAKeyError("there is no key on any line")
