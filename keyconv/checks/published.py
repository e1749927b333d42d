"""Keys whose private half anyone can look up: printed in a standard, or given away with a program.

By SHA-256 fingerprint of the public blob, so that no secret stands here.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable
from functools import cache, lru_cache

from keyconv.crypto import fingerprint
from keyconv.errors import UsageError
from keyconv.keys import PublicKey

__all__ = ["by_everyone", "in_a_document", "is_known", "read_blocklist"]

_DOCUMENTS = {
    "SHA256:bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8": "RFC 8032, Ed25519 test 1, and RFC 8037",
    "SHA256:F34nin7tcaYH6WR5LSWSfj6weFBPfBpuyUUoPFP9YjA": "RFC 8032, Ed25519 test 2",
    "SHA256:s3Z2A+mldeflHo5TMMEUA7MlkMg96xvtqH9DGLHHZmE": "RFC 8032, Ed25519 test 3",
    "SHA256:ygncDm+bRKbQfQFmIZIy7G1yLvpOATCb+D1dWLd+WwQ": "RFC 8032, Ed25519 test 1024",
    "SHA256:LuQFmSsJbAkjYpb1LObnHa6mOAGiucbY/zOy8nrd28I": "RFC 8032, Ed25519 test SHA(abc)",
    "SHA256:ebCT4wkJOqO5AIlHG03cHvn3Cr3ZZEEh8m81duHhR3Q": "RFC 8410, section 10.3",
    "SHA256:tAXFyTXI8xtDaujAEcwJslAYc9/6FKcUkd2Lw0xDhPo": "a seed of zeros",
    "SHA256:UIedaL6Cxm6OUErh9GQUzzglSk7VpQlVTI1TAFB/HWA": "a seed of 0xff bytes",
    "SHA256:lbmsoA0yIEcEiVDRnMWuzm+nV+3ZEEpVIURqFoeSspg": "a seed of the bytes 0 to 31",
    "SHA256:2Nf+H2TZHH0eNaa5fIE/flmM+TA9OFMbJIyEMCRGJbc": "RFC 8032, Ed448 test 1",
    "SHA256:6rqbxMowtljFH9F3cPTf+R8vtB6f3edmVH/aE2nNtTA": "a seed of zeros",
    "SHA256:hfuNWmjIYvsBGZ6dpCLTTAEa5LxbZABRHHVoynAxFlo": "RFC 6979, A.2.5",
    "SHA256:r2gb6ll4RdAhNje52WqzvC1ICUeSzSZMbpRpQKNxTQw": "RFC 6979, A.2.6",
    "SHA256:OKhGsQFTbsHhYl6O3WOTYhhcpWrB+ocpaF9jPa5h/Ag": "RFC 6979, A.2.7",
    "SHA256:qiiwAjWfuhHN1JXNFeKTeJoY1mxjEoGXN4kAd5N4mkM": "RFC 7517, A.2",
    "SHA256:bS8oTA6hNH8G3HQdJojNniyC971QyV7eW7LFik+qmv4": "RFC 7515, A.3",
    "SHA256:SFMVDOrhOSBssOVH9hIcK/Z2XVf1oSVMjNCL8u2aICY": "a secret of 1",
    "SHA256:vnUJs0Z9d/fcfX8fr8n5mGCtID9OxLbsrPpLZ0HA7DM": "a secret of 1",
    "SHA256:zRVIWrTxGdqqZxpYW8IR7xT1OqCYLxz0tEN3IKizSdo": "a secret of 1",
    "SHA256:U1DbbhwbpYhRtAxj9Cvn/nXmuY8wRukOfnijLcxkkuk": "a secret of 2",
    "SHA256:iTrxf94/SAuDwW9u2xArso6Yj8cFcqnDMQfKAqGxkpE": "a secret of 2",
    "SHA256:kXDO0GqhqvNfzdpYbVj836gjzKiHV8gAn406tzaewHI": "a secret of 2",
    "SHA256:h+PAyXb3n4bqtmzZtsfJYZi/Ru2NzBNfXOe72fMggoU": "RFC 7517, A.1",
}
"""Made from the secrets that the documents print, by keyconv's own derivation; those of 1 and 2 are the generator."""

_GIVEN_AWAY = {
    "SHA256:1M4RzhMyWuFS/86uPY/ce2prh/dVTHW7iD2RhpquOZA": "Vagrant's insecure key, which comes with the program",
}

_sha256 = lru_cache(maxsize=1)(fingerprint.sha256)
"""Each key is looked up twice."""

Blocklist = Callable[[bytes, PublicKey], str]


def in_a_document(blob: bytes) -> str:
    """Say where a key's secret is printed, or give an empty string."""
    where = _DOCUMENTS.get(_sha256(blob))
    return f"the secret can be looked up: {where}" if where else ""


def by_everyone(blob: bytes) -> str:
    """Say who gave the private half away, or give an empty string."""
    who = _GIVEN_AWAY.get(_sha256(blob))
    return f"everybody has this private key: {who}" if who else ""


def is_known(digest: bytes) -> bool:
    """Return by the SHA-256 digest of a blob whether one of the other two would say something."""
    return digest in _digests()


@cache
def _digests() -> frozenset[bytes]:
    return frozenset(b64decode(name.removeprefix("SHA256:") + "=") for name in (*_DOCUMENTS, *_GIVEN_AWAY))


def read_blocklist(texts: Iterable[tuple[str, str]]) -> Blocklist:
    """Read blocklist files, given as name and text: one fingerprint a line, `#` begins a remark.

    A fingerprint is SHA256:..., MD5 as 32 hexadecimal digits with or without colons, or the last 20 digits of that MD5,
    as in Debian's `openssh-blacklist`.

    Raises: UsageError for another line.
    """
    listed: dict[str, str] = {}
    for name, text in texts:
        for number, line in enumerate(text.split("\n"), 1):
            word = line.split("#", 1)[0].strip()
            if word:
                listed[_normal(word, name, number)] = name

    def judge(blob: bytes, public: PublicKey) -> str:
        if not listed:
            return ""
        md5 = fingerprint.md5(blob).removeprefix("MD5:").replace(":", "")
        for each in (fingerprint.sha256(blob), md5, md5[12:]):
            if each in listed:
                return f"the key is on the blocklist {listed[each]}"
        return ""

    return judge


def _normal(word: str, name: str, number: int) -> str:
    if word.startswith("SHA256:"):
        return word.rstrip("=")
    digits = word.removeprefix("MD5:").replace(":", "").lower()
    if len(digits) in (20, 32) and set(digits) <= set("0123456789abcdef"):
        return digits
    raise UsageError(f"line {number} of the blocklist is not a fingerprint").at_path(name)
