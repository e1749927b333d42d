"""The keys and certificates that the placeholders of a row stand for.

- `{ed25519}`: a public key, type and base64; `{ed25519.type}` and `{ed25519.blob}`: one of them. KEYS has the names.
- `{cert ARGUMENTS}`: a certificate for the Ed25519 key, by `{ca}`, for the user who logs in, valid for ever. Arguments:
  `of=KEY ca=AUTHORITY role=NUMBER serial=NUMBER id=TEXT principals=A,B after=WHEN before=WHEN critical=NAME[:VALUE]
  extension=NAME[:VALUE] critical-raw=NAME:HEX forged cut=BYTES`; WHEN is YYYYMMDD or seconds. `principals=` gives none.
- `{me}`: the name of the user who logs in; so is `me` among a certificate's principals.
- `{hash NAME}`: a hashed host; `{pad N}`: N times x; `{to N}`: as many x as make the line N bytes long.
- `{end}`: no line end here; otherwise the last line gets one.
"""

from __future__ import annotations

import base64
import getpass
import hashlib
import hmac
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import made_certificates as made
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fixture_files import by_path, sample
from forged_files import string
from made_certificates import CAS, FOREVER, Ca

from keyconv.codec import public_blob

__all__ = ["AUTHORITIES", "FIXTURES", "KEYS", "blob", "certificate", "expand", "me", "signer"]

FIXTURES = {
    "ed25519": "openssh/ed25519-plain",
    "rsa2048": "openssh/rsa2048-plain",
    "rsa3072": "openssh/rsa3072-plain",
    "dsa1024": "openssh/dsa1024-plain",
    "ecdsa-p256": "openssh/ecdsa-p256-plain",
    "ecdsa-p384": "openssh/ecdsa-p384-plain",
    "ecdsa-p521": "openssh/ecdsa-p521-plain",
    "ed448": "openssh/ed448-puttygen-plain",
    "mldsa44-ed25519": "openssh/mldsa44-ed25519-plain",
}
"""The keys that have a file among the fixtures."""

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


_PRIMES_OF_384_BITS = (
    0xD0FF00565AED7B0F3E609A559D1A4370B4AD00D9B9D98608E9C6F0E6A44EB6ECBBCDDBA00C16603B10E0421490157E63,
    0xEDEC8E870A050E37C5545281BFE313F26F88F16BE8D50E0BD67407B5A891B412CC3F6CF907ACD0ACF07B98A06DCA4E21,
)
"""Throw-away, by `openssl prime -generate -bits 384`: no library makes a key of 768 bits any more."""


@cache
def _rsa1024() -> Ca:
    return _signing_rsa(rsa.generate_private_key(65537, 1024))


@cache
def _rsa768() -> Ca:
    p, q = _PRIMES_OF_384_BITS
    return replace(_rsa1024(), blob=_rsa_blob(65537, p * q))  # the signature is never looked at


def _signing_rsa(key: rsa.RSAPrivateKey) -> Ca:
    numbers = key.public_key().public_numbers()

    def sign(message: bytes) -> bytes:
        return string(key.sign(message, padding.PKCS1v15(), hashes.SHA512()))

    return Ca(b"rsa-sha2-512", _rsa_blob(numbers.e, numbers.n), sign)


def _rsa_blob(e: int, n: int) -> bytes:
    return string(b"ssh-rsa") + string(_mpint(e)) + string(_mpint(n))


