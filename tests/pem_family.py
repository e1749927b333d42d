"""What the tests of the PEM family share: its records and fixtures, real tools, and ways to break files."""

from __future__ import annotations

import base64
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from fixture_files import FIXTURES, PASSPHRASE, Fixture
from tools import require

from keyconv import Deriver, Entry, Format, KeyFile, Locked, Passphrase, WriteOptions
from keyconv.codec import public_blob
from keyconv.errors import KeyconvError, MissingPassphraseError
from keyconv.formats.pem import PEM
from keyconv.formats.pkcs1_pub import PKCS1_PUB
from keyconv.formats.pkcs8 import PKCS8
from keyconv.formats.spki import SPKI
from keyconv.keys import PrivateKey, PublicKey
from keyconv.text import pem

RECORDS = {record.name: record for record in (PEM, PKCS8, SPKI, PKCS1_PUB)}
ITERATIONS = 1000
"""Cheap, for the tests alone."""

_DERIVER = Deriver()


def of(*names: str) -> list[Fixture]:
    """Return the fixtures of these formats."""
    return [fixture for fixture in FIXTURES if fixture.format in names]


def params(
    fixtures: list[Fixture], condition: Callable[[Fixture], bool] = lambda fixture: True
) -> pytest.MarkDecorator:
    """Parametrize a test with fixtures, named by their paths."""
    chosen = [fixture for fixture in fixtures if condition(fixture)]
    assert chosen
    return pytest.mark.parametrize("fixture", [pytest.param(each, id=each.path) for each in chosen])


def entry_of(file: KeyFile, passphrase: bytes | None = PASSPHRASE) -> tuple[Entry, list[str]]:
    """Return the one entry of a file, unlocked, and the codes of all notes."""
    (entry,) = file.entries
    codes = [note.code for note in (*file.notes, *entry.notes)]
    if isinstance(entry.private, Locked):
        if passphrase is None:
            raise MissingPassphraseError("the test gave no passphrase")
        opened = entry.private.unlock(Passphrase(passphrase), _DERIVER)
        return Entry(opened.private.public, opened.private), codes + [note.code for note in opened.notes]
    return entry, codes


def private_of(fixture: Fixture) -> PrivateKey:
    """Return the private key of a fixture."""
    return private_in(RECORDS[fixture.format], fixture.data)


def private_in(record: Format, data: bytes, passphrase: bytes | None = PASSPHRASE) -> PrivateKey:
    """Return the private key that a file holds."""
    private = entry_of(record.read(data), passphrase)[0].private
    assert private is not None
    assert not isinstance(private, Locked)
    return private


def public_line(public: PublicKey) -> str:
    """Return type and base64, as the tools print them."""
    return f"{public.algorithm} {base64.b64encode(public_blob.write(public)).decode()}"


def written(record: Format, key: PrivateKey | PublicKey, options: WriteOptions | None = None) -> bytes:
    """Write a key."""
    assert record.write is not None
    entry = Entry(key.public, key) if record.can.private else Entry(key)  # type: ignore[arg-type,union-attr]
    return record.write((entry,), options or WriteOptions())


def locking(
    passphrase: bytes = PASSPHRASE, cipher: str = "", *, seed: int = 0, rounds: int = ITERATIONS
) -> WriteOptions:
    """Options that encrypt, cheaply and repeatably."""
    return WriteOptions(
        passphrase=Passphrase(passphrase), cipher=cipher, rounds=rounds, random=random.Random(seed).randbytes
    )


def scripted(*values: bytes) -> Callable[[int], bytes]:
    """A source of randomness that gives these values in turn, of whatever length."""
    left = list(values)
    return lambda count: left.pop(0)


def idle() -> Deriver:
    """A deriver that must not be used."""

    def refuse(work: Callable[[], bytes]) -> NoReturn:
        raise AssertionError("a KDF was run")

    return Deriver(run=refuse)


def contents(data: bytes) -> bytes:
    """Return the DER of a file, framed or not."""
    return pem.read(data, []).data if data.startswith(b"-----") else data


def run(tool: str, *arguments: str | Path, given: bytes = b"") -> bytes:
    """Run a program that must end with 0, and give its output."""
    ran = subprocess.run([require(tool), *map(str, arguments)], input=given, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode("utf-8", "replace")
    return ran.stdout


def saved(directory: Path, data: bytes, name: str = "key") -> Path:
    """Put a key into a file that ssh-keygen agrees to read."""
    path = directory / name
    path.touch(0o600)
    path.write_bytes(data)
    return path


def secret(directory: Path, passphrase: bytes = PASSPHRASE) -> Path:
    """Put a passphrase into a file, as puttygen and openssl take it."""
    return saved(directory, passphrase + b"\n", "passphrase")


# ── breaking files ─────────────────────────────────────────────────────────────────────────────────────────────────


def prefixes(data: bytes, most: int = 400) -> Iterator[bytes]:
    """Every prefix of a short file; of a long one, the first and last bytes' and some between."""
    step = max(1, len(data) // most)
    yield from (data[:end] for end in range(len(data)) if end < 64 or len(data) - end < 64 or end % step == 0)


def changes(data: bytes, seed: int = 0) -> Iterator[tuple[int, bytes]]:
    """The file with one byte changed, for every byte, and where it was."""
    source = random.Random(seed)
    for index in range(len(data)):
        changed = bytearray(data)
        changed[index] ^= source.choice((1, 2, 4, 8, 16, 32, 64, 128, source.randrange(1, 256)))
        yield index, bytes(changed)


def outcome(record: Format, data: bytes, passphrase: bytes | None = PASSPHRASE) -> PrivateKey | PublicKey | None:
    """Return the key that a file holds, or None where it is refused as it should be: by one of keyconv's errors."""
    try:
        entry, _ = entry_of(record.read(data), passphrase)
    except KeyconvError as error:
        text = str(error)
        assert text
        assert "\n" not in text
        return None
    return entry.public if entry.private is None else entry.private  # type: ignore[return-value]
