"""Nothing that a stranger can name, a comment, an option, a host, a file, forges a line of any output or drives a log.

Every output is parsed by its own grammar, and must hold exactly the records that the input has: real tools judge keys.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import made_certificates
import pytest
from fixture_files import by_path, sample
from forged_files import load, openssh, ppk, string
from jsonschema import Draft202012Validator
from test_cli_convert import Result, run, run_process
from tools import PATIENCE, require

from keyconv import FORMATS, read

if sys.platform == "win32":
    pytest.skip("file names with line ends are of POSIX systems", allow_module_level=True)

FORGED = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPqvIQO7+q07S1ypzIufeX/PQPSIY75q0dnyVWNRnXTq"
HOSTILE = {
    "lf": f"a\n{FORGED} forged",
    "cr": f"a\r{FORGED} forged",
    "crlf": f"a\r\n{FORGED} forged",
    "nul": f"a\0{FORGED} forged",
    "separators": f"a\u2028{FORGED}\u2029forged\x85forged\x0bforged\x0cforged",
    "c1": "a\x9b2J\x9d0;forged\x9c",
    "escape": "a\x1b[2J\x1b]0;forged\x07\x1b[1A",
    "bidi": "a\u202egpj\u2066forged\u2069\u200f",
    "annotation": "%0A::error::forged",
    "annotation-line": "a\n::error::forged",
    "annotation-start": "::warning file=forged,line=1::forged",
    "annotation-old": "a ##[error]forged ###[add-mask]a ##vso[task.complete]forged",
    "properties": "a,line=9,title=forged::forged",
    "xml": "]]></failure><failure message='forged'>",
    "attribute": '"><testcase name="forged"/>',
    "json": '","rule":"forged","x":"',
    "markdown": "| error | forged | `forged` |\\",
    "formula": "=cmd|' /C forged'!A0",
    "dash": "-oProxyCommand=forged",
    "ppk-header": "a\nPuTTY-User-Key-File-3: ssh-rsa\nComment: forged",
    "ppk-lines": "a\nPrivate-Lines: 0\nPrivate-MAC: 00",
    "end": "forged END ---- END SSH2 PUBLIC KEY ----",
    "continued": "forged\\",
    "quote": 'forged" ssh-rsa \\" \'',
    "long": "forged " * 1170,
}
ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
PUBLIC = sample("openssh/ed25519-plain").public
FINGERPRINT = by_path("openssh/ed25519-plain").sha256_fingerprint or ""
BLOB = load("ed25519").blob
RSA_FINGERPRINT = by_path("openssh/rsa2048-plain").sha256_fingerprint or ""
FLAT = {name: text for name, text in HOSTILE.items() if not re.search("[\n\r\0]", text)}
"""Those that can stand in a line of a file at all."""


def key_file(key: str, comment: str) -> bytes:
    pair = load(key)
    return openssh(pair.blob, pair.inner(), comment=comment.encode())


def public_line(comment: str, before: str = "") -> bytes:
    import base64

    return f"{before}ssh-ed25519 {base64.b64encode(BLOB).decode()} {comment}\n".encode()


def option_line(text: str) -> bytes:
    value = text.replace('"', '\\"').removesuffix("\\")
    return public_line(text, f'command="{value}",environment="A={value}" ')


def block(text: str) -> bytes:
    text = re.sub(r"\\$", r"\\.", text)  # a backslash at the end of the line would join the next one
    body = public_line("x").split()[1]
    headers = (b"x-note: " + text.encode(), b'Comment: "' + text.encode() + b'"')
    return b"\n".join((b"---- BEGIN SSH2 PUBLIC KEY ----", *headers, body, b"---- END SSH2 PUBLIC KEY ----\n"))


def certificate_line(text: str) -> bytes:
    word = text.encode().replace(b"\0", b"")  # with one, ssh-keygen refuses the whole certificate
    blob = made_certificates.make(
        key_id=word,
        principals=(word, b"bob"),
        critical=((b"force-command", string(word)),),
        extensions=((word[:64], string(word)), (b"permit-pty", b"")),
    )
    return made_certificates.line(blob, word if text in FLAT.values() else b"made")


def known_hosts(text: str) -> bytes:
    return public_line("known", "host.example.com ") + public_line(text, re.sub(r"[ \t,|]", "_", text) + ",b ")


SOURCES: dict[str, tuple[Any, bool]] = {
    "openssh": (lambda text: key_file("ed25519", text), True),
    "ppk": (lambda text: ppk(load("ed25519"), comment=text.encode()), False),
    "line": (public_line, False),
    "options": (option_line, False),
    "rfc4716": (block, False),
    "certificate": (certificate_line, True),
    "known_hosts": (known_hosts, False),
}
"""Files in which a stranger's text stands, and whether that may hold line ends."""


