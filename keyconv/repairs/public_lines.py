"""Damage to public keys of one line, and to the `authorized_keys` files that are made of them.

Nothing proves a public key: what is fixed here moves words between lines and never changes a character of a key. A
line that is switched off by `#` stays so, and options stay with the key that they stand before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise

from keyconv.codec import certificate as certificates
from keyconv.codec import public_blob
from keyconv.codec.key_line import GIT_PREFIX, is_familiar_type
from keyconv.codec.line_kind import ends_in_type, has_words, is_grant, is_words
from keyconv.errors import KeyconvError
from keyconv.formats.authorized_keys import FLAG_OPTIONS, OPENSSH_PUB, VALUE_OPTIONS, parse_options
from keyconv.formats.base import WriteOptions
from keyconv.formats.rfc4716 import RFC4716
from keyconv.repairs.damage import TYPE, find_frames, frame_words, is_lines
from keyconv.repairs.frames import blob_type
from keyconv.repairs.joined import undo_lost_newlines
from keyconv.text import base64

__all__ = [
    "KEY",
    "begin_of_options",
    "has_git_prefix",
    "hides_key",
    "is_line",
    "line_of_block",
    "may_be_option",
    "split_keys",
    "undo_blocks",
    "undo_git_prefix",
    "undo_joined_blocks",
    "undo_joined_keys",
    "undo_lines_amid_text",
    "undo_lost_line_ends",
    "undo_missing_types",
    "undo_spaces_in_lines",
]

KEY = re.compile(TYPE + rb"(?=[ \t]{1,8}AAAA)")
_GIT_PREFIX = re.compile(rb"(?<![A-Za-z0-9:])%s(?=%s[ \t]{1,8}AAAA)" % (GIT_PREFIX, TYPE))
_OPTION = rb"(?:%s)" % b"|".join(
    [
        *(name.encode() for name in FLAG_OPTIONS),
        *(name.encode() + rb'="(?:\\"|[^"\n]){0,1024}"' for name in VALUE_OPTIONS),
    ]
)
_OPTIONS_BEFORE = re.compile(rb"(?:#[ \t]{0,8})?(?:%s(?:,%s){0,16}[ \t]{1,8})?\Z" % (_OPTION, _OPTION), re.I)
_SWITCHED_OFF = re.compile(rb"#[ \t]{0,8}\Z")
_BLOB = re.compile(rb"AAAA[A-Za-z0-9+/]{12,}+={0,2}")
_TYPED = re.compile(TYPE + rb"[ \t]{1,8}\Z")
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/]++={0,2}(?:[ \t].*)?\Z")
_STARTS = re.compile(rb"(" + TYPE + rb")[ \t]{1,8}(AAAA[A-Za-z0-9+/]*+={0,2})(?![^ \t])")
_OPTIONS = re.compile(rb'(?:\\"|[^" \t]|"(?:\\"|[^"])*+")++')
_LITERAL = re.compile(rb"\\n[> \t]{0,8}" + TYPE + rb"[ \t]{1,8}AAAA")
_NO_LETTERS = bytes(byte for byte in range(256) if not chr(byte).isascii() or not chr(byte).isalnum())
_BROKEN = re.compile(rb"(?:\A|[ \t])" + TYPE + rb"[ \t]{1,8}A{1,3}\r?\Z")  # a line that goes on below
_TAG = re.compile(rb"<[A-Za-z][^<>\n]{0,200}>\Z")  # which another one closes behind the key
_COLON = re.compile(rb"[:=>|\])$%][ \t]?")
_BLOCK_HEADER = re.compile(rb"[^\n]{0,40}\b(?:Comment|Subject|x-[A-Za-z0-9._-]{1,60}): ", re.I)
_WORDS = re.compile(rb"[A-Za-z0-9]")
_RSA = {b"ssh-rsa", *(name.encode() for name in public_blob.RSA_ALIASES)}
_NO_OPTION = re.compile(rb"[^A-Za-z0-9-]")
_NEAR = 0.75
_LONGEST_OPTION = 40
_MOST_LINES = 4_000
_MOST_KEYS = 256
_MOST_ROWS = 64


# ── git's prefix ───────────────────────────────────────────────────────────────────────────────────────────────────


def has_git_prefix(data: bytes) -> bool:
    """Return whether git's prefix stands before a key."""
    return _GIT_PREFIX.search(data) is not None


