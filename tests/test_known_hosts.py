"""`known_hosts` as a format: read as ssh reads it, told apart from `authorized_keys`, judged by ssh-keygen."""

from __future__ import annotations

import base64
import json
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fixture_files import FIXTURES, FIXTURES_DIR, Fixture, by_path, pick
from hypothesis import given
from hypothesis import strategies as st
from test_cli_convert import OPENSSH, PPK, run
from tools import require

from keyconv import FORMATS, read
from keyconv.engine import detect, plan
from keyconv.errors import KeyconvError, NotAKeyError
from keyconv.formats import by_name
from keyconv.formats.authorized_keys import OPENSSH_PUB
from keyconv.formats.known_hosts import KNOWN_HOSTS, read_line

ALL = pick(lambda fixture: fixture.format == "known_hosts")
MANIFEST = {entry["path"]: entry for entry in json.loads((FIXTURES_DIR / "manifest.json").read_text("utf-8"))["files"]}
ED25519 = by_path("openssh-pub/ed25519.pub").data.rstrip(b"\n")
RSA = by_path("openssh-pub/rsa2048.pub").data.rstrip(b"\n")
KNOWN = FIXTURES_DIR / "authorized_keys" / "known_hosts"
HASHED = FIXTURES_DIR / "known_hosts" / "hashed-with-markers"
SCANNED = FIXTURES_DIR / "known_hosts" / "ssh-keyscan"
OLD = FIXTURES_DIR / "known_hosts" / "of-many-years"


def inspected(path: Path, *arguments: str) -> dict[str, Any]:
    result = run("inspect", "--json", path, *arguments)
    assert (result.code, result.err) == (0, "")
    (found,) = result.json
    assert isinstance(found, dict)
    return found


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_there_are_fixtures_of_every_shape() -> None:
    texts = b"".join(fixture.data for fixture in FIXTURES if fixture.format == "known_hosts")
    for piece in (b"|1|", b"@cert-authority ", b"@revoked ", b"]:2222", b" SSH-2.0-", b"\r\n", b"ssh-unknown-alg@"):
        assert piece in texts


@pytest.mark.parametrize("fixture", ALL)
def test_every_line_holds_what_the_manifest_says(fixture: Fixture) -> None:
    keyfile = read(fixture.data)
    assert (keyfile.format, keyfile.kind) == ("known_hosts", "known_hosts")
    expected = MANIFEST[fixture.path]["keys"]
    assert [entry.line for entry in keyfile.entries] == [key["line"] for key in expected]
    for entry, key in zip(keyfile.entries, expected, strict=True):
        assert entry.public is not None
        assert entry.public.algorithm == key["type"]
        assert b",".join(entry.hosts).decode() == key["hosts"]
        assert (entry.marker.decode() if entry.marker else None) == key["marker"]
        assert (entry.comment or b"").hex() == key["comment"]


@pytest.mark.parametrize("fixture", ALL)
def test_inspect_prints_the_fingerprints_that_ssh_keygen_prints(fixture: Fixture) -> None:
    ran = subprocess.run([require("ssh-keygen"), "-l", "-f", fixture.file], capture_output=True, check=True)
    printed = [line.split()[:2] for line in ran.stdout.decode().rstrip("\n").split("\n")]
    judged = {key["line"] for key in MANIFEST[fixture.path]["keys"] if key["judged_by"]}
    keys = inspected(fixture.file)["keys"]
    # ssh-keygen -l skips lines with a marker, and over types that it does not know.
    assert judged == {key["line"] for key in keys if "marker" not in key and "unknown" not in key["type"]}
    told = [[str(key["bits"]), key["fingerprints"]["sha256"]] for key in keys if key["line"] in judged]
    assert told == printed


@pytest.mark.parametrize(
    ("path", "host"),
    [
        (KNOWN, "host.example.com"),
        (KNOWN, "[host.example.com]:2222"),
        (FIXTURES_DIR / "authorized_keys" / "known_hosts-hashed", "192.0.2.1"),
        (OLD, "[192.0.2.3]:2222"),
    ],
)
def test_the_line_of_a_host_is_the_one_that_ssh_keygen_finds(path: Path, host: str) -> None:
    ran = subprocess.run([require("ssh-keygen"), "-F", host, "-f", path], capture_output=True, check=True)
    said, line = ran.stdout.decode().splitlines()[:2]
    number = int(said.split(" found: line ")[1])
    (key,) = [key for key in inspected(path)["keys"] if key["line"] == number]
    assert line.split()[0] == ",".join(key["hosts"])
    assert " ".join(line.split()[1:3]) == key["public_key"]


