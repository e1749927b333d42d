"""Which rule an error of a reader stands for.

The one place that reads errors by their words; `tests/test_check_strength.py` holds it to what the readers say.
"""

from __future__ import annotations

import re

from keyconv.errors import (
    ContradictionError,
    InputError,
    KeyconvError,
    LimitError,
    MacError,
    MismatchError,
    NotAKeyError,
    TruncatedError,
    UnsupportedError,
)

__all__ = ["line_of", "rule_of"]

_PLACE = re.compile(r"(?:^|[ :])line ([0-9]{1,9})\b")

_WORDS: tuple[tuple[str, str], ...] = (
    (r"modulus n is even|primes p and q are the same", "weak-modulus"),
    (r"exponent e is not an odd number|RSA exponent has \d+ bits", "odd-exponent"),
    (r"coefficient iqmp is not the inverse|is not d modulo [pq] - 1", "recomputable-numbers"),
    (r"small order|canonical form|point at infinity|public point is compressed", "weak-point"),
    (r"more than .* which no key needs", "line-too-long"),
)
_PUBLIC_POINT = re.compile(
    r"public point is not on the curve|coordinate of the public point|public point has \d+ bytes"
)


def rule_of(error: KeyconvError, *, private: bool = True) -> str:
    """Name the rule for an error; `private` says that it is about a file with a private half."""
    text = error.message
    for pattern, name in _WORDS:
        if re.search(pattern, text):
            return name
    if _PUBLIC_POINT.search(text):
        return "inconsistent-numbers" if private else "weak-point"
    match error:
        case NotAKeyError() | UnsupportedError() | InputError():
            return "not-a-key"
        case TruncatedError():
            return "truncated"
        case MacError():
            return "mac-mismatch"
        case MismatchError():
            return "key-mismatch"
        case ContradictionError():
            return "inconsistent-numbers"
        case LimitError() if "unlocking" in text or "Argon2" in text:
            return "costly-kdf"
    return "corrupt"


def line_of(error: KeyconvError) -> int | None:
    """Tell in which line an error happened, where it says so."""
    found = _PLACE.search(error.place)
    return int(found[1]) if found else None
