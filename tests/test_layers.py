"""Imports point one way, and what may touch the world outside stays at the top (docs/architecture.md)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import keyconv

PACKAGE = Path(keyconv.__file__).parent

LAYERS = (
    *("errors", "limits", "record", "notes", "secret", "schemas", "bridging"),
    *("keys", "wire", "text", "crypto", "keyfile", "proof", "codec", "document"),
    *("statements", "formats", "engine", "repairs", "checks"),
    *("files", "agent", "library", "batch", "cli", "__init__", "__main__"),
)
"""From the bottom up, one a row: each imports those before it and none after it, inside functions too."""

LEVEL = {name: level for level, name in enumerate(LAYERS)}
TOP = LEVEL["files"]

ABOVE_ALL = {("keyconv.cli.app", "keyconv"), ("keyconv.cli.check", "keyconv")}
"""Who asks the package for its `__version__`."""

BY_NAME = {"keyconv", "keyconv.engine", "keyconv.formats", "keyconv.repairs", "keyconv.statements", "keyconv.cli.app"}
"""What imports its own parts when they are asked for: public names, formats, diagnosis, commands."""

LIBRARIES = {"cryptography", "bcrypt", "argon2", "_argon2_cffi_bindings", "nacl", "Crypto", "Cryptodome"}

WORLDLY = {
    *("os", "sys", "pathlib", "io", "shutil", "tempfile", "fcntl", "mmap", "glob", "stat", "pwd"),
    *("time", "datetime", "calendar", "locale", "platform"),
    *("getpass", "termios", "tty", "signal", "select", "logging"),
    *("subprocess", "socket", "asyncio", "multiprocessing", "threading", "concurrent"),
    *("secrets", "random", "typer", "click", "rich"),
}
"""Modules through which a program reaches the disk, the terminal, the clock, the environment or another process."""

WORLDLY_ALLOWED = {("keyconv.formats.base", "os"), ("keyconv.proof.points", "os")}
"""`os.urandom`, the default of `WriteOptions.random` and what picks the points of a test, and nothing else of `os`."""


class Import(NamedTuple):
    """One import statement's one name: who imports what, where, and whether only inside a function."""

    importer: str
    imported: str
    line: int
    lazy: bool

    def __str__(self) -> str:
        return f"{self.importer} line {self.line} imports {self.imported}"


