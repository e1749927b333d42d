"""OpenSSH key revocation lists, and the lists of public keys that sshd's `RevokedKeys` takes in their place.

Nothing is ever expanded: a range of serials is its two ends, a bitmap is its number. A list that ssh-keygen or sshd
would not load is refused: sshd then lets nobody in.

Source: OpenSSH's PROTOCOL.krl; where it is silent, krl.c and authfile.c (sshkey_check_revoked) of OpenSSH 9.2 and 10.6.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha1, sha256
from typing import Any

from keyconv import limits
from keyconv.codec import certificate as certificates
from keyconv.codec import public_blob
from keyconv.codec.key_line import BLANKS, in_line, is_empty, read_key
from keyconv.crypto import fingerprint
from keyconv.errors import KeyconvError, LimitError, MalformedError, UnsupportedError
from keyconv.keys import Certificate, PublicKey
from keyconv.notes import Note
from keyconv.proof import signatures
from keyconv.statements.model import Statement
from keyconv.wire.reader import WireReader

__all__ = ["MAGIC", "Authority", "RevocationList", "Signature", "read", "read_any"]

MAGIC = b"SSHKRL\n\0"
_FORMAT_VERSION = 1
_CERTIFICATES, _KEYS, _SHA1, _SIGNATURE, _SHA256, _EXTENSION = 1, 2, 3, 4, 5, 255
_SERIALS, _RANGE, _BITMAP, _KEY_IDS, _CERT_EXTENSION = 0x20, 0x21, 0x22, 0x23, 0x39
_NAMES = {
    _CERTIFICATES: "certificates",
    _KEYS: "keys",
    _SHA1: "sha1",
    _SIGNATURE: "signature",
    _SHA256: "sha256",
    _EXTENSION: "extension",
}
_HASH_BYTES = {_SHA1: 20, _SHA256: 32}
_LAST_SERIAL = 2**64 - 1
_SHOWN = 100
"""Ranges and key ids of one authority that are described: the counts are of all."""


@dataclass(slots=True)
class Authority:
    """What is revoked of one authority's certificates; `key` None stands for every authority.

    `ranges` are serials from first to last, both included, in order and apart; `bitmaps` are numbers whose bit n stands
    for the serial `offset` + n.
    """

    key: PublicKey | None
    ranges: list[tuple[int, int]] = field(default_factory=list)
    bitmaps: list[tuple[int, int]] = field(default_factory=list)
    key_ids: set[bytes] = field(default_factory=set)
    extensions: list[bytes] = field(default_factory=list)

    def has_serial(self, serial: int) -> bool:
        """Return whether a serial is revoked. That of 0 never is: it is what a certificate without a serial has."""
        if not serial:
            return False
        index = bisect_right(self.ranges, (serial, _LAST_SERIAL)) - 1
        if index >= 0 and self.ranges[index][0] <= serial <= self.ranges[index][1]:
            return True
        return any(serial >= offset and bits >> (serial - offset) & 1 for offset, bits in self.bitmaps)

    def tidy(self) -> None:
        """Put the ranges in order, and those together that touch."""
        joined: list[tuple[int, int]] = []
        for first, last in sorted(self.ranges):
            if joined and first <= joined[-1][1] + 1:
                joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
            else:
                joined.append((first, last))
        self.ranges = joined


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature of a list: `valid` is None where it could not be judged."""

    key: PublicKey
    valid: bool | None
    reason: str = ""


