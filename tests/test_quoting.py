"""Words of strangers in messages: short, printable, and never a piece of a key."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyconv.text.quoting import quote


@pytest.mark.parametrize(
    "name", ["permit-open", "ssh-ed25519-cert-v01@openssh.com", "rsa-sha2-256", "x25519", "X25519"]
)
def test_a_name_is_shown_whole(name: str) -> None:
    assert quote(name) == f"'{name}'"


def test_of_what_is_no_name_only_the_beginning_is_shown() -> None:
    body = base64.b64encode(bytes(range(200, 248))).decode()
    assert quote(body) == f"'{body[:12]}...'"


@pytest.mark.parametrize(
    ("word", "shown"), [("a\nb", r"'a\nb'"), ("\x1b[2J", r"'\x1b[2J'"), ("‮", r"'\u202e'"), ("", "''")]
)
def test_what_acts_on_a_terminal_is_spelled_out(word: str, shown: str) -> None:
    assert quote(word) == shown


@given(st.text())
def test_every_word_gives_a_short_line_of_printable_ascii(word: str) -> None:
    shown = quote(word)
    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) < 150
