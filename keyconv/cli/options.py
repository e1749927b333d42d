"""What the command line said, as values: the part that several commands share."""

from __future__ import annotations

import os

from keyconv.cli.prompt import PassphraseSource, check_encoding
from keyconv.crypto.kdf import Argon2Flavour
from keyconv.record import record

__all__ = ["InputOptions", "OutputOptions"]

NOT_SAID = PassphraseSource()


@record
class InputOptions:
    """How to read: a forced format, which key of several, how to open it, and whether a bad line is an error.

    Raises: UsageError for an encoding that there is not.
    """

    format: str | None = None
    key: int | None = None
    passphrase: PassphraseSource = NOT_SAID
    passphrase_encoding: str | None = None
    no_input: bool = False
    allow_costly: bool = False
    strict: bool = False

    def __post_init__(self) -> None:
        check_encoding(self.passphrase_encoding)


@record
class OutputOptions:
    """Where and how to write; None means that nothing was said."""

    format: str | None = None
    output: str | None = None
    directory: str | None = None
    force: bool = False
    strict: bool = False
    comment: str | None = None
    new_passphrase: PassphraseSource = NOT_SAID
    ask_new: bool = False
    no_passphrase: bool = False
    kdf: Argon2Flavour | None = None
    kdf_memory: int | None = None
    kdf_passes: int | None = None
    kdf_time: int | None = None
    kdf_parallelism: int | None = None
    rounds: int | None = None
    cipher: str | None = None
    no_certificate: bool = False

    @property
    def comment_bytes(self) -> bytes | None:
        """The comment as the bytes that the user typed."""
        return None if self.comment is None else os.fsencode(self.comment)
