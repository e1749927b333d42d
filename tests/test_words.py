"""Messages, help, docstrings, comments and documentation have none of the phrases that tests/words.txt lists."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from fixture_files import ROOT

LIST = ROOT / "tests" / "words.txt"
SOURCES = sorted((ROOT / "keyconv").rglob("*.py"))
PAGES = sorted(
    path
    for path in (*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / ".github").rglob("*.md"))
    if ".venv" not in path.parts
)


_FEW = 2
"""Words of what is a value and not prose."""
_CODE_IN_STRING = re.compile(r"`[^`\n]+`|\{[^{}\n]*\}")
_CODE_IN_PAGE = re.compile(r"`[^`\n]+`|<!--.*?-->", re.DOTALL)


class Phrase(NamedTuple):
    """A phrase, as a pattern, and what to write instead."""

    pattern: re.Pattern[str]
    instead: str


@cache
def phrases() -> list[Phrase]:
    rows = [row for row in LIST.read_text("utf-8").splitlines() if row and not row.startswith("#")]
    split = (row.split("\t") for row in rows)
    return [Phrase(re.compile(pattern, re.IGNORECASE), instead) for pattern, instead in split]


def prose_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the strings and comments of a module, or the text of a page without its code, each with its line."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in (tokenize.STRING, tokenize.COMMENT) and len(token.string.split()) > _FEW:
                yield token.start[0], _CODE_IN_STRING.sub(_blank, token.string)
        return
    yield 1, _CODE_IN_PAGE.sub(_blank, text)


def _blank(code: re.Match[str]) -> str:
    return re.sub(r"[^\n]", "x", code[0])


def found_in(path: Path) -> list[str]:
    found = []
    for start, text in prose_of(path):
        joined = re.sub(r"\n[ \t>|#*-]*", lambda row: " " * len(row[0]), text)
        for phrase in phrases():
            for hit in phrase.pattern.finditer(joined):
                line = start + text.count("\n", 0, hit.start())
                found.append(f"{path.relative_to(ROOT)}:{line}: {hit[0]!r}: write: {phrase.instead}")
    return found


@pytest.mark.parametrize("path", [*SOURCES, *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_listed_phrase_is_in_the_prose(path: Path) -> None:
    assert not found_in(path)


def test_each_phrase_is_noticed() -> None:
    for text in ("for want of a key", "What is no key", "it is told", "written anew", "repeat at will", "mended"):
        assert any(phrase.pattern.search(text) for phrase in phrases()), text
    for text in ("skip", "fixed", "not a key", "repeat", "the commands that follow"):
        assert not any(phrase.pattern.search(text) for phrase in phrases()), text


def test_code_is_not_prose() -> None:
    page = ROOT / "docs" / "cli.md"
    assert "--skip" not in "".join(text for _, text in prose_of(page))
