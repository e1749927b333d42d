"""Comments: what a terminal or a line-based format could be misled by does not pass."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyconv.text.comment import clean, is_clean

HOSTILE = ["\n", "\r", "\r\n", "\0", "\x07", "\x1b[31m", "\x7f", "\x85", "\x9b", "\u2028", "\u2029"]
BIDI = ["\u061c", "\u200e", "\u200f", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))]


@pytest.mark.parametrize("hostile", [*HOSTILE, *BIDI])
def test_controls_are_replaced(hostile: str) -> None:
    comment = f"user{hostile}host".encode()
    assert not is_clean(comment)
    cleaned = clean(comment)
    assert is_clean(cleaned)
    assert cleaned.startswith(b"user ")
    assert cleaned.endswith(b"host")
    assert not any(each in cleaned.decode() for each in hostile if each not in "[31m")


@pytest.mark.parametrize("hostile", [*HOSTILE[:7], *BIDI, "\u2028", "\x9b"])
def test_a_byte_that_is_no_utf8_hides_no_control(hostile: str) -> None:
    comment = b"schl\xfcssel" + hostile.encode() + b"host"
    assert clean(comment).startswith(b"schl\xfcssel ")
    assert hostile.encode() not in clean(comment)


@pytest.mark.parametrize("run", ["\r\n", "\n\n\n", "\x1b\x1b", "\u2028\n\x00"])
def test_a_run_becomes_one_space(run: str) -> None:
    assert clean(f"a{run}b".encode()) == b"a b"


@pytest.mark.parametrize(
    "comment",
    [
        b"",
        b"user@host",
        b"one\ttab",
        b"  spaces  ",
        b'says "hi" with a \\ backslash',
        "schlüssel für Ωmega — 鍵 🔑".encode(),
        "schlüssel".encode("latin-1"),
        "„Anführung“".encode("cp1252"),
        "مفتاح".encode(),
        b"\xff\xfe\xfd",
        b"\xed\xa0\x80",
    ],
)
def test_text_of_any_script_and_any_encoding_stays(comment: bytes) -> None:
    assert is_clean(comment)
    assert clean(comment) == comment


@given(st.one_of(st.binary(max_size=60), st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_what_is_clean_stays_and_holds_no_control(comment: bytes) -> None:
    cleaned = clean(comment)
    assert clean(cleaned) == cleaned
    assert is_clean(cleaned)
    assert len(cleaned) <= len(comment)
    text = cleaned.decode("utf-8", "surrogateescape")
    assert not [each for each in text if each != "\t" and unicodedata.category(each) in ("Cc", "Zl", "Zp")]
    assert not [each for each in text if each in BIDI]
