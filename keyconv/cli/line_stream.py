"""Files of lines that are too large to be read at once: their keys one by one, in memory for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from keyconv import limits
from keyconv.cli.opening import STDIN, STDIN_NAME, Opener, shown
from keyconv.codec.key_line import rule_among_lines
from keyconv.codec.line_faults import HINTS
from keyconv.codec.line_file import LineFacts
from keyconv.codec.line_kind import kind_of_format
from keyconv.engine.reading import detect_stream
from keyconv.errors import InputError, KeyconvError, OutputError, UsageError
from keyconv.files import Source, opened, too_large
from keyconv.formats.base import Format
from keyconv.keyfile import Entry, KeyFile
from keyconv.statements import Statement

__all__ = ["LineStream", "Printer", "opening", "opening_any"]

_PIECE = 1 << 16


@dataclass(slots=True)
class LineStream:
    """A file of lines while it is read; `facts` are complete when the last entry was taken.

    `shown` counts the keys that were printed.
    """

    format: Format
    entries: Iterator[Entry]
    facts: LineFacts = field(default_factory=LineFacts)
    kind: str = "authorized_keys"
    shown: int = 0
    strict: bool = False

    @property
    def exit_code(self) -> int:
        """The code for the lines without a key that were met."""
        return self.facts.faults[0].exit_code if self.strict and self.facts.faults else 0

    def chosen(self, number: int | None) -> Iterator[Entry]:
        """Return the entries, or only the one of this number; the whole file is read either way, as a small one is.

        Raises: UsageError when there is none of this number; what reading raises.
        """
        for count, entry in enumerate(self.entries, 1):
            if number is None or count == number:
                yield entry
        if number is not None and not 1 <= number <= self.facts.keys:
            raise UsageError(f"there is no key {number}: the file holds {self.facts.keys}")


@contextmanager
def opening(opener: Opener, path: str) -> Iterator[KeyFile | LineStream]:
    """Read a key file, or begin to read a file of lines that is larger than any key file.

    Raises: the errors of `Opener.read`, each with its path; those of a stream also while its entries are taken.
    """
    with _placing(path), opened(path) as source:
        yield _begin(opener, path, source)


@contextmanager
def opening_any(opener: Opener, path: str) -> Iterator[KeyFile | LineStream | Statement]:
    """Read a file as `opening` does, or one that speaks of keys and holds none."""
    with _placing(path), opened(path) as source:
        if not opener.find_statement(path, source.head):
            yield _begin(opener, path, source)
            return
        statement = opener.read_statement(path, source.read(limits.MAX_KRL))
        assert statement is not None
        yield statement


def _begin(opener: Opener, path: str, source: Source) -> KeyFile | LineStream:
    if source.whole:
        return opener.read_data(path, lambda: source.head)
    found = detect_stream(source.head, opener.options.format)
    if found is None or found.stream is None:
        raise too_large()
    facts = LineFacts(on_fault=partial(_report, opener, path))
    kind = kind_of_format(found.name)
    entries = _named(found.stream(source.chunks, facts))
    return LineStream(found, entries, facts, kind, strict=opener.options.strict)


@contextmanager
def _placing(path: str) -> Iterator[None]:
    try:
        yield
    except OutputError:
        raise
    except KeyconvError as error:
        if error.path == STDIN:
            error.path = STDIN_NAME
        raise error.at_path(shown(path)) from None


def _report(opener: Opener, path: str, fault: KeyconvError) -> None:
    """Print a fault as its line goes by; where no line holds a key, the first of them is raised as well."""
    hints = HINTS.get(fault.format, {})
    fault.hint = fault.hint or hints.get(fault.rule, "")
    opener.report((fault,), path)


def _named(entries: Iterator[Entry]) -> Iterator[Entry]:
    try:
        yield from entries
    except InputError:
        raise
    except KeyconvError as error:
        if error.line is not None:
            error.rule = rule_among_lines(error)
        raise


class Printer:
    """Gathers what is printed as it comes, to write it in pieces of a size that costs little."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._gathered = bytearray()

    def add(self, data: bytes) -> None:
        """Take something, and write it with what came before when there is enough."""
        self._gathered += data
        if len(self._gathered) >= _PIECE:
            self.flush()

    def add_text(self, text: str) -> None:
        """Take text that is harmless already."""
        self.add(text.encode("utf-8", "backslashreplace"))

    def flush(self) -> None:
        """Write what is there."""
        if self._gathered:
            data = bytes(self._gathered)
            self._gathered.clear()
            self._write(data)
