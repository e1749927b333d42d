"""How commands are declared, and how their help is written."""

from __future__ import annotations

import re
from typing import Any

import typer
from typer.core import TyperCommand

__all__ = ["COST", "HEADINGS", "INPUT", "OTHER", "OUTPUT", "PASSPHRASES", "Command", "group"]

ARGUMENTS, OPTIONS = "Arguments", "Options"
INPUT, OUTPUT, PASSPHRASES, COST, OTHER = "Input", "Output", "Passphrases", "KDF and cipher", "Other"
HEADINGS = (ARGUMENTS, OPTIONS, INPUT, OUTPUT, PASSPHRASES, COST, OTHER)
"""In the order of the help; a flag names its own as `rich_help_panel`, or is one of `OPTIONS`."""

_RANGE = re.compile(r"\s*\[[\d<=]*x[<>=]+\d+\]")


class Command(TyperCommand):
    """A command whose usage has no braces, and whose help is grouped and has no ranges of numbers."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the pieces of the usage line."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def sections(self, ctx: Any) -> dict[str, list[tuple[str, str]]]:
        """Return the headings of the help, in order, each with its arguments and options and what they are for."""
        sections: dict[str, list[tuple[str, str]]] = {heading: [] for heading in HEADINGS}
        for each in self.get_params(ctx):
            record = each.get_help_record(ctx)
            if record is not None:
                sections[_heading(each)].append((record[0].strip("{}"), _RANGE.sub("", record[1])))
        return {heading: rows for heading, rows in sections.items() if rows}

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and options under their headings, the command's own first."""
        for heading, rows in self.sections(ctx).items():
            with formatter.section(heading):
                formatter.write_dl(rows)


def _heading(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return ARGUMENTS
    return OTHER if parameter.name == "help" else parameter.rich_help_panel or OPTIONS


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
