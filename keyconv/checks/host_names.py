"""What ssh makes of the hosts of a `known_hosts` line: names that it never asks for.

ssh looks a host up by its name or address, in lower case; with any port but 22 as `[NAME]:PORT`. A hashed name is the
only one of its line.

Source: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT; OpenSSH's hostfile.c (host_hash, match_maybe_hashed) and misc.c
(put_host_port); each verdict was measured with ssh of OpenSSH 9.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from keyconv.checks.covering import leaves_nothing
from keyconv.checks.option_values import Verdict
from keyconv.codec import networks

__all__ = ["judge"]

_DEFAULT_PORT = 22
_HASHED = b"|1|"
_WILD = re.compile(r"[*?]")
_IN_BRACKETS = re.compile(r"\[([^\[\]]*)\](.*)\Z", re.DOTALL)
_PORT = re.compile(r":([0-9]+)\Z")
_ADDRESS = re.compile(r"[0-9A-Fa-f:.*?]+(?:%.*)?\Z")
"""An IPv6 address, with wildcards perhaps."""
_NAME = re.compile(r"[A-Za-z0-9._:%*?\x80-\xff-]+\Z")


def judge(hosts: tuple[bytes, ...]) -> Iterator[Verdict]:
    """Report the names of a line that no host has; one that ssh never uses at all is an error."""
    whys = [_why_dead(host, alone=len(hosts) == 1) for host in hosts]
    if hosts[0].startswith(_HASHED) and len(hosts) > 1:
        # ssh compares the whole field with one hash.
        yield Verdict("dead-host", "a hashed host stands alone on its line: ssh finds none of these hosts")
        return
    if b"!*" in hosts:
        yield Verdict("dead-host", "!* excludes every host, whatever else is named")
        return
    if leaves_nothing([host.decode("latin-1").lower() for host in hosts]):
        yield Verdict("dead-host", "the hosts with a ! exclude all the others: ssh finds none by such a line")
        return
    alive = [not why and not host.startswith(b"!") for host, why in zip(hosts, whys, strict=True)]
    for host, why in zip(hosts, whys, strict=True):
        if why and host.startswith(b"!"):
            yield Verdict("dead-host", why, "info")
        elif why:
            yield Verdict("dead-host", why, "warning" if any(alive) else None)
    if all(host.startswith(b"!") for host in hosts):
        yield Verdict("dead-host", "there are only hosts with a !, and ssh finds none by such a line")


def _why_dead(host: bytes, *, alone: bool) -> str:
    """Return why ssh never asks for a host, or return an empty string."""
    if host.startswith(_HASHED):
        return "" if alone else "a hashed host stands alone on its line: ssh does not find this one"
    text = host.removeprefix(b"!").decode("latin-1")
    shown = f"'{_show(text)}'"
    if "://" in text:
        return f"{shown} is a URL: ssh asks for the host alone"
    if text.startswith("."):
        return f"{shown} begins with a dot, as no name does: *{_show(text)} stands for all names of a domain"
    if "@" in text:
        return f"{shown} names a user: ssh asks for the host alone"
    if text.startswith("["):
        return _why_dead_in_brackets(text, shown)
    if not _NAME.match(text):
        return f"{shown} is not the name or the address of a host"
    name, colon, port = text.rpartition(":")
    if text == f"*:{_DEFAULT_PORT}":
        return f"{shown} names the usual port, which ssh leaves out"
    may_be_address = _ADDRESS.match(text) and (":" in name or _WILD.search(text))
    if colon and not may_be_address:
        return f"{shown} has a port without brackets: ssh asks for {_written(name, port)}"
    return _why_long(text, shown)


def _why_dead_in_brackets(text: str, shown: str) -> str:
    found = _IN_BRACKETS.match(text)
    if found is None:
        if _WILD.search(text):
            return ""
        return f"{shown} has a bracket without its other half: brackets hold one host, as in [host]:2222"
    name, rest = found.groups()
    if _WILD.search(rest):
        return ""
    port = _PORT.match(rest)
    if not rest:
        return f"{shown} has brackets without a port: ssh asks for {_show(name)}"
    if port is None or not 0 < int(port[1]) < 65536 or port[1].startswith("0"):
        return f"{shown} has no port after its brackets"
    if int(port[1]) == _DEFAULT_PORT:
        return f"{shown} names the usual port: ssh then asks for {_show(name)}"
    return _why_long(name, shown) if _NAME.match(name) else f"{shown} does not hold the name or the address of a host"


def _why_long(address: str, shown: str) -> str:
    """Report that an address is not in the form in which programs write it, and in which ssh asks for it."""
    if ":" in address:
        short = networks.unmapped(address) or networks.shortest(address)
    else:
        short = networks.dotted(address) if address.count(".") == 3 else ""
    written = address.partition("%")[0].lower()
    return f"{shown} is not the usual form of its address: ssh asks for {short}" if short not in ("", written) else ""


def _written(name: str, port: str) -> str:
    usual = not port.isdecimal() or int(port[:5]) == _DEFAULT_PORT
    return _show(name) if usual else f"[{_show(name)}]:{_show(port)}"


def _show(text: str) -> str:
    return "".join(each if " " <= each <= "~" else "?" for each in text[:60])
