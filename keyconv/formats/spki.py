"""Public keys as X.509 and OpenSSL write them: SubjectPublicKeyInfo.

Source: RFC 5280 section 4.1.2.7; the frame: RFC 7468 section 13.
"""

from __future__ import annotations

from functools import partial

from keyconv.codec import der_file, der_public
from keyconv.codec.der_file import Kind
from keyconv.errors import KeyconvError, MisfitError
from keyconv.formats.base import Capabilities, Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile
from keyconv.keys import DsaPublicKey, PublicKey
from keyconv.notes import Note
from keyconv.proof import proving
from keyconv.proof.points import PointError
from keyconv.text import pem

__all__ = ["SPKI"]

_LABEL = "PUBLIC KEY"
_LABELS: dict[str, Kind] = {_LABEL: "spki"}


def _sniff(data: bytes) -> bool:
    return der_file.sniff(data, _LABELS)


def _read(data: bytes) -> KeyFile:
    try:
        notes: list[Note] = []
        _, contents = der_file.read(data, _LABELS, notes)
        public = der_file.read_strictly_first(partial(_read_key, contents), notes)
    except KeyconvError as error:
        if isinstance(error, PointError):
            error.rule = "weak-point"
        raise error.of_format("spki") from None
    return KeyFile(SPKI.name, "public", (Entry(public),), tuple(notes))


def _read_key(contents: bytes, notes: list[Note], lenient: bool) -> PublicKey:
    public = der_public.read_spki(contents, notes, lenient=lenient)
    proving.check_public(public)
    if lenient and isinstance(public, DsaPublicKey):
        proving.check_group(public)  # its numbers may lack their sign byte
    return public


def _write(entries: tuple[Entry, ...], options: WriteOptions) -> bytes:
    (entry,) = entries
    if entry.public is None:
        raise MisfitError("the public half is not known until the private one is unlocked")
    return pem.write(_LABEL, der_public.write_spki(entry.public), end=options.line_end)


SPKI = Format(
    name="spki",
    title="public key in X.509's SubjectPublicKeyInfo",
    source="RFC 5280 section 4.1.2.7, RFC 7468 section 13",
    can=Capabilities(private=False, families=frozenset({"rsa", "dsa", "ecdsa", "ed25519", "ed448"})),
    sniff=_sniff,
    read=_read,
    write=_write,
    suffix=".pub.pem",
)
