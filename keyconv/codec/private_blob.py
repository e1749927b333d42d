"""The private part of a key as OpenSSH's private format and the agent protocol write it.

Source: OpenSSH sshkey.c's order as documented in draft-ietf-sshm-ssh-agent section 3.2 and PROTOCOL.u2f.
"""

from __future__ import annotations

from typing import assert_never

from keyconv.codec import certificate as certificates
from keyconv.codec import public_blob
from keyconv.errors import ContradictionError, MalformedError, MismatchError, UnsupportedError
from keyconv.keys import (
    CURVES,
    Certificate,
    Curve,
    DsaPrivateKey,
    DsaPublicKey,
    EcdsaPrivateKey,
    EcdsaPublicKey,
    Ed448PrivateKey,
    Ed448PublicKey,
    Ed25519PrivateKey,
    Ed25519PublicKey,
    MlDsa44Ed25519PrivateKey,
    MlDsa44Ed25519PublicKey,
    PrivateKey,
    PublicKey,
    RsaPrivateKey,
    RsaPublicKey,
    SkEcdsaPrivateKey,
    SkEcdsaPublicKey,
    SkEd25519PrivateKey,
    SkEd25519PublicKey,
)
from keyconv.notes import Note
from keyconv.text.quoting import as_name
from keyconv.wire import encode
from keyconv.wire.reader import WireReader

__all__ = ["read", "write"]


def read(reader: WireReader) -> tuple[PrivateKey, Certificate | None]:
    """Read one key, algorithm name first, and leave the reader behind it (where a comment follows).

    The numbers are not proved yet: that is `keyconv.proof.proving.prove`'s. Where the name is a certificate's, the
    certificate's blob follows it and the public numbers stand there alone.

    Raises: MalformedError; MismatchError; UnsupportedError for an unknown algorithm, whose length cannot be determined.
    """
    algorithm = reader.name("algorithm name of the private key")
    certificate = None
    if certificates.is_certificate(algorithm):
        certificate = certificates.read(reader.string("certificate"))
        if certificate.algorithm != algorithm:
            raise MismatchError(f"the private key is of type {algorithm}, its certificate of {certificate.algorithm}")
        return _read_after_certificate(certificate.key, reader), certificate
    if algorithm in public_blob.RSA_ALIASES:
        algorithm = RsaPublicKey.algorithm
    if not public_blob.knows(algorithm):
        raise UnsupportedError(f"private keys of type {as_name(algorithm)} are not known")
    return _read_plain(algorithm, reader), None


def write(private: PrivateKey, certificate: Certificate | None = None) -> bytes:
    """Write one key, algorithm name first, without the comment."""
    if certificate is not None:
        head = encode.name(certificate.algorithm) + encode.string(certificate.blob)
        return head + _public_after_certificate(private) + _write_after_certificate(private)
    head = encode.name(private.public.algorithm)
    match private:
        case RsaPrivateKey(public=public):
            return head + encode.mpint(public.n) + encode.mpint(public.e) + _write_after_certificate(private)
        case (
            DsaPrivateKey()
            | EcdsaPrivateKey()
            | SkEcdsaPrivateKey()
            | SkEd25519PrivateKey()
            | MlDsa44Ed25519PrivateKey()
        ):
            return head + public_blob.write_fields(private.public) + _write_after_certificate(private)
        case Ed25519PrivateKey() | Ed448PrivateKey():
            return head + _write_after_certificate(private)
        case _:
            assert_never(private)


def _read_plain(algorithm: str, reader: WireReader) -> PrivateKey:
    if algorithm == RsaPublicKey.algorithm:
        n = reader.mpint("RSA modulus n")
        e = reader.mpint("RSA exponent e")
        return _read_rsa(RsaPublicKey(e, n), reader)
    if algorithm == Ed25519PublicKey.algorithm:
        public_25519 = Ed25519PublicKey(public_blob.read_edwards_point(reader, 32))
        return Ed25519PrivateKey(public_25519, _read_seed_and_public(reader, public_25519.point, 32))
    if algorithm == Ed448PublicKey.algorithm:
        public_448 = Ed448PublicKey(public_blob.read_edwards_point(reader, 57))
        return Ed448PrivateKey(public_448, _read_seed_and_public(reader, public_448.point, 57))
    return _read_after_public(public_blob.read_fields(algorithm, reader), reader)


