"""The diagnosis of a file that does not load: its cause by the rule's name, where it is, and what fixes it."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from keyconv.codec.key_line import LINE_FORMATS, WITH_GIT_PREFIX, rule_among_lines
from keyconv.codec.line_faults import HINTS, is_private
from keyconv.document.places import Place, split
from keyconv.engine import foreign
from keyconv.errors import InputError, KeyconvError, LimitError, MalformedError, NotAKeyError, UsageError
from keyconv.formats.authorized_keys import OPENSSH_PUB
from keyconv.formats.base import Format
from keyconv.keyfile import KeyFile, Locked
from keyconv.proof.amends import AMENDABLE, RECOMPUTABLE
from keyconv.repairs import extent, whole
from keyconv.repairs.config_lines import describe_keys
from keyconv.repairs.damage import TYPE
from keyconv.repairs.messages import MESSAGES
from keyconv.repairs.opening import Opening
from keyconv.repairs.public_lines import has_git_prefix
from keyconv.repairs.readers import refused_by
from keyconv.repairs.searching import MAX_STATES, Candidate, Nearest, Search
from keyconv.text.quoting import name_file

__all__ = [
    "Cause",
    "Diagnosis",
    "describe_unproved",
    "diagnose",
    "explain",
    "find_whole",
    "holds_several",
    "name_faults",
]

_KEY = re.compile(TYPE + rb"[ \t]{1,8}AAAA")
_BODY = re.compile(rb"-----BEGIN [A-Z0-9 ]{1,60}-----[^\n]*\n(?:[A-Za-z-]{1,20}: [^\n]*\n|\n)*+")
_VAGUE = ("corrupt", "bad-line", "truncated", "not-a-key", "surrounding-text", "indented")
"""Rules that say little while the key itself is whole."""

_KEEP_HINT = "keep the line of each key alone"
_PROVE_HINT = "with --passphrase-file FILE, keyconv repair can prove what was there"


_OF_ROWS = frozenset(
    ("wrapped-key", "joined-keys", "rfc4716-in-authorized-keys", "noncanonical", "comment-control", "indented")
)
"""Rules on single rows: where nothing else is wrong, each is reported by itself."""


class Cause(NamedTuple):
    """One of the reasons why a file does not load: the rule of `keyconv check`, and what it says of this file."""

    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a file does not load.

    `rule` is of `keyconv check`, or empty where none fits. `message` is one line; `hint` what to do, the command where
    one fixes it. `place` is where in the structure, where the message is the reader's own; `line` (from 1) and `offset`
    (a byte of the file, from 0) say where in the file, as far as that is known. `causes` are all that a repair has to
    fix, `rule` the first of them, and `mended` is what it makes of the file; where nothing fixes it, there is one
    cause. `fixable` says that the fixed text is beyond doubt. `parts` are the keys of a file that holds several.
    """

    rule: str
    message: str
    hint: str = ""
    place: str = ""
    line: int | None = None
    offset: int | None = None
    causes: tuple[Cause, ...] = ()
    mended: Candidate | None = field(default=None, repr=False)
    fixable: bool = False
    parts: tuple[Place, ...] = field(default=(), repr=False)

    @property
    def undone(self) -> tuple[str, ...]:
        """The rules that a repair has to fix; nothing where nothing fixes the file."""
        return () if self.mended is None else tuple(cause.rule for cause in self.causes)


_WRAPPED = ("literal-newlines", "html-escaped", "base64-wrapped")
"""Wrappers that are worth a word although what is in them is broken: every program that reads the file stumbles."""


def diagnose(
    data: bytes,
    error: KeyconvError,
    *,
    path: str = "FILE",
    opening: Opening | None = None,
    max_states: int = MAX_STATES,
) -> Diagnosis:
    """Find out why a file does not load, given its content and the error of the reader.

    First whether a combination of damages can be fixed, which proves that nothing else is wrong; then what cannot.
    `path` is for the command in the hint; the passphrase of `opening` proves what is locked, if it opens it.
    """
    found = _diagnose(data, error, path, opening or Opening(), max_states)
    return replace(found, hint=name_file(found.hint, path)) if found.hint else found


def _diagnose(data: bytes, error: KeyconvError, path: str, opening: Opening, max_states: int) -> Diagnosis:
    if isinstance(error, InputError | UsageError):
        return _refused(error.rule, error.message, error)
    named = foreign.find_foreign(data)
    if named is not None and named.rule == "empty":
        return _refused(named.rule, named.message, error)
    found, nearest = _search(data, opening, max_states, guess=True)
    if found is not None and found.undone:
        return _damaged(data, found, path)
    refused, error = error, _ask_lines(data, error, named)
    if named is not None and (isinstance(error, NotAKeyError) or named.rule == "placeholder" or data[:5] == b"-----"):
        return Diagnosis(named.rule, named.message, named.hint, causes=(Cause(named.rule, named.message),))
    parts = split(data) or split(nearest.text if nearest else b"")
    if parts:
        return _several(parts)
    if error.rule in _VAGUE and isinstance(refused, NotAKeyError) and (keys := describe_keys(data)):
        return Diagnosis("surrounding-text", keys, _KEEP_HINT, causes=(Cause("surrounding-text", keys),))
    if error.rule in _VAGUE and (place := whole.find(data, refused)) is not None:
        return _amid(place, error)
    if nearest is None or not isinstance(error, NotAKeyError):
        return _broken(data, data, error)
    found_broken = _broken(nearest.text, data, nearest.error)
    wrapped = [rule for rule in nearest.rules if rule in _WRAPPED and rule != found_broken.rule]
    return replace(found_broken, causes=(*found_broken.causes, *(Cause(rule, MESSAGES[rule]) for rule in wrapped)))


