"""Encrypted keys: how much of the time is not the KDFs', for one file and for many on two workers."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.commands import Command, Loop
from benchmarks.making import Key, make_files
from benchmarks.results import Experiment, Goal, Row
from benchmarks.timing import Contender, WrongResultError, measure
from benchmarks.workers import Worker

__all__ = ["MANY", "ONE", "measure_many_encrypted", "measure_one_encrypted"]

ONE, MANY = "encrypted", "many-encrypted"
KDFS = "the two KDFs alone"
_OWN_ROUNDS = 24
_TYPES = ("Ed25519", "RSA-2048")
_MOST_BESIDE = 0.1  # seconds
_MOST_OF_HALF = 1.1
_FILES = 100
_SAMPLE = 10
_JOBS = 2
_BUDGET = 45  # seconds
_OPENSSH_MAGIC = b"openssh-key-v1\0"
_FIELD = re.compile(r"^(Key-Derivation|Argon2-Memory|Argon2-Passes|Argon2-Parallelism): (\w+)$", re.MULTILINE)


def measure_one_encrypted(bench: Bench) -> Experiment:
    """Time an encrypted PPK 3 to an encrypted OpenSSH file, whole process, and its KDFs by themselves."""
    contenders: list[Contender | Row] = []
    costs = set()
    with bench.worker("keyconv") as worker:
        for kind in _TYPES:
            key = bench.of_type(kind)[0]
            ppk = encrypt(bench, key.ppk, f"{kind}.ppk")
            cost = argon2_of(ppk)
            costs.add(_words(cost))
            contenders += [_own(bench, kind, ppk, key), _kdfs(kind, worker, cost, 1, 1.0)]
            contenders.append(_putty(bench, kind, ppk, key))
        rows = measure(contenders, bench.rounds(15))
    goals = []
    for kind in _TYPES:
        own, kdfs = (next(r.sample for r in rows if r.case == kind and r.tool == tool) for tool in ("keyconv", KDFS))
        beside = own.median - kdfs.median if own and kdfs else None
        goals.append(Goal(kind, "beside the two KDFs", beside, _MOST_BESIDE, "s"))
    remarks = (
        f"PPK 3 to OpenSSH, both encrypted. PPKs by puttygen with the cost that it chose: {', '.join(sorted(costs))}. "
        f"keyconv writes OpenSSH files with {_OWN_ROUNDS} rounds of bcrypt, puttygen with 16.",
        "The KDFs alone: argon2-cffi and bcrypt with the same costs, called in a process that is already running.",
    )
    return Experiment(ONE, "One encrypted key", rows, tuple(goals), remarks)


def measure_many_encrypted(bench: Bench) -> Experiment:
    """Time a folder of encrypted PPKs on two workers against the sum of their KDFs."""
    files = 10 if bench.quick else _FILES
    flag = jobs_flag(bench)
    with bench.worker("keyconv") as worker:
        plain = make_files(worker, bench.folder / "plain", files, dict.fromkeys(_TYPES, 1))
    (bench.folder / "in").mkdir()
    publics = [public for _, public in plain]
    cost = argon2_of(encrypt(bench, plain[0][0], "in/000.ppk"))
    for number, (path, _) in enumerate(plain[1:], 1):
        encrypt(bench, path, f"in/{number:03}.ppk", str(cost["passes"]))
    case = f"{files} files"
    own = bench.keyconv(*_arguments("in"), "-d", "out", "-r", *flag, fresh=("out",))
    sampled = min(_SAMPLE, files)
    loop = Loop(tuple(_putty_command(bench, f"in/{number:03}.ppk") for number in range(sampled)))

    def judge_own() -> None:
        for number in range(0, files, 10):
            bench.judge.expect(bench.folder / "out" / f"{number:03}", publics[number])
        if len(list((bench.folder / "out").iterdir())) != files:
            raise WrongResultError("files are missing")

    with bench.worker("keyconv") as worker:
        contenders = [
            Contender(case, f"keyconv{' '.join(('', *flag))}", own, judge_own, files),
            _kdfs(case, worker, cost, sampled, files / sampled, files),
            Contender(
                case,
                "puttygen, one after the other",
                loop,
                lambda: bench.judge.expect(bench.folder / "by-puttygen", publics[sampled - 1]),
                files,
                files / sampled,
            ),
        ]
        rows = measure(contenders, 3, warm=False, budget=_BUDGET)
    own_row, kdf_row = rows[0], rows[1]
    value = None
    if own_row.sample and kdf_row.sample:
        value = own_row.sample.median / (kdf_row.sample.median / _JOBS)
    goal = Goal(case, f"the KDFs' sum divided by {_JOBS}", value, _MOST_OF_HALF, "x")
    remarks = (
        f"`keyconv convert -r in -d out{' '.join(('', *flag))}`; half Ed25519, half RSA-2048, each file of another key "
        f"and with a salt of its own, {_words(cost)}.",
        f"The KDFs alone and puttygen: {sampled} files, one after the other, times {files // sampled}.",
    )
    return Experiment(MANY, "Many encrypted keys", rows, (goal,), remarks, "file")


def jobs_flag(bench: Bench) -> tuple[str, ...]:
    """Return the flag for two workers, or nothing where this keyconv has none."""
    command = bench.keyconv("convert", "--help")
    command()
    return ("-j", str(_JOBS)) if "--jobs" in command.printed() else ()


def encrypt(bench: Bench, ppk: Path, name: str, passes: str = "") -> Path:
    """Let puttygen encrypt a key as PPK 3, with the passes that it finds for itself, or with these."""
    chosen = ("--ppk-param", f"passes={passes}") if passes else ()
    argv = (bench.tools.puttygen, str(ppk), "-P", "--new-passphrase", "passphrase", *chosen, "-o", name)
    Command(argv, bench.folder)()
    return bench.folder / name


def argon2_of(ppk: Path) -> dict[str, int | str]:
    """Read the parameters of Argon2 from a PPK 3."""
    found = dict(_FIELD.findall(ppk.read_text("latin-1")))
    return {
        "flavour": found["Key-Derivation"],
        "memory": int(found["Argon2-Memory"]),
        "passes": int(found["Argon2-Passes"]),
        "lanes": int(found["Argon2-Parallelism"]),
    }


def bcrypt_rounds_of(path: Path) -> int:
    """Read the rounds of bcrypt from an OpenSSH file: cipher, KDF, and the options salt and rounds."""
    blob = base64.b64decode("".join(path.read_text("ascii").split("-----")[2].split()))
    rest = blob.removeprefix(_OPENSSH_MAGIC)
    for _ in range(2):
        rest = rest[4 + int.from_bytes(rest[:4], "big") :]
    options = rest[4 : 4 + int.from_bytes(rest[:4], "big")]
    return int.from_bytes(options[-4:], "big")


def _arguments(ppk: str) -> tuple[str, ...]:
    return ("convert", ppk, "-t", "openssh", "--passphrase-file", "passphrase")


def _own(bench: Bench, case: str, ppk: Path, key: Key) -> Contender:
    command = bench.keyconv(*_arguments(ppk.name), "-o", "out", fresh=("out",))

    def judge() -> None:
        bench.judge.expect(bench.folder / "out", key.public)
        if bcrypt_rounds_of(bench.folder / "out") != _OWN_ROUNDS:
            raise WrongResultError("written with another cost than was timed")

    return Contender(case, "keyconv", command, judge)


def _kdfs(case: str, worker: Worker, cost: dict[str, int | str], times: int, scale: float, items: int = 0) -> Contender:
    def work() -> float:
        seconds: float = worker.ask("kdf", argon2=cost, rounds=_OWN_ROUNDS, times=times)
        return seconds

    return Contender(case, KDFS, work, lambda: None, items, scale)


def _putty(bench: Bench, case: str, ppk: Path, key: Key) -> Contender:
    return bench.converter(case, "puttygen", _putty_command(bench, ppk.name), key.public)


def _putty_command(bench: Bench, ppk: str) -> Command:
    secrets = ("--old-passphrase", "passphrase", "--new-passphrase", "passphrase")
    argv = (bench.tools.puttygen, ppk, *secrets, "-O", "private-openssh-new", "-o", "by-puttygen")
    return Command(argv, bench.folder, ("by-puttygen",))


def _words(cost: dict[str, int | str]) -> str:
    return f"{cost['flavour']}, {int(cost['memory']) // 1024} MiB, {cost['passes']} passes"
