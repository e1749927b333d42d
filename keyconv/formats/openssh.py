"""OpenSSH's private key format.

Source: OpenSSH PROTOCOL.key; where ssh-keygen departs from it, what ssh-keygen writes.
"""

from __future__ import annotations

import hmac

from keyconv import limits
from keyconv.codec import certificate as certificates
from keyconv.codec import private_blob, public_blob
from keyconv.crypto.ciphers import CIPHERS, Cipher, decrypt, encrypt
from keyconv.crypto.kdf import BcryptPbkdf, Deriver, note_salt
from keyconv.errors import (
    KeyconvError,
    LimitError,
    MalformedError,
    MismatchError,
    UnsupportedError,
    UsageError,
    WrongPassphraseError,
)
from keyconv.formats.base import Capabilities, Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile, Locked, Protection, Unlocked
from keyconv.keys import Certificate, DsaPrivateKey, PublicKey, RsaPrivateKey
from keyconv.notes import Note
from keyconv.proof import amends, proving
from keyconv.record import record
from keyconv.secret import Passphrase
from keyconv.text import pem
from keyconv.text.comment import clean
from keyconv.text.quoting import as_name
from keyconv.wire import encode
from keyconv.wire.reader import WireReader

__all__ = ["OPENSSH", "LockedOpenssh"]

_LABEL = "OPENSSH PRIVATE KEY"
_MAGIC = b"openssh-key-v1\0"
_PLAIN_BLOCK = 8
_DEFAULT_CIPHER = "aes256-ctr"
_DEFAULT_ROUNDS = 24
_DECRYPT = "take the passphrase off with the OpenSSH that made it: ssh-keygen -p -f FILE"


@record
class LockedOpenssh(Locked):
    """One private half of an encrypted file: the `index`-th of those in the section."""

    cipher: Cipher
    kdf: BcryptPbkdf
    publics: tuple[PublicKey, ...]
    section: bytes
    tag: bytes
    index: int

    @property
    def protection(self) -> Protection:
        """The file's cipher, under bcrypt."""
        return Protection(self.cipher.name, self.kdf)

    @property
    def hides_comment(self) -> bool:
        """It is among what is encrypted."""
        return True

    def unlock(self, passphrase: Passphrase, deriver: Deriver | None = None) -> Unlocked:
        """Verify the tag where the cipher has one, decrypt, compare the check integers, prove."""
        cipher = self.cipher
        deriver = deriver or Deriver()
        deriver.check(self.kdf)
        if not passphrase:
            raise WrongPassphraseError("wrong passphrase: the file is encrypted, and the passphrase is empty")
        derived = deriver.derive(self.kdf, passphrase, cipher.key_length + cipher.iv_length)
        key, iv = derived[: cipher.key_length], derived[cipher.key_length :]
        section = decrypt(cipher, key, iv, self.section, self.tag)
        if section is None:
            raise WrongPassphraseError(
                f"wrong passphrase, or the file was edited: the tag of {cipher.name} does not fit", place="openssh"
            )
        if not _check_integers_agree(section):
            raise WrongPassphraseError("wrong passphrase", place="openssh")
        try:
            return amends.explained(lambda: _read_section(section, self.publics, cipher.block, self.index)[0])
        except KeyconvError as error:
            raise error.within("private half").of_format("openssh") from None


def _sniff(data: bytes) -> bool:
    return pem.begins(data, _LABEL)


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(data: bytes) -> KeyFile:
    try:
        return amends.explained(lambda: _read_file(data))
    except KeyconvError as error:
        raise error.of_format("openssh") from None


