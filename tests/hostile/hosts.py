"""Hostile `known_hosts` files: hosts, markers, and lines that never end."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

from hostile.encodings import ED25519, public_line, rsa_pair
from hostile.model import Hostile, among, legal, refused
from hostile.numbers import RSA_FAULTS

__all__ = ["files"]

_LINE = ("bad-line", "corrupt", "not-a-key", "line-too-long", "odd-exponent")
_HASH = base64.b64encode(bytes(20))
_ONE = dict.fromkeys(("convert", "cert_attach", "cert_detach", "agent_add"), 2)


def _text(data: bytes) -> Callable[[], bytes]:
    return lambda: data


def files() -> Iterator[Hostile]:
    """Every hostile known_hosts file."""
    key = public_line(ED25519.blob, b"")
    good = b"example.org " + key
    even = public_line(rsa_pair(RSA_FAULTS["e-even"]()).blob, b"")
    second: dict[str, tuple[bytes, str]] = {
        "hash-of-19-bytes": (b"|1|" + _HASH + b"|" + base64.b64encode(bytes(19)) + b" " + key, "malformed"),
        "hash-cut": (b"|1|" + _HASH + b" " + key, "malformed"),
        "hash-of-another-kind": (b"|2|" + _HASH + b"|" + _HASH + b" " + key, "malformed"),
        "marker-unknown": (b"@trusted example.org " + key, "malformed"),
        "no-hosts": (key, "malformed"),
        "no-key": (b"example.org\n", "malformed"),
        "blob-cut": (b"example.org " + public_line(ED25519.blob[:-1], b""), "malformed"),
        "rsa-e-even": (b"example.org " + even, "inconsistent-numbers"),
        "line-of-64-kib-and-1": (b"h," * 2**15 + b"h " + key, "limit"),
    }
    for name, (line, code) in second.items():
        yield among(f"known_hosts/{name}", "hosts", _text(good + line), code, *_LINE)
    first = {
        "100000-colons": b":" * 100_000 + b"! " + key,
        "100000-brackets": b"[" * 100_000 + b" " + key,
        "100000-commas": b"a," * 100_000 + b"! " + key,
        "100000-dashes": b"a" + b"-" * 100_000 + b"! " + key,
    }
    for name, line in first.items():  # each asks every pattern by which formats are reported apart
        yield refused(f"known_hosts/{name}", "hosts", _text(line), "not-a-key", *_LINE)
    many = b"".join(b"h%d.example.org " % each + key for each in range(1_000))
    yield legal("known_hosts/1000-lines", "hosts", _text(many), "public", **_ONE)
    control = good + b"\x1b[2J,b " + key
    yield legal("known_hosts/host-escape", "hosts", _text(control), "public", "dead-host", **_ONE)
    yield legal("known_hosts/host-empty", "hosts", _text(good + b"a,,b " + key), "public", **_ONE)
    signer = b"alice@example.org " + key
    others = {
        "blob-cut": (b"bob@example.org " + public_line(ED25519.blob[:-1], b""), "malformed"),
        "rsa-e-even": (b"bob@example.org " + even, "inconsistent-numbers"),
        "line-of-64-kib-and-1": (b"b@c," * 2**14 + b"b@c " + key, "limit"),
    }
    for name, (line, code) in others.items():
        yield among(f"allowed_signers/{name}", "signers", _text(signer + line), code, *_LINE)
    many = b"".join(b"a%d@example.org " % each + key for each in range(1_000))
    yield legal("allowed_signers/1000-lines", "signers", _text(many), "public", passphrase=6, comment=6, **_ONE)
