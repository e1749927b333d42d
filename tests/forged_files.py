"""Key files built by hand, by an encoder that shares nothing with keyconv's: what no honest program writes.

A `Pair` holds the fields of one key as raw bytes, so that a test can put anything into any of them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, replace
from functools import cache

import bcrypt
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES, ChaCha20
from cryptography.hazmat.primitives.poly1305 import Poly1305
from fixture_files import FIXTURES, by_path

SALT = bytes(range(16))
CURVES = {
    b"nistp256": (ec.SECP256R1(), 32),
    b"nistp384": (ec.SECP384R1(), 48),
    b"nistp521": (ec.SECP521R1(), 66),
}


def string(value: bytes) -> bytes:
    """Encode bytes with their length in front."""
    return len(value).to_bytes(4, "big") + value


def number(value: int) -> bytes:
    """Encode a number as the content of an mpint, without its length."""
    return value.to_bytes(value.bit_length() // 8 + 1, "big") if value else b""


def strings(blob: bytes) -> tuple[bytes, ...]:
    """Split a blob that is nothing but strings."""
    found = []
    while blob:
        length = int.from_bytes(blob[:4], "big")
        found.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return tuple(found)


@dataclass(frozen=True)
class Pair:
    """One key: its public fields after the name, and its private fields in a PPK's order."""

    algorithm: bytes
    public: tuple[bytes, ...]
    private: tuple[bytes, ...]

    @property
    def kind(self) -> str:
        """The family: rsa, dsa, ecdsa or eddsa."""
        prefixes = {b"ssh-rsa": "rsa", b"ssh-dss": "dsa", b"ssh-ed25519": "eddsa", b"ssh-ed448": "eddsa"}
        return prefixes.get(self.algorithm, "ecdsa")

    @property
    def blob(self) -> bytes:
        """The public blob."""
        return b"".join(map(string, (self.algorithm, *self.public)))

    def with_public(self, *fields: bytes) -> Pair:
        """The same private fields behind other public ones."""
        return replace(self, public=fields)

    def with_private(self, *fields: bytes) -> Pair:
        """The same public fields before other private ones."""
        return replace(self, private=fields)

    def inner(self, second_half: bytes | None = None) -> bytes:
        """The key as OpenSSH's private section has it, without the comment.

        `second_half` replaces the public half that follows an EdDSA seed.
        """
        if self.kind == "rsa":
            e, n = self.public
            d, p, q, iqmp = self.private
            fields: tuple[bytes, ...] = (n, e, d, iqmp, p, q)
        elif self.kind == "eddsa":
            (point,), (seed,) = self.public, self.private
            fields = (point, seed + (point if second_half is None else second_half))
        else:
            fields = (*self.public, *self.private)
        return b"".join(map(string, (self.algorithm, *fields)))


@cache
def load(key: str) -> Pair:
    """Return the fields of a fixture key, out of puttygen's unencrypted PPK of it."""
    paths = {fixture.path for fixture in FIXTURES}
    path = next(path for path in (f"ppk/{key}-v3-plain.ppk", f"edge/{key}-v3-plain.ppk") if path in paths)
    public, private = ppk_blobs(by_path(path).data)
    algorithm, *fields = strings(public)
    return Pair(algorithm, tuple(fields), strings(private))


@cache
def stranger(key: str) -> Pair:
    """Return another valid key of the same type and size as this fixture key."""
    pair = load(key)
    if pair.kind == "rsa":
        return load("rsa2048" if key == "rsa3072" else "rsa3072")
    if pair.kind == "dsa":
        p, q, g, y = (int.from_bytes(field, "big") for field in pair.public)
        x = int.from_bytes(pair.private[0], "big")
        return Pair(pair.algorithm, (*pair.public[:3], number(y * g % p)), (number((x + 1) % q),))
    if pair.kind == "ecdsa":
        curve, size = CURVES[pair.public[0]]
        d = int.from_bytes(pair.private[0], "big") // 2
        numbers = ec.derive_private_key(d, curve).public_key().public_numbers()
        point = b"\4" + numbers.x.to_bytes(size, "big") + numbers.y.to_bytes(size, "big")
        return Pair(pair.algorithm, (pair.public[0], point), (number(d),))
    seed = hashlib.shake_256(pair.private[0]).digest(len(pair.private[0]))
    kind = ed448.Ed448PrivateKey if len(seed) == 57 else ed25519.Ed25519PrivateKey
    return Pair(pair.algorithm, (kind.from_private_bytes(seed).public_key().public_bytes_raw(),), (seed,))


