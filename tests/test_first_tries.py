"""Wrong first tries of people who know puttygen, ssh-keygen or openssl: each answer names the right command."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
from fixture_files import FIXTURES_DIR, ROOT
from test_cli_convert import Result, run, run_process

import keyconv
from keyconv import FORMATS, read
from keyconv.cli.app import COMMANDS
from keyconv.formats import ALIASES
from keyconv.keys import FAMILIES, family_named
from keyconv.text.nearest import nearest

FILES = {
    "id_rsa.ppk": "ppk/rsa2048-v3-plain.ppk",
    "id_rsa": "openssh/rsa2048-plain",
    "my key": "openssh/ed25519-plain",
    "id.pem": "pem/rsa2048-ssh-keygen-plain.pem",
    "id.pub": "openssh-pub/ed25519.pub",
    "ssh2.pub": "rfc4716/rsa2048-puttygen.pub",
    "id-cert.pub": "certificates/user-ed25519-cert.pub",
    "keys/a.ppk": "ppk/ed25519-v3-plain.ppk",
}

TRIES = [
    # puttygen
    ("id_rsa.ppk -O private-openssh -o new", "keyconv convert id_rsa.ppk -t openssh -o new"),
    ("convert id_rsa.ppk -O private-openssh -o new", "keyconv convert id_rsa.ppk -t openssh -o new"),
    ("convert id_rsa.ppk -O private-openssh-new -o new", "keyconv convert id_rsa.ppk -t openssh -o new"),
    ("convert id_rsa.ppk -o new -O private-sshcom", "keyconv convert id_rsa.ppk -t sshcom -o new"),
    ("id_rsa -O private -o new.ppk", "keyconv convert id_rsa -t ppk -o new.ppk"),
    ("id_rsa.ppk -O public-openssh -o new.pub", "keyconv public id_rsa.ppk -o new.pub"),
    ("id_rsa.ppk -O public", "keyconv public id_rsa.ppk -t rfc4716"),
    ("id_rsa.ppk -O fingerprint", "keyconv inspect id_rsa.ppk"),
    ("id_rsa.ppk -L", "keyconv public id_rsa.ppk"),
    ("-l id_rsa.ppk", "keyconv inspect id_rsa.ppk"),
    ("convert id_rsa.ppk -C 'a comment' -o new", "keyconv convert id_rsa.ppk -o new --comment 'a comment'"),
    # ssh-keygen
    ("-y -f 'my key'", "keyconv public 'my key'"),
    ("public -y -f id_rsa", "keyconv public id_rsa"),
    ("-l -f id.pub", "keyconv inspect id.pub"),
    ("inspect -l -f id.pub", "keyconv inspect id.pub"),
    ("-L -f id-cert.pub", "keyconv cert show id-cert.pub"),
    ("-e -f id.pub", "keyconv public id.pub -t rfc4716"),
    ("-e -m PKCS8 -f id.pub", "keyconv public id.pub -t spki"),
    ("-i -f ssh2.pub", "keyconv convert ssh2.pub -o NEW"),
    ("convert -i id_rsa.ppk -o new", "keyconv convert id_rsa.ppk -o new"),
    ("-p -f id_rsa", "keyconv passphrase id_rsa"),
    ("-p -m PEM -f id_rsa", "keyconv convert id_rsa -t pem -o NEW"),
    ("convert id_rsa -m PEM -o new.pem", "keyconv convert id_rsa -t pem -o new.pem"),
    ("convert id_rsa -m PKCS8 -o new.pem", "keyconv convert id_rsa -t pkcs8 -o new.pem"),
    ("generate -f new -C me -N ''", "keyconv generate -o new --comment me --no-passphrase"),
    ("-t ed25519 -f new", "keyconv"),
    ("generate", "keyconv generate -o id_ed25519"),
    # openssl
    ("convert -in id.pem -out new", "keyconv convert id.pem -o new"),
    ("rsa -in id.pem -out new", "keyconv convert id.pem -o new"),
    ("convert -inform PEM -in id.pem -outform PEM -out new", "keyconv convert id.pem -t pem -o new"),
    ("rsa -in id.pem -pubout", "keyconv public id.pem"),
    # no passphrase on a command line
    ("convert id_rsa --passphrase hunter2 -o new", "keyconv convert id_rsa -o new --passphrase-file PASSPHRASE_FILE"),
    ("convert id_rsa --passphrase=hunter2 -o new", "keyconv convert id_rsa -o new --passphrase-file PASSPHRASE_FILE"),
    ("convert id_rsa -P hunter2 -o new", "keyconv convert id_rsa -o new --passphrase-file PASSPHRASE_FILE"),
    ("convert id_rsa --password hunter2 -o new", "keyconv convert id_rsa -o new --passphrase-file PASSPHRASE_FILE"),
    ("passphrase id_rsa -N hunter2", "keyconv passphrase id_rsa --new-passphrase-file PASSPHRASE_FILE"),
    ("passphrase id_rsa hunter2", "keyconv passphrase id_rsa"),
    ("decrypt id_rsa -P hunter2", "keyconv passphrase id_rsa --passphrase-file PASSPHRASE_FILE"),
    # names and flags in the wrong place
    ("convert id_rsa.ppk new", "keyconv convert id_rsa.ppk -o new"),
    ("convert id_rsa.ppk 'new key' -t openssh", "keyconv convert id_rsa.ppk -t openssh -o 'new key'"),
    ("convert id_rsa.ppk id_rsa", "keyconv convert -d DIR id_rsa.ppk id_rsa"),
    ("id_rsa.ppk new", "keyconv convert id_rsa.ppk -o new"),
    ("id_rsa.ppk -o new", "keyconv convert id_rsa.ppk -o new"),
    ("id_rsa -t ppk -o new.ppk", "keyconv convert id_rsa -t ppk -o new.ppk"),
    ("public id_rsa.ppk new.pub", "keyconv public id_rsa.ppk -o new.pub"),
    ("repair id_rsa new", "keyconv repair id_rsa -o new"),
    ("comment id_rsa my new laptop", "keyconv comment id_rsa 'my new laptop'"),
    ("convert keys", "keyconv convert -r keys -d NEW"),
    ("inspect keys", "keyconv check keys"),
    ("convert keys -d new", "-r"),
    ("--json inspect id_rsa", "keyconv inspect --json id_rsa"),
    # misspelt, and other words for it
    ("convrt id_rsa -o new", "keyconv convert id_rsa -o new"),
    ("fix id_rsa", "keyconv repair id_rsa"),
    ("explain id_rsa", "keyconv inspect id_rsa"),
    ("show id_rsa", "keyconv inspect id_rsa"),
    ("fingerprint id_rsa", "keyconv inspect id_rsa"),
    ("validate id_rsa", "keyconv check id_rsa"),
    ("export id_rsa -o new", "keyconv convert id_rsa -o new"),
    ("pubkey id_rsa", "keyconv public id_rsa"),
    ("keygen -o new", "keyconv generate -o new"),
    ("compare id_rsa id.pub", "keyconv match id_rsa id.pub"),
    ("convert id_rsa -t opnessh -o new", "openssh"),
    ("convert id_rsa -t ssh-rsa -o new", "a type of key, not a format"),
    ("convert id_rsa --outt new", "--output"),
    ("convert id_rsa --forse", "--force"),
    ("-v", "keyconv --version"),
    ("help convrt", "keyconv convert --help"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, fixture in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((FIXTURES_DIR / fixture).read_bytes())
        (tmp_path / name).chmod(0o600)
    return tmp_path


def program(*arguments: str, folder: Path) -> Result:
    """Run the program in a folder."""
    return run_process(*arguments, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)})


@pytest.mark.parametrize(("line", "named"), TRIES, ids=[line for line, _ in TRIES])
def test_the_answer_names_the_right_command(
    line: str, named: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = program(*shlex.split(line), folder=folder)
    assert result.code in (2, 3)
    assert named in result.err
    assert "hunter2" not in result.err + result.out.decode()
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert len(result.err.splitlines()) <= 2


WHOLE = [
    (line, named)
    for line, named in TRIES
    if named.startswith("keyconv ") and not re.search("NEW|DIR|[A-Z]_FILE", named)
]


@pytest.mark.parametrize(("line", "named"), WHOLE, ids=[line for line, _ in WHOLE])
def test_the_command_that_is_named_works(line: str, named: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = shlex.split(named)[1:]
    if arguments[0] in ("generate", "passphrase") and "--no-passphrase" not in arguments:
        arguments.append("--no-passphrase")
    expected = {0, 1} if arguments[0] in ("check", "match") else {0}
    monkeypatch.chdir(folder)
    assert run(*arguments).code in expected, line


def test_there_are_forty_of_them() -> None:
    assert len(TRIES) >= 40


# ── help and version ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", COMMANDS)
def test_help_explains_a_command(name: str) -> None:
    assert run("help", name).out == run(name, "--help").out
    assert run("help", name).code == 0


def test_help_alone_is_the_help() -> None:
    assert run("help").out == run("--help").out
    assert run("help", "cert", "show").out == run("cert", "show", "--help").out


@pytest.mark.parametrize("word", ["version", "-V", "--version"])
def test_the_version_is_printed(word: str) -> None:
    assert run(word).out.decode() == f"keyconv {keyconv.__version__}\n"


# ── words ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        *(("ssh2", "rfc4716"), ("pub", "openssh-pub"), ("pkcs1", "pem"), ("sec1", "pem"), ("putty", "ppk")),
        *(("openssh-private", "openssh"), ("traditional", "pem"), ("private-openssh", "openssh"), ("PUTTY", "ppk")),
    ],
)
def test_formats_have_the_names_that_people_use(alias: str, name: str) -> None:
    result = run("convert", FIXTURES_DIR / "openssh" / "rsa2048-plain", "-t", alias)
    assert (result.code, read(result.out).format) == (0, name)


def test_no_alias_is_a_format_or_leads_to_an_old_one() -> None:
    names = {known.name for known in FORMATS}
    assert not names & {*ALIASES}
    assert not {*ALIASES.values()} & {"ppk1", "ppk2", "ssh1", "ssh1-pub"}


@pytest.mark.parametrize("name", ["ssh-ed25519", "ED25519", "rsa", "ssh-rsa", "ecdsa-sha2-nistp256", "ec"])
def test_key_types_have_the_names_of_their_algorithms(name: str, tmp_path: Path) -> None:
    bits = ("-b", "2048") if "rsa" in name else ()
    assert run("generate", "-t", name, *bits, "-o", tmp_path / "id", "--no-passphrase").code == 0
    (entry,) = read((tmp_path / "id").read_bytes()).entries
    assert entry.public is not None
    assert entry.public.family == family_named(name)


def test_a_type_in_the_place_of_a_format_is_named_as_one() -> None:
    result = run("convert", FIXTURES_DIR / "openssh" / "ed25519-plain", "-t", "ssh-ed25519")
    assert (result.code, "'ssh-ed25519' is a type of key, not a format" in result.err) == (2, True)


def test_every_family_is_known_by_its_own_name() -> None:
    assert [family_named(name) for name in FAMILIES] == [*FAMILIES]
    assert family_named("rss") == ""


@pytest.mark.parametrize(
    ("word", "names", "found"),
    [
        ("convrt", COMMANDS, "convert"),
        ("ocnvert", COMMANDS, "convert"),
        ("explain", COMMANDS, ""),
        ("frobnicate", COMMANDS, ""),
        ("x", COMMANDS, ""),
        ("ssh2", ("ssh1", "sshfp"), "ssh1"),  # which is why the old ones are not among the names that are asked
        ("in", ("json", "key"), ""),
        ("pass", ("kdf-passes",), ""),
    ],
)
def test_only_what_is_near_is_suggested(word: str, names: tuple[str, ...], found: str) -> None:
    assert nearest(word, names) == found


@pytest.mark.parametrize("typed", ["ssh11", "shs1", "ppk11", "pppk2", "ssh-1"])
def test_no_old_format_is_suggested(typed: str) -> None:
    result = run("convert", FIXTURES_DIR / "openssh" / "ed25519-plain", "-t", typed)
    assert result.code == 2
    assert not re.search("did you mean '(ssh1|ssh1-pub|ppk1|ppk2)'", result.err)


@pytest.mark.parametrize("flag", ["--frobnicate", "--in-place", "--zzz"])
def test_a_flag_that_is_near_none_gets_no_suggestion(flag: str) -> None:
    result = run_process("convert", "x", flag)
    assert result.code == 2
    assert result.err == f"keyconv: no such option: {flag}\n  hint: keyconv convert --help\n"


def test_with_json_the_answer_is_json() -> None:
    result = run_process("convert", "x", "-O", "private-openssh", "--json")
    assert result.error["code"] == "usage"
    assert result.error["hint"] == "keyconv convert x -t openssh -o NEW --json"


def test_two_dashes_end_the_flags(tmp_path: Path) -> None:
    (tmp_path / "-in").write_bytes((FIXTURES_DIR / "ppk" / "ed25519-v3-plain.ppk").read_bytes())
    assert program("public", "--", "-in", folder=tmp_path).code == 0