def _read_file(data: bytes) -> KeyFile:
    notes: list[Note] = []
    frame = pem.read(data, notes)
    if frame.label != _LABEL:
        raise MalformedError("the frame is not labelled OPENSSH PRIVATE KEY")
    reader = WireReader(frame.data)
    if not frame.data.startswith(_MAGIC):
        raise MalformedError("the body does not begin with 'openssh-key-v1': it is of another format than its label")
    reader.fixed("magic", len(_MAGIC))
    cipher_name = reader.name("cipher name")
    kdf_name = reader.name("KDF name")
    kdf_options = reader.string("KDF options")
    count = reader.uint32("number of keys")
    if count == 0:
        raise MalformedError("the file says that it holds no key")
    if count > limits.MAX_KEYS_PER_FILE:
        message = f"the file says that it holds {count} keys; the limit is {limits.MAX_KEYS_PER_FILE}"
        raise LimitError(message, rule="corrupt")
    outer = [_read_public(reader.string("public half"), notes) for _ in range(count)]
    publics = tuple(public for public, _ in outer)
    section = reader.string("private section")
    if cipher_name == "none":
        reader.finish("the private section")
        if kdf_name != "none" or kdf_options:
            raise MalformedError("the file is not encrypted, yet names a KDF")
        unlocked = _read_plain(section, publics)
        entries = tuple(
            Entry(each.private.public, each.private, each.comment, _same_certificate(stated, each.certificate))
            for (_, stated), each in zip(outer, unlocked, strict=True)
        )
        notes.extend(note for each in unlocked for note in each.notes)
    else:
        cipher = _find_cipher(cipher_name, section)
        kdf = _read_bcrypt_options(kdf_name, kdf_options, notes)
        tag = reader.fixed("authentication tag", cipher.tag_length)
        reader.finish("the authentication tag" if tag else "the private section")
        entries = tuple(
            Entry(public, LockedOpenssh(cipher, kdf, publics, section, tag, index), certificate=stated)
            for index, (public, stated) in enumerate(outer)
        )
    if count > 1:
        notes.append(Note("multiple-keys", f"the file holds {count} keys, of which most programs read none"))
    return KeyFile(OPENSSH.name, "private", entries, tuple(notes))


def _read_public(blob: bytes, notes: list[Note]) -> tuple[PublicKey, Certificate | None]:
    try:
        public, certificate = certificates.read_any(blob, notes, amends.current())
        proving.check_public(public)
    except KeyconvError as error:
        raise error.within("public half") from None
    return public, certificate


def _same_certificate(outer: Certificate | None, inner: Certificate | None) -> Certificate | None:
    if outer is not None and inner is not None and outer != inner:
        raise MismatchError("the certificate that stands in clear is not the one in the private section")
    return inner or outer


def _find_cipher(name: str, section: bytes) -> Cipher:
    if name not in CIPHERS:
        raise UnsupportedError(f"the cipher {as_name(name)} is not supported", place="cipher name", hint=_DECRYPT)
    cipher = CIPHERS[name]
    if not section or len(section) % cipher.block:
        raise MalformedError(f"the private section has {len(section)} bytes, not a multiple of {cipher.block}")
    return cipher


def _read_bcrypt_options(kdf_name: str, data: bytes, notes: list[Note]) -> BcryptPbkdf:
    if kdf_name == "none":
        raise MalformedError("the file is encrypted, but names no KDF")
    if kdf_name != BcryptPbkdf.name:
        raise UnsupportedError(f"the KDF {as_name(kdf_name)} is not supported", place="KDF name", hint=_DECRYPT)
    options = WireReader(data)
    salt = options.string("salt")
    rounds = options.uint32("rounds")
    options.finish("the KDF's rounds")
    note_salt(salt, notes)
    return BcryptPbkdf(salt, rounds)


def _read_plain(section: bytes, publics: tuple[PublicKey, ...]) -> list[Unlocked]:
    try:
        if len(section) % _PLAIN_BLOCK:
            raise MalformedError(f"the section has {len(section)} bytes, not a multiple of {_PLAIN_BLOCK}")
        if not _check_integers_agree(section):
            raise MalformedError("the two check integers differ")
        return _read_section(section, publics, _PLAIN_BLOCK)
    except KeyconvError as error:
        raise error.within("private half") from None


def _check_integers_agree(section: bytes) -> bool:
    return len(section) >= 8 and hmac.compare_digest(section[:4], section[4:8])


def _padding(length: int) -> bytes:
    return bytes(number & 0xFF for number in range(1, 1 + length))


