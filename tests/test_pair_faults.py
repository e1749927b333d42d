"""Commands that change two files, killed, failed or interrupted at every step: both are old, or both new.

Only a kill between two renames leaves some files new and the rest old; that is named, and the same command finishes it.
As in `test_in_place_faults.py`, one process loads the program and forks for every fault.
"""

# ruff: noqa: F811 - a fixture that is imported

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fixture_files import PASSPHRASE, by_path, sample
from test_cli_convert import only_entry
from test_cli_convert import run as run_here
from test_in_place_faults import (
    ERRORS,
    EXITED,
    KILLS,
    Outcome,
    Program,
    _faults,
    program,  # noqa: F401 - a fixture of pytest's
)
from tools import PATIENCE, require

from keyconv import Passphrase, WriteOptions, write
from keyconv.engine import unlock

if sys.platform == "win32":
    pytest.skip("faults of POSIX systems", allow_module_level=True)

INTERRUPTS = ("SIGINT", "SIGINT after")
NEW = b"new comment"
PLAIN = "openssh/ed25519-plain"
LINE = by_path("openssh-pub/ed25519.pub").data
BLOCK = by_path("rfc4716/ed25519-puttygen.pub").data
CERTIFIED = "certificates/user-ed25519-v3-plain.ppk"


def _encrypted() -> bytes:
    options = WriteOptions(passphrase=Passphrase(PASSPHRASE), kdf_memory=64, kdf_passes=1, rounds=1)
    return write(sample(PLAIN), "openssh", options)


@dataclass(frozen=True)
class Scene:
    """A key, what is beside it in the order in which it changes, and flags; the key comes first."""

    name: str
    files: dict[str, bytes]
    locked: bool = False


SCENES = (
    Scene("openssh-and-line", {"id": by_path(PLAIN).data, "id.pub": LINE}),
    Scene("ppk-and-both", {"id.ppk": by_path("ppk/ed25519-v3-plain.ppk").data, "id.ppk.pub": LINE, "id.pub": BLOCK}),
    Scene("encrypted-and-block", {"id": _encrypted(), "id.pub": BLOCK}, locked=True),
)


@dataclass
class Stage:
    """A scene set up on the disk, again and again."""

    scene: Scene
    folder: Path
    flags: tuple[str | Path, ...] = ()

    def __post_init__(self) -> None:
        (self.folder / "keys").mkdir()
        if self.scene.locked:
            (self.folder / "word").write_bytes(PASSPHRASE + b"\n")
            self.flags = ("--passphrase-file", self.folder / "word")

    @property
    def paths(self) -> list[Path]:
        return [self.folder / "keys" / name for name in self.scene.files]

    @property
    def arguments(self) -> tuple[str | Path, ...]:
        return ("comment", self.paths[0], NEW.decode(), *self.flags)

    def reset(self) -> None:
        for path in (self.folder / "keys").iterdir():
            path.unlink()
        for path, data in zip(self.paths, self.scene.files.values(), strict=True):
            path.touch(0o600)
            path.write_bytes(data)
            path.chmod(0o600 if path == self.paths[0] else 0o640)

    def state(self) -> tuple[bool, ...]:
        """Return of each file whether it is the new one; it is the old one otherwise, and all are whole."""
        found = []
        for path, before in zip(self.paths, self.scene.files.values(), strict=True):
            entry = unlock(only_entry(path.read_bytes()), PASSPHRASE)
            assert entry.public == sample(PLAIN).public
            found.append(entry.comment == NEW)
            assert found[-1] or path.read_bytes() == before
            assert stat.S_IMODE(path.stat().st_mode) == (0o640 if entry.private is None else 0o600)
        assert unlock(only_entry(self.paths[0].read_bytes()), PASSPHRASE).private == sample(PLAIN).private
        return tuple(found)

    def leftovers(self) -> list[Path]:
        found = sorted(set((self.folder / "keys").iterdir()) - set(self.paths))
        assert all(path.name.startswith(".keyconv-") for path in found)
        assert all(not stat.S_IMODE(path.stat().st_mode) & 0o077 for path in found if b"PRIVATE" in path.read_bytes())
        return found


@pytest.fixture(params=SCENES, ids=lambda scene: scene.name)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    return Stage(request.param, tmp_path)


def _outcomes(stage: Stage, program: Program, hows: tuple[str, ...]) -> Iterator[tuple[str, str, Outcome]]:
    stage.reset()
    program.run(*stage.arguments, warm=True)

    def run(job: dict[str, Any]) -> Outcome:
        stage.reset()
        return program.run(*stage.arguments, **job)

    for call, number, how, outcome in _faults(run, hows):
        yield f"{call} {number} {how}: {outcome.said}", how, outcome


def test_an_error_of_any_call_leaves_all_files_old_or_all_new_and_nothing_beside_them(
    stage: Stage, program: Program
) -> None:
    states = set()
    for where, _, outcome in _outcomes(stage, program, ERRORS):
        state = stage.state()
        assert len(set(state)) == 1, where
        assert stage.leftovers() == [], where
        assert outcome.code in (0, 3, 4, 5), where
        if outcome.code == 0:
            assert all(state), where
        elif all(state):
            assert "is written, but" in outcome.said, where
        else:
            assert outcome.said.startswith("keyconv: "), where
            assert "is written" not in outcome.said, where
        states.add(state[0])
    assert states == {False, True}


