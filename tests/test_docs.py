"""What the documentation shows is what happens: its commands, its examples, its tables and its links."""

from __future__ import annotations

import base64
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fixture_files import FIXTURES_DIR, ROOT
from test_cli_convert import run
from tools import PATIENCE, require

import keyconv

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet

README = ROOT / "README.md"
CHANGELOG = ROOT / "CHANGELOG.md"
CLI = ROOT / "docs" / "cli.md"
PAGES = (README, CHANGELOG, *sorted((ROOT / "docs").rglob("*.md")))

EXAMPLES = {
    "id_rsa.ppk": "ppk/rsa2048-v3-plain.ppk",
    "id_ed25519": "openssh/ed25519-plain",
    "id_ed25519.pub": "openssh-pub/ed25519.pub",
    "certificate.pub": "certificates/user-ed25519-cert.pub",
    "id_ed25519_sk": "openssh/sk-ed25519-plain",
    "authorized_keys": "authorized_keys/authorized_keys",
    "deploy.ppk": "ppk/ed25519-v3-argon2id-encrypted.ppk",
    "laptop": "openssh/ed25519-encrypted",
    "old.ppk": "ppk/rsa2048-v2-encrypted.ppk",
    "saved-by-puttygen.pub": "rfc4716/rsa2048-puttygen.pub",
    "two-keys": "openssh/two-keys-plain",
    "unknown-file": "misnamed/id_rsa",
    "with-certificate.ppk": "certificates/user-ed25519-v3-plain.ppk",
    "keys/alice.ppk": "ppk/ecdsa-p256-v3-plain.ppk",
    "keys/team/bob.ppk": "ppk/rsa2048-v2-encrypted.ppk",
    "keys/README.txt": "README.md",
}
"""The files that every example finds in its folder, with the fixtures that they are; docs/development.md lists them."""

FORBIDDEN = ("/work/", "helper session", "issue #")

_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]\n]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(?P<title>.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a page."""

    page: Path
    line: int
    text: str

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a console block, and the lines that it prints."""

    command: str
    output: list[str]


def _blocks(page: Path, language: str) -> Iterator[Block]:
    text = page.read_text("utf-8")
    for found in _BLOCK.finditer(text):
        if found["language"] == language:
            yield Block(page, text.count("\n", 0, found.start()) + 1, found["text"])


def _console_blocks() -> list[ParameterSet]:
    # What stands in the pages of rules is printed by the program itself: docs/rules_pages.py --check holds it.
    pages = [page for page in PAGES if page.parent.name != "rules"]
    return [pytest.param(block, id=block.name) for page in pages for block in _blocks(page, "console")]


def _pages_with_python() -> list[ParameterSet]:
    return [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in PAGES if any(_blocks(page, "python"))]


def _pages() -> list[ParameterSet]:
    return [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in PAGES]


def _readme_command(name: str) -> str:
    """Return the command of the block that is marked `<!-- command: NAME -->` in README.md."""
    found = re.search(rf"^<!-- command: {name} -->\n```sh\n(.*?)^```$", README.read_text("utf-8"), re.M | re.S)
    assert found is not None, f"README.md has no block marked 'command: {name}'"
    return found[1].strip()


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """Make the folder in which examples run."""
    folder = tmp_path / "home" / "examples"
    for name, fixture in EXAMPLES.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FIXTURES_DIR / fixture, target)
        target.chmod(0o600)
    plain = (folder / "id_rsa.ppk").read_bytes()
    (folder / "edited.ppk").write_bytes(re.sub(rb"(?m)^Comment: .*$", b"Comment: work", plain))
    whole = (folder / "id_ed25519").read_bytes()
    (folder / "windows-line-ends").write_bytes(whole.replace(b"\n", b"\r\n"))
    (folder / "cut-short").write_bytes(whole[:200])
    certificate = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(bytes(57 * 19)) + b"-----END CERTIFICATE-----\n"
    pem = (FIXTURES_DIR / "pem" / "rsa2048-ssh-keygen-plain.pem").read_bytes()
    (folder / "haproxy.pem").write_bytes(pem + certificate)
    (folder / "mail.txt").write_bytes(b"Hello,\nhere is the key:\n" + pem + b"Regards\n")
    (folder / "passphrase.txt").write_text("correct horse\n")
    (tmp_path / "home" / ".ssh").mkdir()
    return folder


# ── examples ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _steps(block: Block) -> Iterator[Step]:
    step = None
    for line in block.text.splitlines():
        if line.startswith("$ "):
            if step is not None:
                yield step
            step = Step(line[2:], [])
        else:
            assert step is not None, f"{block.name}: the first line is no command"
            step.output.append(line.rstrip())
    assert step is not None, f"{block.name}: there is no command"
    yield step


def _environment(folder: Path) -> dict[str, str]:
    program = folder.parent / "bin" / "keyconv"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m keyconv "$@"\n')
    program.chmod(0o755)
    return {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder.parent),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "120",
        "KEY_PASSPHRASE": "correct horse",
        "NEW_PASSPHRASE": "battery staple",
        "DEPLOY_KEY": "***",
    }


