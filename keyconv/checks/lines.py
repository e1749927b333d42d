"""`authorized_keys` and `known_hosts`, line by line, each judged on its own, as sshd does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256

from keyconv import limits
from keyconv.checks import rules
from keyconv.checks.bulk import USUAL_FAMILIES, Sound, find_sound
from keyconv.checks.line import READERS, Line
from keyconv.checks.model import Context, Finding, Hit, LineKind, Severity, blob_of, fingerprint_of
from keyconv.checks.modulus import MAX_STREAMED_BITS
from keyconv.checks.seen_keys import SeenKeys
from keyconv.codec import signer_line
from keyconv.codec.key_line import begins_usual, rule_among_lines
from keyconv.codec.line_file import ReadLine
from keyconv.crypto.fingerprint import spell
from keyconv.errors import KeyconvError
from keyconv.formats import known_hosts
from keyconv.formats.authorized_keys import read_line
from keyconv.keyfile import Entry
from keyconv.keys import PublicKey, RsaPublicKey
from keyconv.notes import Note
from keyconv.repair.messages import MESSAGES
from keyconv.text.rows import Lookahead, Row, TextFacts, read_rows

__all__ = ["LineFile", "LineKind", "check_lines", "kind_of_content", "kind_of_name"]


_BLOB = rb"AAAA[A-Za-z0-9+/]{12,}={0,2}"
_TYPES = (
    rb"(?:ssh-(?:ed25519|ed448|rsa|dss)|ecdsa-sha2-nistp[0-9]{3}|sk-[\w-]+@openssh\.com|ssh-mldsa44-ed25519[@\w.]*)"
)
_KEY_BEGINS = re.compile(_TYPES + rb"(?:-cert-v01@openssh\.com)?[ \t]+" + _BLOB)
_TYPE_BEGINS = re.compile(_TYPES + rb"[ \t]")
_BASE64_ROW = re.compile(rb"[A-Za-z0-9+/]{32,}={0,2}(?:[ \t]|\Z)")
_KEY_BEGINS_HERE = re.compile(rb"(?=" + _KEY_BEGINS.pattern + rb")")  # where one may begin inside of another
_SSH2_BEGIN = re.compile(rb"[ \t]*---- ?BEGIN SSH2 PUBLIC KEY ?----")
_SSH2_END = re.compile(rb"[ \t]*---- ?END SSH2 PUBLIC KEY ?----")
_PRIVATE_BEGIN = re.compile(
    rb"[ \t]*(?:-{4,6} ?BEGIN (?P<label>[A-Z0-9 ]{0,30}PRIVATE KEY) ?-{4,6}|PuTTY-User-Key-File-[0-9]: )"
)
_PRIVATE_END = re.compile(rb"[ \t]*(?:-{4,6} ?END [A-Z0-9 ]{0,30}PRIVATE KEY ?-{4,6}|Private-(?:MAC|Hash): )")
_NAMES: tuple[tuple[LineKind, re.Pattern[str]], ...] = (
    ("authorized_keys", re.compile(r"authorized_keys2?\Z")),
    ("known_hosts", re.compile(r"(?:ssh_)?known_hosts2?(?:\.old)?\Z")),
    ("allowed_signers", re.compile(r"\.?allowed[_-]?signers\Z")),
)
_PRINCIPAL = re.compile(rb"!?[\w.*?@+%-]+\Z")
_ADDRESS = re.compile(rb"!?[\w.*?+%-]+@[\w.*?-]+\Z")
"""What a person would take for a principal: a word before options that only `allowed_signers` has, else an address."""
_BLOB_BEGINS = b"AAAA"
_CONTINUATION = re.compile(rb"[ \t]*[A-Za-z0-9+/]+={0,2}(?:[ \t]|\Z)")
_ODD_SPACES = "\u00a0\u2007\u202f\u3000\u200b\u200c\u200d\u2060\ufeff".encode()
_ODD_BLANKS = re.compile(rb"(?:\xc2\xa0|\xe2\x80[\x87\xaf\x8b-\x8d]|\xe3\x80\x80|\xe2\x81\xa0|\xef\xbb\xbf|[ \t\f\v])+")

_MAX_ROWS = 200
_MAX_EFFORT = 16 * 2048**2
"""Squared bits of the moduli of one file that are tried with the slow methods: a second's worth."""

