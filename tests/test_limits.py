"""Every ceiling: the last value is accepted, the first above it is refused, and the refusal says what it would cost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from keyconv import limits
from keyconv.errors import ContradictionError, LimitError, MalformedError
from keyconv.keys import DsaPublicKey, RsaPublicKey
from keyconv.proof.proving import check_public
from keyconv.text import integer
from keyconv.wire import encode
from keyconv.wire.reader import WireReader

GIB = 1024 * limits.MIB


@pytest.mark.parametrize(
    ("check", "last", "first"),
    [
        (limits.check_bcrypt, (1_024,), (1_025,)),
        (limits.check_argon2, (limits.MIB, 4, 1), (limits.MIB + 1, 1, 1)),
        (limits.check_argon2, (limits.MIB, 4, 1), (limits.MIB, 5, 1)),
        (limits.check_argon2, (8, 4 * limits.MIB // 8, 1), (8, 4 * limits.MIB // 8 + 1, 1)),
        (limits.check_argon2, (8_192, 13, 64), (8_192, 13, 65)),
        (limits.check_pbkdf2, (10_000_000,), (10_000_001,)),
        (limits.check_pbes1, (1_000_000,), (1_000_001,)),
        (limits.check_scrypt, (2**18, 8, 1), (2**18, 9, 1)),
        (limits.check_scrypt, (2**18, 8, 1), (2**19, 8, 1)),
        (limits.check_scrypt, (2**18, 8, 4), (2**18, 8, 5)),
    ],
)
def test_the_last_cost_is_accepted_and_the_first_above_it_refused(
    check: Callable[..., None], last: tuple[int, ...], first: tuple[int, ...]
) -> None:
    check(*last)
    with pytest.raises(LimitError) as caught:
        check(*first)
    assert caught.value.hint == limits.COSTLY_HINT


@pytest.mark.parametrize(
    ("check", "values", "message"),
    [
        (limits.check_bcrypt, (100_000,), "100000 rounds of bcrypt, about 8 minutes; the limit is 1024"),
        (limits.check_bcrypt, (2**32 - 1,), "4294967295 rounds of bcrypt, about 249 days"),
        (limits.check_argon2, (4 * limits.MIB, 1, 1), "4 GiB of memory for Argon2; the limit is 1 GiB"),
        (limits.check_argon2, (limits.MIB, 5, 1), "fill 1 GiB of memory 5 times for Argon2, about 5 seconds"),
        (limits.check_argon2, (9_999_999_999, 9_999_999_999, 1), "9.3 TiB of memory for Argon2"),
        (
            limits.check_argon2,
            (8, 9_999_999_999, 1),
            "8 KiB of memory 9999999999 times for Argon2, about 21 hours",
        ),
        (limits.check_argon2, (64, 1, 4_096), "Argon2 asks for 4096 lanes; the limit is 64"),
        (limits.check_pbkdf2, (2**31,), "2147483648 iterations of PBKDF2, about 18 minutes; the limit is 10000000"),
        (limits.check_scrypt, (2**20, 8, 1), "1 GiB of memory for scrypt; the limit is 256 MiB"),
        (limits.check_scrypt, (2**10, 8, 2**20), "8589934592 steps of scrypt; the limit is 8388608"),
    ],
)
def test_a_refusal_says_what_it_would_cost(check: Callable[..., None], values: tuple[int, ...], message: str) -> None:
    with pytest.raises(LimitError) as caught:
        check(*values)
    assert message in caught.value.message


@pytest.mark.parametrize("huge", [10**18, 2**1024, 10**5000], ids=["19 digits", "309 digits", "5001 digits"])
def test_a_cost_of_any_length_is_refused_as_one(huge: int) -> None:
    """DER integers have no width: neither `float` nor `str` may be what stops them."""
    with pytest.raises(LimitError):
        limits.check_pbkdf2(huge)
    with pytest.raises(LimitError):
        limits.check_pbes1(huge)
    for n, r, p in ((huge, 8, 1), (2, huge, 1), (2, 1, huge)):
        with pytest.raises(LimitError):
            limits.check_scrypt(n, r, p)


@pytest.mark.parametrize("length", [1, 8, 16, 1_024])
def test_a_salt_of_an_honest_length_is_accepted(length: int) -> None:
    limits.check_salt(bytes(length))


def test_a_salt_that_no_writer_makes_is_refused() -> None:
    with pytest.raises(LimitError, match="salt has 1025 bytes, outside 1 to 1024"):
        limits.check_salt(bytes(1025))


def test_a_salt_of_fewer_bytes_than_its_kdf_takes_is_refused() -> None:
    limits.check_salt(bytes(8), limits.MIN_ARGON2_SALT)
    with pytest.raises(LimitError, match="salt has 7 bytes, outside 8 to 1024"):
        limits.check_salt(bytes(7), limits.MIN_ARGON2_SALT)


def test_an_empty_salt_is_a_malformed_file() -> None:
    with pytest.raises(MalformedError, match="salt is empty"):
        limits.check_salt(b"")


def test_rsa_modulus() -> None:
    check_public(RsaPublicKey(65537, 2**limits.MAX_RSA_BITS - 1))
    with pytest.raises(LimitError, match="the RSA modulus has 16385 bits; the limit is 16384"):
        check_public(RsaPublicKey(65537, 2**limits.MAX_RSA_BITS + 1))


def test_rsa_exponent() -> None:
    check_public(RsaPublicKey(2**limits.MAX_RSA_E_BITS - 1, 2**2048 - 1))
    with pytest.raises(LimitError, match="the RSA exponent has 257 bits; the limit is 256"):
        check_public(RsaPublicKey(2**limits.MAX_RSA_E_BITS + 1, 2**2048 - 1))


def test_dsa_modulus() -> None:
    q = 2**160 - 1
    # The largest modulus is judged by its numbers, which here are none; the next is refused before any arithmetic.
    with pytest.raises(ContradictionError):
        check_public(DsaPublicKey(2**limits.MAX_DSA_P_BITS - 1, q, 2, 2))
    with pytest.raises(LimitError, match="the DSA modulus has 8193 bits; the limit is 8192"):
        check_public(DsaPublicKey(2**limits.MAX_DSA_P_BITS + 1, q, 2, 2))


@pytest.mark.parametrize("bits", [159, 161, 223, 255, 257])
def test_dsa_order(bits: int) -> None:
    with pytest.raises(ContradictionError, match=f"the DSA order q has {bits} bits, not 160, 224 or 256"):
        check_public(DsaPublicKey(2**1024 - 1, 2**bits - 1, 2, 2))


def test_algorithm_name() -> None:
    longest = "a" * limits.MAX_ALGORITHM_NAME
    assert WireReader(encode.name(longest)).name("name") == longest
    with pytest.raises(MalformedError):
        WireReader(encode.name(longest + "a")).name("name")


def test_integer_in_text() -> None:
    assert integer.decode(b"%d" % limits.MAX_TEXT_INTEGER) == limits.MAX_TEXT_INTEGER
    with pytest.raises(MalformedError):
        integer.decode(b"%d" % (limits.MAX_TEXT_INTEGER + 1))


@pytest.mark.parametrize("text", [b"", b"+1", b"-1", b" 1", b"1 ", b"1_000", b"01", b"1\n", "١".encode(), b"0x1"])
def test_integers_in_text_have_one_spelling(text: bytes) -> None:
    with pytest.raises(MalformedError):
        integer.decode(text)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1_023, "1023 bytes"),
        (1_024, "1 KiB"),
        (1_536, "1.5 KiB"),
        (8 * limits.MIB, "8 MiB"),
        (4 * GIB, "4 GiB"),
        (1_536 * GIB, "1.5 TiB"),
        (4_096 * 1_024 * GIB, "4096 TiB"),
    ],
)
def test_sizes_are_written_for_people(count: int, text: str) -> None:
    assert limits.size(count) == text
