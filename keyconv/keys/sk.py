"""FIDO keys: the secret stays in the authenticator, the file holds a handle to it (OpenSSH PROTOCOL.u2f)."""

from __future__ import annotations

from dataclasses import field

from keyconv.keys.base import PrivateBase, PublicBase
from keyconv.keys.ecdsa import Curve
from keyconv.record import record

__all__ = ["SkEcdsaPrivateKey", "SkEcdsaPublicKey", "SkEd25519PrivateKey", "SkEd25519PublicKey"]


@record
class SkEcdsaPublicKey(PublicBase):
    """An ECDSA key in an authenticator, bound to an application such as `ssh:`."""

    curve: Curve
    point: bytes
    application: bytes

    family = "sk-ecdsa"
    algorithm = "sk-ecdsa-sha2-nistp256@openssh.com"
    bits = 256


@record
class SkEcdsaPrivateKey(PrivateBase):
    """What the file holds of it: flags, the authenticator's key handle, and a reserved string."""

    public: SkEcdsaPublicKey
    flags: int
    key_handle: bytes = field(repr=False)
    reserved: bytes = field(repr=False)


@record
class SkEd25519PublicKey(PublicBase):
    """An Ed25519 key in an authenticator, bound to an application such as `ssh:`."""

    point: bytes
    application: bytes

    family = "sk-ed25519"
    algorithm = "sk-ssh-ed25519@openssh.com"
    bits = 256


@record
class SkEd25519PrivateKey(PrivateBase):
    """What the file holds of it: flags, the authenticator's key handle, and a reserved string."""

    public: SkEd25519PublicKey
    flags: int
    key_handle: bytes = field(repr=False)
    reserved: bytes = field(repr=False)
