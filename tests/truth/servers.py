"""An sshd on a port of the loopback interface that stays for many log-ins, and the clients that log in."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from truth import material
from truth.programs import Programs

__all__ = ["PATIENCE", "Daemon", "host_settings", "prepare", "run"]

PATIENCE = 6000
"""Seconds until a program that says nothing is given up, by a clock that may be fast; no verdict depends on it."""

_LOOKS = 20_000
"""How often a log is looked at for what must come."""

_PRIVILEGE_SEPARATION = Path("/run/sshd")


def run(command: Sequence[str], *, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run a program without the caller's agent, display and time zone."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SSH_", "DISPLAY"))}
    environment |= {"TZ": "UTC", "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        command, env=environment, input=data or b"", capture_output=True, timeout=PATIENCE, check=False
    )


def prepare(folder: Path) -> None:
    """Write the private keys that ssh and sshd read, with the modes that they insist on."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in material.FIXTURES:
        path = folder / name
        path.write_bytes(material.private_file(name))
        path.chmod(0o600)
    if os.getuid() == 0:
        _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)


def host_settings(folder: Path, key: str = "ed25519") -> tuple[str, ...]:
    """Return what every sshd_config here has."""
    return (
        f"HostKey {folder / key}",
        *("PidFile none", "UsePAM no", "StrictModes no", "PermitRootLogin yes", "LogLevel DEBUG1"),
        *("PasswordAuthentication no", "KbdInteractiveAuthentication no", "MaxAuthTries 20", "LoginGraceTime 0"),
    )


class Daemon:
    """One sshd; what it reads for a log-in is a file that is written before each."""

    def __init__(self, programs: Programs, keys: Path, folder: Path, settings: Sequence[str] = ()) -> None:
        folder.mkdir(parents=True)
        self.file = folder / "file"
        self.keys = keys
        self.log = folder / "log"
        self.log.touch()
        self._config = folder / "sshd_config"
        self._settings = (*host_settings(keys), *programs.settings, *settings)
        self._programs = programs
        self.port, self._process = self._start()

    def _start(self) -> tuple[int, subprocess.Popen[bytes]]:
        for _ in range(10):
            port = _free_port()
            listening = (
                f"ListenAddress 127.0.0.1:{port}",
                f"ListenAddress 127.0.0.2:{port}",
                f"ListenAddress [::1]:{port}",
            )
            self._config.write_text("\n".join((*self._settings, *listening)) + "\n", "utf-8")
            command = [self._programs.sshd, "-D", "-f", str(self._config), "-E", str(self.log)]
            environment = {**os.environ, "TZ": "UTC"}
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)
            for _ in range(_LOOKS):
                if self.log.read_bytes().count(b"Server listening on") or process.poll() is not None:
                    break
                time.sleep(0.05)
            if process.poll() is None:
                return port, process
        raise SystemExit(f"sshd does not start: {self.log.read_text('utf-8', 'replace')}")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(PATIENCE)

    def login(self, key: str, source: str, certificate: bytes | None = None) -> str:
        """Log in by `ssh`, with a key and perhaps its certificate. Returns: what sshd wrote into its log meanwhile."""
        options = [f"IdentityFile={self.keys / key}"]
        if certificate is not None:
            path = self.keys / "offered-cert.pub"
            path.write_bytes(certificate)
            options.append(f"CertificateFile={path}")
        target = "::1" if source == "::1" else "127.0.0.1"
        command = [
            *(self._programs.ssh, "-F", "none", "-T", "-p", str(self.port), "-b", source),
            *("-o", "BatchMode=yes", "-o", "PreferredAuthentications=publickey", "-o", "IdentitiesOnly=yes"),
            *("-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={os.devnull}", "-o", "IdentityAgent=none"),
            *("-o", "PubkeyAcceptedAlgorithms=+ssh-rsa"),
            *(word for option in options for word in ("-o", option)),
            *(f"{material.me()}@{target}", "true"),
        ]
        begin = self.log.stat().st_size
        run(command)
        return self._said(begin)

    def login_raw(self, key: str, blob: bytes | None) -> str:
        """Log in by a client of our own, which offers what `ssh` would not send."""
        from truth.raw_client import offer

        begin = self.log.stat().st_size
        offer(self.port, material.signer(key), blob)
        return self._said(begin)

    def _said(self, begin: int) -> str:
        """Return the log from a place on, once the end of the connection is in it."""
        text = ""
        for _ in range(_LOOKS):
            with self.log.open("rb") as log:
                log.seek(begin)
                text = log.read().decode("utf-8", "replace")
            if any(word in text for word in ("\nAccepted ", "Connection closed", "Connection reset", "Disconnected")):
                break
            time.sleep(0.02)
        return text


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
