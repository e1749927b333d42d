"""Which programs read a file as it is, and which refuse a damaged one: measured on fixtures, not guessed.

Source: ssh-keygen 9.2, puttygen 0.78 and openssl 3.0, given each format, and each damage in each of its variants. What
only some variants of a damage hinder is not said.
"""

from __future__ import annotations

__all__ = ["MAIN_READERS", "readers_of", "refused_by"]

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
    "openssh": ((_OPENSSH, _OPENSSHS), (_PUTTYGEN, _COMMON)),
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

_ENDS = {"missing-final-newline", "crlf", "nul-padding"}
_PEM = {*_ENDS, "byte-order-mark", "trailing-whitespace", "blank-lines", "surrounding-text"}

_SPARED: dict[str, dict[str, set[str]]] = {
    "openssh": {"OpenSSH": {"nul-padding", "blank-lines"}, "PuTTY": {*_ENDS, "blank-lines"}},
    "pem": {"OpenSSH": _PEM, "OpenSSL": _PEM, "PuTTY": {*_ENDS, "blank-lines", "wrong-label"}},
    "pkcs8": {"OpenSSH": _PEM, "OpenSSL": _PEM},
    "ppk": {"PuTTY": {*_ENDS, "cr-line-ends", "wrong-label", "blank-lines", "line-count"}},
    "rfc4716": {
        "OpenSSH": {
            *_ENDS,
            "blank-lines",
            "cr-line-ends",
            "lower-case-frame",
            "missing-frame",
            "trailing-whitespace",
            "wrong-dash-count",
        },
        "PuTTY": {*_ENDS, "blank-lines", "html-escaped", "space-for-plus"},
    },
    "openssh-pub": {
        "OpenSSH": {
            *_ENDS,
            "cr-line-ends",
            "email-quoted",
            "indented",
            "literal-newlines",
            "surrounding-text",
            "trailing-whitespace",
        },
        "PuTTY": {
            *_ENDS,
            "cr-line-ends",
            "literal-newlines",
            "quoted",
            "space-for-plus",
            "surrounding-text",
            "trailing-whitespace",
        },
    },
}
"""Format to program to the rules that do not keep it, or not always, from reading such a file; all others do."""

_TEXT_RULES = {
    *("missing-final-newline", "crlf", "cr-line-ends", "byte-order-mark", "utf-16", "literal-newlines"),
    *("lost-newlines", "indented", "trailing-whitespace", "blank-lines", "surrounding-text", "smart-dashes"),
    *("wrong-dash-count", "lower-case-frame", "missing-frame", "wrong-label", "quoted", "email-quoted"),
    *("html-escaped", "space-for-plus", "base64-wrapped", "nul-padding"),
}


def readers_of(format: str, family: str | None, rules: tuple[str, ...] = (), *, der: bool = False) -> tuple[str, ...]:
    """Name the programs that read a file of this format as it is, which has what these rules say.

    Where the family of the key is hidden, those are named that read the format. Of PEM's formats `der` is the bare DER,
    which OpenSSL alone reads.
    """
    known = _READERS.get("ppk" if format.startswith("ppk") else format, ())
    refusing = {program for rule in rules for program in refused_by(rule, format)[0]}
    if _PUTTY in refusing:
        refusing |= {_PUTTYGEN, "WinSCP", "FileZilla"}
    if "OpenSSL" in refusing:
        refusing.add(_OPENSSL)
    if der and format in _PEM_FORMATS:
        known = tuple(each for each in known if each[0] == _OPENSSL)
    return tuple(name for name, families in known if name not in refusing and (family is None or family in families))


def refused_by(rule: str, format: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the programs that refuse a file of this format for this reason, and those that read it all the same.

    Both are empty where nothing is known.
    """
    programs = _SPARED.get("ppk" if format.startswith("ppk") else format, {})
    if rule not in _TEXT_RULES:
        return (), ()
    refusing = tuple(program for program, spared in programs.items() if rule not in spared)
    reading = tuple(program for program, spared in programs.items() if rule in spared and rule in _ENDS | _PEM)
    return refusing, reading if rule not in ("blank-lines", "surrounding-text") else ()
