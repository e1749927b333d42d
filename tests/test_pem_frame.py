"""Frames of five dashes: what is written reads back, each tolerance is noted, each damage to a line is named."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyconv.errors import KeyconvError, MalformedError, NotAKeyError, TruncatedError
from keyconv.notes import Note
from keyconv.text import pem

LABEL = "OPENSSH PRIVATE KEY"
DATA = bytes(range(200))
FRAME = pem.write(LABEL, DATA)
ROWS = FRAME.splitlines(keepends=True)
BODY = range(1, len(ROWS) - 1)

LABELS = st.from_regex(r"[A-Z0-9][A-Z0-9 ]{0,30}", fullmatch=True)
HEADERS = st.lists(
    st.tuples(
        st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,20}", fullmatch=True),
        st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30),
    ),
    max_size=3,
).map(tuple)


def read(data: bytes) -> tuple[pem.Frame, list[str]]:
    notes: list[Note] = []
    frame = pem.read(data, notes)
    return frame, [note.code for note in notes]


def damaged(number: int, line: bytes) -> bytes:
    """The frame with another line in the place of line `number`."""
    return b"".join([*ROWS[: number - 1], line, *ROWS[number:]])


@given(LABELS, HEADERS, st.binary(min_size=1, max_size=200), st.integers(1, 76), st.sampled_from([b"\n", b"\r\n"]))
def test_what_is_written_reads_back(
    label: str, headers: tuple[tuple[str, str], ...], data: bytes, width: int, end: bytes
) -> None:
    notes: list[Note] = []
    written = pem.write(label, data, width=width, end=end, headers=headers)
    assert pem.begins(written, label)
    assert pem.read(written, notes, headers=True) == pem.Frame(label, headers, data)
    assert [note.code for note in notes] == (["crlf"] if end == b"\r\n" else [])


def test_the_frame_is_written_as_other_programs_write_it() -> None:
    assert pem.write("X KEY", b"abc" * 20, width=64) == (
        b"-----BEGIN X KEY-----\n"
        b"YWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJj\n"
        b"YWJjYWJjYWJjYWJj\n"
        b"-----END X KEY-----\n"
    )
    assert pem.write("X", b"a", headers=(("Proc-Type", "4,ENCRYPTED"), ("DEK-Info", "DES-CBC,00"))) == (
        b"-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-CBC,00\n\nYQ==\n-----END X-----\n"
    )


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (FRAME, []),
        (FRAME.replace(b"\n", b"\r\n"), ["crlf"]),
        (FRAME[:-1], ["missing-final-newline"]),
        (FRAME + b"\n", ["blank-lines"]),
        (FRAME + b"\n\n\n", ["blank-lines"]),
        (damaged(1, ROWS[0].replace(b"\n", b"\r\n")), ["crlf"]),
        (FRAME.replace(b"\n", b"\r\n") + b"\r\n", ["crlf", "blank-lines"]),
        (FRAME.replace(b"\n", b"\r\n")[:-2], ["crlf", "missing-final-newline"]),
    ],
)
def test_each_tolerance_is_noted(data: bytes, codes: list[str]) -> None:
    frame, found = read(data)
    assert frame.data == DATA
    assert found == codes


@pytest.mark.parametrize("number", [index + 1 for index in BODY])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda row: b"*" + row[1:], "character '\\*' at position 1 of the base64 is not base64"),
        (lambda row: row[:-2] + b"\xa0\n", "character 0xa0 at position"),
        (lambda row: row[:4] + b" " + row[5:], "character 0x20 at position 5"),
        (lambda row: row[:4] + b"=" + row[5:], "padding at position 5, before the end"),
        (lambda row: b" " + row, "white space around the line"),
        (lambda row: row[:-1] + b" \n", "white space around the line"),
        (lambda row: b"\t" + row, "white space around the line"),
        (lambda row: b"> " + row, "character '>' at position 1"),
        (lambda row: row[:-1] + b"\r\r\n", "white space around the line"),
    ],
)
def test_a_damaged_line_of_the_body_is_named(number: int, change: object, message: str) -> None:
    assert callable(change)
    with pytest.raises(MalformedError, match=message) as caught:
        read(damaged(number, change(ROWS[number - 1])))
    assert caught.value.place == f"line {number}"


@pytest.mark.parametrize("number", [index + 1 for index in BODY])
def test_a_character_lost_or_doubled_is_named_by_its_line(number: int) -> None:
    row = ROWS[number - 1]
    first = number == BODY[0] + 1  # the first line is the measure of the others
    for line in (row[1:], row[:1] + row):
        with pytest.raises(MalformedError) as caught:
            read(damaged(number, line))
        assert caught.value.place == ("line 3" if first else f"line {number}")


def test_padding_before_the_last_line_is_named() -> None:
    with pytest.raises(MalformedError, match="padding before the last line") as caught:
        read(damaged(3, ROWS[2][:-5] + b"QQ==\n"))
    assert caught.value.place == "line 3"


def test_stray_bits_at_the_end_are_named() -> None:
    assert ROWS[-2].endswith(b"c=\n")
    with pytest.raises(MalformedError, match="bits that belong to no byte") as caught:
        read(damaged(len(ROWS) - 1, ROWS[-2].replace(b"c=\n", b"d=\n")))
    assert caught.value.place == f"line {len(ROWS) - 1}"


@pytest.mark.parametrize(
    "line",
    [
        b"-----BEGIN OPENSSH PRIVATE KEY----\n",
        b"----BEGIN OPENSSH PRIVATE KEY-----\n",
        b"-----begin openssh private key-----\n",
        b"-----BEGIN OPENSSH PRIVATE KEY----- \n",
        b" -----BEGIN OPENSSH PRIVATE KEY-----\n",
        b"\n-----BEGIN OPENSSH PRIVATE KEY-----\n",
        b"\xef\xbb\xbf-----BEGIN OPENSSH PRIVATE KEY-----\n",
        "—–BEGIN OPENSSH PRIVATE KEY—–\n".encode(),
        b"-----BEGIN -----\n",
        b"",
    ],
)
def test_without_its_first_line_it_is_no_frame(line: bytes) -> None:
    with pytest.raises(NotAKeyError):
        read(damaged(1, line))


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        (b"", TruncatedError, "the END line is missing"),
        (b"----END OPENSSH PRIVATE KEY-----\n", TruncatedError, "the END line is missing"),
        (b"-----END OPENSSH PRIVATE KEY----\n", MalformedError, "the END line does not match"),
        (b"-----END OPENSSH PRIVATE KEY------\n", MalformedError, "the END line does not match"),
        (b"-----END OPENSSH PRIVATE KEY----- \n", MalformedError, "the END line does not match"),
        (b"-----END RSA PRIVATE KEY-----\n", MalformedError, "the END line does not match"),
        (b"-----END OPENSSH PRIVATE KEY-----\nx\n", MalformedError, "text after the END line"),
        (b"-----END OPENSSH PRIVATE KEY-----\n\n \n", MalformedError, "text after the END line"),
        (b"-----END OPENSSH PRIVATE KEY-----\n" + FRAME, MalformedError, "text after the END line"),
    ],
)
def test_a_damaged_last_line_is_named(line: bytes, kind: type[KeyconvError], message: str) -> None:
    with pytest.raises(kind, match=message) as caught:
        read(damaged(len(ROWS), line))
    assert caught.value.place.startswith("line ")


def test_an_empty_frame_is_refused() -> None:
    with pytest.raises(MalformedError, match="nothing between"):
        read(ROWS[0] + ROWS[-1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"Proc-Type: 4,ENCRYPTED\nYQ==\n", "line 3: a blank line is missing after the headers"),
        (b"Proc-Type: 4,ENCRYPTED\n\n\nYQ=\n", "line 5: the base64 has 3 characters"),
        (b"Proc-Type: 4,ENCRYPTED\n", "nothing between"),
    ],
)
def test_damaged_headers_are_named(text: bytes, message: str) -> None:
    with pytest.raises(MalformedError, match=message):
        pem.read(b"-----BEGIN X-----\n" + text + b"-----END X-----\n", [], headers=True)


def test_headers_are_refused_where_the_format_has_none() -> None:
    written = pem.write("X", b"a", headers=(("Proc-Type", "4,ENCRYPTED"),))
    with pytest.raises(MalformedError, match="line 2: character '-'"):
        pem.read(written, [])
    with pytest.raises(MalformedError, match="line 2: character '-'"):
        pem.read(written.replace(b"\n\n", b"\n"), [])


def test_blank_lines_in_the_body_are_noted() -> None:
    for blank in (b"\n", b"\n\n", b"\r\n"):
        notes: list[Note] = []
        rows = FRAME.split(b"\n")
        assert pem.read(b"\n".join(rows[:2]) + blank + b"\n" + b"\n".join(rows[2:]), notes) == pem.read(FRAME, [])
        assert "blank-lines" in {note.code for note in notes}


@given(st.integers(0, len(FRAME) - 1), st.binary(max_size=2))
def test_any_change_is_read_or_refused(at: int, new: bytes) -> None:
    for data in (FRAME[:at], FRAME[:at] + new + FRAME[at + 1 :], FRAME[:at] + new + FRAME[at:]):
        with suppress(MalformedError, NotAKeyError):
            pem.read(data, [], headers=True)
