"""People who know keyconv from its pages and its answers alone: they type nothing that was not printed there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fixture_files import ROOT
from tools import PATIENCE, require

__all__ = ["Person", "block_below", "commands_below"]

_COMMAND = re.compile(
    r"^\$ (?P<console>.+)$"
    r"|^(?:- run: |\s+run: )?(?P<block>keyconv .+)$"
    r"|`(?P<inline>(?:keyconv|chmod) [^`\n]+)`",
    re.MULTILINE,
)
_HEADING = re.compile(r"^#+ ", re.MULTILINE)
_ADVICE = re.compile(r"(?:  hint: |  next {9}| {15})(?P<text>.+)")
_COMMAND_IN_ADVICE = re.compile(
    r"(?:^|: )(?P<command>(?:printf '%s\\n' \"\$\w+\" \| |chmod |openssl .+ \| )?keyconv .+|chmod .+)"
)


def commands_below(page: str, words: str) -> list[str]:
    """Return the commands that a page shows after these words: in the row of a table, or up to the next heading."""
    return [next(filter(None, found.groups())).strip() for found in _COMMAND.finditer(_below(page, words))]


def block_below(page: str, words: str, language: str) -> str:
    """Return the first fenced block of a language after these words."""
    found = re.search(rf"^```{language}\n(.*?)^```$", _below(page, words), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{page} shows no {language} after {words!r}"
    return found[1]


def _below(page: str, words: str) -> str:
    text = (ROOT / page).read_text("utf-8")
    assert words in text, f"{page} does not say {words!r}"
    start = text.index(words)
    if text[text.rfind("\n", 0, start) + 1] == "|":
        return text[start : text.index("\n", start)]
    heading = _HEADING.search(text, text.index("\n", start))
    return text[start : heading.start() if heading else len(text)]


@dataclass
class Person:
    """Somebody at a shell, in a folder of a home; `answer` and `code` are what the last command printed and gave."""

    home: Path
    variables: dict[str, str] = field(default_factory=dict)
    answer: str = ""
    code: int = 0
    _shown: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        (self.home / ".ssh").mkdir(mode=0o700, parents=True)
        self.folder.mkdir()
        program = self.home / "bin" / "keyconv"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m keyconv "$@"\n', "utf-8")
        program.chmod(0o755)

    @property
    def folder(self) -> Path:
        """Where the person works."""
        return self.home / "work"

    def put(self, name: str, data: bytes, mode: int = 0o600) -> Path:
        """Give the person a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(mode)
        return path

    def look_up(self, page: str, words: str, having: str = "") -> str:
        """Open a page at these words, and return the first command after them, or the first `having` something."""
        shown = commands_below(page, words)
        self._shown.update(shown)
        fitting = [command for command in shown if having in command]
        assert fitting, f"{page} shows no command with {having!r} after {words!r}"
        return fitting[0]

    def advice(self) -> Iterator[str]:
        """Yield what the last answer advises: its hints, and what it says is next."""
        rows = iter(self.answer.splitlines())
        follows = False
        for row in rows:
            found = _ADVICE.fullmatch(row)
            if found and (follows or not row.startswith(" " * 15)):
                yield found["text"]
            follows = found is not None and (follows or row.startswith("  next "))

    def hinted(self, purpose: str = "") -> str:
        """Return the first command that the last answer advises, or the first that is for something; else nothing."""
        for text in self.advice():
            found = _COMMAND_IN_ADVICE.search(text)
            if found and purpose in text[: found.start("command")]:
                return found["command"]
        return ""

    def type(self, command: str, **names: str) -> int:
        """Type a command that was printed; `names` are the person's own for words in it. Return its exit code."""
        allowed = self._shown | set(self.commands())
        assert command in allowed, f"nobody printed {command!r}"
        ran = subprocess.run(
            [require("bash"), "-o", "pipefail", "-c", _renamed(command, names)],
            cwd=self.folder,
            env={**_inherited(), "HOME": str(self.home), **self.variables}
            | {"PATH": f"{self.home / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # no terminal to ask on
            timeout=PATIENCE,
        )
        self.answer, self.code = ran.stdout.decode(), ran.returncode
        return self.code

    def commands(self) -> Iterator[str]:
        """Yield the commands that the last answer advises."""
        for text in self.advice():
            found = _COMMAND_IN_ADVICE.search(text)
            if found:
                yield found["command"]


def _inherited() -> dict[str, str]:
    """The environment, without what would tell keyconv that it runs in somebody's CI, or has an agent."""
    without = ("SSH_AUTH_SOCK", "SSH_ASKPASS", "DISPLAY", "GITHUB_ACTIONS", "CI")
    return {name: value for name, value in os.environ.items() if name not in without}


def _renamed(command: str, names: dict[str, str]) -> str:
    """Put the person's names in the place of the words of a page; every word must be there."""
    for word, name in names.items():
        quoted = shlex.quote(name).replace("\\", r"\\")
        changed = re.sub(rf"(?<![\w./-]){re.escape(word)}(?![\w./-])", quoted, command)
        assert changed != command, f"{word!r} is not in {command!r}"
        command = changed
    return command
