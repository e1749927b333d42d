"""What a person at a terminal meets: questions that show no answer, second chances, and a Ctrl-C that ends it."""

from __future__ import annotations

import base64
import os
import re
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from fixture_files import FIXTURES_DIR, PASSPHRASE, ROOT
from tools import PATIENCE, wait_until

from keyconv import Locked, Passphrase, read, unlock

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are for POSIX systems", allow_module_level=True)

import select
import termios

INTERRUPTED = 130
PPK = FIXTURES_DIR / "ppk" / "ed25519-v3-argon2id-encrypted.ppk"
OPENSSH = FIXTURES_DIR / "openssh" / "ed25519-encrypted"
CHEAP = ("--kdf-memory", "64", "--kdf-passes", "1")

# Takes the terminal on standard input, output or error as its own, as a login does, and becomes the program.
_BOOT = """
import fcntl, os, sys, termios
fcntl.ioctl(next(fd for fd in (2, 0, 1) if os.isatty(fd)), termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "keyconv", *sys.argv[1:]])
"""


class Terminal:
    """keyconv on a pseudo-terminal of its own, and the person in front of it."""

    def __init__(self, *arguments: str | Path, stdin: Any = None, stdout: Any = None, **environment: str) -> None:
        self._master, self._slave = os.openpty()
        self.seen = b""
        hidden = ("DISPLAY", "WAYLAND_DISPLAY", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "NO_COLOR", "COLUMNS")
        inherited = {name: value for name, value in os.environ.items() if name not in hidden}
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-c", _BOOT, *map(str, arguments)],
            stdin=self._slave if stdin is None else stdin,
            stdout=self._slave if stdout is None else stdout,
            stderr=self._slave,
            start_new_session=True,
            env={**inherited, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **environment},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdout, self._process.stdin):
            if stream is not None:
                stream.close()
        os.close(self._master)
        os.close(self._slave)

    @property
    def pid(self) -> int:
        return self._process.pid

    def echoes(self) -> bool:
        """Whether the terminal shows what is typed."""
        attributes: list[Any] = termios.tcgetattr(self._slave)
        return bool(attributes[3] & termios.ECHO)

    def wait_for(self, text: str) -> None:
        """Look at the screen until this text is there that was not waited for before."""
        self._look(lambda: text.encode() in self.seen[self._mark :], f"{text!r} never came")
        self._mark = self.seen.index(text.encode(), self._mark) + len(text)

    _mark = 0

    def look_for(self, seconds: float) -> bytes:
        """Return what comes in the next seconds."""
        before = len(self.seen)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._read(0.05)
        return self.seen[before:]

    def type(self, text: str | bytes) -> None:
        """Press these keys."""
        os.write(self._master, text.encode() if isinstance(text, str) else text)

    def answer(self, question: str, text: str | bytes) -> None:
        """Wait for a question and for the echo to be off, then type the answer and Enter."""
        self.wait_for(question)
        assert not self.echoes()
        self.type((text.encode() if isinstance(text, str) else text) + b"\n")

    def end(self) -> int:
        """Wait for the program's end and give its exit code; what it wrote is in `seen`."""
        self._look(lambda: self._process.poll() is not None, "the program never ended")
        while self._read(0):
            pass
        return self._process.returncode

    def wait_until(self, condition: Callable[[], bool], complaint: str) -> None:
        """Wait for something that is not on the screen."""
        self._look(condition, complaint)

    def _look(self, condition: Callable[[], bool], complaint: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"{complaint}; on the screen: {self.seen!r}"
            self._read(0.02)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], seconds)
        if ready:
            self.seen += os.read(self._master, 65536)
        return bool(ready)


def prompt_for(path: str | Path) -> str:
    return f"Passphrase for {path}: "


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    """A name to write to, in a folder where nothing else may be left."""
    folder = tmp_path / "out"
    folder.mkdir()
    yield folder / "key"
    assert [path.name for path in folder.iterdir()] in ([], ["key"])


