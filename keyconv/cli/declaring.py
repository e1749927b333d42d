"""How commands are declared, and how their help is written."""

from __future__ import annotations

import re
from typing import Any

import typer
from typer.core import TyperCommand

__all__ = ["Command", "group"]

_RANGE = re.compile(r"\s*\[[\d<=]*x[<>=]+\d+\]")


class Command(TyperCommand):
    """A command whose usage names arguments without braces, and whose help is without ranges of numbers."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the pieces of the usage line."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options."""
        plain: Any = _WithoutRanges(formatter)
        super().format_options(ctx, plain)


class _WithoutRanges:
    """A formatter of help that leaves out `[0<=x<=256]`, which says less than the words before it."""

    def __init__(self, formatter: Any) -> None:
        self._formatter = formatter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._formatter, name)

    def write_dl(self, rows: Any, *arguments: Any, **options: Any) -> None:
        """Write a list of terms and what they mean."""
        self._formatter.write_dl([(name, _RANGE.sub("", text)) for name, text in rows], *arguments, **options)


def group(name: str, help: str) -> typer.Typer:
    """Make a group of commands."""
    return typer.Typer(
        name=name,
        help=help,
        short_help=help,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
