"""SSH2 public key blocks, judged by ssh-keygen and puttygen both ways."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from fixture_files import FIXTURES, Fixture, by_path, pick
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pem_family import saved
from tools import PATIENCE, require

from keyconv import limits
from keyconv.codec import public_blob
from keyconv.engine.planning import plan
from keyconv.errors import (
    ContradictionError,
    KeyconvError,
    LimitError,
    MalformedError,
    MisfitError,
    NotAKeyError,
    TruncatedError,
)
from keyconv.formats.base import WriteOptions
from keyconv.formats.rfc4716 import RFC4716, fit_comment
from keyconv.keyfile import Entry, KeyFile
from keyconv.text import base64
from keyconv.text.comment import is_clean

MINE = pick(lambda fixture: fixture.format == "rfc4716", FIXTURES)
PUTTY = by_path("rfc4716/ed25519-puttygen.pub").data
BEGIN, COMMENT, BODY1, BODY2, END = PUTTY.rstrip(b"\n").split(b"\n")
ENTRIES = tuple(
    RFC4716.read(fixture.data).entries[0]
    for fixture in FIXTURES
    if fixture.format == "rfc4716" and fixture.tool != "make.py"
)
PUBLIC = RFC4716.read(PUTTY).entries[0].public
LONG = b"a comment that is too long for one line of seventy-two bytes, and for two of them nearly as well, or so"


def read(data: bytes) -> KeyFile:
    return RFC4716.read(data)


def write(*entries: Entry, line_end: bytes = b"\n") -> bytes:
    assert RFC4716.write is not None
    return RFC4716.write(entries, WriteOptions(line_end=line_end))


def one(data: bytes) -> Entry:
    (entry,) = read(data).entries
    return entry


def codes(file: KeyFile) -> list[str]:
    return [note.code for note in file.notes]


def public_line(entry: Entry) -> str:
    assert entry.public is not None
    algorithm, blob = entry.public.algorithm, public_blob.write(entry.public)
    if entry.certificate is not None:
        algorithm, blob = entry.certificate.algorithm, entry.certificate.blob
    return f"{algorithm} {base64.encode(blob).decode()}"


def block(*headers: bytes, body: bytes = BODY1 + b"\n" + BODY2, end: bytes = b"\n") -> bytes:
    """An ed25519 key with these header lines."""
    return b"\n".join([BEGIN, *headers, body, END, b""]).replace(b"\n", end)


# ── the fixtures ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fixture", MINE)
def test_a_fixture_holds_what_its_maker_says(fixture: Fixture) -> None:
    file = read(fixture.data)
    entry = one(fixture.data)
    assert (file.format, file.kind) == ("rfc4716", "certificate" if fixture.has_certificate else "public")
    assert public_line(entry) == fixture.public_line
    assert entry.comment == fixture.comment


@pytest.mark.parametrize("fixture", pick(lambda fixture: True, FIXTURES))
def test_only_its_own_fixtures_are_recognised(fixture: Fixture) -> None:
    assert RFC4716.sniff(fixture.data) == (fixture.format == "rfc4716")


@pytest.mark.parametrize("fixture", pick(lambda each: each.format == "rfc4716" and each.tool == "puttygen", FIXTURES))
def test_what_puttygen_wrote_is_written_again_byte_for_byte(fixture: Fixture) -> None:
    file = read(fixture.data)
    assert file.notes == ()
    assert write(*file.entries) == fixture.data


@pytest.mark.parametrize("fixture", MINE)
def test_every_fixture_survives_being_written_and_read(fixture: Fixture) -> None:
    meant = one(fixture.data)
    data = write(meant)
    assert max(len(line) for line in data.split(b"\n") if not line.startswith(b"Comment: ")) <= 72
    assert read(data).notes == ()
    assert one(data) == meant


def test_headers_are_kept() -> None:
    assert one(by_path("rfc4716/ed25519-subject.pub").data).headers == ((b"Subject", b"alice"),)
    assert one(by_path("rfc4716/rsa2048-lower-case-tags.pub").data).headers == ((b"SUBJECT", b"me"),)
    assert one(by_path("rfc4716/rsa2048-private-header.pub").data).headers == (
        (b"x-example-key", b"some value: with a colon"),
        (b"X-Other", b"v" * 50 + b"more"),
    )


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("headers", "comment"),
    [
        ([], None),
        ([b"Comment: plain"], b"plain"),
        ([b'Comment: "quoted"'], b"quoted"),
        ([b'COMMENT: "any case"'], b"any case"),
        ([b"Comment: "], b""),
        ([b'Comment: ""'], b""),
        ([b'Comment: "'], b'"'),
        ([b'Comment: "one quote'], b'"one quote'),
        ([b'Comment: one quote"'], b'one quote"'),
        ([b"Comment: 'single'"], b"'single'"),
        ([b'Comment: "says \\"hi\\" with a \\\\ backslash"'], b'says "hi" with a \\ backslash'),
        ([b'Comment: "C:\\Users\\me"'], b"C:\\Users\\me"),  # the RFC has no escapes: only PuTTY's two are fixed
        ([b'Comment: C:\\\\x \\"y'], b'C:\\\\x \\"y'),
        ([b'Comment: "a \\', b'b"'], b"a b"),
        ([b"Comment: a\\", b"b: c\\", b"d"], b"ab: cd"),
        ([b"Comment:\\", b" a"], b"a"),
        ([b"Comment: a\\", b""], b"a"),
        ([b"Comment: a\\\\", b""], b"a\\"),
        ([b'Comment: "  spaces  "'], b"  spaces  "),
        ([b"Comment:  two"], b" two"),
        ([b'Comment: "schl\xfcssel"'], b"schl\xfcssel"),
        (["Comment: “ü鍵”".encode()], "“ü鍵”".encode()),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_the_comment_is_read(headers: list[bytes], comment: bytes | None, end: bytes) -> None:
    entry = one(block(*headers, end=end))
    assert (entry.public, entry.comment, entry.headers, entry.line) == (PUBLIC, comment, (), 1)


@pytest.mark.parametrize(
    ("data", "noted"),
    [
        (PUTTY, []),
        (PUTTY.replace(b"\n", b"\r\n"), ["crlf"]),
        (PUTTY.replace(b"\n", b"\r"), ["cr-line-ends"]),
        (PUTTY[:-1], ["missing-final-newline"]),
        (PUTTY + b"\n", ["blank-lines"]),
        (PUTTY + b"\n" + PUTTY, ["blank-lines"]),
        (block(b"Comment: " + b"x" * 63), []),
        (block(b"Comment: " + b"x" * 1013), []),
        (block(b"Comment: " + b"x" * 1014), ["noncanonical"]),
        (block(b"Subject: " + b"x" * 64), ["noncanonical"]),
        (block(b"Comment: x\\", b"y"), ["noncanonical"]),
        (block(b"Subject: x\\", b"y"), []),
        (block(b"Comment: a", b"comment: b"), ["noncanonical"]),
        (block(b"\xd7\xa2\xca\xcd: a"), ["noncanonical"]),
        (block("Комментарий: a".encode()), ["noncanonical"]),
        (block(b"My Tag: a"), ["noncanonical"]),
        (block(body=BODY1 + BODY2), []),
        (block(body=BODY1[:7] + b"\n" + BODY1[7:] + BODY2), []),
    ],
)
def test_each_tolerance_is_noted(data: bytes, noted: list[str]) -> None:
    assert codes(read(data)) == noted


def test_a_body_wider_than_the_rfc_allows_is_noted() -> None:
    body = b"".join(by_path("rfc4716/rsa2048-puttygen.pub").data.split(b"\n")[2:-2])
    file = read(block(body=body))
    assert codes(file) == ["noncanonical"]
    assert str(file.notes[0]) == f"noncanonical: line 2 has {len(body)} bytes, more than RFC 4716's 72"


def test_several_blocks_are_several_keys() -> None:
    data = PUTTY + by_path("rfc4716/rsa2048-ssh-keygen.pub").data
    file = read(data)
    assert [entry.public.algorithm for entry in file.entries if entry.public] == ["ssh-ed25519", "ssh-rsa"]
    assert [entry.line for entry in file.entries] == [1, PUTTY.count(b"\n") + 1]
    assert file.kind == "public"
    again = read(write(*file.entries)).entries
    assert [(each.public, each.comment) for each in again] == [(each.public, each.comment) for each in file.entries]


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (b"", NotAKeyError, "the first line is not '---- BEGIN"),
        (b"\n" + PUTTY, NotAKeyError, "the first line is not"),
        (b"hello\n" + PUTTY, NotAKeyError, "the first line is not"),
        (PUTTY.replace(b"---- BEGIN", b"----- BEGIN"), NotAKeyError, "the first line is not"),
        (b"\xef\xbb\xbf" + PUTTY, MalformedError, "byte order mark"),
        (PUTTY + b"hello\n", MalformedError, "line 6: there is text outside of the key"),
        (PUTTY + b"\n \n", MalformedError, "line 7: there is text outside of the key"),
        (PUTTY + END + b"\n", MalformedError, "line 6: there is text outside of the key"),
        (BEGIN, TruncatedError, "line 1: the END line is missing"),
        (BEGIN + b"\n" + COMMENT + b"\\\n", TruncatedError, "line 2: the END line is missing"),
        (PUTTY[: PUTTY.index(END)], TruncatedError, "line 4: the END line is missing"),
        (PUTTY.replace(END, END[:-1]), MalformedError, "line 5: expected '---- END SSH2 PUBLIC KEY ----'"),
        (PUTTY.replace(END, b"---- END SSH2 PRIVATE KEY ----"), MalformedError, "line 5: expected"),
        (PUTTY.replace(END, BEGIN), MalformedError, "line 5: expected"),
        (PUTTY.replace(END, END + b" "), MalformedError, "line 5: expected"),
        (BEGIN + b"\n" + COMMENT + b"\n" + END + b"\n", MalformedError, "line 3: there is no base64 before the END"),
        (block(b"Comment:a"), MalformedError, "line 2: a header is not a tag"),
        (block(b": a"), MalformedError, "line 2: a header is not a tag"),
        (block(b" Comment: a"), MalformedError, "line 2: a header is not a tag"),
        (block(b"\xc2\xa0Comment: a"), MalformedError, "line 2: a header is not a tag"),
        (block(b"\xef\xbb\xbfComment: a"), MalformedError, "line 2: a header is not a tag"),
        (block(b"\0x: a"), MalformedError, "line 2: there is a zero byte in the header"),
        (block(b"x-a: b\\", b"\0"), MalformedError, "line 2: there is a zero byte in the header"),
        (block(b"x" * 65 + b": a"), MalformedError, "line 2: the tag of a header has 65 bytes, and RFC 4716 allows 64"),
        (block(body=BODY1 + b"\n\n" + BODY2), MalformedError, "line 3: there is a blank line inside the key"),
        (block(body=b"\n" + BODY1 + b"\n" + BODY2), MalformedError, "line 2: there is a blank line inside the key"),
        (block(body=BODY1 + b" \n" + BODY2), MalformedError, "line 2: character 0x20 at position 65"),
        (block(body=BODY1 + b"\n*" + BODY2[1:]), MalformedError, "line 3: character '\\*' at position 1"),
        (block(body=BODY1 + b"\n" + BODY2 + b"\n" + COMMENT), MalformedError, "line 4: character ':'"),
        (block(body=BODY1 + b"\n" + BODY2[:-1]), MalformedError, "line 3: the base64 has 67 characters"),
        (block(body=BODY1 + b"==\n" + BODY2), MalformedError, "line 3: there is base64 after its padding"),
        (block(body=BODY1), MalformedError, "line 1: public point at byte 15 says that it has 32 bytes"),
        (block(body=BODY1 + b"\n" + BODY2 + b"\nAAAA"), MalformedError, "line 1: 3 bytes too many"),
    ],
)
def test_damage_is_named_with_its_line(data: bytes, kind: type[KeyconvError], message: str) -> None:
    with pytest.raises(KeyconvError, match=message) as caught:
        read(data)
    assert type(caught.value) is kind
    assert caught.value.place.split(":")[0] == "rfc4716"


def test_a_point_that_is_on_no_curve_is_refused() -> None:
    blob = base64.decode(BODY1 + BODY2)
    with pytest.raises(ContradictionError):
        read(block(body=base64.encode(blob[:-32] + bytes(32))))


def test_the_longest_tag_and_the_longest_header_are_read_and_one_byte_more_is_refused() -> None:
    assert one(block(b"x" * 64 + b": a")).headers == ((b"x" * 64, b"a"),)
    value = b"v" * limits.MAX_COMMENT
    file = read(block(b"x-long: " + value))
    assert file.entries[0].headers == ((b"x-long", value),)
    assert codes(file) == ["noncanonical", "noncanonical"]
    with pytest.raises(LimitError, match="line 2: the header is longer than 64 KiB"):
        read(block(b"x-long: " + value + b"v"))


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────

# ssh-keygen takes ': ' in a continuation for a header, '----' at its start for the frame; ' END ' in a header ends all.
TRAPS = [
    b"a: b: c: d: e: f: g: h: i: j: k: l: m: n: o: p: q: r: s: t: u: v: w: x: y: z: and: so: on: and: on: and: on",
    b": " * 100,
    b"-" * 200,
    b"---- BEGIN SSH2 PUBLIC KEY ---- ---- END SSH2 PUBLIC KEY ---- ---- BEGIN SSH2 PUBLIC KEY ----",
    b"at last THE END is near, and then THE END comes: for ever and ever, THE END of this long comment",
    b" END " * 30,
    b"\\" * 150,
    b'"' * 150,
    b'\\"' * 90 + b"\\",
    b"back\\slash " * 20,
    "schlüssel für Ωmega — 鍵 🔑 ".encode() * 12,
    b"\xfc" * 300,
    b"\x80" * 300,
    b"tab\t" * 60,
    LONG,
]
COMMENTS = st.one_of(
    st.none(),
    st.binary(max_size=100),
    st.text(max_size=120).map(lambda text: text.encode()),
    st.text('ab:- "\\END', max_size=160).map(str.encode),
)
TAGS = st.from_regex(r"(x-|X-|Subject)[A-Za-z0-9-]{0,20}", fullmatch=True).map(str.encode)
VALUES = st.one_of(st.binary(max_size=100), st.text('ab:- "\\END', max_size=160).map(str.encode)).filter(is_clean)
HEADERS = st.lists(st.tuples(TAGS, VALUES), max_size=3).map(tuple)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(ENTRIES), COMMENTS, HEADERS), min_size=1, max_size=3),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
)
@example([(ENTRIES[0], b"", ((b"x-a", b"\\"), (b"x-b", b"ends in \\"), (b"x-c", b"")))], b"\n")
def test_any_entry_reads_back(
    drawn: list[tuple[Entry, bytes | None, tuple[tuple[bytes, bytes], ...]]], end: bytes
) -> None:
    entries = [Entry(each.public, None, comment, each.certificate, (), headers) for each, comment, headers in drawn]
    data = write(*entries, line_end=end)
    lines = data.replace(b"\r", b"\n").split(b"\n")
    assert all(len(line) <= (1022 if line.startswith(b"Comment: ") else 72) for line in lines)
    file = read(data)
    assert codes(file) == {b"\n": [], b"\r\n": ["crlf"], b"\r": ["cr-line-ends"]}[end]
    for found, meant in zip(file.entries, entries, strict=True):
        comment = None if meant.comment is None else fit_comment(meant.comment)
        assert (found.public, found.certificate) == (meant.public, meant.certificate)
        assert (found.comment, found.headers) == (comment, meant.headers)
    assert write(*file.entries, line_end=end) == data


@pytest.mark.parametrize("comment", TRAPS, ids=range(len(TRAPS)))
def test_a_long_comment_stays_on_one_line_and_reads_back(comment: bytes) -> None:
    data = write(Entry(PUBLIC, comment=comment))
    (line,) = (line for line in data.split(b"\n") if line.startswith(b"Comment: "))
    assert len(line) <= 1022
    assert read(data).notes == ()
    assert one(data).comment == fit_comment(comment)
    if len(line) < 1000:
        assert fit_comment(comment) == comment.replace(b" END ", b" End ").replace(b" END ", b" End ")


@pytest.mark.parametrize("comment", [*TRAPS, b"x" * 1011, b"y" * 1012, b"z" * 65536, b'"' * 2000], ids=repr)
def test_puttygen_and_ssh_keygen_read_the_key_with_any_comment(comment: bytes, tmp_path: Path) -> None:
    path = saved(tmp_path, write(Entry(PUBLIC, comment=comment)))
    line = public_line(Entry(PUBLIC)).encode()
    assert run("ssh-keygen", "-i", "-f", path).strip() == line
    assert run("puttygen", path, "-L").rstrip(b"\n").startswith(line + b" " + fit_comment(comment)[:1000])


def test_a_comment_is_shortened_to_what_ssh_keygen_reads_and_not_within_a_character() -> None:
    assert fit_comment(b"x" * 1011) == b"x" * 1011
    assert fit_comment(b"x" * 1012) == b"x" * 1011
    assert fit_comment(b'"' * 600) == b'"' * 505
    for shift in range(4):
        fitted = fit_comment(b"x" * shift + "鍵🔑".encode() * 300)
        fitted.decode()
        assert 1011 - 4 < len(fitted) <= 1011


def test_what_of_a_comment_is_lost_is_reported() -> None:
    def losses(comment: bytes) -> list[str]:
        return [loss.message for loss in plan(Entry(PUBLIC, comment=comment), RFC4716).losses]

    assert losses(b"x" * 1011) == []
    assert losses(b"x" * 1012) == ["rfc4716 holds 1011 bytes of the comment's 1012"]
    assert losses(b"THE END is near")[0].startswith("rfc4716 cannot hold ' END ' in the comment")
    assert len(losses(b"\x1b" + b"x" * 2000)) == 2


def test_the_last_of_several_comments_counts_as_in_puttygen(tmp_path: Path) -> None:
    data = block(b'Comment: "one"', b"Comment: two", b"Comment: three")
    assert one(data).comment == b"three"
    assert run("puttygen", saved(tmp_path, data), "-L").endswith(b" three\n")


TRANSLATED = (b"\xd7\xa2\xca\xcd", "Комментарий".encode("cp1251"), "コメント".encode("cp932"), b"My Tag")


@pytest.mark.parametrize("tag", TRANSLATED)
def test_a_header_whose_tag_the_rfc_does_not_allow_is_left_out_as_ssh_keygen_reads_it(
    tag: bytes, tmp_path: Path
) -> None:
    data = block(b"Subject: me", tag + b': "someone@host"', b"Comment: c")
    assert run("ssh-keygen", "-i", "-f", saved(tmp_path, data)).strip() == public_line(Entry(PUBLIC)).encode()
    file = read(data)
    (entry,) = file.entries
    assert (entry.comment, entry.headers) == (b"c", ((b"Subject", b"me"),))
    assert "line 3" in file.notes[0].message
    assert read(write(entry)).notes == ()


def test_no_comment_and_an_empty_one_are_told_apart() -> None:
    assert write(Entry(PUBLIC)) == block()
    assert write(Entry(PUBLIC, comment=b"")) == block(b'Comment: ""')
    assert one(write(Entry(PUBLIC))).comment is None
    assert one(write(Entry(PUBLIC, comment=b""))).comment == b""


def test_a_comment_is_cleaned_so_that_it_forges_no_line() -> None:
    data = write(Entry(PUBLIC, comment=b"me\n---- END SSH2 PUBLIC KEY ----\r\nx\x1b[31m"))
    assert data == block(b'Comment: "me ---- End SSH2 PUBLIC KEY ---- x [31m"')


def test_the_longest_value_of_a_header_is_written_and_one_byte_more_is_refused() -> None:
    longest = Entry(PUBLIC, headers=((b"x-a", b"y" * 1024),))
    assert one(write(longest)).headers == longest.headers
    with pytest.raises(MisfitError, match="the x-a header would have 1025 bytes"):
        write(Entry(PUBLIC, headers=((b"x-a", b"y" * 1025),)))


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (b"x y", b""),
        (b"", b""),
        (b"x:", b""),
        (b"x" * 65, b""),
        (b"x-a\n", b""),
        (b"\xff", b""),
        (b"COMMENT", b"a second one"),
        (b"x-a", b"a\nb"),
        (b"x-a", b"a\rb"),
        (b"x-a", b"a\0b"),
    ],
)
def test_a_header_that_no_file_can_hold_is_not_written(tag: bytes, value: bytes) -> None:
    with pytest.raises(MisfitError):
        write(Entry(PUBLIC, headers=((tag, value),)))


def test_a_public_half_that_is_not_known_is_not_written() -> None:
    with pytest.raises(MisfitError, match="not known until"):
        write(Entry(None))


# ── damage ─────────────────────────────────────────────────────────────────────────────────────────────────────────

WHOLE = ["rfc4716/rsa2048-private-header.pub", "certificates/user-ed25519-puttygen-rfc4716.pub"]


@pytest.mark.parametrize("path", WHOLE)
def test_every_prefix_is_a_key_file_or_refused(path: str) -> None:
    data = by_path(path).data
    for end in range(len(data)):
        RFC4716.sniff(data[:end])
        with suppress(KeyconvError):
            assert isinstance(read(data[:end]), KeyFile)


@pytest.mark.parametrize("path", ["rfc4716/ed25519-continued-comment-crlf.pub", "rfc4716/ecdsa-p256-puttygen.pub"])
def test_every_byte_changed_gives_a_key_file_or_is_refused(path: str) -> None:
    data = by_path(path).data
    for at in range(len(data)):
        for new in b'\0\n\r "-\\:=A\x80':
            changed = data[:at] + bytes([new]) + data[at + 1 :]
            with suppress(KeyconvError):
                assert isinstance(read(changed), KeyFile)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.binary(max_size=20))
def test_any_bytes_are_a_key_file_or_refused(inside: bytes, after: bytes) -> None:
    for data in (inside, BEGIN + b"\n" + inside, block(b"Comment: " + inside), PUTTY + after):
        with suppress(KeyconvError):
            assert isinstance(read(data), KeyFile)


# ── the real tools ─────────────────────────────────────────────────────────────────────────────────────────────────


def run(tool: str, *arguments: str | Path) -> bytes:
    command = [require(tool), *map(str, arguments)]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=PATIENCE)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


# Of the types, ssh-keygen knows all but Ed448, and ML-DSA from 10.4 on.
@pytest.mark.parametrize(
    "fixture", pick(lambda each: each.format == "rfc4716" and each.family not in ("ed448", "mldsa44-ed25519"), FIXTURES)
)
def test_ssh_keygen_reads_what_is_written(fixture: Fixture, tmp_path: Path) -> None:
    path = tmp_path / "key.pub"
    path.write_bytes(write(one(fixture.data)))
    assert run("ssh-keygen", "-i", "-m", "RFC4716", "-f", path).decode().strip() == fixture.public_line


@pytest.mark.parametrize("comment", TRAPS, ids=range(len(TRAPS)))
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_ssh_keygen_reads_a_comment_of_several_lines(comment: bytes, line_end: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key.pub"
    entry = Entry(PUBLIC, comment=comment, headers=((b"x-a", comment), (b"Subject", b"ends in \\")))
    path.write_bytes(write(entry, line_end=line_end))
    assert run("ssh-keygen", "-i", "-m", "RFC4716", "-f", path).decode().strip() == public_line(entry)


# puttygen knows no FIDO keys, and cannot read the continuations of a long comment.
@pytest.mark.parametrize(
    "fixture",
    pick(lambda each: each.format == "rfc4716" and "puttygen" in each.judged_by and "1000" not in each.path, FIXTURES),
)
def test_puttygen_reads_what_is_written(fixture: Fixture, tmp_path: Path) -> None:
    meant = one(fixture.data)
    path = tmp_path / "key.pub"
    path.write_bytes(write(meant))
    comment = b"" if meant.comment is None else b" " + meant.comment
    assert run("puttygen", "-L", path).rstrip(b"\n") == public_line(meant).encode() + comment


@pytest.mark.parametrize(
    "comment", [b"", b"plain", b'says "hi" \\ back', b'"quoted"', b'"', b"\\", "ü鍵".encode(), b"a: b"]
)
def test_puttygen_and_keyconv_agree_on_quotes(comment: bytes, tmp_path: Path) -> None:
    path, made = tmp_path / "key.pub", tmp_path / "made.pub"
    path.write_bytes(write(Entry(PUBLIC, comment=comment)))
    run("puttygen", path, "-O", "public", "-o", made)
    assert made.read_bytes() == path.read_bytes()
    assert one(made.read_bytes()).comment == comment
