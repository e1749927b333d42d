"""Password-based encryption of the PEM family: its KDFs, and its ciphers, nearly all in CBC mode with PKCS#7 padding.

Source: RFC 8018 (PBES1, PBES2, PBKDF2), RFC 7914 (scrypt), RFC 7292 appendix B (the KDF of PKCS#12), OpenSSL's
EVP_BytesToKey(3) (traditional PEM).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from keyconv import limits
from keyconv.errors import LimitError, MalformedError, UnsupportedError, WrongPassphraseError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm
    from cryptography.hazmat.primitives.ciphers import Cipher as LibraryCipher
    from cryptography.hazmat.primitives.ciphers.modes import CBC, CFB

__all__ = [
    "CIPHERS",
    "PRFS",
    "BlockCipher",
    "EvpMd5",
    "Pbkdf1",
    "Pbkdf2",
    "Pkcs12Kdf",
    "Scrypt",
    "check_length",
    "decrypt",
    "decrypt_blocks",
    "encrypt",
    "unpad",
]

_EVP_SALT = 8
_HASH_BLOCK = 64
_SCRYPT_LANES = 1 << 30  # r * p is below this: RFC 7914 section 6
_SCRYPT_MEMORY = 1 << 60  # above it the library's own arithmetic overflows


# ── key derivation ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class EvpMd5:
    """The KDF of traditional PEM: EVP_BytesToKey with MD5, one round, and the first eight bytes of the IV for a salt.

    Source: OpenSSL's EVP_BytesToKey(3) and PEM_read_PrivateKey(3), 'PEM encryption format'.
    """

    name: ClassVar[str] = "evp-md5"

    salt: bytes

    def __post_init__(self) -> None:
        if len(self.salt) != _EVP_SALT:
            raise MalformedError(f"the salt has {len(self.salt)} bytes instead of {_EVP_SALT}")

    def describe(self) -> dict[str, int | str]:
        """Return the one round, and the salt in hexadecimal."""
        return {"rounds": 1, "salt": self.salt.hex()}

    def check_cost(self) -> None:
        """Cost nothing."""

    def repeats(self) -> int:
        """Say how often it may run for one file."""
        return limits.MAX_CHEAP_RUNS

    def derive(self, passphrase: bytes, length: int) -> bytes:
        """Derive `length` bytes."""
        derived = digest = b""
        while len(derived) < length:
            digest = hashlib.md5(digest + passphrase + self.salt, usedforsecurity=False).digest()
            derived += digest
        return derived[:length]


PRFS: dict[str, Literal["SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "SHA512_224", "SHA512_256"]] = {
    "hmacWithSHA1": "SHA1",
    "hmacWithSHA224": "SHA224",
    "hmacWithSHA256": "SHA256",
    "hmacWithSHA384": "SHA384",
    "hmacWithSHA512": "SHA512",
    "hmacWithSHA512-224": "SHA512_224",
    "hmacWithSHA512-256": "SHA512_256",
}
"""The pseudo-random functions that PBKDF2 may be built on, with the class of their hash in pyca/cryptography."""


@dataclass(frozen=True, slots=True)
class Pbkdf2:
    """PBKDF2 (RFC 8018 section 5.2); `prf` is one of `PRFS`."""

    name: ClassVar[str] = "pbkdf2"

    prf: str
    iterations: int
    salt: bytes

    def __post_init__(self) -> None:
        _check_iterations(self.iterations)
        limits.check_salt(self.salt)

    def describe(self) -> dict[str, int | str]:
        """Return the pseudo-random function, the iterations, and the salt in hexadecimal."""
        return {"prf": self.prf, "iterations": self.iterations, "salt": self.salt.hex()}

    def check_cost(self) -> None:
        """Raise LimitError above the limits."""
        limits.check_pbkdf2(self.iterations)

    def repeats(self) -> int:
        """Say how often it may run for one file."""
        return limits.MAX_PBKDF2_ITERATIONS // self.iterations

    def derive(self, passphrase: bytes, length: int) -> bytes:
        """Derive `length` bytes; releases the GIL while it runs."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

        algorithm: hashes.HashAlgorithm = getattr(hashes, PRFS[self.prf])()
        try:
            return PBKDF2HMAC(algorithm, length, self.salt, self.iterations).derive(passphrase)
        except OverflowError:
            message = f"this machine cannot run {self.iterations} iterations of PBKDF2"
            raise LimitError(message, rule="costly-kdf") from None


