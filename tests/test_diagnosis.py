"""The diagnosis of what does not load: the rule, the place, what fixes it, and which programs refuse it."""

from __future__ import annotations

import base64
import importlib
import json
import os
import random
import re
import subprocess
from pathlib import Path

import pytest
from damages import FILES, KeyFixture, applicable, by_name, file_by_name
from fixture_files import FIXTURES_DIR, PASSPHRASE, by_path
from forged_files import load, number, openssh, ppk, string
from test_cli_convert import run
from tools import PATIENCE, require

from keyconv.engine.reading import read_whole
from keyconv.errors import InputError, KeyconvError, LimitError, MalformedError, NotAKeyError
from keyconv.repairs import MESSAGES, Diagnosis, diagnose, explain
from keyconv.repairs.damage import is_text
from keyconv.repairs.readers import refused_by
from keyconv.repairs.searching import MAX_STATES, MAX_WORK

search_module = importlib.import_module("keyconv.repairs.searching")  # the package has a function of this name

OPENSSH = by_path("openssh/rsa2048-plain").data
PEM = by_path("pem/rsa2048-ssh-keygen-plain.pem").data
PPK = by_path("ppk/rsa2048-v3-plain.ppk").data
LINE = by_path("openssh-pub/rsa2048.pub").data
ED25519_LINE = by_path("openssh-pub/ed25519.pub").data
TEN_LINES = file_by_name("authorized_keys, ten lines").data


def diagnosed(data: bytes) -> Diagnosis:
    """Diagnose what does not load as a key file."""
    with pytest.raises(KeyconvError) as refused:
        read_whole(data)
    return diagnose(data, refused.value, path="id")


def loads(data: bytes) -> bool:
    try:
        read_whole(data)
    except KeyconvError:
        return False
    return True


# ── what can be fixed ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in FILES])
def test_what_does_not_load_is_named_with_the_command_that_mends_it(file: KeyFixture) -> None:
    for damage, damaged in applicable(file):
        if loads(damaged):
            continue
        found = diagnosed(damaged)
        assert (found.rule, found.undone) == (damage.rule, (damage.rule,)), damage.name
        assert found.message.startswith(MESSAGES[damage.rule]), damage.name
        assert found.line is not None, damage.name
        assert 1 <= found.line <= damaged.count(b"\n") + damaged.count(b"\r") + 1, damage.name
        if found.fixable:
            assert found.hint == "keyconv repair id -o NEW", damage.name
        else:
            assert damage.rule in ("space-for-plus", "missing-frame"), damage.name
            assert "nothing in the file proves" in found.message, damage.name
            assert ("--passphrase-file" in found.hint) == file.private, damage.name


@pytest.mark.parametrize(
    ("name", "line", "offset"),
    [
        ("byte-order-mark", 1, 0),
        ("wrong-dash-count, end", 27, len(OPENSSH) - 2),
        ("wrong-label", 1, 11),
        ("blank-lines, first", 1, 0),
        ("html-escaped", 3, OPENSSH.index(b"+")),
    ],
)
def test_the_line_and_the_byte_are_those_of_the_damage(name: str, line: int, offset: int) -> None:
    damaged = by_name(name).apply(OPENSSH)
    assert damaged is not None
    found = diagnosed(damaged)
    assert (found.line, found.offset) == (line, offset)


def test_several_damages_are_all_named_in_one_line() -> None:
    found = diagnosed(b'"' + OPENSSH.replace(b"\n", b"\\n") + b'"')
    assert found.undone == ("quoted", "literal-newlines")
    assert found.message == f"{MESSAGES['quoted']}; {MESSAGES['literal-newlines']}"


def test_numbers_that_can_be_computed_anew_are_named() -> None:
    pair = load("rsa2048")
    wrong = pair.with_private(*pair.private[:3], number(int.from_bytes(pair.private[3], "big") ^ 2))
    found = diagnosed(ppk(wrong))
    assert (found.rule, found.fixable) == ("recomputable-numbers", True)
    assert "iqmp" in found.message


# ── what cannot ────────────────────────────────────────────────────────────────────────────────────────────────────


def _body(data: bytes) -> bytes:
    return base64.b64decode(b"".join(data.split(b"\n")[1:-2]))


