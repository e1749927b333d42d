"""What `keyconv repair` alone may read: numbers of a private key that its other numbers prove to be wrong or cut short.

Everyone else is refused, and told that a repair can help where that is proved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeVar

from keyconv.errors import KeyconvError, MalformedError, RecomputableError
from keyconv.keyfile import KeyFile, Locked
from keyconv.notes import Note
from keyconv.wire.reader import PUBLIC_HINT

__all__ = ["AMENDABLE", "NONCANONICAL", "RECOMPUTABLE", "allowed", "current", "explained"]

RECOMPUTABLE: Final = "recomputable-numbers"
NONCANONICAL: Final = "noncanonical"
AMENDABLE: Final = (RECOMPUTABLE, NONCANONICAL)
"""The rules of what can be amended: the error of a reader carries one where it is proved that a repair can."""

_HINT = "keyconv repair FILE -o NEW writes the key as it should be"
_LOCKED_HINT = "with --passphrase-file FILE, keyconv repair can prove the key and write it as it should be"
_amends: ContextVar[list[Note] | None] = ContextVar("amends", default=None)

_T = TypeVar("_T")


@contextmanager
def allowed() -> Iterator[list[Note]]:
    """Amend, in this block and this thread alone, what follows from the rest of a private key.

    That is RSA's CRT numbers, the sign bytes of numbers in SSH's encoding, the zero bytes before an Ed25519 point, and
    the copy of the point behind the seed. Gives the list of what was amended.
    """
    found: list[Note] = []
    token = _amends.set(found)
    try:
        yield found
    finally:
        _amends.reset(token)


def current() -> list[Note] | None:
    """Return the list of the block of `allowed` that this is in, for a reader to note what it amends, or None."""
    return _amends.get()


def explained(read: Callable[[], _T]) -> _T:
    """Run a reader that proves private keys; where it refuses what can be amended, say so if that is proved.

    Raises: what the reader raises, with the rule and a hint of the repair where one can help.
    """
    try:
        return read()
    except MalformedError as error:
        refused: KeyconvError = error
    except RecomputableError as error:
        refused = error
    if current() is not None:
        raise refused
    try:
        with allowed() as found:
            amended = read()
    except KeyconvError:
        if refused.hint == PUBLIC_HINT:  # it is about a public key that stands alone
            refused.hint = ""
        raise refused from None
    refused.rule = min((note.code for note in found), key=AMENDABLE.index)
    refused.hint = _HINT if _is_open(amended) else _LOCKED_HINT
    raise refused from None


def _is_open(amended: object) -> bool:
    # What a locked half gives, once it is unlocked, is not a file.
    return isinstance(amended, KeyFile) and not any(isinstance(entry.private, Locked) for entry in amended.entries)
