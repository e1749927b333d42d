"""An inventory: one row for each key of a file, with the names of what `check` finds about it, and no secret."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from keyconv.checks.model import Finding, Judged, fingerprint_of
from keyconv.engine import read
from keyconv.errors import KeyconvError
from keyconv.keyfile import Entry, KeyFile, Locked

__all__ = ["Row", "rows_of", "rows_of_lines"]


@dataclass(frozen=True, slots=True)
class Row:
    """One key of a file, or the findings of a file that are about none of its keys: `kind` is then None.

    `line` counts from 1, or is None where the key is the whole of the file. `kind` is private, public, certificate, or
    that of a file of lines. `document` says that other text is around the key. What only the passphrase shows is None.
    `kdf` has its name and its costs, and no salt.
    """

    path: str
    line: int | None = None
    document: bool = False
    format: str | None = None
    kind: str | None = None
    type: str | None = None
    bits: int | None = None
    fingerprint: str | None = None
    comment: str | None = None
    encrypted: bool | None = None
    cipher: str | None = None
    kdf: dict[str, int | str] | None = None
    findings: tuple[Finding, ...] = field(default=())


def rows_of(judged: Judged, data: bytes, findings: Sequence[Finding]) -> Iterator[Row]:
    """Yield the rows of a file that was judged, in order of its lines; `findings` are those about it to be shown."""
    entries, formats, document = judged.entries, judged.formats, judged.is_document
    if not entries and judged.is_key:
        keyfile = _read(data)
        if keyfile is not None:
            entries, formats, document = keyfile.entries, {keyfile.format}, keyfile.is_document
    name = next(iter(formats)) if len(formats) == 1 else None
    if judged.kind is not None:
        yield from rows_of_lines(judged.path, entries, findings, name, judged.kind)
        return
    about: dict[int | None, list[Finding]] = defaultdict(list)
    for finding in findings:
        about[_number_of(finding, entries)].append(finding)
    if about[None] or (not entries and findings):
        yield Row(judged.path, about[None][0].line, document, findings=tuple(about[None]))
    for number, entry in enumerate(entries):
        yield _row(judged.path, entry, about[number], name, _kind(entry), document=document)


def rows_of_lines(
    path: str, entries: Iterable[Entry], findings: Iterable[Finding], format: str | None, kind: str
) -> Iterator[Row]:
    """Yield the rows of a file of lines as its entries come: the keys, and between them the lines with findings alone.

    What is found of the file as a whole comes first.
    """
    about: dict[int, list[Finding]] = defaultdict(list)
    for finding in findings:
        about[finding.line or 0].append(finding)
    waiting = sorted(about, reverse=True)
    for entry in entries:
        line = entry.line or 0
        while waiting and (waiting[-1] < line or waiting[-1] == 0):
            yield _without_key(path, about.pop(waiting.pop()))
        if waiting and waiting[-1] == line:
            waiting.pop()
        yield _row(path, entry, about.pop(line, ()), format, kind, document=False)
    while waiting:
        yield _without_key(path, about.pop(waiting.pop()))


def _number_of(finding: Finding, entries: tuple[Entry, ...]) -> int | None:
    """Find the key that a finding is about, by its number from 0."""
    if len(entries) == 1:
        return 0
    same = [number for number, entry in enumerate(entries) if fingerprint_of(entry) == finding.fingerprint]
    if finding.fingerprint is None or not same:
        return None
    return next((number for number in same if entries[number].line == finding.line), same[0])


def _without_key(path: str, findings: Sequence[Finding]) -> Row:
    return Row(path, findings[0].line, findings=tuple(findings))


def _row(path: str, entry: Entry, findings: Sequence[Finding], format: str | None, kind: str, *, document: bool) -> Row:
    public = entry.public
    protection = entry.private.protection if isinstance(entry.private, Locked) else entry.protection
    costs = {name: value for name, value in protection.kdf.describe().items() if name != "salt"} if protection else {}
    return Row(
        path,
        entry.line,
        document,
        format,
        kind,
        public.algorithm if public is not None else None,
        public.bits if public is not None else None,
        fingerprint_of(entry),
        None if entry.comment is None else entry.comment.decode("utf-8", "backslashreplace"),
        protection is not None,
        protection.cipher if protection is not None else None,
        {"name": protection.kdf.name, **costs} if protection is not None else None,
        tuple(findings),
    )


def _kind(entry: Entry) -> str:
    if entry.private is not None or entry.fault is not None:
        return "private"
    return "certificate" if entry.certificate is not None else "public"


def _read(data: bytes) -> KeyFile | None:
    try:
        return read(data)
    except KeyconvError:  # which the findings say
        return None
