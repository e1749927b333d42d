"""Rules on `authorized_keys`, `known_hosts` and certificates."""

from __future__ import annotations

from functools import partial

from keyconv.checks.base import Rule

__all__ = ["LINES"]

_line = partial(Rule, group="lines")
_SILENCE = "sshd skips the line in silence: 'Server refused our key', 'Permission denied (publickey)'."

LINES: tuple[Rule, ...] = (
    _line(
        "bad-line",
        "A line that is skipped",
        "An unknown type, broken base64, a type word that is not the key's.",
        _SILENCE,
        "Write the line anew: 'keyconv public KEY'.",
    ),
    _line(
        "unknown-option",
        "An option that sshd does not know",
        "A typing error.",
        "sshd refuses the line, and says so in its own log alone.",
        "Correct the option: sshd(8) lists them.",
    ),
    _line(
        "line-too-long",
        "A line above 8 KiB",
        "A key or option of absurd length.",
        _SILENCE,
        "Shorten the options or the comment.",
    ),
    _line(
        "bad-option",
        "An option with a value that sshd refuses",
        "A missing quote, a malformed address or date.",
        _SILENCE,
        "Correct the value.",
    ),
    _line(
        "joined-keys",
        "Two keys on one line",
        "A key was appended to a file without a final line end.",
        "The second key is taken for the first one's comment: its owner is locked out.",
        "Put each on a line of its own; 'keyconv repair' does.",
        fixable=True,
    ),
    _line(
        "wrapped-key",
        "One key over several lines",
        "A terminal or an editor broke the long line.",
        _SILENCE,
        "Join the lines; 'keyconv repair' does.",
        fixable=True,
    ),
    _line(
        "rfc4716-in-authorized-keys",
        "An SSH2 public key block among the lines",
        "PuTTYgen's 'Save public key' writes that format.",
        _SILENCE,
        "'keyconv convert' or 'keyconv repair' makes a line of it.",
        fixable=True,
    ),
    _line(
        "cert-expired",
        "A certificate whose time is over",
        "It was not renewed.",
        "sshd: 'Certificate invalid: expired'.",
        "Have the key signed again.",
    ),
    _line(
        "cert-not-yet-valid",
        "A certificate whose time has not come",
        "A clock that is off, or a date in the future.",
        "sshd: 'Certificate invalid: not yet valid'.",
        "Wait, or look at the clocks.",
        severity="warning",
    ),
    _line(
        "cert-forever",
        "A certificate without an end",
        "It was signed without -V.",
        "Nothing.",
        "Sign with a validity.",
        severity="warning",
    ),
    _line(
        "cert-no-principals",
        "A certificate that is valid for everybody",
        "It was signed without -n.",
        "OpenSSH 10.3 and later take it for nobody; before, for everybody.",
        "Sign it for names.",
    ),
    _line(
        "cert-signature",
        "The authority's signature does not fit",
        "A changed or forged certificate.",
        "sshd refuses it.",
        "Get the certificate again.",
    ),
)
