"""What the doctor says to people, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from keyconv.cli.doctor import Case
from keyconv.cli.escape import heading, printable
from keyconv.cli.opening import shown
from keyconv.codec import public_blob
from keyconv.crypto import fingerprint
from keyconv.engine.planning import family_of
from keyconv.keyfile import Entry
from keyconv.repairs.readers import MAIN_READERS

__all__ = ["describe_text", "to_object"]

_MOST_PROBLEMS = 3
_NAMES = {
    "rsa": "RSA",
    "dsa": "DSA",
    "ecdsa": "ECDSA",
    "ed25519": "Ed25519",
    "ed448": "Ed448",
    "sk-ecdsa": "ECDSA-SK",
    "sk-ed25519": "Ed25519-SK",
    "mldsa44-ed25519": "ML-DSA-44-Ed25519",
}
_ELSEWHERE = ("sk-ecdsa", "sk-ed25519")
_WITH_BITS = ("rsa", "dsa", "ecdsa")


def describe_text(case: Case) -> str:
    """Return what there is to say of a file, a few lines."""
    return "".join(f"{line}\n" for line in _lines(case))


def to_object(case: Case) -> dict[str, object]:
    """Return the same as an object for JSON."""
    entry = case.entry
    public = entry.public if entry is not None else None
    return {
        "path": case.path,
        "what": printable(case.what),
        "format": case.format,
        "kind": case.kind,
        "type": public.algorithm if public else None,
        "bits": public.bits if public else None,
        "fingerprint": fingerprint.sha256(public_blob.write(public)) if public else None,
        "keys": case.count,
        "encrypted": case.encrypted,
        "sound": case.sound,
        "read_by": list(case.readers.certain),
        "possibly_read_by": list(case.readers.possible),
        "problems": [
            {"rule": each.rule, "severity": each.severity, "message": printable(each.message)} for each in case.problems
        ],
        "next": [{"purpose": printable(step.purpose), "command": step.command or None} for step in case.steps],
    }


def _lines(case: Case) -> Iterator[str]:
    yield heading(shown(case.path))
    yield _row("what", _what(case))
    if case.encrypted is not None:
        yield _row("encrypted", "yes" if case.encrypted else "no")
    if case.format is not None:
        yield _row("sound", _sound(case))
        yield _row("read by", _readers(case))
    for problem in case.problems[:_MOST_PROBLEMS]:
        yield _row("wrong" if problem.severity == "error" else "note", f"{problem.rule}: {problem.message}")
    if len(case.problems) > _MOST_PROBLEMS:
        yield _row("", f"and {len(case.problems) - _MOST_PROBLEMS} more, which 'keyconv check' lists")
    for number, step in enumerate(case.steps):
        said = f"{step.purpose}: {step.command}" if step.command else step.purpose
        yield _row("" if number else "next", said)


def _what(case: Case) -> str:
    if case.entry is None:
        return f"{case.what}, {case.count} keys" if case.count > 1 else case.what
    return ": ".join(filter(None, (case.what, _key(case.entry))))


def _key(entry: Entry) -> str:
    public = entry.public
    if public is None:
        return "its type is hidden until the passphrase is given"
    name = _NAMES.get(public.family, public.algorithm)
    bits = f" {public.bits}" if public.family in _WITH_BITS else ""
    kind = " certificate" if entry.certificate is not None and entry.private is None else ""
    return f"{name}{bits}{kind} {fingerprint.sha256(public_blob.write(public))}"


def _sound(case: Case) -> str:
    if case.sound is None:
        return "not verified (needs the passphrase)" if case.encrypted else "not known"
    if not case.sound:
        return "no"
    entry = case.entry
    if entry is not None and entry.private is not None and family_of(entry) not in _ELSEWHERE:
        return "yes (the public key matches the private one)"
    return "yes"


def _readers(case: Case) -> str:
    certain, possible = case.readers.certain, case.readers.possible
    said = [", ".join(certain)] if certain else []
    if possible:
        said.append(f"possibly {', '.join(possible)}")
    others = [name for name in MAIN_READERS if name not in (*certain, *possible)]
    without = f"; not {', '.join(others)}" if others and case.kind == "private" and said else ""
    return (", ".join(said) or "no program as it is") + without


def _row(name: str, value: str) -> str:
    return f"  {name:<13}{printable(value)}"
