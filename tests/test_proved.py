"""A key that was proved is not proved again; whatever differs from it in one bit is."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from fixture_files import PUTTY_TYPES, by_path
from forged_files import load, ppk

from keyconv.crypto.derive import derive_ed25519
from keyconv.engine import choose, read
from keyconv.errors import ContradictionError, MismatchError, RecomputableError
from keyconv.keyfile import Locked
from keyconv.keys import (
    DsaPublicKey,
    EcdsaPublicKey,
    Ed448PublicKey,
    Ed25519PrivateKey,
    Ed25519PublicKey,
    PrivateKey,
    PublicKey,
    RsaPrivateKey,
    RsaPublicKey,
)
from keyconv.proof import amends, proving


def _private(key: str) -> PrivateKey:
    private = choose(read(ppk(load(key)))).private
    assert private is not None
    assert not isinstance(private, Locked)
    return private


def _flip(data: bytes, index: int = 0) -> bytes:
    changed = bytearray(data)
    changed[index] ^= 1
    return bytes(changed)


@pytest.mark.parametrize("key", PUTTY_TYPES)
def test_a_key_that_was_proved_does_not_vouch_for_one_that_differs_in_any_number(key: str) -> None:
    private: Any = _private(key)
    assert proving.prove(private, []) == private
    for each in fields(private):
        value = getattr(private, each.name)
        if isinstance(value, int):
            changed = replace(private, **{each.name: value ^ 2})
        elif isinstance(value, bytes):
            changed = replace(private, **{each.name: _flip(value)})
        else:
            changed = replace(private, public=_another(private.public))
        with pytest.raises((ContradictionError, MismatchError)):
            proving.prove(changed, [])
    assert proving.prove(private, []) == private


def _another(public: PublicKey) -> PublicKey:
    match public:
        case RsaPublicKey():
            return replace(public, e=public.e ^ 2)
        case DsaPublicKey():
            return replace(public, y=public.y ^ 2)
        case EcdsaPublicKey():
            return replace(public, point=_flip(public.point, -1))
        case Ed25519PublicKey() | Ed448PublicKey():
            return replace(public, point=_flip(public.point, 3))
        case _:
            raise AssertionError(public)


def test_a_note_of_a_proof_is_there_each_time() -> None:
    data = by_path("edge/rsa2048-p-less-than-q-plain").file.read_bytes()
    first, second = read(data), read(data)
    assert [note.code for note in first.notes] == [note.code for note in second.notes] == ["noncanonical"]


def test_a_number_that_was_computed_anew_is_refused_again_afterwards() -> None:
    right = _private("rsa2048")
    assert isinstance(right, RsaPrivateKey)
    private = replace(right, iqmp=right.iqmp ^ 1)
    with amends.allowed() as found:
        assert proving.prove(private, []) == right
    assert found
    for _ in range(2):
        with pytest.raises(RecomputableError):
            proving.prove(private, [])


def test_only_so_many_proofs_are_remembered_and_no_secret_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered: set[bytes] = set()
    monkeypatch.setattr(proving, "_proved", remembered)
    monkeypatch.setattr(proving, "_KEPT", 3)
    for number_of_keys in range(1, 8):
        seed = bytes((number_of_keys,)) * 32
        private = Ed25519PrivateKey(derive_ed25519(seed), seed)
        for _ in range(2):
            assert proving.prove(private, []) == private
        assert 0 < len(remembered) <= 3
        assert all(len(each) == 32 and each not in (seed, private.public.point) for each in remembered)
