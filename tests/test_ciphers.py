"""The ciphers of key files agree with openssl, with published vectors, and with ssh-keygen's table."""

from __future__ import annotations

import random
import re
import subprocess

import pytest
from fixture_files import by_path, opened
from tools import require

from keyconv.crypto.ciphers import AES256_CBC, CIPHERS, Cipher, decrypt, encrypt

OPENSSL_NAMES = {
    "aes256-ctr": "-aes-256-ctr",
    "aes192-ctr": "-aes-192-ctr",
    "aes128-ctr": "-aes-128-ctr",
    "aes256-cbc": "-aes-256-cbc",
    "aes192-cbc": "-aes-192-cbc",
    "aes128-cbc": "-aes-128-cbc",
    "3des-cbc": "-des-ede3-cbc",
}
every_cipher = pytest.mark.parametrize("cipher", [pytest.param(each, id=each.name) for each in CIPHERS.values()])
AUTHENTICATED = [pytest.param(each, id=each.name) for each in CIPHERS.values() if each.tag_length]


def _material(cipher: Cipher, blocks: int = 7) -> tuple[bytes, bytes, bytes]:
    source = random.Random(cipher.name)
    key, iv = source.randbytes(cipher.key_length), source.randbytes(cipher.iv_length)
    return key, iv, source.randbytes(blocks * cipher.block)


def _openssl(*arguments: str, data: bytes) -> bytes:
    return subprocess.run([require("openssl"), *arguments], input=data, capture_output=True, check=True).stdout


# ── known answers ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", OPENSSL_NAMES)
def test_a_cipher_gives_what_openssl_gives(name: str) -> None:
    cipher = CIPHERS[name]
    key, iv, data = _material(cipher)
    options = ("enc", OPENSSL_NAMES[name], "-K", key.hex(), "-iv", iv.hex(), "-nopad")
    sealed, tag = encrypt(cipher, key, iv, data)
    assert tag == b""
    assert sealed == _openssl(*options, data=data)
    assert _openssl(*options, "-d", data=sealed) == data


def test_chacha20_poly1305_is_openssls_chacha20_and_poly1305_put_together_as_openssh_does() -> None:
    cipher = CIPHERS["chacha20-poly1305@openssh.com"]
    key, _, data = _material(cipher, 20)

    def stream(counter: int, text: bytes) -> bytes:
        iv = counter.to_bytes(8, "little") + bytes(8)
        return _openssl("enc", "-chacha20", "-K", key[:32].hex(), "-iv", iv.hex(), data=text)

    sealed, tag = encrypt(cipher, key, b"", data)
    assert sealed == stream(1, data)
    one_time_key = stream(0, bytes(32))
    said = _openssl("mac", "-macopt", f"hexkey:{one_time_key.hex()}", "-in", "-", "POLY1305", data=sealed)
    assert tag.hex() == re.sub(rb"\s", b"", said).decode().lower()


@pytest.mark.parametrize(
    ("name", "key", "iv", "clear", "sealed", "tag"),
    [
        (
            "aes128-gcm@openssh.com",
            "00" * 16,
            "00" * 12,
            "00" * 16,
            "0388dace60b6a392f328c2b971b2fe78",
            "ab6e47d42cec13bdf53a67b21257bddf",
        ),
        (
            "aes256-gcm@openssh.com",
            "00" * 32,
            "00" * 12,
            "00" * 16,
            "cea7403d4d606b6e074ec5d3baf39d18",
            "d0d1c8a799996bf0265b98b5d48ab919",
        ),
    ],
)
def test_gcm_gives_the_answers_of_its_specification(
    name: str, key: str, iv: str, clear: str, sealed: str, tag: str
) -> None:
    """Source: McGrew and Viega, 'The Galois/Counter Mode of Operation', appendix B, test cases 2 and 14."""
    material = (CIPHERS[name], bytes.fromhex(key), bytes.fromhex(iv))
    assert encrypt(*material, bytes.fromhex(clear)) == (bytes.fromhex(sealed), bytes.fromhex(tag))
    assert decrypt(*material, bytes.fromhex(sealed), bytes.fromhex(tag)) == bytes.fromhex(clear)


def test_ssh_keygen_wrote_a_file_under_every_cipher_and_each_opens() -> None:
    plain = opened(by_path("openssh/ed25519-plain"))
    for name in CIPHERS:
        path = f"openssh/ed25519-{name.removesuffix('@openssh.com')}-encrypted"
        assert by_path(path).cipher == name
        assert opened(by_path(path)).private == plain.private


def test_the_table_is_that_of_ssh() -> None:
    """Every name here is one that OpenSSH knows; key, IV, block and tag lengths are facts of the algorithms."""
    known = subprocess.run([require("ssh"), "-Q", "cipher"], capture_output=True, text=True, check=True).stdout.split()
    assert set(CIPHERS) <= set(known)
    assert next(iter(CIPHERS)) == "aes256-ctr"
    assert AES256_CBC is CIPHERS["aes256-cbc"]
    for name, cipher in CIPHERS.items():
        assert cipher.name == name
        if bits := re.match(r"aes(\d+)", name):
            assert cipher.key_length * 8 == int(bits.group(1))
        assert cipher.tag_length == (16 if "gcm" in name or "poly1305" in name else 0)


# ── both ways ──────────────────────────────────────────────────────────────────────────────────────────────────────


@every_cipher
@pytest.mark.parametrize("blocks", [1, 2, 3, 64])
def test_what_is_encrypted_decrypts(cipher: Cipher, blocks: int) -> None:
    key, iv, data = _material(cipher, blocks)
    sealed, tag = encrypt(cipher, key, iv, data)
    assert sealed != data
    assert len(sealed) == len(data)
    assert len(tag) == cipher.tag_length
    assert decrypt(cipher, key, iv, sealed, tag) == data


@every_cipher
def test_another_key_gives_other_bytes_or_nothing(cipher: Cipher) -> None:
    key, iv, data = _material(cipher)
    sealed, tag = encrypt(cipher, key, iv, data)
    other = bytes((key[0] ^ 2,)) + key[1:]  # the lowest bit of a DES key is parity
    assert decrypt(cipher, other, iv, sealed, tag) != data


@pytest.mark.parametrize("cipher", AUTHENTICATED)
def test_every_bit_of_tag_and_ciphertext_counts(cipher: Cipher) -> None:
    key, iv, data = _material(cipher, 2)
    sealed, tag = encrypt(cipher, key, iv, data)
    for bit in range(8 * len(tag)):
        changed = (int.from_bytes(tag, "big") ^ 1 << bit).to_bytes(len(tag), "big")
        assert decrypt(cipher, key, iv, sealed, changed) is None
    for bit in range(8 * len(sealed)):
        changed = (int.from_bytes(sealed, "big") ^ 1 << bit).to_bytes(len(sealed), "big")
        assert decrypt(cipher, key, iv, changed, tag) is None
    assert decrypt(cipher, key, iv, sealed, tag) == data


@pytest.mark.parametrize("cipher", AUTHENTICATED)
def test_a_short_long_or_missing_tag_does_not_fit(cipher: Cipher) -> None:
    key, iv, data = _material(cipher)
    sealed, tag = encrypt(cipher, key, iv, data)
    for wrong in (b"", tag[:4], tag[:12], tag[:15], tag + b"\0"):
        assert decrypt(cipher, key, iv, sealed, wrong) is None
