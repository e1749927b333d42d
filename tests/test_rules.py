"""Every rule of `keyconv check` has a file that triggers it, one that just does not, and a page in the docs."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import made_certificates
import pytest
import typer
from fixture_files import ROOT, by_path
from forged_files import load, number, openssh, string
from sub_apps import run as run_app
from test_cli_convert import run as run_program

from keyconv.checks.check_file import judge_content, judge_stream
from keyconv.checks.model import SEVERITIES, Content, Context
from keyconv.checks.policy import PRESETS
from keyconv.checks.rules import RULES, rule
from keyconv.cli.check_app import register
from keyconv.engine import read
from keyconv.formats.authorized_keys import OPENSSH_PUB
from keyconv.formats.base import WriteOptions
from keyconv.formats.sshfp import SSHFP
from keyconv.proof.primes import is_prime
from keyconv.statements import krl

app = typer.Typer()
register(app)
app.callback()(lambda: None)

Files = dict[str, bytes | tuple[bytes, int]]

ED25519 = by_path("openssh/ed25519-plain").data
ED25519_PUB = by_path("openssh-pub/ed25519.pub").data
RSA_2048 = by_path("openssh/rsa2048-plain").data
RSA_3072 = by_path("openssh/rsa3072-plain").data
ECDSA = by_path("openssh/ecdsa-p256-plain").data
ECDSA_PUB = by_path("openssh-pub/ecdsa-p256.pub").data
PPK = by_path("ppk/ed25519-v3-plain.ppk").data
ENCRYPTED = by_path("openssh/ed25519-default-rounds-encrypted").data
PAST, FUTURE = 978_307_200, 3_786_912_000
"""The beginnings of 2001 and 2090, before and after any day on which these tests run."""


# ── material ───────────────────────────────────────────────────────────────────────────────────────────────────────


def rsa_line(n: int, e: int = 65537) -> bytes:
    blob = string(b"ssh-rsa") + string(number(e)) + string(number(n))
    return b"ssh-rsa " + base64.b64encode(blob) + b" made\n"


def next_prime(start: int) -> int:
    start |= 1
    while not is_prime(start):
        start += 2
    return start


@cache
def primes() -> tuple[int, int, int]:
    """Three primes of 1,600 bits that have nothing to do with each other."""
    p, q, r = (int.from_bytes(hashlib.shake_256(bytes([each])).digest(200), "big") for each in (1, 2, 3))
    top = 1 << 1599 | 1 << 1598
    return next_prime(p | top), next_prime(q | top), next_prime(r | top)


def public_line(point: bytes, name: bytes = b"ssh-ed25519") -> bytes:
    return name + b" " + base64.b64encode(string(name) + string(point)) + b" made\n"


def certificate(**changes: Any) -> bytes:
    made: dict[str, Any] = {"valid_after": PAST, "valid_before": FUTURE, **changes}
    return made_certificates.line(made_certificates.make(**made))


def ed25519_file(seed: bytes) -> bytes:
    from keyconv.crypto.derive import derive_ed25519

    point = derive_ed25519(seed).point
    blob = string(b"ssh-ed25519") + string(point)
    return openssh(blob, blob + string(seed + point))


P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def ecdsa_file(d: int) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec

    point = ec.derive_private_key(d, ec.SECP256R1()).public_key().public_numbers()
    half = b"\4" + point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")
    blob = string(b"ecdsa-sha2-nistp256") + string(b"nistp256") + string(half)
    return openssh(blob, blob + string(number(d)))


def with_comment(comment: bytes) -> bytes:
    pair = load("ed25519")
    return openssh(pair.blob, pair.inner(), comment=comment)


def ppk_rows(change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    return b"\n".join(change(PPK.split(b"\n")))


def two_frames() -> bytes:
    return by_path("openssh/two-keys-plain").data


def mixed_rsa(*, iqmp_plus: int = 0, d_plus: int = 0) -> bytes:
    pair = load("rsa3072")
    d, p, q, iqmp = (int.from_bytes(each, "big") for each in pair.private)
    changed = pair.with_private(number(d + d_plus), number(p), number(q), number(iqmp + iqmp_plus))
    return openssh(pair.blob, changed.inner())


def stranger_public() -> bytes:
    pair = load("ed25519")
    return openssh(string(b"ssh-ed25519") + string(load("ed25519").public[0]), pair.inner(b"\1" * 32))


def dsa_pub() -> bytes:
    return by_path("openssh-pub/dsa1024.pub").data


# ── the cases ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Case:
    """Files with the rule in them, files that are close to it, and flags; `severity` where it is not the default."""

    trigger: Files
    near: Files
    flags: tuple[str, ...] = ()
    severity: str | None = None
    env: dict[str, str] = field(default_factory=dict)


def one(trigger: bytes, near: bytes = ED25519, name: str = "key", **more: Any) -> Case:
    return Case({name: trigger}, {name: near}, **more)


def line(trigger: bytes, near: bytes = ED25519_PUB, **more: Any) -> Case:
    return Case({"authorized_keys": trigger}, {"authorized_keys": near}, **more)


def signed(trigger: bytes, near: bytes) -> Case:
    return Case({"id-cert.pub": trigger}, {"id-cert.pub": near})


def _wide(data: bytes) -> bytes:
    return b"\xff\xfe" + data.decode("ascii").encode("utf-16-le")


def _parted(data: bytes) -> bytes:
    first, body, rest = data.split(b"\n", 2)
    return b"\n".join([first, body[:30] + b" " + body[30:], rest])


def _spaced(data: bytes) -> bytes:
    return data.replace(b"\n", b" ")


def cases() -> dict[str, Case]:
    p, q, r = primes()
    sound = rsa_line(p * q)
    records = sshfp()
    pub = ED25519_PUB
    key_text = pub.split()[1]
    return {
        # damage
        "missing-final-newline": one(ED25519[:-1]),
        "crlf": one(ED25519.replace(b"\n", b"\r\n")),
        "cr-line-ends": one(ED25519.replace(b"\n", b"\r")),
        "byte-order-mark": one(b"\xef\xbb\xbf" + ED25519),
        "utf-16": one(_wide(ED25519)),
        "literal-newlines": one(ED25519.replace(b"\n", b"\\n")),
        "lost-newlines": one(_spaced(ED25519)),
        "indented": one(b"".join(b"  " + row for row in ED25519.splitlines(keepends=True))),
        "trailing-whitespace": one(ED25519.replace(b"\n", b" \n")),
        "blank-lines": one(b"\n" + ED25519),
        "inner-whitespace": one(_parted(ED25519)),
        "surrounding-text": one(b"Hello,\nhere it is:\n" + ED25519 + b"Regards\n"),
        "smart-dashes": one(ED25519.replace(b"-----", "\u2014\u2014-".encode())),
        "wrong-dash-count": one(ED25519[1:]),
        "lower-case-frame": one(ED25519.replace(b"BEGIN OPENSSH PRIVATE KEY", b"begin openssh private key")),
        "missing-frame": one(b"\n".join(ED25519.split(b"\n")[1:-2]) + b"\n"),
        "wrong-label": one(ED25519.replace(b"OPENSSH", b"RSA")),
        "quoted": one(b'"' + ED25519.rstrip(b"\n") + b'"\n'),
        "email-quoted": one(b"".join(b"> " + row for row in ED25519.splitlines(keepends=True))),
        "html-escaped": one(RSA_3072.replace(b"+", b"&#43;"), RSA_3072),
        "space-for-plus": one(RSA_3072.replace(b"+", b" "), RSA_3072),
        "base64-wrapped": one(base64.b64encode(ED25519) + b"\n"),
        "nul-padding": one(ED25519 + bytes(16)),
        "line-count": one(PPK.replace(b"Public-Lines: 2", b"Public-Lines: 3"), PPK),
        "truncated": one(ED25519[:200]),
        "corrupt": one(ED25519.replace(b"b3BlbnNzaC1rZXktdjE", b"b3BlbnNzaC1rZXktdjI"), ED25519),
        "mac-mismatch": one(re.sub(rb"Comment: .*", b"Comment: another", PPK), PPK),
        "empty": one(b" \n\n"),
        "placeholder": one(b"${{ secrets.SSH_KEY }}\n"),
        "unsupported": one(of_a_cipher_to_come()),
        "not-a-key": one(b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
        # identity
        "key-mismatch": one(stranger_public()),
        "inconsistent-numbers": one(mixed_rsa(d_plus=2), mixed_rsa()),
        "recomputable-numbers": one(mixed_rsa(iqmp_plus=2), mixed_rsa()),
        "stale-public": Case({"key": ED25519, "key.pub": ECDSA_PUB}, {"key": ED25519, "key.pub": pub}),
        "stale-certificate": Case(
            {"key": ECDSA, "key-cert.pub": certificate()}, {"key": ED25519, "key-cert.pub": certificate()}
        ),
        "comment-differs": Case(
            {"key": ED25519, "key.pub": b" ".join(pub.split()[:2]) + b" other\n"}, {"key": ED25519, "key.pub": pub}
        ),
        "backup-file": Case(
            {"key": ED25519, "key.bak": ED25519.replace(b"\n", b"\r\n")},
            {"key": ED25519, "other.bak": ED25519},
        ),
        "leftover-file": Case({".keyconv-0123456789abcdef.tmp": ENCRYPTED}, {".keyconv-0123.tmp": ENCRYPTED}),
        "public-not-private": Case({"id_ed25519": pub}, {"id_ed25519.pub": pub}),
        "private-not-public": Case({"id_ed25519.pub": ED25519}, {"id_ed25519": ED25519}),
        "multiple-keys": one(two_frames()),
        "noncanonical": one(re.sub(rb"(?<=Private-MAC: ).*", lambda found: found[0].upper(), PPK), PPK),
        "comment-control": one(with_comment(b"a\nssh-ed25519 AAAA"), with_comment(b"a\tb")),
        # protection
        "unencrypted": one(ED25519, ENCRYPTED),
        "encrypted": Case({"key": ENCRYPTED}, {"key": ED25519}, ("--preset", "ci-secret")),
        "permissions": Case({"key": (ED25519, 0o644)}, {"key": (ED25519, 0o600)}),
        "weak-kdf": one(by_path("ppk/ed25519-v2-encrypted.ppk").data, ENCRYPTED),
        "weak-cipher": one(by_path("openssh/ed25519-3des-cbc-encrypted").data, ENCRYPTED),
        "costly-kdf": one(costly(), ENCRYPTED),
        # strength
        "short-rsa": one(RSA_2048, RSA_3072, severity="warning"),
        "odd-exponent": one(rsa_line(p * q, 35), sound, severity="warning"),
        "weak-modulus": one(rsa_line(p * next_prime(p + 2)), sound),
        "predictable-key": one(ed25519_file(bytes(32)), ed25519_file(b"\7" * 31 + b"\1")),
        "unusual-scalar": one(ecdsa_file(P256_ORDER - 1), ecdsa_file(P256_ORDER - 2)),
        "explicit-parameters": one(
            by_path("pem/ecdsa-p256-openssl-explicit.pem").data, by_path("pem/ecdsa-p256-puttygen-plain.pem").data
        ),
        "weak-point": one(public_line(b"\1" + bytes(31)), pub, "id.pub"),
        "dsa": one(dsa_pub(), pub, "id.pub"),
        "ssh1": one(by_path(next(f.path for f in ssh1_files())).data),
        "known-weak": one(VAGRANT, sound, "id.pub"),
        "key-type": Case({"key": ECDSA}, {"key": ENCRYPTED}, ("--preset", "strict")),
        "putty-p521": one(by_path("openssh-pub/ecdsa-p521.pub").data, ECDSA_PUB, "id.pub"),
        "shared-modulus-factor": Case({"a.pub": sound, "b.pub": rsa_line(q * r)}, {"a.pub": sound, "b.pub": sound}),
        "duplicate-key": Case({"a": ED25519, "b": PPK}, {"a": ED25519, "a.ppk": PPK, "b": ECDSA}),
        # lines
        "bad-line": line(b"ssh-rsa " + key_text + b" typed\n"),
        "unknown-option": line(b'comand="x" ' + pub, b'command="x" ' + pub),
        "line-too-long": line(pub.rstrip(b"\n") + b"x" * 8200 + b"\n", pub.rstrip(b"\n") + b"x" * 7000 + b"\n"),
        "line-expired": line(b'expiry-time="20010101" ' + pub, b'expiry-time="20900101" ' + pub),
        "dead-host": Case({"known_hosts": b"host:2222 " + pub}, {"known_hosts": b"[host]:2222,::1 " + pub}),
        "bad-option": line(b'from="10.0.0.1/8" ' + pub, b'from="10.0.0.0/8" ' + pub),
        "joined-keys": line(pub.rstrip(b"\n") + ECDSA_PUB, pub + ECDSA_PUB),
        "wrapped-key": line(pub[:40] + b"\n" + pub[40:]),
        "rfc4716-in-authorized-keys": line(pub + by_path(rfc4716_path()).data, pub),
        "cert-expired": signed(certificate(valid_before=PAST + 1), certificate()),
        "cert-not-yet-valid": signed(certificate(valid_after=FUTURE - 1), certificate()),
        "cert-forever": signed(certificate(valid_before=made_certificates.FOREVER), certificate()),
        "cert-no-principals": signed(certificate(principals=()), certificate()),
        "cert-dead-principal": signed(
            certificate(role=2, principals=(b"Host.example",)), certificate(role=2, principals=(b"host.example",))
        ),
        "cert-signature": signed(tampered(), certificate()),
        "cert-option": signed(
            certificate(critical=((b"source-address", string(b"10.0.0.1/8")),)),
            certificate(critical=((b"source-address", string(b"10.0.0.0/8,::1")),)),
        ),
        "cert-weak-signature": signed(certificate(ca="ssh-rsa"), certificate(ca="rsa-sha2-512")),
        "dead-principal": Case({"authorized_principals": b"me,you\n"}, {"authorized_principals": b"no-pty me\nyou\n"}),
        "bad-sshfp": Case({"x.sshfp": records + b"host IN SSHFP 4 2 00\n"}, {"x.sshfp": records}),
        "sshfp-sha1": Case({"x.sshfp": records.split(b"\n")[0] + b"\n"}, {"x.sshfp": records}),
        "stale-sshfp": Case({"key": ED25519, "key.sshfp": sshfp("ca-ed25519")}, {"key": ED25519, "key.sshfp": records}),
        "revoked-key": Case(
            {"id.pub": ECDSA_PUB, "revoked.krl": revocation("openssh-pub/ecdsa-p256.pub")},
            {"id.pub": ED25519_PUB, "revoked.krl": revocation("openssh-pub/ecdsa-p256.pub")},
            ("--krl", "revoked.krl"),
        ),
        "revoked-certificate": Case(
            {"id-cert.pub": certificate(ca="rsa-sha2-512"), "revoked.krl": revocation("certificates/ca-rsa.pub")},
            {"id-cert.pub": certificate(), "revoked.krl": revocation("certificates/ca-rsa.pub")},
            ("--krl", "revoked.krl"),
        ),
        "cert-misplaced": Case(
            {"key": ENCRYPTED, "key.pub": certificate(subject="openssh/ed25519-default-rounds-encrypted")},
            {"key": ENCRYPTED, "key-cert.pub": certificate(subject="openssh/ed25519-default-rounds-encrypted")},
        ),
    }


VAGRANT = (
    b"ssh-rsa AAAAB3NzaC1yc2EAAAABIwAAAQEA6NF8iallvQVp22WDkTkyrtvp9eWW6A8YVr+kz4TjGYe7gHzIw+niNltGEFHzD8+v1I2YJ6oXevct"
    b"1YeS0o9HZyN1Q9qgCgzUFtdOKLv6IedplqoPkcmF0aYet2PkEDo3MlTBckFXPITAMzF8dJSIFo9D8HfdOV0IAdx4O7PtixWKn5y2hMNG0zQPyUecp4"
    b"pzC6kivAIhyfHilFR61RGL+GPXQ2MWZWFYbAGjyiYJnAmCP3NOTd0jMZEnDkbUvxhMmBYSdETk1rRgm+R4LOzFUGaHqHDLKLX+FIPKcF96hrucXzcW"
    b"yLbIbEgE98OHlnVYCzRdK8jlqm8tehUc9c9WhQ== vagrant insecure public key\n"
)


def costly() -> bytes:
    pair = load("ed25519")
    options = string(b"0123456789abcdef") + (2_000_000).to_bytes(4, "big")
    return openssh(pair.blob, b"", cipher="aes256-ctr", options=options, section=bytes(160))


def of_a_cipher_to_come() -> bytes:
    pair = load("ed25519")
    options = string(b"0123456789abcdef") + (16).to_bytes(4, "big")
    return openssh(pair.blob, pair.inner(), section=bytes(160), cipher="aes512-xyz", options=options)


def ssh1_files() -> list[Any]:
    from fixture_files import FIXTURES

    return [fixture for fixture in FIXTURES if fixture.format == "ssh1"]


def rfc4716_path() -> str:
    from fixture_files import FIXTURES

    return next(fixture.path for fixture in FIXTURES if fixture.format == "rfc4716")


def tampered() -> bytes:
    good = made_certificates.make(valid_after=PAST, valid_before=FUTURE)
    return made_certificates.line(good.replace(string(b"alice"), string(b"mally")))


@cache
def all_cases() -> dict[str, Case]:
    return cases()


def write(folder: Path, files: Files) -> Path:
    folder.mkdir()
    for name, content in files.items():
        data, mode = content if isinstance(content, tuple) else (content, 0o600)
        (folder / name).write_bytes(data)
        (folder / name).chmod(mode)
    return folder


def findings_in(folder: Path, *flags: str, named: bool = True) -> list[dict[str, Any]]:
    paths = [str(path) for path in sorted(folder.iterdir())] if named else [str(folder)]
    policy = folder.parent / "keyconv.toml"
    policy.write_text("")
    flags = tuple(str(folder / flag) if (folder / flag).is_file() else flag for flag in flags)
    result = run_app(app, "check", *paths, "--format", "json", "--policy", str(policy), *flags)
    assert result.err == ""
    return json.loads(result.out)["findings"]  # type: ignore[no-any-return]


# ── the promises ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_rule_has_a_case() -> None:
    assert set(all_cases()) == {each.name for each in RULES}


@pytest.mark.parametrize("name", [each.name for each in RULES])
def test_the_rule_is_found(name: str, tmp_path: Path) -> None:
    case = all_cases()[name]
    found = [
        each for each in findings_in(write(tmp_path / "trigger", case.trigger), *case.flags) if each["rule"] == name
    ]
    assert found, findings_in(tmp_path / "trigger", *case.flags)
    assert {each["severity"] for each in found} == {case.severity or rule(name).severity}


@pytest.mark.parametrize("name", [each.name for each in RULES])
def test_a_hint_that_is_a_command_works_and_touches_no_other_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = all_cases()[name]
    folder = write(tmp_path / "a folder", case.trigger)
    monkeypatch.chdir(folder)
    for found in (each for each in findings_in(folder, *case.flags) if each["rule"] == name):
        command = re.search(r"(?:\A|: )keyconv (.+)\Z", found["hint"] or "")
        if command is None or "KEY" in command[1]:  # a key that is elsewhere
            continue
        assert "FILE" not in command[1]
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        words = [{"NEW": "new", "TEXT": "text"}.get(word, word) for word in shlex.split(command[1])]
        done = run_program(*words, "--no-input") if words[0] != "cert" else run_program(*words)
        assert done.code in (0, 1, 4), (
            words,
            done.err,
        )  # 4: a passphrase is to be typed
        after = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        changed = {file for file in before if after.get(file) != before[file]}
        named = {Path(word).name for word in words} | {f"{Path(word).name}.pub" for word in words}
        assert changed <= named
        assert all(f"{file}.bak" in after for file in changed if words[0] == "check")
        for made in ("new", "new.pub"):
            (folder / made).unlink(missing_ok=True)


@pytest.mark.parametrize("name", [each.name for each in RULES])
def test_what_is_close_to_the_rule_is_not(name: str, tmp_path: Path) -> None:
    case = all_cases()[name]
    found = findings_in(write(tmp_path / "near", case.near), *case.flags)
    assert name not in {each["rule"] for each in found}
    assert not [each for each in found if rule(each["rule"]).group in ("damage", "lines")]


@pytest.mark.parametrize("name", [each.name for each in RULES if each.group == "damage"])
def test_a_damage_hides_its_consequences(name: str, tmp_path: Path) -> None:
    case = all_cases()[name]
    found = findings_in(write(tmp_path / "trigger", case.trigger))
    assert {each["rule"] for each in found if rule(each["rule"]).group == "damage"} == {name}
    assert not {each["rule"] for each in found} & {"key-mismatch", "inconsistent-numbers"}


ON_KEYS = [each.name for each in RULES if each.on_key is not None and each.name != "unusual-scalar"]
"""Rules that a public key is enough for."""


def sshfp(name: str = "") -> bytes:
    """Return the SSHFP records of a key of the fixtures."""
    (entry,) = read(by_path(f"certificates/{name}.pub").data if name else ED25519_PUB).entries
    assert SSHFP.write is not None
    return SSHFP.write((entry,), WriteOptions())


def revocation(path: str) -> bytes:
    """Return a key revocation list of the key of a fixture, which was generated in 2024."""
    blob = base64.b64decode(by_path(path).data.split()[1])
    head = krl.MAGIC + (1).to_bytes(4, "big") + b"".join(number.to_bytes(8, "big") for number in (1, 1_704_067_200, 0))
    return head + string(b"") + string(b"") + b"\2" + string(string(blob))


def revoked() -> tuple[tuple[str, krl.RevocationList], ...]:
    """Return what --krl reads of the lists of the cases."""
    files = [all_cases()[name].trigger["revoked.krl"] for name in ("revoked-key", "revoked-certificate")]
    return tuple(("revoked.krl", krl.read(data)) for data in files if isinstance(data, bytes))


def as_line(name: str) -> bytes:
    """Return the key of a rule's trigger as a line of its own; a comment that no line holds as one that it does."""
    (data,) = list(all_cases()[name].trigger.values())[:1]
    assert isinstance(data, bytes)
    if name == "comment-control":
        return ED25519_PUB.rstrip(b"\n") + b"\x1b[31m\n"
    entry = replace(read(data).entries[0], private=None, protection=None, fault=None, options=(), comment=b"made")
    assert OPENSSH_PUB.write is not None
    return OPENSSH_PUB.write((entry,), WriteOptions())


