"""Object identifiers of the PEM family: what stands in an AlgorithmIdentifier, by name.

Source: RFC 3279 (RSA, DSA, EC), RFC 5480 (curves), RFC 8410 (EdDSA), RFC 8018 appendix C (PBES, PBKDF2), RFC 7914
(scrypt), RFC 7292 appendix C (PKCS#12 PBE), NIST CSOR (AES).
"""

from __future__ import annotations

from keyconv.keys import CURVES, Curve

__all__ = [
    "CIPHERS",
    "CURVE_OF",
    "DSA",
    "EC",
    "ED448",
    "ED25519",
    "OID_OF_CURVE",
    "PBES2",
    "PBE_SCHEMES",
    "PBKDF2",
    "PRFS",
    "PRIME_FIELD",
    "RSA",
    "SCRYPT",
    "name_of",
    "show",
]

RSA = "1.2.840.113549.1.1.1"
DSA = "1.2.840.10040.4.1"
EC = "1.2.840.10045.2.1"
ED25519 = "1.3.101.112"
ED448 = "1.3.101.113"

PRIME_FIELD = "1.2.840.10045.1.1"
"""The kind of field that explicit curve parameters are over."""

CURVE_OF: dict[str, Curve] = {
    "1.2.840.10045.3.1.7": CURVES["nistp256"],
    "1.3.132.0.34": CURVES["nistp384"],
    "1.3.132.0.35": CURVES["nistp521"],
}
OID_OF_CURVE: dict[str, str] = {curve.name: oid for oid, curve in CURVE_OF.items()}

PBES2 = "1.2.840.113549.1.5.13"
PBKDF2 = "1.2.840.113549.1.5.12"
SCRYPT = "1.3.6.1.4.1.11591.4.11"

PRFS: dict[str, str] = {
    "1.2.840.113549.2.7": "hmacWithSHA1",
    "1.2.840.113549.2.8": "hmacWithSHA224",
    "1.2.840.113549.2.9": "hmacWithSHA256",
    "1.2.840.113549.2.10": "hmacWithSHA384",
    "1.2.840.113549.2.11": "hmacWithSHA512",
    "1.2.840.113549.2.12": "hmacWithSHA512-224",
    "1.2.840.113549.2.13": "hmacWithSHA512-256",
}
"""The pseudo-random functions of PBKDF2."""

CIPHERS: dict[str, str] = {
    "2.16.840.1.101.3.4.1.2": "aes-128-cbc",
    "2.16.840.1.101.3.4.1.22": "aes-192-cbc",
    "2.16.840.1.101.3.4.1.42": "aes-256-cbc",
    "1.2.840.113549.3.7": "des-ede3-cbc",
    "1.3.14.3.2.7": "des-cbc",
    "1.2.392.200011.61.1.1.1.2": "camellia-128-cbc",
    "1.2.392.200011.61.1.1.1.3": "camellia-192-cbc",
    "1.2.392.200011.61.1.1.1.4": "camellia-256-cbc",
}
"""The ciphers of PBES2 whose only parameter is the IV, by the names of OpenSSL."""

PBE_SCHEMES: dict[str, str] = {
    "1.2.840.113549.1.5.3": "pbeWithMD5AndDES-CBC",
    "1.2.840.113549.1.5.10": "pbeWithSHA1AndDES-CBC",
    "1.2.840.113549.1.12.1.3": "pbeWithSHA1And3-KeyTripleDES-CBC",
    "1.2.840.113549.1.12.1.4": "pbeWithSHA1And2-KeyTripleDES-CBC",
    "1.2.840.113549.1.12.1.5": "pbeWithSHA1And128BitRC2-CBC",
}
"""The schemes of PBES1 and PKCS#12 that name KDF and cipher in one, by the names of OpenSSL."""


def name_of(oid: str) -> str:
    """Name an algorithm as OpenSSL does; nothing where no name of it is known."""
    known = PRFS.get(oid) or CIPHERS.get(oid) or PBE_SCHEMES.get(oid)
    if known:
        return known
    from keyconv.codec.oid_names import NAMES  # only for what is not supported

    return NAMES.get(oid, "")


def show(oid: str) -> str:
    """Name an algorithm for a person: its name where it is known, and its number."""
    name = name_of(oid)
    return f"{name} ({oid})" if name else oid
