"""Verdicts that people act on: what is sound is not called wrong, and what is wrong is not passed."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import made_certificates
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPrivateNumbers
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fixture_files import PASSPHRASE, by_path, sample
from forged_files import load, openssh, string
from sub_apps import run as run_app
from test_rules import FUTURE, PAST, app
from tools import require

from keyconv.cli import public_app

ED25519 = by_path("openssh/ed25519-plain").data
PUB = by_path("openssh-pub/ed25519.pub").data
PPK = by_path("ppk/ed25519-v3-plain.ppk").data
ENCRYPTED = by_path("openssh/ed25519-default-rounds-encrypted").data

PGP_PUBLIC = (
    b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" + 20 * (64 * b"m" + b"\n") + b"-----END PGP PUBLIC KEY BLOCK-----\n"
)


def findings(*arguments: object) -> list[dict[str, Any]]:
    found = run_app(app, "check", "--format", "json", *map(str, arguments))
    return json.loads(found.out)["findings"]  # type: ignore[no-any-return]


def rules(*arguments: object) -> set[str]:
    return {each["rule"] for each in findings(*arguments)}


def grave(folder: Path, *arguments: object) -> set[str]:
    """Return the rules above `info`, but for what a key lacks by the will of its owner."""
    found = findings(folder, *arguments)
    return {each["rule"] for each in found if each["severity"] != "info"} - {"unencrypted", "short-rsa", "permissions"}


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    path.chmod(0o600)
    return path


# ── how a file is written ──────────────────────────────────────────────────────────────────────────────────────────


def swapped_rsa() -> bytes:
    key = sample("openssh/rsa3072-plain").private.to_cryptography()  # type: ignore[union-attr]
    assert isinstance(key, RSAPrivateKey)
    numbers = key.private_numbers()
    p, q = sorted((numbers.p, numbers.q))
    d = numbers.d
    swapped = RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), numbers.public_numbers)
    return swapped.private_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def overpadded(blocks: int) -> bytes:
    pair = load("ed25519")
    missing = -(4 + 4 + len(pair.inner()) + 4 + len(b"forged")) % 8
    return openssh(pair.blob, pair.inner(), padding=bytes(range(1, 1 + missing + 8 * blocks)))


@pytest.mark.parametrize("data", [overpadded(1), ED25519.replace(b"\n", b"\n\n")], ids=["padding", "blank lines"])
def test_what_every_current_reader_takes_is_an_info(data: bytes, tmp_path: Path) -> None:
    path = put(tmp_path / "key", data)
    read = subprocess.run([require("ssh-keygen"), "-y", "-P", "", "-f", path], capture_output=True, check=False)
    assert read.returncode == 0, read.stderr
    assert grave(path) == set()


def test_the_order_of_the_primes_is_an_info(tmp_path: Path) -> None:
    path = put(tmp_path / "key", swapped_rsa())
    assert grave(path) == set()
    found = findings(path)
    assert [each["fixable"] for each in found if each["rule"] == "noncanonical"] in ([], [False])


def test_what_some_reader_refuses_stays_a_warning(tmp_path: Path) -> None:
    first, _, last = PPK.rpartition(b"Private-MAC: ")
    assert grave(put(tmp_path / "x.ppk", first + b"Private-MAC: " + last.upper())) == {"noncanonical"}


# ── costs of a passphrase ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("passes", "severity"), [(1, "info"), (4, "info"), (5, None), (13, None)])
def test_the_passes_of_puttygen_are_no_warning(passes: int, severity: str | None, tmp_path: Path) -> None:
    path = tmp_path / "x.ppk"
    secret = put(tmp_path / "secret", PASSPHRASE)
    cost = f"memory=8192,passes={passes}"
    arguments = ["-q", "-t", "ed25519", "--new-passphrase", str(secret), "-o", str(path), "--ppk-param", cost]
    subprocess.run([require("puttygen"), *arguments], check=True)
    path.chmod(0o600)
    assert [each["severity"] for each in findings(path) if each["rule"] == "weak-kdf"] == (
        [severity] if severity else []
    )


def test_less_memory_than_anybody_takes_is_a_warning(tmp_path: Path) -> None:
    data = by_path("ppk/ed25519-v3-argon2id-encrypted.ppk").data
    assert b"Argon2-Memory: 1024\n" in data
    assert grave(put(tmp_path / "x.ppk", data)) == {"weak-kdf"}


# ── hosts' keys ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_keys_of_a_host_need_no_passphrase(tmp_path: Path) -> None:
    put(tmp_path / "ssh_host_ed25519_key", ED25519)
    named = put(tmp_path / "server.key", ED25519)
    assert rules(tmp_path / "ssh_host_ed25519_key") == set()
    assert rules(named) == {"unencrypted"}


@pytest.mark.parametrize("text", ["HostKey {}\n", 'Port 22\n\thostkey "{}" \r\n', "HostKey={}", "HostKey server.key\n"])
def test_so_do_those_that_an_sshd_config_names(text: str, tmp_path: Path) -> None:
    named = put(tmp_path / "server.key", ED25519)
    (tmp_path / "sshd_config").write_text(text.format(named))
    assert rules(named) == set()
    assert rules(put(tmp_path / "other.key", ENCRYPTED)) == set()
    assert "unencrypted" in rules(put(tmp_path / "third.key", by_path("openssh/ecdsa-p256-plain").data))


@pytest.mark.parametrize("level", ["", "keys/"])
@pytest.mark.parametrize("text", ["HostKey {}\n", 'HostKey = "/etc/ssh/{}" # of the host\n'])
def test_so_do_those_that_an_included_file_names(level: str, text: str, tmp_path: Path) -> None:
    folder = tmp_path / "image" / "etc" / "ssh"
    (folder / "more").mkdir(parents=True)
    (folder / "keys").mkdir()
    (folder / "sshd_config").write_text("Include more/[ab].conf nowhere/*\ninclude sshd_config\n")
    (folder / "more" / "a.conf").write_text(text.format(f"{level}server.key"))
    (folder / "more" / "c.conf").write_text("HostKey other.key\n")
    assert rules(put(folder / f"{level}server.key", ED25519)) == set()
    assert rules(put(folder / "other.key", ED25519)) == {"unencrypted"}


# ── files of other programs ────────────────────────────────────────────────────────────────────────────────────────


def test_a_public_key_of_pgp_is_found_only_where_a_person_points_at_it(tmp_path: Path) -> None:
    path = put(tmp_path / "signing-key.asc", PGP_PUBLIC)
    assert rules(path) == {"not-a-key"}
    assert findings(tmp_path) == []


# ── certificates ───────────────────────────────────────────────────────────────────────────────────────────────────


def certificate(**changes: Any) -> bytes:
    return made_certificates.line(made_certificates.make(**{"valid_after": PAST, "valid_before": FUTURE, **changes}))


def test_a_certificate_as_the_public_file_is_found(tmp_path: Path) -> None:
    put(tmp_path / "key", ED25519)
    put(tmp_path / "key.pub", certificate())
    (found,) = (each for each in findings(tmp_path) if each["rule"] == "cert-misplaced")
    assert (Path(found["path"]).name, found["severity"]) == ("key.pub", "error")


def test_a_plain_key_in_place_of_the_certificate_is_found(tmp_path: Path) -> None:
    put(tmp_path / "key", ED25519)
    put(tmp_path / "key-cert.pub", PUB)
    (found,) = (each for each in findings(tmp_path) if each["rule"] == "cert-misplaced")
    assert Path(found["path"]).name == "key-cert.pub"


@pytest.mark.parametrize(
    ("name", "role", "misplaced"),
    [
        ("ssh_host_ed25519_key-cert.pub", 2, False),
        ("ssh_host_ed25519_key-cert.pub", 1, True),
        ("id_ed25519-cert.pub", 1, False),
        ("id_ed25519-cert.pub", 2, True),
        ("any-cert.pub", 2, False),
    ],
)
def test_a_certificate_for_another_use_is_found_by_its_name(
    name: str, role: int, misplaced: bool, tmp_path: Path
) -> None:
    assert ("cert-misplaced" in rules(put(tmp_path / name, certificate(role=role)))) is misplaced


@pytest.mark.parametrize(
    ("role", "critical", "extensions", "void"),
    [
        (1, [(b"force-command", string(b"true"))], [], False),
        (1, [(b"force-command", b"true")], [], True),
        (1, [(b"verify-required", b"")], [], False),
        (1, [(b"verify-required", string(b"x"))], [], True),
        (1, [(b"foo@example.com", b"")], [], True),
        (1, [(b"source-address", string(b"10.0.0.0/8,::1,192.168.1.7"))], [], False),
        (1, [(b"source-address", string(b"10.0.0.1/8"))], [], True),
        (1, [(b"source-address", string(b"1.1.1.256"))], [], True),
        (1, [(b"source-address", string(b"10.0.0.0/33"))], [], True),
        (1, [(b"source-address", string(b"10.0.0.0/8x"))], [], True),
        (1, [(b"source-address", string(b"10.0.0.0/8, ::1"))], [], True),
        (1, [(b"source-address", string(b"*.example.com"))], [], True),
        (1, [(b"source-address", string(b""))], [], True),
        (1, [], [(b"permit-pty", b"")], False),
        (1, [], [(b"permit-pty", string(b"x"))], True),
        (1, [], [(b"unknown@example.com", string(b"x"))], False),
        (2, [], [], False),
        (2, [(b"force-command", string(b"true"))], [], True),
    ],
)
def test_an_option_that_makes_a_certificate_void_is_found(
    role: int,
    critical: Iterable[tuple[bytes, bytes]],
    extensions: Iterable[tuple[bytes, bytes]],
    void: bool,
    tmp_path: Path,
) -> None:
    data = certificate(role=role, critical=tuple(critical), extensions=tuple(extensions))
    assert ("cert-option" in rules(put(tmp_path / "x-cert.pub", data))) is void


@pytest.mark.parametrize(("ca", "weak"), [("ssh-rsa", True), ("ssh-dss", True), ("rsa-sha2-256", False)])
def test_an_authority_that_signs_with_sha_1_is_found(ca: str, weak: bool, tmp_path: Path) -> None:
    assert ("cert-weak-signature" in rules(put(tmp_path / "x-cert.pub", certificate(ca=ca)))) is weak


def test_public_says_that_a_certificate_is_not_for_authorized_keys(tmp_path: Path) -> None:
    import typer

    public = typer.Typer()
    public_app.register(public)
    public.callback()(lambda: None)
    path = put(tmp_path / "key-cert.pub", certificate())
    told = run_app(public, "public", str(path))
    assert told.out.startswith("ssh-ed25519-cert-v01@openssh.com ")
    assert "authorized_keys takes the plain key" in told.err
    plain = run_app(public, "public", "--no-certificate", str(path))
    assert plain.out.split()[:2] == PUB.decode().split()[:2]
    assert plain.err == ""


# ── documents, secrets ─────────────────────────────────────────────────────────────────────────────────────────────

DOCUMENTS = {
    "indented.md": b"# Guide\n\nAdd this line:\n\n    " + PUB + b"\nand run ssh.\n",
    "fenced.md": b"# Guide\n\n```\n" + PUB + b"```\n",
    "guide.rst": b"Guide\n=====\n\n::\n\n  " + PUB + b"  " + PUB + b"\nThe end.\n",
    "setup.sh": b"#!/bin/sh\ncat >> ~/.ssh/authorized_keys <<END\n" + PUB + b"END\n",
    "main.py": b'KEY = """' + PUB.rstrip() + b'"""\n\nprint(KEY)\n',
    "keys.json": b'{"keys": ["' + PUB.rstrip() + b'"]}\n',
    "quoted.txt": b'"' + PUB.rstrip() + b'"\n',
    "user-data.yaml": b"#cloud-config\nssh_authorized_keys:\n  - " + PUB,
    "hosts.md": b"Known hosts:\n\nhost.example " + PUB + b"\nThat is all there is to it.\n",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_that_quotes_a_public_key_is_passed_over(name: str, tmp_path: Path) -> None:
    path = put(tmp_path / name, DOCUMENTS[name])
    assert findings(tmp_path) == []
    for flag in ("--skip-non-keys", "--passed-over"):
        assert findings(flag, path) == []


@pytest.mark.parametrize("name", ["team.txt", "x.pub"])
def test_a_file_of_lines_in_a_folder_is_judged_with_a_bad_line_in_it(name: str, tmp_path: Path) -> None:
    put(tmp_path / name, 4 * (b"# a person\n" + PUB) + PUB[:60] + b"\n")
    assert "bad-line" in rules(tmp_path)


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("width", [0, 76])
@pytest.mark.parametrize("data", [ED25519, PPK], ids=["openssh", "ppk"])
def test_a_private_key_in_base64_over_and_over_is_found(data: bytes, width: int, times: int, tmp_path: Path) -> None:
    for _ in range(times):
        encoded = base64.b64encode(data)
        rows = [encoded[start : start + width] for start in range(0, len(encoded), width)] if width else [encoded]
        data = b"\n".join(rows) + b"\n"
    assert rules("--no-private-keys", put(tmp_path / "secret.b64", data)) == {"private-not-public"}
    assert rules("--no-private-keys", put(tmp_path / "secret.yaml", b"secret: " + data)) == {"private-not-public"}


@pytest.mark.parametrize(("flags", "found"), [((), True), (("--passphrase-env", "P"), False)])
def test_a_secret_with_a_passphrase_is_found_where_nobody_can_type_it(
    flags: tuple[str, ...], found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("E", ENCRYPTED.decode())
    monkeypatch.setenv("P", PASSPHRASE.decode())
    assert ("encrypted" in rules("--preset", "ci-secret", "--env", "E", *flags)) is found
    assert "encrypted" not in rules("--env", "E", *flags)


@pytest.mark.parametrize(("name", "severity"), [("key", "error"), ("authorized_keys", "warning")])
def test_a_line_too_long_to_be_read_never_passes(name: str, severity: str, tmp_path: Path) -> None:
    (found,) = findings(put(tmp_path / name, b"x" * 70_000 + b" " + PUB))
    assert (found["rule"], found["severity"]) == ("line-too-long", severity)
