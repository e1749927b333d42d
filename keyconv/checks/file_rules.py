"""Rules on a file that loads: how its text is written, what it should hold by its name, how it is protected."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keyconv.checks.base import Severity
from keyconv.checks.subject import FileRule, Hit, Subject
from keyconv.crypto.kdf import Argon2, BcryptPbkdf
from keyconv.errors import LimitError
from keyconv.keyfile import Entry, Locked, Protection
from keyconv.keys.certificate import HOST
from keyconv.notes import Note
from keyconv.repair.messages import MESSAGES

__all__ = ["FILE_RULES", "TEXT_RULES", "blank_inside", "damage_severity", "is_private_name", "private_entries"]

_PPK = ("ppk", "ppk2", "ppk1")
_GRAVE_IN = {
    "missing-final-newline": ("openssh",),
    "crlf": ("openssh",),
    "trailing-whitespace": ("openssh", *_PPK),
    "blank-lines": _PPK,
}
"""Damages that do no harm elsewhere."""

_BLANK_INSIDE = re.compile(
    rb"(?m)(?:^[A-Za-z0-9+/]+={0,2}|-----BEGIN [A-Z0-9 ]+-----|^\r?)\r?\n\r?\n[A-Za-z0-9+/=\n]+-----END "
)

_WEAK_CIPHER = re.compile(r"(?<![a-z])(?:3?des|rc4|arcfour|rc2|idea)(?![a-z])|des-?ede3?|blowfish", re.IGNORECASE)
_HASH_KDFS = {
    "sha1": "two runs of SHA-1",
    "md5": "MD5 without a salt",
    "evp-md5": "one run of MD5",
    "pbes1": "PBES1, of 1993",
}
_SIGN_FOR_HOST = "Have the key signed again, for a host: 'ssh-keygen -s CA -h'."
_SIGN_FOR_USER = "Have the key signed again, for a user: 'ssh-keygen -s CA' without -h."
_KEY_STEM = re.compile(r"(?:^|[._-])(?:id|key|priv|private|privkey|deploy|identity)(?:$|[._-])|private|privkey")
_PUBLIC_STEM = re.compile(r"(?:^|[._-])(?:pub|public|cert)(?:$|[._-])")


def damage_severity(name: str, format: str, default: Severity) -> Severity:
    """Give the severity of a damage that only some formats suffer from."""
    formats = _GRAVE_IN.get(name)
    if formats is None:
        return default
    return "error" if format in formats else "info"


def blank_inside(data: bytes) -> bool:
    """Tell whether there is a blank line in the body of a frame, other than the one that ends its headers."""
    return _BLANK_INSIDE.search(data) is not None


def private_entries(entries: tuple[Entry, ...]) -> list[Entry]:
    """Give the entries with a private half, or with one that is missing where it should be."""
    return [entry for entry in entries if entry.private is not None or entry.fault is not None]


def is_host_key_name(name: str) -> bool:
    """Tell whether a file of this name holds a key of the host, which sshd must read without a passphrase."""
    return name.startswith("ssh_host_")


def is_private_name(name: str) -> bool:
    """Tell whether a file of this name should hold a private key: `id_*`, `*.ppk`, `*.pem` named for a key."""
    name = name.lower()
    if name.endswith(".pub") or "-cert" in name:
        return False
    if name.endswith(".ppk") or (name.startswith("id_") and len(name) > 3 and "." not in name):
        return True
    stem = name.removesuffix(".pem")
    return name != stem and bool(_KEY_STEM.search(stem)) and not _PUBLIC_STEM.search(stem)


# ── how the text is written ────────────────────────────────────────────────────────────────────────────────────────


def crlf(subject: Subject) -> Iterator[Hit]:
    """CR LF line ends."""
    if _is_text(subject) and b"\r\n" in subject.data:
        yield _damage(subject, "crlf")


def cr_line_ends(subject: Subject) -> Iterator[Hit]:
    """Line ends of CR alone."""
    if _is_text(subject) and re.search(rb"\r(?!\n)", subject.data):
        yield Hit(MESSAGES["cr-line-ends"])


def missing_final_newline(subject: Subject) -> Iterator[Hit]:
    """A last line that does not end."""
    if _is_text(subject) and not subject.data.endswith((b"\n", b"\r")):
        yield _damage(subject, "missing-final-newline")


def noncanonical(subject: Subject) -> Iterator[Hit]:
    """Encodings that some reader refuses."""
    for note in dict.fromkeys(_notes(subject, "noncanonical")):
        yield Hit(note.message, "info", fixable=False) if note.harmless else Hit(note.message)


def explicit_parameters(subject: Subject) -> Iterator[Hit]:
    """An EC key whose curve is spelled out."""
    for note in _notes(subject, "explicit-parameters"):
        yield Hit(note.message)


def truncated(subject: Subject) -> Iterator[Hit]:
    """A file whose public half is whole and whose private half is not."""
    for entry in subject.keyfile.entries:
        if entry.fault is not None:
            yield Hit(str(entry.fault))


# ── what it should hold ────────────────────────────────────────────────────────────────────────────────────────────


def public_not_private(subject: Subject) -> Iterator[Hit]:
    """A public key under a private key's name, or in a variable."""
    if private_entries(subject.keyfile.entries) or subject.context.public_only:
        return
    if subject.content.place == "environment":
        yield Hit("the variable holds a public key, where a private one belongs")
    elif is_private_name(subject.content.name) and subject.keyfile.kind != "authorized_keys":
        yield Hit("a public key under the name of a private one")


