"""Text around a key: mail, logs, listings; and a prefix that all lines share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from keyconv.codec.line_kind import has_words, is_words
from keyconv.document.search import find
from keyconv.engine.documents import read_document
from keyconv.errors import KeyconvError
from keyconv.keyfile import KeyFile
from keyconv.repairs.damage import as_bytes, as_text, find_frames, frame_words, is_json, is_lines
from keyconv.repairs.frames import find_label
from keyconv.repairs.public_lines import may_be_option

__all__ = [
    "find_key",
    "undo_public_halves",
    "undo_repetitions",
    "undo_shared_prefix",
    "undo_signs",
    "undo_surrounding_text",
]

_PPK_END = re.compile(rb"Private-(?:MAC|Hash):[ \t]{0,8}[0-9A-Fa-f]{1,128}")
_WORD = re.compile(r"\w")
_ESCAPE = re.compile(r"\\[nrt]|&(?:[a-z]{2,6}|#[0-9]{1,5}|#x[0-9a-f]{1,4});", re.I)
_NO_WORDS = re.compile(r"(?:\\[nrt]|[^\w\s])*+")
# The words of a prefix and one character of white space: more is the indentation of what follows.
_PREFIX = re.compile(r".{0,199}\w[^\w\s>\"'`]{0,8}\s?", re.S)
_LONG = re.compile(rb"[A-Za-z0-9+/]{40,}+={0,2}(?:\n[ \t>]*+[A-Za-z0-9+/]{1,40}+={0,2}(?![\w ]))?")
_OPENER = re.compile(
    rb"[>\s]*+(?:export\s{1,8})?[A-Za-z_][A-Za-z0-9_.-]{0,80}[ \t]{0,8}[:=]{1,2}[ \t]{0,8}"
    rb"(?:&quot;|&#39;|[\"'`])[>\s]*+\Z"
)
_HALF_BEGIN = re.compile(rb"-----BEGIN |---- BEGIN |(?<![A-Za-z-])Encryption: (?:none|aes256-cbc)\b")
_HALF_END = re.compile(rb"-----END [A-Z0-9 ]{1,60}-----|---- END [A-Z0-9 ]{1,60} ----")
_HEADER = re.compile(rb"[\"'`]?(?:Comment|Subject|x-[A-Za-z0-9._-]{1,60}|Proc-Type|DEK-Info): |[ \t]*+\n", re.I)
_SIGNS = re.compile(rb"(?=[ \t]*+[^\s])[^A-Za-z0-9\"'`{}\[\]()<>&\\\x80-\xff\n]{1,200}\Z")
_ITEM = re.compile(rb"^[-*+] ")
_TRAILING_SIGNS = re.compile(rb"^[ \t]*[%~$#*.;,|\x1a]{1,8}[ \t]*(?=\r?\n?\Z)")
_MOST_HEADERS = 16
_MOST_ROWS = 64
_LEAST_LINES = 3
_LONGEST_PREFIX = 200


def undo_surrounding_text(data: bytes) -> Iterator[bytes]:
    """Cut away what stands before the first line of a key and after its last.

    Whole lines go first, what stands on the key's own lines afterwards.
    """
    found = find_key(data)
    if found is None:
        return
    start, end = found
    line_start = data.rfind(b"\n", 0, start) + 1
    line_end = data.find(b"\n", end) + 1 or len(data)
    before, after = _cut_before(data[:line_start]), _cut_after(data[line_end:])
    if _are_of_key(data, (start, end), (before, line_start)):
        return
    if before or after < len(data) - line_end:
        yield data[before : line_end + after]
        if not data[before:line_start].strip() and data[line_end : line_end + after].strip():
            yield data[line_start:line_end]  # what closes there was opened in a line that is cut
    elif _has_words(data[line_start:start]):
        # Quotes and white space between the words and the key stay.
        words = _PREFIX.match(as_text(data[line_start:start])) if start - line_start < _LONGEST_PREFIX else None
        yield data[line_start + len(as_bytes(words.group())) :] if words else data[start:]
    elif _has_words(data[end:line_end]):
        kept = _NO_WORDS.match(as_text(data[end:line_end]))
        yield data[:end] + (as_bytes(kept.group()) if kept else b"") + b"\n"


def _are_of_key(data: bytes, key: tuple[int, int], cut: tuple[int, int]) -> bool:
    """Return whether what is before a public key's block may be its options, which must not be lost."""
    if b"PRIVATE" in data[key[0] : key[1]] or data.startswith(b"PuTTY-", key[0]):
        return False
    return any(map(is_words, data[: cut[1]].split(b"\n"))) or has_words(data[cut[1] : key[0]])


