"""RSA public keys in PKCS#1's own form, which names no algorithm.

Source: RFC 8017 appendix A.1.1; the label is OpenSSL's.
"""

from __future__ import annotations

from functools import partial

from keyconv.codec import der_file, der_public
from keyconv.codec.der_file import Kind
from keyconv.errors import KeyconvError, MisfitError
from keyconv.formats.base import Capabilities, Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile
from keyconv.keys import RsaPublicKey
from keyconv.notes import Note
from keyconv.proof import proving
from keyconv.text import pem

__all__ = ["PKCS1_PUB"]

_LABEL = "RSA PUBLIC KEY"
_LABELS: dict[str, Kind] = {_LABEL: "pkcs1-pub"}


def _sniff(data: bytes) -> bool:
    return der_file.sniff(data, _LABELS)


def _read(data: bytes) -> KeyFile:
    try:
        notes: list[Note] = []
        _, contents = der_file.read(data, _LABELS, notes)
        public = der_file.read_strictly_first(partial(_read_key, contents), notes)
    except KeyconvError as error:
        raise error.of_format("pkcs1-pub") from None
    return KeyFile(PKCS1_PUB.name, "public", (Entry(public),), tuple(notes))


def _read_key(contents: bytes, notes: list[Note], lenient: bool) -> RsaPublicKey:
    public = der_public.read_pkcs1(contents, notes, lenient=lenient)
    proving.check_public(public)
    return public


def _write(entries: tuple[Entry, ...], options: WriteOptions) -> bytes:
    (entry,) = entries
    if entry.public is None:
        raise MisfitError("the public half is not known until the private one is unlocked")
    if not isinstance(entry.public, RsaPublicKey):
        raise AssertionError("the plan refuses what PKCS#1 cannot hold")
    return pem.write(_LABEL, der_public.write_pkcs1(entry.public), end=options.line_end)


PKCS1_PUB = Format(
    name="pkcs1-pub",
    title="RSA public key in PKCS#1",
    source="RFC 8017 appendix A.1.1",
    can=Capabilities(private=False, families=frozenset({"rsa"})),
    sniff=_sniff,
    read=_read,
    write=_write,
    suffix=".pub.pem",
)
