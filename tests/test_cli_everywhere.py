"""What is the same on every command: --json, --no-input, -q, --color, and a help that fits."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fixture_files import FIXTURES_DIR, ROOT
from test_cli_convert import LOCKED_PPK, OPENSSH, PPK, PUBLIC, run, run_process

from keyconv.cli.app import COMMANDS
from keyconv.cli.declaring import HEADINGS

GROUPS = ("cert", "agent")
EVERY = (
    *((name,) for name in COMMANDS if name not in GROUPS),
    *(("cert", "show"), ("cert", "attach"), ("cert", "detach")),
    *(("agent", "add"), ("agent", "list"), ("agent", "remove")),
    ("doctor",),
)
CERTIFICATE = FIXTURES_DIR / "certificates" / "user-ed25519-cert.pub"


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_every_command_takes_the_same_flags(command: tuple[str, ...]) -> None:
    flags = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", run(*command, "--help").out.decode()))
    assert {"--json", "--no-input", "-q", "--quiet", "--color"} <= flags


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_the_usage_of_a_command_has_no_braces_and_its_help_no_ranges(command: tuple[str, ...]) -> None:
    text = run(*command, "--help").out.decode()
    assert "{" not in text.splitlines()[0]
    assert not re.search(r"\[[0-9<=]*x[<>=]", text)


def _sections(text: str) -> dict[str, set[str]]:
    """Return the flags of a help text under each heading, in the order of the headings."""
    sections: dict[str, set[str]] = {}
    for line in text.splitlines():
        if re.fullmatch(r"[A-Z][A-Za-z ]+:", line):
            sections[line[:-1]] = set()
        elif flags := re.match(r"  (-.*?)(?:  |$)", line):
            next(reversed(sections.values())).update(re.findall(r"(?<![\w-])--[a-z][a-z-]*", flags[1]))
    return sections


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_each_option_is_under_the_heading_of_its_group(command: tuple[str, ...]) -> None:
    sections = _sections(run(*command, "--help").out.decode())
    headings = [each for each in HEADINGS if each in sections]
    assert list(sections) == headings, "known headings alone, in one order"
    assert {"--json", "--no-input", "--quiet", "--color", "--help"} <= sections["Other"]
    for heading, flags in sections.items():
        for flag in flags:
            assert ("passphrase" in flag) <= (heading == "Passphrases"), flag
            assert (flag.startswith("--kdf") or flag == "--allow-costly-kdf") <= (heading == "KDF and cipher"), flag


def test_convert_has_every_group_and_no_option_outside_one() -> None:
    sections = _sections(run("convert", "--help").out.decode())
    assert list(sections) == ["Arguments", "Input", "Output", "Passphrases", "KDF and cipher", "Other"]
    assert {"--from", "--key", "--recursive"} == sections["Input"]
    assert {"--to", "--output", "--directory", "--force", "--strict", "--comment"} == sections["Output"]


@pytest.mark.parametrize("width", [80, 100, 200])
@pytest.mark.parametrize("command", [(), ("cert",), ("agent",)], ids=" ".join)
def test_no_line_of_the_list_of_commands_is_cut(command: tuple[str, ...], width: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "keyconv", *command, "--help"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": str(width)},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = ran.stdout.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert lines
    assert not [line for line in lines if line.rstrip().endswith("...") or len(line) > 80]
    assert all(re.match(r"  [a-z]+ +[A-Z].*\.$", line) for line in lines), "one clause a command, on one line"
    assert len(ran.stdout.splitlines()) <= 32


def test_the_comment_of_a_new_key_is_nobodys_input() -> None:
    text = " ".join(run("generate", "--help").out.decode().split())
    assert "--comment TEXT Comment [default: user@host]." in text


# ── JSON ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Return a damaged key under a name of its own."""
    path = tmp_path / "id"
    path.write_bytes(OPENSSH.read_bytes().replace(b"\n", b"\r\n"))
    path.chmod(0o600)
    return path


def test_repair_says_in_json_what_was_fixed(key: Path, tmp_path: Path) -> None:
    result = run("repair", key, "-o", tmp_path / "new", "--json", "--no-input")
    assert (result.code, result.err) == (0, "")
    assert result.json == {
        "output": str(tmp_path / "new"),
        "format": "openssh",
        "path": str(key),
        "fixed": [{"rule": "crlf", "message": "the line ends are CR LF"}],
        "notes": [{"path": str(key), "message": "fixed crlf: the line ends are CR LF"}],
    }
    shown = run("repair", key, "--diff", "--json").json
    assert shown["diff"].startswith("--- ")
    assert run("repair", key, "--in-place", "--json").json["fixed"][0]["rule"] == "crlf"


