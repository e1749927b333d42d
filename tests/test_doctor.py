"""`keyconv FILE`: what it is, who reads it, and commands that work as they are printed."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from damages import FILES, KeyFixture, applicable
from fixture_files import FIXTURES_DIR, PASSPHRASE, READABLE, ROOT
from test_cli_convert import posix, run
from tools import PATIENCE, require

from keyconv import read
from keyconv.cli.app import COMMANDS

WHOLE = os.environ.get("KEYCONV_TESTS") == "all"
OPENSSH = FIXTURES_DIR / "openssh" / "ed25519-plain"
PPK = FIXTURES_DIR / "ppk" / "ed25519-v3-plain.ppk"
RSA = FIXTURES_DIR / "pem" / "rsa2048-ssh-keygen-plain.pem"
PUBLIC = FIXTURES_DIR / "openssh-pub" / "ed25519.pub"
KEY = OPENSSH.read_bytes()
CERTIFICATE = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(bytes(57 * 19)) + b"-----END CERTIFICATE-----\n"


@dataclass(frozen=True)
class Situation:
    """A file under a name, with what the doctor must say of it and whether a command comes of it."""

    name: str
    data: bytes
    says: str
    code: int = 0
    command: bool = True


def _fixture(path: str) -> bytes:
    return (FIXTURES_DIR / path).read_bytes()


SITUATIONS = {
    "ppk": Situation("id_rsa.ppk", PPK.read_bytes(), "PuTTY private key, version 3"),
    "ppk named as an OpenSSH key": Situation("id rsa", _fixture("ppk/rsa2048-v3-plain.ppk"), "PuTTY private key"),
    "encrypted ppk": Situation("x.ppk", _fixture("ppk/ed25519-v3-argon2id-encrypted.ppk"), "PuTTY private key"),
    "old ppk": Situation("x.ppk", _fixture("ppk/rsa2048-v2-encrypted.ppk"), "PuTTY private key, version 2"),
    "openssh": Situation("id_ed25519", KEY, "OpenSSH private key: Ed25519 SHA256:"),
    "openssh named as a ppk": Situation("key.ppk", KEY, "OpenSSH private key"),
    "encrypted openssh": Situation("it's mine", _fixture("openssh/ed25519-encrypted"), "OpenSSH private key"),
    "authenticator": Situation("id_sk", _fixture("openssh/sk-ed25519-plain"), "Ed25519-SK"),
    "pem": Situation("id.pem", RSA.read_bytes(), "traditional PEM private key"),
    "pem named .key": Situation("server.key", RSA.read_bytes(), "traditional PEM private key"),
    "pkcs8 of Ed25519": Situation("id.p8", _fixture("pkcs8/ed25519-openssl-plain.pem"), "PKCS#8 private key"),
    "ssh.com": Situation("id", _fixture("sshcom/rsa2048-plain"), "ssh.com private key"),
    "dropbear": Situation("id", _fixture("dropbear/ed25519"), "Dropbear private key"),
    "public": Situation("id.pub", PUBLIC.read_bytes(), "OpenSSH public key"),
    "ssh2 block": Situation("id.pub", _fixture("rfc4716/rsa2048-puttygen.pub"), "SSH2 public key block"),
    "spki": Situation("id.pub.pem", _fixture("spki/rsa2048-openssl.pem"), "SubjectPublicKeyInfo"),
    "certificate": Situation("id-cert.pub", _fixture("certificates/user-ed25519-cert.pub"), "OpenSSH certificate"),
    "authorized_keys": Situation("authorized_keys", _fixture("authorized_keys/authorized_keys"), "authorized_keys, 12"),
    "known_hosts": Situation("known_hosts", _fixture("authorized_keys/known_hosts"), "known_hosts, "),
    "a bad line": Situation(
        "authorized_keys", PUBLIC.read_bytes() + b"ssh-rsa AAAAB3Nza\n" + PUBLIC.read_bytes(), "bad-line: line 2: ", 3
    ),
    "in a configuration": Situation(
        "sw.cfg", b"host a\n set key " + PUBLIC.read_bytes().strip() + b";\n", "in a file with other content", 3
    ),
    "dead hosts": Situation(
        "known_hosts", b"host.example:22 " + b" ".join(PUBLIC.read_bytes().split()[:2]) + b"\n", "known_hosts\n"
    ),
    "a private key among lines": Situation(
        "authorized_keys", PUBLIC.read_bytes() + KEY, "private-not-public: line 2: a private key stands among", 3
    ),
    "two keys": Situation("two", _fixture("openssh/two-keys-plain"), "OpenSSH private key, 2 keys"),
    "two pems": Situation("two.pem", RSA.read_bytes() + _fixture("pkcs8/ed25519-openssl-plain.pem"), "2 keys"),
    "haproxy": Situation("haproxy.pem", RSA.read_bytes() + CERTIFICATE, "in a file with other content"),
    "mail": Situation("mail.txt", b"Hello\n" + RSA.read_bytes() + b"Bye\n", "in a file with other content"),
    "yaml": Situation(
        "s.yml", b"key: |\n" + re.sub(rb"(?m)^", b"  ", RSA.read_bytes()), "in a file with other content"
    ),
    "crlf": Situation("id", KEY.replace(b"\n", b"\r\n"), "crlf: ", 3),
    "no line ends": Situation("id", KEY.replace(b"\n", b" "), "lost-newlines: ", 3),
    "quoted": Situation("x.ppk", b'"' + PPK.read_bytes() + b'"\n', "quoted", 3),
    "utf-16": Situation("x.ppk", PPK.read_text().encode("utf-16"), "utf-16", 3),
    "cut short": Situation("id", KEY[:250], "truncated: ", 3, command=False),
    "edited": Situation(
        "x.ppk", re.sub(rb"(?m)^Comment: .*$", b"Comment: work", PPK.read_bytes()), "mac-mismatch", 3, False
    ),
    "placeholder": Situation("id", b"$DEPLOY_KEY\n", "placeholder: ", 3, command=False),
    "masked": Situation("id", b"***\n", "placeholder: ", 3, command=False),
    "in the frame": Situation(
        "id",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nyour key here\n-----END OPENSSH PRIVATE KEY-----\n",
        "placeholder",
        3,
        False,
    ),
    "text": Situation("notes.txt", b"buy milk\n", "not-a-key: ", 3, command=False),
    "program": Situation("ls", b"\x7fELF" + bytes(100), "not-a-key: ", 3, command=False),
    "empty": Situation("id", b"", "empty: ", 3, command=False),
}


def _placed(folder: Path, situation: Situation) -> None:
    (folder / situation.name).write_bytes(situation.data)
    (folder / situation.name).chmod(0o600)


def _steps(case: Any) -> Iterator[str]:
    return (step["command"] for step in case["next"] if step["command"])


def _run_as_printed(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a person would paste it, with an askpass program that knows the passphrase."""
    program, askpass = folder.parent / "keyconv", folder.parent / "askpass"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m keyconv "$@"\n')
    askpass.write_text(f"#!/bin/sh\necho {shlex.quote(PASSPHRASE.decode())}\n")
    for path in (program, askpass):
        path.chmod(0o755)
    return subprocess.run(
        [require("bash"), "-o", "pipefail", "-c", command],
        cwd=folder,
        env={
            "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "SSH_ASKPASS": str(askpass),
            "SSH_ASKPASS_REQUIRE": "force",
            "HOME": str(folder),
            **environment,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


# ── each situation ─────────────────────────────────────────────────────────────────────────────────────────────────


@posix
@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_each_gets_its_next_step_and_every_printed_command_works(
    situation: Situation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.chdir(folder)
    _placed(folder, situation)
    shown = run(f"./{situation.name}")
    (case,) = json.loads(run(f"./{situation.name}", "--json").out)
    text = shown.out.decode()
    assert situation.says in text
    assert shown.err == ""
    assert shown.code == situation.code
    assert case["next"], "there is always something to do"
    commands = list(_steps(case))
    assert bool(commands) is situation.command
    for command in commands:
        assert command in text
        before = {path.name for path in folder.iterdir()}
        ran = _run_as_printed(command, folder)
        # check has findings, and inspect shows the other lines of a file in which a private key stands
        expected = {0, 1} if " check " in command else {0, 3} if " inspect " in command else {0}
        assert ran.returncode in expected, (command, ran.stderr)
        made = {path.name for path in folder.iterdir()} - before
        if " -o " in command:
            assert len(made) == 1, command
            (name,) = made
            wanted = "ppk" if name.endswith(".ppk") and "convert" in command else None
            assert wanted in (None, read((folder / name).read_bytes()).format)
    assert (folder / situation.name).read_bytes() == situation.data


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_json_says_the_same(situation: Situation, tmp_path: Path) -> None:
    _placed(tmp_path, situation)
    path = tmp_path / situation.name
    shown, said = run(path), run(path, "--json")
    assert said.code == shown.code
    (case,) = json.loads(said.out)
    text = shown.out.decode()
    assert list(case) == [
        *("path", "what", "format", "kind", "type", "bits", "fingerprint", "keys", "encrypted", "sound", "read_by"),
        *("possibly_read_by", "problems", "next"),
    ]
    assert case["path"] == str(path)
    assert all(name in text for name in case["read_by"] + case["possibly_read_by"])
    assert all(problem["message"] in text for problem in case["problems"][:3])
    assert all(step["purpose"] in text for step in case["next"])
    assert case["fingerprint"] is None or case["fingerprint"] in text
    assert len(text.splitlines()) <= 12


def test_it_is_about_five_lines(tmp_path: Path) -> None:
    _placed(tmp_path, SITUATIONS["ppk"])
    assert len(run(tmp_path / "id_rsa.ppk").out.splitlines()) == 7


@posix
def test_a_key_that_others_can_read_is_for_its_owner_alone_first(tmp_path: Path) -> None:
    key = tmp_path / "a key"
    key.write_bytes(KEY)
    key.chmod(0o644)
    (case,) = json.loads(run(key, "--json").out)
    assert case["problems"][0]["rule"] == "permissions"
    assert _run_as_printed(next(_steps(case)), tmp_path).returncode == 0
    assert key.stat().st_mode & 0o777 == 0o600


@posix
@pytest.mark.parametrize("kind", ["crt", "csr", "p12"])
def test_what_openssl_made_is_taken_apart_by_openssl(kind: str, tmp_path: Path) -> None:
    openssl = require("openssl")
    (tmp_path / "home").mkdir()
    home = tmp_path / "home"

    def ask(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=home, check=True, capture_output=True)

    (home / "key.pem").write_bytes(RSA.read_bytes())
    ask("req", "-new" if kind == "csr" else "-x509", "-key", "key.pem", "-subj", "/CN=x", "-out", "my x.pem")
    name = "my x.pem"
    if kind == "p12":
        ask("pkcs12", "-export", "-in", "my x.pem", "-inkey", "key.pem", "-out", "my x.p12", "-passout", "pass:")
        name = "my x.p12"
    (case,) = json.loads(run(home / name, "--json").out)
    (command,) = _steps(case)
    ran = _run_as_printed(command.replace("pkcs12 ", "pkcs12 -passin pass: "), home)  # which asks on the terminal
    assert ran.returncode == 0, ran.stderr
    public = run("public", RSA).out.split()[1]
    assert public == (run("public", home / "my x").out if kind == "p12" else ran.stdout.encode()).split()[1]


@posix
@pytest.mark.parametrize(
    ("value", "says"),
    [(KEY.replace(b"\n", b" "), "lost-newlines"), (PPK.read_bytes(), "PuTTY private key"), (b"***", "placeholder")],
)
def test_a_variable_is_looked_at_without_a_file(value: bytes, says: str, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    result = run("--env", "DEPLOY_KEY", DEPLOY_KEY=value.decode())
    assert says in result.out.decode()
    (case,) = json.loads(run("--json", "--env", "DEPLOY_KEY", DEPLOY_KEY=value.decode()).out)
    for command in _steps(case):
        assert _run_as_printed(command, folder, DEPLOY_KEY=value.decode()).returncode == 0, command


def test_a_variable_that_is_not_set_is_an_error() -> None:
    result = run("--env", "NO_SUCH_KEY", NO_SUCH_KEY=None)
    assert (result.code, result.out) == (3, b"")
    assert "the environment variable NO_SUCH_KEY is not set" in result.err


def test_standard_input_is_looked_at() -> None:
    result = run("-", stdin=PPK.read_bytes())
    assert result.code == 0
    assert result.out.decode().startswith("standard input\n  what         PuTTY private key, version 3")


def test_many_are_looked_at_and_the_code_is_that_of_the_first_that_is_no_sound_key(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"no key\n")
    result = run(PPK, tmp_path / "text", "no/such/file", OPENSSH)
    assert result.code == 3
    assert [line.decode() for line in result.out.splitlines() if not line.startswith(b" ") and line] == [
        *(str(PPK), str(tmp_path / "text"), str(OPENSSH))
    ]
    assert result.err == "keyconv: no/such/file: no such file\n"


def test_a_folder_is_checked_or_converted_as_a_whole(tmp_path: Path) -> None:
    keys = tmp_path / "my keys"
    keys.mkdir()
    shutil.copy(PPK, keys / "a.ppk")
    result = run(keys)
    assert result.code == 3
    (case,) = json.loads(run(keys, "--json").out)
    for command in _steps(case):
        assert run(*shlex.split(command)[1:]).code in (0, 1)
    assert (tmp_path / "my keys-converted" / "a").is_file()


def test_a_given_passphrase_verifies_the_key(tmp_path: Path) -> None:
    (tmp_path / "right").write_bytes(PASSPHRASE + b"\n")
    (tmp_path / "wrong").write_bytes(b"no\n")
    locked = FIXTURES_DIR / "openssh" / "ed25519-encrypted"
    assert b"  sound        not verified (needs the passphrase)\n" in run(locked).out
    opened = run(locked, "--passphrase-file", tmp_path / "right")
    assert b"  encrypted    yes\n  sound        yes (the public key matches" in opened.out
    assert run(locked, "--passphrase-file", tmp_path / "wrong").code == 4


def test_a_large_authorized_keys_is_known_by_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(PUBLIC.read_bytes() * 12_000)
    result = run(tmp_path / "large")
    assert (result.code, b"authorized_keys, a large file" in result.out) == (0, True)


def test_a_result_takes_no_name_that_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("id.ppk").write_bytes(PPK.read_bytes())
    Path("id.ppk").chmod(0o600)
    Path("id").write_bytes(b"precious")
    (case,) = json.loads(run("id.ppk", "--json").out)
    command = next(_steps(case))
    assert run(*shlex.split(command)[1:]).code == 0
    assert Path("id").read_bytes() == b"precious"
    assert read(Path("id.openssh").read_bytes()).format == "openssh"


def test_nothing_of_a_private_key_is_shown(tmp_path: Path) -> None:
    for situation in SITUATIONS.values():
        _placed(tmp_path, situation)
        result = run(tmp_path / situation.name)
        assert b"b3BlbnNzaC1rZXktdjE" not in result.out
        assert RSA.read_bytes().splitlines()[3] not in result.out


def test_control_characters_in_a_name_are_spelled_out(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("no such names on Windows")
    path = tmp_path / "a\x1b[31m.ppk"
    path.write_bytes(PPK.read_bytes())
    assert b"\x1b" not in run(path).out


# ── a command or a file ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_name_wins_over_a_file_of_that_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(KEY)
    assert run(name, "--help").out.decode().startswith(f"Usage: keyconv {name} ")
    assert run(f"./{name}").out.decode().startswith(f"./{name}\n  what         OpenSSH private key")
    assert run("--", name).out.decode().startswith(f"{name}\n  what         OpenSSH private key")


def test_a_file_whose_name_begins_with_a_dash_follows_two_dashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-x.ppk").write_bytes(PPK.read_bytes())
    result = run("--", "-x.ppk", "--json")
    assert result.code == 3  # after the dashes --json is a file too
    assert b"keyconv convert ./-x.ppk -o " in result.out


@pytest.mark.parametrize("arguments", [("--json", "FILE"), ("FILE", "--json"), ("-q", "FILE"), ("FILE", "--no-input")])
def test_flags_may_stand_before_and_after_the_file(arguments: tuple[str, ...]) -> None:
    assert run(*(str(PPK) if word == "FILE" else word for word in arguments)).code == 0


# ── who reads what, asked of the programs ──────────────────────────────────────────────────────────────────────────

NAMES = {"OpenSSH": "OpenSSH", "PuTTY": "PuTTY", "PuTTYgen": "PuTTY", "OpenSSL/Java": "OpenSSL"}
FOLDERS = ("openssh", "pem", "pkcs8", "ppk", "sshcom", "openssh-pub", "rfc4716", "spki", "edge")


def _succeeds(*command: str | Path) -> bool:
    said = subprocess.run(
        [require(str(command[0])), *map(str, command[1:])],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
    )
    return said.returncode == 0


def _asked(key: Path, case: dict[str, Any]) -> set[str]:
    """Return the programs that read this file, asked now; of a private key the private half too."""
    if case["kind"] == "public":
        answers = {
            "OpenSSH": _succeeds("ssh-keygen", "-l", "-f", key),
            "PuTTY": _succeeds("puttygen", key, "-L"),
            "OpenSSL": _succeeds("openssl", "pkey", "-pubin", "-in", key, "-noout"),
        }
        return {name for name, reads in answers.items() if reads}
    word = key.with_name("word")
    word.write_bytes(PASSPHRASE + b"\n")
    other = "private-openssh" if case["format"].startswith("ppk") else "private"
    puttygen = ("puttygen", key, "-O", other, "-o", key.with_name("out"), "--new-passphrase", word)
    passphrase = PASSPHRASE.decode() if case["encrypted"] else ""
    answers = {
        "OpenSSH": _succeeds("ssh-keygen", "-y", "-P", passphrase, "-f", key),
        "PuTTY": _succeeds(*puttygen, "--old-passphrase", word if case["encrypted"] else "/dev/null"),
        "OpenSSL": _succeeds("openssl", "pkey", "-in", key, "-passin", f"pass:{passphrase}", "-noout"),
    }
    return {name for name, reads in answers.items() if reads}


def _claims(key: Path, data: bytes) -> tuple[dict[str, Any], set[str], set[str]]:
    key.write_bytes(data)
    key.chmod(0o600)
    word = key.with_name("given")
    word.write_bytes(PASSPHRASE + b"\n")
    (case,) = json.loads(run(key, "--json", "--passphrase-file", word).out or b"[{}]")
    named, possible = (
        {NAMES[name] for name in case.get(of, ()) if name in NAMES} for of in ("read_by", "possibly_read_by")
    )
    return case, named, possible


@posix
@pytest.mark.parametrize("folder", FOLDERS)
def test_the_programs_that_are_named_read_such_a_file_and_no_others(folder: str, tmp_path: Path) -> None:
    """Of a public key in RFC 4716, PuTTYgen shows those that PuTTY cannot use."""
    wrong = {}
    for number, fixture in enumerate(each for each in READABLE if each.path.startswith(f"{folder}/")):
        place = tmp_path / str(number)
        place.mkdir()
        case, named, possible = _claims(place / "key", fixture.data)
        if case.get("keys") != 1 or case["kind"] not in ("private", "public"):
            continue
        reading = _asked(place / "key", case)
        usable = not re.match(r"(sk-|mldsa|ssh-mldsa)", case["type"] or "")
        if not named <= reading or (usable and not reading <= named | possible):
            wrong[fixture.path] = (sorted(named), sorted(possible), sorted(reading))
    assert wrong == {}


@posix
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_of_a_damaged_file_no_program_is_named_that_refuses_it(file: KeyFixture, tmp_path: Path) -> None:
    wrong = {}
    damaged = list(applicable(file))
    for number, (damage, data) in enumerate(damaged if WHOLE else damaged[::5]):
        place = tmp_path / str(number)
        place.mkdir()
        case, named, possible = _claims(place / "key", data)
        if not named or case["keys"] != 1 or case["kind"] not in ("private", "public"):
            continue
        reading = _asked(place / "key", case)
        if not named <= reading:
            wrong[damage.name] = (sorted(named), sorted(possible), sorted(reading))
    assert wrong == {}
