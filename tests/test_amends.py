"""Numbers that lack their sign byte, and points that lack zero bytes or are not there: `repair` writes what is proved.

The files are made by the encoder of `forged_files`; ssh-keygen and puttygen read what repair writes.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from fixture_files import DERIVER, PASSPHRASE
from forged_files import Pair, load, number, openssh, ppk, string
from pem_family import run, saved

from keyconv import Passphrase
from keyconv.checks.check_file import judge_content
from keyconv.checks.model import Content, Context
from keyconv.engine import convert, read, unlock
from keyconv.errors import KeyconvError
from keyconv.keyfile import Entry, KeyFile, Locked
from keyconv.repairs import Opening, diagnose, search

CURVES = {"nistp256": ec.SECP256R1(), "nistp384": ec.SECP384R1(), "nistp521": ec.SECP521R1()}
Write = Callable[[Pair], bytes]


def unsigned(field: bytes) -> bytes:
    """Leave out the sign byte of an mpint's contents."""
    return field[1:] if field[:1] == b"\0" else field


def rsa_pair(bits: int) -> Pair:
    made = rsa.generate_private_key(65537, bits).private_numbers()
    p, q = max(made.p, made.q), min(made.p, made.q)
    private = (made.d, p, q, pow(q, -1, p))
    return Pair(b"ssh-rsa", tuple(map(number, (65537, made.public_numbers.n))), tuple(map(number, private)))


def ecdsa_pair(name: str) -> Pair:
    while True:
        made = ec.generate_private_key(CURVES[name]).private_numbers()
        if made.private_value.bit_length() % 8 == 0:
            break
    size = (CURVES[name].key_size + 7) // 8
    point = made.public_numbers
    half = b"\4" + point.x.to_bytes(size, "big") + point.y.to_bytes(size, "big")
    return Pair(b"ecdsa-sha2-" + name.encode(), (name.encode(), half), (number(made.private_value),))


def edwards_pair(name: str, *, point_starts: bytes = b"", seed_starts: bytes = b"") -> Pair:
    """A key whose point, or seed, begins with these bytes."""
    kind, size = (ed25519.Ed25519PrivateKey, 32) if name == "ed25519" else (ed448.Ed448PrivateKey, 57)
    for count in range(100_000):
        seed = seed_starts + count.to_bytes(size - len(seed_starts), "little")
        point = kind.from_private_bytes(seed).public_key().public_bytes_raw()
        if point.startswith(point_starts):
            return Pair(f"ssh-{name}".encode(), (point,), (seed,))
    raise AssertionError("no such key")


def same(data: bytes, pair: Pair) -> bool:
    """Whether a file holds this very key, unlocked where it is locked."""
    entry = opened(data)
    return entry.private == opened(openssh(pair.blob, pair.inner())).private


def opened(data: bytes) -> Entry:
    file = read(data)
    assert isinstance(file, KeyFile)
    (entry,) = file.entries
    return unlock(entry, Passphrase(PASSPHRASE), deriver=DERIVER) if isinstance(entry.private, Locked) else entry


def mended(data: bytes, rule: str, passphrase: bytes | None = None) -> bytes:
    """Repair a file that is refused as it is, under this rule."""
    with pytest.raises(KeyconvError):
        opened(data)
    found = search(data, Opening(passphrase=Passphrase(passphrase) if passphrase else None, deriver=DERIVER))
    assert found is not None
    assert found.proved
    assert found.undone == (rule,)
    return found.data


# ── numbers without their sign byte ────────────────────────────────────────────────────────────────────────────────


def stripped(pair: Pair, *, public: bool = True, private: bool = True) -> Pair:
    if pair.kind == "ecdsa":
        return replace(pair, private=tuple(map(unsigned, pair.private)))
    return replace(
        pair,
        public=tuple(map(unsigned, pair.public)) if public else pair.public,
        private=tuple(map(unsigned, pair.private)) if private else pair.private,
    )


