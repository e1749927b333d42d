"""The diagnosis of a file that does not load: its cause by the rule's name, where it is, and what mends it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from keyconv import limits
from keyconv.errors import (
    ContradictionError,
    InputError,
    KeyconvError,
    LimitError,
    MacError,
    MalformedError,
    MismatchError,
    NotAKeyError,
    TruncatedError,
    UnsupportedError,
    UsageError,
)
from keyconv.formats.authorized_keys import OPENSSH_PUB
from keyconv.keyfile import KeyFile, Locked
from keyconv.repair import extent, foreign
from keyconv.repair.canonical import RECOMPUTABLE
from keyconv.repair.damage import TYPE, find_frames
from keyconv.repair.readers import refused_by
from keyconv.repair.search import Candidate, Search

__all__ = ["MESSAGES", "Diagnosis", "describe_unproved", "diagnose", "explain", "rule_of"]

MESSAGES = {
    "utf-16": "the text is UTF-16, as PowerShell and Notepad save it",
    "byte-order-mark": "the text begins with a byte order mark (UTF-8 BOM)",
    "nul-padding": "there are zero bytes after the key",
    "base64-wrapped": "the whole file is wrapped in base64",
    "quoted": "the text is in quotes",
    "literal-newlines": r"there are the two characters \n instead of line ends",
    "html-escaped": "characters are escaped as in HTML",
    "email-quoted": "the lines begin with '>', as in a mail",
    "crlf": "the line ends are CR LF",
    "cr-line-ends": "the line ends are CR alone",
    "smart-dashes": "a word processor made long dashes of hyphens",
    "lower-case-frame": "the BEGIN and END lines are not in capitals",
    "wrong-dash-count": "a BEGIN or END line has a dash too few or too many",
    "surrounding-text": "there is other text around the key",
    "rfc4716-in-authorized-keys": "there is an SSH2 block among the lines, which sshd does not read",
    "lost-newlines": "line ends became spaces, or nothing",
    "joined-keys": "two keys are on one line: sshd takes the second for a comment",
    "wrapped-key": "a key is wrapped over several lines",
    "indented": "there is white space before lines",
    "trailing-whitespace": "there is white space after lines",
    "blank-lines": "there are blank lines before, in or after the key",
    "missing-frame": "the BEGIN line, the END line, or the type before a public key is gone",
    "wrong-label": "the frame names another format than the body holds",
    "line-count": "the line counts of the PPK are wrong, or its lines were joined",
    "space-for-plus": "'+' became a space, as in URL decoding",
    "noncanonical": "the key is written in a way that some programs refuse",
    "comment-control": "there are control characters in the comment",
    "recomputable-numbers": "a number that follows from others is wrong; the key itself is whole",
    "missing-final-newline": "the last line has no line end",
}
"""What each rule that can be undone says of a file."""

_LINE = re.compile(r"\bline ([0-9]{1,7})\b")
_KEY = re.compile(TYPE + rb"[ \t]{1,8}AAAA")
_BYTE = re.compile(r"\bat byte ([0-9]{1,7})\b")
_OPTION = re.compile(
    r"the option |the value of the option|a quote|there is white space outside|there is no comma|there is a comma"
)
_LINES = OPENSSH_PUB.name
_DER_FORMATS = ("pem", "pkcs8", "spki", "pkcs1-pub")
_BODY = re.compile(rb"-----BEGIN [A-Z0-9 ]{1,60}-----[^\n]*\n(?:[A-Za-z-]{1,20}: [^\n]*\n|\n)*+")
_PROVE_HINT = "with --passphrase-file FILE, keyconv repair can prove what was there"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a file does not load.

    `rule` is of `keyconv check`, or empty where none fits. `message` is one line; `hint` what to do, the command where
    one mends it. `line` (from 1) and `offset` (a byte of the file, from 0) say where, as far as that is known.
    `refused_by` names programs that refuse such a file, `read_by` those that read it all the same; both are empty where
    that is not known. `undone` are all rules that a repair has to undo, `rule` the first of them.
    """

    rule: str
    message: str
    hint: str = ""
    line: int | None = None
    offset: int | None = None
    refused_by: tuple[str, ...] = ()
    read_by: tuple[str, ...] = ()
    fixable: bool = False
    undone: tuple[str, ...] = ()


