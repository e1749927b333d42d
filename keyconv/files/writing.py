"""Writing: atomic, durable, read back, private from birth.

New bytes go to a temporary file in the same directory (`.keyconv-<random>.tmp`), are synced, read back and compared,
and only then take the name. Whatever fails before that, Ctrl-C included, leaves the name as it was and no temporary
file; only what comes after can no longer be fixed, and its errors say that the file is written.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from keyconv.errors import OutputError
from keyconv.files import folders, system, temporaries
from keyconv.files.folders import Folder
from keyconv.files.targets import Inputs, check_target, rewritable

_NO_HARD_LINKS = frozenset(
    {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV, errno.EMLINK}
)
"""What `link` says on FAT, on FUSE, on a network share, and (EACCES) under Android's SELinux."""

_NO_MODES = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
"""What `fchmod` says on a file system that keeps no modes."""

_MOVED = "its folder was moved or replaced by another program in the meantime"

Verify = Callable[[bytes], None]


def save(
    path: str,
    data: bytes,
    *,
    private: bool,
    force: bool = False,
    verify: Verify | None = None,
    inputs: Inputs = (),
) -> None:
    """Write `data` to the file `path`, whole, durable and read back, or not at all.

    A `private` file has mode 0600, whatever the umask; another has what the umask leaves of 0666. (File systems that
    keep no modes, such as FAT, are taken as they are.) What was read back is passed to `verify`, which raises to refuse
    it; then the name is taken. What may have the name already is reported by `check_target`.

    Raises: OutputError; what `verify` raises.
    """
    check_target(path, force=force, inputs=inputs)

    def prepare(descriptor: int) -> None:
        if private:
            set_mode(descriptor, 0o600)

    def settle(folder: Folder, temporary: str) -> None:
        if force:
            check_target(path, force=True, inputs=inputs, folder=folder)
            folder.replace(temporary, name)
        else:
            take_free_name(folder, temporary, name)

    directory, name = folders.split(path)
    with system.output_errors(path, absent="no such directory"), folders.opened(directory) as folder:
        # The kernel applies the umask; nobody can read it without changing it for every thread.
        _write_in(folder, data, 0o600 if private else 0o666, verify, prepare, settle)


def rewrite(path: str, data: bytes, *, private: bool = False, verify: Verify | None = None) -> None:
    """Put `data` in the place of an existing file's content, whole, durable and read back, or not at all.

    Symbolic links are followed to their file. The mode is kept, and owner and group where that is permitted; a group
    that cannot be kept takes its permissions with it; `private` takes away what others may do, for content that nothing
    protects any more. A file with several names (hard links) is refused, since only
    one name would change.

    Raises: OutputError; what `verify` raises.
    """
    with system.output_errors(path, absent="no such file"):
        target, before = rewritable(path)
        directory, name = folders.split(target)

        def prepare(descriptor: int) -> None:
            keep_owner_and_mode(descriptor, before, 0o700 if private else 0o777)

        def settle(folder: Folder, temporary: str) -> None:
            check_unchanged(folder, name, before)
            folder.replace(temporary, name)

        with folders.opened(directory) as folder:
            _write_in(folder, data, 0o600, verify, prepare, settle)


def _write_in(
    folder: Folder,
    data: bytes,
    mode: int,
    verify: Verify | None,
    prepare: Callable[[int], None],
    settle: Callable[[Folder, str], None],
) -> None:
    """Write `data` to a temporary file in a folder, prove it, and let `settle` give it its name there."""
    with drafted(folder, data, mode, prepare, verify) as temporary:
        settle(folder, temporary)
    confirm(folder, temporary)


