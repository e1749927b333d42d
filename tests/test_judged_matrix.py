"""Every key type in every format that holds it, plain and encrypted: read back identical, and judged by the real tools.

Which tool judges which cell is declared in `judges.py`; a tool that is expected to judge and refuses is a failure.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from fixture_files import DERIVER, PASSPHRASE, PUTTY_TYPES, ROOT, by_path, sample
from judges import CIPHERS, JUDGED, JUDGES, KEY_TYPES, UNJUDGED, Answer, Cell, Judge, Truth, cells, judges_of, reason_of
from test_cli_convert import run
from tools import PATIENCE, require

from keyconv import FORMATS, Entry, Format, Locked, Option, Passphrase, WriteOptions, read, write
from keyconv.engine import choose, unlock
from keyconv.formats import by_name
from keyconv.keys import CURVES, FAMILIES

CELLS = tuple(cells())

_COSTS = {"ppk": ("--kdf-memory", "64", "--kdf-passes", "1"), "openssh": ("--rounds", "1"), "pkcs8": ("--rounds", "9")}
"""Flags for files that need not resist anyone."""


def _named(chosen: Sequence[Cell]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("cell", [pytest.param(cell, id=cell.name) for cell in chosen])


def _entry(cell: Cell) -> Entry:
    path = cell.key_type.private_path if by_name(cell.format).can.private else cell.key_type.public_path
    assert path is not None
    return sample(path)


def _options(passphrase: bytes | None, cipher: str = "") -> WriteOptions:
    """Options with low costs and repeatable randomness."""
    return WriteOptions(
        passphrase=Passphrase(passphrase) if passphrase else None,
        cipher=cipher,
        kdf_memory=64,
        kdf_passes=1,
        rounds=2,
        random=random.Random(3).randbytes,
        deriver=DERIVER,
    )


@cache
def _written(cell: Cell) -> bytes:
    """What keyconv writes for a cell, from the fixture's key."""
    cipher = CIPHERS.get(cell.format, "") if cell.encrypted else ""
    return write(_entry(cell), cell.format, _options(PASSPHRASE if cell.encrypted else None, cipher))


@cache
def _truth(cell: Cell) -> Truth:
    known = by_path(cell.key_type.public_path)
    private = sample(cell.key_type.private_path).private if cell.key_type.private_path else None
    assert not isinstance(private, Locked)
    return Truth(
        public_line=known.public_line or "",
        fingerprint=known.sha256_fingerprint or "",
        bits=known.bits or 0,
        spki=by_path(cell.key_type.spki_path).data.decode("ascii") if cell.key_type.spki_path else None,
        private=private,
    )


def _ask(judge: Judge, data: bytes, passphrase: bytes, folder: Path, public: Path) -> tuple[int, Answer]:
    """Put a file before a tool."""
    key, out, secret = folder / "key", folder / "out", folder / "secret"
    for path, content in ((key, data), (secret, passphrase + b"\n")):
        path.touch(0o600)
        path.write_bytes(content)
    out.unlink(missing_ok=True)
    places = {"file": key, "out": out, "secret": secret, "passphrase": passphrase.decode(), "public": public}
    command = [word.format_map(places) for word in judge.command.split()]
    command[0] = require(command[0])
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False)
    output, errors = (text.decode("utf-8", "replace") for text in (ran.stdout, ran.stderr))
    return ran.returncode, Answer(output + errors, output, out.read_bytes() if out.exists() else b"", data)


# ── the declarations are whole ─────────────────────────────────────────────────────────────────────────────────────


def test_every_family_and_every_curve_of_the_registry_is_a_column() -> None:
    assert {key_type.family for key_type in KEY_TYPES} == set(FAMILIES)
    lines = [by_path(key_type.public_path).type for key_type in KEY_TYPES if key_type.family == "ecdsa"]
    assert lines == [f"ecdsa-sha2-{name}" for name in CURVES]
    assert len({key_type.name for key_type in KEY_TYPES}) == len(KEY_TYPES)


def test_every_format_that_is_written_is_declared_and_every_declaration_is_of_a_cell() -> None:
    assert set(JUDGED) == {known.name for known in FORMATS if known.write is not None}
    assert set(UNJUDGED) <= set(JUDGED)
    names = [judge.name for judge in JUDGES]
    assert len(set(names)) == len(names)
    held = {(cell.format, cell.key_type.name) for cell in CELLS}
    for format_name, declared in JUDGED.items():
        for judge, key_types in declared.items():
            assert judge in names
            assert {(format_name, key_type) for key_type in key_types} <= held


