"""Composite numbers that were built to pass for primes, each with the factors that betray it."""

from __future__ import annotations

import random
from math import gcd, isqrt, prod

__all__ = ["COMPOSITES", "FOOLS_FIXED_BASES", "FOOLS_LUCAS", "carmichael_of_many", "is_carmichael"]

Factors = tuple[int, ...]


def _chernick(k: int) -> Factors:
    # A Carmichael number where all three are prime (Chernick 1939).
    return 6 * k + 1, 12 * k + 1, 18 * k + 1


def _monier(k: int) -> Factors:
    # A quarter of all bases take the product for a prime, more than of any other number (Monier 1980).
    return k + 1, 2 * k + 1


def _arnault(p: int) -> Factors:
    # With p of the right residues, every small prime is a non-residue, or a residue, of all three at once, and the
    # product a strong pseudoprime to it (Arnault 1995).
    return p, 5 * (p - 1) + 1, 41 * (p - 1) + 1


def _lucas(t: int) -> Factors:
    # One more than the product is a multiple of one more than each: what a Carmichael number is, for Lucas' test.
    return t - 1, 3 * t - 1, 11 * t - 1


FOOLS_FIXED_BASES: dict[str, Factors] = {
    "arnault 515": _arnault(0x2000000000000000000000F66814CE601C36D001923),
    "arnault 1025": _arnault(0x800000000000000000000000000000000000000000000000000000000000000DBB0429414833E82D49E63),
}
"""Strong pseudoprimes to every prime base below 60."""

FOOLS_LUCAS: dict[str, Factors] = {
    "lucas 513": _lucas((1 << 169) + 19_498_126),
    "lucas 1026": _lucas((1 << 340) + 162_945_182),
}
"""Extra strong Lucas pseudoprimes."""

COMPOSITES: dict[str, Factors] = {
    "chernick 512": _chernick((1 << 167) + 293_533),
    "chernick 1025": _chernick((1 << 338) + 809_752),
    "chernick 2048": _chernick((1 << 679) + 7_318_868),
    "monier 512": _monier((1 << 255) + 112_252),
    "monier 1024": _monier((1 << 511) + 172_228),
    "monier 2048": _monier((1 << 1023) + 193_252),
    **FOOLS_FIXED_BASES,
    **FOOLS_LUCAS,
    "two Mersenne primes": ((1 << 521) - 1, (1 << 607) - 1),
    "a small factor above the sieve": (1009, (1 << 1279) - 1),
    "a square": ((1 << 521) - 1, (1 << 521) - 1),
    "a cube": ((1 << 521) - 1,) * 3,
}
"""Name to prime factors; those of Chernick and Monier are next to a power of two, and so need no longer spelling."""


def carmichael_of_many(bits: int) -> Factors:
    """Build a Carmichael number of many primes and about so many bits, 1,536 at most, as Erdős did (1956).

    Each prime less one divides the same smooth number, modulo which their product is 1.
    """
    smooth = 2**5 * 3**3 * 5**2 * 7 * 11 * 13
    divisors = [d for d in range(1, isqrt(smooth) + 1) if smooth % d == 0]
    every = sorted({*divisors, *(smooth // d for d in divisors)})
    primes = [d + 1 for d in every if d >= 1000 and gcd(d + 1, smooth) == 1 and _is_small_prime(d + 1)]
    source = random.Random(bits)
    halves = primes[::2], primes[1::2]
    seen: dict[int, Factors] = {}
    while True:
        sides = [_sample(half, bits // 2, source) for half in halves]
        seen[pow(prod(sides[0]), -1, smooth)] = sides[0]
        if (first := seen.get(prod(sides[1]) % smooth)) is not None:
            return first + sides[1]


def _sample(primes: list[int], bits: int, source: random.Random) -> Factors:
    chosen: list[int] = []
    for prime in source.sample(primes, len(primes)):
        if bits <= 0:
            break
        chosen.append(prime)
        bits -= prime.bit_length()
    return tuple(chosen)


def is_carmichael(factors: Factors) -> bool:
    """Apply Korselt's criterion to the product of some odd primes."""
    number = prod(factors)
    return len(set(factors)) == len(factors) > 2 and all((number - 1) % (each - 1) == 0 for each in factors)


def _is_small_prime(number: int) -> bool:
    return all(number % divisor for divisor in range(2, isqrt(number) + 1))
