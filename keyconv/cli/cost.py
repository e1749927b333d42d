"""How many passes of Argon2 this machine makes in the time that the user allows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from keyconv.crypto.kdf import Argon2
from keyconv.errors import LimitError
from keyconv.formats.base import WriteOptions

__all__ = ["calibrate"]


def calibrate(options: WriteOptions, milliseconds: int, clock: Callable[[], float] = time.perf_counter) -> WriteOptions:
    """Find the first of 1, 2, 3, 5, 8 ... passes that takes at least so many milliseconds, as PuTTYgen does.

    Each trial derives the real key, from the salt that is then written, so that the last one need not be run again.
    """
    if not options.passphrase:
        return options
    salt = options.random(16)
    passes, following = 1, 2
    while True:
        kdf = Argon2(options.kdf, options.kdf_memory, passes, options.kdf_parallelism, salt)
        start = clock()
        options.deriver.derive(kdf, options.passphrase, 80)
        if (clock() - start) * 1000 >= milliseconds or _too_costly(replace(kdf, passes=following)):
            return replace(options, kdf_passes=passes, random=lambda _: salt)
        passes, following = following, passes + following


def _too_costly(kdf: Argon2) -> bool:
    try:
        kdf.check_cost()
    except LimitError:
        return True
    return False
