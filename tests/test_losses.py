"""What a conversion cannot keep is reported for every format, and counted by --strict."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fixture_files import PASSPHRASE, by_path, sample
from test_cli_convert import run
from tools import PATIENCE, require

from keyconv import Passphrase, WriteOptions, convert, read, unlock, write
from keyconv.errors import LossError
from keyconv.formats import by_name
from keyconv.wire import der

KEY = sample("openssh/ed25519-plain")
LINE = by_path("openssh-pub/ed25519.pub").data
RFC7517 = {
    "alg": "EdDSA",
    "key_ops": ["sign"],
    "kid": "1",
    "use": "sig",
    "x5c": ["MII"],
    "x5t": "a",
    "x5t#S256": "b",
    "x5u": "c",
}
"""Every member of RFC 7517, section 4, that is about a key."""

FRIENDLY_NAME = der.sequence(der.oid("1.2.840.113549.1.9.20"), b"\x31\x08\x1e\x06\x00a\x00b\x00c")


def jwk(**more: Any) -> bytes:
    return json.dumps({**json.loads(write(KEY, "jwk")), **more}).encode()


def pem(contents: bytes, label: str = "PRIVATE KEY") -> bytes:
    from base64 import encodebytes

    return f"-----BEGIN {label}-----\n".encode() + encodebytes(contents) + f"-----END {label}-----\n".encode()


def pkcs8(*attributes: bytes) -> bytes:
    """A key with attributes, as keytool, CNG and macOS write them."""
    assert KEY.private is not None
    body = der.sequence(
        der.integer(0),
        der.sequence(der.oid("1.3.101.112")),
        der.octets(der.octets(KEY.private.seed)),  # type: ignore[union-attr]  # it is an Ed25519 key
        *([der.context(0, *attributes)] if attributes else []),
    )
    return pem(body)


def losses_of(data: bytes, target: str, tmp_path: Path, command: str = "convert", *flags: str) -> list[str]:
    """Convert a file; --strict must refuse it if and only if something is lost, and write nothing."""
    path, out = tmp_path / "in", tmp_path / "out"
    path.write_bytes(data)
    arguments: tuple[str | Path, ...] = (command, path, "-t", target, "-o", out, *flags)
    strict = run(*arguments, "--strict")
    assert out.exists() == (strict.code == 0)
    result = run(*arguments, "--force")
    assert result.code == 0, result.err
    found = [line.partition(": lost: ")[2] for line in result.err.splitlines() if ": lost: " in line]
    assert strict.code == (6 if found else 0), strict.err
    out.unlink()
    return found


# ── JSON Web Keys ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("member", sorted(RFC7517))
@pytest.mark.parametrize("target", ["jwk", "openssh", "pkcs8", "jwk-pub", "openssh-pub"])
def test_a_member_that_is_not_the_key_is_a_loss_from_jwk_to_jwk_too(member: str, target: str, tmp_path: Path) -> None:
    (loss,) = losses_of(jwk(**{member: RFC7517[member]}), target, tmp_path)
    assert loss == f"the member '{member}' of the JSON Web Key is not kept"


def test_all_members_are_named_in_one_line(tmp_path: Path) -> None:
    (loss,) = losses_of(jwk(**RFC7517, exp=1), "jwk", tmp_path)
    assert loss == (
        "the members 'alg', 'exp', 'key_ops', 'kid', 'use', 'x5c', 'x5t', 'x5t#S256' and 'x5u' of the JSON Web Key"
        " are not kept"
    )


def test_a_thousand_members_are_counted_and_odd_names_are_not_printed(tmp_path: Path) -> None:
    (loss,) = losses_of(jwk(**{f"a{number:04d}": 1 for number in range(1000)}), "jwk", tmp_path)
    assert (len(loss) < 300, "and 984 more of" in loss) == (True, True)
    (loss,) = losses_of(jwk(**{"\x1b]0;owned\x07": 1}), "jwk", tmp_path)
    assert "owned" not in loss


@pytest.mark.parametrize("target", ["jwk", "openssh", "jwk-pub"])
def test_a_key_without_other_members_loses_nothing(target: str, tmp_path: Path) -> None:
    assert losses_of(jwk(), target, tmp_path) == []


@pytest.mark.parametrize("name", ["openssh/rsa2048-plain", "openssh/ecdsa-p256-plain", "openssh/ecdsa-p521-plain"])
def test_the_numbers_of_every_type_are_no_loss(name: str, tmp_path: Path) -> None:
    entry = sample(name)
    assert losses_of(write(entry, "jwk"), "jwk", tmp_path) == []
    assert losses_of(write(entry, "jwk-pub"), "jwk-pub", tmp_path) == []


def test_the_members_of_a_set_and_of_public_keys_are_losses_too(tmp_path: Path) -> None:
    (loss,) = losses_of(json.dumps({"keys": [json.loads(jwk(kid="1"))], "issuer": "x"}).encode(), "jwk", tmp_path)
    assert loss == "the members 'kid' and 'issuer' of the JSON Web Key are not kept"
    public = {**json.loads(write(KEY, "jwk-pub")), "use": "sig"}
    for command in ("convert", "public"):
        (loss,) = losses_of(json.dumps(public).encode(), "openssh-pub", tmp_path, command)
        assert loss == "the member 'use' of the JSON Web Key is not kept"


def test_a_batch_lists_them(tmp_path: Path) -> None:
    (tmp_path / "a.jwk").write_bytes(jwk(kid="1"))
    result = run("convert", tmp_path / "a.jwk", "-d", tmp_path / "out", "--json")
    assert json.loads(result.out)["results"][0]["losses"] == ["the member 'kid' of the JSON Web Key is not kept"]


# ── attributes of PKCS#8 ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("target", ["openssh", "ppk", "jwk", "dropbear", "openssh-pub"])
def test_attributes_are_lost_in_every_other_format(target: str, tmp_path: Path) -> None:
    found = losses_of(pkcs8(FRIENDLY_NAME), target, tmp_path)
    assert found == [f"{target} cannot hold the attributes of the PKCS#8 file"]
    assert losses_of(pkcs8(), target, tmp_path) == []


@pytest.mark.parametrize("locked", [False, True])
def test_attributes_stay_in_pkcs8_and_under_another_passphrase(locked: bool, tmp_path: Path) -> None:
    assert losses_of(pkcs8(FRIENDLY_NAME), "pkcs8", tmp_path) == []
    path, out, word = tmp_path / "key", tmp_path / "out", tmp_path / "word"
    path.write_bytes(pkcs8(FRIENDLY_NAME))
    word.write_bytes(PASSPHRASE + b"\n")
    if locked:
        assert run("passphrase", path, "--new-passphrase-file", word, "--rounds", "1").code == 0
        assert b"ENCRYPTED" in path.read_bytes()
    result = run("convert", path, "-t", "pkcs8", "-o", out, "--passphrase-file", word, "--no-passphrase", "--strict")
    assert (result.code, "lost" in result.err) == (0, False)
    parsed = subprocess.run(
        [require("openssl"), "asn1parse", "-in", out], capture_output=True, check=True, timeout=PATIENCE
    ).stdout
    assert b"friendlyName" in parsed
    shown: list[str | Path] = [require("openssl"), "pkey", "-in", out, "-noout"]
    assert subprocess.run(shown, capture_output=True, timeout=PATIENCE).returncode == 0


def test_attributes_behind_a_passphrase_are_a_loss_once_they_are_seen(tmp_path: Path) -> None:
    options = WriteOptions(passphrase=Passphrase(PASSPHRASE), rounds=1)
    locked = write(read(pkcs8(FRIENDLY_NAME)).entries[0], "pkcs8", options)
    (tmp_path / "word").write_bytes(PASSPHRASE + b"\n")
    flags = ("--passphrase-file", str(tmp_path / "word"), "--no-passphrase")
    found = losses_of(locked, "openssh", tmp_path, "convert", *flags)
    assert found == ["openssh cannot hold the attributes of the PKCS#8 file"]


# ── a comment that only the passphrase shows ───────────────────────────────────────────────────────────────────────

HIDDEN = "the comment, which is hidden until the passphrase is given"


def _locked(format: str = "openssh") -> bytes:
    options = WriteOptions(passphrase=Passphrase(PASSPHRASE), rounds=1, kdf_memory=64, kdf_passes=1)
    if not by_name(format).can.kdfs or format == "ppk":
        options = WriteOptions(passphrase=Passphrase(PASSPHRASE), kdf_memory=64, kdf_passes=1)
    return write(KEY, format, options)


@pytest.mark.parametrize("command", ["public", "convert"])
@pytest.mark.parametrize("target", ["openssh-pub", "rfc4716"])
def test_a_hidden_comment_is_a_loss_unless_it_is_given_or_shown(command: str, target: str, tmp_path: Path) -> None:
    (tmp_path / "word").write_bytes(PASSPHRASE + b"\n")
    assert losses_of(_locked(), target, tmp_path, command) == [HIDDEN]
    assert losses_of(_locked(), target, tmp_path, command, "--passphrase-file", str(tmp_path / "word")) == []
    assert losses_of(_locked(), target, tmp_path, command, "--comment", "mine") == []
    assert losses_of(_locked("ppk"), target, tmp_path, command) == [], "a PPK shows its comment"


def test_with_the_passphrase_the_line_is_that_of_ssh_keygen(tmp_path: Path) -> None:
    path, word = tmp_path / "id", tmp_path / "word"
    made: list[str | Path] = [
        "-q",
        "-t",
        "ed25519",
        "-N",
        PASSPHRASE.decode(),
        "-C",
        "who where",
        "-f",
        path,
        "-a",
        "1",
    ]
    subprocess.run([require("ssh-keygen"), *made], check=True, timeout=PATIENCE)
    word.write_bytes(PASSPHRASE + b"\n")
    (tmp_path / "id.pub").unlink()
    asked: list[str | Path] = [require("ssh-keygen"), "-y", "-P", PASSPHRASE.decode(), "-f", path]
    line = subprocess.run(asked, capture_output=True, check=True, timeout=PATIENCE).stdout
    assert run("public", path, "--strict", "--passphrase-file", word).out == line
    hidden = run("public", path)
    assert (hidden.code, hidden.out) == (0, b" ".join(line.split()[:2]) + b"\n")
    assert hidden.err == f"keyconv: {path}: lost: {HIDDEN}\n"


def test_the_library_refuses_the_same(tmp_path: Path) -> None:
    with pytest.raises(LossError, match="hidden"):
        convert(_locked(), "openssh-pub", strict=True)
    assert convert(_locked(), "openssh-pub", passphrase=PASSPHRASE, strict=True) == LINE
    with pytest.raises(LossError, match="'kid'"):
        convert(jwk(kid="1"), "jwk", strict=True)
    with pytest.raises(LossError, match="attributes"):
        convert(pkcs8(FRIENDLY_NAME), "openssh", strict=True)
    kept = convert(pkcs8(FRIENDLY_NAME), "pkcs8", strict=True)
    assert unlock(read(kept).entries[0], None).attributes == FRIENDLY_NAME