def private_not_public(subject: Subject) -> Iterator[Hit]:
    """A private key in a `.pub` file, or anywhere when only public ones are allowed."""
    if not any(entry.private is not None for entry in subject.keyfile.entries):
        return
    if subject.context.public_only:
        yield Hit("a private key, where only public ones are allowed")
    elif subject.content.name.lower().endswith(".pub"):
        yield Hit("a private key in a .pub file")


def cert_misplaced(subject: Subject) -> Iterator[Hit]:
    """A user's certificate under the name of a host's, or a host's under that of a user's."""
    name = subject.content.name
    for entry in subject.keyfile.entries:
        if entry.certificate is None or entry.private is not None:
            continue
        if is_host_key_name(name) and entry.certificate.role != HOST:
            yield Hit("a user's certificate under the name of a host's: sshd does not load it", hint=_SIGN_FOR_HOST)
        elif name.startswith("id_") and entry.certificate.role == HOST:
            yield Hit("a host's certificate under the name of a user's: sshd lets nobody in by it", hint=_SIGN_FOR_USER)


def multiple_keys(subject: Subject) -> Iterator[Hit]:
    """Several private keys in one file."""
    count = len(private_entries(subject.keyfile.entries))
    if count > 1:
        yield Hit(f"the file holds {count} private keys: most programs read the first alone, or none")


# ── protection ─────────────────────────────────────────────────────────────────────────────────────────────────────


def unencrypted(subject: Subject) -> Iterator[Hit]:
    """A private half without a passphrase; a FIDO key's secret is not in the file, and sshd can type none."""
    if subject.content.is_host_key or is_host_key_name(subject.content.name):
        return
    for entry in subject.keyfile.entries:
        open_one = entry.private is not None and not isinstance(entry.private, Locked) and entry.protection is None
        if open_one and not (entry.public is not None and entry.public.family.startswith("sk-")):
            yield Hit("the private key has no passphrase")
            return


def encrypted(subject: Subject) -> Iterator[Hit]:
    """A private half that only a passphrase opens, where nobody can type one."""
    if subject.context.unattended and any(isinstance(entry.private, Locked) for entry in subject.keyfile.entries):
        yield Hit("the private key has a passphrase, which nobody can type where it is used")


def permissions(subject: Subject) -> Iterator[Hit]:
    """A mode that lets others at a private key."""
    mode = subject.content.mode
    if mode is not None and mode & 0o077 and any(entry.private is not None for entry in subject.keyfile.entries):
        who = "others" if mode & 0o007 else "its group"
        can = "write" if mode & 0o022 else "read"
        yield Hit(f"the mode is {mode & 0o7777:04o}: {who} can {can} the private key")


