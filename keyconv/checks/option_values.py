"""What sshd makes of the options of an `authorized_keys` line: values that it refuses, and with them the whole line.

Source: OpenSSH's auth-options.c (sshauthopt_parse, handle_permit), addrmatch.c, misc.c (parse_absolute_time, a2port,
a2tun); sshd(8), AUTHORIZED_KEYS FILE FORMAT; each verdict was measured by log-ins to sshd of OpenSSH 9.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from keyconv.checks import services
from keyconv.checks.base import Severity
from keyconv.codec import networks
from keyconv.keyfile import Option

__all__ = ["Verdict", "judge"]

_ONCE = ("command", "from", "principals")
_TIME = re.compile(rb"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(?i:Z|UTC)?")
_IN_UTC = re.compile(rb"(?i)(?:Z|UTC)\Z")
_VARIABLE = re.compile(rb"[A-Za-z0-9_]+\Z")
_NUMBER = re.compile(r"[ \t\n\v\f\r]*[+-]?[0-9]+\Z")
"""A number as strtonum reads it: white space and a sign may stand before it, and zeros."""
_PATTERN = re.compile(r"[A-Za-z0-9._:%*?\x80-\xff-]+\Z")
"""What the name or the address of a client may hold, with wildcards."""
_MAX_HOST = 1025
_MAX_TUNNEL = 0x7FFFFFFF - 2
_LEAP_SECOND = 60
_FARTHEST = 12 * 3600
"""Seconds by which the time zone that is farthest west is behind UTC."""

_SILENT = "sshd ignores the line"


class Verdict(NamedTuple):
    """What is wrong with one option: the rule, what to say, and the severity where it is not the rule's own."""

    rule: str
    message: str
    severity: Severity | None = None


def judge(options: Iterable[Option], now: int) -> Iterator[Verdict]:
    """Report what sshd refuses about the options of a line at `now`, in seconds since 1970, and what has no effect."""
    options = tuple(options)
    names = [option.name.decode("latin-1").lower() for option in options]
    for name in _ONCE:
        if names.count(name) > 1:
            yield _refused(f"the option {name} is there twice")
    if "principals" in names and "cert-authority" not in names:
        yield _refused("principals: is for lines with cert-authority alone")
    for name, option in zip(names, options, strict=True):
        rule = _RULES.get(name)
        why = rule(option.value) if rule is not None and option.value is not None else ""
        if why:
            yield _refused(f"{name}: {why}")
        elif name == "expiry-time" and option.value is not None and _is_over(option.value, now):
            yield Verdict("line-expired", f"the line was valid until {_show(option.value.decode('latin-1'))}")
        elif name == "from" and option.value is not None:
            yield from _dead_patterns(option.value)
        elif name in ("permitopen", "permitlisten") and option.value is not None:
            yield from _unknown_service(name, option.value)


def _refused(why: str) -> Verdict:
    return Verdict("bad-option", f"{why}; {_SILENT}")


# ── from ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _from(value: bytes) -> str:
    positive = []
    for pattern in value.split(b","):
        text = pattern.removeprefix(b"!").decode("latin-1")
        if not text:
            return "there is an empty pattern"
        if not _why_dead(text) and networks.has_host_bits(text):
            return f"{_show(text)} has bits set behind its prefix"
        if not pattern.startswith(b"!"):
            positive.append(_why_dead(text))
    if not positive:
        return "there are only patterns with a !, which let nobody in"
    return positive[0] if all(positive) else ""


def _dead_patterns(value: bytes) -> Iterator[Verdict]:
    for pattern in value.split(b","):
        why = _why_dead(pattern.removeprefix(b"!").decode("latin-1"))
        if why:
            yield Verdict("bad-option", f"from: {why}", "warning")


def _why_dead(text: str) -> str:
    """Tell why a pattern matches no client, or return an empty string."""
    address, slash, length = text.partition("/")
    shown = f"'{_show(text)}'"
    if text != text.strip():
        return f"the pattern {shown} {'begins' if text != text.lstrip() else 'ends'} with white space and never matches"
    if not slash:
        if any(each.isspace() for each in text):
            return f"patterns are separated by commas, not by spaces: {shown} never matches"
        return "" if _PATTERN.match(text) else f"the pattern {shown} never matches a host name or an address"
    most = networks.bits_of(address)
    if not most:
        return f"{shown} never matches: '{_show(address)}' before the / is not an address"
    if not _NUMBER.match(length) or not 0 <= int(length) <= most:
        return f"{shown} never matches: '/{_show(length)}' is not the length of a prefix"
    return ""


