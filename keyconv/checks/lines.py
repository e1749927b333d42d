"""`authorized_keys` and `known_hosts`, line by line, each judged on its own, as sshd does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from keyconv import limits
from keyconv.checks import option_values
from keyconv.checks.base import Finding
from keyconv.checks.entry_rules import ENTRY_RULES
from keyconv.checks.known_hosts import read_host_line
from keyconv.checks.refusals import rule_of
from keyconv.checks.streaming import Lookahead, Row, SeenKeys, TextFacts, read_rows
from keyconv.checks.subject import Context, Hit, fingerprint_of, to_finding
from keyconv.codec import public_blob
from keyconv.errors import KeyconvError, UnsupportedError
from keyconv.formats.authorized_keys import read_line
from keyconv.keyfile import Entry
from keyconv.keys import PublicKey, RsaPublicKey
from keyconv.notes import Note

__all__ = ["LineFile", "LineKind", "check_lines", "kind_of_content", "kind_of_name"]

LineKind = Literal["authorized_keys", "known_hosts"]

_BLOB = rb"AAAA[A-Za-z0-9+/]{12,}={0,2}"
_TYPES = (
    rb"(?:ssh-(?:ed25519|ed448|rsa|dss)|ecdsa-sha2-nistp[0-9]{3}|sk-[\w-]+@openssh\.com|ssh-mldsa44-ed25519[@\w.]*)"
)
_KEY_BEGINS = re.compile(_TYPES + rb"(?:-cert-v01@openssh\.com)?[ \t]+" + _BLOB)
_KEY_BEGINS_HERE = re.compile(rb"(?=" + _KEY_BEGINS.pattern + rb")")  # where one may begin inside of another
_SSH2_BEGIN = re.compile(rb"[ \t]*---- ?BEGIN SSH2 PUBLIC KEY ?----")
_SSH2_END = re.compile(rb"[ \t]*---- ?END SSH2 PUBLIC KEY ?----")
_PRIVATE_BEGIN = re.compile(
    rb"[ \t]*(?:-{4,6} ?BEGIN (?P<label>[A-Z0-9 ]{0,30}PRIVATE KEY) ?-{4,6}|PuTTY-User-Key-File-[0-9]: )"
)
_PRIVATE_END = re.compile(rb"[ \t]*(?:-{4,6} ?END [A-Z0-9 ]{0,30}PRIVATE KEY ?-{4,6}|Private-(?:MAC|Hash): )")
_NAMES = re.compile(r"(?:(authorized_keys2?)|(?:ssh_)?known_hosts2?(?:\.old)?)\Z")
_BLOB_BEGINS = b"AAAA"
_CONTINUATION = re.compile(rb"[ \t]*[A-Za-z0-9+/]+={0,2}(?:[ \t]|\Z)")
_ODD_SPACES = "\u00a0\u2007\u202f\u3000\u200b\u200c\u200d\u2060\ufeff".encode()
_ODD_BLANKS = re.compile(rb"(?:\xc2\xa0|\xe2\x80[\x87\xaf\x8b-\x8d]|\xe3\x80\x80|\xe2\x81\xa0|\xef\xbb\xbf|[ \t\f\v])+")
_BAD_OPTION = re.compile(r"\bthe option |in the options|\bquote\b")
_UNKNOWN_OPTION = re.compile(r"there is no option ")
_HOST_LINE = "looks like one of known_hosts"
_ON_HOSTS = frozenset({"putty-p521", "comment-control"})
"""Rules that say nothing of a host's key."""

_MAX_ROWS = 200
_MAX_THOROUGH = 1_000
_MAX_MODULI = 2_000
_SILENT = "sshd ignores the line"


@dataclass(slots=True)
class LineFile:
    """One file of lines while it is checked: where it is, what it is, and what was seen so far.

    `moduli` are RSA moduli with their lines, of the first so many keys; `keys` counts lines that hold a key.
    """

    path: str
    kind: LineKind
    context: Context
    facts: TextFacts = field(default_factory=TextFacts)
    seen: SeenKeys = field(default_factory=SeenKeys)
    moduli: list[tuple[int, int, str]] = field(default_factory=list)
    keys: int = 0
    bad: int = 0


def kind_of_name(name: str) -> LineKind | None:
    """Tell by its name what a file is: the names that sshd and ssh read by default; others are told by content."""
    found = _NAMES.match(name.lower())
    if found is None:
        return None
    return "authorized_keys" if found[1] else "known_hosts"


def kind_of_content(head: bytes) -> LineKind | None:
    """Tell by the first lines of a file what it is; a single public key is not a file of lines.

    One line that is a key is enough, if it has options before it, or other lines beside it.
    """
    rows = [row for row in head.split(b"\n")[:_MAX_ROWS] if row.strip() and not row.lstrip().startswith(b"#")]
    votes = {"authorized_keys": 0, "known_hosts": 0}
    for row in rows[:20]:
        text = row.removesuffix(b"\r")
        try:
            if read_line(text, 1, []) is not None:
                votes["authorized_keys"] += 1
        except KeyconvError as error:
            if _HOST_LINE in error.message and _reads_as_host(text):
                votes["known_hosts"] += 1
    if votes["known_hosts"]:
        return "known_hosts"
    return "authorized_keys" if votes["authorized_keys"] and len(rows) > 1 else None


