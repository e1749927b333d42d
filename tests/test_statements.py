"""Files that speak of keys and hold none: SSHFP records, principals, and what every command makes of such a file."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import made_certificates
import pytest
from fixture_files import Fixture, by_path, pick, sample
from hypothesis import given, settings
from hypothesis import strategies as st
from published_schemas import schema_of, validator
from tools import require
from typer.testing import CliRunner, Result

from keyconv import statements
from keyconv.cli.app import app
from keyconv.codec.sshfp import ALGORITHMS
from keyconv.engine import read as read_key
from keyconv.errors import KeyconvError, MalformedError, NotAKeyError
from keyconv.statements import krl, principals, sshfp

KRL = krl.MAGIC + b"\0\0\0\1" + bytes(8 * 3) + bytes(4) + bytes(4)
ED25519 = by_path("openssh-pub/ed25519.pub")
RSA = by_path("openssh-pub/rsa2048.pub")


def _run(*arguments: object, data: bytes = b"") -> Result:
    """Run the program; JSON that it prints is held to the published schema."""
    words = [str(each) for each in arguments]
    result = CliRunner().invoke(app, words, input=data)
    if "--json" in words and result.exit_code in (0, 1):
        validator(schema_of(words)).validate(json.loads(result.stdout))
    return result


def _asked(key: Fixture, tmp_path: Path, *flags: str) -> bytes:
    line = tmp_path / "key.pub"
    line.write_text(f"{key.public_line}\n")
    command = [require("ssh-keygen"), "-r", "host.example.", "-f", str(line), *flags]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


# ── SSHFP ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("flags", [(), ("-g",)])
@pytest.mark.parametrize(
    "key",
    pick(lambda each: each.path.startswith("openssh-pub/") and each.family in ALGORITHMS and each.family != "ed448"),
)
def test_records_of_ssh_keygen_are_of_their_key_and_of_no_other(
    key: Fixture, flags: tuple[str, ...], tmp_path: Path
) -> None:
    said = _asked(key, tmp_path, *flags)
    assert statements.detect(said) == "sshfp"
    found = sshfp.read(said)
    assert [record.fault for record in found.records] == ["", ""]
    assert {record.owner for record in found.records} == {b"host.example."}
    public = sample(key.path).public
    assert public is not None
    assert all(record.is_of(public) for record in found.records)
    for other in (ED25519, RSA):
        other_public = sample(other.path).public
        assert other_public is not None
        assert bool(found.applies_to(other_public, None)) is (other_public == public)


RECORD = b"host IN SSHFP 4 2 " + b"ab" * 32 + b"\n"
SAME = (
    b"host SSHFP 4 2 " + b"AB" * 32,
    b"host 3600 IN SSHFP 4 2 " + b"ab" * 32,
    b"host IN 1h30m SSHFP 4 2 " + b"ab" * 32,
    b"host CLASS1 TYPE44 \\# 34 0402" + b"ab" * 32,
    b"host in type44 \\# 34 ( 04 02\n\t" + b"abab " * 16 + b") ; remark ( \n",
    b"host IN sshfp ( 4 ; algorithm\n  2 ; hash\n" + b"ab" * 16 + b"\n" + b"ab" * 16 + b" )",
    b"$TTL 1d\n$ORIGIN example.\nhost IN A 192.0.2.1\n     IN SSHFP 4 2 " + b"ab" * 32,
    b'host IN TXT "a ) ; ( word"\n\tSSHFP 4 2 ' + b"ab" * 32,
    b"; host:22 SSH-2.0-OpenSSH\r\nhost IN SSHFP 4 2 " + b"ab" * 32 + b"\r\n",
)


@pytest.mark.parametrize("text", SAME)
def test_one_record_however_it_is_written(text: bytes) -> None:
    (record,) = sshfp.read(text).records
    assert (record.owner, record.algorithm, record.hash, record.digest) == (b"host", 4, 2, b"\xab" * 32)
    assert statements.detect(text) == "sshfp"


@pytest.mark.parametrize(
    "text",
    [
        b"host IN SSHFP 4 2",
        b"host IN SSHFP 4 2 abc",
        b"host IN SSHFP 4 2 xy",
        b"host IN SSHFP 999 2 ab",
        b"host IN SSHFP \\# 3 0402",
    ],
)
def test_a_record_without_sense_spoils_no_other(text: bytes) -> None:
    with pytest.raises(MalformedError):
        sshfp.read(text)
    found = sshfp.read(text + b"\n" + RECORD)
    assert len(found.records) == 1
    assert [fault.line for fault in found.faults] == [1]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (b"9 2 " + b"ab" * 32, "no key algorithm of number 9"),
        (b"4 3 " + b"ab" * 48, "no hash of number 3"),
        (b"4 2 " + b"ab" * 20, "has 32 bytes, and this one 20"),
        (b"4 1 " + b"ab" * 32, "has 20 bytes, and this one 32"),
    ],
)
def test_what_ssh_ignores_is_named(record: bytes, said: str) -> None:
    (found,) = sshfp.read(b"host IN SSHFP " + record).records
    assert said in found.fault


@pytest.mark.parametrize(
    "text",
    [
        b"Print SSHFP records with ssh-keygen -r.\nhost IN SSHFP 4 2 00\n",
        b"ssh-ed25519 AAAA SSHFP\n",
        b"# SSHFP\n",
        b"host IN A 192.0.2.1 ; no SSHFP here\n",
        b"",
    ],
)
def test_other_texts_are_not_taken_for_records(text: bytes) -> None:
    assert statements.detect(text) == ""


# ── principals ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_names_and_options_as_sshd_splits_them() -> None:
    text = b'# names\n\n me \nrestrict,command="a b" you\t\nno-pty\tthem # remark\nno-pty, pty us\n'
    found = principals.read(text)
    assert [(each.name, len(each.options), each.line, each.ignored) for each in found.principals] == [
        (b"me", 0, 3, b""),
        (b"you", 2, 4, b""),
        (b"them", 1, 5, b""),
        (b"us", 1, 6, b"pty"),
    ]
    assert found.principals[1].options[1].value == b"a b"


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b"foo me", "unknown-option"),
        (b'command="x me', "bad-option"),
        (b"me\r", "bad-line"),
        (b"\xef\xbb\xbfme", "byte-order-mark"),
        (b"m\0e", "bad-line"),
    ],
)
def test_a_bad_line_is_a_fault_and_spoils_no_other(line: bytes, rule: str) -> None:
    found = principals.read(line + b"\nyou\n")
    assert [each.name for each in found.principals] == [b"you"]
    assert [(fault.line, fault.rule) for fault in found.faults] == [(1, rule)]


def test_a_certificate_is_matched_by_its_principals_and_a_host_s_never() -> None:
    found = principals.read(b"bob\nno-pty alice\n")
    for role, expected in ((1, "alice, line 2"), (2, "")):
        certificate = made_certificates.read(made_certificates.make(role=role))
        assert found.applies_to(certificate.key, certificate) == expected
    assert not found.applies_to(certificate.key, None)


# ── hostile bytes ──────────────────────────────────────────────────────────────────────────────────────────────────

WHOLE = {
    "sshfp": SAME[5] + b"\n" + SAME[3],
    "authorized_principals": b'# x\nrestrict,command="a \\"b\\"" me\nyou\n',
    "krl": KRL + b"\2\0\0\0\5\0\0\0\1x",
}


def _error(data: bytes, name: str) -> str:
    """Read a file. Returns: what is wrong with it, or nothing; another error than keyconv's own goes through."""
    try:
        statements.read(data, name).describe()
    except KeyconvError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", WHOLE)
