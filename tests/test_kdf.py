"""Key derivation gives what puttygen and ssh-keygen derived, runs only when it may, and never twice."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from fixture_files import Fixture, pick
from forged_files import openssh_section, ppk_blobs, string

from keyconv import Deriver, Passphrase
from keyconv.crypto.ciphers import CIPHERS
from keyconv.crypto.kdf import ARGON2_FLAVOURS, Argon2, Argon2Flavour, BcryptPbkdf, Kdf, PuttySha1
from keyconv.errors import KeyconvError, LimitError, MalformedError

SALT = bytes(range(16))
CHEAP = Argon2("argon2id", 64, 1, 1, SALT)


def _flavour(name: str) -> Argon2Flavour:
    return next(flavour for flavour in ARGON2_FLAVOURS if flavour == name)


# ── known answers ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("flavour", "memory", "passes", "parallelism", "password", "digest"),
    [
        ("argon2i", 256, 2, 1, b"password", "89e9029f4637b295beb027056a7336c414fadd43f6b208645281cb214a56452f"),
        ("argon2i", 256, 2, 2, b"password", "4ff5ce2769a1d7f4c8a491df09d41a9fbe90e5eb02155a13e4c01e20cd4eab61"),
        ("argon2id", 256, 2, 1, b"password", "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"),
        ("argon2id", 256, 2, 2, b"password", "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037"),
    ],
)
def test_argon2_gives_the_answers_of_the_reference_implementation(
    flavour: str, memory: int, passes: int, parallelism: int, password: bytes, digest: str
) -> None:
    """Source: phc-winner-argon2, src/test.c, version 0x13."""
    kdf = Argon2(_flavour(flavour), memory, passes, parallelism, b"somesalt")
    assert kdf.derive(password, 32).hex() == digest


def _mac_of(data: bytes) -> str:
    return data.rstrip().rsplit(b": ", 1)[1].decode()


def _decrypted(data: bytes, key: bytes, iv: bytes) -> bytes:
    decryptor = Cipher(AES(key), modes.CBC(iv)).decryptor()
    return decryptor.update(ppk_blobs(data)[1]) + decryptor.finalize()


def _covered(fixture: Fixture, private: bytes) -> bytes:
    assert fixture.type
    assert fixture.comment is not None
    public = ppk_blobs(fixture.data)[0]
    return b"".join(map(string, (fixture.type.encode(), b"aes256-cbc", fixture.comment, public, private)))


@pytest.mark.parametrize(
    "fixture", pick(lambda each: each.format == "ppk" and each.encrypted and each.path.startswith("ppk/ed25519"))
)
def test_argon2_gives_key_iv_and_mac_key_of_puttygens_files(fixture: Fixture) -> None:
    assert fixture.kdf
    assert fixture.passphrase
    kdf = Argon2(
        _flavour(fixture.kdf["name"]),
        fixture.kdf["memory"],
        fixture.kdf["passes"],
        fixture.kdf["parallelism"],
        bytes.fromhex(fixture.kdf["salt"]),
    )
    derived = kdf.derive(fixture.passphrase, 80)
    private = _decrypted(fixture.data, derived[:32], derived[32:48])
    assert hmac.digest(derived[48:], _covered(fixture, private), "sha256").hex() == _mac_of(fixture.data)


@pytest.mark.parametrize(
    "fixture", pick(lambda each: each.format == "ppk2" and each.encrypted and each.path.startswith("ppk/"))
)
def test_sha1_gives_the_key_of_puttygens_version_2_files(fixture: Fixture) -> None:
    assert fixture.passphrase
    derived = PuttySha1().derive(fixture.passphrase, 32)
    private = _decrypted(fixture.data, derived, bytes(16))
    mac_key = hashlib.sha1(b"putty-private-key-file-mac-key" + fixture.passphrase).digest()
    assert hmac.digest(mac_key, _covered(fixture, private), "sha1").hex() == _mac_of(fixture.data)


@pytest.mark.parametrize(
    "fixture", pick(lambda each: each.cipher in ("aes256-cbc", "aes192-cbc", "aes128-cbc") and each.format == "openssh")
)
def test_bcrypt_gives_the_key_of_ssh_keygens_files(fixture: Fixture) -> None:
    assert fixture.kdf
    assert fixture.cipher
    assert fixture.passphrase
    length = CIPHERS[fixture.cipher].key_length
    derived = BcryptPbkdf(bytes.fromhex(fixture.kdf["salt"]), fixture.kdf["rounds"]).derive(
        fixture.passphrase, length + 16
    )
    decryptor = Cipher(AES(derived[:length]), modes.CBC(derived[length:])).decryptor()
    section = decryptor.update(openssh_section(fixture.data)) + decryptor.finalize()
    assert section[:4] == section[4:8]
    assert section[8:].startswith(string(b"ssh-ed25519"))


def test_a_shorter_result_of_bcrypt_is_no_prefix_of_a_longer_one() -> None:
    kdf = BcryptPbkdf(SALT, 1)
    assert kdf.derive(b"x", 48)[:32] != kdf.derive(b"x", 32)


@pytest.mark.parametrize("kdf", [CHEAP, BcryptPbkdf(SALT, 1), PuttySha1()])
def test_a_derivation_depends_on_the_passphrase_and_has_the_length_asked_for(kdf: Kdf) -> None:
    for length in (16, 32, 40):
        assert len(kdf.derive(b"one", length)) == length
    assert kdf.derive(b"one", 32) == kdf.derive(b"one", 32)
    assert kdf.derive(b"one", 32) != kdf.derive(b"two", 32)


def test_a_zero_byte_or_an_odd_length_in_a_passphrase_is_part_of_it() -> None:
    for kdf in (CHEAP, BcryptPbkdf(SALT, 1), PuttySha1()):
        results = {kdf.derive(word, 32) for word in (b"a", b"a\0", b"a\0b", b"a" * 73, b"a" * 200, b"\xff\xfe")}
        assert len(results) == 6


# ── parameters ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (partial(Argon2, "argon2id", 8, 1, 1, bytes(8)), None),
        (partial(Argon2, "argon2id", 7, 1, 1, bytes(8)), MalformedError),
        (partial(Argon2, "argon2id", 32, 1, 4, bytes(8)), None),
        (partial(Argon2, "argon2id", 31, 1, 4, bytes(8)), MalformedError),
        (partial(Argon2, "argon2id", 64, 0, 1, bytes(8)), MalformedError),
        (partial(Argon2, "argon2id", 64, 1, 0, bytes(8)), MalformedError),
        (partial(Argon2, "argon2id", 64, 1, 1, b""), MalformedError),
        (partial(Argon2, "argon2id", 64, 1, 1, bytes(7)), LimitError),
        (partial(Argon2, "argon2id", 64, 1, 1, bytes(1024)), None),
        (partial(Argon2, "argon2id", 64, 1, 1, bytes(1025)), LimitError),
        (partial(BcryptPbkdf, bytes(8), 1), None),
        (partial(BcryptPbkdf, bytes(16), 0), MalformedError),
        (partial(BcryptPbkdf, b"", 1), MalformedError),
        (partial(BcryptPbkdf, bytes(1), 1), None),
        (partial(BcryptPbkdf, bytes(1025), 1), LimitError),
    ],
)
def test_parameters_that_are_not_defined_make_no_kdf(
    make: Callable[[], Kdf], expected: type[KeyconvError] | None
) -> None:
    if expected is None:
        make().check_cost()
        assert len(make().derive(b"x", 32)) == 32
        return
    with pytest.raises(expected):
        make()


@pytest.mark.parametrize(
    ("last", "first"),
    [
        (Argon2("argon2id", 2**20, 4, 1, SALT), Argon2("argon2id", 2**20 + 1, 1, 1, SALT)),
        (Argon2("argon2id", 2**20, 4, 1, SALT), Argon2("argon2id", 2**20, 5, 1, SALT)),
        (Argon2("argon2d", 1024, 4096, 64, SALT), Argon2("argon2d", 1024, 4097, 64, SALT)),
        (Argon2("argon2i", 1024, 1, 64, SALT), Argon2("argon2i", 1024, 1, 65, SALT)),
        (BcryptPbkdf(SALT, 1024), BcryptPbkdf(SALT, 1025)),
    ],
)
def test_the_last_cost_is_allowed_and_the_first_above_it_refused_without_running(last: Kdf, first: Kdf) -> None:
    ran: list[Kdf] = []

    def run(work: Callable[[], bytes]) -> bytes:
        ran.append(last)
        return bytes(32)

    deriver = Deriver(run=run)
    deriver.derive(last, Passphrase("x"), 32)
    assert ran
    for attempt in (lambda: deriver.check(first), lambda: deriver.derive(first, Passphrase("x"), 32)):
        with pytest.raises(LimitError, match="the limit is") as refusal:
            attempt()
        assert "--allow-costly-kdf" in refusal.value.hint
    assert len(ran) == 1
    Deriver(allow_costly=True, run=run).derive(first, Passphrase("x"), 32)
    assert len(ran) == 2


def test_the_refusal_says_what_unlocking_would_cost() -> None:
    for kdf, words in (
        (Argon2("argon2id", 2**30, 1, 1, SALT), ("1 TiB", "1 GiB")),
        (Argon2("argon2id", 2**20, 400, 1, SALT), ("1 GiB", "400 times", "seconds|minutes")),
        (BcryptPbkdf(SALT, 2**31), ("2147483648 rounds", "days")),
        (BcryptPbkdf(SALT, 100_000), ("100000 rounds", "minutes")),
    ):
        with pytest.raises(LimitError) as refusal:
            kdf.check_cost()
        for word in words:
            assert any(each in refusal.value.message for each in word.split("|")), word


def test_a_kdf_describes_its_parameters() -> None:
    salt = SALT.hex()
    assert Argon2("argon2d", 64, 3, 2, SALT).name == "argon2d"
    described = Argon2("argon2d", 64, 3, 2, SALT).describe()
    assert described == {"memory_kib": 64, "passes": 3, "parallelism": 2, "salt": salt}
    assert BcryptPbkdf(SALT, 24).describe() == {"rounds": 24, "salt": salt}
    assert PuttySha1().describe() == {}


def test_an_allocation_that_fails_is_a_limit_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    import argon2.low_level
    from argon2.exceptions import HashingError

    for failure in (HashingError("Memory allocation error"), MemoryError(), OverflowError()):

        def fail(*args: object, error: Exception = failure, **kwargs: object) -> bytes:
            raise error

        monkeypatch.setattr(argon2.low_level, "hash_secret_raw", fail)
        with pytest.raises(LimitError, match="memory"):
            CHEAP.derive(b"x", 32)


# ── the deriver ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_kdf_runs_twice_for_the_same_passphrase_and_length() -> None:
    deriver = Deriver()
    first = deriver.derive(CHEAP, Passphrase("one"), 80)
    assert deriver.derive(replace(CHEAP), Passphrase(b"one"), 80) == first
    assert deriver.runs == 1
    for kdf, word, length in (
        (CHEAP, "two", 80),
        (CHEAP, "one", 48),
        (replace(CHEAP, passes=2), "one", 80),
        (replace(CHEAP, salt=bytes(16)), "one", 80),
        (replace(CHEAP, flavour=_flavour("argon2i")), "one", 80),
    ):
        runs = deriver.runs
        assert deriver.derive(kdf, Passphrase(word), length) != first
        assert deriver.runs == runs + 1


def test_a_deriver_runs_the_work_as_it_is_told() -> None:
    seen: list[bytes] = []

    def run(work: Callable[[], bytes]) -> bytes:
        seen.append(work())
        return seen[-1]

    assert Deriver(run=run).derive(CHEAP, Passphrase("one"), 32) == CHEAP.derive(b"one", 32)
    assert len(seen) == 1


def test_a_run_that_was_interrupted_is_not_remembered() -> None:
    calls: list[int] = []

    def run(work: Callable[[], bytes]) -> bytes:
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return work()

    deriver = Deriver(run=run)
    with pytest.raises(KeyboardInterrupt):
        deriver.derive(CHEAP, Passphrase("one"), 32)
    assert deriver.derive(CHEAP, Passphrase("one"), 32) == CHEAP.derive(b"one", 32)


def test_a_deriver_shows_neither_passphrase_nor_key() -> None:
    deriver = Deriver()
    derived = deriver.derive(CHEAP, Passphrase("geheim"), 32)
    assert "geheim" not in repr(deriver)
    assert derived.hex() not in repr(deriver)
    assert repr(derived) not in repr(deriver)
