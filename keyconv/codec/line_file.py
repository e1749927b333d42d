"""Files of lines with a key each, read one after the other: of any size, in memory for one line.

Source: sshd(8), sections AUTHORIZED_KEYS FILE FORMAT and SSH_KNOWN_HOSTS FILE FORMAT.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from keyconv import limits
from keyconv.codec.key_line import BLANKS
from keyconv.codec.line_faults import LineFaults, ReadLine
from keyconv.codec.line_kind import kind_of_format
from keyconv.errors import KeyconvError, MalformedError, NotAKeyError
from keyconv.keyfile import Entry
from keyconv.notes import Note
from keyconv.text.rows import Lookahead, Row, split_stream

__all__ = ["LineFacts", "read_entries"]

MAX_NOTES = 100
"""Notes on lines and bad lines that are kept: memory must not grow with the file."""


@dataclass(slots=True)
class LineFacts:
    """What was seen while the lines of a file went by; complete when the last one has.

    `keys` counts them; `remarks` says that there are lines which only people read. `faults` are why lines hold no key,
    in their order; all of them are counted in `bad`, and told to `on_fault` as they are met.
    """

    keys: int = 0
    remarks: bool = False
    crlf: bool = False
    unended: bool = False
    left_out: int = 0
    line_notes: list[Note] = field(default_factory=list)
    faults: list[KeyconvError] = field(default_factory=list)
    bad: int = 0
    on_fault: Callable[[KeyconvError], None] | None = None

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes on the file: those on its lines, then those on its text."""
        notes = list(self.line_notes)
        if self.bad > len(self.faults):
            notes.append(Note("bad-line", f"there are {self.bad - len(self.faults)} more bad lines"))
        if self.left_out:
            notes.append(Note(self.line_notes[-1].code, f"there are {self.left_out} more notes on lines"))
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

    def add_fault(self, error: KeyconvError) -> None:
        """Keep why a line holds no key, as far as there is room, and pass it on."""
        self.bad += 1
        if len(self.faults) < MAX_NOTES:
            self.faults.append(error)
        if self.on_fault is not None:
            self.on_fault(error)


def read_entries(chunks: Iterable[bytes], read_line: ReadLine, facts: LineFacts, name: str) -> Iterator[Entry]:
    """Read a file that comes in pieces of any size; a bad line is a fault of its own and spoils no other.

    `name` is that of the format, which errors are given for a place.

    Raises: MalformedError for a byte order mark; NotAKeyError, or the first fault, when no line holds a key.
    """
    rows = Lookahead(_rows(chunks, facts, name))
    faults: LineFaults | None = None
    own_rule = ""
    for row in rows:
        notes: list[Note] = []
        try:
            entry = read_line(row.text, row.number, notes)
        except KeyconvError as error:
            own_rule = own_rule or error.rule
            faults = faults or LineFaults(read_line, kind_of_format(name))
            fault = faults.explain(row.text, row.number, rows.text_after, error)
            rows.skip(fault.below)
            facts.add_fault(fault.error.of_format(name))
            continue
        if notes:
            facts.add(notes)
        if entry is not None:
            facts.keys += 1
            yield entry
        elif not facts.remarks:
            facts.remarks = row.text.lstrip(BLANKS).startswith(b"#")
    if facts.keys:
        return
    if not facts.faults:
        raise NotAKeyError("there is no key on any line").of_format(name)
    (first, *_) = facts.faults
    if first.rule == "bad-line":  # no line among others
        first.rule = own_rule
    raise first


def _rows(chunks: Iterable[bytes], facts: LineFacts, name: str) -> Iterator[Row]:
    for number, (text, ended, cut) in enumerate(split_stream(chunks, limits.MAX_LINE + 1), 1):
        if number == 1 and text.startswith(b"\xef\xbb\xbf"):
            raise MalformedError(
                "the file begins with a byte order mark (UTF-8 BOM), and no SSH program reads its first line",
                hint="save it as UTF-8 without a BOM",
                rule="byte-order-mark",
            ).of_format(name)
        if text.endswith(b"\r"):
            facts.crlf = facts.crlf or ended
            text = text[:-1]
        facts.unended = not ended
        yield Row(text, number, cut)
