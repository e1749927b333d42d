"""Damage to frames' dashes, spaces and words, and to the hyphens of names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keyconv.repairs.damage import DASHES, LABELS, SMART_DASHES, as_bytes, as_text, is_json

__all__ = ["undo_lower_case", "undo_smart_dashes", "undo_smart_spaces", "undo_space_runs", "undo_wrong_dash_count"]

_ANY_LABEL = "|".join((*LABELS, "SSH2 PUBLIC KEY", "SSH2 ENCRYPTED PRIVATE KEY"))
# At most so many dashes; a run of them is looked at from its beginning alone, so that no text takes long.
_DASHED = re.compile(
    rf"(?<![{DASHES}])(?P<before>[{DASHES}]{{0,40}}+) ?(?P<word>BEGIN|END) (?P<label>{_ANY_LABEL}) ?"
    rf"(?P<after>[{DASHES}]{{0,40}}+)"
)
_CASELESS = re.compile(rf"(?:^|(?<=[{DASHES} ]))(?:BEGIN|END) (?:{_ANY_LABEL})(?= ?[{DASHES}]|\s*+$)", re.I | re.M)
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_SMART_SPACE = re.compile(f"[{_SPACES}]")
_SPACE_RUN = re.compile(f"[ {_SPACES}]*[{_SPACES}][ {_SPACES}]*")
_FEW_LINES = 3
_SPACED = re.compile(
    rf"[{DASHES}][ {_SPACES}]?(?:BEGIN|END)[ {_SPACES}](?:"
    + _ANY_LABEL.replace(" ", f"[ {_SPACES}]")
    + rf")[ {_SPACES}]?(?=[{DASHES}])"
)
_SPACED_HEADER = re.compile(rf"^(?:[A-Za-z][A-Za-z0-9-]{{0,39}}):[{_SPACES}]", re.M)
_SMART = re.compile(f"[{SMART_DASHES}]")
_NAMES = re.compile(
    rf"PuTTY[{DASHES}]User[{DASHES}]Key"
    rf"|(?<![A-Za-z0-9])(?:ssh|ecdsa|sk|rsa)[{DASHES}][A-Za-z0-9{DASHES}@._]{{1,60}}+(?=[ \t]{{1,8}}AAAA)"
)


def undo_smart_dashes(data: bytes) -> Iterator[bytes]:
    """Make hyphens of the dashes that word processors put in their place.

    In PPK files and public keys the names have hyphens: where no hyphen is left, all dashes had been hyphens.
    """
    text = as_text(data)
    if not _SMART.search(text):
        return
    framed = _DASHED.sub(lambda found: _dashed(found) if _SMART.search(found.group()) else found.group(), text)
    if framed != text:
        yield as_bytes(framed)
        return
    if not _NAMES.search(text):
        return
    all_of_them = _SMART.sub("-", text)
    names_alone = _NAMES.sub(lambda found: _SMART.sub("-", found.group()), text)
    both = (names_alone, all_of_them) if "-" in text else (all_of_them, names_alone)
    yield from (as_bytes(changed) for changed in dict.fromkeys(both) if changed != text)


def undo_smart_spaces(data: bytes) -> Iterator[bytes]:
    """Make spaces of the no-break and other typographic ones in BEGIN and END lines and after the names of headers."""
    text = as_text(data)
    if not _SMART_SPACE.search(text) or is_json(data):
        return
    changed = _SPACED.sub(lambda found: _SMART_SPACE.sub(" ", found.group()), text)
    changed = _SPACED_HEADER.sub(lambda found: found.group()[:-1] + " ", changed)
    if changed != text:
        yield as_bytes(changed)


def undo_space_runs(data: bytes) -> Iterator[bytes]:
    """Make one space of all between the parts of a key on one line, where no-break ones are among them."""
    text = as_text(data)
    if _SMART_SPACE.search(text) and text.strip().count("\n") < _FEW_LINES and "BEGIN" in text:
        yield as_bytes(_SPACE_RUN.sub(" ", text))


def undo_wrong_dash_count(data: bytes) -> Iterator[bytes]:
    """Make five dashes (four in SSH2 frames) of another number."""
    text = as_text(data)
    changed = _DASHED.sub(lambda found: found.group() if _is_no_frame(found) else _dashed(found), text)
    if changed != text:
        yield as_bytes(changed)


def undo_lower_case(data: bytes) -> Iterator[bytes]:
    """Write the words of a frame in capitals."""
    text = as_text(data)
    changed = _CASELESS.sub(lambda found: found.group().upper(), text)
    if changed != text:
        yield as_bytes(changed)


def _is_no_frame(found: re.Match[str]) -> bool:
    return _SMART.search(found.group()) is not None or not (found["before"] or found["after"])


def _dashed(found: re.Match[str]) -> str:
    if found["label"].startswith("SSH2"):
        return f"---- {found['word']} {found['label']} ----"
    return f"-----{found['word']} {found['label']}-----"