@_named(CELLS)
def test_every_cell_has_a_judge_or_a_reason_why_it_has_none(cell: Cell) -> None:
    assert bool(judges_of(cell)) != bool(reason_of(cell))


def test_every_type_that_openssl_knows_is_checked_by_it_in_every_pem_format() -> None:
    for cell in CELLS:
        if cell.format in ("pem", "pkcs8"):
            names = {judge.name for judge in judges_of(cell)}
            assert "openssl pkey" in names
            own = {"rsa": "openssl rsa", "ecdsa": "openssl ec", "dsa": "openssl dsa"}.get(cell.key_type.family)
            assert own is None or own in names


# ── the cells ──────────────────────────────────────────────────────────────────────────────────────────────────────


@_named(CELLS)
def test_a_cell_reads_back_as_the_same_key(cell: Cell) -> None:
    target, entry = by_name(cell.format), _entry(cell)
    if not target.can.readable:
        return
    file = read(_written(cell))
    assert (file.format, len(file.entries), file.notes) == (cell.format, 1, ())
    (found,) = file.entries
    assert isinstance(found.private, Locked) == cell.encrypted
    opened = unlock(found, PASSPHRASE, deriver=DERIVER)
    assert opened.notes == ()
    assert opened.public == entry.public
    assert opened.private == (entry.private if target.can.private else None)
    assert (opened.comment or b"") == ((entry.comment or b"") if target.can.comment else b"")


@pytest.mark.parametrize(
    ("cell", "judge"),
    [pytest.param(cell, judge, id=f"{cell.name}-{judge.name}") for cell in CELLS for judge in judges_of(cell)],
)
def test_the_tool_finds_the_same_key(cell: Cell, judge: Judge, tmp_path: Path) -> None:
    passphrase = PASSPHRASE if cell.encrypted else b""
    code, answer = _ask(judge, _written(cell), passphrase, tmp_path, by_path(cell.key_type.public_path).file)
    assert code == 0, answer.said
    assert judge.verdict(answer, _truth(cell)), answer.said


@pytest.mark.parametrize("judge", [pytest.param(judge, id=judge.name) for judge in JUDGES])
def test_a_judge_can_say_no(judge: Judge, tmp_path: Path) -> None:
    cell = next(cell for cell in CELLS if judge in judges_of(cell))
    _, answer = _ask(judge, _written(cell), b"", tmp_path, by_path(cell.key_type.public_path).file)
    assert judge.verdict(answer, _truth(cell))
    other = next(each for each in CELLS if each.format == "spki" and each.key_type != cell.key_type)
    answer = replace(answer, judged=_written(other))
    assert not judge.verdict(answer, _truth(other))
    assert not judge.verdict(replace(answer, said="", output="", written=b""), _truth(cell))


@pytest.mark.parametrize(
    ("target", "cipher"),
    [
        pytest.param(target, cipher, id=f"{target.name}-{cipher}")
        for target in FORMATS
        for cipher in target.can.ciphers
        if target.name in ("openssh", "pem", "pkcs8")
    ],
)
def test_ssh_keygen_opens_every_cipher_that_is_written(target: Format, cipher: str, tmp_path: Path) -> None:
    cell = Cell(target.name, next(key_type for key_type in KEY_TYPES if key_type.name == "p256"), encrypted=True)
    judge = next(judge for judge in judges_of(cell) if judge.tool == "ssh-keygen")
    data = write(_entry(cell), target, _options(PASSPHRASE, cipher))
    code, answer = _ask(judge, data, PASSPHRASE, tmp_path, tmp_path)
    assert code == 0, answer.said
    assert judge.verdict(answer, _truth(cell))


# ── puttygen's output modes ────────────────────────────────────────────────────────────────────────────────────────

# 'private-openssh' writes what OpenSSH wrote at that time for the type: PEM, or its own format where PEM has none.
_EDWARDS = ("ed25519", "ed448")
MODES: dict[str, dict[str, str]] = {
    "private": dict.fromkeys(PUTTY_TYPES, "ppk"),
    "private-openssh": {name: "openssh" if name in _EDWARDS else "pem" for name in PUTTY_TYPES},
    "private-openssh-new": dict.fromkeys(PUTTY_TYPES, "openssh"),
    "private-sshcom": {"rsa2048": "sshcom", "dsa1024": "sshcom"},
    "public": dict.fromkeys(PUTTY_TYPES, "rfc4716"),
    "public-openssh": dict.fromkeys(PUTTY_TYPES, "openssh-pub"),
}
"""By mode and key: the format that puttygen writes."""

