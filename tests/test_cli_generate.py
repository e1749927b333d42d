"""`keyconv generate`: a new key in every format that is wanted, or nothing at all."""

from __future__ import annotations

import errno
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fixture_files import PASSPHRASE
from sshd import serve
from test_cli_convert import Result, check_shape, mode_of, only_entry, passphrase_of, posix, run, secret_file
from test_cli_passphrase import protection
from tools import PATIENCE, require

from keyconv import FORMATS, Entry, Format, Locked, WriteOptions, engine, read, unlock
from keyconv.codec import public_blob
from keyconv.crypto import fingerprint
from keyconv.errors import MismatchError, UsageError
from keyconv.formats import by_name
from keyconv.keys import EcdsaPrivateKey
from keyconv.proof.generation import check_bits, generate

PLAIN = "--no-passphrase"
CHEAP = ("--rounds", "1", "--kdf-memory", "64", "--kdf-passes", "1")
LINE = re.compile(r"(?P<key>(?P<type>[a-z0-9-]+) [A-Za-z0-9+/]+=*) (?P<comment>.+)\n")
SIZES = (
    ("ed25519", (), "ssh-ed25519", 256),
    ("ed25519", ("-b", "256"), "ssh-ed25519", 256),
    ("ed448", (), "ssh-ed448", 448),
    ("ecdsa", (), "ecdsa-sha2-nistp256", 256),
    ("ecdsa", ("-b", "256"), "ecdsa-sha2-nistp256", 256),
    ("ecdsa", ("-b", "384"), "ecdsa-sha2-nistp384", 384),
    ("ecdsa", ("-b", "521"), "ecdsa-sha2-nistp521", 521),
    ("rsa", ("-b", "2048"), "ssh-rsa", 2048),
    ("rsa", (), "ssh-rsa", 3072),
    ("dsa", ("--insecure-dsa",), "ssh-dss", 1024),
)


