"""Dropbear's private key file: the wire blob of the public key, then the private numbers; neither text nor passphrase.

RSA goes on with d, p, q; DSA with x; ECDSA with d. Ed25519 is one string of 64 bytes, the seed and the public point,
in place of the blob's own.

Source: what dropbearkey and dropbearconvert 2022.83 write and read.
"""

from __future__ import annotations

from keyconv.codec import public_blob
from keyconv.errors import KeyconvError, MalformedError, TruncatedError, UnsupportedError
from keyconv.formats.base import Capabilities, Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile
from keyconv.keys import (
    CURVES,
    DsaPrivateKey,
    DsaPublicKey,
    EcdsaPrivateKey,
    EcdsaPublicKey,
    Ed25519PrivateKey,
    Ed25519PublicKey,
    PrivateKey,
    RsaPrivateKey,
    RsaPublicKey,
)
from keyconv.notes import Note
from keyconv.proof import amends, proving
from keyconv.proof.factors import coefficient, recover_primes
from keyconv.text.quoting import as_name
from keyconv.wire import encode
from keyconv.wire.reader import WireReader

__all__ = ["DROPBEAR"]

_ALGORITHMS = (
    RsaPublicKey.algorithm,
    DsaPublicKey.algorithm,
    *(f"ecdsa-sha2-{curve}" for curve in CURVES),
    Ed25519PublicKey.algorithm,
)
_STARTS = tuple(map(encode.name, _ALGORITHMS))
_SEED = 32


def _sniff(data: bytes) -> bool:
    return data.startswith(_STARTS)


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(data: bytes) -> KeyFile:
    try:
        return amends.explained(lambda: _read_file(data))
    except KeyconvError as error:
        raise error.of_format("dropbear") from None


def _read_file(data: bytes) -> KeyFile:
    notes: list[Note] = []
    private = proving.prove(_read_key(data, notes), notes)
    return KeyFile(DROPBEAR.name, "private", (Entry(private.public, private),), tuple(notes))


def _read_key(data: bytes, notes: list[Note]) -> PrivateKey:
    reader = WireReader(data, notes=notes, amends=amends.current())
    algorithm = reader.name("algorithm name")
    if algorithm not in _ALGORITHMS:
        raise UnsupportedError(f"Dropbear files of type {as_name(algorithm)} are not known")
    private: PrivateKey
    if algorithm == Ed25519PublicKey.algorithm:
        private = _read_ed25519(reader)
    else:
        public = public_blob.read_fields(algorithm, reader)
        if not reader.remaining:
            raise TruncatedError("the file ends after its public half")
        match public:
            case RsaPublicKey():
                private = _read_rsa(public, reader, notes)
            case DsaPublicKey():
                private = DsaPrivateKey(public, reader.mpint("DSA private number x"))
            case EcdsaPublicKey():
                private = EcdsaPrivateKey(public, reader.mpint("private scalar"))
            case _:
                raise AssertionError("every algorithm of the format is above")
    reader.finish("the private half")
    return private


def _read_ed25519(reader: WireReader) -> Ed25519PrivateKey:
    both = reader.string("seed and public point")
    if len(both) == _SEED:
        raise TruncatedError("the file holds the public point alone")
    if len(both) != 2 * _SEED:
        raise MalformedError(f"seed and public point have {len(both)} bytes instead of {2 * _SEED}")
    return Ed25519PrivateKey(Ed25519PublicKey(both[_SEED:]), both[:_SEED])


def _read_rsa(public: RsaPublicKey, reader: WireReader, notes: list[Note]) -> RsaPrivateKey:
    d = reader.mpint("RSA exponent d")
    if reader.remaining:
        p = reader.mpint("RSA prime p")
        q = reader.mpint("RSA prime q")
    else:
        proving.check_public(public)
        p, q = recover_primes(public.n, public.e, d)
        notes.append(
            Note(
                "noncanonical",
                "the file holds no RSA primes, as an old one does; they are computed from n, e and d",
            )
        )
    return RsaPrivateKey(public, d=d, p=p, q=q, iqmp=coefficient(p, q))


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(entries: tuple[Entry, ...], options: WriteOptions) -> bytes:
    (entry,) = entries
    match entry.private:
        case RsaPrivateKey(public=public) as key:
            return public_blob.write(public) + b"".join(map(encode.mpint, (key.d, key.p, key.q)))
        case DsaPrivateKey(public=public) as key:
            return public_blob.write(public) + encode.mpint(key.x)
        case EcdsaPrivateKey(public=public) as key:
            return public_blob.write(public) + encode.mpint(key.d)
        case Ed25519PrivateKey(public=public) as key:
            return encode.name(public.algorithm) + encode.string(key.seed + public.point)
        case _:
            raise AssertionError("the plan refuses what the format cannot hold, and a writer is given unlocked keys")


DROPBEAR = Format(
    name="dropbear",
    title="Dropbear private key",
    source="none published; dropbearkey and dropbearconvert 2022.83",
    can=Capabilities(private=True, families=frozenset({"rsa", "dsa", "ecdsa", "ed25519"})),
    sniff=_sniff,
    read=_read,
    write=_write,
)
