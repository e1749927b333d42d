"""What a certificate says and whether it holds; putting it to a key and taking it off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Literal, TypedDict

from keyconv.codec import networks, public_blob
from keyconv.crypto import fingerprint
from keyconv.errors import KeyconvError, LimitError, MacError, MalformedError, MismatchError, UnsupportedError
from keyconv.keyfile import Entry
from keyconv.keys import Certificate, PublicKey
from keyconv.keys.certificate import FOREVER, HOST
from keyconv.proof import signatures
from keyconv.wire.reader import WireReader

__all__ = [
    "CertificateDescription",
    "NoCertificateError",
    "Validity",
    "attach",
    "check_signature",
    "describe",
    "detach",
    "judge",
    "utc",
    "void_options",
    "weak_signature",
]

Validity = Literal["valid", "expired", "not-yet-valid", "never-valid"]

_VALUED: Final = frozenset({b"force-command", b"source-address"})
_CRITICAL: Final = _VALUED | {b"verify-required"}
_EXTENSIONS: Final = frozenset(
    {
        b"no-touch-required",
        b"permit-X11-forwarding",
        b"permit-agent-forwarding",
        b"permit-port-forwarding",
        b"permit-pty",
        b"permit-user-rc",
    }
)


class NoCertificateError(KeyconvError):
    """A certificate is needed, and the file holds a plain key."""

    code = "no-certificate"


class KeyDescription(TypedDict):
    """A public key in a certificate: its type, bits, and fingerprint."""

    type: str
    bits: int | None
    fingerprint: str


class OptionDescription(TypedDict):
    """A critical option or extension: its text (None for a flag), or its data in hexadecimal where that is not text."""

    name: str
    value: str | None
    data: str | None


class SignatureDescription(TypedDict):
    """The CA's signature: `valid` is None where it could not be judged; `reason` says why it is not True."""

    algorithm: str | None
    valid: bool | None
    reason: str | None


class ValidityDescription(TypedDict):
    """The time that a certificate is for, in UTC (None means always), and what it is at the time of asking."""

    state: Validity
    valid_from: str | None
    valid_to: str | None


class CertificateDescription(TypedDict):
    """A whole certificate, as `keyconv cert show --json` prints it; times are also given as they stand, in seconds."""

    type: str
    role: str
    key: KeyDescription
    key_id: str
    serial: int
    principals: list[str]
    valid_after: int
    valid_before: int
    validity: ValidityDescription
    critical_options: list[OptionDescription]
    extensions: list[OptionDescription]
    ca: KeyDescription
    signature: SignatureDescription
    nonce: str
    reserved: str
    notes: list[str]


def describe(certificate: Certificate, now: int) -> CertificateDescription:
    """Describe a certificate, verify its signature, and judge its validity at `now`, in seconds since 1970."""
    signature = check_signature(certificate)
    return {
        "type": certificate.algorithm,
        "role": "host" if certificate.role == HOST else "user",
        "key": _key(certificate.key),
        "key_id": _text(certificate.key_id),
        "serial": certificate.serial,
        "principals": [_text(principal) for principal in certificate.principals],
        "valid_after": certificate.valid_after,
        "valid_before": certificate.valid_before,
        "validity": {
            "state": judge(certificate, now),
            "valid_from": utc(certificate.valid_after) if certificate.valid_after else None,
            "valid_to": None if certificate.valid_before == FOREVER else utc(certificate.valid_before),
        },
        "critical_options": [_option(*option) for option in certificate.critical_options],
        "extensions": [_option(*option) for option in certificate.extensions],
        "ca": _key(certificate.ca_key),
        "signature": signature,
        "nonce": certificate.nonce.hex(),
        "reserved": certificate.reserved.hex(),
        "notes": _notes(certificate, signature),
    }


def judge(certificate: Certificate, now: int) -> Validity:
    """Return what a certificate is at a time: it is valid from its first second to just before its last.

    Source: PROTOCOL.certkeys, 'valid after <= current time < valid before'.
    """
    if certificate.valid_after >= certificate.valid_before:
        return "never-valid"
    if now < certificate.valid_after:
        return "not-yet-valid"
    return "valid" if now < certificate.valid_before else "expired"


def check_signature(certificate: Certificate) -> SignatureDescription:
    """Verify the CA's signature; nothing is raised for one that is wrong or of an unknown kind.

    One that a key of the CA's type cannot have made is wrong, whatever its name, as it is for sshd. What cannot be
    judged is that of a CA whose own type is unknown, or whose kind of signature is not verified here.

    Source: OpenSSH sshkey.c, sshkey_verify, which goes by the key's type and compares the signature's with it.
    """
    algorithm = None
    valid: bool | None = None
    reason = None
    try:
        algorithm = signatures.algorithm_of(certificate.signature)
        valid = signatures.verify(certificate.ca_key, certificate.signed, certificate.signature)
        if not valid:
            reason = "it does not fit what the certificate says: the certificate was edited or damaged"
    except (UnsupportedError, LimitError) as error:
        reason = str(error)
    except KeyconvError as error:
        valid, reason = False, str(error)
    return {"algorithm": algorithm, "valid": valid, "reason": reason}


