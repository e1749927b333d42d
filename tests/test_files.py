"""Files are read within bounds and written whole, private and durable, or not at all."""
# ruff: noqa: PTH104, PTH108, PTH116 - the single system calls are the subject here

from __future__ import annotations

import errno
import io
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tools import PATIENCE

from keyconv import files, limits
from keyconv.errors import InputError, KeyconvError, MismatchError, OutputError
from keyconv.files import folders, reading, system, targets, writing
from keyconv.files.folders import Folder

ROOT = Path(files.__file__).parents[2]
OLD = b"the old key\n"
NEW = b"the new key, which is longer than the old one\n" * 3
NOBODY = 65_534

posix = pytest.mark.skipif(sys.platform == "win32", reason="for POSIX systems")


@pytest.fixture(autouse=True)
def _deadline() -> Iterator[None]:
    """Nothing here may wait: a test that hangs fails after a while."""

    def ring(number: int, frame: object) -> None:
        raise TimeoutError("something waited")

    if sys.platform == "win32":
        yield
    else:
        before = signal.signal(signal.SIGALRM, ring)
        signal.alarm(30)
        yield
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def temporaries(directory: Path) -> list[str]:
    return [name for name in names(directory) if name.startswith(".keyconv-")]


def exactly(message: str) -> str:
    return f"^{re.escape(message)}$"


def writer_of(path: Path, data: bytes) -> Callable[[bytes], None]:
    """Return a `verify` that accepts everything, and meanwhile writes `data` to `path`, as another program might."""

    def write(written: bytes) -> None:
        path.write_bytes(data)

    return write


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def run(script: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, *options.pop("flags", ()), "-c", script, *arguments],
        env=environment, timeout=PATIENCE, check=False, stderr=subprocess.PIPE, **options,
    )  # fmt: skip


class Os:
    """The `os` module with some calls replaced, put in the place of the one that keyconv's modules see."""

    def __init__(self, *missing: str, **replaced: Callable[..., Any]) -> None:
        self._missing = missing
        self._replaced = replaced

    def __getattr__(self, name: str) -> Any:
        if name in self._missing:
            raise AttributeError(name)
        return self._replaced.get(name) or getattr(os, name)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in (folders, reading, system, targets, writing):
            monkeypatch.setattr(module, "os", self)


def failing(number: int) -> Callable[..., Any]:
    def fail(*arguments: object, **options: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


# ── load ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_largest_file_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"k" * 100)
    assert files.load(str(path), limit=100) == b"k" * 100
    with pytest.raises(InputError, match="larger than 99 bytes, which no key file is") as caught:
        files.load(str(path), limit=99)
    assert caught.value.path == str(path)


def test_a_key_file_may_have_one_mebibyte(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(bytes(limits.MIB))
    assert len(files.load(str(path))) == limits.MIB
    path.write_bytes(bytes(limits.MIB + 1))
    with pytest.raises(InputError, match="larger than 1 MiB, which no key file is"):
        files.load(str(path))


def test_a_file_that_grows_while_it_is_read_is_still_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def empty(*arguments: Any) -> os.stat_result:
        fields = list(os.stat(*arguments))
        fields[stat.ST_SIZE] = 0
        return os.stat_result(fields)

    path = tmp_path / "key"
    path.write_bytes(b"k" * 200_000)
    Os(stat=empty, fstat=empty).install(monkeypatch)
    assert len(files.load(str(path), limit=200_000)) == 200_000
    with pytest.raises(InputError, match="larger than"):
        files.load(str(path), limit=199_999)


@posix
def test_an_input_is_found_behind_symbolic_links(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(OLD)
    (tmp_path / "link").symlink_to("key")
    (tmp_path / "link to a link").symlink_to("link")
    assert files.load(str(tmp_path / "link to a link")) == OLD


def _make(kind: str, path: Path) -> None:
    match kind:
        case "directory":
            path.mkdir()
        case "FIFO":
            os.mkfifo(path)
        case "socket":
            here = Path.cwd()
            os.chdir(path.parent)  # a socket's path is short
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path.name)
            os.chdir(here)
        case "device":
            path.symlink_to("/dev/null")


KINDS = ("directory", "FIFO", "socket", "device")


@posix
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("linked", [False, True], ids=["itself", "behind a link"])
def test_what_is_no_file_is_named_at_once(kind: str, linked: bool, tmp_path: Path) -> None:
    path = tmp_path / "it"
    _make(kind, path)
    if linked:
        (tmp_path / "link").symlink_to("it")
        path = tmp_path / "link"
    with pytest.raises(InputError, match=exactly(f"is a {kind}")) as caught:
        files.load(str(path))
    assert caught.value.path == str(path)
    assert caught.value.exit_code == 3


@posix
def test_a_fifo_that_takes_the_place_of_a_file_before_it_is_opened_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "regular").write_bytes(OLD)
    os.mkfifo(tmp_path / "key")
    Os(stat=lambda path: os.stat(tmp_path / "regular")).install(monkeypatch)
    with pytest.raises(InputError, match=exactly("is a FIFO")) as caught:
        files.load(str(tmp_path / "key"))
    assert caught.value.hint == "pass - and redirect it to standard input"


@posix
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", "no such file"),
        ("absent/key", "no such file"),
        ("file/key", "a part of its path is not a directory"),
        ("loop", "too many levels of symbolic links"),
        ("dangling", "no such file"),
        ("a" * 300, "file name too long"),
        ("nul\0nul", "not a name that a file can have"),
        ("\ud800", "not a name that a file can have"),
    ],
)
def test_a_file_that_cannot_be_opened_is_an_input_error_with_its_reason(
    name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_bytes(OLD)
    Path("loop").symlink_to("loop")
    Path("dangling").symlink_to("nowhere")
    with pytest.raises(InputError, match=exactly(message)) as caught:
        files.load(name)
    assert caught.value.path == name


def test_an_empty_name_is_no_name() -> None:
    with pytest.raises(InputError, match="not a name that a file can have"):
        files.load("")


@posix
def test_a_name_that_is_no_text_is_a_name_like_any_other(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe")
    files.save(path, NEW, private=True)
    assert files.load(path) == NEW


@posix
def test_an_error_of_reading_is_an_input_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_bytes(OLD)
    Os(read=failing(errno.EIO)).install(monkeypatch)
    with pytest.raises(InputError, match=exactly("input/output error")):
        files.load(str(tmp_path / "key"))


@posix
def test_files_are_read_where_the_system_lacks_the_flags_of_posix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_bytes(OLD)
    Os("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY").install(monkeypatch)
    assert files.load(str(tmp_path / "key")) == OLD


def test_a_file_that_another_program_holds_on_windows_is_said_to_be_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*arguments: object) -> int:
        error = PermissionError(errno.EACCES, "text in the user's language")
        error.winerror = 32  # type: ignore[attr-defined]
        raise error

    (tmp_path / "key").write_bytes(OLD)
    Os(open=held).install(monkeypatch)
    with pytest.raises(InputError, match=exactly("in use by another program")):
        files.load(str(tmp_path / "key"))


class Stdin(io.TextIOWrapper):
    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))


