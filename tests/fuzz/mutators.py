"""Changes to a seed: of its nodes, which its frames then wrap again, and of its text as it stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from fuzz.structure import JOINED, Node, String, Tlv, Tree, render

__all__ = ["Seed", "change_bytes", "mutate", "share"]

MOST_BYTES = 1 << 17
"""Bytes of a case; a change that makes more of it is cut off."""


@dataclass(frozen=True, slots=True, eq=False)
class Seed:
    """A file to start from: its bytes, and its trees, where it could be taken apart.

    `heavy` says that its arithmetic costs milliseconds. `passphrase` opens it.
    """

    name: str
    format: str
    data: bytes
    trees: tuple[Tree, ...] = ()
    heavy: bool = False
    passphrase: bytes | None = None


def share(tree: Tree) -> Tree:
    """Return the tree in which equal values are one node, so that one edit changes all of them."""
    known: dict[bytes, Node] = {}

    def rebuilt(node: Node) -> Node:
        content = node.content
        if isinstance(content, tuple):
            return Node(node.frame, tuple(map(rebuilt, content)))
        if len(content) < 7:
            return node
        half = content[len(content) // 2 :]
        if len(half) in (32, 57) and half in known:  # an Ed25519 or Ed448 secret: the seed, and the point again
            parts = (_one(known, content[: len(half)]), known[half])
            return Node(node.frame, parts)
        one = _one(known, content)
        return one if node.frame is JOINED else Node(node.frame, (one,))

    return Tree(rebuilt(tree.root))


def _one(known: dict[bytes, Node], content: bytes) -> Node:
    return known.setdefault(content, Node(JOINED, content))


def mutate(seed: Seed, others: Sequence[Seed], random: Random) -> bytes:
    """Make a case of a seed: one to four changes, within its structure, in its text, or both; `others` lend parts."""
    data = seed.data
    way = random.random()
    if seed.trees and way < 0.75:
        data = _change_tree(random.choice(seed.trees), others, random)
        if way < 0.65:
            return data[:MOST_BYTES]
    for _ in range(_few(random)):
        data = random.choice(_TEXT_CHANGES)(data, others, random)
    return data[:MOST_BYTES]


def _few(random: Random) -> int:
    return random.choice((1, 1, 1, 2, 2, 3, 4))


# ── in the structure ───────────────────────────────────────────────────────────────────────────────────────────────


def _change_tree(tree: Tree, others: Sequence[Seed], random: Random) -> bytes:
    edits: dict[int, tuple[Node, ...]] = {}
    for _ in range(_few(random)):
        if random.random() < 0.55:
            node = random.choice(tree.leaves)
            content = node.content
            if isinstance(content, bytes):
                edits[id(node)] = (Node(node.frame, change_bytes(content, random)),)
        else:
            node = random.choice(tree.nodes)
            edits[id(node)] = random.choice(_NODE_CHANGES)(node, tree, others, random)
    root = tree.root
    if random.random() < 0.03:
        root = Node(root.frame.lie(random), root.content)
    return render(root, edits)


def _lie(node: Node, tree: Tree, others: Sequence[Seed], random: Random) -> tuple[Node, ...]:
    return (Node(node.frame.lie(random), node.content),)


def _delete(node: Node, tree: Tree, others: Sequence[Seed], random: Random) -> tuple[Node, ...]:
    return ()


def _repeat(node: Node, tree: Tree, others: Sequence[Seed], random: Random) -> tuple[Node, ...]:
    count = random.choice((2, 2, 2, 3, 8, 300))
    return (node,) * (count if count < 300 or isinstance(node.content, bytes) else 2)


def _replace_within(node: Node, tree: Tree, others: Sequence[Seed], random: Random) -> tuple[Node, ...]:
    return (_apart(random.choice(tree.nodes)),)


def _insert(node: Node, tree: Tree, others: Sequence[Seed], random: Random) -> tuple[Node, ...]:
    new = _apart(random.choice(tree.nodes))
    return (new, node) if random.random() < 0.5 else (node, new)


def _splice(node: Node, tree: Tree, others: Sequence[Seed], random: Random) -> tuple[Node, ...]:
    other = random.choice(others)
    if not other.trees or not other.trees[0].nodes:
        return (node,)
    nodes = other.trees[0].nodes
    alike = [each for each in nodes if each.frame == node.frame]
    return (_apart(random.choice(alike or nodes)),)


def _apart(chosen: Node) -> Node:
    # A node above the one that is replaced would hold itself: its bytes as they were are put there.
    return chosen if isinstance(chosen.content, bytes) else Node(JOINED, render(chosen))


def _wrap(node: Node, tree: Tree, others: Sequence[Seed], random: Random) -> tuple[Node, ...]:
    data = render(node)
    depth = random.choice((1, 2, 14, 17, 40, 600))
    frame = random.choice((Tlv(0x30), Tlv(0x04), Tlv(0xA0), String()))
    for _ in range(depth):
        data = frame.wrap([data])
        if len(data) > MOST_BYTES:
            break
    return (Node(JOINED, data),)


_NODE_CHANGES: tuple[Callable[[Node, Tree, Sequence[Seed], Random], tuple[Node, ...]], ...] = (
    _lie,
    _lie,
    _lie,
    _delete,
    _repeat,
    _replace_within,
    _insert,
    _splice,
    _splice,
    _wrap,
)


# ── of bytes ───────────────────────────────────────────────────────────────────────────────────────────────────────


_BYTES = (0x00, 0x01, 0x09, 0x0A, 0x0D, 0x1B, 0x20, 0x22, 0x2D, 0x30, 0x3D, 0x5C, 0x7F, 0x80, 0x9B, 0xC2, 0xE2, 0xFF)

_WORDS = (
    b"",
    b"none",
    b"ssh-rsa",
    b"ssh-dss",
    b"ssh-ed25519",
    b"ssh-ed448",
    b"ecdsa-sha2-nistp256",
    b"ecdsa-sha2-nistp521",
    b"nistp256",
    b"nistp384",
    b"nistp999",
    b"sk-ssh-ed25519@openssh.com",
    b"ssh-ed25519-cert-v01@openssh.com",
    b"ssh-rsa-cert-v01@openssh.com",
    b"rsa-sha2-512",
    b"ssh-mldsa44-ed25519@openssh.com",
    b"new-algorithm@example.com",
    b"bcrypt",
    b"aes256-ctr",
    b"aes256-cbc",
    b"aes256-gcm@openssh.com",
    b"chacha20-poly1305@openssh.com",
    b"3des-cbc",
    b"RSA",
    b"EC",
    b"OKP",
    b"P-256",
    b"Ed25519",
    b"secp256k1",
    b"X25519",
    b"a\nb",
    b"a\r\nb",
    b"\x1b[2J\x1b]0;x\x07",
    b"\xe2\x80\xae\xe2\x80\xa8",
    b"\xff\xfe",
    b"\\\n",
    b"x" * 70,
    b"x" * 9000,
    b"=" * 5,
    bytes.fromhex("2b0601040182"),
    bytes.fromhex("2a8648ce3d0201"),
    bytes.fromhex("2a864886f70d010101"),
    bytes.fromhex("2b6570"),
    bytes.fromhex("2a8648ce3d030107"),
)


def change_bytes(data: bytes, random: Random) -> bytes:
    """Change some bytes, as bytes or as a number."""
    return random.choice(_BYTE_CHANGES)(data, random)


def _flip(data: bytes, random: Random) -> bytes:
    if not data:
        return b"\0"
    at = random.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 1 << random.randrange(8),)) + data[at + 1 :]


def _set(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + bytes((random.choice(_BYTES),)) + data[at + 1 :]


def _cut(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] if random.random() < 0.5 else data[at:]


def _cut_out(data: bytes, random: Random) -> bytes:
    start = random.randrange(len(data) + 1)
    return data[:start] + data[start + random.choice((1, 1, 2, 4, 8, 60)) :]


def _put_in(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    new = random.choice((bytes((random.choice(_BYTES),)), random.choice(_WORDS), data[at : at + 40], bytes(4)))
    return data[:at] + new + data[at:]


def _word(data: bytes, random: Random) -> bytes:
    return random.choice(_WORDS)


def _random_bytes(data: bytes, random: Random) -> bytes:
    return random.randbytes(len(data))


def _step(data: bytes, random: Random) -> bytes:
    number = int.from_bytes(data, "big") + random.choice((-2, -1, 1, 2, 256))
    return max(0, number).to_bytes(len(data) + 2, "big")[-max(1, len(data)) :]


def _pad_number(data: bytes, random: Random) -> bytes:
    return random.choice((b"\0", b"\0\0\0\0", b"\xff", b"\x80", b"\0" * 3000)) + data


def _strip_number(data: bytes, random: Random) -> bytes:
    return data.lstrip(b"\0") or b"\x80"


def _odd_number(data: bytes, random: Random) -> bytes:
    size = max(1, len(data))
    kind = random.randrange(8)
    if kind == 0:  # twice, or half of it
        number = int.from_bytes(data, "big")
        return (number * 2 if random.random() < 0.5 else number // 2).to_bytes(size + 1, "big")[-size:]
    if kind == 1:  # around the longest number that any key may hold
        return b"\0" + b"\xff" * random.choice((2047, 2048, 2049, 9000))
    if kind == 2:
        return bytes((random.choice((0, 1, 2, 3, 4, 5, 0x7F, 0x80)),)) + data[1:]
    if kind == 3:
        return bytes((random.choice((1, 0x7F, 0x80, 0xFF)),)) + bytes(size - 1)
    if kind == 4:
        return b"\x7f" + b"\xff" * (size - 1)
    if kind == 5:
        return b"\xff" * size
    return bytes(size - 1) + bytes((random.randrange(5),))


_BYTE_CHANGES: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flip,
    _flip,
    _flip,
    _set,
    _set,
    _cut,
    _cut_out,
    _put_in,
    _put_in,
    _word,
    _random_bytes,
    _step,
    _step,
    _pad_number,
    _strip_number,
    _odd_number,
    _odd_number,
)


# ── of the text ────────────────────────────────────────────────────────────────────────────────────────────────────


def _change_anywhere(data: bytes, others: Sequence[Seed], random: Random) -> bytes:
    return change_bytes(data, random)


def _few_bytes(data: bytes, others: Sequence[Seed], random: Random) -> bytes:
    for _ in range(random.randrange(1, 6)):
        data = _set(data, random) if random.random() < 0.5 else _flip(data, random)
    return data


def _change_lines(data: bytes, others: Sequence[Seed], random: Random) -> bytes:
    rows = data.split(b"\n")
    at = random.randrange(len(rows))
    kind = random.randrange(8)
    if kind == 0:
        del rows[at]
    elif kind == 1:
        rows.insert(at, rows[at])
    elif kind == 2:
        rows.insert(at, rows.pop(random.randrange(len(rows))))
    elif kind == 3:
        rows.insert(at, random.choice((b"", b" ", b"Comment: x", b"# x", b"Proc-Type: 4,ENCRYPTED", b"-" * 5, b"=")))
    elif kind == 4:
        rows[at] = change_bytes(rows[at], random)
    elif kind == 5:
        name, separator, _ = rows[at].partition(b":")
        rows[at] = name + separator + random.choice((b" 0", b" 1", b" -1", b" 99999999999", b"", b" ", b" 2147483648"))
    elif kind == 6:
        rows[at] = rows[at] + (rows.pop(at + 1) if at + 1 < len(rows) else b"")
    else:
        rows[at : at + 1] = [rows[at][: len(rows[at]) // 2], rows[at][len(rows[at]) // 2 :]]
    return b"\n".join(rows)


def _wrong_line_ends(data: bytes, others: Sequence[Seed], random: Random) -> bytes:
    end = random.choice((b"\r\n", b"\r", b"", b" ", b"\\n", b"\n\n", b" \n", b"\n> ", b"\n    ", b"\xe2\x80\xa8"))
    return data.replace(b"\n", end)


def _surround(data: bytes, others: Sequence[Seed], random: Random) -> bytes:
    before = random.choice(
        (b"", b"\xef\xbb\xbf", b"\n\n", b" ", b"Hello,\n\n", b'"', b"{", b"0\x82", b"\0\0\0\7ssh-rsa")
    )
    after = random.choice((b"", b"\0" * 20, b"\n\n\n", b"\x1a", b"bye\n", b'"', b"-----END X-----\n", b"\xff" * 9))
    return before + data + after


def _two_files(data: bytes, others: Sequence[Seed], random: Random) -> bytes:
    other = random.choice(others).data
    kind = random.randrange(4)
    if kind == 0:
        return data + other
    at, there = random.randrange(len(data) + 1), random.randrange(len(other) + 1)
    if kind == 1:
        return data[:at] + other[there:]
    if kind == 2:
        rows, lent = data.split(b"\n"), other.split(b"\n")
        at, there = random.randrange(len(rows)), random.randrange(len(lent))
        rows[at : at + random.randrange(3)] = lent[there : there + random.choice((1, 1, 2, 5))]
        return b"\n".join(rows)
    return data[:at] + other[there : there + random.choice((8, 64, 300))] + data[at:]


def _encode(data: bytes, others: Sequence[Seed], random: Random) -> bytes:
    kind = random.randrange(5)
    text = data.decode("latin-1")
    if kind == 0:
        return text.encode(random.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8")))
    if kind == 1:
        from base64 import b64encode

        return b64encode(data)
    if kind == 2:
        return data.replace(b"-----", random.choice((b"----", b"------", b"\xe2\x80\x94", b"-" * 4000, b"")), 1)
    if kind == 3:
        return data.swapcase() if random.random() < 0.3 else data.replace(b"BEGIN", b"begin")
    return data.replace(b"+", b" ").replace(b"/", b"&#x2F;")


def _repeat_text(data: bytes, others: Sequence[Seed], random: Random) -> bytes:
    start = random.randrange(len(data) + 1)
    piece = data[start : start + random.choice((1, 4, 64, 70))]
    return data[:start] + piece * random.choice((2, 10, 400)) + data[start:]


_TEXT_CHANGES: tuple[Callable[[bytes, Sequence[Seed], Random], bytes], ...] = (
    _change_anywhere,
    _change_anywhere,
    _few_bytes,
    _few_bytes,
    _change_lines,
    _change_lines,
    _change_lines,
    _wrong_line_ends,
    _surround,
    _two_files,
    _two_files,
    _encode,
    _repeat_text,
)
