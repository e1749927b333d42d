"""SSHFP records out of a zone's master file, or as `ssh-keygen -r`, `ssh-keyscan -D` and `dig` print them.

Source: RFC 4255 section 3, RFC 6594, RFC 7479, RFC 8709 section 8 for the record; RFC 1035 section 5.1 for the file
(owners left out, TTL and class in either order, parentheses, remarks); RFC 3597 section 5 for `TYPE44 \\# 22 0102...`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha1, sha256
from itertools import islice
from typing import Any

from keyconv import limits
from keyconv.codec import public_blob
from keyconv.codec.sshfp import ALGORITHMS
from keyconv.errors import KeyconvError, LimitError, MalformedError, NotAKeyError
from keyconv.keys import Certificate, PublicKey
from keyconv.statements.model import Statement

__all__ = ["HASHES", "Record", "Records", "read", "sniff"]

HASHES = {1: ("SHA1", 20), 2: ("SHA256", 32)}
"""The numbers of hashes to their names and lengths in bytes."""

_FAMILIES = {number: family for family, number in ALGORITHMS.items()}
_TOKEN = re.compile(rb'[ \t\r]+|;[^\n]*|\n|[()]|"(?:\\.|[^"\\\n])*"?|(?:\\.|[^ \t\r\n;()"\\])+|\\', re.S)
_TTL = re.compile(rb"(?:[0-9]+[smhdw]?)+\Z", re.I)
_CLASSES = {b"IN", b"CH", b"HS", b"CLASS1", b"CLASS3", b"CLASS4"}
_TYPES = {b"SSHFP", b"TYPE44"}
_HEX = re.compile(rb"[0-9A-Fa-f]*\Z")
_NUMBER = re.compile(rb"[0-9]{1,3}\Z")
_DIRECTIVES = (b"$ORIGIN", b"$TTL", b"$INCLUDE", b"$GENERATE")
_HEAD_ROWS = 64


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the owner as it stands (empty where the first record leaves it out), its numbers, its line."""

    owner: bytes
    algorithm: int
    hash: int
    digest: bytes
    line: int

    def is_of(self, public: PublicKey) -> bool:
        """Return whether the record is of a key."""
        if ALGORITHMS.get(public.family) != self.algorithm or self.hash not in HASHES:
            return False
        blob = public_blob.write(public)
        made = sha256(blob) if self.hash == 2 else sha1(blob, usedforsecurity=False)
        return made.digest() == self.digest

    @property
    def fault(self) -> str:
        """Say why ssh never finds a key by the record; an empty string where it may."""
        if self.algorithm not in _FAMILIES:
            return f"there is no key algorithm of number {self.algorithm}"
        if self.hash not in HASHES:
            return f"there is no hash of number {self.hash}"
        name, length = HASHES[self.hash]
        if len(self.digest) != length:
            return f"a {name} hash has {length} bytes, and this one {len(self.digest)}"
        return ""


@dataclass(frozen=True)
class Records(Statement):
    """The SSHFP records of a file, in their order; other records are skipped, `refused` are those without sense."""

    records: tuple[Record, ...]
    refused: tuple[KeyconvError, ...] = ()

    name = "sshfp"

    @property
    def faults(self) -> tuple[KeyconvError, ...]:
        """Why records say nothing."""
        return self.refused

    @property
    def verb(self) -> str:
        """What `keyconv match` says of a key with a record."""
        return "a record belongs to the key"

    @property
    def denial(self) -> str:
        """What `keyconv match` says of any other."""
        return "no record belongs to the key"

    def applies_to(self, public: PublicKey, certificate: Certificate | None) -> str:
        """Name the owner and the hashes of a key's records; an empty string where there is none."""
        found = [record for record in self.records if record.is_of(public)]
        named = dict.fromkeys(HASHES[record.hash][0] for record in found)
        owners = dict.fromkeys(record.owner.decode("latin-1") or "@" for record in found)
        return f"{', '.join(owners)} by {' and '.join(named)}" if found else ""

    def describe(self) -> dict[str, Any]:
        """Return the records."""
        return {
            "records": [
                {
                    "line": record.line,
                    "owner": record.owner.decode("latin-1"),
                    "algorithm": _FAMILIES.get(record.algorithm, str(record.algorithm)),
                    "hash": HASHES[record.hash][0] if record.hash in HASHES else str(record.hash),
                    "digest": record.digest.hex(),
                    "fault": record.fault or None,
                }
                for record in self.records
            ]
        }


