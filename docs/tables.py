"""Writes the tables of README.md and docs/ from the code, between `<!-- table: NAME -->` and `<!-- end -->`.

python docs/tables.py           rewrite every table that is stale
python docs/tables.py --check   change nothing, name the stale ones, exit with 1 if there are any
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyconv.errors import KeyconvError
    from keyconv.formats.base import Format

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the tables are those of this checkout, whatever is installed

_MARKED = re.compile(r"(<!-- table: (?P<name>[a-z0-9-]+) -->\n)(?P<table>.*?)(<!-- end -->)", re.DOTALL)
_FAMILIES = {
    "rsa": "RSA",
    "dsa": "DSA",
    "ecdsa": "ECDSA",
    "ed25519": "Ed25519",
    "ed448": "Ed448",
    "sk-ecdsa": "ECDSA-SK",
    "sk-ed25519": "Ed25519-SK",
    "mldsa44-ed25519": "ML-DSA-44-Ed25519",
    "opaque": "any other",
}
_ERROR_CLASS = re.compile(r"^class \w+\([\w.]*Error\):", re.MULTILINE)
_LOSSES = "planning.py"


def main(arguments: list[str]) -> int:
    """Rewrite or check every page, and give the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python docs/tables.py [--check]\n")
        return 2
    stale = []
    for page in pages():
        text = page.read_text("utf-8")
        fresh = rewrite(text)
        if fresh != text:
            stale.append(page.relative_to(ROOT).as_posix())
            if not arguments:
                page.write_text(fresh, "utf-8")
    for name in stale:
        sys.stdout.write(f"{name}: {'stale: run python docs/tables.py' if arguments else 'rewritten'}\n")
    return 1 if stale and arguments else 0


