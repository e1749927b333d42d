"""One wrong character: no change that alters a key is passed, and none is 'repaired' into another key.

Characters of the base64 are changed in turn, each into one other that a seeded generator chooses: of a long file 400,
and all with KEYCONV_TESTS=all. A change may hit what is not the key (a comment, a number that follows from the others);
then the key must still be the same.
"""

from __future__ import annotations

import random
import string
from collections.abc import Iterator

import pytest
from fixture_files import by_path
from tools import some

from keyconv import Entry, Locked
from keyconv.engine import read
from keyconv.errors import KeyconvError
from keyconv.keys import PrivateKey
from keyconv.repairs import diagnose, search

ALPHABET = string.ascii_letters + string.digits + "+/"


FILES = {
    "pem, rsa": "pem/rsa2048-ssh-keygen-plain.pem",
    "pem, ecdsa": "pem/ecdsa-p256-ssh-keygen-plain.pem",
    "pkcs8, rsa": "pkcs8/rsa2048-openssl-plain.pem",
    "openssh, rsa": "openssh/rsa2048-plain",
    "openssh, ed25519": "openssh/ed25519-plain",
    "openssh, ecdsa": "openssh/ecdsa-p256-plain",
    "ppk 3, rsa": "ppk/rsa2048-v3-plain.ppk",
    "ppk 2, ed25519": "ppk/ed25519-v2-plain.ppk",
}


def changes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Change every character of every line of base64, one at a time."""
    rng = random.Random(len(data))
    start = 0
    for row in data.split(b"\n"):
        if row and b":" not in row and not row.startswith(b"-"):
            for position in range(start, start + len(row.rstrip(b"="))):
                other = rng.choice(ALPHABET.replace(chr(data[position]), ""))
                yield position, data[:position] + other.encode() + data[position + 1 :]
        start += len(row) + 1


def data_of(name: str) -> bytes:
    return by_path(FILES[name]).data


def private_of(entry: Entry) -> PrivateKey:
    assert entry.private is not None
    assert not isinstance(entry.private, Locked)
    return entry.private


@pytest.mark.parametrize("name", FILES)
def test_no_changed_character_gives_another_key(name: str) -> None:
    (before,) = read(data_of(name)).entries
    key = private_of(before)
    tried = passed = mended = 0
    for position, data in some(changes(data_of(name)), 400, name):
        tried += 1
        try:
            (entry,) = read(data).entries
        except KeyconvError as error:
            found = search(data)
            if found is not None:
                mended += 1
                (entry,) = found.keyfile.entries
                assert private_of(entry) == key, f"{position}: repaired into another key"
                assert set(found.undone) <= {"recomputable-numbers", "noncanonical"}, position
                assert private_of(read(found.data).entries[0]) == key
            elif tried % 16 == 0:
                diagnosis = diagnose(data, error)
                assert diagnosis.rule
                assert not diagnosis.fixable
            continue
        passed += 1
        assert private_of(entry) == key, f"{position}: passed as another key"
        assert entry.public == before.public
        assert "ppk" not in name, "the MAC covers everything"
    assert tried >= 100
    assert passed <= 80, "a comment's characters alone"
    assert bool(mended) == (name in ("pem, rsa", "pkcs8, rsa", "openssh, rsa")), "where numbers follow from others"


@pytest.mark.parametrize(
    "path", ["openssh/rsa2048-plain", "pem/rsa2048-ssh-keygen-plain.pem", "ppk/rsa2048-v2-plain.ppk"]
)
def test_a_character_that_is_gone_or_there_twice_gives_no_other_key(path: str) -> None:
    data = by_path(path).data
    key = private_of(read(data).entries[0])
    rng = random.Random(path)
    for position in rng.sample(range(120, len(data) - 80), 60):
        for damaged in (
            data[:position] + data[position + 1 :],
            data[:position] + data[position : position + 1] + data[position:],
        ):
            found = search(damaged)
            if found is not None:
                assert private_of(found.keyfile.entries[0]) == key


@pytest.mark.parametrize(
    "path", ["openssh/rsa2048-plain", "pem/ecdsa-p256-ssh-keygen-plain.pem", "ppk/ed25519-v3-plain.ppk"]
)
def test_two_lines_in_the_wrong_order_give_no_other_key(path: str) -> None:
    data = by_path(path).data
    key = private_of(read(data).entries[0])
    rows = data.split(b"\n")
    for index in range(1, len(rows) - 3):
        swapped = [*rows[:index], rows[index + 1], rows[index], *rows[index + 2 :]]
        found = search(b"\n".join(swapped))
        if found is not None:
            assert private_of(found.keyfile.entries[0]) == key
