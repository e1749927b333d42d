"""No output, message, report, repr or traceback holds a passphrase or any part of a private key.

Every test plants canaries, the passphrase and all the numbers of a private key in each of their spellings, and searches
what comes out for pieces of them.
"""

from __future__ import annotations

import base64
import json
import pickle
import re
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fixture_files import READABLE, sample
from test_cli_convert import Result, mode_of, posix, run, run_process, secret_file
from typer.testing import CliRunner

import keyconv
from keyconv import (
    FORMATS,
    Deriver,
    Entry,
    KeyconvError,
    KeyFile,
    Locked,
    Note,
    Option,
    Passphrase,
    Plan,
    Protection,
    Unlocked,
    WriteOptions,
    inspect,
    plan,
    read,
    unlock,
    write,
)
from keyconv.cli import converting
from keyconv.cli.app import app
from keyconv.cli.opening import Opened
from keyconv.cli.prompt import PassphraseSource, Prompter
from keyconv.codec import private_blob
from keyconv.keys import PrivateKey
from keyconv.proof import proving

PLANTED = "canary: Tr0ub4dor & 3, Grünspecht"
WRONG = "canary: Kn0tterm4ul-Buntspecht"
PASSPHRASE = Passphrase(PLANTED)
PIECE = 16

SAMPLES = {
    "rsa": "openssh/rsa2048-plain",
    "dsa": "openssh/dsa1024-plain",
    "ecdsa-p256": "openssh/ecdsa-p256-plain",
    "ecdsa-p384": "openssh/ecdsa-p384-plain",
    "ecdsa-p521": "openssh/ecdsa-p521-plain",
    "ed25519": "openssh/ed25519-plain",
    "ed448": "openssh/ed448-puttygen-plain",
    "sk-ecdsa": "openssh/sk-ecdsa-plain",
    "sk-ed25519": "openssh/sk-ed25519-plain",
}
OF_PPK = [name for name in SAMPLES if not name.startswith("sk-")]


# ── canaries ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _pieces(text: str) -> Iterator[str]:
    """Cut a text into pieces, so that whoever shows twice as much of it shows one of them whole."""
    for start in range(0, max(1, len(text) - PIECE + 1), PIECE):
        yield text[start : start + PIECE]


def _spellings(data: bytes) -> Iterator[str]:
    """Spell bytes in every way in which a program may show them."""
    yield from _pieces(data.hex())
    yield from _pieces(data.hex().upper())
    yield from _pieces(data.hex(":"))
    for start in range(0, len(data) - 7, 8):  # repr() of bytes, a piece at a time
        shown = repr(data[start : start + 8])[2:-1]
        yield shown
    for start in range(3):  # wherever they begin in a longer text of base64
        whole = (len(data) - start) // 3 * 3
        yield from _pieces(base64.b64encode(data[start : start + whole]).decode())
        yield from _pieces(base64.urlsafe_b64encode(data[start : start + whole]).decode())