def cases() -> Iterator[Any]:
    for source, (_, any_text) in SOURCES.items():
        for name, text in HOSTILE.items():
            if any_text or text in FLAT.values():
                yield pytest.param(source, text, id=f"{source}-{name}")


# ── grammars ───────────────────────────────────────────────────────────────────────────────────────────────────────


def orders(log: str) -> list[str]:
    """Return the lines of a log that GitHub's runner or Azure's agent would take for orders, whatever their name."""
    rows = re.split("\r\n|\n|\r", log)
    return [row for row in rows if re.match(r"\s*::.*::", row) or re.search(r"##([a-z]*)\[[^\]]*\]", row)]


def told(result: Result, code: int | None = 0) -> str:
    """Check that what a run says drives nothing, and give its standard output."""
    out = result.out.decode("utf-8")
    assert code is None or result.code == code, result.err
    assert not ACTING.search(out.replace("\n", ""))
    assert not orders(out)
    assert not orders(result.err)
    return out


def keys_by_ssh_keygen(path: Path) -> list[str]:
    ran = subprocess.run([require("ssh-keygen"), "-l", "-f", path], capture_output=True, check=True, timeout=PATIENCE)
    return [row.split()[1] for row in ran.stdout.decode("utf-8", "replace").splitlines(False) if row[:1].isdigit()]


def keys_by_import(path: Path) -> int:
    ran = subprocess.run([require("ssh-keygen"), "-i", "-f", path], capture_output=True, check=True, timeout=PATIENCE)
    return ran.stdout.count(b"\n")


def lines_of(data: bytes) -> int:
    """Count the lines as any reader may cut them: what has a line end of some kind in it counts more than it has."""
    return len(data.decode("utf-8", "surrogateescape").splitlines())


def ppk_is_whole(data: bytes) -> bool:
    pattern = (
        rb"PuTTY-User-Key-File-[23]: [a-z0-9-]+\nEncryption: none\nComment: [^\r\n]*\nPublic-Lines: ([0-9]+)\n"
        rb"((?:[A-Za-z0-9+/=]{1,64}\n)+)Private-Lines: ([0-9]+)\n((?:[A-Za-z0-9+/=]{1,64}\n)+)"
        rb"Private-MAC: (?:[0-9a-f]{64}|[0-9a-f]{40})\n"
    )
    found = re.fullmatch(pattern, data)
    return found is not None and (found[2].count(b"\n"), found[4].count(b"\n")) == (int(found[1]), int(found[3]))


# ── files that hold it ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def save(path: Path, data: bytes) -> Path:
    path.touch(0o600)
    path.write_bytes(data)
    return path


