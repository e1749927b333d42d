"""What came of each input of a batch: told as it comes, and summed up at the end."""

from __future__ import annotations

from textwrap import indent

from keyconv.cli.one_of_many import Done
from keyconv.cli.render import Screen, error_object, to_json
from keyconv.errors import KeyconvError

__all__ = ["Results"]

_BUFFER = 1 << 16
_SKIPPED = "passed over"
"""The status of a skipped input in JSON, which stays what it was."""
_SUMMARY = {"skipped": "passed_over"}


class Results:
    """Counts, and the JSON document, which is written a piece at a time: nothing of a result is kept.

    `exit_code` is that of the first input that failed.
    """

    def __init__(self, screen: Screen) -> None:
        self.exit_code = 0
        self._screen = screen
        self._counts = {"converted": 0, "failed": 0, "skipped": 0}
        self._text = '{\n  "results": ['
        self._first = True

    def done(self, path: str, done: Done) -> None:
        """Count an input, or one of its keys, as converted."""
        self._counts["converted"] += 1
        what = {"output": done.output, "format": done.format, "type": done.type, "losses": list(done.losses)}
        self._add({"path": path, "status": "converted", **what})

    def fail(self, path: str, error: KeyconvError) -> None:
        """Count one as failed, and print its error."""
        self._counts["failed"] += 1
        self.exit_code = self.exit_code or error.exit_code
        self._add({"path": path, "status": "failed", "error": error_object(error)})
        self._screen.error(error)

    def pass_over(self, path: str, why: str) -> None:
        """Count one as skipped."""
        self._counts["skipped"] += 1
        self._add({"path": path, "status": _SKIPPED, "why": why})

    def end(self) -> None:
        """Print the summary: one line, or the end of the JSON document."""
        if not self._screen.as_json:
            self._screen.note(", ".join(f"{count} {name}" for name, count in self._counts.items()))
            return
        counts = {_SUMMARY.get(name, name): count for name, count in self._counts.items()}
        summary = to_json(counts)
        self._text += ("]" if self._first else "\n  ]") + ',\n  "summary": ' + indent(summary, "  ").strip() + "\n}\n"
        self._screen.data(self._text)

    def _add(self, result: dict[str, object]) -> None:
        if not self._screen.as_json:
            return
        self._text += ("\n" if self._first else ",\n") + indent(to_json(result).rstrip("\n"), "    ")
        self._first = False
        if len(self._text) >= _BUFFER:
            self._screen.data(self._text)
            self._text = ""
