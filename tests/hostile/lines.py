"""Hostile public files: lines of `authorized_keys`, RFC 4716 blocks, and certificates."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import made_certificates
from forged_files import string

from hostile.encodings import ED25519, P256, public_line, rfc4716, rsa_pair
from hostile.model import Hostile, Stage, among, legal, refused
from hostile.numbers import rsa

__all__ = ["files"]

_LINE = ("bad-line", "corrupt", "truncated")


def files() -> Iterator[Hostile]:
    """Every hostile public file."""
    yield from _lines()
    yield from _options()
    yield from _blocks()
    yield from _certificates()


def _text(data: bytes) -> Callable[[], bytes]:
    return lambda: data


def _lines() -> Iterator[Hostile]:
    blob = ED25519.blob
    e, n = rsa_pair(rsa()).public
    shapes: dict[str, tuple[bytes, str, tuple[str, ...]]] = {
        "type-of-another-key": (public_line(blob, word=b"ssh-rsa"), "key-mismatch", _LINE),
        "blob-trailing": (public_line(blob + b"x"), "malformed", _LINE),
        "blob-cut": (public_line(blob[:-1]), "malformed", _LINE),
        "blob-length-ffffffff": (
            public_line(blob[:15] + b"\xff\xff\xff\xff" + blob[19:], word=b"ssh-ed25519"),
            "malformed",
            _LINE,
        ),
        "name-length-80000000": (
            b"ssh-ed25519 " + base64.b64encode(b"\x80\0\0\0" + blob[4:]) + b"\n",
            "not-a-key",
            ("bad-line", "corrupt", "not-a-key"),
        ),
        "mpint-negative": (public_line(rsa_pair(rsa()).with_public(e, n[1:]).blob), "malformed", _LINE),
        "base64-stray-bits": (b"ssh-ed25519 " + base64.b64encode(blob + b"\0")[:-2] + b"B= c\n", "malformed", _LINE),
        "base64-nothing": (b"ssh-ed25519 \n", "not-a-key", (*_LINE, "not-a-key")),
        "cr-inside": (public_line(blob, b"a\rb"), "malformed", (*_LINE, "cr-line-ends")),
        "nul-inside": (public_line(blob, b"a\0b"), "malformed", _LINE),
        "line-of-64-kib-and-1": (public_line(blob, b"x" * 2**16), "limit", ("line-too-long",)),
        "curve-of-another-key": (
            public_line(P256.with_public(b"nistp384", P256.public[1]).blob),
            "key-mismatch",
            _LINE,
        ),
    }
    for name, (data, code, rules) in shapes.items():
        mended = {"repair": 0} if name == "cr-inside" else {}
        yield refused(f"openssh-pub/{name}", "line", _text(data), code, *rules, **mended)
    comments = {
        "escape": b"\x1b]0;owned\x07",
        "bidi": "\u202ekpp".encode(),
        "c1": "\x9b2J".encode(),
        "invalid-utf-8": b"\xff\xfe",
    }
    for name, comment in comments.items():
        line = _text(public_line(blob, comment))
        rules = () if name == "invalid-utf-8" else ("comment-control",)
        yield legal(f"openssh-pub/comment-{name}", "comment", line, "public", *rules)
    second = public_line(blob, b"one") + public_line(P256.blob, b"two\x0bthree\x0cssh-rsa AAAA\x85four")
    yield legal("openssh-pub/other-line-ends", "line", _text(second), "public", "comment-control", **_MANY)


_MANY = dict.fromkeys(("convert", "comment", "cert_attach", "cert_detach", "agent_add"), 2)
"""The commands that want to know which of several keys is meant."""


def _options() -> Iterator[Hostile]:
    blob = ED25519.blob
    many = b",".join([b"no-pty"] * 10_000)
    long = public_line(blob, options=many)
    yield refused("openssh-pub/10000-options", "options", _text(long), "limit", "line-too-long")
    near = public_line(blob, options=b",".join([b"no-pty"] * 9_000))
    yield legal(
        "openssh-pub/9000-options", "options", _text(near), "public", "line-too-long", public=6, comment=6, check=0
    )
    values = {
        "option-unknown": (b"no-such-option", ("unknown-option", "bad-line")),
        "quote-open": (b'command="x', ("bad-option", "bad-line")),
        "quote-backslashes": (b'command="' + b"\\" * 9_001 + b'"', ("bad-option", "bad-line", "line-too-long")),
        "value-missing": (b"command=", ("bad-option", "bad-line")),
        "equals-alone": (b"=" * 5_000, ("bad-option", "bad-line", "unknown-option", "not-a-key")),
        "type-thousand-times": (b"ssh-rsa " * 1_000, ("bad-line", "unknown-option", "bad-option")),
    }
    for name, (options, rules) in values.items():
        data = public_line(blob) + public_line(blob, options=options)
        yield among(f"openssh-pub/{name}", "options", _text(data), "malformed", *rules)
    commas = public_line(blob) + public_line(blob, options=b"," * 5_000)  # sshd overlooks them
    yield legal("openssh-pub/commas-alone", "options", _text(commas), "public", "noncanonical", **_MANY)
    lines = b"".join(public_line(blob, b"key %d" % each) for each in range(1_000))
    yield legal("openssh-pub/1000-lines", "line", _text(lines), "public", "duplicate-key", **_MANY)


def _blocks() -> Iterator[Hostile]:
    blob = ED25519.blob
    shapes: dict[str, tuple[bytes, str, tuple[str, ...]]] = {
        "tag-of-65-bytes": (rfc4716(blob, b"x" * 65 + b": y"), "malformed", ("corrupt",)),
        "continuation-without-end": (
            rfc4716(blob, b"Comment: a\\").replace(b"AAAA", b"\\\nAAAA", 1)[:60],
            "truncated",
            ("truncated", "corrupt", "missing-frame"),
        ),
        "nul-in-comment": (rfc4716(blob, b"Comment: a\0b"), "malformed", ("corrupt",)),
        "header-of-64-kib": (rfc4716(blob, b"Comment: " + b"x" * (2**16 + 1)), "limit", ("corrupt", "unsupported")),
        "blob-cut": (rfc4716(blob[:-1]), "malformed", ("truncated", "corrupt")),
        "blob-empty": (rfc4716(b""), "malformed", ("corrupt", "truncated")),
        "private-frame-inside": (
            rfc4716(blob) + b"-----BEGIN RSA PRIVATE KEY-----\n",
            "malformed",
            ("corrupt", "surrounding-text", "missing-frame", "multiple-keys"),
        ),
    }
    for name, (data, code, rules) in shapes.items():
        yield refused(f"rfc4716/{name}", "block", _text(data), code, *rules)
    twice = _text(rfc4716(blob, b"Comment: a", b"Comment: b"))
    yield legal("rfc4716/two-comments", "block", twice, "public", "noncanonical")
    comments = {"escape": b"\x1b[2J", "bidi": "\u202ekpp".encode()}
    for name, comment in comments.items():
        make = _text(rfc4716(blob, b'Comment: "' + comment + b'"'))
        yield legal(f"rfc4716/comment-{name}", "comment", make, "public", "comment-control")


def _certificates() -> Iterator[Hostile]:
    made = made_certificates.make
    blob = made()
    signature = made_certificates.CAS["ssh-ed25519"]().signature(b"another message")
    long_ago = {"valid_after": 1, "valid_before": 2}

    def certificate(data: bytes) -> Callable[[], bytes]:
        return _text(made_certificates.line(data))

    legal_ones: dict[str, tuple[bytes, tuple[str, ...], int]] = {
        "signature-of-another-message": (made(signature=signature), ("cert-signature",), 3),
        "signature-empty": (made(signature=b""), ("cert-signature",), 3),
        "signature-unknown": (made(signature=string(b"rot13") + string(b"x")), ("cert-signature",), 3),
        "signature-of-an-unknown-authority": (made(made_certificates.of_unknown_type()), ("cert-signature",), 0),
        "signature-length-ffffffff": (made(signature=b"\xff\xff\xff\xff"), ("cert-signature",), 3),
        "expired-in-1970": (made(**long_ago), ("cert-expired",), 0),  # type: ignore[arg-type]
        "ends-before-it-begins": (made(valid_after=5, valid_before=1), ("cert-expired",), 0),
        "no-principals": (made(principals=()), ("cert-no-principals",), 0),
        "critical-option-unknown": (made(critical=((b"x-evil", string(b"1")),)), (), 0),
        "key-id-escape": (made(key_id=b"\x1b]0;owned\x07\n\xff"), (), 0),
        "10000-principals": (made(principals=[b"u%d" % each for each in range(4_000)]), (), 0),
    }
    for name, (data, rules, shown) in legal_ones.items():
        exits = {"cert_show": shown, "cert_detach": 0}
        yield Hostile(f"certificate/{name}", "certificate", certificate(data), _PUBLIC, "", rules, _named(exits))
    ca = made_certificates.CAS["ssh-ed25519"]()
    inside = made_certificates.Ca(ca.algorithm, blob, ca.sign)
    weak = made_certificates.Ca(ca.algorithm, string(b"ssh-ed25519") + string((1).to_bytes(32, "little")), ca.sign)
    refusals: dict[str, tuple[bytes, str]] = {
        "signed-by-a-certificate": (made(inside), "malformed"),
        "ca-of-small-order": (made(weak), "inconsistent-numbers"),
        "role-3": (made(role=3), "malformed"),
        "role-ffffffff": (made(role=2**32 - 1), "malformed"),
        "option-twice": (
            made(critical=((b"force-command", string(b"a")), (b"force-command", string(b"b")))),
            "malformed",
        ),
        "trailing": (blob + b"x", "malformed"),
        "cut": (blob[:-1], "malformed"),
        "principals-length-ffffffff": (_lying(blob, string(b"made") + b"\0\0\0\x09", 8), "malformed"),
    }
    for name, (data, code) in refusals.items():
        rules = (*_LINE, "weak-point", "inconsistent-numbers")
        yield refused(f"certificate/{name}", "certificate", certificate(data), code, *rules)


_PUBLIC: Stage = "public"


def _named(exits: dict[str, int]) -> dict[str, int]:
    return {name.replace("_", " "): code for name, code in exits.items()}


def _lying(blob: bytes, before: bytes, skip: int) -> bytes:
    at = blob.index(before) + skip
    return blob[:at] + b"\xff\xff\xff\xff" + blob[at + 4 :]
