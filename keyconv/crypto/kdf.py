"""Key derivation: from a passphrase to the key, IV and MAC key of a file.

Each KDF is a frozen record of its parameters, readable without the passphrase. `Deriver` runs one: it checks the cost
first and runs none twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal, NoReturn, Protocol

from keyconv import limits
from keyconv.errors import LimitError, MalformedError
from keyconv.notes import Note
from keyconv.record import record
from keyconv.secret import Passphrase

__all__ = ["ARGON2_FLAVOURS", "Argon2", "BcryptPbkdf", "Deriver", "Kdf", "PuttySha1", "note_salt"]

Argon2Flavour = Literal["argon2d", "argon2i", "argon2id"]
Work = Callable[[], bytes]
ARGON2_FLAVOURS: tuple[Argon2Flavour, ...] = ("argon2id", "argon2i", "argon2d")


class Kdf(Protocol):
    """What every record of KDF parameters can do; equal records derive equal keys."""

    @property
    def name(self) -> str:
        """The name, as shown to users."""
        ...

    def describe(self) -> dict[str, int | str]:
        """Return the parameters, by the names that JSON output uses."""
        ...

    def check_cost(self) -> None:
        """Raise LimitError when running it would cost more than `keyconv.limits` allows."""
        ...

    def repeats(self) -> int:
        """Say how often it may run for one file: all runs together cost no more than one run may."""
        ...

    def derive(self, passphrase: bytes, length: int) -> bytes:
        """Derive `length` bytes."""
        ...

    def __hash__(self) -> int: ...


@record
class Argon2:
    """Argon2 version 1.3 (RFC 9106), as PPK version 3 uses it; memory in KiB."""

    flavour: Argon2Flavour
    memory_kib: int
    passes: int
    parallelism: int
    salt: bytes

    def __post_init__(self) -> None:
        if self.passes < 1 or self.parallelism < 1:
            raise MalformedError(f"Argon2 with {self.passes} passes and {self.parallelism} lanes is not defined")
        if self.memory_kib < 8 * self.parallelism:
            raise MalformedError(
                f"Argon2 with {self.parallelism} lanes needs {8 * self.parallelism} KiB or more, not {self.memory_kib}"
            )
        limits.check_salt(self.salt, limits.MIN_ARGON2_SALT)

    @property
    def name(self) -> str:
        """The flavour."""
        return self.flavour

    def describe(self) -> dict[str, int | str]:
        """Return memory (KiB), passes, parallelism, and the salt in hexadecimal."""
        return {
            "memory_kib": self.memory_kib,
            "passes": self.passes,
            "parallelism": self.parallelism,
            "salt": self.salt.hex(),
        }

    def check_cost(self) -> None:
        """Raise LimitError above the limits."""
        limits.check_argon2(self.memory_kib, self.passes, self.parallelism)

    def repeats(self) -> int:
        """Say how often it may run for one file."""
        return limits.repeats_of_argon2(self.memory_kib, self.passes)

    def derive(self, passphrase: bytes, length: int) -> bytes:
        """Derive `length` bytes; releases the GIL while it runs."""
        from argon2.exceptions import HashingError
        from argon2.low_level import Type, hash_secret_raw

        kinds = {"argon2d": Type.D, "argon2i": Type.I, "argon2id": Type.ID}
        try:
            return hash_secret_raw(
                passphrase,
                self.salt,
                time_cost=self.passes,
                memory_cost=self.memory_kib,
                parallelism=self.parallelism,
                hash_len=length,
                type=kinds[self.flavour],
                version=0x13,
            )
        except (HashingError, OverflowError, MemoryError):
            raise LimitError(
                f"Argon2 could not take {limits.size(self.memory_kib * limits.KIB)} of memory on this machine",
                rule="costly-kdf",
            ) from None


@record
class BcryptPbkdf:
    """bcrypt_pbkdf, as OpenSSH's private format uses it; cost is linear in the rounds."""

    name: ClassVar[str] = "bcrypt"

    salt: bytes
    rounds: int

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise MalformedError("bcrypt with zero rounds is not defined")
        limits.check_salt(self.salt)

    def describe(self) -> dict[str, int | str]:
        """Return the rounds, and the salt in hexadecimal."""
        return {"rounds": self.rounds, "salt": self.salt.hex()}

    def check_cost(self) -> None:
        """Raise LimitError above the limits."""
        limits.check_bcrypt(self.rounds)

    def repeats(self) -> int:
        """Say how often it may run for one file."""
        return limits.MAX_BCRYPT_ROUNDS // self.rounds

    def derive(self, passphrase: bytes, length: int) -> bytes:
        """Derive `length` bytes; a shorter result is no prefix of a longer one. Releases the GIL while it runs."""
        import bcrypt

        return bcrypt.kdf(passphrase, self.salt, length, self.rounds, ignore_few_rounds=True)


