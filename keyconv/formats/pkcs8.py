"""Private keys in PKCS#8, plain or encrypted: one form for every algorithm.

Source: RFC 5958; the encryption: RFC 8018 (PBES1, PBES2), RFC 7914 section 7 (scrypt), RFC 7292 appendix C (PKCS#12).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from keyconv.codec import der_file, der_private, oids
from keyconv.codec.der_file import Kind
from keyconv.codec.unsupported import unknown_cipher
from keyconv.crypto import pbes
from keyconv.crypto.kdf import Deriver, note_salt
from keyconv.crypto.pbes import BlockCipher, Pbkdf1, Pbkdf2, Pkcs12Kdf, Scrypt
from keyconv.errors import KeyconvError, MalformedError, UsageError
from keyconv.formats.base import Capabilities, Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile, Locked, Protection, Unlocked
from keyconv.keys import PrivateKey
from keyconv.notes import Note
from keyconv.proof import proving
from keyconv.secret import Passphrase
from keyconv.text import pem
from keyconv.wire import der
from keyconv.wire.der import DerReader

__all__ = ["PKCS8", "LockedPkcs8"]

_PLAIN = "PRIVATE KEY"
_ENCRYPTED = "ENCRYPTED PRIVATE KEY"
_LABELS: dict[str, Kind] = {_PLAIN: "pkcs8", _ENCRYPTED: "pkcs8-encrypted"}

_WRITTEN = {name: cipher for name, cipher in pbes.CIPHERS.items() if cipher.algorithm == "aes"}
_PRF = "hmacWithSHA256"
_DEFAULT_PRF = "hmacWithSHA1"
_DEFAULT_ITERATIONS = 600_000
"""OWASP's advice for PBKDF2-HMAC-SHA-256 (Password Storage Cheat Sheet, 2023): some 0.1 s. OpenSSL writes 2,048."""
_SALT = 16


@dataclass(frozen=True, slots=True)
class LockedPkcs8(Locked):
    """An encrypted private key; where `iv` is None, the KDF makes it too, behind the key."""

    scheme: str
    kdf: Pbkdf1 | Pbkdf2 | Pkcs12Kdf | Scrypt
    cipher: BlockCipher
    iv: bytes | None
    data: bytes

    @property
    def protection(self) -> Protection:
        """The cipher of PBES2, or the name of an older scheme, and the KDF."""
        return Protection(self.scheme, self.kdf)

    def unlock(self, passphrase: Passphrase, deriver: Deriver | None = None) -> Unlocked:
        """Decrypt, take the padding off, prove."""
        cipher, iv = self.cipher, self.iv
        try:
            length = cipher.key_length + (cipher.block if iv is None else 0)
            derived = (deriver or Deriver()).derive(self.kdf, passphrase, length)
            key = derived[: cipher.key_length]
            notes: list[Note] = []
            iv = derived[cipher.key_length :] if iv is None else iv
            contents = der_file.decrypt(cipher, key, iv, self.data, notes)
            private = _read_key(contents, notes)
            attributes = _attributes(contents, notes)
        except KeyconvError as error:
            error.byte = None  # of what was decrypted, which the file does not show
            raise error.of_format("pkcs8") from None
        return Unlocked(private, notes=tuple(notes), attributes=attributes)


def _sniff(data: bytes) -> bool:
    return der_file.sniff(data, _LABELS)


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(data: bytes) -> KeyFile:
    try:
        notes: list[Note] = []
        kind, contents = der_file.read(data, _LABELS, notes)
        if kind == "pkcs8-encrypted":
            entry = Entry(None, _read_encrypted(contents, notes))
        else:
            private = _read_key(contents, notes)
            entry = Entry(private.public, private, attributes=_attributes(contents, notes))
    except KeyconvError as error:
        raise error.of_format("pkcs8") from None
    return KeyFile(PKCS8.name, "private", (entry,), tuple(notes))


def _read_key(contents: bytes, notes: list[Note]) -> PrivateKey:
    try:
        return der_file.read_strictly_first(partial(_read_proved, contents), notes)
    except KeyconvError as error:
        raise error.within("private key") from None


