"""Help, version, completion and usage errors of the whole program; every command and flag of the contract is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from fixture_files import ROOT
from test_cli_convert import run, run_process
from typer.core import TyperGroup
from typer.main import get_command

import keyconv
from keyconv import __main__ as dash_m
from keyconv.cli.app import COMMANDS, app

PASSPHRASE_FLAGS = ("--passphrase-file", "--passphrase-fd", "--passphrase-env", "--allow-costly-kdf")
NEW_PASSPHRASE_FLAGS = ("--new-passphrase-file", "--new-passphrase-fd", "--new-passphrase-env", "--no-passphrase")
KDF_FLAGS = (
    *("--kdf", "--kdf-memory", "--kdf-passes", "--kdf-time", "--kdf-parallelism"),
    *("--rounds", "--cipher"),
)

# cli.md, word for word. -j/--jobs comes with the workers.
CONTRACT: dict[str, tuple[str, ...]] = {
    "convert": (
        *("-t", "-o", "-d", "-r", "--recursive", "--from", "--key", "--force", "--strict", "--comment", "--json"),
        *("-q", "--quiet", "--no-input", *PASSPHRASE_FLAGS, *NEW_PASSPHRASE_FLAGS, *KDF_FLAGS),
    ),
    "public": (
        *("-t", "-o", "--from", "--key", "--force", "--strict", "--comment", "-q", "--quiet", "--no-input"),
        *PASSPHRASE_FLAGS,
    ),
    "inspect": (
        *("--json", "--format", "-r", "--recursive", "-j", "--visual", "--from", "--key", "-q", "--quiet"),
        *PASSPHRASE_FLAGS,
    ),
    "match": ("--json", "--from", "-q", "--quiet", "--no-input", *PASSPHRASE_FLAGS),
    "formats": ("--json",),
}


@cache
def help_of(*arguments: str) -> str:
    result = run(*arguments, "--help")
    assert (result.code, result.err) == (0, "")
    return result.out.decode()


def flags_in(text: str) -> set[str]:
    """Return the flags that a help text lists, not those that its sentences mention."""
    listed = re.findall(r"^  (-.*?)(?:  |$)", text, re.MULTILINE)
    return {flag for line in listed for flag in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", line)}


def test_every_command_of_the_contract_is_in_the_help() -> None:
    listed = re.findall(r"^  ([a-z]+)  ", help_of().split("Commands:")[1], re.MULTILINE)
    assert set(CONTRACT) <= set(listed)


@pytest.mark.parametrize("command", CONTRACT)
def test_every_flag_of_the_contract_is_in_the_help_of_its_command(command: str) -> None:
    assert set(CONTRACT[command]) <= flags_in(help_of(command))


@pytest.mark.parametrize("command", CONTRACT)
def test_no_flag_takes_a_passphrase_itself(command: str) -> None:
    assert not flags_in(help_of(command)) & {"--passphrase", "-P", "-N", "--password", "--new-password"}
    if "--new-passphrase" in flags_in(help_of(command)):  # which asks
        assert run(command, "--new-passphrase=secret", "x").code == 2


@pytest.mark.parametrize("command", CONTRACT)
def test_h_is_help_and_the_help_says_what_the_command_does(command: str) -> None:
    text = help_of(command)
    assert run(command, "-h").out.decode() == text
    assert text.startswith("Usage: ")
    assert len(text.splitlines()[2].strip()) > 20


def test_the_defaults_of_the_contract_are_in_the_help() -> None:
    text = help_of("convert")
    for flag, default in (
        ("--kdf-memory", "[8192]"),
        ("--kdf-time", "[100]"),
        ("--kdf-parallelism", "[1]"),
        ("--rounds", "[24]"),
        ("--cipher", "[aes256-ctr]"),
        ("--kdf ", "[argon2id]"),
    ):
        start = text.index(f"  {flag}")
        assert default in text[start : text.index("\n  -", start)]


SUB_COMMANDS = ("cert show", "cert attach", "cert detach", "agent add", "agent list", "agent remove")


@pytest.mark.parametrize("command", ["", *COMMANDS, *SUB_COMMANDS])
def test_help_fits_a_terminal_of_80_columns(command: str) -> None:
    lines = help_of(*command.split()).splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if line.endswith("...") and not line.startswith("Usage: ")], "nothing is cut"


def test_the_first_help_fits_a_screen_and_names_its_options() -> None:
    text = help_of()
    assert len(text.splitlines()) <= 24
    assert all(flag in text for flag in ("-V, --version", "-h, --help", "keyconv FILE", "keyconv help COMMAND"))


def test_wide_terminals_get_the_same_lines() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "keyconv", "--help"],
        cwd=ROOT,
        capture_output=True,
        env={**os.environ, "COLUMNS": "200"},
        check=True,
    )
    assert ran.stdout.decode() == help_of()


def test_without_a_command_the_help_is_shown() -> None:
    result = run()
    assert result.code == 2
    assert (result.out.decode() + result.err).startswith("Usage: ")
    assert "convert" in result.out.decode() + result.err


def test_version_names_program_and_version() -> None:
    assert run("--version").out.decode() == f"keyconv {keyconv.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (("convrt", "x"), "convert"),
        (("convert", "--strct", "x"), "--strict"),
        (("convert", "x", "-t", "openshh"), "openssh"),
        (("inspect", "x", "--jsn"), "--json"),
        (("public", "x", "-t", "openssh-bup"), "openssh-pub"),
        (("inspect", "x", "--from", "pkp"), "ppk"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_misspelt_exits_2_and_the_nearest_name_is_given(arguments: tuple[str, ...], nearest: str) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (2, b"")
    assert nearest in result.err


@pytest.mark.parametrize("command", ["convert", "public", "inspect", "match"])
def test_without_an_input_it_is_a_usage_error(command: str) -> None:
    assert run(command).code == 2


def test_a_file_whose_name_begins_with_a_dash_follows_two_dashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-x").write_bytes((ROOT / "fixtures" / "ppk" / "ed25519-v3-plain.ppk").read_bytes())
    assert run("public", "--", "-x").code == 0


# ── one program under two names ────────────────────────────────────────────────────────────────────────────────────


def test_the_console_script_and_python_m_are_the_same_function() -> None:
    script = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]["keyconv"]
    module, _, name = script.partition(":")
    assert getattr(import_module(module), name) is vars(dash_m)["main"]


def test_the_console_script_and_python_m_say_the_same() -> None:
    script = shutil.which("keyconv", path=str(Path(sys.executable).parent))
    as_script = "import sys; from keyconv.__main__ import main; sys.argv[0] = '/usr/bin/keyconv'; sys.exit(main())"
    command = [script] if script else [sys.executable, "-c", as_script]
    for arguments in (["convert", "--help"], ["convert", "no/such/file"]):
        runs = [
            subprocess.run([*each, *arguments], cwd=ROOT, capture_output=True)
            for each in (command, [sys.executable, "-m", "keyconv"])
        ]
        assert runs[0].returncode == runs[1].returncode
        assert (runs[0].stdout, runs[0].stderr) == (runs[1].stdout, runs[1].stderr)
    assert runs[0].stderr == b"keyconv: no/such/file: no such file\n"


def test_an_interrupt_while_the_program_is_being_loaded_ends_it_without_a_traceback() -> None:
    boot = """
