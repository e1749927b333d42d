"""Text from strangers cannot act on a terminal or reorder a line."""

from __future__ import annotations

import pytest

from keyconv.checks.report.escape import for_heading, for_terminal
from keyconv.cli.escape import heading, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\0", r"\x00"),
        ("a\tb\nc\rd", r"a\x09b\x0ac\x0dd"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("\x1f", r"\x1f"),
        ("\x7f", r"\x7f"),
        ("\x80\x9b2J\x9f", r"\x80\x9b2J\x9f"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("\u202a\u202b\u202c\u202d\u202e", r"\u202a\u202b\u202c\u202d\u202e"),
        ("\u2066\u2067\u2068\u2069", r"\u2066\u2067\u2068\u2069"),
        ("\u200e\u200f\u061c", r"\u200e\u200f\u061c"),
        ("\ud800\udfff", r"\ud800\udfff"),
        ("not utf-8: \udcff", r"not utf-8: \udcff"),
        ("key##[error]forged", r"key\x23#[error]forged"),
        ("###[add-mask]a", r"#\x23#[add-mask]a"),
        ("##vso[task.setvariable variable=x]y", r"\x23#vso[task.setvariable variable=x]y"),
    ],
)
def test_what_acts_on_a_terminal_or_a_runner_of_ci_is_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == for_terminal(text) == shown


@pytest.mark.parametrize("path", ["::error::forged", "  ::error::forged", "\u3000::error::forged"])
def test_a_path_that_begins_a_line_is_no_order_to_a_runner(path: str) -> None:
    assert heading(path) == for_heading(path) == f"./{path}"
    assert heading("key::error::x") == "key::error::x"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ~",
        "id_rsa",
        "C:\\Users\\me\\key.ppk",
        "Schlüssel",
        "鍵",
        "ключ",
        "🔑",
        "\xa0",
        "\u200d",
        "\u2027\u202f",
        "## a",
    ],
)
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_of_all_of_unicode_these_are_spelled_out() -> None:
    spelled = [code for code in range(0x11_0000) if printable(chr(code)) != chr(code)]
    assert spelled == [
        *range(0x20),
        *range(0x7F, 0xA0),
        0x061C,
        *(0x200E, 0x200F),
        *range(0x2028, 0x202F),
        *range(0x2066, 0x206A),
        *range(0xD800, 0xE000),
    ]


def test_escaping_twice_changes_nothing() -> None:
    once = printable("\x1b[31m\\x1b\u202e\ud800###[error]")
    assert printable(once) == once