def opened_with(path: Path, passphrase: bytes) -> bool:
    (entry,) = read(path.read_bytes()).entries
    return isinstance(entry.private, Locked) and bool(unlock(entry, Passphrase(passphrase)))


# ── questions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_passphrase_is_asked_for_unseen_and_kept(out: Path) -> None:
    with Terminal("convert", PPK, "-o", out) as terminal:
        assert terminal.echoes()
        terminal.answer(prompt_for(PPK), PASSPHRASE)
        assert terminal.end() == 0
        assert terminal.echoes()
        assert PASSPHRASE not in terminal.seen
        assert b"written as openssh" in terminal.seen
    assert opened_with(out, PASSPHRASE)


def test_a_wrong_passphrase_is_asked_for_again(out: Path) -> None:
    with Terminal("convert", OPENSSH, "-o", out, *CHEAP, "-t", "ppk") as terminal:
        terminal.answer(prompt_for(OPENSSH), "wrong")
        terminal.wait_for("wrong passphrase")
        terminal.answer(prompt_for(OPENSSH), "wrong again")
        terminal.answer(prompt_for(OPENSSH), PASSPHRASE)
        assert terminal.end() == 0
    assert opened_with(out, PASSPHRASE)


def test_after_three_wrong_passphrases_it_ends(out: Path) -> None:
    with Terminal("convert", OPENSSH, "-o", out) as terminal:
        for attempt in ("first", "second", "third"):
            terminal.answer(prompt_for(OPENSSH), attempt)
        assert terminal.end() == 4
        assert terminal.echoes()
        assert terminal.seen.count(b"Passphrase for ") == 3
        assert not re.search(rb"first|second|third", terminal.seen)
    assert not out.exists()


def test_a_new_passphrase_is_asked_for_twice(out: Path) -> None:
    with Terminal("convert", OPENSSH, "-o", out, "-t", "ppk", *CHEAP, "--new-passphrase") as terminal:
        terminal.answer(prompt_for(OPENSSH), PASSPHRASE)
        terminal.answer(f"New passphrase for {out} (empty for none): ", "brand new")
        terminal.answer("Repeat passphrase: ", "brand new")
        assert terminal.end() == 0
        assert b"brand new" not in terminal.seen
    assert opened_with(out, b"brand new")


def test_two_new_passphrases_that_differ_are_asked_for_again(out: Path) -> None:
    plain = FIXTURES_DIR / "openssh" / "ed25519-plain"
    with Terminal("convert", plain, "-o", out, "-t", "ppk", *CHEAP, "--new-passphrase") as terminal:
        terminal.answer("(empty for none): ", "brand new")
        terminal.answer("Repeat passphrase: ", "brand nwe")
        terminal.wait_for("Passphrases do not match. ")
        terminal.answer("(empty for none): ", "brand new")
        terminal.answer("Repeat passphrase: ", "brand new")
        assert terminal.end() == 0
    assert opened_with(out, b"brand new")


def test_an_empty_new_passphrase_writes_an_unencrypted_key(out: Path) -> None:
    with Terminal("convert", PPK, "-o", out, "--new-passphrase") as terminal:
        terminal.answer(prompt_for(PPK), PASSPHRASE)
        terminal.answer("(empty for none): ", "")
        terminal.answer("Repeat passphrase: ", "")
        assert terminal.end() == 0
    (entry,) = read(out.read_bytes()).entries
    assert not isinstance(entry.private, Locked)


def test_a_batch_asks_once_and_again_only_where_that_passphrase_fails(tmp_path: Path) -> None:
    keys, results = tmp_path / "keys", tmp_path / "out"
    keys.mkdir()
    for name in ("a.ppk", "b.ppk", "d.ppk"):
        (keys / name).write_bytes(PPK.read_bytes())
    (keys / "c.ppk").write_bytes((FIXTURES_DIR / "passphrases" / "ed25519-v3-spaces.ppk").read_bytes())
    with Terminal("convert", "-r", keys, "-d", results, "--no-passphrase") as terminal:
        terminal.answer(prompt_for(keys / "a.ppk"), PASSPHRASE)
        terminal.answer(prompt_for(keys / "c.ppk"), "  spaces at both ends  ")
        terminal.answer(prompt_for(keys / "d.ppk"), PASSPHRASE)  # the last answer is the one that is tried
        assert terminal.end() == 0
        assert terminal.seen.count(b"Passphrase for ") == 3
    assert sorted(path.name for path in results.iterdir()) == ["a", "b", "c", "d"]


