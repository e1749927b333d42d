"""Asking for passphrases: the one module that does.

A passphrase comes from the file, descriptor or environment variable that the command line names; else from the
SSH_ASKPASS program by OpenSSH's rules; else from the terminal, unseen. It never appears on a command line, in an error
or in the environment of a child.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from keyconv.cli import terminal
from keyconv.cli.escape import printable
from keyconv.cli.terminal import check_size
from keyconv.errors import ConfirmationError, MissingPassphraseError, UsageError
from keyconv.files import system
from keyconv.limits import MAX_PASSPHRASE
from keyconv.secret import Passphrase

if TYPE_CHECKING:
    import subprocess
from keyconv.record import record

__all__ = ["PassphraseSource", "Prompter", "check_encoding", "encoded"]

ATTEMPTS = 3
EXISTING_HINT = "pass --passphrase-file FILE, --passphrase-fd N or --passphrase-env NAME"
NEW_HINT = "pass --new-passphrase-file FILE, --new-passphrase-fd N, --new-passphrase-env NAME or --no-passphrase"

_DEFAULT_ASKPASS = "/usr/bin/ssh-askpass"
_STDIN = 0

Read = Callable[[int], bytes]


@record
class PassphraseSource:
    """Where the command line says that a passphrase comes from; nothing given means that the user is asked.

    `file` is a path, or `-` for standard input; `fd` an open descriptor; `env` the name of a variable.

    Raises: UsageError when more than one is given.
    """

    file: str | None = None
    fd: int | None = None
    env: str | None = None

    def __post_init__(self) -> None:
        if sum(given is not None for given in (self.file, self.fd, self.env)) > 1:
            raise UsageError("a passphrase comes from one place: give its -file, its -fd or its -env option alone")

    @property
    def given(self) -> bool:
        """Whether the command line names a source at all."""
        return self != _ASK

    @property
    def is_stdin(self) -> bool:
        """Whether the passphrase is to be read from standard input."""
        return self.file == "-" or self.fd == _STDIN


_ASK = PassphraseSource()


def check_encoding(name: str | None) -> None:
    """Refuse the name of an encoding that there is not.

    Raises: UsageError.
    """
    try:
        "".encode(name or "utf-8")
    except (LookupError, ValueError):
        message = f"there is no encoding '{printable(name or '')}'"
        raise UsageError(message, hint="cp1250, cp1251, cp852, koi8-r, shift_jis and so on") from None


def encoded(passphrase: Passphrase, encoding: str | None) -> Passphrase:
    """Return the passphrase as it is to be tried: in the one encoding that the command line names, if it names one.

    Raises: UsageError when that encoding lacks a character of it.
    """
    if encoding is None:
        return passphrase
    found = passphrase.encoded_as(encoding)
    if found is None:
        raise UsageError(f"the passphrase has a character that {printable(encoding)} lacks")
    return found


class Prompter:
    """Gets passphrases, and remembers each, so that a descriptor is read once and a person asked once in a batch.

    `no_input` forbids asking (not reading from a named source); `stdin_taken` says that the key comes from standard
    input; `hide_env` names variables that an askpass program must not inherit, beside those of the sources seen.
    """

    def __init__(self, *, no_input: bool = False, stdin_taken: bool = False, hide_env: Iterable[str] = ()) -> None:
        self._no_input = no_input
        self._stdin_taken = stdin_taken
        self._hidden = set(hide_env)
        self._remembered: dict[tuple[str, PassphraseSource], Passphrase] = {}
        self._streams_read: set[int] = set()

    def existing(self, what: str, source: PassphraseSource) -> Passphrase:
        """Get the passphrase that unlocks `what` (a file's name).

        Raises: MissingPassphraseError; UsageError when standard input is taken; KeyboardInterrupt.
        """
        return self._get("existing", what, source)

    def new(self, what: str, source: PassphraseSource) -> Passphrase:
        """Get the passphrase that will lock `what`; a person is asked twice. An empty one means 'not encrypted'.

        Raises: MissingPassphraseError; UsageError when standard input is taken; KeyboardInterrupt.
        """
        return self._get("new", what, source)

    def confirm(self, question: str, hint: str) -> None:
        """Ask a yes-or-no question on the terminal.

        Raises: ConfirmationError when nobody can be asked, or the answer is not yes.
        """
        if self._no_input:
            raise ConfirmationError(f"must be confirmed, and --no-input forbids asking: {question}", hint=hint)
        agreed = self.agrees(question)
        if agreed is None:
            raise ConfirmationError(f"must be confirmed, and there is no terminal to ask on: {question}", hint=hint)
        if not agreed:
            raise ConfirmationError("not confirmed")

    def agrees(self, question: str) -> bool | None:
        """Ask a yes-or-no question on the terminal. Returns: None where nobody can be asked."""
        answer = None if self._no_input else terminal.ask(f"{question} [y/N] ", seen=True)
        return None if answer is None else answer.strip().lower() in (b"y", b"yes")

    def attempts(self, source: PassphraseSource) -> int:
        """Return how often `existing` is worth calling for one key, with `forget` after each wrong answer.

        A person may try three times, and what was typed for another key is tried before that; a named source says
        the same each time.
        """
        if source.given or self._no_input:
            return 1
        return ATTEMPTS + (("existing", source) in self._remembered)

    def remembered(self, role: Literal["existing", "new"], source: PassphraseSource) -> Passphrase | None:
        """Return the passphrase that `existing` or `new` would give without reading or asking, if there is one."""
        return self._remembered.get((role, source))

    def forget(self) -> None:
        """Forget what was typed to unlock a key, so that `existing` asks again."""
        self._remembered.pop(("existing", _ASK), None)

    def _get(self, role: str, what: str, source: PassphraseSource) -> Passphrase:
        known = self._remembered.get((role, source))
        if known is not None:
            return known
        if source.given:
            answer = self._read(source)
        elif role == "new":
            answer = self._ask_twice(printable(what))
        else:
            answer = self._ask(f"Passphrase for {printable(what)}: ", "the key's passphrase", EXISTING_HINT)
        self._remembered[role, source] = passphrase = Passphrase(answer)
        return passphrase

    # ── from a named source ───────────────────────────────────────────────────────────────────────────────────────

    def _read(self, source: PassphraseSource) -> bytes:
        if source.env is not None:
            self._hidden.add(source.env)
            return _read_variable(source.env)
        if source.is_stdin:
            if self._stdin_taken:
                raise UsageError(
                    "standard input cannot hold both the key and the passphrase",
                    hint="give the passphrase by a file, another descriptor or a variable",
                )
            return self._read_stream(_STDIN, _stdin_reader(), "standard input")
        if source.fd is not None:
            return self._read_stream(source.fd, _reader(source.fd), f"file descriptor {source.fd}")
        return _read_file(source.file or "")

    def _read_stream(self, number: int, read: Read, name: str) -> bytes:
        # The first passphrase is the first line, one for the other side is the next.
        line = _first_line(read, name)
        if line is None and number in self._streams_read:
            raise MissingPassphraseError(f"{name} holds no second passphrase")
        self._streams_read.add(number)
        return line or b""

    # ── from a person ─────────────────────────────────────────────────────────────────────────────────────────────

    def _ask_twice(self, what: str) -> bytes:
        complaint = ""
        for _ in range(ATTEMPTS):
            answer = self._ask(f"{complaint}New passphrase for {what} (empty for none): ", "a new passphrase", NEW_HINT)
            if self._ask("Repeat passphrase: ", "a new passphrase", NEW_HINT) == answer:
                return answer
            complaint = "Passphrases do not match. "
        raise MissingPassphraseError("the passphrases do not match", hint=NEW_HINT)

    def _ask(self, prompt: str, missing: str, hint: str) -> bytes:
        """Ask by OpenSSH's rules; `missing` names what cannot be had where nobody can be asked.

        Source: ssh(1), SSH_ASKPASS_REQUIRE; OpenSSH's readpass.c, read_passphrase.
        """
        if self._no_input:
            raise MissingPassphraseError(f"{missing} is needed, and --no-input forbids asking for it", hint=hint)
        require = os.environ.get("SSH_ASKPASS_REQUIRE", "").lower()
        display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
        program = os.environ.get("SSH_ASKPASS") or (_DEFAULT_ASKPASS if _exists(_DEFAULT_ASKPASS) else "")
        if require == "force" and not program:
            raise MissingPassphraseError("SSH_ASKPASS_REQUIRE is 'force', and SSH_ASKPASS names no program", hint=hint)
        if require == "force" or (require == "prefer" and display and program):
            return _run_askpass(program, prompt, self._hidden)
        answer = terminal.ask(prompt)
        if answer is not None:
            return answer
        if display and program and require != "never":
            return _run_askpass(program, prompt, self._hidden)
        raise MissingPassphraseError(f"{missing} is needed, and there is no terminal to ask on", hint=hint)


# ── files, descriptors, variables ──────────────────────────────────────────────────────────────────────────────────


def _read_file(path: str) -> bytes:
    """Read the first line of a file. Unlike a key it may be a FIFO, for a shell's `<(...)`, and is waited for."""
    name = f"the passphrase file {printable(path)}"
    if not system.is_name(path):
        raise MissingPassphraseError(f"cannot read {name}: {system.BAD_NAME}")
    try:
        descriptor = os.open(path, system.flags("O_RDONLY", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"))
    except OSError as error:
        raise _unreadable(name, error) from error
    try:
        return _first_line(_reader(descriptor), name) or b""
    finally:
        with suppress(OSError):  # what was read is not lost by it
            os.close(descriptor)


def _first_line(read: Read, name: str) -> bytes | None:
    """Read a line and drop its line end, LF or CRLF. Returns: None where there is not even an empty line."""
    line = bytearray()
    try:
        while not line.endswith(b"\n") and len(line) <= MAX_PASSPHRASE + len(b"\r\n"):
            byte = read(1)  # what follows the line is left for others
            if not byte:
                break
            line += byte
    except (OSError, OverflowError) as error:
        raise _unreadable(name, error) from error
    if not line:
        return None
    if line.endswith(b"\n"):
        line = line.removesuffix(b"\n").removesuffix(b"\r")
    check_size(line, f"the first line of {name}")
    return bytes(line)


def _reader(descriptor: int) -> Read:
    def read(count: int) -> bytes:
        while True:
            try:
                return os.read(descriptor, count)
            except BlockingIOError:  # the other end has set the pipe not to wait
                import select

                select.select([descriptor], [], [])

    return read


def _stdin_reader() -> Read:
    try:
        return _reader(sys.stdin.fileno())
    except (OSError, ValueError, AttributeError):  # in memory, closed, or none at all
        read: Read | None = getattr(getattr(sys.stdin, "buffer", None), "read", None)
        if read is None or sys.stdin.closed:
            raise MissingPassphraseError("cannot read standard input: it is closed") from None
        return read


def _read_variable(name: str) -> bytes:
    """Read an environment variable: the whole value, but for a line end at its end."""
    answer: bytes | None = None
    if sys.platform == "win32":
        text = os.environ.get(name)
        answer = text.encode("utf-8", "surrogatepass") if text is not None else None
    elif system.is_name(name):
        answer = os.environb.get(os.fsencode(name))
    if not answer:
        state = "not set" if answer is None else "empty"
        raise MissingPassphraseError(f"the environment variable {printable(name)} is {state}")
    if answer.endswith(b"\n"):
        answer = answer.removesuffix(b"\n").removesuffix(b"\r")
    check_size(answer, f"the environment variable {printable(name)}")
    return answer


def _unreadable(name: str, error: OSError | OverflowError) -> MissingPassphraseError:
    reason = system.reason_of(error, absent="no such file") if isinstance(error, OSError) else "no such descriptor"
    return MissingPassphraseError(f"cannot read {name}: {reason}")


# ── an askpass program ─────────────────────────────────────────────────────────────────────────────────────────────


def _exists(path: str) -> bool:
    return os.access(path, os.X_OK)


def _run_askpass(program: str, prompt: str, hidden: Iterable[str]) -> bytes:
    """Run an SSH_ASKPASS program, without a shell, and take the first line that it prints."""
    import subprocess

    if program.lower().endswith((".bat", ".cmd")):  # cmd.exe would take these signs for its own
        prompt = re.sub(r'["%!^&|<>]', "_", prompt)
    try:
        child = subprocess.Popen(  # noqa: S603 - the program that the user chose for this
            [program, prompt], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=_environment_without(hidden)
        )
    except OSError as error:
        reason = system.reason_of(error, absent="no such file")
        raise MissingPassphraseError(
            f"cannot run the SSH_ASKPASS program {printable(program)}: {reason}", hint=EXISTING_HINT
        ) from error
    answer, status = _listen(child)
    if status != 0:
        raise MissingPassphraseError("no passphrase was given")
    first, end, _ = answer.partition(b"\n")
    first = first.removesuffix(b"\r") if end else first
    check_size(first, "the answer")
    return first


def _listen(child: subprocess.Popen[bytes]) -> tuple[bytes, int]:
    with child:
        try:
            answer = child.stdout.read(MAX_PASSPHRASE + len(b"\r\n")) if child.stdout else b""
        except BaseException:
            child.kill()
            raise
    return answer, child.returncode


def _environment_without(hidden: Iterable[str]) -> dict[str, str]:
    dropped = {name.upper() if sys.platform == "win32" else name for name in hidden}
    dropped.add("SSH_ASKPASS_PROMPT")  # another program's hint for another question
    return {name: value for name, value in os.environ.items() if name not in dropped}
