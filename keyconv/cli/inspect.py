"""`keyconv inspect`: what a file is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from keyconv.cli.escape import printable
from keyconv.cli.opening import STDIN, Opener, shown
from keyconv.cli.options import InputOptions
from keyconv.cli.render import Screen, to_json
from keyconv.codec import public_blob
from keyconv.crypto import fingerprint
from keyconv.engine import choose
from keyconv.engine import inspect as describe
from keyconv.errors import KeyconvError, UsageError
from keyconv.formats import by_name
from keyconv.keyfile import Entry, KeyFile, Locked

__all__ = ["Wanted", "run"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to show: the picture of the fingerprint, the private values; and where, if not on standard output."""

    visual: bool = False
    show_private: bool = False
    output: str | None = None
    force: bool = False


def run(inputs: tuple[str, ...], source: InputOptions, wanted: Wanted, *, screen: Screen) -> int:
    """Describe every input; give the code of the first that failed."""
    if wanted.show_private and wanted.output in (None, STDIN):
        raise UsageError("--show-private needs a file to write to: -o FILE")
    if wanted.output not in (None, STDIN):
        _check_output(wanted, inputs)
    opener = Opener(replace(screen, quiet=True), source, inputs)
    described: list[Any] = []
    texts: list[str] = []
    exit_code = 0
    for path in inputs:
        try:
            keyfile = _read(opener, path)
        except KeyconvError as error:
            screen.error(error.at_path(shown(path)))
            exit_code = exit_code or error.exit_code
            continue
        description = describe(keyfile, path, show_private=wanted.show_private)
        if screen.as_json:
            described.append(description)
        else:
            texts.append("\n".join(_text(description, keyfile, visual=wanted.visual)) + "\n")
            if wanted.output in (None, STDIN):
                screen.data(texts.pop())
    if screen.as_json:
        texts.append(to_json(described))
    if texts:
        _put("".join(texts), wanted, inputs, screen)
    return exit_code


def _check_output(wanted: Wanted, inputs: tuple[str, ...]) -> None:
    from keyconv.files import check_target

    try:
        check_target(wanted.output or "", force=wanted.force, inputs=inputs)
    except KeyconvError as error:
        raise error.at_path(wanted.output or "") from None


def _put(text: str, wanted: Wanted, inputs: tuple[str, ...], screen: Screen) -> None:
    from keyconv.files import save

    if wanted.output is None or wanted.output == STDIN:
        screen.data(text)
        return
    data = text.encode("utf-8", "backslashreplace")
    try:
        save(wanted.output, data, private=wanted.show_private, force=wanted.force, inputs=inputs)
    except KeyconvError as error:
        raise error.at_path(wanted.output) from None


def _read(opener: Opener, path: str) -> KeyFile:
    keyfile = opener.read(path)
    if opener.options.key is not None:
        keyfile = replace(keyfile, entries=(choose(keyfile, opener.options.key),))
    if opener.options.passphrase.given:
        deriver = opener.new_deriver()
        entries = tuple(
            opener.unlock(entry, path, deriver).entry if isinstance(entry.private, Locked) else entry
            for entry in keyfile.entries
        )
        keyfile = replace(keyfile, entries=entries)
    return keyfile


def _text(description: Any, keyfile: KeyFile, *, visual: bool) -> Iterator[str]:
    keys = description.get("keys")
    yield printable(shown(description["path"]))
    yield from _row("format", f"{description['format']} ({by_name(keyfile.format).title})")
    yield from _row("kind", f"{description['kind']}, {len(keys)} keys" if keys is not None else description["kind"])
    if keys is None:
        yield from _key(description, keyfile.entries[0], keyfile.format, visual=visual)
        return
    for note in description["notes"]:
        yield from _row("note", note)
    for number, (key, entry) in enumerate(zip(keys, keyfile.entries, strict=True), 1):
        yield ""
        yield from _row("key", f"{number}" + (f", line {key['line']}" if key["line"] else ""))
        yield from _key(key, entry, keyfile.format, visual=visual)


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
    yield from _row("JWK", key["jwk_thumbprint"])
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
    return "verified: the public half was derived from it again"


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
