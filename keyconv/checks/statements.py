"""Files that speak of keys and hold none, checked: what sshd, ssh and ssh-keygen make of each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

from keyconv import statements
from keyconv.checks import option_values, rules
from keyconv.checks.model import Content, Context, Hit, Judged
from keyconv.errors import KeyconvError
from keyconv.statements import Statement
from keyconv.statements.principals import Principal, Principals
from keyconv.statements.sshfp import HASHES, Records
from keyconv.text.quoting import quote

__all__ = ["find_kind", "judge"]

_NOBODY = "there is no certificate with such a principal"


def find_kind(content: Content) -> str:
    """Return which of these kinds a file is, by its content or else its path; nothing for any other."""
    return statements.detect(content.data) or (
        statements.detect_name(content.path) if content.place == "file" and content.data.strip() else ""
    )


def judge(content: Content, context: Context, kind: str) -> Judged:
    """Check a file of a kind that `find_kind` named."""
    judged = Judged(content.path)
    statement: Statement | None = None
    faults: tuple[KeyconvError, ...]
    try:
        statement = statements.read(content.data, kind)
        faults = statement.faults
    except KeyconvError as error:
        faults = (error,)
        if kind == "authorized_principals":  # the first fault stands for the lines after it too
            faults = _faults_of_principals(content.data) or faults
    found = [
        (_rule_of(error, kind), Hit(_said(error, kind), line=error.line, hint=error.hint or None)) for error in faults
    ]
    found += _verdicts(statement, context) if statement is not None else ()
    found.sort(key=lambda each: each[1].line or 0)
    judged.findings = [rules.BOOK.to_finding(name, hit, content.path) for name, hit in found]
    return judged


def _rule_of(error: KeyconvError, kind: str) -> str:
    if kind == "sshfp":
        return "bad-sshfp"
    return error.rule or "corrupt"


def _said(error: KeyconvError, kind: str) -> str:
    if kind == "authorized_principals":
        return f"{error.message}; sshd ignores the line"
    if kind == "krl":
        return f"{error.message}: sshd lets nobody in whose RevokedKeys is such a file"
    return error.message


def _faults_of_principals(data: bytes) -> tuple[KeyconvError, ...]:
    from keyconv.statements.principals import read_line

    faults: list[KeyconvError] = []
    for number, row in enumerate(data.split(b"\n"), 1):
        try:
            read_line(row, number)
        except KeyconvError as error:
            faults.append(error.within_line(number))
    return tuple(faults)


@singledispatch
def _verdicts(statement: Statement, context: Context) -> Iterator[tuple[str, Hit]]:
    """Report what is wrong with a file that was read, by the rules' names."""
    return iter(())


@_verdicts.register
def _of_records(statement: Records, context: Context) -> Iterator[tuple[str, Hit]]:
    by_key: dict[tuple[bytes, int], list[int]] = {}
    lines: dict[tuple[bytes, int], int] = {}
    for record in statement.records:
        if record.fault:
            yield "bad-sshfp", Hit(f"{record.fault}; ssh ignores the record", line=record.line)
        else:
            owner = (record.owner.lower().rstrip(b"."), record.algorithm)
            by_key.setdefault(owner, []).append(record.hash)
            lines.setdefault(owner, record.line)
    for owner, kinds in by_key.items():
        if all(HASHES[kind][0] == "SHA1" for kind in kinds):
            shown = quote(owner[0].decode("latin-1")) if owner[0] else "the zone"
            yield "sshfp-sha1", Hit(f"there is only a SHA1 hash of the key of {shown}", line=lines[owner])


@_verdicts.register
def _of_principals(statement: Principals, context: Context) -> Iterator[tuple[str, Hit]]:
    for principal in statement.principals:
        names = {option.name.lower() for option in principal.options}
        for name in (b"cert-authority", b"principals"):
            if name in names:
                why = f"{name.decode()}: is for the lines of authorized_keys alone; sshd ignores the line"
                yield "bad-option", Hit(why, line=principal.line)
        others = tuple(option for option in principal.options if option.name.lower() != b"principals")
        for rule, message, severity in option_values.judge(others, context.now):
            yield rule, Hit(message, severity, line=principal.line)
        if principal.ignored:
            shown = quote(principal.ignored.decode("latin-1"))
            yield (
                "bad-option",
                Hit(f"options end at the first white space: {shown} has no effect", "warning", line=principal.line),
            )
        why = _why_dead(principal)
        if why:
            yield "dead-principal", Hit(why, line=principal.line)


def _why_dead(principal: Principal) -> str:
    name = principal.name
    shown = quote(name.decode("latin-1"))
    if b"," in name:
        return f"sshd takes {shown} for one name: {_NOBODY}"
    if name.startswith(b"!") or b"*" in name or b"?" in name:
        return f"sshd compares {shown} as it stands, and knows no patterns here"
    if b'"' in name:
        return f"sshd takes the quotes of {shown} for a part of the name: {_NOBODY}"
    if not principal.options and _is_option(name):
        return f"sshd takes the option {shown} for a name, since there is no other word on the line"
    return ""


def _is_option(name: bytes) -> bool:
    from keyconv.codec.line_options import FLAG_OPTIONS

    return name.decode("latin-1").lower() in {option.lower() for option in FLAG_OPTIONS} | {"cert-authority"}
