"""`keyconv passphrase`: what changes in the file, what stays, and what is refused before anything is touched."""

from __future__ import annotations

import os
import random
import subprocess
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from fixture_files import DERIVER, PASSPHRASE, Fixture, by_path, opened, pick, sample
from test_cli_convert import Result, mode_of, needs_root, only_entry, passphrase_of, posix, run, run_process
from tools import PATIENCE, require

from keyconv import FORMATS, Deriver, Entry, Format, Locked, Passphrase, WriteOptions, read, unlock, write
from keyconv.cli.cost import DEFAULT_ROUNDS, calibrate, enough_passes, no_cheaper
from keyconv.crypto.costs import ARGON2_WORK
from keyconv.crypto.kdf import Argon2, BcryptPbkdf, PuttySha1
from keyconv.engine import inspect
from keyconv.formats import by_name

NEW = b"battery staple"

CHEAP = {"ppk": ("--kdf-memory", "64", "--kdf-passes", "1"), "openssh": ("--rounds", "1"), "pkcs8": ("--rounds", "9")}
"""Flags for files that need not resist anyone."""

LOCKERS = [known for known in FORMATS if known.write is not None and known.can.encryption]

ENCRYPTED = {
    "ppk": "ppk/ed25519-v3-argon2id-encrypted.ppk",
    "ppk2": "ppk/ecdsa-p256-v2-encrypted.ppk",
    "openssh": "openssh/ed25519-encrypted",
    "pem": "pem/rsa2048-openssl-aes192-encrypted.pem",
    "pkcs8": "pkcs8/ecdsa-p256-openssl-pbes2-aes256-encrypted.pem",
    "sshcom": "sshcom/rsa2048-encrypted",
    "ssh1": "ssh1/rsa1024-encrypted",
}
"""One encrypted file of every format that takes a passphrase."""

PLAIN = {
    "ppk": "ppk/ed25519-v3-plain.ppk",
    "ppk2": "ppk/ecdsa-p256-v2-plain.ppk",
    "openssh": "openssh/ed25519-plain",
    "pem": "pem/rsa2048-ssh-keygen-plain.pem",
    "pkcs8": "pkcs8/ecdsa-p256-openssl-plain.pem",
    "sshcom": "sshcom/rsa2048-plain",
    "ssh1": "ssh1/rsa1024-plain",
}


def placed(folder: Path, path: str, name: str = "key") -> Path:
    """Copy a fixture to where it may be changed."""
    file = folder / name
    file.touch(0o600)
    file.write_bytes(by_path(path).data)
    return file


def old_and_new(folder: Path, old: bytes = PASSPHRASE, new: bytes = NEW) -> tuple[str | Path, ...]:
    """Return the flags of both passphrases."""
    (folder / "old").write_bytes(old + b"\n")
    (folder / "new").write_bytes(new + b"\n")
    return "--passphrase-file", folder / "old", "--new-passphrase-file", folder / "new"


def old_alone(folder: Path, old: bytes = PASSPHRASE) -> tuple[str | Path, ...]:
    return old_and_new(folder, old)[:2]


def change(path: Path, *flags: str | Path) -> Result:
    """Run the command; it must succeed, and leave no other file behind."""
    before = {each.name for each in path.parent.iterdir()}
    result = run("passphrase", path, *flags)
    assert result.code == 0, result.err
    assert result.out == b""
    assert {each.name for each in path.parent.iterdir()} == before
    return result


def protection(data: bytes) -> dict[str, object]:
    """Return cipher, KDF and cost, but for the salt."""
    said = inspect(read(data))
    costs = {name: value for name, value in (said["kdf"] or {}).items() if name != "salt"}
    return {"format": said["format"], "cipher": said["cipher"], **costs}


def test_every_format_that_takes_a_passphrase_is_tried() -> None:
    names = {known.name for known in LOCKERS}
    assert set(ENCRYPTED) == set(PLAIN) == names


# ── change, add, remove ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ENCRYPTED)
def test_a_passphrase_is_changed_and_nothing_else(name: str, tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED[name])
    before, entry = path.read_bytes(), sample(ENCRYPTED[name])
    result = change(path, *old_and_new(tmp_path))
    assert result.err == f"keyconv: {path}: the passphrase was changed\n"
    after = path.read_bytes()
    assert after != before
    assert passphrase_of(after, PASSPHRASE, NEW) == NEW
    assert protection(after) == protection(before)
    written = unlock(only_entry(after), NEW)
    assert (written.private, written.comment) == (entry.private, entry.comment)