WRITERS: dict[str, Write] = {
    "openssh": lambda pair: openssh(pair.blob, pair.inner()),
    "ppk3": lambda pair: ppk(pair),
    "ppk2": lambda pair: ppk(pair, version=2),
}
LOCKING: dict[str, Write] = {
    "openssh": lambda pair: openssh(pair.blob, pair.inner(), cipher="aes256-ctr", passphrase=PASSPHRASE),
    "ppk3": lambda pair: ppk(pair, passphrase=PASSPHRASE),
    "ppk2": lambda pair: ppk(pair, version=2, passphrase=PASSPHRASE),
}


KEYS: dict[str, Callable[[], Pair]] = {
    **{f"rsa {bits}": partial(rsa_pair, bits) for bits in (1024, 2048, 3072)},
    **{
        name: partial(ecdsa_pair, name) for name in ("nistp256", "nistp384")
    },  # nistp521 has scalars of 521 bits at most
    "dsa": partial(load, "dsa1024"),
}


@pytest.mark.parametrize("make", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("name", WRITERS)
def test_numbers_without_their_sign_byte_are_refused_and_repaired(
    make: Callable[[], Pair], name: str, tmp_path: Path
) -> None:
    pair = make()
    wrong = stripped(pair)
    assert wrong != pair
    data = mended(WRITERS[name](wrong), "noncanonical")
    assert same(data, pair)
    tool = ("ssh-keygen", "-y", "-f") if name == "openssh" else ("puttygen", "-L")
    if pair.kind != "dsa" or name == "openssh":
        line = run(tool[0], *tool[1:], saved(tmp_path, data))
        assert line.split()[1] == base64.b64encode(pair.blob)


@pytest.mark.parametrize("name", LOCKING)
@pytest.mark.parametrize("public", [True, False])
def test_with_the_passphrase_an_encrypted_file_is_repaired_too(name: str, public: bool) -> None:
    pair = rsa_pair(1024)
    data = LOCKING[name](stripped(pair, public=public))
    if public:
        with pytest.raises(KeyconvError, match="it lacks its leading zero byte") as refused:
            read(data)
    else:
        with pytest.raises(KeyconvError, match="it lacks its leading zero byte") as refused:
            opened(data)
    assert refused.value.rule == "noncanonical"
    assert "keyconv repair" in refused.value.hint
    assert "--passphrase-file" in refused.value.hint
    found = search(data, Opening(deriver=DERIVER))
    assert found is None or found.undone == ()  # nothing proves the private half
    again = mended(data, "noncanonical", PASSPHRASE)
    assert same(again, pair)
    assert isinstance(read(again).entries[0].private, Locked)


def test_dropbear_numbers_without_their_sign_byte_are_repaired() -> None:
    pair = rsa_pair(1024)
    d, p, q, _ = stripped(pair).private
    data = stripped(pair).blob + b"".join(map(string, (d, p, q)))
    assert mended(data, "noncanonical") == pair.blob + b"".join(map(string, pair.private[:3]))


@pytest.mark.parametrize("name", WRITERS)
def test_what_the_numbers_do_not_prove_is_not_repaired(name: str) -> None:
    pair = stripped(rsa_pair(1024))
    for index in range(3):
        fields = list(pair.private)
        fields[index] = fields[index][:-1] + bytes((fields[index][-1] ^ 2,))
        data = WRITERS[name](replace(pair, private=tuple(fields)))
        with pytest.raises(KeyconvError) as refused:
            read(data)
        assert refused.value.rule not in ("noncanonical", "recomputable-numbers")
        assert search(data) is None


def test_an_edited_ppk_is_not_repaired_although_its_numbers_agree() -> None:
    data = re.sub(rb"Comment: .*", b"Comment: edited", ppk(stripped(rsa_pair(1024))))
    assert search(data) is None


def test_check_names_the_rule_as_an_error_and_offers_the_repair() -> None:
    for data in (WRITERS["openssh"](stripped(rsa_pair(1024))), WRITERS["ppk2"](stripped(rsa_pair(1024)))):
        found = [
            each for each in judge_content(Content("key", data), Context(now=0)).findings if each.rule == "noncanonical"
        ]
        assert [(each.severity, each.fixable) for each in found] == [("error", True)]
        assert "lacks its leading zero byte" in found[0].message


@pytest.mark.parametrize("kind", ["line", "rfc4716"])
def test_a_public_key_without_a_sign_byte_is_named_and_not_read(kind: str) -> None:
    text = base64.b64encode(stripped(rsa_pair(2048)).blob)
    data = b"ssh-rsa " + text + b" made\n"
    if kind == "rfc4716":
        rows = b"\n".join(text[start : start + 64] for start in range(0, len(text), 64))
        data = b"---- BEGIN SSH2 PUBLIC KEY ----\n" + rows + b"\n---- END SSH2 PUBLIC KEY ----\n"
    with pytest.raises(KeyconvError, match="it lacks its leading zero byte") as refused:
        read(data)
    assert search(data) is None
    diagnosis = diagnose(data, refused.value)
    assert not diagnosis.fixable
    assert "keyconv public KEY" in diagnosis.hint


# ── Ed25519 and Ed448 ──────────────────────────────────────────────────────────────────────────────────────────────


def forged(pair: Pair, *, outer: int = 0, inner: int = 0, second: int | None = None, seed: int = 0) -> bytes:
    """An OpenSSH file that lacks so many bytes at the front of each copy; `second` None leaves the last copy out."""
    (point,), (secret,) = pair.public, pair.private
    last = b"" if second is None else point[second:]
    fields = (pair.algorithm, point[inner:], secret[seed:] + last)
    return openssh(string(pair.algorithm) + string(point[outer:]), b"".join(map(string, fields)))


SHORT = {
    "everywhere": {"outer": 1, "inner": 1, "second": 1},
    "outside": {"outer": 1, "second": 0},
    "in the section": {"inner": 1, "second": 0},
    "behind the seed": {"second": 1},
    "inside": {"inner": 1, "second": 1},
}


@pytest.mark.parametrize("copies", SHORT.values(), ids=SHORT)
@pytest.mark.parametrize("name", ["ed25519", "ed448"])
def test_a_point_without_its_leading_zero_byte_is_refused_and_repaired(
    copies: dict[str, int], name: str, tmp_path: Path
) -> None:
    pair = edwards_pair(name, point_starts=b"\0")
    whole = forged(pair, second=0)
    data = forged(pair, **copies)
    with pytest.raises(KeyconvError) as refused:
        read(data)
    assert refused.value.rule == "recomputable-numbers"
    assert "keyconv repair" in refused.value.hint
    again = mended(data, "recomputable-numbers")
    assert opened(again) == replace(opened(whole), comment=b"forged")
    if name == "ed25519":
        assert run("ssh-keygen", "-y", "-f", saved(tmp_path, again)).split()[1] == base64.b64encode(pair.blob)


def test_two_zero_bytes_may_be_missing() -> None:
    pair = edwards_pair("ed25519", point_starts=b"\0\0")
    data = forged(pair, outer=2, inner=2, second=2)
    assert same(mended(data, "recomputable-numbers"), pair)


@pytest.mark.parametrize("name", ["ed25519", "ed448"])
def test_a_seed_alone_is_refused_and_repaired(name: str) -> None:
    pair = edwards_pair(name)
    assert same(mended(forged(pair), "recomputable-numbers"), pair)
    short = edwards_pair(name, point_starts=b"\0")
    assert same(mended(forged(short, outer=1, inner=1), "recomputable-numbers"), short)


def test_a_seed_without_its_leading_zero_byte_is_repaired() -> None:
    pair = edwards_pair("ed25519", seed_starts=b"\0")
    assert same(mended(forged(pair, second=0, seed=1), "recomputable-numbers"), pair)
    assert same(mended(forged(pair, seed=1), "recomputable-numbers"), pair)
    both = edwards_pair("ed25519", seed_starts=b"\0", point_starts=b"\0")
    assert same(mended(forged(both, outer=1, inner=1, second=1, seed=1), "recomputable-numbers"), both)


def test_an_encrypted_one_is_repaired_with_its_passphrase() -> None:
    pair = edwards_pair("ed25519")
    inner = b"".join(map(string, (pair.algorithm, *pair.public, *pair.private)))
    data = openssh(pair.blob, inner, cipher="aes256-ctr", passphrase=PASSPHRASE)
    with pytest.raises(KeyconvError) as refused:
        opened(data)
    assert refused.value.rule == "recomputable-numbers"
    assert same(mended(data, "recomputable-numbers", PASSPHRASE), pair)


def test_a_ppk_with_a_short_point_is_repaired(tmp_path: Path) -> None:
    pair = edwards_pair("ed25519", point_starts=b"\0")
    again = mended(ppk(replace(pair, public=(pair.public[0][1:],))), "recomputable-numbers")
    assert run("puttygen", "-L", saved(tmp_path, again)).split()[1] == base64.b64encode(pair.blob)


@pytest.mark.parametrize("name", ["ed25519", "ed448"])
def test_a_seed_of_another_point_is_not_repaired(name: str) -> None:
    pair, other = edwards_pair(name, point_starts=b"\0"), edwards_pair(name, seed_starts=b"\7")
    for data in (
        forged(replace(pair, private=other.private)),
        forged(replace(pair, private=other.private), outer=1, inner=1, second=1),
        forged(pair, outer=2, inner=1, second=1),
        openssh(other.blob, pair.inner()[:-1]),
    ):
        with pytest.raises(KeyconvError) as refused:
            read(data)
        assert refused.value.rule not in ("noncanonical", "recomputable-numbers")
        assert search(data) is None


def test_a_point_cut_at_its_end_is_not_repaired() -> None:
    pair = edwards_pair("ed25519")
    (point,), (seed,) = pair.public, pair.private
    data = openssh(
        string(pair.algorithm) + string(point[:-1]), b"".join(map(string, (pair.algorithm, point[:-1], seed + point)))
    )
    assert search(data) is None


def test_a_public_line_with_a_short_point_is_named_and_not_read() -> None:
    pair = edwards_pair("ed25519", point_starts=b"\0")
    text = base64.b64encode(string(pair.algorithm) + string(pair.public[0][1:]))
    with pytest.raises(KeyconvError, match="31 bytes instead of 32: its leading zero byte may be missing") as refused:
        read(b"ssh-ed25519 " + text + b"\n")
    assert "keyconv public KEY" in refused.value.hint
    assert search(b"ssh-ed25519 " + text + b"\n") is None


# ── scalars that OpenSSH refuses ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", CURVES)
def test_a_scalar_that_ssh_keygen_refuses_is_noted_and_no_other(name: str, tmp_path: Path) -> None:
    curve = CURVES[name]
    size = (curve.key_size + 7) // 8
    half = curve.key_size // 2
    order = ORDERS[name]
    for d in ((1 << half) - 1, 1 << half, order - 1, order - 2, 5):
        point = ec.derive_private_key(d, curve).public_key().public_numbers()
        public = b"\4" + point.x.to_bytes(size, "big") + point.y.to_bytes(size, "big")
        pair = Pair(b"ecdsa-sha2-" + name.encode(), (name.encode(), public), (number(d),))
        data = openssh(pair.blob, pair.inner())
        for _ in range(2):  # what is proved once is noted again
            noted = [note.code for note in read(data).notes]
            assert noted == ([] if ssh_keygen_reads(saved(tmp_path, data)) else ["unusual-scalar"])
        assert convert(data, "ppk")


ORDERS = {
    "nistp256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "nistp384": int("f" * 48 + "c7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16),
    "nistp521": int("1" + "f" * 65 + "a51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409", 16),
}


def ssh_keygen_reads(path: Path) -> bool:
    import subprocess

    ran = subprocess.run(["ssh-keygen", "-y", "-P", "", "-f", path], capture_output=True, check=False)
    assert ran.returncode == 0 or b"invalid elliptic curve value" in ran.stderr
    return ran.returncode == 0
