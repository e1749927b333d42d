"""Forged files are refused with their cause named: no key is given out that was not proved.

The files are built by `forged_files`, an encoder of its own. Where a format has a MAC or a tag it is made right again,
so that only the arithmetic can notice.
"""

from __future__ import annotations

import base64
import itertools
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from math import gcd, lcm, prod
from typing import NoReturn

import pytest
from composites import COMPOSITES
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fixture_files import DERIVER, PASSPHRASE, PUTTY_TYPES, by_path, sample
from forged_files import CURVES, OPENSSH_CIPHERS, Pair, load, number, openssh, ppk, ppk_blobs, stranger, string

from keyconv import Deriver, Entry, convert, inspect, write
from keyconv.engine import choose, read, unlock
from keyconv.errors import (
    ContradictionError,
    KeyconvError,
    LimitError,
    MacError,
    MalformedError,
    MismatchError,
    MissingPassphraseError,
    NotAKeyError,
    UnsupportedError,
    WrongPassphraseError,
)

PPK_VERSIONS = (3, 2)
LOCKS = (b"", PASSPHRASE)
ED25519_TYPES = ("ed25519", "ed448")
SEALED = ("aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com")
Maker = Callable[[Pair], bytes]

MAKERS: dict[str, Maker] = {
    "ppk": lambda pair: ppk(pair),
    "ppk-locked": lambda pair: ppk(pair, passphrase=PASSPHRASE),
    "ppk2": lambda pair: ppk(pair, version=2),
    "ppk2-locked": lambda pair: ppk(pair, version=2, passphrase=PASSPHRASE),
    "openssh": lambda pair: openssh(pair.blob, pair.inner()),
    "openssh-locked": lambda pair: openssh(pair.blob, pair.inner(), cipher="aes256-ctr", passphrase=PASSPHRASE),
}
"""The private formats here, in clear and locked, by name: from a pair to a file whose MAC is right."""

every_format = pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in MAKERS.items()])
every_type = pytest.mark.parametrize("key", PUTTY_TYPES)
every_lock = pytest.mark.parametrize(
    "passphrase", [pytest.param(b"", id="plain"), pytest.param(PASSPHRASE, id="locked")]
)


def _open(data: bytes) -> Entry:
    return unlock(choose(read(data)), PASSPHRASE, deriver=DERIVER)


def _idle() -> Deriver:
    def must_not_run(work: Callable[[], bytes]) -> NoReturn:
        raise AssertionError("a KDF was run")

    return Deriver(run=must_not_run)


def _edit(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) == 1
    return data.replace(old, new)


def _flip(data: bytes, index: int = 0) -> bytes:
    changed = bytearray(data)
    changed[index] ^= 1
    return bytes(changed)


# ── the forger is honest where it is meant to be ───────────────────────────────────────────────────────────────────


@every_format
@every_type
def test_an_honest_file_of_the_forger_is_read(make: Maker, key: str) -> None:
    entry = _open(make(load(key)))
    assert entry.private == sample(f"ppk/{key}-v3-plain.ppk").private
    assert entry.comment == b"forged"


@every_format
@every_type
def test_a_stranger_is_a_valid_key_of_the_same_type_and_another_one(make: Maker, key: str) -> None:
    mine, other = _open(make(load(key))), _open(make(stranger(key)))
    assert mine.public is not None
    assert other.public is not None
    assert mine.public.algorithm == other.public.algorithm
    assert mine.public != other.public


@pytest.mark.parametrize("cipher", SEALED)
def test_an_honest_sealed_file_of_the_forger_is_read(cipher: str) -> None:
    pair = load("ed25519")
    data = openssh(pair.blob, pair.inner(), cipher=cipher, passphrase=PASSPHRASE)
    assert _open(data).private == sample("ppk/ed25519-v3-plain.ppk").private


# ── a public half of another key ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", PPK_VERSIONS)
@every_lock
@every_type
def test_a_ppk_with_the_public_half_of_another_key_is_refused(version: int, passphrase: bytes, key: str) -> None:
    pair = load(key).with_public(*stranger(key).public)
    with pytest.raises(MismatchError, match="public half is not of this private half"):
        _open(ppk(pair, version=version, passphrase=passphrase))


@pytest.mark.parametrize("version", PPK_VERSIONS)
@every_lock
def test_a_ppk_with_the_certificate_of_another_key_is_refused(version: int, passphrase: bytes) -> None:
    certificate = ppk_blobs(by_path("certificates/user-ed25519-v3-plain.ppk").data)[0]
    algorithm = b"ssh-ed25519-cert-v01@openssh.com"
    honest = ppk(load("ed25519"), version=version, passphrase=passphrase, public=certificate, algorithm=algorithm)
    assert _open(honest).certificate is not None
    forged = ppk(stranger("ed25519"), version=version, passphrase=passphrase, public=certificate, algorithm=algorithm)
    with pytest.raises(MismatchError, match="public half is not of this private half"):
        _open(forged)


@pytest.mark.parametrize("other", ["rsa3072", "rsa1024-e37"])
@every_format
def test_an_rsa_key_with_the_modulus_of_another_is_refused_whatever_their_exponents(make: Maker, other: str) -> None:
    with pytest.raises(MismatchError):
        _open(make(load("rsa2048").with_public(*load(other).public)))


