"""Rewriting a file in place: what `passphrase` and `comment` share.

The format, the cipher, the KDF and its cost stay as they are unless something else is asked for.
"""

from __future__ import annotations

from dataclasses import replace

from keyconv.cli.converting import write_options
from keyconv.cli.cost import calibrate
from keyconv.cli.opening import STDIN, Opened, Opener, shown
from keyconv.cli.options import OutputOptions
from keyconv.crypto.kdf import Argon2, BcryptPbkdf, Deriver
from keyconv.engine import choose, write
from keyconv.errors import KeyconvError, UsageError
from keyconv.formats.base import Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile, Locked, Protection
from keyconv.secret import Passphrase

__all__ = ["DEFAULT_MILLISECONDS", "open_one", "rewrite_entry"]

DEFAULT_MILLISECONDS = 100


def open_one(opener: Opener, path: str, deriver: Deriver) -> tuple[KeyFile, Opened]:
    """Read a file that holds one key, and open it.

    Raises: UsageError for several keys: rewriting one would lose what stands between them.
    """
    keyfile = opener.read(path)
    count = len(keyfile.entries)
    if count > 1 or keyfile.kind == "authorized_keys":
        raise UsageError(f"the file holds {count} keys, or lines that are none; only a file of one key is changed")
    entry = choose(keyfile)
    if entry.fault is not None:
        raise entry.fault
    if isinstance(entry.private, Locked):
        return keyfile, opener.unlock(entry, path, deriver)
    return keyfile, Opened(entry)


def rewrite_entry(
    path: str,
    entry: Entry,
    target: Format,
    passphrase: Passphrase | None,
    deriver: Deriver,
    options: OutputOptions,
    *,
    keep_cost: bool,
) -> None:
    """Write the entry over its file; with `keep_cost` under the cipher and the KDF's cost that it had."""
    from keyconv.files import rewrite, write_stdout

    how = WriteOptions(passphrase=passphrase, deriver=deriver)
    kept = entry.protection if keep_cost else None
    if kept is not None:
        how = _keep(how, kept, target)
    how = write_options(options, how)
    if target.name == "ppk" and passphrase and not _passes_are_known(options, kept):
        how = calibrate(how, options.kdf_time or DEFAULT_MILLISECONDS)
    data = write(entry, target, how)
    if path == STDIN:
        write_stdout(data)
        return
    try:
        rewrite(path, data)
    except KeyconvError as error:
        raise error.at_path(shown(path)) from None


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
    return how


def _passes_are_known(options: OutputOptions, kept: Protection | None) -> bool:
    if options.kdf_passes is not None:
        return True
    changed = (options.kdf, options.kdf_memory, options.kdf_time, options.kdf_parallelism)
    return kept is not None and isinstance(kept.kdf, Argon2) and all(value is None for value in changed)
