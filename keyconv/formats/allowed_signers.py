"""`allowed_signers`: on each line principals, options perhaps, then a key as in `authorized_keys`.

Only read: whose signatures count is for people to write.

Source: ssh-keygen(1), ALLOWED SIGNERS; where it is silent, what OpenSSH 9.2 and 10.6 do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keyconv.codec.line_file import LineFacts, read_entries
from keyconv.codec.line_kind import kind_of
from keyconv.codec.signer_line import read_line
from keyconv.formats.base import Capabilities, Format
from keyconv.keyfile import Entry, KeyFile
from keyconv.keys import FAMILIES

__all__ = ["ALLOWED_SIGNERS"]


def _sniff(data: bytes) -> bool:
    return kind_of(data) == "allowed_signers"


def _stream(chunks: Iterable[bytes], facts: LineFacts) -> Iterator[Entry]:
    return read_entries(chunks, read_line, facts, "allowed_signers")


def _read(data: bytes) -> KeyFile:
    facts = LineFacts()
    entries = tuple(_stream((data,), facts))
    return KeyFile("allowed_signers", "allowed_signers", entries, facts.notes, faults=tuple(facts.faults))


ALLOWED_SIGNERS = Format(
    name="allowed_signers",
    title="principals and their public keys, as in allowed_signers",
    source="ssh-keygen(1), ALLOWED SIGNERS",
    can=Capabilities(
        private=False,
        families=frozenset(FAMILIES),
        comment=True,
        certificate=True,
        options=True,
        many=True,
    ),
    sniff=_sniff,
    read=_read,
    write=None,
    stream=_stream,
)
