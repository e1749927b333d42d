"""Repair: every damage to every kind of file is named by its rule and fixed; nothing is fixed that is no damage."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import pytest
from damages import (
    DAMAGES,
    FILES,
    Damage,
    KeyFixture,
    applicable,
    as_json_string,
    by_name,
    combine,
    file_by_name,
    hidden_rules,
    rewrap,
    sample_combinations,
)
from fixture_files import PASSPHRASE, Fixture, by_path, opened, pick
from forged_files import load, number, openssh, ppk
from tools import some

from keyconv import Deriver, Locked, Passphrase, convert
from keyconv.engine import read, unlock
from keyconv.errors import KeyconvError, RecomputableError, WrongPassphraseError
from keyconv.keyfile import KeyFile
from keyconv.keys import RsaPrivateKey
from keyconv.proof import amends, proving
from keyconv.repairs import Candidate, Opening, is_stale, listings, mend_public, search, wrappings
from keyconv.repairs.messages import MESSAGES
from keyconv.repairs.searching import MAX_WORK
from keyconv.wire import der

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet

DERIVER = Deriver()

OPENSSH = by_path("openssh/ed25519-plain").data
PPK = by_path("ppk/rsa2048-v3-plain.ppk").data
LINE = by_path("openssh-pub/ed25519.pub").data
RSA_LINE = by_path("openssh-pub/rsa2048.pub").data.strip()


def wrap(text: bytes, width: int) -> list[bytes]:
    return [text[start : start + width] for start in range(0, len(text), width)]


def mend(data: bytes, passphrase: Passphrase | None = None, *, guess: bool = False) -> Candidate | None:
    return search(data, Opening(passphrase=passphrase, deriver=DERIVER), guess=guess)


def mended(data: bytes, passphrase: Passphrase | None = None) -> Candidate:
    found = mend(data, passphrase)
    assert found is not None
    return found


def needs_proof(file: KeyFixture, damage: Damage) -> bool:
    """Say what rules.md allows only with a proof; an encrypted PEM file, moreover, does not say how long it is."""
    if damage.rule == "space-for-plus":
        return True
    return damage.name == "missing-frame, footer" and file.name.startswith("pem")


# ── one damage ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in FILES])
def test_each_damage_to_each_file_is_named_and_undone(file: KeyFixture) -> None:
    ways = [
        (damage.name, passphrase is not None, _undoing(file, damage, damaged, passphrase))
        for damage, damaged in applicable(file)
        for passphrase in dict.fromkeys((None, file.passphrase))
    ]
    assert ways
    assert [way for way in ways if way[-1] != "undone"] == []


def _undoing(file: KeyFixture, damage: Damage, damaged: bytes, passphrase: Passphrase | None) -> str:
    locked = file.passphrase is not None and passphrase is None
    found = mend(damaged, passphrase)
    if needs_proof(file, damage) and (locked or not file.private):
        if found is not None:
            return "undone, though nothing proves it"
        found = mend(damaged, passphrase, guess=True)
        if found is not None and not found.guessed:
            return "guessed, without saying so"
    if found is None:
        return "not undone"
    if found.undone != (damage.rule,):
        return f"named {', '.join(found.undone)}"
    if found.data != file.data:
        return "made into something else"
    return "undone" if found.proved == (not locked and not found.guessed) else f"proved: {found.proved}"


def test_every_rule_that_can_be_undone_is_in_the_matrix_or_in_a_test_of_its_own() -> None:
    from keyconv.repairs import DAMAGES as UNDOABLE

    rules = {damage.rule for damage in UNDOABLE}
    assert rules - {damage.rule for damage in DAMAGES} == {"noncanonical", "inner-whitespace", "multiple-keys"}
    assert rules | {"recomputable-numbers", "comment-control"} == set(MESSAGES)


@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in FILES])
def test_with_nothing_to_undo_the_same_bytes_come_back(file: KeyFixture) -> None:
    found = mended(file.data, file.passphrase)
    assert (found.undone, found.data, found.offset) == ((), file.data, None)


# ── several ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in FILES])
def test_combinations_are_named_and_undone(file: KeyFixture, size: int) -> None:
    tried = some(sample_combinations(file, size, 60, seed=size), 20, file.name)
    assert len(tried) >= 20
    for damages, damaged in tried:
        names = " + ".join(damage.name for damage in damages)
        rules = {damage.rule for damage in damages}
        if "space-for-plus" in rules and not file.private:
            assert mend(damaged, file.passphrase) is None, names
            continue
        found = mend(damaged, file.passphrase)
        assert found is not None, names
        assert found.data == file.data, names
        assert rules - hidden_rules(damages) <= set(found.undone) <= rules, names


@pytest.mark.parametrize("order", ["inside out", "outside in"])
def test_the_order_of_damages_does_not_matter(order: str) -> None:
    ways = ["wrong-dash-count, fewer", "html-escaped", "indented", "crlf"]
    data = OPENSSH
    for name in ways if order == "inside out" else reversed(ways):
        data = by_name(name).apply(data) or data
    found = mended(data)
    assert found.data == OPENSSH
    assert set(found.undone) == {by_name(name).rule for name in ways}


def test_line_ends_quotes_escapes_and_a_lost_frame_at_once() -> None:
    body = b"\\n".join(OPENSSH.split(b"\n")[1:-2])
    found = mended(b'DEPLOY_KEY="' + body + b'\\n"\r\n')
    assert found.data == OPENSSH
    assert set(found.undone) == {"crlf", "quoted", "literal-newlines", "missing-frame"}


def test_base64_of_base64_is_undone_twice_and_named_once() -> None:
    found = mended(base64.encodebytes(base64.encodebytes(OPENSSH)))
    assert (found.data, found.undone) == (OPENSSH, ("base64-wrapped",))


def test_a_data_uri_is_base64_too() -> None:
    found = mended(b"data:application/x-pem-file;base64," + base64.b64encode(OPENSSH))
    assert (found.data, found.undone) == (OPENSSH, ("base64-wrapped",))


@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in FILES])
def test_a_json_string_is_quotes_and_escapes(file: KeyFixture) -> None:
    found = mended(as_json_string(file.data), file.passphrase)
    assert (found.data, set(found.undone)) == (file.data, {"quoted", "literal-newlines"})


@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in FILES])
@pytest.mark.parametrize(
    "around",
    [
        pytest.param((b'{"private_key": ', b', "id": 3}'), id="the first member"),
        pytest.param((b'{"id": 3, "note": "it\'s mine", "key": ', b', "more": ["a", "b"]}\n'), id="amid others"),
        pytest.param((b"{id: 3, key: ", b", z: 1}\n"), id="YAML"),
    ],
)
def test_a_value_among_others_is_quotes_and_escapes(file: KeyFixture, around: tuple[bytes, bytes]) -> None:
    found = mended(around[0] + as_json_string(file.data) + around[1], file.passphrase)
    assert (found.data, set(found.undone)) == (file.data, {"quoted", "literal-newlines"})


def test_json_in_a_string_of_json_is_undone_too() -> None:
    inner = b'{"key": ' + as_json_string(PPK) + b', "id": 3}'
    assert mended(b'{"body": ' + as_json_string(inner) + b', "n": 1}').data == PPK


def test_of_two_values_with_keys_none_is_chosen() -> None:
    other = by_path("openssh/rsa2048-plain").data
    assert mend(b'{"a": ' + as_json_string(OPENSSH) + b', "b": ' + as_json_string(other) + b"}") is None
    assert len(read(mended(b'["%s", "%s"]' % (LINE.strip(), RSA_LINE)).data).entries) == 2


@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in FILES])
def test_a_value_of_a_kubernetes_secret_is_base64_amid_text(file: KeyFixture) -> None:
    text = base64.b64encode(file.data)
    rows = base64.encodebytes(file.data).replace(b"\n", b"\n    ").rstrip(b" ")
    for secret in (
        b"apiVersion: v1\ndata:\n  ssh-privatekey: " + text + b"\nkind: Secret\n",
        b'kind: Secret\ndata:\n  name: c3NoLXJzYQ==\n  "id_rsa": "' + text + b'"\n',
        b"data:\n  id_rsa: |\n    " + rows + b"kind: Secret\n",
        b'{"data": {"k": "' + text + b'", "x": "eA=="}, "kind": "Secret"}',
    ):
        found = mended(secret, file.passphrase)
        assert (found.data, set(found.undone)) == (file.data, {"surrounding-text", "base64-wrapped"})


def test_of_two_keys_in_a_kubernetes_secret_the_private_one_is_meant_and_of_two_private_ones_none() -> None:
    private, other, public = (base64.b64encode(data) for data in (OPENSSH, PPK, LINE))
    assert mended(b"data:\n  a: " + public + b"\n  b: " + private + b"\n").data == OPENSSH
    assert mend(b"data:\n  a: " + other + b"\n  b: " + private + b"\n") is None


@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in FILES if file.kind != "lines"])
def test_a_diff_with_its_head_is_text_around_the_key(file: KeyFixture) -> None:
    head = b"diff --git a/id b/id\n--- a/id\n+++ b/id\n@@ -0,0 +1,%d @@\n" % file.data.count(b"\n")
    for sign in (b"+", b"-"):
        rows = b"".join(sign + row + b"\n" for row in file.data.removesuffix(b"\n").split(b"\n"))
        found = mended(head + rows, file.passphrase)
        assert (found.data, found.undone) == (file.data, ("surrounding-text",))


def test_keys_that_a_diff_takes_out_stay_out() -> None:
    assert mend(b"".join(b"-" + row + b"\n" for row in (LINE.strip(), RSA_LINE, LINE.strip()))) is None


@pytest.mark.parametrize("number", ["%6d\t", "%d:", "%3d | ", "%d) ", "%4d\u2502"])
@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in FILES if file.kind != "lines"])
def test_numbers_of_lines_are_text_around_the_key_whatever_their_form_and_width(file: KeyFixture, number: str) -> None:
    rows = file.data.decode().removesuffix("\n").split("\n")
    numbered = "".join(f"{number % index}{row}\n" for index, row in enumerate(rows, 8)).encode()
    found = mended(numbered, file.passphrase)
    assert (found.data, found.undone) == (file.data, ("surrounding-text",))


def test_numbers_that_do_not_count_up_are_no_numbers_of_lines() -> None:
    rows = by_path("openssh/rsa2048-plain").data.splitlines()
    numbers = random.Random(1).sample(range(10, 99), len(rows))
    assert (
        list(listings.undo_line_numbers(b"\n".join(b"%d %s" % each for each in zip(numbers, rows, strict=True)))) == []
    )


@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in FILES if file.kind != "lines"])
def test_a_value_of_a_form_is_percent_encoded_among_others(file: KeyFixture) -> None:
    form = urlencode({"name": "deploy & co", "key": file.data.decode(), "id": "3"}).encode()
    assert mended(form, file.passphrase).data == file.data
    twice = quote(quote(file.data)).encode()
    assert (mended(twice, file.passphrase).data, mended(twice).undone) == (file.data, ("html-escaped",))


def test_what_is_percent_encoded_within_a_comment_or_an_option_stays() -> None:
    for line in (b"ssh-rsa AAAA", b'command="/bin/get%20it" ' + RSA_LINE, RSA_LINE + b" 100%25"):
        assert list(wrappings.undo_percent(line + b"\n")) == []


@pytest.mark.parametrize("sign", ["|", "_", ",", ";", "~"])
@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in FILES if file.kind != "lines"])
def test_one_sign_instead_of_line_ends_is_told_from_the_text(file: KeyFixture, sign: str) -> None:
    found = mended(file.data.replace(b"\n", sign.encode()), file.passphrase)
    assert (found.data, found.undone) == (file.data, ("lost-newlines",))


def test_the_mac_tells_signs_of_a_comment_from_line_ends() -> None:
    data = ppk(load("rsa2048"), comment=b"a|b,c_d~")
    for sign in (b"|", b",", b"_", b"~"):
        assert mended(data.replace(b"\n", sign)).data == data


@pytest.mark.parametrize("width", [40, 76, 9999])
@pytest.mark.parametrize("recount", [False, True], ids=["old counts", "new counts"])
@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in FILES if file.kind == "ppk"])
def test_a_ppk_of_another_width_is_cut_into_its_rows_anew(file: KeyFixture, recount: bool, width: int) -> None:
    damaged = rewrap(file.data, width, recount=recount)
    assert damaged != file.data
    for passphrase in dict.fromkeys((None, file.passphrase)):
        found = mended(damaged, passphrase)
        assert (found.data, found.undone) == (file.data, ("line-count",))
        assert found.proved == (passphrase == file.passphrase)


@pytest.mark.parametrize("name", ["ppk 3 ed25519", "ppk 2 rsa, encrypted"])
def test_a_ppk_whose_mac_and_comment_were_wrapped_too(name: str) -> None:
    file = file_by_name(name)
    rows = [row for line in file.data.split(b"\n") for row in (wrap(line, 40) or [b""])]
    found = mended(b"\n".join(rows), file.passphrase)
    assert (found.data, found.undone) == (file.data, ("line-count",))


@pytest.mark.parametrize("width", [40, 76, 9999])
def test_an_encrypted_pem_file_of_another_width_is_read_as_it_is(width: int) -> None:
    file = file_by_name("pem rsa, encrypted")
    head, body = file.data.split(b"\n\n")
    rows = body.split(b"\n")
    wider = b"\n".join([head, b"", *wrap(b"".join(rows[:-2]), width), *rows[-2:]])
    assert unlock(read(wider).entries[0], file.passphrase, deriver=DERIVER).private is not None
    assert mended(wider.replace(b"\n", b"\r\n"), file.passphrase).undone == ("crlf",)


def test_the_source_of_a_program_that_quotes_each_line() -> None:
    rows = OPENSSH.removesuffix(b"\n").split(b"\n")
    assert mended(b"".join(b'    "' + row + b'\\n" +\n' for row in rows)).data == OPENSSH


def test_html_that_was_escaped_twice() -> None:
    damage = by_name("html-escaped")
    twice = (damage.apply(OPENSSH) or b"").replace(b"&", b"&amp;")
    assert (mended(twice).data, mended(twice).undone) == (OPENSSH, ("html-escaped",))


def test_the_first_damage_says_where_it_begins() -> None:
    assert mended(OPENSSH.replace(b"\n", b"\r\n")).offset == OPENSSH.index(b"\n")
    assert mended(b"\xef\xbb\xbf" + OPENSSH).offset == 0
    assert mended(OPENSSH.removesuffix(b"\n")).offset == len(OPENSSH) - 1


# ── the fixtures ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fixture", pick(lambda fixture: fixture.whole))
def test_no_fixture_becomes_another_key(fixture: Fixture) -> None:
    found = mended(fixture.data)
    before, after = read(fixture.data).entries, read(found.data).entries
    assert [entry.public for entry in after] == [entry.public for entry in before]
    assert [entry.options for entry in after] == [entry.options for entry in before]
    if not any(isinstance(entry.private, Locked) for entry in before):
        assert [entry.private for entry in after] == [entry.private for entry in before]
    if not found.undone:
        assert found.data == fixture.data


@pytest.mark.parametrize("fixture", pick(lambda fixture: fixture.whole and fixture.encrypted and fixture.size < 4000))
def test_encrypted_fixtures_open_with_the_same_passphrase_afterwards(fixture: Fixture) -> None:
    passphrase = Passphrase(fixture.passphrase or b"")
    found = mended(fixture.data.replace(b"\n", b"\r\n") if fixture.data[:1] in b"-P" else fixture.data, passphrase)
    (entry,) = read(found.data).entries
    assert unlock(entry, passphrase, deriver=DERIVER).private == opened(fixture).private


# ── what must not be lost ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(OPENSSH + by_path("openssh/rsa2048-plain").data, id="two frames"),
        pytest.param(PPK + by_path("ppk/ed25519-v3-plain.ppk").data, id="two ppk"),
        pytest.param(PPK + OPENSSH, id="a ppk and a frame"),
        pytest.param(b'"' + OPENSSH + PPK + b'"', id="quoted"),
    ],
)
def test_a_file_of_two_private_keys_is_not_cut_to_one(data: bytes) -> None:
    assert mend(data) is None


@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in FILES if file.private])
def test_a_space_inside_a_row_and_lost_padding_are_undone(file: KeyFixture) -> None:
    rows = file.data.split(b"\n")
    at = next(index for index, row in enumerate(rows) if re.fullmatch(rb"[A-Za-z0-9+/]{40,}", row))
    spaced = b"\n".join([*rows[:at], rows[at][:20] + b" " + rows[at][20:], *rows[at + 1 :]])
    found = mend(spaced, file.passphrase)
    assert found is not None
    assert (found.data, found.undone) == (file.data, ("inner-whitespace",))
    bare = re.sub(rb"={1,2}$", b"", file.data, flags=re.M)
    found = mend(bare, file.passphrase)
    assert found is not None
    assert (found.data, found.undone) == (file.data, ("noncanonical",) if bare != file.data else ())


def _each_row(data: bytes, do: Callable[[bytes], bytes]) -> bytes:
    return b"".join(do(row) + b"\n" for row in data.removesuffix(b"\n").split(b"\n"))


def test_no_break_spaces_nuls_and_carriage_returns_in_values() -> None:
    """Combinations that people had: each is fixed although one damage hides the other."""
    space = "\u00a0".encode()
    (locked,) = (file for file in FILES if file.name == "openssh ed25519, encrypted")
    curve = next(file for file in FILES if file.name == "pem ec").data
    rsa = by_path("pem/rsa2048-ssh-keygen-plain.pem").data
    for data, damaged, passphrase in (
        (rsa, as_json_string(rsa.replace(b"\n", b"\r")), None),
        (rsa, b'{\n  "a": "b",\n  "key": ' + as_json_string(rsa.replace(b"\n", b"\r")) + b"\n}\n", None),
        (locked.data, locked.data.replace(b"\n", b" ").replace(b" ", space), locked.passphrase),
        (locked.data, b" ".join(space + row for row in locked.data.split(b"\n")), locked.passphrase),
        (curve, b"KEY='" + _each_row(curve, lambda row: b"    " + row) + b"\0\0\0'\n", None),
        (curve, b"\n" + b" ".join(space + row for row in curve.split(b"\n")), None),
    ):
        found = mend(damaged, passphrase)
        assert found is not None
        assert found.data == data


@pytest.mark.parametrize("data", [OPENSSH, PPK], ids=["openssh", "ppk"])
def test_the_same_key_twice_is_one_key(data: bytes) -> None:
    for twice in (data + data, data + b"\n" + data, b"a copy:\n" + data + b"and again:\n" + data):
        found = mended(twice)
        assert (found.data, found.undone, found.cut) == (data, ("multiple-keys",), True)


@pytest.mark.parametrize("cut", [500, 800, 1100])
def test_a_private_key_that_is_cut_short_is_not_mended_to_its_public_half(cut: int) -> None:
    for data in (PPK[:cut], PPK[:cut].replace(b"-", "\u2013".encode()), by_path("openssh/rsa2048-plain").data[:cut]):
        assert mend(data) is None


def test_a_certificate_beside_a_key_is_text_around_it() -> None:
    certificate = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    key = by_path("pem/rsa2048-ssh-keygen-plain.pem").data
    assert (mended(certificate + key).data, mended(certificate + key).undone) == (key, ("surrounding-text",))


def test_a_document_that_mentions_headers_is_no_key() -> None:
    text = b"A key begins with -----BEGIN RSA PRIVATE KEY----- or PuTTY-User-Key-File-3: and ssh-rsa AAAA...\n"
    assert mend(text) is None


@pytest.mark.parametrize("options", [b"restrict", b'from="192.0.2.1",no-pty', b'command="echo \\"hi\\""'])
@pytest.mark.parametrize("between", [b"", b" "])
def test_options_stay_with_the_key_that_they_restrict(options: bytes, between: bytes) -> None:
    first, second = LINE.strip(), options + b" " + RSA_LINE
    found = mended(first + between + second + b"\n" + LINE)
    assert found.data == first + b"\n" + second + b"\n" + LINE
    assert found.undone == ("joined-keys",)


def test_a_key_that_is_switched_off_stays_so() -> None:
    lines = LINE.strip() + b" #" + RSA_LINE + b"\n" + LINE
    assert read(mended(lines).data).entries[0].comment == read(LINE).entries[0].comment
    assert len(read(mended(lines).data).entries) == 2
    off = b"# " + RSA_LINE + b" " + LINE + LINE
    assert mended(off).data == off


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(RSA_LINE.replace(b"keyconv fixture rsa2048", b"CORP\\nina"), id="a backslash in a comment"),
        pytest.param(b'command="echo ssh-rsa AAAA" ' + RSA_LINE, id="an option that looks like a key"),
        pytest.param(RSA_LINE + b" see ssh-rsa AAAAB3NzaC1yc2E", id="half a key in a comment"),
        pytest.param(b"# " + RSA_LINE + b"\n" + RSA_LINE, id="a remark"),
        pytest.param(RSA_LINE + b"\n\n" + RSA_LINE, id="a blank line between keys"),
    ],
)
def test_what_belongs_to_public_lines_stays(line: bytes) -> None:
    found = mended(line + b"\n")
    assert (found.data, found.undone) == (line + b"\n", ())


@pytest.mark.parametrize("line", [b"github.com " + RSA_LINE, b"@cert-authority *.example.com " + RSA_LINE])
def test_a_line_of_known_hosts_does_not_lose_its_host(line: bytes) -> None:
    found = mend(line + b"\n")
    assert found is not None
    assert (found.data, found.undone) == (line + b"\n", ())


@pytest.mark.parametrize(
    "before",
    [b'comand="true"', b"restrictt", b"look: restrictt", b"keys of alice no-ptyy", b'from "192.0.2.1"', b"> no-ptyy"],
)
def test_a_key_does_not_lose_a_misspelt_option(before: bytes) -> None:
    assert mend(before + b" " + RSA_LINE + b"\n") is None
    assert mend((before + b" " + RSA_LINE + b"\n") * 3) is None


@pytest.mark.parametrize("before", [b"The key: ", b"12:00 out: ", b"key = ", b'"', b"> "])
@pytest.mark.parametrize("options", [b"", b"restrict ", b'from="192.0.2.1",no-pty '])
def test_words_are_cut_off_and_options_are_not(before: bytes, options: bytes) -> None:
    found = mended(before + options + RSA_LINE + (b'"' if before == b'"' else b"") + b"\n")
    assert found.data == options + RSA_LINE + b"\n"


def test_the_comment_of_a_ppk_keeps_its_own_spaces() -> None:
    for path in ("comments/trailing-spaces-v3-plain.ppk", "comments/trailing-spaces-v3-encrypted.ppk"):
        data = by_path(path).data
        assert mended(data).data == data
        damaged = data.replace(b"\n", b"  \n")
        assert (mended(damaged).data, mended(damaged).undone) == (data, ("trailing-whitespace",))


def test_spaces_that_were_put_after_a_comment_are_told_by_the_mac() -> None:
    edited = PPK.replace(b"Comment: keyconv fixture rsa2048\n", b"Comment: keyconv fixture rsa2048  \n")
    assert edited != PPK
    assert (mended(edited).data, mended(edited).undone) == (PPK, ("trailing-whitespace",))


def test_der_is_no_text() -> None:
    for path in ("pem/rsa2048-pkcs1.der", "pkcs8/ed25519-plain.der", "dropbear/rsa2048", "ssh1/rsa1024-plain"):
        data = by_path(path).data
        assert (mended(data).data, mended(data).undone) == (data, ())
        if not path.startswith("ssh1"):  # which ends in zeros of its own
            assert (mended(data + bytes(7)).data, mended(data + bytes(7)).undone) == (data, ("nul-padding",)), path


# ── passphrases ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wrong_passphrase_proves_nothing_and_says_so() -> None:
    file = file_by_name("openssh rsa, encrypted")
    with pytest.raises(WrongPassphraseError):
        mend(file.data.replace(b"\n", b"\r\n"), Passphrase(b"wrong"))


def test_without_the_passphrase_the_private_half_is_not_proved() -> None:
    file = file_by_name("ppk 3 rsa, encrypted")
    assert not mended(file.data).proved
    assert mended(file.data, file.passphrase).proved


@pytest.mark.parametrize("name", ["pem rsa, encrypted", "pem ec, encrypted"])
def test_the_passphrase_tells_which_label_an_encrypted_pem_file_should_have(name: str) -> None:
    file = file_by_name(name)
    wrong = file.data.replace(b"RSA PRIVATE", b"DSA PRIVATE").replace(b"EC PRIVATE", b"RSA PRIVATE")
    assert wrong != file.data
    assert mended(wrong).data == wrong, "nothing can be determined without it"
    assert (mended(wrong, file.passphrase).data, mended(wrong, file.passphrase).undone) == (file.data, ("wrong-label",))


# ── other forms of the same key ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path",
    [
        "openssh/ed25519-aligned-puttygen-plain",
        "edge/rsa2048-p-less-than-q-plain",
        "edge/ed25519-zero-end-v2-31-bytes-plain.ppk",
        "edge/ed25519-zero-end-v2-31-bytes-encrypted.ppk",
        "edge/rsa2048-v2-rsa-sha2-512-encrypted.ppk",
        "edge/ecdsa-p256-short-puttygen.pem",
        "pem/ecdsa-p256-openssl-compressed.pem",
        "pem/ecdsa-p256-openssl-parameters.pem",
        "pem/ecdsa-p256-openssl-no-public.pem",
    ],
)
def test_an_odd_form_is_written_canonically(path: str) -> None:
    fixture = by_path(path)
    passphrase = Passphrase(PASSPHRASE) if fixture.encrypted else None
    found = mended(fixture.data, passphrase)
    assert found.undone == ("noncanonical",)
    (entry,) = read(found.data).entries
    after = unlock(entry, passphrase, deriver=DERIVER)
    before = opened(fixture)
    assert (after.private, after.comment, after.protection) == (before.private, before.comment, before.protection)
    assert not [note for note in (*read(found.data).notes, *after.notes) if note.code == "noncanonical"]


@pytest.mark.parametrize("name", ["ppk 2 rsa", "ppk 3 rsa, encrypted"])
def test_a_mac_in_capitals_is_written_in_lower_case_without_a_passphrase(name: str) -> None:
    file = file_by_name(name)
    head, tail = file.data.split(b"Private-MAC: ")
    found = mended(head + b"Private-MAC: " + tail.upper())
    assert (found.data, found.undone) == (file.data, ("noncanonical",))


def test_control_characters_in_a_comment_are_taken_out() -> None:
    for path in ("comments/control-openssh-plain", "comments/control-v3-plain.ppk"):
        before = opened(by_path(path))
        found = mended(by_path(path).data)
        after = read(found.data).entries[0]
        assert found.undone == ("comment-control",)
        assert (after.private, b"\x1b" in (after.comment or b"")) == (before.private, False)


# ── numbers that follow from others ────────────────────────────────────────────────────────────────────────────────

CRT = ("dmp1", "dmq1", "iqmp")


def _rsa() -> RsaPrivateKey:
    private = opened(by_path("ppk/rsa2048-v3-plain.ppk")).private
    assert isinstance(private, RsaPrivateKey)
    return private


def _pkcs1(**wrong: int) -> bytes:
    """Write the PKCS#1 form of a key, with these numbers in place of its own."""
    key = _rsa()
    stated = {"dmp1": key.dmp1, "dmq1": key.dmq1, "iqmp": key.iqmp, **wrong}
    numbers = (0, key.public.n, key.public.e, key.d, key.p, key.q, *(stated[name] for name in CRT))
    return der.sequence(*map(der.integer, numbers))


