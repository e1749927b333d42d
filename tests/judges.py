"""Which real tool judges which cell of the matrix of formats and key types, how it is asked, and what it must say.

A cell is a format, a key type and, for private formats, whether it is encrypted. The cells come from the registry;
`JUDGED` declares who judges them and `UNJUDGED` why nobody does. `docs/matrix_table.py` writes the tables of
docs/matrix.md from here, and `test_judged_matrix.py` holds every tool to it.

Measured with OpenSSL 3.0, OpenSSH 9.2, PuTTY 0.78 and Dropbear 2022.83.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyconv.keys import PrivateKey

__all__ = [
    "CIPHERS",
    "JUDGED",
    "JUDGES",
    "KEY_TYPES",
    "UNJUDGED",
    "Answer",
    "Cell",
    "Judge",
    "KeyType",
    "Truth",
    "cells",
    "judges_of",
    "reason_of",
]

# ── key types ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class KeyType:
    """A column of the matrix; `key` is the name of the fixtures that hold the key pair."""

    name: str
    title: str
    family: str
    key: str

    @property
    def public_path(self) -> str:
        """The fixture with its one-line public key."""
        return f"openssh-pub/{self.key}.pub"

    @property
    def private_path(self) -> str | None:
        """The fixture with its private key; an algorithm that nobody knows has none."""
        if self.family == "opaque":
            return None
        return f"openssh/{self.key}-puttygen-plain" if self.family == "ed448" else f"openssh/{self.key}-plain"

    @property
    def spki_path(self) -> str | None:
        """The fixture with its public key as openssl writes it."""
        return f"spki/{self.key}-openssl.pem" if self.name in _OPENSSL else None


_ECDSA = ("p256", "p384", "p521")
_TRADITIONAL = ("rsa", "dsa", *_ECDSA)
_OPENSSL = _PUTTY = (*_TRADITIONAL, "ed25519", "ed448")
_OPENSSH = (*_TRADITIONAL, "ed25519", "sk-ecdsa", "sk-ed25519")
_DROPBEAR = (*_TRADITIONAL, "ed25519")

KEY_TYPES: tuple[KeyType, ...] = (
    KeyType("rsa", "RSA", "rsa", "rsa2048"),
    KeyType("dsa", "DSA", "dsa", "dsa1024"),
    KeyType("p256", "P-256", "ecdsa", "ecdsa-p256"),
    KeyType("p384", "P-384", "ecdsa", "ecdsa-p384"),
    KeyType("p521", "P-521", "ecdsa", "ecdsa-p521"),
    KeyType("ed25519", "Ed25519", "ed25519", "ed25519"),
    KeyType("ed448", "Ed448", "ed448", "ed448"),
    KeyType("sk-ecdsa", "ECDSA-SK", "sk-ecdsa", "sk-ecdsa"),
    KeyType("sk-ed25519", "Ed25519-SK", "sk-ed25519", "sk-ed25519"),
    KeyType("mldsa44", "ML-DSA-44", "mldsa44-ed25519", "mldsa44-ed25519"),
    KeyType("opaque", "any other", "opaque", "unknown-algorithm"),
)
"""Every key family, and ECDSA by its three curves."""

_ANY = tuple(key_type.name for key_type in KEY_TYPES)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix."""

    format: str
    key_type: KeyType
    encrypted: bool = False

    @property
    def name(self) -> str:
        """A name for test ids and messages."""
        return f"{self.format}-{self.key_type.name}" + ("-encrypted" if self.encrypted else "")


def cells() -> Iterator[Cell]:
    """Return every cell that keyconv writes, in the registry's order."""
    from keyconv.formats import FORMATS

    for known in FORMATS:
        if known.write is None:
            continue
        for key_type in KEY_TYPES:
            if key_type.family in known.can.families:
                yield Cell(known.name, key_type)
                if known.can.encryption:
                    yield Cell(known.name, key_type, encrypted=True)


CIPHERS = {"pem": "aes-128-cbc"}
"""Other ciphers than the default for encrypted cells: of PEM's, PuTTY 0.78 reads AES-128-CBC and triple DES alone."""

