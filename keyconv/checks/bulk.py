"""Lines that nothing can be said against, told in bulk: a usual key in its usual form, alone or after hosts.

Nearly all lines of long files are such lines, and read like this they cost a quarter of what the rules take for each.
Which rules are asked about such a line, their records say. Whatever is not found sound here, for whatever reason, is
checked by the rules.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256

from keyconv import limits
from keyconv.checks.model import UsualKey, UsualTest
from keyconv.codec.key_line import usual_modulus
from keyconv.keys import CURVES
from keyconv.proof import points
from keyconv.text.rows import Row
from keyconv.wire import encode

__all__ = ["USUAL_FAMILIES", "find_sound"]

USUAL_FAMILIES = ("ed25519", "ecdsa", "rsa")
"""Families of the keys that usual lines hold, in the order of their patterns."""

_COMMENT = rb"(?: [!-~](?:[ -~]*[!-~])?)?\Z"
_BLOB = (
    rb"(?:ssh-ed25519 (AAAAC3NzaC1lZDI1NTE5AAAAI[A-P][A-Za-z0-9+/]{42})"
    rb"|ecdsa-sha2-nistp256 (AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAI[A-Za-z0-9+/]{103}=)"
    rb"|ssh-rsa (AAAAB3NzaC1yc2EAAAADAQABA[A-Za-z0-9+/]{150,2800}={0,2}))"
)
"""Ed25519, ECDSA P-256 and RSA with the exponent 65537: the beginnings of their blobs, in base64."""

_HASHED = rb"\|1\|[A-Za-z0-9+/]{27}=\|[A-Za-z0-9+/]{27}="
_PORT = rb"(?:(?!22[, ])[1-9][0-9]{0,3}|[1-5][0-9]{4})"
_BYTE = rb"(?:[1-9][0-9]{0,2}|0)"
_PLAIN = rb"(?:[A-Za-z][A-Za-z0-9._%-]*|" + _BYTE + rb"(?:\." + _BYTE + rb"){3}|[0-9]+[A-Za-z][A-Za-z0-9._%-]*)"
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


def find_sound(rows: Iterable[Row], *, on_hosts: bool, tests: Mapping[str, Iterable[UsualTest]]) -> dict[int, UsualKey]:
    """Find those lines, by their numbers, on whose keys no rule has anything to say as long as each is the only one.

    `tests` are those of the rules that may speak on a usual line, by the family of its key.
    """
    pattern, first = (_HOST_LINE, 2) if on_hosts else (_KEY_LINE, 1)
    found: dict[int, UsualKey] = {}
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
        blob, large, family = binascii.a2b_base64(encoded), 0, USUAL_FAMILIES[group - first]
        if family == "ed25519":  # its length leaves no bits over
            ed25519[number] = blob[_ED25519_POINT:]
        elif binascii.b2a_base64(blob, newline=False) != encoded:
            continue
        elif family == "ecdsa":
            if not _is_on_p256(blob):
                continue
        else:
            large = usual_modulus(blob)
            if not large:
                continue
        key = UsualKey(family, sha256(blob).digest(), large, match[1] if on_hosts else b"")
        for test in tests[family]:
            if test(key):
                break
        else:
            found[number] = key
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
