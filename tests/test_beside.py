"""The KDF of the file that will be written runs beside that of the file that is read, and changes nothing else."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from fixture_files import PASSPHRASE, by_path
from test_cli_convert import run
from tools import PATIENCE, require

from keyconv import Deriver, Passphrase, read, unlock, write
from keyconv.cli import opening
from keyconv.crypto.kdf import Argon2, BcryptPbkdf, Work
from keyconv.errors import LimitError
from keyconv.formats import by_name
from keyconv.formats.base import WriteOptions

READ = Argon2("argon2id", 64, 1, 1, bytes(16))
WRITTEN = BcryptPbkdf(bytes(range(16)), 1)
SECRET = Passphrase(b"secret")
PPK = by_path("ppk/ed25519-v3-argon2id-encrypted.ppk")
PUBLIC = by_path("openssh-pub/ed25519.pub")


class Beginning:
    """Begins work as a thread would, but does it at once; counts what was begun and what was waited for."""

    def __init__(self) -> None:
        self.begun = 0
        self.waited = 0

    def __call__(self, work: Work) -> Work:
        self.begun += 1
        try:
            result = work()
        except LimitError as error:
            raised = error
        else:
            return lambda: self._give(result)

        def fail() -> bytes:
            self.waited += 1
            raise raised

        return fail

    def _give(self, result: bytes) -> bytes:
        self.waited += 1
        return result


# ── the deriver ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_expected_kdf_is_begun_with_the_next_and_gives_the_same_key() -> None:
    begin = Beginning()
    deriver = Deriver(begin=begin)
    deriver.expect(WRITTEN, 48)
    assert (begin.begun, deriver.runs) == (0, 0)
    assert deriver.derive(READ, SECRET, 80) == READ.derive(b"secret", 80)
    assert (begin.begun, begin.waited, deriver.runs) == (1, 0, 2)
    assert deriver.derive(WRITTEN, SECRET, 48) == WRITTEN.derive(b"secret", 48)
    assert (begin.begun, begin.waited, deriver.runs) == (1, 1, 2)
    assert deriver.derive(WRITTEN, SECRET, 48) == WRITTEN.derive(b"secret", 48)
    assert (begin.waited, deriver.runs) == (1, 2)


def test_after_a_wrong_passphrase_it_runs_in_its_turn_and_never_gives_the_key_of_the_first() -> None:
    begin = Beginning()
    deriver = Deriver(begin=begin)
    deriver.expect(WRITTEN, 48)
    deriver.derive(READ, Passphrase(b"wrong"), 80)
    deriver.derive(READ, SECRET, 80)
    assert begin.begun == 1
    assert deriver.derive(WRITTEN, SECRET, 48) == WRITTEN.derive(b"secret", 48)
    assert (begin.waited, deriver.runs) == (0, 4)


def test_what_is_not_asked_for_as_expected_is_derived_as_ever() -> None:
    deriver = Deriver(begin=Beginning())
    deriver.expect(WRITTEN, 48)
    deriver.derive(READ, SECRET, 80)
    other = BcryptPbkdf(bytes(16), 1)
    assert deriver.derive(other, SECRET, 48) == other.derive(b"secret", 48)
    assert deriver.derive(WRITTEN, SECRET, 32) == WRITTEN.derive(b"secret", 32)


def test_nothing_runs_beside_anything_without_a_way_to_begin_it() -> None:
    deriver = Deriver()
    deriver.expect(WRITTEN, 48)
    deriver.derive(READ, SECRET, 80)
    assert deriver.runs == 1
    assert deriver.derive(WRITTEN, SECRET, 48) == WRITTEN.derive(b"secret", 48)


def test_it_is_expected_by_one_writer_alone() -> None:
    deriver = Deriver()
    deriver.expect(WRITTEN, 48)
    assert deriver.expected() == WRITTEN
    assert deriver.expected() is None


def test_what_costs_too_much_is_refused_before_it_is_begun() -> None:
    begin = Beginning()
    deriver = Deriver(begin=begin)
    with pytest.raises(LimitError):
        deriver.expect(BcryptPbkdf(bytes(16), 1_000_000), 48)
    deriver.derive(READ, SECRET, 80)
    assert begin.begun == 0


def test_an_error_of_what_was_begun_comes_when_its_key_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: BcryptPbkdf, passphrase: bytes, length: int) -> bytes:
        raise LimitError("no memory")

    monkeypatch.setattr(BcryptPbkdf, "derive", fail)
    deriver = Deriver(begin=Beginning())
    deriver.expect(WRITTEN, 48)
    assert len(deriver.derive(READ, SECRET, 80)) == 80
    with pytest.raises(LimitError, match="no memory"):
        deriver.derive(WRITTEN, SECRET, 48)


# ── the format ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_that_was_foreseen_opens_and_the_next_has_another_salt() -> None:
    deriver = Deriver(begin=Beginning())
    openssh = by_name("openssh")
    assert openssh.foresee is not None
    options = WriteOptions(passphrase=Passphrase(PASSPHRASE), rounds=1, deriver=deriver)
    openssh.foresee(options)
    entry = unlock(read(PPK.data).entries[0], PASSPHRASE, deriver=deriver)
    files = [write(entry, openssh, options) for _ in range(2)]
    assert len({_salt(each) for each in files}) == 2
    for each in files:
        assert unlock(read(each).entries[0], PASSPHRASE).private == entry.private


def test_other_rounds_than_those_foreseen_are_used_as_asked() -> None:
    deriver = Deriver()
    openssh = by_name("openssh")
    assert openssh.foresee is not None
    openssh.foresee(WriteOptions(rounds=1, deriver=deriver))
    entry = unlock(read(PPK.data).entries[0], PASSPHRASE)
    written = write(entry, openssh, WriteOptions(passphrase=Passphrase(PASSPHRASE), rounds=2, deriver=deriver))
    assert _salt(written)[1] == 2


def _salt(data: bytes) -> tuple[bytes, int]:
    locked = read(data).entries[0].private
    kdf = locked.protection.kdf  # type: ignore[union-attr]  # it is encrypted
    assert isinstance(kdf, BcryptPbkdf)
    return kdf.salt, kdf.rounds


# ── the program ────────────────────────────────────────────────────────────────────────────────────────────────────


def _watch(patch: pytest.MonkeyPatch, processors: int, meeting: threading.Barrier | None = None) -> list[str]:
    """Have so many processors, and tell which KDFs ran; with a meeting each waits for the other to have begun."""
    ran: list[str] = []

    def told(name: str, derive: Callable[..., bytes]) -> Callable[..., bytes]:
        def work(self: object, passphrase: bytes, length: int) -> bytes:
            ran.append(name)
            if meeting is not None:
                meeting.wait()
            return derive(self, passphrase, length)

        return work

    patch.setattr(opening, "processors", lambda: processors)
    patch.setattr(Argon2, "derive", told("argon2", Argon2.derive))
    patch.setattr(BcryptPbkdf, "derive", told("bcrypt", BcryptPbkdf.derive))
    return ran


def _convert(tmp_path: Path, *arguments: str | Path) -> Path:
    (tmp_path / "key.ppk").write_bytes(PPK.data)
    (tmp_path / "pass").write_bytes(PASSPHRASE + b"\n")
    out = tmp_path / "out"
    result = run("convert", tmp_path / "key.ppk", "-o", out, "--passphrase-file", tmp_path / "pass", *arguments)
    assert result.code == 0, result.err
    return out


def test_both_kdfs_run_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran = _watch(
        monkeypatch, 2, threading.Barrier(2, timeout=PATIENCE)
    )  # which breaks if one waits for the other's end
    out = _convert(tmp_path, "-t", "openssh")
    assert sorted(ran) == ["argon2", "bcrypt"]
    asked = [require("ssh-keygen"), "-y", "-P", PASSPHRASE.decode(), "-f", str(out)]
    said = subprocess.run(asked, capture_output=True, check=True).stdout
    assert said.split()[:2] == PUBLIC.data.split()[:2]


def test_on_one_processor_they_run_one_after_the_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran = _watch(monkeypatch, 1)
    _convert(tmp_path, "-t", "openssh")
    assert ran == ["argon2", "bcrypt"]


@pytest.mark.parametrize(
    "arguments", [("-t", "openssh", "--no-passphrase"), ("-t", "ppk", "--kdf-passes", "1")], ids=str
)
def test_no_kdf_is_run_for_a_file_that_does_not_need_it(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran = _watch(monkeypatch, 2)
    _convert(tmp_path, *arguments)
    assert "bcrypt" not in ran


def test_another_passphrase_for_the_result_is_not_foreseen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(b"another\n")
    ran = _watch(monkeypatch, 2)
    out = _convert(tmp_path, "-t", "openssh", "--new-passphrase-file", tmp_path / "new")
    assert ran == ["argon2", "bcrypt"]
    assert unlock(read(out.read_bytes()).entries[0], b"another").private is not None


def test_a_wrong_passphrase_is_told_as_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key.ppk").write_bytes(PPK.data)
    (tmp_path / "pass").write_bytes(b"wrong\n")
    _watch(monkeypatch, 2)
    out = tmp_path / "out"
    result = run("convert", tmp_path / "key.ppk", "-t", "openssh", "-o", out, "--passphrase-file", tmp_path / "pass")
    assert (result.code, out.exists()) == (4, False)
    assert "passphrase" in result.err