def _module_name(path: Path) -> str:
    parts = ["keyconv", *path.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _modules() -> dict[str, Path]:
    return {_module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def _is_type_checking(node: ast.AST) -> bool:
    test = node.test if isinstance(node, ast.If) else None
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"


def _statements(node: ast.AST, lazy: bool = False) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and _is_type_checking(child):
            for alternative in child.orelse:
                yield from _statements(alternative, lazy)
        elif isinstance(child, ast.Import | ast.ImportFrom):
            yield child, lazy
        else:
            yield from _statements(
                child, lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            )


def _targets(statement: ast.Import | ast.ImportFrom, importer: str, is_package: bool) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
        return
    base = statement.module or ""
    if statement.level:
        parent = importer.split(".")[: len(importer.split(".")) - statement.level + is_package]
        base = ".".join([*parent, *([base] if base else [])])
    for alias in statement.names:
        whole = f"{base}.{alias.name}"
        yield whole if whole in _modules() else base


@cache
def _imports() -> tuple[Import, ...]:
    return tuple(
        Import(importer, imported, statement.lineno, lazy)
        for importer, path in _modules().items()
        for statement, lazy in _statements(_tree(path))
        for imported in _targets(statement, importer, path.name == "__init__.py")
    )


def _inner() -> list[Import]:
    return [each for each in _imports() if each.imported.split(".")[0] == "keyconv"]


def _part(module: str) -> str:
    """Return the layer's word for a module: `formats` for `keyconv.formats.ppk`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def _below_top(module: str) -> bool:
    return LEVEL[_part(module)] < TOP


def test_the_imports_are_found_at_all() -> None:
    pairs = {(each.importer, each.imported) for each in _imports()}
    assert ("keyconv.limits", "keyconv.errors") in pairs
    assert ("keyconv.formats.ppk", "keyconv.codec.public_blob") in pairs
    assert ("keyconv.crypto.kdf", "bcrypt") in pairs, "an import inside a function"
    assert ("keyconv.keys.certificate", "keyconv.keys") not in pairs, "an import for the type checker alone"


def test_every_module_belongs_to_a_layer() -> None:
    homeless = [module for module in _modules() if _part(module) not in LEVEL]
    assert not homeless, "name them in docs/architecture.md and in LAYERS"


def test_imports_point_one_way() -> None:
    upward = [
        each
        for each in _inner()
        if LEVEL[_part(each.imported)] > LEVEL[_part(each.importer)] and (each.importer, each.imported) not in ABOVE_ALL
    ]
    assert not list(map(str, upward))


def test_the_rows_are_those_that_the_architecture_names() -> None:
    text = (Path(__file__).parent.parent / "docs" / "architecture.md").read_text("utf-8")
    rows = text.split("<!-- layers -->")[1].split("<!-- end -->")[0]
    named = [
        word for row in rows.splitlines() if row.startswith("|") for word in re.findall(r"`(\w+)`", row.split("|")[1])
    ]
    assert named == [name for name in LAYERS if not name.startswith("__")]


def test_nothing_imports_in_a_circle() -> None:
    graph: dict[str, set[str]] = {module: set() for module in _modules()}
    for each in _inner():
        if not each.lazy and each.imported in graph:
            graph[each.importer].add(each.imported)
    done: set[str] = set()

    def walk(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path, module))
        if module not in done:
            for imported in sorted(graph[module]):
                walk(imported, (*path, module))
            done.add(module)

    for module in graph:
        walk(module, ())


def test_imports_by_a_computed_name_are_those_within_one_package() -> None:
    # The tests above cannot see them; each of these modules says itself what it imports so.
    callers = {
        module
        for module, path in _modules().items()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module")
    }
    assert callers == BY_NAME


def test_the_model_imports_nothing_of_keyconv_but_itself_and_what_makes_records() -> None:
    foreign = {
        (each.importer, each.imported)
        for each in _inner()
        if _part(each.importer) == "keys" and _part(each.imported) not in ("keys", "record", "bridging")
    }
    assert not foreign


def test_formats_never_import_each_other() -> None:
    crossing = []
    for each in _inner():
        importer, imported = each.importer.split("."), each.imported.split(".")
        if importer[1:2] == imported[1:2] == ["formats"] and len(importer) > 2:
            other = imported[2] if len(imported) > 2 else "the registry"
            if other not in ("base", importer[2]):
                crossing.append(str(each))
    assert not crossing


def test_only_crypto_and_proof_import_a_cryptography_library() -> None:
    foreign = [
        str(each)
        for each in _imports()
        if each.imported.split(".")[0] in LIBRARIES and _part(each.importer) not in ("crypto", "proof")
    ]
    assert not foreign


def test_no_cryptography_library_is_imported_before_it_is_needed() -> None:
    eager = [str(each) for each in _imports() if each.imported.split(".")[0] in LIBRARIES and not each.lazy]
    assert not eager


def test_nothing_below_the_top_imports_what_touches_the_world() -> None:
    worldly = [
        str(each)
        for each in _imports()
        if _below_top(each.importer)
        and each.imported.split(".")[0] in WORLDLY
        and (each.importer, each.imported) not in WORLDLY_ALLOWED
    ]
    assert not worldly


@pytest.mark.parametrize("name", ["open", "print", "input", "exec", "eval", "__import__", "breakpoint"])
def test_nothing_below_the_top_calls(name: str) -> None:
    calls = [
        f"{module} line {node.lineno}"
        for module, path in _modules().items()
        if _below_top(module)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]
    assert not calls


def test_randomness_is_all_that_formats_take_from_os() -> None:
    tree = _tree(_modules()["keyconv.formats.base"])
    taken = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
    }
    assert taken == {"urandom"}
    assert not any(isinstance(node, ast.ImportFrom) and node.module == "os" for node in ast.walk(tree))
