"""Running a program: timed as a whole, from before its start to its end, with its outputs cleared away before."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Timer

from benchmarks.timing import ToolError

__all__ = ["Command", "Loop", "environment", "peak_of", "weighing"]

_LIMIT = 900
"""Seconds after which a program is taken for one that never returns."""

_MEASURE_PEAK = Path(__file__).with_name("peak.py")
_NOTE = "peak"
_MOST_SAID = 100


def environment() -> dict[str, str]:
    """Return the environment that every tool gets: no settings of Python's, no colours, English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, run in `folder`, where all paths begin, so that no message names another place.

    `fresh` are its outputs, removed before each run; `copies` are files to be put in place before, as from-to pairs;
    `codes` are the exit codes that mean success.
    """

    argv: tuple[str, ...]
    folder: Path
    fresh: tuple[str, ...] = ()
    copies: tuple[tuple[str, str], ...] = ()
    codes: tuple[int, ...] = (0,)

    def __call__(self) -> float:
        """Run it and give the seconds that it took.

        Raises: ToolError, with the last line of what it said.
        """
        self._prepare()
        with self._output.open("wb") as output, self._errors.open("wb") as errors:
            start = time.perf_counter()
            running = subprocess.Popen(
                self.argv,
                cwd=self.folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
            )
            # Not `wait(timeout)`, which looks every 50 ms whether the program has ended.
            guard = Timer(_LIMIT, running.kill)
            guard.daemon = True
            guard.start()
            code = running.wait()
            seconds = time.perf_counter() - start
            guard.cancel()
        if seconds >= _LIMIT:
            raise ToolError(f"not back after {_LIMIT} s")
        if code not in self.codes:
            raise ToolError(self._last_words(code))
        return seconds

    def printed(self) -> str:
        """Return what the last command in this folder wrote to its standard output."""
        return self._output.read_text("utf-8", "replace")

    def count(self, text: str) -> int:
        """Count the lines with this text in what was printed, which may be more than memory holds."""
        wanted = text.encode()
        with self._output.open("rb") as output:
            return sum(wanted in line for line in output)

    @property
    def _output(self) -> Path:
        return self.folder / "printed"

    @property
    def _errors(self) -> Path:
        return self.folder / "said"

    def _prepare(self) -> None:
        for name in self.fresh:
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        for source, target in self.copies:
            shutil.copyfile(self.folder / source, self.folder / target)
            (self.folder / target).chmod(0o600)

    def _last_words(self, code: int) -> str:
        said = self._errors.read_text("utf-8", "replace") or self.printed()
        lines = [line.strip() for line in said.splitlines() if line.strip() and "hint:" not in line]
        return f"exit code {code}" + (f": {lines[-1][:_MOST_SAID]}" if lines else "")


@dataclass(frozen=True, slots=True)
class Loop:
    """The same program over several files, one process each, started by no shell."""

    commands: tuple[Command, ...]

    def __call__(self) -> float:
        """Run all and give the sum of their seconds."""
        return sum(command() for command in self.commands)


def weighing(command: Command) -> Command:
    """Return a command that also notes the most memory that its program held.

    A small process of its own starts the program, which costs some milliseconds: a child's first peak is that of the
    process that started it.
    """
    return replace(command, argv=(sys.executable, "-I", "-S", str(_MEASURE_PEAK), _NOTE, *command.argv))


def peak_of(command: Command) -> int:
    """Return the most memory that the last such command in this folder held, in bytes."""
    return int((command.folder / _NOTE).read_text("ascii"))