# ── times ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _expiry_time(value: bytes) -> str:
    found = _TIME.fullmatch(value)
    if found is None:
        return "is no time: sshd reads YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, and Z or UTC after it"
    year, month, day, hour, minute, second = (int(each or 0) for each in found.groups())
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        return "there is no such day"
    if hour > 23 or minute > 59 or second > _LEAP_SECOND:
        return "there is no such time of day"
    return "is before 1970" if year < 1970 else ""


def _is_over(value: bytes, now: int) -> bool:
    """Tell whether a time that sshd reads is over; one without Z only once it is over in every time zone."""
    found = _TIME.fullmatch(value)
    if found is None:
        return False
    year, month, day, hour, minute, second = (int(each or 0) for each in found.groups())
    # The days of years of 365, then a leap day each fourth year but three in four centuries, from 1 March of year 0.
    shifted, months = (year, month - 3) if month > 2 else (year - 1, month + 9)
    days = 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400 + (153 * months + 2) // 5 + day - 1 - 719_468
    seconds = days * 86_400 + hour * 3600 + minute * 60 + second
    return seconds + (0 if _IN_UTC.search(value) else _FARTHEST) < now


# ── the other options ──────────────────────────────────────────────────────────────────────────────────────────────


def _permit(value: bytes, *, bare_port: bool) -> str:
    host, port, why = _host_and_port(value, bare_port=bare_port)
    if why:
        return why
    if not host or len(host) >= _MAX_HOST:
        return "there is no host before the port"
    if _NUMBER.match(port):
        return "" if 0 < int(port) < 65536 else f"'{_show(port)}' is no port"
    if port == "*" or services.is_possible(port):
        return ""
    return f"'{_show(port)}' is no port" if port else "there is no port"


def _unknown_service(name: str, value: bytes) -> Iterator[Verdict]:
    _, port, _ = _host_and_port(value, bare_port=name == "permitlisten")
    if port != "*" and not _NUMBER.match(port) and port not in services.NAMES:
        message = f"{name}: '{_show(port)}' is neither a port nor the name of a usual service"
        yield Verdict("bad-option", f"{message}; {_SILENT} where /etc/services does not name it", "warning")


def _host_and_port(value: bytes, *, bare_port: bool) -> tuple[str, str, str]:
    """Split a value as sshd does, which takes a / for a colon. Returns: host, port, and why they cannot be told."""
    text = value.decode("latin-1")
    if bare_port and ":" not in text:
        return "*", text, ""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket:
            return "", "", "the bracket is not closed"
        return host, rest[1:] if rest.startswith((":", "/")) else "", ""
    found = re.match(r"([^:/]*)[:/](.*)\Z", text, re.DOTALL)
    return (found[1], found[2], "") if found else (text, "", "")


def _environment(value: bytes) -> str:
    name, equals, _ = value.partition(b"=")
    if not equals:
        return "is not NAME=value"
    return "" if _VARIABLE.match(name) else "the name is not one of letters, digits and underscores"


def _tunnel(value: bytes) -> str:
    text = value.decode("latin-1")
    if text.lower() == "any" or (_NUMBER.match(text) and 0 <= int(text) <= _MAX_TUNNEL):
        return ""
    pair = " without the device of the other side" if ":" in text else ""
    return f"is no tunnel device: one number{pair}, or 'any'"


def _principals(value: bytes) -> str:
    return "" if value else "there are none"


def _show(text: str) -> str:
    return "".join(each if " " <= each <= "~" else "?" for each in text[:40])


_RULES: dict[str, Callable[[bytes], str]] = {
    "from": _from,
    "expiry-time": _expiry_time,
    "permitopen": lambda value: _permit(value, bare_port=False),
    "permitlisten": lambda value: _permit(value, bare_port=True),
    "environment": _environment,
    "tunnel": _tunnel,
    "principals": _principals,
}
