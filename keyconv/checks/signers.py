"""What ssh-keygen makes of the principals and options of an `allowed_signers` line.

Source: ssh-keygen(1), ALLOWED SIGNERS; OpenSSH's sshsig.c; each verdict was measured with ssh-keygen 9.2 and 10.6.
"""

from __future__ import annotations

from collections.abc import Iterator

from keyconv.checks import times
from keyconv.checks.covering import leaves_nothing
from keyconv.checks.option_values import Verdict
from keyconv.keyfile import Entry

__all__ = ["judge"]

_SILENT = "ssh-keygen ignores the line"


def judge(entry: Entry, now: int) -> Iterator[Verdict]:
    """Report what ssh-keygen refuses about a line at `now`, in seconds since 1970, and what has no effect."""
    if not entry.principals or all(name.startswith(b"!") for name in entry.principals):
        yield Verdict("bad-option", f"there are only principals with a !, which name nobody; {_SILENT}")
    elif leaves_nothing([name.decode("latin-1") for name in entry.principals]):
        yield Verdict("bad-option", f"the principals with a ! exclude all the others; {_SILENT}")
    seen: dict[str, bytes] = {}
    for option in entry.options:
        name = option.name.decode("latin-1").lower()
        if option.value is None:
            continue
        if name in seen:
            yield Verdict("bad-option", f"the option {name} is there twice; {_SILENT}")
        seen[name] = option.value
        why = _namespaces(option.value) if name == "namespaces" else times.why_refused(option.value)
        if why:
            yield Verdict("bad-option", f"{name}: {why}; {_SILENT}")
            return
        if name == "namespaces" and any(each != each.strip() for each in option.value.split(b",")):
            yield Verdict("bad-option", "namespaces: white space is compared too, and no signature has it", "warning")
    after, before = seen.get("valid-after"), seen.get("valid-before")
    if after is not None and before is not None and times.seconds(after) >= times.seconds(before):
        yield Verdict("bad-option", f"valid-before is not after valid-after; {_SILENT}")
    elif before is not None and times.is_over(before, now):
        shown = before.decode("latin-1")
        yield Verdict("line-expired", f"only signatures of before {shown} are verified by this line", "info")


def _namespaces(value: bytes) -> str:
    names = value.split(b",")
    if any(name and name == name.strip() and not name.startswith(b"!") for name in names):
        return ""
    return "there is none that a signature can have"
