"""From bytes to a `KeyFile`: recognise the format by its content, then read it; alone, or out of a document."""

from __future__ import annotations

from keyconv import limits
from keyconv.codec.line_kind import format_of_kind, kind_among_blocks
from keyconv.errors import InputError, KeyconvError, LimitError, NotAKeyError, UsageError
from keyconv.formats import by_name, claiming
from keyconv.formats.base import Format
from keyconv.keyfile import KeyFile

__all__ = ["detect", "detect_stream", "read", "read_whole"]


def read(data: bytes, format: str | None = None) -> KeyFile:
    """Read a key file, or the keys of a document; unencrypted private keys are verified, encrypted ones are `Locked`.

    `format` forces one, by its name on the command line; without it the content decides. What is around the keys of a
    document is reported in a note, and its spans are those of the `KeyFile`. In a file of lines a private key is never
    taken: it is one of the `faults`, as a line without a key is.

    Raises: NotAKeyError when it is of no known format, or the error of the one reader that it is for; MismatchError
    when a public key beside the private one is of another key.
    """
    try:
        return read_whole(data, format)
    except KeyconvError as error:
        if isinstance(error, InputError | UsageError):
            raise
        from keyconv.engine.documents import read_document  # only for what is more than a key file

        try:
            found = read_document(data, format)
        except LimitError:
            found = None
        if found is None:
            raise
        return found


def read_whole(data: bytes, format: str | None = None) -> KeyFile:
    """Read a file that is its key and nothing else, as `read` does.

    Raises: NotAKeyError; the error of the one reader that it is for.
    """
    if len(data) > limits.MAX_KEY_FILE:
        raise InputError(f"larger than {limits.size(limits.MAX_KEY_FILE)}, which no key file is")
    found = by_name(format) if format else detect(data)
    if format and found.can.private and kind_among_blocks(data):
        found = detect(data)
    return found.read(data)


def detect(data: bytes) -> Format:
    """Return which format some content is of, asking the formats; never more than one says yes.

    Raises: NotAKeyError, naming what the content is instead where that can be determined.
    """
    lines = kind_among_blocks(data)
    if lines:
        return by_name(format_of_kind(lines))
    matching = claiming(data)
    if len(matching) == 1:
        return matching[0]
    from keyconv.engine.foreign import describe  # large, and only for what is not a key

    found = describe(data)
    raise NotAKeyError(found.message, hint=found.hint, rule=found.rule)


def detect_stream(head: bytes, format: str | None = None) -> Format | None:
    """Return by its head which format of lines a large file is of, if it is of any; such a format can be streamed."""
    matching = [by_name(format)] if format else claiming(head)
    return matching[0] if len(matching) == 1 and matching[0].stream is not None else None
