"""What every format module ends in: one record of what it is, what it can hold, and its functions."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keyconv.crypto.kdf import Argon2Flavour, Deriver
from keyconv.keyfile import Entry, KeyFile
from keyconv.secret import Passphrase
from keyconv.text.comment import clean

if TYPE_CHECKING:
    from keyconv.codec.line_file import LineFacts
from keyconv.record import record

__all__ = ["Capabilities", "Format", "WriteOptions"]


@record
class Capabilities:
    """What a format can hold.

    `families` are the key families; `ciphers` those it can be written with; `readable` is False where it holds only
    hashes of a key.
    """

    private: bool
    families: frozenset[str]
    comment: bool = False
    certificate: bool = False
    options: bool = False
    headers: bool = False
    attributes: bool = False
    many: bool = False
    ciphers: tuple[str, ...] = ()
    kdfs: tuple[str, ...] = ()
    shows_public: bool = True
    readable: bool = True

    @property
    def encryption(self) -> bool:
        """Whether a passphrase can protect it."""
        return bool(self.ciphers)


@dataclass(frozen=True, slots=True)  # no record, so that help() shows those who use the library its fields
class WriteOptions:
    """How to write: with the same options, salt and randomness included, a writer's output is the same bytes.

    `passphrase` None or empty writes an unencrypted file. Zero or an empty string of a cost or cipher means the
    format's default. `kdf_memory` is in KiB. `random` gives so many random bytes.
    """

    passphrase: Passphrase | None = None
    cipher: str = ""
    kdf: Argon2Flavour = "argon2id"
    kdf_memory: int = 8192
    kdf_passes: int = 13
    kdf_parallelism: int = 1
    rounds: int = 0
    line_end: bytes = b"\n"
    random: Callable[[int], bytes] = os.urandom
    deriver: Deriver = field(default_factory=Deriver)


@record
class Format:
    """One format: `name` is what the command line calls it, `source` the document that defines it.

    `sniff` tells from the content whether a file is of this format, without judging the rest of it; `read` raises
    keyconv's errors alone; `write` is None where the format is only read; `stream` reads, where a format is made of
    lines, one entry after the other from pieces of a file of any size; `fit_comment` gives a comment as the format can
    hold it; `foresee` tells the deriver of these options, as `Deriver.expect` says, which KDF `write` will need.
    """

    name: str
    title: str
    source: str
    can: Capabilities
    sniff: Callable[[bytes], bool]
    read: Callable[[bytes], KeyFile]
    write: Callable[[tuple[Entry, ...], WriteOptions], bytes] | None
    stream: Callable[[Iterable[bytes], LineFacts], Iterator[Entry]] | None = None
    suffix: str = ""
    fit_comment: Callable[[bytes], bytes] = clean
    foresee: Callable[[WriteOptions], None] | None = None
