"""No hostile file gets more from keyconv than an error of one line: any command, any format, in bounded memory."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import made_certificates
import pytest
from fixture_files import FIXTURES_DIR, ROOT
from hostile.corpus import corpus, expected_exit
from hostile.model import Hostile
from hostile.running import COMMANDS, IN_PLACE, Outcome, agent, run_all
from hostile.special import SPECIAL, made
from tools import PATIENCE

from keyconv import FORMATS
from keyconv.checks.rules import RULES

posix = pytest.mark.skipif(sys.platform == "win32", reason="for POSIX systems")

MEBIBYTES = 512
"""Of address space, for a process with all of its libraries; what the bombs ask for does not fit in."""


BOMBS = (
    "ppk/argon2-memory-4-tib",
    "ppk/argon2-passes-4-billion",
    "ppk/argon2-product-of-5-gib",
    "openssh/bcrypt-rounds-ffffffff",
    "openssh/public-half-length-7fffffff",
    "openssh/2-billion-keys-announced",
    "pkcs8/pbkdf2-2^31",
    "pkcs8/scrypt-n-2^40",
    "pkcs8/scrypt-512-mib",
    "pem/rsa-n-of-100000-bits",
    "pem/100000-levels",
    "pem/600-kib-integer",
    "jwk/integer-of-600000-digits",
    "jwk/100000-levels",
    "openssh-pub/10000-options",
)

_SHAPE = re.compile(r"(?:keyconv: .+\n(?:  hint: .+\n)?|\{\"error\": .+\n)*")
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def asked() -> Iterator[Path]:
    """An agent that takes every key."""
    with agent() as path:
        yield path


def _certificate(folder: Path) -> Path:
    path = folder / "certificate.pub"
    path.write_bytes(made_certificates.line(made_certificates.make()))
    return path


def _faults(file: Hostile, command: str, outcome: Outcome | dict[str, Any]) -> list[str]:
    """Name everything that must not come of a command."""
    each = outcome if isinstance(outcome, Outcome) else Outcome(**outcome)
    expected = expected_exit(file, command)
    allowed = {"secret"} | ({"copy"} if command in IN_PLACE else set()) | ({"out"} if each.exit_code == 0 else set())
    checks = {
        f"exit code {each.exit_code} instead of {expected}: {each.error}": each.exit_code != expected,
        f"let out {each.exception}": bool(each.exception),
        f"an internal error: {each.error}": "internal error" in each.error or "Traceback" in each.error,
        f"more than lines of its own on standard error: {each.error!r}": not _SHAPE.fullmatch(each.error),
        f"controls on standard error: {each.error!r}": bool(_CONTROLS.search(each.error)),
        f"left {each.left}": not set(each.left) <= allowed,
        "failed in silence": each.exit_code not in (0, 1) and not each.error,
    }
    return [f"{file.name}: {command}: {fault}" for fault, is_there in checks.items() if is_there]


# ── the corpus ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_format_has_hostile_files() -> None:
    names = [file.name for file in corpus()]
    assert len(set(names)) == len(names)
    readable = {known.name for known in FORMATS if known.can.readable}
    assert {file.format for file in corpus()} == readable | {"certificate"}


def test_every_expected_rule_is_one_of_checks_rules() -> None:
    assert {name for file in corpus() for name in file.rules} <= {rule.name for rule in RULES}


def test_the_files_are_the_same_bytes_in_every_process() -> None:
    program = (
        "import hashlib, json, sys\n"
        "sys.path[:0] = sys.argv[1:]\n"
        "from hostile.corpus import corpus\n"
        "print(json.dumps({each.name: hashlib.sha256(each.make()).hexdigest() for each in corpus()}))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(ROOT / "tests"), str(ROOT)],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
    )
    assert json.loads(ran.stdout) == {each.name: hashlib.sha256(each.make()).hexdigest() for each in corpus()}


def _chosen(file: Hostile) -> dict[str, tuple[str, ...]]:
    """Return all commands where KEYCONV_HOSTILE=all, as in CI; else two and, in turn, one of the rest."""
    always = ("inspect, opened", "check")
    if os.environ.get("KEYCONV_HOSTILE") == "all":
        return dict(COMMANDS)
    others = [name for name in COMMANDS if name not in always]
    return {name: COMMANDS[name] for name in (*always, others[crc32(file.name.encode()) % len(others)])}


# ── every command on every file ────────────────────────────────────────────────────────────────────────────────────


@posix
@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in corpus()])
def test_a_command_says_what_is_wrong_and_leaves_everything_as_it_was(
    file: Hostile, tmp_path: Path, asked: Path
) -> None:
    folder = tmp_path / "input"
    folder.mkdir()
    path = folder / "key"
    data = file.make()
    path.write_bytes(data)
    path.chmod(0o600)
    outcomes = run_all(path, _certificate(tmp_path), asked, _chosen(file))
    faults = [fault for command, outcome in outcomes.items() for fault in _faults(file, command, outcome)]
    assert not faults, "\n".join(faults)
    assert path.read_bytes() == data
    assert [each.name for each in folder.iterdir()] == ["key"]
    assert outcomes["inspect, opened"].code == file.code, outcomes["inspect, opened"].error
    if file.rules:
        assert set(outcomes["check"].rules) & set(file.rules), outcomes["check"].out


# ── real processes under a limit on their memory ───────────────────────────────────────────────────────────────────


def _run_in_process(
    files: dict[str, Path],
    certificate: Path,
    *,
    who: str = "self",
    chosen: Callable[[str], Iterable[str]] = lambda name: COMMANDS,
) -> dict[str, Any]:
    """Run every command, or those chosen, on the files in a process of its own; give the outcomes by file name."""
    commands = json.dumps({str(path): list(chosen(name)) for name, path in files.items()})
    ran = subprocess.run(
        [sys.executable, ROOT / "tests" / "hostile" / "running.py", str(MEBIBYTES), who, certificate, commands],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        start_new_session=True,  # no terminal to ask on, whoever runs the tests
        timeout=PATIENCE,
    )
    assert ran.returncode == 0, ran.stderr.decode("utf-8", "replace")
    found = json.loads(ran.stdout)["outcomes"]
    return {name: found[str(path)] for name, path in files.items()}


@posix
def test_bombs_do_not_go_off_in_a_real_process(tmp_path: Path) -> None:
    by_name = {file.name: file for file in corpus()}
    files = {}
    for number, name in enumerate(BOMBS):
        files[name] = tmp_path / f"key{number}"
        files[name].write_bytes(by_name[name].make())
        files[name].chmod(0o600)
    outcomes = _run_in_process(files, _certificate(tmp_path), chosen=lambda name: _chosen(by_name[name]))
    faults = [
        fault
        for name, found in outcomes.items()
        for command, outcome in found.items()
        for fault in _faults(by_name[name], command, outcome)
    ]
    assert set(outcomes) == set(BOMBS)
    assert not faults, "\n".join(faults)


@posix
def test_a_special_file_is_named_and_never_waited_for() -> None:
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as created:
        folder = Path(created)
        folder.chmod(0o755)
        with made(folder) as places:
            outcomes = _run_in_process(places, _certificate(folder), who="nobody" if is_root else "self")
    faults = [
        fault
        for file in SPECIAL
        for command, outcome in outcomes.get(file.name, {}).items()
        for fault in _faults(file, command, outcome)
    ]
    assert not faults, "\n".join(faults)
    assert all(set(found) == set(COMMANDS) for found in outcomes.values())
    said = {name: found["inspect"]["error"] for name, found in outcomes.items()}
    assert "is a FIFO" in said["special/fifo"]
    assert "is a device" in said["special/dev-zero"]
    assert "is a directory" in said["special/directory"]
    assert "is a socket" in said["special/socket"]
    assert "no such file" in said["special/dangling-symlink"]
    assert "larger than 1 MiB" in said["special/sparse-2-gib"]
    assert "permission denied" in said["special/unreadable-file"]


# ── what this corpus found ─────────────────────────────────────────────────────────────────────────────────────────

LINE = (FIXTURES_DIR / "openssh-pub" / "ed25519.pub").read_bytes()


@pytest.mark.parametrize("words", [b"command=", b"comand=", b"no-pty,command=", b"from= ", b"restrict,permitopen="])
@pytest.mark.parametrize("lines", [1, 2])
def test_repair_never_frees_a_key_of_an_option_that_sshd_refuses(words: bytes, lines: int) -> None:
    from keyconv.repairs import Opening, search

    assert search((words + b" " + LINE) * lines, Opening()) is None


def test_repair_still_cuts_off_the_name_of_a_variable_before_a_key() -> None:
    from keyconv.repairs import Opening, search

    found = search(b"DEPLOY_KEY=" + LINE, Opening())
    assert found is not None
    assert found.data == LINE


# ── the page ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_shows_every_file_with_the_exit_codes_that_are_tested_here() -> None:
    recorded = json.loads((ROOT / "docs" / "hostile.json").read_text("utf-8"))["files"]
    expected = {
        file.name: {command: expected_exit(file, command) for command in COMMANDS} for file in (*corpus(), *SPECIAL)
    }
    assert {name: found["exits"] for name, found in recorded.items()} == expected