OUTER, INNER, BOTH = "outer", "inner", "both"
CIPHERS = tuple(OPENSSH_CIPHERS)


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("where", [OUTER, INNER, BOTH])
@every_type
def test_an_openssh_file_with_the_public_half_of_another_key_is_refused(key: str, where: str, cipher: str) -> None:
    pair, other = load(key), stranger(key)
    forged = pair.with_public(*other.public)
    outer = pair.blob if where == INNER else other.blob
    inner = pair.inner() if where == OUTER else forged.inner()
    with pytest.raises(MismatchError):
        _open(openssh(outer, inner, cipher=cipher, passphrase=b"" if cipher == "none" else PASSPHRASE))


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("key", ED25519_TYPES)
def test_an_eddsa_secret_whose_second_half_is_another_key_is_refused(key: str, cipher: str) -> None:
    pair, other = load(key), stranger(key)
    passphrase = b"" if cipher == "none" else PASSPHRASE
    with pytest.raises(MismatchError, match="two different public points"):
        _open(openssh(pair.blob, pair.inner(other.public[0]), cipher=cipher, passphrase=passphrase))
    # Everything public is the stranger's but the second half, which fits the seed.
    forged = pair.with_public(*other.public)
    with pytest.raises(MismatchError):
        _open(openssh(forged.blob, forged.inner(pair.public[0]), cipher=cipher, passphrase=passphrase))


@every_type
def test_what_a_locked_file_claims_in_clear_is_a_claim_until_it_is_unlocked(key: str) -> None:
    data = openssh(stranger(key).blob, load(key).inner(), cipher="aes256-ctr", passphrase=PASSPHRASE)
    assert choose(read(data)).public == _open(openssh(stranger(key).blob, stranger(key).inner())).public
    for target in ("openssh", "ppk"):
        with pytest.raises(MismatchError):
            convert(data, target, passphrase=PASSPHRASE)


def test_a_fido_key_with_two_different_public_halves_is_refused() -> None:
    name, point = b"sk-ssh-ed25519@openssh.com", load("ed25519").public[0]
    handle = b"\1" + string(bytes(range(64))) + string(b"")

    def halves(application: bytes) -> bytes:
        return b"".join(map(string, (name, point, application)))

    assert _open(openssh(halves(b"ssh:"), halves(b"ssh:") + handle)).private is not None
    with pytest.raises(MismatchError):
        _open(openssh(halves(b"ssh:"), halves(b"ssh:else") + handle))


@pytest.mark.parametrize("where", [OUTER, INNER, BOTH])
@pytest.mark.parametrize("part", ["ML-DSA", "Ed25519", "both"])
def test_an_mldsa_key_with_a_public_half_of_another_key_is_refused(part: str, where: str) -> None:
    library = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa")
    name = b"ssh-mldsa44-ed25519"

    def halves(fill: int) -> tuple[bytes, bytes, bytes]:
        seed = bytes((fill,)) * 32
        lattice = library.MLDSA44PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()
        return lattice, Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw(), seed + seed

    (lattice, point, seeds), (other_lattice, other_point, _) = halves(1), halves(2)
    mine = string(name) + string(lattice + point)
    forged_lattice = lattice if part == "Ed25519" else other_lattice
    forged = string(name) + string(forged_lattice + (point if part == "ML-DSA" else other_point))
    assert _open(openssh(mine, mine + string(seeds))).private is not None
    outer, inner = mine if where == INNER else forged, mine if where == OUTER else forged
    with pytest.raises(MismatchError):
        _open(openssh(outer, inner + string(seeds)))


