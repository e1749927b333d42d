"""Passphrases come from where the command line says, or are asked for unseen, and are reported to nobody."""

from __future__ import annotations

import io
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tools import PATIENCE

from keyconv.cli import prompt, terminal
from keyconv.cli.prompt import EXISTING_HINT, NEW_HINT, PassphraseSource, Prompter
from keyconv.errors import MissingPassphraseError, UsageError
from keyconv.limits import MAX_PASSPHRASE

ROOT = Path(prompt.__file__).parents[2]
ASK = PassphraseSource()
SECRET = b"correct horse battery staple"

posix = pytest.mark.skipif(sys.platform == "win32", reason="for POSIX systems")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(prompt, "_DEFAULT_ASKPASS", "/no/such/askpass")


@pytest.fixture(autouse=True)
def _deadline() -> Iterator[None]:
    """Nothing here may wait for ever."""

    def ring(number: int, frame: object) -> None:
        raise TimeoutError("something waited")

    if sys.platform == "win32":
        yield
    else:
        before = signal.signal(signal.SIGALRM, ring)
        signal.alarm(60)
        yield
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def exactly(message: str) -> str:
    return f"^{re.escape(message)}$"


def first_line_of(path: Path) -> bytes:
    return Prompter().existing("key", PassphraseSource(file=str(path))).reveal()


# ── a file ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        (b"word\n", b"word"),
        (b"word\r\n", b"word"),
        (b"word", b"word"),
        (b"", b""),
        (b"\n", b""),
        (b"\r\n", b""),
        (b"\nword\n", b""),
        (b"word\nmore\n", b"word"),
        (b" two words \t\n", b" two words \t"),
        (b"word\r", b"word\r"),
        (b"word\r\r\n", b"word\r"),
        (b"one\rtwo\n", b"one\rtwo"),
        (b"nul\0nul\n", b"nul\0nul"),
        (b"\xff\xfe\x85\xe2\x80\xa8word\n", b"\xff\xfe\x85\xe2\x80\xa8word"),
    ],
)
def test_the_first_line_of_a_file_counts_without_its_line_end(
    content: bytes, passphrase: bytes, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(content)
    assert first_line_of(tmp_path / "file") == passphrase


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\nmore"])
def test_the_longest_passphrase_is_read_and_a_longer_one_refused(end: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"p" * MAX_PASSPHRASE + end)
    assert len(first_line_of(path)) == MAX_PASSPHRASE
    for more in (1, 3):
        path.write_bytes(b"p" * (MAX_PASSPHRASE + more) + end)
        with pytest.raises(MissingPassphraseError, match="is longer than 64 KiB, which no passphrase is"):
            first_line_of(path)


@posix
def test_a_passphrase_file_may_be_a_fifo(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"word\nmore\n",))
    writer.start()
    assert first_line_of(path) == b"word"
    writer.join(PATIENCE)


