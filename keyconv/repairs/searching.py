"""The search for what a damaged file was before: combinations of damages, tried until a result is proved.

A result counts only if it loads and nothing is left to fix. What loads has been proved by its own arithmetic, MAC or
check integers; what is still locked could be proved in its public half alone, and says so.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from keyconv import limits
from keyconv.codec.line_kind import has_private_among_lines
from keyconv.errors import KeyconvError, NotAKeyError, WrongPassphraseError
from keyconv.keyfile import KeyFile, Locked
from keyconv.proof.amends import AMENDABLE, NONCANONICAL
from keyconv.repairs import (
    config_lines,
    containers,
    dashes,
    frames,
    joined,
    line_ends,
    listings,
    ppk_text,
    public_lines,
    surroundings,
    wrapped_lines,
    wrappings,
)
from keyconv.repairs.canonical import rewrite
from keyconv.repairs.damage import Damage, count_private, holds_private, is_text
from keyconv.repairs.opening import Opening

__all__ = ["DAMAGES", "Candidate", "Nearest", "Search", "search"]

DAMAGES: Final[tuple[Damage, ...]] = (
    Damage("utf-16", wrappings.undo_utf16, always=True, outermost=True, binary=True),
    Damage("byte-order-mark", wrappings.undo_byte_order_mark, always=True, outermost=True),
    Damage("nul-padding", wrappings.undo_nul_padding, always=True, outermost=True, binary=True),
    Damage("base64-wrapped", wrappings.undo_base64),
    Damage("quoted", wrappings.undo_quotes, cuts=wrappings.names_variable),
    Damage("quoted", wrappings.undo_quoted_lines),
    Damage("quoted", containers.undo_value, cuts=True),
    Damage("literal-newlines", wrappings.undo_literal_newlines),
    Damage("literal-newlines", wrappings.undo_literal_cr),
    Damage("literal-newlines", wrappings.undo_literal_line_ends, always=True),
    Damage("html-escaped", wrappings.undo_html),
    Damage("html-escaped", wrappings.undo_percent, cuts=wrappings.is_form),
    Damage("email-quoted", wrappings.undo_email_quotes),
    Damage("crlf", line_ends.undo_crlf, always=True, outermost=True),
    Damage("cr-line-ends", line_ends.undo_bare_cr, always=True, outermost=True),
    Damage("smart-dashes", dashes.undo_smart_dashes),
    Damage("smart-dashes", dashes.undo_smart_spaces),
    Damage("lower-case-frame", dashes.undo_lower_case),
    Damage("wrong-dash-count", dashes.undo_wrong_dash_count),
    Damage("surrounding-text", public_lines.undo_git_prefix),
    Damage("surrounding-text", surroundings.undo_public_halves, cuts=True),
    Damage("multiple-keys", surroundings.undo_repetitions, cuts=True, repeats=True),
    Damage("surrounding-text", surroundings.undo_signs, cuts=True),
    Damage("surrounding-text", listings.undo_diff_marks, cuts=True),
    Damage("surrounding-text", listings.undo_line_numbers, cuts=True),
    Damage("surrounding-text", surroundings.undo_surrounding_text, cuts=True),
    Damage("surrounding-text", surroundings.undo_shared_prefix, cuts=True),
    Damage("surrounding-text", public_lines.undo_lines_amid_text, cuts=True),
    Damage("surrounding-text", containers.undo_encoded_value, cuts=True),
    Damage("rfc4716-in-authorized-keys", public_lines.undo_blocks, always=True),
    Damage("lost-newlines", joined.undo_lost_newlines),
    Damage("lost-newlines", joined.undo_separators),
    Damage("lost-newlines", ppk_text.undo_joined_ppk),
    Damage("lost-newlines", public_lines.undo_joined_blocks, always=True),
    Damage("lost-newlines", public_lines.undo_lost_line_ends, always=True),
    Damage("joined-keys", public_lines.undo_joined_keys, always=True),
    Damage("wrapped-key", wrapped_lines.undo_wrapped_keys),
    Damage("indented", line_ends.undo_indentation, always=True),
    Damage("trailing-whitespace", line_ends.undo_trailing_whitespace, always=True),
    Damage("trailing-whitespace", line_ends.undo_comment_spaces),
    Damage("smart-dashes", dashes.undo_space_runs),
    Damage("blank-lines", line_ends.undo_blank_lines, always=True),
    Damage("inner-whitespace", joined.undo_inner_spaces),
    Damage(NONCANONICAL, joined.undo_lost_padding),
    Damage("missing-frame", frames.undo_missing_header),
    Damage("missing-frame", frames.undo_missing_footer, guess="end"),
    Damage("missing-frame", frames.undo_missing_frame, guess="end"),
    Damage("missing-frame", ppk_text.undo_missing_first_line),
    Damage("missing-frame", public_lines.undo_missing_types),
    Damage("wrong-label", frames.undo_wrong_label),
    Damage("wrong-label", frames.undo_wrong_label_of_encrypted, guess="end"),
    Damage("wrong-label", ppk_text.undo_wrong_version),
    Damage("line-count", ppk_text.undo_line_counts),
    Damage("line-count", ppk_text.undo_long_rows, always=True),
    Damage("space-for-plus", joined.undo_spaces_for_plus, guess="key"),
    Damage("space-for-plus", ppk_text.undo_ppk_spaces_for_plus, guess="key"),
    Damage("space-for-plus", public_lines.undo_spaces_in_lines, guess="key"),
    Damage(NONCANONICAL, ppk_text.undo_upper_case_mac, always=True),
    Damage("missing-final-newline", line_ends.undo_missing_final_newline, always=True),
)
"""Every damage that can be fixed, in the order in which it is looked for: what lies outermost first."""

LAST_DAMAGE: Final = Damage("surrounding-text", config_lines.undo_config_lines, cuts=True)
"""What is looked for where nothing else is found: it leaves most out."""

_OUTERMOST = tuple(damage for damage in DAMAGES if damage.outermost)
_ALWAYS = tuple(damage for damage in DAMAGES if damage.always and not damage.outermost)
_OTHERS = tuple(damage for damage in DAMAGES if not damage.always)

MAX_STATES: Final = 600
"""Texts that are looked at for one file."""

MAX_WORK: Final = 2 * limits.MIB
"""Bytes of all these texts together: a file of the largest size is looked at in a few states only."""

MAX_DEPTH: Final = 8
"""Damages that are fixed one after another."""

_SMALL: Final = 32 * limits.KIB
_PROMISING = re.compile(
    rb"(?i:begin [a-z0-9 ]{0,30}key)|PuTTY|ssh-|ecdsa-|Proc-Type|b3BlbnNzaC1r|\bMI|\bAAAA"
    rb"|LS0t|UHVUVFkt|c3NoL|ZWNkc2|\0[BEIPNsk-]\0|&#|[\xe2\xc2]"
)
_SIZELESS: Final = "pem"
"""The format whose encrypted form does not say how long it is."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that loads: what it holds, what was fixed to get there, and whether its private half is proved.

    `undone` names each rule once, in the order in which it was fixed. `offset` is the byte of the damaged file at
    which the first of them begins. `guessed` tells that bytes of the key itself were guessed and nothing proves them:
    such a result names the damage, and is none to write. `cut` tells that the file has more than the key, which the
    result leaves out. `amended` tells that the key is read with what follows from the rest of it, and not otherwise.
    """

    data: bytes
    keyfile: KeyFile
    undone: tuple[str, ...]
    proved: bool
    offset: int | None = None
    guessed: bool = False
    cut: bool = False
    amended: bool = False


@dataclass(frozen=True, slots=True)
class _State:
    text: bytes
    path: tuple[Damage, ...] = ()
    offset: int | None = None
    private: int = 0
    cut: bool = False

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules of the path, each once."""
        return tuple(dict.fromkeys(damage.rule for damage in self.path))


