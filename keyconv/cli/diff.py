"""What an edit in place changes, for people: by line, rule and byte counts; nothing of a private key is shown."""

from __future__ import annotations

from collections.abc import Iterator

from keyconv.cli.escape import printable
from keyconv.document.search import find
from keyconv.repairs import Edit
from keyconv.repairs.damage import holds_private

__all__ = ["describe_edit"]


def describe_edit(path: str, before: bytes, edit: Edit) -> str:
    """Return a diff of a file and what an edit makes of it; empty where it changes nothing."""
    if edit.data == before:
        return ""
    old = before[edit.start : edit.end]
    new = edit.data[edit.start : len(edit.data) - (len(before) - edit.end)]
    first = before.count(b"\n", 0, edit.start) + 1
    last = first + max(len(_rows(old)) - 1, 0)
    where = f"line {first}" if first == last else f"lines {first} to {last}"
    head = f"--- {printable(path)}\n+++ {printable(path)}\n"
    head += f"@@ {where}: {', '.join(edit.undone)}; {len(old)} bytes become {len(new)} @@\n"
    body = _hidden(old, new) if _is_private(before, edit) else _shown(old, new)
    return head + "".join(f"{line}\n" for line in body)


def _is_private(before: bytes, edit: Edit) -> bool:
    entries = edit.keyfile.entries
    private = any(entry.private is not None or entry.fault is not None for entry in entries)
    return private or holds_private(before) or bool(find(before).private)


def _hidden(old: bytes, new: bytes) -> Iterator[str]:
    for sign, text in (("-", old), ("+", new)):
        count = len(_rows(text))
        yield f"{sign}[private key, {count} {'line' if count == 1 else 'lines'}]"


def _shown(old: bytes, new: bytes) -> Iterator[str]:
    from difflib import SequenceMatcher

    before, after = _rows(old), _rows(new)
    for what, start, end, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what != "equal":
            yield from (f"-{_text(row)}" for row in before[start:end])
            yield from (f"+{_text(row)}" for row in after[first:last])


def _rows(text: bytes) -> list[bytes]:
    rows = text.split(b"\n")
    return [row + b"\n" for row in rows[:-1]] + ([rows[-1]] if rows[-1] else [])


def _text(row: bytes) -> str:
    return printable(row.decode("utf-8", "backslashreplace").removesuffix("\n"))
