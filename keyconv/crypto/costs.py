"""What a KDF should cost at least: `keyconv check` asks for it, and nothing that keyconv measures is below it."""

from __future__ import annotations

__all__ = ["ARGON2_WORK", "BCRYPT_ROUNDS", "PBKDF2_ITERATIONS", "PUTTY_ARGON2_WORK", "SCRYPT_WORK", "enough_passes"]

ARGON2_WORK = 8192 * 5
"""KiB of memory times passes of Argon2.

PuTTYgen takes 8 MiB and as many passes as fit into 100 ms: 5 to 21 as measured, on busy machines too. OWASP's least is
7 MiB by 5.
"""

PUTTY_ARGON2_WORK = 8192
"""The work of one pass of PuTTYgen's, which is all that fits into its time on the slowest machines."""

BCRYPT_ROUNDS = 16
"""Rounds of bcrypt_pbkdf: ssh-keygen's default until OpenSSH 9.4, which raised it to 24."""

PBKDF2_ITERATIONS = 100_000
"""Iterations of PBKDF2."""

SCRYPT_WORK = 16_384 * 8
"""N times r of scrypt: openssl's default."""


def enough_passes(memory_kib: int) -> int:
    """Return the fewest passes of Argon2 over so much memory that cost enough."""
    return max(1, -(-ARGON2_WORK // memory_kib))
