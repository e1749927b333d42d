"""Hostile files of ssh.com, SSH-1, Dropbear, and JSON Web Keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from forged_files import string

from hostile.encodings import ED25519, P256, base64url, dropbear, jwk, rsa_pair, ssh1, sshcom, sshcom_rsa
from hostile.model import Hostile, hidden, legal, refused
from hostile.numbers import rsa

__all__ = ["files"]

_CUT = ("truncated", "corrupt")
_UNKNOWN = ("unsupported", "not-a-key", "corrupt")


def files() -> Iterator[Hostile]:
    """Every hostile file of these formats."""
    yield from _sshcom()
    yield from _ssh1()
    yield from _dropbear()
    yield from _jwk()


def _sshcom_file(section: bytes | None = None, **how: object) -> Callable[[], bytes]:
    return lambda: sshcom(sshcom_rsa(rsa()) if section is None else section, **how)  # type: ignore[arg-type]


def _sshcom() -> Iterator[Hostile]:
    whole = sshcom_rsa(rsa())
    yield refused("sshcom/magic-wrong", "header", _sshcom_file(magic=0x3F6FF9EC), "malformed", "corrupt")
    for name, size in {"ffffffff": 2**32 - 1, "80000000": 2**31}.items():
        yield refused(f"sshcom/size-{name}", "length", _sshcom_file(size=size), "truncated", *_CUT)
    yield refused("sshcom/size-0", "length", _sshcom_file(size=0), "malformed", "corrupt")
    lying = {"ffffffff": b"\xff\xff\xff\xff", "80000000": b"\x80\0\0\0"}
    for name, length in lying.items():
        yield refused(
            f"sshcom/section-inner-length-{name}", "length", _sshcom_file(length + whole[4:]), "malformed", *_CUT
        )
        bits = whole[:4] + length + whole[8:]
        yield refused(
            f"sshcom/number-bits-{name}", "length", _sshcom_file(bits), "limit", "corrupt", "unsupported", "truncated"
        )
    yield refused("sshcom/section-empty", "length", _sshcom_file(b""), "malformed", *_CUT)
    yield refused("sshcom/cipher-unknown", "protection", _sshcom_file(cipher=b"rot13"), "unsupported", *_UNKNOWN)
    yield refused("sshcom/type-unknown", "header", _sshcom_file(kind=b"ec-modp{sign}"), "unsupported", *_UNKNOWN)
    odd = _sshcom_file(bytes(63), cipher=b"3des-cbc")
    yield refused("sshcom/encrypted-no-whole-blocks", "length", odd, "malformed", "corrupt", "truncated")
    junk = _sshcom_file(bytes(64), cipher=b"3des-cbc")
    yield hidden("sshcom/encrypted-zeros", "protection", junk, "wrong-passphrase", "weak-cipher", **_LOCKED)
    deep = _sshcom_file(headers=(b"Comment: \\", *[b"\\"] * 50_000, b"x"))
    yield legal("sshcom/50000-continuations", "header", deep, "private", "unencrypted")
    escape = _sshcom_file(headers=(b'Comment: "\x1b]0;owned\x07"',))
    yield legal("sshcom/comment-escape", "comment", escape, "private", "comment-control")


_LOCKED = dict.fromkeys(("convert", "passphrase", "comment", "agent_add", "repair"), 4)


def _ssh1_file(**how: object) -> Callable[[], bytes]:
    return lambda: ssh1(rsa(), **how)  # type: ignore[arg-type]


def _ssh1() -> Iterator[Hostile]:
    yield refused("ssh1/cipher-unknown", "protection", _ssh1_file(cipher=99), "unsupported", *_UNKNOWN)
    yield refused("ssh1/reserved-not-zero", "header", _ssh1_file(reserved=1), "malformed", "corrupt")
    yield refused("ssh1/bits-of-another-key", "two keys", _ssh1_file(bits=2048), "key-mismatch", "key-mismatch")
    yield refused("ssh1/check-bytes-differ", "padding", _ssh1_file(check=b"abba"), "malformed", "corrupt")
    odd = _ssh1_file(padding=bytes(7))
    yield refused("ssh1/section-no-whole-blocks", "length", odd, "malformed", "corrupt")
    yield refused("ssh1/padding-not-zero", "padding", _ssh1_padding(b"\1"), "malformed", "corrupt")
    yield refused("ssh1/padding-8-more", "padding", _ssh1_padding(b"\0", 8), "malformed", "corrupt", "nul-padding")
    for name, length in {"ffffffff": 2**32 - 1, "80000000": 2**31}.items():
        yield refused(f"ssh1/comment-length-{name}", "length", _ssh1_file(comment_length=length), "malformed", *_CUT)
    yield legal("ssh1/comment-lf", "comment", _ssh1_file(comment=b"a\n1024 3 1 x"), "private", "comment-control")
    lines = {
        "bits-of-another-key": (b"2048 65537 %d c\n" % rsa().n, "key-mismatch"),
        "n-negative": (b"1024 65537 -%d c\n" % rsa().n, "not-a-key"),
        "n-of-100000-digits": (b"1024 65537 " + b"9" * 100_000 + b" c\n", "limit"),
        "n-of-5000-digits": (b"16384 65537 " + b"9" * 5000 + b" c\n", "limit"),
        "e-underscore": (b"1024 6_5537 %d c\n" % rsa().n, "not-a-key"),
        "e-even": (b"1024 65536 %d c\n" % rsa().n, "inconsistent-numbers"),
        "arabic-digits": (b"1024 %s %d c\n" % ("\u0663".encode(), rsa().n), "not-a-key"),
    }
    for name, (line, code) in lines.items():
        rules = (
            "bad-line",
            "corrupt",
            "not-a-key",
            "inconsistent-numbers",
            "unsupported",
            "odd-exponent",
            "key-mismatch",
        )
        yield refused(f"ssh1-pub/{name}", "integer", _text(line), code, *rules)


def _ssh1_padding(byte: bytes, more: int = 0) -> Callable[[], bytes]:
    def make() -> bytes:
        size = len(ssh1(rsa())) - len(ssh1(rsa(), padding=b""))
        return ssh1(rsa(), padding=byte * (size + more))

    return make


def _dropbear() -> Iterator[Hostile]:
    pair = rsa_pair(rsa())
    whole = dropbear(pair)
    at = 4 + len(b"ssh-rsa")
    for name, length in {"ffffffff": b"\xff\xff\xff\xff", "80000000": b"\x80\0\0\0"}.items():
        data = whole[:at] + length + whole[at + 4 :]
        yield refused(f"dropbear/e-length-{name}", "length", _text(data), "malformed", *_CUT)
    yield refused("dropbear/cut-by-1", "length", _text(whole[:-1]), "malformed", *_CUT)
    yield refused("dropbear/public-alone", "length", _text(pair.blob), "truncated", *_CUT)
    yield refused("dropbear/trailing", "trailing data", _text(whole + b"x"), "malformed", "corrupt")
    e, n = pair.public
    negative = dropbear(pair.with_public(e, n[1:]))
    yield refused("dropbear/mpint-negative", "mpint", _text(negative), "malformed", "noncanonical", repair=0)
    no_primes = pair.blob + string(pair.private[0][:-1] + b"\0")
    yield refused(
        "dropbear/d-even-without-primes", "RSA", _text(no_primes), "inconsistent-numbers", "inconsistent-numbers"
    )
    yield refused(
        "dropbear/d-zero-without-primes",
        "RSA",
        _text(pair.blob + string(b"")),
        "inconsistent-numbers",
        "inconsistent-numbers",
    )
    curve = P256.with_public(b"nistp384", P256.public[1])
    yield refused("dropbear/two-curves", "two keys", _text(dropbear(curve)), "key-mismatch", "key-mismatch", "corrupt")


def _members(**changes: object) -> bytes:
    members = {"kty": "OKP", "crv": "Ed25519", "x": base64url(ED25519.public[0]), "d": base64url(ED25519.private[0])}
    return json.dumps({name: value for name, value in (members | changes).items() if value is not None}).encode()


def _jwk() -> Iterator[Hostile]:
    number = json.loads(jwk(rsa()))
    from forged_files import stranger

    other = base64url(stranger("ed25519").public[0])
    shapes: dict[str, tuple[bytes, str, tuple[str, ...]]] = {
        "x-of-another-key": (_members(x=other), "key-mismatch", ("key-mismatch",)),
        "x-missing": (_members(x=None), "malformed", ("corrupt",)),
        "d-number": (_members(d=12345), "malformed", ("corrupt",)),
        "d-list": (_members(d=["a"]), "malformed", ("corrupt",)),
        "d-padded": (_members(d=base64url(ED25519.private[0]) + "="), "malformed", ("corrupt",)),
        "d-with-line-end": (_members(d=base64url(ED25519.private[0]) + "\n"), "malformed", ("corrupt",)),
        "d-31-bytes": (_members(d=base64url(ED25519.private[0][:31])), "malformed", ("corrupt",)),
        "curve-unknown": (_members(crv="P-257"), "unsupported", _UNKNOWN),
        "kty-unknown": (_members(kty="XYZ"), "unsupported", _UNKNOWN),
        "kty-list": (_members(kty=["RSA"]), "malformed", ("corrupt", "unsupported", "not-a-key")),
        "two-d": (_members()[:-1] + b', "d": "AAAA"}', "malformed", ("corrupt",)),
        "nan": (_members()[:-1] + b', "z": NaN}', "malformed", ("corrupt",)),
        "trailing": (_members() + b" {}", "malformed", ("corrupt",)),
        "cut": (_members()[:-5], "truncated", ("truncated",)),
        "utf-16-surrogate": (_members(crv="\ud800"), "unsupported", ("corrupt", "unsupported", "not-a-key")),
        "invalid-utf-8": (_members()[:-1] + b', "z": "\xff"}', "malformed", ("corrupt",)),
        "100000-levels": (b'{"kty": "OKP", "d": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "malformed", ("corrupt",)),
        "integer-of-600000-digits": (
            _members()[:-1] + b', "d2": ' + b"9" * 600_000 + b', "x": 1}',
            "malformed",
            ("corrupt",),
        ),
        "257-keys": (
            json.dumps({"keys": [json.loads(_members())] * 257}).encode(),
            "limit",
            ("corrupt", "unsupported"),
        ),
        "rsa-three-primes": (
            json.dumps(number | {"oth": [{"r": "Aw", "d": "Aw", "t": "Aw"}]}).encode(),
            "unsupported",
            _UNKNOWN,
        ),
        "rsa-d-without-p": (
            json.dumps({name: number[name] for name in ("kty", "n", "e", "d", "q")}).encode(),
            "malformed",
            ("corrupt",),
        ),
        "rsa-d-zero-alone": (
            json.dumps({"kty": "RSA", "n": number["n"], "e": number["e"], "d": "AA"}).encode(),
            "inconsistent-numbers",
            ("inconsistent-numbers",),
        ),
    }
    for name, (data, code, rules) in shapes.items():
        yield refused(f"jwk/{name}", "JSON", _text(data), code, *rules)
    proto = _members()[:-1] + b', "__proto__": {"d": "x"}, "kid": "\\u001b[2J\\u202e"}'
    yield legal("jwk/kid-escape", "JSON", _text(proto), "private", "unencrypted")
    public = _members(d=None)
    yield refused("jwk-pub/x-empty", "JSON", _text(_members(d=None, x="")), "malformed", "corrupt")
    yield refused("jwk-pub/trailing", "JSON", _text(public + b"x"), "malformed", "corrupt")


def _text(data: bytes) -> Callable[[], bytes]:
    return lambda: data
