"""A client of the ssh-agent protocol: hands keys to a running agent, lists what it holds, takes keys back.

Source: draft-ietf-sshm-ssh-agent; OpenSSH's PROTOCOL.agent for the extensions that end in `@openssh.com`.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, Self

from keyconv.codec import private_blob
from keyconv.errors import MalformedError, OutputError
from keyconv.files import system
from keyconv.keys import Certificate, PrivateKey
from keyconv.limits import KIB, size
from keyconv.wire import encode
from keyconv.wire.reader import WireReader

if TYPE_CHECKING:
    import socket

__all__ = [
    "MAX_IDENTITIES",
    "MAX_REPLY",
    "UNCONSTRAINED",
    "Agent",
    "AgentError",
    "Constraints",
    "Identity",
    "PipeTransport",
    "Transport",
    "connect",
]

MAX_REPLY: Final = 256 * KIB
"""Bytes of an agent's reply (OpenSSH's authfd.c, MAX_AGENT_REPLY_LEN)."""

MAX_IDENTITIES: Final = 2_048
"""Keys in an agent's list (OpenSSH's authfd.c, MAX_AGENT_IDENTITIES)."""

CONNECT_TIMEOUT: Final = 5.0
"""Seconds until an agent has taken the connection."""

REPLY_TIMEOUT: Final = 120.0
"""Seconds until an agent has answered: some ask a person first."""

WINDOWS_PIPE: Final = r"\\.\pipe\openssh-ssh-agent"
"""Where OpenSSH's agent listens on Windows."""

_FAILURES = frozenset({5, 28, 30, 102})  # and what older agents and the extension request answer
_SUCCESS = 6
_REQUEST_IDENTITIES = 11
_IDENTITIES_ANSWER = 12
_ADD_IDENTITY = 17
_REMOVE_IDENTITY = 18
_REMOVE_ALL_IDENTITIES = 19
_ADD_ID_CONSTRAINED = 25

_CONSTRAIN_LIFETIME = 1
_CONSTRAIN_CONFIRM = 2
_CONSTRAIN_EXTENSION = 255
_SK_PROVIDER = "sk-provider@openssh.com"

_PIPE_BUSY = 231  # a Windows error code
_START_HINT = 'start one: eval "$(ssh-agent)"'
_WINDOWS_START_HINT = "start one: Start-Service ssh-agent"


class AgentError(OutputError):
    """No agent can be reached, or it refuses, or what it says is not the protocol."""

    code = "agent"


# ── what is said to it and what it says ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Identity:
    """A key that an agent holds: the blob of its public half or of its certificate, and the comment."""

    blob: bytes
    comment: bytes


@dataclass(frozen=True, slots=True)
class Constraints:
    """How an agent may use a key: for how many seconds, only after asking, and by which library for FIDO keys."""

    lifetime: int | None = None
    confirm: bool = False
    sk_provider: str = ""

    def encoded(self) -> bytes:
        """Return them as they follow a key; nothing where there are none."""
        parts = []
        if self.lifetime is not None:
            parts.append(bytes((_CONSTRAIN_LIFETIME,)) + encode.uint32(self.lifetime))
        if self.confirm:
            parts.append(bytes((_CONSTRAIN_CONFIRM,)))
        if self.sk_provider:
            provider = encode.string(os.fsencode(self.sk_provider))
            parts.append(bytes((_CONSTRAIN_EXTENSION,)) + encode.name(_SK_PROVIDER) + provider)
        return b"".join(parts)


UNCONSTRAINED: Final = Constraints()


