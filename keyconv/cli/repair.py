"""`keyconv repair`: undo what copying and pasting did to a key file, and say what was undone."""

from __future__ import annotations

import os
import shlex

from keyconv.cli.converting import check_terminal
from keyconv.cli.opening import STDIN, Opener, shown
from keyconv.cli.options import InputOptions, OutputOptions
from keyconv.cli.render import Screen
from keyconv.engine import read
from keyconv.errors import KeyconvError, MalformedError, OutputError, UsageError
from keyconv.formats import by_name
from keyconv.keyfile import Locked
from keyconv.repair import Candidate, Opening, describe_unproved, explain, search
from keyconv.repair.messages import MESSAGES

__all__ = ["run"]

_MOST_BACKUPS = 1_000


def run(path: str, source: InputOptions, target: OutputOptions, *, in_place: bool, screen: Screen) -> int:
    """Mend the file and give the exit code; the input is never touched, save with `in_place`, which keeps a backup."""
    if in_place and target.output is not None:
        raise UsageError("--in-place and -o exclude each other")
    if in_place and path == STDIN:
        raise UsageError("standard input cannot be mended in place")
    try:
        return _run(path, source, target, in_place=in_place, screen=screen)
    except OutputError as error:  # one of standard output names it in its message
        raise error.at_path(path if in_place else target.output if target.output not in (None, STDIN) else "") from None
    except KeyconvError as error:
        raise error.at_path(shown(path)) from None


def _run(path: str, source: InputOptions, target: OutputOptions, *, in_place: bool, screen: Screen) -> int:
    from keyconv.files import check_rewrite, check_target, load

    if in_place:
        check_rewrite(path)
    elif target.output not in (None, STDIN):
        check_target(target.output, force=target.force, inputs=(path,))
    opener = Opener(screen, source, (path,))
    data = load(path)
    found = _search(data, path, opener)
    is_private = any(entry.private is not None for entry in found.keyfile.entries)
    is_locked = any(isinstance(entry.private, Locked) or entry.protection for entry in found.keyfile.entries)
    if in_place:
        backup = _rewrite(path, data, found) if found.undone else ""
    else:
        backup = ""
        if is_private and not is_locked:
            check_terminal(by_name(found.keyfile.format), target, None)
        _put(found.data, path, target, private=is_private)
    _tell(found, path, backup, screen)
    return 0


def _search(data: bytes, path: str, opener: Opener) -> Candidate:
    """Find what the file was, proved with the passphrase that the command line names, if it names one.

    Raises: the error of the reader with its diagnosis, when it cannot be mended; WrongPassphraseError; LimitError.
    """
    options = opener.options
    passphrase = opener.prompter.existing(shown(path), options.passphrase) if options.passphrase.given else None
    found = search(data, Opening(options.format, passphrase, opener.new_deriver()))
    if found is not None:
        return found
    try:
        keyfile = read(data, options.format)
    except KeyconvError as error:
        raise explain(data, error, path=shlex.quote(path)) from None
    for entry in keyfile.entries:
        if entry.fault is not None:
            raise entry.fault
    raise MalformedError("the file loads, but what it holds could not be proved", rule="")


def _put(data: bytes, path: str, target: OutputOptions, *, private: bool) -> None:
    from keyconv.files import save, write_stdout

    if target.output is None or target.output == STDIN:
        write_stdout(data)
    else:
        save(target.output, data, private=private, force=target.force, inputs=(path,))


def _rewrite(path: str, before: bytes, found: Candidate) -> str:
    """Keep what was there under a free name, then put what was found in its place; give the backup's name."""
    from keyconv.files import rewrite, save

    for number in range(_MOST_BACKUPS):
        backup = f"{path}.bak{number or ''}"
        if os.path.lexists(backup):
            continue
        try:
            save(backup, before, private=True)
        except OutputError as error:
            if not error.written and os.path.lexists(backup):  # somebody was faster
                continue
            raise error.at_path(backup) from None
        rewrite(path, found.data)
        return backup
    raise OutputError(f"there are {_MOST_BACKUPS} backups of it already", hint="remove those that you do not need")


def _tell(found: Candidate, path: str, backup: str, screen: Screen) -> None:
    for rule in found.undone:
        screen.note(f"undone: {rule}: {MESSAGES[rule]}", shown(path))
    if not found.undone:
        screen.note("nothing to undo", shown(path))
    unproved = describe_unproved(found.keyfile)
    if unproved:
        screen.note(unproved, shown(path))
    if backup:
        screen.note(f"the file as it was is {backup}", shown(path))