def shape(value: Any) -> Any:
    """Return what a JSON document is made of, without its words."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items() if name != "notes"}
    return [shape(each) for each in value] if isinstance(value, list) else value is None


@pytest.mark.parametrize(("source", "text"), list(cases()))
def test_what_is_shown_has_the_records_that_it_has_with_a_harmless_text(source: str, text: str, place: Path) -> None:
    make = SOURCES[source][0]
    hostile, harmless = save(place / "hostile", make(text)), save(place / "harmless", make("harmless"))
    for command in ("inspect", "cert show") if source == "certificate" else ("inspect",):
        rows = []
        documents = []
        for path in (hostile, harmless):
            out = told(run(*command.split(), path))
            rows.append([row for row in out.split("\n") if not row.startswith("  note ")])
            documents.append(json.loads(told(run(*command.split(), path, "--json"))))
        assert len(rows[0]) == len(rows[1])
        assert [row[:15] for row in rows[0]][1:] == [row[:15] for row in rows[1]][1:]
        assert shape(documents[0]) == shape(documents[1])
    if source != "certificate" and not (source == "rfc4716" and "\\" in text):  # which that format unfolds
        said = json.dumps(documents[0], ensure_ascii=False)
        assert json.loads(said) == documents[0]
        assert json.dumps(text.strip(" "), ensure_ascii=False)[1:50] in said, "as it is, for programs"
    assert told(run("match", hostile, harmless)).count("\n") == 1


@pytest.mark.parametrize(("source", "text"), list(cases()))
def test_public_lines_are_one_for_each_key(source: str, text: str, place: Path) -> None:
    hostile = save(place / "hostile", SOURCES[source][0](text))
    count = 2 if source == "known_hosts" else 1
    for target, number in (("openssh-pub", count), ("rfc4716", None), ("sshfp", 2 * count)):
        result = run("public", hostile, "-t", target)
        assert not orders(result.err)
        if result.code != 0:  # too long for a line, which is said
            assert (result.code, result.out) == (6, b"")
            continue
        out = save(place / "out", result.out)
        assert number is None or lines_of(result.out) == number, target
        if target == "openssh-pub":
            assert keys_by_ssh_keygen(out) == [FINGERPRINT] * count
        assert target == "sshfp" or [each.public for each in read(result.out).entries] == [PUBLIC] * count
        if target == "rfc4716" and len(result.out) < 8192:  # ssh-keygen imports no longer certificate
            blocks = re.split(b"(?<=\n---- END SSH2 PUBLIC KEY ----\n)", result.out)[:-1]
            assert [keys_by_import(save(place / "block", each)) for each in blocks] == [1] * count


PRIVATE = [known.name for known in FORMATS if known.can.private and known.write is not None]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_comment_forges_no_record_of_any_format(text: str, place: Path) -> None:
    for key, fingerprint in (("ed25519", FINGERPRINT), ("rsa2048", RSA_FINGERPRINT)):
        source = save(place / key, key_file(key, text))
        family = read(source.read_bytes()).entries[0].public.family  # type: ignore[union-attr]
        for known in FORMATS:
            if known.name not in PRIVATE or family not in known.can.families:
                continue
            if key == "rsa2048" and known.name not in ("sshcom", "ssh1"):
                continue
            out = place / f"{key}.{known.name}"
            result = run("convert", source, "-t", known.name, "-o", out, "--no-passphrase")
            told(result, None)
            if result.code != 0:
                assert (result.code, out.exists()) == (6, False)
                continue
            entries = read(out.read_bytes()).entries
            assert [each.public for each in entries] == [sample(f"openssh/{key}-plain").public]
            if known.name in ("ppk", "ppk2"):
                assert ppk_is_whole(out.read_bytes())
            if known.name in ("ppk", "sshcom"):
                ran = subprocess.run(
                    [require("puttygen"), "-O", "fingerprint", out], capture_output=True, timeout=PATIENCE
                )
                assert fingerprint.encode() in ran.stdout.split(), ran.stderr
            if known.name == "openssh":
                assert keys_by_ssh_keygen(out) == [fingerprint]
                assert lines_of(subprocess.check_output([require("ssh-keygen"), "-y", "-f", out])) == 1


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_comment_on_the_command_line_forges_no_record(text: str, place: Path) -> None:
    if "\0" in text:  # which no argument can hold
        return
    original = by_path("ppk/ed25519-v3-plain.ppk").data
    path, pub = save(place / "key.ppk", original), save(place / "key", by_path("openssh/ed25519-plain").data)
    save(place / "key.pub", by_path("openssh-pub/ed25519.pub").data)
    results = [run("comment", path, "--", text), run("comment", pub, "--", text)]
    results.append(run("convert", path, "-t", "openssh-pub", "-o", place / "new.pub", f"--comment={text}"))
    results.append(run("generate", "-o", place / "made", f"--comment={text}", "--no-passphrase", "--also", "ppk"))
    for result in results:
        assert not orders(result.err)
        assert result.code in (0, 6), result.err
    options = run("public", path, "--options", f'command="{text}"')
    assert (options.code, lines_of(options.out)) in ((0, 1), (2, 0), (6, 0)), (
        "an option may be refused, and adds no line"
    )
    told(Result(options.code, b"", options.err), None)
    assert ppk_is_whole(path.read_bytes())
    assert read(path.read_bytes()).entries[0].public == PUBLIC
    for name, data in ((each.name, each.read_bytes()) for each in place.glob("*.pub")):
        assert lines_of(data) == 1, name
        assert len(keys_by_ssh_keygen(place / name)) == 1
    if results[3].code == 0:
        assert ppk_is_whole((place / "made.ppk").read_bytes())
        assert results[3].out.startswith(b"ssh-ed25519 AAAA")
        assert lines_of(results[3].out) == 1


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_certificates_and_mended_files_are_as_clean(text: str, place: Path) -> None:
    key = save(place / "key.ppk", by_path("ppk/ed25519-v3-plain.ppk").data)
    certificate = save(place / "certificate", certificate_line(text))
    told(run("cert", "attach", key, certificate, "-o", place / "both.ppk"))
    assert ppk_is_whole((place / "both.ppk").read_bytes().replace(b"cert-v01@openssh.com", b"x"))
    told(run("cert", "detach", place / "both.ppk", "-o", place / "back.pub"))
    assert keys_by_ssh_keygen(place / "back.pub") == [FINGERPRINT]
    damaged = save(place / "damaged", key_file("ed25519", text).replace(b"\n", b"\r\n"))
    told(run("repair", damaged, "-o", place / "mended"))
    assert keys_by_ssh_keygen(place / "mended") == [FINGERPRINT]
    assert read((place / "mended").read_bytes()).entries[0].private == sample("openssh/ed25519-plain").private


# ── names ──────────────────────────────────────────────────────────────────────────────────────────────────────────

NAMES = [text.replace("/", "_").replace("\0", "")[:100] for text in HOSTILE.values()] + ["  ::error::x", "\udcff\udc80"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_file_name_forges_nothing(name: str, place: Path) -> None:
    save(place / name, by_path("openssh/ed25519-plain").data)
    save(place / f"{name}.junk", b"no key")
    paths = (name, f"{name}.junk", f"{name}.gone")
    text = told(run("inspect", "--", *paths), 3)
    assert sum(not row.startswith(" ") for row in text.split("\n") if row) == 1
    assert len(json.loads(told(run("inspect", "--json", "--", *paths), 3))) == 1
    for command in (("match",), ("cert", "show"), ("public",), ("repair", "-o", "new")):
        result = run(*command, "--", *(paths[:1] if command[0] == "repair" else paths))
        told(result, None)
        assert result.err.count("keyconv: ") >= 1
    assert run("inspect", "--json", "--", paths[1]).error["path"] == paths[1]
    document = run("convert", "--json", "-d", "out", "--no-passphrase", "-t", "openssh", "--", *paths).json
    told(run("convert", "-d", "out2", "--no-passphrase", "-t", "openssh", "--", *paths), 3)
    assert [each["path"] for each in document["results"]] == list(paths)
    written = run("repair", "--in-place", "--", name)
    told(written)
    assert list(place.glob("*.bak*")) == []  # there was nothing to fix


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_wrong_word_on_the_command_line_or_in_the_settings_is_quoted_harmlessly(text: str, place: Path) -> None:
    word = text.replace("\0", "")
    key = save(place / "key", by_path("openssh/ed25519-plain").data)
    calls: list[tuple[str | Path, ...]] = [
        ("convert", key, "-d", "new", "--to", word),
        ("convert", key, "-d", "new", "--from", word),
        ("convert", key, "-d", "new", "-t", "openssh", "--new-passphrase-file", key, "--cipher", word),
    ]
    calls += [("check", key, f"{flag}={word}") for flag in ("--select", "--ignore", "--preset", "--policy")]
    quoted = json.dumps(word)
    for setting in (
        f"{quoted} = 1",
        f"select = [{quoted}]",
        f"blocklist = [{quoted}]",
        f"allow = [{quoted}]",
        f"key-types = [{quoted}]",
        f"severities = {{{quoted} = {quoted}}}",
        f"thresholds = {{{quoted} = 1}}",
        f"preset = {quoted}",
        f"x = {word}",
    ):
        path = save(place / f"{len(calls)}.toml", f"{setting}\n".encode())
        calls.append(("check", key, "--policy", path))
    for call in calls:
        result = run(*call)
        assert result.out == b""
        told(result, 2)
        answer = run(*call, "--json")
        assert answer.error["code"] == "usage"
        assert not orders(answer.err)


@pytest.mark.parametrize("name", ["lf", "escape", "annotation-start", "annotation-old"])
def test_what_is_said_of_a_wrong_call_is_as_harmless(name: str, place: Path) -> None:
    for arguments in (("convert", "x", f"--kdf={HOSTILE[name]}"), ("check", f"--x{HOSTILE[name]}")):
        told(run_process(*arguments, cwd=place), 2)
    told(run_process(HOSTILE[name], cwd=place), None)  # a wrong option, or a file that is not there


# ── the reports of check ───────────────────────────────────────────────────────────────────────────────────────────

SCHEMA = Draft202012Validator(json.loads(Path(__file__).parent.joinpath("published", "sarif-2.1.0.json").read_text()))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Check all sources with all texts, under hostile names and from hostile variables, in every format."""
    place = tmp_path_factory.mktemp("judged")
    texts = list(HOSTILE.values())
    for number, (source, (make, any_text)) in enumerate(SOURCES.items()):
        for text in texts if any_text else FLAT.values():
            data = make(text)
            save(place / f"{source}-{texts.index(text)}", data if number % 2 else data.replace(b"\n", b"\r\n"))
    for number, name in enumerate(NAMES):
        save(place / name, (key_file("ed25519", name.encode(errors="replace").decode()), b"no key")[number % 2])
    variables: dict[str, Any] = {f"V{name.replace('=', '_')}": "ssh-ed25519 AAAA\nx" for name in NAMES[:-1]}
    paths = [*sorted(each.name for each in place.iterdir()), "gone\n::error::forged", "gone ##[error]forged"]
    flags = [flag for name in (*variables, "\x1b[2J\n::error::unset") for flag in ("--env", name)]
    found: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        for name in ("text", "json", "github", "gitlab", "sarif", "junit", "html"):
            summary = place.parent / "summary.md"
            result = run(
                "check", "-v", "--format", name, *flags, "--", *paths, GITHUB_STEP_SUMMARY=str(summary), **variables
            )
            assert result.code == 1
            found[name] = result.out.decode("utf-8")
            assert not ACTING.search(found[name].replace("\n", ""))
            assert not orders(result.err)
        found["summary"] = summary.read_text("utf-8")
    found["paths"] = paths
    found["document"] = json.loads(found["json"])
    return found


