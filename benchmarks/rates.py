#!/usr/bin/env python3
"""Measures what a key costs, and writes docs/scale.md's tables from it, between `<!-- rates: NAME -->` and an end.

python benchmarks/rates.py           measure, write benchmarks/rates.json and the tables
python benchmarks/rates.py --tables  write the tables alone
python benchmarks/rates.py --check   change nothing, exit with 1 if a table is stale

Costs are processor time, which other programs on the machine change little; work is measured in turn, several times
over, and the median counts.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from keyconv import Entry, Passphrase, WriteOptions, convert, write  # noqa: E402
from keyconv.checks.collecting import Collector  # noqa: E402
from keyconv.checks.policy import Policy  # noqa: E402
from keyconv.cli.checking import Checker, Manner  # noqa: E402
from keyconv.cli.grounds import Grounds, context_of  # noqa: E402
from keyconv.cli.inputs import Inputs  # noqa: E402
from keyconv.cli.render import Screen  # noqa: E402
from keyconv.cli.written import Face, Written  # noqa: E402
from keyconv.crypto.kdf import Argon2, BcryptPbkdf  # noqa: E402
from keyconv.crypto.pbes import Pbkdf2  # noqa: E402
from keyconv.proof.generation import generate  # noqa: E402

JSON = ROOT / "benchmarks" / "rates.json"
PAGE = ROOT / "docs" / "scale.md"
ROUNDS = 3
DIFFERENT = 100
"""Keys of each type: no file repeats a key, for a proof may be remembered."""
WORDS = "correct horse"

_MARKED = re.compile(r"(<!-- rates: (?P<name>[a-z-]+) -->\n)(?P<text>.*?)(<!-- end -->)", re.DOTALL)
_TYPES = {
    "Ed25519": ("ed25519", None),
    "ECDSA P-256": ("ecdsa", 256),
    "RSA-2048": ("rsa", 2048),
    "RSA-3072": ("rsa", 3072),
}
FILES = DIFFERENT * len(_TYPES)
_LOCKED = "Ed25519, encrypted PPK 3 to encrypted OpenSSH"
_CONVERTED = "`keyconv convert -d`, mixed PPKs, not encrypted"
_CHECKED = "`keyconv check`, mixed PPKs, not encrypted"


def main(arguments: list[str]) -> int:
    """Measure, write or check, and give the exit code."""
    if arguments not in ([], ["--tables"], ["--check"]):
        sys.stderr.write("usage: python benchmarks/rates.py [--tables | --check]\n")
        return 2
    if not arguments:
        JSON.write_text(json.dumps(measure(), indent=2) + "\n", "utf-8")
    text = PAGE.read_text("utf-8")
    fresh = fill(text, json.loads(JSON.read_text("utf-8")))
    if arguments == ["--check"]:
        if fresh != text:
            sys.stdout.write("docs/scale.md: stale: run python benchmarks/rates.py --tables\n")
        return int(fresh != text)
    PAGE.write_text(fresh, "utf-8")
    return 0


# ── measuring ──────────────────────────────────────────────────────────────────────────────────────────────────────


def measure() -> dict[str, Any]:
    """Measure everything. Returns: facts of the machine; seconds by name; ratios by name."""
    plain = {name: [write(each, "ppk") for each in _make_keys(*kind)] for name, kind in _TYPES.items()}
    locked = write(_one_key(), "ppk", WriteOptions(passphrase=Passphrase(WORDS)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_files(folder / "keys", [data for made in plain.values() for data in made])
        work: dict[str, Callable[[], float]] = {
            **{f"{kind}, PPK to OpenSSH": partial(_converting, made) for kind, made in plain.items()},
            _LOCKED: lambda: _processor_time(lambda: convert(locked, passphrase=WORDS), 3),
            _CONVERTED: lambda: _program(folder, "convert", "-q", "-r", "-j", "2", "keys", "-d"),
            _CHECKED: lambda: _program(folder, "check", "-q", "keys", "-o"),
        }
        seconds = _medians(work)
        kept = _memory(folder / "keys")
        starts = _medians({method: lambda method=method: _start(method) for method in _methods()})  # type: ignore[misc]
    gains = _two_threads()
    return {"machine": _machine(), "seconds": seconds, "start": starts, "threads": gains, "bytes": kept}


def _medians(work: dict[str, Callable[[], float]]) -> dict[str, float]:
    found: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(ROUNDS):
        for name, each in work.items():
            found[name].append(each())
    return {name: float(f"{median(times):.3g}") for name, times in found.items()}


def _make_keys(family: str, bits: int | None) -> list[Entry]:
    made = (generate(family, bits, os.urandom) for _ in range(DIFFERENT))
    return [Entry(each.public, each, comment=b"a key") for each in made]


def _write_files(folder: Path, files: list[bytes]) -> None:
    for number, data in enumerate(files):
        path = folder / f"{number // 100:02}" / f"key-{number:04}.ppk"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _converting(files: list[bytes]) -> float:
    """Return the time for one of these files, in a process that has seen none of them."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_convert_all, files).result()


