"""Writing a key in a format, proved by reading it back; and the whole way from one file to another."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from keyconv.engine.planning import plan, without_place
from keyconv.engine.reading import read
from keyconv.engine.unlocking import choose, unlock
from keyconv.errors import MisfitError, MismatchError, UsageError
from keyconv.formats import by_name
from keyconv.formats.base import Format, WriteOptions
from keyconv.keyfile import Entry, Locked
from keyconv.secret import Passphrase

__all__ = ["KEEP", "Keep", "convert", "default_target", "verify", "write"]


class Keep:
    """The type of `KEEP`."""

    def __repr__(self) -> str:
        return "KEEP"


KEEP: Final = Keep()
"""As a new passphrase: the one that was given for the input, as it was given, or none if that was not encrypted."""


def write(entry: Entry, format: str | Format, options: WriteOptions | None = None) -> bytes:
    """Write an unlocked key and prove the result by reading it back; no KDF runs twice for that.

    Raises: MisfitError when the format cannot hold the key; MismatchError should what was written not be the same key.
    """
    options = options or WriteOptions()
    target = by_name(format) if isinstance(format, str) else format
    plan(entry, target)
    if target.write is None or (target.can.private and isinstance(entry.private, Locked)):
        raise ValueError("a key must be unlocked before it is written")
    if entry.certificate is not None and entry.certificate.key != entry.public:
        raise MismatchError("the certificate is for another key", rule="stale-certificate")
    entry = without_place(entry)
    data = target.write((entry,), options)
    verify(data, (entry,), target, options)
    return data


def verify(data: bytes, entries: tuple[Entry, ...], target: Format, options: WriteOptions) -> None:
    """Read back what was written and compare it with what was meant: key, comment, certificate, options, headers.

    A format that is only written (SSHFP) has nothing to read back.

    Raises: MismatchError, naming what differs.
    """
    if not target.can.readable:
        return
    read_back = target.read(data).entries
    _same(len(read_back) == len(entries), "number of keys")
    for written, entry in zip(read_back, entries, strict=True):
        _verify_entry(written, entry, target, options)


def _verify_entry(written: Entry, entry: Entry, target: Format, options: WriteOptions) -> None:
    if target.can.private:
        written = unlock(written, options.passphrase, deriver=options.deriver)
        _same(written.private == entry.private, "private half")
    _same(written.public == entry.public, "public half")
    if target.can.comment:
        _same((written.comment or b"") == target.fit_comment(entry.comment or b""), "comment")
    if target.can.certificate:
        _same(written.certificate == entry.certificate, "certificate")
    if target.can.options:
        _same(written.options == entry.options, "options")
    if target.can.headers:
        _same(written.headers == entry.headers, "headers")
    if target.can.attributes:
        _same(written.attributes == entry.attributes, "attributes")


def _as_bytes(comment: bytes | str) -> bytes:
    if isinstance(comment, bytes):
        return comment
    try:
        return comment.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise UsageError("the comment holds a lone surrogate, which no encoding has") from None


def _same(agrees: bool, what: str) -> None:
    if not agrees:
        message = f"what was written does not read back as the same {what}; nothing is kept of it"
        raise MismatchError(message, rule="")


def default_target(source: str, entry: Entry) -> str:
    """Name the format that a key is converted to when none is asked for.

    A private key becomes `openssh`, whatever it was; a public key goes from one line to `rfc4716` and back.
    """
    if entry.private is not None or entry.fault is not None:
        return "openssh"
    return "rfc4716" if source == "openssh-pub" else "openssh-pub"


def convert(
    data: bytes,
    to: str | None = None,
    *,
    passphrase: Passphrase | bytes | str | None = None,
    new_passphrase: Passphrase | bytes | str | Keep | None = KEEP,
    comment: bytes | str | None = None,
    format: str | None = None,
    key: int | None = None,
    strict: bool = False,
    options: WriteOptions | None = None,
) -> bytes:
    """Convert a key file: read, check that the target can hold it, unlock, write, read back.

    `to` and `format` are names as on the command line; `passphrase` opens the input; `new_passphrase` protects the
    output and is the input's own unless given (None or empty: not encrypted); `comment` replaces the comment; `key`
    chooses one of several; `strict` refuses a conversion that loses anything. `options` carries costs and randomness.

    Raises: a KeyconvError; which one says who must act.
    """
    from keyconv.engine.documents import require_plain

    source = read(data, format)
    if strict:
        require_plain(source)
    entry = choose(source, key)
    if comment is not None:
        entry = replace(entry, comment=_as_bytes(comment))
    target = by_name(to or default_target(source.format, entry))
    options = options or WriteOptions()
    encrypted = isinstance(entry.private, Locked)
    planned = plan(entry, target, opens=encrypted and passphrase is not None)
    if strict:
        planned.require_lossless()
    wanted = not isinstance(new_passphrase, Keep) and new_passphrase
    if wanted and target.can.private and not target.can.encryption:
        raise MisfitError(f"{target.name} cannot be protected by a passphrase, and a new one was given")
    if planned.needs_passphrase or (encrypted and passphrase is not None):
        entry = unlock(entry, passphrase, deriver=options.deriver)
        if comment is not None:
            entry = replace(entry, comment=_as_bytes(comment))
        planned = replace(plan(entry, target), losses=(*planned.losses, *plan(entry, target).losses))
    if strict:
        planned.require_lossless()
    kept = passphrase if encrypted else None
    chosen = kept if isinstance(new_passphrase, Keep) else new_passphrase
    if target.can.encryption and chosen is not None:
        options = replace(options, passphrase=chosen if isinstance(chosen, Passphrase) else Passphrase(chosen))
    return write(entry, target, options)
