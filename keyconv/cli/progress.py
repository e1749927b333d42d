"""A progress bar, on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["progress"]

_WORTH_A_BAR = 10
_REDRAWN_AFTER = 0.05
"""Seconds: to draw costs as much as to convert."""


@contextmanager
def progress(
    doing: str, count: Callable[[], int], *, shown: bool, colour: str = "auto"
) -> Iterator[Callable[[], None]]:
    """Return a function to call after each piece of work; it moves a bar where standard error is a terminal.

    The bar says what is being done, how much of it is, how many a second, and the time left. `count` is asked only
    where there is a bar. `colour` is what `--color` says.
    """
    total = count() if shown and sys.stderr.isatty() else 0
    if total < _WORTH_A_BAR:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    stream = sys.stderr
    console = Console(file=stream, no_color={"always": False, "never": True}.get(colour))
    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    # Drawn again only when something happened: a thread that redraws the line would wipe a prompt off it.
    how: dict[str, Any] = {"transient": True, "auto_refresh": False, "redirect_stdout": False, "redirect_stderr": False}
    with Progress(*columns, console=console, **how) as bar:
        task = bar.add_task("", total=total, rate="")
        drawn = 0.0

        def advance() -> None:
            nonlocal drawn
            now = bar.get_time()
            due = now - drawn >= _REDRAWN_AFTER or bar.tasks[0].completed + 1 >= total
            drawn = now if due else drawn
            speed = bar.tasks[0].speed or 0
            bar.update(task, advance=1, rate=f"{speed:.0f}/s" if speed else "", refresh=due)

        # Messages go above the bar, and their lines are the terminal's to break: rich's own redirection cuts them up.
        above = _AboveTheBar(console, stream)
        sys.stderr = cast(TextIO, above)
        try:
            yield advance
        finally:
            sys.stderr = stream
            above.end()


class _AboveTheBar:
    """Standard error while a bar is shown: each whole line is printed over the bar, which moves down."""

    def __init__(self, console: Console, stream: TextIO) -> None:
        self._console = console
        self._stream = stream
        self._begun = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        whole, end, self._begun = (self._begun + text).rpartition("\n")
        if end:
            self._print(whole)
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def end(self) -> None:
        """Print the line that was begun and not ended."""
        if self._begun:
            self._print(self._begun)
        self._begun = ""

    def _print(self, text: str) -> None:
        self._console.print(text, soft_wrap=True, markup=False, highlight=False, emoji=False)
