"""Every other command that writes, killed, failed or interrupted at every step: the old file or the new one, whole.

As in `test_in_place_faults.py`, one process loads the program and forks for every fault.
"""

from __future__ import annotations

import re
import signal
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fixture_files import by_path, sample
from test_cli_convert import only_entry
from test_in_place_faults import (
    EXITED,
    KILLS,
    Outcome,
    Program,
    _faults,
    program,  # noqa: F401 - a fixture of pytest's
)

from keyconv import read, write

if sys.platform == "win32":
    pytest.skip("faults of POSIX systems", allow_module_level=True)

INTERRUPTS = ("SIGINT", "SIGINT after", "SIGTERM")
PPK = by_path("ppk/ed25519-v3-plain.ppk").data
PRIVATE = sample("openssh/ed25519-plain").private
DAMAGED = by_path("openssh/ed25519-plain").data.replace(b"\n", b"\r\n")
MENDED = by_path("openssh/ed25519-plain").data
CERTIFICATE = by_path("certificates/user-ed25519-cert.pub").data
RSA_DAMAGED = by_path("openssh/rsa2048-plain").data.replace(b"\n", b"\r\n")
OTHER = by_path("openssh/ecdsa-p256-plain").data


def same_key(data: bytes) -> bool:
    return only_entry(data).private == PRIVATE


@dataclass(frozen=True)
class Scene:
    """A command, the files that it is given, and for each file that it may change or make how to know the new one.

    `beside` is what has to be there, whole, as soon as a file is the new one: the backup of a file fixed in place.
    """

    name: str
    arguments: tuple[str, ...]
    before: dict[str, bytes]
    is_new: dict[str, Callable[[bytes], bool]]
    public: tuple[str, ...] = ()
    beside: str = ""
    codes: tuple[int, ...] = (0,)

    def reset(self, folder: Path) -> None:
        for path in folder.iterdir():
            path.unlink()
        for name, data in self.before.items():
            (folder / name).touch(0o600)
            (folder / name).write_bytes(data)

    def state(self, folder: Path) -> tuple[bool, ...]:
        """Check that every file is the old one, or the new one and whole; tell which."""
        found = []
        for name, is_new in self.is_new.items():
            path = folder / name
            data = path.read_bytes() if path.exists() else None
            found.append(data is not None and data != self.before.get(name) and is_new(data))
            assert found[-1] or data == self.before.get(name), name
            if data is not None and name not in self.public:
                assert stat.S_IMODE(path.stat().st_mode) == 0o600, name
        if self.beside and found[0]:
            assert (folder / self.beside).exists()
        for name in set(self.before) - set(self.is_new):
            assert (folder / name).read_bytes() == self.before[name]
        return tuple(found)

    def leftovers(self, folder: Path) -> list[Path]:
        found = [path for path in folder.iterdir() if path.name not in {*self.before, *self.is_new}]
        for path in found:
            assert re.fullmatch(r"\.keyconv-[0-9a-f]{16}\.tmp", path.name)
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                assert self.public
                assert b"PRIVATE" not in path.read_bytes()
        return found


def _is_pub(data: bytes) -> bool:
    return len(read(data).entries) == 1 and data.count(b"\n") == 1


def _is_generated(data: bytes) -> bool:
    return only_entry(data).private is not None


SCENES = (
    Scene(
        "convert-force",
        ("convert", "in.ppk", "-o", "out", "-t", "openssh", "--force", "--no-passphrase"),
        {"in.ppk": PPK, "out": OTHER},
        {"out": same_key},
    ),
    Scene(
        "repair-in-place",
        ("repair", "key", "--in-place"),
        {"key": DAMAGED},
        {"key": MENDED.__eq__, "key.bak": DAMAGED.__eq__},
        beside="key.bak",
    ),
    Scene(
        "check-fix",
        ("check", "--fix", "--no-backup", "one", "two"),
        {"one": DAMAGED, "two": RSA_DAMAGED},
        {"one": MENDED.__eq__, "two": RSA_DAMAGED.replace(b"\r\n", b"\n").__eq__},
        codes=(1,),  # without passphrases, they are still findings
    ),
    Scene(
        "check-fix-with-backup",
        ("check", "--fix", "key"),
        {"key": DAMAGED},
        {"key": MENDED.__eq__, "key.bak": DAMAGED.__eq__},
        beside="key.bak",
        codes=(1,),
    ),
    Scene(
        "generate-several",
        ("generate", "-o", "new", "--also", "ppk", "--also", "pkcs8", "--no-passphrase"),
        {},
        {"new": _is_generated, "new.pub": _is_pub, "new.ppk": _is_generated, "new.pem": _is_generated},
        public=("new.pub",),
    ),
    Scene(
        "cert-attach-in-place",
        ("cert", "attach", "key.ppk", "cert.pub", "--in-place"),
        {"key.ppk": PPK, "cert.pub": CERTIFICATE},
        {"key.ppk": lambda data: same_key(data) and only_entry(data).certificate is not None},
    ),
)


