"""What `keyconv inspect` says to people of a file that speaks of keys and holds none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keyconv.cli.escape import heading, printable
from keyconv.cli.opening import shown
from keyconv.engine.certificates import utc
from keyconv.statements import Statement, title

__all__ = ["describe", "statement_text"]

_MOST_RANGES = 20


def describe(statement: Statement, path: str) -> dict[str, Any]:
    """Describe a file as JSON has it: as of a key file, its path, format and kind come first, and its faults last."""
    from keyconv.engine.inspection import describe_fault

    head = {"path": path, "format": statement.name, "kind": statement.name}
    return {**head, **statement.describe(), "faults": [describe_fault(fault) for fault in statement.faults]}


def statement_text(statement: Statement, path: str) -> str:
    """Return a file that was read as text."""
    said = statement.describe()
    rows = [("format", f"{statement.name} ({title(statement.name)})")]
    rows += {"krl": _krl, "sshfp": _sshfp, "authorized_principals": _principals}[statement.name](said)
    lines = [heading(shown(path))]
    lines += [f"  {name:<13}{printable(value)}" for name, value in rows if value]
    return "\n".join(lines) + "\n"


def _krl(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "version", f"{said['version']}"
    yield "number", str(said["number"])
    yield "generated", utc(said["generated"])
    yield "comment", said["comment"]
    yield "sections", ", ".join(said["sections"]) or "none"
    counts = said["counts"]
    for name, label in (("keys", "keys"), ("sha1", "SHA1 hashes"), ("sha256", "SHA256 hashes")):
        if counts[name]:
            yield "revoked", f"{counts[name]} {label}"
    for each in said["certificates"]:
        ca = f"{each['ca']['type']} {each['ca']['fingerprint']}" if each["ca"] else "any authority"
        yield "certificates", f"of {ca}: {each['serials']} serials, {len(each['key_ids'])} key ids shown"
        for first, last in each["ranges"][:_MOST_RANGES]:
            yield "", f"serial {first}" if first == last else f"serials {first} to {last}"
        for bitmap in each["bitmaps"][:_MOST_RANGES]:
            yield "", f"{bitmap['serials']} serials from {bitmap['from']} on"
        for key_id in each["key_ids"][:_MOST_RANGES]:
            yield "", f"key id {key_id}"
    for each in said["signatures"]:
        state = {True: "valid", False: "not valid", None: "not judged"}[each["valid"]]
        yield "signed by", f"{each['type']} {each['fingerprint']}, {state}" + _because(each["reason"])
    yield "extensions", ", ".join(said["extensions"])


def _because(reason: str | None) -> str:
    return f": {reason}" if reason else ""


def _sshfp(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for each in said["records"]:
        text = f"{each['owner'] or '@'} {each['algorithm']} {each['hash']} {each['digest']}"
        yield "record", text + (f" ({each['fault']})" if each["fault"] else "")


def _principals(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for each in said["principals"]:
        yield "principal", each["name"]
        for option in each["options"]:
            yield "option", option["name"] + ("" if option["value"] is None else f'="{option["value"]}"')
        if each["ignored"]:
            yield "ignored", each["ignored"]
