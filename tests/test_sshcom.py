"""ssh.com's private format: PuTTY's files read, PuTTY reads ours, and they are the same bytes."""

from __future__ import annotations

import base64
import hashlib
import random
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from fixture_files import PASSPHRASE, Fixture, by_path, sample
from hypothesis import given
from hypothesis import strategies as st
from tools import PATIENCE, require

from keyconv import Deriver, Entry, Locked, Passphrase, WriteOptions, unlock
from keyconv.engine.inspection import public_line
from keyconv.errors import (
    ContradictionError,
    KeyconvError,
    LimitError,
    MalformedError,
    MisfitError,
    MismatchError,
    NotAKeyError,
    TruncatedError,
    UnsupportedError,
    WrongPassphraseError,
)
from keyconv.formats.ppk import PPK3
from keyconv.formats.sshcom import SSHCOM, LockedSshcom
from keyconv.keys import DsaPrivateKey, PrivateKey, RsaPrivateKey
from keyconv.text.comment import clean

KEYS = ("rsa2048", "dsa1024")
COMMENTS = (
    b"",
    b"plain",
    b'a "quoted" comment',
    b"back\\slash",
    b"ends in \\",
    b'"',
    b"  spaces  ",
    b"a: colon",
    "Käse, 漢字".encode(),
    b"x" * 60,
    b"x" * 61,
    b"y" * 59 + b"\\" + b"z" * 70,
    b"w" * 130,
    b"w" * 131,
    b"---- END SSH2 ENCRYPTED PRIVATE KEY ---- " * 5,
)
BEGIN, END = b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", b"---- END SSH2 ENCRYPTED PRIVATE KEY ----"


def _fixture(key: str, state: str) -> Fixture:
    return by_path(f"sshcom/{key}-{state}")


def _private(key: str) -> PrivateKey:
    private = sample(f"openssh/{key}-plain").private
    assert private is not None
    assert not isinstance(private, Locked)
    return private


def _write(key: str, comment: bytes | None = None, passphrase: bytes = b"", seed: int = 0) -> bytes:
    private = _private(key)
    options = WriteOptions(passphrase=Passphrase(passphrase), random=random.Random(seed).randbytes)
    assert SSHCOM.write is not None
    return SSHCOM.write((Entry(private.public, private, comment),), options)


def _only(data: bytes) -> Entry:
    (entry,) = SSHCOM.read(data).entries
    return entry


def _body(data: bytes) -> bytes:
    return base64.b64decode(b"".join(line for line in data.splitlines() if b":" not in line and b"----" not in line))


def _frame(body: bytes, *headers: bytes) -> bytes:
    text = base64.b64encode(body)
    lines = [text[start : start + 70] for start in range(0, len(text), 70)]
    return b"\n".join((BEGIN, *headers, *lines, END, b""))


