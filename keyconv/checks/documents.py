"""Files that nobody said are keys: whether one is a key after all, and the private keys that stand in its text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keyconv import limits, repairs
from keyconv.checks import embedded, rules
from keyconv.checks.model import Content, Context, Hit, Judged, fingerprint_of
from keyconv.checks.notes import private_entries
from keyconv.codec.line_faults import is_private
from keyconv.engine.reading import read_whole
from keyconv.errors import KeyconvError
from keyconv.keyfile import Entry

__all__ = ["is_key", "judge_document", "judge_for_private"]

_BEGINS_KEY = re.compile(
    rb"\s*(?:-{4,6} ?BEGIN (?!PGP PUBLIC)[A-Z0-9 ]{0,30}(?:PRIVATE KEY|PUBLIC KEY)"
    rb"|PuTTY-User-Key-File-[0-9]|SSH PRIVATE KEY FILE)"
)
_ROW = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}\Z")
_PPK_HEADERS = (b"Encryption: ", b"Comment: ", b"Public-Lines: ")
_KEY_NAMES = re.compile(r"id_(?:rsa|dsa|ecdsa|ed25519|ed448)(?:_sk)?(?:-cert)?(?:\.pub)?\Z|.+\.ppk\Z", re.IGNORECASE)
_MAX_SMALL = 64 * limits.KIB
_FEW_STATES = 200


def is_key(content: Content) -> bool:
    """Return whether a file that does not load is meant to be a key: it is named, or looks like a damaged one."""
    named = content.named or _KEY_NAMES.match(content.name) is not None
    return named or _is_damaged_key(content.data) or _mends_to_key(content)


def judge_document(content: Content, context: Context) -> Judged:
    """Look for private keys in a file that nobody said is one; anything else in it is none of our business."""
    judged = Judged(content.path, is_key=False)
    for found in _private_in(content.data):
        judged.is_key = judged.is_document = True
        judged.formats.add(found.keyfile.format)
        for entry in private_entries(found.keyfile.entries):
            hits = [("surrounding-text", Hit("a private key stands inside other text", fixable=False))]
            if context.public_only:
                hits.append(("private-not-public", Hit("a private key, where only public ones are allowed")))
            hits += [(rule.name, hit) for rule, find in rules.BOOK.on_key(entry) for hit in find(entry, context)]
            key = fingerprint_of(entry)
            judged.findings += [
                rules.BOOK.to_finding(name, hit, content.path, line=found.line, key=key) for name, hit in hits
            ]
        judged.entries += found.keyfile.entries
    return judged


def judge_for_private(content: Content) -> Judged:
    """Look for private keys and for nothing else, in a file of any kind."""
    judged = Judged(content.path, is_key=False)
    for line, entry in _private_anywhere(content.data):
        judged.is_key = True
        hit, key = Hit("a private key", line=line), fingerprint_of(entry)
        judged.findings.append(rules.BOOK.to_finding("private-not-public", hit, content.path, key=key))
    return judged


def _private_anywhere(data: bytes) -> Iterator[tuple[int, Entry]]:
    try:
        keyfile = read_whole(data)
    except KeyconvError:
        for found in _private_in(data, thorough=True):
            for entry in private_entries(found.keyfile.entries):
                yield found.line, entry
    else:
        for entry in private_entries(keyfile.entries):
            yield entry.line or 1, entry
        if any(map(is_private, keyfile.faults)):
            for found in _private_in(data, thorough=True):
                for entry in private_entries(found.keyfile.entries):
                    yield found.line, entry


def _private_in(data: bytes, *, thorough: bool = False) -> Iterator[embedded.Found]:
    none = True
    if embedded.may_hold_key(data):
        for found in embedded.find_private(data):
            none = False
            yield found
    if thorough and none and _is_damaged_key(data):
        candidate = repairs.find_whole(data)
        if candidate is not None and candidate.undone:
            yield embedded.Found(1, candidate.data, candidate.keyfile)


def _is_damaged_key(data: bytes) -> bool:
    """Return whether the whole of a file was a key before it was damaged, and not a text that speaks of keys."""
    if len(data) > limits.MAX_KEY_FILE:
        return False
    plain = data.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    rows = [row.strip() for row in re.split(rb"[\r\n]+|\\n", plain) if row.strip()]
    if not rows:
        return False
    if _BEGINS_KEY.match(rows[0]):
        if len(rows) == 1:
            return len(rows[0]) < 60 or _dense(rows[0])
        if b"PuTTY" in rows[0][:12]:
            return sum(any(header in row for row in rows) for header in _PPK_HEADERS) >= 2
        body = rows[1:-1] if len(rows) > 2 else rows[1:]
        return 2 * sum(_ROW.match(row) is not None for row in body) >= len(body)
    return _is_bare(rows)


def _mends_to_key(content: Content) -> bool:
    """Return whether a file, taken as a whole, is a key once damage is fixed; text around a key makes it a document."""
    data = content.data
    public = content.name.lower().endswith(".pub")
    if len(data) > _MAX_SMALL or not (public or (embedded.may_hold_key(data) and embedded.has_material(data))):
        return False
    found = repairs.find_whole(data, guess=True, max_states=_FEW_STATES)
    if found is None or not found.undone or "surrounding-text" in found.undone:
        return False
    return public or bool(private_entries(found.keyfile.entries))  # a text may quote a public key and nothing else


def _is_bare(rows: list[bytes]) -> bool:
    # A body whose frame is gone, or a whole file in base64: nothing but base64, and it says what it is.
    joined = b"".join(rows)
    return joined.startswith(embedded.ENCODED) and re.fullmatch(rb"[A-Za-z0-9+/]+={0,2}", joined) is not None


def _dense(row: bytes) -> bool:
    return max((len(each) for each in re.findall(rb"[A-Za-z0-9+/]+", row)), default=0) >= 40
