"""What one small command costs as a whole process, beside programs that do the same or nothing."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.commands import Command
from benchmarks.making import Key
from benchmarks.results import Experiment, Goal, Row, Sample
from benchmarks.timing import Contender, WrongResultError, measure

__all__ = ["NAME", "measure_start_up"]

NAME = "start-up"
NOTHING = "nothing"
NOOP = "typer program that does nothing"
PYTHON = "python -c pass"
_ROUNDS = 25
_MOST = 1.5
_NO_PPK = "reads no PPK"
_TYPES = ("Ed25519", "RSA-2048")


def measure_start_up(bench: Bench) -> Experiment:
    """Time `--version`, `inspect`, `public` and `convert`, of plain keys, all in one round."""
    contenders: list[Contender | Row] = [*_nothing(bench), *_version(bench)]
    for kind in _TYPES:
        key = bench.of_type(kind)[0]
        contenders += [*_inspect(bench, key), *_public(bench, key), *_convert(bench, key)]
    rows = measure(contenders, bench.rounds(_ROUNDS))
    base = _sample(rows, NOTHING, NOOP)
    goals = []
    for kind in _TYPES:
        own = _sample(rows, f"convert, {kind}", "keyconv")
        value = own.median / base.median if own and base else None
        goals.append(Goal(f"convert, {kind}", f"the time of the {NOOP}", value, _MOST, "x"))
    return Experiment(
        NAME,
        "One small command",
        rows,
        tuple(goals),
        (
            "Whole processes, from before their start to after their end; the keys are not encrypted.",
            f"The {NOOP} declares one command with an argument and an option, set up as keyconv is.",
            "ssh-keygen reads no PPK: it gets the OpenSSH file of the same key.",
        ),
    )


def _sample(rows: tuple[Row, ...], case: str, tool: str) -> Sample | None:
    return next((row.sample for row in rows if row.case == case and row.tool == tool), None)


def _nothing(bench: Bench) -> list[Contender]:
    noop = str(Path(__file__).resolve().parents[1] / "noop.py")
    commands = {NOOP: (sys.executable, noop, "some.ppk", "-o", "out"), PYTHON: (sys.executable, "-c", "pass")}
    return [Contender(NOTHING, tool, Command(argv, bench.folder), lambda: None) for tool, argv in commands.items()]


def _version(bench: Bench) -> list[Contender]:
    return [
        _printing(bench, "--version", "keyconv", (*bench.tools.keyconv, "--version"), "keyconv "),
        _printing(bench, "--version", "puttygen", (bench.tools.puttygen, "--version"), "puttygen: "),
    ]


def _inspect(bench: Bench, key: Key) -> list[Contender]:
    case = f"inspect, {key.type}"
    _, ppk, openssh = _files(key)
    fingerprint = _fingerprint(bench, key)
    tools = bench.tools
    return [
        _printing(bench, case, "keyconv", (*tools.keyconv, "inspect", ppk), fingerprint),
        _printing(bench, case, "puttygen -l", (tools.puttygen, "-l", ppk), fingerprint),
        _printing(bench, case, "ssh-keygen -l, OpenSSH file", (tools.ssh_keygen, "-l", "-f", openssh), fingerprint),
    ]


def _public(bench: Bench, key: Key) -> list[Contender]:
    case = f"public, {key.type}"
    public, ppk, openssh = _files(key)
    tools = bench.tools
    return [
        _printing(bench, case, "keyconv", (*tools.keyconv, "public", ppk), public),
        _printing(bench, case, "puttygen -L", (tools.puttygen, "-L", ppk), public),
        _printing(bench, case, "ssh-keygen -y, OpenSSH file", (tools.ssh_keygen, "-y", "-f", openssh), public),
    ]


def _convert(bench: Bench, key: Key) -> list[Contender | Row]:
    case = f"convert, {key.type}"
    _, ppk, _ = _files(key)
    putty = (bench.tools.puttygen, ppk, "-O", "private-openssh-new", "-o", "by-puttygen")
    return [
        bench.converter(case, "keyconv", bench.keyconv("convert", ppk, "-o", "out", fresh=("out",)), key.public),
        bench.converter(case, "puttygen", Command(putty, bench.folder, ("by-puttygen",)), key.public),
        bench.absent(case, "ssh-keygen", _NO_PPK),
    ]


def _printing(bench: Bench, case: str, tool: str, argv: tuple[str, ...], expected: str) -> Contender:
    command = Command(argv, bench.folder)

    def judge() -> None:
        if expected not in command.printed():
            raise WrongResultError("prints another key")

    return Contender(case, tool, command, judge)


def _files(key: Key) -> tuple[str, str, str]:
    return key.public, str(key.ppk), str(key.openssh)


def _fingerprint(bench: Bench, key: Key) -> str:
    command = Command((bench.tools.ssh_keygen, "-l", "-f", str(key.openssh)), bench.folder)
    command()
    return command.printed().split()[1]
