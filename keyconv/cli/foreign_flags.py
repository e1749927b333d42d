"""Flags of puttygen, ssh-keygen and openssl, answered with what keyconv calls the same thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["PASSPHRASES", "Answer", "answer", "flags_before", "is_foreign", "translate"]

_FORMATS = {
    "private": "ppk",
    "private-openssh": "openssh",
    "private-openssh-new": "openssh",
    "private-sshcom": "sshcom",
    "public": "rfc4716",
    "public-openssh": "openssh-pub",
    "pem": "pem",
    "pkcs8": "pkcs8",
    "rfc4716": "rfc4716",
    "der": "pkcs8",
}
"""What puttygen -O, ssh-keygen -m and openssl -outform name, in lower case, and keyconv's formats."""

_PUBLIC = {"pem": "pkcs1-pub", "pkcs8": "spki", "openssh": "openssh-pub"}
"""What `-m` means with `-e`, which exports the public key."""

PASSPHRASES = ("-P", "-N", "--passphrase", "--password", "--pass", "--new-password", "-passin", "-passout")
"""Flags that would have a passphrase on the command line; `--old-passphrase` of puttygen is a file."""


class _Flag(NamedTuple):
    """Whose a flag is, whether a value follows, and what it is here."""

    whose: str
    takes: bool
    here: str


_FLAGS = {
    "-O": _Flag("puttygen's", True, "-t {format}"),
    "-L": _Flag("puttygen's and ssh-keygen's", False, "keyconv {verb}"),
    "-l": _Flag("puttygen's and ssh-keygen's", False, "keyconv inspect"),
    "-y": _Flag("ssh-keygen's", False, "keyconv public"),
    "-e": _Flag("ssh-keygen's", False, "keyconv public"),
    "-i": _Flag("ssh-keygen's", False, "the file's name alone, whatever its format"),
    "-p": _Flag("ssh-keygen's", False, "keyconv passphrase"),
    "-m": _Flag("ssh-keygen's", True, "-t {format}"),
    "-f": _Flag("ssh-keygen's", True, "the file's name alone; --force replaces a file"),
    "-C": _Flag("ssh-keygen's and puttygen's", True, "--comment TEXT"),
    "-in": _Flag("openssl's", True, "the file's name alone"),
    "-out": _Flag("openssl's", True, "-o FILE"),
    "-inform": _Flag("openssl's", True, "nothing to say: the content decides"),
    "-outform": _Flag("openssl's", True, "-t {format}"),
    "-pubout": _Flag("openssl's", False, "keyconv public"),
    "-pubin": _Flag("openssl's", False, "nothing to say: the content decides"),
    "-nodes": _Flag("openssl's", False, "--no-passphrase"),
    "--input": _Flag("not keyconv's", True, "the file's name alone"),
    "--in": _Flag("not keyconv's", True, "the file's name alone"),
    "--infile": _Flag("not keyconv's", True, "the file's name alone"),
    "--out": _Flag("not keyconv's", True, "-o FILE"),
    "--outfile": _Flag("not keyconv's", True, "-o FILE"),
    "--outdir": _Flag("not keyconv's", True, "-d DIR"),
    "--output-format": _Flag("not keyconv's", True, "-t {format}"),
    "--overwrite": _Flag("not keyconv's", False, "--force"),
    "--silent": _Flag("not keyconv's", False, "-q"),
}

_OWN_WITH_VALUE = (
    *("-o", "--output", "-t", "--to", "-d", "--directory", "--from", "--key", "--type", "-b", "--bits"),
    *("--also", "--comment", "--passphrase-file", "--passphrase-fd", "--passphrase-env"),
)
_OWN_ALONE = ("--force", "--no-passphrase", "--strict", "-r", "--recursive", "-q", "--quiet", "--no-input", "--json")


class Answer(NamedTuple):
    """What a foreign flag is called here, and the whole command as keyconv takes it."""

    message: str
    command: str


@dataclass(slots=True)
class _Line:
    """A command line while it is translated."""

    verb: str
    files: list[str] = field(default_factory=list)
    output: str = ""
    format: str = ""
    own: list[str] = field(default_factory=list)
    exports: bool = False

    def written(self) -> str:
        """Write the command as a shell takes it."""
        import shlex

        files = self.files or ([] if self.verb == "generate" else ["FILE"])
        words = ["keyconv", *self.verb.split(), *files]
        if self.format and self.verb in ("convert", "public"):
            words += ["-t", self.format]
        output = self.output
        if self.verb == "convert" and not output and "-d" not in self.own:
            output = "NEW"
        if output and self.verb not in ("inspect", "passphrase", "cert show"):
            words += ["-o", output]
        return " ".join(shlex.quote(word) for word in (*words, *self.own))


