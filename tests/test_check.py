"""`keyconv check` as a program: inputs, exit codes, what is skipped, what is fixed, and how much it bears."""

from __future__ import annotations

import base64
import errno
import json
import os
import random
import re
import sys
import time
import tracemalloc
import types
from pathlib import Path
from typing import Any

import pytest
from fixture_files import PASSPHRASE, Fixture, by_path, pick
from forged_files import load, openssh
from sub_apps import Result
from sub_apps import run as run_app
from test_rules import all_cases, app
from tools import some

from keyconv import repairs
from keyconv.checks import badkeys, lines
from keyconv.checks.check_file import judge_content
from keyconv.checks.lines import LineFile, check_lines
from keyconv.checks.model import Content, Context
from keyconv.checks.rules import RULES, rule
from keyconv.engine import read
from keyconv.formats.authorized_keys import read_line
from keyconv.keyfile import Entry
from keyconv.notes import Note

ED25519 = by_path("openssh/ed25519-plain").data
ED25519_PUB = by_path("openssh-pub/ed25519.pub").data
ECDSA = by_path("openssh/ecdsa-p256-plain").data
ECDSA_PUB = by_path("openssh-pub/ecdsa-p256.pub").data
RSA = by_path("openssh/rsa2048-plain").data
PPK = by_path("ppk/ed25519-v3-plain.ppk").data
ENCRYPTED = by_path("openssh/ed25519-default-rounds-encrypted").data

FIELDS = {"path", "line", "rule", "severity", "message", "hint", "fixable", "fingerprint", "related"}


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with no CI around."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


def check(*arguments: str | Path, stdin: bytes = b"") -> Result:
    return run_app(app, "check", *map(str, arguments), stdin=stdin)


def report(*arguments: str | Path, stdin: bytes = b"") -> dict[str, Any]:
    return json.loads(check(*arguments, "--format", "json", stdin=stdin).out)  # type: ignore[no-any-return]


def rules(*arguments: str | Path, stdin: bytes = b"") -> list[str]:
    return [each["rule"] for each in report(*arguments, stdin=stdin)["findings"]]


def save(name: str, data: bytes, mode: int = 0o600) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)
    return path


# ── exit codes and the report ──────────────────────────────────────────────────────────────────────────────────────


def test_nothing_found_exits_0() -> None:
    save("key", ENCRYPTED)
    result = check("key")
    assert (result.code, result.err) == (0, "")
    assert "1 file checked: nothing found" in result.out
    assert "1 encrypted key not verified" in result.out


def test_a_finding_exits_1_and_says_where() -> None:
    save("key", ED25519)
    result = check("key")
    assert result.code == 1
    assert result.out.startswith("key: warning unencrypted the private key has no passphrase\n  hint: ")


@pytest.mark.parametrize(("level", "code"), [("error", 0), ("warning", 1), ("info", 1)])
def test_fail_on_is_the_least_severity_that_fails(level: str, code: int) -> None:
    save("key", ED25519)
    assert check("key", "--fail-on", level).code == code


def test_an_info_does_not_fail_by_itself() -> None:
    save("key.pub", ED25519_PUB.replace(b"\n", b"\r\n"))
    assert rules("key.pub") == ["crlf"]
    assert check("key.pub").code == 0
    assert check("key.pub", "--fail-on", "info").code == 1


def test_wrong_use_exits_2() -> None:
    assert check().code == 2
    assert check("key", "--select", "no-such-rule").code == 2
    assert "did you mean 'unencrypted'?" in check("key", "--ignore", "unencryptd").err
    assert check("key", "--format", "xml").code == 2
    assert check("key", "--fail-on", "never").code == 2


def test_the_json_report_has_the_fields_of_the_contract() -> None:
    save("key", RSA)
    found = report("key")
    assert set(found) == {"findings", "summary"}
    assert found["findings"]
    for finding in found["findings"]:
        assert set(finding) == FIELDS
        assert finding["path"] == "key"
        assert finding["fingerprint"] == by_path("openssh/rsa2048-plain").sha256_fingerprint
        assert isinstance(finding["fixable"], bool)
    assert found["summary"]["warning"] == len(found["findings"])
    assert found["summary"]["failed"] is True


