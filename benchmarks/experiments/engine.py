"""The library beside other libraries: one conversion inside a process that runs already."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks.bench import FAST, Bench
from benchmarks.making import Key
from benchmarks.results import OWN, Experiment, Goal, Row
from benchmarks.timing import Contender, measure
from benchmarks.workers import Worker

__all__ = ["NAME", "measure_engine"]

NAME = "engine"
_TYPES = ("Ed25519", "ECDSA P-256", "RSA-2048", "RSA-3072")
_LIBRARIES = ("keyconv", FAST, "cryptography", "asyncssh", "paramiko")
_OTHERS = _LIBRARIES[2:]
_LEAST_TIMES = 20
_BATCH = 0.1  # seconds that a turn lasts at least
_BUDGET = 150  # seconds


def measure_engine(bench: Bench) -> Experiment:
    """Time conversions between PPK, OpenSSH and PEM or PKCS#8, for each key type, by each library."""
    contenders: list[Contender | Row] = []
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(bench.worker(name)) for name in _LIBRARIES if name not in bench.tools.missing
        }
        for kind in _TYPES:
            old = "pkcs8" if kind == "Ed25519" else "pem"
            olds = _old_files(bench, workers["keyconv"], kind, old)
            ppks, opensshs = _paths(bench, kind)
            for source, target, paths in (
                ("ppk", "openssh", ppks),
                ("openssh", "ppk", opensshs),
                ("openssh", old, opensshs),
                (old, "openssh", olds),
            ):
                case = f"{kind}, {source} to {target}"
                for name in _LIBRARIES:
                    if (name in _OTHERS and "ppk" in (source, target)) or (name == FAST and not kind.startswith("RSA")):
                        continue
                    if name in workers:
                        contenders.append(_contender(bench, workers[name], case, name, paths, target))
                    else:
                        contenders.append(bench.absent(case, name))
                if "ppk" in (source, target):
                    contenders.append(bench.absent(case, ", ".join(_OTHERS), "know no PPK"))
        rows = measure(contenders, bench.rounds(9), budget=_BUDGET)
    goals = [_goal(rows, f"RSA-2048, {pair}") for pair in ("openssh to pem", "pem to openssh")]
    remarks = (
        "keyconv reads, proves, writes and reads back (`keyconv.convert`); the others load and save as they do by "
        "default: cryptography's loaders and `private_bytes`, asyncssh's `import_private_key` and "
        "`export_private_key`, paramiko's `from_private_key` and `write_private_key`.",
        f"Twelve keys of each type, the first two to warm up; at least {_BATCH} s a turn; the time is that of one key. "
        "Every key is new to the process that converts it: keyconv remembers which keys it has proved.",
        "keyconv[fast]: the same keyconv with gmpy2, which it has loaded before.",
    )
    return Experiment(NAME, "In one process, beside other libraries", rows, tuple(goals), remarks)


def _goal(rows: tuple[Row, ...], case: str) -> Goal:
    own, other = (
        next(row.sample for row in rows if row.case == case and row.tool == name) for name in (OWN, "cryptography")
    )
    value = other.median / own.median if own and other else None
    return Goal(case, "as fast as cryptography", value, _LEAST_TIMES, "x", at_most=False)


def _paths(bench: Bench, kind: str) -> tuple[list[str], list[str]]:
    keys = bench.of_type(kind)
    return [str(key.ppk) for key in keys], [str(key.openssh) for key in keys]


def _old_files(bench: Bench, worker: Worker, kind: str, target: str) -> list[str]:
    """Write the keys of a type as PEM or PKCS#8; each reader's result is judged, so these are, too."""
    keys = bench.of_type(kind)
    outputs = [str(bench.folder / f"{key.openssh.name}.{target}") for key in keys]
    worker.ask("convert", paths=[str(key.openssh) for key in keys], target=target, outputs=outputs)
    for key, output in zip(keys, outputs, strict=True):
        bench.judge.expect(bench.folder / output, key.public)
    return outputs


def _contender(bench: Bench, worker: Worker, case: str, name: str, paths: list[str], target: str) -> Contender:
    keys: tuple[Key, ...] = bench.of_type(case.partition(",")[0])
    outputs = [bench.folder / f"{name}-{number}" for number in range(len(paths))]
    least = _BATCH / 5 if bench.quick else _BATCH

    def work() -> float:
        seconds: float = worker.ask("time", paths=paths, target=target, least=least)
        return seconds

    def judge() -> None:
        for output in outputs:
            output.unlink(missing_ok=True)
        worker.ask("convert", paths=paths, target=target, outputs=[str(output) for output in outputs])
        for output, key in zip(outputs, keys, strict=True):
            bench.judge.expect(output, key.public)

    return Contender(case, name, work, judge)
