"""What stands where a key should: nothing, a placeholder, or other material that is easily taken for a key."""

from __future__ import annotations

import re

__all__ = ["recognise"]

_PLACEHOLDERS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL | re.IGNORECASE), message)
    for pattern, message in (
        (rb"\s*[\"']?\$\{\{.{0,200}\}\}", "an expression of a CI system that was not expanded"),
        (rb"\s*[\"']?\$\(?\{?[A-Z_a-z][\w.-]{0,80}\}?\)?[\"']?\s*\Z", "a variable that was not expanded"),
        (rb"\s*[\"']?%[A-Z_a-z]\w{0,80}%[\"']?\s*\Z", "a variable that was not expanded"),
        (rb"\s*[\"']?(?:\{\{.{0,200}\}\}|<%.{0,200}%>)[\"']?\s*\Z", "a template that was not filled in"),
        (rb"\s*[\"']?(?:\*{3,}|x{4,}|\[(?:masked|redacted|secure)\]|<redacted>)[\"']?\s*\Z", "a value that was masked"),
        (rb"\s*(?:<!doctype html|<html\b|<\?xml\b)", "a page from the web, perhaps of an error"),
        (rb"version https://git-lfs\.github\.com/spec/", "a Git LFS pointer: the file itself was not fetched"),
        (
            rb"\s*[\"']?(?:null|none|undefined|changeme|todo|<[a-z _-]{3,40}>|your[-_ a-z]{3,40}key)[\"']?\s*\Z",
            "a word in the key's place",
        ),
        (rb"(?:404:? not found|not found|access denied|forbidden|unauthorized)\s*\Z", "the words of a failed download"),
        (rb"\s*\{\s*\"(?:message|error|errors)\"\s*:", "the error message of a web service"),
    )
)

_FOREIGN: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), message)
    for pattern, message in (
        (rb"\s*-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----", "an X.509 certificate, which holds no SSH key"),
        (rb"\s*-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----", "a certificate signing request"),
        (rb"\s*-----BEGIN PGP [A-Z ]+-----", "a PGP key or message"),
        (rb"\s*-----BEGIN (?:DH|EC|DSA) PARAMETERS-----", "parameters without a key"),
        (rb"\s*-----BEGIN SSH SIGNATURE-----", "an SSH signature"),
        (rb"\s*-----BEGIN X509 CRL-----", "a list of revoked certificates"),
        (rb"\s*-----BEGIN PKCS7-----", "a PKCS#7 bundle"),
        (rb"\s*-----BEGIN (?:AGE|OPENVPN)[A-Z 0-9]*", "a file of another program"),
        (rb"\s*AGE-SECRET-KEY-1", "a key of age"),
        (rb"\s*untrusted comment: ", "a key of signify or minisign"),
        (rb"\s*(?:[0-9]{2,5} )?SHA256:[A-Za-z0-9+/]{43}=?(?:\s|\Z)", "a fingerprint, of which no key can be made"),
        (rb"\s*(?:[0-9]{2,5} )?(?:MD5:)?(?:[0-9a-f]{2}:){15}[0-9a-f]{2}(?:\s|\Z)", "a fingerprint"),
        (
            rb"\x30[\x80-\x84].{1,4}\x02\x01\x03\x30",
            "a PKCS#12 file; 'openssl pkcs12 -nodes -nocerts' takes the key out",
        ),
        (rb"\xfe\xed\xfe\xed|\xce\xce\xce\xce", "a Java key store"),
        (rb"\x30[\x81-\x84].{1,4}\x30[\x81-\x84]", "DER of another kind, perhaps an X.509 certificate"),
        (rb"\x99|\xc6|\x95\x01|\x98", "perhaps a binary PGP key"),
        (rb"PK\x03\x04|\x1f\x8b|BZh|\xfd7zXZ|7z\xbc", "a compressed file: unpack it first"),
        (rb"SSH PRIVATE KEY FILE FORMAT", "an SSH-1 key of an unknown version"),
        (rb"%PDF-|\x89PNG|\xff\xd8\xff", "a document or a picture"),
    )
)


def recognise(data: bytes) -> tuple[str, str]:
    """Give the rule and the message for content that is no key; the last resort is `not-a-key`."""
    if not data.strip(b" \t\r\n\f\v\0\xef\xbb\xbf"):
        return "empty", "the file is empty" if not data else "the file holds nothing but white space"
    for pattern, message in _PLACEHOLDERS:
        if pattern.match(data):
            return "placeholder", message
    for pattern, message in _FOREIGN:
        if pattern.match(data):
            return "not-a-key", message
    return "not-a-key", ""