_CHEAP_PPK = "kdf=argon2id,memory=64,passes=1,parallelism=1"


def _puttygen(source: Path, mode: str, folder: Path, passphrase: bytes = b"", *more: str) -> bytes:
    """Have puttygen write a plain key in one of its modes, encrypted if a passphrase is given."""
    out, secret = folder / "out", folder / "secret"
    secret.write_bytes(passphrase)
    key = folder / "source"
    shutil.copyfile(source, key)
    change = () if mode.startswith("public") else ("-P", "--new-passphrase", str(secret))
    command = [require("puttygen"), str(key), "-O", mode, "-o", str(out), *change, *more]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False)
    assert ran.returncode == 0, ran.stderr
    return out.read_bytes()


def _same_as(entry: Entry, meant: Entry, target: Format) -> None:
    assert entry.public == meant.public
    assert entry.private == (meant.private if target.can.private else None)
    if target.can.comment:
        assert entry.comment == meant.comment


@pytest.mark.parametrize(
    ("mode", "key", "format_name"),
    [(mode, key, format_name) for mode, keys in MODES.items() for key, format_name in keys.items()],
)
def test_what_puttygen_writes_in_each_mode_is_read(mode: str, key: str, format_name: str, tmp_path: Path) -> None:
    source = by_path(f"ppk/{key}-v3-plain.ppk")
    target, meant = by_name(format_name), sample(source.path)
    for passphrase in (b"", PASSPHRASE) if target.can.private else (b"",):
        parameters = ("--ppk-param", _CHEAP_PPK) if format_name == "ppk" else ()
        file = read(_puttygen(source.file, mode, tmp_path, passphrase, *parameters))
        assert file.format == format_name
        (found,) = file.entries
        assert isinstance(found.private, Locked) == bool(passphrase)
        _same_as(unlock(found, PASSPHRASE), meant, target)


@pytest.mark.parametrize(
    ("mode", "format_name"), [("private", "ssh1"), ("public", "ssh1-pub"), ("public-openssh", "ssh1-pub")]
)
def test_what_puttygen_writes_of_an_ssh_1_key_is_read(mode: str, format_name: str, tmp_path: Path) -> None:
    source = by_path("ssh1/rsa1024-plain")
    target, meant = by_name(format_name), sample(source.path)
    for passphrase in (b"", PASSPHRASE) if target.can.private else (b"",):
        file = read(_puttygen(source.file, mode, tmp_path, passphrase))
        assert file.format == format_name
        (found,) = file.entries
        assert isinstance(found.private, Locked) == bool(passphrase)
        _same_as(unlock(found, PASSPHRASE), meant, target)


def test_what_keyconv_writes_in_each_of_those_modes_puttygen_judges() -> None:
    asked = {
        (cell.format, cell.key_type.key, cell.encrypted)
        for cell in CELLS
        if any(judge.tool == "puttygen" for judge in judges_of(cell))
    }
    for keys in MODES.values():
        for key, format_name in keys.items():
            states = (False, True) if by_name(format_name).can.private else (False,)
            assert {(format_name, key, encrypted) for encrypted in states} <= asked
    assert {("ssh1", "rsa2048", False), ("ssh1", "rsa2048", True), ("ssh1-pub", "rsa2048", False)} <= asked


# ── what others write, and no program should ───────────────────────────────────────────────────────────────────────


def _codes(data: bytes) -> list[str]:
    file = read(data)
    entry = unlock(choose(file), PASSPHRASE, deriver=DERIVER)
    return [note.code for note in (*file.notes, *entry.notes)]


TOLERATED = {
    "edge/ed25519-zero-end-v2-31-bytes-plain.ppk": "noncanonical: the seed has 31 bytes instead of 32",
    "edge/ed25519-zero-end-v2-31-bytes-encrypted.ppk": "noncanonical: the seed has 31 bytes instead of 32",
    "edge/rsa2048-p-less-than-q-plain": "noncanonical: the RSA primes stand in the order p < q",
    "edge/rsa2048-v2-rsa-sha2-256-plain.ppk": "noncanonical: the key is of type ssh-rsa, but line 1 says rsa-sha2-256",
    "edge/rsa2048-v2-rsa-sha2-512-encrypted.ppk": "noncanonical: the key is of type ssh-rsa, but line 1 says",
    "openssh/ed25519-aligned-puttygen-plain": "noncanonical: 8 bytes of padding",
    "openssh/ed448-puttygen-plain": "noncanonical: 15 bytes of padding",
    "edge/ecdsa-p256-high-puttygen.pem": "noncanonical: the private scalar has 33 bytes instead of 32",
    "edge/ecdsa-p256-short-puttygen.pem": "noncanonical: the private scalar has 31 bytes instead of 32",
    "pem/ecdsa-p384-puttygen-encrypted.pem": "noncanonical: the private scalar has 49 bytes instead of 48",
    "pem/ecdsa-p256-openssl-parameters.pem": "noncanonical: an EC PARAMETERS frame stands before the key",
    "pem/ecdsa-p256-openssl-no-public.pem": "noncanonical: the public half is not there",
    "pem/ecdsa-p256-openssl-explicit.pem": "explicit-parameters: the curve is spelled out instead of named",
    "pem/ecdsa-p256-openssl-compressed.pem": "noncanonical: the public point is compressed",
    "pem/rsa2048-pkcs1.der": "der: the key is in DER",
    "pkcs8/ed25519-encrypted.der": "der: the key is in DER",
}
"""Fixtures that are read with a note, and what it says."""


