"""`keyconv comment`: change the comment of a file, in place, and of the `.pub` beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from keyconv.cli.in_place import open_one, rewrite_entry
from keyconv.cli.opening import STDIN, Opener, shown
from keyconv.cli.options import InputOptions, OutputOptions
from keyconv.cli.render import Screen
from keyconv.crypto.kdf import Deriver
from keyconv.engine import choose, plan, read
from keyconv.errors import KeyconvError, MisfitError
from keyconv.formats import FORMATS, by_name
from keyconv.keyfile import Entry

__all__ = ["run"]


def run(path: str, text: str, source: InputOptions, *, screen: Screen) -> int:
    """Rewrite the file, then the `.pub` beside it, and give the exit code."""
    try:
        entry = _rewrite(path, os.fsencode(text), source, screen)
    except KeyconvError as error:
        raise error.at_path(shown(path)) from None
    if entry.private is not None and path != STDIN:
        for beside in _beside(path):
            _keep_step(beside, entry, screen)
    return 0


def _rewrite(path: str, comment: bytes, source: InputOptions, screen: Screen) -> Entry:
    opener = Opener(screen, source, (path,))
    keyfile = opener.read(path)
    if path != STDIN:
        from keyconv.files import check_rewrite

        check_rewrite(path)
    target = by_name(keyfile.format)
    if target.write is None:
        hint = "keyconv passphrase --upgrade writes it as ppk" if target.can.private else ""
        raise MisfitError(f"{target.name} is read, not written", hint=hint)
    if not target.can.comment:
        able = ", ".join(known.name for known in FORMATS if known.can.comment and known.write)
        raise MisfitError(f"{target.name} cannot hold a comment", hint=f"formats that can: {able}")
    deriver = opener.new_deriver()
    opened = open_one(opener, path, keyfile, deriver)
    entry = replace(opened.entry, comment=comment)
    for loss in plan(entry, target).losses:
        screen.note(f"lost: {loss.message}", shown(path))
    rewrite_entry(path, entry, target, opened.passphrase, deriver, OutputOptions(), keep_cost=True)
    return entry


def _beside(path: str) -> Iterator[str]:
    # Of a link, the `.pub` may stand beside the link, beside the file itself, or both; and be a link too.
    names: dict[str, str] = {}
    for key in (path, os.path.realpath(path)):
        root, suffix = os.path.splitext(key)  # noqa: PTH122 - keeps names that are no valid text
        for name in (key + ".pub", root + ".pub" if suffix.lower() in (".ppk", ".pem") else ""):
            if os.path.isfile(name):  # noqa: PTH113
                names.setdefault(os.path.realpath(name), name)
    yield from names.values()


def _remarks(data: bytes) -> bool:
    return any(line.lstrip().startswith(b"#") for line in data.replace(b"\r", b"\n").split(b"\n"))


def _keep_step(path: str, entry: Entry, screen: Screen) -> None:
    from keyconv.files import load

    data = load(path)
    try:
        keyfile = read(data)
        beside = choose(keyfile)
    except KeyconvError as error:
        screen.note(f"not changed: {error}", path)
        return
    target = by_name(keyfile.format)
    if beside.private is not None or beside.public != entry.public:
        screen.note("not changed: it is not the public half of this key", path)
        return
    if keyfile.kind == "authorized_keys" and _remarks(data):
        screen.note("not changed: it is an authorized_keys file, whose remarks would be lost", path)
        return
    if not target.can.comment:
        screen.note(f"not changed: {target.name} cannot hold a comment", path)
        return
    changed = replace(beside, comment=entry.comment)
    for loss in plan(changed, target).losses:
        screen.note(f"lost: {loss.message}", path)
    try:
        rewrite_entry(path, changed, target, None, Deriver(), OutputOptions(), keep_cost=False)
    except KeyconvError as error:
        raise error.at_path(path) from None
