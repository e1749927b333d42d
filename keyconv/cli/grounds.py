"""What `keyconv check` judges by, as plain values; and one file judged by it, in whatever process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from keyconv import files, limits
from keyconv.checks import badkeys, company, published
from keyconv.checks.check_file import judge_content
from keyconv.checks.model import Content, Context, Finding, Judged
from keyconv.checks.policy import Policy
from keyconv.cli.host_keys import is_host_key
from keyconv.cli.opening import STDIN
from keyconv.crypto.kdf import Deriver
from keyconv.errors import InputError, KeyconvError, UsageError
from keyconv.files import system
from keyconv.keys import PublicKey
from keyconv.repairs.opening import Opening
from keyconv.secret import HandedOver
from keyconv.statements import krl

__all__ = ["Grounds", "Judge", "Seen", "Visit", "content_of", "context_of", "find_beside"]


@dataclass(frozen=True, slots=True)
class Grounds:
    """The time (seconds since 1970), the policy and the folder that it speaks from, and how to open what is locked."""

    now: int
    policy: Policy
    home: Path
    passphrase: HandedOver | None = None
    allow_costly: bool = False


def context_of(grounds: Grounds, run: Callable[[Callable[[], bytes]], bytes] | None = None) -> Context:
    """Make the context that rules are given; `run` is how a KDF is run.

    Raises: UsageError for a blocklist or a revocation list that cannot be read.
    """
    policy = grounds.policy
    listed = []
    for name in policy.blocklist:
        path = os.fspath(grounds.home / name)
        try:
            listed.append((name, files.load(path, limit=64 * limits.MIB).decode("utf-8", "replace")))
        except InputError as error:
            raise UsageError(f"cannot read the blocklist: {error.message}").at_path(path) from None
    by_list = published.read_blocklist(listed)
    by_library, _ = badkeys.load()

    def judge(blob: bytes, public: PublicKey) -> str:
        return by_list(blob, public) or (by_library(blob, public) if by_library else "")

    return Context(
        now=grounds.now,
        thresholds=policy.thresholds,
        opening=Opening(
            passphrase=grounds.passphrase.take() if grounds.passphrase is not None else None,
            deriver=Deriver(allow_costly=grounds.allow_costly, run=run),
        ),
        blocklist=judge if listed or by_library is not None else None,
        public_only=policy.public_only,
        key_types=policy.key_types,
        unattended=policy.unattended,
        revoked=tuple(_read_krl(grounds.home, name) for name in policy.krl),
    )


def _read_krl(home: Path, name: str) -> tuple[str, krl.RevocationList]:
    path = os.fspath(home / name)
    try:
        return PurePath(name).name, krl.read_any(files.load(path, limit=limits.MAX_KRL))
    except KeyconvError as error:
        hint = "sshd and ssh take a KRL ('ssh-keygen -k -f KRL KEY.pub') or public keys, one a line"
        raise UsageError(f"cannot read the revocation list: {error}", hint=hint).at_path(path) from None


@dataclass(frozen=True, slots=True)
class Visit:
    """A file to be judged: its path and mode, and whether a person named it; or why it cannot be."""

    path: str
    named: bool = True
    mode: int | None = None
    error: KeyconvError | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a visit, without the keys: findings, what is kept to compare keys, and stale files beside.

    `judged` is None for what only the main process can do: standard input, and a file larger than a key file.
    """

    judged: Judged | None = None
    held: tuple[company.Held, ...] = ()
    stale: tuple[tuple[Finding, bytes | None], ...] = field(default=(), repr=False)


def content_of(visit: Visit, data: bytes) -> Content:
    """Put what is known of a file to its bytes."""
    return Content(
        visit.path,
        data,
        mode=visit.mode,
        named=visit.named,
        is_host_key=is_host_key(visit.path),
        is_backup=files.is_backup(visit.path),
    )


class Judge:
    """Judges files for the main process."""

    def __init__(self, grounds: Grounds, *, only_private: bool) -> None:
        self._context = context_of(grounds)
        self._only_private = only_private

    def __call__(self, visit: Visit) -> Seen:
        """Read and judge a file.

        Raises: InputError.
        """
        if visit.error is not None:
            raise visit.error
        if visit.path == STDIN:
            return Seen()
        try:
            with files.opened(visit.path) as source:
                if not source.whole:
                    return Seen()
                content = content_of(visit, source.head)
        except OSError as error:
            raise InputError(system.reason_of(error, absent="no such file")) from error
        judged = judge_content(content, self._context, only_private=self._only_private)
        stale = find_beside(judged, named=visit.named) if judged.is_key and not self._only_private else ()
        return Seen(replace(judged, entries=()), company.held_by(judged), tuple(stale))


def find_beside(judged: Judged, *, named: bool) -> Iterator[tuple[Finding, bytes | None]]:
    """Compare a private key with what is beside it; the folder is searched for leftovers of a key that was named.

    Yields: findings at the files beside it, with what belongs there, where that is proved.
    """
    yield from company.find_stale(judged, load_if_there)
    if files.is_temporary(judged.path):
        yield from company.report_leftovers((judged.path,))
    elif named and any(entry.private is not None for entry in judged.entries):
        folder = os.path.dirname(judged.path)  # noqa: PTH120
        yield from company.report_leftovers(os.path.join(folder, name) for name in files.left_beside(judged.path))  # noqa: PTH118


def load_if_there(path: str) -> bytes | None:
    """Read a file, if it is there and can be read."""
    try:
        return files.load(path) if os.path.lexists(path) else None
    except InputError:
        return None
