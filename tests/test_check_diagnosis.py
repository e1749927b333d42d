"""One diagnosis: every command names the same rule, the same line and the same words for a file that does not load."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import pytest
from damages import FILES, KeyFixture, applicable
from fixture_files import PASSPHRASE, by_path
from test_check import _alone, check, report, rules, save  # noqa: F401 - a fixture of pytest's
from test_cli_convert import run
from test_rules import of_a_cipher_to_come, rsa_line
from tools import some

from keyconv.checks.check_file import judge_content
from keyconv.checks.model import Content, Context, Finding
from keyconv.checks.rules import RULES, rule
from keyconv.document.places import split
from keyconv.engine import foreign
from keyconv.engine.reading import read, read_whole
from keyconv.errors import (
    KeyconvError,
    MalformedError,
)
from keyconv.repairs import Opening, diagnose, explain, find_whole
from keyconv.secret import Passphrase

OPENSSH = by_path("openssh/rsa2048-plain").data
ED25519 = by_path("openssh/ed25519-plain").data
PEM = by_path("pem/rsa2048-ssh-keygen-plain.pem").data
PKCS8 = by_path("pkcs8/ed25519-openssl-plain.pem").data
PPK = by_path("ppk/ed25519-v3-plain.ppk").data
SSHCOM = by_path("sshcom/rsa2048-plain").data
LOCKED = by_path("openssh/ed25519-encrypted").data
LINE = by_path("openssh-pub/ed25519.pub").data
SPKI = by_path("spki/rsa2048-openssl.pem").data


def refused(data: bytes) -> KeyconvError:
    with pytest.raises(KeyconvError) as error:
        read_whole(data)
    return error.value


def judged(data: bytes, path: str = "key") -> list[Finding]:
    return judge_content(Content(path, data, 0o600), Context(now=0)).findings


def _edit(data: bytes, position: int, put: bytes) -> bytes:
    return data[:position] + put + data[position + len(put) :]


def _loads(data: bytes) -> bool:
    try:
        read_whole(data)
    except KeyconvError:
        return False
    return True


def _is_read(data: bytes) -> bool:
    try:
        return bool(read(data).notes)
    except KeyconvError:
        return False


# ── the same in every command ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in FILES])
def test_check_names_every_damage_as_the_other_commands_do(file: KeyFixture) -> None:
    compared = 0
    for damage, damaged in some(applicable(file), 25, file.name):
        if _loads(damaged):
            continue
        compared += 1
        if _is_read(damaged):
            assert {"surrounding-text", damage.rule} & {each.rule for each in judged(damaged)}, damage.name
            continue
        meant = diagnose(damaged, refused(damaged), path="key")
        findings = judged(damaged)
        for cause in meant.causes:
            found = next(each for each in findings if each.rule == cause.rule)
            assert (found.message, found.line) == (cause.message, meant.line), damage.name
            if rule(found.rule).group == "damage":  # of lines, several may have it, and each its own cure
                assert found.hint == meant.hint, damage.name
    assert compared


BROKEN = {
    "empty": (b"", "empty"),
    "blank": (b" \n\n", "empty"),
    "variable": (b"${SSH_KEY}\n", "placeholder"),
    "certificate": (b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "not-a-key"),
    "nothing known": (b"hello\n", "not-a-key"),
    "cut": (OPENSSH[:900], "truncated"),
    "cut and CR LF": (OPENSSH[:900].replace(b"\n", b"\r\n"), "truncated"),
    "cut ppk": (PPK[:150], "truncated"),
    "wrong length": (_edit(PEM, 45, b"A"), "corrupt"),
    "wrong magic": (_edit(OPENSSH, 40, b"A"), "corrupt"),
    "wrong n": (_edit(PEM, 200, b"A"), "key-mismatch"),
    "wrong d": (_edit(PEM, 600, b"A"), "inconsistent-numbers"),
    "edited ppk": (PPK.replace(b"Comment: ", b"Comment: my "), "mac-mismatch"),
    "a cipher to come": (of_a_cipher_to_come(), "unsupported"),
    "even n": (rsa_line(1 << 2047), "weak-modulus"),
    "even e": (rsa_line((1 << 2047) + 1, 4), "odd-exponent"),
    "type typed": (b"ssh-rsa " + LINE.split()[1] + b"\n", "bad-line"),
    "option": (b'comand="x" ' + LINE, "unknown-option"),
    "value": (b"command=x " + LINE, "bad-option"),
    "quoted": (b'"' + OPENSSH.rstrip() + b'"\n', "quoted"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_every_command_names_the_same_rule_and_says_the_same(name: str) -> None:
    data, name = BROKEN[name]
    save("key", data)
    (finding,) = (each for each in report("key")["findings"] if each["rule"] == name)
    said = set()
    for command in (("inspect", "key"), ("convert", "key", "-t", "openssh", "-o", "new"), ("public", "key")):
        ran = run(*command, "--json") if command[0] == "inspect" else run(*command)
        assert ran.code == 3, command
        if command[0] == "inspect":
            assert ran.error["rule"] == name
            said.add(ran.error["message"])
        else:
            said.add(ran.err.split("\n")[0].removeprefix("keyconv: key: "))
    (words,) = said
    assert words.removeprefix(f"line {finding['line']}: ") == finding["message"]
    mended = run("repair", "key", "-o", "mended")
    assert mended.code == (0 if name == "quoted" else 3)
    if mended.code:
        assert mended.err.split("\n")[0] == f"keyconv: key: {words}"


def test_the_text_report_and_the_error_differ_in_where_the_line_stands_alone() -> None:
    save("key", b'"' + OPENSSH.rstrip() + b'"\n')
    words, hint = "the text is in quotes", "hint: keyconv repair key -o NEW"
    assert check("key", "--select", "damage").out.startswith(f"key:1: error quoted {words}\n  {hint}\n")
    assert run("inspect", "key").err == f"keyconv: key: line 1: {words}\n  {hint}\n"


def test_every_rule_that_a_diagnosis_can_name_is_one_of_check() -> None:
    names = {each.name for each in RULES}
    assert {name for _, name in BROKEN.values()} <= names
    assert {diagnose(data, refused(data)).rule for data, _ in BROKEN.values()} <= names


def test_a_hint_for_a_path_with_a_space_can_be_pasted() -> None:
    (found,) = (each for each in judged(b'"' + OPENSSH + b'"', "my key") if each.rule == "quoted")
    assert found.hint == "keyconv repair 'my key' -o NEW"


@pytest.mark.parametrize(
    ("rule", "text", "command"),
    [
        ("literal-newlines", ED25519.decode().replace("\n", "\\n"), "keyconv repair - -o NEW"),
        ("surrounding-text", f"{ED25519.decode()}and more\n", "keyconv repair - -o NEW"),
        ("encrypted", LOCKED.decode(), "keyconv convert - --no-passphrase -o NEW"),
        ("weak-kdf", LOCKED.decode(), "keyconv convert - -t openssh -o NEW"),
    ],
)
def test_the_command_that_is_advised_reads_the_variable(
    rule: str, text: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", text)
    findings = report("--env", "KEY", "--preset", "ci-secret")["findings"]
    (found,) = (each for each in findings if each["rule"] == rule)
    assert found["hint"].endswith(f"""printf '%s\\n' "$KEY" | {command}""")


def test_a_line_quoted_as_in_a_mail_is_found_in_a_folder_too() -> None:
    save("folder/key.pub", b"> " + LINE)
    assert rules("folder") == ["email-quoted"]


@pytest.mark.parametrize("right", [True, False])
def test_the_passphrase_proves_what_is_mended_and_a_wrong_one_hinders_nothing(right: bool) -> None:
    damaged = b'"' + by_path("openssh/ed25519-default-rounds-encrypted").data + b'"'
    opening = Opening(passphrase=Passphrase(PASSPHRASE if right else b"another"))
    found = diagnose(damaged, refused(damaged), opening=opening)
    assert found.undone == ("quoted",)
    assert found.mended is not None
    assert found.mended.proved is right
    mended = find_whole(damaged, opening)
    assert mended is not None
    assert (mended.undone, mended.proved) == (("quoted",), right)


# ── several keys in one file ───────────────────────────────────────────────────────────────────────────────────────

KEYS = {"openssh": OPENSSH, "pem": PEM, "pkcs8": PKCS8, "ppk": PPK, "sshcom": SSHCOM}


@pytest.mark.parametrize(
    "names", [*permutations(KEYS, 2), *((name, name) for name in KEYS), ("ppk", "pem", "openssh")], ids="+".join
)
def test_keys_one_after_the_other_are_counted_and_the_second_is_found(names: tuple[str, ...]) -> None:
    data = b"".join(KEYS[name] for name in names)
    line = KEYS[names[0]].count(b"\n") + 1
    error = explain(data, refused(data))
    assert isinstance(error, MalformedError)
    assert error.rule == "multiple-keys"
    publics = {read_whole(KEYS[name]).entries[0].public for name in names}
    if len(publics) > 1:
        assert str(error).startswith(f"the file holds {len(names)} keys, the second from line {line} on")
        assert error.hint == "put each key into a file of its own"
    else:
        assert (str(error), error.hint) == (
            f"line {line}: the same key is there more than once",
            "keyconv repair FILE -o NEW",
        )
    (found,) = (each for each in judged(data) if each.rule == "multiple-keys")
    assert (found.line, found.severity, found.fixable) == (line, "warning", False)


@pytest.mark.parametrize(
    "command",
    [
        *(("inspect",), ("convert", "-t", "openssh"), ("public",), ("match", "key"), ("comment", "x"), ("repair",)),
        ("passphrase", "--no-passphrase"),
    ],
    ids=lambda command: command[0],
)
def test_every_command_that_needs_one_key_says_how_many_there_are_and_where(command: tuple[str, ...]) -> None:
    save("key", PPK + PEM)
    ran = run(command[0], "key", *command[1:])
    if command[0] in ("inspect", "public", "match"):
        assert (ran.code, ran.out.count(b"ssh-rsa") > 0 or command[0] == "match") == (0, True)
    elif command[0] == "repair":
        assert (ran.code, "the file has 2 keys, at lines 1, 10" in ran.err) == (3, True)
    else:
        assert (ran.code, "key: the file holds 2 keys" in ran.err) == (2, True)
    assert Path("key").read_bytes() == PPK + PEM


def test_check_judges_each_of_several_keys_where_it_stands() -> None:
    second = ED25519.count(b"\n") + 1
    save("key", ED25519 + OPENSSH)
    found = [(each["rule"], each["line"]) for each in report("key")["findings"]]
    assert found == [("unencrypted", 1), ("multiple-keys", second), ("unencrypted", second), ("short-rsa", second)]
    keys = {each["fingerprint"] for each in report("key", "--select", "unencrypted")["findings"]}
    assert keys == {by_path(path).sha256_fingerprint for path in ("openssh/ed25519-plain", "openssh/rsa2048-plain")}


def test_what_is_wrong_with_one_of_several_keys_is_said_at_its_line() -> None:
    second = ED25519.count(b"\n") + 1
    cut = OPENSSH[:900]
    save("key", ED25519 + cut)
    found = {each["rule"]: each for each in report("key")["findings"]}
    assert found["truncated"]["line"] == second + cut.count(b"\n")
    save("key", cut + b"\n" + ED25519)
    assert {"multiple-keys", "truncated", "unencrypted"} <= set(rules("key"))


def test_what_is_true_of_the_file_is_said_once_for_several_keys() -> None:
    save("id.pub", ED25519 + PPK, 0o644)
    found = rules("id.pub")
    assert (found.count("permissions"), found.count("private-not-public")) == (1, 1)


def test_several_keys_in_a_folder_are_found_and_never_mended() -> None:
    path = save("folder/key", (ED25519 + PPK).replace(b"\n", b"\r\n"))
    before = path.read_bytes()
    found = report("folder", "--fix")
    assert "multiple-keys" in {each["rule"] for each in found["findings"]}
    assert not [each for each in found["findings"] if each["fixable"]]
    assert (path.read_bytes(), found["summary"]["fixed"]) == (before, [])


def test_several_keys_take_part_in_the_comparison_with_others() -> None:
    save("a", ED25519)
    save("b", OPENSSH + ED25519)
    found = report("a", "b", "--select", "duplicate-key")["findings"]
    assert [each["path"] for each in found] == ["b"]


def test_public_keys_one_after_the_other_are_counted_too() -> None:
    assert diagnose(SPKI * 3, refused(SPKI * 3)).message.startswith("the file holds 3 keys, the second from line 10 on")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(OPENSSH, id="one"),
        pytest.param(b"-----BEGIN OPENSSH PRIVATE KEY-----\n" * 2, id="headers"),
        pytest.param(OPENSSH + b"-----BEGIN OPENSSH PRIVATE KEY----- is how they begin\n", id="a mention"),
        pytest.param(PEM + SPKI, id="a pair"),
        pytest.param(by_path("pem/ecdsa-p256-openssl-explicit.pem").data, id="parameters"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_second_key_is_not_counted(data: bytes) -> None:
    assert split(data) == ()


def test_parts_are_whole_keys_without_what_stands_between_them() -> None:
    data = b"first\n" + OPENSSH + b"\nsecond\n" + PPK + b"\n\n" + PKCS8.rstrip(b"\n")
    parts = split(data)
    assert [part.text for part in parts] == [OPENSSH, PPK, PKCS8.rstrip(b"\n")]
    assert [data[part.start :].startswith(part.text) for part in parts] == [True] * 3
    assert [part.line for part in parts] == [1 + data.count(b"\n", 0, part.start) for part in parts]


def test_in_bare_cr_the_lines_of_parts_are_counted_too() -> None:
    parts = split((OPENSSH + PPK).replace(b"\n", b"\r"))
    assert [part.line for part in parts] == [1, OPENSSH.count(b"\n") + 1]


def test_of_very_many_keys_all_are_counted_and_few_are_judged() -> None:
    count = 500
    found = judged(PKCS8 * count)
    assert found[0].message.startswith(f"the file holds {count} keys")
    lines = {each.line for each in found if each.rule == "unencrypted"}
    assert 1 in lines
    assert len(lines) * len(PKCS8) <= 32 * 1024


# ── which rule an error is of ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("${env.SSH_KEY}", "placeholder"),
        ("${SSH_KEY:-none}", "placeholder"),
        ("%system.key%", "placeholder"),
        ("$env.KEY", "placeholder"),
        ("${{ secrets.KEY }} # of the job", "placeholder"),
        ("-----BEGIN X509 CERTIFICATE-----\nMIIB\n-----END X509 CERTIFICATE-----", "not-a-key"),
        ("SSH PRIVATE KEY FILE FORMAT 2.0\n", "not-a-key"),
    ],
)
def test_what_stands_in_a_keys_place_is_named(text: str, name: str) -> None:
    found = foreign.find_foreign(text.encode())
    assert found is not None
    assert found.rule == name


def test_json_of_the_report_is_one_document_with_the_rule() -> None:
    save("key", OPENSSH + PEM)
    found = json.loads(check("key", "--format", "json").out)["findings"]
    assert {each["rule"] for each in found} == {"multiple-keys", "unencrypted", "short-rsa"}
