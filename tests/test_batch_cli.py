"""`convert -d -j N`: the number of workers changes the time, and nothing else."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from fixture_files import FIXTURES_DIR, PASSPHRASE, ROOT, sample
from test_cli_convert import CHEAP, LOCKED_OPENSSH, LOCKED_PPK, OPENSSH, PPK, PUBLIC, TWO_KEYS, run, secret_file
from test_cli_many import place, tree
from tools import PATIENCE, some, wait_until

from keyconv import Locked, Passphrase, WriteOptions, read, write
from keyconv.cli import running, workers
from keyconv.cli.inputs import Inputs
from keyconv.cli.written import Face, Written
from keyconv.engine import unlock

SPACES = FIXTURES_DIR / "passphrases" / "ed25519-v3-spaces.ppk"
MANY = 1500
"""Files, of which some are left whenever a run ends early."""

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Make a folder of everything that can happen to an input."""
    return place(
        tmp_path / "keys",
        a_ppk=PPK,
        b_ppk=LOCKED_PPK,
        c=TWO_KEYS,
        d_ppk=PPK.read_bytes().replace(b"fixture", b"fixtura"),
        e=OPENSSH,
        e_key=OPENSSH,
        f_pub=PUBLIC,
        g_txt=b"no key",
        h_ppk=FIXTURES_DIR / "comments" / "control-v3-plain.ppk",
        i_ppk=FIXTURES_DIR / "certificates" / "user-ed25519-v3-plain.ppk",
        j=LOCKED_OPENSSH,
        k=FIXTURES_DIR / "authorized_keys" / "authorized_keys",
        l=FIXTURES_DIR / "openssh" / "sk-ed25519-plain",
        m_pem=FIXTURES_DIR / "openssh" / "rsa2048-plain",
        sub__a_ppk=LOCKED_PPK,
        sub__b=OPENSSH,
        z_ppk=LOCKED_PPK,
        **{"c-1_ppk": OPENSSH, "c-1": PPK},
    )


