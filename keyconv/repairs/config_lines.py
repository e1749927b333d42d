"""Whole public keys as values in other text: lines of a configuration, items of a list, strings of JSON or YAML.

A key is taken with the options before it and the comment after it. Where the words before it could be a marker, hosts
or options that are misspelt, none is taken: without them the key could do more than it should.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from keyconv.codec.key_line import BLANKS
from keyconv.codec.line_kind import MARKERS, has_flags, is_words, kind_of
from keyconv.codec.line_options import nearest
from keyconv.repairs.damage import TYPE, holds_private, is_json, is_lines
from keyconv.repairs.messages import MESSAGES
from keyconv.repairs.public_lines import begin_of_options, is_line

__all__ = ["describe_keys", "describe_left_out", "has_json_keys", "undo_config_lines"]

_KEY = re.compile(TYPE + rb"[ \t]{1,8}AAAA[A-Za-z0-9+/]{12,}={0,2}(?![A-Za-z0-9+/=])")
_TYPE = re.compile(rb"(?<![\w-])" + TYPE + rb"[ \t]*\r?\Z")
_BLOB = re.compile(rb"AAAA[A-Za-z0-9+/]{28,}")
_VALUE = re.compile(rb"([A-Za-z-]{2,32})[ \t]?=[ \t]?[\"']")
_NO_NAME = re.compile(rb"[^A-Za-z0-9-]+")
_ENDS = {b'"': b'"', b"'": b"'", b"`": b"`", b">": b"<"}
_SEPARATORS = (b"", b" ", b"\t", b":", b"=", b"{", b"[", b"(", b",")
_BULLETS = (b"-", b"+", "\u2022".encode())
_LONGEST_BEFORE = 1_000
_ODD = re.compile(rb"[\"'`<>\\]")
_YAML = re.compile(rb"(?m)^[ \t]*(?:- |[A-Za-z_][\w.-]{0,60}:(?:[ \t]|$)|---[ \t]*$)")
_SECTION = re.compile(rb"[ \t]*\[[\w. \"/-]{1,256}\][ \t]*\r?\Z")
_ASSIGNMENT = re.compile(rb"[ \t]*[\w.-]{1,64}[ \t]*[=:]")
_MOST_KEYS = 256
_MOST_WORDS = 16
_MOST_SHOWN = 16


class _Key(NamedTuple):
    """A key in a text: the line (from 1) that it is on, what stands before it there, and its own line."""

    number: int
    before: bytes
    text: bytes


def has_json_keys(data: bytes) -> bool:
    """Return whether a text is JSON with several keys, each a string of its own."""
    if not data.lstrip().startswith((b"[", b"{")) or b"\\n" in data:
        return False
    return sum(1 for _ in islice(_KEY.finditer(data), 2)) == 2


def undo_config_lines(data: bytes) -> Iterator[bytes]:
    """Return the lines of the keys alone, where each is a value that nothing but other text stands around."""
    if not is_lines(data) or is_json(data) or holds_private(data) or kind_of(data):
        return
    rows = data.split(b"\n")
    keys = _find_keys(rows)
    numbers = {key.number for key in keys}
    blobs = sum(len(_BLOB.findall(rows[number - 1])) for number in numbers)
    # `[user]` could be the host of a wrapped line, but not where each key is the value of a name.
    sections = all(_ASSIGNMENT.match(key.before) for key in keys)
    others = [
        row for number, row in enumerate(rows, 1) if number not in numbers and not (sections and _SECTION.match(row))
    ]
    if keys and len(keys) == blobs and not any(map(_may_be_of_key, others)) and all(map(_is_value, keys)):
        yield b"".join(key.text + b"\n" for key in keys)


def describe_keys(data: bytes) -> str:
    """Say where the whole public keys of a text are, and what it is if it has several; nothing for a text without."""
    numbers = [key.number for key in _find_keys(data.split(b"\n"))]
    lines = [str(number) for number in dict.fromkeys(numbers)]
    where = ("on line " if len(lines) == 1 else "on lines ") + ", ".join(lines[:_MOST_SHOWN])
    if len(numbers) < 2:
        return f"{MESSAGES['surrounding-text']}, which is {where}" if numbers else ""
    what = "JSON" if data.lstrip()[:1] in (b"[", b"{") else "YAML" if _YAML.search(data) else "a text"
    more = ", ..." if len(lines) > _MOST_SHOWN else ""
    return f"{MESSAGES['surrounding-text']}: the file is {what} with {len(numbers)} public keys, {where}{more}"


def describe_left_out(data: bytes) -> str:
    """Say what is not of the keys in a text: lines, and words on the keys' own lines."""
    rows = data.split(b"\n")
    keys = _find_keys(rows)
    with_key = {key.number for key in keys}
    others = sum(1 for number, row in enumerate(rows, 1) if row.strip() and number not in with_key)
    whole = {key.number for key in keys if rows[key.number - 1].strip() == key.text}
    parts = [f"{others} lines of other text" if others > 1 else "1 line of other text"] if others else []
    if words := sorted(with_key - whole):
        on = ", ".join(map(str, words[:_MOST_SHOWN])) + (", ..." if len(words) > _MOST_SHOWN else "")
        parts.append(f"words on line {on}" if len(words) == 1 else f"words on lines {on}")
    return " and ".join(parts) if keys else ""


def _find_keys(rows: list[bytes]) -> list[_Key]:
    keys: list[_Key] = []
    for number, row in enumerate(rows, 1):
        end = 0
        for found in islice(_KEY.finditer(row), _MOST_KEYS - len(keys)):
            start = begin_of_options(row, end, found.start())
            quote = row[start - 1 : start] if start else b""
            text = row[start : found.end()] + _comment(row[found.end() :].rstrip(b"\r"), _ENDS.get(quote, b""))
            if is_line(text):
                keys.append(_Key(number, row[end:start], text))
                end = found.end()
    return keys


def _comment(after: bytes, end: bytes) -> bytes:
    """Return the comment behind a key with the blank before it, up to the end of its value."""
    if after[:1] not in (b" ", b"\t"):
        return b""
    text = after.partition(end)[0] if end else after.rstrip(BLANKS).rstrip(b";,")
    odd = _ODD.search(text)
    text = (text[: odd.start()] if odd else text).strip(BLANKS)
    return b" " + text if text else b""


def _may_be_of_key(row: bytes) -> bool:
    """Return whether a row without a whole key may have lost one, or be part of one."""
    return b"AAAA" in row or _TYPE.search(row) is not None or is_words(row)


def _is_value(key: _Key) -> bool:
    """Return whether what stands before a key is other text, and no part of its line."""
    before = key.before.rstrip(BLANKS)
    if len(before) > _LONGEST_BEFORE:
        return False
    if any(marker in before for marker in MARKERS) or has_flags(before):
        return False
    if any(nearest(found[1].decode("latin-1")) for found in _VALUE.finditer(before)):
        return False
    if key.before[-1:] in _ENDS:
        return True
    if key.before[-1:] not in _SEPARATORS:  # `-ssh-rsa`, which a diff takes out
        return False
    words = before.split()
    if len(words) == 1 and words[0] not in _BULLETS and not words[0].endswith((b":", b"=")):
        return False  # the hosts of a line of known_hosts, perhaps
    names = [name for name in _NO_NAME.split(before) if name][:_MOST_WORDS]
    return not any(nearest(name.decode("latin-1")) for name in names)
