"""Rules on strength: can the private half be computed from the public one?"""

from __future__ import annotations

from functools import partial

from keyconv.checks.base import Rule

__all__ = ["STRENGTH"]

_strength = partial(Rule, group="strength")
_REPLACE = "Make a new key: 'keyconv generate -t ed25519'."

STRENGTH: tuple[Rule, ...] = (
    _strength(
        "short-rsa",
        "An RSA key that is too short",
        "Below 2048 bits it can be broken; below 3072 it falls short of today's 128-bit level.",
        "OpenSSH refuses below 1024, many servers below 2048.",
        _REPLACE,
    ),
    _strength(
        "odd-exponent",
        "An RSA exponent that is not 65537",
        "Old programs used 3, 35 or 37; even ones, 1 and huge ones are no exponents.",
        "Some libraries refuse all but 65537.",
        _REPLACE,
    ),
    _strength(
        "weak-modulus",
        "An RSA modulus that can be factored",
        "A bad generator: small factors, close primes, smooth p-1, a small d, ROCA's shape, repeating patterns. Smooth "
        "p-1 is not looked for above 4,096 bits; nor, like a small d, after the first RSA keys of a file of lines, or "
        "at all in one above 1 MiB (`check -v` then says so): it takes too long.",
        "Nothing.",
        _REPLACE,
    ),
    _strength(
        "predictable-key",
        "A secret that anyone can guess",
        "All zero bytes, 1, or a key that is printed in a standard or a test suite.",
        "Nothing.",
        _REPLACE,
    ),
    _strength(
        "unusual-scalar",
        "An ECDSA scalar that OpenSSH refuses",
        "At most half as many bits as the order of the curve, or the order less one: a bad generator, or a test. By "
        "chance, fewer than one in 2^127 keys is so.",
        "OpenSSH: 'invalid elliptic curve value'. PuTTY and OpenSSL read it.",
        _REPLACE,
        severity="warning",
    ),
    _strength(
        "explicit-parameters",
        "An EC key spells its curve out instead of naming it",
        "Old OpenSSL settings; such parameters have been used to forge keys.",
        "PuTTY and many libraries refuse it.",
        "Convert it: keyconv names the curve.",
        severity="warning",
    ),
    _strength(
        "weak-point",
        "A public point that is no key",
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
    ),
    _strength(
        "ssh1",
        "A key of protocol 1",
        "The protocol has been broken for decades.",
        "OpenSSH removed it in 7.6.",
        _REPLACE,
    ),
    _strength(
        "key-type",
        "A key of a type that the settings do not allow",
        "`key-types` in the settings, or the preset `strict`: Ed25519 and RSA alone.",
        "Nothing.",
        _REPLACE,
    ),
    _strength(
        "known-weak",
        "A private key that everybody has",
        "Debian's generator of 2006 to 2008, keys published in firmware, documents and repositories.",
        "sshd refuses those that its system lists.",
        "Replace it at once: 'keyconv generate -t ed25519'.",
    ),
    _strength(
        "putty-p521",
        "An ECDSA P-521 key, exposed if PuTTY 0.68 to 0.80 used it",
        "CVE-2024-31497: biased nonces give the key away after about sixty signatures.",
        "PuTTY 0.81 and later are sound; the key stays exposed.",
        "Replace it if one of those versions, or a program that contains one, ever signed with it.",
        severity="warning",
    ),
    _strength(
        "shared-modulus-factor",
        "Two RSA keys share a prime",
        "A generator without entropy; each gives the other away. Only the first keys of a run are compared, 1,950 of "
        "2,048 bits, and of a file of lines above 1 MiB the first 195 (`check -v` says so): it takes too long.",
        "Nothing.",
        "Replace both.",
    ),
    _strength(
        "duplicate-key",
        "The same key twice",
        "Copies of a private key, or a line that was appended twice.",
        "Nothing.",
        "Keep one.",
        severity="warning",
    ),
)
