"""Weak numbers: each known attack is found, and a sound key is not accused."""

from __future__ import annotations

import random
import sys
import types
from collections.abc import Iterable, Iterator
from itertools import combinations
from math import gcd, prod

import pytest
from fixture_files import FIXTURES, by_path, keyfile
from hypothesis import given
from hypothesis import strategies as st
from test_rules import next_prime

from keyconv.checks import badkeys, company, modulus, published
from keyconv.checks.embedded import may_hold_key
from keyconv.engine import read
from keyconv.errors import KeyconvError, UsageError
from keyconv.keys import RsaPublicKey
from keyconv.proof.primes import is_prime

BITS = 512


def prime(seed: int, bits: int = BITS) -> int:
    chance = random.Random(seed)
    return next_prime(chance.getrandbits(bits) | 1 << bits - 1 | 1 << bits - 2)


P, Q = prime(1), prime(2)


def smooth() -> int:
    small = [each for each in range(3, 4000) if is_prime(each)]
    chance = random.Random(3)
    while True:
        product = 2 * prod(chance.sample(small, 50))
        if is_prime(product + 1):
            return product + 1


def roca_like() -> int:
    product = 1
    for each in range(2, 168):
        if is_prime(each):
            product *= each
    chance = random.Random(6)

    def half() -> int:
        while True:
            found = chance.getrandbits(300) * product + pow(65537, chance.getrandbits(100), product)
            if is_prime(found):
                return found

    return half() * half()


def small_d() -> tuple[int, int]:
    p, q = prime(7, 256), prime(8, 256)
    phi = (p - 1) * (q - 1)
    d = next(each for each in range(2**100 + 1, 2**101, 2) if gcd(each, phi) == 1)
    return p * q, pow(d, -1, phi)


