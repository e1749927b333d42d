"""DER that OpenSSL reads and the standard forbids: read with a note where the key's numbers prove it, and only there.

The files are made by an encoder that shares nothing with keyconv's, out of keys of pyca/cryptography; ssh-keygen and
openssl are asked whether they read them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ed448, ed25519, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from fixture_files import by_path
from hostile import der
from pem_family import run, saved

from keyconv import Passphrase
from keyconv.engine import convert, read, unlock
from keyconv.errors import KeyconvError, LimitError, UnsupportedError, WrongPassphraseError
from keyconv.keyfile import Entry, KeyFile, Locked
from keyconv.keys import (
    DsaPrivateKey,
    Ed448PrivateKey,
    Ed448PublicKey,
    Ed25519PrivateKey,
    Ed25519PublicKey,
    RsaPrivateKey,
    RsaPublicKey,
)
from keyconv.repairs import Opening, search

RSA_ALGORITHM = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.NULL)
SIZES = (1024, 2048, 3072)
Encode = Callable[[int], bytes]


def shortest(value: int) -> bytes:
    """A number in DER."""
    return der.integer(value)


def unsigned(value: int) -> bytes:
    """A number whose sign byte is left out."""
    return der.tlv(2, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def padded(value: int) -> bytes:
    """A number with a zero byte too many."""
    return der.tlv(2, b"\0" + value.to_bytes(value.bit_length() // 8 + 1, "big"))


def long_length(value: int) -> bytes:
    """A number whose length begins with a zero byte, as paramiko's did."""
    return der.tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"), size=3)


@cache
def rsa_key(bits: int, e: int = 65537) -> rsa.RSAPrivateNumbers:
    while True:  # until p, q and a number that follows from them all have the highest bit of their last byte
        numbers = rsa.generate_private_key(65537, bits).private_numbers() if e == 65537 else with_exponent(bits, e)
        if numbers.iqmp.bit_length() % 8 == 0:
            return numbers


def with_exponent(bits: int, e: int) -> rsa.RSAPrivateNumbers:
    if e == 3:
        return rsa.generate_private_key(3, bits).private_numbers()
    while True:
        made = rsa.generate_private_key(65537, bits).private_numbers()
        order = (made.p - 1) * (made.q - 1)
        try:
            d = pow(e, -1, order)
        except ValueError:
            continue
        public = rsa.RSAPublicNumbers(e, made.public_numbers.n)
        return rsa.RSAPrivateNumbers(made.p, made.q, d, d % (made.p - 1), d % (made.q - 1), made.iqmp, public)


def numbers_of(key: rsa.RSAPrivateNumbers) -> list[int]:
    public = key.public_numbers
    return [public.n, public.e, key.d, key.p, key.q, key.dmp1, key.dmq1, key.iqmp]


def pkcs1(numbers: Sequence[int], encode: Encode = shortest) -> bytes:
    return der.sequence(der.integer(0), *map(encode, numbers))


def pkcs8(inner: bytes, algorithm: bytes = RSA_ALGORITHM, version: int = 0) -> bytes:
    return der.sequence(der.integer(version), algorithm, der.octets(inner))


def spki(numbers: Sequence[int], encode: Encode) -> bytes:
    return der.sequence(RSA_ALGORITHM, der.bits(der.sequence(*map(encode, numbers))))


def encrypted(contents: bytes, pad: Callable[[bytes], bytes], label: str = "RSA PRIVATE KEY") -> bytes:
    """Encrypt as OpenSSL's traditional PEM does, but for the padding."""
    iv = bytes(range(16))
    key = b""
    while len(key) < 32:
        key += hashlib.md5(key[-16:] + b"secret" + iv[:8]).digest()
    encryptor = Cipher(AES(key[:32]), modes.CBC(iv)).encryptor()
    text = base64.encodebytes(encryptor.update(pad(contents)) + encryptor.finalize()).decode()
    head = f"-----BEGIN {label}-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,{iv.hex().upper()}\n\n"
    return f"{head}{text}-----END {label}-----\n".encode()


def pkcs7(data: bytes) -> bytes:
    count = 16 - len(data) % 16
    return data + bytes((count,)) * count


