"""The real `badkeys` library, asked as `check` asks it. CI installs the extra and sets KEYCONV_EXTRAS=badkeys."""

from __future__ import annotations

import os
import random
import sys
from importlib.util import find_spec

import pytest
from fixture_files import Fixture, keyfile, pick

from keyconv.checks import badkeys
from keyconv.keys import RsaPublicKey
from keyconv.proof.primes import is_prime

if find_spec("badkeys") is None and "badkeys" not in os.environ.get("KEYCONV_EXTRAS", ""):
    pytest.skip("the extra keyconv[badkeys] is not installed", allow_module_level=True)


def next_prime(number: int) -> int:
    number |= 1
    while not is_prime(number):
        number += 2
    return number


CHANCE = random.Random(11)
P = next_prime(CHANCE.getrandbits(1024) | 1 << 1023)
Q = next_prime(CHANCE.getrandbits(1024) | 1 << 1023)


def test_it_is_the_real_one() -> None:
    judge, _ = badkeys.load()
    assert judge is not None, "the extra is not installed"
    assert sys.modules["badkeys"].__file__


@pytest.mark.parametrize(
    ("n", "name"),
    [(P * next_prime(P + 2), "fermat"), (3 * next_prime(1 << 2046), "smallfactors"), (P * P, "fermat")],
    ids=["close primes", "a small factor", "a square"],
)
def test_a_weak_modulus_is_named_by_the_check_that_found_it(n: int, name: str) -> None:
    judge, _ = badkeys.load()
    assert judge is not None
    said = judge(b"", RsaPublicKey(65537, n))
    assert name in said
    assert str(P) not in said


@pytest.mark.parametrize("fixture", pick(lambda fixture: fixture.format == "openssh-pub" and not fixture.keys))
def test_a_sound_key_of_any_type_is_not_known(fixture: Fixture) -> None:
    judge, _ = badkeys.load()
    assert judge is not None
    (entry,) = keyfile(fixture).entries
    assert entry.public is not None
    assert judge(b"", entry.public) == ""
