"""The recorded verdicts of sshd, ssh and ssh-keygen are what they say, and `check` says the same.

KEYCONV_TRUTH=all asks the programs at hand about every row, which takes minutes; otherwise about a few of each kind.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path
from zlib import crc32

import pytest
from tools import require, require_module
from truth import material
from truth.asking import Bench
from truth.findings import KNOWN, Said, differences, findings
from truth.model import ACCEPTED, KINDS, Kind, Row, Table, load, save
from truth.programs import Programs, installed
from truth.rows import ROWS

TABLE = load()

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX sshd")

FEW = 4
"""Rows of each kind that are asked again in a normal run."""

DEAD = (
    "authorized_keys/authority/certificate-line",
    "authorized_keys/authority/certificate-line-certificate",
    "authorized_keys/authority/certificate-line-after-cert-authority",
    "authorized_keys/authority/principals-without-cert-authority",
    "authorized_keys/type/ed448",
    "authorized_keys/expiry-time/past",
    "authorized_keys/from/space-after-comma",
    "authorized_keys/from/space-at-end",
    "authorized_keys/tunnel/pair",
    "authorized_keys/tunnel/any-pair",
    "certificate/critical-unknown",
    "certificate/authority-rsa-sha1",
    "certificate/source-address-bad-octet",
    "certificate/source-address-host-bits",
    "known_hosts/host/port-22",
    "known_hosts/host/brackets-without-port",
    "known_hosts/host/brackets-comma-inside",
    "known_hosts/host/user",
    "known_hosts/host/url",
    "known_hosts/host/hashed-and-name",
)
"""Rows that every version refuses for everyone, whatever else may change."""

ALIVE = (
    "authorized_keys/permitopen/service",
    "authorized_keys/permitlisten/service",
    "authorized_keys/type/webauthn",
    "authorized_keys/authority/authority-and-plain-line",
    "authorized_keys/text/second-line-after-other-from",
    "authorized_keys/text/second-line-after-past",
    "allowed_signers/plain",
    "allowed_signers/authority-pattern",
    "allowed_signers/valid-both",
)
"""Rows that every version takes."""


def _asked_again(kind: Kind) -> list[Row]:
    """Return the rows of a kind in an order that has nothing to do with their names."""
    rows = [row for row in TABLE.rows if row.kind == kind and row.context.get("server") != "UseDNS"]
    if os.environ.get("KEYCONV_TRUTH") == "all":
        return rows
    plain = [row for row in rows if row.context.get("by") != "raw"]
    return sorted(plain, key=lambda row: crc32(row.key.encode()))[:FEW]


def _at_hand() -> Programs:
    for program in ("ssh", "sshd", "ssh-keygen"):
        if installed() is None:
            require(program)
    programs = installed()
    if programs is None:
        pytest.skip("ssh, sshd and ssh-keygen are needed")
    return programs


@posix
@pytest.mark.parametrize("kind", KINDS)
def test_the_programs_at_hand_say_what_is_recorded(kind: Kind, tmp_path: Path) -> None:
    programs, rows = _at_hand(), _asked_again(kind)
    if any(row.context.get("by") == "raw" for row in rows):
        require_module("paramiko")
    if programs.version not in TABLE.programs:  # then only what all recorded versions agree on can be expected of it
        rows = [row for row in rows if len(set(row.verdicts.values())) == 1]
    expected = {row.key: row.verdicts.get(programs.version) or next(iter(row.verdicts.values())) for row in rows}
    with Bench(programs, tmp_path / "bench") as bench:
        assert {row.key: bench.ask(row)[0] for row in rows} == expected


def test_every_row_is_recorded_as_it_is_asked() -> None:
    def questions(rows: tuple[Row, ...]) -> list[tuple[object, ...]]:
        return [(row.key, row.input, dict(row.context)) for row in sorted(rows, key=lambda row: KINDS.index(row.kind))]

    assert questions(TABLE.rows) == questions(ROWS), "run python tests/truth/bench.py --new"


def test_rows_have_names_of_their_own() -> None:
    assert [key for key, count in Counter(row.key for row in ROWS).items() if count > 1] == []


def test_every_row_has_a_verdict_of_every_program() -> None:
    for row in TABLE.rows:
        assert list(row.verdicts) == list(TABLE.programs), row.key
        assert set(row.verdicts.values()) <= {"refused", *ACCEPTED}, row.key
        assert set(row.log) <= set(TABLE.programs), row.key


def test_the_table_has_hundreds_of_rows_of_two_versions() -> None:
    assert len(TABLE.rows) > 900
    assert len(TABLE.programs) == 2


def test_only_what_is_refused_is_said_to_be_refused_here_alone() -> None:
    marked = [row.key for row in TABLE.rows if row.elsewhere]
    assert [key for key in marked if all(_row(key).verdicts[each] in ACCEPTED for each in TABLE.programs)] == []


@pytest.mark.parametrize("key", DEAD)
def test_lines_that_have_no_effect_are_in_the_table(key: str) -> None:
    assert all(_row(key).dead(version) for version in TABLE.programs)


@pytest.mark.parametrize("key", ALIVE)
def test_lines_that_have_an_effect_are_in_the_table(key: str) -> None:
    assert set(_row(key).verdicts.values()) <= ACCEPTED


def _row(key: str) -> Row:
    return next(row for row in TABLE.rows if row.key == key)


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    save(TABLE, tmp_path)
    assert load(tmp_path) == TABLE
    assert all(
        (tmp_path / f"{kind}.json").read_bytes() == (KNOWN.parent / f"{kind}.json").read_bytes() for kind in KINDS
    )


def test_no_key_and_no_name_of_this_machine_is_in_the_table() -> None:
    for kind in KINDS:
        text = (KNOWN.parent / f"{kind}.json").read_text("ascii")
        assert material.expand("{ed25519.blob}").decode().strip() not in text
        assert "/tmp/" not in text
        assert "SHA256:" not in text.replace("SHA256:...", "").replace(
            "SHA256:Cz8AfMVJzkZL16BcZCymv3u6DhyvkhSqzj9PdVhmaPU", ""
        )


# ── check and the table ────────────────────────────────────────────────────────────────────────────────────────────


def test_check_differs_from_the_programs_where_it_is_known_to_and_nowhere_else() -> None:
    known, found = json.loads(KNOWN.read_text("utf-8")), differences(TABLE, findings(TABLE.rows))
    assert list(known) == list(found)
    appeared = {kind: sorted(set(found[kind]) - set(known[kind])) for kind in known}
    gone = {kind: sorted(set(known[kind]) - set(found[kind])) for kind in known}
    assert not any(appeared.values()), "new differences: check must say what the programs say"
    assert not any(gone.values()), "gone: python docs/truth_table.py takes them off the list"


def _table(verdict: str, *, elsewhere: bool = False, partly: bool = False) -> Table:
    row = Row("known_hosts", "row", "first\nsecond", {}, elsewhere, partly, {"1": verdict, "2": verdict})
    return Table({"1": "one", "2": "two"}, (row,))


SPEAKS = Said("bad-line", "error", 2, speaks=True, alarms=True)
OF_THE_FIRST_LINE = Said("bad-line", "error", 1, speaks=True, alarms=True)
APART = Said("short-rsa", "error", 2, speaks=False, alarms=False)


@pytest.mark.parametrize(
    ("verdict", "elsewhere", "said", "expected"),
    [
        ("refused", False, (), "silent"),
        ("refused", False, (APART,), "silent"),
        ("refused", False, (SPEAKS,), None),
        ("refused", True, (), None),
        ("accepted", False, (SPEAKS,), "false_alarm"),
        ("revoked", False, (SPEAKS,), "false_alarm"),
        ("accepted", False, (OF_THE_FIRST_LINE, APART), None),
        ("accepted", False, (), None),
    ],
)
def test_a_difference_is_silence_on_what_is_refused_or_an_alarm_on_what_is_taken(
    verdict: str, elsewhere: bool, said: tuple[Said, ...], expected: str | None
) -> None:
    found = differences(_table(verdict, elsewhere=elsewhere), {"known_hosts/row": said})
    assert [kind for kind, keys in found.items() if keys] == ([] if expected is None else [expected])


def test_of_a_line_that_has_an_effect_in_part_something_must_be_said() -> None:
    table = _table("accepted", partly=True)
    assert differences(table, {"known_hosts/row": ()})["silent"] == ["known_hosts/row"]
    assert not any(differences(table, {"known_hosts/row": (SPEAKS,)}).values())


def test_versions_that_differ_are_a_difference_of_their_own() -> None:
    row = Row("known_hosts", "row", "line", {}, verdicts={"1": "accepted", "2": "refused"})
    found = differences(Table({"1": "one", "2": "two"}, (row,)), {row.key: ()})
    assert [kind for kind, keys in found.items() if keys] == ["silent_where_versions_differ"]


# ── placeholders ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb", b"a\nb\n"),
        ("a{end}", b"a"),
        ("a {pad 3}", b"a xxx\n"),
        ("a {to 10} b", b"a xxxxxx b\n"),
        ("\udcff", b"\xff\n"),
    ],
)
def test_placeholders_of_text(text: str, expected: bytes) -> None:
    assert material.expand(text) == expected


def test_placeholders_of_keys() -> None:
    line = material.expand("{ed25519}").split()
    assert line[0] == b"ssh-ed25519"
    assert material.expand("{ed25519.type} {ed25519.blob}").split() == line
    assert material.expand("{cert of=rsa2048 principals=}").startswith(b"ssh-rsa-cert-v01@openssh.com ")
