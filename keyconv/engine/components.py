"""The numbers and strings that a key is made of, by the names that the field uses."""

from __future__ import annotations

from dataclasses import field
from typing import assert_never

from keyconv.keyfile import Entry, Locked
from keyconv.keys import (
    DsaPrivateKey,
    DsaPublicKey,
    EcdsaPrivateKey,
    EcdsaPublicKey,
    Ed448PrivateKey,
    Ed448PublicKey,
    Ed25519PrivateKey,
    Ed25519PublicKey,
    MlDsa44Ed25519PrivateKey,
    MlDsa44Ed25519PublicKey,
    OpaquePublicKey,
    PrivateKey,
    PublicKey,
    RsaPrivateKey,
    RsaPublicKey,
    SkEcdsaPrivateKey,
    SkEcdsaPublicKey,
    SkEd25519PrivateKey,
    SkEd25519PublicKey,
)
from keyconv.record import record

__all__ = ["Component", "components"]


@record
class Component:
    """One part of a key; `secret` ones are of the private half, and no `repr` shows them."""

    name: str
    secret: bool
    value: int | bytes = field(repr=False)

    @property
    def size(self) -> str:
        """The size of a number in bits, of a string in bytes."""
        if isinstance(self.value, int):
            return f"{self.value.bit_length()} bits"
        return f"{len(self.value)} bytes"

    @property
    def shown(self) -> str:
        """The value in hexadecimal."""
        return f"{self.value:x}" if isinstance(self.value, int) else self.value.hex()


def components(entry: Entry) -> tuple[Component, ...]:
    """Return every part that is known: the public ones, then those of a private half that is open."""
    public = _public(entry.public) if entry.public is not None else {}
    half = entry.private
    private = {} if half is None or isinstance(half, Locked) else _private(half)
    return (
        *(Component(name, False, value) for name, value in public.items()),
        *(Component(name, True, value) for name, value in private.items()),
    )


def _public(key: PublicKey) -> dict[str, int | bytes]:
    match key:
        case RsaPublicKey():
            return {"n": key.n, "e": key.e}
        case DsaPublicKey():
            return {"p": key.p, "q": key.q, "g": key.g, "y": key.y}
        case EcdsaPublicKey() | Ed25519PublicKey() | Ed448PublicKey():
            return {"point": key.point}
        case SkEcdsaPublicKey() | SkEd25519PublicKey():
            return {"point": key.point, "application": key.application}
        case MlDsa44Ed25519PublicKey():
            return {"mldsa": key.mldsa, "point": key.point}
        case OpaquePublicKey():
            return {"blob": key.blob}
        case _:
            assert_never(key)


def _private(key: PrivateKey) -> dict[str, int | bytes]:
    match key:
        case RsaPrivateKey():
            return {"d": key.d, "p": key.p, "q": key.q, "iqmp": key.iqmp, "dmp1": key.dmp1, "dmq1": key.dmq1}
        case DsaPrivateKey():
            return {"x": key.x}
        case EcdsaPrivateKey():
            return {"d": key.d}
        case Ed25519PrivateKey() | Ed448PrivateKey():
            return {"seed": key.seed}
        case SkEcdsaPrivateKey() | SkEd25519PrivateKey():
            return {"flags": key.flags, "key handle": key.key_handle, "reserved": key.reserved}
        case MlDsa44Ed25519PrivateKey():
            return {"mldsa seed": key.mldsa_seed, "seed": key.seed}
        case _:
            assert_never(key)
