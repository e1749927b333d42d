"""One file, judged alone: as a key, as lines of keys, as something damaged, or as no key at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from keyconv import limits, repairs
from keyconv.checks import rules
from keyconv.checks.lines import LineFile, check_lines, kind_of_content, kind_of_name
from keyconv.checks.mending import mend
from keyconv.checks.model import Content, Context, FileRule, Finding, Hit, Judged, LineKind, Subject, fingerprint_of
from keyconv.checks.rules.damage import blank_inside, damage_severity
from keyconv.checks.statements import find_kind, judge
from keyconv.codec.key_line import BLOB_START
from keyconv.codec.line_kind import kind_of
from keyconv.codec.unsupported import NEW_KEY
from keyconv.engine import unlock
from keyconv.engine.foreign import find_foreign
from keyconv.engine.reading import read_whole
from keyconv.errors import KeyconvError, LimitError, NotAKeyError, UnsupportedError, WrongPassphraseError
from keyconv.keyfile import Entry, KeyFile, Locked
from keyconv.proof.amends import NONCANONICAL
from keyconv.repairs.messages import MESSAGES
from keyconv.repairs.opening import Opening

__all__ = ["judge_content", "judge_stream", "report_backup"]

_PUBLIC_LINE = "openssh-pub"
_ODD_TEXT = re.compile(rb"\\n|(?m:^[ \t]|[ \t]$)|\A\n|\n\n|\r|[\xc2\xe2\xe3\xef]")
_FREE_TEXT = re.compile(rb"(?m:^Comment: [^\r\n]*)|(?m:^DEK-Info: [^\r\n]*[^ \t\r\n]\n)\n")
"""What may look odd in a sound file: a comment, and the blank line that ends the headers of a PEM."""
_FEW_STATES = 200
_READ_IN_TEXT = ("pem", "pkcs8", "spki", "pkcs1-pub")
"""Formats that OpenSSH and OpenSSL read in whatever text they are."""

_ALONE = "Put each key into a file of its own, which can then be fixed."
_MAX_PARTS = 32 * limits.KIB
"""Bytes of the keys of one file that are judged each on its own."""


def judge_content(content: Content, context: Context, *, only_private: bool = False) -> Judged:
    """Check a file that is wholly in memory. `only_private` looks for private keys and for nothing else."""
    if only_private:
        from keyconv.checks.documents import judge_for_private

        return judge_for_private(content)
    if content.is_backup:
        return _judge_backup(content, context)
    data = content.data
    kind = kind_of_name(content.name)
    if kind is not None:
        return _judge_lines(content, context, kind)
    try:
        keyfile = read_whole(data)
    except KeyconvError as error:
        statement = find_kind(content)
        if statement:
            return judge(content, context, statement)
        kind = kind_of_content(data, named=content.named)
        if kind is not None:
            return _judge_lines(content, context, kind)
        return _judge_refused(content, context, error)
    if keyfile.kind == "authorized_keys":
        return _judge_lines(content, context, "authorized_keys")
    if keyfile.kind == "known_hosts":
        return _judge_lines(content, context, "known_hosts")
    if keyfile.kind == "allowed_signers":
        return _judge_lines(content, context, "allowed_signers")
    return _judge_keyfile(content, context, keyfile)


def report_backup(path: str) -> Finding:
    """Report a copy that a fix kept."""
    return rules.BOOK.to_finding("backup-file", Hit("the file as it was before it was fixed"), path)


def _judge_backup(content: Content, context: Context) -> Judged:
    """Report a backup as what it is, and nothing of what is wrong with it: that is why it is there."""
    judged = judge_content(replace(content, is_backup=False), context)
    findings = [report_backup(content.path)] if judged.findings or judged.entries else []
    return Judged(content.path, findings=findings, is_key=judged.is_key)


def judge_stream(
    path: str, kind: LineKind, chunks: Iterator[bytes], context: Context
) -> tuple[LineFile, Iterator[Finding]]:
    """Check a file of lines of any size as it is read; the findings must be taken to the last."""
    file = LineFile(path, kind, replace(context, thorough=False), streamed=True)
    return file, check_lines(file, chunks)


# ── a key file ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _judge_keyfile(content: Content, context: Context, keyfile: KeyFile) -> Judged:
    fault = next((entry.fault for entry in keyfile.entries if entry.fault is not None), None)
    if fault is not None:
        diagnosis = _diagnose(content, context, fault)
        if diagnosis.mended is not None:
            return _judge_diagnosed(content, context, diagnosis, "")
    judged = Judged(content.path)
    subject = _opened(Subject(content, content.data, keyfile, context), judged)
    judged.findings += _judge_text(subject, faulty=fault is not None)
    _judge_subject(subject, judged)
    return judged


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
    except KeyconvError as error:
        if isinstance(error, WrongPassphraseError | LimitError | UnsupportedError) and error.hint != NEW_KEY:
            judged.unverified = True  # said in the report; a KDF that costs too much is a finding of its own
            return entry
        hit = Hit(str(error), line=error.line, hint=error.hint or None)
        judged.findings.append(rules.BOOK.to_finding(error.rule, hit, judged.path, key=fingerprint_of(entry)))
        return replace(entry, private=None, fault=None)


def _judge_text(subject: Subject, *, faulty: bool) -> list[Finding]:
    """Find what is wrong with the text of a file that loads all the same."""
    if faulty:  # the end is missing, and with it whatever ends a file
        return []
    found = _apply(subject, rules.BOOK.on_text)
    if _looks_odd(subject.data):
        told = {finding.rule for finding in found}
        candidate = repairs.find_whole(subject.data, max_states=_FEW_STATES)
        undone = candidate.undone if candidate is not None else ()
        name = subject.keyfile.format
        for damage in undone:
            if rules.BOOK.find(damage).group == "damage" and damage not in told:
                harmless = (damage == "blank-lines" and not (name in _READ_IN_TEXT and blank_inside(subject.data))) or (
                    name == _PUBLIC_LINE and damage == "indented"
                )
                severity = damage_severity(damage, name, rules.BOOK.find(damage).severity)
                hit = Hit(MESSAGES[damage], "info" if harmless else severity)
                found += _apply(subject, ((damage, lambda _, hit=hit: iter((hit,))),))  # type: ignore[misc]
    return found


def _looks_odd(data: bytes) -> bool:
    """Return, quickly, whether a text that loads may be damaged all the same."""
    return (
        _ODD_TEXT.search(data) is not None
        and b"\0" not in data
        and _ODD_TEXT.search(_FREE_TEXT.sub(b"-", data)) is not None
    )


def _judge_subject(subject: Subject, judged: Judged) -> None:
    judged.findings += _apply(subject, rules.BOOK.on_file)
    _judge_entries(subject, judged)


def _judge_entries(subject: Subject, judged: Judged) -> None:
    judged.entries = subject.keyfile.entries
    judged.formats.add(subject.keyfile.format)
    for entry in subject.keyfile.entries:
        key = fingerprint_of(entry)
        for rule, find in rules.BOOK.on_key(entry):
            for hit in find(entry, subject.context):
                judged.findings.append(rules.BOOK.to_finding(rule.name, hit, judged.path, line=entry.line, key=key))


def _apply(subject: Subject, asked: tuple[tuple[str, FileRule], ...]) -> list[Finding]:
    entries = subject.keyfile.entries
    key = fingerprint_of(entries[0]) if entries else None
    found = []
    for name, find in asked:
        for hit in find(subject):
            found.append(rules.BOOK.to_finding(name, hit, subject.content.path, key=key))
    return found


# ── lines ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _judge_lines(content: Content, context: Context, kind: LineKind) -> Judged:
    file = LineFile(content.path, kind, context)
    found = list(check_lines(file, iter((content.data,))))
    judged = Judged(content.path, findings=found, moduli=file.moduli, kind=kind)
    judged.remarks = file.remarks
    joined = any(finding.rule == "joined-keys" for finding in judged.findings)
    escaped = bool(file.facts.unended) and b"\\n" in content.data
    damaged = file.facts.utf16 or file.facts.byte_order_mark or file.bad or not file.keys or joined or escaped
    if not damaged or not content.data.strip():
        return judged
    if kind == "authorized_keys":
        # The whole may be damaged in one way, which is then the cause of every bad line.
        error = NotAKeyError("there are lines that hold no key")
        diagnosis = repairs.diagnose(content.data, error, opening=Opening(_PUBLIC_LINE))
        # git's prefix is the fault of its line alone, which sshd skips.
        from keyconv.repairs.public_lines import has_git_prefix

        of_one_line = diagnosis.undone == ("surrounding-text",) and has_git_prefix(content.data)
        of_all = any(rules.BOOK.find(name).group == "damage" for name in diagnosis.undone) and not of_one_line
        if diagnosis.mended is not None and of_all:
            again = LineFile(content.path, kind, context)
            rest = check_lines(again, iter((diagnosis.mended.data,)))
            judged.findings = _causes(content, diagnosis, _PUBLIC_LINE)
            judged.findings += [finding for finding in rest if finding.rule not in diagnosis.undone]
            judged.moduli = again.moduli
            return judged
    only_bad = not file.keys and file.bad and not any(finding.rule != "bad-line" for finding in judged.findings)
    like_lines = kind_of(content.data) or (kind == "allowed_signers" and BLOB_START in content.data)
    named = find_foreign(content.data) if only_bad and not like_lines else None
    if named is not None:
        judged.findings = [rules.BOOK.to_finding(named.rule, Hit(named.message, hint=named.hint or None), content.path)]
    return judged


# ── what does not load ─────────────────────────────────────────────────────────────────────────────────────────────


def _judge_refused(content: Content, context: Context, error: KeyconvError) -> Judged:
    from keyconv.checks.documents import is_key, judge_document
    from keyconv.engine.documents import read_document

    try:
        keyfile = read_document(content.data)
    except LimitError:
        keyfile = None
    except KeyconvError as refusal:  # a public key beside the private one is of another key
        hit = Hit(refusal.message, hint=refusal.hint or None)
        return Judged(content.path, findings=[rules.BOOK.to_finding(refusal.rule or "corrupt", hit, content.path)])
    if keyfile is not None and _is_document(content, keyfile):
        return _judge_document_keys(content, context, keyfile)
    if not is_key(content):
        return judge_document(content, context)
    diagnosis = _diagnose(content, context, error)
    if diagnosis.parts:
        return _judge_several(content, context, diagnosis)
    return _judge_diagnosed(content, context, diagnosis, error.format)


def _is_document(content: Content, keyfile: KeyFile) -> bool:
    """Return whether a file has more than its key, which is read all the same; in a folder only private keys count."""
    if not keyfile.is_document or not (content.named or keyfile.kind == "private"):
        return False
    if any(note.code == "multiple-keys" for note in keyfile.notes) and len(keyfile.entries) == 1:
        return False  # the same key again, which the diagnosis names
    # Several keys in frames of their own, one after the other, are reported apart by the diagnosis.
    return len(keyfile.entries) == 1 or not _is_plain(keyfile)


def _is_plain(keyfile: KeyFile) -> bool:
    """Return whether each key is on lines of its own, as programs that skip other text expect it."""
    from keyconv.document.wrappers import CrLf, Unended

    return all(isinstance(wrapper, CrLf | Unended) for span in keyfile.spans for wrapper in span.wrappers)


def _judge_document_keys(content: Content, context: Context, keyfile: KeyFile) -> Judged:
    """Check the keys of a document where they are; what is around them is reported and never touched."""
    from keyconv.document.spans import describe

    entries = tuple(replace(entry, line=span.line) for entry, span in zip(keyfile.entries, keyfile.spans, strict=True))
    keyfile = replace(keyfile, entries=entries)
    judged = Judged(content.path, is_document=True)
    subject = _opened(Subject(content, keyfile.spans[0].text, keyfile, context), judged)
    key = fingerprint_of(entries[0])
    extract = "keyconv repair FILE -o NEW" if len(entries) == 1 else "keyconv convert FILE --key N -o NEW"
    around = Hit(
        f"the key is in a file with more content: {describe(keyfile.others)}",
        "info" if _is_plain(keyfile) and keyfile.format in _READ_IN_TEXT else None,
        f"write a key alone: {extract}",
        keyfile.spans[0].line,
        fixable=False,
    )
    judged.findings.append(rules.BOOK.to_finding("surrounding-text", around, content.path, key=key))
    if content.named:
        judged.findings += _apply(subject, rules.BOOK.on_file)
    elif context.public_only:
        hit = Hit("a private key, where only public ones are allowed", line=keyfile.spans[0].line)
        judged.findings.append(rules.BOOK.to_finding("private-not-public", hit, content.path, key=key))
    _judge_entries(subject, judged)
    return judged


def _judge_several(content: Content, context: Context, diagnosis: repairs.Diagnosis) -> Judged:
    """Check the keys of a file one by one, as far as they are not too many; nothing fixes such a file."""
    judged = Judged(content.path, findings=_causes(content, diagnosis, ""))
    left = _MAX_PARTS
    for part in diagnosis.parts:
        left -= len(part.text)
        if part.start > diagnosis.parts[0].start and left < 0:
            break
        one = _judge_part(replace(content, data=part.text), context)
        told = {finding.rule for finding in judged.findings}
        for finding in one.findings:
            if not rules.BOOK.find(finding.rule).once:
                line = part.line + (finding.line or 1) - 1
                # What fixes a whole file does not fix a part of one.
                hint = _ALONE if finding.fixable else finding.hint
                judged.findings.append(replace(finding, line=line, hint=hint, fixable=False))
            elif finding.rule not in told:
                judged.findings.append(finding)
        judged.formats |= one.formats
        judged.entries += one.entries
        judged.unverified |= one.unverified
    return judged


def _judge_part(content: Content, context: Context) -> Judged:
    try:
        keyfile = read_whole(content.data)
    except KeyconvError as error:
        diagnosis = repairs.diagnose(content.data, error, opening=context.opening, max_states=_FEW_STATES)
        return _judge_diagnosed(content, context, diagnosis, error.format)
    return _judge_keyfile(content, context, keyfile)


def _diagnose(content: Content, context: Context, error: KeyconvError) -> repairs.Diagnosis:
    return repairs.diagnose(content.data, error, opening=context.opening)


def _judge_diagnosed(content: Content, context: Context, diagnosis: repairs.Diagnosis, name: str) -> Judged:
    judged = Judged(content.path)
    mended = diagnosis.mended
    judged.findings = _causes(content, diagnosis, mended.keyfile.format if mended else name)
    if mended is None:
        return judged
    if mended.keyfile.format == _PUBLIC_LINE and mended.keyfile.kind == "authorized_keys":
        file = LineFile(content.path, "authorized_keys", context)
        judged.kind = "authorized_keys"
        judged.findings += check_lines(file, iter((mended.data,)))
        judged.moduli = file.moduli
        return judged
    before = len(judged.findings)
    keyfile = replace(  # what a repair fixes is said above
        mended.keyfile, notes=tuple(note for note in mended.keyfile.notes if note.code not in diagnosis.undone)
    )
    subject = _opened(Subject(content, mended.data, keyfile, context), judged)
    _judge_subject(subject, judged)
    key = fingerprint_of(subject.keyfile.entries[0]) if subject.keyfile.entries else None
    judged.findings[:before] = [replace(finding, fingerprint=key) for finding in judged.findings[:before]]
    return judged


def _is_edited(content: Content) -> bool:
    """Return whether damage can be fixed in place although the file has more than the key."""
    return (
        content.named and mend(content.data, Opening(), named=True, kind=kind_of_name(content.name) or "") is not None
    )


def _causes(content: Content, diagnosis: repairs.Diagnosis, format: str) -> list[Finding]:
    # The rule's own hint says how a variable comes to be damaged.
    hint = "" if content.place == "environment" and diagnosis.mended is not None else diagnosis.hint
    mended = diagnosis.mended
    in_place = diagnosis.fixable and (mended is None or not mended.cut or _is_edited(content))
    found = []
    for cause in diagnosis.causes:
        name = cause.rule or "not-a-key"
        fixable = in_place and rules.BOOK.find(name).fixable
        hit = Hit(cause.message, line=diagnosis.line, hint=hint or None, fixable=fixable)
        finding = rules.BOOK.to_finding(name, hit, content.path)
        # What is left of such a file is nothing, or it is not read for this reason alone.
        lost = diagnosis.mended is None and (
            rules.BOOK.find(name).fixable or name in ("surrounding-text", "line-too-long")
        )
        amended = diagnosis.mended is not None and diagnosis.mended.amended and name == NONCANONICAL
        unread = lost or amended
        severity = "error" if unread else damage_severity(name, format, finding.severity)
        found.append(replace(finding, severity=severity))
    return found
