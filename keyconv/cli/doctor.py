"""`keyconv FILE`: what it is, whether it is sound, who reads it, what is wrong, and the next command to type."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from keyconv.checks.check_file import judge_content
from keyconv.checks.model import Content, Finding
from keyconv.checks.policy import Policy
from keyconv.cli import next_steps
from keyconv.cli.grounds import Grounds, Visit, content_of, context_of
from keyconv.cli.line_stream import LineStream, opening
from keyconv.cli.next_steps import Source, Step
from keyconv.cli.opening import STDIN, Opener, read_by_name, shown
from keyconv.cli.options import InputOptions
from keyconv.cli.render import Screen, to_json
from keyconv.cli.siblings import note_siblings
from keyconv.codec.key_line import LINE_FORMATS, LINES
from keyconv.codec.line_kind import format_of_kind
from keyconv.document.wrappers import CrLf, Unended
from keyconv.engine import read
from keyconv.engine.planning import family_of
from keyconv.errors import InputError, KeyconvError
from keyconv.files import load
from keyconv.formats import by_name
from keyconv.keyfile import Entry, KeyFile, Locked
from keyconv.repairs import Diagnosis, diagnose, search
from keyconv.repairs.messages import MESSAGES
from keyconv.repairs.readers import Readers, features_of, readers_of
from keyconv.text.quoting import name_file

__all__ = ["Case", "Problem", "run"]

_NO_KEY = ("not-a-key", "placeholder", "empty")
_MOST_STEPS = 3
_HINDERING = frozenset({*MESSAGES, "explicit-parameters", "unusual-scalar"})
"""What can keep a program from reading a file."""
_OF_DOCUMENTS = {"surrounding-text", "indented", "quoted", "wrapped-key", "crlf", "trailing-whitespace"}
"""What is usual about a public key in a configuration file or a page, and no damage."""
_OPENSSH_ALONE = Readers(("OpenSSH",))
_SAID_ELSEWHERE = ("unencrypted", "surrounding-text", "multiple-keys")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or that should be known: a rule of `keyconv check`, its severity and its sentence."""

    rule: str
    severity: str
    message: str


@dataclass(frozen=True, slots=True)
class Case:
    """What the doctor says of one file; what is not known is None.

    `sound` is None while only a passphrase can tell. `entry` is the one key of the file.
    """

    path: str
    what: str
    format: str | None = None
    kind: str | None = None
    entry: Entry | None = field(default=None, repr=False)
    count: int = 0
    encrypted: bool | None = None
    sound: bool | None = False
    readers: Readers = field(default_factory=Readers)
    problems: tuple[Problem, ...] = ()
    steps: tuple[Step, ...] = ()
    exit_code: int = 0


def run(paths: tuple[str, ...], variables: tuple[str, ...], options: InputOptions, *, screen: Screen) -> int:
    """Examine every input and return the code of the first that is not a sound key."""
    from keyconv.cli.doctor_text import describe_text, to_object

    opener = Opener(replace(screen, quiet=True), options, paths)
    listed: list[object] = []
    exit_code = 0
    sources = [*(Source(path) for path in paths), *(Source(name, is_variable=True) for name in variables)]
    for number, source in enumerate(sources):
        try:
            case = _examine(source, opener)
        except KeyconvError as error:
            if isinstance(error, InputError) and len(paths) == 2 and number == 1 and not os.path.lexists(source.path):
                error.hint = f"did you mean: {sources[0].command('convert', 'FILE', '-o', source.path)}"
            screen.error(error.at_path(shown(source.path)))
            exit_code = exit_code or error.exit_code
            continue
        exit_code = exit_code or case.exit_code
        if screen.as_json:
            listed.append(to_object(case))
        else:
            screen.data(("\n" if number else "") + describe_text(case))
    if screen.as_json:
        screen.data(to_json(listed))
    return exit_code


