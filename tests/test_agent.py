"""The agent: the protocol against agents that misbehave, and every type of key into a real ssh-agent and out again."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import made_certificates as made
import pytest
from fixture_files import PASSPHRASE, PUTTY_TYPES, by_path, sample
from forged_files import string
from hypothesis import given, settings
from hypothesis import strategies as st
from sub_apps import Result, run
from tools import PATIENCE, require, wait_until

from keyconv import agent as agents
from keyconv.agent import Agent, AgentError, Constraints, Identity, SocketTransport
from keyconv.cli.agent import parse_lifetime
from keyconv.cli.agent_app import agent_app
from keyconv.codec import private_blob, public_blob
from keyconv.engine import write
from keyconv.errors import UsageError
from keyconv.keys import Certificate, PrivateKey, PublicKey

posix = pytest.mark.skipif(sys.platform == "win32", reason="the agent is behind a socket here")

SUCCESS, FAILURE = b"\6", b"\5"
TYPES = {
    "rsa2048": "RSA",
    "dsa1024": "DSA",
    "ecdsa-p256": "ECDSA",
    "ecdsa-p384": "ECDSA",
    "ecdsa-p521": "ECDSA",
    "ed25519": "ED25519",
    "sk-ecdsa": "ECDSA-SK",
    "sk-ed25519": "ED25519-SK",
}
"""Key types that OpenSSH's agent takes, and what ssh-add -l calls them."""


def _private(path: str = "openssh/ed25519-plain") -> PrivateKey:
    private = sample(path).private
    assert isinstance(private, PrivateKey)
    return private


def _public(path: str = "openssh/ed25519-plain") -> PublicKey:
    return _private(path).public


# ── an agent that says what the test wants ─────────────────────────────────────────────────────────────────────────


@dataclass
class FakeAgent:
    """Answers each request with the next of `replies` (raw bytes, framed or not), then closes, or stays silent."""

    replies: list[bytes]
    stay: bool = False
    requests: list[bytes] = field(default_factory=list)

    def serve(self, connection: socket.socket) -> None:
        """Answer on one connection until it is closed."""
        with connection, suppress(OSError):
            while True:
                head = connection.recv(4, socket.MSG_WAITALL)
                if len(head) < 4:
                    return
                self.requests.append(connection.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
                if self.replies:
                    connection.sendall(self.replies.pop(0))
                if not self.replies and not self.stay:
                    return


@contextmanager
def _talking_to(*replies: bytes, stay: bool = False, timeout: float = 5.0) -> Iterator[tuple[Agent, FakeAgent]]:
    ours, theirs = socket.socketpair()
    fake = FakeAgent(list(replies), stay)
    thread = threading.Thread(target=fake.serve, args=(theirs,))
    thread.start()
    with Agent(SocketTransport(ours), timeout=timeout) as agent:
        yield agent, fake
    thread.join(PATIENCE)
    assert not thread.is_alive()


def _list(*pairs: tuple[bytes, bytes]) -> bytes:
    return b"\x0c" + len(pairs).to_bytes(4, "big") + b"".join(string(blob) + string(comment) for blob, comment in pairs)


def test_identities_are_read() -> None:
    with _talking_to(string(_list((b"blob", b"comment"), (b"", b"")))) as (agent, fake):
        assert agent.identities() == (Identity(b"blob", b"comment"), Identity(b"", b""))
    assert fake.requests == [b"\x0b"]


def test_several_requests_go_over_one_connection() -> None:
    with _talking_to(string(SUCCESS), string(_list()), string(SUCCESS)) as (agent, fake):
        agent.remove(b"blob")
        assert agent.identities() == ()
        agent.remove_all()
    assert fake.requests == [b"\x12" + string(b"blob"), b"\x0b", b"\x13"]


def test_a_reply_may_come_byte_by_byte() -> None:
    ours, theirs = socket.socketpair()

    def drip() -> None:
        with theirs:
            theirs.recv(100)
            for byte in string(_list((b"blob", b"comment"))):
                theirs.sendall(bytes((byte,)))

    thread = threading.Thread(target=drip)
    thread.start()
    with Agent(SocketTransport(ours)) as agent:
        assert agent.identities() == (Identity(b"blob", b"comment"),)
    thread.join()


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (b"", "closed the connection before its reply was whole"),
        (b"\0", "closed the connection before its reply was whole"),
        (b"\0\0\0\5\x0c\0", "closed the connection before its reply was whole"),
        (b"\0\0\0\0", "the agent's reply would have 0 bytes"),
        (b"\0\4\0\1", "would have 262145 bytes; it may have 1 byte to 256 KiB"),
        (b"\xff\xff\xff\xff", "would have 4294967295 bytes"),
        (string(FAILURE), "the agent does not tell what it holds"),
        (string(b"\x1e"), "the agent does not tell what it holds"),
        (string(SUCCESS), "a reply of type 6, which is none to this request"),
        (string(b"\0"), "a reply of type 0"),
        (string(b"\x0c"), "the agent's list of keys is malformed: number of keys at byte 0"),
        (string(b"\x0c\0\0\0\1"), "malformed: key at byte 4"),
        (string(b"\x0c\0\0\0\1\0\0\0\5key"), "malformed: key at byte 4 says that it has 5 bytes"),
        (string(b"\x0c\0\0\0\1\0\0\0\3key"), "malformed: comment at byte 11"),
        (string(_list() + b"\0"), "malformed: 1 bytes too many after the last key"),
        (string(_list((b"key", b"")) + b"more"), "malformed: 4 bytes too many"),
        (string(b"\x0c\0\0\x08\x01" + bytes(8 * 2049)), "says that it holds 2049 keys; the limit is 2048"),
        (string(b"\x0c\xff\xff\xff\xff"), "says that it holds 4294967295 keys"),
    ],
)
def test_what_is_not_the_protocol_is_an_error(reply: bytes, message: str) -> None:
    with _talking_to(reply) as (agent, _), pytest.raises(AgentError, match=re.escape(message)) as caught:
        agent.identities()
    assert caught.value.exit_code == 5
    assert caught.value.code == "agent"