def weak_kdf(subject: Subject) -> Iterator[Hit]:
    """A derivation that is cheap to try passphrases against."""
    for protection in _protections(subject):
        why = _weakness(protection, subject)
        if why:
            kdf, least = protection.kdf, subject.context.thresholds.argon2_work_least
            slow_machine = isinstance(kdf, Argon2) and kdf.memory_kib * kdf.passes >= least
            yield Hit(f"the passphrase is cheap to guess: {why}", "info" if slow_machine else None)
            return


def weak_cipher(subject: Subject) -> Iterator[Hit]:
    """A cipher of the last century."""
    for protection in _protections(subject):
        if _WEAK_CIPHER.search(protection.cipher):
            yield Hit(f"the private key is encrypted with {protection.cipher}")
            return


def costly_kdf(subject: Subject) -> Iterator[Hit]:
    """A derivation above the limits, judged without running it."""
    for protection in _protections(subject):
        try:
            protection.kdf.check_cost()
        except LimitError as error:
            yield Hit(error.message)
            return


def ssh1(subject: Subject) -> Iterator[Hit]:
    """A key of protocol 1."""
    if subject.keyfile.format in ("ssh1", "ssh1-pub"):
        yield Hit("a key of SSH protocol 1")


TEXT_RULES: tuple[tuple[str, FileRule], ...] = (
    ("crlf", crlf),
    ("cr-line-ends", cr_line_ends),
    ("missing-final-newline", missing_final_newline),
)
"""Rules on the text as it stands; skipped where it had to be mended before it loaded."""

FILE_RULES: tuple[tuple[str, FileRule], ...] = (
    ("truncated", truncated),
    ("noncanonical", noncanonical),
    ("explicit-parameters", explicit_parameters),
    ("public-not-private", public_not_private),
    ("private-not-public", private_not_public),
    ("cert-misplaced", cert_misplaced),
    ("multiple-keys", multiple_keys),
    ("unencrypted", unencrypted),
    ("encrypted", encrypted),
    ("permissions", permissions),
    ("weak-kdf", weak_kdf),
    ("weak-cipher", weak_cipher),
    ("costly-kdf", costly_kdf),
    ("ssh1", ssh1),
)


def _is_text(subject: Subject) -> bool:
    return b"\0" not in subject.data and not any(True for _ in _notes(subject, "der"))


def _damage(subject: Subject, name: str) -> Hit:
    return Hit(MESSAGES[name], damage_severity(name, subject.keyfile.format, "error"))


def _notes(subject: Subject, code: str) -> Iterator[Note]:
    keyfile = subject.keyfile
    for note in (*keyfile.notes, *(note for entry in keyfile.entries for note in entry.notes)):
        if note.code == code:
            yield note


def _protections(subject: Subject) -> Iterator[Protection]:
    for entry in subject.keyfile.entries:
        protection = entry.private.protection if isinstance(entry.private, Locked) else entry.protection
        if protection is not None:
            yield protection


def _weakness(protection: Protection, subject: Subject) -> str:
    kdf, wanted = protection.kdf, subject.context.thresholds
    described = kdf.describe()
    if kdf.name in _HASH_KDFS:
        return f"{_HASH_KDFS[kdf.name]} ({kdf.name})"
    if isinstance(kdf, Argon2) and kdf.memory_kib * kdf.passes < wanted.argon2_work:
        return f"Argon2 with {kdf.memory_kib} KiB and {kdf.passes} pass{'es' if kdf.passes > 1 else ''}"
    if isinstance(kdf, BcryptPbkdf) and kdf.rounds < wanted.bcrypt_rounds:
        return f"{kdf.rounds} rounds of bcrypt"
    if kdf.name == "pbkdf2" and int(described["iterations"]) < wanted.pbkdf2_iterations:
        return f"{described['iterations']} iterations of PBKDF2"
    if kdf.name == "scrypt" and int(described["n"]) * int(described["r"]) < wanted.scrypt_work:
        return f"scrypt with N = {described['n']} and r = {described['r']}"
    return ""