# ── PPK ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def ppk_blobs(data: bytes) -> tuple[bytes, bytes]:
    """Return the two blobs of a PPK file as they stand."""
    rows = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")

    def blob(name: bytes) -> bytes:
        index = next(index for index, row in enumerate(rows) if row.startswith(name))
        count = int(rows[index].split()[1])
        return base64.b64decode(b"".join(rows[index + 1 : index + 1 + count]))

    return blob(b"Public-Lines: "), blob(b"Private-Lines: ")


def ppk(
    pair: Pair,
    *,
    version: int = 3,
    passphrase: bytes = b"",
    comment: bytes = b"forged",
    memory: int = 64,
    passes: int = 1,
    lanes: int = 1,
    salt: bytes = SALT,
    public: bytes | None = None,
    private: bytes | None = None,
    algorithm: bytes | None = None,
) -> bytes:
    """Write a PPK file of version 2 or 3 whose MAC is right, whatever else may be wrong."""
    algorithm = pair.algorithm if algorithm is None else algorithm
    public = pair.blob if public is None else public
    private = b"".join(map(string, pair.private)) if private is None else private
    kdf: list[bytes] = []
    key, iv, mac_key = b"", b"", b""
    if passphrase and version == 3:
        derived = hash_secret_raw(passphrase, salt, passes, memory, lanes, 80, Type.ID, 0x13)
        key, iv, mac_key = derived[:32], derived[32:48], derived[48:]
        kdf = [
            b"Key-Derivation: Argon2id",
            *(b"Argon2-Memory: %d" % memory, b"Argon2-Passes: %d" % passes, b"Argon2-Parallelism: %d" % lanes),
            b"Argon2-Salt: " + salt.hex().encode(),
        ]
    elif passphrase:
        key = b"".join(hashlib.sha1(bytes((0, 0, 0, each)) + passphrase).digest() for each in (0, 1))[:32]
        iv = bytes(16)
    if version == 2:
        mac_key = hashlib.sha1(b"putty-private-key-file-mac-key" + passphrase).digest()
    encryption = b"aes256-cbc" if passphrase else b"none"
    if passphrase:
        private += hashlib.sha1(private).digest()[: -len(private) % 16]
    covered = b"".join(map(string, (algorithm, encryption, comment, public, private)))
    mac = hmac.digest(mac_key, covered, "sha256" if version == 3 else "sha1")
    if passphrase:
        encryptor = Cipher(AES(key), modes.CBC(iv)).encryptor()
        private = encryptor.update(private) + encryptor.finalize()
    rows = [
        b"PuTTY-User-Key-File-%d: %s" % (version, algorithm),
        b"Encryption: " + encryption,
        b"Comment: " + comment,
        *_counted(b"Public-Lines", public),
        *kdf,
        *_counted(b"Private-Lines", private),
        b"Private-MAC: " + mac.hex().encode(),
    ]
    return b"\n".join(rows) + b"\n"


def _counted(name: bytes, data: bytes) -> list[bytes]:
    text = base64.b64encode(data)
    rows = [text[start : start + 64] for start in range(0, len(text), 64)]
    return [b"%s: %d" % (name, len(rows)), *rows]


# ── OpenSSH ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class OpensshCipher:
    """What of a cipher a file needs: lengths of key and IV, and the block that padding fills."""

    key: int
    iv: int
    block: int


OPENSSH_CIPHERS = {
    "none": OpensshCipher(0, 0, 8),
    "aes256-ctr": OpensshCipher(32, 16, 16),
    "aes256-gcm@openssh.com": OpensshCipher(32, 12, 16),
    "chacha20-poly1305@openssh.com": OpensshCipher(64, 0, 8),
}


