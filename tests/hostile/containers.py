"""Hostile DER and its frames: lengths, depth, forms, and the costs of PKCS#8's KDFs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from hostile import der
from hostile.encodings import (
    EC_OID,
    ED25519,
    ED25519_OID,
    P256,
    P256_OID,
    PBES2_OID,
    PBKDF2_OID,
    RSA_OID,
    pbes2,
    pbes2_key,
    pbkdf2,
    pkcs1,
    pkcs8,
    pkcs8_rsa,
    scrypt,
    sec1,
    spki,
)
from hostile.model import Hostile, hidden, legal, refused
from hostile.numbers import rsa

__all__ = ["files"]


def files() -> Iterator[Hostile]:
    """Every hostile file of the PEM family."""
    yield from _costs()
    yield from _structure()
    yield from _pkcs8()
    yield from _frames()
    yield from _public()


def _framed(label: str, make: Callable[[], bytes]) -> Callable[[], bytes]:
    return lambda: der.frame(label, make())


# ── costs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _costs() -> Iterator[Hostile]:
    bombs = {
        "pbkdf2-10000001": pbkdf2(10_000_001),
        "pbkdf2-2^31": pbkdf2(2**31),
        "scrypt-n-2^40": scrypt(2**40, 8, 1),
        "scrypt-r-2^22": scrypt(2, 2**22, 1),
        "scrypt-p-2^26": scrypt(2, 8, 2**26),
        "scrypt-512-mib": scrypt(2**19, 8, 1),
        "scrypt-product": scrypt(2**14, 8, 65),
    }
    for name, kdf in bombs.items():
        yield hidden(f"pkcs8/{name}", "KDF cost", _encrypted(kdf), "limit", "costly-kdf")
    faults = {
        "pbkdf2-0": pbkdf2(0),
        "scrypt-r-2^30": scrypt(2, 2**30, 1),
        "scrypt-p-2^30": scrypt(2, 8, 2**30),
        "pbkdf2-negative": pbkdf2(-1),
        "pbkdf2-salt-empty": pbkdf2(2048, b""),
        "scrypt-n-not-a-power": scrypt(1000, 8, 1),
        "scrypt-n-1": scrypt(1, 8, 1),
        "scrypt-r-0": scrypt(16, 0, 1),
    }
    for name, kdf in faults.items():
        yield refused(f"pkcs8/{name}", "KDF cost", _encrypted(kdf), "malformed", "corrupt")
    above = _encrypted(pbkdf2(10**400))
    yield refused("pkcs8/pbkdf2-10^400", "KDF cost", above, "limit", "costly-kdf", "corrupt", "unsupported")
    unknown = ("unsupported", "not-a-key", "corrupt")
    null = der.sequence(der.oid("1.2.3.4"), der.sequence())
    yield refused("pkcs8/kdf-unknown", "protection", _encrypted(null), "unsupported", *unknown)
    cipher = _framed("ENCRYPTED PRIVATE KEY", lambda: pbes2(pbkdf2(1000), cipher="1.2.3.4"))
    yield refused("pkcs8/cipher-unknown", "protection", cipher, "unsupported", *unknown)
    short = _framed("ENCRYPTED PRIVATE KEY", lambda: pbes2(pbkdf2(1000), bytes(63)))
    yield refused("pkcs8/encrypted-no-whole-blocks", "length", short, "malformed", "corrupt", "truncated")
    double = der.sequence(der.oid(PBKDF2_OID), der.sequence(der.octets(bytes(16)), der.integer(1), der.integer(1)))
    yield refused("pkcs8/pbkdf2-key-length-1", "KDF cost", _encrypted(double), "malformed", "corrupt", "unsupported")
    nested = der.sequence(der.oid(PBES2_OID), der.nested(50))
    yield refused("pkcs8/pbes2-in-pbes2", "DER", _encrypted(nested), "unsupported", *unknown)
    for name, contents in {"nothing": b"", "no-der": b"not DER at all", "deep": der.nested(100)}.items():
        # Decrypted with the right passphrase, and the padding fits: what is inside is not a key.
        make = _framed("ENCRYPTED PRIVATE KEY", partial(pbes2, pbkdf2(1000), contents, key=pbes2_key(1000)))
        if name == "deep":  # it begins as a key does, so that the passphrase was right
            yield hidden(f"pkcs8/encrypted-{name}", "DER", make, "malformed", "corrupt", **dict.fromkeys(_LOCKED, 3))
        else:
            yield hidden(f"pkcs8/encrypted-{name}", "DER", make, "wrong-passphrase", "weak-kdf", **_LOCKED)


_LOCKED = dict.fromkeys(("convert", "passphrase", "agent_add", "repair"), 4)
"""What cannot be determined from a wrong passphrase."""


def _encrypted(kdf: bytes) -> Callable[[], bytes]:
    return _framed("ENCRYPTED PRIVATE KEY", lambda: pbes2(kdf))


# ── structure ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _structure() -> Iterator[Hostile]:
    whole = pkcs1(rsa())
    body = whole[4:]
    number = der.integer(rsa().n)
    assert number in body
    long_form = b"\2\x82\0\1\0"
    shapes: dict[str, tuple[bytes, str]] = {
        "length-ffffffff": (b"\x30\x84\xff\xff\xff\xff" + body, "truncated"),
        "length-80000000": (b"\x30\x84\x80\0\0\0" + body, "truncated"),
        "length-of-127-bytes": (b"\x30\xff" + b"\xff" * 127 + body, "malformed"),
        "length-one-more": (der.head(0x30, len(body) + 1) + body, "truncated"),
        "length-one-less": (der.head(0x30, len(body) - 1) + body, "malformed"),
        "indefinite": (b"\x30\x80" + body + b"\0\0", "malformed"),
        "integer-empty": (der.sequence(b"\2\0" + body[3:]), "malformed"),
        "integer-superfluous-zero": (whole[:4] + body.replace(number, _padded(rsa().n)), "malformed"),
        "100000-levels": (der.nested(100_000), "malformed"),
        "17-levels": (der.nested(17), "malformed"),
        "constructed-integer": (der.sequence(b"\x22\3" + body[:3] + body[3:]), "malformed"),
        "high-tag": (b"\x3f\xff\xff\xff\xff\x7f\0" + body, "malformed"),
        "trailing": (whole + b"trailing", "malformed"),
        "trailing-inside": (der.sequence(body + der.integer(1)), "malformed"),
        "version-1": (pkcs1(rsa(), 1), "unsupported"),
        "version-10^30": (pkcs1(rsa(), 10**30), "limit"),
        "empty-sequence": (der.sequence(), "malformed"),
        "empty": (b"", "malformed"),
        "600-kib-integer": (der.sequence(der.integer(0), der.tlv(2, b"\x7f" * 600_000), body[3:]), "limit"),
    }
    for name, (data, code) in shapes.items():
        rules = ("corrupt", "truncated", "unsupported", "not-a-key", "wrong-label")
        yield refused(f"pem/{name}", "DER", _framed("RSA PRIVATE KEY", partial(bytes, data)), code, *rules)
    tolerated = {
        "length-not-minimal": der.tlv(0x30, body, size=4),
        "integer-not-minimal": der.sequence(long_form + body[3:]),
        "integer-negative": der.sequence(body.replace(number, der.tlv(2, number[4:]))),
    }
    for name, data in tolerated.items():  # openssl and ssh-keygen read them, and the key is proved
        framed = _framed("RSA PRIVATE KEY", partial(bytes, data))
        yield legal(f"pem/{name}", "DER", framed, "private", "noncanonical", cert_attach=6)


def _padded(value: int) -> bytes:
    content = value.to_bytes(value.bit_length() // 8 + 1, "big")
    return der.tlv(2, b"\0" + content)


def _pkcs8() -> Iterator[Hostile]:
    plain = "PRIVATE KEY"
    seed = der.octets(ED25519.private[0])
    ec = sec1(P256.private[0][-32:], P256.public[1], curve=der.oid("1.3.132.0.34"))
    shapes: dict[str, tuple[bytes, str, tuple[str, ...]]] = {
        "seed-31-bytes": (pkcs8(ED25519_OID, b"", der.octets(ED25519.private[0][:31])), "malformed", ("corrupt",)),
        "seed-bare": (pkcs8(ED25519_OID, b"", ED25519.private[0]), "malformed", ("corrupt", "truncated")),
        "ed25519-parameters": (pkcs8(ED25519_OID, der.NULL, seed), "malformed", ("corrupt",)),
        "algorithm-unknown": (pkcs8("1.2.3.4.5", b"", seed), "unsupported", ("unsupported", "not-a-key")),
        "oid-of-1-kib": (
            der.sequence(der.integer(0), der.sequence(der.tlv(6, b"\x2a" + b"\x81" * 1022 + b"\1")), der.octets(seed)),
            "malformed",
            ("corrupt", "unsupported", "not-a-key"),
        ),
        "version-2": (
            pkcs8(RSA_OID, der.NULL, pkcs1(rsa()), 2),
            "unsupported",
            ("unsupported", "not-a-key", "corrupt"),
        ),
        "two-curves": (pkcs8(EC_OID, der.oid(P256_OID), ec), "key-mismatch", ("key-mismatch", "corrupt")),
        "rsa-in-ec": (pkcs8(EC_OID, der.oid(P256_OID), pkcs1(rsa())), "unsupported", ("corrupt", "unsupported")),
        "deep-attributes": (
            pkcs8(ED25519_OID, b"", seed, 0, der.explicit(0, der.nested(1000))),
            "malformed",
            ("corrupt", "unencrypted"),
        ),
        "public-unused-bits": (
            pkcs8(ED25519_OID, b"", seed, 1, der.tlv(0x81, b"\7" + ED25519.public[0])),
            "malformed",
            ("corrupt",),
        ),
    }
    for name, (data, code, rules) in shapes.items():
        yield refused(f"pkcs8/{name}", "DER", _framed(plain, partial(bytes, data)), code, *rules)


def _frames() -> Iterator[Hostile]:
    whole = pkcs1(rsa())
    good = der.frame("RSA PRIVATE KEY", whole)
    dek = b"Proc-Type: 4,ENCRYPTED\nDEK-Info: "
    iv = b"00" * 16
    headers = {
        "dek-cipher-unknown": (dek + b"ROT-13," + iv + b"\n", "unsupported"),
        "dek-iv-short": (dek + b"AES-256-CBC,0011\n", "malformed"),
        "dek-iv-odd": (dek + b"AES-256-CBC," + iv[:-1] + b"\n", "malformed"),
        "dek-missing": (b"Proc-Type: 4,ENCRYPTED\n", "malformed"),
        "dek-twice": (dek + b"AES-256-CBC," + iv + b"\nDEK-Info: AES-256-CBC," + iv + b"\n", "malformed"),
        "proc-type-clear": (b"Proc-Type: 4,MIC-CLEAR\nDEK-Info: AES-256-CBC," + iv + b"\n", "unsupported"),
    }
    for name, (header, code) in headers.items():
        make = _text(der.frame("RSA PRIVATE KEY", whole[: len(whole) // 16 * 16], header))
        yield refused(f"pem/{name}", "header", make, code, "corrupt", "unsupported", "not-a-key")
    for name, count in (("two-frames", 2), ("100-frames", 100)):
        yield legal(
            f"pem/{name}",
            "frame",
            _text(good * count),
            "private",
            "multiple-keys",
            agent_add=4,
            passphrase=5,
        )
    frames: dict[str, tuple[bytes, str, tuple[str, ...]]] = {
        "nul-in-base64": (good.replace(b"\nMII", b"\nM\0II", 1), "malformed", ("corrupt",)),
        "base64-stray-bits": (
            der.frame("PRIVATE KEY", b"\x30\0\0")[:-1].replace(b"MAAA", b"MAB="),
            "malformed",
            ("corrupt", "truncated", "missing-final-newline"),
        ),
        "begin-10000-times": (
            b"-----BEGIN RSA PRIVATE KEY-----\n" * 10_000,
            "truncated",
            ("truncated", "multiple-keys"),
        ),
        "one-line-of-700-kib": (
            b"-----BEGIN RSA PRIVATE KEY-----\n" + b"A" * 700_000 + b"\n-----END RSA PRIVATE KEY-----\n",
            "malformed",
            ("corrupt", "truncated"),
        ),
    }
    for name, (text, code, rules) in frames.items():
        yield refused(f"pem/{name}", "frame", _text(text), code, *rules)


def _text(data: bytes) -> Callable[[], bytes]:
    return lambda: data


def _public() -> Iterator[Hostile]:
    key = der.sequence(der.integer(rsa().n), der.integer(rsa().e))
    shapes: dict[str, tuple[str, bytes, str]] = {
        "spki/unused-bits": ("PUBLIC KEY", spki(RSA_OID, der.NULL, key, 3), "malformed"),
        "spki/trailing": ("PUBLIC KEY", spki(RSA_OID, der.NULL, key) + b"x", "malformed"),
        "spki/indefinite": ("PUBLIC KEY", b"\x30\x80" + spki(RSA_OID, der.NULL, key)[4:] + b"\0\0", "malformed"),
        "spki/algorithm-unknown": ("PUBLIC KEY", spki("1.2.3.4", der.NULL, key), "unsupported"),
        "spki/no-curve": ("PUBLIC KEY", spki(EC_OID, der.NULL, P256.public[1]), "unsupported"),
        "spki/ed25519-31-bytes": ("PUBLIC KEY", spki(ED25519_OID, b"", ED25519.public[0][:31]), "malformed"),
        "pkcs1-pub/negative-n": ("RSA PUBLIC KEY", der.sequence(der.integer(-rsa().n), der.integer(3)), "malformed"),
        "pkcs1-pub/length-ffffffff": ("RSA PUBLIC KEY", b"\x30\x84\xff\xff\xff\xff" + key[4:], "truncated"),
        "pkcs1-pub/private-in-it": ("RSA PUBLIC KEY", pkcs1(rsa()), "malformed"),
    }
    for name, (label, data, code) in shapes.items():
        rules = ("corrupt", "truncated", "unsupported", "not-a-key", "wrong-label")
        mended = {"repair": 0} if name.endswith("private-in-it") else {}  # the label is wrong, the key is whole
        yield refused(name, "DER", _framed(label, partial(bytes, data)), code, *rules, **mended)
    yield refused(
        "pkcs8/rsa-indefinite",
        "DER",
        _framed("PRIVATE KEY", lambda: b"\x30\x80" + pkcs8_rsa(rsa())[4:] + b"\0\0"),
        "malformed",
        "corrupt",
    )
