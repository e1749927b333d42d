"""What stands beside a key under a name made from its own: one table of endings, and the comment of the `.pub`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from fixture_files import PASSPHRASE, by_path, sample
from test_cli_convert import Result, only_entry, posix, run
from tools import PATIENCE, require

from keyconv import FORMATS, Passphrase, WriteOptions, write
from keyconv.checks.company import companions
from keyconv.cli.siblings import find, find_certificate
from keyconv.formats import REGISTRY, bare_name

LINE = by_path("openssh-pub/ed25519.pub").data
ALICE = b" ".join(LINE.split()[:2]) + b" alice@laptop\n"
BLOCK = write(only_entry(ALICE), "rfc4716")
CERTIFICATE = by_path("certificates/user-ed25519-cert.pub").data
OTHER = by_path("openssh-pub/rsa2048.pub").data
KEY = sample("openssh/ed25519-plain")
SILENT = [known.name for known in FORMATS if known.can.private and known.write and not known.can.comment]
"""The formats of private keys that hold no comment."""


def placed(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.touch(0o600)
    path.write_bytes(data)
    return path


def comment_in(path: Path) -> bytes:
    return only_entry(path.read_bytes()).comment or b""


def silent_key(format: str) -> bytes:
    """A key that the format holds, without a comment, and its line."""
    return write(KEY if "ed25519" in next(f for f in FORMATS if f.name == format).can.families else RSA, format)


RSA = sample("openssh/rsa2048-plain")


def line_of(format: str) -> bytes:
    families = next(known for known in FORMATS if known.name == format).can.families
    line = LINE if "ed25519" in families else OTHER
    return b" ".join(line.split()[:2]) + b" alice@laptop\n"


def converted(folder: Path, key: Path, *flags: str | Path) -> tuple[Result, bytes]:
    out = folder / "out"
    result = run("convert", key, "-o", out, "--force", "-t", "openssh", *flags)
    assert result.code == 0, result.err
    return result, comment_in(out)


# ── the table ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_suffix_that_a_format_is_written_with_is_one_of_its_endings() -> None:
    records = {known.name: known for known in FORMATS}
    for known in REGISTRY:
        suffix = records[known.name].suffix
        assert not suffix or suffix in known.endings, known.name


@pytest.mark.parametrize("ending", sorted({ending for known in REGISTRY for ending in known.endings}))
def test_every_ending_of_a_format_is_taken_off(ending: str) -> None:
    for spelled in (ending, ending.upper()):
        assert bare_name("id" + spelled) == "id"
        assert bare_name("a.b/id" + spelled) == "a.b/id"
        assert bare_name(spelled) == spelled
        assert bare_name("a/" + spelled) == "a/" + spelled


def test_what_is_no_ending_of_a_format_stays() -> None:
    for name in ("id", "id.txt", "id_rsa", "key", "a.ppk/id", "ppk"):
        assert bare_name(name) == name


@pytest.mark.parametrize("ending", ["", *sorted({each for known in REGISTRY for each in known.endings} - {".pub"})])
def test_certificate_and_pub_are_found_beside_every_name_and_by_check_too(ending: str, tmp_path: Path) -> None:
    key = placed(tmp_path, "id" + ending, b"")
    public, certificate = placed(tmp_path, "id.pub", b""), placed(tmp_path, "id-cert.pub", b"")
    assert find(str(key), ".pub") == [str(public)]
    assert find_certificate(str(key)) == str(certificate)
    assert {str(public), str(certificate)} <= {each.path for each in companions(str(key))}


@pytest.mark.parametrize("name", ["id.pem", "id.p8", "id.pkcs8", "id.key", "id.der", "id.PEM"])
def test_the_certificate_beside_a_key_of_any_name_is_taken_along(name: str, tmp_path: Path) -> None:
    key = placed(tmp_path, name, write(KEY, "pkcs8"))
    placed(tmp_path, "id-cert.pub", CERTIFICATE)
    assert run("convert", key, "-o", tmp_path / "out.ppk").code == 0
    assert only_entry((tmp_path / "out.ppk").read_bytes()).certificate == only_entry(CERTIFICATE).certificate


def test_a_folder_of_p8_files_becomes_files_of_the_bare_name(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    placed(tmp_path / "keys", "id.p8", write(KEY, "pkcs8"))
    assert run("convert", "-r", tmp_path / "keys", "-d", tmp_path / "out").code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["id"]


# ── the comment of the .pub, in convert and public ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("format", SILENT)
@pytest.mark.parametrize("pub", ["id.pub", "whole name"])
def test_the_comment_beside_a_key_whose_format_holds_none_is_taken_along(format: str, pub: str, tmp_path: Path) -> None:
    key = placed(tmp_path, "id.p8", silent_key(format))
    public = placed(tmp_path, "id.p8.pub" if pub == "whole name" else pub, line_of(format))
    result, comment = converted(tmp_path, key)
    assert comment == b"alice@laptop"
    assert result.err.count(f"keyconv: {public}: the comment beside the key is taken along\n") == 1
    line = run("public", key)
    assert (line.code, line.out) == (0, line_of(format))


def test_an_rfc4716_file_beside_the_key_will_do(tmp_path: Path) -> None:
    key = placed(tmp_path, "id", write(KEY, "pkcs8"))
    placed(tmp_path, "id.pub", BLOCK)
    assert converted(tmp_path, key)[1] == b"alice@laptop"


def test_the_real_tools_show_the_comment_that_was_taken_along(tmp_path: Path) -> None:
    key = tmp_path / "id"
    made: list[str | Path] = [
        "-q",
        "-t",
        "rsa",
        "-b",
        "2048",
        "-m",
        "PEM",
        "-N",
        "",
        "-C",
        "alice on laptop",
        "-f",
        key,
    ]
    subprocess.run([require("ssh-keygen"), *made], check=True, timeout=PATIENCE)
    assert run("convert", key, "-o", tmp_path / "new.ppk").code == 0
    assert run("convert", key, "-o", tmp_path / "new", "-t", "openssh").code == 0
    listed = subprocess.run(
        [require("puttygen"), tmp_path / "new.ppk", "-L"], capture_output=True, check=True, timeout=PATIENCE
    ).stdout
    assert listed == (tmp_path / "id.pub").read_bytes()
    shown = subprocess.run(
        [require("ssh-keygen"), "-l", "-f", tmp_path / "new"], capture_output=True, check=True, timeout=PATIENCE
    ).stdout
    assert b" alice on laptop (RSA)" in shown


@pytest.mark.parametrize("empty", [b"", b" "])
def test_a_pub_without_a_comment_gives_none(empty: bytes, tmp_path: Path) -> None:
    key = placed(tmp_path, "id", write(KEY, "pkcs8"))
    placed(tmp_path, "id.pub", b" ".join(LINE.split()[:2]) + empty + b"\n")
    result, comment = converted(tmp_path, key)
    assert (comment, "taken along" in result.err) == (b"", False)


def test_a_comment_of_the_file_s_own_wins_and_that_of_the_command_line_over_all(tmp_path: Path) -> None:
    key = placed(tmp_path, "id", write(KEY, "ppk"))
    placed(tmp_path, "id.pub", ALICE)
    result, comment = converted(tmp_path, key)
    assert (comment, "taken along" in result.err) == (KEY.comment, False)
    key.write_bytes(write(KEY, "pkcs8"))
    for text in ("mine", ""):
        result, comment = converted(tmp_path, key, "--comment", text)
        assert (comment, "taken along" in result.err) == (text.encode(), False)
        line = run("public", key, "--comment", text).out
        assert line.split() == [*LINE.split()[:2], *text.encode().split()]


def test_of_standard_input_nothing_is_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("-.pub", ".pub"):
        placed(tmp_path, name, ALICE)
    result = run("convert", "-", "-t", "openssh", "-o", "-", stdin=write(KEY, "pkcs8"))
    assert (result.code, only_entry(result.out).comment or b"") == (0, b"")


def test_a_pub_of_another_key_is_stale_and_nothing_is_taken_of_it(tmp_path: Path) -> None:
    key, public = placed(tmp_path, "id.pem", write(KEY, "pkcs8")), placed(tmp_path, "id.pub", OTHER)
    result, comment = converted(tmp_path, key)
    assert comment == b""
    assert f"keyconv: {public}: stale-public: this is not the public half of {key}\n" in result.err
    right = placed(tmp_path, "id.pem.pub", ALICE)
    result, comment = converted(tmp_path, key)
    assert comment == b"alice@laptop"
    assert f"keyconv: {right}: the comment beside the key is taken along\n" in result.err


def test_a_pub_that_is_no_key_gives_nothing_and_says_why(tmp_path: Path) -> None:
    key, public = placed(tmp_path, "id", write(KEY, "pkcs8")), placed(tmp_path, "id.pub", b"# remarks\n")
    result, comment = converted(tmp_path, key)
    assert comment == b""
    assert f"keyconv: {public}: its comment is not taken along: " in result.err


def test_a_target_without_comments_loses_none_for_the_file_had_none(tmp_path: Path) -> None:
    key = placed(tmp_path, "id.pem", write(RSA, "pem"))
    placed(tmp_path, "id.pub", OTHER)
    result = run("convert", key, "-t", "pkcs8", "-o", tmp_path / "out", "--strict")
    assert (result.code, "lost" in result.err) == (0, False)


@pytest.mark.parametrize("format", ["pem", "pkcs8"])
def test_an_encrypted_key_is_compared_once_it_is_open(format: str, tmp_path: Path) -> None:
    key = placed(tmp_path, "id", write(RSA, format, WriteOptions(passphrase=Passphrase(PASSPHRASE), rounds=1)))
    word = placed(tmp_path, "word", PASSPHRASE + b"\n")
    placed(tmp_path, "id.pub", line_of("pem"))
    flags = ("--passphrase-file", word, "--no-passphrase")
    assert converted(tmp_path, key, *flags)[1] == b"alice@laptop"
    placed(tmp_path, "id.pub", ALICE)
    result, comment = converted(tmp_path, key, *flags)
    assert (comment, "stale-public: " in result.err) == (b"", True)


@posix
def test_of_a_link_the_pub_beside_the_file_that_it_leads_to_is_found(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    key = placed(tmp_path / "real", "id", write(KEY, "pkcs8"))
    placed(tmp_path / "real", "id.pub", ALICE)
    (tmp_path / "link").symlink_to(key)
    assert converted(tmp_path, tmp_path / "link")[1] == b"alice@laptop"


def test_in_a_folder_each_key_takes_the_comment_beside_it(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    placed(tmp_path / "keys", "id", write(KEY, "pkcs8"))
    placed(tmp_path / "keys", "id.pub", ALICE)
    assert run("convert", "-r", tmp_path / "keys", "-d", tmp_path / "out").code == 0
    assert comment_in(tmp_path / "out" / "id") == b"alice@laptop"


# ── inspect ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_inspect_shows_the_comment_beside_the_key_and_where_it_is_from(tmp_path: Path) -> None:
    key, public = placed(tmp_path, "id", write(KEY, "pkcs8")), placed(tmp_path, "id.pub", ALICE)
    (described,) = json.loads(run("inspect", key, "--json").out)
    assert described["comment"] == "alice@laptop"
    assert f"comment-beside: the comment is that of {public}" in described["notes"]
    assert b"  comment      alice@laptop\n" in run("inspect", key).out


def test_inspect_names_a_pub_of_another_key_or_with_another_comment(tmp_path: Path) -> None:
    key, public = placed(tmp_path, "id", write(KEY, "openssh")), placed(tmp_path, "id.pub", OTHER)
    (described,) = json.loads(run("inspect", key, "--json").out)
    assert described["notes"] == [f"stale-public: {public} is not the public half of this key"]
    public.write_bytes(ALICE)
    (described,) = json.loads(run("inspect", key, "--json").out)
    assert described["comment"] == (KEY.comment or b"").decode()
    assert described["notes"] == [f"comment-differs: {public} has another comment: 'alice@laptop'"]
    public.write_bytes(LINE)
    (described,) = json.loads(run("inspect", key, "--json").out)
    assert described["notes"] == []


def test_a_comment_that_is_hidden_is_not_compared(tmp_path: Path) -> None:
    locked = write(KEY, "openssh", WriteOptions(passphrase=Passphrase(PASSPHRASE), rounds=1))
    key, word = placed(tmp_path, "id", locked), placed(tmp_path, "word", PASSPHRASE + b"\n")
    placed(tmp_path, "id.pub", ALICE)
    assert json.loads(run("inspect", key, "--json").out)[0]["notes"] == []
    (described,) = json.loads(run("inspect", key, "--json", "--passphrase-file", word).out)
    assert [note.split(":")[0] for note in described["notes"]] == ["comment-differs"]
