"""`authorized_principals`: on each line a name that a user's certificate may have, and options before it perhaps.

Source: sshd_config(5), AuthorizedPrincipalsFile; where it is silent, auth2-pubkeyfile.c of OpenSSH 9.2 and 10.6, whose
verdicts are recorded for tests/truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keyconv import limits
from keyconv.codec.key_line import BLANKS
from keyconv.codec.line_options import parse_options, split_options
from keyconv.errors import KeyconvError, LimitError, MalformedError, NotAKeyError
from keyconv.keyfile import Option
from keyconv.keys import Certificate, PublicKey
from keyconv.keys.certificate import HOST
from keyconv.statements.model import Statement

__all__ = ["Principal", "Principals", "read", "read_line"]


@dataclass(frozen=True, slots=True)
class Principal:
    """A name that lets in, the options that it lets in by, and its line (from 1).

    `ignored` is what stands between options and name: sshd takes options up to the first white space.
    """

    name: bytes
    options: tuple[Option, ...]
    line: int
    ignored: bytes = b""


@dataclass(frozen=True)
class Principals(Statement):
    """The principals of a file; `refused` are the lines that sshd skips."""

    principals: tuple[Principal, ...]
    refused: tuple[KeyconvError, ...] = ()

    name = "authorized_principals"

    @property
    def faults(self) -> tuple[KeyconvError, ...]:
        """Why lines name nobody."""
        return self.refused

    @property
    def verb(self) -> str:
        """What `keyconv match` says of a certificate with one of the names."""
        return "the certificate has a principal"

    @property
    def denial(self) -> str:
        """What `keyconv match` says of any other."""
        return "no certificate with a principal"

    def applies_to(self, public: PublicKey, certificate: Certificate | None) -> str:
        """Name the first principal that a user's certificate has; an empty string where there is none."""
        if certificate is None or certificate.role == HOST:
            return ""
        names = set(certificate.principals)
        found = next((each for each in self.principals if each.name in names), None)
        return "" if found is None else f"{found.name.decode('utf-8', 'backslashreplace')}, line {found.line}"

    def describe(self) -> dict[str, Any]:
        """Return the names and their options."""
        return {
            "principals": [
                {
                    "line": each.line,
                    "name": each.name.decode("utf-8", "backslashreplace"),
                    "options": [
                        {
                            "name": option.name.decode("utf-8", "backslashreplace"),
                            "value": None if option.value is None else option.value.decode("utf-8", "backslashreplace"),
                        }
                        for option in each.options
                    ],
                    "ignored": each.ignored.decode("utf-8", "backslashreplace") or None,
                }
                for each in self.principals
            ]
        }


def read(data: bytes) -> Principals:
    """Read a file; a bad line is among the faults and spoils no other.

    Raises: the first fault where no line names anybody; NotAKeyError where there are no lines; LimitError.
    """
    found: list[Principal] = []
    refused: list[KeyconvError] = []
    for number, row in enumerate(data.split(b"\n"), 1):
        if len(found) + len(refused) >= limits.MAX_PRINCIPALS:
            raise LimitError(f"more than {limits.MAX_PRINCIPALS} principals")
        try:
            principal = read_line(row, number)
        except KeyconvError as error:
            refused.append(error.within_line(number).of_format("authorized_principals"))
        else:
            found += [principal] if principal is not None else []
    if refused and not found:
        raise refused[0]
    if not found:
        raise NotAKeyError("there is no principal on any line")
    return Principals(tuple(found), tuple(refused))


def read_line(row: bytes, number: int) -> Principal | None:
    """Read one line without its end; a blank line or a remark gives None. sshd takes the last word for the name.

    Raises: MalformedError, with the rule of `keyconv check` that names it.
    """
    if len(row) > limits.MAX_LINE:
        raise LimitError(f"the line has more than {limits.size(limits.MAX_LINE)}", rule="line-too-long")
    text = row.lstrip(BLANKS).partition(b"#")[0].rstrip(BLANKS + b"\n")
    if not text.strip(b"\r"):
        return None
    if b"\0" in text:
        raise MalformedError("there is a zero byte in the line", rule="bad-line")
    if text.startswith(b"\xef\xbb\xbf"):
        raise MalformedError("there is a byte order mark before the name", rule="byte-order-mark")
    if text.endswith(b"\r"):
        raise MalformedError("the line ends in CR LF, and sshd takes the CR for a part of the name", rule="bad-line")
    space = text.rfind(b" ")
    cut = space if space >= 0 else text.rfind(b"\t")
    if cut < 0:
        return Principal(text, (), number)
    found, rest = split_options(text)
    options = parse_options(found, [])
    name = text[cut + 1 :]
    return Principal(name, options, number, rest.removesuffix(name).strip(BLANKS))
