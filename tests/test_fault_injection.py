"""Full disks, kills in mid-write and readers that go away: the old file or the new one, and nobody else may read it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixture_files import FIXTURES_DIR, PASSPHRASE, ROOT
from test_cli_convert import LOCKED_PPK, PPK, Result, needs_root, run, run_process, secret_file
from tools import PATIENCE

from keyconv import read

if sys.platform == "win32":
    pytest.skip("faults of POSIX systems", allow_module_level=True)

OLD = b"the old content\n"
RSA = FIXTURES_DIR / "ppk" / "rsa3072-v3-plain.ppk"  # its OpenSSH file has 2.5 KiB


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def nobody_else_can_read(folder: Path) -> bool:
    return not any(stat.S_IMODE(path.lstat().st_mode) & 0o077 for path in folder.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "folder"
    path.mkdir()
    return path


@pytest.fixture(params=[False, True], ids=["new", "force"])
def target(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """A name to write to that is free, or one that holds something and is to be replaced."""
    path = folder / "key"
    if request.param:
        path.write_bytes(OLD)
        path.chmod(0o600)
    yield path, ("--force",) if request.param else ()
    if request.param:
        assert path.read_bytes() == OLD
        assert names(folder) == ["key"]
    else:
        assert names(folder) == []


# ── a full disk ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 KiB with half a kilobyte free."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        ran = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", folder], capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no mount program")
    if ran.returncode != 0:
        pytest.skip("mounting is not permitted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(folder: Path) -> None:
    with (folder / "filler").open("wb", 0) as filler:
        try:
            while True:
                filler.write(b"x" * 512)
        except OSError:
            pass
    (folder / "filler").chmod(0o600)


@needs_root
@pytest.mark.parametrize("force", [(), ("--force",)], ids=["new", "force"])
def test_a_full_disk_exits_5_and_leaves_what_was_there(full_disk: Path, force: tuple[str, ...]) -> None:
    path = full_disk / "key"
    if force:
        path.write_bytes(OLD)
        path.chmod(0o600)
    fill(full_disk)
    before = names(full_disk)
    result = run_process("convert", RSA, "-o", path, *force)
    assert (result.code, result.err) == (5, f"keyconv: {path}: disk full\n")
    assert names(full_disk) == before
    assert nobody_else_can_read(full_disk)
    assert not force or path.read_bytes() == OLD
    (full_disk / "filler").unlink()
    assert run_process("convert", RSA, "-o", path, *force).code == 0
    assert read(path.read_bytes()).format == "openssh"


@needs_root
def test_a_batch_onto_a_full_disk_tells_each_failure_and_leaves_no_partial_file(full_disk: Path) -> None:
    fill(full_disk)
    result = run_process("convert", RSA, PPK, "-d", full_disk / "out")
    assert result.code == 5
    assert result.err.endswith("keyconv: 0 converted, 2 failed, 0 skipped\n")
    assert [path for path in full_disk.rglob("*") if path.is_file()] == [full_disk / "filler"]


@pytest.mark.parametrize("limit", [0, 1, 512])
def test_a_write_that_stops_in_the_middle_exits_5_and_leaves_nothing(
    limit: int, target: tuple[Path, tuple[str, ...]]
) -> None:
    path, force = target
    boot = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
    result = run_process("convert", RSA, "-o", path, *force, boot=boot)
    assert result.code == 5
    assert result.err.startswith(f"keyconv: {path}: ")
    assert result.err.count("\n") == 1


# ── errors of single system calls ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("call", ["open", "write", "fsync", "read", "link", "replace"])
@pytest.mark.parametrize("number", ["ENOSPC", "EIO", "EDQUOT"])
def test_whatever_call_fails_it_exits_5_and_nothing_is_left(
    call: str, number: str, target: tuple[Path, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, force = target
    if call == ("link" if force else "replace"):
        return  # that is the other way to take a name
    import errno

    code = getattr(errno, number)
    real_open, real_call = os.open, getattr(os, call)
    ours: set[int] = set()

    def open_(name: str, flags: int, *more: int, **others: int) -> int:
        if call == "open" and flags & os.O_CREAT:
            raise OSError(code, os.strerror(code), name)
        descriptor = real_open(name, flags, *more, **others)
        if flags & os.O_CREAT:
            ours.add(descriptor)
        return descriptor

    def fail(first: int | str, *more: object, **where: object) -> object:
        if isinstance(first, int) and first not in ours:
            return real_call(first, *more, **where)
        raise OSError(code, os.strerror(code))

    if call != "open":
        monkeypatch.setattr(os, call, fail)
    monkeypatch.setattr(os, "open", open_)
    result = run("convert", PPK, "-o", path, *force)
    monkeypatch.undo()
    assert result.code == 5
    assert result.err.startswith(f"keyconv: {path}: ")


# ── a kill ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("moment", ["write", "fsync", "link", "replace"])
def test_a_kill_in_mid_write_leaves_the_old_file_or_none_and_nothing_that_others_can_read(
    moment: str, folder: Path
) -> None:
    path = folder / "key"
    force = ("--force",) if moment == "replace" else ()
    if force:
        path.write_bytes(OLD)
        path.chmod(0o600)
    boot = f"""