def _string(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def _number(value: int, bits: int | None = None) -> bytes:
    bits = value.bit_length() if bits is None else bits
    return bits.to_bytes(4, "big") + value.to_bytes((bits + 7) // 8, "big")


def _build(section: bytes, kind: bytes = b"if-modn{sign{rsa", cipher: bytes = b"none") -> bytes:
    rest = _string(kind) + _string(cipher) + _string(section)
    return _frame(b"\x3f\x6f\xf9\xeb" + (8 + len(rest)).to_bytes(4, "big") + rest)


def _rsa_numbers(key: RsaPrivateKey) -> list[int]:
    return [key.public.e, key.d, key.public.n, key.iqmp, key.q, key.p]


def _rsa_section(numbers: list[int]) -> bytes:
    return _string(b"".join(map(_number, numbers)))


def _dsa_section(key: DsaPrivateKey, y: int, first: int = 0) -> bytes:
    group = key.public
    return _string(first.to_bytes(4, "big") + b"".join(map(_number, (group.p, group.g, group.q, y, key.x))))


@cache
def _des_key(passphrase: bytes) -> bytes:
    first = hashlib.md5(passphrase).digest()
    return (first + hashlib.md5(passphrase + first).digest())[:24]


def _crypt(section: bytes, passphrase: bytes, *, decrypt: bool = False) -> bytes:
    cipher = Cipher(TripleDES(_des_key(passphrase)), modes.CBC(bytes(8)))
    worker = cipher.decryptor() if decrypt else cipher.encryptor()
    return worker.update(section) + worker.finalize()


def _rsa() -> RsaPrivateKey:
    key = _private("rsa2048")
    assert isinstance(key, RsaPrivateKey)
    return key


def _dsa() -> DsaPrivateKey:
    key = _private("dsa1024")
    assert isinstance(key, DsaPrivateKey)
    return key


# ── what the tools wrote ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("state", ["plain", "encrypted"])
def test_a_fixture_holds_the_key_that_puttygen_says(key: str, state: str) -> None:
    fixture = _fixture(key, state)
    file = SSHCOM.read(fixture.data)
    (entry,) = file.entries
    assert (file.format, file.kind, file.notes) == ("sshcom", "private", ())
    assert entry.comment == fixture.comment
    opened = unlock(entry, fixture.passphrase)
    assert opened.public is not None
    assert public_line(opened.public) == fixture.public_line
    assert opened.private == _private(key)
    assert not opened.notes


@pytest.mark.parametrize("key", KEYS)
def test_an_encrypted_file_hides_its_public_half(key: str) -> None:
    entry = _only(_fixture(key, "encrypted").data)
    assert entry.public is None
    assert isinstance(entry.private, LockedSshcom)
    assert entry.private.family == key[:3]
    assert entry.private.protection.cipher == "3des-cbc"
    assert entry.private.protection.kdf.name == "md5"
    assert entry.private.protection.kdf.describe() == {}
    assert not SSHCOM.can.shows_public


@pytest.mark.parametrize("key", KEYS)
def test_a_plain_file_is_written_byte_for_byte_as_puttygen_writes_it(key: str) -> None:
    data = _fixture(key, "plain").data
    assert SSHCOM.write is not None
    assert SSHCOM.write(SSHCOM.read(data).entries, WriteOptions()) == data


@pytest.mark.parametrize("key", KEYS)
def test_an_encrypted_file_is_written_byte_for_byte_as_puttygen_writes_it_given_its_padding(key: str) -> None:
    fixture = _fixture(key, "encrypted")
    locked = _only(fixture.data).private
    assert isinstance(locked, LockedSshcom)
    section = _crypt(locked.section, PASSPHRASE, decrypt=True)
    padding = section[4 + int.from_bytes(section[:4], "big") :]
    assert len(padding) in range(1, 8)
    asked: list[int] = []

    def give(count: int) -> bytes:
        asked.append(count)
        return padding

    opened = unlock(_only(fixture.data), PASSPHRASE)
    assert SSHCOM.write is not None
    assert SSHCOM.write((opened,), WriteOptions(passphrase=Passphrase(PASSPHRASE), random=give)) == fixture.data
    assert asked == [len(padding)]


def test_line_ends_and_what_is_around_the_key_are_noted() -> None:
    data = _fixture("rsa2048", "plain").data
    for changed, code in (
        (data.replace(b"\n", b"\r\n"), "crlf"),
        (data[:-1], "missing-final-newline"),
        (data + b"\n", "blank-lines"),
    ):
        file = SSHCOM.read(changed)
        assert [note.code for note in file.notes] == [code]
        assert file.entries[0].private == _private("rsa2048")


def test_counts_of_bits_that_count_whole_bytes_are_read_with_one_note_and_written_right() -> None:
    key = _rsa()
    numbers = [_number(value, (value.bit_length() + 7) // 8 * 8 - 7) for value in _rsa_numbers(key)]
    file = SSHCOM.read(_build(_string(b"".join(numbers))))
    assert [note.code for note in file.notes] == ["noncanonical"]
    assert file.entries[0].private == key
    assert SSHCOM.write is not None
    assert not SSHCOM.read(SSHCOM.write(file.entries, WriteOptions())).notes


def test_primes_in_the_other_order_are_the_same_key() -> None:
    key = _rsa()
    swapped = [key.public.e, key.d, key.public.n, pow(key.p, -1, key.q), key.p, key.q]
    file = SSHCOM.read(_build(_rsa_section(swapped)))
    assert [note.code for note in file.notes] == ["noncanonical"]
    assert file.entries[0].private == key


# ── what the tools read ────────────────────────────────────────────────────────────────────────────────────────────


def _ask(*argv: str | Path) -> bytes:
    return subprocess.run([*map(str, argv)], check=True, capture_output=True, timeout=PATIENCE).stdout


def _puttygen_reads(data: bytes, passphrase: bytes, folder: Path) -> tuple[bytes, Entry]:
    """Return the public line that puttygen prints, and the key that it writes as a PPK."""
    puttygen = require("puttygen")
    key, secret, none, ppk = (folder / name for name in ("key", "secret", "none", "key.ppk"))
    key.write_bytes(data)
    secret.write_bytes(passphrase)
    none.write_bytes(b"")
    old = ("--old-passphrase", secret)
    line = _ask(puttygen, key, *old, "-L")
    _ask(puttygen, key, *old, "--new-passphrase", none, "-O", "private", "-P", "-o", ppk)
    (entry,) = PPK3.read(ppk.read_bytes()).entries
    return line, entry


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("passphrase", [b"", PASSPHRASE])
def test_puttygen_reads_the_same_key(key: str, passphrase: bytes, tmp_path: Path) -> None:
    line, entry = _puttygen_reads(_write(key, b"a comment", passphrase), passphrase, tmp_path)
    assert line.decode() == f"{_fixture(key, 'plain').public_line} a comment\n"
    assert entry.private == _private(key)


def test_puttygen_reads_every_comment_and_a_file_with_a_subject(tmp_path: Path) -> None:
    for comment in COMMENTS:
        _, entry = _puttygen_reads(_write("dsa1024", comment), b"", tmp_path)
        assert entry.comment == comment
    private = _private("dsa1024")
    written = Entry(private.public, private, b"a comment", headers=((b"Subject", b"some\\one " * 20),))
    assert SSHCOM.write is not None
    _, entry = _puttygen_reads(SSHCOM.write((written,), WriteOptions()), b"", tmp_path)
    assert (entry.private, entry.comment) == (private, b"a comment")


def test_puttygen_writes_the_same_bytes_for_every_comment(tmp_path: Path) -> None:
    puttygen = require("puttygen")
    none, out = tmp_path / "none", tmp_path / "out"
    none.write_bytes(b"")
    source = by_path("ppk/dsa1024-v3-plain.ppk").file
    for comment in COMMENTS:
        _ask(puttygen, source, "-C", comment.decode(), "--new-passphrase", none, "-O", "private-sshcom", "-o", out)
        assert out.read_bytes() == _write("dsa1024", comment), comment


# ── passphrases ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("key", KEYS)
def test_a_wrong_passphrase_is_called_wrong(key: str) -> None:
    entry = _only(_fixture(key, "encrypted").data)
    for wrong in (b"", b"correct horsf", b"x" * 200):
        with pytest.raises(WrongPassphraseError, match="wrong passphrase"):
            unlock(entry, wrong)


def test_damage_behind_the_right_passphrase_is_not_blamed_on_it() -> None:
    data = _write("rsa2048", passphrase=PASSPHRASE)
    locked = _only(data).private
    assert isinstance(locked, LockedSshcom)
    for index in range(8, len(locked.section) - 16, 40):
        section = bytearray(locked.section)
        section[index] ^= 4
        with pytest.raises((ContradictionError, MismatchError, MalformedError, LimitError)):
            replace(locked, section=bytes(section)).unlock(Passphrase(PASSPHRASE))
    with pytest.raises(WrongPassphraseError, match="or the file was edited"):
        replace(locked, section=bytes(8) + locked.section[8:]).unlock(Passphrase(PASSPHRASE))


def test_bytes_left_over_behind_the_right_passphrase_are_refused() -> None:
    inner = b"".join(map(_number, _rsa_numbers(_rsa()))) + b"left"
    section = _string(inner)
    section += bytes(-len(section) % 8)
    entry = _only(_build(_crypt(section, b"pw"), cipher=b"3des-cbc"))
    with pytest.raises(MalformedError, match="4 bytes too many after the last number"):
        unlock(entry, b"pw")


def test_a_whole_block_of_padding_is_refused() -> None:
    section = _rsa_section(_rsa_numbers(_rsa()))
    section += bytes(8 + -len(section) % 8)
    with pytest.raises(WrongPassphraseError):
        unlock(_only(_build(_crypt(section, b"pw"), cipher=b"3des-cbc")), b"pw")


def test_the_passphrase_is_tried_in_the_encodings_of_other_programs() -> None:
    opened = unlock(_only(_write("dsa1024", passphrase="schön".encode("cp1252"))), "schön")
    assert opened.private == _private("dsa1024")
    assert [note.code for note in opened.notes] == ["passphrase-encoding"]


def test_the_kdf_runs_once() -> None:
    deriver = Deriver()
    entry = _only(_fixture("dsa1024", "encrypted").data)
    unlock(entry, PASSPHRASE, deriver=deriver)
    unlock(entry, PASSPHRASE, deriver=deriver)
    assert deriver.runs == 1


# ── comments and headers ───────────────────────────────────────────────────────────────────────────────────────────


@given(st.one_of(st.none(), st.binary(max_size=400), st.text(max_size=200).map(str.encode)))
def test_a_comment_reads_back_as_it_was_cleaned(comment: bytes | None) -> None:
    entry = _only(_write("dsa1024", comment))
    assert entry.comment == (None if comment is None else clean(comment))


VALUES = st.binary(max_size=300).map(lambda raw: clean(raw).rstrip(b"\\"))
TAGS = st.from_regex(rb"[!-9;-~]{1,64}", fullmatch=True).filter(lambda tag: tag.lower() != b"comment")


@given(st.lists(st.tuples(TAGS, VALUES), max_size=4), st.sampled_from((None, *COMMENTS)))
def test_headers_read_back(headers: list[tuple[bytes, bytes]], comment: bytes | None) -> None:
    private = _private("dsa1024")
    assert SSHCOM.write is not None
    data = SSHCOM.write((Entry(private.public, private, comment, headers=tuple(headers)),), WriteOptions())
    entry = _only(data)
    assert entry.headers == tuple(headers)
    assert entry.comment == comment


def test_a_file_of_ssh_com_has_a_subject_and_continuations() -> None:
    body = _body(_fixture("rsa2048", "plain").data)
    folded = (b'COMMENT: "2048-bit rsa, \\', b'someone@example"', b"x-note: un\\", b"quoted")
    entry = _only(_frame(body, b"Subject: someone", *folded))
    assert entry.comment == b"2048-bit rsa, someone@example"
    assert entry.headers == ((b"Subject", b"someone"), (b"x-note", b"unquoted"))
    assert _only(_frame(body, b"Comment: unquoted")).comment == b"unquoted"
    assert _only(_frame(body)).comment is None


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (b"", b"x"),
        (b"two words", b"x"),
        (b"Comment", b"x"),
        (b"x:y", b"x"),
        (b"T" * 65, b"x"),
        (b"x", b"a\nb: c"),
        (b"x", b"\\"),
    ],
)
def test_a_header_that_no_file_can_hold_is_refused(tag: bytes, value: bytes) -> None:
    private = _private("dsa1024")
    assert SSHCOM.write is not None
    with pytest.raises(MisfitError):
        SSHCOM.write((Entry(private.public, private, headers=((tag, value),)),), WriteOptions())


# ── what no honest program writes ──────────────────────────────────────────────────────────────────────────────────


def _replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old, new, 1)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda data: data[: data.index(END)], TruncatedError, "the END line is missing"),
        (lambda data: data[:500], TruncatedError, "the END line is missing"),
        (lambda data: BEGIN + b"\nComment: \\\n", TruncatedError, "the END line is missing"),
        (lambda data: data + b"more", MalformedError, "text after the END line"),
        (lambda data: data + data, MalformedError, "text after the END line"),
        (_replaced(END, b"---- END SSH2 PUBLIC KEY ----"), MalformedError, "expected '---- END SSH2 ENC"),
        (_replaced(BEGIN, BEGIN + b" "), NotAKeyError, "the first line is not"),
        (_replaced(b"\nP2/5", b"\n\nP2/5"), MalformedError, "blank line inside"),
        (_replaced(b"\nP2/5", b"\n P2/5"), MalformedError, "not base64"),
        (_replaced(b"P2/5", b"AAAA"), MalformedError, "does not begin with 3f6ff9eb"),
        (_replaced(b"Comment: ", b"Comment:"), MalformedError, "': ' and a value"),
        (_replaced(b"\nP2/5", b"\n x: x\nP2/5"), MalformedError, "not a tag"),
        (_replaced(b'rsa2048"', b"x" * 70_000), LimitError, "the header is longer than 64 KiB"),
        (lambda data: _frame(b""), MalformedError, "no base64|magic number"),
        (lambda data: BEGIN + b"\n" + END + b"\n", MalformedError, "no base64"),
        (lambda data: _frame(_body(data)[:-1]), TruncatedError, "says that it has 1006 bytes, but it has 1005"),
        (lambda data: _frame(_body(data) + b"\0"), MalformedError, "says that it has 1006 bytes, but it has 1007"),
    ],
)  # fmt: skip
def test_a_damaged_frame_is_named(change: Callable[[bytes], bytes], error: type[KeyconvError], message: str) -> None:
    with pytest.raises(error, match=message) as refusal:
        SSHCOM.read(change(_fixture("rsa2048", "plain").data))
    assert refusal.value.place.startswith("sshcom")


