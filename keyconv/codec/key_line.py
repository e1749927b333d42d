"""Type, base64 and comment: how lines of `authorized_keys`, of `known_hosts` and of `*.pub` files hold a key.

Source: sshd(8), sections AUTHORIZED_KEYS FILE FORMAT and SSH_KNOWN_HOSTS FILE FORMAT.
"""

from __future__ import annotations

import re

from keyconv import limits
from keyconv.codec import certificate as certificates
from keyconv.codec import public_blob
from keyconv.errors import KeyconvError, LimitError, MalformedError, MismatchError, TruncatedError
from keyconv.keys import Certificate, Ed25519PublicKey, PublicKey, RsaPublicKey
from keyconv.notes import Note
from keyconv.proof import proving
from keyconv.proof.points import PointError
from keyconv.text import base64
from keyconv.text.quoting import as_name, quote
from keyconv.wire import encode
from keyconv.wire.reader import SSH_NAME

__all__ = [
    "BLANKS",
    "BLOB_START",
    "GIT_PREFIX",
    "LINES",
    "LINE_FORMATS",
    "SSH1",
    "WITH_GIT_PREFIX",
    "begins_key",
    "begins_usual",
    "cut",
    "first_row",
    "in_line",
    "is_empty",
    "is_familiar_type",
    "is_type",
    "read_key",
    "rule_among_lines",
    "show",
    "split_word",
    "usual_modulus",
]

LINES = ("authorized_keys", "known_hosts", "allowed_signers")
"""The kinds of files that are made of lines, each with a key of its own."""

LINE_FORMATS = ("openssh-pub", "known_hosts", "allowed_signers")
"""The formats that such files are of."""

BLANKS = b" \t"
BLOB_START = b"AAAA"  # in base64, every blob's: its first field is a name far below 2^8 bytes, so three bytes are zero
SSH1 = re.compile(rb"[0-9]{1,5}[ \t]+[0-9]+[ \t]+[0-9]+")
"""A key of protocol 1: bits, exponent and modulus in decimal."""

_OF_ONE_LINE = ("unknown-option", "bad-option", "weak-point", "weak-modulus", "odd-exponent", "line-too-long", "ssh1")
"""Rules that a line keeps among others; whatever else is wrong with one makes it a `bad-line`."""

GIT_PREFIX = b"key::"
"""What git writes before a public key in its configuration, to tell it from a path: git-config(1), user.signingKey."""

WITH_GIT_PREFIX = "git's prefix 'key::' stands before the key, as in git's user.signingKey"

_FIRST_LINE = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*+[ \t]*([^\n]*)")
_USUAL_TYPE = rb"(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521))"
_USUAL = re.compile(_USUAL_TYPE + rb" AAAA")
_USUAL_LINE = re.compile(rb"(" + _USUAL_TYPE + rb") ([A-Za-z0-9+/=]+)(?: ([^ \t](?s:.)*))?\Z")
_MAX_FIELD = 1 << 16  # a length above it is a changed byte
_WORD = re.compile(rb"[^ \t]*")
_FAMILIAR_TYPE = re.compile(rb"\A(?:ssh-|ecdsa-sha2-|sk-|webauthn-sk-|rsa-sha2-)|-cert-v01@openssh\.com\Z")
_ED25519 = encode.name(Ed25519PublicKey.algorithm) + (32).to_bytes(4, "big")
_USUAL_EXPONENT = 65537
_RSA = encode.name(RsaPublicKey.algorithm) + encode.mpint(_USUAL_EXPONENT)
_RSA_NUMBER = len(_RSA) + 4


def read_key(text: bytes, notes: list[Note]) -> tuple[PublicKey, Certificate | None, bytes | None]:
    """Read a key and the comment after it, which is the rest of the line: None where there is none.

    Raises: MalformedError; TruncatedError; MismatchError for a type that is not the blob's; LimitError;
    ContradictionError for numbers that make no key.
    """
    word, encoded, comment = _split_usual(text) or _split(text)
    if word.startswith(GIT_PREFIX):
        raise MalformedError(WITH_GIT_PREFIX, hint="remove 'key::'", rule="surrounding-text")
    if not is_type(word):
        raise MalformedError("the type of the key is not an SSH name" if word else "there is no key after the options")
    if not encoded:
        raise TruncatedError(f"there is no base64 after the key type {show(word)}")
    public, certificate = _read_whole_blob(base64.decode(encoded), notes)
    _compare_type(word.decode("ascii"), certificate.algorithm if certificate else public.algorithm, notes)
    proving.check_public(public)
    if certificate is not None:
        proving.check_public(certificate.ca_key)
    return public, certificate, comment or None


def in_line(error: KeyconvError, number: int) -> KeyconvError:
    """Put the line (from 1) to an error that its reader met, with the rule that it has there, and return the error."""
    match error:
        case MismatchError():  # the line has no halves: its type is not the one in its base64
            error.rule = "bad-line"
        case PointError():
            error.rule = "weak-point"
    return error.within_line(number)


def rule_among_lines(error: KeyconvError) -> str:
    """Name the rule for an error of one line among others: sshd and ssh skip the line, for whatever reason."""
    return error.rule if error.rule in _OF_ONE_LINE else "bad-line"