def _convert_all(files: list[bytes]) -> float:
    convert(files[0])  # to have everything loaded
    return _processor_time(lambda: [convert(each) for each in files[1:]], 1) / (len(files) - 1)


def _processor_time(work: Callable[[], object], times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times


_RUN = """
import resource, subprocess, sys
ran = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(ran.returncode, used.ru_utime + used.ru_stime)
"""


def _program(folder: Path, *arguments: str) -> float:
    """Run the program on `FILES` files, and give the processor time of it and its workers for each."""
    with tempfile.TemporaryDirectory(dir=folder) as output:
        target = str(Path(output, "out"))
        command = [sys.executable, "-c", _RUN, sys.executable, "-m", "keyconv", *arguments, target]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    code, used = ran.stdout.split()
    if code not in "01":
        raise SystemExit(f"keyconv {' '.join(arguments)} ended with {code}")
    return float(used) / FILES


def _methods() -> list[str]:
    return [method for method in ("fork", "spawn") if method in multiprocessing.get_all_start_methods()]


def _start(method: str) -> float:
    """Return the time from nothing to the first conversion of a worker process."""
    data = write(_one_key(), "ppk")
    start = time.perf_counter()
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        pool.submit(convert, data).result()
        return time.perf_counter() - start


@cache
def _one_key() -> Entry:
    return _make_keys("ed25519", None)[0]


def _two_threads() -> dict[str, float]:
    """Return in how many times the time of two processes two threads do four pieces of work."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as two, ThreadPoolExecutor(2) as threads:
        return _medians({name: partial(_against, threads, two, name) for name in _WORK})


def _against(threads: Executor, processes: Executor, name: str) -> float:
    times = []
    for executor in (threads, processes):
        for _ in range(2):  # the first to have everything loaded
            start = time.perf_counter()
            for future in [executor.submit(_do, name) for _ in range(4)]:
                future.result()
            taken = time.perf_counter() - start
        times.append(taken)
    return times[0] / times[1]


def _do(name: str) -> None:
    _WORK[name]()


def _convert_often() -> None:
    data = write(_one_key(), "ppk")
    for _ in range(400):
        convert(data)


_SALT = bytes(16)
_WORK: dict[str, Callable[[], object]] = {
    "Argon2id, 8 MiB, 13 passes": lambda: Argon2("argon2id", 8192, 13, 1, _SALT).derive(b"words", 32),
    "bcrypt, 24 rounds": lambda: BcryptPbkdf(_SALT, 24).derive(b"words", 32),
    "PBKDF2, 600,000 iterations": lambda: Pbkdf2("hmacWithSHA256", 600_000, _SALT).derive(b"words", 32),
    "proof and conversion of an Ed25519 key, 400 times": _convert_often,
}


def _memory(folder: Path) -> dict[str, int]:
    """Return the bytes that are kept of each file in various cases."""
    some = next(folder.rglob("*.ppk")).stat()
    written = Written()
    work: dict[str, Callable[[], object]] = {
        "`convert -d`: which input was written under which name": lambda: _fill(written),
        "once an output exists already: a table to find names in": lambda: written.find("out/none"),
        "once an output exists already: which files are inputs": lambda: _ask(folder, some),
        "where `-d` names a folder inside an input: the list of inputs": lambda: _inputs(folder, folder),
        "`check`: paths, findings, public keys, and RSA keys while they are compared": lambda: _check(folder),
    }
    return {name: _kept(each) for name, each in work.items()}


def _fill(written: Written) -> None:
    for number in range(FILES):
        written.add(f"out/{number}", number, Face())


def _inputs(folder: Path, output: Path) -> Inputs:
    return Inputs((str(folder),), str(output), recursive=True)


def _ask(folder: Path, found: os.stat_result) -> Inputs:
    inputs = _inputs(folder, folder.parent / "elsewhere")
    inputs.hold(found)
    return inputs


def _check(folder: Path) -> Checker:
    grounds = Grounds(int(time.time()), Policy(), folder)
    checker = Checker(Manner(), context_of(grounds), Screen(quiet=True), Collector(Policy(), str))
    for visit in checker.visits(str(folder)):
        checker.check(visit)
    return checker


_results: list[object] = []


def _kept(work: Callable[[], object]) -> int:
    """Return the bytes that are there after some work and were not before, for each file."""
    gc.collect()
    tracemalloc.start()
    _results.append(work())
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return round(kept / FILES)


def _machine() -> dict[str, str]:
    packages = ("cryptography", "bcrypt", "argon2-cffi")
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "processor": _processor(),
        "processors": str(os.cpu_count() or 1),
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "Python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


# ── tables ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def fill(text: str, rates: dict[str, Any]) -> str:
    """Return the page with its tables made again."""
    tables = {"bytes": memory, "costs": costs, "start": start, "threads": threads, "machine": machine}

    def table(marked: re.Match[str]) -> str:
        return f"{marked[1]}\n{tables[marked['name']](rates)}\n{marked[4]}"

    return _MARKED.sub(table, text)


def costs(rates: dict[str, Any]) -> str:
    """What keys cost, one, a million, a billion."""
    rows = (
        (name, duration(each), duration(each * 1e6), duration(each * 1e6 / 16), duration(each * 1e9 / 1000))
        for name, each in rates["seconds"].items()
    )
    columns = "work", "one key", "a million, 1 processor", "a million, 16", "a billion, 1,000"
    return _table(columns, rows)


def start(rates: dict[str, Any]) -> str:
    """What a worker process costs before it does anything, and how many keys that is."""
    one = rates["seconds"][_CONVERTED]
    rows = ((f"`{name}`", duration(each), f"{each / one:.0f}") for name, each in rates["start"].items())
    return _table(("start of a worker", "time", "in files of a mixed batch"), rows)


def threads(rates: dict[str, Any]) -> str:
    """What threads are worth."""
    rows = ((name, f"{each:.2f} times as long") for name, each in rates["threads"].items())
    return _table(("work", "two threads take, against two processes"), rows)


def memory(rates: dict[str, Any]) -> str:
    """What is kept of each file."""
    return _table(("what", "bytes a file"), ((name, f"{each:,}") for name, each in rates["bytes"].items()))


def machine(rates: dict[str, Any]) -> str:
    """Where and when."""
    return "Measured: " + "; ".join(f"{name} {value}" for name, value in rates["machine"].items()) + ".\n"


def duration(seconds: float) -> str:
    """Return a time in the unit that fits, with two digits."""
    for unit, size, most in (
        ("µs", 1e-6, 1e-3),
        ("ms", 1e-3, 1),
        ("s", 1, 120),
        ("min", 60, 7200),
        ("h", 3600, 172_800),
        ("days", 86_400, float("inf")),
    ):
        if seconds < most:
            value = seconds / size
            return f"{value:.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"
    raise AssertionError


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    return "\n".join(_lines(tuple(columns), rows)) + "\n"


def _lines(columns: tuple[str, ...], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    yield "| " + " | ".join(columns) + " |"
    yield "| " + " | ".join("---" for _ in columns) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