def test_standard_input_is_bounded_in_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin(b"k" * 100))
    assert files.load("-", limit=100) == b"k" * 100
    monkeypatch.setattr(sys, "stdin", Stdin(b"k" * 100))
    with pytest.raises(InputError, match="larger than 99 bytes") as caught:
        files.load("-", limit=99)
    assert caught.value.path == "-"


def test_standard_input_that_is_closed_or_absent_is_an_input_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match="standard input is closed"):
        files.load("-")
    closed = Stdin(b"")
    closed.close()
    monkeypatch.setattr(sys, "stdin", closed)
    with pytest.raises(InputError, match="standard input is closed"):
        files.load("-")


@posix
def test_standard_input_that_does_not_wait_is_not_taken_for_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.write(writer, b"the first half")
    with os.fdopen(reader) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        with pytest.raises(InputError, match="nothing to read yet"):
            files.load("-")
    os.close(writer)


# ── save: what is written ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("private", [True, False], ids=["private", "public"])
@pytest.mark.parametrize("force", [True, False], ids=["force", "no force"])
def test_a_new_file_holds_the_bytes_and_nothing_else_is_left(private: bool, force: bool, tmp_path: Path) -> None:
    path = tmp_path / "key"
    seen: list[bytes] = []
    files.save(str(path), NEW, private=private, force=force, verify=seen.append)
    assert path.read_bytes() == NEW
    assert seen == [NEW]
    assert names(tmp_path) == ["key"]
    assert path.stat().st_nlink == 1


def test_a_name_without_a_directory_is_of_this_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files.check_target("key", force=False)
    files.save("key", NEW, private=True)
    assert (tmp_path / "key").read_bytes() == NEW


@posix
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777], ids=oct)
@pytest.mark.parametrize("force", [True, False], ids=["force", "no force"])
def test_a_private_file_is_0600_whatever_the_umask(
    mask: int, force: bool, tmp_path: Path, umask: Callable[[int], int]
) -> None:
    path = tmp_path / "key"
    if force:
        path.write_bytes(OLD)
        path.chmod(0o666)
    umask(mask)
    files.save(str(path), NEW, private=True, force=force)
    assert mode_of(path) == 0o600


@posix
@pytest.mark.parametrize(
    ("mask", "mode"), [(0o000, 0o666), (0o022, 0o644), (0o027, 0o640), (0o777, 0o000)], ids=lambda mode: f"{mode:03o}"
)
def test_a_public_file_has_what_the_umask_leaves(
    mask: int, mode: int, tmp_path: Path, umask: Callable[[int], int]
) -> None:
    umask(mask)
    files.save(str(tmp_path / "key.pub"), NEW, private=False)
    assert mode_of(tmp_path / "key.pub") == mode


@posix
def test_a_private_key_is_never_readable_to_others_under_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: Callable[[int], int]
) -> None:
    modes: set[int] = set()

    def watch(name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            result = getattr(os, name)(*arguments, **options)
            modes.update(mode_of(path) for path in tmp_path.iterdir())
            return result

        return call

    umask(0)
    watched: dict[str, Any] = {
        name: watch(name) for name in ("open", "write", "fsync", "lseek", "link", "unlink", "close")
    }
    Os(**watched).install(monkeypatch)
    files.save(str(tmp_path / "key"), NEW, private=True)
    assert modes == {0o600}


def test_the_temporary_name_tells_nothing_and_is_new_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    def note(path: str, *arguments: Any, **where: Any) -> int:
        names.append(path)
        return os.open(path, *arguments, **where)

    Os(open=note).install(monkeypatch)
    for name in ("alice_rsa", "bob_rsa"):
        files.save(str(tmp_path / name), NEW, private=True)
    chosen = [Path(name) for name in names if name.endswith(".tmp")]
    assert len(set(chosen)) == 2
    assert all(path.parent in (tmp_path, Path()) for path in chosen)
    assert not any("alice" in path.name or "bob" in path.name for path in chosen)


def test_writes_that_take_a_few_bytes_at_a_time_are_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Os(write=lambda fd, data: os.write(fd, data[:7]), read=lambda fd, count: os.read(fd, min(count, 5))).install(
        monkeypatch
    )
    files.save(str(tmp_path / "key"), NEW, private=True)
    assert (tmp_path / "key").read_bytes() == NEW


@posix
def test_the_file_and_its_directory_are_synced_in_this_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def sync(descriptor: int) -> None:
        order.append("directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")

    def link(source: str, target: str, **where: Any) -> None:
        order.append("link")
        os.link(source, target, **where)

    Os(fsync=sync, link=link).install(monkeypatch)
    files.save(str(tmp_path / "key"), NEW, private=True)
    assert order == ["file", "link", "directory"]


@posix
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP], ids=errno.errorcode.get)
def test_a_file_system_that_cannot_sync_directories_is_no_error(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))

    Os(fsync=sync).install(monkeypatch)
    files.save(str(tmp_path / "key"), NEW, private=True)
    assert (tmp_path / "key").read_bytes() == NEW