def find_whole(
    data: bytes, opening: Opening | None = None, *, guess: bool = False, max_states: int = MAX_STATES
) -> Candidate | None:
    """Find the text that this one was before it was damaged; None where there is none that loads.

    A passphrase that opens nothing is no hindrance: what is locked is then not proved.
    """
    return _search(data, opening or Opening(), max_states, guess=guess)[0]


def explain(data: bytes, error: KeyconvError, *, path: str = "FILE", of_lines: bool = False) -> KeyconvError:
    """Return the error to show for a file that does not load: the same kind, with the diagnosis in it.

    What can be fixed is malformed, whatever the reader took it for; but a key amid other text, as in a document, stays
    no key file. `path` is for the command in the hint, as a shell takes it; `of_lines` says that the file's name is one
    of files of lines.
    """
    found = diagnose(data, error, path=path)
    if of_lines and found.mended is None and error.format in LINE_FORMATS:
        found = replace(found, rule=rule_among_lines(error))
    if found.fixable and found.rule != RECOMPUTABLE and not _stays_no_key(error, found):
        error = MalformedError(found.message)
    error.message = found.message
    error.args = (error.message,)
    error.place = found.place or ("" if found.line is None or found.parts else f"line {found.line}")
    error.rule = found.rule
    error.line = found.line
    error.hint = found.hint
    return error


def name_faults(data: bytes, keyfile: KeyFile, *, path: str = "FILE") -> tuple[KeyconvError, ...]:
    """Return the faults of a file of lines to show: with hints, or the one damage to the whole that explains them all.

    `path` is for the command in the hint, as a shell takes it.
    """
    if keyfile.format == OPENSSH_PUB.name and not any(map(is_private, keyfile.faults)):
        opening = Opening(OPENSSH_PUB.name)
        found = diagnose(data, NotAKeyError("there are lines that hold no key"), path=path, opening=opening)
        of_one_line = found.undone == ("surrounding-text",) and has_git_prefix(data)  # which sshd skips
        if found.mended is not None and found.fixable and not of_one_line and not set(found.undone) <= _OF_ROWS:
            place = "" if found.line is None else f"line {found.line}"
            whole = MalformedError(found.message, place=place, hint=found.hint, rule=found.rule, line=found.line)
            return (whole,)
    from keyconv.repairs.line_rows import mend_rows

    mended = mend_rows(data)
    undone = mended.undone if mended is not None else ()
    hints = HINTS.get(keyfile.kind, {})
    for fault in keyfile.faults:
        if fault.rule in undone:
            fault.hint = f"keyconv repair {path} -o NEW"
        fault.hint = fault.hint or hints.get(fault.rule, "")
    return keyfile.faults


def holds_several(data: bytes, format: Format) -> bool:
    """Return whether a file that does not load holds several keys of this format, one after the other."""
    parts = split(data)
    return bool(parts) and all(format.sniff(part.text) for part in parts)


def describe_unproved(keyfile: KeyFile, *, ppk_comment: bool = True) -> str:
    """Say what of a fixed file could not be proved; nothing where all was, or where there is nothing to prove."""
    if not any(isinstance(entry.private, Locked) for entry in keyfile.entries):
        return ""
    if keyfile.format.startswith("ppk") and ppk_comment:
        return "private key and comment not verified (needs the passphrase)"
    return "private key not verified (needs the passphrase)"


def _search(data: bytes, opening: Opening, max_states: int, *, guess: bool) -> tuple[Candidate | None, Nearest | None]:
    """Return what the text was, and otherwise the first text on the way that a format took for its own."""
    openings = [opening]
    if opening.passphrase is not None:  # if it opens nothing, the text may be fixed all the same
        openings.append(Opening(opening.format))
    nearest = None
    for each in openings:
        search = Search(each, max_states)
        with suppress(KeyconvError):
            found = search.run(data, guess=guess)
            if found is not None:
                return found, None
        nearest = search.nearest
    return None, nearest


def _stays_no_key(error: KeyconvError, found: Diagnosis) -> bool:
    return isinstance(error, NotAKeyError) and "surrounding-text" in found.undone


def _ask_lines(data: bytes, error: KeyconvError, named: foreign.Foreign | None) -> KeyconvError:
    """Let the reader of public keys' lines say what is wrong with such a line that no format took for its own."""
    if isinstance(error, NotAKeyError) and _KEY.search(data) and named is None:
        try:
            OPENSSH_PUB.read(data)
        except KeyconvError as told:
            return told
    return error