import sys
class Interrupt:
    def find_spec(self, name, path, target=None):
        if name == "typer":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
from keyconv.__main__ import main
main()
"""
    ran = subprocess.run([sys.executable, "-c", boot], cwd=ROOT, capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, b"", b"")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_declared_under_its_own_name(name: str) -> None:
    declared = get_command(app)
    assert isinstance(declared, TyperGroup)
    assert declared.commands[name].name == name
    assert list(declared.commands) == list(COMMANDS)


@pytest.mark.parametrize(("arguments", "nearest"), [(("cer",), "cert"), (("cert", "sho"), "show")])
def test_a_command_that_there_is_not_is_named_with_those_that_are_like_it(
    arguments: tuple[str, ...], nearest: str
) -> None:
    result = run_process(*arguments)
    assert result.code == 2
    assert result.err.startswith(f"keyconv: no such command '{arguments[-1]}'. Did you mean '{nearest}'")


OWN_WORDS = {
    "bash": ("complete -o default -F _keyconv_completion keyconv", "complete_bash"),
    "zsh": ("#compdef keyconv", "complete_zsh"),
    "fish": ("complete --command keyconv", "complete_fish"),
    "powershell": ("Register-ArgumentCompleter -Native -CommandName keyconv", "complete_powershell"),
}
"""What only the shell's own script has in it, and what it asks keyconv."""

