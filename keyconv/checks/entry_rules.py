"""Rules on one key, wherever it stands: strength, its comment, its certificate. One rule, one function."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from keyconv.checks import modulus, published
from keyconv.checks.subject import Context, EntryRule, Hit, blob_of
from keyconv.crypto.pairing import UNUSUAL_SCALAR, is_unusual_scalar
from keyconv.engine import certificates
from keyconv.engine.certificates import utc
from keyconv.keyfile import Entry
from keyconv.keys import (
    FAMILIES,
    DsaPrivateKey,
    EcdsaPrivateKey,
    EcdsaPublicKey,
    Ed448PrivateKey,
    Ed25519PrivateKey,
    MlDsa44Ed25519PrivateKey,
    RsaPublicKey,
)
from keyconv.keys.certificate import FOREVER, HOST
from keyconv.text.comment import clean, is_clean
from keyconv.text.quoting import as_name, quote

__all__ = ["ENTRY_RULES", "rules_for"]

_USUAL_EXPONENT = 65537
_LITTLE = 1 << 16
_OPENSSH_LEAST = 1024


# ── strength ───────────────────────────────────────────────────────────────────────────────────────────────────────


def short_rsa(entry: Entry, context: Context) -> Iterator[Hit]:
    """A modulus below the bits that are asked for."""
    if isinstance(entry.public, RsaPublicKey):
        bits, wanted = entry.public.bits, context.thresholds
        if bits < _OPENSSH_LEAST:
            yield Hit(f"an RSA key of {bits} bits, which OpenSSH refuses below {_OPENSSH_LEAST}", "error")
        elif bits < wanted.rsa_bits_error:
            yield Hit(f"an RSA key of {bits} bits, where {wanted.rsa_bits_error} are the least", "error")
        elif bits < wanted.rsa_bits:
            yield Hit(f"an RSA key of {bits} bits, where {wanted.rsa_bits} are advised", "warning")


def odd_exponent(entry: Entry, context: Context) -> Iterator[Hit]:
    """An exponent that may be used, but hardly ever is; readers refuse those that may not."""
    if isinstance(entry.public, RsaPublicKey) and entry.public.e != _USUAL_EXPONENT:
        e = entry.public.e
        shown = str(e) if e.bit_length() <= 64 else f"a number of {e.bit_length()} bits"
        yield Hit(f"the RSA exponent is {shown}, not {_USUAL_EXPONENT}", "warning")


def weak_modulus(entry: Entry, context: Context) -> Iterator[Hit]:
    """A modulus that a known method factors."""
    if isinstance(entry.public, RsaPublicKey):
        n, e = entry.public.n, entry.public.e
        why = modulus.judge(n, e) if context.thorough else modulus.judge_quickly(n)
        if why:
            yield Hit(f"the RSA modulus can be factored: {why}")


def predictable_key(entry: Entry, context: Context) -> Iterator[Hit]:
    """A secret of zeros or of next to nothing, or one that is printed in a standard."""
    if entry.public is None:
        return
    why = published.in_a_document(blob_of(entry.public)) or _little_secret(entry)
    if why:
        yield Hit(why)


def unusual_scalar(entry: Entry, context: Context) -> Iterator[Hit]:
    """An ECDSA scalar outside of what OpenSSH takes."""
    if isinstance(entry.private, EcdsaPrivateKey) and is_unusual_scalar(entry.private):
        yield Hit(UNUSUAL_SCALAR.message)


def known_weak(entry: Entry, context: Context) -> Iterator[Hit]:
    """A key whose private half is known to all."""
    if entry.public is None:
        return
    blob = blob_of(entry.public)
    why = published.by_everyone(blob)
    if not why and context.blocklist is not None:
        why = context.blocklist(blob, entry.public)
    if why:
        yield Hit(why)


def dsa(entry: Entry, context: Context) -> Iterator[Hit]:
    """A DSA key, whatever its size."""
    if entry.public is not None and entry.public.family == "dsa":
        yield Hit(f"a DSA key of {entry.public.bits} bits, a type that OpenSSH 10 no longer knows")


def key_type(entry: Entry, context: Context) -> Iterator[Hit]:
    """A key of a family that the settings do not allow."""
    if entry.public is not None and context.key_types and entry.public.family not in context.key_types:
        allowed = ", ".join(family for family in FAMILIES if family in context.key_types)
        yield Hit(f"a key of type {as_name(entry.public.algorithm)}, where the settings allow {allowed}")


def putty_p521(entry: Entry, context: Context) -> Iterator[Hit]:
    """An ECDSA key on P-521."""
    if isinstance(entry.public, EcdsaPublicKey) and entry.public.curve.name == "nistp521":
        yield Hit("an ECDSA P-521 key: exposed if PuTTY 0.68 to 0.80 ever signed with it (CVE-2024-31497)")


def _little_secret(entry: Entry) -> str:
    match entry.private:
        case EcdsaPrivateKey(d=secret) | DsaPrivateKey(x=secret):
            return "the secret number is next to nothing" if secret < _LITTLE else ""
        case Ed25519PrivateKey(seed=seed) | Ed448PrivateKey(seed=seed) | MlDsa44Ed25519PrivateKey(seed=seed):
            return "the secret is one byte, repeated" if len(set(seed)) == 1 else ""
    return ""


# ── comment ────────────────────────────────────────────────────────────────────────────────────────────────────────


def comment_control(entry: Entry, context: Context) -> Iterator[Hit]:
    """Line ends, escape sequences or bidirectional controls in a comment."""
    if entry.comment is not None and not is_clean(entry.comment):
        what = "a line end" if b"\n" in entry.comment or b"\r" in entry.comment else "control characters"
        assert clean(entry.comment) != entry.comment
        yield Hit(f"the comment holds {what}")


# ── certificates ───────────────────────────────────────────────────────────────────────────────────────────────────


def cert_expired(entry: Entry, context: Context) -> Iterator[Hit]:
    """A certificate whose last second is over."""
    found = entry.certificate
    if found is not None and certificates.judge(found, context.now) in ("expired", "never-valid"):
        yield Hit(f"the certificate was valid until {utc(found.valid_before)}")


def cert_not_yet_valid(entry: Entry, context: Context) -> Iterator[Hit]:
    """A certificate whose first second has not come."""
    found = entry.certificate
    if found is not None and certificates.judge(found, context.now) == "not-yet-valid":
        yield Hit(f"the certificate is valid from {utc(found.valid_after)}")


def cert_forever(entry: Entry, context: Context) -> Iterator[Hit]:
    """A certificate without an end."""
    if entry.certificate is not None and entry.certificate.valid_before == FOREVER:
        yield Hit("the certificate is valid for ever")


def cert_no_principals(entry: Entry, context: Context) -> Iterator[Hit]:
    """A certificate that names nobody."""
    if entry.certificate is not None and not entry.certificate.principals:
        yield Hit("the certificate names no principals")


def cert_dead_principal(entry: Entry, context: Context) -> Iterator[Hit]:
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


def cert_signature(entry: Entry, context: Context) -> Iterator[Hit]:
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


def cert_option(entry: Entry, context: Context) -> Iterator[Hit]:
    """A critical option that is unknown, or an option whose data is not of its form."""
    if entry.certificate is not None:
        for _, why in certificates.void_options(entry.certificate):
            yield Hit(why)


def cert_weak_signature(entry: Entry, context: Context) -> Iterator[Hit]:
    """A signature of the authority's by SHA-1."""
    if entry.certificate is not None:
        why = certificates.weak_signature(entry.certificate)
        if why:
            yield Hit(f"the authority's signature proves little: {why}")


