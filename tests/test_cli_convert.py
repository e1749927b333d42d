"""`keyconv convert`, one key: what it writes, where, under which passphrase, and what it refuses before all that."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import stat
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main
import typer.testing
from fixture_files import (
    FIXTURES_DIR,
    PASSPHRASE,
    READABLE,
    ROOT,
    Fixture,
    by_path,
    keyfile,
    pick,
    sample,
)
from published_schemas import check_documents
from tools import PATIENCE
from typer.testing import CliRunner

from keyconv import FORMATS, Deriver, Entry, Locked, Passphrase, WriteOptions, inspect, read, unlock, write
from keyconv.checks.model import Thresholds
from keyconv.cli import prompt, terminal
from keyconv.cli.app import app
from keyconv.cli.cost import calibrate
from keyconv.cli.target import _ANYWHERE
from keyconv.codec import private_blob
from keyconv.crypto.costs import ARGON2_WORK
from keyconv.formats import by_name

posix = pytest.mark.skipif(sys.platform == "win32", reason="for POSIX systems")

needs_root = pytest.mark.skipif(sys.platform != "win32" and os.geteuid() != 0, reason="needs root, to become nobody")

PPK = FIXTURES_DIR / "ppk" / "ed25519-v3-plain.ppk"
LOCKED_PPK = FIXTURES_DIR / "ppk" / "ed25519-v3-argon2id-encrypted.ppk"
OPENSSH = FIXTURES_DIR / "openssh" / "ed25519-plain"
LOCKED_OPENSSH = FIXTURES_DIR / "openssh" / "ed25519-encrypted"
PUBLIC = FIXTURES_DIR / "openssh-pub" / "ed25519.pub"
TWO_KEYS = FIXTURES_DIR / "openssh" / "two-keys-plain"
CERTIFIED_PPK = FIXTURES_DIR / "certificates" / "user-ed25519-v3-encrypted.ppk"

CHEAP = ("--kdf-memory", "64", "--kdf-passes", "1")
"""For a PPK that need not resist anyone."""

# All modules are loaded by a conversion before, for nobody may be unable to read them.
AS_NOBODY = f"""
import ctypes, os, resource, sys
from typer.testing import CliRunner
from keyconv.cli.app import app
CliRunner().invoke(app, ["convert", {str(LOCKED_PPK)!r}, "--passphrase-fd", "0"], input="correct horse")
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
"""

_SHAPE = re.compile(r"(?:keyconv: .+\n(?:  hint: .+\n)?)*")
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


# ── running the program ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Result:
    """What a run gave; `asked` are the questions that were put to the user."""

    code: int
    out: bytes
    err: str
    asked: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document that it is."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The last line of standard error, a JSON error."""
        return json.loads(self.err.splitlines()[-1])["error"]


@cache
def _commands() -> Any:
    # Built once: nine tenths of a run in this process would go into building it again.
    return typer.main.get_command(app)


