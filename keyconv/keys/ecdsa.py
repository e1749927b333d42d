"""ECDSA keys on the three NIST curves that SSH names (RFC 5656)."""

from __future__ import annotations

from dataclasses import field

from keyconv.keys.base import PrivateBase, PublicBase
from keyconv.record import record

__all__ = ["CURVES", "Curve", "EcdsaPrivateKey", "EcdsaPublicKey"]


@record
class Curve:
    """A short Weierstrass curve y^2 = x^3 - 3x + b over the prime field of p, with a generator of prime order n.

    Source: SEC 2 version 2, sections 2.4.2, 2.5.1 and 2.6.1.
    """

    name: str
    bits: int
    p: int
    b: int
    n: int
    gx: int
    gy: int

    @property
    def field_bytes(self) -> int:
        """The length of one coordinate, in bytes."""
        return (self.bits + 7) // 8


_P256 = Curve(
    name="nistp256",
    bits=256,
    p=2**256 - 2**224 + 2**192 + 2**96 - 1,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    gx=0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    gy=0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_P384 = Curve(
    name="nistp384",
    bits=384,
    p=2**384 - 2**128 - 2**96 + 2**32 - 1,
    b=0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    gx=0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
    gy=0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
)
_P521 = Curve(
    name="nistp521",
    bits=521,
    p=2**521 - 1,
    b=int(
        "0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1"
        "BF073573DF883D2C34F1EF451FD46B503F00",
        16,
    ),
    n=int(
        "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F7"
        "09A5D03BB5C9B8899C47AEBB6FB71E91386409",
        16,
    ),
    gx=int(
        "00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE75928FE1DC127A2FF"
        "A8DE3348B3C1856A429BF97E7E31C2E5BD66",
        16,
    ),
    gy=int(
        "011839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF42640C550B9013FAD"
        "0761353C7086A272C24088BE94769FD16650",
        16,
    ),
)

CURVES: dict[str, Curve] = {curve.name: curve for curve in (_P256, _P384, _P521)}
"""Curve name (as in the SSH blob) to its numbers."""


@record
class EcdsaPublicKey(PublicBase):
    """An ECDSA public key: `point` is SEC 1's uncompressed form, 0x04 and both coordinates."""

    curve: Curve
    point: bytes

    family = "ecdsa"

    @property
    def algorithm(self) -> str:
        """The SSH name, `ecdsa-sha2-nistp256` and its like."""
        return f"ecdsa-sha2-{self.curve.name}"

    @property
    def bits(self) -> int:
        """The size of the curve's field."""
        return self.curve.bits


@record
class EcdsaPrivateKey(PrivateBase):
    """An ECDSA private key: the scalar `d`, 1 <= d < n."""

    public: EcdsaPublicKey
    d: int = field(repr=False)
