"""Rewriting a file in place: what `passphrase` and `comment` share.

The format, the cipher, the KDF and its cost stay as they are unless something else is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from keyconv.cli.converting import write_options
from keyconv.cli.cost import calibrate, enough_passes, no_cheaper
from keyconv.cli.opening import STDIN, Opened, Opener, shown
from keyconv.cli.options import InputOptions, OutputOptions
from keyconv.cli.prompt import encoded
from keyconv.crypto.kdf import Argon2, BcryptPbkdf, Deriver
from keyconv.crypto.pbes import Pbkdf2
from keyconv.engine import choose, write
from keyconv.engine.encoding import line_end_of, place
from keyconv.errors import KeyconvError, WrongPassphraseError
from keyconv.formats.base import Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile, Locked, Protection
from keyconv.secret import Passphrase

__all__ = ["DEFAULT_MILLISECONDS", "as_spelled", "compose_entry", "open_one", "replaced", "rewrite_entry"]

DEFAULT_MILLISECONDS = 100


def open_one(opener: Opener, path: str, keyfile: KeyFile, deriver: Deriver) -> Opened:
    """Open the key that is meant, which `--key` chooses among several; the passphrase is the very bytes that did it.

    Raises: UsageError for several keys, none of them chosen; why the key does not load.
    """
    entry = choose(keyfile, opener.options.key)
    if entry.fault is not None:
        raise entry.fault
    if not isinstance(entry.private, Locked):
        return Opened(entry)
    opened = opener.unlock(entry, path, deriver)
    return replace(opened, passphrase=as_spelled(entry.private, opened.passphrase, deriver, opener.options))


def as_spelled(
    locked: Locked, passphrase: Passphrase | None, deriver: Deriver, options: InputOptions
) -> Passphrase | None:
    """Return the passphrase as the very bytes that opened the key; no KDF runs again for that."""
    # A passphrase that stays must stay the same bytes, or the program that wrote the file can no longer open it.
    if passphrase and options.passphrase_encoding is not None:
        return encoded(passphrase, options.passphrase_encoding)
    spellings = [spelled for _, spelled in passphrase.spellings()] if passphrase else []
    if len(spellings) > 1:
        for spelled in spellings:
            with suppress(WrongPassphraseError):
                locked.unlock(spelled, deriver)
                return spelled
    return passphrase


def replaced(entry: Entry, target: Format, options: OutputOptions) -> Iterator[str]:
    """Return what cannot stay of a key's protection, because the format is read with it and not written."""
    kept = entry.protection
    if kept is None:
        return
    if kept.cipher not in target.can.ciphers and options.cipher is None:
        yield f"the cipher {kept.cipher} is read, not written: {target.can.ciphers[0]} takes its place"
    if kept.kdf.name not in target.can.kdfs:
        yield f"the KDF {kept.kdf.name} is read, not written: {target.can.kdfs[0]} takes its place"


def rewrite_entry(
    path: str,
    entry: Entry,
    target: Format,
    passphrase: Passphrase | None,
    deriver: Deriver,
    options: OutputOptions,
    *,
    original: tuple[bytes, KeyFile],
    keep_cost: bool,
    index: int = 0,
) -> None:
    """Write the entry over its file, as `compose_entry` makes it."""
    from keyconv.files import rewrite, write_stdout

    data = compose_entry(
        entry, target, passphrase, deriver, options, original=original, keep_cost=keep_cost, index=index
    )
    if path == STDIN:
        write_stdout(data)
        return
    try:
        # The mode stays, unless it was the passphrase alone that kept others out.
        rewrite(path, data, private=entry.protection is not None and not passphrase)
    except KeyconvError as error:
        raise error.at_path(shown(path)) from None


def compose_entry(
    entry: Entry,
    target: Format,
    passphrase: Passphrase | None,
    deriver: Deriver,
    options: OutputOptions,
    *,
    original: tuple[bytes, KeyFile],
    keep_cost: bool,
    index: int = 0,
) -> bytes:
    """Make the new content of the entry's file, under the cipher and the KDF's cost that it had.

    `original` is the file as it was and what was read from it, `index` the place of the entry in it, from 0: what is
    around the key stays.

    Without `keep_cost` they are today's, and the cost no lower than it was.
    """
    before, keyfile = original
    how = WriteOptions(passphrase=passphrase, deriver=deriver, line_end=_line_end(before, keyfile, target))
    had = entry.protection
    kept = had if keep_cost else None
    if kept is not None:
        how = _keep(how, kept, target)
    elif had is not None:
        how = no_cheaper(how, had.kdf)
    how = write_options(options, how)
    if target.name == "ppk" and passphrase and not _passes_are_known(options, kept):
        how = calibrate(how, options.kdf_time or DEFAULT_MILLISECONDS)
        if had is not None and kept is None and options.kdf_time is None:
            how = enough_passes(how, had.kdf)
    return place(before, keyfile, write(entry, target, how), index)


def _line_end(before: bytes, keyfile: KeyFile, target: Format) -> bytes:
    return b"\n" if keyfile.spans else line_end_of(before, target)


def _keep(how: WriteOptions, kept: Protection, target: Format) -> WriteOptions:
    if kept.cipher in target.can.ciphers:
        how = replace(how, cipher=kept.cipher)
    kdf = kept.kdf
    if isinstance(kdf, Argon2):
        how = replace(
            how,
            kdf=kdf.flavour,
            kdf_memory=kdf.memory_kib,
            kdf_passes=kdf.passes,
            kdf_parallelism=kdf.parallelism,
        )
    elif isinstance(kdf, BcryptPbkdf):
        how = replace(how, rounds=kdf.rounds)
    elif isinstance(kdf, Pbkdf2):
        how = replace(how, rounds=kdf.iterations)
    return how


def _passes_are_known(options: OutputOptions, kept: Protection | None) -> bool:
    if options.kdf_passes is not None:
        return True
    changed = (options.kdf, options.kdf_memory, options.kdf_time, options.kdf_parallelism)
    return kept is not None and isinstance(kept.kdf, Argon2) and all(value is None for value in changed)
