"""SSH-1's RSA keys: PuTTY's files read, PuTTY reads ours, and they are the same bytes."""

from __future__ import annotations

import hashlib
import random
import re
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from fixture_files import PASSPHRASE, Fixture, by_path, sample
from hypothesis import given
from hypothesis import strategies as st
from tools import PATIENCE, require

from keyconv import Deriver, Entry, Locked, Passphrase, WriteOptions, unlock
from keyconv.errors import (
    ContradictionError,
    KeyconvError,
    LimitError,
    MalformedError,
    MismatchError,
    NotAKeyError,
    UnsupportedError,
    WrongPassphraseError,
)
from keyconv.formats.openssh import OPENSSH
from keyconv.formats.ssh1 import SSH1, SSH1_PUB, LockedSsh1
from keyconv.keys import RsaPrivateKey, RsaPublicKey
from keyconv.text.comment import clean

PLAIN, ENCRYPTED, PUBLIC = (by_path(f"ssh1/{name}") for name in ("rsa1024-plain", "rsa1024-encrypted", "rsa1024.pub"))
HEAD = b"SSH PRIVATE KEY FILE FORMAT 1.1\n\0"
OTHERS = ("openssh/rsa2048-plain", "openssh/rsa3072-plain", "edge/rsa1024-e37-openssh-plain")


def _key() -> RsaPrivateKey:
    private = SSH1.read(PLAIN.data).entries[0].private
    assert isinstance(private, RsaPrivateKey)
    return private


def _write(key: RsaPrivateKey, comment: bytes | None = None, passphrase: bytes = b"", check: bytes = b"xy") -> bytes:
    options = WriteOptions(passphrase=Passphrase(passphrase), random=lambda count: check[:count])
    assert SSH1.write is not None
    return SSH1.write((Entry(key.public, key, comment),), options)


def _write_line(public: RsaPublicKey, comment: bytes | None = None) -> bytes:
    assert SSH1_PUB.write is not None
    return SSH1_PUB.write((Entry(public, comment=comment),), WriteOptions())