import os, signal
os.umask(0)
real = os.{moment}
def die(first, *more, **where):
    if isinstance(first, int) and first > 2 and "{moment}" == "write":
        real(first, more[0][:100])
    os.kill(os.getpid(), signal.SIGKILL)
os.{moment} = die
"""
    result = run_process("convert", RSA, "-o", path, *force, boot=boot)
    assert result.code == -signal.SIGKILL
    assert path.read_bytes() == OLD if force else not path.exists()
    assert nobody_else_can_read(folder)
    assert all(name == "key" or name.startswith(".keyconv-") for name in names(folder))
    # and what is left is in nobody's way
    assert run_process("convert", RSA, "-o", path, *force).code == 0
    assert read(path.read_bytes()).format == "openssh"


def test_a_kill_after_the_name_is_taken_leaves_the_whole_new_file(folder: Path) -> None:
    boot = """
import os, signal, stat
real = os.fsync
def die(descriptor):
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.kill(os.getpid(), signal.SIGKILL)
    real(descriptor)
os.fsync = die
"""
    assert run_process("convert", RSA, "-o", folder / "key", boot=boot).code == -signal.SIGKILL
    assert names(folder) == ["key"]
    assert read((folder / "key").read_bytes()).entries[0].private == read(RSA.read_bytes()).entries[0].private
    assert nobody_else_can_read(folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_in_mid_write_leaves_nothing_under_the_name(number: signal.Signals, folder: Path) -> None:
    boot = f"import os; real = os.fsync; os.fsync = lambda fd: (os.kill(os.getpid(), {int(number)}), real(fd))"
    result = run_process("convert", RSA, "-o", folder / "key", boot=boot)
    assert result.code in (130, -number)
    assert not (folder / "key").exists()
    assert nobody_else_can_read(folder)
    if number == signal.SIGINT:  # there is time to tidy up
        assert (result.code, result.err, names(folder)) == (130, "", [])


def test_the_file_and_then_its_folder_are_synced_before_success_is_reported(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        mode = os.fstat(descriptor).st_mode
        synced.append("folder" if stat.S_ISDIR(mode) else f"file of {os.fstat(descriptor).st_size}")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    assert run("convert", PPK, "-o", folder / "key").code == 0
    assert synced == [f"file of {(folder / 'key').stat().st_size}", "folder"]


# ── a target that appears ──────────────────────────────────────────────────────────────────────────────────────────

APPEARING = {
    "a file": "real_open(path, os.O_WRONLY | os.O_CREAT, 0o600)",
    "a symbolic link": "os.symlink(theirs, path)",
    "a dangling link": "os.symlink('nowhere', path)",
}
LATE = ("open", "fsync", "link", "link, where there are none")


def _boot(what: str, moment: str, path: Path, theirs: Path) -> str:
    """Let something appear under the target's name: after it was looked at (lstat), or at a later step of the write."""
    call, _, no_links = moment.partition(", ")
    return f"""
import errno, os
path, theirs, real_open, real = {str(path)!r}, {str(theirs)!r}, os.open, os.{call}
waits = [True]
def appear():
    if waits:
        waits.clear()
        {APPEARING[what]}
        os.mkdir(theirs + ".seen")
def call(first, *more, **where):
    if "{call}" == "open" and not more[0] & os.O_CREAT:
        return real(first, *more, **where)
    if "{call}" != "lstat":
        appear()
    if {bool(no_links)}:
        raise OSError(errno.EOPNOTSUPP, "no links")
    try:
        return real(first, *more, **where)
    finally:
        if "{call}" == "lstat" and os.fspath(first) == path:
            appear()
os.{call} = call
"""


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[Path]:
    """Somebody else's file, which nobody changes; beside it stands what tells that something appeared."""
    path = tmp_path / "theirs"
    path.write_bytes(OLD)
    yield path
    assert path.with_name("theirs.seen").is_dir()
    assert path.read_bytes() == OLD
    assert not path.is_symlink()


