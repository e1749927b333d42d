"""One file, judged alone: as a key, as lines of keys, as something damaged, or as no key at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from keyconv import limits
from keyconv.checks import embedded, foreign
from keyconv.checks.base import Finding
from keyconv.checks.diagnosing import Cause, Diagnosis, describe, diagnose, find_whole
from keyconv.checks.entry_rules import ENTRY_RULES
from keyconv.checks.file_rules import FILE_RULES, TEXT_RULES, damage_severity, private_entries
from keyconv.checks.lines import LineFile, LineKind, check_lines, kind_of_content, kind_of_name
from keyconv.checks.refusals import line_of, rule_of
from keyconv.checks.rules import rule
from keyconv.checks.subject import Content, Context, FileRule, Hit, Subject, fingerprint_of, to_finding
from keyconv.engine import read, unlock
from keyconv.errors import KeyconvError, LimitError, NotAKeyError, UnsupportedError, WrongPassphraseError
from keyconv.keyfile import Entry, Locked
from keyconv.repair import Opening

__all__ = ["Judged", "judge_content", "judge_stream"]

_PUBLIC_LINE = "openssh-pub"
_BEGINS_KEY = re.compile(
    rb"\s*(?:-{4,6} ?BEGIN [A-Z0-9 ]{0,30}(?:PRIVATE KEY|PUBLIC KEY)|PuTTY-User-Key-File-[0-9]|SSH PRIVATE KEY FILE)"
)
_ROW = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}\Z")
_ODD_TEXT = re.compile(rb"\\n|(?m:^[ \t]|[ \t]$|^$)|\r|[\xc2\xe2\xe3\xef]")
_MAX_SMALL = 64 * limits.KIB
_FEW_STATES = 200
_PPK_HEADERS = (b"Encryption: ", b"Comment: ", b"Public-Lines: ")
_KEY_NAMES = re.compile(r"id_(?:rsa|dsa|ecdsa|ed25519|ed448)(?:_sk)?(?:-cert)?(?:\.pub)?\Z|.+\.ppk\Z", re.IGNORECASE)


@dataclass(slots=True)
class Judged:
    """What came of one file: findings; the keys that it holds, for comparing them with those of other files.

    `is_key` is False for what was passed over; `unverified` says that a private half could not be proved for want of
    a passphrase. `mended` is the text after damage was undone, where `repair` could prove the key.
    """

    path: str
    findings: list[Finding] = field(default_factory=list)
    entries: tuple[Entry, ...] = ()
    moduli: list[tuple[int, int, str]] = field(default_factory=list)
    is_key: bool = True
    unverified: bool = False
    mended: bytes | None = field(default=None, repr=False)


def judge_content(content: Content, context: Context, *, only_private: bool = False) -> Judged:
    """Judge a file that is wholly in memory. `only_private` looks for private keys and for nothing else."""
    if only_private:
        return _judge_for_private(content, context)
    data = content.data
    kind = kind_of_name(content.name)
    if kind is not None:
        return _judge_lines(content, context, kind)
    try:
        keyfile = read(data)
    except KeyconvError as error:
        kind = kind_of_content(data)
        if kind is not None:
            return _judge_lines(content, context, kind)
        return _judge_refused(content, context, error)
    if keyfile.format == _PUBLIC_LINE and keyfile.kind == "authorized_keys":
        return _judge_lines(content, context, "authorized_keys")
    fault = next((entry.fault for entry in keyfile.entries if entry.fault is not None), None)
    if fault is not None:
        diagnosis = diagnose(data, fault, context.opening)
        if diagnosis.mended is not None:
            return _judge_diagnosed(content, context, diagnosis, "")
    judged = Judged(content.path)
    subject = _opened(Subject(content, data, keyfile, context), judged)
    judged.findings += _judge_text(subject, faulty=fault is not None)
    _judge_subject(subject, judged)
    return judged


def judge_stream(
    path: str, kind: LineKind, chunks: Iterator[bytes], context: Context
) -> tuple[LineFile, Iterator[Finding]]:
    """Judge a file of lines of any size as it is read; the findings must be taken to the last."""
    file = LineFile(path, kind, context)
    return file, check_lines(file, chunks)


# ── a key file ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _opened(subject: Subject, judged: Judged) -> Subject:
    """Unlock what the passphrase opens; what then turns out to be wrong is a finding."""
    entries: list[Entry] = []
    for entry in subject.keyfile.entries:
        if isinstance(entry.private, Locked) and entry.fault is None:
            entries.append(_unlocked(entry, subject, judged))
        else:
            entries.append(entry)
    judged.unverified = any(isinstance(entry.private, Locked) for entry in entries) or judged.unverified
    return replace(subject, keyfile=replace(subject.keyfile, entries=tuple(entries)))


def _unlocked(entry: Entry, subject: Subject, judged: Judged) -> Entry:
    opening = subject.context.opening
    if opening.passphrase is None:
        return entry
    try:
        return unlock(entry, opening.passphrase, deriver=opening.deriver)
    except (WrongPassphraseError, LimitError, UnsupportedError):
        judged.unverified = True  # said in the report; a KDF that costs too much is a finding of its own
        return entry
    except KeyconvError as error:
        hit = Hit(str(error), line=line_of(error), hint=error.hint or None)
        judged.findings.append(to_finding(rule_of(error), hit, judged.path, key=fingerprint_of(entry)))
        return replace(entry, private=None, fault=None)


def _judge_text(subject: Subject, *, faulty: bool) -> list[Finding]:
    """Find what is wrong with the text of a file that loads all the same."""
    if faulty:  # the end is missing, and with it whatever ends a file
        return []
    found = _apply(subject, TEXT_RULES)
    if _ODD_TEXT.search(subject.data) and b"\0" not in subject.data:
        told = {finding.rule for finding in found}
        candidate = find_whole(subject.data, max_states=_FEW_STATES)
        undone = candidate.undone if candidate is not None else ()
        name = subject.keyfile.format
        for damage in undone:
            if rule(damage).group == "damage" and damage not in told:
                harmless = damage == "blank-lines" or (name == _PUBLIC_LINE and damage == "indented")
                hit = Hit(
                    describe(damage), "info" if harmless else damage_severity(damage, name, rule(damage).severity)
                )
                found += _apply(subject, ((damage, lambda _, hit=hit: iter((hit,))),))  # type: ignore[misc]
    return found


def _judge_subject(subject: Subject, judged: Judged) -> None:
    judged.entries = subject.keyfile.entries
    judged.findings += _apply(subject, FILE_RULES)
    for entry in subject.keyfile.entries:
        key = fingerprint_of(entry)
        for name, find in ENTRY_RULES:
            for hit in find(entry, subject.context):
                judged.findings.append(to_finding(name, hit, judged.path, line=entry.line, key=key))


def _apply(subject: Subject, rules: tuple[tuple[str, FileRule], ...]) -> list[Finding]:
    entries = subject.keyfile.entries
    key = fingerprint_of(entries[0]) if entries else None
    found = []
    for name, find in rules:
        for hit in find(subject):
            found.append(to_finding(name, hit, subject.content.path, key=key))
    return found


# ── lines ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _judge_lines(content: Content, context: Context, kind: LineKind) -> Judged:
    file = LineFile(content.path, kind, context)
    judged = Judged(content.path, findings=list(check_lines(file, iter((content.data,)))), moduli=file.moduli)
    joined = any(finding.rule == "joined-keys" for finding in judged.findings)
    escaped = bool(file.facts.unended) and b"\\n" in content.data
    damaged = file.facts.utf16 or file.facts.byte_order_mark or file.bad or not file.keys or joined or escaped
    if not damaged or not content.data.strip():
        return judged
    if kind == "authorized_keys":
        # The whole may be damaged in one way, which is then the cause of every bad line.
        diagnosis = _search_lines(content.data)
        whole = any(rule(cause.rule).group == "damage" for cause in diagnosis.causes)
        if diagnosis.mended is not None and whole:
            causes = {cause.rule for cause in diagnosis.causes}
            again = LineFile(content.path, kind, context)
            rest = check_lines(again, iter((diagnosis.mended.data,)))
            judged.findings = _causes(content.path, diagnosis.causes, _PUBLIC_LINE)
            judged.findings += [finding for finding in rest if finding.rule not in causes]
            judged.moduli, judged.mended = again.moduli, diagnosis.mended.data
            return judged
    if not file.keys and file.bad and not any(finding.rule != "bad-line" for finding in judged.findings):
        name, message = foreign.recognise(content.data)
        if message:
            judged.findings = [to_finding(name, Hit(message), content.path)]
    return judged


def _search_lines(data: bytes) -> Diagnosis:
    return diagnose(data, NotAKeyError("there are lines that hold no key"), Opening(_PUBLIC_LINE))


# ── what does not load ─────────────────────────────────────────────────────────────────────────────────────────────


def _judge_refused(content: Content, context: Context, error: KeyconvError) -> Judged:
    named = content.named or bool(_KEY_NAMES.match(content.name))
    if not named and not _is_damaged_key(content.data) and not _mends_to_key(content):
        return _judge_document(content, context)
    return _judge_diagnosed(content, context, diagnose(content.data, error, context.opening), error.place.split(":")[0])


def _judge_diagnosed(content: Content, context: Context, diagnosis: Diagnosis, name: str) -> Judged:
    judged = Judged(content.path)
    mended = diagnosis.mended
    judged.findings = _causes(content.path, diagnosis.causes, mended.keyfile.format if mended else name)
    if mended is None:
        return judged
    if mended.proved and all(cause.fixable for cause in diagnosis.causes):
        judged.mended = mended.data
    if mended.keyfile.format == _PUBLIC_LINE and mended.keyfile.kind == "authorized_keys":
        file = LineFile(content.path, "authorized_keys", context)
        judged.findings += check_lines(file, iter((mended.data,)))
        judged.moduli = file.moduli
        return judged
    before = len(judged.findings)
    subject = _opened(Subject(content, mended.data, mended.keyfile, context), judged)
    _judge_subject(subject, judged)
    key = fingerprint_of(subject.keyfile.entries[0]) if subject.keyfile.entries else None
    judged.findings[:before] = [replace(finding, fingerprint=key) for finding in judged.findings[:before]]
    return judged


def _judge_document(content: Content, context: Context) -> Judged:
    """Look for private keys in a file that nobody said is one; anything else in it is none of our business."""
    judged = Judged(content.path, is_key=False)
    for found in _private_in(content.data, context):
        judged.is_key = True
        for entry in private_entries(found.keyfile.entries):
            hit = Hit("a private key stands in the midst of other text", line=found.line, fixable=False)
            judged.findings.append(to_finding("surrounding-text", hit, content.path, key=fingerprint_of(entry)))
            if context.public_only:
                public = Hit("a private key, where only public ones are allowed", line=found.line)
                judged.findings.append(
                    to_finding("private-not-public", public, content.path, key=fingerprint_of(entry))
                )
            for name, find in ENTRY_RULES:
                for each in find(entry, context):
                    judged.findings.append(
                        to_finding(name, each, content.path, line=found.line, key=fingerprint_of(entry))
                    )
        judged.entries += found.keyfile.entries
    return judged


def _judge_for_private(content: Content, context: Context) -> Judged:
    judged = Judged(content.path, is_key=False)
    found: list[tuple[int, Entry]] = []
    try:
        keyfile = read(content.data)
    except KeyconvError:
        for each in _private_in(content.data, context, thorough=True):
            found += [(each.line, entry) for entry in private_entries(each.keyfile.entries)]
    else:
        found = [(entry.line or 1, entry) for entry in private_entries(keyfile.entries)]
    for line, entry in found:
        judged.is_key = True
        hit = Hit("a private key", line=line)
        judged.findings.append(to_finding("private-not-public", hit, content.path, key=fingerprint_of(entry)))
    return judged


def _private_in(data: bytes, context: Context, *, thorough: bool = False) -> Iterator[embedded.Found]:
    if embedded.may_hold_key(data):
        yield from embedded.find_private(data)
    if thorough and _is_damaged_key(data):
        candidate = find_whole(data)
        if candidate is not None and candidate.undone and not any(True for _ in embedded.find_private(data)):
            yield embedded.Found(1, candidate.data, candidate.keyfile)


def _is_damaged_key(data: bytes) -> bool:
    """Tell whether the whole of a file was a key before it was damaged, and not a text that speaks of keys."""
    if len(data) > limits.MAX_KEY_FILE:
        return False
    plain = data.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    rows = [row.strip() for row in re.split(rb"[\r\n]+|\\n", plain) if row.strip()]
    if not rows:
        return False
    if _BEGINS_KEY.match(rows[0]):
        if len(rows) == 1:
            return len(rows[0]) < 60 or _dense(rows[0])
        if b"PuTTY" in rows[0][:12]:
            return sum(any(header in row for row in rows) for header in _PPK_HEADERS) >= 2
        body = rows[1:-1] if len(rows) > 2 else rows[1:]
        return 2 * sum(_ROW.match(row) is not None for row in body) >= len(body)
    return _is_bare(rows)


def _mends_to_key(content: Content) -> bool:
    """Tell whether a file, taken as a whole, is a key once damage is undone; text around a key makes it a document."""
    data = content.data
    public = content.name.lower().endswith(".pub")
    if len(data) > _MAX_SMALL or not (public or (embedded.may_hold_key(data) and embedded.has_material(data))):
        return False
    found = find_whole(data, guess=True, max_states=_FEW_STATES)
    return found is not None and bool(found.undone) and "surrounding-text" not in found.undone


def _is_bare(rows: list[bytes]) -> bool:
    # A body whose frame is gone, or a whole file in base64: nothing but base64, and it says what it is.
    joined = b"".join(rows)
    known = (b"b3BlbnNzaC1rZXktdjE", b"LS0tLS1CRUdJTi", b"UHVUVFktVXNlci1LZXkt", b"LS0tLSBCRUdJTi")
    return joined.startswith(known) and re.fullmatch(rb"[A-Za-z0-9+/]+={0,2}", joined) is not None


def _dense(row: bytes) -> bool:
    return max((len(each) for each in re.findall(rb"[A-Za-z0-9+/]+", row)), default=0) >= 40


def _causes(path: str, causes: tuple[Cause, ...], format: str) -> list[Finding]:
    found = []
    for cause in causes:
        hit = Hit(cause.message, line=cause.line, hint=cause.hint or None, fixable=cause.fixable)
        finding = to_finding(cause.rule, hit, path)
        found.append(replace(finding, severity=damage_severity(cause.rule, format, finding.severity)))
    return found