def _number(value: int, bits: int | None = None) -> bytes:
    bits = value.bit_length() if bits is None else bits
    return bits.to_bytes(2, "big") + value.to_bytes((bits + 7) // 8, "big")


def _build(
    numbers: tuple[int, int, int, int],
    public: RsaPublicKey,
    *,
    cipher: int = 0,
    bits: int | None = None,
    check: bytes = b"abab",
    padding: bytes | None = None,
    reserved: int = 0,
) -> bytes:
    head = HEAD + bytes((cipher,)) + reserved.to_bytes(4, "big") + (bits or public.bits).to_bytes(4, "big")
    section = check + b"".join(map(_number, numbers))
    section += bytes(-len(section) % 8) if padding is None else padding
    return head + _number(public.n) + _number(public.e) + b"\0\0\0\x01c" + section


def _numbers(key: RsaPrivateKey) -> tuple[int, int, int, int]:
    return key.d, key.iqmp, key.q, key.p


# ── the private file ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fixture", [PLAIN, ENCRYPTED], ids=["plain", "encrypted"])
def test_a_fixture_holds_the_key_that_puttygen_says(fixture: Fixture) -> None:
    file = SSH1.read(fixture.data)
    (entry,) = file.entries
    assert (file.format, file.kind, file.notes, entry.comment) == ("ssh1", "private", (), fixture.comment)
    assert isinstance(entry.public, RsaPublicKey), "the public half stands in clear"
    assert unlock(entry, fixture.passphrase).private == _key()
    assert fixture.public_line == f"{entry.public.bits} {entry.public.e} {entry.public.n}"


def test_the_numbers_are_those_that_puttygen_prints() -> None:
    puttygen = require("puttygen")
    text = subprocess.run(
        [puttygen, PLAIN.file, "-O", "text"], check=True, capture_output=True, timeout=PATIENCE
    ).stdout
    said = {name.decode(): int(value, 16) for name, value in re.findall(rb"(\w+)=0x([0-9a-f]+)", text)}
    key = _key()
    assert said == {
        "public_modulus": key.public.n,
        "public_exponent": key.public.e,
        "private_exponent": key.d,
        "private_p": key.p,
        "private_q": key.q,
        "private_inverse_q_mod_p": key.iqmp,
    }


def test_an_encrypted_file_says_how() -> None:
    locked = SSH1.read(ENCRYPTED.data).entries[0].private
    assert isinstance(locked, LockedSsh1)
    assert locked.protection.cipher == ENCRYPTED.cipher == "3des-ssh1"
    assert ENCRYPTED.kdf == {"name": locked.protection.kdf.name}
    assert locked.protection.kdf.describe() == {}


def test_a_plain_file_is_written_byte_for_byte_as_puttygen_writes_it() -> None:
    check = PLAIN.data[-336:-334]
    assert PLAIN.data[-334:-332] == check
    assert _write(_key(), PLAIN.comment, check=check) == PLAIN.data


def test_an_encrypted_file_is_written_byte_for_byte_as_puttygen_writes_it() -> None:
    locked = SSH1.read(ENCRYPTED.data).entries[0].private
    assert isinstance(locked, LockedSsh1)
    # The first block of a chain with an IV of zero is the block itself, so that two-key triple DES opens it.
    key = hashlib.md5(PASSPHRASE).digest()
    block = Cipher(TripleDES(key + key[:8]), modes.ECB()).decryptor().update(locked.section[:8])
    assert block[:2] == block[2:4]
    assert _write(_key(), ENCRYPTED.comment, PASSPHRASE, block[:2]) == ENCRYPTED.data


def _puttygen_reads(data: bytes, passphrase: bytes, folder: Path) -> dict[str, int]:
    puttygen = require("puttygen")
    key, secret = folder / "key", folder / "secret"
    key.write_bytes(data)
    secret.write_bytes(passphrase)
    argv: list[str | Path] = [puttygen, key, "--old-passphrase", secret, "-O", "text"]
    text = subprocess.run(argv, check=True, capture_output=True, timeout=PATIENCE).stdout
    return {name.decode(): int(value, 16) for name, value in re.findall(rb"(\w+)=0x([0-9a-f]+)", text)}


@pytest.mark.parametrize("path", OTHERS)
@pytest.mark.parametrize("passphrase", [b"", PASSPHRASE])
def test_any_rsa_key_becomes_an_ssh_1_key_that_puttygen_reads(path: str, passphrase: bytes, tmp_path: Path) -> None:
    private = sample(path).private
    assert isinstance(private, RsaPrivateKey)
    data = _write(private, b"a comment", passphrase)
    said = _puttygen_reads(data, passphrase, tmp_path)
    assert (said["private_exponent"], said["private_p"], said["private_q"]) == (private.d, private.p, private.q)
    (entry,) = SSH1.read(data).entries
    assert unlock(entry, passphrase).private == private


def test_an_ssh_1_key_becomes_an_ssh_2_key_that_ssh_keygen_reads(tmp_path: Path) -> None:
    ssh_keygen = require("ssh-keygen")
    assert OPENSSH.write is not None
    key = tmp_path / "key"
    key.touch(0o600)
    key.write_bytes(OPENSSH.write(SSH1.read(PLAIN.data).entries, WriteOptions()))
    line = subprocess.run([ssh_keygen, "-y", "-f", key], check=True, capture_output=True, timeout=PATIENCE).stdout
    assert line.startswith(b"ssh-rsa ")
    assert line.endswith(b" keyconv fixture ssh1\n")


def test_a_wrong_passphrase_is_called_wrong() -> None:
    (entry,) = SSH1.read(ENCRYPTED.data).entries
    for wrong in (b"", b"correct horsf", b"x" * 100):
        with pytest.raises(WrongPassphraseError, match="wrong passphrase"):
            unlock(entry, wrong)


def test_damage_behind_the_right_passphrase_is_not_blamed_on_it() -> None:
    locked = SSH1.read(ENCRYPTED.data).entries[0].private
    assert isinstance(locked, LockedSsh1)
    for index in range(24, len(locked.section), 24):
        section = bytearray(locked.section)
        section[index] ^= 4
        with pytest.raises((ContradictionError, MismatchError, MalformedError, LimitError)):
            replace(locked, section=bytes(section)).unlock(Passphrase(PASSPHRASE))


def test_the_public_half_in_clear_is_only_a_claim() -> None:
    key = _key()
    data = _write(key, passphrase=PASSPHRASE)
    forged = data.replace(_number(key.public.n), _number(key.public.n ^ 2))
    (entry,) = SSH1.read(forged).entries
    assert entry.public != key.public
    with pytest.raises((MismatchError, ContradictionError)):
        unlock(entry, PASSPHRASE)
    other = sample(OTHERS[2]).private
    assert isinstance(other, RsaPrivateKey)
    assert other.public.bits == key.public.bits
    with pytest.raises((MismatchError, ContradictionError)):
        SSH1.read(_build(_numbers(key), other.public))


def test_the_passphrase_is_tried_in_the_encodings_of_other_programs() -> None:
    (entry,) = SSH1.read(_write(_key(), passphrase="schön".encode("latin-1"))).entries
    assert unlock(entry, "schön").private == _key()


def test_every_number_is_compared() -> None:
    key = _key()
    for index in range(4):
        numbers = [*_numbers(key)]
        numbers[index] += 2
        with pytest.raises((ContradictionError, MismatchError)):
            SSH1.read(_build((numbers[0], numbers[1], numbers[2], numbers[3]), key.public))


def test_primes_in_the_other_order_are_the_same_key() -> None:
    key = _key()
    file = SSH1.read(_build((key.d, pow(key.p, -1, key.q), key.p, key.q), key.public))
    assert [note.code for note in file.notes] == ["noncanonical"]
    assert file.entries[0].private == key


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"cipher": 1}, UnsupportedError, "neither none nor triple DES"),
        ({"bits": 1023}, MismatchError, "says that the key has 1023 bits"),
        ({"reserved": 1}, MalformedError, "reserved number"),
        ({"check": b"abac"}, MalformedError, "check bytes differ"),
        ({"padding": b"\0\0\0\1"}, MalformedError, "padding|multiple"),
        ({"padding": bytes(12)}, MalformedError, "padding|multiple"),
        ({"padding": b""}, MalformedError, "multiple of 8"),
    ],
)
def test_a_damaged_field_is_named(change: dict[str, int], error: type[KeyconvError], message: str) -> None:
    key = _key()
    build: Callable[..., bytes] = _build
    with pytest.raises(error, match=message) as refusal:
        SSH1.read(build(_numbers(key), key.public, **change))
    assert refusal.value.place.startswith("ssh1")