@pytest.mark.parametrize("name", PLAIN)
def test_a_passphrase_is_added(name: str, tmp_path: Path) -> None:
    path = placed(tmp_path, PLAIN[name])
    entry = sample(PLAIN[name])
    result = change(path, *old_and_new(tmp_path)[2:], *CHEAP.get(name, ()))
    assert result.err == f"keyconv: {path}: protected by a passphrase now\n"
    assert read(path.read_bytes()).format == name
    assert passphrase_of(path.read_bytes(), PASSPHRASE, NEW) == NEW
    written = unlock(only_entry(path.read_bytes()), NEW)
    assert (written.private, written.comment) == (entry.private, entry.comment)


@pytest.mark.parametrize("how", ["flag", "empty"])
@pytest.mark.parametrize("name", ENCRYPTED)
def test_a_passphrase_is_removed_by_a_flag_or_an_empty_one(name: str, how: str, tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED[name])
    flags = old_and_new(tmp_path, new=b"")
    result = change(path, *(flags if how == "empty" else (*flags[:2], "--no-passphrase")))
    assert result.err == f"keyconv: {path}: the passphrase was removed\n"
    written = only_entry(path.read_bytes())
    assert read(path.read_bytes()).format == name
    assert not isinstance(written.private, Locked)
    assert written.private == sample(ENCRYPTED[name]).private


def test_a_person_is_asked_for_the_old_one_once_and_for_the_new_one_twice(tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED["openssh"])
    result = run("passphrase", path, answers=["correct horse", "battery staple", "battery staple"])
    assert result.code == 0
    assert result.asked == (
        f"Passphrase for {path}: ",
        f"New passphrase for {path} (empty for none): ",
        "Repeat passphrase: ",
    )
    assert passphrase_of(path.read_bytes(), NEW) == NEW


def test_an_unencrypted_key_is_not_asked_for_a_passphrase_that_it_does_not_have(tmp_path: Path) -> None:
    path = placed(tmp_path, PLAIN["openssh"])
    result = run("passphrase", path, "--rounds", "1", answers=["battery staple", "battery staple"])
    assert (result.code, len(result.asked)) == (0, 2)
    assert passphrase_of(path.read_bytes(), NEW) == NEW


def test_the_certificate_in_a_ppk_stays(tmp_path: Path) -> None:
    name = "certificates/user-ed25519-v3-encrypted.ppk"
    path = placed(tmp_path, name)
    change(path, *old_and_new(tmp_path))
    assert unlock(only_entry(path.read_bytes()), NEW).certificate == sample(name).certificate is not None


def test_a_comment_that_was_hidden_stays(tmp_path: Path) -> None:
    name = "comments/utf8-openssh-encrypted"
    path = placed(tmp_path, name)
    change(path, *old_and_new(tmp_path))
    assert unlock(only_entry(path.read_bytes()), NEW).comment == by_path(name).comment


def test_the_notes_on_a_file_are_told_once(tmp_path: Path) -> None:
    path = placed(tmp_path, "edge/ed25519-zero-end-v2-31-bytes-plain.ppk")
    result = change(path, "--no-passphrase")
    assert result.err == (
        f"keyconv: {path}: noncanonical: the seed has 31 bytes instead of 32, as PuTTY before 0.75 wrote it\n"
        f"keyconv: {path}: rewritten as ppk2\n"
    )


def test_control_characters_in_a_comment_do_not_go_unsaid(tmp_path: Path) -> None:
    path = placed(tmp_path, "comments/control-openssh-plain")
    result = change(path, "--no-passphrase")
    assert f"keyconv: {path}: lost: the control characters in the comment are replaced by spaces\n" in result.err


# ── the tools open the result ──────────────────────────────────────────────────────────────────────────────────────


def _tool_opens(path: Path, secret: Path, fixture: Fixture) -> None:
    if fixture.format in ("openssh", "pem", "pkcs8"):
        passphrase = secret.read_bytes().rstrip(b"\n").decode()
        command = [require("ssh-keygen"), "-y", "-P", passphrase, "-f", str(path)]
    else:
        command = [require("puttygen"), str(path), "-O", "text", "--old-passphrase", str(secret)]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    assert ran.returncode == 0, ran.stderr
    if command[1] == "-y":
        assert ran.stdout.decode().split()[:2] == (fixture.public_line or "").split()
    else:
        assert b"\nprivate_" in ran.stdout


@pytest.mark.parametrize("name", ENCRYPTED)
def test_the_real_tools_open_the_result_with_the_new_passphrase(name: str, tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED[name])
    change(path, *old_and_new(tmp_path))
    _tool_opens(path, tmp_path / "new", by_path(ENCRYPTED[name]))


