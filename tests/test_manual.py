"""The manual pages: made from the declarations of the commands, complete, and without an error in their markup."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fixture_files import ROOT
from test_cli_help import flags_in, help_of
from tools import PATIENCE, require

from keyconv.cli.app import COMMANDS

FOLDER = ROOT / "docs" / "man"
PAGES = sorted(path.name for path in FOLDER.glob("*.1"))
GROUPS = {"cert": ("show", "attach", "detach"), "agent": ("add", "list", "remove")}


def _words(page: str) -> list[str]:
    """Return the words that a command's page is about."""
    return page.removesuffix(".1").split("-")[1:]


def _shown(page: str) -> str:
    ran = subprocess.run(
        [require("groff"), "-man", "-ww", "-Tascii", "-P-cbou", "-rLL=200n", str(FOLDER / page)],
        capture_output=True,
        timeout=PATIENCE,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    return ran.stdout.decode("ascii")


def test_each_command_has_a_page() -> None:
    expected = ["", *(name for name in COMMANDS if name not in GROUPS)]
    expected += [f"{name} {part}" for name, parts in GROUPS.items() for part in parts]
    assert sorted(" ".join(_words(page)) for page in PAGES) == sorted(expected)


def test_they_are_fresh() -> None:
    ran = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "manual.py"), "--check"], capture_output=True, timeout=PATIENCE
    )
    assert (ran.returncode, ran.stdout) == (0, b"")


@pytest.mark.parametrize("page", PAGES)
def test_groff_shows_a_page_with_every_flag_of_the_help(page: str) -> None:
    text = _shown(page)
    for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"):
        assert re.search(rf"(?m)^{heading}$", text), heading
    if _words(page):
        assert flags_in(help_of(*_words(page))) <= set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text))
    else:
        assert all(f"keyconv-{name}" in text for name in COMMANDS)
        assert re.search(r"(?m)^\s+130\s+interrupted$", text)


def test_a_page_is_the_manual_of_the_wheel() -> None:
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    assert '"docs/man" = "share/man/man1"' in settings
    assert Path(FOLDER / "keyconv.1").is_file()
