"""Fingerprints of public blobs, as ssh-keygen and puttygen print them, and OpenSSH's picture of them.

Source: RFC 4716 section 4 (MD5); ssh-keygen(1), options -l, -E and -v.
"""

from __future__ import annotations

import binascii
import hashlib

__all__ = ["md5", "randomart", "sha256", "spell"]


def sha256(blob: bytes) -> str:
    """Return `SHA256:` and the digest in base64 without padding."""
    return spell(hashlib.sha256(blob).digest())


def spell(digest: bytes) -> str:
    """Return the fingerprint of a key whose SHA-256 digest of 32 bytes is there already."""
    return "SHA256:" + binascii.b2a_base64(digest, newline=False).decode().rstrip("=")


def md5(blob: bytes) -> str:
    """Return `MD5:` and the digest as 16 hexadecimal bytes joined by colons."""
    return "MD5:" + hashlib.md5(blob, usedforsecurity=False).digest().hex(":")


def randomart(blob: bytes, title: str) -> str:
    """Draw the SHA-256 fingerprint as ssh-keygen does with -lv: eleven lines of 19 characters.

    `title` is the key's kind and bits, `ED25519 256`. A bishop starts in the middle of a field of 17 by 9 and moves
    diagonally by every two bits, low bits of each byte first; each visit makes the square's symbol heavier.
    """
    width, height, symbols = 17, 9, " .o+=*BOX@%&#/^"
    visits = [[0] * width for _ in range(height)]
    x, y = width // 2, height // 2
    start = (x, y)
    for byte in hashlib.sha256(blob).digest():
        for shift in (0, 2, 4, 6):
            step = byte >> shift
            x = min(max(x + (1 if step & 1 else -1), 0), width - 1)
            y = min(max(y + (1 if step & 2 else -1), 0), height - 1)
            visits[y][x] += 1
    field = [[symbols[min(count, len(symbols) - 1)] for count in row] for row in visits]
    field[start[1]][start[0]] = "S"
    field[y][x] = "E"
    label = f"[{title}]" if len(title) + 2 <= width else f"[{title.split()[0][: width - 2]}]"
    rows = ["|" + "".join(row) + "|" for row in field]
    return "\n".join([_border(label, width), *rows, _border("[SHA256]", width)])


def _border(label: str, width: int) -> str:
    left = (width - len(label)) // 2
    return "+" + "-" * left + label + "-" * (width - len(label) - left) + "+"
