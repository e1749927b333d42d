"""What programs call: the engine's verbs, with the program's words for what is damaged, and the other commands.

Every function that takes a file takes its bytes, and says so to who gives a name or a text. None of them opens a file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from keyconv import engine
from keyconv.engine.conversion import KEEP, Keep
from keyconv.errors import KeyconvError, UsageError
from keyconv.keyfile import Entry, KeyFile, OpenEntry
from keyconv.keys import PrivateKey, PublicKey, family_named

if TYPE_CHECKING:
    from keyconv.checks.model import Finding
    from keyconv.crypto.kdf import Deriver
    from keyconv.document.spans import Span
    from keyconv.formats.base import WriteOptions
    from keyconv.secret import Passphrase

__all__ = ["Repaired", "check", "convert", "documents", "fingerprint", "generate", "read", "repair", "unlock"]


@dataclass(frozen=True, slots=True)
class Repaired:
    """A file that was fixed: its bytes, what they hold, and the rules of what was wrong, in the order of the fixes.

    `rules` is empty where nothing was. `verified` says that the private key is the one of the public key; of a file
    without a private key, and of an encrypted one without its passphrase, nothing can be verified.
    """

    data: bytes = field(repr=False)
    keyfile: KeyFile
    rules: tuple[str, ...]
    verified: bool


def read(data: bytes, format: str | None = None) -> KeyFile:
    """Read a key file, or the keys of a document; unencrypted private keys are verified, encrypted ones are `Locked`.

    `format` forces one, by its name on the command line; without it the content decides. What is around the keys of a
    document is reported in a note, and its spans are those of the `KeyFile`. In a file of lines a private key is never
    taken: it is one of the `faults`, as a line without a key is.

    Raises: TypeError for anything but bytes; NotAKeyError when it is of no known format; another KeyconvError for what
    is damaged, whose `rule` names what is wrong.
    """
    _require_bytes(data, "read")
    try:
        return engine.read(data, format)
    except KeyconvError as error:
        raise _explained(data, error, format) from None


def unlock(
    entry: Entry, passphrase: Passphrase | bytes | str | None = None, *, deriver: Deriver | None = None
) -> OpenEntry:
    """Open an entry's private key; one that is not encrypted needs no passphrase.

    A passphrase that is not ASCII is tried in each of its spellings, and the one that opened the key is noted when it
    is not the first.

    Raises: MissingPassphraseError; WrongPassphraseError; UsageError for an entry that has no private key; the entry's
    own fault when it has one; LimitError for a KDF that costs too much.
    """
    opened = engine.unlock(entry, passphrase, deriver=deriver)
    if opened.private is None:
        raise UsageError("there is nothing to unlock: this is a public key")
    return cast("OpenEntry", opened)


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
    """Convert a key file: read, check that the target can store it, unlock, write, read back.

    `to` and `format` are names as on the command line; `passphrase` opens the input; `new_passphrase` protects the
    output and is the input's own unless given (None or empty: not encrypted); `comment` replaces the comment; `key`
    chooses one of several, from 1; `strict` refuses a conversion that loses anything. `options` carries costs and
    randomness.

    Raises: TypeError for anything but bytes; a KeyconvError, whose class says who must act.
    """
    _require_bytes(data, "convert")
    try:
        return engine.convert(
            data,
            to,
            passphrase=passphrase,
            new_passphrase=new_passphrase,
            comment=comment,
            format=format,
            key=key,
            strict=strict,
            options=options,
        )
    except KeyconvError as error:
        raise _of_reading(data, format) or error from None


def repair(data: bytes, *, passphrase: Passphrase | bytes | str | None = None, format: str | None = None) -> Repaired:
    """Fix what copying, pasting and storing did to a key file, as `keyconv repair` does; the format is kept.

    A whole file comes back as it is. `passphrase` lets an encrypted key be verified.

    Raises: TypeError for anything but bytes; the error of the file, whose `rule` names what is wrong, where it cannot
    be fixed; WrongPassphraseError.
    """
    _require_bytes(data, "repair")
    from keyconv.repairs import Opening, search
    from keyconv.secret import Passphrase

    given = Passphrase(passphrase) if isinstance(passphrase, bytes | str) else passphrase
    found = search(data, Opening(format, given))
    if found is None:
        raise _of_reading(data, format) or UsageError("there is nothing to fix here")
    return Repaired(found.data, found.keyfile, found.undone, found.proved)


def check(
    data: bytes,
    *,
    name: str = "",
    passphrase: Passphrase | bytes | str | None = None,
    now: int | None = None,
    public_only: bool = False,
    key_types: Iterable[str] = (),
) -> tuple[Finding, ...]:
    """Return what `keyconv check` finds in one file, by its rules at their own severities.

    `name` is what the file is called: `known_hosts`, `authorized_keys` and `allowed_signers` are files of lines
    whatever they contain. `now` is the time in seconds since 1970 that certificates and expiry dates are compared
    with, this moment by default. `public_only` makes a private key a finding, `key_types` names the types that may be
    used (`ed25519`, `rsa` ...), all of them when empty.

    Raises: TypeError for anything but bytes; UsageError for a type that there is not; WrongPassphraseError.
    """
    _require_bytes(data, "check")
    from keyconv.checks.check_file import judge_content
    from keyconv.checks.model import Content, Context
    from keyconv.repairs import Opening
    from keyconv.secret import Passphrase

    given = Passphrase(passphrase) if isinstance(passphrase, bytes | str) else passphrase
    context = Context(
        now=int(time.time()) if now is None else now,
        opening=Opening(passphrase=given),
        public_only=public_only,
        key_types=frozenset(map(_family, key_types)),
    )
    return tuple(judge_content(Content(name, data), context).findings)


def generate(
    type: str = "ed25519",
    bits: int | None = None,
    *,
    comment: bytes | str = b"",
    random: Callable[[int], bytes] = os.urandom,
) -> OpenEntry:
    """Make a new key of the type `ed25519`, `ed448`, `ecdsa` or `rsa`, for `write`.

    `bits` chooses among the sizes of ECDSA (256, 384, 521) and RSA (2048 to 16384, 3072 when not given). `random`
    returns as many random bytes as it is asked for, and feeds all types but RSA, whose generator is the library's own.

    Raises: UsageError for a type or size that there is not.
    """
    from keyconv.proof.generation import generate as make

    family = _family(type)
    if family == "dsa":
        raise UsageError("new DSA keys are not made: servers have not accepted them since OpenSSH 7.0")
    private = make(family, bits, random)
    said = comment.encode() if isinstance(comment, str) else comment
    return cast("OpenEntry", Entry(private.public, private, comment=said))


def fingerprint(key: PublicKey | PrivateKey | Entry, *, hash: str = "sha256") -> str:
    """Return the fingerprint of a key, as `ssh-keygen -l` prints it: `SHA256:...`, or `MD5:...` with `hash="md5"`.

    Raises: UsageError for another hash, and for an entry whose public key is hidden until it is unlocked.
    """
    from keyconv.codec import public_blob
    from keyconv.crypto import fingerprint as spelled

    public = key.public if isinstance(key, Entry) else getattr(key, "public", key)
    if public is None:
        raise UsageError("the public key is hidden until the private one is unlocked")
    if hash not in ("sha256", "md5"):
        raise UsageError(f"there is no fingerprint by {hash!r}", hint="it is sha256 or md5")
    blob = public_blob.write(cast("PublicKey", public))
    return spelled.sha256(blob) if hash == "sha256" else spelled.md5(blob)


def documents(data: bytes) -> tuple[Span, ...]:
    """Return what is in a file, span by span: private and public keys, certificates and the like, and other text.

    A span has the bytes where it begins and ends, its lines, what it is, and the wrappers around a key (quotes, base64,
    the indentation of YAML), which `keyconv` takes off and puts on again. A file of lines has no spans.

    Raises: TypeError for anything but bytes.
    """
    _require_bytes(data, "documents")
    from keyconv.document.search import find

    return find(data).spans


def _require_bytes(data: object, verb: str) -> None:
    if not isinstance(data, bytes):
        how = "pass bytes(...)" if isinstance(data, bytearray | memoryview) else "pass Path(name).read_bytes()"
        if isinstance(data, str):
            how += ", or .encode() of the text itself"
        raise TypeError(f"keyconv.{verb} takes the bytes of a file, not {_article(type(data).__name__)}: {how}")


def _article(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def _explained(data: bytes, error: KeyconvError, format: str | None) -> KeyconvError:
    """Return the error that the program prints for such a file; what is not about its content stays as it is."""
    if format is not None or error.exit_code != KeyconvError.exit_code:
        return error
    from keyconv.repairs import explain

    return explain(data, error)


def _of_reading(data: bytes, format: str | None) -> KeyconvError | None:
    """Return the error of a file that does not load; None for one that does."""
    try:
        engine.read(data, format)
    except KeyconvError as error:
        return _explained(data, error, format)
    return None


def _family(name: str) -> str:
    family = family_named(name)
    if not family:
        raise UsageError(f"there is no type of key {name!r}", hint="ed25519, rsa, ecdsa, ed448 and so on")
    return family
