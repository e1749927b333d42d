"""Damage around the whole text: another encoding, quotes, escapes."""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from keyconv.codec.line_options import nearest
from keyconv.repairs.damage import BASE64, TYPE, as_bytes, as_text, find_frames, frame_words, is_lines, is_text

__all__ = [
    "is_form",
    "looks_like_key",
    "names_variable",
    "undo_base64",
    "undo_byte_order_mark",
    "undo_email_quotes",
    "undo_html",
    "undo_literal_cr",
    "undo_literal_line_ends",
    "undo_literal_newlines",
    "undo_nul_padding",
    "undo_percent",
    "undo_quoted_lines",
    "undo_quotes",
    "undo_utf16",
    "unescaped",
]

_ENTITY = re.compile(r"&(?:#[0-9]{1,6}|#[xX][0-9A-Fa-f]{1,5}|amp|quot|apos|lt|gt|plus|sol|equals|nbsp|NewLine);")
_BREAK = re.compile(r"<(?i:br) ?/?>\n?")
_PERCENT = re.compile(rb"%0[AaDd]|%2[0BbFf5]|%3[Dd]|" + TYPE + rb"\+AAAA")
_PLUS_IS_SPACE = re.compile(rb"(?i:begin|end)\+(?:[A-Za-z0-9]{1,12}\+){0,3}(?i:key)|%3A\+|" + TYPE + rb"\+AAAA")
_SPACE_IS_SPACE = re.compile(
    rb"(?i:begin|end)(?:%20| )(?:[A-Za-z0-9]{1,12}(?:%20| )){0,3}(?i:key)|%3A(?:%20| )|" + TYPE + rb"(?:%20| )AAAA"
)
_IS_LINE = re.compile(TYPE + rb"[ \t]{1,8}AAAA|(?<![A-Za-z0-9+/])AAAA[A-Za-z0-9+/=]{20,}+(?:\s|\Z)")
_ENDED = re.compile(rb"%0[AaDd]\n\Z")
_FIELD = rb"[A-Za-z_][A-Za-z0-9_.\[\]%-]{0,80}=[^&\s]*+"
_FORM = re.compile(rb"\s{0,8}" + _FIELD + rb"(?:&" + _FIELD + rb")*+\s*+\Z")
_OPENING = re.compile(
    r"""\s*+ (?: [\{\[]\s*+ ){0,8}
        (?: (?:export\s{1,8})? (?P<name>["']?) (?P<variable>[A-Za-z_][\w.-]{0,80}) (?P=name)
            (?P<sign>[ \t]{0,8} [:=]{1,2} [ \t]{0,8}) )?
        (?P<quote>["'`\u201c\u2018])""",
    re.VERBOSE,
)
_PAIRS = {'"': '"', "'": "'", "`": "`", "\u201c": "\u201d", "\u2018": "\u2019"}
_BARE_QUOTE = re.compile(r'(?<!\\)"')
_ESCAPE = re.compile(r"\\(?:u00([0-7][0-9A-Fa-f])|([\"\\/]))")
_QUOTED_LINE = re.compile(r"""[ \t]*+(?P<quote>["'])(?P<text>[^"'\n]*)(?P=quote)[ \t]*+[+,;.\\&]?[ \t]*+$""")
_LITERAL = re.compile(rb"(?<!\\)(?:\\{1,4}r)?\\{1,4}n")
_LITERAL_TOO = re.compile(_LITERAL.pattern + rb"(?=[ \t]*+\r?+\n)")
_SPACE = rb"(?:[ \t>]|\xc2\xa0|\xe2\x80[\x8b-\x8d\xaf]|\xe3\x80\x80){0,16}+"
_LITERAL_END = re.compile(
    _LITERAL.pattern
    + rb"(?=\s*+\Z|\s*+#|\\{1,4}[nr]|"
    + _SPACE
    + rb"(?:[A-Za-z0-9-]{1,40}[=, \t](?:[^\n\\]|\\\"){0,512}?)?(?:(?:ssh|ecdsa|sk|rsa)[^ \t\n\\]{1,80}[ \t]++)?AAAA)"
)
_LITERAL_IN_BASE64 = re.compile(
    rb"([A-Za-z0-9+/=]{20}[ \t]{0,8})" + _LITERAL.pattern + rb"(?=" + _SPACE + rb"[A-Za-z0-9+/=]{8})"
)
_PPK_COMMENT = re.compile(rb"(?<=\\n)Comment: (?:(?!\\n(?:\\r)?Public-Lines: ).){0,4096}", re.DOTALL)
_DATA_URI = re.compile(rb"\s*data:[A-Za-z0-9/+.;=-]{0,100};base64,")
_FRAMED = re.compile(rb"(?i)begin [a-z0-9 ]{0,30}key")
_LINE_OF_KEY = re.compile(TYPE + rb"[ \t]+AAAA")
_STANDARD = bytes.maketrans(b"-_", b"+/")
_MOST_LITERALS = 2_000
_LONGEST_NAME = 512
_LEAST_QUOTED = 3


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


