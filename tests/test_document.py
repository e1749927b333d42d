"""Documents: a key is taken out of any surroundings that leave no doubt, and an edit in place changes the key alone."""

from __future__ import annotations

import base64
import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from fixture_files import FIXTURES, by_path
from hypothesis import given
from hypothesis import strategies as st
from test_cli_convert import run
from tools import require, some

from keyconv import Locked, convert, inspect, read, unlock
from keyconv.document.search import find
from keyconv.document.spans import describe
from keyconv.document.wrappers import (
    Base64,
    CrLf,
    DoubleQuoted,
    LiteralNewlines,
    Prefixed,
    SingleQuoted,
    Unended,
    Utf16,
    Wrapper,
    wrap_all,
)
from keyconv.engine.documents import read_document
from keyconv.engine.encoding import put_back
from keyconv.engine.reading import read_whole
from keyconv.errors import KeyconvError, LossError, MismatchError, OutputError
from keyconv.repairs import edit, search

OPENSSH = by_path("openssh/ed25519-plain").data
PEM = by_path("pem/rsa2048-ssh-keygen-plain.pem").data
PKCS8 = by_path("pkcs8/ed25519-openssl-plain.pem").data
PPK = by_path("ppk/ed25519-v3-plain.ppk").data
LINE = by_path("openssh-pub/ed25519.pub").data
SPKI = by_path("spki/rsa2048-openssl.pem").data
SPKI_ED25519 = by_path("spki/ed25519-openssl.pem").data

TEXT_FORMATS = ("ppk", "ppk2", "openssh", "pem", "pkcs8", "sshcom")
PRIVATE = [
    fixture
    for fixture in FIXTURES
    if fixture.private and fixture.data[:4] in (b"----", b"PuTT") and fixture.path.split("/")[0] != "edge"
]
CERTIFICATE = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(bytes(range(250))) + b"-----END CERTIFICATE-----\n"


# ── wrappers ───────────────────────────────────────────────────────────────────────────────────────────────────────

WRAPPERS: tuple[Wrapper, ...] = (
    *(Utf16(order, marked=marked) for order in ("le", "be") for marked in (True, False)),
    CrLf(),
    Prefixed(b"    "),
    Prefixed(b"> ", b">"),
    DoubleQuoted(),
    DoubleQuoted(slash=True),
    SingleQuoted(b"'"),
    LiteralNewlines(),
    Base64(),
    Base64(64),
    Base64(76, b"\n    "),
    Unended(),
)