@dataclass
class RevocationList(Statement):
    """A list that was read: its header; what is revoked, by each way of naming it; `sections` as they stand.

    `keys` are blobs of plain keys, `hashes` the SHA-1 and SHA-256 digests of such blobs. `is_text` says that it is a
    list of public keys instead of a KRL.
    """

    number: int = 0
    generated: int = 0
    flags: int = 0
    comment: bytes = b""
    is_text: bool = False
    keys: set[bytes] = field(default_factory=set)
    sha1: set[bytes] = field(default_factory=set)
    sha256: set[bytes] = field(default_factory=set)
    authorities: list[Authority] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)
    extensions: list[bytes] = field(default_factory=list)
    sections: list[int] = field(default_factory=list)

    name = "krl"

    @property
    def verb(self) -> str:
        """What `keyconv match` says of a key that is on the list."""
        return "revoked"

    @property
    def denial(self) -> str:
        """What `keyconv match` says of any other."""
        return "not revoked"

    def applies_to(self, public: PublicKey, certificate: Certificate | None) -> str:
        """Say how a key or a certificate is revoked; an empty string where it is not."""
        return self.revokes_key(public) or (self.revokes_certificate(certificate) if certificate is not None else "")

    def revokes_key(self, public: PublicKey) -> str:
        """Say how a key is revoked, wherever it stands; an empty string where it is not."""
        blob = public_blob.write(public)
        if blob in self.keys:
            return "the key"
        if self.sha256 and sha256(blob).digest() in self.sha256:
            return "its SHA256 hash"
        if self.sha1 and sha1(blob, usedforsecurity=False).digest() in self.sha1:
            return "its SHA1 hash"
        return ""

    def revokes_certificate(self, certificate: Certificate) -> str:
        """Say how a certificate is revoked apart from its key: by its id, its serial, or its authority's key."""
        for authority in self.authorities:
            if authority.key is not None and authority.key != certificate.ca_key:
                continue
            if certificate.key_id in authority.key_ids:
                return "its key id"
            if authority.has_serial(certificate.serial):
                return f"its serial {certificate.serial}"
        how = self.revokes_key(certificate.ca_key)
        return f"{how.replace('its', 'the')} of its authority" if how else ""

    def may_revoke(self, digest: bytes) -> bool:
        """Return, by the SHA-256 digest of its blob, whether the list may name a plain key: quick, and never wrongly
        no.
        """
        return bool(self.sha1) or digest in self._digests

    @cached_property
    def _digests(self) -> frozenset[bytes]:
        return frozenset((*self.sha256, *(sha256(blob).digest() for blob in self.keys)))

    def describe(self) -> dict[str, Any]:
        """Return version, number, times in seconds since 1970, comment, sections and counts; ids and ranges in part."""
        return {
            "version": None if self.is_text else _FORMAT_VERSION,
            "number": self.number,
            "generated": self.generated,
            "comment": self.comment.decode("utf-8", "backslashreplace"),
            "sections": [_NAMES[each] for each in self.sections],
            "counts": {
                "keys": len(self.keys),
                "sha1": len(self.sha1),
                "sha256": len(self.sha256),
                "serials": sum(sum(_sizes(each)) for each in self.authorities),
                "key_ids": sum(len(each.key_ids) for each in self.authorities),
            },
            "certificates": [_describe(each) for each in self.authorities],
            "signatures": [
                {**_key(each.key), "valid": each.valid, "reason": each.reason or None} for each in self.signatures
            ],
            "extensions": [each.decode("utf-8", "backslashreplace") for each in self.extensions],
        }


def _sizes(authority: Authority) -> Iterator[int]:
    yield from (last - first + 1 for first, last in authority.ranges)
    yield from (bits.bit_count() for _, bits in authority.bitmaps)


def _key(public: PublicKey) -> dict[str, Any]:
    return {"type": public.algorithm, "fingerprint": fingerprint.sha256(public_blob.write(public))}


def _describe(authority: Authority) -> dict[str, Any]:
    return {
        "ca": _key(authority.key) if authority.key is not None else None,
        "serials": sum(_sizes(authority)),
        "ranges": [list(each) for each in authority.ranges[:_SHOWN]],
        "bitmaps": [{"from": offset, "serials": bits.bit_count()} for offset, bits in authority.bitmaps[:_SHOWN]],
        "key_ids": [each.decode("utf-8", "backslashreplace") for each in sorted(authority.key_ids)[:_SHOWN]],
        "extensions": [each.decode("utf-8", "backslashreplace") for each in authority.extensions],
    }


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_any(data: bytes) -> RevocationList:
    """Read what sshd's `RevokedKeys` takes: a KRL, or a list of public keys, one a line and without options.

    Raises: MalformedError and the errors of `read`; of a line, also those of its key.
    """
    return read(data) if data.startswith(MAGIC) else _read_text(data)


def read(data: bytes) -> RevocationList:
    """Read a KRL; its signatures are verified.

    Raises: MalformedError; UnsupportedError for another version, and for what is critical and unknown; LimitError.
    """
    if len(data) > limits.MAX_KRL:
        raise LimitError(f"larger than {limits.size(limits.MAX_KRL)}, which no revocation list is")
    reader = WireReader(data, notes=[])
    if reader.fixed("magic", len(MAGIC)) != MAGIC:
        raise MalformedError("the file does not begin as a revocation list does")
    version = reader.uint32("format version")
    if version != _FORMAT_VERSION:
        raise UnsupportedError(f"a revocation list of format version {version}; only {_FORMAT_VERSION} is known")
    found = RevocationList(reader.uint64("number"), reader.uint64("generated date"), reader.uint64("flags"))
    reader.string("reserved")
    found.comment = reader.string("comment")
    _Body(found, data).read(reader)
    return found


