"""JSON Web Keys: one key, or a set of them, private or public; no passphrase and no comment.

Source: RFC 7517 (JWK), RFC 7518 section 6 (RSA, EC), RFC 8037 section 2 (OKP), RFC 7638 (thumbprint), RFC 8259 (JSON).
"""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import sha256
from typing import Any

from keyconv import limits
from keyconv.codec.unsupported import no_key_type
from keyconv.errors import (
    ContradictionError,
    KeyconvError,
    LimitError,
    MalformedError,
    MisfitError,
    TruncatedError,
    UnsupportedError,
)
from keyconv.formats.base import Capabilities, Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile
from keyconv.keys import (
    CURVES,
    EcdsaPrivateKey,
    EcdsaPublicKey,
    Ed448PrivateKey,
    Ed448PublicKey,
    Ed25519PrivateKey,
    Ed25519PublicKey,
    PrivateKey,
    PublicKey,
    RsaPrivateKey,
    RsaPublicKey,
)
from keyconv.notes import Note
from keyconv.proof import proving
from keyconv.proof.factors import coefficient, recover_primes
from keyconv.text import base64url
from keyconv.text.quoting import quote

__all__ = ["JWK", "JWK_PUB", "thumbprint"]

_Members = dict[str, Any]

_CRT = ("p", "q", "dp", "dq", "qi")
_CURVES = {"P-256": CURVES["nistp256"], "P-384": CURVES["nistp384"], "P-521": CURVES["nistp521"]}
_EDWARDS = {"Ed25519": 32, "Ed448": 57}
_FAMILIES = frozenset({"rsa", "ecdsa", "ed25519", "ed448"})
_KEY_ID = Note("key-id", "the key has an id (kid), which no SSH key has")
_NUMBERS = {
    "RSA": frozenset({"kty", "n", "e", "d", *_CRT}),
    "EC": frozenset({"kty", "crv", "x", "y", "d"}),
    "OKP": frozenset({"kty", "crv", "x", "d"}),
}
"""The members that are the key; all others say something about it."""
_SPACE = b" \t\r\n"
_KEY_TYPE = b'"kty"'
_SHOWABLE = re.compile(r"[A-Za-z0-9._#-]{1,32}\Z")
# For what is not a whole JSON: no string can hold this member, because a quote in it has a backslash.
_PRIVATE_MEMBER = re.compile(rb'"d"[ \t\r\n]*:')


class _Number:
    """Stands for a number of the JSON text: no member that matters here is one, so that none is computed."""

    def __init__(self, text: str) -> None:
        pass


# ── JSON ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _sniff_private(data: bytes) -> bool:
    return _holds_private(data) is True


def _sniff_public(data: bytes) -> bool:
    return _holds_private(data) is False


def _holds_private(data: bytes) -> bool | None:
    """Return whether the content is a JWK or a set with a private key in it; None when it is neither."""
    if not data.lstrip(_SPACE).startswith(b"{") or _KEY_TYPE not in data:
        return None
    try:
        keys = _find_keys(_parse(data))
    except KeyconvError:
        return _PRIVATE_MEMBER.search(data) is not None
    if keys is None or not any(isinstance(key, dict) and "kty" in key for key in keys):
        return None
    return any(isinstance(key, dict) and ("d" in key or key.get("kty") == "oct") for key in keys)


def _parse(data: bytes) -> object:
    import json

    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise MalformedError("the text is not UTF-8") from None
    try:
        return json.loads(
            text,
            object_pairs_hook=_read_object,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_refuse_constant,
        )
    except RecursionError:
        raise MalformedError("the JSON is nested too deeply") from None
    except json.JSONDecodeError as error:
        refusal = MalformedError(f"the text is not JSON from column {error.colno} on")
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
            refusal = TruncatedError("the JSON has no end: the file is cut short")
        raise refusal.within_line(error.lineno) from None


def _read_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise MalformedError(f"the member {_show(name)} is there twice")
        members[name] = value
    return members


def _refuse_constant(text: str) -> object:
    raise MalformedError(f"{text} is no JSON")


def _find_keys(value: object) -> list[object] | None:
    """Return the keys of a set, or the one that the value is; None when it is neither."""
    if not isinstance(value, dict):
        return None
    if "kty" in value:
        return [value]
    keys = value.get("keys")
    return keys if isinstance(keys, list) else None


def _show(text: object) -> str:
    return quote(text) if isinstance(text, str) and _SHOWABLE.match(text) else "with an odd name"


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(data: bytes) -> KeyFile:
    try:
        return _read_file(data)
    except KeyconvError as error:
        raise error.of_format("jwk") from None


def _read_file(data: bytes) -> KeyFile:
    notes: list[Note] = []
    value = _parse(data)
    keys = _find_keys(value)
    if keys is None:
        raise MalformedError("the JSON is neither an object with 'kty' nor one with a list 'keys'")
    if isinstance(value, dict) and "kty" in value:
        entries = [_read_key(value, notes)]
    else:
        entries = _with_members(_read_set(keys, notes), value)
    private = any(entry.private is not None for entry in entries)
    return KeyFile(
        JWK.name if private else JWK_PUB.name, "private" if private else "public", tuple(entries), tuple(notes)
    )


