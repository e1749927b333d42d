"""Everything that is printed: data to standard output, all else to standard error, every foreign text made harmless."""

from __future__ import annotations

import os
import sys
from typing import Any

from keyconv.cli.escape import printable
from keyconv.errors import KeyconvError, ReaderGoneError
from keyconv.record import record

__all__ = ["Document", "Screen"]


class Document:
    """The one JSON document of a command that has no results of its own: facts, and what would have been said."""

    def __init__(self) -> None:
        self.facts: dict[str, object] = {}
        self.notes: list[dict[str, str | None]] = []


@record
class Screen:
    """Where messages go; `quiet` keeps back all but errors, `as_json` too, and makes them JSON.

    `colour` is what `--color` says: always, never, or auto. `document` collects what is printed at the end as JSON.
    """

    quiet: bool = False
    as_json: bool = False
    colour: str = "auto"
    document: Document | None = None

    def error(self, error: KeyconvError) -> None:
        """Print an error as `keyconv: PATH: what is wrong` and its hint, or as one JSON object.

        That the reader of standard output left is nothing to tell.
        """
        if isinstance(error, ReaderGoneError):
            return
        if self.as_json:
            _to_stderr(to_json({"error": error_object(error)}, indent=None))
            return
        path = f"{printable(error.path)}: " if error.path else ""
        _to_stderr(f"keyconv: {path}{printable(str(error))}\n")
        if error.hint:
            _to_stderr(f"  hint: {printable(error.hint)}\n")

    def fault(self, error: KeyconvError) -> None:
        """Print why a line holds no key, as `keyconv: PATH: line N: RULE: why` and its hint, or as one JSON object."""
        if self.as_json:
            self.error(error)
            return
        where = f"line {error.line}: " if error.line is not None else ""
        _to_stderr(f"keyconv: {printable(error.path)}: {where}{error.rule}: {printable(error.message)}\n")
        if error.hint:
            _to_stderr(f"  hint: {printable(error.hint)}\n")

    def fact(self, **facts: object) -> None:
        """Put something into the JSON document, if there is one."""
        if self.document is not None:
            self.document.facts.update(facts)

    def wants_colour(self, stream: Any) -> bool:
        """Return whether to write to a stream in colour: as `--color` says, else NO_COLOR and FORCE_COLOR."""
        if self.colour != "auto":
            return self.colour == "always"
        if os.environ.get("NO_COLOR"):
            return False
        if os.environ.get("FORCE_COLOR"):
            return True
        try:
            return os.environ.get("TERM") != "dumb" and bool(stream.isatty())
        except (AttributeError, ValueError):  # closed, or none at all
            return False

    def note(self, message: str, path: str = "") -> None:
        """Print something that is no error: a tolerance, a loss, what was written."""
        if self.document is not None:
            self.document.notes.append({"path": path or None, "message": printable(message)})
        if not self.quiet and not self.as_json:
            where = f"{printable(path)}: " if path else ""
            _to_stderr(f"keyconv: {where}{printable(message)}\n")

    def data(self, text: str) -> None:
        """Print text that the user asked for; it is already harmless."""
        from keyconv.files import write_stdout

        write_stdout(text.encode("utf-8", "backslashreplace"))


def error_object(error: KeyconvError) -> dict[str, str | None]:
    """Return an error as the object that JSON output has; its path is the file's own, for programs to find it by."""
    return {
        "code": error.code,
        "message": printable(str(error)),
        "path": error.path or None,
        "hint": printable(error.hint) or None,
        "rule": error.rule or None,
    }


def to_json(value: object, indent: int | None = 2) -> str:
    """Return a JSON document with a final newline, in ASCII, so that nothing in it drives a terminal or a CI runner."""
    import json

    # `##[` in a log is an order to a runner; a `#` stands in strings alone.
    return json.dumps(value, indent=indent, ensure_ascii=True).replace("##", r"\u0023\u0023") + "\n"


def _to_stderr(text: str) -> None:
    # Where standard error is closed or full, the exit code still tells.
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        return
    except UnicodeEncodeError:
        sys.stderr.write(text.encode("ascii", "backslashreplace").decode("ascii"))
