"""Damage to the text of a PPK file: line counts, joined lines, its first line. Its MAC tells what is right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from keyconv.limits import KIB
from keyconv.repairs.damage import is_ppk, wrap
from keyconv.repairs.frames import blob_type
from keyconv.repairs.joined import cut_rows

__all__ = [
    "undo_joined_ppk",
    "undo_line_counts",
    "undo_long_rows",
    "undo_missing_first_line",
    "undo_ppk_spaces_for_plus",
    "undo_upper_case_mac",
    "undo_wrong_version",
]

_WIDTH = 64
_LONGEST = 128 * KIB  # with the longest comment
_FIRST = re.compile(rb"PuTTY-User-Key-File-([0-9]): ?(" + rb"[!-~]{1,64}?)(?=\s|Encryption:|\Z)")
_KDF = (b"Key-Derivation", b"Argon2-Memory", b"Argon2-Passes", b"Argon2-Parallelism", b"Argon2-Salt")
_MAC_LINE = re.compile(rb"^(Private-(?:MAC|Hash): )([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$", re.M)
_MAC_END = re.compile(rb"(Private-(?:MAC|Hash): )([0-9A-Fa-f]{64}|[0-9A-Fa-f]{40})(?=\s|\Z)")
_LONG_ROW = re.compile(rb"^[A-Za-z0-9+/]{%d}" % (_WIDTH + 1), re.M)
_DIGITS = re.compile(rb"[0-9]{1,6}")
_HEX = re.compile(rb"[0-9A-Fa-f]{1,128}+\Z")
_ROW = re.compile(rb"[A-Za-z0-9+/ ]++={0,2}\Z")
_MAC_DIGITS = {b"1": 40, b"2": 40, b"3": 64}


@dataclass(frozen=True, slots=True)
class _Parts:
    """What stands between the headers' names, untrimmed; the names are found, whatever lines they are on."""

    version: bytes
    algorithm: bytes
    encryption: bytes
    comment: bytes
    public: bytes
    kdf: tuple[bytes, ...]
    private: bytes
    mac_name: bytes
    mac: bytes


class _Body(NamedTuple):
    """The rows of one half, and how many the file says there are."""

    stated: int
    rows: list[bytes]


def undo_line_counts(data: bytes) -> Iterator[bytes]:
    """Count the lines of both halves again and give them their 64 characters, where each header has its own line."""
    if is_ppk(data) and re.search(rb"\nPrivate-Lines: ", data):
        for rebuilt in _rebuilt(data, recount=True):
            yield rebuilt if data.endswith(b"\n") else rebuilt.removesuffix(b"\n")


def undo_long_rows(data: bytes) -> Iterator[bytes]:
    """Do so where a row is longer than PuTTY takes it, which may load elsewhere if it is the last of its half."""
    if is_ppk(data) and _LONG_ROW.search(data):
        yield from undo_line_counts(data)


def undo_joined_ppk(data: bytes) -> Iterator[bytes]:
    """Return every header of a PPK that is one long line a line of its own again."""
    if is_ppk(data) and not re.search(rb"\n(?:Encryption|Private-Lines): ", data):
        yield from _rebuilt(data, recount=False)


def undo_missing_first_line(data: bytes) -> Iterator[bytes]:
    """Write the first line again: the public half names the type, and the length of the MAC tells the version."""
    first = re.search(rb"^Encryption: ", data, re.M)
    if first is None or b"PuTTY" in data[: first.start()]:
        return
    public = re.search(rb"Public-Lines: ?[0-9]{1,4}?\s?(AAAA[A-Za-z0-9+/\n ]{16,200})", data)
    mac = _MAC_END.search(data)
    algorithm = blob_type(b"".join(public[1].split())) if public else b""
    comment = re.search(rb"\s?Comment: ", data)
    if mac and algorithm and comment:
        version = 3 if len(mac[2]) == 64 else 1 if mac[1].startswith(b"Private-Hash") else 2
        end = comment.group()[:1] if comment.group()[:1].isspace() else b""
        line = b"PuTTY-User-Key-File-%d: %s" % (version, algorithm)
        yield data[: first.start()] + line + end + data[first.start() :]


def undo_wrong_version(data: bytes) -> Iterator[bytes]:
    """Put the version on the first line that the MAC is of."""
    mac = _MAC_LINE.search(data)
    first = _FIRST.match(data)
    if mac is None or first is None or _MAC_DIGITS.get(first[1]) in (None, len(mac[2])):
        return
    for version in (b"3",) if len(mac[2]) == 64 else (b"2", b"1"):
        yield data[: first.start(1)] + version + data[first.end(1) :]


def undo_upper_case_mac(data: bytes) -> Iterator[bytes]:
    """Write the MAC in lower case, as PuTTY needs it."""
    mac = _MAC_LINE.search(data)
    if is_ppk(data) and mac and mac[2] != mac[2].lower():
        yield data[: mac.start(2)] + mac[2].lower() + data[mac.end(2) :]


