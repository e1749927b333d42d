"""RSA keys of which a file holds only some numbers: the others, computed from them.

Whoever proves the key proves what is computed here.
"""

from __future__ import annotations

from math import gcd

from keyconv import limits
from keyconv.errors import ContradictionError, LimitError, UnsupportedError
from keyconv.keys import RsaPrivateKey, RsaPublicKey
from keyconv.notes import Note
from keyconv.proof import proving
from keyconv.proof.factors import coefficient, recover_primes

__all__ = ["exponent", "without_primes"]

_USUAL_EXPONENTS = (65537, 3, 17, 35, 37)
"""What programs take for e: nearly all the first, older ones the others (35 and 37: OpenSSH and PuTTY of long ago)."""

_NO_PRIMES = Note("noncanonical", "the file holds no RSA primes; they are computed from n, e and d")


def without_primes(n: int, e: int, d: int, notes: list[Note]) -> RsaPrivateKey:
    """Return the key of a modulus, its exponent e (0 where it is not known) and d; it is noted what was computed.

    Raises: UnsupportedError where e is not known and not a usual one; ContradictionError when the numbers belong to no
    RSA key; LimitError for a modulus that is too large to factor.
    """
    if n < 3 or d < 2:
        raise ContradictionError("the RSA modulus n or the exponent d is zero")
    if e:
        private = _factored(n, e, d)
        notes.append(_NO_PRIMES)
        return private
    for usual in _USUAL_EXPONENTS:
        try:
            private = _factored(n, usual, d)
        except ContradictionError:
            continue
        notes.append(
            Note("noncanonical", f"the file holds only the RSA numbers n and d; e is {usual}, which they prove")
        )
        return private
    raise UnsupportedError(
        "the file holds only the RSA numbers n and d: neither the primes nor the exponent e, which is no usual one",
        hint="export the key with its exponent e, in Java as an RSAPrivateCrtKey",
    )


def exponent(d: int, p: int, q: int, notes: list[Note]) -> int:
    """Return the exponent e that follows from d and the primes, and note it.

    Raises: ContradictionError when there is none; LimitError for primes above the sizes in `keyconv.limits`.
    """
    if max(p, q).bit_length() > limits.MAX_RSA_FACTOR_BITS:
        raise LimitError(f"an RSA prime has more than {limits.MAX_RSA_FACTOR_BITS} bits")
    order = (p - 1) * (q - 1) // gcd(p - 1, q - 1) if p > 1 and q > 1 else 0
    e = pow(d, -1, order) if order > 1 and gcd(d, order) == 1 else 0
    if e < 3 or e.bit_length() > limits.MAX_RSA_E_BITS:
        raise ContradictionError("the RSA exponent e is 0, and none follows from d, p and q")
    notes.append(Note("noncanonical", f"the RSA exponent e is not in the file: it is {e}, which follows from d"))
    return e


def _factored(n: int, e: int, d: int) -> RsaPrivateKey:
    public = RsaPublicKey(e=e, n=n)
    proving.check_public(public)
    p, q = recover_primes(n, e, d)
    return RsaPrivateKey(public, d=d, p=p, q=q, iqmp=coefficient(p, q))
