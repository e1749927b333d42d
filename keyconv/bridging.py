"""The way out of the model into pyca/cryptography: two slots, which the top of the package fills.

The model knows no library. `import keyconv`, which comes before any of its modules, puts the functions here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    CryptographyPrivateKey = (
        rsa.RSAPrivateKey
        | dsa.DSAPrivateKey
        | ec.EllipticCurvePrivateKey
        | ed25519.Ed25519PrivateKey
        | ed448.Ed448PrivateKey
    )
    CryptographyPublicKey = (
        rsa.RSAPublicKey
        | dsa.DSAPublicKey
        | ec.EllipticCurvePublicKey
        | ed25519.Ed25519PublicKey
        | ed448.Ed448PublicKey
    )

__all__ = ["PrivateToCryptography", "PublicToCryptography", "convert_with"]

_converters: dict[str, Callable[[Any], Any]] = {}


def convert_with(
    private: Callable[[object], CryptographyPrivateKey], public: Callable[[object], CryptographyPublicKey]
) -> None:
    """Have `to_cryptography` of every private and every public key call these functions."""
    _converters.update(private=private, public=public)


class PrivateToCryptography:
    """Gives a private key its `to_cryptography`."""

    __slots__ = ()

    def to_cryptography(self) -> CryptographyPrivateKey:
        """Return this key as an object of pyca/cryptography, to sign or decrypt with.

        Raises: UnsupportedError where that library has no such key: one of an authenticator, of ML-DSA, or an RSA key
        below its minimum size.
        """
        converted: CryptographyPrivateKey = _converters["private"](self)
        return converted


class PublicToCryptography:
    """Gives a public key its `to_cryptography`."""

    __slots__ = ()

    def to_cryptography(self) -> CryptographyPublicKey:
        """Return this key as an object of pyca/cryptography, to verify or encrypt with.

        An authenticator's key is that of its curve, without the application.

        Raises: UnsupportedError where that library has no such key.
        """
        converted: CryptographyPublicKey = _converters["public"](self)
        return converted
