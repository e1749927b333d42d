"""Strict base64: the same bytes as the standard library's, for one spelling a value and no other."""

from __future__ import annotations

import base64 as stdlib
import binascii

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keyconv.errors import MalformedError
from keyconv.text import base64

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@given(st.binary(max_size=200))
def test_what_is_encoded_decodes(data: bytes) -> None:
    assert base64.encode(data) == stdlib.b64encode(data)
    assert base64.decode(base64.encode(data)) == data


@given(st.lists(st.sampled_from([*(bytes([each]) for each in ALPHABET), b"=", b"=="]), max_size=12).map(b"".join))
@example(b"QQ==")
@example(b"QR==")
@example(b"QUI=")
@example(b"QUJ=")
@example(b"Q===")
@example(b"====")
@example(b"QQ==QQ==")
def test_it_takes_what_the_standard_library_takes_in_its_one_canonical_spelling(text: bytes) -> None:
    try:
        expected = stdlib.b64decode(text, validate=True)
    except binascii.Error:
        expected = None
    if expected is not None and stdlib.b64encode(expected) == text:
        assert base64.decode(text) == expected
    else:
        with pytest.raises(MalformedError):
            base64.decode(text)


@given(st.binary(max_size=40))
def test_any_bytes_are_decoded_or_refused(text: bytes) -> None:
    try:
        decoded = base64.decode(text)
    except MalformedError:
        return
    assert stdlib.b64encode(decoded) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"QUJD RA==", "character 0x20 at position 5 of the base64 is not base64"),
        (b"QUJD\nRA==", "character 0x0a at position 5"),
        (b"QUJDRA==\n", "character 0x0a at position 9"),
        (b"\tQUJD", "character 0x09 at position 1"),
        (b"QUJ-", "character '-' at position 4"),
        (b"QU_D", "character '_' at position 3"),
        (b"QUJ\xc3\xa9", "character 0xc3 at position 4"),
        (b"QUJ\0", "character 0x00 at position 4"),
        (b"QQ==QQ==", "padding at position 3, before the end"),
        (b"Q===", "padding at position 2, before the end"),
        (b"=QQQ", "padding at position 1, before the end"),
        (b"QUJDR", "has 5 characters, which is not a multiple of four"),
        (b"QUJDRA", "has 6 characters"),
        (b"QUJDRA=", "has 7 characters"),
        (b"QR==", "the last character of the base64 holds bits that belong to no byte"),
        (b"QUJ=", "the last character of the base64 holds bits"),
    ],
)
def test_what_is_wrong_is_named(text: bytes, message: str) -> None:
    with pytest.raises(MalformedError, match=message):
        base64.decode(text)


@given(st.binary(min_size=1, max_size=200), st.integers(1, 80), st.sampled_from([b"\n", b"\r\n"]))
def test_lines_are_of_the_width_and_join_to_the_whole(data: bytes, width: int, end: bytes) -> None:
    text = base64.encode_lines(data, width, end)
    assert text.endswith(end)
    rows = text.removesuffix(end).split(end)
    assert all(len(row) == width for row in rows[:-1])
    assert 0 < len(rows[-1]) <= width
    assert base64.decode(b"".join(rows)) == data


def test_no_bytes_make_no_lines() -> None:
    assert base64.encode_lines(b"", 64) == b""
    assert base64.decode(b"") == b""
