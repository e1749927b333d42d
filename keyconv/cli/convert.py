"""`keyconv convert`: one key to one file, or many files to a folder."""

from __future__ import annotations

from dataclasses import replace

from keyconv.cli.converting import Conversion, convert_entry
from keyconv.cli.opening import STDIN, Opener, shown
from keyconv.cli.options import InputOptions, OutputOptions
from keyconv.cli.render import Screen
from keyconv.cli.target import note_same_format, refuse_missing_output
from keyconv.engine import choose
from keyconv.errors import KeyconvError, UsageError
from keyconv.formats import by_name

__all__ = ["run"]

_MOST_NAMES = 4


def run(
    inputs: tuple[str, ...],
    source: InputOptions,
    target: OutputOptions,
    *,
    recursive: bool,
    jobs: int | None = None,
    screen: Screen,
) -> int:
    """Convert and give the exit code; `jobs` is None where nothing was said of it."""
    if target.format is not None:
        by_name(target.format)
    if target.output is not None and target.directory is not None:
        raise UsageError("-o and -d exclude each other")
    if target.directory is not None:
        from keyconv.cli.convert_many import run_many

        return run_many(inputs, source, target, recursive=recursive, jobs=jobs or 0, screen=screen)
    if recursive:
        raise UsageError("-r goes with -d DIR")
    if jobs is not None:
        raise UsageError("-j goes with -d DIR")
    if len(inputs) > 1:
        refuse_missing_output("convert", inputs, target)
        import shlex

        hint = shlex.join(["keyconv", "convert", "-d", "DIR", *inputs[:_MOST_NAMES]])
        more = " and so on" if len(inputs) > _MOST_NAMES else ""
        raise UsageError(f"{len(inputs)} inputs need a folder to write to", hint=hint + more)
    if screen.as_json and target.output in (None, STDIN):
        raise UsageError("--json needs a file for the result", hint="-o FILE or -d DIR; standard output has the JSON")
    (path,) = inputs
    opener = Opener(screen, source, inputs, target)
    keyfile = opener.read(path)
    try:
        opener.check_plain(keyfile, strict=target.strict)
        entry = choose(keyfile, source.key)
    except KeyconvError as error:
        raise error.at_path(shown(path)) from None
    done = convert_entry(opener, path, keyfile.format, replace(entry, line=None), target, inputs)
    if screen.as_json:
        _print_json(path, done, screen)
    note_same_format(opener, path, keyfile, entry, target)
    return 0


def _print_json(path: str, done: Conversion, screen: Screen) -> None:
    """Print what became of the one key, as `-d` prints it of many."""
    from keyconv.cli.one_of_many import Done
    from keyconv.cli.results import Results
    from keyconv.cli.written import face_of

    results = Results(screen)
    results.done(path, Done.of(done, face_of(done.entry, done.target)))
    results.end()
