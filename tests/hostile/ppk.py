"""Hostile PPK files: costs, counts, numbers and headers."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

from forged_files import Pair, ppk, stranger, string

from hostile.encodings import ED25519, P256, dsa_pair, rsa_pair
from hostile.model import PASSPHRASE, Hostile, at_unlock, legal, refused
from hostile.numbers import dsa, rsa

__all__ = ["files"]

_CONTROLS = {
    "nul": b"a\0b",
    "escape": b"\x1b]0;owned\x07\x1b[2J",
    "c1": b"\x9b31m",
    "bidi": "abc\u202ekpp.exe".encode(),
}


def files() -> Iterator[Hostile]:
    """Every hostile PPK."""
    yield from _costs()
    yield from _integers()
    yield from _headers()
    yield from _halves()
    yield from _blobs()
    yield from _comments()
    yield from _version_1()


@cache
def _locked(version: int = 3) -> bytes:
    return ppk(ED25519, passphrase=PASSPHRASE, version=version)


@cache
def _plain(version: int = 3) -> bytes:
    return ppk(ED25519, version=version)


def _with(data: Callable[[], bytes], *changes: tuple[bytes, bytes]) -> Callable[[], bytes]:
    """Make a file in which each pattern, a whole line, is replaced."""

    def make() -> bytes:
        text = data()
        for pattern, value in changes:
            text, count = re.subn(rb"(?m)^" + pattern + rb"\n", value.replace(b"\\", b"\\\\"), text)
            assert count == 1, pattern
        return text

    return make


def _argon2(memory: object = 64, passes: object = 1, lanes: object = 1) -> Callable[[], bytes]:
    return _with(
        _locked,
        (b"Argon2-Memory: .*", f"Argon2-Memory: {memory}\n".encode()),
        (b"Argon2-Passes: .*", f"Argon2-Passes: {passes}\n".encode()),
        (b"Argon2-Parallelism: .*", f"Argon2-Parallelism: {lanes}\n".encode()),
    )


def _salt(text: bytes) -> Callable[[], bytes]:
    return _with(_locked, (b"Argon2-Salt: .*", b"Argon2-Salt: " + text + b"\n"))


def _costs() -> Iterator[Hostile]:
    costs: dict[str, tuple[int, int, int]] = {
        "memory-1-kib-too-much": (2**20 + 1, 1, 1),
        "memory-4-tib": (2**32 - 1, 1, 1),
        "passes-4-billion": (64, 2**32 - 1, 1),
        "product-of-5-gib": (2**20, 5, 1),
        "65-lanes": (1024, 1, 65),
    }
    for name, cost in costs.items():
        yield at_unlock(f"ppk/argon2-{name}", "KDF cost", _argon2(*cost), "limit", "costly-kdf")
    zeros = {"memory-0": (0, 1, 1), "passes-0": (64, 0, 1), "lanes-0": (64, 1, 0), "memory-below-8-a-lane": (64, 1, 9)}
    for name, cost in zeros.items():
        yield refused(f"ppk/argon2-{name}", "KDF cost", _argon2(*cost), "malformed", "corrupt")
    yield refused("ppk/argon2-lanes-4-billion", "KDF cost", _argon2(lanes=2**32 - 1), "malformed", "corrupt")
    yield refused("ppk/argon2-salt-empty", "KDF cost", _salt(b""), "malformed", "corrupt")
    yield refused("ppk/argon2-salt-odd", "KDF cost", _salt(b"abc"), "malformed", "corrupt")
    odd = ("unsupported", "costly-kdf")
    yield refused("ppk/argon2-salt-of-2-bytes", "KDF cost", _salt(b"abcd"), "limit", *odd)
    yield refused("ppk/argon2-salt-of-2-kib", "KDF cost", _salt(b"ab" * 2048), "limit", *odd)


def _integers() -> Iterator[Hostile]:
    spellings = {
        "negative-64-bits": "-18446744073709543424",
        "minus-one": "-1",
        "plus": "+64",
        "space-before": " 64",
        "space-after": "64 ",
        "underscore": "6_4",
        "leading-zero": "064",
        "hexadecimal": "0x40",
        "exponent": "64e0",
        "arabic-digits": "\u0666\u0664",
        "fullwidth-digits": "\uff16\uff14",
        "superscript": "6\u2074",
        "eleven-digits": "10000000000",
        "5000-digits": "9" * 5000,
        "nothing": "",
    }
    for name, text in spellings.items():
        spaces = ("trailing-whitespace", "indented", "line-count")
        rules: tuple[str, ...] = spaces if "space" in name else ("corrupt",)
        # Spaces around a value are a damage of pasting, and the MAC proves the key without them.
        mended = {"repair": 0} if "space" in name else {}
        yield refused(f"ppk/memory-{name}", "integer", _argon2(text), "malformed", *rules, **mended)
    counts = {"4-billion": b"4294967295", "negative": b"-1", "0": b"0", "one-less": b"1", "one-more": b"3"}
    for name, count in counts.items():
        changed = _with(_plain, (b"Public-Lines: 2", b"Public-Lines: " + count + b"\n"))
        code = "truncated" if name == "4-billion" else "malformed"
        # A count that is off is fixed: the lines tell how many they are, and the MAC that this is right.
        near = name in ("0", "one-less", "one-more")
        rules = ("line-count",) if near else ("corrupt", "truncated")
        yield refused(f"ppk/public-lines-{name}", "length", changed, code, *rules, repair=0 if near else 3)


def _headers() -> Iterator[Hostile]:
    drop = {"encryption": b"Encryption: none", "comment": b"Comment: forged"}
    for name, line in drop.items():
        yield refused(f"ppk/no-{name}", "header", _with(_plain, (line, b"")), "malformed", "corrupt")
    doubled = {
        "comment": (b"Comment: forged", b"Comment: forged\nComment: forged\n"),
        "encryption": (b"Encryption: none", b"Encryption: none\nEncryption: aes256-cbc\n"),
        "mac": (b"(Private-MAC: .*)", b"Private-MAC: " + b"0" * 64 + b"\nPrivate-MAC: " + b"0" * 64 + b"\n"),
    }
    for name, (line, text) in doubled.items():
        yield refused(f"ppk/two-{name}", "header", _with(_plain, (line, text)), "malformed", "corrupt")
    yield refused(
        "ppk/two-argon2-memory",
        "header",
        _with(_locked, (b"Argon2-Memory: 64", b"Argon2-Memory: 64\nArgon2-Memory: 64\n")),
        "malformed",
        "corrupt",
    )
    swapped = (rb"Encryption: none\nComment: forged", b"Comment: forged\nEncryption: none\n")
    yield refused("ppk/headers-reordered", "header", _with(_plain, swapped), "malformed", "corrupt")
    unknown = (b"Comment: forged", b"Comment: forged\nX-Header: 1\n")
    yield refused("ppk/header-unknown", "header", _with(_plain, unknown), "malformed", "corrupt")
    mac = b"(Private-MAC: .*)"
    changed = {
        "zero": (b"Private-MAC: " + b"0" * 64, "mac-mismatch", "mac-mismatch"),
        "longer": (b"Private-MAC: " + b"0" * 66, "malformed", "corrupt"),
        "no-hexadecimal": (b"Private-MAC: " + b"x" * 64, "malformed", "corrupt"),
    }
    for name, (text, code, rule) in changed.items():
        yield refused(f"ppk/mac-{name}", "MAC", _with(_plain, (mac, text + b"\n")), code, rule)
    for name, line in {"cut": b"Private-MAC: " + b"0" * 62, "empty": b"Private-MAC: ", "gone": b""}.items():
        make = _with(_plain, (mac, line + b"\n" if line else b""))
        yield Hostile(f"ppk/mac-{name}", "MAC", make, "fault", "", ("truncated",))
    for name, encryption in {"aes128-cbc": b"aes128-cbc", "upper-case": b"NONE", "empty": b""}.items():
        make = _with(_plain, (b"Encryption: none", b"Encryption: " + encryption + b"\n"))
        yield refused(f"ppk/encryption-{name}", "header", make, "unsupported", "unsupported", "not-a-key", "corrupt")
    argon3 = _with(_locked, (b"Key-Derivation: .*", b"Key-Derivation: Argon3\n"))
    yield refused("ppk/kdf-unknown", "header", argon3, "unsupported", "unsupported", "not-a-key", "corrupt")
    none = _with(_locked, (b"Encryption: aes256-cbc", b"Encryption: none\n"))
    yield refused("ppk/none-for-encrypted", "protection", none, "malformed", "corrupt")
    stripped = _with(
        _locked,
        (b"Encryption: aes256-cbc", b"Encryption: none\n"),
        (rb"Key-Derivation: .*\nArgon2-Memory: .*\nArgon2-Passes: .*\nArgon2-Parallelism: .*\nArgon2-Salt: .*", b""),
    )
    yield refused("ppk/none-and-mac-of-encrypted", "protection", stripped, "mac-mismatch", "mac-mismatch")
    v2 = _with(lambda: _locked(2), (b"Encryption: aes256-cbc", b"Encryption: none\n"))
    yield refused("ppk2/none-and-mac-of-encrypted", "protection", v2, "mac-mismatch", "mac-mismatch")
    for version in (b"0", b"4", b"99"):
        first = (b"PuTTY-User-Key-File-3: (.*)", b"PuTTY-User-Key-File-%s: ssh-ed25519\n" % version)
        rules = ("unsupported", "not-a-key", "corrupt")
        yield refused(f"ppk/version-{version.decode()}", "header", _with(_plain, first), "not-a-key", *rules)


def _halves() -> Iterator[Hostile]:
    other = stranger("ed25519")
    pairs: dict[str, tuple[Pair, str, str]] = {
        "public-of-another-key": (replace(ED25519, public=other.public), "key-mismatch", "key-mismatch"),
        "ecdsa-public-of-another-key": (
            replace(P256, public=stranger("ecdsa-p256").public),
            "key-mismatch",
            "key-mismatch",
        ),
    }
    for version in (3, 2):
        for name, (pair, code, rule) in pairs.items():
            make = _made(pair, version=version)
            prefix = "ppk" if version == 3 else "ppk2"
            yield refused(f"{prefix}/{name}", "two keys", make, code, rule)
            yield at_unlock(
                f"{prefix}/{name}-encrypted",
                "two keys",
                _made(pair, version=version, passphrase=PASSPHRASE),
                code,
                rule,
            )
    yield refused(
        "ppk/type-of-another-key", "header", _made(ED25519, algorithm=b"ssh-rsa"), "key-mismatch", "key-mismatch"
    )
    dss = dsa_pair(dsa())
    yield refused(
        "ppk2/dsa-y-of-another-key",
        "two keys",
        _made(replace(dss, public=(*dss.public[:3], dss.public[2])), version=2),
        "key-mismatch",
        "key-mismatch",
    )


def _blobs() -> Iterator[Hostile]:
    key = rsa_pair(rsa())
    e, n = key.public
    shapes = {
        "mpint-negative": (replace(key, public=(e, n[1:])), "malformed", "noncanonical"),
        "mpint-65-zeros": (replace(key, public=(e, bytes(65) + n)), "noncanonical", "noncanonical"),
        "dsa-empty-numbers": (Pair(b"ssh-dss", (b"",) * 4, (b"",)), "inconsistent-numbers", "inconsistent-numbers"),
    }
    for name, (pair, code, rule) in shapes.items():
        if name == "mpint-65-zeros":
            yield legal(f"ppk/{name}", "mpint", _made(pair), "private", rule, cert_attach=3)  # it is of another key
        elif name == "mpint-negative":  # its sign byte is missing, which the primes prove
            yield refused(f"ppk/{name}", "mpint", _made(pair), code, rule, repair=0)
        else:
            yield refused(f"ppk/{name}", "mpint", _made(pair), code, rule)
    trailing = {
        "public-trailing": {"public": ED25519.blob + b"\0"},
        "private-trailing": {"private": string(ED25519.private[0]) + b"trailing"},
        "private-cut": {"private": string(ED25519.private[0])[:-1]},
        "private-length-ffffffff": {"private": b"\xff\xff\xff\xff" + ED25519.private[0]},
        "private-length-80000000": {"private": b"\x80\0\0\0" + ED25519.private[0]},
        "public-length-ffffffff": {"public": b"\xff\xff\xff\xff" + ED25519.blob[4:]},
        "public-empty": {"public": b""},
        "private-empty": {"private": b""},
    }
    for name, parts in trailing.items():
        cut = name.endswith(("cut", "ffffffff", "80000000", "empty"))
        rules = ("truncated", "corrupt") if cut else ("corrupt",)
        yield refused(f"ppk/{name}", "length", _made(ED25519, **parts), "malformed", *rules)
    yield legal(
        "ppk/trailing-text",
        "trailing data",
        lambda: _plain() + b"rm -rf /\n",
        "private",
        "surrounding-text",
        agent_add=4,
    )
    yield legal(
        "ppk/two-files",
        "trailing data",
        lambda: _plain() + _plain(),
        "private",
        "multiple-keys",
        agent_add=4,
        passphrase=5,
        comment=5,
    )


def _made(pair: Pair, **how: object) -> Callable[[], bytes]:
    return lambda: ppk(pair, **how)  # type: ignore[arg-type]


def _comments() -> Iterator[Hostile]:
    for name, comment in _CONTROLS.items():
        # A lone byte from 0x80 to 0x9f is a letter in cp1252, and shown as an escape.
        rule = "unencrypted" if name == "c1" else "comment-control"
        yield legal(f"ppk/comment-{name}", "comment", _made(ED25519, comment=comment), "private", rule)
    utf8 = _made(ED25519, comment=b"\xff\xfe caf\xe9")
    yield legal("ppk/comment-invalid-utf-8", "comment", utf8, "private", "unencrypted")
    yield refused("ppk/comment-with-cr", "comment", _made(ED25519, comment=b"a\rb"), "malformed", "corrupt")
    lf = _made(ED25519, comment=b"a\nPublic-Lines: 0")
    yield refused("ppk/comment-with-lf", "comment", lf, "malformed", "corrupt")
    long = _made(ED25519, comment=b"x" * (2**16 + 1))
    yield refused("ppk/comment-of-64-kib-and-1", "comment", long, "malformed", "corrupt")
    huge = _made(ED25519, comment=b"x" * 2**20)
    yield Hostile("ppk/comment-of-1-mib", "comment", huge, "unreadable", "unreadable", ())


@cache
def _old(public: bytes, private: bytes) -> bytes:
    def counted(name: bytes, data: bytes) -> bytes:
        text = base64.b64encode(data)
        rows = [text[start : start + 64] for start in range(0, len(text), 64)]
        return b"\n".join((b"%s: %d" % (name, len(rows)), *rows))

    return b"\n".join(
        (
            b"PuTTY-User-Key-File-1: ssh-rsa",
            b"Encryption: none",
            b"Comment: old",
            counted(b"Public-Lines", public),
            counted(b"Private-Lines", private),
            b"Private-Hash: " + hashlib.sha1(private).hexdigest().encode(),
            b"",
        )
    )


def _version_1() -> Iterator[Hostile]:
    key, other = rsa_pair(rsa()), rsa_pair(rsa(e=257))
    private = b"".join(map(string, key.private))
    yield refused(  # the hash of version 1 covers the private half alone
        "ppk1/e-of-another-key",
        "two keys",
        lambda: _old(other.blob, private),
        "inconsistent-numbers",
        "inconsistent-numbers",
    )
    hash_wrong = _with(lambda: _old(key.blob, private), (b"(Private-Hash: .*)", b"Private-Hash: " + b"0" * 40 + b"\n"))
    yield refused("ppk1/hash-zero", "MAC", hash_wrong, "mac-mismatch", "mac-mismatch")
    yield refused(
        "ppk1/private-cut", "length", lambda: _old(key.blob, private[:-200]), "malformed", "truncated", "corrupt"
    )
    yield refused("ppk1/public-empty", "length", lambda: _old(b"", private), "malformed", "truncated", "corrupt")