def opened(data: bytes) -> tuple[Entry, list[str]]:
    """The key of a file, and what is noted of it."""
    file = read(data)
    assert isinstance(file, KeyFile)
    (entry,) = file.entries
    if isinstance(entry.private, Locked):
        entry = unlock(entry, Passphrase(b"secret"))
    return entry, [note.message for note in (*file.notes, *entry.notes) if note.code == "noncanonical"]


def is_key(entry: Entry, key: rsa.RSAPrivateNumbers) -> bool:
    private = entry.private
    assert isinstance(private, RsaPrivateKey)
    found = (private.public.n, private.public.e, private.d, {private.p, private.q})
    return found == (key.public_numbers.n, key.public_numbers.e, key.d, {key.p, key.q})


# ── numbers and lengths ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("encode", "said"),
    [
        (unsigned, "lacks its leading zero byte"),
        (padded, "superfluous zero bytes"),
        (long_length, "lengths that are not in their shortest form"),
    ],
)
@pytest.mark.parametrize("bits", SIZES)
def test_an_rsa_key_in_such_der_is_read_with_a_note_as_openssl_reads_it(
    encode: Encode, said: str, bits: int, tmp_path: Path
) -> None:
    key = rsa_key(bits)
    traditional = der.frame("RSA PRIVATE KEY", pkcs1(numbers_of(key), encode))
    modern = der.frame("PRIVATE KEY", pkcs8(pkcs1(numbers_of(key), encode)))
    locked = encrypted(pkcs1(numbers_of(key), encode), pkcs7)
    for data in (traditional, modern, locked):
        entry, notes = opened(data)
        assert is_key(entry, key)
        assert any(said in note for note in notes)
    for data in (traditional, modern):
        path = saved(tmp_path, data)
        run("openssl", "pkey", "-in", path, "-noout")
        line = run("ssh-keygen", "-y", "-f", path)
        assert line.split()[:2] == convert(data, "openssh-pub").split()[:2]


def test_only_the_numbers_that_follow_may_lack_their_sign_byte_too() -> None:
    key = rsa_key(2048)
    head = numbers_of(key)[:5]
    data = der.sequence(der.integer(0), *map(shortest, head), *map(unsigned, (key.dmp1, key.dmq1, key.iqmp)))
    entry, notes = opened(der.frame("RSA PRIVATE KEY", data))
    assert is_key(entry, key)
    assert len(notes) >= 1


def test_a_missing_sign_byte_is_refused_where_the_numbers_do_not_agree() -> None:
    key = rsa_key(2048)
    for index in range(5):
        wrong = numbers_of(key)
        wrong[index] ^= 1 << 9
        with pytest.raises(KeyconvError):
            read(der.frame("RSA PRIVATE KEY", pkcs1(wrong, unsigned)))
        assert search(der.frame("RSA PRIVATE KEY", pkcs1(wrong, unsigned))) is None


def test_such_a_file_is_written_again_by_repair() -> None:
    key = rsa_key(2048)
    for encode in (unsigned, padded, long_length):
        found = search(der.frame("RSA PRIVATE KEY", pkcs1(numbers_of(key), encode)))
        assert found is not None
        assert found.undone == ("noncanonical",)
        if key.p > key.q:
            assert found.data == der.frame("RSA PRIVATE KEY", pkcs1(numbers_of(key)))
        assert opened(found.data)[1] == []


@pytest.mark.parametrize("encode", [unsigned, padded, long_length])
def test_a_dsa_key_in_such_der_is_read_with_a_note(encode: Encode) -> None:
    private = read(by_path("pem/dsa1024-puttygen-plain.pem").data).entries[0].private
    assert isinstance(private, DsaPrivateKey)
    public = private.public
    numbers = (public.p, public.q, public.g, public.y, private.x)
    entry, notes = opened(der.frame("DSA PRIVATE KEY", der.sequence(der.integer(0), *map(encode, numbers))))
    assert entry.private == private
    assert notes
    group = der.sequence(der.oid("1.2.840.10040.4.1"), der.sequence(*map(encode, numbers[:3])))
    entry, notes = opened(der.frame("PRIVATE KEY", pkcs8(shortest(private.x), group)))
    assert entry.private == private
    assert notes
    entry, notes = opened(der.frame("PUBLIC KEY", der.sequence(group, der.bits(shortest(public.y)))))
    assert entry.public == public
    assert notes