def answer(flag: str, words: list[str], verb: str) -> Answer | None:
    """Say what a flag is here, given all words after the program's name; None for one that nobody has.

    No passphrase that stands among the words is repeated.
    """
    if flag in PASSPHRASES:
        return Answer(
            f"there is no {flag}: other users can read command lines. Use --passphrase-file, -env or -fd, "
            "or just run it and type",
            translate(words, verb),
        )
    known = _FLAGS.get(flag)
    if known is None:
        return None
    line = _read(words, verb)
    here = known.here.format(format=line.format or "FORMAT", verb=line.verb)
    if flag == "-O" and line.verb != "convert":
        here = f"keyconv {line.verb}"
    return Answer(f"{flag} is {known.whose}; here: {here}", line.written())


def translate(words: list[str], verb: str) -> str:
    """Write a command line with foreign flags as keyconv takes it; `verb` is the command that it names."""
    return _read(words, verb).written()


def _read(words: list[str], verb: str) -> _Line:
    line = _Line(verb or "convert")
    rest = iter(words)
    for word in rest:
        flag, equals, given = word.partition("=") if word.startswith("--") else (word, "", "")
        if flag in PASSPHRASES:
            _take_passphrase(line, flag, given if equals else next(rest, ""))
        elif flag in _FLAGS:
            value = (given if equals else next(rest, "")) if _FLAGS[flag].takes else ""
            _take(line, flag, value)
        elif flag in _OWN_WITH_VALUE:
            _take_own(line, flag, given if equals else next(rest, ""))
        elif flag in _OWN_ALONE:
            line.own.append(flag)
        elif not word.startswith("-") or word == "-":
            line.files.append(word)
    _settle(line)
    return line


def _take(line: _Line, flag: str, value: str) -> None:
    match flag:
        case "-O" | "-m" | "-outform" | "--output-format":
            line.format = _FORMATS.get(value.lower(), value)
            if value == "fingerprint":
                line.verb = "inspect"
        case "-l":
            line.verb = "inspect"
        case "-L" | "-y" | "-pubout":
            line.verb = "public"
        case "-e":
            line.verb, line.exports = "public", True
        case "-p":
            line.verb = "passphrase"
        case "-f" if line.verb == "generate":
            line.output = value
        case "-f" | "-in" | "--in" | "--input" | "--infile":
            line.files.append(value)
        case "-out" | "--out" | "--outfile":
            line.output = value
        case "--outdir":
            line.own += ["-d", value]
        case "-C":
            line.own += ["--comment", value]
        case "-nodes":
            line.own.append("--no-passphrase")
        case "--overwrite":
            line.own.append("--force")
        case "--silent":
            line.own.append("-q")


def _take_passphrase(line: _Line, flag: str, value: str) -> None:
    if flag in ("-N", "--new-password", "-passout"):
        line.own += ["--new-passphrase-file", "PASSPHRASE_FILE"] if value else ["--no-passphrase"]
    elif value:
        line.own += ["--passphrase-file", "PASSPHRASE_FILE"]


def _take_own(line: _Line, flag: str, value: str) -> None:
    if flag in ("-o", "--output"):
        line.output = value
    elif flag in ("-t", "--to") and line.verb != "generate":
        line.format = value
    else:
        line.own += [flag, value]


def _settle(line: _Line) -> None:
    """Decide what only the whole line tells."""
    if line.exports:
        line.format = _PUBLIC.get(line.format, "rfc4716")
    if line.verb == "public" and any(name.endswith("-cert.pub") for name in line.files):
        line.verb = "cert show"
    if line.verb == "passphrase" and line.format:  # as 'ssh-keygen -p -m PEM' converts
        line.verb = "convert"
    if line.verb == "convert" and line.format in ("rfc4716", "openssh-pub"):
        line.verb = "public"
    if line.verb == "public" and line.format == "openssh-pub":
        line.format = ""


def is_foreign(word: str) -> bool:
    """Return whether a word is a flag of another program."""
    flag = word.partition("=")[0] if word.startswith("--") else word
    return flag in _FLAGS or flag in PASSPHRASES


def flags_before(words: list[str]) -> Iterator[str]:
    """Yield the words that may be flags: those before two dashes."""
    for word in words:
        if word == "--":
            return
        yield word