def diagnose(data: bytes, error: KeyconvError, *, path: str = "FILE") -> Diagnosis:
    """Find out why a file does not load, given its content and the error of the reader.

    First whether a combination of damages can be undone, which proves that nothing else is wrong; then what cannot.
    `path` is for the command in the hint.
    """
    if isinstance(error, InputError | UsageError):
        return Diagnosis(rule_of(error), error.message, error.hint)
    if not data.strip():
        return Diagnosis("empty", "the file is empty", error.hint)
    search = Search()
    found = search.run(data, guess=True)
    if found is not None and found.undone:
        return _damaged(data, found, path)
    error = _ask_lines(data, error)
    named = foreign.find(data)
    if named is not None and (isinstance(error, NotAKeyError) or named.rule == "placeholder" or data[:5] == b"-----"):
        return Diagnosis(named.rule, named.message, named.hint, line=1, offset=0)
    several = _count_keys(data)
    if several > 1:
        return Diagnosis(
            "multiple-keys",
            f"the file holds {several} keys, of which most programs read the first alone, or none",
            "keep one key in a file",
            line=_line_at(data, _second(data)),
            offset=_second(data),
        )
    text, error = search.nearest if search.nearest and isinstance(error, NotAKeyError) else (data, error)
    return _broken(text, data, error)


def explain(data: bytes, error: KeyconvError, *, path: str = "FILE") -> KeyconvError:
    """Give the error to show for a file that does not load: the same kind, with the diagnosis in it.

    What can be mended is malformed, whatever the reader took it for; but a key amid other text, as in a document, stays
    no key file. `path` is for the command in the hint, as a shell takes it.
    """
    found = diagnose(data, error, path=path)
    if found.fixable and found.rule != RECOMPUTABLE and not _stays_no_key(error, found):
        error = MalformedError(found.message)
    where = (
        f"line {found.line}"
        if found.line is not None and found.rule not in ("empty", "placeholder", "not-a-key")
        else ""
    )
    if found.fixable or found.message != error.message:
        error.place = "" if _LINE.search(found.message) else where
        error.message = found.message + _readers(found)
        error.args = (error.message,)
    error.rule = found.rule
    error.hint = found.hint
    return error


def _stays_no_key(error: KeyconvError, found: Diagnosis) -> bool:
    return isinstance(error, NotAKeyError) and "surrounding-text" in found.undone


def rule_of(error: KeyconvError) -> str:
    """Name the rule that an error is of by itself, or nothing."""
    message = error.message
    match error:
        case TruncatedError():
            return "truncated"
        case NotAKeyError():
            return "empty" if message == "the file is empty" else "not-a-key"
        case MacError():
            return "mac-mismatch"
        case MismatchError():
            return "bad-line" if error.place.startswith(_LINES) else "key-mismatch"
        case ContradictionError():
            point = message.startswith(("the public point", "a coordinate of the public point"))
            return "weak-point" if point else error.code
        case LimitError():
            return "costly-kdf" if error.hint == limits.COSTLY_HINT else "unsupported"
        case UnsupportedError():
            return "unsupported"
        case MalformedError():
            return _rule_of_line(error)
        case _:
            return ""


def describe_unproved(keyfile: KeyFile, *, ppk_comment: bool = True) -> str:
    """Say what of a mended file could not be proved; nothing where all was, or where there is nothing to prove."""
    if not any(isinstance(entry.private, Locked) for entry in keyfile.entries):
        return ""
    if keyfile.format.startswith("ppk") and ppk_comment:
        return "not proved: the private half and the comment, which only the passphrase can prove"
    return "not proved: the private half, which only the passphrase can prove"