@pytest.mark.parametrize(
    ("n", "e", "word"),
    [
        (P * Q, 65537, ""),
        (next_prime(P * Q), 65537, "prime"),
        (2 * P, 65537, "even"),
        (P * P, 65537, "square"),
        (997 * P, 65537, "factor below"),
        (P * next_prime(P + 2), 65537, "Fermat"),
        (P * next_prime(P + 2**200), 65537, "Fermat"),
        (smooth() * Q, 65537, "Pollard"),
        (*small_d(), "Wiener"),
        (roca_like(), 65537, "ROCA"),
        (int.from_bytes(b"\xc5\x3b" * 128, "big"), 65537, ""),
        (15, 3, "factor below"),
    ],
)
def test_a_weak_modulus_is_named(n: int, e: int, word: str) -> None:
    why = modulus.judge(n, e)
    if n.to_bytes(max(1, (n.bit_length() + 7) // 8), "big")[:2] == b"\xc5\x3b":
        assert why  # by whichever test comes first
    else:
        assert (word in why) if word else why == ""


def test_a_pattern_is_named() -> None:
    chance = random.Random(9)
    head = (chance.randbytes(12) * 20)[:224]
    n = next(
        value
        for tail in range(1, 10_000, 2)
        for value in [int.from_bytes(head + chance.randbytes(30) + tail.to_bytes(2, "big"), "big")]
        if all(value % each for each in range(3, 1000, 2))
    )
    assert "repeat" in modulus.judge_quickly(n)


def test_no_real_key_is_accused() -> None:
    numbers = {
        (entry.public.n, entry.public.e)
        for fixture in FIXTURES
        if fixture.family == "rsa" and fixture.whole and fixture.registered
        for entry in keyfile(fixture).entries
        if isinstance(entry.public, RsaPublicKey)
    }
    assert len(numbers) >= 3
    assert {modulus.judge(n, e) for n, e in numbers} == {""}


def test_random_moduli_are_not_accused() -> None:
    made = [prime(100 + each) for each in range(16)]
    assert {modulus.judge(made[at] * made[at + 1], 65537) for at in range(0, 16, 2)} == {""}


def test_shared_factors_are_found_among_many() -> None:
    made = [prime(200 + each, 256) for each in range(40)]
    moduli = [made[at] * made[at + 1] for at in range(0, 40, 2)]
    assert modulus.share_factors(moduli) == []
    assert modulus.share_factors([*moduli, moduli[3]]) == []
    assert modulus.share_factors([*moduli, made[6] * prime(999, 256)]) == [3, 20]
    assert modulus.share_factors([]) == modulus.share_factors([P * Q]) == []


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_shared_factors_are_those_that_each_pair_shares(pairs: list[tuple[int, int]]) -> None:
    primes = [number for number in range(1009, 1300) if all(number % each for each in range(2, 37))]
    moduli = [primes[first] * primes[second] for first, second in pairs]
    expected = [
        index
        for index, number in enumerate(moduli)
        if any(gcd(number, other) > 1 for other in moduli if other != number)
    ]
    assert modulus.share_factors(moduli) == expected


def test_moduli_are_compared_up_to_a_bound_and_it_is_said_that_some_were_not() -> None:
    size = 16_384
    most = modulus.MAX_COMPARED_BITS // size
    for count, left_out in ((most, False), (most + 1, True)):
        run = company.Run()
        run.add_lines("authorized_keys", [((1 << size - 1) + number, number, "") for number in range(count)])
        assert (len(run.moduli), run.left_out) == (most, left_out)


def test_a_long_modulus_is_not_tried_with_slow_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    n = prime(300) * prime(301)
    tried: list[int] = []

    def try_it(number: int) -> str:
        tried.append(number)
        return ""

    monkeypatch.setattr(modulus, "_pollard", try_it)
    for most, count in ((n.bit_length() - 1, 0), (n.bit_length(), 1)):
        monkeypatch.setattr(modulus, "MAX_THOROUGH_BITS", most)
        modulus.judge.cache_clear()
        assert modulus.judge(n, 65537) == ""
        assert len(tried) == count


def smooth_primes() -> list[int]:
    """Return primes p for which p - 1 has only small factors, some of them with others."""
    small = [each for each in range(3, 60) if is_prime(each)]
    products = (2 * prod(small[start:stop]) for start in range(len(small)) for stop in range(start + 3, len(small)))
    return [product + 1 for product in products if is_prime(product + 1)][:12]


def test_the_factors_tell_what_pollards_method_finds() -> None:
    primes = [*smooth_primes(), *(prime(700 + each, 64) for each in range(6)), smooth(), P]
    found = set()
    for p, q in combinations(primes, 2):
        answer = modulus._pollard_by_factors(p * q, p, q)
        assert answer == modulus._pollard(p * q), (p, q)
        found.add(answer)
    assert len(found) == 2, "some are found, and some are not"


def test_a_private_key_gets_the_verdict_of_its_modulus(monkeypatch: pytest.MonkeyPatch) -> None:
    for p, q in ((P, Q), (smooth(), Q), (P, P + 2), (prime(300), prime(301))):
        assert modulus.judge_private(p * q, 65537, p, q) == modulus.judge(p * q, 65537)
    n, e = small_d()
    assert modulus.judge_private(n, e, n, 1) == modulus.judge(n, e) != ""
    monkeypatch.setattr(modulus, "_pollard", lambda _: pytest.fail("the slow method"))
    assert modulus.judge_private(P * Q, 65537, P, Q) == ""


# ── keys that everybody has ────────────────────────────────────────────────────────────────────────────────────────


def test_the_key_of_rfc_8410_is_known() -> None:
    blob = _blob("pkcs8/ed25519-rfc8410-example-plain.pem")
    assert "RFC 8410" in published.in_a_document(blob)
    assert published.in_a_document(_blob("openssh/ed25519-plain")) == ""


@pytest.mark.parametrize("spelling", ["sha256", "sha256=", "md5", "MD5:", "debian"])
def test_a_blocklist_may_spell_a_fingerprint_in_four_ways(spelling: str) -> None:
    fixture = by_path("openssh/rsa2048-plain")
    md5 = (fixture.md5_fingerprint or "").removeprefix("MD5:")
    plain = md5.replace(":", "")
    sha256 = fixture.sha256_fingerprint or ""
    text = {"sha256": sha256, "sha256=": sha256 + "=", "md5": plain, "MD5:": "MD5:" + md5, "debian": plain[12:]}
    judge = published.read_blocklist([("list", f"# remark\n\n{text[spelling]} # why\n")])
    assert "list" in judge(_blob("openssh/rsa2048-plain"), RsaPublicKey(3, 15))
    assert judge(_blob("openssh/rsa3072-plain"), RsaPublicKey(3, 15)) == ""


def test_a_blocklist_with_another_line_is_refused() -> None:
    with pytest.raises(UsageError, match="line 2"):
        published.read_blocklist([("list", "# x\nnonsense\n")])


def _blob(path: str) -> bytes:
    from keyconv.codec import public_blob

    public = read(by_path(path).data).entries[0].public
    assert public is not None
    return public_blob.write(public)


# ── errors by their words ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("n", "e", "name"),
    [
        (P * Q - 1, 65537, "weak-modulus"),
        (P * Q, 2, "odd-exponent"),
        (P * Q, 1, "odd-exponent"),
        (P * Q, 2**256 + 1, "odd-exponent"),
    ],
)
def test_numbers_that_readers_refuse_have_their_rule(n: int, e: int, name: str) -> None:
    from test_rules import rsa_line

    with pytest.raises(KeyconvError) as refusal:
        read(rsa_line(n, e))
    assert refusal.value.rule == name


@pytest.mark.parametrize(
    "fixture", [each for each in FIXTURES if each.private and each.whole], ids=lambda each: each.path
)
def test_every_private_key_is_worth_a_look(fixture: object) -> None:
    from fixture_files import Fixture

    assert isinstance(fixture, Fixture)
    if fixture.format not in ("dropbear",) and not fixture.path.endswith(".der"):
        assert may_hold_key(fixture.data)


# ── the badkeys library ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """A library in the place of badkeys, whose calls are those of version 0.0.21."""

    def blocklist(value: int, **_: object) -> object:
        return {"subtest": "a list", "p": 3} if value == P * Q else False

    def checkrsa(n: int, e: int = 65537, checks: Iterable[str] = ()) -> dict[str, object]:
        results = {name: blocklist(n) for name in checks if name == "blocklist"}
        return {name: result for name, result in results.items() if result}

    checks = types.ModuleType("badkeys.checks")
    vars(checks).update(
        defaultchecks={"fermat": {}, "blocklist": {}},
        allchecks={"blocklist": {"function": blocklist}},
        checkrsa=checkrsa,
        checkdsa=lambda y, p=0, checks=(): {},
    )
    package = types.ModuleType("badkeys")
    vars(package).update(checks=checks)
    monkeypatch.setitem(sys.modules, "badkeys", package)
    monkeypatch.setitem(sys.modules, "badkeys.checks", checks)
    badkeys.load.cache_clear()
    yield checks
    badkeys.load.cache_clear()


def test_badkeys_names_its_list_and_no_number(library: types.ModuleType) -> None:
    judge, remark = badkeys.load()
    assert judge is not None
    assert remark == ""
    assert judge(b"", RsaPublicKey(65537, P * Q)) == "badkeys knows it: blocklist a list"
    assert judge(b"", RsaPublicKey(65537, P * Q + 2)) == ""


def test_badkeys_without_its_blocklist_is_asked_for_the_rest(library: types.ModuleType) -> None:
    def absent(value: int) -> object:
        raise SystemExit(1)

    vars(library)["allchecks"]["blocklist"]["function"] = absent
    judge, remark = badkeys.load()
    assert judge is not None
    assert "--update-bl" in remark
    assert judge(b"", RsaPublicKey(65537, P * Q)) == ""


def test_without_badkeys_what_is_not_looked_for_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "badkeys", None)
    badkeys.load.cache_clear()
    judge, remark = badkeys.load()
    badkeys.load.cache_clear()
    assert judge is None
    assert "keyconv[badkeys]" in remark
