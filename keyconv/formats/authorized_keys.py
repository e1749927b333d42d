"""One-line public keys, and the `authorized_keys` files that are made of them.

Source: sshd(8), section AUTHORIZED_KEYS FILE FORMAT; where it is silent, what sshd and ssh-keygen of OpenSSH 9.2 do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from keyconv import limits
from keyconv.codec import public_blob
from keyconv.codec.key_line import (
    BLANKS,
    BLOB_START,
    SSH1,
    begins_key,
    begins_usual,
    in_line,
    is_empty,
    is_familiar_type,
    read_key,
    show,
    split_word,
)
from keyconv.codec.line_file import LineFacts, read_entries
from keyconv.codec.line_kind import kind_of
from keyconv.codec.line_options import FLAG_OPTIONS, VALUE_OPTIONS, parse_options, resembles_options, split_options
from keyconv.errors import KeyconvError, MalformedError, MisfitError, UnsupportedError
from keyconv.formats.base import Capabilities, Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile, Option
from keyconv.keys import FAMILIES
from keyconv.notes import Note
from keyconv.text import base64
from keyconv.text.comment import clean, is_clean
from keyconv.text.lines import Line

__all__ = [
    "FLAG_OPTIONS",
    "OPENSSH_PUB",
    "VALUE_OPTIONS",
    "JudgedLine",
    "fit_comment",
    "parse_options",
    "read_line",
    "read_lines",
]

_OPTION_NAME = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._@-]*\Z")


class JudgedLine(NamedTuple):
    """A line that was read: its entry (None for a blank line or a remark), or why it holds none."""

    number: int
    entry: Entry | None
    error: KeyconvError | None
    notes: tuple[Note, ...]


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_line(text: bytes, number: int, notes: list[Note]) -> Entry | None:
    """Read one line without its end; a blank line or a remark gives None.

    Fields stand apart by any number of spaces and tabs, and the comment is the rest of the line: as in ssh-keygen, the
    white space before it is not part of it, that after it is.

    Raises: MalformedError; MismatchError; UnsupportedError for an SSH-1 key; LimitError; ContradictionError for numbers
    that make no key. Each names the line.
    """
    try:
        return _read_line(text.removesuffix(b"\r"), number, notes)
    except KeyconvError as error:
        raise in_line(error, number) from None


def read_lines(rows: Iterable[Line]) -> Iterator[JudgedLine]:
    """Read line after line, each judged on its own: a bad one stops nothing, as in sshd."""
    for row in rows:
        notes: list[Note] = []
        entry = error = None
        try:
            entry = read_line(row.text, row.number, notes)
        except KeyconvError as raised:
            error = raised
        yield JudgedLine(row.number, entry, error, tuple(notes))


def _sniff(data: bytes) -> bool:
    return kind_of(data) == "authorized_keys"


def _stream(chunks: Iterable[bytes], facts: LineFacts) -> Iterator[Entry]:
    return read_entries(chunks, read_line, facts, "openssh-pub")


def _read(data: bytes) -> KeyFile:
    facts = LineFacts()
    entries = tuple(_stream((data,), facts))
    kind = _kind(entries, several=facts.remarks or facts.bad > 0)
    return KeyFile("openssh-pub", kind, entries, facts.notes, faults=tuple(facts.faults))


def _kind(entries: tuple[Entry, ...], *, several: bool) -> str:
    if len(entries) > 1 or entries[0].options or several:
        return "authorized_keys"
    return "certificate" if entries[0].certificate else "public"


def _read_line(text: bytes, number: int, notes: list[Note]) -> Entry | None:
    text = text.lstrip(BLANKS)
    if is_empty(text):
        return None
    options: tuple[Option, ...] = ()
    if not begins_usual(text):
        if not _begins_type(text) and not SSH1.match(text):
            options, text = _read_options(text, notes)
        if SSH1.match(text):
            raise UnsupportedError("the line is an SSH-1 key: bits, exponent and modulus in decimal", rule="ssh1")
    public, certificate, comment = read_key(text, notes)
    return Entry(public, comment=comment, certificate=certificate, options=options, line=number)


def _begins_type(text: bytes) -> bool:
    word, rest = split_word(text)
    return (rest.startswith(BLOB_START) and b'"' not in word) or (is_familiar_type(word) and not begins_key(rest))


def _read_options(text: bytes, notes: list[Note]) -> tuple[tuple[Option, ...], bytes]:
    found, rest = split_options(text)
    if rest.startswith(b'"'):
        raise MalformedError("a quote in the options is not closed", rule="bad-option")
    try:
        options = parse_options(found, notes)
    except MalformedError:
        if _is_host(found, rest):
            raise MalformedError("the line looks like one of known_hosts: a host stands before the key type") from None
        if found.startswith(BLOB_START):
            raise MalformedError("the type of the key is missing before its base64") from None
        if not (begins_key(rest) or b"=" in found or b'"' in found):
            raise MalformedError("there is neither a key nor options followed by a key") from None
        raise
    if _goes_on(rest):
        name = show(options[-1].name) if options else "''"
        raise MalformedError(
            f"there is white space outside of quotes after the option {name}",
            hint="sshd takes options up to the first white space: write them with commas alone",
            rule="bad-option",
        )
    return options, rest


def _goes_on(rest: bytes) -> bool:
    """Return whether more options stand where the key should begin."""
    if begins_key(rest) or is_familiar_type(split_word(rest)[0]):
        return False
    more, key = split_options(rest)
    if not begins_key(key):
        return False
    try:
        return bool(parse_options(more, []))
    except MalformedError:
        return resembles_options(more)


def _is_host(word: bytes, rest: bytes) -> bool:
    if word in (b"@cert-authority", b"@revoked"):
        return True
    if not begins_key(rest) or b'"' in word:
        return False
    # A word that is like an option is more helpfully called a misspelt one.
    return word.startswith(b"|1|") or not resembles_options(word)


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def fit_comment(comment: bytes) -> bytes:
    """Return the comment as a line can hold it: clean, and without the white space before it, which is a separator."""
    return clean(comment).lstrip(BLANKS)


def _write(entries: tuple[Entry, ...], options: WriteOptions) -> bytes:
    return b"".join(_write_line(entry, options.line_end) for entry in entries)


def _write_line(entry: Entry, line_end: bytes) -> bytes:
    if entry.certificate is not None:
        algorithm, blob = entry.certificate.algorithm, entry.certificate.blob
    elif entry.public is not None:
        algorithm, blob = entry.public.algorithm, public_blob.write(entry.public)
    else:
        raise MisfitError("the public half is not known until the private one is unlocked")
    key = algorithm.encode("ascii") + b" " + base64.encode(blob)
    head = b",".join(map(_write_option, entry.options)) + b" " + key if entry.options else key
    comment = fit_comment(entry.comment or b"")
    line = (head + b" " + comment if comment else head) + line_end
    most = limits.MAX_AUTHORIZED_KEYS_LINE - 1
    if len(line) > most >= len(key + line_end):
        what = "options" if len(head + line_end) > most else "comment"
        raise MisfitError(
            f"with its {what} the line would have {len(line)} bytes, and programs refuse lines above {most}",
            hint=f"shorten the {what}",
        )
    return line


def _write_option(option: Option) -> bytes:
    name, value = option.name, option.value
    if not _OPTION_NAME.match(name):
        raise MisfitError(f"{show(name)} cannot be the name of an option")
    if value is None:
        return name
    if not is_clean(value):
        raise MisfitError(f"a line cannot hold the value of the option {show(name)}, with a line end or a control")
    if value.endswith(b"\\"):
        raise MisfitError(f"no quotes can hold the value of the option {show(name)}, which ends in a backslash")
    return name + b'="' + value.replace(b'"', b'\\"') + b'"'


OPENSSH_PUB = Format(
    name="openssh-pub",
    title="OpenSSH public key, one line, as in authorized_keys",
    source="sshd(8), AUTHORIZED_KEYS FILE FORMAT",
    can=Capabilities(
        private=False,
        families=frozenset(FAMILIES),
        comment=True,
        certificate=True,
        options=True,
        many=True,
    ),
    sniff=_sniff,
    read=_read,
    write=_write,
    stream=_stream,
    suffix=".pub",
    fit_comment=fit_comment,
)
