"""A batch of every fixture, for whatever executor: what comes of it must be what comes of it in this process."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from functools import cache

from fixture_files import FIXTURES

from keyconv import WriteOptions, convert_many

__all__ = ["CHEAP", "convert_fixtures", "expected", "salt"]


def salt(count: int) -> bytes:
    """Return bytes that are the same each time."""
    return bytes(range(count))


CHEAP = WriteOptions(kdf_memory=64, kdf_passes=1, rounds=1, random=salt)


def convert_fixtures(executor: Executor | None, window: int = 64) -> Iterator[tuple[str, bytes | tuple[str, str]]]:
    """Convert every fixture, with its passphrase; give the bytes, or the code and text of the error."""
    for passphrase in dict.fromkeys(fixture.passphrase for fixture in FIXTURES):
        files = ((fixture.path, fixture.data) for fixture in FIXTURES if fixture.passphrase == passphrase)
        for each in convert_many(files, passphrase=passphrase, options=CHEAP, executor=executor, window=window):
            yield each.name, each.result() if each.error is None else (each.error.code, str(each.error))


@cache
def expected() -> tuple[tuple[str, bytes | tuple[str, str]], ...]:
    """Return what comes of every fixture in this process."""
    return tuple(convert_fixtures(None))
