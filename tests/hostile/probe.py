"""What a library makes of the files that it is given: `python probe.py LIBRARY`, a JSON list on standard input.

Each item is [name, format, path, passphrase, computes]; each answer, a JSON line: [name, outcome, detail]. Every file
is read in a child of its own, with ten seconds and one gibibyte; what only computes has ten seconds of CPU time.

This runs under another interpreter than keyconv's, and imports nothing but the library.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import re
import resource
import select
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

SECONDS = 10
PATIENCE = 120
MEMORY = 1 << 30

PRIVATE = ("openssh", "pem", "pkcs8")


def read_with_cryptography(kind: str, data: bytes, path: str, passphrase: bytes) -> bytes:
    """Load a key or a certificate and write its public half, or the private one."""
    s: Any = importlib.import_module("cryptography.hazmat.primitives.serialization")
    public: Any
    if kind in PRIVATE:
        load = s.load_ssh_private_key if kind == "openssh" else s.load_pem_private_key
        try:
            key = load(data, passphrase)
        except TypeError:  # documented: a passphrase was given for a key that is not encrypted
            key = load(data, None)
        key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
        public = key.public_key()
    elif kind == "certificate":
        found = s.load_ssh_public_identity(data)
        if isinstance(found, s.SSHCertificate):
            found.verify_cert_signature()
            found = found.public_key()
        public = found
    else:
        public = s.load_ssh_public_key(data) if kind == "openssh-pub" else s.load_pem_public_key(data)
    return bytes(public.public_bytes(s.Encoding.OpenSSH, s.PublicFormat.OpenSSH))


def read_with_asyncssh(kind: str, data: bytes, path: str, passphrase: bytes) -> bytes:
    """Import a key, a certificate or lines, and write the public half."""
    asyncssh: Any = importlib.import_module("asyncssh")
    if kind in PRIVATE:
        return bytes(asyncssh.import_private_key(data, passphrase.decode()).export_public_key("openssh"))
    if kind == "certificate":
        return bytes(asyncssh.import_certificate(data).export_certificate("openssh"))
    if kind == "openssh-pub" and not re.match(rb"[a-z0-9@.-]+ AAAA[^\n]*\n?\Z", data):
        asyncssh.import_authorized_keys(data.decode())
        return b""
    return bytes(asyncssh.import_public_key(data).export_public_key("openssh"))


def read_with_paramiko(kind: str, data: bytes, path: str, passphrase: bytes) -> bytes:
    """Load a key, and give its public half."""
    paramiko: Any = importlib.import_module("paramiko")
    if kind in PRIVATE:
        try:
            key = paramiko.PKey.from_path(path, passphrase)
        except TypeError:  # of the library below: a passphrase was given for a key that is not encrypted
            key = paramiko.PKey.from_path(path)
    else:
        name, blob = data.split()[:2]
        key = paramiko.PKey.from_type_string(name.decode(), base64.b64decode(blob))
    return bytes(key.asbytes())


READERS = {
    "cryptography": (read_with_cryptography, (*PRIVATE, "openssh-pub", "certificate", "spki", "pkcs1-pub")),
    "asyncssh": (read_with_asyncssh, (*PRIVATE, "openssh-pub", "certificate", "rfc4716", "spki", "pkcs1-pub")),
    "paramiko": (read_with_paramiko, (*PRIVATE, "openssh-pub")),
}


def documented(library: str) -> tuple[type[Exception], ...]:
    """Return the exceptions that a library's documentation names for reading keys."""
    if library == "cryptography":
        exceptions: Any = importlib.import_module("cryptography.exceptions")
        return ValueError, TypeError, exceptions.UnsupportedAlgorithm, exceptions.InvalidSignature
    if library == "asyncssh":
        asyncssh: Any = importlib.import_module("asyncssh")
        return asyncssh.KeyImportError, asyncssh.KeyEncryptionError, asyncssh.KeyExportError
    paramiko: Any = importlib.import_module("paramiko")
    return paramiko.SSHException, paramiko.pkey.UnknownKeyType


def judge(library: str, kind: str, path: str, passphrase: str) -> tuple[str, str]:
    """Read one file and say what came of it."""
    data = Path(path).read_bytes()
    try:
        public = READERS[library][0](kind, data, path, passphrase.encode())
    except documented(library) as error:
        blames = re.search(r"pass(?:phrase|word)|decrypt", str(error), re.I)
        return "passphrase" if blames else "refused", type(error).__name__
    except MemoryError:
        return "memory", ""
    except ValueError as error:
        if library == "asyncssh" and kind == "openssh-pub":  # documented for lines of authorized_keys
            return "refused", type(error).__name__
        return "exception", type(error).__name__
    except BaseException as error:
        return "exception", type(error).__name__
    lines = [line for line in (public or b"").split(b"\n") if line.strip()]
    return "accepted", "several lines" if len(lines) > 1 and b"PRIVATE" not in public else ""


def in_child(library: str, kind: str, path: str, passphrase: str, seconds: int) -> tuple[str, str]:
    """Read one file in a child with limits."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        try:
            answer = judge(library, kind, path, passphrase)
        except BaseException as error:
            answer = ("exception", type(error).__name__)
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    ready = select.select([reading], [], [], seconds)[0]
    text = os.read(reading, 65536) if ready else b""
    os.close(reading)
    if not ready:
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if not ready:
        return "hang", ""
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
        return "hang", ""
    if os.WIFSIGNALED(status):
        return "crash", signal.Signals(os.WTERMSIG(status)).name
    outcome, detail = json.loads(text) if text else ("crash", "")
    return outcome, detail


def main() -> None:
    """Answer every item."""
    warnings.simplefilter("ignore")
    library = sys.argv[1]
    documented(library)  # loads it once, before the children
    for name, kind, path, passphrase, *computes in json.load(sys.stdin):
        if kind in READERS[library][1]:
            outcome, detail = in_child(library, kind, path, passphrase, PATIENCE if any(computes) else SECONDS)
            sys.stdout.write(json.dumps([name, outcome, detail]) + "\n")


if __name__ == "__main__":
    main()
