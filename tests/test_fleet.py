"""`keyconv check` for many repositories: baselines, exclusions, statistics, and exit codes that a script asks for."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest
from fixture_files import FIXTURES, by_path
from hypothesis import given
from hypothesis import strategies as st
from test_cli_convert import Result, run

from keyconv.checks import baseline
from keyconv.checks.baseline import Baseline, Entry
from keyconv.checks.model import Finding
from keyconv.cli import accepted
from keyconv.errors import UsageError

PLAIN = by_path("openssh/ed25519-plain").data
OTHER = by_path("openssh/rsa2048-plain").data
CRLF = PLAIN.replace(b"\n", b"\r\n")
SECRET = PLAIN.split(b"\n")[2]


def check(folder: Path, *arguments: str | Path) -> Result:
    return run("check", folder, *arguments)


def accept(folder: Path, path: Path) -> Result:
    done = check(folder, "--baseline", path, "--write-baseline")
    assert (done.code, done.out) == (0, b""), done.err
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with findings of several rules."""
    made = tmp_path / "repository"
    made.mkdir()
    for name, data in (("id", PLAIN), ("id_crlf", CRLF), ("deploy.pem", OTHER)):
        (made / name).write_bytes(data)
        (made / name).chmod(0o600)
    return made


# ── baselines ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_fixture_is_accepted_once_it_is_in_the_baseline(tmp_path: Path) -> None:
    folders = sorted({fixture.path.split("/")[0] for fixture in FIXTURES})
    for name in folders:
        made = tmp_path / name
        for fixture in FIXTURES:
            if fixture.path.startswith(f"{name}/"):
                target = tmp_path / fixture.path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(fixture.data)
        path = tmp_path / f"{name}.json"
        before = check(made, "--json").json
        accept(made, path)
        after = check(made, "--baseline", path, "--json")
        assert (after.code, after.json["findings"]) == (0, [])
        assert after.json["summary"]["accepted"] == len(before["findings"])
        assert after.json["summary"]["gone"] == 0


