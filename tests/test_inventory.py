"""`keyconv inspect -r`: one row for each key of many files, the same in every format, whatever the files are called."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from fixture_files import FIXTURES, FIXTURES_DIR, PASSPHRASE, Fixture, by_path, pick
from hypothesis import given
from hypothesis import strategies as st
from test_batch_check import mixed  # noqa: F401 - a fixture
from test_cli_convert import Result, run, secret_file

from keyconv import inspect, read
from keyconv.checks import rules
from keyconv.checks.check_file import judge_content
from keyconv.checks.inventory import Row, rows_of
from keyconv.checks.model import Content, Context
from keyconv.checks.report.escape import for_csv
from keyconv.checks.report.inventory import COLUMNS, csv_row
from keyconv.cli import workers
from keyconv.errors import KeyconvError

PLAIN = by_path("openssh/ed25519-plain").data
SECRET = PLAIN.split(b"\n")[2]
LINES = (FIXTURES_DIR / "authorized_keys" / "authorized_keys").read_bytes()
CONTEXT = Context(now=1_700_000_000)
ACROSS = {name for name, _ in rules.BOOK.across}
FORMULA = re.compile(r"""["'\s]*(?<!')[=+@\uff1d\uff0b\uff20\uff0d-]""")


def listed(*arguments: str | Path) -> Any:
    result = run("inspect", "-r", "--json", *arguments)
    assert (result.code, result.err) == (0, "")
    return result.json


def rows_by_name(found: Any) -> list[tuple[str, Any]]:
    return [(Path(row["path"]).name, row) for row in found["keys"]]


def records(result: Result) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(result.out.decode())))


# ── rows ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fixture", pick(lambda _: True))
def test_every_finding_is_in_a_row_and_every_key_has_one(fixture: Fixture) -> None:
    judged = judge_content(Content(fixture.file.name, fixture.data, mode=0o600), CONTEXT)
    rows = list(rows_of(judged, fixture.data, judged.findings))
    assert Counter(each for row in rows for each in row.findings) == Counter(judged.findings)
    try:
        described = inspect(read(fixture.data))
    except KeyconvError:
        return
    keys = described.get("keys", [described])
    told = [(row.type, row.bits, row.fingerprint, row.comment, row.encrypted) for row in rows if row.kind is not None]
    assert told == [
        (key["type"], key["bits"], (key["fingerprints"] or {}).get("sha256"), key["comment"], key["encrypted"])
        for key in keys
    ]


def test_findings_are_those_of_check_but_for_what_compares_files(mixed: Path) -> None:  # noqa: F811
    listing = run("inspect", "-r", "--json", mixed)
    report = run("check", "--json", mixed).json
    fields = ("path", "line", "rule", "severity", "message")
    found = Counter(
        tuple(each[name] for name in fields)
        for row in listing.json["keys"]
        for each in row["findings"]
        if each["rule"] not in ACROSS and not each["path"].endswith("/z.ppk")  # which check knows as a.ppk
    )
    wanted = Counter(tuple(each[name] for name in fields) for each in report["findings"] if each["rule"] not in ACROSS)
    assert found == wanted
    assert sum(wanted.values()) > 10


def test_the_keys_of_a_file_of_lines_and_its_bad_lines_come_in_order(tmp_path: Path) -> None:
    path = tmp_path / "authorized_keys"
    path.write_bytes(b"# remark\nssh-rsa AAAA\n" + LINES + b"ssh-ed25519 !\n")
    rows = listed(tmp_path)["keys"]
    lines = [row["line"] for row in rows if row["line"] is not None]
    assert lines == sorted(lines)
    assert [row["line"] for row in rows if row["kind"] is None and row["line"]] == [2, 3 + LINES.count(b"\n")]
    assert sum(row["kind"] == "authorized_keys" for row in rows) == len(read(LINES).entries)


def test_a_large_file_of_lines_is_listed_as_a_small_one_is(tmp_path: Path) -> None:
    bad = b"ssh-rsa AAAA\n"
    filler = (b"# " + b"-" * 1000 + b"\n") * 1050
    small, large = tmp_path / "small", tmp_path / "large"
    for folder, data in ((small, LINES + bad + LINES), (large, LINES + filler + bad + LINES)):
        folder.mkdir()
        (folder / "authorized_keys").write_bytes(data)
        (folder / "authorized_keys").chmod(0o600)
    assert (large / "authorized_keys").stat().st_size > 1 << 20
    fields = ("kind", "type", "bits", "fingerprint", "comment")
    ours, theirs = ([tuple(row[name] for name in fields) for row in listed(each)["keys"]] for each in (large, small))
    assert ours == theirs
    (broken,) = (row for row in listed(large)["keys"] if any(each["rule"] == "bad-line" for each in row["findings"]))
    assert broken["line"] == LINES.count(b"\n") + 1051