def make(path: Path, *arguments: str | Path) -> Result:
    """Run the command, which must succeed."""
    result = run("generate", "-o", path, *arguments)
    assert result.code == 0, result.err
    return result


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _tool(*command: str | Path) -> str:
    ran = subprocess.run(
        [require(str(command[0])), *map(str, command[1:])],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.decode()


# ── types and sizes ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("family", "flags", "algorithm", "bits"), SIZES)
def test_every_type_and_size_is_made_and_the_line_to_paste_is_the_pub(
    family: str, flags: tuple[str, ...], algorithm: str, bits: int, tmp_path: Path
) -> None:
    result = make(tmp_path / "id", "-t", family, *flags, PLAIN, "--comment", "me, here")
    assert names(tmp_path) == ["id", "id.pub"]
    line = (tmp_path / "id.pub").read_bytes()
    assert result.out == line
    found = LINE.fullmatch(line.decode())
    assert found is not None
    assert (found["type"], found["comment"]) == (algorithm, "me, here")
    private = only_entry((tmp_path / "id").read_bytes())
    assert private.public is not None
    assert (private.public.bits, private.comment) == (bits, b"me, here")
    assert private.public == only_entry(line).public
    assert result.err == (
        f"keyconv: {tmp_path / 'id'}: written as openssh\n"
        f"keyconv: {tmp_path / 'id.pub'}: written as openssh-pub\n"
        f"keyconv: {fingerprint.sha256(public_blob.write(private.public))}\n"
    )
    if family == "ed448":  # which OpenSSH does not have
        said = _tool("puttygen", "-L", tmp_path / "id")
        assert said.split()[:2] == line.decode().split()[:2]
        return
    shown = _tool("ssh-keygen", "-l", "-f", tmp_path / "id.pub").split()
    assert shown[:2] == [str(bits), result.err.split()[-1]]
    assert _tool("ssh-keygen", "-y", "-P", "", "-f", tmp_path / "id").encode() == line


def test_ed25519_is_the_default(tmp_path: Path) -> None:
    assert make(tmp_path / "id", PLAIN).out.startswith(b"ssh-ed25519 ")


def test_no_two_keys_are_the_same(tmp_path: Path) -> None:
    lines = {make(tmp_path / f"id{number}", PLAIN).out for number in range(3)}
    assert len(lines) == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("-t", "rsa", "-b", "1024"),
        ("-t", "rsa", "-b", "2047"),
        ("-t", "rsa", "-b", "16385"),
        ("-t", "rsa", "-b", "0"),
        ("-t", "rsa", "-b", "-2048"),
        ("-t", "ecdsa", "-b", "255"),
        ("-t", "ecdsa", "-b", "0"),
        ("-t", "ed25519", "-b", "255"),
        ("-t", "ed448", "-b", "256"),
        ("-t", "dsa", "--insecure-dsa", "-b", "512"),
        ("-t", "dsa"),
        ("-t", "dsa", "-b", "1024"),
        ("-t", "sk-ed25519"),
        ("-t", "rsa", "-b", "many"),
    ],
)
def test_a_size_or_type_that_there_is_not_is_a_usage_error_before_a_passphrase_is_asked_for(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    result = run("generate", "-o", tmp_path / "id", *arguments, answers=[])
    assert (result.code, result.asked, names(tmp_path)) == (2, (), [])


def test_dsa_needs_its_flag_and_says_what_to_take_instead(tmp_path: Path) -> None:
    result = run("generate", "-o", tmp_path / "id", "-t", "dsa", PLAIN)
    assert result.code == 2
    assert "no longer taken by OpenSSH\n  hint: -t ed25519 is today's choice" in result.err


def test_the_sizes_have_the_limits_that_the_help_names() -> None:
    for family, bits in (("rsa", 2048), ("rsa", 16_384), ("dsa", 1024), ("dsa", 2048), ("dsa", 3072)):
        assert check_bits(family, bits) == bits
    assert [check_bits(family, None) for family in ("ed25519", "ed448", "ecdsa", "rsa", "dsa")] == [
        256,
        448,
        256,
        3072,
        1024,
    ]
    with pytest.raises(UsageError, match="are not generated"):
        check_bits("mldsa44-ed25519", None)


def test_an_ecdsa_scalar_out_of_range_is_drawn_again() -> None:
    draws = [bytes(32), b"\xff" * 32, (7).to_bytes(32, "big")]
    private = generate("ecdsa", 256, lambda count: draws.pop(0))
    assert isinstance(private, EcdsaPrivateKey)
    assert (private.d, draws) == (7, [])
    private = generate("ecdsa", 521, lambda count: b"\x01" * count)
    assert isinstance(private, EcdsaPrivateKey)
    assert 1 <= private.d.bit_length() <= 521


# ── where it goes ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_name_that_ends_in_ppk_makes_a_ppk_first(tmp_path: Path) -> None:
    result = make(tmp_path / "id.ppk", PLAIN, "--also", "openssh", "--also", "ppk")
    assert names(tmp_path) == ["id.openssh", "id.ppk", "id.pub"]
    assert read((tmp_path / "id.ppk").read_bytes()).format == "ppk"
    assert read((tmp_path / "id.openssh").read_bytes()).format == "openssh"
    assert result.out == (tmp_path / "id.pub").read_bytes()
    assert _tool("puttygen", "-L", tmp_path / "id.ppk").encode() == result.out


def test_a_whole_walk_in_one_command(tmp_path: Path) -> None:
    result = make(tmp_path / "id", PLAIN, "--also", "ppk", "--also", "rfc4716")
    written = {"id": "openssh", "id.ppk": "ppk", "id.pub": "openssh-pub", "id.rfc4716": "rfc4716"}
    assert names(tmp_path) == sorted(written)
    entries = [only_entry((tmp_path / name).read_bytes()) for name in written]
    assert {read((tmp_path / name).read_bytes()).format for name in written} == set(written.values())
    assert len({entry.public for entry in entries}) == 1
    assert len({entry.comment for entry in entries}) == 1
    assert result.out == (tmp_path / "id.pub").read_bytes()


@pytest.mark.parametrize("family", ["rsa", "ecdsa", "ed25519", "ed448"])
def test_every_format_that_holds_the_type_is_written_at_once_each_to_its_own_file(family: str, tmp_path: Path) -> None:
    able = [known for known in FORMATS if known.write and family in known.can.families]
    flags = [flag for known in able for flag in ("--also", known.name)]
    make(tmp_path / "id", "-t", family, *(("-b", "2048") if family == "rsa" else ()), PLAIN, *flags)
    assert len(names(tmp_path)) == len(able)
    public = only_entry((tmp_path / "id.pub").read_bytes()).public
    read_back = {}
    for path in tmp_path.iterdir():
        if path.suffix == ".sshfp":
            continue
        file = read(path.read_bytes())
        read_back[file.format] = file.entries[0].public
    assert read_back == {known.name: public for known in able if known.can.readable}


@pytest.mark.parametrize(
    ("also", "written"),
    [
        (("pkcs8",), ["id", "id.pem", "id.pub"]),
        (("pem", "pkcs8"), ["id", "id.pem", "id.pkcs8", "id.pub"]),
        (("pkcs8", "pem"), ["id", "id.pem", "id.pkcs8", "id.pub"]),
        (("ppk2",), ["id", "id.ppk", "id.pub"]),
        (("ppk2", "ppk"), ["id", "id.ppk", "id.ppk2", "id.pub"]),
        (("ppk3", "ppk", "PPK"), ["id", "id.ppk", "id.pub"]),
        (("spki", "rfc4716"), ["id", "id.pub", "id.pub.pem", "id.rfc4716"]),
    ],
)
def test_no_two_formats_take_the_same_name(also: tuple[str, ...], written: list[str], tmp_path: Path) -> None:
    make(tmp_path / "id", "-t", "ecdsa", PLAIN, *(word for name in also for word in ("--also", name)))
    assert names(tmp_path) == written
    for path in tmp_path.iterdir():
        file = read(path.read_bytes())
        assert by_name(file.format).can.private == (file.kind == "private")
        if path.suffix not in ("", ".pub"):
            assert file.format == path.suffix[1:] or len(also) == 1 or path.name == "id.pub.pem"


def test_to_standard_output_goes_the_private_key_alone() -> None:
    result = run("generate", "-o", "-", PLAIN)
    assert result.code == 0
    assert read(result.out).format == "openssh"
    assert result.err.startswith("keyconv: written as openssh\nkeyconv: SHA256:")
    assert run("generate", "-o", "-", PLAIN, "--also", "ppk").code == 2


def test_without_a_name_there_is_no_key() -> None:
    result = run("generate", PLAIN)
    assert (result.code, result.out, result.err) == (
        2,
        b"",
        "keyconv: missing -o NAME\n  hint: for example: keyconv generate -o id_ed25519\n",
    )


@posix
@pytest.mark.parametrize("mask", [0o022, 0o000, 0o077])
def test_private_files_are_0600_and_public_ones_what_the_umask_leaves(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        make(tmp_path / "id", PLAIN, *(word for name in ("ppk", "pkcs8", "jwk", "spki") for word in ("--also", name)))
    finally:
        os.umask(before)
    public = 0o666 & ~mask
    assert {path.name: mode_of(path) for path in tmp_path.iterdir()} == {
        "id": 0o600,
        "id.ppk": 0o600,
        "id.pem": 0o600,
        "id.jwk": 0o600,
        "id.pub": public,
        "id.pub.pem": public,
    }


def test_the_comment_is_user_at_host_unless_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "zoë")
    monkeypatch.setattr("platform.node", lambda: "laptop")
    make(tmp_path / "id", PLAIN)
    assert only_entry((tmp_path / "id").read_bytes()).comment == "zoë@laptop".encode()
    make(tmp_path / "other", PLAIN, "--comment", "")
    assert not only_entry((tmp_path / "other").read_bytes()).comment


def test_without_a_user_or_a_host_there_is_a_comment_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise OSError("no such user")

    monkeypatch.setattr("getpass.getuser", nobody)
    monkeypatch.setattr("platform.node", lambda: "")
    make(tmp_path / "id", PLAIN)
    assert only_entry((tmp_path / "id").read_bytes()).comment == b"user@localhost"


def test_control_characters_in_the_comment_are_replaced_and_that_is_told(tmp_path: Path) -> None:
    result = make(tmp_path / "id", PLAIN, "--comment", "a\nssh-rsa AAAA evil")
    assert "keyconv: lost: the control characters in the comment are replaced by spaces\n" in result.err
    assert result.out.count(b"\n") == 1
    assert only_entry((tmp_path / "id").read_bytes()).comment == b"a ssh-rsa AAAA evil"


def test_quiet_leaves_the_line_and_nothing_else(tmp_path: Path) -> None:
    result = make(tmp_path / "id", PLAIN, "-q")
    assert (result.out, result.err) == ((tmp_path / "id.pub").read_bytes(), "")


# ── what is refused, before anything is written ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("family", "also"), [("ed25519", "pem"), ("ed25519", "ssh1"), ("ed448", "dropbear"), ("ecdsa", "pkcs1-pub")]
)
def test_a_format_that_cannot_hold_the_type_is_refused_and_those_that_can_are_named(
    family: str, also: str, tmp_path: Path
) -> None:
    result = run("generate", "-o", tmp_path / "id", "-t", family, "--also", "ppk", "--also", also, answers=[])
    assert (result.code, result.asked, names(tmp_path)) == (6, (), [])
    private = by_name(also).can.private
    able = [
        known.name for known in FORMATS if known.write and known.can.private == private and family in known.can.families
    ]
    assert result.err == f"keyconv: {also} cannot hold {family} keys\n  hint: formats that can: {', '.join(able)}\n"


