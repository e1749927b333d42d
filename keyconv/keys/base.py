"""What all keys have: a short `repr`, and the way to pyca/cryptography."""

from __future__ import annotations

from typing import Any

from keyconv.bridging import PrivateToCryptography, PublicToCryptography

__all__ = ["PrivateBase", "PublicBase"]


def _show(key: Any, public: Any) -> str:
    bits = f" {public.bits} bits" if public.bits else ""
    return f"<{type(key).__name__} {public.algorithm}{bits}>"


class PublicBase(PublicToCryptography):
    """A public key."""

    __slots__ = ()

    def __repr__(self) -> str:
        return _show(self, self)


class PrivateBase(PrivateToCryptography):
    """A private key, with its public one as `public`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return _show(self, getattr(self, "public"))  # noqa: B009 - the classes below have it
