"""What to type next: commands for a file as it is, with its real name, ready to paste."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from keyconv.cli.opening import STDIN
from keyconv.cli.siblings import PUBLIC_ENDING
from keyconv.cli.target import free_name
from keyconv.formats import bare_name, by_ending, by_name, promised_by

__all__ = [
    "Source",
    "Step",
    "conversions",
    "extraction",
    "for_foreign",
    "for_lines",
    "for_public",
    "repairs",
    "separation",
]

_OPENSSL = (
    ("PKCS#12", "for OpenSSH", "openssl pkcs12 -in {name} -nodes -nocerts | keyconv convert - -o {key}"),
    ("X.509 certificate", "its public key", "openssl x509 -in {name} -noout -pubkey | keyconv public -"),
    ("certificate request", "its public key", "openssl req -in {name} -noout -pubkey | keyconv public -"),
)
"""Words of what is not a key but has one inside, and the command that takes it out."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do next: what it is for, and the command; without a command it is advice."""

    purpose: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a key is: a path, `-` for standard input, or the name of a variable."""

    path: str
    is_variable: bool = False

    @property
    def name(self) -> str:
        """The file as a shell and every program take it."""
        if self.is_variable or self.path == STDIN:
            return STDIN
        return shlex.quote(f"./{self.path}" if self.path.startswith("-") else self.path)

    @property
    def stem(self) -> str:
        """The path without the ending of a format, for the names of results."""
        return "key" if self.is_variable or self.path == STDIN else bare_name(self.path)

    def command(self, *words: str) -> str:
        """Build a command of keyconv on this file; FILE stands for it among the words, which are quoted otherwise."""
        said = " ".join(self.name if word == "FILE" else shlex.quote(word) for word in ("keyconv", *words))
        return f"printf '%s\\n' \"${self.path}\" | {said}" if self.is_variable else said

    def free(self, ending: str, mark: str = "") -> str:
        """Name a file beside it that does not exist, with this ending."""
        return free_name(self.stem + mark, ending)

    def free_for_openssh(self) -> str:
        """Name a file beside it that does not exist, under which an OpenSSH key is expected."""
        plain = self.stem
        means = PurePath(plain).suffix or by_ending(plain, private=True) or promised_by(plain)
        return plain if not means and not os.path.lexists(plain) else self.free(".openssh")


def conversions(source: Source, read_by: tuple[str, ...], family: str | None) -> Iterator[Step]:
    """Yield the conversions of a private key for the programs that do not read it, and its public line."""
    if "OpenSSH" not in read_by and _fits("openssh", family):
        yield Step("for OpenSSH", source.command("convert", "FILE", "-o", source.free_for_openssh()))
    if "PuTTY" not in read_by and _fits("ppk", family):
        yield Step("for PuTTY", source.command("convert", "FILE", "-o", source.free(".ppk")))
    yield Step("for authorized_keys", source.command("public", "FILE"))


def for_public(source: Source, format: str) -> Iterator[Step]:
    """Yield what to do with a public key: compare it with the private key beside it, or write it as others want it."""
    if format == "openssh-pub":
        yield Step("the file is the line for authorized_keys on the server")
    else:
        yield Step("for authorized_keys", source.command("public", "FILE"))
    private = source.path.removesuffix(PUBLIC_ENDING)
    beside = [name for name in (private, f"{private}.ppk") if name != source.path and os.path.isfile(name)]  # noqa: PTH113
    if beside and not source.is_variable and source.path != STDIN:
        yield Step("is it the key beside it?", source.command("match", "FILE", beside[0]))
    elif format == "openssh-pub":
        yield Step("as an SSH2 block", source.command("public", "FILE", "-t", "rfc4716"))


def for_lines(source: Source, *, loads: bool = True) -> Iterator[Step]:
    """Yield what to do with a file of many public keys, which `loads` or has a line that does not."""
    yield Step("every line", source.command("check", "FILE"))
    if loads:
        yield Step("every key", source.command("inspect", "FILE"))


def repairs(source: Source, format: str) -> Iterator[Step]:
    """Yield the command that fixes what is damaged."""
    output = source.free(by_name(format).suffix, "-fixed")
    yield Step("fix it", source.command("repair", "FILE", "-o", output))


def extraction(source: Source, format: str) -> Iterator[Step]:
    """Yield the command that writes the key alone, out of a file with other content."""
    output = _without_suffix(source).free(by_name(format).suffix, "-key")
    yield Step("the key alone", source.command("repair", "FILE", "-o", output))


def separation(source: Source) -> Iterator[Step]:
    """Yield the command that writes each key of a file to a file of its own."""
    yield Step("each key to its own file", source.command("convert", "FILE", "-d", source.free("", "-keys")))


def for_foreign(source: Source, message: str, hint: str) -> Iterator[Step]:
    """Yield what to do with a file that is not a key."""
    for words, purpose, command in _OPENSSL:
        if words in message and source.name != STDIN:
            key = shlex.quote(_without_suffix(source).free_for_openssh())
            yield Step(purpose, command.format(name=source.name, key=key))
            return
    yield Step(hint or "choose another file: a key begins with -----BEGIN, PuTTY-User-Key-File, ssh- or ecdsa-")


def _without_suffix(source: Source) -> Source:
    return source if source.name == STDIN else Source(str(PurePath(source.stem).with_suffix("")))


def _fits(name: str, family: str | None) -> bool:
    return family is None or family in by_name(name).can.families