_MAX_JOINS = 10_000  # of lines in vain, since the last wrapped key was found
_BATCH_ROWS, _BATCH_BYTES = 4095, limits.MIB
"""Lines that are looked at together."""

_READ: dict[LineKind, ReadLine] = {
    "authorized_keys": read_line,
    "known_hosts": known_hosts.read_line,
    "allowed_signers": signer_line.read_line,
}
_HINTS_ON_HOSTS = {
    "bad-line": "Remove the line ('ssh-keygen -R HOST'), and get it again: 'ssh-keyscan HOST' prints it.",
    "line-too-long": "Spread the hosts over several lines.",
    "duplicate-key": "Keep one.",
}
"""What to do about a line of `known_hosts`, where it is not what a rule says of `authorized_keys`."""


@dataclass(slots=True)
class LineFile:
    """One file of lines while it is checked: where it is, what it is, and what was seen so far.

    `moduli` are RSA moduli with their lines, and `bits` their bits; `left_out` says that there were more. `keys` counts
    lines that hold a key, `joins` those that were joined to others in vain; `effort` is what it takes to try all moduli
    with slow methods. What is `streamed` may have millions of lines.
    """

    path: str
    kind: LineKind
    context: Context
    facts: TextFacts = field(default_factory=TextFacts)
    seen: SeenKeys = field(default_factory=SeenKeys)
    moduli: list[tuple[int, int, str]] = field(default_factory=list)
    keys: int = 0
    bad: int = 0
    joins: int = 0
    effort: int = 0
    streamed: bool = False
    bits: int = 0
    left_out: bool = False

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
    """Tell by its name what a file is: the names that sshd and ssh read by default; others are told by content."""
    return next((kind for kind, pattern in _NAMES if pattern.match(name.lower())), None)


