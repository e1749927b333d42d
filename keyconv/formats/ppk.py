"""PuTTY's private key format, versions 1 (read), 2 and 3.

Source: PuTTY 0.85 manual, appendix 'PPK file format'; where PuTTY departs from it, what PuTTY writes.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import sha1, sha256
from typing import assert_never

from keyconv import limits
from keyconv.codec import certificate as certificates
from keyconv.codec import public_blob
from keyconv.crypto.ciphers import AES256_CBC, decrypt, encrypt
from keyconv.crypto.kdf import ARGON2_FLAVOURS, Argon2, Deriver, PuttySha1
from keyconv.errors import (
    KeyconvError,
    MacError,
    MalformedError,
    MismatchError,
    TruncatedError,
    UnsupportedError,
    WrongPassphraseError,
)
from keyconv.formats.base import Capabilities, Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile, Locked, Protection, Unlocked
from keyconv.keys import (
    Certificate,
    DsaPrivateKey,
    DsaPublicKey,
    EcdsaPrivateKey,
    EcdsaPublicKey,
    Ed448PrivateKey,
    Ed448PublicKey,
    Ed25519PrivateKey,
    Ed25519PublicKey,
    MlDsa44Ed25519PrivateKey,
    PrivateKey,
    PublicKey,
    RsaPrivateKey,
    RsaPublicKey,
    SkEcdsaPrivateKey,
    SkEd25519PrivateKey,
)
from keyconv.notes import Note
from keyconv.proof import amends, proving
from keyconv.record import record
from keyconv.secret import Passphrase
from keyconv.text import base64, integer
from keyconv.text.comment import clean
from keyconv.text.lines import Line, split
from keyconv.text.quoting import as_name
from keyconv.wire import encode
from keyconv.wire.reader import WireReader

__all__ = ["PPK1", "PPK2", "PPK3", "LockedPpk"]

_MAGIC = re.compile(rb"PuTTY-User-Key-File-([1-9][0-9]{0,2}): ")
_HEADER = re.compile(rb"([^:\r\n]{1,39}): ([^\r\n]*)\Z")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2})*\Z")
_BLOCK = AES256_CBC.block
_LINE_WIDTH = 64
_RSA_NAMES = {name.encode("ascii") for name in (RsaPublicKey.algorithm, *public_blob.RSA_ALIASES)}
_FLAVOURS: dict[bytes, str] = {b"Argon2id": "argon2id", b"Argon2i": "argon2i", b"Argon2d": "argon2d"}


@record
class _Sections:
    """Everything a PPK file says, decoded from its text and not judged yet."""

    version: int
    algorithm: bytes
    encryption: bytes
    comment: bytes
    public: bytes
    kdf: Argon2 | PuttySha1 | None
    private: bytes
    mac: bytes
    keyed: bool


@record
class LockedPpk(Locked):
    """The encrypted private half of a PPK file."""

    sections: _Sections
    public: PublicKey

    @property
    def protection(self) -> Protection:
        """AES-256 in CBC mode, under Argon2 (version 3) or SHA-1 (before)."""
        return Protection(AES256_CBC.name, self._kdf)

    @property
    def _kdf(self) -> Argon2 | PuttySha1:
        return self.sections.kdf or PuttySha1()

    def unlock(self, passphrase: Passphrase, deriver: Deriver | None = None) -> Unlocked:
        """Decrypt, compare the MAC, prove; a wrong passphrase and an edited file cannot be determined apart."""
        sections = self.sections
        deriver = deriver or Deriver()
        if sections.version == 3:
            derived = deriver.derive(self._kdf, passphrase, 80)
            key, iv, mac_key = derived[:32], derived[32:48], derived[48:]
        else:
            key, iv = deriver.derive(self._kdf, passphrase, 32), bytes(16)
            mac_key = _sha1_mac_key(passphrase.reveal())
        private = decrypt(AES256_CBC, key, iv, sections.private)
        if private is None or not _mac_fits(sections, private, mac_key):
            raise WrongPassphraseError("wrong passphrase, or the file was edited: its MAC does not fit", place="ppk")
        notes: list[Note] = []
        proved = amends.explained(lambda: _prove(sections, private, self.public, notes))
        return Unlocked(proved, notes=tuple(notes))


def _sniff(version: int, data: bytes) -> bool:
    found = _MAGIC.match(data)
    return found is not None and int(found.group(1)) == version


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(data: bytes) -> KeyFile:
    try:
        return amends.explained(lambda: _read_file(data))
    except KeyconvError as error:
        raise error.of_format("ppk") from None


def _read_file(data: bytes) -> KeyFile:
    cursor = _Cursor(split(data, bare_cr=True))
    notes: list[Note] = []
    magic = _MAGIC.match(data)
    if magic is None:
        raise MalformedError("expected 'PuTTY-User-Key-File-' and a version").within_line(1)
    version = int(magic.group(1))
    if version not in (1, 2, 3):
        raise UnsupportedError(f"version {version} of the format is not known").within_line(1)
    algorithm = cursor.header(magic.group()[:-2])
    encryption = cursor.header(b"Encryption")
    if encryption not in (b"none", b"aes256-cbc"):
        raise UnsupportedError("the encryption is neither none nor aes256-cbc", place="Encryption")
    comment = cursor.header(b"Comment")
    if len(comment) > limits.MAX_COMMENT:
        raise MalformedError(f"the comment has {len(comment)} bytes; the limit is {limits.MAX_COMMENT}")
    blob = cursor.base64_lines(b"Public-Lines")
    public, certificate = _read_public(algorithm, blob, notes)
    entry = Entry(public, comment=comment, certificate=certificate)
    try:
        kdf = _read_kdf(cursor) if version == 3 and encryption != b"none" else None
        private = cursor.base64_lines(b"Private-Lines")
        mac, keyed = _read_mac(cursor, version, notes)
    except MalformedError as error:
        if cursor.has_mac(64 if version == 3 else 40):
            raise
        fault = TruncatedError("the file is cut short: its private half is not whole").placed_as(error).of_format("ppk")
        notes.append(Note("truncated", str(fault)))
        return KeyFile(
            f"ppk{version}" if version < 3 else "ppk", "private", (replace(entry, fault=fault),), tuple(notes)
        )
    cursor.finish()
    sections = _Sections(version, algorithm, encryption, comment, blob, kdf, private, mac, keyed)
    half: PrivateKey | Locked
    if encryption == b"none":
        if not _mac_fits(sections, private, b"" if version == 3 else _sha1_mac_key(b"")):
            raise MacError("the MAC does not fit: the comment, the type or one of the two halves was edited")
        half = _prove(sections, private, public, notes)
    else:
        if not private or len(private) % _BLOCK:
            raise MalformedError(
                f"the encrypted private half has {len(private)} bytes, not a multiple of {_BLOCK}",
                place="Private-Lines",
            )
        half = LockedPpk(sections, public)
    name = "ppk" if version == 3 else f"ppk{version}"
    return KeyFile(name, "private", (replace(entry, private=half),), tuple(notes))


class _Cursor:
    """Goes through the lines of a file; every error names the header and the line."""

    def __init__(self, rows: list[Line]) -> None:
        self._rows = rows
        self._next = 0

    def header(self, name: bytes) -> bytes:
        """Read the header that must come next."""
        shown = name.decode("ascii")
        row = self._row(shown)
        found = _HEADER.match(row.text)
        if found is None or found.group(1) != name:
            raise MalformedError(f"expected the header '{shown}: '").within_line(row.number)
        return found.group(2)

    def number(self, name: bytes) -> int:
        """Read a header that holds a number."""
        text = self.header(name)
        try:
            return integer.decode(text)
        except MalformedError as error:
            raise self.at(name, error) from None

    def base64_lines(self, name: bytes) -> bytes:
        """Read a header with a count, then so many lines of base64."""
        count = self.number(name)
        header = self._next
        if count > len(self._rows) - header:
            cut = TruncatedError(f"{count} lines are announced, but only {len(self._rows) - header} follow")
            raise self.at(name, cut)
        rows = self._rows[header : header + count]
        self._next += count
        for row in rows:
            short = row is rows[-1] and len(row.text) < _LINE_WIDTH
            if len(row.text) != _LINE_WIDTH and not short:
                refusal = MalformedError(f"the line has {len(row.text)} characters instead of {_LINE_WIDTH}")
                raise refusal.within_line(row.number).within(name.decode("ascii"))
        try:
            return base64.decode(b"".join(row.text for row in rows))
        except MalformedError as error:
            raise error.within_line(self._rows[header - 1].number).within(name.decode("ascii")) from None

    def next_name(self) -> bytes:
        """Look at the next header's name without reading it."""
        row = self._rows[self._next].text if self._next < len(self._rows) else b""
        return row.partition(b": ")[0]

    def at(self, name: bytes, error: KeyconvError) -> KeyconvError:
        """Put to an error the header that was read last, and its line."""
        return error.within_line(self._rows[self._next - 1].number).within(name.decode("ascii"))

    def has_mac(self, digits: int) -> bool:
        """Return whether a whole MAC line, the last of a file, is there at all."""
        rows = [row.text for row in self._rows if row.text]
        name, _, value = rows[-1].partition(b": ")
        return name in (b"Private-MAC", b"Private-Hash") and len(value) >= digits

    def finish(self) -> None:
        """Refuse anything but blank lines after the last header."""
        for row in self._rows[self._next :]:
            if row.text:
                raise MalformedError("there is text after the MAC").within_line(row.number)

    def _row(self, expected: str) -> Line:
        if self._next >= len(self._rows):
            raise TruncatedError(f"the file ends before '{expected}: '").within_line(len(self._rows))
        self._next += 1
        return self._rows[self._next - 1]


