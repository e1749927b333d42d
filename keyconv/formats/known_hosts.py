"""`known_hosts`: on each line a marker perhaps, hosts in clear or hashed, then a key as in `authorized_keys`.

Only read: which hosts a key is known for is for ssh to write.

Source: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT; OpenSSH's hostfile.c.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator

from keyconv.codec.key_line import BLANKS, SSH1, begins_key, in_line, is_empty, read_key, split_word
from keyconv.codec.line_file import LineFacts, read_entries
from keyconv.codec.line_kind import MARKERS, kind_of
from keyconv.errors import KeyconvError, MalformedError, NotAKeyError, UnsupportedError
from keyconv.formats.base import Capabilities, Format
from keyconv.keyfile import Entry, KeyFile
from keyconv.keys import FAMILIES
from keyconv.notes import Note

__all__ = ["KNOWN_HOSTS", "MARKERS", "read_line"]

_HASHED = re.compile(rb"\|1\|([A-Za-z0-9+/]+={0,2})\|([A-Za-z0-9+/]+={0,2})\Z")
_SHA1_BYTES = 20


def read_line(text: bytes, number: int, notes: list[Note]) -> Entry | None:
    """Read one line without its end; a blank line or a remark gives None.

    The hosts are kept as they stand: in clear, with a port, as patterns, or hashed.

    Raises: MalformedError; MismatchError; UnsupportedError for an SSH-1 key; LimitError; ContradictionError for numbers
    that make no key. Each names the line.
    """
    try:
        return _read_line(text, number, notes)
    except KeyconvError as error:
        raise in_line(error, number) from None


def _read_line(text: bytes, number: int, notes: list[Note]) -> Entry | None:
    text = text.strip(BLANKS)
    if is_empty(text):
        return None
    marker: bytes | None = None
    if text.startswith(b"@"):
        marker, text = split_word(text)
        if marker not in MARKERS:
            raise MalformedError("the line begins with a marker that ssh does not know")
    word, rest = split_word(text)
    if not rest:
        raise MalformedError("there is no key after the hosts")
    if begins_key(text):
        raise MalformedError("there are no hosts before the key type")
    if SSH1.match(rest):
        raise UnsupportedError("the line is an SSH-1 key: bits, exponent and modulus in decimal", rule="ssh1")
    hosts = tuple(filter(None, word.split(b",")))
    if not hosts:
        raise MalformedError("there is no host before the key")
    if len(hosts) != word.count(b",") + 1:
        notes.append(Note("noncanonical", "there is a comma too many among the hosts", harmless=True))
    for host in hosts:
        _check_host(host)
    if not begins_key(rest):
        raise MalformedError("there is no key of a known kind after the hosts")
    public, certificate, comment = read_key(rest, notes)
    return Entry(public, comment=comment, certificate=certificate, hosts=hosts, marker=marker, line=number)


def _check_host(host: bytes) -> None:
    if not host.startswith(b"|"):
        return
    found = _HASHED.match(host)
    if found is None or any(_decoded_length(part) != _SHA1_BYTES for part in found.groups()):
        raise MalformedError("the hashed host is not |1|salt|hash of 20 bytes each")


def _decoded_length(text: bytes) -> int:
    try:
        return len(binascii.a2b_base64(text, strict_mode=True))
    except binascii.Error:
        return -1


def _sniff(data: bytes) -> bool:
    return kind_of(data) == "known_hosts"


def _stream(chunks: Iterable[bytes], facts: LineFacts) -> Iterator[Entry]:
    try:
        yield from read_entries(chunks, _read_or_pass_over, facts, "known_hosts")
    except NotAKeyError:
        if facts.line_notes:
            raise UnsupportedError("there are only SSH-1 keys", rule="ssh1").of_format("known_hosts") from None
        raise


def _read_or_pass_over(text: bytes, number: int, notes: list[Note]) -> Entry | None:
    # Files grow over decades: ssh skips the lines of protocol 1, which it cannot use since OpenSSH 7.6.
    try:
        return read_line(text, number, notes)
    except UnsupportedError as error:
        notes.append(Note("ssh1", f"skipped: {error}"))
        return None


def _read(data: bytes) -> KeyFile:
    facts = LineFacts()
    entries = tuple(_stream((data,), facts))
    return KeyFile("known_hosts", "known_hosts", entries, facts.notes, faults=tuple(facts.faults))


KNOWN_HOSTS = Format(
    name="known_hosts",
    title="hosts and their public keys, as in known_hosts",
    source="sshd(8), SSH_KNOWN_HOSTS FILE FORMAT",
    can=Capabilities(
        private=False,
        families=frozenset(FAMILIES),
        comment=True,
        certificate=True,
        many=True,
    ),
    sniff=_sniff,
    read=_read,
    write=None,
    stream=_stream,
)
