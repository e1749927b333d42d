"""ML-DSA-44 and Ed25519 in one key: OpenSSH's post-quantum signature type."""

from __future__ import annotations

from dataclasses import field

from keyconv.keys.base import PrivateBase, PublicBase
from keyconv.record import record

__all__ = ["MLDSA_NAMES", "MlDsa44Ed25519PrivateKey", "MlDsa44Ed25519PublicKey"]

MLDSA_NAMES = ("ssh-mldsa44-ed25519", "ssh-mldsa44-ed25519@openssh.com")
"""The name that OpenSSH 10.6 writes, and the one of 10.4 and 10.5."""


@record
class MlDsa44Ed25519PublicKey(PublicBase):
    """Both public keys: `mldsa` has 1,312 bytes (FIPS 204), `point` the 32 of Ed25519.

    `algorithm` is the name that the key came with: the key is the same under either.
    """

    mldsa: bytes
    point: bytes
    algorithm: str = field(default=MLDSA_NAMES[0], compare=False)

    family = "mldsa44-ed25519"

    @property
    def bits(self) -> None:
        """ML-DSA has no size in bits that would say anything."""
        return


@record
class MlDsa44Ed25519PrivateKey(PrivateBase):
    """Both secrets: a 32-byte seed of ML-DSA-44 and a 32-byte seed of Ed25519."""

    public: MlDsa44Ed25519PublicKey
    mldsa_seed: bytes = field(repr=False)
    seed: bytes = field(repr=False)
