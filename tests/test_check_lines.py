"""`authorized_keys` and `known_hosts`, line by line: what sshd would skip, and what it would not."""

from __future__ import annotations

import base64
import random
import shutil
import subprocess
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from math import isqrt
from pathlib import Path

import made_certificates
import pytest
from fixture_files import Fixture, by_path, keyfile, pick

from keyconv.checks import lines, modulus, option_values, rules
from keyconv.checks.check_file import judge_content
from keyconv.checks.lines import LineFile, check_lines, kind_of_content, kind_of_name
from keyconv.checks.model import Content, Context, LineKind
from keyconv.checks.seen_keys import SeenKeys
from keyconv.formats.authorized_keys import parse_options, read_line
from keyconv.text.rows import Row, TextFacts, read_rows

ED25519 = by_path("openssh-pub/ed25519.pub").data.rstrip(b"\n")
RSA = by_path("openssh-pub/rsa2048.pub").data.rstrip(b"\n")
ECDSA = by_path("openssh-pub/ecdsa-p256.pub").data.rstrip(b"\n")
OTHER = by_path("openssh-pub/ecdsa-p384.pub").data.rstrip(b"\n")
PRIVATE = by_path("openssh/ed25519-plain").data
PPK = by_path("ppk/ed25519-v3-plain.ppk").data
KNOWN = by_path("authorized_keys/known_hosts").data
HASHED = by_path("authorized_keys/known_hosts-hashed").data
CERTIFICATE = made_certificates.line(made_certificates.make(), b"").rstrip(b"\n")
QUIET = {"short-rsa", "putty-p521"}
NEW_YEAR_2030 = 1_893_456_000


def found(data: bytes, kind: LineKind = "authorized_keys", size: int = 1000) -> list[tuple[int | None, str]]:
    file = LineFile("x", kind, Context(now=1_800_000_000))
    chunks = (data[start : start + size] for start in range(0, len(data), size))
    return [(each.line, each.rule) for each in check_lines(file, chunks) if each.rule not in QUIET]


# ── rows ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_rows_are_the_same_in_chunks_of_any_size(size: int) -> None:
    data = b"one\r\ntwo\n\nfour\rfive\nsix"
    facts = TextFacts()
    rows = list(read_rows((data[at : at + size] for at in range(0, len(data), size)), 100, facts))
    assert [row.text for row in rows] == [b"one", b"two", b"", b"four", b"five", b"six"]
    assert [row.number for row in rows] == [1, 2, 3, 4, 5, 6]
    assert (facts.crlf, facts.bare_cr, facts.unended) == (1, 4, 6)


def test_a_long_row_is_cut_and_the_next_one_whole() -> None:
    rows = list(read_rows(iter((b"x" * 50, b"x" * 50 + b"\nnext\n")), 20, TextFacts()))
    assert rows == [Row(b"x" * 21, 1, True), Row(b"next", 2, False)]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
def test_utf_16_is_told_and_read(encoding: str) -> None:
    data = (ED25519.decode() + "\n").encode(encoding)
    assert found(data, size=4096) == [(1, "utf-16")]


def test_seen_keys_remember_every_key_while_they_grow() -> None:
    seen = SeenKeys()
    digests = [blake2b(number.to_bytes(4, "big")).digest() for number in range(5_000)]
    assert [seen.first_line(digest, line) for line, digest in enumerate(digests, 1)] == [None] * 5_000
    assert [seen.first_line(digest, 9) for digest in digests] == list(range(1, 5_001))
    assert seen.first_line(bytes(8), 1) is None
    assert seen.first_line(bytes(32), 2) == 1


def test_seen_keys_take_little_memory_even_while_they_grow() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            seen = SeenKeys()
            for number in range(count):
                assert seen.first_line(blake2b(number.to_bytes(4, "big")).digest(), number + 1) is None
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(60_000) < 32 * 60_000, "a million: about 27 MiB"


def test_that_slow_methods_were_left_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_MAX_EFFORT", 2 * 2048**2)
    for count, told in ((2, 0), (3, 1)):
        judged = judge_content(Content("authorized_keys", (RSA + b"\n") * count), Context(now=0))
        assert len(judged.remarks) == told


