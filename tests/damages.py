"""What copying, pasting and storing does to key files, done on purpose: every damage is a function from bytes to bytes.

Nothing here comes from `keyconv.repairs`. A function gives the text unchanged where it cannot happen to it. The files
that are damaged are the real tools' fixtures, and an `authorized_keys` of ten lines that is made of them.
"""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from urllib.parse import quote, quote_plus

from fixture_files import PASSPHRASE, by_path

from keyconv import Passphrase

__all__ = [
    "DAMAGES",
    "FILES",
    "HIDDEN",
    "Damage",
    "KeyFixture",
    "applicable",
    "as_json_string",
    "by_name",
    "combine",
    "file_by_name",
    "hidden_rules",
    "rewrap",
    "sample_combinations",
]


BAG = b"Bag Attributes\n    localKeyID: C1 DA 18 B2\nKey Attributes: <No Attributes>\n"
CERTIFICATE = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(bytes(range(250))) + b"-----END CERTIFICATE-----\n"


@dataclass(frozen=True, slots=True)
class KeyFixture:
    """A file to be damaged: its name in tables, its bytes, and the passphrase of an encrypted one."""

    name: str
    data: bytes
    passphrase: Passphrase | None = None

    @property
    def kind(self) -> str:
        """How its text is built: `framed` (five dashes), `ppk`, `ssh2` (four dashes), `lines`."""
        if self.data.startswith(b"PuTTY"):
            return "ppk"
        if self.data.startswith(b"---- "):
            return "ssh2"
        return "framed" if self.data.startswith(b"-----") else "lines"

    @property
    def private(self) -> bool:
        """Whether there is a private half, which proves what is repaired."""
        return b"PRIVATE" in self.data or self.kind == "ppk"


@dataclass(frozen=True, slots=True)
class Damage:
    """One way of damaging a file. `rule` names it; `layer` tells when it happens to a file that more happens to."""

    name: str
    rule: str
    layer: int
    do: Callable[[bytes], bytes]
    kinds: tuple[str, ...] = ("framed", "ppk", "ssh2", "lines")

    def apply(self, data: bytes) -> bytes | None:
        """Damage a file; None where this cannot happen to it."""
        damaged = self.do(data)
        return None if damaged == data else damaged


def _rows(data: bytes) -> list[bytes]:
    return data.removesuffix(b"\n").split(b"\n")


