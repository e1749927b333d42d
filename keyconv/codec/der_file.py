"""Files that are one DER structure, in a PEM frame or bare: which structure it is, and what the frame's label says.

Each structure has a kind, by which the formats share them out: no content is of two kinds, and no kind of two formats.

Source: RFC 7468 (labels); for DER without a frame there is none, only the structures themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

from keyconv.crypto import pbes
from keyconv.errors import (
    KeyconvError,
    MalformedError,
    MismatchError,
    NotAKeyError,
    RecomputableError,
    WrongPassphraseError,
)
from keyconv.notes import Note
from keyconv.text import pem
from keyconv.wire import der

__all__ = [
    "Kind",
    "check_label",
    "decrypt",
    "is_framed",
    "kind_of",
    "read",
    "read_bare",
    "read_strictly_first",
    "sniff",
    "without_padding",
]

Kind = Literal["pkcs1", "sec1", "dsa", "pkcs8", "pkcs8-encrypted", "spki", "pkcs1-pub"]

_Key = TypeVar("_Key")

_TITLES: dict[Kind, str] = {
    "pkcs1": "a PKCS#1 RSA private key",
    "sec1": "a SEC 1 EC private key",
    "dsa": "a traditional DSA private key",
    "pkcs8": "a PKCS#8 private key",
    "pkcs8-encrypted": "an encrypted PKCS#8 private key",
    "spki": "a SubjectPublicKeyInfo",
    "pkcs1-pub": "a PKCS#1 RSA public key",
}

_FRAME = b"-----BEGIN "
_LONGEST_BLOCK = 16
_LEAST_Q_BYTES = 20  # of a DSA order; the RSA exponent that stands in its place is shorter


def is_framed(data: bytes) -> bool:
    """Return whether the content begins with a PEM frame."""
    return data.startswith(_FRAME)


def sniff(data: bytes, labels: Mapping[str, Kind]) -> bool:
    """Return whether the content begins with a frame of one of these labels, or is bare DER of one of their kinds."""
    if is_framed(data):
        return any(pem.begins(data, label) for label in labels)
    return kind_of(data) in labels.values()


def kind_of(data: bytes) -> Kind | None:
    """Recognise a structure by its first values; the rest may be damaged or cut short."""
    values = der.outline(data)
    if not values:
        return None
    tags = [tag for tag, _ in values]
    first, second = values[0][1], values[1][1] if len(values) > 1 else b""
    match tags:
        case [der.INTEGER, der.SEQUENCE, *_] if first in (b"\0", b"\1") and _begins_with_oid(second):
            return "pkcs8"
        case [der.INTEGER, der.OCTET_STRING, *_]:
            return "sec1"
        case [der.INTEGER] | [der.INTEGER, der.INTEGER] if len(first) > 1:
            return "pkcs1-pub"
        case [der.INTEGER, der.INTEGER, der.INTEGER, *_] if len(first) == 1:
            is_dsa = len(values) <= 6 and len(values[2][1]) >= _LEAST_Q_BYTES
            return "dsa" if is_dsa else "pkcs1"
        case [der.INTEGER, der.INTEGER] if len(first) == 1:
            return "pkcs1"
        case [der.SEQUENCE, der.OCTET_STRING, *_] if _begins_with_oid(first):
            return "pkcs8-encrypted"
        case [der.SEQUENCE, der.BIT_STRING, *_] if _begins_with_oid(first):
            return "spki"
    return None


def _begins_with_oid(contents: bytes) -> bool:
    return contents[:1] == bytes((der.OID,))


def read(data: bytes, labels: Mapping[str, Kind], notes: list[Note]) -> tuple[Kind, bytes]:
    """Read a file that is one structure, in a frame with one of these labels or bare.

    Raises: NotAKeyError when it is neither; MismatchError when a label says another structure than the frame holds;
    what `keyconv.text.pem.read` raises.
    """
    if not is_framed(data):
        return read_bare(data, labels, notes)
    frame = pem.read(data, notes)
    if frame.label not in labels:
        raise MalformedError(f"the frame is not labelled {' or '.join(labels)}")
    kind = labels[frame.label]
    contents = without_padding(frame.data, notes)
    check_label(frame.label, kind, contents)
    return kind, contents


def read_bare(data: bytes, labels: Mapping[str, Kind], notes: list[Note]) -> tuple[Kind, bytes]:
    """Take a file without a frame as one of the structures that these labels stand for.

    Raises: NotAKeyError.
    """
    kind = kind_of(data)
    if kind is None or kind not in labels.values():
        raise NotAKeyError("neither a PEM frame nor DER of this format")
    notes.append(Note("der", "the key is in DER, without a PEM frame, which OpenSSH and PuTTY do not read"))
    return kind, data


def check_label(label: str, kind: Kind, contents: bytes) -> None:
    """Compare a frame's label with the structure that it frames.

    Contents that are no structure at all pass: what is wrong with them, their reader says better.

    Raises: MismatchError.
    """
    found = kind_of(contents)
    if found is not None and found != kind:
        raise MismatchError(f"the frame is labelled {label}, but it holds {_TITLES[found]}", rule="wrong-label")


def read_strictly_first(read: Callable[[list[Note], bool], _Key], notes: list[Note]) -> _Key:
    """Read and check a key by the letter of DER, and only where that fails with what OpenSSL's decoder tolerates.

    `read` takes the notes and whether to tolerate.

    Raises: what the first attempt raises.
    """
    found: list[Note] = []
    try:
        key = read(found, False)
    except MalformedError as error:
        refused = error
    else:
        notes += found
        return key
    found = []
    try:
        key = read(found, True)
    except RecomputableError:
        raise
    except KeyconvError:
        raise refused from None
    notes += found
    return key


def without_padding(contents: bytes, notes: list[Note]) -> bytes:
    """Take off zero bytes or a cipher's padding after one structure, and note it; whatever else is there stays.

    Programs that decrypt a file and forget the padding (ssh2) leave it there, and so do writers of whole blocks.
    """
    length = der.first_sequence(contents)
    rest = contents[length:]
    if not length or not rest or not _is_padding(rest):
        return contents
    notes.append(Note("noncanonical", f"{len(rest)} bytes of padding are left after the key"))
    return contents[:length]


def _is_sequence(contents: bytes) -> bool:
    return 0 < der.first_sequence(contents) == len(contents)


def _is_padding(rest: bytes) -> bool:
    # Zero bytes; PKCS#7, ANSI X9.23 and ISO 7816-4, a block of 16 at most; 1, 2, 3 ... as OpenSSH pads.
    if not rest.strip(b"\0"):
        return True
    count = len(rest)
    if count > _LONGEST_BLOCK:
        return False
    last, zeros = bytes((count,)), bytes(count - 1)
    return rest in (last * count, zeros + last, b"\x80" + zeros, bytes(range(1, count + 1)))


def decrypt(cipher: pbes.BlockCipher, key: bytes, iv: bytes, data: bytes, notes: list[Note]) -> bytes:
    """Decrypt one structure; padding that is not PKCS#7's is noted.

    Padding that fits says little: it does so for one wrong passphrase in 256. What comes out must also begin as a
    structure that is as long as it is, or the passphrase counts as wrong; where the padding does not fit, it must look
    like a key besides.

    Raises: WrongPassphraseError.
    """
    padded = pbes.decrypt_blocks(cipher, key, iv, data)
    try:
        contents = without_padding(pbes.unpad(cipher, padded), notes)
    except WrongPassphraseError:
        contents = without_padding(padded, notes)
        if not _is_sequence(contents) or kind_of(contents) is None:
            raise
        if contents == padded:
            notes.append(Note("noncanonical", "the encrypted key is without padding"))
    if not _is_sequence(contents):
        raise WrongPassphraseError("wrong passphrase, or the file was edited: it decrypts to no key")
    return contents
