"""The numbers of docs/scale.md are those that benchmarks/rates.py has measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fixture_files import ROOT

from benchmarks import rates


def test_the_tables_of_the_page_are_those_of_the_measurement() -> None:
    script = ROOT / "benchmarks" / "rates.py"
    ran = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_stale_table_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = json.loads(rates.JSON.read_text("utf-8"))
    measured["seconds"] = {name: 2 * each for name, each in measured["seconds"].items()}
    other = tmp_path / "rates.json"
    other.write_text(json.dumps(measured), "utf-8")
    monkeypatch.setattr(rates, "JSON", other)
    assert rates.main(["--check"]) == 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0000042, "4.2 µs"),
        (0.25, "250 ms"),
        (90, "90 s"),
        (180, "3.0 min"),
        (7200, "2.0 h"),
        (864_000, "10 days"),
    ],
)
def test_a_time_is_told_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert rates.duration(seconds) == words
