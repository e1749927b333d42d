"""Public points: does a point lie where its algorithm says?

Nothing here is secret, so plain integers do; the curves' secret arithmetic is left to the library.

Source: SEC 1 section 3.2.2; RFC 8032 sections 5.1.3 and 5.2.3.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache

from keyconv.errors import ContradictionError
from keyconv.keys import Curve

__all__ = ["PointError", "are_all_ed25519", "check_ecdsa", "check_ed448", "check_ed25519"]

_P25519 = 2**255 - 19
_D25519 = -121665 * pow(121666, -1, _P25519) % _P25519
_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER_25519 = frozenset((0, 1, _P25519 - 1, _ORDER_8, _P25519 - _ORDER_8))
"""The y of all points whose order divides 8."""

_P448 = 2**448 - 2**224 - 1
_D448 = -39081 % _P448

_KEPT = 64
"""Points on Edwards curves that are remembered as good ones: what was read is written and read back."""


class PointError(ContradictionError):
    """A public point is none of its curve's.

    In a private key its numbers then contradict each other, which is the rule of the class. Who reads a public key by
    itself has nothing that it could contradict, and calls it `weak-point`, as a point is in any file that is on its
    curve and must not be used.
    """


def check_ecdsa(curve: Curve, point: bytes) -> None:
    """Refuse a point that is compressed, at infinity, out of range or off its curve.

    Raises: PointError.
    """
    length = curve.field_bytes
    if not point or point == b"\0":
        raise PointError(f"the public point is the point at infinity of {curve.name}", rule="weak-point")
    if point[0] != 4:
        raise PointError("the public point is compressed, which SSH does not allow", rule="weak-point")
    if len(point) != 1 + 2 * length:
        raise PointError(f"the public point has {len(point)} bytes, where {curve.name} has {1 + 2 * length}")
    x, y = int.from_bytes(point[1 : 1 + length], "big"), int.from_bytes(point[1 + length :], "big")
    if x >= curve.p or y >= curve.p:
        raise PointError(f"a coordinate of the public point is not below the prime of {curve.name}")
    if (y * y - (x * x * x - 3 * x + curve.b)) % curve.p:
        raise PointError(f"the public point is not on the curve {curve.name}")


@lru_cache(maxsize=_KEPT)
def check_ed25519(point: bytes) -> None:
    """Refuse an encoded point of another length, not canonical, not on the curve, or of small order.

    Raises: PointError.
    """
    if len(point) != 32:
        raise PointError(f"the public point has {len(point)} bytes, where Ed25519 has 32")
    p = _P25519
    encoded = int.from_bytes(point, "little")
    y, sign = encoded & (1 << 255) - 1, encoded >> 255
    if y >= p:
        raise PointError("the public point is not in Ed25519's canonical form", rule="weak-point")
    # x^2 = (y^2 - 1) / (d y^2 + 1), which is a square if the product of the two is; d is none, so that none is zero.
    square = y * y % p
    u, v = square - 1, _D25519 * square + 1
    if not _is_square(u * v, p):
        raise PointError("the public point is not on the curve of Ed25519")
    if u == 0 and sign:
        raise PointError("the public point is not in Ed25519's canonical form", rule="weak-point")
    if y in _SMALL_ORDER_25519:
        raise PointError("the public point has small order on the curve of Ed25519", rule="weak-point")


def are_all_ed25519(encoded: Iterable[bytes]) -> bool:
    """Return whether `check_ed25519` would accept each of many points of 32 bytes, at a tenth of the cost.

    Each point has a number that must be a square. Of squares every product is one; where there is another number, half
    of all products of some of them are not. So 24 products are tested, each of half of the numbers, drawn at random:
    whatever the points are, a bad one among them is overlooked once in 2^24 times. Three bytes drawn for a number say
    in which products it is; each byte names a bucket, and the buckets make eight products. One point is tested by
    itself.
    """
    p = _P25519
    numbers: list[int] = []
    for point in encoded:
        y = int.from_bytes(point, "little") & (1 << 255) - 1
        if y >= p or y in _SMALL_ORDER_25519:
            return False
        square = y * y % p
        numbers.append((square - 1) * (_D25519 * square + 1) % p)
    if len(numbers) == 1:
        return _is_square(numbers[0], p)
    drawn = os.urandom(3 * len(numbers))
    buckets = [1] * 256, [1] * 256, [1] * 256
    first, second, third = buckets
    for number, one, two, three in zip(numbers, drawn[::3], drawn[1::3], drawn[2::3], strict=True):
        first[one] = first[one] * number % p
        second[two] = second[two] * number % p
        third[three] = third[three] * number % p
    return all(_is_square(product, p) for each in buckets for product in _products_by_bit(each, p))


def _products_by_bit(buckets: list[int], p: int) -> Iterator[int]:
    """Multiply, for each bit of their indices, the buckets whose index has it; there are as many as a power of two."""
    while len(buckets) > 1:
        half = len(buckets) // 2
        upper = buckets[half:]
        product = 1
        for each in upper:
            product = product * each % p
        yield product
        buckets = [low * high % p for low, high in zip(buckets[:half], upper, strict=True)]


@lru_cache(maxsize=_KEPT)
def check_ed448(point: bytes) -> None:
    """Refuse an encoded point of another length, not canonical, not on the curve, or of small order.

    Raises: PointError.
    """
    if len(point) != 57:
        raise PointError(f"the public point has {len(point)} bytes, where Ed448 has 57")
    p = _P448
    encoded = int.from_bytes(point, "little")
    y, sign = encoded & (1 << 455) - 1, encoded >> 455
    if y >= p:
        raise PointError("the public point is not in Ed448's canonical form", rule="weak-point")
    # x^2 = (y^2 - 1) / (d y^2 - 1), as above.
    square = y * y % p
    u, v = square - 1, _D448 * square - 1
    if not _is_square(u * v, p):
        raise PointError("the public point is not on the curve of Ed448")
    if u == 0 and sign:
        raise PointError("the public point is not in Ed448's canonical form", rule="weak-point")
    # Doubled twice it is neutral: order 1 or 2 where y is 1 or -1, 4 where y is 0.
    if y * u == 0:
        raise PointError("the public point has small order on the curve of Ed448", rule="weak-point")


def _is_square(value: int, prime: int) -> bool:
    """Return whether a number is a square modulo a prime, at a third of what Euler's criterion costs.

    Source: the Jacobi symbol by Euclid's algorithm; Cohen, 'A Course in Computational Algebraic Number Theory', 1.4.10.
    """
    low, high, odd = value % prime, prime, 0
    while low:
        zeros = (low & -low).bit_length() - 1
        if zeros:
            low >>= zeros
            if zeros & 1 and high & 7 in (3, 5):
                odd ^= 1
        if low & high & 2:
            odd ^= 1
        low, high = high % low, low
        if low + low > high:  # the nearer multiple leaves less to do
            low = high - low
            if high & 2:
                odd ^= 1
    return not odd