def _framed(label: str, data: bytes) -> bytes:
    text = base64.encodebytes(data).replace(b"\n", b"")
    rows = [text[start : start + 64] for start in range(0, len(text), 64)]
    return b"\n".join([b"-----BEGIN %s-----" % label.encode(), *rows, b"-----END %s-----" % label.encode(), b""])


def _with_wrong_iqmp() -> Iterator[tuple[str, bytes]]:
    pair = load("rsa2048")
    wrong = pair.with_private(*pair.private[:3], number(int.from_bytes(pair.private[3], "big") ^ 2))
    yield "ppk 3", ppk(wrong)
    yield "ppk 2", ppk(wrong, version=2)
    yield "ppk 3, encrypted", ppk(wrong, passphrase=PASSPHRASE)
    yield "openssh", openssh(wrong.blob, wrong.inner())
    yield "openssh, encrypted", openssh(wrong.blob, wrong.inner(), cipher="aes256-ctr", passphrase=PASSPHRASE)


def _recomputable() -> list[ParameterSet]:
    files = [(f"pem, {name}", _framed("RSA PRIVATE KEY", _pkcs1(**{name: 12345})), {name}) for name in CRT]
    files.append(("pem, all", _framed("RSA PRIVATE KEY", _pkcs1(dmp1=0, dmq1=1, iqmp=0)), set(CRT)))
    inner = der.sequence(
        der.integer(0), der.sequence(der.oid("1.2.840.113549.1.1.1"), der.null()), der.octets(_pkcs1(dmp1=7))
    )
    files.append(("pkcs8, dmp1", _framed("PRIVATE KEY", inner), {"dmp1"}))
    files.extend((name, data, {"iqmp"}) for name, data in _with_wrong_iqmp())
    return [pytest.param(data, wrong, id=name) for name, data, wrong in files]


