"""Errors carry their rule and their line from where they are raised: nothing reads what a message says."""

from __future__ import annotations

import ast
import pickle
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixture_files import PASSPHRASE, by_path

import keyconv
from keyconv import errors
from keyconv.checks.check_file import judge_content
from keyconv.checks.model import Content, Context
from keyconv.checks.rules import RULES
from keyconv.codec import public_blob
from keyconv.crypto.kdf import BcryptPbkdf
from keyconv.crypto.pbes import Pbkdf2
from keyconv.engine import unlock
from keyconv.engine.reading import read_whole
from keyconv.errors import (
    ContradictionError,
    InputError,
    KeyconvError,
    LimitError,
    MacError,
    MalformedError,
    MismatchError,
    NotAKeyError,
    RecomputableError,
    TruncatedError,
    UnsupportedError,
)
from keyconv.formats import by_name
from keyconv.keys import CURVES, EcdsaPublicKey, Ed25519PublicKey, RsaPublicKey
from keyconv.proof import points, proving
from keyconv.repairs import diagnose, explain
from keyconv.secret import Passphrase
from keyconv.text import base64, pem
from keyconv.wire import der

NAMES = {rule.name for rule in RULES}
ED25519 = by_path("openssh/ed25519-plain").data
LINE = by_path("openssh-pub/ed25519.pub").data
PEM = by_path("pem/rsa2048-ssh-keygen-plain.pem").data
PPK = by_path("ppk/ed25519-v3-plain.ppk").data
READ = (
    "openssh/ed25519-plain",
    "openssh-pub/ed25519.pub",
    "ppk/ed25519-v3-plain.ppk",
    "pkcs8/ed25519-openssl-plain.pem",
    "rfc4716/ed25519-puttygen.pub",
)
P256 = CURVES["nistp256"]


def refused(data: bytes, format: str | None = None) -> KeyconvError:
    with pytest.raises(KeyconvError) as error:
        read_whole(data, format)
    return error.value


def line_of(public: RsaPublicKey | Ed25519PublicKey | EcdsaPublicKey) -> bytes:
    return public.algorithm.encode() + b" " + base64.encode(public_blob.write(public)) + b"\n"


# ── by the class, and by the place that raises ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (MalformedError, "corrupt"),
        (TruncatedError, "truncated"),
        (NotAKeyError, "not-a-key"),
        (MacError, "mac-mismatch"),
        (MismatchError, "key-mismatch"),
        (ContradictionError, "inconsistent-numbers"),
        (RecomputableError, "recomputable-numbers"),
        (UnsupportedError, "unsupported"),
        (LimitError, "unsupported"),
    ],
)
def test_an_error_on_what_a_file_holds_has_a_rule_by_its_class(kind: type[KeyconvError], rule: str) -> None:
    assert kind("no").rule == rule
    assert kind("no", rule="crlf").rule == "crlf"
    assert kind("no", rule="").rule == ""


def test_the_other_errors_have_none() -> None:
    named = [getattr(errors, name) for name in errors.__all__]
    content = (MalformedError, NotAKeyError, MacError, MismatchError, ContradictionError, UnsupportedError, LimitError)
    assert {kind.default_rule for kind in named if not issubclass(kind, content)} == {""}
    assert {kind.default_rule for kind in named if issubclass(kind, content)} <= NAMES


def _ecdsa(point: bytes) -> bytes:
    return line_of(EcdsaPublicKey(P256, point))


def _spki(point: bytes) -> bytes:
    algorithm = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7"))
    return pem.write("PUBLIC KEY", der.sequence(algorithm, der.bits(point)))


def _rfc4716(line: bytes) -> bytes:
    blob = line.split()[1]
    return b"---- BEGIN SSH2 PUBLIC KEY ----\n" + blob[:60] + b"\n" + blob[60:] + b"\n---- END SSH2 PUBLIC KEY ----\n"


OFF_CURVE = b"\4" + bytes(63) + b"\1"


@pytest.mark.parametrize(
    ("data", "rule", "line"),
    [
        (_ecdsa(OFF_CURVE), "weak-point", 1),
        (_spki(OFF_CURVE), "weak-point", None),
        (_spki(b"\2" + b"\xff" * 32), "weak-point", None),
        (_rfc4716(_ecdsa(OFF_CURVE)), "weak-point", 1),
        (line_of(Ed25519PublicKey(bytes(32))), "weak-point", 1),
        (line_of(RsaPublicKey(e=65537, n=1 << 2047)), "weak-modulus", 1),
        (line_of(RsaPublicKey(e=2, n=(1 << 2047) + 1)), "odd-exponent", 1),
        (line_of(RsaPublicKey(e=(1 << 300) + 1, n=(1 << 2047) + 1)), "odd-exponent", 1),
        (line_of(RsaPublicKey(e=65537, n=(1 << 16385) + 1)), "unsupported", 1),
        (LINE.replace(b"ssh-ed25519 ", b"ssh-rsa ", 1), "bad-line", 1),
        (b'# x\n\ncomand="x" ' + LINE, "unknown-option", 3),
        (b"no-pty,command=x " + LINE, "bad-option", 1),
        (b'command="x ' + LINE, "bad-option", 1),
        (b"1024 65537 " + b"7" * 300 + b" x\n", "ssh1", 1),
        (b"\n#" + b"x" * 70_000 + b"\n", "line-too-long", 2),
        (b"\xef\xbb\xbf" + LINE, "byte-order-mark", None),
    ],
)
def test_numbers_and_options_have_their_rules_in_a_public_file(data: bytes, rule: str, line: int | None) -> None:
    error = refused(data, None if data.startswith(b"----") else "openssh-pub")
    assert (error.rule, error.line) == (rule, line)


