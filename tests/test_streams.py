"""Files of lines of any size: their keys are printed as they come, in memory that does not grow with the file."""

from __future__ import annotations

import base64
import json
import os
import random
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixture_files import FIXTURES, FIXTURES_DIR, by_path, pick
from test_cli_convert import PPK, PUBLIC, Result, run
from tools import PATIENCE, require

from keyconv import limits
from keyconv.codec import public_blob
from keyconv.codec.line_file import MAX_NOTES, LineFacts
from keyconv.errors import InputError, KeyconvError
from keyconv.files import opened
from keyconv.formats import by_name
from keyconv.keys import RsaPublicKey
from keyconv.text.rows import split_stream

LINES = pick(lambda fixture: fixture.format in ("authorized_keys", "known_hosts"), FIXTURES)
ED25519 = by_path("openssh-pub/ed25519.pub").data.rstrip(b"\n")
RSA = by_path("openssh-pub/rsa2048.pub").data.rstrip(b"\n")
MIB = 1 << 20


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every file of lines a large one."""
    monkeypatch.setattr(limits, "MAX_KEY_FILE", 700)


def lines(count: int, seed: int = 1) -> Iterator[bytes]:
    """Return lines with an RSA modulus of their own each, as far as a reader can tell, and a comment."""
    chance = random.Random(seed)
    for number in range(count):
        blob = public_blob.write(RsaPublicKey(65537, chance.getrandbits(2048) | 1 << 2047 | 1))
        yield b"ssh-rsa " + base64.b64encode(blob) + b" user%d@host.example\n" % number


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file above the limit of key files: 3,000 lines, each another key."""
    path = tmp_path_factory.mktemp("large") / "authorized_keys"
    path.write_bytes(b"".join(lines(3_000)))
    assert path.stat().st_size > MIB
    return path


# ── the same as a small file ───────────────────────────────────────────────────────────────────────────────────────


def both(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path, stdin: bytes = b"") -> tuple[Result, Result]:
    """Run the program twice: with a file that is read at once, and with the same one as a stream."""
    small = run(*arguments, stdin=stdin)
    size = len(stdin) or next(each.stat().st_size for each in arguments if isinstance(each, Path))
    with monkeypatch.context() as patch:
        patch.setattr(limits, "MAX_KEY_FILE", size - 1)
        return small, run(*arguments, stdin=stdin)


