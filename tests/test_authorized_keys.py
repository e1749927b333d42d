"""One-line public keys and `authorized_keys` files, judged by ssh-keygen and puttygen both ways."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from fixture_files import FIXTURES, Fixture, by_path, pick
from hypothesis import given, settings
from hypothesis import strategies as st
from tools import PATIENCE, require

from keyconv import limits
from keyconv.codec import public_blob
from keyconv.errors import (
    ContradictionError,
    KeyconvError,
    LimitError,
    MalformedError,
    MisfitError,
    MismatchError,
    NotAKeyError,
    TruncatedError,
    UnsupportedError,
)
from keyconv.formats.authorized_keys import (
    FLAG_OPTIONS,
    OPENSSH_PUB,
    VALUE_OPTIONS,
    fit_comment,
    parse_options,
    read_line,
    read_lines,
)
from keyconv.formats.base import WriteOptions
from keyconv.keyfile import Entry, KeyFile, Option
from keyconv.keys import OpaquePublicKey
from keyconv.notes import Note
from keyconv.text import base64
from keyconv.text.comment import is_clean
from keyconv.text.lines import split

MINE = ("openssh-pub", "authorized_keys")
ONE = pick(lambda fixture: fixture.format == "openssh-pub", FIXTURES)
MANY = pick(lambda fixture: fixture.format == "authorized_keys", FIXTURES)
LINE = by_path("openssh-pub/ed25519.pub").data.rstrip(b"\n")
TYPE, BASE64 = LINE.split(b" ")[:2]
BARE = TYPE + b" " + BASE64
RSA = by_path("openssh-pub/rsa2048.pub").data.split(b" ")[1]
ENTRIES = tuple(OPENSSH_PUB.read(fixture.data).entries[0] for fixture in FIXTURES if fixture.format == "openssh-pub")
PLAIN = WriteOptions()


def read(data: bytes) -> KeyFile:
    return OPENSSH_PUB.read(data)


def write(*entries: Entry, line_end: bytes = b"\n") -> bytes:
    assert OPENSSH_PUB.write is not None
    return OPENSSH_PUB.write(entries, WriteOptions(line_end=line_end))


def one(data: bytes) -> Entry:
    (entry,) = read(data).entries
    return entry


def codes(file: KeyFile) -> list[str]:
    return [note.code for note in file.notes]


def public_line(entry: Entry) -> str:
    return write(Entry(entry.public, certificate=entry.certificate)).decode().rstrip("\n")


def shown(entry: Entry) -> tuple[object, ...]:
    """What an entry is, apart from the line where it stood."""
    return entry.public, entry.certificate, entry.comment, entry.options


# ── the fixtures ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fixture", ONE)
def test_a_fixture_holds_what_its_maker_says(fixture: Fixture) -> None:
    file = read(fixture.data)
    (entry,) = file.entries
    assert file.format == "openssh-pub"
    assert public_line(entry) == fixture.public_line
    assert entry.public is not None
    assert (entry.certificate is not None) == fixture.has_certificate
    # The white space around a comment has tests of its own.
    assert (entry.comment or b"").strip() == (fixture.comment or b"").strip()


@pytest.mark.parametrize("fixture", MANY)
def test_a_file_of_many_holds_what_its_maker_says(fixture: Fixture) -> None:
    file = read(fixture.data)
    assert file.kind == "authorized_keys"
    for entry, key in zip(file.entries, fixture.keys, strict=True):
        assert entry.line == key.line
        assert public_line(entry) == key.public_line
        assert (entry.comment or b"") == key.comment
        assert entry.options == parse_options((key.options or "").encode())


@pytest.mark.parametrize("fixture", pick(lambda fixture: True, FIXTURES))
def test_only_its_own_fixtures_are_recognised(fixture: Fixture) -> None:
    assert OPENSSH_PUB.sniff(fixture.data) == (fixture.format in MINE)


@pytest.mark.parametrize(
    ("path", "kind", "noted"),
    [
        ("openssh-pub/ed25519.pub", "public", []),
        ("openssh-pub/ed25519-crlf.pub", "public", ["crlf"]),
        ("openssh-pub/ed25519-no-newline.pub", "public", ["missing-final-newline"]),
        ("openssh-pub/ed25519-tabs.pub", "public", []),
        ("openssh-pub/ed25519-spaces.pub", "public", []),
        ("openssh-pub/ed25519-comment-line.pub", "authorized_keys", []),
        ("openssh-pub/ed25519-options.pub", "authorized_keys", []),
        ("certificates/user-ed25519-cert.pub", "certificate", []),
        ("authorized_keys/authorized_keys-crlf", "authorized_keys", ["crlf"]),
    ],
)
def test_kind_and_notes(path: str, kind: str, noted: list[str]) -> None:
    file = read(by_path(path).data)
    assert (file.kind, codes(file)) == (kind, noted)


@pytest.mark.parametrize(
    "fixture", pick(lambda each: each.path.startswith("openssh-pub/") and each.tool != "make.py", FIXTURES)
)
def test_what_puttygen_and_ssh_keygen_wrote_is_written_again_byte_for_byte(fixture: Fixture) -> None:
    assert write(*read(fixture.data).entries) == fixture.data


# ── lines ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "comment"),
    [
        (BARE, None),
        (BARE + b" ", None),
        (BARE + b" \t ", None),
        (BARE + b" a", b"a"),
        (BARE + b"   two spaces before", b"two spaces before"),
        (BARE + b"\t\ttabs before", b"tabs before"),
        (BARE + b" spaces after  ", b"spaces after  "),  # ssh-keygen keeps them
        (BARE + b" one\ttab", b"one\ttab"),
        (BARE + b" # no remark", b"# no remark"),
        (BARE + b' says "hi" \\', b'says "hi" \\'),
        (BARE + b" schl\xfcssel", b"schl\xfcssel"),
        (BARE + b" bell\x07", b"bell\x07"),
        (b" \t" + TYPE + b" \t " + BASE64 + b" x", b"x"),
    ],
)
def test_the_comment_is_the_rest_of_the_line(line: bytes, comment: bytes | None) -> None:
    for end in (b"\n", b"\r\n", b"", b"\r"):
        assert one(line + end).comment == comment


def test_blank_lines_and_remarks_hold_no_key() -> None:
    for text in (b"", b" ", b"\t \t", b"#", b"# x", b"  # " + LINE, b"\r", b"#\x00"):
        assert read_line(text, 1, []) is None
    file = read(b"\n# one\n\n" + LINE + b"\n \n" + LINE + b"\n#")
    assert [entry.line for entry in file.entries] == [4, 6]


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        (BARE[:-4], MalformedError, "public point at byte 15 says that it has 32 bytes, but only 29 are left"),
        (BARE[:-1], MalformedError, "is not a multiple of four"),
        (TYPE, TruncatedError, "no base64 after the key type 'ssh-ed25519'"),
        (TYPE + b" ", TruncatedError, "no base64 after the key type"),
        (TYPE + b" x", MalformedError, "the base64 has 1 characters"),
        (TYPE + b" AAAA*", MalformedError, "character '\\*' at position 5"),
        (BARE + b"\xc2\xa0x", MalformedError, "character 0xc2 at position 69"),
        (b"ssh-rsa " + BASE64, MismatchError, "the line says ssh-rsa, but the key in it is of type ssh-ed25519"),
        (b"ecdsa-sha2-nistp256 " + BASE64, MismatchError, "the key in it is of type ssh-ed25519"),
        (b"ssh-ed25519-cert-v01@openssh.com " + BASE64, MismatchError, "the key in it is of type ssh-ed25519"),
        (b"SSH-ED25519 " + BASE64, MismatchError, "the line says 'SSH-ED25519'"),
        (BASE64, MalformedError, "the type of the key is missing before its base64"),
        (BASE64 + b" x", MalformedError, "the type of the key is missing before its base64"),
        (b"a," + BARE, MalformedError, "the type of the key is not an SSH name"),
        (b"no-pty", MalformedError, "there is no key after the options"),
        (b"no-pty \t", MalformedError, "there is no key after the options"),
        (b"hello world", MalformedError, "neither a key nor options followed by a key"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----", MalformedError, "a private key stands among the lines"),
        (b"---- BEGIN SSH2 PUBLIC KEY ----", MalformedError, "an SSH2 block among the lines"),
        (b"1024 65537 1234567 me@host", UnsupportedError, "an SSH-1 key"),
        (b'no-pty,command="x" 2048 35 7890 me@host', UnsupportedError, "an SSH-1 key"),
        (BARE + b" a\rb", MalformedError, "a zero byte or a CR without LF"),
        (BARE + b" a\0b", MalformedError, "a zero byte or a CR without LF"),
        (b"host.example.com " + BARE, MalformedError, "looks like one of known_hosts"),
        (b"host.example.com,192.0.2.1 " + BARE, MalformedError, "looks like one of known_hosts"),
        (b"[host.example.com]:2222 " + BARE, MalformedError, "looks like one of known_hosts"),
        (b"!bad.example.com,*.example.com " + BARE, MalformedError, "looks like one of known_hosts"),
        (b"|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= " + BARE, MalformedError, "known_hosts"),
        (b"@cert-authority *.example.com " + BARE, MalformedError, "looks like one of known_hosts"),
        (b"@revoked * " + BARE, MalformedError, "looks like one of known_hosts"),
        (b"ssh-server.example.com " + BARE, MalformedError, "looks like one of known_hosts"),
    ],
)
def test_a_bad_line_is_named_with_what_is_wrong(line: bytes, kind: type[KeyconvError], message: str) -> None:
    with pytest.raises(KeyconvError, match=message) as caught:
        read(line + b"\n")
    below = b"" if line.startswith(b"no-pty") and b"," not in line else LINE  # it would be of the key below it
    file = read(LINE + b"\n\n" + line + b"\n" + below)
    assert [entry.line for entry in file.entries] == ([1, 4] if below else [1])
    for error, number in ((caught.value, 1), *((fault, 3) for fault in file.faults)):
        assert type(error) is kind
        assert message.replace("\\", "") in error.message
        assert error.line == number
        assert error.place == f"openssh-pub: line {number}"
        assert BASE64[30:].decode() not in str(error)
    assert len(file.faults) == 1


def test_a_point_that_is_on_no_curve_is_refused() -> None:
    blob = base64.decode(BASE64)
    for point in (bytes(32), b"\xff" * 32, b"\2" + bytes(31)):
        with pytest.raises(ContradictionError):
            read(TYPE + b" " + base64.encode(blob[:-32] + point))


@pytest.mark.parametrize("word", [b"rsa-sha2-256", b"rsa-sha2-512"])
def test_a_signature_algorithm_for_a_type_is_noted(word: bytes) -> None:
    file = read(word + b" " + RSA + b"\n")
    assert codes(file) == ["noncanonical"]
    assert file.entries[0].public == one(b"ssh-rsa " + RSA).public
    assert write(*file.entries) == b"ssh-rsa " + RSA + b"\n"
    own = base64.decode(RSA).replace(b"\0\0\0\x07ssh-rsa", len(word).to_bytes(4, "big") + word)
    assert read(word + b" " + base64.encode(own) + b"\n").entries[0].public == file.entries[0].public


def test_webauthn_for_the_type_of_a_security_key_is_noted_as_ssh_keygen_reads_it(tmp_path: Path) -> None:
    data = by_path("openssh-pub/sk-ecdsa.pub").data
    key = one(data).public
    line = data.split()[1]
    own = base64.decode(line).replace(b'\0\0\0"sk-', b"\0\0\0+webauthn-sk-", 1)
    for text in (b"webauthn-" + data, b"webauthn-sk-ecdsa-sha2-nistp256@openssh.com " + base64.encode(own) + b"\n"):
        path = tmp_path / "key.pub"
        path.write_bytes(text)
        command = [require("ssh-keygen"), "-l", "-f", str(path)]
        assert b"(ECDSA-SK)" in subprocess.run(command, capture_output=True, check=True).stdout
        assert set(codes(read(text))) == {"noncanonical"}
        assert one(text).public == key
    ed25519 = by_path("openssh-pub/sk-ed25519.pub").data
    with pytest.raises(MismatchError):
        read(b"webauthn-sk-ecdsa-sha2-nistp256@openssh.com " + ed25519.partition(b" ")[2])


def test_a_byte_order_mark_is_named() -> None:
    with pytest.raises(MalformedError, match="byte order mark"):
        read(b"\xef\xbb\xbf" + LINE)


@pytest.mark.parametrize("data", [b"", b"\n", b"# nothing\n\n \n"])
def test_a_file_without_a_key_is_none(data: bytes) -> None:
    assert not OPENSSH_PUB.sniff(data)
    with pytest.raises(NotAKeyError, match="no key on any line"):
        read(data)


def test_the_longest_line_is_read_and_one_byte_more_is_refused() -> None:
    longest = BARE + b" " + b"x" * (limits.MAX_LINE - len(BARE) - 1)
    assert one(longest + b"\n").comment == longest[len(BARE) + 1 :]
    with pytest.raises(LimitError, match="line 1: the line has more than 64 KiB"):
        read(longest + b"x\n")


def test_lines_are_judged_one_by_one() -> None:
    data = LINE + b"\n# x\nssh-rsa " + BASE64 + b"\nrsa-sha2-512 " + RSA + b'\r\ncomand="x" ' + LINE
    judged = list(read_lines(split(data)))
    assert [each.number for each in judged] == [1, 2, 3, 4, 5]
    assert [each.entry is not None for each in judged] == [True, False, False, True, False]
    assert [type(each.error) for each in judged] == [
        type(None),
        type(None),
        MismatchError,
        type(None),
        MalformedError,
    ]
    assert [each.error.place for each in judged if each.error] == ["line 3", "line 5"]
    assert [[note.code for note in each.notes] for each in judged] == [[], [], [], ["noncanonical"], []]


# ── options ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (b"", ()),
        (b"no-pty", (Option(b"no-pty"),)),
        (b"NO-PTY,x11-Forwarding", (Option(b"NO-PTY"), Option(b"x11-Forwarding"))),
        (b'command="ls"', (Option(b"command", b"ls"),)),
        (b'command=""', (Option(b"command", b""),)),
        (b'command="a, b",pty', (Option(b"command", b"a, b"), Option(b"pty"))),
        (b'command="echo \\"hi\\""', (Option(b"command", b'echo "hi"'),)),
        (b'command="a\\\\b\\n"', (Option(b"command", b"a\\\\b\\n"),)),  # only \" is an escape
        (b'command="a\\\\"b"', (Option(b"command", b'a\\"b'),)),
        (b'environment="A=b",environment="C=d"', (Option(b"environment", b"A=b"), Option(b"environment", b"C=d"))),
        ('command="grüß"'.encode(), (Option(b"command", "grüß".encode()),)),
    ],
)
def test_options_are_read_as_sshd_reads_them(text: bytes, options: tuple[Option, ...]) -> None:
    assert parse_options(text) == options
    if text:
        assert one(text + b" " + LINE).options == options
        assert one(b"  " + text + b"\t " + LINE + b"\r\n").options == options


@pytest.mark.parametrize("name", FLAG_OPTIONS)
def test_a_flag_takes_no_value(name: str) -> None:
    assert parse_options(name.encode()) == (Option(name.encode()),)
    with pytest.raises(MalformedError, match=f"the option '{name}' takes no value"):
        parse_options(name.encode() + b'="x"')


@pytest.mark.parametrize("name", VALUE_OPTIONS)
def test_an_option_with_a_value_needs_one_in_quotes(name: str) -> None:
    assert parse_options(name.encode() + b'="x y"') == (Option(name.encode(), b"x y"),)
    with pytest.raises(MalformedError, match=f"the option '{name}' needs a value"):
        parse_options(name.encode())
    for bare in (b"=x", b"=", b"=x,pty"):
        with pytest.raises(MalformedError, match=f"the value of the option '{name}' is not in quotes"):
            parse_options(name.encode() + bare)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'comand="ls"', "there is no option 'comand'; the nearest is 'command'"),
        (b"no-ptty", "there is no option 'no-ptty'; the nearest is 'no-pty'"),
        (b"no-x11-forwardin", "the nearest is 'no-X11-forwarding'"),
        (b"restrict,no-agent-forwading,pty", "the nearest is 'no-agent-forwarding'"),
        (b"no-restrict", "there is no option 'no-restrict'; the nearest is 'restrict'"),
        (b'zzzzzzzz="x"', "there is no option 'zzzzzzzz'$"),
        (b'\x1b[31m="x"', r"there is no option '\\x1b\[31m'$"),
        (b'command="ls', "a quote .* is not closed"),
        (b'command="ls\\"', "a quote .* is not closed"),
        (b'command="ls"x', "there is no comma after the option 'command'"),
        (b'command="ls""x"', "a quote of the option 'command' is not closed or in the wrong place"),
        (b'"no-pty"', "a quote of the option '' is not closed or in the wrong place"),
        (b"command='ls'", "the value of the option 'command' is not in quotes"),
    ],
)
def test_options_that_sshd_refuses_are_refused(text: bytes, message: str) -> None:
    with pytest.raises(MalformedError, match=message):
        parse_options(text)
    with pytest.raises(MalformedError, match="line 1: "):
        read(text + b" " + LINE)


@pytest.mark.parametrize("text", [b"pty restrict", b"pty,\trestrict", b"pty\n", b"pty\r", b'command="a\nb"', b"pty\0"])
def test_options_alone_hold_no_white_space_and_no_line_end(text: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_options(text)


@pytest.mark.parametrize("text", [b"pty,", b",pty", b"pty,,restrict", b","])
def test_a_comma_too_many_is_noted_or_refused(text: bytes) -> None:
    with pytest.raises(MalformedError, match="a comma too many"):
        parse_options(text)
    file = read(text + b" " + LINE + b"\n")
    assert "noncanonical" in codes(file)
    assert b",," not in write(*file.entries)


@given(st.binary(max_size=40) | st.text('abc-,="\\ ptyrestrict', max_size=30).map(str.encode))
def test_any_options_are_read_or_refused(text: bytes) -> None:
    with suppress(MalformedError):
        parse_options(text, [])


# ── recognising ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "data",
    [
        LINE,
        b"# remark\r\n\r\n  \t" + LINE,
        b"no-pty " + LINE,
        b'from="*.example.com",command="a b" ' + LINE,
        b'comand="a" ' + LINE,
        b"ssh-new@example.com AAAAE3NzaC1uZXdA",
        b"rsa-sha2-512 AAAAB3",
        b"SK-ODD AAAA",
    ],
)
def test_lines_are_recognised(data: bytes) -> None:
    assert OPENSSH_PUB.sniff(data)


@pytest.mark.parametrize(
    "data",
    [
        b"host.example.com " + LINE,
        b"@revoked * " + LINE,
        b"|1|a=|b= " + LINE,
        b"no-pty,host.example.com " + LINE,
        b"1024 65537 1234567 me@host",
        b"PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\n",
        b"---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n",
        b"host IN SSHFP 4 2 AAAA",
        b'{"kty": "OKP", "x": "AAAA"}',
        b"ssh-ed25519",
        b"ssh-ed25519 is a key type",
        b"AAAAC3NzaC1lZDI1NTE5",
        b"\0\0\0\x0bssh-ed25519\0\0\0 ",
        b"\xef\xbb\xbf" + LINE,
        b"hello\n" + LINE,
    ],
)
def test_other_things_are_not(data: bytes) -> None:
    assert not OPENSSH_PUB.sniff(data)


def test_recognising_takes_no_longer_for_a_hostile_file() -> None:
    for piece in (b"#", b"\n", b" \n", b"#\n", b'\\"', b'"', b"a,", b"AAAA "):
        assert not OPENSSH_PUB.sniff(piece * (limits.MAX_KEY_FILE // len(piece)))


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────

COMMENTS = st.one_of(st.none(), st.binary(max_size=40), st.text(max_size=30).map(lambda text: text.encode()))
VALUES = st.one_of(st.binary(max_size=30), st.text('a"\\, =#', max_size=12).map(str.encode)).filter(
    lambda value: not value.endswith(b"\\") and is_clean(value)
)
OPTIONS = st.lists(
    st.one_of(
        st.builds(Option, st.sampled_from(FLAG_OPTIONS).map(str.encode)),
        st.builds(Option, st.sampled_from(VALUE_OPTIONS).map(str.encode), VALUES),
    ),
    max_size=4,
).map(tuple)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ENTRIES), COMMENTS, OPTIONS), min_size=1, max_size=3), st.booleans())
def test_any_entry_reads_back(drawn: list[tuple[Entry, bytes | None, tuple[Option, ...]]], windows: bool) -> None:
    entries = [Entry(each.public, None, comment, each.certificate, options) for each, comment, options in drawn]
    data = write(*entries, line_end=b"\r\n" if windows else b"\n")
    file = read(data)
    assert codes(file) == (["crlf"] if windows else [])
    assert len(file.entries) == len(entries)
    for number, (found, meant) in enumerate(zip(file.entries, entries, strict=True), 1):
        comment = fit_comment(meant.comment or b"") or None
        assert shown(found) == (meant.public, meant.certificate, comment, meant.options)
        assert found.line == number
    assert write(*file.entries, line_end=b"\r\n" if windows else b"\n") == data


def test_a_comment_is_cleaned_so_that_it_forges_no_line() -> None:
    public = one(LINE).public
    forged = write(Entry(public, comment=b"me\nssh-ed25519 AAAA\r\nx\x1b[31m"))
    assert forged == BARE + b" me ssh-ed25519 AAAA x [31m\n"
    assert write(Entry(public, comment=b" \t both  ")) == BARE + b" both  \n"
    assert write(Entry(public, comment=b"\n\r\n")) == write(Entry(public, comment=b"")) == BARE + b"\n"


def test_lines_stay_below_8_kib_while_the_key_alone_does() -> None:
    public = one(LINE).public
    room = limits.MAX_AUTHORIZED_KEYS_LINE - len(BARE) - len(b" ") - len(b"\n") - 1
    longest = write(Entry(public, comment=b"x" * room))
    assert len(longest) == limits.MAX_AUTHORIZED_KEYS_LINE - 1
    with pytest.raises(MisfitError, match="with its comment the line would have 8192 bytes") as caught:
        write(Entry(public, comment=b"x" * (room + 1)))
    assert caught.value.hint == "shorten the comment"
    with pytest.raises(MisfitError, match="with its comment"):
        write(Entry(public, comment=b"x" * room), line_end=b"\r\n")
    command = Option(b"command", b"x" * (room - len(b'command=""')))
    assert len(write(Entry(public, options=(command,)))) == limits.MAX_AUTHORIZED_KEYS_LINE - 1
    with pytest.raises(MisfitError, match="with its comment"):
        write(Entry(public, comment=b"x", options=(command,)))
    with pytest.raises(MisfitError, match="with its options"):
        write(Entry(public, options=(command, Option(b"pty"))))


def test_a_key_that_is_too_long_by_itself_is_written_all_the_same() -> None:
    blob = b"\0\0\0\x0abig@keyconv" + bytes(7_000)
    entry = Entry(OpaquePublicKey("big@keyconv", b"\0\0\0\x0bbig@keyconv" + blob), comment=b"x")
    assert shown(one(write(entry))) == shown(entry)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (Option(b"command", b"ends in \\"), "ends in a backslash"),
        (Option(b"command", b"a\nssh-ed25519 AAAA"), "with a line end or a control"),
        (Option(b"command", b"a\rb"), "with a line end or a control"),
        (Option(b"command", b"a\0b"), "with a line end or a control"),
        (Option(b"pty\n"), "cannot be the name of an option"),
        (Option(b"pty,x"), "cannot be the name of an option"),
        (Option(b""), "cannot be the name of an option"),
        (Option(b'a="b"'), "cannot be the name of an option"),
    ],
)
def test_an_option_that_no_line_can_hold_is_not_written(option: Option, message: str) -> None:
    with pytest.raises(MisfitError, match=message):
        write(Entry(one(LINE).public, options=(option,)))


def test_a_public_half_that_is_not_known_is_not_written() -> None:
    with pytest.raises(MisfitError, match="not known until"):
        write(Entry(None))


# ── damage ─────────────────────────────────────────────────────────────────────────────────────────────────────────

WHOLE = ["openssh-pub/ed25519-options.pub", "certificates/user-ecdsa-p256-options-cert.pub", "openssh-pub/dsa1024.pub"]


@pytest.mark.parametrize("path", WHOLE)
def test_every_prefix_is_a_key_file_or_refused(path: str) -> None:
    data = by_path(path).data
    for end in range(len(data)):
        OPENSSH_PUB.sniff(data[:end])
        with suppress(KeyconvError):
            assert isinstance(read(data[:end]), KeyFile)


@pytest.mark.parametrize("path", ["openssh-pub/ed25519-options.pub", "openssh-pub/ecdsa-p256.pub"])
def test_every_byte_changed_gives_a_key_file_or_is_refused(path: str) -> None:
    data = by_path(path).data
    for at in range(len(data)):
        for new in b'\0\n\r "#,=A\x80':
            changed = data[:at] + bytes([new]) + data[at + 1 :]
            OPENSSH_PUB.sniff(changed)
            with suppress(KeyconvError):
                assert isinstance(read(changed), KeyFile)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=120), st.sampled_from([b"", LINE, b"pty " + LINE, BARE[:40]]), st.binary(max_size=20))
def test_any_bytes_are_a_key_file_or_refused(before: bytes, middle: bytes, after: bytes) -> None:
    OPENSSH_PUB.sniff(before + middle + after)
    with suppress(KeyconvError):
        assert isinstance(read(before + middle + after), KeyFile)


# ── the real tools ─────────────────────────────────────────────────────────────────────────────────────────────────


def run(tool: str, *arguments: str | Path) -> bytes:
    command = [require(tool), *map(str, arguments)]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=PATIENCE)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize(
    "fixture", pick(lambda fixture: fixture.format == "openssh-pub" and "ssh-keygen" in fixture.judged_by, FIXTURES)
)
def test_ssh_keygen_reads_what_is_written(fixture: Fixture, tmp_path: Path) -> None:
    path = tmp_path / "key.pub"
    path.write_bytes(write(*read(fixture.data).entries))
    listed = run("ssh-keygen", "-l", "-f", path).split(b" ")
    assert fixture.sha256_fingerprint is not None
    assert listed[1] == fixture.sha256_fingerprint.encode()


def test_ssh_keygen_reads_a_whole_file_with_options(tmp_path: Path) -> None:
    fixture = by_path("authorized_keys/authorized_keys")
    entries = read(fixture.data).entries
    path = tmp_path / "authorized_keys"
    path.write_bytes(write(*entries))
    rows = run("ssh-keygen", "-l", "-f", path).splitlines()
    assert [row.split(b" ")[1].decode() for row in rows] == [key.sha256_fingerprint for key in fixture.keys]
    for row, entry in zip(rows, entries, strict=True):
        if entry.comment:
            assert b" " + entry.comment + b" (" in row


@pytest.mark.parametrize(
    "fixture",
    pick(
        lambda fixture: (
            fixture.format == "openssh-pub" and "puttygen" in fixture.judged_by and not fixture.has_certificate
        ),
        FIXTURES,
    ),
)
def test_puttygen_reads_what_is_written(fixture: Fixture, tmp_path: Path) -> None:
    path = tmp_path / "key.pub"
    data = write(*read(fixture.data).entries)
    path.write_bytes(data)
    assert run("puttygen", "-L", path).rstrip(b" \n") == data.rstrip(b" \n")


@pytest.mark.parametrize("comment", [b"", b"plain", b"trailing  ", b"\ttab  and spaces", b"# hash"])
def test_ssh_keygen_and_keyconv_agree_on_the_comment(comment: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key.pub"
    path.write_bytes(BARE + b" \t " + comment + b"\n")
    listed = run("ssh-keygen", "-l", "-f", path)
    entry = one(path.read_bytes())
    # `-l` takes a word after the key that begins with # for a remark.
    expected = b"no comment" if not entry.comment or comment.startswith(b"#") else entry.comment
    assert listed.split(b" ", 2)[2].removesuffix(b" (ED25519)\n") == expected


def test_the_blob_is_the_one_that_was_read() -> None:
    entry = one(LINE)
    assert entry.public is not None
    assert public_blob.write(entry.public) == base64.decode(BASE64)
    assert entry == Entry(entry.public, comment=b"keyconv fixture ed25519", line=1)


def test_notes_are_collected_for_the_caller() -> None:
    notes: list[Note] = []
    assert read_line(b"rsa-sha2-256 " + RSA, 9, notes) is not None
    assert [note.code for note in notes] == ["noncanonical"]


def test_the_readers_never_raise_anything_else() -> None:
    calls: list[Callable[[], object]] = [lambda: read_line(b"\xff" * 70_000, 1, []), lambda: read(b"\xff \xff")]
    for call in calls:
        with pytest.raises(KeyconvError):
            call()


def test_an_algorithm_name_cannot_forge_a_line() -> None:
    # An odd quote in it, and sshd takes name, base64 and comment for an option, what follows for the key: so do we.
    forged = _named(b'command="sh;#') + b' " ' + LINE
    (entry,) = read(forged + b"\n").entries
    assert entry.public == read(LINE + b"\n").entries[0].public
    assert [option.name for option in entry.options] == [b"command"]
    for name in (b"from=", b"\\x", b'"'):
        with pytest.raises(KeyconvError):
            read(_named(name) + b' " ' + LINE + b"\n")
    with pytest.raises(KeyconvError):  # and no file of another format can bring such a name in
        public_blob.read(b"\0\0\0\x0d" + b'command="sh;#' + bytes((0, 0, 0, 1, 1)))


def _named(name: bytes) -> bytes:
    return name + b" " + base64.encode(len(name).to_bytes(4, "big") + name + bytes((0, 0, 0, 1, 1)))
