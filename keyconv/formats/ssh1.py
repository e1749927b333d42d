"""SSH-1's RSA keys: the binary private file, and the public line of three decimal numbers.

The numbers are those of any RSA key, so that such a key converts to every format that holds RSA, and back. In the
private file the public half and the comment stand in clear; the private half is behind four check bytes and ends in
zeros. Its order is d, iqmp, q, p with iqmp = q^-1 mod p.

Source: the files that PuTTY 0.78 writes; sshd(8) of OpenSSH 6.6, AUTHORIZED_KEYS FILE FORMAT, protocol 1.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

from keyconv import limits
from keyconv.crypto.ciphers import CIPHERS, decrypt, encrypt
from keyconv.crypto.kdf import Deriver
from keyconv.crypto.kdf_legacy import Ssh1Md5
from keyconv.errors import (
    KeyconvError,
    LimitError,
    MalformedError,
    MisfitError,
    MismatchError,
    NotAKeyError,
    UnsupportedError,
    WrongPassphraseError,
)
from keyconv.formats.base import Capabilities, Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile, Locked, Protection, Unlocked
from keyconv.keys import PrivateKey, RsaPrivateKey, RsaPublicKey
from keyconv.notes import Note
from keyconv.proof import proving
from keyconv.secret import Passphrase
from keyconv.text import integer
from keyconv.text.comment import clean
from keyconv.text.lines import split
from keyconv.wire import encode
from keyconv.wire.reader import WireReader

__all__ = ["SSH1", "SSH1_PUB", "LockedSsh1"]

_DECRYPT = "take the passphrase off with an OpenSSH before 7.6: ssh-keygen -p -f FILE (Debian has it as ssh-keygen1)"
_MAGIC = b"SSH PRIVATE KEY FILE FORMAT 1.1\n"
_NO_CIPHER = 0
_TRIPLE_DES = 3
_CIPHER_NAME = "3des-ssh1"
_DES = CIPHERS["3des-cbc"]  # with one key three times: DES
_BLOCK = _DES.block
_FAMILIES = frozenset({RsaPublicKey.family})

_LINE = re.compile(rb"([0-9]+)[ \t]+([0-9]+)[ \t]+([0-9]+)(?:[ \t](.*))?\Z", re.DOTALL)
_FIRST_LINE = re.compile(rb"[0-9]{1,5}[ \t]+[0-9]+[ \t]+[0-9]{2,}(?:[ \t\r\n]|\Z)")
_DECIMAL = re.compile(rb"(?:0|[1-9][0-9]*)\Z")
_MAX_DIGITS = 4_933  # of a number of limits.MAX_RSA_BITS bits
_CHUNK = 4_000  # digits; Python converts 4,300 at a time and no more


@dataclass(frozen=True, slots=True)
class LockedSsh1(Locked):
    """The encrypted private half of a file."""

    public: RsaPublicKey
    section: bytes

    @property
    def protection(self) -> Protection:
        """Three runs of DES in CBC mode, under MD5."""
        return Protection(_CIPHER_NAME, Ssh1Md5())

    def unlock(self, passphrase: Passphrase, deriver: Deriver | None = None) -> Unlocked:
        """Decrypt, compare the check bytes, prove; a wrong passphrase passes the check bytes once in 65,536 times."""
        key = (deriver or Deriver()).derive(Ssh1Md5(), passphrase, 2 * _BLOCK)
        section = _decrypt(key, self.section)
        if not _check_bytes_agree(section):
            raise WrongPassphraseError("wrong passphrase", place="ssh1")
        notes: list[Note] = []
        try:
            private = _read_section(self.public, section, notes)
        except KeyconvError as error:
            raise error.within("private half").of_format("ssh1") from None
        return Unlocked(private, notes=tuple(notes))


def _sniff(data: bytes) -> bool:
    return data.startswith(_MAGIC)


# ── reading the private file ───────────────────────────────────────────────────────────────────────────────────────


def _read(data: bytes) -> KeyFile:
    try:
        return _read_file(data)
    except KeyconvError as error:
        raise error.of_format("ssh1") from None


def _read_file(data: bytes) -> KeyFile:
    if not data.startswith(_MAGIC):
        raise NotAKeyError("the file does not begin with 'SSH PRIVATE KEY FILE FORMAT 1.1'")
    reader = WireReader(data)
    reader.fixed("first line", len(_MAGIC))
    if reader.byte("zero byte") != 0:
        raise MalformedError("there is no zero byte after the first line")
    cipher = reader.byte("cipher")
    if reader.uint32("reserved number") != 0:
        raise MalformedError("the reserved number is not zero")
    bits = reader.uint32("number of bits")
    n = _read_number(reader, "RSA modulus n")
    public = RsaPublicKey(_read_number(reader, "RSA exponent e"), n)
    comment = reader.string("comment")
    if len(comment) > limits.MAX_COMMENT:
        raise LimitError(f"the comment has {len(comment)} bytes; the limit is {limits.MAX_COMMENT}")
    _check_public(public, bits)
    section = reader.rest()
    if not section or len(section) % _BLOCK:
        raise MalformedError(f"the private half has {len(section)} bytes, not a multiple of {_BLOCK}")
    if cipher == _TRIPLE_DES:
        return KeyFile(SSH1.name, "private", (Entry(public, LockedSsh1(public, section), comment),))
    if cipher != _NO_CIPHER:
        raise UnsupportedError("the cipher is neither none nor triple DES", place="cipher", hint=_DECRYPT)
    notes: list[Note] = []
    try:
        if not _check_bytes_agree(section):
            raise MalformedError("the check bytes differ")
        private = _read_section(public, section, notes)
    except KeyconvError as error:
        raise error.within("private half") from None
    return KeyFile(SSH1.name, "private", (Entry(public, private, comment),), tuple(notes))


def _check_public(public: RsaPublicKey, bits: int) -> None:
    try:
        if bits != public.bits:
            raise MismatchError(f"the file says that the key has {bits} bits, but it has {public.bits}")
        proving.check_public(public)
    except KeyconvError as error:
        raise error.within("public half") from None


def _check_bytes_agree(section: bytes) -> bool:
    return hmac.compare_digest(section[:2], section[2:4])


def _read_section(public: RsaPublicKey, section: bytes, notes: list[Note]) -> PrivateKey:
    reader = WireReader(section)
    reader.fixed("check bytes", 4)
    d = _read_number(reader, "RSA exponent d")
    iqmp = _read_number(reader, "RSA coefficient iqmp")
    q = _read_number(reader, "RSA prime q")
    p = _read_number(reader, "RSA prime p")
    padding = reader.rest()
    if len(padding) >= _BLOCK or not hmac.compare_digest(padding, bytes(len(padding))):
        raise MalformedError("the padding is not fewer than eight zero bytes")
    return proving.prove(RsaPrivateKey(public, d=d, p=p, q=q, iqmp=iqmp), notes)


def _read_number(reader: WireReader, name: str) -> int:
    bits = int.from_bytes(reader.fixed(name, 2), "big")
    if bits > limits.MAX_RSA_BITS:
        raise LimitError(f"the {name} has {bits} bits; the limit is {limits.MAX_RSA_BITS}")
    number = int.from_bytes(reader.fixed(name, (bits + 7) // 8), "big")
    if number.bit_length() != bits:
        raise MalformedError(f"the {name} has {number.bit_length()} bits, but the file says {bits}")
    return number


# ── writing the private file ───────────────────────────────────────────────────────────────────────────────────────


def _write(entries: tuple[Entry, ...], options: WriteOptions) -> bytes:
    (entry,) = entries
    key = entry.private
    if not isinstance(key, RsaPrivateKey):
        raise AssertionError("the plan refuses what the format cannot hold, and a writer is given unlocked keys")
    check = options.random(2)
    section = check + check + b"".join(map(_write_number, (key.d, key.iqmp, key.q, key.p)))
    section += bytes(-len(section) % _BLOCK)
    if options.passphrase:
        section = _encrypt(options.deriver.derive(Ssh1Md5(), options.passphrase, 2 * _BLOCK), section)
    return b"".join(
        (
            _MAGIC,
            bytes((0, _TRIPLE_DES if options.passphrase else _NO_CIPHER)),
            encode.uint32(0),
            encode.uint32(key.public.bits),
            _write_number(key.public.n),
            _write_number(key.public.e),
            encode.string(clean(entry.comment or b"")),
            section,
        )
    )


def _write_number(number: int) -> bytes:
    bits = number.bit_length()
    return bits.to_bytes(2, "big") + number.to_bytes((bits + 7) // 8, "big")


# SSH-1's triple DES chains within: three runs of DES-CBC, the middle one the other way, each with an IV of zero.


def _encrypt(key: bytes, data: bytes) -> bytes:
    outer, inner = _des_keys(key)
    data, _ = encrypt(_DES, outer, bytes(_BLOCK), data)
    data, _ = encrypt(_DES, outer, bytes(_BLOCK), decrypt(_DES, inner, bytes(_BLOCK), data) or b"")
    return data


def _decrypt(key: bytes, data: bytes) -> bytes:
    outer, inner = _des_keys(key)
    data, _ = encrypt(_DES, inner, bytes(_BLOCK), decrypt(_DES, outer, bytes(_BLOCK), data) or b"")
    return decrypt(_DES, outer, bytes(_BLOCK), data) or b""


def _des_keys(key: bytes) -> tuple[bytes, bytes]:
    return 3 * key[:_BLOCK], 3 * key[_BLOCK:]


# ── the public line ────────────────────────────────────────────────────────────────────────────────────────────────


def _sniff_public(data: bytes) -> bool:
    return _FIRST_LINE.match(data) is not None


def _read_public(data: bytes) -> KeyFile:
    try:
        return _read_public_file(data)
    except KeyconvError as error:
        raise error.of_format("ssh1-pub") from None


def _read_public_file(data: bytes) -> KeyFile:
    rows = split(data)
    found = _LINE.match(rows[0].text) if rows else None
    if found is None:
        raise NotAKeyError("the line is not a number of bits, an exponent and a modulus")
    for row in rows[1:]:
        if row.text:
            raise MalformedError("there is text after the first line").within_line(row.number)
    bits = integer.decode(found.group(1))
    public = RsaPublicKey(_decode_decimal(found.group(2), "exponent"), _decode_decimal(found.group(3), "modulus"))
    comment = found.group(4)
    if comment is not None and len(comment) > limits.MAX_COMMENT:
        raise LimitError(f"the comment has {len(comment)} bytes; the limit is {limits.MAX_COMMENT}")
    _check_public(public, bits)
    notes = []
    if rows[0].end == b"\r\n":
        notes.append(Note("crlf", "the line ends are CR LF"))
    if not rows[-1].end:
        notes.append(Note("missing-final-newline", "the line has no line end"))
    if len(rows) > 1:
        notes.append(Note("blank-lines", "there are blank lines after the key"))
    return KeyFile(SSH1_PUB.name, "public", (Entry(public, comment=comment, line=1),), tuple(notes))


def _decode_decimal(text: bytes, name: str) -> int:
    if not _DECIMAL.match(text):
        raise MalformedError(f"the {name} has a zero too many in front")
    if len(text) > _MAX_DIGITS:
        raise LimitError(f"the {name} has {len(text)} digits; the limit is {_MAX_DIGITS}")
    number = 0
    for start in range(0, len(text), _CHUNK):
        chunk = text[start : start + _CHUNK]
        number = number * 10 ** len(chunk) + int(chunk)
    return number


def _write_public(entries: tuple[Entry, ...], options: WriteOptions) -> bytes:
    (entry,) = entries
    if entry.public is None:
        raise MisfitError("the public half is not known until the private one is unlocked")
    if not isinstance(entry.public, RsaPublicKey):
        raise AssertionError("the plan refuses what the format cannot hold")
    fields = [b"%d" % entry.public.bits, _encode_decimal(entry.public.e), _encode_decimal(entry.public.n)]
    if entry.comment is not None:
        fields.append(clean(entry.comment))
    return b" ".join(fields) + options.line_end


def _encode_decimal(number: int) -> bytes:
    high, low = divmod(number, 10**_CHUNK)
    return b"%d%0*d" % (high, _CHUNK, low) if high else b"%d" % low


SSH1 = Format(
    name="ssh1",
    title="SSH-1 RSA private key",
    source="none published; PuTTY 0.78's `-O private` of an SSH-1 key",
    can=Capabilities(
        private=True,
        families=_FAMILIES,
        comment=True,
        ciphers=(_CIPHER_NAME,),
        kdfs=(Ssh1Md5.name,),
    ),
    sniff=_sniff,
    read=_read,
    write=_write,
)
SSH1_PUB = Format(
    name="ssh1-pub",
    title="SSH-1 RSA public key, one line of decimal numbers",
    source="sshd(8) of OpenSSH 6.6, AUTHORIZED_KEYS FILE FORMAT, protocol 1",
    can=Capabilities(private=False, families=_FAMILIES, comment=True),
    sniff=_sniff_public,
    read=_read_public,
    write=_write_public,
    suffix=".pub",
)
