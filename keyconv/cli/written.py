"""What a batch has written so far: a few numbers a file, so that two inputs never become one file."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from hashlib import blake2b

from keyconv.formats.base import Format
from keyconv.keyfile import Entry

__all__ = ["Face", "Written", "face_of"]


@dataclass(frozen=True, slots=True)
class Face:
    """What a public file says of a key but for its comment, as numbers to compare; 0 is nothing."""

    public: int = 0
    certificate: int = 0
    options: int = 0

    def says_no_more_than(self, other: Face) -> bool:
        """Return whether a file of this would say no more than one of the other."""
        if not self.public or self.public != other.public:
            return False
        return self.certificate in (0, other.certificate) and self.options in (0, other.options)


def face_of(entry: Entry, target: Format) -> Face:
    """Return what a file in this format says of a key; of a private format it is not asked."""
    if target.can.private or entry.public is None:
        return Face()
    from keyconv.codec import public_blob

    certificate = entry.certificate if target.can.certificate else None
    options = entry.options if target.can.options else ()
    return Face(
        _number(public_blob.write(entry.public)),
        _number(certificate.blob) if certificate is not None else 0,
        _number(repr(options).encode()) if options else 0,
    )


class Written:
    """The files of a run: by name, which input each is of, and what it says.

    It keeps 16 bytes a file, 40 where faces are kept. The table to find a name in, about 100 bytes a file, is made when
    a name is first looked for: a batch asks only about files that exist.
    """

    def __init__(self) -> None:
        self._names = array("Q")
        self._inputs = array("Q")
        self._faces = array("Q")
        self._places: dict[int, int] | None = None

    def add(self, path: str, number: int, face: Face) -> None:
        """Note that the input of this number was written to `path`."""
        name = hash(path) % (1 << 64)
        if self._places is not None:
            self._places[name] = len(self._names)
        self._names.append(name)
        self._inputs.append(number)
        if face != Face():
            self._faces.extend((0, 0, 0) * (len(self._names) - 1 - len(self._faces) // 3))
            self._faces.extend((face.public, face.certificate, face.options))

    def find(self, path: str) -> tuple[int, Face] | None:
        """Return which input was written to `path`, and what the file says; None where this run wrote none."""
        if self._places is None:
            self._places = {name: place for place, name in enumerate(self._names)}
        place = self._places.get(hash(path) % (1 << 64))
        if place is None:
            return None
        return self._inputs[place], Face(*self._faces[3 * place : 3 * place + 3])


def _number(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big") or 1
