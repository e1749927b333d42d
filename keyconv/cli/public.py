"""`keyconv public`: the public half of anything."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from keyconv import limits
from keyconv.cli.converting import put
from keyconv.cli.line_stream import LineStream, Printer, opening
from keyconv.cli.opening import STDIN, Opener, shown
from keyconv.cli.options import InputOptions, OutputOptions
from keyconv.cli.render import Screen
from keyconv.cli.siblings import take_comment
from keyconv.cli.target import refuse_missing_output, refuse_promise
from keyconv.engine import choose, plan
from keyconv.engine.conversion import verify
from keyconv.engine.planning import without_place
from keyconv.errors import KeyconvError, LossError, OutputError, UsageError
from keyconv.files import write_stdout
from keyconv.formats import by_ending, by_name, promised_by
from keyconv.formats.base import Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile, Locked, Option

__all__ = ["run"]

_CONCATENATED = ("openssh-pub", "rfc4716", "sshfp")
"""Formats in which a file of many keys is the files of each, one after the other."""
_CERTIFICATE = "this is the certificate's line; authorized_keys takes the plain key, which --no-certificate writes"


def run(
    inputs: tuple[str, ...], source: InputOptions, target: OutputOptions, allowed: str | None = None, *, screen: Screen
) -> int:
    """Write the public half of every key of every input, and give the exit code."""
    refuse_missing_output("public", inputs, target)
    chosen = by_name(target.format or _by_suffix(target.output))
    if chosen.can.private:
        raise UsageError(f"{chosen.name} is a format for private keys", hint="keyconv convert writes those")
    line_options = _parse(allowed, chosen)
    if target.output is not None and target.output != STDIN:
        from keyconv.files import check_target

        check_target(target.output, force=target.force, inputs=inputs)
    opener = Opener(screen, source, inputs)
    if target.format is None and promised_by(target.output or ""):
        refuse_promise(opener, target.output or "", chosen, ["openssh-pub", "spki"])
    writer = _Writer(chosen, target, inputs, opener, line_options)
    exit_code = 0
    for path in inputs:
        try:
            with opening(writer.opener, path) as found:
                if isinstance(found, LineStream):
                    writer.add_stream(found, path)
                    exit_code = exit_code or found.exit_code
                else:
                    writer.add(found, path)
                    exit_code = exit_code or writer.opener.report(found.faults, path)
        except KeyconvError as error:
            if len(inputs) == 1 or target.output is not None or isinstance(error, OutputError):
                raise error.at_path(shown(path)) from None
            screen.error(error.at_path(shown(path)))
            exit_code = exit_code or error.exit_code
    writer.end()
    return exit_code


@dataclass(slots=True)
class _Writer:
    """Writes public halves: those of small files together at the end, those of a stream as they come."""

    chosen: Format
    target: OutputOptions
    inputs: tuple[str, ...]
    opener: Opener
    line_options: tuple[Option, ...] | None
    entries: list[Entry] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    told: set[tuple[str, str]] = field(default_factory=set)
    certified: set[str] = field(default_factory=set)

    def add(self, keyfile: KeyFile, path: str) -> None:
        """Take the keys of a file that was read: all of them, or none if one cannot be taken."""
        self.opener.check_plain(keyfile, strict=self.target.strict)
        number = self.opener.options.key
        entries = [choose(keyfile, number)] if number is not None else list(keyfile.entries)
        self.entries += [self._public(path, keyfile.format, entry) for entry in entries]
        self.paths += [path] * len(entries)

    def add_stream(self, stream: LineStream, path: str) -> None:
        """Print what was taken before, then the keys of a large file, up to one that cannot be read.

        Raises: OutputError for a target that has no such files, or is not printed.
        """
        if self.opener.screen.as_json:
            raise UsageError(f"--json is for files of at most {limits.size(limits.MAX_KEY_FILE)}")
        if self.target.output not in (None, STDIN) or self.chosen.name not in _CONCATENATED:
            what = "printed" if self.chosen.name in _CONCATENATED else f"written as {' or '.join(_CONCATENATED)}"
            raise OutputError(
                f"more than {limits.size(limits.MAX_KEY_FILE)}, which is only {what}", hint="redirect standard output"
            )
        self.end()
        printer = Printer(write_stdout)
        try:
            for entry in stream.chosen(self.opener.options.key):
                printer.add(self._written((self._public(path, stream.format.name, entry),)))
        finally:
            printer.flush()
        self.opener.tell(stream.facts.notes, path)

    def end(self) -> None:
        """Write what was taken."""
        if not self.entries:
            return
        if len(self.entries) > 1 and not self.chosen.can.many:
            message = f"there are {len(self.entries)} keys, and {self.chosen.name} holds one"
            only = shown(self.inputs[0]) if len(self.inputs) == 1 else ""
            raise UsageError(message, hint="choose one with --key N").at_path(only)
        try:
            data = self._written(tuple(self.entries))
        except KeyconvError as error:
            raise error.at_path(shown(self._culprit())) from None
        self.entries, self.paths = [], []
        screen = self.opener.screen
        screen.fact(format=self.chosen.name, output=self.target.output)
        if screen.as_json and self.target.output in (None, STDIN):
            screen.fact(output=None, text=data.decode("utf-8", "backslashreplace"))
            return
        try:
            put(data, self.chosen, self.target, self.inputs)
        except OutputError as error:
            raise error.at_path(self.target.output or "") from None

    def _written(self, entries: tuple[Entry, ...]) -> bytes:
        options = WriteOptions()
        data = self.chosen.write(entries, options) if self.chosen.write else b""
        verify(data, entries, self.chosen, options)
        return data

    def _culprit(self) -> str:
        """Return from which file the key is that cannot be written."""
        for path, entry in zip(self.paths, self.entries, strict=True):
            try:
                self._written((entry,))
            except KeyconvError:
                return path
        return self.paths[0]

    def _public(self, path: str, source: str, entry: Entry) -> Entry:
        opener = self.opener
        hidden = entry.public is None
        if isinstance(entry.private, Locked) and (hidden or opener.options.passphrase.given):
            entry = opener.unlock(entry, path, opener.new_deriver()).entry
        comment = self.target.comment_bytes
        if comment is None and self.chosen.can.comment:
            entry = take_comment(entry, source, path, opener.screen)
        public = replace(
            entry,
            private=None,
            protection=None,
            fault=None,
            line=None,
            comment=entry.comment if comment is None else comment,
            certificate=None if self.target.no_certificate else entry.certificate,
        )
        losses = plan(replace(public, private=entry.private), self.chosen).losses
        if self.target.strict and losses:
            said = "; ".join(loss.message for loss in losses)
            hidden = any(loss.code == "hidden-comment" for loss in losses)
            hint = ", or give the passphrase, or --comment" if hidden else ""
            raise LossError(said, hint="leave out --strict to write it all the same" + hint)
        for loss in losses:
            if (path, loss.message) not in self.told:  # once, although there may be a million of such lines
                self.told.add((path, loss.message))
                opener.screen.note(f"lost: {loss.message}", shown(path))
        if public.certificate is not None and self.chosen.name == "openssh-pub" and path not in self.certified:
            self.certified.add(path)
            opener.screen.note(_CERTIFICATE, shown(path))
        public = without_place(public)
        return public if self.line_options is None else replace(public, options=self.line_options)


def _by_suffix(output: str | None) -> str:
    meant = by_ending(output or "", private=False)
    public = [name for name in meant if not by_name(name).can.private]
    if meant and not public:
        ending = PurePath(output or "").suffix
        hint = "keyconv convert writes those; or name the format: -t"
        raise UsageError(f"a {ending} file holds a private key", hint=hint)
    return public[0] if public else "openssh-pub"


def _parse(allowed: str | None, chosen: Format) -> tuple[Option, ...] | None:
    if allowed is None:
        return None
    if not chosen.can.options:
        raise UsageError(f"--options is for openssh-pub, not for {chosen.name}")
    from keyconv.formats.authorized_keys import parse_options

    try:
        return parse_options(os.fsencode(allowed))
    except KeyconvError as error:
        raise UsageError(f"--options: {error}", hint=error.hint) from None
