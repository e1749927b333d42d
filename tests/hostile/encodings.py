"""The same numbers in every format: encoders of private and public keys that judge nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from forged_files import Pair, load, number, string

from hostile import der
from hostile.model import PASSPHRASE
from hostile.numbers import Dsa, Rsa

__all__ = [
    "ED25519",
    "P256",
    "base64url",
    "dropbear",
    "dsa_pair",
    "jwk",
    "pbes2",
    "pbkdf2",
    "pem_dsa",
    "pkcs1",
    "pkcs8",
    "pkcs8_rsa",
    "public_line",
    "rfc4716",
    "rsa_pair",
    "scrypt",
    "sec1",
    "spki",
    "ssh1",
    "sshcom",
    "sshcom_rsa",
]

RSA_OID, EC_OID, ED25519_OID, DSA_OID = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1", "1.3.101.112", "1.2.840.10040.4.1"
P256_OID = "1.2.840.10045.3.1.7"
PBES2_OID, PBKDF2_OID, SCRYPT_OID = "1.2.840.113549.1.5.13", "1.2.840.113549.1.5.12", "1.3.6.1.4.1.11591.4.11"
AES256_OID, SHA256_OID = "2.16.840.1.101.3.4.1.42", "1.2.840.113549.2.9"

ED25519 = load("ed25519")
P256 = load("ecdsa-p256")


def rsa_pair(key: Rsa) -> Pair:
    """Return an RSA key as the fields of blobs."""
    return Pair(b"ssh-rsa", (number(key.e), number(key.n)), tuple(map(number, (key.d, key.p, key.q, key.iqmp))))


def dsa_pair(key: Dsa) -> Pair:
    """Return a DSA key as the fields of blobs."""
    return Pair(b"ssh-dss", tuple(map(number, key.public)), (number(key.x),))


# ── DER ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def pkcs1(key: Rsa, version: int = 0) -> bytes:
    """Return an RSAPrivateKey."""
    numbers = (key.n, key.e, key.d, key.p, key.q, key.dp, key.dq, key.iqmp)
    return der.sequence(der.integer(version), *map(der.integer, numbers))


def pem_dsa(key: Dsa) -> bytes:
    """Return OpenSSL's traditional DSA key."""
    return der.sequence(*map(der.integer, (0, *key.public, key.x)))


def sec1(d: bytes, point: bytes | None, *, curve: bytes | None = None) -> bytes:
    """Return an ECPrivateKey; `curve` is the content of its parameters, P-256 if nothing is said."""
    parts = [der.integer(1), der.octets(d), der.explicit(0, der.oid(P256_OID) if curve is None else curve)]
    return der.sequence(*parts, *([] if point is None else [der.explicit(1, der.bits(point))]))


def pkcs8(oid: str, parameters: bytes, key: bytes, version: int = 0, *more: bytes) -> bytes:
    """Return a PrivateKeyInfo."""
    return der.sequence(der.integer(version), der.sequence(der.oid(oid), parameters), der.octets(key), *more)


def pkcs8_rsa(key: Rsa) -> bytes:
    """Return an RSA key as PrivateKeyInfo."""
    return pkcs8(RSA_OID, der.NULL, pkcs1(key))


def spki(oid: str, parameters: bytes, key: bytes, unused: int = 0) -> bytes:
    """Return a SubjectPublicKeyInfo."""
    return der.sequence(der.sequence(der.oid(oid), parameters), der.bits(key, unused))


def pbkdf2(iterations: int, salt: bytes = bytes(16)) -> bytes:
    """Return the KDF of PBES2: PBKDF2 with HMAC-SHA-256."""
    prf = der.sequence(der.oid(SHA256_OID), der.NULL)
    return der.sequence(der.oid(PBKDF2_OID), der.sequence(der.octets(salt), der.integer(iterations), prf))


def scrypt(n: int, r: int, p: int, salt: bytes = bytes(16)) -> bytes:
    """Return the KDF of PBES2: scrypt."""
    return der.sequence(der.oid(SCRYPT_OID), der.sequence(der.octets(salt), *map(der.integer, (n, r, p))))


@cache
def pbes2(kdf: bytes, contents: bytes = bytes(64), *, key: bytes = b"", cipher: str = AES256_OID) -> bytes:
    """Return an EncryptedPrivateKeyInfo; with a `key` its contents are really encrypted, else they are as given."""
    iv = bytes(range(16))
    if key:
        contents += bytes((16 - len(contents) % 16,)) * (16 - len(contents) % 16)
        encryptor = Cipher(AES(key), modes.CBC(iv)).encryptor()
        contents = encryptor.update(contents) + encryptor.finalize()
    encryption = der.sequence(der.oid(cipher), der.octets(iv))
    return der.sequence(der.sequence(der.oid(PBES2_OID), der.sequence(kdf, encryption)), der.octets(contents))


