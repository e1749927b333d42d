"""What a damage is, and what all of them look at: text and binary, frames, runs of base64."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

__all__ = [
    "BASE64",
    "DASHES",
    "LABELS",
    "SMART_DASHES",
    "TYPE",
    "Damage",
    "Frame",
    "as_bytes",
    "as_text",
    "count_private",
    "decode_start",
    "find_frames",
    "frame_words",
    "holds_private",
    "is_json",
    "is_lines",
    "is_ppk",
    "is_text",
    "wrap",
]

LABELS = (
    "OPENSSH PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "PRIVATE KEY",
    "RSA PUBLIC KEY",
    "PUBLIC KEY",
    "EC PARAMETERS",
)
"""The labels of frames with five dashes, longer ones before those that they end in."""

SMART_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\ufe58\ufe63\uff0d"
DASHES = "-" + SMART_DASHES

BASE64 = re.compile(rb"[A-Za-z0-9+/]++={0,2}\Z")
TYPE = rb"(?:ssh-|ecdsa-sha2-|(?:webauthn-)?sk-|rsa-sha2-)[A-Za-z0-9][A-Za-z0-9_.@-]{0,60}"
"""The type word of a public key's line."""

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,60})-----|---- BEGIN (SSH2 [A-Z ]{1,40}) ----")
_END = re.compile(rb"-----END ([A-Z0-9 ]{1,60})-----")
_WORDS = re.compile(rb"\b(?:BEGIN|END) [A-Z0-9 ]{0,40}?KEY\b")
_PRIVATE = re.compile(rb"BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY")
_COUNT = re.compile(rb"PRIVATE.{1,3}LINES", re.S)
_LINE = re.compile(TYPE + rb"[ \t]{1,8}AAAA")
_BLOB = re.compile(rb"(?:\A|(?<=[\s,\"'>=:])|(?<=\\n))AAAA")
_NAMED = re.compile(rb"\0\0\0.[a-z]{2,5}-", re.S)
_MOST_FRAMES = 8
_CONTROLS = bytes(byte for byte in range(0x20) if byte not in b"\t\n\f\r\x1b")
_HEAD = 1024


@dataclass(frozen=True, slots=True)
class Damage:
    """One kind of damage.

    `undo` yields the texts that the file may have been before, the likeliest first, and nothing where this damage is
    not there. It changes how a key is written down, never a number of it.

    `always`: the text is damaged even if it loads; `outermost`: so that nothing else is visible before it is fixed.
    `binary`: it happens to files that are not text, too. `guess`: what fixing it takes for granted, so that the result
    needs a proof: `key`, bytes of the key itself; `end`, that nothing is missing behind what is there (which most
    formats state, and the proof is needed for the others alone). `cuts`: it cuts off what stands around the key, so
    that the result is no longer all of the file; a function where only some texts have something to be cut off.
    `repeats`: what it cuts off may be the same key again.
    """

    rule: str
    undo: Callable[[bytes], Iterator[bytes]]
    always: bool = False
    outermost: bool = False
    binary: bool = False
    guess: Literal["", "key", "end"] = ""
    cuts: bool | Callable[[bytes], bool] = False
    repeats: bool = False

    def cuts_off(self, data: bytes) -> bool:
        """Return whether fixing this damage takes words away from this text."""
        return self.cuts(data) if callable(self.cuts) else self.cuts


class Frame(NamedTuple):
    """A frame in some text: where it, its body and its END line begin and end, and what its two lines call it."""

    start: int
    body: int
    body_end: int
    end: int
    label: bytes
    end_label: bytes

    @property
    def ssh2(self) -> bool:
        """Whether it has the four dashes of SSH2's frames."""
        return self.label.startswith(b"SSH2 ")

    @property
    def is_key(self) -> bool:
        """Whether its label is one of a key's."""
        return self.ssh2 or self.label.decode("ascii") in LABELS


def find_frames(data: bytes) -> list[Frame]:
    """Find whole frames, of which none lies in another; at most eight, in one pass."""
    frames: list[Frame] = []
    position = 0
    while len(frames) < _MOST_FRAMES and (begin := _BEGIN.search(data, position)):
        if begin[2] is not None:
            closing = b"---- END " + begin[2] + b" ----"
            at = data.find(closing, begin.end())
            after, label, end_label = at + len(closing), begin[2], begin[2]
        else:
            end = _END.search(data, begin.end())
            at, after = (end.start(), end.end()) if end else (-1, -1)
            label, end_label = begin[1], end[1] if end else b""
        if at < 0:
            break
        frames.append(Frame(begin.start(), begin.end(), at, after, label, end_label))
        position = after
    return frames


def frame_words(data: bytes) -> list[tuple[int, int]]:
    """Find the words of frames, in capitals or not, whatever became of their dashes: where each begins and ends."""
    capitals = data.upper()
    return [found.span() for found in _WORDS.finditer(capitals)] if b"KEY" in capitals else []


def holds_private(data: bytes) -> bool:
    """Return whether a text has in it what only private keys have, even if it is damaged."""
    capitals = data.upper()
    if b"PUTTY" in capitals or b"PRIVATE KEY" in capitals or b"b3BlbnNzaC1rZXkt" in data:
        return True
    return b"LINES" in capitals and _COUNT.search(capitals) is not None


def count_private(data: bytes) -> int:
    """Count what in a text looks like the beginning of a private key, even if it is damaged."""
    capitals = data.upper()
    return len(_PRIVATE.findall(capitals)) + capitals.count(b"PUTTY-USER-KEY-FILE-")


def is_text(data: bytes) -> bool:
    """Distinguish text from DER and other binary formats, which have a control character in nearly every ten bytes."""
    head = data[:_HEAD].rstrip(b"\0")
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls * 50 <= len(head)


def is_json(data: bytes) -> bool:
    """Return whether a text is meant to be JSON, to which lines are nothing."""
    return data.lstrip()[:1] == b"{" and b'"kty"' in data


def is_ppk(data: bytes) -> bool:
    """Return whether a text begins as a PPK does."""
    return data.startswith(b"PuTTY-User-Key-File-")


def is_lines(data: bytes) -> bool:
    """Return whether a text may be public keys, one a line, and nothing that has lines of its own kind."""
    if b"AAAA" not in data or holds_private(data) or is_json(data):
        return False
    if _LINE.search(data):
        return True
    blob = _BLOB.search(data)
    return blob is not None and _NAMED.match(decode_start(data[blob.end() - 4 :], 32)) is not None


def as_text(data: bytes) -> str:
    """Decode so that every byte survives the way back."""
    return data.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    """Fix `as_text`."""
    return text.encode("utf-8", "surrogateescape")


def wrap(text: bytes, width: int) -> list[bytes]:
    """Cut into lines of `width` characters."""
    return [text[start : start + width] for start in range(0, len(text), width)]


def decode_start(text: bytes, length: int = 96) -> bytes:
    """Decode the first characters of some base64 as far as that goes; nothing where it is no base64."""
    head = text[: min(length, len(text)) & ~3]
    try:
        return binascii.a2b_base64(head, strict_mode=True)
    except binascii.Error:
        return b""