def _read_public(algorithm: bytes, blob: bytes, notes: list[Note]) -> tuple[PublicKey, Certificate | None]:
    try:
        public, certificate = certificates.read_any(blob, notes, amends.current())
        stated = WireReader(blob).string("algorithm name")
        if algorithm != stated and not {algorithm, stated} <= _RSA_NAMES:
            raise MismatchError("the type on line 1 is not the type in the public half", line=1)
        if algorithm != stated:
            notes.append(
                Note("noncanonical", f"the key is of type ssh-rsa, but line 1 says {algorithm.decode('ascii')}")
            )
        proving.check_public(public)
    except KeyconvError as error:
        raise error.within("public half") from None
    if _family_of(public) is None:
        raise UnsupportedError(f"PPK files of type {as_name(public.algorithm)} are not known")
    return public, certificate


def _read_kdf(cursor: _Cursor) -> Argon2:
    name = cursor.header(b"Key-Derivation")
    if name not in _FLAVOURS:
        raise cursor.at(b"Key-Derivation", UnsupportedError("the KDF is none of Argon2id, Argon2i and Argon2d"))
    memory = cursor.number(b"Argon2-Memory")
    passes = cursor.number(b"Argon2-Passes")
    parallelism = cursor.number(b"Argon2-Parallelism")
    salt = cursor.header(b"Argon2-Salt")
    if not _HEX.match(salt):
        raise cursor.at(b"Argon2-Salt", MalformedError("the salt is not hexadecimal"))
    flavour = next(known for known in ARGON2_FLAVOURS if known == _FLAVOURS[name])
    try:
        return Argon2(flavour, memory, passes, parallelism, bytes.fromhex(salt.decode("ascii")))
    except KeyconvError as error:
        raise error.within("Key-Derivation") from None


