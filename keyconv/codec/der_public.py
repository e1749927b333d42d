"""Public keys in DER: SubjectPublicKeyInfo, PKCS#1's RSAPublicKey, and the AlgorithmIdentifiers that PKCS#8 shares.

Source: RFC 5280 section 4.1.2.7 and RFC 3279 section 2.3 (RSA, DSA, EC), RFC 5480 (EC), RFC 8410 (EdDSA), RFC 8017
appendix A.1.1 (RSAPublicKey).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from keyconv.codec import ec_der, oids
from keyconv.codec.ec_der import EDWARDS, Edwards
from keyconv.codec.unsupported import no_key_type
from keyconv.errors import MalformedError
from keyconv.keys import (
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
from keyconv.wire import der
from keyconv.wire.der import DerReader

__all__ = [
    "Algorithm",
    "DsaGroup",
    "Edwards",
    "Rsa",
    "read_algorithm",
    "read_pkcs1",
    "read_public",
    "read_spki",
    "write_algorithm",
    "write_pkcs1",
    "write_spki",
]


@dataclass(frozen=True, slots=True)
class Rsa:
    """The algorithm of an RSA key."""


@dataclass(frozen=True, slots=True)
class DsaGroup:
    """The algorithm of a DSA key, with the numbers that keys may share."""

    p: int
    q: int
    g: int


Algorithm = Rsa | DsaGroup | Curve | Edwards
"""What an AlgorithmIdentifier says of a key; an EC key's is its curve."""


def read_algorithm(reader: DerReader, notes: list[Note]) -> Algorithm:
    """Read an AlgorithmIdentifier, parameters included.

    Raises: MalformedError; UnsupportedError for an algorithm that SSH has no keys of.
    """
    fields = reader.sequence("algorithm")
    oid = fields.oid("algorithm's OID")
    algorithm: Algorithm
    if oid == oids.RSA:
        fields.null("parameters of RSA")
        algorithm = Rsa()
    elif oid == oids.DSA:
        numbers = fields.sequence("parameters of DSA")
        names = ("DSA modulus p", "DSA order q", "DSA generator g")
        p, q, g = map(numbers.number, names)
        numbers.finish("the DSA generator g")
        algorithm = DsaGroup(p, q, g)
    elif oid == oids.EC:
        algorithm = ec_der.read_parameters(fields, notes)
    elif oid in EDWARDS:
        algorithm = EDWARDS[oid]
    else:
        raise no_key_type(f"the algorithm {oids.show(oid)}")
    fields.finish("the algorithm's parameters")
    return algorithm


def read_public(algorithm: Algorithm, contents: bytes, notes: list[Note], *, lenient: bool = False) -> PublicKey:
    """Read the contents of a BIT STRING that is a public key of this algorithm.

    The key is not checked yet: that is `keyconv.proof.proving.check_public`'s.

    Raises: MalformedError.
    """
    match algorithm:
        case Rsa():
            return read_pkcs1(contents, notes, lenient=lenient)
        case DsaGroup(p=p, q=q, g=g):
            reader = DerReader(contents)
            y = reader.integer("DSA public number y")
            reader.finish("the DSA public number y")
            return DsaPublicKey(p, q, g, y)
        case Curve():
            return EcdsaPublicKey(algorithm, ec_der.uncompress(algorithm, contents, notes))
        case Edwards(length=length):
            if len(contents) != length:
                raise MalformedError(f"the public point has {len(contents)} bytes instead of {length}")
            return Ed25519PublicKey(contents) if length == 32 else Ed448PublicKey(contents)
        case _:
            assert_never(algorithm)


def read_spki(data: bytes, notes: list[Note], *, lenient: bool = False) -> PublicKey:
    """Read a SubjectPublicKeyInfo that is the whole of the data; `lenient` as for `read_pkcs1`."""
    reader = DerReader(data, notes=notes if lenient else None)
    fields = reader.sequence("SubjectPublicKeyInfo")
    reader.finish("the SubjectPublicKeyInfo")
    algorithm = read_algorithm(fields, notes)
    contents = fields.bits("public key")
    fields.finish("the public key")
    return read_public(algorithm, contents, notes, lenient=lenient)


def read_pkcs1(data: bytes, notes: list[Note], *, lenient: bool = False) -> RsaPublicKey:
    """Read an RSAPublicKey that is the whole of the data.

    With `lenient`, what DER forbids and OpenSSL reads is noted: long lengths, and a modulus that lacks its sign byte,
    if it is odd and of a usual size. What a changed byte makes of a number that has one is a byte longer.

    Raises: MalformedError.
    """
    reader = DerReader(data, notes=notes if lenient else None)
    fields = reader.sequence("RSAPublicKey")
    reader.finish("the RSAPublicKey")
    at = fields.position
    n = fields.number("RSA modulus n")
    if lenient and (n.bit_length() % 64 or not n & 1):
        raise MalformedError(f"RSA modulus n at byte {at} is not of a usual size", byte=at)
    e = fields.integer("RSA exponent e")
    fields.finish("the RSA exponent e")
    return RsaPublicKey(e=e, n=n)


def write_algorithm(key: PublicKey) -> bytes:
    """Write the AlgorithmIdentifier of a key."""
    match key:
        case RsaPublicKey():
            return der.sequence(der.oid(oids.RSA), der.null())
        case DsaPublicKey():
            numbers = der.sequence(der.integer(key.p), der.integer(key.q), der.integer(key.g))
            return der.sequence(der.oid(oids.DSA), numbers)
        case EcdsaPublicKey():
            return der.sequence(der.oid(oids.EC), ec_der.write_curve(key.curve))
        case Ed25519PublicKey():
            return der.sequence(der.oid(oids.ED25519))
        case Ed448PublicKey():
            return der.sequence(der.oid(oids.ED448))
        case SkEcdsaPublicKey() | SkEd25519PublicKey() | MlDsa44Ed25519PublicKey() | OpaquePublicKey():
            raise AssertionError("the plan refuses what these formats cannot hold")
        case _:
            assert_never(key)


def write_spki(key: PublicKey) -> bytes:
    """Write a SubjectPublicKeyInfo."""
    return der.sequence(write_algorithm(key), der.bits(_write_public(key)))


def write_pkcs1(key: RsaPublicKey) -> bytes:
    """Write an RSAPublicKey."""
    return der.sequence(der.integer(key.n), der.integer(key.e))


def _write_public(key: PublicKey) -> bytes:
    match key:
        case RsaPublicKey():
            return write_pkcs1(key)
        case DsaPublicKey():
            return der.integer(key.y)
        case EcdsaPublicKey() | Ed25519PublicKey() | Ed448PublicKey():
            return key.point
        case SkEcdsaPublicKey() | SkEd25519PublicKey() | MlDsa44Ed25519PublicKey() | OpaquePublicKey():
            raise AssertionError("the plan refuses what these formats cannot hold")
        case _:
            assert_never(key)
