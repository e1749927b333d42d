"""Public points: does a point lie where its algorithm says?

Nothing here is secret, so plain integers do; the curves' secret arithmetic is left to the library.

Source: SEC 1 section 3.2.2; RFC 8032 sections 5.1.3 and 5.2.3.
"""

from __future__ import annotations

from keyconv.errors import ContradictionError
from keyconv.keys import Curve

__all__ = ["check_ecdsa", "check_ed448", "check_ed25519"]

_P25519 = 2**255 - 19
_D25519 = -121665 * pow(121666, -1, _P25519) % _P25519
_P448 = 2**448 - 2**224 - 1
_D448 = -39081 % _P448


def check_ecdsa(curve: Curve, point: bytes) -> None:
    """Refuse a point that is compressed, at infinity, out of range or off its curve.

    Raises: ContradictionError.
    """
    length = curve.field_bytes
    if not point or point == b"\0":
        raise ContradictionError(f"the public point is the point at infinity of {curve.name}")
    if point[0] != 4:
        raise ContradictionError("the public point is compressed, which SSH does not allow")
    if len(point) != 1 + 2 * length:
        raise ContradictionError(f"the public point has {len(point)} bytes, where {curve.name} has {1 + 2 * length}")
    x, y = int.from_bytes(point[1 : 1 + length], "big"), int.from_bytes(point[1 + length :], "big")
    if x >= curve.p or y >= curve.p:
        raise ContradictionError(f"a coordinate of the public point is not below the prime of {curve.name}")
    if (y * y - (x * x * x - 3 * x + curve.b)) % curve.p:
        raise ContradictionError(f"the public point is not on the curve {curve.name}")


def check_ed25519(point: bytes) -> None:
    """Refuse an encoded point of another length, not canonical, not on the curve, or of small order.

    Raises: ContradictionError.
    """
    if len(point) != 32:
        raise ContradictionError(f"the public point has {len(point)} bytes, where Ed25519 has 32")
    p = _P25519
    encoded = int.from_bytes(point, "little")
    y, sign = encoded & (1 << 255) - 1, encoded >> 255
    if y >= p:
        raise ContradictionError("the public point is not in Ed25519's canonical form")
    # x^2 = (y^2 - 1) / (d y^2 + 1); the candidate root is (u/v)^((p+3)/8).
    u, v = (y * y - 1) % p, (_D25519 * y * y + 1) % p
    x = u * pow(v, 3, p) * pow(u * pow(v, 7, p), (p - 5) // 8, p) % p
    if v * x * x % p != u:
        x = x * pow(2, (p - 1) // 4, p) % p
        if v * x * x % p != u:
            raise ContradictionError("the public point is not on the curve of Ed25519")
    if x == 0 and sign:
        raise ContradictionError("the public point is not in Ed25519's canonical form")
    if _has_small_order(x, y, -1, p, 3):
        raise ContradictionError("the public point has small order on the curve of Ed25519")


def check_ed448(point: bytes) -> None:
    """Refuse an encoded point of another length, not canonical, not on the curve, or of small order.

    Raises: ContradictionError.
    """
    if len(point) != 57:
        raise ContradictionError(f"the public point has {len(point)} bytes, where Ed448 has 57")
    p = _P448
    encoded = int.from_bytes(point, "little")
    y, sign = encoded & (1 << 455) - 1, encoded >> 455
    if y >= p:
        raise ContradictionError("the public point is not in Ed448's canonical form")
    # x^2 = (y^2 - 1) / (d y^2 - 1); p = 3 mod 4, so that the candidate root is (u/v)^((p+1)/4).
    u, v = (y * y - 1) % p, (_D448 * y * y - 1) % p
    x = pow(u, 3, p) * v * pow(pow(u, 5, p) * pow(v, 3, p), (p - 3) // 4, p) % p
    if v * x * x % p != u:
        raise ContradictionError("the public point is not on the curve of Ed448")
    if x == 0 and sign:
        raise ContradictionError("the public point is not in Ed448's canonical form")
    if _has_small_order(x, y, 1, p, 2):
        raise ContradictionError("the public point has small order on the curve of Ed448")


def _has_small_order(x: int, y: int, a: int, p: int, doublings: int) -> bool:
    # On a x^2 + y^2 = 1 + d x^2 y^2, doubled as often as the cofactor has bits: does the neutral point (0, 1) come out?
    # Projective coordinates, so that nothing is divided. Source: Bernstein and others, 'Twisted Edwards curves', 2008.
    z = 1
    for _ in range(doublings):
        c, d = x * x % p, y * y % p
        e, b = a * c, (x + y) * (x + y) - c - d
        f = e + d
        j = f - 2 * z * z
        x, y, z = b * j % p, f * (e - d) % p, f * j % p
    return x == 0 and y == z