def test_a_format_that_is_only_read_or_that_there_is_not_is_refused(tmp_path: Path) -> None:
    for also, code in (("ppk1", 6), ("ppq", 2)):
        result = run("generate", "-o", tmp_path / "id", PLAIN, "--also", also)
        assert (result.code, names(tmp_path)) == (code, [])


@pytest.mark.parametrize("taken", ["id", "id.pub", "id.ppk"])
def test_a_file_that_exists_exits_5_before_a_passphrase_is_asked_for_and_nothing_is_written(
    taken: str, tmp_path: Path
) -> None:
    (tmp_path / taken).write_bytes(b"precious")
    result = run("generate", "-o", tmp_path / "id", "--also", "ppk", answers=[])
    assert (result.code, result.asked) == (5, ())
    assert result.err == f"keyconv: {tmp_path / taken}: already exists\n  hint: pass --force to replace it\n"
    assert names(tmp_path) == [taken]
    assert (tmp_path / taken).read_bytes() == b"precious"
    assert run("generate", "-o", tmp_path / "id", "--also", "ppk", PLAIN, "--force").code == 0
    assert names(tmp_path) == ["id", "id.ppk", "id.pub"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("z.pub", "give the name without .pub: -o z; the .pub is written beside it"),
        ("z.PUB", "give the name without .pub: -o z; the .pub is written beside it"),
        ("x.jwk", "-o x --also jwk"),
        ("x.pem", "-o x --also pem or --also pkcs8"),
        ("x.pub.pem", "-o x --also pem or --also pkcs8"),
        ("x.rfc4716", "-o x --also rfc4716"),
        ("x.sshfp", "-o x --also sshfp"),
    ],
)
def test_a_name_that_says_another_format_is_refused_before_a_passphrase_is_asked_for(
    name: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("generate", "-o", name, answers=[])
    assert (result.code, result.asked, names(tmp_path)) == (2, (), [])
    assert result.err.startswith(f"keyconv: {name}: ")
    assert result.err.endswith(f"\n  hint: {hint}\n")


@pytest.mark.parametrize("name", ["id.old", "id.", ".id", "id.openssh", "id.2024-01", "id.pub.bak"])
def test_any_other_suffix_is_part_of_a_plain_name(name: str, tmp_path: Path) -> None:
    make(tmp_path / name, PLAIN)
    assert names(tmp_path) == sorted([name, f"{name}.pub"])
    assert read((tmp_path / name).read_bytes()).format == "openssh"


def test_a_folder_that_is_not_there_exits_5(tmp_path: Path) -> None:
    result = run("generate", "-o", tmp_path / "no" / "id", PLAIN)
    assert (result.code, result.err) == (5, f"keyconv: {tmp_path / 'no' / 'id'}: no such directory\n")


@pytest.mark.parametrize("also", ["dropbear", "jwk"])
def test_a_format_without_a_passphrase_is_refused_where_there_is_one_and_replaces_nothing(
    also: str, tmp_path: Path
) -> None:
    (tmp_path / "id").write_bytes(b"precious")
    secret = secret_file(tmp_path, PASSPHRASE)
    flags = ("--new-passphrase-file", secret, "--also", also, "--force")
    result = run("generate", "-o", tmp_path / "id", *flags)
    assert result.code == 6
    assert f"keyconv: {also} cannot be protected by a passphrase\n  hint: leave it out" in result.err
    assert names(tmp_path) == ["id", "secret"]
    assert (tmp_path / "id").read_bytes() == b"precious"
    secret.write_bytes(b"")
    assert run("generate", "-o", tmp_path / "id", *flags).code == 0


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--cipher", "rot13"), "openssh has no cipher 'rot13'"),
        (("--kdf-passes", "2"), "--kdf-passes is for ppk (version 3), not for openssh"),
        (("--also", "ppk", "--kdf-passes", "2", "--kdf-time", "2"), "--kdf-passes and --kdf-time exclude each other"),
        (("--also", "ppk", "--kdf-memory", "64", "--kdf-parallelism", "9"), "at least 8 times --kdf-parallelism, 72"),
        (("--rounds", "1025"), "1025 rounds of bcrypt"),
        (("--also", "ppk", "--kdf-memory", "1048577"), "of memory for Argon2"),
        (("-o", "id.ppk", "--rounds", "2"), "--rounds has no meaning for ppk"),
        (("--no-passphrase", "--new-passphrase-env", "HOME"), "--no-passphrase and a new passphrase exclude"),
    ],
)
def test_flags_that_fit_none_of_the_formats_are_usage_errors_before_a_passphrase_is_asked_for(
    flags: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("generate", "-o", "id", *flags, answers=[])
    assert (result.code, result.asked, names(tmp_path)) == (2, (), [])
    assert message in result.err


@pytest.mark.parametrize("flags", [("--no-input",), ()])
def test_with_nobody_to_ask_it_exits_4_and_nothing_is_written(flags: tuple[str, ...], tmp_path: Path) -> None:
    result = run("generate", "-o", tmp_path / "id", *flags)
    assert (result.code, names(tmp_path)) == (4, [])
    assert "  hint: pass --new-passphrase-file FILE" in result.err


# ── faults ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _failing_after(count: int, error: BaseException, real: Callable[..., None]) -> Callable[..., None]:
    left = [count]

    def link(source: str, target: str, **where: Any) -> None:
        if not left[0]:
            raise error
        left[0] -= 1
        real(source, target, **where)

    return link


@posix
@pytest.mark.parametrize("count", [0, 1, 2, 3])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), OSError(errno.EIO, "broken"), KeyboardInterrupt()])
def test_a_failure_in_the_middle_takes_back_what_was_written(
    count: int, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", _failing_after(count, error, os.link))
    result = run("generate", "-o", tmp_path / "id", PLAIN, "--also", "ppk", "--also", "rfc4716")
    assert (result.code, result.out) == (130 if isinstance(error, KeyboardInterrupt) else 5, b"")
    assert names(tmp_path) == []


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import keyconv.files

    real = keyconv.files.save

    def save(path: str, data: bytes, *, private: bool, force: bool) -> None:
        if path.endswith(".ppk"):
            Path(path).write_bytes(b"precious")
        real(path, data, private=private, force=force)

    monkeypatch.setattr(keyconv.files, "save", save)
    result = run("generate", "-o", tmp_path / "id", PLAIN, "--also", "ppk")
    assert (result.code, names(tmp_path)) == (5, ["id.ppk"])
    assert (tmp_path / "id.ppk").read_bytes() == b"precious"


def test_nothing_is_on_the_disk_before_every_format_is_written_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even --force replaces nothing when one of the formats fails."""
    (tmp_path / "id").write_bytes(b"precious")

    def write(entry: Entry, target: Format, options: WriteOptions | None = None) -> bytes:
        if target == by_name("ppk"):
            raise MismatchError("it is another key")
        return engine.write(entry, target, options)

    monkeypatch.setattr("keyconv.cli.generate.write", write)
    result = run("generate", "-o", tmp_path / "id", PLAIN, "--also", "ppk", "--force")
    assert (result.code, names(tmp_path)) == (3, ["id"])
    assert (tmp_path / "id").read_bytes() == b"precious"


# ── the passphrase ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_passphrase_locks_every_private_file_and_the_real_tools_open_them(tmp_path: Path) -> None:
    secret = secret_file(tmp_path, PASSPHRASE + b"\n")
    flags = [word for name in ("ppk", "ppk2", "pkcs8", "pem", "sshcom", "ssh1") for word in ("--also", name)]
    path = tmp_path / "id"
    make(path, "-t", "rsa", "-b", "2048", "--new-passphrase-file", secret, *CHEAP, "--comment", "c", *flags)
    private = []
    for each in tmp_path.iterdir():
        if each.name in ("secret", "id.pub"):
            continue
        entry = only_entry(each.read_bytes())
        assert isinstance(entry.private, Locked), each.name
        private.append(unlock(entry, PASSPHRASE).private)
    assert len(private) == 7
    assert all(each == private[0] for each in private)
    line = (tmp_path / "id.pub").read_text("ascii").split()[:2]
    by_format = {read(each.read_bytes()).format: each for each in tmp_path.iterdir() if each != secret}
    for name in ("openssh", "pem", "pkcs8"):
        assert _tool("ssh-keygen", "-y", "-P", PASSPHRASE.decode(), "-f", by_format[name]).split()[:2] == line
    for name in ("ppk", "ppk2", "openssh", "sshcom", "ssh1"):
        assert "private_exponent=" in _tool("puttygen", by_format[name], "-O", "text", "--old-passphrase", secret)


def test_costs_go_to_the_formats_that_know_them(tmp_path: Path) -> None:
    secret = secret_file(tmp_path, PASSPHRASE)
    flags = ("--rounds", "3", "--cipher", "aes256-gcm@openssh.com", "--kdf", "argon2i", *CHEAP[2:])
    make(tmp_path / "id", "--new-passphrase-file", secret, "--also", "ppk", "--also", "pkcs8", *flags)
    assert protection((tmp_path / "id").read_bytes()).items() >= {"rounds": 3, "cipher": flags[3]}.items()
    found = protection((tmp_path / "id.ppk").read_bytes())
    assert (found["name"], found["memory_kib"], found["passes"]) == ("argon2i", 64, 1)
    assert protection((tmp_path / "id.pem").read_bytes()).items() >= {"iterations": 3, "cipher": "aes-256-cbc"}.items()


def test_a_ppk_takes_the_passes_that_this_machine_makes_in_the_time(tmp_path: Path) -> None:
    secret = secret_file(tmp_path, PASSPHRASE)
    make(tmp_path / "id.ppk", "--new-passphrase-file", secret, "--kdf-time", "1", "--kdf-memory", "64")
    found = protection((tmp_path / "id.ppk").read_bytes())
    # No fewer than those below which `check` warns, whatever the machine makes in the time.
    assert int(str(found["passes"])) * 64 >= 8192 * 5


def test_a_person_is_asked_twice_and_an_empty_answer_is_no_encryption(tmp_path: Path) -> None:
    result = run("generate", "-o", tmp_path / "id", "--rounds", "1", answers=["correct horse", "correct horse"])
    assert result.code == 0
    assert result.asked == (f"New passphrase for {tmp_path / 'id'} (empty for none): ", "Repeat passphrase: ")
    assert passphrase_of((tmp_path / "id").read_bytes(), PASSPHRASE) == PASSPHRASE
    assert run("generate", "-o", tmp_path / "plain", answers=["", ""]).code == 0
    assert passphrase_of((tmp_path / "plain").read_bytes()) is None


def test_the_passphrase_is_in_no_message(tmp_path: Path) -> None:
    secret = secret_file(tmp_path, PASSPHRASE)
    result = make(tmp_path / "id", "--new-passphrase-file", secret, *CHEAP, "--also", "ppk")
    check_shape(result)
    assert PASSPHRASE.decode() not in result.err + result.out.decode()


# ── it is a key ────────────────────────────────────────────────────────────────────────────────────────────────────


@posix
@pytest.mark.parametrize("family", ["ed25519", "ecdsa"])
def test_the_new_key_logs_in_where_its_line_was_pasted(family: str, tmp_path: Path) -> None:
    line = make(tmp_path / "id", "-t", family, PLAIN).out
    server = serve(tmp_path / "server", authorized=line)
    assert server.login(identity=tmp_path / "id"), server.said()