def test_puttygen_opens_what_was_upgraded(tmp_path: Path) -> None:
    path = placed(tmp_path, "ppk/rsa2048-v2-encrypted.ppk")
    change(path, *old_alone(tmp_path), "--upgrade", "--kdf-passes", "1")
    assert path.read_bytes().startswith(b"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: aes256-cbc\n")
    _tool_opens(path, tmp_path / "old", by_path("ppk/rsa2048-v2-encrypted.ppk"))


# ── a wrong passphrase ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ENCRYPTED)
def test_a_wrong_passphrase_exits_4_and_nothing_is_changed(name: str, tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED[name])
    before = path.read_bytes(), path.stat()
    result = run("passphrase", path, *old_and_new(tmp_path, old=b"incorrect horse"))
    assert result.code == 4
    assert result.err.startswith(f"keyconv: {path}: ")
    assert "wrong passphrase" in result.err
    assert (path.read_bytes(), path.stat()) == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["key", "new", "old"]


def test_a_wrong_answer_may_be_corrected(tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED["ppk2"])
    result = run("passphrase", path, "--no-passphrase", answers=["wrong", "also wrong", "correct horse"])
    assert result.code == 0
    path = placed(tmp_path, ENCRYPTED["ppk2"])
    before = path.read_bytes()
    result = run("passphrase", path, "--no-passphrase", answers=["wrong", "also wrong", "wrong again", "correct horse"])
    assert (result.code, len(result.asked), path.read_bytes()) == (4, 3, before)


@pytest.mark.parametrize("flags", [("--no-input",), ()])
def test_with_nobody_to_ask_it_exits_4_and_nothing_is_changed(flags: tuple[str, ...], tmp_path: Path) -> None:
    for name in (ENCRYPTED["openssh"], PLAIN["openssh"]):
        path = placed(tmp_path, name)
        result = run("passphrase", path, *flags)
        assert result.code == 4
        assert "  hint: pass --" in result.err
        assert path.read_bytes() == by_path(name).data
        path.unlink()


def test_two_entries_that_differ_change_nothing(tmp_path: Path) -> None:
    path = placed(tmp_path, PLAIN["ppk"])
    result = run("passphrase", path, answers=["one", "two"] * 3)
    assert (result.code, path.read_bytes()) == (4, by_path(PLAIN["ppk"]).data)


# ── what stays unless it is asked for ──────────────────────────────────────────────────────────────────────────────


KEPT = [
    *pick(
        lambda fixture: (
            fixture.reader in ("ppk", "openssh")
            and fixture.encrypted
            and fixture.key == "ed25519"
            and fixture.path.startswith(("ppk/", "openssh/"))
        )
    ),
    *(
        pytest.param(by_path(path), id=path)
        for path in (
            "pem/rsa2048-openssl-aes128-encrypted.pem",
            "pem/rsa2048-openssl-aes256-encrypted.pem",
            "pkcs8/ecdsa-p256-openssl-pbes2-aes256-encrypted.pem",
        )
    ),
]


@pytest.mark.parametrize("fixture", KEPT)
def test_format_cipher_kdf_and_cost_stay_unless_asked_for(fixture: Fixture, tmp_path: Path) -> None:
    path = placed(tmp_path, fixture.path)
    change(path, *old_and_new(tmp_path))
    assert protection(path.read_bytes()) == protection(fixture.data)
    assert passphrase_of(path.read_bytes(), NEW) == NEW


@pytest.mark.parametrize(
    ("path", "words", "now"),
    [
        (
            "pem/rsa2048-openssl-des3-encrypted.pem",
            ["the cipher des-ede3-cbc is read, not written: aes-256-cbc takes its place"],
            {"cipher": "aes-256-cbc"},
        ),
        (
            "pkcs8/ecdsa-p256-openssl-scrypt-encrypted.pem",
            ["the KDF scrypt is read, not written: pbkdf2 takes its place"],
            {"cipher": "aes-256-cbc", "iterations": 9},
        ),
        (
            "pkcs8/ecdsa-p256-openssl-pbe-sha1-3des-encrypted.pem",
            [
                "the cipher pbeWithSHA1And3-KeyTripleDES-CBC is read, not written: aes-256-cbc takes its place",
                "the KDF pbes1 is read, not written: pbkdf2 takes its place",
            ],
            {"cipher": "aes-256-cbc", "iterations": 9},
        ),
    ],
)
def test_a_protection_that_is_not_written_is_replaced_and_that_is_told(
    path: str, words: list[str], now: dict[str, object], tmp_path: Path
) -> None:
    key = placed(tmp_path, path)
    result = change(key, *old_and_new(tmp_path), *CHEAP.get(by_path(path).reader, ()))
    assert result.err.splitlines() == [f"keyconv: {key}: {each}" for each in (*words, "the passphrase was changed")]
    assert protection(key.read_bytes()).items() >= now.items()
    placed(tmp_path, path)
    assert change(key, *old_alone(tmp_path), "--no-passphrase").err == f"keyconv: {key}: the passphrase was removed\n"