def test_the_longest_reply_and_the_longest_list_are_read() -> None:
    filler = agents.MAX_REPLY - len(_list((b"", b"")))
    with _talking_to(string(_list((bytes(filler), b"")))) as (agent, _):
        assert len(agent.identities()[0].blob) == filler
    with _talking_to(string(_list(*[(b"", b"")] * agents.MAX_IDENTITIES))) as (agent, _):
        assert len(agent.identities()) == agents.MAX_IDENTITIES


def test_silence_ends() -> None:
    with _talking_to(stay=True, timeout=0.1) as (agent, _), pytest.raises(AgentError, match="does not answer"):
        agent.identities()


def test_half_a_reply_and_then_silence_ends() -> None:
    with (
        _talking_to(b"\0\0\0\5\x0c", stay=True, timeout=0.1) as (agent, _),
        pytest.raises(AgentError, match="does not answer"),
    ):
        agent.identities()


def test_an_agent_that_never_reads_does_not_hold_us() -> None:
    ours, theirs = socket.socketpair()
    with theirs, Agent(SocketTransport(ours), timeout=0.1) as agent, pytest.raises(AgentError, match="does not answer"):
        agent.remove(bytes(8 * 1024 * 1024))


def test_a_connection_that_has_gone_is_an_error() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with (
        Agent(SocketTransport(ours)) as agent,
        pytest.raises(AgentError, match="the connection to the agent is broken"),
    ):
        agent.remove_all()


@settings(deadline=None, max_examples=60)
@given(st.one_of(st.binary(max_size=40), st.binary(max_size=40).map(lambda body: string(b"\x0c" + body))))
def test_any_reply_is_read_or_refused(reply: bytes) -> None:
    with _talking_to(reply) as (agent, _), suppress(AgentError):
        agent.identities()


@pytest.mark.parametrize("answer", [b"\5", b"\x1c", b"\x1e", b"\x66"])
def test_every_kind_of_refusal_is_one(answer: bytes) -> None:
    with _talking_to(*[string(answer)] * 3) as (agent, _):
        with pytest.raises(AgentError, match="the agent refused the ssh-ed25519 key") as caught:
            agent.add(_private(), b"")
        assert "ssh-add -X" in caught.value.hint
        with pytest.raises(AgentError, match="did not remove the key"):
            agent.remove(b"x")
        with pytest.raises(AgentError, match="did not remove its keys"):
            agent.remove_all()


