"""A process that holds one library and does with it what it is asked to: worker.py LIBRARY [PATH ...].

A request is a line of JSON on standard input, the answer a line of JSON on standard output. So every library has a
process of its own, started once, and they can still take turns.

A library may remember what it has seen, keyconv which keys it has proved. So keys are converted in forked children that
have seen none of them, and end with what they remember.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

Convert = Callable[[bytes, str], bytes]
"""From a file's content and a format's name, as keyconv calls it, to the other file's content."""


class ChildError(Exception):
    """What was raised in a child, as text."""


def main(library: str) -> None:
    """Answer requests until there are no more."""
    doing: dict[str, Callable[..., object]] = {
        "convert": _convert,
        "time": _time,
        "part": _part,
        "kdf": _kdf,
        "write": _write,
    }
    convert = LIBRARIES[library]()
    for line in sys.stdin:
        request = json.loads(line)
        answer = _answer(partial(doing[request.pop("do")], convert, **request))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _answer(work: Callable[[], object]) -> dict[str, Any]:
    try:
        return {"value": work()}
    except ChildError as error:
        return {"error": str(error)}
    except Exception as error:  # whatever a library raises is its answer
        return {"error": f"{type(error).__name__}: {error}".strip()}


def _in_child(work: Callable[[], object]) -> Any:
    """Do something in a forked child, and give what it gives.

    Raises: ChildError, with what was raised there.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(json.dumps(_answer(work)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    answer = json.loads(said or b'{"error": "the process ended"}')
    if "error" in answer:
        raise ChildError(answer["error"])
    return answer["value"]


# ── what can be asked ──────────────────────────────────────────────────────────────────────────────────────────────


def _convert(convert: Convert, paths: Sequence[str], target: str, outputs: Sequence[str]) -> None:
    """Convert each file once, and keep the results."""

    def work() -> None:
        for path, output in zip(paths, outputs, strict=True):
            Path(output).write_bytes(convert(Path(path).read_bytes(), target))

    _in_child(work)


def _time(convert: Convert, paths: Sequence[str], target: str, least: float) -> float:
    """Convert the files one after the other, as often as fills `least` seconds; give the seconds for one.

    The first two files are for warming up and are not timed; those that are timed are new to the process each time.
    """
    first, second, *others = (Path(path).read_bytes() for path in paths)
    convert(first, target)
    convert(second, target)

    def work() -> float:
        start = time.perf_counter()
        for content in others:
            convert(content, target)
        return time.perf_counter() - start

    passes = 0
    spent = 0.0
    while spent < least:
        spent += _in_child(work)
        passes += 1
    return spent / (passes * len(others))


def _part(convert: Convert, part: str, paths: Sequence[str], least: float) -> float:
    """Do a part of what keyconv does to convert the RSA keys of these files; give the seconds for one key."""
    from keyconv.engine import read
    from keyconv.proof import primes, proving

    contents = [Path(path).read_bytes() for path in paths]
    privates: list[Any] = [read(content).entries[0].private for content in contents]
    # As a run does it that has had a few keys: on integers of gmpy2, where there are any.
    numbers = [primes._quick_integer()(number) for private in privates for number in (private.p, private.q)]

    def rest() -> None:
        for content in contents:
            convert(content, "pem")

    def power() -> None:
        assert all(primes._is_strong_probable_prime(number) for number in numbers)

    def lucas() -> None:
        assert all(primes._is_extra_strong_lucas(number) for number in numbers)

    work = {"rest": rest, "round": power, "lucas": lucas}[part]
    passes, spent = 0, 0.0
    with patch.object(proving, "is_prime", lambda number: True) if part == "rest" else nullcontext():
        while spent < least:
            proving._proved.clear()
            start = time.perf_counter()
            work()
            spent += time.perf_counter() - start
            passes += 1
    return spent / (passes * len(contents))


def _kdf(_: Convert, argon2: dict[str, Any], rounds: int, times: int) -> float:
    """Run the KDF of a PPK and that of an OpenSSH file, by the libraries alone; give the seconds of all runs."""
    import bcrypt
    from argon2.low_level import Type, hash_secret_raw

    kind = {"Argon2d": Type.D, "Argon2i": Type.I, "Argon2id": Type.ID}[argon2["flavour"]]
    start = time.perf_counter()
    for number in range(times):
        salt = number.to_bytes(16, "big")
        hash_secret_raw(b"correct horse", salt, argon2["passes"], argon2["memory"], argon2["lanes"], 80, kind, 0x13)
        bcrypt.kdf(b"correct horse", salt, 48, rounds, ignore_few_rounds=True)
    return time.perf_counter() - start


def _write(_: Convert, sources: Sequence[str], targets: Sequence[str], comments: Sequence[str]) -> None:
    """Write each key with a comment; a target's suffix tells its format, none means OpenSSH."""
    import keyconv

    for source, target, comment in zip(sources, targets, comments, strict=True):
        path = Path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        to = path.suffix.lstrip(".") or "openssh"
        path.write_bytes(keyconv.convert(Path(source).read_bytes(), to, comment=comment))


