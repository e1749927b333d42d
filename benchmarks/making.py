"""Throw-away keys of all types, and many files and lines of them."""

from __future__ import annotations

import base64
import os
import random
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count as count_from
from pathlib import Path

from benchmarks.commands import environment
from benchmarks.judging import Judge
from benchmarks.tools import Tools
from benchmarks.workers import Worker

__all__ = ["COUNTS", "SHARES", "Key", "make_files", "make_keys", "make_lines", "make_primes"]

COUNTS = {
    "Ed25519": 12,
    "RSA-2048": 12,
    "RSA-3072": 12,
    "ECDSA P-256": 12,
    "ECDSA P-384": 2,
    "ECDSA P-521": 2,
    "DSA-1024": 2,
    "Ed448": 2,
}
"""How many keys of each type are made."""

SHARES = {"Ed25519": 7, "ECDSA P-256": 2, "RSA-3072": 1}
"""Of ten lines of an authorized_keys file, so many are of this type."""

_RSA_BITS = 3072
_FIRST_EXPONENT = 65537
_RSA_SIZE = _RSA_BITS // 8 + 1

_BY_SSH_KEYGEN = {
    "Ed25519": ("-t", "ed25519"),
    "RSA-2048": ("-t", "rsa", "-b", "2048"),
    "RSA-3072": ("-t", "rsa", "-b", "3072"),
    "ECDSA P-256": ("-t", "ecdsa", "-b", "256"),
    "ECDSA P-384": ("-t", "ecdsa", "-b", "384"),
    "ECDSA P-521": ("-t", "ecdsa", "-b", "521"),
}
_BY_PUTTYGEN = {"DSA-1024": ("-t", "dsa", "-b", "1024"), "Ed448": ("-t", "ed448")}


@dataclass(frozen=True, slots=True)
class Key:
    """One throw-away key: its PPK and OpenSSH files, not encrypted, and its public key as type and base64."""

    type: str
    ppk: Path
    openssh: Path
    public: str


def make_keys(tools: Tools, folder: Path) -> tuple[Key, ...]:
    """Make `COUNTS` keys, by ssh-keygen and puttygen; OpenSSH file and PPK are each other's conversion by puttygen."""
    folder.mkdir()
    wanted = [(kind, f"{kind.replace(' ', '-').lower()}-{number}") for kind, n in COUNTS.items() for number in range(n)]
    with ThreadPoolExecutor(2) as pool:
        return tuple(pool.map(lambda each: _make_key(tools, folder, *each), wanted))


def _make_key(tools: Tools, folder: Path, kind: str, name: str) -> Key:
    openssh, ppk = folder / name, folder / f"{name}.ppk"
    if kind in _BY_SSH_KEYGEN:
        _run(tools.ssh_keygen, "-q", *_BY_SSH_KEYGEN[kind], "-N", "", "-C", name, "-f", str(openssh))
        _run(tools.puttygen, str(openssh), "-O", "private", "-o", str(ppk))
    else:
        made = ("-q", *_BY_PUTTYGEN[kind], "-C", name, "--new-passphrase", os.devnull)
        _run(tools.puttygen, *made, "-O", "private", "-o", str(ppk))
        _run(tools.puttygen, str(ppk), "-O", "private-openssh-new", "-o", str(openssh))
    return Key(kind, ppk, openssh, Judge(tools).public_of(openssh))


def make_files(
    worker: Worker, folder: Path, count: int, shares: Mapping[str, int], *, mixed: bool = False
) -> list[tuple[Path, str]]:
    """Write so many plain private files, each of another key, a hundred to a folder; give them with their public keys.

    All are PPKs, or every second one an OpenSSH file if `mixed`; each has a comment of its own. By `shares`, so many of
    the sum of all are of a type.
    """
    sources = folder.with_name(f"{folder.name}-sources")
    sources.mkdir()
    turn = [kind for kind, share in shares.items() for _ in range(share)]
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda number: _generate(turn[number % len(turn)]), range(count)))
    targets = []
    for number, (private, _) in enumerate(made):
        (sources / str(number)).write_bytes(private)
        suffix = "" if mixed and number % 2 else ".ppk"
        targets.append(folder / f"{number // 100:02}" / f"key-{number:05}{suffix}")
    worker.ask(
        "write",
        sources=[str(sources / str(number)) for number in range(count)],
        targets=[str(target) for target in targets],
        comments=[f"user{number}@host" for number in range(count)],
    )
    return [(target, public) for target, (_, public) in zip(targets, made, strict=True)]


def _generate(kind: str) -> tuple[bytes, str]:
    """Make a key, by the library: ten thousand runs of a program would take minutes."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    match kind.partition("-")[::2]:
        case "RSA", bits:
            key = rsa.generate_private_key(_FIRST_EXPONENT, int(bits))
        case "ECDSA P", "256":
            key = ec.generate_private_key(ec.SECP256R1())
        case "ECDSA P", "384":
            key = ec.generate_private_key(ec.SECP384R1())
        case "ECDSA P", "521":
            key = ec.generate_private_key(ec.SECP521R1())
        case _:
            key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()), public.decode("ascii")


def make_primes(count: int) -> tuple[tuple[int, int], ...]:
    """Make the two primes of so many RSA keys."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    def make(_: int) -> tuple[int, int]:
        numbers = rsa.generate_private_key(_FIRST_EXPONENT, _RSA_BITS).private_numbers()
        return numbers.p, numbers.q

    with ThreadPoolExecutor(2) as pool:
        return tuple(pool.map(make, range(count)))


def make_lines(path: Path, count: int, primes: tuple[tuple[int, int], ...], seed: int = 1) -> None:
    """Write an authorized_keys file of so many lines, all of different keys but the last, which is the first again.

    The first RSA keys have two of the primes for themselves; then the first ones are paired with other second ones.
    """
    generator = random.Random(seed)
    with path.open("wb") as file:
        first = b""
        for number, blob in enumerate(_blobs(generator, count - 1, primes)):
            algorithm = blob[4 : 4 + blob[3]]
            line = algorithm + b" " + base64.b64encode(blob) + b" user%d@host\n" % number
            first = first or line
            file.write(line)
        file.write(first)


def _blobs(generator: random.Random, count: int, primes: tuple[tuple[int, int], ...]) -> Iterator[bytes]:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    turn = [kind for kind, share in SHARES.items() for _ in range(share)]
    rsa = count_from(0)
    for number in range(count):
        match turn[number % len(turn)]:
            case "Ed25519":
                seed = generator.randbytes(32)
                key = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key()
                yield _string(b"ssh-ed25519") + _string(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
            case "ECDSA P-256":
                point = ec.derive_private_key(generator.getrandbits(255) + 1, ec.SECP256R1()).public_key()
                raw = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
                yield _string(b"ecdsa-sha2-nistp256") + _string(b"nistp256") + _string(raw)
            case _:
                shift, which = divmod(next(rsa), len(primes))
                modulus = primes[which][0] * primes[(which + shift) % len(primes)][1]
                exponent = _FIRST_EXPONENT.to_bytes(3, "big")
                yield _string(b"ssh-rsa") + _string(exponent) + _string(modulus.to_bytes(_RSA_SIZE, "big"))


def _string(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def _run(*argv: str) -> None:
    ran = subprocess.run(argv, env=environment(), stdin=subprocess.DEVNULL, capture_output=True)
    if ran.returncode != 0:  # puttygen warns of the small DSA keys, which is why it is not shown otherwise
        raise SystemExit(f"{Path(argv[0]).name} makes no key: {ran.stderr.decode('utf-8', 'replace').strip()}")
