"""Lines end at LF, CR LF, or CR where the format says so, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyconv.text.lines import Line, split

TEXTS = st.one_of(
    st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"\x0b", b"\x85"]), max_size=12).map(b"".join),
    st.binary(max_size=60),
)
NOT_ENDS = [b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\x85", b"\0", *(e.encode() for e in "\x85\u2028\u2029")]


@given(TEXTS, st.booleans())
def test_lines_and_ends_join_to_the_input(data: bytes, bare_cr: bool) -> None:
    assert b"".join(row.text + row.end for row in split(data, bare_cr=bare_cr)) == data


@given(TEXTS, st.booleans())
def test_every_line_is_whole(data: bytes, bare_cr: bool) -> None:
    rows = split(data, bare_cr=bare_cr)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
        assert b"\n" not in row.text
        assert row.end in ((b"\n", b"\r\n", b"\r", b"") if bare_cr else (b"\n", b"\r\n", b""))
        if bare_cr:
            assert b"\r" not in row.text
    assert all(row.end for row in rows[:-1])
    assert not rows or rows[-1].end or rows[-1].text


@given(TEXTS)
def test_there_are_as_many_lines_as_line_ends(data: bytes) -> None:
    assert len(split(data)) == data.count(b"\n") + (not data.endswith(b"\n") and bool(data))
    ends = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert len(split(data, bare_cr=True)) == ends.count(b"\n") + (not ends.endswith(b"\n") and bool(ends))


@pytest.mark.parametrize("character", NOT_ENDS)
@pytest.mark.parametrize("bare_cr", [False, True])
def test_nothing_else_ends_a_line(character: bytes, bare_cr: bool) -> None:
    text = b"one" + character + b"two"
    assert split(text + b"\n", bare_cr=bare_cr) == [Line(text, 1, b"\n")]


@pytest.mark.parametrize(
    ("data", "bare_cr", "expected"),
    [
        (b"", False, []),
        (b"", True, []),
        (b"a", False, [(b"a", b"")]),
        (b"\n", False, [(b"", b"\n")]),
        (b"a\nb\r\nc", False, [(b"a", b"\n"), (b"b", b"\r\n"), (b"c", b"")]),
        (b"a\n\n", False, [(b"a", b"\n"), (b"", b"\n")]),
        (b"a\rb\n", False, [(b"a\rb", b"\n")]),
        (b"a\rb\n", True, [(b"a", b"\r"), (b"b", b"\n")]),
        (b"a\r", False, [(b"a\r", b"")]),
        (b"a\r", True, [(b"a", b"\r")]),
        (b"a\r\r\n", False, [(b"a\r", b"\r\n")]),
        (b"a\r\r\n", True, [(b"a", b"\r"), (b"", b"\r\n")]),
        (b"\n\r", True, [(b"", b"\n"), (b"", b"\r")]),
    ],
)
def test_examples(data: bytes, bare_cr: bool, expected: list[tuple[bytes, bytes]]) -> None:
    assert [(row.text, row.end) for row in split(data, bare_cr=bare_cr)] == expected
