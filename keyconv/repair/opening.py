"""How a text is read on the way to a diagnosis."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from keyconv.crypto import pairing
from keyconv.crypto.kdf import Deriver
from keyconv.engine import unlock
from keyconv.engine.reading import read_whole
from keyconv.errors import RecomputableError
from keyconv.keyfile import KeyFile, Locked
from keyconv.notes import Note
from keyconv.secret import Passphrase

__all__ = ["RECOMPUTABLE", "Opening"]

RECOMPUTABLE = "recomputable-numbers"


@dataclass(frozen=True, slots=True)
class Opening:
    """How a text is read on the way: as which format, and with which passphrase its private half is proved."""

    format: str | None = None
    passphrase: Passphrase | None = None
    deriver: Deriver = field(default_factory=Deriver)

    def read(self, data: bytes) -> KeyFile:
        """Read a text and open what is locked in it, if there is a passphrase.

        Where nothing is wrong but numbers that follow from others, they are computed anew, and a note tells of it.

        Raises: a KeyconvError.
        """
        try:
            return self._read(data)
        except RecomputableError:
            with pairing.recomputing() as found:
                keyfile = self._read(data)
            return replace(keyfile, notes=(*keyfile.notes, *(Note(RECOMPUTABLE, each) for each in found)))

    def _read(self, data: bytes) -> KeyFile:
        keyfile = read_whole(data, self.format)
        if self.passphrase is None:
            return keyfile
        entries = tuple(
            unlock(entry, self.passphrase, deriver=self.deriver) if isinstance(entry.private, Locked) else entry
            for entry in keyfile.entries
        )
        return replace(keyfile, entries=entries)
