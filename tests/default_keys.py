"""Keys as other programs and keyconv write them by default, and what `check` says of them.

python tests/default_keys.py [COUNT] [PROGRAM ...]    make COUNT keys (100) by each program, check them, print a table

Of each program it prints which findings are above `info`; the exit code is 1 if no reason explains one of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

__all__ = ["MAKERS", "explained", "findings", "make"]

WORDS = "correct horse battery"

OF_THE_KEY = frozenset({"unencrypted", "short-rsa", "putty-p521", "permissions"})
"""What a key lacks, or has by its type, however it is written."""

OF_OPENSSL = frozenset({"weak-kdf", "weak-cipher"})
"""What openssl's defaults are: 2,048 iterations of PBKDF2, and DEK-Info with one round of MD5."""

Maker = Callable[[Path, Path], Iterator[Callable[[], object]]]
"""Given a path for a key and a file with the passphrase, the ways to write one."""


def explained(program: str, rule: str) -> bool:
    """Return whether a finding above `info` is one that a program's defaults may have."""
    return rule in OF_THE_KEY or (rule in OF_OPENSSL and program in ("openssl", "cryptography", "asyncssh"))


def findings(paths: Iterable[Path]) -> list[tuple[str, str, str, str]]:
    """Check files in one run. Returns: path, rule, severity and message of each finding."""
    command = [sys.executable, "-m", "keyconv", "check", "--json", *map(str, paths)]
    ran = subprocess.run(command, capture_output=True, check=False, cwd=Path(__file__).resolve().parents[1])
    assert ran.returncode in (0, 1), ran.stderr
    found = json.loads(ran.stdout)["findings"]
    return [(each["path"], each["rule"], each["severity"], each["message"]) for each in found]


def all_ways(program: str, count: int) -> Iterator[int]:
    """Return so many numbers of the ways that a program has by default, all in turn."""
    return islice(cycle(range(len(list(MAKERS[program](Path(), Path()))))), count)


def make(program: str, folder: Path, ways: Iterable[int]) -> list[Path]:
    """Make keys by a program in some of the ways that it has by default; with what it writes beside them."""
    folder.mkdir(parents=True)
    secret = folder.parent / "passphrase"
    secret.write_text(WORDS)
    for number, way in enumerate(ways):
        list(MAKERS[program](folder / f"key-{number:03}-{way}", secret))[way]()
    paths = sorted(folder.iterdir())
    for path in paths:
        path.chmod(0o600)
    return paths


# ── programs ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _run(*command: object) -> None:
    subprocess.run([*map(str, command)], check=True, capture_output=True, stdin=subprocess.DEVNULL)


def _run_both(first: Iterable[object], second: Iterable[object]) -> None:
    _run(*first)
    _run(*second)


def _puttygen(path: Path, secret: Path) -> Iterator[Callable[[], object]]:
    for kind in ("ed25519", "rsa", "ecdsa", "ed448"):
        made = ("puttygen", "-q", "-t", kind, "--new-passphrase")
        yield lambda made=made: _run(*made, secret, "-o", f"{path}.ppk")  # type: ignore[misc]
        yield lambda made=made: _run(*made, "/dev/null", "-o", f"{path}.ppk")  # type: ignore[misc]
        outputs = {"private-openssh-new": "", "public": ".pub", "public-openssh": ".pub"}
        for output, suffix in outputs.items() if kind != "ed448" else ():  # which OpenSSH does not know
            export = (
                *("puttygen", f"{path}.ppk", "--old-passphrase", secret, "--new-passphrase", secret),
                *("-O", output, "-o", f"{path}{suffix}"),
            )
            yield lambda made=made, export=export: _run_both(  # type: ignore[misc]
                (*made, secret, "-o", f"{path}.ppk"), export
            )


def _ssh_keygen(path: Path, secret: Path) -> Iterator[Callable[[], object]]:
    for kind in ("ed25519", "rsa", "ecdsa"):
        for words in (WORDS, ""):
            yield lambda kind=kind, words=words: _run(  # type: ignore[misc]
                "ssh-keygen", "-q", "-t", kind, "-N", words, "-f", path
            )
        for form in ("PEM", "PKCS8"):
            if (kind, form) != ("ed25519", "PEM"):
                yield lambda kind=kind, form=form: _run(  # type: ignore[misc]
                    "ssh-keygen", "-q", "-t", kind, "-m", form, "-N", "", "-f", path
                )


