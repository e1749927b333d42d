"""Writes the tables of docs/damage.md: what `keyconv repair` makes of every damage to every kind of file.

The damages and the files are those of tests/damages.py; nothing in the tables is typed by hand.

python docs/damage_table.py           rewrite the tables
python docs/damage_table.py --check   change nothing, exit with 1 if a table is stale
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "damage.md"
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]  # the code and the damages of this checkout

from damages import (  # noqa: E402
    DAMAGES,
    FILES,
    Damage,
    KeyFixture,
    applicable,
    hidden_rules,
    sample_combinations,
)

from keyconv import Deriver, Passphrase  # noqa: E402
from keyconv.repairs import Candidate, Opening, search  # noqa: E402

_MARKED = re.compile(r"(<!-- damage: (?P<name>[a-z-]+) -->\n)(?P<table>.*?)(<!-- end -->)", re.DOTALL)
_DERIVER = Deriver()
_TRIED = 60

_COLUMNS = {
    "openssh": ("openssh ed25519", "openssh rsa"),
    "openssh, encrypted": ("openssh ed25519, encrypted", "openssh rsa, encrypted"),
    "pem": ("pem rsa", "pem ec"),
    "pem, encrypted": ("pem rsa, encrypted", "pem ec, encrypted"),
    "pkcs8": ("pkcs8 rsa",),
    "pkcs8, encrypted": ("pkcs8 rsa, encrypted",),
    "ppk 2": ("ppk 2 rsa",),
    "ppk 2, encrypted": ("ppk 2 rsa, encrypted",),
    "ppk 3": ("ppk 3 ed25519",),
    "ppk 3, encrypted": ("ppk 3 rsa, encrypted",),
    "rfc4716": ("rfc4716 rsa",),
    "public line": ("public line rsa", "public line ed25519"),
    "authorized_keys": ("authorized_keys, ten lines",),
}
"""The columns, and the files that each stands for."""


def main(arguments: list[str]) -> int:
    """Rewrite or check the page, and give the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python docs/damage_table.py [--check]\n")
        return 2
    text = PAGE.read_text("utf-8")
    fresh = _MARKED.sub(lambda marked: f"{marked[1]}\n{TABLES[marked['name']]()}\n{marked[4]}", text)
    if fresh == text:
        return 0
    if not arguments:
        PAGE.write_text(fresh, "utf-8")
    state = "stale: run python docs/damage_table.py" if arguments else "rewritten"
    sys.stdout.write(f"{PAGE.relative_to(ROOT).as_posix()}: {state}\n")
    return 1 if arguments else 0


# ── one damage ─────────────────────────────────────────────────────────────────────────────────────────────────────


def single() -> str:
    """Every damage by every kind of file."""
    outcomes = {
        (file.name, damage.name): _outcome(file, damage, damaged)
        for file in FILES
        for damage, damaged in applicable(file)
    }
    rows = []
    for damage in DAMAGES:
        cells = []
        for names in _COLUMNS.values():
            found = {outcomes[name, damage.name] for name in names if (name, damage.name) in outcomes}
            cells.append(" or ".join(sorted(found)) or "-")
        variant = damage.name.removeprefix(damage.rule).removeprefix(", ")
        rows.append((f"[`{damage.rule}`](rules/{damage.rule}.md)", variant or "-", *cells))
    return _table(("rule", "variant", *_COLUMNS), rows)


def _outcome(file: KeyFixture, damage: Damage, damaged: bytes) -> str:
    for passphrase in dict.fromkeys((None, file.passphrase)):
        found = _search(damaged, passphrase)
        if found is not None and found.undone == (damage.rule,) and found.data == file.data:
            return "fixed" if passphrase is None else "with the passphrase"
    named = _search(damaged, None, guess=True)
    return "named" if named is not None and damage.rule in named.undone else "NOT NAMED"


def _search(data: bytes, passphrase: Passphrase | None, *, guess: bool = False) -> Candidate | None:
    return search(data, Opening(passphrase=passphrase, deriver=_DERIVER), guess=guess)


# ── several ────────────────────────────────────────────────────────────────────────────────────────────────────────


def combined() -> str:
    """Combinations of two and of three: how many were tried, named and fixed."""
    rows = []
    for file in FILES:
        cells: list[str] = []
        for size in (2, 3):
            tried = sample_combinations(file, size, _TRIED, seed=size)
            kept = [
                (damages, data)
                for damages, data in tried
                if file.private or "space-for-plus" not in {damage.rule for damage in damages}
            ]
            found = [(damages, _search(data, file.passphrase)) for damages, data in kept]
            named = sum(1 for damages, each in found if each is not None and _is_named(damages, each))
            mended = sum(1 for _, each in found if each is not None and each.data == file.data)
            cells += [str(len(kept)), str(named), str(mended)]
        rows.append((file.name, *cells))
    heads = [f"{what} of {size}" for size in ("two", "three") for what in ("tried,", "named,", "fixed,")]
    return _table(("file", *heads), rows)


def _is_named(damages: Sequence[Damage], found: Candidate) -> bool:
    rules: set[str] = {damage.rule for damage in damages}
    return rules - hidden_rules(damages) <= set(found.undone) <= rules


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(columns)]
    lines.append(tuple("---" for _ in lines[0]))
    lines.extend(tuple(row) for row in rows)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


TABLES: dict[str, Callable[[], str]] = {"single": single, "combined": combined}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
