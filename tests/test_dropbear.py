"""Dropbear's private files: its own read, ours judged by dropbearkey and dropbearconvert, and the same bytes."""

from __future__ import annotations

import random
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fixture_files import FIXTURES, Fixture, by_path, pick, sample
from hypothesis import given
from hypothesis import strategies as st
from tools import PATIENCE, require, some

from keyconv import Entry, Locked, WriteOptions
from keyconv.engine.inspection import public_line
from keyconv.errors import (
    ContradictionError,
    KeyconvError,
    LimitError,
    MalformedError,
    MismatchError,
    TruncatedError,
    UnsupportedError,
)
from keyconv.formats.dropbear import DROPBEAR
from keyconv.formats.openssh import OPENSSH
from keyconv.keys import (
    DsaPrivateKey,
    EcdsaPrivateKey,
    Ed25519PrivateKey,
    PrivateKey,
    RsaPrivateKey,
)
from keyconv.proof.factors import MAX_BITS, coefficient, recover_primes
from keyconv.wire import encode

OWN = pick(lambda fixture: fixture.format == "dropbear", FIXTURES)
SOURCES = (
    "openssh/rsa2048-plain",
    "openssh/rsa3072-plain",
    "openssh/ecdsa-p256-plain",
    "openssh/ecdsa-p384-plain",
    "openssh/ecdsa-p521-plain",
    "openssh/ed25519-plain",
    "edge/rsa1024-e37-openssh-plain",
    "edge/ecdsa-p256-short-openssh-plain",
    "edge/ecdsa-p256-high-openssh-plain",
    "edge/ed25519-zero-end-openssh-plain",
)


def _private(path: str) -> PrivateKey:
    private = sample(path).private
    assert private is not None
    assert not isinstance(private, Locked)
    return private


def _write(private: PrivateKey) -> bytes:
    assert DROPBEAR.write is not None
    return DROPBEAR.write((Entry(private.public, private),), WriteOptions())


def _read(data: bytes) -> PrivateKey:
    (entry,) = DROPBEAR.read(data).entries
    assert entry.private is not None
    assert not isinstance(entry.private, Locked)
    return entry.private


def _ask(*argv: str | Path) -> bytes:
    return subprocess.run([*map(str, argv)], check=True, capture_output=True, timeout=PATIENCE).stdout


def _rsa() -> RsaPrivateKey:
    private = _private("openssh/rsa2048-plain")
    assert isinstance(private, RsaPrivateKey)
    return private


def _without_primes(key: RsaPrivateKey) -> bytes:
    return encode.name("ssh-rsa") + b"".join(map(encode.mpint, (key.public.e, key.public.n, key.d)))


# ── the tools ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fixture", OWN)
def test_a_fixture_holds_the_key_that_dropbearkey_says_and_is_written_byte_for_byte(fixture: Fixture) -> None:
    file = DROPBEAR.read(fixture.data)
    (entry,) = file.entries
    assert (file.format, file.kind, file.notes, entry.comment) == ("dropbear", "private", (), None)
    assert entry.public is not None
    assert public_line(entry.public) == fixture.public_line
    assert _write(_read(fixture.data)) == fixture.data
    if fixture.key != "dropbear-dsa1024":
        assert entry.private == _private(f"openssh/{fixture.key}-plain")


@pytest.mark.parametrize("path", [*SOURCES, "openssh/dsa1024-plain"])
def test_dropbearkey_reads_the_same_key(path: str, tmp_path: Path) -> None:
    dropbearkey = require("dropbearkey")
    private = _private(path)
    key = tmp_path / "key"
    key.write_bytes(_write(private))
    said = _ask(dropbearkey, "-y", "-f", key).decode().splitlines()[1]
    assert said.split()[:2] == public_line(private.public).split()


