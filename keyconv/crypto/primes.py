"""Is this number prime?

The Baillie-PSW test: a strong probable-prime test to base 2 and a strong Lucas test. No composite that passes both is
known, none exists below 2^64, and there is no base for the maker of a hostile file to aim at. pyca/cryptography has no
primality test of its own that could be asked.

Source: Baillie and Wagstaff, 'Lucas pseudoprimes', 1980; FIPS 186-5 appendix B.3.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd, isqrt, prod

__all__ = ["is_prime"]


def _sieve(limit: int) -> tuple[int, ...]:
    composite = bytearray(limit)
    for number in range(2, isqrt(limit) + 1):
        composite[number * number :: number] = b"\1" * len(composite[number * number :: number])
    return tuple(number for number in range(2, limit) if not composite[number])


SMALL_PRIMES = _sieve(1000)
_PRIMORIAL = prod(SMALL_PRIMES)


@lru_cache(maxsize=16)
def is_prime(number: int) -> bool:
    """Tell whether a number is prime, by the Baillie-PSW test.

    The last few answers are kept: a key that was read and then written is proved twice.
    """
    if number < 1_000_000:
        return number > 1 and all(number % prime for prime in SMALL_PRIMES if prime * prime <= number)
    return gcd(number, _PRIMORIAL) == 1 and _strong_base_2(number) and _strong_lucas(number)


def _strong_base_2(number: int) -> bool:
    twos = ((number - 1) & -(number - 1)).bit_length() - 1
    power = pow(2, (number - 1) >> twos, number)
    if power in (1, number - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False


def _strong_lucas(number: int) -> bool:
    if isqrt(number) ** 2 == number:
        return False
    d = 5  # Selfridge's method A: the first of 5, -7, 9, -11 ... with Jacobi symbol -1
    while (symbol := _jacobi(d, number)) != -1:
        if symbol == 0 and abs(d) < number:
            return False
        d = -d - 2 if d > 0 else -d + 2
    q = (1 - d) // 4
    odd, twos = number + 1, 0
    while not odd & 1:
        odd, twos = odd >> 1, twos + 1
    # U and V of index `odd`, by doubling, with P = 1.
    u, v, power_of_q = 1, 1, q % number
    for bit in bin(odd)[3:]:
        u, v = u * v % number, (v * v - 2 * power_of_q) % number
        power_of_q = power_of_q * power_of_q % number
        if bit == "1":
            u, v = u + v, d * u + v
            u = (u + number if u & 1 else u) // 2 % number
            v = (v + number if v & 1 else v) // 2 % number
            power_of_q = power_of_q * q % number
    if u == 0 or v == 0:
        return True
    for _ in range(twos - 1):
        v = (v * v - 2 * power_of_q) % number
        if v == 0:
            return True
        power_of_q = power_of_q * power_of_q % number
    return False


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