def test_generate_says_in_json_what_it_made(tmp_path: Path) -> None:
    result = run("generate", "-o", tmp_path / "id", "--also", "ppk", "--no-passphrase", "--json", "--comment", "me")
    made = result.json
    assert [(Path(each["path"]).name, each["format"]) for each in made["files"]] == [
        *(("id", "openssh"), ("id.pub", "openssh-pub"), ("id.ppk", "ppk"))
    ]
    assert made["public_key"] + "\n" == (tmp_path / "id.pub").read_text()
    assert (made["type"], made["bits"], made["fingerprint"][:7]) == ("ssh-ed25519", 256, "SHA256:")


def test_convert_of_one_key_says_in_json_what_it_says_of_many(tmp_path: Path) -> None:
    one = run("convert", PPK, "-o", tmp_path / "id", "--json").json
    many = run("convert", PPK, "-d", tmp_path / "out", "--json").json
    assert one["summary"] == many["summary"] == {"converted": 1, "failed": 0, "passed_over": 0}
    for each in (one, many):
        del each["results"][0]["output"]
    assert one["results"] == many["results"]


def test_public_gives_the_line_in_json(tmp_path: Path) -> None:
    found = run("public", PPK, "--json").json
    assert found["text"].encode() == run("public", PPK).out
    assert run("public", PPK, "-o", tmp_path / "x", "--json").json["output"] == str(tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == run("public", PPK).out


def test_commands_in_place_say_in_json_what_they_did(key: Path) -> None:
    key.write_bytes(PPK.read_bytes())
    for arguments in (("comment", key, "new"), ("passphrase", key, "--no-passphrase")):
        result = run(*arguments, "--json")
        assert (result.code, result.err) == (0, "")
        assert isinstance(result.json["notes"], list)


def test_cert_says_in_json_where_it_went(tmp_path: Path) -> None:
    result = run("cert", "attach", PPK, CERTIFICATE, "-o", tmp_path / "c.ppk", "--json")
    assert result.json["notes"][-1]["path"] == str(tmp_path / "c.ppk")
    assert run("cert", "detach", tmp_path / "c.ppk", "-o", tmp_path / "c-cert.pub", "--json").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        *(("convert", PPK), ("convert", PPK, "-o", "-"), ("repair", PPK), ("generate", "-o", "-")),
        *(("comment", "-", "x"), ("passphrase", "-"), ("cert", "attach", PPK, CERTIFICATE, "-o", "-")),
        ("cert", "detach", FIXTURES_DIR / "certificates" / "user-ed25519-v3-plain.ppk"),
    ],
    ids=lambda words: " ".join(Path(word).name for word in words),
)
def test_json_and_a_key_do_not_go_to_standard_output_together(arguments: tuple[str | Path, ...]) -> None:
    result = run(*arguments, "--json")
    assert (result.code, result.out) == (2, b"")
    assert json.loads(result.err)["error"]["hint"].startswith("-o FILE")


def test_an_error_is_json_on_every_command(tmp_path: Path) -> None:
    for command in ("repair", "public", "passphrase", "inspect"):
        output = ("-o", tmp_path / "x") if command == "repair" else ()
        result = run(command, tmp_path / "none", *output, "--json")
        assert result.code == 3
        assert result.error["message"] == "no such file"


# ── questions, quiet ───────────────────────────────────────────────────────────────────────────────────────────────


def test_no_input_names_the_passphrase_that_is_missing(tmp_path: Path) -> None:
    old = run("convert", LOCKED_PPK, "-o", tmp_path / "x", "--no-input").err
    assert "the key's passphrase is needed, and --no-input forbids asking for it\n  hint: pass --passphrase-file" in old
    new = run("convert", OPENSSH, "-o", tmp_path / "x", "--new-passphrase", "--no-input").err
    assert "a new passphrase is needed, and --no-input forbids asking for it\n  hint: pass --new-passphrase-file" in new


def test_quiet_says_nothing(key: Path, tmp_path: Path) -> None:
    assert run("repair", key, "-o", tmp_path / "new", "-q").err == ""
    assert run("generate", "-o", tmp_path / "made", "--no-passphrase", "-q").err == ""


# ── colour ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "environment", "coloured"),
    [
        ((), {}, False),
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        (("--color", "auto"), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (("--color", "always", "-o", "report"), {}, False),
    ],
    ids=lambda value: str(value),
)
def test_colour_is_as_the_flag_says_and_else_the_environment(
    arguments: tuple[str, ...], environment: dict[str, str], coloured: bool, tmp_path: Path
) -> None:
    plain = {
        name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS")
    }
    where = {**plain, **environment, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-m", "keyconv", "check", str(PUBLIC), str(PPK), *arguments],
        cwd=tmp_path,
        env=where,
        capture_output=True,
        check=False,
    )
    report = (tmp_path / "report").read_bytes() if "report" in arguments else ran.stdout
    assert (b"\x1b[" in report) is coloured


def test_another_word_for_a_colour_is_a_usage_error() -> None:
    assert run_process("check", PPK, "--color", "blue").code == 2
