"""`keyconv formats`: what each format can hold, from the registry."""

from __future__ import annotations

from keyconv.cli.render import Screen, to_json
from keyconv.formats import ALIASES, FORMATS
from keyconv.keys import FAMILIES

__all__ = ["run"]


def run(*, screen: Screen) -> int:
    """Print the table."""
    if screen.as_json:
        screen.data(to_json([_facts(known.name) for known in FORMATS]))
        return 0
    rows = [("FORMAT", "", "", "ENCRYPTED", *(family.upper() for family in FAMILIES))]
    for known in FORMATS:
        held = ["yes" if family in known.can.families else "-" for family in FAMILIES]
        reads = ", ".join(word for word, able in (("read", known.can.readable), ("write", known.write)) if able)
        kind = "private" if known.can.private else "public"
        rows.append((known.name, kind, reads, "yes" if known.can.encryption else "-", *held))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    screen.data("\n".join(lines) + "\n")
    return 0


def _facts(name: str) -> dict[str, object]:
    known = next(each for each in FORMATS if each.name == name)
    can = known.can
    return {
        "name": known.name,
        "aliases": [alias for alias, of in ALIASES.items() if of == known.name],
        "title": known.title,
        "source": known.source,
        "private": can.private,
        "read": known.can.readable,
        "write": known.write is not None,
        "key_types": [family for family in FAMILIES if family in can.families],
        "comment": can.comment,
        "certificate": can.certificate,
        "options": can.options,
        "many": can.many,
        "ciphers": list(can.ciphers),
        "kdfs": list(can.kdfs),
    }