@pytest.fixture(params=SCENES, ids=lambda scene: scene.name)
def scene(request: pytest.FixtureRequest) -> Scene:
    made: Scene = request.param
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.mkdir()
    return path


def runner(scene: Scene, folder: Path, program: Program) -> Callable[[dict[str, Any]], Outcome]:  # noqa: F811
    names = {*scene.before, *scene.is_new, "new"}
    arguments = [str(folder / each) if each in names else each for each in scene.arguments]

    def run(job: dict[str, Any]) -> Outcome:
        scene.reset(folder)
        return program.run(*arguments, **job)

    program.said.touch()
    run({"warm": True})
    return run


def test_a_kill_at_any_call_leaves_the_old_or_the_new(scene: Scene, folder: Path, program: Program) -> None:  # noqa: F811
    states = set()
    for _, _, how, outcome in _faults(runner(scene, folder, program), KILLS):
        state, left = scene.state(folder), scene.leftovers(folder)
        if not outcome.reached:
            assert (outcome.code in scene.codes, all(state), left) == (True, True, []), outcome.said
            continue
        assert outcome.code == (EXITED if how == "exit" else -signal.SIGKILL)
        assert len(left) <= 1
        states.add(state)
    assert {all(each) for each in states} == {False, True}
    assert tuple(False for _ in scene.is_new) in states


def test_an_error_of_any_call_is_told_and_leaves_nothing_beside(
    scene: Scene,
    folder: Path,
    program: Program,  # noqa: F811
) -> None:
    for call, number, how, outcome in _faults(runner(scene, folder, program), ("EIO",)):
        where = f"{call} {number} {how} {outcome.code}: {outcome.said}"
        state = scene.state(folder)
        assert scene.leftovers(folder) == [], where
        if all(state):
            told = re.search("is written, but|cannot write to standard output", outcome.said)
            assert outcome.code in scene.codes or told, where
        else:
            assert outcome.code in (1, 2, 3, 5), where
            assert "keyconv: " in outcome.said, where
        if scene.name == "generate-several":
            assert len(set(state)) == 1, f"all or none: {where}"


def test_an_interrupt_at_any_call_ends_the_run_and_leaves_nothing_beside(
    scene: Scene,
    folder: Path,
    program: Program,  # noqa: F811
) -> None:
    for call, number, how, outcome in _faults(runner(scene, folder, program), INTERRUPTS):
        where = f"{call} {number} {how} {outcome.code}: {outcome.said}"
        state, left = scene.state(folder), scene.leftovers(folder)
        if not outcome.reached:
            assert all(state), where
        elif outcome.code == -signal.SIGTERM:  # which may end the program on the spot
            assert (how, len(left) <= 1) == ("SIGTERM", True), where
        else:
            assert outcome.code == 130, where
            assert left == [], where
            assert scene.name != "generate-several" or len(set(state)) == 1, where


def test_what_is_written_is_private_whatever_the_umask(scene: Scene, folder: Path, program: Program) -> None:  # noqa: F811
    run = runner(scene, folder, program)
    for mask in (0o000, 0o077, 0o777):
        outcome = run({"umask": mask})
        assert outcome.code in scene.codes, outcome.said
        assert scene.leftovers(folder) == []
        assert all(scene.state(folder))


def test_the_scenes_hold_what_they_say() -> None:
    assert read(MENDED).entries[0].private == PRIVATE
    assert write(sample("openssh/ed25519-plain"), "ppk") != PPK or same_key(PPK)
