"""Certificates: every field as ssh-keygen reads it, the CA's signature verified, attached to PPKs as puttygen does."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import made_certificates as made
import pytest
from fixture_files import FIXTURES, Fixture, by_path, keyfile, opened, sample
from forged_files import string
from hypothesis import given
from hypothesis import strategies as st
from tools import PATIENCE, require, some

from keyconv.codec import public_blob
from keyconv.crypto import fingerprint
from keyconv.engine import certificates, choose, unlock, write
from keyconv.errors import KeyconvError, MacError, MalformedError, MismatchError, UnsupportedError
from keyconv.keyfile import Entry
from keyconv.keys import Certificate
from keyconv.proof import signatures

NOW = 1_790_000_000
CERTIFICATES = [each for each in FIXTURES if each.path.startswith("certificates/") and each.path.endswith("-cert.pub")]
WITH_CERTIFICATE = [each for each in FIXTURES if each.has_certificate and each.registered]
PPKS = [each for each in WITH_CERTIFICATE if each.private]


def _certificate(fixture: Fixture) -> Certificate:
    certificate = keyfile(fixture).entries[0].certificate
    assert certificate is not None
    return certificate


def _ids(fixture: Fixture) -> str:
    return fixture.path


# ── as ssh-keygen reads them ───────────────────────────────────────────────────────────────────────────────────────


def _ssh_keygen(line: bytes, tmp_path: Path) -> dict[str, Any]:
    """Read a certificate with `ssh-keygen -L`; times are seconds since 1970, None for always."""
    path = tmp_path / "judged-cert.pub"
    path.write_bytes(line)
    result = subprocess.run(
        [require("ssh-keygen"), "-L", "-f", str(path)],
        env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    fields: dict[str, Any] = {}
    name = ""
    for row in result.stdout.decode().splitlines()[1:]:
        if row.startswith(" " * 16):
            fields[name].append(row.strip())
            continue
        name, _, value = row.strip().partition(":")
        listed = name in ("Principals", "Critical Options", "Extensions")
        fields[name] = [] if listed else value.strip()
    return fields


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def _compare(described: certificates.CertificateDescription, judged: dict[str, Any]) -> None:
    assert judged["Type"] == f"{described['type']} {described['role']} certificate"
    assert judged["Public key"].split()[-1] == described["key"]["fingerprint"]
    found = re.fullmatch(r"(\S+) (SHA256:\S+) \(using (\S+)\)", judged["Signing CA"])
    assert found is not None
    assert found[2] == described["ca"]["fingerprint"]
    assert found[3] == described["signature"]["algorithm"]
    assert judged["Key ID"] == f'"{described["key_id"]}"'
    assert judged["Serial"] == str(described["serial"])
    assert judged["Principals"] == described["principals"]
    _compare_validity(described, judged["Valid"])
    for ours, theirs in (("critical_options", "Critical Options"), ("extensions", "Extensions")):
        options: list[certificates.OptionDescription] = described[ours]  # type: ignore[literal-required]
        assert [_as_ssh_keygen(option) for option in options] == judged[theirs]


def _compare_validity(described: certificates.CertificateDescription, judged: str) -> None:
    begin = re.search(r"(?:from|after) (\S+)", judged)
    end = re.search(r"(?:to|before) (\S+)", judged)
    assert described["valid_after"] == (_seconds(begin[1]) if begin else 0)
    assert described["valid_before"] == (_seconds(end[1]) if end else made.FOREVER)
    assert described["validity"]["valid_from"] == (f"{begin[1]}Z" if begin else None)
    assert described["validity"]["valid_to"] == (f"{end[1]}Z" if end else None)


def _as_ssh_keygen(option: certificates.OptionDescription) -> str:
    name, value, data = option["name"], option["value"], option["data"]
    known = name in ("force-command", "source-address", "verify-required", "no-touch-required")
    if known or name.startswith("permit-"):
        return f"{name} {value}" if value is not None else name
    raw = bytes.fromhex(data) if data is not None else string(value.encode()) if value is not None else b""
    return f"{name} UNKNOWN OPTION: {raw.hex()} (len {len(raw)})" if raw else f"{name} UNKNOWN FLAG OPTION"


@pytest.mark.parametrize("fixture", CERTIFICATES, ids=_ids)
def test_every_field_is_the_one_that_ssh_keygen_reads(fixture: Fixture, tmp_path: Path) -> None:
    described = certificates.describe(_certificate(fixture), NOW)
    assert described["signature"]["valid"] is True
    _compare(described, _ssh_keygen(fixture.data, tmp_path))
    json.dumps(described)


@pytest.mark.parametrize("fixture", WITH_CERTIFICATE, ids=_ids)
def test_a_certificate_is_the_same_in_every_format(fixture: Fixture) -> None:
    manifest = json.loads((Path(by_path(fixture.path).file).parents[1] / "manifest.json").read_text("utf-8"))
    (stated,) = (each["certificate"] for each in manifest["files"] if each["path"] == fixture.path)
    described = certificates.describe(_certificate(fixture), NOW)
    assert described["type"] == stated["type"]
    assert described["role"] == stated["kind"]
    assert described["key_id"] == stated["key_id"]
    assert described["serial"] == stated["serial"]
    assert described["principals"] == stated["principals"]
    assert described["ca"]["fingerprint"] == stated["ca_fingerprint"]
    assert described["signature"] == {"algorithm": stated["signature"], "valid": True, "reason": None}


@pytest.mark.parametrize(
    "options",
    [
        {"valid_after": 1_600_000_000},
        {"valid_before": 4_000_000_000},
        {"valid_after": 1, "valid_before": 253_402_300_799},
        {"valid_after": 951_782_400, "valid_before": 951_868_800},  # 29 February and 1 March 2000
        {"serial": 2**64 - 1, "role": 2, "principals": (b"a", b"b c", b"*.example.com")},
        {"principals": ()},
        {"critical": [(b"force-command", string(b"ls -l")), (b"verify-required", b"")]},
        {"extensions": [(b"a@example.com", b""), (b"b@example.com", string(b"text")), (b"permit-pty", b"")]},
        {"extensions": [(b"a@example.com", b"\1\2\3")]},
    ],
    ids=str,
)
def test_what_is_made_by_hand_is_read_as_ssh_keygen_reads_it(options: dict[str, Any], tmp_path: Path) -> None:
    blob = made.make(**options)
    _compare(certificates.describe(made.read(blob), NOW), _ssh_keygen(made.line(blob), tmp_path))


# ── times ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("now", "state"),
    [(0, "not-yet-valid"), (99, "not-yet-valid"), (100, "valid"), (199, "valid"), (200, "expired"), (NOW, "expired")],
)
def test_a_certificate_is_valid_from_its_first_second_to_just_before_its_last(now: int, state: str) -> None:
    certificate = made.read(made.make(valid_after=100, valid_before=200))
    assert certificates.judge(certificate, now) == state


def test_one_that_ends_before_it_begins_is_never_valid_and_one_without_times_always() -> None:
    assert certificates.judge(made.read(made.make(valid_after=200, valid_before=200)), 200) == "never-valid"
    assert certificates.judge(made.read(made.make()), 0) == "valid"
    assert certificates.judge(made.read(made.make()), 2**64 - 2) == "valid"


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31, 23, 59, 59)))
def test_times_are_written_as_the_standard_library_writes_them(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    seconds = int(moment.replace(tzinfo=UTC).timestamp())
    assert certificates.utc(seconds) == moment.isoformat() + "Z"


def test_a_time_beyond_all_calendars_is_written() -> None:
    era = 146_097 * 86_400  # 400 years, after which the calendar repeats
    eras, rest = divmod(2**64 - 2, era)
    near = datetime.fromtimestamp(rest, UTC)
    assert certificates.utc(2**64 - 2) == f"{near.year + 400 * eras}-{near:%m-%dT%H:%M:%SZ}"


# ── notes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ({"ca": "ssh-rsa"}, "weak-signature: the signature is ssh-rsa"),
        ({"ca": "ssh-dss"}, "weak-signature: the signature is ssh-dss"),
        ({"critical": [(b"new@example.com", b"")]}, "unknown-option: sshd refuses"),
        ({"critical": [(b"force-command", b"")]}, "malformed-option: the data of the critical option 'force-command'"),
        ({"critical": [(b"verify-required", string(b"x"))]}, "malformed-option: the data of the critical option"),
        ({"extensions": [(b"permit-pty", string(b"x"))]}, "malformed-option: the data of the extension 'permit-pty'"),
        ({"principals": ()}, "no-principals: "),
    ],
)
def test_what_sshd_would_mind_is_noted(options: dict[str, Any], note: str) -> None:
    (said,) = certificates.describe(made.read(made.make(**options)), NOW)["notes"]
    assert said.startswith(note)


def test_an_ordinary_certificate_has_no_notes() -> None:
    blob = made.make(critical=[(b"force-command", string(b"ls"))], extensions=[(b"x@example.com", b""), (b"y", b"?")])
    assert certificates.describe(made.read(blob), NOW)["notes"] == []


# ── signatures ─────────────────────────────────────────────────────────────────────────────────────────────────────

KNOWN_TO_OPENSSH = [name for name in made.CAS if name != "ssh-ed448"]


@pytest.mark.parametrize("name", made.CAS)
def test_every_signature_algorithm_is_verified(name: str) -> None:
    assert certificates.check_signature(made.read(made.make(name))) == {
        "algorithm": name,
        "valid": True,
        "reason": None,
    }


@pytest.mark.parametrize("name", KNOWN_TO_OPENSSH)
def test_ssh_keygen_verifies_the_same_certificates(name: str, tmp_path: Path) -> None:
    known = subprocess.run([require("ssh"), "-Q", "key"], capture_output=True, text=True, timeout=PATIENCE, check=True)
    if name == "ssh-dss" and name not in known.stdout.split():
        pytest.skip("this OpenSSH knows no DSA")
    certificate = made.read(made.make(name))
    _compare(certificates.describe(certificate, NOW), _ssh_keygen(made.line(certificate.blob), tmp_path))


@pytest.mark.parametrize(
    ("ca", "algorithm"),
    [
        ("certificates/ca-rsa", "ssh-rsa"),
        ("openssh/dsa1024-plain", "ssh-dss"),
        ("openssh/ecdsa-p256-plain", ""),
        ("openssh/ecdsa-p521-plain", ""),
    ],
)
def test_what_ssh_keygen_signs_is_verified(ca: str, algorithm: str, tmp_path: Path) -> None:
    signer, subject = tmp_path / "ca", tmp_path / "id.pub"
    signer.write_bytes(by_path(ca).data)
    signer.chmod(0o600)
    subject.write_bytes(by_path("openssh-pub/ed25519.pub").data)
    how = ["-t", algorithm] if algorithm == "ssh-rsa" else []
    result = subprocess.run(
        [require("ssh-keygen"), "-q", "-s", str(signer), "-I", "x", *how, str(subject)],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    if algorithm == "ssh-dss" and result.returncode != 0:
        pytest.skip("this OpenSSH knows no DSA")
    assert result.returncode == 0, result.stderr
    from keyconv.engine import read

    certificate = read((tmp_path / "id-cert.pub").read_bytes()).entries[0].certificate
    assert certificate is not None
    assert certificates.check_signature(certificate)["valid"] is True
    if algorithm:
        assert certificates.check_signature(certificate)["algorithm"] == algorithm


def _judge(certificate: Certificate, message: bytes, signature: bytes) -> bool:
    try:
        return signatures.verify(certificate.ca_key, message, signature)
    except (MalformedError, MismatchError, UnsupportedError):
        return False


@pytest.mark.parametrize("name", made.CAS)
def test_a_changed_certificate_is_found(name: str) -> None:
    certificate = made.read(made.make(name))
    message, signature = certificate.signed, certificate.signature
    assert _judge(certificate, message, signature)
    for at in range(0, len(message), len(message) // 12):
        assert not _judge(certificate, _flip(message, at), signature), at
    assert not _judge(certificate, message[:-1], signature)
    assert not _judge(certificate, message + b"\0", signature)
    assert not _judge(certificate, b"", signature)


@pytest.mark.parametrize("name", made.CAS)
def test_a_changed_signature_is_found(name: str) -> None:
    certificate = made.read(made.make(name))
    message, signature = certificate.signed, certificate.signature
    for at in range(0, len(signature), max(1, len(signature) // 24)):
        assert not _judge(certificate, message, _flip(signature, at)), at
    for at in range(1, 6):
        assert not _judge(certificate, message, _flip(signature, len(signature) - at)), at
    for other in (signature[:-1], signature + b"\0", signature[: 4 + len(name)], b"", string(name.encode())):
        assert not _judge(certificate, message, other)
    head = 4 + len(name)
    zeros = string(bytes(len(signature) - head - 4))
    assert not _judge(certificate, message, signature[:head] + zeros)


def _flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


@pytest.mark.parametrize("name", made.CAS)
def test_another_ca_of_the_type_did_not_sign(name: str) -> None:
    others = {
        "ssh-rsa": "openssh/rsa2048-plain",
        "ecdsa-sha2-nistp384": "openssh/ecdsa-p384-plain",
        "ssh-ed25519": "openssh/ed25519-plain",
    }
    certificate = made.read(made.make(name))
    if name in others:
        other = sample(others[name]).public
        assert other is not None
        assert not signatures.verify(other, certificate.signed, certificate.signature)
    strangers = [each for each in made.CAS if made.CAS[each]().blob != made.CAS[name]().blob]
    for stranger in some(strangers, 3, name):
        with pytest.raises(MismatchError, match=re.escape(f"the signature is of type {name}")):
            signatures.verify(made.read(made.make(stranger)).ca_key, certificate.signed, certificate.signature)


@pytest.mark.parametrize("label", [b"ssh-rsa", b"rsa-sha2-256"])
def test_a_signature_under_the_name_of_another_hash_is_wrong(label: bytes) -> None:
    certificate = made.read(made.make("rsa-sha2-512"))
    value = certificate.signature[4 + len("rsa-sha2-512") :]
    assert signatures.verify(certificate.ca_key, certificate.signed, string(label) + value) is False


def test_an_rsa_signature_may_lack_zero_bytes_in_front_as_in_openssh(tmp_path: Path) -> None:
    ca = made.CAS["rsa-sha2-256"]()
    for serial in range(4000):
        blob = made.make(ca, serial=serial)
        certificate = made.read(blob)
        value = certificate.signature[4 + len("rsa-sha2-256") + 4 :]
        if value[0] == 0:
            break
    short = string(b"rsa-sha2-256") + string(value[1:])
    assert signatures.verify(certificate.ca_key, certificate.signed, short)
    _ssh_keygen(made.line(certificate.signed + string(short)), tmp_path)
    with pytest.raises(MalformedError, match="the RSA signature has 257 bytes, its key 256"):
        signatures.verify(certificate.ca_key, certificate.signed, string(b"rsa-sha2-256") + string(b"\0" + value))


def test_an_rsa_signature_above_the_modulus_is_wrong() -> None:
    certificate = made.read(made.make("rsa-sha2-256"))
    assert certificate.ca_key.family == "rsa"
    value = int.from_bytes(certificate.signature[-256:], "big") + certificate.ca_key.n  # type: ignore[union-attr]
    if value.bit_length() <= 2048:
        wrapped = string(b"rsa-sha2-256") + string(value.to_bytes(256, "big"))
        assert signatures.verify(certificate.ca_key, certificate.signed, wrapped) is False
    highest = string(b"rsa-sha2-256") + string(b"\xff" * 256)
    assert signatures.verify(certificate.ca_key, certificate.signed, highest) is False


@pytest.mark.parametrize("name", ["ssh-dss", "ecdsa-sha2-nistp256"])
@pytest.mark.parametrize("numbers", [(0, 0), (0, 1), (1, 0), (1, 1), (2**160 - 1, 1), (1, 2**160 - 1)])
def test_numbers_out_of_range_are_no_signature(name: str, numbers: tuple[int, int]) -> None:
    certificate = made.read(made.make(name))
    r, s = numbers
    if name == "ssh-dss":
        value = r.to_bytes(20, "big") + s.to_bytes(20, "big")
    else:
        value = b"".join(string(each.to_bytes(21, "big").lstrip(b"\0") if each else b"") for each in (r, s))
        if r > 1 or s > 1:
            value = b"".join(string(b"\0" + bytes.fromhex("ff" * 32)) for _ in numbers)
    assert signatures.verify(certificate.ca_key, certificate.signed, string(name.encode()) + string(value)) is False


MISNAMED = [
    (name, named)
    for name in made.CAS
    for named in ("ssh-new@example.com", "ssh-ed448", "rsa-sha2-512", "ecdsa-sha2-nistp256", "ssh-ed25519", "a")
    if name != named and not (name in ("ssh-rsa", "rsa-sha2-256") and named == "rsa-sha2-512")
]


@pytest.mark.parametrize(("name", "named"), MISNAMED)
def test_a_signature_of_another_type_than_its_authority_makes_is_not_valid(name: str, named: str) -> None:
    certificate = made.read(_misnamed(name, named))
    reason = f"the signature is of type {named}, the key that should have made it {certificate.ca_key.algorithm}"
    assert certificates.check_signature(certificate) == {"algorithm": named, "valid": False, "reason": reason}


def _misnamed(name: str, named: str) -> bytes:
    """Make a certificate whose signature is right but for its type."""
    ca = made.CAS[name]()
    signature = made.read(made.make(ca)).signature
    return made.make(ca, signature=string(named.encode()) + signature[4 + len(ca.algorithm) :])


@pytest.mark.parametrize("name", ["rsa-sha2-256", "ecdsa-sha2-nistp384", "ssh-ed25519", "sk-ssh-ed25519@openssh.com"])
def test_ssh_keygen_refuses_a_signature_of_another_type_too(name: str, tmp_path: Path) -> None:
    # It verifies a certificate when it reads one, by the function that sshd uses.
    path = tmp_path / "made-cert.pub"
    for blob, refused in ((made.make(name), False), (_misnamed(name, "ssh-new@example.com"), True)):
        path.write_bytes(made.line(blob))
        ran = subprocess.run([require("ssh-keygen"), "-L", "-f", str(path)], capture_output=True, timeout=PATIENCE)
        assert (ran.returncode != 0) == refused, ran.stderr


def test_a_fido_signature_made_in_a_browser_is_told_and_not_judged() -> None:
    webauthn = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"  # which OpenSSH takes for one of that key
    signature = string(webauthn.encode()) + string(b"x")
    certificate = made.read(made.make("sk-ecdsa-sha2-nistp256@openssh.com", signature=signature))
    reason = f"signatures of type {webauthn} are not known"
    assert certificates.check_signature(certificate) == {"algorithm": webauthn, "valid": None, "reason": reason}
    assert certificates.check_signature(made.read(made.make(signature=signature)))["valid"] is False


@pytest.mark.parametrize("named", ["ssh-new", "ssh-newer@example.com"])
def test_the_signature_of_an_authority_of_an_unknown_type_is_told_and_not_judged(named: str) -> None:
    certificate = made.read(made.make(made.of_unknown_type(), signature=string(named.encode()) + string(b"x")))
    with pytest.raises(UnsupportedError, match=f"signatures of type {named} are not known"):
        signatures.verify(certificate.ca_key, certificate.signed, certificate.signature)
    described = certificates.describe(certificate, NOW)
    assert described["ca"]["type"] == "ssh-new"
    assert described["ca"]["bits"] is None
    reason = f"signatures of type {named} are not known"
    assert described["signature"] == {"algorithm": named, "valid": None, "reason": reason}


def test_an_authority_of_an_unknown_type_makes_no_signature_of_a_known_one() -> None:
    certificate = made.read(made.make(made.of_unknown_type(), signature=string(b"ssh-ed25519") + string(bytes(64))))
    assert certificates.check_signature(certificate)["valid"] is False


def test_an_authority_that_keyconv_cannot_verify_is_judged_by_the_type_of_its_signature_alone() -> None:
    public = sample("openssh/mldsa44-ed25519-plain").public
    assert public is not None
    name = public.algorithm.encode()
    ca = made.Ca(name, public_blob.write(public), lambda message: string(bytes(2484)))
    assert certificates.check_signature(made.read(made.make(ca)))["valid"] is None
    other = made.make(ca, signature=string(b"ssh-new") + string(b"x"))
    assert certificates.check_signature(made.read(other))["valid"] is False


@pytest.mark.parametrize("signature", [b"", b"\0\0\0\7ssh", string(b""), string(b"a,b"), string(b"ssh-ed25519")])
def test_a_signature_that_is_none_is_not_valid(signature: bytes) -> None:
    assert certificates.check_signature(made.read(made.make(signature=signature)))["valid"] is False


@given(st.binary(max_size=200))
def test_any_signature_is_judged(signature: bytes) -> None:
    for name in ("ssh-ed25519", "ssh-dss", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com", "ssh-rsa"):
        certificate = replace(_MADE[name], signature=string(name.encode()) + signature)
        assert certificates.check_signature(certificate)["valid"] is False


_MADE = {
    name: made.read(made.make(name))
    for name in ("ssh-ed25519", "ssh-dss", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com", "ssh-rsa")
}


# ── attach and detach ──────────────────────────────────────────────────────────────────────────────────────────────


def _plain(fixture: Fixture) -> Entry:
    """Return the key of a PPK with a certificate, without it, from the file that it was made from."""
    return sample(f"ppk/{fixture.key}-v3-plain.ppk")


@pytest.mark.parametrize("fixture", PPKS, ids=_ids)
def test_attaching_gives_what_puttygen_gives(fixture: Fixture) -> None:
    attached = certificates.attach(_plain(fixture), _certificate(fixture))
    expected = opened(fixture)
    assert attached.private == expected.private
    assert attached.certificate == expected.certificate
    assert attached.comment == expected.comment
    if not fixture.encrypted:
        assert write(attached, fixture.format) == fixture.data


@pytest.mark.parametrize("fixture", PPKS, ids=_ids)
def test_detaching_gives_the_certificate_and_the_key_that_were_put_together(fixture: Fixture) -> None:
    alone, bare = certificates.detach(opened(fixture))
    assert alone.private is None
    assert alone.certificate == _certificate(fixture)
    made_from = fixture.path.partition("-v2-")[0].partition("-v3-")[0]
    assert write(alone, "openssh-pub") == by_path(f"{made_from}-cert.pub").data
    assert bare.certificate is None
    assert write(bare, "ppk") == by_path(f"ppk/{fixture.key}-v3-plain.ppk").data


@pytest.mark.parametrize("fixture", PPKS, ids=_ids)
def test_a_locked_key_is_matched_by_its_public_half(fixture: Fixture) -> None:
    entry = choose(keyfile(fixture))
    again = certificates.attach(certificates.detach(entry)[1], _certificate(fixture))
    assert again == entry
    if fixture.encrypted:
        assert unlock(again, fixture.passphrase).private == opened(fixture).private


def test_a_certificate_of_another_key_is_refused() -> None:
    certificate = _certificate(by_path("certificates/user-ed25519-cert.pub"))
    entry = sample("openssh/rsa2048-plain")
    assert entry.public is not None
    with pytest.raises(MismatchError) as caught:
        certificates.attach(entry, certificate)
    for public in (entry.public, certificate.key):
        assert fingerprint.sha256(public_blob.write(public)) in caught.value.message


def test_a_certificate_whose_signature_is_wrong_is_refused_and_that_of_an_unknown_authority_is_not() -> None:
    entry = sample("openssh/ed25519-plain")
    wrong = made.read(made.make(signature=string(b"ssh-ed25519") + string(bytes(64))))
    with pytest.raises(MacError, match="the signature of the certificate is not valid"):
        certificates.attach(entry, wrong)
    misnamed = made.read(made.make(signature=string(b"ssh-new") + string(bytes(64))))
    with pytest.raises(MacError, match="is not valid: the signature is of type ssh-new"):
        certificates.attach(entry, misnamed)
    unknown = made.read(made.make(made.of_unknown_type()))
    assert certificates.attach(entry, unknown).certificate == unknown


def test_there_is_nothing_to_detach_from_a_plain_key() -> None:
    with pytest.raises(certificates.NoCertificateError, match="holds no certificate"):
        certificates.detach(sample("openssh/ed25519-plain"))


@given(st.data())
def test_any_blob_is_described_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(_MADE)))
    blob = bytearray(_MADE[name].blob)
    for _ in range(data.draw(st.integers(1, 3))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    try:
        certificate = made.read(bytes(blob))
    except KeyconvError:
        return
    described = certificates.describe(certificate, NOW)
    json.dumps(described)
    if bytes(blob) != _MADE[name].blob:
        assert described["signature"]["valid"] is not True


def test_the_blob_stays_as_it_stood() -> None:
    fixture = by_path("certificates/user-ed25519-cert.pub")
    assert base64.b64decode(fixture.data.split()[1]) == _certificate(fixture).blob
