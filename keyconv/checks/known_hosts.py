"""Lines of `known_hosts`: a marker perhaps, hosts in clear or hashed, then a key as in `authorized_keys`.

Source: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT; OpenSSH's hostfile.c.
"""

from __future__ import annotations

import binascii
import re

from keyconv.errors import MalformedError, UnsupportedError
from keyconv.formats.authorized_keys import read_line
from keyconv.keyfile import Entry
from keyconv.notes import Note

__all__ = ["MARKERS", "read_host_line"]

MARKERS = (b"@cert-authority", b"@revoked")
_SSH1 = re.compile(rb"[0-9]{1,5}[ \t]+[0-9]+[ \t]+[0-9]+")
_HASHED = re.compile(rb"\|1\|([A-Za-z0-9+/]+={0,2})\|([A-Za-z0-9+/]+={0,2})\Z")
_KEY = re.compile(rb"[a-z][\w.@-]*[ \t]+AAAA")
_SHA1_BYTES = 20


def read_host_line(text: bytes, number: int, notes: list[Note]) -> tuple[bytes, Entry] | None:
    """Read one line: its hosts (with the marker), and its key; None for a blank line or a remark.

    Raises: MalformedError; what `read_line` raises.
    """
    text = text.strip(b" \t")
    if not text or text.startswith(b"#"):
        return None
    marker = b""
    if text.startswith(b"@"):
        marker, _, text = text.replace(b"\t", b" ").partition(b" ")
        text = text.lstrip(b" ")
        if marker not in MARKERS:
            raise MalformedError("the line begins with a marker that ssh does not know", place=f"line {number}")
    found = re.match(rb"([^ \t]+)[ \t]+(.+)\Z", text, re.DOTALL)
    if found is None:
        raise MalformedError("there is no key after the hosts", place=f"line {number}")
    hosts, rest = found[1], found[2]
    if _KEY.match(text):
        raise MalformedError("there are no hosts before the key type", place=f"line {number}")
    if _SSH1.match(rest):
        raise UnsupportedError(
            "the line is an SSH-1 key: bits, exponent and modulus in decimal", place=f"line {number}"
        )
    for host in hosts.split(b","):
        _check_host(host, number)
    if not _KEY.match(rest):
        raise MalformedError("there is no key of a known kind after the hosts", place=f"line {number}")
    entry = read_line(rest, number, notes)
    return (marker + b" " + hosts, entry) if entry is not None else None


def _check_host(host: bytes, number: int) -> None:
    if not host:
        raise MalformedError("there is an empty name among the hosts", place=f"line {number}")
    if not host.startswith(b"|"):
        return
    found = _HASHED.match(host)
    if found is None or any(_decoded_length(part) != _SHA1_BYTES for part in found.groups()):
        raise MalformedError("the hashed host is not |1|salt|hash of 20 bytes each", place=f"line {number}")


def _decoded_length(text: bytes) -> int:
    try:
        return len(binascii.a2b_base64(text, strict_mode=True))
    except binascii.Error:
        return -1
