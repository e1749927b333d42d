"""The benchmarks start, judge what they time, and the page shows what was measured. No time decides here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from fixture_files import FIXTURES_DIR, ROOT
from tools import require

sys.path.insert(0, str(ROOT))

from benchmarks import tables
from benchmarks import worker as worker_script
from benchmarks.bench import Bench
from benchmarks.commands import Command, Loop, peak_of, weighing
from benchmarks.experiments import EXPERIMENTS, encrypted
from benchmarks.judging import Judge
from benchmarks.making import Key, make_files, make_lines
from benchmarks.results import Experiment, Goal, Results, Row, Sample, load, save
from benchmarks.timing import Contender, ToolError, WrongResultError, left_out, measure
from benchmarks.tools import Tools
from benchmarks.workers import Worker

MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in (ROOT / "benchmarks").rglob("[a-z]*.py")
)
PYTHON = sys.executable
ED25519 = FIXTURES_DIR / "openssh" / "ed25519-plain"
RSA = FIXTURES_DIR / "openssh" / "rsa2048-plain"


def _public_of_fixture(name: str) -> str:
    return " ".join((FIXTURES_DIR / "openssh-pub" / f"{name}.pub").read_text().split()[:2])


def _tools() -> Tools:
    return Tools((PYTHON, "-m", "keyconv"), require("puttygen"), require("ssh-keygen"), None, None, None, None, {})


def _copy(source: Path, target: Path) -> Path:
    target.write_bytes(source.read_bytes())
    target.chmod(0o600)
    return target


@contextmanager
def _worker(library: str, folder: Path) -> Iterator[Worker]:
    with Worker(PYTHON, library, folder) as worker:
        yield worker


def _row(case: str, tool: str, seconds: float) -> Row:
    return Row(case, tool, Sample(seconds, seconds, seconds, 3))


def _some_results() -> Results:
    rows = (_row("convert", "keyconv", 0.2), _row("convert", "puttygen", 0.05), Row("convert", "openssl", None, "no"))
    goals = (Goal("convert", "of something", 2.0, 1.5, "x"),)
    return Results({"date": "today"}, (Experiment("start-up", "A title", rows, goals, ("A remark.",)),))


# ── the scripts ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", MODULES)
def test_every_module_of_the_benchmarks_imports(name: str) -> None:
    assert import_module(name).__doc__


@pytest.mark.parametrize("script", ["run.py", "tables.py", "plots.py"])
def test_scripts_start_from_any_folder(script: str, tmp_path: Path) -> None:
    ran = subprocess.run([PYTHON, ROOT / "benchmarks" / script, "--help"], cwd=tmp_path, capture_output=True, text=True)
    assert "usage: " in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr


# ── judging ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["ed25519", "rsa2048", "ecdsa-p256"])
@pytest.mark.parametrize("suffix", ["openssh", "ppk"])
def test_the_judge_finds_the_key_in_private_files(name: str, suffix: str, tmp_path: Path) -> None:
    fixtures = {"openssh": f"openssh/{name}-plain", "ppk": f"ppk/{name}-v3-plain.ppk"}
    path = _copy(FIXTURES_DIR / fixtures[suffix], tmp_path / "key")
    judge = Judge(_tools())
    judge.expect(path, _public_of_fixture(name))
    assert [each.name for each in tmp_path.iterdir()] == ["key"], "the judge leaves nothing behind"


def test_the_judge_refuses_another_key_a_broken_file_and_none(tmp_path: Path) -> None:
    judge = Judge(_tools())
    path = _copy(ED25519, tmp_path / "key")
    with pytest.raises(WrongResultError, match="another key"):
        judge.expect(path, _public_of_fixture("rsa2048"))
    path.write_bytes(b"nothing")
    with pytest.raises(WrongResultError, match="no other program"):
        judge.expect(path, _public_of_fixture("ed25519"))
    with pytest.raises(WrongResultError, match="there is no"):
        judge.expect(tmp_path / "absent", _public_of_fixture("ed25519"))


def test_the_judge_sees_an_edited_ppk(tmp_path: Path) -> None:
    path = _copy(FIXTURES_DIR / "ppk" / "ed25519-v3-plain.ppk", tmp_path / "key.ppk")
    path.write_bytes(path.read_bytes().replace(b"Comment: ", b"Comment: x"))
    assert Judge(_tools()).public_of(path) == ""


# ── taking turns ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_tools_take_turns_and_every_run_but_the_first_counts() -> None:
    order: list[str] = []

    def contender(tool: str, seconds: float) -> Contender:
        def work() -> float:
            order.append(tool)
            return seconds

        return Contender("task", tool, work, lambda: None)

    rows = measure([contender("a", 1.0), contender("b", 2.0)], 3)
    assert order == ["a", "b", "a", "b", "b", "a", "a", "b"]
    assert [row.sample for row in rows] == [Sample(1.0, 1.0, 1.0, 3), Sample(2.0, 2.0, 2.0, 3)]


def test_who_fails_or_makes_something_else_is_not_timed_and_the_reason_is_kept() -> None:
    def fail() -> float:
        raise ToolError("exit code 1")

    def reject() -> None:
        raise WrongResultError("another key")

    runs: list[int] = []

    def lie() -> float:
        runs.append(1)
        return 1.0

    rows = measure(
        [
            Contender("task", "fails", fail, lambda: None),
            Contender("task", "lies", lie, reject),
            Row("task", "cannot", None, "reads no PPK"),
        ],
        5,
    )
    assert [(row.sample, row.why) for row in rows] == [
        (None, "exit code 1"),
        (None, "another key"),
        (None, "reads no PPK"),
    ]
    assert len(runs) == 1


def test_no_round_begins_after_the_budget_but_everybody_gets_a_time() -> None:
    contenders = [Contender("task", tool, lambda: 1.0, lambda: None) for tool in ("a", "b")]
    assert [row.sample and row.sample.runs for row in measure(contenders, 5, budget=-1)] == [1, 1]
    assert [row.sample and row.sample.runs for row in measure(contenders, 5, warm=False, budget=-1)] == [1, 1]


def test_what_would_take_too_long_is_left_out_with_the_reason() -> None:
    smaller = Row("10 lines", "a", Sample(2.0, 2.0, 2.0, 1), items=10)
    assert left_out(smaller, "100 lines", 100, 20.0) is None
    assert left_out(smaller, "100 lines", 100, 19.0) == Row(
        "100 lines", "a", None, "left out: would take some 20 s", 100
    )
    failed = Row("10 lines", "a", None, "too large", 10)
    assert left_out(failed, "100 lines", 100, 20.0) == Row("100 lines", "a", None, "too large", 100)


def test_a_part_of_the_work_is_scaled_to_the_whole() -> None:
    (row,) = measure([Contender("task", "a", lambda: 0.5, lambda: None, items=100, scale=10.0)], 2, warm=False)
    assert row.sample == Sample(5.0, 5.0, 5.0, 2)
    assert row.items == 100


# ── commands and workers ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_command_clears_its_outputs_and_says_why_it_failed(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    seen = Command((PYTHON, "-c", "import os; print(os.path.exists('out'))"), tmp_path, fresh=("out",))
    assert seen() > 0
    assert seen.printed() == "False\n"
    assert (seen.count("False"), seen.count("True")) == (1, 0)
    with pytest.raises(ToolError, match="exit code 3: the end"):
        Command((PYTHON, "-c", "import sys; print('the end', file=sys.stderr); sys.exit(3)"), tmp_path)()


def test_a_loop_is_the_sum_of_its_commands(tmp_path: Path) -> None:
    append = Command((PYTHON, "-c", "open('ran', 'a').write('x')"), tmp_path)
    assert Loop((append, append, append))() > 0
    assert (tmp_path / "ran").read_text() == "xxx"


@pytest.mark.skipif(sys.platform == "win32", reason="memory is measured by wait4")
def test_peak_memory_is_that_of_the_program_and_not_of_its_parent(tmp_path: Path) -> None:
    held = b"x" * (100 << 20)
    small = weighing(Command((PYTHON, "-I", "-S", "-c", "pass"), tmp_path))
    assert small() > 0
    assert peak_of(small) < len(held) // 2
    large = weighing(Command((PYTHON, "-I", "-S", "-c", "x = b'x' * (60 << 20)"), tmp_path))
    assert large() > 0
    assert peak_of(large) > 60 << 20


@pytest.mark.parametrize("library", ["keyconv", "cryptography"])
def test_workers_convert_time_and_answer_with_what_went_wrong(library: str, tmp_path: Path) -> None:
    with _worker(library, tmp_path) as worker:
        worker.ask("convert", paths=[str(RSA)], target="pem", outputs=["out"])
        Judge(_tools()).expect(tmp_path / "out", _public_of_fixture("rsa2048"))
        assert worker.ask("time", paths=[str(RSA)] * 3, target="pem", least=0.001) > 0
        (tmp_path / "broken").write_bytes(b"nothing")
        with pytest.raises(ToolError, match="Error: "):
            worker.ask("convert", paths=["broken"], target="pem", outputs=["out"])
        assert worker.ask("time", paths=[str(ED25519)] * 3, target="openssh", least=0.001) > 0, "it goes on"


# ── inputs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_long_file_has_as_many_keys_as_it_says_and_ssh_keygen_reads_all(tmp_path: Path) -> None:
    large = 3 << 1534
    make_lines(tmp_path / "lines", 21, ((large + 1, large + 3), (large + 5, large + 7)))
    listed = Command((require("ssh-keygen"), "-l", "-f", "lines"), tmp_path)
    listed()
    prints = [line.split()[1] for line in listed.printed().splitlines()]
    assert len(prints) == 21
    assert len(set(prints)) == 20
    assert prints[0] == prints[-1]
    types = [line.split()[-1] for line in listed.printed().splitlines()]
    assert (types.count("(ED25519)"), types.count("(RSA)"), types.count("(ECDSA)")) == (15, 2, 4)


def test_made_files_are_of_different_keys_and_other_programs_agree_which(tmp_path: Path) -> None:
    shares = {"Ed25519": 1, "ECDSA P-521": 1, "RSA-2048": 1}
    with _worker("keyconv", tmp_path) as worker:
        made = make_files(worker, tmp_path / "in", 4, shares, mixed=True)
    assert [path.suffix for path, _ in made] == [".ppk", "", ".ppk", ""]
    assert [public.split()[0] for _, public in made] == [
        "ssh-ed25519",
        "ecdsa-sha2-nistp521",
        "ssh-rsa",
        "ssh-ed25519",
    ]
    assert len({public for _, public in made}) == 4
    for path, public in made:
        Judge(_tools()).expect(path, public)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="keys are timed in forked children")
def test_what_a_library_remembers_is_forgotten_between_two_turns() -> None:
    seen: list[bytes] = []

    def convert(data: bytes, target: str) -> bytes:
        seen.append(data)
        return data

    paths = [str(ED25519), str(ED25519), str(RSA), str(RSA)]
    assert worker_script._time(convert, paths, "pem", 0.000_001) > 0
    worker_script._convert(convert, paths[:1], "pem", [os.devnull])
    assert seen == [ED25519.read_bytes()] * 2, "the keys that warm up, and none that was timed"


def test_the_cost_of_an_encrypted_key_is_read_from_the_file() -> None:
    ppk = FIXTURES_DIR / "ppk" / "ed25519-v3-argon2id-encrypted.ppk"
    assert encrypted.argon2_of(ppk) == {"flavour": "Argon2id", "memory": 1024, "passes": 2, "lanes": 1}
    assert encrypted.bcrypt_rounds_of(FIXTURES_DIR / "openssh" / "ed25519-encrypted") == 4


def test_an_experiment_runs_from_keys_to_rows_on_tiny_inputs(tmp_path: Path) -> None:
    key = Key("RSA-2048", FIXTURES_DIR / "ppk" / "rsa2048-v3-plain.ppk", RSA, _public_of_fixture("rsa2048"))
    bench = Bench(_tools(), tmp_path / "bench", (key,), quick=True)
    found = EXPERIMENTS["programs"](bench)
    by_tool = {(row.case, row.tool): row for row in found.rows}
    assert by_tool["PPK to OpenSSH", "keyconv"].sample, by_tool["PPK to OpenSSH", "keyconv"].why
    assert by_tool["PPK to OpenSSH", "puttygen"].sample
    assert by_tool["OpenSSH to PEM", "ssh-keygen"].sample
    assert by_tool["PPK to OpenSSH", "openssl"].why == "reads no PPK"
    assert by_tool["PPK to OpenSSH", "sshpk-conv"].why == "not installed"


# ── results, tables, plots ─────────────────────────────────────────────────────────────────────────────────────────


def test_results_survive_their_file(tmp_path: Path) -> None:
    save(_some_results(), tmp_path / "results.json")
    assert load(tmp_path / "results.json") == _some_results()


@pytest.mark.parametrize(
    ("value", "bound", "at_most", "met"),
    [(1.5, 1.5, True, True), (1.51, 1.5, True, False), (30, 30, False, True), (29, 30, False, False)],
)
def test_whether_a_goal_is_met_is_computed(value: float, bound: float, at_most: bool, met: bool) -> None:
    goal = Goal("task", "of it", value, bound, "x", at_most)
    assert goal.met is met
    assert tables.goal_words(goal).endswith("x, met" if met else "x, not met")
    assert not replace(goal, value=None).met


def test_the_table_has_ratios_goals_and_reasons() -> None:
    text = tables.whole(_some_results())
    assert "| convert | keyconv | 200 ms |" in text
    assert "| 0.25 x |" in text
    assert "at most 1.5 x of something: 2 x, not met" in text
    assert "| - (no) |" in text
    assert "0 of 1 goals are met." in text
    assert "A remark." in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(12.34, "12.3 s"), (0.9999, "1 s"), (0.1234, "123 ms"), (0.000_012_34, "12.3 µs"), (1234.5, "1,234 s")],
)
def test_times_have_three_digits_and_a_unit(seconds: float, words: str) -> None:
    assert tables.duration(seconds) == words


def test_the_page_and_its_plots_show_what_was_measured() -> None:
    ran = subprocess.run([PYTHON, ROOT / "benchmarks" / "tables.py", "--check"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_experiment_is_on_the_page_with_its_plot() -> None:
    page = tables.PAGE.read_text("utf-8")
    for name in EXPERIMENTS:
        assert f"<!-- measured: {name} -->" in page
        assert f"(images/benchmark-{name}.svg)" in page
    assert {each.name for each in load(tables.RESULTS).experiments} == set(EXPERIMENTS)


def test_a_plot_of_other_numbers_is_stale(tmp_path: Path) -> None:
    results = _some_results()
    (experiment,) = results.experiments
    path = tmp_path / tables.image_name(experiment)
    assert tables.stale_plots(results, tmp_path) == [path.name]
    path.write_text(f"<svg>results {experiment.digest()}</svg>")
    assert tables.stale_plots(results, tmp_path) == []
    changed = replace(experiment, rows=(_row("convert", "keyconv", 0.3),))
    assert tables.stale_plots(replace(results, experiments=(changed,)), tmp_path) == [path.name]


def test_the_same_numbers_make_the_same_plot(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from benchmarks.plots import draw

    (experiment,) = _some_results().experiments
    draw(experiment, tmp_path / "one.svg")
    draw(experiment, tmp_path / "two.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert experiment.digest() in (tmp_path / "one.svg").read_text("utf-8")