def test_two_comments_and_a_translated_tag_are_read_with_a_note_as_puttygen_reads_them(tmp_path: Path) -> None:
    data = _fixture("rsa2048", "plain").data
    data = data.replace(b"\nP2/5", b'\n\xd7\xa2\xca\xcd: x\nComment: "the last"\nP2/5', 1)
    file = SSHCOM.read(data)
    assert [note.code for note in file.notes] == ["noncanonical", "noncanonical"]
    assert (file.entries[0].comment, file.entries[0].headers) == (b"the last", ())
    path = tmp_path / "key"
    path.write_bytes(data)
    ran = subprocess.run([require("puttygen"), path, "-L"], capture_output=True, check=True)
    assert ran.stdout.endswith(b" the last\n")


def test_what_is_not_known_is_unsupported_not_damaged() -> None:
    section = _rsa_section(_rsa_numbers(_rsa()))
    with pytest.raises(UnsupportedError, match="neither RSA nor DSA"):
        SSHCOM.read(_build(section, kind=b"ec-modp{sign{ecdsa-nistp256-sha256}}"))
    with pytest.raises(UnsupportedError, match="neither none nor 3des-cbc"):
        SSHCOM.read(_build(section, cipher=b"aes128-cbc"))
    with pytest.raises(UnsupportedError, match="predefined set"):
        SSHCOM.read(_build(_dsa_section(_dsa(), _dsa().public.y, first=1), kind=b"dl-modp{sign{dsa"))


