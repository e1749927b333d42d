"""A slot for the way out of the model into another library, which the top of the package fills.

The model knows no library. `import keyconv`, which comes before any of its modules, puts the function here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    CryptographyPrivateKey = (
        rsa.RSAPrivateKey
        | dsa.DSAPrivateKey
        | ec.EllipticCurvePrivateKey
        | ed25519.Ed25519PrivateKey
        | ed448.Ed448PrivateKey
    )

__all__ = ["ToCryptography", "convert_with"]

_converters: list[Callable[[object], CryptographyPrivateKey]] = []


def convert_with(converter: Callable[[object], CryptographyPrivateKey]) -> None:
    """Have `to_cryptography` of every private key call this function."""
    _converters[:] = [converter]


class ToCryptography:
    """Returns a private key's `to_cryptography`; FIDO keys, whose secret is elsewhere, have none."""

    __slots__ = ()

    def to_cryptography(self) -> CryptographyPrivateKey:
        """Return this key as an object of pyca/cryptography, to sign or decrypt with.

        Raises: UnsupportedError where that library has no such key (an RSA key below its minimum size, say).
        """
        return _converters[0](self)