def _still_there(what: str, path: Path, theirs: Path) -> bool:
    """Return whether what appeared is as it appeared."""
    if what == "a file":
        return not path.is_symlink() and path.read_bytes() == b""
    return path.readlink() == (theirs if what == "a symbolic link" else Path("nowhere"))


@pytest.mark.parametrize("moment", ["lstat", *LATE])
@pytest.mark.parametrize("what", APPEARING)
def test_what_appears_under_the_name_in_the_meantime_is_kept(
    what: str, moment: str, folder: Path, theirs: Path
) -> None:
    path = folder / "key"
    result = run_process("convert", RSA, "-o", path, boot=_boot(what, moment, path, theirs))
    said = {
        "a symbolic link": "is a symbolic link",
        "a dangling link": "is a symbolic link to a file that does not exist",
    }
    hint = "pass --force to replace it"
    message = "already exists"
    if moment == "lstat" and what in said:  # it is looked at once more before anything is written
        message, hint = said[what], "pass --force to replace the link, or name the file it points to"
    assert (result.code, result.err) == (5, f"keyconv: {path}: {message}\n  hint: {hint}\n")
    assert names(folder) == ["key"]
    assert _still_there(what, path, theirs)


@pytest.mark.parametrize("moment", ["lstat", "open", "fsync", "replace"])
@pytest.mark.parametrize("what", ["a symbolic link", "a dangling link"])
def test_with_force_a_link_that_appears_is_replaced_and_not_written_through(
    what: str, moment: str, folder: Path, theirs: Path
) -> None:
    path = folder / "key"
    result = run_process("convert", RSA, "-o", path, "--force", boot=_boot(what, moment, path, theirs))
    assert result.code == 0, result.err
    assert names(folder) == ["key"]
    assert not path.is_symlink()
    assert read(path.read_bytes()).format == "openssh"


@pytest.mark.parametrize("what", APPEARING)
def test_a_batch_keeps_what_appears_and_goes_on(what: str, folder: Path, theirs: Path) -> None:
    path = folder / "rsa3072-v3-plain"
    result = run_process("convert", RSA, PPK, "-d", folder, boot=_boot(what, "fsync", path, theirs))
    assert result.code == 5
    assert f"keyconv: {path}: already exists\n  hint: pass --force to replace it\n" in result.err
    assert result.err.endswith("keyconv: 1 converted, 1 failed, 0 skipped\n")
    assert names(folder) == sorted([path.name, PPK.stem])
    assert _still_there(what, path, theirs)


def test_a_folder_that_is_exchanged_in_mid_write_exits_5_and_no_temporary_file_stays_in_either(tmp_path: Path) -> None:
    folder, moved = tmp_path / "folder", tmp_path / "moved"
    folder.mkdir()
    boot = f"""
import os
real = os.fsync
def fsync(descriptor):
    os.fsync = real
    os.rename({str(folder)!r}, {str(moved)!r})
    os.mkdir({str(folder)!r})
    real(descriptor)
os.fsync = fsync
"""
    result = run_process("convert", RSA, "-o", folder / "key", boot=boot)
    message = "is not written: its folder was moved or replaced by another program in the meantime"
    assert (result.code, result.err) == (5, f"keyconv: {folder / 'key'}: {message}\n  hint: run the command again\n")
    assert names(folder) == names(moved) == []


