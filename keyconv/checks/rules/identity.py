"""Rules on identity: does the file hold what it says it holds?"""

from __future__ import annotations

from functools import partial

from keyconv.checks.base import Rule

__all__ = ["IDENTITY"]

_identity = partial(Rule, group="identity")

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
        "Only values that can be computed anew are wrong",
        "A changed character in iqmp, dp or dq; an Ed25519 point without its leading zero byte (ssh2 of Node.js), or "
        "the seed alone (older Erlang/OTP).",
        "Of RSA none says anything, and a signature made with such a value gives the key away; of Ed25519 OpenSSH says "
        "'error in libcrypto'.",
        "'keyconv repair' computes them anew; have an RSA key replaced if it was ever used so.",
        fixable=True,
    ),
    _identity(
        "stale-public",
        "The .pub beside the key is of another key",
        "The key was replaced, its .pub was not.",
        "ssh offers the old key: 'Permission denied (publickey)'.",
        "'keyconv public KEY -o KEY.pub --force' writes it anew.",
        fixable=True,
    ),
    _identity(
        "stale-certificate",
        "The certificate beside the key is for another key",
        "The key was replaced, its certificate was not.",
        "ssh: 'Certificate does not match key'.",
        "Have the authority sign the new key.",
    ),
    _identity(
        "comment-differs",
        "The .pub beside the key has another comment",
        "One of the two files was changed alone, or 'keyconv comment' was killed between them.",
        "ssh-keygen shows the comment of the .pub, PuTTY and ssh-add that of the key.",
        "'keyconv comment KEY TEXT' writes it into both.",
        severity="info",
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
        "public-not-private",
        "A public key where a private one belongs",
        "The two files were mixed up.",
        "OpenSSH: 'error in libcrypto'.",
        "Use the file without .pub.",
    ),
    _identity(
        "private-not-public",
        "A private key where a public one belongs",
        "The two files were mixed up; a private key was uploaded to a server.",
        "sshd skips the line in silence.",
        "Replace the key if others could see it; 'keyconv public' gives the half that belongs there.",
    ),
    _identity(
        "multiple-keys",
        "Several private keys in one file",
        "Two pastes, or files that were joined.",
        "Most programs read the first in silence, or none.",
        "Put each into a file of its own; 'keyconv convert -d DIR' does it with the keys of one OpenSSH file.",
        severity="warning",
    ),
    _identity(
        "noncanonical",
        "An encoding that some reader refuses",
        "Padding by a whole block or left after the key, superfluous zero bytes, numbers without their leading zero "
        "byte, an RSA key without its primes, Ed25519 in an EC PRIVATE KEY, a MAC in upper case, a seed of 31 bytes, "
        "p < q.",
        "It depends on the program: PuTTY refuses an upper-case MAC, others a short seed.",
        "'keyconv repair' writes it in the form that all readers take.",
        severity="warning",
        fixable=True,
    ),
    _identity(
        "comment-control",
        "Control characters in a comment",
        "An attack: a line end forges a second authorized_keys line, an escape sequence drives a terminal.",
        "'ssh-keygen -y' and 'puttygen -L' print the forged line.",
        "'keyconv comment FILE TEXT' sets another.",
        severity="warning",
        fixable=True,
    ),
)
