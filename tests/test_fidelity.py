"""Byte for byte what puttygen and ssh-keygen write, once salt, cost and check integers are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from fixture_files import DERIVER, READABLE, Fixture, by_path, keyfile, opened, pick
from forged_files import openssh_section, ppk_blobs

from keyconv import FORMATS, Entry, Locked, Passphrase, WriteOptions, convert, inspect, write
from keyconv.codec import public_blob
from keyconv.crypto.ciphers import CIPHERS, decrypt
from keyconv.crypto.kdf import ARGON2_FLAVOURS, BcryptPbkdf
from keyconv.keys import RsaPublicKey
from keyconv.text import base64
from keyconv.text.comment import clean, is_clean

LINE_ENDS = {"edge/ed25519-v3-crlf-encrypted.ppk": b"\r\n", "edge/ed25519-v3-cr-encrypted.ppk": b"\r"}


def _given(**values: bytes) -> Callable[[int], bytes]:
    """Randomness that is known: the value of the length asked for."""
    by_length = {len(value): value for value in values.values()}
    return lambda count: by_length[count]


def _has_clean_comment(fixture: Fixture) -> bool:
    return is_clean(fixture.comment or b"")


# ── PPK ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _ppk_options(fixture: Fixture) -> WriteOptions:
    options = WriteOptions(
        passphrase=Passphrase(fixture.passphrase) if fixture.passphrase else None,
        line_end=LINE_ENDS.get(fixture.path, b"\n"),
        deriver=DERIVER,
    )
    kdf = fixture.kdf or {}
    if "salt" not in kdf:
        return options
    return replace(
        options,
        kdf=next(flavour for flavour in ARGON2_FLAVOURS if flavour == kdf["name"]),
        kdf_memory=kdf["memory"],
        kdf_passes=kdf["passes"],
        kdf_parallelism=kdf["parallelism"],
        random=_given(salt=bytes.fromhex(kdf["salt"])),
    )


def _by_puttygen(fixture: Fixture) -> bool:
    written = fixture.tool == "puttygen" or fixture.path in LINE_ENDS
    return written and fixture.format in ("ppk", "ppk2")


@pytest.mark.parametrize("fixture", pick(lambda fixture: _by_puttygen(fixture) and _has_clean_comment(fixture)))
def test_a_ppk_is_byte_for_byte_what_puttygen_wrote(fixture: Fixture) -> None:
    assert write(opened(fixture), fixture.format, _ppk_options(fixture)) == fixture.data


@pytest.mark.parametrize("fixture", pick(lambda fixture: _by_puttygen(fixture) and not _has_clean_comment(fixture)))
def test_a_ppk_of_puttygen_differs_in_the_control_characters_of_its_comment_alone(fixture: Fixture) -> None:
    entry = opened(fixture)
    assert entry.comment is not None
    data = write(entry, fixture.format, _ppk_options(fixture))
    assert ppk_blobs(data) == ppk_blobs(fixture.data)
    ours, theirs = (each.split(b"\n")[:-2] for each in (data, fixture.data))
    assert [row.replace(clean(entry.comment), entry.comment) for row in ours] == theirs


def test_every_type_version_and_protection_of_ppk_was_compared() -> None:
    compared = [fixture for fixture in READABLE if _by_puttygen(fixture) and _has_clean_comment(fixture)]
    kinds = {(fixture.format, fixture.type, fixture.encrypted) for fixture in compared}
    types = ("ssh-rsa", "ssh-dss", *(f"ecdsa-sha2-nistp{bits}" for bits in (256, 384, 521)), "ssh-ed25519", "ssh-ed448")
    assert kinds >= {(name, each, locked) for name in ("ppk", "ppk2") for each in types for locked in (False, True)}
    assert {fixture.kdf["name"] for fixture in compared if fixture.kdf} == {*ARGON2_FLAVOURS, "sha1"}
    assert any(fixture.has_certificate for fixture in compared)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("openssh/rsa2048-plain", "ppk/rsa2048-v3-plain.ppk"),
        ("edge/rsa2048-p-less-than-q-plain", "ppk/rsa2048-v3-plain.ppk"),
        ("openssh/dsa1024-plain", "ppk/dsa1024-v2-plain.ppk"),
        ("openssh/ecdsa-p521-encrypted", "ppk/ecdsa-p521-v3-argon2id-encrypted.ppk"),
        ("openssh/ed25519-chacha20-poly1305-encrypted", "ppk/ed25519-v3-argon2d-encrypted.ppk"),
        ("openssh/ed448-puttygen-plain", "ppk/ed448-v2-encrypted.ppk"),
        ("edge/ed25519-v3-crlf-encrypted.ppk", "ppk/ed25519-v2-encrypted.ppk"),
        ("edge/rsa2048-v2-rsa-sha2-256-plain.ppk", "ppk/rsa2048-v2-plain.ppk"),
        ("edge/ed25519-zero-end-v2-31-bytes-plain.ppk", "edge/ed25519-zero-end-v3-plain.ppk"),
        ("ppk1/dsa1024-v1-private-mac-encrypted.ppk", "ppk/dsa1024-v3-plain.ppk"),
    ],
)
def test_converting_to_ppk_gives_puttygens_own_file(source: str, target: str) -> None:
    given, wanted = by_path(source), by_path(target)
    converted = convert(
        given.data,
        wanted.format,
        passphrase=given.passphrase,
        new_passphrase=wanted.passphrase,
        options=_ppk_options(wanted),
    )
    assert converted == wanted.data


# ── OpenSSH ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _by_ssh_keygen(fixture: Fixture) -> bool:
    # A key with p < q is put in order, as PuTTY does: the same key, other bytes.
    return fixture.format == "openssh" and fixture.tool == "ssh-keygen" and "p-less-than-q" not in fixture.path


def _section(fixture: Fixture) -> bytes:
    """Return the private section of a file in clear."""
    section = openssh_section(fixture.data)
    if not fixture.encrypted:
        return section
    assert fixture.kdf
    assert fixture.cipher
    assert fixture.passphrase
    cipher = CIPHERS[fixture.cipher]
    kdf = BcryptPbkdf(bytes.fromhex(fixture.kdf["salt"]), fixture.kdf["rounds"])
    derived = DERIVER.derive(kdf, Passphrase(fixture.passphrase), cipher.key_length + cipher.iv_length)
    tag = base64.decode(b"".join(fixture.data.split(b"\n")[1:-2]))[-cipher.tag_length :] if cipher.tag_length else b""
    clear = decrypt(cipher, derived[: cipher.key_length], derived[cipher.key_length :], section, tag)
    assert clear is not None
    return clear


def _openssh_options(fixture: Fixture) -> WriteOptions:
    check = _section(fixture)[:4]
    if not fixture.encrypted:
        return WriteOptions(random=_given(check=check))
    assert fixture.kdf
    assert fixture.cipher
    assert fixture.passphrase
    return WriteOptions(
        passphrase=Passphrase(fixture.passphrase),
        cipher=fixture.cipher,
        rounds=fixture.kdf["rounds"],
        random=_given(check=check, salt=bytes.fromhex(fixture.kdf["salt"])),
        deriver=DERIVER,
    )


@pytest.mark.parametrize("fixture", pick(lambda fixture: _by_ssh_keygen(fixture) and _has_clean_comment(fixture)))
def test_an_openssh_file_is_byte_for_byte_what_ssh_keygen_wrote(fixture: Fixture) -> None:
    assert write(opened(fixture), "openssh", _openssh_options(fixture)) == fixture.data


def test_every_type_and_cipher_of_openssh_was_compared() -> None:
    compared = [fixture for fixture in READABLE if _by_ssh_keygen(fixture) and _has_clean_comment(fixture)]
    types = {
        *("ssh-rsa", "ssh-dss", "ssh-ed25519", *(f"ecdsa-sha2-nistp{bits}" for bits in (256, 384, 521))),
        *("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"),
    }
    for locked in (False, True):
        assert {fixture.type for fixture in compared if fixture.encrypted == locked} == types
    assert {fixture.cipher for fixture in compared if fixture.cipher} == set(CIPHERS)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("ppk/rsa2048-v2-encrypted.ppk", "openssh/rsa2048-plain"),
        ("ppk/dsa1024-v3-plain.ppk", "openssh/dsa1024-encrypted"),
        ("ppk/ecdsa-p384-v3-argon2id-encrypted.ppk", "openssh/ecdsa-p384-plain"),
        ("ppk/ed25519-v3-argon2i-encrypted.ppk", "openssh/ed25519-aes128-gcm-encrypted"),
        ("ppk/ed25519-v3-plain.ppk", "openssh/ed25519-3des-cbc-encrypted"),
        ("openssh/ed25519-puttygen-plain", "openssh/ed25519-plain"),
        ("edge/ed25519-zero-end-v2-31-bytes-encrypted.ppk", "edge/ed25519-zero-end-openssh-plain"),
        ("comments/latin1-v2-plain.ppk", "comments/latin1-openssh-plain"),
    ],
)
def test_converting_to_openssh_gives_ssh_keygens_own_file(source: str, target: str) -> None:
    given, wanted = by_path(source), by_path(target)
    converted = convert(
        given.data,
        "openssh",
        passphrase=given.passphrase,
        new_passphrase=wanted.passphrase,
        options=_openssh_options(wanted),
    )
    assert converted == wanted.data


# ── public formats ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "fixture",
    pick(
        lambda fixture: (
            (
                (fixture.path.startswith("openssh-pub/") and fixture.tool != "make.py")
                or (fixture.path.startswith("certificates/") and fixture.path.endswith("-cert.pub"))
                or (fixture.path.startswith("comments/") and fixture.path.endswith(".pub"))
            )
            and _has_clean_comment(fixture)
            and not (fixture.comment or b" ").startswith(b" ")
        )
    ),
)
def test_a_public_line_is_byte_for_byte_what_the_tool_wrote(fixture: Fixture) -> None:
    # Without a comment, or with one that begins in white space, ssh-keygen leaves white space that is read by nobody.
    assert write(opened(fixture), "openssh-pub") == fixture.data.rstrip(b"\n") + b"\n"


@pytest.mark.parametrize(
    "fixture", pick(lambda fixture: fixture.format == "rfc4716" and fixture.tool == "puttygen" and fixture.size < 1000)
)
def test_an_rfc4716_file_is_byte_for_byte_what_puttygen_wrote(fixture: Fixture) -> None:
    assert write(opened(fixture), "rfc4716") == fixture.data


# ── what the tools say of each file ────────────────────────────────────────────────────────────────────────────────


def _line(entry: Entry) -> str:
    """Type and base64, of the certificate where there is one."""
    assert entry.public is not None
    if entry.certificate is not None:
        return f"{entry.certificate.algorithm} {base64.encode(entry.certificate.blob).decode()}"
    return f"{entry.public.algorithm} {base64.encode(public_blob.write(entry.public)).decode()}"


@pytest.mark.parametrize("fixture", pick(lambda fixture: fixture.public_line is not None and not fixture.keys))
def test_public_line_and_fingerprints_are_those_that_the_tools_print(fixture: Fixture) -> None:
    file = keyfile(fixture)
    hidden = file.entries[0].public is None
    entry = opened(fixture) if hidden else file.entries[0]
    if fixture.type == "rsa1":  # SSH-1 has a line and a fingerprint of its own
        assert isinstance(entry.public, RsaPublicKey)
        assert f"{entry.public.bits} {entry.public.e} {entry.public.n}" == fixture.public_line
        return
    assert _line(entry) == fixture.public_line
    said = inspect(replace(file, entries=(entry,)))
    if file.kind == "authorized_keys":
        (said_of_key,) = said["keys"]
    else:
        said_of_key = said
    assert said_of_key["fingerprints"] == {"sha256": fixture.sha256_fingerprint, "md5": fixture.md5_fingerprint}
    assert said_of_key["bits"] == (None if fixture.family == "unknown" else fixture.bits)


@pytest.mark.parametrize("fixture", pick(lambda fixture: fixture.private and not fixture.keys))
def test_protection_is_told_without_a_passphrase(fixture: Fixture) -> None:
    said = inspect(keyfile(fixture))
    if not fixture.whole:
        assert any("cut short" in note for note in said["notes"])
        return
    assert said["kind"] == "private"
    assert said["encrypted"] == fixture.encrypted
    assert (said["cipher"] or "").lower() == (fixture.cipher or "").lower()
    if not fixture.encrypted:
        assert said["kdf"] is None
        return
    assert fixture.kdf
    assert said["kdf"]
    values = {value for name, value in fixture.kdf.items() if name != "name"}
    assert said["kdf"]["name"] == fixture.kdf["name"]
    assert {value for name, value in said["kdf"].items() if name != "name"} == values


@pytest.mark.parametrize("fixture", pick(lambda fixture: fixture.comment is not None))
def test_the_comment_is_the_one_that_was_given_to_the_tool(fixture: Fixture) -> None:
    entry = opened(fixture) if fixture.whole else keyfile(fixture).entries[0]
    comment, stated = entry.comment or b"", fixture.comment
    if fixture.format == "openssh-pub":
        assert stated is not None
        stated = stated.lstrip(b" ")  # the white space before it is a separator
    assert comment == stated


@pytest.mark.parametrize(
    ("fixture", "number"),
    [
        pytest.param(fixture, number, id=f"{fixture.path}-{number}")
        for fixture in READABLE
        for number in range(1, len(fixture.keys) + 1)
    ],
)
def test_every_key_of_a_file_of_many_is_what_the_tools_say(fixture: Fixture, number: int) -> None:
    file = keyfile(fixture)
    assert len(file.entries) == len(fixture.keys)
    entry, key = opened(fixture, number), fixture.keys[number - 1]
    assert _line(entry) == key.public_line
    assert (entry.comment or b"") == key.comment
    assert entry.line == key.line
    said = inspect(file)["keys"][number - 1]
    assert said["fingerprints"] == {"sha256": key.sha256_fingerprint, "md5": key.md5_fingerprint}
    assert bool(entry.options) == bool(key.options)


def test_every_registered_format_has_fixtures() -> None:
    untold = {"jwk", "jwk-pub"}  # no tool that made the fixtures writes them
    assert {known.name for known in FORMATS if known.can.readable} == {each.reader for each in READABLE} | untold


def test_locked_fixtures_are_locked_until_they_are_opened() -> None:
    for fixture in READABLE:
        if fixture.encrypted and fixture.whole:
            assert isinstance(keyfile(fixture).entries[0].private, Locked)
            assert not isinstance(opened(fixture).private, Locked | None)
