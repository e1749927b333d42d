"""What programs and libraries write by default gets no finding above `info` for the form in which it is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from default_keys import MAKERS, explained, findings, make
from tools import require, some


@pytest.mark.parametrize("program", MAKERS)
def test_nothing_that_a_program_writes_by_default_is_above_info(program: str, tmp_path: Path) -> None:
    if program in ("puttygen", "ssh-keygen", "openssl"):
        require(program)
    elif program == "asyncssh":
        pytest.importorskip("asyncssh")  # which tests/default_keys.py asks for, and no other test
    ways = list(MAKERS[program](tmp_path / "key", tmp_path / "secret"))
    found = findings(make(program, tmp_path / "keys", some(range(len(ways)), 6, program)))
    assert [each for each in found if each[2] != "info" and not explained(program, each[1])] == []
    assert found, "a key without a passphrase is always found"
