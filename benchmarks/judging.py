"""Which key a file holds, as other programs see it: never keyconv's own word."""

from __future__ import annotations

import base64
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.commands import environment
from benchmarks.timing import WrongResultError
from benchmarks.tools import Tools

__all__ = ["Judge"]

_LIMIT = 60
"""Seconds; puttygen never returns from some broken files."""

_ED25519_PREFIX = b"\0\0\0\x0bssh-ed25519\0\0\0\x20"
_ED25519_SIZE = 32


@dataclass(frozen=True, slots=True)
class Judge:
    """Asks puttygen, ssh-keygen and openssl; `passphrase_file` is for keys that are encrypted."""

    tools: Tools
    passphrase: str = ""
    passphrase_file: Path = Path(os.devnull)

    def expect(self, path: Path, public: str) -> None:
        """Hold a private key file to a public key, given as type and base64.

        Raises: WrongResultError.
        """
        if not path.is_file():
            raise WrongResultError(f"there is no {path.name}")
        found = self.public_of(path)
        if not found:
            raise WrongResultError("no other program can read the result")
        if found != public:
            raise WrongResultError("the result is another key")

    def public_of(self, path: Path) -> str:
        """Return type and base64 of the public key that belongs to a private key file; empty if nobody can read it."""
        path.chmod(0o600)
        if path.read_bytes().startswith(b"PuTTY-User-Key-File-"):
            return self._public_of_ppk(path)
        return self._by_ssh_keygen(path) or self._by_openssl(path) or self._by_puttygen(path)

    def _public_of_ppk(self, path: Path) -> str:
        # puttygen -L reads the public lines alone; writing the key again needs the private ones, and the MAC.
        again = path.with_name(f"{path.name}.judged")
        options = ["--old-passphrase", self._file, "--new-passphrase", self._file]
        self._ask([self.tools.puttygen, str(path), *options, "-O", "private-openssh-new", "-o", str(again)])
        if not again.is_file():
            return ""
        try:
            return self._by_ssh_keygen(again) or self._by_puttygen(again)
        finally:
            again.unlink()

    def _by_ssh_keygen(self, path: Path) -> str:
        return _two_words(self._ask([self.tools.ssh_keygen, "-y", "-P", self.passphrase, "-f", str(path)]))

    def _by_puttygen(self, path: Path) -> str:
        return _two_words(self._ask([self.tools.puttygen, str(path), "--old-passphrase", self._file, "-L"]))

    def _by_openssl(self, path: Path) -> str:
        # Ed25519 in PKCS#8, which OpenSSH does not read.
        if self.tools.openssl is None or b"-----BEGIN PRIVATE KEY-----" not in path.read_bytes():
            return ""
        spki = self._ask([self.tools.openssl, "pkey", "-in", str(path), "-pubout", "-outform", "DER"])
        blob = _ED25519_PREFIX + spki[-_ED25519_SIZE:]
        return f"ssh-ed25519 {base64.b64encode(blob).decode('ascii')}" if spki else ""

    @property
    def _file(self) -> str:
        return str(self.passphrase_file)

    def _ask(self, argv: list[str]) -> bytes:
        """Return what a program prints, or nothing if it fails."""
        try:
            ran = subprocess.run(argv, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT)
        except subprocess.TimeoutExpired:
            return b""
        return ran.stdout if ran.returncode == 0 else b""


def _two_words(printed: bytes) -> str:
    words = printed.decode("utf-8", "replace").split()
    return " ".join(words[:2]) if len(words) >= 2 else ""
