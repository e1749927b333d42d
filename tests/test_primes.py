"""The primality test agrees with a sieve and with openssl, and no known pseudoprime gets past it."""

from __future__ import annotations

import random
import subprocess
from math import prod

import pytest
from tools import require

from keyconv.crypto.primes import _strong_base_2, _strong_lucas, is_prime

LIMIT = 50_000
STRONG_BASE_2 = (
    *(2047, 3277, 4033, 4681, 8321, 15841, 29341, 42799, 49141, 52633, 65281, 74665, 80581, 85489, 88357, 90751),
    *(1_082_401, 1_145_257, 1_194_649, 1_207_361, 1_251_949, 1_252_697, 1_302_451, 1_325_843, 1_357_441, 1_373_653),
    *(3_215_031_751, 2_152_302_898_747, 3_474_749_660_383, 341_550_071_728_321, 3_825_123_056_546_413_051),
)
"""Strong pseudoprimes to base 2 (OEIS A001262); the last ones are the least to the first k primes (A014233)."""

CARMICHAEL = (
    *(561, 1105, 1729, 2465, 2821, 6601, 8911, 10585, 15841, 29341, 41041, 46657, 52633, 62745, 63973, 75361),
    *(1_024_651, 1_033_669, 1_050_985, 1_082_809, 1_569_457, 1_615_681, 9_746_347_772_161),
    *(1590231231043178376951698401, 349407515342287435050603204719587201),
)

STRONG_LUCAS = (5459, 5777, 10877, 16109, 18971, 22499, 24569, 25199, 40309, 58519, 75077, 97439)
"""Every strong Lucas pseudoprime below 100,000, with Selfridge's parameters (OEIS A217255)."""


def _sieve(limit: int) -> set[int]:
    composite: set[int] = set()
    for number in range(2, limit):
        if number not in composite:
            composite.update(range(number * number, limit, number))
    return set(range(2, limit)) - composite


def test_it_agrees_with_a_sieve() -> None:
    primes = _sieve(LIMIT)
    assert [number for number in range(-3, LIMIT) if is_prime(number)] == sorted(primes)


def test_it_agrees_with_a_sieve_of_a_stretch_above_the_table() -> None:
    start, length = 10**10, 10_000
    composite = bytearray(length)
    for prime in _sieve(10**5 + 10):
        composite[-start % prime :: prime] = b"\1" * len(range(-start % prime, length, prime))
    assert [is_prime(start + offset) for offset in range(length)] == [not each for each in composite]


@pytest.mark.parametrize("number", STRONG_BASE_2)
def test_a_strong_pseudoprime_to_base_2_is_no_prime(number: int) -> None:
    odd, twos = number - 1, 0
    while not odd & 1:
        odd, twos = odd >> 1, twos + 1
    powers = [pow(2, odd << each, number) for each in range(twos)]
    assert powers[0] == 1 or number - 1 in powers, "not a pseudoprime at all"
    assert not is_prime(number)


def test_each_half_of_the_test_is_fooled_by_its_own_pseudoprimes_and_no_others() -> None:
    limit = 100_000
    primes = _sieve(limit)
    composites = [number for number in range(9, limit, 2) if number not in primes]
    assert [number for number in composites if _strong_base_2(number)] == [n for n in STRONG_BASE_2 if n < limit]
    assert [number for number in composites if _strong_lucas(number)] == list(STRONG_LUCAS)
    for number in sorted(primes)[3::10]:
        assert _strong_base_2(number)
        assert _strong_lucas(number)


@pytest.mark.parametrize("number", CARMICHAEL)
def test_a_carmichael_number_is_no_prime(number: int) -> None:
    assert not is_prime(number)


@pytest.mark.parametrize("number", STRONG_LUCAS)
def test_a_lucas_pseudoprime_is_no_prime(number: int) -> None:
    assert not is_prime(number)


def test_a_product_of_large_primes_is_no_prime_whatever_their_shape() -> None:
    mersenne = [2**exponent - 1 for exponent in (61, 89, 107, 127, 521, 607)]
    assert all(map(is_prime, mersenne))
    for first in mersenne:
        assert not is_prime(first * first), "a square"
        for second in mersenne:
            assert not is_prime(first * second)
    assert not is_prime(prod(mersenne))
    # (k + 1)(2k + 1) passes more bases of Miller and Rabin's test than any other shape.
    assert not is_prime(1287836182261 * 2575672364521)


def test_a_wieferich_prime_and_its_square() -> None:
    for prime in (1093, 3511):
        assert is_prime(prime)
        assert not is_prime(prime * prime), "a strong pseudoprime to base 2 that is a square"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (2**255 - 19, True),
        (2**448 - 2**224 - 1, True),
        (2**521 - 1, True),
        (2**256 - 2**224 + 2**192 + 2**96 - 1, True),
        (2**1279 - 1, True),
        (2**255 - 21, False),
        (2**521 + 1, False),
        (2**1277 - 1, False),
        (2**1024, False),
        (0, False),
        (1, False),
        (-7, False),
        (2, True),
        (999_983, True),
        (1_000_003, True),
        (999_983 * 1_000_003, False),
    ],
)
def test_numbers_whose_nature_is_known(number: int, expected: bool) -> None:
    assert is_prime(number) == expected


def test_it_agrees_with_openssl_on_random_numbers() -> None:
    source = random.Random("primes")
    numbers = [source.getrandbits(bits) | 1 for bits in (40, 64, 128, 256) for _ in range(60)]
    said = subprocess.run(
        [require("openssl"), "prime", *map(str, numbers)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert len(said) == len(numbers)
    verdicts = [line.endswith("is prime") and "not" not in line for line in said]
    assert [is_prime(number) for number in numbers] == verdicts
    assert 5 < sum(verdicts) < len(numbers)


@pytest.mark.parametrize("bits", [256, 512, 1024])
def test_a_prime_of_openssl_is_prime_and_its_neighbours_and_products_are_not(bits: int) -> None:
    generate = [require("openssl"), "prime", "-generate", "-bits", str(bits)]
    first, second = (int(subprocess.run(generate, capture_output=True, text=True, check=True).stdout) for _ in range(2))
    assert is_prime(first)
    assert is_prime(second)
    assert not is_prime(first + 1)
    assert not is_prime(first * second)
    assert not is_prime(first * first)
