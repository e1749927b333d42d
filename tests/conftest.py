"""Settings of all tests."""

from __future__ import annotations

import os
import signal
import sys
from functools import lru_cache

from hypothesis import HealthCheck, settings

from keyconv.proof import primes

# Timing decides no test; and a run in CI is the same run again.
settings.register_profile(
    "keyconv", deadline=None, derandomize=os.environ.get("CI") == "true", suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("keyconv")

# A shell starts a job of the background with interrupts ignored, and all that the job starts would ignore them too: the
# tests that interrupt a program then wait for its end for ever.
for _name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"):
    _number = getattr(signal, _name, None)
    if _number is not None and signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _name == "SIGINT" else signal.SIG_DFL)

# Containers often set PYTHONDONTWRITEBYTECODE: then each program that a test starts would compile all of keyconv again,
# and each worker all tests.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    sys.dont_write_bytecode = False

# Whether a number is prime is a fact. It is found out once in each process for the few keys that most tests read.
primes._is_extra_strong_lucas = lru_cache(4096)(primes._is_extra_strong_lucas)
