"""`keyconv repair`: fix what copying and pasting did to a key file, and say what was fixed."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from keyconv.cli.converting import check_terminal
from keyconv.cli.opening import STDIN, Opener, shown
from keyconv.cli.options import InputOptions, OutputOptions
from keyconv.cli.prompt import encoded
from keyconv.cli.render import Screen
from keyconv.codec.line_faults import is_private
from keyconv.codec.line_kind import kind_of_name
from keyconv.engine import read
from keyconv.errors import KeyconvError, MalformedError, OutputError, UsageError
from keyconv.formats import by_ending, by_name
from keyconv.keyfile import KeyFile, Locked
from keyconv.repairs import Opening, describe_unproved, edit, explain, left_out, mend_rows, search
from keyconv.repairs.messages import MESSAGES

__all__ = ["Manner", "run"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How to fix: in place, with a backup or without; or only showing what would be done in place."""

    in_place: bool = False
    backup: bool = True
    diff: bool = False


def run(path: str, source: InputOptions, target: OutputOptions, manner: Manner, *, screen: Screen) -> int:
    """Fix the file and return the exit code; the input is never touched, save in place, which keeps a backup."""
    if manner.in_place and target.output is not None:
        raise UsageError("--in-place and -o exclude each other")
    if manner.diff and target.output is not None:
        raise UsageError("--diff and -o exclude each other: it shows what --in-place would do")
    if manner.in_place and path == STDIN:
        raise UsageError("standard input cannot be fixed in place")
    in_place = manner.in_place or manner.diff
    try:
        return _run_in_place(path, source, manner, screen) if in_place else _run(path, source, target, screen)
    except OutputError as error:  # one of standard output names it in its message
        if error.rule == "surrounding-text":
            error.hint = f"keyconv repair {shlex.quote(path)} -o NEW writes the key alone"
        raise error.at_path(path if in_place else target.output if target.output not in (None, STDIN) else "") from None
    except KeyconvError as error:
        raise error.at_path(shown(path)) from None


def _run(path: str, source: InputOptions, target: OutputOptions, screen: Screen) -> int:
    from keyconv.files import check_target, load

    if target.output not in (None, STDIN):
        check_target(target.output, force=target.force, inputs=(path,))
    opener = Opener(screen, source, (path,))
    data = load(path)
    opening = _opening(path, opener)
    found = search(data, opening) or mend_rows(data, kind_of_name(path))
    if found is None:
        raise _refusal(data, path, opener)
    is_private = any(entry.private is not None for entry in found.keyfile.entries)
    if is_private and kind_of_name(path):
        raise _refusal(data, path, opener)
    is_locked = any(isinstance(entry.private, Locked) or entry.protection for entry in found.keyfile.entries)
    if is_private and not is_locked:
        check_terminal(by_name(found.keyfile.format), target, None)
    _check_name(found.keyfile.format, path, target.output, private=is_private)
    _put(found.data, path, target, private=is_private)
    screen.fact(output=target.output, format=found.keyfile.format)
    _report(found.undone, found.keyfile, path, screen)
    if found.cut:
        left = left_out(data, found)
        if left:
            screen.note(f"left out: {left}", shown(path))
    return 0


def _check_name(name: str, path: str, output: str | None, *, private: bool) -> None:
    """Refuse to write a format under the name of another one, which its readers would then refuse.

    Raises: UsageError.
    """
    if output in (None, STDIN):
        return
    meant = by_ending(output, private=private)
    misnamed = "ppk" in meant or name.startswith("ppk") or (private and output.lower().endswith(".pub"))
    if meant and name not in meant and misnamed:
        raise UsageError(
            f"repair keeps the format, which is {name}, and this is the name of a file in {meant[0]}",
            hint=f"keyconv repair {shlex.quote(path)} | keyconv convert - -o {shlex.quote(output)}"
            if private and not output.lower().endswith(".pub")
            else f"keyconv repair {shlex.quote(path)} -o NEW",
        ).at_path(output)


def _run_in_place(path: str, source: InputOptions, manner: Manner, screen: Screen) -> int:
    from keyconv.files import back_up, check_rewrite, load, rewrite

    if manner.in_place:
        check_rewrite(path)
    opener = Opener(screen, source, (path,))
    data = load(path)
    done = edit(data, _opening(path, opener), kind=kind_of_name(path))
    if done is None or (kind_of_name(path) and any(entry.private is not None for entry in done.keyfile.entries)):
        raise _refusal(data, path, opener)
    backup = ""
    if manner.diff:
        from keyconv.cli.diff import describe_edit

        text = describe_edit(shown(path), data, done)
        if screen.as_json:
            screen.fact(diff=text)
        else:
            screen.data(text)
    elif done.undone:
        backup = back_up(path, data) if manner.backup else ""
        rewrite(path, done.data)
    _report(done.undone, done.keyfile, path, screen)
    if backup:
        screen.note(f"the file as it was is {backup}", shown(path))
    return 0


def _opening(path: str, opener: Opener) -> Opening:
    """Return how to read on the way: with the passphrase that the command line names, if it names one."""
    options = opener.options
    passphrase = None
    if options.passphrase.given:
        given = opener.prompter.existing(shown(path), options.passphrase)
        passphrase = encoded(given, options.passphrase_encoding)
    return Opening(options.format, passphrase, opener.new_deriver())


def _refusal(data: bytes, path: str, opener: Opener) -> KeyconvError:
    """Return why a file cannot be fixed: the error of its reader with the diagnosis in it."""
    quoted = shlex.quote(path)
    try:
        keyfile = read(data, opener.options.format) if opener.options.format else opener.read_data(path, lambda: data)
    except KeyconvError as error:
        return explain(data, error, path=quoted) if opener.options.format else error
    for fault in (*filter(is_private, keyfile.faults), *keyfile.faults):
        return fault
    for entry in keyfile.entries:
        if entry.fault is not None:
            return entry.fault
    count = len(keyfile.entries)
    if count > 1:
        lines = ", ".join(str(entry.line) for entry in keyfile.entries)
        return MalformedError(
            f"the file has {count} keys, at lines {lines}, and a repaired file has one",
            hint=f"keyconv convert {quoted} --key N -o NEW",
            rule="multiple-keys",
        )
    return MalformedError("the file loads, but its key could not be verified")


def _put(data: bytes, path: str, target: OutputOptions, *, private: bool) -> None:
    from keyconv.files import save, write_stdout

    if target.output is None or target.output == STDIN:
        write_stdout(data)
    else:
        save(target.output, data, private=private, force=target.force, inputs=(path,))


def _report(undone: tuple[str, ...], keyfile: KeyFile, path: str, screen: Screen) -> None:
    screen.fact(path=path, fixed=[{"rule": rule, "message": MESSAGES[rule]} for rule in undone])
    for rule in undone:
        screen.note(f"fixed {rule}: {MESSAGES[rule]}", shown(path))
    if not undone:
        screen.note("nothing to fix", shown(path))
    for fault in keyfile.faults:
        screen.note(f"left as it is: line {fault.line}: {fault.rule}: {fault.message}", shown(path))
    unproved = describe_unproved(keyfile)
    if unproved:
        screen.note(unproved, shown(path))
