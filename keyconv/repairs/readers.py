"""Which programs read a file as it is, and which refuse a damaged one: measured on fixtures, not guessed.

Source: ssh-keygen 9.2, puttygen 0.78 and openssl 3.0, given each format, and each damage in each of its variants.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["MAIN_READERS", "Readers", "features_of", "readers_of", "refused_by"]

_OPENSSH, _PUTTY, _PUTTYGEN, _OPENSSL = "OpenSSH", "PuTTY", "PuTTYgen", "OpenSSL/Java"

MAIN_READERS = (_OPENSSH, _PUTTY, _OPENSSL)
"""The programs that people ask about first."""

_CLASSIC = frozenset({"rsa", "dsa", "ecdsa"})
_COMMON = _CLASSIC | {"ed25519"}
_EVERY = _COMMON | {"ed448"}
_OPENSSHS = _COMMON | {"sk-ecdsa", "sk-ed25519"}

_PEM_FORMATS = ("pem", "pkcs8", "spki", "pkcs1-pub")

_READERS: dict[str, tuple[tuple[str, frozenset[str]], ...]] = {
    "ppk": ((_PUTTY, _EVERY), ("WinSCP", _EVERY), ("FileZilla", _EVERY)),
    "openssh": ((_OPENSSH, _OPENSSHS), (_PUTTYGEN, _EVERY)),
    "pem": ((_OPENSSH, _CLASSIC), (_OPENSSL, _CLASSIC), (_PUTTYGEN, _CLASSIC)),
    "pkcs8": ((_OPENSSH, _CLASSIC), (_OPENSSL, _EVERY)),  # OpenSSH 9.6 and later read Ed25519 as well
    "sshcom": (("Tectia", _CLASSIC), (_PUTTYGEN, frozenset({"rsa", "dsa"}))),
    "ssh1": ((_PUTTYGEN, frozenset({"rsa"})),),
    "dropbear": (("Dropbear", _COMMON),),
    "jwk": (("programs that read JSON Web Keys", _EVERY),),
    "openssh-pub": ((_OPENSSH, _OPENSSHS), (_PUTTY, _EVERY)),
    "known_hosts": ((_OPENSSH, _OPENSSHS),),
    "rfc4716": ((_PUTTY, _EVERY), ("Tectia", _CLASSIC)),
    "spki": ((_OPENSSL, _EVERY),),
    "pkcs1-pub": ((_OPENSSL, frozenset({"rsa"})),),
    "ssh1-pub": ((_PUTTYGEN, frozenset({"rsa"})),),
    "jwk-pub": (("programs that read JSON Web Keys", _EVERY),),
}
"""Format to the programs that read such a file without a conversion, and the families of keys they read in it.

PuTTYgen is where PuTTY itself does not read the format and PuTTYgen imports it.
"""

_PUTTYGEN_CIPHERS = {"openssh": ("aes256-cbc", "aes256-ctr"), "pem": ("aes-128-cbc", "des-ede3-cbc")}
"""What PuTTYgen decrypts in the files of other programs; all of the ciphers in those that are not listed."""

_LEGACY_CIPHERS = ("des-cbc", "pbeWithMD5AndDES-CBC")
"""What OpenSSL 3 leaves to its legacy provider, so that neither it nor ssh-keygen reads such a PEM file."""

_MEASURED = {_PUTTYGEN: _PUTTY, "WinSCP": _PUTTY, "FileZilla": _PUTTY, _OPENSSL: "OpenSSL"}
"""Whose answer stands for a program's: those of one code base read alike."""

_EDWARDS_WITH_PUBLIC = re.compile(rb"-----M(?:[A-Za-z0-9+/]{2}CAQEwBQYDK2V[wx]|IG[A-Za-z0-9+/]AgEBMAUGAytlc[AQ])")
"""The base64 of a PKCS#8 key of version 1 (RFC 5958) with the algorithm Ed25519 or Ed448."""

_ENDS = frozenset({"missing-final-newline", "crlf", "nul-padding"})
_PEM = _ENDS | {"byte-order-mark", "trailing-whitespace", "text-before", "text-after"}

_ALWAYS: dict[str, dict[str, frozenset[str]]] = {
    "openssh": {_OPENSSH: frozenset({"nul-padding", "text-after"}), _PUTTY: _ENDS | {"text-after"}},
    "pem": {_OPENSSH: _PEM, "OpenSSL": _PEM, _PUTTY: _ENDS | {"text-after"}},
    "pkcs8": {_OPENSSH: _PEM, "OpenSSL": _PEM},
    "ppk": {_PUTTY: _ENDS | {"cr-line-ends", "text-after"}},
    "rfc4716": {
        _OPENSSH: _ENDS
        | {"other-headers", "blank-lines", "cr-line-ends", "lower-case-frame", "missing-frame", "trailing-whitespace"},
        _PUTTY: _ENDS | {"space-for-plus"},
    },
    "openssh-pub": {
        _OPENSSH: _ENDS
        | {"cr-line-ends", "email-quoted", "literal-newlines", "trailing-whitespace", "text-after"}
        | {"spaces-between"},
        _PUTTY: _ENDS | {"cr-line-ends", "literal-newlines", "trailing-whitespace", "text-after", "wrapped-key"},
    },
}
"""Format to program to the rules in spite of which it reads such a file, in every variant that was tried."""

