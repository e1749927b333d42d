"""Proof that a key is whole: its numbers agree, and its public half is the one that its secret makes.

`prove` is called by every reader on every private key, `check_public` on every public one.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import assert_never

from keyconv import limits
from keyconv.codec import private_blob
from keyconv.crypto import amends, points
from keyconv.crypto.primes import is_prime
from keyconv.errors import (
    ContradictionError,
    KeyconvError,
    LimitError,
    MismatchError,
    RecomputableError,
    UnsupportedError,
)
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
    MlDsa44Ed25519PublicKey,
    OpaquePublicKey,
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

__all__ = [
    "UNUSUAL_SCALAR",
    "check_exponents",
    "check_group",
    "check_public",
    "derive_ecdsa",
    "derive_ed448",
    "derive_ed25519",
    "is_unusual_scalar",
    "prove",
]

UNUSUAL_SCALAR = Note(
    "unusual-scalar", "the private scalar is of half the curve's size or less, or n - 1: OpenSSH refuses the key"
)
_MLDSA_HINT = "pip install --upgrade cryptography"
_RECOMPUTE_HINT = "keyconv repair computes it again"

_KEPT = 1024
_proved: set[bytes] = set()
"""Digests of keys that were proved, all their numbers: what is written is read back, and so proved once. No secrets."""


def prove(private: PrivateKey, notes: list[Note]) -> PrivateKey:
    """Check every number of a private key and that its public half belongs to it; return it in canonical form.

    A scalar that OpenSSH refuses is noted. Only RSA has two forms: where q > p the two are swapped and iqmp computed
    again, as PuTTY does, and it is noted. The secret of a FIDO key is in its authenticator: only its public half
    can be checked.

    Raises: ContradictionError when numbers disagree or are out of range (RecomputableError when only iqmp does);
    MismatchError when the public half is of another key; LimitError above the sizes in `keyconv.limits`.
    """
    if isinstance(private, EcdsaPrivateKey) and is_unusual_scalar(private):
        notes.append(UNUSUAL_SCALAR)
    if _digest(private) in _proved:
        return private
    check_public(private.public)
    proved = private
    match private:
        case RsaPrivateKey():
            proved = _prove_rsa(private, notes)
        case DsaPrivateKey():
            _prove_dsa(private)
        case EcdsaPrivateKey():
            _check_scalar(private.d, private.public.curve)
            _compare(derive_ecdsa(private.public.curve, private.d).point, private.public.point)
        case Ed25519PrivateKey():
            _compare(derive_ed25519(private.seed).point, private.public.point)
        case Ed448PrivateKey():
            _compare(derive_ed448(private.seed).point, private.public.point)
        case MlDsa44Ed25519PrivateKey():
            _compare(derive_ed25519(private.seed).point, private.public.point)
            _compare(derive_mldsa44(private.mldsa_seed), private.public.mldsa)
        case SkEcdsaPrivateKey() | SkEd25519PrivateKey():
            pass
        case _:
            assert_never(private)
    if len(_proved) >= _KEPT:
        _proved.clear()
    _proved.add(_digest(proved))
    return proved


def check_public(public: PublicKey) -> None:
    """Check what can be determined from a public key alone: sizes, ranges, and that points are on their curves.

    Raises: ContradictionError; LimitError above the sizes in `keyconv.limits`.
    """
    match public:
        case RsaPublicKey(e=e, n=n):
            if n.bit_length() > limits.MAX_RSA_BITS:
                raise LimitError(f"the RSA modulus has {n.bit_length()} bits; the limit is {limits.MAX_RSA_BITS}")
            if e.bit_length() > limits.MAX_RSA_E_BITS:
                message = f"the RSA exponent has {e.bit_length()} bits; the limit is {limits.MAX_RSA_E_BITS}"
                raise LimitError(message, rule="odd-exponent")
            if n < 3 or not n & 1:
                raise ContradictionError("the RSA modulus n is even", rule="weak-modulus")
            if e < 3 or not e & 1 or e >= n:
                raise ContradictionError("the RSA exponent e is not an odd number from 3 to n", rule="odd-exponent")
        case DsaPublicKey():
            _check_dsa(public)
        case EcdsaPublicKey(curve=curve, point=point) | SkEcdsaPublicKey(curve=curve, point=point):
            points.check_ecdsa(curve, point)
        case Ed25519PublicKey(point=point) | SkEd25519PublicKey(point=point) | MlDsa44Ed25519PublicKey(point=point):
            points.check_ed25519(point)
        case Ed448PublicKey(point=point):
            points.check_ed448(point)
        case OpaquePublicKey():
            pass
        case _:
            assert_never(public)


def check_group(public: DsaPublicKey) -> None:
    """Check that g and y are in the group of order q, which takes two powers; the sizes must have been checked.

    Raises: ContradictionError.
    """
    if pow(public.g, public.q, public.p) != 1:
        raise ContradictionError("the DSA generator g is not of order q")
    if pow(public.y, public.q, public.p) != 1:
        raise ContradictionError("the DSA public number y is not in the group that g makes")


def check_exponents(private: RsaPrivateKey, dmp1: int, dmq1: int) -> None:
    """Compare the exponents d mod p-1 and d mod q-1 that a file states, which the model does not keep.

    Raises: RecomputableError when they are wrong and all that they follow from is proved; else ContradictionError.
    """
    # Primes of 0 and 1 have no exponents to compare; `prove` refuses them.
    if private.p < 2 or private.q < 2 or (dmp1, dmq1) == (private.dmp1, private.dmq1):
        return
    name, prime = ("dmq1", "q") if dmp1 == private.dmp1 else ("dmp1", "p")
    message = f"the RSA exponent {name} is not d modulo {prime} - 1"
    if amends.current() is None:
        try:
            with amends.allowed():
                prove(private, [])
        except KeyconvError:
            raise ContradictionError(message) from None
    _refuse_or_recompute(message)


def derive_ecdsa(curve: Curve, d: int) -> EcdsaPublicKey:
    """Compute the public key d*G; `d` must be in range."""
    from cryptography.hazmat.primitives.asymmetric import ec

    from keyconv.crypto.bridge import curve_of

    # By its numbers: the library's serialization module would load bcrypt.
    numbers = ec.derive_private_key(d, curve_of(curve.name)).public_key().public_numbers()
    coordinates = (each.to_bytes(curve.field_bytes, "big") for each in (numbers.x, numbers.y))
    return EcdsaPublicKey(curve, b"\4" + b"".join(coordinates))


def derive_ed25519(seed: bytes) -> Ed25519PublicKey:
    """Compute the public key of a 32-byte seed."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey as LibraryKey

    return Ed25519PublicKey(LibraryKey.from_private_bytes(seed).public_key().public_bytes_raw())