@pytest.mark.parametrize(("data", "wrong"), _recomputable())
def test_numbers_that_follow_from_others_are_refused_by_convert_and_computed_anew_by_repair(
    data: bytes, wrong: set[str]
) -> None:
    with pytest.raises(RecomputableError) as refused:
        convert(data, "openssh", passphrase=PASSPHRASE)
    assert refused.value.code == "recomputable-numbers"
    found = mended(data, Passphrase(PASSPHRASE))
    assert found.undone == ("recomputable-numbers",)
    said = " ".join(note.message for note in found.keyfile.notes)
    assert all(name in said for name in wrong if name not in ("dmq1",) or wrong == {"dmq1"})
    entry = unlock(read(found.data).entries[0], PASSPHRASE, deriver=DERIVER)
    assert entry.private == _rsa()
    with pytest.raises(RecomputableError):  # what was allowed for a moment is not allowed now
        convert(data, "openssh", passphrase=PASSPHRASE)


@pytest.mark.parametrize("wrong", [{"dmp1": 3, "d": 5}, {"dmp1": 3, "p": 7}])
def test_numbers_that_do_not_follow_are_not_computed(wrong: dict[str, int]) -> None:
    key = _rsa()
    names = ("d", "p", "q", "dmp1", "dmq1", "iqmp")
    numbers = (0, key.public.n, key.public.e, *(wrong.get(name, getattr(key, name)) for name in names))
    data = _framed("RSA PRIVATE KEY", der.sequence(*map(der.integer, numbers)))
    with pytest.raises(KeyconvError) as refused:
        read(data)
    assert not isinstance(refused.value, RecomputableError)
    assert mend(data) is None