# ── what is fast says the same ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fixture", pick(lambda fixture: fixture.whole and not fixture.encrypted))
def test_a_rule_that_is_not_asked_would_have_said_nothing(fixture: Fixture) -> None:
    context = Context(now=1_800_000_000, thorough=False)
    for entry in keyfile(fixture).entries:
        everything = [
            (each.name, hit) for each in rules.RULES if each.on_key is not None for hit in each.on_key(entry, context)
        ]
        asked = [(each.name, hit) for each, find in rules.BOOK.on_key(entry) for hit in find(entry, context)]
        assert asked == everything


def _by_fermat(n: int) -> bool:
    middle = isqrt(n) + 1
    return any(isqrt((middle + k) ** 2 - n) ** 2 == (middle + k) ** 2 - n for k in range(100))


@pytest.mark.parametrize("bits", [20, 40, 300, 1024])
def test_the_sieve_before_fermats_method_loses_no_weak_modulus(bits: int) -> None:
    chance = random.Random(bits)
    told = Counter[bool]()
    for distance in (*range(112), *range(112)):
        root = chance.getrandbits(bits) | 1 << bits - 1
        half = isqrt(2 * root * distance + chance.randrange(1, 2 * root))
        n = (root + distance) ** 2 - half**2
        if isqrt(n) ** 2 == n or n < 4:
            continue
        found = modulus._fermat(n, isqrt(n) + 1) != ""
        assert found == _by_fermat(n), n
        told[found] += 1
    assert told[True]
    assert told[False]