def test_nothing_proves_x_of_a_dsa_key_in_pkcs8_so_that_its_sign_byte_must_be_there() -> None:
    while True:
        made = dsa.generate_private_key(1024).private_numbers()
        if made.x.bit_length() == 160:
            break
    group = made.public_numbers.parameter_numbers
    algorithm = der.sequence(der.oid("1.2.840.10040.4.1"), der.sequence(*map(shortest, (group.p, group.q, group.g))))
    with pytest.raises(KeyconvError, match=r"x at byte \d+ is a negative number"):
        read(der.frame("PRIVATE KEY", pkcs8(unsigned(made.x), algorithm)))


# ── public keys ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("bits", SIZES)
def test_a_public_modulus_without_its_sign_byte_is_read_with_a_note_as_ssh_keygen_reads_it(
    bits: int, tmp_path: Path
) -> None:
    public = rsa_key(bits).public_numbers
    forms = {
        "PKCS8": der.frame("PUBLIC KEY", spki((public.n, public.e), unsigned)),
        "PEM": der.frame("RSA PUBLIC KEY", der.sequence(unsigned(public.n), unsigned(public.e))),
    }
    for form, data in forms.items():
        entry, notes = opened(data)
        assert entry.public == RsaPublicKey(public.e, public.n)
        assert notes == ["RSA modulus n lacks its leading zero byte"]
        line = run("ssh-keygen", "-i", "-m", form, "-f", saved(tmp_path, data))
        assert line.split()[:2] == convert(data, "openssh-pub").split()[:2]


def test_a_public_number_that_a_changed_byte_made_negative_is_refused() -> None:
    public = rsa_key(2048).public_numbers
    whole = der.sequence(shortest(public.n), shortest(public.e))
    at = whole.index(b"\2\x82\1\1\0") + 4
    for changed in (
        whole[:at] + b"\x80" + whole[at + 1 :],  # the sign byte of n
        whole[:-3] + b"\x81" + whole[-2:],  # the first byte of e
        der.sequence(unsigned(public.n ^ 1), shortest(public.e)),
    ):
        with pytest.raises(KeyconvError):
            read(der.frame("RSA PUBLIC KEY", changed))


# ── what is left after the key ─────────────────────────────────────────────────────────────────────────────────────

PADDINGS = [bytes(1), bytes(40), b"\4" * 4, b"\x10" * 16, b"\1\2\3", bytes(6) + b"\7", b"\x80" + bytes(4)]


@pytest.mark.parametrize("padding", PADDINGS, ids=bytes.hex)
def test_padding_after_the_der_of_a_key_is_noted(padding: bytes, tmp_path: Path) -> None:
    key = rsa_key(2048)
    whole = pkcs1(numbers_of(key))
    files = [der.frame("RSA PRIVATE KEY", whole + padding), der.frame("PRIVATE KEY", pkcs8(whole) + padding)]
    for data in files:
        entry, notes = opened(data)
        assert is_key(entry, key)
        assert f"{len(padding)} bytes of padding are left after the key" in notes
        run("ssh-keygen", "-y", "-f", saved(tmp_path, data))
    entry, notes = opened(encrypted(whole + padding, pkcs7))
    assert is_key(entry, key)
    assert notes


@pytest.mark.parametrize("rest", [b"more", b"\4" * 5, b"\x11" * 17, b"\0\1\0", b"\x80" * 16])
def test_what_is_no_padding_is_refused_after_a_key(rest: bytes) -> None:
    with pytest.raises(KeyconvError, match="bytes too many"):
        read(der.frame("RSA PRIVATE KEY", pkcs1(numbers_of(rsa_key(2048))) + rest))


def aligned(key: rsa.RSAPrivateNumbers) -> bytes:
    """An RSA key of whole blocks: so many of its numbers have a zero byte too many."""
    encoded = ([padded] * count + [shortest] * (8 - count) for count in range(9))
    for encoders in (*encoded, *([long_length] * count + [shortest] * (8 - count) for count in range(9))):
        pairs = zip(encoders, numbers_of(key), strict=True)
        whole = der.sequence(der.integer(0), *(encode(value) for encode, value in pairs))
        if len(whole) % 16 == 0:
            return whole
    raise AssertionError("no such length")


