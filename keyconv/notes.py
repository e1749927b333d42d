"""Notes: the tolerances that a reader used, and what else a user may want to know about a file that loaded."""

from __future__ import annotations

from keyconv.record import record

__all__ = ["Note"]


@record
class Note:
    """One thing about a file that was accepted although not every program would.

    `code` is stable and equals the name of the rule of `keyconv check` where there is one; `message` is one line.
    `harmless` says that every current reader of the format accepts it all the same.
    """

    code: str
    message: str
    harmless: bool = False

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
