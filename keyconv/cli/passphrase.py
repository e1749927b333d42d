"""`keyconv passphrase`: change, add or remove the passphrase of a file, its KDF, its cost, its cipher; in place."""

from __future__ import annotations

import shlex

from keyconv.cli.converting import check_costs, check_terminal
from keyconv.cli.cost import COST_FLAGS, refuse_costly
from keyconv.cli.in_place import open_one, replaced, rewrite_entry
from keyconv.cli.opening import STDIN, Opened, Opener, shown
from keyconv.cli.options import InputOptions, OutputOptions
from keyconv.cli.render import Screen
from keyconv.engine import choose, plan
from keyconv.errors import KeyconvError, MisfitError
from keyconv.formats import FORMATS, by_name
from keyconv.formats.base import Format
from keyconv.keyfile import Entry
from keyconv.secret import Passphrase
from keyconv.text.quoting import name_file

__all__ = ["run"]

_SUCCESSORS = {"ppk1": "ppk", "ppk2": "ppk"}


def run(path: str, source: InputOptions, target: OutputOptions, *, upgrade: bool, screen: Screen) -> int:
    """Rewrite the file and give the exit code."""
    try:
        return _run(path, source, target, upgrade=upgrade, screen=screen)
    except KeyconvError as error:
        error.hint = name_file(error.hint, shlex.quote(path))
        raise error.at_path(shown(path)) from None


def _run(path: str, source: InputOptions, target: OutputOptions, *, upgrade: bool, screen: Screen) -> int:
    opener = Opener(screen, source, (path,), target)
    keyfile = opener.read(path)
    if path != STDIN:
        from keyconv.files import check_rewrite

        check_rewrite(path)
    if not any(entry.format for entry in keyfile.entries):
        check_costs(_target(keyfile.format, upgrade=upgrade), target)  # whichever key is meant
    nothing = [entry.private is None and entry.fault is None for entry in keyfile.entries]
    entry = keyfile.entries[0] if all(nothing) else choose(keyfile, source.key)
    chosen = _target(entry.format or keyfile.format, upgrade=upgrade)
    check_costs(chosen, target)
    if entry.private is None and entry.fault is None:
        raise MisfitError("the file holds no private half: there is nothing to protect")
    deriver = opener.new_deriver()
    if not deriver.allow_costly:
        refuse_costly(chosen, target)
    opened = open_one(opener, path, keyfile, deriver)
    for loss in plan(opened.entry, chosen).losses:
        screen.note(f"lost: {loss.message}", shown(path))
    passphrase = _new_passphrase(opener, path, opened, target, upgrade=upgrade)
    if path == STDIN:
        check_terminal(chosen, target, passphrase)
    if passphrase and not upgrade:
        for change in replaced(opened.entry, chosen, target):
            screen.note(change, shown(path))
    original = opener.data, keyfile
    index, keep = (source.key or 1) - 1, not upgrade
    rewrite_entry(
        path, opened.entry, chosen, passphrase, deriver, target, original=original, keep_cost=keep, index=index
    )
    screen.note(_outcome(opened, chosen, passphrase), shown(path))
    return 0


def _target(name: str, *, upgrade: bool) -> Format:
    chosen = by_name(_SUCCESSORS.get(name, name) if upgrade else name)
    if chosen.write is None:
        hint = "pass --upgrade to write it as ppk" if name in _SUCCESSORS else ""
        raise MisfitError(f"{name} is read, not written", hint=hint)
    if not chosen.can.encryption:
        able = ", ".join(known.name for known in FORMATS if known.can.encryption and known.write)
        raise MisfitError(f"{name} cannot be protected by a passphrase", hint=f"formats that can: {able}")
    return chosen


def _new_passphrase(
    opener: Opener, path: str, opened: Opened, target: OutputOptions, *, upgrade: bool
) -> Passphrase | None:
    if target.no_passphrase:
        return None
    asked = target.new_passphrase.given or target.ask_new
    if not asked and (upgrade or (_changes_cost(target) and _was_locked(opened.entry))):
        return opened.passphrase
    return opener.prompter.new(shown(path), target.new_passphrase) or None


def _changes_cost(target: OutputOptions) -> bool:
    """Return whether the command line says anything of KDF, cost or cipher."""
    return any(getattr(target, name) is not None for name in COST_FLAGS)


def _was_locked(entry: Entry) -> bool:
    return entry.protection is not None


def _outcome(opened: Opened, chosen: Format, passphrase: Passphrase | None) -> str:
    if not passphrase:
        return "the passphrase was removed" if _was_locked(opened.entry) else f"rewritten as {chosen.name}"
    if not _was_locked(opened.entry):
        return "protected by a passphrase now"
    return "encrypted again" if opened.passphrase is passphrase else "the passphrase was changed"