def run(
    *arguments: str | Path, stdin: bytes = b"", answers: Sequence[str] | None = None, **environment: str | None
) -> Result:
    """Run the program in this process, and look at the shape of all that it says.

    `answers` are typed on a terminal, one for each question; None is no terminal at all.
    """
    asked: list[str] = []

    def ask(question: str, *, seen: bool = False) -> bytes | None:
        asked.append(question)
        return None if answers is None else answers[len(asked) - 1].encode()

    hidden = dict.fromkeys(("DISPLAY", "WAYLAND_DISPLAY", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terminal, "ask", ask)
        patch.setattr(prompt, "_DEFAULT_ASKPASS", "/no/such/askpass")
        patch.setattr(typer.testing, "_get_command", lambda _: _commands(), raising=False)
        runner = CliRunner(env={**hidden, "COLUMNS": "200", "TERMINAL_WIDTH": "200", **environment})
        ran = runner.invoke(app, [os.fspath(each) for each in arguments], input=stdin)
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    result = Result(ran.exit_code, ran.stdout_bytes, ran.stderr, tuple(asked))
    check_shape(result)
    check_documents([os.fspath(each) for each in arguments], result.out, result.err)
    return result


def run_process(*arguments: str | Path, boot: str = "", **options: Any) -> Result:
    """Run the program as a process of its own without a terminal; `boot` is Python to run in it before."""
    program = ["-c", f"{boot}\nfrom keyconv.cli.app import main\nmain()"] if boot else ["-m", "keyconv"]
    ran = subprocess.run(
        [sys.executable, *program, *map(str, arguments)],
        **{
            "cwd": ROOT,
            "timeout": PATIENCE,
            "stdin": None if "input" in options else subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "start_new_session": True,
            **options,
        },
    )
    written: bytes = ran.stdout or b""
    said: bytes = ran.stderr or b""
    result = Result(ran.returncode, written, said.decode())
    check_shape(result)
    return result


def check_shape(result: Result) -> None:
    """A message is `keyconv: PATH: what is wrong`, then perhaps a hint; nothing can act on a terminal."""
    assert not _CONTROLS.search(result.err), result.err
    assert "Traceback" not in result.err
    assert "internal error" not in result.err
    if result.err.startswith(("Usage: ", "Error: ")):  # typer's own
        assert result.code == 2
        return
    said = "".join(line for line in result.err.splitlines(keepends=True) if not line.startswith('{"error": '))
    assert _SHAPE.fullmatch(said), result.err


def secret_file(folder: Path, content: bytes) -> Path:
    path = folder / "secret"
    path.write_bytes(content)
    return path


def only_entry(data: bytes) -> Entry:
    (entry,) = read(data).entries
    return entry


def passphrase_of(data: bytes, *candidates: bytes) -> bytes | None:
    """Return which of these opens a key; None for an unencrypted one."""
    entry = only_entry(data)
    if not isinstance(entry.private, Locked):
        return None
    for candidate in candidates:
        try:
            unlock(entry, Passphrase(candidate))
        except Exception:
            continue
        return candidate
    raise AssertionError("none of them opens it")


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    """A name to write to, in a folder where no other file may be left."""
    folder = tmp_path / "out"
    folder.mkdir()
    yield folder / "key"
    assert {path.name for path in folder.iterdir()} <= {"key"}


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file with the passphrase of the fixtures."""
    return secret_file(tmp_path, PASSPHRASE + b"\n")


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


# ── the target ─────────────────────────────────────────────────────────────────────────────────────────────────────


def plain_sample(format_name: str) -> Fixture:
    """Return an unencrypted private fixture of a format."""
    return next(
        fixture
        for fixture in READABLE
        if fixture.reader == format_name and fixture.private and fixture.whole and not fixture.encrypted
    )


PRIVATE_FORMATS = [
    known.name
    for known in FORMATS
    if known.can.private
    and any(fixture.reader == known.name and fixture.private and not fixture.encrypted for fixture in READABLE)
]


@pytest.mark.parametrize("name", PRIVATE_FORMATS)
def test_any_private_key_becomes_openssh(name: str) -> None:
    fixture = plain_sample(name)
    result = run("convert", fixture.file)
    assert result.code == 0
    written = read(result.out)
    assert written.format == "openssh"
    assert written.entries[0].private == keyfile(fixture).entries[0].private


@pytest.mark.parametrize(("source", "target"), [("openssh-pub", "rfc4716"), ("rfc4716", "openssh-pub")])
def test_a_public_key_goes_from_one_line_to_rfc4716_and_back(source: str, target: str) -> None:
    path = {"openssh-pub": PUBLIC, "rfc4716": FIXTURES_DIR / "rfc4716" / "ed25519-puttygen.pub"}[source]
    result = run("convert", path)
    assert (result.code, read(result.out).format) == (0, target)


@pytest.mark.parametrize(
    ("name", "format_name"),
    [
        *(("x.ppk", "ppk"), ("x.PPK", "ppk"), ("x.pub", "openssh-pub"), ("x.tar.ppk", "ppk"), ("x", "openssh")),
        *(("x.p8", "pkcs8"), ("x.pk8", "pkcs8"), ("x.pkcs8", "pkcs8"), ("x.openssh", "openssh")),
        *(("x.dropbear", "dropbear"), ("x.rfc4716", "rfc4716"), ("x.pub.pem", "spki"), ("x.pub.jwk", "jwk-pub")),
    ],
)
def test_the_suffix_of_the_output_decides(name: str, format_name: str, tmp_path: Path) -> None:
    assert run("convert", PPK, "-o", tmp_path / name).code == 0
    assert read((tmp_path / name).read_bytes()).format == format_name


@pytest.mark.parametrize(
    ("suffix", "source", "target"),
    [
        (".pem", "ppk/rsa2048-v3-plain.ppk", "pem"),
        (".pem", "ppk/ecdsa-p256-v3-plain.ppk", "pem"),
        (".pem", "ppk/dsa1024-v3-plain.ppk", "pem"),
        (".pem", "ppk/ed25519-v3-plain.ppk", "pkcs8"),
        (".jwk", "ppk/ed25519-v3-plain.ppk", "jwk"),
        (".jwk", "openssh-pub/ed25519.pub", "jwk-pub"),
        (".pem", "openssh-pub/ed25519.pub", "spki"),
    ],
)
def test_pem_is_the_traditional_format_where_the_type_has_one(
    suffix: str, source: str, target: str, tmp_path: Path
) -> None:
    if target not in {known.name for known in FORMATS}:
        pytest.skip(f"keyconv has no {target} yet")
    path = tmp_path / f"x{suffix}"
    assert run("convert", FIXTURES_DIR / source, "-o", path).code == 0
    assert read(path.read_bytes()).format == target


@pytest.mark.parametrize(
    "source", ["pem/ecdsa-p256-puttygen-plain.pem", "openssh/ed25519-plain", "ppk/ed25519-v3-plain.ppk"]
)
@pytest.mark.parametrize("name", ["id_rsa.work", "deploy_key", "x.txt", "id_rsa.", "host.example.com"])
def test_a_name_that_means_no_format_is_openssh_and_never_a_ppk(source: str, name: str, tmp_path: Path) -> None:
    data = (FIXTURES_DIR / source).read_bytes().replace(b"\n", b"\r\n")
    (tmp_path / "in").write_bytes(data)
    out = tmp_path / name
    result = run("convert", tmp_path / "in", "-o", out)
    assert (result.code, read(out.read_bytes()).format) == (0, "openssh")
    ending = Path(name).suffix
    said = f"keyconv: {out}: written as openssh: {ending} means no key format, and -t names another\n"
    assert (said in result.err) is bool(ending)


PROMISING = ("x.der", "x.key", "x.crt", "x.p12", "x.pfx", "x.jks", "id.pub.KEY")


@pytest.mark.parametrize("name", PROMISING)
@pytest.mark.parametrize("arguments", [(), ("--no-input",)])
def test_a_name_that_promises_another_container_is_refused_with_the_flag_to_type(
    name: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    result = run("convert", PPK, "-o", tmp_path / name, *arguments)
    assert (result.code, list(tmp_path.iterdir())) == (2, [])
    assert result.err.startswith(f"keyconv: {tmp_path / name}: looks like the name of ")
    assert result.err.endswith("\n  hint: name the format: -t openssh or -t pkcs8\n")  # Ed25519 has no traditional PEM


@pytest.mark.parametrize("name", PROMISING)
@pytest.mark.parametrize("answer", ["y", "n"])
def test_on_a_terminal_it_is_asked_about(name: str, answer: str, tmp_path: Path) -> None:
    result = run("convert", LOCKED_PPK, "-o", tmp_path / name, answers=[answer, "correct horse"])
    assert "looks like the name of" in result.asked[0]
    if answer == "y":
        assert (result.code, read((tmp_path / name).read_bytes()).format) == (0, "openssh")
    else:
        assert (result.code, len(result.asked), list(tmp_path.iterdir())) == (2, 1, [])


@pytest.mark.parametrize("name", PROMISING)
def test_t_answers_the_question(name: str, tmp_path: Path) -> None:
    assert run("convert", PPK, "-t", "pkcs8", "-o", tmp_path / name, answers=[]).code == 0
    assert read((tmp_path / name).read_bytes()).format == "pkcs8"


@pytest.mark.parametrize("name", PROMISING)
def test_a_public_key_is_asked_about_too(name: str, tmp_path: Path) -> None:
    for command in ("convert", "public"):
        result = run(command, PUBLIC, "-o", tmp_path / name)
        assert (result.code, list(tmp_path.iterdir())) == (2, [])
        assert "hint: name the format: -t openssh-pub or -t spki" in result.err


def test_an_openssh_key_is_said_to_be_one_and_the_commands_of_the_note_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my key").write_bytes(OPENSSH.read_bytes())
    result = run("convert", "my key", "-o", "same")
    assert (result.code, read(Path("same").read_bytes()).format) == (0, "openssh")
    note = "keyconv: my key: this was an OpenSSH private key already; "
    assert (
        f"{note}for PuTTY: keyconv convert 'my key' -o 'my key.ppk', for PEM: keyconv convert 'my key' -o "
        in result.err
    )
    for command in re.findall(r"for \w+: keyconv (.+?)(?:, |\n)", result.err):
        assert run(*shlex.split(command)).code == 0
    assert read(Path("my key.ppk").read_bytes()).format == "ppk"
    assert read(Path("my key.pem").read_bytes()).format == "pkcs8"


@pytest.mark.parametrize(
    "arguments", [("-t", "openssh"), ("-o", "x.openssh"), ("--comment", "x"), ("--no-passphrase",), ("-q",)]
)
def test_what_was_asked_for_gets_no_such_note(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "already" not in run("convert", OPENSSH, "-o", "y", *arguments).err


def test_the_families_of_that_note_fit_wherever_it_says() -> None:
    for name in ("ppk", "pkcs8"):
        assert {*_ANYWHERE} <= by_name(name).can.families


def test_a_key_with_odd_text_gets_no_such_note(tmp_path: Path) -> None:
    (tmp_path / "crlf").write_bytes(OPENSSH.read_bytes().replace(b"\n", b"\r\n"))
    assert "already" not in run("convert", tmp_path / "crlf", "-o", tmp_path / "y").err


def test_t_wins_over_the_suffix(tmp_path: Path) -> None:
    assert run("convert", PPK, "-t", "ppk2", "-o", tmp_path / "x.pub").code == 0
    assert read((tmp_path / "x.pub").read_bytes()).format == "ppk2"


@pytest.mark.parametrize("name", [known.name for known in FORMATS if known.write])
def test_every_format_that_is_written_can_be_asked_for(name: str) -> None:
    rsa = FIXTURES_DIR / "ppk" / "rsa2048-v3-plain.ppk"
    result = run("convert", rsa, "-t", name)
    target = by_name(name)
    if "rsa" not in target.can.families:
        assert result.code == 6
    else:
        assert result.code == 0
        assert not target.can.readable or read(result.out).format == name


def test_ppk3_is_another_name_of_ppk_and_case_does_not_matter() -> None:
    for name in ("ppk3", "PPK", "PPK3"):
        result = run("convert", OPENSSH, "-t", name)
        assert (result.code, result.out[:22]) == (0, b"PuTTY-User-Key-File-3:")


@pytest.mark.parametrize("name", [known.name for known in FORMATS if not known.write])
def test_a_format_that_is_only_read_is_refused_with_those_that_are_written(name: str, out: Path) -> None:
    result = run("convert", PPK, "-t", name, "-o", out)
    assert result.code == 6
    assert f"{name} is read, not written" in result.err
    assert "  hint: formats that can: " in result.err


@pytest.mark.parametrize("flag", ["-t", "--from"])
def test_an_unknown_format_is_a_usage_error_that_names_the_nearest(flag: str, out: Path) -> None:
    result = run("convert", PPK, flag, "openshh", "-o", out)
    assert (result.code, result.err) == (
        2,
        "keyconv: there is no format 'openshh'\n  hint: did you mean 'openssh'?\n",
    )


@pytest.mark.parametrize("fixture", pick(lambda fixture: fixture.path.startswith("misnamed/")))
def test_the_content_decides_what_the_input_is_and_never_its_name(fixture: Fixture, secret: Path) -> None:
    result = run(
        "convert",
        fixture.file,
        "--passphrase-file",
        secret,
    )
    assert result.code == 0
    expected = {"ppk": "openssh", "openssh": "openssh", "rfc4716": "openssh-pub"}[fixture.reader]
    assert read(result.out).format == expected
    assert only_entry(result.out).public == keyfile(fixture).entries[0].public


def test_from_forces_the_reader(out: Path) -> None:
    assert run("convert", PPK, "--from", "ppk").code == 0
    result = run("convert", PPK, "--from", "openssh", "-o", out)
    assert result.code == 3
    assert result.err.startswith(f"keyconv: {PPK}: openssh: ")
    assert not out.exists()


# ── standard input and output, several keys ────────────────────────────────────────────────────────────────────────


def test_a_key_goes_from_standard_input_to_standard_output() -> None:
    expected = run("convert", PPK, "-t", "openssh-pub").out
    assert run("convert", "-", "-t", "openssh-pub", stdin=PPK.read_bytes()).out == expected
    assert run("convert", "-", "-t", "openssh-pub", "-o", "-", stdin=PPK.read_bytes()).out == expected


def test_data_goes_to_standard_output_and_everything_else_to_standard_error(out: Path) -> None:
    result = run("convert", FIXTURES_DIR / "comments" / "control-v3-plain.ppk")
    assert read(result.out).format == "openssh"
    assert "lost: " in result.err
    result = run("convert", PPK, "-o", out)
    assert result.out == b""
    assert re.fullmatch(
        rf"keyconv: {re.escape(str(out))}: ssh-ed25519 SHA256:[\w+/]{{43}}, written as openssh\n", result.err
    )


def test_quiet_says_nothing_but_errors(out: Path) -> None:
    result = run("convert", "-q", FIXTURES_DIR / "comments" / "control-v3-plain.ppk", "-o", out)
    assert (result.code, result.err) == (0, "")
    assert "already exists" in run("convert", "-q", PPK, "-o", out).err


def test_a_file_of_several_keys_says_how_many_and_takes_key_n() -> None:
    result = run("convert", TWO_KEYS)
    assert result.code == 2
    assert f"keyconv: {TWO_KEYS}: the file holds 2 keys\n  hint: choose one with --key N, from 1 to 2\n" in result.err
    for number, name in enumerate(("ed25519", "ecdsa-p256"), 1):
        result = run("convert", TWO_KEYS, "--key", str(number))
        assert only_entry(result.out).private == sample(f"openssh/{name}-plain").private


@pytest.mark.parametrize("number", ["0", "3", "-1", "x"])
def test_a_key_that_is_not_in_the_file_is_a_usage_error(number: str, out: Path) -> None:
    assert run("convert", TWO_KEYS, f"--key={number}", "-o", out).code == 2


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((PPK, OPENSSH), "2 inputs need a folder to write to\n  hint: keyconv convert -d DIR"),
        ((PPK, "-o", "x", "-d", "y"), "-o and -d exclude each other"),
        ((PPK, "-r"), "-r goes with -d DIR"),
    ],
)
def test_arguments_that_make_no_sense_together_are_usage_errors(
    arguments: tuple[str | Path, ...], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("convert", *arguments)
    assert result.code == 2
    assert complaint in result.err
    assert list(tmp_path.iterdir()) == []


def test_json_goes_with_d_and_its_usage_error_is_json() -> None:
    result = run("convert", PPK, "--json")
    assert (result.code, result.error["code"]) == (2, "usage")


# ── where the result goes ──────────────────────────────────────────────────────────────────────────────────────────


def test_an_existing_output_exits_5_and_nothing_of_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"precious")
    before = path.stat()
    result = run("convert", PPK, "-o", path)
    assert (result.code, result.err) == (
        5,
        f"keyconv: {path}: already exists\n  hint: pass --force to replace it\n",
    )
    assert path.read_bytes() == b"precious"
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_mode) == (before.st_ino, before.st_mtime_ns, before.st_mode)


def test_that_the_output_exists_is_told_before_a_passphrase_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"precious")
    result = run("convert", LOCKED_PPK, "-o", path, answers=[])
    assert (result.code, result.asked) == (5, ())


def test_force_replaces_the_output(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"not so precious")
    path.chmod(0o644)
    assert run("convert", PPK, "-o", path, "--force").code == 0
    assert read(path.read_bytes()).format == "openssh"
    assert mode_of(path) == 0o600


@posix
@pytest.mark.parametrize("force", [(), ("--force",)], ids=["", "force"])
@pytest.mark.parametrize("spelling", ["same", "relative", "symlink", "hardlink", "symlinked-input"])
def test_the_input_is_never_overwritten_under_whatever_name(
    spelling: str, force: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    key, other = tmp_path / "key.ppk", tmp_path / "other"
    key.write_bytes(PPK.read_bytes())
    source: str | Path = key
    target: str | Path = other
    match spelling:
        case "same":
            target = key
        case "relative":
            target = "./../" + tmp_path.name + "/key.ppk"
        case "symlink":
            other.symlink_to(key)
        case "hardlink":
            other.hardlink_to(key)
        case _:
            other.symlink_to(key)
            source, target = other, key
    result = run("convert", source, "-o", target, *force)
    assert result.code == 5
    assert "is the input, which is never overwritten" in result.err
    assert key.read_bytes() == PPK.read_bytes()


@posix
def test_the_input_is_not_overwritten_when_it_comes_on_standard_input(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(PPK.read_bytes())
    with key.open("rb") as stream:
        result = run_process("convert", "-", "-o", key, "--force", stdin=stream)
    assert result.code == 5
    assert key.read_bytes() == PPK.read_bytes()


@posix
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_a_private_key_is_0600_from_its_first_byte_under_any_umask(
    mask: int, out: Path, umask: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = set()
    real_open, real_write, real_sync = os.open, os.write, os.fsync

    def open_(path: str, flags: int, mode: int = 0o777, **more: Any) -> int:
        descriptor = real_open(path, flags, mode, **more)
        if flags & os.O_CREAT:
            modes.add(stat.S_IMODE(os.fstat(descriptor).st_mode) & ~0o600)
        return descriptor

    def write_(descriptor: int, data: bytes) -> int:
        modes.add(stat.S_IMODE(os.fstat(descriptor).st_mode) & ~0o600)
        return real_write(descriptor, data[:100])

    def fsync(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            modes.add(stat.S_IMODE(os.fstat(descriptor).st_mode) & ~0o600)
        real_sync(descriptor)

    umask(mask)
    for name, function in (("open", open_), ("write", write_), ("fsync", fsync)):
        monkeypatch.setattr(os, name, function)
    result = run("convert", PPK, "-o", out)
    monkeypatch.undo()
    assert result.code == 0
    assert modes == {0}
    assert mode_of(out) == 0o600


@posix
@pytest.mark.parametrize(("mask", "mode"), [(0o000, 0o666), (0o022, 0o644), (0o077, 0o600)])
def test_a_public_key_has_the_mode_that_the_umask_leaves(
    mask: int, mode: int, out: Path, umask: Callable[[int], int]
) -> None:
    umask(mask)
    assert run("convert", PPK, "-t", "openssh-pub", "-o", out).code == 0
    assert mode_of(out) == mode


@posix
def test_a_symbolic_link_is_not_written_through(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"precious")
    link.symlink_to(target)
    result = run("convert", PPK, "-o", link)
    assert (result.code, "is a symbolic link" in result.err, "  hint: " in result.err) == (5, True, True)
    assert (link.is_symlink(), target.read_bytes()) == (True, b"precious")
    assert run("convert", PPK, "-o", link, "--force").code == 0
    assert (link.is_symlink(), target.read_bytes()) == (False, b"precious")
    assert read(link.read_bytes()).format == "openssh"


@posix
def test_a_dangling_symbolic_link_is_not_written_through(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    assert run("convert", PPK, "-o", link).code == 5
    assert not (tmp_path / "nowhere").exists()


@posix
@pytest.mark.parametrize("name", ["folder", "fifo", "no/such/folder", "key.ppk/below", "/dev/stdout", "/dev/null"])
@pytest.mark.parametrize("force", [(), ("--force",)], ids=["", "force"])
def test_what_is_no_place_for_a_key_is_refused_before_a_passphrase_is_asked_for(
    name: str, force: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "key.ppk").write_bytes(LOCKED_PPK.read_bytes())
    result = run("convert", tmp_path / "key.ppk", "-o", tmp_path / name, *force, answers=[])
    assert (result.code, result.asked) == (5, ())
    assert result.err.startswith(f"keyconv: {tmp_path / name}: ")


def readable(folder: Path, source: Path) -> Path:
    """Put a copy of a fixture where everyone can read it."""
    folder.chmod(0o755)
    path = folder / "input"
    path.write_bytes(source.read_bytes())
    path.chmod(0o644)
    return path


@posix
@needs_root
def test_a_folder_without_permission_exits_5_and_nothing_is_in_it() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        locked = readable(folder, LOCKED_PPK)
        result = run_process("convert", locked, "-o", folder / "key", boot=AS_NOBODY)
        assert (result.code, result.err) == (
            5,
            f"keyconv: {folder / 'key'}: permission denied: its directory is not writable\n",
        )
        assert list(folder.iterdir()) == [locked]


@posix
@needs_root
def test_an_input_without_permission_exits_3() -> None:
    with tempfile.TemporaryDirectory() as name:
        path = readable(Path(name), PPK)
        path.chmod(0o600)
        result = run_process("convert", path, boot=AS_NOBODY)
    assert (result.code, result.err) == (3, f"keyconv: {path}: permission denied\n")


@posix
@needs_root
def test_a_passphrase_from_a_shells_substitution_reaches_the_program_of_any_user() -> None:
    # /dev/fd/N, which a shell makes of <(...), leads through /proc: closed to others while core dumps are forbidden.
    pipe = "ours, theirs = os.pipe(); os.write(theirs, b'correct horse'); os.close(theirs)"
    boot = f"{AS_NOBODY}\n{pipe}\nsys.argv.append(f'/dev/fd/{{ours}}')"
    with tempfile.TemporaryDirectory() as name:
        locked = readable(Path(name), LOCKED_PPK)
        result = run_process("convert", locked, "--no-passphrase", "--passphrase-file", boot=boot)
    assert (result.code, result.err) == (0, "")
    assert read(result.out).format == "openssh"


# ── comments and losses ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("target", ["ppk", "openssh", "openssh-pub", "rfc4716"])
def test_the_comment_is_kept_or_replaced_or_removed(target: str) -> None:
    for arguments, comment in (
        ((), by_path("ppk/ed25519-v3-plain.ppk").comment),
        (("--comment", "naïve ☃ comment"), "naïve ☃ comment".encode()),
        (("--comment", ""), b""),
    ):
        result = run("convert", PPK, "-t", target, *arguments)
        assert (result.code, only_entry(result.out).comment or b"") == (0, comment)


@pytest.mark.parametrize("name", ["utf8", "latin1", "colon", "trailing-spaces", "tab", "quotes", "1000-bytes"])
def test_a_comment_of_any_bytes_survives_the_way_there_and_back(name: str) -> None:
    fixture = by_path(f"comments/{name}-v3-plain.ppk")
    there = run("convert", fixture.file)
    back = run("convert", "-", "-t", "ppk", stdin=there.out)
    assert (there.err, back.err) == ("", "")
    assert back.out == fixture.data


@pytest.mark.parametrize("target", ["openssh", "openssh-pub", "rfc4716", "ppk2"])
def test_control_characters_in_a_comment_are_replaced_and_that_is_told(target: str, out: Path) -> None:
    hostile = FIXTURES_DIR / "comments" / "control-v3-plain.ppk"
    result = run("convert", hostile, "-t", target, "-o", out)
    assert result.code == 0
    assert f"keyconv: {hostile}: lost: the control characters in the comment are replaced by spaces\n" in result.err
    assert only_entry(out.read_bytes()).comment == b"bell  escape [31m red [0m"


@pytest.mark.parametrize("text", ["a\nssh-rsa AAAA evil", "a\r\nb", "a\x1b]0;b\x07", "a\u202eb", "a\u2028b"])
def test_a_comment_from_the_command_line_is_cleaned_too_and_cannot_make_a_second_line(text: str, out: Path) -> None:
    result = run("convert", PPK, "-t", "openssh-pub", "--comment", text, "-o", out)
    assert (result.code, "lost: the control characters" in result.err) == (0, True)
    assert out.read_bytes().count(b"\n") == 1
    assert not _CONTROLS.search(out.read_text("utf-8").removesuffix("\n"))
    assert run("convert", PPK, "-t", "openssh-pub", "--comment", text, "--strict").code == 6


LOSSES = {
    "certificate": (CERTIFIED_PPK, "openssh", "openssh cannot hold the certificate"),
    "options": (
        FIXTURES_DIR / "openssh-pub" / "ed25519-options.pub",
        "rfc4716",
        "rfc4716 cannot hold the options of the authorized_keys line",
    ),
    "headers": (
        FIXTURES_DIR / "rfc4716" / "rsa2048-private-header.pub",
        "openssh-pub",
        "openssh-pub cannot hold the headers of the RFC4716 file",
    ),
    "comment": (
        FIXTURES_DIR / "comments" / "control-openssh-plain",
        "ppk",
        "the control characters in the comment are replaced by spaces",
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_told_and_refused_under_strict(loss: str, out: Path, secret: Path) -> None:
    path, target, message = LOSSES[loss]
    strict = run("convert", path, "-t", target, "-o", out, "--strict", "--passphrase-file", secret)
    assert strict.code == 6
    assert f"keyconv: {path}: {message}\n  hint: " in strict.err
    assert not out.exists()
    result = run("convert", path, "-t", target, "-o", out, "--passphrase-file", secret)
    assert result.code == 0
    assert f"keyconv: {path}: lost: {message}\n" in result.err


def test_a_loss_under_strict_is_refused_before_a_passphrase_is_asked_for(out: Path) -> None:
    result = run("convert", CERTIFIED_PPK, "-t", "openssh", "-o", out, "--strict", answers=[])
    assert (result.code, result.asked) == (6, ())
    assert not out.exists()


def test_what_is_no_loss_passes_under_strict(out: Path) -> None:
    assert run("convert", PPK, "-o", out, "--strict").code == 0


def test_a_hidden_comment_that_is_lost_is_refused_under_strict_once_it_is_known(out: Path, tmp_path: Path) -> None:
    entry = replace(sample("comments/control-openssh-plain"))
    locked = _openssh_with_comment(entry, b"bell\x07")
    path = tmp_path / "hidden"
    path.write_bytes(locked)
    arguments = ("convert", path, "-t", "ppk", "--no-passphrase", "-o", out)
    result = run(*arguments, "--strict", answers=["correct horse"])
    assert (result.code, len(result.asked)) == (6, 1)
    assert not out.exists()
    result = run(*arguments, answers=["correct horse"])
    assert (result.code, result.err.count("lost: ")) == (0, 1)


def _openssh_with_comment(entry: Entry, comment: bytes) -> bytes:
    # The writer cleans comments: one of the same length without controls is exchanged before encryption.
    from keyconv.formats import openssh

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openssh, "clean", lambda text: text)
        assert openssh.OPENSSH.write is not None
        options = WriteOptions(passphrase=Passphrase(PASSPHRASE), rounds=1)
        return openssh.OPENSSH.write((replace(entry, comment=comment),), options)


# ── passphrases ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("content", [b"correct horse", b"correct horse\n", b"correct horse\r\n", b"correct horse\nx\n"])
@pytest.mark.parametrize("source", ["file", "fd", "stdin", "fd-0"])
def test_the_first_line_is_the_passphrase_without_its_line_end(content: bytes, source: str, tmp_path: Path) -> None:
    arguments: tuple[str | Path, ...] = ("convert", LOCKED_PPK, "--no-passphrase")
    match source:
        case "file":
            result = run(*arguments, "--passphrase-file", secret_file(tmp_path, content))
        case "fd":
            ours, theirs = os.pipe()
            os.write(theirs, content)
            os.close(theirs)
            result = run(*arguments, "--passphrase-fd", str(ours))
            os.close(ours)
        case "stdin":
            result = run(*arguments, "--passphrase-file", "-", stdin=content)
        case _:
            result = run(*arguments, "--passphrase-fd", "0", stdin=content)
    assert (result.code, result.err) == (0, "")
    assert only_entry(result.out).private == sample("ppk/ed25519-v3-plain.ppk").private


def test_a_descriptor_that_the_shell_opened_is_read(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("for POSIX systems")
    ours, theirs = os.pipe()
    os.write(theirs, PASSPHRASE)
    os.close(theirs)
    result = run_process("convert", LOCKED_PPK, "--passphrase-fd", str(ours), "--no-passphrase", pass_fds=[ours])
    os.close(ours)
    assert (result.code, read(result.out).format) == (0, "openssh")


def test_a_variable_is_the_passphrase() -> None:
    result = run("convert", LOCKED_PPK, "--passphrase-env", "PW", "--no-passphrase", PW="correct horse")
    assert (result.code, result.err) == (0, "")


def test_spaces_at_the_ends_of_a_passphrase_count(tmp_path: Path) -> None:
    fixture = by_path("passphrases/ed25519-v2-spaces.ppk")
    assert fixture.passphrase is not None
    arguments = ("convert", fixture.file, "--no-passphrase", "--passphrase-file")
    assert run(*arguments, secret_file(tmp_path, fixture.passphrase + b"\n")).code == 0
    assert run(*arguments, secret_file(tmp_path, fixture.passphrase.strip() + b"\n")).code == 4


@pytest.mark.parametrize("arguments", [(), ("--no-input",)])
@pytest.mark.parametrize("path", [LOCKED_PPK, LOCKED_OPENSSH])
def test_without_a_way_to_ask_it_ends_at_once_with_exit_4_and_a_hint(
    path: Path, arguments: tuple[str, ...], out: Path
) -> None:
    result = run("convert", path, "-o", out, *arguments)
    assert result.code == 4
    assert re.fullmatch(
        rf"keyconv: {re.escape(str(path))}: the key's passphrase is needed, and .+\n"
        r"  hint: pass --passphrase-file FILE, .+\n",
        result.err,
    )
    assert not out.exists()


def test_no_input_does_not_even_ask(out: Path) -> None:
    assert run("convert", LOCKED_PPK, "-o", out, "--no-input", answers=["correct horse"]).asked == ()


@pytest.mark.parametrize("content", [b"wrong\n", b"", b"\n", b"correct horse \n", b"correct horse\0\n"])
@pytest.mark.parametrize("path", [LOCKED_PPK, LOCKED_OPENSSH, FIXTURES_DIR / "ppk" / "ed25519-v2-encrypted.ppk"])
def test_a_wrong_passphrase_exits_4_and_writes_nothing(path: Path, content: bytes, out: Path, tmp_path: Path) -> None:
    result = run("convert", path, "-o", out, "--passphrase-file", secret_file(tmp_path, content), answers=[])
    assert (result.code, result.asked) == (4, ())
    assert "wrong passphrase" in result.err
    assert result.err.startswith(f"keyconv: {path}: ")
    assert not out.exists()


@pytest.mark.parametrize(
    "source", [("--passphrase-file", "/no/such"), ("--passphrase-fd", "987"), ("--passphrase-env", "NO_SUCH_VARIABLE")]
)
def test_a_source_that_is_not_there_exits_4(source: tuple[str, str], out: Path) -> None:
    result = run("convert", LOCKED_PPK, "-o", out, *source, answers=["correct horse"])
    assert (result.code, result.asked) == (4, ())
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--passphrase-file", "a", "--passphrase-env", "B"),
        ("--passphrase-fd", "3", "--passphrase-env", "B"),
        ("--new-passphrase-file", "a", "--new-passphrase-fd", "3"),
        ("--no-passphrase", "--new-passphrase"),
        ("--no-passphrase", "--new-passphrase-env", "B"),
        ("--passphrase-fd", "-1"),
        ("--passphrase-fd", "x"),
    ],
)
def test_two_sources_or_none_that_makes_sense_are_usage_errors(arguments: tuple[str, ...], out: Path) -> None:
    result = run("convert", LOCKED_PPK, "-o", out, *arguments, answers=[])
    assert (result.code, result.asked) == (2, ())
    assert not out.exists()


def test_standard_input_cannot_hold_both_the_key_and_the_passphrase(out: Path) -> None:
    result = run("convert", "-", "-o", out, "--passphrase-file", "-", stdin=LOCKED_PPK.read_bytes())
    assert result.code == 2
    assert result.err.startswith("keyconv: standard input: standard input cannot hold both")


def test_an_unencrypted_key_asks_for_nothing_and_stays_unencrypted(out: Path) -> None:
    result = run("convert", PPK, "-o", out, answers=[])
    assert (result.code, result.asked) == (0, ())
    assert passphrase_of(out.read_bytes()) is None


@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        (LOCKED_PPK, ("-t", "openssh", "--rounds", "1")),
        (LOCKED_PPK, ("-t", "ppk2")),
        (LOCKED_OPENSSH, ("-t", "ppk", *CHEAP)),
    ],
)
def test_the_passphrase_is_kept(path: Path, arguments: tuple[str, ...], secret: Path, out: Path) -> None:
    assert run("convert", path, "-o", out, *arguments, "--passphrase-file", secret).code == 0
    assert passphrase_of(out.read_bytes(), PASSPHRASE) == PASSPHRASE


@pytest.mark.parametrize("source", ["file", "fd", "env"])
@pytest.mark.parametrize("path", [PPK, LOCKED_PPK])
def test_the_output_gets_a_new_passphrase(path: Path, source: str, secret: Path, out: Path, tmp_path: Path) -> None:
    arguments: tuple[str | Path, ...] = ("convert", path, "-o", out, "--passphrase-file", secret, "--rounds", "1")
    match source:
        case "file":
            new = tmp_path / "new"
            new.write_bytes(b"new word\r\n")
            result = run(*arguments, "--new-passphrase-file", new)
        case "fd":
            ours, theirs = os.pipe()
            os.write(theirs, b"new word\n")
            os.close(theirs)
            result = run(*arguments, "--new-passphrase-fd", str(ours))
            os.close(ours)
        case _:
            result = run(*arguments, "--new-passphrase-env", "NEW", NEW="new word")
    assert result.code == 0
    assert passphrase_of(out.read_bytes(), PASSPHRASE, b"new word") == b"new word"


def test_one_stream_may_give_the_old_passphrase_and_then_the_new_one(out: Path) -> None:
    arguments = ("--passphrase-file", "-", "--new-passphrase-file", "-", "--rounds", "1")
    assert run("convert", LOCKED_PPK, "-o", out, *arguments, stdin=b"correct horse\nnew word\n").code == 0
    assert passphrase_of(out.read_bytes(), PASSPHRASE, b"new word") == b"new word"


@pytest.mark.parametrize("empty", [b"", b"\n", b"\r\n"])
def test_an_empty_new_passphrase_means_not_encrypted(empty: bytes, secret: Path, out: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.write_bytes(empty)
    arguments = ("--passphrase-file", secret, "--new-passphrase-file", new)
    assert run("convert", LOCKED_PPK, "-o", out, *arguments).code == 0
    assert passphrase_of(out.read_bytes()) is None


def test_no_passphrase_writes_an_unencrypted_key(secret: Path, out: Path) -> None:
    assert run("convert", LOCKED_PPK, "-o", out, "--no-passphrase", "--passphrase-file", secret).code == 0
    assert passphrase_of(out.read_bytes()) is None
    assert mode_of(out) == 0o600 or sys.platform == "win32"


@pytest.mark.parametrize(
    "fixture",
    pick(lambda fixture: bool(re.match("passphrases/.*-(cp1252|latin1|nfd)", fixture.path))),
)
def test_a_passphrase_in_another_encoding_opens_the_key_and_the_encoding_is_named(
    fixture: Fixture, out: Path, tmp_path: Path
) -> None:
    typed = "pässwörd€" if "latin1" not in fixture.path else "pässwörd"
    named = {"cp1252": "cp1252", "latin1": "cp1252", "nfd": "UTF-8 NFD"}[fixture.path.rsplit("-", 1)[1].split(".")[0]]
    source = secret_file(tmp_path, typed.encode() + b"\n")
    result = run("convert", fixture.file, "-o", out, "--passphrase-file", source, "--rounds", "1")
    assert result.code == 0
    assert f"{fixture.file}: passphrase-encoding: the passphrase opened the key as {named}\n" in result.err
    (entry,) = read(out.read_bytes()).entries
    assert isinstance(entry.private, Locked)
    entry.private.unlock(Passphrase(typed.encode()))  # what is kept is the passphrase as it was given
    assert typed not in result.err


# ── KDF and cipher ─────────────────────────────────────────────────────────────────────────────────────────────────


def described(data: bytes) -> dict[str, Any]:
    """Return the cipher and the KDF of a file, but for the salt."""
    found = inspect(read(data))
    kdf = {name: value for name, value in (found["kdf"] or {}).items() if name != "salt"}
    return {"cipher": found["cipher"], **kdf}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ("-t", "ppk", "--kdf-passes", "1"),
            {"name": "argon2id", "memory_kib": 8192, "passes": 1, "parallelism": 1, "cipher": "aes256-cbc"},
        ),
        (
            ("-t", "ppk", "--kdf", "argon2i", "--kdf-memory", "128", "--kdf-passes", "3", "--kdf-parallelism", "2"),
            {"name": "argon2i", "memory_kib": 128, "passes": 3, "parallelism": 2, "cipher": "aes256-cbc"},
        ),
        (
            ("-t", "ppk", "--kdf", "argon2d", *CHEAP),
            {"name": "argon2d", "memory_kib": 64, "passes": 1, "parallelism": 1, "cipher": "aes256-cbc"},
        ),
        (("-t", "openssh"), {"name": "bcrypt", "rounds": 24, "cipher": "aes256-ctr"}),
        (
            ("-t", "openssh", "--rounds", "2", "--cipher", "aes256-gcm@openssh.com"),
            {"name": "bcrypt", "rounds": 2, "cipher": "aes256-gcm@openssh.com"},
        ),
        (("-t", "ppk2"), {"name": "sha1", "cipher": "aes256-cbc"}),
    ],
)
def test_kdf_and_cipher_are_those_asked_for_or_the_defaults(
    arguments: tuple[str, ...], expected: dict[str, Any], secret: Path, out: Path
) -> None:
    assert run("convert", LOCKED_PPK, "-o", out, "--passphrase-file", secret, *arguments).code == 0
    assert described(out.read_bytes()) == expected


def test_kdf_time_chooses_the_passes_and_the_file_still_opens(secret: Path, out: Path) -> None:
    arguments = ("-t", "ppk", "--kdf-memory", "64", "--kdf-time", "5")
    assert run("convert", LOCKED_PPK, "-o", out, "--passphrase-file", secret, *arguments).code == 0
    assert passphrase_of(out.read_bytes(), PASSPHRASE) == PASSPHRASE


def test_kdf_time_takes_the_first_of_1_2_3_5_8_passes_that_are_slow_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    for milliseconds, passes in ((1, 1), (100, 1), (101, 2), (499, 5), (501, 8)):
        now = [0.0]
        deriver = Deriver()

        def derive(kdf: Any, *more: object, now: list[float] = now) -> bytes:
            now[0] += kdf.passes / 10  # a tenth of a second a pass
            return b""

        def clock(now: list[float] = now) -> float:
            return now[0]

        monkeypatch.setattr(deriver, "derive", derive)
        how = WriteOptions(Passphrase(PASSPHRASE), kdf_memory=ARGON2_WORK, deriver=deriver)
        assert calibrate(how, milliseconds, clock).kdf_passes == passes


@pytest.mark.parametrize(("memory", "passes"), [(8192, 5), (16_384, 3), (4096, 13), (ARGON2_WORK, 1), (1 << 20, 1)])
def test_however_slow_the_machine_is_the_passes_are_what_check_demands(memory: int, passes: int) -> None:
    deriver = Deriver(run=lambda work: b"")
    how = WriteOptions(Passphrase(PASSPHRASE), kdf_memory=memory, deriver=deriver)
    found = calibrate(how, 1, iter(range(1000)).__next__)
    assert found.kdf_passes == passes
    assert memory * passes >= ARGON2_WORK == Thresholds().argon2_work


@pytest.mark.parametrize(
    "arguments",
    [
        ("-t", "openssh", "--kdf", "argon2id"),
        ("-t", "openssh", "--kdf-memory", "64"),
        ("-t", "openssh", "--kdf-passes", "1"),
        ("-t", "openssh", "--kdf-time", "5"),
        ("-t", "openssh", "--kdf-parallelism", "2"),
        ("-t", "ppk2", "--kdf", "argon2id"),
        ("-t", "ppk", "--rounds", "2"),
        ("-t", "openssh-pub", "--rounds", "2"),
        ("-t", "openssh-pub", "--cipher", "aes256-ctr"),
        ("-t", "ppk", "--cipher", "aes256-ctr"),
        ("-t", "openssh", "--cipher", "aes256-xyz"),
        ("-t", "ppk", "--kdf", "argon3"),
        ("-t", "ppk", "--kdf-passes", "1", "--kdf-time", "5"),
        ("-t", "ppk", "--kdf-memory", "7"),
        ("-t", "ppk", "--kdf-memory", "64", "--kdf-parallelism", "9"),
        ("-t", "ppk", "--kdf-passes", "0"),
        ("-t", "ppk", "--kdf-passes", "x"),
        ("-t", "ppk", "--kdf-time", "0"),
        ("-t", "ppk", "--kdf-parallelism", "65"),
        ("-t", "openssh", "--rounds", "0"),
        ("-t", "openssh", "--rounds", "-1"),
        # what keyconv would not read again without --allow-costly-kdf
        ("-t", "openssh", "--rounds", "1025"),
        ("-t", "ppk", "--kdf-memory", "1048577"),
        ("-t", "ppk", "--kdf-memory", "1048576", "--kdf-passes", "5"),
    ],
    ids=" ".join,
)
def test_a_kdf_or_cipher_that_the_target_has_not_is_a_usage_error_before_any_question(
    arguments: tuple[str, ...], out: Path
) -> None:
    result = run("convert", LOCKED_PPK, "-o", out, *arguments, answers=[])
    assert (result.code, result.asked) == (2, ())
    assert not out.exists()


def test_a_cipher_that_there_is_not_names_those_that_there_are() -> None:
    result = run("convert", LOCKED_PPK, "-t", "openssh", "--cipher", "aes")
    assert "openssh has no cipher 'aes'\n  hint: its ciphers: " in result.err
    assert "aes256-gcm@openssh.com" in result.err


# ── a KDF that costs too much ──────────────────────────────────────────────────────────────────────────────────────


def costly_ppk() -> bytes:
    data, count = re.subn(rb"Argon2-Memory: [0-9]+", b"Argon2-Memory: 1073741824", LOCKED_PPK.read_bytes())  # 1 TiB
    assert count == 1
    return data


def costly_openssh() -> bytes:
    head, *lines, foot, _ = LOCKED_OPENSSH.read_bytes().split(b"\n")
    body = base64.b64decode(b"".join(lines))
    options = body.index(b"bcrypt") + len(b"bcrypt") + 4
    rounds = options + 4 + 16
    assert body[rounds : rounds + 4] == struct.pack(">I", 4)
    text = base64.b64encode(body[:rounds] + struct.pack(">I", 2**31) + body[rounds + 4 :])
    return b"\n".join([head, *(text[start : start + 70] for start in range(0, len(text), 70)), foot, b""])


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize(
    ("forge", "cost"),
    [(costly_ppk, "1 TiB of memory for Argon2"), (costly_openssh, "2147483648 rounds of bcrypt, about 124 days")],
    ids=["argon2", "bcrypt"],
)
def test_a_costly_kdf_is_refused_with_its_cost_before_any_of_it_is_done(
    forge: Callable[[], bytes], cost: str, out: Path, secret: Path, tmp_path: Path
) -> None:
    costly = tmp_path / "costly"
    costly.write_bytes(forge())
    ours, theirs = os.pipe()
    boot = f"""
import atexit, os, re, resource
def report():
    spent = resource.getrusage(resource.RUSAGE_SELF)
    with open("/proc/self/status") as status:  # the peak of this very program; rusage's may be that of its parent
        peak = re.search("VmHWM:\\s*([0-9]+) kB", status.read())[1]
    os.write({theirs}, f"[{{spent.ru_utime + spent.ru_stime}}, {{peak}}]".encode())
atexit.register(report)
"""
    result = run_process("convert", costly, "-o", out, "--passphrase-file", secret, boot=boot, pass_fds=[theirs])
    os.close(theirs)
    seconds, kilobytes = json.loads(os.read(ours, 1000))
    os.close(ours)
    assert result.code == 3
    assert cost in result.err
    assert "  hint: pass --allow-costly-kdf" in result.err
    assert seconds < 5  # 0.2 on an idle machine; what the file asks for takes hours
    assert kilobytes < 100 * 1024
    assert not out.exists()


@pytest.mark.parametrize("forge", [costly_ppk, costly_openssh], ids=["argon2", "bcrypt"])
def test_a_costly_kdf_is_refused_before_a_passphrase_is_asked_for(forge: Callable[[], bytes], tmp_path: Path) -> None:
    costly = tmp_path / "costly"
    costly.write_bytes(forge())
    result = run("convert", costly, answers=[])
    assert (result.code, result.asked) == (3, ())


@posix
def test_memory_that_the_machine_does_not_have_is_no_crash(out: Path, secret: Path, tmp_path: Path) -> None:
    costly = tmp_path / "costly"
    costly.write_bytes(costly_ppk())
    boot = "import resource; resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))"
    arguments = ("convert", costly, "-o", out, "--passphrase-file", secret, "--allow-costly-kdf")
    result = run_process(*arguments, boot=boot)
    assert result.code == 3
    assert "Argon2 could not take 1 TiB of memory on this machine" in result.err


def test_allow_costly_kdf_lifts_the_limit(out: Path, secret: Path, tmp_path: Path) -> None:
    # More lanes than the limit, yet quick.
    costly = tmp_path / "costly"
    deriver = Deriver(allow_costly=True)
    how = WriteOptions(Passphrase(PASSPHRASE), kdf_memory=520, kdf_passes=1, kdf_parallelism=65, deriver=deriver)
    costly.write_bytes(write(sample("ppk/ed25519-v3-plain.ppk"), "ppk", how))
    arguments = ("convert", costly, "-o", out, "--no-passphrase", "--passphrase-file", secret)
    assert run(*arguments).code == 3
    assert not out.exists()
    assert run(*arguments, "--allow-costly-kdf").code == 0


# ── what cannot be done is reported before anything is asked ─────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["sk-ed25519", "sk-ecdsa"])
@pytest.mark.parametrize("target", ["ppk", "ppk2"])
def test_an_authenticators_key_does_not_fit_into_a_ppk_and_the_formats_that_can_are_named(
    kind: str, target: str, out: Path
) -> None:
    path = FIXTURES_DIR / "openssh" / f"{kind}-encrypted"
    result = run("convert", path, "-t", target, "-o", out, answers=[])
    assert (result.code, result.asked) == (6, ())
    algorithm = keyfile(by_path(f"openssh/{kind}-encrypted")).entries[0].public
    assert algorithm is not None
    private = [known for known in FORMATS if known.can.private and known.write]
    able = ", ".join(known.name for known in private if kind in known.can.families)
    assert result.err == (
        f"keyconv: {path}: {target} cannot hold {algorithm.algorithm}\n  hint: formats that can: {able}\n"
    )
    assert not out.exists()


def test_a_public_key_does_not_become_private(out: Path) -> None:
    result = run("convert", PUBLIC, "-t", "ppk", "-o", out)
    assert result.code == 6
    assert result.err.startswith(f"keyconv: {PUBLIC}: the file holds no private half")
    assert not out.exists()


def test_a_passphrase_for_a_format_that_cannot_have_one_is_refused(out: Path) -> None:
    result = run("convert", PPK, "-t", "openssh-pub", "-o", out, "--new-passphrase", answers=[])
    assert (result.code, result.asked) == (6, ())


@pytest.mark.parametrize("fixture", pick(lambda fixture: not fixture.whole))
def test_of_a_ppk_that_is_cut_short_only_the_public_half_is_converted(fixture: Fixture, out: Path) -> None:
    result = run("convert", fixture.file, "-o", out, answers=[])
    assert (result.code, result.asked) == (3, ())
    assert "cut short" in result.err
    assert not out.exists()
    assert run("convert", fixture.file, "-t", "openssh-pub", "-o", out).code == 0
    assert fixture.public_line is not None
    assert out.read_text("utf-8").startswith(fixture.public_line)


# ── inputs that are not keys, or not what they say ──────────────────────────────────────────────────────────────────


def _exchanged_public(data: bytes) -> bytes:
    lines = rb"Public-Lines: 2\n(?:.+\n){2}"
    public = re.search(lines, by_path("edge/ed25519-zero-end-v3-plain.ppk").data)
    assert public is not None
    return re.sub(lines, lambda _: public[0], data)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"hello\n", "not a key in any format keyconv supports"),
        (b"\0" * 100, "not a key in any format keyconv supports"),
        (PPK.read_bytes()[:-40], ""),
        (PPK.read_bytes().replace(b"fixture", b"fixtura"), "the MAC does not fit"),
        (_exchanged_public(PPK.read_bytes()), "the MAC does not fit"),
        (b"x" * (1 << 20) + b"x", "larger than 1 MiB"),
    ],
)
def test_what_is_no_sound_key_exits_3_with_its_cause_and_nothing_is_written(
    content: bytes, cause: str, out: Path, tmp_path: Path
) -> None:
    path = tmp_path / "input"
    path.write_bytes(content)
    result = run("convert", path, "-o", out)
    assert result.code == 3
    assert result.err.startswith(f"keyconv: {path}: ")
    assert cause in result.err
    assert not out.exists()


@posix
def test_what_is_no_file_is_named_at_once(out: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path, cause in ((tmp_path / "fifo", "a FIFO"), (tmp_path, "a directory"), (Path("/dev/zero"), "a device")):
        result = run("convert", path, "-o", out)
        assert result.code == 3
        assert result.err.startswith(f"keyconv: {path}: is {cause}\n")
    assert run("convert", tmp_path / "none", "-o", out).err == f"keyconv: {tmp_path / 'none'}: no such file\n"


def test_what_was_written_is_proved_before_success_is_reported(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A writer gone wrong: it writes another key's private half.
    real = private_blob.write
    other = sample("edge/ed25519-zero-end-openssh-plain").private
    assert other is not None
    assert not isinstance(other, Locked)
    monkeypatch.setattr(private_blob, "write", lambda private: real(other))
    result = run("convert", PPK, "-o", out)
    assert result.code == 3
    assert not out.exists()
    result = run("convert", PPK)
    assert (result.code, result.out) == (3, b"")


# ── hostile names ──────────────────────────────────────────────────────────────────────────────────────────────────

HOSTILE = ["a\x1b[31mb", "a\nkeyconv: forged: message", "a\u202eb", "a\x9bb", "a\u2028b", "a\udcff\udc9bb", "-"]


@posix
@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("command", ["convert", "public", "inspect", "match"])
def test_a_hostile_file_name_cannot_act_on_the_terminal(
    command: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = "./" + name
    more = (path,) if command == "match" else ()
    missing = run(command, path, *more)
    assert missing.code == 3
    assert missing.err.count("\n") == 1
    Path(path).write_bytes(FIXTURES_DIR.joinpath("comments", "control-openssh-plain").read_bytes())
    result = run(command, path, *more)
    assert result.code == 0
    assert not _CONTROLS.search(result.out.decode())


@posix
def test_a_hostile_output_name_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    result = run("convert", PPK, "-o", tmp_path / "a\x1b[31mb\n\u202e.ppk")
    assert result.code == 0
    assert "a\\x1b[31mb\\x0a\\u202e.ppk: ssh-ed25519 " in result.err


@cache
def _everything_converted(target: str) -> tuple[bytes, ...]:
    paths = ("ppk/rsa2048-v3-plain.ppk", "ppk/ecdsa-p256-v3-plain.ppk", "ppk/ed25519-v3-plain.ppk")
    return tuple(run("convert", FIXTURES_DIR / path, "-t", target).out for path in paths)


@pytest.mark.parametrize("target", ["openssh", "openssh-pub", "rfc4716", "ppk2"])
def test_a_pipe_of_two_conversions_ends_where_it_began(target: str) -> None:
    for data in _everything_converted(target):
        back = run("convert", "-", "-t", target, stdin=data)
        entry, again = only_entry(data), only_entry(back.out)
        assert (back.code, again.public, again.private, again.comment) == (
            0,
            entry.public,
            entry.private,
            entry.comment,
        )