def undo_public_halves(data: bytes) -> Iterator[bytes]:
    """Take the only private key of a document out of it, where its public key is beside it."""
    keyfile = _read_out(data)
    if keyfile is not None and any(span.kind == "public" for span in keyfile.others):
        yield keyfile.spans[0].text


def undo_repetitions(data: bytes) -> Iterator[bytes]:
    """Take a private key out of a file that has it more than once."""
    keyfile = _read_out(data)
    if keyfile is not None and all(span.kind != "public" for span in keyfile.others):
        yield keyfile.spans[0].text


def _read_out(data: bytes) -> KeyFile | None:
    """Read the private key of a file that has several frames of keys, where they all are of one key."""
    if is_json(data) or len(find_frames(data)) + data.count(b"PuTTY-User-Key-File-") < 2:
        return None
    document = find(data)
    if len(document.private) + len(document.public) < 2:
        return None
    try:
        keyfile = read_document(data)
    except KeyconvError:
        return None  # the public key beside it is of another key
    return keyfile if keyfile is not None and len(keyfile.entries) == 1 and keyfile.kind == "private" else None


def undo_signs(data: bytes) -> Iterator[bytes]:
    """Take signs without a word away that stand around a key: `---`, `...`, `%`, `~`, Ctrl-Z, a list's `- `.

    Quotes and brackets stay: they are damages of their own.
    """
    found = find_key(data)
    if found is None:
        return
    start, end = found
    line_start = data.rfind(b"\n", 0, start) + 1
    line_end = data.find(b"\n", end) + 1 or len(data)
    before = b"\n".join(row for row in data[:line_start].split(b"\n") if not _SIGNS.match(row))
    after = b"\n".join(row for row in data[line_end:].split(b"\n") if not _SIGNS.match(row))
    head = _ITEM.sub(b"", data[line_start:start])
    tail = _TRAILING_SIGNS.sub(b"", data[end:line_end])
    changed = before + head + data[start:end] + tail + after
    if changed != data:
        yield changed


def undo_shared_prefix(data: bytes) -> Iterator[bytes]:
    """Take a prefix away that every line has, or every line of the key: a log's, with a time of day that may differ."""
    if is_json(data):
        return
    rows = data.split(b"\n")
    lines = is_lines(data)
    prefix = _words_of(_common_prefix(rows, 2 if lines else _LEAST_LINES))
    if prefix and (not lines or _is_no_part_of_line(prefix)):
        yield b"\n".join(row.removeprefix(prefix) for row in rows)
        return
    found = find_key(data)
    if found is None:
        return
    start, end = found
    line_start = data.rfind(b"\n", 0, start) + 1
    rows = data[line_start:end].split(b"\n")
    words = _PREFIX.match(as_text(data[line_start : min(start, line_start + _LONGEST_PREFIX)]))
    prefix = _words_of(_common_prefix(rows, _LEAST_LINES)) or (as_bytes(words.group()) if words else b"")
    if prefix and len(rows) >= _LEAST_LINES and all(_is_like(row[: len(prefix)], prefix) for row in rows):
        yield data[:line_start] + b"\n".join(row[len(prefix) :] for row in rows) + data[end:]