# ── the libraries ──────────────────────────────────────────────────────────────────────────────────────────────────


def _keyconv() -> Convert:
    import keyconv

    return lambda data, target: keyconv.convert(data, target)


def _keyconv_fast() -> Convert:
    import gmpy2  # noqa: F401 - it is there

    from keyconv.proof.primes import is_prime

    for _ in range(20):  # after a few numbers keyconv loads it
        is_prime((1 << 1279) - 1)
    return _keyconv()


def _cryptography() -> Convert:
    from cryptography.hazmat.primitives import serialization

    formats = {
        "openssh": serialization.PrivateFormat.OpenSSH,
        "pem": serialization.PrivateFormat.TraditionalOpenSSL,
        "pkcs8": serialization.PrivateFormat.PKCS8,
    }

    def convert(data: bytes, target: str) -> bytes:
        load = serialization.load_ssh_private_key if b" OPENSSH " in data[:40] else serialization.load_pem_private_key
        key = load(data, None)
        return key.private_bytes(serialization.Encoding.PEM, formats[target], serialization.NoEncryption())

    return convert


def _asyncssh() -> Convert:
    import asyncssh

    formats = {"openssh": "openssh", "pem": "pkcs1-pem", "pkcs8": "pkcs8-pem"}

    def convert(data: bytes, target: str) -> bytes:
        written: bytes = asyncssh.import_private_key(data).export_private_key(formats[target])
        return written

    return convert


def _paramiko() -> Convert:
    import paramiko
    from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

    formats = {
        "openssh": PrivateFormat.OpenSSH,
        "pem": PrivateFormat.TraditionalOpenSSL,
        "pkcs8": PrivateFormat.PKCS8,
    }
    classes = (paramiko.RSAKey, paramiko.ECDSAKey, paramiko.Ed25519Key)
    working: list[Any] = []  # the class that loaded the last key, so that looking for it is not timed

    def load(data: bytes) -> Any:
        for each in (*working, *classes):
            try:
                key = each.from_private_key(StringIO(data.decode("ascii")))
            except Exception:  # of any kind: it raises more than it documents
                continue
            working[:] = [each]
            return key
        raise ValueError("no class of paramiko's loads this file")

    def convert(data: bytes, target: str) -> bytes:
        written = StringIO()
        wanted = paramiko.pkey.FileFormat(encoding=Encoding.PEM, format=formats[target])
        load(data).write_private_key(written, file_format=wanted)
        return written.getvalue().encode("ascii")

    return convert


LIBRARIES: dict[str, Callable[[], Convert]] = {
    "keyconv": _keyconv,
    "keyconv[fast]": _keyconv_fast,
    "cryptography": _cryptography,
    "asyncssh": _asyncssh,
    "paramiko": _paramiko,
}


if __name__ == "__main__":
    sys.path[:0] = sys.argv[2:]
    main(sys.argv[1])