@pytest.mark.parametrize("cut", [120, 500, 900, 1700])
@pytest.mark.parametrize("data", [pytest.param(OPENSSH, id="openssh"), pytest.param(PEM, id="pem")])
def test_a_file_that_is_cut_short_says_how_many_bytes_of_how_many_are_there(data: bytes, cut: int) -> None:
    cut = min(cut, len(data) - 60)
    found = diagnosed(data[:cut])
    said = re.search(r"the end is missing: ([0-9]+) of (at least )?([0-9]+) bytes are there", found.message)
    assert (found.rule, found.fixable) == ("truncated", False)
    assert said is not None
    characters = len(b"".join(data[:cut].split(b"\n")[1:]))
    assert int(said[1]) == characters * 6 // 8
    assert int(said[3]) == len(_body(data)) or (said[2] and int(said[3]) < len(_body(data)))


@pytest.mark.parametrize("name", [file.name for file in FILES if file.kind != "ppk" and file.name.split()[0] != "pem"])
def test_every_format_that_states_its_length_is_measured(name: str) -> None:
    data = file_by_name(name).data.split(b"\n")[0] + b"\n" if "lines" in name else file_by_name(name).data
    found = diagnosed(data[: len(data) * 3 // 5])
    assert found.rule == "truncated"
    assert re.search(r"[0-9]+ of (?:at least )?[0-9]+ bytes are there", found.message)


@pytest.mark.parametrize("foreign", [b"\0", b"*", b"\xff"], ids=["NUL", "asterisk", "0xff"])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 8])
def test_characters_that_are_not_base64_are_named_and_not_taken_for_missing_bytes(foreign: bytes, count: int) -> None:
    found = diagnosed(_edit(PEM, 100, foreign * count))
    assert (found.rule, found.place) == ("corrupt", "pem: line 3")
    assert found.message.endswith("at position 4 of the base64 is not base64")


def test_where_the_text_is_out_of_order_a_missing_end_is_told_without_a_count() -> None:
    found = diagnosed(_edit(PEM, 100, b"****")[:900])
    assert (found.rule, found.message) == ("truncated", "the end is missing")


@pytest.mark.parametrize("length", [65, 66, 67, 68])
def test_a_tag_that_is_too_long_is_named_and_not_taken_for_a_part_of_the_key(length: int) -> None:
    block = file_by_name("rfc4716 rsa").data.split(b"\n")
    tag = b"MII" + b"x" * (length - 3)  # as DER begins
    found = diagnosed(b"\n".join((block[0], *((tag + b": y",) * 2), *block[1:])))
    assert (found.rule, found.place) == ("corrupt", "rfc4716: line 2")
    assert found.message == f"the tag of a header has {length} bytes, and RFC 4716 allows 64"


def test_a_header_of_several_lines_is_no_part_of_the_key_that_is_measured() -> None:
    first, _, rest = file_by_name("rfc4716 rsa").data[:300].partition(b"\n")
    plain = diagnosed(first + b"\n" + rest)
    headed = diagnosed(b"\n".join((first, b"Subject: one\\", b"MIICXAIBAAKBgQD\\", b"abc", rest)))
    assert (plain.rule, headed.rule) == ("truncated", "truncated")
    assert re.search(r" of (at least )?[0-9]+ bytes are there", plain.message)
    assert headed.message == plain.message


def test_a_ppk_that_is_cut_short_counts_lines() -> None:
    cut = PPK[:250]
    found = diagnosed(cut)
    assert found.rule == "truncated"
    assert f"{len(cut.splitlines())} of at least 10 lines are there" in found.message


def test_what_hides_a_cut_does_not_hide_the_cause() -> None:
    for data in (OPENSSH[:900].replace(b"\n", b"\r\n"), b'"' + OPENSSH[:900] + b'"', b"\xef\xbb\xbf" + OPENSSH[:900]):
        assert diagnosed(data).rule == "truncated"


def test_the_first_line_alone_is_a_cut_file() -> None:
    assert diagnosed(OPENSSH.split(b"\n")[0] + b"\n").rule == "truncated"


def _of_a_cipher_to_come() -> bytes:
    pair = load("ed25519")
    options = string(bytes(16)) + bytes(3) + b"\1"
    return openssh(pair.blob, pair.inner(), section=bytes(16), cipher="aes512-xyz", options=options)


def _edit(data: bytes, position: int, put: bytes) -> bytes:
    return data[:position] + put + data[position + len(put) :]


