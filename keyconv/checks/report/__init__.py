"""What is made of findings: one module an output format."""

from __future__ import annotations

from collections.abc import Callable

from keyconv.checks.report import github, gitlab, html, json, junit, sarif, text
from keyconv.checks.report.model import Report

__all__ = ["FORMATS", "Report"]

FORMATS: dict[str, Callable[[Report], str]] = {
    "text": text.write,
    "json": json.write,
    "github": github.write,
    "gitlab": gitlab.write,
    "sarif": sarif.write,
    "junit": junit.write,
    "html": html.write,
}
"""Every format by its name on the command line."""
