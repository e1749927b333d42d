"""The rows of an inventory as text, CSV and JSON, one at a time."""

from __future__ import annotations

from keyconv.checks.inventory import Row
from keyconv.checks.model import Finding
from keyconv.checks.report.escape import for_csv, for_heading, for_terminal
from keyconv.checks.report.json import dump

__all__ = ["COLUMNS", "csv_head", "csv_row", "json_row", "text_row"]

COLUMNS = (
    *("path", "line", "document", "format", "kind", "type", "bits", "fingerprint", "comment", "encrypted"),
    *("cipher", "kdf", "findings"),
)


def text_row(row: Row) -> str:
    """Return a row as one line; the comment, in which anything may stand, comes last."""
    place = for_heading(row.path) + (f":{row.line}" if row.line is not None else "")
    parts = []
    if row.kind is not None:
        parts = [row.kind, row.type or "hidden", str(row.bits) if row.bits is not None else "", row.fingerprint or ""]
    if row.document:
        parts.append("in a document")
    if row.kind == "private":
        parts.append("encrypted: " + _kdf(row) if row.encrypted else "not encrypted")
    if row.findings:
        parts.append(f"[{', '.join(_rules(row.findings))}]")
    parts.append(for_terminal(row.comment or ""))
    return f"{place}: {'  '.join(part for part in parts if part)}\n"


def csv_head() -> str:
    """Return the names of the columns."""
    return _record(COLUMNS)


def csv_row(row: Row) -> str:
    """Return a row as a record of CSV: every cell in quotes, none that a spreadsheet takes for a formula."""
    return _record(
        (
            row.path,
            _plain(row.line),
            _plain(row.document),
            _plain(row.format),
            _plain(row.kind),
            _plain(row.type),
            _plain(row.bits),
            _plain(row.fingerprint),
            _plain(row.comment),
            _plain(row.encrypted),
            _plain(row.cipher),
            _kdf(row),
            " ".join(_rules(row.findings)),
        )
    )


def json_row(row: Row) -> str:
    """Return a row as a JSON object on several lines, without a final line end; the path stands as it is."""
    fields = {name: getattr(row, name) for name in COLUMNS}
    fields["findings"] = [_finding(each) for each in row.findings]
    return dump(fields).rstrip("\n")


def _finding(finding: Finding) -> dict[str, object]:
    names = ("path", "line", "rule", "severity", "message")
    return {name: getattr(finding, name) for name in names}


def _rules(findings: tuple[Finding, ...]) -> list[str]:
    return list(dict.fromkeys(finding.rule for finding in findings))


def _kdf(row: Row) -> str:
    return " ".join(str(value) if name == "name" else f"{name}={value}" for name, value in (row.kdf or {}).items())


def _record(cells: tuple[str, ...]) -> str:
    return ",".join('"' + for_csv(cell).replace('"', '""') + '"' for cell in cells) + "\n"


def _plain(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
