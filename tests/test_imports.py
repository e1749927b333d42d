"""Heavy libraries are loaded by those who need them: asked of fresh interpreters, by what they import."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fixture_files import by_path

import keyconv

HEAVY = {"cryptography", "bcrypt", "argon2"}
KDFS = {"bcrypt", "argon2"}
_IMPORTED = re.compile(r"^import time:.*\| +(\S+)$", re.MULTILINE)

READ_FILE = "import sys; data = open(sys.argv[1], 'rb').read(); import keyconv; "

PLAIN = (
    ("ppk/rsa2048-v3-plain.ppk", "openssh"),
    ("ppk/ed25519-v2-plain.ppk", "openssh"),
    ("openssh/rsa2048-plain", "ppk"),
    ("openssh/ecdsa-p256-plain", "ppk2"),
)


def _run(*arguments: str) -> set[str]:
    """Run a fresh interpreter and give the top-level names of all that it imported."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", "/nonexistent"),
        "PYTHONPATH": str(Path(keyconv.__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    result = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )
    said = "\n".join(line for line in result.stderr.splitlines() if not line.startswith("import time:"))
    assert result.returncode == 0, said
    return {name.split(".")[0] for name in _IMPORTED.findall(result.stderr)}


def test_import_keyconv_loads_no_cryptography() -> None:
    imported = _run("-c", "import keyconv; dir(keyconv); keyconv.__version__")
    assert "keyconv" in imported
    assert not imported & HEAVY


def test_naming_every_public_name_loads_no_cryptography() -> None:
    assert not _run("-c", "import keyconv; [getattr(keyconv, name) for name in keyconv.__all__]") & HEAVY


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_command_line_says_what_it_is_without_cryptography(option: str) -> None:
    imported = _run("-m", "keyconv", option)
    assert "keyconv" in imported
    assert not imported & HEAVY


@pytest.mark.parametrize(("path", "to"), PLAIN)
def test_an_unencrypted_conversion_by_the_library_loads_no_kdf(path: str, to: str) -> None:
    imported = _run("-c", READ_FILE + "keyconv.convert(data, sys.argv[2])", str(by_path(path).file), to)
    assert "keyconv" in imported
    assert not imported & KDFS


@pytest.mark.parametrize(("path", "to"), PLAIN)
def test_an_unencrypted_conversion_on_the_command_line_loads_no_kdf(path: str, to: str, tmp_path: Path) -> None:
    target = tmp_path / "converted"
    imported = _run("-m", "keyconv", "convert", str(by_path(path).file), "-t", to, "-o", str(target))
    assert target.stat().st_size > 0
    assert not imported & KDFS


@pytest.mark.parametrize("path", ["ppk/ed25519-v3-argon2id-encrypted.ppk", "openssh/ed25519-encrypted"])
def test_looking_at_an_encrypted_key_loads_no_kdf(path: str) -> None:
    imported = _run("-c", READ_FILE + "keyconv.inspect(keyconv.read(data))", str(by_path(path).file))
    assert not imported & HEAVY


def test_an_encrypted_conversion_loads_the_kdfs_so_that_these_tests_would_see_them() -> None:
    source = READ_FILE + (
        "keyconv.convert(data, 'openssh', passphrase='correct horse', options=keyconv.WriteOptions(rounds=1))"
    )
    imported = _run("-c", source, str(by_path("ppk/ed25519-v3-passes13-memory64-encrypted.ppk").file))
    assert imported >= HEAVY
