"""What `keyconv inspect` says to people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from keyconv.cli.escape import heading, printable
from keyconv.cli.opening import shown
from keyconv.codec import public_blob
from keyconv.crypto import fingerprint
from keyconv.formats import by_name
from keyconv.keyfile import Entry, KeyFile, Locked

__all__ = ["describe_text", "head_text", "key_text", "tail_text"]


def describe_text(description: Any, keyfile: KeyFile, *, visual: bool) -> str:
    """Return a whole file that was read, as `keyconv.engine.inspect` describes it."""
    return _joined(_rows(description, keyfile, visual=visual))


def head_text(path: str, format: str, kind: str) -> str:
    """Return what a file is, without its keys."""
    return _joined(_head(path, format, kind))


def key_text(number: int, key: Any, entry: Entry, format: str, *, visual: bool) -> str:
    """Return one of several keys, numbered."""
    return _joined(_numbered(number, key, entry, format, visual=visual))


def tail_text(count: int, notes: list[str]) -> str:
    """Return what is known of a file of many keys only when the last one went by."""
    rows = [*_row("keys", count), *(row for note in notes for row in _row("note", note))]
    return _joined(("", *rows))


def _joined(rows: Iterable[str]) -> str:
    return "\n".join(rows) + "\n"


def _rows(description: Any, keyfile: KeyFile, *, visual: bool) -> Iterator[str]:
    keys = description.get("keys")
    if keys is None:
        yield from _head(description["path"], keyfile.format, description["kind"])
        yield from _key(description, keyfile.entries[0], keyfile.format, visual=visual)
        return
    count = f"{len(keys)} key" + ("s" if len(keys) != 1 else "")
    yield from _head(description["path"], keyfile.format, f"{description['kind']}, {count}")
    for note in description["notes"]:
        yield from _row("note", note)
    for number, (key, entry) in enumerate(zip(keys, keyfile.entries, strict=True), 1):
        yield from _numbered(number, key, entry, keyfile.format, visual=visual)


def _head(path: str, format: str, kind: str) -> Iterator[str]:
    yield heading(shown(path))
    yield from _row("format", f"{format} ({by_name(format).title})")
    yield from _row("kind", kind)


def _numbered(number: int, key: Any, entry: Entry, format: str, *, visual: bool) -> Iterator[str]:
    yield ""
    yield from _row("key", f"{number}" + (f", line {key['line']}" if key["line"] else ""))
    yield from _key(key, entry, format, visual=visual)


def _key(key: Any, entry: Entry, name: str, *, visual: bool) -> Iterator[str]:
    yield from _row("type", key["type"] or "hidden until the passphrase is given")
    yield from _row("bits", key["bits"])
    if key["fingerprints"]:
        yield from _row("fingerprint", key["fingerprints"]["sha256"])
        yield from _row("", key["fingerprints"]["md5"])
    locked = isinstance(entry.private, Locked)
    if key["comment"] is None and locked and by_name(name).can.comment:
        yield from _row("comment", "hidden until the passphrase is given")
    else:
        yield from _row("comment", key["comment"])
    yield from _row("marker", key.get("marker"))
    yield from _row("hosts", ", ".join(key.get("hosts", ())))
    yield from _row("principals", ", ".join(key.get("principals", ())))
    for option in key.get("options", ()):
        yield from _row("option", option["name"] + ("" if option["value"] is None else f'="{option["value"]}"'))
    if entry.private is not None:
        yield from _row("private half", _private(entry))
    if key["encrypted"]:
        yield from _row("cipher", key["cipher"])
        costs = ", ".join(f"{name} {value}" for name, value in key["kdf"].items() if name not in ("name", "salt"))
        yield from _row("KDF", f"{key['kdf']['name']}" + (f" ({costs})" if costs else ""))
    for component in key["components"]:
        name = ("private " if component["secret"] else "") + component["name"]
        value = f" {component['value']}" if component["secret"] and "value" in component else ""
        yield from _row("component", f"{name}, {component['size']}{value}")
    yield from _certificate(key["certificate"])
    yield from _row("JWK thumbprint", key["jwk_thumbprint"])
    yield from _row("public key", key["public_key"])
    for note in key["notes"]:
        yield from _row("note", note)
    if visual and entry.public is not None:
        yield fingerprint.randomart(public_blob.write(entry.public), _title(entry))


def _private(entry: Entry) -> str:
    if isinstance(entry.private, Locked):
        return "encrypted, not verified"
    if entry.public is not None and entry.public.family.startswith("sk-"):
        return "in an authenticator, the file holds a handle to it"
    return "verified (public key matches)"


def _certificate(certificate: dict[str, Any] | None) -> Iterator[str]:
    if certificate is None:
        return
    yield from _row("certificate", f"{certificate['role']}, serial {certificate['serial']}, id {certificate['key_id']}")
    yield from _row("principals", ", ".join(certificate["principals"]) or "any")
    yield from _row("signed by", f"{certificate['ca']['type']} {certificate['ca']['fingerprint']}")


def _row(name: str, value: object) -> Iterator[str]:
    if value is not None and value != "":
        yield f"  {name:<13}{printable(str(value))}"


def _title(entry: Entry) -> str:
    names = {"sk-ecdsa": "ECDSA-SK", "sk-ed25519": "ED25519-SK"}
    public = entry.public
    if public is None:
        return ""
    return f"{names.get(public.family, public.family.upper())} {public.bits}"
