"""Canaries in what `test_leaks.py` does not search: reports, repair, variables, pickles, logs, warnings, crashes."""

from __future__ import annotations

import copy
import logging
import pickle
import signal
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fixture_files import ROOT
from test_cli_convert import mode_of, run, secret_file
from test_leaks import PASSPHRASE, PLANTED, WRONG, _locked, clean, key
from tools import PATIENCE, some

from keyconv import Deriver, Entry, KeyconvError, KeyFile, Passphrase, WriteOptions, read, unlock, write

REPORTS = ("text", "json", "github", "gitlab", "sarif", "junit", "html")


def damaged(data: bytes) -> dict[str, bytes]:
    """Damage a file in the ways in which a secret in a variable or a paste is damaged, mendable or not."""
    rows = data.split(b"\n")
    return {
        "whole": data,
        "crlf": data.replace(b"\n", b"\r\n"),
        "spaces": data.replace(b"\n", b" "),
        "literal": data.replace(b"\n", rb"\n"),
        "cut": data[: len(data) * 2 // 3],
        "letter": data[: len(data) // 2] + b"!" + data[len(data) // 2 + 1 :],
        "no-frame": b"\n".join(rows[1:-2]),
        "no-begin": b"\n".join(rows[1:]),
        "in-a-line": b"key = '" + b"".join(rows[1:-2]) + b"'\n",
        "as-option": b'command="' + b"".join(rows[1:-2]) + b'" ssh-ed25519 ' + b"".join(rows[1:3]) + b"\n",
        "as-host": b"".join(rows[1:-2]) + b" ssh-ed25519 AAAA\n",
        "as-header": b"---- BEGIN SSH2 PUBLIC KEY ----\n" + rows[2] + b": x\nAAAA\n---- END SSH2 PUBLIC KEY ----\n",
        "as-json": b'{"kty":"' + b"".join(rows[1:-2]) + b'"}',
        "twice": data + data,
        "utf-16": data.decode().encode("utf-16"),
    }


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "target"), [("rsa", "openssh"), ("ecdsa-p256", "ppk"), ("ed25519", "pkcs8"), ("ed25519", "openssh")]
)
def test_no_report_on_any_damage_holds_a_secret(name: str, target: str, place: Path) -> None:
    files = {f"{how}-plain": data for how, data in damaged(write(key(name), target)).items()}
    if target != "pkcs8":
        files |= {f"{how}-locked": data for how, data in damaged(_locked(name, target)).items()}
    for file, data in files.items():
        (place / file).write_bytes(data)
    word = secret_file(place, PLANTED.encode())
    summary = place / "summary"
    variables = {f"V{number}": files[file].decode("latin-1") for number, file in enumerate(files) if "utf" not in file}
    named = [flag for variable in variables for flag in ("--env", variable)]
    arguments = ("check", "-v", "--passphrase-file", word, *named, *files)
    for form in REPORTS:
        result = run(*arguments, "--format", form, GITHUB_STEP_SUMMARY=str(summary), **variables)  # type: ignore[arg-type]
        assert result.code == 1
        assert clean(result.out.decode() + result.err, name), form
    assert clean(summary.read_text("utf-8"), name)
    for file in some(files, 9, (name, target)):
        for more in ((), ("--passphrase-file", word)):
            mended = run("repair", file, "-o", f"{file}.mended", *more)
            assert clean(mended.out.decode() + mended.err, name)
        shown = run("inspect", file, "--json")
        assert clean(shown.out.decode() + shown.err, name)
        in_place = run("repair", file, "--in-place")
        assert clean(in_place.err, name)
    made = [path for path in place.iterdir() if ".bak" in path.name or ".mended" in path.name]
    assert {".bak" in path.name for path in made} == {False, True}
    assert sys.platform == "win32" or {mode_of(path) for path in made} == {0o600}


def test_a_secret_in_a_variable_is_never_quoted_nor_written(place: Path) -> None:
    data = write(key("ed25519"), "openssh").decode()
    for value in (data, data.replace("\n", " "), data[40:], f"x{data}", "\ufeff" + data, data.upper()):
        for form in REPORTS:
            result = run("check", "--env", "DEPLOY_KEY", "--fix", "--format", form, DEPLOY_KEY=value)
            assert b"DEPLOY_KEY" in result.out
            assert clean(result.out.decode() + result.err, "ed25519")
    assert list(place.iterdir()) == []