def _read_mac(cursor: _Cursor, version: int, notes: list[Note]) -> tuple[bytes, bool]:
    name = b"Private-Hash" if version == 1 and cursor.next_name() == b"Private-Hash" else b"Private-MAC"
    text = cursor.header(name)
    length = 32 if version == 3 else 20
    if not _HEX.match(text) or len(text) != 2 * length:
        raise cursor.at(name, MalformedError(f"the MAC is not {2 * length} hexadecimal digits"))
    if text != text.lower():
        notes.append(Note("noncanonical", "the MAC is in upper case, which PuTTY refuses"))
    return bytes.fromhex(text.decode("ascii")), name == b"Private-MAC"


def _sha1_mac_key(passphrase: bytes) -> bytes:
    return sha1(b"putty-private-key-file-mac-key" + passphrase, usedforsecurity=False).digest()


def _mac_fits(sections: _Sections, private: bytes, mac_key: bytes) -> bool:
    if not sections.keyed:
        return hmac.compare_digest(sha1(private, usedforsecurity=False).digest(), sections.mac)
    return hmac.compare_digest(_mac(sections, private, mac_key), sections.mac)


def _mac(sections: _Sections, private: bytes, mac_key: bytes) -> bytes:
    if sections.version == 1:
        covered = private
    else:
        fields = (sections.algorithm, sections.encryption, sections.comment, sections.public, private)
        covered = b"".join(map(encode.string, fields))
    return hmac.digest(mac_key, covered, sha256 if sections.version == 3 else sha1)


