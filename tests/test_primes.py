"""The primality test agrees with a sieve and with openssl, and no known pseudoprime gets past it."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from importlib.util import find_spec
from itertools import count
from math import prod

import pytest
from composites import COMPOSITES, FOOLS_FIXED_BASES, FOOLS_LUCAS, carmichael_of_many, is_carmichael
from tools import require

from keyconv.proof import primes as module
from keyconv.proof.primes import _encryption, _is_extra_strong_lucas, _is_strong_probable_prime, is_prime

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

STRONG_LUCAS = (989, 3239, 5777, 10877, 27971, 29681, 30739, 31631, 39059, 72389, 73919, 75077)
"""Every extra strong Lucas pseudoprime below 100,000 (OEIS A217719)."""

MERSENNE = (127, 521, 607, 1279, 2203, 2281, 3217, 4253)
"""2 to these, less one, is prime."""


@pytest.fixture(params=["by the library", "in Python", "on integers of gmpy2"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all for which that can be done done in one way."""
    module._quick_integer.cache_clear()
    monkeypatch.setattr(module, "_powers", count(module._SMALL_POWERS))
    if request.param == "on integers of gmpy2":
        if find_spec("gmpy2") is None and "fast" not in os.environ.get("KEYCONV_EXTRAS", ""):
            pytest.skip("the extra keyconv[fast] is not installed")
        monkeypatch.setattr(module, "_tested", count(module._FEW))
        assert module._quick_integer() is not int
        return
    monkeypatch.setattr(module, "_quick_integer", lambda: int)
    if request.param == "in Python":
        monkeypatch.setattr(module, "_LIBRARY_BITS", range(0))


def _passes(number: int, base: int) -> bool:
    """Apply Miller and Rabin's test to one base."""
    odd, twos = number - 1, 0
    while not odd & 1:
        odd, twos = odd >> 1, twos + 1
    powers = [pow(base, odd << each, number) for each in range(twos)]
    return powers[0] == 1 or number - 1 in powers


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
    assert _passes(number, 2), "not a pseudoprime at all"
    assert not is_prime(number)


def test_each_half_of_the_test_is_fooled_by_its_own_pseudoprimes_and_no_others() -> None:
    limit = 100_000
    primes = _sieve(limit)
    composites = [number for number in range(9, limit, 2) if number not in primes]
    assert [number for number in composites if _is_strong_probable_prime(number)] == [
        n for n in STRONG_BASE_2 if n < limit
    ]
    assert [number for number in composites if _is_extra_strong_lucas(number)] == list(STRONG_LUCAS)
    for number in sorted(primes)[3::10]:
        assert _is_strong_probable_prime(number)
        assert _is_extra_strong_lucas(number)


@pytest.mark.parametrize("number", CARMICHAEL)
def test_a_carmichael_number_is_no_prime(number: int) -> None:
    assert not is_prime(number)


@pytest.mark.parametrize("number", STRONG_LUCAS)
def test_a_lucas_pseudoprime_is_no_prime(number: int) -> None:
    assert not is_prime(number)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", COMPOSITES)
def test_a_composite_that_was_built_to_deceive_is_no_prime(name: str) -> None:
    number = prod(COMPOSITES[name])
    assert all(is_prime(factor) for factor in COMPOSITES[name]), "not what it is meant to be"
    for _ in range(4):  # where the base is random, with others each time
        assert not is_prime(number)


@pytest.mark.parametrize("name", [name for name in COMPOSITES if name.startswith("chernick")])
def test_they_are_carmichael_numbers(name: str) -> None:
    assert is_carmichael(COMPOSITES[name])


@pytest.mark.parametrize("name", ["monier 512", "monier 1024"])
def test_a_quarter_of_all_bases_is_fooled_and_two_is_one_of_them(name: str) -> None:
    number = prod(COMPOSITES[name])
    assert _passes(number, 2)
    source = random.Random(name)
    assert 2 < sum(_passes(number, source.randrange(2, number)) for _ in range(40)) < 20


@pytest.mark.parametrize("name", FOOLS_FIXED_BASES)
def test_a_list_of_fixed_bases_can_be_fooled(name: str) -> None:
    number = prod(FOOLS_FIXED_BASES[name])
    assert all(_passes(number, base) for base in sorted(_sieve(60)))
    assert not _is_extra_strong_lucas(number)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", FOOLS_LUCAS)