class _Body:
    """The sections of a list while they are read; `left` counts down what there may be in all of them."""

    def __init__(self, found: RevocationList, data: bytes) -> None:
        self._found = found
        self._data = data
        self._left = limits.MAX_KRL_PARTS
        self._by_authority: dict[bytes, Authority] = {}

    def read(self, reader: WireReader) -> None:
        found = self._found
        while reader.remaining:
            self._count()
            kind = reader.byte("section type")
            if found.signatures and kind != _SIGNATURE:
                raise MalformedError("a section stands after the signature")
            section = WireReader(reader.string("section"), notes=[])
            found.sections.append(kind)
            if kind == _CERTIFICATES:
                self._read_certificates(section)
            elif kind == _KEYS:
                self._read_strings(section, found.keys, "revoked key")
            elif kind in _HASH_BYTES:
                hashes = found.sha1 if kind == _SHA1 else found.sha256
                self._read_strings(section, hashes, "hash of a key", _HASH_BYTES[kind])
            elif kind == _EXTENSION:
                found.extensions.append(_read_extension(section))
            elif kind == _SIGNATURE:
                self._read_signature(section, reader)
            else:
                raise UnsupportedError(f"a section of type {kind}, which no revocation list is known to have")
        for authority in found.authorities:
            authority.tidy()

    def _count(self, number: int = 1) -> None:
        self._left -= number
        if self._left < 0:
            raise LimitError(f"more than {limits.MAX_KRL_PARTS} parts, which no revocation list has")

    def _read_strings(self, section: WireReader, into: set[bytes], what: str, length: int = 0) -> None:
        while section.remaining:
            self._count()
            value = section.string(what)
            if length and len(value) != length:
                raise MalformedError(f"a {what} has {len(value)} bytes instead of {length}")
            into.add(value)

    def _read_certificates(self, section: WireReader) -> None:
        blob = section.string("authority's key")
        section.string("reserved")
        if blob not in self._by_authority:
            authority = Authority(_read_plain(blob) if blob else None)
            self._by_authority[blob] = authority
            self._found.authorities.append(authority)
        authority = self._by_authority[blob]
        while section.remaining:
            self._count()
            kind = section.byte("certificate section type")
            part = WireReader(section.string("certificate section"), notes=[])
            if kind == _SERIALS:
                self._count(part.remaining // 8)
                while part.remaining:
                    serial = part.uint64("serial")
                    _add_range(authority, serial, serial)
            elif kind == _RANGE:
                _add_range(authority, part.uint64("first serial"), part.uint64("last serial"))
            elif kind == _BITMAP:
                _add_bitmap(authority, part.uint64("serial offset"), part.mpint("bitmap of serials"))
            elif kind == _KEY_IDS:
                self._read_strings(part, authority.key_ids, "key id")
            elif kind == _CERT_EXTENSION:
                authority.extensions.append(_read_extension(part))
            else:
                raise UnsupportedError(f"a certificate section of type {kind:#x}, which is unknown")
            part.finish("a certificate section")

    def _read_signature(self, section: WireReader, reader: WireReader) -> None:
        # The section is the key alone; the signature, over all that is before it, is a string after the section.
        key = _read_plain(section.rest())
        signed = self._data[: reader.position]
        signature = reader.string("signature")
        if len(self._found.signatures) >= _MOST_SIGNATURES:
            raise LimitError(f"more than {_MOST_SIGNATURES} signatures, which no revocation list has")
        try:
            valid = signatures.verify(key, signed, signature)
        except UnsupportedError as error:
            self._found.signatures.append(Signature(key, None, error.message))
        except KeyconvError as error:
            self._found.signatures.append(Signature(key, False, error.message))
        else:
            self._found.signatures.append(Signature(key, valid, "" if valid else "it is not this key's for this list"))


_MOST_SIGNATURES = 16


def _add_range(authority: Authority, first: int, last: int) -> None:
    if first == 0 or last < first:
        raise MalformedError(f"the serials {first} to {last} are no range: OpenSSH loads no such list")
    authority.ranges.append((first, last))


def _add_bitmap(authority: Authority, offset: int, bits: int) -> None:
    if offset + bits.bit_length() > _LAST_SERIAL + 1 or (not offset and bits & 1):
        raise MalformedError(f"a bitmap from {offset} on has serials that there are not: OpenSSH loads no such list")
    authority.bitmaps.append((offset, bits))


def _read_extension(reader: WireReader) -> bytes:
    name = reader.string("extension name")
    critical = reader.byte("extension's criticality")
    reader.string("extension contents")
    reader.finish("the extension")
    if critical:
        raise UnsupportedError("an extension that must be understood, and is unknown")
    return name


def _read_plain(blob: bytes) -> PublicKey:
    if certificates.is_certificate(WireReader(blob).name("algorithm name of a key")):
        raise MalformedError("a certificate stands where a plain key belongs")
    return public_blob.read(blob, [])


def _read_text(data: bytes) -> RevocationList:
    found = RevocationList(is_text=True)
    for number, row in enumerate(data.split(b"\n"), 1):
        text = row.removesuffix(b"\r").lstrip(BLANKS)
        notes: list[Note] = []
        try:
            if not is_empty(text):
                found.keys.add(public_blob.write(read_key(text, notes)[0]))
        except KeyconvError as error:
            raise in_line(error, number) from None
    return found