def test_every_prefix_and_every_changed_byte_gives_a_file_or_an_error(name: str) -> None:
    assert not _error(WHOLE[name], name)
    for broken in _mutations(WHOLE[name]):
        assert "\n" not in _error(broken, name)
        statements.detect(broken)


def _mutations(data: bytes) -> Iterator[bytes]:
    for end in range(len(data)):
        yield data[:end]
        for value in (data[end] ^ 1, data[end] ^ 0x80, 0, 34, 40, 92):
            yield data[:end] + bytes((value,)) + data[end + 1 :]


@given(st.binary(max_size=200) | st.text(alphabet='host IN SSHFP 42ab();"\\#\n', max_size=200).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_any_bytes(data: bytes) -> None:
    for name in statements.NAMES:
        assert "\n" not in _error(data, name)
    statements.detect(data)


@pytest.mark.parametrize(
    "text", [b"(" * 200_000, b'host IN TXT "' * 50_000, b"host IN SSHFP 4 2 ( " + b"ab " * 300_000, b"\\" * 500_000]
)
def test_long_records_take_time_as_their_length(text: bytes) -> None:
    assert "\n" not in _error(text, "sshfp")


# ── commands ───────────────────────────────────────────────────────────────────────────────────────────────────────

FILES = {"list.krl": KRL, "host.sshfp": RECORD, "authorized_principals": b"me\n"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "key.pub").write_text(f"{ED25519.public_line}\n")
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_inspect_says_what_it_is_in_text_and_json(name: str, folder: Path) -> None:
    kind = json.loads(_run("inspect", "--json", name).stdout)[0]["format"]
    assert kind in statements.NAMES
    text = _run("inspect", name)
    assert text.exit_code == 0
    assert f"format       {kind} (" in text.stdout
    forced = _run("inspect", "--json", "--from", kind, "-", data=FILES[name])
    assert json.loads(forced.stdout)[0]["kind"] == kind


@pytest.mark.parametrize("command", [("public",), ("convert", "-t", "ppk"), ("cert", "show"), ("passphrase",)])
@pytest.mark.parametrize("name", ["list.krl", "host.sshfp"])
def test_where_a_key_is_needed_the_refusal_says_what_it_is_and_what_to_do(
    name: str, command: tuple[str, ...], folder: Path
) -> None:
    result = _run(*command, name)
    assert result.exit_code == 3, result.output
    assert "it holds no key" in result.stderr
    assert f"keyconv inspect {name}" in result.stderr


@pytest.mark.parametrize("name", statements.NAMES)
def test_from_and_to_name_them_as_what_they_are(name: str, folder: Path) -> None:
    if name == "sshfp":
        return  # it is a format that is written
    result = _run("convert", "--from", name, "key.pub")
    assert result.exit_code == 2
    assert "it holds no key" in result.stderr


def test_match_says_of_each_key_whether_the_file_speaks_of_it(folder: Path) -> None:
    (folder / "other.pub").write_text(f"{RSA.public_line}\n")
    (folder / "list.krl").write_text(f"{RSA.public_line}\n")
    records = _run("public", "-t", "sshfp", "key.pub").stdout
    (folder / "host.sshfp").write_text(records)
    assert _run("match", "key.pub", "host.sshfp").exit_code == 0
    assert _run("match", "other.pub", "host.sshfp").exit_code == 1
    assert _run("match", "-q", "key.pub", "host.sshfp").stdout == ""
    found = json.loads(_run("match", "--json", "host.sshfp", "key.pub", "other.pub").stdout)
    assert (found["match"], [row["how"] for row in found["keys"]]) == (False, ["@ by SHA1 and SHA256", None])
    assert _run("match", "host.sshfp", "authorized_principals").exit_code == 2


def test_match_with_a_krl_says_revoked_or_not(folder: Path) -> None:
    blob = read_key((folder / "key.pub").read_bytes()).entries[0].public
    assert blob is not None
    from keyconv.codec import public_blob

    key = public_blob.write(blob)
    section = len(key).to_bytes(4, "big") + key
    (folder / "list.krl").write_bytes(KRL + b"\2" + len(section).to_bytes(4, "big") + section)
    (folder / "other.pub").write_text(f"{RSA.public_line}\n")
    revoked, sound = _run("match", "key.pub", "list.krl"), _run("match", "other.pub", "list.krl")
    assert (revoked.exit_code, sound.exit_code) == (0, 1)
    assert "key.pub:1: revoked: SHA256:" in revoked.stdout
    assert "other.pub:1: not revoked: SHA256:" in sound.stdout


def test_a_list_larger_than_a_key_file_is_read(folder: Path) -> None:
    body = b"".join(b"\0\0\0\x20" + number.to_bytes(32, "big") for number in range(40_000))
    (folder / "list.krl").write_bytes(KRL + b"\5" + len(body).to_bytes(4, "big") + body)
    assert json.loads(_run("inspect", "--json", "list.krl").stdout)[0]["counts"]["sha256"] == 40_000
    assert _run("match", "key.pub", "list.krl").exit_code == 1
    assert _run("check", "list.krl").exit_code == 0


def test_check_finds_nothing_in_sound_ones_and_the_place_in_others(folder: Path) -> None:
    assert _run("check", "--fail-on", "info", "list.krl", "authorized_principals").exit_code == 0
    (folder / "bad.krl").write_bytes(KRL + b"\2\0\0\0\5")
    (folder / "auth_principals").mkdir()
    (folder / "auth_principals" / "me").write_bytes(b"me\nfoo you\n")
    result = json.loads(_run("check", "--json", ".").stdout)
    found = {(Path(each["path"]).name, each["line"], each["rule"]) for each in result["findings"]}
    assert ("bad.krl", None, "corrupt") in found
    assert ("me", 2, "unknown-option") in found
    assert {name for name, _, _ in found} == {"bad.krl", "me"}


def test_no_record_and_no_name_are_no_such_file() -> None:
    for name, data in (("sshfp", b"host IN A 192.0.2.1\n"), ("authorized_principals", b"# nobody\n")):
        with pytest.raises(NotAKeyError):
            statements.read(data, name)
