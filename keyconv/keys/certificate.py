"""OpenSSH certificates (PROTOCOL.certkeys)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyconv.keys import PublicKey
from keyconv.record import record

__all__ = ["FOREVER", "HOST", "USER", "Certificate"]

USER = 1
HOST = 2
FOREVER = 2**64 - 1


@record
class Certificate:
    """A certificate: `blob` is the whole of it as it stood, every other field a part of that blob, decoded.

    `valid_after` and `valid_before` are seconds since 1970 (0 and `FOREVER` mean always). Options and extensions are
    pairs of name and data in file order, the data as it stands in the blob.
    """

    blob: bytes
    algorithm: str
    nonce: bytes
    key: PublicKey
    serial: int
    role: int
    key_id: bytes
    principals: tuple[bytes, ...]
    valid_after: int
    valid_before: int
    critical_options: tuple[tuple[bytes, bytes], ...]
    extensions: tuple[tuple[bytes, bytes], ...]
    reserved: bytes
    ca_key: PublicKey
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The part of the blob that the signature covers: everything before it."""
        return self.blob[: len(self.blob) - 4 - len(self.signature)]
