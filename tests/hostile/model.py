"""What a hostile file is: how it is made, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["PASSPHRASE", "Hostile", "Stage", "among", "at_unlock", "hidden", "legal", "refused"]

PASSPHRASE = b"correct horse"
"""The passphrase of every encrypted file of the corpus."""

Stage = Literal["unreadable", "read", "fault", "unlock", "hidden", "private", "public"]
"""How far keyconv gets.

`unreadable`: no key file by its kind or size. `read`: refused when it is read. `fault`: the public half alone is whole.
`unlock`: the public half stands in clear, the private one is refused. `hidden`: all is encrypted, and refused.
`private`, `public`: a whole key, with something that is to be warned of.
"""

Make = Callable[[], bytes]


@dataclass(frozen=True, slots=True, eq=False)
class Hostile:
    """One file: its name, format and class, its bytes, and what must come of it.

    `code` is the error's (empty where nothing is refused), `rules` are those of which `check` must name one at least,
    `exits` are exit codes that do not follow from the stage, by command. `clean` says that `check` finds nothing worth
    a warning.
    """

    name: str
    kind: str
    make: Make = field(repr=False)
    stage: Stage
    code: str
    rules: tuple[str, ...]
    exits: Mapping[str, int] = field(default_factory=dict)
    clean: bool = False

    @property
    def format(self) -> str:
        """The format that it pretends to be of."""
        return self.name.partition("/")[0]

    @property
    def is_legal(self) -> bool:
        """Whether a program is right to read the whole of it."""
        return self.stage in ("private", "public")


def refused(name: str, kind: str, make: Make, code: str, *rules: str, **exits: int) -> Hostile:
    """A file that is refused when it is read."""
    return Hostile(name, kind, make, "read", code, rules, _commands(exits))


def among(name: str, kind: str, make: Make, code: str, *rules: str, **exits: int) -> Hostile:
    """A file of lines of which one is refused: what takes all of its keys goes on, and says so."""
    goes_on = {"inspect": 0, "inspect, opened": 0, "public": 0, "match": 0}
    return Hostile(name, kind, make, "read", code, rules, {**goes_on, **_commands(exits)})


def at_unlock(name: str, kind: str, make: Make, code: str, *rules: str, **exits: int) -> Hostile:
    """A file whose public half stands in clear, and whose private half is refused."""
    return Hostile(name, kind, make, "unlock", code, rules, _commands(exits))


def hidden(name: str, kind: str, make: Make, code: str, *rules: str, **exits: int) -> Hostile:
    """A file that is wholly encrypted, and refused when it is unlocked."""
    return Hostile(name, kind, make, "hidden", code, rules, _commands(exits))


def legal(name: str, kind: str, make: Make, stage: Stage, *rules: str, **exits: int) -> Hostile:
    """A file that holds a whole key, `private` or `public`; without rules nothing in it is worth a warning."""
    return Hostile(name, kind, make, stage, "", rules, _commands(exits), clean=not rules)


def _commands(exits: Mapping[str, int]) -> dict[str, int]:
    return {name.replace("_", " "): code for name, code in exits.items()}