@dataclass(frozen=True, slots=True)
class Scrypt:
    """The scrypt KDF (RFC 7914): memory 128 * n * r bytes, work n * r * p."""

    name: ClassVar[str] = "scrypt"

    n: int
    r: int
    p: int
    salt: bytes

    def __post_init__(self) -> None:
        if self.n < 2 or self.n & (self.n - 1):
            raise MalformedError("scrypt's N is not a power of two above 1")
        if self.r < 1 or self.p < 1 or self.r * self.p >= _SCRYPT_LANES:
            raise MalformedError(f"scrypt with r = {self.r} and p = {self.p} is not defined")
        limits.check_salt(self.salt)

    def describe(self) -> dict[str, int | str]:
        """Return n, r and p, and the salt in hexadecimal."""
        return {"n": self.n, "r": self.r, "p": self.p, "salt": self.salt.hex()}

    def check_cost(self) -> None:
        """Raise LimitError above the limits."""
        limits.check_scrypt(self.n, self.r, self.p)

    def repeats(self) -> int:
        """Say how often it may run for one file."""
        return limits.repeats_of_scrypt(self.n, self.r, self.p)

    def derive(self, passphrase: bytes, length: int) -> bytes:
        """Derive `length` bytes; releases the GIL while it runs."""
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt as LibraryScrypt

        memory = 128 * self.n * self.r
        message = f"scrypt could not take {limits.size(memory)} of memory on this machine"
        refusal = LimitError(message, rule="costly-kdf")
        if memory >= _SCRYPT_MEMORY:
            raise refusal
        try:
            return LibraryScrypt(self.salt, length, self.n, self.r, self.p).derive(passphrase)
        except MemoryError:
            raise refusal from None


@dataclass(frozen=True, slots=True)
class Pbkdf1:
    """PBKDF1 (RFC 8018 section 5.1), as PBES1 uses it: key and IV, of eight bytes each, are one result."""

    name: ClassVar[str] = "pbes1"

    digest: Literal["md5", "sha1"]
    iterations: int
    salt: bytes

    def __post_init__(self) -> None:
        _check_iterations(self.iterations)
        limits.check_salt(self.salt)

    def describe(self) -> dict[str, int | str]:
        """Return the iterations, and the salt in hexadecimal."""
        return {"iterations": self.iterations, "salt": self.salt.hex()}

    def check_cost(self) -> None:
        """Raise LimitError above the limits."""
        limits.check_pbes1(self.iterations)

    def repeats(self) -> int:
        """Say how often it may run for one file."""
        return limits.MAX_PBES1_ITERATIONS // self.iterations

    def derive(self, passphrase: bytes, length: int) -> bytes:
        """Derive at most 16 bytes."""
        return _iterate(self.digest, passphrase + self.salt, self.iterations)[:length]


@dataclass(frozen=True, slots=True)
class Pkcs12Kdf:
    """The KDF of PKCS#12 with SHA-1, which makes the key (of `key_length` bytes) and the IV in two runs.

    Source: RFC 7292 appendix B.
    """

    name: ClassVar[str] = "pbes1"

    key_length: int
    iterations: int
    salt: bytes

    def __post_init__(self) -> None:
        _check_iterations(self.iterations)
        limits.check_salt(self.salt)

    def describe(self) -> dict[str, int | str]:
        """Return the iterations, and the salt in hexadecimal."""
        return {"iterations": self.iterations, "salt": self.salt.hex()}

    def check_cost(self) -> None:
        """Raise LimitError above the limits."""
        limits.check_pbes1(self.iterations)

    def repeats(self) -> int:
        """Say how often it may run for one file."""
        return limits.MAX_PBES1_ITERATIONS // self.iterations

    def derive(self, passphrase: bytes, length: int) -> bytes:
        """Derive the key, then the IV: `length` bytes in all."""
        password = _bmp_string(passphrase)
        return self._run(1, password, self.key_length) + self._run(2, password, length - self.key_length)

    def _run(self, purpose: int, password: bytes, length: int) -> bytes:
        seed = _fill(self.salt) + _fill(password)
        derived = b""
        while len(derived) < length:
            block = _iterate("sha1", bytes((purpose,)) * _HASH_BLOCK + seed, self.iterations)
            derived += block
            seed = _advance(seed, block)
        return derived[:length]


def _check_iterations(iterations: int) -> None:
    if iterations < 1:
        raise MalformedError("a KDF with zero iterations is not defined")


def _iterate(digest: Literal["md5", "sha1"], data: bytes, iterations: int) -> bytes:
    make = hashlib.md5 if digest == "md5" else hashlib.sha1
    for _ in range(iterations):
        data = make(data, usedforsecurity=False).digest()
    return data


