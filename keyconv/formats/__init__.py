"""The registry: every format that keyconv knows, in the order in which tables show them.

A format's module is imported when the format is asked for: by its name, or because a file begins as its files do.
`FORMATS`, the records of them all, is made when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from keyconv.errors import UsageError
from keyconv.formats.base import Format

__all__ = ["ALIASES", "FORMATS", "REGISTRY", "bare_name", "by_ending", "by_name", "claiming", "promised_by"]


class Known(NamedTuple):
    """A format's name, where its record is, how its files begin and how their names end: known without its module.

    `starts` are all the beginnings that such a file can have. Its `sniff` has the last word. `endings` are those of the
    names that such files have, the record's `suffix` among them; they say what belongs together, never what a file is.
    """

    name: str
    module: str
    record: str
    starts: tuple[bytes, ...]
    endings: tuple[str, ...] = ()


ANY = (b"",)
"""The start of files that share none."""

_SEQUENCE = b"0"  # the tag that bare DER begins with, which is a digit too
_SPACE = (b" ", b"\t", b"\r", b"\n")

_PPK = (b"PuTTY-User-Key-File-",)
_PEM = (b"-----BEGIN RSA PRI", b"-----BEGIN EC ", b"-----BEGIN DSA ", _SEQUENCE)
_PKCS8 = (b"-----BEGIN PRIVATE ", b"-----BEGIN ENCRYPTED ", _SEQUENCE)
_SSH1_PUB = tuple(b"%d" % digit for digit in range(10))

REGISTRY = (
    Known("ppk", "ppk", "PPK3", _PPK, (".ppk",)),
    Known("ppk2", "ppk", "PPK2", _PPK, (".ppk",)),
    Known("ppk1", "ppk", "PPK1", _PPK, (".ppk",)),
    Known("openssh", "openssh", "OPENSSH", (b"-----BEGIN OPENSSH ",), (".openssh", ".key")),
    Known("pem", "pem", "PEM", _PEM, (".pem", ".key", ".der")),
    Known("pkcs8", "pkcs8", "PKCS8", _PKCS8, (".pem", ".p8", ".pk8", ".pkcs8", ".key", ".der")),
    Known("sshcom", "sshcom", "SSHCOM", (b"---- BEGIN SSH2 ENCRYPTED ",), (".sshcom",)),
    Known("ssh1", "ssh1", "SSH1", (b"SSH PRIVATE KEY FILE FORMAT ",), (".ssh1",)),
    Known("dropbear", "dropbear", "DROPBEAR", (b"\0\0\0",), (".dropbear",)),
    Known("jwk", "jwk", "JWK", (b"{", *_SPACE), (".jwk",)),
    Known("openssh-pub", "authorized_keys", "OPENSSH_PUB", ANY, (".pub",)),
    Known("known_hosts", "known_hosts", "KNOWN_HOSTS", ANY),
    Known("allowed_signers", "allowed_signers", "ALLOWED_SIGNERS", ANY),
    Known("rfc4716", "rfc4716", "RFC4716", (b"---- BEGIN SSH2 PUBLIC ",), (".pub", ".rfc4716")),
    Known("spki", "spki", "SPKI", (b"-----BEGIN PUBLIC ", _SEQUENCE), (".pub.pem",)),
    Known("pkcs1-pub", "pkcs1_pub", "PKCS1_PUB", (b"-----BEGIN RSA PUB", _SEQUENCE), (".pub.pem",)),
    Known("ssh1-pub", "ssh1", "SSH1_PUB", _SSH1_PUB, (".pub",)),
    Known("sshfp", "sshfp", "SSHFP", (), (".sshfp",)),  # written, never read
    Known("jwk-pub", "jwk", "JWK_PUB", (b"{", *_SPACE), (".pub.jwk",)),
)

_ANY_START = tuple(known for known in REGISTRY if known.starts == ANY)
_BY_FIRST_BYTE = {
    first: tuple(known for known in REGISTRY if any(start[:1] == first for start in known.starts))
    for first in {start[:1] for known in REGISTRY for start in known.starts if start}
}

_ENDINGS = sorted({ending for known in REGISTRY for ending in known.endings}, key=len, reverse=True)
"""The longest first: `.pub.pem` before `.pem`."""

_PROMISES = {
    ".der": "DER",
    ".key": "a PEM key, as TLS servers have it",
    ".crt": "an X.509 certificate",
    ".cer": "an X.509 certificate",
    ".p12": "a PKCS#12 container",
    ".pfx": "a PKCS#12 container",
    ".pkcs12": "a PKCS#12 container",
    ".jks": "a Java keystore",
    ".keystore": "a Java keystore",
}
"""Endings that promise something else than a format that is written by default, and what."""

_LOADED: dict[str, Format] = {}

FORMATS: tuple[Format, ...]
"""The record of each, made by `__getattr__`."""

ALIASES = {
    "ppk3": "ppk",
    "putty": "ppk",
    "putty-private": "ppk",
    **dict.fromkeys(("openssh-private", "private-openssh", "private-openssh-new", "openssh-key"), "openssh"),
    **dict.fromkeys(("pkcs1", "sec1", "traditional", "openssl"), "pem"),
    **dict.fromkeys(("p8", "pkcs#8", "java"), "pkcs8"),
    **dict.fromkeys(("ssh.com", "tectia", "private-sshcom"), "sshcom"),
    **dict.fromkeys(("pub", "public", "public-openssh", "openssh-public", "authorized_keys"), "openssh-pub"),
    **dict.fromkeys(("ssh2", "ssh2-pub", "rfc-4716"), "rfc4716"),
    "x509": "spki",
    "pkcs8-pub": "spki",
    "pem-pub": "spki",
    "webcrypto": "jwk",
}
"""Other names that the command line takes."""

_OLD = ("ppk1", "ppk2", "ssh1", "ssh1-pub")
"""Formats that nobody is to be led to by a misspelling."""


def by_name(name: str) -> Format:
    """Find a format by its name or an alias of it.

    Raises: UsageError, naming the nearest one.
    """
    wanted = ALIASES.get(name.lower(), name.lower())
    for known in REGISTRY:
        if known.name == wanted:
            return _load(known)
    from keyconv import statements
    from keyconv.keys import family_named
    from keyconv.text.nearest import nearest
    from keyconv.text.quoting import quote

    names = [known.name for known in REGISTRY]
    if wanted in statements.NAMES:
        message, hint = statements.refusal(wanted)
        raise UsageError(f"{quote(name)} is {message}", hint=hint)
    if family_named(wanted):
        hint = "a conversion keeps the type; formats are openssh, ppk, pem, pkcs8, openssh-pub and so on"
        raise UsageError(f"{quote(name)} is a type of key, not a format", hint=hint)
    near = nearest(wanted, [known for known in (*names, *ALIASES) if known not in _OLD])
    raise UsageError(
        f"there is no format {quote(name)}",
        hint=f"did you mean '{ALIASES.get(near, near)}'?" if near else "the formats are " + ", ".join(names),
    )


def claiming(data: bytes) -> list[Format]:
    """Return the formats that claim some content: those that it begins like, or else those of any start.

    That is never more than one, and the same as if all were asked: the contract tests hold the formats to it.
    """
    begun = [known for known in _BY_FIRST_BYTE.get(data[:1], ()) if data.startswith(known.starts)]
    return [record for record in map(_load, begun) if record.sniff(data)] or _first(data)


def _first(data: bytes) -> list[Format]:
    return next(([record] for record in map(_load, _ANY_START) if record.sniff(data)), [])


def bare_name(path: str) -> str:
    """Take the ending of a format off a file's name: `id` of `id.ppk`, `id.p8`, `id.pub` and `id.pub.pem`.

    `generate --also` writes formats that have no ending of their own, or whose ending is taken, under the name of the
    format: `id` of `id.ppk2`. A name that is nothing but an ending stays whole.
    """
    lower = path.lower()
    for ending in (*_ENDINGS, *(f".{known.name}" for known in REGISTRY)):
        if lower.endswith(ending):
            bare = path[: -len(ending)]
            return bare if bare and bare[-1] not in "/\\" else path
    return path


def by_ending(path: str, *, private: bool) -> tuple[str, ...]:
    """Name the formats whose files end like this name, the likeliest first; nothing where no format is meant.

    Of a public key, `id.pem` and `id.jwk` mean what `id.pub.pem` and `id.pub.jwk` mean.
    """
    lower = path.lower()
    ending = next((each for each in _ENDINGS if lower.endswith(each)), None)
    if ending is None or promised_by(path):
        return ()
    names = [known.name for known in REGISTRY if ending in known.endings]
    if not private:
        names += [known.name for known in REGISTRY if f".pub{ending}" in known.endings]
    return tuple(names)


def promised_by(path: str) -> str:
    """Say which other container the ending of a name promises (`.der`, `.key`, `.p12`); nothing where it does not."""
    lower = path.lower()
    return next((promise for ending, promise in _PROMISES.items() if lower.endswith(ending)), "")


def _load(known: Known) -> Format:
    record = _LOADED.get(known.name)
    if record is None:
        record = _LOADED[known.name] = getattr(import_module(f"keyconv.formats.{known.module}"), known.record)
    return record


def __getattr__(name: str) -> object:
    if name != "FORMATS":
        raise AttributeError(f"module 'keyconv.formats' has no attribute '{name}'")
    formats = tuple(map(_load, REGISTRY))
    globals()[name] = formats
    return formats
