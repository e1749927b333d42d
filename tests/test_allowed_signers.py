"""`allowed_signers`: the lines that ssh-keygen takes are read, and nothing that a line says is lost in silence."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixture_files import FIXTURES_DIR, by_path
from hypothesis import given, settings
from hypothesis import strategies as st
from published_schemas import schema_of, validator
from tools import require
from typer.testing import CliRunner, Result

from keyconv import limits
from keyconv.checks.lines import kind_of_content
from keyconv.cli.app import app
from keyconv.engine import match, read
from keyconv.errors import KeyconvError
from keyconv.formats import claiming

ED25519 = by_path("certificates/ca-ed25519.pub").data.split()
KEY = b" ".join(ED25519[:2])
RSA = by_path("openssh-pub/rsa2048.pub").data.rstrip(b"\n")
BROKEN = b"broken@example.com ssh-ed25519 AAAAC3Nza\n"
WHOLE = (
    b"# who may sign\n\n"
    b'alice@example.com,*@corp.example namespaces="git,file",valid-after="20240101Z" ' + KEY + b" alice's\n"
    b'ca@example.com cert-authority,valid-before="20990101" ' + RSA + b"\n"
)


def _run(*arguments: object, data: bytes = b"") -> Result:
    """Run the program; JSON that it prints is held to the published schema."""
    words = [str(each) for each in arguments]
    result = CliRunner().invoke(app, words, input=data)
    if "--json" in words and result.exit_code in (0, 1):
        validator(schema_of(words)).validate(json.loads(result.stdout))
    return result


def _rows(data: bytes) -> list[tuple[tuple[bytes, ...], tuple[tuple[bytes, bytes | None], ...], int | None]]:
    return [
        (entry.principals, tuple((option.name, option.value) for option in entry.options), entry.line)
        for entry in read(data).entries
    ]


def test_principals_options_keys_and_comments_are_read() -> None:
    found = read(WHOLE)
    assert (found.format, found.kind, found.faults) == ("allowed_signers", "allowed_signers", ())
    assert _rows(WHOLE) == [
        (
            (b"alice@example.com", b"*@corp.example"),
            ((b"namespaces", b"git,file"), (b"valid-after", b"20240101Z")),
            3,
        ),
        ((b"ca@example.com",), ((b"cert-authority", None), (b"valid-before", b"20990101")), 4),
    ]
    assert [entry.hosts for entry in found.entries] == [(), ()]
    assert found.entries[0].comment == b"alice's"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_bad_line_spoils_no_other(place: int) -> None:
    lines = WHOLE.splitlines(keepends=True)[2:]
    lines.insert(place, BROKEN)
    found = read(b"".join(lines))
    assert [entry.line for entry in found.entries] == [number for number in (1, 2, 3) if number != place + 1]
    assert [(fault.line, fault.rule) for fault in found.faults] == [(place + 1, "bad-line")]


RECOGNISED = (
    b"alice@example.com " + KEY,
    b"*@example.com " + KEY,
    b'alice namespaces="git" ' + KEY,
    b'* cert-authority,namespaces="file" ' + KEY,
    b'"alice@example.com" ' + KEY,
)
OTHERS = (
    b"host.example " + KEY,
    b"alice " + KEY,
    KEY + b" alice@example.com",
    b'command="x" ' + KEY + b" alice@example.com",
    b"restrict " + KEY,
    b'no-pty,from="*@x" ' + KEY,
    b"[host]:22 " + KEY,
    b"@cert-authority *.example " + KEY,
    b"alice@example.com",
)


@pytest.mark.parametrize("line", RECOGNISED)
def test_it_is_recognised_by_content_by_every_reader_alike(line: bytes) -> None:
    assert [each.name for each in claiming(line + b"\n")] == ["allowed_signers"]
    assert kind_of_content(line + b"\n") == "allowed_signers"
    assert read(b"# x\n" + line + b"\n" + line).kind == "allowed_signers"


@pytest.mark.parametrize("line", OTHERS)
def test_what_is_of_another_kind_stays_so(line: bytes) -> None:
    assert "allowed_signers" not in [each.name for each in claiming(line + b"\n")]
    assert kind_of_content(line + b"\n") != "allowed_signers"


@pytest.mark.parametrize("name", ["allowed_signers", ".allowed_signers", "allowed-signers"])
def test_by_its_name_it_may_have_any_principals(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"alice " + KEY + b"\n")
    assert json.loads(_run("inspect", "--json", path).stdout)[0]["kind"] == "allowed_signers"
    assert _run("check", path).exit_code == 0


def test_from_forces_it() -> None:
    found = json.loads(_run("inspect", "--json", "--from", "allowed_signers", "-", data=b"alice " + KEY).stdout)[0]
    assert found["keys"][0]["principals"] == ["alice"]


def test_inspect_shows_all_that_a_line_says(tmp_path: Path) -> None:
    path = tmp_path / "signers"
    path.write_bytes(WHOLE)
    first, second = json.loads(_run("inspect", "--json", path).stdout)[0]["keys"]
    assert first["principals"] == ["alice@example.com", "*@corp.example"]
    assert (first["namespaces"], first["valid_after"], first["valid_before"]) == (["git", "file"], "20240101Z", None)
    assert (first["cert_authority"], second["cert_authority"]) == (False, True)
    assert (second["namespaces"], second["valid_before"]) == (None, "20990101")
    text = _run("inspect", path).stdout
    assert "alice@example.com, *@corp.example" in text
    assert 'valid-after="20240101Z"' in text


def test_public_writes_the_keys_and_reports_what_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "signers"
    path.write_bytes(WHOLE)
    result = _run("public", path)
    assert result.exit_code == 0
    assert result.stdout.encode() == KEY + b" alice's\n" + RSA + b"\n"
    assert "cannot hold the principals" in result.stderr
    assert "cannot hold the options" in result.stderr
    strict = _run("public", "--strict", path)
    assert strict.exit_code == 6
    assert strict.stdout == ""


def test_match_finds_a_key_among_the_lines() -> None:
    assert match([read(WHOLE), read(RSA)]) == read(RSA).entries[0].public
    assert match([read(WHOLE), read(by_path("openssh-pub/ecdsa-p256.pub").data)]) is None


@pytest.mark.parametrize("command", [("convert", "-t", "openssh-pub"), ("comment", "-"), ("passphrase",)])
def test_where_one_key_is_needed_the_refusal_names_the_file(command: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "signers"
    path.write_bytes(WHOLE)
    result = _run(command[0], path, *command[1:])
    assert result.exit_code in (2, 6)
    assert "choose one with --key" in result.stderr or "allowed_signers is read, not written" in result.stderr
    assert path.read_bytes() == WHOLE
    assert "Traceback" not in result.output


def test_a_large_file_is_streamed_as_a_small_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "signers"
    line = b'user@example.com namespaces="git" ' + KEY + b"\n"
    count = limits.MAX_KEY_FILE // len(line) + 2
    path.write_bytes(line * count)
    result = _run("public", path)
    assert result.exit_code == 0
    assert result.stdout.count("\n") == count
    assert "cannot hold the principals" in result.stderr
    assert '"kind": "allowed_signers"' in _run("inspect", "--json", "--key", 1, path).stdout


@pytest.mark.parametrize("command", [("repair", "--in-place"), ("check", "--fix")])
def test_nothing_is_fixed_in_place(command: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "allowed_signers"
    wrapped = WHOLE.replace(KEY, KEY[:40] + b"\n" + KEY[40:])
    path.write_bytes(wrapped)
    _run(*command, path)
    assert path.read_bytes() == wrapped


def test_a_private_key_among_the_lines_is_named_and_never_taken() -> None:
    private = (FIXTURES_DIR / "openssh" / "ed25519-plain").read_bytes()
    found = read(WHOLE + private)
    assert all(entry.private is None for entry in found.entries)
    assert "private-not-public" in {fault.rule for fault in found.faults}


# ── the judge ──────────────────────────────────────────────────────────────────────────────────────────────────────

ASKED = (
    b"alice@example.com " + KEY,
    b"bob@example.com,alice@example.com " + KEY,
    b"*@example.com " + KEY,
    b"!bob@example.com,*@example.com " + KEY,
    b'"alice@example.com" ' + KEY,
    b'alice@example.com namespaces="git,file" ' + KEY,
    b'alice@example.com namespaces="other" ' + KEY,
    b'alice@example.com valid-after="20200101",valid-before="20990101" ' + KEY,
    b"alice@example.com valid-before=20990101 " + KEY,
    b"alice@example.com no-pty " + KEY,
    b'alice@example.com namespaces="git", ' + KEY,
    b"alice@example.com " + KEY[:-4],
    b'"alice@example.com ' + KEY,
    b"alice@example.com",
    KEY,
)


@pytest.fixture(scope="module")
def signature(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signed")
    key = folder / "key"
    key.write_bytes(by_path("certificates/ca-ed25519").data)
    key.chmod(0o600)
    (folder / "text").write_bytes(b"text\n")
    command = [require("ssh-keygen"), "-Y", "sign", "-n", "git", "-f", str(key), str(folder / "text")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return folder / "text.sig"


@pytest.mark.parametrize("line", ASKED)
def test_lines_that_ssh_keygen_takes_are_read_and_others_are_not(line: bytes, signature: Path, tmp_path: Path) -> None:
    signers = tmp_path / "signers"
    signers.write_bytes(line + b"\n")
    asked = [require("ssh-keygen"), "-Y", "verify", "-n", "git", "-I", "alice@example.com", "-f", str(signers)]
    done = subprocess.run([*asked, "-s", str(signature)], input=b"text\n", capture_output=True, check=False, timeout=60)
    try:
        ours = read(line + b"\n", "allowed_signers").entries[0]
    except KeyconvError:
        assert done.returncode != 0
    else:
        names = {option.name: option.value for option in ours.options}
        assert (done.returncode == 0) is (b"git" in (names.get(b"namespaces") or b"git"))


# ── hostile bytes ──────────────────────────────────────────────────────────────────────────────────────────────────


def _error(data: bytes) -> str:
    """Read a file. Returns: what is wrong with it, or nothing; another error than keyconv's own goes through."""
    try:
        read(data, "allowed_signers")
    except KeyconvError as error:
        return str(error)
    return ""


def test_every_prefix_and_every_changed_byte_gives_a_file_or_an_error() -> None:
    data = WHOLE[: -len(RSA)] + KEY + b"\n"
    assert not _error(data)
    for broken in _mutations(data):
        assert "\n" not in _error(broken)


def _mutations(data: bytes) -> Iterator[bytes]:
    for end in range(len(data)):
        yield data[:end]
        for value in (data[end] ^ 1, 0, 34, 10):
            yield data[:end] + bytes((value,)) + data[end + 1 :]


@given(st.text(alphabet='a@*!,"= \t#\\\n', max_size=60).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_any_words_before_a_key(words: bytes) -> None:
    assert "\n" not in _error(words + b" " + KEY + b"\n")
    kind_of_content(words + b" " + KEY + b"\n")
