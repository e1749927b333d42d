r"""ssh.com's private key format, which Tectia keeps: RSA and DSA, `---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----`.

The label says ENCRYPTED of every file; the body names the cipher, `none` or `3des-cbc`. Within the encrypted part stand
all numbers, the public ones too, and nothing tells a wrong passphrase but the length at its beginning. Each number is a
count of bits and its bytes, without a sign byte. RSA stands as e, d, n, u, p, q with p < q, where u = p^-1 mod q: what
they call p is q elsewhere. Quotes and backslashes in a comment are not escaped.

Source: no document of ssh.com's is public; what PuTTY 0.78 reads and writes, and files of other programs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from keyconv import limits
from keyconv.crypto.ciphers import CIPHERS, decrypt, encrypt
from keyconv.crypto.kdf import Deriver
from keyconv.crypto.kdf_legacy import SshcomMd5
from keyconv.errors import (
    KeyconvError,
    LimitError,
    MalformedError,
    MisfitError,
    NotAKeyError,
    TruncatedError,
    UnsupportedError,
    WrongPassphraseError,
)
from keyconv.formats.base import Capabilities, Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile, Locked, Protection, Unlocked
from keyconv.keys import DsaPrivateKey, DsaPublicKey, PrivateKey, RsaPrivateKey, RsaPublicKey
from keyconv.notes import Note
from keyconv.proof import proving
from keyconv.secret import Passphrase
from keyconv.text import base64
from keyconv.text.comment import clean, is_clean
from keyconv.text.lines import Line, split
from keyconv.wire import encode
from keyconv.wire.reader import WireReader

__all__ = ["SSHCOM", "LockedSshcom"]

_DECRYPT = "take the passphrase off with the program that made it: ssh-keygen-g3 -e FILE"
_BEGIN = b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----"
_END = b"---- END SSH2 ENCRYPTED PRIVATE KEY ----"
_MAGIC = 0x3F6FF9EB
_CIPHER = CIPHERS["3des-cbc"]
_ZERO_IV = bytes(_CIPHER.iv_length)
_TAG = re.compile(rb"[\x21-\x39\x3b-\x7e]{1,64}\Z")
_MAX_TAG = 64
_WIDTH = 70
_FIRST_COMMENT_WIDTH = 60

_INEXACT = Note("noncanonical", "the count of bits before a number is not the number's")

_TYPES = {
    "rsa": b"if-modn{sign{rsa-pkcs1-sha1},encrypt{rsa-pkcs1v2-oaep}}",
    "dsa": b"dl-modp{sign{dsa-nist-sha1},dh{plain}}",
}
# As in PuTTY: what follows names a hash and an encryption scheme, which say nothing about the key.
_TYPE_STARTS = {b"if-modn{sign{rsa": "rsa", b"dl-modp{sign{dsa": "dsa"}


@dataclass(frozen=True, slots=True)
class LockedSshcom(Locked):
    """The encrypted numbers of a file; of the key only its family, `rsa` or `dsa`, stands in clear."""

    family: str
    section: bytes

    @property
    def known_family(self) -> str:
        """What the key type in clear says."""
        return self.family

    @property
    def protection(self) -> Protection:
        """Triple DES in CBC mode, under MD5."""
        return Protection(_CIPHER.name, SshcomMd5())

    def unlock(self, passphrase: Passphrase, deriver: Deriver | None = None) -> Unlocked:
        """Decrypt, compare the length, prove; a wrong passphrase gives a wrong length, save once in 2^29 times."""
        key = (deriver or Deriver()).derive(SshcomMd5(), passphrase, _CIPHER.key_length)
        section = decrypt(_CIPHER, key, _ZERO_IV, self.section) or b""
        padding = len(section) - 4 - int.from_bytes(section[:4], "big")
        if not 0 <= padding < _CIPHER.block:
            raise WrongPassphraseError("wrong passphrase, or the file was edited", place="sshcom")
        notes: list[Note] = []
        try:
            private = _read_numbers(self.family, section[4 : len(section) - padding], notes)
        except KeyconvError as error:
            raise error.within("private half").of_format("sshcom") from None
        return Unlocked(private, notes=tuple(notes))


def _sniff(data: bytes) -> bool:
    return data.startswith(_BEGIN)


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(data: bytes) -> KeyFile:
    try:
        return _read_file(data)
    except KeyconvError as error:
        raise error.of_format("sshcom") from None


def _read_file(data: bytes) -> KeyFile:
    notes: list[Note] = []
    headers, body = _read_frame(data, notes)
    reader = WireReader(body)
    if reader.uint32("magic number") != _MAGIC:
        raise MalformedError("the body does not begin with 3f6ff9eb: it is of another format than its label")
    size = reader.uint32("total size")
    if size != len(body):
        kind = TruncatedError if size > len(body) else MalformedError
        raise kind(f"the body says that it has {size} bytes, but it has {len(body)}")
    family = _find_family(reader.string("key type"))
    cipher = reader.string("cipher name")
    section = reader.string("private section")
    reader.finish("the private section")
    comment, others = _take_comment(headers, notes)
    if cipher == _CIPHER.name.encode("ascii"):
        if not section or len(section) % _CIPHER.block:
            raise MalformedError(f"the private section has {len(section)} bytes, not a multiple of {_CIPHER.block}")
        entry = Entry(None, LockedSshcom(family, section), comment, headers=others)
    elif cipher == b"none":
        private = _read_plain(family, section, notes)
        entry = Entry(private.public, private, comment, headers=others)
    else:
        raise UnsupportedError("the cipher is neither none nor 3des-cbc", place="cipher name", hint=_DECRYPT)
    return KeyFile(SSHCOM.name, "private", (entry,), tuple(notes))


def _read_frame(data: bytes, notes: list[Note]) -> tuple[list[tuple[bytes, bytes]], bytes]:
    rows = split(data)
    if not rows or rows[0].text != _BEGIN:
        raise NotAKeyError(f"the first line is not '{_BEGIN.decode('ascii')}'")
    headers, start = _read_headers(rows)
    end = next((index for index in range(start, len(rows)) if rows[index].text.startswith(b"----")), None)
    if end is None:
        raise TruncatedError("the END line is missing: the file is cut short").within_line(rows[-1].number)
    if rows[end].text != _END:
        raise MalformedError(f"expected '{_END.decode('ascii')}'").within_line(rows[end].number)
    for row in rows[end + 1 :]:
        if row.text:
            raise MalformedError("there is text after the END line").within_line(row.number)
    if any(row.end == b"\r\n" for row in rows):
        notes.append(Note("crlf", "the line ends are CR LF"))
    if not rows[-1].end:
        notes.append(Note("missing-final-newline", "the last line has no line end"))
    if len(rows) > end + 1:
        notes.append(Note("blank-lines", "there are blank lines after the key"))
    return headers, _decode(rows[start:end], rows[end].number)


def _read_headers(rows: list[Line]) -> tuple[list[tuple[bytes, bytes]], int]:
    headers = []
    position = 1
    while position < len(rows) and b":" in rows[position].text:
        number = rows[position].number
        pieces = []
        while position < len(rows) and rows[position].text.endswith(b"\\"):
            pieces.append(rows[position].text[:-1])
            position += 1
        if position < len(rows):
            pieces.append(rows[position].text)
            position += 1
        tag, separator, value = b"".join(pieces).partition(b": ")
        if not separator or not 1 <= len(tag) <= _MAX_TAG or tag[:1].isspace() or b"\0" in tag:
            raise MalformedError("a header is not a tag of at most 64 characters, ': ' and a value").within_line(number)
        if len(value) > limits.MAX_COMMENT:
            raise LimitError(f"the header is longer than {limits.size(limits.MAX_COMMENT)}").within_line(number)
        headers.append((tag, value))
    return headers, position


def _decode(rows: list[Line], end: int) -> bytes:
    if not rows:
        raise MalformedError("there is no base64 before the END line").within_line(end)
    for row in rows:
        if not row.text:
            raise MalformedError("there is a blank line inside the key").within_line(row.number)
        # A line need not hold whole groups of four, so that it is filled up for the decoder.
        text = row.text.rstrip(b"=") if row is rows[-1] else row.text
        try:
            base64.decode(text + b"A" * (-len(text) % 4))
        except MalformedError as error:
            raise error.within_line(row.number) from None
    try:
        return base64.decode(b"".join(row.text for row in rows))
    except MalformedError as error:
        raise error.within_line(rows[-1].number) from None


def _take_comment(
    headers: list[tuple[bytes, bytes]], notes: list[Note]
) -> tuple[bytes | None, tuple[tuple[bytes, bytes], ...]]:
    comments = [value for tag, value in headers if tag.lower() == b"comment"]
    if len(comments) > 1:
        notes.append(Note("noncanonical", f"there are {len(comments)} Comment headers; the last counts"))
    others = tuple((tag, value) for tag, value in headers if tag.lower() != b"comment" and _TAG.match(tag))
    if len(comments) + len(others) < len(headers):
        notes.append(Note("noncanonical", "there is a header whose tag RFC 4716 does not allow; it is left out"))
    if not comments:
        return None, others
    comment = comments[-1]
    quoted = len(comment) > 1 and comment.startswith(b'"') and comment.endswith(b'"')
    return comment[1:-1] if quoted else comment, others


def _find_family(key_type: bytes) -> str:
    for start, family in _TYPE_STARTS.items():
        if key_type.startswith(start):
            return family
    raise UnsupportedError("the key is neither RSA nor DSA", place="key type")


def _read_plain(family: str, section: bytes, notes: list[Note]) -> PrivateKey:
    try:
        reader = WireReader(section)
        numbers = reader.string("numbers")
        reader.finish("the numbers")
        return _read_numbers(family, numbers, notes)
    except KeyconvError as error:
        raise error.within("private half") from None


def _read_numbers(family: str, data: bytes, notes: list[Note]) -> PrivateKey:
    reader = WireReader(data)
    private = _read_rsa(reader, notes) if family == "rsa" else _read_dsa(reader, notes)
    reader.finish("the last number")
    return proving.prove(private, notes)


def _read_rsa(reader: WireReader, notes: list[Note]) -> RsaPrivateKey:
    e = _read_number(reader, "RSA exponent e", notes)
    d = _read_number(reader, "RSA exponent d", notes)
    n = _read_number(reader, "RSA modulus n", notes)
    iqmp = _read_number(reader, "RSA coefficient u", notes)
    q = _read_number(reader, "RSA prime p", notes)
    p = _read_number(reader, "RSA prime q", notes)
    return RsaPrivateKey(RsaPublicKey(e, n), d=d, p=p, q=q, iqmp=iqmp)


def _read_dsa(reader: WireReader, notes: list[Note]) -> DsaPrivateKey:
    if reader.uint32("DSA parameters") != 0:
        raise UnsupportedError("the DSA parameters are not in the file, only the number of a predefined set")
    p = _read_number(reader, "DSA modulus p", notes)
    g = _read_number(reader, "DSA generator g", notes)
    q = _read_number(reader, "DSA order q", notes)
    y = _read_number(reader, "DSA public number y", notes)
    return DsaPrivateKey(DsaPublicKey(p, q, g, y), _read_number(reader, "DSA private number x", notes))


def _read_number(reader: WireReader, name: str, notes: list[Note]) -> int:
    bits = reader.uint32(name)
    if bits > limits.MAX_RSA_BITS:
        raise LimitError(f"the {name} has {bits} bits; the limit is {limits.MAX_RSA_BITS}")
    number = int.from_bytes(reader.fixed(name, (bits + 7) // 8), "big")
    if number.bit_length() != bits and _INEXACT not in notes:
        # As in PuTTY, only the number of bytes that follows from it counts: some programs count whole bytes.
        notes.append(_INEXACT)
    return number


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(entries: tuple[Entry, ...], options: WriteOptions) -> bytes:
    (entry,) = entries
    family, numbers = _write_numbers(entry)
    section = encode.string(numbers)
    cipher = "none"
    if options.passphrase:
        cipher = _CIPHER.name
        section += options.random(-len(section) % _CIPHER.block)
        key = options.deriver.derive(SshcomMd5(), options.passphrase, _CIPHER.key_length)
        section, _ = encrypt(_CIPHER, key, _ZERO_IV, section)
    fields = encode.string(_TYPES[family]) + encode.name(cipher) + encode.string(section)
    body = encode.uint32(_MAGIC) + encode.uint32(8 + len(fields)) + fields
    headers = [line for tag, value in entry.headers for line in _write_header(tag, value)]
    if entry.comment is not None:
        headers += _write_comment(clean(entry.comment))
    end = options.line_end
    head = b"".join(line + end for line in (_BEGIN, *headers))
    return head + base64.encode_lines(body, _WIDTH, end) + _END + end


def _write_numbers(entry: Entry) -> tuple[str, bytes]:
    match entry.private:
        case RsaPrivateKey(public=public) as key:
            numbers = (public.e, key.d, public.n, key.iqmp, key.q, key.p)
            return "rsa", b"".join(map(_write_number, numbers))
        case DsaPrivateKey(public=group) as key:
            values = (group.p, group.g, group.q, group.y, key.x)
            return "dsa", encode.uint32(0) + b"".join(map(_write_number, values))
        case _:
            raise AssertionError("the plan refuses what the format cannot hold, and a writer is given unlocked keys")


def _write_number(number: int) -> bytes:
    bits = number.bit_length()
    return encode.uint32(bits) + number.to_bytes((bits + 7) // 8, "big")


def _write_comment(comment: bytes) -> list[bytes]:
    text = b'"' + comment + b'"'
    # Cut where PuTTY cuts: after 60 bytes of the comment on the first line, after 70 on each other.
    cuts = [0, *range(1 + _FIRST_COMMENT_WIDTH, len(comment) + 1, _WIDTH), len(text)]
    return _join_header(b"Comment", [text[start:end] for start, end in pairwise(cuts)])


def _write_header(tag: bytes, value: bytes) -> list[bytes]:
    if not _TAG.match(tag) or tag.lower() == b"comment":
        raise MisfitError(f"{ascii(tag)[1:]} cannot be the tag of a header")
    if not is_clean(value):
        raise MisfitError(f"a header cannot hold the value of '{tag.decode('ascii')}', with a control character")
    if value.endswith(b"\\"):
        # With an empty line after it we could read it back, but PuTTY would lose the header that follows.
        raise MisfitError(f"a header cannot hold the value of '{tag.decode('ascii')}', which ends in a backslash")
    first = _WIDTH - len(tag) - 2
    cuts = [0, *range(first, len(value), _WIDTH), len(value)]
    return _join_header(tag, [value[start:end] for start, end in pairwise(cuts)])


def _join_header(tag: bytes, pieces: list[bytes]) -> list[bytes]:
    lines = [tag + b": " + pieces[0], *pieces[1:]]
    return [*(line + b"\\" for line in lines[:-1]), lines[-1]]


SSHCOM = Format(
    name="sshcom",
    title="ssh.com private key",
    source="none published; PuTTY 0.78's `-O private-sshcom`",
    can=Capabilities(
        private=True,
        families=frozenset(_TYPES),
        comment=True,
        headers=True,
        ciphers=(_CIPHER.name,),
        kdfs=(SshcomMd5.name,),
        shows_public=False,
    ),
    sniff=_sniff,
    read=_read,
    write=_write,
)