def openssh_encrypt(cipher: str, derived: bytes, section: bytes) -> tuple[bytes, bytes]:
    """Encrypt a private section; give it and its tag."""
    facts = OPENSSH_CIPHERS[cipher]
    key, iv = derived[: facts.key], derived[facts.key :]
    if cipher == "none":
        return section, b""
    if cipher.startswith("chacha20"):

        def stream(counter: int, data: bytes) -> bytes:
            return Cipher(ChaCha20(key[:32], counter.to_bytes(16, "little")), None).encryptor().update(data)

        sealed = stream(1, section)
        return sealed, Poly1305.generate_tag(stream(0, bytes(32)), sealed)
    if "gcm" in cipher:
        sealer = Cipher(AES(key), modes.GCM(iv)).encryptor()
        sealed = sealer.update(section) + sealer.finalize()
        return sealed, sealer.tag
    encryptor = Cipher(AES(key), modes.CTR(iv)).encryptor()
    return encryptor.update(section) + encryptor.finalize(), b""


def openssh(
    outer: bytes | tuple[bytes, ...],
    inner: bytes,
    *,
    comment: bytes = b"forged",
    cipher: str = "none",
    passphrase: bytes = b"",
    kdf: bytes | None = None,
    options: bytes | None = None,
    rounds: int = 1,
    salt: bytes = SALT,
    count: int | None = None,
    checks: tuple[int, int] = (0x01020304, 0x01020304),
    padding: bytes | None = None,
    inside: bytes = b"",
    after: bytes = b"",
    tag: bytes | None = None,
    section: bytes | None = None,
) -> bytes:
    """Write an OpenSSH private key file around these blobs; what is not given is as ssh-keygen would have it.

    `inside` goes between the comment and the padding, `after` behind everything.
    """
    blobs = (outer,) if isinstance(outer, bytes) else outer
    facts = OPENSSH_CIPHERS.get(cipher, OPENSSH_CIPHERS["none"])
    if section is None:
        section = b"".join(check.to_bytes(4, "big") for check in checks) + inner + string(comment) + inside
        section += bytes(range(1, 1 + -len(section) % facts.block)) if padding is None else padding
    derived = b""
    if passphrase:
        derived = _bcrypt(passphrase, salt, facts.key + facts.iv, rounds)
        section, made = openssh_encrypt(cipher, derived, section)
        tag = made if tag is None else tag
    if options is None:
        options = b"" if cipher == "none" else string(salt) + rounds.to_bytes(4, "big")
    if kdf is None:
        kdf = b"none" if cipher == "none" else b"bcrypt"
    data = b"".join(
        (
            b"openssh-key-v1\0",
            *map(string, (cipher.encode(), kdf, options)),
            (len(blobs) if count is None else count).to_bytes(4, "big"),
            *map(string, blobs),
            string(section),
            tag or b"",
            after,
        )
    )
    return armour(data)


@cache
def _bcrypt(passphrase: bytes, salt: bytes, length: int, rounds: int) -> bytes:
    return bcrypt.kdf(passphrase, salt, length, rounds, ignore_few_rounds=True)


def armour(data: bytes) -> bytes:
    """Put the frame of an OpenSSH private key around a body."""
    text = base64.b64encode(data)
    rows = [text[start : start + 70] for start in range(0, len(text), 70)]
    return b"\n".join([b"-----BEGIN OPENSSH PRIVATE KEY-----", *rows, b"-----END OPENSSH PRIVATE KEY-----"]) + b"\n"


def body(data: bytes) -> bytes:
    """Take the frame of an OpenSSH private key off."""
    return base64.b64decode(b"".join(data.split(b"\n")[1:-2]))


def openssh_section(data: bytes) -> bytes:
    """Return the private section of a file with one key, encrypted or not, as it stands."""
    rest = body(data).removeprefix(b"openssh-key-v1\0")
    for _ in range(3):
        rest = rest[4 + int.from_bytes(rest[:4], "big") :]
    rest = rest[4:]
    rest = rest[4 + int.from_bytes(rest[:4], "big") :]
    return rest[4 : 4 + int.from_bytes(rest[:4], "big")]
