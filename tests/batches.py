"""A batch of many fixtures, for whatever executor: what comes of it must be what comes of it in this process."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from functools import cache

from fixture_files import FIXTURES, by_path
from tools import some

from keyconv import WriteOptions, convert_many

__all__ = ["ALWAYS", "CHEAP", "convert_fixtures", "expected", "salt"]


ALWAYS = ("ppk/rsa2048-v3-plain.ppk", "openssh/ed25519-encrypted", "ppk/ed25519-v3-argon2id-encrypted.ppk")


def salt(count: int) -> bytes:
    """Return bytes that are the same each time."""
    return bytes(range(count))


CHEAP = WriteOptions(kdf_memory=64, kdf_passes=1, rounds=1, random=salt)


def convert_fixtures(executor: Executor | None, window: int = 64) -> Iterator[tuple[str, bytes | tuple[str, str]]]:
    """Convert many fixtures, or all with KEYCONV_TESTS=all, with their passphrases.

    Returns: of each the bytes, or the code and text of the error.
    """
    chosen = [by_path(path) for path in dict.fromkeys((*ALWAYS, *(each.path for each in some(FIXTURES, 120))))]
    for passphrase in dict.fromkeys(fixture.passphrase for fixture in chosen):
        files = ((fixture.path, fixture.data) for fixture in chosen if fixture.passphrase == passphrase)
        for each in convert_many(files, passphrase=passphrase, options=CHEAP, executor=executor, window=window):
            yield each.name, each.result() if each.error is None else (each.error.code, str(each.error))


@cache
def expected() -> tuple[tuple[str, bytes | tuple[str, str]], ...]:
    """Return what comes of every fixture in this process."""
    return tuple(convert_fixtures(None))
