"""The one way out of the model into another library."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyconv.crypto.bridge import CryptographyPrivateKey

__all__ = ["ToCryptography"]


class ToCryptography:
    """Returns a private key's `to_cryptography`; FIDO keys, whose secret is elsewhere, have none."""

    __slots__ = ()

    def to_cryptography(self) -> CryptographyPrivateKey:
        """Return this key as an object of pyca/cryptography, to sign or decrypt with.

        Raises: UnsupportedError where that library has no such key (an RSA key below its minimum size, say).
        """
        # The only upward import of this layer: the model stays free of libraries until somebody asks for one.
        from keyconv.crypto.bridge import to_cryptography

        return to_cryptography(self)
