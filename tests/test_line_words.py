"""Markers, options and hosts stay with the key that they stand before, however a file of lines was broken."""

from __future__ import annotations

from typing import NamedTuple

from fixture_files import by_path
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyconv import read
from keyconv.keyfile import Entry
from keyconv.repairs import mend_rows, search

KEYS = [b" ".join(by_path(f"openssh-pub/{name}.pub").data.split()[:2]) for name in ("ed25519", "rsa2048", "ecdsa-p256")]
OPTIONS = [
    b"restrict",
    b"no-pty",
    b'from="10.0.0.0/8"',
    b'command="/bin/echo hello world"',
    b"cert-authority",
    b'principals="alice"',
    b'environment="A=b c"',
]
HOSTS = [b"host1", b"*.example.com", b"[10.0.0.1]:22", b"!bad.example.com", b"192.0.2.1", b"bastion.example.net"]
MARKERS = [b"@revoked", b"@cert-authority"]


class Made(NamedTuple):
    """A line before it was broken: what says whom its key lets in or stands for, the key, and the comment."""

    words: bytes
    key: bytes
    comment: bytes

    @property
    def text(self) -> bytes:
        return b" ".join(part for part in self if part)


@st.composite
def made_lines(draw: st.DrawFn, on_hosts: bool) -> list[Made]:
    lines = []
    for key in draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True)):
        if on_hosts:
            hosts = b",".join(draw(st.lists(st.sampled_from(HOSTS), min_size=1, max_size=2, unique=True)))
            marker = draw(st.sampled_from([b"", *MARKERS]))
            words = marker + b" " + hosts if marker else hosts
        else:
            words = b",".join(draw(st.lists(st.sampled_from(OPTIONS), max_size=3, unique=True)))
        lines.append(Made(words, key, draw(st.sampled_from([b"", b"bob", b"alice@example.com", b"of my laptop"]))))
    return lines


@st.composite
def broken_files(draw: st.DrawFn) -> tuple[list[Made], bytes, bool]:
    """Draw lines, and the text that they are after line ends were put in and other rows between them."""
    on_hosts = draw(st.booleans())
    lines = draw(made_lines(on_hosts))
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    rows: list[bytes] = []
    for line in lines:
        if draw(st.integers(0, 3)) == 0:
            rows.append(
                draw(st.sampled_from([b"# remark", b"", b"Hello", b"nonsense in between", b"restrict", *HOSTS]))
            )
        text, spaces = line.text, [at for at, byte in enumerate(line.text) if byte == 32]
        how = draw(st.sampled_from(["whole", "spaces", "commas", "width", "anywhere", "apart"]))
        if how == "spaces" and spaces:
            for at in sorted(draw(st.sets(st.sampled_from(spaces), min_size=1)), reverse=True):
                text = text[:at] + b"\n" + text[at + 1 :]
        elif how == "commas":
            text = line.words.replace(b",", b",\n") + text[len(line.words) :]
        elif how == "width":
            width = draw(st.integers(16, 90))
            text = b"\n".join(text[at : at + width] for at in range(0, len(text), width))
        elif how == "anywhere":
            at = draw(st.integers(len(line.words) + 1, len(text) - 1))
            text = text[:at] + b"\n" + text[at:]
        elif how == "apart" and line.words:
            blank = draw(st.sampled_from([b"\n", b"\n\n", b"\n# remark\n", b" \n", *([] if on_hosts else [b":\n"])]))
            text = line.words.replace(b" ", draw(st.sampled_from([b" ", b"\n"]))) + blank + text[len(line.words) + 1 :]
        rows += text.split(b"\n")
    if draw(st.integers(0, 3)) == 0:
        rows.append(draw(st.sampled_from([b"restrict", b"Bye", b"host9.example.com", b"@revoked", b"-- "])))
    return lines, end.join(rows) + end, on_hosts


def has_words(entry: Entry, line: Made, on_hosts: bool) -> bool:
    """Return whether an entry has the words of a line, as the reader understands them, and perhaps more."""
    whole = read(line.words + b" " + line.key + b"\n" if line.words else line.key + b"\n").entries[0]
    if on_hosts:
        return entry.marker == whole.marker and {*whole.hosts} <= {*entry.hosts}
    spaceless = [{(each.name, (each.value or b"").replace(b" ", b"")) for each in of.options} for of in (whole, entry)]
    return spaceless[0] <= spaceless[1]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(broken_files())
def test_no_word_is_lost_from_before_a_key(drawn: tuple[list[Made], bytes, bool]) -> None:
    lines, data, on_hosts = drawn
    for found in (search(data), mend_rows(data)):
        if found is None:
            continue
        assert b"BEGIN" not in found.data
        by_key = {line.key: line for line in lines}
        untouched = {row.strip() for row in data.split(b"\n")} if found.keyfile.faults else set()
        for entry in found.keyfile.entries:
            key = next(key for key in by_key if read(key + b"\n").entries[0].public == entry.public)
            row = found.data.split(b"\n")[(entry.line or 1) - 1].strip()
            assert row in untouched or has_words(entry, by_key[key], on_hosts), found.data
        if not found.keyfile.faults:
            assert len(found.keyfile.entries) == len(lines)
