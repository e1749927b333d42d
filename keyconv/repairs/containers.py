"""A key that is one value among others: of JSON or YAML in one line, or the base64 of it in a Kubernetes secret."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from itertools import islice

from keyconv.repairs.damage import count_private, decode_start, is_json, is_lines, is_text
from keyconv.repairs.wrappings import looks_like_key, unescaped

__all__ = ["undo_encoded_value", "undo_value"]

_STRING = re.compile(
    rb"""(?:(?<=[:=,(\[{])|(?<=[:=,(\[{][ ]))
        (?:"(?P<double>(?:[^"\\]|\\.)*+)"|'(?P<single>(?:[^'\\]|\\.)*+)')""",
    re.VERBOSE | re.DOTALL,
)
_ENCODED = re.compile(
    rb"""(?:[:=][ \t]{0,8}(?P<quote>["']?)|["'])(?P<row>[A-Za-z0-9+/]{40,}+={0,2})(?=["'\s,;}\]]|\Z)
        |:[ \t]{0,8}[|>][-+0-9]{0,2}[ \t]{0,8}\n(?P<rows>(?:[ \t]{1,40}[A-Za-z0-9+/]{1,120}={0,2}[ \t]{0,8}(?:\n|\Z))++)
    """,
    re.VERBOSE,
)
_CONTAINER = re.compile(rb"[{\[,]")
_NAMED = re.compile(rb"[:=]")
_MOST_VALUES = 64


def undo_value(data: bytes) -> Iterator[bytes]:
    """Return the only quoted value that has a key in it, and fix what the quotes escaped."""
    if is_json(data) or b"\n" in data.strip():  # other lines are other text
        return
    lines = is_lines(data)
    values = [
        found
        for found in islice(_STRING.finditer(data), _MOST_VALUES)
        if looks_like_key(found.group()) and not (lines and data[: found.start()].rstrip().endswith(b"="))
    ]
    if len(values) != 1:
        return
    (value,) = values
    outside = data[: value.start()] + data[value.end() :]
    if (lines and b"AAAA" in outside) or count_private(outside) or not _CONTAINER.search(outside):
        return
    inside = value["double"] if value["double"] is not None else value["single"]
    yield from unescaped(inside) if value["double"] is not None else (inside,)


def undo_encoded_value(data: bytes) -> Iterator[bytes]:
    """Return the only value that is the base64 of a key, of a private one if there are others: it is fixed next."""
    if looks_like_key(data) or _NAMED.search(data) is None:
        return
    values: list[tuple[bytes, bytes, re.Match[bytes]]] = []
    for found in islice(_ENCODED.finditer(data), _MOST_VALUES):
        text = found["row"] or b"".join(found["rows"].split())
        if is_text(decode_start(text)) and (decoded := _decode(text)) and looks_like_key(decoded):
            values.append((text, decoded, found))
    chosen = [value for value in values if count_private(value[1])] or values
    if len(chosen) != 1:
        return
    text, _, found = chosen[0]
    alone = len(_NAMED.findall(data[: found.start() + 1] + data[found.end() :])) < 2
    if not (alone and data[found.start("row") - 1 : found.start("row")] in (b'"', b"'")):  # quotes are for another
        yield text + b"\n"


def _decode(text: bytes) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        return b""
