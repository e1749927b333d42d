"""Key numbers, right and wrong: small primes out of a seed, and each fault by which a key is not a key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cache
from math import gcd, lcm

__all__ = ["RSA_FAULTS", "Dsa", "Rsa", "carmichael", "dsa", "prime", "rsa"]


def _draw(label: str, bits: int) -> int:
    """Return a number of exactly so many bits, with its two highest set, out of a label."""
    value = int.from_bytes(hashlib.shake_256(f"hostile {label}".encode()).digest((bits + 7) // 8), "big")
    return value >> (-bits % 8) | 3 << bits - 2


def _is_prime(value: int) -> bool:
    """Miller and Rabin's test to twelve fixed bases; the numbers that are tested come from a hash, not a stranger."""
    if any(value % small == 0 for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)):
        return False
    odd, twos = value - 1, 0
    while not odd & 1:
        odd, twos = odd >> 1, twos + 1
    for base in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        power = pow(base, odd, value)
        if power in (1, value - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % value
            if power == value - 1:
                break
        else:
            return False
    return True


@cache
def prime(label: str, bits: int = 512) -> int:
    """Return the first prime after a drawn number."""
    value = _draw(label, bits) | 1
    while not _is_prime(value) or gcd(value - 1, 65537) != 1:
        value += 2
    return value


@cache
def carmichael(bits: int = 512) -> int:
    """Return a Carmichael number: (6k+1)(12k+1)(18k+1), all three prime, passes Fermat's test to every base."""
    k = _draw("carmichael", (bits - 10) // 3)
    while not all(_is_prime(factor * k + 1) for factor in (6, 12, 18)):
        k += 1
    return (6 * k + 1) * (12 * k + 1) * (18 * k + 1)


# ── RSA ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Rsa:
    """The eight numbers of an RSA key, which need not agree."""

    n: int
    e: int
    d: int
    p: int
    q: int
    dp: int
    dq: int
    iqmp: int


def rsa(p: int = 0, q: int = 0, e: int = 65537) -> Rsa:
    """Return a key of 1,024 bits, or of other factors, which need not be primes nor differ."""
    p, q = p or prime("p"), q or prime("q")
    p, q = max(p, q), min(p, q)
    order = lcm(p - 1, q - 1)
    d = pow(e, -1, order) if gcd(e, order) == 1 else prime("d", 1000)
    return Rsa(p * q, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p) if gcd(p, q) == 1 else 1)


@cache
def _other() -> Rsa:
    return rsa(prime("other p"), prime("other q"))


RSA_FAULTS = {
    "p-equals-q": lambda: rsa(prime("p"), prime("p")),
    "n-even": lambda: replace(rsa(), n=rsa().n + 1),
    "e-even": lambda: replace(rsa(), e=65536),
    "e-one": lambda: rsa(e=1),
    "e-zero": lambda: replace(rsa(), e=0),
    "e-of-4096-bits": lambda: replace(rsa(), e=_draw("e", 4096) | 1),
    "d-wrong": lambda: replace(rsa(), d=rsa().d ^ 2),
    "d-zero": lambda: replace(rsa(), d=0),
    "d-above-n": lambda: replace(rsa(), d=rsa().d + rsa().n * 2**8),
    "dp-wrong": lambda: replace(rsa(), dp=rsa().dp ^ 2),
    "dq-wrong": lambda: replace(rsa(), dq=rsa().dq ^ 2),
    "iqmp-wrong": lambda: replace(rsa(), iqmp=rsa().iqmp ^ 2),
    "p-carmichael": lambda: rsa(carmichael(), prime("q")),
    "p-one": lambda: replace(rsa(), p=rsa().n, q=1, dq=0),
    "n-not-pq": lambda: replace(rsa(), n=_other().n, iqmp=rsa().iqmp ^ 2),
    "n-of-another-key": lambda: replace(rsa(), n=_other().n),
    "n-of-100000-bits": lambda: replace(rsa(), n=_draw("n", 100_000) | 1),
    "all-zero": lambda: Rsa(0, 0, 0, 0, 0, 0, 0, 0),
}
"""Each way in which the numbers of an RSA key are none, by name."""


# ── DSA ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Dsa:
    """The numbers of a DSA key, which need not agree."""

    p: int
    q: int
    g: int
    y: int
    x: int

    @property
    def public(self) -> tuple[int, int, int, int]:
        """Those of the public half, in the order of its blob."""
        return self.p, self.q, self.g, self.y


@cache
def dsa() -> Dsa:
    """Return a key of 1,024 and 160 bits."""
    q = prime("dsa q", 160)
    factor = _draw("dsa p", 1024) // (2 * q)
    while not _is_prime(2 * q * factor + 1):
        factor += 1
    p = 2 * q * factor + 1
    g = pow(2, (p - 1) // q, p)
    x = _draw("dsa x", 158)
    return Dsa(p, q, g, pow(g, x, p), x)


DSA_FAULTS = {
    "q-wrong": lambda: replace(dsa(), q=dsa().q + 2),
    "q-even": lambda: replace(dsa(), q=dsa().q + 1),
    "q-of-159-bits": lambda: replace(dsa(), q=prime("short q", 159)),
    "g-one": lambda: replace(dsa(), g=1, y=1),
    "g-zero": lambda: replace(dsa(), g=0, y=0),
    "p-even": lambda: replace(dsa(), p=dsa().p - 1),
    "x-zero": lambda: replace(dsa(), x=0, y=1),
    "x-not-below-q": lambda: replace(dsa(), x=dsa().x + dsa().q),
    "y-of-another-key": lambda: replace(dsa(), y=dsa().y * dsa().g % dsa().p),
}
"""Each way in which the numbers of a DSA key are none, by name."""