def test_a_hashed_host_stays_hashed() -> None:
    hosts = [host for key in inspected(HASHED)["keys"] if "marker" not in key for host in key["hosts"]]
    assert sum(host.startswith("|1|") for host in hosts) == 3
    assert "127.0.0.1" not in run("inspect", HASHED).out.decode()


def test_people_see_hosts_and_markers() -> None:
    text = run("inspect", KNOWN).out.decode()
    assert "  kind         known_hosts, 5 keys\n" in text
    assert "  hosts        host.example.com, 192.0.2.1\n" in text
    assert "  marker       @cert-authority\n  hosts        *.example.com\n" in text


def test_lines_of_protocol_1_are_passed_over_and_noted() -> None:
    found = inspected(OLD)
    (note,) = [note for note in found["notes"] if note.startswith("ssh1: ")]
    assert "line 2" in note
    assert [key["line"] for key in found["keys"]] == [4, 5, 7]
    assert "crlf: the line ends are CR LF" in found["notes"]


def test_a_file_of_protocol_1_alone_says_so() -> None:
    with pytest.raises(KeyconvError, match="there are only SSH-1 keys"):
        read(OLD.read_bytes().split(b"\n")[1] + b"\n")


def test_one_line_is_a_file_of_lines_too(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"host.example " + ED25519 + b"\n")
    found = inspected(path)
    assert (found["kind"], found["type"], [key["line"] for key in found["keys"]]) == ("known_hosts", None, [1])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"@unknown * " + ED25519, "marker"),
        (b"host", "no key after the hosts"),
        (ED25519, "no hosts before the key type"),
        (b"host nonsense", "no key of a known kind"),
        (b"host " + ED25519[:40], "says that it has 32 bytes"),
        (b"host ssh-rsa " + ED25519.split()[1], "of type ssh-ed25519"),
        (b"|1|" + base64.b64encode(bytes(20)) + b"|c2hvcnQ= " + ED25519, "hashed host"),
        (b"host " + ED25519 + b"\0", "zero byte"),
    ],
)
def test_a_line_that_ssh_does_not_read_is_an_error_that_names_it(line: bytes, said: str) -> None:
    file = KNOWN_HOSTS.read(b"# hosts\nfirst.example " + RSA + b"\n" + line + b"\nlast.example " + RSA + b"\n")
    assert [entry.line for entry in file.entries] == [2, 4]
    with pytest.raises(KeyconvError, match=said) as raised:
        KNOWN_HOSTS.read(b"# hosts\n\n" + line + b"\n")
    for error in (*file.faults, raised.value):
        assert said in error.message
        assert (error.place, error.line) == ("known_hosts: line 3", 3)
    assert len(file.faults) == 1


def test_a_file_without_a_key_is_none() -> None:
    with pytest.raises(NotAKeyError, match="no key on any line"):
        KNOWN_HOSTS.read(b"# 127.0.0.1:22 SSH-2.0-x\n\n")


# ── told apart ─────────────────────────────────────────────────────────────────────────────────────────────────────

MINE = (
    b"host " + ED25519,
    b"host.example.com,192.0.2.1 " + ED25519,
    b"[host]:22 " + RSA,
    b"2001:db8::1 " + RSA,
    b"1:2:3:4:5:6:7:8 " + RSA,
    b"*,!bad " + RSA,
    b"192.0.2.1 " + RSA,
    b"0 " + RSA,
    b"@cert-authority * " + RSA,
    b"@revoked \xff " + RSA,
    b"# x SSH-2.0-y\r\n\r\n\thost " + RSA,
    b"|1|x|y " + RSA,
    b"host 1024 35 " + b"7" * 309,
)
NOT_MINE = (
    ED25519,
    b"restrict " + ED25519,
    b"no-pty,pty " + ED25519,
    b"no-ptty " + ED25519,
    b'comand="x" ' + ED25519,
    b'command="host ssh-rsa AAAA" ' + ED25519,
    b"> " + ED25519,
    b"key: " + ED25519,
    b"12:30:59 " + ED25519,
    b"- " + ED25519,
    b"\xc2\xa0 " + ED25519,
    b"1024 35 " + b"7" * 309 + b" me",
    b"total 12 34 5678",
    b"host",
    b"",
)


