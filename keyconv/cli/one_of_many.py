"""One input of a batch, from its file to its results: told to a ledger, in the main process or in a worker.

A worker's ledger only records, as plain values; the main process replays that in the order of the inputs, and writes
the files. What a worker cannot know, a passphrase that is yet to be typed or a cost that is yet to be measured, sends
the input back, to be converted in the main process.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Protocol

from keyconv.cli.converting import Conversion, convert_entry
from keyconv.cli.inputs import Inputs, Job
from keyconv.cli.opening import STDIN, Opener, shown
from keyconv.cli.options import InputOptions, OutputOptions
from keyconv.cli.prompt import PassphraseSource, Prompter
from keyconv.cli.render import Screen
from keyconv.cli.target import choose_target
from keyconv.cli.written import Face, face_of
from keyconv.crypto.kdf import Deriver
from keyconv.engine import choose
from keyconv.errors import KeyconvError, NotAKeyError, OutputError
from keyconv.files import Inputs as InputTest
from keyconv.formats.base import Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile
from keyconv.limits import MAX_KEY_FILE, size
from keyconv.secret import HandedOver, Passphrase

__all__ = [
    "Claimed",
    "Done",
    "Event",
    "Failed",
    "Ledger",
    "Made",
    "Noted",
    "PassedOver",
    "Recorded",
    "Settings",
    "Task",
    "Worker",
    "convert_job",
]


class Ledger(Protocol):
    """What the conversion of one input tells, in this order, and again for each key from `begin` on."""

    def begin(self) -> None:
        """Begin with the next key of the file."""

    def pass_over(self, why: str) -> None:
        """Say that this key, or the file, is skipped."""

    def fail(self, error: KeyconvError) -> None:
        """Say that this key, or the file, cannot be converted."""

    def claim(self, output: str, face: Face) -> str:
        """Ask for a name. Returns: why the key is skipped all the same, or nothing. Raises: OutputError."""

    def put(self, data: bytes, target: Format, options: OutputOptions, inputs: InputTest) -> None:
        """Write the result. Raises: OutputError."""

    def done(self, done: Conversion, face: Face) -> None:
        """Say that the key is converted."""


def convert_job(job: Job, opener: Opener, options: OutputOptions, inputs: InputTest, ledger: Ledger) -> None:
    """Convert every key of one input."""
    if job.fault is not None:
        ledger.fail(job.fault)
        return
    if job.found and _size(job.path) > MAX_KEY_FILE:
        ledger.pass_over(f"larger than {size(MAX_KEY_FILE)}")
        return
    try:
        keyfile = opener.read(job.path)
        if job.found and keyfile.is_document:
            why = f"{keyfile.kind} key at line {keyfile.spans[0].line}; name the file to take it"
            opener.screen.note(f"skipped: {why}", shown(job.path))
            ledger.pass_over(why)
            return
        opener.check_plain(keyfile, strict=options.strict)
        entries = _entries(keyfile, opener)
    except NotAKeyError as error:
        if job.found:
            ledger.pass_over(str(error))
        else:
            ledger.fail(error)
        return
    except KeyconvError as error:
        ledger.fail(error.at_path(shown(job.path)))
        return
    for number, entry in enumerate(entries, 1):
        suffix = f"-{number}" if len(entries) > 1 else ""
        ledger.begin()
        try:
            why = _convert_key(job, keyfile.format, entry, suffix, opener, options, inputs, ledger)
        except KeyconvError as error:
            ledger.fail(error)
            continue
        if why:
            ledger.pass_over(why)


def _entries(keyfile: KeyFile, opener: Opener) -> list[Entry]:
    if opener.options.key is not None:
        return [choose(keyfile, opener.options.key)]
    return list(keyfile.entries)


def _convert_key(
    job: Job,
    source: str,
    entry: Entry,
    suffix: str,
    opener: Opener,
    options: OutputOptions,
    inputs: InputTest,
    ledger: Ledger,
) -> str:
    """Convert one key, or give why it is skipped."""
    is_public = entry.private is None and entry.fault is None
    target = None if is_public and options.format is None else choose_target(source, entry, options)
    if job.found and is_public and (target is None or target.can.private):
        return "a public key"
    target = target or choose_target(source, entry, options)
    output = os.path.join(options.directory or "", job.relative + suffix + target.suffix)  # noqa: PTH118
    why = ledger.claim(output, face_of(entry, target) if job.found else Face())
    if why:
        return why
    _make_folders(output)
    there = replace(options, output=output, format=target.name)  # whatever that name means
    done = convert_entry(opener, job.path, source, replace(entry, line=None), there, inputs, ledger.put)
    ledger.done(done, face_of(done.entry, done.target))
    return ""


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except OSError:  # for the reader to name
        return 0


def _make_folders(output: str) -> None:
    try:
        os.makedirs(os.path.dirname(output) or ".", exist_ok=True)  # noqa: PTH103, PTH120
    except OSError as error:
        raise OutputError(f"the folder cannot be made: {(error.strerror or 'error').lower()}").at_path(output) from None


# ── what a worker tells ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Noted:
    """A line for standard error."""

    message: str
    path: str


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A key or file that is skipped."""

    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A key or file that cannot be converted."""

    error: KeyconvError


@dataclass(frozen=True, slots=True)
class Claimed:
    """A name that is asked for."""

    output: str
    face: Face


@dataclass(frozen=True, slots=True)
class Made:
    """The bytes of a result, which the main process writes."""

    output: str
    data: bytes = field(repr=False)
    private: bool = True


@dataclass(frozen=True, slots=True)
class Done:
    """A key that is converted: the new format's name, the type of the key, what was lost."""

    output: str
    format: str
    type: str | None
    losses: tuple[str, ...]
    face: Face

    @classmethod
    def of(cls, done: Conversion, face: Face) -> Done:
        """Take what is reported from a conversion."""
        public = done.entry.public
        return cls(done.output, done.target.name, public.algorithm if public else None, done.losses, face)


