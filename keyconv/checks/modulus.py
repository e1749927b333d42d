"""Can this RSA modulus be factored? Tests that cost milliseconds, on public numbers alone.

Each returns why the modulus is weak, or an empty string. None of them names a factor.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import zip_longest
from math import gcd, isqrt, prod
from typing import Any

from keyconv.proof.primes import SMALL_PRIMES, is_prime

__all__ = [
    "MAX_COMPARED_BITS",
    "MAX_STREAMED_BITS",
    "MAX_THOROUGH_BITS",
    "judge",
    "judge_private",
    "judge_quickly",
    "share_factors",
]

_FERMAT_ROUNDS = 100
_POLLARD_BOUND = 4096
_POLLARD_FINDS = "p - 1 has only small factors (Pollard's method finds it)"
_PATTERN_SHARE = 0.9
_MAX_PERIOD = 16
_MAX_WIENER_STEPS = 4096
MAX_THOROUGH_BITS = 4096
"""Bits of a modulus that is tried with the slow methods: at 16,384 bits they would take ten seconds a key."""

MAX_COMPARED_BITS = 4_000_000
"""Bits of all the moduli of a run that are compared with each other: 1,950 keys of 2,048 bits, some 3 seconds' work."""

_FEW = 16
"""Moduli that are compared with each other one by one: as many as take the time of comparing all with all."""

MAX_STREAMED_BITS = 400_000
"""Those of one file of lines that is larger than a key file: 195 keys, as long as 8,000 lines take."""


@lru_cache(maxsize=4096)
def judge(n: int, e: int) -> str:
    """Say why a modulus can be factored, or give an empty string; about 30 ms for 2048 bits, 150 for 4096."""
    if n.bit_length() > MAX_THOROUGH_BITS:
        return judge_quickly(n) or _wiener(n, e)
    return judge_quickly(n) or _is_prime(n) or _wiener(n, e) or _pollard(n)


def judge_private(n: int, e: int, p: int, q: int) -> str:
    """Return what `judge` says of n = p * q, in less than a millisecond: p and q were verified on reading."""
    return judge_quickly(n) or _wiener(n, e) or _pollard_by_factors(n, p, q)


def judge_quickly(n: int) -> str:
    """Make the tests that cost about twenty microseconds together: there may be a million keys in a file."""
    if n < 4:
        return "it is too small to have two prime factors"
    if not n & 1:
        return "it is even"
    if gcd(n % _primorial(), _primorial()) > 1:
        return f"it has a factor below {SMALL_PRIMES[-1] + 1}"
    root = isqrt(n)
    if root * root == n:
        return "it is the square of a number"
    return _fermat(n, root + 1) or _roca(n) or _pattern(n)


def share_factors(moduli: list[int]) -> list[int]:
    """Return the indices of those moduli that share a factor with another, different one."""
    distinct = list(dict.fromkeys(moduli))
    shared = set(_sharing_with_earlier(distinct))
    if len(shared) <= _FEW:
        shared.update([other for other in distinct for number in shared if other != number and gcd(other, number) > 1])
    else:
        shared.update(_sharing_with_earlier(distinct[::-1]))
    return [index for index, number in enumerate(moduli) if number in shared]


