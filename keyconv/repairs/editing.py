"""Fixing a file in place: an edit of the key's own bytes, which leaves everything around it as it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from keyconv.document.search import find
from keyconv.document.spans import describe
from keyconv.engine.encoding import put_back
from keyconv.errors import OutputError
from keyconv.formats.authorized_keys import OPENSSH_PUB
from keyconv.keyfile import KeyFile
from keyconv.repairs.config_lines import describe_left_out
from keyconv.repairs.line_rows import mend_rows
from keyconv.repairs.opening import Opening
from keyconv.repairs.searching import Candidate, search
from keyconv.repairs.surroundings import find_key

__all__ = ["Edit", "edit", "left_out"]

_WRAPPING = frozenset(
    {"utf-16", "base64-wrapped", "quoted", "literal-newlines", "html-escaped", "email-quoted", "indented", "crlf"}
)
"""Rules that fix how a key is wrapped: where a wrapper must stay, such a result cannot be written back."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What fixing a file in place makes of it.

    `data` is the whole file afterwards; `undone` the rules whose damage it no longer has; `start` and `end` are the
    bytes of the file that were replaced, all of it for a key file.
    """

    data: bytes = field(repr=False)
    keyfile: KeyFile
    undone: tuple[str, ...]
    proved: bool
    start: int
    end: int


def edit(data: bytes, opening: Opening | None = None, *, kind: str = "") -> Edit | None:
    """Fix what can be fixed and proved without changing a byte outside of the key; None when nothing can be proved.

    A file that is one key is fixed as a whole, and of a file of lines single lines, if that is all that is wrong. In a
    document only damage within the key's own lines is fixed, and the key is wrapped again as it was. With nothing to
    fix, `undone` is empty. `kind` is that of a file of lines, where its name tells it.

    Raises: OutputError when the file has more than the key and nothing within the key is to be fixed, or it could not
    be written back as it was wrapped; what `search` raises.
    """
    opening = opening or Opening()
    rows = mend_rows(data, kind)
    if rows is not None and not rows.keyfile.faults:
        return Edit(rows.data, rows.keyfile, rows.undone, rows.proved, 0, len(data))
    found = search(data, opening)
    if rows is not None and (found is None or found.cut):
        found = rows
    if found is None or not found.cut:
        return None if found is None else Edit(found.data, found.keyfile, found.undone, found.proved, 0, len(data))
    edited = _edit_span(data, found, opening) or _edit_lines(data, found, opening)
    if edited is None:
        others = left_out(data, found) or "other text"
        raise OutputError(
            f"not changed: the file has more than the key ({others}), and nothing within the key can be fixed in place",
            rule="surrounding-text",
        )
    return edited


def _edit_span(data: bytes, found: Candidate, opening: Opening) -> Edit | None:
    """Fix the only key that stands in the file in a frame of its own, in whatever wrapper."""
    keys = find(data).keys
    if len(keys) != 1:
        return None
    (span,) = keys
    fixed = search(span.text, opening)
    if fixed is None or fixed.cut or not fixed.undone:
        return None
    try:
        edited = put_back(data, span, fixed.data)
    except (ValueError, UnicodeError):
        return None
    return _checked(data, edited, span.start, span.end, fixed, found, opening)


def _edit_lines(data: bytes, found: Candidate, opening: Opening) -> Edit | None:
    """Fix the lines of a key whose frame is damaged, where nothing wraps them."""
    region = find_key(data)
    if region is None:
        return None
    start = data.rfind(b"\n", 0, region[0]) + 1
    end = data.find(b"\n", region[1]) + 1 or len(data)
    fixed = search(data[start:end], opening)
    if fixed is None or fixed.cut or not fixed.undone or _WRAPPING & {*fixed.undone}:
        return None
    edited = data[:start] + fixed.data + data[end:]
    return _checked(data, edited, start, end, fixed, found, opening)


def _checked(
    data: bytes, edited: bytes, start: int, end: int, fixed: Candidate, found: Candidate, opening: Opening
) -> Edit | None:
    """Return the edit, if the file then still has the same key and less to be fixed."""
    after = search(edited, opening)
    if edited == data or after is None or _keys_of(after) != _keys_of(found) or {*fixed.undone} & {*after.undone}:
        return None
    return Edit(edited, fixed.keyfile, fixed.undone, fixed.proved, start, end)


def _keys_of(found: Candidate) -> list[object]:
    return [(entry.public, entry.private) for entry in found.keyfile.entries]


def left_out(data: bytes, found: Candidate) -> str:
    """List what a file has besides the key that was found in it, item by item, with lines."""
    if found.keyfile.format == OPENSSH_PUB.name:
        return describe_left_out(data)
    document = find(data)
    keys = document.keys
    if len(keys) > 1:
        same = [span for span in keys if span.text == found.data]
        keys = tuple(same[:1]) or keys
    if keys:
        return describe(document.around(*keys))
    region = find_key(data)
    if region is None:
        return ""
    first = data.count(b"\n", 0, region[0]) + 1
    last = data.count(b"\n", 0, max(region[1] - 1, 0)) + 1
    lines = [(number, row) for number, row in enumerate(data.split(b"\n"), 1) if row.strip()]
    before = [number for number, _ in lines if number < first]
    after = [number for number, _ in lines if number > last]
    return ", ".join(_lines(numbers) for numbers in (before, after) if numbers)


def _lines(numbers: list[int]) -> str:
    what = "line" if len(numbers) == 1 else "lines"
    where = f"line {numbers[0]}" if len(numbers) == 1 else f"lines {numbers[0]} to {numbers[-1]}"
    return f"{len(numbers)} {what} of other text ({where})"