def test_a_strange_answer_is_no_success() -> None:
    with _talking_to(string(b"\x0c")) as (agent, _), pytest.raises(AgentError, match="a reply of type 12"):
        agent.add(_private(), b"")


@pytest.mark.parametrize(
    ("constraints", "kind", "tail"),
    [
        (Constraints(), 17, b""),
        (Constraints(lifetime=5400), 25, b"\1\0\0\x15\x18"),
        (Constraints(confirm=True), 25, b"\2"),
        (Constraints(lifetime=2**32 - 1, confirm=True), 25, b"\1\xff\xff\xff\xff\2"),
        (Constraints(sk_provider="internal"), 25, b"\xff" + string(b"sk-provider@openssh.com") + string(b"internal")),
    ],
)
def test_constraints_follow_the_key(constraints: Constraints, kind: int, tail: bytes) -> None:
    with _talking_to(string(SUCCESS)) as (agent, fake):
        agent.add(_private(), b"a comment", constraints=constraints)
    assert fake.requests == [bytes((kind,)) + private_blob.write(_private()) + string(b"a comment") + tail]


def test_no_error_and_no_repr_shows_the_key() -> None:
    seed = _private().seed  # type: ignore[union-attr]
    with _talking_to(string(FAILURE)) as (agent, _), pytest.raises(AgentError) as caught:
        agent.add(_private(), b"")
    for text in (repr(agent), str(caught.value), caught.value.hint, repr(caught.value)):
        assert seed.hex() not in text
        assert repr(seed)[2:-1] not in text


# ── how it is reached ──────────────────────────────────────────────────────────────────────────────────────────────


@posix
@pytest.mark.parametrize("environment", [{}, {"SSH_AUTH_SOCK": ""}])
def test_without_an_agent_the_hint_starts_one(environment: dict[str, str]) -> None:
    with pytest.raises(AgentError, match="SSH_AUTH_SOCK is not set") as caught:
        agents.connect(environment)
    assert caught.value.hint == 'start one: eval "$(ssh-agent)"'


@posix
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent", "no such file"),
        ("file", "connection refused"),
        ("x" * 200, "the name is too long"),
        ("a\0b", "no such file"),
        ("a\ud800b", "not a name that a file can have"),
    ],
)
def test_an_agent_that_is_not_there_is_an_error(name: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AgentError, match=f": {reason}") as caught:
        agents.connect({"SSH_AUTH_SOCK": str(tmp_path / name)})
    assert "ssh-agent" in caught.value.hint


class FakePipe:
    """A file without a buffer, as a named pipe of Windows is one, over a socket."""

    def __init__(self, connection: socket.socket, chunk: int = 3) -> None:
        self.connection, self.chunk, self.closed = connection, chunk, False

    def read(self, size: int) -> bytes:
        return self.connection.recv(min(size, self.chunk))

    def write(self, data: bytes) -> int:
        return self.connection.send(data[: self.chunk])

    def close(self) -> None:
        self.closed = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()


@contextmanager
def _pipe(*replies: bytes, stay: bool = False) -> Iterator[tuple[FakePipe, FakeAgent]]:
    ours, theirs = socket.socketpair()
    fake = FakeAgent(list(replies), stay)
    thread = threading.Thread(target=fake.serve, args=(theirs,))
    thread.start()
    pipe = FakePipe(ours)
    yield pipe, fake
    pipe.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_a_pipe_of_windows_is_spoken_to_as_a_socket_is() -> None:
    with _pipe(string(SUCCESS), string(_list((b"blob", b"comment")))) as (pipe, fake):
        opened: list[str] = []

        def open_it(path: str) -> FakePipe:
            opened.append(path)
            return pipe

        with Agent(agents.open_pipe(agents.WINDOWS_PIPE, open_it)) as agent:
            agent.add(_private(), b"comment")
            assert agent.identities() == (Identity(b"blob", b"comment"),)
        assert opened == [r"\\.\pipe\openssh-ssh-agent"]
        assert pipe.closed
    assert fake.requests[0].startswith(b"\x11" + string(b"ssh-ed25519"))


