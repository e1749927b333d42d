"""Public key blobs: an algorithm name, then the numbers of that algorithm.

Source: RFC 4253 section 6.6 (RSA, DSA), RFC 5656 section 3.1 (ECDSA), RFC 8709 section 4 (EdDSA), OpenSSH PROTOCOL.u2f
(FIDO), the files of OpenSSH 10.6 (ML-DSA).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from keyconv.errors import MalformedError, MismatchError
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
from keyconv.notes import Note
from keyconv.text.quoting import as_name
from keyconv.wire import encode
from keyconv.wire.reader import PUBLIC_HINT, WireReader

__all__ = ["ALIASES", "RSA_ALIASES", "knows", "read", "read_edwards_point", "read_fields", "write", "write_fields"]

_RECOMPUTABLE = "recomputable-numbers"

RSA_ALIASES = ("rsa-sha2-256", "rsa-sha2-512")
"""Signature algorithms that some programs write where `ssh-rsa` belongs; the key is the same."""

ALIASES = {
    **dict.fromkeys(RSA_ALIASES, RsaPublicKey.algorithm),
    "webauthn-" + SkEcdsaPublicKey.algorithm: SkEcdsaPublicKey.algorithm,
}
"""Every signature algorithm that OpenSSH takes in the place of a key's type, with that type."""


def read(blob: bytes, notes: list[Note] | None = None, amends: list[Note] | None = None) -> PublicKey:
    """Read a whole blob of a plain key; an unknown algorithm gives an opaque one.

    `amends` is for readers of private keys, which prove what is amended.

    Raises: MalformedError; a certificate's blob is for `keyconv.codec.certificate`.
    """
    reader = WireReader(blob, notes=notes, amends=amends)
    algorithm = reader.name("algorithm name")
    if algorithm in ALIASES:
        if notes is not None:
            notes.append(Note("noncanonical", f"the key is of type {ALIASES[algorithm]}, but names itself {algorithm}"))
        algorithm = ALIASES[algorithm]
    if algorithm not in _READERS:
        return OpaquePublicKey(algorithm, blob)
    key = read_fields(algorithm, reader)
    reader.finish()
    return key


def read_fields(algorithm: str, reader: WireReader) -> PublicKey:
    """Read what follows the algorithm name, here and in certificates, and leave the reader behind it."""
    return _READERS[algorithm](reader)


def knows(algorithm: str) -> bool:
    """Return whether the fields of this algorithm can be read."""
    return algorithm in _READERS


def write(key: PublicKey) -> bytes:
    """Write the blob of a plain key."""
    return key.blob if isinstance(key, OpaquePublicKey) else encode.name(key.algorithm) + write_fields(key)


def write_fields(key: PublicKey) -> bytes:
    """Write what follows the algorithm name."""
    match key:
        case RsaPublicKey():
            return encode.mpint(key.e) + encode.mpint(key.n)
        case DsaPublicKey():
            return b"".join(map(encode.mpint, (key.p, key.q, key.g, key.y)))
        case EcdsaPublicKey():
            return encode.name(key.curve.name) + encode.string(key.point)
        case Ed25519PublicKey() | Ed448PublicKey():
            return encode.string(key.point)
        case SkEcdsaPublicKey():
            return encode.name(key.curve.name) + encode.string(key.point) + encode.string(key.application)
        case SkEd25519PublicKey():
            return encode.string(key.point) + encode.string(key.application)
        case MlDsa44Ed25519PublicKey():
            return encode.string(key.mldsa + key.point)
        case OpaquePublicKey():
            return key.blob[4 + len(key.algorithm) :]
        case _:
            assert_never(key)


def _read_rsa(reader: WireReader) -> RsaPublicKey:
    return RsaPublicKey(e=reader.mpint("RSA exponent e"), n=reader.mpint("RSA modulus n"))


def _read_dsa(reader: WireReader) -> DsaPublicKey:
    return DsaPublicKey(
        p=reader.mpint("DSA modulus p"),
        q=reader.mpint("DSA order q"),
        g=reader.mpint("DSA generator g"),
        y=reader.mpint("DSA public number y"),
    )


def _ecdsa_reader(curve: Curve) -> Callable[[WireReader], EcdsaPublicKey]:
    def read_ecdsa(reader: WireReader) -> EcdsaPublicKey:
        _read_curve_name(reader, curve)
        return EcdsaPublicKey(curve, reader.string("public point"))

    return read_ecdsa


def _read_ed25519(reader: WireReader) -> Ed25519PublicKey:
    return Ed25519PublicKey(read_edwards_point(reader, 32))


def _read_ed448(reader: WireReader) -> Ed448PublicKey:
    return Ed448PublicKey(read_edwards_point(reader, 57))


def _read_sk_ecdsa(reader: WireReader) -> SkEcdsaPublicKey:
    curve = CURVES["nistp256"]
    _read_curve_name(reader, curve)
    return SkEcdsaPublicKey(curve, reader.string("public point"), reader.string("application"))


def _read_sk_ed25519(reader: WireReader) -> SkEd25519PublicKey:
    point = reader.string("public point")
    if len(point) != 32:
        raise MalformedError(f"the public point has {len(point)} bytes instead of 32")
    return SkEd25519PublicKey(point, reader.string("application"))


def _mldsa_reader(algorithm: str) -> Callable[[WireReader], MlDsa44Ed25519PublicKey]:
    def read_mldsa(reader: WireReader) -> MlDsa44Ed25519PublicKey:
        both = reader.string("public keys")
        if len(both) != 1344:
            raise MalformedError(f"the public keys have {len(both)} bytes instead of 1344")
        return MlDsa44Ed25519PublicKey(both[:1312], both[1312:], algorithm)

    return read_mldsa


def _read_curve_name(reader: WireReader, curve: Curve) -> None:
    name = reader.name("curve name")
    if name != curve.name:
        raise MismatchError(
            f"the algorithm is for the curve {curve.name}, but the blob names the curve {as_name(name)}"
        )


def read_edwards_point(reader: WireReader, length: int) -> bytes:
    """Read the public point of an Ed25519 or Ed448 key, whose leading zero bytes some programs drop (ssh2 1.17).

    Raises: MalformedError when it is not of this length; where it is shorter, only if the reader may not amend it.
    """
    point = reader.string("public point")
    if len(point) == length:
        return point
    message = f"the public point has {len(point)} bytes instead of {length}"
    if not 0 < len(point) < length:
        raise MalformedError(message)
    if reader.amends is None:
        raise MalformedError(f"{message}: its leading zero byte may be missing", hint=PUBLIC_HINT)
    reader.amends.append(Note(_RECOMPUTABLE, message))
    return point.rjust(length, b"\0")


_READERS: dict[str, Callable[[WireReader], PublicKey]] = {
    RsaPublicKey.algorithm: _read_rsa,
    DsaPublicKey.algorithm: _read_dsa,
    **{f"ecdsa-sha2-{curve.name}": _ecdsa_reader(curve) for curve in CURVES.values()},
    Ed25519PublicKey.algorithm: _read_ed25519,
    Ed448PublicKey.algorithm: _read_ed448,
    SkEcdsaPublicKey.algorithm: _read_sk_ecdsa,
    SkEd25519PublicKey.algorithm: _read_sk_ed25519,
    **{name: _mldsa_reader(name) for name in MLDSA_NAMES},
}
