r"""Wrappers: ways in which a file that holds more than a key writes the key's text down.

Each can be taken off to read the key and put on again to write it: `unwrap(wrap(text)) == text` for every text that it
can hold, and `wrap` raises ValueError for one that it cannot.
"""

from __future__ import annotations

import binascii
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Base64",
    "CrLf",
    "DoubleQuoted",
    "LiteralNewlines",
    "Prefixed",
    "SingleQuoted",
    "Unended",
    "Utf16",
    "Wrapper",
    "wrap_all",
]

_ESCAPE = re.compile(rb'\\(?:u00([0-7][0-9A-Fa-f])|([\\"/nrt]))')
_UNESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\\": b"\\", b'"': b'"', b"/": b"/"}
_ESCAPED = {b"\n": b"\\n", b"\r": b"\\r", b"\t": b"\\t", b"\\": b"\\\\", b'"': b'\\"'}


class Wrapper(ABC):
    """One layer around the text of a key."""

    __slots__ = ()

    @abstractmethod
    def unwrap(self, raw: bytes) -> bytes:
        """Return the text. Raises: ValueError when the bytes are not of this form."""

    @abstractmethod
    def wrap(self, text: bytes) -> bytes:
        """Return the bytes of the file. Raises: ValueError when this form cannot hold the text."""


@dataclass(frozen=True, slots=True)
class Utf16(Wrapper):
    """UTF-16 in one of its byte orders, with its byte order mark where there was one."""

    order: Literal["le", "be"]
    marked: bool

    @property
    def _mark(self) -> bytes:
        return (b"\xff\xfe" if self.order == "le" else b"\xfe\xff") if self.marked else b""

    def unwrap(self, raw: bytes) -> bytes:
        """Decode."""
        if not raw.startswith(self._mark):
            raise ValueError("the byte order mark is missing")
        return raw[len(self._mark) :].decode(f"utf-16-{self.order}").encode("utf-8", "surrogatepass")

    def wrap(self, text: bytes) -> bytes:
        """Encode."""
        return self._mark + text.decode("utf-8", "surrogatepass").encode(f"utf-16-{self.order}")


@dataclass(frozen=True, slots=True)
class CrLf(Wrapper):
    """CR LF at the end of every line."""

    def unwrap(self, raw: bytes) -> bytes:
        """Make every line end LF."""
        if b"\r" in raw.replace(b"\r\n", b"") or raw.count(b"\n") != raw.count(b"\r\n"):
            raise ValueError("the line ends are mixed")
        return raw.replace(b"\r\n", b"\n")

    def wrap(self, text: bytes) -> bytes:
        """Make every line end CR LF."""
        if b"\r" in text:
            raise ValueError("there is a CR in the text")
        return text.replace(b"\n", b"\r\n")


@dataclass(frozen=True, slots=True)
class Prefixed(Wrapper):
    """The same prefix before every line that is not empty: an indentation, `> `, `# `.

    `blank` is what stands on lines that are empty.
    """

    prefix: bytes
    blank: bytes = b""

    def unwrap(self, raw: bytes) -> bytes:
        """Take the prefix away."""
        lines = raw.split(b"\n")
        if not all(line.startswith(self.prefix) or line in (self.blank, b"") for line in lines):
            raise ValueError("a line lacks the prefix")
        return b"\n".join(line[len(self.prefix) :] if line.startswith(self.prefix) else b"" for line in lines)

    def wrap(self, text: bytes) -> bytes:
        """Put the prefix before every line."""
        lines = text.split(b"\n")
        ended = lines[-1] == b""
        wrapped = [self.prefix + line if line else self.blank for line in (lines[:-1] if ended else lines)]
        return b"\n".join([*wrapped, b""] if ended else wrapped)


@dataclass(frozen=True, slots=True)
class DoubleQuoted(Wrapper):
    r"""A string of JSON, YAML, HCL or a shell: `\n` for line ends, `\"` and `\\`; the quotes stay outside.

    `slash` says that `/` is escaped, too, as PHP does.
    """

    slash: bool = False

    def unwrap(self, raw: bytes) -> bytes:
        """Fix the escapes."""
        return _ESCAPE.sub(_unescape, raw)

    def wrap(self, text: bytes) -> bytes:
        """Escape what must be."""
        wrapped = re.sub(rb'[\n\r\t\\"]', lambda found: _ESCAPED[found.group()], text)
        return wrapped.replace(b"/", b"\\/") if self.slash else wrapped


@dataclass(frozen=True, slots=True)
class SingleQuoted(Wrapper):
    """A string in single quotes, or one in double quotes that goes over lines: nothing in it is escaped."""

    quote: bytes

    def unwrap(self, raw: bytes) -> bytes:
        """Return the bytes as they are."""
        if self.quote in raw or b"\\" in raw:
            raise ValueError("there is an escape in the quotes")
        return raw

    def wrap(self, text: bytes) -> bytes:
        """Return the text as it is."""
        return self.unwrap(text)


@dataclass(frozen=True, slots=True)
class LiteralNewlines(Wrapper):
    r"""Line ends written as the two characters `\n`, without quotes around."""

    def unwrap(self, raw: bytes) -> bytes:
        r"""Put line ends where `\n` stands."""
        return raw.replace(b"\\n", b"\n")

    def wrap(self, text: bytes) -> bytes:
        r"""Write line ends as `\n`."""
        if b"\\" in text:
            raise ValueError("there is a backslash in the text")
        return text.replace(b"\n", b"\\n")


@dataclass(frozen=True, slots=True)
class Base64(Wrapper):
    """The base64 of the text, in lines of `width` characters, or in one where it is 0."""

    width: int = 0
    end: bytes = b"\n"

    def unwrap(self, raw: bytes) -> bytes:
        """Decode."""
        try:
            return binascii.a2b_base64(b"".join(raw.split()), strict_mode=True)
        except binascii.Error as error:
            raise ValueError("the base64 is damaged") from error

    def wrap(self, text: bytes) -> bytes:
        """Encode."""
        encoded = binascii.b2a_base64(text, newline=False)
        width = self.width or max(len(encoded), 1)
        return self.end.join(encoded[at : at + width] for at in range(0, len(encoded), width))


@dataclass(frozen=True, slots=True)
class Unended(Wrapper):
    """The text without the end of its last line, which stands outside of what is wrapped."""

    def unwrap(self, raw: bytes) -> bytes:
        """End the last line."""
        return raw if raw.endswith(b"\n") else raw + b"\n"

    def wrap(self, text: bytes) -> bytes:
        """Take the last line end away."""
        return text.removesuffix(b"\n")


def wrap_all(wrappers: tuple[Wrapper, ...], text: bytes) -> bytes:
    """Put wrappers on again, the innermost first.

    Raises: ValueError when one of them cannot hold the text, or would not give it back.
    """
    for wrapper in reversed(wrappers):
        wrapped = wrapper.wrap(text)
        if wrapper.unwrap(wrapped) != text:
            raise ValueError(f"{type(wrapper).__name__} does not give the text back")
        text = wrapped
    return text


def _unescape(found: re.Match[bytes]) -> bytes:
    return bytes((int(found[1], 16),)) if found[1] else _UNESCAPED[found[2]]
