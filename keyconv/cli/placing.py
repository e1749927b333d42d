"""Where the results of a batch go: names are given and messages printed in the order of the inputs."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from threading import Event as Signal

from keyconv.cli import converting
from keyconv.cli.converting import Conversion
from keyconv.cli.inputs import Inputs, Job
from keyconv.cli.one_of_many import Claimed, Done, Event, Failed, Made, Noted, PassedOver, Recorded, Task, convert_job
from keyconv.cli.opening import Opener, shown
from keyconv.cli.options import OutputOptions
from keyconv.cli.results import Results
from keyconv.cli.written import Face, Written
from keyconv.errors import InternalError, KeyconvError, OutputError
from keyconv.files import Inputs as InputTest
from keyconv.files import save
from keyconv.formats.base import Format

__all__ = ["Placed", "Placing"]


@dataclass(slots=True, eq=False)
class Placed:
    """What a worker made of an input, once its results have names.

    For each key: `verdicts` why it gets no name or is skipped (nothing where it has one), and `errors` why it could
    not be written. `written` is set when the files are written, or have failed.
    """

    task: Task
    recorded: Recorded
    verdicts: list[KeyconvError | str] = field(default_factory=list)
    errors: dict[str, KeyconvError] = field(default_factory=dict)
    written: Signal = field(default_factory=Signal)


class Placing:
    """Returns names, writes files, and reports what came of each input.

    For an input that is converted in this process it is the ledger.
    """

    def __init__(self, opener: Opener, target: OutputOptions, inputs: Inputs) -> None:
        self.results = Results(opener.screen)
        self._opener = opener
        self._target = target
        self._inputs = inputs
        self._files = Written()
        self._under_way: dict[str, tuple[Placed, Face]] = {}
        self._task = Task(0, Job("", "", found=False))
        self._over: dict[str, None] = {}

    # ── converted here ────────────────────────────────────────────────────────────────────────────────────────────

    def convert(self, task: Task) -> None:
        """Convert an input here and now, when all before it have been reported."""
        self._task = task
        convert_job(task.job, self._opener, self._target, self._inputs.hold, self)
        self._tell_passed_over(task)

    def begin(self) -> None:
        """Begin with the next key of the file."""

    def pass_over(self, why: str) -> None:
        """Pass this key over."""
        self._over[why] = None

    def fail(self, error: KeyconvError) -> None:
        """Report an error."""
        self.results.fail(self._task.job.path, error)

    def claim(self, output: str, face: Face) -> str:
        """Return a name, or tell why it is not needed. Raises: OutputError when another input has it."""
        earlier = self._find(output)
        if earlier is None:
            return ""
        number, written = earlier
        path = shown(self._inputs.path_of(number))
        if face.says_no_more_than(written):
            return f"the same key as {path}"
        raise OutputError(
            f"{path} was written there",
            hint=f"convert {shown(self._task.job.path)} alone, with -o and another name",
        ).at_path(output)

    def put(self, data: bytes, target: Format, options: OutputOptions, inputs: InputTest) -> None:
        """Write a result."""
        converting.put(data, target, options, inputs)

    def done(self, done: Conversion, face: Face) -> None:
        """Report that a key is converted."""
        self._tell_done(self._task, Done.of(done, face))

    # ── converted by a worker ─────────────────────────────────────────────────────────────────────────────────────

    def place(self, task: Task, recorded: Recorded) -> Placed:
        """Return names to the results of an input."""
        self._task = task
        placed = Placed(task, recorded)
        for events in recorded.keys:
            verdict: KeyconvError | str = ""
            for event in events:
                if isinstance(event, Claimed):
                    try:
                        verdict = self.claim(event.output, event.face)
                    except OutputError as error:
                        verdict = error
                elif isinstance(event, Done) and not verdict:
                    self._under_way[event.output] = placed, event.face
            placed.verdicts.append(verdict)
        return placed

    def write(self, placed: Placed) -> Placed:
        """Write the files of an input; may be called in any thread."""
        try:
            for events, verdict in zip(placed.recorded.keys, placed.verdicts, strict=True):
                for event in events:
                    if isinstance(event, Made) and not verdict:
                        self._write(event, placed)
        finally:
            placed.written.set()
        return placed

    def tell(self, placed: Placed) -> None:
        """Report what came of an input, after all before it."""
        self._task = placed.task
        for event in placed.recorded.file:
            self._play(event)
        for events, verdict in zip(placed.recorded.keys, placed.verdicts, strict=True):
            for event in events:
                if not self._play_key(event, verdict, placed):
                    break
        self._tell_passed_over(placed.task)

    def _write(self, made: Made, placed: Placed) -> None:
        try:
            save(made.output, made.data, private=made.private, force=self._target.force, inputs=self._inputs.hold)
        except KeyconvError as error:
            placed.errors[made.output] = error
        except Exception as error:
            placed.errors[made.output] = InternalError.of(error)

    def _play_key(self, event: Event, verdict: KeyconvError | str, placed: Placed) -> bool:
        """Report one event of a key. Returns: whether those that follow hold."""
        error = placed.errors.get(event.output) if isinstance(event, Made) else None
        if isinstance(event, Claimed) and isinstance(verdict, KeyconvError):
            error = verdict
        elif isinstance(event, Claimed) and isinstance(verdict, str) and verdict:
            self.pass_over(verdict)
            return False
        if error is not None:
            if isinstance(error, InternalError):
                raise error  # it ends the run, wherever it happened
            self.fail(error)
            return False
        self._play(event)
        return True

    def _play(self, event: Event) -> None:
        match event:
            case Noted():
                self._opener.screen.note(event.message, event.path)
            case PassedOver():
                self.pass_over(event.why)
            case Failed():
                self.fail(event.error)
            case Done():
                self._under_way.pop(event.output, None)
                self._tell_done(self._task, event)
            case Claimed() | Made():
                pass

    # ── what both share ───────────────────────────────────────────────────────────────────────────────────────────

    def _find(self, output: str) -> tuple[int, Face] | None:
        if output in self._under_way:
            placed, face = self._under_way[output]
            placed.written.wait()
            return None if output in placed.errors else (placed.task.number, face)
        return self._files.find(output) if os.path.lexists(output) else None

    def _tell_done(self, task: Task, done: Done) -> None:
        self._files.add(done.output, task.number, done.face)
        self.results.done(task.job.path, done)

    def _tell_passed_over(self, task: Task) -> None:
        for why in self._over:  # files are counted, not their lines
            self.results.pass_over(task.job.path, why)
        self._over.clear()
