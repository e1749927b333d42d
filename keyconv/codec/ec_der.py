"""Elliptic curves and their points in DER: named curves, curves that are spelled out, compressed points.

Source: RFC 5480 section 2 (named curves), RFC 3279 section 2.3.5 (explicit parameters), SEC 1 version 2 sections 2.3.3
and 2.3.4 (points).
"""

from __future__ import annotations

from dataclasses import dataclass

from keyconv.codec import oids
from keyconv.codec.unsupported import no_key_type
from keyconv.errors import ContradictionError, MalformedError, UnsupportedError
from keyconv.keys import CURVES, Curve
from keyconv.notes import Note
from keyconv.proof.points import PointError
from keyconv.wire import der
from keyconv.wire.der import DerReader

__all__ = ["EDWARDS", "Edwards", "read_curve", "read_parameters", "uncompress", "write_curve"]

_SEEDS = {
    "nistp256": bytes.fromhex("c49d360886e704936a6678e1139d26b7819f7e90"),
    "nistp384": bytes.fromhex("a335926aa319a27a1d00896a6773a4827acdac73"),
    "nistp521": bytes.fromhex("d09e8800291cb85396cc6717393284aaa0da64ba"),
}
"""Where each curve's b comes from (FIPS 186-4 appendix D.1.2); explicit parameters may repeat it."""


@dataclass(frozen=True, slots=True)
class Edwards:
    """The algorithm of an Ed25519 (`length` 32) or Ed448 (57) key; seeds and points are of the same length."""

    length: int


EDWARDS: dict[str, Edwards] = {oids.ED25519: Edwards(32), oids.ED448: Edwards(57)}


def read_parameters(reader: DerReader, notes: list[Note]) -> Curve | Edwards:
    """Read an EC key's parameters, or Ed25519's or Ed448's number in their place, as Erlang/OTP writes it.

    Raises: what `read_curve` raises.
    """
    if reader.peek() != der.OID:
        return read_curve(reader, notes)
    oid = reader.oid("curve")
    found = EDWARDS.get(oid)
    if found is None:
        return _named(oid)
    name = "Ed25519" if found.length == 32 else "Ed448"
    notes.append(Note("noncanonical", f"{name} stands where an EC key names its curve, as Erlang/OTP writes it"))
    return found


def read_curve(reader: DerReader, notes: list[Note]) -> Curve:
    """Read an EC key's parameters: a named curve, or one spelled out that equals a named one in every number.

    Raises: MalformedError; UnsupportedError for a curve that SSH has no keys on; ContradictionError for one that has a
    known curve's prime and differs from it elsewhere.
    """
    tag = reader.peek()
    if tag == der.SEQUENCE:
        curve = _read_explicit(reader.sequence("curve parameters"))
        notes.append(Note("explicit-parameters", f"the curve is spelled out instead of named: it is {curve.name}"))
        return curve
    if tag == der.NULL:
        raise UnsupportedError("the key does not name its curve: it inherits one from a certificate")
    return _named(reader.oid("curve"))


def _named(oid: str) -> Curve:
    if oid not in oids.CURVE_OF:
        raise no_key_type(f"the curve {oids.show(oid)}")
    return oids.CURVE_OF[oid]


def write_curve(curve: Curve) -> bytes:
    """Write an EC key's parameters: the curve's name."""
    return der.oid(oids.OID_OF_CURVE[curve.name])


def uncompress(curve: Curve, point: bytes, notes: list[Note]) -> bytes:
    """Return a point in the uncompressed form, which SSH has alone; the other forms of SEC 1 are noted.

    What has none of the forms is given back as it is, for `keyconv.proof.proving` to judge.

    Raises: PointError when there is no such point on the curve.
    """
    length = curve.field_bytes
    form = point[:1]
    if form in (b"\2", b"\3") and len(point) == 1 + length:
        notes.append(Note("noncanonical", "the public point is compressed, which SSH does not allow"))
        return _lift(curve, point[1:], form[0] & 1)
    if form in (b"\6", b"\7") and len(point) == 1 + 2 * length:
        if point[-1] & 1 != form[0] & 1:
            raise PointError("the public point contradicts itself: its first byte tells of another y")
        notes.append(Note("noncanonical", "the public point is in the hybrid form, which SSH does not allow"))
        return b"\4" + point[1:]
    return point


def _lift(curve: Curve, abscissa: bytes, parity: int) -> bytes:
    # All three primes are 3 modulo 4, so that a square root is a power.
    x = int.from_bytes(abscissa, "big")
    square = (x * x * x - 3 * x + curve.b) % curve.p
    y = pow(square, (curve.p + 1) // 4, curve.p)
    if x >= curve.p or y * y % curve.p != square or not y:
        raise PointError(f"the public point is not on the curve {curve.name}")
    if y & 1 != parity:
        y = curve.p - y
    return b"\4" + abscissa + y.to_bytes(curve.field_bytes, "big")


def _read_explicit(fields: DerReader) -> Curve:
    if fields.count("version of the curve parameters") != 1:
        raise UnsupportedError("the curve parameters are not of version 1")
    field = fields.sequence("field")
    kind = field.oid("kind of field")
    if kind != oids.PRIME_FIELD:
        raise no_key_type(f"a curve that is spelled out over a field of the kind {oids.show(kind)}")
    p = field.integer("prime of the field")
    field.finish("the prime of the field")
    curve = next((known for known in CURVES.values() if known.p == p), None)
    if curve is None:
        raise no_key_type("this curve, which is spelled out instead of named")
    coefficients = fields.sequence("coefficients of the curve")
    a = int.from_bytes(coefficients.octets("coefficient a"), "big")
    b = int.from_bytes(coefficients.octets("coefficient b"), "big")
    seed = coefficients.bits("seed of the curve") if coefficients.peek() is not None else _SEEDS[curve.name]
    coefficients.finish("the coefficients of the curve")
    base = fields.octets("base point")
    order = fields.integer("order of the base point")
    cofactor = fields.integer("cofactor") if fields.peek() is not None else 1
    fields.finish("the curve parameters")
    if not base:
        raise MalformedError("the base point is empty")
    generator = b"\4" + curve.gx.to_bytes(curve.field_bytes, "big") + curve.gy.to_bytes(curve.field_bytes, "big")
    stated = (a, b, seed, uncompress(curve, base, []), order, cofactor)
    if stated != (curve.p - 3, curve.b, _SEEDS[curve.name], generator, curve.n, 1):
        raise ContradictionError(f"the curve is spelled out, has the prime of {curve.name}, and is another curve")
    return curve