def _fill(data: bytes) -> bytes:
    # Repeated to whole blocks of the hash.
    length = -(-len(data) // _HASH_BLOCK) * _HASH_BLOCK
    return (data * (length // len(data) + 1))[:length]


def _advance(seed: bytes, block: bytes) -> bytes:
    # Each block of the seed, as a number, plus the hash so far and 1.
    added = int.from_bytes(_fill(block), "big") + 1
    blocks = (seed[start : start + _HASH_BLOCK] for start in range(0, len(seed), _HASH_BLOCK))
    sums = (int.from_bytes(each, "big") + added & (1 << 8 * _HASH_BLOCK) - 1 for each in blocks)
    return b"".join(each.to_bytes(_HASH_BLOCK, "big") for each in sums)


def _bmp_string(passphrase: bytes) -> bytes:
    # As OpenSSL's PKCS12_key_gen_utf8: what is not UTF-8 is taken byte by byte.
    try:
        text = passphrase.decode()
    except UnicodeDecodeError:
        text = passphrase.decode("latin-1")
    return text.encode("utf-16-be") + b"\0\0"


# ── encryption ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class BlockCipher:
    """One block cipher in CBC or CFB mode; lengths in bytes, and an IV is as long as a block.

    CBC pads to whole blocks, CFB does not pad.
    """

    name: str
    algorithm: Literal["aes", "des", "camellia", "rc2"]
    key_length: int
    block: int
    mode: Literal["cbc", "cfb"] = "cbc"


CIPHERS: dict[str, BlockCipher] = {
    cipher.name: cipher
    for cipher in (
        BlockCipher("aes-256-cbc", "aes", 32, 16),
        BlockCipher("aes-192-cbc", "aes", 24, 16),
        BlockCipher("aes-128-cbc", "aes", 16, 16),
        BlockCipher("camellia-256-cbc", "camellia", 32, 16),
        BlockCipher("camellia-192-cbc", "camellia", 24, 16),
        BlockCipher("camellia-128-cbc", "camellia", 16, 16),
        BlockCipher("des-ede3-cbc", "des", 24, 8),
        BlockCipher("des-ede3-cfb", "des", 24, 8, "cfb"),
        BlockCipher("des-ede-cbc", "des", 16, 8),
        BlockCipher("des-cbc", "des", 8, 8),
        BlockCipher("rc2-cbc", "rc2", 16, 8),
    )
}
"""The ciphers of the PEM family, by OpenSSL's names in lower case, the one that is written first."""


def encrypt(cipher: BlockCipher, key: bytes, iv: bytes, data: bytes) -> bytes:
    """Encrypt, padded where the mode needs it."""
    count = cipher.block - len(data) % cipher.block if cipher.mode == "cbc" else 0
    encryptor = _library_cipher(cipher, key, iv).encryptor()
    return encryptor.update(data + bytes((count,)) * count) + encryptor.finalize()


def decrypt(cipher: BlockCipher, key: bytes, iv: bytes, data: bytes) -> bytes:
    """Decrypt, and take the padding off where the mode has it.

    Raises: WrongPassphraseError when the padding is not PKCS#7's; it is by chance once in 256 wrong keys.
    """
    return unpad(cipher, decrypt_blocks(cipher, key, iv, data))


def decrypt_blocks(cipher: BlockCipher, key: bytes, iv: bytes, data: bytes) -> bytes:
    """Decrypt, padding included."""
    decryptor = _library_cipher(cipher, key, iv).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def unpad(cipher: BlockCipher, padded: bytes) -> bytes:
    """Take the padding off where the mode has it.

    Raises: WrongPassphraseError when it is not PKCS#7's.
    """
    if cipher.mode == "cfb":
        return padded
    count = padded[-1]
    if not 1 <= count <= cipher.block or not hmac.compare_digest(padded[-count:], bytes((count,)) * count):
        raise WrongPassphraseError("wrong passphrase, or the file was edited: the padding does not fit")
    return padded[:-count]


def check_length(cipher: BlockCipher, data: bytes) -> None:
    """Refuse what cannot be ciphertext of this cipher.

    Raises: MalformedError.
    """
    if not data and cipher.mode == "cfb":
        raise MalformedError("the encrypted data is empty")
    if cipher.mode == "cbc" and (not data or len(data) % cipher.block):
        raise MalformedError(f"the encrypted data has {len(data)} bytes, not a multiple of {cipher.block}")


def _library_cipher(cipher: BlockCipher, key: bytes, iv: bytes) -> LibraryCipher[CBC | CFB]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.ciphers import Cipher as LibraryCipher
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    try:
        mode = CBC(iv) if cipher.mode == "cbc" else _feedback(iv)
        return LibraryCipher(_algorithm(cipher, key), mode)
    except UnsupportedAlgorithm:
        raise UnsupportedError(f"the installed pyca/cryptography is built without {cipher.name}") from None


def _feedback(iv: bytes) -> CFB:
    try:
        from cryptography.hazmat.decrepit.ciphers.modes import CFB
    except ImportError:  # older releases have it among the others
        from cryptography.hazmat.primitives.ciphers.modes import CFB
    return CFB(iv)


def _algorithm(cipher: BlockCipher, key: bytes) -> BlockCipherAlgorithm:
    from cryptography.hazmat.decrepit.ciphers import algorithms as decrepit
    from cryptography.hazmat.primitives.ciphers import algorithms

    match cipher.algorithm:
        case "aes":
            return algorithms.AES(key)
        case "des":
            # One key three times is DES, two keys K1 K2 K1 are 3DES with two keys.
            return decrepit.TripleDES((key * 3)[:24])
        case "camellia" | "rc2" as name:
            kind = {"camellia": "Camellia", "rc2": "RC2"}[name]
            # Older releases have Camellia among the others, and the oldest have no RC2 at all.
            found = getattr(decrepit, kind, None) or getattr(algorithms, kind, None)
            if found is None:
                raise UnsupportedError(f"the installed pyca/cryptography is without {cipher.name}")
            made: BlockCipherAlgorithm = found(key)
            return made
