"""Ciphers of key files: a table of facts, and one function each way.

Source: RFC 4253 section 6.3, RFC 4344, RFC 5647; OpenSSH PROTOCOL.chacha20poly1305 and cipher.c's table.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, modes
    from cryptography.hazmat.primitives.ciphers import Cipher as LibraryCipher
from keyconv.record import record

__all__ = ["AES256_CBC", "CIPHERS", "Cipher", "decrypt", "encrypt"]


@record
class Cipher:
    """One cipher: lengths in bytes; `tag_length` is zero where it does not authenticate."""

    name: str
    algorithm: Literal["aes", "3des", "chacha20"]
    mode: Literal["cbc", "ctr", "gcm", "poly1305"]
    key_length: int
    iv_length: int
    block: int
    tag_length: int = 0


CIPHERS: dict[str, Cipher] = {
    cipher.name: cipher
    for cipher in (
        Cipher("aes256-ctr", "aes", "ctr", 32, 16, 16),
        Cipher("aes192-ctr", "aes", "ctr", 24, 16, 16),
        Cipher("aes128-ctr", "aes", "ctr", 16, 16, 16),
        Cipher("aes256-cbc", "aes", "cbc", 32, 16, 16),
        Cipher("aes192-cbc", "aes", "cbc", 24, 16, 16),
        Cipher("aes128-cbc", "aes", "cbc", 16, 16, 16),
        Cipher("aes256-gcm@openssh.com", "aes", "gcm", 32, 12, 16, 16),
        Cipher("aes128-gcm@openssh.com", "aes", "gcm", 16, 12, 16, 16),
        Cipher("chacha20-poly1305@openssh.com", "chacha20", "poly1305", 64, 0, 8, 16),
        Cipher("3des-cbc", "3des", "cbc", 24, 8, 8),
    )
}
"""The ciphers of OpenSSH's private format, by name, the default first."""

AES256_CBC = CIPHERS["aes256-cbc"]


def encrypt(cipher: Cipher, key: bytes, iv: bytes, data: bytes) -> tuple[bytes, bytes]:
    """Encrypt whole blocks; return the ciphertext and the tag (empty where the cipher has none)."""
    if cipher.mode == "poly1305":
        ciphertext = _chacha20(key, data)
        return ciphertext, _poly1305(key, ciphertext)
    if cipher.mode == "gcm":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        sealed = AESGCM(key).encrypt(iv, data, None)
        return sealed[: len(data)], sealed[len(data) :]
    encryptor = _library_cipher(cipher, key, iv).encryptor()
    return encryptor.update(data) + encryptor.finalize(), b""


def decrypt(cipher: Cipher, key: bytes, iv: bytes, data: bytes, tag: bytes = b"") -> bytes | None:
    """Decrypt whole blocks; None when the tag does not fit."""
    if cipher.mode == "poly1305":
        return _chacha20(key, data) if hmac.compare_digest(_poly1305(key, data), tag) else None
    if cipher.mode == "gcm":
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(key).decrypt(iv, data + tag, None)
        except InvalidTag:
            return None
    decryptor = _library_cipher(cipher, key, iv).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _library_cipher(cipher: Cipher, key: bytes, iv: bytes) -> LibraryCipher[modes.CBC | modes.CTR]:
    from cryptography.hazmat.primitives.ciphers import Cipher as LibraryCipher
    from cryptography.hazmat.primitives.ciphers import algorithms, modes

    algorithm: BlockCipherAlgorithm
    if cipher.algorithm == "aes":
        algorithm = algorithms.AES(key)
    else:
        from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES

        algorithm = TripleDES(key)
    return LibraryCipher(algorithm, modes.CBC(iv) if cipher.mode == "cbc" else modes.CTR(iv))


def _chacha20(key: bytes, data: bytes) -> bytes:
    # Block counter 1, nonce zero: a key file stands where a packet with sequence number 0 would.
    return _chacha20_stream(key, 1, data)


def _poly1305(key: bytes, ciphertext: bytes) -> bytes:
    from cryptography.hazmat.primitives.poly1305 import Poly1305

    one_time_key = _chacha20_stream(key, 0, bytes(32))
    return Poly1305.generate_tag(one_time_key, ciphertext)


def _chacha20_stream(key: bytes, counter: int, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher as LibraryCipher
    from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

    # The second half of the 64 bytes encrypts packet lengths, which a file has none of.
    nonce = counter.to_bytes(8, "little") + bytes(8)
    return LibraryCipher(ChaCha20(key[:32], nonce), mode=None).encryptor().update(data)