@pytest.mark.parametrize(
    ("path", "flags", "changed"),
    [
        ("openssh/ed25519-encrypted", ("--rounds", "3"), {"rounds": 3}),
        ("openssh/ed25519-encrypted", ("--cipher", "aes256-gcm@openssh.com"), {"cipher": "aes256-gcm@openssh.com"}),
        ("openssh/ed25519-3des-cbc-encrypted", ("--cipher", "aes256-ctr"), {"cipher": "aes256-ctr"}),
        ("ppk/ed25519-v3-argon2id-encrypted.ppk", ("--kdf-passes", "3"), {"passes": 3}),
        ("ppk/ed25519-v3-argon2id-encrypted.ppk", ("--kdf", "argon2d", "--kdf-passes", "2"), {"name": "argon2d"}),
        (
            "ppk/ed25519-v3-argon2id-encrypted.ppk",
            ("--kdf-memory", "128", "--kdf-passes", "2"),
            {"memory_kib": 128, "passes": 2},
        ),
        (
            "ppk/ed25519-v3-argon2id-encrypted.ppk",
            ("--kdf-parallelism", "2", "--kdf-passes", "2"),
            {"parallelism": 2, "passes": 2},
        ),
        ("pkcs8/ecdsa-p256-openssl-pbes2-aes256-encrypted.pem", ("--rounds", "5"), {"iterations": 5}),
        (
            "pkcs8/ecdsa-p256-openssl-pbes2-aes256-encrypted.pem",
            ("--cipher", "aes-128-cbc"),
            {"cipher": "aes-128-cbc"},
        ),
        ("pem/rsa2048-openssl-aes128-encrypted.pem", ("--cipher", "aes-256-cbc"), {"cipher": "aes-256-cbc"}),
    ],
)
def test_a_flag_of_kdf_cost_or_cipher_alone_keeps_the_passphrase_and_the_rest(
    path: str, flags: tuple[str, ...], changed: dict[str, object], tmp_path: Path
) -> None:
    key = placed(tmp_path, path)
    result = change(key, *old_alone(tmp_path), *flags)
    assert result.err == f"keyconv: {key}: encrypted again\n"
    after = key.read_bytes()
    assert passphrase_of(after, PASSPHRASE) == PASSPHRASE
    expected = {**protection(by_path(path).data), **changed}
    if "--kdf" in flags:
        expected["passes"] = 2
    assert protection(after) == expected


def test_kdf_time_counts_the_passes_of_this_machine(tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED["ppk"])
    change(path, *old_alone(tmp_path), "--kdf-time", "1", "--kdf-memory", "8192")
    passes = protection(path.read_bytes())["passes"]
    assert isinstance(passes, int)
    assert passes in (5, 8, 13, 21, 34, 55, 89, 144, 233)
    assert passphrase_of(path.read_bytes(), PASSPHRASE) == PASSPHRASE


def test_cost_and_a_new_passphrase_go_together(tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED["openssh"])
    change(path, *old_and_new(tmp_path), "--rounds", "2")
    assert protection(path.read_bytes())["rounds"] == 2
    assert passphrase_of(path.read_bytes(), NEW) == NEW


def test_new_passphrase_asks_for_one_beside_a_flag_of_cost(tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED["openssh"])
    flags = (*old_alone(tmp_path), "--rounds", "2", "--new-passphrase")
    assert run("passphrase", path, *flags, answers=["battery staple"] * 2).code == 0
    assert passphrase_of(path.read_bytes(), NEW) == NEW


