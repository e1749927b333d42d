"""Is this number prime?

The Baillie-PSW test: a strong probable-prime test and an extra strong Lucas test. What is claimed of it:

- A prime is always called prime.
- No composite is known that passes, and none below 2^64 does. The maker of a hostile file would have to find one that
  fools both halves; how to fool either is known, how to fool both is not.
- The base of the first half is 2. Where the library computes the power, from 1,024 to 3,072 bits and but for the first
  key of a run, it is drawn unpredictably and again each time: at most a quarter of all bases fool that half, whatever
  the number, and next to none for the numbers that are known to fool the other.

Rounds of the first half alone would have to be 64 to leave a hostile file a chance of 2^-128; OpenSSL runs as many to
check a key. The Lucas test costs what about 25 of them do. pyca/cryptography has no primality test to be asked.

With gmpy2 (the extra `keyconv[fast]`) the same arithmetic is done on its integers: for large numbers, and from the
ninth on, for it takes some time to load.

Source: Baillie and Wagstaff, 'Lucas pseudoprimes', 1980; Grantham, 'Frobenius pseudoprimes', 2001, for the extra strong
Lucas test; Rabin, 'Probabilistic algorithm for testing primality', 1980, for the quarter.
"""

from __future__ import annotations

from functools import cache
from itertools import count
from math import gcd, isqrt, prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["is_prime"]


def _sieve(limit: int) -> tuple[int, ...]:
    composite = bytearray(limit)
    for number in range(2, isqrt(limit) + 1):
        composite[number * number :: number] = b"\1" * len(composite[number * number :: number])
    return tuple(number for number in range(2, limit) if not composite[number])


SMALL_PRIMES = _sieve(1000)
_PRIMORIAL = prod(SMALL_PRIMES)

_LIBRARY_BITS = range(1024, 3073)
"""Bits of the numbers whose powers the library computes: below Python is quick, above it refuses large exponents."""

_SMALL_BITS = 1536
_SMALL_POWERS = 2
"""Powers of a run that are computed in Python: below that size, loading the library costs more than those of a key."""

_powers = count()

_LARGE_BITS = 3072
_FEW = 8
"""Numbers of a run whose test is not worth the start of gmpy2, if they are not large."""

_tested = count()


def is_prime(number: int) -> bool:
    """Return whether a number is prime, by the Baillie-PSW test."""
    if number < 1_000_000:
        return number > 1 and all(number % prime for prime in SMALL_PRIMES if prime * prime <= number)
    if gcd(number, _PRIMORIAL) != 1:
        return False
    if next(_tested) >= _FEW or number.bit_length() >= _LARGE_BITS:
        number = _quick_integer()(number)
    return _is_strong_probable_prime(number) and _is_extra_strong_lucas(number)


@cache
def _quick_integer() -> Callable[[int], int]:
    # An integer that multiplies and divides faster than Python's, and mixes with those.
    try:
        from gmpy2 import mpz
    except ImportError:
        return int
    integer: Callable[[int], int] = mpz
    return integer


def _is_strong_probable_prime(number: int) -> bool:
    # Miller and Rabin's test: of the powers of a prime's base, halving the exponent, the last that is not 1 is -1.
    twos = _trailing_zeros(number - 1)
    power = _power(number - 1 >> twos, number)
    if power in (1, number - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False


def _power(exponent: int, modulus: int) -> int:
    """Raise some base to an odd power: 2, or where the library computes it, ten times as fast, a random one."""
    bits = modulus.bit_length()
    if bits in _LIBRARY_BITS and (bits >= _SMALL_BITS or next(_powers) >= _SMALL_POWERS):
        power = _encryption()(int(exponent), int(modulus))
        if power is not None:
            return power
    return pow(2, exponent, modulus)


@cache
def _encryption() -> Callable[[int, int], int | None]:
    # RSA encryption is a power of padding that the library draws at random: the base that is wanted here. OAEP's is
    # spread over all numbers of one byte less than the modulus. It has no other function for powers modulo a number.
    from cryptography.exceptions import InternalError, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256

    oaep = padding.OAEP(padding.MGF1(SHA256()), SHA256(), label=None)

    def encrypt(exponent: int, modulus: int) -> int | None:
        try:
            return int.from_bytes(rsa.RSAPublicNumbers(exponent, modulus).public_key().encrypt(b"", oaep), "big")
        except (ValueError, InternalError, UnsupportedAlgorithm):
            return None

    return encrypt


def _is_extra_strong_lucas(number: int) -> bool:
    # V of index k and k + 1, with Q = 1 and the least P from 3 whose discriminant has the Jacobi symbol -1.
    if isqrt(number) ** 2 == number:
        return False
    p = 3
    while (symbol := _jacobi(p * p - 4, number)) != -1:
        if symbol == 0:
            return False
        p += 1
    twos = _trailing_zeros(number + 1)
    v, following = p, p * p - 2
    for bit in bin(number + 1 >> twos)[3:]:
        if bit == "1":
            v, following = (v * following - p) % number, (following * following - 2) % number
        else:
            v, following = (v * v - 2) % number, (v * following - p) % number
    # U of the same index is zero where 2 V(k + 1) = P V(k).
    if v in (2, number - 2) and (2 * following - p * v) % number == 0:
        return True
    for _ in range(twos - 1):
        if v == 0:
            return True
        v = (v * v - 2) % number
    return False


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1


def _jacobi(a: int, n: int) -> int:
    a %= n
    result = 1
    while a:
        while not a & 1:
            a >>= 1
            if n & 7 in (3, 5):
                result = -result
        a, n = n, a
        if a & 3 == 3 and n & 3 == 3:
            result = -result
        a %= n
    return result if n == 1 else 0