# ── the tools ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Truth:
    """What the fixtures know of a key, as the real tools printed it when they were made; `spki` is openssl's."""

    public_line: str
    fingerprint: str
    bits: int
    spki: str | None
    private: PrivateKey | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool printed in all and on standard output, the file that it wrote, and the one that it was to judge."""

    said: str
    output: str
    written: bytes
    judged: bytes


@dataclass(frozen=True, slots=True)
class Judge:
    """A tool and how it is asked: `command` has the places {file}, {out}, {passphrase}, {secret} and {public}.

    {secret} is a file whose one line is the passphrase, empty for an unencrypted key; {public} the fixture's own
    one-line public key. `verdict` tells whether the tool said that it is the key of the truth; `shown` what that is, in
    a few words.
    """

    name: str
    command: str
    shown: str
    verdict: Callable[[Answer, Truth], bool]

    @property
    def tool(self) -> str:
        """The program."""
        return self.command.split()[0]


def _same_line(answer: Answer, truth: Truth) -> bool:
    return any(line.split()[:2] == truth.public_line.split() for line in answer.output.splitlines())


def _same_fingerprint(answer: Answer, truth: Truth) -> bool:
    return answer.output.split()[:2] == [str(truth.bits), truth.fingerprint]


def _same_spki(answer: Answer, truth: Truth) -> bool:
    return truth.spki is not None and truth.spki in answer.output


def _valid(words: str) -> Callable[[Answer, Truth], bool]:
    return lambda answer, truth: words in answer.said and _same_spki(answer, truth)


def _same_decimal(answer: Answer, truth: Truth) -> bool:
    from keyconv.keys import RsaPrivateKey

    key = truth.private
    if not isinstance(key, RsaPrivateKey):
        return False
    return answer.output.split()[:3] == [str(number) for number in (key.public.bits, key.public.e, key.public.n)]


def _same_numbers(answer: Answer, truth: Truth) -> bool:
    said = {name: int(value, 16) for name, value in re.findall(r"^(\w+)=0x([0-9a-f]+)$", answer.output, re.MULTILINE)}
    return truth.private is not None and _numbers(truth.private).items() <= said.items()


def _numbers(key: PrivateKey) -> dict[str, int]:
    """Return the numbers of a key by the names that `puttygen -O text` prints."""
    from keyconv.keys import (
        DsaPrivateKey,
        EcdsaPrivateKey,
        Ed448PrivateKey,
        Ed25519PrivateKey,
        RsaPrivateKey,
    )

    match key:
        case RsaPrivateKey():
            return {
                "public_modulus": key.public.n,
                "public_exponent": key.public.e,
                "private_exponent": key.d,
                "private_p": key.p,
                "private_q": key.q,
                "private_inverse_q_mod_p": key.iqmp,
            }
        case DsaPrivateKey():
            group = key.public
            return {"p": group.p, "q": group.q, "g": group.g, "public_y": group.y, "private_x": key.x}
        case EcdsaPrivateKey():
            half = key.public.curve.field_bytes
            return {
                "public_affine_x": int.from_bytes(key.public.point[1 : 1 + half], "big"),
                "public_affine_y": int.from_bytes(key.public.point[1 + half :], "big"),
                "private_exponent": key.d,
            }
        case Ed25519PrivateKey() | Ed448PrivateKey():
            # The point is y and the sign of x, which puttygen prints whole.
            y = int.from_bytes(key.public.point, "little") % (1 << (8 * len(key.public.point) - 1))
            return {"public_affine_y": y, "private_exponent": int.from_bytes(key.seed, "little")}
        case _:
            raise AssertionError("puttygen has no such keys")


def _same_file(answer: Answer, truth: Truth) -> bool:
    from keyconv import read

    return bool(answer.written) and read(answer.written).entries[0].private == truth.private


def _same_records(answer: Answer, truth: Truth) -> bool:
    return answer.output.encode("ascii") == answer.judged


JUDGES: tuple[Judge, ...] = (
    Judge(
        "openssl pkey",
        "openssl pkey -check -pubout -in {file} -passin file:{secret}",
        "'Key is valid', and the public key",
        _valid("Key is valid"),
    ),
    Judge(
        "openssl rsa",
        "openssl rsa -check -pubout -in {file} -passin file:{secret}",
        "'RSA key ok', and the public key",
        _valid("RSA key ok"),
    ),
    Judge(
        "openssl ec",
        "openssl ec -check -pubout -in {file} -passin file:{secret}",
        "'EC Key valid', and the public key",
        _valid("EC Key valid"),
    ),
    Judge("openssl dsa", "openssl dsa -pubout -in {file} -passin file:{secret}", "the public key", _same_spki),
    Judge("ssh-keygen -y", "ssh-keygen -y -P {passphrase} -f {file}", "the public key", _same_line),
    Judge(
        "puttygen -O text",
        "puttygen {file} -O text --old-passphrase {secret}",
        "the numbers of both halves",
        _same_numbers,
    ),
    Judge("dropbearkey -y", "dropbearkey -y -f {file}", "the public key", _same_line),
    Judge(
        "dropbearconvert dropbear openssh",
        "dropbearconvert dropbear openssh {file} {out}",
        "a file for OpenSSH with the same private half",
        _same_file,
    ),
    Judge(
        "dropbearconvert openssh dropbear",
        "dropbearconvert openssh dropbear {file} {out}",
        "a Dropbear file with the same private half",
        _same_file,
    ),
    Judge(
        "openssl pkey -pubin",
        "openssl pkey -pubin -pubcheck -pubout -in {file}",
        "'Key is valid', and the public key",
        _valid("Key is valid"),
    ),
    Judge(
        "openssl rsa -RSAPublicKey_in",
        "openssl rsa -RSAPublicKey_in -pubout -in {file}",
        "the public key",
        _same_spki,
    ),
    Judge("ssh-keygen -l", "ssh-keygen -l -f {file}", "the bits and the fingerprint", _same_fingerprint),
    Judge("ssh-keygen -i -m RFC4716", "ssh-keygen -i -m RFC4716 -f {file}", "the public key", _same_line),
    Judge("ssh-keygen -i -m PKCS8", "ssh-keygen -i -m PKCS8 -f {file}", "the public key", _same_line),
    Judge("ssh-keygen -i -m PEM", "ssh-keygen -i -m PEM -f {file}", "the public key", _same_line),
    Judge("ssh-keygen -r", "ssh-keygen -r @ -f {public}", "the same records, from the one-line key", _same_records),
    Judge("puttygen -L", "puttygen -L {file}", "the public key", _same_line),
    Judge("puttygen -L (SSH-1)", "puttygen -L {file}", "bits, exponent and modulus", _same_decimal),
)

# ── who judges what ────────────────────────────────────────────────────────────────────────────────────────────────

JUDGED: dict[str, dict[str, tuple[str, ...]]] = {
    "ppk": {"puttygen -O text": _PUTTY},
    "ppk2": {"puttygen -O text": _PUTTY},
    "openssh": {
        "ssh-keygen -y": _OPENSSH,
        "puttygen -O text": _PUTTY,
        "dropbearconvert openssh dropbear": ("rsa", *_ECDSA, "ed25519"),
    },
    "pem": {
        "openssl pkey": _TRADITIONAL,
        "openssl rsa": ("rsa",),
        "openssl ec": _ECDSA,
        "openssl dsa": ("dsa",),
        "ssh-keygen -y": _TRADITIONAL,
        "puttygen -O text": _TRADITIONAL,
        "dropbearconvert openssh dropbear": _TRADITIONAL,
    },
    "pkcs8": {
        "openssl pkey": _OPENSSL,
        "openssl rsa": ("rsa",),
        "openssl ec": _ECDSA,
        "openssl dsa": ("dsa",),
        "ssh-keygen -y": _TRADITIONAL,
    },
    "sshcom": {"puttygen -O text": ("rsa", "dsa")},
    "ssh1": {"puttygen -O text": ("rsa",)},
    "dropbear": {
        "dropbearkey -y": _DROPBEAR,
        "dropbearconvert dropbear openssh": _DROPBEAR,
    },
    "jwk": {},
    "openssh-pub": {"ssh-keygen -l": _OPENSSH, "puttygen -L": _PUTTY},
    "rfc4716": {"ssh-keygen -i -m RFC4716": _OPENSSH, "puttygen -L": _ANY},
    "spki": {"openssl pkey -pubin": _OPENSSL, "ssh-keygen -i -m PKCS8": _TRADITIONAL},
    "pkcs1-pub": {
        "openssl pkey -pubin": ("rsa",),
        "openssl rsa -RSAPublicKey_in": ("rsa",),
        "ssh-keygen -i -m PKCS8": ("rsa",),
        "ssh-keygen -i -m PEM": ("rsa",),
    },
    "ssh1-pub": {"puttygen -L (SSH-1)": ("rsa",)},
    "sshfp": {"ssh-keygen -r": ("rsa", "dsa", *_ECDSA, "ed25519")},
    "jwk-pub": {},
}
"""By format and judge: the key types, plain and encrypted."""

_PLAIN_ALONE = {"dropbearconvert openssh dropbear"}
"""Judges that open no encrypted key."""

UNJUDGED: dict[str, tuple[str, tuple[str, ...]]] = {
    "jwk": ("no SSH program and no openssl reads JWK", ("rsa", *_ECDSA, "ed25519", "ed448")),
    "jwk-pub": ("no SSH program and no openssl reads JWK", ("rsa", *_ECDSA, "ed25519", "ed448")),
    "openssh": ("OpenSSH knows ML-DSA since 10.4; no other program does", ("mldsa44",)),
    "openssh-pub": ("OpenSSH knows ML-DSA since 10.4; no program knows an unknown algorithm", ("mldsa44", "opaque")),
    "sshfp": ("OpenSSH has no Ed448", ("ed448",)),
}
"""By format: why no tool judges these key types; keyconv alone reads them back."""


def judges_of(cell: Cell) -> tuple[Judge, ...]:
    """Return the judges of a cell."""
    declared = JUDGED[cell.format]
    return tuple(
        judge
        for judge in JUDGES
        if cell.key_type.name in declared.get(judge.name, ()) and not (cell.encrypted and judge.name in _PLAIN_ALONE)
    )


def reason_of(cell: Cell) -> str | None:
    """Return the declared reason why nobody judges a cell, if there is one."""
    reason, names = UNJUDGED.get(cell.format, ("", ()))
    return reason if cell.key_type.name in names else None
