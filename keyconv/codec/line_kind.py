"""What the rows of a file of lines look like, before any of them is read: keys, hosts, words without a key, blocks.

Source: sshd(8), sections AUTHORIZED_KEYS FILE FORMAT and SSH_KNOWN_HOSTS FILE FORMAT.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from keyconv.codec import certificate as certificates
from keyconv.codec import signer_line
from keyconv.codec.key_line import (
    BLANKS,
    BLOB_START,
    SSH1,
    begins_key,
    begins_usual,
    first_row,
    is_familiar_type,
    is_type,
    split_word,
)
from keyconv.codec.line_options import FLAG_OPTIONS, are_options, resembles_options, split_options
from keyconv.errors import KeyconvError
from keyconv.text import base64

__all__ = [
    "MARKERS",
    "Peek",
    "count_private",
    "count_ssh2",
    "ends_in_type",
    "format_of_kind",
    "has_flags",
    "has_private_among_lines",
    "has_words",
    "is_grant",
    "is_host_row",
    "is_key_row",
    "is_words",
    "kind_among_blocks",
    "kind_of",
    "kind_of_format",
    "kind_of_name",
    "looks_like_host",
]

MARKERS = (b"@cert-authority", b"@revoked")
"""The markers of `known_hosts`."""

_NAMES = re.compile(r"(?:(authorized_keys2?)|((?:ssh_)?known_hosts2?(?:\.old)?)|\.?allowed[_-]?signers)\Z")

Peek = Callable[[int], bytes | None]
"""Returns the text of a following row, by how many rows are in between; None after the last."""

_NAME = rb"[A-Za-z0-9_*?](?:[\w.*?%-]*[\w.*?])?"
# No longer than an address and a zone can be: unbounded, a line of colons would take time as the square of its length.
_ADDRESS = rb"[0-9A-Fa-f:.]{0,45}::[0-9A-Fa-f:.%\w-]{0,64}|(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}"
_HOST = rb"!?(?:\[[^\] \t,]+\](?::[0-9]{1,5})?|" + _ADDRESS + rb"|" + _NAME + rb")|\|1\|[^ \t,]+"
_HOSTS = re.compile(rb"(?:" + _HOST + rb")(?:,(?:" + _HOST + rb"))*\Z")
"""What a person would take for names of hosts. ssh takes any word; then one must say so with --from."""
_PATTERN = re.compile(rb"[.*?,!|\[\]:@%0-9_-]|\Alocalhost\Z")
"""What hosts, patterns and principals have and words of a text have not."""
_TYPE_STARTS = (b"ssh-", b"ecdsa-", b"sk-", b"rsa-sha2-")
_LONGEST_TYPE = 64
_NO_HOSTS = (b"key-string",)
"""Words above a key in the configuration of a router."""
_FLAGS = {name.lower().encode() for name in FLAG_OPTIONS}
_NO_NAME = re.compile(rb"[^A-Za-z0-9-]+")
_SSH1_KEY = re.compile(rb"[0-9]{3,5}[ \t]+[0-9]{1,77}[ \t]+[0-9]{77,}(?:[ \t]|\Z)")
"""A key of protocol 1 and not just any numbers: the modulus has 256 bits or more."""

_PRIVATE_BEGIN = re.compile(
    rb"[ \t]*(?:(?:\W{1,32})BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY|PuTTY-User-Key-File-[0-9]: |b3BlbnNzaC1rZXktdjE)", re.I
)
_PRIVATE_END = re.compile(rb"END [A-Z0-9 ]{0,40}PRIVATE KEY|[ \t>]*Private-(?:MAC|Hash): ", re.I)
_SSH2_BEGIN = re.compile(rb"[ \t]*---- ?BEGIN SSH2 PUBLIC KEY ?----")
_SSH2_END = re.compile(rb"[ \t]*---- ?END SSH2 PUBLIC KEY ?----")
_MAYBE_BLOCK = (b"PRIVATE KEY", b"PUTTY-USER-KEY-FILE-", b"B3BLBNNZAC1RZXKTDJE", b"BEGIN SSH2 PUBLIC")
"""What a block has in it, in capitals."""
_TYPED = re.compile(rb"(?:ssh-|ecdsa-sha2-|sk-|rsa-sha2-)[^ \t\n]{1,60}[ \t]+AAAA")
_BASE64_ROW = re.compile(rb"[A-Za-z0-9+/]{20,}={0,2}\Z")
_MOST_BLOCK = 1_000  # rows: a PEM key of 16,384 bits has 200
_MOST_ROWS = 64
_OTHER_STARTS = (b"-----BEGIN ", b"---- BEGIN ", b"PuTTY-User-Key-File-", b"SSH PRIVATE KEY FILE FORMAT ", b"{")
"""The beginnings of files of other formats."""
_MOST_OTHERS = 4  # rows of other text to one with a key: a document has more
_HEAD = 1 << 16


# ── one row ────────────────────────────────────────────────────────────────────────────────────────────────────────


def is_key_row(row: bytes) -> bool:
    """Return whether a row begins as those of `authorized_keys` and of `*.pub` files do that hold a key."""
    word, rest = split_word(row)
    if rest.startswith(BLOB_START) and is_type(word):  # else it may stand in the quotes of an option
        return not word.startswith(BLOB_START)
    options, rest = split_options(row)
    if not begins_key(rest):
        more, key = split_options(rest)  # white space where none may be
        return begins_key(key) and are_options(options) and (are_options(more) or resembles_options(more))
    # A misspelt option is for the reader to name; a host name, which has no such characters, is not for it.
    return are_options(options) or (options[:1].isalnum() and b'="' in options)


def is_host_row(row: bytes) -> bool:
    """Return whether a row begins as those of `known_hosts` do that hold a key."""
    row = row.rstrip(b"\r")
    if row.startswith(MARKERS):
        row = split_word(row)[1]
        return begins_key(split_word(row)[1]) or begins_key(row)
    word, rest = split_word(row)
    if rest.startswith(BLOB_START) or SSH1.match(row) or not _HOSTS.match(word):
        return False
    if not (begins_key(rest) or _SSH1_KEY.match(rest)):
        return False
    return word.startswith(b"|1|") or not (are_options(word) or resembles_options(word))


def looks_like_host(word: bytes, *, plainly: bool = False) -> bool:
    """Return whether a word could be hosts; `plainly` leaves out what is also a plain word of a text."""
    return _HOSTS.match(word) is not None and (not plainly or _PATTERN.search(word) is not None)


def is_grant(row: bytes) -> bool:
    """Return whether a row is a marker or options, whole or not, without a key: what says whom a key lets in."""
    row = row.strip(BLANKS + b"\r")
    word = split_word(row)[0]
    if BLOB_START in row:
        return False
    if word.rstrip(b":;") in MARKERS:
        return True
    if are_options(word) or are_options(row.rstrip(b":;")):
        return True
    return b'="' in row and (resembles_options(word) or are_options(row.rstrip(b",") + b'"'))


def ends_in_type(row: bytes) -> bool:
    """Return whether a row is a word and the type of a key, or what may be the beginning of one."""
    _, rest = split_word(row.strip(BLANKS + b"\r"))
    return rest.startswith(_TYPE_STARTS) and len(rest) < _LONGEST_TYPE and b" " not in rest


def is_words(row: bytes) -> bool:
    """Return whether a row is a marker, options or hosts without a key: what could belong to the key below it."""
    row = row.strip(BLANKS + b"\r")
    if not row or row.startswith(b"#"):
        return False
    if is_grant(row):
        return True
    word, rest = split_word(row)
    if rest:
        return ends_in_type(row)
    if word.endswith(b",") and looks_like_host(word.strip(b",")):
        return True
    return (looks_like_host(word, plainly=True) or b"@" in word) and word not in _NO_HOSTS


def has_flags(text: bytes) -> bool:
    """Return whether a text has the name of an option without a value in it."""
    return any(word.lower() in _FLAGS for word in _NO_NAME.split(text))


def has_words(text: bytes) -> bool:
    """Return whether what stands before a key on its line has a marker, an option or hosts in it."""
    if any(marker in text for marker in MARKERS) or b'="' in text:
        return True
    if has_flags(text):
        return True
    word, rest = split_word(text.strip(BLANKS))
    return not rest and looks_like_host(word, plainly=True)


# ── blocks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def count_private(row: bytes, peek: Peek) -> int:
    """Count the rows of a private key that begins on this one; 0 where none does. One without an end takes all rows
    up to the next public key, so that nothing of it is taken for a line.
    """
    if not _PRIVATE_BEGIN.match(row):
        return 0
    return 1 if _PRIVATE_END.search(row) else 1 + _count_until(peek, _PRIVATE_END)


def count_ssh2(row: bytes, peek: Peek) -> int:
    """Count the rows of an SSH2 block of a public key that begins on this one; 0 where none does."""
    if not _SSH2_BEGIN.match(row):
        return 0
    return 1 + _count_until(peek, _SSH2_END)


def _count_until(peek: Peek, end: re.Pattern[bytes]) -> int:
    for count in range(_MOST_BLOCK):
        row = peek(count)
        if row is None or is_key_row(row.lstrip(BLANKS)) or is_host_row(row.lstrip(BLANKS)):
            return count
        if end.search(row):
            return count + 1
    return _MOST_BLOCK


# ── a whole file ───────────────────────────────────────────────────────────────────────────────────────────────────


def kind_of_name(path: str) -> str:
    """Return what a file is by its name: those that sshd and ssh read by default, and that of ssh-keygen(1).

    Content decides the others.
    """
    found = _NAMES.match(path.replace("\\", "/").rpartition("/")[2].lower())
    if found is None:
        return ""
    return "authorized_keys" if found[1] else "known_hosts" if found[2] else "allowed_signers"


def format_of_kind(kind: str) -> str:
    """Name the format that a kind of files of lines is read as."""
    return "openssh-pub" if kind == "authorized_keys" else kind


def kind_of_format(name: str) -> str:
    """Name the kind of the files of lines that a format is of."""
    return "authorized_keys" if name == "openssh-pub" else name


def kind_of(data: bytes) -> str:
    """Return whether a file is one of lines: `authorized_keys`, `known_hosts`, `allowed_signers` or nothing.

    The first row decides whether it is one, or else most of its first rows; which of them it is, most of them.
    """
    first, head = first_row(data, _HEAD)
    if not head and begins_usual(first):
        return "authorized_keys"
    votes, others = _count_votes([first, *head.split(b"\n", _MOST_ROWS)[:_MOST_ROWS]])
    hosts, keys, signers = votes
    if signers > keys and signers > hosts and not data.startswith(_OTHER_STARTS):
        return "allowed_signers" if signer_line.resembles(first) or others <= signers else ""
    if (not hosts and not keys) or data.startswith(_OTHER_STARTS) or SSH1.match(first):
        return ""
    claimed = is_key_row(first) or is_host_row(first)
    if hosts > keys or (hosts == keys and not is_key_row(first)):
        return "known_hosts" if claimed or others <= hosts + keys else ""
    return "authorized_keys" if claimed or others < hosts + keys else ""


def has_private_among_lines(data: bytes) -> bool:
    """Return whether a private key stands in a file of lines."""
    return kind_among_blocks(data) != "" and any(count_private(row, lambda _: None) for row in data.split(b"\n"))


def kind_among_blocks(data: bytes) -> str:
    """Return whether a file with a private key or an SSH2 block in it is one of lines all the same, and of which kind.

    It is if a whole public key line stands outside of all blocks, at the beginning of its row or with nothing but lines
    in the file: one is enough, unless there is so much other text that the file is a document. Lines that look like
    those of `known_hosts` must not be less than other text.
    """
    if not (b" AAAA" in data or b"\tAAAA" in data):
        return ""
    capitals = data.upper()
    if not any(part in capitals for part in _MAYBE_BLOCK) or not _TYPED.search(data):
        return ""
    rows = data.split(b"\n")
    hosts = keys = signers = others = blocks = 0
    for row, in_block in _without_blocks(rows):
        text = row.strip(BLANKS + b"\r")
        blocks += in_block
        if in_block or not text or text.startswith(b"#"):
            continue
        if not _holds_whole_key(text):
            others += not is_words(text)
        elif is_key_row(text) and (row[:1] not in b" \t" or not others):
            keys += 1
        elif is_host_row(text):
            hosts += 1
        elif signer_line.resembles(text):
            signers += 1
        else:
            others += 1
    if not blocks or others > _MOST_OTHERS * (keys + hosts + signers):
        return ""
    if signers > keys and signers > hosts:
        return "allowed_signers"
    if keys >= hosts:
        return "authorized_keys" if keys else ""
    return "known_hosts" if keys or hosts >= others else ""


def _holds_whole_key(row: bytes) -> bool:
    found = _TYPED.search(row)
    if found is None:
        return False
    try:
        certificates.read_any(base64.decode(split_word(row[found.end() - len(BLOB_START) :])[0]), [])
    except KeyconvError:
        return False
    return True


def _count_votes(rows: list[bytes]) -> tuple[tuple[int, int, int], int]:
    """Count the rows that look like those of `known_hosts`, `authorized_keys`, `allowed_signers`, and the others."""
    hosts = keys = signers = others = marked = 0
    for row, in_block in _without_blocks(rows):
        text = row.strip(BLANKS + b"\r")
        if in_block or not text or text.startswith(b"#"):
            continue
        if is_key_row(text):
            keys += 1
        elif is_host_row(text) or _is_host_without_blob(text):
            hosts += 1
        elif text.startswith(MARKERS):
            marked += 1
        elif signer_line.resembles(text):
            signers += 1
        elif not (is_words(text) or _BASE64_ROW.match(text) or (text.count(b'"') % 2 and _TYPED.search(text))):
            others += 1
    return (hosts + marked if hosts or keys else 0, keys, signers), others


def _is_host_without_blob(row: bytes) -> bool:
    word, rest = split_word(row)
    if not (_HOSTS.match(word) and is_familiar_type(rest) and is_type(rest)):
        return False
    return not (are_options(word) or resembles_options(word))


def _without_blocks(rows: list[bytes]) -> Iterator[tuple[bytes, bool]]:
    left = 0
    for index, row in enumerate(rows):
        if not left:

            def peek(count: int, index: int = index) -> bytes | None:
                return rows[index + 1 + count] if index + 1 + count < len(rows) else None

            left = count_private(row, peek) or count_ssh2(row, peek)
        yield row, left > 0
        left = max(0, left - 1)
