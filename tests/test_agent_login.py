"""The whole way: a PPK into the agent with keyconv, then ssh logs in to a real sshd by the agent alone."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import made_certificates as made
import pytest
from fixture_files import PASSPHRASE, by_path
from sshd import Server, posix, serve
from sub_apps import run
from tools import PATIENCE, require, wait_until

from keyconv.cli.agent_app import agent_app
from keyconv.cli.cert_app import cert_app

pytestmark = posix

KEYS = {
    "rsa2048": "ppk/rsa2048-v2-encrypted.ppk",
    "ecdsa-p256": "ppk/ecdsa-p256-v2-encrypted.ppk",
    "ecdsa-p384": "ppk/ecdsa-p384-v3-plain.ppk",
    "ecdsa-p521": "openssh/ecdsa-p521-encrypted",
    "ed25519": "ppk/ed25519-v3-argon2id-encrypted.ppk",
}
"""The key types that an sshd of today takes, each from a file of the fixtures."""


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="keyconv")  # pytest's own are too long for a socket on macOS
    path = Path(folder, "agent")
    process = subprocess.Popen([require("ssh-agent"), "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        wait_until(path.exists)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        yield str(path)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        shutil.rmtree(folder)


@pytest.fixture
def passphrase(tmp_path: Path) -> str:
    path = tmp_path / "passphrase"
    path.write_bytes(PASSPHRASE + b"\n")
    return str(path)


def _server(folder: Path) -> Server:
    return serve(folder / "server", authorized=b"".join(by_path(f"openssh-pub/{key}.pub").data for key in KEYS))


@pytest.mark.parametrize("key", KEYS)
def test_ssh_logs_in_by_a_key_that_keyconv_gave_the_agent(
    key: str, agent: str, passphrase: str, tmp_path: Path
) -> None:
    server = _server(tmp_path)
    path = str(by_path(KEYS[key]).file)
    assert not server.login(agent=agent)
    added = run(agent_app, "add", path, "--passphrase-file", passphrase, "--lifetime", "10m")
    assert added.code == 0, added.err
    assert server.login(agent=agent), server.said()
    assert run(agent_app, "remove", path).code == 0
    assert not server.login(agent=agent)


@pytest.mark.parametrize("ca", ["ssh-ed25519", "rsa-sha2-512", "ecdsa-sha2-nistp384"])
def test_ssh_logs_in_by_a_certificate_that_came_out_of_a_ppk(
    ca: str, agent: str, passphrase: str, tmp_path: Path
) -> None:
    name = {"ssh-ed25519": "ca-ed25519", "rsa-sha2-512": "ca-rsa", "ecdsa-sha2-nistp384": "ca-ecdsa"}[ca]
    server = serve(tmp_path / "server", ca=by_path(f"certificates/{name}.pub").data)
    certificate, ppk = tmp_path / "new-cert.pub", tmp_path / "id.ppk"
    certificate.write_bytes(made.line(made.make(ca, principals=[os.fsencode(getpass.getuser())])))
    key = str(by_path(KEYS["ed25519"]).file)
    attached = run(cert_app, "attach", key, str(certificate), "-o", str(ppk), "--passphrase-file", passphrase)
    assert attached.code == 0, attached.err
    added = run(agent_app, "add", str(ppk), "--passphrase-file", passphrase)
    assert added.code == 0, added.err
    assert server.login(agent=agent), server.said()
    # Without the certificate the same key is a stranger.
    assert run(cert_app, "detach", str(ppk), "-o", str(tmp_path / "detached-cert.pub")).code == 0
    assert (tmp_path / "detached-cert.pub").read_bytes().split()[:2] == certificate.read_bytes().split()[:2]
    assert run(agent_app, "remove", str(tmp_path / "detached-cert.pub")).code == 0
    assert len(run(agent_app, "list").out.splitlines()) == 1
    assert not server.login(agent=agent)
