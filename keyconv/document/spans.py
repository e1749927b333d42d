"""A document: the bytes of a file, and the spans that were found in them.

Bytes of the file that no span covers are white space, or are covered by spans of the kind `text`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Literal

from keyconv.document.wrappers import Wrapper
from keyconv.record import record

__all__ = ["Document", "Kind", "Span", "describe"]

_SPACES = bytes(byte if byte == 10 else 32 for byte in range(256))
"""A table that leaves of lines their ends alone."""

Kind = Literal["private", "public", "material", "text"]


@record
class Span:
    """One thing in a file, from byte `start` up to byte `end`, on the lines `line` to `last` (from 1).

    `kind` is `private` or `public` for a key, `material` for a certificate, a CRL, parameters and the like, and `text`
    for everything else. `label` is what its BEGIN line says, the first word of a PPK, or how many lines of text.
    `wrappers` are what is around a key, from outside in; `text` is the key without them.
    """

    start: int
    end: int
    line: int
    last: int
    kind: Kind
    label: str = ""
    wrappers: tuple[Wrapper, ...] = ()
    text: bytes = field(default=b"", repr=False)

    @property
    def is_key(self) -> bool:
        """Whether a key stands here."""
        return self.kind in ("private", "public")

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line == self.last else f"lines {self.line} to {self.last}"
        if self.kind == "text":
            return f"{self.label} of other text ({where})"
        article = "an" if self.label.startswith(("A", "E", "I", "O", "RSA", "SSH", "X509")) else "a"
        return f"{article} {self.label} ({where})"


@record
class Document:
    """A file as spans in the order in which they stand, none within another."""

    data: bytes = field(repr=False)
    spans: tuple[Span, ...]

    @property
    def private(self) -> tuple[Span, ...]:
        """The private keys."""
        return tuple(span for span in self.spans if span.kind == "private")

    @property
    def public(self) -> tuple[Span, ...]:
        """The public keys in frames of their own."""
        return tuple(span for span in self.spans if span.kind == "public")

    @property
    def keys(self) -> tuple[Span, ...]:
        """The private keys, or where there is none the public ones."""
        return self.private or self.public

    @property
    def outside(self) -> bytes:
        """The bytes of the file, with spaces in the place of everything but text; its lines stay."""
        outside = bytearray(self.data)
        for span in self.spans:
            if span.kind != "text":
                outside[span.start : span.end] = self.data[span.start : span.end].translate(_SPACES)
        return bytes(outside)

    def around(self, *kept: Span) -> tuple[Span, ...]:
        """Return what is in the file besides these spans."""
        return tuple(span for span in self.spans if span not in kept)


def describe(spans: Iterable[Span]) -> str:
    """List spans for people: `a CERTIFICATE (lines 28 to 48), 3 lines of other text (lines 1 to 3)`."""
    return ", ".join(map(str, spans))