def test_json_is_short_for_format_json() -> None:
    save("key", ED25519)
    assert check("key", "--json").out == check("key", "--format", "json").out


def test_quiet_says_the_findings_alone() -> None:
    save("key", ED25519)
    assert check("key", "-q").out == "key: warning unencrypted the private key has no passphrase\n"


def test_the_report_goes_to_a_file_that_is_not_overwritten() -> None:
    save("key", ED25519)
    assert check("key", "--output", "report.json", "--format", "json").code == 1
    assert json.loads(Path("report.json").read_text())["summary"]["checked"] == 1
    again = check("key", "--output", "report.json")
    assert (again.code, "already exists" in again.err) == (5, True)
    assert check("key", "--output", "report.json", "--force").code == 1


# ── inputs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_standard_input_is_judged() -> None:
    assert rules("-", stdin=ED25519[:-1]) == ["missing-final-newline", "unencrypted"]
    assert rules("-", stdin=b"") == ["empty"]


def test_a_variable_is_judged_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", ED25519.decode().replace("\n", "\\n"))
    found = report("--env", "KEY")["findings"]
    assert {each["path"] for each in found} == {"env:KEY"}
    assert "literal-newlines" in {each["rule"] for each in found}
    monkeypatch.setenv("KEY", ED25519_PUB.decode())
    assert "public-not-private" in rules("--env", "KEY")
    monkeypatch.delenv("KEY")
    assert rules("--env", "KEY") == ["empty"]
    assert not list(Path().iterdir())


def test_a_pattern_that_no_shell_expanded_is_expanded() -> None:
    save("keys/a", ED25519)
    save("keys/deep/b", ECDSA)
    assert {each["path"] for each in report("keys/**/[ab]")["findings"]} == {"keys/a", "keys/deep/b"}
    assert check("none-*").code == 3


def test_a_file_is_judged_once_however_often_it_is_named() -> None:
    save("key", ED25519)
    Path("link").symlink_to("key")
    assert rules("key", "./key", "link", ".") == ["unencrypted"]


def test_a_named_file_that_is_no_key_is_a_finding() -> None:
    save("notes.txt", b"nothing of interest\n")
    assert rules("notes.txt") == ["not-a-key"]


