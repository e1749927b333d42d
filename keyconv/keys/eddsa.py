"""Ed25519 and Ed448 keys (RFC 8032, RFC 8709)."""

from __future__ import annotations

from dataclasses import field

from keyconv.keys.base import PrivateBase, PublicBase
from keyconv.record import record

__all__ = ["Ed448PrivateKey", "Ed448PublicKey", "Ed25519PrivateKey", "Ed25519PublicKey"]


@record
class Ed25519PublicKey(PublicBase):
    """An Ed25519 public key: the 32 bytes of RFC 8032's encoded point."""

    point: bytes

    family = "ed25519"
    algorithm = "ssh-ed25519"
    bits = 256


@record
class Ed25519PrivateKey(PrivateBase):
    """An Ed25519 private key: its 32-byte seed."""

    public: Ed25519PublicKey
    seed: bytes = field(repr=False)


@record
class Ed448PublicKey(PublicBase):
    """An Ed448 public key: the 57 bytes of RFC 8032's encoded point."""

    point: bytes

    family = "ed448"
    algorithm = "ssh-ed448"
    bits = 448


@record
class Ed448PrivateKey(PrivateBase):
    """An Ed448 private key: its 57-byte seed."""

    public: Ed448PublicKey
    seed: bytes = field(repr=False)
