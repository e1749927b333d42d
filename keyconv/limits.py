"""Every ceiling on untrusted input, with its reason.

A limit is checked before the work or the allocation that it bounds. The last value accepted and the first one refused
are both in the tests.
"""

from __future__ import annotations

from keyconv.errors import LimitError, MalformedError

KIB = 1024
MIB = 1024 * KIB

MAX_KEY_FILE = 1 * MIB
"""Bytes in a key file. The largest honest one (RSA 16384, PPK) has under 20 KiB."""

MAX_KRL = 64 * MIB
"""Bytes in a key revocation list; one that names 100,000 keys by their hashes has 4 MiB."""

MAX_KRL_PARTS = 1_000_000
"""Sections, keys, hashes, key ids and listed serials of one revocation list: a second's work. Ranges and bitmaps count
as one each, whatever number of serials they stand for."""

MAX_DNS_RECORDS = 100_000
"""SSHFP records in one file: more than 1 MiB has of whole ones."""

MAX_PRINCIPALS = 100_000
"""Names in one file of principals."""

MAX_LINE = 64 * KIB
"""Bytes in one line of a streamed file; sshd reads longer ones since OpenSSH 7.8, and no key needs them."""

MAX_AUTHORIZED_KEYS_LINE = 8 * KIB
"""Bytes in an `authorized_keys` line that old releases of OpenSSH and other servers read; writers stay below it, and
`keyconv check` reports longer ones. sshd 9.2 and 10.6 read lines of 60,000 bytes."""

MAX_KEYS_PER_FILE = 256
"""Keys in one OpenSSH private file. More than one is rare; the number is read before anything is allocated."""

MAX_RSA_BITS = 16_384
"""Bits of an RSA modulus: OpenSSH's and OpenSSL's own ceiling."""

MAX_PROVED_BITS = 2 * MAX_RSA_BITS
"""Bits of all private RSA and DSA keys of one file together: their primes cost seconds at the largest sizes."""

MAX_RSA_FACTOR_BITS = MAX_RSA_BITS // 2 + 64
"""Bits of one prime of an RSA key; a lopsided key would make its one large factor cost eight times as much."""

MAX_RSA_E_BITS = 256
"""Bits of an RSA public exponent; above it a single verification becomes an attack."""

MAX_DSA_P_BITS = 8_192
"""Bits of a DSA modulus."""

DSA_Q_BITS = (160, 224, 256)
"""Bits of a DSA subgroup order that FIPS 186 knows."""

MAX_MPINT_BYTES = MAX_RSA_BITS // 8 + 1
"""Bytes of the longest number that any key here may hold, with its sign byte."""

MAX_ALGORITHM_NAME = 64
"""Bytes of an SSH algorithm name (RFC 4251 section 6)."""

MAX_HEADER_NAME = 39
"""Bytes of a PPK header name (PuTTY's buffer of 40)."""

MAX_TEXT_INTEGER = 9_999_999_999
"""Integers in text have at most ten digits."""

MAX_BCRYPT_ROUNDS = 1_024
"""Rounds of bcrypt_pbkdf: about five seconds; ssh-keygen writes 16 to 32, and 100,000 hang every reader."""

MAX_ARGON2_MEMORY_KIB = 1 * MIB
"""KiB of memory that Argon2 may take (1 GiB); PuTTY writes 8 MiB."""

MAX_ARGON2_WORK_KIB = 4 * MIB
"""KiB of memory times passes (4 GiB): about four seconds."""

MAX_ARGON2_PARALLELISM = 64
"""Lanes of Argon2."""

MAX_PBKDF2_ITERATIONS = 10_000_000
"""Iterations of PBKDF2: about five seconds of HMAC-SHA-256."""

MAX_PBES1_ITERATIONS = 1_000_000
"""Iterations of PBES1 and of PKCS#12's KDF, which no library offers: about a second in Python. OpenSSL writes 2,048."""

MAX_SCRYPT_MEMORY = 256 * MIB
"""Bytes of memory that scrypt takes, 128 * N * r."""

MAX_SCRYPT_WORK = 1 << 23
"""Scrypt's N * r * p."""

MAX_CHEAP_RUNS = 1_000
"""Runs for one file of a KDF that costs nothing, as of MD5; a passphrase has at most some twenty spellings."""

MIN_ARGON2_SALT = 8
"""Bytes of Argon2's salt: below eight argon2-cffi refuses it."""

ADVISED_SALT = 8
"""Bytes of a salt in RFC 8018 section 4.1; a shorter one is read with a note."""

MAX_SALT = 1_024
"""Bytes of a salt: above a kilobyte no one writes it."""

MAX_PASSPHRASE = 64 * KIB
"""Bytes of a passphrase: the longest first line that is read from a passphrase file."""

MAX_COMMENT = 64 * KIB
"""Bytes of a comment that is kept."""

# Numbers in DER have any length: above this one, messages stop counting (floats overflow, `str` refuses long numbers).
_MOST = 10**18

COSTLY_HINT = "pass --allow-costly-kdf if you trust where this file comes from"


def check_proved_bits(bits: int) -> None:
    """Refuse to prove more private keys of one file than a person can wait for.

    Raises: LimitError.
    """
    if bits > MAX_PROVED_BITS:
        raise LimitError(f"the private keys of the file have {bits} bits together; the limit is {MAX_PROVED_BITS}")