def check_lines(file: LineFile, chunks: Iterable[bytes]) -> Iterator[Finding]:
    """Judge every line; findings come as the lines go by, those on the text as a whole at the end."""
    rows = Lookahead(read_rows(chunks, limits.MAX_LINE, file.facts))
    for row in rows:
        text = row.text.strip(b" \t")
        if text and not text.startswith(b"#"):
            if row.text[:1] in b" \t":
                file.facts.indented = file.facts.indented or row.number
            if row.text[-1:] in b" \t":
                file.facts.trailing = file.facts.trailing or row.number
            yield from _check_row(file, row, rows)
    yield from _check_text(file)


# ── one line ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _check_row(file: LineFile, row: Row, rows: Lookahead) -> Iterator[Finding]:
    if _SSH2_BEGIN.match(row.text):
        rows.skip(_count_until(rows, _SSH2_END))
        yield _bad(file, "rfc4716-in-authorized-keys", "an SSH2 public key block, of which sshd reads nothing", row)
        return
    if _PRIVATE_BEGIN.match(row.text):
        rows.skip(_count_until(rows, _PRIVATE_END))
        yield _bad(file, "private-not-public", "a private key stands here; everybody who reads the file has it", row)
        return
    if row.cut or len(row.text) > limits.MAX_AUTHORIZED_KEYS_LINE:
        most = limits.size(limits.MAX_AUTHORIZED_KEYS_LINE)
        yield _bad(file, "line-too-long", f"the line has more than {most}, and {_SILENT}", row)
        return
    notes: list[Note] = []
    try:
        read = _read(file, row.text, row.number, notes)
    except KeyconvError as error:
        yield from _refused(file, row, rows, error)
        return
    if read is not None:
        yield from _accepted(file, row, *read, notes)


def _accepted(file: LineFile, row: Row, hosts: bytes, entry: Entry, notes: list[Note]) -> Iterator[Finding]:
    file.keys += 1
    key = fingerprint_of(entry)
    if entry.comment and _KEY_BEGINS.search(entry.comment):
        yield _found(file, "joined-keys", "a second key follows on the same line, where it is only a comment", row, key)
    if entry.public is not None and entry.public.family == "opaque":
        yield _bad(file, "bad-line", f"sshd knows no keys of type {entry.public.algorithm}, and {_SILENT}", row, key)
        return
    why = option_values.judge(entry.options)
    if why:
        yield _bad(file, "bad-option", f"{why}; {_SILENT}", row, key)
    for note in notes:
        if note.code == "noncanonical":
            yield _found(file, "noncanonical", note.message, row, key)
    yield from _check_key(file, row, entry, key)
    if entry.public is not None:
        yield from _check_company(file, row, hosts, entry.public, key)


def _check_key(file: LineFile, row: Row, entry: Entry, key: str | None) -> Iterator[Finding]:
    context = file.context if file.keys <= _MAX_THOROUGH else replace(file.context, thorough=False)
    on_hosts = file.kind == "known_hosts"
    for name, find in ENTRY_RULES:
        if on_hosts and name in _ON_HOSTS:
            continue
        for hit in find(entry, context):
            found = to_finding(name, hit, file.path, line=row.number, key=key)
            if not on_hosts or found.severity == "error":
                yield found


def _check_company(file: LineFile, row: Row, hosts: bytes, public: PublicKey, key: str | None) -> Iterator[Finding]:
    blob = public_blob.write(public)
    first = file.seen.first_line(hosts + b"\0" + blob, row.number)
    if first is not None:
        yield _found(file, "duplicate-key", f"the same key as on line {first}", row, key)
    elif isinstance(public, RsaPublicKey) and len(file.moduli) < _MAX_MODULI:
        file.moduli.append((public.n, row.number, key or ""))


def _refused(file: LineFile, row: Row, rows: Lookahead, error: KeyconvError) -> Iterator[Finding]:
    joined = _joined_at(file, row)
    if joined:
        file.keys += 1
        yield _found(file, "joined-keys", "two keys stand on one line, with nothing between them", row)
        return
    if _unspaced(file, row):
        file.keys += 1
        yield _found(file, "indented", "white space that sshd does not know stands before the key", row)
        return
    wrapped = _wrapped(file, row, rows)
    if wrapped is not None:
        count, entry = wrapped
        rows.skip(count)
        file.keys += 1
        message = f"the key goes over {count + 1} lines, of which {_SILENT.replace('the line', 'every one')}"
        yield _found(file, "wrapped-key", message, row, fingerprint_of(entry))
        return
    name, message = _rule_of_line(error)
    found = _bad(file, name, message, row)
    yield replace(found, hint=error.hint) if error.hint else found