@pytest.mark.parametrize(
    ("data", "rule", "said"),
    [
        pytest.param(_edit(PEM, 45, b"A"), "corrupt", "RSA modulus n at byte 7", id="a length in DER"),
        pytest.param(_edit(OPENSSH, 40, b"A"), "corrupt", "openssh-key-v1", id="the magic"),
        pytest.param(_edit(PEM, 200, b"A"), "key-mismatch", "n is not p * q", id="n"),
        pytest.param(_edit(PEM, 600, b"A"), "inconsistent-numbers", "is not d modulo", id="d"),
        pytest.param(_edit(PPK, 300, b"A"), "mac-mismatch", "the MAC does not fit", id="the public half of a ppk"),
        pytest.param(PPK.replace(b"Comment: ", b"Comment: my "), "mac-mismatch", "edited", id="the comment of a ppk"),
        pytest.param(OPENSSH + by_path("openssh/ed25519-plain").data, "multiple-keys", "2 keys", id="two keys"),
        pytest.param(PPK.replace(b"-3: ", b"-4: ", 1), "not-a-key", "version", id="a version to come"),
        pytest.param(_of_a_cipher_to_come(), "unsupported", "cipher", id="a cipher to come"),
        pytest.param(
            b"The key:\n" + PPK[:600], "surrounding-text", "there is text before", id="text before half a ppk"
        ),
        pytest.param(OPENSSH.replace(b"\n", b"%%"), "corrupt", "'%' at position 1", id="a sign of its own"),
    ],
)
def test_what_cannot_be_mended_is_named(data: bytes, rule: str, said: str) -> None:
    found = diagnosed(data)
    assert (found.rule, found.fixable, found.undone) == (rule, False, ())
    assert said in found.message
    assert "keyconv repair" not in found.hint


def test_a_document_that_mentions_a_header_has_no_text_before_a_key() -> None:
    for header in (b"-----BEGIN RSA PRIVATE KEY-----", b"PuTTY-User-Key-File-3:"):
        found = diagnosed(b"Keys begin with " + header + b" or so;\nours do.\n")
        assert (found.rule, found.message) == ("not-a-key", "not a key in any format keyconv supports")


def test_check_says_what_the_other_commands_say_of_text_before_half_a_key(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"The key:\n" + PPK[:600])
    path.chmod(0o600)
    error = run("inspect", "--json", path).error
    (finding,) = json.loads(run("check", "--format", "json", path).out)["findings"]
    assert (finding["rule"], finding["message"]) == (error["rule"], error["message"])
    assert (finding["rule"], finding["severity"], finding["fixable"]) == ("surrounding-text", "error", False)


def test_a_corrupt_field_in_der_is_found_in_the_file() -> None:
    found = diagnosed(_edit(PEM, 45, b"A"))
    assert (found.line, found.offset) == (2, 41)


def test_a_weak_point_is_named() -> None:
    line = by_path("openssh-pub/ecdsa-p256.pub").data
    blob = bytearray(base64.b64decode(line.split()[1]))
    blob[-1] ^= 1
    assert diagnosed(line.split()[0] + b" " + base64.b64encode(blob) + b"\n").rule == "weak-point"
    small = string(b"ssh-ed25519") + string(bytes(31) + b"\x80")
    assert diagnosed(b"ssh-ed25519 " + base64.b64encode(small) + b"\n").rule == "weak-point"


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b'comand="true" ' + ED25519_LINE.strip(), "unknown-option"),
        (b"command=true " + ED25519_LINE.strip(), "bad-option"),
        (b'command="true ' + ED25519_LINE.strip(), "bad-option"),
        (b"ssh-foo " + ED25519_LINE.split()[1], "bad-line"),
        (b"ssh-rsa " + ED25519_LINE.split()[1], "bad-line"),
        (ED25519_LINE.strip().replace(b"AAAAI", b"AA*AI"), "bad-line"),
    ],
)
def test_a_bad_line_among_good_ones_is_named_with_its_number(line: bytes, rule: str) -> None:
    rows = TEN_LINES.split(b"\n")
    file = read_whole(b"\n".join([*rows[:3], line, *rows[3:]]))
    assert len(file.entries) == 10
    assert [(fault.rule, fault.line) for fault in file.faults] == [(rule, 4)]


# ── what is not a key at all ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("data", [b"", b"\n", b" \t\r\n \n"])
def test_nothing_is_empty(data: bytes) -> None:
    assert diagnosed(data).rule == "empty"