def undo_git_prefix(data: bytes) -> Iterator[bytes]:
    """Take git's prefix away from every key."""
    if has_git_prefix(data):
        yield _GIT_PREFIX.sub(b"", data)


# ── keys on one line ───────────────────────────────────────────────────────────────────────────────────────────────


def undo_joined_keys(data: bytes) -> Iterator[bytes]:
    """Return every key a line of its own, where a file has several lines, or two keys in one."""
    yield from _split_lines(data, whole_file=False)


def undo_lost_line_ends(data: bytes) -> Iterator[bytes]:
    """Return every key a line of its own, where all of a file is one line."""
    yield from _split_lines(data, whole_file=True)


def undo_joined_blocks(data: bytes) -> Iterator[bytes]:
    """Return an SSH2 block that stands inside a line, and its own lines, lines of their own again."""
    frames = find_frames(data)
    if len(frames) == 1 and frames[0].ssh2 and b"AAAA" in data[: frames[0].start] and is_lines(data):
        for changed in undo_lost_newlines(data):
            start = changed.index(b"---- BEGIN ")
            end = changed.rindex(b" ----\n") + 6
            yield (
                changed[:start].removesuffix(b"\n").removesuffix(b" ")
                + b"\n"
                + changed[start:end]
                + changed[end:].lstrip(b" ")
            )


def _split_lines(data: bytes, *, whole_file: bool) -> Iterator[bytes]:
    if data.lstrip().startswith((b"{", b"[")):  # each key of JSON is a value
        return
    if not is_lines(data) or b"---- BEGIN SSH2" in data.replace(b"\n---- BEGIN SSH2", b""):
        return
    rows = data.split(b"\n")
    changed = [piece for row in rows for piece in split_keys(row)]
    is_one_line = sum(1 for row in rows if b"AAAA" in row) == 1
    if changed == rows or whole_file != (is_one_line and len(changed) > len(rows) + 1):
        return
    text = b"\n".join(changed)
    yield text.removesuffix(b"\n").removesuffix(b" ") + b"\n" if whole_file else text


def split_keys(row: bytes) -> list[bytes]:
    """Split a row before each key on it after the first, where all of the pieces are whole lines."""
    if b"AAAA" not in row or row.lstrip().startswith(b"#") or _LITERAL.search(row):
        return [row]
    starts = [found.start() for found in KEY.finditer(row)][:_MOST_KEYS]
    if len(starts) < 2:
        return [row]
    cuts = [0]
    for previous, start in pairwise(starts):
        begin = begin_of_options(row, previous, start)
        if is_line(row[cuts[-1] : begin]):
            cuts.append(begin)
    pieces = [row[start:end] for start, end in zip(cuts, [*cuts[1:], len(row)], strict=True)]
    pieces = [*(piece.removesuffix(b" ") for piece in pieces[:-1]), pieces[-1]]
    return pieces if all(map(is_line, pieces)) else [row]


def begin_of_options(row: bytes, reach: int, start: int) -> int:
    """Return where the line of the key at `start` begins: at the `#` that switches it off, at its options, or there."""
    before = row[:start]
    if found := _SWITCHED_OFF.search(before, reach):
        return found.start()
    if before[-1:] not in (b" ", b"\t"):
        return start
    # Options that stand apart come before such as are stuck to the end of a comment, where `pty` is of a word's own.
    for at in range(reach, start):
        if before[at - 1 : at] in (b" ", b"\t") and _OPTIONS_BEFORE.match(before, at):
            return at
    for at in range(reach, start):
        if (found := _OPTIONS_BEFORE.match(before, at)) and found.group().strip().lower() != b"pty":
            return at
    return start


