"""Rows of a file of lines that are one line together: a key that was wrapped, words that stand above their key.

Nothing proves a line: rows are joined where that is the only reading, and no word of them is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from keyconv import limits
from keyconv.codec.key_line import (
    BLANKS,
    BLOB_START,
    begins_key,
    is_familiar_type,
    split_word,
)
from keyconv.codec.line_kind import MARKERS, Peek, is_host_row, is_key_row, is_words
from keyconv.codec.line_options import FLAG_OPTIONS, VALUE_OPTIONS, are_options, split_options
from keyconv.errors import KeyconvError
from keyconv.keyfile import Entry

__all__ = ["Joined", "Joiner"]

MAX_VAIN = 10_000
"""Rows of one file that are joined in vain, since the last key that came of it."""

_MOST_ROWS = 200
_ANY_BLANKS = BLANKS + b"\r"
_CONTINUATION = re.compile(rb"[A-Za-z0-9+/]+={0,2}(?:[ \t]|\Z)")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}\Z")
_OPEN_QUOTE = re.compile(rb"([A-Za-z-]{2,32})=\Z")
_BROKEN_NAME = re.compile(rb"[A-Za-z0-9-]{1,32}\Z")
_OF_HOSTS = re.compile(rb"(?=[^,=:%/+-])[A-Za-z0-9_.*?,!|\[\]:%+/=-]+\Z")
_NAME_ENDS = re.compile(rb"[^A-Za-z0-9-]")
_TYPES = (b"ssh-", b"ecdsa-sha2-", b"sk-", b"rsa-sha2-")
_NAMES = tuple(name.lower().encode() for name in (*FLAG_OPTIONS, *VALUE_OPTIONS))
_WITH_SPACES = (b"command", b"environment")
"""Options whose values have spaces of their own; of all others a space spoils the value."""
_ADDRESS = re.compile(rb"[^ \t@]{1,64}@[^ \t@]{1,64}\Z")


class Joined(NamedTuple):
    """The line that some rows make, how many rows below the first belong to it (`below`), and the key on it."""

    text: bytes
    below: int
    entry: Entry


class _Draft(NamedTuple):
    """What some rows may be together; `spaced` tells what stands for a line end in quotes, None where none was.

    `cut` says that a word was put together of which nothing tells that it was one, but for the width of the rows.
    """

    text: bytes
    spaced: bool | None = None
    cut: bool = False


class Joiner:
    """Joins the rows of one file, of a kind of `authorized_keys`, `known_hosts` or `allowed_signers`."""

    def __init__(self, read: Callable[[bytes], Entry | None], kind: str) -> None:
        self._read = read
        self._kind = kind
        self._left = MAX_VAIN

    def join(self, row: bytes, peek: Peek) -> Joined | None:
        """Find how many of the next rows make a line with this one, which holds no key by itself."""
        rows = [row.rstrip(b"\r")]
        drafts = [_Draft(rows[0].lstrip(BLANKS))]
        if not self._is_viable(drafts[0].text.rstrip(_ANY_BLANKS)):
            return None
        for count in range(_MOST_ROWS if self._left > 0 else 0):
            following = peek(count)
            if following is None or not following.strip(_ANY_BLANKS) or following.lstrip(BLANKS).startswith(b"#"):
                return None
            rows.append(following.rstrip(b"\r"))
            piece = rows[-1].strip(BLANKS)
            if self._reads(piece) and not self._may_precede(drafts[0].text.strip(BLANKS), piece):
                return None
            drafts = [draft for before in drafts for draft in _extended(before, rows[-1])]
            self._left -= 1
            made = [draft for draft in drafts if (not draft.cut or _are_cut(rows)) and self._reads(draft.text)]
            if made:
                text = _only_reading(made, rows)
                if text is not None and any(draft.cut for draft in made):
                    rest = text[len(rows[0].strip(_ANY_BLANKS)) :]
                    text = None if self._reads(rest) else text  # the first row may be no part of the others
                self._left = MAX_VAIN
                return self._with_comment(text, rows, count + 1, peek) if text is not None else None
            drafts = [draft for draft in drafts if self._is_viable(draft.text.rstrip(BLANKS))]
            if not drafts:
                return None
        return None

    def _reads(self, text: bytes) -> bool:
        return self._entry(text) is not None

    def _entry(self, text: bytes) -> Entry | None:
        if BLOB_START not in text or len(text) > limits.MAX_AUTHORIZED_KEYS_LINE:
            return None
        try:
            return self._read(text)
        except KeyconvError:
            return None

    def _may_precede(self, text: bytes, whole: bytes) -> bool:
        """Return whether words may belong to a line that is whole without them."""
        if self._kind == "known_hosts":
            return text in MARKERS or text.endswith(b",")
        return self._kind == "authorized_keys" and are_options(text) and (begins_key(whole) or text.endswith(b","))

    def _is_viable(self, text: bytes) -> bool:
        """Return whether a text may be the beginning of a line, as far as it goes."""
        if len(text) > limits.MAX_AUTHORIZED_KEYS_LINE:
            return False
        if self._kind == "allowed_signers":
            return _ends_in_blob(text) or is_familiar_type(text.split()[-1] if text else b"")
        return _may_begin_host(text) if self._kind == "known_hosts" else _may_begin_key(text)

    def _with_comment(self, text: bytes, rows: list[bytes], count: int, peek: Peek) -> Joined | None:
        """Add the rows of a comment that was broken too."""
        width = len(rows[0])
        entry = self._entry(text)
        while entry is not None and count < _MOST_ROWS:
            following = peek(count)
            piece = following.strip(_ANY_BLANKS) if following is not None else b""
            if following is None or not piece or piece.startswith(b"#"):
                break
            cut = len(rows) > 1 and {len(row) for row in rows} == {width} and len(following) <= width
            if self._is_of_next(piece, None if cut and len(rows) > 2 else peek(count + 1)):
                break
            if cut:  # at the width of a terminal
                longer = text + following.rstrip(b"\r")
            elif entry.comment:
                break
            elif _ADDRESS.match(piece) or self._is_last_word(piece, rows, peek(count + 1)):
                longer = text + b" " + piece
            else:
                break
            if not self._reads(longer):
                break
            text, count, entry = longer, count + 1, self._entry(longer)
            rows.append(following)
        return Joined(text, count, entry) if entry is not None else None

    def _is_of_next(self, piece: bytes, below: bytes | None) -> bool:
        """Return whether a row is a line of its own, or the beginning of the line below it."""
        if is_key_row(piece) or is_host_row(piece) or is_familiar_type(split_word(piece)[0]) or are_options(piece):
            return True
        return is_words(piece) and below is not None and BLOB_START in below

    def _is_last_word(self, piece: bytes, rows: list[bytes], below: bytes | None) -> bool:
        # Where every word has a row of its own, so has the comment.
        alone = _BASE64.match(rows[-1].strip(BLANKS)) is not None and len(rows) > 1
        if not alone or b" " in piece or is_words(piece) or below is None or not below.strip(_ANY_BLANKS):
            return alone and b" " not in piece and not is_words(piece)
        return is_host_row(below) if self._kind == "known_hosts" else is_key_row(below)


def _extended(draft: _Draft, row: bytes) -> Iterator[_Draft]:
    """Return what comes of adding a row: the line end was nothing, or a space."""
    text, piece = draft.text, row.strip(BLANKS)
    name = _open_option(text)
    if name:
        if text[-1:] in BLANKS or row[:1] in BLANKS or name not in _WITH_SPACES:
            blank = b" " if name in _WITH_SPACES else b""
            yield draft._replace(text=text.rstrip(BLANKS) + blank + row.lstrip(BLANKS))
            return
        for spaced in (False, True) if draft.spaced is None else (draft.spaced,):
            yield draft._replace(text=text + (b" " if spaced else b"") + row, spaced=spaced)
        return
    text = text.rstrip(BLANKS)
    closely = draft._replace(text=text + row.lstrip(BLANKS))
    if _ends_in_blob(text):
        if _CONTINUATION.match(piece):
            yield closely
        return
    if text.endswith(b",") or piece.startswith(b","):
        yield closely
        return
    yield draft._replace(text=text + b" " + row.lstrip(BLANKS))
    yield closely if _is_known(text, piece) else closely._replace(cut=True)


def _is_known(text: bytes, piece: bytes) -> bool:
    """Return whether what two rows have of a word is a known one together: a type, or the name of an option."""
    before, after = text.split()[-1:], split_word(piece)[0]
    if not before:
        return False
    name = before[0].rpartition(b",")[2] + _NAME_ENDS.split(after)[0]
    return (_begins_type(before[0]) and is_familiar_type(before[0] + after)) or name.lower() in _NAMES


def _are_cut(rows: list[bytes]) -> bool:
    """Return whether rows are as a terminal cuts a line, at its width."""
    return len({len(row) for row in rows[:-1]}) == 1 and len(rows[-1]) <= len(rows[0])


def _only_reading(made: list[_Draft], rows: list[bytes]) -> bytes | None:
    """Return the only text that is left where what rows look like decides between a space and nothing; else None."""
    texts = dict.fromkeys(draft.text for draft in made)
    if len(texts) == 1:
        return next(iter(texts))
    if {draft.spaced for draft in made} != {False, True} or len(texts) != 2:
        return None
    cut = _are_cut(rows)
    if cut and len(rows) == 2:
        return None
    return next(draft.text for draft in made if draft.spaced is not cut)


def _open_option(text: bytes) -> bytes:
    """Name the option whose value begins in a text and does not end there."""
    found, rest = split_options(text)
    if not rest.startswith(b'"') or len(found) + len(rest) != len(text):
        return b""
    option = _OPEN_QUOTE.search(found)
    return option[1].lower() if option else b""


def _ends_in_blob(text: bytes) -> bool:
    head, _, last = text.rpartition(b" ")
    return last.startswith(BLOB_START) and is_familiar_type(head.rpartition(b" ")[2])


def _may_begin_key(text: bytes) -> bool:
    if _may_be_key([*text.split()]):
        return True
    options, rest = split_options(text)
    if _open_option(text):
        return options.count(b"=") == 1 or are_options(options.rpartition(b",")[0])
    if not rest and _ends_in_name(options):
        return True
    return are_options(options) and (not rest or _may_be_key(rest.split()))


def _ends_in_name(text: bytes) -> bool:
    before, _, name = text.rpartition(b",")
    if before and not are_options(before):
        return False
    return _BROKEN_NAME.match(name) is not None and any(known.startswith(name.lower()) for known in _NAMES)


def _may_begin_host(text: bytes) -> bool:
    words = text.split()
    if words and words[0] in MARKERS:
        words = words[1:]
        if not words:
            return True
    if not words:
        return False
    if is_familiar_type(words[0]) or not _OF_HOSTS.match(words[0]) or are_options(words[0]):
        return False
    return len(words) == 1 or _may_be_key(words[1:])


def _may_be_key(words: list[bytes]) -> bool:
    """Return whether words are the beginning of a type and a blob: with a comment the blob would be at its end."""
    if not words or len(words) > 2 or not _begins_type(words[0]):
        return False
    return len(words) == 1 or (_BASE64.match(words[1]) is not None and _is_start(words[1], BLOB_START))


def _begins_type(word: bytes) -> bool:
    return is_familiar_type(word) or any(_is_start(word, name) for name in _TYPES)


def _is_start(text: bytes, whole: bytes) -> bool:
    return text[: len(whole)] == whole[: len(text)]