def _rule_of_line(error: KeyconvError) -> str:
    if not error.place.startswith(_LINES):
        return "corrupt"
    if error.message.startswith("there is no option"):
        return "unknown-option"
    return "bad-option" if _OPTION.match(error.message) else "corrupt"


def _ask_lines(data: bytes, error: KeyconvError) -> KeyconvError:
    """Let the reader of public keys' lines say what is wrong with such a line that no format took for its own."""
    if isinstance(error, NotAKeyError) and _KEY.search(data) and foreign.find(data) is None:
        try:
            OPENSSH_PUB.read(data)
        except KeyconvError as told:
            return told
    return error


def _damaged(data: bytes, found: Candidate, path: str) -> Diagnosis:
    rule = found.undone[0]
    refusing, reading = refused_by(rule, found.keyfile.format)
    message = "; ".join(MESSAGES[each] for each in found.undone)
    wrong = [note.message for note in found.keyfile.notes if note.code == RECOMPUTABLE]
    if wrong:
        message += f" ({'; '.join(wrong)})"
    if not found.guessed:
        hint = f"keyconv repair {path} -o NEW"
    else:
        locked = any(isinstance(entry.private, Locked) for entry in found.keyfile.entries)
        message += "; nothing in the file proves what was there" + (" without the passphrase" if locked else "")
        hint = _PROVE_HINT if locked else "copy the key again from where it came from"
    return Diagnosis(
        rule,
        message,
        hint,
        line=None if found.offset is None else _line_at(data, found.offset),
        offset=found.offset,
        refused_by=refusing,
        read_by=reading,
        fixable=not found.guessed,
        undone=found.undone,
    )


def _broken(text: bytes, data: bytes, error: KeyconvError) -> Diagnosis:
    rule, message = rule_of(error), error.message
    measured = extent.measure(text) if rule in ("truncated", "corrupt") else None
    if measured is not None and measured.is_short:
        rule = "truncated"
        message = f"the end is missing: {measured}"
    elif rule == "truncated":
        message = "the end is missing" if message.startswith("the END line") else message
    stated = _LINE.search(str(error))
    line = int(stated[1]) if stated and text == data else None
    offset = None
    byte = _BYTE.search(message) if error.place.startswith(_DER_FORMATS) else None
    if byte is not None:
        offset = _offset_of(data, int(byte[1]))
        line = None if offset is None else _line_at(data, offset)
    if rule == "corrupt" and error.place.startswith(_LINES) and _lines_of_keys(data) > 1:
        rule = "bad-line"
    return Diagnosis(rule, message, error.hint, line=line, offset=offset)


def _readers(found: Diagnosis) -> str:
    if not found.refused_by or not found.read_by:
        return ""
    reads = "reads" if len(found.read_by) == 1 else "read"
    refuses = "refuses" if len(found.refused_by) == 1 else "refuse"
    return f" ({' and '.join(found.refused_by)} {refuses} it, {' and '.join(found.read_by)} {reads} it)"


def _line_at(data: bytes, offset: int) -> int:
    before = data[:offset]
    # Where there is no LF, lines end in CR; UTF-16 has its LF too.
    return 1 + (before.count(b"\n") or before.count(b"\r"))


def _offset_of(data: bytes, byte: int) -> int | None:
    """Give where in the file the character stands that holds this byte of a frame's body."""
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


def _count_keys(data: bytes) -> int:
    labels = [frame for frame in find_frames(data) if frame.is_key and frame.label != b"EC PARAMETERS"]
    private = [frame for frame in labels if b"PRIVATE" in frame.label]
    return max(len(private), data.count(b"PuTTY-User-Key-File-"))


def _second(data: bytes) -> int:
    starts = [frame.start for frame in find_frames(data) if b"PRIVATE" in frame.label]
    return starts[1] if len(starts) > 1 else data.find(b"PuTTY-User-Key-File-", 1)
