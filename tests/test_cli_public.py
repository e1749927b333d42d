"""`keyconv public`: the public half of anything, without a passphrase wherever the file shows it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fixture_files import FIXTURES_DIR, PASSPHRASE, READABLE, Fixture, by_path, formats, keyfile, pick
from test_cli_convert import (
    LOCKED_OPENSSH,
    LOCKED_PPK,
    OPENSSH,
    PPK,
    PUBLIC,
    TWO_KEYS,
    mode_of,
    posix,
    run,
    secret_file,
)
from tools import require

from keyconv import Format, read

PUBLIC_FORMATS = formats(lambda known: not known.can.private and known.write is not None)
AUTHORIZED_KEYS = FIXTURES_DIR / "authorized_keys" / "authorized_keys"


def shows_public(fixture: Fixture) -> bool:
    """Whether a file of one key has its public half in clear."""
    return bool(fixture.public_line) and all(entry.public is not None for entry in keyfile(fixture).entries)


ONE_KEY = pick(
    # an SSH-1 key has a line of its own, and becomes ssh-rsa here
    lambda fixture: not fixture.keys and shows_public(fixture) and fixture.type != "rsa1"
)


@pytest.mark.parametrize("fixture", ONE_KEY)
def test_the_line_is_the_one_that_the_real_tools_print_and_no_passphrase_is_needed(fixture: Fixture) -> None:
    result = run("public", fixture.file, "--no-input", answers=[])
    assert (result.code, result.asked) == (0, ())
    line = result.out.decode("utf-8", "surrogateescape")
    assert line.count("\n") == 1
    assert fixture.public_line is not None
    # A line may begin with options; what follows the key is the comment, or nothing.
    at = line.index(fixture.public_line)
    assert at == 0 or line[at - 1] == " "
    assert line[at + len(fixture.public_line)] in " \n"


def test_both_of_the_encrypted_formats_are_among_them() -> None:
    encrypted = {fixture.reader for fixture in READABLE if fixture.encrypted and shows_public(fixture)}
    assert {"ppk", "ppk2", "ppk1", "openssh"} <= encrypted


def test_the_comment_is_that_of_the_file_and_can_be_replaced_or_removed() -> None:
    comment = by_path("ppk/ed25519-v3-argon2id-encrypted.ppk").comment
    assert comment is not None
    assert run("public", LOCKED_PPK).out.endswith(b" " + comment + b"\n")
    assert run("public", LOCKED_PPK, "--comment", "me @ home").out.endswith(b" me @ home\n")
    assert run("public", LOCKED_PPK, "--comment", "").out.count(b" ") == 1


def test_a_hidden_comment_appears_with_the_passphrase(tmp_path: Path) -> None:
    assert run("public", LOCKED_OPENSSH).out.count(b" ") == 1
    result = run("public", LOCKED_OPENSSH, "--passphrase-file", secret_file(tmp_path, PASSPHRASE))
    assert result.out.endswith(b" keyconv fixture ed25519\n")


def test_a_wrong_passphrase_that_is_given_all_the_same_exits_4(tmp_path: Path) -> None:
    result = run("public", LOCKED_PPK, "--passphrase-file", secret_file(tmp_path, b"wrong"), answers=[])
    assert (result.code, result.out, result.asked) == (4, b"", ())


@pytest.mark.parametrize("known", PUBLIC_FORMATS)
def test_every_public_format_can_be_asked_for(known: Format) -> None:
    name = known.name
    result = run("public", FIXTURES_DIR / "ppk" / "rsa2048-v3-plain.ppk", "-t", name)
    if result.code == 6:  # it holds no RSA key of SSH-2
        return
    assert result.code == 0
    if known.can.readable:
        written = read(result.out)
        assert (written.format, written.entries[0].private) == (name, None)
        assert written.entries[0].public == keyfile(by_path("ppk/rsa2048-v3-plain.ppk")).entries[0].public


@pytest.mark.parametrize("name", ["ppk", "openssh", "ppk2"])
def test_a_private_format_is_a_usage_error(name: str, tmp_path: Path) -> None:
    result = run("public", PPK, "-t", name, "-o", tmp_path / "out")
    assert result.code == 2
    assert result.err == f"keyconv: {name} is a format for private keys\n  hint: keyconv convert writes those\n"
    assert not (tmp_path / "out").exists()


def test_an_unknown_format_is_a_usage_error_that_names_the_nearest() -> None:
    result = run("public", PPK, "-t", "rfc4761")
    assert (result.code, "did you mean 'rfc4716'?" in result.err) == (2, True)


# ── many keys ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_a_file_with_several_keys_all_are_printed_or_the_one_asked_for() -> None:
    result = run("public", TWO_KEYS)
    assert (result.code, result.out.count(b"\n")) == (0, 2)
    one = run("public", TWO_KEYS, "--key", "2")
    assert one.out == result.out.splitlines(keepends=True)[1]
    assert run("public", TWO_KEYS, "--key", "3").code == 2


def test_the_lines_of_an_authorized_keys_file_come_out_with_their_options() -> None:
    result = run("public", AUTHORIZED_KEYS)
    assert result.code == 0
    lines = result.out.decode().splitlines()
    keys = by_path("authorized_keys/authorized_keys").keys
    assert len(lines) == len(keys)
    for line, key in zip(lines, keys, strict=True):
        assert key.public_line in line
        assert line.startswith(key.public_line) == (not key.options)
    again = run("public", "-", stdin=result.out)
    assert again.out == result.out


@pytest.mark.parametrize("known", PUBLIC_FORMATS)
def test_a_format_for_one_key_does_not_take_many(known: Format) -> None:
    result = run("public", TWO_KEYS, "-t", known.name)
    if known.can.many:
        assert (result.code, len(read(result.out).entries) if known.can.readable else 2) == (0, 2)
    elif result.code != 6:  # unless it can hold neither of them
        assert (result.code, result.out) == (2, b"")
        assert f"there are 2 keys, and {known.name} holds one\n  hint: choose one with --key N\n" in result.err
        assert run("public", TWO_KEYS, "-t", known.name, "--key", "1").code == 0


def test_several_inputs_become_lines_in_their_order_and_a_failure_stops_no_other(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    result = run("public", PPK, missing, PUBLIC, OPENSSH)
    assert result.code == 3
    assert result.err == f"keyconv: {missing}: no such file\n"
    assert [line.split()[0] for line in result.out.splitlines()] == [b"ssh-ed25519"] * 3


def test_into_a_file_go_all_inputs_or_none(tmp_path: Path) -> None:
    out = tmp_path / "authorized_keys"
    assert run("public", PPK, tmp_path / "none", "-o", out).code == 3
    assert not out.exists()
    assert run("public", PPK, OPENSSH, "-o", out).code == 0
    assert out.read_bytes().count(b"\n") == 2


# ── output, losses, errors ─────────────────────────────────────────────────────────────────────────────────────────


def test_standard_input_and_output_are_dashes() -> None:
    expected = run("public", PPK).out
    assert run("public", "-", "-o", "-", stdin=PPK.read_bytes()).out == expected


def test_an_existing_output_and_the_input_are_not_overwritten(tmp_path: Path) -> None:
    key, out = tmp_path / "key.ppk", tmp_path / "out"
    key.write_bytes(PPK.read_bytes())
    out.write_bytes(b"precious")
    result = run("public", key, "-o", out)
    assert (result.code, result.err) == (5, f"keyconv: {out}: already exists\n  hint: pass --force to replace it\n")
    assert out.read_bytes() == b"precious"
    assert run("public", key, "-o", key, "--force", "-t", "openssh-pub").code == 5
    assert run("public", key, "-o", tmp_path / "new.ppk").code == 2
    assert key.read_bytes() == PPK.read_bytes()
    assert run("public", key, "-o", out, "--force").code == 0
    assert out.read_bytes() == run("public", key).out


@posix
def test_a_public_key_is_not_hidden(tmp_path: Path) -> None:
    out = tmp_path / "key.pub"
    assert run("public", PPK, "-o", out).code == 0
    assert mode_of(out) & 0o400
    assert not mode_of(out) & 0o111


def test_a_loss_is_told_and_refused_under_strict() -> None:
    path = FIXTURES_DIR / "openssh-pub" / "ed25519-options.pub"
    result = run("public", path, "-t", "rfc4716")
    assert result.code == 0
    assert result.err == f"keyconv: {path}: lost: rfc4716 cannot hold the options of the authorized_keys line\n"
    assert run("public", path, "-t", "rfc4716", "-q").err == ""
    strict = run("public", path, "-t", "rfc4716", "--strict")
    assert (strict.code, strict.out) == (6, b"")


@pytest.mark.parametrize("name", ["control-v3-plain.ppk", "control-openssh-plain", "control.pub"])
def test_a_comment_cannot_make_a_second_line_or_act_on_the_terminal(name: str) -> None:
    result = run("public", FIXTURES_DIR / "comments" / name)
    assert result.out.endswith(b" bell  escape [31m red [0m\n")
    assert result.out.count(b"\n") == 1


def test_a_certificate_comes_out_whole() -> None:
    for name in ("user-ed25519-v3-encrypted.ppk", "user-ed25519-cert.pub"):
        fixture = by_path(f"certificates/{name}")
        assert fixture.public_line is not None
        result = run("public", fixture.file)
        assert result.out.decode().startswith(fixture.public_line)
        assert b"ssh-ed25519-cert-v01@openssh.com " in result.out


def test_what_is_no_key_exits_3(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"hello")
    result = run("public", path)
    assert (result.code, result.out) == (3, b"")
    assert result.err.startswith(f"keyconv: {path}: ")


def test_the_public_half_of_a_ppk_that_is_cut_short_is_still_there() -> None:
    for fixture in READABLE:
        if not fixture.whole:
            result = run("public", fixture.file)
            assert result.code == 0
            assert re.search(r"keyconv: .*: truncated: ", result.err)


@posix
def test_ssh_keygen_reads_the_line_and_prints_the_same_fingerprint(tmp_path: Path) -> None:
    tool = require("ssh-keygen")
    for name in ("ppk/rsa2048-v3-argon2id-encrypted.ppk", "openssh/ecdsa-p384-encrypted", "ppk/ed25519-v2-plain.ppk"):
        fixture = by_path(name)
        out = tmp_path / "key.pub"
        assert run("public", fixture.file, "-o", out, "--force").code == 0
        ran = subprocess.run([tool, "-lf", out], capture_output=True, check=True)
        assert ran.stdout.decode().split()[1] == fixture.sha256_fingerprint


def test_it_reads_only_what_it_needs_and_runs_no_kdf() -> None:
    # an encrypted PPK of a terabyte's cost, and an OpenSSH file's public half: no KDF, no bcrypt, no argon2
    code = (
        "import sys; from typer.testing import CliRunner; from keyconv.cli.app import app;"
        f"assert CliRunner().invoke(app, ['public', {str(LOCKED_PPK)!r}, {str(LOCKED_OPENSSH)!r}]).exit_code == 0;"
        "sys.exit(bool({'bcrypt', 'argon2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=FIXTURES_DIR.parent).returncode == 0
