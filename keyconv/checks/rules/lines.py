"""Rules on the lines of `authorized_keys`, `known_hosts` and `allowed_signers`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from keyconv.checks.line import Line
from keyconv.checks.model import Hit, LineKind, Rule, never
from keyconv.text.quoting import as_name

__all__ = ["LINES"]

_line = partial(Rule, group="lines")
_SILENCE = "sshd skips the line in silence: 'Server refused our key', 'Permission denied (publickey)'."
_UNKNOWN_TO_OPENSSH = ("opaque", "ed448")
"""Families of keys that OpenSSH does not know: it has the name of Ed448, and no code for it."""

_CERTIFICATE: dict[LineKind, str] = {
    "authorized_keys": "a certificate, which lets nobody in: sshd compares plain keys, and trusts a CA's plain key",
    "known_hosts": "a certificate, which no host is known by: ssh compares plain keys, and trusts a CA's plain key",
}
_PLAIN_LINE: dict[LineKind, str] = {
    "authorized_keys": "Put the plain key here, 'keyconv public --no-certificate KEY', or a CA's after cert-authority.",
    "known_hosts": "Put the host's plain key here, or the CA's after @cert-authority.",
}


def _bad_line(line: Line) -> Iterator[Hit]:
    """A key that the reader does not know, or that is not for this place; a marker that is none."""
    entry, silent = line.entry, f"{line.reader} ignores the line"
    if entry.public is not None and entry.public.family in _UNKNOWN_TO_OPENSSH:
        yield Hit(f"{line.reader} knows no keys of type {as_name(entry.public.algorithm)}, and ignores the line")
    elif entry.public is not None and entry.public.family == "mldsa44-ed25519":
        known = f"{line.reader} of OpenSSH 10.6 knows keys of type {entry.public.algorithm}"
        yield Hit(f"{known}; that of 9.2 ignores the line", "info")
    if entry.marker is not None and line.text.startswith(entry.marker + b"\t"):
        yield Hit(f"a tab follows {entry.marker.decode('ascii')}: ssh knows it before a space alone, and {silent}")
    if entry.certificate is not None and line.kind in _CERTIFICATE:
        yield Hit(_CERTIFICATE[line.kind], hint=_PLAIN_LINE[line.kind])


def _unknown_option(line: Line) -> Iterator[Hit]:
    """An option that is read, but that this program does not know."""
    return line.hits("unknown-option")


def _line_expired(line: Line) -> Iterator[Hit]:
    """A time that is over."""
    return line.hits("line-expired")


def _dead_host(line: Line) -> Iterator[Hit]:
    """Hosts that ssh never asks for."""
    return line.hits("dead-host")


def _bad_option(line: Line) -> Iterator[Hit]:
    """Values that the reader refuses, and with them the line; parts that have no effect."""
    return line.hits("bad-option")


LINES: tuple[Rule, ...] = (
    _line(
        "bad-line",
        "A line that is skipped",
        "An unknown type, broken base64, a type word that is not the key's.",
        _SILENCE,
        "Write the line again: 'keyconv public KEY'.",
        on_line=_bad_line,
        usual=never,
    ),
    _line(
        "unknown-option",
        "An option that sshd does not know",
        "A typing error.",
        "sshd refuses the line, and says so in its own log alone.",
        "Correct the option: sshd(8) lists them.",
        on_line=_unknown_option,
        usual=never,
    ),
    _line(
        "line-too-long",
        "A line above 8 KiB",
        "A key or option of absurd length; above 64 KiB the line is not read here, and the finding is an error.",
        "OpenSSH before 7.8 and some other servers skip the line in silence; later ones read lines of any length.",
        "Shorten the options or the comment.",
        severity="info",
    ),
    _line(
        "bad-option",
        "An option with a value that sshd refuses",
        "A missing quote, a malformed address or date.",
        _SILENCE,
        "Correct the value.",
        on_line=_bad_option,
        usual=never,
    ),
    _line(
        "line-expired",
        "A line whose expiry-time is over",
        "It was not renewed, or not removed.",
        "sshd refuses the key, and says so in its own log alone.",
        "Remove the line, or set another time. One without Z is the server's: it is over once it is so everywhere.",
        on_line=_line_expired,
        usual=never,
    ),
    _line(
        "dead-host",
        "A host that ssh never asks for",
        "A port without brackets, brackets without a port, a user or a URL; a hashed host that is not alone on a line.",
        "ssh: 'The authenticity of host ... can't be established.'",
        "Write the host as ssh does: NAME, or [NAME]:PORT where the port is not 22; 'ssh-keyscan -p PORT HOST' does.",
        on_line=_dead_host,
        kinds=("known_hosts",),
        usual=never,
    ),
    _line(
        "dead-principal",
        "A name in authorized_principals that no certificate has",
        "A list with commas, a pattern, quotes, or options without a name after them.",
        "sshd: 'Certificate does not contain an authorized principal'.",
        "Write one name a line, as it is in the certificates: 'keyconv cert show CERTIFICATE' shows them.",
        severity="warning",
    ),
    _line(
        "bad-sshfp",
        "An SSHFP record that ssh ignores",
        "An unknown number for the key or the hash, a hash of another length, or no hexadecimal.",
        "ssh asks as if there were no record; named refuses to load the zone.",
        "Write the record again: 'keyconv public KEY -t sshfp'.",
    ),
    _line(
        "sshfp-sha1",
        "A host key in DNS by SHA-1 alone",
        "'ssh-keygen -r' of before OpenSSH 6.1, or the SHA-256 record was left out.",
        "ssh takes it, while SHA-1 is no longer safe against keys made to collide.",
        "Write both records: 'keyconv public KEY -t sshfp'.",
        severity="warning",
    ),
    _line(
        "joined-keys",
        "Two keys on one line",
        "A key was appended to a file without a final line end.",
        "The second key is taken for the first one's comment: its owner is locked out.",
        "Put each on a line of its own: keyconv repair FILE -o NEW",
        fixable=True,
    ),
    _line(
        "wrapped-key",
        "One key over several lines",
        "A terminal or an editor broke the long line.",
        _SILENCE,
        "Join the lines: keyconv repair FILE -o NEW",
        fixable=True,
    ),
    _line(
        "rfc4716-in-authorized-keys",
        "An SSH2 public key block among the lines",
        "PuTTYgen's 'Save public key' writes that format.",
        _SILENCE,
        "Make a line of it: keyconv repair FILE -o NEW",
        fixable=True,
    ),
)
