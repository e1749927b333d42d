"""How a text is read on the way to a diagnosis."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from keyconv.crypto.kdf import Deriver
from keyconv.engine import unlock
from keyconv.engine.reading import read_whole
from keyconv.errors import KeyconvError
from keyconv.keyfile import KeyFile, Locked
from keyconv.proof import amends
from keyconv.secret import Passphrase

__all__ = ["Opening"]


@dataclass(frozen=True, slots=True)
class Opening:
    """How a text is read on the way: as which format, and with which passphrase its private half is proved."""

    format: str | None = None
    passphrase: Passphrase | None = None
    deriver: Deriver = field(default_factory=Deriver)

    def read(self, data: bytes) -> KeyFile:
        """Read a text and open what is locked in it, if there is a passphrase.

        Where nothing is wrong but what follows from the rest of the key, it is amended, and a note tells of it.

        Raises: a KeyconvError.
        """
        try:
            return self.read_as_it_is(data)
        except KeyconvError as error:
            if error.rule not in amends.AMENDABLE:
                raise
            with amends.allowed() as found:
                keyfile = self.read_as_it_is(data)
            if any(isinstance(entry.private, Locked) for entry in keyfile.entries):
                raise  # nothing has proved it
            return replace(keyfile, notes=(*keyfile.notes, *found))

    def read_as_it_is(self, data: bytes) -> KeyFile:
        """Read a text as every other command reads it, and open what is locked in it.

        Raises: a KeyconvError.
        """
        keyfile = read_whole(data, self.format)
        if self.passphrase is None:
            return keyfile
        entries = tuple(
            unlock(entry, self.passphrase, deriver=self.deriver) if isinstance(entry.private, Locked) else entry
            for entry in keyfile.entries
        )
        return replace(keyfile, entries=entries)
