"""A rule finds the same whatever stands around: beside other rules' triggers, in files of lines, in bulk, in a run."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fixture_files import by_path
from sub_apps import run as run_app
from test_rules import (
    ECDSA,
    ECDSA_PUB,
    ED25519_PUB,
    ENCRYPTED,
    ON_KEYS,
    Files,
    all_cases,
    app,
    as_line,
    rfc4716_path,
    write,
)
from tools import some

from keyconv.checks.check_file import judge_content, judge_stream
from keyconv.checks.model import LINE_KINDS, Content, Context, Finding, LineKind, Rule
from keyconv.checks.rules import RULES, rule
from keyconv.engine import read
from keyconv.errors import KeyconvError
from keyconv.formats.authorized_keys import OPENSSH_PUB
from keyconv.formats.base import WriteOptions

NOW = 1_800_000_000
CONTEXT = Context(now=NOW, thorough=False)
STRICT = replace(CONTEXT, key_types=frozenset({"ed25519"}))
SEEDS = range(6)

ACROSS = frozenset({"duplicate-key", "shared-modulus-factor"})
"""Rules that compare keys with each other: what they find is meant to depend on what stands around."""

_FRAME = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")

OF_A_TEXT = frozenset({"missing-final-newline"})

BEGINS: dict[LineKind, bytes] = {"authorized_keys": b"", "known_hosts": b"host.example ", "allowed_signers": b"a@b.c "}
"""What stands before a key."""


# ── blocks of lines ────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def blocks(kind: LineKind) -> dict[str, bytes]:
    """Return for each rule that a line of a kind can trigger the line, or lines, that do, alone or in company."""
    begin, pub, text = BEGINS[kind], ED25519_PUB, ED25519_PUB.split()[1]
    made = {
        name: begin + as_line(name)
        for name in ON_KEYS
        if rule(name).setting != "krl" and (name != "comment-control" or kind == "authorized_keys")
    }
    made |= {
        "bad-line": begin + b"ssh-rsa " + text + b" typed\n",
        "line-too-long": begin + pub.rstrip(b"\n") + b"x" * 8200 + b"\n",
        "joined-keys": begin + pub.rstrip(b"\n") + begin + ECDSA_PUB,
        "wrapped-key": begin + pub[:40] + b"\n" + pub[40:],
    }
    match kind:
        case "authorized_keys":
            made |= {
                "unknown-option": b'comand="x" ' + pub,
                "bad-option": b'from="10.0.0.1/8" ' + pub,
                "line-expired": b'expiry-time="20010101" ' + pub,
                "rfc4716-in-authorized-keys": by_path(rfc4716_path()).data,
            }
        case "known_hosts":
            made["dead-host"] = b"host:2222 " + pub
        case "allowed_signers":
            made |= {
                "unknown-option": begin + b"agent-forwarding " + pub,
                "bad-option": begin + b'valid-before="soon" ' + pub,
            }
    return made


@cache
def near(kind: LineKind) -> dict[str, bytes]:
    """Return for each of those rules a line that is close to it."""
    begin, pub = BEGINS[kind], ED25519_PUB
    made = {}
    for name in blocks(kind):
        if rule(name).of_certificates and kind != "allowed_signers":
            continue  # a certificate is no line there, however good it is
        (data,) = list(all_cases()[name].near.values())[:1]
        line = _line_of(data) if isinstance(data, bytes) else None
        if line is not None:
            made[name] = begin + line
    made |= {
        "bad-line": begin + b"rsa-sha2-256 " + RSA_PUB.split(b" ", 1)[1],
        "line-too-long": begin + pub.rstrip(b"\n") + b"x" * 7000 + b"\n",
        "joined-keys": begin + pub + begin + ECDSA_PUB,
    }
    match kind:
        case "authorized_keys":
            made |= {
                "unknown-option": b'command="x" ' + pub,
                "bad-option": b'from="10.0.0.0/8" ' + pub,
                "line-expired": b'expiry-time="20900101" ' + pub,
            }
        case "known_hosts":
            made["dead-host"] = b"[host]:2222,::1 " + pub
        case "allowed_signers":
            made |= {
                "unknown-option": begin + b'namespaces="git" ' + pub,
                "bad-option": begin + b'valid-before="20900101" ' + pub,
            }
    return made


RSA_PUB = by_path("openssh-pub/rsa3072.pub").data


def _line_of(data: bytes) -> bytes | None:
    """Return the key of a file as a line, where its public half shows."""
    try:
        entry = replace(
            read(data).entries[0], private=None, protection=None, fault=None, options=(), hosts=(), comment=b"made"
        )
    except KeyconvError:
        return None
    assert OPENSSH_PUB.write is not None
    return OPENSSH_PUB.write((entry,), WriteOptions())


@cache
def usual_lines(count: int) -> tuple[bytes, ...]:
    """Make lines of different keys of which no rule has anything to say, more than are looked at one by one."""
    made = []
    for number in range(count):
        key = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))
        made.append(key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b" usual\n")
    return tuple(made[1:])  # a secret of nothing but zeros is known


def streamed(kind: LineKind, data: bytes, context: Context = STRICT) -> list[Finding]:
    _, findings = judge_stream("x", kind, iter((data,)), context)
    return list(findings)


def said(findings: Iterable[Finding], first: int = 1, last: int = 1 << 30) -> set[tuple[str, int, str, str]]:
    """Return what is found on some lines, numbered from the first of them."""
    return {
        (each.rule, each.line - first, each.severity, each.message.replace(f"line {each.line}", "line"))
        for each in findings
        if each.line is not None and first <= each.line <= last and each.rule not in ACROSS | OF_A_TEXT
    }


def is_wanted(name: str, kind: LineKind) -> bool:
    """Return whether a rule speaks at all in a file of a kind."""
    record = rule(name)
    if kind != "known_hosts" or record.on_key is None or record.on_hosts == "everything":
        return True
    return record.on_hosts == "errors" and (all_cases()[name].severity or record.severity) == "error"


ASKED = [(kind, name) for kind in LINE_KINDS for name in blocks(kind)]


# ── the promises ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_rule_on_lines_and_keys_has_a_line() -> None:
    tried = {name for _, name in ASKED}
    of_lines = {each.name for each in RULES if _is_of_lines(each)}
    elsewhere = {"bad-sshfp", "sshfp-sha1", "dead-principal"}  # of files whose lines hold no keys
    assert of_lines - tried - elsewhere == {"unusual-scalar"}  # which only private halves can have
    for kind in LINE_KINDS:
        on_lines = {each.name for each in RULES if each.on_line and kind in each.kinds}
        assert {name for name in on_lines if name in blocks(kind)} or not on_lines


def _is_of_lines(each: Rule) -> bool:
    """Return whether a rule is about keys on lines, whatever list the run is given."""
    by_reader = each.group == "lines" and not (each.on_file or each.beside)
    return bool(set(each.kinds) & set(BEGINS) and each.setting != "krl" and (each.on_line or each.on_key or by_reader))


@pytest.mark.parametrize(("kind", "name"), ASKED)
def test_a_rule_on_lines_is_found_alone_and_in_bulk(kind: LineKind, name: str) -> None:
    block = blocks(kind)[name]
    around = [BEGINS[kind] + line for line in usual_lines(200)]
    alone = streamed(kind, block)
    among = streamed(kind, b"".join((*around[:150], block, *around[150:])), STRICT)
    whole = judge_content(Content(kind, block), STRICT).findings
    for found in (alone, whole, among):
        assert (name in {each.rule for each in found}) is is_wanted(name, kind), found
    assert said(among, 151, 150 + block.count(b"\n")) == said(alone)
    assert not said(among, 1, 150)
    assert not said(among, 151 + block.count(b"\n"))


@pytest.mark.parametrize("kind", LINE_KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_found_on_a_line_does_not_depend_on_the_others(kind: LineKind, seed: int) -> None:
    generator = random.Random(seed)
    around = [("", BEGINS[kind] + line) for line in usual_lines(40)]
    every = [*blocks(kind).items(), *(("", line) for line in near(kind).values()), *around]
    generator.shuffle(every)
    data = b"".join(block for _, block in every)
    found = streamed(kind, data)
    first = 1
    for name, block in every:
        last = first + block.count(b"\n") - 1
        here = said(found, first, last)
        assert here == said(streamed(kind, block)), (name, block[:80])
        assert not name or (name in {rule for rule, *_ in here}) is is_wanted(name, kind)
        first = last + 1


@pytest.mark.parametrize("kind", LINE_KINDS)
def test_what_is_close_to_a_rule_on_lines_is_not_found(kind: LineKind) -> None:
    data = b"".join(near(kind).values())
    context = CONTEXT
    for name, line in near(kind).items():
        if name != "key-type":
            assert name not in {each.rule for each in streamed(kind, line, context)}, name
    assert {each.rule for each in streamed(kind, data, context)} & set(near(kind)) <= ACROSS | {"short-rsa"}


# ── files ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def folders(root: Path) -> dict[str, Path]:
    made = {}
    for name, case in all_cases().items():
        for side, files in (("trigger", case.trigger), ("near", case.near)):
            made[f"{name}/{side}"] = _written(root / name, side, files)
    return made


def _written(folder: Path, side: str, files: Files) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    return write(folder / side, files)


def run(paths: Iterable[Path], policy: Path, *flags: str) -> dict[str, set[tuple[str, ...]]]:
    """Check files in one run. Returns: what was found, by path."""
    result = run_app(app, "check", *map(str, paths), "--format", "json", "--policy", str(policy), *flags)
    found: dict[str, set[tuple[str, ...]]] = {}
    for each in json.loads(result.out)["findings"]:
        if each["rule"] not in ACROSS:
            found.setdefault(each["path"], set()).add((each["rule"], each["severity"], str(each["line"])))
    return found


@pytest.mark.parametrize("flags", [(), ("--preset", "ci-secret"), ("--preset", "strict")])
def test_what_is_found_in_a_file_does_not_depend_on_the_other_files(flags: tuple[str, ...], tmp_path: Path) -> None:
    policy = tmp_path / "keyconv.toml"
    policy.write_text("")
    made = folders(tmp_path / "all")
    folders_of_run = dict(made.items() if not flags else some(made.items(), 60, flags))
    files = [path for folder in folders_of_run.values() for path in sorted(folder.iterdir())]
    together = run(files, policy, *flags)
    by_workers = run(reversed(files), policy, *flags, "-j", "2")
    assert by_workers == together
    for name, folder in some(folders_of_run.items(), 60):
        inside = sorted(folder.iterdir())
        alone = run(inside, policy, *flags)
        assert alone == {str(path): together[str(path)] for path in inside if str(path) in together}, name
        if all_cases()[name.partition("/")[0]].flags == flags:
            rules = {rule for found in alone.values() for rule, *_ in found}
            wanted = name.endswith("/trigger") and name.partition("/")[0] not in ACROSS
            assert (name.partition("/")[0] in rules) is wanted, name


# ── keys in one file ───────────────────────────────────────────────────────────────────────────────────────────────


def _is_framed(name: str) -> bool:
    """Return whether a rule's trigger is one private key in a frame, under whatever name."""
    files = all_cases()[name].trigger
    data = files.get("key")
    return len(files) == 1 and isinstance(data, bytes) and _FRAME.match(data) is not None


@pytest.mark.parametrize(
    "name", [each.name for each in RULES if (each.on_key or each.on_file) and not each.once and _is_framed(each.name)]
)
def test_a_rule_is_found_on_the_second_key_of_a_file(name: str) -> None:
    trigger = next(iter(all_cases()[name].trigger.values()))
    assert isinstance(trigger, bytes)
    context = replace(STRICT, unattended=True, thorough=True)
    judged = judge_content(Content("key", ENCRYPTED + trigger + ECDSA), context)
    assert name in {each.rule for each in judged.findings}, judged.findings