@pytest.mark.parametrize(
    ("path", "flags", "message"),
    [
        ("ppk/ed25519-v2-encrypted.ppk", ("--kdf-passes", "2"), "--kdf-passes is for ppk (version 3), not for ppk2"),
        ("ppk/ed25519-v3-argon2id-encrypted.ppk", ("--rounds", "2"), "--rounds has no meaning for ppk"),
        ("openssh/ed25519-encrypted", ("--kdf", "argon2i"), "--kdf is for ppk (version 3), not for openssh"),
        ("openssh/ed25519-encrypted", ("--cipher", "rot13"), "openssh has no cipher 'rot13'"),
        ("sshcom/rsa2048-encrypted", ("--rounds", "2"), "--rounds has no meaning for sshcom"),
        ("pem/rsa2048-openssl-aes256-encrypted.pem", ("--rounds", "2"), "--rounds has no meaning for pem"),
        ("openssh/ed25519-encrypted", ("--rounds", "1025"), "1025 rounds of bcrypt"),
        ("pkcs8/rsa2048-openssl-scrypt-encrypted.pem", ("--rounds", "10000001"), "10000001 iterations of PBKDF2"),
        ("ppk/ed25519-v3-argon2id-encrypted.ppk", ("--kdf-memory", "1048577"), "of memory for Argon2"),
        ("ppk/ed25519-v3-argon2id-encrypted.ppk", ("--kdf-passes", "2", "--kdf-time", "2"), "exclude each other"),
    ],
)
def test_a_flag_that_does_not_fit_is_a_usage_error_before_a_passphrase_is_asked_for(
    path: str, flags: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    key = placed(tmp_path, path)
    result = run("passphrase", key, *flags, answers=[])
    assert (result.code, result.asked) == (2, ())
    assert message in result.err
    assert key.read_bytes() == by_path(path).data


# ── upgrade ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path",
    [
        "ppk/ed25519-v2-encrypted.ppk",
        "ppk1/rsa2048-v1-private-mac-encrypted.ppk",
        "ppk1/dsa1024-v1-private-hash-plain.ppk",
    ],
)
def test_upgrade_writes_ppk_version_3_with_the_same_passphrase(path: str, tmp_path: Path) -> None:
    key = placed(tmp_path, path)
    locked = by_path(path).encrypted
    change(key, *old_alone(tmp_path), "--upgrade")
    after = key.read_bytes()
    assert after.startswith(b"PuTTY-User-Key-File-3: ")
    assert passphrase_of(after, PASSPHRASE) == (PASSPHRASE if locked else None)
    written = unlock(only_entry(after), PASSPHRASE)
    assert (written.private, written.comment) == (sample(path).private, sample(path).comment)
    if locked:
        found = protection(after)
        assert found["name"] == "argon2id"
        assert found["memory_kib"] == 8192


@pytest.mark.parametrize(
    ("name", "weak", "today"),
    [
        ("openssh", {"rounds": 2, "cipher": "3des-cbc"}, {"rounds": 24, "cipher": "aes256-ctr"}),
        ("pkcs8", {"rounds": 9, "cipher": "aes-128-cbc"}, {"iterations": 600_000, "cipher": "aes-256-cbc"}),
        ("pem", {"cipher": "aes-128-cbc"}, {"cipher": "aes-256-cbc"}),
        ("ppk", {"kdf": "argon2i", "kdf_memory": 64, "kdf_passes": 1}, {"name": "argon2id", "memory_kib": 8192}),
    ],
)
def test_upgrade_raises_a_weak_cost_and_an_old_cipher_to_the_defaults(
    name: str, weak: dict[str, object], today: dict[str, object], tmp_path: Path
) -> None:
    options = replace(WriteOptions(passphrase=Passphrase(PASSPHRASE)), **weak)  # type: ignore[arg-type]
    path = tmp_path / "key"
    path.write_bytes(write(sample("openssh/ecdsa-p256-plain"), name, options))
    result = change(path, *old_alone(tmp_path), "--upgrade")
    assert result.err == f"keyconv: {path}: encrypted again\n"
    assert protection(path.read_bytes()).items() >= {"format": name, **today}.items()
    assert passphrase_of(path.read_bytes(), PASSPHRASE) == PASSPHRASE


def test_upgrade_never_lowers_a_cost(tmp_path: Path) -> None:
    path = tmp_path / "key"
    entry = sample("openssh/ed25519-plain")
    for name, options, kept in (
        ("openssh", WriteOptions(rounds=25), {"rounds": 25}),
        ("ppk", WriteOptions(kdf_memory=9000, kdf_passes=60), {"memory_kib": 9000, "passes": 60}),
    ):
        path.write_bytes(write(entry, name, replace(options, passphrase=Passphrase(PASSPHRASE), deriver=DERIVER)))
        change(path, *old_alone(tmp_path), "--upgrade")
        found = protection(path.read_bytes())
        assert {key: found[key] for key in kept if key != "passes"} == {k: v for k, v in kept.items() if k != "passes"}
        assert all(int(str(found[key])) >= value for key, value in kept.items())