@pytest.mark.parametrize(
    "text",
    [
        *("$SSH_KEY", "${SSH_KEY}", "${{ secrets.SSH_KEY }}", "{{ ssh_key }}", "{% key %}", "<%= key %>", "%SSH_KEY%"),
        *("$(cat ~/.ssh/id_rsa)", "***", "[REDACTED]", "<your key>", "[your private key here]", "YOUR_PRIVATE_KEY"),
        *("null", "undefined", "None", "nil", "[object Object]", "System.Byte[]", "xxxxx", "...", "changeme"),
        *("~/.ssh/id_rsa", "/home/me/.ssh/id_ed25519", "C:\\Users\\me\\key.ppk", "id_rsa", "key.pem"),
        *("op://vault/item/private key", "arn:aws:secretsmanager:eu-west-1:1:secret:x", "file:///run/secrets/key"),
        "<!DOCTYPE html>\n<html><head><title>404</title></head></html>",
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 2602\n",
        "404: Not Found",
        '{"message": "Not Found", "status": "404"}',
        "-----BEGIN OPENSSH PRIVATE KEY-----\n...\n-----END OPENSSH PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\n$KEY\n-----END RSA PRIVATE KEY-----",
    ],
)
@pytest.mark.parametrize("around", ["{}", "{}\n", '"{}"\n', "{}\r\n"])
def test_a_placeholder_is_named(text: str, around: str) -> None:
    found = diagnosed(around.format(text).encode())
    assert found.rule == "placeholder"
    said = found.message.replace("(***)", "")
    assert text not in said, "it could be a secret after all"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"2048 SHA256:" + b"A" * 43 + b" me@host (RSA)\n", "fingerprint"),
        (b"SHA256:" + b"A" * 43 + b"\n", "fingerprint"),
        (b"MD5:" + b":".join([b"0f"] * 16) + b"\n", "fingerprint"),
        (b":".join([b"0f"] * 16), "fingerprint"),
        (b"AGE-SECRET-KEY-1QQQQQQQQQQQQ\n", "age"),
        (b"age-encryption.org/v1\n-> X25519 abc\n", "age"),
        (b'{\n  "type": "service_account",\n  "project_id": "x"\n}\n', "Google Cloud"),
        (b"[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", "AWS"),
        (b"ghp_" + b"a" * 36, "token"),
        (b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x", "token"),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBF\n-----END PGP PRIVATE KEY BLOCK-----\n", "PGP"),
        (b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n", "SSH signature"),
        (b"\xfe\xed\xfe\xed\0\0\0\2", "Java keystore"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n62313365396662343061393464336163\n", "Ansible"),
        (b"PK\3\4\x14\0", "ZIP"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"Host example\n  User me\n", "configuration"),
        (b"[Interface]\nPrivateKey = " + base64.b64encode(bytes(32)) + b"\n", "WireGuard"),
        (base64.b64encode(random.Random(3).randbytes(32)) + b"\n", "WireGuard"),
        (b"#!/bin/sh\ncat key\n", "script"),
        (b"<RSAKeyValue><Modulus>x</Modulus></RSAKeyValue>", "XML"),
        (b"apiVersion: v1\nkind: Secret\n", "Kubernetes"),
    ],
)
def test_what_is_no_key_is_named(data: bytes, said: str) -> None:
    found = diagnosed(data)
    assert found.rule == "not-a-key"
    assert said in found.message


def test_other_files_of_openssl_are_named(tmp_path: Path) -> None:
    openssl = require("openssl")

    def make(*arguments: str) -> bytes:
        subprocess.run([openssl, *arguments], cwd=tmp_path, check=True, capture_output=True)
        return (tmp_path / arguments[arguments.index("-out") + 1]).read_bytes()

    key = tmp_path / "key.pem"
    key.write_bytes(PEM)
    files = {
        "X.509": make("req", "-x509", "-key", "key.pem", "-subj", "/CN=x", "-out", "cert.pem"),
        "X.509 certificate in DER": make("x509", "-in", "cert.pem", "-outform", "der", "-out", "cert.der"),
        "request": make("req", "-new", "-key", "key.pem", "-subj", "/CN=x", "-out", "csr.pem"),
        "request (CSR) in DER": make("req", "-in", "csr.pem", "-outform", "der", "-out", "csr.der"),
        "PKCS#12": make(
            "pkcs12", "-export", "-in", "cert.pem", "-inkey", "key.pem", "-passout", "pass:x", "-out", "p12"
        ),
        "PKCS#7": make("crl2pkcs7", "-nocrl", "-certfile", "cert.pem", "-out", "p7.pem"),
        "PKCS#7 bundle": make("crl2pkcs7", "-nocrl", "-certfile", "cert.pem", "-outform", "der", "-out", "p7.der"),
    }
    for said, data in files.items():
        found = diagnosed(data)
        assert (found.rule, said in found.message) == ("not-a-key", True), said


