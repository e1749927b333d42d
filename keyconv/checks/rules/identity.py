"""Rules on identity: does the file hold what it says it holds?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from keyconv.checks.model import Context, Hit, Rule, Subject, never
from keyconv.checks.names import is_private_name
from keyconv.checks.notes import notes_of, private_entries
from keyconv.keyfile import Entry
from keyconv.text.comment import clean, is_clean

__all__ = ["IDENTITY"]

_identity = partial(Rule, group="identity")


def _public_not_private(subject: Subject) -> Iterator[Hit]:
    """A public key under a private key's name, or in a variable."""
    if private_entries(subject.keyfile.entries) or subject.context.public_only:
        return
    if subject.content.place == "environment":
        yield Hit("the variable holds a public key, where a private one belongs")
    elif is_private_name(subject.content.name) and subject.keyfile.kind != "authorized_keys":
        yield Hit("a public key under the name of a private one")


def _private_not_public(subject: Subject) -> Iterator[Hit]:
    """A private key in a `.pub` file, or anywhere when only public ones are allowed."""
    if not any(entry.private is not None for entry in subject.keyfile.entries):
        return
    if subject.context.public_only:
        yield Hit("a private key, where only public ones are allowed")
    elif subject.content.name.lower().endswith(".pub"):
        yield Hit("a private key in a .pub file")


def _multiple_keys(subject: Subject) -> Iterator[Hit]:
    """Several private keys in one file."""
    count = len(private_entries(subject.keyfile.entries))
    if count > 1:
        yield Hit(f"the file holds {count} private keys: most programs read the first alone, or none")


def _noncanonical(subject: Subject) -> Iterator[Hit]:
    """Encodings that some reader refuses."""
    for note in dict.fromkeys(notes_of(subject, "noncanonical")):
        yield Hit(note.message, "info", fixable=False) if note.harmless else Hit(note.message)


def _comment_control(entry: Entry, context: Context) -> Iterator[Hit]:
    """Line ends, escape sequences or bidirectional controls in a comment."""
    if entry.comment is not None and not is_clean(entry.comment):
        what = "a line end" if b"\n" in entry.comment or b"\r" in entry.comment else "control characters"
        assert clean(entry.comment) != entry.comment
        yield Hit(f"the comment holds {what}")


IDENTITY: tuple[Rule, ...] = (
    _identity(
        "key-mismatch",
        "The public half is not of this private half",
        "Parts of two keys in one file, by accident or by an attacker.",
        "Most programs use one of the two in silence; ssh: 'Permission denied (publickey)'.",
        "Do not use the file. Get both halves from where the key was made.",
    ),
    _identity(
        "inconsistent-numbers",
        "The numbers of the key contradict each other",
        "A changed character, a faulty program.",
        "'ssh-keygen -y' says nothing at 516 of 529 changed characters of an RSA key.",
        "Get the file again.",
    ),
    _identity(
        "recomputable-numbers",
        "Only values that can be computed again are wrong",
        "A changed character in iqmp, dp or dq; an Ed25519 point without its leading zero byte (ssh2 of Node.js), or "
        "the seed alone (older Erlang/OTP).",
        "Of RSA none says anything, and a signature made with such a value gives the key away; of Ed25519 OpenSSH says "
        "'error in libcrypto'.",
        "Replace an RSA key that was ever used so; to compute them again: keyconv repair FILE -o NEW",
        fixable=True,
    ),
    _identity(
        "public-not-private",
        "A public key where a private one belongs",
        "The two files were mixed up.",
        "OpenSSH: 'error in libcrypto'.",
        "Use the file without .pub.",
        on_file=_public_not_private,
        once=True,
    ),
    _identity(
        "private-not-public",
        "A private key where a public one belongs",
        "The two files were mixed up; a private key was uploaded to a server, or pasted among public lines.",
        "sshd skips the line in silence.",
        "Replace the key if others could see it. The public key belongs there: keyconv public FILE",
        on_file=_private_not_public,
        once=True,
        setting="public-only",
    ),
    _identity(
        "multiple-keys",
        "Several private keys in one file",
        "Two pastes, or files that were joined.",
        "Most programs read the first in silence, or none.",
        "Put each into a file of its own: keyconv convert FILE -d DIR",
        severity="warning",
        on_file=_multiple_keys,
    ),
    _identity(
        "noncanonical",
        "An encoding that some reader refuses",
        "Padding by a whole block or left after the key, superfluous zero bytes, numbers without their leading zero "
        "byte, an RSA key without its primes, Ed25519 in an EC PRIVATE KEY, a MAC in upper case, a seed of 31 bytes, "
        "p < q.",
        "It depends on the program: PuTTY refuses an upper-case MAC, others a short seed.",
        "Write it in the form that all programs read: keyconv repair FILE -o NEW",
        severity="warning",
        fixable=True,
        on_file=_noncanonical,
    ),
    _identity(
        "comment-control",
        "Control characters in a comment",
        "An attack: a line end forges a second authorized_keys line, an escape sequence drives a terminal.",
        "'ssh-keygen -y' and 'puttygen -L' print the forged line.",
        "Set another: keyconv comment FILE TEXT",
        severity="warning",
        fixable=True,
        on_key=_comment_control,
        usual=never,
        on_hosts="nothing",
    ),
)
