"""Reading the keys of a document: of a file that has more than one key, or other text around it.

A key is taken only where it is beyond doubt: whole, and in a frame of its own. Files of lines, such as
`authorized_keys`, are no documents in this sense: their readers take their lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from keyconv import limits
from keyconv.document.search import find
from keyconv.document.spans import Document, Span, describe
from keyconv.document.wrappers import CrLf, Unended
from keyconv.engine.reading import read_whole
from keyconv.errors import KeyconvError, LossError, MismatchError
from keyconv.keyfile import Entry, KeyFile, Locked
from keyconv.keys import DsaPrivateKey, RsaPrivateKey
from keyconv.notes import Note

__all__ = ["read_document", "require_plain"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_KEY_LINE = re.compile(
    rb"(?:[A-Za-z0-9@|*!\[][^\n]{0,8000}?[ \t])?"
    rb"(?:ssh-|ecdsa-sha2-|sk-|rsa-sha2-)[A-Za-z0-9][A-Za-z0-9_.@-]{0,60}[ \t]{1,8}AAAA"
)
_CONFIGURATION = re.compile(rb"[A-Za-z0-9_.-]{1,80}[ \t]{0,8}(?::[ \t]|=[ \t])")
_BEGINS_PRIVATE = re.compile(rb"BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY|PuTTY-User-Key-File-[0-9]: ")
_BODY = re.compile(rb"[A-Za-z0-9+/]{40}")
_MOST_PLACES = 8
_AROUND = ("surrounding-text", "byte-order-mark", "blank-lines", "multiple-keys")
"""The notes on what is around a key."""


def read_document(data: bytes, format: str | None = None) -> KeyFile | None:
    """Read the keys of a file that is not a key file by itself; None where no key stands there beyond doubt.

    Raises: MismatchError; LimitError for private keys that cost too much together.
    """
    if data.startswith(_BYTE_ORDER_MARK):
        return _read_marked(data, format)
    document = find(data)
    keys = document.keys
    if not keys or _is_of_lines(document) or _has_damaged_key(document):
        return None
    others = document.around(*keys)
    if not others and (len(keys) == 1 and (keys[0].wrappers or not _is_blank_around(document))):
        return None  # a key file: what is wrong with it is in its own lines
    entries = _read_keys(keys, format)
    if all(entry.fault is not None for _, entry, _ in entries):
        return None
    return _as_keyfile(document, entries, others)


def require_plain(keyfile: KeyFile) -> None:
    """Refuse a file that has more than its key.

    Raises: LossError.
    """
    around = [note.message for note in keyfile.notes if note.code in _AROUND]
    if around:
        raise LossError("; ".join(around), hint="leave out --strict to take the key all the same")


def _read_marked(data: bytes, format: str | None) -> KeyFile | None:
    rest = data[len(_BYTE_ORDER_MARK) :]
    note = Note("byte-order-mark", "the file begins with a byte order mark (UTF-8 BOM), which few SSH programs read")
    try:
        found: KeyFile | None = read_whole(rest, format)
    except KeyconvError:
        found = read_document(rest, format) if not rest.startswith(_BYTE_ORDER_MARK) else None
    if found is None:
        return None
    length = len(_BYTE_ORDER_MARK)
    spans = found.spans or (Span(0, len(rest), 1, rest.count(b"\n") or 1, "private", text=rest),)
    moved = tuple(replace(span, start=span.start + length, end=span.end + length) for span in spans)
    return replace(found, notes=(note, *found.notes), spans=moved)


def _is_of_lines(document: Document) -> bool:
    """Return whether most lines of the file are public keys, as in `authorized_keys` and `known_hosts`."""
    rows = [row for row in document.outside.split(b"\n") if row.strip() and not row.startswith(b"#")]
    keys = [row for row in rows if _KEY_LINE.match(row) and not _CONFIGURATION.match(row)]
    return 2 * len(keys) >= len(rows) > 0


def _has_damaged_key(document: Document) -> bool:
    """Return whether another private key is there, in a damaged frame: which one is meant is then in doubt."""
    outside = document.outside
    begin = _BEGINS_PRIVATE.search(outside)
    if begin is None:
        return False
    return _BODY.search(outside, begin.end()) is not None or b"END " not in outside[begin.end() :]


def _is_blank_around(document: Document) -> bool:
    (key,) = document.keys
    outside = document.data[: key.start] + document.data[key.end :]
    return bool(outside) and not outside.strip(b" \t\r\n")


def _read_keys(keys: tuple[Span, ...], format: str | None) -> list[tuple[Span, Entry, KeyFile | None]]:
    """Read each key by itself; why one does not load is the fault of its entry."""
    read: list[tuple[Span, Entry, KeyFile | None]] = []
    seen: set[bytes] = set()
    bits = 0
    for span in keys:
        if span.text in seen:
            continue
        seen.add(span.text)
        limits.check_proved_bits(bits)
        try:
            keyfile = read_whole(span.text, format)
        except KeyconvError as error:
            read.append((span, Entry(None, fault=_moved(error, span), line=span.line), None))
            continue
        for entry in keyfile.entries:
            if isinstance(entry.private, RsaPrivateKey | DsaPrivateKey):
                bits += entry.private.public.bits
            read.append((span, replace(entry, line=span.line, format=keyfile.format), keyfile))
    return read


def _moved(error: KeyconvError, span: Span) -> KeyconvError:
    """Let an error name the line of the file, not that of the key's own text."""
    if error.line is not None:
        line = span.line + (error.line - 1 if span.last > span.line else 0)
        error.place = error.place.replace(f"line {error.line}", f"line {line}", 1)
        error.line = line
    return error


