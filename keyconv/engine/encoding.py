"""Writing a key back in the encoding that its file has: DER, a JSON text with other members, a span of a document."""

from __future__ import annotations

import binascii
import json
import re

from keyconv.codec import public_blob
from keyconv.document.search import find
from keyconv.document.spans import Span
from keyconv.document.wrappers import wrap_all
from keyconv.errors import OutputError
from keyconv.formats.base import Format
from keyconv.keyfile import KeyFile
from keyconv.text import pem

__all__ = ["encode_like", "line_end_of", "place", "put_back"]


_QUOTE = re.compile(rb'(?<!\\)"')
_TAKE_CRLF = ("ppk", "ppk2", "pem", "pkcs8", "spki", "pkcs1-pub", "rfc4716", "openssh-pub")
"""Formats whose readers take CR LF line ends."""


def line_end_of(data: bytes, target: Format, *, kept: tuple[str, ...] = _TAKE_CRLF) -> bytes:
    """Return the line end to write: CR LF where the file has it and all readers of the format take it."""
    return b"\r\n" if target.name in kept and b"\r\n" in data else b"\n"


def place(data: bytes, keyfile: KeyFile, written: bytes, index: int = 0) -> bytes:
    """Return a file with one of its keys rewritten, in the encoding that it had, and all else as it was.

    `index` counts the keys of the file from 0; `written` is the key in the format that it has there.

    Raises: OutputError when the key cannot be written back into it.
    """
    if keyfile.format == "openssh-pub":
        return _with_comment(data, keyfile, written, index)
    if not keyfile.spans:
        encoded = encode_like(data, written, keyfile) if len(keyfile.entries) == 1 else None
        if encoded is None:
            raise OutputError(
                "not changed: its encoding cannot be kept", hint="keyconv convert FILE -o NEW writes another file"
            )
        return encoded
    if len(find(data).keys) > len(keyfile.entries):
        raise OutputError(
            "not changed: the file has the same key more than once, and only one of them would change",
            hint="keyconv convert FILE -o NEW writes it once",
        )
    try:
        return put_back(data, keyfile.spans[index], written)
    except ValueError:
        raise OutputError("not changed: the key cannot be written back as it is wrapped in the file") from None


def _with_comment(data: bytes, keyfile: KeyFile, written: bytes, index: int) -> bytes:
    """Put the comment of a public key's line, as it was written, behind the base64 in the line of the file."""
    entry = keyfile.entries[index]
    assert entry.public is not None  # each line of this format has one
    blob = entry.certificate.blob if entry.certificate else public_blob.write(entry.public)
    token = binascii.b2a_base64(blob, newline=False)
    rows = data.split(b"\n")
    number = (entry.line or 1) - 1
    end = _end_of(token, rows[number]) if number < len(rows) else -1
    if end < 0:  # the key is spelled in a way that no program writes
        if len(keyfile.entries) == 1 and keyfile.kind != "authorized_keys":
            return written
        raise OutputError(
            "not changed: the base64 of the key is not in the usual form", hint="keyconv repair FILE -o NEW"
        )
    row = rows[number]
    comment = written.rstrip(b"\r\n")[_end_of(token, written) :]
    rows[number] = row[:end] + comment + (b"\r" if row.endswith(b"\r") else b"")
    return b"\n".join(rows)


def _end_of(token: bytes, row: bytes) -> int:
    """Return where the base64 of a line's key ends; -1 if it is not there. Options may have the same in quotes."""
    at = row.find(token)
    while at >= 0 and len(_QUOTE.findall(row, 0, at)) % 2:
        at = row.find(token, at + 1)
    return at + len(token) if at >= 0 else -1


def encode_like(data: bytes, written: bytes, keyfile: KeyFile) -> bytes | None:
    """Return what was written in the encoding of the file that `keyfile` was read from; None where that fails.

    A key in DER stays DER, and a JWK keeps all its other members, a JWK Set its other keys.
    """
    if keyfile.format in ("jwk", "jwk-pub"):
        return _with_members(data, written)
    if any(note.code == "der" for note in keyfile.notes):
        frame = pem.read(written, [], headers=True)
        return None if frame.headers else frame.data
    return written


def put_back(data: bytes, span: Span, text: bytes) -> bytes:
    """Return a document in which a span has another text, wrapped as it was; all other bytes stay.

    Raises: ValueError when a wrapper cannot hold the text.
    """
    return data[: span.start] + wrap_all(span.wrappers, text) + data[span.end :]


def _with_members(data: bytes, written: bytes) -> bytes | None:
    """Put the new values of a JWK's members in the place of the old ones, and change nothing else."""
    old, new = _keys_of(json.loads(data)), _keys_of(json.loads(written))
    if len(old) != len(new):
        return None
    for before, after in zip(old, new, strict=True):
        for name, value in after.items():
            if before.get(name) == value:
                continue
            found = _member(name, before.get(name))
            if found is None or len(found.findall(data)) != 1:
                return None
            data = found.sub(lambda each, value=value: each[1] + json.dumps(value).encode(), data)  # type: ignore[misc]
    return data


def _keys_of(value: object) -> list[dict[str, object]]:
    keys = value.get("keys", [value]) if isinstance(value, dict) else []
    return [key for key in keys if isinstance(key, dict)]


def _member(name: str, value: object) -> re.Pattern[bytes] | None:
    if not isinstance(value, str):
        return None
    return re.compile(rb'("%s"\s*:\s*)"%s"' % (re.escape(name.encode()), re.escape(value.encode())))
