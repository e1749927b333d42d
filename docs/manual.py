"""Writes the manual pages in docs/man from the declarations of the commands.

python docs/manual.py           rewrite every page that is stale
python docs/manual.py --check   change nothing, name the stale ones, exit with 1 if there are any
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the pages are those of this checkout, whatever is installed

FOLDER = ROOT / "docs" / "man"

_FILES = "keyconv FILE..."


def main(arguments: list[str]) -> int:
    """Rewrite or check every page, and return the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python docs/manual.py [--check]\n")
        return 2
    fresh = pages()
    there = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*")} if FOLDER.is_dir() else {}
    stale = sorted(name for name in {*fresh, *there} if fresh.get(name) != there.get(name))
    for name in stale:
        sys.stdout.write(f"docs/man/{name}: {'stale: run python docs/manual.py' if arguments else 'rewritten'}\n")
        if not arguments and name in fresh:
            FOLDER.mkdir(exist_ok=True)
            (FOLDER / name).write_text(fresh[name], "utf-8")
        elif not arguments:
            (FOLDER / name).unlink()
    return 1 if stale and arguments else 0


def pages() -> dict[str, str]:
    """Return the name and the text of every page."""
    import typer.main
    from typer.core import TyperGroup

    from keyconv.cli.app import app

    program: Any = typer.main.get_command(app)
    context = program.make_context("keyconv", [], resilient_parsing=True)
    found: dict[str, Any] = {}
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        inner = command.commands if isinstance(command, TyperGroup) else {}
        found |= {f"{name} {part}": inner[part] for part in inner} if inner else {name: command}
    written = {
        f"keyconv-{name.replace(' ', '-')}.1": _command_page(name, each, context) for name, each in found.items()
    }
    return {"keyconv.1": _program_page(found), **written}


def _program_page(commands: dict[str, Any]) -> str:
    rows = [(f"keyconv-{name.replace(' ', '-')}(1)", _summary(each)) for name, each in commands.items()]
    return _page(
        "keyconv",
        "convert, check and fix SSH keys",
        [
            ("SYNOPSIS", _lines([f".B {_FILES}", ".br", ".B keyconv", ".I COMMAND", "[ARGS]..."])),
            (
                "DESCRIPTION",
                _paragraphs(
                    [
                        "Convert SSH keys between the formats of PuTTY, OpenSSH, OpenSSL and others, fix what copying "
                        "and pasting does to them, and check files and folders of them.",
                        "Without a command, say what each file is, whether it is sound, which programs read it, and "
                        "the next command to type. The content of a file decides what it is, never its name; - is "
                        "standard input.",
                    ]
                ),
            ),
            ("COMMANDS", _terms(rows)),
            ("OPTIONS", _terms([("-V, --version", "Print the version."), ("-h, --help", "Show the commands.")])),
            ("EXIT STATUS", _terms(_exit_codes())),
            ("SEE ALSO", _lines([".BR ssh-keygen (1),", ".BR puttygen (1),", ".BR sshd (8)"])),
        ],
    )


def _command_page(name: str, command: Any, parent: Any) -> str:
    context = command.make_context(name, [], parent, resilient_parsing=True)
    pieces = " ".join(piece for piece in command.collect_usage_pieces(context))
    paragraphs = [" ".join(each.split()) for each in re.split(r"\n\s*\n", (command.help or "").strip())]
    examples = [each for each in paragraphs if _is_example(each)]
    sections: list[tuple[str, str]] = [
        ("SYNOPSIS", _lines([f".B keyconv {name}", _escape(pieces)])),
        ("DESCRIPTION", _paragraphs([each for each in paragraphs if each not in examples])),
    ]
    options = "".join(f".SS {_escape(heading)}\n{_terms(rows)}" for heading, rows in command.sections(context).items())
    sections.append(("OPTIONS", options))
    if examples:
        sections.append(("EXAMPLES", "".join(f".PP\n.nf\n{_escape(each)}\n.fi\n" for each in examples)))
    sections.append(("EXIT STATUS", "As\n.BR keyconv (1)\nlists them.\n"))
    sections.append(("SEE ALSO", ".BR keyconv (1)\n"))
    return _page(f"keyconv-{name.replace(' ', '-')}", _summary(command), sections)


def _is_example(paragraph: str) -> bool:
    return paragraph.startswith(("keyconv ", "printf ", "cat ", "ssh-keygen ", "git ")) and not paragraph.endswith(".")


def _summary(command: Any) -> str:
    text = str(command.get_short_help_str(1000)).rstrip(".")
    return text[:1].lower() + text[1:]


def _exit_codes() -> list[tuple[str, str]]:
    text = (ROOT / "docs" / "cli.md").read_text("utf-8").split("## Exit codes")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", text, re.MULTILINE)
    return [(code, meaning.replace("`", "")) for code, meaning in rows]


def _page(name: str, summary: str, sections: list[tuple[str, str]]) -> str:
    from keyconv import __version__

    head = f'.TH {_escape(name.upper())} 1 "" "keyconv {__version__}" "User Commands"\n'
    body = "".join(f".SH {title}\n{text}" for title, text in sections)
    return f"{head}.SH NAME\n{_escape(name)} \\- {_escape(summary)}\n{body}"


def _terms(rows: list[tuple[str, str]]) -> str:
    return "".join(f".TP\n.B {_escape(term)}\n{_guarded(meaning)}\n" for term, meaning in rows)


def _paragraphs(paragraphs: list[str]) -> str:
    return "".join(f".PP\n{_guarded(each)}\n" for each in paragraphs)


def _lines(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _guarded(text: str) -> str:
    """Write text that begins with no sign of a request."""
    escaped = _escape(" ".join(text.split()))
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def _escape(text: str) -> str:
    return "".join(_signs(text))


def _signs(text: str) -> Iterator[str]:
    for sign in text:
        yield {"\\": "\\e", "-": "\\-", "'": "\\(aq", "~": "\\(ti", "^": "\\(ha", "`": "\\(ga"}.get(sign, sign)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