def find_key(data: bytes) -> tuple[int, int] | None:
    """Return where the only key of a text begins and ends; certificates and the like may be beside it."""
    if is_json(data):
        return None
    keys = [frame for frame in find_frames(data) if frame.is_key]
    if len(keys) == 2 and keys[0].label == b"EC PARAMETERS" and not data[keys[0].end : keys[1].start].strip():
        return keys[0].start, keys[1].end
    if len(keys) == 1:
        (key,) = keys
        among_lines = b"PUBLIC" in key.label and b"AAAA" in data[: key.start] + data[key.end :]
        return None if among_lines else (key.start, key.end)
    if not keys and data.count(b"PuTTY-User-Key-File-") == 1:
        start = data.index(b"PuTTY-User-Key-File-")
        end = _PPK_END.search(data, start)
        return (start, end.end()) if end else None
    whole = keys or b"PuTTY-User-Key-File-" in data or is_lines(data)
    return None if whole else _find_body(data)


def _find_body(data: bytes) -> tuple[int, int] | None:
    """Return where a key begins and ends whose frame is gone, or half of it."""
    rows = list(_LONG.finditer(data))
    begin, end = _HALF_BEGIN.search(data), _HALF_END.search(data) or _PPK_END.search(data)
    halves = (begin is not None and begin.group().startswith(b"--")) + (
        end is not None and end.group().startswith(b"--")
    )
    if len(frame_words(data)) > halves:
        return None  # there is a frame, and it is damaged
    if not rows or not (
        begin or end or find_label(b"".join(b"".join(row.group() for row in rows[:_MOST_ROWS]).split()))
    ):
        return None
    start = begin.start() if begin else rows[0].start()
    for _ in range(_MOST_HEADERS):
        above = data.rfind(b"\n", 0, max(start - 1, 0)) + 1
        if begin or not _HEADER.match(data, above, start):
            break
        start = above
    return start, end.end() if end else rows[-1].end()


def _cut_before(around: bytes) -> int:
    """Return how much of the lines before a key are to be cut: all with words, and the blank ones behind them."""
    rows = around.split(b"\n")[:-1]
    last = max((index for index, row in enumerate(rows) if _has_words(row) and not _OPENER.match(row)), default=-1)
    while last >= 0 and last + 1 < len(rows) and not rows[last + 1].strip():
        last += 1
    return sum(len(row) + 1 for row in rows[: last + 1])


def _cut_after(around: bytes) -> int:
    """Return how much of the lines after a key stays: what is before the first with words, blank ones left out."""
    rows = around.split(b"\n")
    first = next((index for index, row in enumerate(rows) if _has_words(row)), None)
    if first is None:
        return len(around)
    while first and not rows[first - 1].strip():
        first -= 1
    return sum(len(row) + 1 for row in rows[:first])


def _has_words(around: bytes) -> bool:
    # White space, quotes and brackets around a key are damages of their own.
    return _WORD.search(_ESCAPE.sub("", as_text(around))) is not None


def _is_like(text: bytes, prefix: bytes) -> bool:
    """Return whether two prefixes differ in digits alone."""
    return len(text) == len(prefix) and all(
        one == other or (chr(one).isdigit() and chr(other).isdigit()) for one, other in zip(text, prefix, strict=True)
    )


def _words_of(prefix: bytes) -> bytes:
    """Return the words that a common prefix begins with, and one character of white space behind them."""
    words = _PREFIX.match(as_text(prefix[: max(prefix.rfind(b" "), prefix.rfind(b"\t")) + 1][:_LONGEST_PREFIX]))
    text = words.group() if words else ""
    return as_bytes(text) if text[-1:].isspace() else b""


def _is_no_part_of_line(prefix: bytes) -> bool:
    """Distinguish words before public keys from options, which may be misspelt, from hosts and from markers."""
    text = prefix.rstrip()
    return (
        text[-1:] in (b":", b"=", b">", b"|", b"]", b")", b"$", b"%")
        and b'"' not in text
        and text[:1] not in (b"@", b"|")
        and not may_be_option(text)
        and not has_words(text)
    )


def _common_prefix(rows: Sequence[bytes], least: int) -> bytes:
    filled = [row for row in rows if row.strip()]
    if len(filled) < least:
        return b""
    first, last = min(filled), max(filled)
    length = next((index for index, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), None)
    return first if length is None else first[:length]