def check_salt(salt: bytes, least: int = 1) -> None:
    """Refuse a salt that no writer makes, or that has fewer than the `least` bytes that its KDF takes.

    Raises: MalformedError for an empty salt (a broken file, not a wrong passphrase); LimitError below `least` and above
    1,024 bytes.
    """
    if not salt:
        raise MalformedError("the KDF's salt is empty")
    if not least <= len(salt) <= MAX_SALT:
        raise LimitError(f"the KDF's salt has {len(salt)} bytes, outside {least} to {MAX_SALT}")


def check_bcrypt(rounds: int) -> None:
    """Refuse bcrypt_pbkdf rounds that cost too much; cost is linear in them.

    Raises: LimitError.
    """
    if rounds > MAX_BCRYPT_ROUNDS:
        raise LimitError(
            f"unlocking would take {rounds} rounds of bcrypt, about {_seconds(rounds / 200)}; "
            f"the limit is {MAX_BCRYPT_ROUNDS}",
            hint=COSTLY_HINT,
            rule="costly-kdf",
        )


def check_argon2(memory_kib: int, passes: int, parallelism: int) -> None:
    """Refuse Argon2 costs that exhaust the machine; the work is memory (KiB) times passes.

    Raises: LimitError.
    """
    if memory_kib > MAX_ARGON2_MEMORY_KIB:
        raise LimitError(
            f"unlocking would take {size(memory_kib * KIB)} of memory for Argon2; "
            f"the limit is {size(MAX_ARGON2_MEMORY_KIB * KIB)}",
            hint=COSTLY_HINT,
            rule="costly-kdf",
        )
    if memory_kib * passes > MAX_ARGON2_WORK_KIB:
        raise LimitError(
            f"unlocking would fill {size(memory_kib * KIB)} of memory {passes} times for Argon2, about "
            f"{_seconds(memory_kib * passes / MIB)}; the limit is {size(MAX_ARGON2_WORK_KIB * KIB)} in all",
            hint=COSTLY_HINT,
            rule="costly-kdf",
        )
    if parallelism > MAX_ARGON2_PARALLELISM:
        raise LimitError(
            f"Argon2 asks for {parallelism} lanes; the limit is {MAX_ARGON2_PARALLELISM}",
            hint=COSTLY_HINT,
            rule="costly-kdf",
        )


def check_pbkdf2(iterations: int) -> None:
    """Refuse PBKDF2 iterations that cost too much.

    Raises: LimitError.
    """
    if iterations > MAX_PBKDF2_ITERATIONS:
        raise LimitError(
            f"unlocking would take {_count(iterations)} iterations of PBKDF2, about "
            f"{_seconds(min(iterations, _MOST) / 2e6)}; the limit is {MAX_PBKDF2_ITERATIONS}",
            hint=COSTLY_HINT,
            rule="costly-kdf",
        )


def check_pbes1(iterations: int) -> None:
    """Refuse PBES1 iterations that cost too much.

    Raises: LimitError.
    """
    if iterations > MAX_PBES1_ITERATIONS:
        raise LimitError(
            f"unlocking would take {_count(iterations)} iterations of PBES1, about "
            f"{_seconds(min(iterations, _MOST) / 1e6)}; the limit is {MAX_PBES1_ITERATIONS}",
            hint=COSTLY_HINT,
            rule="costly-kdf",
        )


def check_scrypt(n: int, r: int, p: int) -> None:
    """Refuse scrypt costs that exhaust the machine: memory 128 * n * r bytes, work n * r * p.

    Raises: LimitError.
    """
    if 128 * n * r > MAX_SCRYPT_MEMORY:
        raise LimitError(
            f"unlocking would take {size(128 * n * r)} of memory for scrypt; the limit is {size(MAX_SCRYPT_MEMORY)}",
            hint=COSTLY_HINT,
            rule="costly-kdf",
        )
    if n * r * p > MAX_SCRYPT_WORK:
        raise LimitError(
            f"unlocking would take {_count(n * r * p)} steps of scrypt; the limit is {MAX_SCRYPT_WORK}",
            hint=COSTLY_HINT,
            rule="costly-kdf",
        )


def repeats_of_argon2(memory_kib: int, passes: int) -> int:
    """Say how often Argon2 may run with these costs for one file, all runs together within its limit."""
    return MAX_ARGON2_WORK_KIB // max(1, memory_kib * passes)


def repeats_of_scrypt(n: int, r: int, p: int) -> int:
    """Say how often scrypt may run with these costs for one file, all runs together within its limit."""
    return MAX_SCRYPT_WORK // max(1, n * r * p)


def size(count: int) -> str:
    """Write a number of bytes for a person: `8 MiB`, `1.5 TiB`."""
    amount = float(min(count, _MOST * KIB))
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if amount < KIB or unit == "TiB":
            break
        amount /= KIB
    return f"{amount:.0f} {unit}" if amount == int(amount) else f"{amount:.1f} {unit}"


def _count(count: int) -> str:
    return str(count) if count < _MOST else "more than 10^18"


def _seconds(seconds: float) -> str:
    for limit, divisor, unit in ((120, 1, "seconds"), (7200, 60, "minutes"), (172_800, 3600, "hours")):
        if seconds < limit:
            return f"{max(1, round(seconds / divisor))} {unit}"
    return f"{round(seconds / 86_400)} days"