@posix
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent", "no such file"),
        ("directory", "is a directory"),
        ("file/file", "a part of its path is not a directory"),
        ("nul\0nul", "not a name that a file can have"),
    ],
)
def test_a_passphrase_file_that_cannot_be_read_is_a_missing_passphrase(
    name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("directory").mkdir()
    Path("file").write_bytes(b"")
    shown = name.replace("\0", r"\x00")
    with pytest.raises(
        MissingPassphraseError, match=exactly(f"cannot read the passphrase file {shown}: {reason}")
    ) as caught:
        Prompter().existing("key", PassphraseSource(file=name))
    assert caught.value.exit_code == 4


# ── a descriptor ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        with suppress(OSError):  # a test may have closed it
            os.close(descriptor)


def test_a_descriptor_gives_its_first_line_and_keeps_the_rest(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.write(writer, b"word\r\nmore\n")
    source = PassphraseSource(fd=reader)
    assert Prompter().existing("key", source).reveal() == b"word"
    assert os.read(reader, 100) == b"more\n"


def test_a_descriptor_is_read_once_for_a_batch(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.write(writer, b"word\nmore\n")
    prompter, source = Prompter(), PassphraseSource(fd=reader)
    assert prompter.existing("one", source) is prompter.existing("two", source)
    prompter.forget()
    assert prompter.existing("three", source).reveal() == b"word"
    assert prompter.existing("four", PassphraseSource(fd=reader)).reveal() == b"word"


def test_one_descriptor_for_both_sides_gives_a_line_to_each(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.write(writer, b"old\nnew\n")
    prompter, source = Prompter(), PassphraseSource(fd=reader)
    assert prompter.existing("key", source).reveal() == b"old"
    assert prompter.new("key", source).reveal() == b"new"
    assert prompter.existing("key", source).reveal() == b"old"


def test_a_descriptor_that_holds_one_line_is_not_taken_for_an_empty_second_one(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.write(writer, b"old\n")
    os.close(writer)
    prompter, source = Prompter(), PassphraseSource(fd=reader)
    assert prompter.existing("key", source).reveal() == b"old"
    with pytest.raises(MissingPassphraseError, match="holds no second passphrase"):
        prompter.new("key", source)


def test_an_empty_descriptor_is_an_empty_passphrase(pipe: tuple[int, int]) -> None:
    os.close(pipe[1])
    assert not Prompter().new("key", PassphraseSource(fd=pipe[0]))


@pytest.mark.parametrize("number", [-1, 987_654, 2**40])
def test_a_bad_descriptor_is_a_missing_passphrase(number: int) -> None:
    with pytest.raises(MissingPassphraseError, match=f"^cannot read file descriptor {number}: "):
        Prompter().existing("key", PassphraseSource(fd=number))


@posix
def test_a_descriptor_that_does_not_wait_is_waited_for(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = pipe
    os.set_blocking(reader, False)
    really = select.select

    def write_and_wait(*arguments: Any) -> Any:
        os.write(writer, b"word\n")
        return really(*arguments)

    monkeypatch.setattr(select, "select", write_and_wait)
    assert Prompter().existing("key", PassphraseSource(fd=reader)).reveal() == b"word"


@pytest.mark.parametrize("source", [PassphraseSource(file="-"), PassphraseSource(fd=0)], ids=["-", "0"])
def test_standard_input_is_a_source_unless_it_holds_the_key(
    source: PassphraseSource, pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = pipe
    os.write(writer, b"old\nnew\n")
    with os.fdopen(os.dup(reader)) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        prompter = Prompter()
        assert prompter.existing("key", source).reveal() == b"old"
        assert prompter.new("key", source).reveal() == b"new"
        with pytest.raises(UsageError, match="standard input cannot hold both the key and the passphrase"):
            Prompter(stdin_taken=True).existing("-", source)


def test_standard_input_in_memory_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"word\r\nmore")))
    assert Prompter().existing("key", PassphraseSource(file="-")).reveal() == b"word"


def test_standard_input_that_is_closed_is_a_missing_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.TextIOWrapper(io.BytesIO())
    closed.close()
    for stream in (None, closed):
        monkeypatch.setattr(sys, "stdin", stream)
        with pytest.raises(MissingPassphraseError, match="cannot read standard input: it is closed"):
            Prompter().existing("key", PassphraseSource(file="-"))


# ── a variable ─────────────────────────────────────────────────────────────────────────────────────────────────────


@posix
@pytest.mark.parametrize(
    ("value", "passphrase"),
    [
        (b"word", b"word"),
        (b" word ", b" word "),
        (b"word\n", b"word"),
        (b"word\r\n", b"word"),
        (b"one\ntwo", b"one\ntwo"),
        (b"\xff\xfeword", b"\xff\xfeword"),
    ],
)
def test_a_variable_gives_its_bytes_without_a_last_line_end(
    value: bytes, passphrase: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_PASSPHRASE", os.fsdecode(value))
    assert Prompter().existing("key", PassphraseSource(env="KEY_PASSPHRASE")).reveal() == passphrase


def test_on_windows_a_variable_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_PASSPHRASE", "Schlüssel 🔑")
    monkeypatch.setattr(sys, "platform", "win32")
    passphrase = Prompter().existing("key", PassphraseSource(env="KEY_PASSPHRASE"))
    assert passphrase.reveal() == "Schlüssel 🔑".encode()
    with pytest.raises(MissingPassphraseError, match="is not set"):
        Prompter().existing("key", PassphraseSource(env="NO_SUCH_VARIABLE"))


@pytest.mark.parametrize("ask", [Prompter.existing, Prompter.new], ids=["existing", "new"])
def test_a_variable_that_is_not_set_or_empty_is_a_missing_passphrase(
    ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KEY_PASSPHRASE", raising=False)
    for name in ("KEY_PASSPHRASE", "", "=", "nul\0nul"):
        with pytest.raises(MissingPassphraseError, match=r"^the environment variable .* is not set$"):
            ask(Prompter(), "key", PassphraseSource(env=name))
    monkeypatch.setenv("KEY_PASSPHRASE", "")
    with pytest.raises(MissingPassphraseError, match=exactly("the environment variable KEY_PASSPHRASE is empty")):
        ask(Prompter(), "key", PassphraseSource(env="KEY_PASSPHRASE"))


def test_a_variable_that_is_too_long_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_PASSPHRASE", "p" * (MAX_PASSPHRASE + 1))
    with pytest.raises(MissingPassphraseError) as caught:
        Prompter().existing("key", PassphraseSource(env="KEY_PASSPHRASE"))
    assert caught.value.message == (
        "the environment variable KEY_PASSPHRASE is longer than 64 KiB, which no passphrase is"
    )


# ── which source ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "given",
    [{"file": "f", "fd": 0}, {"fd": 0, "env": "E"}, {"file": "", "env": ""}, {"file": "f", "fd": 3, "env": "E"}],
)
def test_more_than_one_source_for_a_passphrase_is_a_usage_error(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="a passphrase comes from one place") as caught:
        PassphraseSource(**given)
    assert caught.value.exit_code == 2


def test_a_named_source_is_used_even_where_asking_is_forbidden_or_forced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_ASKPASS", "/bin/false")
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    (tmp_path / "file").write_bytes(b"word\n")
    assert Prompter(no_input=True).new("key", PassphraseSource(file=str(tmp_path / "file"))).reveal() == b"word"


class Person:
    """Stands for the terminal and who sits at it."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.heard: list[str] = []

    def __call__(self, text: str) -> bytes | None:
        self.heard.append(text)
        return self.answers.pop(0)

    def sit_down(self, monkeypatch: pytest.MonkeyPatch) -> Person:
        monkeypatch.setattr(terminal, "ask", self)
        return self


def test_an_existing_passphrase_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(SECRET).sit_down(monkeypatch)
    assert Prompter().existing("id_rsa.ppk", ASK).reveal() == SECRET
    assert person.heard == ["Passphrase for id_rsa.ppk: "]


def test_a_new_passphrase_is_asked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(SECRET, SECRET).sit_down(monkeypatch)
    assert Prompter().new("id_rsa", ASK).reveal() == SECRET
    assert person.heard == ["New passphrase for id_rsa (empty for none): ", "Repeat passphrase: "]


def test_an_empty_new_passphrase_is_asked_for_twice_too(monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(b"", b"").sit_down(monkeypatch)
    assert Prompter().new("id_rsa", ASK).reveal() == b""
    assert len(person.heard) == 2


def test_two_entries_that_differ_are_said_to_and_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(b"one", b"two", SECRET, SECRET).sit_down(monkeypatch)
    assert Prompter().new("id_rsa", ASK).reveal() == SECRET
    assert person.heard[2] == "Passphrases do not match. New passphrase for id_rsa (empty for none): "


def test_after_three_pairs_that_differ_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(*(b"%d" % number for number in range(6))).sit_down(monkeypatch)
    with pytest.raises(MissingPassphraseError, match=exactly("the passphrases do not match")):
        Prompter().new("id_rsa", ASK)
    assert len(person.heard) == 6


def test_a_name_cannot_act_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(b"", b"", b"").sit_down(monkeypatch)
    prompter = Prompter()
    prompter.existing("\x1b[2J\u202ekey\n\udcff", ASK)
    prompter.new("\x1b[2J\u202ekey\n\udcff", ASK)
    assert person.heard[0] == r"Passphrase for \x1b[2J\u202ekey\x0a\udcff: "
    assert person.heard[1] == r"New passphrase for \x1b[2J\u202ekey\x0a\udcff (empty for none): "


def test_what_was_typed_is_tried_for_the_next_key_until_it_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(b"first", b"second").sit_down(monkeypatch)
    prompter = Prompter()
    assert prompter.attempts(ASK) == 3
    assert prompter.existing("one", ASK) is prompter.existing("two", ASK)
    assert prompter.attempts(ASK) == 4
    prompter.forget()
    assert prompter.attempts(ASK) == 3
    assert prompter.existing("two", ASK).reveal() == b"second"
    assert person.heard == ["Passphrase for one: ", "Passphrase for two: "]


def test_forgetting_keeps_the_new_passphrase_of_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(b"new", b"new").sit_down(monkeypatch)
    prompter = Prompter()
    first = prompter.new("one", ASK)
    prompter.forget()
    assert prompter.new("two", ASK) is first
    assert len(person.heard) == 2


@pytest.mark.parametrize(
    "source", [PassphraseSource(file="f"), PassphraseSource(fd=3), PassphraseSource(env="E")], ids=["file", "fd", "env"]
)
def test_a_named_source_has_one_attempt(source: PassphraseSource) -> None:
    assert Prompter().attempts(source) == 1


def test_no_input_asks_nobody_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_ASKPASS", "/bin/false")
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    person = Person().sit_down(monkeypatch)
    prompter = Prompter(no_input=True)
    assert prompter.attempts(ASK) == 1
    for ask, hint in ((prompter.existing, EXISTING_HINT), (prompter.new, NEW_HINT)):
        with pytest.raises(MissingPassphraseError, match="--no-input forbids asking for it") as caught:
            ask("key", ASK)
        assert caught.value.hint == hint
    assert person.heard == []


def test_without_terminal_and_askpass_it_ends_at_once_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for ask, hint in ((Prompter.existing, EXISTING_HINT), (Prompter.new, NEW_HINT)):
        Person(None).sit_down(monkeypatch)
        with pytest.raises(MissingPassphraseError, match="there is no terminal to ask on") as caught:
            ask(Prompter(), "key", ASK)
        assert caught.value.hint == hint


# ── askpass ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def askpass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Return a function that makes a shell script the askpass program."""

    def make(script: str) -> Path:
        path = tmp_path / "askpass"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)
        monkeypatch.setenv("SSH_ASKPASS", str(path))
        return path

    return make


# Measured with OpenSSH 9.2: `ssh-keygen -y` of an encrypted key, with SSH_ASKPASS set.
MEASURED = {
    #  require: (display, terminal) -> who is asked
    "": {"dt": "terminal", "d": "askpass", "t": "terminal", "": "nobody"},
    "prefer": {"dt": "askpass", "d": "askpass", "t": "terminal", "": "nobody"},
    "PREFER": {"dt": "askpass", "d": "askpass", "t": "terminal", "": "nobody"},
    "force": {"dt": "askpass", "d": "askpass", "t": "askpass", "": "askpass"},
    "never": {"dt": "terminal", "d": "nobody", "t": "terminal", "": "nobody"},
}


@posix
@pytest.mark.parametrize("there", ["dt", "d", "t", ""], ids=["display and terminal", "display", "terminal", "neither"])
@pytest.mark.parametrize("require", MEASURED)
@pytest.mark.parametrize("display", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_the_one_who_is_asked_is_the_one_that_openssh_asks(
    require: str, there: str, display: str, askpass: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    askpass("echo by askpass")
    if require:
        monkeypatch.setenv("SSH_ASKPASS_REQUIRE", require)
    monkeypatch.setenv(display, ":0" if "d" in there else "")
    Person(b"by terminal" if "t" in there else None).sit_down(monkeypatch)
    try:
        asked = Prompter().existing("key", ASK).reveal().decode()
    except MissingPassphraseError:
        asked = "by nobody"
    assert asked == f"by {MEASURED[require][there]}"


@posix
def test_the_systems_own_askpass_is_used_where_it_exists_and_none_is_named(
    askpass: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt, "_DEFAULT_ASKPASS", str(askpass("echo by default")))
    monkeypatch.delenv("SSH_ASKPASS")
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    assert Prompter().existing("key", ASK).reveal() == b"by default"
    monkeypatch.setenv("SSH_ASKPASS", "")
    assert Prompter().existing("key", ASK).reveal() == b"by default"


def test_without_an_askpass_program_force_ends_and_prefer_asks_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "prefer")
    Person(b"typed").sit_down(monkeypatch)
    assert Prompter().existing("key", ASK).reveal() == b"typed"
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    with pytest.raises(MissingPassphraseError, match="SSH_ASKPASS names no program") as caught:
        Prompter().existing("key", ASK)
    assert caught.value.hint == EXISTING_HINT


@posix
@pytest.mark.parametrize(
    ("script", "passphrase"),
    [
        ("printf 'word\\n'", b"word"),
        ("printf 'word\\r\\nmore\\n'", b"word"),
        ("printf 'word'", b"word"),
        ("printf ''", b""),
        (r"printf '\377\376w\303\244\n'", b"\xff\xfew\xc3\xa4"),
    ],
)
def test_the_first_line_that_askpass_prints_is_the_passphrase(
    script: str, passphrase: bytes, askpass: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    askpass(script)
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    assert Prompter().existing("key", ASK).reveal() == passphrase


@posix
def test_askpass_gets_the_prompt_as_one_argument_and_through_no_shell(
    askpass: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    askpass('echo "$#:$1"')
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    answer = Prompter().existing('$(touch x); `id` \x1b\' "key"', ASK).reveal()
    assert answer == rb"""1:Passphrase for $(touch x); `id` \x1b' "key": """


@posix
def test_askpass_asks_twice_for_a_new_passphrase(
    askpass: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    askpass(f'echo "$1" >> {tmp_path}/asked; echo word')
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    assert Prompter().new("key", ASK).reveal() == b"word"
    assert (tmp_path / "asked").read_text() == "New passphrase for key (empty for none): \nRepeat passphrase: \n"


@posix
def test_a_cancelled_askpass_gives_no_passphrase_even_if_it_printed_one(
    askpass: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    askpass("echo word; exit 1")
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    with pytest.raises(MissingPassphraseError, match=exactly("no passphrase was given")):
        Prompter().existing("key", ASK)


@posix
def test_an_askpass_that_cannot_run_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_ASKPASS", "/no/such\x1b/askpass")
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    with pytest.raises(MissingPassphraseError) as caught:
        Prompter().existing("key", ASK)
    assert caught.value.message == r"cannot run the SSH_ASKPASS program /no/such\x1b/askpass: no such file"


@posix
def test_an_askpass_that_never_ends_its_line_is_not_listened_to_for_ever(
    askpass: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    askpass("exec cat /dev/zero")
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    with pytest.raises(MissingPassphraseError):
        Prompter().existing("key", ASK)


@posix
def test_askpass_inherits_no_passphrase_and_does_not_read_the_key(
    askpass: Callable[[str], Path], tmp_path: Path, pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    askpass(f"env > {tmp_path}/environment; cat > {tmp_path}/input; echo word")
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    monkeypatch.setenv("SSH_ASKPASS_PROMPT", "confirm")
    for name in ("OLD_SECRET", "NEW_SECRET", "HARMLESS"):
        monkeypatch.setenv(name, f"value of {name}")
    prompter = Prompter(hide_env=["NEW_SECRET"])
    prompter.existing("key", PassphraseSource(env="OLD_SECRET"))
    os.write(pipe[1], b"the key")
    os.close(pipe[1])
    standard_input = os.dup(0)
    os.dup2(pipe[0], 0)
    try:
        assert prompter.new("key", ASK).reveal() == b"word"
    finally:
        os.dup2(standard_input, 0)
        os.close(standard_input)
    assert os.read(pipe[0], 100) == b"the key"
    inherited = (tmp_path / "environment").read_text()
    assert "value of HARMLESS" in inherited
    assert "_SECRET" not in inherited
    assert "SSH_ASKPASS_PROMPT" not in inherited
    assert (tmp_path / "input").read_bytes() == b""


def test_on_windows_a_batch_file_gets_no_sign_that_its_shell_would_take(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    class Child:
        def __init__(self, command: list[str], **options: object) -> None:
            calls.append(command)
            self.stdout, self.returncode = io.BytesIO(b"word\r\n"), 0

        def __enter__(self) -> Child:
            return self

        def __exit__(self, *error: object) -> None:
            pass

    monkeypatch.setattr(subprocess, "Popen", Child)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    for program, name in (("C:\\ask.CMD", "100_ _ _calc_ key"), ("C:\\ask.exe", '100% & "calc" key')):
        monkeypatch.setenv("SSH_ASKPASS", program)
        assert Prompter().existing('100% & "calc" key', ASK).reveal() == b"word"
        assert calls.pop() == [program, f"Passphrase for {name}: "]


def test_ctrl_c_ends_the_askpass_program_too(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[bool] = []

    class Answer:
        def read(self, count: int) -> bytes:
            raise KeyboardInterrupt

    class Child:
        def __init__(self, command: list[str], **options: object) -> None:
            self.stdout = Answer()

        def __enter__(self) -> Child:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def kill(self) -> None:
            killed.append(True)

    monkeypatch.setattr(subprocess, "Popen", Child)
    monkeypatch.setenv("SSH_ASKPASS", "askpass")
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    with pytest.raises(KeyboardInterrupt):
        Prompter().existing("key", ASK)
    assert killed == [True]


# ── a terminal ─────────────────────────────────────────────────────────────────────────────────────────────────────

CHILD = """
import fcntl, os, resource, signal, sys, termios
if len(sys.argv) > 1:
    tty = os.open(sys.argv[1], os.O_RDWR)
    fcntl.ioctl(tty, termios.TIOCSCTTY, 0)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
from keyconv.cli.prompt import PassphraseSource, Prompter
from keyconv.errors import KeyconvError
ASK = PassphraseSource()
def ask(method=Prompter.existing):
    try:
        print(repr(method(Prompter(), "key", ASK).reveal()), flush=True)
    except KeyconvError as error:
        print(error, flush=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.exit(130)
"""


if sys.platform != "win32":
    import termios

    class Screen:
        """A pseudo-terminal with a child process on it that asks for a passphrase."""

        def __init__(self) -> None:
            self.screen, self.line = os.openpty()
            self.seen = b""
            self.read = 0
            self.child: subprocess.Popen[bytes] | None = None

        def start(self, script: str = "ask()", **environment: str) -> Screen:
            self.child = subprocess.Popen(
                [sys.executable, "-c", CHILD + script, os.ttyname(self.line)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "LC_ALL": "C", **environment},
            )
            return self

        def expect(self, text: bytes) -> None:
            """Wait for `text` to appear, after what was already waited for."""
            end = time.monotonic() + PATIENCE
            while text not in self.seen[self.read :]:
                ready, _, _ = select.select([self.screen], [], [], max(0, end - time.monotonic()))
                assert ready, f"{text!r} did not appear, only {self.seen[self.read :]!r}"
                self.seen += os.read(self.screen, 4096)
            self.read = self.seen.index(text, self.read) + len(text)

        def type(self, keys: bytes) -> None:
            os.write(self.screen, keys)

        def echo(self) -> bool:
            return bool(termios.tcgetattr(self.line)[3] & termios.ECHO)

        def finish(self) -> tuple[int, bytes]:
            """Wait for the child's end. Returns: its exit code, and what it printed (not on the screen)."""
            assert self.child is not None
            printed, _ = self.child.communicate(timeout=PATIENCE)
            while select.select([self.screen], [], [], 0)[0]:
                self.seen += os.read(self.screen, 4096)
            return self.child.returncode, printed

        def close(self) -> None:
            if self.child is not None and self.child.poll() is None:
                self.child.kill()
                self.child.communicate()
            os.close(self.screen)
            os.close(self.line)

    @pytest.fixture
    def screen() -> Iterator[Screen]:
        it = Screen()
        yield it
        it.close()

    def test_what_is_typed_is_not_seen_and_echo_comes_back(screen: Screen) -> None:
        assert screen.echo()
        screen.start()
        screen.expect(b"Passphrase for key: ")
        assert not screen.echo()
        screen.type(SECRET + b"\n")
        assert screen.finish() == (0, repr(SECRET).encode() + b"\n")
        assert screen.echo()
        assert screen.seen == b"Passphrase for key: \r\n"

    def test_the_bytes_that_are_typed_are_the_passphrase_whatever_the_locale(screen: Screen) -> None:
        screen.start()
        screen.expect(b": ")
        screen.type(b"\xff\xfe \xc3\xa4\xe2\x82\xac\n")
        assert screen.finish() == (0, repr(b"\xff\xfe \xc3\xa4\xe2\x82\xac").encode() + b"\n")

    def test_a_typing_mistake_can_be_taken_back(screen: Screen) -> None:
        screen.start()
        screen.expect(b": ")
        screen.type(b"wrong\x15wory\x7fd\n")
        assert screen.finish() == (0, b"b'word'\n")

    def test_a_new_passphrase_is_typed_twice_unseen(screen: Screen) -> None:
        screen.start("ask(Prompter.new)")
        screen.expect(b"New passphrase for key (empty for none): ")
        screen.type(b"one mistake\n")
        screen.expect(b"Repeat passphrase: ")
        assert not screen.echo()
        screen.type(b"another mistake\n")
        screen.expect(b"Passphrases do not match. New passphrase for key (empty for none): ")
        screen.type(SECRET + b"\n")
        screen.expect(b"Repeat passphrase: ")
        screen.type(SECRET + b"\n")
        assert screen.finish() == (0, repr(SECRET).encode() + b"\n")
        assert screen.echo()
        assert b"mistake" not in screen.seen
        assert SECRET not in screen.seen

    def test_what_was_typed_before_the_question_is_not_the_answer(screen: Screen) -> None:
        screen.type(b"typed too early\n")
        screen.expect(b"typed too early\r\n")
        screen.start()
        screen.expect(b"Passphrase for key: ")
        screen.type(b"word\n")
        assert screen.finish() == (0, b"b'word'\n")

    def test_the_end_of_input_gives_no_passphrase(screen: Screen) -> None:
        screen.start()
        screen.expect(b": ")
        screen.type(b"\x04")
        assert screen.finish() == (4, b"no passphrase was given\n")
        assert screen.echo()

    def test_the_end_of_input_after_some_of_it_is_the_end_of_the_line(screen: Screen) -> None:
        screen.start()
        screen.expect(b": ")
        screen.type(b"word\x04\x04")
        assert screen.finish() == (0, b"b'word'\n")

    def test_ctrl_c_is_a_keyboard_interrupt_and_echo_comes_back(screen: Screen) -> None:
        screen.start()
        screen.expect(b": ")
        screen.type(b"half a pass\x03")
        assert screen.finish() == (130, b"interrupted\n")
        assert screen.echo()
        assert b"half" not in screen.seen
        assert screen.seen.endswith(b"\r\n")

    def test_ctrl_c_works_where_it_has_its_default_action(screen: Screen) -> None:
        screen.start("signal.signal(signal.SIGINT, signal.SIG_DFL); ask()")
        screen.expect(b": ")
        screen.type(b"\x03")
        assert screen.finish() == (-signal.SIGINT, b"")
        assert screen.echo()

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT], ids=lambda number: number.name)
    def test_a_signal_that_ends_the_program_brings_echo_back_first(number: signal.Signals, screen: Screen) -> None:
        screen.start()
        screen.expect(b": ")
        assert screen.child is not None
        screen.child.send_signal(number)
        assert screen.finish() == (-number, b"")
        assert screen.echo()

    def test_half_a_passphrase_is_not_left_for_the_shell(screen: Screen) -> None:
        # The kernel itself drops what was typed before Ctrl-\\, unless told not to.
        settings = termios.tcgetattr(screen.line)
        settings[3] |= termios.NOFLSH
        termios.tcsetattr(screen.line, termios.TCSANOW, settings)
        screen.start()
        screen.expect(b": ")
        screen.type(b"half a pass\x1c")
        assert screen.finish() == (-signal.SIGQUIT, b"")
        assert b"half" not in screen.seen
        screen.type(b"next\n")
        assert os.read(screen.line, 100) == b"next\n"

    def test_a_signal_that_the_program_handles_asks_again(screen: Screen) -> None:
        screen.start("signal.signal(signal.SIGQUIT, lambda *_: print('handled', flush=True)); ask()")
        screen.expect(b"Passphrase for key: ")
        screen.type(b"half a pass\x1c")
        screen.expect(b"Passphrase for key: ")
        assert not screen.echo()
        screen.type(b"word\n")
        assert screen.finish() == (0, b"handled\nb'word'\n")

    def test_an_ignored_signal_stays_ignored(screen: Screen) -> None:
        screen.start("signal.signal(signal.SIGHUP, signal.SIG_IGN); ask()")
        screen.expect(b": ")
        assert screen.child is not None
        screen.child.send_signal(signal.SIGHUP)
        screen.type(b"word\n")
        assert screen.finish() == (0, b"b'word'\n")

    def test_the_handlers_of_the_program_are_back_afterwards(screen: Screen) -> None:
        screen.start(
            "ask(); assert signal.getsignal(signal.SIGINT) is signal.default_int_handler\n"
            "assert all(signal.getsignal(n) is signal.SIG_DFL for n in (1, 3, 15, signal.SIGTSTP)); print('back')"
        )
        screen.expect(b": ")
        screen.type(b"word\n")
        assert screen.finish() == (0, b"b'word'\nback\n")

    def test_a_stop_brings_echo_back_and_going_on_asks_again(screen: Screen) -> None:
        # As a shell does: the program that asks is a job of its own in the foreground.
        screen.start("""
import time
job = os.fork()
if not job:
    os.setpgid(0, 0)
    while os.tcgetpgrp(tty) != os.getpgrp():
        time.sleep(0.01)
    ask()
    os._exit(0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
while os.getpgid(job) != job:
    time.sleep(0.01)
os.tcsetpgrp(tty, job)
_, status = os.waitpid(job, os.WUNTRACED)
echo = bool(termios.tcgetattr(tty)[3] & termios.ECHO)
print("stopped" if os.WIFSTOPPED(status) else status, echo, flush=True)
os.kill(job, signal.SIGCONT)
_, status = os.waitpid(job, 0)
sys.exit(os.waitstatus_to_exitcode(status))
""")
        screen.expect(b"Passphrase for key: ")
        screen.type(b"half a pass\x1a")
        screen.expect(b"Passphrase for key: ")
        assert not screen.echo()
        screen.type(b"word\n")
        assert screen.finish() == (0, b"stopped True\nb'word'\n")
        assert screen.echo()
        assert b"half" not in screen.seen

    def test_a_thread_may_ask_too(screen: Screen) -> None:
        screen.start("import threading; t = threading.Thread(target=ask); t.start(); t.join()")
        screen.expect(b": ")
        assert not screen.echo()
        screen.type(b"word\n")
        assert screen.finish() == (0, b"b'word'\n")
        assert screen.echo()

    def test_a_terminal_that_goes_away_is_an_error_and_no_hang(screen: Screen) -> None:
        screen.start("signal.signal(signal.SIGHUP, signal.SIG_IGN); ask()")
        screen.expect(b": ")
        assert screen.child is not None
        os.close(screen.screen)
        os.close(screen.line)
        printed, _ = screen.child.communicate(timeout=PATIENCE)
        screen.screen, screen.line = os.openpty()
        assert screen.child.returncode == 4
        assert printed in (b"no passphrase was given\n", b"the terminal does not answer\n")

    def test_a_preferred_askpass_goes_before_the_terminal(screen: Screen, askpass: Callable[[str], Path]) -> None:
        program = askpass("echo word")
        screen.start(DISPLAY=":0", SSH_ASKPASS=str(program), SSH_ASKPASS_REQUIRE="prefer")
        assert screen.finish() == (0, b"b'word'\n")
        assert screen.seen == b""

    def test_without_any_terminal_it_ends_at_once() -> None:
        result = subprocess.run(
            [sys.executable, "-c", CHILD + "ask()"],
            stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True, timeout=PATIENCE, check=False,
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        )  # fmt: skip
        assert (result.returncode, result.stderr) == (4, b"")
        assert result.stdout == b"the key's passphrase is needed, and there is no terminal to ask on\n"


# ── the Windows console ────────────────────────────────────────────────────────────────────────────────────────────


class Console:
    """Stands for the `msvcrt` module."""

    def __init__(self, keys: str) -> None:
        units = keys.encode("utf-16-le", "surrogatepass")
        self.keys = [chr(int.from_bytes(units[at : at + 2], "little")) for at in range(0, len(units), 2)]
        self.shown = ""

    def getwch(self) -> str:
        return self.keys.pop(0)

    def putwch(self, unit: str) -> None:
        assert len(unit.encode("utf-16-le", "surrogatepass")) == 2
        self.shown += unit


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Console]:
    def make(keys: str) -> Console:
        it = Console(keys)
        monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(getwch=it.getwch, putwch=it.putwch))
        monkeypatch.setattr(sys, "platform", "win32")
        monkeypatch.setattr(terminal, "_CONSOLE", os.devnull)
        return it

    return make


@pytest.mark.parametrize(
    ("keys", "passphrase"),
    [
        ("word\r", "word"),
        ("word\n", "word"),
        ("\r", ""),
        ("Schlüssel à la 鍵 🔑\r", "Schlüssel à la 鍵 🔑"),
        ("wory\bd\r", "word"),
        ("\b\bword\r", "word"),
        ("wo\0Hrd\r", "word"),
        ("word\x1a\r", "word\x1a"),
    ],
)
def test_on_windows_keys_up_to_enter_are_the_passphrase_in_utf8(
    keys: str, passphrase: str, console: Callable[[str], Console]
) -> None:
    it = console(keys)
    assert Prompter().existing("key 🔑", ASK).reveal() == passphrase.encode()
    assert it.shown.encode("utf-16", "surrogatepass").decode("utf-16") == "Passphrase for key 🔑: \r\n"


def test_on_windows_ctrl_c_is_a_keyboard_interrupt(console: Callable[[str], Console]) -> None:
    it = console("wor\x03")
    with pytest.raises(KeyboardInterrupt):
        Prompter().existing("key", ASK)
    assert it.shown == "Passphrase for key: \r\n"


def test_on_windows_ctrl_z_and_enter_give_no_passphrase(console: Callable[[str], Console]) -> None:
    console("\x1a\r")
    with pytest.raises(MissingPassphraseError, match=exactly("no passphrase was given")):
        Prompter().existing("key", ASK)


def test_on_windows_half_a_character_is_no_crash(console: Callable[[str], Console]) -> None:
    console("\ud83d\r")
    assert Prompter().existing("key", ASK).reveal() == b"\xed\xa0\xbd"


def test_on_windows_without_a_console_it_ends_at_once(
    console: Callable[[str], Console], monkeypatch: pytest.MonkeyPatch
) -> None:
    console("")
    monkeypatch.setattr(terminal, "_CONSOLE", "/no/such/console")
    with pytest.raises(MissingPassphraseError, match="there is no terminal to ask on"):
        Prompter().existing("key", ASK)


# ── silence ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_repr_and_no_error_holds_a_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Person(SECRET, SECRET + b"!", SECRET, b"", b"", SECRET).sit_down(monkeypatch)
    prompter = Prompter()
    with pytest.raises(MissingPassphraseError) as caught:
        prompter.new("key", ASK)
    (tmp_path / "file").write_bytes(SECRET)
    passphrase = prompter.existing("key", PassphraseSource(file=str(tmp_path / "file")))
    for text in (str(caught.value), repr(caught.value), repr(prompter), repr(vars(prompter)), repr(passphrase)):
        assert SECRET.decode() not in text


def test_modules_that_only_asking_needs_are_loaded_by_asking_only() -> None:
    script = """
import sys
import keyconv.cli.prompt
print([name for name in ("subprocess", "termios", "tempfile", "typer", "select") if name in sys.modules])
"""
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}, timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert result.stdout.strip() == b"[]"
