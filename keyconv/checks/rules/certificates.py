"""Rules on certificates: their time, names and options, and the authority's signature."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from keyconv.checks.model import Beside, Context, Hit, Rule, Subject
from keyconv.checks.names import is_host_key_name
from keyconv.engine import certificates
from keyconv.engine.certificates import utc
from keyconv.keyfile import Entry
from keyconv.keys.certificate import FOREVER, HOST
from keyconv.text.quoting import quote

__all__ = ["CERTIFICATES"]

_certificate = partial(Rule, group="lines")
_SIGN_FOR_HOST = "Have the key signed again, for a host: 'ssh-keygen -s CA -h'."
_SIGN_FOR_USER = "Have the key signed again, for a user: 'ssh-keygen -s CA' without -h."
_MISPLACED = {
    False: "a certificate, where the plain public key belongs: ssh offers it alone, and sshd loads no such host key",
    True: "a plain public key, where ssh and sshd look for a certificate",
}
"""What is said of a file beside a key, by whether a certificate belongs there."""


def _expired(entry: Entry, context: Context) -> Iterator[Hit]:
    """A certificate whose last second is over."""
    found = entry.certificate
    if found is not None and certificates.judge(found, context.now) in ("expired", "never-valid"):
        yield Hit(f"the certificate was valid until {utc(found.valid_before)}")


def _not_yet_valid(entry: Entry, context: Context) -> Iterator[Hit]:
    """A certificate whose first second has not come."""
    found = entry.certificate
    if found is not None and certificates.judge(found, context.now) == "not-yet-valid":
        yield Hit(f"the certificate is valid from {utc(found.valid_after)}")


def _forever(entry: Entry, context: Context) -> Iterator[Hit]:
    """A certificate without an end."""
    if entry.certificate is not None and entry.certificate.valid_before == FOREVER:
        yield Hit("the certificate is valid for ever")


def _no_principals(entry: Entry, context: Context) -> Iterator[Hit]:
    """A certificate that names nobody."""
    if entry.certificate is not None and not entry.certificate.principals:
        yield Hit("the certificate names no principals")


def _dead_principal(entry: Entry, context: Context) -> Iterator[Hit]:
    """A name in a host's certificate that ssh compares with no host."""
    found = entry.certificate
    if found is None or found.role != HOST:
        return
    for name in found.principals:
        shown = quote(name.decode("utf-8", "backslashreplace"))
        if name.lower() != name:
            yield Hit(f"the host {shown} is not in lower case, and ssh never finds it")
        elif any(each in name for each in b"[]@/ \t"):
            yield Hit(f"the host {shown} is more than a name, and ssh never finds it")
        elif any(each in name for each in b"*?"):
            yield Hit(f"ssh of OpenSSH 9.2 refuses the pattern {shown}, which 10.6 takes", "info")


def _signature(entry: Entry, context: Context) -> Iterator[Hit]:
    """A signature that is not the authority's, or that cannot be judged, which must not pass either."""
    if entry.certificate is None:
        return
    if entry.certificate.ca_key.family == "ed448":
        yield Hit("the authority's key is of type ssh-ed448, which OpenSSH does not know: it refuses the certificate")
        return
    judged = certificates.check_signature(entry.certificate)
    if judged["valid"] is False:
        yield Hit(f"the authority's signature is not valid: {judged['reason']}")
    elif judged["valid"] is None:
        yield Hit(f"the authority's signature could not be judged: {judged['reason']}", "warning")


def _option(entry: Entry, context: Context) -> Iterator[Hit]:
    """A critical option that is unknown, or an option whose data is not of its form."""
    if entry.certificate is not None:
        for _, why in certificates.void_options(entry.certificate):
            yield Hit(why)


def _weak_signature(entry: Entry, context: Context) -> Iterator[Hit]:
    """A signature of the authority's by SHA-1."""
    if entry.certificate is not None:
        why = certificates.weak_signature(entry.certificate)
        if why:
            yield Hit(f"the authority's signature proves little: {why}")