def test_computing_anew_ends_with_its_block() -> None:
    wrong = replace(_rsa(), iqmp=2)
    with amends.allowed() as found:
        assert proving.prove(wrong, []) == _rsa()
    assert [note.message for note in found] == ["the RSA coefficient iqmp is not the inverse of q modulo p"]
    with pytest.raises(RecomputableError):
        proving.prove(wrong, [])


# ── KEY.pub beside KEY ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stale_public_file_is_written_anew_from_the_key() -> None:
    key = opened(by_path("openssh/ed25519-plain"))
    stale, fresh = read(RSA_LINE + b"\n"), read(LINE)
    assert is_stale(stale, key)
    assert not is_stale(fresh, key)
    assert mend_public(stale, key) == LINE
    assert mend_public(None, key) == LINE
    block = read(by_path("rfc4716/rsa2048-puttygen.pub").data)
    assert read(mend_public(block, key)).format == "rfc4716"


def test_a_locked_key_replaces_no_public_file() -> None:
    (locked,) = read(by_path("openssh/rsa2048-encrypted").data).entries
    assert is_stale(read(LINE), locked)
    with pytest.raises(KeyconvError, match="not open"):
        mend_public(read(LINE), locked)


# ── bounds ─────────────────────────────────────────────────────────────────────────────────────────────────────────