@pytest.mark.parametrize("block", ["zeros", "x923", "iso7816", "none"])
def test_another_padding_than_that_of_pkcs7_is_noted_in_an_encrypted_key(block: str) -> None:
    key = rsa_key(2048)
    whole = aligned(key) if block == "none" else pkcs1(numbers_of(key))
    if block != "none" and len(whole) % 16 == 0:
        whole = pkcs1(numbers_of(key), padded)
    count = -len(whole) % 16
    last = bytes(max(count - 1, 0))
    filled = (
        whole + {"zeros": bytes(count), "x923": last + bytes((count,)), "iso7816": b"\x80" + last, "none": b""}[block]
    )
    entry, notes = opened(encrypted(filled, bytes))
    assert is_key(entry, key)
    assert any("padding" in note for note in notes) or count == 1
    with pytest.raises(WrongPassphraseError):
        unlock(read(encrypted(filled, bytes)).entries[0], Passphrase(b"another"))


# ── RSA keys of which only some numbers are there ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("e", [65537, 3, 17, 35, 37])
@pytest.mark.parametrize("stated", [True, False])
def test_an_rsa_key_without_its_primes_gets_them_computed(e: int, stated: bool) -> None:
    key = rsa_key(1024, e)
    numbers = (key.public_numbers.n, e if stated else 0, key.d, 0, 0, 0, 0, 0)
    for data in (
        der.frame("RSA PRIVATE KEY", pkcs1(numbers)),
        der.frame("PRIVATE KEY", pkcs8(pkcs1(numbers))),
        der.frame("RSA PRIVATE KEY", pkcs1(numbers, unsigned)),
        encrypted(pkcs1(numbers), pkcs7),
    ):
        entry, notes = opened(data)
        assert is_key(entry, key)
        assert any(("no RSA primes" if stated else f"e is {e}") in note for note in notes)
        found = search(data, opening(data))
        assert found is not None
        assert is_key(opened(found.data)[0], key)


def opening(data: bytes) -> Opening:
    return Opening(passphrase=Passphrase(b"secret") if b"ENCRYPTED" in data else None)


def test_an_exponent_that_is_not_usual_is_not_found() -> None:
    key = rsa_key(1024, 41)
    data = der.frame("RSA PRIVATE KEY", pkcs1((key.public_numbers.n, 0, key.d, 0, 0, 0, 0, 0)))
    with pytest.raises(UnsupportedError, match="holds only the RSA numbers n and d") as refused:
        read(data)
    assert refused.value.rule == "unsupported"
    assert "RSAPrivateCrtKey" in refused.value.hint


def test_an_exponent_that_is_not_there_follows_from_d_and_the_primes() -> None:
    key = rsa_key(1024, 41)
    numbers = numbers_of(key)
    numbers[1] = 0
    entry, notes = opened(der.frame("RSA PRIVATE KEY", pkcs1(numbers)))
    assert is_key(entry, key)
    assert "the RSA exponent e is not in the file: it is 41, which follows from d" in notes
    numbers[2] ^= 2
    with pytest.raises(KeyconvError):
        read(der.frame("RSA PRIVATE KEY", pkcs1(numbers)))


@pytest.mark.parametrize("change", [1, 2, 1 << 500])
def test_a_changed_n_or_d_without_primes_is_refused(change: int) -> None:
    key = rsa_key(1024)
    for index in (0, 2):
        for e in (65537, 0):
            numbers = [key.public_numbers.n, e, key.d, 0, 0, 0, 0, 0]
            numbers[index] ^= change
            with pytest.raises(KeyconvError):
                read(der.frame("RSA PRIVATE KEY", pkcs1(numbers)))