def test_no_upgrade_is_below_what_there_was() -> None:
    salt = bytes(16)
    today = WriteOptions()
    assert no_cheaper(today, BcryptPbkdf(salt, 16)).rounds == 0
    assert no_cheaper(today, BcryptPbkdf(salt, 100)).rounds == 100
    assert no_cheaper(today, PuttySha1()) == enough_passes(today, PuttySha1()) == today
    assert no_cheaper(today, Argon2("argon2i", 64, 1000, 1, salt)).kdf_memory == 8192
    assert no_cheaper(today, Argon2("argon2i", 10_000, 1, 1, salt)).kdf_memory == 10_000
    assert enough_passes(today, Argon2("argon2i", 8192, 20, 1, salt)).kdf_passes == 20
    assert enough_passes(today, Argon2("argon2i", 1 << 20, 4, 1, salt)).kdf_passes == 512
    assert enough_passes(today, Argon2("argon2i", 64, 1000, 1, salt)).kdf_passes == today.kdf_passes


def test_the_defaults_that_an_upgrade_compares_with_are_those_that_are_written() -> None:
    entry = sample("openssh/ecdsa-p256-plain")
    for name, kdf, field in (("openssh", "bcrypt", "rounds"), ("pkcs8", "pbkdf2", "iterations")):
        data = write(entry, name, WriteOptions(passphrase=Passphrase(PASSPHRASE)))
        assert protection(data)[field] == DEFAULT_ROUNDS[kdf]


def test_an_upgrade_may_change_the_passphrase_too(tmp_path: Path) -> None:
    path = placed(tmp_path, "ppk/ed25519-v2-encrypted.ppk")
    change(path, *old_and_new(tmp_path), "--upgrade", "--kdf-passes", "1", "--kdf-memory", "64")
    assert passphrase_of(path.read_bytes(), PASSPHRASE, NEW) == NEW
    found = protection(path.read_bytes())
    assert (found["format"], found["memory_kib"], found["passes"]) == ("ppk", 64, 1)


def test_calibration_stops_at_the_limits_and_derives_the_key_that_is_written() -> None:
    ticks = iter(range(0, 10_000, 1))
    options = WriteOptions(passphrase=Passphrase(b"x"), kdf_memory=ARGON2_WORK, deriver=Deriver())
    found = calibrate(options, 5000, clock=lambda: next(ticks) * 10)
    assert found.kdf_passes == 1
    slow = calibrate(options, 35, clock=iter([0.0, 0.01, 0.02, 0.04, 0.05, 0.1]).__next__)
    assert (slow.kdf_passes, slow.random(16)) == (3, slow.random(16))


# ── what is refused ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path",
    [
        "dropbear/ed25519",
        "openssh-pub/ed25519.pub",
        "rfc4716/ed25519-puttygen.pub",
        "ssh1/rsa1024.pub",
        "spki/rsa2048-openssl.pem",
    ],
)
def test_a_format_without_encryption_is_refused_and_those_with_it_are_named(path: str, tmp_path: Path) -> None:
    key = placed(tmp_path, path)
    result = run("passphrase", key, *old_and_new(tmp_path))
    assert result.code == 6
    name = by_path(path).reader
    able = ", ".join(known.name for known in LOCKERS)
    assert result.err.endswith(
        f"keyconv: {key}: {name} cannot be protected by a passphrase\n  hint: formats that can: {able}\n"
    )
    assert key.read_bytes() == by_path(path).data


def test_a_jwk_is_refused_too(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(write(sample("openssh/ed25519-plain"), "jwk"))
    assert run("passphrase", key, "--no-passphrase").code == 6


def test_a_ppk1_is_not_written_without_an_upgrade(tmp_path: Path) -> None:
    key = placed(tmp_path, "ppk1/ed25519-v1-private-mac-encrypted.ppk")
    result = run("passphrase", key, *old_and_new(tmp_path))
    assert (result.code, result.err) == (
        6,
        f"keyconv: {key}: ppk1 is read, not written\n  hint: pass --upgrade to write it as ppk\n",
    )


def test_of_several_keys_in_a_file_one_must_be_chosen(tmp_path: Path) -> None:
    key = placed(tmp_path, "openssh/two-keys-plain")
    result = run("passphrase", key, *old_and_new(tmp_path))
    assert result.code == 2
    assert "the file holds 2 keys" in result.err
    assert "choose one with --key N, from 1 to 2" in result.err
    assert run("passphrase", key, *old_and_new(tmp_path), "--key", "2").code == 5
    assert key.read_bytes() == by_path("openssh/two-keys-plain").data


@pytest.mark.parametrize("path", ["edge/ed25519-v3-cut-private.ppk", "edge/ed25519-v3-public-only.ppk"])
def test_a_file_without_its_private_half_is_not_made_shorter_still(path: str, tmp_path: Path) -> None:
    key = placed(tmp_path, path)
    result = run("passphrase", key, *old_and_new(tmp_path))
    assert result.code in (3, 6)
    assert key.read_bytes() == by_path(path).data


def test_an_input_that_is_not_there_or_no_key_exits_3(tmp_path: Path) -> None:
    result = run("passphrase", tmp_path / "nothing", "--no-passphrase")
    assert (result.code, result.err) == (3, f"keyconv: {tmp_path / 'nothing'}: no such file\n")
    (tmp_path / "text").write_text("hello")
    assert run("passphrase", tmp_path / "text", "--no-passphrase").code == 3
    assert run("passphrase", tmp_path, "--no-passphrase").code == 3


def test_no_passphrase_and_a_new_one_exclude_each_other(tmp_path: Path) -> None:
    path = placed(tmp_path, PLAIN["ppk"])
    assert run("passphrase", path, *old_and_new(tmp_path), "--no-passphrase").code == 2
    assert path.read_bytes() == by_path(PLAIN["ppk"]).data


# ── the file: its mode, its owner, its names ───────────────────────────────────────────────────────────────────────


@posix
@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640])
def test_the_mode_stays(mode: int, tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED["ppk"])
    path.chmod(mode)
    change(path, *old_and_new(tmp_path))
    assert mode_of(path) == mode


