"""Certificates made by hand, with any contents, under a CA of any type: written by an encoder of its own.

A FIDO CA is played in software, which signs as an authenticator does (OpenSSH PROTOCOL.u2f).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, utils
from cryptography.hazmat.primitives.asymmetric.dsa import DSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from fixture_files import sample
from forged_files import number, string

from keyconv.codec import certificate as certificates
from keyconv.keys import Certificate, EcdsaPrivateKey, Ed25519PrivateKey

FOREVER = 2**64 - 1
_APPLICATION = b"ssh:"
_HASHES = {b"nistp256": hashes.SHA256(), b"nistp384": hashes.SHA384(), b"nistp521": hashes.SHA512()}


@dataclass(frozen=True)
class Ca:
    """Who signs: the name of its signature algorithm, the blob of its public key, and how it signs."""

    algorithm: bytes
    blob: bytes
    sign: Callable[[bytes], bytes]

    def signature(self, message: bytes) -> bytes:
        """Return a signature blob."""
        return string(self.algorithm) + self.sign(message)


def _public_blob(path: str) -> bytes:
    public = sample(path).public
    assert public is not None
    from keyconv.codec import public_blob

    return public_blob.write(public)


def _rsa(path: str, algorithm: bytes, digest: hashes.HashAlgorithm) -> Ca:
    key = sample(path).private.to_cryptography()  # type: ignore[union-attr]
    assert isinstance(key, RSAPrivateKey)
    return Ca(algorithm, _public_blob(path), lambda message: string(key.sign(message, padding.PKCS1v15(), digest)))


def _dsa(path: str) -> Ca:
    key = sample(path).private.to_cryptography()  # type: ignore[union-attr]
    assert isinstance(key, DSAPrivateKey)

    def sign(message: bytes) -> bytes:
        r, s = utils.decode_dss_signature(key.sign(message, hashes.SHA1()))
        return string(r.to_bytes(20, "big") + s.to_bytes(20, "big"))

    return Ca(b"ssh-dss", _public_blob(path), sign)


def _ecdsa_numbers(key: ec.EllipticCurvePrivateKey, message: bytes, digest: hashes.HashAlgorithm) -> bytes:
    r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(digest)))
    return string(string(number(r)) + string(number(s)))


def _ecdsa(path: str, curve: bytes) -> Ca:
    key = sample(path).private.to_cryptography()  # type: ignore[union-attr]
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Ca(b"ecdsa-sha2-" + curve, _public_blob(path), lambda message: _ecdsa_numbers(key, message, _HASHES[curve]))


def _eddsa(path: str, algorithm: bytes) -> Ca:
    key = sample(path).private.to_cryptography()  # type: ignore[union-attr]
    assert isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    return Ca(algorithm, _public_blob(path), lambda message: string(key.sign(message)))


def _authenticated(message: bytes, flags: int, counter: int) -> tuple[bytes, bytes]:
    tail = bytes((flags,)) + counter.to_bytes(4, "big")
    return hashlib.sha256(_APPLICATION).digest() + tail + hashlib.sha256(message).digest(), tail


def _sk_ed25519(path: str) -> Ca:
    private = sample(path).private
    assert isinstance(private, Ed25519PrivateKey)
    key = private.to_cryptography()
    assert isinstance(key, ed25519.Ed25519PrivateKey)

    def sign(message: bytes) -> bytes:
        signed, tail = _authenticated(message, 1, 7)
        return string(key.sign(signed)) + tail

    name = b"sk-ssh-ed25519@openssh.com"
    return Ca(name, string(name) + string(private.public.point) + string(_APPLICATION), sign)


def _sk_ecdsa(path: str) -> Ca:
    private = sample(path).private
    assert isinstance(private, EcdsaPrivateKey)
    key = private.to_cryptography()
    assert isinstance(key, ec.EllipticCurvePrivateKey)

    def sign(message: bytes) -> bytes:
        signed, tail = _authenticated(message, 5, 4_000_000_000)
        return _ecdsa_numbers(key, signed, hashes.SHA256()) + tail

    name = b"sk-ecdsa-sha2-nistp256@openssh.com"
    point = private.public.point
    return Ca(name, string(name) + string(b"nistp256") + string(point) + string(_APPLICATION), sign)


CAS: dict[str, Callable[[], Ca]] = {
    "ssh-rsa": cache(lambda: _rsa("certificates/ca-rsa", b"ssh-rsa", hashes.SHA1())),
    "rsa-sha2-256": cache(lambda: _rsa("certificates/ca-rsa", b"rsa-sha2-256", hashes.SHA256())),
    "rsa-sha2-512": cache(lambda: _rsa("certificates/ca-rsa", b"rsa-sha2-512", hashes.SHA512())),
    "ssh-dss": cache(lambda: _dsa("openssh/dsa1024-plain")),
    "ecdsa-sha2-nistp256": cache(lambda: _ecdsa("openssh/ecdsa-p256-plain", b"nistp256")),
    "ecdsa-sha2-nistp384": cache(lambda: _ecdsa("certificates/ca-ecdsa", b"nistp384")),
    "ecdsa-sha2-nistp521": cache(lambda: _ecdsa("openssh/ecdsa-p521-plain", b"nistp521")),
    "ssh-ed25519": cache(lambda: _eddsa("certificates/ca-ed25519", b"ssh-ed25519")),
    "ssh-ed448": cache(lambda: _eddsa("openssh/ed448-puttygen-plain", b"ssh-ed448")),
    "sk-ssh-ed25519@openssh.com": cache(lambda: _sk_ed25519("certificates/ca-ed25519")),
    "sk-ecdsa-sha2-nistp256@openssh.com": cache(lambda: _sk_ecdsa("openssh/ecdsa-p256-plain")),
}
"""Every signature algorithm to a CA that signs by it."""

DEFAULT_CA = "ssh-ed25519"


def of_unknown_type() -> Ca:
    """Return a CA of a type that nobody knows."""
    return Ca(b"ssh-new", string(b"ssh-new") + string(b"key"), lambda message: string(b"x"))


def make(
    ca: str | Ca = DEFAULT_CA,
    *,
    subject: str = "openssh/ed25519-plain",
    role: int = 1,
    serial: int = 0,
    key_id: bytes = b"made",
    principals: Sequence[bytes] = (b"alice",),
    valid_after: int = 0,
    valid_before: int = FOREVER,
    critical: Sequence[tuple[bytes, bytes]] = (),
    extensions: Sequence[tuple[bytes, bytes]] = (),
    signature: bytes | None = None,
) -> bytes:
    """Make a certificate's blob for the key of a fixture; options carry their data as it stands in the blob."""
    signer = CAS[ca]() if isinstance(ca, str) else ca
    plain = _public_blob(subject)
    length = int.from_bytes(plain[:4], "big")
    name = plain[4 : 4 + length].removesuffix(b"@openssh.com") + b"-cert-v01@openssh.com"
    signed = b"".join(
        (
            string(name),
            string(bytes(range(32))),
            plain[4 + length :],
            serial.to_bytes(8, "big"),
            role.to_bytes(4, "big"),
            string(key_id),
            string(b"".join(map(string, principals))),
            valid_after.to_bytes(8, "big"),
            valid_before.to_bytes(8, "big"),
            string(b"".join(string(name) + string(data) for name, data in critical)),
            string(b"".join(string(name) + string(data) for name, data in extensions)),
            string(b""),
            string(signer.blob),
        )
    )
    return signed + string(signer.signature(signed) if signature is None else signature)


def line(blob: bytes, comment: bytes = b"made") -> bytes:
    """Return a blob as the line of a -cert.pub file."""
    length = int.from_bytes(blob[:4], "big")
    return blob[4 : 4 + length] + b" " + base64.b64encode(blob) + (b" " + comment if comment else b"") + b"\n"


def read(blob: bytes) -> Certificate:
    """Read a blob with keyconv."""
    return certificates.read(blob)
