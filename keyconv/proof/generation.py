"""New keys."""

from __future__ import annotations

from collections.abc import Callable

from keyconv.crypto.derive import derive_ecdsa, derive_ed448, derive_ed25519
from keyconv.errors import UsageError
from keyconv.keys import (
    CURVES,
    Curve,
    DsaPrivateKey,
    DsaPublicKey,
    EcdsaPrivateKey,
    Ed448PrivateKey,
    Ed25519PrivateKey,
    PrivateKey,
    RsaPrivateKey,
    RsaPublicKey,
)
from keyconv.proof import proving

__all__ = ["check_bits", "generate"]

_EDDSA_BITS = {"ed25519": 256, "ed448": 448}
_ECDSA_DEFAULT = 256
_RSA_DEFAULT = 3072
_RSA_RANGE = (2048, 16_384)
_DSA_BITS = (1024, 2048, 3072)


def generate(family: str, bits: int | None, random: Callable[[int], bytes]) -> PrivateKey:
    """Make a key of the family `ed25519`, `ed448`, `ecdsa`, `rsa` or `dsa`, proved like any other.

    `bits` chooses among the sizes of ECDSA (256, 384, 521), RSA (2048 to 16384, 3072 when not given) and DSA (1024,
    2048, 3072). `random` feeds the elliptic curves; RSA and DSA draw from the library's own generator.

    Raises: UsageError for a family or size that there is not.
    """
    bits = check_bits(family, bits)
    match family:
        case "ed25519":
            seed = random(32)
            return Ed25519PrivateKey(derive_ed25519(seed), seed)
        case "ed448":
            seed = random(57)
            return Ed448PrivateKey(derive_ed448(seed), seed)
        case "ecdsa":
            return _generate_ecdsa(next(curve for curve in CURVES.values() if curve.bits == bits), random)
        case "rsa":
            return _generate_rsa(bits)
        case _:
            return _generate_dsa(bits)


def check_bits(family: str, bits: int | None) -> int:
    """Return the size of the key to make: the one asked for, or the family's own.

    Raises: UsageError for a family or size that there is not.
    """
    match family:
        case "ed25519" | "ed448":
            only = _EDDSA_BITS[family]
            if bits not in (None, only):
                raise UsageError(f"{family} keys have {only} bits and no other size")
            return only
        case "ecdsa":
            bits = _ECDSA_DEFAULT if bits is None else bits
            if bits not in [curve.bits for curve in CURVES.values()]:
                raise UsageError(f"there is no ECDSA key of {bits} bits", hint="256, 384 and 521 are the sizes")
        case "rsa":
            bits = _RSA_DEFAULT if bits is None else bits
            least, most = _RSA_RANGE
            if not least <= bits <= most:
                raise UsageError(f"an RSA key has {least} to {most} bits, not {bits}")
        case "dsa":
            bits = _DSA_BITS[0] if bits is None else bits
            if bits not in _DSA_BITS:
                raise UsageError(f"a DSA key has 1024, 2048 or 3072 bits, not {bits}", hint="OpenSSH takes 1024 alone")
        case _:
            raise UsageError(f"keys of type '{family}' are not generated")
    return bits


def _generate_ecdsa(curve: Curve, random: Callable[[int], bytes]) -> EcdsaPrivateKey:
    # Source: FIPS 186-5 appendix A.2.2, by rejection.
    while True:
        d = int.from_bytes(random(curve.field_bytes), "big") >> (8 * curve.field_bytes - curve.bits)
        if 1 <= d < curve.n:
            return EcdsaPrivateKey(derive_ecdsa(curve, d), d)


def _generate_rsa(bits: int) -> PrivateKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    numbers = rsa.generate_private_key(public_exponent=65537, key_size=bits).private_numbers()
    public = RsaPublicKey(numbers.public_numbers.e, numbers.public_numbers.n)
    return proving.prove(RsaPrivateKey(public, d=numbers.d, p=numbers.p, q=numbers.q, iqmp=numbers.iqmp), [])


def _generate_dsa(bits: int) -> PrivateKey:
    from cryptography.hazmat.primitives.asymmetric import dsa

    numbers = dsa.generate_private_key(key_size=bits).private_numbers()
    parameters = numbers.public_numbers.parameter_numbers
    public = DsaPublicKey(parameters.p, parameters.q, parameters.g, numbers.public_numbers.y)
    return proving.prove(DsaPrivateKey(public, numbers.x), [])