def test_the_report_for_programs_names_every_file_as_it_is(judged: dict[str, Any]) -> None:
    document = judged["document"]
    assert set(document) == {"findings", "summary"}
    named = {each["path"] for each in document["findings"]}
    shown = {name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") for name in judged["paths"]}
    assert {name for name in named if not name.startswith("env:")} <= shown | set(judged["paths"]) | {
        name.replace("\udcff\udc80", "\\udcff\\udc80") for name in judged["paths"]
    }
    assert len(document["findings"]) > 300
    assert len(document["summary"]["unreadable"]) == 2
    assert not orders(judged["json"])


def test_annotations_are_one_for_each_finding(judged: dict[str, Any]) -> None:
    found = judged["document"]
    given = [row for row in judged["github"].split("\n") if row.startswith("::")]
    assert len(given) == len(found["findings"]) + 2
    assert orders(judged["github"]) == given
    levels = {"error": "error", "warning": "warning", "info": "notice"}
    for row, finding in zip(given, found["findings"], strict=False):
        properties = r"file=[^,:]+(?:,line=[0-9]+)?,title=keyconv " + finding["rule"]
        assert re.fullmatch(rf"::{levels[finding['severity']]} {properties}::.*", row), row


def test_other_reports_hold_as_many_records(judged: dict[str, Any]) -> None:
    findings = judged["document"]["findings"]
    number = len(findings)
    assert not orders(judged["text"])
    severities = "|".join(("error", "warning", "info"))
    rules = [re.match(rf".*?: ({severities}) ([a-z0-9-]+) ", row) for row in judged["text"].split("\n")]
    assert [each[2] for each in rules if each] == [each["rule"] for each in findings]
    assert len(json.loads(judged["gitlab"])) == number + 2
    document = json.loads(judged["sarif"])
    SCHEMA.validate(document)
    assert [each["ruleId"] for each in document["runs"][0]["results"]] == [each["rule"] for each in findings]
    assert not orders(judged["sarif"])
    root = ElementTree.fromstring(judged["junit"])
    names = [each.attrib["name"].split(" ")[0] for each in root.iter("testcase")]
    assert names[:number] == [each["rule"] for each in findings]
    assert len(names) == number + 2
    assert {each.tag for each in root.iter()} == {
        *("testsuites", "testsuite", "testcase", "failure", "error", "system-out")
    }
    assert not orders(judged["junit"])


def test_the_step_summary_is_one_table_with_a_row_for_each_finding(judged: dict[str, Any]) -> None:
    rows = [row for row in judged["summary"].split("\n") if row.startswith("|")][2:]
    findings = judged["document"]["findings"]
    assert len(rows) == min(len(findings), 501)
    for row, finding in zip(rows, findings, strict=False):
        cells = re.split(r"(?<!\\)(?:\\\\)*\|", row)
        assert [cell.strip() for cell in cells[1:3]] == [finding["severity"], finding["rule"]]
        assert len(cells) == 6