def search(
    data: bytes, opening: Opening | None = None, *, guess: bool = False, max_states: int = MAX_STATES
) -> Candidate | None:
    """Find the shortest combination of damages whose fixing gives a text that loads; None when there is none.

    With nothing to fix, the text itself comes back. With `guess`, a result that would need a proof and has none is
    given where there is no other, marked as `guessed`. The work is bounded by the number and the size of the texts.

    Raises: WrongPassphraseError or LimitError when the passphrase opens none of the texts that load.
    """
    return Search(opening, max_states).run(data, guess=guess)


class Nearest(NamedTuple):
    """A text on the way that a format took for its own and refused, why, and the rules that were fixed to get there."""

    text: bytes
    error: KeyconvError
    rules: tuple[str, ...]


class Search:
    """One search: the texts seen, those that load although something is left to fix, and why a passphrase failed.

    `nearest` is the first text that a format took for its own and refused all the same, with its error: what is wrong
    with a file that cannot be fixed.
    """

    def __init__(self, opening: Opening | None = None, max_states: int = MAX_STATES) -> None:
        self.nearest: Nearest | None = None
        self._opening = opening or Opening()
        self._guessed: Candidate | None = None
        self._left = max_states
        self._work = MAX_WORK
        self._seen: set[bytes] = set()
        self._queue: deque[_State] = deque()
        self._unfinished: list[_State] = []
        self._first: list[_State] = []
        self._refusal: KeyconvError | None = None

    def run(self, data: bytes, *, guess: bool = False) -> Candidate | None:
        """Go through the texts, the fewest damages first."""
        if len(data) > limits.MAX_KEY_FILE:
            return None
        if config_lines.has_json_keys(data) and (found := self._judge_last(_State(data))):
            return found
        self._add(_State(data))
        while self._queue:
            state = self._queue.popleft()
            if has_private_among_lines(state.text):
                self._unfinished.append(state)  # nothing may come of it but lines, and no private key is one
                break
            if outermost := next(self._before(state, _OUTERMOST), None):
                self._unfinished.append(state)
                self._add(outermost)
                continue
            if not state.path or state.path[-1].outermost:
                self._first.append(state)
            flaws = list(self._before(state, _ALWAYS))
            if flaws or public_lines.hides_key(state.text):
                self._unfinished.append(state)
            elif found := self._judge(state):
                return found
            if not state.path and len(data) > _SMALL and not _PROMISING.search(data):
                break
            if len(state.path) < MAX_DEPTH:
                for before in (*flaws, *self._before(state, _OTHERS)):
                    self._add(before)
        for state in self._unfinished[:8]:
            if found := self._judge(state):
                return found
        for state in self._first:
            if found := self._judge_last(state):
                return found
        if self._refusal is not None:
            raise self._refusal
        return self._guessed if guess else None

    def _add(self, state: _State) -> None:
        size = len(state.text)
        if state.text not in self._seen and self._left > 0 and size <= limits.MAX_KEY_FILE and size <= self._work:
            self._left -= 1
            self._work -= size
            self._seen.add(state.text)
            self._queue.append(state)

    def _before(self, state: _State, damages: Iterable[Damage]) -> Iterator[_State]:
        text = is_text(state.text)
        private = max(state.private, count_private(state.text), holds_private(state.text))
        for damage in damages:
            if text or damage.binary:
                for before in damage.undo(state.text):
                    offset = _first_difference(state.text, before) if state.offset is None else state.offset
                    cut = state.cut or damage.cuts_off(state.text)
                    yield _State(before, (*state.path, damage), offset, 1 if damage.repeats else private, cut)

    def _judge_last(self, state: _State) -> Candidate | None:
        return next((found for before in self._before(state, (LAST_DAMAGE,)) if (found := self._judge(before))), None)

    def _judge(self, state: _State) -> Candidate | None:
        try:
            keyfile = self._opening.read(state.text)
        except KeyconvError as error:
            if isinstance(error, WrongPassphraseError) or error.rule == "costly-kdf":
                self._refusal = self._refusal or error
            guessed = any(damage.guess for damage in state.path)  # then it may be no key's text at all
            if self.nearest is None and not guessed and not isinstance(error, NotAKeyError):
                self.nearest = Nearest(state.text, error, state.rules)
            return None
        if keyfile.faults and self.nearest is None:
            self.nearest = Nearest(state.text, keyfile.faults[0], state.rules)
        if keyfile.faults or any(entry.fault for entry in keyfile.entries):
            return None
        locked = any(isinstance(entry.private, Locked) for entry in keyfile.entries)
        private = any(entry.private is not None for entry in keyfile.entries)
        if state.private > sum(1 for entry in keyfile.entries if entry.private is not None):
            return None  # only a public half would be left of it, or one of several keys
        guesses = {damage.guess for damage in state.path}
        guessed = ("key" in guesses and (locked or not private)) or (
            "end" in guesses and locked and keyfile.format == _SIZELESS
        )
        data, rewritten = rewrite(state.text, keyfile, self._opening)
        amended = any(note.code in AMENDABLE for note in keyfile.notes) and not self._loads(state.text)
        if amended and data == state.text:
            return None  # what was amended to read it cannot be written
        undone = tuple(dict.fromkeys((*state.rules, *rewritten)))
        proved = not locked and not guessed
        found = Candidate(data, keyfile, undone, proved, state.offset, guessed, state.cut, amended)
        if guessed:
            self._guessed = self._guessed or found
            return None
        return found

    def _loads(self, data: bytes) -> bool:
        try:
            self._opening.read_as_it_is(data)
        except KeyconvError:
            return False
        return True


def _first_difference(text: bytes, before: bytes) -> int:
    low, high = 0, min(len(text), len(before))
    while low < high:
        middle = (low + high + 1) // 2
        if text[:middle] == before[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
