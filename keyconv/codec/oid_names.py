"""Names of the algorithms that keyconv does not support, for its messages: ciphers, curves, kinds of keys.

Source: OpenSSL 3.0's objects.txt; NIST CSOR (ML-DSA, ML-KEM, SLH-DSA); RFC 8018 appendix C, RFC 7292 appendix C.
"""

from __future__ import annotations

__all__ = ["NAMES"]


def _number(base: str, names: dict[int, str]) -> dict[str, str]:
    return {f"{base}.{arc}": name for arc, name in names.items()}


def _modes(base: str, family: str, first: int, modes: str) -> dict[str, str]:
    return _number(base, {first + place: f"{family}-{mode}" for place, mode in enumerate(modes.split())})


_BRAINPOOL = [f"brainpoolP{bits}{kind}1" for bits in (160, 192, 224, 256, 320, 384, 512) for kind in "rt"]
_SECG = {
    1: "sect163k1",
    2: "sect163r1",
    3: "sect239k1",
    4: "sect113r1",
    5: "sect113r2",
    6: "secp112r1",
    7: "secp112r2",
    8: "secp160r1",
    9: "secp160k1",
    10: "secp256k1",
    15: "sect163r2",
    16: "sect283k1",
    17: "sect283r1",
    22: "sect131r1",
    23: "sect131r2",
    24: "sect193r1",
    25: "sect193r2",
    26: "sect233k1",
    27: "sect233r1",
    28: "secp128r1",
    29: "secp128r2",
    30: "secp160r2",
    31: "secp192k1",
    32: "secp224k1",
    33: "secp224r1",
    36: "sect409k1",
    37: "sect409r1",
    38: "sect571k1",
    39: "sect571r1",
}
_X962_PRIME = {1: "prime192v1", 2: "prime192v2", 3: "prime192v3", 4: "prime239v1", 5: "prime239v2", 6: "prime239v3"}
_X962_BINARY = (
    *("c2pnb163v1", "c2pnb163v2", "c2pnb163v3", "c2pnb176v1", "c2tnb191v1", "c2tnb191v2", "c2tnb191v3", "c2onb191v4"),
    *("c2onb191v5", "c2pnb208w1", "c2tnb239v1", "c2tnb239v2", "c2tnb239v3", "c2onb239v4", "c2onb239v5", "c2pnb272w1"),
    *("c2pnb304w1", "c2tnb359v1", "c2pnb368w1", "c2tnb431r1"),
)
_NIST = "2.16.840.1.101.3.4"
_CAMELLIA = "0.3.4401.5.3.1.9"
_ARIA = "1.2.410.200046.1.1"
_SLH_DSA = [f"SLH-DSA-{kind}-{size}{way}" for kind in ("SHA2", "SHAKE") for size in (128, 192, 256) for way in "sf"]
_AES = "ecb cbc ofb cfb wrap gcm ccm wrap-pad"

