"""The model: one frozen dataclass a key type, which knows no format and no library.

Public keys have a `family` (`rsa`, `ecdsa`, ...: what the code branches on), an `algorithm` (the SSH name) and `bits`;
private keys have a `public`. Secret fields stay out of every `repr`.
"""

from __future__ import annotations

from keyconv.keys.certificate import Certificate
from keyconv.keys.dsa import DsaPrivateKey, DsaPublicKey
from keyconv.keys.ecdsa import CURVES, Curve, EcdsaPrivateKey, EcdsaPublicKey
from keyconv.keys.eddsa import Ed448PrivateKey, Ed448PublicKey, Ed25519PrivateKey, Ed25519PublicKey
from keyconv.keys.mldsa import MLDSA_NAMES, MlDsa44Ed25519PrivateKey, MlDsa44Ed25519PublicKey
from keyconv.keys.opaque import OpaquePublicKey
from keyconv.keys.rsa import RsaPrivateKey, RsaPublicKey
from keyconv.keys.sk import SkEcdsaPrivateKey, SkEcdsaPublicKey, SkEd25519PrivateKey, SkEd25519PublicKey

__all__ = [
    "CURVES",
    "FAMILIES",
    "MLDSA_NAMES",
    "Certificate",
    "Curve",
    "DsaPrivateKey",
    "DsaPublicKey",
    "EcdsaPrivateKey",
    "EcdsaPublicKey",
    "Ed448PrivateKey",
    "Ed448PublicKey",
    "Ed25519PrivateKey",
    "Ed25519PublicKey",
    "MlDsa44Ed25519PrivateKey",
    "MlDsa44Ed25519PublicKey",
    "OpaquePublicKey",
    "PrivateKey",
    "PublicKey",
    "RsaPrivateKey",
    "RsaPublicKey",
    "SkEcdsaPrivateKey",
    "SkEcdsaPublicKey",
    "SkEd25519PrivateKey",
    "SkEd25519PublicKey",
]

PublicKey = (
    RsaPublicKey
    | DsaPublicKey
    | EcdsaPublicKey
    | Ed25519PublicKey
    | Ed448PublicKey
    | SkEcdsaPublicKey
    | SkEd25519PublicKey
    | MlDsa44Ed25519PublicKey
    | OpaquePublicKey
)

PrivateKey = (
    RsaPrivateKey
    | DsaPrivateKey
    | EcdsaPrivateKey
    | Ed25519PrivateKey
    | Ed448PrivateKey
    | SkEcdsaPrivateKey
    | SkEd25519PrivateKey
    | MlDsa44Ed25519PrivateKey
)

FAMILIES = ("rsa", "dsa", "ecdsa", "ed25519", "ed448", "sk-ecdsa", "sk-ed25519", "mldsa44-ed25519", "opaque")
"""Every key family, in the order in which tables show them."""