def test_what_only_the_passphrase_shows_is_there_with_it(tmp_path: Path) -> None:
    path = tmp_path / "id"
    locked = next(each for each in FIXTURES if each.format == "openssh" and each.encrypted and each.comment)
    path.write_bytes(locked.data)
    (row,) = listed(path)["keys"]
    assert (row["encrypted"], row["comment"], row["kdf"]["name"]) == (True, None, "bcrypt")
    assert "salt" not in row["kdf"]
    secret = secret_file(tmp_path, PASSPHRASE)
    (opened,) = listed(path, "--passphrase-file", secret)["keys"]
    assert opened["comment"] == (locked.comment or b"").decode()
    assert opened["encrypted"] is True


def test_a_document_is_named_and_says_where_its_key_is(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"some text\n" + PLAIN)
    found = listed(tmp_path)
    (row,) = found["keys"]
    assert (row["document"], row["line"], row["kind"]) == (True, 2, "private")
    assert found["summary"]["documents"] == 1


def test_a_stale_public_key_is_listed_with_its_private_key(tmp_path: Path) -> None:
    (tmp_path / "id").write_bytes(PLAIN)
    (tmp_path / "id.pub").write_bytes(by_path("openssh-pub/rsa2048.pub").data)
    rows = dict(rows_by_name(listed(tmp_path)))
    (finding,) = (each for each in rows["id"]["findings"] if each["rule"] == "stale-public")
    assert Path(finding["path"]).name == "id.pub"


# ── folders ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_files_that_are_not_keys_are_skipped_and_counted_and_ignored_keys_are_not(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "key").write_bytes(PLAIN)
    (tmp_path / ".gitignore").write_bytes(b"*\n")
    (tmp_path / "id").write_bytes(PLAIN)
    (tmp_path / "picture").write_bytes(bytes(range(256)))
    (tmp_path / "large").write_bytes(b"\0" * (1 << 20) + b"\0")
    (tmp_path / "empty folder").mkdir()
    found = listed(tmp_path)
    assert [name for name, _ in rows_by_name(found)] == ["id"]
    assert found["summary"] == {"files": 1, "keys": 1, "documents": 0, "skipped": 3, "failed": 0} | {
        "findings": found["summary"]["findings"]
    }


