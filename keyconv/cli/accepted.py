"""The baseline of one run of `keyconv check`: where it is, what it accepts, and what of it the run looked for."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from keyconv import files, limits
from keyconv.checks.baseline import Baseline, Entry, Split, is_baseline, read, write
from keyconv.checks.collecting import Collector
from keyconv.checks.model import Finding
from keyconv.checks.report.model import plural
from keyconv.cli.opening import STDIN
from keyconv.cli.render import Screen
from keyconv.errors import InputError, OutputError, UsageError

__all__ = ["Accepted"]

_MOST = 64 * limits.MIB
_NONE = "keyconv check --baseline FILE --write-baseline PATH... writes one"
_VARIABLE = "env:"


class Accepted:
    """A baseline, in use or about to be rewritten.

    Its paths begin at its own folder, so that the folder in which keyconv runs does not matter. A run that looked at a
    part of the files, or for a part of the rules, decides about that part alone.
    """

    def __init__(self, path: str, *, replaces: bool, force: bool) -> None:
        """Read the baseline; one that is to be written need not be there.

        Raises: UsageError for one that cannot be used; OutputError for a file that is not to be replaced.
        """
        self._path = path
        self._folder = os.path.dirname(_absolute(path))  # noqa: PTH120 - keeps names that are no valid text
        self._before = _load_to_replace(path, force=force) if replaces else _load(path)

    def split(self, findings: Iterable[Finding], collector: Collector, paths: Iterable[str]) -> Split:
        """Separate new findings from accepted ones; `paths` are those that the command line named."""
        return self._before.split(findings, self._place, _Looked(self._folder, collector, paths))

    def write(self, collector: Collector, findings: Iterable[Finding], paths: Iterable[str], screen: Screen) -> None:
        """Write the baseline of these findings; entries for which the run did not look stay.

        Raises: OutputError.
        """
        made = write(findings, self._place, self._before, _Looked(self._folder, collector, paths))
        data = made.text.encode("ascii")
        if len(data) > _MOST:
            raise OutputError(
                f"{made.found + made.kept} findings are more than a baseline has room for ({limits.size(_MOST)})",
                hint="choose rules with --select or --ignore, or a baseline for each part of the files",
            ).at_path(self._path)
        files.save(self._path, data, private=False, force=True)
        kept = f", and kept {made.kept} that this run did not look for" if made.kept else ""
        screen.note(f"wrote the baseline: {plural(made.found, 'finding')}{kept}", self._path)

    def _place(self, path: str) -> str:
        if path == STDIN or path.startswith(_VARIABLE):
            return path
        absolute = _absolute(path)
        try:
            return Path(os.path.relpath(absolute, self._folder)).as_posix()
        except ValueError:  # another drive
            return Path(absolute).as_posix()


class _Looked:
    """Returns of an entry whether a run looked for its finding."""

    def __init__(self, folder: str, collector: Collector, paths: Iterable[str]) -> None:
        self._folder = folder
        self._collector = collector
        self._named = {path for path in paths if _is_special(path)}
        self._roots = {_normal(path) for path in (*paths, *collector.places) if not _is_special(path)}
        self._unread = {_normal(problem.path) for problem in collector.unreadable}

    def __call__(self, entry: Entry) -> bool:
        policy = self._collector.policy
        if entry.rule not in policy.select or entry.rule in policy.ignore:
            return False
        if _is_special(entry.path):
            return entry.path in self._named
        path = os.path.join(self._folder, entry.path)  # noqa: PTH118
        above = _and_above(_normal(path))
        return (
            not self._roots.isdisjoint(above)
            and self._unread.isdisjoint(above)
            and not (policy.exclude and policy.excludes(self._collector.relative(path)))
        )


def _load(path: str) -> Baseline:
    try:
        return read(files.load(path, limit=_MOST))
    except InputError as error:
        raise UsageError(f"cannot read the baseline: {error.message}", hint=_NONE).at_path(path) from None
    except UsageError as error:
        raise error.at_path(path) from None


def _load_to_replace(path: str, *, force: bool) -> Baseline:
    if not os.path.lexists(path):
        return Baseline()
    try:
        data = files.load(path, limit=_MOST)
        if is_baseline(data):
            return read(data)
    except InputError:
        if not force:
            raise
    except UsageError:  # of another version, or damaged
        return Baseline()
    if not force:
        raise OutputError("exists and is not a baseline", hint="--force replaces it").at_path(path)
    return Baseline()


def _is_special(path: str) -> bool:
    return path == STDIN or path.startswith(_VARIABLE)


def _absolute(path: str) -> str:
    try:
        return os.path.abspath(path)  # noqa: PTH100 - keeps names that are no valid text
    except OSError:  # the folder is gone, and nothing is relative to it any more
        return os.path.normpath(os.path.join(os.sep, path))  # noqa: PTH118


def _normal(path: str) -> str:
    return os.path.normcase(_absolute(path))


def _and_above(path: str) -> list[str]:
    found = [path]
    while (above := os.path.dirname(found[-1])) != found[-1]:  # noqa: PTH120
        found.append(above)
    return found