MIB = 1 << 20
JUNK: dict[str, Callable[[], bytes]] = {
    "dashes": lambda: b"-" * MIB,
    "BEGIN lines": lambda: b"-----BEGIN RSA PRIVATE KEY-----\n" * (MIB // 32),
    "smart frames": lambda: "\u2014BEGIN RSA PRIVATE KEY\u2014".encode() * (MIB // 28),
    "quotes": lambda: b'KEY="' + b'\\"' * (MIB // 2 - 10) + b'"\n',
    "literal line ends": lambda: b"AAAA\\nab=xxxx" * (MIB // 13),
    "entities": lambda: b"&#43;" * (MIB // 5),
    "base64": lambda: b"A" * MIB,
    "types": lambda: b"ssh-a AAAA" * (MIB // 10),
    "options": lambda: (b"no-pty," * 40 + b" ssh-rsa AAAA\n") * (MIB // 294),
    "ppk headers": lambda: b"PuTTY-User-Key-File-3: ssh-rsa\n" + b"Public-Lines: 1 Private-Lines: 1 " * (MIB // 33),
    "ssh2 headers": lambda: (
        b"---- BEGIN SSH2 PUBLIC KEY ----" + b"Comment: AAAAB3" * (MIB // 16) + b"---- END SSH2 PUBLIC KEY ----"
    ),
    "random": lambda: random.Random(1).randbytes(MIB),
}


@pytest.mark.parametrize(
    ("name", "size"), [*((name, MIB // 8) for name in JUNK), *((name, MIB) for name in some(JUNK, 1))]
)
def test_junk_up_to_a_mebibyte_is_given_up_after_a_bounded_number_of_texts(name: str, size: int) -> None:
    data = JUNK[name]()[:size]
    looked_at: list[int] = []

    class Counting(Opening):
        def read(self, text: bytes) -> KeyFile:
            looked_at.append(len(text))
            return super().read(text)

    assert search(data, Counting()) is None
    assert sum(looked_at) <= MAX_WORK


def test_no_more_texts_are_looked_at_than_allowed() -> None:
    assert (
        search(combine(file_by_name("openssh rsa"), [by_name("indented"), by_name("quoted")]) or b"", max_states=1)
        is None
    )
