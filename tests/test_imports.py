"""A run loads what it needs and nothing else: asked of fresh interpreters, by what they hold when they end."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from fixture_files import by_path
from tools import PATIENCE

import keyconv
from keyconv.cli.app import COMMANDS

HEAVY = {"cryptography", "bcrypt", "argon2"}
KDFS = {"bcrypt", "argon2"}

REPORT = """
import atexit, os, sys
def report():
    os.write(2, ("MODULES " + " ".join(sys.modules)).encode())
atexit.register(report)
"""
"""Makes an interpreter name its modules as its last words on standard error."""

READ_FILE = "data = open(sys.argv[1], 'rb').read(); import keyconv; "

PROGRAM = """
sys.argv[0] = "keyconv"
from keyconv.__main__ import main
main()
"""

PLAIN = (
    ("ppk/rsa2048-v3-plain.ppk", "openssh"),
    ("ppk/ed25519-v2-plain.ppk", "openssh"),
    ("openssh/rsa2048-plain", "ppk"),
    ("openssh/ecdsa-p256-plain", "ppk2"),
)

NEEDLESS = {
    *("keyconv.checks", "keyconv.repairs", "keyconv.agent", "keyconv.batch", "keyconv.engine.certificates"),
    *("keyconv.cli.first_words", "keyconv.cli.doctor_app", "keyconv.cli.next_steps"),
    *("keyconv.cli.convert_many", "keyconv.cli.progress", "keyconv.crypto.pbes", "keyconv.proof.signatures"),
    *("rich", "bcrypt", "argon2", "json", "secrets", "random", "tempfile", "unicodedata", "shlex"),
    *("logging", "email", "socket", "asyncio", "concurrent.futures", "multiprocessing", "importlib.metadata"),
}
"""What no command needs that reads one sound, unencrypted key and writes text or a file."""


def _loaded(program: str, *arguments: str) -> set[str]:
    """Run a fresh interpreter and give the names of all modules that it has loaded in the end."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", "/nonexistent"),
        "PYTHONPATH": str(Path(keyconv.__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    result = subprocess.run(
        [sys.executable, "-c", REPORT + program, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment,
        timeout=PATIENCE,
        check=False,
    )
    said, _, names = result.stderr.rpartition("MODULES ")
    assert result.returncode == 0, said
    return set(names.split())


def _run(program: str, *arguments: str) -> set[str]:
    """Do as `_loaded`, and give the top-level names alone."""
    return {name.split(".")[0] for name in _loaded(program, *arguments)}


def _within(package: str, loaded: set[str]) -> set[str]:
    """Return the modules of a package that are loaded, by their names within it."""
    return {name.removeprefix(f"{package}.") for name in loaded if name.startswith(f"{package}.")}


def _declarations(loaded: set[str]) -> set[str]:
    return {name for name in _within("keyconv.cli", loaded) if name.endswith("_app")}


# ── which modules ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "formats"),
    [
        (("convert", "ppk/ed25519-v3-plain.ppk"), {"ppk", "openssh"}),
        (("convert", "ppk/rsa2048-v3-plain.ppk"), {"ppk", "openssh"}),
        (("convert", "openssh/ed25519-plain", "-t", "ppk"), {"openssh", "ppk"}),
        (("convert", "ppk/rsa2048-v2-plain.ppk", "-t", "pkcs8"), {"ppk", "pkcs8"}),
        (("public", "ppk/ed25519-v3-plain.ppk"), {"ppk", "authorized_keys"}),
        (("public", "openssh/rsa2048-plain", "-t", "rfc4716"), {"openssh", "rfc4716"}),
        (("inspect", "ppk/ed25519-v3-plain.ppk"), {"ppk", "jwk"}),  # of which it shows the thumbprint
        (("inspect", "openssh/rsa2048-plain"), {"openssh", "jwk"}),
    ],
    ids=lambda value: " ".join(sorted(value) if isinstance(value, set) else value),
)
def test_a_command_loads_the_formats_of_its_input_and_its_output_and_no_needless_module(
    arguments: tuple[str, ...], formats: set[str], tmp_path: Path
) -> None:
    command, path, *rest = arguments
    output = [] if command == "inspect" else ["-o", str(tmp_path / "output")]
    loaded = _loaded(PROGRAM, command, str(by_path(path).file), *rest, *output)
    assert _within("keyconv.formats", loaded) - {"base"} == formats
    assert _declarations(loaded) == {f"{command}_app"}
    assert not loaded & (NEEDLESS - {"keyconv.crypto.pbes"} if "pkcs8" in formats else NEEDLESS)


def test_needless_modules_are_named_as_they_are() -> None:
    for name in NEEDLESS:
        assert find_spec(name) is not None, name


def test_the_help_loads_the_declarations_of_all_commands_and_none_of_their_work() -> None:
    loaded = _loaded(PROGRAM, "--help")
    assert _declarations(loaded) == {f"{command}_app" for command in COMMANDS}
    assert not {"keyconv.engine", "keyconv.formats", "keyconv.keys", "keyconv.checks", "keyconv.repairs"} & loaded


@pytest.mark.parametrize("arguments", [("--version",), ("--show-completion", "bash")], ids=" ".join)
def test_what_concerns_no_command_loads_none(arguments: tuple[str, ...]) -> None:
    assert not _declarations(_loaded(PROGRAM, *arguments))


def test_the_help_of_a_command_loads_the_declaration_of_that_one() -> None:
    assert _declarations(_loaded(PROGRAM, "cert", "show", "--help")) == {"cert_app"}


@pytest.mark.parametrize(
    "path", ["ppk/ed25519-v3-plain.ppk", "openssh/rsa2048-plain", "pkcs8/ecdsa-p256-openssl-plain.pem"]
)
def test_reading_by_the_library_loads_the_one_format(path: str) -> None:
    loaded = _loaded(READ_FILE + "keyconv.read(data)", str(by_path(path).file))
    assert _within("keyconv.formats", loaded) - {"base"} == {by_path(path).reader}


# ── heavy libraries ────────────────────────────────────────────────────────────────────────────────────────────────


def test_import_keyconv_loads_no_cryptography() -> None:
    imported = _run("import keyconv; dir(keyconv); keyconv.__version__")
    assert "keyconv" in imported
    assert not imported & HEAVY


def test_naming_every_public_name_loads_no_cryptography() -> None:
    assert not _run("import keyconv; [getattr(keyconv, name) for name in keyconv.__all__]") & HEAVY


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_command_line_says_what_it_is_without_cryptography(option: str) -> None:
    imported = _run(PROGRAM, option)
    assert "keyconv" in imported
    assert not imported & HEAVY


@pytest.mark.parametrize(("path", "to"), PLAIN)
def test_an_unencrypted_conversion_by_the_library_loads_no_kdf(path: str, to: str) -> None:
    imported = _run(READ_FILE + "keyconv.convert(data, sys.argv[2])", str(by_path(path).file), to)
    assert "keyconv" in imported
    assert not imported & KDFS


@pytest.mark.parametrize(("path", "to"), PLAIN)
def test_an_unencrypted_conversion_on_the_command_line_loads_no_kdf(path: str, to: str, tmp_path: Path) -> None:
    target = tmp_path / "converted"
    imported = _run(PROGRAM, "convert", str(by_path(path).file), "-t", to, "-o", str(target))
    assert target.stat().st_size > 0
    assert not imported & KDFS


@pytest.mark.parametrize("path", ["ppk/ed25519-v3-argon2id-encrypted.ppk", "openssh/ed25519-encrypted"])
def test_looking_at_an_encrypted_key_loads_no_kdf(path: str) -> None:
    imported = _run(READ_FILE + "keyconv.inspect(keyconv.read(data))", str(by_path(path).file))
    assert not imported & HEAVY


def test_an_encrypted_conversion_loads_the_kdfs_so_that_these_tests_would_see_them() -> None:
    source = READ_FILE + (
        "keyconv.convert(data, 'openssh', passphrase='correct horse', options=keyconv.WriteOptions(rounds=1))"
    )
    imported = _run(source, str(by_path("ppk/ed25519-v3-passes13-memory64-encrypted.ppk").file))
    assert imported >= HEAVY