def undo_ppk_spaces_for_plus(data: bytes) -> Iterator[bytes]:
    """Put `+` where URL decoding left a space in the base64 of either half."""
    if not is_ppk(data):
        return
    rows = data.split(b"\n")
    changed = [row.replace(b" ", b"+") if b": " not in row and _ROW.match(row) else row for row in rows]
    if changed != rows:
        yield b"\n".join(changed)


def _rebuilt(data: bytes, *, recount: bool) -> Iterator[bytes]:
    parts = _take_apart(data)
    if parts is None:
        return
    for comment in _comments_of(parts):
        for private in _bodies_of(parts.private, recount=recount):
            for public in _bodies_of(parts.public, recount=recount):
                rebuilt = _put_together(replace(parts, comment=comment), public, private)
                if rebuilt != data:
                    yield rebuilt


def _take_apart(data: bytes) -> _Parts | None:
    """Find the headers by their names: from the end, where a comment could hold one."""
    if len(data) > _LONGEST:
        return None
    first = _FIRST.match(data)
    private = data.rfind(b"Private-Lines:")
    public = data.rfind(b"Public-Lines:", 0, max(private, 0))
    encryption, comment = data.find(b"Encryption:"), data.find(b"Comment:")
    mac = max(data.rfind(b"Private-MAC:"), data.rfind(b"Private-Hash:"))
    if first is None or not 0 < encryption < comment < public < private < mac:
        return None
    mac_name, _, mac_value = data[mac:].partition(b":")
    mac_value = b"".join(mac_value.split())  # a MAC may be wrapped as well
    if not _HEX.match(mac_value):
        return None
    between = data[public + len(b"Public-Lines:") : private]
    kdf: list[bytes] = []
    for name in reversed(_KDF):
        at = between.rfind(name + b":")
        if at >= 0:
            kdf.insert(0, name + b": " + between[at + len(name) + 1 :].strip())
            between = between[:at]
    return _Parts(
        version=first[1],
        algorithm=first[2],
        encryption=data[encryption + len(b"Encryption:") : comment].strip(),
        comment=data[comment + len(b"Comment:") : public],
        public=between,
        kdf=tuple(kdf),
        private=data[private + len(b"Private-Lines:") : mac],
        mac_name=mac_name,
        mac=mac_value,
    )


def _comments_of(parts: _Parts) -> Iterator[bytes]:
    # One character is between the comment and the next header, if line ends became spaces, and none if they are gone.
    value = parts.comment.removeprefix(b" ")
    ended = value[:-1] if value[-1:] in (b" ", b"\n", b"\t") else value
    yield ended
    if value.strip(b"\n") != ended:
        yield value.strip(b"\n")
    if b"\n" in value.strip(b"\n"):  # wrapped, with the space at which it was, or within a word
        yield value.strip(b"\n").replace(b"\n", b" ")
        yield value.replace(b"\n", b"")


def _bodies_of(text: bytes, *, recount: bool) -> Iterator[_Body]:
    """Return the count that stands before a body from the body's own digits, then cut the body into rows.

    The count is of so many rows as follow it; where that is wrong too, a body that is not encrypted begins with zeros.
    """
    text = text.lstrip()
    digits = _DIGITS.match(text)
    if digits is None:
        return
    if text[digits.end() : digits.end() + 1].isspace():
        likely = [_Body(int(digits.group()), rows) for rows in _rows_of(text[digits.end() :])]
    else:
        splits = [(text[:at], text[at:]) for at in range(1, digits.end() + 1)]
        cut = [_Body(int(count), rows) for count, body in splits for rows in _rows_of(body)]
        likely = [each for each in cut if each.stated == len(each.rows)]
        likely = likely or [each for each in cut if each.rows and each.rows[0].startswith(b"AAA")] or cut
    yield from (_Body(len(each.rows), each.rows) if recount else each for each in likely)


def _rows_of(body: bytes) -> Iterator[list[bytes]]:
    if b"\n" not in body.strip():
        yield from cut_rows(body.replace(b"\n", b" "), (_WIDTH,))
        return
    rows = body.strip(b"\n").split(b"\n")
    yield rows if {len(row) for row in rows[:-1]} <= {_WIDTH} else wrap(b"".join(body.split()), _WIDTH)


def _put_together(parts: _Parts, public: _Body, private: _Body) -> bytes:
    lines = [
        b"PuTTY-User-Key-File-%s: %s" % (parts.version, parts.algorithm),
        b"Encryption: " + parts.encryption,
        b"Comment: " + parts.comment,
        b"Public-Lines: %d" % public.stated,
        *public.rows,
        *parts.kdf,
        b"Private-Lines: %d" % private.stated,
        *private.rows,
        parts.mac_name + b": " + parts.mac,
    ]
    return b"\n".join(lines) + b"\n"
