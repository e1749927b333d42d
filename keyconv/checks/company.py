"""Rules on keys in company: a key and the files beside it, and all the keys of one run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from keyconv.checks import modulus
from keyconv.checks.base import Finding
from keyconv.checks.content import Judged
from keyconv.checks.subject import Hit, fingerprint_of, to_finding
from keyconv.codec import public_blob
from keyconv.engine import read
from keyconv.errors import KeyconvError
from keyconv.keyfile import Entry
from keyconv.keys import PublicKey, RsaPublicKey

__all__ = ["Run", "companions", "find_stale"]

_SUFFIX = re.compile(r"\.(?:ppk|pem|key|jwk|der|p8|pkcs8|openssh)\Z", re.IGNORECASE)

Load = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Companion:
    """A file beside a key that should be of the same key: `.pub` or `-cert.pub`."""

    path: str
    is_certificate: bool


def companions(path: str) -> tuple[Companion, ...]:
    """Name the files that belong to a private key: those of KEY, KEY.ppk and KEY.pem alike."""
    stems = dict.fromkeys((_SUFFIX.sub("", path), path))
    return tuple(Companion(stem + ending, ending != ".pub") for stem in stems for ending in (".pub", "-cert.pub"))


def find_stale(judged: Judged, load: Load) -> Iterator[tuple[Finding, PublicKey]]:
    """Compare a private key with the `.pub` and `-cert.pub` beside it, which `load` reads if they are there.

    Yields: findings at the stale file, with the public half that belongs there.
    """
    private = [entry for entry in judged.entries if entry.private is not None]
    if len(private) != 1 or private[0].public is None or judged.path.endswith(".pub"):
        return
    public = private[0].public
    for companion in companions(judged.path):
        data = load(companion.path)
        entry = _only_entry(data) if data is not None else None
        if entry is None or entry.public is None or entry.public == public:
            continue
        key = fingerprint_of(entry)
        if companion.is_certificate or entry.certificate is not None:
            message = f"the certificate is for another key than {judged.path}"
            yield to_finding("stale-certificate", Hit(message), companion.path, key=key), public
        else:
            message = f"this is not the public half of {judged.path}"
            yield to_finding("stale-public", Hit(message), companion.path, key=key), public


@dataclass(slots=True)
class Run:
    """What was seen over one run of the program: private keys by their public halves, and RSA moduli.

    `left_out` counts the moduli beyond those that are compared.
    """

    private: dict[bytes, list[tuple[str, str | None]]] = field(default_factory=dict)
    moduli: dict[int, tuple[str, int | None, str | None]] = field(default_factory=dict)
    left_out: int = 0

    def add(self, judged: Judged) -> None:
        """Remember the keys of a file."""
        for entry in judged.entries:
            if entry.public is None:
                continue
            if entry.private is not None:
                blob = public_blob.write(entry.public)
                self.private.setdefault(blob, []).append((judged.path, fingerprint_of(entry)))
            if isinstance(entry.public, RsaPublicKey):
                self._add_modulus(entry.public.n, judged.path, entry.line, fingerprint_of(entry))
        self.add_lines(judged.path, judged.moduli)

    def add_lines(self, path: str, moduli: Iterable[tuple[int, int, str]]) -> None:
        """Remember the RSA moduli of a file of lines."""
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
        if len(self.moduli) >= modulus.MAX_MODULI:
            self.left_out += 1
        else:
            self.moduli[number] = (path, line, key)


def _duplicates(places: list[tuple[str, str | None]]) -> Iterator[Finding]:
    # KEY, KEY.ppk and KEY.pem in one folder are one key in several formats, which is what keyconv is for.
    first = places[0][0]
    reported: set[str] = {first}
    for path, key in places[1:]:
        if path in reported or _SUFFIX.sub("", path) == _SUFFIX.sub("", first):
            continue
        reported.add(path)
        yield to_finding("duplicate-key", Hit(f"the same private key as in {first}"), path, key=key)


def _only_entry(data: bytes) -> Entry | None:
    try:
        keyfile = read(data)
    except KeyconvError:
        return None  # it is judged on its own
    return keyfile.entries[0] if len(keyfile.entries) == 1 else None
