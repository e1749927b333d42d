"""A short run of the fuzzer over every target, what long runs found, and proof that the fuzzer finds what is wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fixture_files import ROOT, sample
from fuzz import seeds
from fuzz.campaign import Piece, minimise, run_piece
from fuzz.case import Case
from fuzz.mutators import Seed
from fuzz.properties import BrokenPromiseError, check_text
from fuzz.structure import Node, render
from fuzz.targets import TARGETS, Target, by_name, make_case, run_case

from keyconv import FORMATS, read, write
from keyconv.checks import lines
from keyconv.checks.check_file import judge_stream
from keyconv.checks.model import Context
from keyconv.codec import line_join, private_blob
from keyconv.errors import MismatchError
from keyconv.keys import Ed25519PrivateKey, Ed25519PublicKey

CASES = 400
"""Cases of a quick target in the short run."""

LEAST = 40

VECTORS = sorted((Path(__file__).parent / "fuzz" / "vectors").glob("*.json"))

every_target = pytest.mark.parametrize("target", [pytest.param(target, id=target.name) for target in TARGETS])


# ── the short run ──────────────────────────────────────────────────────────────────────────────────────────────────


@every_target
def test_every_case_ends_in_a_value_or_in_a_clean_error(target: Target) -> None:
    _, tally, crashes = run_piece(Piece(target.name, 1, 0, max(LEAST, CASES // target.share)))
    assert not crashes
    assert tally.cases == sum(tally.outcomes.values())
    assert len(tally.outcomes) > 1 or target.name in ("check-lines", "check")


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_what_a_long_run_found_stays_mended(path: Path) -> None:
    vector = json.loads(path.read_text("utf-8"))
    assert run_case(by_name(vector["target"]), Case(base64.b64decode(vector["data"]), vector["salt"]))


def test_every_reader_is_a_target() -> None:
    assert {known.name for known in FORMATS if known.can.readable} == {each.name for each in TARGETS if each.reader}


def test_the_page_on_fuzzing_says_what_the_record_says() -> None:
    ran = subprocess.run(
        [sys.executable, ROOT / "docs" / "fuzzing_table.py", "--check"], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.parametrize("row", [b"x\n", b"AA\n", b"AAAAb\n", b"ssh-ed25519 AAAAC3Nz\n"])
def test_lines_that_are_no_keys_are_not_joined_without_end(row: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = 0

    def count(text: bytes, number: int, notes: list[object]) -> None:
        nonlocal reads
        reads += 1

    monkeypatch.setattr(lines, "read_line", count)
    _, findings = judge_stream("FILE", "authorized_keys", iter([row * 10_000]), Context(now=0))
    assert not [finding for finding in findings if finding.rule == "wrapped-key"]
    assert reads < 5 * 10_000


def test_wrapped_keys_are_found_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_join, "MAX_VAIN", 10)
    line = write(sample("openssh/ecdsa-p521-plain"), "openssh-pub").strip()
    wrapped = b"".join(line[start : start + 64] + b"\n" for start in range(0, len(line), 64)) + b"\n"
    _, findings = judge_stream("FILE", "authorized_keys", iter([wrapped * 20]), Context(now=0))
    assert sum(finding.rule == "wrapped-key" for finding in findings) == 20


# ── the fuzzer itself ──────────────────────────────────────────────────────────────────────────────────────────────


def _digest(count: int) -> str:
    cases = [make_case(by_name(name), 5, number) for name in ("ppk", "jwk", "der") for number in range(count)]
    return hashlib.sha256(b"".join(case.data + case.salt.to_bytes(4, "big") for case in cases)).hexdigest()


def test_the_same_seed_makes_the_same_cases_in_every_process() -> None:
    command = "import sys; sys.path[:0] = sys.argv[1:]; import test_fuzz; print(test_fuzz._digest(60))"
    done = subprocess.run(
        [sys.executable, "-c", command, str(ROOT), str(ROOT / "tests")],
        env={**os.environ, "PYTHONHASHSEED": "77"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == _digest(60)


def test_another_seed_makes_other_cases() -> None:
    target = by_name("openssh")
    cases = {make_case(target, seed, number).data for seed in (1, 2) for number in range(50)}
    assert len(cases) > 90


def test_a_crash_is_found_and_made_small() -> None:
    def run(case: Case) -> str:
        if b"AAAAC3Nz" in case.data:
            raise ZeroDivisionError
        return "read"

    target = Target("broken", lambda: seeds.of_format("openssh-pub"), run)
    crashing = []
    for number in range(30):
        case = make_case(target, 1, number)
        try:
            run_case(target, case)
        except ZeroDivisionError:
            crashing.append(case)
    assert crashing
    assert minimise(target, crashing[0]).data == b"AAAAC3Nz"


@pytest.mark.parametrize(
    "text", ["a\nb", "a\tb", "\x1b[2J", "\u2028", "\u202e", "x" * 1000, "Traceback (most recent call last)"]
)
def test_a_message_that_is_not_one_clean_line_is_found(text: str) -> None:
    with pytest.raises(BrokenPromiseError):
        check_text(text)


def test_a_message_with_a_piece_of_a_private_key_is_found_in_each_spelling() -> None:
    private = sample("openssh/ed25519-plain").private
    assert isinstance(private, Ed25519PrivateKey)
    blob = private_blob.write(private)
    for secret in (private.seed, blob):
        for text in (secret.hex(), base64.b64encode(secret).decode(), repr(secret)[2:-1]):
            if "\\" not in text:
                with pytest.raises(BrokenPromiseError) as raised:
                    check_text(f"the value '{text}' is wrong")
                assert text not in str(raised.value)
    check_text("a message that says nothing of it")


# ── files taken apart ──────────────────────────────────────────────────────────────────────────────────────────────


def _written() -> list[Seed]:
    return [seed for seed in seeds.every_seed() if " of " in seed.name]


def test_a_file_taken_apart_is_made_whole_again() -> None:
    written = _written()
    assert len({seed.format for seed in written}) > 12
    for seed in written:
        assert seed.trees, seed.name
        for tree in seed.trees:
            made = render(tree.root)
            if seed.format.startswith("jwk"):  # JSON, in which white space means nothing
                assert json.loads(made) == json.loads(seed.data), seed.name
            else:
                assert made == seed.data, seed.name


def test_an_encrypted_file_taken_apart_opens_again() -> None:
    target = by_name("unlock")
    for seed in seeds.locked_seeds():
        for tree in seed.trees:
            assert run_case(target, Case(render(tree.root), 1)) == "unlocked", seed.name


def test_a_change_within_a_ppk_keeps_its_mac_right() -> None:
    seed = next(seed for seed in seeds.of_format("ppk") if seed.name == "ppk of openssh/ed25519-plain")
    tree = seed.trees[0]
    comment = tree.nodes[2]
    changed = render(tree.root, {id(comment): (Node(comment.frame, b"another comment"),)})
    assert read(changed, "ppk").entries[0].comment == b"another comment"


def test_equal_values_can_be_changed_together() -> None:
    seed = next(seed for seed in seeds.of_format("openssh") if seed.name == "openssh of openssh/ed25519-plain")
    mine, other = sample("openssh/ed25519-plain").public, sample("certificates/ca-ed25519").public
    assert isinstance(mine, Ed25519PublicKey)
    assert isinstance(other, Ed25519PublicKey)
    shared = seed.trees[1]
    point = next(node for node in shared.leaves if node.content == mine.point)
    changed = render(shared.root, {id(point): (Node(point.frame, other.point),)})
    with pytest.raises(MismatchError, match="parts of two keys"):  # the last of all checks: the copies agree
        read(changed, "openssh")