def test_what_does_not_begin_as_such_a_file_is_none() -> None:
    with pytest.raises(NotAKeyError):
        SSH1.read(b"SSH PRIVATE KEY FILE FORMAT 1.2\n\0")
    with pytest.raises(MalformedError, match="no zero byte"):
        SSH1.read(HEAD[:-1] + b"\1")
    with pytest.raises(LimitError, match="the limit is 16384"):
        SSH1.read(HEAD + bytes(5) + b"\0\0\x40\x01" + _number(1 << 16384))


def test_every_change_of_one_byte_gives_the_same_key_or_an_error() -> None:
    noise = random.Random(1)
    key = _key()
    deriver = Deriver()
    for data in (PLAIN.data, ENCRYPTED.data):
        for index in range(len(data)):
            changed = data[:index] + bytes((data[index] ^ noise.randrange(1, 256),)) + data[index + 1 :]
            with suppress(KeyconvError):
                assert unlock(SSH1.read(changed).entries[0], PASSPHRASE, deriver=deriver).private == key


def test_every_prefix_is_refused() -> None:
    for length in range(len(PLAIN.data)):
        with pytest.raises(KeyconvError):
            SSH1.read(PLAIN.data[:length])


@given(st.binary(max_size=300), st.sampled_from([b"", PASSPHRASE]))
def test_a_comment_reads_back_as_it_was_cleaned(comment: bytes, passphrase: bytes) -> None:
    (entry,) = SSH1.read(_write(_key(), comment, passphrase)).entries
    assert entry.comment == clean(comment)
    assert isinstance(entry.private, Locked) == bool(passphrase)


# ── the public line ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_line_holds_the_key_and_is_written_byte_for_byte_as_puttygen_writes_it() -> None:
    file = SSH1_PUB.read(PUBLIC.data)
    (entry,) = file.entries
    assert (file.format, file.kind, file.notes) == ("ssh1-pub", "public", ())
    assert entry.public == _key().public
    assert entry.comment == PUBLIC.comment
    assert SSH1_PUB.write is not None
    assert SSH1_PUB.write(file.entries, WriteOptions()) == PUBLIC.data