@pytest.mark.parametrize("path", SOURCES)
def test_dropbearconvert_makes_an_openssh_key_of_ours_and_the_same_bytes_of_that(path: str, tmp_path: Path) -> None:
    dropbearconvert = require("dropbearconvert")
    private = _private(path)
    ours, openssh, back = (tmp_path / name for name in ("ours", "openssh", "back"))
    ours.write_bytes(_write(private))
    _ask(dropbearconvert, "dropbear", "openssh", ours, openssh)
    assert OPENSSH.read(openssh.read_bytes()).entries[0].private == private
    _ask(dropbearconvert, "openssh", "dropbear", openssh, back)
    assert back.read_bytes() == ours.read_bytes()


# ── RSA without its primes ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", [path for path in SOURCES if "rsa" in path])
def test_an_rsa_file_without_primes_is_read_with_a_note(path: str) -> None:
    private = _private(path)
    assert isinstance(private, RsaPrivateKey)
    file = DROPBEAR.read(_without_primes(private))
    assert [note.code for note in file.notes] == ["noncanonical"]
    assert file.entries[0].private == private


def test_dropbearkey_reads_an_rsa_file_without_primes_too(tmp_path: Path) -> None:
    dropbearkey = require("dropbearkey")
    key = tmp_path / "key"
    key.write_bytes(_without_primes(_rsa()))
    said = _ask(dropbearkey, "-y", "-f", key).decode().splitlines()[1]
    assert said.split()[:2] == public_line(_rsa().public).split()


def test_an_rsa_file_without_primes_and_with_a_wrong_number_is_refused() -> None:
    key = _rsa()
    for numbers in (
        (key.public.e, key.public.n, key.d + 2),
        (key.public.e, key.public.n, 1),
        (key.public.e, key.public.n + 2, key.d),
        (key.public.e + 2, key.public.n, key.d),
    ):
        with pytest.raises((ContradictionError, LimitError)):
            DROPBEAR.read(encode.name("ssh-rsa") + b"".join(map(encode.mpint, numbers)))


def test_primes_are_recovered_from_what_the_library_makes() -> None:
    for exponent in (3, 65537):
        numbers = rsa.generate_private_key(exponent, 1024).private_numbers()
        p, q = recover_primes(numbers.public_numbers.n, exponent, numbers.d)
        assert (p, q) == (max(numbers.p, numbers.q), min(numbers.p, numbers.q))
        assert coefficient(p, q) == pow(q, -1, p)


SMALL_PRIMES = [number for number in range(5, 2000) if all(number % divisor for divisor in range(2, number))]


@given(st.sampled_from(SMALL_PRIMES), st.sampled_from(SMALL_PRIMES), st.integers(3, 10**6))
def test_primes_of_any_two_are_recovered_or_refused(p: int, q: int, e: int) -> None:
    with suppress(ContradictionError, ValueError):
        d = pow(e, -1, (p - 1) * (q - 1))
        assert set(recover_primes(p * q, e, d)) == {p, q}


@given(st.integers(2, 2**64), st.integers(1, 2**64), st.integers(1, 2**64))
def test_numbers_of_no_key_give_factors_or_a_refusal(half: int, e: int, d: int) -> None:
    n = 2 * half + 1
    with suppress(ContradictionError):
        p, q = recover_primes(n, e, d)
        assert p * q == n
        assert q > 1


def test_a_prime_modulus_and_one_too_long_are_refused_at_once() -> None:
    prime = 2**521 - 1
    with pytest.raises(ContradictionError, match="not the product of two primes"):
        recover_primes(prime, 65537, pow(65537, -1, prime - 1))
    with pytest.raises(LimitError, match=f"{MAX_BITS + 1} bits are not computed; the limit is {MAX_BITS}"):
        recover_primes(2**MAX_BITS + 1, 65537, 3)


# ── what no honest program writes ──────────────────────────────────────────────────────────────────────────────────