def _read_section(
    section: bytes, publics: tuple[PublicKey, ...], block: int, only: int | None = None
) -> list[Unlocked]:
    """Read and prove every key of the section, or the `only` one that is asked for."""
    shared: list[Note] = []
    reader = WireReader(section, notes=shared, amends=amends.current())
    reader.fixed("check integers", 8)
    unlocked: list[Unlocked] = []
    proved_bits = 0
    for index, public in enumerate(publics):
        notes: list[Note] = []
        private, certificate = private_blob.read(reader)
        if private.public != public:
            raise MismatchError("the public half that stands in clear is not the one in the private section")
        comment = reader.string("comment")
        if only not in (None, index):
            continue
        proved_bits += private.public.bits if isinstance(private, RsaPrivateKey | DsaPrivateKey) else 0
        limits.check_proved_bits(proved_bits)
        private = proving.prove(private, notes)
        if len(comment) > limits.MAX_COMMENT:
            raise LimitError(f"the comment has {len(comment)} bytes; the limit is {limits.MAX_COMMENT}")
        unlocked.append(Unlocked(private, comment, certificate, tuple(notes)))
    padding = reader.rest()
    if not hmac.compare_digest(padding, _padding(len(padding))):
        raise MalformedError("the padding is not 1, 2, 3 ...")
    if len(padding) >= block:
        shared.append(
            Note("noncanonical", f"{len(padding)} bytes of padding, a block of {block} or more", harmless=True)
        )
    if shared:
        first = unlocked[0]
        unlocked[0] = Unlocked(first.private, first.comment, first.certificate, (*first.notes, *shared))
    return unlocked


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(entries: tuple[Entry, ...], options: WriteOptions) -> bytes:
    passphrase = options.passphrase or None
    if options.cipher and options.cipher not in CIPHERS:
        raise UsageError(f"openssh has no cipher '{options.cipher}'", hint=f"its ciphers: {', '.join(CIPHERS)}")
    cipher = CIPHERS[options.cipher or _DEFAULT_CIPHER] if passphrase else None
    kdf = _kdf(options) if passphrase else None
    check = options.random(4)
    section = check + check
    publics = []
    for entry in entries:
        private = entry.private
        if private is None or isinstance(private, Locked):
            raise AssertionError("a writer is given unlocked keys")
        publics.append(public_blob.write(private.public))
        section += private_blob.write(private) + encode.string(clean(entry.comment or b""))
    section += _padding(-len(section) % (cipher.block if cipher else _PLAIN_BLOCK))
    tag = b""
    if passphrase and cipher and kdf:
        derived = options.deriver.derive(kdf, passphrase, cipher.key_length + cipher.iv_length)
        section, tag = encrypt(cipher, derived[: cipher.key_length], derived[cipher.key_length :], section)
    kdf_options = encode.string(kdf.salt) + encode.uint32(kdf.rounds) if kdf else b""
    data = b"".join(
        (
            _MAGIC,
            encode.name(cipher.name if cipher else "none"),
            encode.name(kdf.name if kdf else "none"),
            encode.string(kdf_options),
            encode.uint32(len(entries)),
            *map(encode.string, publics),
            encode.string(section),
            tag,
        )
    )
    return pem.write(_LABEL, data, width=70)


def _kdf(options: WriteOptions) -> BcryptPbkdf:
    expected, rounds = options.deriver.expected(), options.rounds or _DEFAULT_ROUNDS
    if isinstance(expected, BcryptPbkdf) and expected.rounds == rounds:
        return expected
    return BcryptPbkdf(options.random(16), rounds)


def _foresee(options: WriteOptions) -> None:
    cipher = CIPHERS.get(options.cipher or _DEFAULT_CIPHER)
    if cipher is not None:
        options.deriver.expect(_kdf(options), cipher.key_length + cipher.iv_length)


OPENSSH = Format(
    name="openssh",
    title="OpenSSH private key",
    source="OpenSSH PROTOCOL.key",
    can=Capabilities(
        private=True,
        families=frozenset({"rsa", "dsa", "ecdsa", "ed25519", "ed448", "sk-ecdsa", "sk-ed25519", "mldsa44-ed25519"}),
        comment=True,
        many=True,
        ciphers=tuple(CIPHERS),
        kdfs=(BcryptPbkdf.name,),
    ),
    sniff=_sniff,
    read=_read,
    write=_write,
    foresee=_foresee,
)
