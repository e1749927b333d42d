"""`keyconv inspect`: what a file is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from keyconv import limits
from keyconv.cli.inspect_text import describe_text, head_text, key_text, tail_text
from keyconv.cli.line_stream import LineStream, Printer, opening_any
from keyconv.cli.opening import STDIN, Opener, shown
from keyconv.cli.options import InputOptions
from keyconv.cli.render import Screen, to_json
from keyconv.cli.siblings import note_siblings
from keyconv.engine import Inspection, choose
from keyconv.engine import inspect as describe
from keyconv.engine.inspection import LineFault, describe_fault, describe_key, describe_many
from keyconv.errors import KeyconvError, OutputError, UsageError
from keyconv.files import write_stdout
from keyconv.keyfile import KeyFile, Locked
from keyconv.statements import Statement

__all__ = ["Wanted", "run"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to show: the picture of the fingerprint, the private values; and where, if not on standard output."""

    visual: bool = False
    show_private: bool = False
    output: str | None = None
    force: bool = False


def run(inputs: tuple[str, ...], source: InputOptions, wanted: Wanted, *, screen: Screen) -> int:
    """Describe every input; give the code of the first that failed."""
    if wanted.show_private and wanted.output in (None, STDIN):
        raise UsageError("--show-private needs a file to write to: -o FILE")
    if wanted.output not in (None, STDIN):
        _check_output(wanted, inputs)
    opener = Opener(replace(screen, quiet=True), source, inputs, statements=True)
    kept: list[bytes] = []
    printer = Printer(write_stdout if wanted.output in (None, STDIN) else kept.append)
    listing = _Listing(printer) if screen.as_json else None
    exit_code = 0
    for path in inputs:
        try:
            with opening_any(opener, path) as found:
                if isinstance(found, LineStream):
                    _show_stream(found, path, wanted, listing, printer, opener.options.key)
                    exit_code = exit_code or found.exit_code
                elif isinstance(found, Statement):
                    _show_statement(found, path, listing, printer)
                    exit_code = exit_code or opener.report(found.faults, path)
                else:
                    _show(note_siblings(_opened(opener, path, found), path), path, wanted, listing, printer)
                    exit_code = exit_code or opener.report(found.faults, path)
        except OutputError:
            raise
        except KeyconvError as error:
            printer.flush()
            screen.error(error.at_path(shown(path)))
            exit_code = exit_code or error.exit_code
    if listing is not None:
        listing.end()
    printer.flush()
    if kept:
        _put(b"".join(kept), wanted, inputs)
    return exit_code


def _check_output(wanted: Wanted, inputs: tuple[str, ...]) -> None:
    from keyconv.files import check_target

    try:
        check_target(wanted.output or "", force=wanted.force, inputs=inputs)
    except KeyconvError as error:
        raise error.at_path(wanted.output or "") from None


def _put(data: bytes, wanted: Wanted, inputs: tuple[str, ...]) -> None:
    from keyconv.files import save

    path = wanted.output or ""
    try:
        save(path, data, private=wanted.show_private, force=wanted.force, inputs=inputs)
    except KeyconvError as error:
        raise error.at_path(path) from None


def _opened(opener: Opener, path: str, keyfile: KeyFile) -> KeyFile:
    if opener.options.key is not None:
        keyfile = replace(keyfile, entries=(choose(keyfile, opener.options.key),))
    if opener.options.passphrase.given:
        deriver = opener.new_deriver()
        entries = tuple(
            opener.unlock(entry, path, deriver).entry if isinstance(entry.private, Locked) else entry
            for entry in keyfile.entries
        )
        keyfile = replace(keyfile, entries=entries)
    return keyfile


def _show(keyfile: KeyFile, path: str, wanted: Wanted, listing: _Listing | None, printer: Printer) -> None:
    description = describe(keyfile, path, show_private=wanted.show_private)
    if listing is not None:
        listing.add(description)
    else:
        printer.add_text(describe_text(description, keyfile, visual=wanted.visual))
        printer.flush()


def _show_statement(statement: Statement, path: str, listing: _Listing | None, printer: Printer) -> None:
    from keyconv.cli.statement_text import describe, statement_text  # most runs have none

    if listing is not None:
        listing.add(describe(statement, path))
    else:
        printer.add_text(statement_text(statement, path))
        printer.flush()


# ── a stream ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _show_stream(
    stream: LineStream, path: str, wanted: Wanted, listing: _Listing | None, printer: Printer, number: int | None
) -> None:
    """Show the keys of a large file as they come."""
    if wanted.output not in (None, STDIN):
        raise OutputError(
            f"{shown(path)} has more than {limits.size(limits.MAX_KEY_FILE)}, which is only printed",
            hint="redirect standard output",
        ).at_path(wanted.output or "")
    show = _stream_as_json(stream, path, listing, number) if listing else _stream_as_text(stream, path, wanted, number)
    for text in show:
        printer.add_text(text)
    notes = [str(note) for note in stream.facts.notes]
    if listing is not None:
        listing.close(notes, [describe_fault(fault) for fault in stream.facts.faults])
    else:
        printer.add_text(tail_text(stream.facts.keys, notes))


def _stream_as_json(stream: LineStream, path: str, listing: _Listing, number: int | None) -> Iterator[str]:
    for entry in stream.chosen(number):
        if not stream.shown:
            yield listing.open(describe_many(stream.format.name, stream.kind, path))
        yield (",\n" if stream.shown else "\n") + f"      {to_json(describe_key(entry), indent=None).rstrip()}"
        stream.shown += 1


def _stream_as_text(stream: LineStream, path: str, wanted: Wanted, number: int | None) -> Iterator[str]:
    name = stream.format.name
    for entry in stream.chosen(number):
        if not stream.shown:
            yield head_text(path, name, stream.kind)
        stream.shown += 1
        yield key_text(stream.shown, describe_key(entry), entry, name, visual=wanted.visual)


class _Listing:
    """The list that JSON output is, written object by object."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._begun = False

    def add(self, description: Mapping[str, Any]) -> None:
        """Write a whole object."""
        self._printer.add_text(self._comma() + _indented(description, 2))

    def open(self, description: Inspection) -> str:
        """Return the text with which an object begins whose keys follow."""
        return self._comma() + _indented(description, 2).removesuffix("\n  }") + ',\n    "keys": ['

    def close(self, notes: list[str], faults: list[LineFault]) -> None:
        """Write the end of an object after its keys."""
        self._printer.add_text('\n    ],\n    "notes": ' + _indented(notes, 4))
        self._printer.add_text(',\n    "faults": ' + _indented(faults, 4) + "\n  }")

    def end(self) -> None:
        """Write the end of the list."""
        self._printer.add_text("\n]\n" if self._begun else "[]\n")

    def _comma(self) -> str:
        begun, self._begun = self._begun, True
        return (",\n" if begun else "[\n") + "  "


def _indented(value: object, by: int) -> str:
    # No string of JSON holds a line end as it is.
    return to_json(value).rstrip().replace("\n", "\n" + " " * by)
