"""Public keys in SubjectPublicKeyInfo and PKCS#1: those of the tools are read, ours are theirs to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixture_files import Fixture, by_path
from pem_family import (
    RECORDS,
    changes,
    contents,
    entry_of,
    of,
    outcome,
    params,
    prefixes,
    public_line,
    run,
    saved,
    written,
)

from keyconv import Entry, WriteOptions
from keyconv.codec import oids, public_blob
from keyconv.crypto import fingerprint
from keyconv.errors import (
    ContradictionError,
    KeyconvError,
    LimitError,
    MalformedError,
    MisfitError,
    MismatchError,
    UnsupportedError,
)
from keyconv.formats.pkcs1_pub import PKCS1_PUB
from keyconv.formats.spki import SPKI
from keyconv.keys import CURVES, PublicKey
from keyconv.text import pem
from keyconv.wire import der

FILES = of("spki", "pkcs1-pub")
KEYS = ("rsa2048", "dsa1024", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "ed448")
NISTP256 = der.sequence(der.oid(oids.EC), der.oid("1.2.840.10045.3.1.7"))


def _public(fixture: Fixture) -> PublicKey:
    public = entry_of(RECORDS[fixture.format].read(fixture.data))[0].public
    assert public is not None
    return public


def _key(key: str) -> PublicKey:
    return _public(by_path(f"spki/{key}-openssl.pem"))


def _spki(algorithm: bytes, bits: bytes) -> bytes:
    return pem.write("PUBLIC KEY", der.sequence(algorithm, der.bits(bits)))


@params(FILES)
def test_a_file_of_a_tool_is_read_and_is_the_key_that_the_tools_say(fixture: Fixture) -> None:
    file = RECORDS[fixture.format].read(fixture.data)
    assert file.format == fixture.format
    assert file.kind == "public"
    (entry,) = file.entries
    assert entry.private is None
    assert entry.comment is None
    assert entry.public is not None
    assert public_line(entry.public) == fixture.public_line
    assert fingerprint.sha256(public_blob.write(entry.public)) == fixture.sha256_fingerprint
    assert [note.code for note in file.notes] == (["der"] if fixture.path.endswith(".der") else [])


@params(FILES)
def test_files_are_the_tools_to_the_byte(fixture: Fixture) -> None:
    data = written(RECORDS[fixture.format], _public(fixture))
    assert contents(data) == contents(fixture.data)
    if not fixture.path.endswith(".der"):
        assert data == fixture.data


@pytest.mark.parametrize("key", KEYS)
def test_openssl_accepts_what_is_written(key: str, tmp_path: Path) -> None:
    path = saved(tmp_path, written(SPKI, _key(key), WriteOptions(line_end=b"\r\n")))
    assert b"is valid" in run("openssl", "pkey", "-pubin", "-pubcheck", "-noout", "-in", path)
    if key.startswith("ed"):
        return
    assert run("ssh-keygen", "-i", "-m", "PKCS8", "-f", path).decode().strip() == public_line(_key(key))


def test_openssl_and_ssh_keygen_accept_pkcs1(tmp_path: Path) -> None:
    path = saved(tmp_path, written(PKCS1_PUB, _key("rsa2048")))
    run("openssl", "rsa", "-RSAPublicKey_in", "-in", path, "-noout")
    assert run("ssh-keygen", "-i", "-m", "PEM", "-f", path).decode().strip() == public_line(_key("rsa2048"))


@pytest.mark.parametrize("form", ["compressed", "hybrid"])
@pytest.mark.parametrize("key", ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521"])
def test_points_in_the_other_forms_are_read_and_written_uncompressed(key: str, form: str) -> None:
    source = by_path(f"spki/{key}-openssl.pem")
    data = run("openssl", "ec", "-pubin", "-in", source.file, "-conv_form", form)
    assert data != source.data
    entry, codes = entry_of(SPKI.read(data))
    assert codes == ["noncanonical"]
    assert entry.public is not None
    assert written(SPKI, entry.public) == source.data


@pytest.mark.parametrize("name", CURVES)
def test_points_that_are_not_on_the_curve_are_refused_in_every_form(name: str) -> None:
    curve = CURVES[name]
    length = curve.field_bytes
    algorithm = der.sequence(der.oid(oids.EC), der.oid(oids.OID_OF_CURVE[name]))
    x, y = curve.gx.to_bytes(length, "big"), curve.gy.to_bytes(length, "big")
    parity = curve.gy & 1
    SPKI.read(_spki(algorithm, bytes((2 + parity,)) + x))
    SPKI.read(_spki(algorithm, bytes((6 + parity,)) + x + y))
    off = next(
        number
        for number in range(1, 50)
        if pow(number**3 - 3 * number + curve.b, (curve.p - 1) // 2, curve.p) == curve.p - 1
    ).to_bytes(length, "big")
    above = (curve.p + curve.gx).to_bytes(length + 1, "big")[-length:] if name != "nistp521" else b"\xff" * length
    for point in (
        b"",
        b"\0",
        b"\2",
        b"\2" + off,
        b"\3" + curve.p.to_bytes(length, "big"),
        b"\4" + x + x,
        b"\4" + x,
        b"\5" + x + y,
        bytes((7 - parity,)) + x + y,
        b"\4" + above + y,
        b"\4" + x + y + b"\0",
    ):
        with pytest.raises(ContradictionError):
            SPKI.read(_spki(algorithm, point))


def test_a_curve_that_is_spelled_out_is_read_with_a_note() -> None:
    source = by_path("spki/ecdsa-p256-openssl.pem")
    data = run("openssl", "ec", "-pubin", "-in", source.file, "-param_enc", "explicit")
    entry, codes = entry_of(SPKI.read(data))
    assert codes == ["explicit-parameters"]
    assert entry.public == _key("ecdsa-p256")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (_spki(der.sequence(der.oid("1.3.101.110")), bytes(32)), UnsupportedError),
        (_spki(der.sequence(der.oid("1.2.3.4")), bytes(32)), UnsupportedError),
        (_spki(der.sequence(der.oid("1.3.101.112")), bytes(31)), MalformedError),
        (_spki(der.sequence(der.oid("1.3.101.112"), der.null()), bytes(32)), MalformedError),
        (_spki(der.sequence(der.oid("1.3.101.112")), bytes(32)), ContradictionError),
        (_spki(der.sequence(der.oid("1.3.101.113")), b"\1" + bytes(56)), ContradictionError),
        (_spki(der.sequence(der.oid(oids.RSA)), b""), MalformedError),
        (_spki(der.sequence(der.oid(oids.RSA), der.null()), b""), MalformedError),
        (_spki(NISTP256 + b"\0", b"\4"), MalformedError),
        (pem.write("PUBLIC KEY", der.sequence(NISTP256, der.bits(b"\4"), der.null())), MalformedError),
        (pem.write("PUBLIC KEY", der.sequence(NISTP256, b"\x03\x02\x01\x00")), MalformedError),
        (pem.write("PUBLIC KEY", by_path("spki/rsa2048-openssl-pkcs1.der").data), MismatchError),
        (pem.write("PRIVATE KEY", by_path("spki/rsa2048-openssl.der").data), MalformedError),
    ],
)
def test_what_is_no_public_key_is_refused(data: bytes, error: type[KeyconvError]) -> None:
    with pytest.raises(error, match="spki: "):
        SPKI.read(data)


@pytest.mark.parametrize(
    ("n", "e", "error"),
    [
        pytest.param(2**2048 - 1, 2, ContradictionError, id="even e"),
        pytest.param(2**2048 - 1, 1, ContradictionError, id="e of 1"),
        pytest.param(2**2048, 3, ContradictionError, id="even n"),
        pytest.param(2**20 - 1, 2**20 + 1, ContradictionError, id="e above n"),
        pytest.param(2**2048 - 1, 2**256 + 1, LimitError, id="long e"),
        pytest.param(2**16384 + 1, 3, LimitError, id="long n"),
        pytest.param(2**16999 + 1, 3, LimitError, id="very long n"),
    ],
)
def test_rsa_numbers_out_of_range_are_refused(n: int, e: int, error: type[KeyconvError]) -> None:
    data = der.sequence(der.integer(n), der.integer(e))
    with pytest.raises(error, match="pkcs1-pub: "):
        PKCS1_PUB.read(pem.write("RSA PUBLIC KEY", data))
    with pytest.raises(error, match="spki: "):
        SPKI.read(_spki(der.sequence(der.oid(oids.RSA), der.null()), data))


def test_the_public_half_of_a_locked_key_is_not_known() -> None:
    locked = RECORDS["pem"].read(by_path("pem/rsa2048-openssl-aes256-encrypted.pem").data)
    for record in (SPKI, PKCS1_PUB):
        assert record.write is not None
        with pytest.raises(MisfitError):
            record.write(locked.entries, WriteOptions())


def test_pkcs1_holds_rsa_alone() -> None:
    assert PKCS1_PUB.can.families == {"rsa"}
    assert PKCS1_PUB.write is not None
    with pytest.raises(AssertionError):
        PKCS1_PUB.write((Entry(_key("ed25519")),), WriteOptions())


@params(FILES)
def test_a_changed_byte_gives_a_key_or_is_refused(fixture: Fixture) -> None:
    record = RECORDS[fixture.format]
    for _, data in changes(fixture.data):
        outcome(record, data)
    for cut in prefixes(fixture.data):
        assert outcome(record, cut) is None or len(cut) == len(fixture.data) - 1
