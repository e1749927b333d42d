"""What must hold of every case: a value, or one of keyconv's errors with one clean line; and no secret in it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from random import Random

from fuzz.seeds import private_entries
from keyconv import Deriver, Entry, KeyFile, Locked, WriteOptions, inspect, plan, write
from keyconv.crypto.kdf import Argon2, BcryptPbkdf, Kdf
from keyconv.crypto.pbes import Pbkdf1, Pbkdf2, Pkcs12Kdf, Scrypt
from keyconv.errors import KeyconvError, LimitError, MisfitError, MismatchError
from keyconv.formats import by_name
from keyconv.secret import Passphrase

__all__ = ["BrokenPromiseError", "Thrifty", "check_error", "check_text", "examine"]

_EXIT_CODES = (2, 3, 4, 5, 6)
_MAX_MESSAGE = 1000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_RUN = 16
"""Characters of a secret in a row that count as a leak."""


class BrokenPromiseError(AssertionError):
    """A case ended in a value or an error of keyconv, but not in one as it should be."""


# ── errors ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def check_error(error: KeyconvError) -> None:
    """Check an error's line, hint and exit code.

    Raises: BrokenPromiseError.
    """
    check_text(str(error))
    check_text(error.hint)
    if not error.message:
        raise BrokenPromiseError(f"{type(error).__name__} without a message")
    if error.exit_code not in _EXIT_CODES:
        raise BrokenPromiseError(f"exit code {error.exit_code}")


def check_text(text: str) -> None:
    """Check that a text is one clean line that holds no secret.

    Raises: BrokenPromiseError, which repeats no more of the text than where it is wrong.
    """
    if len(text) >= _MAX_MESSAGE:
        raise BrokenPromiseError(f"a message of {len(text)} characters")
    if found := _CONTROL.search(text):
        raise BrokenPromiseError(f"a message with the control character {ord(found.group()):#x}: {text[:80]!a}")
    if "Traceback" in text:
        raise BrokenPromiseError("a message with a traceback in it")
    known = _secrets()
    for start in range(len(text) - _RUN + 1):
        if text[start : start + _RUN] in known:
            raise BrokenPromiseError(f"a message with a secret at character {start}: {text[:start]!a}")


@cache
def _secrets() -> frozenset[str]:
    found: set[str] = set()
    for entry in private_entries():
        public = _shown_public(entry)
        for number in _private_numbers(entry):
            for spelled in _spellings(number):
                found.update(spelled[start : start + _RUN] for start in range(len(spelled) - _RUN + 1))
        found -= public
    return frozenset(found)


def _private_numbers(entry: Entry) -> Iterator[bytes]:
    private = entry.private
    assert private is not None
    assert not isinstance(private, Locked)
    for each in fields(private):
        value = getattr(private, each.name)
        if each.name == "public" or not value:
            continue
        data = value if isinstance(value, bytes) else value.to_bytes((value.bit_length() + 7) // 8, "big")
        if len(data) >= 12 and len(set(data)) > 2:
            yield data


def _spellings(number: bytes) -> Iterator[str]:
    yield number.hex()
    yield number.hex().upper()
    yield number.decode("latin-1")
    yield str(int.from_bytes(number, "big"))
    for start in range(3):  # wherever it begins in a longer text of base64
        whole = (len(number) - start) // 3 * 3
        yield base64.b64encode(number[start : start + whole]).decode()
        yield base64.urlsafe_b64encode(number[start : start + whole]).decode()


def _shown_public(entry: Entry) -> set[str]:
    text = str(entry.public)
    return {text[start : start + _RUN] for start in range(len(text) - _RUN + 1)}


# ── values ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def examine(keyfile: KeyFile) -> None:
    """Describe what was read, write each key of it in the same format, and have it read back the same.

    Raises: BrokenPromiseError.
    """
    json.dumps(inspect(keyfile), ensure_ascii=True)
    for note in (*keyfile.notes, *(note for entry in keyfile.entries for note in entry.notes)):
        check_text(str(note))
    target = by_name(keyfile.format)
    for entry in keyfile.entries[:4]:
        if target.write is None or isinstance(entry.private, Locked) or entry.fault is not None:
            continue
        try:
            plan(entry, target)
            written = write(entry, target, WriteOptions(random=Random(1).randbytes))
        except MisfitError as error:
            check_error(error)
            continue
        except MismatchError as error:
            if "certificate is for another key" in error.message:
                continue
            raise BrokenPromiseError(f"what was read is not written so that it reads back: {error}") from None
        except KeyconvError as error:
            raise BrokenPromiseError(f"what was read is not written again: {type(error).__name__}: {error}") from None
        if not written:
            raise BrokenPromiseError("nothing was written")


# ── passphrases ────────────────────────────────────────────────────────────────────────────────────────────────────


class Thrifty(Deriver):
    """Runs KDFs that cost next to nothing, and the fixtures' own once; all others are too costly.

    The fixtures' keys stay known to `known`; what else is derived is forgotten at once.
    """

    def __init__(self, known: Deriver, own: frozenset[Kdf]) -> None:
        super().__init__()
        self._own = own
        self._shared = known

    def check(self, kdf: Kdf) -> None:
        """Refuse what is not cheap."""
        if kdf not in self._own:
            kdf.check_cost()
            if not _is_cheap(kdf):
                raise LimitError("a KDF that costs more than a case may")

    def derive(self, kdf: Kdf, passphrase: Passphrase, length: int) -> bytes:
        """Derive, or give what is known."""
        self.check(kdf)
        if kdf in self._own:
            return self._shared.derive(kdf, passphrase, length)
        return kdf.derive(passphrase.reveal(), length)


def _is_cheap(kdf: Kdf) -> bool:
    match kdf:
        case Argon2(memory_kib=memory, passes=passes):
            return memory * passes <= 64
        case BcryptPbkdf():
            return False
        case Pbkdf1(iterations=iterations) | Pbkdf2(iterations=iterations) | Pkcs12Kdf(iterations=iterations):
            return iterations <= 64
        case Scrypt(n=n, r=r, p=p):
            return n * r * p <= 64
        case _:
            return True
