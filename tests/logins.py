"""A real sshd on loopback, and log-ins to it with the real ssh and plink."""

from __future__ import annotations

import contextlib
import getpass
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tools import PATIENCE, require, wait_until

if sys.platform == "win32":
    pytest.skip("sshd is for POSIX systems", allow_module_level=True)

import pty
import select

__all__ = ["GREETING", "Server", "listening", "plink", "ssh"]

GREETING = "logged in"


@dataclass(frozen=True)
class Server:
    """An sshd on loopback that takes keys alone, and whom to log in as."""

    port: int
    user: str
    fingerprint: str
    known_hosts: Path
    authorized_keys: Path
    log: Path


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def listening(folder: Path) -> Iterator[Server]:
    """Run an sshd that keeps its files in this folder."""
    sshd = require("sshd") if not Path("/usr/sbin/sshd").exists() else "/usr/sbin/sshd"
    ssh_keygen = require("ssh-keygen")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where a privileged sshd parts with its privileges
    host_key = folder / "host"
    subprocess.run([ssh_keygen, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", host_key], check=True)
    shown = subprocess.run([ssh_keygen, "-lf", f"{host_key}.pub"], check=True, capture_output=True).stdout.decode()
    port = _free_port()
    kind, key = host_key.with_suffix(".pub").read_text("ascii").split()[:2]
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{port} {kind} {key}\n", "ascii")
    authorized_keys, log, config = folder / "authorized_keys", folder / "log", folder / "sshd_config"
    config.write_text(
        f"""ListenAddress 127.0.0.1
Port {port}
HostKey {host_key}
AuthorizedKeysFile {authorized_keys}
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
PidFile none
LogLevel VERBOSE
MaxStartups 100:30:200
""",
        "ascii",
    )
    with log.open("wb") as errors, subprocess.Popen([sshd, "-D", "-e", "-f", config], stderr=errors) as process:
        try:
            wait_until(lambda: process.poll() is not None or b"Server listening" in log.read_bytes())
            assert process.poll() is None, log.read_text("utf-8", "replace")
            yield Server(port, getpass.getuser(), shown.split()[1], known_hosts, authorized_keys, log)
        finally:
            process.terminate()


def ssh(server: Server, key: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Log in with OpenSSH; no agent, no other key, no configuration of the user's."""
    options = {
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "UserKnownHostsFile": str(server.known_hosts),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "PreferredAuthentications": "publickey",
        "ConnectTimeout": "20",
    }
    flags = [flag for name, value in options.items() for flag in ("-o", f"{name}={value}")]
    command = [require("ssh"), "-F", "none", *flags, "-i", str(key), "-p", str(server.port)]
    without = ("SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "DISPLAY")
    inherited = {name: value for name, value in os.environ.items() if name not in without}
    return subprocess.run(
        [*command, f"{server.user}@127.0.0.1", f"echo {GREETING}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        env={**inherited, **environment},
        start_new_session=True,
    )


def plink(server: Server, key: Path, home: Path, passphrase: bytes = b"") -> tuple[int, bytes]:
    """Log in with PuTTY's plink on a terminal, typing the passphrase when it asks. Gives its status and the screen."""
    command = [require("plink"), "-ssh", "-noagent", "-no-antispoof", "-P", str(server.port)]
    command += ["-hostkey", server.fingerprint, "-i", str(key), f"{server.user}@127.0.0.1", f"echo {GREETING}"]
    if not passphrase:
        command.insert(1, "-batch")
    without = ("SSH_AUTH_SOCK", "DISPLAY")
    environment = {name: value for name, value in os.environ.items() if name not in without}
    master, slave = pty.openpty()
    seen, typed = b"", False
    # plink asks on /dev/tty, so it needs a terminal of its own; a fresh interpreter takes the slave for it.
    boot = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    with subprocess.Popen(
        [sys.executable, "-S", "-c", boot, *command],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env={**environment, "HOME": str(home)},
    ) as process:
        end = time.monotonic() + PATIENCE
        try:
            while process.poll() is None or select.select([master], [], [], 0)[0]:
                assert time.monotonic() < end, seen
                if select.select([master], [], [], 0.05)[0]:
                    with contextlib.suppress(OSError):
                        seen += os.read(master, 4096)
                if passphrase and not typed and b"Passphrase for key" in seen:
                    os.write(master, passphrase + b"\n")
                    typed = True
        finally:
            process.kill()
            os.close(master)
            os.close(slave)
    return process.returncode, seen