# ── copies and pickles ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("hand_on", [pickle.dumps, copy.copy, copy.deepcopy])
def test_what_knows_a_passphrase_is_not_pickled_or_copied(hand_on: Callable[[object], object]) -> None:
    deriver = Deriver()
    locked = read(_locked("ed25519", "openssh"))
    unlock(locked.entries[0], PASSPHRASE, deriver=deriver)
    for holder in (PASSPHRASE, [PASSPHRASE], WriteOptions(PASSPHRASE), deriver, WriteOptions(deriver=deriver)):
        if hand_on is not copy.copy or not isinstance(holder, list | WriteOptions):
            with pytest.raises(TypeError, match="is not pickled or copied"):
                hand_on(holder)
    assert clean(repr(pickle.dumps(locked)), "ed25519"), "what is locked stays so"


def test_an_open_private_key_is_a_value_that_pickles_as_the_page_says() -> None:
    entry = key("ed25519")
    again = pickle.loads(pickle.dumps(KeyFile("openssh", "private", (entry,))))
    assert again.entries[0] == entry
    assert isinstance(again.entries[0], Entry)
    page = " ".join((Path(ROOT) / "docs" / "trust.md").read_text("utf-8").split())
    assert "A pickle or a copy of an open private key holds its numbers" in page


# ── what Python itself says ────────────────────────────────────────────────────────────────────────────────────────


def _calls(place: Path) -> Iterator[tuple[str | Path, ...]]:
    opens = ("--passphrase-file", secret_file(place, PLANTED.encode()))
    for number, target in enumerate(("openssh", "ppk", "pkcs8", "pem")):
        (place / target).write_bytes(write(key("ecdsa-p256"), target, WriteOptions(PASSPHRASE, rounds=1)))
        yield ("convert", place / target, "-o", place / f"out{number}", "-t", "openssh", "--no-passphrase", *opens)
        yield ("inspect", place / target, "--json", *opens)
        yield ("check", "-v", place / target, *opens)
        yield ("repair", place / target, "-o", place / f"new{number}", *opens)
    yield ("passphrase", place / "ppk", *opens, "--no-passphrase")
    yield ("comment", place / "openssh", "new", *opens)


def test_nothing_is_logged_or_warned_of(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        logging.getLogger(name).disabled = False
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        codes = [run(*call).code for call in _calls(place)]
    assert set(codes) <= {0, 1}
    assert [record.getMessage() for record in caplog.records] == []
    assert [str(each.message) for each in warned if not issubclass(each.category, ResourceWarning)] == []


@pytest.mark.skipif(sys.platform == "win32", reason="dies of a signal")
def test_a_crash_dump_of_python_shows_places_and_no_values(place: Path) -> None:
    secret = secret_file(place, PLANTED.encode())
    (place / "locked").write_bytes(_locked("ed25519", "openssh"))
    boot = """
import faulthandler, os
faulthandler.enable(all_threads=True)
import keyconv.crypto.kdf as kdf
real = kdf.BcryptPbkdf.derive
def derive(self, passphrase, length):
    derived = real(self, passphrase, length)
    os.abort()
kdf.BcryptPbkdf.derive = derive
from keyconv.cli.app import main
main()
"""
    arguments = ["convert", "locked", "-o", "out", "--no-passphrase", "--passphrase-file", str(secret)]
    ran = subprocess.run([sys.executable, "-c", boot, *arguments], cwd=place, capture_output=True, timeout=PATIENCE)
    assert ran.returncode == -signal.SIGABRT
    assert b"Fatal Python error: Aborted" in ran.stderr
    assert clean((ran.stdout + ran.stderr).decode(), "ed25519")
    assert not any(path.name.startswith("core") for path in place.iterdir())


@pytest.mark.parametrize("target", ["openssh", "ppk", "pkcs8"])
def test_no_link_of_an_exception_s_chain_tells_a_secret(target: str) -> None:
    name = "ecdsa-p256"
    data = write(key(name), target, WriteOptions(PASSPHRASE, rounds=1, kdf_memory=64, kdf_passes=1))
    told = 0
    for content, word in ((data, Passphrase(WRONG)), *((each, PASSPHRASE) for each in damaged(data).values())):
        try:
            unlock(read(content).entries[0], word)
        except KeyconvError as error:
            told += 1
            link: BaseException | None = error
            seen = 0
            while link is not None and seen < 20:
                seen += 1
                assert clean(f"{link!r} {link!s} {vars(link)!r} {link.__traceback__!r}", name)
                assert clean("".join(traceback.format_exception(link)), name)
                link = link.__cause__ or link.__context__
    assert told > 5