@pytest.mark.parametrize("comment", [None, b"", b"a comment", b"  spaces  "])
@pytest.mark.parametrize("path", OTHERS)
def test_puttygen_reads_the_line(path: str, comment: bytes | None, tmp_path: Path) -> None:
    puttygen = require("puttygen")
    public = sample(path).public
    assert isinstance(public, RsaPublicKey)
    line = tmp_path / "key.pub"
    line.write_bytes(_write_line(public, comment))
    said = subprocess.run([puttygen, "-L", line], check=True, capture_output=True, timeout=PATIENCE).stdout
    fields = [b"%d" % number for number in (public.bits, public.e, public.n)]
    assert said == b" ".join(fields if comment is None else [*fields, comment]) + b"\n"


@given(st.one_of(st.none(), st.binary(max_size=300)))
def test_a_comment_of_a_line_reads_back_as_it_was_cleaned(comment: bytes | None) -> None:
    (entry,) = SSH1_PUB.read(_write_line(_key().public, comment)).entries
    assert entry.comment == (None if comment is None else clean(comment))


@given(st.integers(2**8, 2**16384 - 1))
def test_a_number_of_any_length_is_written_in_decimal_and_reads_back(n: int) -> None:
    public = RsaPublicKey(17, n | 1)
    data = _write_line(public)
    assert data.split()[2].decode() == f"{Decimal(n | 1):f}"
    assert SSH1_PUB.read(data).entries[0].public == public


def test_a_line_of_the_longest_number_is_read_and_of_a_longer_one_refused() -> None:
    public = RsaPublicKey(65537, 2**16384 - 1)
    assert SSH1_PUB.read(_write_line(public)).entries[0].public == public
    with pytest.raises(LimitError, match="16385 bits"):
        SSH1_PUB.read(_write_line(RsaPublicKey(65537, 2**16384 + 1)))
    with pytest.raises(LimitError, match="4934 digits"):
        SSH1_PUB.read(b"16384 65537 " + b"1" * 4934)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"", NotAKeyError, "not a number of bits"),
        (b"1024 65537\n", NotAKeyError, "not a number of bits"),
        (b"1024 65537 -5\n", NotAKeyError, "not a number of bits"),
        (b"4 3 15\n5 3 21\n", MalformedError, "text after the first line"),
        (b"5 3 15\n", MismatchError, "says that the key has 5 bits"),
        (b"04 3 15\n", MalformedError, "number of at most ten digits"),
        (b"4 3 015\n", MalformedError, "zero too many"),
        (b"4 03 15\n", MalformedError, "zero too many"),
        (b"4 4 15\n", ContradictionError, "exponent"),
        (b"4 3 14\n", ContradictionError, "even"),
        ("4 3 १५\n".encode(), NotAKeyError, "not a number of bits"),
    ],
)
def test_a_damaged_line_is_named(data: bytes, error: type[KeyconvError], message: str) -> None:
    with pytest.raises(error, match=message) as refusal:
        SSH1_PUB.read(data)
    assert refusal.value.place.startswith("ssh1-pub")


def test_tabs_and_spaces_between_the_numbers_and_line_ends_are_read() -> None:
    public = RsaPublicKey(3, 15)
    for data, codes in (
        (b"4 \t 3\t15 c\n", []),
        (b"4 3 15 c\r\n", ["crlf"]),
        (b"4 3 15 c", ["missing-final-newline"]),
        (b"4 3 15 c\n\n", ["blank-lines"]),
    ):
        file = SSH1_PUB.read(data)
        assert [note.code for note in file.notes] == codes
        assert file.entries == (Entry(public, comment=b"c", line=1),)


def test_both_are_recognised_by_their_beginning() -> None:
    for data, private, public in (
        (PLAIN.data, True, False),
        (ENCRYPTED.data, True, False),
        (PUBLIC.data, False, True),
        (by_path("openssh-pub/rsa2048.pub").data, False, False),
        (b"10.0.0.1 1024 35 1234567\n", False, False),
        (b"1024 SHA256:abc comment (RSA)\n", False, False),
        (b"", False, False),
    ):
        assert (SSH1.sniff(data), SSH1_PUB.sniff(data)) == (private, public)
