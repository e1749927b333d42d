"""Rules on protection: who can read the private half?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from keyconv.checks.model import Hit, Rule, Subject
from keyconv.checks.names import is_host_key_name
from keyconv.crypto.kdf import Argon2, BcryptPbkdf
from keyconv.errors import LimitError
from keyconv.keyfile import Locked, Protection

__all__ = ["PROTECTION"]

_protection = partial(Rule, group="protection", severity="warning")
_WEAK_CIPHER = re.compile(r"(?<![a-z])(?:3?des|rc4|arcfour|rc2|idea)(?![a-z])|des-?ede3?|blowfish", re.IGNORECASE)
_HASH_KDFS = {
    "sha1": "two runs of SHA-1",
    "md5": "MD5 without a salt",
    "evp-md5": "one run of MD5",
    "pbes1": "PBES1, of 1993",
}


def _unencrypted(subject: Subject) -> Iterator[Hit]:
    """A private half without a passphrase; a FIDO key's secret is not in the file, and sshd can type none."""
    if subject.content.is_host_key or is_host_key_name(subject.content.name):
        return
    for entry in subject.keyfile.entries:
        open_one = entry.private is not None and not isinstance(entry.private, Locked) and entry.protection is None
        if open_one and not (entry.public is not None and entry.public.family.startswith("sk-")):
            yield Hit("the private key has no passphrase")
            return


def _encrypted(subject: Subject) -> Iterator[Hit]:
    """A private half that only a passphrase opens, where nobody can type one."""
    if subject.context.unattended and any(isinstance(entry.private, Locked) for entry in subject.keyfile.entries):
        yield Hit("the private key has a passphrase, which nobody can type where it is used")


def _permissions(subject: Subject) -> Iterator[Hit]:
    """A mode that lets others at a private key."""
    mode = subject.content.mode
    if mode is not None and mode & 0o077 and any(entry.private is not None for entry in subject.keyfile.entries):
        who = "others" if mode & 0o007 else "its group"
        can = "write" if mode & 0o022 else "read"
        yield Hit(f"the mode is {mode & 0o7777:04o}: {who} can {can} the private key")


def _weak_kdf(subject: Subject) -> Iterator[Hit]:
    """A derivation that is cheap to try passphrases against."""
    for protection in _protections(subject):
        why = _weakness(protection, subject)
        if why:
            kdf, least = protection.kdf, subject.context.thresholds.argon2_work_least
            slow_machine = isinstance(kdf, Argon2) and kdf.memory_kib * kdf.passes >= least
            yield Hit(f"the passphrase is cheap to guess: {why}", "info" if slow_machine else None)
            return


def _weak_cipher(subject: Subject) -> Iterator[Hit]:
    """A cipher of the last century."""
    for protection in _protections(subject):
        if _WEAK_CIPHER.search(protection.cipher):
            yield Hit(f"the private key is encrypted with {protection.cipher}")
            return


def _costly_kdf(subject: Subject) -> Iterator[Hit]:
    """A derivation above the limits, judged without running it."""
    for protection in _protections(subject):
        try:
            protection.kdf.check_cost()
        except LimitError as error:
            yield Hit(error.message)
            return


def _weakness(protection: Protection, subject: Subject) -> str:
    kdf, wanted = protection.kdf, subject.context.thresholds
    described = kdf.describe()
    if kdf.name in _HASH_KDFS:
        return f"{_HASH_KDFS[kdf.name]} ({kdf.name})"
    if isinstance(kdf, Argon2) and kdf.memory_kib * kdf.passes < wanted.argon2_work:
        return f"Argon2 with {kdf.memory_kib} KiB and {kdf.passes} pass{'es' if kdf.passes > 1 else ''}"
    if isinstance(kdf, BcryptPbkdf) and kdf.rounds < wanted.bcrypt_rounds:
        return f"{kdf.rounds} rounds of bcrypt"
    if kdf.name == "pbkdf2" and int(described["iterations"]) < wanted.pbkdf2_iterations:
        return f"{described['iterations']} iterations of PBKDF2"
    if kdf.name == "scrypt" and int(described["n"]) * int(described["r"]) < wanted.scrypt_work:
        return f"scrypt with N = {described['n']} and r = {described['r']}"
    return ""


def _protections(subject: Subject) -> Iterator[Protection]:
    for entry in subject.keyfile.entries:
        protection = entry.private.protection if isinstance(entry.private, Locked) else entry.protection
        if protection is not None:
            yield protection


PROTECTION: tuple[Rule, ...] = (
    _protection(
        "unencrypted",
        "A private key without a passphrase",
        "Convenience, or a machine that must use the key alone.",
        "Nothing.",
        "Add one: keyconv passphrase FILE",
        on_file=_unencrypted,
    ),
    _protection(
        "encrypted",
        "A passphrase where nobody can type one",
        "A key with a passphrase in a CI secret or on a machine that works alone. It is looked for under the preset "
        "`ci-secret` or with `unattended = true`, unless the run has the passphrase.",
        "ssh waits for the passphrase until the job times out, or says 'Permission denied (publickey)'.",
        "Keep the passphrase as a second secret and load the key into an agent with it, or remove it: "
        "keyconv passphrase --no-passphrase FILE",
        severity="error",
        on_file=_encrypted,
        setting="unattended",
    ),
    _protection(
        "permissions",
        "Others can read or write the private key",
        "Copies, mounts, WSL, a umask.",
        "ssh: 'UNPROTECTED PRIVATE KEY FILE!', 'bad permissions'.",
        "Replace the key if others have had access, and: chmod 600 FILE",
        severity="error",
        on_file=_permissions,
        once=True,
    ),
    _protection(
        "weak-kdf",
        "The key derivation is cheap to guess against",
        "An old format: PPK 1 and 2 (SHA-1), PEM's DEK-Info (MD5), ssh.com, SSH-1; or low costs.",
        "Nothing.",
        "Convert it to openssh or ppk, or: keyconv passphrase --upgrade FILE",
        on_file=_weak_kdf,
        setting="argon2-work, argon2-work-least, bcrypt-rounds, pbkdf2-iterations, scrypt-work",
    ),
    _protection(
        "weak-cipher",
        "The cipher is broken or too short",
        "An old file: DES, 3DES, RC4, RC2, IDEA.",
        "OpenSSL 3 refuses some without its legacy provider.",
        "Convert it to openssh or ppk, or: keyconv passphrase --upgrade FILE",
        on_file=_weak_cipher,
    ),
    _protection(
        "costly-kdf",
        "The key derivation costs more than readers pay",
        "A hostile file, or a cost chosen too high.",
        "Hangs, or runs out of memory.",
        "Pass --allow-costly-kdf if you trust the file, and write it with today's costs.",
        on_file=_costly_kdf,
    ),
)
