"""Private keys in DER: PKCS#1's RSAPrivateKey, SEC 1's ECPrivateKey, OpenSSL's DSA form, and PKCS#8.

The readers compare what the model does not keep; the numbers are proved by `keyconv.proof.proving.prove`. Where a file
states no public half, it is derived here. With `lenient` they read what DER forbids and OpenSSL takes: long lengths,
and numbers without their sign byte, which then only the proof makes certain.

Source: RFC 8017 appendix A.1.2 (RSA), RFC 5915 (EC), RFC 5958 (PKCS#8), RFC 8410 section 7 (EdDSA); the DSA form is
documented by OpenSSL's d2i_DSAPrivateKey(3) alone.
"""

from __future__ import annotations

from typing import assert_never

from keyconv.codec import ec_der
from keyconv.codec.der_public import (
    Algorithm,
    DsaGroup,
    Edwards,
    Rsa,
    read_algorithm,
    read_public,
    write_algorithm,
)
from keyconv.codec.unsupported import no_key_type
from keyconv.crypto.derive import derive_ecdsa, derive_ed448, derive_ed25519
from keyconv.errors import ContradictionError, MalformedError, MismatchError, UnsupportedError
from keyconv.keys import (
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
    PrivateKey,
    PublicKey,
    RsaPrivateKey,
    RsaPublicKey,
    SkEcdsaPrivateKey,
    SkEd25519PrivateKey,
)
from keyconv.notes import Note
from keyconv.proof import complete, proving
from keyconv.wire import der
from keyconv.wire.der import DerReader

__all__ = ["read_attributes", "read_dsa", "read_pkcs1", "read_pkcs8", "read_sec1", "write_pkcs8", "write_traditional"]

_EXPLICIT_1 = 0xA1
"""The tag of a value wrapped in `[1]`, where a tag that is replaced by `[1]` gives 0x81."""


# ── reading the traditional forms ──────────────────────────────────────────────────────────────────────────────────


def read_pkcs1(data: bytes, notes: list[Note], *, lenient: bool = False) -> RsaPrivateKey:
    """Read an RSAPrivateKey that is the whole of the data.

    Primes that are zero are computed from n, e and d, and an exponent e that is zero is looked for; both are noted.

    Raises: MalformedError; UnsupportedError for more than two primes, and where e is unknown; ContradictionError
    when dmp1 or dmq1 is wrong; LimitError for a modulus that is too large to factor.
    """
    reader = DerReader(data, notes=notes if lenient else None)
    private = _read_rsa(reader, notes)
    reader.finish("the RSAPrivateKey")
    return private


def read_sec1(
    data: bytes, notes: list[Note], *, lenient: bool = False
) -> EcdsaPrivateKey | Ed25519PrivateKey | Ed448PrivateKey:
    """Read an ECPrivateKey, which must name its curve, that is the whole of the data.

    A scalar that has not the length of the field and an absent public key are noted, and so is an Ed25519 or Ed448 key
    in this structure.

    Raises: MalformedError; UnsupportedError for an unknown curve; ContradictionError for a scalar out of range.
    """
    reader = DerReader(data, notes=notes if lenient else None)
    private = _read_ec(reader, None, notes)
    reader.finish("the ECPrivateKey")
    return private


def read_dsa(data: bytes, notes: list[Note], *, lenient: bool = False) -> DsaPrivateKey:
    """Read OpenSSL's DSA private key that is the whole of the data."""
    reader = DerReader(data, notes=notes if lenient else None)
    fields = reader.sequence("DSAPrivateKey")
    reader.finish("the DSAPrivateKey")
    if fields.count("version") != 0:
        raise UnsupportedError("the DSA private key is not of version 0")
    public = DsaPublicKey(
        p=fields.number("DSA modulus p"),
        q=fields.number("DSA order q"),
        g=fields.number("DSA generator g"),
        y=fields.number("DSA public number y"),
    )
    private = DsaPrivateKey(public, fields.number("DSA private number x"))
    fields.finish("the DSA private number x")
    return private


def _read_rsa(reader: DerReader, notes: list[Note]) -> RsaPrivateKey:
    fields = reader.sequence("RSAPrivateKey")
    version = fields.count("version")
    if version != 0:
        if version == 1:
            raise no_key_type("RSA keys of more than two primes")
        raise UnsupportedError("the RSA private key is not of version 0")
    n, e = fields.number("RSA modulus n"), fields.number("RSA exponent e")
    d = fields.number("RSA exponent d")
    p, q = fields.number("RSA prime p"), fields.number("RSA prime q")
    dmp1, dmq1 = fields.number("RSA exponent dmp1"), fields.number("RSA exponent dmq1")
    iqmp = fields.number("RSA coefficient iqmp")
    fields.finish("the RSA coefficient iqmp")
    if not any((p, q, dmp1, dmq1, iqmp)):
        # Java's RSAPrivateKey without CRT, connectbot, some smart cards: only n and d, and perhaps e.
        return complete.without_primes(n, e, d, notes)
    if not e:
        e = complete.exponent(d, p, q, notes)
    private = RsaPrivateKey(RsaPublicKey(e=e, n=n), d=d, p=p, q=q, iqmp=iqmp)
    proving.check_exponents(private, dmp1, dmq1)
    return private