def test_a_section_of_no_whole_blocks_is_malformed_before_any_passphrase() -> None:
    for section in (b"", bytes(7), bytes(20)):
        with pytest.raises(MalformedError, match="not a multiple of 8"):
            SSHCOM.read(_build(section, cipher=b"3des-cbc"))


def test_bytes_that_belong_to_nothing_are_refused() -> None:
    numbers = b"".join(map(_number, _rsa_numbers(_rsa())))
    with pytest.raises(MalformedError, match="2 bytes too many after the last number"):
        SSHCOM.read(_build(_string(numbers + b"ab")))
    with pytest.raises(MalformedError, match="2 bytes too many after the numbers"):
        SSHCOM.read(_build(_string(numbers) + b"ab"))
    with pytest.raises(LimitError, match="the limit is 16384"):
        SSHCOM.read(_build(_string((16385).to_bytes(4, "big") + bytes(2049))))


def test_a_forged_public_half_is_refused() -> None:
    other = sample("openssh/rsa3072-plain").private
    assert isinstance(other, RsaPrivateKey)
    mixed = _rsa_numbers(_rsa())
    mixed[2] = other.public.n
    with pytest.raises(MismatchError):
        SSHCOM.read(_build(_rsa_section(mixed)))
    key = _dsa()
    square = key.public.y * key.public.y % key.public.p
    with pytest.raises(MismatchError, match="y is not g"):
        SSHCOM.read(_build(_dsa_section(key, square), kind=b"dl-modp{sign{dsa"))