@pytest.fixture(params=["threads", "processes"])
def many_workers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have threads, or processes after the first inputs, whatever those are; return how many."""
    if request.param == "threads":
        return "4"
    monkeypatch.setattr(workers, "BREAK_EVEN", 1)
    monkeypatch.setattr(workers, "BREAK_EVEN_WITH_KDF", 1)
    monkeypatch.setattr("keyconv.cli.convert_many._TRIED", 1)
    return "2"  # each of which takes a while to begin


def contents(folder: Path) -> dict[str, tuple[str, object]]:
    """Return what the files of a folder hold, but for salts: names, formats, and the keys as they are when open."""
    return {name: _content((folder / name).read_bytes()) for name in tree(folder)}


def _content(data: bytes) -> tuple[str, object]:
    keyfile = read(data)
    entries = []
    for entry in keyfile.entries:
        was_locked = isinstance(entry.private, Locked)
        entries.append((was_locked, replace(unlock(entry, PASSPHRASE), protection=None)))
    return keyfile.format, tuple(entries)


def told(text: str, folder: Path) -> str:
    """Return what was printed, without the name of the output folder."""
    return text.replace(str(folder), "OUT")


# ── the same, whoever does it ──────────────────────────────────────────────────────────────────────────────────────


FLAGS = [
    (more, as_json)
    for more in (
        ("--no-passphrase",),
        ("-t", "openssh", "--rounds", "1"),
        ("-t", "ppk", *CHEAP),
        ("-t", "openssh-pub"),
        ("-t", "spki", "--strict"),
        ("-t", "pkcs8", "--no-passphrase", "--strict"),
        ("--key", "2"),
    )
    for as_json in ((), ("--json",))
]


@pytest.mark.parametrize(
    ("many_workers", "more", "as_json"),
    [
        pytest.param(who, *flags, id=" ".join((who, *flags[0], *flags[1])))
        for who, count in (("threads", len(FLAGS)), ("processes", 5))
        for flags in some(FLAGS, count)
    ],
    indirect=["many_workers"],
)
def test_files_messages_and_exit_code_are_those_of_one_worker(
    mixed: Path, more: tuple[str, ...], as_json: tuple[str, ...], tmp_path: Path, many_workers: str
) -> None:
    secret = secret_file(tmp_path, PASSPHRASE)
    results = {}
    for count in ("1", many_workers):
        out = tmp_path / f"out{count}"
        arguments = ("-r", mixed, "-d", out, "-j", count, "--passphrase-file", secret)
        ran = run("convert", *arguments, *more, *as_json)
        results[count] = ran.code, told(ran.err, out), told(ran.out.decode(), out), contents(out)
    assert results["1"] == results[many_workers]
    assert results["1"][0] != 0
    assert results["1"][3] or "--strict" in more


@pytest.mark.parametrize(("source", "enough"), [(LOCKED_PPK, "BREAK_EVEN_WITH_KDF"), (PPK, "BREAK_EVEN")])
def test_processes_do_it_where_enough_files_wait_and_threads_else(
    source: Path, enough: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    who: list[str] = []

    def watched(name: str) -> Callable[..., Any]:
        truly: Callable[..., Any] = getattr(workers, name)

        def begin(*values: Any, **named: Any) -> Any:
            who.append(name)
            return truly(*values, **named)

        return begin

    for name in ("threads", "processes"):
        monkeypatch.setattr(workers, name, watched(name))
    for other in ("BREAK_EVEN", "BREAK_EVEN_WITH_KDF"):
        monkeypatch.setattr(workers, other, 3 if other == enough else 1000)
    monkeypatch.setattr("keyconv.cli.convert_many._TRIED", 1)
    secret = secret_file(tmp_path, PASSPHRASE)
    for count, expected in ((3, "threads"), (4, "processes")):  # the first is converted before it is decided
        who.clear()
        keys = place(tmp_path / f"in{count}", **{f"k{number}_ppk": source for number in range(count)})
        out = tmp_path / f"out{count}"
        ran = run("convert", keys, "-r", "-d", out, "-j", "2", "--passphrase-file", secret, "--rounds", "1")
        assert (ran.code, len(tree(out))) == (0, count)
        assert who[0] == expected


@pytest.mark.parametrize("force", [(), ("--force",)], ids=["", "force"])
def test_what_is_there_is_treated_alike(mixed: Path, force: tuple[str, ...], tmp_path: Path, many_workers: str) -> None:
    results = {}
    for count in ("1", many_workers):
        out = place(tmp_path / f"out{count}", a=b"precious", e_ppk=b"precious", sub__b_ppk=b"precious")
        ran = run("convert", "-r", mixed, "-d", out, "-j", count, "--no-input", "--no-passphrase", *force)
        results[count] = ran.code, told(ran.err, out), tree(out), (out / "a").read_bytes() == b"precious"
    assert results["1"] == results[many_workers]
    assert results["1"][3] == (not force)


def test_no_input_is_overwritten_and_no_result_becomes_an_input(tmp_path: Path, many_workers: str) -> None:
    results = {}
    for count in ("1", many_workers):
        keys = place(tmp_path / count, id=PPK, other_ppk=PPK, more_ppk=PPK, out__old_ppk=PPK, z=OPENSSH)
        ran = run("convert", "-r", keys, "-d", keys / "out", "-j", count, "--force")
        again = run("convert", "-r", keys, "-d", keys, "-j", count, "--force")
        results[count] = ran.code, again.code, told(ran.err + again.err, keys), tree(keys)
        assert (keys / "id").read_bytes() == PPK.read_bytes()
    assert results["1"] == results[many_workers]
    assert results["1"][:2] == (0, 5)


@pytest.mark.parametrize(
    "answers",
    [
        ["correct horse", "  spaces at both ends  ", "correct horse"],
        ["wrong", "correct horse", "wrong", "wrong", "wrong", "correct horse"],
        ["wrong", "wrong", "wrong"] * 4,
    ],
    ids=["two", "second chances", "never"],
)
def test_a_person_is_asked_the_same_questions_in_the_same_order(
    answers: list[str], tmp_path: Path, many_workers: str
) -> None:
    keys = place(tmp_path / "keys", a_ppk=LOCKED_PPK, b_ppk=LOCKED_PPK, c_ppk=SPACES, d_ppk=LOCKED_PPK, e_ppk=PPK)
    results = {}
    for count in ("1", many_workers):
        out = tmp_path / f"out{count}"
        ran = run("convert", "-r", keys, "-d", out, "--no-passphrase", "-j", count, answers=answers)
        results[count] = ran.code, ran.asked, told(ran.err, out), tree(out)
    assert results["1"] == results[many_workers]
    assert len(results["1"][1]) >= 2


@pytest.mark.usefixtures("many_workers")
def test_a_new_passphrase_is_asked_for_twice_in_all_and_the_cost_measured_once(tmp_path: Path) -> None:
    keys = place(tmp_path / "keys", **{f"k{number}": OPENSSH for number in range(6)})
    out = tmp_path / "out"
    arguments = ("-d", out, "-j", "4", "-t", "ppk", "--new-passphrase", "--kdf-memory", "64", "--kdf-time", "1")
    ran = run("convert", "-r", keys, *arguments, answers=["new word", "new word"])
    assert (ran.code, len(ran.asked)) == (0, 2)
    passes = set()
    for path in out.iterdir():
        private = read(path.read_bytes()).entries[0].private
        assert isinstance(private, Locked)
        passes.add(private.protection.kdf.describe()["passes"])
        assert unlock(read(path.read_bytes()).entries[0], "new word").private == sample("openssh/ed25519-plain").private
    assert len(passes) == 1


@pytest.mark.usefixtures("many_workers")
def test_standard_input_may_be_among_them(tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = (PPK, "-", OPENSSH, LOCKED_PPK)
    ran = run("convert", *arguments, "-d", out, "-j", "3", "--no-input", stdin=PPK.read_bytes())
    assert (ran.code, tree(out)) == (4, ["ed25519-plain", "ed25519-v3-plain", "stdin"])


def test_j_zero_is_as_many_as_there_are_processors_and_j_goes_with_d(tmp_path: Path) -> None:
    assert run("convert", PPK, OPENSSH, "-d", tmp_path / "out", "-j", "0").code == 0
    refused = run("convert", PPK, "-j", "2")
    assert (refused.code, refused.err) == (2, "keyconv: -j goes with -d DIR\n")
    assert run("convert", PPK, "-d", tmp_path / "out", "-j", "-1").code == 2


# ── what is kept of each file ──────────────────────────────────────────────────────────────────────────────────────


def test_sixteen_bytes_are_kept_of_a_private_file_and_forty_of_a_public_one() -> None:
    for face, most in ((Face(), 16), (Face(1, 2, 3), 40)):
        written = Written()
        for number in range(10_000):
            written.add(f"out/{number}", number, face)
        kept = [getattr(written, name) for name in ("_names", "_inputs", "_faces")]
        assert all(isinstance(each, array) for each in kept)
        assert sum(each.itemsize * len(each) for each in kept) <= most * 10_000


def test_what_was_written_is_found_again() -> None:
    written = Written()
    written.add("a", 0, Face())
    written.add("b", 1, Face(7, 8, 9))
    assert written.find("c") is None
    written.add("c", 2, Face())
    written.add("d", 5, Face(1, 0, 0))
    assert [written.find(name) for name in "abcd"] == [
        (0, Face()),
        (1, Face(7, 8, 9)),
        (2, Face()),
        (5, Face(1, 0, 0)),
    ]


def test_a_folder_is_gone_through_as_it_is_needed(tmp_path: Path) -> None:
    keys = place(tmp_path / "keys", a__x_ppk=PPK, b__x_ppk=PPK)
    jobs = iter(Inputs((str(keys),), str(tmp_path / "out"), recursive=True))
    assert next(jobs).relative == str(Path("a", "x"))
    place(keys, b__y_ppk=PPK)
    assert [job.relative for job in jobs] == [str(Path("b", "x")), str(Path("b", "y"))]


def test_a_folder_that_results_go_into_is_listed_beforehand(tmp_path: Path) -> None:
    keys = place(tmp_path / "keys", a__x_ppk=PPK, b__x_ppk=PPK)
    jobs = iter(Inputs((str(keys),), str(keys / "b"), recursive=True))
    next(jobs)
    place(keys, b__y_ppk=PPK)
    assert [job.relative for job in jobs] == [str(Path("b", "x"))]


# ── interrupts and deaths ──────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def started(*arguments: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start the program in a session of its own; whatever happens, nothing of it is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "keyconv", *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with process:
            process.kill()


def children(pid: int) -> list[int]:
    """Name the child processes of a process."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return found


