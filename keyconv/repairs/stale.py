"""`KEY.pub` beside `KEY`, when the key was replaced and its public file was not."""

from __future__ import annotations

from dataclasses import replace

from keyconv.engine import write
from keyconv.errors import KeyconvError, MismatchError
from keyconv.formats import by_name
from keyconv.formats.authorized_keys import OPENSSH_PUB
from keyconv.keyfile import Entry, KeyFile, Locked

__all__ = ["is_stale", "mend_public"]


def is_stale(public: KeyFile, private: Entry) -> bool:
    """Return whether a public file is of another key than the private one beside it.

    While the private half is locked, what it states of its public half is believed; where it states none, nothing can
    be determined and the answer is no.
    """
    if private.public is None or len(public.entries) != 1:
        return False
    return public.entries[0].public != private.public


def mend_public(public: KeyFile | None, private: Entry) -> bytes:
    """Write the public file again from an unlocked private key, in the format that it had.

    The comment is the private key's own, else the one that was there. `public` is None where the old file is not a key.

    Raises: MismatchError while the private half is locked, since only what is proved may replace a file; MisfitError
    when the format cannot hold the key.
    """
    if private.private is None or isinstance(private.private, Locked) or private.public is None:
        message = "the private half is not open: only a key that is proved replaces a public file"
        raise MismatchError(message, rule="")
    old = public.entries[0] if public is not None and len(public.entries) == 1 else None
    target = by_name(public.format) if public is not None else OPENSSH_PUB
    comment = private.comment or (old.comment if old is not None else None)
    entry = replace(private, private=None, protection=None, comment=comment, line=None, options=(), headers=())
    if not target.can.certificate:
        entry = replace(entry, certificate=None)
    try:
        return write(entry, target)
    except KeyconvError:
        if target is OPENSSH_PUB:
            raise
        return write(entry, OPENSSH_PUB)
