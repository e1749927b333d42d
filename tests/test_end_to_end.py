"""Logging in: a real sshd, the line that keyconv wrote, the keys that keyconv converted, and the real ssh and plink."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fixture_files import FIXTURES_DIR, PASSPHRASE, by_path
from logins import GREETING, Server, listening, plink, ssh
from test_cli_convert import run, secret_file

NAMES = ("ed25519", "rsa2048", "ecdsa-p256", "ecdsa-p521")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with listening(tmp_path_factory.mktemp("sshd")) as running:
        yield running


def authorize(server: Server, *paths: Path) -> None:
    """Let `keyconv public` write the lines for these keys."""
    result = run("public", *paths, "-o", server.authorized_keys, "--force")
    assert result.code == 0


# ── ssh, with what was a PPK ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", NAMES)
def test_ssh_logs_in_with_a_key_that_was_a_ppk(name: str, server: Server, tmp_path: Path) -> None:
    ppk = FIXTURES_DIR / "ppk" / f"{name}-v3-plain.ppk"
    authorize(server, ppk)
    assert run("convert", ppk, "-o", tmp_path / "key").code == 0
    ran = ssh(server, tmp_path / "key")
    assert (ran.returncode, ran.stdout.decode().strip()) == (0, GREETING), ran.stderr


@pytest.mark.parametrize("name", NAMES[:3])
def test_ssh_logs_in_with_an_encrypted_key_that_was_an_encrypted_ppk(name: str, server: Server, tmp_path: Path) -> None:
    ppk = FIXTURES_DIR / "ppk" / f"{name}-v3-argon2id-encrypted.ppk"
    authorize(server, ppk)
    secret = secret_file(tmp_path, PASSPHRASE + b"\n")
    assert run("convert", ppk, "-o", tmp_path / "key", "--passphrase-file", secret, "--rounds", "4").code == 0
    askpass = tmp_path / "askpass"
    askpass.write_text(f"#!/bin/sh\nexec cat '{secret}'\n", "ascii")
    askpass.chmod(0o700)
    asks = {"SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force"}
    ran = ssh(server, tmp_path / "key", **asks)
    assert (ran.returncode, ran.stdout.decode().strip()) == (0, GREETING), ran.stderr
    secret.write_bytes(b"wrong\n")
    assert ssh(server, tmp_path / "key", **asks).returncode == 255


# ── plink, with what was OpenSSH's ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", NAMES)
def test_plink_logs_in_with_a_ppk_that_was_an_openssh_key(name: str, server: Server, tmp_path: Path) -> None:
    key = FIXTURES_DIR / "openssh" / f"{name}-plain"
    authorize(server, key)
    assert run("convert", key, "-o", tmp_path / "key.ppk").code == 0
    status, seen = plink(server, tmp_path / "key.ppk", tmp_path)
    assert (status, GREETING.encode() in seen) == (0, True), seen


@pytest.mark.parametrize("name", NAMES[:3])
def test_plink_logs_in_with_an_encrypted_ppk_that_was_an_encrypted_openssh_key(
    name: str, server: Server, tmp_path: Path
) -> None:
    key = FIXTURES_DIR / "openssh" / f"{name}-encrypted"
    authorize(server, key)
    secret = secret_file(tmp_path, PASSPHRASE + b"\n")
    assert run("convert", key, "-o", tmp_path / "key.ppk", "--passphrase-file", secret, "--kdf-passes", "2").code == 0
    status, seen = plink(server, tmp_path / "key.ppk", tmp_path, PASSPHRASE)
    assert (status, GREETING.encode() in seen) == (0, True), seen
    comment = by_path(f"openssh/{name}-encrypted").comment
    assert comment is not None
    assert b'Passphrase for key "' + comment + b'": ' in seen


# ── and these tests can fail ───────────────────────────────────────────────────────────────────────────────────────


def test_another_key_is_refused_by_the_same_server(server: Server, tmp_path: Path) -> None:
    authorize(server, FIXTURES_DIR / "ppk" / "ed25519-v3-plain.ppk")
    other = FIXTURES_DIR / "edge" / "ed25519-zero-end-v3-plain.ppk"
    assert run("convert", other, "-o", tmp_path / "key").code == 0
    ran = ssh(server, tmp_path / "key")
    assert (ran.returncode, ran.stdout) == (255, b"")
    assert b"Permission denied (publickey)" in ran.stderr
    status, seen = plink(server, other, tmp_path)
    assert status != 0
    assert GREETING.encode() not in seen


def test_a_line_with_options_is_obeyed(server: Server, tmp_path: Path) -> None:
    ppk = FIXTURES_DIR / "ppk" / "ed25519-v3-plain.ppk"
    line = run("public", ppk).out
    lined = tmp_path / "authorized_keys"
    lined.write_bytes(b'restrict,command="echo forced" ' + line)
    authorize(server, lined)
    assert run("convert", ppk, "-o", tmp_path / "key").code == 0
    assert ssh(server, tmp_path / "key").stdout == b"forced\n"