SYNTAX = {"bash": ("bash", "-n"), "zsh": ("zsh", "-n"), "fish": ("fish", "--no-execute")}


@pytest.mark.parametrize("shell", OWN_WORDS)
def test_each_shell_gets_its_own_completion_script(shell: str, tmp_path: Path) -> None:
    result = run_process("completion", shell)
    assert (result.code, result.err) == (0, "")
    script = result.out.decode()
    for name, (registers, asks) in OWN_WORDS.items():
        assert (registers in script, asks in script) == (name == shell, name == shell), name
    assert "python" not in script
    assert run("completion", shell, "--json").json == {"shell": shell, "script": script}
    if shell in SYNTAX and shutil.which(shell):
        (tmp_path / "script").write_text(script, "utf-8")
        parsed = subprocess.run([*SYNTAX[shell], tmp_path / "script"], capture_output=True)
        assert (parsed.returncode, parsed.stderr) == (0, b"")


def test_bash_completes_with_the_script(tmp_path: Path) -> None:
    if not (bash := shutil.which("bash")) or os.name == "nt":
        pytest.skip("there is no bash")
    (tmp_path / "keyconv").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m keyconv "$@"\n')
    (tmp_path / "keyconv").chmod(0o755)
    (tmp_path / "script").write_bytes(run("completion", "bash").out)
    typed = 'COMP_WORDS=(keyconv convert x --to rfc); COMP_CWORD=4; _keyconv_completion keyconv; echo "${COMPREPLY[@]}"'
    asked = subprocess.run(
        [bash, "-c", f'. "$1"; {typed}', "bash", tmp_path / "script"],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert (asked.returncode, asked.stdout, asked.stderr) == (0, "rfc4716\n", "")


def test_completion_of_an_unknown_shell_names_those_there_are() -> None:
    result = run_process("completion", "tcsh")
    assert (result.code, result.out) == (2, b"")
    assert all(shell in result.err for shell in OWN_WORDS)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("keyconv conv", ["convert"]),
        ("keyconv cert at", ["attach"]),
        ("keyconv cert attach --in", ["--in-place"]),
        ("keyconv generate --type ec", ["ecdsa"]),
        ("keyconv convert x --to op", ["openssh", "openssh-pub"]),
        ("keyconv convert x --from ppk1", ["ppk1"]),
        ("keyconv convert x --to ppk1", []),
        ("keyconv public x --to ppk", []),
        ("keyconv public x --to rfc", ["rfc4716"]),
        ("keyconv rule weak-k", ["weak-kdf"]),
        ("keyconv check --select weak-k", ["weak-kdf"]),
        ("keyconv check --ignore weak-k", ["weak-kdf"]),
        ("keyconv check --preset str", ["strict"]),
        ("keyconv generate --also rfc", ["rfc4716"]),
    ],
)
def test_the_completion_completes(line: str, words: list[str]) -> None:
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" ")), "_KEYCONV_COMPLETE": "complete_bash"}
    result = run_process(env={**os.environ, **asked})
    assert result.out.decode().split() == words


def test_help_that_cannot_be_written_exits_5() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    for arguments in (("--help",), ("--version",), ("convert", "--help")):
        with Path("/dev/full").open("wb") as full:
            result = run_process(*arguments, stdout=full)
        assert (result.code, result.err) == (5, "keyconv: cannot write to standard output: disk full\n")