def _examine(source: Source, opener: Opener) -> Case:
    """Examine one input.

    Raises: InputError for what cannot be read; WrongPassphraseError.
    """
    if source.is_variable:
        return _examine_data(source, _value_of(source.path), opener)
    if source.path != STDIN and os.path.isdir(source.path):  # noqa: PTH112
        return _folder(source)
    try:
        data = load(source.path)
    except InputError as error:
        return _examine_large(source, error, opener)
    return _examine_data(source, data, opener)


def _value_of(name: str) -> bytes:
    value = os.environb.get(os.fsencode(name)) if os.supports_bytes_environ else os.environ.get(name, "").encode()
    if value is None:
        raise InputError(f"the environment variable {name} is not set", hint="set it, and check its name")
    return value


def _folder(source: Source) -> Case:
    steps = (
        Step("check every key in it", source.command("check", "FILE")),
        Step("convert every key in it", source.command("convert", "-r", "FILE", "-d", source.free("", "-converted"))),
    )
    return Case(source.path, "a folder", steps=steps, exit_code=InputError.exit_code)


def _examine_large(source: Source, error: InputError, opener: Opener) -> Case:
    """Examine a file of lines that is larger than any key file; whatever else could not be read is an error."""
    if source.path == STDIN or not os.path.isfile(source.path):  # noqa: PTH113
        raise error
    with opening(opener, source.path) as found:
        if not isinstance(found, LineStream):
            raise error
        kind = found.kind
    steps = tuple(next_steps.for_lines(source))
    name = format_of_kind(kind)
    return Case(source.path, f"{kind}, a large file", name, kind, sound=None, readers=_OPENSSH_ALONE, steps=steps)


def _examine_data(source: Source, data: bytes, opener: Opener) -> Case:
    findings = _findings(source, data, opener)
    try:
        forced = opener.options.format
        named = None if forced or source.is_variable or source.path == STDIN else read_by_name(source.path, data)
        keyfile = named or read(data, forced)
    except KeyconvError as error:
        return _refused(source, data, error, findings)
    keyfile = _opened(source, keyfile, opener)
    if not source.is_variable:
        keyfile = note_siblings(keyfile, source.path)
    case = _described(source, keyfile, findings, data)
    if case.kind in LINES:
        return replace(case, steps=tuple(next_steps.for_lines(source)))
    return replace(case, steps=tuple(islice(_steps(source, data, keyfile, case), _MOST_STEPS)))


def _findings(source: Source, data: bytes, opener: Opener) -> tuple[Finding, ...]:
    """Return what `keyconv check` finds, the gravest first, without what is said in other lines."""
    context = context_of(Grounds(int(time.time()), Policy(), Path(), allow_costly=opener.options.allow_costly))
    if source.is_variable:
        content = Content(source.path, data, place="environment")
    elif source.path == STDIN:
        content = Content(STDIN, data, place="stdin")
    else:
        mode = stat.S_IMODE(os.stat(source.path).st_mode) if os.name == "posix" else None  # noqa: PTH116
        content = content_of(Visit(source.path, mode=mode), data)
    found = judge_content(content, context).findings
    order = ("error", "warning", "info")
    kept = [each for each in found if each.rule not in _SAID_ELSEWHERE and each.severity != "info"]
    return tuple(sorted(kept, key=lambda each: order.index(each.severity)))


def _opened(source: Source, keyfile: KeyFile, opener: Opener) -> KeyFile:
    """Unlock what a passphrase was given for."""
    if not opener.options.passphrase.given:
        return keyfile
    deriver = opener.new_deriver()
    entries = tuple(
        opener.unlock(entry, source.path, deriver).entry if isinstance(entry.private, Locked) else entry
        for entry in keyfile.entries
    )
    return replace(keyfile, entries=entries)