def _read_proved(contents: bytes, notes: list[Note], lenient: bool) -> PrivateKey:
    return proving.prove(der_private.read_pkcs8(contents, notes, lenient=lenient), notes)


def _attributes(contents: bytes, notes: list[Note]) -> bytes:
    noted = any(note.code == "attributes" for note in notes)
    return der_private.read_attributes(contents) if noted else b""


def _read_encrypted(contents: bytes, notes: list[Note]) -> LockedPkcs8:
    reader = DerReader(contents)
    fields = reader.sequence("EncryptedPrivateKeyInfo")
    reader.finish("the EncryptedPrivateKeyInfo")
    algorithm = fields.sequence("encryption algorithm")
    scheme = algorithm.oid("encryption algorithm's OID")
    parameters = algorithm.sequence("parameters of the encryption")
    algorithm.finish("the parameters of the encryption")
    data = fields.octets("encrypted data")
    fields.finish("the encrypted data")
    if scheme == oids.PBES2:
        locked = _read_pbes2(parameters, data, notes)
    elif scheme in oids.PBE_SCHEMES:
        locked = _read_pbes1(oids.PBE_SCHEMES[scheme], parameters, data)
    else:
        raise unknown_cipher(f"the encryption {oids.show(scheme)}", oids.name_of(scheme))
    parameters.finish("the last parameter of the encryption")
    pbes.check_length(locked.cipher, data)
    note_salt(locked.kdf.salt, notes)
    return locked


def _read_pbes1(scheme: str, parameters: DerReader, data: bytes) -> LockedPkcs8:
    salt = parameters.octets("salt")
    iterations = parameters.count("iteration count")
    kdf: Pbkdf1 | Pkcs12Kdf
    match scheme:
        case "pbeWithMD5AndDES-CBC":
            kdf, name = Pbkdf1("md5", iterations, salt), "des-cbc"
        case "pbeWithSHA1AndDES-CBC":
            kdf, name = Pbkdf1("sha1", iterations, salt), "des-cbc"
        case "pbeWithSHA1And3-KeyTripleDES-CBC":
            kdf, name = Pkcs12Kdf(24, iterations, salt), "des-ede3-cbc"
        case "pbeWithSHA1And2-KeyTripleDES-CBC":
            kdf, name = Pkcs12Kdf(16, iterations, salt), "des-ede-cbc"
        case "pbeWithSHA1And128BitRC2-CBC":
            kdf, name = Pkcs12Kdf(16, iterations, salt), "rc2-cbc"
        case _:
            raise AssertionError(scheme)
    return LockedPkcs8(scheme, kdf, pbes.CIPHERS[name], None, data)


def _read_pbes2(parameters: DerReader, data: bytes, notes: list[Note]) -> LockedPkcs8:
    derivation = parameters.sequence("KDF")
    function = derivation.oid("KDF's OID")
    fields = derivation.sequence("parameters of the KDF")
    derivation.finish("the parameters of the KDF")
    encryption = parameters.sequence("cipher")
    oid = encryption.oid("cipher's OID")
    if oid not in oids.CIPHERS:
        raise unknown_cipher(f"the cipher {oids.show(oid)}", oids.name_of(oid))
    cipher = pbes.CIPHERS[oids.CIPHERS[oid]]
    iv = encryption.octets("IV")
    encryption.finish("the IV")
    if len(iv) != cipher.block:
        raise MalformedError(f"the IV has {len(iv)} bytes, where {cipher.name} has {cipher.block}")
    kdf: Pbkdf2 | Scrypt
    if function == oids.PBKDF2:
        kdf = _read_pbkdf2(fields, cipher, notes)
    elif function == oids.SCRYPT:
        salt = fields.octets("salt")
        n, r, p = fields.count("scrypt's N"), fields.count("scrypt's r"), fields.count("scrypt's p")
        _read_key_length(fields, cipher)
        kdf = Scrypt(n, r, p, salt)
    else:
        raise unknown_cipher(f"the KDF {oids.show(function)}")
    fields.finish("the last parameter of the KDF")
    return LockedPkcs8(cipher.name, kdf, cipher, iv, data)