def _mpint(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _of_nested() -> Ca:
    inner = certificate([])
    signing = CAS["ssh-ed25519"]()
    return Ca(b"ssh-ed25519", inner, signing.sign)


AUTHORITIES: dict[str, Callable[[], Ca]] = {
    "ca": CAS["ssh-ed25519"],
    "ca-rsa": CAS["rsa-sha2-512"],
    "ca-rsa-sha256": CAS["rsa-sha2-256"],
    "ca-rsa-sha1": CAS["ssh-rsa"],
    "ca-dsa": CAS["ssh-dss"],
    "ca-p256": CAS["ecdsa-sha2-nistp256"],
    "ca-p384": CAS["ecdsa-sha2-nistp384"],
    "ca-p521": CAS["ecdsa-sha2-nistp521"],
    "ca-ed448": CAS["ssh-ed448"],
    "ca-sk-ed25519": CAS["sk-ssh-ed25519@openssh.com"],
    "ca-sk-ecdsa": CAS["sk-ecdsa-sha2-nistp256@openssh.com"],
    "ca-rsa1024": _rsa1024,
    "ca-nested": _of_nested,
    "ca-unknown": made.of_unknown_type,
}
"""Who may sign a certificate, each by one algorithm."""

_SOFTWARE: dict[str, Callable[[], Ca]] = {
    "sk-ed25519": CAS["sk-ssh-ed25519@openssh.com"],
    "sk-ecdsa": CAS["sk-ecdsa-sha2-nistp256@openssh.com"],
    "dsa1024": CAS["ssh-dss"],
    "rsa1024": _rsa1024,
    "rsa768": _rsa768,
    "unknown": made.of_unknown_type,
    "ed25519": lambda: _ed25519("openssh/ed25519-plain"),
}

KEYS = (*FIXTURES, *(name for name in _SOFTWARE if name not in FIXTURES), *AUTHORITIES)
"""Every name of a key."""


def _ed25519(path: str) -> Ca:
    key = sample(path).private.to_cryptography()  # type: ignore[union-attr]
    assert isinstance(key, Ed25519PrivateKey)
    return Ca(b"ssh-ed25519", blob("ed25519"), lambda message: string(key.sign(message)))


def me() -> str:
    """Return the name of the user who logs in."""
    return getpass.getuser()


def signer(name: str) -> Ca:
    """Return a key that signs in this process, for what ssh would not send."""
    return _SOFTWARE[name]()


def blob(name: str) -> bytes:
    """Return a public key's blob by its name."""
    if name in FIXTURES:
        public = sample(FIXTURES[name]).public
        assert public is not None
        return public_blob.write(public)
    return (AUTHORITIES.get(name) or _SOFTWARE[name])().blob


def expand(text: str) -> bytes:
    """Return a row's input as a file."""
    lines = [_line(line) for line in text.split("\n")]
    data = "\n".join(lines).encode("utf-8", "surrogateescape")
    return data[: -len("{end}")] if data.endswith(b"{end}") else data + b"\n"


def certificate(arguments: list[str]) -> bytes:
    """Return a certificate's blob by the arguments of its placeholder."""
    options: dict[bool, list[tuple[bytes, bytes]]] = {True: [], False: []}
    given: dict[str, str] = {}
    for argument in arguments:
        name, _, value = argument.partition("=")
        if name in ("critical", "extension", "critical-raw"):
            option, colon, data = value.partition(":")
            held = bytes.fromhex(data) if name.endswith("raw") else string(data.encode()) if colon else b""
            options[name != "extension"].append((option.encode(), held))
        else:
            given[name] = value
    names = given.get("principals", "me")
    whole = made.make(
        AUTHORITIES[given.get("ca", "ca")](),
        subject=FIXTURES[given.get("of", "ed25519")],
        role=int(given.get("role", "1")),
        serial=int(given.get("serial", "0")),
        key_id=given.get("id", "made").encode(),
        principals=[me().encode() if name == "me" else name.encode() for name in names.split(",")] if names else [],
        valid_after=_seconds(given.get("after", "0")),
        valid_before=_seconds(given["before"]) if "before" in given else FOREVER,
        critical=options[True],
        extensions=options[False],
        signature=string(b"ssh-ed25519") + string(bytes(64)) if "forged" in given else None,
    )
    return whole[: -int(given["cut"])] if "cut" in given else whole


def _seconds(when: str) -> int:
    if re.fullmatch(r"(19|20|21)\d{6}", when):
        return int(datetime.strptime(when, "%Y%m%d").replace(tzinfo=UTC).timestamp())
    return int(when)


def _line(line: str) -> str:
    text = _PLACEHOLDER.sub(_replacement, line)
    left = re.search(r"\{to (\d+)\}", text)
    if left is None:
        return text
    other = len(text.encode("utf-8", "surrogateescape")) - len(left[0])
    return text.replace(left[0], "x" * (int(left[1]) - other))


def _replacement(found: re.Match[str]) -> str:
    words = shlex.split(found[1])
    name, _, part = words[0].partition(".")
    match name:
        case "me":
            return me()
        case "pad":
            return "x" * int(words[1])
        case "hash":
            return _hashed(words[1])
        case "to" | "end":
            return found[0]
    whole = certificate(words[1:]) if name == "cert" else blob(name)
    length = int.from_bytes(whole[:4], "big")
    kind, body = whole[4 : 4 + length].decode(), base64.b64encode(whole).decode()
    return {"": f"{kind} {body}", "type": kind, "blob": body}[part]


def _hashed(host: str) -> str:
    salt = hashlib.sha1(b"salt").digest()
    digest = hmac.digest(salt, host.encode(), "sha1")
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


def private_file(name: str) -> bytes:
    """Return the file of a private key that ssh reads."""
    return by_path(FIXTURES[name]).data