def _pattern(lines: list[str]) -> re.Pattern[str]:
    """Return a pattern for the output: `...` stands for anything, on a line of its own for any lines."""
    parts = []
    for line in lines:
        if line == "...":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append(".+".join(re.escape(part) for part in line.split("...")) + r"\n")
    return re.compile("".join(parts))


@pytest.mark.parametrize("block", _console_blocks())
def test_commands_do_what_the_page_shows(block: Block, examples: Path) -> None:
    shell = require("bash")
    environment = _environment(examples)
    steps = list(_steps(block))
    code = 0
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        ran = subprocess.run(
            [shell, "-c", f"(exit {code})\n{step.command}"],
            cwd=examples,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # no terminal to ask on, whoever runs the tests
            timeout=PATIENCE,
        )
        code = ran.returncode
        shown_to_fail = following is not None and following.command == "echo $?"
        assert code == 0 or shown_to_fail, f"{block.name}: {step.command}: exit code {code}\n{ran.stdout}"
        printed = "".join(f"{line.rstrip()}\n" for line in ran.stdout.splitlines())
        assert _pattern(step.output).fullmatch(printed), f"{block.name}: {step.command} printed\n{ran.stdout}"


@pytest.mark.parametrize("page", _pages_with_python())
def test_python_examples_run(page: Path, examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(examples)
    names: dict[str, object] = {"__name__": "example"}
    for block in _blocks(page, "python"):
        code = compile("\n" * block.line + block.text, str(page), "exec", dont_inherit=True)
        exec(code, names)


def test_there_are_examples_at_all() -> None:
    assert sum(1 for _ in _blocks(README, "console")) >= 5
    assert any(_blocks(README, "python"))
    assert any(_blocks(ROOT / "docs" / "library.md", "python"))


# ── tables, commands, flags ────────────────────────────────────────────────────────────────────────────────────────


def test_tables_are_fresh() -> None:
    ran = subprocess.run([sys.executable, ROOT / "docs" / "tables.py", "--check"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("name", ["try", "test"])
def test_ci_runs_the_very_commands_of_the_readme(name: str) -> None:
    shown = subprocess.run(
        [require("bash"), ROOT / ".ci" / "run", "--show", name], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == _readme_command(name)


def test_the_readme_runs_the_tests_as_they_are_configured() -> None:
    assert _readme_command("test").endswith(" -m pytest"), "no option that hides the closing line or a test"


def _help(*command: str) -> str:
    return run(*command, "--help", COLUMNS="300", TERMINAL_WIDTH="300").out.decode()


def _commands(*group: str) -> list[tuple[str, ...]]:
    """Name every command below a group, groups included."""
    names = re.findall(r"^  ([a-z]+) ", _help(*group).partition("Commands:\n")[2].partition("\n\n")[0], re.MULTILINE)
    return [command for name in names for command in ((*group, name), *_commands(*group, name))]


def test_every_command_and_every_flag_is_in_the_reference() -> None:
    page = CLI.read_text("utf-8")
    commands = _commands()
    assert ("convert",) in commands
    for command in commands:
        name = " ".join(command)
        assert f"`keyconv {name}" in page, f"docs/cli.md says nothing about {name}"
        listed = " ".join(re.findall(r"^  -.*", _help(*command), re.MULTILINE))
        flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", listed))
        assert "--help" in flags
        missing = sorted(flag for flag in flags - {"--help"} if f"`{flag}" not in page)
        assert not missing, f"docs/cli.md does not explain {missing} of {name}"


def test_every_dependency_has_its_reason() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    for requirement in project["dependencies"]:
        assert f"`{requirement}`" in page, f"docs/dependencies.md does not explain {requirement}"


def test_every_layer_is_in_the_architecture() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    package = ROOT / "keyconv"
    names = {path.name for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    missing = sorted(name for name in names if f"`{name.removesuffix('.py')}" not in page)
    assert not missing


# ── text ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", _pages())
def test_relative_links_lead_somewhere(page: Path) -> None:
    prose = _FENCED.sub("", page.read_text("utf-8"))
    for found in _LINK.finditer(prose):
        target, _, anchor = found["target"].partition("#")
        if ":" in target:
            continue
        end = (page.parent / target).resolve() if target else page
        assert end.exists(), f"{found['target']} leads nowhere"
        if anchor:
            titles = _HEADING.findall(_FENCED.sub("", end.read_text("utf-8")))
            assert anchor in map(_anchor, titles), f"{found['target']} leads to no heading"


@pytest.mark.parametrize("page", _pages())
def test_pages_speak_of_the_project_alone(page: Path) -> None:
    text = page.read_text("utf-8").lower()
    assert not [word for word in FORBIDDEN if word in text]


def test_every_page_is_in_the_contents() -> None:
    contents = (ROOT / "docs" / "index.md").read_text("utf-8")
    folder = ROOT / "docs"
    linked = {found["target"].partition("#")[0] for found in _LINK.finditer(contents)}
    pages = {page.relative_to(folder).as_posix() for page in folder.rglob("*.md")}
    rules = {page for page in pages if page.startswith("rules/")}  # rules/README.md has those
    assert pages - linked - rules <= {"index.md"}


def test_the_changelog_knows_this_version() -> None:
    assert re.search(rf"^## {re.escape(keyconv.__version__)}(?: |$)", CHANGELOG.read_text("utf-8"), re.MULTILINE)
