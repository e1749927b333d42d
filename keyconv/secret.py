"""A passphrase: bytes that never print, compare or pickle by accident."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

from keyconv.limits import MAX_PASSPHRASE

__all__ = ["CODE_PAGES", "HandedOver", "Passphrase"]

CODE_PAGES = (
    *("cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("cp932", "cp936", "cp949", "cp950", "cp437", "cp850", "cp866"),
)
"""The code pages of Windows outside of western Europe, and of its console, that are tried after all else."""

_VIETNAMESE = "cp1258"
_TONES = "\u0300\u0301\u0303\u0309\u0323"


class Passphrase:
    """The bytes of a passphrase.

    `repr`, `str` and `format` show no part of it; `==` is identity; pickling and copying are refused. `reveal` alone
    gives the bytes; who sends it to another process says so by `hand_over`.
    """

    __slots__ = ("_alone", "_data")

    def __init__(self, data: bytes | str) -> None:
        raw = _bytes_of(data)
        if raw is None:
            # Not in the handler: the codec's own exception holds the whole text, and would be this one's context.
            raise ValueError("the passphrase holds half of a surrogate pair, which no encoding has")
        if len(raw) > MAX_PASSPHRASE:
            raise ValueError("passphrase too long")
        self._data = raw
        self._alone = False

    def reveal(self) -> bytes:
        """Return the bytes themselves."""
        return self._data

    def hand_over(self) -> HandedOver:
        """Make it ready to be sent to a worker, perhaps in another process."""
        return HandedOver(self._data, self._alone)

    def encoded_as(self, encoding: str) -> Passphrase | None:
        """Return this passphrase in one encoding of Python's, and no other spelling of it.

        None where the encoding lacks one of its characters, or where the passphrase is no UTF-8.

        Raises: LookupError for a name that no encoding of text has.
        """
        "".encode(encoding)
        text = self._data.decode() if self._is_utf8() else None
        encoded = None if text is None else _encode(text, encoding)
        if encoded is None and text is not None and encoding.lower() in (_VIETNAMESE, "windows-1258"):
            encoded = _encode_with_tones(text)
        if encoded is None or len(encoded) > MAX_PASSPHRASE:
            return None
        passphrase = Passphrase(encoded)
        passphrase._alone = True
        return passphrase

    def spellings(self) -> Iterator[tuple[str, Passphrase]]:
        """Yield this passphrase in each encoding that another program may have used, with the encoding's name.

        The first is always the passphrase as given. Only one that is not ASCII has more: Unicode's composed (NFC) and
        decomposed (NFD) forms, as macOS and Windows type them, and cp1252 and latin-1, which PuTTY on a western Windows
        takes from its ANSI code page; after them the other `CODE_PAGES`. None comes twice.
        """
        plain = self._alone or self._data.isascii() or not self._is_utf8()
        yield ("as given" if plain else "UTF-8"), self
        if plain:
            return
        import unicodedata

        text = self._data.decode()
        seen = {self._data}
        for name, spelled in (
            ("UTF-8 NFC", unicodedata.normalize("NFC", text).encode()),
            ("UTF-8 NFD", unicodedata.normalize("NFD", text).encode()),
            ("cp1252", _encode(text, "cp1252")),
            ("latin-1", _encode(text, "latin-1")),
            *((page, _encode(text, page)) for page in CODE_PAGES),
            (_VIETNAMESE, _encode_with_tones(text)),
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

    __slots__ = ("_alone", "_data")

    def __init__(self, data: bytes, alone: bool = False) -> None:
        self._data = data
        self._alone = alone

    def take(self) -> Passphrase:
        """Return the passphrase."""
        passphrase = Passphrase(self._data)
        passphrase._alone = self._alone
        return passphrase

    def __repr__(self) -> str:
        return "HandedOver(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> tuple[type[HandedOver], tuple[bytes, bool]]:
        return HandedOver, (self._data, self._alone)


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


def _encode_with_tones(text: str) -> bytes | None:
    # In the Vietnamese code page a vowel and its tone are two characters, as its keyboard makes them.
    import unicodedata

    pieces = []
    for character in unicodedata.normalize("NFC", text):
        marks = unicodedata.normalize("NFD", character)
        tones = "".join(mark for mark in marks if mark in _TONES)
        vowel = "".join(mark for mark in marks if mark not in _TONES)
        pieces.append(unicodedata.normalize("NFC", vowel) + tones)
    try:
        return "".join(pieces).encode(_VIETNAMESE)
    except UnicodeEncodeError:
        return None
