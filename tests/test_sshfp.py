"""SSHFP records: what `ssh-keygen -r` prints, and nothing that could be read as a key."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from pathlib import Path

import pytest
from fixture_files import Fixture, by_path, pick, sample
from tools import PATIENCE, require

from keyconv import Entry, WriteOptions
from keyconv.errors import MisfitError, UnsupportedError
from keyconv.formats.sshfp import SSHFP

NUMBERED = {"rsa", "dsa", "ecdsa", "ed25519"}


def _write(*entries: Entry, line_end: bytes = b"\n") -> bytes:
    assert SSHFP.write is not None
    return SSHFP.write(entries, WriteOptions(line_end=line_end))


@pytest.mark.parametrize("fixture", pick(lambda each: each.path.startswith("openssh-pub/") and each.family in NUMBERED))
def test_the_records_are_those_that_ssh_keygen_prints(fixture: Fixture, tmp_path: Path) -> None:
    ssh_keygen = require("ssh-keygen")
    line = tmp_path / "key.pub"
    line.write_text(f"{fixture.public_line}\n")
    said = subprocess.run([ssh_keygen, "-r", "@", "-f", line], check=True, capture_output=True, timeout=PATIENCE).stdout
    assert _write(sample(fixture.path)) == said


def test_ed448_has_the_number_of_rfc_8709() -> None:
    fixture = by_path("openssh-pub/ed448.pub")
    blob = base64.b64decode((fixture.public_line or "").split()[1])
    lines = _write(sample(fixture.path)).decode().splitlines()
    assert lines == [
        f"@ IN SSHFP 6 1 {hashlib.sha1(blob).hexdigest()}",
        f"@ IN SSHFP 6 2 {hashlib.sha256(blob).hexdigest()}",
    ]


def test_a_private_key_and_a_certificate_give_the_records_of_the_plain_public_key() -> None:
    expected = _write(sample("openssh-pub/ed25519.pub"))
    assert _write(sample("openssh/ed25519-plain")) == expected
    assert _write(sample("certificates/user-ed25519-v3-plain.ppk")) == expected


def test_several_keys_and_other_line_ends() -> None:
    entries = [sample(f"openssh-pub/{key}.pub") for key in ("ed25519", "rsa2048")]
    data = _write(*entries, line_end=b"\r\n")
    assert data == b"".join(_write(entry) for entry in entries).replace(b"\n", b"\r\n")
    assert data.count(b"\r\n") == 4


def test_keys_without_a_number_are_not_declared() -> None:
    assert SSHFP.can.families == NUMBERED | {"ed448"}
    assert not SSHFP.can.private


def test_it_is_never_read() -> None:
    data = _write(sample("openssh-pub/ed25519.pub"))
    assert not SSHFP.sniff(data)
    with pytest.raises(UnsupportedError, match="holds only hashes of a key, not the key"):
        SSHFP.read(data)


def test_a_key_that_hides_its_public_half_must_be_unlocked_first() -> None:
    with pytest.raises(MisfitError, match="unlocked"):
        _write(Entry(None))