def _read_ec(
    reader: DerReader, curve: Curve | Edwards | None, notes: list[Note], attached: PublicKey | None = None
) -> EcdsaPrivateKey | Ed25519PrivateKey | Ed448PrivateKey:
    # `curve` and `attached` are what PKCS#8 says around this structure.
    fields = reader.sequence("ECPrivateKey")
    if fields.count("version") != 1:
        raise UnsupportedError("the EC private key is not of version 1")
    scalar = fields.octets("private scalar")
    if fields.next_is_context(0):
        parameters = fields.context("curve parameters", 0)
        stated = ec_der.read_parameters(parameters, notes)
        parameters.finish("the curve parameters")
        if curve is not None and stated != curve:
            raise MismatchError(f"the algorithm names the curve {_name_of(curve)}, the key in it {_name_of(stated)}")
        curve = stated
    if curve is None:
        raise MalformedError("the EC private key does not say which curve it is on")
    public = attached
    if fields.next_is_context(1):
        wrapped = fields.context("public key", 1)
        public = read_public(curve, wrapped.bits("public point"), notes)
        wrapped.finish("the public point")
    fields.finish("the last field of the ECPrivateKey")
    if isinstance(curve, Edwards):
        return _edwards_key(curve, scalar, public)
    d = _read_scalar(scalar, curve, notes)
    if not isinstance(public, EcdsaPublicKey):
        notes.append(Note("noncanonical", "the public half is not there, which PuTTY needs; derived from the private"))
        public = derive_ecdsa(curve, d)
    return EcdsaPrivateKey(public, d)


def _name_of(curve: Curve | Edwards) -> str:
    match curve:
        case Curve(name=name):
            return name
        case Edwards(length=length):
            return "Ed25519" if length == 32 else "Ed448"


def _edwards_key(algorithm: Edwards, seed: bytes, public: PublicKey | None) -> Ed25519PrivateKey | Ed448PrivateKey:
    if len(seed) != algorithm.length:
        raise MalformedError(f"the seed has {len(seed)} bytes instead of {algorithm.length}")
    if algorithm.length == 32:
        return Ed25519PrivateKey(public if isinstance(public, Ed25519PublicKey) else derive_ed25519(seed), seed)
    return Ed448PrivateKey(public if isinstance(public, Ed448PublicKey) else derive_ed448(seed), seed)


def _read_scalar(scalar: bytes, curve: Curve, notes: list[Note]) -> int:
    length = curve.field_bytes
    if not 1 <= len(scalar) <= length + 1 or (len(scalar) > length and scalar[0]):
        raise MalformedError(f"the private scalar has {len(scalar)} bytes instead of {length}")
    d = int.from_bytes(scalar, "big")
    if not 1 <= d < curve.n:
        raise ContradictionError(f"the private scalar is not from 1 to the order of {curve.name}")
    if len(scalar) != length:
        # PuTTY writes the bytes of an mpint, OpenSSL before 2014 the fewest bytes.
        notes.append(
            Note(
                "noncanonical",
                f"the private scalar has {len(scalar)} bytes instead of {length}, as PuTTY writes it",
                harmless=True,
            )
        )
    return d


# ── reading PKCS#8 ─────────────────────────────────────────────────────────────────────────────────────────────────


def read_pkcs8(data: bytes, notes: list[Note], *, lenient: bool = False) -> PrivateKey:
    """Read a PrivateKeyInfo or OneAsymmetricKey that is the whole of the data.

    Attributes are noted and not judged (`read_attributes` returns them); so are the public key in ring's encoding, and
    one that is not there although the version says so.

    Raises: MalformedError; UnsupportedError for an unknown algorithm; MismatchError when two statements of the curve or
    of the public key differ; ContradictionError for numbers out of range.
    """
    reader = DerReader(data, notes=notes if lenient else None)
    fields = reader.sequence("PrivateKeyInfo")
    reader.finish("the PrivateKeyInfo")
    version = fields.count("version")
    if version > 1:
        raise UnsupportedError(f"PKCS#8 of version {version} is not known")
    algorithm = read_algorithm(fields, notes)
    key = fields.within_octets("private key")
    if fields.next_is_context(0):
        attributes = fields.context("attributes", 0)
        while attributes.peek() is not None:
            attributes.skip("attribute")
        notes.append(Note("attributes", "the key has attributes, which keyconv does not judge"))
    attached = _read_attached(algorithm, fields, version, notes)
    fields.finish("the last field of the PrivateKeyInfo")
    private = _read_inner(algorithm, key, attached, notes)
    key.finish("the private key")
    if attached is not None and private.public != attached:
        raise MismatchError("the file states two different public keys")
    return private