def is_line(text: bytes) -> bool:
    """Return whether a line is a remark, or holds a key whose structure is whole; its numbers are not looked at."""
    text = text.strip(b" \t\r")
    if text.startswith(b"#"):
        return True
    options = None if _STARTS.match(text) else _OPTIONS.match(text)
    found = _STARTS.match(text if options is None else text[options.end() :].lstrip(b" \t"))
    if found is None or not _is_of(found[1], blob_type(found[2])):
        return False
    # The options are read last but one: there may be hundreds of them before what is not a key.
    return (options is None or _are_options(options.group())) and _is_whole(found[2])


def _is_of(word: bytes, algorithm: bytes) -> bool:
    return word == algorithm or {word, algorithm} <= _RSA


def hides_key(data: bytes) -> bool:
    """Return whether a comment has another key in it: such a file loads, and sshd sees the first key alone."""
    if not is_lines(data) or find_frames(data):
        return False
    for row in data.split(b"\n"):
        found = None if row.lstrip().startswith(b"#") else KEY.search(row)
        if found is not None:
            rest = row[row.index(b"AAAA", found.end()) + 4 :]
            if any(blob_type(blob.group()) for blob in islice(_BLOB.finditer(rest), _MOST_KEYS)):
                return True
    return False


# ── words that are missing or too many ─────────────────────────────────────────────────────────────────────────────


def undo_missing_types(data: bytes) -> Iterator[bytes]:
    """Write the type before the base64 of a key, which begins with it."""
    if not is_lines(data) or find_frames(data):
        return
    rows = data.split(b"\n")
    changed = [_with_type(row, below) for row, below in pairwise([*rows[:_MOST_LINES], b""])] + rows[_MOST_LINES:]
    if changed != rows:
        yield b"\n".join(changed)


def _with_type(row: bytes, below: bytes) -> bytes:
    if row.lstrip().startswith(b"#"):
        return row
    pieces: list[bytes] = []
    end = 0
    for found in islice(_BLOB.finditer(row), _MOST_KEYS):
        before, text = row[end : found.start()], found.group()
        typed = _TYPED.search(before)
        goes_on = found.end() == len(row) and _BASE64_LINE.match(below)
        algorithm = b"" if typed or not (goes_on or _is_whole(text)) else blob_type(text)
        if algorithm and not end and not _are_options(before.strip()) and not _ends_words(before):
            return row
        pieces += [before, algorithm + b" " if algorithm else b"", text]
        end = found.end()
    return b"".join([*pieces, row[end:]])


def _are_options(text: bytes) -> bool:
    try:
        parse_options(text)
    except KeyconvError:
        return False
    return True


def _is_whole(text: bytes) -> bool:
    try:
        certificates.read_any(base64.decode(text), [])
    except KeyconvError:
        return False
    return True


def undo_lines_amid_text(data: bytes) -> Iterator[bytes]:
    """Cut away the lines of text before the first key and after the last, then the words before a key."""
    if not is_lines(data) or frame_words(data):
        return
    rows = data.split(b"\n")
    keys = [index for index, row in enumerate(rows) if b"AAAA" in row or KEY.search(row)]
    if not keys:
        return
    first, last = keys[0], keys[-1]
    before = next((index + 1 for index in range(first - 1, -1, -1) if not _may_stay(rows[index])), 0)
    after = next((index for index in range(last + 1, len(rows)) if not _may_stay(rows[index])), len(rows))
    if any(is_grant(row) or ends_in_type(row) or _BROKEN.search(row) for row in (*rows[:before], *rows[after:])):
        return
    if (before, after) != (0, len(rows)):
        while before and not rows[before].strip():
            before += 1
        while after < len(rows) and not rows[after - 1].strip():
            after -= 1
        yield b"\n".join(rows[before:after]) + (b"\n" if after < len(rows) else b"")
        return
    changed = [_without_words(row) for row in rows]
    if changed != rows:
        yield b"\n".join(changed)