def test_a_point_off_its_curve_contradicts_the_private_half_and_one_of_small_order_is_weak_anywhere() -> None:
    with pytest.raises(ContradictionError) as off:
        proving.check_public(EcdsaPublicKey(P256, OFF_CURVE))
    with pytest.raises(points.PointError) as small:
        proving.check_public(Ed25519PublicKey(bytes(32)))
    assert (off.value.rule, small.value.rule) == ("inconsistent-numbers", "weak-point")


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "empty"),
        (b"$SSH_KEY", "placeholder"),
        (b"hello\n", "not-a-key"),
        (b"\xef\xbb\xbf" + ED25519, "byte-order-mark"),
        (b"\xff\xfe" + ED25519.decode().encode("utf-16-le"), "utf-16"),
        (b"\f" + ED25519, "indented"),
        (b"---\n" + ED25519, "surrounding-text"),
        (PEM[:-40], "truncated"),
        (PEM.replace(b"RSA PRIVATE", b"EC PRIVATE"), "wrong-label"),
        (PPK.replace(b"Comment: ", b"Comment: x"), "mac-mismatch"),
        (PPK.replace(b"ssh-ed25519\n", b"ssh-rsa\n", 1), "key-mismatch"),
    ],
)
def test_the_text_of_a_file_has_its_rule(data: bytes, rule: str) -> None:
    assert refused(data).rule == rule


def test_costs_and_lengths_have_their_rules() -> None:
    with pytest.raises(LimitError) as bcrypt:
        BcryptPbkdf(bytes(16), 1 << 20).check_cost()
    with pytest.raises(LimitError) as pbkdf2:
        Pbkdf2("SHA256", 1 << 40, bytes(16)).check_cost()
    with pytest.raises(LimitError) as number:
        der.DerReader(der.integer(1 << 40_000)).integer("n")
    assert (bcrypt.value.rule, pbkdf2.value.rule, number.value.rule) == ("costly-kdf", "costly-kdf", "corrupt")
    with pytest.raises(InputError) as large:
        read_whole(bytes(1 << 21))
    assert large.value.rule == ""


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (b'comand="x" ' + LINE, "unknown-option"),
        (b'command="x ' + LINE, "bad-option"),
        (LINE[:40] + b"*" + LINE[41:], "bad-line"),
        (b"ssh-ed25519", "bad-line"),
        (b"1024 65537 " + b"7" * 300, "ssh1"),
        (_ecdsa(OFF_CURVE), "weak-point"),
        (LINE.replace(b"ssh-ed25519 ", b"ssh-rsa ", 1), "bad-line"),
    ],
)
def test_a_line_among_others_keeps_the_rules_that_are_of_one_line(text: bytes, rule: str) -> None:
    (fault,) = read_whole(LINE + text + b"\n" + LINE).faults
    assert (fault.rule, fault.line) == (rule, 2)


# ── on damaged files ───────────────────────────────────────────────────────────────────────────────────────────────


def _damaged(data: bytes, seed: str) -> Iterator[bytes]:
    generator = random.Random(seed)
    yield from (data[:length] for length in range(0, len(data), 3))
    for position in range(len(data)):
        for put in {generator.choice(b'AZaz09+/= \t\n\r"\0-:'), generator.randrange(256)}:
            yield data[:position] + bytes((put,)) + data[position + 1 :]


def _refusal(data: bytes) -> KeyconvError | None:
    try:
        read_whole(data)
    except KeyconvError as error:
        return error
    return None


@pytest.mark.parametrize("path", READ)
def test_every_refusal_has_a_rule_and_the_line_that_its_place_names(path: str) -> None:
    refusals = [error for data in _damaged(by_path(path).data, path) if (error := _refusal(data)) is not None]
    for error in refusals:
        assert error.rule in NAMES
        assert error.line is None or f"line {error.line}" in str(error)
        assert error.line is not None or "line " not in error.place
        assert error.format == error.place.partition(":")[0], "the format is the outermost place"
        assert vars(pickle.loads(pickle.dumps(error))) == vars(error)
    assert len(refusals) > 100


