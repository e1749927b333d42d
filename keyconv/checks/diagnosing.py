"""Why a file does not load: the damages to undo, or the one rule that says why they cannot be.

The seam to `keyconv.repair`: the rest of `checks` knows nothing of how a damage is found.
"""

from __future__ import annotations

from dataclasses import dataclass

from keyconv.checks import foreign
from keyconv.checks.refusals import line_of, rule_of
from keyconv.checks.rules import rule
from keyconv.errors import KeyconvError, NotAKeyError
from keyconv.repair import Candidate, Opening, search

__all__ = ["Cause", "Diagnosis", "describe", "diagnose", "find_whole"]

_PUBLIC_FORMATS = ("openssh-pub", "rfc4716", "spki", "pkcs1-pub", "ssh1-pub", "jwk-pub")


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason: the rule, what to say, where."""

    rule: str
    message: str
    hint: str = ""
    line: int | None = None
    fixable: bool = False


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All reasons, and the text that loads once the damages are undone, if there is one."""

    causes: tuple[Cause, ...]
    mended: Candidate | None = None


def diagnose(data: bytes, error: KeyconvError, opening: Opening) -> Diagnosis:
    """Say why `data` does not load, which its reader refused with `error`."""
    if not data.strip(b" \t\r\n\f\v\0\xef\xbb\xbf"):
        return Diagnosis((Cause(*foreign.recognise(data)),))
    found = find_whole(data, opening, guess=True)
    if found is not None and found.undone:
        line = data.count(b"\n", 0, found.offset) + 1 if found.offset is not None else line_of(error)
        fixable = not found.guessed
        causes = (
            Cause(name, describe(name), line=line, fixable=fixable and rule(name).fixable) for name in found.undone
        )
        return Diagnosis(tuple(causes), found)
    return Diagnosis((_refusal(data, error),))


def find_whole(
    data: bytes, opening: Opening | None = None, *, guess: bool = False, max_states: int | None = None
) -> Candidate | None:
    """Find the text that this one was before it was damaged; None where there is none that loads."""
    openings = [opening or Opening()]
    if openings[0].passphrase is not None:  # if it opens nothing, the text may be mended all the same
        openings.append(Opening(openings[0].format))
    for each in openings:
        try:
            found = search(data, each, guess=guess, **({"max_states": max_states} if max_states else {}))
        except KeyconvError:
            continue
        if found is not None:
            return found
    return None


def describe(name: str) -> str:
    """Say in a message what a rule is about."""
    title = rule(name).title
    return title[:1].lower() + title[1:]


def _refusal(data: bytes, error: KeyconvError) -> Cause:
    if isinstance(error, NotAKeyError):
        name, message = foreign.recognise(data)
        return Cause(name, message or error.message, "" if message else error.hint)
    private = not error.place.startswith(_PUBLIC_FORMATS)
    return Cause(rule_of(error, private=private), str(error), error.hint, line_of(error))
