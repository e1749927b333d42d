"""Every prefix and every one-byte change of a key file gives a KeyFile or a KeyconvError, and never another key.

One small file stands for each format, type and protection. A long one (RSA, DSA, certificates) is cut and changed at a
fixed stride, the others at every byte.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fixture_files import DERIVER, READABLE, Fixture, keyfile, opened, pick
from tools import some

from keyconv import Deriver, Entry, KeyFile, Locked, Passphrase
from keyconv.crypto.kdf import Kdf
from keyconv.engine import read, unlock
from keyconv.errors import KeyconvError, LimitError

LONG = 480
"""Bytes from which on a file counts as long; every Ed25519 key is shorter."""

SLOW = ("dsa", "ed448")
"""Families whose arithmetic in plain Python takes a millisecond a key: their files always count as long."""

POSITIONS = 60
"""Bytes that are changed in a long file, about."""


class _Thrifty(Deriver):
    """Takes every KDF but the fixture's own, which runs once for all tests, for too costly."""

    def __init__(self, *kdfs: Kdf) -> None:
        super().__init__()
        self._allowed = set(kdfs)

    def check(self, kdf: Kdf) -> None:
        if kdf not in self._allowed:
            raise LimitError("another KDF than the fixture's")

    def derive(self, kdf: Kdf, passphrase: Passphrase, length: int) -> bytes:
        self.check(kdf)
        return DERIVER.derive(kdf, passphrase, length)


def _cost(fixture: Fixture) -> int:
    kdf = fixture.kdf or {}
    return int(kdf.get("memory", 16)) * int(kdf.get("passes", kdf.get("rounds", kdf.get("iterations", 0))))


def _representatives() -> list[Fixture]:
    """For each format, type and protection the smallest file with the cheapest KDF."""
    chosen: dict[tuple[object, ...], Fixture] = {}
    for fixture in sorted(READABLE, key=lambda each: (_cost(each), each.size)):
        if fixture.whole and not fixture.keys:
            kind = (fixture.reader, fixture.type, fixture.encrypted, fixture.encoding)
            chosen.setdefault(kind, fixture)
    for fixture in READABLE:
        if fixture.keys and fixture.size < 1000:
            chosen[fixture.path,] = fixture
    return sorted(chosen.values(), key=lambda each: each.path)


every_kind = pytest.mark.parametrize("fixture", pick(lambda fixture: True, _representatives()))


def _deriver(fixture: Fixture) -> Deriver:
    locked = (entry.private for entry in keyfile(fixture).entries)
    return _Thrifty(*(private.protection.kdf for private in locked if isinstance(private, Locked)))


def _open_all(data: bytes, fixture: Fixture, deriver: Deriver) -> list[Entry]:
    """Read some content and unlock whatever is locked in it; nothing where that is refused as it should be."""
    passphrase = Passphrase(fixture.passphrase or b"")
    try:
        file = read(data)
        assert isinstance(file, KeyFile)
        return [unlock(entry, passphrase, deriver=deriver) for entry in file.entries]
    except KeyconvError:
        return []


def _stride(fixture: Fixture) -> int:
    slow = fixture.size >= LONG or fixture.family in SLOW
    return max(1, fixture.size // POSITIONS) if slow else 1


def _changes(fixture: Fixture) -> Iterator[tuple[int, bytes]]:
    """One bit off, a letter in the other case, a line end (in binary the high bit); of a long file the first two.

    One of them in turn at each place, or all with KEYCONV_TESTS=all.
    """
    data, stride = fixture.data, _stride(fixture)
    for position in some(range(0, len(data), stride), 250, fixture.path):
        byte = data[position]
        others = {byte ^ 1, byte ^ 0x20}
        if stride == 1:
            others.add(0x0A if fixture.encoding == "text" else byte ^ 0x80)
        for other in some(sorted(others - {byte}), 1, position):
            yield position, data[:position] + bytes((other,)) + data[position + 1 :]


def _states_the_key_once(fixture: Fixture) -> bool:
    """Whether a file holds nothing but a secret, any of which is a key: nobody can tell a change in it."""
    in_pkcs8 = fixture.reader == "pkcs8" and fixture.family in ("dsa", "ed25519", "ed448")
    return (in_pkcs8 and "one-asymmetric-key" not in fixture.path) or "no-public" in fixture.path


@every_kind
def test_every_prefix_is_read_or_refused(fixture: Fixture) -> None:
    data, deriver = fixture.data, _deriver(fixture)
    for length in {*range(0, len(data), _stride(fixture)), *range(len(data) - 50, len(data))}:
        _open_all(data[:length], fixture, deriver)


@every_kind
def test_every_one_byte_change_is_read_or_refused_and_never_read_as_another_private_key(fixture: Fixture) -> None:
    deriver = _deriver(fixture)
    meant = [opened(fixture, number + 1) for number in range(len(keyfile(fixture).entries))]
    for position, changed in _changes(fixture):
        found = _open_all(changed, fixture, deriver)
        if not fixture.private or _states_the_key_once(fixture) or len(found) != len(meant):
            continue
        for entry, original in zip(found, meant, strict=True):
            assert entry.public == original.public, position
            if not (fixture.family or "").startswith("sk-"):  # a FIDO key handle is proved by its authenticator alone
                assert entry.private == original.private, position


@pytest.mark.parametrize(
    "fixture", pick(lambda fixture: fixture.private and not _states_the_key_once(fixture), _representatives())
)
def test_a_private_file_with_a_byte_more_or_less_never_holds_another_key(fixture: Fixture) -> None:
    data, deriver = fixture.data, _deriver(fixture)
    original = opened(fixture).public
    for position in range(0, len(data), 4 * _stride(fixture)):
        for changed in (data[:position] + data[position + 1 :], data[:position] + b"A" + data[position:]):
            for entry in _open_all(changed, fixture, deriver):
                assert entry.public == original or len(keyfile(fixture).entries) > 1, position


@every_kind
def test_bytes_before_and_after_are_read_or_refused(fixture: Fixture) -> None:
    data, deriver = fixture.data, _deriver(fixture)
    for extra in (b"\0", b"\n", b"\r\n", b" ", b"\t", b"A", b"\xef\xbb\xbf", b"\x1a", b"-----BEGIN ", b"\xff" * 40):
        _open_all(extra + data, fixture, deriver)
        _open_all(data + extra, fixture, deriver)
    _open_all(data + data, fixture, deriver)
    _open_all(data.replace(b"\n", b"\r\n"), fixture, deriver)
    _open_all(data.replace(b"\n", b"\r"), fixture, deriver)
    _open_all(data.replace(b"\n", b""), fixture, deriver)
