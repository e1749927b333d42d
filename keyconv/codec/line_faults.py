"""Why a row of a file of lines holds no key, and how many rows below it are part of that: the one text for each cause.

Readers, `keyconv check` and `keyconv repair` ask here, so that all name the same rule at the same line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from keyconv.codec.key_line import BLANKS, begins_key, rule_among_lines
from keyconv.codec.line_join import Joined, Joiner
from keyconv.codec.line_kind import (
    MARKERS,
    Peek,
    count_private,
    count_ssh2,
    is_grant,
    is_host_row,
    is_key_row,
    is_words,
)
from keyconv.codec.line_options import are_options
from keyconv.errors import KeyconvError, MalformedError
from keyconv.keyfile import Entry
from keyconv.notes import Note

__all__ = [
    "EXPOSED",
    "EXPOSED_HINT",
    "HINTS",
    "READERS",
    "SSH2_BLOCK",
    "UNSPACED",
    "WRAPPED",
    "Fault",
    "LineFaults",
    "ReadLine",
    "is_private",
]

ReadLine = Callable[[bytes, int, list[Note]], Entry | None]

EXPOSED = "a private key stands among the lines, and everybody who reads the file has it"
EXPOSED_HINT = "remove it by hand, and make a new key in its place: it must be considered exposed"
SSH2_BLOCK = "there is an SSH2 block among the lines, which {reader} does not read"
JOINED = "two keys are on one line: {reader} takes the second for a comment"
JOINED_CLOSELY = "two keys are on one line, without white space between them, and {reader} ignores the line"
WRAPPED = "a key is wrapped over several lines"
UNSPACED = "there is white space before the key that {reader} does not know"

HINTS: dict[str, dict[str, str]] = {
    "known_hosts": {
        "bad-line": "Remove the line ('ssh-keygen -R HOST'), and get it again: 'ssh-keyscan HOST' prints it.",
        "line-too-long": "Spread the hosts over several lines.",
        "duplicate-key": "Keep one.",
        "joined-keys": "Put each on a line of its own, by hand.",
        "rfc4716-in-authorized-keys": "Remove it, and get the host's line: 'ssh-keyscan HOST' prints it.",
    },
}
"""What to do about a bad line, by the kind of its file and the rule, where it is not what the rule says itself."""

READERS = {"authorized_keys": "sshd", "known_hosts": "ssh", "allowed_signers": "ssh-keygen"}
"""The program that reads a kind of file."""

_KEY_BEGINS = re.compile(
    rb"(?=(?:ssh-(?:ed25519|ed448|rsa|dss)|ecdsa-sha2-nistp[0-9]{3}|sk-[\w-]+@openssh\.com|ssh-mldsa44-ed25519[@\w.]*)"
    rb"(?:-cert-v01@openssh\.com)?[ \t]+AAAA[A-Za-z0-9+/]{12,}={0,2})"
)
_ODD_BLANKS = re.compile(rb"(?:\xc2\xa0|\xe2\x80[\x87\xaf\x8b-\x8d]|\xe3\x80\x80|\xe2\x81\xa0|\xef\xbb\xbf|[ \t\f\v])+")
_MOST_KEYS = 64
_MOST_BETWEEN = 64


class Fault(NamedTuple):
    """Why a row holds no key: the error, with its line and the rule that it has among other lines; how many rows below
    it are part of that; and the line that the rows are, where they are one.
    """

    error: KeyconvError
    below: int = 0
    joined: Joined | None = None


def is_private(error: KeyconvError) -> bool:
    """Return whether a fault is a private key among lines."""
    return error.rule == "private-not-public"


class LineFaults:
    """Explains the bad rows of one file, of a kind of `authorized_keys`, `known_hosts` or `allowed_signers`."""

    def __init__(self, read: ReadLine, kind: str) -> None:
        self._reader = READERS[kind]
        self._read = read
        self._kind = kind
        self._words_until = 0
        self._joiner = Joiner(lambda text: read(text, 1, []), kind)

    @property
    def joined(self) -> str:
        """What is said of a line whose comment is another key."""
        return JOINED.format(reader=self._reader)

    def explain(self, row: bytes, number: int, peek: Peek, error: KeyconvError) -> Fault:
        """Return why a row that was refused with some error holds no key."""
        if count := count_private(row, peek):
            return Fault(self._error(EXPOSED, "private-not-public", number, EXPOSED_HINT), count - 1)
        if count := count_ssh2(row, peek):
            return Fault(self._error(SSH2_BLOCK, "rfc4716-in-authorized-keys", number), count - 1)
        if self.is_joined(row):
            return Fault(self._error(JOINED_CLOSELY, "joined-keys", number))
        if self.find_key(row):
            return Fault(self._error(UNSPACED, "indented", number))
        joined = self._joiner.join(row, peek) if number > self._words_until else None
        if joined is not None:
            return Fault(self._error(WRAPPED, "wrapped-key", number), joined.below, joined)
        count = self._count_block_below(row, peek)
        if count:
            return Fault(self._error(SSH2_BLOCK, "rfc4716-in-authorized-keys", number + 1), count)
        count = self._count_lonely(row, peek)
        if count:
            error.hint = "write what stands alone before the key that it is for, on the same line"
        if number <= self._words_until or is_words(row):  # what is below may be of them: it is not joined without them
            self._words_until = number + count + _count_empty(peek, count) + 1
        error.rule = rule_among_lines(error)
        return Fault(error, count)

    def is_joined(self, row: bytes) -> bool:
        """Return whether a row is two keys: `ssh-ed25519 AAAA...ssh-rsa AAAA...`, the second right after the first."""
        for index, found in enumerate(_KEY_BEGINS.finditer(row)):
            start = found.start()
            if index >= _MOST_KEYS:
                break
            if start and self._reads(row[:start].rstrip()) and begins_key(row[start:]):
                return True
        return False

    def find_key(self, row: bytes) -> int:
        """Return where a line begins after white space that no SSH program knows; 0 where there is none."""
        found = _ODD_BLANKS.match(row)
        odd = found is not None and bool(found.group().strip(b" \t")) and self._reads(row[found.end() :])
        return found.end() if found is not None and odd else 0

    def _count_block_below(self, row: bytes, peek: Peek) -> int:
        """Count the rows of an SSH2 block right below options that have no key."""
        below = peek(0)
        if self._kind != "authorized_keys" or below is None or not are_options(row.strip(BLANKS + b"\r")):
            return 0
        return count_ssh2(below, partial(_peek_after, peek, 1))

    def _count_lonely(self, row: bytes, peek: Peek) -> int:
        """Count the rows below options or a marker without a key, up to the key that must not be taken without them."""
        text = row.strip(BLANKS + b"\r")
        unclosed = text.count(b'"') % 2 == 1 and is_grant(text)
        if text not in MARKERS and (self._kind != "authorized_keys" or not (unclosed or are_options(text))):
            return 0
        for count in range(_MOST_BETWEEN):
            below = peek(count)
            if below is None:
                return 0
            rest = below.strip(BLANKS + b"\r")
            if is_key_row(rest) or is_host_row(rest):
                return count + 1
            if block := count_ssh2(below, partial(_peek_after, peek, count + 1)):
                return count + block
            if rest and not rest.startswith(b"#") and not is_words(rest) and not unclosed:
                return 0
        return 0

    def _error(self, message: str, rule: str, number: int, hint: str = "") -> MalformedError:
        said = message.format(reader=self._reader)
        return MalformedError(said, hint=hint, rule=rule).within_line(number)

    def _reads(self, text: bytes) -> bool:
        try:
            return self._read(text, 1, []) is not None
        except KeyconvError:
            return False


def _count_empty(peek: Peek, start: int) -> int:
    """Count the blank rows and the remarks after some others."""
    for count in range(_MOST_BETWEEN):
        row = peek(start + count)
        if row is None or not (row.strip() == b"" or row.lstrip(BLANKS).startswith(b"#")):
            return count
    return 0


def _peek_after(peek: Peek, rows: int, count: int) -> bytes | None:
    return peek(rows + count)
