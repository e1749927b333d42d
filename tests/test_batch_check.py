"""`check -j N`: the number of workers changes the time, and nothing else."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
from fixture_files import FIXTURES_DIR, PASSPHRASE
from test_batch_cli import alive, children, linux, processor_ticks, started
from test_cli_convert import LOCKED_PPK, OPENSSH, PPK, run, secret_file
from test_cli_many import place
from tools import PATIENCE, wait_until

from keyconv.cli import workers

CERTIFICATE = FIXTURES_DIR / "certificates" / "user-ed25519-cert.pub"
OTHER = FIXTURES_DIR / "openssh-pub" / "rsa2048.pub"
LINES = FIXTURES_DIR / "authorized_keys" / "authorized_keys"


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Make a folder of everything that can happen to an input."""
    keys = place(
        tmp_path / "keys",
        a_ppk=PPK,
        b=OPENSSH,
        b_pub=OTHER,
        c_ppk=LOCKED_PPK,
        d_ppk=PPK.read_bytes().replace(b"fixture", b"fixtura"),
        e_txt=b"no key",
        f__id=OPENSSH.read_bytes().replace(b"\n", b"\r\n"),
        f__authorized__keys=LINES,
        f__large=LINES.read_bytes() + (b"# " + b"-" * 1000 + b"\n") * 1050 + LINES.read_bytes(),
        g__rsa=FIXTURES_DIR / "openssh" / "rsa2048-plain",
        g__rsa_ppk=FIXTURES_DIR / "ppk" / "rsa2048-v2-plain.ppk",
        h=b"-----BEGIN OPENSSH PRIVATE KEY-----\n",
        **{"h-cert_pub": CERTIFICATE},
    )
    assert (keys / "f" / "large").stat().st_size > 1 << 20
    os.link(keys / "a.ppk", keys / "z.ppk")
    for path in keys.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o600)
    return keys


@pytest.fixture(params=["threads", "processes"])
def many_workers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have threads, or processes, whatever is checked; return how many."""
    monkeypatch.setattr(workers, "BREAK_EVEN", 1 if request.param == "processes" else 1000)
    return "2" if request.param == "processes" else "4"


@pytest.mark.parametrize(
    "more",
    [
        (),
        ("--json",),
        ("--format", "sarif"),
        ("--no-private-keys",),
        ("--public-only", "--select", "protection,identity"),
        ("--fix", "--no-backup", "-v"),
    ],
    ids=" ".join,
)
def test_findings_messages_and_exit_code_are_those_of_one_worker(
    mixed: Path, more: tuple[str, ...], tmp_path: Path, many_workers: str
) -> None:
    secret = secret_file(tmp_path, PASSPHRASE)
    before = {path: path.read_bytes() for path in mixed.rglob("*") if path.is_file()}
    results = {}
    for count in ("1", many_workers):
        for path, data in before.items():
            path.write_bytes(data)
        arguments = (mixed, tmp_path / "none", mixed / "e.txt", tmp_path / "no*", "-", "--passphrase-file", secret)
        ran = run("check", "-j", count, *arguments, *more, stdin=PPK.read_bytes())
        after = {path: path.read_bytes() for path in before}
        results[count] = ran.code, _without_time(ran.out), ran.err, after
    assert results["1"] == results[many_workers]
    assert results["1"][0] == 1
    assert len(results["1"][1]) > 100
    assert results["1"][2].count("no such file") == 1


def _without_time(report: bytes) -> bytes:
    return re.sub(rb"\d{4}-\d\d-\d\dT[0-9:.]+", b"THEN", report)


def test_without_a_passphrase_few_files_are_judged_here(mixed: Path) -> None:
    one, four = (run("check", "-j", count, mixed) for count in ("1", "4"))
    assert (one.code, one.out, one.err) == (four.code, four.out, four.err)


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_at_once(number: signal.Signals, tmp_path: Path) -> None:
    data = (FIXTURES_DIR / "ppk" / "dsa1024-v3-plain.ppk").read_bytes()
    for each in range(1500):
        (tmp_path / f"{each}.ppk").write_bytes(data)
    with started("check", tmp_path, "-j", "2") as process:
        helpers = wait_until(lambda: len(children(process.pid)) == 2 and children(process.pid))
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (130, b"", b"")
    wait_until(lambda: not any(map(alive, helpers)))


@linux
def test_a_worker_that_is_killed_is_told_for_what_it_had_in_hand_and_the_rest_goes_on(tmp_path: Path) -> None:
    data = (FIXTURES_DIR / "ppk" / "dsa1024-v3-plain.ppk").read_bytes()
    for each in range(1500):
        (tmp_path / f"{each}.ppk").write_bytes(data)
    with started("check", tmp_path, "-j", "2", "--select", "corrupt") as process:
        helpers = wait_until(lambda: len(children(process.pid)) == 2 and children(process.pid))
        wait_until(lambda: processor_ticks(helpers[0]) > 5)  # it is at work
        for each in helpers:
            os.kill(each, signal.SIGSTOP)  # of 1,500 files, some are in hand
        os.kill(helpers[0], signal.SIGKILL)
        os.kill(helpers[1], signal.SIGCONT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert 1 <= err.count(b"the worker that had this in hand ended before it was done\n") <= 8
