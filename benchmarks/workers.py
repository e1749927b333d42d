"""Talking to the processes that hold one library each."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.commands import environment
from benchmarks.timing import ToolError

__all__ = ["Worker"]

_SCRIPT = Path(__file__).with_name("worker.py")
_MOST_SAID = 100


class Worker:
    """One such process, from the beginning of a `with` block to its end."""

    def __init__(self, python: str, library: str, folder: Path, *paths: str) -> None:
        self._process = subprocess.Popen(
            [python, "-P", "-W", "ignore", _SCRIPT, library, *paths],
            cwd=folder,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, do: str, **request: object) -> Any:
        """Ask for something and give the answer.

        Raises: ToolError, with what the library raised.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise ToolError("the process has no pipes")
        try:
            self._process.stdin.write(json.dumps({"do": do, **request}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ToolError("the process ended")
        answer = json.loads(line)
        if "error" in answer:
            raise ToolError(" ".join(answer["error"].split())[:_MOST_SAID])
        return answer["value"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.communicate()