@pytest.mark.parametrize("wrapper", WRAPPERS, ids=lambda wrapper: type(wrapper).__name__)
@given(text=st.one_of(st.text(alphabet="-ABa+/=\n\r\"'\\ >", max_size=60), st.text(max_size=40)))
def test_a_wrapper_gives_back_what_it_takes_or_refuses_it(wrapper: Wrapper, text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    try:
        raw = wrap_all((wrapper,), data)
    except ValueError:
        return
    assert wrapper.unwrap(raw) == data


@pytest.mark.parametrize("wrapper", WRAPPERS, ids=lambda wrapper: type(wrapper).__name__)
@pytest.mark.parametrize("data", [OPENSSH, PEM, PKCS8, PPK], ids=["openssh", "pem", "pkcs8", "ppk"])
def test_every_wrapper_takes_a_key(wrapper: Wrapper, data: bytes) -> None:
    assert wrapper.unwrap(wrap_all((wrapper,), data)) == data


# ── surroundings ───────────────────────────────────────────────────────────────────────────────────────────────────


class Around(NamedTuple):
    """A way of putting a key into a file: what it is called, how, and what of the file is the key's own."""

    name: str
    put: Callable[[bytes], tuple[bytes, bytes, bytes]]


def _plain(before: bytes, after: bytes) -> Callable[[bytes], tuple[bytes, bytes, bytes]]:
    return lambda data: (before, data, after)


def _indented(data: bytes) -> tuple[bytes, bytes, bytes]:
    rows = b"".join(b"    " + row + b"\n" for row in data.removesuffix(b"\n").split(b"\n"))
    return b"apiVersion: v1\nstringData:\n  key: |\n", rows, b"  other: x\n"


def _json(data: bytes) -> tuple[bytes, bytes, bytes]:
    return (
        b'{\n  "type": "x",\n  "private_key": "',
        json.dumps(data.decode("latin-1"), ensure_ascii=False)[1:-1].encode("latin-1"),
        b'",\n  "id": 7\n}\n',
    )


def _shell(data: bytes) -> tuple[bytes, bytes, bytes]:
    return b"HOST=example\nKEY='", data.removesuffix(b"\n"), b"'\nPORT=22\n"


def _encoded(data: bytes) -> tuple[bytes, bytes, bytes]:
    return b"kind: Secret\ndata:\n  key: ", base64.b64encode(data), b"\n  other: eHh4\n"


def _carriage(data: bytes) -> tuple[bytes, bytes, bytes]:
    return b"the key:\r\n", data.replace(b"\n", b"\r\n"), b"bye\r\n"


AROUND = [
    Around("text before", _plain(b"Hello,\nthe key:\n\n", b"")),
    Around("text after", _plain(b"", b"\nRegards\n")),
    Around("text on both sides", _plain(b"# notes\n", b"end\n")),
    Around("bag attributes", _plain(b"Bag Attributes\n    localKeyID: C1 DA\nKey Attributes: <No Attributes>\n", b"")),
    Around("a certificate before", _plain(CERTIFICATE, b"")),
    Around("a certificate after", _plain(b"", CERTIFICATE)),
    Around("a cloud's word", _plain(b"", b"OCI_API_KEY\n")),
    Around("YAML's marks", _plain(b"---\n", b"...\n")),
    Around("YAML", _indented),
    Around("JSON", _json),
    Around("a shell's file", _shell),
    Around("a Kubernetes secret", _encoded),
    Around("CR LF", _carriage),
]


@pytest.mark.parametrize("around", AROUND, ids=lambda around: around.name)
def test_every_key_is_read_out_of_its_surroundings(around: Around) -> None:
    for fixture in PRIVATE:
        try:
            whole = read_whole(fixture.data)
        except KeyconvError:
            continue
        if b"\r" in fixture.data or len(whole.entries) != 1 or b"'" in fixture.data or b'"' in fixture.data:
            continue
        document = b"".join(around.put(fixture.data))
        found = read(document)
        (entry,) = found.entries
        (expected,) = whole.entries
        assert (entry.public, entry.private, entry.comment) == (
            expected.public,
            expected.private,
            expected.comment,
        ), fixture.path
        assert found.format == whole.format
        assert found.is_document
        assert "surrounding-text" in {note.code for note in found.notes}


@pytest.mark.parametrize("around", AROUND, ids=lambda around: around.name)
@pytest.mark.parametrize("key", [OPENSSH, PEM, PKCS8, PPK], ids=["openssh", "pem", "pkcs8", "ppk"])
def test_an_edit_changes_the_key_alone_or_is_refused(around: Around, key: bytes) -> None:
    for damaged in (key, key.replace(b"\n", b" \n"), key.replace(b"-----E", b"----E")):
        before, inside, after = around.put(damaged)
        document = before + inside + after
        try:
            done = edit(document)
        except OutputError:
            continue
        if done is None:
            continue
        assert done.data.startswith(before)
        assert done.data.endswith(after)
        assert read(done.data).entries[0].private == read_whole(key).entries[0].private


def test_damage_within_the_keys_own_lines_is_fixed_and_its_wrapper_stays() -> None:
    before, inside, after = _indented(OPENSSH.replace(b"\n", b" \n"))
    done = edit(before + inside + after)
    assert done is not None
    assert (done.data, done.undone) == (b"".join(_indented(OPENSSH)), ("trailing-whitespace",))
    before, inside, after = _json(OPENSSH.replace(b"\n", b" \n"))
    done = edit(before + inside + after)
    assert done is not None
    assert done.data == b"".join(_json(OPENSSH))


WORDS = st.text(st.characters(codec="utf-8"), max_size=80)


@given(before=WORDS, after=WORDS, indent=st.integers(0, 4))
def test_in_random_text_the_key_that_comes_out_is_the_one_that_was_put_in(before: str, after: str, indent: int) -> None:
    rows = b"".join(b" " * indent + row + b"\n" for row in OPENSSH.splitlines())
    document = before.encode() + b"\n" + rows + after.encode()
    try:
        found = read(document)
    except KeyconvError:
        found = None
    if found is not None:
        assert [entry.private for entry in found.entries] == [read_whole(OPENSSH).entries[0].private]
    try:
        done = edit(document)
    except KeyconvError:
        return
    if done is not None and (done.start, done.end) != (0, len(document)):
        assert done.data.startswith(document[: done.start])
        assert done.data.endswith(document[done.end :])


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document(data: bytes) -> None:
    document = find(data)
    assert all(0 <= span.start <= span.end <= len(data) for span in document.spans)
    for span in document.keys:
        assert put_back(data, span, span.text) == data


# ── what is read, and what not ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("data", [OPENSSH, PEM, PKCS8, PPK], ids=["openssh", "pem", "pkcs8", "ppk"])
def test_a_byte_order_mark_and_blank_lines_are_read_with_a_note(data: bytes) -> None:
    for changed, code in (
        (b"\xef\xbb\xbf" + data, "byte-order-mark"),
        (b"\n\n" + data, "blank-lines"),
        (data + b"\n\n", "blank-lines"),
    ):
        if data == PPK and changed.startswith(data):
            continue  # the format ends with its MAC
        found = read(changed)
        assert found.entries[0].private == read_whole(data).entries[0].private
        assert code in {note.code for note in found.notes}
        with pytest.raises(LossError):
            convert(changed, "openssh", strict=True)


def test_blank_lines_inside_an_openssh_key_are_read_as_ssh_keygen_does(tmp_path: Path) -> None:
    changed = OPENSSH.replace(b"\n", b"\n\n", 3)
    path = tmp_path / "key"
    path.write_bytes(changed)
    path.chmod(0o600)
    judged = subprocess.run([require("ssh-keygen"), "-y", "-f", path], capture_output=True, check=True)
    assert judged.stdout.split()[1] == LINE.split()[1]
    assert read(changed).entries[0].private == read_whole(OPENSSH).entries[0].private


def test_the_public_half_beside_the_private_one_is_compared() -> None:
    for document in (PEM + SPKI, SPKI + PEM, b"pair:\n" + PEM + b"\n" + SPKI):
        found = read(document)
        assert found.entries[0].private == read_whole(PEM).entries[0].private
        assert "a PUBLIC KEY" in describe(found.others)
    with pytest.raises(MismatchError) as refused:
        read(PEM + SPKI_ED25519)
    assert refused.value.rule == "key-mismatch"
    assert run("check", "-").code  # it reads nothing here


def test_several_private_keys_need_a_number() -> None:
    found = read(b"two:\n" + OPENSSH + b"and\n" + PEM)
    assert [entry.line for entry in found.entries] == [2, 10]
    assert [key["type"] for key in inspect(found)["keys"]] == ["ssh-ed25519", "ssh-rsa"]
    with pytest.raises(KeyconvError, match="2 keys: 1 at line 2, 2 at line 10"):
        convert(b"two:\n" + OPENSSH + b"and\n" + PEM, "openssh")
    assert read_whole(convert(OPENSSH + PEM, "openssh", key=2)).entries[0].public == read_whole(PEM).entries[0].public


def test_beside_a_damaged_key_none_is_taken() -> None:
    for damaged in (PEM[:800], PPK[:200]):
        with pytest.raises(KeyconvError):
            read(OPENSSH + damaged)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(LINE + OPENSSH, id="a line and a key"),
        pytest.param(OPENSSH + LINE, id="a key and a line"),
        pytest.param(b'command="x" ' + LINE + LINE + PPK, id="lines and a ppk"),
        pytest.param(b"host " + LINE + PEM, id="known_hosts"),
    ],
)
def test_in_a_file_of_lines_a_private_key_is_never_taken(data: bytes) -> None:
    assert read_document(data) is None