@pytest.mark.parametrize("name", ON_KEYS)
def test_a_rule_on_keys_is_found_on_a_line_and_in_bulk(name: str) -> None:
    policy = PRESETS["strict"] if name == "key-type" else PRESETS["default"]
    context = Context(now=1_800_000_000, key_types=policy.key_types, revoked=revoked())
    line = as_line(name)
    for data in (line, 3 * ED25519_PUB + line + ED25519_PUB, b"no-pty " + line):
        judged = judge_content(Content("authorized_keys", data), context)
        assert name in {each.rule for each in judged.findings}, data
        _, streamed = judge_stream("x", "authorized_keys", iter((data,)), context)
        assert name in {each.rule for each in streamed}, data


@pytest.mark.parametrize("name", ON_KEYS)
def test_of_the_keys_of_hosts_only_what_the_record_says_is_found(name: str) -> None:
    context = Context(now=1_800_000_000, key_types=frozenset({"ed25519"}), revoked=revoked())
    data = b"host.example " + as_line(name)
    _, streamed = judge_stream("x", "known_hosts", iter((data,)), context)
    said = {each.rule: each.severity for each in streamed}
    wanted = rule(name).on_hosts == "everything" or (
        rule(name).on_hosts == "errors" and (all_cases()[name].severity or rule(name).severity) == "error"
    )
    assert (name in said) is wanted, said


