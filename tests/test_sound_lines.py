"""Lines told to be sound in bulk: reported no line that the rules object to, and of nearly all others."""

from __future__ import annotations

import base64
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fixture_files import FIXTURES_DIR, by_path
from hypothesis import given
from hypothesis import strategies as st
from tools import some

from keyconv.checks import lines, rules
from keyconv.checks.bulk import USUAL_FAMILIES, find_sound
from keyconv.checks.check_file import judge_stream
from keyconv.checks.lines import LineFile, check_lines
from keyconv.checks.model import Context, LineKind, Thresholds
from keyconv.checks.published import read_blocklist
from keyconv.crypto.fingerprint import sha256
from keyconv.errors import ContradictionError
from keyconv.proof.points import are_all_ed25519, check_ed25519
from keyconv.text.rows import Row, TextFacts, read_rows

ED25519 = by_path("openssh-pub/ed25519.pub").data.rstrip(b"\n")
RSA = by_path("openssh-pub/rsa3072.pub").data.rstrip(b"\n")
ECDSA = by_path("openssh-pub/ecdsa-p256.pub").data.rstrip(b"\n")
HASHED_HOST = b"|1|" + base64.b64encode(bytes(20)) + b"|" + base64.b64encode(bytes(range(20))) + b" "
USUAL = {"ed25519": ED25519, "ecdsa": ECDSA, "rsa": RSA}
ON_HOSTS = {"host": b"host.example.org,[10.0.0.1]:2222 " + ED25519, "hashed": HASHED_HOST + ECDSA}
DEFAULT = Context(now=1_800_000_000, thorough=False)


def _all(data: bytes, kind: LineKind, context: Context) -> tuple[object, ...]:
    file = LineFile("x", kind, context)
    findings = list(check_lines(file, iter((data,))))
    return findings, file.keys, file.bad, file.moduli, file.facts


def _same(data: bytes, kind: LineKind, context: Context = DEFAULT) -> None:
    """With and without the short way everything that is found must be the same."""
    with pytest.MonkeyPatch.context() as patch:
        short = _all(data, kind, context)
        patch.setattr(lines, "find_sound", lambda *_, **__: {})
        assert short == _all(data, kind, context)


def _count(*texts: bytes, on_hosts: bool = False, context: Context = DEFAULT) -> int:
    rows = [Row(text, number) for number, text in enumerate(texts, 1)]
    kind: LineKind = "known_hosts" if on_hosts else "authorized_keys"
    tests = {family: rules.BOOK.usual(family, kind, context) for family in USUAL_FAMILIES}
    return len(find_sound(rows, on_hosts=on_hosts, tests=tests))


# ── which lines take the short way ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", USUAL)
def test_usual_lines_do(name: str) -> None:
    assert _count(USUAL[name]) == 1
    assert _count(b" ".join(USUAL[name].split()[:2])) == 1
    assert _count(b"example.org " + USUAL[name], on_hosts=True) == 1


@pytest.mark.parametrize("name", ON_HOSTS)
def test_lines_of_hosts_do(name: str) -> None:
    assert _count(ON_HOSTS[name], on_hosts=True) == 1
    assert _count(ON_HOSTS[name]) == 0


def test_rsa_keys_do_from_the_bits_that_are_asked_for() -> None:
    short = by_path("openssh-pub/rsa2048.pub").data.rstrip()
    assert _count(RSA, context=Context(now=0)) == 0
    assert _count(RSA, context=_asking_for(3073)) == 0
    assert _count(short, context=_asking_for(2048)) == 1
    assert _count(short, context=_asking_for(3072)) == 0


def _asking_for(bits: int) -> Context:
    return Context(now=0, thresholds=Thresholds(rsa_bits=bits), thorough=False)


def test_none_does_where_there_is_a_blocklist_or_a_choice_of_types() -> None:
    blob = base64.b64decode(ED25519.split()[1])
    blocklist = read_blocklist([("list", sha256(blob))])
    for context in (
        Context(now=0, blocklist=blocklist),
        Context(now=0, key_types=frozenset({"rsa"})),
        Context(now=0, thresholds=Thresholds(rsa_bits_error=4096, rsa_bits=2048), thorough=False),
    ):
        file = LineFile("x", "authorized_keys", context)
        assert list(check_lines(file, iter((ED25519 + b"\n" + RSA + b"\n",))))
        _same(ED25519 + b"\n" + RSA + b"\n", "authorized_keys", context)