def usual_modulus(blob: bytes) -> int:
    """Return the modulus of an RSA key with exponent 65537 whose bits are whole bytes, as nearly all are; else 0."""
    if not blob.startswith(_RSA):
        return 0
    number = blob[_RSA_NUMBER:]
    stated = int.from_bytes(blob[len(_RSA) : _RSA_NUMBER], "big")
    usual = stated == len(number) <= limits.MAX_MPINT_BYTES and number[:1] == b"\0" and number[1:2] >= b"\x80"
    return int.from_bytes(number, "big") if usual else 0


def begins_usual(text: bytes) -> bool:
    """Return whether a line begins with one of the types that nearly all keys have, one space, and a blob in base64."""
    return _USUAL.match(text) is not None


def _split(text: bytes) -> tuple[bytes, bytes, bytes]:
    word, rest = split_word(text)
    encoded, comment = split_word(rest)
    return word, encoded, comment


def _split_usual(text: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Split a line that has one space between its fields, as nearly all have."""
    found = _USUAL_LINE.match(text)
    return (found[1], found[2], found[3] or b"") if found else None


def is_empty(text: bytes) -> bool:
    """Return whether a line is blank or a remark, which hold no key; there must be no blanks at its beginning.

    Raises: LimitError for a line of too many bytes; MalformedError for bytes that no line with a key holds.
    """
    if len(text) > limits.MAX_LINE:
        message = f"the line has more than {limits.size(limits.MAX_LINE)}, which no key needs"
        raise LimitError(message, rule="line-too-long")
    if not text or text.startswith(b"#"):
        return True
    if b"\0" in text or b"\r" in text:
        raise MalformedError("there is a zero byte or a CR without LF inside the line")
    return False


def first_row(data: bytes, most: int) -> tuple[bytes, bytes]:
    """Return the first line that is neither blank nor a remark, without the blanks before it, and what follows it.

    Of what follows no more than `most` bytes are given.
    """
    found = _FIRST_LINE.match(data)
    if found is None:
        return b"", b""
    end = found.end() + 1
    return found.group(1), data[end : end + most]


def is_type(word: bytes) -> bool:
    """Return whether a word could be the name of a key type."""
    return SSH_NAME.match(word) is not None


def is_familiar_type(word: bytes) -> bool:
    """Return whether a word begins or ends as the names of key types do that are in use."""
    return _FAMILIAR_TYPE.search(word) is not None


def begins_key(text: bytes) -> bool:
    """Return whether a text begins with a type and the beginning of a blob in base64."""
    word, rest = split_word(text)
    return rest.startswith(BLOB_START) and is_type(word)


def split_word(text: bytes) -> tuple[bytes, bytes]:
    """Cut a text after its first word; blanks in between belong to neither part."""
    return cut(text, _WORD)


def cut(text: bytes, pattern: re.Pattern[bytes]) -> tuple[bytes, bytes]:
    """Cut a text after what matches at its beginning; blanks in between belong to neither part."""
    found = pattern.match(text)
    end = found.end() if found else 0
    return text[:end], text[end:].lstrip(BLANKS)


def show(word: bytes) -> str:
    """Show a word of a line in a message: in quotes, short, nothing but ASCII."""
    return quote(word.decode("latin-1"))


def _read_whole_blob(blob: bytes, notes: list[Note]) -> tuple[PublicKey, Certificate | None]:
    try:
        return _read_blob(blob, notes)
    except MalformedError as error:
        if _is_cut_short(blob):
            error.message = f"the base64 is cut short: {error.message}"
            error.args = (error.message,)
        raise


def _is_cut_short(blob: bytes) -> bool:
    """Return whether a blob ends inside a field."""
    position = 0
    while position < len(blob):
        length = int.from_bytes(blob[position : position + 4], "big")
        position += 4 + length
        if length > _MAX_FIELD:
            return False
    return position > len(blob)


def _read_blob(blob: bytes, notes: list[Note]) -> tuple[PublicKey, Certificate | None]:
    # Nearly all lines hold one of these two, in this very form; there may be a million of them.
    if blob.startswith(_ED25519) and len(blob) == len(_ED25519) + 32:
        return Ed25519PublicKey(blob[len(_ED25519) :]), None
    modulus = usual_modulus(blob)
    if modulus:
        return RsaPublicKey(e=_USUAL_EXPONENT, n=modulus), None
    return certificates.read_any(blob, notes)


def _compare_type(word: str, algorithm: str, notes: list[Note]) -> None:
    if word == algorithm:
        return
    if _canonical(word) != _canonical(algorithm):
        raise MismatchError(f"the line says {as_name(word)}, but the key in it is of type {algorithm}")
    notes.append(
        Note("noncanonical", f"the key is of type {algorithm}, but the line says {as_name(word)}", harmless=True)
    )


def _canonical(algorithm: str) -> str:
    plain = algorithm.removesuffix(certificates.SUFFIX)
    return public_blob.ALIASES[plain] + algorithm[len(plain) :] if plain in public_blob.ALIASES else algorithm
