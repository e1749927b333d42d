"""`keyconv repair`: fixes to a new file or in place, says what it undid, and touches nothing else."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

import pytest
from damages import FILES, KeyFixture, applicable, by_name, file_by_name
from fixture_files import by_path
from test_cli_convert import run, run_process, secret_file
from tools import require

import keyconv
from keyconv.formats import by_ending

OPENSSH = by_path("openssh/ed25519-plain").data
LOCKED = file_by_name("openssh rsa, encrypted").data
LOCKED_PPK = file_by_name("ppk 3 rsa, encrypted").data
NOTHING = "nothing to fix"


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """Write a key with CR LF and quotes around it."""
    path = tmp_path / "id"
    path.write_bytes(b'"' + OPENSSH.replace(b"\n", b"\r\n") + b'"\r\n')
    path.chmod(0o600)
    return path


def test_the_mended_key_goes_to_a_file_and_what_was_undone_to_standard_error(damaged: Path, tmp_path: Path) -> None:
    before = damaged.read_bytes()
    out = tmp_path / "new"
    result = run("repair", damaged, "-o", out)
    assert (result.code, result.out) == (0, b"")
    assert out.read_bytes() == OPENSSH
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert damaged.read_bytes() == before
    assert result.err == (
        f"keyconv: {damaged}: fixed crlf: the line ends are CR LF\n"
        f"keyconv: {damaged}: fixed quoted: the text is in quotes\n"
    )


def test_without_o_it_goes_to_standard_output(damaged: Path) -> None:
    assert run("repair", damaged).out == OPENSSH
    assert run("repair", damaged, "-o", "-").out == OPENSSH
    assert run("repair", "-", stdin=damaged.read_bytes()).out == OPENSSH


def test_an_unencrypted_key_is_not_shown_on_a_terminal(damaged: Path) -> None:
    require("script")
    shown = run_process("repair", damaged, boot="import sys; sys.stdout.isatty = lambda: True")
    assert (shown.code, shown.out) == (5, b"")
    assert "not shown on a terminal" in shown.err
    insisted = run_process("repair", damaged, "-o", "-", boot="import sys; sys.stdout.isatty = lambda: True")
    assert (insisted.code, insisted.out) == (0, OPENSSH)


@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in FILES])
def test_with_nothing_to_undo_the_same_bytes_are_written(file: KeyFixture, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(file.data)
    result = run("repair", path)
    assert (result.code, result.out) == (0, file.data)
    assert NOTHING in result.err


def test_quiet_says_nothing(damaged: Path) -> None:
    assert run("repair", "-q", damaged).err == ""


# ── what is proved ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (LOCKED, "private key not verified (needs the passphrase)"),
        (LOCKED_PPK, "private key and comment not verified (needs the passphrase)"),
    ],
)
def test_what_could_not_be_proved_is_told(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(data.replace(b"\n", b"\r\n"))
    without = run("repair", path)
    assert (without.code, without.out, said in without.err) == (0, data, True)
    proved = run("repair", path, "--passphrase-file", secret_file(tmp_path, b"correct horse\n"))
    assert (proved.code, proved.out, "not proved" in proved.err) == (0, data, False)


def test_the_passphrase_proves_what_the_file_cannot(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(by_name("space-for-plus").apply(LOCKED) or b"")
    without = run("repair", path)
    assert (without.code, without.out) == (3, b"")
    assert "'+' became a space" in without.err
    assert "--passphrase-file FILE" in without.err
    proved = run("repair", path, "--passphrase-env", "SECRET", SECRET="correct horse")
    assert (proved.code, proved.out) == (0, LOCKED)


def test_a_wrong_passphrase_is_told(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(LOCKED.replace(b"\n", b"\r\n"))
    result = run("repair", path, "--passphrase-env", "SECRET", SECRET="wrong")
    assert (result.code, result.out) == (4, b"")
    assert "wrong passphrase" in result.err


def test_nothing_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(LOCKED)
    assert run("repair", path, answers=[]).asked == ()


# ── what cannot be fixed ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (OPENSSH[:200], "the end is missing: "),
        (b"${{ secrets.KEY }}\n", "an expression of GitHub Actions that was not evaluated"),
        (OPENSSH + by_path("openssh/rsa2048-plain").data, "the file has 2 keys, at lines 1, 8"),
        (by_path("edge/ed25519-v3-cut-private.ppk").data, "cut short"),
        (b"", "the file is empty"),
    ],
)
def test_what_cannot_be_mended_is_told_and_nothing_is_written(data: bytes, said: str, tmp_path: Path) -> None:
    path, out = tmp_path / "key", tmp_path / "new"
    path.write_bytes(data)
    for more in ([], ["-o", out], ["--in-place"]):
        result = run("repair", path, *more)
        assert (result.code, result.out) == (3, b"")
        assert said in result.err
    assert path.read_bytes() == data
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = run("repair", tmp_path / "none")
    assert (result.code, result.err) == (3, f"keyconv: {tmp_path / 'none'}: no such file\n")


# ── where it goes ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_existing_file_is_kept_without_force(damaged: Path, tmp_path: Path) -> None:
    out = tmp_path / "new"
    out.write_bytes(b"mine")
    result = run("repair", damaged, "-o", out)
    assert (result.code, out.read_bytes()) == (5, b"mine")
    assert run("repair", damaged, "-o", out, "--force").code == 0
    assert out.read_bytes() == OPENSSH


@pytest.mark.parametrize("more", [[], ["--force"]])
def test_the_input_is_never_the_output(damaged: Path, more: list[str]) -> None:
    before = damaged.read_bytes()
    assert run("repair", damaged, "-o", damaged, *more).code == 5
    assert damaged.read_bytes() == before


def test_a_public_key_is_not_secret(tmp_path: Path) -> None:
    path, out = tmp_path / "key", tmp_path / "new.pub"
    path.write_bytes(b"> " + by_path("openssh-pub/ed25519.pub").data)
    old = os.umask(0o022)
    try:
        assert run("repair", path, "-o", out).code == 0
    finally:
        os.umask(old)
    assert stat.S_IMODE(out.stat().st_mode) == 0o644


# ── in place ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_in_place_keeps_what_was_there(damaged: Path) -> None:
    before = damaged.read_bytes()
    damaged.chmod(0o640)
    result = run("repair", damaged, "--in-place")
    backup = damaged.with_name("id.bak")
    assert (result.code, result.out) == (0, b"")
    assert f"the file as it was is {backup}" in result.err
    assert (damaged.read_bytes(), backup.read_bytes()) == (OPENSSH, before)
    assert stat.S_IMODE(damaged.stat().st_mode) == 0o640
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_no_backup_is_written_over(damaged: Path) -> None:
    before = damaged.read_bytes()
    for name in ("id.bak", "id.bak1"):
        damaged.with_name(name).write_bytes(b"mine")
    damaged.with_name("id.bak2").symlink_to("/nonexistent/x")
    assert run("repair", damaged, "--in-place").code == 0
    assert damaged.with_name("id.bak").read_bytes() == b"mine"
    assert damaged.with_name("id.bak1").read_bytes() == b"mine"
    assert damaged.with_name("id.bak2").is_symlink()
    assert damaged.with_name("id.bak3").read_bytes() == before


def test_in_place_with_nothing_to_undo_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "id"
    path.write_bytes(OPENSSH)
    before = path.stat()
    result = run("repair", path, "--in-place")
    assert (result.code, NOTHING in result.err) == (0, True)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert sorted(tmp_path.iterdir()) == [path]


def test_in_place_follows_a_link_to_the_file(damaged: Path) -> None:
    link = damaged.with_name("link")
    link.symlink_to(damaged)
    assert run("repair", link, "--in-place").code == 0
    assert link.is_symlink()
    assert damaged.read_bytes() == OPENSSH
    assert link.with_name("link.bak").is_file()


@pytest.mark.parametrize("arguments", [["-", "--in-place"], ["id", "--in-place", "-o", "new"]])
def test_in_place_needs_a_place(arguments: list[str]) -> None:
    assert run("repair", *arguments, stdin=OPENSSH).code == 2


def test_a_failing_rewrite_leaves_both(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = damaged.read_bytes()

    def fail(*_: object, **where: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    result = run("repair", damaged, "--in-place")
    assert result.code == 5
    assert damaged.read_bytes() == damaged.with_name("id.bak").read_bytes() == before


# ── every damage, by the command ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["openssh ed25519", "ppk 2 rsa", "authorized_keys, ten lines"])
def test_every_damage_is_told_by_the_name_of_its_rule(name: str, tmp_path: Path) -> None:
    file = file_by_name(name)
    path = tmp_path / "key"
    for damage, data in applicable(file):
        path.write_bytes(data)
        result = run("repair", path)
        if damage.rule == "space-for-plus" and not file.private:
            assert result.code == 3
            continue
        assert (result.code, result.out) == (0, file.data), damage.name
        assert f"fixed {damage.rule}: " in result.err, damage.name


@pytest.mark.parametrize(
    ("path", "name", "code"),
    [
        ("openssh/ed25519-plain", "x.ppk", 2),
        ("openssh/ed25519-plain", "x.pub", 2),
        ("openssh/ed25519-plain", "x.pem", 0),
        ("openssh/ed25519-plain", "x.txt", 0),
        ("ppk/ed25519-v3-plain.ppk", "x.openssh", 2),
        ("ppk/ecdsa-p256-v2-plain.ppk", "x.PPK", 0),
        ("ppk/ed25519-v3-plain.ppk", "x", 0),
        ("openssh-pub/ed25519.pub", "x.ppk", 2),
        ("openssh-pub/ed25519.pub", "x.pub", 0),
    ],
)
def test_nothing_is_written_under_the_name_of_another_format(path: str, name: str, code: int, tmp_path: Path) -> None:
    source, out = tmp_path / "in put", tmp_path / name
    source.write_bytes(b"\n" + by_path(path).data)
    result = run("repair", source, "-o", out)
    assert (result.code, out.exists()) == (code, code == 0), result.err
    if code and by_path(path).private and not name.endswith(".pub"):
        (hint,) = (line.strip() for line in result.err.splitlines() if line.strip().startswith("hint: "))
        first, second = (shlex.split(part) for part in hint.removeprefix("hint: ").split(" | "))
        fixed = run(*first[1:])
        assert fixed.code == 0
        assert run(*second[1:], stdin=fixed.out).code == 0
        assert by_ending(str(out), private=True)[0] == keyconv.read(out.read_bytes()).format
