"""A cursor over SSH's binary encoding that forgives nothing.

Source: RFC 4251 section 5.
"""

from __future__ import annotations

import re

from keyconv.errors import LimitError, MalformedError
from keyconv.limits import MAX_ALGORITHM_NAME, MAX_MPINT_BYTES
from keyconv.notes import Note

__all__ = ["PUBLIC_HINT", "SSH_NAME", "WireReader"]

SSH_NAME = re.compile(rb"[A-Za-z0-9][A-Za-z0-9.@_+-]{0,%d}\Z" % (MAX_ALGORITHM_NAME - 1))


PUBLIC_HINT = "write the public key again from its private one: keyconv public KEY"
"""What helps a public key whose numbers are cut short, which proves nothing by itself."""


class WireReader:
    """Reads fields in order from `data`; every error names the field and the byte where it began.

    With `notes`, numbers with superfluous zero bytes are read and noted; without, they are refused. With `amends`, so
    are numbers that lack their sign byte, and the codecs above amend there what follows from the rest of a key: for
    `keyconv repair`, on keys that are proved.
    """

    __slots__ = ("_data", "_notes", "_pos", "amends")

    def __init__(self, data: bytes, *, notes: list[Note] | None = None, amends: list[Note] | None = None) -> None:
        self._data = data
        self.amends = amends
        self._pos = 0
        self._notes = notes

    @property
    def position(self) -> int:
        """Bytes consumed so far."""
        return self._pos

    @property
    def remaining(self) -> int:
        """Bytes not consumed yet."""
        return len(self._data) - self._pos

    def fixed(self, name: str, length: int) -> bytes:
        """Read exactly `length` bytes."""
        start = self._pos
        if length > len(self._data) - start:
            raise MalformedError(
                f"{name} at byte {start} needs {length} bytes, but only {len(self._data) - start} are left"
            )
        self._pos = start + length
        return self._data[start : start + length]

    def uint32(self, name: str) -> int:
        """Read a big-endian number of four bytes."""
        return int.from_bytes(self.fixed(name, 4), "big")

    def uint64(self, name: str) -> int:
        """Read a big-endian number of eight bytes."""
        return int.from_bytes(self.fixed(name, 8), "big")

    def byte(self, name: str) -> int:
        """Read one byte as a number."""
        return self.fixed(name, 1)[0]

    def string(self, name: str) -> bytes:
        """Read a string: its length in four bytes, then its bytes."""
        start = self._pos
        begin = start + 4
        length = self.uint32(name)
        end = begin + length
        if end > len(self._data):
            self._pos = start
            raise MalformedError(
                f"{name} at byte {start} says that it has {length} bytes, but only {len(self._data) - begin} are left"
            )
        self._pos = end
        return self._data[begin:end]

    def name(self, name: str) -> str:
        """Read a string that must be an SSH name, of at most 64 bytes.

        Letters, digits and `.@_+-`, a letter or digit first: every name in use is one. RFC 4251 section 6 allows
        quotes, `#` and more, with which the first word of an `authorized_keys` line would become something else.
        """
        start = self._pos
        raw = self.string(name)
        if not SSH_NAME.match(raw):
            raise MalformedError(f"{name} at byte {start} is not an SSH name")
        return raw.decode("ascii")

    def mpint(self, name: str) -> int:
        """Read a number that must not be negative.

        Raises: MalformedError when it is cut short, negative, or padded with zero bytes and no notes are taken;
        LimitError when it is longer than any key's.
        """
        start = self._pos
        raw = self.string(name)
        if raw and raw[0] & 0x80:
            if self.amends is None:
                raise MalformedError(
                    f"{name} at byte {start} is a negative number: it lacks its leading zero byte", hint=PUBLIC_HINT
                )
            self.amends.append(Note("noncanonical", f"{name} lacks its leading zero byte"))
        if raw and raw[0] == 0 and (len(raw) == 1 or not raw[1] & 0x80):
            if self._notes is None:
                raise MalformedError(f"{name} at byte {start} has superfluous zero bytes")
            self._notes.append(Note("noncanonical", f"{name} has superfluous zero bytes"))
            raw = raw.lstrip(b"\0")
        if len(raw) > MAX_MPINT_BYTES:
            message = f"{name} at byte {start} has {len(raw)} bytes; the limit is {MAX_MPINT_BYTES}"
            raise LimitError(message, rule="corrupt")
        return int.from_bytes(raw, "big")

    def rest(self) -> bytes:
        """Read whatever is left."""
        return self.fixed("the rest", self.remaining)

    def finish(self, what: str = "the last field") -> None:
        """Refuse anything left over."""
        if self._pos != len(self._data):
            raise MalformedError(f"{self.remaining} bytes too many after {what}, at byte {self._pos}")
