"""From bytes to a `KeyFile`: recognise the format by its content, then read it."""

from __future__ import annotations

import re

from keyconv import limits
from keyconv.errors import InputError, NotAKeyError
from keyconv.formats import FORMATS, by_name
from keyconv.formats.base import Format
from keyconv.keyfile import KeyFile

__all__ = ["detect", "read"]

_FRAME = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,60})-----")


def read(data: bytes, format: str | None = None) -> KeyFile:
    """Read a key file; unencrypted private halves are proved, encrypted ones are `Locked`.

    `format` forces one, by its name on the command line; without it the content decides.

    Raises: NotAKeyError when it is of no known format, or the error of the one reader that it is for.
    """
    if len(data) > limits.MAX_KEY_FILE:
        raise InputError(f"larger than {limits.size(limits.MAX_KEY_FILE)}, which no key file is")
    found = by_name(format) if format else detect(data)
    return found.read(data)


def detect(data: bytes) -> Format:
    """Tell which format some content is of, asking every format; never more than one says yes.

    Raises: NotAKeyError, naming what the content is instead where that can be told.
    """
    matching = [known for known in FORMATS if known.sniff(data)]
    if len(matching) == 1:
        return matching[0]
    message, hint = _describe(data)
    raise NotAKeyError(message, hint=hint)


def _describe(data: bytes) -> tuple[str, str]:
    if not data.strip():
        return "the file is empty", ""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "the file is UTF-16 text, which no SSH program reads", "save it as UTF-8 or ASCII"
    if data.startswith(b"\xef\xbb\xbf"):
        return "the file begins with a byte order mark, which no SSH program reads", "save it as UTF-8 without a BOM"
    if data[:1].isspace() and _is_known(data.lstrip()):
        return "there is white space before the key", "remove it: most SSH programs refuse such a file"
    frame = _FRAME.search(data)
    if frame and frame.start() == 0:
        return f"a PEM file labelled {frame.group(1).decode()}, which keyconv does not read", ""
    if data.startswith(b"PuTTY-User-Key-File-"):
        return "a PPK file of a version that keyconv does not read", ""
    if frame or b"PuTTY-User-Key-File-" in data:
        return "there is text before the key", "keep only the key: from its first line to its last"
    return "of no format that keyconv knows", ""


def _is_known(data: bytes) -> bool:
    return any(known.sniff(data) for known in FORMATS)