# ── what loads ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _described(source: Source, keyfile: KeyFile, findings: tuple[Finding, ...], data: bytes) -> Case:
    entry = keyfile.entries[0] if len(keyfile.entries) == 1 else None
    faults = [*(each.fault for each in keyfile.entries if each.fault is not None), *keyfile.faults]
    locked = any(isinstance(each.private, Locked) for each in keyfile.entries)
    problems = _problems(keyfile, entry, findings)
    damaged = faults or any(problem.severity == "error" and problem.rule in MESSAGES for problem in problems)
    return Case(
        source.path,
        _title(keyfile),
        keyfile.format,
        keyfile.kind,
        entry,
        len(keyfile.entries),
        encrypted=_is_encrypted(keyfile),
        sound=False if damaged else None if locked else True,
        readers=_readers(keyfile, entry, {problem.rule for problem in problems}, data),
        problems=problems,
        exit_code=faults[0].exit_code if faults else KeyconvError.exit_code if damaged else 0,
    )


def _problems(keyfile: KeyFile, entry: Entry | None, findings: tuple[Finding, ...]) -> tuple[Problem, ...]:
    """Return lines that hold no key, what `keyconv check` finds, and notes that it does not speak of."""
    lines = [Problem(each.rule, "error", f"line {each.line}: {each.message}") for each in keyfile.faults]
    told = {each.rule for each in lines}
    found = [Problem(each.rule, each.severity, each.message) for each in findings if each.rule not in told]
    told.update({*_SAID_ELSEWHERE}, (each.rule for each in findings))
    notes = (*keyfile.notes, *(entry.notes if entry else ()))
    return (*lines, *found, *(Problem(note.code, "info", note.message) for note in notes if note.code not in told))


def _title(keyfile: KeyFile) -> str:
    if keyfile.kind == "certificate":
        return "OpenSSH certificate"
    if keyfile.kind in LINES:
        return keyfile.kind
    return by_name(keyfile.format).title + (", in a file with other content" if keyfile.is_document else "")


def _is_encrypted(keyfile: KeyFile) -> bool | None:
    if keyfile.kind != "private":
        return None
    return any(isinstance(each.private, Locked) or each.protection for each in keyfile.entries)


def _readers(keyfile: KeyFile, entry: Entry | None, rules: set[str], data: bytes) -> Readers:
    if keyfile.kind == "certificate" or keyfile.kind in LINES:
        return _OPENSSH_ALONE
    if entry is not None and entry.fault is not None:
        return Readers()
    if any(not isinstance(wrapper, CrLf | Unended) for span in keyfile.spans for wrapper in span.wrappers):
        return Readers()
    text = keyfile.spans[0].text if keyfile.spans else data
    hindering = rules & _HINDERING | features_of(keyfile.format, text)
    if len(keyfile.entries) > 1:
        hindering |= {"multiple-keys"}
    elif keyfile.is_document:
        (span,) = keyfile.spans
        sides = {"text-before": data[: span.start], "text-after": data[span.end :]}
        hindering |= {side for side, text in sides.items() if text.strip()}
    family = family_of(entry) if entry else None
    return readers_of(keyfile.format, family, hindering, cipher=_cipher_of(entry), der=data.startswith(b"0"))


def _cipher_of(entry: Entry | None) -> str | None:
    private = entry.private if entry else None
    protection = private.protection if isinstance(private, Locked) else entry.protection if entry else None
    return protection.cipher if protection else None