def _prove(sections: _Sections, private: bytes, public: PublicKey, notes: list[Note]) -> PrivateKey:
    try:
        reader = WireReader(private, notes=notes, amends=amends.current())
        key = _read_private(public, reader, notes)
        if sections.version == 1 and isinstance(public, DsaPublicKey):
            _read_dsa_hash(public, reader)
        _check_padding(sections, private[: reader.position], reader.rest(), notes)
        return proving.prove(key, notes)
    except KeyconvError as error:
        raise error.within("ppk: private half" if sections.encryption != b"none" else "private half") from None


def _check_padding(sections: _Sections, private: bytes, padding: bytes, notes: list[Note]) -> None:
    if sections.encryption == b"none" and padding:
        raise MalformedError(f"{len(padding)} bytes too many after the last number")
    if len(padding) >= _BLOCK:
        raise MalformedError(f"{len(padding)} bytes of padding, a whole block or more")
    if sections.encryption != b"none" and not hmac.compare_digest(padding, _padding(private)):
        notes.append(Note("noncanonical", "the padding of the private half is not the one that PuTTY writes"))


def _padding(private: bytes) -> bytes:
    return sha1(private, usedforsecurity=False).digest()[: -len(private) % _BLOCK]


# ── the private half of each key type ──────────────────────────────────────────────────────────────────────────────


def _family_of(public: PublicKey) -> str | None:
    return public.family if public.family in _FAMILIES else None


def _read_private(public: PublicKey, reader: WireReader, notes: list[Note]) -> PrivateKey:
    match public:
        case RsaPublicKey():
            return RsaPrivateKey(
                public,
                d=reader.mpint("RSA exponent d"),
                p=reader.mpint("RSA prime p"),
                q=reader.mpint("RSA prime q"),
                iqmp=reader.mpint("RSA coefficient iqmp"),
            )
        case DsaPublicKey():
            return DsaPrivateKey(public, reader.mpint("DSA private number x"))
        case EcdsaPublicKey():
            return EcdsaPrivateKey(public, reader.mpint("private scalar"))
        case Ed25519PublicKey():
            return Ed25519PrivateKey(public, _read_seed_25519(reader, notes))
        case Ed448PublicKey():
            seed = reader.string("seed")
            if len(seed) != 57:
                raise MalformedError(f"the seed has {len(seed)} bytes instead of 57")
            return Ed448PrivateKey(public, seed)
        case _:
            raise UnsupportedError(f"PPK files of type {as_name(public.algorithm)} are not known")


def _read_seed_25519(reader: WireReader, notes: list[Note]) -> bytes:
    seed = reader.string("seed")
    if not 0 < len(seed) <= 32:
        raise MalformedError(f"the seed has {len(seed)} bytes instead of 32")
    if len(seed) < 32:
        # PuTTY before 0.75 wrote the seed as a little-endian number and so dropped zero bytes at its end.
        notes.append(
            Note("noncanonical", f"the seed has {len(seed)} bytes instead of 32, as PuTTY before 0.75 wrote it")
        )
    return seed.ljust(32, b"\0")


def _read_dsa_hash(public: DsaPublicKey, reader: WireReader) -> None:
    # PuTTY 0.51 wrote a hash of the parameters behind x; the MAC replaced it.
    if reader.remaining >= 24:
        stated = reader.string("hash of p, q and g")
        numbers = b"".join(map(encode.mpint, (public.p, public.q, public.g)))
        if not hmac.compare_digest(sha1(numbers, usedforsecurity=False).digest(), stated):
            raise MismatchError("the hash of p, q and g does not fit them")


