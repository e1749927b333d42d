"""DSA keys."""

from __future__ import annotations

from dataclasses import field

from keyconv.keys.base import PrivateBase, PublicBase
from keyconv.record import record

__all__ = ["DsaPrivateKey", "DsaPublicKey"]


@record
class DsaPublicKey(PublicBase):
    """A DSA public key: modulus `p`, order `q`, generator `g`, and y = g^x mod p."""

    p: int
    q: int
    g: int
    y: int

    family = "dsa"
    algorithm = "ssh-dss"

    @property
    def bits(self) -> int:
        """The length of the modulus."""
        return self.p.bit_length()


@record
class DsaPrivateKey(PrivateBase):
    """A DSA private key: 1 <= x < q."""

    public: DsaPublicKey
    x: int = field(repr=False)
