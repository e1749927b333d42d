"""Lines that nothing can be said against, told in bulk: a usual key in its usual form, alone or after hosts.

Nearly all lines of long files are such lines, and read like this they cost a quarter of what the rules take for each.
Whatever is not told here, for whatever reason, is judged by the rules.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from keyconv import limits
from keyconv.checks import modulus, published
from keyconv.codec.key_line import usual_modulus
from keyconv.crypto import points
from keyconv.keys import CURVES
from keyconv.text.rows import Row
from keyconv.wire import encode

__all__ = ["Sound", "find_sound"]

_COMMENT = rb"(?: [!-~](?:[ -~]*[!-~])?)?\Z"
_BLOB = (
    rb"(?:ssh-ed25519 (AAAAC3NzaC1lZDI1NTE5AAAAI[A-P][A-Za-z0-9+/]{42})"
    rb"|ecdsa-sha2-nistp256 (AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAI[A-Za-z0-9+/]{103}=)"
    rb"|ssh-rsa (AAAAB3NzaC1yc2EAAAADAQABA[A-Za-z0-9+/]{150,2800}={0,2}))"
)
"""Ed25519, ECDSA P-256 and RSA with the exponent 65537: the beginnings of their blobs, in base64."""

_HASHED = rb"\|1\|[A-Za-z0-9+/]{27}=\|[A-Za-z0-9+/]{27}="
_PORT = rb"(?:(?!22[, ])[1-9][0-9]{0,3}|[1-5][0-9]{4})"
_PLAIN = rb"(?!(?:[0-9]+\.)*0[0-9])[A-Za-z0-9][A-Za-z0-9._%-]*"
_NAME = rb"(?:" + _PLAIN + rb"|\[" + _PLAIN + rb"\]:" + _PORT + rb")"
"""A name or an IPv4 address, with a port in brackets perhaps: nothing that no host is looked up by."""
_HOSTS = rb"(" + _HASHED + rb"|" + _NAME + rb"(?:," + _NAME + rb")*) "
_KEY_LINE = re.compile(_BLOB + _COMMENT)
_HOST_LINE = re.compile(_HOSTS + _BLOB + _COMMENT)

_ED25519_POINT = len(encode.name("ssh-ed25519")) + 4
_P256 = CURVES["nistp256"]
_P256_BEGINS = encode.name("ecdsa-sha2-nistp256") + encode.name(_P256.name) + (65).to_bytes(4, "big") + b"\4"
_FEW = 64
"""Ed25519 points that are tested one by one: fewer of them than a test of many at once costs."""


class Sound(NamedTuple):
    """A line's hosts, as they stand there; its key: SHA-256 digest of the blob, and modulus if it is RSA's, or 0."""

    hosts: bytes
    digest: bytes
    modulus: int


def find_sound(rows: Iterable[Row], *, on_hosts: bool, rsa_bits: int | None) -> dict[int, Sound]:
    """Tell those lines, by their numbers, on whose keys no rule has anything to say as long as each is the only one.

    `rsa_bits` are the bits from which on an RSA key may pass here; None where none may.
    """
    pattern, first = (_HOST_LINE, 2) if on_hosts else (_KEY_LINE, 1)
    found: dict[int, Sound] = {}
    ed25519: dict[int, bytes] = {}
    for text, number, cut in rows:
        match = pattern.match(text)
        if match is None or cut or len(text) > limits.MAX_AUTHORIZED_KEYS_LINE:
            continue
        group = match.lastindex or 0
        if text.find(b"AAAA", match.end(group)) >= 0:
            continue  # perhaps another key, in the comment
        encoded = match[group]
        if len(encoded) % 4:
            continue
        blob, large = binascii.a2b_base64(encoded), 0
        if group == first:  # its length leaves no bits over
            ed25519[number] = blob[_ED25519_POINT:]
        elif binascii.b2a_base64(blob, newline=False) != encoded:
            continue
        elif group == first + 1:
            if not _is_on_p256(blob):
                continue
        else:
            large = usual_modulus(blob)
            if rsa_bits is None or large.bit_length() < rsa_bits or modulus.judge_quickly(large):
                continue
        digest = sha256(blob).digest()
        if not published.is_known(digest):
            found[number] = Sound(match[1] if on_hosts else b"", digest, large)
    for number in _unsound_points(ed25519):
        found.pop(number, None)
    return found


def _is_on_p256(blob: bytes) -> bool:
    if len(blob) != len(_P256_BEGINS) + 64 or not blob.startswith(_P256_BEGINS):
        return False
    x, y = int.from_bytes(blob[-64:-32], "big"), int.from_bytes(blob[-32:], "big")
    p = _P256.p
    return x < p and y < p and not (y * y - x * x * x + 3 * x - _P256.b) % p


def _unsound_points(encoded: dict[int, bytes]) -> list[int]:
    if len(encoded) > _FEW and points.are_all_ed25519(encoded.values()):
        return []
    return [number for number, point in encoded.items() if not points.are_all_ed25519((point,))]