@pytest.mark.parametrize("path", TOLERATED)
def test_an_odd_file_is_read_with_a_note_and_written_without_its_oddity(path: str, tmp_path: Path) -> None:
    fixture = by_path(path)
    (note,) = (*read(fixture.data).notes, *sample(path).notes)
    assert str(note).startswith(TOLERATED[path])
    secret = tmp_path / "secret"
    secret.write_bytes(PASSPHRASE)
    for target in {fixture.reader, "ppk"}:
        costs = _COSTS.get(target, ()) if fixture.encrypted else ()
        result = run("convert", fixture.file, "-t", target, "--passphrase-file", secret, *costs)
        assert result.code == 0
        assert f"keyconv: {fixture.file}: {note}\n" in result.err
        assert _codes(result.out) == []
        assert unlock(choose(read(result.out)), PASSPHRASE).private == sample(path).private


CANONICAL = {
    "edge/ed25519-zero-end-v2-31-bytes-plain.ppk": "edge/ed25519-zero-end-v3-plain.ppk",
    "edge/rsa2048-p-less-than-q-plain": "edge/rsa2048-p-less-than-q-v3-plain.ppk",
    "edge/rsa2048-v2-rsa-sha2-256-plain.ppk": "ppk/rsa2048-v2-plain.ppk",
    "edge/ecdsa-p256-high-puttygen.pem": "edge/ecdsa-p256-high-ssh-keygen.pem",
    "edge/ecdsa-p256-short-puttygen.pem": "edge/ecdsa-p256-short-ssh-keygen.pem",
    "pem/ecdsa-p256-openssl-parameters.pem": "pem/ecdsa-p256-ssh-keygen-plain.pem",
    "pem/ecdsa-p256-openssl-no-public.pem": "pem/ecdsa-p256-ssh-keygen-plain.pem",
    "pem/ecdsa-p256-openssl-explicit.pem": "pem/ecdsa-p256-ssh-keygen-plain.pem",
    "pem/ecdsa-p256-openssl-compressed.pem": "pem/ecdsa-p256-ssh-keygen-plain.pem",
}
"""Odd files, and what the real tools wrote of the same key: the canonical form, byte for byte."""


@pytest.mark.parametrize("path", CANONICAL)
def test_the_canonical_form_is_that_of_the_real_tools(path: str) -> None:
    wanted = by_path(CANONICAL[path])
    entry = replace(sample(path), comment=sample(wanted.path).comment)
    assert write(entry, wanted.format) == wanted.data


def test_over_padding_is_gone_once_written(tmp_path: Path) -> None:
    odd, aligned = (by_path(f"openssh/ed25519-aligned-{tool}-plain") for tool in ("puttygen", "ssh-keygen"))
    data = write(sample(odd.path), "openssh")
    assert len(data) == len(aligned.data) < len(odd.data)
    judge = next(judge for judge in JUDGES if judge.name == "ssh-keygen -y")
    code, answer = _ask(judge, data, b"", tmp_path, odd.file)
    assert (code, answer.output.split()[:2]) == (0, (odd.public_line or "").split())


