"""Lines of `allowed_signers`: principals, options perhaps, and a key as in `authorized_keys`.

Source: ssh-keygen(1), ALLOWED SIGNERS; where it is silent, what OpenSSH 9.2 and 10.6 do (sshsig.c,
parse_principals_key_and_options).
"""

from __future__ import annotations

import re

from keyconv.codec.key_line import BLANKS, BLOB_START, begins_key, in_line, is_empty, is_type, read_key, split_word
from keyconv.codec.line_options import split_options
from keyconv.errors import KeyconvError, MalformedError
from keyconv.keyfile import Entry, Option
from keyconv.notes import Note
from keyconv.text.quoting import quote

__all__ = ["FLAGS", "VALUES", "read_line", "resembles"]

FLAGS = ("cert-authority",)
VALUES = ("namespaces", "valid-after", "valid-before")

_OPTION = re.compile(rb'([^",= \t]*)(?:(=)("(?:\\"|[^"])*+")?)?')


_PRINCIPAL = re.compile(rb"!?[\w.*?@+%-]+\Z")
_ADDRESS = re.compile(rb"!?[\w.*?+%-]+@[\w.*?-]+\Z")
"""What a person would take for a principal: a word before options that only `allowed_signers` has, else an address."""


def resembles(text: bytes) -> bool:
    """Return whether a line is one of `allowed_signers`, by more than that some word stands before a key."""
    if BLOB_START not in text or begins_key(text):
        return False
    try:
        entry = read_line(text, 1, [])
    except KeyconvError:
        return False
    if entry is None:
        return False
    pattern = _PRINCIPAL if entry.options else _ADDRESS
    return bool(entry.principals) and all(pattern.match(name) for name in entry.principals)


def read_line(text: bytes, number: int, notes: list[Note]) -> Entry | None:
    """Read one line without its end; a blank line or a remark gives None. The principals stay as they stand.

    Raises: MalformedError; MismatchError; LimitError; ContradictionError. Each names the line.
    """
    try:
        return _read_line(text.removesuffix(b"\r"), number, notes)
    except KeyconvError as error:
        raise in_line(error, number) from None


def _read_line(text: bytes, number: int, notes: list[Note]) -> Entry | None:
    text = text.lstrip(BLANKS)
    if is_empty(text):
        return None
    names, rest = _split_principals(text)
    if names.partition(b"=")[0].decode("latin-1").lower() in VALUES:
        raise MalformedError("there are no principals before the options")
    if begins_key(text) and not begins_key(rest):
        raise MalformedError("there are no principals before the key type")
    if not rest:
        raise MalformedError("there is no key after the principals")
    options: tuple[Option, ...] = ()
    if not begins_key(rest):
        found, following = split_options(rest)
        if not begins_key(following) and (b"=" not in found or not following):
            raise MalformedError("there is no key of a known kind after the principals")
        options, rest = _parse_options(found, notes), following
    if not is_type(split_word(rest)[0]):
        raise MalformedError("white space outside of quotes ends the options, and no key type follows")
    public, certificate, comment = read_key(rest, notes)
    return Entry(
        public,
        comment=comment,
        certificate=certificate,
        options=options,
        principals=tuple(filter(None, names.split(b","))),
        line=number,
    )


def _split_principals(text: bytes) -> tuple[bytes, bytes]:
    if not text.startswith(b'"'):
        return split_word(text)
    names, closed, rest = text[1:].partition(b'"')
    if not closed:
        raise MalformedError("a quote around the principals is not closed")
    if not names:
        raise MalformedError("there are no principals between the quotes")
    return names, rest.lstrip(BLANKS)


def _parse_options(text: bytes, notes: list[Note]) -> tuple[Option, ...]:
    if text.startswith(b","):
        notes.append(Note("noncanonical", "there is a comma too many in the options", harmless=True))
        text = text[1:]
    options: list[Option] = []
    position = 0
    while True:
        found = _OPTION.match(text, position)
        assert found is not None  # it matches an empty option too
        options.append(_judge(found, text[found.end() : found.end() + 1]))
        if found.end() == len(text):
            return tuple(options)
        position = found.end() + 1


def _judge(found: re.Match[bytes], following: bytes) -> Option:
    name, equals, quoted = found.groups()
    shown = quote(name.decode("latin-1"))
    known = name.decode("latin-1").lower()
    if not name:
        raise MalformedError("there is a comma too many in the options", rule="bad-option")
    if known not in (*FLAGS, *VALUES) or bool(equals) != (known in VALUES):
        hint = f"the options of allowed_signers are {', '.join((*FLAGS, *VALUES))}"
        raise MalformedError(
            f"there is no option {shown} with{'' if equals else 'out'} a value", rule="unknown-option", hint=hint
        )
    if equals and not quoted:
        raise MalformedError(
            f"the value of the option {shown} is not in quotes, or they are not closed", rule="bad-option"
        )
    if following not in (b"", b","):
        raise MalformedError(f"there is no comma after the option {shown}", rule="bad-option")
    return Option(name, None if quoted is None else quoted[1:-1].replace(b'\\"', b'"'))