@record
class PuttySha1:
    """The KDF of PPK versions 1 and 2: two runs of SHA-1, no salt.

    Source: PuTTY manual, appendix 'PPK file format', version 2.
    """

    name: ClassVar[str] = "sha1"

    def describe(self) -> dict[str, int | str]:
        """Return nothing: it has no parameters."""
        return {}

    def check_cost(self) -> None:
        """Cost nothing."""

    def repeats(self) -> int:
        """Say how often it may run for one file."""
        return limits.MAX_CHEAP_RUNS

    def derive(self, passphrase: bytes, length: int) -> bytes:
        """Derive at most 40 bytes."""
        from hashlib import sha1

        blocks = (sha1(bytes((0, 0, 0, number)) + passphrase, usedforsecurity=False).digest() for number in (0, 1))
        return b"".join(blocks)[:length]


def note_salt(salt: bytes, notes: list[Note]) -> None:
    """Note a salt of fewer bytes than are advised: the KDF takes it all the same."""
    if len(salt) < limits.ADVISED_SALT:
        count = f"{len(salt)} byte{'s' if len(salt) > 1 else ''}"
        notes.append(
            Note("noncanonical", f"the KDF's salt has {count}, where RFC 8018 advises at least {limits.ADVISED_SALT}")
        )


class Deriver:
    """Runs KDFs: refuses what costs too much before it runs, and keeps each result, so that none runs twice.

    `run` is how the work is run, given a function without arguments; a program whose user may press Ctrl-C while C code
    works passes one that waits for a thread. `begin` begins such work and gives a function that waits for its result;
    without it nothing runs beside anything else. `runs` counts the KDFs that really ran.
    """

    def __init__(
        self,
        *,
        allow_costly: bool = False,
        run: Callable[[Work], bytes] | None = None,
        begin: Callable[[Work], Work] | None = None,
    ) -> None:
        self.allow_costly = allow_costly
        self.runs = 0
        self._run = run
        self._begin = begin
        self._expected: tuple[Kdf, int] | None = None
        self._begun: dict[tuple[Kdf, bytes, int], Work] = {}
        self._known: dict[tuple[Kdf, bytes, int], bytes] = {}

    def check(self, kdf: Kdf) -> None:
        """Raise LimitError when this KDF costs too much to be run here."""
        if not self.allow_costly:
            kdf.check_cost()

    def affords(self, kdf: Kdf, runs: int) -> bool:
        """Return whether a KDF may run so often for one file."""
        return self.allow_costly or runs <= kdf.repeats()

    def derive(self, kdf: Kdf, passphrase: Passphrase, length: int) -> bytes:
        """Derive `length` bytes from a passphrase.

        Raises: LimitError when it would cost too much.
        """
        self.check(kdf)
        secret = passphrase.reveal()
        known = self._known.get((kdf, secret, length))
        if known is None:
            begun = self._begun.pop((kdf, secret, length), None)
            if begun is not None:
                known = begun()
            else:
                self._begin_expected(kdf, secret)
                self.runs += 1
                known = self._run(lambda: kdf.derive(secret, length)) if self._run else kdf.derive(secret, length)
            self._known[kdf, secret, length] = known
        return known

    def expect(self, kdf: Kdf, length: int) -> None:
        """Have a KDF of a file that will be written run beside the next one that is run, with the same passphrase.

        What reads a file and writes another then takes the time of the longer one alone. Its writer asks `expected`.
        It is begun once: if that passphrase is wrong, it is run in its turn.
        """
        self.check(kdf)
        self._expected = kdf, length

    def expected(self) -> Kdf | None:
        """Return the KDF that is expected, to one writer alone: no salt is used twice."""
        expected, self._expected = self._expected, None
        return expected[0] if expected else None

    def _begin_expected(self, beside: Kdf, secret: bytes) -> None:
        begin = self._begin
        if begin is None or self._expected is None or self._expected[0] == beside:
            return
        kdf, length = self._expected
        self._begin = None
        self.runs += 1
        self._begun[kdf, secret, length] = begin(lambda: kdf.derive(secret, length))

    def __repr__(self) -> str:
        return f"Deriver(runs={self.runs})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a deriver is not pickled or copied: it knows passphrases and keys")
