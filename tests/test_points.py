"""Public points: those that a library makes are accepted, and every other spelling or place is refused."""

from __future__ import annotations

import hashlib
import random
import re
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tools import require

from keyconv.errors import ContradictionError
from keyconv.keys import CURVES, Curve
from keyconv.proof.points import check_ecdsa, check_ed448, check_ed25519

LIBRARY_CURVES: dict[str, ec.EllipticCurve] = {
    "nistp256": ec.SECP256R1(),
    "nistp384": ec.SECP384R1(),
    "nistp521": ec.SECP521R1(),
}
OPENSSL_NAMES = {"nistp256": "prime256v1", "nistp384": "secp384r1", "nistp521": "secp521r1"}
every_curve = pytest.mark.parametrize("curve", [pytest.param(each, id=each.name) for each in CURVES.values()])

P25519 = 2**255 - 19
P448 = 2**448 - 2**224 - 1


def _seed(number: int, length: int) -> bytes:
    return hashlib.shake_256(number.to_bytes(4, "big")).digest(length)


# ── NIST curves ────────────────────────────────────────────────────────────────────────────────────────────────────


@every_curve
def test_the_numbers_of_a_curve_are_openssls(curve: Curve) -> None:
    said = subprocess.run(
        [
            require("openssl"),
            "ecparam",
            "-name",
            OPENSSL_NAMES[curve.name],
            "-param_enc",
            "explicit",
            "-text",
            "-noout",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    def number(label: str) -> int:
        found = re.search(rf"{label}:\s*\n((?:\s+[0-9a-f:]+\n)+)", said)
        assert found
        return int(re.sub(r"[\s:]", "", found.group(1)), 16)

    size = curve.field_bytes
    generator = number(r"Generator \(uncompressed\)").to_bytes(1 + 2 * size, "big")
    assert (curve.p, curve.b, curve.n) == (number("Prime"), number("B"), number("Order"))
    assert number("A") == curve.p - 3
    assert generator == b"\4" + curve.gx.to_bytes(size, "big") + curve.gy.to_bytes(size, "big")
    assert curve.n.bit_length() == curve.bits


def _encoded(curve: Curve, x: int, y: int) -> bytes:
    return b"\4" + x.to_bytes(curve.field_bytes, "big") + y.to_bytes(curve.field_bytes, "big")


def _library_takes(curve: Curve, point: bytes) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(LIBRARY_CURVES[curve.name], point)
    except ValueError:
        return False
    return True


def _we_take(curve: Curve, point: bytes) -> bool:
    try:
        check_ecdsa(curve, point)
    except ContradictionError:
        return False
    return True


@every_curve
def test_a_point_of_the_library_is_accepted(curve: Curve) -> None:
    for scalar in (1, 2, 3, curve.n - 1, curve.n // 2, 0xC0FFEE):
        numbers = ec.derive_private_key(scalar, LIBRARY_CURVES[curve.name]).public_key().public_numbers()
        check_ecdsa(curve, _encoded(curve, numbers.x, numbers.y))


@every_curve
def test_we_and_the_library_agree_on_points_near_the_curve_and_far_from_it(curve: Curve) -> None:
    source = random.Random(curve.name)
    x, y = curve.gx, curve.gy
    near = [(x, y), (x, curve.p - y), (y, x), (x + 1, y), (x, y + 1), (x, 0), (0, y), (0, 0), (1, 1)]
    far = [(source.randrange(curve.p), source.randrange(curve.p)) for _ in range(20)]
    verdicts = []
    for pair in near + far:
        point = _encoded(curve, *pair)
        verdicts.append(_we_take(curve, point))
        assert verdicts[-1] == _library_takes(curve, point), pair
    assert verdicts[:2] == [True, True]
    assert not any(verdicts[2:])


@every_curve
def test_a_coordinate_has_one_spelling(curve: Curve) -> None:
    size = curve.field_bytes
    root = pow(curve.b, (curve.p + 1) // 4, curve.p)  # the point with x = 0; p is 3 modulo 4 for all three
    assert root * root % curve.p == curve.b
    assert _we_take(curve, _encoded(curve, 0, root))
    assert not _we_take(curve, b"\4" + curve.p.to_bytes(size, "big") + root.to_bytes(size, "big"))
    for point in (b"\4" + b"\xff" * 2 * size, b"\4" + curve.p.to_bytes(size, "big") * 2):
        assert not _we_take(curve, point)


@every_curve
def test_every_other_form_of_a_point_is_refused_and_named(curve: Curve) -> None:
    size = curve.field_bytes
    whole = _encoded(curve, curve.gx, curve.gy)
    x = whole[1 : 1 + size]
    for point, words in (
        (b"", "infinity"),
        (b"\0", "infinity"),
        (b"\2" + x, "compressed"),
        (b"\3" + x, "compressed"),
        (b"\6" + whole[1:], "compressed"),
        (b"\7" + whole[1:], "compressed"),
        (whole[:-1], "bytes"),
        (whole + b"\0", "bytes"),
        (b"\4", "bytes"),
        (whole[:-1] + bytes((whole[-1] ^ 1,)), "not on the curve"),
    ):
        with pytest.raises(ContradictionError, match=words):
            check_ecdsa(curve, point)


def test_a_point_of_one_curve_is_none_of_another() -> None:
    for curve in CURVES.values():
        for other in CURVES.values():
            assert _we_take(other, _encoded(curve, curve.gx, curve.gy)) == (curve is other)


# ── Edwards curves ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_ed25519_point_of_the_library_is_accepted() -> None:
    for number in range(100):
        check_ed25519(Ed25519PrivateKey.from_private_bytes(_seed(number, 32)).public_key().public_bytes_raw())


def test_an_ed448_point_of_the_library_is_accepted() -> None:
    for number in range(50):
        check_ed448(Ed448PrivateKey.from_private_bytes(_seed(number, 57)).public_key().public_bytes_raw())


def _is_square(value: int, prime: int) -> bool:
    return value % prime == 0 or pow(value, (prime - 1) // 2, prime) == 1


def test_half_of_all_strings_are_no_ed25519_points_and_those_are_refused() -> None:
    """By Euler's criterion: there is an x to this y if (y^2 - 1) / (d y^2 + 1) is a square."""
    d = -121665 * pow(121666, -1, P25519) % P25519
    accepted = 0
    for number in range(200):
        point = _seed(number, 32)
        y = int.from_bytes(point, "little") & ((1 << 255) - 1)
        on_curve = y < P25519 and _is_square((y * y - 1) * pow(d * y * y + 1, -1, P25519), P25519)
        accepted += on_curve
        if on_curve:
            check_ed25519(point)
        else:
            with pytest.raises(ContradictionError, match="not on the curve"):
                check_ed25519(point)
    assert 60 < accepted < 140


def test_half_of_all_strings_are_no_ed448_points_and_those_are_refused() -> None:
    d = -39081 % P448
    accepted = 0
    for number in range(60):
        point = _seed(number, 56) + bytes((number % 2 << 7,))
        y = int.from_bytes(point[:56], "little")
        on_curve = y < P448 and _is_square((y * y - 1) * pow(d * y * y - 1, -1, P448), P448)
        accepted += on_curve
        if on_curve:
            check_ed448(point)
        else:
            with pytest.raises(ContradictionError, match="not on the curve"):
                check_ed448(point)
    assert 10 < accepted < 50


SMALL_25519 = (
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
)
"""All eight points whose order divides the cofactor, as libsodium's ge25519_has_small_order lists them."""

SMALL_448 = (
    (1).to_bytes(57, "little"),
    (P448 - 1).to_bytes(57, "little"),
    bytes(57),
    bytes(56) + b"\x80",
)
"""All four: (0, 1), (0, -1), and (1, 0) and (-1, 0)."""


@pytest.mark.parametrize("point", SMALL_25519)
def test_an_ed25519_point_of_small_order_is_refused(point: str) -> None:
    with pytest.raises(ContradictionError, match="small order"):
        check_ed25519(bytes.fromhex(point))


@pytest.mark.parametrize("point", SMALL_448)
def test_an_ed448_point_of_small_order_is_refused(point: bytes) -> None:
    with pytest.raises(ContradictionError, match="small order"):
        check_ed448(point)


def test_a_point_that_is_not_canonical_is_refused() -> None:
    for y in range(P25519, 2**255):  # 19 numbers that stand for another one below p
        for sign in (0, 1 << 255):
            with pytest.raises(ContradictionError, match="canonical"):
                check_ed25519((y | sign).to_bytes(32, "little"))
    for y in (P448, P448 + 1, 2**448 - 1, 2**455 - 1):
        for sign in (0, 1 << 455):
            with pytest.raises(ContradictionError, match="canonical"):
                check_ed448((y | sign).to_bytes(57, "little"))
    for y in (1, P25519 - 1):  # x is zero, and there is no negative zero
        with pytest.raises(ContradictionError, match="canonical"):
            check_ed25519((y | 1 << 255).to_bytes(32, "little"))
    for y in (1, P448 - 1):
        with pytest.raises(ContradictionError, match="canonical"):
            check_ed448((y | 1 << 455).to_bytes(57, "little"))


def test_the_sign_bit_alone_makes_another_point_that_is_a_point_too() -> None:
    point = Ed25519PrivateKey.from_private_bytes(_seed(1, 32)).public_key().public_bytes_raw()
    check_ed25519(point[:-1] + bytes((point[-1] ^ 0x80,)))
    point = Ed448PrivateKey.from_private_bytes(_seed(1, 57)).public_key().public_bytes_raw()
    check_ed448(point[:-1] + bytes((point[-1] ^ 0x80,)))


def test_a_point_of_another_length_is_refused() -> None:
    point = Ed25519PrivateKey.from_private_bytes(_seed(1, 32)).public_key().public_bytes_raw()
    for wrong in (b"", point[:-1], point + b"\1"):
        with pytest.raises(ContradictionError):
            check_ed25519(wrong)
    point = Ed448PrivateKey.from_private_bytes(_seed(1, 57)).public_key().public_bytes_raw()
    for wrong in (b"", point[:-1], point + b"\1"):
        with pytest.raises(ContradictionError):
            check_ed448(wrong)
