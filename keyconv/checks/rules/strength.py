"""Rules on strength: can the private half be computed from the public one?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from keyconv.checks import modulus, published
from keyconv.checks.model import Context, Hit, Rule, Subject, UsualKey, UsualTest, always, blob_of, never
from keyconv.checks.notes import notes_of
from keyconv.keyfile import Entry
from keyconv.keys import (
    FAMILIES,
    DsaPrivateKey,
    EcdsaPrivateKey,
    EcdsaPublicKey,
    Ed448PrivateKey,
    Ed25519PrivateKey,
    MlDsa44Ed25519PrivateKey,
    RsaPrivateKey,
    RsaPublicKey,
)
from keyconv.proof.proving import UNUSUAL_SCALAR, is_unusual_scalar
from keyconv.text.quoting import as_name

__all__ = ["STRENGTH"]

_strength = partial(Rule, group="strength")
_REPLACE = "Make a new key: keyconv generate -t ed25519 -o NEW"
_USUAL_EXPONENT = 65537
_LITTLE = 1 << 16
_OPENSSH_LEAST = 1024


def _short_rsa(entry: Entry, context: Context) -> Iterator[Hit]:
    """A modulus below the bits that are asked for."""
    if isinstance(entry.public, RsaPublicKey):
        bits, wanted = entry.public.bits, context.thresholds
        if bits < _OPENSSH_LEAST:
            yield Hit(f"an RSA key of {bits} bits, which OpenSSH refuses below {_OPENSSH_LEAST}", "error")
        elif bits < wanted.rsa_bits_error:
            yield Hit(f"{bits}-bit RSA key; minimum {wanted.rsa_bits_error}", "error")
        elif bits < wanted.rsa_bits:
            yield Hit(f"{bits}-bit RSA key; {wanted.rsa_bits} recommended", "warning")


def _usual_short_rsa(context: Context) -> UsualTest:
    least = max(context.thresholds.rsa_bits, context.thresholds.rsa_bits_error)
    return lambda key: key.modulus.bit_length() < least


def _odd_exponent(entry: Entry, context: Context) -> Iterator[Hit]:
    """An exponent that may be used, but hardly ever is; readers refuse those that may not."""
    if isinstance(entry.public, RsaPublicKey) and entry.public.e != _USUAL_EXPONENT:
        e = entry.public.e
        shown = str(e) if e.bit_length() <= 64 else f"a number of {e.bit_length()} bits"
        yield Hit(f"the RSA exponent is {shown}, not {_USUAL_EXPONENT}", "warning")


def _weak_modulus(entry: Entry, context: Context) -> Iterator[Hit]:
    """A modulus that a known method factors."""
    if isinstance(entry.public, RsaPublicKey):
        n, e = entry.public.n, entry.public.e
        if isinstance(entry.private, RsaPrivateKey):
            why = modulus.judge_private(n, e, entry.private.p, entry.private.q)
        else:
            why = modulus.judge(n, e) if context.thorough else modulus.judge_quickly(n)
        if why:
            yield Hit(f"the RSA modulus can be factored: {why}")


def _usual_weak_modulus(context: Context) -> UsualTest | None:
    # The first RSA keys of a file are tried with slow methods, which are the rule's to try.
    return always(context) if context.thorough else _is_quickly_factored


def _is_quickly_factored(key: UsualKey) -> bool:
    return bool(modulus.judge_quickly(key.modulus))


def _predictable_key(entry: Entry, context: Context) -> Iterator[Hit]:
    """A secret of zeros or of next to nothing, or one that is printed in a standard."""
    if entry.public is None:
        return
    why = published.in_a_document(blob_of(entry.public)) or _little_secret(entry)
    if why:
        yield Hit(why)


def _little_secret(entry: Entry) -> str:
    match entry.private:
        case EcdsaPrivateKey(d=secret) | DsaPrivateKey(x=secret):
            return "the secret number is next to nothing" if secret < _LITTLE else ""
        case Ed25519PrivateKey(seed=seed) | Ed448PrivateKey(seed=seed) | MlDsa44Ed25519PrivateKey(seed=seed):
            return "the secret is one byte, repeated" if len(set(seed)) == 1 else ""
    return ""


def _usual_published(context: Context) -> UsualTest:
    return _is_published


def _is_published(key: UsualKey) -> bool:
    return published.is_known(key.digest)


def _unusual_scalar(entry: Entry, context: Context) -> Iterator[Hit]:
    """An ECDSA scalar outside of what OpenSSH takes."""
    if isinstance(entry.private, EcdsaPrivateKey) and is_unusual_scalar(entry.private):
        yield Hit(UNUSUAL_SCALAR.message)


def _known_weak(entry: Entry, context: Context) -> Iterator[Hit]:
    """A key whose private half is known to all."""
    if entry.public is None:
        return
    blob = blob_of(entry.public)
    why = published.by_everyone(blob)
    if not why and context.blocklist is not None:
        why = context.blocklist(blob, entry.public)
    if why:
        yield Hit(why)


def _usual_known_weak(context: Context) -> UsualTest | None:
    return always(context) if context.blocklist is not None else _is_published


def _dsa(entry: Entry, context: Context) -> Iterator[Hit]:
    """A DSA key, whatever its size."""
    if entry.public is not None and entry.public.family == "dsa":
        yield Hit(f"a DSA key of {entry.public.bits} bits, a type that OpenSSH 10 no longer knows")


def _key_type(entry: Entry, context: Context) -> Iterator[Hit]:
    """A key of a family that the settings do not allow."""
    if entry.public is not None and context.key_types and entry.public.family not in context.key_types:
        allowed = ", ".join(family for family in FAMILIES if family in context.key_types)
        yield Hit(f"a key of type {as_name(entry.public.algorithm)}, where the settings allow {allowed}")


def _usual_key_type(context: Context) -> UsualTest | None:
    return (lambda key: key.family not in context.key_types) if context.key_types else None


def _putty_p521(entry: Entry, context: Context) -> Iterator[Hit]:
    """An ECDSA key on P-521."""
    if isinstance(entry.public, EcdsaPublicKey) and entry.public.curve.name == "nistp521":
        yield Hit("an ECDSA P-521 key: exposed if PuTTY 0.68 to 0.80 ever signed with it (CVE-2024-31497)")


def _ssh1(subject: Subject) -> Iterator[Hit]:
    """A key of protocol 1."""
    if subject.keyfile.format in ("ssh1", "ssh1-pub"):
        yield Hit("a key of SSH protocol 1")


def _explicit_parameters(subject: Subject) -> Iterator[Hit]:
    """An EC key whose curve is spelled out."""
    for note in notes_of(subject, "explicit-parameters"):
        yield Hit(note.message)


STRENGTH: tuple[Rule, ...] = (
    _strength(
        "short-rsa",
        "An RSA key that is too short",
        "Below 2048 bits it can be broken; below 3072 it falls short of today's 128-bit level.",
        "OpenSSH refuses below 1024, many servers below 2048.",
        _REPLACE,
        on_key=_short_rsa,
        families=frozenset({"rsa"}),
        usual=_usual_short_rsa,
        setting="rsa-bits, rsa-bits-error",
    ),
    _strength(
        "odd-exponent",
        "An RSA exponent that is not 65537",
        "Old programs used 3, 35 or 37; even ones, 1 and huge ones are no exponents.",
        "Some libraries refuse all but 65537.",
        _REPLACE,
        on_key=_odd_exponent,
        families=frozenset({"rsa"}),
        usual=never,
    ),
    _strength(
        "weak-modulus",
        "An RSA modulus that can be factored",
        "A bad generator: small factors, close primes, smooth p-1, a small d, ROCA's shape, repeating patterns. Smooth "
        "p-1 is not looked for above 4,096 bits; nor, like a small d, after the first RSA keys of a file of lines, or "
        "at all in one above 1 MiB (`check -v` then says so): it takes too long.",
        "Nothing.",
        _REPLACE,
        on_key=_weak_modulus,
        families=frozenset({"rsa"}),
        usual=_usual_weak_modulus,
    ),
    _strength(
        "predictable-key",
        "A secret that anyone can guess",
        "All zero bytes, 1, or a key that is printed in a standard or a test suite.",
        "Nothing.",
        _REPLACE,
        on_key=_predictable_key,
        usual=_usual_published,
    ),
    _strength(
        "unusual-scalar",
        "An ECDSA scalar that OpenSSH refuses",
        "At most half as many bits as the order of the curve, or the order less one: a bad generator, or a test. By "
        "chance, fewer than one in 2^127 keys is so.",
        "OpenSSH: 'invalid elliptic curve value'. PuTTY and OpenSSL read it.",
        _REPLACE,
        severity="warning",
        on_key=_unusual_scalar,
        families=frozenset({"ecdsa"}),
        usual=never,
    ),
    _strength(
        "explicit-parameters",
        "An EC key spells its curve out instead of naming it",
        "Old OpenSSL settings; such parameters have been used to forge keys.",
        "PuTTY and many libraries refuse it.",
        "Convert it, which names the curve: keyconv convert FILE -o NEW",
        severity="warning",
        on_file=_explicit_parameters,
    ),
    _strength(
        "weak-point",
        "A public point that is not a key",
        "Small order, not canonical or off its curve: an attack.",
        "Libraries that do not look take it.",
        "Do not use it.",
    ),
    _strength(
        "dsa",
        "A DSA key",
        "Its size and hash are of the 1990s.",
        "OpenSSH 10 no longer knows the type; 'no mutual signature algorithm' before.",
        _REPLACE,
        on_key=_dsa,
        families=frozenset({"dsa"}),
    ),
    _strength(
        "ssh1",
        "A key of protocol 1",
        "The protocol has been broken for decades.",
        "OpenSSH removed it in 7.6.",
        _REPLACE,
        on_file=_ssh1,
    ),
    _strength(
        "key-type",
        "A key of a type that the settings do not allow",
        "`key-types` in the settings, or the preset `strict`: Ed25519 and RSA alone.",
        "Nothing.",
        _REPLACE,
        on_key=_key_type,
        usual=_usual_key_type,
        on_hosts="nothing",
        setting="key-types",
    ),
    _strength(
        "known-weak",
        "A private key that everybody has",
        "Debian's generator of 2006 to 2008, keys published in firmware, documents and repositories.",
        "sshd refuses those that its system lists.",
        "Replace it at once: keyconv generate -t ed25519 -o NEW",
        on_key=_known_weak,
        usual=_usual_known_weak,
        setting="blocklist",
    ),
    _strength(
        "putty-p521",
        "An ECDSA P-521 key, exposed if PuTTY 0.68 to 0.80 used it",
        "CVE-2024-31497: biased nonces give the key away after about sixty signatures.",
        "PuTTY 0.81 and later are sound; the key stays exposed.",
        "Replace it if one of those versions, or a program that contains one, ever signed with it.",
        severity="warning",
        on_key=_putty_p521,
        families=frozenset({"ecdsa"}),
        usual=never,
        on_hosts="nothing",
    ),
)
