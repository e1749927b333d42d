"""Public keys of an algorithm that keyconv does not know: they still move between the public formats."""

from __future__ import annotations

from keyconv.keys.base import PublicBase
from keyconv.record import record

__all__ = ["OpaquePublicKey"]


@record
class OpaquePublicKey(PublicBase):
    """An algorithm name and the whole blob, name included, as it stood."""

    algorithm: str
    blob: bytes

    family = "opaque"

    @property
    def bits(self) -> None:
        """Unknown."""
        return
