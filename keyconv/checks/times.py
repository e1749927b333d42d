"""Times in options: `expiry-time`, `valid-after`, `valid-before`.

Source: OpenSSH's misc.c, parse_absolute_time; sshd(8), AUTHORIZED_KEYS FILE FORMAT.
"""

from __future__ import annotations

import re

__all__ = ["is_over", "seconds", "why_refused"]

_TIME = re.compile(rb"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(?i:Z|UTC)?")
_IN_UTC = re.compile(rb"(?i)(?:Z|UTC)\Z")
_MAX_SECOND = 61
_FARTHEST = 12 * 3600
"""Seconds by which the time zone that is farthest west is behind UTC."""


def why_refused(value: bytes) -> str:
    """Return why OpenSSH does not read a time; an empty string where it does."""
    found = _TIME.fullmatch(value)
    if found is None:
        return "is not a time: OpenSSH reads YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, and Z or UTC after it"
    _, month, day, hour, minute, second = _fields(found)
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        return "there is no such day"
    if hour > 23 or minute > 59 or second > _MAX_SECOND:
        return "there is no such time of day"
    # A time without Z may be later in UTC by half a day, or earlier by more.
    return "is before 1970" if seconds(value) <= (0 if _IN_UTC.search(value) else -_FARTHEST) else ""


def is_over(value: bytes, now: int) -> bool:
    """Return whether a time that OpenSSH reads is over; one without Z only once it is over in every time zone."""
    return seconds(value) + (0 if _IN_UTC.search(value) else _FARTHEST) < now


def seconds(value: bytes) -> int:
    """Count the seconds of a time that OpenSSH reads since 1970, in UTC; 30 February is 1 or 2 March."""
    found = _TIME.fullmatch(value)
    if found is None:
        raise ValueError("only what is a time has seconds")
    year, month, day, hour, minute, second = _fields(found)
    # The days of years of 365, then a leap day each fourth year but three in four centuries, from 1 March of year 0.
    year, month = (year, month - 3) if month > 2 else (year - 1, month + 9)
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 1 - 719_468
    return days * 86_400 + hour * 3600 + minute * 60 + second


def _fields(found: re.Match[bytes]) -> tuple[int, int, int, int, int, int]:
    year, month, day, hour, minute, second = (int(each or 0) for each in found.groups())
    return year, month, day, hour, minute, second
