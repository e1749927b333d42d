"""Traditional PEM: every file of the real tools is read, and what is written is theirs to the byte."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fixture_files import FIXTURES, PASSPHRASE, Fixture, by_path
from pem_family import (
    RECORDS,
    changes,
    contents,
    entry_of,
    locking,
    of,
    outcome,
    params,
    prefixes,
    private_in,
    private_of,
    public_line,
    run,
    saved,
    scripted,
    secret,
    written,
)
from tools import some

from keyconv import FORMATS, Deriver, Entry, Locked, Passphrase, WriteOptions
from keyconv.codec import der_private, public_blob
from keyconv.crypto import fingerprint
from keyconv.errors import (
    ContradictionError,
    KeyconvError,
    LimitError,
    MalformedError,
    MismatchError,
    NotAKeyError,
    TruncatedError,
    UnsupportedError,
    UsageError,
    WrongPassphraseError,
)
from keyconv.formats.pem import PEM, LockedPem
from keyconv.keys import DsaPrivateKey, EcdsaPrivateKey, RsaPrivateKey
from keyconv.text import pem
from keyconv.wire import der

FILES = of("pem")
PLAIN = [each for each in FILES if not each.encrypted]
KEYS = ("rsa2048", "dsa1024", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521")

RSA = "pem/rsa2048-ssh-keygen-plain.pem"
DSA = "pem/dsa1024-ssh-keygen-plain.pem"
EC = "pem/ecdsa-p256-ssh-keygen-plain.pem"
LOCKED = "pem/rsa2048-openssl-aes256-encrypted.pem"


def _key(key: str) -> Any:
    return private_of(by_path(f"pem/{key}-ssh-keygen-plain.pem"))


def _rsa() -> RsaPrivateKey:
    key = _key("rsa2048")
    assert isinstance(key, RsaPrivateKey)
    return key


def _ec(key: str = "ecdsa-p256") -> EcdsaPrivateKey:
    found = _key(key)
    assert isinstance(found, EcdsaPrivateKey)
    return found


def _frame(label: str, data: bytes) -> bytes:
    return pem.write(label, data)


# ── reading what the tools write ───────────────────────────────────────────────────────────────────────────────────


@params(FILES)
def test_a_file_of_a_tool_is_read_and_is_the_key_that_the_tools_say(fixture: Fixture) -> None:
    file = PEM.read(fixture.data)
    assert file.format == "pem"
    assert file.kind == "private"
    (entry,) = file.entries
    if fixture.encrypted:
        assert entry.public is None
        assert isinstance(entry.private, Locked)
        protection = entry.private.protection
        assert protection.cipher == fixture.cipher
        assert {"name": protection.kdf.name, **protection.kdf.describe()} == fixture.kdf
        assert fixture.passphrase is not None
    opened, _ = entry_of(file, fixture.passphrase)
    assert opened.public is not None
    assert public_line(opened.public) == fixture.public_line
    assert fingerprint.sha256(public_blob.write(opened.public)) == fixture.sha256_fingerprint
    assert opened.comment is None


@pytest.mark.parametrize("fixture", [pytest.param(each, id=each.path) for each in FIXTURES])
def test_exactly_the_files_of_this_family_are_recognised(fixture: Fixture) -> None:
    mine = [record.name for record in RECORDS.values() if record.sniff(fixture.data)]
    assert mine == ([fixture.format] if fixture.format in RECORDS else [])
    if mine:
        others = [known.name for known in FORMATS if known.name not in RECORDS and known.sniff(fixture.data)]
        assert not others


EXPECTED_NOTES = {
    "pem/ecdsa-p256-openssl-compressed.pem": ["noncanonical"],
    "pem/ecdsa-p256-openssl-explicit.pem": ["explicit-parameters"],
    "pem/ecdsa-p256-openssl-no-public.pem": ["noncanonical"],
    "pem/ecdsa-p256-openssl-parameters.pem": ["noncanonical"],
    "pem/ecdsa-p384-puttygen-plain.pem": ["noncanonical"],
    "pem/ecdsa-p384-puttygen-encrypted.pem": ["noncanonical"],
    "pem/ecdsa-p256-sec1.der": ["der"],
    "pem/rsa2048-pkcs1.der": ["der"],
    "pem/dsa1024-traditional.der": ["der"],
    "edge/ecdsa-p256-high-puttygen.pem": ["noncanonical"],
    "edge/ecdsa-p256-short-puttygen.pem": ["noncanonical"],
}


@params(FILES)
def test_tolerances_are_noted_and_nothing_else_is(fixture: Fixture) -> None:
    codes = entry_of(PEM.read(fixture.data), fixture.passphrase)[1]
    # Whether puttygen errs depends on the number: the base keys are made again now and then.
    if fixture.path not in EXPECTED_NOTES and fixture.family == "ecdsa" and fixture.tool == "puttygen":
        assert codes in ([], ["noncanonical"])
    else:
        assert codes == EXPECTED_NOTES.get(fixture.path, [])


@params(FILES, lambda fixture: fixture.family == "ecdsa")
def test_an_odd_file_is_written_in_the_canonical_form(fixture: Fixture) -> None:
    data = written(PEM, private_of(fixture))
    assert entry_of(PEM.read(data))[1] == []
    twin = next(each for each in FILES if each.key == fixture.key and each.tool == "ssh-keygen" and not each.encrypted)
    assert data == twin.data


def test_line_ends_and_a_missing_one_are_noted() -> None:
    data = by_path(RSA).data
    for odd, codes in (
        (data.replace(b"\n", b"\r\n"), ["crlf"]),
        (data[:-1], ["missing-final-newline"]),
        (data + b"\n\n", ["blank-lines"]),
    ):
        entry, notes = entry_of(PEM.read(odd))
        assert entry.private == _rsa()
        assert notes == codes


def test_encrypted_files_with_crlf_are_read() -> None:
    data = by_path(LOCKED).data.replace(b"\n", b"\r\n")
    entry, notes = entry_of(PEM.read(data))
    assert entry.private == _rsa()
    assert notes == ["crlf"]


# ── EC PARAMETERS ──────────────────────────────────────────────────────────────────────────────────────────────────


def _with_parameters(*frames: bytes) -> bytes:
    return b"".join(frames) + by_path(EC).data


def test_a_curve_before_the_key_is_compared_with_it() -> None:
    same = _with_parameters(_frame("EC PARAMETERS", der.oid("1.2.840.10045.3.1.7")))
    assert entry_of(PEM.read(same))[0].private == _ec()
    assert PEM.sniff(same)
    with pytest.raises(MismatchError, match="EC PARAMETERS names the curve nistp384, the key nistp256"):
        PEM.read(_with_parameters(_frame("EC PARAMETERS", der.oid("1.3.132.0.34"))))


def test_a_curve_before_an_encrypted_key_is_compared_when_it_is_open() -> None:
    locked = by_path("pem/ecdsa-p256-ssh-keygen-encrypted.pem").data
    same = _frame("EC PARAMETERS", der.oid("1.2.840.10045.3.1.7")) + locked
    assert entry_of(PEM.read(same))[0].private == _ec()
    other = PEM.read(_frame("EC PARAMETERS", der.oid("1.3.132.0.34")) + locked)
    with pytest.raises(MismatchError, match="nistp384"):
        entry_of(other)


@pytest.mark.parametrize(
    "data",
    [
        _frame("EC PARAMETERS", der.oid("1.2.840.10045.3.1.7")),
        _frame("EC PARAMETERS", der.oid("1.2.840.10045.3.1.7")) * 2 + by_path(EC).data,
        _frame("EC PARAMETERS", der.oid("1.2.840.10045.3.1.7")) + by_path(RSA).data,
        _frame("EC PARAMETERS", der.oid("1.3.132.0.10")) + by_path(EC).data,
        _frame("EC PARAMETERS", der.oid("1.2.840.10045.3.1.7") + b"\0") + by_path(EC).data,
        by_path(EC).data + _frame("EC PARAMETERS", der.oid("1.2.840.10045.3.1.7")),
        by_path(EC).data * 2,
        by_path(EC).data + b"more\n",
        b"more\n" + by_path(EC).data,
    ],
)
def test_other_frames_and_texts_beside_the_key_are_refused(data: bytes) -> None:
    with pytest.raises((MalformedError, UnsupportedError, NotAKeyError)):
        PEM.read(data)


def test_a_key_without_its_curve_is_refused() -> None:
    key = _ec()
    data = der.sequence(der.integer(1), der.octets(key.d.to_bytes(32, "big")))
    with pytest.raises(MalformedError, match="does not say which curve"):
        PEM.read(_frame("EC PRIVATE KEY", data))


# ── curves that are spelled out ────────────────────────────────────────────────────────────────────────────────────


def _explicit(name: str, tmp_path: Path) -> tuple[bytes, bytes]:
    printed = run("openssl", "ecparam", "-name", name, "-param_enc", "explicit", "-outform", "DER")
    data = run("openssl", "ecparam", "-name", name, "-genkey", "-noout", "-param_enc", "explicit")
    return data, printed


@pytest.mark.parametrize(
    ("openssl", "name"), [("prime256v1", "nistp256"), ("secp384r1", "nistp384"), ("secp521r1", "nistp521")]
)
def test_the_named_curves_are_read_spelled_out_and_with_any_other_number_refused(
    openssl: str, name: str, tmp_path: Path
) -> None:
    data, parameters = _explicit(openssl, tmp_path)
    entry, codes = entry_of(PEM.read(data))
    assert isinstance(entry.private, EcdsaPrivateKey)
    assert entry.private.public.curve.name == name
    assert codes == ["explicit-parameters"]
    inner = contents(data)
    start = inner.index(parameters)
    refused = 0
    for index, changed in changes(parameters):
        assert outcome(PEM, inner[:start] + changed + inner[start + len(parameters) :]) is None, index
        refused += 1
    assert refused == len(parameters)


def test_a_curve_that_ssh_does_not_know_is_unsupported() -> None:
    for name in ("secp256k1", "secp224r1", "brainpoolP256r1"):
        for form in ("named_curve", "explicit"):
            data = run("openssl", "ecparam", "-name", name, "-genkey", "-noout", "-param_enc", form)
            with pytest.raises(UnsupportedError):
                PEM.read(data)


# ── what contradicts itself ────────────────────────────────────────────────────────────────────────────────────────


def _numbers(key: RsaPrivateKey) -> list[int]:
    return [0, key.public.n, key.public.e, key.d, key.p, key.q, key.dmp1, key.dmq1, key.iqmp]


NAMES = ("version", "n", "e", "d", "p", "q", "dmp1", "dmq1", "iqmp")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "change", [lambda number: number + 2, lambda number: 0, lambda number: 1, lambda number: 2**900]
)
def test_every_number_of_an_rsa_key_is_compared(name: str, change: Callable[[int], int]) -> None:
    numbers = _numbers(_rsa())
    index = NAMES.index(name)
    numbers[index] = change(numbers[index])
    if numbers == _numbers(_rsa()) or (name == "e" and numbers[index] == 0):  # without an e, it follows from d
        numbers[index] += 1
    with pytest.raises((ContradictionError, MismatchError, UnsupportedError, LimitError)):
        PEM.read(_frame("RSA PRIVATE KEY", der.sequence(*map(der.integer, numbers))))


@pytest.mark.parametrize("name", ["dmp1", "dmq1"])
def test_a_wrong_crt_exponent_is_named(name: str) -> None:
    numbers = _numbers(_rsa())
    numbers[NAMES.index(name)] ^= 4
    with pytest.raises(ContradictionError, match=f"^pem: private key: the RSA exponent {name} is not d modulo"):
        PEM.read(_frame("RSA PRIVATE KEY", der.sequence(*map(der.integer, numbers))))


def test_primes_in_the_other_order_are_noted_and_exchanged() -> None:
    key = _rsa()
    other = RsaPrivateKey(key.public, key.d, key.q, key.p, pow(key.p, -1, key.q))
    data = _frame("RSA PRIVATE KEY", der_private.write_traditional(other))
    entry, codes = entry_of(PEM.read(data))
    assert entry.private == key
    assert codes == ["noncanonical"]
    assert run("openssl", "rsa", "-check", "-noout", given=data) == b"RSA key ok\n"


def test_exchanged_public_halves_are_refused() -> None:
    ec, other = _ec(), private_of(by_path("edge/ecdsa-p256-high-ssh-keygen.pem"))
    assert isinstance(other, EcdsaPrivateKey)
    with pytest.raises(MismatchError, match="not of this private half"):
        PEM.read(_frame("EC PRIVATE KEY", der_private.write_traditional(replace(ec, public=other.public))))
    dsa = _key("dsa1024")
    assert isinstance(dsa, DsaPrivateKey)
    foreign = replace(dsa.public, y=dsa.public.y * dsa.public.g % dsa.public.p)
    with pytest.raises(MismatchError, match="not of this private half"):
        PEM.read(_frame("DSA PRIVATE KEY", der_private.write_traditional(replace(dsa, public=foreign))))
    rsa = _rsa()
    numbers = _numbers(rsa)
    numbers[1] += 2
    with pytest.raises(MismatchError, match="not of this private half"):
        PEM.read(_frame("RSA PRIVATE KEY", der.sequence(*map(der.integer, numbers))))


def test_a_label_for_another_structure_is_refused_and_says_which() -> None:
    structures = {
        "a PKCS#1 RSA private key": contents(by_path(RSA).data),
        "a traditional DSA private key": contents(by_path(DSA).data),
        "a SEC 1 EC private key": contents(by_path(EC).data),
        "a PKCS#8 private key": by_path("pkcs8/rsa2048-plain.der").data,
        "an encrypted PKCS#8 private key": by_path("pkcs8/ed25519-encrypted.der").data,
        "a SubjectPublicKeyInfo": by_path("spki/rsa2048-openssl.der").data,
        "a PKCS#1 RSA public key": by_path("spki/rsa2048-openssl-pkcs1.der").data,
    }
    own = {"RSA PRIVATE KEY": "PKCS#1 RSA pri", "EC PRIVATE KEY": "SEC 1", "DSA PRIVATE KEY": "DSA"}
    for label, mine in own.items():
        for title, data in structures.items():
            if mine not in title:
                with pytest.raises(MismatchError, match=re.escape(f"labelled {label}, but it holds {title}")):
                    PEM.read(_frame(label, data))


@pytest.mark.parametrize("length", [0, 34, 64])
def test_a_scalar_of_a_length_that_nobody_writes_is_malformed(length: int) -> None:
    key = _ec()
    scalar = key.d.to_bytes(length, "big") if length else b""
    data = der.sequence(der.integer(1), der.octets(scalar), der.context(0, der.oid("1.2.840.10045.3.1.7")))
    with pytest.raises(MalformedError, match=f"has {length} bytes instead of 32"):
        PEM.read(_frame("EC PRIVATE KEY", data))


@pytest.mark.parametrize("d", [0, _ec().public.curve.n, _ec().public.curve.n + 1, 2**256 - 1])
def test_a_scalar_out_of_range_is_refused(d: int) -> None:
    data = der.sequence(
        der.integer(1), der.octets(d.to_bytes(32, "big")), der.context(0, der.oid("1.2.840.10045.3.1.7"))
    )
    with pytest.raises(ContradictionError, match="not from 1 to the order"):
        PEM.read(_frame("EC PRIVATE KEY", data))


# ── encryption ─────────────────────────────────────────────────────────────────────────────────────────────────────


@params(FILES, lambda fixture: fixture.encrypted)
def test_a_wrong_passphrase_is_told_as_such(fixture: Fixture) -> None:
    (entry,) = PEM.read(fixture.data).entries
    assert isinstance(entry.private, Locked)
    for passphrase in (b"", b"wrong", b"correct horse\n", b"Correct horse"):
        with pytest.raises(WrongPassphraseError):
            entry.private.unlock(Passphrase(passphrase))


def test_none_of_a_thousand_wrong_passphrases_is_told_as_damage() -> None:
    (entry,) = PEM.read(by_path("pem/ecdsa-p256-ssh-keygen-encrypted.pem").data).entries
    assert isinstance(entry.private, Locked)
    deriver = Deriver()
    for number in range(1000):
        with pytest.raises(WrongPassphraseError):
            entry.private.unlock(Passphrase(b"%d" % number), deriver)


@pytest.mark.parametrize(
    ("find", "put", "error"),
    [
        (b"4,ENCRYPTED", b"4,CLEAR", UnsupportedError),
        (b"4,ENCRYPTED", b"5,ENCRYPTED", UnsupportedError),
        (b"Proc-Type: 4,ENCRYPTED\n", b"", MalformedError),
        (b"Proc-Type: 4", b"Proc-Type: 4,ENCRYPTED\nProc-Type: 4", MalformedError),
        (b"DEK-Info", b"DEK-Info: AES-256-CBC,00\nDEK-Info", MalformedError),
        (b"DEK-Info", b"X-Info", MalformedError),
        (b"AES-256-CBC", b"AES-256-GCM", UnsupportedError),
        (b"AES-256-CBC", b"DES-EDE-CBC", MalformedError),
        (b"AES-256-CBC", b"DES-CBC", MalformedError),
        (b"AES-256-CBC,", b"AES-256-CBC,00", MalformedError),
        (b"AES-256-CBC,", b"AES-256-CBC,0", MalformedError),
        (b"AES-256-CBC,", b"AES-256-CBC,zz", MalformedError),
        (b"AES-256-CBC,", b"AES-256-CBC", MalformedError),
        (b"\n\n", b"\n", MalformedError),
    ],
)
def test_headers_that_are_not_these_two_are_refused(find: bytes, put: bytes, error: type[KeyconvError]) -> None:
    data = by_path(LOCKED).data
    assert find in data
    with pytest.raises(error):
        PEM.read(data.replace(find, put, 1))


def test_data_that_is_no_ciphertext_is_malformed() -> None:
    frame = pem.read(by_path(LOCKED).data, [], headers=True)
    for data in (b"x", frame.data[:-1], frame.data + b"x"):
        with pytest.raises(MalformedError, match="not a multiple of 16"):
            PEM.read(pem.write(frame.label, data, headers=frame.headers))


def test_a_locked_key_shows_no_secret() -> None:
    (entry,) = PEM.read(by_path(LOCKED).data).entries
    assert isinstance(entry.private, LockedPem)
    assert str(_rsa().d)[:20] not in repr(entry)


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────


@params(PLAIN, lambda fixture: fixture.tool == "ssh-keygen")
def test_unencrypted_files_are_openssls_to_the_byte(fixture: Fixture) -> None:
    # ssh-keygen -m PEM has libcrypto write them.
    assert written(PEM, private_of(fixture)) == fixture.data


@params(FILES, lambda fixture: (fixture.cipher or "").startswith("aes-"))
def test_encrypted_files_are_openssls_to_the_byte_with_its_iv(fixture: Fixture) -> None:
    locked = PEM.read(fixture.data).entries[0].private
    assert isinstance(locked, LockedPem)
    options = replace(locking(cipher=fixture.cipher or ""), random=scripted(locked.iv))
    assert written(PEM, private_of(fixture), options) == fixture.data


@pytest.mark.parametrize("key", KEYS)
def test_the_same_options_write_the_same_bytes_and_read_back(key: str) -> None:
    private = _key(key)
    first, second, other = (written(PEM, private, locking(seed=seed)) for seed in (1, 1, 2))
    assert first == second != other
    assert b"\nDEK-Info: AES-256-CBC," in first
    for data in (first, other, written(PEM, private, WriteOptions(line_end=b"\r\n"))):
        assert private_in(PEM, data) == private
    assert written(PEM, private, WriteOptions(passphrase=Passphrase(b""))) == written(PEM, private)


def test_a_cipher_that_is_not_written_is_refused() -> None:
    with pytest.raises(UsageError, match="des-cbc"):
        written(PEM, _rsa(), locking(cipher="des-cbc"))


def _ssh_keygen_reads(path: Path, passphrase: bytes) -> str:
    return " ".join(run("ssh-keygen", "-y", "-P", passphrase.decode(), "-f", path).decode().split()[:2])


@pytest.mark.parametrize("key", [*KEYS, "edge/ecdsa-p256-high", "edge/ecdsa-p256-short"])
@pytest.mark.parametrize("cipher", [None, "aes-256-cbc", "aes-192-cbc", "aes-128-cbc"])
def test_openssl_and_ssh_keygen_accept_what_is_written(key: str, cipher: str | None, tmp_path: Path) -> None:
    private = private_of(
        by_path((key if "/" in key else f"pem/{key}") + ("-ssh-keygen.pem" if "/" in key else "-ssh-keygen-plain.pem"))
    )
    options = locking(cipher=cipher) if cipher else WriteOptions()
    path = saved(tmp_path, written(PEM, private, options))
    passin = ("-passin", f"file:{secret(tmp_path)}")
    match private:
        case RsaPrivateKey():
            assert b"RSA key ok" in run("openssl", "rsa", "-check", "-noout", "-in", path, *passin)
        case EcdsaPrivateKey():
            run("openssl", "ec", "-check", "-noout", "-in", path, *passin)
        case _:
            run("openssl", "dsa", "-noout", "-in", path, *passin)
    assert b"is valid" in run("openssl", "pkey", "-check", "-noout", "-in", path, *passin)
    assert _ssh_keygen_reads(path, PASSPHRASE if cipher else b"") == public_line(private.public)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("cipher", [None, "aes-128-cbc"])
def test_puttygen_reads_what_is_written(key: str, cipher: str | None, tmp_path: Path) -> None:
    # PuTTY knows 3DES and AES-128 in PEM, and none of the longer AES keys.
    private = _key(key)
    path = saved(tmp_path, written(PEM, private, locking(cipher=cipher) if cipher else None))
    options = ("--old-passphrase", secret(tmp_path), "-O", "public-openssh", "-o", "/dev/stdout")
    printed = run("puttygen", path, *options).decode()
    assert " ".join(printed.split()[:2]) == public_line(private.public)


@pytest.mark.parametrize("key", KEYS)
def test_openssl_writes_the_same_bytes_now(key: str, tmp_path: Path) -> None:
    ours = written(PEM, _key(key))
    path = saved(tmp_path, ours)
    assert run("openssl", "pkey", "-traditional", "-in", path) == ours


def test_a_writer_is_not_given_what_it_cannot_hold() -> None:
    assert PEM.write is not None
    for entry in (Entry(_rsa().public), PEM.read(by_path(LOCKED).data).entries[0]):
        with pytest.raises(AssertionError):
            PEM.write((entry,), WriteOptions())


# ── damage ─────────────────────────────────────────────────────────────────────────────────────────────────────────

DAMAGED = [RSA, DSA, EC, LOCKED, "pem/ecdsa-p521-ssh-keygen-plain.pem", "pem/ecdsa-p256-openssl-explicit.pem"]
DER = ["pem/rsa2048-pkcs1.der", "pem/dsa1024-traditional.der", "pem/ecdsa-p256-sec1.der"]


@pytest.mark.parametrize("path", [*DAMAGED, *DER])
def test_no_prefix_of_a_file_is_a_key_unless_only_the_line_end_is_missing(path: str) -> None:
    data = by_path(path).data
    for cut in prefixes(data):
        key = outcome(PEM, cut)
        assert key is None or len(cut) == len(data) - 1


@pytest.mark.parametrize("path", [*DAMAGED, *DER])
def test_a_changed_byte_gives_the_same_key_or_is_refused(path: str) -> None:
    fixture = by_path(path)
    key = private_of(fixture)
    for index, data in some(changes(fixture.data), 300, path):
        assert outcome(PEM, data) in (None, key), index


def test_a_file_cut_short_says_so() -> None:
    with pytest.raises(TruncatedError, match="pem: line 9: the END line is missing"):
        PEM.read(b"".join(by_path(RSA).data.splitlines(keepends=True)[:9]))
    with pytest.raises(TruncatedError, match="says that it has"):
        PEM.read(by_path(DER[0]).data[:-1])
    with pytest.raises(MalformedError, match="1 bytes too many"):
        PEM.read(by_path(DER[0]).data + b"\0")


@pytest.mark.parametrize("data", [b"", b"\n", b"nothing", b"0", b"\x30\x00", bytes(100)])
def test_what_is_no_key_is_not_taken_for_one(data: bytes) -> None:
    assert not any(record.sniff(data) for record in RECORDS.values())
    for record in RECORDS.values():
        with pytest.raises(NotAKeyError):
            record.read(data)
