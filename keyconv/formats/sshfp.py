"""SSHFP records for DNS: a hash of the public key, so that a client can judge a host's key. Written, never read.

Each key gives two records, SHA-1 and SHA-256, as `ssh-keygen -r @` prints them. Their owner is `@`, the origin of the
zone: put the host's name in its place where the host is not the zone.

Source: RFC 4255 section 3, RFC 6594 (ECDSA, SHA-256), RFC 7479 (Ed25519), RFC 8709 section 8 (Ed448).
"""

from __future__ import annotations

from hashlib import sha1, sha256
from typing import NoReturn

from keyconv.codec import public_blob
from keyconv.codec.sshfp import ALGORITHMS
from keyconv.errors import MisfitError, UnsupportedError
from keyconv.formats.base import Capabilities, Format, WriteOptions
from keyconv.keyfile import Entry

__all__ = ["SSHFP"]

_OWNER = b"@"

_SHA1 = 1
_SHA256 = 2


def _sniff(data: bytes) -> bool:
    return False


def _read(data: bytes) -> NoReturn:
    raise UnsupportedError("sshfp holds only hashes of a key, not the key")


def _write(entries: tuple[Entry, ...], options: WriteOptions) -> bytes:
    return b"".join(line + options.line_end for entry in entries for line in _write_records(entry))


def _write_records(entry: Entry) -> list[bytes]:
    if entry.public is None:
        raise MisfitError("the public half is not known until the private one is unlocked")
    blob = public_blob.write(entry.public)
    number = ALGORITHMS[entry.public.family]
    hashes = ((_SHA1, sha1(blob, usedforsecurity=False)), (_SHA256, sha256(blob)))
    return [
        b"%s IN SSHFP %d %d %s" % (_OWNER, number, kind, digest.hexdigest().encode("ascii")) for kind, digest in hashes
    ]


SSHFP = Format(
    name="sshfp",
    title="SSHFP records for DNS",
    source="RFC 4255, RFC 6594, RFC 7479, RFC 8709",
    can=Capabilities(private=False, families=frozenset(ALGORITHMS), many=True, readable=False),
    sniff=_sniff,
    read=_read,
    write=_write,
    suffix=".sshfp",
)
