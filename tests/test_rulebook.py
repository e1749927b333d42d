"""A rule that is added is asked wherever its record says, without another list: it cannot be skipped in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import made_certificates
import pytest
from fixture_files import by_path

from keyconv.checks import company, rules
from keyconv.checks.check_file import judge_content, judge_stream
from keyconv.checks.line import Line
from keyconv.checks.model import (
    Beside,
    Content,
    Context,
    Finding,
    Hit,
    KeysOfRun,
    LineKind,
    PlacedHit,
    Rule,
    Subject,
    UsualKey,
    never,
)
from keyconv.checks.rulebook import Rulebook
from keyconv.errors import UsageError
from keyconv.keyfile import Entry

ED25519 = by_path("openssh/ed25519-plain").data
PUB = by_path("openssh-pub/ed25519.pub").data
ECDSA_PUB = by_path("openssh-pub/ecdsa-p256.pub").data
RSA_PUB = by_path("openssh-pub/rsa3072.pub").data
DAMAGED = ED25519.replace(b"-----", b"----", 1)
DOCUMENT = b"Hello,\nhere it is:\n" + ED25519 + b"Regards\n"
NAME = "added-rule"
CONTEXT = Context(now=1_800_000_000, thorough=False)


def _on_key(entry: Entry, context: Context) -> Iterator[Hit]:
    yield Hit("found on a key")


def _on_line(line: Line) -> Iterator[Hit]:
    yield Hit("found on a line")


def _on_file(subject: Subject) -> Iterator[Hit]:
    yield Hit("found on a file")


def _beside(beside: Beside) -> Iterator[Hit]:
    yield Hit("found beside")


def _across(run: KeysOfRun) -> Iterator[PlacedHit]:
    yield PlacedHit("path", None, Hit(f"found across {len(run.private)} private keys"))


ADDED = Rule(NAME, "A rule", "A cause", "What others say", "A cure", group="strength")


Add = Callable[[Rule], None]


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch) -> Add:
    """Put a rule among all others."""
    return lambda rule: monkeypatch.setattr(rules, "BOOK", Rulebook((*rules.RULES, rule)))


def found(name: str, data: bytes, *, named: bool = True) -> list[Finding]:
    judged = judge_content(Content(name, data, named=named), CONTEXT)
    return [each for each in judged.findings if each.rule == NAME]


def in_bulk(kind: LineKind, data: bytes) -> list[int | None]:
    _, findings = judge_stream("x", kind, iter((data,)), CONTEXT)
    return [each.line for each in findings if each.rule == NAME]


# ── keys ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "data", "named"),
    [
        ("key", ED25519, True),
        ("key.pub", PUB, True),
        ("key", DAMAGED, True),
        ("notes.txt", DOCUMENT, False),
        ("authorized_keys", b"no-pty " + PUB, True),
        ("authorized_keys", PUB, True),
        ("known_hosts", b"host.example " + PUB, True),
        ("allowed_signers", b"a@b.c " + PUB, True),
    ],
)
def test_a_rule_on_keys_is_asked_wherever_a_key_is(add: Add, name: str, data: bytes, named: bool) -> None:
    add(replace(ADDED, on_key=_on_key))
    assert len(found(name, data, named=named)) == 1


def test_a_rule_on_keys_is_asked_about_every_usual_line(add: Add) -> None:
    add(replace(ADDED, on_key=_on_key))
    data = PUB + ECDSA_PUB + RSA_PUB
    assert in_bulk("authorized_keys", data) == [1, 2, 3]
    assert in_bulk("known_hosts", b"".join(b"host.example " + row for row in data.splitlines(keepends=True))) == [
        1,
        2,
        3,
    ]


def test_a_rule_may_leave_usual_lines_out(add: Add) -> None:
    add(replace(ADDED, on_key=_on_key, usual=never))
    assert in_bulk("authorized_keys", PUB + b"no-pty " + ECDSA_PUB) == [2]


def test_a_rule_may_test_usual_lines_quickly(add: Add) -> None:
    def is_ecdsa(key: UsualKey) -> bool:
        return key.family == "ecdsa"

    add(replace(ADDED, on_key=_on_key, usual=lambda context: is_ecdsa))
    assert in_bulk("authorized_keys", PUB + ECDSA_PUB + RSA_PUB) == [2]


def test_a_rule_is_asked_about_its_families_alone(add: Add) -> None:
    add(replace(ADDED, on_key=_on_key, families=frozenset({"ecdsa"})))
    assert in_bulk("authorized_keys", PUB + ECDSA_PUB + RSA_PUB) == [2]
    assert found("key", ED25519) == []


def test_a_rule_of_certificates_is_asked_about_them_alone(add: Add) -> None:
    add(replace(ADDED, on_key=_on_key, of_certificates=True))
    certificate = made_certificates.line(made_certificates.make())
    assert len(found("x-cert.pub", certificate)) == 1
    assert in_bulk("authorized_keys", PUB + certificate) == [2]


@pytest.mark.parametrize(("of_hosts", "severity", "count"), [("nothing", "error", 0), ("errors", "warning", 0)])
def test_what_counts_for_hosts_is_said_by_the_record(add: Add, of_hosts: str, severity: str, count: int) -> None:
    add(replace(ADDED, on_key=_on_key, severity=severity, on_hosts=of_hosts))  # type: ignore[arg-type]
    assert len(in_bulk("known_hosts", b"host.example " + PUB)) == count
    add(replace(ADDED, on_key=_on_key, severity=severity, on_hosts="everything"))  # type: ignore[arg-type]
    assert in_bulk("known_hosts", b"host.example " + PUB) == [1]


# ── lines, files, files beside, runs ───────────────────────────────────────────────────────────────────────────────


def test_a_rule_on_lines_is_asked_in_files_of_its_kinds(add: Add) -> None:
    add(replace(ADDED, on_line=_on_line))
    assert in_bulk("authorized_keys", PUB + b"no-pty " + ECDSA_PUB) == [1, 2]
    assert in_bulk("known_hosts", b"host.example " + PUB) == [1]
    assert in_bulk("allowed_signers", b"a@b.c " + PUB) == [1]
    add(replace(ADDED, on_line=_on_line, kinds=("known_hosts",)))
    assert in_bulk("authorized_keys", PUB + b"no-pty " + ECDSA_PUB) == []
    assert in_bulk("known_hosts", b"host.example " + PUB) == [1]


@pytest.mark.parametrize("data", [ED25519, PUB, DAMAGED])
def test_a_rule_on_files_is_asked_about_every_key_file(add: Add, data: bytes) -> None:
    add(replace(ADDED, on_file=_on_file))
    assert len(found("key", data)) == 1


def test_a_rule_on_text_is_asked_about_what_loads_as_it_stands(add: Add) -> None:
    add(replace(ADDED, on_text=_on_file))
    assert len(found("key", ED25519)) == 1
    assert found("key", DAMAGED) == []


def test_a_rule_on_files_beside_is_asked(add: Add) -> None:
    add(replace(ADDED, beside=_beside))
    judged = judge_content(Content("key", ED25519), CONTEXT)
    found = [finding for finding, _ in company.find_stale(judged, {"key.pub": PUB}.get)]
    assert [(each.rule, each.path) for each in found] == [(NAME, "key.pub")]


def test_a_rule_across_files_is_asked_once_a_run(add: Add) -> None:
    add(replace(ADDED, across=_across))
    run = company.Run()
    judged = judge_content(Content("key", ED25519), CONTEXT)
    run.add(judged, company.held_by(judged))
    assert [(each.rule, each.message) for each in run.findings()] == [(NAME, "found across 1 private keys")]


# ── the rules that there are ───────────────────────────────────────────────────────────────────────────────────────


def test_only_rules_that_readers_name_have_no_function() -> None:
    asked = [
        rule.name
        for rule in rules.RULES
        if any((rule.on_key, rule.on_line, rule.on_file, rule.on_text, rule.beside, rule.across))
    ]
    named_by_readers = {rule.name for rule in rules.RULES} - set(asked)
    assert {rules.BOOK.find(name).group for name in named_by_readers} <= {"damage", "identity", "strength", "lines"}
    assert named_by_readers >= {"corrupt", "key-mismatch", "weak-point", "joined-keys"}
    assert not {name for name in named_by_readers if name.startswith("cert-")}


def test_an_unknown_rule_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(UsageError) as raised:
        rules.BOOK.find("short-rsq")
    assert "short-rsa" in raised.value.hint
