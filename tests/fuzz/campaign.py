"""A run over many cases: in pieces, counted, with every crash made small and kept."""

from __future__ import annotations

import base64
import json
import platform
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import keyconv
from fuzz.case import Case
from fuzz.properties import BrokenPromiseError
from fuzz.targets import Target, by_name, make_case, run_case

__all__ = ["Crash", "Piece", "Tally", "minimise", "pieces", "run_piece", "save_crash", "versions"]

_MOST_KEPT = 5
"""Crashes of one kind in one piece of a run that are kept."""


@dataclass(frozen=True, slots=True)
class Crash:
    """What must not happen: in which case, what was raised, and where in keyconv."""

    target: str
    seed: int
    number: int
    kind: str
    message: str
    case: Case = field(repr=False)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some cases of a target: from `start` to before `stop`."""

    target: str
    seed: int
    start: int
    stop: int


@dataclass(slots=True)
class Tally:
    """What came of the cases of a target: how many, by outcome; seconds of CPU; the slowest case in milliseconds."""

    cases: int = 0
    crashes: int = 0
    cpu_seconds: float = 0.0
    slowest_ms: int = 0
    slowest_case: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Add the tally of a further piece."""
        self.cases += other.cases
        self.crashes += other.crashes
        self.cpu_seconds += other.cpu_seconds
        self.outcomes.update(other.outcomes)
        if other.slowest_ms > self.slowest_ms:
            self.slowest_ms, self.slowest_case = other.slowest_ms, other.slowest_case

    def as_json(self) -> dict[str, object]:
        """Return it as the record keeps it."""
        return {
            **asdict(self),
            "cpu_seconds": round(self.cpu_seconds, 1),
            "outcomes": dict(self.outcomes.most_common()),
        }


def pieces(targets: list[Target], cases: int, seed: int, done: dict[str, int], size: int) -> Iterator[Piece]:
    """Cut a run into pieces, the targets by turns; `done` are the cases of each that have been run before."""
    positions = {target.name: done.get(target.name, 0) for target in targets}
    open_targets = list(targets)
    while open_targets:
        for target in list(open_targets):
            start, end = positions[target.name], max(1, cases // target.share)
            if start >= end:
                open_targets.remove(target)
                continue
            stop = min(end, start + max(1, size // target.share))
            positions[target.name] = stop
            yield Piece(target.name, seed, start, stop)


def run_piece(piece: Piece) -> tuple[Piece, Tally, list[Crash]]:
    """Run the cases of a piece. Returns: it, the tally, and the crashes."""
    target = by_name(piece.target)
    tally = Tally()
    crashes: list[Crash] = []
    kinds: Counter[str] = Counter()
    start = time.process_time()
    for number in range(piece.start, piece.stop):
        case = make_case(target, piece.seed, number)
        before = time.process_time()
        try:
            tally.outcomes[run_case(target, case)] += 1
        except Exception as error:  # every one of them is a crash
            kind = kind_of(error)
            tally.crashes += 1
            tally.outcomes["crash"] += 1
            kinds[kind] += 1
            if kinds[kind] <= _MOST_KEPT:
                crashes.append(Crash(piece.target, piece.seed, number, kind, str(error)[:300], case))
        spent = round((time.process_time() - before) * 1000)
        if spent > tally.slowest_ms:
            tally.slowest_ms, tally.slowest_case = spent, number
    tally.cases = piece.stop - piece.start
    tally.cpu_seconds = time.process_time() - start
    return piece, tally, crashes


def kind_of(error: BaseException) -> str:
    """Name what was raised and the last place in keyconv that it went through, which makes two crashes the same."""
    if isinstance(error, BrokenPromiseError):
        return f"{type(error).__name__}: {re.sub('[0-9]+', 'N', str(error).partition(':')[0])}"
    place = "outside of keyconv"
    trace = error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if "keyconv" in path.parts:
            place = f"{path.parent.name}/{path.name} {trace.tb_frame.f_code.co_name}"
        trace = trace.tb_next
    return f"{type(error).__name__} in {place}"


# ── one crash ──────────────────────────────────────────────────────────────────────────────────────────────────────


def minimise(target: Target, case: Case, *, most: int = 3_000) -> Case:
    """Take bytes out of a case as long as the same crash comes of it, in at most so many attempts."""
    wanted = _crash_of(target, case)
    data, attempts = case.data, 0
    size = len(data) // 2
    while size and attempts < most:
        position = 0
        while position < len(data) and attempts < most:
            shorter = data[:position] + data[position + size :]
            attempts += 1
            if _crash_of(target, Case(shorter, case.salt)) == wanted:
                data = shorter
            else:
                position += size
        size //= 2
    return Case(data, case.salt)


def _crash_of(target: Target, case: Case) -> str:
    try:
        run_case(target, case)
    except Exception as error:  # the very thing that is looked for
        return kind_of(error)
    return ""


def save_crash(folder: Path, crash: Crash, case: Case) -> Path:
    """Write a crash as the vectors of the tests are written."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{crash.target}-{crash.seed}-{crash.number}.json"
    content = {
        "target": crash.target,
        "salt": case.salt,
        "was": f"{crash.kind}: {crash.message}",
        "data": base64.b64encode(case.data).decode("ascii"),
    }
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    return path


# ── what was run ───────────────────────────────────────────────────────────────────────────────────────────────────


def versions() -> dict[str, str]:
    """Name what took part: Python, the libraries, and keyconv with a digest of its source."""
    package = Path(keyconv.__file__).parent
    digest = sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return {
        "keyconv": keyconv.__version__,
        "source": digest.hexdigest()[:16],
        "Python": platform.python_version(),
        **{name: version(name) for name in ("cryptography", "bcrypt", "argon2-cffi")},
    }
