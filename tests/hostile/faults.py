"""Numbers that make no key, in every format that can state them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from forged_files import Pair, load, number, openssh, ppk, string

from hostile import der
from hostile.encodings import (
    EC_OID,
    ED25519,
    ED25519_OID,
    P256,
    P256_OID,
    RSA_OID,
    dropbear,
    dsa_pair,
    jwk,
    pem_dsa,
    pkcs1,
    pkcs8,
    pkcs8_rsa,
    public_line,
    rfc4716,
    rsa_pair,
    sec1,
    spki,
    ssh1,
    sshcom,
    sshcom_dsa,
    sshcom_rsa,
)
from hostile.model import Hostile, Stage, legal, refused
from hostile.numbers import DSA_FAULTS, RSA_FAULTS, Dsa, Rsa

__all__ = ["files"]

Key = TypeVar("Key")

_P256_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_P256_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def files() -> Iterator[Hostile]:
    """Every file whose numbers are none."""
    yield from _rsa()
    yield from _dsa()
    yield from _points()
    yield from _scalars()
    yield from _edwards()


# ── RSA ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _openssh(pair: Pair) -> bytes:
    return openssh(pair.blob, pair.inner())


_RSA_FORMATS: dict[str, Callable[[Rsa], bytes]] = {
    "ppk": lambda key: ppk(rsa_pair(key)),
    "openssh": lambda key: _openssh(rsa_pair(key)),
    "pem": lambda key: der.frame("RSA PRIVATE KEY", pkcs1(key)),
    "pkcs8": lambda key: der.frame("PRIVATE KEY", pkcs8_rsa(key)),
    "sshcom": lambda key: sshcom(sshcom_rsa(key)),
    "ssh1": ssh1,
    "dropbear": lambda key: dropbear(rsa_pair(key)),
    "jwk": jwk,
}

_EVERYWHERE = ("p-equals-q", "d-wrong", "p-carmichael", "n-not-pq", "n-of-100000-bits", "all-zero")
"""The faults that are tried in each format; the others in PPK and PEM, which state the most numbers, alone."""

_CODES = {
    "dp-wrong": ("recomputable-numbers", ("recomputable-numbers",)),
    "dq-wrong": ("recomputable-numbers", ("recomputable-numbers",)),
    "iqmp-wrong": ("recomputable-numbers", ("recomputable-numbers",)),
    "n-of-another-key": ("key-mismatch", ("key-mismatch",)),
    "n-of-100000-bits": ("limit", ("unsupported", "corrupt")),
    "e-of-4096-bits": ("limit", ("unsupported", "odd-exponent")),
}
_NUMBERS = ("inconsistent-numbers", ("inconsistent-numbers", "odd-exponent", "weak-modulus"))


def _rsa() -> Iterator[Hostile]:
    stated = {"ppk": {"dp-wrong", "dq-wrong"}}
    for fault, make in RSA_FAULTS.items():
        formats = _RSA_FORMATS if fault in _EVERYWHERE else ("ppk", "pem")
        for name in formats:
            if fault in stated.get(name, ()):
                continue
            code, rules = _CODES.get(fault, _NUMBERS)
            if (name, fault) == ("dropbear", "n-not-pq"):  # it states no iqmp, which would tell them apart
                code, rules = _CODES["n-of-another-key"]
            if (name, fault) == ("pem", "e-zero"):  # it follows from d and the primes
                built = _built(_RSA_FORMATS[name], make)
                yield legal(f"{name}/rsa-{fault}", "RSA", built, "private", "noncanonical", cert_attach=6)
                continue
            mended = {"repair": 0} if code == "recomputable-numbers" else {}
            yield refused(f"{name}/rsa-{fault}", "RSA", _built(_RSA_FORMATS[name], make), code, *rules, **mended)
    for fault in ("n-even", "e-even", "e-one", "e-zero", "e-of-4096-bits", "n-of-100000-bits", "all-zero"):
        code, rules = _CODES.get(fault, _NUMBERS)
        for name, encode in _PUBLIC.items():
            if fault == "n-of-100000-bits" or name in ("openssh-pub", "pkcs1-pub"):
                built = _built(encode, RSA_FAULTS[fault])
                if (name, fault) == ("pkcs1-pub", "all-zero"):  # two zeros are how a private key begins, too
                    code, rules = "key-mismatch", ("key-mismatch", "wrong-label")
                yield refused(f"{name}/rsa-{fault}", "RSA", built, code, *rules, "bad-line", "corrupt", "weak-modulus")


def _built(encode: Callable[[Key], bytes], key: Callable[[], Key]) -> Callable[[], bytes]:
    return lambda: encode(key())


def _public_der(key: Rsa) -> bytes:
    return der.sequence(der.integer(key.n), der.integer(key.e))


_PUBLIC: dict[str, Callable[[Rsa], bytes]] = {
    "openssh-pub": lambda key: public_line(rsa_pair(key).blob),
    "rfc4716": lambda key: rfc4716(rsa_pair(key).blob),
    "spki": lambda key: der.frame("PUBLIC KEY", spki(RSA_OID, der.NULL, _public_der(key))),
    "pkcs1-pub": lambda key: der.frame("RSA PUBLIC KEY", _public_der(key)),
    "jwk-pub": lambda key: jwk(key, private=False),
}

# ── DSA ────────────────────────────────────────────────────────────────────────────────────────────────────────────

_DSA_FORMATS: dict[str, Callable[[Dsa], bytes]] = {
    "ppk": lambda key: ppk(dsa_pair(key)),
    "openssh": lambda key: _openssh(dsa_pair(key)),
    "pem": lambda key: der.frame("DSA PRIVATE KEY", pem_dsa(key)),
    "sshcom": lambda key: sshcom(sshcom_dsa(key), kind=b"dl-modp{sign{dsa-nist-sha1},dh{plain}}"),
    "dropbear": lambda key: dropbear(dsa_pair(key)),
}


def _dsa() -> Iterator[Hostile]:
    for fault, make in DSA_FAULTS.items():
        formats = _DSA_FORMATS if fault in ("p-even", "x-zero", "y-of-another-key") else ("ppk", "openssh")
        for name in formats:
            code = "key-mismatch" if fault == "y-of-another-key" else "inconsistent-numbers"
            yield refused(f"{name}/dsa-{fault}", "DSA", _built(_DSA_FORMATS[name], make), code, code)


# ── curves ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _bad_points() -> dict[str, bytes]:
    point = P256.public[1]
    x, y = point[1:33], int.from_bytes(point[33:], "big")
    return {
        "off-curve": b"\4" + x + (y ^ 1).to_bytes(32, "big"),
        "infinity": b"\0",
        "compressed": bytes((2 + (y & 1),)) + x,
        "hybrid": bytes((6 + (y & 1),)) + point[1:],
        "all-zero": b"\4" + bytes(64),
        "coordinate-p": b"\4" + _P256_P.to_bytes(32, "big") + point[33:],
        "cut": point[:-1],
        "empty": b"",
    }


_TOLERATED = {("pem", "compressed"), ("pem", "hybrid"), ("spki", "compressed"), ("spki", "hybrid")}
"""Forms of a point that X9.62 and OpenSSL know, and SSH does not: read in DER, and noted."""


def _points() -> Iterator[Hostile]:
    rules = ("inconsistent-numbers", "weak-point", "corrupt", "bad-line", "unsupported")
    for fault, point in _bad_points().items():
        pair = P256.with_public(b"nistp256", point)
        made: dict[str, Callable[[], bytes]] = {
            "ppk": partial(ppk, pair),
            "openssh": partial(_openssh, pair),
            "openssh-pub": partial(public_line, pair.blob),
            "pem": partial(_sec1, P256.private[0].rjust(32, b"\0")[-32:], point),
            "spki": partial(_spki, point),
        }
        for name, make in made.items():
            if (name, fault) in _TOLERATED:
                stage: Stage = "private" if name == "pem" else "public"
                yield legal(f"{name}/p256-{fault}", "point", make, stage, "noncanonical")
            else:
                yield refused(f"{name}/p256-{fault}", "point", make, "inconsistent-numbers", *rules)


def _sec1(d: bytes, point: bytes) -> bytes:
    return der.frame("EC PRIVATE KEY", sec1(d, point))


def _sec1_in_pkcs8(d: bytes) -> bytes:
    return der.frame("PRIVATE KEY", pkcs8(EC_OID, der.oid(P256_OID), sec1(d, P256.public[1])))


def _spki(point: bytes) -> bytes:
    return der.frame("PUBLIC KEY", spki(EC_OID, der.oid(P256_OID), point))


def _scalars() -> Iterator[Hostile]:
    scalars = {"d-zero": 0, "d-order": _P256_N, "d-order-and-1": _P256_N + 1, "d-minus-1": 2**256 - 1}
    for fault, d in scalars.items():
        pair = P256.with_private(number(d))
        fixed = d.to_bytes(32, "big")
        made: dict[str, Callable[[], bytes]] = {
            "ppk": partial(ppk, pair),
            "openssh": partial(_openssh, pair),
            "dropbear": partial(dropbear, pair),
            "pem": partial(_sec1, fixed, P256.public[1]),
            "pkcs8": partial(_sec1_in_pkcs8, fixed),
        }
        for name, make in made.items():
            yield refused(f"{name}/p256-{fault}", "scalar", make, "inconsistent-numbers", "inconsistent-numbers")


def _edwards() -> Iterator[Hostile]:
    points = {
        "small-order": (1).to_bytes(32, "little"),
        "order-8": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        "not-canonical": (2**255 - 18).to_bytes(32, "little"),
        "off-curve": (2).to_bytes(32, "little"),
    }
    for fault, point in points.items():
        pair = ED25519.with_public(point)
        rules = ("weak-point", "inconsistent-numbers", "bad-line")
        yield refused(f"openssh-pub/ed25519-{fault}", "point", _line(pair), "inconsistent-numbers", *rules)
        yield refused(f"openssh/ed25519-{fault}", "point", _file(pair), "inconsistent-numbers", *rules)
    lengths = {"31-bytes": ED25519.public[0][:31], "33-bytes": ED25519.public[0] + b"\0", "empty": b""}
    for fault, point in lengths.items():
        pair = ED25519.with_public(point)
        yield refused(f"openssh-pub/ed25519-{fault}", "point", _line(pair), "malformed", "corrupt", "bad-line")
    ed448 = load("ed448").with_public(bytes(57))
    yield refused("ppk/ed448-small-order", "point", lambda: ppk(ed448), "inconsistent-numbers", "weak-point")
    seed = der.octets(ED25519.private[0])
    halves = der.tlv(0x81, b"\0" + load("ed25519").public[0][::-1])
    yield refused(
        "pkcs8/ed25519-public-of-another-key",
        "two keys",
        lambda: der.frame("PRIVATE KEY", pkcs8(ED25519_OID, b"", seed, 1, halves)),
        "key-mismatch",
        "key-mismatch",
        "inconsistent-numbers",
    )
    yield refused(
        "dropbear/ed25519-second-half-of-another-key",
        "two keys",
        lambda: string(b"ssh-ed25519") + string(ED25519.private[0] + _other_point()),
        "key-mismatch",
        "key-mismatch",
    )


def _other_point() -> bytes:
    from forged_files import stranger

    return stranger("ed25519").public[0]


def _line(pair: Pair) -> Callable[[], bytes]:
    return lambda: public_line(pair.blob)


def _file(pair: Pair) -> Callable[[], bytes]:
    return lambda: _openssh(pair)
