"""Passphrases that a program on another Windows took in its code page, within the cost limit of one file."""

from __future__ import annotations

from pathlib import Path

import bcrypt
import pytest
from fixture_files import by_path
from pem_family import private_of, run, saved
from test_cli_convert import run as keyconv

from keyconv import Deriver, Entry, Passphrase, WriteOptions, read, unlock
from keyconv.crypto.kdf import Argon2, BcryptPbkdf, Kdf, PuttySha1
from keyconv.crypto.kdf_legacy import Ssh1Md5, SshcomMd5
from keyconv.crypto.pbes import EvpMd5, Pbkdf1, Pbkdf2, Pkcs12Kdf, Scrypt
from keyconv.engine import choose
from keyconv.errors import WrongPassphraseError
from keyconv.formats.openssh import OPENSSH
from keyconv.formats.pem import PEM
from keyconv.formats.pkcs8 import PKCS8
from keyconv.formats.ppk import PPK3

KEY = private_of(by_path("pem/rsa2048-ssh-keygen-plain.pem"))
WORD = "пароль"
FORMATS = {record.name: record for record in (PPK3, OPENSSH, PKCS8, PEM)}


def _locked(format: str, data: bytes, *, passes: int = 1, rounds: int = 1) -> bytes:
    write = FORMATS[format].write
    assert write is not None
    options = WriteOptions(passphrase=Passphrase(data), kdf_memory=1024, kdf_passes=passes, rounds=rounds)
    return write((Entry(KEY.public, KEY, comment=b"c"),), options)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("page", ["cp1251", "cp866"])
def test_a_passphrase_of_another_code_page_opens_the_key_and_is_noted(format: str, page: str) -> None:
    entry = unlock(choose(read(_locked(format, WORD.encode(page)))), WORD)
    assert entry.private == KEY
    assert f"the passphrase opened the key as {page}" in [note.message for note in entry.notes]


def test_puttygens_own_file_with_such_a_passphrase_is_opened(tmp_path: Path) -> None:
    source = saved(tmp_path, by_path("ppk/ed25519-v3-plain.ppk").data, "plain.ppk")
    word = saved(tmp_path, "zażółć".encode("cp1250"), "word")
    run("puttygen", source, "-P", "-o", tmp_path / "new.ppk", "--new-passphrase", word)
    entry = unlock(choose(read((tmp_path / "new.ppk").read_bytes())), "zażółć")
    assert [note.message for note in entry.notes] == ["the passphrase opened the key as cp1250"]


def _runs(data: bytes, word: str, *, allow_costly: bool = False) -> tuple[int, str]:
    deriver = Deriver(allow_costly=allow_costly)
    with pytest.raises(WrongPassphraseError) as refusal:
        unlock(choose(read(data)), word, deriver=deriver)
    return deriver.runs, refusal.value.hint


