"""Rules across files: a key and the files beside it, and all the keys of one run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import gcd
from shlex import quote

from keyconv.checks import modulus
from keyconv.checks.model import Beside, Hit, KeysOfRun, PlacedHit, Related, Rule
from keyconv.formats import bare_name

__all__ = ["ACROSS_FILES"]

_identity = partial(Rule, group="identity")
_strength = partial(Rule, group="strength")
_MOST_RELATED = 8
_MOST_COMPARED = 64  # each with each, to say which belong together


def _stale_public(beside: Beside) -> Iterator[Hit]:
    """A public file of another key than the private one."""
    if not (beside.is_same or beside.is_certificate or beside.entry.certificate is not None):
        hint = f"Replace it, and keep a backup: keyconv check --fix {quote(beside.private_path)}"
        yield Hit(f"this is not the public half of {beside.private_path}", hint=hint, related=_private(beside))


def _stale_certificate(beside: Beside) -> Iterator[Hit]:
    """A certificate for another key than the private one, or what stands in its place."""
    if not beside.is_same and (beside.is_certificate or beside.entry.certificate is not None):
        yield Hit(f"the certificate is for another key than {beside.private_path}", related=_private(beside))


def _comment_differs(beside: Beside) -> Iterator[Hit]:
    """A public file with another comment than the private key's, where that one's file shows it."""
    comment, entry = beside.private.comment, beside.entry
    if beside.is_certificate or entry.private is not None or entry.public != beside.private.public:
        return
    if comment is not None and (entry.comment or b"") != comment:
        hint = f"Write one comment into both: keyconv comment {quote(beside.private_path)} TEXT"
        yield Hit(f"another comment than that of {beside.private_path}", hint=hint, related=_private(beside))


def _private(beside: Beside) -> tuple[Related, ...]:
    return (Related(beside.private_path, None, "the private key"),)


def _shared_modulus_factor(run: KeysOfRun) -> Iterator[PlacedHit]:
    """Two RSA moduli with a prime in common."""
    numbers = list(run.moduli)
    shared = [numbers[index] for index in modulus.share_factors(numbers)]
    for number in shared:
        path, line, key = run.moduli[number]
        compared = shared if len(shared) <= _MOST_COMPARED else []
        others = [run.moduli[other][:2] for other in compared if other != number and gcd(other, number) > 1]
        related = tuple(Related(path, line, "the other key") for path, line in others[:_MOST_RELATED])
        message = "the RSA modulus shares a prime with another key of this run"
        yield PlacedHit(path, key, Hit(message, line=line, related=related))


def _duplicate_key(run: KeysOfRun) -> Iterator[PlacedHit]:
    """The same private key in two files; KEY, KEY.ppk and KEY.pem in one folder are one key in several formats.

    The first by name is the one that the others are compared with, in whatever order they were read.
    """
    for places in (sorted(each, key=lambda place: place[0]) for each in run.private.values()):
        first = places[0][0]
        reported: set[str] = {first}
        for path, key in places[1:]:
            if path not in reported and bare_name(path) != bare_name(first):
                reported.add(path)
                related = (Related(first, None, "the same private key"),)
                yield PlacedHit(path, key, Hit(f"the same private key as in {first}", related=related))


ACROSS_FILES: tuple[Rule, ...] = (
    _identity(
        "stale-public",
        "The .pub beside the key is of another key",
        "The key was replaced, its .pub was not.",
        "ssh offers the old key: 'Permission denied (publickey)'.",
        "Replace it, and keep a backup: keyconv check --fix KEY",
        fixable=True,
        beside=_stale_public,
    ),
    _identity(
        "stale-certificate",
        "The certificate beside the key is for another key",
        "The key was replaced, its certificate was not.",
        "ssh: 'Certificate does not match key'.",
        "Have the authority sign the new key.",
        beside=_stale_certificate,
    ),
    _identity(
        "stale-sshfp",
        "The SSHFP records beside the key are of another key",
        "The key was replaced, the records were not.",
        "ssh: 'WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!', with VerifyHostKeyDNS.",
        "Write the records again: 'keyconv public KEY -t sshfp'.",
    ),
    _identity(
        "comment-differs",
        "The .pub beside the key has another comment",
        "One of the two files was changed alone, or 'keyconv comment' was killed between them.",
        "ssh-keygen shows the comment of the .pub, PuTTY and ssh-add that of the key.",
        "Write one comment into both: keyconv comment KEY TEXT",
        severity="info",
        beside=_comment_differs,
    ),
    _identity(
        "leftover-file",
        "A temporary file of an interrupted run of keyconv",
        "The run was killed, or the machine lost power; the file may hold a private key.",
        "None looks at it.",
        "Run the command again if its work is not done, then remove the file.",
        severity="warning",
    ),
    _identity(
        "backup-file",
        "A copy that 'keyconv check --fix' or 'keyconv repair --in-place' kept of a file that it changed",
        "Every fix keeps one, unless it is run with --no-backup.",
        "None looks at it.",
        "Remove it when the fixed file works; add '*.bak' to .gitignore if the folder is in a git repository.",
        severity="info",
    ),
    _strength(
        "shared-modulus-factor",
        "Two RSA keys share a prime",
        "A generator without entropy; each gives the other away. Only the first keys of a run are compared, 1,950 of "
        "2,048 bits, and of a file of lines above 1 MiB the first 195 (`check -v` says so): it takes too long.",
        "Nothing.",
        "Replace both.",
        across=_shared_modulus_factor,
    ),
    _strength(
        "duplicate-key",
        "The same key twice",
        "Copies of a private key, or a line that was appended twice.",
        "Nothing.",
        "Keep one.",
        severity="warning",
        across=_duplicate_key,
    ),
)