def test_a_pipe_that_is_silent_or_closes_or_fails_is_an_error() -> None:
    with _pipe(stay=True) as (pipe, _):
        agent = Agent(agents.open_pipe("pipe", lambda path: pipe), timeout=0)
        with pytest.raises(AgentError, match="does not answer"):
            agent.identities()
    with _pipe() as (pipe, _):
        agent = Agent(agents.open_pipe("pipe", lambda path: pipe))
        with pytest.raises(AgentError, match="closed the connection"):
            agent.identities()
        pipe.close()
        with pytest.raises(AgentError, match="the connection to the agent is broken"):
            agent.identities()
        agent.close()


def test_a_busy_pipe_is_tried_again_and_an_absent_one_is_not() -> None:
    attempts = 0

    class BusyError(OSError):
        winerror = 231

    with _pipe(string(_list())) as (pipe, _):

        def open_it(path: str) -> FakePipe:
            nonlocal attempts
            attempts += 1
            if attempts < 3:
                raise BusyError(22, "all pipe instances are busy")
            return pipe

        with Agent(agents.open_pipe("pipe", open_it)) as agent:
            assert agent.identities() == ()
    assert attempts == 3

    def absent(path: str) -> FakePipe:
        raise FileNotFoundError(2, "no such file", path)

    with pytest.raises(AgentError, match="cannot reach the agent at pipe: there is no such pipe") as caught:
        agents.open_pipe("pipe", absent)
    assert caught.value.hint == "start one: Start-Service ssh-agent"


def test_a_file_is_opened_as_windows_pipes_are(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    path.write_bytes(b"")
    transport = agents.open_pipe(str(path))
    transport.send(b"request", 5)
    transport.close()
    transport.close()
    assert path.read_bytes() == b"request"


# ── times ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("600", 600),
        ("90s", 90),
        ("45m", 2700),
        ("1h30m", 5400),
        ("1H30M", 5400),
        ("2d", 172_800),
        ("1w", 604_800),
        ("1w2d3h4m5", 788_645),
        ("1h1h", 7200),
        ("2147483647", 2**31 - 1),
    ],
)
def test_lifetimes_are_those_of_ssh_add(text: str, seconds: int) -> None:
    assert parse_lifetime(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "0", "0h", "-1", "+1", "1.5h", "1 h", " 1", "h", "1y", "1h30mm", "٣", "1_0", "2147483648", "9999999w"]
)
def test_what_is_no_lifetime_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_lifetime(text)


