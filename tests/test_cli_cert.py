"""`keyconv cert`: shown as it is and harmless, put into PPKs as puttygen puts it, and taken out again."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import made_certificates as made
import pytest
from fixture_files import PASSPHRASE, by_path, sample
from forged_files import string
from hypothesis import given, settings
from hypothesis import strategies as st
from sub_apps import Result, run
from tools import PATIENCE, require

from keyconv.cli.cert_app import cert_app
from keyconv.cli.siblings import find_certificate, suggest_certificate
from keyconv.engine import read, unlock
from keyconv.keyfile import Locked

CERTIFICATE = "certificates/user-ed25519-cert.pub"
PLAIN_PPK = "ppk/ed25519-v3-plain.ppk"
WITH_CERTIFICATE = "certificates/user-ed25519-v3-plain.ppk"
LOCKED = "ppk/ed25519-v3-argon2id-encrypted.ppk"
HOSTILE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")


def _keyconv(*arguments: str | Path, stdin: bytes = b"") -> Result:
    return run(cert_app, *map(str, arguments), stdin=stdin)


def _file(path: str) -> Path:
    return by_path(path).file


def _copy(path: str, folder: Path, name: str) -> Path:
    target = folder / name
    shutil.copyfile(_file(path), target)
    target.chmod(0o600)
    return target


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_bytes(PASSPHRASE + b"\n")
    return path


def _forged(tmp_path: Path) -> Path:
    """Write a certificate whose signature is wrong."""
    path = tmp_path / "forged-cert.pub"
    path.write_bytes(made.line(made.make(signature=string(b"ssh-ed25519") + string(bytes(64)))))
    return path


# ── show ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path",
    [CERTIFICATE, WITH_CERTIFICATE, "certificates/user-ed25519-v3-encrypted.ppk"]
    + [f"certificates/user-ed25519-{tool}-rfc4716.pub" for tool in ("puttygen", "ssh-keygen")],
)
def test_show_tells_all_in_every_format(path: str) -> None:
    result = _keyconv("show", _file(path))
    assert (result.code, result.err) == (0, "")
    rows = [row.strip() for row in result.out.splitlines()[1:]]
    assert rows[:14] == [
        "type         ssh-ed25519-cert-v01@openssh.com, a user's",
        "key          ssh-ed25519 SHA256:Cz8AfMVJzkZL16BcZCymv3u6DhyvkhSqzj9PdVhmaPU",
        "signed by    ssh-ed25519 SHA256:kr8/vSRmReV9o83+QhB122RxhDH7JsalGAbe4lcVRes",
        "signature    valid, ssh-ed25519",
        "key id       keyconv user-ed25519",
        "serial       42",
        "valid        from 2020-01-01T00:00:00Z to 2099-12-31T00:00:00Z (valid now)",
        "principals   alice",
        "bob",
        "critical     force-command /usr/bin/true --flag",
        "source-address 10.0.0.0/8,::1/128",
        "extensions   permit-X11-forwarding",
        "permit-agent-forwarding",
        "permit-port-forwarding",
    ]


@pytest.mark.parametrize(
    ("options", "row"),
    [
        ({}, "valid        forever (valid now)"),
        ({"valid_before": 1_000}, "valid        to 1970-01-01T00:16:40Z (EXPIRED)"),
        ({"valid_after": 2**40}, "valid        from 36812-02-20T00:36:16Z (NOT YET VALID)"),
        ({"valid_after": 9, "valid_before": 9}, "(NEVER VALID: it ends before it begins)"),
        ({"principals": ()}, "principals   none"),
        ({"principals": ()}, "note         no-principals: "),
        ({"role": 2}, "type         ssh-ed25519-cert-v01@openssh.com, a host's"),
        ({"ca": "ssh-rsa"}, "signature    valid, ssh-rsa"),
        ({"ca": "ssh-rsa"}, "note         weak-signature: "),
        ({"ca": made.of_unknown_type()}, "signature    not verified, ssh-new: signatures of type ssh-new are not"),
        ({"extensions": [(b"x", b"\1")]}, "extensions   x (data 01)"),
        ({"critical": [(b"x", string(b"y"))]}, "critical     x y"),
        ({}, "extensions   none"),
        ({}, "comment      made"),
    ],
)
def test_show_tells_what_is_unusual(options: dict[str, Any], row: str, tmp_path: Path) -> None:
    path = tmp_path / "made-cert.pub"
    path.write_bytes(made.line(made.make(**options)))
    result = _keyconv("show", path)
    assert result.code == 0
    assert row in result.out


def test_show_of_a_wrong_signature_shows_and_fails(tmp_path: Path) -> None:
    result = _keyconv("show", _forged(tmp_path), _file(CERTIFICATE))
    assert result.code == 3
    assert "signature    NOT VALID, ssh-ed25519: it does not fit what the certificate says" in result.out
    assert "keyconv user-ed25519" in result.out
    assert "forged-cert.pub: the signature of the certificate is not valid" in result.err
    document = _keyconv("show", "--json", _forged(tmp_path))
    assert document.code == 3
    assert json.loads(document.out)[0]["signature"]["valid"] is False
    assert json.loads(document.err)["error"]["code"] == "mac-mismatch"


def test_a_signature_of_another_type_than_its_authority_makes_is_shown_and_fails(tmp_path: Path) -> None:
    path = tmp_path / "misnamed-cert.pub"
    path.write_bytes(made.line(made.make(signature=string(b"ssh-new") + string(b"x"))))
    why = "the signature is of type ssh-new, the key that should have made it ssh-ed25519"
    result = _keyconv("show", path)
    assert result.code == 3
    assert f"  signature    NOT VALID, ssh-new: {why}\n" in result.out
    assert result.err == f"keyconv: {path}: the signature of the certificate is not valid: {why}\n"
    document = _keyconv("show", "--json", path)
    assert json.loads(document.out)[0]["signature"] == {"algorithm": "ssh-new", "valid": False, "reason": why}
    attached = _keyconv("attach", _file(PLAIN_PPK), path, "-o", tmp_path / "out.ppk")
    assert (attached.code, attached.err) == (3, result.err)
    assert not (tmp_path / "out.ppk").exists()


def test_show_as_json_holds_every_field() -> None:
    result = _keyconv("show", "--json", _file(CERTIFICATE), _file("certificates/host-ecdsa-p256-cert.pub"))
    assert result.code == 0
    first, second = json.loads(result.out)
    assert first["path"] == str(_file(CERTIFICATE))
    assert (first["line"], first["comment"]) == (None, "keyconv fixture ed25519")
    assert (first["serial"], first["principals"], first["role"]) == (42, ["alice", "bob"], "user")
    assert first["critical_options"][0] == {"name": "force-command", "value": "/usr/bin/true --flag", "data": None}
    assert first["validity"]["valid_to"] == "2099-12-31T00:00:00Z"
    assert second["validity"] == {"state": "valid", "valid_from": None, "valid_to": None}
    assert second["ca"]["type"] == "ssh-rsa"


def test_show_goes_through_every_certificate_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "authorized_keys"
    lines = [made.line(made.make(serial=number)) for number in (7, 8)]
    path.write_bytes(b"# certificates\n" + lines[0] + _file("openssh-pub/rsa2048.pub").read_bytes() + lines[1])
    result = _keyconv("show", path)
    assert result.code == 0
    assert re.findall(r"authorized_keys, line (\d+)$", result.out, re.MULTILINE) == ["2", "4"]
    assert re.findall(r"serial +(\d+)", result.out) == ["7", "8"]
    assert [each["line"] for each in json.loads(_keyconv("show", "--json", path).out)] == [2, 4]
    assert re.findall(r"serial +(\d+)", _keyconv("show", "--key", "3", path).out) == ["8"]


def test_show_of_a_plain_key_names_the_certificate_beside_it(tmp_path: Path) -> None:
    key = _copy(PLAIN_PPK, tmp_path, "id.ppk")
    alone = _keyconv("show", key)
    assert (alone.code, alone.out) == (3, "")
    assert alone.err == f"keyconv: {key}: the file holds no certificate\n"
    beside = _copy(CERTIFICATE, tmp_path, "id-cert.pub")
    assert _keyconv("show", key).err.endswith(f"  hint: there is one in {beside}\n")
    document = _keyconv("show", "--json", key)
    assert json.loads(document.out) == []
    assert json.loads(document.err)["error"]["code"] == "no-certificate"


def test_show_reads_standard_input() -> None:
    result = _keyconv("show", "-", stdin=_file(CERTIFICATE).read_bytes())
    assert result.code == 0
    assert result.out.startswith("standard input\n")


@settings(deadline=None, max_examples=40)
@given(
    st.binary(max_size=30),
    st.lists(st.text(max_size=10).map(lambda text: text.encode("utf-8", "surrogatepass")), max_size=3),
    st.binary(min_size=1, max_size=12),
    st.sampled_from(["\x1b]0;x\x07", "\r\n  signature    valid", "\u202e", "\x9b2J"]),
)
def test_no_text_of_a_certificate_drives_the_terminal(
    key_id: bytes, principals: list[bytes], option: bytes, hostile: str
) -> None:
    evil = hostile.encode()
    blob = made.make(
        key_id=key_id + evil,
        principals=[*principals, evil],
        critical=[(option + evil, string(evil))],
        extensions=[(evil, string(option + evil))],
        ca=made.of_unknown_type(),
    )
    result = _keyconv("show", "-", stdin=made.line(blob, comment=b""))
    assert result.code == 0
    assert not HOSTILE.search(result.out)
    assert result.out.count("\n  signature  ") == 1
    document = _keyconv("show", "--json", "-", stdin=made.line(blob, comment=b""))
    assert document.out.isascii()
    assert json.loads(document.out)[0]["principals"][-1] == hostile


def test_the_same_holds_for_errors(tmp_path: Path) -> None:
    blob = made.make(subject="openssh/rsa2048-plain", key_id=b"\x1b[2J\n")
    path = tmp_path / "evil-cert.pub"
    path.write_bytes(made.line(blob))
    attached = _keyconv("attach", _file("ppk/rsa2048-v3-plain.ppk"), path, "-o", tmp_path / "out.ppk")
    assert attached.code == 0
    assert r"\x1b[2J\x0a" in attached.err
    assert not HOSTILE.search(attached.err)


# ── attach ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("key", "certificate", "expected"),
    [
        (PLAIN_PPK, CERTIFICATE, WITH_CERTIFICATE),
        ("ppk/dsa1024-v3-plain.ppk", "certificates/user-dsa1024-cert.pub", "certificates/user-dsa1024-v3-plain.ppk"),
        (
            "ppk/ecdsa-p256-v2-plain.ppk",
            "certificates/user-ecdsa-p256-options-cert.pub",
            "certificates/user-ecdsa-p256-options-v2-plain.ppk",
        ),
        (PLAIN_PPK, "certificates/user-ed25519-ssh-keygen-rfc4716.pub", WITH_CERTIFICATE),
        ("ppk/ed25519-v3-plain.ppk", WITH_CERTIFICATE, WITH_CERTIFICATE),
        (WITH_CERTIFICATE, CERTIFICATE, WITH_CERTIFICATE),
    ],
)
def test_attach_writes_what_puttygen_writes(key: str, certificate: str, expected: str, tmp_path: Path) -> None:
    output = tmp_path / "out.ppk"
    result = _keyconv("attach", _file(key), _file(certificate), "-o", output)
    assert result.code == 0, result.err
    assert output.read_bytes() == _file(expected).read_bytes()
    assert "is attached" in result.err
    if os.name == "posix":
        assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert _keyconv("attach", "-q", _file(key), _file(certificate), "-o", "-").out.encode() == output.read_bytes()


@pytest.mark.parametrize(
    ("key", "certificate"),
    [
        (LOCKED, CERTIFICATE),
        ("ppk/ed25519-v3-argon2d-encrypted.ppk", CERTIFICATE),
        ("ppk/ed25519-v3-passes13-memory64-encrypted.ppk", CERTIFICATE),
        ("ppk/rsa2048-v2-encrypted.ppk", "certificates/host-rsa2048-rsa-ca-cert.pub"),
    ],
)
def test_attach_keeps_passphrase_cost_and_comment(key: str, certificate: str, passphrase: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.ppk"
    result = _keyconv("attach", _file(key), _file(certificate), "-o", output, "--passphrase-file", passphrase)
    assert result.code == 0, result.err
    before, after = (read(path.read_bytes()) for path in (_file(key), output))
    assert before.format == after.format
    (old,), (new,) = before.entries, after.entries
    assert isinstance(old.private, Locked)
    assert isinstance(new.private, Locked)
    old_kdf, new_kdf = old.private.protection.kdf, new.private.protection.kdf
    salts = [each.describe().get("salt") for each in (old_kdf, new_kdf)]
    assert {**old_kdf.describe(), "salt": ""} == {**new_kdf.describe(), "salt": ""}
    assert salts[0] != salts[1] or salts == [None, None]
    assert old.comment == new.comment
    assert unlock(new, PASSPHRASE).private == unlock(old, PASSPHRASE).private
    line = _puttygen(output, "-L")
    assert line.split()[:2] == _file(certificate).read_text().split()[:2]
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    _puttygen(output, "-O", "private-openssh-new", "--old-passphrase", passphrase, "--new-passphrase", empty)


def _puttygen(path: Path, *arguments: str | Path) -> str:
    """Have puttygen read a file; where it is to be unlocked, it compares the MAC."""
    out = path.with_suffix(".out")
    result = subprocess.run(
        [require("puttygen"), str(path), *map(str, arguments), "-o", str(out)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return out.read_text()


@pytest.mark.parametrize("name", made.CAS)
def test_puttygen_reads_a_ppk_with_a_certificate_of_every_ca(name: str, tmp_path: Path) -> None:
    path, output = tmp_path / "made-cert.pub", tmp_path / "out.ppk"
    path.write_bytes(made.line(made.make(name, key_id=f"signed by {name}".encode())))
    assert _keyconv("attach", _file(PLAIN_PPK), path, "-o", output).code == 0
    shown = _puttygen(output, "-O", "cert-info")
    assert f"Certificate ID string: signed by {name}" in shown
    assert _puttygen(output, "-L").split()[:2] == path.read_text().split()[:2]


@posix
def test_attach_in_place_keeps_the_mode(tmp_path: Path, passphrase: Path) -> None:
    key = _copy(LOCKED, tmp_path, "id.ppk")
    key.chmod(0o440)
    result = _keyconv("attach", key, _file(CERTIFICATE), "--in-place", "--passphrase-file", passphrase)
    assert result.code == 0, result.err
    assert stat.S_IMODE(key.stat().st_mode) == 0o440
    assert read(key.read_bytes()).entries[0].certificate is not None
    assert sorted(each.name for each in tmp_path.iterdir()) == ["id.ppk", "passphrase"]


def test_attach_replaces_a_certificate(tmp_path: Path) -> None:
    key, new = _copy(WITH_CERTIFICATE, tmp_path, "id.ppk"), tmp_path / "new-cert.pub"
    new.write_bytes(made.line(made.make(serial=99)))
    assert _keyconv("attach", key, new, "--in-place").code == 0
    certificate = read(key.read_bytes()).entries[0].certificate
    assert certificate is not None
    assert certificate.serial == 99


def test_attach_takes_the_key_from_standard_input(tmp_path: Path) -> None:
    data = _file(PLAIN_PPK).read_bytes()
    result = _keyconv("attach", "-", _file(CERTIFICATE), "-o", "-", stdin=data)
    assert result.out.encode() == _file(WITH_CERTIFICATE).read_bytes()
    swapped = _keyconv("attach", _file(PLAIN_PPK), "-", "-o", "-", stdin=_file(CERTIFICATE).read_bytes())
    assert swapped.out == result.out


def test_attach_finds_the_certificate_of_the_key_among_several(tmp_path: Path) -> None:
    several = tmp_path / "several"
    several.write_bytes(
        _file("certificates/user-rsa2048-expired-cert.pub").read_bytes() + _file(CERTIFICATE).read_bytes()
    )
    output = tmp_path / "out.ppk"
    assert _keyconv("attach", _file(PLAIN_PPK), several, "-o", output).code == 0
    assert output.read_bytes() == _file(WITH_CERTIFICATE).read_bytes()
    several.write_bytes(several.read_bytes() + made.line(made.make()))
    refused = _keyconv("attach", _file(PLAIN_PPK), several, "-o", tmp_path / "more.ppk")
    assert refused.code == 2
    assert "holds 2 certificates for this key" in refused.err


def test_attach_tells_what_is_wrong_with_the_certificate_and_does_it(tmp_path: Path) -> None:
    key = _file("ppk/rsa2048-v3-plain.ppk")
    expired = _keyconv("attach", key, _file("certificates/user-rsa2048-expired-cert.pub"), "-o", tmp_path / "a.ppk")
    assert expired.code == 0
    assert "user-rsa2048-expired-cert.pub: the certificate is expired" in expired.err
    unknown = tmp_path / "unknown-cert.pub"
    unknown.write_bytes(made.line(made.make(made.of_unknown_type())))
    result = _keyconv("attach", _file(PLAIN_PPK), unknown, "-o", tmp_path / "b.ppk")
    assert result.code == 0
    assert "its signature is not verified: signatures of type ssh-new are not known" in result.err


OPENSSH = "openssh/ed25519-encrypted"


@pytest.mark.parametrize(
    ("key", "certificate", "code", "message"),
    [
        (LOCKED, "certificates/user-rsa2048-expired-cert.pub", 3, "the certificate is for another key: for ssh-rsa"),
        (LOCKED, "forged", 3, "forged-cert.pub: the signature of the certificate is not valid"),
        (LOCKED, "openssh-pub/ed25519.pub", 3, "ed25519.pub: the file holds no certificate"),
        (LOCKED, "absent", 3, "absent: no such file"),
        (OPENSSH, CERTIFICATE, 6, "openssh cannot hold a certificate with the private key\n  hint: OpenSSH takes it"),
        ("ppk1/rsa2048-v1-private-mac-encrypted.ppk", CERTIFICATE, 6, "ppk1 cannot hold a certificate"),
        ("openssh-pub/ed25519.pub", CERTIFICATE, 6, "openssh-pub is a format for public keys"),
        ("certificates/user-ed25519-rsa-ca-cert.pub", CERTIFICATE, 6, "openssh-pub is a format for public keys"),
        (LOCKED, CERTIFICATE, 4, "the key's passphrase is needed"),
    ],
)
def test_what_is_refused_is_refused_before_a_passphrase_and_nothing_is_written(
    key: str, certificate: str, code: int, message: str, tmp_path: Path
) -> None:
    path = _copy(key, tmp_path, "id")
    before = path.read_bytes()
    names = {"forged": _forged(tmp_path), "absent": tmp_path / "absent"}
    certificate_path = names.get(certificate) or _file(certificate)
    for how in (["-o", str(tmp_path / "out.ppk")], ["--in-place"], ["-o", "-"]):
        result = _keyconv("attach", path, certificate_path, *how, "--no-input")
        assert (result.code, result.out) == (code, "")
        assert message in result.err
    assert path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["forged-cert.pub", "id"]


def test_the_hint_names_the_file_in_which_openssh_looks(tmp_path: Path) -> None:
    key = _copy(OPENSSH, tmp_path, "id")
    result = _keyconv("attach", key, _file(CERTIFICATE), "-o", tmp_path / "out")
    assert f"hint: OpenSSH takes it from {key}-cert.pub; formats that can hold it: ppk, ppk2\n" in result.err


def test_attach_overwrites_nothing_without_force_and_no_input_ever(tmp_path: Path) -> None:
    key, certificate = _copy(PLAIN_PPK, tmp_path, "id.ppk"), _copy(CERTIFICATE, tmp_path, "id-cert.pub")
    other = _copy(PLAIN_PPK, tmp_path, "other.ppk")
    assert _keyconv("attach", key, certificate, "-o", other).code == 5
    assert other.read_bytes() == _file(PLAIN_PPK).read_bytes()
    for target in (key, certificate):
        refused = _keyconv("attach", key, certificate, "-o", target, "--force")
        assert refused.code == 5
        assert "is the input" in refused.err
    assert key.read_bytes() == _file(PLAIN_PPK).read_bytes()
    assert _keyconv("attach", key, certificate, "-o", other, "--force").code == 0
    assert other.read_bytes() == _file(WITH_CERTIFICATE).read_bytes()


@pytest.mark.parametrize(
    "command",
    [
        ["attach", PLAIN_PPK, CERTIFICATE],
        ["attach", PLAIN_PPK, CERTIFICATE, "-o", "x", "--in-place"],
        ["attach", "-", "-", "-o", "x"],
        ["attach", PLAIN_PPK],
        ["detach", WITH_CERTIFICATE, "--key-output", "x", "--in-place"],
        ["detach", WITH_CERTIFICATE, "-o", "x", "--key-output", "x"],
        ["detach", WITH_CERTIFICATE, "-o", "x", "--key-output", "./x"],
        ["detach", WITH_CERTIFICATE, "--key-output", "-"],
        ["show"],
        [],
    ],
)
def test_wrong_calls_are_usage_errors(command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = [str(_file(each)) if each.endswith((".ppk", ".pub")) else each for each in command]
    assert _keyconv(*arguments).code == 2
    assert not list(tmp_path.iterdir())


def test_standard_input_is_not_changed_in_place() -> None:
    attached = _keyconv("attach", "-", _file(CERTIFICATE), "--in-place", stdin=_file(PLAIN_PPK).read_bytes())
    assert attached.code == 2
    detached = _keyconv("detach", "-", "--in-place", stdin=_file(WITH_CERTIFICATE).read_bytes())
    assert (detached.code, detached.out) == (2, "")


# ── detach ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path",
    [WITH_CERTIFICATE, "certificates/user-ed25519-v3-encrypted.ppk", CERTIFICATE],
    ids=["plain", "locked", "pub"],
)
def test_detach_gives_the_line_without_a_passphrase(path: str, tmp_path: Path) -> None:
    output = tmp_path / "id-cert.pub"
    result = _keyconv("detach", _file(path), "-o", output, "--no-input")
    assert result.code == 0, result.err
    assert output.read_bytes() == _file(CERTIFICATE).read_bytes()
    assert _keyconv("detach", _file(path), "--no-input").out.encode() == output.read_bytes()


def test_detach_gives_the_key_without_its_certificate(tmp_path: Path) -> None:
    line, key = tmp_path / "id-cert.pub", tmp_path / "id.ppk"
    result = _keyconv("detach", _file(WITH_CERTIFICATE), "-o", line, "--key-output", key)
    assert result.code == 0, result.err
    assert line.read_bytes() == _file(CERTIFICATE).read_bytes()
    assert key.read_bytes() == _file(PLAIN_PPK).read_bytes()
    if os.name == "posix":
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_detach_in_place_and_attach_again_are_puttygens(tmp_path: Path, passphrase: Path) -> None:
    key = _copy("certificates/host-rsa2048-rsa-ca-v3-encrypted.ppk", tmp_path, "id.ppk")
    detached = _keyconv("detach", key, "--in-place", "-o", tmp_path / "id-cert.pub", "--passphrase-file", passphrase)
    assert detached.code == 0, detached.err
    entry = read(key.read_bytes()).entries[0]
    assert entry.certificate is None
    assert unlock(entry, PASSPHRASE).private == sample("openssh/rsa2048-plain").private
    assert _puttygen(key, "-L").split()[:2] == _file("openssh-pub/rsa2048.pub").read_text().split()[:2]
    again = _keyconv("attach", key, tmp_path / "id-cert.pub", "--in-place", "--passphrase-file", passphrase)
    assert again.code == 0, again.err
    assert read(key.read_bytes()).entries[0].certificate is not None


def test_detach_of_a_plain_key_writes_nothing(tmp_path: Path) -> None:
    result = _keyconv("detach", _file(PLAIN_PPK), "-o", tmp_path / "x", "--key-output", tmp_path / "y")
    assert result.code == 3
    assert "the file holds no certificate" in result.err
    assert not list(tmp_path.iterdir())


def test_detach_of_a_public_file_has_no_key_to_write(tmp_path: Path) -> None:
    result = _keyconv("detach", _file(CERTIFICATE), "-o", tmp_path / "x", "--key-output", tmp_path / "y")
    assert result.code == 6
    assert not list(tmp_path.iterdir())


def test_detach_writes_neither_file_when_one_is_refused(tmp_path: Path, passphrase: Path) -> None:
    locked = _file("certificates/user-ed25519-v3-encrypted.ppk")
    line, key = tmp_path / "id-cert.pub", tmp_path / "id.ppk"
    assert _keyconv("detach", locked, "-o", line, "--key-output", key, "--no-input").code == 4
    key.write_bytes(b"old")
    assert _keyconv("detach", locked, "-o", line, "--key-output", key, "--passphrase-file", passphrase).code == 5
    assert key.read_bytes() == b"old"
    assert not line.exists()


@posix
def test_detach_does_not_write_the_key_over_the_certificate(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "id-cert.pub")
    line = tmp_path / "id-cert.pub"
    result = _keyconv("detach", _file(WITH_CERTIFICATE), "-o", line, "--key-output", tmp_path / "link", "--force")
    assert result.code == 2
    assert not line.exists()


# ── the file beside a key ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("key", "certificate"),
    [
        ("id", "id-cert.pub"),
        ("id.ppk", "id-cert.pub"),
        ("id.PPK", "id-cert.pub"),
        ("id.pub", "id-cert.pub"),
        ("id.pem", "id-cert.pub"),
        ("id.ppk", "id.ppk-cert.pub"),
        ("id.other", "id.other-cert.pub"),
    ],
)
def test_the_certificate_beside_a_key_is_found(key: str, certificate: str, tmp_path: Path) -> None:
    (tmp_path / key).touch()
    assert find_certificate(str(tmp_path / key)) is None
    (tmp_path / certificate).touch()
    assert find_certificate(str(tmp_path / key)) == str(tmp_path / certificate)


def test_openssh_s_own_name_comes_first(tmp_path: Path) -> None:
    (tmp_path / "id-cert.pub").touch()
    (tmp_path / "id.ppk-cert.pub").touch()
    assert find_certificate(str(tmp_path / "id.ppk")) == str(tmp_path / "id.ppk-cert.pub")


@pytest.mark.parametrize("path", ["-", "", "id-cert.pub", "a\0b", "x" * 5000])
def test_no_certificate_is_beside_what_is_no_key_file(path: str) -> None:
    assert find_certificate(path) is None


def test_a_folder_is_no_certificate(tmp_path: Path) -> None:
    (tmp_path / "id-cert.pub").mkdir()
    assert find_certificate(str(tmp_path / "id")) is None


@pytest.mark.parametrize(
    ("path", "name"),
    [("id", "id-cert.pub"), ("id.ppk", "id-cert.pub"), ("-", "FILE-cert.pub"), ("a/b.c", "a/b.c-cert.pub")],
)
def test_the_name_that_openssh_looks_for_is_suggested(path: str, name: str) -> None:
    assert suggest_certificate(path) == name