def _refused(rule: str, message: str, error: KeyconvError) -> Diagnosis:
    return Diagnosis(rule, message, error.hint, error.place, causes=(Cause(rule, message),))


def _damaged(data: bytes, found: Candidate, path: str) -> Diagnosis:
    locked = any(isinstance(entry.private, Locked) for entry in found.keyfile.entries)
    unproved = ""
    if found.guessed:
        unproved = "; nothing in the file proves what was there" + (" without the passphrase" if locked else "")
    said = {rule: _describe(rule, found, data) for rule in found.undone}
    first = found.undone[0]
    readers = {rule: _readers(rule, found.keyfile.format) for rule in said}
    if not found.guessed:
        hint = f"keyconv repair {path} -o NEW"
        if found.undone == ("surrounding-text",) and has_git_prefix(data):
            hint = f"remove 'key::', or: {hint}"
    else:
        hint = _PROVE_HINT if locked else "copy the key again from where it came from"
    return Diagnosis(
        first,
        "; ".join(said.values()) + unproved + readers[first],
        hint,
        line=None if found.offset is None else _line_at(data, found.offset),
        offset=found.offset,
        causes=tuple(Cause(rule, text + unproved + readers[rule]) for rule, text in said.items()),
        mended=found,
        fixable=not found.guessed,
    )


def _describe(rule: str, found: Candidate, data: bytes) -> str:
    if rule == "surrounding-text" and has_git_prefix(data):
        return WITH_GIT_PREFIX
    if rule == "surrounding-text" and found.keyfile.format == OPENSSH_PUB.name and (keys := describe_keys(data)):
        return keys
    notes = dict.fromkeys(found.keyfile.notes) if rule in AMENDABLE else ()
    wrong = [note.message for note in notes if note.code == rule]
    return MESSAGES[rule] + (f" ({'; '.join(wrong)})" if wrong else "")


def _readers(rule: str, format: str) -> str:
    """Say which programs refuse a file of this format for this reason, where others read it all the same."""
    refusing, reading = refused_by(rule, format)
    if not refusing or not reading:
        return ""
    reads = "reads" if len(reading) == 1 else "read"
    refuses = "refuses" if len(refusing) == 1 else "refuse"
    return f" ({' and '.join(refusing)} {refuses} it, {' and '.join(reading)} {reads} it)"


def _several(parts: tuple[Place, ...]) -> Diagnosis:
    second = parts[1]
    message = (
        f"the file holds {len(parts)} keys, the second from line {second.line} on: "
        "most programs read the first alone, or none"
    )
    return Diagnosis(
        "multiple-keys",
        message,
        "put each key into a file of its own",
        line=second.line,
        offset=second.start,
        causes=(Cause("multiple-keys", message),),
        parts=parts,
    )


def _amid(place: Place, error: KeyconvError) -> Diagnosis:
    """Say what is not understood about the text around a key that is whole, and where the key is."""
    line = place.line if error.line is None else error.line
    message = f"{error.message}; the key on {place.lines} is whole"
    hint = f"keep {place.lines} alone" if place.private else "correct the text around the key, or keep the key alone"
    cause = Cause("surrounding-text", f"{error.place}: {message}" if error.place else message)
    return Diagnosis(cause.rule, message, hint, error.place, line, causes=(cause,))


def _broken(text: bytes, data: bytes, error: KeyconvError) -> Diagnosis:
    rule, message, place = error.rule, error.message, error.place
    if error.format in LINE_FORMATS and (_lines_of_keys(data) > 1 or error.format != "openssh-pub"):
        rule = rule_among_lines(error)
    counted = rule in ("truncated", "corrupt") and not isinstance(error, LimitError)
    measured = extent.measure(text) if counted else None
    if measured is not None and measured.is_short:
        rule, message, place = "truncated", f"the end is missing: {measured}", ""
    elif rule == "truncated" and extent.lacks_end(text):
        message, place = "the end is missing", ""
    line = error.line
    if text != data:  # what was fixed on the way may have moved the lines
        line, place = None, error.field if place else ""
    offset = None
    if error.byte is not None:
        offset = _offset_of(data, error.byte)
        line = None if offset is None else _line_at(data, offset)
    cause = Cause(rule, f"{place}: {message}" if place else message)
    hint = error.hint or HINTS.get(error.format, {}).get(rule, "")
    return Diagnosis(rule, message, hint, place, line, offset, causes=(cause,))


def _line_at(data: bytes, offset: int) -> int:
    before = data[:offset]
    # Where there is no LF, lines end in CR; UTF-16 has its LF too.
    return 1 + (before.count(b"\n") or before.count(b"\r"))


def _offset_of(data: bytes, byte: int) -> int | None:
    """Return where in the file the character stands that holds this byte of a frame's body."""
    frame = _BODY.search(data)
    if frame is None:
        return None
    left = byte * 4 // 3
    for position in range(frame.end(), len(data)):
        if data[position] not in b"\r\n":
            if left == 0:
                return position
            left -= 1
    return None


def _lines_of_keys(data: bytes) -> int:
    return sum(1 for row in data.split(b"\n") if row.strip() and not row.lstrip().startswith(b"#"))
