"""Text from strangers, paths included, made harmless for each format: one function each."""

from __future__ import annotations

import re

__all__ = [
    "for_annotation",
    "for_annotation_property",
    "for_csv",
    "for_heading",
    "for_json",
    "for_markdown",
    "for_terminal",
    "for_uri",
    "for_xml",
]

# C0, DEL and C1; line and paragraph separators; bidirectional controls; surrogates, which stand for bytes of a path;
# and the first sign of `##[` and `##vso[`, by which the runners of CI take orders wherever in a line of the log they
# stand (GitHub's runner, ActionCommand.cs; Azure's agent, Command.cs).
_ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]|#(?=#[A-Za-z]*\\[)")
_FORMULA = re.compile(r"""((?:\A|;)["'\s]*)(?=[=+@\-\uff1d\uff0b\uff20\uff0d])""")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|<>~@&:])")


def for_terminal(text: str) -> str:
    r"""Spell out what would act on a terminal or a log, or reorder it (`\x1b`, `\u202e`)."""
    return _ACTING.sub(_spell, text)


def for_heading(path: str) -> str:
    """Escape a path that begins a line: one that begins with `::` would be an order to GitHub's runner."""
    return for_terminal(f"./{path}" if path.lstrip().startswith("::") else path)


def for_json(text: str) -> str:
    """Spell out lone surrogates, which are no Unicode; the JSON encoder, set to ASCII, does the rest."""
    return re.sub("[\ud800-\udfff]", _spell, text)


def for_annotation(text: str) -> str:
    """Escape the message of a GitHub workflow command.

    Source: GitHub's toolkit, packages/core/src/command.ts, escapeData.
    """
    text = re.sub("[\r\n]", lambda found: "%0D" if found[0] == "\r" else "%0A", text.replace("%", "%25"))
    return for_terminal(text)


def for_annotation_property(text: str) -> str:
    """Escape a property of a GitHub workflow command.

    Source: GitHub's toolkit, packages/core/src/command.ts, escapeProperty.
    """
    return for_annotation(text).replace(":", "%3A").replace(",", "%2C")


def for_csv(text: str) -> str:
    """Escape text for a cell of CSV in quotes: with an apostrophe before what a spreadsheet takes for a formula.

    That is =, +, - and @ at the beginning, also in their wide forms, and after a semicolon, which separates the cells
    where the comma is the decimal sign: a quote that is not at the beginning of such a cell does not count there.
    Source: OWASP, CSV Injection.
    """
    return _FORMULA.sub(r"\1'", for_terminal(text))


def for_markdown(text: str) -> str:
    """Escape text for a table of GitHub's Markdown."""
    return _MARKDOWN.sub(r"\\\1", for_terminal(text))


def for_xml(text: str) -> str:
    """Escape text for content and attributes of XML 1.0; what it cannot hold is spelled out."""
    text = for_terminal(text)
    text = re.sub("[\ufffe\uffff]", _spell, text)
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&apos;")):
        text = text.replace(character, entity)
    return text


def for_uri(path: str) -> str:
    """Make a path a relative or absolute URI reference (RFC 3986), as SARIF has it."""
    from urllib.parse import quote

    path = path.replace("\\", "/") if re.match(r"[A-Za-z]:\\|\\\\", path) else path
    quoted = quote(path.encode("utf-8", "surrogateescape"), safe="/-._~")
    if path.startswith("/"):
        return "file://" + quoted
    return "./" + quoted if "%3A" in quoted.split("/")[0] else quoted


def _spell(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