# ── standard output ────────────────────────────────────────────────────────────────────────────────────────────────

COMMANDS = [
    ("convert", str(PPK)),
    ("convert", str(PPK), "-o", "-"),
    ("public", str(PPK)),
    ("inspect", "--json", str(PPK)),
    ("match", str(PPK), str(PPK)),
    ("formats",),
]


def check(result: Result, as_json: bool, message: str) -> None:
    """The exit code is 5 and this is all that is said."""
    said = result.error["message"] if as_json else result.err.removeprefix("keyconv: ").removesuffix("\n")
    assert (result.code, said) == (5, message)


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda each: " ".join(Path(word).name for word in each))
def test_a_full_standard_output_exits_5(arguments: tuple[str, ...]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    with Path("/dev/full").open("wb") as full:
        result = run_process(*arguments, stdout=full)
    check(result, "--json" in arguments, "cannot write to standard output: disk full")


@pytest.mark.parametrize("arguments", COMMANDS[::3], ids=lambda each: " ".join(Path(word).name for word in each))
def test_a_reader_that_has_gone_ends_it_without_a_word(arguments: tuple[str, ...]) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    result = run_process(*arguments, stdout=theirs)
    os.close(theirs)
    assert (result.code, result.err) == (141, "")


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("convert", "--help"), (str(PPK),), ("check", str(PPK))]
)
def test_so_it_is_with_help_and_reports(arguments: tuple[str, ...]) -> None:
    test_a_reader_that_has_gone_ends_it_without_a_word(arguments)


def _shell(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    program = ["sh", "-c", script, sys.executable, "-m", "keyconv", *map(str, arguments)]
    # A library that is loaded before, such as libfaketime, may open files of its own under the number that was closed.
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    return subprocess.run(program, capture_output=True, cwd=ROOT, timeout=PATIENCE, env=environment)


def test_a_closed_standard_output_exits_5_and_a_file_is_written_all_the_same(folder: Path) -> None:
    ran = _shell('exec "$0" "$@" >&-', "convert", PPK)
    assert (ran.returncode, ran.stderr) == (5, b"keyconv: standard output is closed\n")
    ran = _shell('exec "$0" "$@" >&- <&-', "convert", PPK, "-o", folder / "key")
    assert (ran.returncode, names(folder)) == (0, ["key"])
    assert read((folder / "key").read_bytes()).format == "openssh"


def test_a_closed_or_full_standard_error_changes_no_exit_code(folder: Path) -> None:
    assert _shell('exec "$0" "$@" 2>&-', "convert", PPK, "-o", folder / "key").returncode == 0
    assert _shell('exec "$0" "$@" 2>&-', "convert", PPK, "-o", folder / "key").returncode == 5
    assert read((folder / "key").read_bytes()).format == "openssh"
    if Path("/dev/full").exists():
        assert _shell('exec "$0" "$@" 2>/dev/full', "convert", PPK, "-o", folder / "key").returncode == 5


def test_a_closed_standard_input_is_an_input_that_cannot_be_read() -> None:
    ran = _shell('exec "$0" "$@" <&-', "convert", "-")
    assert (ran.returncode, ran.stdout) == (3, b"")
    assert ran.stderr == b"keyconv: standard input: standard input is closed\n"


def test_a_passphrase_is_not_spent_on_an_output_that_cannot_be(folder: Path) -> None:
    # The pipe still holds the passphrase after the refusal.
    ours, theirs = os.pipe()
    os.write(theirs, PASSPHRASE + b"\n")
    os.close(theirs)
    result = run("convert", LOCKED_PPK, "-o", folder / "no" / "key", "--passphrase-fd", str(ours))
    rest = os.read(ours, 100)
    os.close(ours)
    assert (result.code, rest) == (5, PASSPHRASE + b"\n")
    secret = secret_file(folder, PASSPHRASE)
    assert run("convert", LOCKED_PPK, "-o", folder / "key", "--no-passphrase", "--passphrase-file", secret).code == 0
