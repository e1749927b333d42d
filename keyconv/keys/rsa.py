"""RSA keys."""

from __future__ import annotations

from dataclasses import field

from keyconv.keys.base import PrivateBase, PublicBase
from keyconv.record import record

__all__ = ["RsaPrivateKey", "RsaPublicKey"]


@record
class RsaPublicKey(PublicBase):
    """An RSA public key: exponent `e`, modulus `n`."""

    e: int
    n: int

    family = "rsa"
    algorithm = "ssh-rsa"

    @property
    def bits(self) -> int:
        """The length of the modulus."""
        return self.n.bit_length()


@record
class RsaPrivateKey(PrivateBase):
    """An RSA private key, with iqmp = q^-1 mod p; a proved one has p > q."""

    public: RsaPublicKey
    d: int = field(repr=False)
    p: int = field(repr=False)
    q: int = field(repr=False)
    iqmp: int = field(repr=False)

    @property
    def dmp1(self) -> int:
        """The exponent d mod p-1."""
        return self.d % (self.p - 1)

    @property
    def dmq1(self) -> int:
        """The exponent d mod q-1."""
        return self.d % (self.q - 1)