Event = Noted | PassedOver | Failed | Claimed | Made | Done


@dataclass(frozen=True, slots=True)
class Recorded:
    """All that a worker has to say of an input: of the file, and of each of its keys.

    `sent_back` says that the main process must convert it; `derived` that a KDF ran; `asked` that a passphrase was
    needed.
    """

    file: tuple[Event, ...] = ()
    keys: tuple[tuple[Event, ...], ...] = ()
    sent_back: bool = False
    derived: bool = False
    asked: bool = False


class _Recorder(Screen):
    """A ledger and a screen that keep everything."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "events", [[]])

    events: list[list[Event]]

    def note(self, message: str, path: str = "") -> None:
        self.events[-1].append(Noted(message, path))

    def begin(self) -> None:
        self.events.append([])

    def pass_over(self, why: str) -> None:
        self.events[-1].append(PassedOver(why))

    def fail(self, error: KeyconvError) -> None:
        self.events[-1].append(Failed(error))

    def claim(self, output: str, face: Face) -> str:
        self.events[-1].append(Claimed(output, face))
        return ""

    def put(self, data: bytes, target: Format, options: OutputOptions, inputs: InputTest) -> None:
        self.events[-1].append(Made(options.output or "", data, target.can.private))

    def done(self, done: Conversion, face: Face) -> None:
        self.events[-1].append(Done.of(done, face))


# ── the worker ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Settings:
    """What is the same for all inputs of a run."""

    source: InputOptions
    target: OutputOptions
    inputs: Inputs


@dataclass(frozen=True, slots=True)
class Task:
    """One input on its way to a worker, with what the main process knows by then."""

    number: int
    job: Job
    passphrase: HandedOver | None = None
    new_passphrase: HandedOver | None = None
    passes: int | None = None


class _Unknown(Exception):  # noqa: N818 - no error: the main process knows, or finds out
    """A worker cannot go on without something that it does not know."""


class _Known(Prompter):
    """Knows a passphrase or not; asks nobody."""

    def __init__(self, options: InputOptions, task: Task) -> None:
        super().__init__(no_input=True)
        self.asked = False
        self._may_ask = not (options.passphrase.given or options.no_input)
        self._existing = task.passphrase.take() if task.passphrase is not None else None
        self._new = task.new_passphrase.take() if task.new_passphrase is not None else None

    def existing(self, what: str, source: PassphraseSource) -> Passphrase:
        self.asked = True
        if self._existing is not None:
            return self._existing
        if source.given or self._may_ask:
            raise _Unknown
        return super().existing(what, source)

    def new(self, what: str, source: PassphraseSource) -> Passphrase:
        self.asked = True
        if self._new is None:
            raise _Unknown
        return self._new

    def attempts(self, source: PassphraseSource) -> int:
        return 2 if self._may_ask else 1

    def forget(self) -> None:
        raise _Unknown  # a person gets another chance


class _WorkersOpener(Opener):
    """Opens files with what the task brought."""

    def __init__(self, screen: Screen, settings: Settings, task: Task) -> None:
        super().__init__(screen, settings.source, (), settings.target)
        self.known = _Known(settings.source, task)
        self.prompter = self.known
        self.passes = task.passes
        self.derivers: list[Deriver] = []

    def new_deriver(self) -> Deriver:
        self.derivers.append(Deriver(allow_costly=self.options.allow_costly))
        return self.derivers[-1]

    def with_passes(self, how: WriteOptions, milliseconds: int) -> WriteOptions:
        if self.passes is None:
            raise _Unknown
        return super().with_passes(how, milliseconds)


class Worker:
    """Converts inputs for the main process, in a thread of it or in another process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, task: Task) -> Recorded:
        """Convert one input and tell what came of it."""
        if task.job.path == STDIN:
            return Recorded(sent_back=True)
        recorder = _Recorder()
        opener = _WorkersOpener(recorder, self._settings, task)
        inputs = self._settings.inputs
        try:
            convert_job(task.job, opener, self._settings.target, inputs.hold, recorder)
        except _Unknown:
            return Recorded(sent_back=True, derived=_ran(opener), asked=True)
        file, *keys = recorder.events
        return Recorded(
            tuple(file),
            tuple(map(tuple, keys)),
            derived=_ran(opener),
            asked=opener.known.asked,
        )


def _ran(opener: _WorkersOpener) -> bool:
    return any(deriver.runs for deriver in opener.derivers)