def _numbers(private: PrivateKey) -> Iterator[bytes]:
    for each in fields(private):
        value = getattr(private, each.name)
        if each.name == "public" or not value:
            continue
        if isinstance(value, bytes):
            yield value
        elif value.bit_length() > 64:
            yield value.to_bytes((value.bit_length() + 7) // 8, "big")
    for name in ("dmp1", "dmq1"):
        if hasattr(private, name):
            value = getattr(private, name)
            yield value.to_bytes((value.bit_length() + 7) // 8, "big")


@cache
def canaries(name: str) -> frozenset[str]:
    """Return what must not be seen of this key, nor of the two passphrases."""
    private = key(name).private
    assert private is not None
    assert not isinstance(private, Locked)
    found: set[str] = set()
    for number in _numbers(private):
        found.update(_spellings(number))
        found.update(_pieces(str(int.from_bytes(number, "big"))))
        found.update(_pieces(str(int.from_bytes(number, "little"))))
    for word in (PLANTED, WRONG):
        for spelled in (word, word.encode("latin-1").decode("latin-1"), repr(word.encode())[2:-1]):
            found.update((spelled, spelled[8:20]))
        found.update(_spellings(word.encode()))
    shown = str(key(name).public)  # what is public may be seen, whatever it looks like
    line = keyconv.inspect(read(write(replace(key(name), private=None), "openssh-pub")))["public_key"] or ""
    return frozenset(each for each in found if len(each) >= 8 and each not in shown and each not in line)


@cache
def key(name: str) -> Entry:
    return sample(SAMPLES[name])


def leaks(text: str, name: str) -> list[str]:
    """Return the canaries that a text holds."""
    unfolded = re.sub(r"\\?\n", "", text)
    return [each for each in canaries(name) if each in text or each in unfolded]


def clean(text: str, name: str) -> bool:
    """Check that no canary is in the text, and name none of them if one is."""
    return not leaks(text, name)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_search_finds_what_leaks(name: str) -> None:
    entry = key(name)
    private = entry.private
    assert private is not None
    assert not isinstance(private, Locked)
    assert not clean(write(entry, "openssh").decode(), name)
    values = [getattr(private, each.name) for each in fields(private) if each.name != "public"]
    assert not clean(repr(values), name)
    assert not clean(private_blob.write(private).hex(), name)
    assert not clean(f"opening with {PLANTED}", name)
    assert not clean(repr(WRONG.encode()), name)
    assert clean(write(replace(entry, private=None), "openssh-pub").decode(), name)


# ── the command line ───────────────────────────────────────────────────────────────────────────────────────────────

CHEAP = {"kdf_memory": 64, "kdf_passes": 1, "rounds": 1}


@cache
def _locked(name: str, target: str) -> bytes:
    return write(key(name), target, WriteOptions(PASSPHRASE, **CHEAP))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Scene:
    """A folder with the key under the planted passphrase, in a format of its own, and the passphrases in files."""

    name: str
    folder: Path
    locked: Path
    plain: Path
    right: Path
    wrong: Path

    @property
    def out(self) -> Path:
        """A new name in the folder."""
        return self.folder / f"out-{len(list(self.folder.iterdir()))}"


SCENES = [
    *[(name, "openssh") for name in SAMPLES if name not in ("ecdsa-p256", "ecdsa-p384", "sk-ecdsa")],
    *[(name, "ppk") for name in ("rsa", "ecdsa-p256", "ed25519")],
]


@pytest.fixture(params=SCENES, ids="-".join)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Scene:
    name, target = request.param
    files = {
        "locked": _locked(name, target),
        "plain": write(key(name), "openssh"),
        "right": PLANTED.encode(),
        "wrong": WRONG.encode(),
    }
    for file, content in files.items():
        (tmp_path / file).write_bytes(content)
    return Scene(name, tmp_path, *(tmp_path / file for file in files))


def _misfit(name: str) -> str:
    """Return a format that cannot hold the key."""
    public = key(name).public
    assert public is not None
    private = [known for known in FORMATS if known.can.private]
    return next(known.name for known in private if not known.write or public.family not in known.can.families)


def hushed(result: Result, scene: Scene, code: int | None) -> None:
    """Check a run's exit code (None: any) and that it told no secret."""
    assert code is None or result.code == code
    assert clean(result.out.decode(errors="backslashreplace") + result.err, scene.name)


def test_no_successful_run_tells_a_secret(scene: Scene) -> None:
    opens = ("--passphrase-file", scene.right)
    hushed(run("convert", scene.locked, "-t", "openssh", "-o", scene.out, "--rounds", "1", *opens), scene, 0)
    hushed(run("convert", scene.locked, "-t", "openssh", "-o", scene.out, "--no-passphrase", *opens), scene, 0)
    hushed(run("convert", scene.plain, "-t", "openssh-pub"), scene, 0)
    many = ("-d", scene.folder / "out", "--json", "-t", "openssh", "--rounds", "1")
    hushed(run("convert", scene.locked, scene.plain, *many, *opens), scene, 0)
    hushed(run("public", scene.locked, *opens), scene, 0)
    hushed(run("inspect", scene.locked, scene.plain, *opens), scene, 0)
    hushed(run("inspect", "--json", "--visual", scene.locked, scene.plain, *opens), scene, 0)
    hushed(run("match", scene.locked, scene.plain, *opens), scene, 0)
    hushed(run("match", "--json", scene.locked, scene.plain, *opens), scene, 0)


def test_private_values_that_are_asked_for_go_to_a_private_file_alone(scene: Scene) -> None:
    arguments = ("inspect", "--show-private", scene.locked, "--passphrase-file", scene.right)
    hushed(run(*arguments), scene, 2)
    hushed(run(*arguments, "-o", "-"), scene, 2)
    out = scene.out
    hushed(run(*arguments, "-o", out), scene, 0)
    assert sys.platform == "win32" or mode_of(out) == 0o600
    assert PLANTED not in out.read_text("utf-8")


def test_an_encrypted_output_holds_nothing_in_clear(scene: Scene) -> None:
    out = scene.out
    opens = ("--passphrase-file", scene.right, "--rounds", "1")
    assert run("convert", scene.locked, "-t", "openssh", "-o", out, *opens).code == 0
    body = base64.b64decode(b"".join(out.read_bytes().splitlines()[1:-1]))
    assert clean(out.read_text(), scene.name)
    assert clean(body.hex(), scene.name)


def test_no_failing_run_tells_a_secret(scene: Scene) -> None:
    opens, fails = ("--passphrase-file", scene.right), ("--passphrase-file", scene.wrong)
    target = ("-t", "openssh")
    for more in ((), ("--json", "-d", scene.folder / "out")):
        to = () if more else ("-o", scene.folder / "none")
        hushed(run("convert", scene.locked, *target, *to, *more, *fails), scene, 4)
        hushed(run("convert", scene.locked, *target, *to, *more, "--no-input"), scene, 4)
    hushed(run("convert", scene.locked, *target, "-o", scene.plain, *opens), scene, 5)
    hushed(run("convert", scene.locked, *target, "-o", scene.folder / "no" / "such", *opens), scene, 5)
    hushed(run("convert", scene.locked, *target, "--comment", "a\nb", "--strict", *opens), scene, 6)
    hushed(run("convert", scene.locked, "-t", _misfit(scene.name), *opens), scene, 6)
    hushed(run("convert", scene.locked, "-t", "openssh-pub", "--cipher", "x", *opens), scene, 2)
    hushed(run("convert", scene.locked, "--from", "rfc4716", *opens), scene, 3)
    hushed(run("convert", scene.plain, "--from", "ppk", "-o", scene.out), scene, 3)
    hushed(run("inspect", "--json", scene.locked, *fails), scene, 4)
    hushed(run("match", scene.locked, scene.plain, *fails), scene, 4)
    hushed(run("public", scene.locked, *fails), scene, 4)


@pytest.mark.parametrize("target", ["openssh", "ppk", "plain-openssh", "plain-ppk"])
@pytest.mark.parametrize("name", SAMPLES)
def test_no_damaged_file_makes_it_tell_a_secret(name: str, target: str, tmp_path: Path) -> None:
    plain, _, format_name = target.rpartition("-")
    if format_name == "ppk" and name not in OF_PPK:
        return
    data = write(key(name), format_name) if plain else _locked(name, format_name)
    deriver = Deriver()
    told: dict[str, bytes] = {}
    for at in range(0, len(data), max(1, len(data) // 40)):
        for edited in (data[:at], data[:at] + b"A" + data[at + 1 :], data[:at] + b"\n" + data[at:]):
            outcome: object
            try:
                outcome = unlock(read(edited).entries[0], PASSPHRASE, deriver=deriver)
            except KeyconvError as error:
                outcome = error
                told.setdefault(re.sub("[0-9]+", "", str(error)), edited)
            assert clean(f"{outcome} {outcome!r} {getattr(outcome, 'hint', '')}", name)
    assert len(told) > 3
    secret = secret_file(tmp_path, PLANTED.encode())
    damaged = tmp_path / "damaged"
    for edited in list(told.values())[:3]:
        damaged.write_bytes(edited)
        result = run("inspect", "--json", damaged, "--passphrase-file", secret)
        assert clean(result.out.decode() + result.err, name)


def test_a_writer_that_goes_wrong_tells_no_secret(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    other = sample("edge/ed25519-zero-end-openssh-plain").private
    assert other is not None
    real = private_blob.write
    monkeypatch.setattr(private_blob, "write", lambda private: real(other))  # type: ignore[arg-type]
    result = run("convert", scene.locked, "-t", "openssh", "--no-passphrase", "--passphrase-file", scene.right)
    hushed(result, scene, 3)


@pytest.mark.parametrize("place", ["write", "prove", "unlock", "save"])
@pytest.mark.parametrize("kind", [RuntimeError, OSError, MemoryError, RecursionError, AssertionError, UnicodeError])
def test_an_internal_error_is_one_line_that_tells_its_type_and_place_and_no_secret(
    kind: type[Exception], place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = key("ed25519").private
    assert private is not None

    def fail(*arguments: Any, **more: Any) -> Any:
        raise kind(f"while {PLANTED} and {getattr(private, 'seed', b'').hex()}")

    if place == "prove":
        monkeypatch.setattr(proving, "prove", fail)
    elif place == "unlock":
        monkeypatch.setattr(keyconv.crypto.kdf.BcryptPbkdf, "derive", fail)
    elif place == "write":
        monkeypatch.setattr(converting, "write", fail)
    else:
        monkeypatch.setattr(converting, "put", fail)
    locked, out = tmp_path / "locked", tmp_path / "out"
    locked.write_bytes(_locked("ed25519", "openssh"))
    secret = secret_file(tmp_path, PLANTED.encode())
    ran = CliRunner().invoke(
        app, ["convert", str(locked), "-o", str(out), "--no-passphrase", "--passphrase-file", str(secret)]
    )
    assert isinstance(ran.exception, SystemExit)
    assert ran.exit_code == 3
    assert re.fullmatch(
        rf"keyconv: internal error: {kind.__name__} in fail, line [0-9]+\n  hint: .+\n", ran.stderr.split("lost: ")[-1]
    )
    assert clean(ran.output, "ed25519")
    assert not out.exists()


def test_typer_would_not_show_the_locals_of_a_traceback() -> None:
    assert app.pretty_exceptions_enable is False


# ── the library ────────────────────────────────────────────────────────────────────────────────────────────────────


def _public_objects(name: str) -> Iterator[object]:
    """Return an instance of every public class, with the key and the passphrase in those that can hold them."""
    plain = key(name)
    deriver = Deriver()
    options = WriteOptions(PASSPHRASE, deriver=deriver, **CHEAP)  # type: ignore[arg-type]
    for target in FORMATS:
        if not (target.can.private and target.write and plain.public and plain.public.family in target.can.families):
            continue
        data = write(plain, target, replace(options, passphrase=PASSPHRASE if target.can.encryption else None))
        keyfile = read(data)
        entry = keyfile.entries[0]
        yield from (keyfile, entry, entry.private, plan(plain, target), inspect(keyfile))
        yield from (keyconv.repair(data), *keyconv.check(data, now=0), *keyconv.documents(b"text\n" + data))
        if isinstance(entry.private, Locked):
            opened = entry.private.unlock(PASSPHRASE, deriver)
            yield from (opened, entry.private.protection, opened.private, Opened(plain, PASSPHRASE))
            yield unlock(entry, PASSPHRASE, deriver=deriver)
        unencrypted = read(write(plain, target))
        yield from (unencrypted, unencrypted.entries[0], unencrypted.entries[0].private)
    yield from (PASSPHRASE, options, deriver, Note("code", "message"), Option(b"command", b"x"), keyconv.FORMATS)
    yield from (plain, plain.private, KeyFile("ppk", "private", (plain,)))
    yield from (PassphraseSource(env="NAME"), Prompter())


@pytest.mark.parametrize("name", SAMPLES)
def test_no_repr_of_any_object_of_the_library_tells_a_secret(name: str) -> None:
    seen = set()
    for each in _public_objects(name):
        seen |= set(type(each).__mro__)
        for text in (repr(each), str(each), f"{each}", f"{each!r:>20}", f"{[each]}", f"{({'key': each},)}"):
            assert clean(text, name), type(each)
    assert {Deriver, Entry, KeyFile, Locked, Note, Option, Passphrase, Plan, Protection, Unlocked, WriteOptions} <= seen


def test_every_public_class_is_among_those_objects() -> None:
    values = [getattr(keyconv, name) for name in keyconv.__all__]
    classes = {value.__name__ for value in values if isinstance(value, type)}
    made = {kind.__name__ for each in _public_objects("ed25519") for kind in type(each).__mro__}
    assert classes - made <= {"Format", "Inspection", "KeyconvError"}  # in FORMATS, a dictionary, and below


def test_a_passphrase_is_not_pickled_copied_compared_or_formatted() -> None:
    for keeper in (PASSPHRASE, WriteOptions(PASSPHRASE)):
        with pytest.raises(TypeError):
            pickle.dumps(keeper)
    assert f"{PASSPHRASE:s} {PASSPHRASE!s} %s %r" % (PASSPHRASE, PASSPHRASE) == " ".join(["Passphrase(***)"] * 4)
    assert Passphrase(PLANTED) != PASSPHRASE
    with pytest.raises(ValueError, match=r"^passphrase too long$"):
        Passphrase(PLANTED * 10_000)


def _edited(data: bytes, name: str) -> Iterator[bytes]:
    """Damage a file that the right passphrase opens, in its clear part and in its encrypted one."""
    yield data[: len(data) // 2]
    if data.startswith(b"PuTTY"):
        yield re.sub(rb"\nComment: .*", b"\nComment: edited", data)
        yield re.sub(rb"(Private-Lines: [0-9]+\n)....", rb"\1AAAA", data)
        other = _locked("ed25519" if name != "ed25519" else "ecdsa-p256", "ppk")
        lines = re.search(rb"Public-Lines: .*?(?=Key-Derivation)", other, re.DOTALL)
        assert lines is not None
        yield re.sub(rb"Public-Lines: .*?(?=Key-Derivation)", lambda _: lines[0], data, flags=re.DOTALL)
    else:
        middle = data.index(b"\n", len(data) // 2) + 1
        yield data[:middle] + b"AAAA" + data[middle + 4 :]


def _failures(name: str, target: str) -> Iterator[BaseException]:
    data = _locked(name, target)

    def attempt(content: bytes, passphrase: Passphrase | None) -> None:
        unlock(read(content).entries[0], passphrase)

    for content, passphrase in [
        (data, Passphrase(WRONG)),
        (data, Passphrase(b"")),
        (data, None),
        *((edited, PASSPHRASE) for edited in _edited(data, name)),
    ]:
        try:
            attempt(content, passphrase)
        except KeyconvError as error:
            yield error


@pytest.mark.parametrize("target", ["openssh", "ppk"])
@pytest.mark.parametrize("name", SAMPLES)
def test_no_exception_tells_a_secret_not_even_with_the_locals_of_its_traceback(name: str, target: str) -> None:
    if target == "ppk" and name not in OF_PPK:
        return
    errors = list(_failures(name, target))
    assert len(errors) > 3
    for error in errors:
        assert clean(repr(error) + str(error) + repr(error.args) + repr(vars(error)), name)
        assert clean(pickle.dumps(error, 0).decode("latin-1"), name)
        assert clean("".join(traceback.format_exception(error)), name)
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        assert clean("".join(shown.format()), name)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_private_half_that_contradicts_itself_is_refused_without_being_told(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The passphrase is right, and only then does the file turn out to be wrong: the secret is in memory.
    data = _locked(name, "openssh")

    def refuse(private: Any, notes: Any) -> Any:
        raise keyconv.errors.ContradictionError("the numbers contradict each other")

    monkeypatch.setattr(proving, "prove", refuse)
    with pytest.raises(keyconv.errors.ContradictionError) as caught:
        unlock(read(data).entries[0], PASSPHRASE)
    assert clean(str(caught.value) + repr(caught.value), name)
    assert clean("".join(traceback.format_exception(caught.value)), name)


@pytest.mark.parametrize("fixture", [each for each in READABLE if not each.whole], ids=lambda each: each.path)
def test_the_fault_of_a_cut_file_is_told_without_what_is_left_of_it(fixture: Any) -> None:
    entry = read(fixture.data).entries[0]
    private_lines = re.search(rb"Private-Lines: [0-9]+\n((?:.+\n?)*)", fixture.data)
    rest = private_lines[1].decode() if private_lines else ""
    shown = repr(entry) + str(entry.fault)
    assert not rest or not any(piece in shown for piece in _pieces(rest))


# ── the system ─────────────────────────────────────────────────────────────────────────────────────────────────────


@posix
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_in_the_running_process_core_dumps_are_off_and_no_passphrase_is_in_its_arguments(tmp_path: Path) -> None:
    secret = secret_file(tmp_path, PLANTED.encode())
    locked = tmp_path / "locked"
    locked.write_bytes(_locked("ed25519", "ppk"))
    boot = """
import ctypes, json, os, resource
from pathlib import Path
import keyconv.crypto.kdf as kdf
real = kdf.Argon2.derive
def derive(self, passphrase, length):
    os.write(2, (json.dumps({
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
        "cmdline": Path("/proc/self/cmdline").read_bytes().decode(),
        "environ": Path("/proc/self/environ").read_bytes().decode("latin-1"),
        "open": [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if int(fd) > 2
                 and os.path.exists(f"/proc/self/fd/{fd}")],
    }) + chr(10)).encode())
    return real(self, passphrase, length)
kdf.Argon2.derive = derive
"""
    boot = boot.replace("os.write(2, (json", "os.write(2, ('keyconv: ' + json")
    arguments = ("convert", locked, "-o", tmp_path / "out", "--no-passphrase", "--passphrase-file", secret)
    result = run_process(*arguments, boot=boot)
    assert result.code == 0
    seen = json.loads(result.err.splitlines()[0].removeprefix("keyconv: "))
    assert seen["core"] == [0, 0]
    assert seen["dumpable"] == 0
    assert clean(seen["cmdline"] + seen["environ"], "ed25519")
    assert str(secret) not in seen["open"]


@posix
def test_an_askpass_program_inherits_neither_passphrase(tmp_path: Path) -> None:
    askpass, report = tmp_path / "askpass", tmp_path / "report"
    askpass.write_text(f"#!/bin/sh\nenv > '{report}'\necho \"$0 $*\" >> '{report}'\necho '{PLANTED}'\n", "utf-8")
    askpass.chmod(0o700)
    locked = tmp_path / "locked"
    locked.write_bytes(_locked("ed25519", "openssh"))
    arguments = ("convert", locked, "-o", tmp_path / "out", "-t", "ppk2", "--new-passphrase-env", "NEW")
    result = run(*arguments, SSH_ASKPASS=str(askpass), SSH_ASKPASS_REQUIRE="force", NEW=WRONG)
    assert result.code == 0
    assert "SSH_ASKPASS=" in report.read_text("utf-8")
    assert clean(report.read_text("utf-8"), "ed25519")


def test_no_temporary_name_tells_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    names: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        names.extend(each.name for each in tmp_path.iterdir())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    locked = tmp_path / "locked"
    locked.write_bytes(_locked("ed25519", "openssh"))
    secret = secret_file(tmp_path, PLANTED.encode())
    arguments = ("convert", locked, "-o", tmp_path / "out", "--no-passphrase", "--passphrase-file", secret)
    assert run(*arguments).code == 0
    assert any(each.startswith(".keyconv-") for each in names)
    assert clean(" ".join(names), "ed25519")