@pytest.fixture
def quick_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have bcrypt do one round whatever it is asked: how often it runs is what is tried."""
    real = bcrypt.kdf
    monkeypatch.setattr(bcrypt, "kdf", lambda word, salt, length, rounds, **named: real(word, salt, length, 1, **named))


@pytest.mark.usefixtures("quick_rounds")
def test_all_tries_together_cost_no_more_than_one_file_may() -> None:
    count = len(list(Passphrase(WORD).spellings()))
    assert count > 5
    cheap = _locked("openssh", b"other", rounds=1)
    assert _runs(cheap, WORD)[0] == count
    dear = _locked("openssh", b"other", rounds=1024 // 4)
    assert _runs(dear, WORD)[0] == 4
    dearest = _locked("openssh", b"other", rounds=600)
    runs, hint = _runs(dearest, WORD)
    assert runs == 1  # the spellings of before are tried whatever they cost
    assert "--passphrase-encoding NAME" in hint


@pytest.mark.usefixtures("quick_rounds")
def test_the_limit_does_not_count_where_costly_kdfs_are_allowed() -> None:
    count = len(list(Passphrase(WORD).spellings()))
    assert _runs(_locked("openssh", b"other", rounds=100), WORD, allow_costly=True)[0] == count


def test_an_ascii_passphrase_is_tried_once_and_gets_no_hint() -> None:
    assert _runs(_locked("openssh", b"other"), "correct horse") == (1, "")


@pytest.mark.parametrize(
    ("kdf", "repeats"),
    [
        (Argon2("argon2id", 8192, 13, 1, bytes(16)), 39),
        (Argon2("argon2id", 1 << 20, 4, 1, bytes(16)), 1),
        (BcryptPbkdf(bytes(16), 24), 42),
        (Pbkdf2("hmacWithSHA256", 600_000, bytes(16)), 16),
        (Scrypt(16384, 8, 1, bytes(16)), 64),
        (Pbkdf1("md5", 2048, bytes(8)), 488),
        (Pkcs12Kdf(24, 2048, bytes(8)), 488),
        (EvpMd5(bytes(8)), 1000),
        (PuttySha1(), 1000),
        (SshcomMd5(), 1000),
        (Ssh1Md5(), 1000),
    ],
    ids=repr,
)
def test_how_often_a_kdf_may_run_for_one_file(kdf: Kdf, repeats: int) -> None:
    assert kdf.repeats() == repeats
    assert Deriver().affords(kdf, repeats)
    assert not Deriver().affords(kdf, repeats + 1)
    assert Deriver(allow_costly=True).affords(kdf, repeats + 1)


# ── the option ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = saved(tmp_path, _locked("openssh", WORD.encode("koi8-r")), "key")
    path.chmod(0o600)
    return path


def _given(directory: Path, encoding: str = "koi8-r") -> tuple[str | Path, ...]:
    word = saved(directory, WORD.encode(), "word")
    return ("--passphrase-file", word, "--passphrase-encoding", encoding)


@pytest.mark.parametrize(
    "command",
    [
        ("convert", "-t", "ppk", "-o", "-", "--no-passphrase", "--strict"),
        ("public",),
        ("inspect",),
        ("comment", "new"),
        ("passphrase", "--no-passphrase"),
        ("repair", "-o", "-"),
    ],
    ids=" ".join,
)
def test_every_command_that_opens_a_key_takes_the_encoding(command: tuple[str, ...], key: Path, tmp_path: Path) -> None:
    wrong = keyconv(command[0], key, *command[1:], *_given(tmp_path, "cp1251"), answers=[])
    assert wrong.code == 4, wrong.err
    right = keyconv(command[0], key, *command[1:], *_given(tmp_path), answers=[])
    assert right.code == 0, right.err


def test_check_takes_the_encoding(key: Path, tmp_path: Path) -> None:
    assert b"not verified" in keyconv("check", key, *_given(tmp_path, "cp1251"), answers=[]).out
    assert b"not verified" not in keyconv("check", key, *_given(tmp_path), answers=[]).out


def test_a_passphrase_that_stays_stays_the_bytes_that_opened_the_key(key: Path, tmp_path: Path) -> None:
    assert keyconv("comment", key, "new", *_given(tmp_path), answers=[]).code == 0
    assert unlock(choose(read(key.read_bytes())), WORD.encode("koi8-r")).comment == b"new"


def test_a_repair_keeps_the_bytes_that_opened_the_key(tmp_path: Path) -> None:
    locked = _locked("pkcs8", WORD.encode("cp1251"))
    path = saved(tmp_path, locked.replace(b"\n", b"\r\n"), "key")
    word = saved(tmp_path, WORD.encode(), "word")
    assert keyconv("repair", path, "-o", tmp_path / "new", "--passphrase-file", word, answers=[]).code == 0
    assert unlock(choose(read((tmp_path / "new").read_bytes())), WORD.encode("cp1251")).private == KEY


@pytest.mark.parametrize(
    ("encoding", "said"), [("nope", "there is no encoding 'nope'"), ("cp1252", "a character that cp1252 lacks")]
)
def test_an_encoding_that_cannot_be_used_is_a_usage_error(encoding: str, said: str, key: Path, tmp_path: Path) -> None:
    result = keyconv("public", key, *_given(tmp_path, encoding), answers=[])
    assert result.code == 2
    assert said in result.err
    assert WORD not in result.err
