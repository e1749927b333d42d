"""`keyconv comment`: change the comment of a file, in place, and of the `.pub` beside it: of both or of none."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from keyconv.cli import siblings
from keyconv.cli.in_place import compose_entry, open_one
from keyconv.cli.opening import STDIN, Opened, Opener, shown
from keyconv.cli.options import InputOptions, OutputOptions
from keyconv.cli.render import Screen
from keyconv.crypto.kdf import Deriver
from keyconv.engine import choose, plan, read, write
from keyconv.engine.encoding import line_end_of, place
from keyconv.errors import InputError, KeyconvError, MisfitError
from keyconv.files import Change, check_rewrite, left_beside, load, write_stdout, write_together
from keyconv.formats import FORMATS, by_name
from keyconv.formats.base import Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile
from keyconv.keys import PublicKey
from keyconv.text.quoting import name_file

__all__ = ["run"]


def run(path: str, text: str, source: InputOptions, *, screen: Screen) -> int:
    """Rewrite the file and the `.pub` beside it, and return the exit code."""
    try:
        _rewrite(path, os.fsencode(text), source, screen)
    except KeyconvError as error:
        error.hint = name_file(error.hint, shlex.quote(path))
        raise error.at_path(shown(path)) from None
    return 0


def _rewrite(path: str, comment: bytes, source: InputOptions, screen: Screen) -> None:
    """Refuse what can be refused, of both files and before a passphrase is asked for; then write both."""
    opener = Opener(screen, source, (path,))
    keyfile = opener.read(path)
    if path != STDIN:
        check_rewrite(path)
    if not any(entry.format for entry in keyfile.entries):
        _target(keyfile.format)  # whichever key is meant
    entry = choose(keyfile, source.key)
    target = _target(entry.format or keyfile.format)
    pair = _pair(path, entry, comment)
    deriver = opener.new_deriver()
    opened = open_one(opener, path, keyfile, deriver)
    if pair is None:  # the public half was hidden until now
        pair = _pair(path, opened.entry, comment) or _Pair()
    changed = replace(opened, entry=replace(opened.entry, comment=comment))
    index = (source.key or 1) - 1
    _compose(path, changed, target, deriver, (opener.data, keyfile), pair, screen, index)
    if path == STDIN:
        return
    for beside, why in pair.left_alone:
        screen.note(f"changed; {beside}: not changed: {why}", path)
    for beside in pair.differing(opened.entry.comment):
        screen.note("its comment was not the key's; both have the new one now", beside)
    for name in left_beside(path):
        screen.note(f"an interrupted run left {name} beside it: remove it, unless another run is at work", path)


def _target(name: str) -> Format:
    target = by_name(name)
    if target.write is None:
        hint = "keyconv passphrase --upgrade writes it as ppk" if target.can.private else ""
        raise MisfitError(f"{target.name} is read, not written", hint=hint)
    if not target.can.comment:
        able = ", ".join(known.name for known in FORMATS if known.can.comment and known.write)
        raise MisfitError(f"{target.name} cannot hold a comment", hint=f"formats that can: {able}")
    return target


def _compose(
    path: str,
    opened: Opened,
    target: Format,
    deriver: Deriver,
    original: tuple[bytes, KeyFile],
    pair: _Pair,
    screen: Screen,
    index: int,
) -> None:
    """Write the key and what is beside it, the key first."""
    for loss in plan(opened.entry, target).losses:
        screen.note(f"lost: {loss.message}", shown(path))
    for beside, loss_message in pair.losses:
        screen.note(f"lost: {loss_message}", beside)
    data = compose_entry(
        opened.entry,
        target,
        opened.passphrase,
        deriver,
        OutputOptions(),
        original=original,
        keep_cost=True,
        index=index,
    )
    if path == STDIN:
        write_stdout(data)
        return
    # The mode stays, unless it was the passphrase alone that kept others out.
    private = opened.entry.protection is not None and not opened.passphrase
    write_together((Change(path, data, private=private), *pair.changes))


# ── the .pub beside it ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Pair:
    """What is beside a key: the changes to make, what is lost by them, and which files are left alone for what reason.

    `comments` are those that the files had.
    """

    changes: list[Change] = field(default_factory=list)
    losses: list[tuple[str, str]] = field(default_factory=list)
    left_alone: list[tuple[str, str]] = field(default_factory=list)
    comments: dict[str, bytes] = field(default_factory=dict)

    def differing(self, comment: bytes | None) -> Iterator[str]:
        """Name the files whose comment was not the key's."""
        yield from (path for path, had in self.comments.items() if had != (comment or b""))


def _pair(path: str, entry: Entry, comment: bytes) -> _Pair | None:
    """Prepare the change of every `.pub` beside a key; None while its public half is hidden.

    A file that is not this key's one public key, as a line or in RFC 4716, is left alone, whatever it is instead. What
    would keep such a file from being written is an error, and nothing is changed.

    Raises: OutputError; InputError; MisfitError.
    """
    pair = _Pair()
    if path == STDIN or (entry.private is None and entry.fault is None):
        return pair
    if entry.public is None:
        return None
    for beside in siblings.names(path, siblings.PUBLIC_ENDING):
        try:
            _prepare(beside, entry.public, comment, pair)
        except KeyconvError as error:
            raise error.at_path(beside) from None
    return pair


def _prepare(path: str, public: PublicKey, comment: bytes, pair: _Pair) -> None:
    try:
        data = load(path)
        keyfile = read(data)
    except KeyconvError as error:
        unread = isinstance(error, InputError) and isinstance(error.__cause__, OSError)
        if unread and not isinstance(error.__cause__, FileNotFoundError):  # it may be the one; not so a dangling link
            raise
        pair.left_alone.append((path, str(error)))
        return
    why = _other(keyfile, public, path)
    if why:
        pair.left_alone.append((path, why))
        return
    check_rewrite(path)
    target, entry = by_name(keyfile.format), keyfile.entries[0]
    changed = replace(entry, comment=comment)
    pair.losses += [(path, loss.message) for loss in plan(changed, target).losses]
    how = WriteOptions(line_end=line_end_of(data, target))
    pair.changes.append(Change(path, place(data, keyfile, write(changed, target, how))))
    pair.comments[path] = entry.comment or b""


def _other(keyfile: KeyFile, public: PublicKey, path: str) -> str:
    """Say why a file is not a key's one public key in a form that has a comment; nothing where it is."""
    count = len(keyfile.entries)
    if count > 1:
        return f"the file holds {count} keys"
    entry, target = keyfile.entries[0], by_name(keyfile.format)
    if entry.private is not None or entry.fault is not None:
        return "private-not-public: it holds a private key"
    if entry.public != public:
        return "stale-public: it is not the public half of this key"
    if entry.certificate is not None:
        return f"it holds a certificate of this key, whose place is {siblings.suggest_certificate(path)}"
    if not target.can.comment:
        return f"{target.name} cannot hold a comment"
    if target.write is None:
        return f"{target.name} is read, not written"
    return ""