class Agent:
    """A connection to an agent; a context manager that closes it."""

    def __init__(self, transport: Transport, *, timeout: float = REPLY_TIMEOUT) -> None:
        self._transport = transport
        self._timeout = timeout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def identities(self) -> tuple[Identity, ...]:
        """Ask for the keys that the agent holds.

        Raises: AgentError.
        Source: draft-ietf-sshm-ssh-agent, 'Requesting a list of keys'.
        """
        answer, reader = self._ask(bytes((_REQUEST_IDENTITIES,)))
        if answer in _FAILURES:
            raise AgentError("the agent does not tell what it holds")
        if answer != _IDENTITIES_ANSWER:
            raise _strange(answer)
        try:
            count = reader.uint32("number of keys")
            if count > MAX_IDENTITIES:
                raise AgentError(f"the agent says that it holds {count} keys; the limit is {MAX_IDENTITIES}")
            found = tuple(Identity(reader.string("key"), reader.string("comment")) for _ in range(count))
            reader.finish("the last key")
        except MalformedError as error:
            raise AgentError(f"the agent's list of keys is malformed: {error}") from None
        return found

    def add(
        self,
        private: PrivateKey,
        comment: bytes,
        *,
        certificate: Certificate | None = None,
        constraints: Constraints = UNCONSTRAINED,
    ) -> None:
        """Hand over a private key, or a certificate with its private key.

        Raises: AgentError when the agent refuses.
        Source: draft-ietf-sshm-ssh-agent, 'Adding keys to the agent'.
        """
        limits = constraints.encoded()
        kind = _ADD_ID_CONSTRAINED if limits else _ADD_IDENTITY
        message = bytes((kind,)) + private_blob.write(private, certificate) + encode.string(comment) + limits
        name = certificate.algorithm if certificate else private.public.algorithm
        self._do(message, f"the agent refused the {name} key", _refused_hint(constraints))

    def remove(self, blob: bytes) -> None:
        """Have the agent forget the key of this public blob or certificate.

        Raises: AgentError when the agent refuses, as it does for a key that it does not hold.
        """
        message = bytes((_REMOVE_IDENTITY,)) + encode.string(blob)
        self._do(message, "the agent did not remove the key", "'keyconv agent list' shows what it holds")

    def remove_all(self) -> None:
        """Have the agent forget all keys.

        Raises: AgentError when the agent refuses.
        """
        self._do(bytes((_REMOVE_ALL_IDENTITIES,)), "the agent did not remove its keys", "")

    def _do(self, message: bytes, refusal: str, hint: str) -> None:
        answer, _ = self._ask(message)
        if answer in _FAILURES:
            raise AgentError(refusal, hint=hint)
        if answer != _SUCCESS:
            raise _strange(answer)

    def _ask(self, message: bytes) -> tuple[int, WireReader]:
        """Send a message and receive one. Returns: the type of the answer and a reader of its fields."""
        end = time.monotonic() + self._timeout
        try:
            self._transport.send(encode.string(message), self._timeout)
            length = int.from_bytes(self._receive(4, end), "big")
            if not 1 <= length <= MAX_REPLY:
                raise AgentError(
                    f"the agent's reply would have {length} bytes; it may have 1 byte to {size(MAX_REPLY)}"
                )
            reply = self._receive(length, end)
        except TimeoutError:
            raise AgentError("the agent does not answer") from None
        except OSError as error:
            reason = system.reason_of(error, absent="it has gone")
            raise AgentError(f"the connection to the agent is broken: {reason}") from None
        return reply[0], WireReader(reply[1:])

    def _receive(self, count: int, end: float) -> bytes:
        data = b""
        while len(data) < count:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            chunk = self._transport.receive(count - len(data), left)
            if not chunk:
                raise AgentError("the agent closed the connection before its reply was whole")
            data += chunk
        return data


def _strange(answer: int) -> AgentError:
    return AgentError(f"the agent gave a reply of type {answer}, which is none to this request")


def _refused_hint(constraints: Constraints) -> str:
    if constraints.encoded() and not constraints.sk_provider:
        return "some agents, Windows's among them, take no --lifetime and no --confirm; or it is locked (ssh-add -X)"
    return "it may not know this type of key, or be locked (ssh-add -X)"


# ── how it is reached ──────────────────────────────────────────────────────────────────────────────────────────────


class Transport(Protocol):
    """The bytes between us and an agent; every wait has a limit in seconds."""

    def send(self, data: bytes, timeout: float) -> None:
        """Send all of it. Raises: TimeoutError; OSError."""

    def receive(self, count: int, timeout: float) -> bytes:
        """Receive 1 to `count` bytes, or none where the other end has closed. Raises: TimeoutError; OSError."""
        ...

    def close(self) -> None:
        """Close it."""