def _read_set(keys: list[object], notes: list[Note]) -> list[Entry]:
    if not keys:
        raise MalformedError("the set holds no key")
    if len(keys) > limits.MAX_KEYS_PER_FILE:
        raise LimitError(f"the set holds {len(keys)} keys; the limit is {limits.MAX_KEYS_PER_FILE}")
    entries: list[Entry] = []
    refusal: UnsupportedError | None = None
    for number, key in enumerate(keys, 1):
        try:
            if not isinstance(key, dict):
                raise MalformedError("it is not JSON object")
            limits.check_proved_bits(sum(_bits(entry) for entry in entries))
            entries.append(_read_key(key, notes))
        except UnsupportedError as error:
            # RFC 7517 section 5: what is not understood is skipped.
            refusal = refusal or error.within(f"key {number}")
            notes.append(Note("passed-over", f"key {number} of the set is skipped: {error.message}"))
        except KeyconvError as error:
            raise error.within(f"key {number}") from None
    if refusal is not None and not entries:
        raise refusal
    return entries


def _with_members(entries: list[Entry], value: object) -> list[Entry]:
    """Add the members of a set that are not keys to those of each key."""
    more = tuple(map(_show, sorted(value.keys() - {"keys"}))) if isinstance(value, dict) else ()
    return [replace(entry, members=(*entry.members, *more)) for entry in entries] if more else entries


def _bits(entry: Entry) -> int:
    return entry.private.public.bits if isinstance(entry.private, RsaPrivateKey) else 0


def _read_key(members: _Members, notes: list[Note]) -> Entry:
    if "kid" in members and _KEY_ID not in notes:
        notes.append(_KEY_ID)
    kind = _read_text(members, "kty")
    if kind in _NUMBERS:
        entry = _READERS[kind](members, notes)
        more = members.keys() - _NUMBERS[kind]
        return replace(entry, members=tuple(map(_show, sorted(more)))) if more else entry
    raise no_key_type(f"keys of the type {_show(kind)}", place="kty")


def _read_rsa(members: _Members, notes: list[Note]) -> Entry:
    public = RsaPublicKey(_read_number(members, "e", notes), _read_number(members, "n", notes))
    proving.check_public(public)
    if "oth" in members:
        raise no_key_type("RSA keys of more than two primes", place="oth")
    there = [name for name in _CRT if name in members]
    if "d" not in members and not there:
        return Entry(public)
    d = _read_number(members, "d", notes)
    if not there:
        p, q = recover_primes(public.n, public.e, d)
        notes.append(Note("noncanonical", "the file holds no RSA primes; they are computed from n, e and d"))
        return _prove(RsaPrivateKey(public, d=d, p=p, q=q, iqmp=coefficient(p, q)), notes)
    p, q, dp, dq, qi = (_read_number(members, name, notes) for name in _CRT)
    entry = _prove(RsaPrivateKey(public, d=d, p=p, q=q, iqmp=qi), notes)
    for name, exponent, prime in (("dp", dp, p), ("dq", dq, q)):
        if exponent != d % (prime - 1):
            raise ContradictionError(f"the RSA exponent {name} is not d modulo {name[1]} - 1")
    return entry


def _read_ec(members: _Members, notes: list[Note]) -> Entry:
    name = _read_text(members, "crv")
    if name not in _CURVES:
        raise no_key_type(f"the curve {_show(name)}", place="crv")
    curve = _CURVES[name]
    x = _read_bytes(members, "x", curve.field_bytes)
    y = _read_bytes(members, "y", curve.field_bytes)
    public = EcdsaPublicKey(curve, b"\x04" + x + y)
    proving.check_public(public)
    if "d" not in members:
        return Entry(public)
    # The order has as many bytes as the field on each of the three curves.
    d = int.from_bytes(_read_bytes(members, "d", curve.field_bytes), "big")
    return _prove(EcdsaPrivateKey(public, d), notes)


def _read_okp(members: _Members, notes: list[Note]) -> Entry:
    name = _read_text(members, "crv")
    if name not in _EDWARDS:
        raise no_key_type(f"the curve {_show(name)}", place="crv")
    point = _read_bytes(members, "x", _EDWARDS[name])
    public = Ed25519PublicKey(point) if name == "Ed25519" else Ed448PublicKey(point)
    proving.check_public(public)
    if "d" not in members:
        return Entry(public)
    seed = _read_bytes(members, "d", _EDWARDS[name])
    if isinstance(public, Ed25519PublicKey):
        return _prove(Ed25519PrivateKey(public, seed), notes)
    return _prove(Ed448PrivateKey(public, seed), notes)


_READERS = {"RSA": _read_rsa, "EC": _read_ec, "OKP": _read_okp}


def _prove(private: PrivateKey, notes: list[Note]) -> Entry:
    proved = proving.prove(private, notes)
    return Entry(proved.public, proved)


