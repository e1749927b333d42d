"""What a rule is, what it is given and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from keyconv.codec import public_blob
from keyconv.crypto import costs, fingerprint
from keyconv.keyfile import Entry, KeyFile
from keyconv.keys import PublicKey
from keyconv.repairs.opening import Opening

if TYPE_CHECKING:
    from keyconv.checks.line import Line
    from keyconv.statements.krl import RevocationList

__all__ = [
    "DESCRIBED",
    "LINE_KINDS",
    "SEVERITIES",
    "Beside",
    "BesideRule",
    "Content",
    "Context",
    "FileRule",
    "Finding",
    "Hit",
    "Judged",
    "KeyRule",
    "KeysOfRun",
    "LineKind",
    "LineRule",
    "Place",
    "PlacedHit",
    "Related",
    "Rule",
    "RunRule",
    "Severity",
    "Subject",
    "Thresholds",
    "UsualKey",
    "UsualTest",
    "always",
    "blob_of",
    "fingerprint_of",
    "never",
]

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""The severities, the gravest first."""

LineKind = Literal["authorized_keys", "known_hosts", "allowed_signers"]
LINE_KINDS: tuple[LineKind, ...] = ("authorized_keys", "known_hosts", "allowed_signers")
"""Files of lines, by the names that they usually have."""

Place = Literal["file", "stdin", "environment"]


# ── what is found ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that a finding speaks of, and what is there; `line` counts from 1, None is the whole file."""

    path: str
    line: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in one file; `line` counts from 1, or is None where the file as a whole is meant.

    `fingerprint` is the key's (SHA256:...), where there is one. `related` are other places that the finding speaks of.
    No field ever holds key material.
    """

    path: str
    line: int | None
    rule: str
    severity: Severity
    message: str
    hint: str = ""
    fixable: bool = False
    fingerprint: str | None = None
    related: tuple[Related, ...] = ()


class Hit(NamedTuple):
    """What one rule found; what is None comes from the rule itself."""

    message: str
    severity: Severity | None = None
    hint: str | None = None
    line: int | None = None
    fixable: bool | None = None
    related: tuple[Related, ...] = ()


class PlacedHit(NamedTuple):
    """What a rule across files found: the path and the fingerprint of the key, and the hit."""

    path: str
    key: str | None
    hit: Hit


@dataclass(slots=True)
class Judged:
    """What came of one file: findings; the keys that it holds, for comparing them with those of other files.

    `formats` are the names of the formats that they are in, and `kind` that of a file of lines, whose keys are not
    among `entries`; `is_document` says that other text is around the keys.
    `is_key` is False for what was skipped; `unverified` says that a private half could not be proved without a
    passphrase; `remarks` tell what was not looked for.
    """

    path: str
    findings: list[Finding] = field(default_factory=list)
    entries: tuple[Entry, ...] = ()
    moduli: list[tuple[int, int, str]] = field(default_factory=list)
    formats: set[str] = field(default_factory=set)
    kind: LineKind | None = None
    is_document: bool = False
    is_key: bool = True
    unverified: bool = False
    remarks: tuple[str, ...] = ()


# ── what rules are given ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which number on a rule speaks; the names in settings have hyphens.

    `argon2_work` is KiB of memory times passes; from `argon2_work_least` on, falling short of it is an `info` alone:
    what PuTTYgen writes on a slow machine.
    """

    rsa_bits: int = 3072
    rsa_bits_error: int = 2048
    bcrypt_rounds: int = costs.BCRYPT_ROUNDS
    argon2_work: int = costs.ARGON2_WORK
    argon2_work_least: int = costs.PUTTY_ARGON2_WORK
    pbkdf2_iterations: int = costs.PBKDF2_ITERATIONS
    scrypt_work: int = costs.SCRYPT_WORK


_DEFAULT = Thresholds()


