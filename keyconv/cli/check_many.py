"""Many files judged by workers; what they found is taken in the order of the files."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

from keyconv.cli import workers
from keyconv.cli.grounds import Grounds, Judge, Seen, Visit
from keyconv.cli.progress import progress

if TYPE_CHECKING:
    from keyconv.cli.checking import Checker

__all__ = ["check_all"]


def check_all(checker: Checker, grounds: Grounds, paths: tuple[str, ...], jobs: int) -> None:
    """Check everything that is named, with `jobs` workers; 0 is one for each processor.

    What is fixed is fixed here, one after the other.
    """
    visits = chain.from_iterable(map(checker.visits, paths))
    first = list(islice(visits, workers.BREAK_EVEN))
    many = len(first) >= workers.BREAK_EVEN
    count = 1 if checker.manner.fix else jobs or workers.processors()
    shown = many and not (checker.screen.quiet or checker.screen.as_json)
    with (
        workers.ended_by_signals() as look,
        progress("checking", lambda: checker.count(paths), shown=shown, colour=checker.screen.colour) as advance,
        workers.for_files(
            count, _begin, grounds, checker.manner.only_private, many=many, derives=grounds.passphrase is not None
        ) as executor,
    ):
        if executor is None:
            for visit in chain(first, visits):
                checker.check(visit)
                look()
                advance()
            return
        from keyconv import batch

        for outcome in batch.run(chain(first, visits), _judge, executor, workers.AHEAD * count):
            checker.take(outcome)
            look()
            advance()


_judges: list[Judge] = []
"""The one judge of this process, if it is a worker or its threads are."""


def _begin(grounds: Grounds, only_private: bool) -> None:
    _judges[:] = [Judge(grounds, only_private=only_private)]


def _judge(visit: Visit) -> Seen:
    return _judges[0](visit)
