"""OpenSSH certificate blobs.

Source: OpenSSH PROTOCOL.certkeys; `sk-` certificates: PROTOCOL.u2f.
"""

from __future__ import annotations

from keyconv.codec import public_blob
from keyconv.errors import MalformedError, UnsupportedError
from keyconv.keys import MLDSA_NAMES, Certificate, PublicKey
from keyconv.notes import Note
from keyconv.text.quoting import as_name
from keyconv.wire.reader import WireReader

__all__ = ["SUFFIX", "is_certificate", "plain_algorithm", "read", "read_any"]

SUFFIX = "-cert-v01@openssh.com"
_IRREGULAR = {
    "ssh-mldsa44-ed25519-cert": MLDSA_NAMES[0],
    f"ssh-mldsa44-ed25519{SUFFIX}": MLDSA_NAMES[1],
    f"sk-ecdsa-sha2-nistp256{SUFFIX}": "sk-ecdsa-sha2-nistp256@openssh.com",
    f"sk-ssh-ed25519{SUFFIX}": "sk-ssh-ed25519@openssh.com",
}
"""Certificate names that are not the plain key's name and the suffix."""


def is_certificate(algorithm: str) -> bool:
    """Return whether an algorithm name is a certificate's."""
    return algorithm.endswith(SUFFIX) or algorithm in _IRREGULAR


def plain_algorithm(algorithm: str) -> str:
    """Return the plain key's algorithm for a certificate's: `ssh-rsa` for `ssh-rsa-cert-v01@openssh.com`."""
    return _IRREGULAR.get(algorithm) or algorithm.removesuffix(SUFFIX)


def read_any(
    blob: bytes, notes: list[Note] | None = None, amends: list[Note] | None = None
) -> tuple[PublicKey, Certificate | None]:
    """Read a blob that may be a plain key's or a certificate's: the plain key, and the certificate if it is one.

    A certificate of an unknown algorithm gives an opaque key, as any unknown algorithm does.
    """
    algorithm = WireReader(blob).name("algorithm name")
    if is_certificate(algorithm) and public_blob.knows(_canonical(algorithm)):
        certificate = read(blob, notes)
        return certificate.key, certificate
    return public_blob.read(blob, notes, amends), None


def read(blob: bytes, notes: list[Note] | None = None) -> Certificate:
    """Read a whole certificate blob; its signature is kept, not verified.

    Options out of order, which OpenSSH reads although its document forbids them, are noted, or refused without `notes`.

    Raises: MalformedError; UnsupportedError for an algorithm that has no certificates here.
    """
    reader = WireReader(blob)
    algorithm = reader.name("algorithm name")
    plain = _canonical(algorithm)
    if not is_certificate(algorithm) or not public_blob.knows(plain):
        raise UnsupportedError(f"no certificates of type {as_name(algorithm)} are known")
    nonce = reader.string("nonce")
    key = public_blob.read_fields(plain, reader)
    serial = reader.uint64("serial")
    role = reader.uint32("certificate type")
    if role not in (1, 2):
        raise MalformedError(f"the certificate type is {role}, where 1 is a user's and 2 is a host's")
    key_id = reader.string("key id")
    principals = _read_principals(reader.string("valid principals"))
    valid_after = reader.uint64("valid after")
    valid_before = reader.uint64("valid before")
    critical_options = _read_options(reader.string("critical options"), "critical option", notes)
    extensions = _read_options(reader.string("extensions"), "extension", notes)
    reserved = reader.string("reserved")
    ca_blob = reader.string("signature key")
    if is_certificate(WireReader(ca_blob).name("signature key's algorithm name")):
        raise MalformedError("the signature key of the certificate is itself a certificate")
    signature = reader.string("signature")
    reader.finish("the certificate's signature")
    return Certificate(
        blob=blob,
        algorithm=algorithm,
        nonce=nonce,
        key=key,
        serial=serial,
        role=role,
        key_id=key_id,
        principals=principals,
        valid_after=valid_after,
        valid_before=valid_before,
        critical_options=critical_options,
        extensions=extensions,
        reserved=reserved,
        ca_key=public_blob.read(ca_blob),
        signature=signature,
    )


def _canonical(algorithm: str) -> str:
    plain = plain_algorithm(algorithm)
    return "ssh-rsa" if plain in public_blob.RSA_ALIASES else plain


def _read_principals(data: bytes) -> tuple[bytes, ...]:
    reader = WireReader(data)
    principals = []
    while reader.remaining:
        principals.append(reader.string("principal"))
    return tuple(principals)


def _read_options(data: bytes, what: str, notes: list[Note] | None) -> tuple[tuple[bytes, bytes], ...]:
    reader = WireReader(data)
    options: list[tuple[bytes, bytes]] = []
    while reader.remaining:
        options.append((reader.string(f"{what} name"), reader.string(f"{what} data")))
    names = [name for name, _ in options]
    twice = len(set(names)) != len(names)
    if twice and (notes is None or what != "extension"):  # OpenSSH reads an extension twice
        raise MalformedError(f"a {what} of the certificate is there twice")
    if twice and notes is not None:
        notes.append(Note("noncanonical", f"an {what} of the certificate is there twice", harmless=True))
    if names != sorted(names):
        if notes is None:
            raise MalformedError(f"the {what}s of the certificate are not in order")
        notes.append(Note("noncanonical", f"the {what}s of the certificate are not in order", harmless=True))
    return tuple(options)