def test_a_modulus_that_is_too_large_to_factor_is_refused_before_the_work() -> None:
    n = (1 << 8191) | 1
    for e in (65537, 0):
        with pytest.raises(LimitError, match="8192 bits are not computed"):
            read(der.frame("RSA PRIVATE KEY", pkcs1((n, e, n // 3, 0, 0, 0, 0, 0))))
    with pytest.raises(LimitError):
        read(der.frame("RSA PRIVATE KEY", pkcs1(((1 << 16390) | 1, 0, 3, 0, 0, 0, 0, 0))))
    with pytest.raises(LimitError):
        read(der.frame("RSA PRIVATE KEY", pkcs1(((1 << 16000) | 1, 0, 5, (1 << 9000) | 1, (1 << 9000) | 1, 1, 1, 1))))


# ── PKCS#8 and SEC 1 for Ed25519 and Ed448 ─────────────────────────────────────────────────────────────────────────

NUMBERS = {"Ed25519": "1.3.101.112", "Ed448": "1.3.101.113"}


def seed_file(seed: bytes, *, public: bytes | None = None, name: str = "Ed25519", parameters: bool = True) -> bytes:
    """An ECPrivateKey that holds a seed, as Erlang/OTP writes it."""
    curve = der.explicit(0, der.oid(NUMBERS[name])) if parameters else b""
    point = b"" if public is None else der.explicit(1, der.bits(public))
    return der.sequence(der.integer(1), der.octets(seed), curve, point)


def edwards(name: str) -> tuple[bytes, bytes, Ed25519PrivateKey | Ed448PrivateKey]:
    """A new key of this kind: its seed, its point, and what keyconv is to make of them."""
    if name == "Ed25519":
        made = ed25519.Ed25519PrivateKey.generate()
        seed, point = made.private_bytes_raw(), made.public_key().public_bytes_raw()
        return seed, point, Ed25519PrivateKey(Ed25519PublicKey(point), seed)
    longer = ed448.Ed448PrivateKey.generate()
    seed, point = longer.private_bytes_raw(), longer.public_key().public_bytes_raw()
    return seed, point, Ed448PrivateKey(Ed448PublicKey(point), seed)


@pytest.mark.parametrize("name", NUMBERS)
def test_ed25519_and_ed448_in_an_ec_private_key_are_read_as_erlang_writes_them(name: str) -> None:
    seed, point, private = edwards(name)
    for data in (
        der.frame("EC PRIVATE KEY", seed_file(seed, name=name)),
        der.frame("EC PRIVATE KEY", seed_file(seed, public=point, name=name)),
        der.frame(
            "PRIVATE KEY",
            pkcs8(
                seed_file(seed, public=point, name=name, parameters=False),
                der.sequence(der.oid("1.2.840.10045.2.1"), der.oid(NUMBERS[name])),
            ),
        ),
        encrypted(seed_file(seed, public=point, name=name), pkcs7, "EC PRIVATE KEY"),
    ):
        entry, notes = opened(data)
        assert entry.private == private
        assert f"{name} stands where an EC key names its curve, as Erlang/OTP writes it" in notes
    found = search(der.frame("EC PRIVATE KEY", seed_file(seed, public=point, name=name)))
    assert found is not None
    assert found.undone == ("noncanonical",)
    assert found.data == der.frame("PRIVATE KEY", pkcs8(der.octets(seed), der.sequence(der.oid(NUMBERS[name]))))


@pytest.mark.parametrize("name", NUMBERS)
def test_a_public_key_in_that_form_is_read(name: str) -> None:
    _, point, private = edwards(name)
    algorithm = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid(NUMBERS[name]))
    entry, notes = opened(der.frame("PUBLIC KEY", der.sequence(algorithm, der.bits(point))))
    assert entry.public == private.public
    assert notes


def test_an_ec_private_key_of_another_point_or_length_is_refused() -> None:
    seed, _, _ = edwards("Ed25519")
    _, other, _ = edwards("Ed25519")
    for data in (seed_file(seed, public=other), seed_file(seed[:31]), seed_file(seed + b"\0")):
        with pytest.raises(KeyconvError):
            read(der.frame("EC PRIVATE KEY", data))


@pytest.mark.parametrize(("oid", "name"), [("1.3.101.110", "X25519"), ("1.3.101.111", "X448")])
def test_x25519_in_an_ec_private_key_is_named(oid: str, name: str) -> None:
    curve = der.explicit(0, der.oid(oid))
    with pytest.raises(UnsupportedError, match=name):
        read(der.frame("EC PRIVATE KEY", der.sequence(der.integer(1), der.octets(bytes(32)), curve)))


@pytest.mark.parametrize("name", NUMBERS)
def test_version_1_of_pkcs8_without_a_public_key_is_noted(name: str) -> None:
    seed, _, private = edwards(name)
    data = der.frame("PRIVATE KEY", pkcs8(der.octets(seed), der.sequence(der.oid(NUMBERS[name])), version=1))
    entry, notes = opened(data)
    assert entry.private == private
    assert notes == ["the version is 1, which says that a public key is attached, and there is none"]
    key = rsa_key(1024)
    assert is_key(opened(der.frame("PRIVATE KEY", pkcs8(pkcs1(numbers_of(key)), version=1)))[0], key)