def read_attributes(data: bytes) -> bytes:
    """Return the attributes of a PrivateKeyInfo that `read_pkcs8` has read, in DER; nothing where there are none."""
    fields = DerReader(data, notes=[]).sequence("PrivateKeyInfo")
    for name in ("version", "algorithm", "private key"):
        fields.skip(name)
    return fields.context("attributes", 0).rest() if fields.next_is_context(0) else b""


def _read_attached(algorithm: Algorithm, fields: DerReader, version: int, notes: list[Note]) -> PublicKey | None:
    if not fields.next_is_context(1):
        if version == 1:
            notes.append(
                Note("noncanonical", "the version is 1, which says that a public key is attached, and there is none")
            )
        return None
    if version == 0:
        raise MalformedError("the version is 0, which says that no public key is attached, and there is one")
    if fields.peek() == _EXPLICIT_1:
        # ring before 0.17 wraps a BIT STRING where RFC 5958 replaces its tag (briansmith/ring issue 1464).
        wrapped = fields.context("attached public key", 1)
        contents = wrapped.bits("attached public key")
        wrapped.finish("the attached public key")
        notes.append(Note("noncanonical", "the attached public key is tagged as ring before 0.17 did it"))
    else:
        contents = fields.implicit_bits("attached public key", 1)
    return read_public(algorithm, contents, notes)


def _read_inner(algorithm: Algorithm, key: DerReader, attached: PublicKey | None, notes: list[Note]) -> PrivateKey:
    match algorithm:
        case Rsa():
            return _read_rsa(key, notes)
        case DsaGroup():
            return _read_dsa_number(algorithm, key.integer("DSA private number x"))
        case Curve():
            return _read_ec(key, algorithm, notes, attached)
        case Edwards():
            if key.peek() == der.SEQUENCE:
                return _read_ec(key, algorithm, notes, attached)
            return _edwards_key(algorithm, key.octets("seed"), attached)
        case _:
            assert_never(algorithm)


def _read_dsa_number(group: DsaGroup, x: int) -> DsaPrivateKey:
    # The group is checked before it is calculated with: g stands in for y, which is as good a member of it.
    proving.check_public(DsaPublicKey(group.p, group.q, group.g, group.g))
    if not 1 <= x < group.q:
        raise ContradictionError("the DSA private number x is not from 1 to q - 1")
    return DsaPrivateKey(DsaPublicKey(group.p, group.q, group.g, pow(group.g, x, group.p)), x)


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def write_traditional(private: RsaPrivateKey | DsaPrivateKey | EcdsaPrivateKey) -> bytes:
    """Write PKCS#1, SEC 1 (with curve and public key) or OpenSSL's DSA form."""
    match private:
        case RsaPrivateKey():
            return _write_rsa(private)
        case DsaPrivateKey(public=public):
            numbers = (0, public.p, public.q, public.g, public.y, private.x)
            return der.sequence(*map(der.integer, numbers))
        case EcdsaPrivateKey():
            return _write_ec(private, der.context(0, ec_der.write_curve(private.public.curve)))
        case _:
            assert_never(private)


def write_pkcs8(private: PrivateKey, attributes: bytes = b"") -> bytes:
    """Write a PrivateKeyInfo, version 0; an EC key's curve stands in the algorithm alone, as OpenSSL writes it."""
    match private:
        case RsaPrivateKey():
            inner = _write_rsa(private)
        case DsaPrivateKey():
            inner = der.integer(private.x)
        case EcdsaPrivateKey():
            inner = _write_ec(private, b"")
        case Ed25519PrivateKey() | Ed448PrivateKey():
            inner = der.octets(private.seed)
        case SkEcdsaPrivateKey() | SkEd25519PrivateKey() | MlDsa44Ed25519PrivateKey():
            raise AssertionError("the plan refuses what PKCS#8 cannot hold")
        case _:
            assert_never(private)
    more = der.context(0, attributes) if attributes else b""
    return der.sequence(der.integer(0), write_algorithm(private.public), der.octets(inner), more)


def _write_rsa(private: RsaPrivateKey) -> bytes:
    numbers = (
        0,
        private.public.n,
        private.public.e,
        private.d,
        private.p,
        private.q,
        private.dmp1,
        private.dmq1,
        private.iqmp,
    )
    return der.sequence(*map(der.integer, numbers))


def _write_ec(private: EcdsaPrivateKey, parameters: bytes) -> bytes:
    scalar = private.d.to_bytes(private.public.curve.field_bytes, "big")
    public = der.context(1, der.bits(private.public.point))
    return der.sequence(der.integer(1), der.octets(scalar), parameters, public)