@posix
@needs_root
def test_the_owner_the_group_and_a_mode_for_the_group_stay(tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED["ppk"])
    os.chown(path, 12345, 54321)
    path.chmod(0o640)
    change(path, *old_and_new(tmp_path))
    found = path.stat()
    assert (found.st_uid, found.st_gid, mode_of(path)) == (12345, 54321, 0o640)


@posix
def test_a_symbolic_link_is_followed_to_its_file_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    target = placed(tmp_path / "far", ENCRYPTED["openssh"])
    link = tmp_path / "link"
    link.symlink_to("far/key")
    change(link, *old_and_new(tmp_path))
    assert link.is_symlink()
    assert not target.is_symlink()
    assert passphrase_of(target.read_bytes(), PASSPHRASE, NEW) == NEW
    assert [each.name for each in (tmp_path / "far").iterdir()] == ["key"]


@posix
def test_a_file_of_two_names_is_refused_before_a_passphrase_is_asked_for(tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED["openssh"])
    (tmp_path / "other").hardlink_to(path)
    result = run("passphrase", path, answers=[])
    assert (result.code, result.asked) == (5, ())
    assert "has 2 names (hard links)" in result.err
    assert path.read_bytes() == (tmp_path / "other").read_bytes() == by_path(ENCRYPTED["openssh"]).data


@posix
def test_a_dangling_link_makes_no_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    assert run("passphrase", tmp_path / "link", "--no-passphrase").code == 3
    assert not (tmp_path / "nowhere").exists()


# ── standard input ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ENCRYPTED)
def test_standard_input_is_read_and_standard_output_written(name: str, tmp_path: Path) -> None:
    data = by_path(ENCRYPTED[name]).data
    result = run("passphrase", "-", *old_and_new(tmp_path), stdin=data)
    assert (result.code, result.err) == (0, "keyconv: standard input: the passphrase was changed\n")
    assert passphrase_of(result.out, PASSPHRASE, NEW) == NEW
    assert protection(result.out) == protection(data)


def test_a_key_and_its_passphrase_cannot_both_come_on_standard_input(tmp_path: Path) -> None:
    data = by_path(ENCRYPTED["ppk"]).data
    result = run("passphrase", "-", "--passphrase-file", "-", "--no-passphrase", stdin=data)
    assert (result.code, result.out) == (2, b"")


def test_nothing_goes_to_standard_output_when_the_passphrase_is_wrong(tmp_path: Path) -> None:
    result = run("passphrase", "-", *old_and_new(tmp_path, old=b"x"), stdin=by_path(ENCRYPTED["ppk"]).data)
    assert (result.code, result.out) == (4, b"")
    assert result.err.startswith("keyconv: standard input: ")


def test_one_descriptor_may_give_both_passphrases(tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED["openssh"])
    flags = ("--passphrase-fd", "0", "--new-passphrase-fd", "0")
    result = run_process("passphrase", path, *flags, input=PASSPHRASE + b"\n" + NEW + b"\n")
    assert (result.code, result.out) == (0, b"")
    assert passphrase_of(path.read_bytes(), PASSPHRASE, NEW) == NEW


# ── passphrases of other programs' encodings ───────────────────────────────────────────────────────────────────────

TYPED = "Pässwörd € 1"
LATIN1_ALONE = "Pässwörd \x81"
"""cp1252 has nothing for the last character; latin-1 has."""

