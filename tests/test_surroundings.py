"""Whatever surrounds the program, locale, environment, signals, other programs: the right bytes, no traceback."""

from __future__ import annotations

import os
import signal
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from fixture_files import by_path, sample
from test_cli_convert import LOCKED_OPENSSH, LOCKED_PPK, mode_of, run_process, secret_file
from test_files import Os

from keyconv import files, read
from keyconv.cli import prompt
from keyconv.cli.prompt import PassphraseSource, Prompter
from keyconv.errors import KeyconvError, MissingPassphraseError

if sys.platform == "win32":
    pytest.skip("surroundings of POSIX systems", allow_module_level=True)

COMMENT = "Grünspecht, 鍵 🔑"
CERTIFICATE = by_path("certificates/user-ed25519-cert.pub").file

# ── locale and environment ─────────────────────────────────────────────────────────────────────────────────────────

BARE = {"PATH": os.environ["PATH"]}
LOCALES: dict[str, dict[str, str]] = {
    "nothing": {},
    "C": {"LC_ALL": "C"},
    "C-not-coerced": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "POSIX-ascii": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
    "not-a-locale": {"LC_ALL": "xx_YY.bogus", "LANG": "xx", "PYTHONUTF8": "0"},
    "ascii-strict": {"PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0", "TERM": "no-such-terminal"},
    "no-home": {"LC_ALL": "C.UTF-8", "HOME": "/no/such/home", "TERM": "", "COLUMNS": "x"},
}


@pytest.mark.parametrize("environment", LOCALES.values(), ids=LOCALES)
def test_bytes_are_the_same_in_every_locale(environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / unicodedata.normalize("NFC", "Schlüssel")
    folder.mkdir()
    source, out = folder / "клю́ч.ppk", folder / "鍵"
    source.write_bytes(by_path("ppk/ed25519-v3-plain.ppk").data)
    env = {**BARE, **environment}
    arguments = ("convert", source, "-o", out, "--no-passphrase", "--comment", COMMENT)
    # In the locale C without UTF-8, an argument's bytes reach the program by way of surrogates.
    result = run_process(*arguments, env=env)
    assert (result.code, mode_of(out)) == (0, 0o600), result.err
    entry = read(out.read_bytes()).entries[0]
    assert (entry.comment, entry.private) == (COMMENT.encode(), sample("openssh/ed25519-plain").private)
    result = run_process("public", out, env=env)
    assert (result.code, result.out.decode().split(" ", 2)[2]) == (0, f"{COMMENT}\n")
    result = run_process("check", out, folder / "gibt’s nicht", env=env)
    assert (result.code, result.out.count(b"\n")) == (1, 5), result.out


# ── signals while a KDF runs ───────────────────────────────────────────────────────────────────────────────────────

BOOT = """
import os, signal, time
import keyconv.crypto.kdf as kdf
def derive(self, passphrase, length):
    os.kill(os.getpid(), {number})
    time.sleep(60)
kdf.Argon2.derive = kdf.BcryptPbkdf.derive = derive
"""


def _calls(folder: Path) -> dict[str, tuple[Any, ...]]:
    ppk, openssh, secret = folder / "key.ppk", folder / "key", folder / "secret"
    old = ("--passphrase-file", secret)
    return {
        "convert": ("convert", ppk, "-o", folder / "out", "--no-passphrase", *old),
        "convert --force": ("convert", ppk, "-o", folder / "there", "-t", "openssh", "--force", *old),
        "convert -d": ("convert", ppk, openssh, "-d", folder / "made", "-t", "openssh", "-j", "1", *old),
        "passphrase": ("passphrase", openssh, *old, "--new-passphrase-file", folder / "other"),
        "comment": ("comment", ppk, "new", *old),
        "generate": ("generate", "-o", folder / "out", "--new-passphrase-file", folder / "other"),
        "cert attach": ("cert", "attach", ppk, CERTIFICATE, "--in-place", *old),
        "repair": ("repair", folder / "damaged", "--in-place", *old),
        "check --fix": ("check", "--fix", folder / "damaged", *old),
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("name", _calls(Path()))
def test_a_signal_while_a_kdf_runs_ends_the_run_and_changes_nothing(
    name: str, number: signal.Signals, tmp_path: Path
) -> None:
    secret_file(tmp_path, b"correct horse")
    contents = {
        "other": b"battery staple",
        "there": b"old",
        "key.ppk": LOCKED_PPK.read_bytes(),
        "key": LOCKED_OPENSSH.read_bytes(),
        "damaged": LOCKED_OPENSSH.read_bytes().replace(b"\n", b"\r\n"),
    }
    for file, data in contents.items():
        (tmp_path / file).write_bytes(data)
    result = run_process(*_calls(tmp_path)[name], boot=BOOT.format(number=int(number)))
    assert result.code in ((130,) if number == signal.SIGINT else (130, -signal.SIGTERM)), result.err
    found = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert found == {**contents, "secret": b"correct horse"}
    assert not any(path.is_file() for path in (tmp_path / "made").glob("*"))


# ── other programs, at the seams ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("force", [False, True], ids=["new", "force"])
@pytest.mark.parametrize("call", ["open", "write", "fsync", "lseek", "link", "replace", "unlink"])
def test_a_folder_that_is_exchanged_for_a_link_meanwhile_makes_no_key_public_and_overwrites_none(
    call: str, force: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, moved, trap = (tmp_path / name for name in ("folder", "moved", "trap"))
    for each in (folder, trap):
        each.mkdir()
        (each / "other").write_bytes(b"somebody's")
    (trap / "key").write_bytes(b"precious")
    done: list[str] = []

    def exchange(name: str) -> Any:
        def change(*arguments: Any, **named: Any) -> Any:
            if not done and folder.is_dir() and (name != "open" or arguments[1] & os.O_CREAT):
                done.append(name)
                folder.rename(moved)
                folder.symlink_to(trap)
            return getattr(os, name)(*arguments, **named)

        return change

    Os(**{call: exchange(call)}).install(monkeypatch)
    failed = False
    try:
        files.save(str(folder / "key"), b"the new key", private=True, force=force)
    except KeyconvError:
        failed = True
    if done:
        assert force or (trap / "key").read_bytes() == b"precious"
        assert (trap / "key").read_bytes() in (b"precious", b"the new key")
    for place in (moved if done else folder, trap):
        assert (place / "other").read_bytes() == b"somebody's"
        for path in place.iterdir():
            if path.name.startswith(".keyconv-") or path.read_bytes() == b"the new key":
                assert mode_of(path) == 0o600
    whole = [path for path in (folder / "key", moved / "key") if path.exists() and path.read_bytes() == b"the new key"]
    assert bool(whole) or failed, "nothing is taken for written that is not there"


def test_an_error_of_closing_a_passphrase_file_loses_no_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        os.close(descriptor)
        raise OSError(5, "x")

    monkeypatch.setattr(prompt, "os", Os(close=fail))
    source = PassphraseSource(file=str(secret_file(tmp_path, b"word\n")))
    assert Prompter().existing("key", source).reveal() == b"word"
    with pytest.raises(MissingPassphraseError, match="is a directory"):
        Prompter().existing("key", PassphraseSource(file=str(tmp_path)))


def test_an_error_of_closing_an_input_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        os.close(descriptor)
        raise OSError(5, "x")

    (tmp_path / "key").write_bytes(b"key")
    Os(close=fail).install(monkeypatch)
    with pytest.raises(KeyconvError, match="input/output error"):
        files.load(str(tmp_path / "key"))
