"""`authorized_keys` and `known_hosts`, line by line, each judged on its own, as sshd does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256

from keyconv import limits
from keyconv.checks import rules
from keyconv.checks.bulk import USUAL_FAMILIES, find_sound
from keyconv.checks.line import Line
from keyconv.checks.model import (
    LINE_KINDS,
    Context,
    Finding,
    Hit,
    LineKind,
    Related,
    Severity,
    UsualKey,
    blob_of,
    fingerprint_of,
)
from keyconv.checks.modulus import MAX_STREAMED_BITS
from keyconv.checks.seen_keys import SeenKeys
from keyconv.codec import line_kind, signer_line
from keyconv.codec.line_faults import HINTS, READERS, LineFaults, ReadLine
from keyconv.crypto.fingerprint import spell
from keyconv.errors import KeyconvError
from keyconv.formats import known_hosts
from keyconv.formats.authorized_keys import read_line
from keyconv.keyfile import Entry
from keyconv.keys import PublicKey, RsaPublicKey
from keyconv.notes import Note
from keyconv.repairs.messages import MESSAGES
from keyconv.text.rows import Lookahead, Row, TextFacts, read_rows

__all__ = ["LineFile", "LineKind", "check_lines", "kind_of_content", "kind_of_name"]


_BLOB = rb"AAAA[A-Za-z0-9+/]{12,}={0,2}"
_TYPES = (
    rb"(?:ssh-(?:ed25519|ed448|rsa|dss)|ecdsa-sha2-nistp[0-9]{3}|sk-[\w-]+@openssh\.com|ssh-mldsa44-ed25519[@\w.]*)"
)
_KEY_BEGINS = re.compile(_TYPES + rb"(?:-cert-v01@openssh\.com)?[ \t]+" + _BLOB)
_TYPE_BEGINS = re.compile(_TYPES + rb"[ \t]")
_BASE64_ROW = re.compile(rb"[A-Za-z0-9+/]{32,}={0,2}(?:[ \t]|\Z)")
_BLOB_BEGINS = b"AAAA"

_MAX_ROWS = 200
_MAX_EFFORT = 16 * 2048**2
"""Squared bits of the moduli of one file that are tried with the slow methods: a second's worth."""

_BATCH_ROWS, _BATCH_BYTES = 4095, limits.MIB
"""Lines that are looked at together."""

_READ: dict[LineKind, ReadLine] = {
    "authorized_keys": read_line,
    "known_hosts": known_hosts.read_line,
    "allowed_signers": signer_line.read_line,
}
_HELD = frozenset({"joined-keys", "indented", "wrapped-key"})
"""Rules on rows that hold keys all the same."""