def test_text_of_no_kind_is_just_no_key() -> None:
    for data in (b"hello\n", bytes(100), b"# Readme\n\nSome text.\n" * 40):
        found = diagnosed(data)
        assert (found.rule, found.message) == ("not-a-key", "not a key in any format keyconv supports")


# ── who refuses it ─────────────────────────────────────────────────────────────────────────────────────────────────


def _reads(program: str, file: KeyFixture, path: Path) -> bool:
    commands = {
        "OpenSSH": ["ssh-keygen", "-y", "-P", "", "-f", str(path)],
        "PuTTY": ["puttygen", str(path), "-L"],
        "OpenSSL": ["openssl", "pkey", "-in", str(path), "-noout"],
    }
    command = commands[program]
    ran = subprocess.run(
        [require(command[0]), *command[1:]], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE
    )
    return ran.returncode == 0 and (program == "OpenSSL" or bool(ran.stdout))


@pytest.mark.parametrize("name", ["openssh ed25519", "pem rsa", "ppk 2 rsa"])
@pytest.mark.parametrize(
    "damage", ["crlf", "missing-final-newline", "byte-order-mark", "trailing-whitespace", "nul-padding", "quoted"]
)
def test_programs_do_what_is_said_of_them(name: str, damage: str, tmp_path: Path) -> None:
    file = file_by_name(name)
    path = tmp_path / "key"
    path.write_bytes(by_name(damage).apply(file.data) or b"")
    path.chmod(0o600)
    refusing, reading = refused_by(by_name(damage).rule, read_whole(file.data).format)
    assert refusing or reading
    assert [program for program in refusing if _reads(program, file, path)] == []
    assert [program for program in reading if not _reads(program, file, path)] == []


def test_crlf_hinders_openssh_and_not_putty() -> None:
    assert refused_by("crlf", "openssh") == (("OpenSSH",), ("PuTTY",))
    assert refused_by("crlf", "ppk2") == ((), ("PuTTY",))
    assert refused_by("corrupt", "openssh") == refused_by("crlf", "jwk") == ((), ())


def test_the_message_names_the_programs_where_they_disagree() -> None:
    with pytest.raises(KeyconvError) as refused:
        read_whole(b"\xef\xbb\xbf" + PEM)
    assert str(explain(b"\xef\xbb\xbf" + PEM, refused.value)).endswith(
        "(PuTTY refuses it, OpenSSH and OpenSSL read it)"
    )


