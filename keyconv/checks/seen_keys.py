"""Which keys went by before, in bounded memory."""

from __future__ import annotations

from array import array

__all__ = ["SeenKeys"]

_MOST = 0xFFFFFFFF
_TABLES = 16  # each grows by itself, so that hardly any memory is taken twice


class SeenKeys:
    """The lines of keys that went by: 64 bits of a digest and 32 of the line each, of at most 2^20 keys (24 MiB).

    A digest has 8 bytes or more, of which the first 8 count.

    Two keys of a million would be taken for one about once in forty million runs; keys beyond the bound are not kept.
    """

    LIMIT = 1 << 20

    def __init__(self) -> None:
        self._tables = [_Table() for _ in range(_TABLES)]
        self._count = 0

    def first_line(self, digest: bytes, line: int) -> int | None:
        """Return the line where this key was seen first, or remember it for this one and give None."""
        number = int.from_bytes(digest[:8], "little") or 1
        table = self._tables[number % _TABLES]
        digests, mask = table.digests, table.mask
        slot = number // _TABLES & mask
        while (found := digests[slot]) and found != number:
            slot = (slot + 1) & mask
        if found:
            return int(table.lines[slot])
        if self._count < self.LIMIT:
            self._count += 1
            table.put(slot, number, line & _MOST)
        return None


class _Table:
    """An open hash table of digests and lines; zero is no digest."""

    __slots__ = ("_count", "digests", "lines", "mask")

    def __init__(self, slots: int = 64) -> None:
        self.digests = array("Q", [0]) * slots
        self.lines = array("I", [0]) * slots
        self.mask = slots - 1
        self._count = 0

    def put(self, slot: int, digest: int, line: int) -> None:
        """Fill an empty slot that was found."""
        self.digests[slot], self.lines[slot] = digest, line
        self._count += 1
        if 2 * self._count > self.mask:
            self._grow()

    def _grow(self) -> None:
        larger = _Table(2 * (self.mask + 1))
        for digest, line in zip(self.digests, self.lines, strict=True):
            if digest:
                slot = digest // _TABLES & larger.mask
                while larger.digests[slot]:
                    slot = (slot + 1) & larger.mask
                larger.digests[slot], larger.lines[slot] = digest, line
        self.digests, self.lines, self.mask = larger.digests, larger.lines, larger.mask