def _sharing_with_earlier(numbers: list[int]) -> list[int]:
    """Return the numbers that share a factor with one before them.

    Going down a tree of products, each number is compared with the product of all before it, which on the way is made
    smaller and smaller. In decimals, for these are multiplied and divided in less than quadratic time.

    Source: Bernstein, 'How to find smooth parts of integers', 2004, for the trees; Heninger and others, 'Mining your Ps
    and Qs', 2012, for their use.
    """
    import decimal

    with decimal.localcontext(_exact(decimal)):
        levels = [[decimal.Decimal(number) for number in numbers]]
        while len(levels[-1]) > 1:
            pairs = zip_longest(levels[-1][::2], levels[-1][1::2], fillvalue=decimal.Decimal(1))
            levels.append([left * right for left, right in pairs])
        # Of each place in a level, the product of all places before it, modulo its own; None where there are none.
        before: list[decimal.Decimal | None] = [None]
        for level in levels[-2::-1]:
            below: list[decimal.Decimal | None] = []
            for place, product in enumerate(level):
                found = before[place // 2]
                if found is not None:
                    found %= product
                if place % 2:
                    left = level[place - 1] % product
                    found = left if found is None else found * left % product
                below.append(found)
            before = below
        return [
            number
            for number, product in zip(numbers, before, strict=False)
            if product is not None and gcd(int(product), number) > 1
        ]


def _exact(decimal: Any) -> Any:
    return decimal.Context(
        prec=MAX_COMPARED_BITS,  # digits; no number is that long
        Emax=decimal.MAX_EMAX,
        Emin=decimal.MIN_EMIN,
        traps=[decimal.InvalidOperation, decimal.Inexact],
    )


@cache
def _primorial() -> int:
    return prod(SMALL_PRIMES)


def _is_prime(n: int) -> str:
    return "it is itself a prime number" if is_prime(n) else ""


@cache
def _sieves() -> tuple[tuple[int, tuple[tuple[int, tuple[int, ...]], ...]], ...]:
    """Return for small moduli q where x^2 - n may be a square, by n mod q: bit x of a number, for x to q + rounds.

    Grouped, with the product of each group: below 2^30 Python divides by it in one pass.
    """
    groups = []
    for group in ((64, 63, 65, 11, 17, 19), (23, 29, 31, 37, 41)):
        tables = []
        for q in group:
            squares = {x * x % q for x in range(q)}
            fits = [
                sum(1 << x for x in range(q + _FERMAT_ROUNDS) if (x * x - residue) % q in squares)
                for residue in range(q)
            ]
            tables.append((q, tuple(fits)))
        groups.append((prod(group), tuple(tables)))
    return tuple(groups)


def _fermat(n: int, middle: int) -> str:
    # Of the numbers from `middle` on, one bit each, those stay that a sieve cannot rule out: hardly any.
    left = (1 << _FERMAT_ROUNDS) - 1
    for product, tables in _sieves():
        low, start = n % product, middle % product
        for q, fits in tables:
            left &= fits[low % q] >> start % q
            if not left:
                return ""
    for offset in range(_FERMAT_ROUNDS):
        if left >> offset & 1:
            rest = (middle + offset) ** 2 - n
            if isqrt(rest) ** 2 == rest:
                return "its two primes lie close together (Fermat's method finds them)"
    return ""


def _wiener(n: int, e: int) -> str:
    # A convergent k/d of e/n with e*d = 1 mod phi gives phi, and phi the factors. Source: Wiener, 1990.
    top, bottom = e, n
    numerators, denominators = (0, 1), (1, 0)
    for _ in range(_MAX_WIENER_STEPS):
        if not bottom:
            break
        quotient = top // bottom
        top, bottom = bottom, top - quotient * bottom
        k = quotient * numerators[1] + numerators[0]
        d = quotient * denominators[1] + denominators[0]
        numerators, denominators = (numerators[1], k), (denominators[1], d)
        if d.bit_length() * 4 > n.bit_length() + 8:
            break
        if k and (e * d - 1) % k == 0:
            total = n - (e * d - 1) // k + 1
            rest = total * total - 4 * n
            if rest >= 0 and isqrt(rest) ** 2 == rest:
                return "its secret exponent d is small (Wiener's method finds it)"
    return ""


@cache
def _pollard_exponents() -> tuple[int, ...]:
    bound = _POLLARD_BOUND
    composite = bytearray(bound)
    powers = []
    for number in range(2, bound):
        if composite[number]:
            continue
        composite[number * number :: number] = b"\1" * len(composite[number * number :: number])
        power = number
        while power * number < bound:
            power *= number
        powers.append(power)
    return tuple(prod(powers[start : start + 64]) for start in range(0, len(powers), 64))


def _pollard(n: int) -> str:
    base = 2
    for exponent in _pollard_exponents():
        base = pow(base, exponent, n)
        if 1 < gcd(base - 1, n) < n:
            return _POLLARD_FINDS
    return ""


def _pollard_by_factors(n: int, p: int, q: int) -> str:
    # The powers of 2 end at 1 modulo p if and only if the order of 2, which divides p - 1, divides the exponent.
    exponent = _pollard_exponent()
    ends = [pow(2, gcd(exponent, prime - 1), prime) == 1 for prime in (p, q)]
    if not any(ends):
        return ""
    return _pollard(n) if all(ends) else _POLLARD_FINDS


@cache
def _pollard_exponent() -> int:
    return prod(_pollard_exponents())


@cache
def _roca_marks() -> tuple[tuple[int, frozenset[int]], ...]:
    # Primes of the vulnerable library are k*M + (65537^a mod M): modulo each prime of M they lie in a small group.
    # Source: Nemec and others, 'The Return of Coppersmith's Attack', 2017 (CVE-2017-15361).
    marks = []
    for prime in SMALL_PRIMES:
        if prime > 167:
            break
        group, power = set(), 1
        while power not in group:
            group.add(power)
            power = power * 65537 % prime
        if 2 < len(group) + 1 < prime:
            marks.append((prime, frozenset(group)))
    return tuple(marks)


def _roca(n: int) -> str:
    if n.bit_length() < 480:  # below, a sound modulus may fit by chance, and is too short anyhow
        return ""
    if all(n % prime in group for prime, group in _roca_marks()):
        return "it has the shape that Infineon's library gave its keys (ROCA, CVE-2017-15361)"
    return ""


def _pattern(n: int) -> str:
    data = n.to_bytes((n.bit_length() + 7) // 8, "big")
    length = len(data) * 3 // 4
    # Where a period fits, each byte that breaks it adds at most one value to those of the period itself.
    most = _MAX_PERIOD + int((1 - _PATTERN_SHARE) * length) + 2
    if len(set(data[: min(length, 2 * most)])) > most:
        return ""
    for period in range(1, min(_MAX_PERIOD, len(data) // 4) + 1):
        same = sum(data[index] == data[index + period] for index in range(length - period))
        if same >= _PATTERN_SHARE * (length - period):
            return f"its bytes repeat every {period}"
    return ""
