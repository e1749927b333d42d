"""The fixtures and their manifest as values, and the ways in which tests pick from them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from keyconv import FORMATS, Deriver, Entry, Format, KeyFile, Passphrase
from keyconv.engine import read, unlock

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet

ROOT = Path(__file__).resolve().parents[1]
FIXTURES_DIR = ROOT / "fixtures"

PASSPHRASE = b"correct horse"
"""The passphrase of every encrypted fixture outside of `passphrases/`."""

PUTTY_TYPES = ("rsa2048", "dsa1024", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "ed448")
"""The id of one key pair for every key type that puttygen can make."""

_READ_BY = {"damaged-ppk": "ppk", "authorized_keys": "openssh-pub"}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a file of many, as the manifest tells it."""

    key: str
    type: str
    line: int | None
    comment: bytes
    options: str | None
    sha256_fingerprint: str
    md5_fingerprint: str
    public_line: str


@dataclass(frozen=True, slots=True, eq=False)
class Fixture:
    """One file and what the real tools say about it; the fields are explained in fixtures/README.md."""

    path: str
    format: str
    family: str | None
    type: str | None
    bits: int | None
    key: str | None
    private: bool
    encrypted: bool
    passphrase: bytes | None
    cipher: str | None
    kdf: dict[str, Any] | None
    comment: bytes | None
    sha256_fingerprint: str | None
    md5_fingerprint: str | None
    public_line: str | None
    tool: str
    opened_by: tuple[str, ...]
    judged_by: tuple[str, ...]
    notes: tuple[str, ...]
    encoding: str
    size: int
    has_certificate: bool
    keys: tuple[Key, ...]

    @property
    def file(self) -> Path:
        """Where it is."""
        return FIXTURES_DIR / self.path

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return self.file.read_bytes()

    @property
    def reader(self) -> str:
        """The name of keyconv's format that has to read it."""
        return _READ_BY.get(self.format, self.format)

    @property
    def registered(self) -> bool:
        """Whether keyconv has its format by now."""
        return self.reader in {known.name for known in FORMATS}

    @property
    def whole(self) -> bool:
        """Whether nothing of it is missing."""
        return not self.format.startswith("damaged")


def _unhex(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def _load_key(item: dict[str, Any]) -> Key:
    return Key(
        key=item["key"],
        type=item["type"],
        line=item.get("line"),
        comment=_unhex(item["comment"]) or b"",
        options=item.get("options"),
        sha256_fingerprint=item["sha256_fingerprint"],
        md5_fingerprint=item["md5_fingerprint"],
        public_line=item["public_line"],
    )


def _load(item: dict[str, Any]) -> Fixture:
    return Fixture(
        path=item["path"],
        format=item["format"],
        family=item["family"],
        type=item["type"],
        bits=item["bits"],
        key=item["key"],
        private=item["private"],
        encrypted=item["encrypted"],
        passphrase=_unhex(item["passphrase"]),
        cipher=item["cipher"],
        kdf=item["kdf"],
        comment=_unhex(item["comment"]),
        sha256_fingerprint=item["sha256_fingerprint"],
        md5_fingerprint=item["md5_fingerprint"],
        public_line=item["public_line"],
        tool=item["tool"],
        opened_by=tuple(item["opened_by"]),
        judged_by=tuple(item["judged_by"]),
        notes=tuple(item["notes"]),
        encoding=item["encoding"],
        size=item["size"],
        has_certificate="certificate" in item,
        keys=tuple(map(_load_key, item.get("keys", ()))),
    )


FIXTURES: tuple[Fixture, ...] = tuple(
    map(_load, json.loads((FIXTURES_DIR / "manifest.json").read_text("utf-8"))["files"])
)

READABLE: tuple[Fixture, ...] = tuple(fixture for fixture in FIXTURES if fixture.registered)
"""Those of a format that keyconv has by now; new formats join by themselves."""

_BY_PATH = {fixture.path: fixture for fixture in FIXTURES}


def by_path(path: str) -> Fixture:
    """Return the fixture at this path below fixtures/."""
    return _BY_PATH[path]


def pick(condition: Callable[[Fixture], bool], among: Iterable[Fixture] = READABLE) -> list[ParameterSet]:
    """Return the fixtures for which `condition` holds, as parameters named by their paths."""
    return [pytest.param(fixture, id=fixture.path) for fixture in among if condition(fixture)]


def formats(condition: Callable[[Format], bool] = lambda known: True) -> list[ParameterSet]:
    """Return the registered formats for which `condition` holds, as parameters named by their names."""
    return [pytest.param(known, id=known.name) for known in FORMATS if condition(known)]


DERIVER = Deriver()
"""One for all fixtures, so that each of their KDFs runs once in a test process."""


@cache
def keyfile(fixture: Fixture) -> KeyFile:
    """Read a fixture; encrypted keys stay locked."""
    return read(fixture.data)


@cache
def opened(fixture: Fixture, number: int = 1) -> Entry:
    """Read a fixture and unlock one of its keys with the passphrase of the manifest."""
    passphrase = None if fixture.passphrase is None else Passphrase(fixture.passphrase)
    return unlock(keyfile(fixture).entries[number - 1], passphrase, deriver=DERIVER)


def sample(path: str) -> Entry:
    """Return the one key of the fixture at this path, unlocked."""
    return opened(by_path(path))
