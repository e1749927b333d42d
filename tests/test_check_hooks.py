"""Where `keyconv check` plugs in: pre-commit's hooks, the GitHub action, the examples in the documentation."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from fixture_files import ROOT, by_path
from test_check import _alone, check, save  # noqa: F401 - a fixture of pytest's
from tools import PATIENCE, require

from keyconv.checks import settings

ED25519 = by_path("openssh/ed25519-plain").data
ED25519_PUB = by_path("openssh-pub/ed25519.pub").data
HOOKS = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
ACTION = (ROOT / "action.yml").read_text("utf-8")
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")


def entries() -> dict[str, list[str]]:
    """Return the hooks by their ids: the words of their entries."""
    ids = re.findall(r"^- id: (\S+)$", HOOKS, re.MULTILINE)
    commands = re.findall(r"^  entry: (.+)$", HOOKS, re.MULTILINE)
    return {name: command.split() for name, command in zip(ids, commands, strict=True)}


def test_the_two_hooks_are_there() -> None:
    assert set(entries()) == {"keyconv-check", "keyconv-no-private-keys"}


@pytest.mark.parametrize("hook", ["keyconv-check", "keyconv-no-private-keys"])
def test_a_hook_passes_over_what_is_no_key_and_finds_what_is(hook: str) -> None:
    command = entries()[hook][2:]
    save("README.md", b"-----BEGIN OPENSSH PRIVATE KEY-----\nlooks like that\n")
    save("key.pub", ED25519_PUB)
    assert check(*command, "README.md", "key.pub").code == 0
    save("key", ED25519)
    assert check(*command, "README.md", "key.pub", "key").code == 1


def test_an_ignored_file_that_a_hook_names_is_judged() -> None:
    save(".gitignore", b"key\n")
    save("key", ED25519)
    assert check(*entries()["keyconv-check"][2:], "key").code == 1


def test_the_real_pre_commit_runs_the_hooks(tmp_path: Path) -> None:
    pre_commit = require("pre-commit")
    require("git")
    repository = tmp_path / "repository"
    repository.mkdir()
    hooks = "".join(
        f"      - id: {name}\n        name: {name}\n        language: system\n        types: [file]\n"
        f"        entry: {sys.executable} -m {' '.join(entry)}\n"
        for name, entry in entries().items()
    )
    (repository / ".pre-commit-config.yaml").write_text(f"repos:\n  - repo: local\n    hooks:\n{hooks}")
    (repository / "README.md").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nis how they begin\n")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PRE_COMMIT_HOME": str(tmp_path / "home"),
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }

    def run(*command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, cwd=repository, env=environment, capture_output=True, timeout=PATIENCE)

    run("git", "init", "-q")
    run("git", "add", "-A")
    clean = run(pre_commit, "run", "--all-files")
    assert clean.returncode == 0, clean.stdout
    (repository / "deploy").write_bytes(ED25519)
    run("git", "add", "-A")
    dirty = run(pre_commit, "run", "--all-files")
    assert dirty.returncode == 1
    assert b"private-not-public" in dirty.stdout
    assert b"unencrypted" in dirty.stdout


def test_the_action_puts_no_input_into_a_script() -> None:
    for script in re.findall(r"run: \|\n((?:        .*\n)+)", ACTION):
        assert "${{" not in script


def test_the_action_asks_for_flags_that_there_are() -> None:
    save("folder/key.pub", ED25519_PUB)
    for _ in range(2):
        assert check("--format", "sarif", "--output", "report.sarif", "--force", "--", "folder").code == 0


def test_the_settings_in_the_documentation_can_be_read() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert tomllib.loads(block)
    policy = settings.read(block, is_pyproject=True)
    assert policy is not None
    assert policy.thresholds == settings.preset("default").thresholds


def test_the_documentation_names_flags_that_there_are() -> None:
    shown = check("--help").out
    for flag in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) - {"--update-bl"}:
        assert flag in shown, flag
