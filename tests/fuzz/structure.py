"""What a file is made of: nodes that can be changed one by one, and frames that wrap them again with right lengths.

A node is a leaf of bytes or has children; its frame says how the parts become the bytes of the whole. Two places that
hold the same value may share one node, so that one edit changes both: then a file stays in agreement with itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Protocol

from keyconv.crypto import pbes
from keyconv.crypto.ciphers import Cipher, encrypt

__all__ = [
    "JOINED",
    "NO_EDITS",
    "Bits",
    "Edits",
    "Frame",
    "Node",
    "Padded",
    "Sealed",
    "SealedCbc",
    "String",
    "Tlv",
    "Total",
    "Tree",
    "render",
]


class Frame(Protocol):
    """How the parts of a node become its bytes."""

    def wrap(self, parts: list[bytes]) -> bytes:
        """Wrap the rendered parts."""
        ...

    def lie(self, random: Random) -> Frame:
        """Return a frame like this one that says something wrong."""
        ...


class Node:
    """A leaf of bytes, or a node with children, in a frame; equal is only what is the same node."""

    __slots__ = ("content", "frame")

    def __init__(self, frame: Frame, content: bytes | tuple[Node, ...]) -> None:
        self.frame = frame
        self.content = content


Edits = Mapping[int, tuple[Node, ...]]
"""What stands instead of a node, by its identity: nothing, another node, or several."""

NO_EDITS: Edits = {}


def render(node: Node, edits: Edits = NO_EDITS) -> bytes:
    """Return the bytes of a node, with other nodes instead of those that `edits` names."""
    content = node.content
    if isinstance(content, bytes):
        return node.frame.wrap([content])
    parts = []
    for child in content:
        instead = edits.get(id(child))
        if instead is None:
            parts.append(render(child, edits))
        else:
            parts.extend(render(each, edits) for each in instead)
    return node.frame.wrap(parts)


class Tree:
    """A whole file as nodes; `nodes` are all but the root, `leaves` those of bytes."""

    __slots__ = ("leaves", "nodes", "root")

    def __init__(self, root: Node) -> None:
        self.root = root
        self.nodes = [*_below(root)]
        self.leaves = [node for node in self.nodes if isinstance(node.content, bytes)]


def _below(node: Node) -> list[Node]:
    found: dict[int, Node] = {}
    if isinstance(node.content, tuple):
        for child in node.content:
            found[id(child)] = child
            found.update((id(each), each) for each in _below(child))
    return list(found.values())


_LENGTHS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE)


def _wrong_length(length: int, random: Random) -> int:
    if random.random() < 0.5:
        return max(0, length + random.choice((-4, -2, -1, 1, 2, 4)))
    return random.choice(_LENGTHS)


# ── binary ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Joined:
    """The parts as they are; its lie puts a byte before or after them."""

    before: bytes = b""
    after: bytes = b""

    def wrap(self, parts: list[bytes]) -> bytes:
        return self.before + b"".join(parts) + self.after

    def lie(self, random: Random) -> Frame:
        byte = bytes((random.choice((0, 1, 0x0A, 0x20, 0x7F, 0x80, 0xFF)),))
        return _Joined(before=byte) if random.random() < 0.5 else _Joined(after=byte)


JOINED: Frame = _Joined()


@dataclass(frozen=True, slots=True)
class String:
    """A string of RFC 4251: the length in four bytes, then the bytes."""

    lied: Random | None = None

    def wrap(self, parts: list[bytes]) -> bytes:
        body = b"".join(parts)
        length = len(body) if self.lied is None else _wrong_length(len(body), self.lied)
        return length.to_bytes(4, "big") + body

    def lie(self, random: Random) -> Frame:
        return String(random)


@dataclass(frozen=True, slots=True)
class Padded:
    """A private section of OpenSSH: its fields, filled up with 1, 2, 3 ... to whole blocks, as a string."""

    block: int = 8
    odd: int = 0

    def wrap(self, parts: list[bytes]) -> bytes:
        section = _pad(b"".join(parts), self.block, self.odd)
        return len(section).to_bytes(4, "big") + section

    def lie(self, random: Random) -> Frame:
        return replace(self, odd=random.choice((1, 4, 8, 16, 248, 264)))


def _pad(section: bytes, block: int, more: int = 0) -> bytes:
    return section + bytes(number & 0xFF for number in range(1, 1 + -len(section) % block + more))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A private section of OpenSSH, encrypted with the right key: a string, and the tag where the cipher has one."""

    cipher: Cipher
    key: bytes
    iv: bytes
    odd: int = 0

    def wrap(self, parts: list[bytes]) -> bytes:
        section = _pad(b"".join(parts), self.cipher.block, self.odd)
        sealed, tag = encrypt(self.cipher, self.key, self.iv, section)
        return len(sealed).to_bytes(4, "big") + sealed + tag

    def lie(self, random: Random) -> Frame:
        return replace(self, odd=random.choice((1, 2)) * self.cipher.block)


