"""What is built and installed: bounds that can be tested, a lock that covers them, nothing but keyconv in the wheel."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from typing import Any

import pytest
from fixture_files import ROOT
from packaging.requirements import Requirement
from packaging.version import Version

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = ROOT / "requirements-dev.txt"
LOCKED = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", LOCK.read_text("utf-8"), re.MULTILINE))
EVERY = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lowest_versions_are_those_of_the_bounds() -> None:
    printed = subprocess.run([sys.executable, ROOT / ".ci" / "lowest"], capture_output=True, text=True, check=True)
    pins = [Requirement(line) for line in printed.stdout.splitlines()]
    wanted = [Requirement(line) for line in PROJECT["dependencies"]]
    assert [pin.name for pin in pins] == [requirement.name for requirement in wanted]
    for pin, requirement in zip(pins, wanted, strict=True):
        (version,) = (each.version for each in pin.specifier)
        assert requirement.specifier.contains(version), f"{pin} is not allowed by {requirement}"
        assert len(Version(version).release) == 3, "a bound that names no release, so that pip finds none"


@pytest.mark.parametrize("line", EVERY)
def test_the_lock_covers_every_requirement(line: str) -> None:
    requirement = Requirement(line)
    assert normal(requirement.name) in LOCKED, f"{requirement.name} is not in {LOCK.name}: renew it"
    assert requirement.specifier.contains(LOCKED[normal(requirement.name)])


def test_every_package_of_the_lock_has_its_hashes() -> None:
    blocks = re.split(r"^(?=[A-Za-z0-9])", LOCK.read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(LOCKED)
    for block in blocks:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.split("\n")[0]