def test_in_a_folder_what_is_no_key_is_passed_over() -> None:
    save("notes.txt", b"-----BEGIN OPENSSH PRIVATE KEY-----\nis how they begin\n")
    save("cert.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    save("empty", b"")
    found = report(".")
    assert (found["findings"], found["summary"]["passed_over"]) == ([], 3)


def _absent(monkeypatch: pytest.MonkeyPatch) -> str:
    return "no such file"


def _fifo(monkeypatch: pytest.MonkeyPatch) -> str:
    os.mkfifo("bad")
    return "is a FIFO"


def _socket(monkeypatch: pytest.MonkeyPatch) -> str:
    import socket

    with socket.socket(socket.AF_UNIX) as made:
        made.bind("bad")
    return "is a socket"


def _large(monkeypatch: pytest.MonkeyPatch) -> str:
    save("bad", b"x" * (1 << 20) + b"y")
    return "larger than 1 MiB, which no key file is"


def _failing(monkeypatch: pytest.MonkeyPatch, call: str, error: OSError, size: int = 100) -> None:
    """Let a system call on the file `bad` fail, as it does for others than root or on a bad disk."""
    save("bad", b"x" * size)
    real = getattr(os, call)

    def fail(path: Any, *more: Any, **named: Any) -> Any:
        if path == "bad" or (isinstance(path, int) and Path(f"/dev/fd/{path}").resolve().name == "bad"):
            raise error
        return real(path, *more, **named)

    monkeypatch.setattr(os, call, fail)


def _forbidden(monkeypatch: pytest.MonkeyPatch) -> str:
    _failing(monkeypatch, "open", PermissionError(errno.EACCES, "x"))
    return "permission denied"


def _vanished(monkeypatch: pytest.MonkeyPatch) -> str:
    _failing(monkeypatch, "open", FileNotFoundError(errno.ENOENT, "x"))
    return "no such file"


def _broken_disk(monkeypatch: pytest.MonkeyPatch) -> str:
    _failing(monkeypatch, "read", OSError(errno.EIO, "x"))
    return "input/output error"


def _broken_disk_under_a_large_file(monkeypatch: pytest.MonkeyPatch) -> str:
    _failing(monkeypatch, "read", OSError(errno.EIO, "x"), 1 << 21)
    return "input/output error"


def _behind_a_closed_folder(monkeypatch: pytest.MonkeyPatch) -> str:
    real = Path.stat

    def refuse(path: Path, **named: Any) -> Any:
        if path.name == "bad":
            raise PermissionError(errno.EACCES, "x")
        return real(path, **named)

    monkeypatch.setattr(Path, "stat", refuse)
    return "permission denied"


UNREADABLE = {
    each.__name__.strip("_"): each
    for each in (
        *(_absent, _fifo, _socket, _large, _forbidden, _vanished),
        *(_broken_disk, _broken_disk_under_a_large_file, _behind_a_closed_folder),
    )
}


@pytest.mark.skipif(sys.platform != "linux", reason="FIFOs and descriptors by name are Unix'")
@pytest.mark.parametrize("why", UNREADABLE)
@pytest.mark.parametrize("name", ["text", "quiet", "json", "github", "gitlab", "sarif", "junit", "html"])
def test_a_file_that_cannot_be_read_is_in_every_report(why: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    save("key", ENCRYPTED)
    reason = UNREADABLE[why](monkeypatch)
    flags = ("-q",) if name == "quiet" else ("--format", name)
    result = check("bad", "key", *flags)
    assert result.code == 3
    assert "bad" in result.out
    assert reason in result.out.replace("input\\/", "input/")
    assert f"bad: {reason}" in result.err or json.loads(result.err)["error"]["message"] == reason


@pytest.mark.skipif(sys.platform != "linux", reason="FIFOs and descriptors by name are Unix'")
@pytest.mark.parametrize("why", UNREADABLE)
def test_after_a_file_that_cannot_be_read_the_others_are_judged(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    save("key", ED25519)
    reason = UNREADABLE[why](monkeypatch)
    result = check("bad", "key", "--format", "json")
    found = json.loads(result.out)
    assert result.code == 1
    assert [(each["path"], each["rule"]) for each in found["findings"]] == [("key", "unencrypted")]
    assert found["summary"]["unreadable"] == [{"path": "bad", "message": reason}]
    assert (found["summary"]["checked"], found["summary"]["failed"]) == (1, True)


def test_no_level_lets_an_unreadable_file_pass() -> None:
    save("key", ED25519)
    assert check("absent", "key", "--fail-on", "error", "--ignore", "all").code == 3


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_in_a_folder_never_passes() -> None:
    save("folder/key", ENCRYPTED, 0o000)
    assert check("folder").code == 3


def test_standard_input_that_fails_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        closed = False

        def read(self, _: int) -> bytes:
            raise OSError(errno.EISDIR, "x")

    save("key", ED25519)
    monkeypatch.setattr(
        "keyconv.files.reading.sys", types.SimpleNamespace(stdin=types.SimpleNamespace(buffer=Failing()))
    )
    found = json.loads(check("-", "key", "--format", "json").out)
    assert found["summary"]["unreadable"] == [{"path": "standard input", "message": "is a directory"}]
    assert [each["path"] for each in found["findings"]] == ["key"]


def test_a_large_file_that_is_named_never_passes_in_silence() -> None:
    save("large", b"x" * (1 << 20) + b"y")
    assert check("large").code == 3
    assert check(".").code == 0


def test_git_and_what_git_ignores_are_passed_over() -> None:
    save(".git/key", ED25519)
    save("kept", ED25519)
    save("secrets/key", ED25519)
    save("deep/ignored.ppk", PPK)
    save("deep/kept.ppk", PPK)
    save(".gitignore", b"# remark\n/secrets/\n*.ppk\n!kept.ppk\n")
    assert {each["path"] for each in report(".", "--select", "unencrypted")["findings"]} == {
        "./kept",
        "./deep/kept.ppk",
    }
    assert rules("secrets/key") == ["unencrypted"]


def test_a_gitignore_above_the_folder_counts_within_the_repository() -> None:
    Path(".git").mkdir()
    save(".gitignore", b"sub/ignored\n")
    save("sub/ignored", ED25519)
    save("sub/kept", ED25519)
    assert {each["path"] for each in report("sub")["findings"]} == {"sub/kept"}


# ── passphrases ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_passphrase_what_is_not_verified_is_said() -> None:
    save("key", ENCRYPTED)
    assert report("key")["summary"]["unverified"] == ["key"]


def test_with_the_passphrase_the_private_half_is_proved() -> None:
    save("key", ENCRYPTED)
    save("word", PASSPHRASE + b"\n")
    assert report("key", "--passphrase-file", "word")["summary"]["unverified"] == []
    save("word", b"wrong\n")
    assert report("key", "--passphrase-file", "word")["summary"]["unverified"] == ["key"]


def test_with_the_passphrase_a_wrong_half_is_found() -> None:
    pair, other = load("ed25519"), load("ecdsa-p256")
    assert pair.algorithm != other.algorithm
    forged = openssh(pair.blob, pair.inner(b"\1" * 32), cipher="aes256-ctr", passphrase=b"x", rounds=16)
    save("key", forged)
    save("word", b"x\n")
    assert rules("key") == []
    assert rules("key", "--passphrase-file", "word") == ["key-mismatch"]


# ── in company ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["key", "key.ppk", "key.pem"])
def test_a_stale_public_half_is_found_beside_every_name(name: str) -> None:
    save(name, PPK)
    save("key.pub", ECDSA_PUB)
    found = report(name, "--select", "stale-public")["findings"]
    assert [(each["path"], each["fixable"]) for each in found] == [("key.pub", True)]
    save("key.pub", ED25519_PUB)
    assert rules(name, "--select", "stale-public") == []


def test_formats_of_one_key_beside_each_other_are_no_duplicates() -> None:
    save("key", ED25519)
    save("key.ppk", PPK)
    save("other/copy", ED25519)
    found = report(".", "--select", "duplicate-key")["findings"]
    assert [each["path"] for each in found] == ["./other/copy"]


# ── only public, no private ────────────────────────────────────────────────────────────────────────────────────────


def test_public_only_makes_every_private_key_a_finding() -> None:
    save("folder/key", ENCRYPTED)
    save("folder/key.pub", ED25519_PUB)
    assert rules("folder", "--public-only") == ["private-not-public"]


def _inside(data: bytes) -> dict[str, bytes]:
    text = base64.b64encode(data)
    return {
        "whole": data,
        "source": b'KEY = """\\\n' + data + b'"""\nprint(KEY)\n',
        "yaml": b"key: |\n" + b"".join(b"    " + row for row in data.splitlines(keepends=True)) + b"next: 1\n",
        "json": json.dumps({"name": "x", "key": data.decode("ascii"), "more": 1}).encode(),
        "env": b"A=1\nKEY=" + data.replace(b"\n", b"\\n") + b"\nB=2\n",
        "mail": b"Hi,\n\n" + b"".join(b"> " + row for row in data.splitlines(keepends=True)) + b"\nbye\n",
        "utf-16": b"\xff\xfe" + data.decode("ascii").encode("utf-16-le"),
        "utf-16 source": ("text\n" + data.decode("ascii") + "text\n").encode("utf-16"),
        "base64": text + b"\n",
        "secret": b"kind: Secret\ndata:\n  ssh-privatekey: " + text + b"\n  other: QUJD\n",
        "several": data + b"and\n" + PPK,
    }


@pytest.mark.parametrize("name", _inside(b""))
@pytest.mark.parametrize(
    "path",
    [
        *("openssh/ed25519-plain", "openssh/ed25519-encrypted", "ppk/ed25519-v3-plain.ppk", "ppk/rsa2048-v2-plain.ppk"),
        *(
            "pem/rsa2048-puttygen-plain.pem",
            "pem/ecdsa-p256-ssh-keygen-encrypted.pem",
            "pkcs8/ed25519-openssl-plain.pem",
        ),
    ],
)
def test_no_private_keys_finds_them_in_any_file(path: str, name: str) -> None:
    save("repository/file.txt", _inside(by_path(path).data)[name], 0o644)
    found = rules("repository", "--no-private-keys")
    assert set(found) == {"private-not-public"}
    assert len(found) == (2 if name == "several" else 1)


@pytest.mark.parametrize("path", ["dropbear/ed25519", "ssh1/", "sshcom/", "jwk/"])
def test_no_private_keys_finds_every_format(path: str) -> None:
    from fixture_files import FIXTURES

    for fixture in [each for each in FIXTURES if each.path.startswith(path) and each.private][:3]:
        save("repository/file", fixture.data)
        assert rules("repository", "--no-private-keys") == ["private-not-public"], fixture.path


def test_no_private_keys_says_nothing_of_public_ones() -> None:
    save("repository/key.pub", by_path("openssh-pub/rsa2048.pub").data)
    save("repository/authorized_keys", ED25519_PUB * 2)
    assert rules("repository", "--no-private-keys") == []


# ── fixing ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["id_x", "id_y"])
def test_fix_mends_what_can_be_proved(name: str) -> None:
    damaged = b"\xef\xbb\xbf" + ED25519.replace(b"\n", b"\r\n")
    path = save(name, damaged, 0o600)
    found = report(name, "--fix", "--no-backup")
    assert path.read_bytes() == ED25519
    assert path.stat().st_mode & 0o777 == 0o600
    assert found["summary"]["fixed"] == [name]
    assert [each["rule"] for each in found["findings"]] == ["unencrypted"]


def test_fix_leaves_an_encrypted_key_alone_that_it_cannot_prove() -> None:
    path = save("key", ENCRYPTED.replace(b"\n", b"\r\n"))
    assert "crlf" in rules("key", "--fix")
    assert path.read_bytes() == ENCRYPTED.replace(b"\n", b"\r\n")
    save("word", PASSPHRASE + b"\n")
    assert rules("key", "--fix", "--passphrase-file", "word") == ["backup-file"]
    assert path.read_bytes() == ENCRYPTED
    assert Path("key.bak").read_bytes() == ENCRYPTED.replace(b"\n", b"\r\n")
    assert rules("key", "key.bak") == rules(".") == ["backup-file"]  # and nothing of what is wrong with the copy


def test_fix_writes_a_stale_public_half_anew() -> None:
    save("key", ED25519)
    save("key.pub", ECDSA_PUB)
    assert rules("key", "--fix", "--select", "stale-public") == []
    assert Path("key.pub").read_bytes().split()[:2] == ED25519_PUB.split()[:2]


@pytest.mark.parametrize("name", [each.name for each in RULES if each.fixable and each.name != "stale-public"])
def test_fix_mends_every_rule_that_says_so(name: str) -> None:
    files = {path: data for path, data in all_cases()[name].trigger.items() if isinstance(data, bytes)}
    for path, data in files.items():
        save(path, data)
    assert name in rules(*files)
    assert name not in rules(*files, "--fix")


@pytest.mark.parametrize("data", [ED25519, PPK, ECDSA], ids=["openssh", "ppk", "ecdsa"])
def test_no_changed_character_that_alters_the_key_passes(data: bytes) -> None:
    public = read(data).entries[0].public
    body = [at for row in re.finditer(rb"^[A-Za-z0-9+/]{20,}", data, re.MULTILINE) for at in range(*row.span())]
    for at in body[::7]:
        changed = data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :]
        judged = judge_content(Content("key", changed, 0o600), Context(now=0))
        if {each.rule for each in judged.findings} <= {"unencrypted"}:
            assert read(changed).entries[0].public == public


def test_a_file_that_asks_for_too_much_is_a_finding() -> None:
    pair = load("ed25519")
    save("key", openssh(pair.blob, pair.inner(), count=1_701_065_269))
    save("word", b"x\n")
    assert rules("key", "--passphrase-file", "word") == rules("key") == ["corrupt"]


def test_fix_mends_only_what_is_selected() -> None:
    path = save("key", ED25519.replace(b"\n", b"\r\n"))
    check("key", "--fix", "--ignore", "crlf")
    assert path.read_bytes() == ED25519.replace(b"\n", b"\r\n")


# ── how much it bears ──────────────────────────────────────────────────────────────────────────────────────────────


def test_of_1200_files_the_200_bad_ones_are_named_and_no_other() -> None:
    good = [ED25519, ECDSA, PPK, ENCRYPTED, ED25519_PUB, ECDSA_PUB]
    spoil = [
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b" "),
        lambda data: data.replace(b"\n", b"\\n"),
        lambda data: data.replace(b"-----", b"----", 1),
        lambda data: b'"' + data + b'"',
    ]
    bad = set()
    for number in range(1200):
        folder = f"tree/{number % 40}"
        data = good[number % len(good)]
        if number % 6 == 5:
            bad.add(save(f"{folder}/file{number}", spoil[number // 6 % len(spoil)]([ED25519, ECDSA][number // 6 % 2])))
        else:
            save(f"{folder}/file{number}{'.pub' if data.startswith((b'ssh', b'ecdsa')) else ''}", data)
    found = report("tree", "--select", "damage", "--select", "identity")
    assert found["summary"]["checked"] == 1200
    assert {each["path"] for each in found["findings"]} == {str(path) for path in bad}


WORDS = (
    "the key begins with -----BEGIN OPENSSH PRIVATE KEY----- and ends with -----END OPENSSH PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
    "[...]\n"
    "-----END OPENSSH PRIVATE KEY-----",
    'if data.startswith(b"-----BEGIN EC PRIVATE KEY-----"):\n    return parse_openssl_key(data, "EC", password=None)',
    "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: aes256-cbc\nis what a PPK looks like",
    'HEADER = "PuTTY-User-Key-File-2: "\nre.compile(r"-----BEGIN ((?:RSA|DSA|EC|OPENSSH) )?PRIVATE KEY-----")',
    "ssh-rsa AAAAB3NzaC1yc2E... is a public key, ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI... another",
    "---- BEGIN SSH2 PUBLIC KEY ----\nComment: ...\n---- END SSH2 PUBLIC KEY ----",
    "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 *id_rsa # PRIVATE KEY",
    "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n"
    "-----END CERTIFICATE-----",
    "export KEY=$(cat <<EOF\n-----BEGIN PRIVATE KEY-----\n${BODY}\n-----END PRIVATE KEY-----\nEOF\n)",
    '{"private_key": "-----BEGIN PRIVATE KEY-----\\nMIIEvgIBADANBg...\\n-----END PRIVATE KEY-----\\n"}',
)


def test_no_finding_on_documents_that_mention_headers() -> None:
    chance = random.Random(4)
    prose = [row for row in Path(__file__).read_text("utf-8").split("\n") if row.strip()]
    for number in range(200):
        parts = [chance.choice(WORDS) if chance.random() < 0.3 else chance.choice(prose) for _ in range(40)]
        first = WORDS[number % len(WORDS)] if number % 3 == 0 else "# A document"
        suffix = chance.choice((".md", ".py", ".txt", ".c", ".yml", ""))
        save(f"all/{number}{suffix}", "\n".join([first, *parts, ""]).encode(), 0o644)
    for flags, count in ((), 40), (("--public-only",), 15), (("--no-private-keys",), 15):
        folder = f"docs{''.join(flags)}"
        for path in some(sorted(Path("all").iterdir()), count, flags):
            save(f"{folder}/{path.name}", path.read_bytes(), 0o644)
        found = report(folder, "--fail-on", "info", "-j", "1", *flags)
        assert found["findings"] == []
        assert found["summary"]["unreadable"] == []


def test_the_sources_of_keyconv_itself_are_no_keys() -> None:
    import keyconv

    assert report(Path(keyconv.__file__).parent)["findings"] == []


def test_the_sources_of_cryptography_are_no_keys() -> None:
    import cryptography

    assert report(Path(cryptography.__file__).parent / "hazmat", "--no-private-keys")["findings"] == []


def _many_lines(count: int, keys: int) -> Any:
    chance = random.Random(5)
    from keyconv.crypto.derive import derive_ed25519

    made = []
    for _ in range(keys):
        blob = bytes.fromhex("0000000b7373682d6564323535313900000020") + derive_ed25519(chance.randbytes(32)).point
        made.append(b"ssh-ed25519 " + base64.b64encode(blob) + b" user@host\n")
    for number in range(count):
        yield made[number * keys // count] if number * keys // count != (number - 1) * keys // count else b"# remark\n"


def test_an_authorized_keys_of_100_000_lines_is_read_as_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []
    chunks: list[int] = []
    read_some = os.read

    def count_line(text: bytes, number: int, notes: list[Note]) -> Entry | None:
        parsed.append(number)
        return read_line(text, number, notes)

    def count_chunk(descriptor: int, length: int) -> bytes:
        chunks.append(length)
        return read_some(descriptor, length)

    monkeypatch.setattr(lines, "read_line", count_line)
    monkeypatch.setattr(os, "read", count_chunk)
    with Path("authorized_keys").open("wb") as stream:
        stream.writelines(_many_lines(100_000, 2_000))
        stream.write(b"# " + b"x" * 60 + b"\n")
        stream.writelines([b"# " + b"y" * 1000 + b"\n"] * 1000)
        stream.write(b"ssh-rsa nonsense\n")
    assert Path("authorized_keys").stat().st_size > 1 << 20
    found = report("authorized_keys")["findings"]
    assert [(each["rule"], each["line"]) for each in found] == [("bad-line", 101_002)]
    assert len(parsed) < 1.05 * 101_002, "each line is parsed once, but for those that tell what the file is"
    assert max(chunks) <= 1 << 18


def test_the_memory_for_lines_does_not_grow_with_them() -> None:
    peaks = []  # of files longer than what is looked at together
    for count in (10_000, 40_000):
        file = LineFile("authorized_keys", "authorized_keys", Context(now=int(time.time())))
        chunks = _many_lines(count, 200)
        tracemalloc.start()
        assert list(check_lines(file, chunks)) == []
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert file.keys == 200
    assert peaks[1] < peaks[0] + 64 * 1024


def test_a_line_without_an_end_takes_no_memory() -> None:
    file = LineFile("authorized_keys", "authorized_keys", Context(now=0))
    tracemalloc.start()
    found = list(check_lines(file, (b"x" * 4096 for _ in range(5_000))))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found[0].rule == "line-too-long"
    assert peak < 1 << 20


@pytest.mark.skipif(sys.platform == "win32", reason="names of bytes are Unix'")
def test_a_name_that_is_no_text_is_reported() -> None:
    path = os.fsencode(Path.cwd()) + b"/k\xff\n::error::"
    with open(path, "wb") as stream:  # noqa: PTH123 - a path of bytes
        stream.write(ED25519)
    os.chmod(path, 0o600)  # noqa: PTH101
    for name in ("text", "json", "github", "gitlab", "sarif", "junit", "html"):
        result = check(".", "--format", name)
        assert result.code == 1
        assert "\n::error::" not in result.out


def test_verbose_says_what_was_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "badkeys", None)
    badkeys.load.cache_clear()
    save("folder/key", ENCRYPTED)
    save("folder/other", b"nothing\n")
    result = check("folder", "-v")
    badkeys.load.cache_clear()
    assert result.code == 0
    assert "note: without the extra keyconv[badkeys]" in result.out
    assert "1 other file skipped" in result.out
    assert "note:" not in check("folder").out


def _is_key_file(fixture: Fixture) -> bool:
    """Leave out files of lines, which are another path, and a comment of one line with a character of three bytes."""
    return fixture.whole and not fixture.path.startswith("authorized_keys/") and fixture.path != "comments/utf8.pub"


@pytest.mark.parametrize("fixture", pick(_is_key_file))
def test_a_sound_file_never_enters_the_repair_search(fixture: Fixture, monkeypatch: pytest.MonkeyPatch) -> None:
    content = Content("key", fixture.data)
    damaged = [
        each.rule for each in judge_content(content, Context(now=0)).findings if rule(each.rule).group == "damage"
    ]

    def search(*_: object, **__: object) -> None:
        raise AssertionError("a sound file was searched for damage")

    monkeypatch.setattr(repairs, "find_whole", search)
    monkeypatch.setattr(repairs, "diagnose", search)
    if not damaged:
        judge_content(content, Context(now=0))