def _each_row(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def do(data: bytes) -> bytes:
        ended = data.endswith(b"\n")
        return b"\n".join(change(row) for row in _rows(data)) + (b"\n" if ended else b"")

    return do


# ── the body and its frame ─────────────────────────────────────────────────────────────────────────────────────────


def _is_body(row: bytes) -> bool:
    return re.fullmatch(rb"[A-Za-z0-9+/]+={0,2}", row) is not None


def _url_decode(data: bytes) -> bytes:
    if data.startswith((b"ssh-", b"ecdsa-", b"sk-")):
        return data.replace(b"+", b" ")
    return _each_row(lambda row: row.replace(b"+", b" ") if _is_body(row) else row)(data)


def _miscount(data: bytes) -> bytes:
    return re.sub(
        rb"^(Private-Lines: )([0-9]+)$", lambda found: b"%s%d" % (found[1], int(found[2]) + 1), data, flags=re.M
    )


def _join_rows(data: bytes) -> bytes:
    rows = _rows(data)
    start = next((index for index, row in enumerate(rows) if row.startswith(b"Public-Lines")), len(rows))
    if start + 2 >= len(rows) or not _is_body(rows[start + 2]):
        return data
    return b"\n".join([*rows[: start + 1], rows[start + 1] + rows[start + 2], *rows[start + 3 :]]) + b"\n"


def rewrap(data: bytes, width: int, *, recount: bool) -> bytes:
    """Cut both halves of a PPK into rows of another width, and count them or not."""

    def cut(half: re.Match[bytes]) -> bytes:
        body = half[3].replace(b"\n", b"")
        rows = [body[start : start + width] for start in range(0, len(body), width)]
        return half[1] + (b"%d" % len(rows) if recount else half[2]) + b"\n" + b"\n".join(rows) + b"\n"

    return re.sub(rb"^((?:Public|Private)-Lines: )([0-9]+)\n((?:[A-Za-z0-9+/]+={0,2}\n)+)", cut, data, flags=re.M)


def _relabel(data: bytes) -> bytes:
    if data.startswith(b"PuTTY"):
        wrong = b"2" if data.startswith(b"PuTTY-User-Key-File-3") else b"3"
        return data[:20] + wrong + data[21:]
    if b"OPENSSH PRIVATE KEY" in data:
        return data.replace(b"OPENSSH PRIVATE KEY", b"RSA PRIVATE KEY")
    if b"Proc-Type" in data:
        return data
    return re.sub(rb"(BEGIN|END) [A-Z0-9 ]+ KEY", lambda found: found[1] + b" OPENSSH PRIVATE KEY", data)


def _relabel_end(data: bytes) -> bytes:
    return re.sub(rb"-----END [A-Z0-9 ]+-----", b"-----END PRIVATE KEY-----", data)


def _lose_frame(data: bytes) -> bytes:
    return b"\n".join(_rows(data)[1:-1]) + b"\n" if b"Proc-Type" not in data else data


def _lose_header(data: bytes) -> bytes:
    return data.partition(b"\n")[2]


def _lose_footer(data: bytes) -> bytes:
    return b"\n".join(_rows(data)[:-1]) + b"\n"


def _lose_types(data: bytes) -> bytes:
    return _each_row(lambda row: re.sub(rb"^(ssh|ecdsa|sk)-\S+ (?=AAAA)", b"", row))(data)


def _smart_dashes(data: bytes) -> bytes:
    if data.startswith(b"PuTTY"):
        return data.replace(b"-", "\u2013".encode())
    if not data.startswith(b"----"):
        return re.sub(rb"(?<![/+\w])(ssh|ecdsa|sk)-", lambda found: found[1] + "\u2010".encode(), data)
    return data.replace(b"-----", "\u2014\u2014-".encode()).replace(b"----", "\u2014\u2014".encode())


def _lose_last_dash(data: bytes) -> bytes:
    return data[:-2] + b"\n" if data.endswith(b"--\n") else data


def _lower_frame(data: bytes) -> bytes:
    return re.sub(rb"(?<=[- ])(BEGIN|END) [A-Z0-9 ]+", lambda found: found[0].lower(), data)


# ── authorized_keys ────────────────────────────────────────────────────────────────────────────────────────────────


def _join_two(data: bytes, between: bytes) -> bytes:
    rows = _rows(data)
    if len(rows) < 3 or not rows[1].startswith(b"ssh-"):
        return data
    return b"\n".join([rows[0] + between + rows[1], *rows[2:]]) + b"\n"


def _wrap_lines(data: bytes) -> bytes:
    return re.sub(rb"([A-Za-z0-9+/=]{64})(?=[A-Za-z0-9+/]{8})", rb"\1\n", data)


def _insert_block(data: bytes) -> bytes:
    rows = _rows(data)
    index = next((index for index, row in enumerate(rows) if row.startswith(b"ssh-rsa ")), None)
    if len(rows) < 2 or index is None:
        return data
    body = rows[index].split()[1]
    block = [b"---- BEGIN SSH2 PUBLIC KEY ----", b'Comment: "%s"' % rows[index].split()[2]]
    block += [body[start : start + 64] for start in range(0, len(body), 64)]
    return b"\n".join([*rows[:index], *block, b"---- END SSH2 PUBLIC KEY ----", *rows[index + 1 :]]) + b"\n"


# ── around everything ──────────────────────────────────────────────────────────────────────────────────────────────


def _html(data: bytes) -> bytes:
    for character, entity in (
        (b"&", b"&amp;"),
        (b"+", b"&#43;"),
        (b"/", b"&#x2F;"),
        (b"=", b"&#61;"),
        (b'"', b"&quot;"),
    ):
        data = data.replace(character, entity)
    return data


def _break_lines(data: bytes) -> bytes:
    return _html(data).replace(b"\n", b"<br>\n")


def _number(data: bytes) -> bytes:
    rows = [b"%4d  %s" % (number, row) for number, row in enumerate(_rows(data), 1)]
    return b"\n".join(rows) + (b"\n" if data.endswith(b"\n") else b"")


def _lose_line_ends(data: bytes, end: bytes) -> bytes:
    return data.replace(b"\n", end) if data.count(b"\n") > 2 else data


def _literal(data: bytes, end: bytes) -> bytes:
    return data.replace(b"\n", end)


def _wrap_in_base64(data: bytes, width: int) -> bytes:
    text = base64.b64encode(data)
    return b"".join(
        text[start : start + (width or len(text))] + b"\n" for start in range(0, len(text), width or len(text))
    )


def _wrap_in_base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _utf16(data: bytes, encoding: str, mark: bytes) -> bytes:
    return mark + data.decode("utf-8").encode(encoding)


DAMAGES: tuple[Damage, ...] = (
    Damage("missing-final-newline", "missing-final-newline", 4, lambda data: data.removesuffix(b"\n")),
    Damage("crlf", "crlf", 9, lambda data: data.replace(b"\n", b"\r\n")),
    Damage("cr-line-ends", "cr-line-ends", 9, lambda data: data.replace(b"\n", b"\r")),
    Damage("byte-order-mark", "byte-order-mark", 11, lambda data: b"\xef\xbb\xbf" + data),
    Damage("utf-16, little end first", "utf-16", 12, lambda data: _utf16(data, "utf-16-le", b"\xff\xfe")),
    Damage("utf-16, big end first", "utf-16", 12, lambda data: _utf16(data, "utf-16-be", b"\xfe\xff")),
    Damage("utf-16, no mark", "utf-16", 12, lambda data: _utf16(data, "utf-16-le", b"")),
    Damage("literal-newlines", "literal-newlines", 6, lambda data: _literal(data, b"\\n")),
    Damage("literal-newlines, with CR", "literal-newlines", 6, lambda data: _literal(data, b"\\r\\n")),
    Damage("lost-newlines, to spaces", "lost-newlines", 3, lambda data: _lose_line_ends(data, b" ")),
    Damage("lost-newlines, to nothing", "lost-newlines", 3, lambda data: _lose_line_ends(data, b"")),
    Damage(
        "lost-newlines, to |", "lost-newlines", 3, lambda data: data.replace(b"\n", b"|"), ("framed", "ppk", "ssh2")
    ),
    Damage(
        "lost-newlines, to _", "lost-newlines", 3, lambda data: data.replace(b"\n", b"_"), ("framed", "ppk", "ssh2")
    ),
    Damage("indented", "indented", 4, _each_row(lambda row: b"    " + row)),
    Damage("indented, tab", "indented", 4, _each_row(lambda row: b"\t" + row)),
    Damage("indented, no-break", "indented", 4, _each_row(lambda row: "\u00a0".encode() + row)),
    Damage("indented, zero-width", "indented", 4, _each_row(lambda row: "\u200b".encode() + row)),
    Damage("trailing-whitespace", "trailing-whitespace", 4, _each_row(lambda row: row + b"  ")),
    Damage("blank-lines", "blank-lines", 4, lambda data: data.replace(b"\n", b"\n\n"), ("framed", "ppk", "ssh2")),
    Damage("blank-lines, first", "blank-lines", 4, lambda data: b"\n" + data, ("framed", "ppk", "ssh2")),
    Damage("blank-lines, last", "blank-lines", 4, lambda data: data + b"\n", ("framed", "ppk", "ssh2")),
    Damage("surrounding-text", "surrounding-text", 8, lambda data: b"Hello, the key:\n" + data + b"\nThanks!\n"),
    Damage("surrounding-text, first", "surrounding-text", 8, lambda data: b"$ cat key\n" + data),
    Damage("surrounding-text, log", "surrounding-text", 8, _each_row(lambda row: b"12:00 out: " + row)),
    Damage("surrounding-text, diff", "surrounding-text", 8, _each_row(lambda row: b"+" + row)),
    Damage("surrounding-text, line numbers", "surrounding-text", 8, _number, ("framed", "ppk", "ssh2")),
    Damage(
        "surrounding-text, rules",
        "surrounding-text",
        8,
        lambda data: b"---\n" + data + b"...\n",
        ("framed", "ppk", "ssh2"),
    ),
    Damage("surrounding-text, list item", "surrounding-text", 8, lambda data: b"- " + data, ("framed", "ppk", "ssh2")),
    Damage("surrounding-text, bag attributes", "surrounding-text", 8, lambda data: BAG + data, ("framed",)),
    Damage("surrounding-text, certificate before", "surrounding-text", 8, lambda data: CERTIFICATE + data, ("framed",)),
    Damage("surrounding-text, certificate after", "surrounding-text", 8, lambda data: data + CERTIFICATE, ("framed",)),
    Damage("surrounding-text, cloud's word", "surrounding-text", 8, lambda data: data + b"OCI_API_KEY\n", ("framed",)),
    Damage("smart-dashes", "smart-dashes", 2, _smart_dashes),
    Damage(
        "wrong-dash-count, fewer",
        "wrong-dash-count",
        2,
        lambda data: data.replace(b"----", b"---", 1),
        ("framed", "ssh2"),
    ),
    Damage(
        "wrong-dash-count, more",
        "wrong-dash-count",
        2,
        lambda data: data.replace(b"----", b"------"),
        ("framed", "ssh2"),
    ),
    Damage("wrong-dash-count, end", "wrong-dash-count", 2, _lose_last_dash, ("framed", "ssh2")),
    Damage("lower-case-frame", "lower-case-frame", 2, _lower_frame, ("framed", "ssh2")),
    Damage("missing-frame", "missing-frame", 1, _lose_frame, ("framed", "ssh2")),
    Damage("missing-frame, header", "missing-frame", 1, _lose_header, ("framed", "ppk", "ssh2")),
    Damage("missing-frame, footer", "missing-frame", 1, _lose_footer, ("framed", "ssh2")),
    Damage("missing-frame, type", "missing-frame", 1, _lose_types, ("lines",)),
    Damage("wrong-label", "wrong-label", 0, _relabel, ("framed", "ppk")),
    Damage("wrong-label, end", "wrong-label", 0, _relabel_end, ("framed",)),
    Damage("quoted", "quoted", 7, lambda data: b'"' + data + b'"\n'),
    Damage("quoted, variable", "quoted", 7, lambda data: b"KEY='" + data + b"'\n"),
    Damage("email-quoted", "email-quoted", 5, _each_row(lambda row: b"> " + row)),
    Damage("html-escaped", "html-escaped", 7, _html),
    Damage("html-escaped, line breaks", "html-escaped", 7, _break_lines, ("framed", "ppk", "ssh2")),
    Damage("html-escaped, in a URL", "html-escaped", 7, lambda data: quote(data).encode()),
    Damage(
        "html-escaped, in a form", "html-escaped", 7, lambda data: quote_plus(data).encode(), ("framed", "ppk", "ssh2")
    ),
    Damage("space-for-plus", "space-for-plus", 0, _url_decode),
    Damage("base64-wrapped", "base64-wrapped", 10, lambda data: _wrap_in_base64(data, 76)),
    Damage("base64-wrapped, one line", "base64-wrapped", 10, lambda data: _wrap_in_base64(data, 0)),
    Damage("base64-wrapped, of URLs", "base64-wrapped", 10, _wrap_in_base64url),
    Damage("nul-padding", "nul-padding", 10, lambda data: data + bytes(20)),
    Damage("line-count", "line-count", 1, _miscount, ("ppk",)),
    Damage("line-count, joined", "line-count", 1, _join_rows, ("ppk",)),
    Damage("line-count, narrower", "line-count", 1, lambda data: rewrap(data, 40, recount=False), ("ppk",)),
    Damage("line-count, wider", "line-count", 1, lambda data: rewrap(data, 76, recount=True), ("ppk",)),
    Damage("line-count, one line", "line-count", 1, lambda data: rewrap(data, 9999, recount=True), ("ppk",)),
    Damage("joined-keys", "joined-keys", 0, lambda data: _join_two(data, b""), ("lines",)),
    Damage("joined-keys, by a space", "joined-keys", 0, lambda data: _join_two(data, b" "), ("lines",)),
    Damage("wrapped-key", "wrapped-key", 1, _wrap_lines, ("lines",)),
    Damage("rfc4716-in-authorized-keys", "rfc4716-in-authorized-keys", 0, _insert_block, ("lines",)),
)
"""Every damage that rules.md calls fixable and that happens to a text, in its variants."""


HIDDEN: dict[str, tuple[str, ...]] = {
    # Line ends that are gone take with them what was wrong with lines, and the rows whose count was wrong.
    "lost-newlines": ("blank-lines", "trailing-whitespace", "missing-final-newline", "joined-keys", "line-count"),
    # Text after a key ends its last line, and blank lines beside it are part of it.
    "surrounding-text": ("blank-lines", "missing-final-newline"),
    # What follows a closing quote ends the line.
    "quoted": ("missing-final-newline",),
    # A frame that is gone named nothing.
    "missing-frame": ("wrong-label",),
    # UTF-16's own mark.
    "utf-16": ("byte-order-mark",),
    # Rows are counted again where blank ones were counted.
    "line-count": ("blank-lines",),
}
"""What cannot be seen any more of some damages once another has happened."""

_KINDS_OF_LINE_ENDS = ("crlf", "cr-line-ends", "literal-newlines", "lost-newlines")

IMPOSSIBLE: tuple[frozenset[str], ...] = (
    *(frozenset(pair) for pair in combinations(_KINDS_OF_LINE_ENDS, 2)),  # a file has one kind
    frozenset({"lost-newlines", "wrapped-key"}),  # spaces, or nothing at all, inside a public key
    frozenset({"lost-newlines", "rfc4716-in-authorized-keys"}),
    frozenset({"missing-final-newline", "blank-lines"}),  # a blank line at the end and none are the same
)
"""Rules whose damages do not happen together."""


def hidden_rules(damages: Iterable[Damage]) -> set[str]:
    """Return the rules among these damages of which the others may leave no trace."""
    rules = {damage.rule for damage in damages}
    return {hidden for rule in rules for hidden in HIDDEN.get(rule, ())} & rules


@cache
def by_name(name: str) -> Damage:
    """Return a damage by its name."""
    return next(damage for damage in DAMAGES if damage.name == name)


# ── the files ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _ten_lines() -> bytes:
    def line(name: str, options: bytes = b"", comment: bytes = b"") -> bytes:
        kind, body, rest = by_path(f"openssh-pub/{name}.pub").data.strip().split(b" ", 2)
        return b" ".join([*([options] if options else []), kind, body, comment or rest]) + b"\n"

    return b"".join(
        (
            line("ed25519", comment=b"alice@example.com"),
            line("rsa2048", comment=b"bob"),
            line("ecdsa-p256", b"no-pty", b"carol@example.com"),
            line("rsa3072", b'from="10.0.0.0/8,192.0.2.1",no-pty', b"dave laptop"),
            line("ecdsa-p384", comment=b"erin"),
            line("sk-ed25519", comment=b"frank"),
            line("ecdsa-p521", b'command="echo \\"hi\\"",restrict', b"grace@example.com"),
            line("ed448", comment=b"heidi"),
            line("dsa1024", comment=b"ivan"),
            line("sk-ecdsa", b"verify-required", b"judy@example.com"),
        )
    )


def _files() -> Iterator[KeyFixture]:
    passphrase = Passphrase(PASSPHRASE)
    for name, path in (
        ("openssh ed25519", "openssh/ed25519-plain"),
        ("openssh ed25519, encrypted", "openssh/ed25519-aes256-gcm-encrypted"),
        ("openssh rsa", "openssh/rsa2048-plain"),
        ("openssh rsa, encrypted", "openssh/rsa2048-encrypted"),
        ("pem rsa", "pem/rsa2048-ssh-keygen-plain.pem"),
        ("pem rsa, encrypted", "pem/rsa2048-openssl-aes256-encrypted.pem"),
        ("pem ec", "pem/ecdsa-p256-ssh-keygen-plain.pem"),
        ("pem ec, encrypted", "pem/ecdsa-p256-ssh-keygen-encrypted.pem"),
        ("pkcs8 rsa", "pkcs8/rsa2048-openssl-plain.pem"),
        ("pkcs8 rsa, encrypted", "pkcs8/rsa2048-openssl-scrypt-encrypted.pem"),
        ("ppk 2 rsa", "ppk/rsa2048-v2-plain.ppk"),
        ("ppk 2 rsa, encrypted", "ppk/rsa2048-v2-encrypted.ppk"),
        ("ppk 3 ed25519", "ppk/ed25519-v3-plain.ppk"),
        ("ppk 3 rsa, encrypted", "ppk/rsa2048-v3-argon2id-encrypted.ppk"),
        ("rfc4716 rsa", "rfc4716/rsa2048-puttygen.pub"),
        ("public line rsa", "openssh-pub/rsa2048.pub"),
        ("public line ed25519", "openssh-pub/ed25519.pub"),
    ):
        yield KeyFixture(name, by_path(path).data, passphrase if "encrypted" in name else None)
    yield KeyFixture("authorized_keys, ten lines", _ten_lines())


FILES: tuple[KeyFixture, ...] = tuple(_files())
"""What is damaged."""


def file_by_name(name: str) -> KeyFixture:
    """Return a file by its name in tables."""
    return next(file for file in FILES if file.name == name)


def applicable(file: KeyFixture) -> Iterator[tuple[Damage, bytes]]:
    """Return every damage that can happen to a file, and what it makes of it."""
    for damage in DAMAGES:
        damaged = damage.apply(file.data) if file.kind in damage.kinds else None
        if damaged is not None:
            yield damage, damaged


def combine(file: KeyFixture, damages: Iterable[Damage]) -> bytes | None:
    """Let several damages happen, the innermost first; None where one of them cannot, or leaves no trace."""
    data = file.data
    for damage in sorted(damages, key=lambda each: each.layer):
        damaged = damage.apply(data)
        if damaged is None:
            return None
        data = damaged
    return data


ALONE = {
    f"surrounding-text, {name}"
    for name in ("rules", "list item", "bag attributes", "certificate before", "certificate after", "cloud's word")
}
"""Damages that are tried alone: what they put there is part of what others do, too."""


def sample_combinations(file: KeyFixture, size: int, count: int, seed: int) -> list[tuple[tuple[Damage, ...], bytes]]:
    """Return so many combinations of `size` damages of different rules that can happen to a file together."""
    rng = random.Random(f"{file.name} {size} {seed}")
    single = [damage for damage, _ in applicable(file) if damage.name not in ALONE]
    possible = list(combinations(single, size))
    rng.shuffle(possible)
    found: list[tuple[tuple[Damage, ...], bytes]] = []
    for damages in possible:
        rules = {damage.rule for damage in damages}
        if len(rules) < size or any(pair <= rules for pair in IMPOSSIBLE):
            continue
        data = combine(file, damages)
        if data is not None and data != file.data:
            found.append((damages, data))
        if len(found) == count:
            break
    return found


def as_json_string(data: bytes) -> bytes:
    """Write a text as JSON writes a string."""
    return json.dumps(data.decode()).encode()