def weak_signature(certificate: Certificate) -> str:
    """Return why the CA's signature proves little, whether it fits or not; an empty string where it does."""
    try:
        return signatures.WEAK.get(signatures.algorithm_of(certificate.signature) or "", "")
    except KeyconvError:
        return ""


def void_options(certificate: Certificate) -> Iterator[tuple[str, str]]:
    """Report the options for which sshd refuses a certificate, or ssh a host's. Yields: what is wrong, and the reason.

    Source: OpenSSH auth-options.c, cert_option_list; sshkey.c, sshkey_cert_check_host.
    """
    for name, data in certificate.critical_options:
        shown = f"the critical option '{_text(name)}'"
        if certificate.role == HOST:
            yield "unknown-option", f"ssh refuses a host's certificate with {shown}, as with any"
        elif name not in _CRITICAL:
            yield "unknown-option", f"sshd refuses a certificate with {shown}"
        elif not _fits(name, data):
            yield "malformed-option", f"the data of {shown} is not of its form"
        elif name == b"source-address":
            why = networks.why_refused(_value(data) or b"")
            if why:
                yield "malformed-option", f"sshd refuses the value of {shown}: {why}"
    for name, data in certificate.extensions:
        if certificate.role != HOST and name in _EXTENSIONS and not _fits(name, data):
            yield "malformed-option", f"the data of the extension '{_text(name)}' is not of its form"


def attach(entry: Entry, certificate: Certificate) -> Entry:
    """Put a certificate to its key, in place of any that was there.

    Raises: MismatchError when it is for another key; MacError when its signature is wrong.
    """
    if entry.public is None:
        raise ValueError("a key must show its public half before a certificate is attached")
    if entry.public != certificate.key:
        raise MismatchError(
            f"the certificate is for another key: for {_name(certificate.key)}, not for {_name(entry.public)}",
            rule="stale-certificate",
        )
    signature = check_signature(certificate)
    if signature["valid"] is False:
        message = f"the signature of the certificate is not valid: {signature['reason']}"
        raise MacError(message, rule="cert-signature")
    return replace(entry, certificate=certificate)


def detach(entry: Entry) -> tuple[Entry, Entry]:
    """Take a certificate off. Returns: the certificate as a public entry of its own, and the key without it.

    Raises: NoCertificateError.
    """
    if entry.certificate is None:
        raise NoCertificateError("the file holds no certificate")
    alone = Entry(entry.certificate.key, comment=entry.comment, certificate=entry.certificate)
    return alone, replace(entry, certificate=None)


def utc(seconds: int) -> str:
    """Write a time as ISO 8601 in UTC, however far away its year.

    Source: the proleptic Gregorian calendar, counted in eras of 400 years from 1 March of year 0.
    """
    days, rest = divmod(seconds, 86_400)
    era, day = divmod(days + 719_468, 146_097)
    year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    march = (5 * day + 2) // 153  # the month, counted from March
    day -= (153 * march + 2) // 5
    month = march + 3 if march < 10 else march - 9
    year += 400 * era + (month <= 2)
    return f"{year:04d}-{month:02d}-{day + 1:02d}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}Z"


def _key(public: PublicKey) -> KeyDescription:
    blob = public_blob.write(public)
    return {"type": public.algorithm, "bits": public.bits, "fingerprint": fingerprint.sha256(blob)}


def _name(public: PublicKey) -> str:
    return f"{public.algorithm} {fingerprint.sha256(public_blob.write(public))}"


def _option(name: bytes, data: bytes) -> OptionDescription:
    value = _value(data)
    unread = data and value is None
    return {
        "name": _text(name),
        "value": None if value is None else _text(value),
        "data": data.hex() if unread else None,
    }


def _value(data: bytes) -> bytes | None:
    """Read an option's data, which is nothing or one string (PROTOCOL.certkeys, 'Critical options')."""
    reader = WireReader(data)
    try:
        value = reader.string("value")
        reader.finish()
    except MalformedError:
        return None
    return value


def _notes(certificate: Certificate, signature: SignatureDescription) -> list[str]:
    notes = []
    if signature["valid"] and signature["algorithm"] in signatures.WEAK:
        notes.append(f"weak-signature: {signatures.WEAK[signature['algorithm']]}")
    notes += [f"{what}: {why}" for what, why in void_options(certificate)]
    if not certificate.principals:
        notes.append("no-principals: it names nobody; newer sshd lets nobody in by it, older ones anybody")
    return notes


def _fits(name: bytes, data: bytes) -> bool:
    return _value(data) is not None if name in _VALUED else not data


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")
