"""Password-based encryption of the PEM family: vectors of the RFCs, the real openssl, and costs that are refused."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pem_family import idle, run

from keyconv import Deriver, Passphrase, limits
from keyconv.crypto import pbes
from keyconv.crypto.kdf import Kdf
from keyconv.crypto.pbes import CIPHERS, PRFS, BlockCipher, EvpMd5, Pbkdf1, Pbkdf2, Pkcs12Kdf, Scrypt
from keyconv.errors import LimitError, MalformedError, WrongPassphraseError

SALT = bytes.fromhex("0102030405060708")
PASSWORDS = (
    b"correct horse",
    b"x",
    b"",
    "sch\u00f6n \u043f\u0430\u0440\u043e\u043b\u044c \U0001f511".encode(),
    b"\xe9t\xe9",
    b"p" * 200,
)


# ── KDFs ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kdf", "passphrase", "expected"),
    [
        # RFC 6070.
        (Pbkdf2("hmacWithSHA1", 2, b"salt"), b"password", "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
        (
            Pbkdf2("hmacWithSHA1", 4096, b"saltSALTsaltSALTsaltSALTsaltSALTsalt"),
            b"passwordPASSWORDpassword",
            "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038",
        ),
        # RFC 7914 section 12.
        (
            Scrypt(16384, 8, 1, b"SodiumChloride"),
            b"pleaseletmein",
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
            "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
        ),
    ],
    ids=["rfc6070-short-salt", "rfc6070", "rfc7914"],
)
def test_kdfs_give_the_numbers_of_the_rfcs(kdf: Kdf, passphrase: bytes, expected: str) -> None:
    assert kdf.derive(passphrase, len(expected) // 2).hex() == expected


def _openssl_kdf(name: str, length: int, passphrase: bytes, salt: bytes, *options: str) -> bytes:
    given = [f"hexpass:{passphrase.hex()}" if passphrase else "pass:", f"hexsalt:{salt.hex()}", *options]
    asked = [word for option in given for word in ("-kdfopt", option)]
    providers = ("-provider", "legacy", "-provider", "default")
    printed = run("openssl", "kdf", "-keylen", str(length), *asked, *providers, name)
    return bytes.fromhex(printed.decode().replace(":", "").strip())


@pytest.mark.parametrize("prf", PRFS)
@pytest.mark.parametrize("length", [8, 24, 32, 70])
def test_pbkdf2_agrees_with_openssl(prf: str, length: int) -> None:
    digest = "digest:" + prf.removeprefix("hmacWith")
    expected = _openssl_kdf("PBKDF2", length, b"correct horse", SALT, "iter:7", digest)
    assert Pbkdf2(prf, 7, SALT).derive(b"correct horse", length) == expected


@pytest.mark.parametrize("digest", ["md5", "sha1"])
@pytest.mark.parametrize("iterations", [1, 2, 2048])
def test_pbkdf1_agrees_with_openssl(digest: str, iterations: int) -> None:
    kdf = Pbkdf1("md5" if digest == "md5" else "sha1", iterations, SALT)
    expected = _openssl_kdf("PBKDF1", 16, b"correct horse", SALT, f"iter:{iterations}", f"digest:{digest}")
    assert kdf.derive(b"correct horse", 16) == expected


@pytest.mark.parametrize("passphrase", PASSWORDS)
@pytest.mark.parametrize(("key_length", "salt"), [(24, SALT), (16, SALT * 3), (5, bytes(range(64))), (24, SALT * 9)])
def test_the_kdf_of_pkcs12_agrees_with_openssl(passphrase: bytes, key_length: int, salt: bytes) -> None:
    # openssl's kdf command takes the password as the KDF sees it: two bytes a character, two zero bytes at the end.
    try:
        text = passphrase.decode()
    except UnicodeDecodeError:
        text = passphrase.decode("latin-1")
    password = text.encode("utf-16-be") + b"\0\0"
    key, iv = (
        _openssl_kdf("PKCS12KDF", length, password, salt, "iter:3", "digest:SHA1", f"id:{purpose}")
        for length, purpose in ((key_length, 1), (8, 2))
    )
    assert Pkcs12Kdf(key_length, 3, salt).derive(passphrase, key_length + 8) == key + iv


@pytest.mark.parametrize("passphrase", [b"correct horse", b"x", b"p" * 200])
def test_evp_bytes_to_key_agrees_with_openssl(passphrase: bytes) -> None:
    options = ("-aes-256-cbc", "-md", "md5", "-k", passphrase.decode(), "-S", SALT.hex(), "-P")
    printed = dict(line.split("=", 1) for line in run("openssl", "enc", *options).decode().splitlines())
    derived = EvpMd5(SALT).derive(passphrase, 48)
    assert derived[:32].hex().upper() == printed["key"]
    assert derived[32:].hex().upper() == printed["iv "]


# ── parameters that are no KDF at all, and those that cost too much ────────────────────────────────────────────────


@pytest.mark.parametrize(
    "make",
    [
        lambda: Pbkdf2("hmacWithSHA256", 0, SALT),
        lambda: Pbkdf1("md5", 0, SALT),
        lambda: Pkcs12Kdf(24, 0, SALT),
        lambda: Pbkdf2("hmacWithSHA256", 1, b""),
        lambda: Pbkdf1("sha1", 1, b""),
        lambda: Pkcs12Kdf(24, 1, b""),
        lambda: Scrypt(1024, 8, 1, b""),
        lambda: Scrypt(0, 8, 1, SALT),
        lambda: Scrypt(1, 8, 1, SALT),
        lambda: Scrypt(1023, 8, 1, SALT),
        lambda: Scrypt(1024, 0, 1, SALT),
        lambda: Scrypt(1024, 8, 0, SALT),
        lambda: Scrypt(1024, 1 << 15, 1 << 15, SALT),
        lambda: EvpMd5(b""),
        lambda: EvpMd5(SALT[:7]),
        lambda: EvpMd5(SALT + b"9"),
    ],
)
def test_parameters_that_no_kdf_has_are_malformed(make: Callable[[], Kdf]) -> None:
    with pytest.raises(MalformedError):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda salt: Pbkdf2("hmacWithSHA256", 1, salt),
        lambda salt: Pbkdf1("md5", 1, salt),
        lambda salt: Pkcs12Kdf(24, 1, salt),
        lambda salt: Scrypt(1024, 8, 1, salt),
    ],
)
def test_salts_end_where_the_limits_say(make: Callable[[bytes], Kdf]) -> None:
    make(bytes(1))
    make(bytes(limits.MAX_SALT))
    with pytest.raises(LimitError):
        make(bytes(limits.MAX_SALT + 1))
    with pytest.raises(MalformedError):
        make(b"")


@pytest.mark.parametrize(
    ("last", "first"),
    [
        (
            Pbkdf2("hmacWithSHA256", limits.MAX_PBKDF2_ITERATIONS, SALT),
            Pbkdf2("hmacWithSHA256", limits.MAX_PBKDF2_ITERATIONS + 1, SALT),
        ),
        (Pbkdf1("md5", limits.MAX_PBES1_ITERATIONS, SALT), Pbkdf1("md5", limits.MAX_PBES1_ITERATIONS + 1, SALT)),
        (Pkcs12Kdf(24, limits.MAX_PBES1_ITERATIONS, SALT), Pkcs12Kdf(24, limits.MAX_PBES1_ITERATIONS + 1, SALT)),
        (Scrypt(1 << 18, 8, 4, SALT), Scrypt(1 << 18, 8, 5, SALT)),
        (Scrypt(1 << 18, 8, 1, SALT), Scrypt(1 << 19, 8, 1, SALT)),
    ],
)
def test_the_last_cost_accepted_and_the_first_refused(last: Kdf, first: Kdf) -> None:
    last.check_cost()
    with pytest.raises(LimitError) as refusal:
        first.check_cost()
    assert "--allow-costly-kdf" in refusal.value.hint


@pytest.mark.parametrize(
    "kdf",
    [
        Pbkdf2("hmacWithSHA256", 2**31, SALT),
        Pbkdf2("hmacWithSHA512", 2**63 - 1, SALT),
        Scrypt(2**40, 8, 1, SALT),
        Scrypt(2, 2**28, 1, SALT),
        Scrypt(2, 1, 2**29, SALT),
        Pbkdf1("md5", 2**31, SALT),
        Pkcs12Kdf(24, 2**62, SALT),
    ],
)
def test_what_costs_too_much_is_refused_without_running(kdf: Kdf) -> None:
    with pytest.raises(LimitError):
        idle().derive(kdf, Passphrase(b"x"), 32)


@pytest.mark.parametrize("n", [2**40, 2**62])
def test_what_no_machine_can_do_is_an_error_also_where_costs_are_allowed(n: int) -> None:
    with pytest.raises(LimitError, match="on this machine"):
        Deriver(allow_costly=True).derive(Scrypt(n, 8, 1, SALT), Passphrase(b"x"), 32)


def test_equal_records_are_one_kdf_to_the_deriver() -> None:
    deriver = Deriver()
    for kdf in (Pbkdf2("hmacWithSHA1", 1, SALT), EvpMd5(SALT), Pbkdf1("md5", 1, SALT), Pkcs12Kdf(24, 1, SALT)):
        before = deriver.runs
        again = pickle.loads(pickle.dumps(kdf))
        assert again == kdf
        assert hash(again) == hash(kdf)
        assert deriver.derive(kdf, Passphrase(b"x"), 16) == deriver.derive(again, Passphrase(b"x"), 16)
        assert deriver.runs == before + 1


def test_parameters_are_described_as_the_manifest_names_them() -> None:
    assert EvpMd5(SALT).describe() == {"rounds": 1, "salt": SALT.hex()}
    assert Pbkdf2("hmacWithSHA1", 5, SALT).describe() == {"prf": "hmacWithSHA1", "iterations": 5, "salt": SALT.hex()}
    assert Scrypt(16, 8, 1, SALT).describe() == {"n": 16, "r": 8, "p": 1, "salt": SALT.hex()}
    assert (
        Pkcs12Kdf(24, 5, SALT).describe() == Pbkdf1("md5", 5, SALT).describe() == {"iterations": 5, "salt": SALT.hex()}
    )


# ── ciphers ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("cipher", CIPHERS.values(), ids=list(CIPHERS))
@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 100])
def test_ciphers_agree_with_openssl(cipher: BlockCipher, length: int) -> None:
    source = random.Random(length)
    key, iv, data = source.randbytes(cipher.key_length), source.randbytes(cipher.block), source.randbytes(length)
    options = ("-K", key.hex(), "-iv", iv.hex(), "-provider", "legacy", "-provider", "default")
    expected = run("openssl", "enc", f"-{cipher.name}", *options, given=data)
    assert pbes.encrypt(cipher, key, iv, data) == expected
    assert pbes.decrypt(cipher, key, iv, expected) == data


@given(st.binary(min_size=1, max_size=64), st.sampled_from(sorted(CIPHERS)))
def test_what_is_encrypted_decrypts(data: bytes, name: str) -> None:
    cipher = CIPHERS[name]
    key, iv = bytes(range(cipher.key_length)), bytes(cipher.block)
    encrypted = pbes.encrypt(cipher, key, iv, data)
    pbes.check_length(cipher, encrypted)
    assert len(data) + (cipher.mode == "cbc") <= len(encrypted) <= len(data) + cipher.block
    assert pbes.decrypt(cipher, key, iv, encrypted) == data


@pytest.mark.parametrize("name", ["aes-256-cbc", "des-ede3-cbc"])
def test_every_wrong_padding_is_a_wrong_passphrase(name: str) -> None:
    cipher = CIPHERS[name]
    key, iv = bytes(range(cipher.key_length)), bytes(cipher.block)

    def encrypted(block: bytes) -> bytes:
        # Padding is added behind the block; the first block alone ends as we want it.
        return pbes.encrypt(cipher, key, iv, block)[: cipher.block]

    right = 0
    for last in range(256):
        for before in (last, (last + 1) % 256):
            block = bytes((before,)) * (cipher.block - 1) + bytes((last,))
            if 1 <= last <= cipher.block and (before == last or last == 1):
                right += 1
                assert pbes.decrypt(cipher, key, iv, encrypted(block)) == block[: cipher.block - last]
                continue
            with pytest.raises(WrongPassphraseError):
                pbes.decrypt(cipher, key, iv, encrypted(block))
    assert right == cipher.block + 1


@pytest.mark.parametrize("length", [0, 1, 15, 17])
def test_data_that_is_not_of_whole_blocks_is_malformed(length: int) -> None:
    with pytest.raises(MalformedError, match=f"has {length} bytes, not a multiple of 16"):
        pbes.check_length(CIPHERS["aes-256-cbc"], bytes(length))


def test_a_mode_without_padding_takes_any_length_but_none() -> None:
    pbes.check_length(CIPHERS["des-ede3-cfb"], b"x")
    with pytest.raises(MalformedError, match="empty"):
        pbes.check_length(CIPHERS["des-ede3-cfb"], b"")
