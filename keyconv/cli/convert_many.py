"""`keyconv convert -d`: many inputs and folders into one folder, each to a file of its own.

Workers read, unlock, prove and convert. In the main process people are asked, names given, files written and messages
printed, in the order of the inputs, so that the number of workers changes nothing but the time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from itertools import islice

from keyconv import batch
from keyconv.batch import Outcome
from keyconv.cli import workers
from keyconv.cli.inputs import Inputs, Job
from keyconv.cli.one_of_many import Failed, Recorded, Settings, Task, Worker
from keyconv.cli.opening import Opener, shown
from keyconv.cli.options import InputOptions, OutputOptions
from keyconv.cli.placing import Placed, Placing
from keyconv.cli.progress import progress
from keyconv.cli.render import Screen
from keyconv.errors import InternalError
from keyconv.secret import HandedOver, Passphrase

__all__ = ["run_many"]

_TRIED = 3
"""Inputs that are converted here before it is decided who does the rest."""

_SAVERS = 8
"""Files that are written at once: most of the time each waits for the disk to say that it has it."""


def run_many(
    inputs: tuple[str, ...], source: InputOptions, target: OutputOptions, *, recursive: bool, jobs: int, screen: Screen
) -> int:
    """Convert all inputs, go on after a failure, end with a summary; give the code of the first failing input.

    `jobs` is the number of workers; 0 stands for as many as there are processors.
    """
    found = Inputs(inputs, target.directory or "", recursive=recursive)
    run = _Run(Opener(screen, source, inputs, target), target, found)
    with (
        workers.ended_by_signals() as run.look,
        progress(
            "converting", found.count, shown=not (screen.quiet or screen.as_json), colour=screen.colour
        ) as run.advance,
    ):
        run.convert_all(jobs or workers.processors())
    run.results.end()
    return run.results.exit_code


class _Run:
    """One batch: who does what."""

    def __init__(self, opener: Opener, target: OutputOptions, inputs: Inputs) -> None:
        self.look: Callable[[], None] = lambda: None
        self.advance: Callable[[], None] = lambda: None
        self._opener = opener
        self._target = target
        self._settings = Settings(opener.options, target, inputs)
        self._placing = Placing(opener, target, inputs)
        self.results = self._placing.results
        self._source = enumerate(inputs)
        self._waiting: deque[tuple[int, Job]] = deque()
        self._plain = 0

    def convert_all(self, count: int) -> None:
        """Convert every input, with `count` workers.

        The first few are converted here, up to one that needed a KDF; that one also has the passphrase asked for. Then
        processes do the rest, if enough wait, of which fewer are enough after a KDF; else threads, until so many were
        not encrypted that processes are worth it all the same.
        """
        tried, derived = 0, False
        while (count == 1 or (tried < _TRIED and not derived)) and self._fetch(1):
            derived = self._convert_here(self._next())
            tried += 1
        if not self._fetch(workers.BREAK_EVEN_WITH_KDF if derived else workers.BREAK_EVEN):
            with workers.threads(count) as threads:
                self._convert_by(threads, Worker(self._settings), count, self._until_processes())
        if self._fetch(1):
            with workers.processes(count, _begin, self._settings) as processes:
                self._convert_by(processes, _work, count, self._all())

    # ── inputs ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _fetch(self, count: int) -> bool:
        """Return whether at least this many inputs wait."""
        self._waiting.extend(islice(self._source, max(0, count - len(self._waiting))))
        return len(self._waiting) >= count

    def _next(self) -> Task:
        """Return the next of the waiting inputs, and with it what a worker may need to know."""
        number, job = self._waiting.popleft()
        return Task(
            number,
            job,
            _hand_over(self._existing),
            _hand_over(self._opener.prompter.remembered("new", self._target.new_passphrase)),
            self._opener.passes,
        )

    @property
    def _existing(self) -> Passphrase | None:
        return self._opener.prompter.remembered("existing", self._opener.options.passphrase)

    def _all(self) -> Iterator[Task]:
        while self._fetch(1):
            yield self._next()

    def _until_processes(self) -> Iterator[Task]:
        while self._fetch(1) and not (self._plain >= workers.BREAK_EVEN and self._fetch(workers.BREAK_EVEN)):
            yield self._next()

    # ── work ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _convert_here(self, task: Task) -> bool:
        """Convert an input in this thread. Returns: whether a KDF ran."""
        before = self._opener.derived
        self._placing.convert(task)
        self.look()
        self.advance()
        return self._opener.derived > before

    def _convert_by(
        self, executor: Executor, work: Callable[[Task], Recorded], count: int, tasks: Iterator[Task]
    ) -> None:
        """Have workers convert inputs, and others write the files, each some way ahead of what is reported."""
        outcomes = batch.run(tasks, work, executor, workers.AHEAD * count)
        with workers.threads(_SAVERS, wait=True) as savers:
            while True:
                sent_back: list[Task] = []
                for outcome in batch.run(self._place(outcomes, sent_back), self._placing.write, savers, 2 * _SAVERS):
                    self._placing.tell(outcome.result())
                    self.look()
                    self.advance()
                if not sent_back:
                    return
                self._convert_here(sent_back[0])  # now that all before it have been reported

    def _place(self, outcomes: Iterator[Outcome[Task, Recorded]], sent_back: list[Task]) -> Iterator[Placed]:
        """Return names to results, up to one that a worker sent back."""
        for outcome in outcomes:
            task = outcome.job
            if outcome.error is not None:
                if isinstance(outcome.error, InternalError):
                    raise outcome.error
                recorded = Recorded((Failed(outcome.error.at_path(shown(task.job.path))),))
            else:
                recorded = outcome.result()
            if recorded.sent_back or (recorded.asked and not _same(task.passphrase, self._existing)):
                sent_back.append(task)
                return
            self._plain += not recorded.derived
            yield self._placing.place(task, recorded)


def _hand_over(passphrase: Passphrase | None) -> HandedOver | None:
    return passphrase.hand_over() if passphrase is not None else None


def _same(sent: HandedOver | None, now: Passphrase | None) -> bool:
    """Return whether a worker tried the passphrase that would be tried now; a person may have typed another since."""
    if sent is None or now is None:
        return sent is None and now is None
    return sent.take().reveal() == now.reveal()


_workers: list[Worker] = []
"""In a worker process, its one worker."""


def _begin(settings: Settings) -> None:
    _workers[:] = [Worker(settings)]


def _work(task: Task) -> Recorded:
    return _workers[0](task)