@pytest.mark.parametrize("form", ["text", "json", "csv"])
@pytest.mark.parametrize("start", [1, 1000], ids=["processes", "threads"])
def test_the_number_of_workers_changes_nothing(
    form: str,
    start: int,
    mixed: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = secret_file(tmp_path, PASSPHRASE)
    arguments = ("inspect", "-r", "--format", form, mixed, "--passphrase-file", secret)
    one = run(*arguments, "-j", "1")
    monkeypatch.setattr(workers, "BREAK_EVEN", start)
    many = run(*arguments, "-j", "3")
    assert (many.code, many.out, many.err) == (one.code, one.out, one.err)
    assert one.out


def test_a_failure_stops_nothing_and_is_the_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "id"
    path.write_bytes(PLAIN)
    result = run("inspect", "-r", tmp_path / "absent", path, "--format", "csv")
    assert result.code == 3
    assert result.err.startswith(f"keyconv: {tmp_path / 'absent'}: no such file\n")
    assert [record["path"] for record in records(result)] == [str(path)]
    assert "1 not read" in result.err


@pytest.mark.skipif(sys.platform == "win32", reason="no FIFOs, and links need rights")
def test_what_never_ends_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to(tmp_path / "absent")
    (tmp_path / "id").write_bytes(PLAIN)
    assert [name for name, _ in rows_by_name(listed(tmp_path))] == ["id"]


def test_a_folder_needs_r_and_flags_for_one_file_are_refused(tmp_path: Path) -> None:
    for command in (("inspect",), ("inspect", "--format", "csv")):
        refused = run(*command, tmp_path)
        assert refused.code in (2, 3)
        assert "-r" in refused.err
    for flags in (("--visual",), ("--show-private", "-o", "x"), ("--strict",), ("--from", "ppk"), ("--key", "1")):
        refused = run("inspect", "-r", tmp_path, *flags)
        assert (refused.code, refused.out) == (2, b"")
    refused = run("inspect", "-r", "--format", "csv", "--json", tmp_path)
    assert (refused.code, refused.out, refused.error["code"]) == (2, b"", "usage")


def test_standard_input_and_a_named_file_that_is_not_a_key_have_rows(tmp_path: Path) -> None:
    other = tmp_path / "notes"
    other.write_bytes(b"nothing\n")
    result = run("inspect", "-r", "--format", "json", "-", other, stdin=PLAIN)
    first, second = result.json["keys"]
    assert (first["path"], first["type"]) == ("-", "ssh-ed25519")
    assert (second["kind"], [each["rule"] for each in second["findings"]]) == (None, ["not-a-key"])


# ── formats ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_text_csv_and_json_have_the_same_rows_and_no_secret(mixed: Path) -> None:  # noqa: F811
    text, table, document = (run("inspect", "-r", "--format", form, mixed) for form in ("text", "csv", "json"))
    rows, cells = document.json["keys"], records(table)
    assert len(text.out.splitlines()) == len(cells) == len(rows)
    for row, cell in zip(rows, cells, strict=True):
        assert tuple(cell) == tuple(row) == COLUMNS
        for name in ("path", "type", "kind", "format", "fingerprint"):
            assert cell[name] == (row[name] or "")
        for name in ("line", "bits", "encrypted", "document"):
            assert cell[name] == ("" if row[name] is None else json.dumps(row[name]))
        assert cell["findings"].split() == list(dict.fromkeys(each["rule"] for each in row["findings"]))
    assert text.err == table.err != ""
    assert document.err == ""
    for result in (text, table, document):
        assert SECRET not in result.out


def test_the_inventory_goes_to_a_file_and_its_summary_to_standard_error(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "id").write_bytes(PLAIN)
    path = tmp_path / "inventory.csv"
    arguments = ("inspect", "-r", "--format", "csv", tmp_path / "keys")
    written = run(*arguments, "-o", path)
    assert (written.code, written.out) == (0, b"")
    assert written.err.startswith(f"keyconv: {path}: 1 key in 1 file")
    assert path.read_bytes() == run(*arguments).out
    before = path.read_bytes()
    refused = run(*arguments, "-o", path)
    assert (refused.code, path.read_bytes()) == (5, before)
    assert run(*arguments, "-o", path, "--force", "-q").err == ""


def test_nothing_found_is_a_table_without_rows(tmp_path: Path) -> None:
    assert listed(tmp_path)["keys"] == []
    assert run("inspect", "-r", tmp_path).out == b""
    assert records(run("inspect", "-r", "--format", "csv", tmp_path)) == []


@given(st.text(st.sampled_from("=+-@;,\"' \t\n\rax\uff1d\u202e"), max_size=12), st.text(max_size=20))
def test_no_cell_begins_as_a_formula_wherever_cells_are_split(text: str, other: str) -> None:
    for path, comment in ((text, other), (other, text), (text, text)):
        record = csv_row(Row(path, kind="public", comment=comment))
        assert record.count("\n") == 1
        (cells,) = csv.reader(io.StringIO(record))
        assert len(cells) == len(COLUMNS)
        assert (cells[0], cells[8]) == (for_csv(path), for_csv(comment))
        for cell in (*cells, *record.split(";")):
            assert not FORMULA.match(cell), cell


@given(st.text(st.characters(blacklist_categories=["C", "Z"]), max_size=20).filter(lambda text: "##" not in text))
def test_an_ordinary_text_stays_as_it_is(text: str) -> None:
    assert for_csv("x" + text.replace(";", "")) == "x" + text.replace(";", "")


@pytest.mark.skipif(sys.platform == "win32", reason="names with line ends are of POSIX systems")
def test_a_name_or_a_comment_forges_no_row(tmp_path: Path) -> None:
    from test_injection import ACTING, HOSTILE, key_file

    folder = tmp_path / "keys"
    folder.mkdir()
    for number, text in enumerate(HOSTILE.values()):
        name = text.replace("/", "_").replace("\0", "")[:80]
        (folder / name).write_bytes(key_file("ed25519", "comment"))
        (folder / f"{number}").write_bytes(key_file("ed25519", text))
    (folder / "\udcff\udc80").write_bytes(PLAIN)
    names = sorted(path.name for path in folder.iterdir())
    document = listed(folder)
    shown = [name.encode("utf-8", "backslashreplace").decode() for name in names]
    assert [name for name, _ in rows_by_name(document)] == shown
    lines, table = run("inspect", "-r", folder), run("inspect", "-r", "--format", "csv", folder)
    assert len(lines.out.splitlines()) == len(records(table)) == len(names)
    for result in (lines, table):
        assert not ACTING.search(result.out.decode())
    for record in records(table):
        assert not any(FORMULA.match(cell) for cell in record.values())
