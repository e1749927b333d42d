"""Rules on keys in company: a key and the files beside it, and all the keys of one run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from keyconv import repair
from keyconv.checks import modulus
from keyconv.checks.base import Finding
from keyconv.checks.judged import Judged
from keyconv.checks.subject import Hit, fingerprint_of, to_finding
from keyconv.codec import public_blob
from keyconv.engine import read
from keyconv.errors import KeyconvError
from keyconv.formats import bare_name
from keyconv.keyfile import Entry, KeyFile
from keyconv.keys import RsaPublicKey

__all__ = ["Held", "Run", "companions", "find_stale", "held_by", "report_leftovers"]

_MISPLACED = {
    False: "a certificate, where the plain public key belongs: ssh offers it alone, and sshd loads no such host key",
    True: "a plain public key, where ssh and sshd look for a certificate",
}
"""What is said of a file beside a key, by whether a certificate belongs there."""

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
        beside = keyfile.entries[0]
        key = fingerprint_of(beside)
        if not repair.is_stale(keyfile, private[0]):
            if not companion.is_certificate:
                yield from _compare_comments(companion.path, beside, private[0], judged.path)
            if private[0].public is not None and companion.is_certificate == (beside.certificate is None):
                yield (
                    to_finding("cert-misplaced", Hit(_MISPLACED[companion.is_certificate]), companion.path, key=key),
                    None,
                )
        elif companion.is_certificate or beside.certificate is not None:
            message = f"the certificate is for another key than {judged.path}"
            yield to_finding("stale-certificate", Hit(message), companion.path, key=key), None
        else:
            message = f"this is not the public half of {judged.path}"
            yield to_finding("stale-public", Hit(message), companion.path, key=key), _mended(keyfile, private[0])


def _compare_comments(
    path: str, public: Entry, private: Entry, private_path: str
) -> Iterator[tuple[Finding, bytes | None]]:
    """Compare the comment of a public file with that of its private key, where the key's file shows one."""
    if private.comment is None or public.private is not None or (public.comment or b"") == private.comment:
        return
    if public.public == private.public:
        hit = Hit(f"another comment than that of {private_path}")
        yield to_finding("comment-differs", hit, path, key=fingerprint_of(public)), None


def report_leftovers(paths: Iterable[str]) -> Iterator[tuple[Finding, bytes | None]]:
    """Report temporary files of keyconv: one that was read as a key, or those that lie beside one."""
    for path in paths:
        yield to_finding("leftover-file", Hit("a temporary file of a run of keyconv that was interrupted"), path), None


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
    """Give what is kept of the keys of a file."""
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
class Run:
    """What was seen over one run of the program: private keys by their public halves, and RSA moduli.

    `bits` are those of all these moduli; `left_out` says that there were more.
    """

    private: dict[bytes, list[tuple[str, str | None]]] = field(default_factory=dict)
    moduli: dict[int, tuple[str, int | None, str | None]] = field(default_factory=dict)
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
        for places in self.private.values():
            yield from _duplicates(places)
        numbers = list(self.moduli)
        for index in modulus.share_factors(numbers):
            path, line, key = self.moduli[numbers[index]]
            hit = Hit("the RSA modulus shares a prime with another key of this run", line=line)
            yield to_finding("shared-modulus-factor", hit, path, key=key)

    def _add_modulus(self, number: int, path: str, line: int | None, key: str | None) -> None:
        if number in self.moduli:
            return
        if self.bits + number.bit_length() > modulus.MAX_COMPARED_BITS:
            self.left_out = True
        else:
            self.bits += number.bit_length()
            self.moduli[number] = (path, line, key)


def _duplicates(places: list[tuple[str, str | None]]) -> Iterator[Finding]:
    # KEY, KEY.ppk and KEY.pem in one folder are one key in several formats, which is what keyconv is for.
    first = places[0][0]
    reported: set[str] = {first}
    for path, key in places[1:]:
        if path in reported or bare_name(path) == bare_name(first):
            continue
        reported.add(path)
        yield to_finding("duplicate-key", Hit(f"the same private key as in {first}"), path, key=key)


def _read(data: bytes) -> KeyFile | None:
    try:
        return read(data)
    except KeyconvError:
        return None  # it is judged on its own


def _mended(keyfile: KeyFile, private: Entry) -> bytes | None:
    try:
        return repair.mend_public(keyfile, private)
    except KeyconvError:
        return None