def test_a_batch_of_one_passphrase_asks_once(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(PPK.read_bytes())
    inputs = [tmp_path / name for name in ("a", "b", "c")]
    with Terminal("convert", *inputs, "-d", tmp_path / "out", "--no-passphrase") as terminal:
        terminal.answer(prompt_for(inputs[0]), PASSPHRASE)
        assert terminal.end() == 0
        assert terminal.seen.count(b"Passphrase for ") == 1


def test_the_terminal_is_asked_while_the_key_comes_on_standard_input_and_leaves_on_standard_output() -> None:
    with PPK.open("rb") as stream, Terminal("convert", "-", stdin=stream, stdout=subprocess.PIPE) as terminal:
        terminal.answer(prompt_for("standard input"), PASSPHRASE)
        assert terminal.end() == 0
        assert terminal._process.stdout is not None
        data = terminal._process.stdout.read()
    assert read(data).format == "openssh"


def test_no_input_asks_nobody_although_there_is_a_terminal(out: Path) -> None:
    with Terminal("convert", PPK, "-o", out, "--no-input") as terminal:
        assert terminal.end() == 4
        assert b"Passphrase for" not in terminal.seen
        assert b"\n  hint: pass --passphrase-file FILE" in terminal.seen
    assert not out.exists()


def test_an_askpass_program_is_preferred_to_the_terminal_only_where_the_user_says_so(out: Path, tmp_path: Path) -> None:
    askpass = tmp_path / "askpass"
    askpass.write_text(f"#!/bin/sh\necho '{PASSPHRASE.decode()}'\n")
    askpass.chmod(0o700)
    arguments = ("convert", PPK, "-o", out, "--no-passphrase")
    with Terminal(*arguments, SSH_ASKPASS=str(askpass), DISPLAY=":0") as terminal:
        terminal.wait_for(prompt_for(PPK))
    with Terminal(*arguments, SSH_ASKPASS=str(askpass), SSH_ASKPASS_REQUIRE="force") as terminal:
        assert terminal.end() == 0
        assert b"Passphrase for" not in terminal.seen
    assert read(out.read_bytes()).format == "openssh"


def test_a_hostile_file_name_cannot_act_on_the_terminal_that_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m\nb\u202e.ppk"
    path.write_bytes(PPK.read_bytes())
    with Terminal("convert", path, "-o", tmp_path / "out") as terminal:
        terminal.wait_for("a\\x1b[31m\\x0ab\\u202e.ppk: ")
        assert b"\x1b" not in terminal.seen
        assert "\u202e".encode() not in terminal.seen


# ── private keys on the screen ─────────────────────────────────────────────────────────────────────────────────────


def test_an_unencrypted_private_key_is_not_shown_on_a_terminal() -> None:
    with Terminal("convert", FIXTURES_DIR / "ppk" / "ed25519-v3-plain.ppk") as terminal:
        assert terminal.end() == 5
        assert b"keyconv: an unencrypted private key is not shown on a terminal" in terminal.seen
        assert b"\n  hint: " in terminal.seen
        assert b"BEGIN" not in terminal.seen


def test_that_a_key_would_not_be_shown_is_told_before_a_passphrase_is_asked_for() -> None:
    with Terminal("convert", PPK, "--no-passphrase") as terminal:
        assert terminal.end() == 5
        assert b"Passphrase for" not in terminal.seen
        assert b"BEGIN" not in terminal.seen


def test_o_dash_insists_on_the_terminal() -> None:
    with Terminal("convert", FIXTURES_DIR / "ppk" / "ed25519-v3-plain.ppk", "-o", "-") as terminal:
        assert terminal.end() == 0
        assert terminal.seen.count(b"OPENSSH PRIVATE KEY") == 2


def test_an_encrypted_private_key_and_a_public_key_may_be_shown() -> None:
    with Terminal("convert", PPK) as terminal:
        terminal.answer(prompt_for(PPK), PASSPHRASE)
        assert terminal.end() == 0
        assert b"BEGIN OPENSSH PRIVATE KEY" in terminal.seen
    with Terminal("convert", FIXTURES_DIR / "ppk" / "ed25519-v3-plain.ppk", "-t", "openssh-pub") as terminal:
        assert terminal.end() == 0
        assert b"ssh-ed25519 AAAA" in terminal.seen


# ── Ctrl-C ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_ctrl_c_at_the_question_ends_with_echo_back_and_nothing_written(out: Path) -> None:
    with Terminal("convert", PPK, "-o", out) as terminal:
        terminal.wait_for(prompt_for(PPK))
        assert not terminal.echoes()
        terminal.type("half a passph\x03")
        assert terminal.end() == INTERRUPTED
        assert terminal.echoes()
        assert b"Traceback" not in terminal.seen
        assert b"half" not in terminal.seen
    assert not out.exists()


def test_ctrl_c_at_the_second_question_ends_too(out: Path) -> None:
    plain = FIXTURES_DIR / "openssh" / "ed25519-plain"
    with Terminal("convert", plain, "-o", out, "-t", "ppk", "--new-passphrase") as terminal:
        terminal.answer("(empty for none): ", "brand new")
        terminal.wait_for("Repeat passphrase: ")
        terminal.type("\x03")
        assert terminal.end() == INTERRUPTED
        assert terminal.echoes()
    assert not out.exists()


def _endless_ppk() -> bytes:
    # 2^31 skips 1 MiB: weeks.
    data, count = re.subn(rb"Argon2-Passes: [0-9]+", b"Argon2-Passes: 2147483647", PPK.read_bytes())
    assert count == 1
    return data


def _endless_openssh() -> bytes:
    frame = OPENSSH.read_bytes().split(b"\n")
    body = base64.b64decode(b"".join(frame[1:-2]))
    rounds = body.index(b"bcrypt") + len(b"bcrypt") + 4 + 4 + 16
    assert body[rounds : rounds + 4] == struct.pack(">I", 4)
    endless = base64.b64encode(body[:rounds] + struct.pack(">I", 2**31) + body[rounds + 4 :])
    lines = [endless[start : start + 70] for start in range(0, len(endless), 70)]
    return b"\n".join([frame[0], *lines, *frame[-2:]])


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("forge", [_endless_ppk, _endless_openssh], ids=["argon2", "bcrypt"])
def test_ctrl_c_ends_a_kdf_that_would_run_for_weeks(forge: Callable[[], bytes], out: Path, tmp_path: Path) -> None:
    endless = tmp_path / "endless"
    endless.write_bytes(forge())
    with Terminal("convert", endless, "-o", out, "--allow-costly-kdf") as terminal:
        terminal.answer(prompt_for(endless), PASSPHRASE)
        threads = Path(f"/proc/{terminal.pid}/task")
        terminal.wait_until(lambda: len(list(threads.iterdir())) > 1, "no KDF ever began")
        terminal.type("\x03")
        assert terminal.end() == INTERRUPTED
        assert terminal.echoes()
        assert b"Traceback" not in terminal.seen
    assert not out.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_an_interrupt_ends_a_kdf_where_there_is_no_terminal_at_all(out: Path, tmp_path: Path) -> None:
    endless, secret = tmp_path / "endless", tmp_path / "secret"
    endless.write_bytes(_endless_openssh())
    secret.write_bytes(PASSPHRASE)
    command = [sys.executable, "-m", "keyconv", "convert", str(endless), "-o", str(out), "--allow-costly-kdf"]
    with subprocess.Popen(
        [*command, "--passphrase-file", str(secret)], cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            tasks = Path(f"/proc/{process.pid}/task")
            wait_until(lambda: len(list(tasks.iterdir())) > 1, "no KDF ever began")
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, errors) == (INTERRUPTED, b"")
    assert not out.exists()