def test_a_forged_public_half_is_refused() -> None:
    ed, other = _private("openssh/ed25519-plain"), _private("edge/ed25519-zero-end-openssh-plain")
    assert isinstance(ed, Ed25519PrivateKey)
    assert isinstance(other, Ed25519PrivateKey)
    forged = encode.name("ssh-ed25519") + encode.string(ed.seed + other.public.point)
    with pytest.raises(MismatchError):
        DROPBEAR.read(forged)
    ec, short = _private("openssh/ecdsa-p256-plain"), _private("edge/ecdsa-p256-short-openssh-plain")
    assert isinstance(ec, EcdsaPrivateKey)
    assert isinstance(short, EcdsaPrivateKey)
    with pytest.raises(MismatchError):
        DROPBEAR.read(_write(EcdsaPrivateKey(short.public, ec.d)))
    rsa_key, big = _rsa(), _private("openssh/rsa3072-plain")
    assert isinstance(big, RsaPrivateKey)
    with pytest.raises(MismatchError):
        DROPBEAR.read(_write(RsaPrivateKey(big.public, d=rsa_key.d, p=rsa_key.p, q=rsa_key.q, iqmp=rsa_key.iqmp)))
    dsa = _private("openssh/dsa1024-plain")
    assert isinstance(dsa, DsaPrivateKey)
    with pytest.raises(MismatchError):
        DROPBEAR.read(_write(DsaPrivateKey(dsa.public, dsa.x - 1)))


def test_primes_that_are_none_do_not_stop_the_reader() -> None:
    key = _rsa()
    for p, q in (
        (0, 0),
        (0, 1),
        (1, 0),
        (1, key.public.n),
        (key.public.n, 1),
        (key.p, key.p),
        (4, 6),
        (key.q, key.p + 2),
    ):
        data = _without_primes(key) + encode.mpint(p) + encode.mpint(q)
        with pytest.raises((ContradictionError, MismatchError)):
            DROPBEAR.read(data)


def test_primes_in_the_other_order_are_the_same_key() -> None:
    key = _rsa()
    file = DROPBEAR.read(_without_primes(key) + encode.mpint(key.q) + encode.mpint(key.p))
    assert [note.code for note in file.notes] == ["noncanonical"]
    assert file.entries[0].private == key


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"", MalformedError, "algorithm name"),
        (encode.name("ssh-ed448") + encode.string(bytes(114)), UnsupportedError, "ssh-ed448"),
        (encode.name("ssh-ed25519") + encode.string(bytes(32)), TruncatedError, "public point alone"),
        (encode.name("ssh-ed25519") + encode.string(bytes(63)), MalformedError, "63 bytes instead of 64"),
        (encode.name("ssh-rsa") + encode.mpint(3) + encode.mpint(15), TruncatedError, "after its public half"),
        (encode.name("ssh-rsa") + encode.mpint(-3 % 7) + b"\0\0\0\x01\xff", MalformedError, "negative"),
    ],
)
def test_a_damaged_field_is_named(data: bytes, error: type[KeyconvError], message: str) -> None:
    with pytest.raises(error, match=message) as refusal:
        DROPBEAR.read(data)
    assert refusal.value.place.startswith("dropbear")


@pytest.mark.parametrize("fixture", OWN)
def test_every_prefix_and_every_change_of_one_byte_gives_the_same_key_or_an_error(fixture: Fixture) -> None:
    data, private = fixture.data, _read(fixture.data)
    noise = random.Random(1)
    for index in some(range(len(data)), 300, fixture.path):
        changed = data[:index] + bytes((data[index] ^ noise.randrange(1, 256),)) + data[index + 1 :]
        with suppress(KeyconvError):
            assert _read(changed) == private
        # An RSA file that ends before its primes is one without them.
        with suppress(KeyconvError):
            assert _read(data[:index]) == private
    with pytest.raises(MalformedError, match="1 bytes too many"):
        DROPBEAR.read(data + b"\0")


def test_it_is_recognised_by_its_first_string() -> None:
    assert all(DROPBEAR.sniff(by_path(f"dropbear/{key}").data) for key in ("rsa2048", "ecdsa-p521", "ed25519"))
    for data in (b"", b"ssh-rsa AAAA", encode.name("ssh-ed448"), encode.name("ssh-rsa-cert-v01@openssh.com")):
        assert not DROPBEAR.sniff(data)