@pytest.mark.parametrize("line", MINE)
def test_a_line_that_begins_with_hosts_is_of_this_format_alone(line: bytes) -> None:
    assert [known.name for known in FORMATS if known.sniff(line + b"\n")] == ["known_hosts"]
    assert detect(line + b"\n") is KNOWN_HOSTS


@pytest.mark.parametrize("line", NOT_MINE)
def test_other_lines_are_not_of_this_format(line: bytes) -> None:
    assert not KNOWN_HOSTS.sniff(line + b"\n")


@given(st.binary(max_size=40), st.sampled_from([ED25519, RSA, b"1024 35 " + b"7" * 309]))
def test_no_line_is_of_both_formats_of_lines(before: bytes, key: bytes) -> None:
    assert not (KNOWN_HOSTS.sniff(before + b" " + key) and OPENSSH_PUB.sniff(before + b" " + key))


@given(st.binary(max_size=300))
def test_nothing_but_keyconvs_errors_leaves_the_reader(data: bytes) -> None:
    for text in (data, b"host " + data, b"@revoked " + data, b"|1|" + data):
        KNOWN_HOSTS.sniff(text)
        for work in (lambda text=text: KNOWN_HOSTS.read(text), lambda text=text: read_line(text, 1, [])):
            with suppress(KeyconvError):
                work()


# ── the other commands ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", [KNOWN, HASHED, SCANNED])
def test_public_gives_the_lines_without_hosts_and_says_what_is_lost(path: Path, tmp_path: Path) -> None:
    result = run("public", path)
    assert result.code == 0
    keys = MANIFEST[str(path.relative_to(FIXTURES_DIR))]["keys"]
    assert [" ".join(line.split()[:2]) for line in result.out.decode().splitlines()] == [
        key["public_line"] for key in keys
    ]
    assert result.err.count("cannot hold the hosts of the known_hosts line") == 1, "once, for however many lines"
    assert run("public", path, "--strict").code == 6
    written = tmp_path / "lines"
    written.write_bytes(result.out)
    judged = subprocess.run([require("ssh-keygen"), "-l", "-f", written], capture_output=True, check=True)
    assert [line.split()[1] for line in judged.stdout.decode().splitlines()] == [
        key["sha256_fingerprint"] for key in keys
    ]


def test_what_is_lost_names_the_marker() -> None:
    revoked = read(KNOWN.read_bytes()).entries[3]
    (loss,) = plan(revoked, by_name("rfc4716")).losses
    assert "the marker @revoked" in loss.message


def test_match_finds_a_key_among_the_hosts() -> None:
    assert run("match", KNOWN, PPK).code == 0
    assert run("match", SCANNED, OPENSSH, HASHED).code == 0
    assert run("match", KNOWN, FIXTURES_DIR / "openssh-pub" / "dsa1024.pub").code == 1


def test_key_n_is_the_nth_key() -> None:
    (key,) = inspected(KNOWN, "--key", "3")["keys"]
    assert key["marker"] == "@cert-authority"
    assert run("convert", KNOWN, "--key", "1", "-t", "rfc4716").code == 0
    assert run("convert", KNOWN).code == 2


def test_it_is_never_written() -> None:
    assert KNOWN_HOSTS.write is None
    assert run("public", PPK, "-t", "known_hosts").code in (2, 6)


def test_from_forces_it(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"no-ptty " + ED25519 + b"\n")
    assert run("inspect", path).code == 3
    assert inspected(path, "--from", "known_hosts")["keys"][0]["hosts"] == ["no-ptty"]


def test_in_place_commands_leave_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_bytes(KNOWN.read_bytes())
    one = tmp_path / "one"
    one.write_bytes(b"host " + ED25519 + b"\n")
    for file in (path, one):
        before = file.read_bytes()
        assert run("comment", file, "new").code != 0
        assert file.read_bytes() == before


def test_check_finds_keys_of_protocol_1_whatever_the_name(tmp_path: Path) -> None:
    path = tmp_path / "hosts of old"
    path.write_bytes(OLD.read_bytes().split(b"\r\n")[1] + b"\n")
    found = run("check", "--format", "json", path)
    assert [each["rule"] for each in found.json["findings"]] == ["ssh1"]
