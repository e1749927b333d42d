"""Hostile OpenSSH private keys: costs, counts, lengths, padding, tags, and the double public key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from forged_files import Pair, armour, body, openssh, openssh_section, stranger, string

from hostile.encodings import ED25519, P256, rsa_pair
from hostile.model import PASSPHRASE, Hostile, at_unlock, legal, refused
from hostile.numbers import rsa

__all__ = ["files"]

_U32 = {"ffffffff": 2**32 - 1, "80000000": 2**31, "7fffffff": 2**31 - 1}


def files() -> Iterator[Hostile]:
    """Every hostile OpenSSH private key."""
    yield from _costs()
    yield from _counts()
    yield from _lengths()
    yield from _protection()
    yield from _sections()
    yield from _halves()
    yield from _comments()


def _made(outer: bytes | tuple[bytes, ...] = ED25519.blob, inner: bytes = b"", **how: object) -> Callable[[], bytes]:
    return lambda: openssh(outer, inner or ED25519.inner(), **how)  # type: ignore[arg-type]


def _locked(**how: object) -> Callable[[], bytes]:
    return _made(**({"cipher": "aes256-ctr", "passphrase": PASSPHRASE} | how))  # type: ignore[arg-type]


def _costs() -> Iterator[Hostile]:
    salt = string(bytes(range(16)))
    for name, cost in {"1025": 1025, "100000": 100_000, "ffffffff": 2**32 - 1}.items():
        make = _locked(options=salt + cost.to_bytes(4, "big"))
        yield at_unlock(f"openssh/bcrypt-rounds-{name}", "KDF cost", make, "limit", "costly-kdf")
    rounds = (16).to_bytes(4, "big")
    options = {
        "rounds-0": salt + bytes(4),
        "salt-empty": string(b"") + rounds,
        "options-empty": b"",
        "options-trailing": salt + rounds + b"x",
    }
    for name, text in options.items():
        yield refused(f"openssh/bcrypt-{name}", "KDF cost", _locked(options=text), "malformed", "corrupt", "truncated")
    lying = b"\xff\xff\xff\xff" + salt[4:] + rounds
    yield refused(
        "openssh/bcrypt-salt-length-ffffffff", "KDF cost", _locked(options=lying), "malformed", "truncated", "corrupt"
    )
    long = string(bytes(1025)) + rounds
    make = _locked(options=long)
    yield refused("openssh/bcrypt-salt-of-1025-bytes", "KDF cost", make, "limit", "unsupported", "costly-kdf")


def _counts() -> Iterator[Hostile]:
    yield refused("openssh/no-keys", "length", _made(count=0), "malformed", "corrupt")
    yield refused("openssh/two-keys-announced", "length", _made(count=2), "malformed", "truncated", "corrupt")
    yield refused(
        "openssh/257-keys-announced", "length", _made(count=257), "limit", "truncated", "unsupported", "corrupt"
    )
    yield refused(
        "openssh/2-billion-keys-announced", "length", _made(count=2**31), "limit", "truncated", "unsupported", "corrupt"
    )
    two = _made((ED25519.blob, P256.blob), ED25519.inner() + string(b"first") + P256.inner())
    one = ("convert", "passphrase", "comment", "agent_add", "cert_attach", "cert_detach")
    yield legal("openssh/two-keys", "length", two, "private", "multiple-keys", **dict.fromkeys(one, 2))


@cache
def _base() -> bytes:
    return body(_made()())


def _lengths() -> Iterator[Hostile]:
    where = {"cipher": 15, "kdf": 23, "options": 31, "public-half": 39}
    for field, position in where.items():
        for name, value in _U32.items():
            data = _base()[:position] + value.to_bytes(4, "big") + _base()[position + 4 :]
            yield refused(f"openssh/{field}-length-{name}", "length", _given(data), "malformed", "truncated", "corrupt")
    start = 39 + 4 + len(ED25519.blob)
    length = int.from_bytes(_base()[start : start + 4], "big")
    for name, off in {"one-less": -1, "one-more": 1}.items():
        data = _base()[:start] + (length + off).to_bytes(4, "big") + _base()[start + 4 :]
        yield refused(f"openssh/section-length-{name}", "length", _given(data), "malformed", "truncated", "corrupt")
    inner = ED25519.inner()
    at = 4 + len(ED25519.algorithm)
    for name, value in _U32.items():
        lying = inner[:at] + value.to_bytes(4, "big") + inner[at + 4 :]
        make = _made(inner=lying)
        yield refused(f"openssh/inner-length-{name}", "length", make, "malformed", "truncated", "corrupt")
    yield refused("openssh/trailing-bytes", "trailing data", _made(after=b"trailing"), "malformed", "corrupt")
    yield legal(
        "openssh/trailing-frame",
        "trailing data",
        lambda: _made()() + _made()(),
        "private",
        "multiple-keys",
        agent_add=4,
        passphrase=5,
        comment=5,
    )
    yield refused("openssh/magic-wrong", "header", _given(b"openssh-key-v2\0" + _base()[15:]), "malformed", "corrupt")
    yield refused("openssh/empty-body", "length", _given(b""), "malformed", "corrupt", "truncated")


def _given(data: bytes) -> Callable[[], bytes]:
    return lambda: armour(data)


def _protection() -> Iterator[Hostile]:
    options = string(bytes(range(16))) + (16).to_bytes(4, "big")
    unknown = ("unsupported", "not-a-key", "corrupt")
    yield refused(
        "openssh/none-cipher-with-bcrypt", "protection", _made(kdf=b"bcrypt", options=options), "malformed", "corrupt"
    )
    yield refused("openssh/none-cipher-with-options", "protection", _made(options=options), "malformed", "corrupt")
    yield refused(
        "openssh/cipher-with-none-kdf", "protection", _locked(kdf=b"none", options=b""), "malformed", "corrupt"
    )
    yield refused(
        "openssh/cipher-unknown",
        "protection",
        _made(cipher="rot13", kdf=b"bcrypt", options=options),
        "unsupported",
        *unknown,
    )
    yield refused("openssh/cipher-empty", "protection", _made(cipher=""), "malformed", *unknown)
    yield refused("openssh/kdf-unknown", "protection", _locked(kdf=b"scrypt"), "unsupported", *unknown)
    gcm, chacha = "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"
    for name, cipher in {"gcm": gcm, "chacha20": chacha}.items():
        yield refused(
            f"openssh/{name}-tag-missing", "tag", _locked(cipher=cipher, tag=b""), "malformed", "truncated", "corrupt"
        )
        yield refused(
            f"openssh/{name}-tag-cut", "tag", _locked(cipher=cipher, tag=bytes(15)), "malformed", "truncated", "corrupt"
        )
        yield refused(
            f"openssh/{name}-tag-longer", "tag", _locked(cipher=cipher, tag=bytes(17)), "malformed", "corrupt"
        )
        wrong = _locked(cipher=cipher, tag=bytes(16))
        yield at_unlock(f"openssh/{name}-tag-zero", "tag", wrong, "wrong-passphrase", "weak-kdf", **_LOCKED)
    section = openssh_section(_locked()())
    odd = _locked(section=section[:-1])
    yield refused("openssh/section-no-whole-blocks", "length", odd, "malformed", "corrupt", "truncated")


_LOCKED = dict.fromkeys(("convert", "passphrase", "comment", "agent_add", "repair"), 4)
"""What cannot be determined from a wrong passphrase."""


def _sections() -> Iterator[Hostile]:
    checks = (1, 2)
    yield refused("openssh/check-integers-differ", "padding", _made(checks=checks), "malformed", "corrupt")
    wrong = {
        "padding-zero": bytes(4),
        "padding-from-2": b"\2\3\4\5",
        "padding-random": b"\xde\xad\xbe\xef",
    }
    base = 8 + len(ED25519.inner()) + 4 + len(b"forged")
    size = -base % 8
    assert size
    for name, pattern in wrong.items():
        make = _made(padding=(pattern * 8)[:size])
        yield refused(f"openssh/{name}", "padding", make, "malformed", "corrupt")
    missing = _made(padding=b"", comment=b"forged" + b"x" * size)
    yield legal("openssh/padding-none-needed", "padding", missing, "private", "unencrypted")
    for name, more in {"a-block-more": 8, "256-bytes-more": 256}.items():  # ssh-keygen counts on, whatever the length
        make = _made(padding=bytes(each % 256 for each in range(1, size + more + 1)))
        yield legal(f"openssh/padding-{name}", "padding", make, "private", "noncanonical")
    inside = _made(inside=b"hidden data!")
    yield refused("openssh/data-before-padding", "trailing data", inside, "malformed", "corrupt")
    locked = _locked(checks=checks)
    yield at_unlock(
        "openssh/check-integers-differ-encrypted", "padding", locked, "wrong-passphrase", "weak-kdf", **_LOCKED
    )
    broken = _locked(inner=ED25519.inner()[:40])
    yield at_unlock("openssh/inner-cut-encrypted", "length", broken, "malformed", "corrupt", "truncated")


def _halves() -> Iterator[Hostile]:
    other = stranger("ed25519")
    twice = ED25519.with_public(*other.public)
    trap = {
        "ed25519-outer-of-another-key": (other.blob, ED25519.inner()),
        "ed25519-inner-of-another-key": (ED25519.blob, twice.inner(second_half=ED25519.public[0])),
        "ed25519-second-half-of-another-key": (ED25519.blob, ED25519.inner(second_half=other.public[0])),
        "ed25519-all-public-of-another-key": (other.blob, twice.inner()),
        "ecdsa-outer-of-another-key": (stranger("ecdsa-p256").blob, P256.inner()),
        "ecdsa-public-of-another-key": (
            stranger("ecdsa-p256").blob,
            P256.with_public(*stranger("ecdsa-p256").public).inner(),
        ),
    }
    for name, (outer, inner) in trap.items():
        yield refused(f"openssh/{name}", "two keys", _made(outer, inner), "key-mismatch", "key-mismatch")
        locked = _locked(outer=outer, inner=inner)
        yield at_unlock(f"openssh/{name}-encrypted", "two keys", locked, "key-mismatch", "key-mismatch")
    key = rsa_pair(rsa())
    e, n = key.public
    outers = {
        "type-of-another-key": (P256.blob, ED25519.inner()),
        "rsa-outer-e-of-another-key": (Pair(b"ssh-rsa", (b"\3", n), ()).blob, key.inner()),
    }
    for name, (outer, inner) in outers.items():
        yield refused(f"openssh/{name}", "two keys", _made(outer, inner), "key-mismatch", "key-mismatch")
    negative = Pair(b"ssh-rsa", (e, n[1:]), key.private)
    made = _made(negative.blob, negative.inner())  # its sign byte is missing, which the primes prove
    yield refused("openssh/mpint-negative", "mpint", made, "malformed", "noncanonical", repair=0)


def _comments() -> Iterator[Hostile]:
    forged = b"me\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHN0b2xlbnN0b2xlbnN0b2xlbnN0b2xlbnN0b2xl attacker"
    comments = {
        "lf-forges-a-line": forged,
        "crlf": b"a\r\nb",
        "nul": b"a\0b",
        "escape": b"\x1b]0;owned\x07\x1b[2J",
        "bidi": "abc\u202ekpp.exe".encode(),
        "line-separator": "a\u2028b".encode(),
    }
    for name, comment in comments.items():
        yield legal(f"openssh/comment-{name}", "comment", _made(comment=comment), "private", "comment-control")
    yield legal("openssh/comment-invalid-utf-8", "comment", _made(comment=b"\xff\xc0\x80"), "private", "unencrypted")
    long = _made(comment=b"x" * (2**16 + 1))
    yield refused("openssh/comment-of-64-kib-and-1", "comment", long, "limit", "corrupt", "unsupported")
    huge = _made(comment=b"x" * 2**20)
    yield Hostile("openssh/comment-of-1-mib", "comment", huge, "unreadable", "unreadable", ())