def _read_text(members: _Members, name: str) -> str:
    if name not in members:
        raise MalformedError("the member is missing", place=name)
    value = members[name]
    if not isinstance(value, str):
        raise MalformedError("the member is not a string", place=name)
    return value


def _read_bytes(members: _Members, name: str, length: int | None = None) -> bytes:
    try:
        value = base64url.decode(_read_text(members, name))
    except MalformedError as error:
        raise (error if error.place else error.within(name)) from None
    if length is not None and len(value) != length:
        raise MalformedError(f"the member has {len(value)} bytes instead of {length}", place=name)
    return value


def _read_number(members: _Members, name: str, notes: list[Note]) -> int:
    raw = _read_bytes(members, name)
    if not raw:
        raise MalformedError("the number has no bytes", place=name)
    if raw[0] == 0 and len(raw) > 1:
        # RFC 7518 section 6.3.1.1 warns of libraries that write one.
        notes.append(Note("noncanonical", f"the number {name} has a zero byte in front"))
        raw = raw.lstrip(b"\0")
    if len(raw) > limits.MAX_MPINT_BYTES:
        raise LimitError(f"the number has {len(raw)} bytes; the limit is {limits.MAX_MPINT_BYTES}", place=name)
    return int.from_bytes(raw, "big")


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def thumbprint(public: PublicKey) -> str:
    """Return the SHA-256 thumbprint of a key, in base64url.

    Raises: MisfitError when the key has no JWK.
    Source: RFC 7638 section 3; RFC 8037 section 2 for OKP.
    """
    # Exactly the members that a public key must have, sorted, without white space; no value holds what JSON escapes.
    text = "{" + ",".join(f'"{name}":"{value}"' for name, value in sorted(_public_members(public).items())) + "}"
    return base64url.encode(sha256(text.encode("ascii")).digest())


def _public_members(public: PublicKey) -> dict[str, str]:
    match public:
        case RsaPublicKey():
            return {"kty": "RSA", "e": _write_number(public.e), "n": _write_number(public.n)}
        case EcdsaPublicKey(curve=curve, point=point):
            name = next(name for name, known in _CURVES.items() if known == curve)
            x, y = point[1 : 1 + curve.field_bytes], point[1 + curve.field_bytes :]
            return {"kty": "EC", "crv": name, "x": base64url.encode(x), "y": base64url.encode(y)}
        case Ed25519PublicKey():
            return {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(public.point)}
        case Ed448PublicKey():
            return {"kty": "OKP", "crv": "Ed448", "x": base64url.encode(public.point)}
        case _:
            raise MisfitError(f"there is no JWK of {public.algorithm}")


def _private_members(private: PrivateKey) -> dict[str, str]:
    match private:
        case RsaPrivateKey():
            numbers = (private.d, private.p, private.q, private.dmp1, private.dmq1, private.iqmp)
            secret = dict(zip(("d", *_CRT), map(_write_number, numbers), strict=True))
        case EcdsaPrivateKey(public=public):
            secret = {"d": base64url.encode(private.d.to_bytes(public.curve.field_bytes, "big"))}
        case Ed25519PrivateKey() | Ed448PrivateKey():
            secret = {"d": base64url.encode(private.seed)}
        case _:
            raise AssertionError("the plan refuses what the format cannot hold")
    return _public_members(private.public) | secret


def _write_number(number: int) -> str:
    return base64url.encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _write_private(entries: tuple[Entry, ...], options: WriteOptions) -> bytes:
    keys = []
    for entry in entries:
        match entry.private:
            case RsaPrivateKey() | EcdsaPrivateKey() | Ed25519PrivateKey() | Ed448PrivateKey() as private:
                keys.append(_private_members(private))
            case _:
                raise AssertionError("the plan refuses what the format cannot hold, and a writer is given open keys")
    return _write_json(keys, options.line_end)


def _write_public(entries: tuple[Entry, ...], options: WriteOptions) -> bytes:
    keys = []
    for entry in entries:
        if entry.public is None:
            raise MisfitError("the public half is not known until the private one is unlocked")
        keys.append(_public_members(entry.public))
    return _write_json(keys, options.line_end)


def _write_json(keys: list[dict[str, str]], line_end: bytes) -> bytes:
    import json

    value = keys[0] if len(keys) == 1 else {"keys": keys}
    return json.dumps(value, indent=2, sort_keys=True).encode("ascii").replace(b"\n", line_end) + line_end


JWK = Format(
    name="jwk",
    title="JSON Web Key, private",
    source="RFC 7517, RFC 7518 section 6, RFC 8037",
    can=Capabilities(private=True, families=_FAMILIES, many=True),
    sniff=_sniff_private,
    read=_read,
    write=_write_private,
    suffix=".jwk",
)
JWK_PUB = Format(
    name="jwk-pub",
    title="JSON Web Key, public",
    source="RFC 7517, RFC 7518 section 6, RFC 8037",
    can=Capabilities(private=False, families=_FAMILIES, many=True),
    sniff=_sniff_public,
    read=_read,
    write=_write_public,
    suffix=".pub.jwk",
)
