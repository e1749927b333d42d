"""Public keys of an algorithm that keyconv does not know: they still move between the public formats."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["OpaquePublicKey"]


@dataclass(frozen=True, slots=True)
class OpaquePublicKey:
    """An algorithm name and the whole blob, name included, as it stood."""

    algorithm: str
    blob: bytes

    family = "opaque"

    @property
    def bits(self) -> None:
        """Unknown."""
        return