def _read_pbkdf2(fields: DerReader, cipher: BlockCipher, notes: list[Note]) -> Pbkdf2:
    salt = fields.octets("salt")
    iterations = fields.count("iteration count")
    _read_key_length(fields, cipher)
    if fields.peek() is None:
        return Pbkdf2(_DEFAULT_PRF, iterations, salt)
    function = fields.sequence("pseudo-random function")
    oid = function.oid("pseudo-random function's OID")
    if oid not in oids.PRFS:
        raise unknown_cipher(f"the pseudo-random function {oids.show(oid)}")
    if function.peek() is None:
        notes.append(Note("noncanonical", "PBKDF2's function is named without its NULL parameters"))
    else:
        function.null("parameters of the pseudo-random function")
    function.finish("the pseudo-random function")
    if oids.PRFS[oid] == _DEFAULT_PRF:
        # Java's PBES2Parameters always writes it, and DER leaves out what is the default.
        notes.append(Note("noncanonical", "PBKDF2's default function is named, which DER forbids", harmless=True))
    return Pbkdf2(oids.PRFS[oid], iterations, salt)


def _read_key_length(fields: DerReader, cipher: BlockCipher) -> None:
    if fields.peek() == der.INTEGER:
        length = fields.count("key length")
        if length != cipher.key_length:
            raise MalformedError(
                f"the KDF is to make {length} bytes of key, where {cipher.name} takes {cipher.key_length}"
            )


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(entries: tuple[Entry, ...], options: WriteOptions) -> bytes:
    (entry,) = entries
    private = entry.private
    if private is None or isinstance(private, Locked):
        raise AssertionError("a writer is given unlocked keys")
    contents = der_private.write_pkcs8(private, entry.attributes)
    if not options.passphrase:
        return pem.write(_PLAIN, contents, end=options.line_end)
    cipher = _WRITTEN.get(options.cipher or "aes-256-cbc")
    if cipher is None:
        raise UsageError(
            f"pkcs8 is not written with the cipher {options.cipher}", hint="it is with " + ", ".join(_WRITTEN)
        )
    kdf = Pbkdf2(_PRF, options.rounds or _DEFAULT_ITERATIONS, options.random(_SALT))
    iv = options.random(cipher.block)
    key = options.deriver.derive(kdf, options.passphrase, cipher.key_length)
    scheme = _write_pbes2(kdf, cipher, iv)
    encrypted = der.sequence(scheme, der.octets(pbes.encrypt(cipher, key, iv, contents)))
    return pem.write(_ENCRYPTED, encrypted, end=options.line_end)


def _write_pbes2(kdf: Pbkdf2, cipher: BlockCipher, iv: bytes) -> bytes:
    prf = der.sequence(der.oid(_oid(oids.PRFS, kdf.prf)), der.null())
    parameters = der.sequence(der.octets(kdf.salt), der.integer(kdf.iterations), prf)
    derivation = der.sequence(der.oid(oids.PBKDF2), parameters)
    encryption = der.sequence(der.oid(_oid(oids.CIPHERS, cipher.name)), der.octets(iv))
    return der.sequence(der.oid(oids.PBES2), der.sequence(derivation, encryption))


def _oid(table: dict[str, str], wanted: str) -> str:
    return next(oid for oid, name in table.items() if name == wanted)


PKCS8 = Format(
    name="pkcs8",
    title="PKCS#8 private key",
    source="RFC 5958, RFC 8018",
    can=Capabilities(
        private=True,
        families=frozenset({"rsa", "dsa", "ecdsa", "ed25519", "ed448"}),
        attributes=True,
        ciphers=tuple(_WRITTEN),
        kdfs=(Pbkdf2.name,),
        shows_public=False,
    ),
    sniff=_sniff,
    read=_read,
    write=_write,
    suffix=".pem",
)