def kind_of_content(head: bytes, *, named: bool = True) -> LineKind | None:
    """Tell by the first lines of a file what it is; a single public key is not a file of lines.

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
    rows = [row for row in head.split(b"\n")[:_MAX_ROWS] if row.strip() and not row.lstrip().startswith(b"#")]
    votes: dict[LineKind, int] = {"authorized_keys": 0, "known_hosts": 0, "allowed_signers": 0}
    for row in rows[:20]:
        text = row.removesuffix(b"\r")
        try:
            if read_line(text, 1, []) is not None:
                votes["authorized_keys"] += 1
        except KeyconvError:
            # Without a blob it is a key of protocol 1, told by its numbers.
            if known_hosts.KNOWN_HOSTS.sniff(text) and (_BLOB_BEGINS not in text or _reads_as_host(text)):
                votes["known_hosts"] += 1
            elif _reads_as_signer(text):
                votes["allowed_signers"] += 1
    if votes["known_hosts"]:
        return "known_hosts"
    if votes["allowed_signers"] > votes["authorized_keys"]:
        return "allowed_signers"
    return "authorized_keys" if votes["authorized_keys"] and len(rows) > 1 else None


def check_lines(file: LineFile, chunks: Iterable[bytes]) -> Iterator[Finding]:
    """Judge every line; findings come as the lines go by, those on the text as a whole at the end."""
    rows = Lookahead(read_rows(chunks, limits.MAX_LINE, file.facts))
    known: dict[int, Sound] = {}
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
    if begins_usual(row.text):
        pass  # a key, and no block
    elif _SSH2_BEGIN.match(row.text):
        rows.skip(_count_until(rows, _SSH2_END))
        yield _bad(file, "rfc4716-in-authorized-keys", MESSAGES["rfc4716-in-authorized-keys"], row)
        return
    elif _PRIVATE_BEGIN.match(row.text):
        rows.skip(_count_until(rows, _PRIVATE_END))
        yield _bad(file, "private-not-public", "a private key stands here; everybody who reads the file has it", row)
        return
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
        yield _found(file, "joined-keys", MESSAGES["joined-keys"], row, fingerprint_of(entry))
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


def _find_sound(file: LineFile, rows: list[Row]) -> dict[int, Sound]:
    if file.kind == "allowed_signers":  # of which there are no long files
        return {}
    tests = {family: rules.BOOK.usual(family, file.kind, file.context) for family in USUAL_FAMILIES}
    return find_sound(rows, on_hosts=file.kind == "known_hosts", tests=tests)


def _check_company(file: LineFile, row: Row, entry: Entry, public: PublicKey) -> Iterator[Finding]:
    if entry.certificate is not None:
        return  # it is bad wherever it stands
    hosts = b",".join(entry.hosts)
    if entry.marker:
        hosts = entry.marker + b" " + hosts
    if entry.options:  # sshd goes on to the next line with the key where the options do not let a client in
        hosts += b"".join(b"\0" + option.name.lower() + b"=" + (option.value or b"") for option in entry.options)
    modulus = public.n if isinstance(public, RsaPublicKey) else 0
    key = Sound(hosts, sha256(blob_of(public)).digest(), modulus)
    first = _first_line(file, row, key)
    if first is not None:
        yield _repeated(file, row, key, first)


def _first_line(file: LineFile, row: Row, key: Sound) -> int | None:
    """Tell on which line before this one the key stands for the same hosts; keep what is compared of it, if on none."""
    first = file.seen.first_line(sha256(key.hosts + key.digest).digest() if key.hosts else key.digest, row.number)
    if first is None and key.modulus and not file.left_out:
        file.bits += key.modulus.bit_length()
        file.left_out = file.streamed and file.bits > MAX_STREAMED_BITS
        if not file.left_out:
            file.moduli.append((key.modulus, row.number, spell(key.digest)))
    return first


def _repeated(file: LineFile, row: Row, key: Sound, first: int) -> Finding:
    return _found(file, "duplicate-key", f"the same key as on line {first}", row, spell(key.digest))


def _refused(file: LineFile, row: Row, rows: Lookahead, error: KeyconvError) -> Iterator[Finding]:
    joined = _joined_at(file, row)
    if joined:
        file.keys += 1
        yield _found(file, "joined-keys", f"{MESSAGES['joined-keys']}, without white space: {file.silent}", row)
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
        yield _found(file, "wrapped-key", MESSAGES["wrapped-key"], row, fingerprint_of(entry))
        return
    found = _bad(file, rule_among_lines(error), error.message, row)
    yield replace(found, hint=error.hint) if error.hint else found


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
    for count in range(_MAX_ROWS if file.joins < _MAX_JOINS else 0):
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
        file.joins += 1
        if _BLOB_BEGINS not in closely:
            continue
        for text in dict.fromkeys((closely, spaced)):
            try:
                read = _read(file, text, row.number, [])
            except KeyconvError:
                continue
            if read is not None:
                file.joins = 0
                return count + 1 + _count_of_comment(file, row, rows, count), read
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


def _reads(file: LineFile, text: bytes) -> bool:
    return _succeeds(lambda: _read(file, text, 1, []))


def _reads_as_key(text: bytes) -> bool:
    return _succeeds(lambda: read_line(text, 1, []))


def _reads_as_host(text: bytes) -> bool:
    return _succeeds(lambda: known_hosts.read_line(text, 1, []))


def _reads_as_signer(text: bytes) -> bool:
    """Tell whether a line is one of `allowed_signers`, by more than that some word stands before a key."""
    try:
        entry = signer_line.read_line(text, 1, [])
    except KeyconvError:
        return False
    if entry is None:
        return False
    pattern = _PRINCIPAL if entry.options else _ADDRESS
    return all(pattern.match(name) for name in entry.hosts)


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
    if hit.hint is None and file.kind == "known_hosts":
        hit = hit._replace(hint=_HINTS_ON_HOSTS.get(name))
    return rules.BOOK.to_finding(name, hit, file.path, line=row.number, key=key)


def _bad(file: LineFile, name: str, message: str, row: Row, key: str | None = None) -> Finding:
    file.bad += 1
    return _found(file, name, message, row, key)