def _steps(source: Source, data: bytes, keyfile: KeyFile, case: Case) -> Iterator[Step]:
    """Yield what to do next, the most needed first."""
    rules = {problem.rule for problem in case.problems}
    damaged = not keyfile.is_document and len(keyfile.entries) == 1 and rules & {*MESSAGES}
    if damaged and _is_fixable(data):
        yield from next_steps.repairs(source, keyfile.format)
        return
    if "permissions" in rules:
        yield Step("for the owner alone", f"chmod 600 {source.name}")
    if keyfile.kind == "certificate":
        yield Step("who signed it, for whom, until when", source.command("cert", "show", "FILE"))
        return
    if keyfile.is_document and len(keyfile.entries) == 1:
        yield from next_steps.extraction(source, keyfile.format)
    elif len(keyfile.entries) > 1:
        yield from next_steps.separation(source)
        return
    if keyfile.kind == "public":
        yield from next_steps.for_public(source, keyfile.format)
        return
    entry = keyfile.entries[0]
    if entry.fault is not None:
        yield Step(entry.fault.hint or "copy the key again from where it came from")
        yield Step("its public key, which is there", source.command("public", "FILE"))
        return
    yield from next_steps.conversions(source, case.readers.certain, family_of(entry))


def _is_fixable(data: bytes) -> bool:
    found = search(data)
    return found is not None and bool(found.undone)


# ── what does not load ─────────────────────────────────────────────────────────────────────────────────────────────


def _refused(source: Source, data: bytes, error: KeyconvError, findings: tuple[Finding, ...]) -> Case:
    """Describe a file that does not load: damaged, a file of lines with a bad one, or no key."""
    found = diagnose(data, error, path=source.name)
    case = Case(source.path, "not a key", problems=_causes(found, findings), exit_code=error.exit_code)
    if found.mended is not None:
        return _damaged(case, source, found, findings)
    if found.parts:
        check = Step("what is wrong with each", source.command("check", "FILE"))
        return replace(case, what="several keys in one file", count=len(found.parts), steps=(Step(found.hint), check))
    if not error.format or found.rule in _NO_KEY:
        hint = name_file(found.hint, source.name)
        return replace(case, steps=tuple(next_steps.for_foreign(source, found.message, hint)))
    of_lines = error.format in LINE_FORMATS
    steps = tuple(next_steps.for_lines(source, loads=False) if of_lines else _advice(source, found, findings))
    return replace(case, what=f"{by_name(error.format).title}, damaged", format=error.format, steps=steps)


def _damaged(case: Case, source: Source, found: Diagnosis, findings: tuple[Finding, ...]) -> Case:
    """Describe what a damaged file was, and how to have that again."""
    keyfile = found.mended.keyfile if found.mended is not None else KeyFile("", "", ())
    entry = keyfile.entries[0] if len(keyfile.entries) == 1 else None
    rules = {cause.rule for cause in found.causes}
    aside = keyfile.kind == "public" and "surrounding-text" in rules and rules <= _OF_DOCUMENTS
    steps = _advice(source, found, findings)
    if found.fixable:
        steps = (next_steps.extraction if aside else next_steps.repairs)(source, keyfile.format)
    problems = case.problems
    if aside:
        problems = tuple(replace(each, severity="info") if each.rule in rules else each for each in problems)
    return replace(
        case,
        problems=problems,
        what=f"{_title(keyfile)}, {'in a file with other content' if aside else 'damaged'}",
        format=keyfile.format,
        kind=keyfile.kind,
        entry=entry,
        count=len(keyfile.entries),
        encrypted=_is_encrypted(keyfile),
        sound=aside,
        readers=readers_of(keyfile.format, family_of(entry) if entry else None, rules, cipher=_cipher_of(entry)),
        steps=tuple(steps),
    )


def _causes(found: Diagnosis, findings: tuple[Finding, ...]) -> tuple[Problem, ...]:
    causes = [Problem(cause.rule or "not-a-key", "error", cause.message) for cause in found.causes]
    told = {problem.rule for problem in causes}
    return (*causes, *(Problem(each.rule, each.severity, each.message) for each in findings if each.rule not in told))


def _advice(source: Source, found: Diagnosis, findings: tuple[Finding, ...]) -> Iterator[Step]:
    hint = found.hint or next((each.hint for each in findings if each.rule == found.rule), "")
    yield Step(name_file(hint, source.name) or "copy the key again from where it came from")
