"""`keyconv inspect`: what a file is, to people and, field by field, to programs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fixture_files import FIXTURES_DIR, PASSPHRASE, Fixture, by_path, keyfile, pick
from test_cli_convert import (
    LOCKED_OPENSSH,
    LOCKED_PPK,
    OPENSSH,
    PPK,
    PUBLIC,
    TWO_KEYS,
    costly_ppk,
    run,
    secret_file,
)
from tools import require

FIELDS = {
    "path",
    "format",
    "kind",
    "type",
    "bits",
    "comment",
    "encrypted",
    "cipher",
    "kdf",
    "fingerprints",
    "public_key",
    "certificate",
    "notes",
}
"""Those of cli.md, for every input."""

KEY_FIELDS = (FIELDS - {"path", "format", "kind"}) | {"line"}
"""Those of one of many keys in a file."""

SETTLED = ("ppk", "ppk2", "ppk1", "openssh", "openssh-pub", "rfc4716")
AUTHORIZED_KEYS = FIXTURES_DIR / "authorized_keys" / "authorized_keys"


def inspected(path: Path, *arguments: str | Path) -> dict[str, Any]:
    """Inspect one file as JSON."""
    result = run("inspect", "--json", path, *arguments)
    assert (result.code, result.err) == (0, "")
    (found,) = result.json
    assert isinstance(found, dict)
    return found


def text_of(comment: bytes | None) -> str | None:
    return None if comment is None else comment.decode("utf-8", "backslashreplace")


def expected_kdf(fixture: Fixture) -> dict[str, Any] | None:
    if fixture.kdf is None:
        return None
    return {{"memory": "memory_kib"}.get(name, name): value for name, value in fixture.kdf.items()}


# ── JSON ───────────────────────────────────────────────────────────────────────────────────────────────────────────


ONE_KEY = pick(
    lambda fixture: (
        fixture.reader in SETTLED and not fixture.keys and fixture.whole and keyfile(fixture).kind != "authorized_keys"
    )
)


@pytest.mark.parametrize("fixture", ONE_KEY)
def test_the_json_agrees_with_what_the_real_tools_say_and_has_every_field(fixture: Fixture) -> None:
    found = inspected(fixture.file)
    assert set(found) >= FIELDS
    hidden = fixture.encrypted and fixture.reader == "openssh"
    comment = found.pop("comment")
    expected = (None if hidden else text_of(fixture.comment)) or ""
    if fixture.reader == "openssh-pub":  # white space around a comment is a matter of opinion
        comment, expected = (comment or "").strip(), expected.strip()
    assert (comment or "") == expected
    certificate = found.pop("certificate")
    assert (certificate is not None) == fixture.has_certificate
    assert (certificate or found)["type"] == fixture.type
    public_key, algorithm = found.pop("public_key"), found.pop("type")
    assert public_key.startswith(f"{algorithm} AAAA")
    assert fixture.has_certificate or public_key == fixture.public_line
    assert all(re.match(r"[a-z0-9-]+: ", note) for note in found.pop("notes"))
    public = "certificate" if fixture.has_certificate else "public"
    assert found.pop("kind") == ("private" if fixture.private else public)
    assert {name: value for name, value in found.items() if name in FIELDS} == {
        "path": str(fixture.file),
        "format": fixture.reader,
        "bits": fixture.bits,
        "encrypted": fixture.encrypted,
        "cipher": fixture.cipher,
        "kdf": expected_kdf(fixture),
        "fingerprints": {"sha256": fixture.sha256_fingerprint, "md5": fixture.md5_fingerprint},
    }


def test_it_is_one_list_with_one_object_an_input_in_order() -> None:
    result = run("inspect", "--json", PPK, LOCKED_OPENSSH, PUBLIC)
    assert [each["path"] for each in result.json] == [str(PPK), str(LOCKED_OPENSSH), str(PUBLIC)]
    assert result.out.endswith(b"]\n")
    assert result.out.isascii()


def test_the_document_for_an_encrypted_ppk_is_this_to_the_letter() -> None:
    fixture = by_path("ppk/ed25519-v3-argon2id-encrypted.ppk")
    assert fixture.kdf is not None
    found = inspected(LOCKED_PPK)
    assert {name: value for name, value in found.items() if name in FIELDS} == {
        "path": str(LOCKED_PPK),
        "format": "ppk",
        "kind": "private",
        "type": "ssh-ed25519",
        "bits": 256,
        "comment": "keyconv fixture ed25519",
        "encrypted": True,
        "cipher": "aes256-cbc",
        "kdf": {
            "name": "argon2id",
            "memory_kib": 1024,
            "passes": 2,
            "parallelism": 1,
            "salt": fixture.kdf["salt"],
        },
        "fingerprints": {"sha256": fixture.sha256_fingerprint, "md5": fixture.md5_fingerprint},
        "public_key": fixture.public_line,
        "certificate": None,
        "notes": [],
    }


def test_what_does_not_apply_or_cannot_be_known_is_null() -> None:
    plain = inspected(PPK)
    assert (plain["encrypted"], plain["cipher"], plain["kdf"], plain["certificate"]) == (False, None, None, None)
    assert inspected(LOCKED_OPENSSH)["comment"] is None


def test_with_the_passphrase_it_is_filled(tmp_path: Path) -> None:
    found = inspected(LOCKED_OPENSSH, "--passphrase-file", secret_file(tmp_path, PASSPHRASE))
    before = inspected(LOCKED_OPENSSH)
    changed = {name for name in FIELDS if found[name] != before[name]}
    assert changed == {"comment"}
    assert (before["comment"], found["comment"]) == (None, "keyconv fixture ed25519")
    assert found["encrypted"] is True


def test_a_passphrase_that_is_given_and_wrong_exits_4(tmp_path: Path) -> None:
    result = run("inspect", "--json", LOCKED_PPK, "--passphrase-file", secret_file(tmp_path, b"wrong"), answers=[])
    assert (result.code, result.error["code"], result.asked) == (4, "wrong-passphrase", ())


def test_it_never_asks() -> None:
    for arguments in ((), ("--json",)):
        result = run("inspect", LOCKED_PPK, LOCKED_OPENSSH, *arguments, answers=["correct horse"] * 2)
        assert (result.code, result.asked) == (0, ())


def test_a_file_of_many_keys_has_them_in_keys_with_their_lines() -> None:
    found = inspected(AUTHORIZED_KEYS)
    keys = by_path("authorized_keys/authorized_keys").keys
    assert found["kind"] == "authorized_keys"
    assert set(found) >= FIELDS | {"keys"}
    assert {name: found[name] for name in ("type", "bits", "comment", "fingerprints", "public_key")} == dict.fromkeys(
        ("type", "bits", "comment", "fingerprints", "public_key")
    )
    assert len(found["keys"]) == len(keys)
    for each, key in zip(found["keys"], keys, strict=True):
        assert set(each) >= KEY_FIELDS
        assert each["line"] == key.line
        assert each["comment"] == (text_of(key.comment) or None)
        assert each["fingerprints"] == {"sha256": key.sha256_fingerprint, "md5": key.md5_fingerprint}
        assert bool(each.get("options")) == bool(key.options)
        if each["certificate"] is None:
            assert (each["type"], each["public_key"]) == (key.type, key.public_line)
        else:
            assert each["certificate"]["type"] == key.type


def test_the_options_of_a_line_are_names_and_values() -> None:
    lines = inspected(AUTHORIZED_KEYS)["keys"]
    (found,) = [each for each in lines if each["comment"] == "quotes in the option"]
    assert found["options"] == [{"name": "command", "value": 'echo "hi"'}, {"name": "no-pty", "value": None}]


def test_an_authorized_keys_file_of_one_line_has_keys_too(tmp_path: Path) -> None:
    path = tmp_path / "authorized_keys"
    path.write_bytes(b"# mine\n\nno-pty " + PUBLIC.read_bytes())
    found = inspected(path)
    assert (found["kind"], [each["line"] for each in found["keys"]]) == ("authorized_keys", [3])


def test_several_private_keys_in_a_file_have_no_lines() -> None:
    found = inspected(TWO_KEYS)
    assert found["kind"] == "private"
    assert [each["line"] for each in found["keys"]] == [None, None]
    assert [each["type"] for each in found["keys"]] == ["ssh-ed25519", "ecdsa-sha2-nistp256"]
    assert any(note.startswith("multiple-keys: ") for note in found["notes"])


def test_key_n_is_one_key() -> None:
    found = inspected(TWO_KEYS, "--key", "2")
    assert (found["type"], "keys" in found) == ("ecdsa-sha2-nistp256", False)
    assert run("inspect", TWO_KEYS, "--key", "3").code == 2


@pytest.mark.parametrize("name", ["user-ed25519-cert.pub", "host-ed25519-cert.pub", "user-ecdsa-p256-options-cert.pub"])
def test_a_certificate_is_described_as_ssh_keygen_does(name: str) -> None:
    path = FIXTURES_DIR / "certificates" / name
    found = inspected(path)
    shown = subprocess.run([require("ssh-keygen"), "-L", "-f", path], capture_output=True, check=True).stdout.decode()
    certificate = found["certificate"]
    assert found["kind"] == "certificate"
    assert f"Type: {certificate['type']} {certificate['role']} certificate" in shown
    assert f"Serial: {certificate['serial']}\n" in shown
    assert f'Key ID: "{certificate["key_id"]}"\n' in shown
    assert f" {certificate['ca']['fingerprint']} (" in shown
    for name in (*certificate["principals"], *certificate["critical_options"], *certificate["extensions"]):
        assert f"                {name}" in shown
    assert f"-CERT {found['fingerprints']['sha256']}\n" in shown  # the key's own, not the certificate's


def test_a_ppk_holds_a_certificate_too() -> None:
    found = inspected(FIXTURES_DIR / "certificates" / "user-ed25519-v3-encrypted.ppk")
    assert (found["kind"], found["encrypted"]) == ("private", True)
    assert found["certificate"]["type"] == "ssh-ed25519-cert-v01@openssh.com"


def test_standard_input_is_a_dash() -> None:
    result = run("inspect", "--json", "-", stdin=PPK.read_bytes())
    assert result.json == [{**inspected(PPK), "path": "-"}]


def test_a_tolerance_and_a_costly_kdf_are_notes(tmp_path: Path) -> None:
    path = tmp_path / "costly.ppk"
    path.write_bytes(costly_ppk())
    (note,) = inspected(path)["notes"]
    assert note.startswith("costly-kdf: unlocking would take 1 TiB of memory for Argon2")
    crlf = inspected(FIXTURES_DIR / "authorized_keys" / "authorized_keys-crlf")
    assert "crlf: the line ends are CR LF" in crlf["notes"]


def test_errors_are_json_on_standard_error_and_the_rest_goes_on(tmp_path: Path) -> None:
    missing, text = tmp_path / "none", tmp_path / "text"
    text.write_bytes(b"hello")
    result = run("inspect", "--json", missing, PPK, text)
    assert result.code == 3
    assert [each["path"] for each in result.json] == [str(PPK)]
    first, second = result.err.splitlines()
    said = f'"code": "unreadable", "message": "no such file", "path": "{missing}", "hint": null, "rule": null'
    assert first == f'{{"error": {{{said}}}}}'
    assert f'"code": "not-a-key", "message": "not a key in any format keyconv supports", "path": "{text}"' in second


def test_a_usage_error_is_json_too() -> None:
    result = run("inspect", "--json", PPK, "--from", "pkp")
    assert (result.code, result.out) == (2, b"")
    assert result.error == {
        "code": "usage",
        "message": "there is no format 'pkp'",
        "path": None,
        "hint": "did you mean 'ppk'?",
        "rule": None,
    }


def test_a_comment_that_is_no_utf8_or_acts_on_terminals_is_escaped() -> None:
    latin1 = inspected(FIXTURES_DIR / "comments" / "latin1-v3-plain.ppk")
    assert latin1["comment"] == "schl\\xfcssel f\\xfcr m\\xfcnchen"
    control = FIXTURES_DIR / "comments" / "control-v3-plain.ppk"
    assert inspected(control)["comment"] == "bell\x07 escape\x1b[31m red\x1b[0m"
    assert b"bell\\u0007 escape\\u001b[31m" in run("inspect", "--json", control).out


# ── text ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_text_says_what_the_file_is() -> None:
    fixture = by_path("ppk/ed25519-v3-argon2id-encrypted.ppk")
    assert fixture.kdf is not None
    result = run("inspect", LOCKED_PPK)
    assert (result.code, result.err) == (0, "")
    expected = (
        f"{LOCKED_PPK}",
        "  format       ppk (PuTTY private key, version 3)",
        "  kind         private",
        "  type         ssh-ed25519",
        "  bits         256",
        f"  fingerprint  {fixture.sha256_fingerprint}",
        f"               {fixture.md5_fingerprint}",
        "  comment      keyconv fixture ed25519",
        "  private half encrypted, not verified",
        "  cipher       aes256-cbc",
        "  KDF          argon2id (memory_kib 1024, passes 2, parallelism 1)",
        f"  public key   {fixture.public_line}",
    )
    lines = result.out.decode().splitlines()
    assert [line for line in lines if line in expected] == list(expected)


def test_the_text_says_what_is_hidden_and_what_was_verified() -> None:
    assert b"  comment      hidden until the passphrase is given\n" in run("inspect", LOCKED_OPENSSH).out
    assert b"  private half verified (public key matches)" in run("inspect", OPENSSH).out
    assert b"  private half in an authenticator" in run("inspect", FIXTURES_DIR / "openssh" / "sk-ed25519-plain").out


def test_the_text_of_a_hostile_comment_cannot_act_on_the_terminal() -> None:
    for name in ("control-v3-plain.ppk", "control-openssh-plain", "control.pub"):
        out = run("inspect", FIXTURES_DIR / "comments" / name).out
        assert b"  comment      bell\\x07 escape\\x1b[31m red\\x1b[0m\n" in out
        assert b"\x1b" not in out


def test_the_text_of_a_hostile_certificate_and_option_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "authorized_keys"
    path.write_bytes(b'command="a\x1b[31m\xe2\x80\xae" ' + PUBLIC.read_bytes())
    out = run("inspect", path).out
    assert b'  option       command="a\\x1b[31m\\u202e"\n' in out


def test_quiet_says_nothing_more_and_nothing_less() -> None:
    assert run("inspect", "-q", PPK).out == run("inspect", PPK).out


# ── randomart ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_visual_draws_what_ssh_keygen_draws(tmp_path: Path) -> None:
    tool = require("ssh-keygen")
    for name in ("rsa2048", "rsa3072", "dsa1024", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "sk-ecdsa"):
        path = FIXTURES_DIR / "openssh-pub" / f"{name}.pub"
        drawn = subprocess.run([tool, "-lv", "-f", path], capture_output=True, check=True).stdout.decode()
        art = drawn.split("\n", 1)[1]
        assert art.startswith("+-")
        result = run("inspect", "--visual", path)
        assert result.out.decode().endswith(art)


def test_visual_draws_each_key_of_a_file_and_none_unasked() -> None:
    art = re.compile(rb"^\+-.*\+$", re.MULTILINE)
    assert len(art.findall(run("inspect", "--visual", TWO_KEYS).out)) == 4
    assert not art.search(run("inspect", TWO_KEYS).out)