@posix
@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP], ids=errno.errorcode.get)
def test_a_file_system_that_keeps_no_modes_is_written_to_all_the_same(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: Callable[[int], int]
) -> None:
    umask(0o777)
    Os(fchmod=failing(number)).install(monkeypatch)
    files.save(str(tmp_path / "key"), NEW, private=True)
    assert (tmp_path / "key").stat().st_size == len(NEW)


# ── save: what is refused ──────────────────────────────────────────────────────────────────────────────────────────


def refused(path: Path, force: bool, inputs: tuple[str, ...] = ()) -> OutputError:
    """Return the error with which both the early check and the writing itself refuse this target."""
    with pytest.raises(OutputError) as early:
        files.check_target(str(path), force=force, inputs=inputs)
    with pytest.raises(OutputError) as late:
        files.save(str(path), NEW, private=True, force=force, inputs=inputs)
    assert (early.value.message, early.value.hint) == (late.value.message, late.value.hint)
    assert early.value.path == late.value.path == str(path)
    assert late.value.exit_code == 5
    return late.value


def test_an_existing_file_is_kept_without_force_and_replaced_with_it(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(OLD)
    error = refused(path, force=False)
    assert (error.message, error.hint) == ("already exists", "pass --force to replace it")
    assert path.read_bytes() == OLD
    assert names(tmp_path) == ["key"]
    files.check_target(str(path), force=True)
    files.save(str(path), NEW, private=True, force=True)
    assert path.read_bytes() == NEW
    assert names(tmp_path) == ["key"]


@posix
def test_a_symbolic_link_is_refused_without_force_and_itself_replaced_with_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(OLD)
    link = tmp_path / "link"
    link.symlink_to("file")
    assert refused(link, force=False).message == "is a symbolic link"
    files.save(str(link), NEW, private=True, force=True)
    assert not link.is_symlink()
    assert link.read_bytes() == NEW
    assert (tmp_path / "file").read_bytes() == OLD


@posix
def test_nothing_is_written_through_a_dangling_link(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    assert refused(link, force=False).message == "is a symbolic link to a file that does not exist"
    files.save(str(link), NEW, private=True, force=True)
    assert not link.is_symlink()
    assert link.read_bytes() == NEW
    assert not (tmp_path / "nowhere").exists()


@posix
def test_a_file_of_several_names_loses_one_of_them_with_force_only(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(OLD)
    (tmp_path / "other").hardlink_to(path)
    assert refused(path, force=False).message == "already exists, under 2 names (hard links)"
    files.save(str(path), NEW, private=True, force=True)
    assert path.read_bytes() == NEW
    assert (tmp_path / "other").read_bytes() == OLD


@posix
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("linked", [False, True], ids=["itself", "behind a link"])
@pytest.mark.parametrize("force", [True, False], ids=["force", "no force"])
def test_what_is_no_file_is_never_replaced(kind: str, linked: bool, force: bool, tmp_path: Path) -> None:
    path = tmp_path / "it"
    _make(kind, path)
    if linked:
        (tmp_path / "link").symlink_to("it")
        path = tmp_path / "link"
    before = path.lstat()
    assert refused(path, force=force).message == f"is a {kind}"
    assert os.path.samestat(before, path.lstat())
    assert temporaries(tmp_path) == []


@posix
@pytest.mark.skipif(not Path("/dev/stdout").is_symlink(), reason="the system has no /dev/stdout")
def test_a_stream_of_the_process_is_no_target_even_where_it_leads_to_a_file(tmp_path: Path) -> None:
    script = """
import sys
from keyconv import files
from keyconv.errors import OutputError
for path in ("/dev/stdout", "/dev/fd/1"):
    for force in (True, False):
        try:
            files.check_target(path, force=force)
        except OutputError as error:
            print(error, error.hint, sep=": ", file=sys.stderr)
"""
    with (tmp_path / "out").open("wb") as out:
        result = run(script, stdout=out)
    assert result.stderr == b"is a stream of this process: pass -o - to write to standard output\n" * 4


@posix
@pytest.mark.parametrize("name", ["same", "dot", "hard link", "symbolic link", "link as input"])
def test_an_input_is_never_overwritten_under_any_name(name: str, tmp_path: Path) -> None:
    source = tmp_path / "key"
    source.write_bytes(OLD)
    given, path = source, tmp_path / "other"
    match name:
        case "same":
            path = source
        case "dot":
            path = tmp_path / "." / "key"
        case "hard link":
            path.hardlink_to(source)
        case "symbolic link":
            path.symlink_to("key")
        case "link as input":
            path.symlink_to("key")
            given, path = path, source
    error = refused(path, force=True, inputs=("-", str(tmp_path / "absent"), str(given)))
    assert error.message == "is the input, which is never overwritten"
    assert error.hint
    assert source.read_bytes() == OLD


def test_the_file_behind_standard_input_is_an_input_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key"
    path.write_bytes(OLD)
    with path.open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert refused(path, force=True, inputs=("-",)).message.startswith("is the input")
    monkeypatch.setattr(sys, "stdin", None)
    files.check_target(str(path), force=True, inputs=("-",))


@posix
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent/key", "no such directory"),
        ("file/key", "a part of its path is not a directory"),
        ("loop/key", "too many levels of symbolic links"),
        ("loop", "too many levels of symbolic links"),
        ("a" * 300, "file name too long"),
        ("nul\0nul", "not a name that a file can have"),
        ("", "not a name that a file can have"),
    ],
)
def test_a_name_that_cannot_be_written_is_an_output_error_with_its_reason(
    name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_bytes(OLD)
    Path("loop").symlink_to("loop")
    for force in (False, True):
        with pytest.raises(OutputError, match=exactly(message)) as caught:
            files.check_target(name, force=force)
        assert caught.value.path == name
        with pytest.raises(OutputError, match=exactly(message)):
            files.save(name, NEW, private=True, force=force)


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_a_file_that_appears_between_check_and_writing_is_kept(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key"

    def link(source: str, target: str, **where: Any) -> None:
        path.write_bytes(OLD)
        if not links:
            raise OSError(errno.EPERM, "no hard links")
        os.link(source, target, **where)

    Os(link=link).install(monkeypatch)
    with pytest.raises(OutputError, match=exactly("already exists")) as caught:
        files.save(str(path), NEW, private=True)
    assert caught.value.hint == "pass --force to replace it"
    assert path.read_bytes() == OLD
    assert temporaries(tmp_path) == []


@posix
def test_a_directory_or_an_input_that_appears_before_the_replacement_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "key"

    def become_input(data: bytes) -> None:
        path.hardlink_to(tmp_path / "input")

    (tmp_path / "input").write_bytes(OLD)
    with pytest.raises(OutputError, match=exactly("is a directory")):
        files.save(str(path), NEW, private=True, force=True, verify=lambda data: path.mkdir())
    path.rmdir()
    with pytest.raises(OutputError, match="is the input"):
        files.save(str(path), NEW, private=True, force=True, verify=become_input, inputs=(str(tmp_path / "input"),))
    assert path.read_bytes() == OLD
    assert temporaries(tmp_path) == []


# ── save: what goes wrong ──────────────────────────────────────────────────────────────────────────────────────────


def test_bytes_that_read_back_differently_are_not_given_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key"
    path.write_bytes(OLD)
    for lie in (lambda data: data[:-1], lambda data: data.replace(b"n", b"m"), lambda data: b""):
        with monkeypatch.context() as patch:
            Os(read=lambda fd, count, lie=lie: lie(os.read(fd, count))).install(patch)
            with pytest.raises(OutputError, match="reads back differently"):
                files.save(str(path), NEW, private=True, force=True)
            with pytest.raises(OutputError, match="reads back differently"):
                files.rewrite(str(path), NEW)
    assert path.read_bytes() == OLD
    assert temporaries(tmp_path) == []


def test_what_verify_refuses_is_not_given_the_name(tmp_path: Path) -> None:
    def refuse(data: bytes) -> None:
        raise MismatchError("another key")

    with pytest.raises(MismatchError) as caught:
        files.save(str(tmp_path / "key"), NEW, private=True, verify=refuse)
    assert caught.value.path == str(tmp_path / "key")
    assert names(tmp_path) == []


class Stepping(Os):
    """Counts the system's calls, and lets one of them fail, before or after it did its work."""

    COUNTED = frozenset(
        {
            "lstat",
            "stat",
            "open",
            "fstat",
            "fchmod",
            "fchown",
            "write",
            "fsync",
            "lseek",
            "read",
            "close",
            "link",
            "unlink",
            "replace",
            "access",
        }
    )
    TAKES_NAME = ("link", "replace")

    def __init__(self, nth: int, fault: BaseException | None, *, after: bool, links: bool = True) -> None:
        super().__init__()
        self.nth, self.fault, self.after, self.links = nth, fault, after, links
        self.trace: list[str] = []

    def __getattr__(self, name: str) -> Any:
        value = getattr(os, name)
        if name not in self.COUNTED or threading.current_thread() is not threading.main_thread():
            return value

        def call(*arguments: Any, **options: Any) -> Any:
            self.trace.append(name)
            strike = len(self.trace) - 1 == self.nth
            if strike and not self.after and name != "close":
                raise self.raised()
            # The disk itself is spared: what sync promises no test can see.
            result = None
            try:
                if name == "link" and not self.links:
                    raise OSError(errno.EOPNOTSUPP, "no hard links")
                result = None if name == "fsync" else value(*arguments, **options)
            finally:
                if strike:
                    if name == "open" and result is not None:
                        os.close(result)
                    raise self.raised()
            return result

        return call

    def raised(self) -> BaseException:
        assert self.fault is not None
        return self.fault


FAULTS: dict[str, tuple[Callable[[], BaseException], bool]] = {
    "ENOSPC": (lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), False),
    "EIO": (lambda: OSError(errno.EIO, os.strerror(errno.EIO)), False),
    "EACCES": (lambda: OSError(errno.EACCES, os.strerror(errno.EACCES)), False),
    "Ctrl-C before": (KeyboardInterrupt, False),
    "Ctrl-C after": (KeyboardInterrupt, True),
}

WAYS: dict[str, tuple[bool, Callable[[str], None]]] = {
    "new": (False, lambda path: files.save(path, NEW, private=True)),
    "new public": (False, lambda path: files.save(path, NEW, private=False)),
    "new, no hard links": (False, lambda path: files.save(path, NEW, private=True)),
    "force": (True, lambda path: files.save(path, NEW, private=True, force=True)),
    "rewrite": (True, lambda path: files.rewrite(path, NEW)),
}


@posix
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("way", WAYS)
def test_a_fault_at_any_step_leaves_the_old_or_the_new_and_no_temporary_file(
    way: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exists, write = WAYS[way]
    make, after = FAULTS[fault]
    links = "no hard links" not in way
    path = tmp_path / "key"

    def attempt(nth: int) -> tuple[Stepping, BaseException | None]:
        path.unlink(missing_ok=True)
        if exists:
            path.write_bytes(OLD)
            path.chmod(0o600)
        stepping = Stepping(nth, make(), after=after, links=links)
        with monkeypatch.context() as patch:
            stepping.install(patch)
            try:
                write(str(path))
            except (OutputError, KeyboardInterrupt) as error:
                return stepping, error
        return stepping, None

    clean, _ = attempt(-1)
    took_name = max(at for at, name in enumerate(clean.trace) if name in Stepping.TAKES_NAME)
    assert len(clean.trace) > 10
    for nth, step in enumerate(clean.trace):
        stepping, error = attempt(nth)
        content = path.read_bytes() if path.exists() else None
        place = f"{fault} at step {nth} ({step})"
        assert len(stepping.trace) > nth, place
        if error is None:
            assert content == NEW, place
        elif nth < took_name or (nth == took_name and not after):
            assert content == (OLD if exists else None), place
        else:
            assert content == NEW, place
            assert isinstance(error, KeyboardInterrupt) or "is written, but" in str(error), place
        if isinstance(error, KeyconvError):
            assert error.path == str(path), place
        assert isinstance(error, KeyboardInterrupt) or "Ctrl-C" not in fault, place
        assert temporaries(tmp_path) == [], place


@posix
def test_a_temporary_file_that_cannot_be_removed_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Os(unlink=failing(errno.EIO)).install(monkeypatch)
    with pytest.raises(OutputError, match=r"is written, but the temporary file \.keyconv-.* cannot be removed"):
        files.save(str(tmp_path / "key"), NEW, private=True)
    assert (tmp_path / "key").read_bytes() == NEW
    assert [mode_of(tmp_path / name) for name in temporaries(tmp_path)] == [0o600]


@pytest.mark.parametrize("step", ["write", "fsync", "close", "link", "replace"])
def test_a_kill_at_any_step_leaves_nothing_half_and_nothing_readable(step: str, tmp_path: Path) -> None:
    script = """
import os, signal, sys
from keyconv import files
path, step = sys.argv[1:]
def die(*arguments, **options):
    if step == "write":
        write(arguments[0], arguments[1][:5])
    os.kill(os.getpid(), signal.SIGKILL)
os.umask(0)
write = os.write
setattr(os, step, die)
files.save(path, b"the new key", private=True, force=step == "replace")
"""
    path = tmp_path / "key"
    if step == "replace":
        path.write_bytes(OLD)
    result = run(script, str(path), step)
    assert result.returncode == -signal.SIGKILL
    assert (path.read_bytes() if path.exists() else None) == (OLD if step == "replace" else None)
    left = temporaries(tmp_path)
    assert len(left) == 1
    assert mode_of(tmp_path / left[0]) == 0o600


@posix
def test_a_limit_on_file_sizes_leaves_no_cut_key(tmp_path: Path) -> None:
    script = """
import resource, sys
from keyconv import files
from keyconv.errors import OutputError
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    files.save(sys.argv[1], bytes(1000), private=True)
except OutputError as error:
    sys.exit(error.message)
"""
    result = run(script, str(tmp_path / "key"))
    assert result.stderr == b"file too large\n"
    assert names(tmp_path) == []


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k,mode=777", "none", str(disk)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode != 0:
        pytest.skip("mounting a small disk needs root's rights")
    (disk / "key").write_bytes(OLD)
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_keeps_the_old_key(full_disk: Path) -> None:
    path = full_disk / "key"
    writes: list[Callable[[], None]] = [
        lambda: files.save(str(path), NEW, private=True, force=True),
        lambda: files.save(str(full_disk / "other"), NEW, private=True),
        lambda: files.rewrite(str(path), NEW),
    ]
    for write in writes:
        with pytest.raises(OutputError, match=exactly("disk full")):
            write()
        assert names(full_disk) == ["key"]
        assert path.read_bytes() == OLD


@posix
def test_a_read_only_file_system_is_named_early(full_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(full_disk)], check=True, capture_output=True)
    checks: list[Callable[[], None]] = [
        lambda: files.check_target(str(full_disk / "other"), force=False),
        lambda: files.check_rewrite(str(full_disk / "key")),
    ]
    for check in checks:
        with pytest.raises(OutputError, match=exactly("read-only file system")):
            check()


@posix
def test_without_permission_nothing_is_read_or_written(tmp_path: Path) -> None:
    script = """
import json, os, sys
from keyconv import files
from keyconv.errors import KeyconvError
os.chdir(sys.argv[1])
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
says = []
for call in (
    lambda: files.load("key"),
    lambda: files.check_target("other", force=False),
    lambda: files.save("other", b"new", private=True),
    lambda: files.check_target("key", force=True),
    lambda: files.save("key", b"new", private=True, force=True),
    lambda: files.check_rewrite("key"),
    lambda: files.rewrite("key", b"new"),
):
    try:
        call()
        says.append(None)
    except KeyconvError as error:
        says.append([error.code, error.message, error.path])
print(json.dumps(says))
"""
    inner = tmp_path / "closed"
    inner.mkdir()
    (inner / "key").write_bytes(OLD)
    (inner / "key").chmod(0)
    inner.chmod(0o555)
    result = run(script, str(inner), stdout=subprocess.PIPE)
    inner.chmod(0o755)
    (inner / "key").chmod(0o600)
    denied = "permission denied: its directory is not writable"
    assert json.loads(result.stdout) == [
        ["unreadable", "permission denied", "key"],
        *(["output", denied, name] for name in ("other", "other", "key", "key", "key", "key")),
    ]
    assert (inner / "key").read_bytes() == OLD
    assert names(inner) == ["key"]


# ── rewrite ────────────────────────────────────────────────────────────────────────────────────────────────────────


@posix
@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o644], ids=oct)
def test_a_rewritten_file_keeps_its_mode(mode: int, tmp_path: Path, umask: Callable[[int], int]) -> None:
    umask(0o077)
    path = tmp_path / "key"
    path.write_bytes(OLD)
    path.chmod(mode)
    seen: list[bytes] = []
    files.check_rewrite(str(path))
    files.rewrite(str(path), NEW, verify=seen.append)
    assert path.read_bytes() == NEW
    assert seen == [NEW]
    assert mode_of(path) == mode
    assert names(tmp_path) == ["key"]


