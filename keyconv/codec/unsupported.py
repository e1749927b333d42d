"""What keyconv cannot open, and what can be done about it: ciphers that it lacks, algorithms that SSH has no keys of.

Source: openssl-pkey(1) and OSSL_PROVIDER-legacy(7) of OpenSSL 3.0; RFC 8709, RFC 5656 (the key types of SSH).
"""

from __future__ import annotations

from keyconv.errors import UnsupportedError

__all__ = ["NEW_KEY", "no_key_type", "unknown_cipher"]

NEW_KEY = "SSH cannot use this key; make a new one: keyconv generate -t ed25519 -o NEW"

_DECRYPT = "decrypt it with: openssl pkey -in FILE -out NEW"
_MAKER = "decrypt it with the program that made it: OpenSSL does not take this cipher in a key file either"
_PROVIDERS = " -provider legacy -provider default"
_LEGACY = ("bf-", "cast5-", "seed-", "idea-", "rc2-", "rc4", "rc5-", "des-cbc", "des-cfb", "des-ofb", "pbewith")
"""How the names begin of what OpenSSL 3 has in its legacy provider alone."""


def unknown_cipher(what: str, name: str = "", *, place: str = "") -> UnsupportedError:
    """Make the error for an encryption that keyconv does not have; the hint is the command that decrypts the file.

    `name` is the cipher's in OpenSSL, where it is known.
    """
    cipher = name.lower()
    hint = _MAKER if cipher.endswith(("-gcm", "-ccm")) else _DECRYPT
    providers = _PROVIDERS if cipher.startswith(_LEGACY) else ""
    return UnsupportedError(f"{what} is not supported", place=place, hint=hint + providers)


def no_key_type(what: str, *, place: str = "") -> UnsupportedError:
    """Make the error for a key of an algorithm, or on a curve, that SSH has no keys of: nothing can convert it."""
    return UnsupportedError(f"SSH has no key type for {what}", place=place, hint=NEW_KEY)
