"""The targets: for each reader and codec, the seeds to start from and what is done with a case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Literal

from fixture_files import DERIVER, PASSPHRASE

from fuzz import codec_targets, seeds
from fuzz.case import Case
from fuzz.dissection import leaf
from fuzz.mutators import Seed, mutate
from fuzz.properties import BrokenPromiseError, Thrifty, check_error, check_text, examine
from fuzz.structure import JOINED, Node, String, Tree, render
from keyconv import FORMATS, Entry, KeyFile, Locked, Passphrase, read, unlock
from keyconv.crypto.kdf import Kdf
from keyconv.engine import detect
from keyconv.errors import KeyconvError
from keyconv.keys import PrivateKey

__all__ = ["TARGETS", "Target", "by_name", "make_case", "run_case"]

_EXAMINED = 16
"""One case of so many that are read is written again too."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What is fuzzed: `seeds` gives the files to start from, `run` does the work and says in a word what came of it.

    `share` is the number of cases that one case of a quick reader counts for: slow targets are given fewer. `reader`
    says that it is one of the registry's readers.
    """

    name: str
    seeds: Callable[[], tuple[Seed, ...]]
    run: Callable[[Case], str]
    share: int = 1
    reader: bool = False


def make_case(target: Target, seed: int, number: int) -> Case:
    """Make the case with this number: the same one for the same seed, on every machine."""
    random = Random(f"{seed} {target.name} {number}")
    files = target.seeds()
    chosen = seeds.choose(files, random)
    others = files if random.random() < 0.7 else seeds.every_seed()
    return Case(mutate(chosen, others, random), random.getrandbits(32))


def run_case(target: Target, case: Case) -> str:
    """Run one case and check its error. Returns: what the target says, or the error's class.

    Raises: whatever must not happen.
    """
    try:
        return target.run(case)
    except KeyconvError as error:
        check_error(error)
        return type(error).__name__


def by_name(name: str) -> Target:
    """Find a target. Raises: LookupError."""
    return next(target for target in TARGETS if target.name == name)


# ── readers ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _reader(name: str) -> Target:
    def run(case: Case) -> str:
        keyfile = read(case.data, name)
        if case.salt % _EXAMINED == 0:
            examine(keyfile)
        return _kind(keyfile)

    return Target(name, lambda: seeds.of_format(name), run, reader=True)


def _kind(keyfile: KeyFile) -> str:
    if any(entry.fault is not None for entry in keyfile.entries):
        return "fault"
    return "locked" if any(isinstance(entry.private, Locked) for entry in keyfile.entries) else "read"


def _detect(case: Case) -> str:
    claiming = [known.name for known in FORMATS if known.sniff(case.data)]
    if len(claiming) > 1:
        raise BrokenPromiseError(f"claimed by {' and '.join(claiming)}")
    try:
        chosen = detect(case.data).name
    except KeyconvError:
        if claiming:
            raise BrokenPromiseError(f"not recognised, but {claiming[0]} claims it") from None
        raise
    if chosen not in claiming:
        raise BrokenPromiseError(f"recognised as {chosen}, which does not claim it")
    keyfile = read(case.data)
    if case.salt % _EXAMINED == 0:
        examine(keyfile)
    return _kind(keyfile)


# ── passphrases ────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def _thrifty() -> Thrifty:
    own: set[Kdf] = set()
    for seed in seeds.locked_seeds():
        for entry in read(seed.data).entries:
            if isinstance(entry.private, Locked):
                own.add(entry.private.protection.kdf)
    return Thrifty(DERIVER, frozenset(own))


_PASSPHRASES = (*map(Passphrase, (PASSPHRASE, PASSPHRASE, b"", b"wrong")), Passphrase("pässwörd€"))


def _unlock(case: Case) -> str:
    keyfile = read(case.data)
    word = _PASSPHRASES[case.salt % len(_PASSPHRASES)] if case.salt % 4 == 0 else _PASSPHRASES[0]
    entries = tuple(unlock(entry, word, deriver=_thrifty()) for entry in keyfile.entries[:4])
    if case.salt % _EXAMINED == 1:
        examine(KeyFile(keyfile.format, keyfile.kind, entries, keyfile.notes))
    return "unlocked"


# ── lines, settings, damage ────────────────────────────────────────────────────────────────────────────────────────


def _check_lines(case: Case) -> str:
    from keyconv.checks.check_file import judge_stream
    from keyconv.checks.model import Context

    kind: Literal["known_hosts", "authorized_keys"] = "known_hosts" if case.salt & 1 else "authorized_keys"
    context = Context(now=1_800_000_000, thorough=case.salt % 8 == 0)
    _, findings = judge_stream("FILE", kind, _pieces(case), context)
    for finding in findings:
        check_text(finding.message)
        check_text(finding.hint)
    return "judged"


def _pieces(case: Case) -> Iterator[bytes]:
    random = Random(case.salt)
    position = 0
    while position < len(case.data):
        size = random.choice((1, 7, 100, 5000, 70_000))
        yield case.data[position : position + size]
        position += size


def _settings(case: Case) -> str:
    from keyconv.checks import glob, settings

    policy = settings.read(case.data.decode("utf-8", "replace"), is_pyproject=bool(case.salt & 1))
    if policy is None:
        return "nothing"
    for pattern, _ in policy.per_path_ignores:
        glob.fits(pattern, "tests/keys/id_rsa.pem")
    return "read"


def _check(case: Case) -> str:
    from keyconv.checks.check_file import judge_content
    from keyconv.checks.model import Content, Context

    content = Content("id_rsa" if case.salt & 1 else "notes.txt", case.data, named=bool(case.salt & 2))
    judged = judge_content(content, Context(now=1_800_000_000), only_private=case.salt % 8 == 0)
    for finding in judged.findings:
        check_text(finding.message)
        check_text(finding.hint)
    return "judged"


def _diagnosis(case: Case) -> str:
    from keyconv.repairs import explain

    try:
        read(case.data)
    except KeyconvError as error:
        explained = explain(case.data, error)
        check_error(explained)
        return explained.rule or type(explained).__name__
    return "read"


def _repair(case: Case) -> str:
    from keyconv.repairs import search

    found = search(case.data)
    if found is None:
        return "nothing"
    keys = [(entry.public, _opened(entry)) for entry in found.keyfile.entries]
    if keys != [(entry.public, _opened(entry)) for entry in read(found.data).entries]:
        raise BrokenPromiseError("what was fixed reads as another key")
    return "mended" if found.undone else "whole"


def _opened(entry: Entry) -> PrivateKey | None:
    return None if isinstance(entry.private, Locked) else entry.private


# ── the agent ──────────────────────────────────────────────────────────────────────────────────────────────────────


class _Replies:
    """An agent that gives the case for a reply, in pieces, and then hangs up."""

    def __init__(self, case: Case) -> None:
        self._data = case.data
        self._random = Random(case.salt)

    def send(self, data: bytes, timeout: float) -> None:
        """Take a message."""

    def receive(self, count: int, timeout: float) -> bytes:
        """Return some bytes of the reply."""
        count = min(count, self._random.choice((1, 4, 60, 1 << 18)))
        piece, self._data = self._data[:count], self._data[count:]
        return piece

    def close(self) -> None:
        """Close."""


@cache
def _agent_seeds() -> tuple[Seed, ...]:
    blobs = codec_targets.wire_seeds()[:12]
    made = []
    for count in (0, 1, 2, 12):
        keys = [node for seed in blobs[:count] for node in (leaf(seed.data, String()), leaf(b"comment", String()))]
        reply = Node(String(), (leaf(b"\x0c"), leaf(count.to_bytes(4, "big")), *keys))
        made.append(Tree(Node(JOINED, (reply,))))
    made += [Tree(Node(JOINED, (leaf(bytes((kind,)), String()),))) for kind in (5, 6, 28, 102)]
    return tuple(Seed(f"reply {number}", "agent", render(tree.root), (tree,)) for number, tree in enumerate(made))


def _agent(case: Case) -> str:
    from keyconv.agent import Agent

    client = Agent(_Replies(case))
    if case.salt & 3:
        client.identities()
        return "listed"
    client.remove_all()
    return "done"


def _statements(case: Case) -> str:
    from keyconv import statements

    name = statements.detect(case.data) or statements.NAMES[case.salt % len(statements.NAMES)]
    found = statements.read(case.data, name)
    found.describe()
    (entry,) = read(seeds.of_format("openssh-pub")[0].data, "openssh-pub").entries[:1]
    if entry.public is not None:
        found.applies_to(entry.public, entry.certificate)
    return name


# ── all of them ────────────────────────────────────────────────────────────────────────────────────────────────────


def _line_seeds() -> tuple[Seed, ...]:
    return (*seeds.option_lines(), *seeds.of_format("known_hosts"))


def _targets() -> Sequence[Target]:
    return (
        *(_reader(known.name) for known in FORMATS if known.can.readable),
        Target("detection", seeds.every_seed, _detect),
        Target("unlock", seeds.locked_seeds, _unlock),
        Target("der", codec_targets.der_seeds, codec_targets.run_der),
        Target("wire", codec_targets.wire_seeds, codec_targets.run_wire),
        Target("certificate", codec_targets.certificate_seeds, codec_targets.run_certificate),
        Target("options", seeds.option_lines, _reader("openssh-pub").run),
        Target("check-lines", _line_seeds, _check_lines, share=2),
        Target("statements", seeds.statements, _statements),
        Target("settings", seeds.texts, _settings),
        Target("agent", _agent_seeds, _agent),
        Target("check", seeds.every_seed, _check, share=10),
        Target("diagnosis", seeds.every_seed, _diagnosis, share=10),
        Target("repair", seeds.every_seed, _repair, share=10),
    )


TARGETS: tuple[Target, ...] = tuple(_targets())