def _may_stay(row: bytes) -> bool:
    # Blank lines, quotes and remarks; and what might be the rest of a key, of options or of a block: nothing is lost.
    # Nor is a marker, options or hosts that have lost their key.
    text = row.strip()
    if (
        is_words(text)
        or is_familiar_type(text)
        or not _WORDS.search(text)
        or text.startswith(b"#")
        or b'="' in text
        or _BLOCK_HEADER.match(text)
    ):
        return True
    return len(text) > 40 and _BASE64_LINE.match(text) is not None


def _without_words(row: bytes) -> bytes:
    """Cut away words that end in a colon and the like.

    Other words before a key could be options that are misspelt, and without them the key could do more than it should;
    or the host in a line of known_hosts.
    """
    found = KEY.search(row)
    if found is None or row.lstrip().startswith((b"#", b"@", b"|1|")) or not _COLON.search(row, 0, found.start()):
        return row
    before = row[: begin_of_options(row, 0, found.start())]
    return row if _TAG.search(before) else row[_ends_words(before) :]


def _ends_words(before: bytes) -> int:
    """Return where what is before a key or its options ends in words and a colon; 0 where it does not."""
    if has_words(before):
        return 0
    last = len(before.rstrip(_NO_LETTERS))
    colon = _COLON.search(before, last)
    if not last or colon is None or b'="' in before[: colon.end()] or b"AAAA" in before:
        return 0
    return 0 if may_be_option(before[: colon.end()]) else colon.end()


def may_be_option(words: bytes) -> bool:
    """Return whether words before a key end in an option with its equals sign, well spelt or not: `command=`.

    sshd refuses such a line; without the word the key could do all that it was not to.
    """
    text = words.rstrip()
    if not text.endswith(b"="):
        return False
    from difflib import get_close_matches

    name = _NO_OPTION.split(text[:-1])[-1][:_LONGEST_OPTION].decode("latin-1").lower()
    return bool(get_close_matches(name, [option.lower() for option in (*FLAG_OPTIONS, *VALUE_OPTIONS)], 1, _NEAR))


# ── blocks and spaces ──────────────────────────────────────────────────────────────────────────────────────────────


def undo_blocks(data: bytes) -> Iterator[bytes]:
    """Write the SSH2 blocks that stand among lines as lines."""
    frames = [frame for frame in find_frames(data) if frame.label == b"SSH2 PUBLIC KEY"]
    outside = data
    for frame in reversed(frames):
        outside = outside[: frame.start] + outside[frame.end :]
    if not frames or not (KEY.search(outside) or any(map(is_words, outside.split(b"\n")))):
        return
    changed = data
    for frame in reversed(frames):
        line = line_of_block(data[frame.start : frame.end] + b"\n")
        if line is None:
            return
        changed = changed[: frame.start] + line.removesuffix(b"\n") + changed[frame.end :]
    yield changed


def line_of_block(block: bytes) -> bytes | None:
    """Write an SSH2 block as a line; None where it cannot be read."""
    try:
        entries = RFC4716.read(block).entries
        return OPENSSH_PUB.write(entries, WriteOptions()) if OPENSSH_PUB.write else None
    except KeyconvError:
        return None


def undo_spaces_in_lines(data: bytes) -> Iterator[bytes]:
    """Put `+` where a space parts the base64 of a key, up to where the key is whole. Nothing can prove the result."""
    if not is_lines(data) or find_frames(data):
        return
    rows = data.split(b"\n")
    changed = [_with_plus(row) for row in rows[:_MOST_LINES]] + rows[_MOST_LINES:]
    if changed != rows:
        yield b"\n".join(changed)


def _with_plus(row: bytes) -> bytes:
    found = KEY.search(row)
    if found is None or row.lstrip().startswith(b"#") or is_line(row):
        return row
    start = row.index(b"AAAA", found.end())
    head, text = row[:start], row[start:]
    for _ in range(_MOST_ROWS):
        head_end = text.find(b" ")
        if head_end < 0:
            break
        text = text[:head_end] + b"+" + text[head_end + 1 :]
        if is_line(head + text):
            return head + text
    return row
