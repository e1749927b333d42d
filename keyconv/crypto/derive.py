"""The public key that a secret makes."""

from __future__ import annotations

from keyconv.errors import UnsupportedError
from keyconv.keys import Curve, EcdsaPublicKey, Ed448PublicKey, Ed25519PublicKey

__all__ = ["derive_ecdsa", "derive_ed448", "derive_ed25519", "derive_mldsa44"]

_MLDSA_HINT = "pip install --upgrade cryptography"


def derive_ecdsa(curve: Curve, d: int) -> EcdsaPublicKey:
    """Compute the public key d*G; `d` must be in range."""
    from cryptography.hazmat.primitives.asymmetric import ec

    from keyconv.crypto.pyca import curve_of

    # By its numbers: the library's serialization module would load bcrypt.
    numbers = ec.derive_private_key(d, curve_of(curve.name)).public_key().public_numbers()
    coordinates = (each.to_bytes(curve.field_bytes, "big") for each in (numbers.x, numbers.y))
    return EcdsaPublicKey(curve, b"\4" + b"".join(coordinates))


def derive_ed25519(seed: bytes) -> Ed25519PublicKey:
    """Compute the public key of a 32-byte seed."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey as LibraryKey

    return Ed25519PublicKey(LibraryKey.from_private_bytes(seed).public_key().public_bytes_raw())


def derive_ed448(seed: bytes) -> Ed448PublicKey:
    """Compute the public key of a 57-byte seed."""
    from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey as LibraryKey

    return Ed448PublicKey(LibraryKey.from_private_bytes(seed).public_key().public_bytes_raw())


def derive_mldsa44(seed: bytes) -> bytes:
    """Compute the 1,312 bytes of the ML-DSA-44 public key of a 32-byte seed (FIPS 204 algorithm 6).

    Raises: UnsupportedError where pyca/cryptography or the OpenSSL under it has no ML-DSA.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
    except ImportError:
        raise UnsupportedError("this version of pyca/cryptography has no ML-DSA", hint=_MLDSA_HINT) from None
    try:
        return MLDSA44PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()
    except UnsupportedAlgorithm:
        raise UnsupportedError("pyca/cryptography has no ML-DSA on this machine", hint=_MLDSA_HINT) from None
