"""Values of `authorized_keys` options that sshd refuses, and with them the whole line.

Source: OpenSSH's auth-options.c (sshauthopt_parse, handle_permit), addrmatch.c, misc.c (parse_absolute_time, a2port,
a2tun); sshd(8), AUTHORIZED_KEYS FILE FORMAT.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from keyconv.keyfile import Option

__all__ = ["judge"]

_ONCE = ("command", "from", "principals")
_TIME = re.compile(rb"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?[Zz]?")
_VARIABLE = re.compile(rb"[A-Za-z0-9_]+\Z")
_IPV4 = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}\Z")
_MAX_HOST = 1025
_MAX_TUNNEL = 0x7FFFFFFF - 2
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def judge(options: Iterable[Option]) -> str:
    """Say what sshd refuses about the options of a line, or give an empty string."""
    seen: set[str] = set()
    for option in options:
        name = option.name.decode("latin-1").lower()
        if name in _ONCE and name in seen:
            return f"the option {name} is there twice"
        seen.add(name)
        rule = _RULES.get(name)
        if rule is not None and option.value is not None:
            why = rule(option.value)
            if why:
                return f"{name}: {why}"
    return ""


def _from(value: bytes) -> str:
    for pattern in value.split(b","):
        text = pattern.strip().removeprefix(b"!").decode("latin-1")
        if not text:
            return "there is an empty pattern"
        address, slash, length = text.partition("/")
        if slash:
            why = _network(address, length)
            if why:
                return why
        elif any(each in text for each in " \t"):
            return "patterns are separated by commas, not by spaces"
    return ""


def _network(address: str, length: str) -> str:
    from ipaddress import ip_address, ip_network

    try:
        found = ip_address(address)
    except ValueError:
        return f"'{_show(address)}' before the / is no address" if _IPV4.match(address) or ":" in address else ""
    if not re.fullmatch(r"[0-9]{1,3}", length) or int(length) > found.max_prefixlen:
        return f"'/{_show(length)}' is no length of a prefix"
    try:
        ip_network(f"{address}/{length}")
    except ValueError:
        return f"{address}/{length} has bits set behind its prefix: sshd refuses the whole list"
    return ""


def _expiry_time(value: bytes) -> str:
    found = _TIME.fullmatch(value)
    if found is None:
        return "is no time: sshd reads YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, and a Z for UTC"
    year, month, day, hour, minute, second = (int(each or 0) for each in found.groups())
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= day <= _DAYS[month - 1] - (month == 2 and not leap):
        return "there is no such day"
    if hour > 23 or minute > 59 or second > 60:
        return "there is no such time of day"
    return "is before 1970" if year < 1970 else ""


def _permit(value: bytes, *, bare_port: bool) -> str:
    text = value.decode("latin-1")
    if bare_port and ":" not in text:
        text = "*:" + text
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket:
            return "the bracket is not closed"
        port = rest[1:] if rest.startswith((":", "/")) else ""
    else:
        found = re.match(r"([^:/]*)[:/](.*)\Z", text, re.DOTALL)
        host, port = (found[1], found[2]) if found else (text, "")
    if not host or len(host) >= _MAX_HOST:
        return "there is no host before the port"
    if port != "*" and not (re.fullmatch(r"[0-9]{1,5}", port) and 0 < int(port) < 65536):
        return f"'{_show(port)}' is no port" if port else "there is no port"
    return ""


def _environment(value: bytes) -> str:
    name, equals, _ = value.partition(b"=")
    if not equals:
        return "is not NAME=value"
    return "" if _VARIABLE.match(name) else "the name is not one of letters, digits and underscores"


def _tunnel(value: bytes) -> str:
    parts = value.split(b":")
    if len(parts) > 2 or not all(_is_device(part) for part in parts):
        return "is no tunnel device: a number or 'any'"
    return ""


def _is_device(part: bytes) -> bool:
    return part == b"any" or (re.fullmatch(rb"[0-9]{1,10}", part) is not None and int(part) <= _MAX_TUNNEL)


def _show(text: str) -> str:
    return "".join(each if " " <= each <= "~" else "?" for each in text[:40])


_RULES: dict[str, Callable[[bytes], str]] = {
    "from": _from,
    "expiry-time": _expiry_time,
    "permitopen": lambda value: _permit(value, bare_port=False),
    "permitlisten": lambda value: _permit(value, bare_port=True),
    "environment": _environment,
    "tunnel": _tunnel,
}
