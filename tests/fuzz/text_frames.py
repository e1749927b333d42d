"""The frames of text: base64 between two lines, PPK with its MAC, lines with a key, decimal numbers, JSON."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from random import Random

from fuzz.structure import Frame
from keyconv.crypto.ciphers import AES256_CBC, encrypt

__all__ = ["Decimals", "Framed", "JsonMember", "JsonObject", "KeyLine", "Ppk"]


def _lines(data: bytes, width: int, end: bytes) -> bytes:
    text = base64.b64encode(data)
    return b"".join(text[start : start + width] + end for start in range(0, len(text), width))


@dataclass(frozen=True, slots=True)
class Framed:
    """Base64 between a first and a last line; of two parts the first is the headers' text."""

    first: bytes
    last: bytes
    width: int = 64
    end: bytes = b"\n"

    def wrap(self, parts: list[bytes]) -> bytes:
        head = parts[0] if len(parts) > 1 else b""
        body = b"".join(parts[1:]) if len(parts) > 1 else b"".join(parts)
        return self.first + self.end + head + _lines(body, self.width, self.end) + self.last + self.end

    def lie(self, random: Random) -> Frame:
        kind = random.randrange(4)
        if kind == 0:
            return replace(self, width=random.choice((1, 63, 65, 70, 72, 76, 4000)))
        if kind == 1:
            return replace(self, end=random.choice((b"\r\n", b"\r", b"\n\n", b" \n", b"")))
        if kind == 2:
            return replace(self, last=self.first)
        return replace(self, first=self.first.replace(b"KEY", random.choice((b"KEYS", b"CERTIFICATE", b""))))


@dataclass(frozen=True, slots=True)
class Ppk:
    """A PPK: parts are type, encryption, comment, public blob, KDF lines and the private half, with the right MAC.

    The private half is encrypted where there is a key; version 1 keeps a hash of it, or a MAC (`keyed`).
    """

    version: int
    mac_key: bytes
    key: bytes = b""
    iv: bytes = b""
    keyed: bool = True
    end: bytes = b"\n"
    counts: int = 0

    def wrap(self, parts: list[bytes]) -> bytes:
        algorithm, encryption, comment, public, kdf, private = (parts + [b""] * 6)[:6]
        if self.key:
            private += hashlib.sha1(private).digest()[: -len(private) % 16]
        mac = self._mac(algorithm, encryption, comment, public, private)
        if self.key:
            private = encrypt(AES256_CBC, self.key, self.iv, private)[0]
        rows = [
            b"PuTTY-User-Key-File-%d: %s" % (self.version, algorithm),
            b"Encryption: " + encryption,
            b"Comment: " + comment,
            *self._counted(b"Public-Lines", public),
            *([kdf] if kdf else []),
            *self._counted(b"Private-Lines", private),
            (b"Private-MAC: " if self.keyed else b"Private-Hash: ") + mac.hex().encode(),
        ]
        return b"".join(row + self.end for row in rows)

    def _mac(self, algorithm: bytes, encryption: bytes, comment: bytes, public: bytes, private: bytes) -> bytes:
        if not self.keyed:
            return hashlib.sha1(private).digest()
        covered = private
        if self.version > 1:
            fields = (algorithm, encryption, comment, public, private)
            covered = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
        return hmac.digest(self.mac_key, covered, "sha256" if self.version == 3 else "sha1")

    def _counted(self, name: bytes, data: bytes) -> list[bytes]:
        rows = _lines(data, 64, b"\n").split(b"\n")[:-1]
        return [b"%s: %d" % (name, len(rows) + self.counts), *rows]

    def lie(self, random: Random) -> Frame:
        kind = random.randrange(3)
        if kind == 0:
            return replace(self, counts=random.choice((-1, 1, 1 << 31, 9_999_999_999)))
        if kind == 1:
            return replace(self, end=random.choice((b"\r\n", b"\r", b" \n", b"\n\n", b"")))
        return replace(self, version=random.choice((1, 2, 3, 4)))


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A public key on one line: parts are what stands before it (options or hosts), the blob, and the comment."""

    space: bytes = b" "
    end: bytes = b"\n"

    def wrap(self, parts: list[bytes]) -> bytes:
        before, blob, comment = (parts + [b""] * 3)[:3]
        length = int.from_bytes(blob[:4], "big")
        name = blob[4 : 4 + length] if length <= 80 else b"ssh-rsa"
        words = [word for word in (before, name, base64.b64encode(blob), comment) if word]
        return self.space.join(words) + self.end

    def lie(self, random: Random) -> Frame:
        if random.random() < 0.5:
            return replace(self, end=random.choice((b"\r\n", b"\r", b"", b"\n\n", b"\0", b"=\n")))
        return replace(self, space=random.choice((b"\t", b"  ", b"", b"\n", b"\xc2\xa0", b",")))


@dataclass(frozen=True, slots=True)
class Decimals:
    """SSH-1's public line: parts are e, n and the comment; the bits are those of n."""

    off: int = 0

    def wrap(self, parts: list[bytes]) -> bytes:
        e, n, comment = (parts + [b""] * 3)[:3]
        bits = int.from_bytes(n[:5000], "big").bit_length() + self.off
        return b"%d %s %s%s\n" % (bits, _decimal(e), _decimal(n), b" " + comment if comment else b"")

    def lie(self, random: Random) -> Frame:
        return Decimals(random.choice((-1, 1, -2048, 1 << 31)))


def _decimal(number: bytes) -> bytes:
    # Python writes 4,300 digits at most.
    return b"%d" % int.from_bytes(number, "big") if len(number) < 1700 else b"9" * (len(number) * 12 // 5)


@dataclass(frozen=True, slots=True)
class JsonObject:
    """A JSON object of members that are rendered already."""

    before: bytes = b""
    after: bytes = b"\n"

    def wrap(self, parts: list[bytes]) -> bytes:
        return self.before + b"{" + b",".join(parts) + b"}" + self.after

    def lie(self, random: Random) -> Frame:
        depth = random.choice((1, 20, 400, 5_000, 100_000))
        before, after = random.choice(((b"[", b"]"), (b'{"keys":[', b"]}"), (b'{"a":', b"}"), (b"\xef\xbb\xbf", b"")))
        return JsonObject(before * depth, after * depth)


_LITERALS = (
    b"null",
    b"true",
    b"0",
    b"-1",
    b"1e999",
    b"NaN",
    b"[]",
    b"{}",
    b'"\\ud800"',
    b'"\\u0000"',
    b'"\\',
    b"1" * 5000,
    b"[" * 3000,
)


@dataclass(frozen=True, slots=True)
class JsonMember:
    """A member of a JSON object: bytes in base64url, or a text."""

    name: str
    text: bool = False
    literal: bytes = b""

    def wrap(self, parts: list[bytes]) -> bytes:
        body = b"".join(parts)
        if self.literal:
            value = self.literal
        elif self.text:
            value = json.dumps(body.decode("utf-8", "replace")).encode()
        else:
            value = b'"' + base64.urlsafe_b64encode(body).rstrip(b"=") + b'"'
        return json.dumps(self.name).encode() + b":" + value

    def lie(self, random: Random) -> Frame:
        if random.random() < 0.3:
            return replace(self, name=random.choice(("kty", "crv", "x", "y", "d", "n", "e", "kid", "oth", "", "\0")))
        return replace(self, literal=random.choice(_LITERALS))
