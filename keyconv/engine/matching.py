"""Do several files hold the same key?"""

from __future__ import annotations

from collections.abc import Sequence

from keyconv.keyfile import KeyFile
from keyconv.keys import PublicKey

__all__ = ["match"]


def match(keyfiles: Sequence[KeyFile]) -> PublicKey | None:
    """Return a key that every one of the files holds, or None; private, public and certificate count alike.

    A file of many keys matches by any of them. Every entry must show its public half: unlock those that hide it.
    """
    first, *others = keyfiles
    for entry in first.entries:
        public = entry.public
        if public is not None and all(any(public == each.public for each in other.entries) for other in others):
            return public
    return None
