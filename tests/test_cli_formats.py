"""`keyconv formats`: the table says what the registry says."""

from __future__ import annotations

import re

import pytest
from test_cli_convert import run, run_process

from keyconv import FORMATS, Format
from keyconv.formats import ALIASES
from keyconv.keys import FAMILIES


@pytest.mark.parametrize("known", [pytest.param(known, id=known.name) for known in FORMATS])
def test_the_json_is_what_the_registry_says(known: Format) -> None:
    (found,) = [each for each in run("formats", "--json").json if each["name"] == known.name]
    assert found == {
        "name": known.name,
        "aliases": [alias for alias, name in ALIASES.items() if name == known.name],
        "title": known.title,
        "source": known.source,
        "private": known.can.private,
        "read": known.can.readable,
        "write": known.write is not None,
        "key_types": [family for family in FAMILIES if family in known.can.families],
        "comment": known.can.comment,
        "certificate": known.can.certificate,
        "options": known.can.options,
        "many": known.can.many,
        "ciphers": list(known.can.ciphers),
        "kdfs": list(known.can.kdfs),
    }
    assert set(found["key_types"]) == known.can.families


def test_the_json_has_every_format_once_in_the_order_of_the_registry() -> None:
    assert [each["name"] for each in run("formats", "--json").json] == [known.name for known in FORMATS]


def test_the_table_has_a_line_for_every_format_and_a_column_for_every_key_type() -> None:
    result = run("formats")
    assert (result.code, result.err) == (0, "")
    head, *rows = result.out.decode().splitlines()
    columns = [name.lower() for name in head.split()]
    assert columns == ["format", "encrypted", *FAMILIES]
    assert len(rows) == len(FORMATS)
    for row, known in zip(rows, FORMATS, strict=True):
        cells = dict(zip(["encrypted", *FAMILIES], row.split()[-1 - len(FAMILIES) :], strict=True))
        assert row.split()[0] == known.name
        assert ("private" if known.can.private else "public") in row
        assert bool(re.search(r"\bread\b", row)) == known.can.readable
        assert bool(re.search(r"\bwrite\b", row)) == (known.write is not None)
        assert {name for name, cell in cells.items() if cell == "yes"} == known.can.families | (
            {"encrypted"} if known.can.encryption else set()
        )


def test_it_takes_no_argument() -> None:
    assert run("formats", "ppk").code == 2


def test_it_loads_no_library_of_cryptography() -> None:
    watch = "import atexit, sys; atexit.register(lambda: sys.stderr.write('keyconv: ' + str(sorted("
    watch += "{'cryptography', 'bcrypt', 'argon2'} & set(sys.modules))) + '\\n'))"
    assert run_process("formats", boot=watch).err == "keyconv: []\n"