def test_a_header_that_a_text_quotes_is_no_key() -> None:
    text = b"Keys begin with\n-----BEGIN OPENSSH PRIVATE KEY-----\n...\n-----END OPENSSH PRIVATE KEY-----\nor so.\n"
    assert find(text).keys == ()
    found = read(text + OPENSSH)
    assert found.entries[0].private == read_whole(OPENSSH).entries[0].private


def test_what_is_left_out_is_listed_with_its_lines() -> None:
    document = b"# TLS\n\n# and more\n" + PEM + CERTIFICATE
    (note,) = (note for note in read(document).notes if note.code == "surrounding-text")
    assert note.message == "left out: 2 lines of other text (lines 1 to 3), a CERTIFICATE (lines 31 to 37)"


# ── commands ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_command_takes_the_key_out_of_a_named_file(tmp_path: Path) -> None:
    path = tmp_path / "haproxy.pem"
    path.write_bytes(PEM + CERTIFICATE)
    path.chmod(0o600)
    left = f"{path}: surrounding-text: left out: a CERTIFICATE (lines 28 to 34)"
    converted = run("convert", path, "-t", "openssh", "-o", tmp_path / "new")
    assert (converted.code, left in converted.err) == (0, True)
    assert read_whole((tmp_path / "new").read_bytes()).entries[0].private == read_whole(PEM).entries[0].private
    public = run("public", path)
    assert (public.code, public.out.startswith(b"ssh-rsa "), left in public.err) == (0, True, True)
    assert run("inspect", path).code == 0
    assert run("match", path, tmp_path / "new").code == 0
    assert path.read_bytes() == PEM + CERTIFICATE
    strict = run("convert", path, "-t", "openssh", "-o", tmp_path / "newer", "--strict")
    assert (strict.code, "left out: a CERTIFICATE" in strict.err, (tmp_path / "newer").exists()) == (6, True, False)