@dataclass(frozen=True, slots=True)
class Context:
    """What rules may know beside the key: the time (seconds since 1970), thresholds, and keys that are known weak.

    `revoked` are revocation lists with the names of their files.
    `opening` holds the passphrase of this run, if there is one. `blocklist` tells why a key is known to be weak, by its
    blob. `key_types` are the families that may be used; none named means all. `thorough` allows the tests of a modulus
    that cost milliseconds. `unattended` says that nobody can type a passphrase where the keys are used.
    """

    now: int
    thresholds: Thresholds = _DEFAULT
    opening: Opening = field(default_factory=Opening)
    blocklist: Callable[[bytes, PublicKey], str] | None = None
    public_only: bool = False
    key_types: frozenset[str] = frozenset()
    thorough: bool = True
    unattended: bool = False
    revoked: tuple[tuple[str, RevocationList], ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """One file's bytes and what surrounds them: its path as shown, its mode where the system keeps one, where it is.

    `named` says that a person pointed at this very file, so that it must be a key. `is_host_key`: sshd reads it.
    `is_backup`: it is the copy that a fix kept of the file beside it.
    """

    path: str
    data: bytes = field(repr=False)
    mode: int | None = None
    place: Place = "file"
    named: bool = True
    is_host_key: bool = False
    is_backup: bool = False

    @property
    def name(self) -> str:
        """The last part of the path; nothing for standard input and variables."""
        return self.path.replace("\\", "/").rsplit("/", 1)[-1] if self.place == "file" else ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A file that was read, perhaps after damage was fixed: `data` is then the fixed text."""

    content: Content
    data: bytes = field(repr=False)
    keyfile: KeyFile
    context: Context


@dataclass(frozen=True, slots=True)
class Beside:
    """A private key and what is in a file beside it, `.pub` or `-cert.pub`: `is_certificate` says which."""

    path: str
    is_certificate: bool
    entry: Entry
    private: Entry
    private_path: str

    @property
    def is_same(self) -> bool:
        """Whether both are of one key; while that cannot be determined of a locked key, they are taken to be."""
        return self.private.public is None or self.entry.public == self.private.public


@dataclass(slots=True)
class KeysOfRun:
    """What was seen over one run of the program: private keys by their public halves, and RSA moduli.

    Private keys have their path and fingerprint, moduli their path, line and fingerprint.
    """

    private: dict[bytes, list[tuple[str, str | None]]] = field(default_factory=dict)
    moduli: dict[int, tuple[str, int | None, str | None]] = field(default_factory=dict)


class UsualKey(NamedTuple):
    """A key on a usual line: one of a usual type, alone or after usual hosts, with a plain comment.

    Its family, the SHA-256 digest of its blob, its modulus if it is RSA's, or 0, and the hosts as they stand there.
    """

    family: str
    digest: bytes
    modulus: int
    hosts: bytes = b""


UsualTest = Callable[[UsualKey], bool]
"""Returns quickly whether a rule may have something to say of a usual line."""


def always(context: Context) -> UsualTest | None:
    """Let a rule be asked about every usual line: files of a million lines then take longer."""
    return _yes


def never(context: Context) -> UsualTest | None:
    """Let a rule be asked about no usual line, since it has nothing to say of any."""
    return None


def _yes(key: UsualKey) -> bool:
    return True


# ── rules ──────────────────────────────────────────────────────────────────────────────────────────────────────────

KeyRule = Callable[[Entry, Context], Iterator[Hit]]
FileRule = Callable[[Subject], Iterator[Hit]]
LineRule = Callable[["Line"], Iterator[Hit]]
BesideRule = Callable[[Beside], Iterator[Hit]]
RunRule = Callable[[KeysOfRun], Iterator[PlacedHit]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its stable name, what `check --list`, the reports and the documentation say of it, and what finds it.

    `severity` is the default one; `fixable` says whether `repair` can fix it and prove the result; `cause` is where it
    comes from, `others` what other programs then say, `cure` what to do; `setting` names the settings that it goes by.

    `on_key` is asked about every key wherever it is: of these `families` alone if any are named, and only of keys with
    a certificate if `of_certificates`. `on_hosts` says what of it counts for the keys of hosts. `on_line` is asked
    about a key in files of these `kinds`. `usual` gives for a run the quick test of usual lines; left out, the rule is
    asked about all of them. `on_text` is asked about the text of a key file that loads as it stands, `on_file` about
    one that loads; `once` says that it finds the same of each key of a file. `beside` compares a private key with a
    file beside it, `across` all keys of a run. A rule without a function is found where files are read, by the errors
    that name it.
    """

    name: str
    severity: Severity = field(default="error", kw_only=True)
    fixable: bool = field(default=False, kw_only=True)
    group: str = field(kw_only=True)
    title: str
    cause: str
    others: str
    cure: str
    setting: str = field(default="", kw_only=True)
    on_key: KeyRule | None = field(default=None, kw_only=True)
    families: frozenset[str] = field(default=frozenset(), kw_only=True)
    of_certificates: bool = field(default=False, kw_only=True)
    on_hosts: Literal["nothing", "errors", "everything"] = field(default="errors", kw_only=True)
    on_line: LineRule | None = field(default=None, kw_only=True)
    kinds: tuple[LineKind, ...] = field(default=LINE_KINDS, kw_only=True)
    usual: Callable[[Context], UsualTest | None] = field(default=always, kw_only=True)
    on_text: FileRule | None = field(default=None, kw_only=True)
    on_file: FileRule | None = field(default=None, kw_only=True)
    once: bool = field(default=False, kw_only=True)
    beside: BesideRule | None = field(default=None, kw_only=True)
    across: RunRule | None = field(default=None, kw_only=True)


DESCRIBED = ("name", "severity", "fixable", "group", "title", "cause", "others", "cure", "setting")
"""The fields of a rule that are said of it: the others find it."""


# ── keys ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def fingerprint_of(entry: Entry | None) -> str | None:
    """Return the fingerprint of a key (a certificate's key, not the certificate), where its public half shows."""
    if entry is None or entry.public is None:
        return None
    return fingerprint.sha256(blob_of(entry.public))


@lru_cache(maxsize=2)
def blob_of(public: PublicKey) -> bytes:
    """Return the blob of a public key, of which many rules ask."""
    return public_blob.write(public)