@dataclass(slots=True)
class LineFile:
    """One file of lines while it is checked: where it is, what it is, and what was seen so far.

    `moduli` are RSA moduli with their lines, and `bits` their bits; `left_out` says that there were more. `keys` counts
    lines that hold a key; `effort` is what it takes to try all moduli with slow methods. What is `streamed` may have
    millions of lines. `faults` explains the lines without a key.
    """

    path: str
    kind: LineKind
    context: Context
    facts: TextFacts = field(default_factory=TextFacts)
    seen: SeenKeys = field(default_factory=SeenKeys)
    moduli: list[tuple[int, int, str]] = field(default_factory=list)
    keys: int = 0
    bad: int = 0
    effort: int = 0
    streamed: bool = False
    bits: int = 0
    left_out: bool = False
    faults: LineFaults = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.faults = LineFaults(_READ[self.kind], self.kind)

    @property
    def reader(self) -> str:
        """The program that reads the file."""
        return READERS[self.kind]

    @property
    def silent(self) -> str:
        """What becomes of a bad line."""
        return f"{self.reader} ignores the line"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was not looked for."""
        if self.streamed and self.moduli:
            tried = "no RSA key was"
        elif self.effort > _MAX_EFFORT:
            tried = "only the first RSA keys were"
        else:
            return ()
        return (f"{self.path}: {tried} tried with Pollard's and Wiener's methods, which are slow",)


def kind_of_name(name: str) -> LineKind | None:
    """Return what a file is by its name: those that sshd and ssh read by default; content decides the others."""
    return _as_kind(line_kind.kind_of_name(name))


def kind_of_content(head: bytes, *, named: bool = True) -> LineKind | None:
    """Return what a file is by its first lines; a single public key is not a file of lines.

    One line that is a key is enough, if it has options before it, or other lines beside it. Where nobody `named` the
    file, it may be a document that quotes a key: then most lines must be keys, sound or not.
    """
    kind = _kind_by_votes(head)
    return kind if named or kind is None or _are_mostly_keys(head) else None


def _are_mostly_keys(head: bytes) -> bool:
    rows = [row.strip() for row in head.split(b"\n")[:_MAX_ROWS]]
    rows = [row for row in rows if row and not row.startswith(b"#")]
    like_keys = sum(
        _TYPE_BEGINS.match(row) is not None or _KEY_BEGINS.search(row) is not None or _BASE64_ROW.match(row) is not None
        for row in rows
    )
    return 5 * like_keys >= 4 * len(rows)


def _kind_by_votes(head: bytes) -> LineKind | None:
    kind = _as_kind(line_kind.kind_among_blocks(head) or line_kind.kind_of(head))
    rows = [row for row in head.split(b"\n")[:_MAX_ROWS] if row.strip() and not row.lstrip().startswith(b"#")]
    texts = [row.removesuffix(b"\r") for row in rows[:20]]
    if kind == "known_hosts":
        # Without a blob it is a key of protocol 1, told by its numbers.
        return kind if any(_BLOB_BEGINS not in text or _reads_as_host(text) for text in texts) else None
    if kind == "allowed_signers":
        return kind
    return kind if len(rows) > 1 and any(map(_reads_as_key, texts)) else None


def _as_kind(kind: str) -> LineKind | None:
    return next((each for each in LINE_KINDS if each == kind), None)


def check_lines(file: LineFile, chunks: Iterable[bytes]) -> Iterator[Finding]:
    """Check every line; findings come as the lines go by, those on the text as a whole at the end."""
    rows = Lookahead(read_rows(chunks, limits.MAX_LINE, file.facts))
    known: dict[int, UsualKey] = {}
    last = 0
    for row in rows:
        if row.number > last:
            batch = [row, *rows.sight(_BATCH_ROWS, _BATCH_BYTES)]
            known, last = _find_sound(file, batch), batch[-1].number
        sound = known.get(row.number)
        if sound is not None:
            file.keys += 1
            first = _first_line(file, row, sound)
            if first is not None:
                yield _repeated(file, row, sound, first)
            continue
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
    if row.cut:
        message = f"the line has more than {limits.size(limits.MAX_LINE)}, which no key needs: it was not read"
        yield replace(_bad(file, "line-too-long", message, row), severity="warning")
        return
    if len(row.text) > limits.MAX_AUTHORIZED_KEYS_LINE:
        most = limits.size(limits.MAX_AUTHORIZED_KEYS_LINE)
        yield _found(file, "line-too-long", f"the line has more than {most}, too long for OpenSSH before 7.8", row)
    notes: list[Note] = []
    try:
        read = _read(file, row.text, row.number, notes)
    except KeyconvError as error:
        yield from _refused(file, row, rows, error)
        return
    if read is not None:
        yield from _accepted(file, row, read, notes)


def _accepted(file: LineFile, row: Row, entry: Entry, notes: list[Note]) -> Iterator[Finding]:
    file.keys += 1
    if entry.comment and _BLOB_BEGINS in entry.comment and _KEY_BEGINS.search(entry.comment):
        yield _found(file, "joined-keys", file.faults.joined, row, fingerprint_of(entry))
    line = Line(entry, row.text, file.kind, file.context)
    for name, find in rules.BOOK.on_line(file.kind):
        for hit in find(line):
            found = _to_finding(file, name, hit, row, fingerprint_of(entry))
            file.bad += found.severity == "error"
            yield found
    for note in notes:
        if note.code == "noncanonical":
            severity: Severity | None = "info" if note.harmless else None
            yield _found(file, "noncanonical", note.message, row, fingerprint_of(entry), severity=severity)
    yield from _check_key(file, row, entry)
    if entry.public is not None:
        yield from _check_company(file, row, entry, entry.public)


def _check_key(file: LineFile, row: Row, entry: Entry) -> Iterator[Finding]:
    if isinstance(entry.public, RsaPublicKey):
        file.effort += entry.public.n.bit_length() ** 2
        if file.effort > _MAX_EFFORT and file.context.thorough:
            file.context = replace(file.context, thorough=False)
    context = file.context
    on_hosts = file.kind == "known_hosts"
    for rule, find in rules.BOOK.on_key(entry, on_hosts=on_hosts):
        for hit in find(entry, context):
            found = rules.BOOK.to_finding(rule.name, hit, file.path, line=row.number, key=fingerprint_of(entry))
            if not on_hosts or rule.on_hosts == "everything" or found.severity == "error":
                yield found


def _find_sound(file: LineFile, rows: list[Row]) -> dict[int, UsualKey]:
    if file.kind == "allowed_signers":  # of which there are no long files
        return {}
    tests = {family: rules.BOOK.usual(family, file.kind, file.context) for family in USUAL_FAMILIES}
    return find_sound(rows, on_hosts=file.kind == "known_hosts", tests=tests)


def _check_company(file: LineFile, row: Row, entry: Entry, public: PublicKey) -> Iterator[Finding]:
    if entry.certificate is not None:
        return  # it is bad wherever it stands
    hosts = b",".join(entry.hosts or entry.principals)
    if entry.marker:
        hosts = entry.marker + b" " + hosts
    if entry.options:  # sshd goes on to the next line with the key where the options do not let a client in
        hosts += b"".join(b"\0" + option.name.lower() + b"=" + (option.value or b"") for option in entry.options)
    modulus = public.n if isinstance(public, RsaPublicKey) else 0
    key = UsualKey(public.family, sha256(blob_of(public)).digest(), modulus, hosts)
    first = _first_line(file, row, key)
    if first is not None:
        yield _repeated(file, row, key, first)


def _first_line(file: LineFile, row: Row, key: UsualKey) -> int | None:
    """Return the line before this one with the same key and hosts; if there is none, keep what is compared of it."""
    first = file.seen.first_line(sha256(key.hosts + key.digest).digest() if key.hosts else key.digest, row.number)
    if first is None and key.modulus and not file.left_out:
        file.bits += key.modulus.bit_length()
        file.left_out = file.streamed and file.bits > MAX_STREAMED_BITS
        if not file.left_out:
            file.moduli.append((key.modulus, row.number, spell(key.digest)))
    return first


def _repeated(file: LineFile, row: Row, key: UsualKey, first: int) -> Finding:
    related = (Related(file.path, first, "the same key"),)
    hit = Hit(f"the same key as on line {first}", related=related)
    return _to_finding(file, "duplicate-key", hit, row, spell(key.digest))


def _refused(file: LineFile, row: Row, rows: Lookahead, error: KeyconvError) -> Iterator[Finding]:
    fault = file.faults.explain(row.text, row.number, rows.text_after, error)
    rows.skip(fault.below)
    rule = fault.error.rule
    key = fault.joined.entry if fault.joined is not None else None
    at = row._replace(number=fault.error.line or row.number)
    if rule in _HELD:
        file.keys += 1
        yield _found(file, rule, fault.error.message, at, fingerprint_of(key))
    else:
        found = _bad(file, rule, fault.error.message, at)
        yield replace(found, hint=fault.error.hint) if fault.error.hint else found
    if key is not None:
        yield from _check_key(file, row, key)


# ── the text as a whole ────────────────────────────────────────────────────────────────────────────────────────────


def _check_text(file: LineFile) -> Iterator[Finding]:
    facts = file.facts
    seen: tuple[tuple[str, int, Severity | None], ...] = (
        ("byte-order-mark", int(facts.byte_order_mark), None),
        ("utf-16", int(facts.utf16), None),
        ("cr-line-ends", facts.bare_cr, None),
        ("crlf", facts.crlf, "info"),
        ("indented", facts.indented, "info"),
        ("trailing-whitespace", facts.trailing, "info"),
        ("missing-final-newline", facts.unended, "info"),
    )
    for name, line, severity in seen:
        if line:
            yield rules.BOOK.to_finding(name, Hit(MESSAGES[name], severity), file.path, line=line)


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(file: LineFile, text: bytes, number: int, notes: list[Note]) -> Entry | None:
    return _READ[file.kind](text, number, notes)


def _reads_as_key(text: bytes) -> bool:
    return _succeeds(lambda: read_line(text, 1, []))


def _reads_as_host(text: bytes) -> bool:
    return _succeeds(lambda: known_hosts.read_line(text, 1, []))


def _succeeds(read: Callable[[], object]) -> bool:
    try:
        return read() is not None
    except KeyconvError:
        return False


def _found(
    file: LineFile, name: str, message: str, row: Row, key: str | None = None, *, severity: Severity | None = None
) -> Finding:
    return _to_finding(file, name, Hit(message, severity), row, key)


def _to_finding(file: LineFile, name: str, hit: Hit, row: Row, key: str | None) -> Finding:
    if hit.hint is None and (hint := HINTS.get(file.kind, {}).get(name)):
        hit = hit._replace(hint=hint, fixable=False)
    return rules.BOOK.to_finding(name, hit, file.path, line=row.number, key=key)


def _bad(file: LineFile, name: str, message: str, row: Row, key: str | None = None) -> Finding:
    file.bad += 1
    return _found(file, name, message, row, key)
