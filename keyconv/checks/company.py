"""Rules on keys in company: a key and the files beside it, and all the keys of one run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from keyconv import repairs, statements
from keyconv.checks import modulus, rules
from keyconv.checks.model import Beside, Finding, Hit, Judged, KeysOfRun, fingerprint_of
from keyconv.codec import public_blob
from keyconv.codec.sshfp import ALGORITHMS
from keyconv.engine import read
from keyconv.errors import KeyconvError
from keyconv.formats import bare_name
from keyconv.keyfile import Entry, KeyFile
from keyconv.keys import RsaPublicKey
from keyconv.statements import sshfp

__all__ = ["Held", "Run", "companions", "find_stale", "held_by", "report_leftovers"]

Load = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Companion:
    """A file beside a key that should be of the same key: `.pub` or `-cert.pub`."""

    path: str
    is_certificate: bool


def companions(path: str) -> tuple[Companion, ...]:
    """Name the files that belong to a private key: those of KEY, KEY.ppk and KEY.p8 alike."""
    stems = dict.fromkeys((bare_name(path), path))
    return tuple(Companion(stem + ending, ending != ".pub") for stem in stems for ending in (".pub", "-cert.pub"))


def find_stale(judged: Judged, load: Load) -> Iterator[tuple[Finding, bytes | None]]:
    """Compare a private key with the `.pub` and `-cert.pub` beside it, which `load` reads if they are there.

    Yields: findings at the stale file, with what belongs there, where that is proved.
    """
    private = [entry for entry in judged.entries if entry.private is not None]
    if len(private) != 1 or judged.path.endswith(".pub"):
        return
    for companion in companions(judged.path):
        data = load(companion.path)
        keyfile = _read(data) if data is not None else None
        if keyfile is None or len(keyfile.entries) != 1 or keyfile.entries[0].public is None:
            continue
        beside = Beside(companion.path, companion.is_certificate, keyfile.entries[0], private[0], judged.path)
        for rule, find in rules.BOOK.beside:
            for hit in find(beside):
                finding = rules.BOOK.to_finding(rule.name, hit, beside.path, key=fingerprint_of(beside.entry))
                yield finding, _mended(keyfile, private[0]) if rule.fixable else None
    yield from _find_stale_records(judged.path, private[0], load)


def _find_stale_records(path: str, private: Entry, load: Load) -> Iterator[tuple[Finding, None]]:
    """Compare a private key with the SSHFP records beside it, as far as there are any for keys of its type."""
    if private.public is None or private.public.family not in ALGORITHMS:
        return
    for stem in dict.fromkeys((bare_name(path), path)):
        data = load(f"{stem}.sshfp")
        if data is None or statements.detect(data) != "sshfp":
            continue
        try:
            found = sshfp.read(data)
        except KeyconvError:
            continue  # it is judged on its own
        number = ALGORITHMS[private.public.family]
        alike = [record for record in found.records if record.algorithm == number and not record.fault]
        if alike and not any(record.is_of(private.public) for record in alike):
            hit = Hit(f"the records are of another key than {path}", line=alike[0].line)
            yield rules.BOOK.to_finding("stale-sshfp", hit, f"{stem}.sshfp"), None


def report_leftovers(paths: Iterable[str]) -> Iterator[tuple[Finding, bytes | None]]:
    """Report temporary files of keyconv: one that was read as a key, or those that lie beside one."""
    for path in paths:
        yield (
            rules.BOOK.to_finding(
                "leftover-file", Hit("a temporary file of a run of keyconv that was interrupted"), path
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class Held:
    """What is kept of a key to compare it with others, and no secret: its fingerprint `key`, its place.

    `private` is the public blob of a private key, and empty for a public one; `modulus` is that of an RSA key, or 0.
    """

    key: str | None
    line: int | None
    private: bytes
    modulus: int


def held_by(judged: Judged) -> tuple[Held, ...]:
    """Return what is kept of the keys of a file."""
    return tuple(
        Held(
            fingerprint_of(entry),
            entry.line,
            public_blob.write(entry.public) if entry.private is not None else b"",
            entry.public.n if isinstance(entry.public, RsaPublicKey) else 0,
        )
        for entry in judged.entries
        if entry.public is not None
    )


@dataclass(slots=True)
class Run(KeysOfRun):
    """What was seen over one run of the program: private keys by their public halves, and RSA moduli.

    `bits` are those of all these moduli; `left_out` says that there were more.
    """

    bits: int = 0
    left_out: bool = False

    def add(self, judged: Judged, held: Iterable[Held]) -> None:
        """Remember the keys of a file."""
        for each in held:
            if each.private:
                self.private.setdefault(each.private, []).append((judged.path, each.key))
            if each.modulus:
                self._add_modulus(each.modulus, judged.path, each.line, each.key)
        self.add_lines(judged.path, judged.moduli)

    def add_lines(self, path: str, moduli: Iterable[tuple[int, int, str]], *, left_out: bool = False) -> None:
        """Remember the RSA moduli of a file of lines; `left_out` says that these are not all."""
        self.left_out = self.left_out or left_out
        for number, line, key in moduli:
            self._add_modulus(number, path, line, key)

    def findings(self) -> Iterator[Finding]:
        """Compare everything with everything."""
        for name, find in rules.BOOK.across:
            for path, key, hit in find(self):
                yield rules.BOOK.to_finding(name, hit, path, key=key)

    def _add_modulus(self, number: int, path: str, line: int | None, key: str | None) -> None:
        known = self.moduli.get(number)
        if known is not None:
            if path < known[0]:  # so that the order in which files are read does not matter
                self.moduli[number] = (path, line, key)
            return
        if self.bits + number.bit_length() > modulus.MAX_COMPARED_BITS:
            self.left_out = True
        else:
            self.bits += number.bit_length()
            self.moduli[number] = (path, line, key)


def _read(data: bytes) -> KeyFile | None:
    try:
        return read(data)
    except KeyconvError:
        return None  # it is judged on its own


def _mended(keyfile: KeyFile, private: Entry) -> bytes | None:
    try:
        return repairs.mend_public(keyfile, private)
    except KeyconvError:
        return None
