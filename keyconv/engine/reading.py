"""From bytes to a `KeyFile`: recognise the format by its content, then read it."""

from __future__ import annotations

from keyconv import limits
from keyconv.errors import InputError, NotAKeyError
from keyconv.formats import FORMATS, by_name
from keyconv.formats.base import Format
from keyconv.keyfile import KeyFile

__all__ = ["detect", "read"]


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
    from keyconv.repair.foreign import describe  # only for what is no key: it knows much, and most runs need none of it

    message, hint = describe(data)
    raise NotAKeyError(message, hint=hint)