def undo_byte_order_mark(data: bytes) -> Iterator[bytes]:
    """Take a UTF-8 byte order mark away."""
    if data.startswith(b"\xef\xbb\xbf"):
        yield data[3:]


def undo_nul_padding(data: bytes) -> Iterator[bytes]:
    """Take NULs after the key away."""
    stripped = data.rstrip(b"\0")
    if stripped != data and stripped:
        yield stripped


def undo_base64(data: bytes) -> Iterator[bytes]:
    """Decode the base64 of a whole file, in lines or in one."""
    inside = _unwrap(data)
    plain = inside.replace(b"\0", b"") if inside else b""
    if inside and plain and is_text(plain) and _is_utf8(plain.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")):
        yield inside


def undo_quotes(data: bytes) -> Iterator[bytes]:
    """Take quotes away, with a variable's or a member's name before them, and fix what they escaped."""
    text = as_text(data)
    opening = _OPENING.match(text[:_LONGEST_NAME])
    if opening is None or _is_option(opening):
        return
    closed = text.rstrip(" \t\r\n,;}]")
    if len(closed) <= opening.end() or closed[-1] != _PAIRS[opening["quote"]]:
        return
    inside = closed[opening.end() : -1]
    texts = _unescaped(inside) if opening["quote"] == '"' else [inside]
    # The line end that followed the quotes ends the text that stood in them.
    end = "\r\n" if text.endswith("\r\n") else text[-1] if text.endswith(("\n", "\r")) else ""
    yield from (
        as_bytes(each.removesuffix("\n").removesuffix("\r") + end if end else each) for each in dict.fromkeys(texts)
    )


def _is_option(opening: re.Match[str]) -> bool:
    """Return whether what seems to be a variable may be an option of `authorized_keys`, whose value is not a key."""
    return opening["sign"] == "=" and not opening["name"] and nearest(opening["variable"]) != ""


def names_variable(data: bytes) -> bool:
    """Return whether the name of a variable or a member stands before the quotes."""
    opening = _OPENING.match(as_text(data)[:_LONGEST_NAME])
    return opening is not None and any(char.isalnum() for char in opening.group())


def unescaped(inside: bytes) -> Iterator[bytes]:
    r"""Return what may have stood in double quotes, the likeliest first; `\n` is for another to fix."""
    yield from (as_bytes(each) for each in dict.fromkeys(_unescaped(as_text(inside))))


def _unescaped(inside: str) -> list[str]:
    if "\\" not in inside:
        return [inside]
    escaped = [_ESCAPE.sub(_unescape, inside), inside.replace('\\"', '"')]
    return [inside, *escaped] if _BARE_QUOTE.search(inside) else [*escaped, inside]


def _unescape(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else escape[2]


def undo_quoted_lines(data: bytes) -> Iterator[bytes]:
    r"""Take away the quotes around each line, as in the source of a program: `"-----BEGIN ...\n" +`."""
    rows = as_text(data).split("\n")
    found = [_QUOTED_LINE.match(row) for row in rows if row.strip()]
    if len(found) < 3 or not all(found):
        return
    texts = [row["text"] for row in found if row]
    escaped = all(text.endswith("\\n") for text in texts[:-1])
    yield as_bytes("\n".join(text.removesuffix("\\n") if escaped else text for text in texts) + "\n")


def undo_literal_newlines(data: bytes) -> Iterator[bytes]:
    r"""Put line ends where the two characters `\n` stand, and take them away before line ends.

    The comment of a PPK may have such characters of its own (`CORP\nina`), of which its MAC tells.
    """
    if b"\\n" not in data:
        return
    text = _LITERAL_TOO.sub(b"", data)
    changed = _LITERAL.sub(b"\n", text)
    if _has_only_lines(data, changed):
        return
    yield changed
    comment = _PPK_COMMENT.search(text)
    if comment and b"\\n" in comment.group():
        head, tail = text[: comment.start()], text[comment.end() :]
        yield _LITERAL.sub(b"\n", head) + comment.group() + _LITERAL.sub(b"\n", tail)


def undo_literal_cr(data: bytes) -> Iterator[bytes]:
    r"""Put line ends where the two characters `\r` alone stand, between the rows of a frame or of a PPK."""
    if b"\\n" not in data and data.count(b"\\r") > 1 and (frame_words(data) or b"PuTTY-User-Key-File-" in data):
        yield re.sub(rb"(?<!\\)\\{1,4}r", b"\n", data)


def undo_literal_line_ends(data: bytes) -> Iterator[bytes]:
    r"""Do so in public keys' lines, where `\n` counts only if it ends the line or another key follows it."""
    if b"\\n" not in data or data.count(b"\\n") > _MOST_LITERALS:
        return
    text = _LITERAL_TOO.sub(b"", data)
    changed = _LITERAL_IN_BASE64.sub(rb"\1" + b"\n", _LITERAL_END.sub(b"\n", text))
    if changed != data and _has_only_lines(data, _LITERAL.sub(b"\n", text)):
        yield changed


def _has_only_lines(data: bytes, changed: bytes) -> bool:
    return is_lines(data) and not find_frames(changed) and not frame_words(data)


def undo_html(data: bytes) -> Iterator[bytes]:
    """Fix HTML's escapes, and put line ends where `<br>` stands."""
    text = as_text(data)
    changed = _ENTITY.sub(lambda entity: html.unescape(entity.group()), _BREAK.sub("\n", text))
    if changed != text:
        yield as_bytes(changed)


def undo_percent(data: bytes) -> Iterator[bytes]:
    """Fix the escapes of a URL, of the one value of a form that has a key in it if there are several.

    A form writes a space as `+`, and other programs leave a `+` as it is.
    """
    if _PERCENT.search(data) is None or _IS_LINE.search(data):
        return
    data = data[:-1] if _ENDED.search(data) else data
    values = [part.partition(b"=")[2] for part in data.strip().split(b"&")] if _FORM.match(data) else []
    texts = [value for value in values if looks_like_key(unquote_to_bytes(value.replace(b"+", b" ")))]
    text = texts[0] if len(texts) == 1 else data
    # One `+` before everything is a diff's.
    kept = 1 if text[1:2] != b"+" else 0
    plain, spaced = unquote_to_bytes(text), unquote_to_bytes(text[:kept] + text[kept:].replace(b"+", b" "))
    if _PLUS_IS_SPACE.search(text) is None:
        yield plain
    if _SPACE_IS_SPACE.search(text) is None and spaced != plain:
        yield spaced


def is_form(data: bytes) -> bool:
    """Return whether a text is a form's fields, each with its name."""
    return _FORM.match(data) is not None


def undo_email_quotes(data: bytes) -> Iterator[bytes]:
    """Take `> ` before each line away, or before each from some line on."""
    lines = data.split(b"\n")
    start = next((index for index, line in enumerate(lines) if line.startswith(b">")), None)
    if start is None or (start and len(lines) - start < _LEAST_QUOTED):
        return
    if all(line.startswith(b">") or not line.strip() for line in lines[start:]):
        yield b"\n".join([*lines[:start], *(re.sub(rb"^> ?", b"", line) for line in lines[start:])])


def looks_like_key(data: bytes) -> bool:
    """Return whether some text may be a key's, however damaged."""
    plain = data.replace(b"\0", b"")
    return (
        b"PuTTY-User-Key-File-" in plain or _FRAMED.search(plain) is not None or _LINE_OF_KEY.search(plain) is not None
    )


def _unwrap(data: bytes) -> bytes | None:
    # Line ends and spaces that are damaged themselves are for others to fix first, so that they are named too.
    body = data
    if uri := _DATA_URI.match(data[:_LONGEST_NAME]):
        body = data[uri.end() :]
    if not is_text(body) or any(line != line.strip() or not line for line in body.removesuffix(b"\n").split(b"\n")):
        return None
    joined = b"".join(body.split()).translate(_STANDARD)
    if len(joined) < 40 or not BASE64.match(joined):
        return None
    if not joined.endswith(b"="):  # which base64url leaves away
        joined += b"=" * (-len(joined) % 4)
    try:
        return binascii.a2b_base64(joined, strict_mode=True)
    except binascii.Error:
        return None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decoded(data: bytes, encoding: str) -> Iterator[bytes]:
    try:
        text = data[: len(data) & ~1].decode(encoding)
    except UnicodeDecodeError:
        return
    yield text.encode("utf-8", "surrogatepass")
