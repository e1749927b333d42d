"""Damage to single rows of a file of lines, fixed row by row: every other row keeps its bytes and its line end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from keyconv import limits
from keyconv.codec.line_faults import LineFaults
from keyconv.codec.line_kind import has_private_among_lines, kind_among_blocks, kind_of
from keyconv.engine import read
from keyconv.errors import KeyconvError
from keyconv.formats.authorized_keys import read_line
from keyconv.formats.known_hosts import read_line as read_host_line
from keyconv.repairs.public_lines import line_of_block, split_keys
from keyconv.repairs.searching import Candidate
from keyconv.text.lines import Line, split

__all__ = ["mend_rows"]


def mend_rows(data: bytes, kind: str = "") -> Candidate | None:
    """Fix what can be fixed of single rows, whatever else is wrong; None where that is nothing.

    `kind` is that of the file by its name, where that tells one; otherwise its content does. What is left is in
    `faults` of the candidate's file. A file with a private key among its lines is never fixed, nor one of
    `allowed_signers`.
    """
    kind = kind or kind_among_blocks(data) or kind_of(data)
    if (
        kind not in ("authorized_keys", "known_hosts")
        or len(data) > limits.MAX_KEY_FILE
        or has_private_among_lines(data)
    ):
        return None
    work = _Rows(split(data), on_hosts=kind == "known_hosts")
    changed = b"".join(work.mend())
    if not work.undone:
        return None
    try:
        keyfile = read(changed, "known_hosts" if work.on_hosts else "openssh-pub")
    except KeyconvError:
        return None
    undone = tuple(dict.fromkeys(work.undone))
    return Candidate(changed, keyfile, undone, proved=True, offset=work.offset)


@dataclass(slots=True)
class _Rows:
    """The rows of one file, while they are fixed; `offset` is where the first that was changed begins."""

    rows: list[Line]
    on_hosts: bool
    undone: list[str] = field(default_factory=list)
    offset: int | None = None

    def mend(self) -> Iterator[bytes]:
        """Return the text of every line with its end."""
        read_row = read_host_line if self.on_hosts else read_line
        faults = LineFaults(read_row, "known_hosts" if self.on_hosts else "authorized_keys")
        index = position = 0
        while index < len(self.rows):
            row, count = self.rows[index], 1
            before, rule = b"", ""
            texts: list[bytes] = [row.text]
            try:
                read_row(row.text, row.number, [])
                texts = self._split(row.text)
                rule = "joined-keys" if len(texts) > 1 else ""
            except KeyconvError as error:
                rule, count, texts = self._explain(faults, index, error)
            taken = self.rows[index : index + count]
            before = b"".join(each.text + each.end for each in taken)
            if rule:
                self.offset = position if self.offset is None else self.offset
                self.undone.append(rule)
                yield _ended(texts, taken)
            else:
                yield before
            position += len(before)
            index += count

    def _split(self, text: bytes) -> list[bytes]:
        return [text] if self.on_hosts else split_keys(text)

    def _explain(self, faults: LineFaults, index: int, error: KeyconvError) -> tuple[str, int, list[bytes]]:
        """Name the rule of a bad row that can be fixed, the rows that it takes, and the lines that they are."""
        row = self.rows[index]

        def peek(count: int) -> bytes | None:
            below = index + 1 + count
            return self.rows[below].text if below < len(self.rows) else None

        fault = faults.explain(row.text, row.number, peek, error)
        count = 1 + fault.below
        rule = fault.error.rule
        if fault.joined is not None:
            return rule, count, [fault.joined.text]
        if rule == "joined-keys" and len(pieces := self._split(row.text)) > 1:
            return rule, count, pieces
        if rule == "indented":
            return rule, count, [row.text[faults.find_key(row.text) :]]
        if rule == "rfc4716-in-authorized-keys" and not self.on_hosts:
            block = self.rows[index + fault.error.line - row.number : index + count] if fault.error.line else []
            line = line_of_block(b"".join(each.text + b"\n" for each in block))
            if line is not None:
                options = row.text.strip(b" \t\r") + b" " if len(block) < count else b""
                return rule, count, [options + line.removesuffix(b"\n")]
        return "", count, []


def _ended(texts: list[bytes], taken: list[Line]) -> bytes:
    """Return the lines that some rows are now, with the line ends that the rows had."""
    last, end = taken[-1].end, taken[0].end or b"\n"
    return b"".join(text.removesuffix(b"\r") + end for text in texts[:-1]) + texts[-1].removesuffix(b"\r") + last