def test_a_repair_says_what_it_leaves_behind(tmp_path: Path) -> None:
    path = tmp_path / "mail"
    path.write_bytes(b"Hello,\nhere:\n" + OPENSSH + b"Regards\n")
    done = run("repair", path, "-o", tmp_path / "key")
    assert done.code == 0
    left = "left out: 2 lines of other text (lines 1 to 2), 1 line of other text (line 10)"
    assert f"{path}: {left}" in done.err
    assert (tmp_path / "key").read_bytes() == OPENSSH


def test_a_document_in_a_folder_is_skipped_with_the_line_of_its_key(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.md").write_bytes(b"# Keys\n\n" + OPENSSH)
    (tmp_path / "in" / "key").write_bytes(OPENSSH)
    done = run("convert", "-r", tmp_path / "in", "-d", tmp_path / "out", "-t", "ppk", "--json")
    assert done.code == 0
    (skipped,) = (each for each in done.json["results"] if each["path"].endswith("notes.md"))
    assert skipped["why"] == "private key at line 3; name the file to take it"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["key.ppk"]
    told = run("convert", "-r", tmp_path / "in", "-d", tmp_path / "again", "-t", "ppk")
    assert f"{tmp_path / 'in' / 'notes.md'}: skipped: private key at line 3; name the file to take it\n" in told.err


def test_in_place_a_document_keeps_what_is_around_its_key(tmp_path: Path) -> None:
    path = tmp_path / "haproxy.pem"
    path.write_bytes(PEM + CERTIFICATE)
    for command in (("repair", "--in-place", path), ("check", "--fix", path)):
        run(*command)
        assert path.read_bytes() == PEM + CERTIFICATE
    refused = run("repair", "--in-place", path)
    assert (refused.code, "a CERTIFICATE (lines 28 to 34)" in refused.err) == (5, True)
    assert f"hint: keyconv repair {path} -o NEW" in refused.err
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("around", AROUND, ids=lambda around: around.name)
@pytest.mark.parametrize("key", [OPENSSH, PEM, PKCS8, PPK], ids=["openssh", "pem", "pkcs8", "ppk"])
def test_a_command_in_place_changes_the_key_alone_or_nothing(around: Around, key: bytes, tmp_path: Path) -> None:
    before, inside, after = around.put(key)
    path, word = tmp_path / "document", tmp_path / "word"
    word.write_bytes(b"correct horse\n")
    expected = read_whole(key).entries[0]
    commands: tuple[tuple[str | Path, ...], ...] = (
        ("comment", path, "another comment"),
        ("passphrase", path, "--new-passphrase-file", word, "--rounds", "1"),
        ("passphrase", path, "--new-passphrase-file", word, "--kdf-passes", "1"),
        ("passphrase", path, "--new-passphrase-file", word),
        ("repair", path, "--in-place", "--no-backup"),
        ("check", path, "--fix", "--no-backup"),
    )
    for command in some(commands, 2, (around.name, key[:40])):
        path.write_bytes(before + inside + after)
        path.chmod(0o600)
        done = run(*command)
        changed = path.read_bytes()
        if done.code not in (0, 1):
            assert changed == before + inside + after, command
            continue
        assert changed.startswith(before), command
        assert changed.endswith(after), command
        found = read(changed).entries[0]
        opened = unlock(found, b"correct horse") if isinstance(found.private, Locked) else found
        assert opened.private == expected.private, command


@pytest.mark.parametrize("number", [1, 2, 3])
def test_in_place_one_of_several_keys_is_changed_and_the_others_stay(number: int, tmp_path: Path) -> None:
    keys = [OPENSSH, by_path("ppk/ecdsa-p256-v2-plain.ppk").data, by_path("openssh/rsa2048-plain").data]
    texts = [b"first\n", b"\nsecond:\n", b"\n# third\n", b"end\n"]
    path, word = tmp_path / "notes.txt", tmp_path / "word"
    word.write_bytes(b"correct horse\n")
    data = b"".join(text + key for text, key in zip(texts, [*keys, b""], strict=True))
    cost = () if number == 2 else ("--rounds", "1")
    for command in (("comment", path, "another"), ("passphrase", path, "--new-passphrase-file", word, *cost)):
        path.write_bytes(data)
        refused = run(*command)
        assert (refused.code, path.read_bytes()) == (2, data)
        assert "--key N, from 1 to 3" in refused.err
        done = run(*command, "--key", str(number))
        assert done.code == 0, done.err
        parts = path.read_bytes()
        for index, (text, key) in enumerate(zip(texts, [*keys, b""], strict=True), 1):
            assert parts.startswith(text)
            parts = parts[len(text) :]
            if index == number:
                changed, expected = read(path.read_bytes()).entries[index - 1], read_whole(key).entries[0]
                span = read(path.read_bytes()).spans[index - 1]
                parts = parts[span.end - span.start :]
                opened = unlock(changed, b"correct horse") if isinstance(changed.private, Locked) else changed
                assert opened.private == expected.private
                assert changed != expected
            else:
                assert parts.startswith(key)
                parts = parts[len(key) :]
        assert parts == b""


def test_a_key_that_is_there_twice_is_not_changed_in_one_place_alone(tmp_path: Path) -> None:
    path = tmp_path / "twice"
    path.write_bytes(OPENSSH + b"\n" + OPENSSH)
    refused = run("comment", path, "another")
    assert (refused.code, path.read_bytes()) == (5, OPENSSH + b"\n" + OPENSSH)
    assert f"hint: keyconv convert {path} -o NEW" in refused.err


def test_a_wrapped_key_gets_its_new_comment_in_its_wrapper(tmp_path: Path) -> None:
    path = tmp_path / "secret.yaml"
    for around in (_indented, _json, _encoded, _shell):
        path.write_bytes(b"".join(around(OPENSSH)))
        assert run("comment", path, "by night").code == 0
        found = read(path.read_bytes())
        assert found.entries[0].comment == b"by night"
        assert found.spans[0].wrappers == read(b"".join(around(OPENSSH))).spans[0].wrappers


@pytest.mark.parametrize("key", [PKCS8, PEM], ids=["pkcs8", "pem"])
def test_a_key_in_der_stays_in_der(key: bytes, tmp_path: Path) -> None:
    made = [require("openssl"), "pkey", "-outform", "DER"]
    data = subprocess.run(made, input=key, capture_output=True, check=True).stdout
    path, word = tmp_path / "key.der", tmp_path / "word"
    path.write_bytes(data)
    word.write_bytes(b"correct horse\n")
    done = run("passphrase", path, "--new-passphrase-file", word)
    if done.code == 0:
        subprocess.run(
            [require("openssl"), "pkey", "-inform", "DER", "-in", path, "-passin", f"file:{word}", "-noout"],
            capture_output=True,
            check=True,
        )
    else:  # traditional PEM has no encrypted form in DER
        assert (done.code, "its encoding cannot be kept" in done.err, path.read_bytes()) == (5, True, data)
        assert f"hint: keyconv convert {path} -o NEW " in done.err


def test_a_diff_shows_lines_rules_and_bytes_and_nothing_of_a_private_key(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(OPENSSH.replace(b"\n", b"\r\n"))
    for command in (("repair", "--diff", path), ("check", "--diff", path)):
        shown = run(*command).out.decode()
        count = OPENSSH.count(b"\n")
        size = len(OPENSSH)
        assert f"@@ lines 1 to {count}: crlf; {size + count} bytes become {size} @@" in shown
        assert shown.count(f"[private key, {count} lines]") == 2
        assert not any(row in shown for row in OPENSSH.decode().split("\n")[1:-2])
    assert path.read_bytes() == OPENSSH.replace(b"\n", b"\r\n")
    path.write_bytes(b"  " + LINE)
    assert f"-  {LINE.decode()}+{LINE.decode()}" in run("repair", "--diff", path).out.decode()


def test_a_fix_keeps_a_backup_that_nobody_else_reads(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for number in ("", "1", "2"):
        path.write_bytes(OPENSSH.replace(b"\n", b"\r\n"))
        path.chmod(0o600)
        done = run("check", "--fix", path, "--format", "json")
        assert done.json["summary"]["backups"] == [f"{path}.bak{number}"]
        backup = Path(f"{path}.bak{number}")
        assert (backup.read_bytes(), backup.stat().st_mode & 0o777) == (OPENSSH.replace(b"\n", b"\r\n"), 0o600)
        assert path.read_bytes() == OPENSSH
    path.write_bytes(OPENSSH.replace(b"\n", b"\r\n"))
    run("check", "--fix", "--no-backup", path)
    assert (path.read_bytes(), Path(f"{path}.bak3").exists()) == (OPENSSH, False)


# ── folders of documents ───────────────────────────────────────────────────────────────────────────────────────────


def _documents(seed: int) -> dict[str, bytes]:
    """Make files as they are in repositories: pages, sources, manifests, playbooks, bundles; with keys and without."""
    chance = random.Random(seed)
    words = b"the key of this host is kept in the vault and rotated by hand every spring".split()
    made: dict[str, bytes] = {}
    for number in range(200):
        key = chance.choice((OPENSSH, PEM, PKCS8, PPK, LINE, SPKI, b""))
        prose = b"\n".join(b" ".join(chance.sample(words, 8)) for _ in range(chance.randint(1, 6)))
        kind = chance.choice(("md", "fenced", "py", "yaml", "json", "bundle", "env", "sh"))
        if kind == "md":
            body = prose + b"\n\n" + b"".join(b"    " + row + b"\n" for row in key.splitlines()) + b"\n" + prose
        elif kind == "fenced":
            body = prose + b"\n\n```\n" + key + b"```\n" + prose + b"\n"
        elif kind == "py":
            body = b'KEY = """\\\n' + key + b'"""\n\n\ndef main():\n    pass\n'
        elif kind == "yaml":
            body = b"".join(_indented(key or b"x\n"))
        elif kind == "json":
            body = b"".join(_json(key))
        elif kind == "bundle":
            body = CERTIFICATE + (key if key != LINE else b"") + CERTIFICATE
        elif kind == "env":
            body = b"A=1\nKEY='" + key + b"'\nB=2\n"
        else:
            body = b"#!/bin/sh\ncat > key <<EOF\n" + key + b"EOF\n"
        made[f"{number}.{kind}"] = body
    return made


def test_fixing_a_folder_of_200_documents_changes_none_of_them(tmp_path: Path) -> None:
    documents = _documents(7)
    for name, body in documents.items():
        (tmp_path / name).write_bytes(body)
    (tmp_path / "id_crlf").write_bytes(OPENSSH.replace(b"\n", b"\r\n"))
    (tmp_path / "id_crlf").chmod(0o600)
    done = run("check", "--fix", tmp_path, "--format", "json")
    assert done.json["summary"]["fixed"] == [str(tmp_path / "id_crlf")]
    changed = [name for name, body in documents.items() if (tmp_path / name).read_bytes() != body]
    assert changed == []
    assert {path.name for path in tmp_path.iterdir()} == {*documents, "id_crlf", "id_crlf.bak"}


def test_no_private_key_of_a_document_is_lost_by_any_repair() -> None:
    for around in AROUND:
        found = search(b"".join(around.put(OPENSSH)))
        assert found is not None, around.name
        assert found.keyfile.entries[0].private == read_whole(OPENSSH).entries[0].private, around.name