_SOMETIMES: dict[str, dict[str, frozenset[str]]] = {
    "openssh": {_OPENSSH: frozenset({"blank-lines"}), _PUTTY: frozenset({"blank-lines"})},
    "pem": {
        _OPENSSH: frozenset({"blank-lines"}),
        "OpenSSL": frozenset({"blank-lines"}),
        _PUTTY: frozenset({"blank-lines", "wrong-label"}),
    },
    "pkcs8": {
        _OPENSSH: frozenset({"blank-lines", "version-1"}),
        "OpenSSL": frozenset({"blank-lines", "version-1"}),  # OpenSSL 3.5 and later read it
    },
    "ppk": {_PUTTY: frozenset({"blank-lines"})},
    "rfc4716": {
        _OPENSSH: frozenset({"wrong-dash-count"}),
        _PUTTY: frozenset({"blank-lines", "html-escaped", "other-headers"}),
    },
    "openssh-pub": {
        _OPENSSH: frozenset({"indented", "text-before", "surrounding-text"}),
        _PUTTY: frozenset({"quoted", "space-for-plus"}),
    },
}
"""The same for rules of which it reads some variants and refuses others. All other rules keep it from reading."""

_TEXT_RULES = {
    *("spaces-between", "other-headers", "version-1"),
    *("missing-final-newline", "crlf", "cr-line-ends", "byte-order-mark", "utf-16", "literal-newlines"),
    *("lost-newlines", "indented", "trailing-whitespace", "blank-lines", "surrounding-text", "smart-dashes"),
    *(
        "text-before",
        "text-after",
        "wrong-dash-count",
        "lower-case-frame",
        "missing-frame",
        "wrong-label",
        "quoted",
        "email-quoted",
    ),
    *("html-escaped", "space-for-plus", "base64-wrapped", "nul-padding"),
}


@dataclass(frozen=True, slots=True)
class Readers:
    """The programs that read a file as it is, and those that read it perhaps; all others refuse it."""

    certain: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()


def readers_of(
    format: str, family: str | None, rules: Iterable[str] = (), *, cipher: str | None = None, der: bool = False
) -> Readers:
    """Return the programs that read a file of this format as it is, which has what these rules say.

    `text-before` and `text-after` are the two sides of `surrounding-text`, where the key is in lines of its own. Where
    the family of the key is hidden, the programs count that read the format. `cipher` is what it is encrypted with. Of
    PEM's formats `der` is the bare DER, which OpenSSL alone reads.
    """
    layout = _layout(format)
    known = _READERS.get(layout, ())
    if der and layout in _PEM_FORMATS:
        known = tuple(each for each in known if each[0] == _OPENSSL)
    certain: list[str] = []
    possible: list[str] = []
    for program, families in known:
        if family is not None and family not in families:
            continue
        if cipher is not None and not _decrypts(program, layout, cipher):
            continue
        answers = {_answer(_MEASURED.get(program, program), layout, rule) for rule in rules}
        if False in answers:
            continue
        (possible if None in answers else certain).append(program)
    return Readers(tuple(certain), tuple(possible))


def refused_by(rule: str, format: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the programs that refuse a file of this format for this reason, and those that read it all the same.

    Both are empty where nothing is known; a program that reads it at times is in neither.
    """
    layout = _layout(format)
    answers = {program: _answer(program, layout, rule) for program in _ALWAYS.get(layout, ())}
    return (
        tuple(program for program, reads in answers.items() if reads is False),
        tuple(program for program, reads in answers.items() if reads),
    )


def features_of(format: str, text: bytes) -> set[str]:
    """Return what is not wrong about a key, but keeps some programs from reading it: pseudo-rules for `readers_of`."""
    if format == "openssh-pub" and not re.match(rb"[^ \t]+ [^ \t]", text):
        return {"spaces-between"}
    if format == "rfc4716" and re.search(rb"(?m)^(?!Comment: )[^ :]+:|\\\r?$", text):
        return {"other-headers"}
    if format == "pkcs8" and _EDWARDS_WITH_PUBLIC.search(b"".join(text.split())):
        return {"version-1"}
    return set()


def _layout(format: str) -> str:
    return "ppk" if format.startswith("ppk") else format


def _decrypts(program: str, format: str, cipher: str) -> bool:
    if program == _PUTTYGEN:
        return cipher in _PUTTYGEN_CIPHERS.get(format, (cipher,))
    return format not in _PEM_FORMATS or cipher not in _LEGACY_CIPHERS


def _answer(program: str, format: str, rule: str) -> bool | None:
    """Whether this program reads such a file in spite of this; None where that is not known, or not always so."""
    if rule in _ALWAYS.get(format, {}).get(program, ()):
        return True
    if rule in _TEXT_RULES and program in _ALWAYS.get(format, ()):
        return None if rule in _SOMETIMES.get(format, {}).get(program, ()) else False
    return None