def _by_pattern(data: bytes) -> bool:
    length = len(data) * 3 // 4
    return any(
        sum(data[at] == data[at + period] for at in range(length - period)) >= 0.9 * (length - period)
        for period in range(1, min(16, len(data) // 4) + 1)
    )


@pytest.mark.parametrize("size", [32, 64, 128, 256, 2048])
def test_the_count_of_values_before_the_patterns_loses_no_weak_modulus(size: int) -> None:
    chance = random.Random(size)
    told = Counter[bool]()
    for period in range(1, 18):
        for errors in (0, 1, size // 20, size // 12, size // 10, size // 8, size // 4):
            data = bytearray((chance.randbytes(period) * size)[:size])
            for _ in range(errors):
                data[chance.randrange(size)] = chance.randrange(256)
            data[0] |= 0x80
            found = modulus._pattern(int.from_bytes(data, "big")) != ""
            assert found == _by_pattern(bytes(data))
            told[found] += 1
    assert told[True]
    assert told[False]


@pytest.mark.parametrize(
    "line",
    [
        ED25519,
        RSA,
        RSA.replace(b" ", b"  "),
        RSA.replace(b" ", b"\t"),
        b" ".join(RSA.split()[:2]),
        b" ".join(RSA.split()[:2]) + b" ",
        b" ".join(RSA.split()[:2]) + b"  c",
        b" ".join(RSA.split()[:2]) + b" \tc",
        b" ".join(RSA.split()[:2]) + b" c  d\t",
    ],
)
def test_fields_are_the_same_however_far_they_stand_apart(line: bytes) -> None:
    entry = read_line(line, 1, [])
    slow = read_line(b"no-pty \t" + line, 1, [])
    assert entry is not None
    assert slow is not None
    assert (entry.public, entry.comment) == (slow.public, slow.comment)


# ── lines that belong together ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("width", [20, 40, 64, 76])
@pytest.mark.parametrize("line", [ED25519, RSA, b'command="echo hi" ' + RSA])
def test_a_wrapped_key_is_one_finding(line: bytes, width: int) -> None:
    rows = [line[at : at + width] for at in range(0, len(line), width)]
    assert found(ECDSA + b"\n" + b"\n".join(rows) + b"\n" + OTHER + b"\n") == [(2, "wrapped-key")]


def test_a_wrapped_key_does_not_swallow_the_next_key() -> None:
    assert found(RSA[:100] + b"\n" + RSA[100:] + b"\n" + ED25519 + b"\n") == [(1, "wrapped-key")]
    assert found(RSA[:100] + b"\n" + ED25519 + b"\n") == [(1, "bad-line")]


@pytest.mark.parametrize("between", [b"", b" ", b"\t"])
def test_joined_keys_are_told(between: bytes) -> None:
    assert found(ED25519 + between + ECDSA + b"\n") == [(1, "joined-keys")]
    bare = b" ".join(ED25519.split()[:2])
    assert found(bare + between + ECDSA + b"\n") == [(1, "joined-keys")]


def test_a_comment_that_speaks_of_a_key_is_none() -> None:
    assert found(ED25519 + b" ssh-rsa of alice\n") == []


@pytest.mark.parametrize("block", [PRIVATE, PPK])
def test_a_private_key_is_one_finding_and_what_follows_is_read(block: bytes) -> None:
    assert found(ED25519 + b"\n" + block + RSA + b"\nnonsense\n") == [
        (2, "private-not-public"),
        (2 + block.count(b"\n") + 1, "bad-line"),
    ]


def test_odd_white_space_before_a_key_is_named() -> None:
    assert found("\u00a0".encode() + ED25519 + b"\n") == [(1, "indented")]


def test_the_same_key_twice_names_the_first_line() -> None:
    file = LineFile("x", "authorized_keys", Context(now=0))
    (hit,) = check_lines(file, iter((ED25519 + b"\n# remark\n" + ED25519 + b" other\n",)))
    assert (hit.line, hit.rule, hit.message) == (3, "duplicate-key", "the same key as on line 1")


def test_remarks_and_blank_lines_say_nothing() -> None:
    assert found(b"\n# ssh-rsa nonsense\n  \t\n" + ED25519 + b"\n") == []


# ── options ────────────────────────────────────────────────────────────────────────────────────────────────────────

GOOD = (
    b'from="10.0.0.0/8,!*.evil.example,host.example,2001:db8::/32,::1,192.168.1.7,192.168.1.0/24"',
    b'from="*.example.com"',
    b'expiry-time="20900101"',
    b'expiry-time="209001012359Z"',
    b'expiry-time="20880229235959"',
    b'permitopen="host:80",permitopen="[::1]:22",permitopen="host:*"',
    b'permitlisten="8080",permitlisten="localhost:8080",permitlisten="*:*"',
    b'environment="NAME=a b=c"',
    b'tunnel="0"',
    b'tunnel="ANY"',
    b'tunnel=" +5"',
    b'permitopen="host:ssh",permitlisten="http"',
    b'permitopen="host:+22",permitopen="host/22",permitopen=":80"',
    b'expiry-time="20990101UTC",expiry-time="20990230z"',
    b'environment="A=b",environment="A=c"',
    b'cert-authority,principals="root"',
    b'command="echo \\"hi\\", bye"',
    b"restrict,pty,No-Agent-Forwarding",
)
BAD = (
    b'from="10.0.0.1/8"',
    b'from="10.0.0.0/33"',
    b'from="10.0.0.0/x"',
    b'from="a b"',
    b'from="a,,b"',
    b'expiry-time="tomorrow"',
    b'expiry-time="20301301"',
    b'expiry-time="20230232"',
    b'expiry-time="0x7fffffff"',
    b'from="a,"',
    b'from="!"',
    b'from="!10.0.0.1"',
    b'from="127.0.0.1 "',
    b'from="!10.0.0.1, *"',
    b'from="127.0.0.1,10.0.0.1/8"',
    b'from="[::1]"',
    b'permitopen="host:0x16"',
    b'permitlisten="host:no-such-service"',
    b'principals="root"',
    b'cert-authority,principals=""',
    b'tunnel="0:1"',
    b'tunnel="any:any"',
    b'tunnel=""',
    b'expiry-time="203001012460"',
    b'permitopen="host"',
    b'permitopen="8080"',
    b'permitopen="host:0"',
    b'permitopen="host:65536"',
    b'permitopen="[::1:80"',
    b'permitlisten="x"',
    b'environment="NAME"',
    b'environment="A-B=c"',
    b'tunnel="x"',
    b'tunnel="1:2:3"',
    b'command="a",command="b"',
    b'from="a",from="b"',
)


@pytest.mark.parametrize("options", GOOD)
def test_options_that_sshd_takes(options: bytes) -> None:
    assert found(options + b" " + ED25519 + b"\n") == []


@pytest.mark.parametrize("options", [*BAD, b'command="a', b"command=a", b"pty=x", b"command", b'pty="x"', b'from="a"b'])
def test_values_that_sshd_refuses(options: bytes) -> None:
    assert {name for _, name in found(options + b" " + ED25519 + b"\n")} == {"bad-option"}


@pytest.mark.parametrize(
    ("option", "nearest"), [(b'comand="x"', "command"), (b"no-ptty", "no-pty"), (b'form="x"', "from")]
)
def test_an_unknown_option_names_the_nearest(option: bytes, nearest: str) -> None:
    file = LineFile("x", "authorized_keys", Context(now=0))
    (hit,) = check_lines(file, iter((option + b" " + ED25519 + b"\n",)))
    assert hit.rule == "unknown-option"
    assert f"'{nearest}'" in hit.message


@pytest.mark.parametrize("options", BAD)
def test_a_value_that_is_refused_is_explained(options: bytes) -> None:
    verdicts = list(option_values.judge(parse_options(options), 0))
    assert [each.rule for each in verdicts] == ["bad-option"]
    assert all(each.message for each in verdicts)


@pytest.mark.parametrize(
    ("value", "over"),
    [
        (b"20300101Z", NEW_YEAR_2030),
        (b"20300101utc", NEW_YEAR_2030),
        (b"20300101", NEW_YEAR_2030 + 12 * 3600),  # where it is over last of all
        (b"202912312359Z", NEW_YEAR_2030 - 60),
        (b"20291231235959Z", NEW_YEAR_2030 - 1),
        (b"20300229Z", NEW_YEAR_2030 + (31 + 28) * 86_400),  # which sshd takes for 1 March
    ],
)
def test_a_line_is_expired_from_the_second_after_its_time(value: bytes, over: int) -> None:
    options = parse_options(b'expiry-time="' + value + b'"')
    assert list(option_values.judge(options, over)) == []
    assert [each.rule for each in option_values.judge(options, over + 1)] == ["line-expired"]


@pytest.mark.parametrize(
    "options",
    [
        b'from="10.0.0.0/8, 127.0.0.0/8"',
        b'from="127.0.0.1,10.0.0.1 "',
        b'from="127.0.0.1,1.2.3.4/33"',
        b'from="127.0.0.1,host/8"',
    ],
)
def test_a_pattern_that_never_matches_among_others_is_a_warning(options: bytes) -> None:
    (verdict,) = option_values.judge(parse_options(options), 0)
    assert (verdict.rule, verdict.severity) == ("bad-option", "warning")
    assert "never matches" in verdict.message


def test_the_name_of_a_service_that_is_not_usual_is_a_warning() -> None:
    (verdict,) = option_values.judge(parse_options(b'permitopen="host:our-service"'), 0)
    assert (verdict.rule, verdict.severity) == ("bad-option", "warning")


def _signers() -> Iterator[tuple[bytes, str | None]]:
    for before in (
        *(b"a@b.c", b"a@b.c,*@d.e", b"*", b"alic?@b.c", b"!a@b.c,*@b.c", b'"a b"', b"a@b.c,", b"a@b.c "),
        *(b'a@b.c namespaces="git,file"', b'a@b.c NAMESPACES="f*"', b'a@b.c namespaces="!git,*"'),
        *(b"a@b.c cert-authority", b'*@b.c CERT-AUTHORITY,namespaces="file"', b'a@b.c valid-after="20200101"'),
        *(b'a@b.c valid-before="20900101Z"', b'a@b.c valid-after="20200101",valid-before="20900230"'),
    ):
        yield before, None
    yield b'""', "bad-line"
    yield b'"a@b.c', "bad-line"
    yield b"a@b.c, b@b.c", "unknown-option"
    yield b"a@b.c no-pty", "unknown-option"
    yield b'a@b.c namespace="file"', "unknown-option"
    yield b"a@b.c namespaces", "unknown-option"
    yield b'a@b.c cert-authority="yes"', "unknown-option"
    yield b'namespaces="file"', "bad-line"
    yield b"!a@b.c", "bad-option"
    for options in (
        *(b'namespaces=""', b'namespaces=","', b'namespaces="file "', b'namespaces="file, git"', b"namespaces=file"),
        *(b'namespaces="file",', b'namespaces="file",namespaces="file"', b'valid-before="2090010100"'),
        *(b'valid-before="forever"', b'valid-before="+52w"', b'valid-after="19700101Z"'),
        b'valid-after="20900101",valid-before="20200101"',
    ):
        yield b"a@b.c " + options, "bad-option"
    yield b'a@b.c valid-before="20010101"', "line-expired"


@pytest.mark.parametrize(("before", "name"), list(_signers()))
def test_a_line_of_allowed_signers(before: bytes, name: str | None) -> None:
    rows = found(before + b" " + ED25519 + b"\n", "allowed_signers")
    assert [each for _, each in rows] == ([name] if name else [])


def test_a_key_without_principals_is_a_bad_line_of_allowed_signers() -> None:
    assert found(ED25519 + b"\n", "allowed_signers") == [(1, "bad-line")]


def test_allowed_signers_are_told_by_name_and_by_content() -> None:
    line = b"a@b.c " + ED25519 + b"\n"
    assert kind_of_name("allowed_signers") == kind_of_name(".allowed-signers") == "allowed_signers"
    assert kind_of_content(line) == "allowed_signers"
    assert kind_of_content(b'*@b.c cert-authority,namespaces="git" ' + ED25519 + b"\n") == "allowed_signers"
    assert found(2 * line, "allowed_signers") == [(2, "duplicate-key")]
    assert found(line + b"d@e.f " + ED25519 + b"\n", "allowed_signers") == []


@pytest.mark.parametrize("options", [b"", b"cert-authority "])
def test_a_certificate_as_a_line_lets_nobody_in(options: bytes) -> None:
    assert (1, "bad-line") in found(options + CERTIFICATE + b"\n")


@pytest.mark.parametrize("before", [b"", b"host "])
def test_openssh_knows_no_ed448(before: bytes) -> None:
    line = before + by_path("openssh-pub/ed448.pub").data
    assert found(line, "known_hosts" if before else "authorized_keys") == [(1, "bad-line")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b"", b"cert-authority "),
        (b'from="10.0.0.1" ', b'from="127.0.0.1" '),
        (b'expiry-time="20990101" ', b""),
        (b'command="a" ', b'command="b" '),
    ],
)
def test_a_key_is_no_duplicate_where_the_options_differ(first: bytes, second: bytes) -> None:
    assert found(first + ED25519 + b"\n" + second + ED25519 + b"\n") == []
    assert found(2 * (first + ED25519 + b"\n")) == [(2, "duplicate-key")]


def test_a_certificate_and_its_key_are_no_duplicates() -> None:
    assert "duplicate-key" not in {name for _, name in found(CERTIFICATE + b"\n" + ED25519 + b"\n")}


def test_a_line_above_8_kib_is_judged_all_the_same() -> None:
    line = b'command="' + b"x" * 9000 + b'",tunnel="0:1" ' + ED25519 + b"\n"
    assert found(line) == [(1, "line-too-long"), (1, "bad-option")]


# ── known_hosts ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("data", [KNOWN, HASHED])
def test_known_hosts_of_real_tools_are_clean(data: bytes) -> None:
    assert found(data, "known_hosts") == []
    assert kind_of_content(data) == "known_hosts"


_HASH = b"|1|" + base64.b64encode(bytes(20)) + b"|" + base64.b64encode(bytes(20))
DEAD = (
    *(b"host:22", b"host:2222", b"10.0.0.1:2222", b"host:*", b"[host]", b"[host]:22", b"[host]:02222", b"[host]:99999"),
    *(b"[a,b]:2222".replace(b",", b"|"), b"[a", b"a]:2222", b"user@host", b"ssh://host", b"host/path"),
    *(_HASH + b",other", b"other," + _HASH, b"!host", b"!a,!b", b"a,user@b", b"!*,a"),
    *(b"2001:db8:0:0:0:0:0:1", b"::ffff:192.0.2.1", b"192.000.002.001", b"a;b", b"*:22"),
)
"""Hosts of which ssh 9.2 and 10.6 find none, or not each."""
ALIVE = (
    *(b"HOST", b"*", b"host?", b"*:2222", b"[host]:2222", b"[host]:*", b"[host]*", b"[*]:2222", b"[*:2222", b"!a,*"),
    *(b"::1", b"2001:DB8::1", b"fe80::1%eth0", b"[::1]:2222", b"a,[a]:1,10.0.0.1", _HASH, b"host_1.local-x", b"h."),
)
"""Hosts that ssh finds, each under some name."""


def _host_lines() -> Iterator[tuple[bytes, str | None]]:
    salt = base64.b64encode(bytes(20))
    yield b"host " + ED25519, None
    yield b"host,10.0.0.1,[host]:2222 " + ED25519, None
    yield b"@cert-authority *.example.com " + ED25519, None
    yield b"@revoked * " + ED25519, None
    yield b"|1|" + salt + b"|" + salt + b" " + ED25519, None
    yield b"@unknown * " + ED25519, "bad-line"
    yield b"|1|" + salt + b"|c2hvcnQ= " + ED25519, "bad-line"
    yield b"|2|" + salt + b"|" + salt + b" " + ED25519, "bad-line"
    yield b"host,, " + ED25519, "noncanonical"
    yield b", " + ED25519, "bad-line"
    yield b"@cert-authority\t* " + ED25519, "bad-line"
    yield b"@revoked\t* " + ED25519, "bad-line"
    yield ED25519, "bad-line"
    yield b"host", "bad-line"
    yield b"host " + ED25519[:40], "bad-line"
    yield b"host ssh-rsa " + ED25519.split()[1], "bad-line"
    yield b"host 1024 35 123456789", "ssh1"
    for hosts in DEAD:
        yield hosts + b" " + ED25519, "dead-host"
    for hosts in ALIVE:
        yield hosts + b" " + ED25519, None


@pytest.mark.parametrize(("line", "name"), list(_host_lines()))
def test_a_line_of_known_hosts(line: bytes, name: str | None) -> None:
    assert [each for _, each in found(line + b"\n", "known_hosts")] == ([name] if name else [])


def test_the_same_key_of_another_host_is_no_duplicate() -> None:
    assert found(b"a " + ED25519 + b"\nb " + ED25519 + b"\n", "known_hosts") == []
    assert found(b"a " + ED25519 + b"\na " + ED25519 + b"\n", "known_hosts") == [(2, "duplicate-key")]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("authorized_keys", "authorized_keys"),
        ("authorized_keys2", "authorized_keys"),
        ("known_hosts", "known_hosts"),
        ("known_hosts.old", "known_hosts"),
        ("ssh_known_hosts", "known_hosts"),
        ("authorized_keys.py", None),
        ("known_hosts.md", None),
    ],
)
def test_the_name_tells_what_a_file_is(name: str, kind: str | None) -> None:
    assert kind_of_name(name) == kind


def test_the_content_tells_what_a_file_is() -> None:
    assert kind_of_content(ED25519 + b"\n") is None
    assert kind_of_content(ED25519 + b"\nnonsense\n") == "authorized_keys"
    assert kind_of_content(b"# ssh keys\nimport this\n") is None


def test_ssh_keygen_reads_the_lines_that_are_clean(tmp_path: Path) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    path = tmp_path / "authorized_keys"
    path.write_bytes(b"\n".join(options + b" " + ED25519 for options in GOOD) + b"\n")
    ran = subprocess.run(["ssh-keygen", "-l", "-f", str(path)], capture_output=True, check=True)
    assert len(ran.stdout.splitlines()) == len(GOOD)