def test_every_number_of_an_rsa_key_is_compared() -> None:
    for index in range(6):
        numbers = _rsa_numbers(_rsa())
        numbers[index] += 2
        with pytest.raises((ContradictionError, MismatchError)):
            SSHCOM.read(_build(_rsa_section(numbers)))


@pytest.mark.parametrize(("key", "state"), [("rsa2048", "plain"), ("rsa2048", "encrypted"), ("dsa1024", "encrypted")])
def test_every_change_of_one_byte_gives_the_same_key_or_an_error(key: str, state: str) -> None:
    data = _fixture(key, state).data
    noise = random.Random(1)
    deriver = Deriver()
    for index in range(0, len(data), 1 if state == "plain" else 3):
        changed = data[:index] + bytes((data[index] ^ noise.randrange(1, 256),)) + data[index + 1 :]
        with suppress(KeyconvError):
            assert unlock(_only(changed), PASSPHRASE, deriver=deriver).private == _private(key)


def test_every_prefix_is_refused() -> None:
    data = _fixture("dsa1024", "plain").data
    for length in range(len(data) - 1):
        with pytest.raises(KeyconvError):
            SSHCOM.read(data[:length])


def test_it_is_recognised_by_its_first_line() -> None:
    assert SSHCOM.sniff(_fixture("rsa2048", "plain").data)
    assert not SSHCOM.sniff(by_path("rfc4716/rsa2048-puttygen.pub").data)
    assert not SSHCOM.sniff(b"")