def pages() -> list[Path]:
    """Name every page that may hold tables."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def rewrite(text: str) -> str:
    """Return a page with its tables made again."""

    def fill(marked: re.Match[str]) -> str:
        make = TABLES.get(marked["name"])
        if make is None:
            raise SystemExit(f"there is no table '{marked['name']}'; the tables are {', '.join(TABLES)}")
        return f"{marked[1]}\n{make()}\n{marked[4]}"

    return _MARKED.sub(fill, text)


# ── the tables ─────────────────────────────────────────────────────────────────────────────────────────────────────


def formats() -> str:
    """Every format, what it is, what can be done with it and which key types it holds."""
    from keyconv.formats import FORMATS
    from keyconv.keys import FAMILIES

    rows = [
        (
            f"`{known.name}`",
            known.title,
            "private" if known.can.private else "public",
            _doings(known),
            _yes(known.can.encryption),
            ", ".join(_family(family) for family in FAMILIES if family in known.can.families),
        )
        for known in FORMATS
    ]
    return _table(("format", "what it is", "half", "keyconv can", "passphrase", "key types"), rows)


def capabilities() -> str:
    """What each format can hold beside the numbers of the key."""
    from keyconv.formats import ALIASES, FORMATS

    rows = []
    for known in FORMATS:
        can = known.can
        aliases = [f"`{alias}`" for alias, name in ALIASES.items() if name == known.name]
        held = (can.comment, can.certificate, can.options, can.headers, can.many)
        suffix = f"`{known.suffix}`" if known.suffix else "-"
        rows.append((f"`{known.name}`", ", ".join(aliases) or "-", suffix, *map(_yes, held), known.source))
    columns = ("format", "alias", "suffix", "comment", "certificate", "options", "headers", "several keys", "source")
    return _table(columns, rows)


def key_types() -> str:
    """Formats by key families."""
    from keyconv.formats import FORMATS
    from keyconv.keys import FAMILIES

    rows = [(f"`{known.name}`", *(_yes(family in known.can.families) for family in FAMILIES)) for known in FORMATS]
    return _table(("format", *map(_family, FAMILIES)), rows)


def ciphers() -> str:
    """What each format that takes a passphrase is encrypted with."""
    from keyconv.formats import FORMATS

    rows = [
        (f"`{known.name}`", _codes(known.can.ciphers), _codes(known.can.kdfs), _yes(known.can.shows_public))
        for known in FORMATS
        if known.can.encryption
    ]
    return _table(("format", "written with", "KDF", "public half in clear"), rows)


def errors() -> str:
    """Every error, by the code that `--json` shows."""
    rows = [
        (f"`{each.code}`", str(each.exit_code), f"`{each.__name__}`", _first_sentence(each.__doc__ or ""))
        for each in sorted(_error_classes(), key=lambda each: (each.exit_code, each.code))
    ]
    return _table(("code", "exit code", "exception", "meaning"), rows)


def limits() -> str:
    """Every ceiling of `keyconv.limits`, with the reason that stands there."""
    from keyconv import limits

    rows = []
    for names, text in _documented((ROOT / "keyconv" / "limits.py").read_text("utf-8")):
        values = [_amount(getattr(limits, name), text) for name in names]
        rows.append((", ".join(f"`{name}`" for name in names), " to ".join(values), text))
    return _table(("limit", "value", "what and why"), rows)


def notes() -> str:
    """Every note that a reader can make on a file that it accepts."""
    said: dict[str, set[str]] = {}
    for path in _engine_files():
        if path.name != _LOSSES:
            for code, message in _notes_of(ast.parse(path.read_text("utf-8"))):
                said.setdefault(code, set()).add(message)
    rows = [(f"`{code}`", "<br>".join(sorted(messages))) for code, messages in sorted(said.items())]
    return _table(("note", "what it says"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "formats": formats,
    "capabilities": capabilities,
    "key-types": key_types,
    "ciphers": ciphers,
    "errors": errors,
    "limits": limits,
    "notes": notes,
}


# ── what they are made of ──────────────────────────────────────────────────────────────────────────────────────────


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(columns)]
    lines.append(tuple("---" for _ in lines[0]))
    lines.extend(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


@cache
def _engine_files() -> frozenset[Path]:
    """Name the modules that take part in reading."""
    import keyconv.engine  # loads every format of the registry, and nothing that only waits to be one

    loaded = (module for name, module in sys.modules.items() if name.startswith(f"{keyconv.__name__}."))
    return frozenset(Path(module.__file__) for module in loaded if module.__file__)


def _error_classes() -> set[type[KeyconvError]]:
    """Return the exceptions of the whole package that have a code of their own."""
    _engine_files()  # before more is loaded than takes part in reading
    from keyconv.errors import KeyconvError

    for path in (ROOT / "keyconv").rglob("*.py"):
        if _ERROR_CLASS.search(path.read_text("utf-8")):
            module = path.relative_to(ROOT).with_suffix("")
            import_module(".".join(module.parts).removesuffix(".__init__"))
    found: set[type[KeyconvError]] = set()
    waiting: list[type[KeyconvError]] = [KeyconvError]
    while waiting:
        each = waiting.pop()
        waiting.extend(each.__subclasses__())
        if "code" in vars(each) and each.__module__.startswith("keyconv."):
            found.add(each)
    return found


def _doings(known: Format) -> str:
    doings = {"read": known.can.readable, "write": known.write is not None}
    return ", ".join(doing for doing, done in doings.items() if done)


def _yes(held: bool) -> str:
    return "yes" if held else "-"


def _family(family: str) -> str:
    return _FAMILIES.get(family, family)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "-"


def _first_sentence(text: str) -> str:
    paragraph = " ".join(text.strip().split("\n\n")[0].split())
    return re.split(r"(?<=\.) ", paragraph)[0]


def _documented(source: str) -> Iterator[tuple[list[str], str]]:
    """Yield the constants of a module that a text stands below, with that text; adjacent lines share it."""
    names: list[str] = []
    last = 0
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names = [*names, node.targets[0].id] if node.lineno == last + 1 else [node.targets[0].id]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.lineno == last + 1 and names:
            yield names, " ".join(str(node.value.value).split())
            names = []
        else:
            names = []
        last = node.end_lineno or node.lineno


def _amount(value: object, text: str) -> str:
    from keyconv.limits import KIB, size

    if isinstance(value, tuple):
        return ", ".join(f"{each:,}" for each in value)
    if not isinstance(value, int):
        raise SystemExit(f"a limit that is no number: {value!r}")
    count = value * KIB if text.startswith("KiB") else value
    if text.startswith(("Bytes", "KiB")) and count >= KIB and count % KIB == 0:
        return size(count)
    return f"{value:,}"


def _notes_of(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Note":
            code, message = node.args[:2]
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                yield code.value, _message(message)


def _message(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "..." for part in node.values)
    return "(what is wrong, and where)"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