def test_an_interrupt_at_any_call_leaves_all_files_old_or_all_new(stage: Stage, program: Program) -> None:
    states = set()
    for where, _, outcome in _outcomes(stage, program, INTERRUPTS):
        state = stage.state()
        assert len(set(state)) == 1, where
        assert stage.leftovers() == [], where
        assert outcome.code in (0, 130, -signal.SIGINT), where
        states.add(state[0])
    assert states == {False, True}


def test_a_kill_at_any_call_leaves_files_that_the_same_command_finishes(stage: Stage, program: Program) -> None:
    states = set()
    for where, how, outcome in _outcomes(stage, program, KILLS):
        state = stage.state()
        if not outcome.reached:
            assert (outcome.code, all(state), stage.leftovers()) == (0, True, []), where
            continue
        assert outcome.code == (EXITED if how == "exit" else -signal.SIGKILL), where
        assert list(state) == sorted(state, reverse=True), f"the key is the first to change: {where}"
        if len(set(state)) > 1 and state not in states:
            left = stage.leftovers()
            assert left, where
            again = run_here(*stage.arguments)
            assert (again.code, stage.state(), stage.leftovers()) == (0, (True,) * len(state), left)
            for path in left:
                assert path.name in again.err
        states.add(state)
    count = len(stage.paths)
    assert states == {(True,) * new + (False,) * (count - new) for new in range(count + 1)}


def test_a_left_over_pair_is_named_by_inspect_check_and_comment(program: Program, tmp_path: Path) -> None:
    stage = Stage(SCENES[0], tmp_path)
    stage.reset()
    key, pub = stage.paths
    assert program.run(*stage.arguments, call="replace", number=1, how="kill after").reached
    assert stage.state() == (True, False)
    left = [path.name for path in stage.leftovers()]
    assert left
    shown = json.loads(run_here("inspect", key, "--json").out)[0]["notes"]
    assert [note for note in shown if note.startswith("comment-differs: ")] == [
        f"comment-differs: {pub} has another comment: 'keyconv fixture ed25519'"
    ]
    assert [note.split()[-3] for note in shown if note.startswith("leftover-file: ")] == left
    report = json.loads(run_here("check", key, "--json").out)["findings"]
    assert [each["path"] for each in report if each["rule"] == "comment-differs"] == [str(pub)]
    assert [Path(each["path"]).name for each in report if each["rule"] == "leftover-file"] == left
    again = run_here("comment", key, NEW.decode())
    assert (again.code, stage.state()) == (0, (True, True))
    assert f"keyconv: {pub}: its comment was not the key's; both have the new one now\n" in again.err
    for name in left:
        assert name in again.err
        (key.parent / name).unlink()
    assert run_here("comment", key, NEW.decode()).err == ""
    said = subprocess.run(
        [require("ssh-keygen"), "-l", "-f", pub], capture_output=True, check=True, timeout=PATIENCE
    ).stdout
    assert NEW in said


def test_a_rename_that_fails_and_cannot_be_undone_says_which_file_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keyconv.files.folders import Folder

    stage = Stage(SCENES[0], tmp_path)
    stage.reset()
    key, pub = stage.paths
    real, calls = Folder.replace, []

    def replace(folder: Folder, source: str, target: str) -> None:
        calls.append(target)
        if len(calls) > 1:
            raise OSError(5, "Input/output error")
        real(folder, source, target)

    monkeypatch.setattr(Folder, "replace", replace)
    result = run_here(*stage.arguments)
    assert (result.code, stage.state()) == (5, (True, False))
    assert calls == ["id", "id.pub", "id"]
    assert result.err == (
        f"keyconv: {key}: is written, but {pub} is not: input/output error\n"
        "  hint: run the same command again to finish it\n"
    )


# ── a certificate and its key ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("hows", [ERRORS, INTERRUPTS, KILLS], ids=["errors", "interrupts", "kills"])
@pytest.mark.parametrize("key_output", [False, True], ids=["in-place", "key-output"])
def test_detach_writes_the_certificate_and_the_key_or_neither(
    key_output: bool, hows: tuple[str, ...], program: Program, tmp_path: Path
) -> None:
    key, line, bare = tmp_path / "id.ppk", tmp_path / "id-cert.pub", tmp_path / "bare.ppk"
    before, certificate = by_path(CERTIFIED).data, sample(CERTIFIED).certificate
    target, how = (bare, ("--key-output", bare)) if key_output else (key, ("--in-place",))
    states = set()

    def run(job: dict[str, Any]) -> Outcome:
        for path in tmp_path.iterdir():
            path.unlink()
        key.touch(0o600)
        key.write_bytes(before)
        return program.run("cert", "detach", key, "-o", line, *how, **job)

    run({"warm": True})
    for call, number, fault, outcome in _faults(run, hows):
        where = f"{call} {number} {fault}: {outcome.said}"
        has_line = line.exists() and only_entry(line.read_bytes()).certificate == certificate
        assert has_line or not line.exists(), where
        data = target.read_bytes() if target.exists() else before
        is_bare = data != before
        assert not is_bare or only_entry(data).private == sample(CERTIFIED).private, where
        assert key_output or is_bare == (only_entry(data).certificate is None), where
        assert has_line or not is_bare, f"the certificate is the first to be written: {where}"
        if hows != KILLS:
            assert has_line == is_bare, where
            assert set(tmp_path.iterdir()) <= {key, line, bare}, where
        states.add((has_line, is_bare))
    assert states == {(False, False), (True, True), *([(True, False)] if hows == KILLS else [])}
