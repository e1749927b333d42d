"""MACs, tags, check integers and padding are compared by `hmac.compare_digest`, and before anything else is read."""

from __future__ import annotations

import ast
import hmac
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixture_files import ROOT, by_path, sample
from forged_files import load, openssh, ppk

from keyconv import FORMATS, Deriver, Passphrase, WriteOptions, read, unlock, write
from keyconv.errors import KeyconvError, MacError, WrongPassphraseError
from keyconv.formats import openssh as openssh_format
from keyconv.formats import ppk as ppk_format
from keyconv.formats.base import Format
from keyconv.proof import proving

WORD = Passphrase("correct horse")
GUARDED = re.compile(r"(?:^|_)(?:mac|tag|digest|checks?|padding|padded|hash)(?:$|_)")
WITHOUT_ANY_FIELD = {"sshcom": "its section has a length alone, and no MAC, no check integers and no set padding"}

# ── by the source ──────────────────────────────────────────────────────────────────────────────────────────────────


def guarded(node: ast.expr) -> bool:
    """Return whether an expression has a guarded name in it; the length of such a thing is no secret."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
        return False
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return bool(GUARDED.search(name)) or any(
        guarded(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)
    )


def plain_comparisons(source: str) -> Iterator[int]:
    """Return the lines in which `==` or `!=` compares something guarded with what is not a constant."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Compare) or not any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            continue
        sides = [node.left, *node.comparators]
        if any(map(guarded, sides)) and not any(isinstance(side, ast.Constant) for side in sides):
            yield node.lineno


def test_the_rule_finds_what_it_forbids() -> None:
    forbidden = ("mac == stated", "sections.mac != made(x)", "a == tag[:4]", "padded[-n:] != b * n", "f(digest) == y")
    allowed = ("len(mac) == size", "name == b'Private-MAC'", "tag.lower() != b'comment'", "a == b", "not padding")
    assert [list(plain_comparisons(each)) for each in forbidden] == [[1]] * len(forbidden)
    assert [list(plain_comparisons(each)) for each in allowed] == [[]] * len(allowed)


@pytest.mark.parametrize("folder", ["formats", "crypto"])
def test_no_mac_tag_check_or_padding_is_compared_by_an_operator(folder: str) -> None:
    files = sorted((ROOT / "keyconv" / folder).glob("*.py"))
    found = [f"{path.name}:{line}" for path in files for line in plain_comparisons(path.read_text("utf-8"))]
    assert len(files) > 5
    assert found == []


# ── by what is called ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes]]:
    """Record what is given to `hmac.compare_digest`."""
    pairs: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def record(one: Any, other: Any) -> bool:
        pairs.append((bytes(one), bytes(other)))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", record)
    return pairs


def locked_files() -> list[Any]:
    files = []
    for known in FORMATS:
        if known.write is None or not known.can.encryption:
            continue
        key = "openssh/rsa2048-plain" if "ed25519" not in known.can.families else "openssh/ed25519-plain"
        key = "openssh/ecdsa-p256-plain" if known.name == "pem" else key
        for cipher in known.can.ciphers:
            files.append(pytest.param(known, key, cipher, id=f"{known.name}-{cipher}"))
    return files


@pytest.mark.parametrize(("known", "key", "cipher"), locked_files())
def test_every_locked_key_is_opened_by_such_a_comparison(
    known: Format, key: str, cipher: str, compared: list[tuple[bytes, bytes]]
) -> None:
    chosen = cipher if known.name in ("openssh", "pem", "pkcs8") else ""
    deriver = Deriver()
    how = WriteOptions(WORD, cipher=chosen, kdf_memory=64, kdf_passes=1, rounds=1, deriver=deriver)
    data = write(sample(key), known, how)
    compared.clear()
    assert unlock(read(data).entries[0], WORD, deriver=deriver).private == sample(key).private
    assert (not compared) == (known.name in WITHOUT_ANY_FIELD)
    assert all(one == other for one, other in compared)


@pytest.mark.parametrize("name", ["mac", "hash"])
def test_the_first_ppk_format_is_opened_by_such_a_comparison(name: str, compared: list[tuple[bytes, bytes]]) -> None:
    fixture = by_path(f"ppk1/ed25519-v1-private-{name}-encrypted.ppk")
    assert fixture.passphrase is not None
    unlock(read(fixture.data).entries[0], Passphrase(fixture.passphrase))
    assert [len(one) for one, _ in compared[:1]] == [20]


