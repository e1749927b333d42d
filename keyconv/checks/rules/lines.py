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
    ),
    _line(
        "line-expired",
        "A line whose expiry-time is over",
        "It was not renewed, or not removed.",
        "sshd refuses the key, and says so in its own log alone.",
        "Remove the line, or set another time. One without Z is the server's: it is over once it is so everywhere.",
    ),
    _line(
        "dead-host",
        "A host that ssh never asks for",
        "A port without brackets, brackets without a port, a user or a URL; a hashed host that is not alone on a line.",
        "ssh: 'The authenticity of host ... can't be established.'",
        "Write the host as ssh does: NAME, or [NAME]:PORT where the port is not 22; 'ssh-keyscan -p PORT HOST' does.",
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
        "cert-dead-principal",
        "A host's certificate with a name that no host has",
        "Upper case, a port, brackets or a user in a principal. OpenSSH 9.2 knows no patterns there, 10.6 does.",
        "ssh: 'Certificate invalid: name is not a listed principal'.",
        "Have the key signed again for the plain names, in lower case.",
        severity="warning",
    ),
    _line(
        "cert-signature",
        "The authority's signature does not fit",
        "A changed or forged certificate.",
        "sshd refuses it.",
        "Get the certificate again.",
    ),
    _line(
        "cert-option",
        "A certificate with an option that makes it void",
        "A critical option that OpenSSH does not know, or data that is not of the option's form.",
        "sshd: 'Certificate critical option ... is not supported'; ssh refuses a host's certificate with any.",
        "Have the key signed again without it.",
    ),
    _line(
        "cert-weak-signature",
        "A certificate that was signed with SHA-1",
        "An RSA or DSA authority of before OpenSSH 8.2; `ssh-keygen -t ssh-rsa`.",
        "sshd: 'Certificate signed with disallowed signature algorithm'.",
        "Have the key signed again: 'ssh-keygen -s CA -t rsa-sha2-512'.",
    ),
    _line(
        "cert-misplaced",
        "A certificate where another file belongs, or for another use",
        "A certificate as KEY.pub, a plain key as KEY-cert.pub, a user's certificate beside a host key, or a host's "
        "beside a user's.",
        "sshd: 'Public key for ... does not match private key'; ssh offers the wrong one of the two.",
        "Keep the certificate as KEY-cert.pub, and the plain key as KEY.pub: 'keyconv public --no-certificate KEY'.",
    ),
)