@posix
@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give files away")
def test_a_rewritten_file_keeps_its_owner_and_group(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(OLD)
    path.chmod(0o640)
    os.chown(path, NOBODY, NOBODY - 1)
    files.rewrite(str(path), NEW)
    found = path.stat()
    assert (found.st_uid, found.st_gid, mode_of(path)) == (NOBODY, NOBODY - 1, 0o640)


def _owned_by_another(path: str, **where: Any) -> os.stat_result:
    fields = list(os.lstat(path, **where))
    fields[stat.ST_UID] += 1
    fields[stat.ST_GID] += 1
    return os.stat_result(fields)


@posix
def test_a_group_that_cannot_be_kept_takes_its_permissions_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key.pub"
    path.write_bytes(OLD)
    path.chmod(0o664)
    Os(lstat=_owned_by_another, fchown=failing(errno.EPERM)).install(monkeypatch)
    files.rewrite(str(path), NEW)
    assert mode_of(path) == 0o604
    assert path.read_bytes() == NEW


@posix
def test_an_owner_is_not_locked_out_of_a_private_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key"
    path.write_bytes(OLD)
    path.chmod(0o600)
    Os(lstat=_owned_by_another, fchown=failing(errno.EPERM)).install(monkeypatch)
    with pytest.raises(OutputError, match="its owner cannot be kept"):
        files.rewrite(str(path), NEW)
    assert path.read_bytes() == OLD
    assert temporaries(tmp_path) == []


@posix
def test_a_link_is_followed_to_its_file_and_stays_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "key").write_bytes(OLD)
    (tmp_path / "link").symlink_to("elsewhere/key")
    files.rewrite(str(tmp_path / "link"), NEW)
    assert (tmp_path / "link").is_symlink()
    assert (elsewhere / "key").read_bytes() == NEW
    assert names(elsewhere) == ["key"]


