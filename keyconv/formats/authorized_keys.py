"""One-line public keys, and the `authorized_keys` files that are made of them.

Source: sshd(8), section AUTHORIZED_KEYS FILE FORMAT; where it is silent, what sshd and ssh-keygen of OpenSSH 9.2 do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from keyconv import limits
from keyconv.codec import certificate as certificates
from keyconv.codec import public_blob
from keyconv.crypto import pairing
from keyconv.errors import (
    KeyconvError,
    LimitError,
    MalformedError,
    MisfitError,
    MismatchError,
    NotAKeyError,
    TruncatedError,
    UnsupportedError,
)
from keyconv.formats.base import Capabilities, Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile, Option
from keyconv.keys import FAMILIES, Certificate, PublicKey, RsaPublicKey
from keyconv.notes import Note
from keyconv.text import base64
from keyconv.text.comment import clean, is_clean
from keyconv.text.lines import Line, split
from keyconv.wire.reader import SSH_NAME

__all__ = [
    "FLAG_OPTIONS",
    "OPENSSH_PUB",
    "VALUE_OPTIONS",
    "JudgedLine",
    "fit_comment",
    "parse_options",
    "read_line",
    "read_lines",
]

FLAG_OPTIONS = (
    "agent-forwarding",
    "cert-authority",
    "no-agent-forwarding",
    "no-port-forwarding",
    "no-pty",
    "no-touch-required",
    "no-user-rc",
    "no-verify-required",
    "no-X11-forwarding",
    "port-forwarding",
    "pty",
    "restrict",
    "touch-required",
    "user-rc",
    "verify-required",
    "X11-forwarding",
)
"""Options without a value. `touch-required` and `no-verify-required` are in no manual, but sshd takes them."""

VALUE_OPTIONS = (
    "command",
    "environment",
    "expiry-time",
    "from",
    "permitlisten",
    "permitopen",
    "principals",
    "tunnel",
    "zos-key-ring-label",
)
"""Options with a value in quotes. Only OpenSSH on z/OS has `zos-key-ring-label`."""

_BLANKS = b" \t"
_FLAGS = {name.lower() for name in FLAG_OPTIONS}
_VALUES = {name.lower() for name in VALUE_OPTIONS}
# sshd: white space ends the options unless it is in quotes; \" is a quote that neither opens nor closes.
_OPTIONS = re.compile(rb'(?:\\"|[^" \t]|"(?:\\"|[^"])*+")*+')
_OPTION = re.compile(rb'([^",= \t]*)(=("(?:\\"|[^"])*+")?)?')
_OPTION_NAME = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._@-]*\Z")
_WORD = re.compile(rb"[^ \t]*")
_TYPE = SSH_NAME
_FAMILIAR_TYPE = re.compile(rb"\A(?:ssh-|ecdsa-sha2-|sk-|rsa-sha2-)|-cert-v01@openssh\.com\Z")
_FIRST_LINE = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*+[ \t]*([^\n]*)")
_SSH1 = re.compile(rb"[0-9]{1,5}[ \t]+[0-9]+[ \t]+[0-9]+")
_BLOB_START = b"AAAA"  # in base64, every blob's: its first field is a name far below 2^8 bytes, so three bytes are zero
_NEAR = 0.75
_MAX_HOSTS = 16  # of one line, looked at to tell host names from misspelt options


class JudgedLine(NamedTuple):
    """A line that was read: its entry (None for a blank line or a remark), or why it holds none."""

    number: int
    entry: Entry | None
    error: KeyconvError | None
    notes: tuple[Note, ...]


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_line(text: bytes, number: int, notes: list[Note]) -> Entry | None:
    """Read one line without its end; a blank line or a remark gives None.

    Fields stand apart by any number of spaces and tabs, and the comment is the rest of the line: as in ssh-keygen, the
    white space before it is not part of it, that after it is.

    Raises: MalformedError; MismatchError; UnsupportedError for an SSH-1 key; LimitError; ContradictionError for numbers
    that make no key. Each names the line.
    """
    try:
        return _read_line(text.removesuffix(b"\r"), number, notes)
    except KeyconvError as error:
        raise error.within(f"line {number}") from None


def read_lines(rows: Iterable[Line]) -> Iterator[JudgedLine]:
    """Read line after line, each judged on its own: a bad one stops nothing, as in sshd."""
    for row in rows:
        notes: list[Note] = []
        entry = error = None
        try:
            entry = read_line(row.text, row.number, notes)
        except KeyconvError as raised:
            error = raised
        yield JudgedLine(row.number, entry, error, tuple(notes))


def parse_options(text: bytes, notes: list[Note] | None = None) -> tuple[Option, ...]:
    r"""Read options separated by commas, `no-pty,command="echo \"hi\""`; names keep their case.

    Values are not judged. With `notes`, a comma too many, which sshd overlooks, is noted; without, it is refused.

    Raises: MalformedError, naming the nearest option that sshd knows where a name is unknown.
    """
    if b"\r" in text or b"\n" in text or b"\0" in text:
        raise MalformedError("there is a line end or a zero byte in the options")
    options: list[Option] = []
    position = 0
    while text:
        found = _OPTION.match(text, position)
        assert found is not None  # it matches an empty option too
        end = found.end()
        _check_option_end(found, text[end : end + 1])
        if found.end(1) > found.start():
            options.append(_judge_option(found.group(1), found.group(3)))
        elif notes is None:
            raise MalformedError("there is a comma too many in the options")
        else:
            notes.append(Note("noncanonical", "there is a comma too many in the options"))
        if end == len(text):
            break
        position = end + 1
    return tuple(options)


def _sniff(data: bytes) -> bool:
    first = _FIRST_LINE.match(data)
    line = first.group(1) if first else b""
    word, rest = _split_word(line)
    if rest.startswith(_BLOB_START):
        return bool(_TYPE.match(word)) and not word.startswith(_BLOB_START)
    options, rest = _split_options(line)
    if not _begins_key(rest):
        return False
    try:
        return bool(parse_options(options, []))
    except MalformedError:
        # A misspelt option is for the reader to name; a host name, which has no such characters, is not for it.
        return b'="' in options


def _read(data: bytes) -> KeyFile:
    try:
        return _read_file(data)
    except KeyconvError as error:
        raise error.within("openssh-pub") from None


def _read_file(data: bytes) -> KeyFile:
    if data.startswith(b"\xef\xbb\xbf"):
        raise MalformedError(
            "the file begins with a byte order mark (UTF-8 BOM), and sshd does not read its first line",
            hint="save it as UTF-8 without a BOM",
        )
    rows = split(data)
    entries: list[Entry] = []
    notes: list[Note] = []
    for judged in read_lines(rows):
        if judged.error is not None:
            raise judged.error
        if judged.entry is not None:
            entries.append(judged.entry)
        notes.extend(judged.notes)
    if not entries:
        raise NotAKeyError("there is no key on any line")
    if any(row.end == b"\r\n" for row in rows):
        notes.append(Note("crlf", "the line ends are CR LF"))
    if not rows[-1].end:
        notes.append(Note("missing-final-newline", "the last line has no line end: a key appended to it would be lost"))
    remarks = any(row.text.lstrip(_BLANKS).startswith(b"#") for row in rows)
    return KeyFile("openssh-pub", _kind(entries, remarks=remarks), tuple(entries), tuple(notes))


def _kind(entries: list[Entry], *, remarks: bool) -> str:
    if len(entries) > 1 or entries[0].options or remarks:
        return "authorized_keys"
    return "certificate" if entries[0].certificate else "public"


def _read_line(text: bytes, number: int, notes: list[Note]) -> Entry | None:
    if len(text) > limits.MAX_LINE:
        raise LimitError(f"the line has more than {limits.size(limits.MAX_LINE)}, which no key needs")
    text = text.lstrip(_BLANKS)
    if not text or text.startswith(b"#"):
        return None
    if b"\0" in text or b"\r" in text:
        raise MalformedError("there is a zero byte or a CR without LF inside the line")
    options: tuple[Option, ...] = ()
    word, rest = _split_word(text)
    is_type = (rest.startswith(_BLOB_START) and b'"' not in word) or (
        _FAMILIAR_TYPE.search(word) and not _begins_key(rest)
    )
    if not is_type and not _SSH1.match(text):
        options, text = _read_options(text, notes)
        word, rest = _split_word(text)
    if _SSH1.match(text):
        raise UnsupportedError("the line is an SSH-1 key: bits, exponent and modulus in decimal")
    key_text, comment = _split_word(rest)
    public, certificate = _read_key(word, key_text, notes)
    return Entry(public, comment=comment or None, certificate=certificate, options=options, line=number)


def _read_options(text: bytes, notes: list[Note]) -> tuple[tuple[Option, ...], bytes]:
    found, rest = _split_options(text)
    if rest.startswith(b'"'):
        raise MalformedError("a quote in the options is not closed")
    try:
        return parse_options(found, notes), rest
    except MalformedError:
        if _is_host(found, rest):
            raise MalformedError("the line looks like one of known_hosts: a host stands before the key type") from None
        if found.startswith(_BLOB_START):
            raise MalformedError("the type of the key is missing before its base64") from None
        if not (_begins_key(rest) or b"=" in found or b'"' in found):
            raise MalformedError("there is neither a key nor options followed by a key") from None
        raise


def _is_host(word: bytes, rest: bytes) -> bool:
    if word in (b"@cert-authority", b"@revoked"):
        return True
    if not _begins_key(rest) or b'"' in word:
        return False
    if word.startswith(b"|1|"):
        return True
    # A word that is like an option is more helpfully called a misspelt one.
    return b"=" not in word and not any(_nearest(part) for part in word.decode("latin-1").split(",")[:_MAX_HOSTS])


def _check_option_end(found: re.Match[bytes], following: bytes) -> None:
    if following in (b"", b",") and not (found.group(2) and not found.group(3)):
        return
    name = _show(found.group(1))
    if following == b'"':
        raise MalformedError(f"a quote of the option {name} is not closed or in the wrong place")
    if found.group(2) and not found.group(3):
        raise MalformedError(f"the value of the option {name} is not in quotes")
    if following in (b" ", b"\t"):
        raise MalformedError(f"there is white space outside of quotes after the option {name}")
    raise MalformedError(f"there is no comma after the option {name}")


def _judge_option(name: bytes, quoted: bytes | None) -> Option:
    known = name.decode("latin-1").lower()
    if known not in _FLAGS and known not in _VALUES:
        nearest = _nearest(known)
        raise MalformedError(
            f"there is no option {_show(name)}" + (f"; the nearest is '{nearest}'" if nearest else ""),
            hint="sshd ignores the whole line when it does not know an option",
        )
    if quoted is None and known in _VALUES:
        raise MalformedError(f"the option {_show(name)} needs a value in quotes")
    if quoted is not None and known in _FLAGS:
        raise MalformedError(f"the option {_show(name)} takes no value")
    return Option(name, None if quoted is None else quoted[1:-1].replace(b'\\"', b'"'))


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    known = {option.lower(): option for option in (*FLAG_OPTIONS, *VALUE_OPTIONS)}
    near = get_close_matches(name[: limits.MAX_ALGORITHM_NAME].lower(), known, 1, _NEAR)
    return known[near[0]] if near else ""


def _read_key(word: bytes, text: bytes, notes: list[Note]) -> tuple[PublicKey, Certificate | None]:
    if not _TYPE.match(word):
        raise MalformedError("the type of the key is not an SSH name" if word else "there is no key after the options")
    if not text:
        raise TruncatedError(f"there is no base64 after the key type {_show(word)}")
    public, certificate = certificates.read_any(base64.decode(text), notes)
    _compare_type(word.decode("ascii"), certificate.algorithm if certificate else public.algorithm, notes)
    pairing.check_public(public)
    if certificate is not None:
        pairing.check_public(certificate.ca_key)
    return public, certificate


def _compare_type(word: str, algorithm: str, notes: list[Note]) -> None:
    if word == algorithm:
        return
    if _canonical(word) != _canonical(algorithm):
        raise MismatchError(f"the line says {word}, but the key in it is of type {algorithm}")
    notes.append(Note("noncanonical", f"the key is of type {algorithm}, but the line says {word}"))


def _canonical(algorithm: str) -> str:
    plain = algorithm.removesuffix(certificates.SUFFIX)
    return RsaPublicKey.algorithm + algorithm[len(plain) :] if plain in public_blob.RSA_ALIASES else algorithm


def _split_word(text: bytes) -> tuple[bytes, bytes]:
    return _cut(text, _WORD)


def _split_options(text: bytes) -> tuple[bytes, bytes]:
    return _cut(text, _OPTIONS)


def _cut(text: bytes, pattern: re.Pattern[bytes]) -> tuple[bytes, bytes]:
    found = pattern.match(text)
    end = found.end() if found else 0
    return text[:end], text[end:].lstrip(_BLANKS)


def _begins_key(text: bytes) -> bool:
    word, rest = _split_word(text)
    return rest.startswith(_BLOB_START) and bool(_TYPE.match(word))


def _show(word: bytes) -> str:
    shown = word[: limits.MAX_ALGORITHM_NAME].decode("latin-1")
    return "'" + "".join(each if " " <= each <= "~" else f"\\x{ord(each):02x}" for each in shown) + "'"


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def fit_comment(comment: bytes) -> bytes:
    """Give the comment as a line can hold it: clean, and without the white space before it, which is a separator."""
    return clean(comment).lstrip(_BLANKS)


def _write(entries: tuple[Entry, ...], options: WriteOptions) -> bytes:
    return b"".join(_write_line(entry, options.line_end) for entry in entries)


def _write_line(entry: Entry, line_end: bytes) -> bytes:
    if entry.certificate is not None:
        algorithm, blob = entry.certificate.algorithm, entry.certificate.blob
    elif entry.public is not None:
        algorithm, blob = entry.public.algorithm, public_blob.write(entry.public)
    else:
        raise MisfitError("the public half is not known until the private one is unlocked")
    key = algorithm.encode("ascii") + b" " + base64.encode(blob)
    head = b",".join(map(_write_option, entry.options)) + b" " + key if entry.options else key
    comment = fit_comment(entry.comment or b"")
    line = (head + b" " + comment if comment else head) + line_end
    most = limits.MAX_AUTHORIZED_KEYS_LINE - 1
    if len(line) > most >= len(key + line_end):
        what = "options" if len(head + line_end) > most else "comment"
        raise MisfitError(
            f"with its {what} the line would have {len(line)} bytes, and programs refuse lines above {most}",
            hint=f"shorten the {what}",
        )
    return line


def _write_option(option: Option) -> bytes:
    name, value = option.name, option.value
    if not _OPTION_NAME.match(name):
        raise MisfitError(f"{_show(name)} cannot be the name of an option")
    if value is None:
        return name
    if not is_clean(value):
        raise MisfitError(f"a line cannot hold the value of the option {_show(name)}, with a line end or a control")
    if value.endswith(b"\\"):
        raise MisfitError(f"no quotes can hold the value of the option {_show(name)}, which ends in a backslash")
    return name + b'="' + value.replace(b'"', b'\\"') + b'"'


OPENSSH_PUB = Format(
    name="openssh-pub",
    title="OpenSSH public key, one line, as in authorized_keys",
    source="sshd(8), AUTHORIZED_KEYS FILE FORMAT",
    can=Capabilities(
        private=False,
        families=frozenset(FAMILIES),
        comment=True,
        certificate=True,
        options=True,
        many=True,
    ),
    sniff=_sniff,
    read=_read,
    write=_write,
    suffix=".pub",
    fit_comment=fit_comment,
)
