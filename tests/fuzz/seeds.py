"""The files to start from: the fixtures, and small keys of every type in every format that keyconv writes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from random import Random

from fixture_files import DERIVER, FIXTURES, PASSPHRASE, READABLE, Fixture, keyfile, opened, sample

from fuzz.dissection import dissect, leaf, open_private
from fuzz.mutators import Seed, share
from fuzz.structure import JOINED, Node, String, Tree, render
from keyconv import FORMATS, Entry, KeyconvError, Locked, Passphrase, WriteOptions, write
from keyconv.codec import private_blob, public_blob
from keyconv.errors import UnsupportedError
from keyconv.keys import PrivateKey
from keyconv.text import pem
from keyconv.wire import encode

__all__ = [
    "choose",
    "every_seed",
    "locked_seeds",
    "of_format",
    "option_lines",
    "private_blobs",
    "private_entries",
    "texts",
]

_SAMPLES = (
    "ssh1/rsa1024-plain",
    "openssh/ecdsa-p256-plain",
    "openssh/ecdsa-p384-plain",
    "openssh/ecdsa-p521-plain",
    "openssh/ed25519-plain",
    "openssh/sk-ecdsa-plain",
    "openssh/sk-ed25519-plain",
    "openssh/ed448-puttygen-plain",
    "openssh/dsa1024-plain",
)
"""Small keys that are written in every format which can hold them; the fixtures of some formats are large RSA alone."""

_SLOW = ("dsa", "ed448", "mldsa44-ed25519")
_MAX_LIGHT_BITS = 1024
_COSTLY = re.compile(r"default-(?:cost|rounds)|puttygen-encrypted\Z")


@cache
def of_format(name: str) -> tuple[Seed, ...]:
    """Return every seed of a format; what is encrypted in them stays shut."""
    seeds = [_of_fixture(fixture) for fixture in FIXTURES if fixture.reader == name]
    if name == "openssh":
        seeds += _with_certificates()
    if name == "allowed_signers":
        seeds += _signers()
    return (*seeds, *_written(name, None))


@cache
def every_seed() -> tuple[Seed, ...]:
    """Return the seeds of all formats."""
    return tuple(seed for known in FORMATS if known.can.readable for seed in of_format(known.name))


@cache
def locked_seeds() -> tuple[Seed, ...]:
    """Return encrypted files, taken apart within their encryption too, and their KDFs cheap enough to run."""
    seeds = [
        _of_fixture(fixture, fixture.passphrase)
        for fixture in READABLE
        if fixture.passphrase == PASSPHRASE and fixture.whole and not _COSTLY.search(fixture.path)
    ]
    for known in FORMATS:
        if known.can.encryption and known.name not in ("pkcs8", "ppk"):
            seeds += _written(known.name, PASSPHRASE)
    return tuple(seeds)


def choose(seeds: tuple[Seed, ...], random: Random) -> Seed:
    """Choose a seed; one whose arithmetic is slow in a tenth of all cases, unless there are no others."""
    light, heavy = _by_weight(seeds)
    if light and heavy:
        return random.choice(heavy if random.random() < 0.1 else light)
    return random.choice(seeds)


@cache
def _by_weight(seeds: tuple[Seed, ...]) -> tuple[tuple[Seed, ...], tuple[Seed, ...]]:
    return tuple(seed for seed in seeds if not seed.heavy), tuple(seed for seed in seeds if seed.heavy)


@cache
def private_blobs() -> tuple[Seed, ...]:
    """Return private keys as the agent protocol has them, those with certificates too."""
    found = [(private_blob.write(_private(entry)), entry) for entry in private_entries()]
    found += [(private_blob.write(_private(entry), entry.certificate), entry) for entry in _certified()]
    made = []
    for number, (data, entry) in enumerate(found):
        tree = Tree(Node(JOINED, tuple(open_private(data))))
        slow = entry.public is not None and entry.public.family in _SLOW
        made.append(Seed(f"private blob {number}", "private-blob", data, (tree, share(tree)), slow))
    return tuple(made)


def _private(entry: Entry) -> PrivateKey:
    private = entry.private
    if private is None or isinstance(private, Locked):
        raise ValueError("the entry is not open")
    return private


@cache
def _certified() -> tuple[Entry, ...]:
    keys = {entry.public: entry for entry in private_entries()}
    found = (keyfile(fixture).entries[0] for fixture in READABLE if fixture.has_certificate and not fixture.private)
    return tuple(replace(keys[each.public], certificate=each.certificate) for each in found if each.public in keys)


def _with_certificates() -> list[Seed]:
    """Write files as OpenSSH does of which the private section holds a certificate."""
    made = []
    for number, entry in enumerate(_certified()):
        assert entry.public is not None
        blob = public_blob.write(entry.public)
        section = b"12341234" + private_blob.write(_private(entry), entry.certificate) + encode.string(b"comment")
        section += bytes(range(1, 1 + -len(section) % 8))
        head = b"openssh-key-v1\0" + encode.name("none") + encode.name("none") + encode.string(b"") + encode.uint32(1)
        data = pem.write("OPENSSH PRIVATE KEY", head + encode.string(blob) + encode.string(section), width=70)
        heavy = entry.public.family in (*_SLOW, "rsa")
        made.append(_make(f"certified {number}", "openssh", data, heavy, None))
    return made


def _of_fixture(fixture: Fixture, passphrase: bytes | None = None) -> Seed:
    heavy = fixture.family in _SLOW or (fixture.bits or 0) > _MAX_LIGHT_BITS or "rsa2048" in fixture.path
    return _make(fixture.path, fixture.reader, fixture.data, heavy and fixture.private, passphrase)


def _make(path: str, format: str, data: bytes, heavy: bool, passphrase: bytes | None) -> Seed:
    tree = dissect(data, format, passphrase, DERIVER)
    trees = () if tree is None or not tree.leaves else (tree, share(tree))
    return Seed(path, format, data, trees, heavy, passphrase)


def _written(name: str, passphrase: bytes | None) -> Iterable[Seed]:
    known = next((each for each in FORMATS if each.name == name), None)
    if known is None or known.write is None:
        return
    random = Random(name)
    options = WriteOptions(
        passphrase=None if passphrase is None else Passphrase(passphrase),
        kdf_memory=8,
        kdf_passes=1,
        rounds=1,
        random=random.randbytes,
        deriver=DERIVER,
    )
    for path in _SAMPLES:
        entry = sample(path)
        try:
            data = write(entry, known, options)
        except KeyconvError:
            continue  # the format cannot hold this type
        heavy = entry.public is not None and entry.public.family in _SLOW
        yield _make(f"{name} of {path}", name, data, heavy and known.can.private, passphrase)


# ── secrets ────────────────────────────────────────────────────────────────────────────────────────────────────────


def private_entries() -> Iterable[Entry]:
    """Return the opened keys of the fixtures, each private half once."""
    seen: set[object] = set()
    for fixture in READABLE:
        if not fixture.private or not fixture.whole or _COSTLY.search(fixture.path):
            continue
        for number in range(len(keyfile(fixture).entries)):
            try:
                entry = opened(fixture, number + 1)
            except UnsupportedError:
                continue  # by the cryptography library that is installed
            if entry.private is not None and not isinstance(entry.private, Locked) and entry.private not in seen:
                seen.add(entry.private)
                yield entry


# ── texts that are not keys ─────────────────────────────────────────────────────────────────────────────────────────

_OPTIONS = (
    b"no-pty",
    b"restrict,pty",
    b"cert-authority",
    b'from="10.0.0.0/8,!10.0.0.1,*.example.com,fe80::/10"',
    b'command="echo \\"hi\\" # x"',
    b'environment="NAME=value"',
    b'expiry-time="20301231235959Z"',
    b'permitopen="[::1]:22",permitlisten="*:8080"',
    b'principals="alice,bob",tunnel="1"',
    b"no-touch-required,verify-required",
)


@cache
def option_lines() -> tuple[Seed, ...]:
    """Return lines of `authorized_keys` with options, taken apart with the options as a leaf."""
    lines = [seed for seed in of_format("openssh-pub") if seed.data.count(b"\n") == 1 and b"AAAA" in seed.data]
    seeds = [seed for seed in of_format("openssh-pub") if "authorized_keys" in seed.name]
    for number, options in enumerate(_OPTIONS):
        line = lines[number % len(lines)]
        seeds.append(_make(f"options {number}", "openssh-pub", options + b" " + line.data, False, None))
    return tuple(seeds)


_PRINCIPALS = (
    b"alice@example.com",
    b"!bob@example.com,*@example.com",
    b'"alice example" namespaces="git,file"',
    b'* cert-authority,valid-after="20240101Z",valid-before="20990101"',
    b'a,b namespaces="\\"",',
)


def _signers() -> Iterable[Seed]:
    """Give lines of `allowed_signers`, for keys and certificates of all types."""
    keys = [seed for seed in of_format("openssh-pub") if seed.data.count(b"\n") == 1 and b"AAAA" in seed.data]
    for number, seed in enumerate(keys):
        words = _PRINCIPALS[number % len(_PRINCIPALS)]
        yield _make(f"signers {number}", "allowed_signers", words + b" " + seed.data, seed.heavy, None)


_STATED: tuple[tuple[str, bytes], ...] = (
    (
        "sshfp",
        b"$TTL 1d\nhost 1h IN SSHFP ( 4 ; key\n 2 " + b"ab" * 32 + b" )\n\tTYPE44 \\# 22 0401" + b"cd" * 20 + b"\n",
    ),
    ("authorized_principals", b'# names\nme\nrestrict,command="a \\"b\\"" you # remark\nno-pty, pty us\n'),
)


@cache
def statements() -> tuple[Seed, ...]:
    """Give files that speak of keys and hold none: SSHFP records, principals, KRLs taken apart as the wire has them."""
    seeds = [Seed(name, name, data) for name, data in _STATED]
    numbers = leaf(b"SSHKRL\n\0" + (1).to_bytes(4, "big") + bytes(7) + b"\1" + bytes(16))
    head = (numbers, leaf(b"", String()), leaf(b"a comment", String()))

    def section(kind: int, *content: Node) -> tuple[Node, Node]:
        return leaf(bytes((kind,))), Node(String(), content)

    serials = (
        *section(0x20, leaf((4).to_bytes(8, "big")), leaf((2).to_bytes(8, "big"))),
        *section(0x21, leaf((8).to_bytes(8, "big")), leaf((2**64 - 1).to_bytes(8, "big"))),
        *section(0x22, leaf((100).to_bytes(8, "big")), leaf(b"\5", String())),
        *section(0x23, leaf(b"made", String())),
    )
    bodies = (
        section(1, leaf(b"", String()), leaf(b"", String()), *serials),
        (*section(2, leaf(b"blob", String())), *section(3, leaf(b"1" * 20, String()))),
        (*section(5, leaf(b"2" * 32, String())), *section(255, leaf(b"x", String()), leaf(b"\0"), leaf(b"", String()))),
    )
    for number, body in enumerate(bodies):
        tree = Tree(Node(JOINED, (*head, *body)))
        seeds.append(Seed(f"krl {number}", "krl", render(tree.root), (tree,)))
    return tuple(seeds)


_SETTINGS = (
    '[tool.keyconv.check]\npreset = "strict"\nselect = ["damage", "short-rsa"]\nignore = "crlf"\nfail-on = "error"\n',
    '[check]\nseverities = { crlf = "info", unencrypted = "error" }\nthresholds = { rsa-bits = 4096 }\n',
    'allow = ["SHA256:abc="]\nblocklist = ["weak.txt"]\npublic-only = true\n'
    '[per-path-ignores]\n"tests/**" = ["unencrypted"]\n"*.p[!a-c]m" = "permissions,crlf"\n',
    "[thresholds]\nbcrypt-rounds = 16\nargon2-work = 106496\npbkdf2-iterations = 100000\nscrypt-work = 1\n",
)


@cache
def texts() -> tuple[Seed, ...]:
    """Return settings of `keyconv check`."""
    return tuple(Seed(f"settings {number}", "toml", text.encode()) for number, text in enumerate(_SETTINGS))