UNSAID = {"not-a-key", "placeholder", "empty", "missing-frame", "surrounding-text"}
"""Damages of which nothing in the content tells that there ever was a key, or that it was a file of its own."""


@pytest.mark.parametrize("name", [each.name for each in RULES if each.group == "damage" and each.name not in UNSAID])
def test_in_a_folder_the_damage_has_the_same_name(name: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "trigger", all_cases()[name].trigger)
    assert name in {each["rule"] for each in findings_in(folder, named=False)}


@pytest.mark.parametrize(
    ("name", "path"), [("short-rsa", "edge/rsa1024-e37.pub"), ("weak-modulus", ""), ("odd-exponent", "")]
)
def test_the_grave_side_of_a_rule_is_an_error(name: str, path: str, tmp_path: Path) -> None:
    p, q, _ = primes()
    data = by_path(path).data if path else rsa_line(p * q * 2) if name == "weak-modulus" else rsa_line(p * q, 2)
    found = findings_in(write(tmp_path / "grave", {"x.pub": data}))
    assert ("error", name) in {(each["severity"], each["rule"]) for each in found}


# ── what is said of a rule ─────────────────────────────────────────────────────────────────────────────────────────


def rules_of_the_contract() -> dict[str, str]:
    """Return the rules of docs/rules/README.md, which is written from the code, to their severities."""
    page = (ROOT / "docs" / "rules" / "README.md").read_text("utf-8")
    return dict(re.findall(r"^\| \[`([a-z0-9-]+)`\].*?\| (error|warning|info) \|", page, re.MULTILINE))


def test_every_rule_says_all_there_is_to_say() -> None:
    for each in RULES:
        assert all((each.title, each.cause, each.others, each.cure, each.group)), each.name
        assert each.severity in SEVERITIES
        assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", each.name)
    assert len({each.name for each in RULES}) == len(RULES)


def test_every_rule_has_its_page_and_no_page_is_stale() -> None:
    spec = importlib.util.spec_from_file_location("rules_pages", ROOT / "docs" / "rules_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.main(["--check"]) == 0
    assert rules_of_the_contract() == {each.name: each.severity for each in RULES}


def test_list_prints_every_rule() -> None:
    text = run_app(app, "check", "--list").out
    rows = json.loads(run_app(app, "check", "--list", "--json").out)
    assert [row["name"] for row in rows] == [each.name for each in RULES]
    for each in RULES:
        assert re.search(rf"^{each.name} +{each.severity} +{'yes' if each.fixable else 'no'} ", text, re.MULTILINE)