def test_one_more_bad_key_is_the_only_finding(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "accepted.json"
    accept(folder, path)
    new = folder / "sub" / "key"
    new.parent.mkdir()
    new.write_bytes(by_path("pkcs8/ed25519-openssl-plain.pem").data)
    new.chmod(0o600)
    found = check(folder, "--baseline", path, "--json")
    assert found.code == 1
    assert {Path(each["path"]).name for each in found.json["findings"]} == {"key"}


def test_a_finding_that_moves_to_another_line_stays_accepted(folder: Path, tmp_path: Path) -> None:
    lines, path = folder / "authorized_keys", tmp_path / "accepted.json"
    lines.write_bytes(b"ssh-rsa AAAA\n" + by_path("openssh-pub/ed25519.pub").data)
    lines.chmod(0o600)
    accept(folder, path)
    lines.write_bytes(b"# a remark\n\n" + lines.read_bytes())
    assert check(folder, "--baseline", path).code == 0
    lines.write_bytes(lines.read_bytes() + b"ssh-rsa AAAA\n")
    assert check(folder, "--baseline", path).code == 1


def test_what_was_fixed_is_reported_once_as_gone(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "accepted.json"
    accept(folder, path)
    (folder / "id_crlf").unlink()
    result = check(folder, "--baseline", path)
    assert result.code == 0
    assert "of the baseline no longer found: write it again with --write-baseline" in result.out.decode()


def test_a_baseline_is_the_same_text_in_any_order_and_has_no_part_of_a_key(folder: Path, tmp_path: Path) -> None:
    path, again = tmp_path / "accepted.json", tmp_path / "again.json"
    assert accept(folder, path).err.startswith(f"keyconv: {path}: wrote the baseline: ")
    reversed_names = sorted(folder.iterdir(), reverse=True)
    done = run("check", *reversed_names, "--baseline", again, "--write-baseline")
    assert done.code == 0
    assert path.read_bytes() == again.read_bytes()
    assert SECRET not in path.read_bytes()
    entries = json.loads(path.read_bytes())["findings"]
    assert all(set(entry) == {"path", "rule", "key", "id"} for entry in entries)


def test_as_json_the_baseline_that_is_written_is_summed_up(folder: Path, tmp_path: Path) -> None:
    before = check(folder, "--json").json
    written = check(folder, "--baseline", tmp_path / "accepted.json", "--write-baseline", "--json")
    assert (written.code, written.json["findings"]) == (0, [])
    assert written.json["summary"]["accepted"] == len(before["findings"])


def test_a_baseline_is_replaced_and_another_file_is_not(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "accepted.json"
    accept(folder, path)
    accept(folder, path)
    path.write_bytes(b"{}\n")
    refused = check(folder, "--baseline", path, "--write-baseline")
    assert (refused.code, path.read_bytes()) == (5, b"{}\n")
    assert "exists and is not a baseline" in refused.err
    assert check(folder, "--baseline", path, "--write-baseline", "--force").code == 0


def test_settings_name_a_baseline_next_to_them(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert run("check", ".", "--baseline", "accepted.json", "--write-baseline").code == 0
    (folder / "keyconv.toml").write_text('baseline = "accepted.json"\n')
    assert run("check", ".").code == 0
    (folder / "inner").mkdir()
    monkeypatch.chdir(folder / "inner")
    assert run("check", "..").code == 0
    (folder / "keyconv.toml").write_text('baseline = "missing.json"\n')
    refused = run("check", "..")
    assert refused.code == 2
    assert "--write-baseline" in refused.err


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"title": "keyconv baseline"}',
        b'{"title": "keyconv baseline", "version": 2, "findings": []}',
        b'{"title": "keyconv baseline", "version": 1, "findings": {}}',
        b'{"title": "keyconv baseline", "version": 1, "findings": [{"id": "x"}]}',
        b'{"title": "keyconv baseline", "version": 1, "findings": [7]}',
        b'{"title": "keyconv baseline", "version": 1, "findings": [{"id": 7}]}',
        b'{"title": "keyconv baseline", "version": 1, "findings": [{"id": "' + b"0" * 64 + b'"}]}',
    ],
)
def test_what_is_not_a_baseline_is_an_error_of_one_line(text: bytes, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "accepted.json"
    path.write_bytes(text)
    result = check(folder, "--baseline", path)
    assert result.code == 2
    assert result.err.startswith(f"keyconv: {path}: ")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_baseline_or_an_error(text: bytes) -> None:
    for prefix in (b"", b'{"title": "keyconv baseline", "version": 1, "findings": ['):
        try:
            baseline.read(prefix + text)
        except UsageError:
            continue


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y at line 3"])), max_size=12), st.integers())
def test_a_baseline_accepts_what_it_was_written_from_in_any_order(rows: list[tuple[str, str]], seed: int) -> None:
    findings = [Finding(path, None, "crlf", "warning", message) for path, message in rows]
    read = baseline.read(baseline.write(findings, str, Baseline(), looked_everywhere).text.encode())
    random.Random(seed).shuffle(findings)
    assert read.split(findings, str, looked_everywhere) == ((), len(findings), 0)
    more = Finding("d", None, "crlf", "warning", "x")
    assert read.split([more, *findings], str, looked_everywhere) == ((more,), len(findings), 0)
    assert read.split([], str, looked_everywhere) == ((), 0, len(findings))
    assert read.split([], str, looked_nowhere) == ((), 0, 0)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y"])), max_size=12),
    st.sets(st.sampled_from("abc")),
)
def test_a_run_over_some_files_changes_the_entries_of_those_alone(rows: list[tuple[str, str]], part: set[str]) -> None:
    findings = [Finding(path, None, "crlf", "warning", message) for path, message in rows]
    whole = baseline.write(findings, str, Baseline(), looked_everywhere).text
    some = [finding for finding in findings if finding.path in part]
    again = baseline.write(some, str, baseline.read(whole.encode()), lambda entry: entry.path in part)
    assert again == (whole, len(some), len(findings) - len(some))
    fixed = baseline.write([], str, baseline.read(whole.encode()), lambda entry: entry.path in part)
    assert {entry.path for entry in baseline.read(fixed.text.encode()).entries}.isdisjoint(part)


def looked_everywhere(entry: Entry) -> bool:
    return True


def looked_nowhere(entry: Entry) -> bool:
    return False


def test_the_folder_in_which_it_runs_does_not_matter(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "accepted.json"
    accept(folder, path)
    (folder / "sub").mkdir()
    for here in (folder, folder / "sub", tmp_path, Path(tmp_path.anchor)):
        monkeypatch.chdir(here)
        for name in (folder, os.path.relpath(folder, here)):
            result = run("check", name, "--baseline", path, "--json")
            assert (result.code, result.json["summary"]["gone"]) == (0, 0)
        again = tmp_path / "again.json"
        again.unlink(missing_ok=True)
        accept(folder, again)
        assert again.read_bytes() == path.read_bytes()


def test_a_part_of_the_files_or_rules_leaves_the_other_entries_alone(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "accepted.json"
    accept(folder, path)
    whole = path.read_bytes()
    for arguments in (
        (folder / "id",),
        (folder, "--select", "crlf"),
        (folder, "--ignore", "unencrypted"),
        (folder, "--exclude", "deploy.pem"),
    ):
        checked = run("check", *arguments, "--baseline", path, "--json")
        assert (checked.code, checked.json["summary"]["gone"]) == (0, 0), arguments
        rewritten = run("check", *arguments, "--baseline", path, "--write-baseline")
        assert rewritten.code == 0
        assert "that this run did not look for" in rewritten.err
        assert path.read_bytes() == whole, arguments
    (folder / "id_crlf").unlink()
    assert run("check", folder / "id", "--baseline", path, "--json").json["summary"]["gone"] == 0
    assert run("check", folder, "--baseline", path, "--json").json["summary"]["gone"] > 0
    accept(folder, path)
    assert b"id_crlf" not in path.read_bytes()


def test_standard_input_and_variables_are_accepted_wherever_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "accepted.json"
    common = ("check", "-", "--env", "DEPLOY", "--baseline", path)
    wrote = run(*common, "--write-baseline", stdin=PLAIN, DEPLOY=OTHER.decode())
    assert wrote.code == 0
    assert {entry["path"] for entry in json.loads(path.read_bytes())["findings"]} == {"-", "env:DEPLOY"}
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    result = run(*common, "--json", stdin=PLAIN, DEPLOY=OTHER.decode())
    assert (result.code, result.json["findings"], result.json["summary"]["gone"]) == (0, [], 0)


def test_a_file_that_cannot_be_read_this_time_keeps_its_entries(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "accepted.json"
    accept(folder, path)
    before = path.read_bytes()
    (folder / "id").unlink()
    result = run("check", folder / "id", "--baseline", path, "--write-baseline")
    assert (result.code, path.read_bytes()) == (3, before)


def test_a_baseline_that_could_not_be_read_again_is_not_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepted, "_MOST", 100)
    refused = check(folder, "--baseline", tmp_path / "x", "--write-baseline")
    assert refused.code == 5
    assert "more than a baseline" in refused.err
    assert not (tmp_path / "x").exists()


def test_a_baseline_needs_a_name_and_does_not_go_with_fixes(folder: Path, tmp_path: Path) -> None:
    for arguments in (("--write-baseline",), ("--baseline", tmp_path / "x", "--write-baseline", "--fix")):
        assert check(folder, *arguments).code == 2
    assert not (tmp_path / "x").exists()


def test_a_file_that_cannot_be_read_is_never_accepted(folder: Path, tmp_path: Path) -> None:
    assert run("check", folder, folder / "absent", "--baseline", tmp_path / "x", "--write-baseline").code == 3


# ── exclusions ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (("id*",), {"deploy.pem", "nested"}),
        (("*.pem", "sub/"), {"id", "id_crlf"}),
        (("sub",), {"id", "id_crlf", "deploy.pem"}),
        (("/sub/deep",), {"id", "id_crlf", "deploy.pem"}),
        (("deep/nested",), {"id", "id_crlf", "deploy.pem", "nested"}),
        (("**/nested",), {"id", "id_crlf", "deploy.pem"}),
        (("nothing",), {"id", "id_crlf", "deploy.pem", "nested"}),
    ],
)
def test_what_is_excluded_in_a_folder_is_not_looked_at(
    patterns: tuple[str, ...], left: set[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "sub" / "deep").mkdir(parents=True)
    nested = folder / "sub" / "deep" / "nested"
    nested.write_bytes(by_path("pkcs8/ed25519-openssl-plain.pem").data)
    nested.chmod(0o600)
    monkeypatch.chdir(folder)
    flags = [word for pattern in patterns for word in ("--exclude", pattern)]
    found = run("check", ".", "--json", *flags).json
    assert {Path(each["path"]).name for each in found["findings"]} == left
    (folder / "keyconv.toml").write_text(f"exclude = {json.dumps(patterns)}\n")
    assert run("check", ".", "--json").json["findings"] == found["findings"]
    matched = run("check", "**/*", "--json").json["findings"]
    assert {Path(each["path"]).name for each in matched} - {"keyconv.toml"} == left


def test_a_file_that_is_named_is_checked_even_if_it_is_excluded(folder: Path) -> None:
    assert run("check", folder / "id", "--exclude", "id", "--json").json["summary"]["checked"] == 1


# ── statistics and exit codes ──────────────────────────────────────────────────────────────────────────────────────


def test_statistics_count_the_findings_of_each_rule(folder: Path) -> None:
    counted = check(folder, "--statistics")
    report = check(folder, "--json").json
    assert counted.code == 1
    rows = [line.split() for line in counted.out.decode().splitlines() if line[:1].strip().isdigit() or line[:1] == " "]
    shown = {row[1]: int(row[0]) for row in rows if row[0].isdigit() and row[1] in report["summary"]["rules"]}
    assert shown == report["summary"]["rules"]
    assert sum(shown.values()) == len(report["findings"])
    assert list(shown.values()) == sorted(shown.values(), reverse=True)
    assert "files checked: found" in counted.out.decode()


def test_statistics_of_nothing_are_the_summary_alone(tmp_path: Path) -> None:
    assert check(tmp_path, "--statistics").out == b"0 files checked: nothing found\n"


def test_statistics_have_no_place_in_reports_for_programs(folder: Path) -> None:
    for name in ("sarif", "junit", "gitlab", "github", "html"):
        refused = check(folder, "--statistics", "--format", name)
        assert (refused.code, refused.out) == (2, b"")


def test_exit_zero_is_for_findings_and_not_for_files_that_cannot_be_read(folder: Path) -> None:
    assert check(folder).code == 1
    assert check(folder, "--exit-zero").code == 0
    assert run("check", folder, folder / "absent", "--exit-zero").code == 3


def test_a_report_in_a_file_leaves_the_summary_on_standard_error(folder: Path, tmp_path: Path) -> None:
    for name in ("text", "json", "sarif", "junit", "gitlab", "html"):
        path = tmp_path / name
        written = check(folder, "--format", name, "-o", path)
        assert (written.code, written.out) == (1, b"")
        if name != "json":
            assert f"keyconv: {path}: 3 files checked: found" in written.err
        assert check(folder, "--format", name, "-o", path, "--force", "-q").err == ""