@pytest.mark.parametrize("fixture", LINES)
def test_a_stream_is_described_as_the_whole_file_is(fixture: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    small, streamed = both(monkeypatch, "inspect", "--json", fixture.file)
    assert (small.code, streamed.code, streamed.err) == (0, 0, "")
    assert streamed.json == small.json
    assert streamed.out != small.out, "it was a stream"
    small, streamed = both(monkeypatch, "public", fixture.file)
    assert (streamed.code, streamed.out, sorted(streamed.err.splitlines())) == (
        small.code,
        small.out,
        sorted(small.err.splitlines()),
    )


@pytest.mark.parametrize("fixture", LINES)
def test_people_see_the_same_rows_of_each_key(fixture: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    small, streamed = both(monkeypatch, "inspect", fixture.file)
    first, *keys = small.out.decode().split("\n\n")
    assert streamed.out.decode().split("\n\n")[1:-1] == [key.rstrip("\n") for key in keys]
    count = f"  keys         {len(keys)}\n"
    assert count in streamed.out.decode()
    assert all(row in streamed.out.decode() for row in first.splitlines() if row.startswith("  note"))


def test_standard_input_is_streamed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    data = (FIXTURES_DIR / "authorized_keys" / "known_hosts").read_bytes()
    small, streamed = both(monkeypatch, "inspect", "--json", "-", stdin=data)
    assert (streamed.code, streamed.json) == (0, small.json)


def test_several_inputs_are_one_document(small_limit: None, tmp_path: Path) -> None:
    first, second = FIXTURES_DIR / "authorized_keys" / "authorized_keys", FIXTURES_DIR / "authorized_keys/known_hosts"
    nothing = tmp_path / "none"
    result = run("inspect", "--json", first, nothing, second)
    assert result.code == 3
    assert [(each["path"], each["kind"]) for each in result.json] == [
        (str(first), "authorized_keys"),
        (str(second), "known_hosts"),
    ]
    assert run("inspect", "--json", nothing).json == []


@pytest.mark.parametrize("number", [1, 12])
def test_key_n_is_one_key_of_a_stream(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = FIXTURES_DIR / "authorized_keys" / "authorized_keys"
    small, streamed = both(monkeypatch, "inspect", "--json", path, "--key", str(number))
    assert streamed.json == small.json
    small, streamed = both(monkeypatch, "public", path, "--key", str(number))
    assert streamed.out == small.out


@pytest.mark.parametrize("command", ["inspect", "public"])
def test_a_key_that_is_not_there_is_the_same_error(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = FIXTURES_DIR / "authorized_keys" / "authorized_keys"
    for number in ("0", "13"):
        small, streamed = both(monkeypatch, command, path, "--key", number)
        assert (streamed.code, streamed.err) == (small.code, small.err)
        assert streamed.code == 2


# ── bad lines ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bad_line_is_named_and_spoils_no_other(large: Path, tmp_path: Path) -> None:
    data = large.read_bytes()
    broken = data[: 5 * MIB // 4].rpartition(b"\n")[0] + b"\nssh-rsa nonsense\n" + ED25519 + b"\n"
    path = tmp_path / "broken"
    path.write_bytes(broken)
    number = broken.count(b"\n") - 1
    result = run("inspect", "--json", path)
    assert result.code == 0
    assert result.error["message"].startswith(f"openssh-pub: line {number}: ")
    assert result.error["path"] == str(path)
    (found,) = result.json
    assert len(found["keys"]) == number
    assert [(fault["line"], fault["rule"]) for fault in found["faults"]] == [(number, "bad-line")]
    text = run("inspect", path)
    assert (text.code, text.out.decode().count("\n  key  ")) == (0, number)
    assert f"{path}: line {number}: bad-line: " in text.err
    lines_only = run("public", path)
    rows = broken.splitlines(keepends=True)
    assert (lines_only.code, lines_only.out) == (0, b"".join([*rows[: number - 1], rows[-1]]))
    for command in ("inspect", "public"):
        strict = run(command, "--strict", path)
        assert (strict.code, strict.out) == (3, (text if command == "inspect" else lines_only).out)


def test_where_no_line_holds_a_key_nothing_is_printed(small_limit: None, tmp_path: Path) -> None:
    path = tmp_path / "broken"
    path.write_bytes(b"ssh-rsa AAAAnonsense\n" * 10)
    for arguments, out in ((("inspect",), b""), (("inspect", "--json"), b"[]\n"), (("public",), b"")):
        result = run(*arguments, path)
        assert (result.code, result.out) == (3, out)


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        (b"# " + b"x" * (limits.MAX_LINE + 1), "64 KiB"),
        (b"host " + ED25519, "known_hosts"),
        (ED25519 + b"\0", "zero byte"),
    ],
)
def test_lines_are_judged_in_a_stream_as_in_a_small_file(tail: bytes, said: str, tmp_path: Path) -> None:
    body = b"".join([ED25519 + b"\n"] * (MIB // len(ED25519) + 10))
    path = tmp_path / "x"
    path.write_bytes(body + tail + b"\n")
    small = run("public", "--strict", "-", stdin=ED25519 + b"\n" + tail + b"\n")
    large = run("public", "--strict", path)
    assert small.code == large.code == 3
    assert said in small.err
    assert said in large.err
    assert large.out == body


def test_what_is_no_file_of_lines_is_still_too_large(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for data in (bytes(2 * MIB), b"a" * 2 * MIB, PPK.read_bytes() + b"\n" * 2 * MIB, b"# no key\n" * (MIB // 4)):
        path.write_bytes(data)
        for arguments in (("inspect",), ("public",), ("inspect", "--from", "ppk")):
            result = run(*arguments, path)
            assert (result.code, result.out) == (3, b"")
            assert "larger than 1 MiB, which no key file is" in result.err


def test_a_stream_goes_to_standard_output_alone(large: Path, tmp_path: Path) -> None:
    for command in ("inspect", "public"):
        result = run(command, large, "-o", tmp_path / "out")
        assert (result.code, result.out, (tmp_path / "out").exists()) == (5, b"", False)
    assert run("public", large, "-t", "spki").code == 5
    assert run("public", large, "-t", "sshfp").out.count(b"IN SSHFP") == 6_000


def test_small_files_beside_a_stream_keep_their_place(large: Path) -> None:
    result = run("public", PUBLIC, large, PUBLIC)
    assert result.code == 0
    assert result.out == PUBLIC.read_bytes() + large.read_bytes() + PUBLIC.read_bytes()


@pytest.mark.parametrize("name", ["openssh-pub", "known_hosts"])
def test_a_hundred_notes_on_lines_are_kept(name: str) -> None:
    host = b"host " if name == "known_hosts" else b""
    line = host + RSA.replace(b"ssh-rsa", b"rsa-sha2-256", 1) + b"\n"
    facts = LineFacts()
    stream = by_name(name).stream
    assert stream is not None
    assert sum(1 for _ in stream((line * 150,), facts)) == 150
    notes = facts.notes
    assert len(notes) == MAX_NOTES + 1
    assert "50 more" in notes[-1].message


# ── memory ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["openssh-pub", "known_hosts"])
def test_reading_takes_the_memory_of_one_piece_however_many_lines(name: str) -> None:
    host = b"a,b " if name == "known_hosts" else b""
    some = [host + line for line in lines(100)]
    stream = by_name(name).stream
    assert stream is not None

    def peak(times: int) -> int:
        tracemalloc.start()
        try:
            assert sum(1 for _ in stream(iter([b"".join(some)] * times), LineFacts())) == 100 * times
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(4)
    # The least of a few runs: when garbage is collected is not what is asked here.
    assert min(peak(40) for _ in range(4)) < min(peak(4) for _ in range(4)) + 64 * limits.KIB


def test_an_endless_line_takes_the_memory_of_the_limit() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            rows = list(split_stream((b"x" * 65_536 for _ in range(count)), limits.MAX_LINE))
            assert [(len(text), cut) for text, _, cut in rows] == [(limits.MAX_LINE + 1, True)]
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(200) < peak(4) + 64 * limits.KIB


_CHILD = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]), int(sys.argv[1])))
sys.argv = ["keyconv", *sys.argv[2:]]
from keyconv.cli.app import main
main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS bounds what a process has there")
@pytest.mark.parametrize("arguments", [("inspect", "--json", "-"), ("inspect", "-"), ("public", "-")])
def test_a_file_larger_than_the_memory_is_read(arguments: tuple[str, ...], large: Path) -> None:
    data, times, memory = large.read_bytes(), 2, 160 * MIB
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(memory), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "MALLOC_ARENA_MAX": "1"},
    ) as child:
        written = _feed(child, [data] * times)
    assert child.returncode == 0
    assert written == 3_000 * times


def _feed(child: subprocess.Popen[bytes], body: list[bytes]) -> int:
    """Write a key, 300 MiB of remarks, then the body; count the keys that come out, without the first."""
    assert child.stdin is not None
    assert child.stdout is not None
    stdin, remark = child.stdin, b"# " + b"x" * 60_000 + b"\n"

    def feed() -> None:
        stdin.write(body[0].partition(b"\n")[0] + b"\n")
        for _ in range(300 * MIB // len(remark)):
            stdin.write(remark)
        for piece in body:
            stdin.write(piece)
        stdin.close()

    feeder = threading.Thread(target=feed)
    feeder.start()
    count = sum(line.startswith((b"ssh-rsa", b'      {"line"', b"  key  ")) for line in child.stdout) - 1
    feeder.join(PATIENCE)
    return count


# ── opening ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_source_gives_the_head_and_then_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for size in (0, 1, limits.MAX_KEY_FILE, limits.MAX_KEY_FILE + 1, 3 * limits.MAX_KEY_FILE):
        data = random.Random(size).randbytes(size)
        path.write_bytes(data)
        with opened(str(path)) as source:
            assert source.whole == (size <= limits.MAX_KEY_FILE)
            assert source.head == data[: limits.MAX_KEY_FILE + 1]
            assert b"".join(source.chunks) == data


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError) as raised, opened(str(path)):
            raise AssertionError("it was opened")
        assert raised.value.path == str(path)


def _open_files() -> int:
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.exists() else 0


def test_the_file_is_closed_when_an_error_ends_it(large: Path) -> None:
    before = _open_files()
    with pytest.raises(KeyconvError), opened(str(large)):
        raise KeyconvError("on purpose")
    assert _open_files() == before


def test_the_fingerprints_of_a_stream_are_those_of_ssh_keygen(large: Path) -> None:
    ran = subprocess.run([require("ssh-keygen"), "-l", "-f", large], capture_output=True, check=True)
    (found,) = json.loads(run("inspect", "--json", large).out)
    told = [key["fingerprints"]["sha256"] for key in found["keys"]]
    assert told == [line.split()[1] for line in ran.stdout.decode().splitlines()]
