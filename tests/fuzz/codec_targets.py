"""The targets below the formats: DER, SSH's wire encoding, certificates."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from random import Random

from fuzz import seeds
from fuzz.case import Case
from fuzz.mutators import Seed
from fuzz.properties import BrokenPromiseError, check_error
from fuzz.structure import JOINED, Node, Tree, render
from fuzz.text_frames import Framed, KeyLine
from keyconv.codec import certificate as certificates
from keyconv.codec import der_private, der_public, private_blob, public_blob
from keyconv.engine import certificates as verbs
from keyconv.errors import KeyconvError
from keyconv.proof import proving
from keyconv.wire import der
from keyconv.wire.reader import WireReader

__all__ = ["certificate_seeds", "der_seeds", "run_certificate", "run_der", "run_wire", "wire_seeds"]

_DER_FORMATS = ("pem", "pkcs8", "spki", "pkcs1-pub")


@cache
def der_seeds() -> tuple[Seed, ...]:
    """Return DER out of its frames."""
    files = [seed for name in _DER_FORMATS for seed in seeds.of_format(name)]
    return tuple(_body(seed) for seed in files if seed.trees and seed.data.startswith(b"--"))


@cache
def wire_seeds() -> tuple[Seed, ...]:
    """Return public blobs and private keys as the wire has them."""
    files = (*seeds.of_format("rfc4716"), *seeds.of_format("openssh-pub"))
    return (*(_body(seed) for seed in files if seed.trees), *seeds.private_blobs())


@cache
def certificate_seeds() -> tuple[Seed, ...]:
    """Return certificates' blobs."""
    files = (*seeds.of_format("openssh-pub"), *seeds.of_format("rfc4716"))
    return tuple(_body(seed) for seed in files if seed.trees and "cert" in seed.name)


def _body(seed: Seed) -> Seed:
    """Take the frame of text off a seed."""
    trees = []
    for tree in seed.trees:
        node = tree.root
        while isinstance(node.content, tuple) and not isinstance(node.frame, Framed | KeyLine) and node.content:
            inner = node.content[0]
            if not isinstance(inner.frame, Framed | KeyLine):
                break
            node = inner
        if isinstance(node.frame, Framed | KeyLine) and isinstance(node.content, tuple) and len(node.content) > 1:
            node = node.content[1]
        trees.append(Tree(Node(JOINED, (node,))))
    return Seed(seed.name, seed.format, render(trees[0].root), tuple(trees), seed.heavy)


_DER_READERS: tuple[Callable[[bytes], object], ...] = (
    lambda data: der_private.read_pkcs8(data, [], lenient=True),
    lambda data: der_private.read_pkcs1(data, [], lenient=True),
    lambda data: der_private.read_dsa(data, [], lenient=True),
    lambda data: der_private.read_sec1(data, [], lenient=True),
    lambda data: der_public.read_spki(data, [], lenient=True),
    lambda data: der_public.read_pkcs1(data, [], lenient=True),
)


def run_der(case: Case) -> str:
    """Read DER value by value, and as one of the structures of a key."""
    data = case.data
    der.outline(data)
    der.first_sequence(data)
    read_one = _DER_READERS[case.salt % len(_DER_READERS)]
    with suppress(KeyconvError):
        walker = der.DerReader(data)
        walker.skip("value")
        walker.finish()
    random = Random(case.salt)
    try:
        _walk_der(der.DerReader(data), random)
    except KeyconvError as error:
        check_error(error)
    read_one(data)
    return "read"


def _walk_der(reader: der.DerReader, random: Random) -> None:
    while (tag := reader.peek()) is not None:
        if tag == der.SEQUENCE:
            _walk_der(reader.sequence("sequence"), random)
        elif tag == der.INTEGER:
            reader.integer("integer") if random.random() < 0.8 else reader.count("count")
        elif tag == der.OID:
            reader.oid("OID")
        elif tag == der.OCTET_STRING:
            reader.octets("octets") if random.random() < 0.6 else _walk_der(reader.within_octets("inner"), random)
        elif tag == der.BIT_STRING:
            reader.bits("bits")
        elif tag == der.NULL:
            reader.null("null")
        elif tag & 0xE0 == 0xA0:
            _walk_der(reader.context("context", tag & 0x1F), random)
        else:
            reader.boolean("boolean") if random.random() < 0.5 else reader.skip("other")
    reader.finish()


def run_wire(case: Case) -> str:
    """Read fields at random, then a private key or a public blob, which must read back."""
    random = Random(case.salt)
    reader = WireReader(case.data, notes=[] if case.salt & 1 else None)
    try:
        while reader.remaining:
            _read_field(reader, random)
        reader.finish()
    except KeyconvError as error:
        check_error(error)
    if case.salt & 2:
        found, _ = private_blob.read(WireReader(case.data))
        proving.check_public(found.public)
    else:
        key = public_blob.read(case.data, [])
        if public_blob.read(public_blob.write(key), []) != key:
            raise BrokenPromiseError("a public blob does not read back")
        proving.check_public(key)
    return "read"


def _read_field(reader: WireReader, random: Random) -> None:
    kind = random.randrange(10)
    if kind < 4:
        reader.string("string")
    elif kind < 6:
        reader.mpint("number")
    elif kind == 6:
        reader.name("name")
    elif kind == 7:
        reader.uint32("uint32")
    elif kind == 8:
        reader.uint64("uint64")
    else:
        reader.byte("byte")


def run_certificate(case: Case) -> str:
    """Read, describe and verify a certificate."""
    found = certificates.read(case.data, [] if case.salt & 1 else None)
    verbs.describe(found, case.salt)
    verbs.judge(found, case.salt << 8)
    verbs.check_signature(found)
    return "read"