def test_known_keys_do_not() -> None:
    # RFC 8032, test 1: the secret is printed there.
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + public
    line = b"ssh-ed25519 " + base64.b64encode(blob)
    assert _count(line) == 0
    file = LineFile("x", "authorized_keys", DEFAULT)
    assert "predictable-key" in [each.rule for each in check_lines(file, iter((line + b"\n",)))]


# ── the same is found ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", [*USUAL, *ON_HOSTS])
def test_whatever_byte_is_changed(name: str) -> None:
    kind: LineKind = "authorized_keys" if name in USUAL else "known_hosts"
    line = USUAL.get(name) or ON_HOSTS[name]
    generator = random.Random(name)
    made = [line]
    for place in some(range(len(line)), 150, name):
        for byte in {*b"A/=\x00\t \r\x80", line[place] ^ 1, generator.randrange(256)}:
            made.append(line[:place] + bytes((byte,)) + line[place + 1 :])
        made.append(line[:place] + line[place + 1 :])
        made.append(line[:place] + line[place : place + 1] + line[place:])
        made.append(line[:place])
    generator.shuffle(made)
    _same(b"\n".join(made), kind)
    for each in some(made, 60):
        _same(each + b"\n", kind)


@pytest.mark.parametrize("name", USUAL)
def test_whatever_bit_of_the_blob_is_changed(name: str) -> None:
    word, encoded = USUAL[name].split()[:2]
    blob = base64.b64decode(encoded)
    changed = [
        blob[:place] + bytes((blob[place] ^ bit,)) + blob[place + 1 :]
        for place in range(len(blob))
        for bit in (1, 2, 128)
    ]
    data = b"".join(word + b" " + base64.b64encode(each) + b" somebody\n" for each in [*changed, blob + b"\0"])
    _same(data, "authorized_keys")


@pytest.mark.parametrize("kind", ["authorized_keys", "known_hosts"])
def test_in_all_fixtures_one_after_the_other(kind: LineKind) -> None:
    paths = [path for path in sorted(FIXTURES_DIR.rglob("*")) if path.is_file() and path.stat().st_size < 20_000]
    data = b"\n".join(path.read_bytes() for path in paths)
    assert data.count(b"\n") > 3000
    _same(data, kind)
    _same(data * 2, kind, Context(now=0))


@given(comment=st.binary(max_size=40), hosts=st.binary(max_size=20), which=st.sampled_from(sorted(USUAL)))
def test_whatever_is_beside_the_key(comment: bytes, hosts: bytes, which: str) -> None:
    key = b" ".join(USUAL[which].split()[:2])
    _same(key + b" " + comment + b"\n" + key + comment, "authorized_keys")
    _same(hosts + b" " + key + b" " + comment, "known_hosts")


@given(st.lists(st.sampled_from([ED25519, ECDSA, b"", b"x", b"# no key", ED25519[:60]]), max_size=8))
def test_in_lines_that_end_with_cr_alone(texts: list[bytes]) -> None:
    for end in (b"\r", b"\r\r\n", b"\n\r"):
        data = end.join(texts)
        _same(data, "authorized_keys")
        _same(data + end, "authorized_keys")


def test_rows_between_crs_have_numbers_of_their_own() -> None:
    rows = list(read_rows(iter((b"a\r\r\rb\rx\rx\n\r\nc\r",)), 100, TextFacts()))
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert [row.text for row in rows] == [b"a", b"", b"", b"b", b"x", b"x", b"", b"c", b""]


def test_repeated_keys_are_found_among_sound_and_other_lines() -> None:
    data = b"\n".join((ED25519, b"no-pty " + ED25519, RSA, ECDSA, b"restrict " + RSA, ECDSA, ED25519, b""))
    file = LineFile("x", "authorized_keys", DEFAULT)
    found = [(each.line, each.message[-6:]) for each in check_lines(file, iter((data,)))]
    assert found == [(6, "line 4"), (7, "line 1")]
    _same(data, "authorized_keys")


