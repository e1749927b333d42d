"""What a KDF shall cost: how many passes this machine makes in the time that the user allows, and what is too much."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from keyconv import limits
from keyconv.cli.options import OutputOptions
from keyconv.crypto import costs
from keyconv.crypto.kdf import Argon2, BcryptPbkdf, Kdf
from keyconv.errors import LimitError, UsageError
from keyconv.formats.base import Format, WriteOptions

__all__ = ["COST_FLAGS", "DEFAULT_ROUNDS", "calibrate", "enough_passes", "no_cheaper", "refuse_costly"]

COST_FLAGS = ("kdf", "kdf_memory", "kdf_passes", "kdf_time", "kdf_parallelism", "rounds", "cipher")
"""The fields of `OutputOptions` that say how to encrypt."""

_PBKDF2 = "pbkdf2"

DEFAULT_ROUNDS = {BcryptPbkdf.name: 24, _PBKDF2: 600_000}
"""What the formats write when nothing is asked for, by the KDF's name."""


def calibrate(options: WriteOptions, milliseconds: int, clock: Callable[[], float] = time.perf_counter) -> WriteOptions:
    """Find the first of 1, 2, 3, 5, 8 ... passes that takes at least so many milliseconds, as PuTTYgen does.

    Passes that `keyconv check` would call too few are not tried, however slow the machine is. Each trial derives the
    real key, from the salt that is then written, so that the last one need not be run again.
    """
    if not options.passphrase:
        return options
    salt = options.random(16)
    passes, following = 1, 2
    least = costs.enough_passes(options.kdf_memory)
    while passes < least and not _too_costly(replace(_argon2(options, salt), passes=following)):
        passes, following = following, passes + following
    while True:
        kdf = replace(_argon2(options, salt), passes=passes)
        start = clock()
        options.deriver.derive(kdf, options.passphrase, 80)
        if (clock() - start) * 1000 >= milliseconds or _too_costly(replace(kdf, passes=following)):
            return replace(options, kdf_passes=passes, random=lambda _: salt)
        passes, following = following, passes + following


def _argon2(options: WriteOptions, salt: bytes) -> Argon2:
    return Argon2(options.kdf, options.kdf_memory, 1, options.kdf_parallelism, salt)


def _too_costly(kdf: Argon2) -> bool:
    try:
        kdf.check_cost()
    except LimitError:
        return True
    return False


def no_cheaper(options: WriteOptions, had: Kdf) -> WriteOptions:
    """Keep of a cost that a file has what is above today's defaults; the passes of Argon2 are `enough_passes`'."""
    if isinstance(had, Argon2):
        return replace(options, kdf_memory=max(options.kdf_memory, had.memory_kib))
    from keyconv.crypto.pbes import Pbkdf2

    rounds = had.rounds if isinstance(had, BcryptPbkdf) else had.iterations if isinstance(had, Pbkdf2) else 0
    return replace(options, rounds=rounds) if rounds > DEFAULT_ROUNDS.get(had.name, rounds) else options


def enough_passes(options: WriteOptions, had: Kdf) -> WriteOptions:
    """Add passes of Argon2 until they fill at least as much memory as those that a file has."""
    if not isinstance(had, Argon2):
        return options
    passes = -(-had.memory_kib * had.passes // options.kdf_memory)
    return replace(options, kdf_passes=max(options.kdf_passes, passes))


def refuse_costly(target: Format, options: OutputOptions) -> None:
    """Refuse costs that keyconv would refuse to pay when it reads the file, before a passphrase is asked for.

    Raises: UsageError.
    """
    try:
        if "argon2id" in target.can.kdfs:
            limits.check_argon2(options.kdf_memory or 8192, options.kdf_passes or 1, options.kdf_parallelism or 1)
        if BcryptPbkdf.name in target.can.kdfs:
            limits.check_bcrypt(options.rounds or 1)
        if _PBKDF2 in target.can.kdfs:
            limits.check_pbkdf2(options.rounds or 1)
    except LimitError as error:
        raise UsageError(error.message, hint="pass --allow-costly-kdf to write it all the same") from None