def _write_private(private: PrivateKey) -> bytes:
    match private:
        case RsaPrivateKey():
            return b"".join(map(encode.mpint, (private.d, private.p, private.q, private.iqmp)))
        case DsaPrivateKey():
            return encode.mpint(private.x)
        case EcdsaPrivateKey():
            return encode.mpint(private.d)
        case Ed25519PrivateKey() | Ed448PrivateKey():
            return encode.string(private.seed)
        case SkEcdsaPrivateKey() | SkEd25519PrivateKey() | MlDsa44Ed25519PrivateKey():
            raise AssertionError("the plan refuses what a PPK cannot hold")
        case _:
            assert_never(private)


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(version: int, entries: tuple[Entry, ...], options: WriteOptions) -> bytes:
    (entry,) = entries
    private_key = entry.private
    if private_key is None or isinstance(private_key, Locked):
        raise AssertionError("a writer is given unlocked keys")
    public = entry.certificate.blob if entry.certificate else public_blob.write(private_key.public)
    algorithm = entry.certificate.algorithm if entry.certificate else private_key.public.algorithm
    private = _write_private(private_key)
    comment = clean(entry.comment or b"")
    passphrase = options.passphrase or None
    kdf: Argon2 | PuttySha1 | None = None
    if passphrase and version == 3:
        kdf = Argon2(options.kdf, options.kdf_memory, options.kdf_passes, options.kdf_parallelism, options.random(16))
        derived = options.deriver.derive(kdf, passphrase, 80)
        key, iv, mac_key = derived[:32], derived[32:48], derived[48:]
    elif passphrase:
        kdf = PuttySha1()
        key, iv = options.deriver.derive(kdf, passphrase, 32), bytes(16)
        mac_key = _sha1_mac_key(passphrase.reveal())
    else:
        key, iv, mac_key = b"", b"", b"" if version == 3 else _sha1_mac_key(b"")
    if passphrase:
        private += _padding(private)
    encryption = AES256_CBC.name.encode() if passphrase else b"none"
    sections = _Sections(version, algorithm.encode("ascii"), encryption, comment, public, kdf, private, b"", True)
    mac = _mac(sections, private, mac_key)
    stored = encrypt(AES256_CBC, key, iv, private)[0] if passphrase else private
    return _write_text(replace(sections, private=stored, mac=mac), options.line_end)


def _write_text(sections: _Sections, end: bytes) -> bytes:
    lines = [
        b"PuTTY-User-Key-File-%d: %s" % (sections.version, sections.algorithm),
        b"Encryption: " + sections.encryption,
        b"Comment: " + sections.comment,
        *_counted(b"Public-Lines", sections.public),
    ]
    if isinstance(sections.kdf, Argon2):
        kdf = sections.kdf
        lines += [
            b"Key-Derivation: " + next(name for name, flavour in _FLAVOURS.items() if flavour == kdf.flavour),
            b"Argon2-Memory: %d" % kdf.memory_kib,
            b"Argon2-Passes: %d" % kdf.passes,
            b"Argon2-Parallelism: %d" % kdf.parallelism,
            b"Argon2-Salt: " + kdf.salt.hex().encode("ascii"),
        ]
    lines += _counted(b"Private-Lines", sections.private)
    lines.append(b"Private-MAC: " + sections.mac.hex().encode("ascii"))
    return b"".join(line + end for line in lines)


def _counted(name: bytes, data: bytes) -> list[bytes]:
    text = base64.encode(data)
    lines = [text[start : start + _LINE_WIDTH] for start in range(0, len(text), _LINE_WIDTH)]
    return [b"%s: %d" % (name, len(lines)), *lines]


_FAMILIES = frozenset({"rsa", "dsa", "ecdsa", "ed25519", "ed448"})
_SOURCE = "PuTTY 0.85 manual, appendix C, 'PPK file format'"
_CIPHERS = (AES256_CBC.name,)


def _writer(version: int) -> Callable[[tuple[Entry, ...], WriteOptions], bytes]:
    return partial(_write, version)


PPK3 = Format(
    name="ppk",
    title="PuTTY private key, version 3",
    source=_SOURCE,
    can=Capabilities(
        private=True, families=_FAMILIES, comment=True, certificate=True, ciphers=_CIPHERS, kdfs=ARGON2_FLAVOURS
    ),
    sniff=partial(_sniff, 3),
    read=_read,
    write=_writer(3),
    suffix=".ppk",
)
PPK2 = Format(
    name="ppk2",
    title="PuTTY private key, version 2",
    source=_SOURCE,
    can=Capabilities(
        private=True, families=_FAMILIES, comment=True, certificate=True, ciphers=_CIPHERS, kdfs=(PuttySha1.name,)
    ),
    sniff=partial(_sniff, 2),
    read=_read,
    write=_writer(2),
    suffix=".ppk",
)
PPK1 = Format(
    name="ppk1",
    title="PuTTY private key, version 1",
    source=_SOURCE,
    can=Capabilities(
        private=True,
        families=_FAMILIES,
        comment=True,
        ciphers=_CIPHERS,
        kdfs=(PuttySha1.name,),
    ),
    sniff=partial(_sniff, 1),
    read=_read,
    write=None,
    suffix=".ppk",
)
