"""A client that offers any blob, signed in this process: what `ssh` refuses to load or has no file for."""

from __future__ import annotations

import contextlib
import socket

import paramiko
from made_certificates import Ca

from truth import material

__all__ = ["offer"]


class _Key(paramiko.PKey):  # type: ignore[misc]
    def __init__(self, signing: Ca, offered: bytes) -> None:
        self._signing = signing
        self._offered = offered
        length = int.from_bytes(offered[:4], "big")
        self._name = offered[4 : 4 + length].decode()
        self.public_blob = None

    def get_name(self) -> str:
        return self._name

    @property
    def algorithm_name(self) -> str:
        return self._name

    def asbytes(self) -> bytes:
        return self._offered

    def can_sign(self) -> bool:
        return True

    def sign_ssh_data(self, data: bytes, algorithm: str | None = None) -> paramiko.Message:
        return paramiko.Message(self._signing.signature(data))


def offer(port: int, signing: Ca, offered: bytes | None) -> None:
    """Connect and try to log in; whether it went well is in the server's log."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        transport = paramiko.Transport(connection)
        try:
            transport.start_client(timeout=60)
            with contextlib.suppress(paramiko.SSHException):
                transport.auth_publickey(material.me(), _Key(signing, offered or signing.blob))
        finally:
            transport.close()
