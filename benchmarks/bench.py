"""What every experiment gets: the tools, a folder of its own, and keys that are made once."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.commands import Command
from benchmarks.judging import Judge
from benchmarks.making import Key, make_keys
from benchmarks.results import Row
from benchmarks.timing import Contender
from benchmarks.tools import Tools
from benchmarks.workers import Worker

__all__ = ["FAST", "PASSPHRASE", "Bench"]

FAST = "keyconv[fast]"
"""keyconv where gmpy2 is installed, too."""

PASSPHRASE = "correct horse"  # opens nothing but throw-away keys


@dataclass(frozen=True, slots=True)
class Bench:
    """One experiment's surroundings; `quick` means fewer rounds and smaller inputs."""

    tools: Tools
    folder: Path
    keys: tuple[Key, ...]
    quick: bool = False
    judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        secret = self.folder / "passphrase"
        secret.write_text(f"{PASSPHRASE}\n")
        object.__setattr__(self, "judge", Judge(self.tools, PASSPHRASE, secret))

    @classmethod
    def prepare(cls, tools: Tools, folder: Path, *, quick: bool) -> Bench:
        """Make the keys."""
        return cls(tools, folder / "shared", make_keys(tools, folder / "keys"), quick)

    def within(self, name: str) -> Bench:
        """Return the same with another folder."""
        return Bench(self.tools, self.folder.parent / name, self.keys, self.quick)

    def rounds(self, full: int) -> int:
        """Return how often to measure."""
        return max(3, full // 5) if self.quick else full

    def of_type(self, kind: str) -> tuple[Key, ...]:
        """Return all keys of a type."""
        return tuple(key for key in self.keys if key.type == kind)

    def keyconv(self, *arguments: str, fresh: tuple[str, ...] = (), codes: tuple[int, ...] = (0,)) -> Command:
        """Make a command of keyconv."""
        return Command((*self.tools.keyconv, *arguments), self.folder, fresh, codes=codes)

    def keyconv_fast(self, *arguments: str, fresh: tuple[str, ...] = ()) -> Command:
        """Make a command of keyconv that has gmpy2."""
        begin = f"import sys; sys.path.insert(0, {self.tools.fast!r}); from keyconv.__main__ import main; main()"
        return Command((sys.executable, "-c", begin, *arguments), self.folder, fresh)

    def worker(self, library: str) -> Worker:
        """Start a process that holds a library."""
        others = library in ("asyncssh", "paramiko")
        python = self.tools.libraries if others and self.tools.libraries else sys.executable
        paths = (self.tools.fast,) if library == FAST and self.tools.fast else ()
        return Worker(python, library, self.folder, *paths)

    def converter(self, case: str, tool: str, command: Command, public: str) -> Contender:
        """Return a command that writes one private key as a contender: the result must be that key."""
        (output,) = command.fresh or (command.copies[0][1],)
        return Contender(case, tool, command, lambda: self.judge.expect(self.folder / output, public))

    def absent(self, case: str, tool: str, why: str = "") -> Row:
        """Return the row of a tool that cannot do it, or is not there."""
        return Row(case, tool, None, why or self.tools.missing.get(tool, "not installed"))