def pbes2_key(iterations: int, salt: bytes = bytes(16)) -> bytes:
    """Return the key that PBKDF2 makes of the corpus' passphrase."""
    return hashlib.pbkdf2_hmac("sha256", PASSPHRASE, salt, iterations, 32)


# ── ssh.com, SSH-1, Dropbear ───────────────────────────────────────────────────────────────────────────────────────


def sshcom(
    section: bytes,
    *,
    kind: bytes = b"if-modn{sign{rsa-pkcs1-sha1},encrypt{rsa-pkcs1v2-oaep}}",
    cipher: bytes = b"none",
    headers: tuple[bytes, ...] = (),
    magic: int = 0x3F6FF9EB,
    size: int | None = None,
) -> bytes:
    """Return an ssh.com private key around a section."""
    rest = string(kind) + string(cipher) + string(section)
    total = 8 + len(rest) if size is None else size
    text = base64.b64encode(magic.to_bytes(4, "big") + total.to_bytes(4, "big") + rest)
    rows = [text[start : start + 70] for start in range(0, len(text), 70)]
    begin, end = (b"---- %s SSH2 ENCRYPTED PRIVATE KEY ----" % word for word in (b"BEGIN", b"END"))
    return b"\n".join((begin, *headers, *rows, end, b""))


def sshcom_rsa(key: Rsa) -> bytes:
    """Return the section of an RSA key; what others call q stands where ssh.com says p."""
    numbers = (key.e, key.d, key.n, key.iqmp, key.q, key.p)
    body = b"".join(each.bit_length().to_bytes(4, "big") + _bare(each) for each in numbers)
    return string(body)


def sshcom_dsa(key: Dsa) -> bytes:
    """Return the section of a DSA key."""
    numbers = (key.p, key.g, key.q, key.y, key.x)
    body = b"".join(each.bit_length().to_bytes(4, "big") + _bare(each) for each in numbers)
    return string(bytes(4) + body)


def _bare(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def ssh1(
    key: Rsa,
    *,
    cipher: int = 0,
    bits: int | None = None,
    check: bytes = b"abab",
    padding: bytes | None = None,
    reserved: int = 0,
    comment: bytes = b"c",
    comment_length: int | None = None,
) -> bytes:
    """Return an SSH-1 private key."""
    length = len(comment) if comment_length is None else comment_length
    section = check + b"".join(map(_number16, (key.d, key.iqmp, key.q, key.p)))
    section += bytes(-len(section) % 8) if padding is None else padding
    return b"".join(
        (
            b"SSH PRIVATE KEY FILE FORMAT 1.1\n\0",
            bytes((cipher,)) + reserved.to_bytes(4, "big"),
            (key.n.bit_length() if bits is None else bits).to_bytes(4, "big"),
            _number16(key.n) + _number16(key.e),
            length.to_bytes(4, "big") + comment,
            section,
        )
    )


def _number16(value: int) -> bytes:
    return min(value.bit_length(), 0xFFFF).to_bytes(2, "big") + _bare(value)


def dropbear(pair: Pair) -> bytes:
    """Return Dropbear's file of a key."""
    if pair.kind == "eddsa":
        return string(pair.algorithm) + string(pair.private[0] + pair.public[0])
    private = pair.private[:3]  # of RSA it has d, p and q
    return pair.blob + b"".join(map(string, private))


# ── JSON and text ──────────────────────────────────────────────────────────────────────────────────────────────────


def base64url(data: bytes) -> str:
    """Spell bytes as JSON Web Keys do."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk(key: Rsa, *, private: bool = True) -> bytes:
    """Return an RSA key as a JSON Web Key."""
    members = {"n": key.n, "e": key.e}
    if private:
        members |= {"d": key.d, "p": key.p, "q": key.q, "dp": key.dp, "dq": key.dq, "qi": key.iqmp}
    return json.dumps(
        {"kty": "RSA"} | {name: base64url(_bare(value) or b"\0") for name, value in members.items()}
    ).encode()


def public_line(blob: bytes, comment: bytes = b"hostile", *, word: bytes | None = None, options: bytes = b"") -> bytes:
    """Return a blob as a line of `authorized_keys`."""
    name = blob[4 : 4 + int.from_bytes(blob[:4], "big")] if word is None else word
    return b" ".join(filter(None, (options, name, base64.b64encode(blob), comment))) + b"\n"


def rfc4716(blob: bytes, *headers: bytes) -> bytes:
    """Return a blob in the frame of RFC 4716."""
    text = base64.b64encode(blob)
    rows = [text[start : start + 70] for start in range(0, len(text), 70)]
    begin, end = (b"---- %s SSH2 PUBLIC KEY ----" % word for word in (b"BEGIN", b"END"))
    return b"\n".join((begin, *headers, *rows, end, b""))
