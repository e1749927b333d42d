"""Key revocation lists: who is revoked is what ssh-keygen says; what is hostile costs nothing; check names each key."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import made_certificates
import pytest
from fixture_files import by_path, sample
from forged_files import string
from hypothesis import given, settings
from hypothesis import strategies as st
from sshd import posix, serve
from tools import PATIENCE, require
from typer.testing import CliRunner

from keyconv import limits
from keyconv.cli.app import app
from keyconv.codec import public_blob
from keyconv.engine import read as read_key
from keyconv.errors import KeyconvError, LimitError, MalformedError, UnsupportedError
from keyconv.statements import krl

KEYS = ("rsa2048", "ed25519", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "sk-ed25519", "sk-ecdsa")
AUTHORITIES = ("ed25519", "ecdsa", "rsa")
SERIALS = (0, 1, 5, 9, 10, 64, 1000, 70_000, 2**32, 2**63, 2**64 - 1)
IDS = (b"made", b"other", "Jörg Example".encode(), b"a,b")
CA_ALGORITHMS = {"ed25519": "ssh-ed25519", "ecdsa": "ecdsa-sha2-nistp384", "rsa": "rsa-sha2-512"}


def _line(key: str) -> str:
    return by_path(f"openssh-pub/{key}.pub").public_line or ""


@cache
def _files() -> dict[str, bytes]:
    """Plain keys of every kind, and certificates of every authority with every serial and id, by name."""
    found = {f"{key}.pub": f"{_line(key)} {key}\n".encode() for key in KEYS}
    for index, serial in enumerate(SERIALS):
        for shift, authority in enumerate(AUTHORITIES):
            key, key_id = KEYS[index % len(KEYS)], IDS[(index + shift) % len(IDS)]
            private = "certificates/ca-ed25519"  # any key that there is
            subject = f"openssh/{key}-plain" if key in ("rsa2048", "ed25519", "ecdsa-p256") else private
            blob = made_certificates.make(CA_ALGORITHMS[authority], subject=subject, serial=serial, key_id=key_id)
            found[f"{authority}-{serial}-cert.pub"] = made_certificates.line(blob)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("krl")
    for name, data in _files().items():
        (made / name).write_bytes(data)
    for authority in AUTHORITIES:
        (made / f"ca-{authority}.pub").write_text(_ca_line(authority) + "\n")
    return made


def _ca_line(authority: str) -> str:
    public = sample(f"certificates/ca-{authority}").public
    assert public is not None
    return f"{public.algorithm} {base64.b64encode(public_blob.write(public)).decode()}"


def _ssh_keygen(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    command = [require("ssh-keygen"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE)


def _make(folder: Path, out: Path, *specs: str, ca: str = "") -> bytes:
    """Make a list of several specifications, the later ones as updates."""
    out.unlink(missing_ok=True)
    for number, text in enumerate(specs):
        spec = out.with_suffix(f".spec{number}")
        spec.write_text(text)
        signer = ("-s", ca if ca == "none" else folder / f"ca-{ca}.pub") if ca else ()
        made = _ssh_keygen("-k", "-f", out, "-z", number + 1, *(("-u",) if number else ()), *signer, spec)
        assert made.returncode == 0, made.stderr
    return out.read_bytes()


def _judged(folder: Path, listed: Path, names: list[str]) -> dict[str, bool]:
    """Ask ssh-keygen which files are revoked."""
    said = _ssh_keygen("-Q", "-f", listed, *(folder / name for name in names))
    verdicts = {}
    for line in said.stdout.decode("utf-8", "replace").splitlines():
        path, _, verdict = line.partition(": ")
        verdicts[Path(path.split(" (")[0]).name] = verdict.split(" (")[-1].rsplit(": ", 1)[-1] == "REVOKED"
    assert set(verdicts) == set(names), said
    return verdicts


def _ours(listed: krl.RevocationList, data: bytes) -> bool:
    (entry,) = read_key(data).entries
    assert entry.public is not None
    return bool(listed.applies_to(entry.public, entry.certificate))


def _compare(folder: Path, out: Path) -> krl.RevocationList:
    found = krl.read(out.read_bytes())
    names = [*_files(), *(f"ca-{authority}.pub" for authority in AUTHORITIES)]
    ours = {name: _ours(found, (folder / name).read_bytes()) for name in names}
    assert ours == _judged(folder, out, names)
    return found


SPECS: dict[str, tuple[tuple[str, ...], str]] = {
    "serial": (("serial: 5\n",), "ed25519"),
    "serials": (("serial: 1\nserial: 9\nserial: 10\n",), "rsa"),
    "range": (("serial: 5-64\n",), "ecdsa"),
    "dense": ((("".join(f"serial: {number}\n" for number in range(1, 2000, 2))),), "ed25519"),
    "whole-range": (("serial: 1-18446744073709551615\n",), "ed25519"),
    "last": (("serial: 18446744073709551615\n",), "ed25519"),
    "any-authority": (("serial: 9\nid: other\n",), "none"),
    "ids": (("id: made\nid: Jörg Example\n",), "rsa"),
    "updates": (("serial: 70000-4294967296\n", "serial: 1\nid: a,b\n", "serial: 9223372036854775808\n"), "ed25519"),
    "authority": ((f"key: {_ca_line('ecdsa')}\n",), ""),
    "authority-hash": ((f"sha256: {_ca_line('rsa')}\n",), ""),
    "keys": (tuple(f"key: {_line(key)}\n" for key in KEYS), ""),
    "sha1": (("".join(f"sha1: {_line(key)}\n" for key in KEYS),), ""),
    "sha256": (("".join(f"sha256: {_line(key)}\n" for key in KEYS[::2]),), ""),
    "everything": (
        (f"serial: 1-9\nid: made\nkey: {_line('rsa2048')}\n", f"sha1: {_line('ed25519')}\nserial: 1000\n"),
        "ed25519",
    ),
    "nothing": (("# nothing\n",), ""),
}


@pytest.mark.parametrize("name", SPECS)
def test_what_is_revoked_is_what_ssh_keygen_says(name: str, folder: Path, tmp_path: Path) -> None:
    specs, ca = SPECS[name]
    _make(folder, tmp_path / "list.krl", *specs, ca=ca)
    found = _compare(folder, tmp_path / "list.krl")
    assert found.number == len(specs)


@pytest.mark.parametrize("seed", range(6))
def test_lists_of_anything_at_random(seed: int, folder: Path, tmp_path: Path) -> None:
    chosen = random.Random(seed)
    specs = []
    for _ in range(chosen.randint(1, 4)):
        lines = []
        for _ in range(chosen.randint(1, 12)):
            first = chosen.choice(SERIALS[1:])
            last = min(first + chosen.randrange(100), 2**64 - 1)
            first = min(first, last - 1)
            kind = chosen.choice(("key", "sha1", "sha256"))
            lines.append(
                chosen.choice(
                    (
                        f"serial: {first}-{last}",
                        f"serial: {first}",
                        f"id: {chosen.choice(IDS).decode()}",
                        f"{kind}: {_line(chosen.choice(KEYS))}",
                    )
                )
            )
        specs.append("\n".join(lines) + "\n")
    _make(folder, tmp_path / "list.krl", *specs, ca=chosen.choice(AUTHORITIES))
    _compare(folder, tmp_path / "list.krl")


# ── lists made by hand ─────────────────────────────────────────────────────────────────────────────────────────────


def _u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def _header(*, version: int = 1, comment: bytes = b"") -> bytes:
    return (
        krl.MAGIC + version.to_bytes(4, "big") + _u64(7) + _u64(1_700_000_000) + _u64(0) + string(b"") + string(comment)
    )


def _section(kind: int, data: bytes) -> bytes:
    return bytes((kind,)) + string(data)


def _certificates(*parts: bytes, ca: bytes = b"") -> bytes:
    return _section(1, string(ca) + string(b"") + b"".join(parts))


def test_ranges_in_any_order_and_of_any_size_are_never_expanded(folder: Path, tmp_path: Path) -> None:
    parts = [_section(0x21, _u64(first) + _u64(last)) for first, last in ((2**63, 2**64 - 1), (60, 70), (3, 6), (5, 9))]
    (tmp_path / "list.krl").write_bytes(_header() + _certificates(*parts))
    found = _compare(folder, tmp_path / "list.krl")
    assert found.authorities[0].ranges == [(3, 9), (60, 70), (2**63, 2**64 - 1)]
    assert found.describe()["counts"]["serials"] == 7 + 11 + 2**63


def test_many_large_bitmaps_cost_nothing_but_their_bytes(folder: Path, tmp_path: Path) -> None:
    bitmap = string(b"\x7f" + b"\xff" * 2047)
    parts = [_section(0x22, _u64(2**40 + number) + bitmap) for number in range(2000)]
    found = krl.read(_header() + _certificates(*parts))
    assert found.authorities[0].has_serial(2**40 + 5)
    assert not found.authorities[0].has_serial(2**40 - 1)


@pytest.mark.parametrize(
    "parts",
    [
        _section(0x21, _u64(0) + _u64(5)),
        _section(0x21, _u64(6) + _u64(5)),
        _section(0x20, _u64(0)),
        _section(0x20, b"\0" * 7),
        _section(0x22, _u64(0) + string(b"\1")),
        _section(0x22, _u64(2**64 - 1) + string(b"\3")),
        _section(0x22, _u64(1) + string(b"\x80")),
        _section(0x24, b""),
        _section(0x21, _u64(1) + _u64(5) + b"\0"),
    ],
)
def test_what_ssh_keygen_does_not_load_is_refused(parts: bytes, folder: Path, tmp_path: Path) -> None:
    data = _header() + _certificates(parts)
    (tmp_path / "list.krl").write_bytes(data)
    assert b"ok" not in _ssh_keygen("-Q", "-f", tmp_path / "list.krl", folder / "ed25519.pub").stdout
    with pytest.raises((MalformedError, UnsupportedError)):
        krl.read(data)


def test_versions_and_critical_extensions_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match="format version 2"):
        krl.read(_header(version=2))
    extension = string(b"new@example.com") + b"\1" + string(b"")
    with pytest.raises(UnsupportedError, match="must be understood"):
        krl.read(_header() + _section(255, extension))
    found = krl.read(_header() + _section(255, string(b"new@example.com") + b"\0" + string(b"")))
    assert found.describe()["extensions"] == ["new@example.com"]


def test_more_parts_than_any_list_has_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_KRL_PARTS", 100)
    for number, allowed in ((99, True), (100, False)):
        data = _header() + _section(2, b"".join(string(b"%d" % each) for each in range(number)))
        if allowed:
            assert len(krl.read(data).keys) == number
        else:
            with pytest.raises(LimitError):
                krl.read(data)
    with pytest.raises(LimitError):
        krl.read(_header() + _certificates(_section(0x20, b"".join(_u64(1 + each) for each in range(100)))))


def test_a_signature_is_verified_and_must_be_the_end() -> None:
    ca = made_certificates.CAS["ssh-ed25519"]()
    body = _header() + _section(2, string(b"blob"))
    signed = body + _section(4, ca.blob)
    data = signed + string(ca.signature(signed))
    assert [each.valid for each in krl.read(data).signatures] == [True]
    assert [each.valid for each in krl.read(data[:20] + b"\7" + data[21:]).signatures] == [False]
    with pytest.raises(MalformedError, match="after the signature"):
        krl.read(data + _section(2, b""))


def _whole() -> bytes:
    ca = made_certificates.CAS["ssh-ed25519"]()
    data = _header(comment=b"all of it") + _certificates(
        _section(0x20, _u64(4) + _u64(2)),
        _section(0x21, _u64(8) + _u64(9)),
        _section(0x22, _u64(100) + string(b"\5")),
        _section(0x23, string(b"made")),
        ca=ca.blob,
    )
    data += _section(2, string(public_blob.write(sample("openssh-pub/ed25519.pub").public)))  # type: ignore[arg-type]
    data += _section(3, string(b"1" * 20)) + _section(5, string(b"2" * 32)) + _section(4, ca.blob)
    return data + string(ca.signature(data))


def test_every_prefix_and_every_changed_byte_gives_a_list_or_an_error() -> None:
    data = _whole()
    assert krl.read(data).sections == [1, 2, 3, 5, 4]
    for broken in _mutations(data):
        assert "\n" not in _error(broken)


def _mutations(data: bytes) -> Iterator[bytes]:
    for end in range(len(data)):
        yield data[:end]
        for value in (data[end] ^ 1, data[end] ^ 0x80, 0, 255):
            yield data[:end] + bytes((value,)) + data[end + 1 :]


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_after_the_magic(data: bytes) -> None:
    assert "\n" not in _error(krl.MAGIC + data)


def _error(data: bytes) -> str:
    """Read a list. Returns: what is wrong with it, or nothing; another error than keyconv's own goes through."""
    try:
        krl.read(data)
    except KeyconvError as error:
        return str(error)
    return ""


