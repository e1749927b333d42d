"""Takes the files of the fixtures apart: from bytes to a tree of nodes whose frames make the same bytes again."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable

from fuzz.structure import JOINED, Bits, Frame, Node, Padded, Sealed, SealedCbc, String, Tlv, Total, Tree, render
from fuzz.text_frames import Decimals, Framed, JsonMember, JsonObject, KeyLine, Ppk
from keyconv import Deriver, KeyconvError, Locked, Passphrase, read
from keyconv.crypto.ciphers import AES256_CBC, decrypt
from keyconv.crypto.pbes import decrypt as decrypt_cbc
from keyconv.formats.openssh import LockedOpenssh
from keyconv.formats.pem import LockedPem
from keyconv.formats.pkcs8 import LockedPkcs8
from keyconv.formats.ppk import LockedPpk

__all__ = ["dissect", "leaf", "open_der", "open_private", "open_wire"]

_CERTIFICATE_FIELDS = {b"ssh-rsa": 2, b"ssh-dss": 4, b"ecdsa-sha": 2, b"ssh-ed255": 1, b"sk-ecdsa-": 3, b"sk-ssh-ed": 2}
_INTEGER_WORDS = 4


def dissect(data: bytes, format: str, passphrase: bytes | None = None, deriver: Deriver | None = None) -> Tree | None:
    """Take a file of this format apart; None where that cannot be done.

    With a passphrase what is encrypted is opened too, and will be encrypted again after a change.
    """
    try:
        locked = None
        if passphrase is not None:
            private = read(data, format).entries[0].private
            if not isinstance(private, Locked):
                return None
            locked = private
        root = _FORMATS[format](data, _Opening(locked, Passphrase(passphrase or b""), deriver or Deriver()))
    except (LookupError, ValueError, KeyconvError):  # damaged and odd fixtures are changed as text alone
        return None
    return None if root is None else Tree(root)


class _Opening:
    """What opens the encrypted part of a file; `locked` is None where it stays shut, or is open already."""

    def __init__(self, locked: Locked | None, passphrase: Passphrase, deriver: Deriver) -> None:
        self.locked = locked
        self.passphrase = passphrase
        self.deriver = deriver


def leaf(data: bytes, frame: Frame = JOINED) -> Node:
    """Make a node of bytes."""
    return Node(frame, data)


# ── binary ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _strings(data: bytes) -> list[Node]:
    # As many strings as there are, then the rest.
    nodes, position = [], 0
    while position < len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        if len(data) - position < 4 or length > len(data) - position - 4:
            nodes.append(leaf(data[position:]))
            break
        nodes.append(leaf(data[position + 4 : position + 4 + length], String()))
        position += 4 + length
    return nodes


def open_wire(blob: bytes, frame: Frame = JOINED) -> Node:
    """Take a public blob or a certificate apart."""
    length = int.from_bytes(blob[:4], "big")
    name = blob[4 : 4 + length] if length < 64 else b""
    if b"-cert" not in name:
        return Node(frame, tuple(_strings(blob)))
    count = next((count for start, count in _CERTIFICATE_FIELDS.items() if name.startswith(start)), 1)
    plan = "ss" + count * "s" + "84sS88SSsSS"
    nodes, position = [], 0
    for kind in plan:
        if kind in "48":
            size = int(kind)
            nodes.append(leaf(blob[position : position + size]))
            position += size
            continue
        size = int.from_bytes(blob[position : position + 4], "big")
        body = blob[position + 4 : position + 4 + size]
        nodes.append(Node(String(), tuple(_strings(body)) if kind == "S" and body else body))
        position += 4 + size
    return Node(frame, tuple(nodes))


def open_der(data: bytes) -> list[Node] | None:
    """Take DER apart, and what is DER again within strings; None where it is none from the first byte to the last."""
    nodes, position = [], 0
    while position < len(data):
        if len(data) - position < 2:
            return None
        tag, first = data[position], data[position + 1]
        start = position + 2
        length = first
        if first & 0x80:
            count = first & 0x7F
            if not 0 < count < 4:
                return None
            length = int.from_bytes(data[start : start + count], "big")
            start += count
        if start + length > len(data):
            return None
        nodes.append(_open_value(tag, data[start : start + length]))
        position = start + length
    return nodes


def _open_value(tag: int, body: bytes) -> Node:
    inner = None
    if tag & 0x20 or (tag in (0x04, 0x80) and body[:1] in (b"\x30", b"\x02", b"\x04")):
        inner = open_der(body)
    elif tag in (0x03, 0x81) and body[:2] == b"\0\x30":
        inner = open_der(body[1:])
        if inner is not None:
            inner = [leaf(b"\0"), *inner]
    node = Node(Tlv(tag), tuple(inner) if inner else body)
    return node if render(node).endswith(body) else leaf(body, Tlv(tag))


def _numbers(data: bytes, width: int) -> list[Node]:
    # Numbers behind the count of their bits; what is left over is the last node.
    nodes, position = [], 0
    while len(data) - position > width:
        bits = int.from_bytes(data[position : position + width], "big")
        size = (bits + 7) // 8
        if not bits or position + width + size > len(data):
            break
        nodes.append(leaf(data[position + width : position + width + size], Bits(width)))
        position += width + size
    return [*nodes, leaf(data[position:])] if position < len(data) else nodes


# ── frames of text ─────────────────────────────────────────────────────────────────────────────────────────────────


def _split_frame(data: bytes) -> tuple[Callable[[Node], Node], bytes, bytes]:
    """Return what wraps a body again, the headers, and the body."""
    end = b"\r\n" if b"\r\n" in data else b"\r" if b"\n" not in data else b"\n"
    rows = [row for row in data.split(end) if row]
    first, last, body = rows[0], rows[-1], rows[1:-1]
    count = 0
    while count < len(body) and (b":" in body[count] or (count and body[count - 1].endswith(b"\\"))):
        count += 1
    blank = end if first.startswith(b"-----") and count else b""
    headers = b"".join(row + end for row in body[:count]) + blank
    text = b"".join(body[count:])
    width = max(len(row) for row in body[count:])
    frame = Framed(first, last, width, end)
    return lambda node: Node(frame, (leaf(headers), node)), headers, binascii.a2b_base64(text, strict_mode=True)


def _open_pem(data: bytes, opening: _Opening) -> Node | None:
    if not data.startswith(b"-----"):
        return _with_der(data, opening)
    wrap, _, body = _split_frame(data)
    if b"-----BEGIN" in data[11:]:
        return None  # two frames
    if isinstance(opening.locked, LockedPem):
        node = _sealed(opening.locked, opening)
        return None if node is None else wrap(node)
    inner = _with_der(body, opening)
    return wrap(leaf(body) if inner is None else inner)


def _with_der(data: bytes, opening: _Opening) -> Node | None:
    nodes = open_der(data)
    if nodes is None:
        return None
    if isinstance(opening.locked, LockedPkcs8):
        sealed = _sealed(opening.locked, opening)
        algorithm = nodes[0].content[0]
        if sealed is None or isinstance(algorithm, int):
            return None
        return Node(Tlv(0x30), (algorithm, Node(Tlv(0x04), (sealed,))))
    return Node(JOINED, tuple(nodes))


def _sealed(locked: LockedPem | LockedPkcs8, opening: _Opening) -> Node | None:
    cipher, iv = locked.cipher, locked.iv
    kdf = locked.protection.kdf
    length = cipher.key_length + (cipher.block if iv is None else 0)
    derived = opening.deriver.derive(kdf, opening.passphrase, length)
    key = derived[: cipher.key_length]
    iv = derived[cipher.key_length :] if iv is None else iv
    nodes = open_der(decrypt_cbc(cipher, key, iv, locked.data))
    return None if nodes is None else Node(SealedCbc(cipher, key, iv), tuple(nodes))


def _open_openssh(data: bytes, opening: _Opening) -> Node | None:
    wrap, _, body = _split_frame(data)
    magic, rest = body[:15], body[15:]
    cipher, kdf, options = (node.content for node in _strings(rest)[:3])
    if not (isinstance(cipher, bytes) and isinstance(kdf, bytes) and isinstance(options, bytes)):
        return None
    position = 12 + len(cipher) + len(kdf) + len(options)
    count = rest[position : position + 4]
    strings = _strings(rest[position + 4 :])
    blobs, (section, *tag) = strings[: count[3]], strings[count[3] :]
    publics = [open_wire(blob.content, String()) for blob in blobs if isinstance(blob.content, bytes)]
    head = (leaf(magic), leaf(cipher, String()), leaf(kdf, String()), Node(String(), tuple(_strings(options))))
    if isinstance(opening.locked, LockedOpenssh):
        private = _open_sealed_section(opening.locked, opening)
        tag = []  # the frame of the section makes it
    elif cipher == b"none" and isinstance(section.content, bytes):
        private = Node(Padded(), tuple(_open_section(section.content)))
    else:
        private = section
    return None if private is None else wrap(Node(JOINED, (*head, leaf(count), *publics, private, *tag)))


def open_private(data: bytes) -> list[Node]:
    """Take the fields of private keys apart, and the certificates among them."""
    return [
        open_wire(field.content, field.frame)
        if isinstance(field.content, bytes) and b"-cert-v01@" in field.content[4:60]
        else field
        for field in _strings(data)
    ]


def _open_section(section: bytes) -> list[Node]:
    fields = open_private(section[8:])
    last = fields[-1].content
    if isinstance(last, bytes) and fields[-1].frame is JOINED and last == bytes(range(1, len(last) + 1)):
        fields.pop()  # padding: the frame makes it
    return [leaf(section[:8]), *fields]


def _open_sealed_section(locked: LockedOpenssh, opening: _Opening) -> Node | None:
    cipher = locked.cipher
    derived = opening.deriver.derive(locked.kdf, opening.passphrase, cipher.key_length + cipher.iv_length)
    key, iv = derived[: cipher.key_length], derived[cipher.key_length :]
    section = decrypt(cipher, key, iv, locked.section, locked.tag)
    return None if section is None else Node(Sealed(cipher, key, iv), tuple(_open_section(section)))


def _open_sshcom(data: bytes, opening: _Opening) -> Node | None:
    wrap, _, body = _split_frame(data)
    kind, cipher, section = _strings(body[8:])
    if cipher.content == b"none" and isinstance(section.content, bytes):
        numbers = section.content[4:]
        start = 4 if numbers.startswith(bytes(_INTEGER_WORDS)) else 0
        fields = [leaf(numbers[:start]), *_numbers(numbers[start:], 4)]
        section = Node(String(), (Node(String(), tuple(fields)),))
    return wrap(Node(Total(), (kind, cipher, section)))


def _open_rfc4716(data: bytes, opening: _Opening) -> Node | None:
    wrap, _, body = _split_frame(data)
    return wrap(open_wire(body))


def _open_ppk(data: bytes, opening: _Opening) -> Node | None:
    rows = [row for row in re.split(rb"\r\n|\r|\n", data) if row]
    version = int(rows[0][20:21])
    values: dict[bytes, bytes] = {}
    position, kdf = 1, []
    while position < len(rows):
        name, _, value = rows[position].partition(b": ")
        position += 1
        if name.endswith(b"-Lines"):
            value = b"".join(rows[position : position + int(value)])
            position += int(rows[position - 1].partition(b": ")[2])
            value = binascii.a2b_base64(value, strict_mode=True)
        elif name == b"Key-Derivation" or name.startswith(b"Argon2-"):
            kdf.append(name + b": " + value)
        values[name] = value
    keyed = b"Private-MAC" in values
    private = values[b"Private-Lines"]
    frame = Ppk(version, b"" if version == 3 else _sha1_mac_key(b""), keyed=keyed)
    if isinstance(opening.locked, LockedPpk):
        frame, private = _open_ppk_private(opening.locked, opening, keyed)
    fields = _strings(private)
    if fields and frame.key and fields[-1].frame is JOINED:
        fields.pop()  # padding
    encryption = values[b"Encryption"]
    known = encryption == b"none" or frame.key
    return Node(
        frame,
        (
            leaf(rows[0].partition(b": ")[2]),
            leaf(encryption),
            leaf(values[b"Comment"]),
            open_wire(values[b"Public-Lines"]),
            leaf(b"\n".join(kdf)),
            Node(JOINED, tuple(fields)) if known else leaf(private),
        ),
    )


def _open_ppk_private(locked: LockedPpk, opening: _Opening, keyed: bool) -> tuple[Ppk, bytes]:
    sections, passphrase = locked.sections, opening.passphrase
    if sections.version == 3:
        derived = opening.deriver.derive(locked.protection.kdf, passphrase, 80)
        key, iv, mac_key = derived[:32], derived[32:48], derived[48:]
    else:
        key, iv = opening.deriver.derive(locked.protection.kdf, passphrase, 32), bytes(16)
        mac_key = _sha1_mac_key(passphrase.reveal())
    private = decrypt(AES256_CBC, key, iv, sections.private)
    if private is None:
        raise ValueError("AES in CBC mode has no tag")
    return Ppk(sections.version, mac_key, key, iv, keyed), private


def _sha1_mac_key(passphrase: bytes) -> bytes:
    from hashlib import sha1

    return sha1(b"putty-private-key-file-mac-key" + passphrase).digest()


# ── files without a frame ──────────────────────────────────────────────────────────────────────────────────────────


def _open_ssh1(data: bytes, opening: _Opening) -> Node | None:
    head, rest = data[:38], data[42:]
    count = data[38:42]
    n, e, tail = _take_numbers(rest, 2)
    length = int.from_bytes(tail[:4], "big")
    comment, section = tail[4 : 4 + length], tail[4 + length :]
    private = [leaf(section)]
    if head[33] == 0:
        *numbers, padding = _take_numbers(section[4:], 4)
        private = [leaf(section[:4]), *(leaf(number, Bits(2)) for number in numbers), leaf(padding)]
    return Node(
        JOINED, (leaf(head), leaf(count), leaf(n, Bits(2)), leaf(e, Bits(2)), leaf(comment, String()), *private)
    )


def _take_numbers(data: bytes, count: int) -> list[bytes]:
    found, position = [], 0
    for _ in range(count):
        size = (int.from_bytes(data[position : position + 2], "big") + 7) // 8
        found.append(data[position + 2 : position + 2 + size])
        position += 2 + size
    return [*found, data[position:]]


def _open_ssh1_pub(data: bytes, opening: _Opening) -> Node | None:
    _, e, n, *comment = data.rstrip(b"\n").split(b" ", 3)
    numbers = (leaf(value.to_bytes((value.bit_length() + 7) // 8, "big")) for value in map(int, (e, n)))
    return Node(Decimals(), (*numbers, leaf(b"".join(comment))))


def _open_lines(data: bytes, opening: _Opening) -> Node | None:
    return Node(JOINED, tuple(_open_line(row) for row in data.split(b"\n") if row))


def _open_line(row: bytes) -> Node:
    found = re.match(rb"(?:(.*?)[ \t])?([^ \t\"]+)[ \t]+(AAAA[A-Za-z0-9+/=]+)(?:[ \t](.*))?\r?\Z", row, re.DOTALL)
    if found is None or row.startswith(b"#"):
        return leaf(row + b"\n")
    before, _, text, comment = found.groups()
    blob = base64.b64decode(text + b"=" * (-len(text) % 4))
    return Node(KeyLine(), (leaf(before or b""), open_wire(blob), leaf(comment or b"")))


def _open_jwk(data: bytes, opening: _Opening) -> Node | None:
    members = []
    for name, value in json.loads(data).items():
        text = name in ("kty", "crv", "kid", "alg", "use")
        body = value.encode() if text else base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        members.append(leaf(body, JsonMember(name, text)))
    return Node(JsonObject(), tuple(members))


def _open_dropbear(data: bytes, opening: _Opening) -> Node | None:
    return Node(JOINED, tuple(_strings(data)))


_FORMATS: dict[str, Callable[[bytes, _Opening], Node | None]] = {
    "ppk": _open_ppk,
    "ppk2": _open_ppk,
    "ppk1": _open_ppk,
    "openssh": _open_openssh,
    "pem": _open_pem,
    "pkcs8": _open_pem,
    "sshcom": _open_sshcom,
    "ssh1": _open_ssh1,
    "dropbear": _open_dropbear,
    "jwk": _open_jwk,
    "openssh-pub": _open_lines,
    "known_hosts": _open_lines,
    "allowed_signers": _open_lines,
    "rfc4716": _open_rfc4716,
    "spki": _open_pem,
    "pkcs1-pub": _open_pem,
    "ssh1-pub": _open_ssh1_pub,
    "jwk-pub": _open_jwk,
}
