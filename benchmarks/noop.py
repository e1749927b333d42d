"""A typer program that does nothing: the least that keyconv's start can cost. It is set up as keyconv is."""

from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def convert(
    inputs: Annotated[list[str], typer.Argument()], output: Annotated[str, typer.Option("-o", "--output")] = ""
) -> None:
    """Do nothing."""


if __name__ == "__main__":
    app()
