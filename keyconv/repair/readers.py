"""Which programs refuse a damaged file: measured on every fixture of the tests' matrix, not guessed.

Source: ssh-keygen 9.2, puttygen 0.78 and openssl 3.0, given each damage in each of its variants. What only some
variants of a damage hinder is not said.
"""

from __future__ import annotations

__all__ = ["refused_by"]

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


def refused_by(rule: str, format: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the programs that refuse a file of this format for this reason, and those that read it all the same.

    Both are empty where nothing is known.
    """
    programs = _SPARED.get("ppk" if format.startswith("ppk") else format, {})
    if rule not in _TEXT_RULES:
        return (), ()
    refusing = tuple(program for program, spared in programs.items() if rule not in spared)
    reading = tuple(program for program, spared in programs.items() if rule in spared and rule in _ENDS | _PEM)
    return refusing, reading if rule not in ("blank-lines", "surrounding-text") else ()
