"""Addresses and networks in lists, as sshd reads them: of `from` in a line, of `source-address` in a certificate.

Source: OpenSSH's addrmatch.c (addr_match_list, addr_match_cidr_list) and addr.c (addr_pton_cidr).
"""

from __future__ import annotations

import re

__all__ = ["bits_of", "contains", "dotted", "has_host_bits", "is_mapped", "shortest", "unmapped", "why_refused"]

_NUMBER = re.compile(r"(?:0[0-7]*|[1-9][0-9]{0,9})\Z")
_LENGTH = re.compile(r"[0-9]{1,9}\Z")


def bits_of(address: str) -> int:
    """Return how many bits an address has, 32 or 128; 0 for what is not an address."""
    from ipaddress import ip_address

    try:
        return ip_address(dotted(address) or address).max_prefixlen
    except ValueError:
        return 0


def dotted(address: str) -> str:
    """Return an IPv4 address with four decimal numbers, as programs write it; an empty string for anything else.

    Fewer numbers, and octal ones, are read as inet_aton does.
    """
    parts = address.split(".")
    if not 1 <= len(parts) <= 4 or not all(_NUMBER.match(part) for part in parts):
        return ""
    numbers = [int(part, 8 if part.startswith("0") else 10) for part in parts]
    if any(number > 255 for number in numbers[:-1]) or numbers[-1] >= 1 << 8 * (5 - len(numbers)):
        return ""
    leading = sum(number << 8 * (3 - index) for index, number in enumerate(numbers[:-1]))
    return ".".join(map(str, (leading | numbers[-1]).to_bytes(4, "big")))


def unmapped(address: str) -> str:
    """Return the IPv4 address that an IPv6 address stands for, or an empty string."""
    from ipaddress import IPv6Address, ip_address

    try:
        found = ip_address(address)
    except ValueError:
        return ""
    return str(found.ipv4_mapped or "") if isinstance(found, IPv6Address) else ""


def is_mapped(network: str) -> bool:
    """Return whether a network holds nothing but IPv6 addresses that stand for IPv4 ones, which sshd never sees."""
    from ipaddress import IPv6Network, ip_network

    try:
        found = ip_network(network)
    except ValueError:
        return False
    return isinstance(found, IPv6Network) and found.subnet_of(IPv6Network("::ffff:0:0/96"))


def contains(network: str, other: str) -> bool:
    """Return whether a network, or an address, holds all of another; False for what is neither."""
    from ipaddress import IPv4Network, IPv6Network, ip_network

    try:
        whole, part = ip_network(network), ip_network(other)
    except ValueError:
        return False
    if isinstance(whole, IPv4Network) and isinstance(part, IPv4Network):
        return part.subnet_of(whole)
    return isinstance(whole, IPv6Network) and isinstance(part, IPv6Network) and part.subnet_of(whole)


def shortest(address: str) -> str:
    """Return an IPv6 address as programs write it, without its zone; an empty string for anything else."""
    from ipaddress import IPv6Address

    try:
        found = IPv6Address(address.partition("%")[0])
    except ValueError:
        return ""
    return "" if found.ipv4_mapped or int(found) < 1 << 32 else str(found)


def has_host_bits(network: str) -> bool:
    """Return whether an address with the length of a prefix has bits set behind it: sshd refuses such a list."""
    from ipaddress import ip_network

    address, slash, length = network.partition("/")
    if not slash:
        return False
    try:
        ip_network(f"{dotted(address) or address}/{int(length)}")
    except ValueError:
        return True
    return False


def why_refused(value: bytes) -> str:
    """Return why sshd refuses a list of addresses and networks alone; an empty string where it does not."""
    for text in value.decode("latin-1").split(","):
        address, slash, length = text.partition("/")
        bits = bits_of(address) if "%" not in address else 0
        if not bits:
            return "it is not a list of addresses and networks"
        if slash and not (_LENGTH.match(length) and int(length) <= bits):
            return "the length of a prefix is out of range"
        if has_host_bits(text):
            return "a network has bits set behind its prefix"
    if all(is_mapped(text) for text in value.decode("latin-1").split(",")):
        return "there are only IPv6 addresses that stand for IPv4 ones, which no client has"
    return ""