# ── in the commands ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", [("convert", "-t", "openssh"), ("public",), ("inspect",), ("match",), ("comment",)])
def test_every_command_names_the_cause_and_what_mends_it(command: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "a key"
    path.write_bytes(by_name("quoted").apply(OPENSSH) or b"")
    more: list[str | Path] = {"match": [path], "comment": ["text"]}.get(command[0], [])  # type: ignore[assignment]
    result = run(command[0], path, *command[1:], *more)
    assert result.code == 3
    assert f"{path}: line 1: the text is in quotes\n  hint: keyconv repair '{path}' -o NEW\n" in result.err


def test_the_rule_is_in_the_json(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for data, rule, code in (
        (b"'" + OPENSSH + b"'", "quoted", "malformed"),
        (OPENSSH[:300], "truncated", "truncated"),
        (b"$KEY\n", "placeholder", "not-a-key"),
        (b"", "empty", "not-a-key"),
        (PPK.replace(b"Comment: ", b"Comment: my "), "mac-mismatch", "mac-mismatch"),
    ):
        path.write_bytes(data)
        error = run("inspect", "--json", path).error
        assert (error["rule"], error["code"]) == (rule, code)


def test_an_error_without_a_rule_has_none(tmp_path: Path) -> None:
    assert run("inspect", "--json", tmp_path / "none").error["rule"] is None


def test_a_ppk_without_its_private_half_is_truncated_when_that_is_needed() -> None:
    result = run("convert", FIXTURES_DIR / "edge" / "ed25519-v3-cut-private.ppk", "-t", "openssh")
    assert (result.code, "cut short" in result.err) == (3, True)


def test_a_forced_format_is_not_second_guessed() -> None:
    result = run("convert", FIXTURES_DIR / "openssh" / "ed25519-plain", "--from", "ppk")
    assert (result.code, "repair" in result.err) == (3, False)


def test_a_key_in_the_midst_of_a_document_does_not_stop_a_batch(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "id").write_bytes(OPENSSH)
    (tmp_path / "keys" / "README.md").write_bytes(b"# Keys\n\nOurs is\n\n    " + ED25519_LINE + b"\nUse it well.\n")
    result = run("convert", "-r", tmp_path / "keys", "-d", tmp_path / "out")
    assert (result.code, "1 converted, 0 failed, 1 skipped" in result.err) == (0, True)


# ── the pieces ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_errors_that_are_not_about_the_content_have_no_rule() -> None:
    assert diagnose(OPENSSH, InputError("larger than 1 MiB, which no key file is")).rule == ""
    assert LimitError("unlocking would take long", rule="costly-kdf").rule == "costly-kdf"


def test_explaining_keeps_the_kind_of_error_that_callers_look_for() -> None:
    for data, kind in (
        (b"$KEY", NotAKeyError),
        (b'"' + OPENSSH + b'"', MalformedError),
        (OPENSSH[:400], MalformedError),
    ):
        with pytest.raises(KeyconvError) as refused:
            read_whole(data)
        assert isinstance(explain(data, refused.value), kind)


def test_no_diagnosis_holds_a_part_of_the_key() -> None:
    secrets = set(OPENSSH.split(b"\n")[1:-2]) | {PASSPHRASE}
    for damage, damaged in applicable(file_by_name("openssh rsa")):
        if not loads(damaged):
            found = diagnosed(damaged)
            said = f"{found.message} {found.hint}".encode()
            assert not [row for row in secrets if row in said or row[:16] in said], damage.name


def test_a_diagnosis_of_junk_handles_few_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    handled: list[int] = []

    def count(data: bytes) -> bool:
        handled.append(len(data))
        return is_text(data)

    monkeypatch.setattr(search_module, "is_text", count)
    junk = random.Random(7).randbytes(1 << 20)
    text = base64.encodebytes(junk)[: 1 << 20]
    for data in (junk, text, b"key: " * (1 << 17), os.linesep.encode() * (1 << 18), OPENSSH * 300):
        handled.clear()
        diagnose(data[: 1 << 20], NotAKeyError("not a key in any format keyconv supports"))
        assert sum(handled) <= 3 * MAX_WORK, "a text is looked at for three groups of damages"
        assert len(handled) <= 3 * MAX_STATES


def test_a_file_of_several_keys_is_named_so_under_a_forced_format_too(tmp_path: Path) -> None:
    path = tmp_path / "two"
    path.write_bytes(by_path("ppk/ed25519-v3-plain.ppk").data + by_path("ppk/rsa2048-v3-plain.ppk").data)
    for more in ([], ["--from", "ppk"]):
        (found,) = run("inspect", path, "--json", *more).json
        assert [key["type"] for key in found["keys"]] == ["ssh-ed25519", "ssh-rsa"]
        assert [note.partition(":")[0] for note in found["notes"]] == ["multiple-keys"]
        refused = run("convert", path, "-t", "openssh", *more)
        assert (refused.code, "the file holds 2 keys: 1 at line 1, 2 at line 10" in refused.err) == (2, True)
    other = run("inspect", path, "--json", "--from", "openssh").error
    assert other["message"] == "openssh: the first line is not the BEGIN line of a frame"


@pytest.mark.parametrize("name", ["KEY=", "export KEY=", ""])
@pytest.mark.parametrize("broken", ["cut", "curve"])
def test_a_broken_key_in_literal_newlines_has_both_causes(name: str, broken: str) -> None:
    key = by_path("pem/ecdsa-p256-ssh-keygen-plain.pem").data.decode()
    if broken == "cut":
        rows = key.split("\n")
        key = "\n".join([*rows[:2], rows[2][:20], *rows[-2:]])
    else:
        raw = base64.b64decode("".join(key.split("\n")[1:-2]))
        changed = raw.replace(bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a8648ce3d03010a"))
        body = base64.b64encode(changed).decode()
        key = f"-----BEGIN EC PRIVATE KEY-----\n{body}\n-----END EC PRIVATE KEY-----\n"
    found = diagnosed((name + '"' + key.replace("\n", "\\n") + '"\n').encode())
    assert [cause.rule for cause in found.causes] == [
        "truncated" if broken == "cut" else "unsupported",
        "literal-newlines",
    ]
    assert found.undone == ()