@pytest.mark.parametrize("padding", [b"\1\2\3\4\5\6\7\0", b"\1\1\1", b"\0"])
def test_the_padding_of_an_openssh_key_is_compared_so(padding: bytes, compared: list[tuple[bytes, bytes]]) -> None:
    pair = load("ed25519")
    comment = b"x" * (-(len(pair.inner()) + 8 + 4 + len(padding)) % 8)
    with pytest.raises(KeyconvError, match="the padding is not 1, 2, 3"):
        read(openssh(pair.blob, pair.inner(), comment=comment, padding=padding))
    assert (padding, bytes(range(1, 1 + len(padding)))) in compared


# ── before anything is read ────────────────────────────────────────────────────────────────────────────────────────


def flipped(data: bytes, header: bytes) -> bytes:
    """Change a digit of the MAC's middle."""
    at = data.index(header) + len(header) + 20
    return data[:at] + (b"0" if data[at : at + 1] != b"0" else b"1") + data[at + 1 :]


def ppk_files() -> dict[str, bytes]:
    pair = load("ed25519")
    files = {
        f"{version}-{state}": ppk(pair, version=version, passphrase=word)
        for version in (2, 3)
        for state, word in (("plain", b""), ("encrypted", WORD.reveal()))
    }
    for state in ("plain", "encrypted"):
        for name in ("mac", "hash"):
            files[f"1-{name}-{state}"] = by_path(f"ppk1/ed25519-v1-private-{name}-{state}.ppk").data
    return files


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record whatever reads a private section or proves a key."""
    calls: list[str] = []

    def spy(module: Any, name: str) -> None:
        real = getattr(module, name)

        def call(*arguments: Any, **named: Any) -> Any:
            calls.append(name)
            return real(*arguments, **named)

        monkeypatch.setattr(module, name, call)

    spy(ppk_format, "_prove")
    spy(ppk_format, "_read_private")
    spy(openssh_format, "_check_integers_agree")
    spy(openssh_format, "_read_section")
    spy(proving, "prove")
    return calls


@pytest.mark.parametrize("name", ppk_files())
def test_nothing_of_a_ppk_is_parsed_before_its_mac_fits(name: str, reached: list[str]) -> None:
    data = ppk_files()[name]
    word = by_path("ppk1/ed25519-v1-private-mac-encrypted.ppk").passphrase if name[0] == "1" else WORD.reveal()
    assert word is not None
    header = b"Private-Hash: " if b"Private-Hash" in data else b"Private-MAC: "
    with pytest.raises((MacError, WrongPassphraseError)):
        unlock(read(flipped(data, header)).entries[0], Passphrase(word))
    assert reached == []
    unlock(read(data).entries[0], Passphrase(word))
    assert "_read_private" in reached, "the spy sees what is read"


@pytest.mark.parametrize(
    "cipher", ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"]
)
@pytest.mark.parametrize("place", ["tag", "section"])
def test_nothing_of_an_openssh_section_is_parsed_before_its_tag_fits(
    cipher: str, place: str, reached: list[str]
) -> None:
    import base64

    data = write(sample("openssh/ed25519-plain"), "openssh", WriteOptions(WORD, cipher=cipher, rounds=1))
    reached.clear()
    rows = data.split(b"\n")
    body = bytearray(base64.b64decode(b"".join(rows[1:-2])))
    body[-1 if place == "tag" else -40] ^= 1
    changed = b"\n".join([rows[0], base64.b64encode(bytes(body)), rows[-2], b""])
    deriver = Deriver()
    with pytest.raises(WrongPassphraseError, match="the tag of"):
        unlock(read(changed).entries[0], WORD, deriver=deriver)
    assert reached == []
    unlock(read(data).entries[0], WORD, deriver=deriver)
    assert reached == ["_check_integers_agree", "_read_section", "prove"]


def test_the_page_says_which_formats_have_nothing_to_compare() -> None:
    page = (Path(ROOT) / "docs" / "trust.md").read_text("utf-8")
    assert "hmac.compare_digest" in page
    assert all(known in page for known in WITHOUT_ANY_FIELD)
