"""JSON Web Keys: the examples of the RFCs, every key there and back, and JSON that no honest program writes."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from fixture_files import by_path, sample
from hypothesis import given
from hypothesis import strategies as st

from keyconv import Entry, Locked, WriteOptions
from keyconv.bridging import PrivateToCryptography
from keyconv.engine.inspection import public_line
from keyconv.errors import (
    ContradictionError,
    KeyconvError,
    LimitError,
    MalformedError,
    MisfitError,
    MismatchError,
    TruncatedError,
    UnsupportedError,
)
from keyconv.formats.jwk import JWK, JWK_PUB, thumbprint
from keyconv.keys import PrivateKey
from keyconv.text import base64url

SOURCES = (
    "openssh/rsa2048-plain",
    "openssh/rsa3072-plain",
    "openssh/ecdsa-p256-plain",
    "openssh/ecdsa-p384-plain",
    "openssh/ecdsa-p521-plain",
    "openssh/ed25519-plain",
    "openssh/ed448-puttygen-plain",
    "edge/rsa1024-e37-openssh-plain",
    "edge/ecdsa-p256-short-openssh-plain",
    "edge/ecdsa-p256-high-openssh-plain",
    "edge/ed25519-zero-end-openssh-plain",
    "edge/ed25519-zero-start-openssh-plain",
)

# RFC 7517 appendix A.2, whose EC key is also that of A.1; RFC 8037 appendix A.1.
RSA_EXAMPLE = {
    "kty": "RSA",
    "n": (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB"
        "ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8"
        "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
        "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    ),
    "e": "AQAB",
    "d": (
        "X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9M7dx5oo7GURknchnrRweUkC7hT5fJLM0WbFAKNLWY2vv7B6N"
        "qXSzUvxT0_YSfqijwp3RTzlBaCxWp4doFk5N2o8Gy_nHNKroADIkJ46pRUohsXywbReAdYaMwFs9tv8d_cPVY3i07a3t8MN6TNwm"
        "0dSawm9v47UiCl3Sk5ZiG7xojPLu4sbg1U2jx4IBTNBznbJSzFHK66jT8bgkuqsk0GjskDJk19Z4qwjwbsnn4j2WBii3RL-Us2lG"
        "VkY8fkFzme1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8Q"
    ),
    "p": (
        "83i-7IvMGXoMXCskv73TKr8637FiO7Z27zv8oj6pbWUQyLPQBQxtPVnwD20R-60eTDmD2ujnMt5PoqMrm8RfmNhVWDtjjMmCMjOp"
        "SXicFHj7XOuVIYQyqVWlWEh6dN36GVZYk93N8Bc9vY41xy8B9RzzOGVQzXvNEvn7O0nVbfs"
    ),
    "q": (
        "3dfOR9cuYq-0S-mkFLzgItgMEfFzB2q3hWehMuG0oCuqnb3vobLyumqjVZQO1dIrdwgTnCdpYzBcOfW5r370AFXjiWft_NGEiovo"
        "nizhKpo9VVS78TzFgxkIdrecRezsZ-1kYd_s1qDbxtkDEgfAITAG9LUnADun4vIcb6yelxk"
    ),
    "dp": (
        "G4sPXkc6Ya9y8oJW9_ILj4xuppu0lzi_H7VTkS8xj5SdX3coE0oimYwxIi2emTAue0UOa5dpgFGyBJ4c8tQ2VF402XRugKDTP8ak"
        "YhFo5tAA77Qe_NmtuYZc3C3m3I24G2GvR5sSDxUyAN2zq8Lfn9EUms6rY3Ob8YeiKkTiBj0"
    ),
    "dq": (
        "s9lAH9fggBsoFR8Oac2R_E2gw282rT2kGOAhvIllETE1efrA6huUUvMfBcMpn8lqeW6vzznYY5SSQF7pMdC_agI3nG8Ibp1BUb0J"
        "UiraRNqUfLhcQb_d9GF4Dh7e74WbRsobRonujTYN1xCaP6TO61jvWrX-L18txXw494Q_cgk"
    ),
    "qi": (
        "GyM_p6JrXySiz1toFgKbWV-JdI3jQ4ypu9rbMWx3rQJBfmt0FoYzgUIZEVFEcOqwemRN81zoDAaa-Bk0KWNGDjJHZDdDmFhW3AN7"
        "lI-puxk_mHZGJ11rxyR8O55XLSe3SPmRfKwZI6yU24ZxvQKFYItdldUKGzO6Ia6zTKhAVRU"
    ),
}
EC_EXAMPLE = {
    "kty": "EC",
    "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
}
OKP_EXAMPLE = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
EXAMPLES = (RSA_EXAMPLE, EC_EXAMPLE, OKP_EXAMPLE)
CRT = ("p", "q", "dp", "dq", "qi")


def _private(path: str) -> PrivateKey:
    private = sample(path).private
    assert private is not None
    assert not isinstance(private, Locked)
    return private


def _write(private: PrivateKey) -> bytes:
    assert JWK.write is not None
    return JWK.write((Entry(private.public, private),), WriteOptions())


def _write_public(entry: Entry) -> bytes:
    assert JWK_PUB.write is not None
    return JWK_PUB.write((entry,), WriteOptions())


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _without(members: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in members.items() if name not in names}


def _public(members: dict[str, str]) -> dict[str, str]:
    return _without(members, "d", *CRT)


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _int(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")


def _text(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode().rstrip("=")


def _judge(data: bytes) -> Any:
    """Build the private key of a JWK with another library, from the numbers in the JSON alone."""
    members = json.loads(data)
    if members["kty"] == "RSA":
        public = rsa.RSAPublicNumbers(_int(members["e"]), _int(members["n"]))
        p, q, dmp1, dmq1, iqmp = (_int(members[name]) for name in CRT)
        return rsa.RSAPrivateNumbers(p, q, _int(members["d"]), dmp1, dmq1, iqmp, public).private_key()
    if members["kty"] == "EC":
        curve = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}[members["crv"]]
        point = ec.EllipticCurvePublicNumbers(_int(members["x"]), _int(members["y"]), curve)
        return ec.EllipticCurvePrivateNumbers(_int(members["d"]), point).private_key()
    kinds: dict[str, Any] = {"Ed25519": ed25519.Ed25519PrivateKey, "Ed448": ed448.Ed448PrivateKey}
    key = kinds[members["crv"]].from_private_bytes(_bytes(members["d"]))
    assert key.public_key().public_bytes_raw() == _bytes(members["x"])
    return key


def _pkcs8(key: Any) -> bytes:
    encoded = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert isinstance(encoded, bytes)
    return encoded


# ── the examples of the RFCs ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("example", EXAMPLES, ids=["RFC 7517 RSA", "RFC 7517 EC", "RFC 8037"])
def test_an_example_of_the_rfcs_is_read_and_written_with_the_same_members(example: dict[str, str]) -> None:
    for members, target in ((example, JWK), (_public(example), JWK_PUB)):
        file = target.read(_json(members))
        assert (file.format, file.notes) == (target.name, ())
        assert target.write is not None
        assert json.loads(target.write(file.entries, WriteOptions())) == members


def test_the_thumbprints_are_those_of_the_rfcs() -> None:
    for example, expected in (
        (RSA_EXAMPLE, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),  # RFC 7638 section 3.1
        (OKP_EXAMPLE, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),  # RFC 8037 appendix A.3
    ):
        (entry,) = JWK.read(_json(example)).entries
        assert entry.public is not None
        assert thumbprint(entry.public) == expected


def test_the_thumbprint_of_an_ec_key_hashes_its_four_members_in_order() -> None:
    (entry,) = JWK.read(_json(EC_EXAMPLE)).entries
    assert entry.public is not None
    text = f'{{"crv":"P-256","kty":"EC","x":"{EC_EXAMPLE["x"]}","y":"{EC_EXAMPLE["y"]}"}}'
    assert _bytes(thumbprint(entry.public)) == hashlib.sha256(text.encode()).digest()


def test_a_key_that_has_no_jwk_has_no_thumbprint() -> None:
    for path in ("openssh/dsa1024-plain", "openssh/sk-ed25519-plain", "openssh-pub/unknown-algorithm.pub"):
        public = sample(path).public
        assert public is not None
        assert public.family not in JWK.can.families
        with pytest.raises(MisfitError, match="there is no JWK of"):
            thumbprint(public)


# ── there and back ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", SOURCES)
def test_another_library_builds_the_same_key_from_the_json(path: str) -> None:
    private = _private(path)
    data = _write(private)
    key = _judge(data)
    if private.public.family != "ed448":
        said = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        assert said == public_line(private.public)
        assert said.split()[:2] == (by_path(path).public_line or "").split()[:2]
    assert isinstance(private, PrivateToCryptography)
    assert _pkcs8(key) == _pkcs8(private.to_cryptography())


@pytest.mark.parametrize("path", SOURCES)
def test_a_key_reads_back_and_its_public_half_too(path: str) -> None:
    private = _private(path)
    data = _write(private)
    file = JWK.read(data)
    assert (file.format, file.kind, file.notes) == ("jwk", "private", ())
    assert file.entries == (Entry(private.public, private),)
    data = _write_public(Entry(private.public))
    assert not set(json.loads(data)) & {"d", *CRT}
    file = JWK_PUB.read(data)
    assert (file.format, file.kind, file.notes) == ("jwk-pub", "public", ())
    assert file.entries == (Entry(private.public),)


def test_the_text_is_indented_sorted_and_ends_in_a_line_end() -> None:
    private = _private("openssh/ed25519-plain")
    lines = _write(private).split(b"\n")
    assert [line.split(b'"')[1] for line in lines[1:-2]] == [b"crv", b"d", b"kty", b"x"]
    assert (lines[0], lines[-2:]) == (b"{", [b"}", b""])
    assert JWK.write is not None
    assert JWK.write((Entry(private.public, private),), WriteOptions(line_end=b"\r\n")) == b"\r\n".join(lines)


def test_several_keys_are_a_set() -> None:
    entries = tuple(Entry(_private(path).public, _private(path)) for path in SOURCES)
    for target, meant in ((JWK, entries), (JWK_PUB, tuple(Entry(entry.public) for entry in entries))):
        assert target.write is not None
        data = target.write(meant, WriteOptions())
        assert len(json.loads(data)["keys"]) == len(SOURCES)
        assert target.sniff(data)
        assert target.read(data).entries == meant


def test_a_set_may_mix_private_and_public_and_passes_over_what_is_not_known() -> None:
    oct_key, x25519 = {"kty": "oct", "k": "AAAA"}, {"kty": "OKP", "crv": "X25519", "x": "AAAA"}
    file = JWK.read(_json({"keys": [oct_key, _public(EC_EXAMPLE), x25519, OKP_EXAMPLE]}))
    assert file.format == "jwk"
    assert [entry.private is None for entry in file.entries] == [True, False]
    assert [note.code for note in file.notes] == ["passed-over", "passed-over"]
    assert "key 1 of the set" in file.notes[0].message
    with pytest.raises(UnsupportedError, match="'oct'") as refusal:
        JWK.read(_json({"keys": [oct_key, x25519]}))
    assert refusal.value.place == "jwk: key 1: kty"
    with pytest.raises(MalformedError) as broken:
        JWK.read(_json({"keys": [OKP_EXAMPLE, _without(EC_EXAMPLE, "y")]}))
    assert broken.value.place == "jwk: key 2: y"


def test_the_key_id_is_noted_and_other_members_are_read_over() -> None:
    more = {"use": "sig", "alg": "EdDSA", "key_ops": ["sign"], "x5c": [], "iat": 12345678901234567890, "f": 1.5e3}
    file = JWK.read(_json(OKP_EXAMPLE | more))
    assert file.notes == ()
    with_id = OKP_EXAMPLE | more | {"kid": "\ud800 anything"}
    file = JWK.read(_json(with_id))
    assert [note.code for note in file.notes] == ["key-id"]
    assert len(JWK.read(_json({"keys": [with_id, with_id]})).notes) == 1


# ── RSA ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_rsa_key_without_primes_is_read_with_a_note() -> None:
    for path in ("openssh/rsa2048-plain", "edge/rsa1024-e37-openssh-plain"):
        members = json.loads(_write(_private(path)))
        file = JWK.read(_json(_without(members, *CRT)))
        assert [note.code for note in file.notes] == ["noncanonical"]
        assert file.entries[0].private == _private(path)


@pytest.mark.parametrize("name", CRT)
def test_rsa_members_are_there_all_or_not_at_all(name: str) -> None:
    with pytest.raises(MalformedError, match="missing") as refusal:
        JWK.read(_json(_without(RSA_EXAMPLE, name)))
    assert refusal.value.place == f"jwk: {name}"
    with pytest.raises(MalformedError, match="missing"):
        JWK.read(_json(_public(RSA_EXAMPLE) | {name: RSA_EXAMPLE[name]}))


@pytest.mark.parametrize("name", ["n", "e", "d", *CRT])
def test_every_number_of_an_rsa_key_is_compared(name: str) -> None:
    for change in (2, -2, 1):
        members = RSA_EXAMPLE | {name: _text(_int(RSA_EXAMPLE[name]) + change)}
        with pytest.raises((ContradictionError, MismatchError)):
            JWK.read(_json(members))


def test_more_than_two_primes_are_unsupported() -> None:
    with pytest.raises(UnsupportedError, match="more than two primes"):
        JWK.read(_json(RSA_EXAMPLE | {"oth": [{"r": "AQ", "d": "AQ", "t": "AQ"}]}))


def test_a_zero_byte_in_front_of_an_rsa_number_is_noted_and_one_in_front_of_a_coordinate_refused() -> None:
    padded = base64.urlsafe_b64encode(b"\0" + _bytes(RSA_EXAMPLE["n"])).decode().rstrip("=")
    file = JWK.read(_json(RSA_EXAMPLE | {"n": padded}))
    assert [note.code for note in file.notes] == ["noncanonical"]
    assert file.entries == JWK.read(_json(RSA_EXAMPLE)).entries
    padded = base64.urlsafe_b64encode(b"\0" + _bytes(EC_EXAMPLE["x"])).decode().rstrip("=")
    with pytest.raises(MalformedError, match="33 bytes instead of 32"):
        JWK.read(_json(EC_EXAMPLE | {"x": padded}))


def test_a_number_longer_than_any_key_is_refused() -> None:
    with pytest.raises(LimitError):
        JWK.read(_json(_public(RSA_EXAMPLE) | {"n": _text(2**16392 - 1)}))
    with pytest.raises(LimitError):
        JWK.read(_json(_public(RSA_EXAMPLE) | {"e": _text(2**256 + 1)}))


# ── forged and damaged ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_forged_public_half_is_refused() -> None:
    for path, other in (
        ("openssh/ed25519-plain", "edge/ed25519-zero-end-openssh-plain"),
        ("openssh/ecdsa-p256-plain", "edge/ecdsa-p256-short-openssh-plain"),
        ("openssh/rsa2048-plain", "openssh/rsa3072-plain"),
    ):
        members, public = json.loads(_write(_private(path))), json.loads(_write_public(sample(other)))
        with pytest.raises(MismatchError):
            JWK.read(_json(members | public))


@pytest.mark.parametrize(
    ("members", "x"),
    [
        (EC_EXAMPLE, EC_EXAMPLE["x"][:-1] + "8"),
        (_public(EC_EXAMPLE), EC_EXAMPLE["x"][:-1] + "8"),
        (_public(EC_EXAMPLE), "_" * 42 + "8"),
        (_public(OKP_EXAMPLE), "_" * 42 + "8"),  # not below the prime
        (_public(OKP_EXAMPLE), "AQ" + "A" * 41),  # the neutral point
        (_public(OKP_EXAMPLE), "Ag" + "A" * 41),  # on no curve
        (OKP_EXAMPLE, "AQ" + "A" * 41),
    ],
)
def test_a_point_off_its_curve_or_of_small_order_is_refused(members: dict[str, str], x: str) -> None:
    with pytest.raises(ContradictionError, match="public point"):
        JWK.read(_json(members | {"x": x}))


@pytest.mark.parametrize("d", ["A" * 43, "_" * 42 + "8"])
def test_a_scalar_out_of_range_is_refused(d: str) -> None:
    with pytest.raises(ContradictionError, match="private scalar"):
        JWK.read(_json(EC_EXAMPLE | {"d": d}))


@pytest.mark.parametrize(
    ("change", "error", "message", "place"),
    [
        ({"kty": "oct", "k": "AAAA"}, UnsupportedError, "no key type for keys of the type 'oct'", "jwk: kty"),
        ({"kty": "A\x1b[0m"}, UnsupportedError, "with an odd name", "jwk: kty"),
        ({"kty": ["EC"]}, MalformedError, "not a string", "jwk: kty"),
        ({"crv": "secp256k1"}, UnsupportedError, "'secp256k1'", "jwk: crv"),
        ({"crv": "Ed25519"}, UnsupportedError, "'Ed25519'", "jwk: crv"),
        ({"crv": "P-384"}, MalformedError, "32 bytes instead of 48", "jwk: x"),
        ({"x": 5}, MalformedError, "not a string", "jwk: x"),
        ({"x": None}, MalformedError, "not a string", "jwk: x"),
        ({"x": "A"}, MalformedError, "no bytes have 1 characters", "jwk: x"),
        ({"x": ""}, MalformedError, "0 bytes instead of 32", "jwk: x"),
        ({"x": EC_EXAMPLE["x"] + "="}, MalformedError, "character 44 is not base64url", "jwk: x"),
        ({"x": EC_EXAMPLE["x"][:-1] + "5"}, MalformedError, "bits that belong to no byte", "jwk: x"),
        ({"x": "+" + EC_EXAMPLE["x"][1:]}, MalformedError, "character 1 is not base64url", "jwk: x"),
        ({"x": EC_EXAMPLE["x"][:-1] + "\n"}, MalformedError, "character 43 is not base64url", "jwk: x"),
        ({"x": EC_EXAMPLE["x"][:-1] + "４"}, MalformedError, "character 43 is not base64url", "jwk: x"),
    ],
)
def test_a_damaged_member_is_named(
    change: dict[str, object], error: type[KeyconvError], message: str, place: str
) -> None:
    with pytest.raises(error, match=message) as refusal:
        JWK.read(_json(EC_EXAMPLE | change))
    assert refusal.value.place == place


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"kty":"EC","kty":"RSA"}', "the member 'kty' is there twice"),
        (b'{"kty":"EC","\\u006b\\u0074y":"RSA"}', "the member 'kty' is there twice"),
        (b'{"kty":"EC","a b":{"x":1,"x":2}}', "the member 'x' is there twice"),
        (b'{"kty":"EC","n":NaN}', "NaN is no JSON"),
        (b'{"kty":"EC","n":-Infinity}', "-Infinity is no JSON"),
        (b'{"kty":"EC",}', "not JSON"),
        (b"{'kty':'EC'}", "not JSON"),
        (b'{"kty":"EC"} more', "not JSON"),
        (b'{"kty":"EC"}{"kty":"EC"}', "not JSON"),
        (b'{"kty":"EC","x":"\xff"}', "not UTF-8"),
        (b'\xef\xbb\xbf{"kty":"EC"}', "not JSON"),
        (b'{"kty":"EC","x":"' + b"\n" + b'"}', "not JSON"),
        (b'["kty"]', "neither an object with 'kty'"),
        (b'"kty"', "neither an object with 'kty'"),
        (b"{}", "neither an object with 'kty'"),
        (b'{"keys":{"kty":"EC"}}', "neither an object with 'kty'"),
        (b'{"keys":[]}', "the set holds no key"),
        (b'{"keys":["kty"]}', "it is not JSON object"),
        (b'{"kty":' + b"[" * 200_000, "nested too deeply"),
        (b'{"kty":' + b'{"a":' * 200_000, "nested too deeply"),
    ],
)
def test_json_that_is_none_or_no_key_is_malformed(data: bytes, message: str) -> None:
    with pytest.raises(MalformedError, match=message):
        JWK.read(data)
    assert not (JWK.sniff(data) and JWK_PUB.sniff(data))


def test_json_that_is_cut_short_is_truncated() -> None:
    data = _json(EC_EXAMPLE)
    for length in range(len(data)):
        with pytest.raises(TruncatedError if length > 1 else KeyconvError):
            JWK.read(data[:length])


def test_a_long_number_or_many_members_cost_nothing() -> None:
    members = b",".join(b'"m%d":%s' % (index, b"9" * 5000) for index in range(150))
    with pytest.raises(MalformedError, match="the member is missing"):
        JWK.read(b'{"kty":"EC",' + members + b"}")
    members = b",".join(b'"m%d":1' % index for index in range(80_000))
    with pytest.raises(MalformedError, match="'m79999' is there twice"):
        JWK.read(b'{"kty":"EC",' + members + b',"m79999":1}')


def test_a_set_of_too_many_keys_is_refused() -> None:
    assert len(JWK.read(_json({"keys": [_public(OKP_EXAMPLE)] * 256})).entries) == 256
    with pytest.raises(LimitError, match="257 keys"):
        JWK.read(_json({"keys": [_public(OKP_EXAMPLE)] * 257}))


@pytest.mark.parametrize("example", EXAMPLES, ids=["RSA", "EC", "OKP"])
def test_every_change_of_one_byte_gives_the_same_key_or_an_error(example: dict[str, str]) -> None:
    data = _json(example)
    (meant,) = JWK.read(data).entries
    noise = random.Random(1)
    for index in range(len(data)):
        changed = data[:index] + bytes((data[index] ^ noise.randrange(1, 256),)) + data[index + 1 :]
        with suppress(KeyconvError):
            (entry,) = JWK.read(changed).entries
            # A member of another name is one that nobody knows: without "d" the public half is left.
            assert entry.public == meant.public
            assert entry.private in (meant.private, None)
        assert JWK.sniff(changed) + JWK_PUB.sniff(changed) <= 1


# ── recognised by content ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("data", "private", "public"),
    [
        (_json(RSA_EXAMPLE), True, False),
        (b" \r\n\t" + _json(OKP_EXAMPLE), True, False),
        (_json(_public(RSA_EXAMPLE)), False, True),
        (_json({"keys": [_public(EC_EXAMPLE), OKP_EXAMPLE]}), True, False),
        (_json({"keys": [_public(EC_EXAMPLE)]}), False, True),
        (_json({"kty": "oct", "k": "AAAA"}), True, False),
        (_json(_public(EC_EXAMPLE) | {"kid": '"d":'}), False, True),
        (_json(RSA_EXAMPLE)[:-1], True, False),
        (_json(_public(RSA_EXAMPLE))[:-1], False, True),
        (_json({"cnf": {"jwk": EC_EXAMPLE}}), False, False),
        (_json({"keys": []}), False, False),
        (_json([EC_EXAMPLE]), False, False),
        (b"{}", False, False),
        (b"", False, False),
    ],
)
def test_a_key_is_recognised_as_private_or_public(data: bytes, private: bool, public: bool) -> None:
    assert (JWK.sniff(data), JWK_PUB.sniff(data)) == (private, public)


# ── base64url ──────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.binary(max_size=200))
def test_base64url_reads_back_and_is_that_of_the_standard_library(data: bytes) -> None:
    text = base64url.encode(data)
    assert text == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert base64url.decode(text) == data


@given(st.text("AB-_+/= \n=\u0661", max_size=12))
def test_base64url_has_one_spelling_a_value(text: str) -> None:
    with suppress(MalformedError):
        assert base64url.encode(base64url.decode(text)) == text