@dataclass(frozen=True, slots=True)
class SealedCbc:
    """An encrypted structure of the PEM family, with the right key and PKCS#7 padding."""

    cipher: pbes.BlockCipher
    key: bytes
    iv: bytes

    def wrap(self, parts: list[bytes]) -> bytes:
        return pbes.encrypt(self.cipher, self.key, self.iv, b"".join(parts))

    def lie(self, random: Random) -> Frame:
        return replace(self, iv=random.randbytes(len(self.iv)))


@dataclass(frozen=True, slots=True)
class Tlv:
    """A value of DER: tag, length, contents."""

    tag: int
    lied: Random | None = None

    def wrap(self, parts: list[bytes]) -> bytes:
        body = b"".join(parts)
        if self.lied is not None:
            return bytes((self.tag,)) + _wrong_der_length(len(body), self.lied) + body
        return bytes((self.tag,)) + _der_length(len(body)) + body

    def lie(self, random: Random) -> Frame:
        if random.random() < 0.3:
            return Tlv(random.choice((0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x30, 0x31, 0x80, 0xA0, 0xA1, 0x1F, 0xBF)))
        return Tlv(self.tag, random)


def _der_length(length: int) -> bytes:
    if length < 0x80:
        return bytes((length,))
    raw = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(raw),)) + raw


def _wrong_der_length(length: int, random: Random) -> bytes:
    kind = random.randrange(5)
    if kind == 0:
        return b"\x80"  # indefinite
    if kind == 1:  # not in its shortest form
        count = random.choice((1, 2, 3, 4, 5, 8))
        return bytes((0x80 | count,)) + length.to_bytes(8, "big")[-count:]
    return _der_length(_wrong_length(length, random))


@dataclass(frozen=True, slots=True)
class Bits:
    """A number behind the count of its bits: in two bytes in SSH-1's files, in four in ssh.com's."""

    width: int
    off: int = 0

    def wrap(self, parts: list[bytes]) -> bytes:
        body = b"".join(parts).lstrip(b"\0")
        bits = int.from_bytes(body, "big").bit_length() if len(body) < 5000 else 8 * len(body)
        return ((bits + self.off) % (1 << 8 * self.width)).to_bytes(self.width, "big") + body

    def lie(self, random: Random) -> Frame:
        return replace(self, off=random.choice((-8, -1, 1, 8, 0x7000, 0x8000)))


@dataclass(frozen=True, slots=True)
class Total:
    """The body of an ssh.com file: a magic number, the total size, the rest."""

    off: int = 0

    def wrap(self, parts: list[bytes]) -> bytes:
        body = b"".join(parts)
        return b"\x3f\x6f\xf9\xeb" + ((len(body) + 8 + self.off) % (1 << 32)).to_bytes(4, "big") + body

    def lie(self, random: Random) -> Frame:
        return Total(random.choice((-8, -1, 1, 1 << 31)))
