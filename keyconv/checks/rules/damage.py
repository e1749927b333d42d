"""Rules on damage: how the text of a key was mangled on its way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from keyconv.checks.model import Hit, Rule, Severity, Subject
from keyconv.checks.notes import notes_of
from keyconv.repairs.messages import MESSAGES

__all__ = ["DAMAGE", "blank_inside", "damage_severity"]

_LIBCRYPTO = "OpenSSH: 'error in libcrypto', before 9.0 'invalid format'"
_damage = partial(Rule, group="damage", fixable=True)
_REPAIR = "Fix and verify it: keyconv repair FILE -o NEW"

_PPK = ("ppk", "ppk2", "ppk1")
_GRAVE_IN = {
    "missing-final-newline": ("openssh",),
    "crlf": ("openssh",),
    "trailing-whitespace": ("openssh", *_PPK),
}
"""Damages that do no harm elsewhere. Blank lines do where they are let pass."""

_BLANK_INSIDE = re.compile(
    rb"(?m)(?:^[A-Za-z0-9+/]+={0,2}|-----BEGIN [A-Z0-9 ]+-----|^\r?)\r?\n\r?\n[A-Za-z0-9+/=\n]+-----END "
)


def damage_severity(name: str, format: str, default: Severity) -> Severity:
    """Return the severity of a damage that only some formats suffer from."""
    formats = _GRAVE_IN.get(name)
    if formats is None:
        return default
    return "error" if format in formats else "info"


def blank_inside(data: bytes) -> bool:
    """Return whether there is a blank line in the body of a frame, other than the one that ends its headers."""
    return _BLANK_INSIDE.search(data) is not None


def _crlf(subject: Subject) -> Iterator[Hit]:
    """CR LF line ends."""
    if _is_text(subject) and b"\r\n" in subject.data:
        yield _hit(subject, "crlf")


def _cr_line_ends(subject: Subject) -> Iterator[Hit]:
    """Line ends of CR alone."""
    if _is_text(subject) and re.search(rb"\r(?!\n)", subject.data):
        yield Hit(MESSAGES["cr-line-ends"])


def _missing_final_newline(subject: Subject) -> Iterator[Hit]:
    """A last line that does not end."""
    if _is_text(subject) and not subject.data.endswith((b"\n", b"\r")):
        yield _hit(subject, "missing-final-newline")


def _truncated(subject: Subject) -> Iterator[Hit]:
    """A file whose public half is whole and whose private half is not."""
    for entry in subject.keyfile.entries:
        if entry.fault is not None:
            yield Hit(str(entry.fault))


def _is_text(subject: Subject) -> bool:
    return b"\0" not in subject.data and not any(True for _ in notes_of(subject, "der"))


def _hit(subject: Subject, name: str) -> Hit:
    return Hit(MESSAGES[name], damage_severity(name, subject.keyfile.format, "error"))


DAMAGE: tuple[Rule, ...] = (
    _damage(
        "missing-final-newline",
        "The last line has no line end",
        "CI secrets that trim their value, `printf %s`, YAML's `>-`, copying without the last line end.",
        f"{_LIBCRYPTO} for its own format; PEM files load all the same.",
        f"End the file with a line end. {_REPAIR}",
        on_text=_missing_final_newline,
    ),
    _damage(
        "crlf",
        "Line ends are CR LF",
        "Browser text areas, password managers, git's autocrlf, editors on Windows.",
        f"{_LIBCRYPTO} for its own format; PuTTY and PEM readers load them.",
        f"Save with LF line ends. {_REPAIR}",
        on_text=_crlf,
    ),
    _damage(
        "cr-line-ends",
        "Line ends are CR alone",
        "Old editors, conversions that went half way.",
        f"{_LIBCRYPTO}; asyncssh: 'Missing PEM footer'. PuTTY reads a PPK like that.",
        f"Save with LF line ends. {_REPAIR}",
        on_text=_cr_line_ends,
    ),
    _damage(
        "byte-order-mark",
        "A byte order mark before the key",
        "Notepad's 'UTF-8 with BOM', PowerShell's `-Encoding utf8`.",
        f"{_LIBCRYPTO}; for authorized_keys 'is not a public key file.'",
        f"Save as UTF-8 without a BOM. {_REPAIR}",
    ),
    _damage(
        "utf-16",
        "The file is UTF-16",
        "PowerShell's `>` and `Out-File`, Notepad's 'Unicode'.",
        f"{_LIBCRYPTO}; sshd skips such an authorized_keys in silence.",
        f"Save as ASCII or UTF-8. {_REPAIR}",
    ),
    _damage(
        "literal-newlines",
        "The two characters \\n stand instead of line ends",
        "`.env` files, JSON, Terraform variables, CI settings.",
        f"{_LIBCRYPTO}; Go: 'ssh: no key found'; node's ssh2: 'Unsupported key format'.",
        f"Expand them, `printf '%b'` does. {_REPAIR}",
    ),
    _damage(
        "lost-newlines",
        "Line ends became spaces or another sign, or vanished",
        "`echo $KEY` without quotes, web forms of one line, command-line arguments, `tr '\\n' '|'`.",
        "'not a valid OPENSSH private key file', 'error in libcrypto'.",
        f'Quote the variable: `echo "$KEY"`. {_REPAIR}',
    ),
    _damage(
        "indented",
        "White space before lines",
        "YAML, chat programs, documents; no-break and zero-width spaces too.",
        f"{_LIBCRYPTO}; russh: 'length invalid'.",
        f"Remove it. {_REPAIR}",
    ),
    _damage(
        "trailing-whitespace",
        "White space after lines",
        "Copying from terminals and web pages.",
        f"{_LIBCRYPTO}; puttygen 0.78 never returns on a space after the END line.",
        f"Remove it. {_REPAIR}",
    ),
    _damage(
        "blank-lines",
        "Blank lines before, within or after the key",
        "Editors and people who make room.",
        "OpenSSH reads its own format so and refuses PEM; a leading one is refused everywhere.",
        f"Remove them. {_REPAIR}",
    ),
    _damage(
        "surrounding-text",
        "Other text before or after the key",
        "Mail, chat, logs, a file that was put together; a diff's `+` or the number before each line.",
        "OpenSSH refuses its own format so, and reads PEM.",
        "Keep the key from its first line to its last, or: keyconv repair FILE -o NEW",
        severity="warning",
        fixable=False,
    ),
    _damage(
        "inner-whitespace",
        "White space inside a line of base64",
        "Retyping, an editor that justifies text, a selection that was put together.",
        "PuTTY refuses it; OpenSSH and OpenSSL skip the space.",
        f"Remove the space. {_REPAIR}",
    ),
    _damage(
        "smart-dashes",
        "Typographic dashes or spaces in the frame",
        "Mail programs and word processors, which turn -- into a dash; web pages and chats, with no-break spaces.",
        "PuTTY: 'not a recognised key file format'.",
        f"Type the hyphens and spaces again. {_REPAIR}",
    ),
    _damage(
        "wrong-dash-count",
        "A dash too few or too many in the frame",
        "A selection that began one character too late, a settings tool that took the first dash for its own.",
        "'not a recognised key file format'; puttygen 0.78 never returns when the last line is short of one.",
        f"A frame has five dashes on either side. {_REPAIR}",
    ),
    _damage(
        "lower-case-frame",
        "The frame is not in capitals",
        "Tools that lower the case of a value.",
        f"{_LIBCRYPTO}.",
        f"BEGIN, END and the label are in capitals. {_REPAIR}",
    ),
    _damage(
        "missing-frame",
        "The BEGIN or the END line is gone",
        "Only the base64 was stored, often so that CI can mask it.",
        f"{_LIBCRYPTO}; Go: 'ssh: no key found'.",
        f"The body shows which BEGIN line it had. {_REPAIR}",
    ),
    _damage(
        "wrong-label",
        "The frame names another format than the body holds",
        "Advice to rename OPENSSH to RSA in the first line.",
        "'ASN.1 decoding failure', 'new-style OpenSSH magic number missing'.",
        f"Convert a key instead of its BEGIN line. {_REPAIR}",
    ),
    _damage(
        "quoted",
        "The key stands in quotes",
        "`.env` and tfvars files, JSON and YAML strings, among other members too.",
        "'not a recognised key file format'.",
        f"Remove the quotes. {_REPAIR}",
    ),
    _damage(
        "email-quoted",
        "Each line begins with >",
        "An answer that quotes a mail.",
        "'not a recognised key file format'.",
        f"Remove the marks. {_REPAIR}",
    ),
    _damage(
        "html-escaped",
        "Escapes of HTML or of a URL in the text",
        "Templates that escape what they print: &#43; for +, &#x2F; for /; a form's value: %2B, %0A.",
        "'no private key container string found'.",
        f"Turn off escaping for this value. {_REPAIR}",
    ),
    _damage(
        "space-for-plus",
        "Spaces stand where + stood",
        "URL decoding of a value that was not encoded.",
        f"{_LIBCRYPTO}.",
        "Fix it, where arithmetic or a MAC verifies the result: keyconv repair FILE -o NEW",
    ),
    _damage(
        "base64-wrapped",
        "The whole file is in base64",
        "Kubernetes secrets, values encoded so that CI can mask them; base64url without padding too.",
        "'Unsupported key format'.",
        f"Decode it: `base64 -d`. {_REPAIR}",
    ),
    _damage(
        "nul-padding",
        "NUL bytes after the key",
        "Fields of fixed length, block devices, disk images.",
        "Most programs do not see them.",
        f"Cut them off. {_REPAIR}",
        severity="info",
    ),
    _damage(
        "line-count",
        "A PPK's line counts are off, or lines were joined",
        "Editing and pasting a PPK, or wrapping it to another width.",
        "PuTTY: 'file format error'.",
        "Count again, which counts only if the MAC then fits: keyconv repair FILE -o NEW",
    ),
    _damage(
        "truncated",
        "The end of the file is missing",
        "Length limits of fields, a copy of the first lines alone.",
        "'ssh-keygen -l' says that all is well; 'ssh-keygen -y': 'error in libcrypto'.",
        "Get the whole file again: what is missing cannot be computed.",
        fixable=False,
        on_file=_truncated,
    ),
    _damage(
        "corrupt",
        "The text decodes, but its structure does not hold",
        "A wrong character from retyping or OCR, a damaged disk.",
        f"{_LIBCRYPTO}.",
        "Look where the message points: a slip there can be fixed by hand. If the key itself was changed, copy it "
        "from where it was made: its numbers are not guessed.",
        fixable=False,
    ),
    _damage(
        "mac-mismatch",
        "A PPK was edited",
        "Its comment, its type or a version was changed by hand: the MAC covers them all.",
        "PuTTY: 'MAC failed'; older programs: 'wrong passphrase'.",
        "Fix the edit; 'keyconv comment' and 'keyconv convert' change a PPK rightly.",
        fixable=False,
    ),
    _damage(
        "empty",
        "The file is empty",
        "A secret that is not set, as in the run of a fork; a download that failed.",
        f"{_LIBCRYPTO}.",
        "Set the secret.",
        fixable=False,
    ),
    _damage(
        "placeholder",
        "A placeholder stands where the key should",
        "A variable that nobody expanded, asterisks of a masked log, an HTML error page, a Git LFS pointer.",
        f"{_LIBCRYPTO}.",
        "Put the key there.",
        fixable=False,
    ),
    _damage(
        "not-a-key",
        "The file is something else",
        "An X.509 certificate, a PGP key, a fingerprint, a signing request: other material with similar looks.",
        "'file does not begin with OpenSSH key header', 'error in libcrypto'.",
        "Find the key that belongs to it.",
        fixable=False,
    ),
    _damage(
        "unsupported",
        "A key of a kind that keyconv does not read",
        "A version, a cipher or a key type of a later day, or of a program of its own ways; numbers of absurd size.",
        "'unsupported cipher', 'unknown or unsupported key type', 'PuTTY key format too new'.",
        "Write it again with the program that made it, in a form of today: ssh-keygen's, or PPK 3.",
        fixable=False,
    ),
)
