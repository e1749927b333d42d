"""SSH's binary encoding: what is written reads back, and nothing that is cut, padded or negative is read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyconv import limits
from keyconv.errors import LimitError, MalformedError
from keyconv.notes import Note
from keyconv.wire import encode
from keyconv.wire.reader import WireReader

NUMBERS = st.one_of(st.integers(0, 2**64), st.integers(0, 2**limits.MAX_RSA_BITS - 1))
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.@_+-]{0,63}", fullmatch=True)


@given(NUMBERS)
def test_an_mpint_reads_back(number: int) -> None:
    reader = WireReader(encode.mpint(number))
    assert reader.mpint("n") == number
    reader.finish()


@pytest.mark.parametrize(
    ("number", "encoded"),
    [  # the examples of RFC 4251 section 5
        (0, "00000000"),
        (0x9A378F9B2E332A7, "0000000809a378f9b2e332a7"),
        (0x80, "000000020080"),
    ],
)
def test_an_mpint_is_written_as_the_rfc_shows(number: int, encoded: str) -> None:
    assert encode.mpint(number) == bytes.fromhex(encoded)


@given(st.integers(max_value=-1))
def test_no_negative_mpint_is_written(number: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        encode.mpint(number)


@pytest.mark.parametrize("encoded", ["0000000180", "00000002edcc", "00000005ff21524111"])
def test_a_negative_mpint_is_refused(encoded: str) -> None:
    with pytest.raises(MalformedError, match="RSA modulus n at byte 0 is a negative number"):
        WireReader(bytes.fromhex(encoded)).mpint("RSA modulus n")


@given(NUMBERS, st.integers(1, 40))
def test_superfluous_zero_bytes_are_refused_or_noted(number: int, zeros: int) -> None:
    minimal = encode.mpint(number)[4:]
    padded = encode.string(bytes(zeros) + minimal)
    with pytest.raises(MalformedError, match="superfluous zero bytes"):
        WireReader(padded).mpint("n")
    notes: list[Note] = []
    assert WireReader(padded, notes=notes).mpint("n") == number
    assert [note.code for note in notes] == ["noncanonical"]


def test_a_minimal_mpint_is_not_noted() -> None:
    notes: list[Note] = []
    assert WireReader(encode.mpint(255) + encode.mpint(0), notes=notes).mpint("n") == 255
    assert notes == []


def test_the_longest_mpint_is_read_and_one_byte_more_is_refused() -> None:
    longest = 2**limits.MAX_RSA_BITS - 1
    assert WireReader(encode.mpint(longest)).mpint("n") == longest
    with pytest.raises(LimitError, match=f"has {limits.MAX_MPINT_BYTES + 1} bytes"):
        WireReader(encode.mpint(longest << 8)).mpint("n")


@given(st.binary(max_size=300))
def test_a_string_reads_back(value: bytes) -> None:
    reader = WireReader(encode.string(value))
    assert reader.string("value") == value
    reader.finish()


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.integers(0, 255))
def test_fixed_numbers_read_back(small: int, large: int, byte: int) -> None:
    reader = WireReader(encode.uint32(small) + encode.uint64(large) + bytes([byte]))
    assert (reader.uint32("a"), reader.uint64("b"), reader.byte("c")) == (small, large, byte)
    assert reader.position == 13
    reader.finish()


@pytest.mark.parametrize(("write", "limit"), [(encode.uint32, 2**32), (encode.uint64, 2**64)])
def test_a_number_that_does_not_fit_is_not_written(write: Callable[[int], bytes], limit: int) -> None:
    write(limit - 1)
    with pytest.raises(OverflowError):
        write(limit)
    with pytest.raises(OverflowError):
        write(-1)


@given(NAMES)
def test_a_name_reads_back(name: str) -> None:
    assert WireReader(encode.name(name)).name("algorithm name") == name


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"ssh rsa",
        b"a,b",
        b'command="sh;#',
        b"#x",
        b"-x",
        b"a=b",
        b"ssh-rsa\0",
        b"ssh-\xc3\xa9",
        b"\x7f",
        b"a" * 65,
    ],
)
def test_what_is_no_ssh_name_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError, match="curve name at byte 0 is not an SSH name"):
        WireReader(encode.string(raw)).name("curve name")


@given(st.binary(max_size=20), st.integers(0, 40), st.data())
def test_every_truncation_is_refused_and_names_the_field(value: bytes, number: int, data: st.DataObject) -> None:
    fields = encode.string(value) + encode.mpint(number) + encode.uint32(7) + encode.uint64(8) + b"\1"
    ends = [4 + len(value)]
    ends += [ends[0] + len(encode.mpint(number))]
    ends += [ends[1] + 4, ends[1] + 12, ends[1] + 13]
    cut = data.draw(st.integers(0, len(fields) - 1))
    names = ["first", "second", "third", "fourth", "fifth"]
    expected = next(name for name, end in zip(names, ends, strict=True) if cut < end)
    reader = WireReader(fields[:cut])
    with pytest.raises(MalformedError, match=f"{expected} at byte "):
        (
            reader.string("first"),
            reader.mpint("second"),
            reader.uint32("third"),
            reader.uint64("fourth"),
            reader.byte("fifth"),
        )


def test_a_length_beyond_the_end_is_refused_before_any_allocation() -> None:
    with pytest.raises(MalformedError, match="blob at byte 0 says that it has 4294967295 bytes, but only 2 are left"):
        WireReader(b"\xff\xff\xff\xffab").string("blob")


def test_left_over_bytes_are_refused() -> None:
    reader = WireReader(b"\0\0\0\1ab")
    reader.string("blob")
    assert reader.remaining == 1
    with pytest.raises(MalformedError, match="1 bytes too many after the key, at byte 5"):
        reader.finish("the key")
    assert reader.rest() == b"b"
    reader.finish()


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (WireReader.mpint, WireReader.string, WireReader.name, WireReader.uint64):
        with suppress(MalformedError, LimitError):
            read(WireReader(data), "field")