ENTRY_RULES: tuple[tuple[str, EntryRule], ...] = (
    ("short-rsa", short_rsa),
    ("odd-exponent", odd_exponent),
    ("weak-modulus", weak_modulus),
    ("predictable-key", predictable_key),
    ("unusual-scalar", unusual_scalar),
    ("known-weak", known_weak),
    ("dsa", dsa),
    ("key-type", key_type),
    ("putty-p521", putty_p521),
    ("comment-control", comment_control),
    ("cert-expired", cert_expired),
    ("cert-not-yet-valid", cert_not_yet_valid),
    ("cert-forever", cert_forever),
    ("cert-no-principals", cert_no_principals),
    ("cert-dead-principal", cert_dead_principal),
    ("cert-signature", cert_signature),
    ("cert-option", cert_option),
    ("cert-weak-signature", cert_weak_signature),
)

_ONLY_ON = {
    **dict.fromkeys(("short-rsa", "odd-exponent", "weak-modulus"), "rsa"),
    "dsa": "dsa",
    "putty-p521": "ecdsa",
    "unusual-scalar": "ecdsa",
}
"""Rules that say something of one family alone."""


@cache
def _rules_for(family: str | None, *, certified: bool) -> tuple[tuple[str, EntryRule], ...]:
    return tuple(
        (name, find)
        for name, find in ENTRY_RULES
        if _ONLY_ON.get(name) in (None, family) and (certified or not name.startswith("cert-"))
    )


def rules_for(entry: Entry) -> tuple[tuple[str, EntryRule], ...]:
    """Give the rules that can say something of a key: all, but for those on other families and on certificates."""
    family = entry.public.family if entry.public is not None else None
    return _rules_for(family, certified=entry.certificate is not None)
