"""SSH signatures, verified: what a certificate's CA made.

Only public numbers pass here. RSA and DSA are plain integer arithmetic, so that a signature is judged alike whatever
sizes and hashes the installed OpenSSL permits; curves are left to the library.

Source: RFC 4253 section 6.6 (ssh-rsa, ssh-dss), RFC 8332 (rsa-sha2), RFC 5656 section 3.1.2 (ECDSA), RFC 8709
section 6 (EdDSA), OpenSSH PROTOCOL.u2f, 'SSH U2F signatures'.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from keyconv.errors import MalformedError, MismatchError, UnsupportedError
from keyconv.keys import (
    CURVES,
    MLDSA_NAMES,
    Curve,
    DsaPublicKey,
    EcdsaPublicKey,
    Ed448PublicKey,
    Ed25519PublicKey,
    MlDsa44Ed25519PublicKey,
    OpaquePublicKey,
    PublicKey,
    RsaPublicKey,
    SkEcdsaPublicKey,
    SkEd25519PublicKey,
)
from keyconv.proof import proving
from keyconv.text.quoting import as_name
from keyconv.wire import encode
from keyconv.wire.reader import WireReader

if TYPE_CHECKING:
    from cryptography.hazmat.primitives import hashes

__all__ = ["WEAK", "algorithm_of", "verify"]

WEAK = {
    "ssh-rsa": "the signature is ssh-rsa, by SHA-1; OpenSSH 8.2 and later refuses it",
    "ssh-dss": "the signature is ssh-dss, of 1024 bits and by SHA-1; OpenSSH 7.0 and later refuses it",
}
"""Signature algorithms that are verified and yet prove little, and why."""

# The DigestInfo of PKCS#1 in front of a hash; source: RFC 8017 section 9.2, note 1.
_DIGEST_INFO = {
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
_DSA_NUMBER = 20

# What a browser lets a FIDO key sign by; source: OpenSSH PROTOCOL.u2f, 'SSH U2F signatures'.
_WEBAUTHN = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"


def algorithm_of(signature: bytes) -> str:
    """Name the algorithm of a signature blob.

    Raises: MalformedError.
    """
    return WireReader(signature).name("signature algorithm")


def verify(public: PublicKey, message: bytes, signature: bytes) -> bool:
    """Return whether a signature blob (algorithm name first) is this key's for this message.

    Raises: MismatchError for an algorithm that such a key does not sign by; UnsupportedError for one that it may sign
    by and that is not known here; MalformedError for a blob that is not of its algorithm's form; LimitError or
    ContradictionError for a key that is none.
    """
    algorithm = algorithm_of(signature)
    if not _signs_by(public, algorithm):
        raise MismatchError(
            f"the signature is of type {as_name(algorithm)}, the key that should have made it {public.algorithm}"
        )
    if algorithm not in _VERIFIERS:
        raise UnsupportedError(f"signatures of type {as_name(algorithm)} are not known")
    verifier = _VERIFIERS[algorithm][1]
    proving.check_public(public)
    reader = WireReader(signature)
    reader.name("signature algorithm")
    return verifier(public, message, reader)


def _signs_by(public: PublicKey, algorithm: str) -> bool:
    """Return whether a key may make signatures of this name; one of an unknown type, all that no known type makes."""
    if algorithm in _VERIFIERS:
        fits = isinstance(public, _VERIFIERS[algorithm][0])
        return fits and (not isinstance(public, EcdsaPublicKey) or algorithm == public.algorithm)
    match public:
        case OpaquePublicKey():
            return True
        case MlDsa44Ed25519PublicKey():
            return algorithm in MLDSA_NAMES
        case SkEcdsaPublicKey():
            return algorithm == _WEBAUTHN
        case _:
            return False


# ── RSA and DSA ────────────────────────────────────────────────────────────────────────────────────────────────────


def _verify_rsa(digest: str, public: RsaPublicKey, message: bytes, reader: WireReader) -> bool:
    value = reader.string("signature value")
    reader.finish("the signature")
    length = (public.bits + 7) // 8
    if len(value) > length:
        raise MalformedError(f"the RSA signature has {len(value)} bytes, its key {length}")
    number = int.from_bytes(value, "big")  # shorter ones lack zero bytes in front, and OpenSSH takes them
    if number >= public.n:
        return False
    info = _DIGEST_INFO[digest] + hashlib.new(digest, message, usedforsecurity=False).digest()
    padding = length - len(info) - 3
    if padding < 8:
        return False
    expected = b"\0\1" + b"\xff" * padding + b"\0" + info
    return pow(number, public.e, public.n) == int.from_bytes(expected, "big")


def _verify_dsa(public: DsaPublicKey, message: bytes, reader: WireReader) -> bool:
    value = reader.string("signature value")
    reader.finish("the signature")
    if len(value) != 2 * _DSA_NUMBER:
        raise MalformedError(f"the DSA signature has {len(value)} bytes instead of {2 * _DSA_NUMBER}")
    r, s = int.from_bytes(value[:_DSA_NUMBER], "big"), int.from_bytes(value[_DSA_NUMBER:], "big")
    p, q = public.p, public.q
    if not 0 < r < q or not 0 < s < q or math.gcd(s, q) != 1:
        return False
    number = int.from_bytes(hashlib.sha1(message, usedforsecurity=False).digest(), "big")
    inverse = pow(s, -1, q)
    return pow(public.g, number * inverse % q, p) * pow(public.y, r * inverse % q, p) % p % q == r


# ── curves ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _verify_ecdsa(public: EcdsaPublicKey, message: bytes, reader: WireReader) -> bool:
    value = reader.string("signature value")
    reader.finish("the signature")
    return _ecdsa_fits(public.curve, public.point, message, value)


def _verify_ed25519(public: Ed25519PublicKey, message: bytes, reader: WireReader) -> bool:
    value = reader.string("signature value")
    reader.finish("the signature")
    return _ed25519_fits(public.point, message, value)


def _verify_ed448(public: Ed448PublicKey, message: bytes, reader: WireReader) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey as LibraryKey

    value = reader.string("signature value")
    reader.finish("the signature")
    _check_length("Ed448", value, 114)
    try:
        LibraryKey.from_public_bytes(public.point).verify(value, message)
    except InvalidSignature:
        return False
    return True


def _verify_sk(public: SkEcdsaPublicKey | SkEd25519PublicKey, message: bytes, reader: WireReader) -> bool:
    value = reader.string("signature value")
    flags = reader.byte("flags")
    counter = reader.uint32("counter")
    reader.finish("the signature")
    application = hashlib.sha256(public.application).digest()
    signed = application + bytes((flags,)) + encode.uint32(counter) + hashlib.sha256(message).digest()
    if isinstance(public, SkEcdsaPublicKey):
        return _ecdsa_fits(public.curve, public.point, signed, value)
    return _ed25519_fits(public.point, signed, value)


def _ecdsa_fits(curve: Curve, point: bytes, message: bytes, value: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    from keyconv.crypto.pyca import curve_of

    numbers = WireReader(value)
    r, s = numbers.mpint("signature number r"), numbers.mpint("signature number s")
    numbers.finish("the signature's numbers")
    key = ec.EllipticCurvePublicKey.from_encoded_point(curve_of(curve.name), point)
    try:
        key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(_hash_for(curve)))
    except InvalidSignature:
        return False
    return True


def _hash_for(curve: Curve) -> hashes.HashAlgorithm:
    # RFC 5656 section 6.2.1
    from cryptography.hazmat.primitives import hashes

    if curve.bits <= 256:
        return hashes.SHA256()
    return hashes.SHA384() if curve.bits <= 384 else hashes.SHA512()


def _ed25519_fits(point: bytes, message: bytes, value: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey as LibraryKey

    _check_length("Ed25519", value, 64)
    try:
        LibraryKey.from_public_bytes(point).verify(value, message)
    except InvalidSignature:
        return False
    return True


def _check_length(name: str, value: bytes, length: int) -> None:
    if len(value) != length:
        raise MalformedError(f"the {name} signature has {len(value)} bytes instead of {length}")


_VERIFIERS: dict[str, tuple[type, Callable[..., bool]]] = {
    "ssh-rsa": (RsaPublicKey, partial(_verify_rsa, "sha1")),
    "rsa-sha2-256": (RsaPublicKey, partial(_verify_rsa, "sha256")),
    "rsa-sha2-512": (RsaPublicKey, partial(_verify_rsa, "sha512")),
    "ssh-dss": (DsaPublicKey, _verify_dsa),
    **{f"ecdsa-sha2-{curve.name}": (EcdsaPublicKey, _verify_ecdsa) for curve in CURVES.values()},
    "ssh-ed25519": (Ed25519PublicKey, _verify_ed25519),
    "ssh-ed448": (Ed448PublicKey, _verify_ed448),
    "sk-ecdsa-sha2-nistp256@openssh.com": (SkEcdsaPublicKey, _verify_sk),
    "sk-ssh-ed25519@openssh.com": (SkEd25519PublicKey, _verify_sk),
}
"""Signature algorithm to the type of key that makes it, and how it is verified."""