SPELLINGS = {
    "UTF-8": (TYPED, TYPED.encode()),
    "UTF-8 NFD": (TYPED, unicodedata.normalize("NFD", TYPED).encode()),
    "UTF-8 NFC": (unicodedata.normalize("NFD", TYPED), TYPED.encode()),
    "cp1252": (TYPED, TYPED.encode("cp1252")),
    "latin-1": (LATIN1_ALONE, LATIN1_ALONE.encode("latin-1")),
}
"""By the name that the note gives: what is typed, and the bytes that the file was encrypted with."""

LADDER_KEYS = {
    "ppk": "openssh/ed25519-plain",
    "ppk2": "openssh/ed25519-plain",
    "openssh": "openssh/ed25519-plain",
    "pem": "openssh/ecdsa-p256-plain",
    "pkcs8": "openssh/ed25519-plain",
    "sshcom": "edge/rsa1024-e37-openssh-plain",
    "ssh1": "edge/rsa1024-e37-openssh-plain",
}


def _encrypted_with(raw: bytes, target: Format) -> tuple[Entry, bytes]:
    entry = sample(LADDER_KEYS[target.name])
    options = WriteOptions(
        passphrase=Passphrase(raw), kdf_memory=64, kdf_passes=1, rounds=1, random=random.Random(1).randbytes
    )
    return entry, write(entry, target, options)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("target", [pytest.param(known, id=known.name) for known in LOCKERS])
def test_a_passphrase_typed_in_utf_8_opens_what_another_encoding_locked(
    target: Format, spelling: str, tmp_path: Path
) -> None:
    typed, raw = SPELLINGS[spelling]
    entry, data = _encrypted_with(raw, target)
    path = tmp_path / "key"
    path.write_bytes(data)
    result = change(path, *old_alone(tmp_path, typed.encode()), "--no-passphrase")
    note = f"keyconv: {path}: passphrase-encoding: the passphrase opened the key as {spelling}\n"
    assert (note in result.err) == (spelling != "UTF-8")
    assert only_entry(path.read_bytes()).private == entry.private


@pytest.mark.parametrize(
    "path", [f"passphrases/ed25519-{name}" for name in ("v3-cp1252.ppk", "v2-nfd.ppk", "openssh-latin1")]
)
def test_files_that_the_real_tools_locked_in_other_encodings_open(path: str, tmp_path: Path) -> None:
    fixture = by_path(path)
    assert fixture.passphrase is not None
    encoding = {"cp1252": "cp1252", "latin1": "latin-1"}.get(path.removesuffix(".ppk").rpartition("-")[2], "utf-8")
    typed = unicodedata.normalize("NFC", fixture.passphrase.decode(encoding))
    key = placed(tmp_path, path)
    change(key, *old_alone(tmp_path, typed.encode()), "--no-passphrase")
    assert only_entry(key.read_bytes()).private == opened(fixture).private


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", ["ppk", "openssh"])
def test_a_passphrase_that_stays_stays_the_same_bytes(name: str, spelling: str, tmp_path: Path) -> None:
    """PuTTY on Windows knows one encoding: after a change of cost it must open the file as before."""
    typed, raw = SPELLINGS[spelling]
    path = tmp_path / "key"
    path.write_bytes(_encrypted_with(raw, by_name(name))[1])
    flags = ("--rounds", "2") if name == "openssh" else ("--kdf-passes", "2")
    change(path, *old_alone(tmp_path, typed.encode()), *flags)
    locked = only_entry(path.read_bytes()).private
    assert isinstance(locked, Locked)
    locked.unlock(Passphrase(raw))


def test_puttygen_opens_a_key_of_cp1252_after_its_cost_was_changed(tmp_path: Path) -> None:
    raw = by_path("passphrases/ed25519-v3-cp1252.ppk").passphrase
    assert raw is not None
    key = placed(tmp_path, "passphrases/ed25519-v3-cp1252.ppk")
    change(key, *old_alone(tmp_path, raw.decode("cp1252").encode()), "--kdf-passes", "1")
    (tmp_path / "raw").write_bytes(raw + b"\n")
    _tool_opens(key, tmp_path / "raw", by_path("passphrases/ed25519-v3-cp1252.ppk"))


def test_a_wrong_passphrase_in_every_encoding_is_one_error(tmp_path: Path) -> None:
    for known in LOCKERS:
        path = tmp_path / "key"
        path.write_bytes(_encrypted_with(TYPED.encode(), known)[1])
        result = run("passphrase", path, *old_alone(tmp_path, "Pässwörd".encode()), "--no-passphrase")
        assert (result.code, result.err.count("keyconv: ")) == (4, 1)
        assert "--passphrase-encoding NAME" in result.err
