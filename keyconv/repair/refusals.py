"""Which rule of `keyconv check` an error of a reader stands for: the one place that reads errors by their words."""

from __future__ import annotations

import re

from keyconv import limits
from keyconv.errors import (
    ContradictionError,
    KeyconvError,
    LimitError,
    MacError,
    MalformedError,
    MismatchError,
    NotAKeyError,
    TruncatedError,
    UnsupportedError,
)
from keyconv.formats import REGISTRY, by_name

__all__ = ["is_of_lines", "line_of", "rule_of", "rule_of_line"]

_LINE = re.compile(r"\bline ([0-9]{1,7})\b")
_LINE_FORMATS = ("openssh-pub", "known_hosts")

_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"modulus n is even|primes p and q are the same", "weak-modulus"),
        (r"exponent e is not an odd number|RSA exponent has \d+ bits", "odd-exponent"),
        (r"small order|canonical form|point at infinity|public point is compressed", "weak-point"),
        (r"more than .* which no key needs", "line-too-long"),
        (r"the line is an SSH-1 key", "ssh1"),
        (r"\Athere is text before the key", "surrounding-text"),
        (r"\Athere is white space before the key", "indented"),
        (r"\Athe file begins with a byte order mark, which", "byte-order-mark"),
        (r"\Athe file is UTF-16 text", "utf-16"),
    )
)
_OPTION = re.compile(
    r"the option |the value of the option|a quote|there is white space outside|there is no comma|there is a comma"
    r"|there is a line end or a zero byte in the options"
)
_LENGTH = re.compile(r" at byte \d|says that it holds")
_OF_ONE_LINE = ("unknown-option", "bad-option", "weak-point", "weak-modulus", "odd-exponent", "line-too-long", "ssh1")


def rule_of(error: KeyconvError) -> str:
    """Name the rule that an error is of by itself, or nothing where the error is not about what the file holds."""
    return _rule_of(error, of_lines=is_of_lines(error))


def rule_of_line(error: KeyconvError) -> str:
    """Name the rule for an error of one line among others, which sshd or ssh passes over."""
    name = _rule_of(error, of_lines=True)
    return name if name in _OF_ONE_LINE else "bad-line"


def is_of_lines(error: KeyconvError) -> bool:
    """Tell whether an error comes from a reader of files that hold a key a line."""
    return error.place.startswith(_LINE_FORMATS)


def line_of(error: KeyconvError) -> int | None:
    """Tell in which line (from 1) an error happened, where it says so."""
    found = _LINE.search(str(error))
    return int(found[1]) if found else None


def _rule_of(error: KeyconvError, *, of_lines: bool) -> str:
    for pattern, name in _WORDS:
        if pattern.search(error.message):
            return name
    match error:
        case TruncatedError():
            return "truncated"
        case NotAKeyError():
            return "empty" if error.message.startswith("the file is empty") else "not-a-key"
        case MacError():
            return "mac-mismatch"
        case MismatchError():
            return "bad-line" if of_lines else "key-mismatch"
        case ContradictionError():
            point = "public point" in error.message and (of_lines or _is_public(error))
            return "weak-point" if point else error.code  # what can be computed anew has a rule of its own
        case LimitError():
            return _rule_of_limit(error)
        case UnsupportedError():
            return "unsupported"
        case MalformedError():
            return _rule_of_options(error.message) if of_lines else "corrupt"
    return ""


def _is_public(error: KeyconvError) -> bool:
    name = error.place.partition(":")[0]
    return any(known.name == name for known in REGISTRY) and not by_name(name).can.private


def _rule_of_limit(error: LimitError) -> str:
    if error.hint == limits.COSTLY_HINT or "this machine" in error.message:
        return "costly-kdf"
    # A length or a count beyond all reason is a changed byte; a number or a text of such a size may be meant.
    return "corrupt" if _LENGTH.search(error.message) else "unsupported"


def _rule_of_options(message: str) -> str:
    if message.startswith("there is no option"):
        return "unknown-option"
    return "bad-option" if _OPTION.match(message) else "corrupt"