def sniff(data: bytes) -> bool:
    """Return whether a file is one of DNS records with an SSHFP record among the first of them."""
    for row in islice(_rows(data), _HEAD_ROWS):
        fields = _split(row)
        if fields is None:
            return False
        if fields.type in _TYPES:
            return fields.rest[:1] == [b"\\#"] or (bool(fields.rest) and fields.rest[0].isdigit())
    return False


def read(data: bytes) -> Records:
    """Read the SSHFP records of a file; one without sense is among the faults.

    Raises: NotAKeyError where there is none; LimitError.
    """
    records: list[Record] = []
    refused: list[KeyconvError] = []
    owner = b""
    for row in _rows(data):
        fields = _split(row)
        if fields is None:
            continue
        owner = fields.owner or owner
        if fields.type not in _TYPES:
            continue
        if len(records) + len(refused) >= limits.MAX_DNS_RECORDS:
            raise LimitError(f"more than {limits.MAX_DNS_RECORDS} records")
        try:
            records.append(_read_record(owner, fields.rest, row.line))
        except KeyconvError as error:
            refused.append(error.within_line(row.line).of_format("sshfp"))
    if refused and not records:
        raise refused[0]
    if not records:
        raise NotAKeyError("there is no SSHFP record")
    return Records(tuple(records), tuple(refused))


@dataclass(frozen=True, slots=True)
class _Row:
    """The words of one record, over several lines perhaps; `begins_blank` says that its owner is left out."""

    words: list[bytes]
    line: int
    begins_blank: bool


@dataclass(frozen=True, slots=True)
class _Fields:
    owner: bytes
    type: bytes
    rest: list[bytes]


def _rows(data: bytes) -> Iterator[_Row]:
    words: list[bytes] = []
    line = start = 1
    depth = 0
    blank = False
    for found in _TOKEN.finditer(data):
        token = found.group()
        if token == b"\n":
            line += 1
            if depth:
                continue
            if words:
                yield _Row(words, start, blank)
            words, blank = [], False
        elif token == b"(":
            depth += 1
        elif token == b")":
            depth = max(0, depth - 1)
        elif token[:1] in b" \t\r":
            blank = blank or (not words and not depth)
        elif not token.startswith(b";"):
            if not words:
                start = line
            words.append(token)
            line += token.count(b"\n")
    if words:
        yield _Row(words, start, blank)


def _split(row: _Row) -> _Fields | None:
    """Find owner and type of a record; None for what is neither a record nor a directive."""
    words = row.words
    if words[0].upper() in _DIRECTIVES:
        return _Fields(b"", b"", words)
    owner, position = (b"", 0) if row.begins_blank else (words[0], 1)
    classed = False
    for _ in range(2):  # TTL and class, in either order
        if position < len(words) and (words[position].upper() in _CLASSES or _TTL.match(words[position])):
            classed = classed or words[position].upper() in _CLASSES
            position += 1
    if position >= len(words):
        return None
    kind = words[position].upper()
    if kind not in _TYPES and not classed:
        return None
    return _Fields(owner, kind, words[position + 1 :])


def _read_record(owner: bytes, words: list[bytes], line: int) -> Record:
    if words[:1] == [b"\\#"]:
        return _read_unknown(owner, words[1:], line)
    if len(words) < 3:
        raise MalformedError("an SSHFP record has two numbers and a hash")
    algorithm, kind = words[0], words[1]
    if not (_NUMBER.match(algorithm) and _NUMBER.match(kind) and int(algorithm) < 256 and int(kind) < 256):
        raise MalformedError("the algorithm and the hash of an SSHFP record are not numbers below 256")
    return Record(owner, int(algorithm), int(kind), _hex(words[2:]), line)


def _read_unknown(owner: bytes, words: list[bytes], line: int) -> Record:
    if not words or not words[0].isdigit() or len(words[0]) > 5:
        raise MalformedError("there is no length after \\#")
    data = _hex(words[1:])
    if len(data) != int(words[0]):
        raise MalformedError(f"the record says that it has {int(words[0])} bytes, and has {len(data)}")
    if len(data) < 2:
        raise MalformedError("an SSHFP record has two numbers and a hash")
    return Record(owner, data[0], data[1], data[2:], line)


def _hex(words: list[bytes]) -> bytes:
    text = b"".join(words)
    if not _HEX.match(text) or len(text) % 2:
        raise MalformedError("the hash is not in hexadecimal, of two digits a byte")
    return bytes.fromhex(text.decode("ascii"))
