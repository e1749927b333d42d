"""Keys as objects of pyca/cryptography."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyconv.errors import UnsupportedError
from keyconv.keys import (
    DsaPrivateKey,
    DsaPublicKey,
    EcdsaPrivateKey,
    EcdsaPublicKey,
    Ed448PrivateKey,
    Ed448PublicKey,
    Ed25519PrivateKey,
    Ed25519PublicKey,
    RsaPrivateKey,
    RsaPublicKey,
    SkEcdsaPrivateKey,
    SkEcdsaPublicKey,
    SkEd25519PrivateKey,
    SkEd25519PublicKey,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

    from keyconv.bridging import CryptographyPrivateKey, CryptographyPublicKey

__all__ = ["curve_of", "private_key", "public_key"]

_NO_TYPE = "pyca/cryptography has no keys of this type in keyconv"


def private_key(private: object) -> CryptographyPrivateKey:
    """Return a private key of the model as a key of pyca/cryptography.

    Raises: UnsupportedError for a FIDO key, for ML-DSA, and where that library refuses the key.
    """
    try:
        return _build(private)
    except ValueError as error:
        raise UnsupportedError(f"pyca/cryptography does not take this key: {_first_line(error)}") from None


def public_key(public: object) -> CryptographyPublicKey:
    """Return a public key of the model as a key of pyca/cryptography; of a FIDO key that of its curve.

    Raises: UnsupportedError for ML-DSA and unknown types, and where that library refuses the key.
    """
    try:
        return _build_public(public)
    except ValueError as error:
        raise UnsupportedError(f"pyca/cryptography does not take this key: {_first_line(error)}") from None


def _build_public(public: object) -> CryptographyPublicKey:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    match public:
        case RsaPublicKey():
            return rsa.RSAPublicNumbers(public.e, public.n).public_key()
        case DsaPublicKey():
            return dsa.DSAPublicNumbers(public.y, dsa.DSAParameterNumbers(public.p, public.q, public.g)).public_key()
        case EcdsaPublicKey() | SkEcdsaPublicKey():
            return ec.EllipticCurvePublicKey.from_encoded_point(curve_of(public.curve.name), public.point)
        case Ed25519PublicKey() | SkEd25519PublicKey():
            return ed25519.Ed25519PublicKey.from_public_bytes(public.point)
        case Ed448PublicKey():
            return ed448.Ed448PublicKey.from_public_bytes(public.point)
        case _:
            raise UnsupportedError(_NO_TYPE)


def _build(private: object) -> CryptographyPrivateKey:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    match private:
        case RsaPrivateKey(public=public):
            return rsa.RSAPrivateNumbers(
                p=private.p,
                q=private.q,
                d=private.d,
                dmp1=private.dmp1,
                dmq1=private.dmq1,
                iqmp=private.iqmp,
                public_numbers=rsa.RSAPublicNumbers(public.e, public.n),
            ).private_key()
        case DsaPrivateKey(public=public):
            parameters = dsa.DSAParameterNumbers(public.p, public.q, public.g)
            return dsa.DSAPrivateNumbers(private.x, dsa.DSAPublicNumbers(public.y, parameters)).private_key()
        case EcdsaPrivateKey(public=public):
            return ec.derive_private_key(private.d, curve_of(public.curve.name))
        case Ed25519PrivateKey():
            return ed25519.Ed25519PrivateKey.from_private_bytes(private.seed)
        case Ed448PrivateKey():
            return ed448.Ed448PrivateKey.from_private_bytes(private.seed)
        case SkEcdsaPrivateKey() | SkEd25519PrivateKey():
            raise UnsupportedError("the secret of this key is not in its file")
        case _:
            raise UnsupportedError(_NO_TYPE)


def curve_of(name: str) -> ec.EllipticCurve:
    """Return pyca/cryptography's curve for an SSH curve name."""
    from cryptography.hazmat.primitives.asymmetric import ec

    curves: dict[str, ec.EllipticCurve] = {
        "nistp256": ec.SECP256R1(),
        "nistp384": ec.SECP384R1(),
        "nistp521": ec.SECP521R1(),
    }
    return curves[name]


def _first_line(error: ValueError) -> str:
    return str(error).partition("\n")[0].rstrip(".")
