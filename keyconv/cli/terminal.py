"""The terminal, which is asked without showing what is typed: POSIX's /dev/tty and the Windows console."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from keyconv.errors import MissingPassphraseError
from keyconv.files import system
from keyconv.limits import MAX_PASSPHRASE, size

__all__ = ["ask", "check_size"]

_TERMINAL = "/dev/tty"
_CONSOLE = "CONIN$"


def check_size(answer: bytes | bytearray, name: str) -> None:
    """Refuse an answer that is longer than any passphrase.

    Raises: MissingPassphraseError.
    """
    if len(answer) > MAX_PASSPHRASE:
        raise MissingPassphraseError(f"{name} is longer than {size(MAX_PASSPHRASE)}, which no passphrase is")


def ask(prompt: str, *, seen: bool = False) -> bytes | None:
    """Ask on the terminal (not on standard input), unseen unless `seen`. Returns: None where there is no terminal.

    Raises: MissingPassphraseError at the end of input; KeyboardInterrupt.
    """
    return _ask_console(prompt, seen=seen) if sys.platform == "win32" else _ask_tty(prompt, seen=seen)


def _ask_console(prompt: str, *, seen: bool = False) -> bytes | None:
    if sys.platform == "win32":
        import msvcrt

        try:
            os.close(os.open(_CONSOLE, os.O_RDWR))
        except OSError:
            return None
        for unit in _utf16_units(prompt):
            msvcrt.putwch(unit)
        try:
            line = _read_console(msvcrt.getwche if seen else msvcrt.getwch)
        finally:
            msvcrt.putwch("\r")
            msvcrt.putwch("\n")
        return line
    raise NotImplementedError


def _read_console(getwch: Callable[[], str]) -> bytes:
    """Read UTF-16 units up to Enter. U+00E0 is a letter here, though some keys announce themselves by it too."""
    units: list[str] = []
    while (unit := getwch()) not in "\r\n":
        if unit == "\x03":
            raise KeyboardInterrupt
        if unit == "\0":  # a function key: its number follows
            getwch()
        elif unit in "\b\x7f":
            del units[-1:]
        else:
            units.append(unit)
    if units == ["\x1a"]:
        raise MissingPassphraseError("no passphrase was given")
    line = "".join(units).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    answer = line.encode("utf-8", "surrogatepass")
    check_size(answer, "the answer")
    return answer


def _utf16_units(text: str) -> Iterator[str]:
    data = text.encode("utf-16-le", "surrogatepass")
    for at in range(0, len(data), 2):
        yield chr(int.from_bytes(data[at : at + 2], "little"))


def _ask_tty(prompt: str, *, seen: bool = False) -> bytes | None:
    """Ask on the controlling terminal. A signal takes its effect after echo is back; then, if alive, ask again."""
    if sys.platform != "win32":
        import termios

        try:
            terminal = os.open(_TERMINAL, system.flags("O_RDWR", "O_NOCTTY", "O_CLOEXEC"))
        except OSError:
            return None
        try:
            while True:
                line, caught = _ask_once(terminal, prompt, seen=seen)
                if not caught and line is not None:
                    return line
                for number in caught:
                    os.kill(os.getpid(), number)
        except (OSError, termios.error) as error:
            raise MissingPassphraseError("the terminal does not answer") from error
        finally:
            os.close(terminal)
    raise NotImplementedError


def _ask_once(terminal: int, prompt: str, *, seen: bool) -> tuple[bytes | None, list[int]]:
    """Ask once, with echo off unless `seen`. Returns: the answer, unless a signal came first, and the signals."""
    if sys.platform != "win32":
        import termios

        with _noted_signals() as (caught, bell):
            before = termios.tcgetattr(terminal)
            unseen: list[Any] = termios.tcgetattr(terminal)
            if not seen:
                unseen[3] &= ~(termios.ECHO | termios.ECHONL)
            try:
                _set_terminal(terminal, unseen)
                os.write(terminal, prompt.encode("utf-8", "backslashreplace"))
                line = _read_tty(terminal, bell, caught)
            finally:
                with suppress(OSError, termios.error):  # where there is no terminal any more
                    _set_terminal(terminal, before)
                    os.write(terminal, b"" if seen else b"\n")
        return line, caught
    raise NotImplementedError


def _read_tty(terminal: int, bell: int, caught: list[int]) -> bytes | None:
    """Read bytes up to Enter. Returns: None as soon as a signal is `caught`, of which `bell`, a pipe, has a byte."""
    import select

    line = b""
    while not line.endswith(b"\n"):
        if caught:
            return None
        ready, _, _ = select.select([terminal, bell], [], [])
        if bell in ready:
            os.read(bell, 4096)
            continue
        chunk = os.read(terminal, 4096)
        if not chunk:
            if not line:
                raise MissingPassphraseError("no passphrase was given")
            break
        line += chunk
        check_size(line, "the answer")
    return line.removesuffix(b"\n")


def _set_terminal(terminal: int, attributes: list[Any]) -> None:
    """Set the terminal up, and drop what was typed and not read: half a passphrase must not reach the shell."""
    if sys.platform != "win32":
        import termios

        while True:
            try:
                termios.tcsetattr(terminal, termios.TCSAFLUSH, attributes)
            except termios.error as error:
                if error.args[0] == errno.EINTR:
                    continue
                raise
            return


@contextmanager
def _noted_signals() -> Iterator[tuple[list[int], int]]:
    """Note the signals that end or stop a program instead of letting them strike while echo is off.

    Yields: the list of those that came, and a descriptor that has something to read as soon as one did. (A handler
    written in Python runs too late for that: one more read may have begun to wait.)
    """
    if sys.platform != "win32":
        import signal
        import threading

        caught: list[int] = []
        bell, rope = os.pipe()
        os.set_blocking(rope, False)

        def note(number: int, frame: FrameType | None) -> None:
            caught.append(number)

        main = threading.current_thread() is threading.main_thread()  # no other may set handlers
        before: dict[int, Any] = {}
        rope_before = signal.set_wakeup_fd(rope, warn_on_full_buffer=False) if main else -1
        try:
            if main:
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP):
                    if signal.getsignal(number) not in (signal.SIG_IGN, None):
                        before[number] = signal.signal(number, note)
            yield caught, bell
        finally:
            for number in reversed(before):
                signal.signal(number, before[number])
            if main:
                signal.set_wakeup_fd(rope_before)
            os.close(bell)
            os.close(rope)
    else:
        raise NotImplementedError
