"""What sshd makes of the options of an `authorized_keys` line: values that it refuses, and with them the whole line.

Source: OpenSSH's auth-options.c (sshauthopt_parse, handle_permit), addrmatch.c, misc.c (parse_absolute_time, a2port,
a2tun); sshd(8), AUTHORIZED_KEYS FILE FORMAT; each verdict was measured by log-ins to sshd of OpenSSH 9.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from keyconv.checks import services, times
from keyconv.checks.covering import leaves_nothing
from keyconv.checks.model import Severity
from keyconv.codec import networks
from keyconv.keyfile import Option

__all__ = ["Verdict", "judge"]

_ONCE = ("command", "from", "principals")
_VARIABLE = re.compile(rb"[A-Za-z0-9_]+\Z")
_NUMBER = re.compile(r"[ \t\n\v\f\r]*[+-]?[0-9]+\Z")
"""A number as strtonum reads it: white space and a sign may stand before it, and zeros."""
_PATTERN = re.compile(r"[A-Za-z0-9._:%*?\x80-\xff-]+\Z")
"""What the name or the address of a client may hold, with wildcards."""
_WILD = re.compile(r"[*?]")
_RANGE = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}-")
_DIGITS = re.compile(r"[0-9.]+\Z")
_MAX_HOST = 1025
_MAX_TUNNEL = 0x7FFFFFFF - 2

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
        elif name == "expiry-time" and option.value is not None and times.is_over(option.value, now):
            yield Verdict("line-expired", f"the line was valid until {_show(option.value.decode('latin-1'))}")
        elif name == "from" and option.value is not None:
            yield from _dead_patterns(option.value)
        elif name == "principals" and option.value is not None:
            yield from _dead_principals(option.value)
        elif name == "zos-key-ring-label":
            yield Verdict("unknown-option", f"only OpenSSH on z/OS knows {name}; elsewhere {_SILENT}", "warning")
        elif name in ("permitopen", "permitlisten") and option.value is not None:
            yield from _unknown_service(name, option.value)


def _refused(why: str) -> Verdict:
    return Verdict("bad-option", f"{why}; {_SILENT}")


# ── from ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=64)
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
    if leaves_nothing(value.decode("latin-1").lower().split(",")):
        return "the patterns with a ! exclude all that the others let in"
    return positive[0] if all(positive) else ""


@lru_cache(maxsize=64)
def _dead_patterns(value: bytes) -> tuple[Verdict, ...]:
    texts = [pattern.removeprefix(b"!").decode("latin-1") for pattern in value.split(b",")]
    whys = [why for text in texts if (why := _why_dead(text))]
    if any("/" in text and not text.partition("/")[2].isdigit() and not _why_dead(text) for text in texts):
        whys.append("the length of a prefix has a sign or a space, which sshd of OpenSSH 9.2 takes for no length")
    return tuple(Verdict("bad-option", f"from: {why}", "warning") for why in whys)


def _why_dead(text: str) -> str:
    """Return why a pattern matches no client, or return an empty string."""
    address, slash, length = text.partition("/")
    shown = f"'{_show(text)}'"
    if text != text.strip():
        return f"the pattern {shown} {'begins' if text != text.lstrip() else 'ends'} with white space and never matches"
    if not slash:
        return _why_dead_name(text, shown)
    most = networks.bits_of(address)
    if not most:
        return f"{shown} never matches: '{_show(address)}' before the / is not an address"
    if not _NUMBER.match(length) or not 0 <= int(length) <= most:
        return f"{shown} never matches: '/{_show(length)}' is not the length of a prefix"
    if networks.is_mapped(text):
        return f"{shown} never matches: to sshd such an address is an IPv4 one"
    return ""


def _why_dead_name(text: str, shown: str) -> str:
    if any(each.isspace() for each in text):
        return f"patterns are separated by commas, not by spaces: {shown} never matches"
    if text.startswith("!") or _WILD.search(text):
        return ""
    if not _PATTERN.match(text) or text.endswith(".") or _RANGE.match(text):
        return f"the pattern {shown} never matches a host name or an address"
    if (":" in text or _DIGITS.match(text)) and not networks.bits_of(text):
        return f"{shown} never matches: it is not an address"
    plain = networks.unmapped(text)
    return f"{shown} never matches: to sshd this address is {plain}" if plain else ""


# ── the other options ──────────────────────────────────────────────────────────────────────────────────────────────


def _permit(value: bytes, *, bare_port: bool) -> str:
    host, port, why = _host_and_port(value, bare_port=bare_port)
    if why:
        return why
    if len(host) >= _MAX_HOST:
        return "the host is too long"
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
    """Split a value as sshd does, which takes a / for a colon. Returns: host, port, and why there are none."""
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
    return "" if value.strip(b",") else "there are none"


def _dead_principals(value: bytes) -> Iterator[Verdict]:
    for name in value.split(b","):
        shown = f"principals: '{_show(name.decode('latin-1'))}'"
        if any(each in name for each in b" \t"):
            yield Verdict("bad-option", f"{shown} holds white space, which is compared too", "warning")
        elif any(each in name for each in b"*?"):
            yield Verdict("bad-option", f"{shown} is compared as it stands: there are no patterns here", "warning")


def _show(text: str) -> str:
    return "".join(each if " " <= each <= "~" else "?" for each in text[:40])


_RULES: dict[str, Callable[[bytes], str]] = {
    "from": _from,
    "expiry-time": times.why_refused,
    "permitopen": lambda value: _permit(value, bare_port=False),
    "permitlisten": lambda value: _permit(value, bare_port=True),
    "environment": _environment,
    "tunnel": _tunnel,
    "principals": _principals,
}