def _misplaced(subject: Subject) -> Iterator[Hit]:
    """A user's certificate under the name of a host's, or a host's under that of a user's."""
    name = subject.content.name
    for entry in subject.keyfile.entries:
        if entry.certificate is None or entry.private is not None:
            continue
        if is_host_key_name(name) and entry.certificate.role != HOST:
            yield Hit("a user's certificate under the name of a host's: sshd does not load it", hint=_SIGN_FOR_HOST)
        elif name.startswith("id_") and entry.certificate.role == HOST:
            yield Hit("a host's certificate under the name of a user's: sshd lets nobody in by it", hint=_SIGN_FOR_USER)


def _misplaced_beside(beside: Beside) -> Iterator[Hit]:
    """A certificate as KEY.pub, or a plain key as KEY-cert.pub, beside the private key that it is of."""
    if beside.private.public is None or not beside.is_same:
        return
    if beside.is_certificate == (beside.entry.certificate is None):
        yield Hit(_MISPLACED[beside.is_certificate])


CERTIFICATES: tuple[Rule, ...] = (
    _certificate(
        "cert-expired",
        "A certificate whose time is over",
        "It was not renewed.",
        "sshd: 'Certificate invalid: expired'.",
        "Have the key signed again.",
        on_key=_expired,
        of_certificates=True,
    ),
    _certificate(
        "cert-not-yet-valid",
        "A certificate whose time has not come",
        "A clock that is off, or a date in the future.",
        "sshd: 'Certificate invalid: not yet valid'.",
        "Wait, or look at the clocks.",
        severity="warning",
        on_key=_not_yet_valid,
        of_certificates=True,
    ),
    _certificate(
        "cert-forever",
        "A certificate without an end",
        "It was signed without -V.",
        "Nothing.",
        "Sign with a validity.",
        severity="warning",
        on_key=_forever,
        of_certificates=True,
    ),
    _certificate(
        "cert-no-principals",
        "A certificate that is valid for everybody",
        "It was signed without -n.",
        "OpenSSH 10.3 and later take it for nobody; before, for everybody.",
        "Sign it for names.",
        on_key=_no_principals,
        of_certificates=True,
    ),
    _certificate(
        "cert-dead-principal",
        "A host's certificate with a name that no host has",
        "Upper case, a port, brackets or a user in a principal. OpenSSH 9.2 knows no patterns there, 10.6 does.",
        "ssh: 'Certificate invalid: name is not a listed principal'.",
        "Have the key signed again for the plain names, in lower case.",
        severity="warning",
        on_key=_dead_principal,
        of_certificates=True,
    ),
    _certificate(
        "cert-signature",
        "The authority's signature does not fit",
        "A changed or forged certificate.",
        "sshd refuses it.",
        "Get the certificate again.",
        on_key=_signature,
        of_certificates=True,
    ),
    _certificate(
        "cert-option",
        "A certificate with an option that makes it void",
        "A critical option that OpenSSH does not know, or data that is not of the option's form.",
        "sshd: 'Certificate critical option ... is not supported'; ssh refuses a host's certificate with any.",
        "Have the key signed again without it.",
        on_key=_option,
        of_certificates=True,
    ),
    _certificate(
        "cert-weak-signature",
        "A certificate that was signed with SHA-1",
        "An RSA or DSA authority of before OpenSSH 8.2; `ssh-keygen -t ssh-rsa`.",
        "sshd: 'Certificate signed with disallowed signature algorithm'.",
        "Have the key signed again: 'ssh-keygen -s CA -t rsa-sha2-512'.",
        on_key=_weak_signature,
        of_certificates=True,
    ),
    _certificate(
        "cert-misplaced",
        "A certificate where another file belongs, or for another use",
        "A certificate as KEY.pub, a plain key as KEY-cert.pub, a user's certificate beside a host key, or a host's "
        "beside a user's.",
        "sshd: 'Public key for ... does not match private key'; ssh offers the wrong one of the two.",
        "Keep the certificate as KEY-cert.pub, and the plain key as KEY.pub: 'keyconv public --no-certificate KEY'.",
        on_file=_misplaced,
        beside=_misplaced_beside,
    ),
)