@pytest.mark.parametrize(
    "path",
    [
        "ppk/ed25519-v3-plain.ppk",
        "ppk/ed25519-v2-plain.ppk",
        "ppk/ed25519-v2-encrypted.ppk",
        "ppk/rsa2048-v3-plain.ppk",
    ],
)
def test_a_mac_in_upper_case_is_read_with_a_note_and_written_in_lower_case(path: str, tmp_path: Path) -> None:
    fixture = by_path(path)
    head, colon, mac = fixture.data.rpartition(b"Private-MAC: ")
    odd = head + colon + mac.upper()
    assert odd != fixture.data
    assert _codes(odd) == ["noncanonical"]
    entry = unlock(choose(read(odd)), PASSPHRASE, deriver=DERIVER)
    passphrase = PASSPHRASE if fixture.encrypted else None
    assert write(entry, fixture.format, _options(passphrase)) == fixture.data
    judge = next(judge for judge in JUDGES if judge.name == "puttygen -O text")
    codes = [_ask(judge, data, passphrase or b"", tmp_path, fixture.file)[0] for data in (odd, fixture.data)]
    assert codes[0] != 0, "PuTTY reads it by now, and the note is out of date"
    assert codes[1] == 0


# ── losses ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _laden(thing: str) -> bytes:
    """A file that holds one RSA key and one thing beside it that a format may be unable to hold."""
    plain = replace(sample("edge/rsa1024-e37-openssh-plain"), comment=None, notes=())
    match thing:
        case "comment":
            return write(replace(plain, comment=b"a comment"), "openssh")
        case "certificate":
            held = replace(sample("certificates/host-rsa2048-rsa-ca-v2-encrypted.ppk"), comment=None, notes=())
            return write(held, "ppk")
        case "options":
            return write(replace(plain, private=None, options=(Option(b"no-pty"),)), "openssh-pub")
        case "headers":
            return write(replace(plain, headers=((b"Subject", b"someone"),)), "sshcom")
        case "public headers":
            return write(replace(plain, private=None, headers=((b"Subject", b"someone"),)), "rfc4716")
        case _:
            return write(plain, "openssh", _options(PASSPHRASE))


def _keeps(target: Format, thing: str) -> bool:
    if thing == "passphrase":
        return target.can.encryption
    return bool(getattr(target.can, thing.removeprefix("public ")))


def _targets(thing: str) -> list[Format]:
    public_alone = thing in ("options", "public headers")
    return [
        known
        for known in FORMATS
        if known.write is not None
        and "rsa" in known.can.families
        and not (public_alone and known.can.private)
        and not (thing == "passphrase" and not known.can.private)
    ]


THINGS = ("comment", "certificate", "options", "headers", "public headers", "passphrase")


@pytest.mark.parametrize(
    ("thing", "target"),
    [pytest.param(thing, target, id=f"{thing}-{target.name}") for thing in THINGS for target in _targets(thing)],
)
def test_every_loss_is_announced_and_refused_under_strict_and_nothing_else_is(
    thing: str, target: Format, tmp_path: Path
) -> None:
    key, out, secret = tmp_path / "key", tmp_path / "out", tmp_path / "secret"
    key.write_bytes(_laden(thing))
    secret.write_bytes(PASSPHRASE)
    costs = _COSTS.get(target.name, ()) if thing == "passphrase" else ()
    arguments: tuple[str | Path, ...] = (key, "-t", target.name, "--passphrase-file", secret, "-o", out, *costs)
    word = "passphrase" if thing == "passphrase" else thing.split()[-1]
    strict = run("convert", *arguments, "--strict")
    if _keeps(target, thing):
        assert (strict.code, "lost" in strict.err) == (0, False), strict.err
        return
    assert strict.code == 6
    assert target.name in strict.err
    assert word in strict.err
    assert not out.exists()
    lenient = run("convert", *arguments)
    assert lenient.code == 0
    (told,) = [line for line in lenient.err.splitlines() if "lost: " in line]
    assert told.startswith(f"keyconv: {key}: lost: {target.name} cannot ")
    assert word in told
    assert out.exists()


def test_a_hidden_loss_is_announced_as_soon_as_it_is_known(tmp_path: Path) -> None:
    """An encrypted OpenSSH key hides its comment: what it loses is reported after the passphrase, and refused then."""
    key, out, secret = tmp_path / "key", tmp_path / "out", tmp_path / "secret"
    key.write_bytes(write(sample("openssh/ed25519-plain"), "openssh", _options(PASSPHRASE)))
    secret.write_bytes(PASSPHRASE)
    arguments: tuple[str | Path, ...] = (key, "-t", "pkcs8", "--passphrase-file", secret, "-o", out, *_COSTS["pkcs8"])
    strict = run("convert", *arguments, "--strict")
    assert (strict.code, "comment" in strict.err, out.exists()) == (6, True, False)
    lenient = run("convert", *arguments)
    assert (lenient.code, lenient.err.count("lost: pkcs8 cannot hold the comment")) == (0, 1)


# ── the page ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_shows_this_matrix() -> None:
    ran = subprocess.run([sys.executable, ROOT / "docs" / "matrix_table.py", "--check"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
