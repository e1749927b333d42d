"""The search for what a damaged file was before: combinations of damages, tried until a result is proved.

A result counts only if it loads without any tolerance of damaged text. What loads has been proved by its own
arithmetic, MAC or check integers; what is still locked could be proved in its public half alone, and says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from keyconv import limits
from keyconv.engine import read
from keyconv.errors import KeyconvError
from keyconv.keyfile import KeyFile, Locked
from keyconv.repair import frames, line_ends, ppk_text, wrappings
from keyconv.repair.damage import Damage

__all__ = ["DAMAGES", "Candidate", "search"]

DAMAGES: tuple[Damage, ...] = (
    Damage("utf-16", wrappings.undo_utf16),
    Damage("byte-order-mark", wrappings.byte_order_mark),
    Damage("nul-padding", wrappings.undo_nul_padding),
    Damage("base64-wrapped", wrappings.undo_base64),
    Damage("quoted", wrappings.undo_quotes),
    Damage("literal-newlines", wrappings.undo_literal_newlines),
    Damage("html-escaped", wrappings.undo_html),
    Damage("email-quoted", wrappings.undo_email_quotes),
    Damage("crlf", line_ends.undo_crlf),
    Damage("cr-line-ends", line_ends.undo_bare_cr),
    Damage("smart-dashes", frames.undo_smart_dashes),
    Damage("lower-case-frame", frames.undo_lower_case),
    Damage("wrong-dash-count", frames.undo_wrong_dash_count),
    Damage("surrounding-text", frames.undo_surrounding_text),
    Damage("lost-newlines", frames.undo_lost_newlines),
    Damage("lost-newlines", ppk_text.undo_joined_ppk),
    Damage("indented", line_ends.undo_indentation),
    Damage("trailing-whitespace", line_ends.undo_trailing_whitespace),
    Damage("blank-lines", line_ends.undo_blank_lines),
    Damage("missing-frame", frames.undo_missing_frame),
    Damage("wrong-label", frames.undo_wrong_label),
    Damage("line-count", ppk_text.undo_line_counts),
    Damage("space-for-plus", frames.undo_spaces_for_plus),
    Damage("missing-final-newline", line_ends.undo_missing_final_newline),
)
"""Every damage that can be undone, in the order in which it is looked for: what lies outermost first."""

_NEEDS_PROOF = frozenset({"space-for-plus"})
"""Damages whose undoing guesses at the key's own bytes: accepted only if arithmetic or a MAC proves the result."""

_TEXT_NOTES = frozenset({"crlf", "missing-final-newline", "blank-lines", "truncated"})
"""Notes of readers on text that some program refuses: such a text is not whole yet."""

MAX_STATES = 600
MAX_DEPTH = 7


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that loads: what it holds, what was undone to get there, and whether its private half is proved."""

    data: bytes
    keyfile: KeyFile
    undone: tuple[str, ...]
    proved: bool


def search(
    data: bytes,
    *,
    reader: Callable[[bytes], KeyFile] = read,
    max_states: int = MAX_STATES,
) -> Candidate | None:
    """Find the shortest combination of damages whose undoing gives a text that loads; None when there is none.

    The work is bounded by `max_states` texts of at most the size of a key file. `reader` reads a text, and may unlock
    what it read, so that a passphrase proves the private half.
    """
    if len(data) > limits.MAX_KEY_FILE:
        return None
    seen = {data}
    queue: deque[tuple[bytes, tuple[str, ...]]] = deque([(data, ())])
    while queue:
        state, undone = queue.popleft()
        found = _judge(state, undone, reader)
        if found is not None:
            return found
        if len(undone) >= MAX_DEPTH:
            continue
        for rule, before in _before(state):
            if before not in seen and len(seen) < max_states and len(before) <= limits.MAX_KEY_FILE:
                seen.add(before)
                queue.append((before, (*undone, rule)))
    return None


def _before(state: bytes) -> Iterator[tuple[str, bytes]]:
    for damage in DAMAGES:
        for before in damage.undo(state):
            yield damage.rule, before


def _judge(state: bytes, undone: tuple[str, ...], reader: Callable[[bytes], KeyFile]) -> Candidate | None:
    try:
        keyfile = reader(state)
    except KeyconvError:
        return None
    notes = (*keyfile.notes, *(note for entry in keyfile.entries for note in entry.notes))
    if any(note.code in _TEXT_NOTES for note in notes):
        return None
    locked = any(isinstance(entry.private, Locked) for entry in keyfile.entries)
    private = any(entry.private is not None for entry in keyfile.entries)
    proved = private and not locked
    if _NEEDS_PROOF & set(undone) and not proved:
        return None
    return Candidate(state, keyfile, undone, proved or not private)