def _openssl(path: Path, secret: Path) -> Iterator[Callable[[], object]]:
    kinds = (
        ("-algorithm", "ed25519"),
        ("-algorithm", "rsa"),
        ("-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:3072"),
        ("-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
    )
    locked = ("-aes256", "-pass", f"file:{secret}")
    for kind in kinds:
        for more in ((), locked):
            yield lambda kind=kind, more=more: _run(  # type: ignore[misc]
                "openssl", "genpkey", *kind, *more, "-out", path
            )
    yield lambda: _run("openssl", "genrsa", "-out", path)
    yield lambda: _run("openssl", "genrsa", "-traditional", "-out", path)
    yield lambda: _run("openssl", "genrsa", "-traditional", "-aes256", "-passout", f"file:{secret}", "-out", path)
    yield lambda: _run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)
    yield lambda: _run("openssl", "ecparam", "-name", "secp384r1", "-genkey", "-out", path)


def _cryptography(path: Path, secret: Path) -> Iterator[Callable[[], object]]:
    locked: tuple[KeySerializationEncryption, ...] = (NoEncryption(), BestAvailableEncryption(WORDS.encode()))
    makers: tuple[Callable[[], rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey], ...] = (
        lambda: rsa.generate_private_key(65537, 3072),
        lambda: ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate,
    )
    forms = (PrivateFormat.OpenSSH, PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL)
    for number, maker in enumerate(makers):
        for form in forms:
            for lock in locked:
                if (number, form) != (2, PrivateFormat.TraditionalOpenSSL):  # there is none of Ed25519
                    yield lambda maker=maker, form=form, lock=lock: path.write_bytes(  # type: ignore[misc]
                        maker().private_bytes(Encoding.PEM, form, lock)
                    )
        yield lambda maker=maker: path.with_name(f"{path.name}.pub").write_bytes(  # type: ignore[misc]
            maker().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        )
        yield lambda maker=maker: path.with_name(f"public-{path.name}.pem").write_bytes(  # type: ignore[misc]
            maker().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )


def _asyncssh(path: Path, secret: Path) -> Iterator[Callable[[], object]]:
    import asyncssh  # type: ignore[import-not-found,unused-ignore]

    for kind in ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256"):
        for form in ("openssh", "pkcs8-pem", "pkcs8-der", "pkcs1-pem"):
            if (kind, form) == ("ssh-ed25519", "pkcs1-pem"):
                continue
            for words in (None, WORDS):
                yield lambda kind=kind, form=form, words=words: asyncssh.generate_private_key(  # type: ignore[misc]
                    kind
                ).write_private_key(str(path), form, words)
        yield lambda kind=kind: asyncssh.generate_private_key(kind).write_public_key(f"{path}.pub")  # type: ignore[misc]


def _keyconv(path: Path, secret: Path) -> Iterator[Callable[[], object]]:
    program = (sys.executable, "-m", "keyconv")
    public = ("rfc4716", "spki", "jwk-pub")
    for kind in ("ed25519", "rsa", "ecdsa"):
        traditional = () if kind == "ed25519" else ("pem", "sshcom")[: 1 + (kind == "rsa")]
        also = ("ppk", "pkcs8", *public)
        for formats, new in (
            (also, ("--new-passphrase-file", secret)),
            ((*also, *traditional, "ppk2", "dropbear", "jwk"), ("--no-passphrase",)),
        ):
            named = [word for form in formats for word in ("--also", form)]
            yield lambda kind=kind, named=named, new=new: _run(  # type: ignore[misc]
                *program, "generate", "-t", kind, "-o", path, *named, *new
            )


MAKERS: dict[str, Maker] = {
    "keyconv": _keyconv,
    "puttygen": _puttygen,
    "ssh-keygen": _ssh_keygen,
    "openssl": _openssl,
    "cryptography": _cryptography,
    "asyncssh": _asyncssh,
}
"""By program, the ways in which it writes keys unless it is asked for something else."""


def main(arguments: list[str]) -> int:
    """Make and check keys. Returns: the exit code."""
    count = int(arguments[0]) if arguments else 100
    unexplained = 0
    for program in arguments[1:] or MAKERS:
        with tempfile.TemporaryDirectory() as name:
            paths = make(program, Path(name) / "keys", all_ways(program, count))
            found = [each for each in findings(paths) if each[2] != "info"]
            rules = Counter((rule, severity) for _, rule, severity, _ in found)
            odd = [each for each in found if not explained(program, each[1])]
            unexplained += len(odd)
            said = ", ".join(f"{rule} {times}" for (rule, _), times in sorted(rules.items())) or "nothing"
            print(f"{program}: {count} keys, {len(paths)} files: {said}; {len(odd)} unexplained")
            for _, rule, severity, message in odd[:10]:
                print(f"  {severity} {rule}: {message}")
    return int(unexplained > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
