"""Damage around the whole text: another encoding, quotes, escapes."""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Iterator

from keyconv.repair.damage import BASE64, as_bytes, as_text

__all__ = [
    "byte_order_mark",
    "looks_like_key",
    "undo_base64",
    "undo_email_quotes",
    "undo_html",
    "undo_literal_newlines",
    "undo_nul_padding",
    "undo_quotes",
    "undo_utf16",
]

_ENTITY = re.compile(rb"&(?:#[0-9]{1,6}|#[xX][0-9A-Fa-f]{1,5}|amp|quot|apos|lt|gt|plus|sol|equals|nbsp|NewLine);")
_QUOTED = re.compile(
    r"""\s* (?: [\{\[]\s* )* (?: (?:export\s+)? ["']? [A-Za-z_][\w.-]{0,80} ["']? \s* [:=]{1,2} \s* )?
        (?P<quote>["'`\u201c\u2018]) (?P<inside>.*) (?P<close>["'`\u201d\u2019]) \s* [,;]? \s* (?: [\}\]]\s* )* \Z""",
    re.VERBOSE | re.DOTALL,
)
_PAIRS = {'"': '"', "'": "'", "`": "`", "\u201c": "\u201d", "\u2018": "\u2019"}
_UNICODE_ESCAPE = re.compile(r"\\u00([0-7][0-9A-Fa-f])")


def undo_utf16(data: bytes) -> Iterator[bytes]:
    """Decode UTF-16, with a byte order mark or, where every other byte is NUL, without."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            yield from _decoded(data[2:], encoding)
            return
    if len(data) >= 16:
        head = data[: len(data) & ~1]
        for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            if head[first::2].count(0) * 10 >= len(head[first::2]) * 9:
                yield from _decoded(head, encoding)


def byte_order_mark(data: bytes) -> Iterator[bytes]:
    """Take a UTF-8 byte order mark away."""
    if data.startswith(b"\xef\xbb\xbf"):
        yield data[3:]


def undo_nul_padding(data: bytes) -> Iterator[bytes]:
    """Take NULs after the key away."""
    stripped = data.rstrip(b"\0")
    if stripped != data and stripped:
        yield stripped


def undo_base64(data: bytes) -> Iterator[bytes]:
    """Decode the base64 of a whole file."""
    joined = b"".join(data.split())
    if len(joined) < 40 or not BASE64.match(joined) or len(joined) % 4:
        return
    try:
        inside = binascii.a2b_base64(joined, strict_mode=True)
    except binascii.Error:
        return
    if looks_like_key(inside):
        yield inside


def undo_quotes(data: bytes) -> Iterator[bytes]:
    """Take quotes away, with a variable's or a member's name before them, and undo what they escaped."""
    found = _QUOTED.match(as_text(data))
    if found is None or _PAIRS[found["quote"]] != found["close"]:
        return
    inside = found["inside"]
    if found["quote"] == '"' and "\\" in inside:
        inside = inside.replace('\\"', '"').replace("\\/", "/")
        inside = _UNICODE_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), inside)
    # The line end that followed the quotes ends the text that stood in them.
    ended = data.endswith(b"\n") and not inside.endswith("\n")
    yield as_bytes(inside + ("\n" if ended else ""))


def undo_literal_newlines(data: bytes) -> Iterator[bytes]:
    r"""Put line ends where the two characters `\n` stand."""
    if b"\\n" in data:
        yield data.replace(b"\\r\\n", b"\n").replace(b"\\n", b"\n")


def undo_html(data: bytes) -> Iterator[bytes]:
    """Undo HTML's escapes."""
    if _ENTITY.search(data):
        yield as_bytes(html.unescape(as_text(data)))


def undo_email_quotes(data: bytes) -> Iterator[bytes]:
    """Take `> ` before each line away."""
    lines = data.split(b"\n")
    if lines[0].startswith(b">") and all(line.startswith(b">") or not line.strip() for line in lines):
        yield b"\n".join(re.sub(rb"^> ?", b"", line) for line in lines)


def looks_like_key(data: bytes) -> bool:
    """Tell whether some text may be a key's, however damaged."""
    plain = data.replace(b"\0", b"")
    return (
        b"PuTTY-User-Key-File-" in plain
        or re.search(rb"(?i)begin [a-z0-9 ]{0,30}key", plain) is not None
        or re.match(rb"\s*(?:ssh-|ecdsa-sha2-|sk-)[\w@.-]+ AAAA", plain) is not None
    )


def _decoded(data: bytes, encoding: str) -> Iterator[bytes]:
    try:
        text = data[: len(data) & ~1].decode(encoding)
    except UnicodeDecodeError:
        return
    yield text.encode("utf-8", "surrogatepass")
