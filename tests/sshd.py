"""A real sshd, for one login at a time: it is the client's ProxyCommand, so that no port is opened and none stays."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from fixture_files import by_path
from tools import PATIENCE, require

__all__ = ["Server", "posix", "serve"]

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX sshd")

_HOST = "keyconv-test"
_HOST_KEY = "ecdsa-p384"
_PRIVILEGE_SEPARATION = Path("/run/sshd")


@dataclass(frozen=True)
class Server:
    """An sshd that lets its own user in; `log` is what it says."""

    folder: Path
    log: Path

    def login(self, *options: str, agent: str | None = None, identity: Path | None = None) -> bool:
        """Log in with `ssh`, by an agent's keys or by one file, and run a command there; tell whether it ran."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("SSH_", "DISPLAY"))}
        if agent is not None:
            environment["SSH_AUTH_SOCK"] = agent
        result = subprocess.run(
            [
                require("ssh"),
                *("-F", "none", "-T", "-o", "BatchMode=yes", "-o", "PreferredAuthentications=publickey"),
                *("-o", "StrictHostKeyChecking=yes", "-o", f"UserKnownHostsFile={self.folder / 'known_hosts'}"),
                *("-o", f"IdentityFile={identity or 'none'}", "-o", f"IdentitiesOnly={'yes' if identity else 'no'}"),
                *("-o", f"ProxyCommand={self._command()}"),
                *options,
                f"{getpass.getuser()}@{_HOST}",
                "echo logged in",
            ],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        (self.folder / "ssh.log").write_bytes(result.stderr)
        return result.returncode == 0 and result.stdout == b"logged in\n"

    def said(self) -> str:
        """Return what both sides said, for a failed test."""
        client = self.folder / "ssh.log"
        return "\n".join(path.read_text("utf-8", "replace") for path in (client, self.log) if path.exists())

    def _command(self) -> str:
        program = [_sshd(), "-i", "-f", str(self.folder / "sshd_config"), "-E", str(self.log)]
        return shlex.join(program).replace("%", "%%")


def serve(folder: Path, *, authorized: bytes = b"", ca: bytes = b"", revoked: bytes = b"") -> Server:
    """Set up a server that takes these `authorized_keys` lines, and certificates of these CA keys, but not what is
    `revoked`: a KRL, or public keys.
    """
    _sshd()
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "host_key"
    shutil.copyfile(by_path(f"openssh/{_HOST_KEY}-plain").file, key)
    key.chmod(0o600)
    line = by_path(f"openssh-pub/{_HOST_KEY}.pub").data
    (folder / "known_hosts").write_bytes(_HOST.encode() + b" " + line)
    (folder / "authorized_keys").write_bytes(authorized)
    (folder / "ca").write_bytes(ca)
    (folder / "revoked").write_bytes(revoked)
    config = {
        "HostKey": key,
        "PidFile": "none",
        "UsePAM": "no",
        "StrictModes": "no",
        "PermitRootLogin": "prohibit-password",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "TrustedUserCAKeys": folder / "ca" if ca else "none",
        "RevokedKeys": folder / "revoked" if revoked else "none",
        "LogLevel": "VERBOSE",
    }
    text = "".join(f"{name} {value}\n" for name, value in config.items())
    (folder / "sshd_config").write_text(text, "utf-8")
    return Server(folder, folder / "sshd.log")


def _sshd() -> str:
    """Return sshd's whole path, which it insists on; root needs a folder that services make at boot."""
    path = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin")
    if path is None:
        return require("sshd")
    if os.getuid() == 0 and not _PRIVILEGE_SEPARATION.is_dir():
        try:
            _PRIVILEGE_SEPARATION.mkdir(mode=0o755)
        except OSError as error:
            pytest.skip(f"sshd needs {_PRIVILEGE_SEPARATION}: {error}")
    return path