def connect(environment: Mapping[str, str] | None = None, *, timeout: float = REPLY_TIMEOUT) -> Agent:
    """Connect to the agent that `SSH_AUTH_SOCK` names; on Windows, without one, to OpenSSH's own.

    Raises: AgentError, with a hint how to start one.
    """
    name = (os.environ if environment is None else environment).get("SSH_AUTH_SOCK", "")
    if sys.platform == "win32":
        # Under MSYS and Cygwin the variable names a file that only their own programs can connect to.
        transport: Transport = open_pipe(name if name.startswith("\\\\") else WINDOWS_PIPE)
    else:
        if not name:
            raise AgentError("SSH_AUTH_SOCK is not set: no agent is known", hint=_START_HINT)
        transport = SocketTransport(_connect_socket(name))
    return Agent(transport, timeout=timeout)


def _connect_socket(path: str) -> socket.socket:
    if sys.platform != "win32":
        import socket

        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(CONNECT_TIMEOUT)
        try:
            connection.connect(path)
        except (OSError, ValueError) as error:  # ValueError: no name that a file can have
            connection.close()
            reason = system.BAD_NAME
            if isinstance(error, TimeoutError):
                reason = "it does not answer"
            elif isinstance(error, OSError):
                reason = system.reason_of(error, absent="no such file") if error.errno else "the name is too long"
            raise AgentError(f"cannot reach the agent at {path}: {reason}", hint=_START_HINT) from None
        return connection
    raise NotImplementedError


class SocketTransport:
    """A socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def send(self, data: bytes, timeout: float) -> None:
        """Send all of it."""
        self._socket.settimeout(timeout)
        self._socket.sendall(data)

    def receive(self, count: int, timeout: float) -> bytes:
        """Receive what is there."""
        self._socket.settimeout(timeout)
        return self._socket.recv(count)

    def close(self) -> None:
        """Close it."""
        self._socket.close()


class PipeFile(Protocol):
    """What a named pipe of Windows is once it is open: a file without a buffer."""

    def read(self, size: int, /) -> bytes | None:
        """Read what is there, at most `size` bytes."""

    def write(self, data: bytes, /) -> int | None:
        """Write, and tell how much."""

    def close(self) -> None:
        """Close it."""


def open_pipe(path: str, opener: Callable[[str], PipeFile] | None = None) -> PipeTransport:
    """Open a named pipe of Windows as a file; while all its ends are taken, wait a little.

    Raises: AgentError.
    """
    end = time.monotonic() + CONNECT_TIMEOUT
    while True:
        try:
            return PipeTransport((opener or _open_file)(path))
        except OSError as error:
            if getattr(error, "winerror", None) == _PIPE_BUSY and time.monotonic() < end:
                time.sleep(0.05)
                continue
            reason = system.reason_of(error, absent="there is no such pipe")
            raise AgentError(f"cannot reach the agent at {path}: {reason}", hint=_WINDOWS_START_HINT) from None


def _open_file(path: str) -> PipeFile:
    return open(path, "r+b", buffering=0)  # noqa: PTH123 - a pipe has no path


class PipeTransport:
    """A file that blocks: each call runs in a thread, so that a wait can end."""

    def __init__(self, file: PipeFile) -> None:
        self._file = file

    def send(self, data: bytes, timeout: float) -> None:
        """Send all of it."""

        def work() -> bytes:
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(bytes(rest)) or 0 :]
            return b""

        _within(timeout, work)

    def receive(self, count: int, timeout: float) -> bytes:
        """Receive what is there."""
        return _within(timeout, lambda: self._file.read(count) or b"")

    def close(self) -> None:
        """Close it; the other end may have gone."""
        with suppress(OSError):
            self._file.close()


def _within(timeout: float, work: Callable[[], bytes]) -> bytes:
    results: list[bytes] = []
    errors: list[Exception] = []

    def target() -> None:
        try:
            results.append(work())
        except Exception as error:  # handed to the thread that waits
            errors.append(error)

    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    thread.join(timeout)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError
    return results[0]