# ── a real ssh-agent ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class RealAgent:
    """A running ssh-agent: where it listens."""

    socket: str

    def ssh_add(self, *arguments: str, check: bool = True) -> str:
        """Run ssh-add against it, and give what it prints."""
        result = subprocess.run(
            [require("ssh-add"), *arguments],
            env={**os.environ, "SSH_AUTH_SOCK": self.socket, "SSH_ASKPASS": "/bin/false"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert not check or result.returncode == 0, result.stderr
        return result.stdout

    def held(self) -> list[str]:
        """Return what `ssh-add -l` prints of each key."""
        return [row for row in self.ssh_add("-l", check=False).splitlines() if "no identities" not in row]


@pytest.fixture(scope="module")
def running_agent() -> Iterator[RealAgent]:
    program = require("ssh-agent")
    folder = tempfile.mkdtemp(prefix="keyconv")  # pytest's own are too long for a socket on macOS
    path = f"{folder}/agent"
    process = subprocess.Popen(
        [program, "-D", "-a", path],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "SSH_ASKPASS": "/bin/false", "SSH_ASKPASS_REQUIRE": "force"},
    )
    try:
        wait_until(lambda: os.path.exists(path))  # noqa: PTH110 - a socket
        yield RealAgent(path)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        shutil.rmtree(folder)


@pytest.fixture
def agent(running_agent: RealAgent, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealAgent]:
    monkeypatch.setenv("SSH_AUTH_SOCK", running_agent.socket)
    monkeypatch.delenv("SSH_SK_PROVIDER", raising=False)
    yield running_agent
    running_agent.ssh_add("-D")


@pytest.fixture
def passphrase(tmp_path: Path) -> str:
    path = tmp_path / "passphrase"
    path.write_bytes(PASSPHRASE + b"\n")
    return str(path)


def _keyconv(*arguments: str, stdin: bytes = b"") -> Result:
    return run(agent_app, *arguments, stdin=stdin)


def _copy(path: str, folder: Path, name: str = "") -> str:
    target = folder / (name or Path(path).name)
    shutil.copyfile(by_path(path).file, target)
    target.chmod(0o600)
    return str(target)


def _summary(path: str, title: str) -> str:
    fixture = by_path(path)
    comment = (fixture.comment or b"").decode()
    return f"{fixture.bits} {fixture.sha256_fingerprint} {comment} ({title})"


FILES = [f"ppk/{key}-v3-plain.ppk" for key in PUTTY_TYPES if key in TYPES]
FILES += [f"ppk/{key}-v2-encrypted.ppk" for key in PUTTY_TYPES if key in TYPES]
FILES += [f"openssh/{key}-encrypted" for key in TYPES]
FILES += ["ppk/ed25519-v3-argon2id-encrypted.ppk", "ppk1/rsa2048-v1-private-mac-encrypted.ppk"]


def _type_of(path: str) -> str:
    name = Path(path).name
    return next(key for key in TYPES if name.startswith(key))


@posix
@pytest.mark.parametrize("path", FILES)
def test_every_type_of_key_goes_in_and_comes_out(path: str, agent: RealAgent, passphrase: str, tmp_path: Path) -> None:
    key = _type_of(path)
    added = _keyconv("add", str(by_path(path).file), "--passphrase-file", passphrase)
    assert added.code == 0, added.err
    assert "added" in added.err
    assert added.out == ""
    assert agent.held() == [_summary(path, TYPES[key])]
    assert _keyconv("list").out.splitlines() == agent.held()
    assert _keyconv("list", "--public").out == agent.ssh_add("-L")
    if not key.startswith("sk-"):
        agent.ssh_add("-T", _copy(f"openssh-pub/{key}.pub", tmp_path))  # signs, and verifies it
    removed = _keyconv("remove", str(by_path(path).file))
    assert removed.code == 0, removed.err
    assert agent.held() == []


SUBJECTS = {
    "rsa2048": "user-rsa2048-expired",
    "dsa1024": "user-dsa1024",
    "ecdsa-p256": "host-ecdsa-p256",
    "ecdsa-p521": "user-ecdsa-p521",
    "ed25519": "user-ed25519",
    "sk-ecdsa": "user-sk-ecdsa",
    "sk-ed25519": "user-sk-ed25519",
}
"""A key to its certificate among the fixtures."""

CERTIFIED = [*SUBJECTS]


@posix
@pytest.mark.parametrize("key", CERTIFIED)
def test_what_is_sent_is_what_ssh_add_sends(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _copy(f"openssh/{key}-plain", tmp_path, "id")
    _copy(f"certificates/{SUBJECTS[key]}-cert.pub", tmp_path, "id-cert.pub")
    monkeypatch.delenv("SSH_SK_PROVIDER", raising=False)

    def with_ssh_add(socket_path: str) -> None:
        RealAgent(socket_path).ssh_add("-t", "1h30m", "-c", path)

    def with_keyconv(socket_path: str) -> None:
        monkeypatch.setenv("SSH_AUTH_SOCK", socket_path)
        assert _keyconv("add", "--lifetime", "1h30m", "--confirm", path).code == 0

    theirs, ours = _requests(with_ssh_add), _requests(with_keyconv)
    assert len(ours) == 2
    assert [each for each in theirs if each[0] in (17, 25)] == ours


def _requests(work: Callable[[str], None]) -> list[bytes]:
    """Do `work` against an agent that says yes to everything; give what it was asked."""
    return _serve([string(SUCCESS)] * 10, work)


def _serve(replies: list[bytes], work: Callable[[str], None]) -> list[bytes]:
    """Do `work` while a fake agent listens where it is reported to look; give what it was asked."""
    fake = FakeAgent(replies)
    with tempfile.TemporaryDirectory(prefix="keyconv") as folder, socket.socket(socket.AF_UNIX) as listener:
        path = f"{folder}/agent"
        listener.bind(path)
        listener.listen()
        thread = threading.Thread(target=lambda: fake.serve(listener.accept()[0]), daemon=True)
        thread.start()
        work(path)
        thread.join(PATIENCE)
    return fake.requests


@posix
@pytest.mark.parametrize("key", CERTIFIED)
def test_a_certificate_beside_the_key_goes_in_too(key: str, agent: RealAgent, tmp_path: Path) -> None:
    path = _copy(f"openssh/{key}-plain", tmp_path, "id")
    _copy(f"certificates/{SUBJECTS[key]}-cert.pub", tmp_path, "id-cert.pub")
    added = _keyconv("add", path)
    assert added.code == 0, added.err
    assert agent.held() == [_summary(f"openssh/{key}-plain", TYPES[key] + each) for each in ("", "-CERT")]
    assert _keyconv("list").out.splitlines() == agent.held()
    assert _keyconv("list", "--public").out == agent.ssh_add("-L")
    assert _keyconv("remove", str(tmp_path / "id-cert.pub")).code == 0
    assert agent.held() == [_summary(f"openssh/{key}-plain", TYPES[key])]
    assert _keyconv("add", "-q", path).code == 0
    assert _keyconv("remove", path).code == 0
    assert agent.held() == []


@posix
def test_a_certificate_inside_a_ppk_goes_in_too(agent: RealAgent, passphrase: str) -> None:
    path = str(by_path("certificates/host-rsa2048-rsa-ca-v3-encrypted.ppk").file)
    added = _keyconv("add", path, "--passphrase-file", passphrase)
    assert added.code == 0, added.err
    assert "added its certificate 'keyconv host-rsa2048-rsa-ca' (ssh-rsa-cert-v01@openssh.com)" in added.err
    assert [row.split()[-1] for row in agent.held()] == ["(RSA)", "(RSA-CERT)"]
    assert _keyconv("list", "--public").out == agent.ssh_add("-L")
    assert _keyconv("remove", path).code == 0
    assert agent.held() == []


@posix
@pytest.mark.parametrize(
    ("content", "note"),
    [
        (by_path("certificates/user-rsa2048-expired-cert.pub").data, "the certificate is for another key"),
        (by_path("openssh-pub/ed25519.pub").data, "it holds no certificate, or several"),
        (b"", "the file is empty"),
        (b"ssh-ed25519-cert-v01@openssh.com AAAA\n", "skipped: "),
    ],
)
def test_a_file_beside_the_key_that_is_not_its_certificate_is_passed_over(
    content: bytes, note: str, agent: RealAgent, tmp_path: Path
) -> None:
    path = _copy("ppk/ed25519-v3-plain.ppk", tmp_path, "id.ppk")
    (tmp_path / "id-cert.pub").write_bytes(content)
    added = _keyconv("add", path)
    assert added.code == 0
    assert note in added.err
    assert len(agent.held()) == 1


@posix
def test_a_lifetime_ends(agent: RealAgent) -> None:
    path = str(by_path("openssh/ed25519-plain").file)
    assert "for 1 seconds" in _keyconv("add", path, "-t", "1s").err
    wait_until(lambda: agent.held() == [])
    assert "for " in _keyconv("add", path, "-t", "52w").err
    assert len(agent.held()) == 1


@posix
def test_a_key_that_is_to_be_confirmed_signs_only_when_confirmed(agent: RealAgent, tmp_path: Path) -> None:
    path, public = str(by_path("openssh/ed25519-plain").file), _copy("openssh-pub/ed25519.pub", tmp_path)
    test = [require("ssh-add"), "-T", public]
    environment = {**os.environ, "SSH_AUTH_SOCK": agent.socket}
    assert "to be confirmed at each use" in _keyconv("add", path, "--confirm").err
    assert subprocess.run(test, env=environment, capture_output=True, timeout=PATIENCE, check=False).returncode != 0
    assert _keyconv("add", path).code == 0
    assert subprocess.run(test, env=environment, capture_output=True, timeout=PATIENCE, check=False).returncode == 0


@posix
def test_what_the_agent_does_not_take_is_told(agent: RealAgent) -> None:
    refused = _keyconv("add", str(by_path("openssh/ed448-puttygen-plain").file))
    assert refused.code == 5
    assert "the agent refused the ssh-ed448 key\n  hint: it may not know this type of key" in refused.err
    assert agent.held() == []


@posix
def test_an_agent_that_knows_no_such_provider_says_so(agent: RealAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_SK_PROVIDER", "/nonexistent/provider.so")
    refused = _keyconv("add", str(by_path("openssh/sk-ed25519-plain").file))
    assert refused.code == 5
    assert "the agent refused the sk-ssh-ed25519@openssh.com key" in refused.err


@posix
def test_a_locked_agent_refuses(agent: RealAgent) -> None:
    def lock(kind: int) -> None:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(agent.socket)
            connection.sendall(string(bytes((kind,)) + string(b"secret")))
            assert connection.recv(5, socket.MSG_WAITALL) == string(SUCCESS)

    lock(22)
    try:
        refused = _keyconv("add", str(by_path("openssh/ed25519-plain").file))
    finally:
        lock(23)
    assert refused.code == 5
    assert "or be locked (ssh-add -X)" in refused.err


@posix
def test_all_are_removed(agent: RealAgent) -> None:
    files = [str(by_path(f"openssh/{key}-plain").file) for key in ("ed25519", "rsa2048")]
    assert _keyconv("add", *files).code == 0
    assert len(agent.held()) == 2
    assert _keyconv("remove", "--all").code == 0
    assert agent.held() == []


@posix
@pytest.mark.parametrize(
    "path", ["openssh-pub/ed25519.pub", "ppk/ed25519-v2-encrypted.ppk", "openssh/ed25519-encrypted"]
)
def test_removing_needs_no_passphrase(path: str, agent: RealAgent) -> None:
    assert _keyconv("add", str(by_path("openssh/ed25519-plain").file)).code == 0
    assert _keyconv("remove", str(by_path(path).file), "--no-input").code == 0
    assert agent.held() == []


@posix
def test_a_key_that_it_does_not_hold_is_not_removed(agent: RealAgent) -> None:
    result = _keyconv("remove", str(by_path("openssh-pub/ed25519.pub").file))
    assert result.code == 5
    assert "the agent did not remove the key\n  hint: 'keyconv agent list' shows what it holds" in result.err


@posix
def test_one_failure_does_not_stop_the_others(agent: RealAgent, tmp_path: Path) -> None:
    good = str(by_path("openssh/ed25519-plain").file)
    result = _keyconv("add", str(tmp_path / "absent"), good, str(by_path("openssh-pub/rsa2048.pub").file))
    assert result.code == 3
    assert "absent: no such file" in result.err
    assert "rsa2048.pub: the file holds no private half" in result.err
    assert len(agent.held()) == 1


@posix
@pytest.mark.parametrize("path", ["openssh/ed25519-encrypted", "ppk/ed25519-v3-argon2id-encrypted.ppk"])
def test_a_wrong_passphrase_adds_nothing(path: str, agent: RealAgent, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("wrong\n")
    assert _keyconv("add", str(by_path(path).file), "--passphrase-file", str(tmp_path / "wrong")).code == 4
    assert agent.held() == []


@posix
def test_a_key_that_is_not_proved_is_not_handed_over(agent: RealAgent, tmp_path: Path) -> None:
    data = by_path("openssh/ed25519-plain").data
    body = b"".join(data.split(b"\n")[1:-2])
    blob = bytearray(base64.b64decode(body))
    seed = _private().seed  # type: ignore[union-attr]
    at = bytes(blob).index(seed)
    blob[at] ^= 1
    path = tmp_path / "mixed"
    path.write_bytes(
        b"-----BEGIN OPENSSH PRIVATE KEY-----\n"
        + b"".join(base64.b64encode(blob)[i : i + 70] + b"\n" for i in range(0, len(base64.b64encode(blob)), 70))
        + b"-----END OPENSSH PRIVATE KEY-----\n"
    )
    assert _keyconv("add", str(path)).code == 3
    assert agent.held() == []


@posix
def test_a_key_from_standard_input_and_one_of_several(agent: RealAgent, tmp_path: Path) -> None:
    assert _keyconv("add", "-", stdin=by_path("openssh/ed25519-plain").data).code == 0
    assert agent.held() == [_summary("openssh/ed25519-plain", "ED25519")]
    two = str(by_path("openssh/two-keys-plain").file)
    assert _keyconv("add", two).code == 2
    assert _keyconv("add", two, "--key", "2").code == 0
    assert len(agent.held()) == 2


@posix
def test_no_comment_is_the_name_of_the_file_and_a_hostile_one_is_cleaned(agent: RealAgent, tmp_path: Path) -> None:
    entry = sample("openssh/ed25519-plain")
    nameless, hostile = tmp_path / "nameless", tmp_path / "hostile.ppk"
    nameless.write_bytes(write(replace(entry, comment=b""), "openssh"))
    hostile.write_bytes(write(replace(sample("openssh/rsa2048-plain"), comment=b"a\x1b[31mb"), "ppk"))
    assert _keyconv("add", str(nameless), str(hostile)).code == 0
    comments = [row.split(" ", 2)[2] for row in agent.held()]
    assert comments == [f"{nameless} (ED25519)", "a [31mb (RSA)"]


# ── printing what an agent says ────────────────────────────────────────────────────────────────────────────────────


@posix
def test_a_list_is_harmless_whatever_the_agent_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    blob = public_blob.write(_public())
    certificate = made.make(key_id=b"\x1b[2J\nssh-rsa AAAA", principals=(b"a\nb",))
    unknown = string(b"ssh-new@example.com") + string(b"fields")
    listed = [
        (blob, b"plain\nssh-ed25519 AAAA injected\x1b[31m\xe2\x80\xae"),
        (certificate, "schlüssel".encode()),
        (unknown, b""),
        (b"\0\0\0\7ssh", b"broken"),
        (blob, b"\xff"),
    ]

    def answer(*arguments: str) -> Result:
        results: list[Result] = []

        def work(path: str) -> None:
            monkeypatch.setenv("SSH_AUTH_SOCK", path)
            results.append(_keyconv(*arguments))

        _serve([string(_list(*listed))], work)
        return results[0]

    text, public, document = answer("list"), answer("list", "--public"), answer("list", "--json")
    assert text.code == public.code == document.code == 0
    for each in (text, public, document):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", each.out)
    rows = text.out.splitlines()
    assert len(rows) == len(public.out.splitlines()) == 5
    assert rows[0].endswith(r"plain\x0assh-ed25519 AAAA injected\x1b[31m\u202e (ED25519)")
    assert rows[1].endswith("schlüssel (ED25519-CERT)")
    assert re.fullmatch(r"\? SHA256:\S+ no comment \(ssh-new@example\.com\)", rows[2])
    assert re.fullmatch(r"\? SHA256:\S+ broken \(unreadable\)", rows[3])
    assert public.out.splitlines()[3] == "unreadable broken"
    objects = json.loads(document.out)
    assert [each["type"] for each in objects] == [
        "ssh-ed25519",
        "ssh-ed25519-cert-v01@openssh.com",
        "ssh-new@example.com",
        None,
        "ssh-ed25519",
    ]
    assert objects[0]["fingerprints"] == objects[1]["fingerprints"]
    assert objects[0]["certificate"] is None
    assert objects[1]["certificate"]["principals"] == ["a\nb"]
    assert objects[0]["bits"] == 256


@posix
def test_an_empty_agent_is_no_error(agent: RealAgent) -> None:
    listed = _keyconv("list")
    assert (listed.code, listed.out) == (0, "")
    assert "the agent holds no keys" in listed.err
    assert _keyconv("list", "--json").out == "[]\n"


# ── the command line ───────────────────────────────────────────────────────────────────────────────────────────────


@posix
@pytest.mark.parametrize("command", [["add", "x"], ["list"], ["remove", "x"], ["remove", "--all"]])
def test_without_an_agent_nothing_is_asked(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    command = [str(by_path("openssh/ed25519-encrypted").file) if each == "x" else each for each in command]
    result = _keyconv(*command)
    assert result.code == 5
    assert (
        result.err == 'keyconv: SSH_AUTH_SOCK is not set: no agent is known\n  hint: start one: eval "$(ssh-agent)"\n'
    )


@pytest.mark.parametrize(
    "command",
    [
        ["add"],
        ["add", "x", "--lifetime", "soon"],
        ["add", "x", "--passphrase-file", "a", "--passphrase-env", "B"],
        ["list", "--public", "--json"],
        ["remove"],
        ["remove", "x", "--all"],
        [],
    ],
)
def test_wrong_calls_are_usage_errors(command: list[str]) -> None:
    assert _keyconv(*command).code == 2


@posix
def test_errors_of_json_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    assert json.loads(_keyconv("list", "--json").err)["error"]["code"] == "agent"


def test_a_certificate_is_followed_by_its_private_numbers() -> None:
    certificate = made.read(made.make())
    assert isinstance(certificate, Certificate)
    with _talking_to(string(SUCCESS)) as (agent, fake):
        agent.add(_private(), b"c", certificate=certificate)
    assert fake.requests[0].startswith(b"\x11" + string(certificate.algorithm.encode()) + string(certificate.blob))