# ── many points ────────────────────────────────────────────────────────────────────────────────────────────────────


def _points(count: int) -> list[bytes]:
    seeds = (number.to_bytes(32, "big") for number in range(count))
    return [
        Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        for seed in seeds
    ]


def _is_accepted(point: bytes) -> bool:
    try:
        check_ed25519(point)
    except ContradictionError:
        return False
    return True


@given(st.binary(min_size=32, max_size=32))
def test_one_point_is_judged_as_by_itself(point: bytes) -> None:
    assert are_all_ed25519([point]) == _is_accepted(point)


def test_points_of_small_order_and_out_of_range_are_refused() -> None:
    p = 2**255 - 19
    # The roots of d y^4 + 2 y^2 - 1: points that double to one of order 4.
    roots = [0, 1, p - 1, *(y for y in _roots(p))]
    assert len(roots) == 5
    for y in [*roots, *range(p, 2**255)]:
        for sign in (0, 1 << 255):
            point = (y | sign).to_bytes(32, "little")
            assert not _is_accepted(point)
            assert not are_all_ed25519([point])
            assert not are_all_ed25519([*_points(5), point])


def _roots(p: int) -> list[int]:
    d = -121665 * pow(121666, -1, p) % p
    found = []
    for half in (_square_root(1 + d, p), -_square_root(1 + d, p)):
        y = _square_root((half - 1) * pow(d, -1, p) % p, p)
        if y:
            found += [y, p - y]
    return found


def _square_root(number: int, p: int) -> int:
    """Source: RFC 8032 section 5.1.3, step 3; 0 where there is none."""
    root = pow(number, (p + 3) // 8, p)
    for candidate in (root, root * pow(2, (p - 1) // 4, p) % p):
        if (candidate * candidate - number) % p == 0:
            return candidate
    return 0


def test_many_good_points_are_accepted_and_bad_ones_found_wherever_they_are() -> None:
    good = _points(150)
    assert are_all_ed25519(good)
    generator = random.Random(1)
    bad = [point for point in (generator.randbytes(32) for _ in range(200)) if not _is_accepted(point)]
    assert 70 < len(bad) < 130
    for count in (1, 2, 3, 4, 60):
        for _ in range(10):
            mixed = good + bad[:count]
            generator.shuffle(mixed)
            assert not are_all_ed25519(mixed)


def test_a_bad_point_among_a_thousand_lines_is_named() -> None:
    rows = [b"ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + point) for point in _points(1100)]
    bad = next(point for point in (bytes((number,)) * 32 for number in range(2, 99)) if not _is_accepted(point))
    rows[700] = b"ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bad) + b" a comment"
    file = LineFile("x", "authorized_keys", DEFAULT)
    found = [(each.line, each.rule) for each in check_lines(file, iter((b"\n".join(rows) + b"\n",)))]
    # The first keys of these secrets are printed in documents.
    assert (701, "weak-point") in found
    assert {rule for line, rule in found if line != 701} == {"predictable-key"}
    _same(b"\n".join(rows), "authorized_keys")


def test_a_file_larger_than_a_key_file_is_judged_so_that_time_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_STREAMED_BITS", 2 * 3072)
    other = by_path("openssh-pub/rsa2048.pub").data
    for data, kept, left_out in ((RSA + b"\n" + ED25519, 1, False), (RSA + b"\n" + other * 2, 2, False)):
        file, findings = judge_stream("x", "authorized_keys", iter((data,)), Context(now=0))
        list(findings)
        assert (len(file.moduli), file.left_out, len(file.remarks)) == (kept, left_out, 1)
    monkeypatch.setattr(lines, "MAX_STREAMED_BITS", 3072)
    file, findings = judge_stream("x", "authorized_keys", iter((RSA + b"\n" + other,)), Context(now=0))
    list(findings)
    assert (len(file.moduli), file.left_out) == (1, True)
    file, findings = judge_stream("x", "authorized_keys", iter((ED25519,)), Context(now=0))
    assert (list(findings)[1:], file.remarks) == ([], ())
