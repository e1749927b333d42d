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
    "family_named",
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

_OTHER_NAMES = {
    **dict.fromkeys(("ssh-rsa", "rsa-sha2-256", "rsa-sha2-512", "rsa2", "rsa1"), "rsa"),
    **dict.fromkeys(("ssh-dss", "dss", "ssh-dsa"), "dsa"),
    **dict.fromkeys(("ec", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"), "ecdsa"),
    **dict.fromkeys(("ssh-ed25519", "eddsa", "ed"), "ed25519"),
    "ssh-ed448": "ed448",
    **dict.fromkeys(("ecdsa-sk", "sk-ecdsa-sha2-nistp256@openssh.com"), "sk-ecdsa"),
    **dict.fromkeys(("ed25519-sk", "sk-ssh-ed25519@openssh.com"), "sk-ed25519"),
}
"""What else the families are called: names of algorithms, and the words of ssh-keygen and puttygen."""


def family_named(name: str) -> str:
    """Return the family of this name, also by its other names; nothing where there is none."""
    lower = name.lower()
    return lower if lower in FAMILIES else _OTHER_NAMES.get(lower, "")
