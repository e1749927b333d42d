"""A passphrase: bytes that never print, compare or pickle by accident."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

from keyconv.limits import MAX_PASSPHRASE

__all__ = ["HandedOver", "Passphrase"]


class Passphrase:
    """The bytes of a passphrase.

    `repr`, `str` and `format` show no part of it; `==` is identity; pickling and copying are refused. `reveal` alone
    gives the bytes; who sends it to another process says so by `hand_over`.
    """

    __slots__ = ("_data",)

    def __init__(self, data: bytes | str) -> None:
        raw = _bytes_of(data)
        if raw is None:
            # Not in the handler: the codec's own exception holds the whole text, and would be this one's context.
            raise ValueError("the passphrase holds half of a surrogate pair, which no encoding has")
        if len(raw) > MAX_PASSPHRASE:
            raise ValueError("passphrase too long")
        self._data = raw

    def reveal(self) -> bytes:
        """Give the bytes themselves."""
        return self._data

    def hand_over(self) -> HandedOver:
        """Make it ready to be sent to a worker, perhaps in another process."""
        return HandedOver(self._data)

    def spellings(self) -> Iterator[tuple[str, Passphrase]]:
        """Yield this passphrase in each encoding that another program may have used, with the encoding's name.

        The first is always the passphrase as given. Only one that is not ASCII has more: Unicode's composed (NFC) and
        decomposed (NFD) forms, as macOS and Windows type them, and cp1252 and latin-1, which PuTTY on a western Windows
        takes from its ANSI code page.
        """
        yield ("as given" if self._data.isascii() else "UTF-8" if self._is_utf8() else "as given"), self
        if self._data.isascii() or not self._is_utf8():
            return
        import unicodedata

        text = self._data.decode()
        seen = {self._data}
        for name, spelled in (
            ("UTF-8 NFC", unicodedata.normalize("NFC", text).encode()),
            ("UTF-8 NFD", unicodedata.normalize("NFD", text).encode()),
            ("cp1252", _encode(text, "cp1252")),
            ("latin-1", _encode(text, "latin-1")),
        ):
            if spelled is not None and spelled not in seen:
                seen.add(spelled)
                yield name, Passphrase(spelled)

    def _is_utf8(self) -> bool:
        try:
            self._data.decode()
        except UnicodeDecodeError:
            return False
        return True

    def __bool__(self) -> bool:
        return bool(self._data)

    def __repr__(self) -> str:
        return "Passphrase(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a passphrase is not pickled or copied")


class HandedOver:
    """A passphrase on its way to a worker: as silent as `Passphrase`, but it may be pickled, which is what it is for.

    `take` gives the passphrase back.
    """

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def take(self) -> Passphrase:
        """Give the passphrase."""
        return Passphrase(self._data)

    def __repr__(self) -> str:
        return "HandedOver(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> tuple[type[HandedOver], tuple[bytes]]:
        return HandedOver, (self._data,)


def _bytes_of(data: bytes | str) -> bytes | None:
    try:
        return data.encode("utf-8", "surrogateescape") if isinstance(data, str) else bytes(data)
    except UnicodeEncodeError:
        return None


def _encode(text: str, encoding: str) -> bytes | None:
    # A passphrase typed in decomposed form still fits the code page once composed.
    import unicodedata

    try:
        return unicodedata.normalize("NFC", text).encode(encoding)
    except UnicodeEncodeError:
        return None
