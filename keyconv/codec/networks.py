"""Addresses and networks in lists, as sshd reads them: of `from` in a line, of `source-address` in a certificate.

Source: OpenSSH's addrmatch.c (addr_match_list, addr_match_cidr_list) and addr.c (addr_pton_cidr).
"""

from __future__ import annotations

import re

__all__ = ["bits_of", "has_host_bits", "why_refused"]

_LENGTH = re.compile(r"[0-9]{1,9}\Z")


def bits_of(address: str) -> int:
    """Return how many bits an address has, 32 or 128; 0 for what is not an address."""
    from ipaddress import ip_address

    try:
        return ip_address(address).max_prefixlen
    except ValueError:
        return 0


def has_host_bits(network: str) -> bool:
    """Tell whether an address with the length of a prefix has bits set behind it: sshd refuses such a list."""
    from ipaddress import ip_network

    address, slash, length = network.partition("/")
    if not slash:
        return False
    try:
        ip_network(f"{address}/{int(length)}")
    except ValueError:
        return True
    return False


def why_refused(value: bytes) -> str:
    """Tell why sshd refuses a list of addresses and networks alone; an empty string where it does not."""
    for text in value.decode("latin-1").split(","):
        address, slash, length = text.partition("/")
        bits = bits_of(address) if "%" not in address else 0
        if not bits:
            return "it is not a list of addresses and networks"
        if slash and not (_LENGTH.match(length) and int(length) <= bits):
            return "the length of a prefix is out of range"
        if has_host_bits(text):
            return "a network has bits set behind its prefix"
    return ""