def _read_after_certificate(public: PublicKey, reader: WireReader) -> PrivateKey:
    match public:
        case RsaPublicKey():
            return _read_rsa(public, reader)
        case Ed25519PublicKey():
            stated = _read_exactly(reader, "public point", 32)
            _compare_points(stated, public.point)
            return Ed25519PrivateKey(public, _read_seed_and_public(reader, public.point, 32))
        case Ed448PublicKey():
            stated = _read_exactly(reader, "public point", 57)
            _compare_points(stated, public.point)
            return Ed448PrivateKey(public, _read_seed_and_public(reader, public.point, 57))
        case SkEcdsaPublicKey():
            _compare_applications(reader.string("application"), public.application)
            return _read_after_public(public, reader)
        case SkEd25519PublicKey():
            _compare_points(_read_exactly(reader, "public point", 32), public.point)
            _compare_applications(reader.string("application"), public.application)
            return _read_after_public(public, reader)
        case _:
            return _read_after_public(public, reader)


def _read_after_public(public: PublicKey, reader: WireReader) -> PrivateKey:
    match public:
        case DsaPublicKey():
            return DsaPrivateKey(public, reader.mpint("DSA private number x"))
        case EcdsaPublicKey():
            return EcdsaPrivateKey(public, _read_scalar(reader, public.curve))
        case SkEcdsaPublicKey():
            return SkEcdsaPrivateKey(public, *_read_handle(reader))
        case SkEd25519PublicKey():
            return SkEd25519PrivateKey(public, *_read_handle(reader))
        case MlDsa44Ed25519PublicKey():
            seeds = _read_exactly(reader, "private part", 64)
            return MlDsa44Ed25519PrivateKey(public, seeds[:32], seeds[32:])
        case _:
            raise UnsupportedError(f"private keys of type {as_name(public.algorithm)} are not known")


def _read_rsa(public: RsaPublicKey, reader: WireReader) -> RsaPrivateKey:
    d = reader.mpint("RSA exponent d")
    iqmp = reader.mpint("RSA coefficient iqmp")
    p = reader.mpint("RSA prime p")
    q = reader.mpint("RSA prime q")
    return RsaPrivateKey(public, d=d, p=p, q=q, iqmp=iqmp)


def _read_scalar(reader: WireReader, curve: Curve) -> int:
    d = reader.mpint("private scalar")
    if not 1 <= d < CURVES[curve.name].n:
        raise ContradictionError(f"the private scalar is not from 1 to the order of {curve.name}")
    return d


def _read_handle(reader: WireReader) -> tuple[int, bytes, bytes]:
    return reader.byte("flags"), reader.string("key handle"), reader.string("reserved")


def _read_seed_and_public(reader: WireReader, public: bytes, length: int) -> bytes:
    both = reader.string("private part")
    if len(both) == 2 * length:
        _compare_points(both[length:], public)
        return both[:length]
    message = f"the private part has {len(both)} bytes instead of {2 * length}"
    if not 0 < len(both) < 2 * length:
        raise MalformedError(message)
    if reader.amends is None:
        raise MalformedError(message)
    # The seed alone (older Erlang/OTP), or either half without its leading zero bytes: the proof tells whether it is.
    reader.amends.append(Note("recomputable-numbers", message))
    if len(both) <= length:
        return both.rjust(length, b"\0")
    shortest = public.lstrip(b"\0")
    for end in range(length, 0, -1):
        if both[end:].lstrip(b"\0") == shortest:
            return both[:end].rjust(length, b"\0")
    raise MismatchError("the file states two different public points in its private part")


def _read_exactly(reader: WireReader, name: str, length: int) -> bytes:
    value = reader.string(name)
    if len(value) != length:
        raise MalformedError(f"the {name} has {len(value)} bytes instead of {length}")
    return value


def _compare_points(stated: bytes, public: bytes) -> None:
    if stated != public:
        raise MismatchError("the file states two different public points in its private part")


def _compare_applications(stated: bytes, public: bytes) -> None:
    if stated != public:
        raise MismatchError("the file states two different applications of the FIDO key")


def _public_after_certificate(private: PrivateKey) -> bytes:
    """Return what OpenSSH repeats of a FIDO key's public half behind its certificate (ssh-add's own bytes say so)."""
    match private:
        case SkEcdsaPrivateKey(public=public):
            return encode.string(public.application)
        case SkEd25519PrivateKey(public=public):
            return encode.string(public.point) + encode.string(public.application)
        case _:
            return b""


def _write_after_certificate(private: PrivateKey) -> bytes:
    match private:
        case RsaPrivateKey():
            return b"".join(map(encode.mpint, (private.d, private.iqmp, private.p, private.q)))
        case DsaPrivateKey():
            return encode.mpint(private.x)
        case EcdsaPrivateKey():
            return encode.mpint(private.d)
        case Ed25519PrivateKey(public=public) | Ed448PrivateKey(public=public):
            return encode.string(public.point) + encode.string(private.seed + public.point)
        case MlDsa44Ed25519PrivateKey():
            return encode.string(private.mldsa_seed + private.seed)
        case SkEcdsaPrivateKey() | SkEd25519PrivateKey():
            return bytes((private.flags,)) + encode.string(private.key_handle) + encode.string(private.reserved)
        case _:
            assert_never(private)