def _as_keyfile(
    document: Document, read: list[tuple[Span, Entry, KeyFile | None]], others: tuple[Span, ...]
) -> KeyFile:
    kept = _without_repetitions(read)
    loaded = [keyfile for _, _, keyfile in kept if keyfile is not None]
    first = loaded[0]
    notes = [note for keyfile in dict.fromkeys(loaded) for note in keyfile.notes]
    notes += _wrapper_notes(document, [span for span, _, _ in kept])
    entries = [entry for _, entry, _ in kept]
    if document.private:
        entries = _with_public_halves(entries, document.public)
    notes += _around_notes(document, kept, others, len(document.keys) - len(kept))
    if len(entries) == 1:
        entries = [replace(entries[0], line=None, format="")]
    return KeyFile(
        first.format,
        first.kind,
        tuple(entries),
        tuple(dict.fromkeys(notes)),
        spans=tuple(span for span, _, _ in kept),
        others=others or tuple(span for span in document.keys if span not in {each for each, _, _ in kept}),
    )


def _without_repetitions(
    read: list[tuple[Span, Entry, KeyFile | None]],
) -> list[tuple[Span, Entry, KeyFile | None]]:
    """Leave out a key that stands there again."""
    kept: list[tuple[Span, Entry, KeyFile | None]] = []
    for span, entry, keyfile in read:
        same = any(
            (entry.private is not None and entry.private == other.private and entry.public == other.public)
            or (entry.private is None and entry.fault is None and entry.public == other.public)
            for _, other, _ in kept
        )
        if not same:
            kept.append((span, entry, keyfile))
    return kept


def _with_public_halves(entries: list[Entry], spans: tuple[Span, ...]) -> list[Entry]:
    """Compare the private keys with the public ones beside them; a hidden public half is claimed by the one there.

    Raises: MismatchError when none of the public keys is that of the only private one.
    """
    publics = []
    for span in spans:
        try:
            publics += [entry.public for entry in read_whole(span.text).entries if entry.public is not None]
        except KeyconvError:
            continue
    if len(entries) != 1 or not publics:
        return entries
    (entry,) = entries
    if entry.public is None and isinstance(entry.private, Locked):
        return [replace(entry, public=publics[0])] if len(set(publics)) == 1 else entries
    if entry.public is not None and entry.public not in publics:
        raise MismatchError(
            f"the public key beside the private one ({describe(spans)}) is of another key", rule="key-mismatch"
        )
    return entries


def _wrapper_notes(document: Document, spans: list[Span]) -> list[Note]:
    notes = []
    for span in spans:
        kinds = {type(wrapper) for wrapper in span.wrappers}
        if CrLf in kinds:
            notes.append(Note("crlf", "the line ends are CR LF, which OpenSSH refuses in its own format"))
        if Unended in kinds and span.end == len(document.data):
            notes.append(Note("missing-final-newline", "the last line has no line end, which OpenSSH refuses"))
    return notes


def _around_notes(
    document: Document,
    kept: list[tuple[Span, Entry, KeyFile | None]],
    others: tuple[Span, ...],
    repeated: int,
) -> list[Note]:
    notes = []
    if repeated:
        places = _places(document.keys)
        notes.append(Note("multiple-keys", f"the same key is there more than once (lines {places})"))
    if len(kept) > 1:
        what = "private keys" if document.private else "public keys"
        places = _places(span for span, _, _ in kept)
        notes.append(Note("multiple-keys", f"the file has {len(kept)} {what} (at lines {places})"))
    if others:
        notes.append(Note("surrounding-text", f"left out: {describe(others)}"))
    elif len(kept) == 1 and not repeated:
        notes.append(Note("blank-lines", "there are blank lines before or after the key"))
    return notes


def _places(spans: Iterable[Span]) -> str:
    lines = [str(span.line) for span in spans]
    more = f" and {len(lines) - _MOST_PLACES} more" if len(lines) > _MOST_PLACES else ""
    return ", ".join(lines[:_MOST_PLACES]) + more
