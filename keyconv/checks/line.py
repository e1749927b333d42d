"""One line that holds a key, and what the program that reads the file makes of the words before it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from keyconv.checks import host_names, option_values, signers
from keyconv.checks.model import Context, Hit, LineKind
from keyconv.checks.option_values import Verdict
from keyconv.codec.line_faults import READERS
from keyconv.keyfile import Entry

__all__ = ["Line"]


class Line:
    """A line that holds a key: its entry, its text, and the kind of its file."""

    def __init__(self, entry: Entry, text: bytes, kind: LineKind, context: Context) -> None:
        self.entry, self.text, self.kind, self.context = entry, text, kind, context

    @property
    def reader(self) -> str:
        """The program that reads the file."""
        return READERS[self.kind]

    def hits(self, rule: str) -> Iterator[Hit]:
        """Report what the reader makes of the words before the key, as far as one rule says it."""
        return (Hit(message, severity) for name, message, severity in self._verdicts if name == rule)

    @cached_property
    def _verdicts(self) -> tuple[Verdict, ...]:
        if self.kind == "allowed_signers":
            return tuple(signers.judge(self.entry, self.context.now))
        if self.kind == "known_hosts":
            return tuple(host_names.judge(self.entry.hosts))
        return tuple(option_values.judge(self.entry.options, self.context.now)) if self.entry.options else ()
