"""`keyconv public`: the public half of anything."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import PurePath

from keyconv.cli.converting import put
from keyconv.cli.opening import STDIN, Opener, shown
from keyconv.cli.options import InputOptions, OutputOptions
from keyconv.cli.render import Screen
from keyconv.engine import choose, plan
from keyconv.engine.conversion import verify
from keyconv.errors import KeyconvError, LossError, OutputError, UsageError
from keyconv.formats import by_name
from keyconv.formats.authorized_keys import parse_options
from keyconv.formats.base import Format, WriteOptions
from keyconv.keyfile import Entry, Locked, Option

__all__ = ["run"]


def run(
    inputs: tuple[str, ...], source: InputOptions, target: OutputOptions, allowed: str | None = None, *, screen: Screen
) -> int:
    """Write the public half of every key of every input, and give the exit code."""
    chosen = by_name(target.format or _by_suffix(target.output))
    if chosen.can.private:
        raise UsageError(f"{chosen.name} is a format for private keys", hint="keyconv convert writes those")
    line_options = _parse(allowed, chosen)
    if target.output is not None and target.output != STDIN:
        from keyconv.files import check_target

        check_target(target.output, force=target.force, inputs=inputs)
    opener = Opener(screen, source, inputs)
    exit_code = 0
    entries: list[Entry] = []
    for path in inputs:
        try:
            entries.extend(_read(opener, path, chosen, target))
        except KeyconvError as error:
            if len(inputs) == 1 or target.output is not None:
                raise error.at_path(shown(path)) from None
            screen.error(error.at_path(shown(path)))
            exit_code = exit_code or error.exit_code
    if not entries:
        return exit_code
    if line_options is not None:
        entries = [replace(entry, options=line_options) for entry in entries]
    if len(entries) > 1 and not chosen.can.many:
        raise UsageError(f"there are {len(entries)} keys, and {chosen.name} holds one", hint="choose one with --key N")
    options = WriteOptions()
    data = chosen.write(tuple(entries), options) if chosen.write else b""
    verify(data, tuple(entries), chosen, options)
    try:
        put(data, chosen, target, inputs)
    except OutputError as error:
        raise error.at_path(target.output or "") from None
    return exit_code


def _by_suffix(output: str | None) -> str:
    suffix = PurePath(output).suffix.lower() if output else ""
    if suffix == ".ppk":
        raise UsageError("a .ppk file holds a private key", hint="keyconv convert writes those; or name the format: -t")
    return {".jwk": "jwk-pub", ".pem": "spki"}.get(suffix, "openssh-pub")


def _parse(allowed: str | None, chosen: Format) -> tuple[Option, ...] | None:
    if allowed is None:
        return None
    if not chosen.can.options:
        raise UsageError(f"--options is for openssh-pub, not for {chosen.name}")
    try:
        return parse_options(os.fsencode(allowed))
    except KeyconvError as error:
        raise UsageError(f"--options: {error}", hint=error.hint) from None


def _read(opener: Opener, path: str, chosen: Format, target: OutputOptions) -> list[Entry]:
    keyfile = opener.read(path)
    entries = [choose(keyfile, opener.options.key)] if opener.options.key is not None else list(keyfile.entries)
    return [_public(opener, path, entry, chosen, target) for entry in entries]


def _public(opener: Opener, path: str, entry: Entry, chosen: Format, target: OutputOptions) -> Entry:
    hidden = entry.public is None
    if isinstance(entry.private, Locked) and (hidden or opener.options.passphrase.given):
        entry = opener.unlock(entry, path, opener.new_deriver()).entry
    comment = target.comment_bytes
    public = replace(
        entry,
        private=None,
        protection=None,
        fault=None,
        line=None,
        comment=entry.comment if comment is None else comment,
    )
    losses = plan(public, chosen).losses
    if target.strict and losses:
        raise LossError("; ".join(loss.message for loss in losses), hint="leave out --strict to write it all the same")
    for loss in losses:
        opener.screen.note(f"lost: {loss.message}", shown(path))
    return public