# ── the text that sshd takes in its place ──────────────────────────────────────────────────────────────────────────


def test_a_list_of_public_keys_revokes_keys_and_authorities() -> None:
    text = f"# revoked\n\n  {_line('rsa2048')} comment\r\n{_ca_line('rsa')}\n".encode()
    found = krl.read_any(text)
    verdicts = {name: _ours(found, data) for name, data in _files().items()}
    certified = {name for name in verdicts if name.startswith("rsa-")}
    key = sample("openssh-pub/rsa2048.pub").public
    keyed = {name for name, data in _files().items() if read_key(data).entries[0].public == key}
    assert {name for name, revoked in verdicts.items() if revoked} == certified | keyed


@posix
@pytest.mark.parametrize(
    "text",
    [
        _line("ed25519"),
        f"# revoked\n\n\t{_line('ed25519')} comment",
        f"{_line('rsa2048')}\n{_line('ed25519')}",
        _line("rsa2048"),
        "# nobody",
        f"no-pty {_line('rsa2048')}",
        f"host {_line('rsa2048')}",
        "words",
    ],
)
def test_who_is_revoked_by_a_text_is_what_sshd_lets_in(text: str, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(by_path("openssh/ed25519-plain").data)
    key.chmod(0o600)
    server = serve(tmp_path / "server", authorized=f"{_line('ed25519')}\n".encode(), revoked=f"{text}\n".encode())
    let_in = server.login(identity=key)
    try:
        revoked = _ours(krl.read_any(f"{text}\n".encode()), f"{_line('ed25519')}\n".encode())
    except KeyconvError:  # sshd then lets nobody in
        revoked = True
    assert let_in is not revoked, server.said()


@pytest.mark.parametrize("line", ["no-pty {key}", "host {key}", "ssh-ed25519 AAAA", "words"])
def test_a_line_that_is_no_plain_key_is_refused_as_sshd_refuses_everybody(line: str) -> None:
    with pytest.raises(KeyconvError) as raised:
        krl.read_any(f"{_line('ed25519')}\n{line.format(key=_line('rsa2048'))}\n".encode())
    assert raised.value.line == 2


# ── check ──────────────────────────────────────────────────────────────────────────────────────────────────────────

Check = Callable[..., dict[tuple[str, int | None], set[str]]]
REVOKED = {"revoked-key", "revoked-certificate"}


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Check:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> dict[tuple[str, int | None], set[str]]:
        result = CliRunner().invoke(app, ["check", "--json", *map(str, arguments)])
        assert result.exit_code in (0, 1), result.output
        found: dict[tuple[str, int | None], set[str]] = {}
        for finding in json.loads(result.stdout)["findings"]:
            if finding["rule"] in REVOKED:
                found.setdefault((Path(finding["path"]).name, finding["line"]), set()).add(finding["rule"])
        return found

    return run


def _listing(*names: str, hashed: bool = False) -> bytes:
    blobs = [base64.b64decode(_line(name).split()[1]) for name in names]
    if hashed:
        return _header() + _section(5, b"".join(string(hashlib.sha256(blob).digest()) for blob in blobs))
    return _header() + _section(2, b"".join(map(string, blobs)))


def test_every_revoked_file_and_no_other_is_found(folder: Path, tmp_path: Path, check: Check) -> None:
    specs, ca = SPECS["everything"]
    _make(folder, tmp_path / "list.krl", *specs, ca=ca)
    names = list(_files())
    expected = {name for name, revoked in _judged(folder, tmp_path / "list.krl", names).items() if revoked}
    found = check("--krl", "list.krl", *(folder / name for name in names))
    assert {name for name, _ in found} == expected
    assert not check(*(folder / name for name in names))


def test_private_keys_host_lines_signers_and_options(tmp_path: Path, check: Check) -> None:
    (tmp_path / "list.krl").write_bytes(_listing("ed25519"))
    (tmp_path / "id").write_bytes(by_path("openssh/ed25519-plain").data)
    (tmp_path / "id.ppk").write_bytes(by_path("ppk/ed25519-v3-plain.ppk").data)
    hosts = f"other {_line('rsa2048')}\nexample.com {_line('ed25519')}\n@revoked * {_line('ed25519')}\n"
    (tmp_path / "known_hosts").write_text(hosts)
    (tmp_path / "authorized_keys").write_text(f'{_line("rsa2048")}\nfrom="10.0.0.1" {_line("ed25519")} me\n')
    (tmp_path / "allowed_signers").write_text(f"me@example.com {_line('ed25519')}\n")
    found = check("--krl", "list.krl", ".")
    expected = {("id", None), ("id.ppk", None), ("known_hosts", 2), ("authorized_keys", 2), ("allowed_signers", 1)}
    assert set(found) == expected


@pytest.mark.parametrize("hashed", [False, True])
def test_the_quick_way_over_long_files_does_not_skip_it(tmp_path: Path, check: Check, hashed: bool) -> None:
    (tmp_path / "list.krl").write_bytes(_listing("ed25519", "rsa2048", hashed=hashed))
    filler = [
        "ssh-ed25519 " + base64.b64encode(string(b"ssh-ed25519") + string(point)).decode() + f" {number}"
        for number, point in enumerate([sample("certificates/ca-ed25519").public.point] * 200)  # type: ignore[union-attr]
    ]
    lines = [*filler, _line("ed25519"), *filler, f"{_line('rsa2048')} old", _line("ecdsa-p256")]
    (tmp_path / "authorized_keys").write_text("\n".join(lines) + "\n")
    assert set(check("--krl", "list.krl", "authorized_keys")) == {("authorized_keys", 201), ("authorized_keys", 402)}


def test_settings_name_lists_too_and_each_is_named(tmp_path: Path, check: Check) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "a.krl").write_bytes(_listing("ed25519"))
    (tmp_path / "lists" / "b.txt").write_text(_line("rsa2048") + "\n")
    (tmp_path / "keyconv.toml").write_text('krl = ["lists/a.krl", "lists/b.txt"]\n')
    (tmp_path / "keys").write_text(f"{_line('rsa2048')}\n{_line('ed25519')}\n")
    assert set(check("keys")) == {("keys", 1), ("keys", 2)}


@pytest.mark.parametrize("data", [_header()[:-3], b"words\n", krl.MAGIC])
def test_a_list_that_cannot_be_read_stops_the_run(tmp_path: Path, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.krl").write_bytes(data)
    (tmp_path / "key.pub").write_text(_line("ed25519") + "\n")
    result = CliRunner().invoke(app, ["check", "--krl", "list.krl", "key.pub"])
    assert result.exit_code == 2
    assert "cannot read the revocation list" in result.stderr
    assert "hint" in result.stderr
