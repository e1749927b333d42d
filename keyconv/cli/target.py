"""Which format a conversion writes: the one asked for, the one that the output's name means, or the usual one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import PurePath

from keyconv.cli.opening import STDIN, Opener, shown
from keyconv.cli.options import OutputOptions
from keyconv.engine.conversion import default_target
from keyconv.engine.planning import family_of
from keyconv.errors import UsageError
from keyconv.formats import bare_name, by_ending, by_name, promised_by
from keyconv.formats.base import Format
from keyconv.keyfile import Entry, KeyFile

__all__ = ["check_name", "choose_target", "free_name", "note_same_format", "refuse_missing_output", "refuse_promise"]

_USUAL = ("openssh", "pem", "pkcs8", "openssh-pub", "spki")
"""What a name in .key or .der may stand for."""

_ANYWHERE = ("rsa", "dsa", "ecdsa", "ed25519", "ed448")
"""Families that every format in everyday use has: known here so that a hint loads none of them."""


def choose_target(source: str, entry: Entry, options: OutputOptions) -> Format:
    """Return the format to write: the one asked for, else the one of the output's ending, else the usual one."""
    if options.format:
        return by_name(options.format)
    meant = [by_name(name) for name in by_ending(options.output or "", private=_has_private(entry))]
    family = family_of(entry)
    for known in meant:
        if (family is None or family in known.can.families) and (_has_private(entry) or not known.can.private):
            return known
    return meant[0] if meant else by_name(default_target(source, entry))


def check_name(opener: Opener, entry: Entry, target: Format, options: OutputOptions) -> None:
    """See to it that the output's name does not say something else than what is written there.

    A name that promises another container is asked about; one that means no format gets a note.

    Raises: UsageError.
    """
    output = options.output
    if options.format or output in (None, STDIN):
        return
    if promised_by(output):
        able = [by_name(name) for name in _USUAL]
        family = family_of(entry)
        fit = [
            known.name
            for known in able
            if known.can.private == target.can.private and (not family or family in known.can.families)
        ]
        refuse_promise(opener, output, target, fit)
    ending = PurePath(output).suffix
    if ending and not by_ending(output, private=target.can.private):
        opener.screen.note(f"written as {target.name}: {ending} means no key format, and -t names another", output)


def refuse_promise(opener: Opener, output: str, target: Format, able: list[str]) -> None:
    """Ask whether a format is to be written under a name that promises something else, and refuse if it is not.

    Raises: UsageError.
    """
    promise = promised_by(output)
    if opener.prompter.agrees(f"{shown(output)} looks like the name of {promise}. Write {target.title} to it?"):
        return
    raise UsageError(
        f"looks like the name of {promise}, and -t does not say what to write",
        hint=f"name the format: {' or '.join(f'-t {name}' for name in able)}",
    ).at_path(output)


def note_same_format(opener: Opener, path: str, keyfile: KeyFile, entry: Entry, options: OutputOptions) -> None:
    """Say of a sound OpenSSH key that is written as it was that it was one already, and what to type for others."""
    asked = replace(options, output=None, force=False, strict=False) != OutputOptions()
    chosen = asked or by_ending(options.output or "", private=True)
    if chosen or keyfile.format != "openssh" or entry.private is None or keyfile.notes or entry.notes:
        return
    said = ""
    if family_of(entry) in _ANYWHERE:
        from shlex import quote

        stem = "key" if path == STDIN else bare_name(path)
        others = [
            f"for {what}: keyconv convert {quote(path)} -o {quote(free_name(stem, ending))}"
            for what, ending in (("PuTTY", ".ppk"), ("PEM", ".pem"))
        ]
        said = f"; {', '.join(others)}"
    opener.screen.note(f"this was an OpenSSH private key already{said}", shown(path))


def free_name(stem: str, ending: str) -> str:
    """Make a name of this stem and ending that no file has yet."""
    names = (f"{stem}{number}{ending}" for number in ("", *(f"-{count}" for count in range(2, 100))))
    return next((name for name in names if not os.path.lexists(name)), f"{stem}-new{ending}")


def refuse_missing_output(verb: str, inputs: tuple[str, ...], options: OutputOptions) -> None:
    """Refuse two names of which the second is not there: it was meant as the output.

    Raises: UsageError.
    """
    if len(inputs) != 2 or STDIN in inputs[1:] or options.output is not None or os.path.lexists(inputs[1]):
        return
    from shlex import join

    words = ["keyconv", verb, inputs[0], *(("-t", options.format) if options.format else ()), "-o", inputs[1]]
    raise UsageError("two inputs but no output", hint=f"did you mean: {join(words)}")


def _has_private(entry: Entry) -> bool:
    return entry.private is not None or entry.fault is not None