@pytest.mark.parametrize("key", ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521"])
@every_format
def test_a_curve_that_is_not_the_algorithms_is_refused(make: Maker, key: str) -> None:
    pair = load(key)
    for curve in (b"nistp256", b"nistp384", b"nistp521", b"nistp192", b""):
        if curve != pair.public[0]:
            with pytest.raises((MismatchError, MalformedError), match="curve"):
                _open(make(pair.with_public(curve, pair.public[1])))


@pytest.mark.parametrize("version", PPK_VERSIONS)
@every_lock
def test_a_ppk_whose_first_line_names_another_type_is_refused(version: int, passphrase: bytes) -> None:
    for algorithm in (b"ssh-rsa", b"ssh-ed448", b"ssh-ed25519-cert-v01@openssh.com", b"rsa-sha2-256", b"unknown"):
        with pytest.raises(MismatchError, match="type on line 1"):
            _open(ppk(load("ed25519"), version=version, passphrase=passphrase, algorithm=algorithm))


# ── an edited PPK ──────────────────────────────────────────────────────────────────────────────────────────────────


def _wrapped(blob: bytes) -> bytes:
    text = base64.b64encode(blob)
    rows = [text[start : start + 64] for start in range(0, len(text), 64)]
    return b"Public-Lines: %d\n" % len(rows) + b"\n".join(rows)


def _edits(data: bytes) -> dict[str, bytes]:
    """Every part of a PPK that its MAC covers, changed into something else that is well formed."""
    blob, private = ppk_blobs(data)
    secret, changed = (base64.b64encode(each)[:64] for each in (private, _flip(private, 20)))
    head, mac = data.rstrip(b"\n").rsplit(b": ", 1)
    return {
        "comment": _edit(data, b"Comment: forged\n", b"Comment: forget\n"),
        "comment gone": _edit(data, b"Comment: forged\n", b"Comment: \n"),
        "comment with a space more": _edit(data, b"Comment: forged\n", b"Comment: forged \n"),
        "type": _edit(data, b": ssh-rsa\n", b": rsa-sha2-256\n"),
        "public blob": _edit(data, _wrapped(blob), _wrapped(stranger("rsa2048").blob)),
        "private blob": _edit(data, secret, changed),
        "MAC": head + b": " + mac[::-1] + b"\n",
        "MAC of zeros": head + b": " + b"0" * len(mac) + b"\n",
    }


every_edit = pytest.mark.parametrize("what", _edits(ppk(load("rsa2048"))))


@pytest.mark.parametrize("version", PPK_VERSIONS)
@every_edit
def test_an_edited_ppk_in_clear_is_refused_by_its_mac(version: int, what: str) -> None:
    with pytest.raises(MacError, match="MAC does not fit"):
        read(_edits(ppk(load("rsa2048"), version=version))[what])


@pytest.mark.parametrize("version", PPK_VERSIONS)
@every_edit
def test_an_edited_ppk_that_is_locked_is_refused_by_its_mac(version: int, what: str) -> None:
    edited = _edits(ppk(load("rsa2048"), version=version, passphrase=PASSPHRASE))[what]
    with pytest.raises(WrongPassphraseError, match="MAC does not fit") as refusal:
        _open(edited)
    assert "edited" in str(refusal.value)
    with pytest.raises(WrongPassphraseError):
        convert(edited, "openssh", passphrase=PASSPHRASE)


def test_a_ppk_of_version_1_with_an_edited_private_half_is_refused() -> None:
    for name in ("private-hash", "private-mac"):
        data = by_path(f"ppk1/rsa2048-v1-{name}-plain.ppk").data
        secret = base64.b64encode(ppk_blobs(data)[1])[:64]
        changed = base64.b64encode(_flip(ppk_blobs(data)[1], 20))[:64]
        with pytest.raises(MacError):
            read(_edit(data, secret, changed))


def test_a_ppk_of_version_1_whose_mac_covers_no_public_half_is_refused_by_the_arithmetic() -> None:
    data = by_path("ppk1/ed25519-v1-private-mac-plain.ppk").data
    blob, other = load("ed25519").blob, stranger("ed25519").blob
    first, second = (base64.b64encode(each) for each in (blob, other))
    edited = _edit(_edit(data, first[:64], second[:64]), b"\n" + first[64:], b"\n" + second[64:])
    with pytest.raises(MismatchError):
        read(edited)


# ── an edited file under an authenticating cipher ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("cipher", SEALED)
@pytest.mark.parametrize("index", [0, 7, 15])
def test_a_changed_tag_is_refused(cipher: str, index: int) -> None:
    pair = load("ed25519")
    tag = _flip(_tag(cipher), index)
    data = openssh(pair.blob, pair.inner(), cipher=cipher, passphrase=PASSPHRASE, tag=tag)
    with pytest.raises(WrongPassphraseError, match="the tag of"):
        _open(data)


def _tag(cipher: str) -> bytes:
    pair = load("ed25519")
    whole = openssh(pair.blob, pair.inner(), cipher=cipher, passphrase=PASSPHRASE)
    return base64.b64decode(b"".join(whole.split(b"\n")[1:-2]))[-16:]


@pytest.mark.parametrize("path", ["aes128-gcm", "aes256-gcm", "chacha20-poly1305"])
@pytest.mark.parametrize("index", [-17, -18, -100, -130])
def test_a_changed_ciphertext_is_refused_by_the_tag(path: str, index: int) -> None:
    rows = by_path(f"openssh/ed25519-{path}-encrypted").data.split(b"\n")
    changed = base64.b64encode(_flip(base64.b64decode(b"".join(rows[1:-2])), index))
    wrapped = [changed[start : start + 70] for start in range(0, len(changed), 70)]
    with pytest.raises(WrongPassphraseError, match="the tag of"):
        _open(b"\n".join([rows[0], *wrapped, *rows[-2:]]))


@pytest.mark.parametrize("cipher", SEALED)
def test_a_tag_cut_short_or_missing_is_refused_before_any_kdf_runs(cipher: str) -> None:
    pair = load("ed25519")
    for tag in (b"", _tag(cipher)[:-1]):
        with pytest.raises(MalformedError, match="authentication tag"):
            read(_retagged(openssh(pair.blob, pair.inner(), cipher=cipher, passphrase=PASSPHRASE), tag))


def _retagged(data: bytes, tag: bytes) -> bytes:
    rows = data.split(b"\n")
    text = base64.b64encode(base64.b64decode(b"".join(rows[1:-2]))[:-16] + tag)
    return b"\n".join([rows[0], *(text[start : start + 70] for start in range(0, len(text), 70)), *rows[-2:]])


# ── RSA ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rsa(e: int, n: int, d: int, p: int, q: int, iqmp: int) -> Pair:
    return Pair(b"ssh-rsa", (number(e), number(n)), (number(d), number(p), number(q), number(iqmp)))


def _rsa_numbers() -> tuple[int, int, int, int, int, int]:
    pair = load("rsa1024-e37")
    e, n, d, p, q, iqmp = (int.from_bytes(field, "big") for field in (*pair.public, *pair.private))
    return e, n, d, p, q, iqmp


def _consistent(p: int, q: int, e: int = 65537) -> Pair:
    """Return a key of two factors, prime or not, in which every number fits the others."""
    modulus = lcm(p - 1, q - 1)
    while gcd(e, modulus) != 1:
        e += 2
    return _rsa(e, p * q, pow(e, -1, modulus), p, q, pow(q, -1, p))


def _mersenne(exponent: int) -> int:
    return (1 << exponent) - 1


PSEUDOPRIME = 1287836182261 * 2575672364521
"""The smallest number that passes Miller and Rabin's test to the first thirteen primes as bases."""


def _forged_rsa() -> dict[str, Pair]:
    e, n, d, p, q, iqmp = _rsa_numbers()
    period = lcm(p - 1, q - 1)
    return {
        "iqmp + 1": _rsa(e, n, d, p, q, iqmp + 1),
        "iqmp = 0": _rsa(e, n, d, p, q, 0),
        "iqmp not reduced": _rsa(e, n, d, p, q, iqmp + p),
        "iqmp of p": _rsa(e, n, d, p, q, pow(p, -1, q)),
        "d + 2": _rsa(e, n, d + 2, p, q, iqmp),
        "d = 1": _rsa(e, n, 1, p, q, iqmp),
        "d not below n": _rsa(e, n, d + period * (n // period + 1), p, q, iqmp),
        "d of another e": _rsa(e + 2, n, d, p, q, iqmp),
        "p composite": _consistent(_mersenne(127) * _mersenne(521), _mersenne(607)),
        "q composite": _consistent(_mersenne(607), _mersenne(127) * _mersenne(521)),
        "q composite, a pseudoprime": _consistent(_mersenne(607), PSEUDOPRIME),
        "p = q": _rsa(e, p * p, pow(e, -1, p - 1), p, p, 1),
        "n even": _rsa(e, 2 * q, pow(e, -1, q - 1), q, 2, pow(2, -1, q)),
        "p even": _rsa(e, n, d, p + 1, q, iqmp),
        "p = n, q = 1": _rsa(e, n, d, n, 1, 1),
        "p = 1, q = n": _rsa(e, n, d, 1, n, 1),
        "e = 1": _rsa(1, n, 1, p, q, iqmp),
        "e even": _rsa(e + 1, n, d, p, q, iqmp),
        "e = n": _rsa(n, n, d, p, q, iqmp),
        "n + 2": _rsa(e, n + 2, d, p, q, iqmp),
        "n not p * q, iqmp wrong": _rsa(e, n + 2, d, p, q, iqmp + 1),
    }


@pytest.mark.parametrize("what", _forged_rsa())
@every_format
def test_rsa_numbers_that_do_not_fit_are_refused(make: Maker, what: str) -> None:
    expected = {"n + 2": MismatchError, "e = n": LimitError}.get(what, ContradictionError)
    with pytest.raises(expected, match="is not prime" if "composite" in what else None):
        _open(make(_forged_rsa()[what]))


@pytest.mark.parametrize("name", COMPOSITES)
def test_an_rsa_key_of_which_a_factor_only_looks_prime_is_refused(name: str) -> None:
    factor = prod(COMPOSITES[name])
    for first, second in ((factor, _mersenne(2203)), (_mersenne(2203), factor)):
        with pytest.raises(ContradictionError, match="is not prime"):
            _open(ppk(_consistent(first, second)))


def test_an_rsa_key_of_two_real_primes_built_the_same_way_is_read() -> None:
    assert _open(ppk(_consistent(_mersenne(607), _mersenne(521)))).private is not None


@every_format
def test_an_rsa_key_with_p_and_q_exchanged_is_the_same_key_and_noted(make: Maker) -> None:
    e, n, d, p, q, iqmp = _rsa_numbers()
    entry = _open(make(_rsa(e, n, d, q, p, pow(p, -1, q))))
    assert entry.private == _open(make(_rsa(e, n, d, p, q, iqmp))).private


def test_sizes_are_judged_before_any_arithmetic() -> None:
    e, n, d, p, q, iqmp = _rsa_numbers()
    wide = Pair(b"ssh-rsa", (number(65537), number(2**16384 - 1)), ())
    line = b"ssh-rsa " + base64.b64encode(wide.blob)
    assert choose(read(line + b"\n")).public is not None
    for pair in (
        Pair(b"ssh-rsa", (number(65537), number(2**16384 + 1)), ()),
        Pair(b"ssh-rsa", (number(2**256 + 1), number(n)), ()),
        Pair(b"ssh-dss", (number(2**8192 + 1), number(2**159 + 1), number(2), number(3)), ()),
    ):
        with pytest.raises(LimitError, match="the limit is"):
            read(pair.algorithm + b" " + base64.b64encode(pair.blob) + b"\n")
    for data in (ppk(_rsa(e, n, d, 2**17000 + 1, q, iqmp)), ppk(_rsa(e, n, 2**140_000, p, q, iqmp))):
        with pytest.raises(LimitError):
            read(data)


# ── DSA ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _dsa(p: int, q: int, g: int, y: int, x: int) -> Pair:
    return Pair(b"ssh-dss", tuple(map(number, (p, q, g, y))), (number(x),))


def _forged_dsa() -> dict[str, tuple[Pair, type[KeyconvError]]]:
    pair = load("dsa1024")
    p, q, g, y, x = (int.from_bytes(field, "big") for field in (*pair.public, *pair.private))
    composite = p * (2 * q + 1)  # still 1 modulo q; g and y are lifted so that both keep the order q
    lift = pow(p, -1, 2 * q + 1) * p
    high_g = (g + (1 - g) * lift) % composite
    out = ContradictionError
    return {
        "y of another x": (_dsa(p, q, g, y * g % p, x), MismatchError),
        "x of another y": (_dsa(p, q, g, y, x % (q - 1) + 1), MismatchError),
        "y not in the group": (_dsa(p, q, g, y + 1, x), out),
        "y = 0": (_dsa(p, q, g, 0, x), out),
        "y = 1": (_dsa(p, q, g, 1, x), out),
        "y = p + y": (_dsa(p, q, g, p + y, x), out),
        "g = 0": (_dsa(p, q, 0, 0, x), out),
        "g = 1": (_dsa(p, q, 1, 1, x), out),
        "g = p - 1": (_dsa(p, q, p - 1, pow(p - 1, x, p), x), out),
        "g = p + g": (_dsa(p, q, p + g, y, x), out),
        "g of another order": (_dsa(p, q, g + 1, pow(g + 1, x, p), x), out),
        "q does not divide p - 1": (_dsa(p, q - 2, g, y, x), out),
        "q of 161 bits": (_dsa(p, q + 2**160, g, y, x), out),
        "q even": (_dsa(p, q - 1, g, y, x), out),
        "p even": (_dsa(p - 1, q, g, y, x), out),
        "p composite": (_dsa(composite, q, high_g, pow(high_g, x, composite), x), out),
        "x = 0": (_dsa(p, q, g, y, 0), out),
        "x = q": (_dsa(p, q, g, y, q), out),
        "x = q + x": (_dsa(p, q, g, y, q + x), out),
    }


@pytest.mark.parametrize("what", _forged_dsa())
@every_format
def test_dsa_numbers_that_do_not_fit_are_refused(make: Maker, what: str) -> None:
    pair, expected = _forged_dsa()[what]
    words = {"p composite": "is not prime", "q does not divide p - 1": "does not divide"}
    with pytest.raises(expected, match=words.get(what)):
        _open(make(pair))


# ── points ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _forged_ecdsa(key: str) -> dict[str, Pair]:
    pair = load(key)
    curve, point = pair.public
    size = CURVES[curve][1]
    d = int.from_bytes(pair.private[0], "big")
    x, y = point[1 : 1 + size], point[1 + size :]
    order = {
        "ecdsa-p256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        "ecdsa-p384": int("F" * 48 + "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16),
        "ecdsa-p521": int("1" + "F" * 64 + "FA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409", 16),
    }[key]
    return {
        "d = 0": pair.with_private(b""),
        "d = n": pair.with_private(number(order)),
        "d = n + d": pair.with_private(number(order + d)),
        "d = n - 1 + 2^8": pair.with_private(number(order + 255)),
        "off the curve": pair.with_public(curve, point[:-1] + bytes((point[-1] ^ 1,))),
        "x = y = 0": pair.with_public(curve, b"\4" + bytes(2 * size)),
        "coordinates of all ones": pair.with_public(curve, b"\4" + b"\xff" * 2 * size),
        "compressed": pair.with_public(curve, bytes((2 + (y[-1] & 1),)) + x),
        "hybrid": pair.with_public(curve, bytes((6 + (y[-1] & 1),)) + x + y),
        "infinity": pair.with_public(curve, b"\0"),
        "no point": pair.with_public(curve, b""),
        "infinity, long": pair.with_public(curve, bytes(len(point))),
        "cut short": pair.with_public(curve, point[:-1]),
        "too long": pair.with_public(curve, point + b"\0"),
    }


@pytest.mark.parametrize("what", _forged_ecdsa("ecdsa-p256"))
@pytest.mark.parametrize("key", ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521"])
@every_format
def test_an_ecdsa_scalar_or_point_that_cannot_be_is_refused(make: Maker, key: str, what: str) -> None:
    with pytest.raises(ContradictionError):
        _open(make(_forged_ecdsa(key)[what]))


@pytest.mark.parametrize("key", ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521"])
@every_format
def test_the_negative_of_a_point_is_another_key(make: Maker, key: str) -> None:
    pair = load(key)
    curve, point = pair.public
    size = CURVES[curve][1]
    prime = {32: 2**256 - 2**224 + 2**192 + 2**96 - 1, 48: 2**384 - 2**128 - 2**96 + 2**32 - 1, 66: 2**521 - 1}[size]
    negative = prime - int.from_bytes(point[1 + size :], "big")
    forged = pair.with_public(curve, point[: 1 + size] + negative.to_bytes(size, "big"))
    with pytest.raises(MismatchError):
        _open(make(forged))


SMALL_ORDER = (
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
)
"""The eight points of Ed25519 whose order divides the cofactor, as libsodium lists them."""

NOT_CANONICAL = (
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
)


@pytest.mark.parametrize("point", [*SMALL_ORDER, *NOT_CANONICAL])
@every_format
def test_an_ed25519_point_of_small_order_or_another_spelling_is_refused(make: Maker, point: str) -> None:
    pair = load("ed25519").with_public(bytes.fromhex(point))
    with pytest.raises(ContradictionError, match="small order" if point in SMALL_ORDER else "canonical"):
        _open(make(pair))
    with pytest.raises(ContradictionError):
        read(b"ssh-ed25519 " + base64.b64encode(pair.blob) + b"\n")


@pytest.mark.parametrize("key", ED25519_TYPES)
@every_format
def test_a_seed_or_point_of_another_length_is_refused(make: Maker, key: str) -> None:
    pair = load(key)
    (point,), (seed,) = pair.public, pair.private
    for forged in (
        pair.with_private(seed + b"\0"),
        pair.with_private(b""),
        pair.with_private(seed + point),
        pair.with_public(point + b"\0"),
        pair.with_public(point[:-1]),
        pair.with_public(b""),
    ):
        with pytest.raises(MalformedError, match="bytes instead of"):
            _open(make(forged))


# ── zeros ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("key", ["rsa1024-e37", "dsa1024", "ecdsa-p256", "ed25519", "ed448"])
@pytest.mark.parametrize("small", [b"", b"\1", b"\2"], ids=["0", "1", "2"])
def test_zeros_and_ones_anywhere_divide_nothing(key: str, small: bytes) -> None:
    pair = load(key)
    fields = (*pair.public, *pair.private)
    fixed = 1 if pair.kind == "ecdsa" else 0  # the curve's name is no number
    for chosen in itertools.product((False, True), repeat=len(fields) - fixed):
        if not any(chosen):
            continue
        values = [small if swap else field for swap, field in zip((False,) * fixed + chosen, fields, strict=True)]
        forged = Pair(pair.algorithm, tuple(values[: len(pair.public)]), tuple(values[len(pair.public) :]))
        for data in (ppk(forged), openssh(forged.blob, forged.inner())):
            with pytest.raises(KeyconvError):
                read(data)


@every_type
def test_fields_of_nothing_but_zero_bytes_are_refused(key: str) -> None:
    pair = load(key)
    forged = Pair(
        pair.algorithm,
        tuple(field if field in CURVES else bytes(len(field)) for field in pair.public),
        tuple(bytes(len(field)) for field in pair.private),
    )
    for make in MAKERS.values():
        with pytest.raises(KeyconvError):
            _open(make(forged))


# ── the structure of an OpenSSH file ───────────────────────────────────────────────────────────────────────────────


def _ed25519(**changes: object) -> bytes:
    pair = load("ed25519")
    return openssh(pair.blob, pair.inner(), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("cipher", ["none", "aes256-ctr"])
@pytest.mark.parametrize(
    "padding", [b"\1\2\4", b"\0\0\0", b"\0\1\2", b"\2\3\4", b"\1\2\2", b"\1\1\1", b"\3\2\1", b"AAA", b"\xff\xff\xff"]
)
def test_wrong_padding_is_refused(padding: bytes, cipher: str) -> None:
    passphrase = b"" if cipher == "none" else PASSPHRASE
    length = OPENSSH_CIPHERS[cipher].block
    for inside in range(length):  # the one comment length at which three bytes fill the block
        comment = b"c" * inside
        section = 8 + len(load("ed25519").inner()) + 4 + len(comment) + len(padding)
        if section % length == 0:
            with pytest.raises(MalformedError, match="padding"):
                _open(_ed25519(cipher=cipher, passphrase=passphrase, comment=comment, padding=padding))
            return
    raise AssertionError("no comment length fits")


def test_a_whole_block_of_right_padding_is_read() -> None:
    pair = load("ed25519")
    for extra in range(8):
        comment = b"c" * extra
        missing = -(8 + len(pair.inner()) + 4 + extra) % 8
        data = openssh(pair.blob, pair.inner(), comment=comment, padding=bytes(range(1, missing + 9)))
        assert _open(data).comment == comment


def test_check_integers_that_differ_are_damage_in_clear_and_a_wrong_passphrase_when_locked() -> None:
    with pytest.raises(MalformedError, match="check integers"):
        read(_ed25519(checks=(1, 2)))
    with pytest.raises(WrongPassphraseError):
        _open(_ed25519(checks=(1, 2), cipher="aes256-ctr", passphrase=PASSPHRASE))


@pytest.mark.parametrize("cipher", ["none", "aes256-ctr"])
def test_a_number_of_keys_that_is_not_there_is_refused_at_once(cipher: str) -> None:
    passphrase = b"" if cipher == "none" else PASSPHRASE
    for count, expected in ((0, MalformedError), (2, MalformedError), (257, LimitError), (2**31, LimitError)):
        with pytest.raises(expected):
            read(_ed25519(count=count, cipher=cipher, passphrase=passphrase))
    with pytest.raises(LimitError):
        read(_ed25519(count=2**32 - 1, cipher=cipher, passphrase=passphrase))


def test_256_public_halves_of_which_one_has_no_private_one_are_refused() -> None:
    blobs = (load("ed25519").blob,) * 256
    with pytest.raises(MalformedError):
        read(openssh(blobs, load("ed25519").inner()))
    key = load("ed25519").inner() + string(b"")
    assert len(read(openssh(blobs, key * 255 + load("ed25519").inner())).entries) == 256


@pytest.mark.parametrize("cipher", CIPHERS)
def test_bytes_after_the_last_field_are_refused(cipher: str) -> None:
    passphrase = b"" if cipher == "none" else PASSPHRASE
    for after in (b"\0", b"extra bytes", bytes(16)):
        with pytest.raises(MalformedError, match="too many"):
            read(_ed25519(cipher=cipher, passphrase=passphrase, after=after))
        with pytest.raises(MalformedError, match="padding"):
            _open(_ed25519(cipher=cipher, passphrase=passphrase, inside=after))
    pair = load("ed25519")
    with pytest.raises(MalformedError, match="too many"):
        read(openssh(pair.blob + b"\0", pair.inner(), cipher=cipher, passphrase=passphrase))


def test_bytes_after_the_last_field_of_a_ppks_blobs_are_refused() -> None:
    pair = load("ed25519")
    private = b"".join(map(string, pair.private))
    for passphrase in LOCKS:
        for version in PPK_VERSIONS:
            with pytest.raises(MalformedError, match="too many"):
                _open(ppk(pair, version=version, passphrase=passphrase, public=pair.blob + b"\0"))
            with pytest.raises(MalformedError, match=r"too many|padding"):
                _open(ppk(pair, version=version, passphrase=passphrase, private=private + bytes(16)))


def test_kdf_and_cipher_must_agree() -> None:
    broken: tuple[dict[str, object], ...] = (
        {"kdf": b"bcrypt"},
        {"options": string(bytes(16)) + bytes(4)},
        {"cipher": "aes256-ctr", "passphrase": PASSPHRASE, "kdf": b"none"},
        {"cipher": "aes256-ctr", "passphrase": PASSPHRASE, "options": b""},
        {"cipher": "aes256-ctr", "passphrase": PASSPHRASE, "options": string(bytes(16)) + b"\0\0\0\1\0"},
        {"cipher": "aes256-ctr", "passphrase": PASSPHRASE, "options": string(bytes(16)) + b"\0\0\1"},
        {"cipher": "aes256-ctr", "section": bytes(15)},
        {"cipher": "aes256-ctr", "section": b""},
        {"section": bytes(7)},
        {"section": b""},
    )
    for changes in broken:
        with pytest.raises(MalformedError):
            read(_ed25519(**changes))
    unknown: tuple[dict[str, object], ...] = (
        {"cipher": "rot13"},
        {"cipher": "aes256-ctr", "passphrase": PASSPHRASE, "kdf": b"scrypt"},
    )
    for changes in unknown:
        with pytest.raises(UnsupportedError):
            read(_ed25519(**changes))


def test_a_wrong_magic_is_named() -> None:
    data = by_path("openssh/ed25519-plain").data
    with pytest.raises(MalformedError, match="openssh-key-v1"):
        read(_edit(data, b"\nb3BlbnNzaC1rZXktdjE", b"\nb3BlbnNzaC1rZXktdjI"))


# ── KDFs that would never end ──────────────────────────────────────────────────────────────────────────────────────


def _argon2(**values: object) -> bytes:
    data = ppk(load("ed25519"), passphrase=PASSPHRASE)
    for name, value in values.items():
        header = b"Argon2-" + name.capitalize().encode() + b": "
        start = data.index(header) + len(header)
        data = data[:start] + str(value).encode() + data[data.index(b"\n", start) :]
    return data


def _bcrypt(salt: bytes, rounds: int) -> bytes:
    return _ed25519(cipher="aes256-ctr", passphrase=PASSPHRASE, options=string(salt) + rounds.to_bytes(4, "big"))


BOMBS: dict[str, tuple[bytes, type[KeyconvError]]] = {
    "argon2 of 1 TiB": (_argon2(memory=2**30), LimitError),
    "argon2 of 1 GiB and 1 KiB": (_argon2(memory=2**20 + 1), LimitError),
    "argon2 of ten digits of KiB": (_argon2(memory=9999999999), LimitError),
    "argon2 of 2^32 - 1 passes": (_argon2(passes=2**32 - 1), LimitError),
    "argon2 of 64 KiB, 65537 times": (_argon2(passes=65537), LimitError),
    "argon2 of 65 lanes": (_argon2(memory=1024, parallelism=65), LimitError),
    "argon2 of negative memory": (_argon2(memory=-18446744073709543424), MalformedError),
    "argon2 of memory with a sign": (_argon2(memory="+64"), MalformedError),
    "argon2 of memory with a zero before": (_argon2(memory="064"), MalformedError),
    "argon2 of other digits": (_argon2(memory="６４"), MalformedError),
    "argon2 of eleven digits": (_argon2(memory=10**10), MalformedError),
    "argon2 of no passes": (_argon2(passes=0), MalformedError),
    "argon2 of no lanes": (_argon2(parallelism=0), MalformedError),
    "argon2 of no memory": (_argon2(memory=0), MalformedError),
    "argon2 of 31 KiB for 4 lanes": (_argon2(memory=31, parallelism=4), MalformedError),
    "argon2 of no salt": (_argon2(salt=""), MalformedError),
    "argon2 of half a byte of salt": (_argon2(salt="abc"), MalformedError),
    "argon2 of 7 bytes of salt": (_argon2(salt="00" * 7), LimitError),
    "argon2 of 1025 bytes of salt": (_argon2(salt="00" * 1025), LimitError),
    "bcrypt of 2^31 rounds": (_bcrypt(bytes(16), 2**31), LimitError),
    "bcrypt of 1025 rounds": (_bcrypt(bytes(16), 1025), LimitError),
    "bcrypt of 0 rounds": (_bcrypt(bytes(16), 0), MalformedError),
    "bcrypt of no salt": (_bcrypt(b"", 16), MalformedError),
    "bcrypt of 1025 bytes of salt": (_bcrypt(bytes(1025), 16), LimitError),
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_kdf_that_costs_too_much_is_refused_without_running_it(what: str) -> None:
    data, expected = BOMBS[what]
    tracemalloc.start()
    try:
        with pytest.raises(expected) as refusal:
            unlock(choose(read(data)), PASSPHRASE, deriver=_idle())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refusal.value.exit_code == 3
    assert not isinstance(refusal.value, WrongPassphraseError)
    assert peak < 2**20


@pytest.mark.parametrize("what", [what for what, (_, expected) in BOMBS.items() if expected is LimitError])
def test_the_cost_is_refused_before_a_passphrase_is_asked_for(what: str) -> None:
    with pytest.raises(LimitError) as refusal:
        unlock(choose(read(BOMBS[what][0])), None, deriver=_idle())
    assert not isinstance(refusal.value, MissingPassphraseError)


def test_a_costly_file_still_shows_what_it_is() -> None:
    for what in ("argon2 of 1 TiB", "bcrypt of 2^31 rounds"):
        said = inspect(read(BOMBS[what][0]))
        assert said["type"] == "ssh-ed25519"
        assert any(note.startswith("costly-kdf") for note in said["notes"])


def test_a_costly_kdf_runs_when_it_is_allowed() -> None:
    ran: list[bool] = []

    def run(work: Callable[[], bytes]) -> bytes:
        ran.append(True)
        return bytes(48)

    data = BOMBS["bcrypt of 1025 rounds"][0]
    with pytest.raises(WrongPassphraseError):
        unlock(choose(read(data)), PASSPHRASE, deriver=Deriver(allow_costly=True, run=run))
    assert ran == [True]


# ── comments that forge lines ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n", "\u2028".encode(), "\u0085".encode(), b"\0", b"\x0b", b"\x0c"])
def test_a_line_end_in_a_comment_forges_no_second_line(end: bytes) -> None:
    evil = b"me" + end + b"ssh-ed25519 " + base64.b64encode(stranger("ed25519").blob) + b" evil"
    data = _ed25519(comment=evil)
    mine = sample("ppk/ed25519-v3-plain.ppk")
    line = convert(data, "openssh-pub")
    assert line.decode().splitlines() == line.decode().split("\n")[:-1]
    assert len(line.splitlines()) == 1
    for target in ("openssh-pub", "rfc4716", "ppk", "ppk2", "openssh"):
        (entry,) = read(convert(data, target)).entries
        assert entry.public == mine.public
        assert end not in (entry.comment or b"")


def test_a_header_in_a_comment_forges_no_key_in_a_ppk() -> None:
    other = ppk(stranger("ed25519"))
    evil = b"me\nPublic-Lines: 2\n" + b"\n".join(other.split(b"\n")[4:6])
    (entry,) = read(convert(_ed25519(comment=evil), "ppk")).entries
    assert entry.private == sample("ppk/ed25519-v3-plain.ppk").private


# ── what is said ───────────────────────────────────────────────────────────────────────────────────────────────────


@every_type
def test_no_number_of_a_key_is_in_an_error_or_a_repr(key: str) -> None:
    pair = load(key)
    forged = pair.with_public(*stranger(key).public)
    for make in MAKERS.values():
        with pytest.raises(KeyconvError) as refusal:
            _open(make(forged))
        said = "".join((str(refusal.value), repr(refusal.value), refusal.value.hint))
        shown = repr(_open(make(pair)))
        for secret in pair.private:
            for spelled in (secret.hex(), str(int.from_bytes(secret, "big")), repr(secret)[2:-1]):
                assert spelled not in said
                assert spelled not in shown


def test_text_that_only_looks_like_a_key_is_no_key() -> None:
    for data in (b"-----BEGIN OPENSSH PRIVATE KEY----\n", b"PuTTY-User-Key-File-4: ssh-rsa\n", b"PuTTY-User-Key-File-"):
        with pytest.raises((NotAKeyError, UnsupportedError)):
            read(data)


def test_replacing_the_public_half_of_a_read_key_does_not_get_past_writing() -> None:
    mine, other = sample("ppk/ed25519-v3-plain.ppk"), _open(ppk(stranger("ed25519")))
    with pytest.raises(KeyconvError):
        write(replace(mine, public=other.public), "openssh")