@contextmanager
def drafted(
    folder: Folder, data: bytes, mode: int, prepare: Callable[[int], None], verify: Verify | None = None
) -> Iterator[str]:
    """Write `data` to a temporary file in a folder and prove it, for a name to be given to it inside the `with`.

    Yields: its temporary name, which is gone afterwards.
    Raises: OSError; OutputError; what `verify` raises.
    """
    temporary = temporaries.make_name()
    descriptor = -1
    try:
        descriptor = folder.open(
            temporary, system.flags("O_RDWR", "O_CREAT", "O_EXCL", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"), mode
        )
        prepare(descriptor)
        _write_all(descriptor, data)
        _sync(descriptor)
        os.lseek(descriptor, 0, os.SEEK_SET)
        written = system.read_up_to(descriptor, len(data) + 1)
        if written != data:
            raise OutputError("what was written reads back differently", hint="check the disk")
        if verify is not None:
            verify(written)
        closing, descriptor = descriptor, -1
        os.close(closing)  # where a network file system tells of a full disk
        if folder.is_moved():
            raise OutputError(f"is not written: {_MOVED}", hint="run the command again")
        yield temporary
    finally:
        if descriptor >= 0:
            with suppress(OSError):
                os.close(descriptor)
        with suppress(OSError):
            folder.unlink(temporary)  # already gone if all went well


def confirm(folder: Folder, temporary: str, holding: str = "the same bytes") -> None:
    """Make the names of a folder durable, and check that nothing is left over and that the folder is where it was.

    Raises: OutputError, which says that the file is written.
    """
    if folder.has(temporary):
        raise written_but(
            f"the temporary file {temporary} beside it cannot be removed",
            hint=f"remove it: it holds {holding}",
        )
    if folder.is_moved():
        raise written_but(_MOVED, hint="look for it in the folder that was at this path before")
    try:
        folder.sync()
    except OSError as error:
        reason = system.reason_of(error, absent="no such directory")
        raise written_but(f"may not survive a power failure: {reason}") from error


def written_but(but: str, hint: str = "") -> OutputError:
    """Make the error on a file that is written although something failed."""
    error = OutputError(f"is written, but {but}", hint=hint)
    error.written = True
    return error


def take_free_name(folder: Folder, temporary: str, name: str) -> None:
    """Rename `temporary` to `name`, atomically, unless that name is taken."""
    if sys.platform == "win32":
        folder.rename(temporary, name)  # fails there when the name is taken
    elif _link(folder, temporary, name):
        with suppress(OSError):
            folder.unlink(temporary)
    else:
        _claim_name(folder, temporary, name)


def _link(folder: Folder, temporary: str, name: str) -> bool:
    try:
        folder.link(temporary, name)
    except (AttributeError, NotImplementedError):
        return False
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        return False
    return True


def _claim_name(folder: Folder, temporary: str, name: str) -> None:
    """Do as `_take_free_name` where there are no hard links: take the name with an empty file, rename over that."""
    try:
        os.close(folder.open(name, system.flags("O_WRONLY", "O_CREAT", "O_EXCL", "O_NOFOLLOW", "O_CLOEXEC"), 0o600))
        folder.replace(temporary, name)
    except FileExistsError:
        raise
    except BaseException:
        with suppress(OSError):
            if folder.lstat(name).st_size == 0:  # the empty file is ours
                folder.unlink(name)
        raise


def check_unchanged(folder: Folder, name: str, before: os.stat_result) -> None:
    """Refuse a file that is no longer the one that was looked at.

    Raises: OutputError; OSError.
    """
    if _version(folder.lstat(name)) != _version(before):
        raise OutputError("was changed by another program in the meantime", hint="run the command again")


def _version(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_nlink


def set_mode(descriptor: int, mode: int) -> None:
    """Set the mode of an open file, where the system keeps modes."""
    if sys.platform != "win32" and stat.S_IMODE(os.fstat(descriptor).st_mode) != mode:
        try:
            os.fchmod(descriptor, mode)
        except OSError as error:
            if error.errno not in _NO_MODES:
                raise


def keep_owner_and_mode(descriptor: int, before: os.stat_result, most: int) -> None:
    """Return an open file the owner and the mode that another had, and no permission beyond `most`.

    Raises: OutputError; OSError.
    """
    mode = stat.S_IMODE(before.st_mode) & most
    if sys.platform != "win32":
        now = os.fstat(descriptor)
        if now.st_gid != before.st_gid:
            try:
                os.fchown(descriptor, -1, before.st_gid)
            except OSError:
                mode &= ~0o070
        if now.st_uid != before.st_uid:
            try:
                os.fchown(descriptor, before.st_uid, -1)
            except OSError as error:
                if not mode & 0o077:
                    raise OutputError(
                        "its owner cannot be kept, and would be locked out", hint="run the command as its owner"
                    ) from error
    set_mode(descriptor, mode)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        count = os.write(descriptor, rest)
        if count == 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rest = rest[count:]


def _sync(descriptor: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        with suppress(OSError):  # fsync alone stops at the drive's cache there; network volumes know no better
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)
