"""`keyconv passphrase`, killed or failed at every step: the old file or the new one, whole.

One process loads the program and forks for every fault, which costs no start of an interpreter each time. In the child
the n-th call of one of the system's functions ends the process, or fails, with n from 1 until it is no longer reached.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fixture_files import PASSPHRASE, ROOT, sample
from test_cli_convert import only_entry
from test_cli_passphrase import old_and_new

from keyconv import Deriver, Locked, Passphrase, WriteOptions, unlock, write

if sys.platform == "win32":
    pytest.skip("faults of POSIX systems", allow_module_level=True)

NEW = b"battery staple"

CALLS = ("open", "write", "fsync", "replace", "rename", "link", "unlink", "fchmod", "fchown", "lseek", "close")
"""The system's functions; of `close` only what closes a file that was made."""

KILLS = ("exit", "kill after", "half")
ERRORS = ("ENOSPC", "EIO")
EXITED = 77

DRIVER = """
import errno, gc, json, os, resource, signal, sys
from contextlib import suppress

from typer.main import get_command
from typer.testing import CliRunner

from keyconv.cli.app import app

COMMAND = get_command(app)
REAL = {name: getattr(os, name) for name in json.loads(sys.argv[1])}


def end(how):
    if how == "exit":
        os._exit(77)
    os.kill(os.getpid(), signal.SIGKILL)


def install(job, told):
    name, left, how = job["call"], [job["number"]], job["how"]
    real = REAL[name]
    made = set()

    def open_(path, flags, *more, **named):
        descriptor = REAL["open"](path, flags, *more, **named)
        if flags & os.O_CREAT:
            made.add(descriptor)
        return descriptor

    def call(*arguments, **named):
        if name == "close" and arguments[0] not in made:
            return real(*arguments, **named)
        left[0] -= 1
        if left[0]:
            return real(*arguments, **named)
        REAL["write"](told, b"x")
        if how == "half" and name == "write":
            real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
        if how == "kill after":
            with suppress(OSError):
                real(*arguments, **named)
        if how.startswith("SIG"):
            number = getattr(signal, how.partition(" ")[0])
            if not how.endswith("after"):
                os.kill(os.getpid(), number)
                return real(*arguments, **named)
            try:
                return real(*arguments, **named)
            finally:
                os.kill(os.getpid(), number)
        if how.startswith("E"):
            raise OSError(getattr(errno, how), os.strerror(getattr(errno, how)))
        end(how)

    os.open = open_
    setattr(os, name, call)


def work(job, told):
    said = REAL["open"](job["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(said, 2)
    os.dup2(REAL["open"](os.devnull, os.O_WRONLY), 1)  # the answers to the test go there
    os.umask(job.get("umask", 0))
    if job.get("call"):
        install(job, told)
    if job.get("after"):
        signal.setitimer(signal.ITIMER_REAL, job["after"])
    if job.get("limit"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["limit"], job["limit"]))
    try:
        COMMAND.main(job["arguments"], "keyconv")
    except SystemExit as done:
        sys.stderr.flush()
        os._exit(done.code or 0)


for line in sys.stdin:
    job = json.loads(line)
    if job.get("warm"):  # here, so that no child need load what a command loads only when it runs
        CliRunner().invoke(app, job["arguments"])
        gc.freeze()
        print(json.dumps({"status": 0, "reached": False}), flush=True)
        continue
    reached, told = os.pipe()
    child = os.fork()
    if not child:
        work(job, told)
    os.close(told)
    _, status = os.waitpid(child, 0)
    print(json.dumps({"status": os.waitstatus_to_exitcode(status), "reached": bool(os.read(reached, 1))}), flush=True)
    os.close(reached)
"""


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its exit code (negative: the signal), whether the fault was reached, what it said."""

    code: int
    reached: bool
    said: str


@dataclass
class Program:
    """The loaded program, waiting for jobs."""

    process: subprocess.Popen[str]
    said: Path

    def run(self, *arguments: str | Path, **job: Any) -> Outcome:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        job.update(arguments=[os.fspath(each) for each in arguments], said=os.fspath(self.said))
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        said = self.said.read_text("utf-8")
        assert "Traceback" not in said, said
        assert "internal error" not in said, said
        return Outcome(answer["status"], answer["reached"], said)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("program")
    (folder / "said").touch()
    command = [sys.executable, "-c", DRIVER, json.dumps(CALLS)]
    without = {name: value for name, value in os.environ.items() if not name.startswith(("SSH_", "DISPLAY"))}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=without,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield Program(process, folder / "said")
        finally:
            process.kill()


# ── what is changed ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Scene:
    """A key in a folder of its own, and the command that changes it."""

    name: str
    format: str
    key: str = "openssh/ed25519-plain"
    old: bytes = PASSPHRASE
    new: bytes = NEW
    flags: tuple[str, ...] = ()
    mode: int = 0o600
    linked: bool = False
    data: bytes = field(default=b"", repr=False)


SCENES = (
    Scene("changed-ppk", "ppk"),
    Scene("removed-openssh", "openssh", new=b""),
    Scene("added-pem-0640", "pem", key="openssh/ecdsa-p256-plain", old=b"", mode=0o640),
    Scene("cost-pkcs8", "pkcs8", new=PASSPHRASE, flags=("--rounds", "3")),
    Scene(
        "upgraded-ppk2-through-a-link", "ppk2", new=PASSPHRASE, flags=("--upgrade", "--kdf-passes", "1"), linked=True
    ),
)


def _old_data(scene: Scene) -> bytes:
    options = WriteOptions(
        passphrase=Passphrase(scene.old), kdf_memory=64, kdf_passes=1, rounds=2, random=lambda count: bytes(count)
    )
    return write(sample(scene.key), scene.format, options)


@dataclass
class Stage:
    """A scene set up on the disk, again and again."""

    scene: Scene
    folder: Path
    old_data: bytes
    arguments: tuple[str | Path, ...] = ()

    def __post_init__(self) -> None:
        secrets = self.folder / "secrets"
        secrets.mkdir()
        flags = old_and_new(secrets, self.scene.old, self.scene.new)
        if self.scene.flags:  # of cost, which alone keep the passphrase
            flags = flags[:2]
        (self.folder / "keys").mkdir()
        (self.folder / "links").mkdir()
        self.arguments = ("passphrase", self.named, *flags, *self.scene.flags)

    @property
    def key(self) -> Path:
        return self.folder / "keys" / "key"

    @property
    def named(self) -> Path:
        """The name that the command is given."""
        return self.folder / "links" / "link" if self.scene.linked else self.key

    def reset(self) -> None:
        for path in self.key.parent.iterdir():
            path.unlink()
        self.key.touch(0o600)
        self.key.write_bytes(self.old_data)
        self.key.chmod(self.scene.mode)
        if self.scene.linked and not self.named.is_symlink():
            self.named.symlink_to("../keys/key")

    def is_new(self) -> bool:
        """Return whether the file is the new one; it is the old one otherwise, byte for byte, and both are whole."""
        data = self.key.read_bytes()
        assert stat.S_IMODE(self.key.lstat().st_mode) == self.scene.mode
        if data == self.old_data:
            return False
        assert _opens(data, self.scene.new) == sample(self.scene.key).private
        return True

    def leftovers(self) -> list[Path]:
        """Return the temporary files; nobody else can read them."""
        found = [path for path in self.key.parent.iterdir() if path != self.key]
        for path in found:
            assert path.name.startswith(".keyconv-")
            assert not stat.S_IMODE(path.lstat().st_mode) & ~self.scene.mode
        assert {path.name for path in (self.folder / "links").iterdir()} <= {"link"}
        return found


def _opens(data: bytes, passphrase: bytes) -> object:
    entry = only_entry(data)
    if not isinstance(entry.private, Locked):
        return entry.private
    return unlock(entry, passphrase, deriver=Deriver()).private


@pytest.fixture(params=SCENES, ids=lambda scene: scene.name)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    scene: Scene = request.param
    return Stage(scene, tmp_path, _old_data(scene))


def warm(stage: Stage, program: Program) -> None:
    """Let the program load what the scene needs."""
    stage.reset()
    program.run(*stage.arguments, warm=True)


def _faults(run: Callable[[dict[str, Any]], Outcome], hows: tuple[str, ...]) -> Iterator[tuple[str, int, str, Outcome]]:
    """Let every call of every function fail in turn; the last run of each, which reached no fault, is given too."""
    for call in CALLS:
        for how in hows:
            if how == "half" and call != "write":
                continue
            number = 0
            while True:
                number += 1
                outcome = run({"call": call, "number": number, "how": how})
                yield call, number, how, outcome
                if not outcome.reached:
                    break
                assert number < 100


# ── kills ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_fault_the_file_is_the_new_one(stage: Stage, program: Program) -> None:
    stage.reset()
    outcome = program.run(*stage.arguments)
    assert (outcome.code, outcome.reached) == (0, False), outcome.said
    assert stage.is_new()
    assert stage.leftovers() == []


def test_a_kill_at_any_call_leaves_the_old_file_or_the_new_one(stage: Stage, program: Program) -> None:
    seen: dict[bool, int] = {False: 0, True: 0}
    reached: set[str] = set()
    warm(stage, program)

    def run(job: dict[str, Any]) -> Outcome:
        stage.reset()
        return program.run(*stage.arguments, **job)

    for call, _, how, outcome in _faults(run, KILLS):
        new = stage.is_new()
        left = stage.leftovers()
        if not outcome.reached:
            assert (outcome.code, new, left) == (0, True, []), outcome.said
            continue
        assert outcome.code == (EXITED if how == "exit" else -signal.SIGKILL)
        assert len(left) <= 1
        seen[new] += 1
        reached.add(call)
    assert min(seen.values()) > 0, "some kills come before the change and some after it"
    assert reached >= {"open", "write", "fsync", "replace", "unlink", "lseek", "close"}
    assert ("fchmod" in reached) == (stage.scene.mode != 0o600)


def test_a_kill_at_any_time_leaves_the_old_file_or_the_new_one(stage: Stage, program: Program) -> None:
    codes = set()
    warm(stage, program)
    for step in range(1, 25):
        stage.reset()
        outcome = program.run(*stage.arguments, after=step / 1000)
        codes.add(outcome.code)
        new = stage.is_new()
        left = stage.leftovers()
        assert outcome.code == -signal.SIGALRM or (outcome.code, new, left) == (0, True, [])
    assert -signal.SIGALRM in codes


def test_after_a_kill_the_same_command_does_its_work(program: Program, tmp_path: Path) -> None:
    stage = Stage(SCENES[0], tmp_path, _old_data(SCENES[0]))
    stage.reset()
    killed = program.run(*stage.arguments, call="fsync", number=1, how="exit")
    assert killed.reached
    left = stage.leftovers()
    assert (stage.is_new(), len(left)) == (False, 1)
    assert program.run(*stage.arguments).code == 0
    assert stage.is_new()
    assert stage.leftovers() == left, "what a killed run left is nobody else's to remove"


# ── errors ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_error_of_any_call_leaves_the_old_file_or_the_new_one_and_nothing_beside_it(
    stage: Stage, program: Program
) -> None:
    warm(stage, program)

    def run(job: dict[str, Any]) -> Outcome:
        stage.reset()
        return program.run(*stage.arguments, **job)

    for call, number, how, outcome in _faults(run, ERRORS):
        where = f"{call} {number} {how}: {outcome.said}"
        new = stage.is_new()
        assert stage.leftovers() == [], where
        assert outcome.code in (0, 3, 4, 5), where
        if outcome.code == 0:
            assert new, where
        elif new:
            assert "is written, but" in outcome.said, where
        else:
            assert outcome.said.startswith("keyconv: "), where
            assert "is written" not in outcome.said, where


def test_a_limit_on_the_size_of_files_leaves_the_old_one(stage: Stage, program: Program) -> None:
    for limit in (1, 100):
        stage.reset()
        outcome = program.run(*stage.arguments, limit=limit)
        assert outcome.code != 0
        assert (stage.is_new(), stage.leftovers()) == (False, [])


def test_the_errors_that_are_injected_are_of_this_system() -> None:
    assert all(getattr(errno, name) for name in ERRORS)
