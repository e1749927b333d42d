"""Proof that a key is whole: its numbers agree, and its public half is the one that its secret makes.

`prove` is called by every reader on every private key, `check_public` on every public one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any, assert_never

from keyconv import limits
from keyconv.crypto.derive import derive_ecdsa, derive_ed448, derive_ed25519, derive_mldsa44
from keyconv.errors import (
    ContradictionError,
    KeyconvError,
    LimitError,
    MismatchError,
    RecomputableError,
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
from keyconv.proof import amends, points
from keyconv.proof.primes import is_prime
from keyconv.wire import encode

__all__ = [
    "UNUSUAL_SCALAR",
    "check_exponents",
    "check_group",
    "check_public",
    "is_unusual_scalar",
    "prove",
]

UNUSUAL_SCALAR = Note(
    "unusual-scalar", "the private scalar is of half the curve's size or less, or n - 1: OpenSSH refuses the key"
)
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


def _digest(private: PrivateKey) -> bytes:
    return sha256(b"".join(map(encode.string, _values(private)))).digest()


def _values(key: Any) -> Iterator[bytes]:
    """Yield the class of a key and all that it is made of, each as bytes."""
    yield type(key).__name__.encode()
    for name in key.__dataclass_fields__:
        value = getattr(key, name)
        if isinstance(value, Curve):
            yield value.name.encode()
        elif isinstance(value, int):
            yield value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
        elif isinstance(value, bytes):
            yield value
        elif isinstance(value, str):
            yield value.encode()
        else:
            yield from _values(value)


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
