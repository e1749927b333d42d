"""Reports: every format is well formed, says the same, and cannot be forged by a path or a comment."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import sys
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from fixture_files import PASSPHRASE, by_path
from jsonschema import Draft202012Validator
from test_check import _alone, check, save  # noqa: F401 - a fixture of pytest's

from keyconv import files
from keyconv.checks.model import Finding, Related
from keyconv.checks.policy import Policy
from keyconv.checks.report import FORMATS, Report, github
from keyconv.checks.report.escape import for_annotation_property, for_uri, for_xml
from keyconv.checks.report.model import Problem, fingerprints
from keyconv.checks.rules import RULES
from keyconv.errors import OutputError

ED25519 = by_path("openssh/ed25519-plain").data
ENCRYPTED = by_path("openssh/ed25519-default-rounds-encrypted").data

HOSTILE = (
    "a\n::error file=x::forged",
    "a\r\nb: error",
    "x%0A::warning::y",
    "a,line=9,title=b:c",
    "\"><script>&amp;'",
    "]]></failure><failure>",
    "\x1b[31mred\x1b[0m",
    "\u202egpj.exe",
    "\udcff\udc80",
    "| a | b |\\",
    '","rule":"x',
    "\x00\x01\ufffe",
    "a\u2028b",
)


def finding(text: str = "plain", **changes: Any) -> Finding:
    made = Finding(text, 3, "crlf", "error", f"message {text}", f"hint {text}", True, "SHA256:x")
    return replace(made, **changes)


def hostile_report() -> Report:
    findings = tuple(finding(text) for text in HOSTILE)
    return Report(
        findings,
        checked=len(findings),
        unverified=HOSTILE[:3],
        unreadable=tuple(Problem(text, text, text) for text in HOSTILE),
        remarks=HOSTILE,
        verbose=True,
        version="1.2.3",
    )


# ── no forging ─────────────────────────────────────────────────────────────────────────────────────────────────────

_ACTING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_in_a_report_acts_on_a_terminal(name: str) -> None:
    written = FORMATS[name](hostile_report())
    assert not _ACTING.search(written)
    written.encode("utf-8")


def test_text_has_the_lines_of_its_own_and_no_others() -> None:
    rows = FORMATS["text"](hostile_report()).split("\n")
    assert sum(": error crlf message" in row for row in rows) == len(HOSTILE)
    assert not [row for row in rows if row.startswith("::")]


def test_annotations_are_one_line_each_with_their_own_properties() -> None:
    rows = FORMATS["github"](hostile_report()).split("\n")
    commands = [row for row in rows if row.startswith("::")]
    assert len(commands) == 2 * len(HOSTILE)
    for row in commands[: len(HOSTILE)]:
        assert re.fullmatch(r"::error file=[^,:]*,line=3,title=keyconv crlf::[^\r\n]*", row), row
    for row in commands[len(HOSTILE) :]:
        assert re.fullmatch(r"::error file=[^,:]*,title=keyconv::[^\r\n]*", row), row


def test_the_step_summary_keeps_its_columns() -> None:
    rows = [row for row in github.step_summary(hostile_report()).split("\n") if row.startswith("|")]
    assert len(rows) == 2 + len(HOSTILE)
    for row in rows[2:]:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 5, row
        assert "<" not in re.sub(r"\\<", "", row)


@pytest.mark.parametrize("name", ["json", "gitlab", "sarif"])
def test_json_formats_hold_every_text_as_one_string(name: str) -> None:
    document = json.loads(FORMATS[name](hostile_report()))
    text = json.dumps(document)
    assert text.count('"crlf"') >= len(HOSTILE)


def test_junit_is_xml_with_one_case_a_finding() -> None:
    root = ElementTree.fromstring(FORMATS["junit"](hostile_report()))
    cases = root.findall("./testsuite/testcase")
    assert len(cases) == 2 * len(HOSTILE)
    assert len(root.findall("./testsuite/testcase/failure")) == len(HOSTILE)
    assert len(root.findall("./testsuite/testcase/error")) == len(HOSTILE)
    assert root.attrib == {"tests": str(len(cases)), "failures": str(len(HOSTILE)), "errors": str(len(HOSTILE))}


@pytest.mark.parametrize("text", HOSTILE)
def test_xml_gives_text_back_where_it_can(text: str) -> None:
    parsed = ElementTree.fromstring(f'<x y="{for_xml(text)}">{for_xml(text)}</x>')
    if not _ACTING.search(text) and "\ufffe" not in text and "\n" not in text:
        assert parsed.text == parsed.attrib["y"] == text


def test_annotation_properties_are_escaped_as_the_toolkit_does() -> None:
    assert for_annotation_property("100%,a:b\r\nc") == "100%25%2Ca%3Ab%0D%0Ac"


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a/b c", "a/b%20c"),
        ("/tmp/x", "file:///tmp/x"),
        ("a:b", "./a%3Ab"),
        ("ü", "%C3%BC"),
        ("\udcff", "%FF"),
        ("C:\\keys\\x", "./C%3A/keys/x"),
        ("a#b?c", "a%23b%3Fc"),
    ],
)
def test_a_path_is_a_uri_reference(path: str, uri: str) -> None:
    assert for_uri(path) == uri


# ── the formats ────────────────────────────────────────────────────────────────────────────────────────────────────


def _report(*findings: Finding, **more: Any) -> Report:
    return Report(findings, checked=1, version="1.2.3", **more)


def test_text_is_grouped_and_coloured_only_when_asked() -> None:
    report = _report(finding("a"), finding("a", line=None, severity="info"), finding("b", severity="warning"))
    plain = FORMATS["text"](report)
    assert plain.startswith("a:3: error crlf message a\n  hint: hint a\na: info crlf message a\n")
    assert "1 file checked: found 1 error, 1 warning, 1 info" in plain
    assert "\x1b" not in plain
    coloured = FORMATS["text"](replace(report, colour=True))
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == plain
    assert "\x1b[1;31merror\x1b[0m" in coloured


def test_github_levels_and_a_missing_line() -> None:
    written = FORMATS["github"](_report(finding("a", severity="info", line=None), finding("b", severity="warning")))
    assert written.startswith("::notice file=a,title=keyconv crlf::message a. hint a\n::warning file=b,line=3,")


def test_gitlab_has_the_fields_of_its_format() -> None:
    found = json.loads(FORMATS["gitlab"](_report(finding("./a", line=None), finding("./a", line=None))))
    assert [each["location"] for each in found] == [{"path": "a", "lines": {"begin": 1}}] * 2
    assert len({each["fingerprint"] for each in found}) == 2
    for each in found:
        assert set(each) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert each["severity"] in ("info", "minor", "major", "critical", "blocker")


def test_fingerprints_stay_while_lines_move() -> None:
    before = fingerprints((finding("a"), finding("b")))
    after = fingerprints((finding("a", line=90), finding("b", line=None)))
    assert before == after
    assert len(set(before)) == 2


def test_junit_fails_only_what_fails_the_run() -> None:
    report = _report(finding("a", severity="warning"), finding("b"), policy=Policy(fail_on="error"))
    root = ElementTree.fromstring(FORMATS["junit"](report))
    assert (root.attrib["tests"], root.attrib["failures"]) == ("2", "1")
    empty = ElementTree.fromstring(FORMATS["junit"](_report()))
    assert (empty.attrib["tests"], empty.attrib["failures"]) == ("1", "0")


def sarif(report: Report) -> dict[str, Any]:
    return json.loads(FORMATS["sarif"](report))  # type: ignore[no-any-return]


def test_sarif_has_what_the_standard_requires() -> None:
    """By its sections, which ask for more than the schema does."""
    document = sarif(hostile_report())
    assert document["version"] == "2.1.0"  # 3.13.2
    assert document["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("keyconv", "1.2.3")
    assert [each["id"] for each in driver["rules"]] == [each.name for each in RULES]
    for rule in driver["rules"]:
        assert set(rule) == {
            *("id", "shortDescription", "fullDescription", "help", "helpUri"),
            *("defaultConfiguration", "properties"),
        }
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")  # 3.50.2
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")  # 3.27.10
        assert result["message"]["text"]
        assert re.fullmatch("[0-9a-f]{64}", result["partialFingerprints"]["keyconv/v1"])  # 3.27.17
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert re.fullmatch(r"[A-Za-z0-9._~/%:-]+", physical["artifactLocation"]["uri"])  # 3.4.3
        assert physical["region"]["startLine"] >= 1  # 3.30.5
        assert "snippet" not in physical["region"]
    assert run["invocations"][0]["executionSuccessful"] is False  # 3.20.14
    assert sarif(_report())["runs"][0]["invocations"][0]["executionSuccessful"] is True


def test_sarif_shows_what_is_about_the_whole_file_at_its_first_line() -> None:
    location = sarif(_report(finding("a", line=None)))["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["region"] == {"startLine": 1}


SCHEMA = Draft202012Validator(json.loads(Path(__file__).parent.joinpath("published", "sarif-2.1.0.json").read_text()))


@pytest.mark.parametrize("report", [hostile_report(), Report(()), Report((finding("a", line=None),))])
def test_sarif_fits_the_published_schema(report: Report) -> None:
    SCHEMA.validate(sarif(report))


def test_the_published_schema_refuses_what_is_no_sarif() -> None:
    changes: tuple[dict[str, Any], ...] = (
        {"version": "2.0"},
        {"runs": [{}]},
        {"runs": [{"tool": {"driver": {}}}]},
        {"snippet": "x"},
    )
    for change in changes:
        assert not SCHEMA.is_valid(sarif(hostile_report()) | change)


# ── in CI ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_github_is_chosen_by_itself_and_writes_the_step_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    Path("summary.md").write_text("before\n")
    save("key", ED25519)
    assert check("key").out.startswith("::warning file=key,title=keyconv unencrypted::")
    assert Path("summary.md").read_text().startswith("before\n### keyconv check\n")
    assert check("key", "--format", "text").out.startswith("key: warning")


def test_a_step_summary_that_cannot_be_written_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "no/such/folder")
    save("key", ENCRYPTED)
    result = check("key")
    assert (result.code, "step summary" in result.err) == (0, True)


@pytest.mark.parametrize("name", FORMATS)
def test_no_report_holds_key_material(name: str) -> None:
    for path in (
        "openssh/ed25519-plain",
        "openssh/rsa2048-plain",
        "ppk/ed25519-v3-plain.ppk",
        "pem/rsa2048-puttygen-plain.pem",
    ):
        data = by_path(path).data
        save("key", data)
        save("cut", data[: len(data) * 2 // 3])
        save("odd", b"x" + data.replace(b"\n", b" "))
        out = check("key", "cut", "odd", "--format", name, "-v").out
        for row in re.findall(rb"[A-Za-z0-9+/=]{20,}", data):
            assert row.decode() not in out


@pytest.mark.parametrize("name", FORMATS)
def test_a_hostile_comment_stays_in_its_place(name: str) -> None:
    from test_rules import with_comment

    save("key", with_comment(b"x\n::error::mischief\x1b[2J"))
    out = check("key", "--format", name).out
    assert "mischief" not in out
    assert not _ACTING.search(out)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_could_not_be_written_anew_is_not_said_to_be_unreadable(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, data: bytes) -> None:
        raise OutputError("disk full")

    monkeypatch.setattr(files, "rewrite", refuse)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    save("key", ENCRYPTED.replace(b"\n", b"\r\n"))
    save("word", PASSPHRASE)
    result = check("key", "--fix", "--format", name, "--passphrase-file", "word")
    assert result.code == 1
    assert result.err == "keyconv: key: disk full\n" or name == "json"
    said = result.out + (Path("summary.md").read_text() if name == "github" else "")
    assert "disk full" in said
    assert "could not be read" not in said
    if name == "json":
        summary = json.loads(result.out)["summary"]
        assert (summary["unwritten"], summary["unreadable"]) == ([{"path": "key", "message": "disk full"}], [])
        assert summary["failed"]
    elif name in ("text", "github", "gitlab"):
        assert "ould not be written" in said
    save("key", ENCRYPTED + b"\n")  # a blank line after the key, which is worth no more than a word
    arguments = ("key", "--fix", "--format", name, "--passphrase-file", "word")
    assert (check(*arguments, "--fail-on", "error").code, check(*arguments, "--ignore", "damage").code) == (5, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not synced there")
def test_a_file_that_is_written_but_perhaps_not_for_good_is_mended_and_that_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = os.fsync

    def fail(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "x")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fail)
    save("key", ENCRYPTED.replace(b"\n", b"\r\n"))
    save("word", PASSPHRASE)
    result = check("key", "--fix", "--no-backup", "--format", "json", "--passphrase-file", "word")
    found = json.loads(result.out)
    assert (result.code, found["findings"], found["summary"]["fixed"]) == (5, [], ["key"])
    assert "may not survive a power failure" in found["summary"]["unwritten"][0]["message"]
    assert Path("key").read_bytes() == ENCRYPTED


# ── HTML ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Outline(HTMLParser):
    """The tags of a document, each closed in its turn, and its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def outline(report: Report) -> Outline:
    parsed = Outline()
    parsed.feed(FORMATS["html"](report))
    parsed.close()
    assert parsed.open == []
    return parsed


