"""The numbers of an RSA key that its file leaves out: the primes, and iqmp.

e*d - 1 is a multiple of the order of every number modulo n. Halving it until a power of some base is a square root of
one other than 1 and n - 1 gives a factor of n; every second base does.

Source: NIST SP 800-56B revision 2, appendix C.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from math import gcd

from keyconv.errors import ContradictionError, LimitError
from keyconv.proof.primes import is_prime

__all__ = ["MAX_BITS", "coefficient", "recover_primes"]

MAX_BITS = 4_096
"""Bits of a modulus that is factored: about a second an attempt. Files without primes are old, and their keys small."""

_ATTEMPTS = 40


def recover_primes(n: int, e: int, d: int) -> tuple[int, int]:
    """Compute p and q of an RSA key, p > q; whoever proves the key proves them too.

    `n` and `e` must have passed `keyconv.proof.proving.check_public`.

    Raises: ContradictionError when e, d and n belong to no RSA key; LimitError above `MAX_BITS`.
    """
    if n.bit_length() > MAX_BITS:
        raise LimitError(
            f"the file holds no primes, and those of a modulus of {n.bit_length()} bits are not computed; "
            f"the limit is {MAX_BITS}"
        )
    multiple = e * d - 1
    if not 1 < d < n or multiple & 1:
        raise ContradictionError("the RSA exponents e and d do not belong together")
    factor = gcd(multiple, n)
    if not 1 < factor < n:
        factor = _find_factor(n, multiple)
    return max(factor, n // factor), min(factor, n // factor)


def coefficient(p: int, q: int) -> int:
    """Compute iqmp = q^-1 mod p; 0 where there is none, for the proof to refuse."""
    return pow(q, -1, p) if p > 1 and gcd(p, q) == 1 else 0


def _find_factor(n: int, multiple: int) -> int:
    twos = (multiple & -multiple).bit_length() - 1
    for attempt, base in enumerate(_bases(n)):
        power = pow(base, multiple >> twos, n)
        for _ in range(twos):
            square = power * power % n
            if square == 1 and power not in (1, n - 1):
                return gcd(power - 1, n)
            power = square
        if power != 1:
            factor = gcd(base, n)
            if factor > 1:
                return factor
            raise ContradictionError("the RSA exponents e and d do not belong together")
        if attempt == 0 and is_prime(n):
            break
    raise ContradictionError("the RSA modulus n is not the product of two primes")


def _bases(n: int) -> Iterator[int]:
    # From n itself, so that the same file gives the same answer, and no maker of a file can choose which bases fail.
    seed = n.to_bytes((n.bit_length() + 7) // 8, "big")
    for number in range(_ATTEMPTS):
        yield 2 + int.from_bytes(sha256(bytes((number,)) + seed).digest(), "big") % (n - 3)
