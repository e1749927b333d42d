"""Rules on protection: who can read the private half."""

from __future__ import annotations

from functools import partial

from keyconv.checks.base import Rule

__all__ = ["PROTECTION"]

_protection = partial(Rule, group="protection", severity="warning")

PROTECTION: tuple[Rule, ...] = (
    _protection(
        "unencrypted",
        "A private key without a passphrase",
        "Convenience, or a machine that must use the key alone.",
        "Nothing.",
        "'keyconv passphrase FILE' adds one.",
    ),
    _protection(
        "encrypted",
        "A passphrase where nobody can type one",
        "A key with a passphrase in a CI secret or on a machine that works alone. It is looked for under the preset "
        "`ci-secret` or with `unattended = true`, unless the run has the passphrase.",
        "ssh waits for the passphrase until the job times out, or says 'Permission denied (publickey)'.",
        "Keep the passphrase as a second secret and load the key into an agent with it, or remove it: "
        "'keyconv passphrase --no-passphrase FILE'.",
        severity="error",
    ),
    _protection(
        "permissions",
        "Others can read or write the private key",
        "Copies, mounts, WSL, a umask.",
        "ssh: 'UNPROTECTED PRIVATE KEY FILE!', 'bad permissions'.",
        "chmod 600 FILE; replace the key if others have had access.",
        severity="error",
    ),
    _protection(
        "weak-kdf",
        "The key derivation is cheap to guess against",
        "An old format: PPK 1 and 2 (SHA-1), PEM's DEK-Info (MD5), ssh.com, SSH-1; or low costs.",
        "Nothing.",
        "'keyconv passphrase --upgrade FILE', or convert to openssh or ppk.",
    ),
    _protection(
        "weak-cipher",
        "The cipher is broken or too short",
        "An old file: DES, 3DES, RC4, RC2, IDEA.",
        "OpenSSL 3 refuses some without its legacy provider.",
        "'keyconv passphrase --upgrade FILE', or convert to openssh or ppk.",
    ),
    _protection(
        "costly-kdf",
        "The key derivation costs more than readers pay",
        "A hostile file, or a cost chosen too high.",
        "Hangs, or runs out of memory.",
        "Pass --allow-costly-kdf if you trust the file, and write it with today's costs.",
    ),
)