def test_a_wrong_passphrase_is_nothing_that_the_file_holds() -> None:
    (entry,) = read_whole(by_path("pem/rsa2048-ssh-keygen-encrypted.pem").data).entries
    with pytest.raises(KeyconvError) as wrong:
        unlock(entry, Passphrase(b"not " + PASSPHRASE))
    assert (wrong.value.rule, wrong.value.line, wrong.value.byte) == ("", None, None)


def test_the_byte_of_the_structure_is_carried_and_becomes_one_of_the_file() -> None:
    contents = pem.read(PEM, []).data
    data = pem.write("RSA PRIVATE KEY", contents[:7] + b"\3" + contents[8:])
    error = refused(data)
    assert (error.rule, error.byte) == ("corrupt", 7)
    found = diagnose(data, error)
    assert (found.line, found.offset) == (2, data.index(b"\n") + 1 + 7 * 4 // 3)


def test_the_place_without_its_line_is_kept_for_a_text_whose_lines_moved() -> None:
    error = MalformedError("odd").within_line(7).within("Argon2-Memory").of_format("ppk")
    assert (error.place, error.field, error.line, error.format) == (
        "ppk: Argon2-Memory: line 7",
        "ppk: Argon2-Memory",
        7,
        "ppk",
    )
    shown = TruncatedError("cut").placed_as(MalformedError("x").within_line(3)).of_format("ppk")
    assert (str(shown), shown.line, shown.rule) == ("ppk: line 3: cut", 3, "truncated")


# ── a key that is whole ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            b'set system login user x authentication ssh-ed25519 "' + LINE.strip() + b'";\n',
            "the key, which is on line 1",
        ),
        (b"config system admin\n edit x\n  set key1 '" + LINE.strip() + b"'\n", "the key, which is on line 3"),
        (b"lines of text\nkeys = {" + LINE.strip() + b"}\n", "the key, which is on line 2"),
    ],
)
def test_a_whole_public_key_amid_text_is_not_called_corrupt(data: bytes, said: str) -> None:
    findings = judge_content(Content("key", data, 0o600), Context(now=0)).findings
    assert {finding.rule for finding in findings} == {"surrounding-text"}
    assert said in findings[0].message
    error = explain(data, refused(data))
    assert (error.rule, said in str(error)) == ("surrounding-text", True)


@pytest.mark.parametrize("key", [ED25519, by_path("pem/rsa2048-ssh-keygen-encrypted.pem").data, PPK])
@pytest.mark.parametrize(("before", "after"), [(b"", b"%@\x1a"), (b"\x01\n\n", b""), (b"", b"?? ::\x1a\n")])
def test_a_whole_private_key_amid_text_is_not_sent_for_again(key: bytes, before: bytes, after: bytes) -> None:
    data = before + key + after
    error = refused(data)
    found = diagnose(data, error)
    if not found.fixable:
        first = 1 + before.count(b"\n")
        assert found.rule == "surrounding-text"
        assert found.message.endswith(f"the key on lines {first} to {first + key.count(10) - 1} is whole")
    assert "again" not in found.hint


def test_a_damaged_key_beside_a_whole_one_is_still_named() -> None:
    for data in (LINE + PEM[:200] + b"*" + PEM[201:], PEM[:200] + b"*" + PEM[201:] + LINE):
        (fault,) = read_whole(data).faults
        assert fault.rule == "private-not-public"
        assert "is whole" not in diagnose(data, fault).message


def test_the_words_before_a_whole_key_in_a_file_of_lines_are_not_to_be_dropped() -> None:
    for data in (b'fromm="10.0.0.1" ' + LINE, b"@revokd host " + LINE, b'from="10.0.0.1 ' + LINE):
        assert "alone" not in diagnose(data, refused(data, "openssh-pub")).hint


# ── the code ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _asks_for_words(node: ast.AST) -> bool:
    """Whether code looks into an error's text: `error.message.startswith`, `PATTERN.search(str(error))`."""

    def reads(value: ast.AST) -> bool:
        match value:
            case ast.Attribute(value=ast.Name(id="error" | "fault" | "refusal"), attr="message" | "place"):
                return True
            case ast.Call(func=ast.Name(id="str"), args=[ast.Name(id="error" | "fault" | "refusal")]):
                return True
        return False

    match node:
        case ast.Call(func=ast.Attribute(value=value, attr="startswith" | "endswith" | "split" | "find" | "index")):
            return reads(value)
        case ast.Call(func=ast.Attribute(attr="match" | "search" | "sub" | "fullmatch"), args=args):
            return any(map(reads, args))
        case ast.Compare(left=left, comparators=right):
            return any(map(reads, (left, *right)))
    return False


def test_no_code_reads_the_words_of_an_error() -> None:
    package = Path(keyconv.__file__).parent
    asking = [
        f"{path.relative_to(package)}:{node.lineno}"
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if _asks_for_words(node) and isinstance(node, ast.expr)
    ]
    assert asking == []


def test_a_format_by_every_reader_is_one_of_the_registry() -> None:
    for path in READ:
        error = refused(by_path(path).data[:60])
        assert error.format == "" or by_name(error.format).name == error.format