@posix
@pytest.mark.parametrize("kind", ["absent", "dangling", "loop", "hard link", "nul\0nul", *KINDS])
def test_what_cannot_be_rewritten_is_refused_early_and_late(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "it"
    messages = {
        "absent": "no such file",
        "dangling": "no such file",
        "loop": "too many levels of symbolic links",
        "hard link": "has 2 names (hard links), of which only one would be rewritten",
        "nul\0nul": "not a name that a file can have",
    }
    match kind:
        case "dangling":
            path.symlink_to("nowhere")
        case "loop":
            path.symlink_to("it")
        case "hard link":
            path.write_bytes(OLD)
            (tmp_path / "other").hardlink_to(path)
        case "nul\0nul":
            path = tmp_path / kind
        case "absent":
            pass
        case _:
            _make(kind, path)
    calls: list[Callable[[], None]] = [
        lambda: files.check_rewrite(str(path)),
        lambda: files.rewrite(str(path), NEW),
    ]
    for call in calls:
        with pytest.raises(OutputError) as caught:
            call()
        assert caught.value.message == messages.get(kind, f"is a {kind}")
        assert caught.value.path == str(path)
    assert temporaries(tmp_path) == []


def test_a_file_that_another_program_changes_meanwhile_is_not_rewritten(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(OLD)
    with pytest.raises(OutputError, match="was changed by another program"):
        files.rewrite(str(path), NEW, verify=writer_of(path, b"by another"))
    assert path.read_bytes() == b"by another"
    assert temporaries(tmp_path) == []


# ── a folder that is exchanged ─────────────────────────────────────────────────────────────────────────────────────

GONE = "its folder was moved or replaced by another program in the meantime"


class Exchanging(Os):
    """Exchanges the folder at the first call of a name, before or after the call does its work."""

    def __init__(self, name: str, exchange: Callable[[], None], *, after: bool = False) -> None:
        super().__init__(**{name: self.call})
        self.name, self.exchange, self.after, self.done = name, exchange, after, False

    def call(self, *arguments: Any, **options: Any) -> Any:
        real = getattr(os, self.name)
        if self.done or (self.name == "open" and not arguments[1] & os.O_CREAT):
            return real(*arguments, **options)
        self.done = True
        if not self.after:
            self.exchange()
        result = real(*arguments, **options)
        if self.after:
            self.exchange()
        return result


class Exchange:
    """A folder with a key in it, another that is put into its place, and what is then in both."""

    def __init__(self, parent: Path, exists: bool) -> None:
        self.folder, self.moved = parent / "folder", parent / "moved"
        self.path = self.folder / "key"
        self.folder.mkdir()
        if exists:
            self.path.write_bytes(OLD)
            self.path.chmod(0o600)

    def __call__(self) -> None:
        self.folder.rename(self.moved)
        self.folder.mkdir()
        (self.folder / "key").write_bytes(b"another's")

    def contents(self) -> tuple[dict[str, bytes], dict[str, bytes]]:
        """Return what is in the folder that was meant, and what is in the other."""
        meant, other = ({path.name: path.read_bytes() for path in each.iterdir()} for each in (self.moved, self.folder))
        return meant, other


@posix
@pytest.mark.parametrize(("call", "after"), [("open", False), ("open", True), ("write", False), ("fsync", True)])
@pytest.mark.parametrize("way", WAYS)
def test_a_folder_that_is_exchanged_while_a_file_is_written_is_told_and_neither_is_changed(
    way: str, call: str, after: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exists, write = WAYS[way]
    exchange = Exchange(tmp_path, exists)
    Exchanging(call, exchange, after=after).install(monkeypatch)
    with pytest.raises(OutputError, match=exactly(f"is not written: {GONE}")) as caught:
        write(str(exchange.path))
    monkeypatch.undo()
    assert (caught.value.path, caught.value.written) == (str(exchange.path), False)
    assert exchange.contents() == ({"key": OLD} if exists else {}, {"key": b"another's"})


@posix
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("way", WAYS)
def test_a_folder_that_is_exchanged_when_the_name_is_taken_holds_the_file_and_the_other_is_not_changed(
    way: str, after: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exists, write = WAYS[way]
    exchange = Exchange(tmp_path, exists)
    exchanging = Exchanging("replace" if exists or "no hard links" in way else "link", exchange, after=after)
    if "no hard links" in way:
        exchanging._replaced["link"] = failing(errno.EOPNOTSUPP)
    exchanging.install(monkeypatch)
    with pytest.raises(OutputError, match=exactly(f"is written, but {GONE}")) as caught:
        write(str(exchange.path))
    monkeypatch.undo()
    assert caught.value.written
    assert exchange.contents() == ({"key": NEW}, {"key": b"another's"})


@posix
def test_a_folder_that_is_moved_or_whose_link_is_turned_is_told_too(tmp_path: Path) -> None:
    folder, link = tmp_path / "folder", tmp_path / "link"
    folder.mkdir()
    (tmp_path / "other").mkdir()
    link.symlink_to("folder")

    def turn(data: bytes) -> None:
        link.unlink()
        link.symlink_to("other")

    def move(data: bytes) -> None:
        folder.rename(tmp_path / "moved")

    with pytest.raises(OutputError, match=exactly(f"is not written: {GONE}")):
        files.save(str(link / "key"), NEW, private=True, verify=turn)
    with pytest.raises(OutputError, match=exactly(f"is not written: {GONE}")):
        files.save(str(folder / "key"), NEW, private=True, verify=move)
    assert names(tmp_path) == ["link", "moved", "other"]
    assert names(tmp_path / "moved") == names(tmp_path / "other") == []


@posix
@pytest.mark.parametrize("kept", ["a directory", "the input"])
def test_with_force_the_folder_that_is_written_to_is_the_one_that_is_looked_at(
    kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It is exchanged after its path was last compared: only the open folder says what is in the way.
    exchange = Exchange(tmp_path, exists=True)
    real = Folder.is_moved

    def is_moved(folder: Folder) -> bool:
        answer = real(folder)
        exchange.path.unlink()
        if kept == "a directory":
            exchange.path.mkdir()
        else:
            exchange.path.hardlink_to(tmp_path / "input")
        exchange()
        return answer

    (tmp_path / "input").write_bytes(OLD)
    monkeypatch.setattr(Folder, "is_moved", is_moved)
    with pytest.raises(OutputError, match=f"^is {kept}"):
        files.save(str(exchange.path), NEW, private=True, force=True, inputs=(str(tmp_path / "input"),))
    assert names(exchange.moved) == names(exchange.folder) == ["key"]
    assert (exchange.folder / "key").read_bytes() == b"another's"


@posix
def test_a_folder_that_may_be_written_to_and_not_read_is_written_to(tmp_path: Path) -> None:
    script = """
import os, sys
from keyconv import files
os.chdir(sys.argv[1])
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
files.save("key", b"old", private=True)
files.save("key", b"new", private=True, force=True)
files.rewrite("key", b"newer")
"""
    inner = tmp_path / "blind"
    inner.mkdir()
    if os.getuid() == 0:
        os.chown(inner, NOBODY, NOBODY)
    inner.chmod(0o300)
    result = run(script, str(inner))
    inner.chmod(0o700)
    assert (result.returncode, result.stderr) == (0, b"")
    assert names(inner) == ["key"]
    assert (inner / "key").read_bytes() == b"newer"


@posix
def test_no_folder_stays_open_whatever_happens(tmp_path: Path) -> None:
    def refuse(data: bytes) -> None:
        raise MismatchError("another key")

    path = str(tmp_path / "key")
    before = _descriptors()
    files.save(path, OLD, private=True)
    files.rewrite(path, NEW)
    with pytest.raises(MismatchError):
        files.save(path, NEW, private=True, force=True, verify=refuse)
    with pytest.raises(OutputError):
        files.save(path, NEW, private=True)
    assert _descriptors() == before


def _descriptors() -> list[int]:
    found = []
    for descriptor in range(256):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        found.append(descriptor)
    return found


@posix
@pytest.mark.parametrize("way", WAYS)
def test_where_the_system_knows_no_names_in_an_open_folder_files_are_written_by_their_path(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exists, write = WAYS[way]
    path = tmp_path / "key"
    if exists:
        path.write_bytes(OLD)
        path.chmod(0o600)
    relative: list[object] = []

    def note(name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **where: Any) -> Any:
            relative.extend(value for key, value in where.items() if key.endswith("dir_fd") and value is not None)
            return getattr(os, name)(*arguments, **where)

        return call

    monkeypatch.setattr(folders, "BY_DESCRIPTOR", False)
    Os(**{name: note(name) for name in ("open", "lstat", "stat", "unlink", "link", "replace")}).install(monkeypatch)
    write(str(path))
    assert path.read_bytes() == NEW
    assert names(tmp_path) == ["key"]
    assert relative == []
    with pytest.raises(OutputError, match="already exists"):
        files.save(str(path), OLD, private=True)
    assert path.read_bytes() == NEW


# ── other systems ──────────────────────────────────────────────────────────────────────────────────────────────────


class Windows(Os):
    """What Windows does differently: no modes, links, directory handles; `rename` clobbers nothing."""

    MISSING = (
        "fchmod", "fchown", "statvfs", "link", "O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY", "O_DIRECTORY"
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__(*self.MISSING, open=self.open, close=self.close, rename=self.rename, unlink=self.unlink)
        self.held: dict[int, str] = {}

    def open(self, path: str, flags: int, mode: int = 0o777, *, dir_fd: None = None) -> int:
        assert dir_fd is None, "Windows knows no names relative to a folder"
        if Path(path).is_dir():
            raise PermissionError(errno.EACCES, "Windows opens no directories")
        descriptor = os.open(path, flags, mode)
        self.held[descriptor] = path
        return descriptor

    def close(self, descriptor: int) -> None:
        del self.held[descriptor]
        os.close(descriptor)

    def rename(self, source: str, target: str, *, src_dir_fd: None, dst_dir_fd: None) -> None:
        assert (src_dir_fd, dst_dir_fd) == (None, None)
        assert source not in self.held.values(), "Windows renames no open file"
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "Windows clobbers nothing")
        os.rename(source, target)

    def unlink(self, path: str, *, dir_fd: None) -> None:
        assert dir_fd is None
        assert path not in self.held.values(), "Windows removes no open file"
        os.unlink(path)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Windows:
    system_like = Windows()
    system_like.install(monkeypatch)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(folders, "BY_DESCRIPTOR", False)
    return system_like


def test_on_windows_files_are_written_replaced_and_rewritten(windows: Windows, tmp_path: Path) -> None:
    path = str(tmp_path / "key")
    files.save(path, OLD, private=True)
    assert files.load(path) == OLD
    files.save(path, NEW, private=True, force=True)
    assert files.load(path) == NEW
    files.rewrite(path, OLD)
    assert files.load(path) == OLD
    assert windows.held == {}
    assert names(tmp_path) == ["key"]


def test_on_windows_a_file_that_appears_is_kept(windows: Windows, tmp_path: Path) -> None:
    path = tmp_path / "key"
    with pytest.raises(OutputError, match=exactly("already exists")):
        files.save(str(path), NEW, private=True, verify=writer_of(path, OLD))
    assert path.read_bytes() == OLD
    assert names(tmp_path) == ["key"]


def test_on_windows_a_fault_leaves_nothing_behind(
    windows: Windows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows._replaced["fsync"] = failing(errno.ENOSPC)
    with pytest.raises(OutputError, match=exactly("disk full")):
        files.save(str(tmp_path / "key"), NEW, private=True)
    assert names(tmp_path) == []


@posix
@pytest.mark.parametrize("missing", [True, False], ids=["no such call", "not supported"])
def test_without_hard_links_a_new_file_is_written_all_the_same(
    missing: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: Callable[[int], int]
) -> None:
    umask(0)
    (Os("link") if missing else Os(link=failing(errno.EOPNOTSUPP))).install(monkeypatch)
    files.save(str(tmp_path / "key"), NEW, private=True)
    assert (tmp_path / "key").read_bytes() == NEW
    assert mode_of(tmp_path / "key") == 0o600
    assert names(tmp_path) == ["key"]


@posix
@pytest.mark.parametrize("supported", [True, False], ids=["local disk", "network volume"])
def test_on_macos_the_drive_is_asked_to_empty_its_cache_too(
    supported: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    calls: list[str] = []

    def control(descriptor: int, command: int) -> None:
        calls.append("full sync")
        if not supported:
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    def sync(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            calls.append("sync")

    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", control)
    monkeypatch.setattr(sys, "platform", "darwin")
    Os(fsync=sync).install(monkeypatch)
    files.save(str(tmp_path / "key"), NEW, private=True)
    assert calls == (["full sync"] if supported else ["full sync", "sync"])


# ── standard output ────────────────────────────────────────────────────────────────────────────────────────────────

WRITE = """
import sys
from keyconv import files
from keyconv.errors import OutputError
data = (bytes(range(256)) * 4000)[:int(sys.argv[1])]
try:
    files.write_stdout(data)
except OutputError as error:
    print("said:", error, file=sys.stderr)
    sys.exit(error.exit_code)
"""
SHORT, LONG = "10", "1024000"  # what a buffer holds, and what it does not
buffering = pytest.mark.parametrize("flags", [(), ("-u",)], ids=["buffered", "unbuffered"])
sizes = pytest.mark.parametrize("size", [SHORT, LONG], ids=["short", "long"])


@buffering
@posix
def test_standard_output_gets_every_byte_as_it_is(flags: tuple[str, ...]) -> None:
    result = run(WRITE + 'files.write_stdout(b"and more")', LONG, flags=flags, stdout=subprocess.PIPE)
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout == bytes(range(256)) * 4000 + b"and more"


@buffering
@sizes
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_disk_behind_standard_output_is_an_error(size: str, flags: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        result = run(WRITE, size, flags=flags, stdout=full)
    assert result.returncode == 5
    assert result.stderr == b"said: cannot write to standard output: disk full\n"


@buffering
@posix
def test_a_disk_that_fills_up_behind_standard_output_is_an_error(flags: tuple[str, ...], tmp_path: Path) -> None:
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limits.KIB}, {limits.KIB}))\n"
    with (tmp_path / "out").open("wb") as out:
        result = run(limit + WRITE, LONG, flags=flags, stdout=out)
    assert result.returncode == 5
    assert result.stderr == b"said: cannot write to standard output: file too large\n"


@buffering
@sizes
@posix
def test_a_reader_that_has_gone_is_one_error_and_nothing_at_exit(size: str, flags: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    result = run(WRITE, size, flags=flags, stdout=writer)
    os.close(writer)
    assert result.returncode == 141
    assert result.stderr == b"said: the reader of standard output has gone\n"


@posix
def test_what_is_written_is_on_its_way_when_it_returns() -> None:
    result = run(WRITE + "import os; os._exit(0)", SHORT, stdout=subprocess.PIPE)
    assert result.stdout == bytes(range(10))


@posix
def test_standard_output_that_is_closed_is_an_error() -> None:
    result = run("import os, sys\nos.close(1)\nsys.stdout = None\n" + WRITE, SHORT)
    assert (result.returncode, result.stderr) == (5, b"said: standard output is closed\n")


@posix
def test_an_error_of_closing_counts() -> None:
    script = "import os\ndef fail(fd): raise OSError(5, 'x')\nos.dup = fail\n" + WRITE
    result = run(script, SHORT, stdout=subprocess.DEVNULL)
    assert result.stderr == b"said: cannot write to standard output: input/output error\n"


def test_standard_output_in_memory_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = io.BytesIO()
    stream = io.TextIOWrapper(memory)
    monkeypatch.setattr(sys, "stdout", stream)
    stream.write("text, ")
    files.write_stdout(b"then bytes")
    assert memory.getvalue() == b"text, then bytes"


def test_on_windows_a_reader_that_has_gone_is_told_by_another_number(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(Gone()))
    with pytest.raises(OutputError, match="the reader of standard output has gone"):
        files.write_stdout(b"key")