def test_the_lucas_half_can_be_fooled_and_then_the_other_is_not(name: str) -> None:
    number = prod(FOOLS_LUCAS[name])
    assert _is_extra_strong_lucas(number)
    assert not _is_strong_probable_prime(number)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("bits", [512, 1100, 1536])
def test_a_carmichael_number_of_many_primes_is_no_prime(bits: int) -> None:
    factors = carmichael_of_many(bits)
    number = prod(factors)
    assert is_carmichael(factors)
    assert all(pow(base, number - 1, number) == 1 for base in (2, 3, 1_000_000_007)), "not a Carmichael number at all"
    assert not is_prime(number)


@pytest.mark.usefixtures("way")
def test_a_number_that_is_1_modulo_a_high_power_of_two_is_judged_like_others() -> None:
    # The odd part of what precedes it, the exponent of the first half, is then small: 5, 7, and 1 at the end.
    proth = 5 * 2**1947 + 1, 7 * 2**1804 + 1
    for number in proth:  # Proth's theorem proves them prime
        assert any(pow(base, number >> 1, number) == number - 1 for base in (3, 5, 7, 11))
        assert is_prime(number)
    assert not is_prime(prod(proth))
    assert not is_prime((3 * 2**600 + 1) * (5 * 2**600 + 1))
    assert not is_prime(2**1024 + 1), "a Fermat number, whose odd part is 1"


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("exponent", MERSENNE)
def test_a_mersenne_prime_is_prime_at_every_size(exponent: int) -> None:
    assert is_prime(2**exponent - 1)


@pytest.mark.parametrize("exponent", [1279, 2203])
def test_the_library_raises_another_base_each_time_to_the_power_that_is_asked_for(exponent: int) -> None:
    prime = 2**exponent - 1
    powers = [_encryption()(65_537, prime) for _ in range(3)]
    assert len(set(powers)) == 3
    for power in powers:
        assert power is not None
        base = pow(power, pow(65_537, -1, prime - 1), prime)
        assert 0 < base < 1 << 8 * ((exponent + 7) // 8 - 1), "the encoding of OAEP begins with a zero byte"
    assert all(_encryption()((prime - 1) // 2, prime) in (1, prime - 1) for _ in range(3))


def test_the_first_small_powers_of_a_run_are_computed_in_python_and_the_large_ones_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    encrypt = _encryption()

    def watch(exponent: int, modulus: int) -> int | None:
        asked.append(modulus.bit_length())
        return encrypt(exponent, modulus)

    monkeypatch.setattr(module, "_encryption", lambda: watch)
    monkeypatch.setattr(module, "_powers", count())
    small, large, larger = 2**1279 - 1, 2**2203 - 1, 2**3217 - 1
    assert all(map(is_prime, (2**607 - 1, small, small, large, small, larger)))
    assert asked == [2203, 1279]


def test_what_the_library_refuses_is_computed_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def refuse(exponent: int, modulus: int) -> None:
        asked.append((exponent, modulus))

    monkeypatch.setattr(module, "_encryption", lambda: refuse)
    prime = 2**2203 - 1
    assert is_prime(prime)
    assert not is_prime(prime * 1009)
    assert asked


def test_gmpy2_is_loaded_for_large_numbers_and_when_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[int] = []

    def quick(number: int) -> int:
        loaded.append(number.bit_length())
        return number

    monkeypatch.setattr(module, "_quick_integer", lambda: quick)
    monkeypatch.setattr(module, "_tested", count())
    few = module._FEW
    assert all(is_prime(2**521 - 1) for _ in range(few))
    assert loaded == []
    assert is_prime(2**607 - 1)
    monkeypatch.setattr(module, "_tested", count())
    assert is_prime(2**4253 - 1)
    assert is_prime(2**2281 - 1)
    assert loaded == [607, 4253]


def test_without_gmpy2_integers_are_those_of_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gmpy2", None)
    module._quick_integer.cache_clear()
    try:
        assert module._quick_integer() is int
    finally:
        module._quick_integer.cache_clear()


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