def processor_ticks(pid: int) -> int:
    """Return the processor time that a process has used."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])


def alive(pid: int) -> bool:
    """Return whether a process is there and no zombie."""
    try:
        return re.search(r"^State:\s+[^ZX]", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE) is not None
    except OSError:
        return False


def whole(folder: Path) -> bool:
    """Return whether a folder holds whole keys and no temporary file."""
    return all(not name.startswith(".") and read((folder / name).read_bytes()).entries for name in tree(folder))


@pytest.fixture(scope="module")
def plain_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    entry = sample("ppk/dsa1024-v3-plain.ppk")
    for number in range(MANY):
        (folder / f"{number:04}.ppk").write_bytes(PPK.read_bytes() if number else write(entry, "ppk"))
    return folder


@pytest.fixture(scope="module")
def locked_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make keys whose KDF takes a while each."""
    folder = tmp_path_factory.mktemp("locked")
    options = WriteOptions(passphrase=Passphrase(PASSPHRASE), kdf_memory=64, kdf_passes=1)
    data = write(sample("ppk/ed25519-v3-plain.ppk"), "ppk", options)
    for number in range(200):
        (folder / f"{number:04}.ppk").write_bytes(data)
    return folder


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("group", [False, True], ids=["main", "group"])
def test_an_interrupt_ends_processes_at_once_and_leaves_whole_files(
    number: signal.Signals, group: bool, plain_keys: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with started("convert", "-r", plain_keys, "-d", out, "-j", "2") as process:
        wait_until(lambda: out.is_dir() and len(tree(out)) > 20)
        helpers = wait_until(lambda: children(process.pid))
        os.kill(-process.pid if group else process.pid, number)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert b"Traceback" not in err
    wait_until(lambda: not any(map(alive, helpers)))
    assert whole(out)
    assert len(tree(out)) < MANY


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_threads_at_once_and_leaves_whole_files(
    number: signal.Signals, locked_keys: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    secret = secret_file(tmp_path, PASSPHRASE)
    arguments = ("convert", "-r", locked_keys, "-d", out, "-j", "2", "--passphrase-file", secret, "--rounds", "60")
    with started(*arguments) as process:
        wait_until(lambda: out.is_dir() and len(tree(out)) > 2)
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert whole(out)
    assert len(tree(out)) < 200


@linux
def test_processes_end_when_the_program_is_killed(plain_keys: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with started("convert", "-r", plain_keys, "-d", out, "-j", "2") as process:
        wait_until(lambda: out.is_dir() and len(tree(out)) > 20)
        helpers = wait_until(lambda: children(process.pid))
        process.kill()
        process.communicate(timeout=PATIENCE)
    wait_until(lambda: not any(map(alive, helpers)))


@linux
def test_a_worker_that_is_killed_fails_what_it_had_in_hand_and_the_rest_goes_on(
    plain_keys: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with started("convert", "-r", plain_keys, "-d", out, "-j", "2") as process:
        helpers = wait_until(lambda: len(children(process.pid)) == 2 and children(process.pid))
        wait_until(lambda: out.is_dir() and len(tree(out)) > 20)
        for each in helpers:
            os.kill(each, signal.SIGSTOP)  # one alone may have nothing in hand, and the other would do all the rest
        os.kill(helpers[0], signal.SIGKILL)
        os.kill(helpers[1], signal.SIGCONT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    lost = err.count(b"the worker that had this in hand ended before it was done\n")
    assert 1 <= lost <= 8
    assert err.splitlines()[-1] == b"keyconv: %d converted, %d failed, 0 skipped" % (MANY - lost, lost)
    assert len(tree(out)) == MANY - lost


# ── an interrupt at an odd moment ──────────────────────────────────────────────────────────────────────────────────


class _Interrupting:
    """What is interrupted while Python finishes a class body, which it turns into a RuntimeError before 3.12."""

    def __set_name__(self, owner: type, name: str) -> None:
        raise KeyboardInterrupt


def _interrupted_in_a_class_body(_: object) -> int:
    type("Unfinished", (), {"member": _Interrupting()})
    return 0


def test_an_interrupt_in_a_class_body_is_an_interrupt(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left:
        running.run(_interrupted_in_a_class_body)
    assert (left.value.exit_code, capsys.readouterr()) == (130, ("", ""))


class _Late:
    """What is interrupted in a callback of Python's own."""

    def __del__(self) -> None:
        raise KeyboardInterrupt


def test_an_interrupt_in_a_callback_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.unraisablehook
    with workers.ended_by_signals():
        late = _Late()
        del late
    assert capsys.readouterr() == ("", "")
    assert sys.unraisablehook is before