def _rule_of_line(error: KeyconvError) -> tuple[str, str]:
    text = error.message
    if _UNKNOWN_OPTION.search(text):
        return "unknown-option", text
    if _BAD_OPTION.search(text):
        return "bad-option", text
    if isinstance(error, UnsupportedError) and "SSH-1" in text:
        return "ssh1", text
    name = rule_of(error, private=False)
    kept = ("weak-point", "weak-modulus", "odd-exponent", "line-too-long")
    return (name if name in kept else "bad-line"), text


# ── lines that belong together, and lines that do not ──────────────────────────────────────────────────────────────


def _joined_at(file: LineFile, row: Row) -> bool:
    # `ssh-ed25519 AAAA...ssh-rsa AAAA...`: a first key without a comment, and the second at once after its base64.
    for found in _KEY_BEGINS_HERE.finditer(row.text):
        if (
            found.start()
            and _reads(file, row.text[: found.start()].rstrip())
            and _reads_as_key(row.text[found.start() :])
        ):
            return True
    return False


def _unspaced(file: LineFile, row: Row) -> bool:
    found = _ODD_BLANKS.match(row.text)
    return found is not None and bool(found.group().strip(b" \t")) and _reads(file, row.text[found.end() :])


def _wrapped(file: LineFile, row: Row, rows: Lookahead) -> tuple[int, Entry] | None:
    """Find how many of the next rows, joined to this one, make a key."""
    closely, spaced = row.text.rstrip(b" \t"), row.text.rstrip(b" \t")
    for count in range(_MAX_ROWS):
        following = rows.peek(count)
        if following is None or following.cut or len(closely) > limits.MAX_AUTHORIZED_KEYS_LINE:
            return None
        piece = following.text.strip(b" \t")
        begins = _KEY_BEGINS.match(piece) is not None
        if not (_CONTINUATION.match(piece) or begins or _BLOB_BEGINS not in closely) or piece.startswith(b"#"):
            return None
        closely, spaced = closely + piece, spaced + b" " + piece
        if begins and _reads(file, piece):
            # A whole key by itself: what stands before it is not its beginning, unless it is options of its own.
            return None
        for text in dict.fromkeys((closely, spaced)):
            try:
                read = _read(file, text, row.number, [])
            except KeyconvError:
                continue
            if read is not None:
                return count + 1 + _count_of_comment(file, row, rows, count), read[1]
    return None


def _count_of_comment(file: LineFile, row: Row, rows: Lookahead, last: int) -> int:
    # The comment may be broken too: a row as long as the first one was cut off there, and its rest is the next row.
    count = 0
    before = rows.peek(last)
    while before is not None and len(before.text) == len(row.text) and count < _MAX_ROWS:
        before = rows.peek(last + count + 1)
        if before is None or not before.text.strip() or _KEY_BEGINS.search(before.text) or _reads(file, before.text):
            break
        count += 1
    return count


def _count_until(rows: Lookahead, end: re.Pattern[bytes]) -> int:
    for count in range(_MAX_ROWS):
        row = rows.peek(count)
        if row is None or _KEY_BEGINS.search(row.text):
            return count
        if end.match(row.text):
            return count + 1
    return 0


# ── the text as a whole ────────────────────────────────────────────────────────────────────────────────────────────


def _check_text(file: LineFile) -> Iterator[Finding]:
    facts = file.facts
    for name, line, hit in (
        ("byte-order-mark", int(facts.byte_order_mark), Hit("a byte order mark stands before the first line")),
        ("utf-16", int(facts.utf16), Hit("the file is UTF-16, of which sshd reads nothing")),
        ("cr-line-ends", facts.bare_cr, Hit("the line ends are CR alone")),
        ("crlf", facts.crlf, Hit("the line ends are CR LF", "info")),
        ("indented", facts.indented, Hit("white space stands before a line, which sshd passes over", "info")),
        ("trailing-whitespace", facts.trailing, Hit("white space stands after a line", "info")),
        (
            "missing-final-newline",
            facts.unended,
            Hit("the last line has no line end: a key appended to it would be lost", "info"),
        ),
    ):
        if line:
            yield to_finding(name, hit, file.path, line=line)


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(file: LineFile, text: bytes, number: int, notes: list[Note]) -> tuple[bytes, Entry] | None:
    if file.kind == "known_hosts":
        return read_host_line(text, number, notes)
    entry = read_line(text, number, notes)
    return None if entry is None else (b"", entry)


def _reads(file: LineFile, text: bytes) -> bool:
    return _succeeds(lambda: _read(file, text, 1, []))


def _reads_as_key(text: bytes) -> bool:
    return _succeeds(lambda: read_line(text, 1, []))


def _reads_as_host(text: bytes) -> bool:
    return _succeeds(lambda: read_host_line(text, 1, []))


def _succeeds(read: Callable[[], object]) -> bool:
    try:
        return read() is not None
    except KeyconvError:
        return False


def _found(
    file: LineFile, name: str, message: str, row: Row, key: str | None = None, *, fixable: bool | None = None
) -> Finding:
    return to_finding(name, Hit(message, fixable=fixable), file.path, line=row.number, key=key)


def _bad(file: LineFile, name: str, message: str, row: Row, key: str | None = None) -> Finding:
    file.bad += 1
    return _found(file, name, message, row, key)