@pytest.mark.parametrize("report", [hostile_report(), Report(()), Report((), checked=3, accepted=2, fixed=("a<b",))])
def test_html_has_no_script_and_loads_nothing(report: Report) -> None:
    tags = outline(report).tags
    assert {tag for tag, _ in tags}.isdisjoint({"script", "img", "link", "iframe", "object", "form", "input", "base"})
    for _, attributes in tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "style", "srcset")]
        target = attributes.get("href") or "#"
        assert target.startswith(("#", "https://pypi.org/"))
    style = FORMATS["html"](report).split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    policy = next(attributes["content"] for tag, attributes in tags if tag == "meta" and "http-equiv" in attributes)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_html_has_each_finding_once_and_every_link_leads_somewhere() -> None:
    report = hostile_report()
    parsed = outline(report)
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert ids == [f"rule-{name}" for name in report.rules]
    assert {a["href"] for t, a in parsed.tags if t == "a" and (a["href"] or "").startswith("#")} == {
        f"#{i}" for i in ids
    }
    assert sum(tag == "li" for tag, _ in parsed.tags) == len(report.findings) + len(report.problems)
    assert ("html", {"lang": "en"}) in parsed.tags
    headings = [int(tag[1]) for tag, _ in parsed.tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))


def test_sarif_and_html_name_the_other_place() -> None:
    related = (Related("other key", 7, "the same key"),)
    report = _report(finding("a", related=related))
    (result,) = sarif(report)["runs"][0]["results"]
    (place,) = result["relatedLocations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "other%20key"
    assert place["physicalLocation"]["region"]["startLine"] == 7
    assert place["message"]["text"] == "the same key"
    SCHEMA.validate(sarif(report))
    assert "See also: the same key (other key, line 7)" in outline(report).text


def test_sarif_says_where_each_rule_is_explained() -> None:
    driver = sarif(_report())["runs"][0]["tool"]["driver"]
    assert driver["informationUri"] == "https://pypi.org/project/keyconv/"
    for described in driver["rules"]:
        assert described["helpUri"] == f"https://pypi.org/project/keyconv/#{described['id']}"
        assert described["help"]["markdown"].startswith(f"# `{described['id']}`")