def derive_ed448(seed: bytes) -> Ed448PublicKey:
    """Compute the public key of a 57-byte seed."""
    from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey as LibraryKey

    return Ed448PublicKey(LibraryKey.from_private_bytes(seed).public_key().public_bytes_raw())


def derive_mldsa44(seed: bytes) -> bytes:
    """Compute the 1,312 bytes of the ML-DSA-44 public key of a 32-byte seed (FIPS 204 algorithm 6).

    Raises: UnsupportedError where pyca/cryptography or the OpenSSL under it has no ML-DSA.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
    except ImportError:
        raise UnsupportedError("this version of pyca/cryptography has no ML-DSA", hint=_MLDSA_HINT) from None
    try:
        return MLDSA44PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()
    except UnsupportedAlgorithm:
        raise UnsupportedError("pyca/cryptography has no ML-DSA on this machine", hint=_MLDSA_HINT) from None


def _digest(private: PrivateKey) -> bytes:
    return sha256(private_blob.write(private)).digest()


def is_unusual_scalar(private: EcdsaPrivateKey) -> bool:
    """Return whether OpenSSH refuses a scalar: one of at most half the order's bits, or n - 1 and above.

    Source: OpenSSH sshkey.c, sshkey_ec_validate_private.
    """
    order = private.public.curve.n
    return private.d.bit_length() <= order.bit_length() // 2 or private.d >= order - 1


def _compare(derived: bytes, stated: bytes) -> None:
    if derived != stated:
        raise MismatchError("the public half is not of this private half: the file holds parts of two keys")


def _check_scalar(d: int, curve: Curve) -> None:
    if not 1 <= d < curve.n:
        raise ContradictionError(f"the private scalar is not from 1 to the order of {curve.name}")


def _prove_rsa(private: RsaPrivateKey, notes: list[Note]) -> RsaPrivateKey:
    e, n = private.public.e, private.public.n
    d, p, q = private.d, private.p, private.q
    if p < 3 or q < 3 or not p & 1 or not q & 1:
        raise ContradictionError("an RSA factor is even, or no prime at all")
    if p == q:
        raise ContradictionError("the RSA primes p and q are the same", rule="weak-modulus")
    if p * q != n:
        # Where p, q and iqmp are of one key, n is another's and the two halves were mixed; else a number is damaged.
        if private.iqmp * q % p == 1:
            raise MismatchError("the public half is not of this private half: the RSA modulus n is not p * q")
        raise ContradictionError("the RSA modulus n is not p * q")
    if not 1 < d < n:
        raise ContradictionError("the RSA exponent d is not from 2 to n - 1")
    if (e * d - 1) % (p - 1) or (e * d - 1) % (q - 1):
        raise ContradictionError("the RSA exponents e and d do not belong together")
    if max(p, q).bit_length() > limits.MAX_RSA_FACTOR_BITS:
        raise LimitError(f"an RSA prime has more than {limits.MAX_RSA_FACTOR_BITS} bits")
    if not is_prime(p) or not is_prime(q):
        raise ContradictionError("an RSA factor is not prime")
    if not 0 < private.iqmp < p or private.iqmp * q % p != 1:
        _refuse_or_recompute("the RSA coefficient iqmp is not the inverse of q modulo p")
        private = replace(private, iqmp=pow(q, -1, p))
    if p < q:
        # RFC 8017, section 3.2, orders neither before the other.
        notes.append(Note("noncanonical", "the RSA primes stand in the order p < q; written with p > q", harmless=True))
        return replace(private, p=q, q=p, iqmp=pow(p, -1, q))
    return private


def _refuse_or_recompute(message: str) -> None:
    found = amends.current()
    if found is None:
        raise RecomputableError(message, hint=_RECOMPUTE_HINT)
    found.append(Note(amends.RECOMPUTABLE, message))


def _check_dsa(public: DsaPublicKey) -> None:
    p, q, g, y = public.p, public.q, public.g, public.y
    if p.bit_length() > limits.MAX_DSA_P_BITS:
        raise LimitError(f"the DSA modulus has {p.bit_length()} bits; the limit is {limits.MAX_DSA_P_BITS}")
    if q.bit_length() not in limits.DSA_Q_BITS:
        raise ContradictionError(f"the DSA order q has {q.bit_length()} bits, not 160, 224 or 256")
    if p < 3 or not p & 1 or not q & 1:
        raise ContradictionError("the DSA modulus p or order q is even")
    if (p - 1) % q:
        raise ContradictionError("the DSA order q does not divide p - 1")
    if not 1 < g < p:
        raise ContradictionError("the DSA generator g is not of order q")
    if not 1 < y < p:
        raise ContradictionError("the DSA public number y is not in the group that g makes")


def _prove_dsa(private: DsaPrivateKey) -> None:
    public = private.public
    if not 1 <= private.x < public.q:
        raise ContradictionError("the DSA private number x is not from 1 to q - 1")
    if not is_prime(public.q) or not is_prime(public.p):
        raise ContradictionError("the DSA modulus p or order q is not prime")
    if pow(public.g, public.q, public.p) != 1:
        raise ContradictionError("the DSA generator g is not of order q")
    if pow(public.g, private.x, public.p) != public.y:
        if pow(public.y, public.q, public.p) != 1:
            raise ContradictionError("the DSA public number y is not in the group that g makes")
        raise MismatchError("the public half is not of this private half: y is not g^x")