NAMES: dict[str, str] = {
    # Kinds of keys.
    "1.2.840.113549.1.1.7": "RSAES-OAEP",
    "1.2.840.113549.1.1.10": "RSASSA-PSS",
    "1.2.840.113549.1.3.1": "Diffie-Hellman",
    "1.2.840.10046.2.1": "X9.42 Diffie-Hellman",
    "1.3.132.1.12": "ECDH",
    "1.3.132.1.13": "ECMQV",
    "1.3.14.7.2.1.1": "ElGamal",
    "1.3.101.110": "X25519",
    "1.3.101.111": "X448",
    "1.2.643.2.2.19": "GOST R 34.10-2001",
    "1.2.643.2.2.20": "GOST R 34.10-94",
    "1.2.643.2.2.98": "GOST R 34.10-2001 DH",
    "1.2.643.2.2.99": "GOST R 34.10-94 DH",
    "1.2.643.7.1.1.1.1": "GOST R 34.10-2012 with 256 bits",
    "1.2.643.7.1.1.1.2": "GOST R 34.10-2012 with 512 bits",
    "1.2.840.113549.1.9.16.3.17": "HSS/LMS",
    **_number(f"{_NIST}.3", {17: "ML-DSA-44", 18: "ML-DSA-65", 19: "ML-DSA-87"}),
    **_number(f"{_NIST}.3", dict(enumerate(_SLH_DSA, 20))),
    **_number(f"{_NIST}.4", {1: "ML-KEM-512", 2: "ML-KEM-768", 3: "ML-KEM-1024"}),
    # Curves.
    "1.2.156.10197.1.301": "SM2",
    **_number("1.3.36.3.3.2.8.1.1", dict(enumerate(_BRAINPOOL, 1))),
    **_number("1.3.132.0", _SECG),
    **_number("1.2.840.10045.3.1", _X962_PRIME),
    **_number("1.2.840.10045.3.0", dict(enumerate(_X962_BINARY, 1))),
    # Encryption.
    "1.2.840.113549.1.5.1": "pbeWithMD2AndDES-CBC",
    "1.2.840.113549.1.5.4": "pbeWithMD2AndRC2-CBC",
    "1.2.840.113549.1.5.6": "pbeWithMD5AndRC2-CBC",
    "1.2.840.113549.1.5.11": "pbeWithSHA1AndRC2-CBC",
    "1.2.840.113549.1.5.14": "PBMAC1",
    "1.2.840.113549.1.12.1.1": "pbeWithSHA1And128BitRC4",
    "1.2.840.113549.1.12.1.2": "pbeWithSHA1And40BitRC4",
    "1.2.840.113549.1.12.1.6": "pbeWithSHA1And40BitRC2-CBC",
    "1.2.840.113549.2.6": "hmacWithMD5",
    "1.2.156.10197.1.401.2": "hmacWithSM3",
    "1.2.156.10197.1.401.3.1": "hmacWithSM3",
    "1.2.643.2.2.10": "HMAC GOST 34.11-94",
    "1.2.643.7.1.1.4.1": "HMAC GOST 34.11-2012 256 bit",
    "1.2.643.7.1.1.4.2": "HMAC GOST 34.11-2012 512 bit",
    **_number(f"{_NIST}.2", {13: "hmac-sha3-224", 14: "hmac-sha3-256", 15: "hmac-sha3-384", 16: "hmac-sha3-512"}),
    "1.2.840.113549.3.2": "rc2-cbc",
    "1.2.840.113549.3.4": "rc4",
    "1.2.840.113549.3.8": "rc5-cbc",
    "1.2.840.113533.7.66.10": "cast5-cbc",
    "1.3.6.1.4.1.3029.1.2": "bf-cbc",
    "1.3.6.1.4.1.188.7.1.1.2": "idea-cbc",
    "1.2.643.2.2.21": "GOST 28147-89",
    **_number("1.3.14.3.2", {6: "des-ecb", 8: "des-ofb", 9: "des-cfb", 17: "des-ede"}),
    **_modes("1.2.410.200004.1", "seed", 3, "ecb cbc cfb ofb"),
    **_modes("1.2.156.10197.1.104", "sm4", 1, "ecb cbc ofb cfb cfb1 cfb8 ctr gcm ccm"),
    **_modes(f"{_NIST}.1", "aes-128", 1, _AES),
    **_modes(f"{_NIST}.1", "aes-192", 21, _AES),
    **_modes(f"{_NIST}.1", "aes-256", 41, _AES),
    **_modes(_ARIA, "aria-128", 1, "ecb cbc cfb ofb ctr"),
    **_modes(_ARIA, "aria-192", 6, "ecb cbc cfb ofb ctr"),
    **_modes(_ARIA, "aria-256", 11, "ecb cbc cfb ofb ctr"),
    **_number(_ARIA, {34: "aria-128-gcm", 35: "aria-192-gcm", 36: "aria-256-gcm"}),
    **_number(_ARIA, {37: "aria-128-ccm", 38: "aria-192-ccm", 39: "aria-256-ccm"}),
    **{
        f"{_CAMELLIA}.{first + place}": f"camellia-{bits}-{mode}"
        for first, bits in ((0, 128), (20, 192), (40, 256))
        for place, mode in ((1, "ecb"), (3, "ofb"), (4, "cfb"), (6, "gcm"), (7, "ccm"), (9, "ctr"))
    },
}
"""Names by object identifier; ciphers have OpenSSL's."""
